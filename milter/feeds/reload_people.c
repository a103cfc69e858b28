// People of the generation in force: kept, known again, or gone.
#include "feeds/reload.h"

#include <string.h>

// ---- dates ----------------------------------------------------------------------------------------------

static bool set_date(GDate *date, int yyyymmdd)
{
    bool valid = g_date_valid_dmy((GDateDay)(yyyymmdd % 100), (GDateMonth)(yyyymmdd / 100 % 100),
                                  (GDateYear)(yyyymmdd / 10000));
    if (valid)
        g_date_set_dmy(date, (GDateDay)(yyyymmdd % 100), (GDateMonth)(yyyymmdd / 100 % 100),
                       (GDateYear)(yyyymmdd / 10000));
    return valid;
}

// Is somebody who is gone since `since` to be forgotten?
static bool is_over(const Reload *r, int since)
{
    GDate from, to;
    return since != 0 && set_date(&from, since) && set_date(&to, r->run->options->today) &&
           g_date_days_between(&from, &to) > r->run->config->roster.gone_days;
}

// ---- records --------------------------------------------------------------------------------------------

enum {
    R_ID,
    R_SOURCE,
    R_EXT,
    R_GIVEN,
    R_FAMILY,
    R_PREFERRED_GIVEN,
    R_PREFERRED_FAMILY,
    R_ROLES,
    R_ENABLED,
    R_GONE,
    R_BIRTH,
    R_GRADE,
    R_LOGIN,
    R_PID,
    R_MANAGER_SOURCE,
    R_MANAGER_EXT
};
static const char RECORDS[] =
    "SELECT r.id, r.source, ifnull(r.ext, p.pid), ifnull(r.given, p.given), ifnull(r.family, p.family), "
    "r.preferred_given,"
    " r.preferred_family, r.roles, r.enabled, r.gone, r.birth, r.grade, r.login, p.pid, m.source, "
    "ifnull(m.ext, q.pid)"
    " FROM record r CROSS JOIN person p ON p.id = r.person LEFT JOIN record m ON m.id = r.manager"
    " LEFT JOIN person q ON q.id = m.person";

static Str text_of(Reload *r, StoreStmt *stmt, int column)
{
    return model_text(r->model, store_text(stmt, column));
}

static guint32 make_record(Reload *r, StoreStmt *stmt, guint32 source)
{
    guint32 at = model_record(r->model, source, store_text(stmt, R_EXT), NULL);
    guint32 manager = reload_source(r, store_int(stmt, R_MANAGER_SOURCE));
    ModelRecord *record = model_at(r->model, at);
    record->given = text_of(r, stmt, R_GIVEN);
    record->family = text_of(r, stmt, R_FAMILY);
    record->preferred_given = text_of(r, stmt, R_PREFERRED_GIVEN);
    record->preferred_family = text_of(r, stmt, R_PREFERRED_FAMILY);
    record->login = text_of(r, stmt, R_LOGIN);
    record->grade = text_of(r, stmt, R_GRADE);
    record->pid = text_of(r, stmt, R_PID);
    record->roles = (guint8)store_int(stmt, R_ROLES);
    record->enabled = store_int(stmt, R_ENABLED) != 0;
    record->gone = (guint32)store_int(stmt, R_GONE);
    record->birth = (guint32)store_int(stmt, R_BIRTH);
    if (manager != MODEL_NONE)
        model_manager(r->model, at, model_ref(r->model, REF_ID, manager, store_text(stmt, R_MANAGER_EXT)));
    return at;
}

// Somebody the export of now is without.
static guint32 make_gone(Reload *r, StoreStmt *stmt, guint32 source)
{
    guint32 at = make_record(r, stmt, source);
    ModelRecord *record = model_at(r->model, at);
    record->gone = record->gone != 0 ? record->gone : (guint32)r->run->options->today;
    record->enabled = false;
    return at;
}

static void set_record(Reload *r, int64_t id, guint32 at, ReloadState state)
{
    r->any_due |= state == (r->after ? RELOAD_GONE : RELOAD_BEFORE);
    r->records[id] = at;
    r->states->data[id] = (guint8)state;
}

