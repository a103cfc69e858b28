// Exceptions: dated permissions. A row is never deleted by hand: it is revoked, and stays to explain past
// decisions.
#include "roster/import.h"

#include <string.h>

#define LIST_MOST 2000 // students or values of one exception

static const char *const EXCEPTION_KINDS[] = {"trip", "emergency", "approved", "family", "role"};

RosterException *exception_of_row(StoreStmt *stmt)
{
    RosterException *exception = g_new0(RosterException, 1);
    exception->id = g_strdup(store_text(stmt, 0));
    exception->kind = g_strdup(store_text(stmt, 1));
    exception->staff = g_strdup(store_text(stmt, 2));
    exception->students = g_strsplit(store_text(stmt, 3), ";", -1);
    exception->values = g_strsplit(store_text(stmt, 4), ";", -1);
    exception->from = (int)store_int(stmt, 5);
    exception->until = (int)store_int(stmt, 6);
    exception->approver = g_strdup(store_text(stmt, 7));
    exception->guardian_consent = store_int(stmt, 8) != 0;
    exception->purpose_required = store_int(stmt, 9) != 0;
    exception->revoked = g_strdup(store_text(stmt, 10));
    return exception;
}

// ---- look-ups -----------------------------------------------------------------------------------

static bool collect(RosterSession *session, SessionQuery query, const char *staff, GPtrArray *out,
                    GError **error)
{
    StoreStmt *stmt = session_query(session, query, staff, NULL, error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(out, exception_of_row(stmt));
    store_reset(stmt);
    return step == STORE_DONE;
}

static bool add_persons(RosterSession *session, GPtrArray *exceptions, GError **error)
{
    Role role = ROLE_EXTERNAL;
    bool ok = true;
    for (guint i = 0; ok && i < exceptions->len; i++) {
        RosterException *exception = exceptions->pdata[i];
        ok = people_of_address(session, exception->staff, &exception->staff_person, &role, error) &&
             (exception->approver[0] == '\0' ||
              people_of_address(session, exception->approver, &exception->approver_person, &role, error));
    }
    return ok;
}

GPtrArray *roster_exceptions_of(RosterSession *session, const Party *staff, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_exception_free);
    g_autoptr(GPtrArray) addresses = staff->person != NULL
                                         ? session_column(session, Q_EMAILS, staff->person, NULL, error)
                                         : g_ptr_array_new_with_free_func(g_free);
    if (addresses == NULL)
        return NULL;
    // An exception names a person by one address; it holds for the person.
    if (staff->canonical != NULL &&
        !g_ptr_array_find_with_equal_func(addresses, staff->canonical, g_str_equal, NULL))
        g_ptr_array_add(addresses, g_strdup(staff->canonical));
    for (guint i = 0; i < addresses->len; i++)
        if (!collect(session, Q_EXCEPTIONS_OF, addresses->pdata[i], out, error))
            return NULL;
    return add_persons(session, out, error) ? g_steal_pointer(&out) : NULL;
}

GPtrArray *roster_exceptions_all(RosterSession *session, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_exception_free);
    if (!collect(session, Q_EXCEPTIONS_ALL, NULL, out, error) || !add_persons(session, out, error))
        return NULL;
    return g_steal_pointer(&out);
}

