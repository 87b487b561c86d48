# jeton. `make help` lists the targets; `make V=1` shows the commands.
#
#   make CC=clang                   another compiler        (objects in build-clang/)
#   make SAN=address,undefined      under sanitizers        (objects in build-address-undefined/)
#   make WERROR=1                   warnings are errors
#   make install PREFIX=/usr DESTDIR=/tmp/root
#
# A folder is a program or a library: a new file in it needs no line here.

VERSION    := 0.1.0
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CLANG      ?= clang
CFLAGS     ?= -O2 -g

comma   := ,
variant := $(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter-out cc gcc,$(CC)),-$(notdir $(CC)))
BUILD   ?= build$(variant)

PREFIX        ?= /usr/local
BINDIR        ?= $(PREFIX)/bin
SBINDIR       ?= $(PREFIX)/sbin
LIBDIR        ?= $(PREFIX)/lib
LIBEXECDIR    ?= $(PREFIX)/libexec
INCLUDEDIR    ?= $(PREFIX)/include
MANDIR        ?= $(PREFIX)/share/man
SYSTEMDDIR    ?= $(PREFIX)/lib
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
RUNDIR        ?= /run
BASHCOMPDIR   ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR    ?= $(PREFIX)/share/zsh/site-functions
DOCDIR        ?= $(PREFIX)/share/doc/jeton
EXAMPLEDIR    ?= $(DOCDIR)/examples
# Where the host's Python looks below PREFIX: for /usr/local Debian's has a folder of its version.
PYTHON        ?= /usr/bin/python3
PYTHONDIR     ?= $(call once,PYTHONDIR,$(or $(shell $(PYTHON) -c 'import site; print(next(place \
	for place in site.getsitepackages() if place.startswith("$(PREFIX)/lib/")))' 2>/dev/null),$(PREFIX)/lib/python3/dist-packages))
# fish, Linux-PAM and pam-auth-update look nowhere else, whatever PREFIX is.
FISHCOMPDIR   ?= /usr/share/fish/vendor_completions.d
PAMCONFIGDIR  ?= /usr/share/pam-configs
PAMDIR        ?= $(or $(shell $(PKG_CONFIG) --variable=libdir pam),/lib)/security

# --- flags -------------------------------------------------------------------------------------
# Nothing here asks the compiler or pkg-config before a recipe needs the answer (`once`), so that
# `make demo` can begin on a machine that has neither.

once     = $(eval $(1) := $(2))$($(1))
package  = $(shell $(PKG_CONFIG) $(1) $(2))$(if $(filter-out 0,$(.SHELLSTATUS)),$(error $(2) is missing: run packaging/build-deps))
accepted = $(foreach flag,$(1),$(shell $(CC) -Werror -O2 -U_FORTIFY_SOURCE $(flag) -include stdlib.h \
	-x c -c /dev/null -o /dev/null 2>/dev/null && echo '$(flag)'))

# Members that an initializer leaves out are zero; the tables are read so.
warnings := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wformat=2 -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-missing-field-initializers $(if $(WERROR),-Werror)

hardening = $(call once,hardening,-fstack-protector-strong \
	$(call accepted,-fstack-clash-protection -fcf-protection) \
	$(if $(SAN),,-U_FORTIFY_SOURCE \
		$(or $(call accepted,-D_FORTIFY_SOURCE=3),-D_FORTIFY_SOURCE=2)))

# Fences, of which gcc warns, order what another process writes: no sanitizer of a process sees that.
sanitizing = $(call once,sanitizing,$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer $(if $(filter thread,$(SAN)),$(call accepted,-Wno-tsan))))

systemd = $(call once,systemd,$(shell $(PKG_CONFIG) --exists libsystemd && echo libsystemd))

defines = -D_GNU_SOURCE -DJETON_VERSION='"$(VERSION)"' \
	-DJETON_LIBEXEC_DIR='"$(LIBEXECDIR)/jeton"' -DJETON_SYSCONF_DIR='"$(SYSCONFDIR)/jeton"' \
	-DJETON_STATE_DIR='"$(LOCALSTATEDIR)/lib/jeton"' -DJETON_RUN_DIR='"$(RUNDIR)/jeton"' \
	-DJETON_PAM_DIR='"$(PAMDIR)"' \
	$(if $(systemd),-DHAVE_SYSTEMD=1) $(if $(SAN),-DJETON_SANITIZED=1)

compile = $(CC) -std=gnu11 -Iinclude $(defines) $(warnings) $(hardening) $(sanitizing) \
	-fPIC -ffunction-sections -fdata-sections $(CPPFLAGS) $(CFLAGS)

