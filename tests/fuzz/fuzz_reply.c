// SPDX-License-Identifier: GPL-2.0-only
/* sources: tests/fuzz/machine*.c tests/fuzz/peer.c tests/fuzz/flight.c kernel */
/*
 * The module between drivers and an exporter that may say anything: URBs of
 * every type go in, are unlinked, sent, answered, and come back. The whole of
 * the module is at work, from urb_enqueue to the socket and back.
 *
 * A URB comes back exactly once, with no more than was asked for, in memory
 * that is its own, and nothing is left when the link has gone. An exporter that
 * keeps to the protocol is never taken for one that does not, and gets every
 * URB back to its driver with the very bytes that it sent.
 */
#include "kernel/buffer.h"
#include "kernel/controller.h"
#include "kernel/registry.h"
#include "kernel/remote.h"
#include "kernel/streams.h"

#include "flight.h"
#include "peer.h"

#define MOST_URBS 24
#define FD 1
#define DEVID 0x10002

static struct usb_host_endpoint endpoints[] = {
	{ .desc = { 7, USB_DT_ENDPOINT, 0x00, USB_ENDPOINT_XFER_CONTROL, 64 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x01, USB_ENDPOINT_XFER_BULK, 512 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x81, USB_ENDPOINT_XFER_BULK, 512 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x82, USB_ENDPOINT_XFER_INT, 64, 4 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x03, USB_ENDPOINT_XFER_ISOC, 1024, 1 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x83, USB_ENDPOINT_XFER_ISOC, 1024, 4 } },
	{ .desc = { 7, USB_DT_ENDPOINT, 0x84, USB_ENDPOINT_XFER_BULK, 1024 },
	  .ss_ep_comp = { .bmAttributes = 4 } },
};
#define ENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

static struct flight flights[MOST_URBS];
static unsigned int flights_count;
static struct usb_device udev;
static struct input *choice;
static u64 attachment;
static u32 orders;
static bool fed_up; /* memory was short, or the link was cut */
static bool removed; /* usbcore has let go of the device, and of its controller */

/* It is done by the word of one who was asked; requests of endpoint 0 may be answered here. */
static void check_asked(const struct flight *flight)
{
	int status = flight->urb->status;

	fuzz_assert(flight->seqnum || flight->urb->ep == &endpoints[0] || status == -ESHUTDOWN ||
		    status == -ECONNRESET);
}

static void submit(struct flight *flight);

static void on_complete(struct urb *urb)
{
	struct flight *flight = urb->context;

	fuzz_assert(flight->taken);
	flight->taken = false;
	flight_check_back(flight);
	check_asked(flight);
	if (!flight->again)
		return;
	flight->again--;
	submit(flight);
}

/* --- URBs out ------------------------------------------------------------- */

static void submit(struct flight *flight)
{
	struct urb *urb = flight->urb;
	int i;

	flight_fill(flight);
	flight->seqnum = 0;
	flight->unlinked = false;
	flight->taken = true;
	flight->order = ++orders;
	/* As usbcore leaves them. */
	for (i = 0; i < urb->number_of_packets; i++) {
		urb->iso_frame_desc[i].actual_length = 0;
		urb->iso_frame_desc[i].status = -EXDEV;
	}
	if (removed || machine_submit(urb))
		flight->taken = false;
}

/* In any order, with gaps, none beyond the end but for a driver's mistake. */
static void lay_out_packets(struct flight *flight, u32 length)
{
	struct urb *urb = flight->urb;
	u32 at = 0, size;
	int i;

	for (i = 0; i < urb->number_of_packets; i++) {
		at += input_once_in(choice, 4) ? input_upto(choice, 64) : 0;
		size = input_upto(choice, 255);
		if (at + size > length)
			at = size = 0;
		urb->iso_frame_desc[i].offset = at;
		urb->iso_frame_desc[i].length = size;
		at += size;
	}
	if (input_once_in(choice, 32))
		urb->iso_frame_desc[0].offset = input_number(choice, length);
	if (urb->number_of_packets > 1 && input_once_in(choice, 4)) {
		struct usb_iso_packet_descriptor first = urb->iso_frame_desc[0];

		urb->iso_frame_desc[0] = urb->iso_frame_desc[1];
		urb->iso_frame_desc[1] = first;
	}
}

