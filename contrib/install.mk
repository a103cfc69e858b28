# Installing; included by the Makefile.

INSTALL ?= install
MANPAGES := $(wildcard contrib/man/*.[158])
UNITS    := $(notdir $(wildcard contrib/systemd/*.service contrib/systemd/*.timer))

install: $(PROGRAMS)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)
	$(INSTALL) -m 755 $(BUILD)/chaperone $(DESTDIR)$(BINDIR)/
	$(INSTALL) -m 755 $(BUILD)/chaperone-milter $(BUILD)/chaperone-archivist $(DESTDIR)$(SBINDIR)/
	$(INSTALL) -m 755 $(BUILD)/chaperone-reader $(DESTDIR)$(LIBEXECDIR)/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/policies $(DESTDIR)$(DATADIR)/lists
	$(INSTALL) -m 644 conf/chaperone.conf conf/roster.conf $(DESTDIR)$(DATADIR)/
	$(INSTALL) -m 644 conf/policies/*.conf $(DESTDIR)$(DATADIR)/policies/
	$(INSTALL) -m 644 conf/lists/*.txt $(DESTDIR)$(DATADIR)/lists/
	$(INSTALL) -d $(DESTDIR)$(SYSCONFDIR)/chaperone/policies $(DESTDIR)$(SYSCONFDIR)/chaperone/lists
	@# What an admin has changed stays; the new version lies in $(DATADIR).
	@for f in chaperone.conf roster.conf $(patsubst conf/%,%,$(wildcard conf/policies/*.conf conf/lists/*.txt)); do \
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
	$(INSTALL) -m 644 README.md INSTALL COPYING contrib/postfix/*.snippet $(DESTDIR)$(DOCDIR)/

# Configuration and data stay.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/chaperone $(DESTDIR)$(SBINDIR)/chaperone-milter $(DESTDIR)$(SBINDIR)/chaperone-archivist
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
	rm -f $(foreach m,$(MANPAGES),$(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS))
	rm -f $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/chaperone.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/chaperone.conf
