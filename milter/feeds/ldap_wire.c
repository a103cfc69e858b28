#include "feeds/ldap_wire.h"

#include <string.h>

#define EMPTY_PAGES_MOST 1000

// ---- errors ---------------------------------------------------------------------------------------------

static int error_code(int result)
{
    switch (result) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_OPERATIONS_ERROR: // Active Directory to who has not bound
        return BASE_ERROR_NOPERM;
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_FILTER_ERROR:
    case LDAP_PARAM_ERROR:
    case LDAP_UNDEFINED_TYPE:
    case LDAP_INAPPROPRIATE_MATCHING:
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
    case LDAP_REFERRAL:
    case LDAP_PROTOCOL_ERROR:
        return BASE_ERROR_CONFIG;
    default:
        return BASE_ERROR_TEMPFAIL;
    }
}

static const char *remedy(int result)
{
    switch (result) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
        return "; check bind_dn and password_file";
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_OPERATIONS_ERROR:
        return "; check what bind_dn may read";
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
        return "; it wants encryption: use starttls or ldaps://";
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_REFERRAL:
        return "; check the DN, and what bind_dn may read";
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
        return "; the directory gives no more to this bind_dn: have its limit raised for it, or lower "
               "page_size";
    case LDAP_PROTOCOL_ERROR:
        return "; a server of LDAP version 3 is wanted, for starttls one with a certificate";
    default:
        return "";
    }
}

char *ldap_wire_diagnostic(LDAP *ld)
{
    char *text = NULL;
    if (ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) != LDAP_OPT_SUCCESS || text == NULL)
        return g_strdup("");
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), 200));
    ldap_memfree(text);
    g_strdelimit(valid, "\r\n\t", ' ');
    return valid[0] != '\0' ? g_strdup_printf(" (%s)", g_strstrip(valid)) : g_strdup("");
}

bool ldap_wire_fail_late(const LdapWire *wire, const char *key, const char *doing, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                "%s: %s: %s: %s: no answer within %d s (timeout_s); nothing was changed", wire->spec->where,
                key, wire->spec->uri, doing, wire->spec->timeout_s);
    return false;
}

// "source.conf:3: what: ldap://host: server's text; remedy". Always false.
bool ldap_wire_fail(const LdapWire *wire, int result, const char *key, const char *doing, GError **error)
{
    if (ldap_guard_fired(wire->guard))
        return ldap_wire_fail_late(wire, key, doing, error);
    g_autofree char *more = ldap_wire_diagnostic(wire->ld);
    g_set_error(error, BASE_ERROR, error_code(result), "%s: %s: %s: %s: %s%s%s", wire->spec->where, key,
                wire->spec->uri, doing, ldap_err2string(result), more, remedy(result));
    return false;
}

int ldap_wire_code(const LdapWire *wire)
{
    int code = LDAP_OTHER;
    ldap_get_option(wire->ld, LDAP_OPT_RESULT_CODE, &code);
    return code != LDAP_SUCCESS ? code : LDAP_SERVER_DOWN;
}

// ---- entries --------------------------------------------------------------------------------------------

static LdapEntry *entry_of(const LdapWire *wire, LDAPMessage *message)
{
    char *dn = ldap_get_dn(wire->ld, message);
    LdapEntry *entry = ldap_entry_new(dn != NULL ? dn : "");
    BerElement *walk = NULL;
    for (char *name = ldap_first_attribute(wire->ld, message, &walk); name != NULL;
         name = ldap_next_attribute(wire->ld, message, walk)) {
        struct berval **values = ldap_get_values_len(wire->ld, message, name);
        ldap_entry_range(entry, name);
        for (guint i = 0; values != NULL && values[i] != NULL; i++)
            ldap_entry_add(entry, wire->spec->id_attribute, name, values[i]->bv_val, values[i]->bv_len);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(walk, 0);
    ldap_memfree(dn);
    return entry;
}

typedef struct {
    LdapWire *wire;
    const char *base, *filter, *key;
    LdapEntryFunc func;
    void *data;
    struct berval cookie;
    guint64 page; // entries of the page
} Search;

// The key to look at for what `code` says of the search.
static const char *blamed_key(const Search *search, int code)
{
    bool base = code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX || code == LDAP_REFERRAL;
    bool own = strcmp(search->base, search->wire->spec->base) != 0;
    return !base ? search->key : own ? "group_base" : "base";
}

// One message of the answer. *out_ends: it was the last one.
static bool take(Search *search, LDAPMessage *message, bool *out_ends, GError **error)
{
    LdapWire *wire = search->wire;
    LDAPControl **controls = NULL;
    int code = LDAP_SUCCESS;
    ber_int_t total = 0;
    switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY: {
        g_autoptr(LdapEntry) entry = entry_of(wire, message);
        search->page++;
        return search->func(entry, search->data, error);
    }
    case LDAP_RES_SEARCH_REFERENCE:
        wire->referrals++;
        return true;
    case LDAP_RES_SEARCH_RESULT:
        break;
    default:
        return true;
    }
    *out_ends = true;
    int parsed = ldap_parse_result(wire->ld, message, &code, NULL, NULL, NULL, &controls, 0);
    ber_memfree(search->cookie.bv_val);
    search->cookie = (struct berval){0};
    LDAPControl *page =
        controls != NULL ? ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL) : NULL;
    if (parsed == LDAP_SUCCESS && page != NULL)
        parsed = ldap_parse_pageresponse_control(wire->ld, page, &total, &search->cookie);
    ldap_controls_free(controls);
    code = parsed != LDAP_SUCCESS ? parsed : code;
    return code == LDAP_SUCCESS || ldap_wire_fail(wire, code, blamed_key(search, code), search->base, error);
}

