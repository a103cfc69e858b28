// What is blacked out in a record of a case: what the machine proposes as a checklist, words and lines of the officer's own, the rendition.
#include "console/casefile.h"

#include "redact/redact.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_MOST = 200, WORDS_MOST = 2000, LINES_MOST = 200 };

// The record, read for its rendition.
typedef struct {
    Case *one;
    CaseRecord *record;
    ArchiveRecord *there;
    Message *message;
    Rendition *rendition;
    GPtrArray *kept; // of Redaction: those that are kept with the case
} Sheet;

static void sheet_clear(Sheet *sheet)
{
    g_clear_pointer(&sheet->kept, g_ptr_array_unref);
    g_clear_pointer(&sheet->rendition, rendition_free);
    g_clear_pointer(&sheet->message, message_free);
    g_clear_pointer(&sheet->there, archive_record_free);
    g_clear_pointer(&sheet->record, case_record_free);
    g_clear_pointer(&sheet->one, case_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sheet, sheet_clear)

static GPtrArray *list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
}

static bool sheet_read(Request *request, Sheet *sheet, GError **error)
{
    Cases *cases = desk_cases(request->desk, error);
    sheet->one = cases != NULL ? casefile_case(request, error) : NULL;
    sheet->record = sheet->one != NULL ? casefile_record(request, sheet->one, error) : NULL;
    if (sheet->record == NULL ||
        !console_view_log(request, sheet->record->record, "redaction", NULL, sheet->one->id, error))
        return false;
    sheet->there = case_record_read(cases, sheet->record, error);
    sheet->message = sheet->there != NULL ? redact_read(request->config, desk_readers(request->desk),
                                                        sheet->there->meta, sheet->there->raw, error)
                                          : NULL;
    if (sheet->message == NULL)
        return false;
    sheet->rendition = rendition_new(sheet->message, sheet->there->meta);
    sheet->kept = sheet->record->redactions != NULL
                      ? redactions_from_json(sheet->rendition, sheet->record->redactions, error)
                      : list_new();
    return sheet->kept != NULL;
}

// ---- lists -----------------------------------------------------------------------------------------------

static bool overlaps(const Redaction *one, const Redaction *other)
{
    return one->section == other->section && one->from < other->to && other->from < one->to;
}

static const Redaction *find_over(const GPtrArray *list, const Redaction *one)
{
    const Redaction *found = NULL;
    for (guint i = 0; i < list->len && found == NULL; i++)
        found = overlaps(list->pdata[i], one) ? list->pdata[i] : NULL;
    return found;
}

// What the machine would redact by the roster of the day of the mail, but for what is redacted already. NULL with `error`.
static GPtrArray *propose(Request *request, const Sheet *sheet, GError **error)
{
    const Snapshot *snapshot = desk_snapshot(request->desk);
    int64_t time_us = archive_mail_time(sheet->there->meta);
    int day = clock_local_date(time_us != 0 ? time_us : request->now_us, request->config->district.timezone);
    g_autoptr(Envelope) envelope = envelope_from_json(json_object_get(sheet->there->meta, "envelope"), error);
    g_autoptr(RosterSession) session =
        envelope != NULL ? roster_session_begin(snapshot->roster, day, error) : NULL;
    GPtrArray *list = session != NULL ? redact_propose(request->config, snapshot->tables, session, envelope,
                                                       sheet->message, sheet->rendition, error)
                                      : NULL;
    for (guint i = list != NULL ? list->len : 0; i > 0; i--)
        if (find_over(sheet->kept, list->pdata[i - 1]) != NULL)
            g_ptr_array_remove_index(list, i - 1);
    return list;
}

// ---- the checklist ---------------------------------------------------------------------------------------

static char *words_of(const Rendition *rendition, const Redaction *one)
{
    const RenditionSection *section = rendition->sections->pdata[one->section];
    char *words = g_strndup(section->text + one->from, one->to - one->from);
    return g_strdelimit(words, "\n", ' ');
}

