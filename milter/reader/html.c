// HTML to passages: as shown, as hidden, as Outlook shows it, as source, link targets and attributes. The
// tokenizer is our own: libxml2 2.9's spends time quadratic in a tag's attributes and in unmatched end tags
// (0.3 MB: 4 s), knows only the named characters of HTML 4, and recovers from malformed markup otherwise than
// mail clients do.
#include "reader/html.h"
#include "reader/content.h"

#include <string.h>

// ---- passages --------------------------------------------------------------------------------------------

// Gives the passage the marks, cut to what of the text was kept.
static void html_set_marks(Passage *passage, const GArray *marks)
{
    for (guint i = 0; i < marks->len; i++) {
        LayerMark mark = g_array_index(marks, LayerMark, i);
        mark.end = MIN(mark.end, passage->len);
        if (mark.start >= mark.end)
            break;
        if (!passage->marks)
            passage->marks = g_array_new(FALSE, FALSE, sizeof(LayerMark));
        g_array_append_val(passage->marks, mark);
    }
}

static bool html_has_words(const GString *text)
{
    for (const char *at = text->str; *at; at = g_utf8_next_char(at)) {
        if (g_unichar_isalnum(g_utf8_get_char(at)))
            return true;
    }
    return false;
}

static void html_add_shown(ReaderState *state, guint part, const HtmlRendering *rendering,
                           const char *reading)
{
    const GString *shown = rendering->shown;
    Passage *passage = content_add_text(state, part, ORIGIN_HTML, shown->str, shown->len, reading, NULL);
    if (passage)
        html_set_marks(passage, rendering->marks);
    // "&amp;#52;": some program between the sender and the eye may decode it once more.
    if (!memmem(shown->str, shown->len, "&#", 2))
        return;
    GString *twice = g_string_sized_new(shown->len);
    html_decode(shown->str, shown->len, false, twice);
    content_add_text(state, part, ORIGIN_HTML, twice->str, twice->len, "entities decoded twice", NULL);
    g_string_free(twice, TRUE);
}

static void html_add_hidden(ReaderState *state, guint part, const HtmlRendering *rendering,
                            const char *reading)
{
    const GString *hidden = rendering->hidden;
    if (!html_has_words(hidden))
        return;
    Passage *passage = content_add_text(state, part, ORIGIN_HTML, hidden->str, hidden->len, reading, NULL);
    if (passage)
        passage->visibility = VISIBILITY_HIDDEN;
    message_add_fact(state->message, "hidden-text", part, NULL);
}

static void html_facts(ReaderState *state, guint part, const HtmlRendering *rendering, bool script)
{
    if (rendering->deep)
        message_add_fact(state->message, "html-depth", part, NULL);
    if (rendering->cut)
        message_add_fact(state->message, "incomplete", part, "more HTML than is read");
    if (rendering->script || script)
        message_add_fact(state->message, "script", part, NULL);
}

static void html_add_rendered(ReaderState *state, guint part, const char *utf8, gsize len, bool xml,
                              const HtmlBeside *beside, const char *reading)
{
    HtmlRendering rendering;
    html_render(&rendering, utf8, len, state->limits, xml, false);
    html_add_shown(state, part, &rendering, reading);
    html_add_hidden(state, part, &rendering, reading);
    html_facts(state, part, &rendering, beside->script);
    html_rendering_clear(&rendering);
    if (!beside->conditional)
        return;
    g_autofree char *outlook = reading ? g_strdup_printf("%s, as Outlook", reading) : g_strdup("as Outlook");
    html_render(&rendering, utf8, len, state->limits, xml, true);
    html_add_shown(state, part, &rendering, outlook);
    html_rendering_clear(&rendering);
}

// ---- data: URIs ------------------------------------------------------------------------------------------

static void html_add_embedded(ReaderState *state, guint part, const char *uri)
{
    const char *comma = strchr(uri, ',');
    const char *head = uri + strlen("data:");
    if (!comma)
        return;
    g_autofree char *label = g_ascii_strdown(head, comma - head);
    bool base64 = g_str_has_suffix(label, ";base64");
    label[strcspn(label, ";")] = '\0';
    g_autofree char *body = html_percent(comma + 1);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (base64)
        decode_base64(body, strlen(body), bytes);
    else
        g_byte_array_append(bytes, (const guint8 *)body, strlen(body));
    content_read_inside(state, part, bytes->data, bytes->len, g_strstrip(label), NULL);
}

// For who shows the message. It has a reading's name in any case: those who collect text leave readings out.
static void html_add_markup(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    Passage *passage = content_add_text(state, part, ORIGIN_MARKUP, utf8, len, reading, NULL);
    if (passage == NULL)
        return;
    passage->visibility = VISIBILITY_SOURCE;
    if (reading == NULL)
        passage->reading = g_strdup("markup");
}

// ---- the door --------------------------------------------------------------------------------------------

void html_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    Part *info = state->message->parts->pdata[part];
    bool xml = g_str_equal(info->sniffed, "image/svg+xml");
    HtmlBeside beside;
    html_beside(&beside, utf8, len, xml);
    html_add_rendered(state, part, utf8, len, xml, &beside, reading);
    content_add_text(state, part, ORIGIN_ATTRIBUTE, beside.attributes->str, beside.attributes->len, reading,
                     NULL);
    GString *source = html_source(utf8, len);
    Passage *passage =
        content_add_text(state, part, ORIGIN_HTML_SOURCE, source->str, source->len, reading, NULL);
    if (passage)
        passage->visibility = VISIBILITY_SOURCE;
    g_string_free(source, TRUE);
    for (guint i = 0; i < beside.links->len; i++) {
        const char *link = beside.links->pdata[i];
        content_add_text(state, part, ORIGIN_LINK, link, strlen(link), reading, NULL);
    }
    for (guint i = 0; i < beside.embedded->len; i++)
        html_add_embedded(state, part, beside.embedded->pdata[i]);
    if (state->keep && !xml)
        html_add_markup(state, part, utf8, len, reading);
    html_beside_clear(&beside);
}
