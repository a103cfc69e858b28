// What stands, what ends soon, what is missing, and every use: for who keeps the exceptions, and for an audit.
#include "archive/archive.h"
#include "cli/exception.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const Config *config;
    ExceptionBook book;
    GHashTable *uses;
    Standing *standings; // of each exception
    char **flaws;        // of each, NULL = none; not NULL-ended
} Report;

static void report_clear(Report *report)
{
    for (guint i = 0; report->flaws != NULL && i < report->book.all->len; i++)
        g_free(report->flaws[i]);
    g_free(report->flaws);
    g_free(report->standings);
    g_clear_pointer(&report->uses, g_hash_table_unref);
    exception_book_clear(&report->book);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Report, report_clear)

static bool report_open(const Config *config, const ExceptionOptions *options, Report *report, GError **error)
{
    int64_t from_us = 0, to_us = 0;
    report->config = config;
    if (!cli_time(config, options->from, false, &from_us, error) ||
        !cli_time(config, options->to, true, &to_us, error) ||
        !exception_book_open(config, &report->book, error))
        return false;
    guint count = report->book.all->len;
    report->standings = g_new0(Standing, count + 1);
    report->flaws = g_new0(char *, count + 1);
    CliWorking *working = cli_working_begin("reading events");
    report->uses = exception_uses(config, from_us, to_us, error);
    cli_working_end(working);
    bool ok = report->uses != NULL;
    for (guint i = 0; ok && i < count; i++)
        ok = exception_standing(&report->book, report->book.all->pdata[i], options->within,
                                &report->standings[i], &report->flaws[i], error);
    return ok;
}

// ---- uses of one ------------------------------------------------------------------------------------------

typedef struct {
    guint messages, students, without_purpose, afterwards;
    const char *last; // time; NULL = never
} Tally;

static Tally tally_of(const GPtrArray *uses)
{
    Tally tally = {0};
    g_autoptr(GHashTable) messages = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) students = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; uses != NULL && i < uses->len; i++) {
        const ExceptionUse *use = uses->pdata[i];
        g_hash_table_add(messages, use->record);
        for (guint j = 0; j < use->students->len; j++)
            g_hash_table_add(students, use->students->pdata[j]);
        tally.without_purpose += strstr(use->why, "purpose") != NULL;
        tally.afterwards += use->afterwards;
        if (tally.last == NULL || strcmp(use->time, tally.last) > 0)
            tally.last = use->time;
    }
    tally.messages = g_hash_table_size(messages);
    tally.students = g_hash_table_size(students);
    return tally;
}

static json_t *tally_json(const GPtrArray *uses)
{
    const Tally tally = tally_of(uses);
    return json_pack("{s:i, s:i, s:i, s:i, s:s?}", "messages", (int)tally.messages, "students",
                     (int)tally.students, "without_purpose", (int)tally.without_purpose, "afterwards",
                     (int)tally.afterwards, "last", tally.last);
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Ids that were used and are no longer on record, in order. Borrowed; caller unrefs.
static GPtrArray *gone(const Report *report)
{
    GPtrArray *ids = g_ptr_array_new();
    GHashTableIter iter;
    void *id;
    g_hash_table_iter_init(&iter, report->uses);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        bool found = false;
        for (guint i = 0; i < report->book.all->len && !found; i++)
            found = strcmp(((const RosterException *)report->book.all->pdata[i])->id, id) == 0;
        if (!found)
            g_ptr_array_add(ids, id);
    }
    g_ptr_array_sort(ids, compare_ids);
    return ids;
}

// ---- for people -------------------------------------------------------------------------------------------

static void print_tally(const GPtrArray *uses)
{
    const Tally tally = tally_of(uses);
    if (tally.messages == 0) {
        printf("    not used\n");
        return;
    }
    printf("    %u message%s to %u student%s, last %.10s", tally.messages, tally.messages == 1 ? "" : "s",
           tally.students, tally.students == 1 ? "" : "s", tally.last);
    if (tally.without_purpose > 0)
        printf("; purpose not stated %u time%s", tally.without_purpose,
               tally.without_purpose == 1 ? "" : "s");
    if (tally.afterwards > 0)
        printf("; recorded afterwards %u", tally.afterwards);
    putchar('\n');
}

static void print_standing(const Report *report, Standing standing)
{
    bool titled = false;
    for (guint i = 0; i < report->book.all->len; i++) {
        const RosterException *exception = report->book.all->pdata[i];
        if (report->standings[i] != standing)
            continue;
        if (!titled)
            printf("%s\n", exception_standing_name(standing));
        titled = true;
        g_autofree char *from = exception_date(exception->from), *until = exception_date(exception->until);
        g_autofree char *line = g_strdup_printf("%s  %s  %s  %s .. %s", exception->id, exception->kind,
                                                exception->staff, from, until);
        g_autofree char *clean = cli_clean(line);
        printf("  %s\n", clean);
        if (report->flaws[i] != NULL && standing == STANDING_FLAWED)
            printf("    %s\n", report->flaws[i]);
        print_tally(g_hash_table_lookup(report->uses, exception->id));
    }
}

