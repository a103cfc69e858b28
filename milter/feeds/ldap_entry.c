#include "feeds/ldap.h"

#include <string.h>

#define DN_MOST     4096
#define VALUE_MOST  8192
#define VALUES_MOST 20000000

static const char *const NAMES[LDAP_AT_LAST] = {
    [LDAP_AT_CLASS] = "objectClass",
    [LDAP_AT_GUID] = "objectGUID",
    [LDAP_AT_UUID] = "entryUUID",
    [LDAP_AT_GIVEN] = "givenName",
    [LDAP_AT_FAMILY] = "sn",
    [LDAP_AT_DISPLAY] = "displayName",
    [LDAP_AT_CN] = "cn",
    [LDAP_AT_MAIL] = "mail",
    [LDAP_AT_PROXY] = "proxyAddresses",
    [LDAP_AT_ALTERNATE] = "mailAlternateAddress",
    [LDAP_AT_LOCAL] = "mailLocalAddress",
    [LDAP_AT_UPN] = "userPrincipalName",
    [LDAP_AT_SAM] = "sAMAccountName",
    [LDAP_AT_UID] = "uid",
    [LDAP_AT_PHONE] = "telephoneNumber",
    [LDAP_AT_OTHER_PHONE] = "otherTelephone",
    [LDAP_AT_IP] = "ipPhone",
    [LDAP_AT_OTHER_IP] = "otherIpPhone",
    [LDAP_AT_HOME] = "homePhone",
    [LDAP_AT_OTHER_HOME] = "otherHomePhone",
    [LDAP_AT_MOBILE] = "mobile",
    [LDAP_AT_OTHER_MOBILE] = "otherMobile",
    [LDAP_AT_HOME_ADDRESS] = "homePostalAddress",
    [LDAP_AT_EMPLOYEE_ID] = "employeeID",
    [LDAP_AT_EMPLOYEE_NUMBER] = "employeeNumber",
    [LDAP_AT_TYPE] = "employeeType",
    [LDAP_AT_TITLE] = "title",
    [LDAP_AT_DEPARTMENT] = "department",
    [LDAP_AT_DEPARTMENT_NUMBER] = "departmentNumber",
    [LDAP_AT_MANAGER] = "manager",
    [LDAP_AT_MEMBER_OF] = "memberOf",
    [LDAP_AT_CONTROL] = "userAccountControl",
    [LDAP_AT_LOCK] = "nsAccountLock",
    [LDAP_AT_MEMBER] = "member",
    [LDAP_AT_UNIQUE_MEMBER] = "uniqueMember",
    [LDAP_AT_MEMBER_UID] = "memberUid",
    [LDAP_AT_MEMBER_URL] = "memberURL",
};

const char *ldap_entry_name(LdapAttribute attribute)
{
    return NAMES[attribute];
}

const char **ldap_entry_wanted(const char *id_attribute)
{
    const char **names = g_new0(const char *, LDAP_AT_LAST + 1);
    guint count = 0;
    bool known = id_attribute == NULL || id_attribute[0] == '\0';
    for (guint i = 0; i < LDAP_AT_LAST; i++) {
        if (NAMES[i] == NULL)
            continue;
        known = known || g_ascii_strcasecmp(NAMES[i], id_attribute) == 0;
        names[count++] = NAMES[i];
    }
    if (!known)
        names[count++] = id_attribute;
    return names;
}

// ---- DNs ------------------------------------------------------------------------------------------------

static LDAPDN parse_dn(const char *dn)
{
    LDAPDN parts = NULL;
    if (strlen(dn) > DN_MOST || ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        return NULL;
    return parts;
}

char *ldap_entry_key(const char *dn)
{
    if (dn == NULL || dn[0] == '\0' || strlen(dn) > DN_MOST || !g_utf8_validate(dn, -1, NULL))
        return NULL;
    LDAPDN parts = parse_dn(dn);
    char *text = NULL;
    bool ok = parts != NULL &&
              ldap_dn2str(parts, &text, LDAP_DN_FORMAT_LDAPV3 | LDAP_DN_PRETTY) == LDAP_SUCCESS &&
              g_utf8_validate(text, -1, NULL);
    char *key = canon_lower(ok ? text : dn);
    ldap_memfree(text);
    if (parts != NULL)
        ldap_dnfree(parts);
    return key;
}

char *ldap_entry_unit(const char *dn)
{
    LDAPDN parts = parse_dn(dn);
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; parts != NULL && parts[i] != NULL; i++) {
        const LDAPAVA *part = parts[i][0];
        if (part == NULL || part->la_attr.bv_len != 2 ||
            g_ascii_strncasecmp(part->la_attr.bv_val, "ou", 2) != 0)
            continue;
        g_autofree char *name = g_strndup(part->la_value.bv_val, part->la_value.bv_len);
        g_string_prepend(out, name);
        g_string_prepend_c(out, '/');
    }
    if (parts != NULL)
        ldap_dnfree(parts);
    return g_utf8_make_valid(out->str, -1);
}

