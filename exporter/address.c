// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses as text. See address.h.
 *
 * An IPv6 address has colons of its own, so its port needs brackets around it;
 * without them more than one colon means that there is no port.
 *
 * A number alone behind "vsock:" is a port, for that is what a listener has to
 * choose; importers write the CID first.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <suburb/wire.h>

#include "address.h"
#include "escape.h"

#ifdef __linux__
#include <linux/vm_sockets.h>
#endif

#define CID_ANY UINT32_MAX
#define CID_LOCAL 1

__attribute__((format(printf, 3, 4))) static int wrong(char *error, size_t size,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -EINVAL;
}

/* A number of @length digits and nothing else. */
static bool parse_number(const char *text, size_t length, uint32_t most, uint32_t *value)
{
	uint64_t sum = 0;

	if (!length || length > 10)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		sum = sum * 10 + (uint64_t)(text[i] - '0');
	}
	*value = (uint32_t)sum;
	return sum <= most;
}

/* --- TCP ------------------------------------------------------------------ */

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

static int parse_inet(struct address *address, const char *text, char *error, size_t size)
{
	const char *start, *port;
	char shown[128];
	size_t length;

	escape(shown, sizeof(shown), text);
	if (find_parts(text, &start, &length, &port) < 0)
		return wrong(error, size,
			     "'%s' is no address; use ADDR, ADDR:PORT, [IPV6]:PORT, unix:PATH or "
			     "vsock:PORT",
			     shown);
	if (port && !parse_number(port, strlen(port), 65535, &address->port))
		return wrong(error, size, "'%s' has no valid port; use 0 to 65535", shown);
	memcpy(address->host, start, length);
	address->host[length] = 0;
	return 0;
}

/* --- unix ----------------------------------------------------------------- */

static bool parse_mode(const char *text, unsigned int *mode)
{
	size_t length = strspn(text, "01234567");

	if (!length || length > 4 || text[length])
		return false;
	*mode = (unsigned int)strtoul(text, NULL, 8);
	return *mode <= 0777;
}

/* The path is absolute, for whoever goes to the background leaves where he was. */
static int parse_unix(struct address *address, const char *path, char *error, size_t size)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	const char *option = strstr(path, ",mode=");
	size_t length = option ? (size_t)(option - path) : strlen(path);
	char shown[128];

	escape(shown, sizeof(shown), path);
	if (*path != '/' || path[length - 1] == '/')
		return wrong(error, size, "'unix:%s' is no socket; use unix:/PATH, from the root",
			     shown);
	if (length >= room)
		return wrong(error, size, "'unix:%s' is too long; a socket's path has %zu bytes",
			     shown, room - 1);
	if (option && !parse_mode(option + strlen(",mode="), &address->mode))
		return wrong(error, size, "'unix:%s' has no valid mode; use 600, 660 or 666",
			     shown);
	memcpy(address->host, path, length);
	address->host[length] = 0;
	return 0;
}

/* --- vsock ---------------------------------------------------------------- */

static bool parse_cid(const char *text, size_t length, uint32_t *cid)
{
	if (length == strlen("local") && !strncmp(text, "local", length)) {
		*cid = CID_LOCAL;
		return true;
	}
	return parse_number(text, length, CID_ANY - 1, cid) && *cid > 0;
}

/* [CID:]PORT, or a CID that is a word. */
static int parse_vsock(struct address *address, const char *text, char *error, size_t size)
{
	const char *colon = strchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	char shown[128];

	escape(shown, sizeof(shown), text);
	if (!colon && !strcmp(text, "local"))
		return parse_cid(text, strlen(text), &address->cid) ? 0 : -EINVAL;
	if (colon && !parse_cid(text, (size_t)(colon - text), &address->cid))
		return wrong(error, size,
			     "'vsock:%s' has no valid CID; use vsock:PORT for all of this machine's",
			     shown);
	if (!parse_number(port, strlen(port), UINT32_MAX - 1, &address->port))
		return wrong(error, size,
			     "'vsock:%s' has no valid port; use vsock:PORT or vsock:CID:PORT",
			     shown);
	return 0;
}