static void check_row(Request *request, Html *html, const Sheet *sheet, const Redaction *one,
                      const json_t *element, bool checked)
{
    g_autofree char *words = words_of(sheet->rendition, one);
    g_autofree char *label = words_fill(request->words, "redact.choose", "words", words, NULL);
    g_autofree char *line = g_strdup_printf("%u", rendition_line(sheet->rendition, one->section, one->from));
    g_autofree char *key = g_strconcat("redact.kind.", one->kind, NULL);
    char *value = json_dumps(element, JSON_COMPACT | JSON_SORT_KEYS);
    html_open(html, "tr", NULL);
    html_open(html, "td", NULL);
    html_void(html, "input", "type", "checkbox", "name", "redact", "value", value, "aria-label", label,
              "checked", checked ? "" : NULL, NULL);
    html_close(html, "td");
    html_open(html, "th", "scope", "row", NULL);
    html_mail(html, words);
    html_close(html, "th");
    html_element(html, "td", words_has(request->words, key) ? words_get(request->words, key) : one->kind,
                 NULL);
    html_element(html, "td", line, "class", "number", NULL);
    html_open(html, "td", NULL);
    html_mail(html, one->why);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_mail(html, one->code);
    html_element(html, "div", one->reviewer, "class", "soft", NULL);
    html_close(html, "tr");
    free(value);
}

static void check_rows(Request *request, Html *html, const Sheet *sheet, const GPtrArray *list, bool checked)
{
    json_t *elements = redactions_to_json(sheet->rendition, list, false);
    for (guint i = 0; i < list->len; i++)
        check_row(request, html, sheet, list->pdata[i], json_array_get(elements, i), checked);
    json_decref(elements);
}

static void checklist(Request *request, Html *html, const Sheet *sheet, const GPtrArray *proposed)
{
    static const char *const KEYS[] = {"records.choice", "redact.words", "redact.kind",
                                       "redact.line",    "redact.why",   "records.code"};
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "redact.list"), NULL);
    html_open(html, "table", "id", "redactions", NULL);
    casefile_head(html, "redact.list", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    check_rows(request, html, sheet, sheet->kept, true);
    // Once somebody has chosen, what they left out stays out.
    check_rows(request, html, sheet, proposed, sheet->record->redactions == NULL);
    html_close(html, "table");
    html_close(html, "div");
}

static void own_fields(Html *html, const char *code)
{
    form_field(html, "code", "redact.code", code, "maxlength", "200", NULL);
    form_field(html, "words", "redact.more-words", NULL, "maxlength", "2000", NULL);
    form_field(html, "lines", "redact.more-lines", NULL, "maxlength", "200", "pattern", "[0-9, \\-]*", NULL);
    form_check(html, "everywhere", "yes", "redact.everywhere", true);
    form_button(html, "redact.keep", NULL, NULL, "main");
}

// ---- the text --------------------------------------------------------------------------------------------

static bool in_list(const GPtrArray *list, guint section, gsize at)
{
    const Redaction here = {.section = section, .from = at, .to = at + 1};
    return find_over(list, &here) != NULL;
}

// One line; what is to be redacted of it stands in <mark>.
static void text_line(Html *html, const GPtrArray *list, guint number, const RenditionSection *section,
                      gsize from, gsize to)
{
    for (gsize at = from; at < to;) {
        bool marked = in_list(list, number, at);
        gsize end = at + 1;
        while (end < to &&
               (in_list(list, number, end) == marked || ((guchar)section->text[end] & 0xC0) == 0x80))
            end++;
        g_autofree char *piece = g_strndup(section->text + at, end - at);
        if (marked)
            html_open(html, "mark", NULL);
        html_mail(html, piece);
        if (marked)
            html_close(html, "mark");
        at = end;
    }
}

static void text_section(Html *html, const Sheet *sheet, guint number)
{
    const RenditionSection *section = sheet->rendition->sections->pdata[number];
    g_autofree char *first = g_strdup_printf("%u", section->first_line);
    g_autoptr(GPtrArray) here = g_ptr_array_new();
    for (guint i = 0; i < sheet->kept->len; i++)
        if (((const Redaction *)sheet->kept->pdata[i])->section == number)
            g_ptr_array_add(here, sheet->kept->pdata[i]);
    html_element(html, "h3", section->label, NULL);
    html_open(html, "ol", "class", "lines", "start", first, NULL);
    for (gsize from = 0; from < section->len;) {
        const char *end = memchr(section->text + from, '\n', section->len - from);
        gsize to = end != NULL ? (gsize)(end - section->text) : section->len;
        html_open(html, "li", NULL);
        text_line(html, here, number, section, from, to);
        html_close(html, "li");
        from = to + 1;
    }
    html_close(html, "ol");
}

