#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_video - a camera through Suburb, picture by picture: suburbd's own,
# whose pictures have a number and a check in them, read by v4l2-ctl, with a
# link of 0 and of 2 ms more round trip.
#
#   SUBURB_VIDEO_SECONDS   how long each is looked at (default 3; make check-media: 10)

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/media.sh"

seconds=${SUBURB_VIDEO_SECONDS:-3}

found() { # NAME DEVICE WIDTH HEIGHT COUNT
	check "$1: $5 pictures of $3x$4, each intact" use_camera "${@:2}"
	note "$1, $3x$4: $(tail -n 1 /tmp/media.out)"
}

[ "${SUBURB_MEDIA_CLIENT:-}" = vhci ] || begin
command -v v4l2-ctl >/dev/null || skip_all "v4l2-ctl is not installed"
modprobe -n uvcvideo 2>/dev/null || skip_all "this kernel has no uvcvideo"
check "suburbd with a camera" exporter_start --emulate camera
device=$(media_attach 99-1 idVendor=1209 idProduct=0007)
if check "camera: attached" [ -n "$device" ]; then
	check "camera: uvcvideo has it" wait_until 10 driven_by "$device" 1 uvcvideo
	found "camera" "$device" 160 120 $((15 * seconds))
	found "camera" "$device" 320 240 $((5 * seconds))
	link_delay 1 && found "camera, 2 ms" "$device" 160 120 $((15 * seconds))
	link_restore
	check "camera: detached" media_detach
fi
finish
