# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# judge.sh - what became of a VM, from the files that it left: for run.sh.
#
# A run is good only if the guest wrote so to its result port. Nothing else is
# believed: a hang, a panic and an early end all leave that file empty.

bad_log='WARNING:|BUG:|Oops|Call Trace|Kernel panic|blocked for more than|possible circular locking|inconsistent lock state|possible recursive locking|rcu: INFO: |suspicious RCU usage|refcount_t:|BUG [^ ]+ \((Not t|T)ainted|ODEBUG:|INFO: lockdep is turned off|INFO: trying to register|UBSAN|KASAN|KFENCE|kmemleak: [0-9]+ new|general protection fault|unable to handle|list_(add|del) corruption|scheduling while atomic'

# vm_verdict DIR: print nothing if the VM ended well, else the reason in a line.
# Sets vm_skipped when the script asked to be skipped (exit status 4).
vm_verdict() {
	local result found

	result=$(cat "$1/result" 2>/dev/null)
	found=$(grep -hE "$bad_log" "$1/console" "$1/dmesg" 2>/dev/null | head -n 1 | tr -d '\r')
	if [ -n "$found" ]; then
		echo "kernel log: $found"
		return
	fi
	case $result in
	'exit 0' | 'exit 4') ;;
	'exit stuck') echo 'processes of the script cannot be killed' ;;
	'exit '*) echo "the script ended with status ${result#exit }" ;;
	*) echo 'the guest ended without a result' ;;
	esac
}

# The first thing wrong with what is around it, or else the end of the log.
show_log() { # DIR
	local log

	for log in "$1/console" "$1/dmesg"; do
		if grep -qE "$bad_log" "$log" 2>/dev/null; then
			grep -m 1 -B 5 -A 40 -E "$bad_log" "$log" | tr -d '\r'
			return
		fi
	done
	tail -n 15 "$1/console" 2>/dev/null | tr -d '\r'
	cat "$1/qemu"
}

# write_tap NAME VERDICT FILE OUTPUT...: gather the test lines that scripts
# printed into one TAP file, numbered anew, and add one line for the run itself.
write_tap() {
	local name=$1 verdict=$2 file=$3

	shift 3
	cat "$@" 2>/dev/null | tr -d '\r' | awk -v name="$name" -v verdict="$verdict" '
		BEGIN { print "TAP version 13" }
		/^1\.\.[0-9]+/ { planned += substr($1, 4); plans++; next }
		/^(not )?ok( |$)/ {
			state = sub(/^not ok */, "") ? "not ok" : (sub(/^ok */, "") ? "ok" : "")
			sub(/^[0-9]+ */, ""); sub(/^- */, "")
			print state " " ++count " - " name ": " $0
			next
		}
		/^Bail out!/ { bailed = $0 }
		/^#/ { print }
		END {
			if (verdict == "" && plans && planned != count)
				verdict = "planned " planned " tests, ran " count + 0
			if (verdict == "" && bailed)
				verdict = bailed
			if (verdict == "")
				print "ok " ++count " - " name ": ended well, kernel log is clean"
			else if (verdict == "skipped")
				print "ok " ++count " - " name " # SKIP the script says so"
			else
				print "not ok " ++count " - " name ": " verdict
			print "1.." count
		}' >"$file.new"
	mv "$file.new" "$file"
}
