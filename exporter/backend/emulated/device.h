/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emulated device: the state that chapter 9 of the USB specification gives
 * to every device, its endpoints, and the door through which its function (a
 * keyboard, a disk) takes part.
 *
 * It does not answer requests on endpoint 0 (control.h does, upon this) and
 * does not decide when things move (emulated.c does, in run()). Everything
 * runs on the loop; only run() calls a function's hooks for endpoints, so a
 * function is never entered twice.
 */
#ifndef EXPORTER_BACKEND_EMULATED_DEVICE_H
#define EXPORTER_BACKEND_EMULATED_DEVICE_H

#include <uv.h>

#include "exporter/backend.h"
#include "exporter/backend/emulated/descriptors.h"
#include "exporter/backend/emulated/endpoint.h"
#include "exporter/backend/emulated/iso.h"

#define EMULATED_INTERFACES 4
#define EMULATED_STRINGS 4 /* index of the first string of a function's own */
#define EMULATED_CONTROL_SIZE 4096 /* longest answer on endpoint 0 */

struct emulated_device;

/**
 * struct emulated_control - a request on endpoint 0
 * @type: bmRequestType
 * @length: wLength; of an OUT, the bytes in @data
 * @data: OUT: what the host sent; IN: EMULATED_CONTROL_SIZE bytes of room
 */
struct emulated_control {
	uint8_t type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
	uint8_t *data;
};

/**
 * struct emulated_kind - a kind of device, by its function
 * @name: as in --emulate
 * @argument: what may follow the name and a colon, in the usage; or NULL
 * @argument_needed: it must follow
 * @identity: for the device descriptor
 * @product: its name for humans
 * @strings: of the index EMULATED_STRINGS and up, ended by NULL
 * @speed: create() may change it
 * @state_size: bytes at &emulated_device.state, zeroed
 * @create: take the argument (or NULL). 0, or -1 with a line in @error
 * @destroy: release what create() and the rest took
 * @describe: write the configuration for a speed
 * @reset: as after power on, endpoints follow with start()
 * @start: the endpoints of this interface are fresh and empty: queue requests
 * @control: a request of a class or vendor, or a standard one for which there
 *	is no common answer. Bytes of the whole answer (0 for OUT), or
 *	-SUBURB_EPIPE to stall
 * @polled: whether the host waits on an endpoint, whenever that may be new
 * @halt_cleared: the host cleared the halt of an endpoint
 * @expired: the timer of emulated_device_arm()
 * @iso: its isochronous endpoints; NULL if it has none
 * @after_reset: what the device is once its port was reset; NULL: the same
 *
 * All but name, product, describe and start may be NULL.
 */
struct emulated_kind {
	const char *name;
	const char *argument;
	bool argument_needed;
	struct emulated_identity identity;
	const char *product;
	const char *const *strings;
	enum suburb_speed speed;
	size_t state_size;
	int (*create)(struct emulated_device *d, const char *argument, char *error, size_t size);
	void (*destroy)(struct emulated_device *d);
	void (*describe)(struct emulated_device *d, struct emulated_descriptors *out,
			 enum suburb_speed speed);
	void (*reset)(struct emulated_device *d);
	void (*start)(struct emulated_device *d, uint8_t interface);
	int (*control)(struct emulated_device *d, struct emulated_control *control);
	void (*polled)(struct emulated_device *d, uint8_t address, bool waiting);
	void (*halt_cleared)(struct emulated_device *d, uint8_t address);
	void (*expired)(struct emulated_device *d);
	const struct emulated_iso_function *iso;
	const struct emulated_kind *after_reset;
};

/**
 * struct emulated_device
 * @run: called by the loop after emulated_device_wake(). This and what follows
 *	up to @last_change is the owner's
 * @refs: the owner, each handle on the loop, each I/O under way
 * @other: the configuration at the other speed, length 0 if there is none
 * @endpoints: by number, those of IN from 16 on. [0] is endpoint 0, both ways
 * @finished: transfers that wait for their done()
 */
struct emulated_device {
	struct backend_device backend;
	const struct emulated_kind *kind;
	void *state;
	void (*run)(struct emulated_device *d);
	void *owner;
	struct emulated_device *next; /* the owner's list */
	bool open;
	bool arriving; /* not yet announced */
	bool leaving; /* gone, and not yet said so */
	bool gone;
	bool changing; /* on the way to be kind->after_reset */
	struct backend_change *first_change; /* linked through priv */
	struct backend_change *last_change;
	unsigned int refs;
	char serial[32];

	uv_loop_t *loop;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_timer_t frames; /* wakes for the next isochronous transfer */

	struct emulated_descriptors configuration;
	struct emulated_descriptors other;
	uint8_t configured; /* bConfigurationValue, 0 if not */
	uint8_t alternates[EMULATED_INTERFACES];
	bool remote_wakeup;
	struct emulated_endpoint endpoints[32];
	struct emulated_transfers finished;
};

/* --- life ----------------------------------------------------------------- */

/**
 * emulated_device_new - a device, configured, not yet on a loop
 * @busid: its name
 * @busnum: on which imaginary bus
 * @devnum: where there
 * @argument: for the kind's create(), or NULL
 * @error: filled with one line when NULL is returned
 */
struct emulated_device *emulated_device_new(const struct emulated_kind *kind, const char *busid,
					    uint16_t busnum, uint16_t devnum, const char *argument,
					    char *error, size_t size);
void emulated_device_start(struct emulated_device *d, uv_loop_t *loop);
/* Closes the handles; each holds a reference until the loop has let go. */
void emulated_device_stop(struct emulated_device *d);
void emulated_device_get(struct emulated_device *d);
void emulated_device_put(struct emulated_device *d);

/* --- for functions -------------------------------------------------------- */

/* Queues on an endpoint of the active settings; elsewhere it is forgotten. */
void emulated_device_queue(struct emulated_device *d, uint8_t address,
			   struct emulated_request *request);
/* Forgets what is queued there, as a flush does; the host's transfers stay. */
void emulated_device_forget(struct emulated_device *d, uint8_t address);
void emulated_device_halt(struct emulated_device *d, uint8_t address);
/* Lets expired() be called once, after so long; replaces an earlier one. */
void emulated_device_arm(struct emulated_device *d, unsigned int ms);
void emulated_device_disarm(struct emulated_device *d);

/* --- for those who drive it ----------------------------------------------- */

/* Have run() called from the loop soon. */
void emulated_device_wake(struct emulated_device *d);
/* NULL if @address is not an endpoint of the active settings. */
struct emulated_endpoint *emulated_device_endpoint(struct emulated_device *d, uint8_t address);
/* Let data endpoints move, and the function take part, until all is still. */
void emulated_device_move(struct emulated_device *d);
void emulated_device_flush(struct emulated_device *d, int32_t status);

/* State changes: 0, or -SUBURB_EPIPE as the device would stall. */
int emulated_device_configure(struct emulated_device *d, uint8_t value);
int emulated_device_set_interface(struct emulated_device *d, uint8_t interface, uint8_t alternate);
int emulated_device_clear_halt(struct emulated_device *d, uint8_t address);
/* Allocates or frees; every endpoint is there. -SUBURB_EINVAL: one is not. */
int emulated_device_set_streams(struct emulated_device *d, const uint8_t *endpoints,
				unsigned int count, uint32_t streams);
/* As after a reset by a port whose kernel configures it again. */
void emulated_device_reset(struct emulated_device *d);

#endif
