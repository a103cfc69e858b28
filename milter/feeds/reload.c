#include "feeds/reload.h"

#include <string.h>

#define SOURCES_MOST 65535

// Always false.
static bool damaged(const char *table, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "the roster in force has a damaged table %s; go back with `chaperone roster rollback`",
                table);
    return false;
}

bool reload_each(Reload *r, const char *sql, ReloadRow row, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(r->db, sql, error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    while (step == STORE_ROW) {
        if ((++r->rows & 0xfff) == 0)
            run_progress(r->run, "", "former roster", r->rows, 0);
        step = row(r, stmt, error) ? store_step(stmt, error) : STORE_FAILED;
    }
    return step == STORE_DONE;
}

int64_t reload_last(Reload *r, const char *table, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT coalesce(max(id), 0) FROM %s", table);
    g_autoptr(StoreStmt) stmt = store_prepare(r->db, sql, error);
    if (stmt == NULL || store_step(stmt, error) != STORE_ROW)
        return -1;
    int64_t last = store_int(stmt, 0);
    bool ok = (last >= 0 && last < MODEL_NONE) || damaged(table, error);
    return ok ? last : -1;
}

char *reload_kept(const Reload *r, guint covers)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint id = 0; id < r->sources->len; id++) {
        guint32 at = g_array_index(r->sources, guint32, id);
        if (at != MODEL_NONE && (r->replaced[at] & covers) != covers)
            g_string_append_printf(out, "%s%u", out->len > 0 ? ", " : "", id);
    }
    return out->len > 0 ? g_strdup(out->str) : NULL;
}

// ---- sources --------------------------------------------------------------------------------------------

// `name` itself, or a part of it ("district/groups").
static bool is_forgotten(const Reload *r, const char *name)
{
    const char *forget = r->run->options->forget;
    gsize len = forget != NULL ? strlen(forget) : 0;
    return forget != NULL && strncmp(name, forget, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

static bool add_source(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t id = store_int(stmt, 0);
    if (id <= 0 || id > SOURCES_MOST)
        return damaged("source", error);
    if (is_forgotten(r, store_text(stmt, 1)))
        return true;
    guint32 at = model_source(r->model, store_text(stmt, 1), NULL, NULL), none = MODEL_NONE;
    ModelSource *source = &g_array_index(r->model->sources, ModelSource, at);
    while (r->sources->len <= id)
        g_array_append_val(r->sources, none);
    g_array_index(r->sources, guint32, id) = at;
    if (!source->now) {
        source->type = model_text(r->model, store_text(stmt, 2));
        source->space = model_text(r->model, store_text(stmt, 3));
        source->imported = store_int(stmt, 4);
    }
    return true;
}

// Sources of before keep their places among each other; those of this run stand in theirs in the order of this run,
// new ones come last. So a run of one source does not turn round who wins.
static void rank_sources(Reload *r)
{
    GArray *sources = r->model->sources;
    guint32 rank = 0, next = 0;
    g_autofree bool *before = g_new0(bool, sources->len + 1);
    for (guint id = 0; id < r->sources->len; id++) {
        guint32 at = g_array_index(r->sources, guint32, id);
        if (at != MODEL_NONE)
            before[at] = true;
    }
    for (guint id = 0; id < r->sources->len; id++) {
        guint32 at = g_array_index(r->sources, guint32, id);
        if (at == MODEL_NONE)
            continue;
        if (g_array_index(sources, ModelSource, at).now) {
            while (!before[next] || !g_array_index(sources, ModelSource, next).now)
                next++;
            at = next++;
        }
        g_array_index(sources, ModelSource, at).rank = rank++;
    }
    for (guint i = 0; i < sources->len; i++)
        if (!before[i])
            g_array_index(sources, ModelSource, i).rank = rank++;
}

static bool load_sources(Reload *r, GError **error)
{
    r->sources = g_array_new(FALSE, FALSE, sizeof(guint32));
    if (!reload_each(r, "SELECT id, name, type, space, imported FROM source ORDER BY id", add_source, error))
        return false;
    r->replaced = g_new0(guint, r->model->sources->len + 1);
    for (guint i = 0; i < r->inputs->len; i++) {
        const FeedInput *input = r->inputs->pdata[i];
        r->replaced[input->source] |= input->replaces & ~input->changes;
    }
    return true;
}

// ---- schools and classes --------------------------------------------------------------------------------

static bool add_org(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_ORGS))
        model_org(r->model, source, store_text(stmt, 1), store_text(stmt, 2), store_text(stmt, 3),
                  store_text(stmt, 4));
    return true;
}

