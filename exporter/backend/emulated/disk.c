// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated disk: USB mass storage, Bulk-Only Transport 1.0, over a file.
 *
 * One command at a time: a wrapper (CBW) comes, data moves, a status (CSW)
 * goes. Data passes through one buffer, filled or emptied by a worker thread,
 * so that slow storage under the file does not hold up the loop. Only that
 * thread touches the buffer meanwhile, and the device stays until it is back.
 *
 * Host and command may disagree on the data (the thirteen cases of section
 * 6.7). If the command can be done within what the host expects, it is, and
 * the rest is stalled (4, 5, 9, 11); else nothing is moved, the data stage is
 * stalled and the status is a phase error (2, 3, 7, 8, 10, 13).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/disk.h"
#include "exporter/backend/emulated/kinds.h"

#define BULK_IN 0x81
#define BULK_OUT 0x02

#define SUBCLASS_SCSI 0x06
#define PROTOCOL_BULK_ONLY 0x50
#define REQUEST_RESET 0xff
#define REQUEST_MAX_LUN 0xfe

#define CBW_SIZE 31
#define CBW_SIGNATURE 0x43425355
#define CSW_SIGNATURE 0x53425355
static void next_chunk(struct emulated_device *d);

static void queue(struct emulated_device *d, uint8_t address, void *buffer, uint32_t length,
		  void (*complete)(struct emulated_request *))
{
	struct disk *disk = d->state;

	disk->request = (struct emulated_request){
		.buffer = buffer,
		.length = length,
		.complete = complete,
		.owner = d,
	};
	emulated_device_queue(d, address, &disk->request);
}

/* --- status --------------------------------------------------------------- */

static void on_wrapper(struct emulated_request *request);

static void expect_wrapper(struct emulated_device *d)
{
	struct disk *disk = d->state;

	queue(d, BULK_OUT, disk->wrapper, sizeof(disk->wrapper), on_wrapper);
}

static void on_status_sent(struct emulated_request *request)
{
	expect_wrapper(request->owner);
}

static void send_status(struct emulated_device *d)
{
	struct disk *disk = d->state;

	emulated_put_le32(disk->csw, CSW_SIGNATURE);
	emulated_put_le32(disk->csw + 4, disk->tag);
	emulated_put_le32(disk->csw + 8, disk->expected - disk->moved);
	disk->csw[12] = disk->status;
	queue(d, BULK_IN, disk->csw, CSW_SIZE, on_status_sent);
}

/* The data stage is over. What the host still waits for in it is stalled. */
static void end_data(struct emulated_device *d)
{
	struct disk *disk = d->state;

	if (disk->moved < disk->expected)
		emulated_device_halt(d, disk->host_in ? BULK_IN : BULK_OUT);
	send_status(d);
}

static void fail(struct emulated_device *d, enum emulated_sense sense)
{
	struct disk *disk = d->state;

	emulated_scsi_fail(&disk->unit, sense);
	disk->status = CSW_FAILED;
	end_data(d);
}

/* --- data ----------------------------------------------------------------- */

static uint32_t chunk_size(const struct disk *disk)
{
	uint64_t left = disk->command.length - disk->moved;

	return left < BUFFER_SIZE ? (uint32_t)left : BUFFER_SIZE;
}

/* On a worker thread. */
static void do_work(uv_work_t *work)
{
	struct emulated_device *d = work->data;
	struct disk *disk = d->state;
	uint64_t offset = disk->command.offset + disk->moved;
	uint32_t length = chunk_size(disk);

	switch (disk->command.action) {
	case SCSI_READ:
		disk->worked = emulated_medium_read(&disk->medium, offset, disk->buffer, length);
		break;
	case SCSI_WRITE:
		disk->worked = emulated_medium_write(&disk->medium, offset, disk->buffer, length);
		break;
	default:
		disk->worked = emulated_medium_flush(&disk->medium);
	}
}

static void on_data_sent(struct emulated_request *request)
{
	struct emulated_device *d = request->owner;
	struct disk *disk = d->state;

	disk->moved += request->actual;
	next_chunk(d);
}

static void after_work(struct emulated_device *d)
{
	struct disk *disk = d->state;
	bool write = disk->command.action != SCSI_READ;

	if (disk->worked) {
		fail(d, write ? SENSE_WRITE_ERROR : SENSE_READ_ERROR);
		return;
	}
	switch (disk->command.action) {
	case SCSI_READ:
		queue(d, BULK_IN, disk->buffer, chunk_size(disk), on_data_sent);
		break;
	case SCSI_WRITE:
		disk->moved += chunk_size(disk);
		next_chunk(d);
		break;
	default:
		end_data(d);
	}
}

static void on_worked(uv_work_t *work, int status)
{
	struct emulated_device *d = work->data;
	struct disk *disk = d->state;

	disk->busy = false;
	if (disk->restart) {
		disk->restart = false;
		expect_wrapper(d);
	} else {
		after_work(d);
	}
	emulated_device_put(d);
}

static void start_work(struct emulated_device *d)
{
	struct disk *disk = d->state;

	emulated_device_get(d);
	disk->busy = true;
	disk->work.data = d;
	uv_queue_work(d->loop, &disk->work, do_work, on_worked);
}

static void on_data_received(struct emulated_request *request)
{
	struct emulated_device *d = request->owner;
	struct disk *disk = d->state;

	if (request->actual == request->length) {
		start_work(d);
		return;
	}
	/* A short packet in the middle: the host broke its own promise. */
	disk->status = CSW_PHASE_ERROR;
	send_status(d);
}