static u32 choose_length(void)
{
	static const u32 usual[] = { 0, 1, 8, 64, 512, 4096, 8192, FLIGHT_LONGEST };
	u8 n = input_u8(choice);

	return n < 8 ? usual[n] : n < 32 ? input_upto(choice, FLIGHT_LONGEST) : n;
}

static void set_direction(struct flight *flight, u32 length)
{
	struct urb *urb = flight->urb;

	flight->in = usb_endpoint_dir_in(&urb->ep->desc);
	if (urb->ep == &endpoints[0]) {
		input_bytes(choice, flight->setup, 6);
		flight->setup[6] = (u8)length;
		flight->setup[7] = (u8)(length >> 8);
		urb->setup_packet = flight->setup;
		flight->in = flight->setup[0] & USB_DIR_IN && length;
	}
	urb->transfer_flags |= flight->in ? URB_DIR_IN : 0;
}

static void new_urb(void)
{
	struct usb_host_endpoint *ep = &endpoints[input_upto(choice, ENDPOINTS - 1)];
	struct flight *flight = &flights[flights_count];
	bool iso = usb_endpoint_xfer_isoc(&ep->desc);
	u32 length = choose_length();
	int packets = iso ? 1 + (int)input_upto(choice, PEER_PACKETS - 1) : 0;
	struct urb *urb;

	if (flights_count == MOST_URBS || removed)
		return;
	urb = calloc(1, sizeof(*urb) + (size_t)packets * sizeof(urb->iso_frame_desc[0]));
	*flight = (struct flight){ .number = flights_count, .urb = urb, .iso = iso };
	INIT_LIST_HEAD(&urb->urb_list);
	urb->references = 1;
	urb->dev = &udev;
	urb->ep = ep;
	urb->number_of_packets = packets;
	urb->transfer_buffer_length = length;
	urb->transfer_flags = input_u8(choice) & (URB_SHORT_NOT_OK | URB_ISO_ASAP | URB_ZERO_PACKET);
	/* By this the peer knows it again. */
	urb->interval = (int)flights_count + 1;
	urb->context = flight;
	urb->complete = on_complete;
	if (usb_endpoint_xfer_bulk(&ep->desc))
		urb->stream_id = ep->streams ? input_upto(choice, 17) : input_once_in(choice, 32);
	set_direction(flight, length);
	if (packets)
		lay_out_packets(flight, length);
	if (ep != &endpoints[0] && input_once_in(choice, 2)) {
		flight_cut(flight, choice, length);
	} else {
		flight->buffer = malloc(length + 1);
		urb->transfer_buffer = flight->buffer;
	}
	flight->again = input_once_in(choice, 4) ? input_upto(choice, 3) : 0;
	flights_count++;
	submit(flight);
}

static void unlink_one(void)
{
	struct flight *flight;

	if (!flights_count)
		return;
	flight = &flights[input_upto(choice, flights_count - 1)];
	if (!flight->taken)
		return;
	flight->again = 0;
	flight->unlinked = true;
	usb_unlink_urb(flight->urb);
}

/* --- what the peer sees of them ------------------------------------------- */

static bool may_be(const struct flight *flight, const struct asked *asked)
{
	const struct suburb_submit *submit = &asked->submit;

	if (flight->iso != asked->iso || !flight->taken || flight->seqnum)
		return false;
	if (!flight->iso)
		return (u32)flight->urb->interval == submit->interval;
	if ((submit->direction == SUBURB_DIR_IN) != flight->in ||
	    submit->packets != (u32)flight->urb->number_of_packets)
		return false;
	for (u32 i = 0; i < submit->packets; i++)
		if (asked->lengths[i] != flight->urb->iso_frame_desc[i].length)
			return false;
	return true;
}

/* Of one endpoint they leave in order. */
static struct flight *first_that_may_be(const struct asked *asked)
{
	struct flight *flight = NULL;
	unsigned int i;

	for (i = 0; i < flights_count; i++)
		if (may_be(&flights[i], asked) && (!flight || flights[i].order < flight->order))
			flight = &flights[i];
	return flight;
}

