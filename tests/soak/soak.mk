# SPDX-License-Identifier: GPL-2.0-or-later
#
# soak.mk - suburbd for a long time, without a VM. Included by tests.mk; what needs
# a real kernel is check-soak, in tests/vm/check.mk.
#
#   make check-memory             suburbd under hostile load, for SECS=900 seconds
#   make check-memory SECS=60

HOSTILE := $(BUILD)/tests/soak/hostile
SECS    ?= 900

.PHONY: check-memory layer-memory
check-memory: all $(HOSTILE) ## memory of suburbd, idle and under hostile load (SECS=900)
	@rm -f $(RESULTS)/memory.tap
	@SUBURBD=$(BUILD)/suburbd HOSTILE=$(HOSTILE) SOAK_SECONDS=$(SECS) TEST_TIMEOUT=$$(($(SECS) + 300)) \
		tests/run.sh $(RESULTS)/memory.tap tests/soak/memory.sh || :
	@grep '^#' $(RESULTS)/memory.tap
	@tests/sum.sh $(RESULTS) memory

# The same in a few seconds. With sanitizers it would say nothing.
layer-memory:
	@+$(SUBMAKE) -s all $(HOSTILE)
	@SUBURBD=$(BUILD)/suburbd HOSTILE=$(HOSTILE) SOAK_SECONDS=3 \
		tests/run.sh $(RESULTS)/memory.tap tests/soak/memory.sh

$(HOSTILE): $(BUILD)/obj/tests/soak/hostile.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