static void next_chunk(struct emulated_device *d)
{
	struct disk *disk = d->state;
	bool left = disk->moved < disk->command.length;

	if (left && disk->command.action == SCSI_READ)
		start_work(d);
	else if (left && disk->command.action == SCSI_WRITE)
		queue(d, BULK_OUT, disk->buffer, chunk_size(disk), on_data_received);
	else
		end_data(d);
}

/* --- commands ------------------------------------------------------------- */

/* Can the command be done within what the host expects? */
static bool agrees(const struct disk *disk)
{
	const struct emulated_scsi_command *command = &disk->command;

	if (!command->length)
		return true;
	return command->length <= disk->expected &&
	       disk->host_in == (command->action != SCSI_WRITE);
}

static void run_command(struct emulated_device *d)
{
	struct disk *disk = d->state;

	disk->moved = 0;
	disk->status = disk->command.ok ? CSW_PASSED : CSW_FAILED;
	if (!agrees(disk)) {
		disk->status = CSW_PHASE_ERROR;
		end_data(d);
		return;
	}
	switch (disk->command.action) {
	case SCSI_FLUSH:
		start_work(d);
		break;
	case SCSI_REPLY:
		if (disk->command.length) {
			queue(d, BULK_IN, disk->command.reply, (uint32_t)disk->command.length,
			      on_data_sent);
			break;
		}
		/* fall through */
	default:
		next_chunk(d);
	}
}

static bool valid(const struct emulated_request *request)
{
	const uint8_t *w = request->buffer;

	return request->actual == CBW_SIZE && emulated_get_le32(w) == CBW_SIGNATURE &&
	       !(w[12] & 0x7f) && !w[13] && w[14] >= 1 && w[14] <= CDB_SIZE;
}

static void wedge(struct emulated_device *d)
{
	struct disk *disk = d->state;

	disk->wedged = true;
	emulated_device_halt(d, BULK_IN);
	emulated_device_halt(d, BULK_OUT);
}

static void on_wrapper(struct emulated_request *request)
{
	struct emulated_device *d = request->owner;
	struct disk *disk = d->state;
	const uint8_t *w = disk->wrapper;
	uint8_t cdb[CDB_SIZE] = { 0 };

	if (!valid(request)) {
		wedge(d);
		return;
	}
	disk->tag = emulated_get_le32(w + 4);
	disk->expected = emulated_get_le32(w + 8);
	disk->host_in = w[12] & 0x80;
	memcpy(cdb, w + 15, w[14]);
	emulated_scsi_begin(&disk->unit, cdb, &disk->command);
	run_command(d);
}

/* --- the kind ------------------------------------------------------------- */

/* Abandon the command, if there is one. */
static void restart(struct emulated_device *d)
{
	struct disk *disk = d->state;

	disk->wedged = false;
	emulated_device_forget(d, BULK_IN);
	emulated_device_forget(d, BULK_OUT);
	disk->restart = disk->busy;
	if (!disk->busy)
		expect_wrapper(d);
}

static void start(struct emulated_device *d, uint8_t interface)
{
	restart(d);
}

static void reset(struct emulated_device *d)
{
	struct disk *disk = d->state;

	emulated_scsi_reset(&disk->unit);
}

static void halt_cleared(struct emulated_device *d, uint8_t address)
{
	struct disk *disk = d->state;

	if (disk->wedged)
		emulated_device_halt(d, address);
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	if (c->index || c->value || !d->configured)
		return -SUBURB_EPIPE;
	switch (c->type << 8 | c->request) {
	case (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE) << 8 | REQUEST_MAX_LUN:
		c->data[0] = 0;
		return 1;
	case (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE) << 8 | REQUEST_RESET:
		if (c->length)
			return -SUBURB_EPIPE;
		restart(d);
		return 0;
	default:
		return -SUBURB_EPIPE;
	}
}

static unsigned int number_of(const struct emulated_device *d)
{
	const char *number = strrchr(d->backend.busid, '-');

	return number ? (unsigned int)strtoul(number + 1, NULL, 10) : 0;
}

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct disk *disk = d->state;

	if (emulated_medium_open(&disk->medium, argument, error, size))
		return -1;
	/* Section 4.1.1 wants twelve or more of 0-9A-F: "SUBURB", and which one. */
	snprintf(d->serial, sizeof(d->serial), "535542555242%04u", number_of(d) % 10000);
	disk->unit.sectors = disk->medium.sectors;
	disk->unit.read_only = disk->medium.read_only;
	disk->unit.serial = d->serial;
	return 0;
}

static void destroy(struct emulated_device *d)
{
	struct disk *disk = d->state;

	emulated_medium_close(&disk->medium);
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	emulated_describe_configuration(out, speed, 0);
	emulated_describe_interface(out, 0, 0, USB_CLASS_MASS_STORAGE, SUBCLASS_SCSI,
				    PROTOCOL_BULK_ONLY, 0);
	emulated_describe_bulk(out, BULK_IN);
	emulated_describe_bulk(out, BULK_OUT);
}

const struct emulated_kind emulated_disk = {
	.name = "disk",
	.argument = "FILE",
	.argument_needed = true,
	.identity = { EMULATED_VENDOR, 0x0004, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated disk",
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct disk),
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
	.halt_cleared = halt_cleared,
};
