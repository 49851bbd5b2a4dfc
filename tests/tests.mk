# SPDX-License-Identifier: GPL-2.0-or-later
#
# The checks that need no VM and no root: unit, protocol, cross and lint. The
# top Makefile includes this file; tests/vm/vm.mk has the rest.
#
# tests/unit/test_NAME.c      a cmocka program. Its lines "/* sources: a.c b.c */"
#                             name what is linked besides; patterns may be used.
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

.PHONY: test-programs layer-unit layer-protocol layer-links
test-programs: all $(UNIT_BIN) $(PROTO_BIN)

layer-unit: $(UNIT_BIN)
	@TEST_RUN="$(TEST_RUN)" tests/run.sh $(RESULTS)/$(call layer,unit).tap $(UNIT_BIN)

layer-protocol: all
	@SUBURBD=$(BUILD)/suburbd SUBURBD_RUN="$(TEST_RUN)" SUBURB=$(BUILD)/suburb SUBURB_RUN="$(TEST_RUN)" \
		TEST_RUN= tests/run.sh $(RESULTS)/$(call layer,protocol).tap \
		$(PROTO_SRC:%.c=$(PROTO_BUILD)/%) $(PROTO_SH)

# The same C tests over a unix socket: another link, and the same bytes on it.
layer-links: all
	@SUBURBD=$(BUILD)/suburbd SUBURBD_RUN="$(TEST_RUN)" SUBURB=$(BUILD)/suburb \
		SUBURB_RUN="$(TEST_RUN)" TEST_LINK=unix \
		TEST_RUN= tests/run.sh $(RESULTS)/$(call layer,links).tap $(PROTO_SRC:%.c=$(PROTO_BUILD)/%)

# Sub-makes run two jobs unless the caller chose a number.
SUBMAKE  = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j2)
# Unoptimised: most of what check-fast takes is the compiler.
ASAN     = BUILD=$(BUILD)/asan SAN=1 CFLAGS="-O0 -g" RESULTS=$(RESULTS) VARIANT=asan
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible \
	--errors-for-leak-kinds=definite,possible

.PHONY: layer-asan layer-valgrind layer-i386 layer-s390x layer-codec-s390x
.PHONY: layer-freestanding layer-lint layer-analyse layer-harness layer-module layer-install

layer-asan:
	@+$(SUBMAKE) -s $(ASAN) test-programs fuzz-programs
	@+$(MAKE) -s -k $(ASAN) layer-unit layer-protocol layer-links layer-fuzz || :

# The client of the variants below is the one with the sanitizers: of two
# builds, one of each byte order, none can hide the other's mistake.
layer-valgrind:
	@+$(SUBMAKE) -s $(ASAN) test-programs
	@+$(SUBMAKE) -s test-programs
	@$(MAKE) -s -k VARIANT=valgrind TEST_RUN="$(VALGRIND)" PROTO_BUILD=$(BUILD)/asan \
		layer-unit layer-protocol || :

layer-i386 layer-s390x: layer-%:
	@+$(SUBMAKE) -s $(ASAN) test-programs
	@+tests/cross/make.sh $* $(if $(filter -j%,$(MAKEFLAGS)),,-j2) -s BUILD=$(BUILD)/$* test-programs
	@+tests/cross/make.sh $* -s -k BUILD=$(BUILD)/$* RESULTS=$(RESULTS) PROTO_BUILD=$(BUILD)/asan \
		layer-unit layer-protocol || :

layer-codec-s390x:
	@+tests/cross/make.sh s390x -s BUILD=$(BUILD)/s390x RESULTS=$(RESULTS) run-codec

.PHONY: run-codec
run-codec: $(BUILD)/tests/unit/test_wire $(BUILD)/tests/unit/test_extension
	@TEST_RUN="$(TEST_RUN)" tests/run.sh $(RESULTS)/$(call layer,codec).tap $^

layer-freestanding:
	@tests/run.sh $(RESULTS)/freestanding.tap tests/cross/freestanding.sh

layer-lint:
	@tests/run.sh $(RESULTS)/lint.tap tests/lint.sh tests/quirks.sh