static bool read_answer(Search *search, int id, GError **error)
{
    LdapWire *wire = search->wire;
    bool ok = true, ends = false;
    while (ok && !ends) {
        struct timeval wait = {.tv_sec = wire->spec->timeout_s};
        LDAPMessage *message = NULL;
        ldap_guard_arm(wire->guard, wire->spec->timeout_s + 1);
        int got = ldap_result(wire->ld, id, LDAP_MSG_ONE, &wait, &message);
        if (got == 0)
            ok = ldap_wire_fail_late(wire, search->key, search->base, error);
        else if (got < 0)
            ok = ldap_wire_fail(wire, ldap_wire_code(wire), search->key, search->base, error);
        else
            ok = take(search, message, &ends, error);
        if (message != NULL)
            ldap_msgfree(message);
    }
    ldap_guard_rest(wire->guard);
    if (!ok && !ends)
        ldap_abandon_ext(wire->ld, id, NULL, NULL);
    return ok;
}

static bool read_page(Search *search, GError **error)
{
    LdapWire *wire = search->wire;
    LDAPControl *page = NULL;
    int id = 0;
    search->page = 0;
    int result = ldap_create_page_control(wire->ld, wire->spec->page_size,
                                          search->cookie.bv_val != NULL ? &search->cookie : NULL, 0, &page);
    LDAPControl *controls[] = {page, NULL};
    if (result == LDAP_SUCCESS)
        result = ldap_search_ext(wire->ld, search->base, LDAP_SCOPE_SUBTREE, search->filter,
                                 (char **)wire->wanted, 0, controls, NULL, NULL, LDAP_NO_LIMIT, &id);
    if (page != NULL)
        ldap_control_free(page);
    if (result != LDAP_SUCCESS)
        return ldap_wire_fail(wire, result, search->key, search->filter, error);
    return read_answer(search, id, error);
}

bool ldap_wire_search(LdapWire *wire, const char *base, const char *filter, const char *key,
                      LdapEntryFunc func, void *data, GError **error)
{
    Search search = {.wire = wire, .base = base, .filter = filter, .key = key, .func = func, .data = data};
    guint empty = 0;
    bool ok = true, more = true;
    while (ok && more) {
        ok = read_page(&search, error);
        empty = search.page == 0 ? empty + 1 : 0;
        more = search.cookie.bv_len > 0;
        if (ok && more && empty > EMPTY_PAGES_MOST) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                        "%s: %s: %s: pages without entries, and no end", wire->spec->where, key,
                        wire->spec->uri);
            ok = false;
        }
    }
    ber_memfree(search.cookie.bv_val);
    return ok;
}

// Cannot be told from what is not there.
static bool is_absent(int code)
{
    return code == LDAP_NO_SUCH_OBJECT || code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_REFERRAL ||
           code == LDAP_INVALID_DN_SYNTAX || code == LDAP_INAPPROPRIATE_AUTH;
}

bool ldap_wire_read(LdapWire *wire, const char *dn, const char *attribute, LdapEntry **out, GError **error)
{
    const char *one[] = {attribute, NULL};
    struct timeval wait = {.tv_sec = wire->spec->timeout_s};
    LDAPMessage *answer = NULL;
    *out = NULL;
    ldap_guard_arm(wire->guard, wire->spec->timeout_s + 1);
    int code = ldap_search_ext_s(wire->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)",
                                 (char **)(attribute != NULL ? one : wire->wanted), 0, NULL, NULL, &wait, 1,
                                 &answer);
    ldap_guard_rest(wire->guard);
    LDAPMessage *first = code == LDAP_SUCCESS ? ldap_first_entry(wire->ld, answer) : NULL;
    if (first != NULL)
        *out = entry_of(wire, first);
    if (answer != NULL)
        ldap_msgfree(answer);
    if (code == LDAP_SUCCESS || is_absent(code))
        return true;
    return code == LDAP_TIMEOUT ? ldap_wire_fail_late(wire, "group_filter", dn, error)
                                : ldap_wire_fail(wire, code, "group_filter", dn, error);
}
