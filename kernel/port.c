// SPDX-License-Identifier: GPL-2.0-only
/*
 * State machine of a root-hub port, for both hub types (USB 2.0 chapter 11,
 * USB 3.2 chapter 10).
 *
 *              connect            reset, reset_done
 *   EMPTY ───────────► CONNECTED ──────────────────► ENABLED ⇄ SUSPENDED
 *     ▲                (USB 3: straight to ENABLED)     │
 *     └──────────────────── disconnect ─────────────────┘
 *
 * plus power, which hides all of it while off. State is kept as facts; what a
 * hub driver reads is derived from them, and reading changes nothing. A reset
 * stays pending until suburb_port_reset_done(), so that the caller may wait
 * for a far device in between.
 *
 * Pure: no locks, no time, no allocation, nothing of ours included but types.
 * Userspace tests and fuzzers compile this file as it is. The caller
 * serializes.
 */
#include "port.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/usb/ch11.h>
#include <linux/usb/ch9.h>
#else
#include <errno.h>
#include <linux/usb/ch9.h>
#include <linux/usb/ch11.h>
#endif

static bool connected(const struct suburb_port *port)
{
	return port->powered && port->speed;
}

/* What follows from a device appearing on the bus, by plug or by power. */
static void appear(struct suburb_port *port)
{
	if (!connected(port))
		return;
	port->change |= USB_PORT_STAT_C_CONNECTION;
	/* A USB 3 link trains by itself; a USB 2 port waits for its reset. */
	port->enabled = port->usb3;
	port->link = USB_SS_PORT_LS_U0;
}

/* What follows from a device disappearing from the bus. */
static void disappear(struct suburb_port *port)
{
	port->enabled = false;
	port->suspended = false;
	port->resetting = false;
	port->link = USB_SS_PORT_LS_RX_DETECT;
}

void suburb_port_init(struct suburb_port *port, bool usb3)
{
	memset(port, 0, sizeof(*port));
	port->usb3 = usb3;
	port->link = USB_SS_PORT_LS_RX_DETECT;
}

void suburb_port_connect(struct suburb_port *port, __u8 speed)
{
	port->speed = speed;
	appear(port);
}

void suburb_port_disconnect(struct suburb_port *port)
{
	if (connected(port))
		port->change |= USB_PORT_STAT_C_CONNECTION;
	port->speed = 0;
	disappear(port);
}

/* Ends a reset. One that lost its device or its power meanwhile is void. */
void suburb_port_reset_done(struct suburb_port *port)
{
	if (!port->resetting)
		return;
	port->resetting = false;
	port->enabled = true;
	port->link = USB_SS_PORT_LS_U0;
	port->change |= USB_PORT_STAT_C_RESET;
	if (port->warm)
		port->change |= USB_PORT_STAT_C_BH_RESET;
}

static void power_on(struct suburb_port *port)
{
	if (port->powered)
		return;
	port->powered = true;
	appear(port);
}

static void power_off(struct suburb_port *port)
{
	port->powered = false;
	disappear(port);
}

static void begin_reset(struct suburb_port *port, bool warm)
{
	if (!connected(port))
		return;
	port->enabled = false;
	port->suspended = false;
	port->resetting = true;
	port->warm = warm;
}

static void suspend(struct suburb_port *port)
{
	if (port->enabled)
		port->suspended = true;
}

static void resume(struct suburb_port *port)
{
	if (!port->suspended)
		return;
	port->suspended = false;
	port->link = USB_SS_PORT_LS_U0;
	port->change |= port->usb3 ? USB_PORT_STAT_C_LINK_STATE : USB_PORT_STAT_C_SUSPEND;
}

static int set_link_state(struct suburb_port *port, __u8 selector)
{
	__u16 link = (__u16)(selector << 5);

	switch (link) {
	case USB_SS_PORT_LS_U0:
		resume(port);
		if (port->enabled)
			port->link = link;
		return 0;
	case USB_SS_PORT_LS_U1:
	case USB_SS_PORT_LS_U2:
		if (port->enabled && !port->suspended)
			port->link = link;
		return 0;
	case USB_SS_PORT_LS_U3:
		suspend(port);
		return 0;
	case USB_SS_PORT_LS_SS_DISABLED:
		disappear(port);
		port->link = link;
		return 0;
	case USB_SS_PORT_LS_RX_DETECT:
		disappear(port);
		appear(port);
		return 0;
	default:
		return -EPIPE;
	}
}

static int set_feature_usb2(struct suburb_port *port, __u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_SUSPEND:
		suspend(port);
		return 0;
	case USB_PORT_FEAT_INDICATOR:
		return 0;
	default:
		return -EPIPE;
	}
}

static int set_feature_usb3(struct suburb_port *port, __u16 feature, __u8 selector)
{
	switch (feature) {
	case USB_PORT_FEAT_BH_PORT_RESET:
		begin_reset(port, true);
		return 0;
	case USB_PORT_FEAT_LINK_STATE:
		return set_link_state(port, selector);
	case USB_PORT_FEAT_U1_TIMEOUT:
	case USB_PORT_FEAT_U2_TIMEOUT:
	case USB_PORT_FEAT_REMOTE_WAKE_MASK:
	case USB_PORT_FEAT_FORCE_LINKPM_ACCEPT:
		return 0;
	default:
		return -EPIPE;
	}
}

