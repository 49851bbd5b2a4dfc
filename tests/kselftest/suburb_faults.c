// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_faults - memory that is not there (sweep.h) while a device is attached and
 * detached, found by usbcore, asked for, a controller made and removed, and the
 * module loaded and unloaded. What URBs meet is in suburb_faults_urbs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "faults.h"
#include "patience.h"
#include "sweep.h"

#define ALL_ENDPOINTS 31

/* --- /dev/suburb ---------------------------------------------------------- */

static int call_open(struct rig *r)
{
	int fd = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);

	r->fd = fd;
	return fd < 0 ? -errno : 0;
}

static int settle_open(struct rig *r, int ret)
{
	return r->fd < 0 ? 0 : close(r->fd);
}

static const struct flow flow_open = {
	.name = "open",
	.call = call_open,
	.settle = settle_open,
	.right = { -ENFILE },
};

static int call_info(struct rig *r)
{
	struct suburb_info info = { .size = sizeof(info) };

	return remote_call(r->dev, SUBURB_IOC_INFO, &info);
}

static const struct flow flow_info = { .name = "info", .call = call_info };

static int call_list(struct rig *r)
{
	__u32 ports[8];
	struct suburb_list list = { .size = sizeof(list), .capacity = 8,
				    .ports = (uintptr_t)ports };

	return remote_call(r->dev, SUBURB_IOC_LIST, &list);
}

static const struct flow flow_list = { .name = "list", .call = call_list };

static int call_status(struct rig *r)
{
	struct suburb_endpoint_status ep[ALL_ENDPOINTS];
	struct suburb_status st = { .size = sizeof(st), .id = r->s.a.id,
				    .endpoints_capacity = ALL_ENDPOINTS,
				    .endpoints = (uintptr_t)ep };

	return remote_call(r->dev, SUBURB_IOC_STATUS, &st);
}

static const struct flow flow_status = { .name = "status", .call = call_status };

/* A socket that nobody has used. */
static int ready_attach(struct rig *r)
{
	int ret = peer_start(&r->peer, r->speed);

	if (ret)
		return ret;
	r->has_peer = true;
	r->peer.digest = r->features & SUBURB_FEATURE_DIGEST;
	remote_attach_init(&r->a, r->peer.far, r->speed, PEER_DEVID);
	r->a.features = r->features;
	return 0;
}

static int call_attach(struct rig *r)
{
	return remote_call(r->dev, SUBURB_IOC_ATTACH, &r->a);
}

static unsigned int controllers(int dev)
{
	struct suburb_info info = { .size = sizeof(info) };

	return remote_call(dev, SUBURB_IOC_INFO, &info) ? 0 : info.controllers;
}

/* One that was made for it goes when it has been empty for a while. */
static int wait_one_controller(struct rig *r)
{
	long long end = now_ms() + patient_ms(20000);

	while (controllers(r->dev) != 1) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		usleep(100000);
	}
	return 0;
}

/* What was attached becomes a device, and nothing of it stays. */
static int settle_attach(struct rig *r, int ret)
{
	struct suburb_status st;
	int online = 0;

	if (!ret) {
		online = remote_wait_state(r->dev, r->a.id, SUBURB_STATE_ONLINE, &st);
		ret = remote_detach(r->dev, r->a.port, r->a.id);
		online = online ? online : ret;
	}
	peer_stop(&r->peer);
	r->has_peer = false;
	if (online)
		return online;
	return becomes(0) ? wait_one_controller(r) : -EBUSY;
}

/*
 * Without memory for its name the driver core finds that a device has none: -EINVAL.
 * And a controller whose driver could not be bound is none.
 */
static const struct flow flow_attach = {
	.name = "attach",
	.ready = ready_attach,
	.call = call_attach,
	.settle = settle_attach,
	.right = { -EINVAL },
};

static const struct flow flow_attach_digest = {
	.name = "attach with digests",
	.ready = ready_attach,
	.call = call_attach,
	.settle = settle_attach,
};

static const struct flow flow_attach_controller = {
	.name = "attach to a new controller",
	.ready = ready_attach,
	.call = call_attach,
	.settle = settle_attach,
	.right = { -EINVAL },
};

