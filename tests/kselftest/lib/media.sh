# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# media.sh - sound and pictures through an attached device, judged by the
# program media; and a link with a delay. For the scenarios of both. Needs
# scenario.sh.
#
# DEVICE is the importer's name of it. Each returns 0 if all was right and says
# what was wrong otherwise.
#
#   SUBURB_MEDIA_CLIENT=vhci   attach with mainline's usbip instead of suburb
#   SUBURB_AUDIO_BUFFER_MS     of aplay and arecord (default 4000). Theirs is 500, and
#                              the kernel gives up (EIO) if nothing moves for 550 ms: a
#                              guest on a busy machine stands still for longer

rate=48000

# --- link --------------------------------------------------------------------

# MS each way. Over loopback both ways leave by the same interface.
link_delay() { # MS
	local line="tc qdisc replace dev eth0 root netem delay $1ms limit 10000"

	if [ -z "${AT_EXPORTER:-}" ]; then
		bash -c "${line/eth0/lo}"
	else
		bash -c "$line" && at_exporter "$line"
	fi
}

link_restore() {
	if [ -z "${AT_EXPORTER:-}" ]; then
		tc qdisc del dev lo root
	else
		tc qdisc del dev eth0 root && at_exporter "tc qdisc del dev eth0 root"
	fi
} 2>/dev/null

# --- either client -----------------------------------------------------------

# BUSID with these attributes; prints its name here.
media_attach() { # BUSID ATTR=VALUE...
	local where=remote

	if [ "${SUBURB_MEDIA_CLIENT:-}" = vhci ]; then
		where=vhci
		modprobe vhci-hcd && usbip attach -r "$EXPORTER" -b "$1" || return
	else
		attach "$1" >/dev/null || return
	fi
	usb_find "$where" 20 "${@:2}"
}

media_detach() {
	if [ "${SUBURB_MEDIA_CLIENT:-}" = vhci ]; then
		usbip detach -p "$(usbip port 2>/dev/null |
			sed -n 's/^Port \([0-9]*\): <Port in Use>.*/\1/p')"
	else
		suburb detach all
	fi
}

# --- sound -------------------------------------------------------------------

driven_by() { # DEVICE INTERFACE DRIVER
	[ "$(usb_driver "$1" "$2")" = "$3" ]
}

# "hw:N,0" once it is there
sound_card() { # DEVICE
	local card

	card=$(usb_card "$1" 20) || return
	wait_until 10 [ -c "/dev/snd/pcmC${card#card}D0p" ] && echo "hw:${card#card},0"
}

# Samples as they are, and an xrun is an error.
sound_format=(-q -t raw -f S16_LE -r "$rate" -c 2 --fatal-errors
	--buffer-time=$((${SUBURB_AUDIO_BUFFER_MS:-4000} * 1000)) --period-time=50000)

# Begins when 0.2 s are there.
sound_play() { # CARD FILE
	aplay -D "$1" "${sound_format[@]}" --start-delay=200000 "$2"
}

no_xrun() { # FILE...
	! grep -hi 'run!!!\|error' "$@"
}

# Noise of SECONDS in a file, with SECONDS of silence behind it.
sound_make() { # FILE SECONDS SILENCE
	{ media sound $((rate * $2)) && head -c $((rate * 4 * $3)) /dev/zero; } >"$1"
}

# Plays, and records from before it begins until after its end.
sound_play_and_record() { # CARD FILE RECORDING SECONDS
	local pid status start

	start=$(uptime_ms)
	arecord -D "$1" "${sound_format[@]}" -d $(($4 + 3)) "$3" 2>/tmp/arecord.err &
	pid=$!
	wait_until 10 [ -s "$3" ]
	sound_play "$1" "$2" 2>/tmp/aplay.err
	status=$?
	wait "$pid" || status=$?
	echo "recorded $(($4 + 3)) s in $(($(uptime_ms) - start)) ms"
	cat /tmp/aplay.err /tmp/arecord.err
	[ "$status" = 0 ] && no_xrun /tmp/aplay.err /tmp/arecord.err
}

# What is played is recorded, every sample once and in its place.
use_sound() { # DEVICE SECONDS
	local card

	card=$(sound_card "$1") || return
	rm -f /tmp/recorded
	sound_make /tmp/played "$2" 0
	sound_play_and_record "$card" /tmp/played /tmp/recorded "$2" >/tmp/media.out
	set -- $? "$2"
	cat /tmp/media.out
	[ "$1" = 0 ] || return
	media heard $((rate * $2)) </tmp/recorded | tee -a /tmp/media.out
	return "${PIPESTATUS[0]}"
}

# --- QEMU's sound card ------------------------------------------------------

# Full volume: QEMU applies it to what it writes, and begins at 94 %.
full_volume() { # CARD
	amixer -q -D "${1%,*}" sset "$(amixer -D "${1%,*}" scontrols | sed -n "s/^.* '\(.*\)',0$/\1/p")" 100% unmute
}

# QEMU's card writes what it is given to a file, of which the exporter's guest has
# a copy in a port.
qemu_plays() { # DEVICE SECONDS
	local card before bytes=$((rate * 4 * ($2 + 1)))

	card=$(sound_card "$1") && full_volume "$card" || return
	before=$(qemu_at_rest)
	((before >= 44)) || before=44 # the file's header
	sound_make /tmp/played "$2" 2
	sound_play "$card" /tmp/played 2>/tmp/aplay.err
	cat /tmp/aplay.err
	no_xrun /tmp/aplay.err || return
	wait_until 20 qemu_has $((before + bytes))
	qemu_heard "$before" $((rate * $2))
}

# How much there is, once nothing comes any more of what was played before
qemu_at_rest() {
	at_exporter 'size=
		for ((i = 0; i < 20; i++)); do
			now=$(stat -c %s /run/audio.wav)
			[ "$now" != "$size" ] || break
			size=$now
			sleep 1
		done
		echo "$now"'
}

qemu_has() { # BYTES
	[ "$(at_exporter 'stat -c %s /run/audio.wav')" -ge "$1" ]
}

qemu_heard() { # BEHIND FRAMES
	at_exporter "PATH=$PATH; tail -c +$(($1 + 1)) /run/audio.wav | media heard $2" |
		tee /tmp/media.out
	grep -q "^$2 frames of $2, 0 jumps, 0 gaps" /tmp/media.out
}

# Its port opens once, and is emptied from then on.
qemu_listen() {
	at_exporter '[ -e /dev/virtio-ports/suburb.audio ] || exit 1
		[ -e /run/audio.pid ] && exit 0
		cat /dev/virtio-ports/suburb.audio >/run/audio.wav &
		echo $! >/run/audio.pid'
}

# --- pictures ----------------------------------------------------------------

# Of the two nodes of a camera the first has the pictures.
camera_node() { # DEVICE
	local name

	name=$(usb_video "$1" 20) || return
	wait_until 10 [ -c "/dev/$name" ] && echo "/dev/$name"
}

# COUNT pictures, each as the camera made it.
use_camera() { # DEVICE WIDTH HEIGHT COUNT
	local node

	node=$(camera_node "$1") || return
	rm -f /tmp/pictures
	timeout $(($4 + 30)) v4l2-ctl -d "$node" \
		--set-fmt-video="width=$2,height=$3,pixelformat=YUYV" \
		--stream-mmap=8 --stream-count="$4" --stream-to=/tmp/pictures >/dev/null || return
	media seen "$2" "$3" </tmp/pictures | tee /tmp/media.out
	grep -q "^$4 pictures intact, 0 wrong" /tmp/media.out
}
