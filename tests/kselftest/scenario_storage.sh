#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_storage - QEMU's disk through Suburb: 64 MiB written, read back through
# Suburb, and read at the exporter by its own driver after detaching.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

mib=${SUBURB_STORAGE_MIB:-64}
disk=(idVendor=46f4 idProduct=0001)

need_qemu
begin
busid=$(exporter_usb usb_find local 10 "${disk[@]}") || skip_all "the exporter has no QEMU disk"
exporter_start --export "$busid"

device=$(attach_as "${disk[@]}")
check "storage: attached" [ -n "$device" ]
check "storage: usb-storage is its driver" [ "$(usb_driver "$device" 0)" = usb-storage ]
check "storage: $mib MiB written" use_storage_write "$device" "$mib"
check "storage: read back, sha256 is equal" use_storage_read "$device" "$mib"
check "storage: detached" suburb detach all
check "storage: gone from the importer" wait_until 5 usb_gone "$device"
check "storage: the exporter's own driver has the same bytes" use_storage_at_exporter "$busid" "$mib"
finish
