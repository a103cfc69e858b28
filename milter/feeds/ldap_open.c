// From an address to a connection that is encrypted and bound.
#include "feeds/ldap_wire.h"

#include <errno.h>
#include <openldap.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

// ---- signals --------------------------------------------------------------------------------------------

// The library sends without MSG_NOSIGNAL: a directory that goes away must be an error and no death.
static void block_pipe(LdapWire *wire)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    wire->blocked =
        pthread_sigmask(SIG_BLOCK, &pipe, &wire->signals) == 0 && sigismember(&wire->signals, SIGPIPE) == 0;
}

static void unblock_pipe(LdapWire *wire)
{
    sigset_t pipe;
    const struct timespec now = {0};
    if (!wire->blocked)
        return;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (sigtimedwait(&pipe, NULL, &now) == SIGPIPE)
        ;
    pthread_sigmask(SIG_SETMASK, &wire->signals, NULL);
}

// ---- options --------------------------------------------------------------------------------------------

static bool fail_ca(const FeedSpec *spec, const char *ca, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s: ca_file: %s: no file of certificates in PEM",
                spec->where, ca);
    return false;
}

static bool set_tls(LDAP *ld, const FeedSpec *spec, GError **error)
{
    const int demand = LDAP_OPT_X_TLS_DEMAND, tls = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
    char *system_ca = NULL;
    ldap_get_option(NULL, LDAP_OPT_X_TLS_CACERTFILE, &system_ca);
    const char *ca = spec->ca_file[0] != '\0' ? spec->ca_file : system_ca != NULL ? system_ca : SYSTEM_CA;
    bool ok = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTDIR, NULL) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS;
    ok = ok || fail_ca(spec, ca, error);
    ldap_memfree(system_ca);
    return ok;
}

// Whatever ldap.conf and the environment say: the certificate is checked, nobody is followed, limits are ours.
static bool set_options(LDAP *ld, const FeedSpec *spec, GError **error)
{
    const struct timeval wait = {.tv_sec = spec->timeout_s};
    const struct timeval endless = {.tv_sec = -1};
    const int version = LDAP_VERSION3, none = 0, never = LDAP_DEREF_NEVER;
    bool ok = ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_DEREF, &never) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_SIZELIMIT, &none) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_TIMELIMIT, &none) == LDAP_OPT_SUCCESS &&
              ldap_set_option(ld, LDAP_OPT_TIMEOUT, &wait) == LDAP_OPT_SUCCESS &&
              // The library's own time-out of a handshake does not end it; the guard does.
              ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &endless) == LDAP_OPT_SUCCESS;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: uri: %s: the library refuses its settings",
                    spec->where, spec->uri);
    return ok && set_tls(ld, spec, error);
}

// ---- connecting -----------------------------------------------------------------------------------------

static bool fail_connect(const LdapWire *wire, const char *uri, const char *what, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: uri: %s: %s; nothing was changed",
                wire->spec->where, uri, what);
    return false;
}

// The library closes `fd`, and sooner or later `wire->ld`.
static bool attach(LdapWire *wire, int fd, const char *uri, GError **error)
{
    wire->guard = ldap_guard_new(fd);
    int result = wire->guard != NULL ? ldap_init_fd(fd, LDAP_PROTO_TCP, uri, &wire->ld) : LDAP_NO_MEMORY;
    if (result == LDAP_SUCCESS)
        return true;
    close(fd);
    wire->ld = NULL;
    return fail_connect(wire, uri, ldap_err2string(result), error);
}

static bool connect_to(LdapWire *wire, const LDAPURLDesc *url, const char *uri, GError **error)
{
    int result = LDAP_SUCCESS;
    if (strcmp(url->lud_scheme, "ldapi") == 0) {
        result = ldap_initialize(&wire->ld, uri);
        return result == LDAP_SUCCESS || fail_connect(wire, uri, ldap_err2string(result), error);
    }
    g_autoptr(GError) why = NULL;
    const char *host = url->lud_host != NULL && url->lud_host[0] != '\0' ? url->lud_host : "localhost";
    int fd = ldap_guard_connect(host, url->lud_port, wire->spec->timeout_s, &why);
    return fd >= 0 ? attach(wire, fd, uri, error) : fail_connect(wire, uri, why->message, error);
}

// ---- encrypting -----------------------------------------------------------------------------------------

// A certificate that is not accepted gives one code with a line that breaks; the texts are all there is to tell them.
static bool is_certificate(const char *diagnostic)
{
    g_autofree char *lower = g_ascii_strdown(diagnostic, -1);
    return strstr(lower, "unknown error") != NULL || strstr(lower, "certificate") != NULL ||
           strstr(lower, "hostname") != NULL;
}

