# Installing; included by the Makefile.

INSTALL ?= install
MANPAGES := $(wildcard contrib/man/*.[158])
UNITS    := $(notdir $(wildcard contrib/systemd/*.service contrib/systemd/*.timer))

install: $(PROGRAMS)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)
	$(INSTALL) -m 755 $(BUILD)/chaperone $(DESTDIR)$(BINDIR)/
	$(INSTALL) -m 755 $(BUILD)/chaperone-milter $(BUILD)/chaperone-archivist $(BUILD)/chaperone-console $(DESTDIR)$(SBINDIR)/
	$(INSTALL) -m 755 $(BUILD)/chaperone-reader $(DESTDIR)$(LIBEXECDIR)/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/policies/shared $(DESTDIR)$(DATADIR)/policies/tests $(DESTDIR)$(DATADIR)/lists
	$(INSTALL) -m 644 conf/chaperone.conf conf/roster.conf $(DESTDIR)$(DATADIR)/
	$(INSTALL) -m 644 conf/policies/*.conf $(DESTDIR)$(DATADIR)/policies/
	$(INSTALL) -m 644 conf/policies/shared/*.conf $(DESTDIR)$(DATADIR)/policies/shared/
	@# The packs' tests, and the people they are about.
	for f in $(patsubst conf/policies/tests/%,%,$(wildcard conf/policies/tests/*.jsonl conf/policies/tests/mail/*.eml)); do \
	    $(INSTALL) -D -m 644 conf/policies/tests/$$f $(DESTDIR)$(DATADIR)/policies/tests/$$f || exit 1; \
	done
	for f in $(patsubst tests/packs/%,%,$(wildcard tests/packs/roster/*.csv tests/packs/roster/*/*.csv)); do \
	    $(INSTALL) -D -m 644 tests/packs/$$f $(DESTDIR)$(DATADIR)/policies/tests/$$f || exit 1; \
	done
	$(INSTALL) -m 644 conf/lists/*.txt $(DESTDIR)$(DATADIR)/lists/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/console
	$(INSTALL) -m 644 milter/console/static/* $(DESTDIR)$(DATADIR)/console/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/retention
	$(INSTALL) -m 644 conf/retention/*.conf $(DESTDIR)$(DATADIR)/retention/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/letters
	$(INSTALL) -m 644 conf/letters/*.txt $(DESTDIR)$(DATADIR)/letters/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/notices
	$(INSTALL) -m 644 conf/notices/*.txt $(DESTDIR)$(DATADIR)/notices/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/notices/monitoring
	$(INSTALL) -m 644 conf/notices/monitoring/*.txt $(DESTDIR)$(DATADIR)/notices/monitoring/
	$(INSTALL) -d $(DESTDIR)$(SYSCONFDIR)/chaperone/policies/shared $(DESTDIR)$(SYSCONFDIR)/chaperone/lists \
	    $(DESTDIR)$(SYSCONFDIR)/chaperone/notices/monitoring $(DESTDIR)$(SYSCONFDIR)/chaperone/letters $(DESTDIR)$(SYSCONFDIR)/chaperone/retention
	@# What an admin has changed stays; the new version lies in $(DATADIR).
	@for f in chaperone.conf roster.conf clocks.conf $(patsubst conf/%,%,$(wildcard conf/letters/*.txt)) $(patsubst conf/%,%,$(wildcard conf/policies/*.conf conf/policies/shared/*.conf conf/lists/*.txt conf/notices/*.txt conf/notices/monitoring/*.txt conf/retention/*.conf)); do \
	    [ -e $(DESTDIR)$(SYSCONFDIR)/chaperone/$$f ] || \
	        $(INSTALL) -m 644 conf/$$f $(DESTDIR)$(SYSCONFDIR)/chaperone/$$f || exit 1; \
	done
	for m in $(MANPAGES); do \
	    $(INSTALL) -d $(DESTDIR)$(MANDIR)/man$${m##*.} && \
	    $(INSTALL) -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/ || exit 1; \
	done
	for u in $(UNITS); do \
	    sed -e 's|/usr/sbin/|$(SBINDIR)/|; s|/usr/bin/chaperone|$(BINDIR)/chaperone|; s|/etc/chaperone|$(SYSCONFDIR)/chaperone|' \
	        contrib/systemd/$$u >$(DESTDIR)$(UNITDIR)/$$u || exit 1; \
	done
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)$(PREFIX)/lib/sysusers.d
	$(INSTALL) -m 644 contrib/systemd/chaperone.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/chaperone.conf
	$(INSTALL) -m 644 contrib/systemd/chaperone.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/chaperone.conf
	$(INSTALL) -m 644 README.md INSTALL COPYING contrib/doc/*.md contrib/verify/chaperone_verify.py contrib/postfix/*.snippet $(DESTDIR)$(DOCDIR)/
	$(INSTALL) -d $(DESTDIR)$(DOCDIR)/proxy
	$(INSTALL) -m 644 contrib/proxy/*.snippet $(DESTDIR)$(DOCDIR)/proxy/
	for f in $(patsubst contrib/doc/%,%,$(wildcard contrib/doc/example-district/*.csv contrib/doc/example-district/*/*.csv)); do \
	    $(INSTALL) -D -m 644 contrib/doc/$$f $(DESTDIR)$(DOCDIR)/$$f || exit 1; \
	done

# Configuration and data stay.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/chaperone $(DESTDIR)$(SBINDIR)/chaperone-milter $(DESTDIR)$(SBINDIR)/chaperone-archivist \
	    $(DESTDIR)$(SBINDIR)/chaperone-console
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
	rm -f $(foreach m,$(MANPAGES),$(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS))
	rm -f $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/chaperone.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/chaperone.conf
