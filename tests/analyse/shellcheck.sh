#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck.sh - are all scripts sound, with what they source? TAP

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"
# shellcheck source-path=SCRIPTDIR source=../files.sh
. tests/files.sh

unsound() { shellcheck -x -P SCRIPTDIR "$@"; }
depends() { printf '%s\n' "$1" "${libraries[@]}"; }

mapfile -t scripts < <(script_files)
mapfile -t libraries < <(grep -l '^# shellcheck shell=' -- "${scripts[@]}")
settings=$(shellcheck --version)
batch=15

check "is shown a script that goes on without its folder and says so" alive SC2164 unsound <<'END'
#!/bin/sh
cd /tmp
END
check "is content with ${#scripts[@]} scripts" judge unsound "${scripts[@]}"
tap_done
