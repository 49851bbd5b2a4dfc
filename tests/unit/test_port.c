/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: kernel/port.c */
/*
 * The root-hub port of both hub types: every event in every state, by a table
 * written from USB 2.0 chapter 11 and USB 3.2 chapter 10; what a hub driver
 * reads in each state; and rules that hold after any sequence of events, tried
 * on all short ones.
 *
 * Also the syzbot class of bugs: any wValue and selector is either done or
 * refused with -EPIPE.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/usb/ch9.h>
#include <linux/usb/ch11.h>

#include "kernel/port.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum state {
	OFF, /* no power, nothing plugged in */
	OFF_PLUGGED, /* no power, device plugged in */
	EMPTY,
	CONNECTED, /* not enabled; USB 2 waits for a reset */
	RESETTING,
	ENABLED,
	SUSPENDED,
	NUM_STATES,
};

enum event {
	PLUG,
	UNPLUG,
	POWER_ON,
	POWER_OFF,
	RESET,
	RESET_DONE,
	SUSPEND,
	RESUME,
	DISABLE, /* USB 2: clear ENABLE; USB 3: link state SS.Disabled */
	NUM_EVENTS,
};

static const char *const state_name[] = {
	"off", "off, plugged", "empty", "connected", "resetting", "enabled", "suspended",
};
static const char *const event_name[] = {
	"plug", "unplug", "power on", "power off", "reset", "reset done",
	"suspend", "resume", "disable",
};

static int set_link(struct suburb_port *port, uint16_t link)
{
	return suburb_port_set_feature(port, USB_PORT_FEAT_LINK_STATE, link >> 5);
}

static int apply(struct suburb_port *port, enum event event)
{
	switch (event) {
	case PLUG:
		suburb_port_connect(port, port->usb3 ? USB_SPEED_SUPER : USB_SPEED_HIGH);
		return 0;
	case UNPLUG:
		suburb_port_disconnect(port);
		return 0;
	case POWER_ON:
		return suburb_port_set_feature(port, USB_PORT_FEAT_POWER, 0);
	case POWER_OFF:
		return suburb_port_clear_feature(port, USB_PORT_FEAT_POWER);
	case RESET:
		return suburb_port_set_feature(port, USB_PORT_FEAT_RESET, 0);
	case RESET_DONE:
		suburb_port_reset_done(port);
		return 0;
	case SUSPEND:
		if (port->usb3)
			return set_link(port, USB_SS_PORT_LS_U3);
		return suburb_port_set_feature(port, USB_PORT_FEAT_SUSPEND, 0);
	case RESUME:
		if (port->usb3)
			return set_link(port, USB_SS_PORT_LS_U0);
		return suburb_port_clear_feature(port, USB_PORT_FEAT_SUSPEND);
	case DISABLE:
		if (port->usb3)
			return set_link(port, USB_SS_PORT_LS_SS_DISABLED);
		return suburb_port_clear_feature(port, USB_PORT_FEAT_ENABLE);
	default:
		fail();
		return -1;
	}
}

/* The state as a hub driver sees it; what is plugged in without power it cannot. */
static enum state state_of(const struct suburb_port *port)
{
	uint16_t status = suburb_port_status(port);
	bool powered = status & (port->usb3 ? USB_SS_PORT_STAT_POWER : USB_PORT_STAT_POWER);
	bool suspended = port->usb3 ? (status & USB_PORT_STAT_LINK_STATE) == USB_SS_PORT_LS_U3 :
				      status & USB_PORT_STAT_SUSPEND;

	if (!powered) {
		assert_int_equal(status & (USB_PORT_STAT_CONNECTION | USB_PORT_STAT_ENABLE |
					   USB_PORT_STAT_RESET), 0);
		return port->speed ? OFF_PLUGGED : OFF;
	}
	if (!(status & USB_PORT_STAT_CONNECTION)) {
		assert_int_equal(status & (USB_PORT_STAT_ENABLE | USB_PORT_STAT_RESET), 0);
		return EMPTY;
	}
	if (status & USB_PORT_STAT_RESET) {
		assert_false(status & USB_PORT_STAT_ENABLE);
		return RESETTING;
	}
	if (!(status & USB_PORT_STAT_ENABLE))
		return CONNECTED;
	return suspended ? SUSPENDED : ENABLED;
}

