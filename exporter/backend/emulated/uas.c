// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated UAS disk: USB Attached SCSI over a file, at super speed. Its
 * interface has two settings, as such disks have: 0 speaks Bulk-Only Transport
 * and is disk.c's, 1 is UAS (T10 UAS-2), where each command is a task of its
 * own with a stream of its own: the tag of a command is the stream of its data
 * and of its status, so that nothing has to be said about whose turn it is.
 *
 * A task reads or writes on a worker thread and has a buffer of its own. One
 * that is abandoned while its worker is busy keeps its place until that is back.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/disk.h"
#include "exporter/backend/emulated/kinds.h"

#define COMMAND_OUT 0x04
#define STATUS_IN 0x83
#define DATA_IN 0x81
#define DATA_OUT 0x02

#define SUBCLASS_SCSI 0x06
#define PROTOCOL_UAS 0x62

#define STREAMS_POWER 6
#define TASKS 64
#define MOST_BYTES (4 << 20) /* of one command */
#define PACKET 1024

/* Information units, UAS-2, 6.2 */
#define IU_COMMAND 0x01
#define IU_SENSE 0x03
#define IU_RESPONSE 0x04
#define RESPONSE_INVALID_IU 0x02
#define COMMAND_SIZE 32
#define SENSE_HEAD 16
#define SENSE_DATA 18
#define RESPONSE_SIZE 8
#define CHECK_CONDITION 0x02

enum task_state { TASK_FREE, TASK_BUSY, TASK_ABANDONED };

/**
 * struct task - one command
 * @tag: its number, and its stream
 * @buffer: its data
 * @request: what is queued for it: data, then status
 * @working: a worker has it
 * @worked: the worker's result
 * @iu: its status
 */
struct task {
	struct emulated_device *device;
	enum task_state state;
	uint16_t tag;
	struct emulated_scsi_command command;
	uint8_t *buffer;
	struct emulated_request request;
	uv_work_t work;
	bool working;
	int worked;
	uint8_t iu[SENSE_HEAD + SENSE_DATA];
};

/**
 * struct uas - see above
 * @disk: for setting 0, and medium and unit of both; first, for disk.c
 * @command: where the next information unit arrives
 */
struct uas {
	struct disk disk;
	struct emulated_request request;
	uint8_t command[PACKET];
	struct task tasks[TASKS];
};

/* --- tasks ---------------------------------------------------------------- */

static void task_free(struct task *task)
{
	free(task->buffer);
	task->buffer = NULL;
	task->state = TASK_FREE;
}

static struct task *task_new(struct emulated_device *d, uint16_t tag)
{
	struct uas *uas = d->state;
	struct task *free_one = NULL;

	for (struct task *task = uas->tasks; task < uas->tasks + TASKS; task++) {
		if (task->state == TASK_BUSY && task->tag == tag)
			return NULL;
		if (task->state == TASK_FREE)
			free_one = task;
	}
	if (!free_one)
		return NULL;
	free_one->device = d;
	free_one->state = TASK_BUSY;
	free_one->tag = tag;
	return free_one;
}

static void queue(struct task *task, uint8_t address, void *buffer, uint32_t length,
		  void (*complete)(struct emulated_request *))
{
	task->request = (struct emulated_request){
		.buffer = buffer,
		.length = length,
		.stream = task->tag,
		.complete = complete,
		.owner = task,
	};
	emulated_device_queue(task->device, address, &task->request);
}

/* --- status --------------------------------------------------------------- */

static void on_status_sent(struct emulated_request *request)
{
	task_free(request->owner);
}

static void begin_iu(struct task *task, uint8_t id)
{
	memset(task->iu, 0, sizeof(task->iu));
	task->iu[0] = id;
	task->iu[2] = (uint8_t)(task->tag >> 8);
	task->iu[3] = (uint8_t)task->tag;
}

static void respond(struct task *task, uint8_t code)
{
	begin_iu(task, IU_RESPONSE);
	task->iu[7] = code;
	queue(task, STATUS_IN, task->iu, RESPONSE_SIZE, on_status_sent);
}

