# SPDX-License-Identifier: GPL-2.0-or-later
# Suburb: see README.md, or "make help".
#
# Userspace products go to $(BUILD) (default: build). A variant build takes a
# BUILD of its own: make BUILD=build/asan SAN=1; make BUILD=build/x CC=x-gcc.

BUILD      ?= build
KDIR       ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
		$(lastword $(sort $(wildcard /usr/src/linux-headers-*-amd64 /lib/modules/*/build))))
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g
VERSION    := 0.3.0

ifeq ($(SAN),1)
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
ifeq ($(COV),1)
SAN_FLAGS := --coverage -fprofile-abs-path
endif
ifeq ($(FUZZ),1)
SAN_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wpointer-arith -Wvla -Wno-unused-parameter -fno-strict-aliasing -D_GNU_SOURCE \
	-DSUBURB_VERSION='"$(VERSION)"' -Iinclude -I. $(SAN_FLAGS)

EXPORTER_SRC := $(wildcard exporter/*.c exporter/backend/*.c exporter/backend/*/*.c)
TOOL_SRC     := $(wildcard tools/*.c)
EXPORTER_PKG := libusb-1.0 libuv inih
TOOL_PKG     := json-c

EXPORTER_OBJ := $(EXPORTER_SRC:%.c=$(BUILD)/obj/%.o)
TOOL_OBJ     := $(TOOL_SRC:%.c=$(BUILD)/obj/%.o)

.PHONY: all
all: $(BUILD)/suburbd $(BUILD)/suburb ## build suburbd and suburb (BUILD=dir, SAN=1, COV=1)

.PHONY: help
help: ## show this
	@echo "make TARGET, one of:"
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 20 | sed 's/^/  /'

$(BUILD)/suburbd: $(EXPORTER_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(EXPORTER_PKG))

$(BUILD)/suburb: $(TOOL_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(TOOL_PKG))

$(BUILD)/obj/exporter/%.o: exporter/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $$($(PKG_CONFIG) --cflags $(EXPORTER_PKG)) -MMD -MP -c -o $@ $<

$(BUILD)/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $$($(PKG_CONFIG) --cflags $(TOOL_PKG)) -MMD -MP -c -o $@ $<

-include $(EXPORTER_OBJ:.o=.d) $(TOOL_OBJ:.o=.d)

.PHONY: demo
demo: ## two virtual machines: USB devices of the one, used in the other
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all module vm-image
	tests/vm/demo.sh

# --- kernel module -----------------------------------------------------------

.PHONY: print-kdir
print-kdir:
	@echo $(KDIR)

.PHONY: module
module: ## build kernel/suburb-hcd.ko (KDIR=kernel build folder)
	@test -n "$(KDIR)" || { echo "no kernel headers found: run 'make deps' or set KDIR=" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel W=1 modules

# --- installing ---------------------------------------------------------------

SBINDIR     = $(DESTDIR)$(PREFIX)/sbin
BINDIR      = $(DESTDIR)$(PREFIX)/bin
MANDIR      = $(DESTDIR)$(PREFIX)/share/man
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
LIBDIR      = $(DESTDIR)$(PREFIX)/lib
UNIT        = $(LIBDIR)/systemd/system/suburbd.service
SYSUSERS    = $(LIBDIR)/sysusers.d/suburb.conf
UDEV_RULES  = $(LIBDIR)/udev/rules.d/72-suburb.rules
MODULES     = $(LIBDIR)/modules-load.d/suburb.conf
CONFIG      = $(DESTDIR)$(SYSCONFDIR)/suburb/suburbd.conf
# What uname -r says there; Debian's include/config/kernel.release is another number.
RELEASE     = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODDIR      = $(DESTDIR)/lib/modules/$(RELEASE)/updates

.PHONY: install
install: all module ## install programs, module, man pages and what systemd and udev need (PREFIX=, DESTDIR=, KDIR=)
	install -D -m 755 $(BUILD)/suburbd $(SBINDIR)/suburbd
	install -D -m 755 $(BUILD)/suburb $(BINDIR)/suburb
	install -D -m 644 docs/suburbd.8 $(MANDIR)/man8/suburbd.8
	install -D -m 644 docs/suburb.1 $(MANDIR)/man1/suburb.1
	install -D -m 644 tools/suburb.bash-completion $(COMPLETIONS)/suburb
	install -D -m 644 exporter/suburbd.bash-completion $(COMPLETIONS)/suburbd
	install -D -m 644 kernel/suburb-hcd.ko $(MODDIR)/suburb-hcd.ko
	install -D -m 644 system/suburb.sysusers $(SYSUSERS)
	install -D -m 644 system/suburb.rules $(UDEV_RULES)
	install -D -m 644 system/suburb.modules-load $(MODULES)
	install -d $(dir $(UNIT))
	sed "s|@sbindir@|$(PREFIX)/sbin|g;s|@sysconfdir@|$(SYSCONFDIR)|g" system/suburbd.service.in >$(UNIT)
	chmod 644 $(UNIT)
	test -e $(CONFIG) || install -D -m 644 system/suburbd.conf $(CONFIG)
	$(if $(DESTDIR),,depmod $(RELEASE))
	$(if $(DESTDIR),,system/reload.sh)

.PHONY: uninstall
uninstall: ## remove what install put there, but for a configuration that was changed
	rm -f $(SBINDIR)/suburbd $(BINDIR)/suburb $(MANDIR)/man8/suburbd.8 $(MANDIR)/man1/suburb.1 \
		$(COMPLETIONS)/suburb $(COMPLETIONS)/suburbd $(MODDIR)/suburb-hcd.ko \
		$(UNIT) $(SYSUSERS) $(UDEV_RULES) $(MODULES)
	! cmp -s system/suburbd.conf $(CONFIG) || rm $(CONFIG)
	rmdir $(dir $(CONFIG)) 2>/dev/null || :
	$(if $(DESTDIR),,depmod $(RELEASE))
	$(if $(DESTDIR),,system/reload.sh)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)
	@if [ -n "$(KDIR)" ]; then $(MAKE) -s -C $(KDIR) M=$(CURDIR)/kernel clean; fi

-include tests/tests.mk
-include tests/vm/vm.mk
