// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SCSI commands of an emulated disk, by operation code.
 *
 * Each handler either fills the command (reply, read, write, flush, or leaves
 * it without data) or returns the sense with which it fails. Fields are big
 * endian. SPC-4 and SBC-3 have the layouts.
 */
#include <string.h>

#include "exporter/backend/emulated/medium.h"
#include "exporter/backend/emulated/scsi.h"

#define VENDOR "Suburb  "
#define PRODUCT "Emulated disk   "
#define REVISION "0100"

#define PAGE_CACHING 0x08
#define PAGE_ALL 0x3f

static uint32_t get_be(const uint8_t *bytes, unsigned int count)
{
	uint32_t value = 0;

	while (count--)
		value = value << 8 | *bytes++;
	return value;
}

static void put_be(uint8_t *bytes, uint64_t value, unsigned int count)
{
	while (count--) {
		bytes[count] = (uint8_t)value;
		value >>= 8;
	}
}

/* An answer of @length bytes, of which the host has room for @room. */
static enum emulated_sense reply(struct emulated_scsi_command *command, uint32_t length,
				 uint32_t room)
{
	command->action = SCSI_REPLY;
	command->length = length < room ? length : room;
	return SENSE_NONE;
}

/* --- about the unit ------------------------------------------------------- */

static enum emulated_sense request_sense(struct emulated_scsi *unit, const uint8_t *cdb,
					 enum emulated_sense sense,
					 struct emulated_scsi_command *command)
{
	uint8_t *r = command->reply;

	r[0] = 0x70; /* current, fixed format */
	r[2] = (uint8_t)(sense >> 16);
	r[7] = 10; /* bytes behind this one */
	r[12] = (uint8_t)(sense >> 8);
	r[13] = (uint8_t)sense;
	return reply(command, 18, cdb[4]);
}

static uint32_t write_identification(const struct emulated_scsi *unit, uint8_t *r)
{
	size_t length = 8 + 16 + strlen(unit->serial);

	r[4] = 2; /* ASCII */
	r[5] = 1; /* vendor, then what that vendor likes */
	r[7] = (uint8_t)length;
	memcpy(r + 8, VENDOR PRODUCT, 24);
	memcpy(r + 32, unit->serial, strlen(unit->serial));
	return (uint32_t)length + 4;
}

static enum emulated_sense inquiry_page(struct emulated_scsi *unit, const uint8_t *cdb,
					struct emulated_scsi_command *command)
{
	static const uint8_t pages[] = { 0x00, 0x80, 0x83 };
	uint8_t *r = command->reply;
	uint32_t length;

	switch (cdb[2]) {
	case 0x00:
		length = sizeof(pages);
		memcpy(r + 4, pages, sizeof(pages));
		break;
	case 0x80:
		length = (uint32_t)strlen(unit->serial);
		memcpy(r + 4, unit->serial, length);
		break;
	case 0x83:
		length = write_identification(unit, r);
		break;
	default:
		return SENSE_BAD_FIELD;
	}
	r[1] = cdb[2];
	r[3] = (uint8_t)length;
	return reply(command, length + 4, get_be(cdb + 3, 2));
}

static enum emulated_sense inquiry(struct emulated_scsi *unit, const uint8_t *cdb,
				   struct emulated_scsi_command *command)
{
	uint8_t *r = command->reply;

	if (cdb[1] & 1)
		return inquiry_page(unit, cdb, command);
	if (cdb[2])
		return SENSE_BAD_FIELD;
	r[1] = 0x80; /* removable medium */
	r[2] = 4; /* SPC-2 */
	r[3] = 2; /* format of this answer */
	r[4] = 31; /* bytes behind this one */
	memcpy(r + 8, VENDOR PRODUCT REVISION, 28);
	return reply(command, 36, get_be(cdb + 3, 2));
}

/* The pages behind the header at @r; 0 if there is no such page. */
static uint32_t mode_pages(uint8_t page, uint8_t control, uint8_t *r)
{
	if (page != PAGE_CACHING && page != PAGE_ALL)
		return 0;
	r[0] = PAGE_CACHING;
	r[1] = 18;
	if (control != 1) /* 1 asks what can be changed */
		r[2] = 0x04; /* there is a write cache: the file's */
	return 20;
}

