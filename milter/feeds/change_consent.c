// Consents of guardians: papers, each for one exception and one student. None is deleted by hand: it is withdrawn.
#include "feeds/change.h"
#include "roster/schema.h"

#include <string.h>

#define FROM_TABLE "consents.csv"

// ---- one consent ----------------------------------------------------------------------------------------

static char *canonical_guardian(const Config *config, const char *text)
{
    bool address = text != NULL && strchr(text, '@') != NULL;
    return address ? roster_canonical_address(config, text) : g_strdup(text != NULL ? text : "");
}

static const char *wrong_field(const RosterConsent *raw, const RosterConsent *made, const char **out_field)
{
    const struct {
        const char *field;
        bool good;
        const char *what;
    } checks[] = {
        {"student", made->student != NULL, "not a mail address; write local@domain"},
        {"guardian", made->guardian != NULL && made->guardian[0] != '\0' && exception_row_text(raw->guardian),
         "neither a mail address nor a name"},
        {"given", raw->given > 0, "not a date; write YYYY-MM-DD"},
        {"until", raw->until >= 0, "not a date; write YYYY-MM-DD"},
        {"until", raw->until == 0 || raw->until >= raw->given, "before `given`"},
        {"sha256", made->sha256 != NULL && made->sha256[0] != '\0',
         "not the SHA-256 of the paper; write its 64 hexadecimal digits"},
        {"document", exception_row_text(raw->document), "too long, or no UTF-8; 500 bytes at most"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].good) {
            *out_field = checks[i].field;
            return checks[i].what;
        }
    return NULL;
}

// A canonical copy. NULL with *out_field and *out_what (borrowed).
static RosterConsent *canonical_consent(const Config *config, const RosterConsent *raw,
                                        const char **out_field, const char **out_what)
{
    g_autoptr(RosterConsent) made = g_new0(RosterConsent, 1);
    *made =
        (RosterConsent){.student = roster_canonical_address(config, raw->student != NULL ? raw->student : ""),
                        .guardian = canonical_guardian(config, raw->guardian),
                        .document = g_strdup(raw->document != NULL ? raw->document : ""),
                        .sha256 = exception_row_sha256(raw->sha256),
                        .given = raw->given,
                        .until = raw->until};
    *out_what = wrong_field(raw, made, out_field);
    return *out_what == NULL ? g_steal_pointer(&made) : NULL;
}

// ---- reading a table ------------------------------------------------------------------------------------

enum { C_EXCEPTION, C_STUDENT, C_GUARDIAN, C_GIVEN, C_SHA256, C_DOCUMENT, C_UNTIL };
static const TableColumn CONSENT_TABLE[] = {
    [C_EXCEPTION] = {"exception", COLUMN_REQUIRED}, [C_STUDENT] = {"student", COLUMN_REQUIRED},
    [C_GUARDIAN] = {"guardian", COLUMN_REQUIRED},   [C_GIVEN] = {"given", COLUMN_REQUIRED},
    [C_SHA256] = {"sha256", COLUMN_REQUIRED},       [C_DOCUMENT] = {"document", COLUMN_OPTIONAL},
    [C_UNTIL] = {"until", COLUMN_OPTIONAL},
};

static guint column_named(const char *name)
{
    guint column = 0;
    while (column + 1 < G_N_ELEMENTS(CONSENT_TABLE) && strcmp(CONSENT_TABLE[column].name, name) != 0)
        column++;
    return column;
}

