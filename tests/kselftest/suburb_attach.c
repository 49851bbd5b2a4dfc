// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_attach - a remote device from attach to its end: the port and bus it
 * gets at each speed, LIST, STATUS and poll() on the way,
 * and each way to end but those that a lying exporter brings (suburb_lies). Every
 * kind of socket is in suburb_links.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "peer.h"
#include "remote.h"
#include "usbfs.h"

/* --- each speed ----------------------------------------------------------- */

FIXTURE(speed)
{
	int dev;
	struct peer peer;
	struct suburb_attach a;
	struct suburb_status st;
};

FIXTURE_VARIANT(speed)
{
	__u32 speed;
	const char *sysfs;
	int super; /* sits on the USB 3 root hub */
};

FIXTURE_VARIANT_ADD(speed, low)
{
	.speed = SUBURB_SPEED_LOW,
	.sysfs = "1.5",
};

FIXTURE_VARIANT_ADD(speed, full)
{
	.speed = SUBURB_SPEED_FULL,
	.sysfs = "12",
};

FIXTURE_VARIANT_ADD(speed, high)
{
	.speed = SUBURB_SPEED_HIGH,
	.sysfs = "480",
};

FIXTURE_VARIANT_ADD(speed, super)
{
	.speed = SUBURB_SPEED_SUPER,
	.sysfs = "5000",
	.super = 1,
};

FIXTURE_VARIANT_ADD(speed, super_plus)
{
	.speed = SUBURB_SPEED_SUPER_PLUS,
	.sysfs = "10000",
	.super = 1,
};

FIXTURE_SETUP(speed)
{
	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, peer_start(&self->peer, variant->speed));
	remote_attach_init(&self->a, self->peer.far, variant->speed, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &self->a));
}

FIXTURE_TEARDOWN(speed)
{
	remote_detach(self->dev, self->a.port, self->a.id);
	EXPECT_STREQ("", peer_stop(&self->peer));
	close(self->dev);
}

TEST_F(speed, becomes_a_device)
{
	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_ONLINE, &self->st));
	EXPECT_STREQ(variant->sysfs, remote_sysfs(&self->st, "speed"));
	EXPECT_STREQ("ffff", remote_sysfs(&self->st, "idVendor"));
	EXPECT_STREQ("5b5b", remote_sysfs(&self->st, "idProduct"));
	EXPECT_STREQ(PEER_SERIAL, remote_sysfs(&self->st, "serial"));
	EXPECT_STREQ("1", remote_sysfs(&self->st, "bConfigurationValue"));
	EXPECT_EQ(self->st.devnum, atoi(remote_sysfs(&self->st, "devnum")));
	if (variant->super) {
		EXPECT_LE(5000, atoi(remote_sysfs(&self->st, "../speed")));
	} else {
		EXPECT_EQ(480, atoi(remote_sysfs(&self->st, "../speed")));
	}
}

TEST_F(speed, status_tells_what_was_attached)
{
	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_ONLINE, &self->st));
	EXPECT_EQ(variant->speed, self->st.speed);
	EXPECT_EQ(PEER_DEVID, self->st.devid);
	EXPECT_EQ(self->a.port, self->st.port);
	EXPECT_EQ(self->a.id, self->st.id);
	EXPECT_EQ(SUBURB_REASON_NONE, self->st.reason);
	EXPECT_EQ(0, self->st.link_error);
	EXPECT_STREQ("kselftest 1-1", self->st.label);
	EXPECT_LT(0, self->st.urbs);
	EXPECT_LE(48, self->st.wire_sent);
	EXPECT_LE(48, self->st.wire_received);
}

/* usbcore's own reset goes through the port, never over the wire. */
TEST_F(speed, reset)
{
	char path[64];
	int fd;

	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_ONLINE, &self->st));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", self->st.busnum, self->st.devnum);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ioctl(fd, _IO('U', 20))); /* USBDEVFS_RESET */
	close(fd);
	EXPECT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_ONLINE, &self->st));
	EXPECT_STREQ(variant->sysfs, remote_sysfs(&self->st, "speed"));
}

/* --- one device at high speed --------------------------------------------- */

FIXTURE(attached)
{
	int dev;
	struct peer peer;
	struct suburb_attach a;
	struct suburb_status st;
};

FIXTURE_SETUP(attached)
{
	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, peer_start(&self->peer, SUBURB_SPEED_HIGH));
	remote_attach_init(&self->a, self->peer.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	self->a.cookie_size = 3;
	memcpy(self->a.cookie, "\x01\x00\xff", 3);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &self->a));
	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_ONLINE, &self->st));
}

