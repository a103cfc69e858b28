// What runs in the background for a case: searches taken into it, exports; starting, watching, cancelling, handing out.
#include "console/casefile.h"
#include "console/jobs.h"

#include "search/search.h"

#include <string.h>

enum { REASON_MOST = 300, QUERY_MOST = 8000, MANIFEST_MOST = 64 << 20, PATH_MOST = 400, WARNINGS_MOST = 50 };

static char *job_path(const Job *job, const char *rest)
{
    return g_strdup_printf("/cases/%s/exports/%s%s", job->matter, job->id, rest);
}

static bool is_export(const Job *job)
{
    return strcmp(casefile_text(job->order, "kind"), "export") == 0;
}

static Job *job_asked(Request *request, const Case *one, GError **error)
{
    return job_get(request->config, one->id, request->args[1], error);
}

// ---- how far it is ---------------------------------------------------------------------------------------

static void progress_bar(Request *request, Html *html, const Job *job)
{
    const char *step = casefile_text(job->progress, "step");
    g_autofree char *done = g_strdup_printf("%" JSON_INTEGER_FORMAT,
                                            json_integer_value(json_object_get(job->progress, "done"))),
                    *total = g_strdup_printf("%" JSON_INTEGER_FORMAT,
                                             json_integer_value(json_object_get(job->progress, "total"))),
                    *key = g_strconcat("job.step.", *step != '\0' ? step : "waiting", NULL);
    html_open(html, "p", "role", "status", NULL);
    html_words(html, key, NULL);
    html_text(html, " ");
    html_words(html, "job.of", "done", done, "total", total, NULL);
    html_close(html, "p");
    html_element(html, "progress", NULL, "max", *total != '\0' ? total : "1", "value", done, "aria-label",
                 words_get(request->words, "job.progress"), NULL);
}

static void state_words(Html *html, const Job *job)
{
    g_autofree char *key = g_strconcat("job.state.", job_state_name(job->state), NULL);
    html_words(html, key, NULL);
}

// ---- the list --------------------------------------------------------------------------------------------

static void row(Request *request, Html *html, const Job *job)
{
    g_autofree char *path = job_path(job, "");
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link_say(html, path, is_export(job) ? "job.export" : "job.search");
    html_open(html, "div", "class", "soft", NULL);
    html_mail(html, casefile_text(job->order, is_export(job) ? "reason" : "query"));
    html_close(html, "div");
    html_close(html, "th");
    html_open(html, "td", NULL);
    casefile_time(request, html, casefile_text(job->order, "created"));
    html_element(html, "div", casefile_text(job->order, "who"), "class", "soft", NULL);
    html_close(html, "td");
    html_open(html, "td", NULL);
    state_words(html, job);
    if (job->state == JOB_RUNNING)
        progress_bar(request, html, job);
    html_close(html, "tr");
}

static void table(Request *request, Html *html, const GPtrArray *jobs)
{
    static const char *const KEYS[] = {"job.what", "case.when", "cases.state"};
    bool live = false;
    for (guint i = 0; i < jobs->len; i++)
        live = live || ((const Job *)jobs->pdata[i])->state == JOB_RUNNING;
    html_open(html, "div", "id", "jobs", "data-refresh", live ? "" : NULL, NULL);
    html_open(html, "table", NULL);
    casefile_head(html, "exports.caption", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(jobs->len, PAGE_ROWS); i++)
        row(request, html, jobs->pdata[i]);
    html_close(html, "table");
    if (live) {
        html_open(html, "p", NULL);
        html_link_say(html, request->path, "job.refresh");
        html_close(html, "p");
    }
    html_close(html, "div");
    const Job *last = jobs->len > PAGE_ROWS ? jobs->pdata[PAGE_ROWS - 1] : NULL;
    page_more(request, html, last != NULL ? last->id : NULL);
}

static void start_form(Request *request, Html *html, const Case *one)
{
    g_autofree char *path = casefile_path(one, "/exports"),
                    *undecided = g_strdup_printf("%u", one->undecided);
    html_say(html, "h2", "exports.new", NULL);
    html_say(html, "p", "exports.hint", "class", "hint", NULL);
    if (one->undecided > 0) {
        html_open(html, "p", "class", "note", NULL);
        html_words(html, "exports.undecided", "n", undecided, NULL);
        html_close(html, "p");
    }
    form_post(request, html, path, "narrow");
    form_field(html, "reason", "exports.reason", NULL, "required", "", "maxlength", "300", NULL);
    form_check(html, "envelope", "yes", "exports.envelope", false);
    form_button(html, "exports.go", NULL, NULL, "main");
    html_close(html, "form");
}

