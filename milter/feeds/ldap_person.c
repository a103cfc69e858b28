#include "feeds/ldap.h"
#include "feeds/units.h"

#include <string.h>

#define ADDRESSES_MOST 2000 // of an entry; more than directories allow

static const char *const NOT_PEOPLE[] = {"group",
                                         "groupOfNames",
                                         "groupOfUniqueNames",
                                         "groupOfMembers",
                                         "groupOfURLs",
                                         "posixGroup",
                                         "msExchDynamicDistributionList",
                                         "computer",
                                         "contact",
                                         "organizationalUnit",
                                         NULL};

// Numbers: what the district gives out, and what is somebody's own.
static const struct {
    LdapAttribute at;
    const char *field;
    ContactUse use;
} PHONES[] = {{LDAP_AT_PHONE, "work", CONTACT_WORK},
              {LDAP_AT_OTHER_PHONE, "work", CONTACT_WORK},
              {LDAP_AT_IP, "work", CONTACT_WORK},
              {LDAP_AT_OTHER_IP, "work", CONTACT_WORK},
              {LDAP_AT_HOME, "home-phone", CONTACT_PERSONAL},
              {LDAP_AT_OTHER_HOME, "home-phone", CONTACT_PERSONAL},
              {LDAP_AT_MOBILE, "cell", CONTACT_PERSONAL},
              {LDAP_AT_OTHER_MOBILE, "cell", CONTACT_PERSONAL}};

bool ldap_person_is(const LdapEntry *entry)
{
    return !ldap_entry_is(entry, NOT_PEOPLE);
}

static void defect(LdapPerson *person, const char *text)
{
    if (!g_ptr_array_find_with_equal_func(person->defects, text, g_str_equal, NULL))
        g_ptr_array_add(person->defects, g_strdup(text));
}

static void add_detail(LdapPerson *person, Kind kind, const char *field, ContactUse use, char *taken)
{
    const LdapDetail detail = {.value = taken, .field = field, .kind = kind, .use = use};
    g_array_append_val(person->details, detail);
}

static void detail_clear(LdapDetail *detail)
{
    g_free(detail->value);
}

// ---- addresses ------------------------------------------------------------------------------------------

static void add_address(GPtrArray *out, const Config *config, const char *text, const char *name,
                        GPtrArray *defects)
{
    g_autofree char *address = roster_canonical_address(config, text);
    if (address == NULL && defects != NULL)
        g_ptr_array_add(defects, g_strdup_printf("%s: not a mail address; not kept", name));
    if (address != NULL && out->len < ADDRESSES_MOST &&
        !g_ptr_array_find_with_equal_func(out, address, g_str_equal, NULL))
        g_ptr_array_add(out, g_steal_pointer(&address));
}

static void add_all(GPtrArray *out, const Config *config, const LdapEntry *entry, LdapAttribute at,
                    GPtrArray *defects)
{
    const GPtrArray *values = entry->values[at];
    for (guint i = 0; values != NULL && i < values->len; i++)
        add_address(out, config, values->pdata[i], ldap_entry_name(at), defects);
}

// "SMTP:" marks the primary one, "smtp:" the others; "sip:", "x500:" and the like are no mail addresses.
static void add_proxies(GPtrArray *out, const Config *config, const LdapEntry *entry, bool primary,
                        GPtrArray *defects)
{
    const GPtrArray *values = entry->values[LDAP_AT_PROXY];
    for (guint i = 0; values != NULL && i < values->len; i++) {
        const char *value = values->pdata[i];
        if (g_ascii_strncasecmp(value, "smtp:", 5) == 0 && (strncmp(value, "SMTP:", 5) == 0) == primary)
            add_address(out, config, value + 5, "proxyAddresses", defects);
    }
}

