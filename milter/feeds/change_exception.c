// Exceptions: dated permissions. A row is never deleted by hand: it is revoked, and stays to explain past decisions.
#include "feeds/change.h"
#include "feeds/generation.h"
#include "feeds/settings.h"
#include "roster/schema.h"

#include <string.h>

#define LIST_MOST  2000 // students or values of one exception
#define FROM_TABLE "exceptions.csv"

static const char *const EXCEPTION_KINDS[] = {"trip", "emergency", "approved", "family", "role"};

// ---- one exception --------------------------------------------------------------------------------------

static bool is_kind(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(EXCEPTION_KINDS); i++)
        if (strcmp(EXCEPTION_KINDS[i], text) == 0)
            return true;
    return false;
}

// `id` must be easy to type and to print.
static bool is_id(const char *id)
{
    gsize length = strlen(id);
    return length > 0 && length <= 64 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == length;
}

// What keeps an exception from ever applying, in words; NULL when nothing does.
static const char *flaw_of(const RosterException *exception)
{
    if (exception->approver[0] == '\0')
        return "approver: empty; the exception will never apply";
    if (strcmp(exception->approver, exception->staff) == 0)
        return "approver: the staff member it is for; the exception will never apply";
    if (strcmp(exception->kind, "approved") == 0 && !exception->guardian_consent)
        return "guardian_consent: not given, and kind approved needs it; the exception will never apply";
    return NULL;
}

// "class:x", "*", or an address; canonical, NULL when it is none.
static char *canonical_student(const Config *config, const char *text)
{
    if (strcmp(text, "*") == 0 || (g_str_has_prefix(text, "class:") && text[6] != '\0'))
        return g_strdup(text);
    return roster_canonical_address(config, text);
}

static char *canonical_value(const Config *config, const char *text)
{
    Kind kind = canon_guess(text);
    return strcmp(text, "*") == 0 ? g_strdup(text) : canon_value(config, kind, text);
}

typedef char *(*CanonicalFunc)(const Config *config, const char *text);