// Enrolled as a student on a day of the exception.
static Tri is_enrolled(RosterSession *session, const RosterException *exception, const char *class_id,
                       const char *person, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_ENROLLED, class_id, person, error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_int(stmt, 3, exception->until);
    store_bind_int(stmt, 4, exception->from);
    StoreStep step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

static Tri covers(RosterSession *session, const RosterException *exception, const char *scope,
                  const Party *student, GError **error)
{
    g_autofree char *person = NULL;
    Role role = ROLE_EXTERNAL;
    if (strcmp(scope, "*") == 0 || g_strcmp0(scope, student->canonical) == 0)
        return TRI_YES;
    if (student->person == NULL)
        return TRI_NO;
    if (g_str_has_prefix(scope, "class:"))
        return is_enrolled(session, exception, scope + strlen("class:"), student->person, error);
    if (!people_of_address(session, scope, &person, &role, error))
        return TRI_UNKNOWN;
    return g_strcmp0(person, student->person) == 0 ? TRI_YES : TRI_NO;
}

Tri roster_exception_covers_student(RosterSession *session, const RosterException *exception,
                                    const Party *student, GError **error)
{
    Tri found = TRI_NO;
    for (gsize i = 0; found == TRI_NO && exception->students[i] != NULL; i++)
        found = covers(session, exception, exception->students[i], student, error);
    return found;
}

// ---- checking -----------------------------------------------------------------------------------

static Tri has_role(Import *import, const char *address, const char *role, GError **error)
{
    return import_has(import,
                      "SELECT 1 FROM contact c JOIN person_role r ON r.person = c.person "
                      "WHERE c.key = 'email:' || ?1 AND r.role = ?2",
                      address, role, error);
}

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
static char *canonical_student(Import *import, const char *text)
{
    if (strcmp(text, "*") == 0 || (g_str_has_prefix(text, "class:") && text[6] != '\0'))
        return g_strdup(text);
    return roster_canonical_address(import->config, text);
}

static char *canonical_value(Import *import, const char *text)
{
    Kind kind = canon_guess(text);
    return strcmp(text, "*") == 0 ? g_strdup(text) : canon_value(import->config, kind, text);
}

typedef char *(*CanonicalFunc)(Import *import, const char *text);

// Every element made canonical. NULL with *out_bad naming the one that is none; owned by the caller.
static char **canonical_list(Import *import, char **list, CanonicalFunc func, char **out_bad)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; list != NULL && list[i] != NULL; i++) {
        g_autofree char *text = g_strstrip(g_strdup(list[i]));
        if (text[0] == '\0')
            continue;
        char *canonical = strpbrk(text, ";") == NULL && out->len < LIST_MOST ? func(import, text) : NULL;
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
static RosterException *canonical_exception(Import *import, const RosterException *raw,
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
    made->staff = roster_canonical_address(import->config, raw->staff);
    bool approved = raw->approver != NULL && raw->approver[0] != '\0';
    made->approver = approved ? roster_canonical_address(import->config, raw->approver) : g_strdup("");
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
             (made->students = canonical_list(import, raw->students, canonical_student, &bad)) == NULL)
        what = "neither an address nor class:<id> nor *";
    else if (*out_field = "values",
             (made->values = canonical_list(import, raw->values, canonical_value, &bad)) == NULL)
        what = "neither a number, an address, platform:name, host/path nor *";
    if (what == NULL)
        return g_steal_pointer(&made);
    *out_what = bad != NULL && bad[0] != '\0' ? g_strdup_printf("`%.80s` is %s", bad, what)
                : bad != NULL                 ? g_strdup("empty; write * for any")
                                              : g_strdup(what);
    return NULL;
}

