// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "pair.h"
#include "patience.h"
#include "sweep.h"

#define OBJECTS "/sys/kernel/debug/suburb/objects"
#define MOST 4096
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What went wrong first. */
static char complaint[4096];

/* Remotes, connections and requests that live. -1 if nobody can say. */
static long long living(void)
{
	FILE *file = fopen(OBJECTS, "re");
	unsigned long long created, freed;
	long long sum = 0;

	if (!file)
		return -1;
	while (fscanf(file, "%*s %llu %llu", &created, &freed) == 2)
		sum += created - freed;
	fclose(file);
	return sum;
}

bool becomes(long long want)
{
	long long end = now_ms() + patient_ms(5000);

	while (living() != want) {
		if (now_ms() > end)
			return false;
		usleep(10000);
	}
	return true;
}

/* --- the exporter answers all --------------------------------------------- */

void answer(struct peer *p, const struct suburb_submit *s)
{
	static const __u8 zeros[RIG_DATA];
	struct suburb_iso iso[SUBURB_WIRE_MAX_PACKETS];
	__u8 streams[2] = { 4 };
	__u32 i;

	if (s->packets && peer_is_iso(s->ep | s->direction << 7)) {
		memcpy(iso, p->iso, s->packets * sizeof(iso[0]));
		for (i = 0; i < s->packets; i++)
			iso[i].actual_length = iso[i].length;
		peer_reply_iso(p, s->seqnum, 0, iso, s->packets,
			       s->direction == SUBURB_DIR_IN ? zeros : NULL,
			   s->length);
	} else if (s->ep == 0 && s->setup[0] == SUBURB_REQUEST_IN) {
		peer_reply(p, s->seqnum, 0, streams, 2);
	} else {
		peer_reply(p, s->seqnum, 0, s->direction == SUBURB_DIR_IN ? zeros : NULL,
			   s->length);
	}
}

static void *answer_all(void *arg)
{
	struct answerer *a = arg;
	struct peer_command c;

	while (!a->stop) {
		if (!peer_next(a->peer, &c, 100)) {
			if (a->peer->ended)
				usleep(20000);
			continue;
		}
		if (c.c.command != SUBURB_CMD_SUBMIT)
			continue;
		if (a->hold && c.c.submit.ep) {
			a->held = c;
			a->has_held = true;
		} else {
			answer(a->peer, &c.c.submit);
		}
	}
	return NULL;
}

/* --- a device ------------------------------------------------------------- */

static int start_session(struct rig *r)
{
	int sv[2], ret;

	if (r->is_tcp) {
		ret = pair_open(PAIR_TCP4, sv);
		return ret ? ret : session_start_on(&r->s, r->speed, sv[0], sv[1]);
	}
	return session_start_features(&r->s, r->speed, r->features);
}

int rig_up(struct rig *r)
{
	int ret = start_session(r);

	if (ret)
		return ret;
	r->answerer = (struct answerer){ .peer = &r->s.peer };
	r->is_up = true;
	return -pthread_create(&r->answerer.thread, NULL, answer_all, &r->answerer);
}

const char *rig_down(struct rig *r)
{
	if (!r->is_up)
		return "";
	r->is_up = false;
	r->answerer.hold = false;
	r->answerer.stop = true;
	/* As a driver would go: answered. */
	if (r->s.usb >= 0)
		close(r->s.usb);
	r->s.usb = -1;
	pthread_join(r->answerer.thread, NULL);
	return session_stop(&r->s);
}

int rig_mend(struct rig *r)
{
	int ret = session_status(&r->s);

	if (!ret && r->s.st.state != SUBURB_STATE_GONE)
		ret = remote_wait_state(r->s.dev, r->s.a.id, SUBURB_STATE_ONLINE, &r->s.st);
	if (ret || r->s.st.state == SUBURB_STATE_GONE) {
		rig_down(r);
		return rig_up(r);
	}
	if (usbfs_control(r->s.usb, 0xc0, 1, 0, 0, r->data, 8, 5000) >= 0)
		return 0;
	close(r->s.usb);
	r->s.usb = usbfs_open(r->s.st.busnum, r->s.st.devnum);
	return r->s.usb < 0 ? r->s.usb : usbfs_claim(r->s.usb, 0);
}

