// Tries a directory on one address: what is asked, who answers, what that would become.
#include "feeds/ldap.h"

#include <string.h>

#define ENTRIES_MOST 20

typedef struct {
    const Config *config;
    const FeedSpec *spec;
    const LdapGroups *groups;
    GString *out;
    guint entries;
} Probe;

// ---- what is asked --------------------------------------------------------------------------------------

// A filter without a placeholder says nothing of addresses: the probe asks for the address itself.
static char *asked_filter(const char *filter, const char *address)
{
    if (ldap_filter_has_address(filter))
        return ldap_filter_one(filter, address);
    g_autofree char *plain = ldap_filter_one(filter, address), *value = ldap_filter_escape(address);
    return plain == NULL ? NULL
                         : g_strdup_printf("(&%s(|(mail=%s)(proxyAddresses=smtp:%s)(userPrincipalName=%s)"
                                           "(mailAlternateAddress=%s)(mailLocalAddress=%s)))",
                                           plain, value, value, value, value, value);
}

static FeedSpec *find_spec(const Config *config, const char *name, GError **error)
{
    g_autoptr(GPtrArray) all = feeds_sources(config, error);
    if (all == NULL)
        return NULL;
    for (guint i = 0; i < all->len; i++) {
        const FeedSpec *spec = all->pdata[i];
        if (strcmp(spec->name, name) != 0)
            continue;
        if (strcmp(spec->type, "ldap") == 0)
            return g_ptr_array_steal_index(all, i);
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                    "%s: source %s is of type %s; only ldap can be tried", spec->where, name, spec->type);
        return NULL;
    }
    g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: no source \"%s\"", config->roster.sources, name);
    return NULL;
}

// ---- what it would become -------------------------------------------------------------------------------

static void line(Probe *probe, const char *label, const char *value)
{
    if (value != NULL && value[0] != '\0')
        g_string_append_printf(probe->out, "  %-11s %s\n", label, value);
}

// Private details are registered as hashes: they are not shown either.
static void print_details(Probe *probe, const LdapPerson *person)
{
    guint private = 0;
    for (guint i = 0; i < person->details->len; i++) {
        const LdapDetail *detail = &g_array_index(person->details, LdapDetail, i);
        g_autofree char *label = g_strconcat(kind_name(detail->kind), ":", NULL);
        g_autofree char *value = g_strdup_printf("%s (%s)", detail->value, detail->field);
        private += detail->use == CONTACT_PERSONAL;
        if (detail->use != CONTACT_PERSONAL)
            line(probe, label, value);
    }
    g_autofree char *count = g_strdup_printf("%u details, not shown", private);
    line(probe, "private:", private > 0 ? count : NULL);
}

static bool print_person(const LdapEntry *entry, void *data, GError **error)
{
    Probe *probe = data;
    if (probe->entries++ >= ENTRIES_MOST)
        return true;
    g_string_append_printf(probe->out, "entry %s\n", entry->dn);
    if (!ldap_person_is(entry)) {
        line(probe, "left out:", ldap_groups_is(entry) ? "a group" : "a computer or contact");
        return true;
    }
    int rule = probe->groups != NULL ? ldap_groups_rule(probe->groups, entry) : LDAP_NO_RULE;
    g_autoptr(LdapPerson) person = ldap_person_new(probe->config, probe->spec, entry, rule);
    g_autofree char *name = g_strconcat(person->given, " ", person->family, NULL);
    g_autofree char *role = g_strdup_printf("%s (%s)", role_name(person->role), person->why);
    line(probe, "id:", person->ext);
    line(probe, "name:", g_strstrip(name));
    line(probe, "role:", role);
    line(probe, "position:", person->position);
    line(probe, "login:", person->login);
    line(probe, "employee:", person->employee);
    line(probe, "manager:", person->manager);
    line(probe, "account:", person->enabled ? NULL : "disabled");
    print_details(probe, person);
    for (guint i = 0; i < person->defects->len; i++)
        line(probe, "note:", person->defects->pdata[i]);
    return true;
}

static bool print_group(const LdapEntry *entry, void *data, GError **error)
{
    Probe *probe = data;
    if (probe->entries++ >= ENTRIES_MOST)
        return true;
    const LdapAttribute members[] = {LDAP_AT_MEMBER, LDAP_AT_UNIQUE_MEMBER, LDAP_AT_MEMBER_UID};
    guint count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        count += entry->values[members[i]] != NULL ? entry->values[members[i]]->len : 0;
    g_autofree char *text = g_strdup_printf("%u%s", count, entry->member_more ? " and more" : "");
    g_string_append_printf(probe->out, "group %s\n", entry->dn);
    line(probe, "members:", text);
    return true;
}

// ---- the search -----------------------------------------------------------------------------------------

static bool has_group_rule(const FeedSpec *spec)
{
    bool has = false;
    for (guint i = 0; spec->roles != NULL && i < spec->roles->len; i++)
        has = has || strcmp(((const FeedRoleRule *)spec->roles->pdata[i])->on, "group") == 0;
    return has;
}

static bool ask(Probe *probe, LdapWire *wire, const char *key, const char *base, const char *filter,
                LdapEntryFunc func, GError **error)
{
    guint before = probe->entries;
    g_string_append_printf(probe->out, "%s: %s\n", key,
                           filter != NULL ? filter
                                          : "not asked: the address is without a "
                                            "part that it wants");
    g_string_append_printf(probe->out, "  below %s\n", base);
    if (filter == NULL)
        return true;
    bool ok = ldap_wire_search(wire, base, filter, key, func, probe, error);
    if (ok && probe->entries == before)
        g_string_append(probe->out, "  nobody\n");
    return ok;
}

static bool ask_both(Probe *probe, LdapWire *wire, const char *address, GError **error)
{
    const FeedSpec *spec = probe->spec;
    g_autofree char *people = asked_filter(ldap_spec_people(spec), address);
    g_autofree char *groups = asked_filter(ldap_spec_groups(spec), address);
    g_string_append_printf(probe->out, "asked %s%s\n", spec->uri, spec->starttls ? " with StartTLS" : "");
    return ask(probe, wire, "filter", spec->base, people, print_person, error) &&
           ask(probe, wire, "group_filter", spec->group_base, groups, print_group, error);
}

// Groups are read as for an import, where rules want to know them.
static bool read_groups(FeedRun *run, const FeedSpec *spec, LdapGroups *groups, GError **error)
{
    g_autofree char *filter = ldap_filter_all(ldap_spec_groups(spec), run->config->district.domains);
    return !has_group_rule(spec) || ldap_groups_read(groups, filter, error);
}

char *feeds_probe(const Config *config, const char *name, const char *address, GError **error)
{
    g_autoptr(FeedSpec) spec = find_spec(config, name, error);
    if (spec == NULL || !ldap_spec_check(spec, error))
        return NULL;
    const FeedOptions options = {.dry_run = true};
    const FeedInput input = {.spec = spec};
    g_autoptr(FeedRun) run = run_new(config, &options, NULL);
    g_autoptr(LdapWire) wire = ldap_wire_open(spec, error);
    g_autoptr(LdapNotes) notes = ldap_notes_new();
    g_autoptr(LdapGroups) groups = ldap_groups_new(run, &input, wire, notes);
    Probe probe = {.config = config, .spec = spec, .groups = groups, .out = g_string_new(NULL)};
    bool ok = wire != NULL && read_groups(run, spec, groups, error) && ask_both(&probe, wire, address, error);
    return g_string_free(probe.out, !ok);
}