static enum emulated_sense mode_sense(struct emulated_scsi *unit, const uint8_t *cdb,
				      struct emulated_scsi_command *command)
{
	bool six = cdb[0] == 0x1a;
	uint32_t head = six ? 4 : 8, pages;
	uint8_t *r = command->reply, control = cdb[2] >> 6;

	if (control == 3)
		return SENSE_NOT_SAVED;
	pages = cdb[3] && cdb[3] != 0xff ? 0 : mode_pages(cdb[2] & 0x3f, control, r + head);
	if (!pages)
		return SENSE_BAD_FIELD;
	if (six)
		r[0] = (uint8_t)(head + pages - 1);
	else
		put_be(r, head + pages - 2, 2);
	r[six ? 2 : 3] = unit->read_only ? 0x80 : 0;
	return reply(command, head + pages, six ? cdb[4] : get_be(cdb + 7, 2));
}

static enum emulated_sense report_luns(const uint8_t *cdb, struct emulated_scsi_command *command)
{
	if (cdb[2] > 2)
		return SENSE_BAD_FIELD;
	/* One entry, unit 0; there are no well-known ones, which 1 asks for. */
	put_be(command->reply, cdb[2] == 1 ? 0 : 8, 4);
	return reply(command, cdb[2] == 1 ? 8 : 16, get_be(cdb + 6, 4));
}

/* --- about the medium ----------------------------------------------------- */

static enum emulated_sense start_stop(struct emulated_scsi *unit, const uint8_t *cdb)
{
	bool start = cdb[4] & 1, eject = cdb[4] & 2;

	if (!eject)
		return SENSE_NONE; /* nothing turns here */
	if (!start && unit->locked)
		return SENSE_LOCKED;
	unit->ejected = !start;
	return SENSE_NONE;
}

static enum emulated_sense read_capacity_10(struct emulated_scsi *unit,
					    struct emulated_scsi_command *command)
{
	uint64_t last = unit->sectors - 1;

	put_be(command->reply, last < 0xffffffff ? last : 0xffffffff, 4);
	put_be(command->reply + 4, EMULATED_SECTOR, 4);
	return reply(command, 8, 8);
}

static enum emulated_sense read_capacity_16(struct emulated_scsi *unit, const uint8_t *cdb,
					    struct emulated_scsi_command *command)
{
	if ((cdb[1] & 0x1f) != 0x10) /* some other service */
		return SENSE_BAD_FIELD;
	put_be(command->reply, unit->sectors - 1, 8);
	put_be(command->reply + 8, EMULATED_SECTOR, 4);
	return reply(command, 32, get_be(cdb + 10, 4));
}

static enum emulated_sense read_format_capacities(struct emulated_scsi *unit, const uint8_t *cdb,
						  struct emulated_scsi_command *command)
{
	uint8_t *r = command->reply;

	r[3] = 8;
	put_be(r + 4, unit->sectors < 0xffffffff ? unit->sectors : 0xffffffff, 4);
	put_be(r + 8, EMULATED_SECTOR, 4);
	r[8] = 2; /* a formatted medium */
	return reply(command, 12, get_be(cdb + 7, 2));
}

/* Where and how much: by the operation's group, which is its command length. */
static enum emulated_sense get_range(const struct emulated_scsi *unit, const uint8_t *cdb,
				     uint64_t *sector, uint32_t *count)
{
	switch (cdb[0] >> 5) {
	case 0:
		*sector = get_be(cdb + 1, 3) & 0x1fffff;
		*count = cdb[4] ? cdb[4] : 256;
		break;
	case 4:
		*sector = (uint64_t)get_be(cdb + 2, 4) << 32 | get_be(cdb + 6, 4);
		*count = get_be(cdb + 10, 4);
		break;
	case 5:
		*sector = get_be(cdb + 2, 4);
		*count = get_be(cdb + 6, 4);
		break;
	default:
		*sector = get_be(cdb + 2, 4);
		*count = get_be(cdb + 7, 2);
	}
	if (*sector > unit->sectors || *count > unit->sectors - *sector)
		return SENSE_OUT_OF_RANGE;
	return SENSE_NONE;
}

