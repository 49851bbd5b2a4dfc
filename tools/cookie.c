// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing and reading cookies: see cookie.h. Another program may have attached
 * a device and written a cookie of its own kind, so reading trusts nothing.
 */
#include <stdio.h>
#include <string.h>

#include "cookie.h"

size_t cookie_put(uint8_t *cookie, size_t size, const struct host *host, const char *busid)
{
	int used;

	if (host->port)
		used = snprintf((char *)cookie, size, "host=%s%cport=%u%cbusid=%s", host->name, 0,
				host->port, 0, busid);
	else
		used = snprintf((char *)cookie, size, "host=%s%cbusid=%s", host->name, 0, busid);
	if (used < 0 || (size_t)used >= size)
		return 0;
	return (size_t)used + 1;
}

const char *cookie_get(const uint8_t *cookie, size_t size, const char *name)
{
	const char *next = (const char *)cookie;
	size_t length = strlen(name);

	while (size) {
		const char *end = memchr(next, 0, size);

		if (!end)
			return NULL;
		if ((size_t)(end - next) > length && next[length] == '=' &&
		    memcmp(next, name, length) == 0)
			return next + length + 1;
		size -= (size_t)(end - next) + 1;
		next = end + 1;
	}
	return NULL;
}