static bool fail_tls(const LdapWire *wire, const char *uri, int result, GError **error)
{
    const FeedSpec *spec = wire->spec;
    g_autofree char *more = ldap_wire_diagnostic(wire->ld);
    if (ldap_guard_fired(wire->guard))
        return ldap_wire_fail_late(wire, "uri", "encrypting", error);
    if (is_certificate(more))
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "%s: ca_file: %s: its certificate is not accepted: it must be signed by %s, name this "
                    "host and be "
                    "in force",
                    spec->where, uri,
                    spec->ca_file[0] != '\0' ? spec->ca_file : "an authority of the system");
    else if (result == LDAP_CONNECT_ERROR)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: uri: %s: encrypting fails%s", spec->where,
                    uri, more);
    else
        ldap_wire_fail(wire, result, "starttls", "StartTLS", error);
    return false;
}

static bool encrypt(LdapWire *wire, const LDAPURLDesc *url, const char *uri, GError **error)
{
    bool ldaps = strcmp(url->lud_scheme, "ldaps") == 0;
    if (!ldaps && (!wire->spec->starttls || strcmp(url->lud_scheme, "ldapi") == 0))
        return true;
    ldap_guard_arm(wire->guard, wire->spec->timeout_s);
    int result = ldaps ? ldap_install_tls(wire->ld) : ldap_start_tls_s(wire->ld, NULL, NULL);
    return result == LDAP_SUCCESS || fail_tls(wire, uri, result, error);
}

// ---- binding --------------------------------------------------------------------------------------------

// Waits for the answer to `id` and takes its result code. `doing` and `key` for errors.
static bool await(LdapWire *wire, int id, const char *key, const char *doing, GError **error)
{
    struct timeval wait = {.tv_sec = wire->spec->timeout_s};
    LDAPMessage *answer = NULL;
    ldap_guard_arm(wire->guard, wire->spec->timeout_s + 1);
    int got = ldap_result(wire->ld, id, LDAP_MSG_ALL, &wait, &answer), code = LDAP_SUCCESS;
    ldap_guard_rest(wire->guard);
    if (got == 0) {
        ldap_abandon_ext(wire->ld, id, NULL, NULL);
        return ldap_wire_fail_late(wire, key, doing, error);
    }
    if (got < 0)
        code = ldap_wire_code(wire);
    else
        got = ldap_parse_result(wire->ld, answer, &code, NULL, NULL, NULL, NULL, 1);
    return code == LDAP_SUCCESS || ldap_wire_fail(wire, code, key, doing, error);
}

static bool bind_as(LdapWire *wire, char *password, GError **error)
{
    struct berval secret = {.bv_val = password, .bv_len = strlen(password)};
    int id = 0,
        result = ldap_sasl_bind(wire->ld, wire->spec->bind_dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, &id);
    if (result != LDAP_SUCCESS)
        return ldap_wire_fail(wire, result, "uri", "connecting", error);
    return await(wire, id, "bind_dn", "binding", error);
}

static bool bind_wire(LdapWire *wire, GError **error)
{
    char password[LDAP_PASSWORD_MOST] = "";
    bool ok = (wire->spec->bind_dn[0] == '\0' || ldap_spec_password(wire->spec, password, error)) &&
              bind_as(wire, password, error);
    sodium_memzero(password, sizeof password);
    return ok;
}

// ---- all of it ------------------------------------------------------------------------------------------

static void disconnect(LdapWire *wire)
{
    if (wire->ld != NULL)
        ldap_unbind_ext(wire->ld, NULL, NULL);
    ldap_guard_free(wire->guard);
    wire->ld = NULL;
    wire->guard = NULL;
}

static bool open_one(LdapWire *wire, const char *uri, GError **error)
{
    LDAPURLDesc *url = NULL;
    bool ok = ldap_url_parse(uri, &url) == LDAP_URL_SUCCESS && connect_to(wire, url, uri, error) &&
              set_options(wire->ld, wire->spec, error) && encrypt(wire, url, uri, error);
    ldap_free_urldesc(url);
    if (!ok)
        disconnect(wire);
    return ok;
}

// The first of several that can be reached.
LdapWire *ldap_wire_open(const FeedSpec *spec, GError **error)
{
    LdapWire *wire = g_new0(LdapWire, 1);
    g_auto(GStrv) uris = g_strsplit(spec->uri, " ", -1);
    g_autoptr(GError) last = NULL;
    bool ok = false;
    wire->spec = spec;
    wire->wanted = ldap_entry_wanted(spec->id_attribute);
    block_pipe(wire);
    for (gsize i = 0; !ok && uris[i] != NULL; i++) {
        if (uris[i][0] == '\0')
            continue;
        g_clear_error(&last);
        ok = open_one(wire, uris[i], &last);
    }
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&last));
    if (!ok || !bind_wire(wire, error))
        g_clear_pointer(&wire, ldap_wire_close);
    return wire;
}

void ldap_wire_close(LdapWire *wire)
{
    if (wire == NULL)
        return;
    disconnect(wire);
    unblock_pipe(wire);
    g_free(wire->wanted);
    g_free(wire);
}

guint ldap_wire_referrals(const LdapWire *wire)
{
    return wire->referrals;
}
