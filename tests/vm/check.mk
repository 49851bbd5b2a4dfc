# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.mk - everything that is tested in a real kernel. Included by vm.mk.
#
#   make check-vm            all of it, two boots at a time
#   make vm-kernel           the module alone: C tests against a scripted exporter
#   make vm-one              every scenario over loopback in one VM
#   make vm-two              the same scenarios over two VMs
#   make vm-one SCENARIOS='scenario_hid.sh scenario_net.sh'    only these
#   make figures             speed and latency of the local device, of mainline
#                            USB/IP and of Suburb; no test
#   make check-conformance   the kernel's usbtest, all cases, locally, through Suburb
#                            and through mainline: writes docs/CONFORMANCE.md
#   make check-interop       either end Suburb's or mainline's, every class of
#                            device: writes docs/INTEROP.md
#   make check-media         sound and pictures, long: 60 s and 10 s each, both ways
#
# Each leaves $(RESULTS)/vm-NAME.tap and, beside it, the logs of its VMs.

KSELFTESTS := $(basename $(notdir $(wildcard tests/kselftest/suburb_*.c)))

# What says no more in the other place runs in one: over loopback, which is quicker,
# or over two VMs where the link matters. scenario_unplug leaves an empty disk.
scenarios   = $(1:%=scenario_%.sh)
ONLY_ONE   := $(call scenarios,audio errors links state uas usbmon usbtest video)
ONLY_TWO   := $(call scenarios,digest suspend)
LAST       := $(call scenarios,unplug)
SCENARIOS  := $(filter-out $(LAST),$(notdir $(wildcard tests/kselftest/scenario_*.sh))) $(LAST)
chosen      = $(if $(filter command,$(origin SCENARIOS)),$(SCENARIOS),$(filter-out $(1),$(SCENARIOS)))
VM_USB     := storage,uas,kbd,mouse,tablet,serial,net,ccid,audio
VM_LAYERS  := vm-two vm-one vm-kernel vm-selftest

VM_RUN = BUILD=$(BUILD) tests/vm/run.sh --quiet --payload $(BUILD)/kselftest:build/kselftest

.PHONY: check-vm vm-kernel vm-one vm-two vm-ready figures kselftest check-conformance check-interop
.PHONY: check-media vm-media-one vm-media-two

check-vm: vm-ready ## all that needs a real kernel, in VMs
	@rm -f $(VM_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE) -k $(VM_LAYERS) || :
	@tests/sum.sh $(RESULTS) $(VM_LAYERS)

vm-kernel: vm-ready
	$(VM_RUN) --name kernel --timeout 900 -c 'tests/vm/suite.sh $(KSELFTESTS)'

vm-one: vm-ready
	$(VM_RUN) --name one --timeout 1800 --usb $(VM_USB) -c 'tests/vm/suite.sh $(call chosen,$(ONLY_TWO))'

vm-two: vm-ready
	$(VM_RUN) --name two --timeout 1800 --two --usb $(VM_USB) -c 'tests/vm/suite.sh $(call chosen,$(ONLY_ONE))'

# Once before the boots start side by side. The module is for the guest's kernel,
# which need not be the one that runs here.
vm-ready: all kselftest
	@$(MAKE) -s module test-module KDIR=/usr/src/linux-headers-$$(tests/vm/image.sh --release)
	@tests/vm/image.sh >/dev/null

kselftest:
	@$(MAKE) -s -C tests/kselftest BUILD=$(abspath $(BUILD))

# Built beside the programs that load it: the source stays clean.
.PHONY: test-module
test-module:
	@mkdir -p $(BUILD)/kselftest/urbs
	@cp -u tests/kselftest/urbs/* $(BUILD)/kselftest/urbs/
	@$(MAKE) -C $(KDIR) M=$(abspath $(BUILD))/kselftest/urbs W=1 modules
	@cp -u $(BUILD)/kselftest/urbs/suburb_urbs.ko $(BUILD)/kselftest/

figures: vm-ready
	@BUILD=$(BUILD) tests/vm/figures.sh

# Both print their table, and then what of it was a failure.
check-conformance: vm-ready ## the kernel's conformance tests; writes docs/CONFORMANCE.md (20 minutes)
	@BUILD=$(BUILD) TEST_TIMEOUT=7200 tests/run.sh $(RESULTS)/conformance.tap tests/vm/conformance.sh || :
	@cat $(BUILD)/conformance/table.md
	@tests/sum.sh $(RESULTS) conformance

check-interop: vm-ready ## with mainline at either end; writes docs/INTEROP.md (5 minutes)
	@BUILD=$(BUILD) TEST_TIMEOUT=2400 tests/run.sh $(RESULTS)/interop.tap tests/vm/interop.sh || :
	@cat docs/INTEROP.md
	@tests/sum.sh $(RESULTS) interop

# The two scenarios as in check-vm, at the length that was asked for.
MEDIA = SUBURB_AUDIO_SECONDS=60 SUBURB_VIDEO_SECONDS=10 tests/vm/suite.sh scenario_audio.sh scenario_video.sh

check-media: vm-ready ## sound of 60 s and pictures of 10 s, sample by sample (10 minutes)
	@rm -f $(RESULTS)/vm-media-*.tap
	@+$(MAKE) --no-print-directory -k vm-media-one vm-media-two || :
	@tests/sum.sh $(RESULTS) vm-media-one vm-media-two

vm-media-one: vm-ready
	$(VM_RUN) --name media-one --timeout 900 --usb audio -c '$(MEDIA)'

vm-media-two: vm-ready
	$(VM_RUN) --name media-two --timeout 900 --two --usb audio -c '$(MEDIA)'
