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

# Which QEMU applies to what it writes; it begins at 94 %.
full_volume() { # CARD
	amixer -q -D "${1%,*}" sset "$(amixer -D "${1%,*}" scontrols | sed -n "s/^.* '\(.*\)',0$/\1/p")" 100% unmute
}

# QEMU's card writes what it is given to a file, of which the exporter's guest has
# a copy in a port.
qemu_plays() { # DEVICE
	local card before bytes=$((rate * 4 * (seconds + 1)))

	card=$(sound_card "$1") && full_volume "$card" || return
	before=$(at_exporter 'stat -c %s /run/audio.wav')
	((before >= 44)) || before=44 # the file's header
	sound_make /tmp/played "$seconds" 2
	aplay -D "$card" "${sound_format[@]}" /tmp/played 2>/tmp/aplay.err
	cat /tmp/aplay.err
	no_xrun /tmp/aplay.err || return
	wait_until 20 qemu_has $((before + bytes))
	qemu_heard "$before"
}

qemu_has() { # BYTES
	[ "$(at_exporter 'stat -c %s /run/audio.wav')" -ge "$1" ]
}

qemu_heard() { # BEHIND
	at_exporter "PATH=$PATH; tail -c +$(($1 + 1)) /run/audio.wav | media heard $((rate * seconds))" |
		tee /tmp/media.out
	grep -q "^$((rate * seconds)) frames of $((rate * seconds)), 0 jumps, 0 gaps" /tmp/media.out
}

# Its port opens once, and is emptied from then on.
qemu_listen() {
	at_exporter '[ -e /dev/virtio-ports/suburb.audio ] || exit 1
		[ -e /run/audio.pid ] && exit 0
		cat /dev/virtio-ports/suburb.audio >/run/audio.wav &
		echo $! >/run/audio.pid'
}

qemu_audio() {
	local busid device

	busid=$(exporter_usb usb_find local 5 "$qemu_card") || return
	check "QEMU's sound card: exported" exporter_start --export "$busid"
	device=$(media_attach "$busid" "$qemu_card")
	check "QEMU's sound card: attached" [ -n "$device" ] || return
	check "QEMU's sound card: every sample gets there, no xrun" qemu_plays "$device"
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
