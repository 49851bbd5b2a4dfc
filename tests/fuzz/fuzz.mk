# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzing; tests/tests.mk includes this file. See tests/fuzz/README.md.
#
# tests/fuzz/fuzz_NAME.c   a target: LLVMFuzzerTestOneInput(). Its lines
#                          "/* sources: a.c b.c */" name what is linked besides;
#                          the word "kernel" there is the whole module, and
#                          "suburbd" and "suburb" are what is needed of these.
#
# Files of the module, and targets that speak to it, see tests/fuzz/include in
# place of Linux; whatever header else the module names is an empty file here.
# A target is linked with libFuzzer (FUZZ=1) or with replay.c, which runs it on
# the corpus and the regressions in the tree.

FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZ_BIN   := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/%)

# Power and its devices are not here, nor are drivers that come and go, nor is the definition of tracepoints.
MODULE_SRC  := $(filter-out kernel/power.c kernel/binding.c kernel/trace.c %.mod.c,$(wildcard kernel/*.c))
SHIM_SRC    := $(wildcard tests/fuzz/machine*.c) tests/fuzz/peer.c tests/fuzz/flight.c \
	$(shell grep -l '^/\* sources:.* kernel \*/' $(FUZZ_SRC))
SHIM_EMPTY  := $(BUILD)/shim/made
SHIM_CFLAGS = -include tests/fuzz/include/shim.h -I$(BUILD)/shim -Ikernel -Itests/fuzz \
	-Wno-shadow -Wno-sign-compare -Wno-pointer-arith -Wno-missing-field-initializers

fuzz_words   = $(shell sed -n 's|^/\* sources: \(.*\) \*/$$|\1|p' $(1))
fuzz_sources = $(foreach word,$(call fuzz_words,$(1)),\
	$(if $(filter kernel,$(word)),$(MODULE_SRC),$(wildcard $(filter-out suburbd suburb,$(word)))))
fuzz_library = $(patsubst %,$(BUILD)/obj/fuzz-%.a,$(filter suburbd suburb,$(call fuzz_words,$(1))))
fuzz_object  = $(if $(filter kernel/% $(SHIM_SRC),$(1)),$(BUILD)/obj/shim/$(1:.c=.o),$(BUILD)/obj/$(1:.c=.o))
FUZZ_MAIN    = $(if $(filter 1,$(FUZZ)),,$(BUILD)/obj/tests/fuzz/replay.o)

define fuzz_rule
$(BUILD)/tests/fuzz/$(1): $(foreach src,tests/fuzz/fuzz_$(1).c $(call fuzz_sources,tests/fuzz/fuzz_$(1).c),$(call fuzz_object,$(src))) $(FUZZ_MAIN) $(call fuzz_library,tests/fuzz/fuzz_$(1).c)
endef
$(foreach name,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(name))))

# Programs without their beginning.
$(BUILD)/obj/fuzz-suburbd.a: $(filter-out %/main.o %/log.o,$(EXPORTER_OBJ))
$(BUILD)/obj/fuzz-suburb.a: $(filter-out %/suburb.o,$(TOOL_OBJ))
$(BUILD)/obj/fuzz-suburbd.a $(BUILD)/obj/fuzz-suburb.a:
	@rm -f $@
	$(AR) rcs $@ $^

# For replaying it is the compiler that takes the time.
ifneq ($(FUZZ),1)
$(BUILD)/obj/shim/%.o $(BUILD)/obj/tests/fuzz/%.o: override CFLAGS += -O0
endif

$(FUZZ_BIN):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(if $(filter 1,$(FUZZ)),-fsanitize=fuzzer) -o $@ $^ \
		$$($(PKG_CONFIG) --libs libuv inih cmocka)

$(BUILD)/obj/shim/%.o: %.c | $(SHIM_EMPTY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SHIM_CFLAGS) -MMD -MP -c -o $@ $<

# Headers that userspace has, too, are its own.
$(SHIM_EMPTY): $(wildcard kernel/*.c kernel/*.h)
	@mkdir -p $(@D)
	@sed -n 's/^#include <\(.*\)>.*/\1/p' $^ | sort -u | \
		grep -vE '^(suburb/|uapi/|errno\.h|asm/byteorder\.h|linux/(types|errno|usb/ch9|usb/ch11)\.h)' | \
		while read -r header; do \
			mkdir -p "$(@D)/$$(dirname "$$header")" && : >"$(@D)/$$header"; \
		done
	@touch $@

-include $(wildcard $(BUILD)/obj/shim/*/*.d $(BUILD)/obj/shim/*/*/*.d)

# --- replaying ----------------------------------------------------------------

.PHONY: fuzz-programs layer-fuzz fuzz fuzz-minimise
fuzz-programs: $(FUZZ_BIN)

layer-fuzz: $(FUZZ_BIN)
	@TEST_RUN="$(TEST_RUN)" tests/run.sh $(RESULTS)/$(call layer,fuzz).tap $(FUZZ_BIN)

# --- fuzzing ------------------------------------------------------------------

T    ?= $(FUZZ_NAMES)
SECS ?=
FUZZ_MAKE = $(SUBMAKE) -s BUILD=$(BUILD)/fuzz CC=clang FUZZ=1 CFLAGS="-O1 -g"

fuzz: ## fuzz the module, suburbd and suburb (T=targets, SECS=each; else until nothing new)
	@tests/deps.sh build check fuzz
	@+$(FUZZ_MAKE) $(T:%=$(BUILD)/fuzz/tests/fuzz/%)
	@tests/fuzz/fuzz.sh run "$(BUILD)/fuzz" "$(SECS)" $(T)

fuzz-minimise: ## put what fuzzing found into the tree's corpora, as little as will do (T=)
	@+$(FUZZ_MAKE) $(T:%=$(BUILD)/fuzz/tests/fuzz/%)
	@tests/fuzz/fuzz.sh minimise "$(BUILD)/fuzz" "" $(T)
