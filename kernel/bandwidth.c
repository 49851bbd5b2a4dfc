// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bus time that a device's periodic endpoints reserve. A real bus has so much
 * and no more, and refuses a configuration or an alternate setting that asks
 * for what is not there; drivers then look for a smaller one. Here each device
 * is alone on its bus, which is that of the port where it is plugged in far
 * away: what else is on that one is the exporter's affair, and its answer.
 *
 * The time of a transaction is that of USB 2.0, section 5.11.3, with the delays
 * that usbcore assumes for a controller. Of it periodic transfers may take 80 %
 * of a microframe (5.5.4), 90 % of a frame, and, each direction for itself,
 * 90 % of a bus interval at super speed (USB 3.2, 4.4.7 and 4.4.8).
 *
 * Whether endpoints with longer intervals fit is a question of which of them
 * meet in the same microframe. They are laid out anew for each question, the
 * shortest interval first, each where the fullest of its microframes is
 * emptiest. Intervals beyond the table count as if they were as long as it.
 *
 * Pure, and compiled by userspace tests. Locking is the caller's (usbcore's
 * bandwidth_mutex).
 */
#include "bandwidth.h"

#define SLOTS 64

/* Nanoseconds in a slot that periodic transfers may have. */
#define LIMIT_FRAME 900000
#define LIMIT_MICROFRAME 100000
#define LIMIT_BUS_INTERVAL 112500

/* What the host itself needs, and a hub before each low-speed packet: usbcore's assumptions. */
#define HOST_DELAY 1000
#define HOST_DELAY_HIGH 5
#define HUB_LOW_SPEED_SETUP 333

/* Framing, header, CRC around the data of a super-speed packet (USB 3.2, 7.2.1.2). */
#define SUPER_OVERHEAD 32
/* In one interval, at any speed: 96 packets at super-plus. */
#define MAX_BYTES (96 * 1024)

/* SUBURB_SPEED_*: the codec, which has their names, is more than is needed here. */
enum { LOW = 1, FULL = 2, HIGH = 3, SUPER = 5, SUPER_PLUS = 6 };

static __u8 index_of(__u8 address)
{
	return (address & 0x0f) | (address & 0x80) >> 3;
}

static bool is_in(unsigned int index)
{
	return index & 0x10;
}

/* --- one endpoint --------------------------------------------------------- */

/* Bits of @bytes with the worst case of bit stuffing, rounded down as 5.11.3 does. */
static __u32 stuffed_bits(__u32 bytes)
{
	return 7 * 8 * bytes / 6;
}

/* @factor * @bits / 1000, without an overflow on the way. */
static __u32 scale(__u32 factor, __u32 bits)
{
	return factor / 1000 * bits + factor % 1000 * bits / 1000;
}

/* Tenths of a bit: the formulas have 3.1 of them. */
static __u32 low_speed_ns(__u32 bytes, bool in)
{
	__u32 bits = 31 + 10 * stuffed_bits(bytes);
	__u32 fixed = 2 * HUB_LOW_SPEED_SETUP + HOST_DELAY;

	return fixed + (in ? 64060 + scale(67667, bits) : 64107 + scale(66700, bits));
}

static __u32 full_speed_ns(__u32 bytes, bool in, bool iso)
{
	__u32 fixed = !iso ? 9107 : in ? 7268 : 6265;

	return fixed + HOST_DELAY + scale(8354, 31 + 10 * stuffed_bits(bytes));
}

static __u32 high_speed_ns(__u32 bytes, bool iso)
{
	__u32 fixed = (iso ? 38 : 55) * 8;

	return scale(2083, fixed + 3 + stuffed_bits(bytes)) + HOST_DELAY_HIGH;
}

/* 2 ns a byte with 8b/10b at 5 Gbit/s; 0.825 ns with 128b/132b at 10 Gbit/s. */
static __u32 super_speed_ns(__u32 bytes, bool plus)
{
	__u32 wire = bytes + SUPER_OVERHEAD;

	return plus ? wire * 825 / 1000 : wire * 2;
}

static __u32 packet_ns(__u8 speed, __u32 bytes, bool in, bool iso)
{
	switch (speed) {
	case LOW:
		return low_speed_ns(bytes, in);
	case FULL:
		return full_speed_ns(bytes, in, iso);
	case HIGH:
		return high_speed_ns(bytes, iso);
	default:
		return super_speed_ns(bytes, speed == SUPER_PLUS);
	}
}