static bool add_record(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, R_ID);
    guint32 source = reload_source(r, store_int(stmt, R_SOURCE));
    if (source == MODEL_NONE || id <= 0 || id > r->records_last)
        return true;
    bool keeps = reload_keeps(r, source, COVERS_PEOPLE);
    guint32 at = r->after ? model_find(r->model, source, store_text(stmt, R_EXT)) : MODEL_NONE;
    if (at != MODEL_NONE && model_at(r->model, at)->dropped)
        return true;
    if (at != MODEL_NONE) {
        model_at(r->model, at)->pid = text_of(r, stmt, R_PID);
        set_record(r, id, at, keeps ? RELOAD_BEFORE : RELOAD_READ);
    } else if (keeps != r->after && !is_over(r, (int)store_int(stmt, R_GONE))) {
        // Kept ones are all there after the sources were read, but for those that a delta deleted.
        at = keeps ? make_record(r, stmt, source) : make_gone(r, stmt, source);
        set_record(r, id, at, keeps ? RELOAD_BEFORE : RELOAD_GONE);
    }
    return true;
}

static bool load_records(Reload *r, GError **error)
{
    int64_t last = reload_last(r, "record", error);
    if (last < 0)
        return false;
    r->records_last = (guint32)last;
    r->records = g_new(guint32, (gsize)last + 1);
    memset(r->records, 0xff, ((gsize)last + 1) * sizeof *r->records);
    r->states = g_byte_array_sized_new((guint)last + 1);
    g_byte_array_set_size(r->states, (guint)last + 1);
    memset(r->states->data, RELOAD_NONE, (gsize)last + 1);
    // After the sources were read everybody is looked at: who is known from before, and who is gone.
    g_autofree char *kept = reload_kept(r, COVERS_PEOPLE);
    g_autofree char *sql = r->after ? g_strdup_printf("%s ORDER BY r.id", RECORDS)
                                    : g_strdup_printf("%s WHERE r.source IN (%s) ORDER BY r.id", RECORDS,
                                                      kept != NULL ? kept : "");
    return reload_each(r, sql, add_record, error);
}

// What is said of the record `id`, is it to be loaded now?
static bool is_due(const Reload *r, int64_t id)
{
    return reload_state(r, id) == (r->after ? RELOAD_GONE : RELOAD_BEFORE);
}

static bool add_post(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, 0);
    if (is_due(r, id))
        model_post(r->model, reload_record(r, id), (Role)store_int(stmt, 1), store_text(stmt, 2),
                   store_text(stmt, 3), (int)store_int(stmt, 4), (int)store_int(stmt, 5));
    return true;
}

static bool add_ident(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, 0);
    if (is_due(r, id))
        model_ident(r->model, reload_record(r, id), store_text(stmt, 1), store_text(stmt, 2));
    return true;
}

// ---- contacts -------------------------------------------------------------------------------------------

// What a key was made of; false for those that only help to find it. *out is freed by the caller.
static bool parse_key(const char *key, Kind *out_kind, const char **out_value, char **out)
{
    static const struct {
        const char *head;
        Kind kind;
    } heads[] = {{"email:", KIND_EMAIL},
                 {"phone:", KIND_PHONE},
                 {"handle:", KIND_HANDLE},
                 {"invite:", KIND_INVITE},
                 {"street:", KIND_STREET_ADDRESS}};
    gsize i = 0;
    while (i < G_N_ELEMENTS(heads) && !g_str_has_prefix(key, heads[i].head))
        i++;
    if (i == G_N_ELEMENTS(heads))
        return false;
    *out_kind = heads[i].kind;
    *out_value = key + strlen(heads[i].head);
    if (*out_kind != KIND_STREET_ADDRESS)
        return true;
    const char *bar = strchr(*out_value, '|');
    if (bar != NULL)
        *out_value = *out = g_strdup_printf("%.*s%s%s", (int)(bar - *out_value), *out_value,
                                            bar[1] != '\0' ? ", " : "", bar + 1);
    return bar != NULL;
}

static void load_contact(Reload *r, guint32 record, const char *key, const char *field, ContactUse use)
{
    Kind kind;
    const char *value;
    g_autofree char *made = NULL;
    if (parse_key(key, &kind, &value, &made))
        model_contact(r->model, record, kind, value, field, use);
}

