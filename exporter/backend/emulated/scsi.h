/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SCSI logical unit of an emulated disk: a direct-access device with a
 * removable medium (SPC, SBC; what USB sticks do of it).
 *
 * It reads commands and says what is to be done; it moves no data and does no
 * I/O, which is the transport's (disk.c). Pure but for its own sense data.
 */
#ifndef EXPORTER_BACKEND_EMULATED_SCSI_H
#define EXPORTER_BACKEND_EMULATED_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMULATED_SCSI_REPLY 256 /* longest answer that is not a medium's data */

/* Sense: key << 16 | additional code << 8 | its qualifier. */
enum emulated_sense {
	SENSE_NONE = 0,
	SENSE_NO_MEDIUM = 0x023a00,
	SENSE_WRITE_ERROR = 0x030c00,
	SENSE_READ_ERROR = 0x031100,
	SENSE_BAD_COMMAND = 0x052000,
	SENSE_OUT_OF_RANGE = 0x052100,
	SENSE_BAD_FIELD = 0x052400,
	SENSE_NOT_SAVED = 0x053900,
	SENSE_LOCKED = 0x055302,
	SENSE_READ_ONLY = 0x072700,
};

/**
 * struct emulated_scsi - a logical unit
 * @sectors: of the medium
 * @read_only: writes are refused
 * @serial: unit serial number, ASCII
 * @sense: of the last command; told once
 * @ejected: the medium is not there until it is loaded or the unit is reset
 * @locked: ejecting is refused
 */
struct emulated_scsi {
	uint64_t sectors;
	bool read_only;
	const char *serial;
	enum emulated_sense sense;
	bool ejected;
	bool locked;
};

enum emulated_scsi_action {
	SCSI_NOTHING, /* no data */
	SCSI_REPLY, /* give @reply */
	SCSI_READ, /* give @length bytes of the medium */
	SCSI_WRITE, /* take them */
	SCSI_FLUSH, /* make the medium remember; no data */
};

/**
 * struct emulated_scsi_command - what a command wants
 * @ok: false: it failed, wants nothing, and there is sense data
 * @length: bytes to move, as the command sees it
 * @offset: in the medium, bytes
 */
struct emulated_scsi_command {
	bool ok;
	enum emulated_scsi_action action;
	uint64_t length;
	uint64_t offset;
	uint8_t reply[EMULATED_SCSI_REPLY];
};

void emulated_scsi_reset(struct emulated_scsi *unit);

/* @cdb: 16 bytes, those behind the command's own length are zero. */
void emulated_scsi_begin(struct emulated_scsi *unit, const uint8_t cdb[16],
			 struct emulated_scsi_command *command);

/* Something went wrong after begin(), with the medium. */
void emulated_scsi_fail(struct emulated_scsi *unit, enum emulated_sense sense);

#endif