/* --- one flow ------------------------------------------------------------- */

static bool is_right(const struct flow *flow, int ret)
{
	unsigned int i;

	if (ret >= 0 || ret == -ENOMEM || ret == -EFAULT)
		return true;
	for (i = 0; i < ARRAY_SIZE(flow->right); i++)
		if (flow->right[i] && ret == flow->right[i])
			return true;
	return false;
}

/*
 * What the kernel's checkers ask for themselves, and can do without; and the copy
 * with which we hear of a fault.
 */
static bool is_checker(const struct fault *f)
{
	return strstr(f->stack, "create_object+") || strstr(f->stack, "fill_pool+") ||
	       strstr(f->stack, "stack_depot_save+") || strstr(f->stack, "kasan_") ||
	       strstr(f->stack, "proc_fail_nth");
}

static bool is_wanted(const struct flow *flow, const struct fault *f)
{
	/* 6.1 itself loses the name of a cache that it cannot make. */
	if (strstr(f->stack, "__kmem_cache_create+"))
		return false;
	return !is_checker(f) && (!flow->below || strstr(f->stack, flow->below)) &&
	       !faults_seen(flow->name, f);
}

static long long seconds(void)
{
	const char *text = getenv("SUBURB_FAULTS_SECONDS");

	return getenv("SUBURB_FAULTS_ALL") ? SWEEP_SECONDS : text ? atoi(text) : 20;
}

/* Once without a fault. */
static int do_well(struct rig *r, const struct flow *flow)
{
	int ret = flow->ready ? flow->ready(r) : 0;

	if (ret)
		return ret;
	ret = flow->call(r);
	if (flow->settle) {
		int after = flow->settle(r, ret);

		return ret < 0 ? ret : after;
	}
	return ret < 0 ? ret : 0;
}

static size_t record(struct rig *r, const struct flow *flow, struct fault **faults, int *ret)
{
	size_t n;

	*ret = flow->ready ? flow->ready(r) : 0;
	faults_record(flow->workers);
	if (!flow->workers)
		faults_arm(FAULTS_NEVER);
	*ret = *ret ? *ret : flow->call(r);
	if (!flow->workers)
		faults_disarm();
	n = faults_recorded(faults, MOST);
	if (flow->settle && *ret >= 0)
		*ret = flow->settle(r, *ret);
	return n;
}

__attribute__((format(printf, 1, 2)))
static void complain(const char *format, ...)
{
	va_list args;

	if (complaint[0])
		return;
	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
}

/* True in *@reached if something was refused. */
static int call_badly(struct rig *r, const struct flow *flow, unsigned int nth, bool *reached)
{
	int ret;

	if (flow->workers) {
		faults_arm_workers(nth);
		ret = flow->call(r);
		faults_disarm_workers();
		*reached = true;
	} else {
		faults_arm(nth);
		ret = flow->call(r);
		*reached = faults_disarm();
	}
	return ret;
}

static void judge(struct rig *r, const struct flow *flow, int ret, long long ms, const char *stack)
{
	int after;

	if (!is_right(flow, ret))
		complain("%s: said %d when this was refused:\n%s", flow->name, ret, stack);
	if (ms > patient_ms(10000))
		complain("%s: took %lld ms when this was refused:\n%s", flow->name, ms, stack);
	after = flow->settle ? flow->settle(r, ret) : 0;
	if (after)
		complain("%s: said %d, and %d afterwards, when this was refused:\n%s", flow->name,
			 ret, after, stack);
	if (complaint[0])
		return;
	after = do_well(r, flow);
	if (after)
		complain("%s: works no more (%d) since this was refused:\n%s", flow->name, after,
			 stack);
}

/* Once with the nth refused: what that was, or NULL if there are not so many. */
static struct fault *do_badly(struct rig *r, const struct flow *flow, unsigned int nth)
{
	struct fault *refused;
	long long start;
	bool reached;
	size_t i, n;
	int ret;