static bool add_class(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 1));
    const char *cid = store_text(stmt, 2);
    int64_t id = store_int(stmt, 0);
    if (source == MODEL_NONE || id <= 0 || id > r->classes_last)
        return true;
    if (r->after)
        r->classes[id] = model_class_find(r->model, source, cid);
    else if (reload_keeps(r, source, COVERS_CLASSES))
        r->classes[id] = model_class(r->model, source, cid, store_text(stmt, 3), store_text(stmt, 4),
                                     store_text(stmt, 5), (int)store_int(stmt, 6), (int)store_int(stmt, 7));
    return true;
}

static bool load_classes(Reload *r, GError **error)
{
    int64_t last = reload_last(r, "class", error);
    if (last < 0)
        return false;
    r->classes_last = (guint32)last;
    r->classes = g_new(guint32, (gsize)last + 1);
    memset(r->classes, 0xff, ((gsize)last + 1) * sizeof *r->classes);
    return reload_each(r, "SELECT id, source, cid, title, school, kind, begins, ends FROM class ORDER BY id",
                       add_class, error);
}

// ---- who belongs to whom --------------------------------------------------------------------------------

// A row between two things is loaded once both are there: before the sources are read where nobody reads them anew.
static bool is_due(const Reload *r, bool both_before)
{
    return r->after != both_before;
}

static bool add_seat(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t record_id = store_int(stmt, 1);
    guint32 at = reload_class(r, store_int(stmt, 0)), record = reload_record(r, record_id);
    if (at == MODEL_NONE || record == MODEL_NONE)
        return true;
    guint32 source = g_array_index(r->model->classes, ModelClass, at).source;
    bool both_before = reload_keeps(r, source, COVERS_CLASSES) && reload_state(r, record_id) == RELOAD_BEFORE;
    if (reload_keeps(r, source, COVERS_SEATS) && reload_state(r, record_id) != RELOAD_GONE &&
        is_due(r, both_before))
        model_seat(r->model, at, record, (Role)store_int(stmt, 2), (int)store_int(stmt, 3),
                   (int)store_int(stmt, 4));
    return true;
}

static ModelRef ref_of(const Reload *r, guint32 record)
{
    const ModelRecord *at = model_at(r->model, record);
    return (ModelRef){.by = REF_ID, .source = at->source, .text = at->ext};
}

static bool add_relation(Reload *r, StoreStmt *stmt, GError **error)
{
    int64_t ids[] = {store_int(stmt, 1), store_int(stmt, 2)};
    guint32 source = reload_source(r, store_int(stmt, 0));
    guint32 a = reload_record(r, ids[0]), b = reload_record(r, ids[1]);
    const char *kind = store_text(stmt, 3);
    if (source == MODEL_NONE || a == MODEL_NONE || b == MODEL_NONE)
        return true;
    ReloadState one = reload_state(r, ids[0]), other = reload_state(r, ids[1]);
    guint cover = strcmp(kind, "agent") == 0 ? COVERS_PEOPLE : COVERS_RELATIONS;
    if (reload_keeps(r, source, cover) && one != RELOAD_GONE && other != RELOAD_GONE &&
        is_due(r, one == RELOAD_BEFORE && other == RELOAD_BEFORE))
        model_relation(r->model, source, ref_of(r, a), ref_of(r, b), kind, NULL, 0);
    return true;
}

