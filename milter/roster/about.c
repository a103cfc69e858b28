#include "roster/about.h"
#include "roster/canon.h"
#include "roster/schema.h"

#include <string.h>

#define ROWS_MOST 1000

static void record_free(gpointer data)
{
    RosterRecord *record = data;
    g_free(record->source);
    g_free(record->type);
    g_free(record->id);
    g_free(record->roles);
    g_free(record);
}

static void address_free(gpointer data)
{
    RosterAddress *address = data;
    g_free(address->address);
    g_free(address->field);
    g_free(address->source);
    g_free(address);
}

static void registered_free(gpointer data)
{
    RosterRegistered *registered = data;
    g_free(registered->kind);
    g_free(registered->source);
    g_free(registered);
}

void roster_about_free(RosterAbout *about)
{
    if (about == NULL)
        return;
    char *texts[] = {about->person, about->name, about->mail, about->roles, about->grade, about->manager};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    GPtrArray *lists[] = {about->records, about->addresses, about->registered};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_clear_pointer(&lists[i], g_ptr_array_unref);
    g_free(about);
}

void roster_source_free(RosterSource *source)
{
    g_free(source->name);
    g_free(source->type);
    g_free(source);
}

// "staff, guardian" of a mask of 1 << Role, the strongest first. Caller frees.
static char *role_names(int64_t mask)
{
    GString *out = g_string_new(NULL);
    for (int role = ROLE_LAST - 1; role >= 0; role--)
        if (mask & (1 << role))
            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", role_name((Role)role));
    return g_string_free(out, FALSE);
}

// ---- rows ---------------------------------------------------------------------------------------

typedef gpointer (*RowFunc)(StoreStmt *stmt);

// One item a row of `sql` with its first parameter bound: to `text`, or to `id` where that is NULL.
static GPtrArray *rows_of(StoreDb *db, const char *sql, const char *text, int64_t id, RowFunc row,
                          GDestroyNotify destroy, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    if (stmt == NULL)
        return NULL;
    if (text != NULL)
        store_bind_text(stmt, 1, text);
    else if (id != 0)
        store_bind_int(stmt, 1, id);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(destroy);
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        if (out->len < ROWS_MOST)
            g_ptr_array_add(out, row(stmt));
    return step == STORE_DONE ? g_steal_pointer(&out) : NULL;
}

static gpointer record_row(StoreStmt *stmt)
{
    RosterRecord *record = g_new0(RosterRecord, 1);
    record->source = g_strdup(store_text(stmt, 0));
    record->type = g_strdup(store_text(stmt, 1));
    record->id = g_strdup(store_text(stmt, 2));
    record->roles = role_names(store_int(stmt, 3));
    record->enabled = store_int(stmt, 4) != 0;
    record->gone = (int)store_int(stmt, 5);
    return record;
}

static gpointer address_row(StoreStmt *stmt)
{
    RosterAddress *address = g_new0(RosterAddress, 1);
    address->address = g_strdup(store_text(stmt, 0));
    address->field = g_strdup(store_text(stmt, 1));
    address->source = g_strdup(store_text(stmt, 2));
    return address;
}

static gpointer registered_row(StoreStmt *stmt)
{
    RosterRegistered *registered = g_new0(RosterRegistered, 1);
    registered->kind = g_strdup(store_text(stmt, 0));
    registered->source = g_strdup(store_text(stmt, 1));
    return registered;
}

static gpointer source_row(StoreStmt *stmt)
{
    RosterSource *source = g_new0(RosterSource, 1);
    source->name = g_strdup(store_text(stmt, 0));
    source->type = g_strdup(store_text(stmt, 1));
    source->imported = store_int(stmt, 2);
    source->people = store_int(stmt, 3);
    source->gone = store_int(stmt, 4);
    source->lists = store_int(stmt, 5);
    source->classes = store_int(stmt, 6);
    return source;
}

// ---- a person -----------------------------------------------------------------------------------

// What is kept of one person: under the person, and under the person's addresses.
#define REGISTERED                                                                                           \
    "SELECT field, source FROM personal WHERE person = ?1 AND person <> 0 "                                  \
    "UNION SELECT q.field, q.source FROM contact c JOIN personal q ON q.owner = substr(c.key, 7) "           \
    "AND q.owner <> '' WHERE c.person = ?1 AND c.key GLOB 'email:*' ORDER BY 1, 2"

