// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses as text. Pure; see address.h.
 *
 * An IPv6 address has colons of its own, so its port needs brackets around it;
 * without them more than one colon means that there is no port.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "escape.h"

static int parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value > 65535)
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

/* Where the host ends, and the port's text or NULL. */
static int find_parts(const char *text, const char **host, size_t *length, const char **port)
{
	const char *colon = strchr(text, ':');
	const char *end;

	*host = text;
	*port = NULL;
	*length = strlen(text);
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		*host = text + 1;
		*length = (size_t)(end - text - 1);
		*port = end[1] ? end + 2 : NULL;
	} else if (colon && !strchr(colon + 1, ':')) {
		*length = (size_t)(colon - text);
		*port = colon + 1;
	}
	return *length && *length < ADDRESS_HOST_SIZE ? 0 : -EINVAL;
}

int address_split(const char *text, char *host, uint16_t *port, char *error, size_t size)
{
	const char *start, *port_text;
	char shown[128];
	size_t length;

	escape(shown, sizeof(shown), text);
	if (find_parts(text, &start, &length, &port_text) < 0) {
		snprintf(error, size, "'%s' is no address; use ADDR, ADDR:PORT or [IPV6]:PORT",
			 shown);
		return -EINVAL;
	}
	if (port_text && parse_port(port_text, port) < 0) {
		snprintf(error, size, "'%s' has no valid port; use 0 to 65535", shown);
		return -EINVAL;
	}
	memcpy(host, start, length);
	host[length] = 0;
	return 0;
}

const char *address_text(const struct sockaddr *address, char *text)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in->sin_port));
	}
	return text;
}
