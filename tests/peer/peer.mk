# SPDX-License-Identifier: GPL-2.0-or-later
#
# peer.mk - hostile peers. Included by tests.mk.
#
#   make check-peer          all of it: lies to suburbd and to the tool (no VM, no
#                            root), and lies to the kernel, in a VM
#   make layer-peer          only what needs no VM
#   make vm-peer             only the VM
#
# PEER_SEED, PEER_PAIRS: see tests/peer/lie.h; PEER_CASE: one case by its text.

# Of the VM's cases every PEER_SCALEth; 4 for a slow kernel: make KERNEL=debug PEER_SCALE=4 vm-peer
PEER_SCALE ?= 1
PEER_SRC  := $(wildcard tests/peer/test_*.c)
PEER_BIN  := $(PEER_SRC:%.c=$(BUILD)/%)
PEER_LIB  := tests/peer/lie.c tests/peer/talk.c tests/peer/watch.c
PEER_VM   := hostile_server hostile_device hostile_races
PEER_HOST := tests/peer/scene.c tests/peer/lie.c $(addprefix tests/kselftest/,peer.c peer_device.c session.c \
	remote.c usbfs.c urbs.c) $(wildcard tests/kselftest/patience.c)

define peer_rule
$(BUILD)/$(1:%.c=%): $(call test_objects,$(1) $(PEER_LIB) $(PROTO_LIB) $(call unit_sources,$(1)))
endef
$(foreach src,$(PEER_SRC),$(eval $(call peer_rule,$(src))))

$(PEER_BIN):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(TEST_PKG))

# Not with sanitizers: a VM has none of their libraries.
$(PEER_VM:%=$(BUILD)/peer/%): $(BUILD)/peer/%: tests/peer/%.c $(PEER_HOST) $(wildcard tests/peer/*.h tests/kselftest/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wno-shadow -Wno-unused-parameter -Wno-sign-compare \
		-Wno-missing-field-initializers -Iinclude/uapi $(LDFLAGS) -o $@ $(filter %.c,$^) -pthread

.PHONY: check-peer peer-programs layer-peer vm-peer run-peer
peer-programs: all $(PEER_BIN)

layer-peer: peer-programs
	@SUBURBD=$(BUILD)/suburbd SUBURB=$(BUILD)/suburb TEST_TIMEOUT=900 \
		tests/run.sh $(RESULTS)/$(call layer,peer).tap $(PEER_BIN)

vm-peer: vm-ready $(PEER_VM:%=$(BUILD)/peer/%)
	$(VM_RUN) --payload $(BUILD)/peer:build/peer \
		--payload $(BUILD)/kselftest/suburb_urbs.ko:build/peer/suburb_urbs.ko --name peer --timeout 2400 tests/peer/vm.sh $(PEER_SCALE)

run-peer:
	@+$(SUBMAKE) -s $(ASAN) peer-programs
	@$(MAKE) -s -k $(ASAN) layer-peer || :
	@+$(SUBMAKE) -s layer-peer || :
	@+$(SUBMAKE) vm-peer || :

PEER_LAYERS := peer-asan peer vm-peer

check-peer: ## hostile peers: lies to suburbd, to the tool, and to the kernel in a VM (15 minutes)
	@rm -f $(PEER_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE) run-peer
	@tests/sum.sh $(RESULTS) $(PEER_LAYERS)
