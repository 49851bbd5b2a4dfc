// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests of incoming messages. See digest.h.
 */
#include <string.h>

#include "crc32c.h"
#include "digest.h"

static int mismatch(struct suburb_violation *violation, const char *what, uint32_t value)
{
	violation->field = what;
	violation->value = value;
	return -SUBURB_EILSEQ;
}

size_t digest_header_size(const struct digest *digest)
{
	return digest->on ? sizeof(struct suburb_wire_digested) : sizeof(struct suburb_wire_header);
}

int digest_check_header(const struct digest *digest, const void *header,
			struct suburb_violation *violation)
{
	const struct suburb_wire_digested *wire = header;
	uint32_t value;

	if (!digest->on)
		return 0;
	value = __be32_to_cpu(wire->digest);
	if (crc32c(0, &wire->header, sizeof(wire->header)) == value)
		return 0;
	return mismatch(violation, "digest of a header", value);
}

void digest_begin(struct digest *digest)
{
	if (!digest->on)
		return;
	digest->due = SUBURB_DIGEST_SIZE;
	digest->crc = 0;
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	if (digest->on)
		digest->crc = crc32c(digest->crc, bytes, size);
}

int digest_input(struct digest *digest, const void *bytes, size_t size, size_t *taken,
		 struct suburb_violation *violation)
{
	__be32 wire;

	*taken = size < digest->due ? size : digest->due;
	memcpy(digest->bytes + SUBURB_DIGEST_SIZE - digest->due, bytes, *taken);
	digest->due -= (unsigned int)*taken;
	if (digest->due)
		return 0;
	memcpy(&wire, digest->bytes, sizeof(wire));
	if (__be32_to_cpu(wire) == digest->crc)
		return 1;
	return mismatch(violation, "digest of a payload", __be32_to_cpu(wire));
}