static void print_report(const Report *report)
{
    static const Standing ORDER[] = {STANDING_FLAWED,  STANDING_EXPIRING, STANDING_IN_FORCE,
                                     STANDING_TO_COME, STANDING_EXPIRED,  STANDING_REVOKED};
    g_autoptr(GPtrArray) ids = gone(report);
    for (gsize i = 0; i < G_N_ELEMENTS(ORDER); i++)
        print_standing(report, ORDER[i]);
    for (guint i = 0; i < ids->len; i++) {
        g_autofree char *clean = cli_clean(ids->pdata[i]);
        printf("%s  %s\n", i == 0 ? "no longer on record\n" : "", clean);
        print_tally(g_hash_table_lookup(report->uses, ids->pdata[i]));
    }
    if (report->book.all->len == 0 && ids->len == 0)
        printf("no exceptions\n");
}

// ---- JSON -------------------------------------------------------------------------------------------------

static json_t *report_json(const Report *report)
{
    json_t *list = json_array(), *counts = json_object(), *lost = json_array();
    guint states[STANDING_LAST] = {0};
    for (guint i = 0; i < report->book.all->len; i++) {
        const RosterException *exception = report->book.all->pdata[i];
        const char *state = exception_standing_name(report->standings[i]), *flaw = report->flaws[i];
        json_t *one = exception_json(exception);
        json_object_set_new(one, "state", json_string(state));
        json_object_set_new(one, "flaw", flaw != NULL ? json_string(flaw) : json_null());
        json_object_set_new(one, "days_left",
                            json_integer(exception_days_to(report->book.today, exception->until)));
        json_object_set_new(one, "uses", tally_json(g_hash_table_lookup(report->uses, exception->id)));
        json_array_append_new(list, one);
        states[report->standings[i]]++;
    }
    for (int i = 0; i < STANDING_LAST; i++)
        json_object_set_new(counts, exception_standing_name((Standing)i), json_integer(states[i]));
    g_autoptr(GPtrArray) ids = gone(report);
    for (guint i = 0; i < ids->len; i++)
        json_array_append_new(lost, json_pack("{s:s, s:o}", "id", ids->pdata[i], "uses",
                                              tally_json(g_hash_table_lookup(report->uses, ids->pdata[i]))));
    return json_pack("{s:s, s:o, s:o, s:o}", "policy", policy_version(report->book.policy), "counts", counts,
                     "exceptions", list, "gone", lost);
}