GPtrArray *ldap_person_addresses(const Config *config, const LdapEntry *entry, GPtrArray *out_defects)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) proxies = g_ptr_array_new_with_free_func(g_free);
    add_all(out, config, entry, LDAP_AT_MAIL, out_defects);
    add_proxies(proxies, config, entry, true, out_defects);
    add_proxies(proxies, config, entry, false, out_defects);
    bool among = out->len == 0 || proxies->len == 0 ||
                 g_ptr_array_find_with_equal_func(proxies, out->pdata[0], g_str_equal, NULL);
    if (!among && out_defects != NULL)
        g_ptr_array_add(out_defects, g_strdup("mail: not among its proxyAddresses; both are kept"));
    for (guint i = 0; i < proxies->len; i++)
        add_address(out, config, proxies->pdata[i], "proxyAddresses", NULL);
    add_all(out, config, entry, LDAP_AT_ALTERNATE, out_defects);
    add_all(out, config, entry, LDAP_AT_LOCAL, out_defects);
    return out;
}

static void take_addresses(LdapPerson *person, const Config *config, const LdapEntry *entry)
{
    g_autoptr(GPtrArray) found = ldap_person_addresses(config, entry, person->defects);
    for (guint i = 0; i < found->len; i++)
        add_detail(person, KIND_EMAIL, i == 0 ? "email" : "alias", CONTACT_ASK, g_strdup(found->pdata[i]));
    person->address = found->len > 0 ? g_strdup(found->pdata[0]) : NULL;
}

// ---- numbers and streets --------------------------------------------------------------------------------

static void take_phones(LdapPerson *person, const LdapEntry *entry)
{
    for (gsize i = 0; i < G_N_ELEMENTS(PHONES); i++) {
        const GPtrArray *values = entry->values[PHONES[i].at];
        for (guint j = 0; values != NULL && j < values->len; j++) {
            g_autofree char *phone = canon_phone(values->pdata[j]);
            bool whole = phone != NULL && phone[0] == '+';
            // Extensions are what ipPhone is full of.
            if (!whole && PHONES[i].use == CONTACT_PERSONAL) {
                g_autofree char *text =
                    g_strdup_printf("%s: not a telephone number; not kept", ldap_entry_name(PHONES[i].at));
                defect(person, text);
            }
            if (whole)
                add_detail(person, KIND_PHONE, PHONES[i].field, PHONES[i].use, g_steal_pointer(&phone));
        }
    }
}

// Lines are parted by "$"; "\24" and "\5c" are those signs themselves (RFC 4517, 3.3.28).
static void take_home(LdapPerson *person, const Config *config, const LdapEntry *entry)
{
    const GPtrArray *values = entry->values[LDAP_AT_HOME_ADDRESS];
    for (guint i = 0; values != NULL && i < values->len; i++) {
        g_autoptr(GString) text = g_string_new(values->pdata[i]);
        g_string_replace(text, "$", ", ", 0);
        g_string_replace(text, "\\24", "$", 0);
        g_string_replace(text, "\\5c", "\\", 0);
        g_string_replace(text, "\\5C", "\\", 0);
        char *street = canon_value(config, KIND_STREET_ADDRESS, text->str);
        if (street != NULL)
            add_detail(person, KIND_STREET_ADDRESS, "home-address", CONTACT_PERSONAL, street);
    }
}

// ---- name, account --------------------------------------------------------------------------------------

// "Lee, Min" or "Min Lee".
static void split_name(const char *text, char **out_given, char **out_family)
{
    const char *comma = strchr(text, ','), *blank = strrchr(text, ' ');
    if (comma != NULL) {
        *out_family = g_strndup(text, (gsize)(comma - text));
        *out_given = g_strdup(comma + 1);
    } else {
        *out_given = blank != NULL ? g_strndup(text, (gsize)(blank - text)) : g_strdup("");
        *out_family = g_strdup(blank != NULL ? blank + 1 : text);
    }
    g_strstrip(*out_given);
    g_strstrip(*out_family);
}

static void take_name(LdapPerson *person, const LdapEntry *entry)
{
    const char *given = ldap_entry_first(entry, LDAP_AT_GIVEN),
               *family = ldap_entry_first(entry, LDAP_AT_FAMILY);
    const char *whole = ldap_entry_first(entry, LDAP_AT_DISPLAY);
    if (whole == NULL)
        whole = ldap_entry_first(entry, LDAP_AT_CN);
    g_autofree char *first = NULL, *last = NULL;
    split_name(whole != NULL ? whole : "", &first, &last);
    bool whole_only = given == NULL || family == NULL;
    person->given = g_strdup(given != NULL ? given : whole_only && family == NULL ? first : "");
    person->family = g_strdup(family != NULL ? family : last);
    if (given == NULL && family != NULL && first[0] != '\0' && g_ascii_strcasecmp(last, family) == 0) {
        g_free(person->given);
        person->given = g_steal_pointer(&first);
    }
}

