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
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

#include <suburb/wire.h>

#include "host.h"

#define MOST_TCP_PORT 65535
#define UNIX_PREFIX "unix:"
#define VSOCK_PREFIX "vsock:"

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

static bool parse_number(const char *text, size_t length, uint32_t most, uint32_t *value)
{
	unsigned long long number = strtoull(text, NULL, 10);

	*value = (uint32_t)number;
	return length && length <= 10 && strspn(text, "0123456789") >= length && number > 0 &&
	       number <= most;
}

static int parse_port(const char *text, uint32_t most, struct host *host, struct failure *failure)
{
	if (!parse_number(text, strlen(text), most, &host->port))
		return failure_set(failure, -EINVAL, "'%s' is not a port: 1 to %" PRIu32, text,
				   most);
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
	if (!strcmp(host->name, "unix") || !strcmp(host->name, "vsock"))
		return failure_set(
			failure, -EINVAL,
			"'%s' is no host, for '%s:' begins the name of a socket: give a full name or an address",
			host->name, host->name);
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
	return end[1] ? parse_port(end + 2, MOST_TCP_PORT, host, failure) : 0;
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
	return parse_port(colon + 1, MOST_TCP_PORT, host, failure);
}

static int parse_inet(const char *text, struct host *host, struct failure *failure)
{
	int ret;

	host->kind = HOST_INET;
	ret = text[0] == '[' ? parse_bracketed(text, host, failure)
			     : parse_plain(text, host, failure);
	if (ret)
		return ret;
	snprintf(host->text, sizeof(host->text), strchr(host->name, ':') ? "[%s]:%u" : "%s:%u",
		 host->name, host->port);
	return 0;
}

/* --- unix and vsock ------------------------------------------------------- */

const char *host_path(const struct host *host)
{
	return host->name + strlen(UNIX_PREFIX);
}

/* Absolute, for it is kept with the device, to be dialled again from anywhere. */
static int parse_unix(const char *text, struct host *host, struct failure *failure)
{
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	const char *path = text + strlen(UNIX_PREFIX);

	if (path[0] != '/')
		return failure_set(failure, -EINVAL,
				   "'%s' is not a socket: its path begins with '/'", text);
	if (strlen(path) > most)
		return failure_set(failure, -EINVAL,
				   "the path of a socket is longer than %zu bytes", most);
	host->kind = HOST_UNIX;
	host->port = 0;
	snprintf(host->name, sizeof(host->name), "%s", text);
	snprintf(host->text, sizeof(host->text), "%s", text);
	return 0;
}

static bool parse_cid(const char *text, size_t length, uint32_t *cid)
{
	static const struct {
		const char *word;
		uint32_t cid;
	} words[] = { { "local", VMADDR_CID_LOCAL }, { "host", VMADDR_CID_HOST } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*cid = words[i].cid;
		if (length == strlen(words[i].word) && !strncmp(text, words[i].word, length))
			return true;
	}
	return parse_number(text, length, VMADDR_CID_ANY - 1, cid);
}

static int parse_vsock(const char *text, struct host *host, struct failure *failure)
{
	const char *cid = text + strlen(VSOCK_PREFIX);
	size_t length = strcspn(cid, ":");
	int ret = 0;

	if (!parse_cid(cid, length, &host->cid))
		return failure_set(
			failure, -EINVAL,
			"'%s' names no machine: vsock:CID[:PORT], where CID is host, local, or 1 to %u",
			text, VMADDR_CID_ANY - 1);
	host->kind = HOST_VSOCK;
	if (cid[length])
		ret = parse_port(cid + length + 1, VMADDR_PORT_ANY - 1, host, failure);
	snprintf(host->name, sizeof(host->name), VSOCK_PREFIX "%" PRIu32, host->cid);
	snprintf(host->text, sizeof(host->text), "%s:%" PRIu32, host->name, host->port);
	return ret;
}

int host_parse(const char *text, struct host *host, struct failure *failure)
{
	*host = (struct host){ .port = SUBURB_WIRE_PORT };
	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return parse_unix(text, host, failure);
	if (strncmp(text, VSOCK_PREFIX, strlen(VSOCK_PREFIX)) == 0)
		return parse_vsock(text, host, failure);
	return parse_inet(text, host, failure);
}