/* Full packets, and what is left for a last one. */
static __u32 packets_ns(__u8 speed, const struct suburb_periodic *periodic, bool in)
{
	__u32 packet = periodic->packet ? periodic->packet : 1;
	__u32 full = periodic->bytes / packet;
	__u32 rest = periodic->bytes % packet;
	__u32 ns = full * packet_ns(speed, packet, in, periodic->iso);

	if (rest || !full)
		ns += packet_ns(speed, rest, in, periodic->iso);
	return ns;
}

/* Bus time in each interval; of what no bus has, more than there is. */
static __u32 endpoint_ns(__u8 speed, const struct suburb_periodic *periodic, bool in)
{
	if (periodic->bytes > MAX_BYTES)
		return 2 * LIMIT_FRAME;
	return packets_ns(speed, periodic, in);
}

/* --- all of them ---------------------------------------------------------- */

static __u32 limit_of(__u8 speed)
{
	if (speed < HIGH)
		return LIMIT_FRAME;
	return speed == HIGH ? LIMIT_MICROFRAME : LIMIT_BUS_INTERVAL;
}

static __u32 fullest(const __u32 *slots, unsigned int phase, unsigned int interval)
{
	__u32 most = 0;

	for (; phase < SLOTS; phase += interval)
		if (slots[phase] > most)
			most = slots[phase];
	return most;
}

/* Puts an endpoint where it fits best. Returns how full that becomes. */
static __u32 place(__u32 *slots, unsigned int interval, __u32 ns)
{
	unsigned int phase, best = 0;
	__u32 most;

	for (phase = 1; phase < interval; phase++)
		if (fullest(slots, phase, interval) < fullest(slots, best, interval))
			best = phase;
	most = fullest(slots, best, interval) + ns;
	for (phase = best; phase < SLOTS; phase += interval)
		slots[phase] += ns;
	return most;
}

static bool all_fit(const struct suburb_bandwidth *bandwidth)
{
	/* At super speed each direction has wires of its own. */
	__u32 slots[2][SLOTS] = {};
	const struct suburb_periodic *p;
	unsigned int interval, i, lane;
	__u32 ns;

	for (interval = 1; interval <= SLOTS; interval *= 2) {
		for (i = 0; i < SUBURB_BANDWIDTH_ENDPOINTS; i++) {
			p = &bandwidth->wanted[i];
			if (p->interval != interval && !(p->interval > SLOTS && interval == SLOTS))
				continue;
			lane = bandwidth->speed >= SUPER && is_in(i);
			ns = endpoint_ns(bandwidth->speed, p, is_in(i));
			if (place(slots[lane], interval, ns) > limit_of(bandwidth->speed))
				return false;
		}
	}
	return true;
}

/**
 * suburb_bandwidth_init - a device without endpoints
 * @bandwidth: set
 * @speed: of the device
 */
void suburb_bandwidth_init(struct suburb_bandwidth *bandwidth, __u8 speed)
{
	memset(bandwidth, 0, sizeof(*bandwidth));
	bandwidth->speed = speed;
}

/**
 * suburb_bandwidth_add - ask for bus time
 * @bandwidth: the device
 * @address: bEndpointAddress
 * @periodic: what it needs
 */
void suburb_bandwidth_add(struct suburb_bandwidth *bandwidth, __u8 address,
			  const struct suburb_periodic *periodic)
{
	bandwidth->wanted[index_of(address)] = *periodic;
}

/**
 * suburb_bandwidth_drop - ask for less
 * @bandwidth: the device
 * @address: bEndpointAddress; may be one that has nothing
 */
void suburb_bandwidth_drop(struct suburb_bandwidth *bandwidth, __u8 address)
{
	memset(&bandwidth->wanted[index_of(address)], 0, sizeof(bandwidth->wanted[0]));
}

/**
 * suburb_bandwidth_check - is there enough for all that is asked for?
 * @bandwidth: the device
 *
 * Return: true, and it is reserved; or false: suburb_bandwidth_reset() has to
 * follow.
 */
bool suburb_bandwidth_check(struct suburb_bandwidth *bandwidth)
{
	if (!all_fit(bandwidth))
		return false;
	memcpy(bandwidth->now, bandwidth->wanted, sizeof(bandwidth->now));
	return true;
}

/**
 * suburb_bandwidth_reset - forget what was asked for since the last check
 * @bandwidth: the device
 */
void suburb_bandwidth_reset(struct suburb_bandwidth *bandwidth)
{
	memcpy(bandwidth->wanted, bandwidth->now, sizeof(bandwidth->wanted));
}