static void on_submitted(const struct asked *asked, const u8 *payload)
{
	struct flight *flight;
	bool sure = true;

	/* The module's own have none. */
	if (!asked->iso && !asked->submit.interval)
		return;
	/*
	 * It may have gone back meanwhile, in a hurry, or with the link. One that was
	 * unlinked may be on its way, or never go there: then it is the next, too.
	 */
	while ((flight = first_that_may_be(asked))) {
		flight->seqnum = asked->submit.seqnum;
		if (flight->unlinked) {
			sure = false;
			continue;
		}
		if (sure && !flight->in)
			flight_check_payload(flight, payload);
		break;
	}
}

/* --- the device ----------------------------------------------------------- */

static struct suburb_controller *found_controller;
static struct suburb_remote *found_remote;

static void look_for_remote(struct suburb_controller *controller)
{
	unsigned int hub, i;

	for (hub = 0; hub < SUBURB_HUBS; hub++)
		for (i = 0; i < SUBURB_PORTS; i++) {
			if (!controller->slots[hub][i].remote)
				continue;
			found_controller = controller;
			found_remote = controller->slots[hub][i].remote;
		}
}

static struct suburb_remote *remote_now(void)
{
	found_remote = NULL;
	suburb_controllers_each(look_for_remote);
	return found_remote;
}

/* As the hub driver brings a port up. */
static void bring_up(void)
{
	struct suburb_remote *remote = remote_now();
	struct usb_hcd *hcd = found_controller->hcds[remote->hub];
	char buf[4];

	udev = (struct usb_device){
		.bus = &hcd->self,
		.parent = hcd->self.root_hub,
		.portnum = remote->slot + 1,
		.state = USB_STATE_CONFIGURED,
		.speed = remote->attach.speed,
	};
	endpoints[0].urb_list = (struct list_head){ &endpoints[0].urb_list, &endpoints[0].urb_list };
	udev.ep0 = endpoints[0];
	INIT_LIST_HEAD(&udev.ep0.urb_list);
	hcd->driver->hub_control(hcd, SetPortFeature, USB_PORT_FEAT_POWER, udev.portnum, buf, 0);
	hcd->driver->hub_control(hcd, SetPortFeature, USB_PORT_FEAT_RESET, udev.portnum, buf, 0);
	suburb_remote_configured(remote, 5);
}

static void attach(void)
{
	struct suburb_attach request = { .size = sizeof(request), .sockfd = FD, .devid = DEVID };
	u8 flags = input_u8(choice);
	unsigned int i;

	shim_vmalloc = flags & 1;
	request.features = (flags & 2 ? SUBURB_FEATURE_DIGEST : 0) |
			   (flags & 4 ? SUBURB_FEATURE_STREAMS : 0);
	request.speed = flags & 8 ? SUBURB_SPEED_SUPER : SUBURB_SPEED_HIGH;
	request.window_requests = flags & 16 ? 1 + input_upto(choice, 4) : 0;
	request.window_bytes = flags & 32 ? 1 + input_upto(choice, 1000) : 0;
	strcpy(request.label, "peer");
	for (i = 0; i < ENDPOINTS; i++) {
		INIT_LIST_HEAD(&endpoints[i].urb_list);
		endpoints[i].streams = 0;
	}
	peer_begin(machine_socket_new(FD), request.features & SUBURB_FEATURE_DIGEST, DEVID,
		   on_submitted);
	peer.socket->sk.tcp = flags & 64;
	fuzz_assert(suburb_registry_attach(&request) == 0);
	attachment = request.id;
	bring_up();
}

static enum suburb_reason reason_now(void)
{
	static struct suburb_endpoint_status counters[SUBURB_ENDPOINTS];
	struct suburb_status status = { .id = attachment };

	memset(counters, 0, sizeof(counters));
	fuzz_assert(suburb_registry_status(&status, counters) == 0);
	return status.reason;
}

/* --- the program ---------------------------------------------------------- */

static void answer_something(void)
{
	if (peer.count)
		peer_say(choice, input_upto(choice, peer.count - 1));
}

/* While the module waits for an answer of its own. */
static void on_wait(void)
{
	if (input_once_in(choice, 2))
		answer_something();
}

