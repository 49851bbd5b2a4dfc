# SPDX-License-Identifier: GPL-2.0-or-later
#
# The checks that need no VM and no root: unit, protocol, cross and lint. The
# top Makefile includes this file; tests/vm/vm.mk has the rest.
#
# tests/unit/test_NAME.c      a cmocka program. Its line "/* sources: a.c b.c */"
#                             names what is linked besides; patterns may be used.
# tests/protocol/test_NAME.c  a cmocka program that talks to a running suburbd;
#                             the folder's other .c files are linked to each.
# tests/protocol/NAME.sh      the same in shell, prints TAP (see tests/tap.sh).
#
# A layer is one run of tests/run.sh and leaves one file, $(RESULTS)/LAYER.tap.
# Variants (sanitizers, 32 bit, big endian, valgrind) are a sub-make with a
# BUILD of its own and the same RESULTS.

RESULTS ?= $(BUILD)/results
VARIANT ?=

# --- programs ----------------------------------------------------------------

TEST_PKG  := cmocka $(EXPORTER_PKG) $(TOOL_PKG)
UNIT_SRC  := $(wildcard tests/unit/test_*.c)
UNIT_BIN  := $(UNIT_SRC:%.c=$(BUILD)/%)
PROTO_SRC := $(wildcard tests/protocol/test_*.c)
PROTO_LIB := $(filter-out $(PROTO_SRC),$(wildcard tests/protocol/*.c))
PROTO_BIN := $(PROTO_SRC:%.c=$(BUILD)/%)
PROTO_SH  := $(wildcard tests/protocol/*.sh)

test_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
unit_sources = $(wildcard $(shell sed -n 's|^/\* sources: \(.*\) \*/$$|\1|p' $(1)))

define unit_rule
$(BUILD)/$(1:%.c=%): $(call test_objects,$(1) $(call unit_sources,$(1)))
endef
$(foreach src,$(UNIT_SRC),$(eval $(call unit_rule,$(src))))

$(PROTO_BIN): $(BUILD)/tests/protocol/%: $(BUILD)/obj/tests/protocol/%.o $(call test_objects,$(PROTO_LIB))

$(UNIT_BIN) $(PROTO_BIN):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(TEST_PKG))

$(BUILD)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $$($(PKG_CONFIG) --cflags $(TEST_PKG)) -MMD -MP -c -o $@ $<

$(BUILD)/obj/kernel/%.o: kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard $(BUILD)/obj/tests/*/*.d $(BUILD)/obj/kernel/*.d)

# --- layers ------------------------------------------------------------------

# Where the protocol programs are, and how suburbd and suburb are started: the
# client may be another build than the server that it tests.
PROTO_BUILD ?= $(BUILD)
TEST_RUN    ?=
layer = $(1)$(VARIANT:%=-%)

.PHONY: test-programs layer-unit layer-protocol
test-programs: all $(UNIT_BIN) $(PROTO_BIN)

layer-unit: $(UNIT_BIN)
	@TEST_RUN="$(TEST_RUN)" tests/run.sh $(RESULTS)/$(call layer,unit).tap $(UNIT_BIN)

layer-protocol: all
	@SUBURBD=$(BUILD)/suburbd SUBURBD_RUN="$(TEST_RUN)" SUBURB=$(BUILD)/suburb SUBURB_RUN="$(TEST_RUN)" \
		tests/run.sh $(RESULTS)/$(call layer,protocol).tap \
		$(PROTO_SRC:%.c=$(PROTO_BUILD)/%) $(PROTO_SH)

# Sub-makes run two jobs unless the caller chose a number.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j2)
ASAN    = BUILD=$(BUILD)/asan SAN=1 RESULTS=$(RESULTS) VARIANT=asan

.PHONY: layer-asan
layer-asan:
	@$(SUBMAKE) -s $(ASAN) test-programs
	@$(MAKE) -s -k $(ASAN) layer-unit layer-protocol

# --- what is run by hand -----------------------------------------------------

FAST_LAYERS := unit-asan protocol-asan

.PHONY: check-fast
check-fast: ## everything that needs no VM, in a minute
	@rm -f $(FAST_LAYERS:%=$(RESULTS)/%.tap)
	@$(SUBMAKE) -k layer-asan || :
	@tests/sum.sh $(RESULTS) $(FAST_LAYERS)