/* The sense data of a command that failed goes with its status, and is told by that. */
static void put_sense(struct task *task, enum emulated_sense sense)
{
	uint8_t *data = task->iu + SENSE_HEAD;

	task->iu[6] = CHECK_CONDITION;
	task->iu[15] = SENSE_DATA;
	data[0] = 0x70; /* fixed format, current */
	data[2] = (uint8_t)(sense >> 16);
	data[7] = SENSE_DATA - 8;
	data[12] = (uint8_t)(sense >> 8);
	data[13] = (uint8_t)sense;
}

static void send_status(struct task *task)
{
	struct uas *uas = task->device->state;
	uint32_t length = SENSE_HEAD;

	begin_iu(task, IU_SENSE);
	if (!task->command.ok) {
		put_sense(task, uas->disk.unit.sense);
		uas->disk.unit.sense = SENSE_NONE;
		length += SENSE_DATA;
	}
	queue(task, STATUS_IN, task->iu, length, on_status_sent);
}

static void fail(struct task *task, enum emulated_sense sense)
{
	struct uas *uas = task->device->state;

	emulated_scsi_fail(&uas->disk.unit, sense);
	task->command.ok = false;
	send_status(task);
}

/* --- data ----------------------------------------------------------------- */

static void on_data_moved(struct emulated_request *request)
{
	send_status(request->owner);
}

/* On a worker thread. */
static void do_work(uv_work_t *work)
{
	struct task *task = work->data;
	const struct uas *uas = task->device->state;
	const struct emulated_medium *medium = &uas->disk.medium;
	const struct emulated_scsi_command *command = &task->command;

	switch (command->action) {
	case SCSI_READ:
		task->worked = emulated_medium_read(medium, command->offset, task->buffer,
						    command->length);
		break;
	case SCSI_WRITE:
		task->worked = emulated_medium_write(medium, command->offset, task->buffer,
						     command->length);
		break;
	default:
		task->worked = emulated_medium_flush(medium);
	}
}

static void after_work(struct task *task)
{
	if (task->worked)
		fail(task,
		     task->command.action == SCSI_READ ? SENSE_READ_ERROR : SENSE_WRITE_ERROR);
	else if (task->command.action == SCSI_READ)
		queue(task, DATA_IN, task->buffer, (uint32_t)task->command.length, on_data_moved);
	else
		send_status(task);
}

static void on_worked(uv_work_t *work, int status)
{
	struct task *task = work->data;
	struct emulated_device *d = task->device;

	task->working = false;
	if (task->state == TASK_ABANDONED)
		task_free(task);
	else
		after_work(task);
	emulated_device_put(d);
}

static void start_work(struct task *task)
{
	emulated_device_get(task->device);
	task->working = true;
	task->work.data = task;
	uv_queue_work(task->device->loop, &task->work, do_work, on_worked);
}

static void on_data_received(struct emulated_request *request)
{
	struct task *task = request->owner;

	if (request->actual < task->command.length)
		fail(task, SENSE_BAD_FIELD);
	else
		start_work(task);
}

/* --- commands ------------------------------------------------------------- */

static bool get_buffer(struct task *task)
{
	uint64_t length = (task->command.length + PACKET - 1) / PACKET * PACKET;

	if (length > MOST_BYTES)
		return false;
	task->buffer = malloc(length);
	return task->buffer;
}

static void run(struct task *task)
{
	struct emulated_scsi_command *command = &task->command;
	bool moves = command->action == SCSI_READ || command->action == SCSI_WRITE;

	if (!command->ok || (moves && !command->length))
		send_status(task);
	else if (moves && !get_buffer(task))
		fail(task, SENSE_BAD_FIELD);
	else if (command->action == SCSI_READ || command->action == SCSI_FLUSH)
		start_work(task);
	else if (command->action == SCSI_WRITE)
		queue(task, DATA_OUT, task->buffer,
		      (uint32_t)((command->length + PACKET - 1) / PACKET * PACKET),
		      on_data_received);
	else if (command->action == SCSI_REPLY && command->length)
		queue(task, DATA_IN, command->reply, (uint32_t)command->length, on_data_moved);
	else
		send_status(task);
}

