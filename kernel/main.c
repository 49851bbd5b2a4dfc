// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb-hcd: a virtual USB host controller whose devices are plugged into
 * other machines. Start here:
 *
 *   control.c      /dev/suburb: ioctls, poll
 *   registry.c     who is attached: the beginning and the end of each
 *   controller.c   pairs of root hubs, and the slots of their ports
 *   hcd.c hub.c    what usbcore calls: URBs; root-hub requests
 *   reset.c        a port reset goes on to the exporter
 *   streams.c      so do allocations of bulk streams
 *   ask.c          ... as requests of our own
 *   binding.c      drivers come and go
 *   power.c        this machine sleeps and wakes up
 *   port.c         state machine of a port (pure)
 *   periodic.c     what usbcore asks about bus time
 *   bandwidth.c    bus time of a device's periodic endpoints (pure)
 *   remote.c       one attached device: its life and state
 *   request.c      its URBs on their way, and the rules of unlinking
 *   reply.c        the exporter's answers to them
 *   readahead.c    reports that are asked for before a driver does
 *   hurry.c        ... while this machine goes to sleep
 *   transfer.c     one URB as messages tell of it
 *   iso.c          packets of isochronous URBs
 *   conn.c         its link: a socket and one worker
 *   batch.c        messages put together for one sendmsg
 *   inbox.c        what has arrived: bytes become replies
 *   buffer.c       URB buffers as page pieces
 *   census.c       how many of these objects there were
 *   ../include/suburb/wire.h   the messages
 *
 * A URB goes down this list, its answer comes up by the callbacks that each
 * part was given by the one above it.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "binding.h"
#include "census.h"
#include "conn.h"
#include "control.h"
#include "controller.h"
#include "power.h"
#include "registry.h"
#include "remote.h"
#include "request.h"

static int __init suburb_init(void)
{
	int ret;

	ret = suburb_request_init();
	if (ret)
		return ret;
	ret = suburb_conn_init();
	if (ret)
		goto err_request;
	ret = suburb_remote_init();
	if (ret)
		goto err_conn;
	suburb_hcd_init();
	ret = suburb_controllers_init();
	if (ret)
		goto err_hcd;
	ret = suburb_binding_init();
	if (ret)
		goto err_controllers;
	ret = suburb_power_init();
	if (ret)
		goto err_binding;
	ret = suburb_control_init();
	if (ret)
		goto err_power;
	suburb_census_init();
	return 0;

err_power:
	suburb_power_exit();
err_binding:
	suburb_binding_exit();
err_controllers:
	suburb_controllers_exit();
err_hcd:
	suburb_hcd_exit();
	suburb_remote_exit();
err_conn:
	suburb_conn_exit();
err_request:
	suburb_request_exit();
	return ret;
}

/*
 * Nobody has /dev/suburb open, or we would not be here, and after the first
 * line nobody can. What can still run are links; detach_all() stops each, and
 * remote_exit() waits for what failed ones have left to say.
 */
static void __exit suburb_exit(void)
{
	suburb_control_exit();
	suburb_registry_detach_all();
	suburb_remote_exit();
	suburb_power_exit();
	suburb_binding_exit();
	suburb_controllers_exit();
	suburb_hcd_exit();
	suburb_conn_exit();
	suburb_request_exit();
	suburb_census_exit();
}

module_init(suburb_init);
module_exit(suburb_exit);

MODULE_DESCRIPTION("Virtual USB host controller for devices on other machines");
MODULE_AUTHOR("The Suburb authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.3.0");
