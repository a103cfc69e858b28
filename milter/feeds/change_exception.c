// Exceptions: dated permissions. A row is never deleted by hand: it is revoked, and stays to explain past decisions.
#include "feeds/change.h"
#include "feeds/generation.h"
#include "feeds/settings.h"
#include "roster/schema.h"

#include <string.h>

#define FROM_TABLE "exceptions.csv"

// ---- whom it names --------------------------------------------------------------------------------------

typedef struct {
    StoreStmt *role, *class, *group, *school;
} People;

static void people_clear(People *people)
{
    store_finalize(&people->role);
    store_finalize(&people->class);
    store_finalize(&people->group);
    store_finalize(&people->school);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(People, people_clear)

static bool people_open(StoreDb *db, People *out, GError **error)
{
    out->role = store_prepare(db,
                              "SELECT 1 FROM contact c JOIN person p ON p.id = c.person "
                              "WHERE c.key = 'email:' || ?1 AND (p.roles >> ?2) & 1 LIMIT 1",
                              error);
    out->class = out->role != NULL ? store_prepare(db, "SELECT 1 FROM class WHERE cid = ?1", error) : NULL;
    out->group =
        out->class != NULL ? store_prepare(db, "SELECT 1 FROM list WHERE address = ?1", error) : NULL;
    out->school = out->group != NULL ? store_prepare(db, "SELECT 1 FROM org WHERE oid = ?1", error) : NULL;
    return out->school != NULL;
}

static Tri has_row(StoreStmt *stmt, GError **error)
{
    StoreStep step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

static Tri has_role(People *people, const char *address, Role role, GError **error)
{
    store_bind_text(people->role, 1, address);
    store_bind_int(people->role, 2, role);
    return has_row(people->role, error);
}

static Tri has_scope(People *people, const char *scope, const char **out_what, GError **error)
{
    const struct {
        const char *prefix, *what;
        StoreStmt *stmt;
    } scopes[] = {{"class:", "class", people->class},
                  {"group:", "group", people->group},
                  {"school:", "school", people->school}};
    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        if (!g_str_has_prefix(scope, scopes[i].prefix))
            continue;
        *out_what = scopes[i].what;
        store_bind_text(scopes[i].stmt, 1, scope + strlen(scopes[i].prefix));
        return has_row(scopes[i].stmt, error);
    }
    *out_what = "student";
    return has_role(people, scope, ROLE_STUDENT, error);
}

// Whom the exception names and the roster does not know: the first such, in words (owned), or NULL in *out.
static bool find_unknown(People *people, const RosterException *exception, char **out, GError **error)
{
    Tri known = has_role(people, exception->staff, ROLE_STAFF, error);
    *out = known == TRI_NO
               ? g_strdup_printf("staff: nobody of the staff has the address %s", exception->staff)
               : NULL;
    for (gsize i = 0; known == TRI_YES && exception->students[i] != NULL; i++) {
        const char *scope = exception->students[i];
        if (strcmp(scope, "*") == 0)
            continue;
        const char *what = NULL;
        known = has_scope(people, scope, &what, error);
        if (known == TRI_NO)
            *out = g_strdup_printf("students: no such %s: %s", what, scope);
    }
    return known != TRI_UNKNOWN;
}

// ---- checking -------------------------------------------------------------------------------------------

// id -> what it is now: "revoked", else the source it came from. NULL with `error`.
static GHashTable *known_exceptions(StoreDb *db, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(StoreStmt) stmt = store_prepare(
        db, "SELECT id, CASE WHEN revoked IS NULL THEN source ELSE 'revoked' END FROM exception", error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_hash_table_insert(known, g_strdup(store_text(stmt, 0)), g_strdup(store_text(stmt, 1)));
    return step == STORE_DONE ? g_steal_pointer(&known) : NULL;
}

static bool has_consent(const FeedRun *run, const char *id)
{
    bool found = false;
    for (guint i = 0; i < run->consents->len && !found; i++)
        found = strcmp(((const FeedConsent *)run->consents->pdata[i])->exception, id) == 0;
    return found;
}

static bool check_one(FeedRun *run, People *people, const FeedException *at, const GHashTable *known,
                      GError **error)
{
    g_autofree char *unknown = NULL;
    const char *state = known != NULL ? g_hash_table_lookup((GHashTable *)known, at->exception->id) : NULL;
    if (!find_unknown(people, at->exception, &unknown, error))
        return false;
    if (unknown != NULL)
        run_note(run, at->file, at->line, "%s", unknown);
    if (g_strcmp0(state, "revoked") == 0)
        run_note(run, at->file, at->line, "id: %s was revoked; it stays so, as it was", at->exception->id);
    bool consent = at->exception->guardian_consent || has_consent(run, at->exception->id);
    if (strcmp(at->exception->kind, "approved") == 0 && !consent)
        run_note(run, at->file, at->line,
                 "guardian_consent: not given, and kind approved needs it; the exception does not apply");
    return true;
}

static guint count_after(const FeedRun *run, GHashTable *known)
{
    GHashTableIter iter;
    void *source;
    guint count = run->exceptions->len;
    for (guint i = 0; i < run->exceptions->len; i++)
        g_hash_table_remove(known, ((FeedException *)run->exceptions->pdata[i])->exception->id);
    g_hash_table_iter_init(&iter, known);
    while (g_hash_table_iter_next(&iter, NULL, &source))
        count += run->exceptions_read && strcmp(source, FROM_TABLE) == 0 ? 0 : 1;
    return count;
}

bool change_check_exceptions(FeedRun *run, const char *path, StoreDb *before, GError **error)
{
    g_autoptr(GHashTable) known = before != NULL ? known_exceptions(before, error) : NULL;
    g_autoptr(StoreDb) db = before == NULL || known != NULL ? schema_open_read(path, error) : NULL;
    g_auto(People) people = {0};
    bool ok = db != NULL && people_open(db, &people, error);
    for (guint i = 0; ok && i < run->exceptions->len; i++)
        ok = check_one(run, &people, run->exceptions->pdata[i], known, error);
    ok = ok && change_check_consents(run, db, before, error);
    if (ok)
        run->summary->exceptions = known != NULL ? count_after(run, known) : run->exceptions->len;
    return ok;
}

// ---- writing --------------------------------------------------------------------------------------------

static bool put(StoreDb *db, const RosterException *exception, const char *source, const char *who,
                GError **error)
{
    g_autofree char *students = g_strjoinv(";", exception->students);
    g_autofree char *values = g_strjoinv(";", exception->values);
    int64_t now_us = clock_now_us();
    g_autofree char *when = clock_format(now_us);
    g_autofree char *added = g_strdup_printf("%s by %s", when, who);
    // What is there with the same words keeps its date.
    g_autoptr(StoreStmt) stmt = store_prepare(
        db,
        "INSERT OR REPLACE INTO exception (id, kind, staff, students, value_list, begins, ends, approver,"
        " guardian_consent, purpose_required, way, purpose, approval, approved, revoked, source, added, "
        "recorded)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, ?15,"
        " coalesce(s.added, ?16), CASE WHEN ?17 > 0 THEN ?17 ELSE coalesce(s.recorded, ?18) END"
        " FROM (SELECT 1) LEFT JOIN exception s ON s.id = ?1 AND s.kind = ?2 AND s.staff = ?3 AND"
        " s.students = ?4 AND s.value_list = ?5 AND s.begins = ?6 AND s.ends = ?7 AND s.approver = ?8 AND"
        " s.guardian_consent = ?9 AND s.purpose_required = ?10 AND s.way = ?11 AND s.purpose = ?12 AND"
        " s.approval = ?13 AND s.approved = ?14",
        error);
    if (stmt == NULL)
        return false;
    const char *texts[] = {exception->id, exception->kind, exception->staff, students, values};
    for (int i = 0; i < 5; i++)
        store_bind_text(stmt, i + 1, texts[i]);
    store_bind_int(stmt, 6, exception->from);
    store_bind_int(stmt, 7, exception->until);
    store_bind_text(stmt, 8, exception->approver);
    store_bind_int(stmt, 9, exception->guardian_consent);
    store_bind_int(stmt, 10, exception->purpose_required);
    store_bind_int(stmt, 11, exception->way);
    store_bind_text(stmt, 12, exception->purpose);
    store_bind_text(stmt, 13, exception->approval);
    store_bind_int(stmt, 14, exception->approved);
    store_bind_text(stmt, 15, source);
    store_bind_text(stmt, 16, added);
    store_bind_int(stmt, 17, exception->recorded_us);
    store_bind_int(stmt, 18, now_us);
    return store_run(stmt, error);
}

static bool remove_one(StoreDb *db, const char *id, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, "DELETE FROM exception WHERE id = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, id);
    return store_run(stmt, error);
}

// Those given by hand and those revoked stay.
static bool put_all(FeedRun *run, StoreDb *db, const char *source, GError **error)
{
    g_autoptr(GHashTable) known = known_exceptions(db, error);
    g_autoptr(GHashTable) given = g_hash_table_new(g_str_hash, g_str_equal);
    bool ok = known != NULL;
    for (guint i = 0; ok && i < run->exceptions->len; i++) {
        const RosterException *exception = ((FeedException *)run->exceptions->pdata[i])->exception;
        const char *state = g_hash_table_lookup(known, exception->id);
        g_hash_table_add(given, exception->id);
        ok = g_strcmp0(state, "revoked") == 0 || put(db, exception, source, run->options->who, error);
    }
    GHashTableIter iter;
    void *id, *from;
    if (known != NULL)
        g_hash_table_iter_init(&iter, known);
    while (ok && strcmp(source, FROM_TABLE) == 0 && g_hash_table_iter_next(&iter, &id, &from))
        if (strcmp(from, FROM_TABLE) == 0 && !g_hash_table_contains(given, id))
            ok = remove_one(db, id, error);
    return ok;
}

bool change_put_exceptions(FeedRun *run, StoreDb *db, GError **error)
{
    return (!run->exceptions_read || put_all(run, db, FROM_TABLE, error)) &&
           change_put_consents(run, db, FROM_TABLE, error);
}

// ---- in place -------------------------------------------------------------------------------------------

static bool put_given(StoreDb *db, void *data, GError **error)
{
    return put_all(data, db, "file", error) && change_put_consents(data, db, "file", error);
}

typedef bool (*ReadFunc)(FeedRun *run, FeedInput *input, GError **error);

// The table `path`, under the name it would have among the district's files.
static bool read_table(FeedRun *run, const char *path, const char *name, ReadFunc read, GError **error)
{
    g_autoptr(FeedSpec) spec = settings_new(run->config, "exceptions", "district", path);
    FeedInput input = {.spec = spec, .files = source_open_file(path, name, error)};
    bool ok = input.files != NULL && read(run, &input, error);
    source_free(input.files);
    return ok;
}

static bool import_tables(FeedRun *run, bool dry_run, GError **error)
{
    const Config *config = run->config;
    g_auto(InForce) now = {0};
    if (!generation_require(config, &now, error))
        return false;
    g_autoptr(StoreDb) before = schema_open_read(now.path, error);
    if (before == NULL || !change_check_exceptions(run, now.path, before, error))
        return false;
    store_close(&before);
    run_end_notes(run);
    return dry_run || change_in_place(config, put_given, run, error);
}

int feeds_exceptions_import(const Config *config, const char *csv_path, const char *consents_path,
                            bool dry_run, int today, const char *who, GPtrArray *out_warnings, GError **error)
{
    const RosterKey no_key = {0};
    const FeedOptions options = {.dry_run = dry_run, .today = today, .who = who};
    g_autoptr(FeedRun) run = run_new(config, &options, &no_key);
    bool ok = (csv_path == NULL || read_table(run, csv_path, FROM_TABLE, change_read_exceptions, error)) &&
              (consents_path == NULL ||
               read_table(run, consents_path, "consents.csv", change_read_consents, error)) &&
              import_tables(run, dry_run, error);
    for (guint i = 0; ok && out_warnings != NULL && i < run->summary->warnings->len; i++)
        g_ptr_array_add(out_warnings, g_strdup(run->summary->warnings->pdata[i]));
    return ok ? (int)(run->exceptions->len + run->consents->len) : -1;
}

typedef struct {
    const RosterException *exception;
    const char *id, *who, *why;
} ByHand;

static Tri is_there(StoreDb *db, const char *sql, const char *id, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, id);
    return has_row(stmt, error);
}

// What keeps it from being added: owned, or NULL in *out.
static bool find_wrong(StoreDb *db, const RosterException *made, char **out, GError **error)
{
    g_auto(People) people = {0};
    Tri taken = is_there(db, "SELECT 1 FROM exception WHERE id = ?1", made->id, error);
    if (taken == TRI_UNKNOWN || !people_open(db, &people, error) || !find_unknown(&people, made, out, error))
        return false;
    if (taken == TRI_YES) {
        g_free(*out);
        *out = g_strdup("id: taken; choose another");
    }
    return true;
}

static bool refuse(const RosterException *made, const char *wrong, GError **error)
{
    if (wrong != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s", made->id, wrong);
    return wrong == NULL;
}

static bool add(StoreDb *db, void *data, GError **error)
{
    const ByHand *by_hand = data;
    const RosterException *made = by_hand->exception;
    g_autofree char *wrong = NULL;
    return find_wrong(db, made, &wrong, error) &&
           refuse(made, wrong != NULL ? wrong : exception_row_flaw(made), error) &&
           put(db, made, "command", by_hand->who, error);
}

static RosterException *canonical(const Config *config, const RosterException *exception, GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL;
    RosterException *made = exception_row_canonical(config, exception, &field, &what);
    if (made == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s: %s", exception->id, field, what);
    return made;
}

bool feeds_exception_add(const Config *config, const RosterException *exception, const char *who,
                         GError **error)
{
    g_autoptr(RosterException) made = canonical(config, exception, error);
    ByHand by_hand = {.exception = made, .who = who};
    return made != NULL && change_in_place(config, add, &by_hand, error);
}

RosterException *feeds_exception_check(const Config *config, const RosterException *exception, GError **error)
{
    g_auto(InForce) now = {0};
    g_autofree char *wrong = NULL;
    g_autoptr(RosterException) made = canonical(config, exception, error);
    g_autoptr(StoreDb) db =
        made != NULL && generation_require(config, &now, error) ? schema_open_read(now.path, error) : NULL;
    bool ok = db != NULL && find_wrong(db, made, &wrong, error) && refuse(made, wrong, error);
    return ok ? g_steal_pointer(&made) : NULL;
}

static bool revoke_one(StoreDb *db, void *data, GError **error)
{
    const ByHand *by_hand = data;
    g_autofree char *now = clock_format(clock_now_us());
    g_autofree char *note = g_strdup_printf("%.10s by %s: %s", now, by_hand->who, by_hand->why);
    Tri there = is_there(db, "SELECT 1 FROM exception WHERE id = ?1", by_hand->id, error);
    if (there == TRI_UNKNOWN)
        return false;
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "UPDATE exception SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, by_hand->id);
    store_bind_text(stmt, 2, note);
    bool ok = store_run(stmt, error);
    if (ok && store_changes(db) == 1)
        return true;
    if (ok)
        g_set_error(error, BASE_ERROR, there == TRI_YES ? BASE_ERROR_DATA : BASE_ERROR_NOINPUT,
                    "exception %s: %s", by_hand->id,
                    there == TRI_YES ? "revoked already" : "there is none; see `chaperone exception list`");
    return false;
}

bool feeds_exception_revoke(const Config *config, const char *id, const char *who, const char *why,
                            GError **error)
{
    ByHand by_hand = {.id = id, .who = who, .why = why};
    return change_in_place(config, revoke_one, &by_hand, error);
}