static bool put(Import *import, const RosterException *exception, const char *source, GError **error)
{
    g_autofree char *students = g_strjoinv(";", exception->students);
    g_autofree char *values = g_strjoinv(";", exception->values);
    g_autofree char *when = clock_format(clock_now_us());
    g_autofree char *added = g_strdup_printf("%s by %s", when, import->who != NULL ? import->who : "import");
    StoreStmt *stmt =
        import_statement(import,
                         "INSERT OR REPLACE INTO exception VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
                         "?10, NULL, ?11, ?12)",
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

// Whom the exception names and the roster does not know: the first such, in words (owned), or NULL in *out.
static bool find_unknown(Import *import, const RosterException *exception, char **out, GError **error)
{
    Tri known = has_role(import, exception->staff, "5", error);
    *out = known == TRI_NO
               ? g_strdup_printf("staff: nobody of the staff has the address %s", exception->staff)
               : NULL;
    for (gsize i = 0; known == TRI_YES && exception->students[i] != NULL; i++) {
        const char *scope = exception->students[i];
        bool class_scope = g_str_has_prefix(scope, "class:");
        if (strcmp(scope, "*") == 0)
            continue;
        known = class_scope ? import_has(import, "SELECT 1 FROM class WHERE id = ?1", scope + 6, NULL, error)
                            : has_role(import, scope, "4", error);
        if (known == TRI_NO)
            *out = g_strdup_printf("students: no such %s: %s", class_scope ? "class" : "student", scope);
    }
    return known != TRI_UNKNOWN;
}

// ---- import -------------------------------------------------------------------------------------

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

static bool import_row(Import *import, Table *table, GHashTable *seen, GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL, *unknown = NULL;
    g_autoptr(RosterException) raw = read_row(table);
    g_autoptr(RosterException) made = canonical_exception(import, raw, &field, &what);
    if (made == NULL)
        return table_fail(table, column_named(field), error, "%s", what);
    if (!g_hash_table_add(seen, g_strdup(made->id)))
        return table_fail(table, X_ID, error, "%s is there twice; give each exception its own", made->id);
    if (!find_unknown(import, made, &unknown, error))
        return false;
    if (unknown != NULL)
        table_note(table, "%s", unknown);
    if (flaw_of(made) != NULL)
        table_note(table, "%s", flaw_of(made));
    import->summary->exceptions++;
    Tri revoked = import_has(import, "SELECT 1 FROM exception WHERE id = ?1 AND revoked IS NOT NULL",
                             made->id, NULL, error);
    if (revoked == TRI_YES)
        table_note(table, "id: %s was revoked; it stays so, as it was", made->id);
    return revoked == TRI_YES || (revoked == TRI_NO && put(import, made, "file", error));
}

bool exception_import(Import *import, bool replace, GError **error)
{
    if (replace && !import_file_present(import, "exceptions.csv"))
        return true;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Table) table =
        table_open(import, "exceptions.csv", EXCEPTION_TABLE, G_N_ELEMENTS(EXCEPTION_TABLE), error);
    // Those given by hand and those revoked stay.
    bool ok =
        table != NULL &&
        (!replace ||
         store_exec(import->db, "DELETE FROM exception WHERE source = 'file' AND revoked IS NULL", error));
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW)
        ok = import_row(import, table, seen, error);
    return ok && step == CSV_END;
}

// ---- by hand ------------------------------------------------------------------------------------

static bool add(Import *import, const RosterException *exception, GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL, *unknown = NULL;
    g_autoptr(RosterException) made = canonical_exception(import, exception, &field, &what);
    if (made == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s: %s", exception->id, field, what);
        return false;
    }
    Tri taken = import_has(import, "SELECT 1 FROM exception WHERE id = ?1", made->id, NULL, error);
    if (taken == TRI_UNKNOWN || !find_unknown(import, made, &unknown, error))
        return false;
    const char *wrong = taken == TRI_YES  ? "id: taken; choose another"
                        : unknown != NULL ? unknown
                                          : flaw_of(made);
    if (wrong == NULL)
        return put(import, made, "command", error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s", made->id, wrong);
    return false;
}

bool roster_exception_add(const Config *config, const RosterException *exception, const char *who,
                          GError **error)
{
    Import *import = import_begin(config, NULL, false, false, error);
    if (import == NULL)
        return false;
    import->who = g_strdup(who);
    bool ok = add(import, exception, error);
    return import_end(import, ok, ok ? error : NULL) && ok;
}

static bool revoke_by(Import *import, const char *id, const char *why, GError **error)
{
    g_autofree char *now = clock_format(clock_now_us());
    g_autofree char *note = g_strdup_printf("%.10s by %s: %s", now, import->who, why);
    Tri there = import_has(import, "SELECT 1 FROM exception WHERE id = ?1", id, NULL, error);
    Tri in_force =
        import_has(import, "SELECT 1 FROM exception WHERE id = ?1 AND revoked IS NULL", id, NULL, error);
    if (there == TRI_YES && in_force == TRI_YES)
        return import_run(import, error, "UPDATE exception SET revoked = ?2 WHERE id = ?1", id, note, NULL);
    if (there != TRI_UNKNOWN && in_force != TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, there == TRI_YES ? BASE_ERROR_DATA : BASE_ERROR_NOINPUT,
                    "exception %s: %s", id,
                    there == TRI_YES ? "revoked already" : "there is none; see `chaperone exception list`");
    return false;
}

bool roster_exception_revoke(const Config *config, const char *id, const char *who, const char *why,
                             GError **error)
{
    Import *import = import_begin(config, NULL, false, false, error);
    if (import == NULL)
        return false;
    import->who = g_strdup(who);
    bool ok = revoke_by(import, id, why, error);
    return import_end(import, ok, ok ? error : NULL) && ok;
}
