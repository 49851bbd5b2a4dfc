// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a connection comes from. Pure; see origin.h.
 */
#include <netinet/in.h>
#include <string.h>

#include "origin.h"

#ifdef __linux__
#include <linux/vm_sockets.h>
#endif

static struct origin make(uint32_t family, const void *id, size_t size)
{
	struct origin origin = { .family = family };

	memcpy(origin.id, id, size);
	return origin;
}

static struct origin of_inet6(const struct sockaddr_in6 *in6)
{
	const uint8_t *address = in6->sin6_addr.s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return make(AF_INET, address + 12, 4);
	return make(AF_INET6, address, 8);
}

struct origin origin_of(const struct sockaddr *name, uint32_t uid)
{
	const void *any = name;

	switch (name->sa_family) {
	case AF_INET:
		return make(AF_INET, &((const struct sockaddr_in *)any)->sin_addr, 4);
	case AF_INET6:
		return of_inet6(any);
#ifdef __linux__
	case AF_VSOCK:
		return make(AF_VSOCK, &((const struct sockaddr_vm *)any)->svm_cid, 4);
#endif
	case AF_UNIX:
		return make(AF_UNIX, &uid, sizeof(uid));
	default:
		return (struct origin){ 0 };
	}
}

bool origin_same(const struct origin *one, const struct origin *other)
{
	return one->family == other->family && !memcmp(one->id, other->id, sizeof(one->id));
}