static bool exports_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(GPtrArray) jobs = one != NULL ? job_list(request->config, one->id,
                                                       request_query(request, "after"), PAGE_ROWS + 1, error)
                                            : NULL;
    if (jobs == NULL)
        return false;
    g_autofree char *title = words_fill(request->words, "exports.of", "case", one->id, NULL);
    g_autoptr(Html) html = page_begin_text(request, title);
    casefile_tabs(request, html, one, "/exports");
    if (jobs->len > 0)
        table(request, html, jobs);
    else
        html_say(html, "p", "exports.none", NULL);
    if (request_may(request, USER_RECORDS))
        start_form(request, html, one);
    page_end(request, html, reply);
    return true;
}

// ---- starting --------------------------------------------------------------------------------------------

static bool start(Request *request, Reply *reply, const Case *one, json_t *order, GError **error)
{
    g_autofree char *id =
        job_start(request->config, one->id, order, request_who(request), request->now_us, error);
    g_autofree char *path = g_strdup_printf("/cases/%s/exports/%s", one->id, id);
    if (id != NULL)
        reply_redirect(reply, path, "said.job-started");
    return id != NULL;
}

static bool export_start(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autofree char *reason = request_form_text(request, "reason", REASON_MOST);
    if (one != NULL && *reason == '\0')
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "an export wants a reason");
    if (one == NULL || *reason == '\0')
        return false;
    if (one->undecided > 0 || one->responsive + one->redacted + one->exempt == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "case %s: %u records are undecided, and %u are to go out or to be withheld: decide about "
                    "all of them first",
                    one->id, one->undecided, one->responsive + one->redacted + one->exempt);
        return false;
    }
    return start(request, reply, one,
                 json_pack("{s:s, s:s, s:b}", "kind", "export", "reason", reason, "envelope",
                           request_form(request, "envelope") != NULL),
                 error);
}

static bool search_start(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autofree char *query = request_form_text(request, "query", QUERY_MOST),
                    *envelope = request_form_text(request, "envelope", 10);
    const SearchTerms terms = {request->config->district.timezone, request->now_us, *envelope != '\0'};
    g_autoptr(SearchQuery) parsed = one != NULL ? search_query_parse(query, &terms, error) : NULL;
    if (parsed != NULL && !casefile_changes(request, one)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "case %s is closed", one->id);
        return false;
    }
    return parsed != NULL && start(request, reply, one,
                                   json_pack("{s:s, s:s, s:b}", "kind", "search", "query", query, "envelope",
                                             *envelope != '\0'),
                                   error);
}

// ---- one of them -----------------------------------------------------------------------------------------

static void result_number(Html *html, const Job *job, const char *name, const char *key)
{
    const json_t *number = json_object_get(job->result, name);
    if (json_is_integer(number))
        casefile_number(html, key, json_integer_value(number));
}

