// Messages as they were read, for the pages that show them.
#include "console/content.h"
#include "console/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void content_free(Content *content)
{
    if (content == NULL)
        return;
    archive_record_free(content->record);
    judgement_free(content->judgement);
    g_free(content);
}

// ---- reading ---------------------------------------------------------------------------------------------

static Judgement *read_again(Request *request, const ArchiveRecord *record, GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(record->raw, &len);
    g_autoptr(Envelope) envelope = envelope_from_json(json_object_get(record->meta, "envelope"), error);
    int fd = envelope != NULL ? reader_seal(data, len, error) : -1;
    Judgement *judgement =
        fd >= 0 ? judge_message(desk_snapshot(request->desk), desk_readers(request->desk), envelope, fd, len,
                                archive_mail_time(record->meta), JUDGE_WHOLE, error)
                : NULL;
    if (fd >= 0)
        close(fd);
    return judgement;
}

const Content *content_read(Request *request, const ArchiveRef *ref, GError **error)
{
    const Content *known = desk_content(request->desk, ref->id);
    if (known != NULL)
        return known;
    g_autoptr(ArchiveRecord) record = archive_get_at(request->config, ref, error);
    Judgement *judgement = record != NULL ? read_again(request, record, error) : NULL;
    if (judgement == NULL)
        return NULL;
    Content *content = g_new0(Content, 1);
    content->record = g_steal_pointer(&record);
    content->judgement = judgement;
    desk_keep_content(request->desk, content);
    return content;
}

// ---- text ------------------------------------------------------------------------------------------------

static int by_start(gconstpointer a, gconstpointer b)
{
    const Finding *one = *(Finding *const *)a, *other = *(Finding *const *)b;
    return (one->start > other->start) - (one->start < other->start);
}

static GPtrArray *findings_of(const Content *content, guint passage)
{
    GPtrArray *found = g_ptr_array_new();
    const GPtrArray *all = content->judgement->detection->findings;
    for (guint i = 0; i < all->len; i++) {
        Finding *finding = all->pdata[i];
        if (finding->passage == passage && finding->end > finding->start)
            g_ptr_array_add(found, finding);
    }
    g_ptr_array_sort(found, by_start);
    return found;
}

typedef struct {
    Request *request;
    Html *html;
    const Passage *passage;
    const GPtrArray *findings;
    guint next, marks, total; // the next finding; those shown before it; those of all the page
} Lines;

static void put_text(Lines *lines, gsize from, gsize to)
{
    g_autofree char *text = g_strndup(lines->passage->text + from, to - from);
    html_mail(lines->html, text);
}

static void put_mark(Lines *lines, const Finding *finding, gsize from, gsize to)
{
    g_autofree char *number = g_strdup_printf("%u", lines->marks);
    g_autofree char *id = g_strconcat("match-", number, NULL);
    html_open(lines->html, "mark", "id", from == finding->start ? id : NULL, "tabindex",
              from == finding->start ? "-1" : NULL, NULL);
    put_text(lines, from, to);
    html_open(lines->html, "span", "class", "hidden-label", NULL);
    html_text(lines->html, " (");
    html_words(lines->html, "content.match", "n", number, "kind", kind_name(finding->kind), NULL);
    html_text(lines->html, ")");
    html_close(lines->html, "span");
    html_close(lines->html, "mark");
}

// One line, what was found in it marked; a finding may go over several lines.
static void put_line(Lines *lines, gsize from, gsize to)
{
    gsize at = from;
    while (lines->next < lines->findings->len) {
        const Finding *finding = lines->findings->pdata[lines->next];
        if (finding->start >= to)
            break;
        gsize start = MAX(finding->start, at), end = MIN(MIN(finding->end, to), lines->passage->len);
        if (start < end) {
            put_text(lines, at, start);
            lines->marks += start == finding->start;
            put_mark(lines, finding, start, end);
            at = end;
        }
        if (finding->end > to)
            break;
        lines->next++;
    }
    if (at < to)
        put_text(lines, at, to);
}

guint content_lines(Request *request, Html *html, const Content *content, guint passage, guint marks_before)
{
    const Passage *text = content->judgement->message->passages->pdata[passage];
    g_autoptr(GPtrArray) findings = findings_of(content, passage);
    Lines lines = {request, html, text, findings, 0, marks_before, 0};
    html_open(html, "ol", "class", "lines", NULL);
    for (gsize from = 0; from < text->len;) {
        const char *end = memchr(text->text + from, '\n', text->len - from);
        gsize to = end != NULL ? (gsize)(end - text->text) : text->len;
        html_open(html, "li", NULL);
        put_line(&lines, from, to);
        html_close(html, "li");
        from = to + 1;
    }
    html_close(html, "ol");
    return lines.marks - marks_before;
}

static bool is_body(const Content *content, const Passage *passage)
{
    const Part *part = content->judgement->message->parts->pdata[passage->part];
    bool prose = passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML ||
                 passage->origin == ORIGIN_CALENDAR || passage->origin == ORIGIN_LINK;
    return prose && !part->attachment && passage->reading == NULL;
}

static void where_heading(Html *html, const Content *content, const Passage *passage)
{
    g_autofree char *where = message_where(content->judgement->message, passage);
    html_open(html, "h3", NULL);
    html_mail(html, where);
    if (passage->visibility != VISIBILITY_SHOWN) {
        html_text(html, " ");
        html_say(html, "span", "content.hidden", "class", "soft", NULL);
    }
    html_close(html, "h3");
}

