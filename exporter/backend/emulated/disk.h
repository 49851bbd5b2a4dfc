/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of an emulated disk that speaks Bulk-Only Transport (disk.c), for
 * the one that speaks UAS, too, and begins with it (uas.c).
 */
#ifndef EXPORTER_BACKEND_EMULATED_DISK_H
#define EXPORTER_BACKEND_EMULATED_DISK_H

#include <uv.h>

#include "exporter/backend/emulated/device.h"
#include "exporter/backend/emulated/medium.h"
#include "exporter/backend/emulated/scsi.h"

#define CDB_SIZE 16
#define CSW_SIZE 13

#define BUFFER_SIZE (128 << 10) /* Linux moves up to 120 KiB in a command */

enum csw_status { CSW_PASSED, CSW_FAILED, CSW_PHASE_ERROR };

/**
 * struct disk
 * @waiting: the next command, the data and the status: what is queued
 * @work: what the worker does, while @busy
 * @worked: its result
 * @restart: begin anew once the worker is back: the command is abandoned
 * @wedged: a wrapper made no sense: stalled until the host resets the transport
 * @tag: of the command, for its status
 * @expected: bytes the host expects to move
 * @host_in: in this direction
 * @moved: so far
 * @status: enum csw_status
 */
struct disk {
	struct emulated_medium medium;
	struct emulated_scsi unit;
	struct emulated_request request;
	uint8_t wrapper[EMULATED_SECTOR];
	uint8_t csw[CSW_SIZE];
	uint8_t buffer[BUFFER_SIZE];

	uv_work_t work;
	bool busy;
	int worked;
	bool restart;
	bool wedged;

	uint32_t tag;
	uint32_t expected;
	bool host_in;
	uint32_t moved;
	enum csw_status status;
	struct emulated_scsi_command command;
};

#endif