FIXTURE_TEARDOWN(attached)
{
	remote_detach(self->dev, self->a.port, self->a.id);
	EXPECT_STREQ("", peer_stop(&self->peer));
	close(self->dev);
}

static void forget_socket(struct peer *p)
{
	close(p->far);
	p->far = -1;
}

TEST_F(attached, cookie_comes_back)
{
	EXPECT_EQ(3, self->st.cookie_size);
	EXPECT_EQ(0, memcmp(self->st.cookie, "\x01\x00\xff", 4));
}

TEST_F(attached, status_by_port)
{
	struct suburb_status st = { .size = sizeof(st), .port = self->a.port };

	EXPECT_EQ(0, remote_call(self->dev, SUBURB_IOC_STATUS, &st));
	EXPECT_EQ(self->a.id, st.id);
	EXPECT_EQ(SUBURB_STATE_ONLINE, st.state);
}

TEST_F(attached, status_of_endpoints)
{
	struct suburb_endpoint_status ep[31];

	memset(ep, 0xaa, sizeof(ep));
	memset(&self->st, 0, sizeof(self->st));
	self->st.size = sizeof(self->st);
	self->st.id = self->a.id;
	self->st.endpoints = (uintptr_t)ep;
	self->st.endpoints_capacity = ARRAY_SIZE(ep);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_STATUS, &self->st));
	ASSERT_EQ(1, self->st.endpoints_count);
	EXPECT_EQ(0, ep[0].address);
	EXPECT_EQ(self->st.urbs, ep[0].urbs);
	EXPECT_EQ(self->st.bytes, ep[0].bytes);
	EXPECT_EQ(0, ep[0].reserved[0]);
}

TEST_F(attached, status_to_bad_endpoint_pointer)
{
	self->st.endpoints = 8;
	self->st.endpoints_capacity = 31;
	EXPECT_EQ(-EFAULT, remote_call(self->dev, SUBURB_IOC_STATUS, &self->st));
}

TEST_F(attached, same_socket_twice)
{
	struct suburb_attach again;

	remote_attach_init(&again, self->peer.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	EXPECT_EQ(-EBUSY, remote_call(self->dev, SUBURB_IOC_ATTACH, &again));
	EXPECT_EQ(0, remote_status(self->dev, self->a.id, &self->st));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->st.state);
}

TEST_F(attached, outlives_its_descriptors)
{
	forget_socket(&self->peer);
	close(self->dev);
	usleep(100000);
	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	EXPECT_EQ(0, remote_status(self->dev, self->a.id, &self->st));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->st.state);
	EXPECT_FALSE(peer_ended(&self->peer, 0));
}

TEST_F(attached, detach_with_wrong_id)
{
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, self->a.port, self->a.id + 1));
	EXPECT_EQ(0, remote_status(self->dev, self->a.id, &self->st));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->st.state);
}

TEST_F(attached, detach)
{
	struct suburb_status by_port = { .size = sizeof(by_port), .port = self->a.port };

	forget_socket(&self->peer);
	EXPECT_EQ(0, remote_detach(self->dev, self->a.port, 0));
	EXPECT_TRUE(peer_ended(&self->peer, 1000));
	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_GONE, &self->st));
	EXPECT_EQ(SUBURB_REASON_DETACHED, self->st.reason);
	EXPECT_EQ(self->a.port, self->st.port);
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, self->a.port, self->a.id));
	EXPECT_EQ(-ENODEV, remote_call(self->dev, SUBURB_IOC_STATUS, &by_port));
}

static bool wait_sysfs_gone(const struct suburb_status *st)
{
	long long end = now_ms() + patient_ms(REMOTE_WAIT_MS);

	while (now_ms() < end) {
		if (!remote_sysfs(st, "idVendor")[0])
			return true;
		usleep(20000);
	}
	return false;
}

TEST_F(attached, exporter_closes)
{
	long long start = now_ms();

	peer_cut(&self->peer);
	EXPECT_TRUE(wait_sysfs_gone(&self->st));
	EXPECT_GT(patient_ms(2000), now_ms() - start);
	ASSERT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_GONE, &self->st));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->st.reason);
	EXPECT_EQ(0, self->st.link_error);
}

