// HTML, escaped by whoever cannot forget it.
#include "console/internal.h"

#include <string.h>

struct Html {
    GString *out;
    GPtrArray *open; // tags, borrowed
    const Words *words;
};

Html *html_new(const Words *words)
{
    Html *html = g_new0(Html, 1);
    *html = (Html){.out = g_string_sized_new(16384), .open = g_ptr_array_new(), .words = words};
    return html;
}

void html_free(Html *html)
{
    if (html == NULL)
        return;
    g_string_free(html->out, TRUE);
    g_ptr_array_unref(html->open);
    g_free(html);
}

// Bytes that are no UTF-8 become U+FFFD; control characters that HTML forbids as well.
static void escape(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);
    for (const char *p = valid != NULL ? valid : text; *p != '\0'; p++)
        switch (*p) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&#39;");
            break;
        default:
            if (((guchar)*p < 0x20 && strchr("\t\n\r", *p) == NULL) || *p == 0x7f)
                g_string_append(out, "\xef\xbf\xbd");
            else
                g_string_append_c(out, *p);
        }
}

static void tag_begin(Html *html, const char *tag, va_list pairs)
{
    g_string_append_c(html->out, '<');
    g_string_append(html->out, tag);
    for (const char *name = va_arg(pairs, const char *); name != NULL; name = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (value == NULL)
            continue;
        g_string_append_c(html->out, ' ');
        g_string_append(html->out, name);
        if (*value != '\0') {
            g_string_append(html->out, "=\"");
            escape(html->out, value);
            g_string_append_c(html->out, '"');
        }
    }
    g_string_append_c(html->out, '>');
}

void html_open(Html *html, const char *tag, ...)
{
    va_list pairs;
    va_start(pairs, tag);
    tag_begin(html, tag, pairs);
    va_end(pairs);
    g_ptr_array_add(html->open, (gpointer)tag);
}

static void close_last(Html *html)
{
    const char *tag = g_ptr_array_steal_index(html->open, html->open->len - 1);
    g_string_append_printf(html->out, "</%s>", tag);
}

void html_close(Html *html, const char *tag)
{
    bool closed = false;
    for (guint i = 0; i < html->open->len && !closed; i++)
        closed = strcmp(html->open->pdata[i], tag) == 0;
    if (!closed)
        log_error("a page closes what is not open", "tag", tag);
    while (closed) {
        closed = strcmp(html->open->pdata[html->open->len - 1], tag) != 0;
        close_last(html);
    }
}

void html_void(Html *html, const char *tag, ...)
{
    va_list pairs;
    va_start(pairs, tag);
    tag_begin(html, tag, pairs);
    va_end(pairs);
}

void html_text(Html *html, const char *text)
{
    escape(html->out, text != NULL ? text : "");
}

void html_element(Html *html, const char *tag, const char *text, ...)
{
    va_list pairs;
    va_start(pairs, text);
    tag_begin(html, tag, pairs);
    va_end(pairs);
    html_text(html, text);
    g_string_append_printf(html->out, "</%s>", tag);
}

void html_say(Html *html, const char *tag, const char *key, ...)
{
    va_list pairs;
    va_start(pairs, key);
    tag_begin(html, tag, pairs);
    va_end(pairs);
    html_text(html, words_get(html->words, key));
    g_string_append_printf(html->out, "</%s>", tag);
}

void html_words(Html *html, const char *key, ...)
{
    va_list pairs;
    va_start(pairs, key);
    g_autofree char *text = words_fill_v(html->words, key, pairs);
    va_end(pairs);
    html_text(html, text);
}

static bool is_odd(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    return !space && (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
                      type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_UNASSIGNED ||
                      type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
                      c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800);
}

void html_mail(Html *html, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    g_autoptr(GString) plain = g_string_new(NULL);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!is_odd(c)) {
            g_string_append_unichar(plain, c);
            continue;
        }
        char name[16];
        g_snprintf(name, sizeof name, "[U+%04X]", c);
        escape(html->out, plain->str);
        g_string_truncate(plain, 0);
        html_element(html, "span", name, "class", "odd", NULL);
    }
    escape(html->out, plain->str);
}

void html_number(Html *html, int64_t number)
{
    g_string_append_printf(html->out, "%" G_GINT64_FORMAT, number);
}

static bool is_own_path(const char *path)
{
    return path[0] == '/' && path[1] != '/' && path[1] != '\\';
}

void html_link(Html *html, const char *path, const char *text)
{
    if (is_own_path(path))
        html_element(html, "a", text, "href", path, NULL);
    else
        html_text(html, text);
}

void html_link_say(Html *html, const char *path, const char *key)
{
    html_link(html, path, words_get(html->words, key));
}

const char *html_finish(Html *html, gsize *out_len)
{
    while (html->open->len > 0)
        close_last(html);
    *out_len = html->out->len;
    return html->out->str;
}
