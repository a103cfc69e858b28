# chaperone: one makefile for everything. `make help` lists the targets.
#
#   make SAN=address|undefined|thread   a sanitizer build, in a directory of its own
#   make DEBUG=1                        without optimisation
#   make install PREFIX=/usr DESTDIR=/tmp/root

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR      = $(PREFIX)/bin
SBINDIR     = $(PREFIX)/sbin
LIBEXECDIR  = $(PREFIX)/lib/chaperone
DATADIR     = $(PREFIX)/share/chaperone
MANDIR      = $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
DOCDIR      = $(PREFIX)/share/doc/chaperone

CC      ?= cc
CXX     ?= g++
SAN     ?=
BUILD   := build$(if $(SAN),-$(SAN))
VERSION := 0.1.0

PYTHON  := /usr/bin/python3

# ---- flags ---------------------------------------------------------------------------------------------------

CSTD   := -std=gnu11 -D_GNU_SOURCE
CXXSTD := -std=c++17
WARNS  := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
WARN   := $(WARNS) -Wstrict-prototypes -Wmissing-prototypes
HARDEN := -fstack-protector-strong -fPIE
OPT    := $(if $(DEBUG),-O0 -g3,-O2 -g)
ifeq ($(SAN),)
HARDEN += $(if $(DEBUG),,-D_FORTIFY_SOURCE=2)
endif
HARDLD := -pie -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
ifneq ($(SAN),)
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer $(if $(filter undefined,$(SAN)),-fno-sanitize-recover=all)
endif

CFLAGS   ?= $(OPT)
ALLFLAGS  = $(CSTD) $(WARN) $(HARDEN) $(CFLAGS) $(SANFLAGS) -Imilter -pthread -DCHAPERONE_VERSION='"$(VERSION)"' \
            -DCHAPERONE_LIBEXECDIR='"$(LIBEXECDIR)"' -DCHAPERONE_SYSCONFDIR='"$(SYSCONFDIR)"' \
            -DCHAPERONE_DATADIR='"$(DATADIR)"'
ALLCXX    = $(CXXSTD) $(WARNS) -Wmissing-declarations $(HARDEN) $(CFLAGS) $(SANFLAGS) -Imilter -pthread
ALLLD     = $(HARDLD) $(LDFLAGS) $(SANFLAGS) -pthread

# ---- rooms: what each may use (the includes point up this list only) and the packages it needs -------------------

ROOMS := base tlog store keys message reader worker roster feeds detect policy judge archive search redact bag intake quarantine witness review register notice cases retention accounts exceptions backtest docket daemon archivist console cli

USES_base       :=
USES_tlog       := base
USES_store      := base
USES_keys       := store base
USES_message    := base
USES_reader     := message base
USES_worker     := reader message base
USES_roster     := message store base
USES_feeds      := roster message store base
USES_detect     := roster message store base
USES_policy     := detect roster message store base
USES_judge      := policy detect roster reader message store base
USES_archive    := reader message keys store tlog base
USES_witness    := quarantine archive reader message keys store tlog base
USES_search     := archive reader message keys store tlog base
USES_redact     := detect roster reader message store base
USES_bag        := redact detect archive roster reader message keys store tlog base
USES_intake     := archive reader message keys store tlog base
USES_quarantine := archive reader message keys store tlog base
USES_review     := quarantine archive policy detect roster reader message keys store tlog base
USES_register   := archive policy detect roster reader message keys store tlog base
USES_notice     := archive roster reader message keys store tlog base
USES_cases      := bag redact search detect quarantine archive roster reader message keys store tlog base
USES_retention  := cases bag redact search review quarantine archive policy detect roster reader message keys store tlog base
USES_accounts   := archive reader message keys store tlog base
USES_exceptions := archive judge policy detect roster reader message keys store tlog base
USES_backtest   := archive judge policy detect feeds roster reader message keys store tlog base
USES_docket     := quarantine archive reader message keys store tlog base
USES_daemon     := register review quarantine archive judge policy detect roster reader message keys store tlog base
USES_archivist  := retention cases bag redact witness search review quarantine archive judge policy detect roster reader message keys store tlog base
USES_console    := docket backtest exceptions accounts retention cases redact bag notice witness search register review quarantine archive judge policy detect feeds roster reader message keys store tlog base
USES_cli        := docket backtest exceptions accounts retention cases redact bag notice witness intake search register review quarantine archive judge policy detect feeds roster reader message keys store tlog base

PKG_base       := glib-2.0 gio-2.0 libconfig libsodium libsystemd
PKG_tlog       := libsodium
PKG_store      := sqlite3
PKG_keys       := libcrypto libsodium jansson
PKG_message    := jansson
PKG_reader     :=
PKG_worker     := gmime-3.0 icu-i18n icu-uc libseccomp poppler-glib tesseract lept zbar libheif libde265 libexif zlib libxml-2.0 libarchive \
                  libgsf-1