static void result(Request *request, Html *html, const Job *job)
{
    static const char *const NUMBERS[][2] = {{"hits", "case.hits"},
                                             {"added", "case.added"},
                                             {"full", "job.full"},
                                             {"redacted", "job.redacted"},
                                             {"withheld", "job.withheld"},
                                             {"attachments", "job.attachments"},
                                             {"files", "job.files"},
                                             {"bytes", "job.bytes"},
                                             {"indexed", "job.indexed"},
                                             {"archived", "job.archived"},
                                             {"unsearchable", "case.unsearchable"}};
    const json_t *warnings = json_object_get(job->result, "warnings");
    html_open(html, "dl", "class", "facts", "id", "result", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
        result_number(html, job, NUMBERS[i][0], NUMBERS[i][1]);
    casefile_fact(html, "job.manifest", casefile_text(job->result, "manifest"));
    html_close(html, "dl");
    if (job->state == JOB_FAILED) {
        html_open(html, "p", "class", "bad", "role", "alert", NULL);
        html_mail(html, casefile_text(job->result, "error"));
        html_close(html, "p");
    }
    if (json_array_size(warnings) > 0)
        html_say(html, "h2", "job.warnings", NULL);
    html_open(html, "ul", NULL);
    for (size_t i = 0; i < MIN(json_array_size(warnings), WARNINGS_MOST); i++) {
        html_open(html, "li", NULL);
        html_mail(html, json_string_value(json_array_get(warnings, i)));
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void steps(Request *request, Html *html, const Job *job)
{
    g_autofree char *cancel = job_path(job, "/cancel"), *again = job_path(job, "/again"),
                    *delete = job_path(job, "/delete"), *zip = job_path(job, "/zip");
    if (job->state == JOB_RUNNING)
        form_act(request, html, cancel, "job.cancel");
    else if (job->state != JOB_DONE)
        form_act(request, html, again, "job.again");
    if (job->state == JOB_DONE && job->has_files)
        form_act(request, html, zip, "job.zip");
    if (job->state != JOB_RUNNING && is_export(job) && (job->has_files || job->state != JOB_DONE))
        form_act(request, html, delete, "job.delete");
}

static void state(Request *request, Html *html, const Job *job)
{
    bool live = job->state == JOB_RUNNING;
    html_open(html, "section", "id", "job", "data-refresh", live ? "" : NULL, "aria-labelledby", "job-state",
              NULL);
    html_open(html, "h2", "id", "job-state", NULL);
    state_words(html, job);
    html_close(html, "h2");
    if (live)
        progress_bar(request, html, job);
    if (live) {
        html_open(html, "p", NULL);
        html_link_say(html, request->path, "job.refresh");
        html_close(html, "p");
    }
    if (job->result != NULL)
        result(request, html, job);
    if (request_may(request, USER_RECORDS))
        steps(request, html, job);
    html_close(html, "section");
}

// ---- its files -------------------------------------------------------------------------------------------

static int by_name(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

// Paths of the bag's files as its manifest has them, sorted. GPtrArray of char*; NULL with `error`.
static GPtrArray *manifest(const Job *job, GError **error)
{
    enum { HASH = 64 };
    g_autofree char *bag = job_bag(job), *path = g_build_filename(bag, "manifest-sha256.txt", NULL);
    g_autoptr(GBytes) bytes = file_read(path, MANIFEST_MOST, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    if (bytes == NULL)
        return NULL;
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (char **line = lines; *line != NULL; line++)
        if (strlen(*line) > HASH + 2)
            g_ptr_array_add(paths, g_strdup(*line + HASH + strspn(*line + HASH, " *")));
    g_ptr_array_sort(paths, by_name);
    return paths;
}

static void file_row(Request *request, Html *html, const Job *job, const char *path)
{
    g_autofree char *act = job_path(job, "/file");
    html_open(html, "tr", NULL);
    html_element(html, "th", path, "scope", "row", NULL);
    html_open(html, "td", NULL);
    if (request_may(request, USER_RECORDS)) {
        g_autofree char *label = words_fill(request->words, "job.get-file", "file", path, NULL);
        form_post(request, html, act, "act");
        form_hidden(html, "file", path);
        html_say(html, "button", "parts.download", "type", "submit", "aria-label", label, NULL);
        html_close(html, "form");
    }
    html_close(html, "tr");
}

static bool files(Request *request, Html *html, const Job *job, GError **error)
{
    static const char *const KEYS[] = {"job.file", "job.get"};
    const char *after = request_query(request, "after"), *last = NULL;
    g_autoptr(GPtrArray) paths = manifest(job, error);
    guint shown = 0, i = 0;
    if (paths == NULL)
        return false;
    while (after != NULL && i < paths->len && strcmp(paths->pdata[i], after) <= 0)
        i++;
    html_open(html, "table", "id", "files", NULL);
    casefile_head(html, "job.files-of", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (; i < paths->len && shown < PAGE_ROWS; i++, shown++)
        file_row(request, html, job, last = paths->pdata[i]);
    html_close(html, "table");
    page_more(request, html, i < paths->len ? last : NULL);
    return true;
}

static bool job_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(Job) job = one != NULL ? job_asked(request, one, error) : NULL;
    if (job == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, is_export(job) ? "job.export" : "job.search");
    casefile_tabs(request, html, one, "/exports");
    html_open(html, "dl", "class", "facts", NULL);
    casefile_fact(html, "case.query", casefile_text(job->order, "query"));
    casefile_fact(html, "exports.reason", casefile_text(job->order, "reason"));
    casefile_fact(html, "case.who", casefile_text(job->order, "who"));
    html_say(html, "dt", "case.opened", NULL);
    html_open(html, "dd", NULL);
    casefile_time(request, html, casefile_text(job->order, "created"));
    html_close(html, "dl");
    state(request, html, job);
    bool ok = job->state != JOB_DONE || !job->has_files || files(request, html, job, error);
    page_end(request, html, reply);
    return ok;
}

// ---- steps of one ----------------------------------------------------------------------------------------

static bool tell(Request *request, const Job *job, const char *event, const char *file, GError **error)
{
    const json_t *manifest_sha256 = json_object_get(job->result, "manifest");
    return console_tell(request, event, NULL,
                        json_pack("{s:s, s:s, s:s*, s:O*}", "case", job->matter, "job", job->id, "file", file,
                                  "manifest", (json_t *)manifest_sha256),
                        error);
}

static bool done(Reply *reply, const Job *job, const char *said)
{
    g_autofree char *path = job_path(job, "");
    reply_redirect(reply, path, said);
    return true;
}

static bool cancel(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(Job) job = one != NULL ? job_asked(request, one, error) : NULL;
    bool running = job != NULL && job->state == JOB_RUNNING;
    if (job != NULL && !running)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "job %s does not run any more", job->id);
    return running && tell(request, job, "job-cancelled", NULL, error) && job_cancel(job, error) &&
           done(reply, job, "said.job-cancelled");
}

static bool again(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(Job) job = one != NULL ? job_asked(request, one, error) : NULL;
    if (job != NULL && job->state == JOB_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "job %s is done", job->id);
    return job != NULL && job->state != JOB_DONE && job_again(request->config, job, error) &&
           done(reply, job, "said.job-started");
}

static bool delete_files(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(Job) job = one != NULL ? job_asked(request, one, error) : NULL;
    return job != NULL && tell(request, job, "export-deleted", NULL, error) && job_delete_files(job, error) &&
           done(reply, job, "said.export-deleted");
}

// A bag that was read back whole, of a job that is done. NULL with `error`.
static Job *finished(Request *request, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(Job) job = one != NULL ? job_asked(request, one, error) : NULL;
    bool whole = job != NULL && job->state == JOB_DONE && job->has_files;
    if (job != NULL && !whole)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "job %s has no files to hand out", job->id);
    return whole ? g_steal_pointer(&job) : NULL;
}

static bool zip_out(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = finished(request, error);
    if (job == NULL)
        return false;
    g_autofree char *path = job_zip(job), *name = g_path_get_basename(path);
    return tell(request, job, "export-handed-out", name, error) && reply_file(reply, name, NULL, path, error);
}

static bool file_out(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = finished(request, error);
    g_autoptr(GPtrArray) paths = job != NULL ? manifest(job, error) : NULL;
    g_autofree char *wanted = request_form_text(request, "file", PATH_MOST);
    bool known = false;
    for (guint i = 0; paths != NULL && i < paths->len && !known; i++)
        known = strcmp(paths->pdata[i], wanted) == 0;
    if (paths != NULL && !known)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "the bag has no file \"%s\"", wanted);
    if (!known)
        return false;
    g_autofree char *bag = job_bag(job), *path = g_build_filename(bag, wanted, NULL),
                    *name = g_path_get_basename(wanted);
    return tell(request, job, "export-handed-out", wanted, error) &&
           reply_file(reply, name, NULL, path, error);
}

static const Route ROUTES[] = {
    {"GET", "/cases/:id/exports", CASE_READERS, exports_page},
    {"POST", "/cases/:id/exports", USER_RECORDS, export_start},
    {"POST", "/cases/:id/search", USER_RECORDS, search_start},
    {"GET", "/cases/:id/exports/:job", CASE_READERS, job_page},
    {"POST", "/cases/:id/exports/:job/cancel", USER_RECORDS, cancel},
    {"POST", "/cases/:id/exports/:job/again", USER_RECORDS, again},
    {"POST", "/cases/:id/exports/:job/delete", USER_RECORDS, delete_files},
    {"POST", "/cases/:id/exports/:job/zip", USER_RECORDS, zip_out},
    {"POST", "/cases/:id/exports/:job/file", USER_RECORDS, file_out},
};
const RouteTable EXPORTS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
