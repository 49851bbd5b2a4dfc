# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.mk - how fast, and at what cost. Included by tests/vm/vm.mk.
#
#   make bench               all that cells.sh lists: the local device, mainline USB/IP,
#                            Suburb and both mixed pairs, in turn (30 minutes)
#   make bench QUICK=1       some of it (8 minutes)
#   make bench PARTS=hid     only this part, and the rest as it was the last time
#
# $(BUILD)/bench has a table, the samples as CSV and plots; docs/PERFORMANCE.md says how
# to read them.

BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench-programs/%,$(wildcard tests/bench/*.c))

.PHONY: bench
bench: ## speed, latency and cost beside mainline's and the local device's (30 minutes; QUICK=1: 8)
	@tests/deps.sh build vm bench
	@+$(MAKE) --no-print-directory vm-ready $(BENCH_BIN)
	@BUILD=$(BUILD) QUICK=$(QUICK) tests/bench/bench.sh $(PARTS)

$(BENCH_BIN): $(BUILD)/bench-programs/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -pthread
