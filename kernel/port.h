/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One port of a root hub: a pure state machine. See port.c.
 */
#ifndef _SUBURB_PORT_H
#define _SUBURB_PORT_H

#include "../include/suburb/types.h"

/**
 * struct suburb_port - state of one root-hub port
 * @usb3: belongs to the USB 3 root hub
 * @speed: of the device plugged in, enum usb_device_speed; 0: none
 * @powered: VBUS is on; without it nothing is connected
 * @enabled: the device may be talked to
 * @suspended: USB 2 suspend or USB 3 U3
 * @resetting: a reset has begun; suburb_port_reset_done() ends it
 * @warm: that reset is a warm one
 * @link: USB 3 link state, USB_SS_PORT_LS_*, while nothing above says it
 * @change: wPortChange
 */
struct suburb_port {
	bool usb3;
	__u8 speed;
	bool powered;
	bool enabled;
	bool suspended;
	bool resetting;
	bool warm;
	__u16 link;
	__u16 change;
};

void suburb_port_init(struct suburb_port *port, bool usb3);
void suburb_port_connect(struct suburb_port *port, __u8 speed);
void suburb_port_disconnect(struct suburb_port *port);
void suburb_port_reset_done(struct suburb_port *port);

int suburb_port_set_feature(struct suburb_port *port, __u16 feature, __u8 selector);
int suburb_port_clear_feature(struct suburb_port *port, __u16 feature);

__u16 suburb_port_status(const struct suburb_port *port);
__u32 suburb_port_ext_status(const struct suburb_port *port);

#endif