static void pane_text(Request *request, Html *html, const Content *content)
{
    const GPtrArray *passages = content->judgement->message->passages;
    guint marks = 0, shown = 0;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *passage = passages->pdata[i];
        g_autoptr(GPtrArray) found = findings_of(content, i);
        bool subject = passage->origin == ORIGIN_HEADER && found->len > 0;
        if (passage->len == 0 || (!is_body(content, passage) && !subject))
            continue;
        // Link targets and hidden text only where something was found in them.
        if ((passage->origin == ORIGIN_LINK || passage->visibility != VISIBILITY_SHOWN) && found->len == 0)
            continue;
        where_heading(html, content, passage);
        marks += content_lines(request, html, content, i, marks);
        shown++;
    }
    if (shown == 0)
        html_say(html, "p", "content.empty", NULL);
}

// ---- headers ---------------------------------------------------------------------------------------------

static void header_row(Html *html, const char *name, const char *value)
{
    html_open(html, "tr", NULL);
    html_element(html, "th", name, "scope", "row", NULL);
    html_open(html, "td", NULL);
    html_mail(html, value);
    html_close(html, "td");
    html_close(html, "tr");
}

static void pane_headers(Html *html, const Content *content)
{
    static const char *const KEYS[][2] = {
        {"auth_login", "content.login"},   {"mail_from", "content.mail-from"},
        {"client_addr", "content.client"}, {"helo", "content.helo"},
        {"tls_version", "content.tls"},    {"queue_id", "content.queue-id"}};
    const json_t *envelope = json_object_get(content->record->meta, "envelope");
    const GPtrArray *headers = content->judgement->message->headers;
    html_open(html, "div", "class", "scroll", "tabindex", "0", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", "content.envelope", NULL);
    html_open(html, "tbody", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        const char *value = json_string_value(json_object_get(envelope, KEYS[i][0]));
        html_open(html, "tr", NULL);
        html_say(html, "th", KEYS[i][1], "scope", "row", NULL);
        html_open(html, "td", NULL);
        html_mail(html, value != NULL ? value : "-");
        html_close(html, "td");
        html_close(html, "tr");
    }
    html_close(html, "table");
    html_open(html, "table", NULL);
    html_say(html, "caption", "content.headers", NULL);
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < headers->len; i++) {
        const MessageHeader *header = headers->pdata[i];
        header_row(html, header->name, header->value);
    }
    html_close(html, "table");
    html_close(html, "div");
}

// ---- attachments -----------------------------------------------------------------------------------------

static void part_facts(Html *html, const Message *message, guint part)
{
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        if (fact->part != (int)part)
            continue;
        html_open(html, "li", NULL);
        html_text(html, fact->name);
        if (fact->detail != NULL) {
            html_text(html, ": ");
            html_mail(html, fact->detail);
        }
        html_close(html, "li");
    }
}

static guint part_text(Request *request, Html *html, const Content *content, guint part, guint marks)
{
    const GPtrArray *passages = content->judgement->message->passages;
    guint before = marks;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *passage = passages->pdata[i];
        if (passage->part != part || passage->len == 0 || passage->origin == ORIGIN_FILENAME ||
            passage->reading != NULL)
            continue;
        where_heading(html, content, passage);
        marks += content_lines(request, html, content, i, marks);
    }
    return marks - before;
}

static void pane_attachments(Request *request, Html *html, const Content *content)
{
    const Message *message = content->judgement->message;
    guint marks = 0, shown = 0;
    bool held = g_str_has_prefix(request->path, "/queue/") ||
                g_str_has_prefix(request->path, "/second"); // files are handed out of held messages
    for (guint i = 1; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        if (!part->attachment)
            continue;
        g_autofree char *size = g_strdup_printf("%" G_GSIZE_FORMAT, part->size);
        html_open(html, "section", "class", "attachment", NULL);
        html_open(html, "h3", NULL);
        html_mail(html, part->name != NULL ? part->name : words_get(request->words, "content.no-name"));
        html_close(html, "h3");
        html_open(html, "p", NULL);
        html_words(html, "content.part", "type", part->sniffed != NULL ? part->sniffed : part->type, "size",
                   size, NULL);
        html_close(html, "p");
        if (part->sha256 != NULL)
            html_element(html, "code", part->sha256, "class", "soft", NULL);
        html_open(html, "ul", NULL);
        part_facts(html, message, i);
        html_close(html, "ul");
        if (held)
            parts_actions(request, html, content->record->ref->id, message, i);
        marks += part_text(request, html, content, i, marks);
        html_close(html, "section");
        shown++;
    }
    if (shown == 0)
        html_say(html, "p", "content.no-attachments", NULL);
    if (held)
        parts_whole(request, html, content->record->ref->id, message);
}

// ---- the pane --------------------------------------------------------------------------------------------

const ContentTab CONTENT_TABS[] = {{"text", "tab.text"},
                                   {"html", "tab.html"},
                                   {"headers", "tab.headers"},
                                   {"attachments", "tab.attachments"}};
const gsize CONTENT_TABS_COUNT = G_N_ELEMENTS(CONTENT_TABS);

bool content_pane(Request *request, Html *html, const ArchiveRef *ref, const char *name, const char *matter,
                  GError **error)
{
    if (strcmp(name, "html") == 0) { // its frame is what is looked at
        html_frame(request, html, ref->id);
        return true;
    }
    if (!console_view_log(request, ref->id, name, NULL, matter, error))
        return false;
    const Content *content = content_read(request, ref, error);
    if (content == NULL)
        return false;
    if (strcmp(name, "headers") == 0)
        pane_headers(html, content);
    else if (strcmp(name, "attachments") == 0)
        pane_attachments(request, html, content);
    else
        pane_text(request, html, content);
    return true;
}
