/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the descriptors of an emulated device: a configuration is told as
 * interfaces and endpoints in their order, and lengths, counts, packet sizes
 * and intervals come out right for the speed it is told at.
 *
 * Pure: bytes in a buffer of the caller, nothing else. All fields of more than
 * one byte are little endian, written byte by byte.
 */
#ifndef EXPORTER_BACKEND_EMULATED_DESCRIPTORS_H
#define EXPORTER_BACKEND_EMULATED_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

#include <suburb/wire.h>

/* Enough for the largest configuration here, checked as it is written. */
#define EMULATED_DESCRIPTORS_SIZE 512

/**
 * struct emulated_descriptors - a configuration as it is written
 * @speed: the speed it describes
 * @length: bytes written
 * @interface: where the last interface descriptor begins; 0 for none yet
 */
struct emulated_descriptors {
	uint8_t bytes[EMULATED_DESCRIPTORS_SIZE];
	size_t length;
	size_t interface;
	enum suburb_speed speed;
};

/* What a device descriptor says beyond the speed. */
struct emulated_identity {
	uint16_t vendor;
	uint16_t product;
	uint8_t device_class;
	uint8_t device_subclass;
	uint8_t device_protocol;
};

static inline void emulated_put_le16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

static inline uint16_t emulated_get_le16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline void emulated_put_le32(uint8_t *bytes, uint32_t value)
{
	emulated_put_le16(bytes, (uint16_t)value);
	emulated_put_le16(bytes + 2, (uint16_t)(value >> 16));
}

static inline uint32_t emulated_get_le32(const uint8_t *bytes)
{
	return emulated_get_le16(bytes) | (uint32_t)emulated_get_le16(bytes + 2) << 16;
}

/* @attributes: bmAttributes without the bit that is always set. */
void emulated_describe_configuration(struct emulated_descriptors *d, enum suburb_speed speed,
				     uint8_t attributes);
/* @count interfaces from @first on, which follow, are one function. */
void emulated_describe_association(struct emulated_descriptors *d, uint8_t first, uint8_t count,
				   uint8_t class, uint8_t subclass, uint8_t protocol);
void emulated_describe_interface(struct emulated_descriptors *d, uint8_t number, uint8_t alternate,
				 uint8_t class, uint8_t subclass, uint8_t protocol, uint8_t string);
/* A descriptor of the class, as it is; or several in a row. */
void emulated_describe_raw(struct emulated_descriptors *d, const uint8_t *bytes, size_t length);
void emulated_describe_raws(struct emulated_descriptors *d, const uint8_t *bytes, size_t length);
/* The packet size is the largest that the speed allows. */
void emulated_describe_bulk(struct emulated_descriptors *d, uint8_t address);
/* The bulk endpoint just described can have 2 to the power of this many streams. */
void emulated_describe_streams(struct emulated_descriptors *d, uint8_t power);
/* @interval_ms: a power of two. */
void emulated_describe_interrupt(struct emulated_descriptors *d, uint8_t address,
				 uint16_t max_packet, unsigned int interval_ms);
/* How the two ends of an isochronous endpoint keep step: bmAttributes, 3 and 2. */
enum emulated_sync {
	EMULATED_SYNC_NONE = 0x00,
	EMULATED_SYNC_ASYNC = 0x04, /* to a clock of the device's own */
	EMULATED_SYNC_FRAMES = 0x0c, /* to the frames of the bus */
};

/* @interval_ms: a power of two. One packet in each; 1023 bytes at full speed at most. */
void emulated_describe_iso(struct emulated_descriptors *d, uint8_t address, enum emulated_sync sync,
			   uint16_t max_packet, unsigned int interval_ms);

/* Strings are 1 manufacturer, 2 product, 3 serial number. */
void emulated_describe_device(uint8_t device[18], const struct emulated_identity *identity,
			      enum suburb_speed speed);
/* The 10 bytes that a device of two speeds says of the speed it has not. */
void emulated_describe_qualifier(uint8_t qualifier[10], const uint8_t device[18],
				 enum suburb_speed other);
/* Binary device object store of a SuperSpeed device; returns its length. */
size_t emulated_describe_bos(uint8_t bos[64], enum suburb_speed speed);
/* A string descriptor from UTF-8 that is ASCII; returns its length. */
size_t emulated_describe_string(uint8_t bytes[255], const char *string);

#endif
