// The tests of a policy: a file of JSON objects, one a line.
#include "cli/policy.h"

#include <string.h>

#define MOST_TESTS_BYTES (256L * 1024 * 1024)
#define MOST_FILE_BYTES  (64L * 1024 * 1024)

// One line being read.
typedef struct {
    const Config *config;
    const char *dir, *place; // of the file; file:line
    const json_t *json;
    PolicyTest *test;
    GPtrArray *mistakes;
} CaseReader;

static void case_free(PolicyTest *test)
{
    g_free(test->name);
    g_free(test->clause);
    scan_job_free(test->job);
    g_clear_pointer(&test->message, g_bytes_unref);
    g_clear_pointer(&test->actions, g_hash_table_unref);
    g_strfreev(test->rules);
    g_strfreev(test->not_rules);
    g_free(test->exception);
    g_free(test->escalate);
    g_ptr_array_unref(test->wrong);
    g_free(test);
}

static void mistake(CaseReader *reader, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void mistake(CaseReader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(reader->mistakes, g_strdup_printf("%s: %s", reader->place, what));
}

// ---- fields ----------------------------------------------------------------------------------------------

static void known_keys(CaseReader *reader, const json_t *object, const char *const *known)
{
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    void *iter = json_object_iter((json_t *)object);
    for (; iter; iter = json_object_iter_next((json_t *)object, iter))
        if (!g_strv_contains(known, json_object_iter_key(iter)))
            mistake(reader, "unknown key \"%s\"; use %s", json_object_iter_key(iter), all);
}

// NULL when it is absent or null, or no string (reported). Caller frees.
static char *field_text(CaseReader *reader, const json_t *object, const char *key)
{
    const json_t *field = json_object_get(object, key);
    if (field && !json_is_null(field) && !json_is_string(field))
        mistake(reader, "\"%s\" must be a string", key);
    return g_strdup(json_string_value(field));
}

// A string, or a list of strings. NULL when it is absent or wrong (reported).
static char **field_texts(CaseReader *reader, const json_t *object, const char *key)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    bool good = json_is_string(field) || (json_is_array(field) && json_array_size(field) > 0);
    if (json_is_string(field))
        g_ptr_array_add(out, g_strdup(json_string_value(field)));
    for (gsize i = 0; json_is_array(field) && i < json_array_size(field); i++) {
        const char *text = json_string_value(json_array_get(field, i));
        good = good && text;
        g_ptr_array_add(out, g_strdup(text ? text : ""));
    }
    if (!good) {
        mistake(reader, "\"%s\" must be a string or a list of strings", key);
        return NULL;
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

static bool action_of(CaseReader *reader, const char *text, Action *out)
{
    bool found = false;
    for (int i = ACTION_DELIVER; text && i <= ACTION_REJECT && !found; i++) {
        found = strcmp(text, action_name((Action)i)) == 0;
        *out = (Action)i;
    }
    if (!found)
        mistake(reader, "no action \"%s\"; use deliver, tag, coach, hold or reject", text ? text : "");
    return found;
}

// "2026-10-20" is noon of that day where the district is; a time without a zone is local too.
static void read_date(CaseReader *reader, int64_t now_us)
{
    g_autofree char *text = field_text(reader, reader->json, "date");
    reader->test->job->date_us = now_us;
    if (!text)
        return;
    g_autofree char *whole = strlen(text) == 10 ? g_strconcat(text, "T12:00:00", NULL) : g_strdup(text);
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(reader->config->district.timezone);
    g_autoptr(GDateTime) time = zone ? g_date_time_new_from_iso8601(whole, zone) : NULL;
    if (time)
        reader->test->job->date_us = g_date_time_to_unix(time) * G_USEC_PER_SEC;
    else
        mistake(reader, "\"%s\" is no date; write 2026-10-20 or 2026-10-20T21:30:00", text);
}

// ---- the message -----------------------------------------------------------------------------------------

static void append_field(GString *out, const char *name, const char *value)
{
    g_autofree char *base64 =
        g_str_is_ascii(value) ? NULL : g_base64_encode((const guchar *)value, strlen(value));
    if (base64)
        g_string_append_printf(out, "%s: =?UTF-8?B?%s?=\n", name, base64);
    else
        g_string_append_printf(out, "%s: %s\n", name, value);
}

static void append_headers(CaseReader *reader, GString *out)
{
    const ScanJob *job = reader->test->job;
    const json_t *headers = json_object_get(reader->json, "headers");
    g_autofree char *subject = field_text(reader, reader->json, "subject");
    g_autofree char *to = g_strjoinv(", ", job->to);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(job->date_us / G_USEC_PER_SEC);
    g_autofree char *date_text =
        date ? g_date_time_format(date, "%a, %d %b %Y %H:%M:%S +0000") : g_strdup("");
    const char *const fields[][2] = {{"From", job->from},
                                     {"To", to},
                                     {"Subject", subject ? subject : "-"},
                                     {"Date", date_text},
                                     {"Message-ID", "<test@policy.invalid>"}};
    if (headers && !json_is_object(headers))
        mistake(reader, "\"headers\" must be an object of strings");
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (!json_object_get(headers, fields[i][0]) && *fields[i][1])
            append_field(out, fields[i][0], fields[i][1]);
    void *iter = json_object_iter((json_t *)headers);
    for (; iter; iter = json_object_iter_next((json_t *)headers, iter)) {
        const char *value = json_string_value(json_object_iter_value(iter));
        if (value)
            append_field(out, json_object_iter_key(iter), value);
        else
            mistake(reader, "\"headers\" must be an object of strings");
    }
    g_string_append(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                         "Content-Transfer-Encoding: 8bit\n\n");
}

// Lines end as a mail server hands them over.
static GBytes *with_crlf(const char *text)
{
    GString *out = g_string_sized_new(strlen(text) + 64);
    for (const char *p = text; *p; p++) {
        if (*p == '\n' && (p == text || p[-1] != '\r'))
            g_string_append_c(out, '\r');
        g_string_append_c(out, *p);
    }
    return g_string_free_to_bytes(out);
}

static void read_message(CaseReader *reader)
{
    g_autofree char *raw = field_text(reader, reader->json, "message");
    g_autofree char *text = field_text(reader, reader->json, "text");
    g_autofree char *file = field_text(reader, reader->json, "file");
    if ((raw != NULL) + (text != NULL) + (file != NULL) != 1) {
        mistake(reader,
                "give one of \"text\" (with \"subject\" and \"headers\"), \"message\" (with its header) "
                "and \"file\"");
    } else if (file) {
        g_autofree char *path = g_canonicalize_filename(file, reader->dir);
        g_autoptr(GError) error = NULL;
        reader->test->message = file_read(path, MOST_FILE_BYTES, &error);
        if (!reader->test->message)
            mistake(reader, "%s", error->message);
    } else if (raw) {
        reader->test->message = with_crlf(raw);
    } else {
        g_autoptr(GString) whole = g_string_new(NULL);
        append_headers(reader, whole);
        g_string_append(whole, text);
        reader->test->message = with_crlf(whole->str);
    }
}

static void read_envelope(CaseReader *reader, int64_t now_us)
{
    ScanJob *job = reader->test->job;
    job->id = g_strdup(reader->test->name);
    job->path = g_strdup(reader->place);
    job->from = field_text(reader, reader->json, "from");
    job->auth = field_text(reader, reader->json, "auth");
    job->to = field_texts(reader, reader->json, "to");
    if (!job->from)
        mistake(reader, "\"from\" is missing; \"\" is the null sender");
    if (!job->to)
        mistake(reader, "\"to\" is missing");
    read_date(reader, now_us);
    if (job->from && job->to)
        read_message(reader);
}

// ---- what is expected ------------------------------------------------------------------------------------

static void read_actions(CaseReader *reader, const json_t *expect)
{
    g_autofree char *strongest = field_text(reader, expect, "action");
    Action action;
    reader->test->action = strongest && action_of(reader, strongest, &action) ? (int)action : -1;
    const json_t *actions = json_object_get(expect, "actions");
    if (!actions)
        return;
    reader->test->actions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!json_is_object(actions))
        mistake(reader, "\"actions\" must be an object: address, action");
    void *iter = json_object_iter((json_t *)actions);
    for (; iter; iter = json_object_iter_next((json_t *)actions, iter))
        if (action_of(reader, json_string_value(json_object_iter_value(iter)), &action))
            g_hash_table_insert(reader->test->actions, g_strdup(json_object_iter_key(iter)),
                                GINT_TO_POINTER(action));
}

static void read_expect(CaseReader *reader)
{
    static const char *const keys[] = {"action",    "actions",  "rule", "not-rule",
                                       "exception", "escalate", NULL};
    PolicyTest *test = reader->test;
    const json_t *expect = json_object_get(reader->json, "expect");
    test->action = -1;
    if (expect && !json_is_object(expect)) {
        mistake(reader, "\"expect\" must be an object");
        return;
    }
    known_keys(reader, expect, keys);
    read_actions(reader, expect);
    test->rules = field_texts(reader, expect, "rule");
    test->not_rules = field_texts(reader, expect, "not-rule");
    test->exception = field_text(reader, expect, "exception");
    test->escalate = field_text(reader, expect, "escalate");
    if (!test->near_miss && json_object_size(expect) == 0)
        mistake(reader, "\"expect\" is missing; say the action and the rule");
}

static PolicyTest *case_read(CaseReader *reader, int line, int64_t now_us)
{
    static const char *const keys[] = {"clause",  "name", "near-miss", "from", "to",
                                       "auth",    "date", "message",   "text", "subject",
                                       "headers", "file", "expect",    "note", NULL};
    PolicyTest *test = reader->test = g_new0(PolicyTest, 1);
    test->job = g_new0(ScanJob, 1);
    test->wrong = g_ptr_array_new_with_free_func(g_free);
    test->line = line;
    if (!json_is_object(reader->json)) {
        mistake(reader, "is not an object");
        return test;
    }
    known_keys(reader, reader->json, keys);
    test->name = field_text(reader, reader->json, "name");
    test->clause = field_text(reader, reader->json, "clause");
    const json_t *near_miss = json_object_get(reader->json, "near-miss");
    test->near_miss = json_is_true(near_miss);
    if (near_miss && !json_is_boolean(near_miss))
        mistake(reader, "\"near-miss\" must be true or false");
    if (!test->name || !test->clause)
        mistake(reader, "\"%s\" is missing", test->name ? "clause" : "name");
    read_envelope(reader, now_us);
    read_expect(reader);
    return test;
}

// ---- the file --------------------------------------------------------------------------------------------

// Blank lines, and comments that begin with "#" or "//", are left out.
static bool is_empty(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '\0' || *line == '#' || g_str_has_prefix(line, "//");
}

GPtrArray *cli_policy_cases(const Config *config, const char *path, int64_t now_us, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, MOST_TESTS_BYTES, error);
    if (!bytes)
        return NULL;
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data ? data : "", len);
    g_autofree char *parent = g_path_get_dirname(path), *dir = g_canonicalize_filename(parent, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) tests = g_ptr_array_new_with_free_func((GDestroyNotify)case_free);
    g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; lines[i]; i++) {
        if (is_empty(lines[i]))
            continue;
        json_error_t wrong;
        json_t *json = json_loads(lines[i], JSON_REJECT_DUPLICATES, &wrong);
        g_autofree char *place = g_strdup_printf("%s:%u", path, i + 1);
        CaseReader reader = {config, dir, place, json, NULL, mistakes};
        if (json)
            g_ptr_array_add(tests, case_read(&reader, (int)i + 1, now_us));
        else
            mistake(&reader, "%s", wrong.text);
        json_decref(json);
    }
    if (mistakes->len > 0) {
        g_ptr_array_add(mistakes, NULL);
        g_autofree char *all = g_strjoinv("\n", (char **)mistakes->pdata);
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_DATA, all);
        return NULL;
    }
    return g_steal_pointer(&tests);
}

GPtrArray *cli_policy_coverage_cases(const GPtrArray *tests)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < tests->len; i++) {
        const PolicyTest *test = tests->pdata[i];
        PolicyCase *one = g_new0(PolicyCase, 1);
        *one = (PolicyCase){test->name, test->clause, test->rules, test->near_miss};
        g_ptr_array_add(out, one);
    }
    return out;
}
