/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: one importer's use of one device, from the moment it asks for the
 * device until the device is given back.
 *
 * A session is not a connection. It takes bytes and gives bytes, and knows
 * nothing of sockets: who carries them, and how, is its owner's affair.
 *
 *   session_new()    -> ops->opened()   the device is his, or not
 *   session_input()                     what the importer sent
 *   ops->output()    -> session_output(), session_written()
 *   ops->left()                         unplugged: write what is owed, then
 *                                       session_stop()
 *   session_stop()   -> ops->ended()    the device is given back
 */
#ifndef EXPORTER_SESSION_H
#define EXPORTER_SESSION_H

#include "limits.h"
#include "pipeline.h"

struct session;

/**
 * struct session_ops - what a session tells its owner
 * @opened: what session_new() left open: 0, or a negative SUBURB_E*; then only
 *	session_stop() is left to do
 * @output: there is something to write, where there was nothing
 * @left: the device has left, and all replies are made
 * @starved: call session_retry() in a while, once. May be NULL
 * @ended: what session_stop() left open: the device is given back, and the
 *	session freed
 *
 * @output, @left and @starved may be called from within calls to the session.
 */
struct session_ops {
	void (*opened)(void *owner, int status);
	void (*output)(void *owner);
	void (*left)(void *owner);
	void (*starved)(void *owner);
	void (*ended)(void *owner);
};

#define SESSION_LATER 1

/**
 * session_new - begin one
 *
 * Returns 0 if it can go on at once, SESSION_LATER if ops->opened() will tell,
 * or a negative SUBURB_E* and no session: -SUBURB_EBUSY if somebody else has
 * the device. The device is already taken when this returns.
 */
int session_new(struct session **result, struct device *device, const struct limits *limits,
		const struct session_ops *ops, void *owner);

/* What was agreed with the importer: SUBURB_WIRE_FEATURE_*. Before any input. */
void session_agree(struct session *session, uint32_t features);

/**
 * session_input - bytes from the importer
 * @violation: filled if this is no USB/IP
 *
 * Takes all of them. Returns 0, or -SUBURB_EPROTO: the bytes after this can
 * have no meaning, end the session; or -SUBURB_EILSEQ: likewise, for they were
 * damaged on the way: a digest is wrong.
 */
int session_input(struct session *session, const void *bytes, size_t size,
		  struct suburb_violation *violation);

/**
 * session_space - where the next bytes may be put without a copy
 *
 * An empty iovec if they shall go through session_input(). Otherwise read up
 * to its length into it, then call session_filled() before anything else.
 */
struct iovec session_space(const struct session *session);
void session_filled(struct session *session, size_t size);

/* False while the importer reads so few replies that no more can be made. */
bool session_wants_input(const struct session *session);

/* What to write next, up to @max pieces; valid until session_written(). */
int session_output(struct session *session, struct iovec *iov, int max);
void session_written(struct session *session, size_t size);

/* There may be memory for transfers again. */
void session_retry(struct session *session);

/**
 * session_stop - end it
 *
 * Nothing that it gave to session_output() is used afterwards. The device is
 * given back once its transfers are cancelled. Returns 0 if all that is done
 * and the session freed, or SESSION_LATER if ops->ended() will tell.
 */
int session_stop(struct session *session);

#endif