link = $(CC) $(CFLAGS) $(sanitizing) -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed \
	-Wl,--gc-sections $(LDFLAGS)

# Sanitizers keep their symbols in the program, where -z defs does not look.
link-shared = $(link) -shared $(if $(SAN),,-Wl$(comma)-z$(comma)defs) -Wl,--exclude-libs,ALL

# Debian 13's pam.pc asks for a package that is not there, so libpam goes by its name.
libraries = $(if $(filter-out pam,$(1)),$(call package,--libs,$(filter-out pam,$(1)))) $(if $(filter pam,$(1)),-lpam)

# --- what is built from what -------------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(addsuffix /*.c,$(1))))

common  := $(BUILD)/lib/libcommon.a
token   := $(BUILD)/lib/libtoken.a
privsep := $(BUILD)/lib/libprivsep.a
libjeton := $(BUILD)/lib/libjeton.so.0
pam      := $(BUILD)/lib/pam_jeton.so

children := $(addprefix $(BUILD)/libexec/jetond-,frontend authority signer worker names units issuer pam)
programs := $(BUILD)/bin/jetond $(children)
pam-test := $(BUILD)/libexec/jeton-pam-test
import-sqlite := $(BUILD)/libexec/jeton-import-sqlite

## all: the daemon, its programs, libjeton, jeton and pam_jeton.so
all: $(programs) $(BUILD)/bin/jeton $(pam-test) $(import-sqlite) $(BUILD)/lib/libjeton.so $(pam)

$(common):  $(call objects,common common/wire)
$(token):   $(call objects,common/jwt)
$(privsep): $(call objects,daemon/privsep)

# The link table: tests/privsep reads it again from the files and from the running processes.
$(BUILD)/bin/jetond:               $(call objects,daemon/parent)
$(BUILD)/bin/jetond:               packages = libconfuse libseccomp $(systemd)
$(BUILD)/libexec/jetond-frontend:  $(call objects,daemon/frontend)
$(BUILD)/libexec/jetond-frontend:  packages = jansson libcrypto
$(BUILD)/libexec/jetond-authority: $(call objects,daemon/authority daemon/authority/store)
$(BUILD)/libexec/jetond-authority: packages = sqlite3 libcrypto
$(BUILD)/libexec/jetond-signer:    $(call objects,daemon/signer)
$(BUILD)/libexec/jetond-signer:    packages = libcrypto
$(BUILD)/libexec/jetond-worker:    $(call objects,daemon/worker)
$(BUILD)/libexec/jetond-worker:    packages = libcrypt libargon2 libcrypto pwquality
$(BUILD)/libexec/jetond-names:     $(call objects,daemon/names)
$(BUILD)/libexec/jetond-units:     $(call objects,daemon/units)
$(BUILD)/libexec/jetond-issuer:    $(call objects,daemon/issuer) $(BUILD)/obj/client/jws/jwk.o
$(BUILD)/libexec/jetond-issuer:    packages = libjwt jansson libcrypto
$(BUILD)/libexec/jetond-pam:       $(call objects,daemon/pamworker) $(BUILD)/obj/daemon/names/account.o
$(BUILD)/libexec/jetond-pam:       packages = pam

# What it serves as bytes.
$(BUILD)/obj/daemon/frontend/documents.o: daemon/frontend/openapi.json daemon/frontend/docs.html

$(programs): $(privsep) $(token) $(common)
	$(call say,LINK)
	$(Q)$(link) -pie -o $@ $(filter %.o,$^) $(privsep) $(token) $(common) $(call libraries,$(packages))

$(libjeton): $(call objects,client) $(token) $(common) client/libjeton.map
	$(call say,LINK)
	$(Q)$(link-shared) -Wl,-soname,$(@F) -Wl,--version-script=client/libjeton.map -o $@ \
		$(filter %.o,$^) $(token) $(common) $(call libraries,libcrypto jansson)

$(BUILD)/lib/libjeton.so: $(libjeton)
	$(Q)ln -sf $(<F) $@

# The parts of libjeton that the module and the command have of their own, because none is exported.
exchange := $(addprefix $(BUILD)/obj/client/,exchange.o connect.o reply.o)
request  := $(addprefix $(BUILD)/obj/client/,request.o body.o place.o failure.o) $(exchange)

$(pam): $(call objects,pam_module) $(exchange) \
		$(token) $(common) pam_module/pam_jeton.map
	$(call say,LINK)
	$(Q)$(link-shared) -Wl,--version-script=pam_module/pam_jeton.map -o $@ \
		$(filter %.o,$^) $(token) $(common) $(call libraries,libcrypto pam)