static void change_streams(void)
{
	struct usb_hcd *hcd = bus_to_hcd(udev.bus);
	struct usb_host_endpoint *eps[] = { &endpoints[6], &endpoints[2] };
	unsigned int n = 1 + input_upto(choice, 1);
	int ret;

	if (removed)
		return;
	if (endpoints[6].streams) {
		endpoints[6].streams = 0;
		suburb_free_streams(hcd, &udev, eps, n, GFP_NOIO);
		return;
	}
	ret = suburb_alloc_streams(hcd, &udev, eps, n, input_upto(choice, 20), GFP_NOIO);
	fuzz_assert(ret <= 16);
	if (ret > 0)
		endpoints[6].streams = ret;
}

static void reset_port(void)
{
	struct usb_hcd *hcd = bus_to_hcd(udev.bus);

	if (!removed)
		hcd->driver->reset_device(hcd, &udev);
}

static void rare(void)
{
	struct suburb_remote *remote = remote_now();

	switch (input_upto(choice, 7)) {
	case 0:
		machine.fail = 1 + input_upto(choice, 7);
		fed_up = true;
		break;
	case 1:
		machine_close(peer.socket, input_once_in(choice, 2) ? ECONNRESET : 0);
		fed_up = true;
		break;
	case 2:
		suburb_registry_detach(0, attachment);
		fed_up = true;
		break;
	case 3:
		if (remote)
			suburb_queue_hurry(&remote->queue, input_u8(choice) & 1);
		fed_up = true;
		break;
	case 4:
		removed = removed || !remote;
		fed_up = true; /* an unlink may have waited for too long */
		machine_later();
		break;
	case 5:
		reset_port();
		fed_up = true;
		break;
	case 6:
		change_streams();
		fed_up = true;
		break;
	case 7:
		peer.socket->sk.sk_error_report(&peer.socket->sk);
		break;
	}
}

static void step(void)
{
	switch (input_u8(choice) % 12) {
	case 0:
	case 1:
	case 2:
		new_urb();
		break;
	case 3:
		unlink_one();
		break;
	case 4:
	case 5:
	case 6:
		answer_something();
		break;
	case 7:
		if (peer.count)
			peer_say_unlinked(choice, input_upto(choice, peer.count - 1));
		break;
	case 8:
		peer.socket->piece = 1 + input_upto(choice, 200);
		peer.socket->piece = peer.socket->piece > 190 ? SIZE_MAX : peer.socket->piece;
		break;
	case 9:
		if (peer.socket->room == SIZE_MAX)
			peer.socket->room = 0;
		machine_drain(peer.socket, input_upto(choice, 4000));
		break;
	case 10:
		rare();
		break;
	case 11:
		if (input_once_in(choice, 4))
			peer_guess(choice);
		else if (input_once_in(choice, 4))
			peer_babble(choice);
		break;
	}
	if (!input_once_in(choice, 4))
		machine_run();
}

/* An honest exporter gets everything done, and is not blamed for anything. */
static void finish_honestly(void)
{
	unsigned int i;

	for (i = 0; i < flights_count; i++)
		flights[i].again = 0;
	machine_drain(peer.socket, SIZE_MAX);
	peer.socket->piece = SIZE_MAX;
	machine_run();
	while (peer.count) {
		peer_answer(0);
		machine_run();
	}
	fuzz_assert(reason_now() == SUBURB_REASON_NONE);
	for (i = 0; i < flights_count; i++)
		fuzz_assert(!flights[i].taken);
}

static void finish(void)
{
	unsigned int i;

	for (i = 0; i < flights_count; i++)
		flights[i].again = 0;
	machine.wait = NULL;
	machine.fail = 0;
	if (peer.honest && !fed_up)
		finish_honestly();
	suburb_registry_detach(0, attachment);
	fuzz_assert(reason_now() != SUBURB_REASON_NONE);
	machine_run();
	fuzz_assert(!remote_now());
	for (i = 0; i < flights_count; i++) {
		fuzz_assert(!flights[i].taken && flights[i].urb->references == 1);
		flight_free_memory(&flights[i]);
		free(flights[i].urb);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	choice = &input;
	flights_count = 0;
	fed_up = false;
	removed = false;
	machine.wait = on_wait;
	fuzz_assert(machine_load() == 0);
	attach();
	while (input.left && peer.count < PEER_ASKED - MOST_URBS - 8)
		step();
	finish();
	machine_unload();
	machine_socket_free(FD);
	peer_end();
	return 0;
}