static bool has_address(const LdapPerson *person, const char *address)
{
    bool has = false;
    for (guint i = 0; !has && i < person->details->len; i++) {
        const LdapDetail *detail = &g_array_index(person->details, LdapDetail, i);
        has = detail->kind == KIND_EMAIL && strcmp(detail->value, address) == 0;
    }
    return has;
}

static void take_login(LdapPerson *person, const Config *config, const LdapEntry *entry)
{
    const char *upn = ldap_entry_first(entry, LDAP_AT_UPN), *login = ldap_entry_first(entry, LDAP_AT_SAM);
    if (login == NULL)
        login = ldap_entry_first(entry, LDAP_AT_UID);
    if (login == NULL)
        login = upn;
    person->login = login != NULL ? canon_lower(login) : NULL;
    g_autofree char *address = upn != NULL ? roster_canonical_address(config, upn) : NULL;
    if (address != NULL && !has_address(person, address))
        add_detail(person, KIND_EMAIL, "username", CONTACT_ASK, g_steal_pointer(&address));
}

static bool is_enabled(const LdapEntry *entry)
{
    const char *control = ldap_entry_first(entry, LDAP_AT_CONTROL),
               *lock = ldap_entry_first(entry, LDAP_AT_LOCK);
    bool disabled = control != NULL && (g_ascii_strtoll(control, NULL, 10) & 2) != 0;
    return !disabled && (lock == NULL || g_ascii_strcasecmp(lock, "true") != 0);
}

static void take_account(LdapPerson *person, const FeedSpec *spec, const LdapEntry *entry)
{
    const char *guid = ldap_entry_first(entry, LDAP_AT_GUID), *uuid = ldap_entry_first(entry, LDAP_AT_UUID);
    const char *own = ldap_entry_first(entry, LDAP_AT_ID),
               *employee = ldap_entry_first(entry, LDAP_AT_EMPLOYEE_ID);
    if (spec->id_attribute[0] != '\0' && own == NULL)
        defect(person, "without the id_attribute; known by its objectGUID, entryUUID or DN");
    person->ext = g_strdup(own != NULL ? own : guid != NULL ? guid : uuid != NULL ? uuid : entry->key);
    if (employee == NULL)
        employee = ldap_entry_first(entry, LDAP_AT_EMPLOYEE_NUMBER);
    person->employee = g_strdup(employee);
    person->manager = ldap_entry_key(ldap_entry_first(entry, LDAP_AT_MANAGER));
    person->enabled = is_enabled(entry);
}

// ---- roles ----------------------------------------------------------------------------------------------

static bool rule_takes(const FeedRoleRule *rule, const char *value)
{
    gpointer only = (gpointer)rule;
    GPtrArray one = {.pdata = &only, .len = 1};
    const FeedSpec spec = {.roles = &one};
    Role role = ROLE_LAST;
    const char *position = NULL;
    return value != NULL && run_role(&spec, rule->on, value, &role, &position);
}

static bool rule_takes_any(const FeedRoleRule *rule, const LdapEntry *entry, LdapAttribute at)
{
    const GPtrArray *values = entry->values[at];
    bool takes = false;
    for (guint i = 0; !takes && values != NULL && i < values->len; i++)
        takes = rule_takes(rule, values->pdata[i]);
    return takes;
}

// Groups that were not among those read are known by their DN alone.
static bool rule_takes_group(const FeedRoleRule *rule, const LdapEntry *entry)
{
    const GPtrArray *values = entry->values[LDAP_AT_MEMBER_OF];
    bool takes = rule_takes_any(rule, entry, LDAP_AT_MEMBER_OF);
    for (guint i = 0; !takes && values != NULL && i < values->len; i++) {
        const char *dn = values->pdata[i], *equals = strchr(dn, '=');
        g_autofree char *name = equals != NULL ? g_strndup(equals + 1, strcspn(equals + 1, ",")) : NULL;
        takes = rule_takes(rule, name);
    }
    return takes;
}

