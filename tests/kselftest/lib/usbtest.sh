# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usbtest.sh - the cases of the kernel's driver usbtest, one at a time, by its
# program testusb; to be sourced. What runs them: scenario_usbtest.sh, a few
# through Suburb, and tests/vm/conformance-guest.sh, all of them every way.
#
# A case that hangs is the point of some of them. testusb cannot be killed then,
# so it runs in the background and is left behind.

# CASE|ARGUMENTS OF TESTUSB|WHAT IT DOES. -c is how often, -s the length, -g how
# many at once, -v by how much the length grows from one transfer to the next.
# Lengths are multiples of a packet where the source sends nothing else, or where a
# scatter list may have nothing else on dummy_hcd.
usbtest_cases='0|-c 1|nothing
1|-c 500 -s 1024|bulk OUT
2|-c 500 -s 1024|bulk IN
3|-c 500 -s 1024 -v 421|bulk OUT, lengths vary
4|-c 500 -s 8192 -v 1024|bulk IN, lengths vary
5|-c 500 -s 1024 -g 32|bulk OUT, scatter-gather
6|-c 500 -s 1024 -g 32|bulk IN, scatter-gather
7|-c 200 -s 8192 -g 16 -v 1024|bulk OUT, scatter-gather, lengths vary
8|-c 200 -s 8192 -g 16 -v 1024|bulk IN, scatter-gather, lengths vary
9|-c 100|control: chapter 9 of the specification
10|-c 100 -g 32|control: a queue, with stalls and short answers
11|-c 300 -s 1024|unlink bulk IN
12|-c 300 -s 1024|unlink bulk OUT
13|-c 100 -s 1024|set halt, see it, clear halt
14|-c 500 -s 256 -v 1|control OUT, read back
15|-c 100 -s 4096 -g 8|isochronous OUT
16|-c 100 -s 4096 -g 8|isochronous IN
17|-c 500 -s 1024|bulk OUT, odd address
18|-c 500 -s 1024|bulk IN, odd address
19|-c 500 -s 1024|bulk OUT, odd address, mapped by the driver
20|-c 500 -s 1024|bulk IN, odd address, mapped by the driver
21|-c 500 -s 256 -v 1|control OUT, odd address, read back
22|-c 100 -s 4096 -g 8|isochronous OUT, odd address
23|-c 100 -s 4096 -g 8|isochronous IN, odd address
24|-c 200 -s 1024 -g 32|unlink two of a queue of bulk OUT
25|-c 500 -s 64|interrupt OUT
26|-c 500 -s 64|interrupt IN
27|-c 500 -s 1024 -g 32|bulk OUT, as fast as it goes
28|-c 500 -s 1024 -g 32|bulk IN, as fast as it goes
29|-c 200 -s 1024|clear the toggle between bulk OUT'

usbtest_field() { # CASE FIELD
	local number arguments what

	while IFS='|' read -r number arguments what; do
		[ "$number" = "$1" ] || continue
		case $2 in
		arguments) echo "$arguments" ;;
		what) echo "$what" ;;
		esac
	done <<<"$usbtest_cases"
}

# The device whose interface 0 usbtest has, once it has.
usbtest_bound() { # DEVICE
	[ "$(usb_driver "$1" 0)" = usbtest ]
}

# usbtest_run NODE CASE [SECONDS [PART]]: prints how it went:
#
#   pass SECONDS      fail ERROR      apply    the device has not what it takes
#   hang              it did not end within SECONDS (60), and is still at it
#
# PART: do every transfer so many times less often (1).
usbtest_run() {
	local node=$1 number=$2 limit=${3:-60} part=${4:-1} words pid end

	read -ra words <<<"$(usbtest_field "$number" arguments)"
	words[1]=$(((words[1] + part - 1) / part))
	testusb -D "$node" -t "$number" "${words[@]}" >/tmp/testusb.out 2>/tmp/testusb.err </dev/null &
	pid=$!
	end=$((SECONDS + limit))
	while kill -0 "$pid" 2>/dev/null; do
		if ((SECONDS >= end)); then
			kill -KILL "$pid"
			echo hang
			return
		fi
		sleep 0.1
	done
	usbtest_result
}

# testusb ends with status 0 whatever happened, and prints nothing for a case
# that does not apply: but then it has told the device's speed.
usbtest_result() {
	local line

	read -r line </tmp/testusb.out
	case $line in
	*', '*' secs') line=${line##*, } && echo "pass ${line% secs}" ;;
	*' --> '*) echo "fail ${line##* --> }" ;;
	*)
		if grep -q ' speed' /tmp/testusb.err; then
			echo apply
		else
			echo "fail $(head -n 1 /tmp/testusb.err)"
		fi
		;;
	esac
}