static bool take_row(FeedRun *run, Table *table, GHashTable *seen, GError **error)
{
    const char *field = NULL, *what = NULL, *until = table_get(table, C_UNTIL),
               *exception = table_get(table, C_EXCEPTION);
    RosterConsent raw = {.student = (char *)table_get(table, C_STUDENT),
                         .guardian = (char *)table_get(table, C_GUARDIAN),
                         .document = (char *)table_get(table, C_DOCUMENT),
                         .sha256 = (char *)table_get(table, C_SHA256),
                         .given = table_parse_date(table_get(table, C_GIVEN)),
                         .until = table_parse_date(until)};
    if (raw.until == 0 && until[0] != '\0')
        raw.until = -1;
    g_autoptr(RosterConsent) made = canonical_consent(run->config, &raw, &field, &what);
    if (made == NULL)
        return table_fail(table, column_named(field), error, "%s", what);
    if (!exception_row_id(exception))
        return table_fail(table, C_EXCEPTION, error, "must be the id of an exception");
    if (!g_hash_table_add(seen, g_strdup_printf("%s %s %s", exception, made->student, made->sha256)))
        return table_fail(table, C_SHA256, error, "the same paper is there twice for %s", made->student);
    run_add_consent(run, exception, g_steal_pointer(&made), table_file(table), table_line(table));
    return true;
}

bool change_read_consents(FeedRun *run, FeedInput *input, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Table) table =
        table_open(run, input, FROM_TABLE, CONSENT_TABLE, G_N_ELEMENTS(CONSENT_TABLE), error);
    bool ok = table != NULL;
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW)
        ok = take_row(run, table, seen, error);
    run->consents_read = run->consents_read || (ok && step == CSV_END);
    return ok && step == CSV_END;
}

// ---- checking -------------------------------------------------------------------------------------------

static Tri found(StoreStmt *stmt, const char *a, GError **error)
{
    store_bind_text(stmt, 1, a);
    StoreStep step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

static Tri has_student(StoreDb *db, const char *address, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db,
                                              "SELECT 1 FROM contact c JOIN person p ON p.id = c.person "
                                              "WHERE c.key = 'email:' || ?1 AND (p.roles >> ?2) & 1 LIMIT 1",
                                              error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_int(stmt, 2, ROLE_STUDENT);
    return found(stmt, address, error);
}

static Tri has_exception(const FeedRun *run, StoreDb *before, const char *id, GError **error)
{
    for (guint i = 0; i < run->exceptions->len; i++)
        if (strcmp(((const FeedException *)run->exceptions->pdata[i])->exception->id, id) == 0)
            return TRI_YES;
    if (before == NULL)
        return TRI_NO;
    g_autoptr(StoreStmt) stmt = store_prepare(before, "SELECT 1 FROM exception WHERE id = ?1", error);
    return stmt != NULL ? found(stmt, id, error) : TRI_UNKNOWN;
}

bool change_check_consents(FeedRun *run, StoreDb *db, StoreDb *before, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < run->consents->len; i++) {
        const FeedConsent *at = run->consents->pdata[i];
        Tri student = has_student(db, at->consent->student, error);
        Tri exception =
            student != TRI_UNKNOWN ? has_exception(run, before, at->exception, error) : TRI_UNKNOWN;
        ok = exception != TRI_UNKNOWN;
        if (ok && student == TRI_NO)
            run_note(run, at->file, at->line, "student: nobody of the students has the address %s",
                     at->consent->student);
        if (ok && exception == TRI_NO)
            run_note(run, at->file, at->line, "exception: there is none of the name %s", at->exception);
    }
    return ok;
}

// ---- writing --------------------------------------------------------------------------------------------

static bool put(StoreDb *db, const char *exception, const RosterConsent *consent, const char *source,
                const char *who, GError **error)
{
    g_autofree char *when = clock_format(clock_now_us());
    g_autofree char *added = g_strdup_printf("%s by %s", when, who);
    // What is there keeps its date, and a withdrawal.
    g_autoptr(StoreStmt) stmt = store_prepare(
        db,
        "INSERT INTO consent (exception, student, sha256, guardian, document, given, ends, withdrawn, "
        "source, added)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9) ON CONFLICT DO UPDATE SET guardian = ?4,"
        " document = ?5, given = ?6, ends = ?7, source = ?8",
        error);
    if (stmt == NULL)
        return false;
    const char *texts[] = {exception, consent->student, consent->sha256, consent->guardian,
                           consent->document};
    for (int i = 0; i < 5; i++)
        store_bind_text(stmt, i + 1, texts[i]);
    store_bind_int(stmt, 6, consent->given);
    store_bind_int(stmt, 7, consent->until);
    store_bind_text(stmt, 8, source);
    store_bind_text(stmt, 9, added);
    return store_run(stmt, error);
}