// Every element made canonical. NULL with *out_bad naming the one that is none; owned by the caller.
static char **canonical_list(const Config *config, char **list, CanonicalFunc func, char **out_bad)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; list != NULL && list[i] != NULL; i++) {
        g_autofree char *text = g_strstrip(g_strdup(list[i]));
        if (text[0] == '\0')
            continue;
        char *canonical = strpbrk(text, ";") == NULL && out->len < LIST_MOST ? func(config, text) : NULL;
        if (canonical == NULL) {
            *out_bad = g_steal_pointer(&text);
            return NULL;
        }
        g_ptr_array_add(out, canonical);
    }
    if (out->len == 0) {
        *out_bad = g_strdup("");
        return NULL;
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

// Makes a canonical copy. NULL with *out_field and *out_what (owned) telling what is wrong.
static RosterException *canonical_exception(const Config *config, const RosterException *raw,
                                            const char **out_field, char **out_what)
{
    g_autoptr(RosterException) made = g_new0(RosterException, 1);
    g_autofree char *bad = NULL;
    made->id = g_strdup(raw->id);
    made->kind = g_strdup(raw->kind);
    made->from = raw->from;
    made->until = raw->until;
    made->guardian_consent = raw->guardian_consent;
    made->purpose_required = raw->purpose_required;
    made->staff = roster_canonical_address(config, raw->staff);
    bool approved = raw->approver != NULL && raw->approver[0] != '\0';
    made->approver = approved ? roster_canonical_address(config, raw->approver) : g_strdup("");
    const char *what = NULL;
    *out_field = "id";
    if (!is_id(raw->id))
        what = "must be 1 to 64 letters, digits, `-`, `_` or `.`";
    else if (*out_field = "kind", !is_kind(raw->kind))
        what = "not one of trip, emergency, approved, family, role";
    else if (*out_field = "staff", made->staff == NULL)
        what = "not a mail address; write local@domain";
    else if (*out_field = "approver", made->approver == NULL)
        what = "not a mail address; write local@domain";
    else if (*out_field = "from", raw->from == 0)
        what = "not a date; write YYYY-MM-DD";
    else if (*out_field = "until", raw->until == 0)
        what = "not a date; write YYYY-MM-DD";
    else if (raw->until < raw->from)
        what = "before `from`";
    else if (*out_field = "students",
             (made->students = canonical_list(config, raw->students, canonical_student, &bad)) == NULL)
        what = "neither an address nor class:<id> nor *";
    else if (*out_field = "values",
             (made->values = canonical_list(config, raw->values, canonical_value, &bad)) == NULL)
        what = "neither a number, an address, platform:name, host/path nor *";
    if (what == NULL)
        return g_steal_pointer(&made);
    *out_what = bad != NULL && bad[0] != '\0' ? g_strdup_printf("`%.80s` is %s", bad, what)
                : bad != NULL                 ? g_strdup("empty; write * for any")
                                              : g_strdup(what);
    return NULL;
}

// ---- whom it names --------------------------------------------------------------------------------------

typedef struct {
    StoreStmt *role, *class;
} People;

static void people_clear(People *people)
{
    store_finalize(&people->role);
    store_finalize(&people->class);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(People, people_clear)

static bool people_open(StoreDb *db, People *out, GError **error)
{
    out->role = store_prepare(db,
                              "SELECT 1 FROM contact c JOIN person p ON p.id = c.person "
                              "WHERE c.key = 'email:' || ?1 AND (p.roles >> ?2) & 1 LIMIT 1",
                              error);
    out->class = out->role != NULL ? store_prepare(db, "SELECT 1 FROM class WHERE cid = ?1", error) : NULL;
    return out->class != NULL;
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

static Tri has_class(People *people, const char *id, GError **error)
{
    store_bind_text(people->class, 1, id);
    return has_row(people->class, error);
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
        bool class_scope = g_str_has_prefix(scope, "class:");
        if (strcmp(scope, "*") == 0)
            continue;
        known = class_scope ? has_class(people, scope + strlen("class:"), error)
                            : has_role(people, scope, ROLE_STUDENT, error);
        if (known == TRI_NO)
            *out = g_strdup_printf("students: no such %s: %s", class_scope ? "class" : "student", scope);
    }
    return known != TRI_UNKNOWN;
}

// ---- reading a table ------------------------------------------------------------------------------------

enum { X_ID, X_KIND, X_STAFF, X_STUDENTS, X_VALUES, X_FROM, X_UNTIL, X_APPROVER, X_CONSENT, X_PURPOSE };
static const TableColumn EXCEPTION_TABLE[] = {
    [X_ID] = {"id", COLUMN_REQUIRED},
    [X_KIND] = {"kind", COLUMN_REQUIRED},
    [X_STAFF] = {"staff", COLUMN_REQUIRED},
    [X_STUDENTS] = {"students", COLUMN_REQUIRED},
    [X_VALUES] = {"values", COLUMN_REQUIRED},
    [X_FROM] = {"from", COLUMN_REQUIRED},
    [X_UNTIL] = {"until", COLUMN_REQUIRED},
    [X_APPROVER] = {"approver", COLUMN_REQUIRED},
    [X_CONSENT] = {"guardian_consent", COLUMN_REQUIRED},
    [X_PURPOSE] = {"purpose_required", COLUMN_REQUIRED},
};

static guint column_named(const char *name)
{
    guint column = 0;
    while (column + 1 < G_N_ELEMENTS(EXCEPTION_TABLE) && strcmp(EXCEPTION_TABLE[column].name, name) != 0)
        column++;
    return column;
}

static RosterException *read_row(Table *table)
{
    RosterException *raw = g_new0(RosterException, 1);
    raw->id = g_strdup(table_get(table, X_ID));
    raw->kind = g_strdup(table_get(table, X_KIND));
    raw->staff = g_strdup(table_get(table, X_STAFF));
    raw->students = g_strsplit(table_get(table, X_STUDENTS), ";", LIST_MOST + 1);
    raw->values = g_strsplit(table_get(table, X_VALUES), ";", LIST_MOST + 1);
    raw->from = table_parse_date(table_get(table, X_FROM));
    raw->until = table_parse_date(table_get(table, X_UNTIL));
    raw->approver = g_strdup(table_get(table, X_APPROVER));
    raw->guardian_consent = table_flag(table, X_CONSENT, false);
    raw->purpose_required = table_flag(table, X_PURPOSE, true);
    return raw;
}

static bool take_row(FeedRun *run, Table *table, GHashTable *seen, GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL;
    g_autoptr(RosterException) raw = read_row(table);
    g_autoptr(RosterException) made = canonical_exception(run->config, raw, &field, &what);
    if (made == NULL)
        return table_fail(table, column_named(field), error, "%s", what);
    if (!g_hash_table_add(seen, made->id))
        return table_fail(table, X_ID, error, "%s is there twice; give each exception its own", made->id);
    if (flaw_of(made) != NULL)
        table_note(table, "%s", flaw_of(made));
    run_add_exception(run, g_steal_pointer(&made), table_file(table), table_line(table));
    return true;
}

bool change_read_exceptions(FeedRun *run, FeedInput *input, GError **error)
{
    // The ids are those of run->exceptions, of another source's too.
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < run->exceptions->len; i++)
        g_hash_table_add(seen, ((FeedException *)run->exceptions->pdata[i])->exception->id);
    g_autoptr(Table) table =
        table_open(run, input, FROM_TABLE, EXCEPTION_TABLE, G_N_ELEMENTS(EXCEPTION_TABLE), error);
    bool ok = table != NULL;
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW)
        ok = take_row(run, table, seen, error);
    run->exceptions_read = run->exceptions_read || (ok && step == CSV_END);
    return ok && step == CSV_END;
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
    g_autofree char *when = clock_format(clock_now_us());
    g_autofree char *added = g_strdup_printf("%s by %s", when, who);
    // What is there with the same words keeps its date.
    g_autoptr(StoreStmt) stmt = store_prepare(
        db,
        "INSERT OR REPLACE INTO exception (id, kind, staff, students, value_list, begins, ends, approver,"
        " guardian_consent, purpose_required, revoked, source, added) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
        " ?8, ?9, ?10, NULL, ?11, coalesce((SELECT added FROM exception WHERE id = ?1 AND kind = ?2 AND"
        " staff = ?3 AND students = ?4 AND value_list = ?5 AND begins = ?6 AND ends = ?7 AND"
        " approver = ?8 AND guardian_consent = ?9 AND purpose_required = ?10), ?12))",
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
    store_bind_text(stmt, 11, source);
    store_bind_text(stmt, 12, added);
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
    return !run->exceptions_read || put_all(run, db, FROM_TABLE, error);
}

// ---- in place -------------------------------------------------------------------------------------------

static bool put_given(StoreDb *db, void *data, GError **error)
{
    return put_all(data, db, "file", error);
}

static bool import_table(FeedRun *run, FeedInput *input, bool dry_run, GError **error)
{
    const Config *config = run->config;
    g_auto(InForce) now = {0};
    if (!change_read_exceptions(run, input, error) || !generation_require(config, &now, error))
        return false;
    g_autoptr(StoreDb) before = schema_open_read(now.path, error);
    if (before == NULL || !change_check_exceptions(run, now.path, before, error))
        return false;
    store_close(&before);
    run_end_notes(run);
    return dry_run || change_in_place(config, put_given, run, error);
}

int feeds_exceptions_import(const Config *config, const char *csv_path, bool dry_run, int today,
                            const char *who, GPtrArray *out_warnings, GError **error)
{
    const RosterKey no_key = {0};
    const FeedOptions options = {.dry_run = dry_run, .today = today, .who = who};
    g_autoptr(FeedSpec) spec = settings_new(config, "exceptions", "district", csv_path);
    FeedInput input = {.spec = spec, .files = source_open_file(csv_path, FROM_TABLE, error)};
    g_autoptr(FeedRun) run = input.files != NULL ? run_new(config, &options, &no_key) : NULL;
    int count = run != NULL && import_table(run, &input, dry_run, error) ? (int)run->exceptions->len : -1;
    for (guint i = 0; count >= 0 && out_warnings != NULL && i < run->summary->warnings->len; i++)
        g_ptr_array_add(out_warnings, g_strdup(run->summary->warnings->pdata[i]));
    source_free(input.files);
    return count;
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

static bool add(StoreDb *db, void *data, GError **error)
{
    const ByHand *by_hand = data;
    const RosterException *made = by_hand->exception;
    g_autofree char *unknown = NULL;
    g_auto(People) people = {0};
    Tri taken = is_there(db, "SELECT 1 FROM exception WHERE id = ?1", made->id, error);
    if (taken == TRI_UNKNOWN || !people_open(db, &people, error) ||
        !find_unknown(&people, made, &unknown, error))
        return false;
    const char *wrong = taken == TRI_YES  ? "id: taken; choose another"
                        : unknown != NULL ? unknown
                                          : flaw_of(made);
    if (wrong == NULL)
        return put(db, made, "command", by_hand->who, error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s", made->id, wrong);
    return false;
}

bool feeds_exception_add(const Config *config, const RosterException *exception, const char *who,
                         GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL;
    g_autoptr(RosterException) made = canonical_exception(config, exception, &field, &what);
    if (made == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s: %s", exception->id, field, what);
        return false;
    }
    ByHand by_hand = {.exception = made, .who = who};
    return change_in_place(config, add, &by_hand, error);
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
