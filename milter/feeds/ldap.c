#include "feeds/ldap.h"

#include <string.h>

typedef struct {
    FeedRun *run;
    const FeedInput *input;
    const FeedSpec *spec;
    LdapWire *wire;
    LdapNotes *notes;
    LdapGroups *groups;
    guint entries, people;
} Reading;

// ---- one person -----------------------------------------------------------------------------------------

static void put_detail(Reading *reading, guint32 record, const LdapDetail *detail)
{
    FeedRun *run = reading->run;
    bool username = strcmp(detail->field, "username") == 0;
    const char *at = detail->kind == KIND_EMAIL ? strrchr(detail->value, '@') : NULL;
    // Logins look like addresses; only those of the district are some.
    if (username && (at == NULL || !model_is_district(run->model, at + 1)))
        return;
    if (detail->kind == KIND_EMAIL)
        run_add_email(run, record, detail->value, detail->field, detail->use, reading->spec->uri, 0);
    else
        model_contact(run->model, record, detail->kind, detail->value, detail->field, detail->use);
}

static void put_person(Reading *reading, guint32 record, const LdapPerson *person, const LdapEntry *entry)
{
    Model *model = reading->run->model;
    ModelRecord *row = model_at(model, record);
    row->given = model_text(model, person->given);
    row->family = model_text(model, person->family);
    row->login = model_text(model, person->login);
    row->file = model_text(model, reading->spec->uri);
    row->enabled = person->enabled;
    row->seen = true;
    model_post(model, record, person->role, person->position, "", 0, 0);
    for (guint i = 0; i < person->details->len; i++)
        put_detail(reading, record, &g_array_index(person->details, LdapDetail, i));
    // A student's number is no employee's: the two may be equal by accident.
    model_ident(model, record, person->role == ROLE_STUDENT ? "student" : "employee", person->employee);
    if (entry->key != NULL)
        model_ident(model, record, "dn", entry->key);
    if (person->manager != NULL) {
        g_autofree char *manager = g_strconcat("dn:", person->manager, NULL);
        model_manager(model, record, model_ref(model, REF_IDENT, 0, manager));
    }
}

static bool is_too_many(const Reading *reading, GError **error)
{
    int most = reading->run->config->roster.rows;
    if (reading->entries <= (guint)most)
        return false;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: filter: %s: more than %d entries (roster.rows); nothing was changed",
                reading->spec->where, reading->spec->uri, most);
    return true;
}

static bool take_person(const LdapEntry *entry, void *data, GError **error)
{
    Reading *reading = data;
    FeedRun *run = reading->run;
    reading->entries++;
    run_progress(run, reading->spec->name, "people", reading->entries, 0);
    if (is_too_many(reading, error))
        return false;
    if (!ldap_person_is(entry)) {
        ldap_notes_add(reading->notes, entry->dn, "no person (a group, computer or contact); left out");
        return true;
    }
    g_autoptr(LdapPerson) person =
        ldap_person_new(run->config, reading->spec, entry, ldap_groups_rule(reading->groups, entry));
    bool is_new = false;
    guint32 record = person->ext != NULL
                         ? model_record(run->model, reading->input->source, person->ext, &is_new)
                         : MODEL_NONE;
    for (guint i = 0; i < person->defects->len; i++)
        ldap_notes_add(reading->notes, entry->dn, person->defects->pdata[i]);
    if (person->guessed)
        ldap_notes_add(reading->notes, entry->dn,
                       "neither `roles` nor an OU tells what it is; taken for staff");
    if (is_new) {
        put_person(reading, record, person, entry);
        reading->people++;
    } else {
        ldap_notes_add(reading->notes, entry->dn,
                       record != MODEL_NONE ? "another entry has its id; not kept"
                                            : "no id, and no DN; not kept");
    }
    ldap_groups_person(reading->groups, entry, person->address);
    return true;
}

// ---- the import -----------------------------------------------------------------------------------------

static bool open_ldap(FeedRun *run, FeedInput *input, GError **error)
{
    // Wrong credentials are better told now than when other sources have been read for a minute.
    g_autoptr(LdapWire) wire =
        ldap_spec_check(input->spec, error) ? ldap_wire_open(input->spec, error) : NULL;
    input->replaces = COVERS_PEOPLE | COVERS_LISTS;
    return wire != NULL;
}

static bool read_people(Reading *reading, GError **error)
{
    const FeedSpec *spec = reading->spec;
    g_autofree char *filter = ldap_filter_all(ldap_spec_people(spec), reading->run->config->district.domains);
    if (!ldap_wire_search(reading->wire, spec->base, filter, "filter", take_person, reading, error))
        return false;
    if (reading->people > 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: filter: %s: nobody below %s fits %s; check both, and what bind_dn may read", spec->where,
                spec->uri, spec->base, filter);
    return false;
}

static bool read_all(Reading *reading, GError **error)
{
    const FeedSpec *spec = reading->spec;
    g_autofree char *filter = ldap_filter_all(ldap_spec_groups(spec), reading->run->config->district.domains);
    reading->groups = ldap_groups_new(reading->run, reading->input, reading->wire, reading->notes);
    if (!ldap_groups_read(reading->groups, filter, error) || !read_people(reading, error) ||
        !ldap_groups_lists(reading->groups, error))
        return false;
    if (ldap_wire_referrals(reading->wire) > 0)
        run_note(reading->run, spec->uri, 0, "%u referrals to other servers were not followed",
                 ldap_wire_referrals(reading->wire));
    ldap_notes_end(reading->notes, reading->run, spec->uri);
    run_read(reading->run, spec->name, spec->uri, 0,
             (int64_t)reading->entries + ldap_groups_count(reading->groups), "");
    return true;
}

static bool read_ldap(FeedRun *run, FeedInput *input, GError **error)
{
    Reading reading = {.run = run, .input = input, .spec = input->spec};
    reading.wire = ldap_wire_open(input->spec, error);
    reading.notes = ldap_notes_new();
    bool ok = reading.wire != NULL && read_all(&reading, error);
    ldap_groups_free(reading.groups);
    ldap_notes_free(reading.notes);
    ldap_wire_close(reading.wire);
    return ok;
}

const FeedImporter FEED_LDAP = {.type = "ldap", .open = open_ldap, .read = read_ldap};
