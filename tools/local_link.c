// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Local links. See local_link.h.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "local_link.h"

#define IPV4_LOOPBACK_NET 127

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_in *four = (const void *)address;

	if (address->ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == IPV4_LOOPBACK_NET;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) &&
		six->sin6_addr.s6_addr[12] == IPV4_LOOPBACK_NET);
}

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *six_a = (const void *)a, *six_b = (const void *)b;
	const struct sockaddr_in *four_a = (const void *)a, *four_b = (const void *)b;

	if (a->ss_family == AF_INET)
		return four_a->sin_addr.s_addr == four_b->sin_addr.s_addr;
	return !memcmp(&six_a->sin6_addr, &six_b->sin6_addr, sizeof(six_a->sin6_addr));
}

bool local_link(int fd)
{
	struct sockaddr_storage own = { 0 }, peer = { 0 };
	socklen_t size = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &size) < 0)
		return false;
	if (own.ss_family != AF_INET && own.ss_family != AF_INET6)
		return true;
	size = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 || peer.ss_family != own.ss_family)
		return false;
	return is_loopback(&peer) || is_same(&own, &peer);
}