# Seconds per file, so not in check-fast; what was clean and is the same is not looked at again.
layer-analyse:
	@TEST_TIMEOUT=900 tests/run.sh $(RESULTS)/analyse.tap $(wildcard tests/analyse/*.sh)

layer-module:
	@tests/run.sh $(RESULTS)/module.tap tests/module.sh

layer-install:
	@+$(SUBMAKE) -s all
	@BUILD=$(BUILD) tests/run.sh $(RESULTS)/install.tap tests/install.sh

layer-harness:
	@tests/run.sh $(RESULTS)/harness.tap tests/selftest.sh

include tests/peer/peer.mk
include tests/fuzz/fuzz.mk

# --- coverage ----------------------------------------------------------------

.PHONY: coverage run-coverage
coverage: ## line coverage of the unit tests; fails under 85 %
	@find $(BUILD)/cov -name '*.gcda' -delete 2>/dev/null || :
	@+$(SUBMAKE) -s BUILD=$(BUILD)/cov COV=1 CFLAGS="-O0 -g" RESULTS=$(RESULTS) VARIANT=cov run-coverage
	@cat $(BUILD)/cov/coverage.txt

run-coverage: $(UNIT_BIN)
	@tests/run.sh $(RESULTS)/unit-cov.tap $(UNIT_BIN) || :
	@BUILD=$(BUILD) tests/run.sh $(RESULTS)/coverage.tap tests/coverage.sh

# How the userspace sources are compiled, for analysers.
.PHONY: print-cflags
print-cflags:
	@: $(info $(CFLAGS) $(shell $(PKG_CONFIG) --cflags $(TEST_PKG)))

# --- what is run by hand -----------------------------------------------------

# Big endian in a minute, if its libraries are here: nothing is downloaded.
S390X_CACHED = $(shell tests/cross/sysroot.sh --cached s390x 2>/dev/null)
FAST_LAYERS  = unit-asan protocol-asan links-asan fuzz-asan freestanding harness lint $(if $(S390X_CACHED),codec-s390x)
HOST_LAYERS := unit-asan protocol-asan links-asan fuzz-asan unit-valgrind protocol-valgrind \
	unit-i386 protocol-i386 unit-s390x protocol-s390x unit-cov coverage freestanding harness lint module install \
	memory
VM_LAYERS   ?= vm*

.PHONY: check check-fast check-host lint run-fast run-host run-lint deps
# Its tests mostly wait: three jobs on two processors.
check-fast: ## everything that needs no VM, in a minute
	@rm -f $(FAST_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE:-j2=-j3) -k run-fast || :
	@tests/sum.sh $(RESULTS) $(FAST_LAYERS)

run-fast: layer-asan layer-freestanding layer-harness layer-lint $(if $(S390X_CACHED),layer-codec-s390x)

check-host: ## all that needs no VM: also 32 bit, big endian, valgrind, coverage
	@rm -f $(HOST_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE) -k run-host || :
	@tests/sum.sh $(RESULTS) $(HOST_LAYERS)

run-host: layer-asan layer-valgrind layer-i386 layer-s390x layer-freestanding layer-harness layer-lint \
	layer-module layer-install layer-memory coverage $(MORE:%=layer-%)
layer-valgrind layer-i386 layer-s390x: | layer-asan
# They build in the same folder as layer-valgrind.
layer-install: | layer-module layer-valgrind
layer-memory: | layer-install

LINT_LAYERS := lint analyse module
lint: ## all static checks: sparse, checkpatch, analysers of gcc and clang, and so on
	@tests/deps.sh build check
	@rm -f $(LINT_LAYERS:%=$(RESULTS)/%.tap)
	@+$(SUBMAKE) -k run-lint || :
	@tests/sum.sh $(RESULTS) $(LINT_LAYERS)

run-lint: $(LINT_LAYERS:%=layer-%)

check: deps ## all tests, with the VMs (MORE=analyse: and all static checks, as CI does)
	@rm -f $(RESULTS)/*.tap
	@+$(SUBMAKE) -k run-host || :
	@+$(SUBMAKE) check-vm || :
	@tests/sum.sh $(RESULTS) $(HOST_LAYERS) $(MORE) $(VM_LAYERS)

deps: ## install what is missing of Debian's packages
	@tests/deps.sh

include tests/soak/soak.mk