/**
 * suburb_port_set_feature - SetPortFeature
 * @port: the port
 * @feature: wValue
 * @selector: high byte of wIndex, a link state or timeout
 *
 * If @port->resetting is set afterwards, a reset has begun.
 *
 * Return: 0, or -EPIPE for what this kind of hub does not have.
 */
int suburb_port_set_feature(struct suburb_port *port, __u16 feature, __u8 selector)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		power_on(port);
		return 0;
	case USB_PORT_FEAT_RESET:
		begin_reset(port, false);
		return 0;
	default:
		if (port->usb3)
			return set_feature_usb3(port, feature, selector);
		return set_feature_usb2(port, feature);
	}
}

static int clear_feature_usb2(struct suburb_port *port, __u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_ENABLE:
		port->enabled = false;
		port->suspended = false;
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		resume(port);
		return 0;
	case USB_PORT_FEAT_INDICATOR:
		return 0;
	case USB_PORT_FEAT_C_ENABLE:
		port->change &= ~USB_PORT_STAT_C_ENABLE;
		return 0;
	case USB_PORT_FEAT_C_SUSPEND:
		port->change &= ~USB_PORT_STAT_C_SUSPEND;
		return 0;
	default:
		return -EPIPE;
	}
}

static int clear_feature_usb3(struct suburb_port *port, __u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_C_BH_PORT_RESET:
		port->change &= ~USB_PORT_STAT_C_BH_RESET;
		return 0;
	case USB_PORT_FEAT_C_PORT_LINK_STATE:
		port->change &= ~USB_PORT_STAT_C_LINK_STATE;
		return 0;
	case USB_PORT_FEAT_C_PORT_CONFIG_ERROR:
		port->change &= ~USB_PORT_STAT_C_CONFIG_ERROR;
		return 0;
	case USB_PORT_FEAT_FORCE_LINKPM_ACCEPT:
		return 0;
	default:
		return -EPIPE;
	}
}

/**
 * suburb_port_clear_feature - ClearPortFeature
 * @port: the port
 * @feature: wValue
 *
 * Return: 0, or -EPIPE for what this kind of hub does not have.
 */
int suburb_port_clear_feature(struct suburb_port *port, __u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		power_off(port);
		return 0;
	case USB_PORT_FEAT_C_CONNECTION:
		port->change &= ~USB_PORT_STAT_C_CONNECTION;
		return 0;
	case USB_PORT_FEAT_C_OVER_CURRENT:
		port->change &= ~USB_PORT_STAT_C_OVERCURRENT;
		return 0;
	case USB_PORT_FEAT_C_RESET:
		port->change &= ~USB_PORT_STAT_C_RESET;
		return 0;
	default:
		if (port->usb3)
			return clear_feature_usb3(port, feature);
		return clear_feature_usb2(port, feature);
	}
}

static __u16 status_usb2(const struct suburb_port *port)
{
	__u16 status = 0;

	if (port->powered)
		status |= USB_PORT_STAT_POWER;
	if (port->suspended)
		status |= USB_PORT_STAT_SUSPEND;
	if (connected(port) && port->speed == USB_SPEED_LOW)
		status |= USB_PORT_STAT_LOW_SPEED;
	if (connected(port) && port->speed == USB_SPEED_HIGH)
		status |= USB_PORT_STAT_HIGH_SPEED;
	return status;
}

static __u16 status_usb3(const struct suburb_port *port)
{
	__u16 status = port->link;

	if (!port->powered)
		return USB_SS_PORT_LS_SS_DISABLED;
	if (port->resetting)
		status = USB_SS_PORT_LS_HOT_RESET;
	else if (port->suspended)
		status = USB_SS_PORT_LS_U3;
	return status | USB_SS_PORT_STAT_POWER;
}

/**
 * suburb_port_status - wPortStatus
 * @port: the port
 */
__u16 suburb_port_status(const struct suburb_port *port)
{
	__u16 status = port->usb3 ? status_usb3(port) : status_usb2(port);

	if (connected(port))
		status |= USB_PORT_STAT_CONNECTION;
	if (port->enabled)
		status |= USB_PORT_STAT_ENABLE;
	if (port->resetting)
		status |= USB_PORT_STAT_RESET;
	return status;
}

/**
 * suburb_port_ext_status - dwExtPortStatus (USB 3.2, 10.16.2.6.3)
 * @port: a port of the USB 3 hub
 *
 * One lane each way; the sublink speed ids are those of the hub's BOS
 * descriptor in hcd.c: 4 for SuperSpeed, 5 for SuperSpeedPlus.
 */
__u32 suburb_port_ext_status(const struct suburb_port *port)
{
	__u32 id = port->speed == USB_SPEED_SUPER_PLUS ? 5 : 4;

	return connected(port) ? id | id << 4 : 0;
}