static int ready_detach(struct rig *r)
{
	struct suburb_status st;
	int ret = ready_attach(r);

	ret = ret ? ret : call_attach(r);
	return ret ? ret : remote_wait_state(r->dev, r->a.id, SUBURB_STATE_ONLINE, &st);
}

static int call_detach(struct rig *r)
{
	return remote_detach(r->dev, r->a.port, r->a.id);
}

static int settle_detach(struct rig *r, int ret)
{
	if (ret)
		ret = call_detach(r);
	peer_stop(&r->peer);
	r->has_peer = false;
	return ret ? ret : becomes(0) ? 0 : -EBUSY;
}

static const struct flow flow_detach = {
	.name = "detach",
	.ready = ready_detach,
	.call = call_detach,
	.settle = settle_detach,
};

FIXTURE(ioctls)
{
	struct rig r;
};

FIXTURE_SETUP(ioctls)
{
	ASSERT_TRUE(becomes(0));
	self->r.speed = SUBURB_SPEED_HIGH;
	self->r.data = malloc(RIG_DATA);
	self->r.dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->r.dev);
	ASSERT_EQ(0, wait_one_controller(&self->r));
}

FIXTURE_TEARDOWN(ioctls)
{
	rig_down(&self->r);
	if (self->r.has_peer)
		peer_stop(&self->r.peer);
	close(self->r.dev);
	free(self->r.data);
	EXPECT_TRUE(becomes(0));
}

TEST_F_TIMEOUT(ioctls, open, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_open));
}

TEST_F_TIMEOUT(ioctls, info, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_info));
}

TEST_F_TIMEOUT(ioctls, list_and_status, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_list));
	EXPECT_STREQ("", sweep(&self->r, &flow_status));
}

TEST_F_TIMEOUT(ioctls, attach, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_attach));
}

TEST_F_TIMEOUT(ioctls, attach_with_digests, SWEEP_SECONDS)
{
	self->r.features = SUBURB_FEATURE_DIGEST;
	EXPECT_STREQ("", sweep(&self->r, &flow_attach_digest));
}

/* The one that is there does no streams. */
TEST_F_TIMEOUT(ioctls, attach_to_a_new_controller, SWEEP_SECONDS)
{
	self->r.speed = SUBURB_SPEED_SUPER;
	self->r.features = SUBURB_FEATURE_STREAMS;
	EXPECT_STREQ("", sweep(&self->r, &flow_attach_controller));
}

TEST_F_TIMEOUT(ioctls, detach, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_detach));
}

/*
 * From plug to device. usbcore tries again what it can; what it cannot leaves a port
 * that is connected to nothing, until it is detached.
 */
static int call_enumerate(struct rig *r)
{
	long long end = now_ms() + patient_ms(1000);
	struct suburb_status st;
	int ret = call_attach(r);

	while (!ret) {
		ret = remote_status(r->dev, r->a.id, &st);
		if (ret || st.state == SUBURB_STATE_ONLINE)
			break;
		if (now_ms() > end || st.state == SUBURB_STATE_GONE)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return ret;
}

static int settle_enumerate(struct rig *r, int ret)
{
	ret = remote_detach(r->dev, r->a.port, r->a.id);
	/* Its link may have ended before. */
	if (ret == -ENODEV)
		ret = 0;
	peer_stop(&r->peer);
	r->has_peer = false;
	return ret ? ret : becomes(0) ? 0 : -EBUSY;
}

FLOW(enumerate, "enumerate", .ready = ready_attach, .settle = settle_enumerate,
	.right = { -ETIMEDOUT }, .workers = true, .below = "hub_event");

TEST_F_TIMEOUT(ioctls, enumerate, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_enumerate));
}

/* A controller that nobody needs any more goes. */
static int ready_idle(struct rig *r)
{
	int ret = ready_attach(r);

	ret = ret ? ret : call_attach(r);
	if (ret)
		return ret;
	ret = remote_detach(r->dev, r->a.port, r->a.id);
	peer_stop(&r->peer);
	r->has_peer = false;
	return ret;
}