static enum emulated_sense read_write(struct emulated_scsi *unit, const uint8_t *cdb,
				      enum emulated_scsi_action action,
				      struct emulated_scsi_command *command)
{
	enum emulated_sense sense;
	uint64_t sector;
	uint32_t count;

	if (action == SCSI_WRITE && unit->read_only)
		return SENSE_READ_ONLY;
	sense = get_range(unit, cdb, &sector, &count);
	if (sense || !count)
		return sense;
	command->action = action;
	command->offset = sector * EMULATED_SECTOR;
	command->length = (uint64_t)count * EMULATED_SECTOR;
	return SENSE_NONE;
}

static enum emulated_sense verify(struct emulated_scsi *unit, const uint8_t *cdb)
{
	uint64_t sector;
	uint32_t count;

	if (cdb[1] & 0x06) /* compare with data of the host */
		return SENSE_BAD_FIELD;
	return get_range(unit, cdb, &sector, &count);
}

static enum emulated_sense flush(struct emulated_scsi *unit, const uint8_t *cdb,
				 struct emulated_scsi_command *command)
{
	uint64_t sector;
	uint32_t count;

	command->action = SCSI_FLUSH; /* the whole of it, whatever the range */
	return get_range(unit, cdb, &sector, &count);
}

static enum emulated_sense on_medium(struct emulated_scsi *unit, const uint8_t *cdb,
				     struct emulated_scsi_command *command)
{
	switch (cdb[0]) {
	case 0x00: /* TEST UNIT READY */
		return SENSE_NONE;
	case 0x23:
		return read_format_capacities(unit, cdb, command);
	case 0x25:
		return read_capacity_10(unit, command);
	case 0x9e: /* SERVICE ACTION IN */
		return read_capacity_16(unit, cdb, command);
	case 0x08: /* READ 6, 10, 12, 16 */
	case 0x28:
	case 0xa8:
	case 0x88:
		return read_write(unit, cdb, SCSI_READ, command);
	case 0x0a: /* WRITE 6, 10, 12, 16 */
	case 0x2a:
	case 0xaa:
	case 0x8a:
		return read_write(unit, cdb, SCSI_WRITE, command);
	case 0x2f: /* VERIFY 10, 12, 16 */
	case 0xaf:
	case 0x8f:
		return verify(unit, cdb);
	case 0x35: /* SYNCHRONIZE CACHE 10, 16 */
	case 0x91:
		return flush(unit, cdb, command);
	default:
		return SENSE_BAD_COMMAND;
	}
}

/* --- dispatch ------------------------------------------------------------- */

static bool needs_medium(uint8_t operation)
{
	static const uint8_t others[] = { 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x5a, 0xa0 };

	return !memchr(others, operation, sizeof(others));
}

static enum emulated_sense run(struct emulated_scsi *unit, const uint8_t *cdb,
			       struct emulated_scsi_command *command)
{
	enum emulated_sense sense, before = unit->sense;

	if (needs_medium(cdb[0])) {
		sense = on_medium(unit, cdb, command);
		return unit->ejected && sense != SENSE_BAD_COMMAND ? SENSE_NO_MEDIUM : sense;
	}
	switch (cdb[0]) {
	case 0x03:
		return request_sense(unit, cdb, before, command);
	case 0x12:
		return inquiry(unit, cdb, command);
	case 0x1b:
		return start_stop(unit, cdb);
	case 0x1e: /* PREVENT ALLOW MEDIUM REMOVAL */
		unit->locked = cdb[4] & 1;
		return SENSE_NONE;
	case 0xa0:
		return report_luns(cdb, command);
	default: /* 0x1a, 0x5a */
		return mode_sense(unit, cdb, command);
	}
}

void emulated_scsi_begin(struct emulated_scsi *unit, const uint8_t cdb[16],
			 struct emulated_scsi_command *command)
{
	memset(command, 0, sizeof(*command));
	unit->sense = run(unit, cdb, command);
	command->ok = !unit->sense;
	if (command->ok)
		return;
	command->action = SCSI_NOTHING;
	command->length = 0;
}

void emulated_scsi_fail(struct emulated_scsi *unit, enum emulated_sense sense)
{
	unit->sense = sense;
}

void emulated_scsi_reset(struct emulated_scsi *unit)
{
	unit->sense = SENSE_NONE;
	unit->ejected = false;
	unit->locked = false;
}
