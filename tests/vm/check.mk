# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.mk - everything that is tested in a real kernel. Included by vm.mk.
#
#   make check-vm            all of it, two boots at a time
#   make vm-kernel           the module alone: C tests against a scripted exporter
#   make vm-one              every scenario over loopback in one VM
#   make vm-two              the same scenarios over two VMs
#   make vm-one SCENARIOS='scenario_hid.sh scenario_net.sh'    only these
#   make KERNEL=debug vm-one    on another kernel (kernel.sh): debug or rt; its results
#                            are vm-debug-one and so on
#   make check-debug         all of it on a kernel full of checkers (DEBUG_KERNEL=PATH:
#                            one that was built elsewhere)
#   make check-rt            all of it on Debian's PREEMPT_RT kernel
#   make check-conformance   the kernel's usbtest, all cases, locally, through Suburb
#                            and through mainline: writes docs/CONFORMANCE.md
#   make check-interop       either end Suburb's or mainline's, every class of
#                            device: writes docs/INTEROP.md
#   make check-network       broken networks: loss, jitter, silence, resets, machines that
#                            stand still or are reset (15 minutes)
#   make check-soak          2,000 times attached and detached, 100 devices at once, and
#                            everything racing for 30 minutes (CYCLES=, DEVICES=, RACE_SECS=)
#   make check-media         sound and pictures, long: 60 s and 10 s each, both ways
#   make check-sandbox       suburbd.service: no privilege, its sandbox, devices given by udev
#
# Each leaves $(RESULTS)/vm-NAME.tap and, beside it, the logs of its VMs.

# Only the debug kernel can refuse memory.
KSELFTESTS := $(filter-out $(if $(filter debug,$(KERNEL)),,suburb_faults%),$(basename $(notdir $(wildcard tests/kselftest/suburb_*.c))))

# What says no more in the other place runs in one: over loopback, which is quicker,
# or over two VMs where the link matters. scenario_unplug leaves an empty disk.
scenarios   = $(1:%=scenario_%.sh)
ONLY_ONE   := $(call scenarios,audio errors links privilege readahead state uas usbmon usbtest video)
ONLY_TWO   := $(call scenarios,digest suspend)
LAST       := $(call scenarios,unplug)
SCENARIOS  := $(filter-out $(LAST),$(notdir $(wildcard tests/kselftest/scenario_*.sh))) $(LAST)
chosen      = $(if $(filter command,$(origin SCENARIOS)),$(SCENARIOS),$(filter-out $(1),$(SCENARIOS)))
VM_USB     := storage,uas,kbd,mouse,tablet,serial,net,ccid,audio
VM_LAYERS  := vm-two vm-one vm-kernel vm-selftest

# SLOW: how many times longer things may take. The checkers make it 10 to 25 times for a
# message; but what tests wait for is mostly more than that, and they wait long.
KERNEL     ?= stock
SLOW       ?= $(if $(filter debug,$(KERNEL)),5,$(if $(filter rt,$(KERNEL)),2,1))
ON         := $(if $(filter-out stock,$(KERNEL)),$(KERNEL)-)
OTHER      := $(BUILD)/$(KERNEL)

VM_RUN = BUILD=$(BUILD) tests/vm/run.sh --quiet --kernel $(KERNEL) --payload $(BUILD)/kselftest:build/kselftest --payload system \
	$(if $(ON),--payload $(OTHER)/urbs/suburb_urbs.ko:build/kselftest/suburb_urbs.ko)
suite  = --name $(ON)$(1) --timeout $$(($(2) * $(SLOW))) $(3) -c 'TEST_SLOW=$(SLOW) tests/vm/suite.sh $(4)'

.PHONY: check-vm vm-kernel vm-one vm-two vm-ready kselftest check-conformance check-interop
.PHONY: check-debug check-rt vm-checkers
.PHONY: check-media vm-media-one vm-media-two
.PHONY: check-network vm-network vm-network-reboot

check-vm: vm-ready ## all that needs a real kernel, in VMs
	@rm -f $(VM_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE) -k $(VM_LAYERS) || :
	@tests/sum.sh $(RESULTS) $(VM_LAYERS)

