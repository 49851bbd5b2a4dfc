// SPDX-License-Identifier: GPL-2.0-only
/* sources: tests/fuzz/machine*.c kernel */
/*
 * /dev/suburb: every struct of its ABI with every field as a program may fill
 * it, pointers that point nowhere, memory that runs out, sockets of all kinds.
 *
 * What was attached keeps the rules of the header; what was refused has left
 * nothing behind; nothing is written beyond what the program said is its own.
 */
#include <uapi/linux/suburb.h>

#include "kernel/request.h"

#include "fuzz.h"
#include "machine.h"

#define USER_SIZE 4096
#define OPS 64

static struct file file;
static u64 last_id;
static u32 last_port;

static void *user(size_t offset)
{
	return machine.user + offset;
}

/* --- structs --------------------------------------------------------------- */

/* Some fields become something else. */
static void spoil(struct input *input, u8 *bytes, size_t size)
{
	size_t at;
	u32 value;

	while (input_once_in(input, 2)) {
		at = input_upto(input, (u32)size - 1);
		if (input_u8(input) & 1) {
			bytes[at] = input_u8(input);
			continue;
		}
		at = min(at & ~(size_t)3, size - 4);
		memcpy(&value, bytes + at, sizeof(value));
		value = input_number(input, value);
		memcpy(bytes + at, &value, sizeof(value));
	}
}

/* Where its struct stands: the last bytes of the program's memory, or not all of them. */
static size_t place(struct input *input, size_t size)
{
	size_t at = USER_SIZE - size;

	return input_once_in(input, 8) ? at + input_upto(input, 8) - 4 : at;
}

static void fill_attach(struct input *input, struct suburb_attach *attach)
{
	static const u32 speeds[] = { 1, 2, 3, 5, 6, 0, 4, 7 };

	attach->sockfd = (s32)input_upto(input, MACHINE_SOCKETS);
	attach->devid = 0x10002;
	attach->speed = speeds[input_upto(input, 7)];
	attach->features = input_once_in(input, 2) ? input_upto(input, 7) : 0;
	attach->cookie_size = input_once_in(input, 2) ? input_u16(input) : 0;
	strcpy(attach->label, "peer:3240 1-1");
	/* Without an end. */
	if (input_once_in(input, 8))
		memset(attach->label, 'x', sizeof(attach->label));
}

static void fill_status(struct input *input, struct suburb_status *status)
{
	bool by_port = input_once_in(input, 2);

	status->id = by_port ? 0 : last_id - input_upto(input, 40);
	status->port = by_port ? input_upto(input, 3) : 0;
	if (input_once_in(input, 2))
		return;
	status->endpoints = (u64)(uintptr_t)user(input_upto(input, USER_SIZE));
	status->endpoints_capacity = input_upto(input, 40);
}

static size_t fill(struct input *input, unsigned int nr, void *to)
{
	struct suburb_detach *detach = to;
	struct suburb_list *list = to;

	switch (nr) {
	case _IOC_NR(SUBURB_IOC_INFO):
		return sizeof(struct suburb_info);
	case _IOC_NR(SUBURB_IOC_ATTACH):
		fill_attach(input, to);
		return sizeof(struct suburb_attach);
	case _IOC_NR(SUBURB_IOC_DETACH):
		detach->port = input_upto(input, 3);
		detach->id = input_once_in(input, 2) ? last_id : 0;
		return sizeof(*detach);
	case _IOC_NR(SUBURB_IOC_LIST):
		list->capacity = input_upto(input, 8);
		list->ports = list->capacity ? (u64)(uintptr_t)user(input_upto(input, USER_SIZE)) : 0;
		return sizeof(*list);
	case _IOC_NR(SUBURB_IOC_STATUS):
		fill_status(input, to);
		return sizeof(struct suburb_status);
	default:
		return sizeof(struct suburb_info);
	}
}

/* --- what must be true of an answer ---------------------------------------- */

static void check_label(const char *label)
{
	size_t i;

	fuzz_assert(memchr(label, 0, SUBURB_LABEL_SIZE));
	for (i = 0; label[i]; i++)
		fuzz_assert((u8)label[i] >= ' ' && label[i] != 0x7f);
}

static void check_attached(const struct suburb_attach *asked, const struct suburb_attach *answer)
{
	fuzz_assert(file.f_mode & FMODE_WRITE);
	fuzz_assert(!(asked->flags & ~SUBURB_ATTACH_NO_READ_AHEAD));
	fuzz_assert(!asked->session && !asked->grace_ms);
	fuzz_assert(!asked->keepalive_ms && !asked->largest_transfer);
	fuzz_assert(!memchr_inv(asked->token, 0, sizeof(asked->token)));
	fuzz_assert(!memchr_inv(asked->reserved, 0, sizeof(asked->reserved)));
	fuzz_assert(asked->speed >= 1 && asked->speed <= 6 && asked->speed != 4);
	fuzz_assert(!(asked->features & ~(SUBURB_FEATURE_STREAMS | SUBURB_FEATURE_DIGEST)));
	fuzz_assert(asked->cookie_size <= SUBURB_COOKIE_SIZE);
	fuzz_assert(asked->unlink_ms <= SUBURB_UNLINK_MS_MOST);
	fuzz_assert(machine.sockets[asked->sockfd]->socket.type == SOCK_STREAM);
	check_label(asked->label);
	fuzz_assert(answer->id > last_id);
	last_id = answer->id;
	last_port = answer->port;
}

