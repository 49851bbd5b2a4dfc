# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.mk - the targets of tests/vm, included by the top Makefile.
#
#   make vm-image           build the guest image if it is missing or out of date
#   make vm-shell           a shell in a VM with everything installed
#   make vm-shell TWO=1     two VMs, the shell in the importer
#   make vm-shell USB=kbd,storage   with these QEMU USB devices
#   make vm-selftest        does the runner notice what it must?
#
# Products that are not built are not in the VM: a broken module must not keep
# anyone from a shell.

.PHONY: vm-image vm-shell vm-selftest

vm-image: ## build the guest image of the VM tests
	tests/vm/image.sh

vm-shell: ## a shell in a VM with everything installed (TWO=1: a pair; USB=kbd,storage,...)
	BUILD=$(BUILD) tests/vm/run.sh --shell $(if $(TWO),--two) $(if $(USB),--usb $(USB))

vm-selftest: vm-image
	@TEST_TIMEOUT=900 tests/run.sh $(RESULTS)/vm-selftest.tap tests/vm/selftest.sh

include tests/vm/check.mk
include tests/bench/bench.mk
