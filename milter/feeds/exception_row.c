// What a row of exceptions.csv, or an exception given by hand, must be.
#include "feeds/change.h"
#include "roster/canon.h"

#include <string.h>

#define LIST_MOST  2000 // students or values of one exception
#define FROM_TABLE "exceptions.csv"
#define TEXT_MOST  500 // bytes of a text

static const char *const EXCEPTION_KINDS[] = {"trip", "emergency", "approved", "family", "role"};

// ---- one exception --------------------------------------------------------------------------------------

static bool is_kind(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(EXCEPTION_KINDS); i++)
        if (strcmp(EXCEPTION_KINDS[i], text) == 0)
            return true;
    return false;
}

bool exception_row_id(const char *id)
{
    gsize length = strlen(id);
    return length > 0 && length <= 64 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == length;
}

const char *exception_row_flaw(const RosterException *exception)
{
    if (exception->approver[0] == '\0')
        return "approver: empty; the exception will never apply";
    if (strcmp(exception->approver, exception->staff) == 0)
        return "approver: the staff member it is for; the exception will never apply";
    return NULL;
}

// "class:x", "group:list@x", "school:x", "*", or an address; canonical, NULL when it is none.
static char *canonical_student(const Config *config, const char *text)
{
    bool named = (g_str_has_prefix(text, "class:") && text[6] != '\0') ||
                 (g_str_has_prefix(text, "school:") && text[7] != '\0');
    if (strcmp(text, "*") == 0 || named)
        return g_strdup(text);
    if (!g_str_has_prefix(text, "group:"))
        return roster_canonical_address(config, text);
    g_autofree char *list = roster_canonical_address(config, text + strlen("group:"));
    return list != NULL ? g_strconcat("group:", list, NULL) : NULL;
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

static char *canonical_address(const Config *config, const char *text)
{
    return text != NULL && text[0] != '\0' ? roster_canonical_address(config, text) : g_strdup("");
}

char *exception_row_sha256(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text != NULL ? text : "", -1);
    g_strstrip(lower);
    bool good = strlen(lower) == 64 && strspn(lower, "0123456789abcdef") == 64;
    return good || lower[0] == '\0' ? g_steal_pointer(&lower) : NULL;
}

bool exception_row_text(const char *text)
{
    return text == NULL || (strlen(text) <= TEXT_MOST && g_utf8_validate(text, -1, NULL));
}

// What is wrong with what it says beside its lists; NULL when nothing is.
static const char *wrong_field(const RosterException *raw, const RosterException *made,
                               const char **out_field)
{
    const struct {
        const char *field;
        bool good;
        const char *what;
    } checks[] = {
        {"id", exception_row_id(raw->id), "must be 1 to 64 letters, digits, `-`, `_` or `.`"},
        {"kind", is_kind(raw->kind), "not one of trip, emergency, approved, family, role"},
        {"staff", made->staff != NULL && made->staff[0] != '\0', "not a mail address; write local@domain"},
        {"approver", made->approver != NULL, "not a mail address; write local@domain"},
        {"from", raw->from > 0, "not a date; write YYYY-MM-DD"},
        {"until", raw->until > 0, "not a date; write YYYY-MM-DD"},
        {"until", raw->until >= raw->from, "before `from`"},
        {"direction", raw->way < WAY_LAST, "not one of to-students, from-students, both"},
        {"purpose", exception_row_text(raw->purpose), "too long, or no UTF-8; 500 bytes at most"},
        {"approved", raw->approved >= 0, "not a date; write YYYY-MM-DD"},
        {"approval_sha256", made->approval != NULL, "not a SHA-256; write its 64 hexadecimal digits"},
        {"recorded", raw->recorded_us >= 0, "not a time; write 2026-11-22 or 2026-11-22T19:26:57-05:00"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].good) {
            *out_field = checks[i].field;
            return checks[i].what;
        }
    return NULL;
}

static const char *wrong_list(const Config *config, const RosterException *raw, RosterException *made,
                              const char **out_field, char **out_bad)
{
    *out_field = "students";
    made->students = canonical_list(config, raw->students, canonical_student, out_bad);
    if (made->students == NULL)
        return "neither an address nor class:<id>, group:<list address>, school:<id> nor *";
    *out_field = "values";
    made->values = canonical_list(config, raw->values, canonical_value, out_bad);
    return made->values == NULL ? "neither a number, an address, platform:name, host/path nor *" : NULL;
}

