// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_quirks - servers that are no liars, but have ways of their own, where
 * no other test has them. Numbers are those of docs/QUIRKS.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "session.h"

/*
 * usbipd-win cannot cancel one request: what is unlinked alone is only forgotten
 * there, and its neighbour goes on.
 */
TEST(quirk_24_a_neighbour_goes_on)
{
	struct usbdevfs_urb urbs[2] = {};
	struct peer_command c[2], unlink;
	struct usbfs_discard discard;
	static __u8 data[2][64];
	struct session s;
	int i;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&s.peer, true);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, usbfs_submit(s.usb, &urbs[i], USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
					  data[i], 64));
		ASSERT_TRUE(session_next_submit(&s, &c[i]));
	}
	ASSERT_EQ(0, usbfs_discard_start(&discard, s.usb, &urbs[0]));
	ASSERT_TRUE(session_next_unlink(&s, &unlink));
	ASSERT_EQ(0, peer_reply_unlink(&s.peer, unlink.c.unlink.seqnum, -SUBURB_ECONNRESET));
	ASSERT_TRUE(usbfs_discard_done(&discard, 3000));
	EXPECT_EQ(&urbs[0], usbfs_reap(s.usb, 0));
	ASSERT_EQ(0, peer_reply(&s.peer, c[1].c.submit.seqnum, 0, "12345678", 8));
	EXPECT_EQ(&urbs[1], usbfs_reap(s.usb, 3000));
	EXPECT_EQ(0, urbs[1].status);
	EXPECT_EQ(0, memcmp("12345678", data[1], 8));
	peer_queue_unlinks(&s.peer, false);
	EXPECT_STREQ("", session_stop(&s));
}

/* No packet fits endpoint 0, and there are more configurations than can be. */
static const __u8 absurd[USB_DT_DEVICE_SIZE] = {
	USB_DT_DEVICE_SIZE, USB_DT_DEVICE, 0x00, 0x02, 0, 0, 0, 0,
	0xff, 0xff, 0x5b, 0x5b, 0, 0, 0, 0, 0, 255,
};

static __u32 count_ports(int dev)
{
	struct suburb_list l = { .size = sizeof(l) };

	return remote_call(dev, SUBURB_IOC_LIST, &l) ? 0 : l.count;
}

TEST(quirk_36_an_odd_device_disturbs_no_other)
{
	struct suburb_status st;
	struct suburb_attach a;
	struct session s;
	struct peer odd;
	__u8 buf[18];
	long long start;
	int i;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_HIGH));
	ASSERT_EQ(0, peer_start(&odd, SUBURB_SPEED_HIGH));
	odd.device = absurd;
	remote_attach_init(&a, odd.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(s.dev, SUBURB_IOC_ATTACH, &a));
	for (i = 0; i < 10; i++) {
		usleep(100000);
		EXPECT_EQ(18, usbfs_control(s.usb, 0x80, USB_REQ_GET_DESCRIPTOR,
					    USB_DT_DEVICE << 8, 0, buf, 18, 1000));
		EXPECT_EQ(2, count_ports(s.dev));
		ASSERT_EQ(0, remote_status(s.dev, a.id, &st));
		EXPECT_NE(SUBURB_STATE_ONLINE, st.state);
	}
	start = now_ms();
	EXPECT_EQ(0, remote_detach(s.dev, a.port, a.id));
	EXPECT_GT(patient_ms(2000), now_ms() - start);
	EXPECT_EQ(0, session_status(&s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, s.st.state);
	peer_stop(&odd);
	EXPECT_STREQ("", session_stop(&s));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
