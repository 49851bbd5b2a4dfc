# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.mk - the targets of tests/vm, included by the top Makefile.
#
#   make vm-image           build the guest image if it is missing or out of date
#   make vm-shell           a shell in a VM with everything installed
#   make vm-shell TWO=1     two VMs, the shell in the importer
#   make vm-shell USB=kbd,storage   with these QEMU USB devices
#
# Products that are not built are not in the VM: a broken module must not keep
# anyone from a shell.

.PHONY: vm-image vm-shell

vm-image:
	tests/vm/image.sh

vm-shell:
	BUILD=$(BUILD) tests/vm/run.sh --shell $(if $(TWO),--two) $(if $(USB),--usb $(USB))

include tests/vm/check.mk