# The parent's ways with uids, folders and programs, for what root does beside the daemon.
starting := $(addprefix $(BUILD)/obj/daemon/parent/,spawn.o identities.o places.o restored.o)

# In the build tree the command finds the library beside it; the installed one has no such path.
$(BUILD)/bin/jeton: runpath = -Wl,-rpath,'$$ORIGIN/../lib'
$(BUILD)/bin/jeton $(BUILD)/install/jeton: $(call objects,client/cli client/cli/backup client/cli/doctor client/cli/import client/jws client/stack) \
		$(BUILD)/obj/pam_module/options.o $(starting) $(request) $(token) $(common) $(BUILD)/lib/libjeton.so
	$(call say,LINK)
	$(Q)$(link) -pie $(runpath) -o $@ $(filter %.o,$^) $(token) $(common) -L$(BUILD)/lib -ljeton \
		$(call libraries,jansson libcrypto)

# libpam runs modules, so it is in a program of its own and not in the command.
$(pam-test): $(call objects,client/pam_test client/stack) \
		$(addprefix $(BUILD)/obj/client/cli/,password.o output.o) $(common)
	$(call say,LINK)
	$(Q)$(link) -pie -o $@ $(filter %.o,$^) $(common) $(call libraries,jansson pam)

# SQLite reads whatever file it is given, so it is not in the command either.
$(import-sqlite): $(call objects,client/import_sqlite) $(privsep) $(common)
	$(call say,LINK)
	$(Q)$(link) -pie -o $@ $(filter %.o,$^) $(privsep) $(common) $(call libraries,jansson sqlite3)

%.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC)
	$(Q)$(compile) -MMD -MP -c -o $@ $<

# Before anybody asks them for flags.
tools:
	@for tool in $(firstword $(CC)) $(PKG_CONFIG); do command -v $$tool >/dev/null || \
		{ echo "$$tool is missing: run packaging/build-deps" >&2; exit 1; }; done

# Other flags, other objects: this file changes only when the command line does.
$(BUILD)/flags: tools always
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(compile)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(compile)) >$@

quoted = '$(subst ','\'',$(1))'
Q      = $(if $(V),,@)
say    = @mkdir -p $(@D)$(if $(V),,; printf '  %-5s %s\n' '$(1)' '$(@:$(BUILD)/%=%)')

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# --- tests -------------------------------------------------------------------------------------
# A test says in its first lines what it links beside the archives: `links:` files, `needs:`
# packages, `flags:` for the linker.

said = $(shell tests/link-line $(1) $(2))

programs-of = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard $(1)))