// A school address that its person has no more, and nobody else: mail to it is still meant for the person.
static void keep_former(Reload *r, guint32 record, const char *key)
{
    const char *at = strrchr(key, '@');
    if (!g_str_has_prefix(key, "email:") || at == NULL || !model_is_district(r->model, at + 1))
        return;
    const char *address = key + strlen("email:");
    gpointer text = GUINT_TO_POINTER(model_text(r->model, address));
    if (!g_hash_table_contains(r->addresses, text))
        model_contact(r->model, record, KIND_EMAIL, address, "previous", CONTACT_ASK);
}

static bool add_contact(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, 0);
    ReloadState state = reload_state(r, id);
    ContactUse use = (ContactUse)store_int(stmt, 3);
    if (is_due(r, id))
        load_contact(r, reload_record(r, id), store_text(stmt, 1), store_text(stmt, 2), use);
    else if (r->after && (state == RELOAD_READ || state == RELOAD_BEFORE) && use != CONTACT_PERSONAL)
        keep_former(r, reload_record(r, id), store_text(stmt, 1));
    return true;
}

// Of now, before those who are gone are added.
static void gather_addresses(Reload *r)
{
    r->addresses = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < r->model->contacts->len; i++) {
        const ModelContact *contact = &g_array_index(r->model->contacts, ModelContact, i);
        if (contact->kind == KIND_EMAIL)
            g_hash_table_add(r->addresses, GUINT_TO_POINTER(contact->value));
    }
}

// ---- private details ------------------------------------------------------------------------------------

enum { P_RECORD, P_HASH, P_OWNER, P_FIELD, P_SEALED, P_SOURCE };
static const char PERSONAL[] =
    "SELECT record, hash, owner, field, sealed, source FROM personal WHERE source <> 'own'";

static void load_personal(Reload *r, guint32 record, StoreStmt *stmt)
{
    gsize length = 0, sealed_length = 0;
    ModelPersonal row = {.record = record,
                         .owner = record == MODEL_NONE ? text_of(r, stmt, P_OWNER) : 0,
                         .field = text_of(r, stmt, P_FIELD),
                         .source = text_of(r, stmt, P_SOURCE)};
    const void *hash = store_blob(stmt, P_HASH, &length);
    if (hash == NULL || length != sizeof row.hash)
        return;
    memcpy(row.hash, hash, sizeof row.hash);
    const void *sealed = store_blob(stmt, P_SEALED, &sealed_length);
    row.sealed = sealed != NULL ? g_bytes_new(sealed, sealed_length) : NULL;
    g_array_append_val(r->model->personal, row);
}

static guint32 source_named(const Reload *r, const char *name)
{
    guint32 found = MODEL_NONE;
    for (guint id = 0; found == MODEL_NONE && id < r->sources->len; id++) {
        guint32 at = g_array_index(r->sources, guint32, id);
        if (at != MODEL_NONE &&
            strcmp(model_string(r->model, g_array_index(r->model->sources, ModelSource, at).name), name) == 0)
            found = at;
    }
    return found;
}

// Those told of a record are its; those told by address are a source's.
static bool add_personal(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, P_RECORD);
    if (id != 0 && is_due(r, id)) {
        load_personal(r, reload_record(r, id), stmt);
    } else if (id == 0 && !r->after) {
        guint32 source = source_named(r, store_text(stmt, P_SOURCE));
        if (source != MODEL_NONE && reload_keeps(r, source, COVERS_PERSONAL))
            load_personal(r, MODEL_NONE, stmt);
    }
    return true;
}

// What hangs on records; all by tables that name them.
static bool load_of_records(Reload *r, GError **error)
{
    return reload_each(r, "SELECT record, role, position, org, begins, ends FROM post", add_post, error) &&
           reload_each(r, "SELECT record, space, value FROM ident", add_ident, error);
}

bool reload_people(Reload *r, GError **error)
{
    if (r->after)
        gather_addresses(r);
    return load_records(r, error) && (!r->any_due || load_of_records(r, error)) &&
           ((!r->any_due && !r->after) ||
            reload_each(r, "SELECT record, key, field, use FROM contact", add_contact, error)) &&
           ((!r->any_due && r->after) || reload_each(r, PERSONAL, add_personal, error));
}