int cli_exception_report(const Config *config, const ExceptionOptions *options, const char *argument,
                         GError **error)
{
    g_auto(Report) report = {0};
    if (!report_open(config, options, &report, error))
        return 0;
    if (!options->json) {
        print_report(&report);
        return 0;
    }
    json_t *json = report_json(&report);
    bool ok = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

// ---- export -----------------------------------------------------------------------------------------------

// A row of fields, quoted where they must be (RFC 4180).
static void add_row(GString *out, const char *const *fields)
{
    for (guint i = 0; fields[i] != NULL; i++) {
        bool quote = strpbrk(fields[i], ",\"\r\n") != NULL;
        g_string_append(out, i > 0 ? "," : "");
        g_string_append(out, quote ? "\"" : "");
        for (const char *at = fields[i]; *at != '\0'; at++) {
            if (*at == '"')
                g_string_append_c(out, '"');
            g_string_append_c(out, *at);
        }
        g_string_append(out, quote ? "\"" : "");
    }
    g_string_append(out, "\r\n");
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static GString *exceptions_csv(const Report *report)
{
    GString *out = g_string_new("");
    const char *const head[] = {"id",
                                "kind",
                                "staff",
                                "students",
                                "values",
                                "from",
                                "until",
                                "approver",
                                "guardian_consent",
                                "purpose_required",
                                "direction",
                                "purpose",
                                "approved",
                                "approval_sha256",
                                "recorded",
                                "added",
                                "source",
                                "revoked",
                                "state",
                                "flaw",
                                NULL};
    add_row(out, head);
    for (guint i = 0; i < report->book.all->len; i++) {
        const RosterException *e = report->book.all->pdata[i];
        g_autofree char *students = g_strjoinv(";", e->students), *values = g_strjoinv(";", e->values);
        g_autofree char *from = exception_date(e->from), *until = exception_date(e->until);
        g_autofree char *approved = exception_date(e->approved);
        g_autofree char *recorded = e->recorded_us != 0 ? clock_format(e->recorded_us) : g_strdup("");
        const char *const row[] = {e->id,
                                   e->kind,
                                   e->staff,
                                   students,
                                   values,
                                   from,
                                   until,
                                   e->approver,
                                   yes_no(e->guardian_consent),
                                   yes_no(e->purpose_required),
                                   way_name(e->way),
                                   e->purpose,
                                   approved,
                                   e->approval,
                                   recorded,
                                   e->added,
                                   e->source,
                                   or_empty(e->revoked),
                                   exception_standing_name(report->standings[i]),
                                   or_empty(report->flaws[i]),
                                   NULL};
        add_row(out, row);
    }
    return out;
}

static GString *consents_csv(const Report *report)
{
    GString *out = g_string_new("");
    const char *const head[] = {"exception", "student", "guardian",  "given", "sha256",
                                "document",  "until",   "withdrawn", "added", NULL};
    add_row(out, head);
    for (guint i = 0; i < report->book.all->len; i++) {
        const RosterException *exception = report->book.all->pdata[i];
        for (guint j = 0; j < exception->consents->len; j++) {
            const RosterConsent *c = exception->consents->pdata[j];
            g_autofree char *given = exception_date(c->given), *until = exception_date(c->until);
            const char *const row[] = {exception->id, c->student,  c->guardian, given,
                                       c->sha256,     c->document, until,       or_empty(c->withdrawn),
                                       c->added,      NULL};
            add_row(out, row);
        }
    }
    return out;
}

static void add_use(GString *out, const char *id, const ExceptionUse *use)
{
    g_autoptr(GString) students = g_string_new("");
    g_autofree char *count = g_strdup_printf("%u", use->count);
    for (guint i = 0; i < use->students->len; i++)
        g_string_append_printf(students, "%s%s", i > 0 ? ";" : "", (const char *)use->students->pdata[i]);
    const char *const row[] = {id,
                               use->time,
                               use->record,
                               use->rule,
                               use->effective,
                               use->why,
                               count,
                               students->str,
                               yes_no(use->afterwards),
                               use->who,
                               NULL};
    add_row(out, row);
}

static GString *uses_csv(const Report *report)
{
    GString *out = g_string_new("");
    const char *const head[] = {"exception", "time",     "record",     "rule", "effective", "why",
                                "count",     "students", "afterwards", "who",  NULL};
    g_autoptr(GList) ids = g_list_sort(g_hash_table_get_keys(report->uses), (GCompareFunc)strcmp);
    add_row(out, head);
    for (GList *at = ids; at != NULL; at = at->next) {
        const GPtrArray *uses = g_hash_table_lookup(report->uses, at->data);
        for (guint i = 0; i < uses->len; i++)
            add_use(out, at->data, uses->pdata[i]);
    }
    return out;
}

static bool write_file(const char *dir, const char *name, GString *text, json_t *files, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL), *hash = sha256_hex(text->str, text->len);
    bool ok = file_write_atomic(path, text->str, text->len, 0640, error);
    json_object_set_new(files, name, json_string(hash));
    g_string_free(text, TRUE);
    return ok;
}

static bool write_manifest(const Report *report, const ExceptionOptions *options, const char *dir,
                           json_t *files, GError **error)
{
    g_autofree char *time = clock_format(report->book.now_us);
    json_t *manifest = json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:O}", "time", time, "who", options->who,
                                 "policy", policy_version(report->book.policy), "from", options->from, "to",
                                 options->to, "sha256", files);
    g_autofree char *path = g_build_filename(dir, "manifest.json", NULL);
    char *text = json_dumps(manifest, JSON_INDENT(2));
    bool ok = text != NULL && file_write_atomic(path, text, strlen(text), 0640, error);
    if (text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: cannot be written as JSON", path);
    // Who took the records away is on record itself.
    ok = ok && archive_event_once(report->config, "exception-export", options->who, NULL, manifest,
                                  report->book.now_us, error);
    free(text);
    json_decref(manifest);
    return ok;
}

int cli_exception_export(const Config *config, const ExceptionOptions *options, const char *dir,
                         GError **error)
{
    g_auto(Report) report = {0};
    if (!report_open(config, options, &report, error) || !file_make_dirs(dir, 0750, error))
        return 0;
    json_t *files = json_object();
    bool ok = write_file(dir, "exceptions.csv", exceptions_csv(&report), files, error) &&
              write_file(dir, "consents.csv", consents_csv(&report), files, error) &&
              write_file(dir, "uses.csv", uses_csv(&report), files, error) &&
              write_manifest(&report, options, dir, files, error);
    json_decref(files);
    if (ok)
        printf("%s: %u exceptions exported\n", dir, report.book.all->len);
    return 0;
}