static void check_status(const struct suburb_status *asked, const struct suburb_status *answer)
{
	fuzz_assert(!asked->flags && !asked->reserved);
	fuzz_assert(answer->state >= SUBURB_STATE_ATTACHING && answer->state <= SUBURB_STATE_GONE);
	fuzz_assert(answer->endpoints_count < SUBURB_ENDPOINTS);
	fuzz_assert(answer->cookie_size <= SUBURB_COOKIE_SIZE);
	fuzz_assert(!asked->id || answer->id == asked->id);
	check_label(answer->label);
}

static void check(unsigned int nr, const void *asked, const void *answer)
{
	const struct suburb_info *info = answer;
	const struct suburb_detach *detach = asked;
	const struct suburb_list *list = asked;

	switch (nr) {
	case _IOC_NR(SUBURB_IOC_INFO):
		fuzz_assert(info->version == SUBURB_ABI_VERSION && info->controllers);
		break;
	case _IOC_NR(SUBURB_IOC_ATTACH):
		check_attached(asked, answer);
		break;
	case _IOC_NR(SUBURB_IOC_DETACH):
		fuzz_assert(file.f_mode & FMODE_WRITE && !detach->flags && !detach->reserved);
		break;
	case _IOC_NR(SUBURB_IOC_LIST):
		fuzz_assert(!list->flags && (!list->capacity || list->ports));
		break;
	case _IOC_NR(SUBURB_IOC_STATUS):
		check_status(asked, answer);
		break;
	}
}

/* --- one call --------------------------------------------------------------- */

/* A struct of which less was told than there is: the rest is 0. */
static void whole(void *to, const u8 *from, size_t size, u32 told)
{
	memset(to, 0, size);
	memcpy(to, from, min(size, (size_t)told));
}

/* Bytes that the call has not to touch are as they were. */
static void check_untouched(const u8 *before, size_t from, size_t to)
{
	fuzz_assert(!memcmp(before + from, machine.user + from, to - from));
}

static void call(struct input *input)
{
	unsigned int nr = input_upto(input, 5);
	unsigned int cmd = _IOC(_IOC_READ | _IOC_WRITE, SUBURB_IOC_MAGIC, nr, 0);
	u8 bytes[sizeof(struct suburb_status) + 64] = {};
	u8 asked[sizeof(bytes)], answer[sizeof(bytes)];
	static u8 before[USER_SIZE];
	size_t size = fill(input, nr, bytes), at;
	u32 told = (u32)size;
	long ret;

	if (input_once_in(input, 8))
		told = input_number(input, told + 4);
	memcpy(bytes, &told, sizeof(told));
	spoil(input, bytes, sizeof(bytes));
	at = place(input, told < sizeof(bytes) && told > size ? told : size);
	memcpy(machine.user + min(at, (size_t)USER_SIZE), bytes, min(sizeof(bytes), USER_SIZE - at));
	if (input_once_in(input, 32))
		cmd = input_u32(input);
	memcpy(&told, bytes, sizeof(told));
	whole(asked, bytes, size, told);
	memcpy(before, machine.user, sizeof(before));
	ret = machine.fops->unlocked_ioctl(&file, cmd, (unsigned long)(uintptr_t)user(at));
	fuzz_assert(ret <= 0 && ret > -4096);
	if (!ret && _IOC_NR(cmd) == nr) {
		whole(answer, machine.user + at, size, told);
		check(nr, asked, answer);
	}
	/* A refusal writes nothing, but for arrays that come before what failed. */
	if (ret && ret != -EFAULT)
		check_untouched(before, 0, sizeof(before));
	machine_run();
}

static void open_file(struct input *input)
{
	machine.fops->release(NULL, &file);
	file.f_mode = input_once_in(input, 4) ? 0 : FMODE_WRITE;
	if (machine.fops->open(NULL, &file)) {
		machine.fail = 0;
		fuzz_assert(!machine.fops->open(NULL, &file));
	}
}

static void step(struct input *input)
{
	unsigned int fd = input_upto(input, MACHINE_SOCKETS - 1);
	struct machine_socket *s = machine.sockets[fd];

	switch (input_upto(input, 15)) {
	case 0:
		s->socket.type = SOCK_STREAM + (int)input_once_in(input, 2);
		break;
	case 1:
		s->sk.sk_state = TCP_ESTABLISHED + (int)input_once_in(input, 2);
		break;
	case 2:
		s->sk.sk_protocol = input_once_in(input, 2) ? IPPROTO_MPTCP : 0;
		break;
	case 3:
		machine_close(s, input_once_in(input, 2) ? ECONNRESET : 0);
		break;
	case 4:
		machine.fail = 1 + input_upto(input, 20);
		break;
	case 5:
		open_file(input);
		break;
	case 6:
		machine.children = input_once_in(input, 2);
		break;
	case 7:
		machine_later();
		break;
	case 8:
		machine.fops->poll(&file, NULL);
		break;
	default:
		call(input);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned int i;

	machine.fail = input_u8(&input) & 1 ? 1 + input_upto(&input, 20) : 0;
	if (machine_load()) {
		fuzz_assert(!machine.allocated);
		machine.fail = 0;
		fuzz_assert(machine_load() == 0);
	}
	machine.fail = 0;
	machine.user_size = USER_SIZE;
	machine.user = calloc(1, USER_SIZE);
	for (i = 0; i < MACHINE_SOCKETS; i++)
		machine_socket_new(i);
	file = (struct file){ .f_mode = FMODE_WRITE };
	fuzz_assert(machine.fops->open(NULL, &file) == 0);
	while (input.left)
		step(&input);
	machine.fops->release(NULL, &file);
	machine.children = false;
	machine_unload();
	for (i = 0; i < MACHINE_SOCKETS; i++)
		machine_socket_free(i);
	free(machine.user);
	return 0;
}