// Rows that an earlier consents.csv gave and this one does not are removed at the end, by their mark.
bool change_put_consents(FeedRun *run, StoreDb *db, const char *source, GError **error)
{
    bool table = strcmp(source, "file") != 0;
    if (!run->consents_read)
        return true;
    if (table &&
        !store_exec(db, "UPDATE consent SET source = 'stale' WHERE source = '" FROM_TABLE "'", error))
        return false;
    bool ok = true;
    for (guint i = 0; ok && i < run->consents->len; i++) {
        const FeedConsent *at = run->consents->pdata[i];
        ok = put(db, at->exception, at->consent, table ? FROM_TABLE : source, run->options->who, error);
    }
    return ok && (!table || store_exec(db,
                                       "DELETE FROM consent WHERE source = 'stale' AND withdrawn IS NULL;"
                                       "UPDATE consent SET source = '" FROM_TABLE "' WHERE source = 'stale'",
                                       error));
}

// ---- in place -------------------------------------------------------------------------------------------

typedef struct {
    const char *exception, *who, *why, *student;
    const RosterConsent *consent;
} ByHand;

static bool add(StoreDb *db, void *data, GError **error)
{
    const ByHand *by_hand = data;
    g_autoptr(StoreStmt) stmt = store_prepare(db, "SELECT 1 FROM exception WHERE id = ?1", error);
    Tri there = stmt != NULL ? found(stmt, by_hand->exception, error) : TRI_UNKNOWN;
    Tri student = there != TRI_UNKNOWN ? has_student(db, by_hand->consent->student, error) : TRI_UNKNOWN;
    if (student == TRI_UNKNOWN)
        return false;
    if (there == TRI_YES && student == TRI_YES)
        return put(db, by_hand->exception, by_hand->consent, "command", by_hand->who, error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "exception %s: %s%s", by_hand->exception,
                there == TRI_NO ? "there is none; see `chaperone exception list`"
                                : "student: nobody of the students has the address ",
                there == TRI_NO ? "" : by_hand->consent->student);
    return false;
}

bool feeds_consent_add(const Config *config, const char *exception, const RosterConsent *consent,
                       const char *who, GError **error)
{
    const char *field = NULL, *what = NULL;
    g_autoptr(RosterConsent) made = canonical_consent(config, consent, &field, &what);
    if (made == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "exception %s: %s: %s", exception, field, what);
        return false;
    }
    ByHand by_hand = {.exception = exception, .who = who, .consent = made};
    return change_in_place(config, add, &by_hand, error);
}

static bool withdraw(StoreDb *db, void *data, GError **error)
{
    const ByHand *by_hand = data;
    g_autofree char *now = clock_format(clock_now_us());
    g_autofree char *note = g_strdup_printf("%.10s by %s: %s", now, by_hand->who, by_hand->why);
    g_autoptr(StoreStmt) stmt = store_prepare(
        db, "UPDATE consent SET withdrawn = ?3 WHERE exception = ?1 AND student = ?2 AND withdrawn IS NULL",
        error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, by_hand->exception);
    store_bind_text(stmt, 2, by_hand->student);
    store_bind_text(stmt, 3, note);
    bool ok = store_run(stmt, error);
    if (ok && store_changes(db) > 0)
        return true;
    if (ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "exception %s: there is no consent for %s that stands; see `chaperone exception show %s`",
                    by_hand->exception, by_hand->student, by_hand->exception);
    return false;
}

bool feeds_consent_withdraw(const Config *config, const char *exception, const char *student, const char *who,
                            const char *why, GError **error)
{
    g_autofree char *address = roster_canonical_address(config, student);
    if (address == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: not a mail address; write local@domain",
                    student);
        return false;
    }
    ByHand by_hand = {.exception = exception, .who = who, .why = why, .student = address};
    return change_in_place(config, withdraw, &by_hand, error);
}
