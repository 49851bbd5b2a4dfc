// SPDX-License-Identifier: GPL-2.0-only
/* sources: tests/fuzz/machine*.c kernel */
/*
 * The root hubs: whatever is asked of them while devices come and go. Requests
 * have buffers of the very size that usbcore gives them.
 *
 * Reading changes nothing; a port says nothing that cannot be; no request for
 * one port is seen at another; what was not changed by anybody stays.
 */
#include "kernel/controller.h"

#include "fuzz.h"
#include "machine.h"

static struct suburb_controller *controller;

static void take(struct suburb_controller *first)
{
	controller = first;
}

/* --- what must always be true ---------------------------------------------- */

static void check_port(const struct suburb_port *port)
{
	u16 status = suburb_port_status(port);
	bool there = port->powered && port->speed;

	fuzz_assert(!!(status & USB_PORT_STAT_CONNECTION) == there);
	fuzz_assert(there || !(status & USB_PORT_STAT_ENABLE));
	fuzz_assert(there || !port->resetting);
	fuzz_assert(!port->suspended || port->enabled);
	fuzz_assert(!port->resetting || !port->enabled);
	if (port->usb3) {
		fuzz_assert(!!(status & USB_SS_PORT_STAT_POWER) == port->powered);
		fuzz_assert((status & ~(USB_PORT_STAT_CONNECTION | USB_PORT_STAT_ENABLE |
					USB_PORT_STAT_RESET | USB_SS_PORT_STAT_POWER |
					USB_PORT_STAT_LINK_STATE)) == 0);
		fuzz_assert(there || !suburb_port_ext_status(port));
	} else {
		fuzz_assert(!!(status & USB_PORT_STAT_POWER) == port->powered);
		fuzz_assert((status & (USB_PORT_STAT_LOW_SPEED | USB_PORT_STAT_HIGH_SPEED)) !=
			    (USB_PORT_STAT_LOW_SPEED | USB_PORT_STAT_HIGH_SPEED));
	}
}

static void check_bitmap(unsigned int hub)
{
	u8 *buf = malloc(2);
	int ret = suburb_hub_status_data(controller->hcds[hub], (char *)buf);
	unsigned int i, bits = 0;

	fuzz_assert(ret == 0 || ret == 2);
	if (ret)
		bits = buf[0] | buf[1] << 8;
	fuzz_assert(!(bits & 1));
	for (i = 0; i < SUBURB_PORTS; i++)
		fuzz_assert(!(bits >> (i + 1) & 1) == !controller->slots[hub][i].port.change);
	free(buf);
}

static void check_all(void)
{
	unsigned int hub, i;

	for (hub = 0; hub < SUBURB_HUBS; hub++) {
		for (i = 0; i < SUBURB_PORTS; i++)
			check_port(&controller->slots[hub][i].port);
		check_bitmap(hub);
	}
}

/* --- requests -------------------------------------------------------------- */

static u16 choose_request(struct input *input)
{
	static const u16 requests[] = {
		GetPortStatus, SetPortFeature, ClearPortFeature, GetHubDescriptor, GetHubStatus,
		SetHubFeature, ClearHubFeature, SetHubDepth, GetPortErrorCount,
		DeviceRequest | USB_REQ_GET_DESCRIPTOR,
	};
	u8 n = input_u8(input);

	return n % 32 < 10 ? requests[n % 32] : n < 250 ? requests[n % 3] : input_u16(input);
}

/*
 * A request has wLength bytes of buffer, and usbcore has never less than 15
 * (rh_call_control()); a request that only sets something may have none.
 */
static size_t buffer_size(u16 length)
{
	return length > 15 ? length : 15;
}

static bool is_read(u16 type_req)
{
	return type_req & 0x8000;
}

static void request(struct input *input)
{
	unsigned int hub = input_u8(input) & 1;
	u16 type_req = choose_request(input);
	u16 value = input_u8(input), index = input_u8(input) % 20, length = input_u8(input);
	static struct suburb_slot was[SUBURB_HUBS][SUBURB_PORTS];
	u8 *buf = malloc(buffer_size(length));
	unsigned int h, i;
	int ret;

	if (input_once_in(input, 4))
		value |= (u16)(input_u8(input) << 8);
	if (type_req == SetPortFeature || input_once_in(input, 16))
		index |= (u16)(input_u8(input) << 8);
	memcpy(was, controller->slots, sizeof(was));
	memset(buf, 0x5a, buffer_size(length));
	ret = suburb_hub_control(controller->hcds[hub], type_req, value, index, (char *)buf,
				 length);
	fuzz_assert(ret == -EPIPE || (ret >= 0 && ret <= length));
	for (h = 0; h < SUBURB_HUBS; h++)
		for (i = 0; i < SUBURB_PORTS; i++)
			if (is_read(type_req) || ret < 0 || h != hub || i + 1 != (index & 0xff))
				fuzz_assert(!memcmp(&was[h][i], &controller->slots[h][i],
						    sizeof(was[h][i])));
	free(buf);
}

static void plug(struct input *input)
{
	static const u8 speeds[] = { USB_SPEED_LOW, USB_SPEED_FULL, USB_SPEED_HIGH, USB_SPEED_SUPER,
				     USB_SPEED_SUPER_PLUS };
	u8 speed = speeds[input_upto(input, 4)];
	unsigned int hub = speed >= USB_SPEED_SUPER;
	struct suburb_port *port = &controller->slots[hub][input_upto(input, SUBURB_PORTS - 1)].port;

	if (port->speed)
		suburb_port_disconnect(port);
	else
		suburb_port_connect(port, speed);
}

/* However it was left: with power and a reset there is a device again. */
static void check_recovery(void)
{
	unsigned int hub, i;
	char buf[15];

	for (hub = 0; hub < SUBURB_HUBS; hub++)
		for (i = 1; i <= SUBURB_PORTS; i++) {
			const struct suburb_port *port = &controller->slots[hub][i - 1].port;

			suburb_hub_control(controller->hcds[hub], SetPortFeature,
					   USB_PORT_FEAT_POWER, (u16)i, buf, 0);
			suburb_hub_control(controller->hcds[hub], SetPortFeature,
					   USB_PORT_FEAT_RESET, (u16)i, buf, 0);
			fuzz_assert(port->enabled == !!port->speed);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	fuzz_assert(machine_load() == 0);
	suburb_controllers_each(take);
	while (input.left) {
		if (input_once_in(&input, 4))
			plug(&input);
		else
			request(&input);
		check_all();
	}
	check_recovery();
	machine_unload();
	return 0;
}