// ---- values ---------------------------------------------------------------------------------------------

LdapEntry *ldap_entry_new(const char *dn)
{
    LdapEntry *entry = g_new0(LdapEntry, 1);
    entry->dn = g_utf8_make_valid(dn, -1);
    entry->key = ldap_entry_key(dn);
    return entry;
}

void ldap_entry_free(LdapEntry *entry)
{
    if (entry == NULL)
        return;
    for (guint i = 0; i < LDAP_AT_LAST; i++)
        g_clear_pointer(&entry->values[i], g_ptr_array_unref);
    g_free(entry->dn);
    g_free(entry->key);
    g_free(entry);
}

static void put(LdapEntry *entry, LdapAttribute at, char *taken)
{
    if (entry->values[at] == NULL)
        entry->values[at] = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(entry->values[at], taken);
}

static bool is_text(const char *data, gsize len)
{
    if (memchr(data, '\0', len) != NULL || !g_utf8_validate_len(data, len, NULL))
        return false;
    for (gsize i = 0; i < len; i++)
        if (g_ascii_iscntrl(data[i]) && data[i] != '\n' && data[i] != '\r' && data[i] != '\t')
            return false;
    return true;
}

static void add(LdapEntry *entry, LdapAttribute at, const char *data, gsize len)
{
    bool binary = at == LDAP_AT_GUID || (at == LDAP_AT_ID && !is_text(data, len));
    if (len == 0)
        return;
    if (len > VALUE_MOST || (!binary && !is_text(data, len)) ||
        (entry->values[at] != NULL && entry->values[at]->len >= VALUES_MOST)) {
        entry->bad[at] = true;
        return;
    }
    char *text = binary ? hex_encode(data, len) : g_strndup(data, len);
    put(entry, at, g_strstrip(text));
}

static bool is_named(const char *name, gsize len, const char *attribute)
{
    return attribute != NULL && strlen(attribute) == len && len > 0 &&
           g_ascii_strncasecmp(attribute, name, len) == 0;
}

void ldap_entry_add(LdapEntry *entry, const char *id_attribute, const char *description, const void *data,
                    gsize len)
{
    gsize length = strcspn(description, ";");
    for (guint i = 0; i < LDAP_AT_LAST; i++)
        if (is_named(description, length, NAMES[i]))
            add(entry, i, data, len);
    if (is_named(description, length, id_attribute))
        add(entry, LDAP_AT_ID, data, len);
}

// "member;range=0-1499", the last one "member;range=1500-*".
void ldap_entry_range(LdapEntry *entry, const char *description)
{
    gsize length = strcspn(description, ";");
    const char *range = strchr(description, '=');
    if (!is_named(description, length, NAMES[LDAP_AT_MEMBER]) ||
        g_ascii_strncasecmp(description + length, ";range=", 7) != 0)
        return;
    const char *dash = strchr(range, '-');
    guint64 last = 0;
    entry->member_more = dash != NULL && strcmp(dash, "-*") != 0;
    if (entry->member_more && g_ascii_string_to_unsigned(dash + 1, 10, 0, G_MAXUINT - 1, &last, NULL))
        entry->member_next = (guint)last + 1;
}

const char *ldap_entry_first(const LdapEntry *entry, LdapAttribute attribute)
{
    const GPtrArray *values = entry->values[attribute];
    return values != NULL && values->len > 0 ? values->pdata[0] : NULL;
}

bool ldap_entry_is(const LdapEntry *entry, const char *const *classes)
{
    const GPtrArray *values = entry->values[LDAP_AT_CLASS];
    for (guint i = 0; values != NULL && i < values->len; i++)
        for (guint j = 0; classes[j] != NULL; j++)
            if (g_ascii_strcasecmp(values->pdata[i], classes[j]) == 0)
                return true;
    return false;
}