static void text(Html *html, const Sheet *sheet)
{
    html_say(html, "h2", "redact.text", NULL);
    for (guint i = 0; i < sheet->rendition->sections->len; i++)
        text_section(html, sheet, i);
    if (sheet->rendition->notes->len > 0)
        html_say(html, "h3", "redact.not-in-it", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < sheet->rendition->notes->len; i++)
        html_element(html, "li", sheet->rendition->notes->pdata[i], NULL);
    html_close(html, "ul");
}

// ---- the page --------------------------------------------------------------------------------------------

static char *sheet_path(const Sheet *sheet, const char *rest)
{
    return g_strdup_printf("/cases/%s/records/%s%s", sheet->one->id, sheet->record->record, rest);
}

static void handing_out(Request *request, Html *html, const Sheet *sheet)
{
    g_autofree char *path = sheet_path(sheet, "/rendition");
    if (sheet->kept->len == 0)
        return;
    html_say(html, "h2", "redact.rendition", NULL);
    form_post(request, html, path, NULL);
    form_button(html, "redact.pdf", "do", "pdf", NULL);
    form_button(html, "redact.txt", "do", "text", NULL);
    html_close(html, "form");
}

static bool redact_page(Request *request, Reply *reply, GError **error)
{
    g_auto(Sheet) sheet = {0};
    g_autoptr(GPtrArray) proposed =
        sheet_read(request, &sheet, error) ? propose(request, &sheet, error) : NULL;
    if (proposed == NULL)
        return false;
    g_autofree char *path = sheet_path(&sheet, "/redact"), *record = sheet_path(&sheet, "");
    bool changes = casefile_changes(request, sheet.one);
    g_autoptr(Html) html = page_begin(request, "redact.title");
    casefile_tabs(request, html, sheet.one, "/records");
    html_open(html, "p", NULL);
    html_link(html, record, *sheet.record->subject != '\0' ? sheet.record->subject : sheet.record->record);
    html_close(html, "p");
    if (sheet.record->what != CASE_REDACT)
        page_notice(html, "note", "redact.not-decided");
    if (changes)
        form_post(request, html, path, NULL);
    if (sheet.kept->len + proposed->len > 0)
        checklist(request, html, &sheet, proposed);
    else
        html_say(html, "p", "redact.nothing", NULL);
    if (changes) {
        own_fields(html, sheet.record->code);
        html_close(html, "form");
    }
    handing_out(request, html, &sheet);
    text(html, &sheet);
    page_end(request, html, reply);
    return true;
}

// ---- keeping ---------------------------------------------------------------------------------------------

static bool is_same(const Redaction *one, const Redaction *other)
{
    return one->section == other->section && one->from == other->from && one->to == other->to;
}

// Who gave which code when is what is kept here, not what the form says.
static void take_codes(const Sheet *sheet, GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        Redaction *one = list->pdata[i];
        const Redaction *known = find_over(sheet->kept, one);
        bool same = known != NULL && is_same(known, one);
        g_free(one->code);
        g_free(one->reviewer);
        one->code = same ? g_strdup(known->code) : NULL;
        one->reviewer = same ? g_strdup(known->reviewer) : NULL;
        one->time_us = same ? known->time_us : 0;
    }
}

// What was checked. NULL with `error`.
static GPtrArray *checked(Request *request, const Sheet *sheet, GError **error)
{
    g_autoptr(GPtrArray) values = request_form_all(request, "redact");
    json_t *elements = json_array();
    for (guint i = 0; i < values->len; i++) {
        json_t *element = json_loads(values->pdata[i], JSON_REJECT_DUPLICATES, NULL);
        json_array_append_new(elements, element != NULL ? element : json_null());
    }
    GPtrArray *list = redactions_from_json(sheet->rendition, elements, error);
    json_decref(elements);
    if (list != NULL)
        take_codes(sheet, list);
    return list;
}

// "3", "5-7"
static bool add_span(const Sheet *sheet, GPtrArray *list, const char *text, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first = 0, last = 0;
    bool ok = g_ascii_string_to_unsigned(g_strstrip(ends[0]), 10, 1, G_MAXINT, &first, NULL) &&
              (ends[1] == NULL ||
               g_ascii_string_to_unsigned(g_strstrip(ends[1]), 10, first, G_MAXINT, &last, NULL));
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "lines \"%s\": write 3 or 5-7, with commas between",
                    text);
    return ok && redactions_add_lines(sheet->rendition, list, (guint)first,
                                      (guint)(ends[1] != NULL ? last : first), error);
}

