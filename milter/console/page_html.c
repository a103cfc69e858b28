// The HTML of a held message, rebuilt, as a document of its own for a sandboxed frame.
#include "console/files.h"
#include "console/rebuild.h"

#include <string.h>

// What the reader asked for: nothing, pictures that are blurred, pictures.
static const char *pictures_asked(const Request *request)
{
    const char *asked = request_query(request, "pictures");
    return g_strcmp0(asked, "blurred") == 0 || g_strcmp0(asked, "clear") == 0 ? asked : NULL;
}

void html_frame(Request *request, Html *html, const char *record)
{
    const char *asked = pictures_asked(request);
    g_autofree char *blurred = page_query_with(request, "pictures", "blurred"),
                    *clear = page_query_with(request, "pictures", "clear"),
                    *none = page_query_with(request, "pictures", NULL),
                    *frame = g_strdup_printf("/queue/%s/html%s%s", record, asked != NULL ? "?pictures=" : "",
                                             asked != NULL ? asked : "");
    html_say(html, "p", "html.about", NULL);
    html_open(html, "p", NULL);
    if (asked == NULL)
        html_link_say(html, blurred, "html.pictures");
    else if (strcmp(asked, "blurred") == 0)
        html_link_say(html, clear, "html.clear");
    if (asked != NULL) {
        html_text(html, " ");
        html_link_say(html, none, "html.no-pictures");
    }
    html_close(html, "p");
    html_element(html, "iframe", NULL, "src", frame, "sandbox", "", "class", "mail", "title",
                 words_get(request->words, "html.frame"), NULL);
}

// ---- the document ----------------------------------------------------------------------------------------

static bool is_markup(const Message *message, const Passage *passage)
{
    const Part *part = message->parts->pdata[passage->part];
    return passage->origin == ORIGIN_MARKUP && !part->attachment && passage->reading != NULL &&
           strcmp(passage->reading, "markup") == 0;
}

static void one(Html *html, Files *files, const Passage *passage, const char *asked)
{
    RebuildOptions options = {.picture = asked != NULL ? files_picture : NULL,
                              .data = files,
                              .blurred = g_strcmp0(asked, "blurred") == 0};
    RebuildReport report;
    rebuild_html(html, passage->text, passage->len, &options, &report);
    if (report.cut)
        html_say(html, "p", "html.cut", "class", "note", NULL);
}

static void frame_begin(Request *request, Html *html, const char *title)
{
    html_open(html, "html", "lang", words_language(request->words), NULL);
    html_open(html, "head", NULL);
    html_void(html, "meta", "charset", "utf-8", NULL);
    html_say(html, "title", title, NULL);
    html_element(html, "style", REBUILD_STYLE, NULL);
    html_close(html, "head");
    html_open(html, "body", NULL);
}

static void frame_end(Html *html, Reply *reply)
{
    gsize len = 0;
    const char *text = html_finish(html, &len);
    g_autoptr(GString) document = g_string_new("<!DOCTYPE html>\n");
    g_string_append_len(document, text, (gssize)len);
    reply_sandboxed(reply, document->str, document->len);
}

static bool html_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_auto(Files) files = {0};
    const char *asked = pictures_asked(request);
    const char *what = asked == NULL                 ? "html"
                       : strcmp(asked, "clear") == 0 ? "html with pictures"
                                                     : "html with blurred pictures";
    if (item == NULL || !console_view_log(request, item->record, what, NULL, item->record, error) ||
        !files_read(request, item, &files, error))
        return false;
    const Message *message = files.reading->message;
    g_autoptr(Html) html = html_new(request->words);
    guint shown = 0;
    frame_begin(request, html, "html.frame");
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (!is_markup(message, passage))
            continue;
        if (shown++ > 0)
            html_void(html, "hr", NULL);
        one(html, &files, passage, asked);
    }
    if (shown == 0)
        html_say(html, "p", "html.none", "class", "note", NULL);
    frame_end(html, reply);
    return true;
}

// ---- pictures that are attached --------------------------------------------------------------------------

static bool attached_pictures(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_auto(Files) files = {0};
    bool clear = g_strcmp0(pictures_asked(request), "clear") == 0;
    if (item == NULL ||
        !console_view_log(request, item->record, clear ? "pictures" : "blurred pictures", NULL, item->record,
                          error) ||
        !files_read(request, item, &files, error))
        return false;
    const GPtrArray *parts = files.reading->message->parts;
    g_autoptr(Html) html = html_new(request->words);
    guint shown = 0;
    frame_begin(request, html, "parts.frame");
    for (guint i = 1; i < parts->len; i++) {
        const Part *part = parts->pdata[i];
        const char *bytes = files_bytes(&files, part);
        g_autofree char *data = bytes != NULL ? rebuild_picture(bytes, part->size) : NULL;
        if (data == NULL)
            continue;
        const char *name = part->name != NULL ? part->name : part->path;
        html_open(html, "p", NULL);
        html_mail(html, name);
        html_close(html, "p");
        html_void(html, "img", "src", data, "alt", name, "class", clear ? NULL : "blur", NULL);
        shown++;
    }
    if (shown == 0)
        html_say(html, "p", "parts.no-pictures", "class", "note", NULL);
    frame_end(html, reply);
    return true;
}

static const Route ROUTES[] = {{"GET", "/queue/:id/html", USER_REVIEWER, html_page},
                               {"GET", "/queue/:id/pictures", USER_REVIEWER, attached_pictures}};
const RouteTable HTML_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
