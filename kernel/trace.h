/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what happens to each URB, and to each remote. Numbers only: a
 * string in an event costs more, and its helper changed between kernels.
 * endpoint is a bEndpointAddress-like index: number, plus 16 for IN.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM suburb

#if !defined(_SUBURB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SUBURB_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(suburb_submit,
	TP_PROTO(u32 devid, u8 endpoint, u32 seqnum, u32 length),
	TP_ARGS(devid, endpoint, seqnum, length),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u32, seqnum)
		__field(u32, length)
		__field(u8, endpoint)
	),
	TP_fast_assign(
		__entry->devid = devid;
		__entry->seqnum = seqnum;
		__entry->length = length;
		__entry->endpoint = endpoint;
	),
	TP_printk("devid=%x ep=%u seqnum=%u length=%u", __entry->devid, __entry->endpoint,
		  __entry->seqnum, __entry->length)
);

TRACE_EVENT(suburb_reply,
	TP_PROTO(u32 devid, u8 endpoint, u32 seqnum, int status, u32 actual_length),
	TP_ARGS(devid, endpoint, seqnum, status, actual_length),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u32, seqnum)
		__field(int, status)
		__field(u32, actual_length)
		__field(u8, endpoint)
	),
	TP_fast_assign(
		__entry->devid = devid;
		__entry->seqnum = seqnum;
		__entry->status = status;
		__entry->actual_length = actual_length;
		__entry->endpoint = endpoint;
	),
	TP_printk("devid=%x ep=%u seqnum=%u status=%d actual_length=%u", __entry->devid,
		  __entry->endpoint, __entry->seqnum, __entry->status, __entry->actual_length)
);

TRACE_EVENT(suburb_unlink,
	TP_PROTO(u32 devid, u8 endpoint, u32 seqnum),
	TP_ARGS(devid, endpoint, seqnum),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u32, seqnum)
		__field(u8, endpoint)
	),
	TP_fast_assign(
		__entry->devid = devid;
		__entry->seqnum = seqnum;
		__entry->endpoint = endpoint;
	),
	TP_printk("devid=%x ep=%u seqnum=%u", __entry->devid, __entry->endpoint, __entry->seqnum)
);

TRACE_EVENT(suburb_readahead,
	TP_PROTO(u32 devid, u8 endpoint, u32 requests),
	TP_ARGS(devid, endpoint, requests),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u32, requests)
		__field(u8, endpoint)
	),
	TP_fast_assign(
		__entry->devid = devid;
		__entry->requests = requests;
		__entry->endpoint = endpoint;
	),
	TP_printk("devid=%x ep=%u requests=%u", __entry->devid, __entry->endpoint,
		  __entry->requests)
);

TRACE_EVENT(suburb_state,
	TP_PROTO(u32 port, u32 state, u32 reason),
	TP_ARGS(port, state, reason),
	TP_STRUCT__entry(
		__field(u32, port)
		__field(u32, state)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->state = state;
		__entry->reason = reason;
	),
	TP_printk("port=%u state=%u reason=%u", __entry->port, __entry->state, __entry->reason)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