unit-tests: $(call programs-of,tests/unit/test_*.c)
test-programs: bench-programs \
	$(call programs-of,tests/daemon/*.c tests/pam/*.c tests/privsep/*.c tests/system/*.c)
fuzzers: $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))

.SECONDARY:
.SECONDEXPANSION:
linked-by = $(patsubst %.c,$(BUILD)/obj/%.o,$(call said,links,$(1)))

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $$(call linked-by,tests/$$*.c) $(privsep) $(token) $(common)
	$(call say,LINK)
	$(Q)$(link) -pie -o $@ $(filter %.o,$^) $(call said,flags,tests/$*.c) \
		$(privsep) $(token) $(common) $(call libraries,cmocka $(call said,needs,tests/$*.c))

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $$(call linked-by,tests/fuzz/$$*.c) $(privsep) $(token) $(common)
	$(call say,LINK)
	$(Q)$(link) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(call said,flags,tests/fuzz/$*.c) \
		$(privsep) $(token) $(common) $(call libraries,$(call said,needs,tests/fuzz/$*.c))

$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o
	$(call say,LINK)
	$(Q)$(link) -pie -o $@ $(filter %.o,$^) $(call libraries,$(call said,needs,examples/$*.c))

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $$(call linked-by,bench/$$*.c) $(common) $(BUILD)/lib/libjeton.so
	$(call say,LINK)
	$(Q)$(link) -pie -Wl,-rpath,'$$ORIGIN/../lib' -o $@ $(filter %.o,$^) $(common) \
		$(call libraries,$(call said,needs,bench/$*.c)) -L$(BUILD)/lib -ljeton

bench-programs: $(patsubst %.c,$(BUILD)/%,$(wildcard bench/*.c))

## bench: what jeton costs beside the bare minimum and beside others, in two minutes (bench/README.md)
bench: all bench-programs
	@BUILD=$(BUILD) $(PYTHON) -B bench/compare.py

examples: $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))

## demo: install what is missing, build, and show one login from end to end (no root needed)
demo:
	@packaging/build-deps build demo
	@$(MAKE) --no-print-directory -s all examples
	@tests/demo.sh $(BUILD)

## check: install what is missing, run every test that needs no root, close with the count
check:
	@packaging/build-deps build check
	@tests/run

## check-root: the tests that need root (several users, a booted system)
check-root:
	@packaging/build-deps build check root
	@tests/run --root

## check-web: the tests that need a browser, Java and Prometheus
check-web:
	@packaging/build-deps build check web
	@tests/run --web

## fuzz: every fuzz target for FUZZ_SECONDS (60) each; needs clang
FUZZ_SECONDS ?= 60
fuzz:
	@packaging/build-deps build lint
	@$(MAKE) --no-print-directory CC=$(CLANG) SAN=address,undefined,fuzzer-no-link BUILD=build-fuzz fuzzers
	@tests/fuzz/run build-fuzz/fuzz $(FUZZ_SECONDS)

# --- the sources themselves --------------------------------------------------------------------

c-files = $(shell find bench client common daemon examples include pam_module tests -name '*.[ch]')
analyzed = $(filter %.c,$(filter-out tests/%,$(c-files)))

## abi: write down what programs rely on, when a change of it is meant (client/libjeton.abi)
abi: $(libjeton)
	@tests/library/abi $(libjeton) include/jeton.h >client/libjeton.abi

## lint: the format of every C file, then cppcheck and clang-tidy on what is installed
lint:
	@packaging/build-deps build check lint
	@clang-format --dry-run -Werror $(c-files)
	@clang++ -fsyntax-only -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Wconversion -Werror include/jeton.h
	@# It does not know what a cleanup attribute frees.
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=memleak --suppress=resourceLeak -D_GNU_SOURCE -Iinclude $(analyzed)
	@printf '%s\n' $(analyzed) | xargs -n 8 -P 2 sh -c \
		'clang-tidy --quiet "$$@" -- -std=gnu11 -Iinclude $(subst ','\'',$(defines)) 2>/dev/null' --

## format: write every C file in the project's format
format:
	@clang-format -i $(c-files)

# --- install -----------------------------------------------------------------------------------
# One list for install and uninstall: MODE:FILE:PLACE.

man-pages := $(wildcard client/*.[1-8] client/cli/*.[1-8] daemon/*.[1-8] daemon/*/*.[1-8] pam_module/*.[1-8])

# A page of several functions is found by the name of each: PLACE:PAGE.
man-links = $(call once,man-links,$(foreach page,$(wildcard client/*.3), \
	$(foreach name,$(filter-out $(basename $(notdir $(page))), \
		$(shell sed -n '/^\.Sh SYNOPSIS/q; s/^\.Nm \([a-z_]*\).*/\1/p' $(page))), \
		$(MANDIR)/man3/$(name).3:$(notdir $(page)))))

python-installed = $(foreach file,$(wildcard client/python/jeton/*.py client/python/jeton/py.typed), \
	0644:$(file):$(PYTHONDIR)/jeton/$(notdir $(file)))

installed = \
	0755:$(BUILD)/bin/jetond:$(SBINDIR)/jetond \
	$(foreach child,$(children),0755:$(child):$(LIBEXECDIR)/jeton/$(notdir $(child))) \
	0755:$(BUILD)/install/jeton:$(BINDIR)/jeton \
	0755:$(pam-test):$(LIBEXECDIR)/jeton/$(notdir $(pam-test)) \
	0755:$(import-sqlite):$(LIBEXECDIR)/jeton/$(notdir $(import-sqlite)) \
	0755:$(libjeton):$(LIBDIR)/$(notdir $(libjeton)) \
	0644:include/jeton.h:$(INCLUDEDIR)/jeton.h \
	0644:$(BUILD)/install/client/jeton.pc:$(LIBDIR)/pkgconfig/jeton.pc \
	0644:$(pam):$(PAMDIR)/pam_jeton.so \
	$(foreach page,$(man-pages),0644:$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(python-installed) \
	$(foreach page,$(wildcard docs/*.md),0644:$(page):$(DOCDIR)/$(notdir $(page))) \
	0644:packaging/completions/jeton.bash:$(BASHCOMPDIR)/jeton \
	0644:packaging/completions/_jeton:$(ZSHCOMPDIR)/_jeton \
	0644:packaging/completions/jeton.fish:$(FISHCOMPDIR)/jeton.fish \
	0644:$(BUILD)/install/packaging/systemd/jetond.service:$(SYSTEMDDIR)/systemd/system/jetond.service \
	0755:$(BUILD)/install/daemon/issuer/jeton-issuers:$(LIBEXECDIR)/jeton/jeton-issuers \
	0644:$(BUILD)/install/packaging/systemd/jeton-issuers.service:$(SYSTEMDDIR)/systemd/system/jeton-issuers.service \
	0644:packaging/systemd/jeton-issuers.timer:$(SYSTEMDDIR)/systemd/system/jeton-issuers.timer \
	0644:packaging/pam-configs/jeton:$(PAMCONFIGDIR)/jeton \
	0644:packaging/nginx/jeton.conf:$(EXAMPLEDIR)/nginx/jeton.conf \
	$(foreach file,$(wildcard packaging/nginx/jeton/*.conf),0644:$(file):$(EXAMPLEDIR)/nginx/jeton/$(notdir $(file))) \
	0644:packaging/prometheus/jeton.rules.yml:$(EXAMPLEDIR)/prometheus/jeton.rules.yml \
	0644:packaging/systemd/jeton.sysusers:$(SYSTEMDDIR)/sysusers.d/jeton.conf \
	0644:$(BUILD)/install/packaging/systemd/jeton.tmpfiles:$(SYSTEMDDIR)/tmpfiles.d/jeton.conf

config-sample := packaging/jetond.conf
config        := $(SYSCONFDIR)/jeton/jetond.conf

$(BUILD)/install/%: %.in $(BUILD)/flags
	$(call say,GEN)
	$(Q)sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@SBINDIR@|$(SBINDIR)|g' \
		-e 's|@BINDIR@|$(BINDIR)|g' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' \
		-e 's|@LIBDIR@|$(LIBDIR)|g' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' \
		-e 's|@LOCALSTATEDIR@|$(LOCALSTATEDIR)|g' -e 's|@RUNDIR@|$(RUNDIR)|g' \
		-e 's|@SYSTEMD_TYPE@|$(if $(systemd),notify,exec)|g' $< >$@

generated := $(addprefix $(BUILD)/install/,jeton client/jeton.pc daemon/issuer/jeton-issuers \
	$(addprefix packaging/systemd/,jetond.service jeton-issuers.service jeton.tmpfiles))

place = set -e; for item in $(1); do \
		mode=$${item%%:*}; rest=$${item\#*:}; \
		$(INSTALL) -D -m $$mode "$${rest%%:*}" "$(DESTDIR)$${rest\#*:}"; \
	done

## install: everything, under DESTDIR; a configuration that is there already stays
install: all $(generated)
	@$(call place,$(installed))
	@ln -sf $(notdir $(libjeton)) $(DESTDIR)$(LIBDIR)/libjeton.so
	@for item in $(man-links); do ln -sf "$${item##*:}" "$(DESTDIR)$${item%%:*}"; done
	@$(INSTALL) -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/jeton/conf.d
	@[ -e $(DESTDIR)$(config) ] || $(INSTALL) -D -m 0644 $(config-sample) $(DESTDIR)$(config)
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

## install-python: the Python package alone, which is text; it goes to PYTHONDIR
install-python:
	@$(call place,$(python-installed))

## uninstall: remove exactly what install placed; a configuration that was edited stays
uninstall:
	@for item in $(installed); do rm -f "$(DESTDIR)$${item##*:}"; done
	@rm -f $(DESTDIR)$(LIBDIR)/libjeton.so
	@for item in $(man-links); do rm -f "$(DESTDIR)$${item%%:*}"; done
	@! cmp -s $(config-sample) $(DESTDIR)$(config) || rm -f $(DESTDIR)$(config)
	@rm -rf "$(DESTDIR)$(PYTHONDIR)/jeton/__pycache__"
	@-rmdir $(DESTDIR)$(LIBEXECDIR)/jeton $(DESTDIR)$(SYSCONFDIR)/jeton/conf.d $(DESTDIR)$(SYSCONFDIR)/jeton \
		$(DESTDIR)$(PYTHONDIR)/jeton \
		$(addprefix $(DESTDIR)$(EXAMPLEDIR),/nginx/jeton /nginx /prometheus) $(DESTDIR)$(EXAMPLEDIR) \
		$(DESTDIR)$(DOCDIR) 2>/dev/null || true

## clean: remove every build folder
clean:
	@rm -rf build build-*/

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | awk -F': ' '{ printf "  %-11s %s\n", $$1, $$2 }'

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all demo check check-root check-web fuzz abi lint format install install-python uninstall clean help \
	unit-tests test-programs examples fuzzers bench bench-programs tools always
