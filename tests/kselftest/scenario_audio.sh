#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_audio - sound cards through Suburb, sample by sample:
#
#   suburbd's own, which records what it plays, with a link of 0 and of 2 ms
#   more round trip; aplay and arecord must not see an xrun
#   QEMU's usb-audio, where what it gave to its sound system is looked at
#
#   SUBURB_AUDIO_SECONDS   how long each plays (default 3; make check-media: 60)

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/media.sh"

seconds=${SUBURB_AUDIO_SECONDS:-3}
qemu_card=product="QEMU USB Audio"

# Of what was found, in the log of a run that is right too.
found() { # NAME DEVICE
	check "$1: every sample comes back, no xrun" use_sound "$2" "$seconds"
	note "$1: $(grep -E '^(recorded|[0-9]+ frames of)' /tmp/media.out | paste -sd' ')"
}

emulated_card() {
	local device

	check "suburbd with a sound card" exporter_start --emulate sound
	device=$(media_attach 99-1 idVendor=1209 idProduct=0006)
	check "sound card: attached" [ -n "$device" ] || return
	check "sound card: snd-usb-audio has it" wait_until 10 driven_by "$device" 1 snd-usb-audio
	found "sound card" "$device"
	link_delay 1 && found "sound card, 2 ms" "$device"
	link_restore
	check "sound card: detached" media_detach
}

qemu_audio() {
	local busid device

	busid=$(exporter_usb usb_find local 5 "$qemu_card") || return
	check "QEMU's sound card: exported" exporter_start --export "$busid"
	device=$(media_attach "$busid" "$qemu_card")
	check "QEMU's sound card: attached" [ -n "$device" ] || return
	check "QEMU's sound card: every sample gets there, no xrun" qemu_plays "$device" "$seconds"
	note "QEMU's sound card: $(tail -n 1 /tmp/media.out)"
	check "QEMU's sound card: detached" media_detach
}

[ "${SUBURB_MEDIA_CLIENT:-}" = vhci ] || begin
command -v aplay >/dev/null || skip_all "aplay is not installed"
modprobe -n snd-usb-audio 2>/dev/null || skip_all "this kernel has no snd-usb-audio"
emulated_card
if qemu_listen; then
	qemu_audio
else
	skip "QEMU's sound card" "not there (run.sh --usb audio)"
fi
finish