static struct suburb_port port_in(bool usb3, enum state state)
{
	static const enum event usb2[NUM_STATES][6] = {
		[OFF] = { NUM_EVENTS },
		[OFF_PLUGGED] = { PLUG, NUM_EVENTS },
		[EMPTY] = { POWER_ON, NUM_EVENTS },
		[CONNECTED] = { POWER_ON, PLUG, NUM_EVENTS },
		[RESETTING] = { POWER_ON, PLUG, RESET, NUM_EVENTS },
		[ENABLED] = { POWER_ON, PLUG, RESET, RESET_DONE, NUM_EVENTS },
		[SUSPENDED] = { POWER_ON, PLUG, RESET, RESET_DONE, SUSPEND, NUM_EVENTS },
	};
	struct suburb_port port;

	suburb_port_init(&port, usb3);
	for (const enum event *e = usb2[state]; *e != NUM_EVENTS; e++)
		assert_int_equal(apply(&port, *e), 0);
	if (usb3 && state == CONNECTED)
		apply(&port, DISABLE);
	port.change = 0;
	assert_int_equal(state_of(&port), state);
	return port;
}

/* --- every event in every state ------------------------------------------- */

#define CON USB_PORT_STAT_C_CONNECTION
#define RST USB_PORT_STAT_C_RESET
#define SUS USB_PORT_STAT_C_SUSPEND
#define LNK USB_PORT_STAT_C_LINK_STATE

struct outcome {
	enum state next;
	uint16_t change;
};

/* In the order of enum event. A device is not plugged in where one is. */
static const struct outcome usb2_table[NUM_STATES][NUM_EVENTS] = {
	[OFF] = { { OFF_PLUGGED, 0 }, { OFF, 0 }, { EMPTY, 0 }, { OFF, 0 }, { OFF, 0 },
		  { OFF, 0 }, { OFF, 0 }, { OFF, 0 }, { OFF, 0 } },
	[OFF_PLUGGED] = { { OFF_PLUGGED, 0 }, { OFF, 0 }, { CONNECTED, CON }, { OFF_PLUGGED, 0 },
			  { OFF_PLUGGED, 0 }, { OFF_PLUGGED, 0 }, { OFF_PLUGGED, 0 },
			  { OFF_PLUGGED, 0 }, { OFF_PLUGGED, 0 } },
	[EMPTY] = { { CONNECTED, CON }, { EMPTY, 0 }, { EMPTY, 0 }, { OFF, 0 }, { EMPTY, 0 },
		    { EMPTY, 0 }, { EMPTY, 0 }, { EMPTY, 0 }, { EMPTY, 0 } },
	[CONNECTED] = { { CONNECTED, CON }, { EMPTY, CON }, { CONNECTED, 0 }, { OFF_PLUGGED, 0 },
			{ RESETTING, 0 }, { CONNECTED, 0 }, { CONNECTED, 0 }, { CONNECTED, 0 },
			{ CONNECTED, 0 } },
	[RESETTING] = { { RESETTING, 0 }, { EMPTY, CON }, { RESETTING, 0 }, { OFF_PLUGGED, 0 },
			{ RESETTING, 0 }, { ENABLED, RST }, { RESETTING, 0 }, { RESETTING, 0 },
			{ RESETTING, 0 } },
	[ENABLED] = { { ENABLED, 0 }, { EMPTY, CON }, { ENABLED, 0 }, { OFF_PLUGGED, 0 },
		      { RESETTING, 0 }, { ENABLED, 0 }, { SUSPENDED, 0 }, { ENABLED, 0 },
		      { CONNECTED, 0 } },
	[SUSPENDED] = { { SUSPENDED, 0 }, { EMPTY, CON }, { SUSPENDED, 0 }, { OFF_PLUGGED, 0 },
			{ RESETTING, 0 }, { SUSPENDED, 0 }, { SUSPENDED, 0 }, { ENABLED, SUS },
			{ CONNECTED, 0 } },
};

