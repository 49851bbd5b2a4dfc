// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading HOST[:PORT]. Says nothing about whether such a host exists: that is
 * dial.c's to find out.
 *
 * An IPv6 address without brackets is taken as a whole, so that "::1" works;
 * "1:2:3" is none and is refused rather than guessed at.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <suburb/wire.h>

#include "host.h"

/* Whether @name, but for a scope ("%eth0"), is an IPv6 address. */
static bool is_ipv6(const char *name)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;
	size_t length = strcspn(name, "%");

	if (length >= sizeof(address))
		return false;
	memcpy(address, name, length);
	address[length] = '\0';
	return inet_pton(AF_INET6, address, &binary) == 1;
}

static int parse_port(const char *text, struct host *host, struct failure *failure)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = strtoul(text, NULL, 10);

	if (digits == 0 || text[digits] || digits > 5 || port == 0 || port > 65535)
		return failure_set(failure, -EINVAL, "'%s' is not a port: 1 to 65535", text);
	host->port = (uint16_t)port;
	return 0;
}

static int set_name(const char *text, size_t length, struct host *host, struct failure *failure)
{
	if (length == 0)
		return failure_set(failure, -EINVAL,
				   "no host is given: a name or an address, perhaps with :PORT");
	if (length >= sizeof(host->name))
		return failure_set(failure, -EINVAL, "the host name is longer than %zu bytes",
				   sizeof(host->name) - 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f || strchr("[]/@", c))
			return failure_set(
				failure, -EINVAL,
				"'%s' is not a host: a name or an address, perhaps with :PORT",
				text);
	}
	memcpy(host->name, text, length);
	host->name[length] = '\0';
	return 0;
}

static int parse_bracketed(const char *text, struct host *host, struct failure *failure)
{
	const char *end = strchr(text, ']');
	int ret;

	if (!end || (end[1] && end[1] != ':'))
		return failure_set(
			failure, -EINVAL,
			"'%s' is not a host: an IPv6 address with a port is written [ADDRESS]:PORT",
			text);
	ret = set_name(text + 1, (size_t)(end - text) - 1, host, failure);
	if (ret)
		return ret;
	if (!is_ipv6(host->name))
		return failure_set(failure, -EINVAL, "'%s' is not an IPv6 address", host->name);
	return end[1] ? parse_port(end + 2, host, failure) : 0;
}

static int parse_plain(const char *text, struct host *host, struct failure *failure)
{
	const char *colon = strchr(text, ':');
	int ret;

	if (colon && strchr(colon + 1, ':')) {
		if (!is_ipv6(text))
			return failure_set(
				failure, -EINVAL,
				"'%s' is not a host: an IPv6 address with a port is written [ADDRESS]:PORT",
				text);
		colon = NULL;
	}
	ret = set_name(text, colon ? (size_t)(colon - text) : strlen(text), host, failure);
	if (ret || !colon)
		return ret;
	return parse_port(colon + 1, host, failure);
}

int host_parse(const char *text, struct host *host, struct failure *failure)
{
	int ret;

	host->port = SUBURB_WIRE_PORT;
	ret = text[0] == '[' ? parse_bracketed(text, host, failure)
			     : parse_plain(text, host, failure);
	if (ret)
		return ret;
	snprintf(host->text, sizeof(host->text), strchr(host->name, ':') ? "[%s]:%u" : "%s:%u",
		 host->name, host->port);
	return 0;
}