	ret = flow->ready ? flow->ready(r) : 0;
	if (ret) {
		complain("%s: cannot be done: %d", flow->name, ret);
		return NULL;
	}
	faults_refused(&refused, 1);
	free(refused);
	start = now_ms();
	ret = call_badly(r, flow, nth, &reached);
	n = faults_refused(&refused, 64);
	if (!n && reached && !flow->workers) {
		strcpy(refused[0].stack, "a user copy\n");
		n = 1;
	}
	for (i = 0; i < n; i++)
		faults_note(flow->name, &refused[i]);
	judge(r, flow, ret, now_ms() - start, n ? refused[0].stack : "nothing");
	if (n)
		return refused;
	free(refused);
	return NULL;
}

/* The one in the plan nearest to @i with this stack; -1 if there is none. */
static long find(const struct fault *plan, size_t n, size_t i, const struct fault *fault)
{
	size_t away;

	for (away = 0; away < n; away++) {
		if (away <= i && !strcmp(plan[i - away].stack, fault->stack))
			return i - away;
		if (i + away < n && !strcmp(plan[i + away].stack, fault->stack))
			return i + away;
	}
	return -1;
}

/*
 * Refuses the one at @i. User copies, of which the plan does not know, are counted,
 * too, and no two times are quite alike: *@shift is how far off the last one was.
 */
static void aim(struct rig *r, const struct flow *flow, const struct fault *plan, size_t n,
		size_t i, int *shift, size_t *done)
{
	struct fault *refused;
	int tries;
	long at;

	for (tries = 0; tries < 5 && !complaint[0]; tries++) {
		if ((int)plan[i].nth + *shift < 1)
			*shift = 0;
		refused = do_badly(r, flow, plan[i].nth + *shift);
		if (!refused)
			return;
		(*done)++;
		at = find(plan, n, i, refused);
		*shift += at < 0 ? 1 : (int)plan[i].nth - (int)plan[at].nth;
		free(refused);
		if (faults_seen(flow->name, &plan[i]))
			return;
	}
}

/* All that is in a plan, while there is time. How many there was none for. */
static size_t follow(struct rig *r, const struct flow *flow, const struct fault *plan, size_t n,
		     long long end, size_t *done)
{
	size_t i, left = 0;
	int shift = 0;

	for (i = 0; i < n && !complaint[0]; i++) {
		if (!is_wanted(flow, &plan[i]))
			continue;
		if (now_ms() > end)
			left++;
		else
			aim(r, flow, plan, n, i, &shift, done);
	}
	return left;
}

/* A second time for what was not where it had been the first time. */
const char *sweep(struct rig *r, const struct flow *flow)
{
	long long end = now_ms() + seconds() * 1000;
	const char *only = getenv("SUBURB_FAULTS_ONLY");
	size_t n, left = 0, done = 0;
	struct fault *plan;
	int ret, round;

	complaint[0] = '\0';
	if (only && !strstr(flow->name, only))
		return "";
	ret = do_well(r, flow);
	if (ret)
		complain("%s: does not work: %d", flow->name, ret);
	for (round = 0; round < 2 && !complaint[0]; round++) {
		n = record(r, flow, &plan, &ret);
		if (ret < 0)
			complain("%s: does not work: %d", flow->name, ret);
		left = follow(r, flow, plan, n, end, &done);
		free(plan);
	}
	printf("# %s: %zu times with a fault, no time for %zu\n", flow->name, done, left);
	fflush(stdout);
	return complaint;
}

/* --- the program ---------------------------------------------------------- */

/* The harness does not return. Its tests end otherwise. */
static void end(void)
{
	faults_print();
	faults_end();
}

void sweep_begin(void)
{
	const char *why = OBJECTS;

	remote_require();
	if (access(OBJECTS, R_OK) == 0 && faults_begin(&why)) {
		atexit(end);
		return;
	}
	printf("TAP version 13\n1..0 # SKIP no faults can be injected here: %s\n", why);
	fflush(stdout);
	_exit(4);
}