/* Where the USB 3 hub differs: links train by themselves, resume is a link change. */
static struct outcome usb3_outcome(enum state state, enum event event)
{
	struct outcome outcome = usb2_table[state][event];

	if (outcome.next == CONNECTED && outcome.change & CON)
		outcome.next = ENABLED;
	if (outcome.change & SUS)
		outcome.change = LNK;
	if (state == RESETTING && event == DISABLE)
		outcome.next = CONNECTED;
	return outcome;
}

static void every_event_in_every_state(bool usb3)
{
	for (enum state state = OFF; state < NUM_STATES; state++) {
		for (enum event event = PLUG; event < NUM_EVENTS; event++) {
			struct suburb_port port = port_in(usb3, state);
			struct outcome expected = usb3 ? usb3_outcome(state, event) :
							 usb2_table[state][event];
			bool plugged = state != OFF && state != EMPTY;

			if (event == PLUG && plugged)
				continue;
			assert_int_equal(apply(&port, event), 0);
			if (state_of(&port) != expected.next || port.change != expected.change)
				fail_msg("%s, %s: got %s, change %#x; wanted %s, change %#x",
					 state_name[state], event_name[event],
					 state_name[state_of(&port)], port.change,
					 state_name[expected.next], expected.change);
		}
	}
}

static void usb2_every_event_in_every_state(void **state)
{
	every_event_in_every_state(false);
}

static void usb3_every_event_in_every_state(void **state)
{
	every_event_in_every_state(true);
}

/* --- what is read --------------------------------------------------------- */

