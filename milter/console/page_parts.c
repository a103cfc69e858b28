// Files of a held message, and the message itself as it is kept, handed out for a reason that is logged.
#include "console/files.h"

#include <string.h>

enum { REASON_MOST = 300 };

// ---- on the item's page ----------------------------------------------------------------------------------

static void ask_reason(Request *request, Html *html, const char *path, const char *summary, const char *id)
{
    html_open(html, "details", NULL);
    html_say(html, "summary", summary, NULL);
    html_say(html, "p", "parts.careful", "class", "hint", NULL);
    form_post(request, html, path, "filter");
    html_open(html, "div", "class", "field", NULL);
    html_say(html, "label", "parts.reason", "for", id, NULL);
    html_void(html, "input", "id", id, "name", "reason", "required", "", "maxlength", "300", NULL);
    html_close(html, "div");
    form_button(html, "parts.download", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

// Is it a file of the message itself? What is inside of another is handed out with that.
static bool is_outermost(const Message *message, const Part *part)
{
    bool outermost = part->path != NULL && *part->path != '\0';
    for (int at = part->parent; at > 0 && outermost; at = ((const Part *)message->parts->pdata[at])->parent)
        outermost = g_str_has_prefix(((const Part *)message->parts->pdata[at])->type, "multipart/");
    return outermost;
}

void parts_actions(Request *request, Html *html, const char *record, const Message *message, guint number)
{
    const Part *part = message->parts->pdata[number];
    if (!is_outermost(message, part))
        return;
    g_autofree char *escaped = g_uri_escape_string(part->path, NULL, FALSE),
                    *path = g_strdup_printf("/queue/%s/part/%s", record, escaped),
                    *id = g_strconcat("reason-", part->path, NULL);
    ask_reason(request, html, path, "parts.get", id);
}

void parts_whole(Request *request, Html *html, const char *record, const Message *message)
{
    const char *asked = request_query(request, "pictures");
    bool some = false, clear = g_strcmp0(asked, "clear") == 0,
         shown = clear || g_strcmp0(asked, "blurred") == 0;
    for (guint i = 1; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        const char *type = part->sniffed != NULL ? part->sniffed : part->type;
        some = some || g_str_has_prefix(type, "image/");
    }
    if (some) {
        g_autofree char *more = page_query_with(request, "pictures", shown ? "clear" : "blurred");
        g_autofree char *frame =
            g_strdup_printf("/queue/%s/pictures?pictures=%s", record, clear ? "clear" : "blurred");
        html_say(html, "h3", "parts.pictures", NULL);
        if (!clear) {
            html_open(html, "p", NULL);
            html_link_say(html, more, shown ? "html.clear" : "html.pictures");
            html_close(html, "p");
        }
        if (shown)
            html_element(html, "iframe", NULL, "src", frame, "sandbox", "", "class", "mail", "title",
                         words_get(request->words, "parts.frame"), NULL);
    }
    g_autofree char *raw = g_strdup_printf("/queue/%s/raw", record);
    html_say(html, "h3", "parts.raw", NULL);
    ask_reason(request, html, raw, "parts.raw-get", "reason-raw");
}

// ---- handing out -----------------------------------------------------------------------------------------

static bool raw(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *reason = request_form_text(request, "reason", REASON_MOST);
    if (item == NULL)
        return false;
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    g_autoptr(ArchiveRecord) record = archive_get_at(request->config, &ref, error);
    if (record == NULL || !console_view_log(request, item->record, "raw", reason, NULL, error))
        return false;
    gsize len = 0;
    const void *data = g_bytes_get_data(record->raw, &len);
    g_autofree char *name = g_strconcat(item->record, ".eml", NULL);
    reply_download(reply, name, NULL, data, len);
    return true;
}

static bool part_file(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *reason = request_form_text(request, "reason", REASON_MOST);
    g_auto(Files) files = {0};
    if (item == NULL || !files_read(request, item, &files, error))
        return false;
    const Part *part = files_part(&files, request->args[1]);
    if (part == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s has no file \"%s\"", item->record,
                    request->args[1]);
        return false;
    }
    g_autofree char *what = g_strdup_printf("attachment %s (SHA-256 %s)", part->path,
                                            part->sha256 != NULL ? part->sha256 : "not known");
    if (!console_view_log(request, item->record, what, reason, NULL, error))
        return false;
    reply_download(reply, part->name != NULL ? part->name : part->path, NULL, files_bytes(&files, part),
                   part->size);
    return true;
}

static const Route ROUTES[] = {{"POST", "/queue/:id/raw", USER_REVIEWER, raw},
                               {"POST", "/queue/:id/part/:path", USER_REVIEWER, part_file}};
const RouteTable PARTS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