static bool add_own(Request *request, const Sheet *sheet, GPtrArray *list, GError **error)
{
    g_autofree char *words = request_form_text(request, "words", WORDS_MOST),
                    *lines = request_form_text(request, "lines", LINES_MOST);
    bool ok = *words == '\0' || redactions_add_words(sheet->rendition, list, words) > 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\": nowhere in the message, or redacted already",
                    words);
    g_auto(GStrv) spans = g_strsplit(lines, ",", -1);
    for (char **span = spans; ok && *lines != '\0' && *span != NULL; span++)
        ok = add_span(sheet, list, *span, error);
    if (ok && request_form(request, "everywhere") != NULL)
        (void)redactions_everywhere(sheet->rendition, list);
    return ok;
}

static bool set_codes(Request *request, GPtrArray *list, GError **error)
{
    g_autofree char *code = request_form_text(request, "code", CODE_MOST);
    bool ok = true;
    if (*code != '\0')
        (void)redactions_apply(list, NULL, code, request_who(request), request->now_us);
    for (guint i = 0; ok && i < list->len; i++)
        ok = ((const Redaction *)list->pdata[i])->code != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "what is redacted wants the code of the exemption it is redacted by");
    return ok;
}

static RedactResult *render(Request *request, const Sheet *sheet, const json_t *list, GError **error)
{
    const Case *one = sheet->one;
    g_autofree char *bates = sheet->record->number > 0
                                 ? bag_bates(one->prefix, (guint)one->width, (guint64)sheet->record->number)
                                 : NULL;
    RedactStyle style = {.bates = bates, .time_us = request->now_us};
    return redact_render(request->config, desk_readers(request->desk), sheet->rendition, list, &style, error);
}

// Rendered and read back before it is kept: what could not go out is not kept either.
static bool keep(Request *request, Reply *reply, GError **error)
{
    g_auto(Sheet) sheet = {0};
    g_autoptr(GPtrArray) list = sheet_read(request, &sheet, error) ? checked(request, &sheet, error) : NULL;
    if (list == NULL || !add_own(request, &sheet, list, error) || !set_codes(request, list, error))
        return false;
    json_t *json = redactions_to_json(sheet.rendition, list, false);
    g_autoptr(RedactResult) result = list->len > 0 ? render(request, &sheet, json, error) : NULL;
    bool ok = (result != NULL || list->len == 0) &&
              case_redact(desk_cases(request->desk, NULL), sheet.one->id, sheet.record->record, json,
                          request_who(request), request->now_us, error);
    json_decref(json);
    g_autofree char *path = sheet_path(&sheet, "/redact");
    if (ok)
        reply_redirect(reply, path,
                       result != NULL && result->warnings->len > 0 ? "said.redact-look" : "said.redacted");
    return ok;
}

// ---- handing out -----------------------------------------------------------------------------------------

static bool rendition_out(Request *request, Reply *reply, GError **error)
{
    g_auto(Sheet) sheet = {0};
    g_autoptr(RedactResult) result =
        sheet_read(request, &sheet, error) ? render(request, &sheet, sheet.record->redactions, error) : NULL;
    // The event stands before anything leaves.
    if (result == NULL || !console_tell(request, "redacted", sheet.record->record,
                                        json_pack("{s:O, s:O, s:i, s:s}", "pdf_sha256",
                                                  json_object_get(result->log, "pdf_sha256"), "text_sha256",
                                                  json_object_get(result->log, "text_sha256"), "redactions",
                                                  (int)sheet.kept->len, "case", sheet.one->id),
                                        error))
        return false;
    bool pdf = g_strcmp0(request_form(request, "do"), "text") != 0;
    gsize len = 0;
    const void *bytes = g_bytes_get_data(result->pdf, &len);
    g_autofree char *name = g_strconcat(sheet.record->record, pdf ? ".pdf" : ".txt", NULL);
    reply_download(reply, name, pdf ? "application/pdf" : "text/plain", pdf ? bytes : result->text,
                   pdf ? len : strlen(result->text));
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/cases/:id/records/:record/redact", CASE_READERS, redact_page},
    {"POST", "/cases/:id/records/:record/redact", USER_RECORDS, keep},
    {"POST", "/cases/:id/records/:record/rendition", USER_RECORDS, rendition_out},
};
const RouteTable REDACT_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