int address_parse(struct address *address, const char *text, char *error, size_t size)
{
	*address = (struct address){
		.cid = CID_ANY,
		.port = SUBURB_WIRE_PORT,
		.mode = ADDRESS_MODE_DEFAULT,
	};
	if (!strncmp(text, "unix:", 5)) {
		address->kind = ADDRESS_UNIX;
		return parse_unix(address, text + 5, error, size);
	}
	if (!strncmp(text, "vsock:", 6)) {
		address->kind = ADDRESS_VSOCK;
		return parse_vsock(address, text + 6, error, size);
	}
	address->kind = ADDRESS_INET;
	return parse_inet(address, text, error, size);
}

/* --- socket addresses ----------------------------------------------------- */

typedef int each_name(void *owner, const struct sockaddr *name, socklen_t length);

static int each_inet(const struct address *address, each_name *each, void *owner, char *error,
		     size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	char service[16], shown[128];
	struct addrinfo *list;
	int ret;

	snprintf(service, sizeof(service), "%u", address->port);
	ret = getaddrinfo(address->host, service, &hints, &list);
	if (ret) {
		wrong(error, size, "cannot listen on '%s': %s",
		      escape(shown, sizeof(shown), address->host), gai_strerror(ret));
		return -EADDRNOTAVAIL;
	}
	for (const struct addrinfo *at = list; at && ret >= 0; at = at->ai_next)
		ret = each(owner, at->ai_addr, at->ai_addrlen);
	freeaddrinfo(list);
	return ret;
}

static int each_unix(const struct address *address, each_name *each, void *owner)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	memcpy(name.sun_path, address->host, strlen(address->host) + 1);
	return each(owner, (struct sockaddr *)&name, sizeof(name));
}

#ifdef __linux__
static int each_vsock(const struct address *address, each_name *each, void *owner, char *error,
		      size_t size)
{
	const struct sockaddr_vm name = {
		.svm_family = AF_VSOCK,
		.svm_cid = address->cid,
		.svm_port = address->port ? address->port : VMADDR_PORT_ANY,
	};

	return each(owner, (const struct sockaddr *)&name, sizeof(name));
}
#else
static int each_vsock(const struct address *address, each_name *each, void *owner, char *error,
		      size_t size)
{
	wrong(error, size, "cannot listen on vsock: this system has none");
	return -EAFNOSUPPORT;
}
#endif

int address_each(const struct address *address, each_name *each, void *owner, char *error,
		 size_t size)
{
	switch (address->kind) {
	case ADDRESS_UNIX:
		return each_unix(address, each, owner);
	case ADDRESS_VSOCK:
		return each_vsock(address, each, owner, error, size);
	default:
		return each_inet(address, each, owner, error, size);
	}
}

/* --- and back ------------------------------------------------------------- */

static void inet_text(const struct sockaddr_in *in, char *text)
{
	char host[INET_ADDRSTRLEN] = "?";

	inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in->sin_port));
}

static void inet6_text(const struct sockaddr_in6 *in6, char *text)
{
	char host[INET6_ADDRSTRLEN] = "?";

	inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in6->sin6_port));
}

static void unix_text(const struct sockaddr_un *name, char *text)
{
	char path[sizeof(name->sun_path) + 1] = "";

	memcpy(path, name->sun_path, sizeof(name->sun_path));
	memcpy(text, "unix:", 5);
	escape(text + 5, ADDRESS_TEXT_SIZE - 5, path);
}

const char *address_text(const struct sockaddr *name, char *text)
{
	switch (name->sa_family) {
	case AF_INET:
		inet_text((const void *)name, text);
		break;
	case AF_INET6:
		inet6_text((const void *)name, text);
		break;
	case AF_UNIX:
		unix_text((const void *)name, text);
		break;
#ifdef __linux__
	case AF_VSOCK: {
		const struct sockaddr_vm *vm = (const void *)name;

		if (vm->svm_cid == VMADDR_CID_ANY)
			snprintf(text, ADDRESS_TEXT_SIZE, "vsock:%u", vm->svm_port);
		else
			snprintf(text, ADDRESS_TEXT_SIZE, "vsock:%u:%u", vm->svm_cid,
				 vm->svm_port);
		break;
	}
#endif
	default:
		snprintf(text, ADDRESS_TEXT_SIZE, "address of family %d", name->sa_family);
	}
	return text;
}