/* The exporter falls silent; nothing may wait for it. */
TEST_F(attached, detach_of_silent_exporter)
{
	long long start;

	peer_set_mute(&self->peer, true);
	start = now_ms();
	EXPECT_EQ(0, remote_detach(self->dev, self->a.port, self->a.id));
	EXPECT_TRUE(wait_sysfs_gone(&self->st));
	EXPECT_GT(patient_ms(2000), now_ms() - start);
}

TEST_F(attached, port_is_used_again_and_id_is_not)
{
	struct suburb_attach second;
	struct peer peer;

	EXPECT_EQ(0, remote_detach(self->dev, self->a.port, self->a.id));
	EXPECT_EQ(0, remote_wait_state(self->dev, self->a.id, SUBURB_STATE_GONE, &self->st));
	ASSERT_EQ(0, peer_start(&peer, SUBURB_SPEED_HIGH));
	remote_attach_init(&second, peer.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &second));
	EXPECT_EQ(self->a.port, second.port);
	EXPECT_NE(self->a.id, second.id);
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, second.port, self->a.id));
	EXPECT_EQ(0, remote_detach(self->dev, second.port, second.id));
	EXPECT_STREQ("", peer_stop(&peer));
}

TEST_F(attached, list)
{
	__u32 ports[4] = { 0, 0, 0xaaaa, 0xaaaa };
	struct suburb_attach second;
	struct suburb_list l;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, SUBURB_SPEED_SUPER));
	remote_attach_init(&second, peer.far, SUBURB_SPEED_SUPER, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &second));

	EXPECT_EQ(0, remote_generation(self->dev, &l));
	EXPECT_EQ(2, l.count);

	l.ports = (uintptr_t)ports;
	l.capacity = 1;
	EXPECT_EQ(0, remote_call(self->dev, SUBURB_IOC_LIST, &l));
	EXPECT_EQ(2, l.count);
	EXPECT_EQ(0, ports[1]);

	l.capacity = 4;
	EXPECT_EQ(0, remote_call(self->dev, SUBURB_IOC_LIST, &l));
	EXPECT_EQ(2, l.count);
	EXPECT_LT(ports[0], ports[1]);
	EXPECT_TRUE(ports[0] == self->a.port || ports[0] == second.port);
	EXPECT_TRUE(ports[1] == self->a.port || ports[1] == second.port);
	EXPECT_EQ(0xaaaa, ports[2]);

	EXPECT_EQ(0, remote_detach(self->dev, second.port, second.id));
	EXPECT_STREQ("", peer_stop(&peer));
}

/* --- poll ----------------------------------------------------------------- */

/* Forgets what has happened so far, once no more of it comes. */
static void settle(int dev)
{
	struct suburb_list l;

	do
		remote_generation(dev, &l);
	while (remote_poll(dev, 300));
}

TEST_F(attached, poll_is_quiet_when_nothing_happens)
{
	settle(self->dev);
	EXPECT_FALSE(remote_poll(self->dev, 0));
}

TEST_F(attached, poll_wakes_on_attach)
{
	struct suburb_attach second;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, SUBURB_SPEED_HIGH));
	settle(self->dev);
	remote_attach_init(&second, peer.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &second));
	EXPECT_TRUE(remote_poll(self->dev, 1000));
	EXPECT_EQ(0, remote_detach(self->dev, second.port, second.id));
	EXPECT_STREQ("", peer_stop(&peer));
}

/* Each descriptor has a memory of its own of what it has been told. */
TEST_F(attached, poll_wakes_on_detach_on_every_descriptor)
{
	int other = open(REMOTE_NODE, O_RDONLY | O_CLOEXEC);
	struct suburb_list l;

	settle(self->dev);
	settle(other);
	EXPECT_EQ(0, remote_detach(self->dev, self->a.port, self->a.id));
	EXPECT_TRUE(remote_poll(self->dev, 1000));
	EXPECT_EQ(0, remote_generation(self->dev, &l));
	EXPECT_TRUE(remote_poll(other, 1000));
	close(other);
}

TEST_F(attached, poll_wakes_on_end_of_link)
{
	settle(self->dev);
	peer_cut(&self->peer);
	EXPECT_TRUE(remote_poll(self->dev, 2000));
}

TEST_F(attached, generation_counts)
{
	struct suburb_list before, after;

	settle(self->dev);
	EXPECT_EQ(0, remote_generation(self->dev, &before));
	EXPECT_EQ(0, remote_detach(self->dev, self->a.port, self->a.id));
	EXPECT_EQ(0, remote_generation(self->dev, &after));
	EXPECT_LT(before.generation, after.generation);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