PKG_roster     := libpsl icu-i18n icu-uc libsodium
PKG_feeds      := libarchive libsodium libconfig jansson ldap lber
PKG_detect     := icu-i18n icu-uc libpsl
PKG_policy     := libconfig jansson
PKG_judge      := jansson
PKG_archive    := libzstd libarchive libsodium jansson
PKG_witness    := libsodium libcurl libmicrohttpd jansson
PKG_search     := jansson
PKG_redact     := pangocairo jansson
PKG_bag        := libarchive libsodium jansson
PKG_intake     := jansson libsystemd
PKG_quarantine := sqlite3 libcurl jansson
PKG_review     := libsodium jansson
PKG_register   := jansson
PKG_accounts   := libsodium jansson pam
PKG_notice     := jansson
PKG_cases      := libconfig jansson
PKG_retention  := libconfig libsodium jansson
PKG_daemon     := libsystemd jansson
PKG_archivist  := libsystemd jansson libsodium
PKG_exceptions := jansson
PKG_backtest   := jansson
PKG_docket     := jansson
PKG_console    := libmicrohttpd libqrencode libxml-2.0 libsystemd libsodium jansson
PKG_cli        := jansson

# Libraries without a pkg-config file.
LIBS_detect    := -lphonenumber -lstdc++
LIBS_worker    := -lgomp

# The reader room holds two halves: the pool that the daemon and the command link, and the worker that parses.
READER_CLIENT := milter/reader/readers.c milter/reader/attachments.c milter/reader/cache.c milter/reader/pool.c \
                 milter/reader/process.c milter/reader/channel.c
SRC_reader    := $(wildcard $(READER_CLIENT))
SRC_worker    := $(filter-out $(READER_CLIENT) milter/reader/main.c,$(wildcard milter/reader/*.c)) \
                 $(wildcard milter/reader/formats/*.c)
MAINS         := milter/daemon/main.c milter/reader/main.c milter/archivist/main.c milter/console/main.c milter/cli/main.c
src_of         = $(if $(filter reader worker,$1),$(SRC_$1),$(filter-out $(MAINS),$(wildcard milter/$1/*.c milter/$1/*.cc)))
obj_of         = $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(call src_of,$1))))
closure        = $1 $(USES_$1)
libs_of        = $(foreach r,$(call closure,$1),$(BUILD)/lib$(r).a)
pkgs_of        = $(sort $(foreach r,$(call closure,$1),$(PKG_$(r))))

PROGRAMS := $(BUILD)/chaperone-milter $(BUILD)/chaperone-archivist $(BUILD)/chaperone-console $(BUILD)/chaperone-reader $(BUILD)/chaperone

.PHONY: all demo check check-unit check-e2e check-console lint format bench fuzz install uninstall deps clean help
all: $(PROGRAMS)

help:
	@echo 'all demo check check-unit check-e2e check-console lint format bench fuzz install uninstall deps clean'

deps:
	contrib/install-deps

# ---- compiling ---------------------------------------------------------------------------------------------------

define room_rules
$(BUILD)/lib$1.a: $(call obj_of,$1)
	@rm -f $$@
	@ar rcs $$@ $$^
$(call obj_of,$1): PKGS := $(call pkgs_of,$1)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/milter/reader/main.o: PKGS := $(call pkgs_of,worker)
$(BUILD)/milter/daemon/main.o: PKGS := $(call pkgs_of,daemon)
$(BUILD)/milter/archivist/main.o: PKGS := $(call pkgs_of,archivist)
$(BUILD)/milter/console/main.o: PKGS := $(call pkgs_of,console)
$(BUILD)/milter/cli/main.o: PKGS := $(call pkgs_of,cli)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(CC) $(ALLFLAGS) $(if $(PKGS),$$(pkg-config --cflags $(PKGS))) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cc
	@mkdir -p $(@D)
	@echo '  CXX $<'
	@$(CXX) $(ALLCXX) $(if $(PKGS),$$(pkg-config --cflags $(PKGS))) -MMD -MP -c -o $@ $<

libs_beside = $(foreach a,$(filter %.a,$1),$(LIBS_$(patsubst lib%.a,%,$(notdir $a))))
define link
	@echo '  LD  $@'
	@$(CC) $(ALLLD) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $2 $(call libs_beside,$^) \
	    $$(pkg-config --libs $1) -lm
endef

$(BUILD)/chaperone-milter: $(BUILD)/milter/daemon/main.o $(call libs_of,daemon)
	$(call link,$(call pkgs_of,daemon),-lmilter)
$(BUILD)/chaperone-reader: $(BUILD)/milter/reader/main.o $(call libs_of,worker)
	$(call link,$(call pkgs_of,worker))
$(BUILD)/chaperone-archivist: $(BUILD)/milter/archivist/main.o $(call libs_of,archivist)
	$(call link,$(call pkgs_of,archivist))
$(BUILD)/chaperone-console: $(BUILD)/milter/console/main.o $(call libs_of,console)
	$(call link,$(call pkgs_of,console))
$(BUILD)/chaperone: $(BUILD)/milter/cli/main.o $(call libs_of,cli)
	$(call link,$(call pkgs_of,cli))

# ---- tests: a Criterion binary a room ----------------------------------------------------------------------------

UNIT_ROOMS := $(filter $(ROOMS),$(notdir $(patsubst %/,%,$(dir $(wildcard tests/unit/*/*.c)))))
UNIT_BINS  := $(foreach r,$(sort $(UNIT_ROOMS)),$(BUILD)/unit_$(r))
UNIT_FLAGS := $(if $(filter thread,$(SAN)),-j1)