static bool rule_fits(const FeedRoleRule *rule, const LdapEntry *entry, const char *unit)
{
    if (strcmp(rule->on, "dn") == 0)
        return rule_takes(rule, entry->dn);
    if (strcmp(rule->on, "unit") == 0)
        return rule_takes(rule, unit);
    if (strcmp(rule->on, "title") == 0)
        return rule_takes_any(rule, entry, LDAP_AT_TITLE);
    if (strcmp(rule->on, "type") == 0)
        return rule_takes_any(rule, entry, LDAP_AT_TYPE);
    if (strcmp(rule->on, "department") == 0)
        return rule_takes_any(rule, entry, LDAP_AT_DEPARTMENT) ||
               rule_takes_any(rule, entry, LDAP_AT_DEPARTMENT_NUMBER);
    return strcmp(rule->on, "group") == 0 && rule_takes_group(rule, entry);
}

static void guess_role(LdapPerson *person, const LdapEntry *entry, const char *unit)
{
    const char *type = ldap_entry_first(entry, LDAP_AT_TYPE);
    person->role = units_role(unit);
    person->why = g_strdup_printf("unit %s", unit);
    if (person->role == ROLE_LAST && type != NULL) {
        person->role = units_role(type);
        g_free(person->why);
        person->why = g_strdup_printf("employeeType %s", type);
    }
    if (person->role != ROLE_LAST)
        return;
    person->role = ROLE_STAFF;
    person->guessed = true;
    g_free(person->why);
    person->why = g_strdup("nothing tells another");
}

static void take_role(LdapPerson *person, const FeedSpec *spec, const LdapEntry *entry, int group_rule)
{
    g_autofree char *unit = ldap_entry_unit(entry->dn);
    const char *title = ldap_entry_first(entry, LDAP_AT_TITLE);
    const FeedRoleRule *rule = NULL;
    for (guint i = 0; rule == NULL && spec->roles != NULL && i < spec->roles->len; i++) {
        const FeedRoleRule *one = spec->roles->pdata[i];
        if (group_rule == (int)i || rule_fits(one, entry, unit))
            rule = one;
    }
    if (rule != NULL) {
        person->role = rule->role;
        person->why = g_strdup_printf("rule: %s %s", rule->on, rule->match);
    } else {
        guess_role(person, entry, unit);
    }
    bool titled = rule == NULL || rule->position == NULL || rule->position[0] == '\0';
    person->position = canon_lower(!titled                                       ? rule->position
                                   : title != NULL && person->role == ROLE_STAFF ? title
                                                                                 : "");
}

// ---- the whole ------------------------------------------------------------------------------------------

static void take_bad(LdapPerson *person, const LdapEntry *entry)
{
    for (guint i = 0; i < LDAP_AT_LAST; i++) {
        if (!entry->bad[i])
            continue;
        const char *name = ldap_entry_name(i);
        g_autofree char *text = g_strdup_printf("%s: a value that is no UTF-8 text; not kept",
                                                name != NULL ? name : "id_attribute");
        defect(person, text);
    }
}

LdapPerson *ldap_person_new(const Config *config, const FeedSpec *spec, const LdapEntry *entry,
                            int group_rule)
{
    LdapPerson *person = g_new0(LdapPerson, 1);
    person->defects = g_ptr_array_new_with_free_func(g_free);
    person->details = g_array_new(FALSE, FALSE, sizeof(LdapDetail));
    g_array_set_clear_func(person->details, (GDestroyNotify)detail_clear);
    take_bad(person, entry);
    take_account(person, spec, entry);
    take_name(person, entry);
    take_addresses(person, config, entry);
    take_login(person, config, entry);
    take_phones(person, entry);
    take_home(person, config, entry);
    take_role(person, spec, entry, group_rule);
    return person;
}

void ldap_person_free(LdapPerson *person)
{
    if (person == NULL)
        return;
    g_array_unref(person->details);
    g_ptr_array_unref(person->defects);
    g_free(person->ext);
    g_free(person->given);
    g_free(person->family);
    g_free(person->login);
    g_free(person->employee);
    g_free(person->manager);
    g_free(person->address);
    g_free(person->position);
    g_free(person->why);
    g_free(person);
}