static void on_command(struct emulated_request *request);

static void expect_command(struct emulated_device *d)
{
	struct uas *uas = d->state;

	uas->request = (struct emulated_request){
		.buffer = uas->command,
		.length = sizeof(uas->command),
		.complete = on_command,
		.owner = d,
	};
	emulated_device_queue(d, COMMAND_OUT, &uas->request);
}

/* A tag that is in use, or one too many, gets no answer that could be told from the first's. */
static void on_command(struct emulated_request *request)
{
	struct emulated_device *d = request->owner;
	struct uas *uas = d->state;
	uint32_t size = request->actual < COMMAND_SIZE ? request->actual : COMMAND_SIZE;
	uint8_t iu[COMMAND_SIZE] = { 0 };
	struct task *task;

	memcpy(iu, uas->command, size);
	expect_command(d); /* with the same request */
	task = task_new(d, (uint16_t)(iu[2] << 8 | iu[3]));
	if (!task)
		return;
	if (size < COMMAND_SIZE || iu[0] != IU_COMMAND) {
		respond(task, RESPONSE_INVALID_IU);
		return;
	}
	emulated_scsi_begin(&uas->disk.unit, iu + 16, &task->command);
	run(task);
}

/* --- the kind ------------------------------------------------------------- */

static void abandon_all(struct uas *uas)
{
	for (struct task *task = uas->tasks; task < uas->tasks + TASKS; task++) {
		if (task->state == TASK_BUSY && task->working)
			task->state = TASK_ABANDONED;
		else if (task->state == TASK_BUSY)
			task_free(task);
	}
}

/* The endpoints of the setting before this one took their requests with them. */
static void start(struct emulated_device *d, uint8_t interface)
{
	struct uas *uas = d->state;

	abandon_all(uas);
	if (!d->alternates[interface]) {
		emulated_disk.start(d, interface);
		return;
	}
	uas->disk.restart = uas->disk.busy;
	expect_command(d);
}

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	return emulated_disk.create(d, argument, error, size);
}

static void destroy(struct emulated_device *d)
{
	abandon_all(d->state);
	emulated_disk.destroy(d);
}

static void reset(struct emulated_device *d)
{
	emulated_disk.reset(d);
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	return d->alternates[0] ? -SUBURB_EPIPE : emulated_disk.control(d, c);
}

static void halt_cleared(struct emulated_device *d, uint8_t address)
{
	if (!d->alternates[0])
		emulated_disk.halt_cleared(d, address);
}

/* A pipe of UAS: endpoint, companion, and what it is for (UAS-2, 5.2.3). */
static void describe_pipe(struct emulated_descriptors *out, uint8_t address, uint8_t id,
			  uint8_t streams_power)
{
	const uint8_t usage[4] = { sizeof(usage), 0x24, id, 0 };

	emulated_describe_bulk(out, address);
	emulated_describe_streams(out, streams_power);
	emulated_describe_raw(out, usage, sizeof(usage));
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	emulated_disk.describe(d, out, speed);
	emulated_describe_interface(out, 0, 1, USB_CLASS_MASS_STORAGE, SUBCLASS_SCSI, PROTOCOL_UAS,
				    0);
	describe_pipe(out, COMMAND_OUT, 1, 0);
	describe_pipe(out, STATUS_IN, 2, STREAMS_POWER);
	describe_pipe(out, DATA_IN, 3, STREAMS_POWER);
	describe_pipe(out, DATA_OUT, 4, STREAMS_POWER);
}

const struct emulated_kind emulated_uas = {
	.name = "uas",
	.argument = "FILE",
	.argument_needed = true,
	.identity = { EMULATED_VENDOR, 0x000a, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated UAS disk",
	.speed = SUBURB_SPEED_SUPER,
	.state_size = sizeof(struct uas),
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
	.halt_cleared = halt_cleared,
};