static void usb2_status_tells_the_speed(void **state)
{
	static const struct {
		uint8_t speed;
		uint16_t bits;
	} speeds[] = {
		{ USB_SPEED_LOW, USB_PORT_STAT_LOW_SPEED },
		{ USB_SPEED_FULL, 0 },
		{ USB_SPEED_HIGH, USB_PORT_STAT_HIGH_SPEED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
		struct suburb_port port = port_in(false, EMPTY);

		suburb_port_connect(&port, speeds[i].speed);
		assert_int_equal(suburb_port_status(&port), USB_PORT_STAT_POWER |
				 USB_PORT_STAT_CONNECTION | speeds[i].bits);
		/* Without power nobody can tell. */
		suburb_port_clear_feature(&port, USB_PORT_FEAT_POWER);
		assert_int_equal(suburb_port_status(&port), 0);
	}
}

static void usb2_status_words(void **state)
{
	static const uint16_t words[NUM_STATES] = {
		[OFF] = 0, [OFF_PLUGGED] = 0, [EMPTY] = 0x0100, [CONNECTED] = 0x0501,
		[RESETTING] = 0x0511, [ENABLED] = 0x0503, [SUSPENDED] = 0x0507,
	};

	for (enum state s = OFF; s < NUM_STATES; s++) {
		struct suburb_port port = port_in(false, s);

		assert_int_equal(suburb_port_status(&port), words[s]);
	}
}

static void usb3_status_words(void **state)
{
	static const uint16_t words[NUM_STATES] = {
		[OFF] = 0x0080, /* SS.Disabled */
		[OFF_PLUGGED] = 0x0080,
		[EMPTY] = 0x02a0, /* Rx.Detect */
		[CONNECTED] = 0x0281, /* SS.Disabled by the host */
		[RESETTING] = 0x0331, /* hot reset */
		[ENABLED] = 0x0203, /* U0 */
		[SUSPENDED] = 0x0263, /* U3 */
	};

	for (enum state s = OFF; s < NUM_STATES; s++) {
		struct suburb_port port = port_in(true, s);

		assert_int_equal(suburb_port_status(&port), words[s]);
	}
}

static void usb3_ext_status(void **state)
{
	struct suburb_port port = port_in(true, EMPTY);

	assert_int_equal(suburb_port_ext_status(&port), 0);
	suburb_port_connect(&port, USB_SPEED_SUPER);
	assert_int_equal(suburb_port_ext_status(&port), 0x44);
	suburb_port_disconnect(&port);
	suburb_port_connect(&port, USB_SPEED_SUPER_PLUS);
	assert_int_equal(suburb_port_ext_status(&port), 0x55);
}

/* --- USB 3 only ----------------------------------------------------------- */

static void usb3_warm_reset(void **state)
{
	struct suburb_port port = port_in(true, ENABLED);

	assert_int_equal(suburb_port_set_feature(&port, USB_PORT_FEAT_BH_PORT_RESET, 0), 0);
	assert_int_equal(state_of(&port), RESETTING);
	suburb_port_reset_done(&port);
	assert_int_equal(state_of(&port), ENABLED);
	assert_int_equal(port.change, RST | USB_PORT_STAT_C_BH_RESET);
	/* A hot reset after it is none. */
	port.change = 0;
	apply(&port, RESET);
	apply(&port, RESET_DONE);
	assert_int_equal(port.change, RST);
}

static void usb3_u1_and_u2_are_no_suspend(void **state)
{
	struct suburb_port port = port_in(true, ENABLED);

	assert_int_equal(set_link(&port, USB_SS_PORT_LS_U1), 0);
	assert_int_equal(suburb_port_status(&port) & USB_PORT_STAT_LINK_STATE, USB_SS_PORT_LS_U1);
	assert_int_equal(set_link(&port, USB_SS_PORT_LS_U2), 0);
	assert_int_equal(suburb_port_status(&port) & USB_PORT_STAT_LINK_STATE, USB_SS_PORT_LS_U2);
	assert_int_equal(set_link(&port, USB_SS_PORT_LS_U0), 0);
	assert_int_equal(state_of(&port), ENABLED);
	assert_int_equal(port.change, 0);
	/* and are for enabled links alone */
	port = port_in(true, EMPTY);
	assert_int_equal(set_link(&port, USB_SS_PORT_LS_U1), 0);
	assert_int_equal(suburb_port_status(&port) & USB_PORT_STAT_LINK_STATE,
			 USB_SS_PORT_LS_RX_DETECT);
}

static void usb3_rx_detect_finds_a_disabled_device(void **state)
{
	struct suburb_port port = port_in(true, CONNECTED);

	assert_int_equal(set_link(&port, USB_SS_PORT_LS_RX_DETECT), 0);
	assert_int_equal(state_of(&port), ENABLED);
	assert_int_equal(port.change, CON);
}

static void usb3_link_states_that_cannot_be_set(void **state)
{
	static const uint16_t links[] = {
		USB_SS_PORT_LS_SS_INACTIVE, USB_SS_PORT_LS_POLLING, USB_SS_PORT_LS_RECOVERY,
		USB_SS_PORT_LS_HOT_RESET, USB_SS_PORT_LS_COMP_MOD, USB_SS_PORT_LS_LOOPBACK,
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct suburb_port port = port_in(true, ENABLED), before = port;

		assert_int_equal(set_link(&port, links[i]), -EPIPE);
		assert_memory_equal(&port, &before, sizeof(port));
	}
}

/* --- changes are cleared one by one --------------------------------------- */

static void changes_are_cleared_one_by_one(void **state)
{
	static const struct {
		bool usb2, usb3;
		uint16_t feature, bit;
	} clears[] = {
		{ true, true, USB_PORT_FEAT_C_CONNECTION, USB_PORT_STAT_C_CONNECTION },
		{ true, true, USB_PORT_FEAT_C_RESET, USB_PORT_STAT_C_RESET },
		{ true, true, USB_PORT_FEAT_C_OVER_CURRENT, USB_PORT_STAT_C_OVERCURRENT },
		{ true, false, USB_PORT_FEAT_C_ENABLE, USB_PORT_STAT_C_ENABLE },
		{ true, false, USB_PORT_FEAT_C_SUSPEND, USB_PORT_STAT_C_SUSPEND },
		{ false, true, USB_PORT_FEAT_C_BH_PORT_RESET, USB_PORT_STAT_C_BH_RESET },
		{ false, true, USB_PORT_FEAT_C_PORT_LINK_STATE, USB_PORT_STAT_C_LINK_STATE },
		{ false, true, USB_PORT_FEAT_C_PORT_CONFIG_ERROR, USB_PORT_STAT_C_CONFIG_ERROR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(clears); i++) {
		for (int usb3 = 0; usb3 < 2; usb3++) {
			struct suburb_port port = port_in(usb3, ENABLED);
			bool known = usb3 ? clears[i].usb3 : clears[i].usb2;

			port.change = 0xffff;
			assert_int_equal(suburb_port_clear_feature(&port, clears[i].feature),
					 known ? 0 : -EPIPE);
			assert_int_equal(port.change,
					 known ? (uint16_t)~clears[i].bit : 0xffff);
			assert_int_equal(state_of(&port), ENABLED);
		}
	}
}

/* --- rules that always hold ----------------------------------------------- */

static void assert_sane(const struct suburb_port *port)
{
	bool connected = port->powered && port->speed;
	struct suburb_port before = *port;
	uint16_t status = suburb_port_status(port);

	assert_int_equal(suburb_port_status(port), status);
	suburb_port_ext_status(port);
	assert_memory_equal(port, &before, sizeof(before));
	assert_true(!port->enabled || connected);
	assert_true(!port->suspended || port->enabled);
	assert_true(!port->resetting || (connected && !port->enabled));
	/* Bits that the hub type does not have. */
	assert_int_equal(status & (port->usb3 ? 0xdc0c & ~USB_PORT_STAT_LINK_STATE : 0xf8e0), 0);
	assert_int_equal(port->change & (port->usb3 ? ~0xf9 : ~0x1f), 0);
}

/* All sequences of five events, with some more than the table has. */
#define MORE_EVENTS (NUM_EVENTS + 3)

static void apply_any(struct suburb_port *port, unsigned int event)
{
	switch (event) {
	case NUM_EVENTS:
		suburb_port_set_feature(port, USB_PORT_FEAT_BH_PORT_RESET, 0);
		break;
	case NUM_EVENTS + 1:
		set_link(port, USB_SS_PORT_LS_RX_DETECT);
		break;
	case NUM_EVENTS + 2:
		set_link(port, USB_SS_PORT_LS_U1);
		break;
	default:
		if (event != PLUG || !port->speed)
			apply(port, event);
	}
}

static void sequences(struct suburb_port port, int depth)
{
	for (unsigned int event = 0; depth && event < MORE_EVENTS; event++) {
		struct suburb_port next = port;

		apply_any(&next, event);
		assert_sane(&next);
		sequences(next, depth - 1);
	}
}

static void rules_hold_after_all_sequences(void **state)
{
	for (int usb3 = 0; usb3 < 2; usb3++) {
		struct suburb_port port;

		suburb_port_init(&port, usb3);
		sequences(port, 5);
	}
}

static void any_feature_is_done_or_refused(void **state)
{
	for (int usb3 = 0; usb3 < 2; usb3++) {
		for (unsigned int feature = 0; feature <= 0xffff; feature++) {
			for (unsigned int selector = 0; selector < 256;
			     selector += feature < 64 ? 1 : 85) {
				struct suburb_port port = port_in(usb3, ENABLED);
				int set = suburb_port_set_feature(&port, feature, selector);
				int clear = suburb_port_clear_feature(&port, feature);

				assert_true(set == 0 || set == -EPIPE);
				assert_true(clear == 0 || clear == -EPIPE);
				assert_sane(&port);
				/* Beyond ch11.h there is nothing. */
				if (feature >= 64)
					assert_true(set && clear);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usb2_every_event_in_every_state),
		cmocka_unit_test(usb3_every_event_in_every_state),
		cmocka_unit_test(usb2_status_tells_the_speed),
		cmocka_unit_test(usb2_status_words),
		cmocka_unit_test(usb3_status_words),
		cmocka_unit_test(usb3_ext_status),
		cmocka_unit_test(usb3_warm_reset),
		cmocka_unit_test(usb3_u1_and_u2_are_no_suspend),
		cmocka_unit_test(usb3_rx_detect_finds_a_disabled_device),
		cmocka_unit_test(usb3_link_states_that_cannot_be_set),
		cmocka_unit_test(changes_are_cleared_one_by_one),
		cmocka_unit_test(rules_hold_after_all_sequences),
		cmocka_unit_test(any_feature_is_done_or_refused),
	};

	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