static RosterAbout *person_row(StoreStmt *stmt)
{
    RosterAbout *about = g_new0(RosterAbout, 1);
    about->person = g_strdup(store_text(stmt, 1));
    about->name = g_strstrip(g_strjoin(" ", store_text(stmt, 2), store_text(stmt, 3), NULL));
    about->roles = role_names(store_int(stmt, 4));
    about->enabled = store_int(stmt, 5) != 0;
    about->gone = (int)store_int(stmt, 6);
    about->grade = g_strdup(store_text(stmt, 7));
    about->mail = g_strdup(store_text(stmt, 8));
    about->manager = g_strdup(store_text(stmt, 9));
    return about;
}

static bool fill(StoreDb *db, RosterAbout *about, int64_t id, GError **error)
{
    about->records = rows_of(db,
                             "SELECT s.name, s.type, ifnull(r.ext, p.pid), r.roles, r.enabled, r.gone FROM "
                             "record r JOIN source s ON s.id = r.source JOIN person p ON p.id = r.person "
                             "WHERE r.person = ?1 ORDER BY s.id, 3",
                             NULL, id, record_row, record_free, error);
    if (about->records == NULL)
        return false;
    about->addresses =
        rows_of(db,
                "SELECT substr(c.key, 7), c.field, group_concat(DISTINCT s.name) FROM contact c "
                "LEFT JOIN record r ON r.id = c.record LEFT JOIN source s ON s.id = r.source "
                "WHERE c.person = ?1 AND c.key GLOB 'email:*' GROUP BY c.key, c.field "
                "ORDER BY c.field = 'previous', c.field = 'alias', c.key, c.field",
                NULL, id, address_row, address_free, error);
    if (about->addresses == NULL)
        return false;
    about->registered = rows_of(db, REGISTERED, NULL, id, registered_row, registered_free, error);
    return about->registered != NULL;
}

bool roster_about(const Config *config, const char *person, RosterAbout **out, GError **error)
{
    g_autoptr(StoreDb) db = schema_open_read(config->roster.database, error);
    g_autoptr(StoreStmt) stmt =
        db == NULL
            ? NULL
            : store_prepare(db,
                            "SELECT p.id, p.pid, p.given, p.family, p.roles, p.enabled, p.gone, p.grade, "
                            "p.mail, m.pid FROM person p LEFT JOIN person m ON m.id = p.manager "
                            "AND p.manager <> 0 WHERE p.pid = ?1",
                            error);
    *out = NULL;
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, person);
    StoreStep step = store_step(stmt, error);
    if (step != STORE_ROW)
        return step == STORE_DONE;
    int64_t id = store_int(stmt, 0);
    g_autoptr(RosterAbout) about = person_row(stmt);
    if (!fill(db, about, id, error))
        return false;
    *out = g_steal_pointer(&about);
    return true;
}

GPtrArray *roster_about_registered(const Config *config, const char *address, GError **error)
{
    g_autoptr(StoreDb) db = schema_open_read(config->roster.database, error);
    return db == NULL
               ? NULL
               : rows_of(
                     db,
                     "SELECT field, source FROM personal WHERE owner = ?1 "
                     "UNION SELECT q.field, q.source FROM contact c JOIN personal q "
                     "ON q.person = c.person AND q.person <> 0 WHERE c.key = 'email:' || ?1 ORDER BY 1, 2",
                     address, 0, registered_row, registered_free, error);
}

GPtrArray *roster_about_sources(const Config *config, GError **error)
{
    g_autoptr(StoreDb) db = schema_open_read(config->roster.database, error);
    return db == NULL
               ? NULL
               : rows_of(db,
                         "SELECT s.name, s.type, s.imported, coalesce(r.here, 0), coalesce(r.gone, 0), "
                         "(SELECT count(*) FROM list l WHERE l.source = s.id), "
                         "(SELECT count(*) FROM class c WHERE c.source = s.id) FROM source s LEFT JOIN "
                         "(SELECT source, sum(gone = 0) AS here, sum(gone <> 0) AS gone FROM record GROUP BY "
                         "source) r "
                         "ON r.source = s.id ORDER BY s.name",
                         NULL, 0, source_row, (GDestroyNotify)roster_source_free, error);
}