vm-kernel: vm-ready
	$(VM_RUN) $(call suite,kernel,900,,$(KSELFTESTS))

vm-one: vm-ready
	$(VM_RUN) $(call suite,one,1800,--usb $(VM_USB),$(call chosen,$(ONLY_TWO)))

vm-two: vm-ready
	$(VM_RUN) $(call suite,two,1800,--two --usb $(VM_USB),$(call chosen,$(ONLY_ONE)))

# Once before the boots start side by side. The module is for the guest's kernel,
# which need not be the one that runs here.
vm-ready: all kselftest
ifeq ($(ON),)
	@$(MAKE) -s module test-module KDIR=/usr/src/linux-headers-$$(tests/vm/image.sh --release)
else
	@$(MAKE) -s other-modules KDIR=$$(tests/vm/kernel.sh $(KERNEL))/build
endif
	@tests/vm/image.sh >/dev/null

# For another kernel from copies of the source, so that both can be tested at a time.
.PHONY: other-modules
other-modules:
	@mkdir -p $(OTHER)/kernel $(OTHER)/urbs $(OTHER)/checkers
	@cp -u $(filter-out %.mod.c,$(wildcard kernel/*.[ch])) kernel/Makefile $(OTHER)/kernel/
	@cp -ru include $(OTHER)/
	@cp -u tests/kselftest/urbs/* $(OTHER)/urbs/
	@cp -u tests/vm/checkers/* $(OTHER)/checkers/
	@for part in kernel urbs checkers; do \
		$(MAKE) -C $(KDIR) M=$(abspath $(OTHER))/$$part W=1 modules || exit; \
	done

kselftest:
	@$(MAKE) -s -C tests/kselftest BUILD=$(abspath $(BUILD))

# Built beside the programs that load it: the source stays clean.
.PHONY: test-module
test-module:
	@mkdir -p $(BUILD)/kselftest/urbs
	@cp -u tests/kselftest/urbs/* $(BUILD)/kselftest/urbs/
	@$(MAKE) -C $(KDIR) M=$(abspath $(BUILD))/kselftest/urbs W=1 modules
	@cp -u $(BUILD)/kselftest/urbs/suburb_urbs.ko $(BUILD)/kselftest/

# --- on other kernels ---------------------------------------------------------

check-debug: ## the VM tests on a kernel with KASAN, lockdep, kmemleak ... (DEBUG_KERNEL=PATH: prebuilt)
	@tests/deps.sh build vm debug
	@rm -f $(RESULTS)/vm-debug-*.tap
	@+$(MAKE) --no-print-directory KERNEL=debug vm-ready
	@+$(SUBMAKE) -k KERNEL=debug vm-two vm-one vm-kernel vm-checkers || :
	@+$(MAKE) --no-print-directory KERNEL=debug $(SOAK_SHORT) vm-soak || :
	@tests/sum.sh $(RESULTS) vm-debug-two vm-debug-one vm-debug-kernel vm-debug-checkers vm-debug-soak

check-rt: ## the VM tests on Debian's PREEMPT_RT kernel
	@tests/deps.sh build vm
	@rm -f $(RESULTS)/vm-rt-*.tap
	@+$(MAKE) --no-print-directory KERNEL=rt vm-ready
	@+$(SUBMAKE) -k KERNEL=rt vm-two vm-one vm-kernel || :
	@tests/sum.sh $(RESULTS) vm-rt-two vm-rt-one vm-rt-kernel

# Are the debug kernel's checkers alive?
vm-checkers: vm-ready
	@TEST_TIMEOUT=1800 CHECKERS=$(OTHER)/checkers/suburb_bugs.ko \
		tests/run.sh $(RESULTS)/vm-debug-checkers.tap tests/vm/checkers.sh

# Both print their table, and then what of it was a failure.
check-conformance: vm-ready ## the kernel's conformance tests; writes docs/CONFORMANCE.md (20 minutes)
	@BUILD=$(BUILD) TEST_TIMEOUT=7200 tests/run.sh $(RESULTS)/conformance.tap tests/vm/conformance.sh || :
	@cat $(BUILD)/conformance/table.md
	@tests/sum.sh $(RESULTS) conformance

check-interop: vm-ready ## with mainline at either end; writes docs/INTEROP.md (5 minutes)
	@BUILD=$(BUILD) TEST_TIMEOUT=2400 tests/run.sh $(RESULTS)/interop.tap tests/vm/interop.sh || :
	@cat docs/INTEROP.md
	@tests/sum.sh $(RESULTS) interop

# What was seen is told beside what was right.
NETWORK ?= loss silence reset stop

check-network: vm-ready ## broken networks, over two VMs (15 minutes; NETWORK='loss silence reset stop')
	@rm -f $(RESULTS)/vm-network*.tap
	@+$(MAKE) --no-print-directory -k vm-network vm-network-reboot || :
	@sed -n 's/^# seen | //p' $(RESULTS)/vm-network*.tap
	@tests/sum.sh $(RESULTS) vm-network vm-network-reboot

vm-network: vm-ready
	$(VM_RUN) --name network --timeout 3600 --two -c 'SUITE_TIMEOUT=1800 tests/vm/suite.sh $(NETWORK:%=network_%.sh)'

vm-network-reboot: vm-ready
	$(VM_RUN) --name network-reboot --timeout 600 --two --usb storage -c 'tests/vm/suite.sh network_reboot.sh'

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

# As an administrator would install it; DESTDIR is copied over the guest's root.
.PHONY: check-sandbox
check-sandbox: vm-ready ## suburbd.service as its own user, in its sandbox, under systemd (2 minutes)
	@rm -rf $(BUILD)/sandbox $(RESULTS)/vm-sandbox.tap
	@$(MAKE) -s install DESTDIR=$(abspath $(BUILD))/sandbox \
		KDIR=/usr/src/linux-headers-$$(tests/vm/image.sh --release)
	@systemd=$$(tests/vm/systemd.sh) && $(VM_RUN) --timeout 900 --usb kbd,storage,serial \
		--payload $$systemd:systemd --payload $(BUILD)/sandbox:sandbox --payload docs/SECURITY.md tests/vm/sandbox.sh || :
	@tests/sum.sh $(RESULTS) vm-sandbox

# Each script prints what it did. On a slow kernel it takes its time, so check-debug
# runs a short form. A hub makes its devices ready one after the other, and all of
# them wait for it at once: so they may take longer than one does.
CYCLES    ?= 2000
DEVICES   ?= 100
RACE_SECS ?= 1800
SOAK_SCRIPTS ?= soak_cycles.sh soak_many.sh soak_race.sh
SOAK_LIMIT    = $$(($(CYCLES) * 6 + $(DEVICES) * 20 + $(RACE_SECS) + 600))
SOAK_ENV      = SUBURB_CYCLES=$(CYCLES) SUBURB_DEVICES=$(DEVICES) SUBURB_RACE_SECONDS=$(RACE_SECS) \
	SUITE_TIMEOUT=$(SOAK_LIMIT)
SOAK_SHORT    = CYCLES=40 DEVICES=20 RACE_SECS=60

.PHONY: check-soak vm-soak
check-soak: vm-ready ## 2,000 cycles, 100 devices, everything racing for 30 minutes (CYCLES= DEVICES= RACE_SECS=)
	@rm -f $(RESULTS)/vm-$(ON)soak.tap
	@+$(MAKE) --no-print-directory vm-soak || :
	@grep '^# [0-9a-z]' $(RESULTS)/vm-$(ON)soak.tap
	@tests/sum.sh $(RESULTS) vm-$(ON)soak

vm-soak: vm-ready
	@$(VM_RUN) --name $(ON)soak --mem 1536 --timeout $$(($(SOAK_LIMIT) * 2 * $(SLOW))) \
		-c 'TEST_SLOW=$$(($(SLOW) * 3)) $(SOAK_ENV) tests/vm/suite.sh $(SOAK_SCRIPTS)'