static int call_idle(struct rig *r)
{
	return wait_one_controller(r);
}

FLOW(idle, "remove an idle controller", .ready = ready_idle, .workers = true,
	.below = "remove_idle");

TEST_F_TIMEOUT(ioctls, idle_controller, SWEEP_SECONDS)
{
	self->r.speed = SUBURB_SPEED_SUPER;
	self->r.features = SUBURB_FEATURE_STREAMS;
	EXPECT_STREQ("", sweep(&self->r, &flow_idle));
}

/* --- the module ----------------------------------------------------------- */

static char module_path[256];

/* Where the module lies that is loaded: modprobe knows. */
static bool find_module(void)
{
	FILE *pipe = popen("modprobe --show-depends suburb_hcd 2>/dev/null", "re");
	char line[512], *word;

	while (pipe && fgets(line, sizeof(line), pipe))
		for (word = strtok(line, "\n "); word; word = strtok(NULL, "\n "))
			if (strlen(word) > 3 && !strcmp(word + strlen(word) - 3, ".ko") &&
			    strstr(word, "suburb"))
				snprintf(module_path, sizeof(module_path), "%s", word);
	if (pipe)
		pclose(pipe);
	return module_path[0];
}

static int unload(void)
{
	return syscall(SYS_delete_module, "suburb_hcd", O_NONBLOCK) < 0 ? -errno : 0;
}

static int load(void)
{
	int fd = open(module_path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	if (!ret)
		ret = syscall(SYS_finit_module, fd, "", 0) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int ready_load(struct rig *r)
{
	int ret = access("/sys/module/suburb_hcd", F_OK) ? 0 : unload();

	r->fd = open(module_path, O_RDONLY | O_CLOEXEC);
	return ret ? ret : r->fd < 0 ? -errno : 0;
}

static int call_load(struct rig *r)
{
	return syscall(SYS_finit_module, r->fd, "", 0) < 0 ? -errno : 0;
}

static int settle_load(struct rig *r, int ret)
{
	close(r->fd);
	return 0;
}

static int ready_unload(struct rig *r)
{
	int ret = access("/sys/module/suburb_hcd", F_OK) ? load() : 0;

	faults_know_module();
	return ret;
}

static int call_unload(struct rig *r)
{
	return unload();
}

static int settle_unload(struct rig *r, int ret)
{
	return ret ? unload() : 0;
}

/* What fails before our function is called is the loader's. */
FLOW(load, "load", .ready = ready_load, .settle = settle_load, .right = { -EINVAL },
	.below = "do_one_initcall");
FLOW(unload, "unload", .ready = ready_unload, .settle = settle_unload);

FIXTURE(module)
{
	struct rig r;
};

FIXTURE_SETUP(module)
{
	ASSERT_TRUE(becomes(0));
	faults_know_module();
	self->r.dev = -1;
}

FIXTURE_TEARDOWN(module)
{
	struct suburb_status st;
	struct rig *r = &self->r;

	if (access("/sys/module/suburb_hcd", F_OK)) {
		EXPECT_EQ(0, load());
	}
	r->speed = SUBURB_SPEED_HIGH;
	r->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, ready_attach(r));
	EXPECT_EQ(0, call_attach(r));
	EXPECT_EQ(0, remote_wait_state(r->dev, r->a.id, SUBURB_STATE_ONLINE, &st));
	EXPECT_EQ(0, settle_attach(r, 0));
	close(r->dev);
}

TEST_F_TIMEOUT(module, load, SWEEP_SECONDS)
{
	if (!find_module())
		SKIP(return, "modprobe knows no plain file of suburb-hcd");
	EXPECT_STREQ("", sweep(&self->r, &flow_load));
}

TEST_F_TIMEOUT(module, unload, SWEEP_SECONDS)
{
	if (!find_module())
		SKIP(return, "modprobe knows no plain file of suburb-hcd");
	EXPECT_STREQ("", sweep(&self->r, &flow_unload));
}

int main(int argc, char **argv)
{
	sweep_begin();
	return test_harness_run(argc, argv);
}