# Their fixtures import a roster.
unit_feeds  = $(filter-out $(call closure,$1),$(if $(filter roster detect policy judge daemon,$1),feeds))
unit_pkgs   = $(sort $(call pkgs_of,$1) $(foreach r,$(call unit_feeds,$1),$(PKG_$(r))) criterion)
define unit_rules
$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/$1/*.c)): PKGS := $(call unit_pkgs,$1)
$(BUILD)/unit_$1: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/$1/*.c)) $(call libs_of,$1) $(foreach r,$(call unit_feeds,$1),$(BUILD)/lib$(r).a)
	$$(call link,$(call unit_pkgs,$1),$(if $(filter daemon,$1),-lmilter))
endef
$(foreach r,$(sort $(UNIT_ROOMS)),$(eval $(call unit_rules,$(r))))

check: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory check-unit
	@$(MAKE) --no-print-directory check-e2e
	@$(MAKE) --no-print-directory check-console

check-unit: deps
	@$(MAKE) --no-print-directory -j$$(nproc) $(UNIT_BINS) $(PROGRAMS)
	@BUILD=$(abspath $(BUILD)) tests/unit/run $(UNIT_BINS)

check-e2e: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@CHAPERONE_BUILD=$(abspath $(BUILD)) $(PYTHON) -m pytest -q -p no:cacheprovider -n 4 --dist loadfile tests/e2e $(PYTEST)

check-console: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@CHAPERONE_BUILD=$(abspath $(BUILD)) $(PYTHON) -m pytest -q -p no:cacheprovider -n 4 --dist loadfile tests/console $(PYTEST)

demo: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@CHAPERONE_BUILD=$(abspath $(BUILD)) KEEP=$(KEEP) $(PYTHON) tests/e2e/demo.py

C_FILES = $(wildcard milter/*/*.[ch] milter/*/*/*.[ch] milter/*/*.cc tests/unit/*/*.[ch] tests/fuzz/*.[ch] tests/bench/*.[ch])
lint: deps
	@CHAPERONE_BUILD=$(abspath $(BUILD)) contrib/lint
	@clang-format --dry-run -Werror $(C_FILES) && echo 'lint: format of $(words $(C_FILES)) files is right'

format:
	clang-format -i $(C_FILES)

# Fuzz targets want clang; each reads inputs from a directory of its own under $(BUILD)/fuzz.
FUZZ_SECONDS ?= 60
fuzz: deps
	@tests/fuzz/run $(BUILD) $(FUZZ_SECONDS)

BENCH_PROGRAMS := $(BUILD)/milterload $(BUILD)/nullmilter $(BUILD)/mkdistrict $(BUILD)/rosterlook $(BUILD)/detectcost $(BUILD)/readattachment $(BUILD)/mkarchive
$(BUILD)/mkdistrict: tests/bench/mkdistrict.c
	@mkdir -p $(@D)
	@$(CC) $(CSTD) $(WARN) -O2 -o $@ $<
$(BUILD)/tests/bench/rosterlook.o: PKGS := $(call pkgs_of,roster)
$(BUILD)/rosterlook: $(BUILD)/tests/bench/rosterlook.o $(call libs_of,roster)
	$(call link,$(call pkgs_of,roster))
$(BUILD)/tests/bench/detectcost.o: PKGS := $(call pkgs_of,detect)
$(BUILD)/detectcost: $(BUILD)/tests/bench/detectcost.o $(call libs_of,detect)
	$(call link,$(call pkgs_of,detect))
$(BUILD)/tests/bench/readattachment.o: PKGS := $(call pkgs_of,worker)
$(BUILD)/readattachment: $(BUILD)/tests/bench/readattachment.o $(call libs_of,worker)
	$(call link,$(call pkgs_of,worker))
$(BUILD)/tests/bench/mkarchive.o: PKGS := $(call pkgs_of,archive)
$(BUILD)/mkarchive: $(BUILD)/tests/bench/mkarchive.o $(call libs_of,archive)
	$(call link,$(call pkgs_of,archive))
$(BUILD)/milterload: $(addprefix tests/bench/,milterload.c corpus.c report.c util.c)
	@mkdir -p $(@D)
	@$(CC) -O2 -g -w -o $@ $^ -lm
$(BUILD)/nullmilter: $(addprefix tests/bench/,nullmilter.c util.c)
	@mkdir -p $(@D)
	@$(CC) -O2 -g -w -o $@ $^ -lmilter -lpthread

bench: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BENCH_PROGRAMS)
	@CHAPERONE_BUILD=$(abspath $(BUILD)) tests/bench/run $(BENCH)

# ---- installing --------------------------------------------------------------------------------------------------

include contrib/install.mk

clean:
	rm -rf build build-address build-undefined build-thread

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