RosterException *exception_row_canonical(const Config *config, const RosterException *raw,
                                         const char **out_field, char **out_what)
{
    g_autoptr(RosterException) made = g_new0(RosterException, 1);
    g_autofree char *bad = NULL;
    *made = (RosterException){.id = g_strdup(raw->id),
                              .kind = g_strdup(raw->kind),
                              .from = raw->from,
                              .until = raw->until,
                              .guardian_consent = raw->guardian_consent,
                              .purpose_required = raw->purpose_required,
                              .staff = canonical_address(config, raw->staff),
                              .approver = canonical_address(config, raw->approver),
                              .way = raw->way,
                              .purpose = g_strdup(raw->purpose != NULL ? raw->purpose : ""),
                              .approval = exception_row_sha256(raw->approval),
                              .approved = raw->approved,
                              .recorded_us = raw->recorded_us};
    const char *what = wrong_field(raw, made, out_field);
    if (what == NULL)
        what = wrong_list(config, raw, made, out_field, &bad);
    if (what == NULL)
        return g_steal_pointer(&made);
    *out_what = bad != NULL && bad[0] != '\0' ? g_strdup_printf("`%.80s` is %s", bad, what)
                : bad != NULL                 ? g_strdup("empty; write * for any")
                                              : g_strdup(what);
    return NULL;
}

// ---- reading a table ------------------------------------------------------------------------------------

enum {
    X_ID,
    X_KIND,
    X_STAFF,
    X_STUDENTS,
    X_VALUES,
    X_FROM,
    X_UNTIL,
    X_APPROVER,
    X_CONSENT,
    X_PURPOSE_REQUIRED,
    X_DIRECTION,
    X_PURPOSE,
    X_APPROVED,
    X_APPROVAL,
    X_RECORDED
};
static const TableColumn EXCEPTION_TABLE[] = {
    [X_ID] = {"id", COLUMN_REQUIRED},
    [X_KIND] = {"kind", COLUMN_REQUIRED},
    [X_STAFF] = {"staff", COLUMN_REQUIRED},
    [X_STUDENTS] = {"students", COLUMN_REQUIRED},
    [X_VALUES] = {"values", COLUMN_REQUIRED},
    [X_FROM] = {"from", COLUMN_REQUIRED},
    [X_UNTIL] = {"until", COLUMN_REQUIRED},
    [X_APPROVER] = {"approver", COLUMN_REQUIRED},
    [X_CONSENT] = {"guardian_consent", COLUMN_OPTIONAL},
    [X_PURPOSE_REQUIRED] = {"purpose_required", COLUMN_OPTIONAL},
    [X_DIRECTION] = {"direction", COLUMN_OPTIONAL},
    [X_PURPOSE] = {"purpose", COLUMN_OPTIONAL},
    [X_APPROVED] = {"approved", COLUMN_OPTIONAL},
    [X_APPROVAL] = {"approval_sha256", COLUMN_OPTIONAL},
    [X_RECORDED] = {"recorded", COLUMN_OPTIONAL},
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
    raw->purpose_required = table_flag(table, X_PURPOSE_REQUIRED, true);
    raw->purpose = g_strdup(table_get(table, X_PURPOSE));
    raw->approval = g_strdup(table_get(table, X_APPROVAL));
    const char *way = table_get(table, X_DIRECTION), *approved = table_get(table, X_APPROVED),
               *recorded = table_get(table, X_RECORDED);
    if (way[0] != '\0' && !way_parse(way, &raw->way))
        raw->way = WAY_LAST;
    raw->approved = table_parse_date(approved);
    if (raw->approved == 0 && approved[0] != '\0')
        raw->approved = -1;
    if (recorded[0] != '\0' && !clock_parse(recorded, &raw->recorded_us, NULL))
        raw->recorded_us = -1;
    return raw;
}

static bool take_row(FeedRun *run, Table *table, GHashTable *seen, GError **error)
{
    const char *field = NULL;
    g_autofree char *what = NULL;
    g_autoptr(RosterException) raw = read_row(table);
    g_autoptr(RosterException) made = exception_row_canonical(run->config, raw, &field, &what);
    if (made == NULL)
        return table_fail(table, column_named(field), error, "%s", what);
    if (!g_hash_table_add(seen, made->id))
        return table_fail(table, X_ID, error, "%s is there twice; give each exception its own", made->id);
    if (exception_row_flaw(made) != NULL)
        table_note(table, "%s", exception_row_flaw(made));
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
