// ldap_wire: what the files that talk to the server share.
#pragma once

#include "feeds/ldap.h"

#include <signal.h>

// Ends a wait that the library would not end: shuts the connection when its time has come.
typedef struct LdapGuard LdapGuard;
// A blocking socket; -1 with `error`.
int ldap_guard_connect(const char *host, int port, int seconds, GError **error);
LdapGuard *ldap_guard_new(int fd); // NULL: no descriptor left
void ldap_guard_free(LdapGuard *guard);
void ldap_guard_arm(LdapGuard *guard, int seconds); // from now on; NULL is a no-op
void ldap_guard_rest(LdapGuard *guard);             // nobody is waited for
bool ldap_guard_fired(LdapGuard *guard);

struct LdapWire {
    LDAP *ld;
    LdapGuard *guard; // NULL for ldapi
    const FeedSpec *spec;
    const char **wanted;
    guint referrals;
    bool blocked;
    sigset_t signals; // as they were
};

// "where: key: uri: doing: what the server says; remedy". Always false.
bool ldap_wire_fail(const LdapWire *wire, int result, const char *key, const char *doing, GError **error);
bool ldap_wire_fail_late(const LdapWire *wire, const char *key, const char *doing, GError **error);
int ldap_wire_code(const LdapWire *wire); // of the call that failed
char *ldap_wire_diagnostic(LDAP *ld);     // " (text)" or ""; caller frees