static bool load_between(Reload *r, GError **error)
{
    g_autofree char *seats = reload_kept(r, COVERS_SEATS);
    g_autofree char *relations = reload_kept(r, COVERS_PEOPLE | COVERS_RELATIONS);
    g_autofree char *seat_sql =
        g_strdup_printf("SELECT s.class, s.record, s.role, s.begins, s.ends FROM class c CROSS JOIN seat s "
                        "ON s.class = c.id WHERE c.source IN (%s)",
                        seats != NULL ? seats : "");
    g_autofree char *relation_sql = g_strdup_printf(
        "SELECT source, a, b, kind FROM relation WHERE source IN (%s)", relations != NULL ? relations : "");
    return (seats == NULL || reload_each(r, seat_sql, add_seat, error)) &&
           (relations == NULL || reload_each(r, relation_sql, add_relation, error));
}

// ---- lists, and what is the school's --------------------------------------------------------------------

static bool add_list(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_LISTS))
        model_list(r->model, source, store_text(stmt, 1), store_text(stmt, 3), store_int(stmt, 2) != 0);
    return true;
}

static bool add_member(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_LISTS))
        model_member(r->model, source, store_text(stmt, 1), store_text(stmt, 2));
    return true;
}

static bool add_student_address(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_STUDENT_ADDRESSES))
        model_student_address(r->model, source, store_text(stmt, 1), store_text(stmt, 2));
    return true;
}

static bool add_published(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_PUBLISHED))
        model_published(r->model, source, store_text(stmt, 1), store_text(stmt, 2), store_text(stmt, 3));
    return true;
}

static bool add_block(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_PUBLISHED))
        model_block(r->model, source, store_int(stmt, 1), store_int(stmt, 2), store_text(stmt, 3));
    return true;
}

static bool add_webmail(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_WEBMAIL))
        model_webmail(r->model, source, store_text(stmt, 1));
    return true;
}

static bool add_tool(Reload *r, StoreStmt *stmt, GError **error)
{
    guint32 source = reload_source(r, store_int(stmt, 0));
    if (source != MODEL_NONE && reload_keeps(r, source, COVERS_TOOLS))
        model_tool(r->model, source, store_text(stmt, 1), store_text(stmt, 2), store_text(stmt, 3),
                   store_text(stmt, 4), (int)store_int(stmt, 5), (int)store_int(stmt, 6),
                   store_text(stmt, 7));
    return true;
}

static const struct {
    const char *sql;
    ReloadRow row;
} TABLES[] = {
    {"SELECT source, oid, name, type, parent FROM org ORDER BY id", add_org},
    {"SELECT source, address, known, name FROM list", add_list},
    {"SELECT source, list, member FROM list_member", add_member},
    {"SELECT source, address, student FROM student_address", add_student_address},
    {"SELECT source, key, kind, label FROM published", add_published},
    {"SELECT source, first, last, label FROM block", add_block},
    {"SELECT source, domain FROM webmail", add_webmail},
    {"SELECT source, name, kind, value, tenant, begins, ends, approver FROM tool ORDER BY id", add_tool},
};

static bool load_tables(Reload *r, GError **error)
{
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(TABLES); i++)
        ok = reload_each(r, TABLES[i].sql, TABLES[i].row, error);
    return ok;
}

// ---- all ------------------------------------------------------------------------------------------------

static void reload_clear(Reload *r)
{
    g_free(r->replaced);
    g_free(r->records);
    g_free(r->classes);
    g_clear_pointer(&r->sources, g_array_unref);
    g_clear_pointer(&r->states, g_byte_array_unref);
    g_clear_pointer(&r->addresses, g_hash_table_unref);
}

bool reload_before(FeedRun *run, StoreDb *db, const GPtrArray *inputs, GError **error)
{
    Reload r = {.run = run, .model = run->model, .db = db, .inputs = inputs};
    bool ok = load_sources(&r, error);
    if (ok)
        rank_sources(&r);
    ok = ok && load_tables(&r, error) && load_classes(&r, error) && reload_people(&r, error) &&
         load_between(&r, error);
    reload_clear(&r);
    return ok;
}

bool reload_after(FeedRun *run, StoreDb *db, const GPtrArray *inputs, GError **error)
{
    Reload r = {.run = run, .model = run->model, .db = db, .inputs = inputs, .after = true};
    // What a delta took away is no more.
    model_settle(run->model);
    bool ok = load_sources(&r, error) && load_classes(&r, error) && reload_people(&r, error) &&
              load_between(&r, error);
    reload_clear(&r);
    return ok;
}
