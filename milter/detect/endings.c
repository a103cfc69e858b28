// What stands behind signatures: notices of the district that no table knows yet are among it.
#include "detect/disclaimer.h"
#include "detect/layer.h"

#include <string.h>

#define ENDING_LEAST_WORDS 8
#define ENDING_MOST_BYTES  4096
#define ENDING_PARAGRAPHS  24 // of a message

typedef struct {
    GPtrArray *out;   // of char*
    GHashTable *seen; // their words: text and HTML say the same
} Endings;

static bool ending_is_body(const Message *message, const Passage *passage)
{
    bool body = (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML) &&
                passage->visibility == VISIBILITY_SHOWN && !passage->reading;
    for (int i = (int)passage->part; body && i > 0;) {
        const Part *part = g_ptr_array_index(message->parts, i);
        body = !part->attachment && !g_str_has_prefix(part->type, "message/");
        i = part->parent;
    }
    return body;
}

// On one line, from its first letter or figure on.
static char *ending_text(const char *text, gsize len)
{
    GString *out = g_string_sized_new(len);
    bool blank = true;
    for (const char *at = text, *end = text + len; at < end; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool space = g_unichar_isspace(c) || !g_unichar_isprint(c);
        if (!space && (out->len || g_unichar_isalnum(c)))
            g_string_append_unichar(out, c);
        else if (!blank && out->len)
            g_string_append_c(out, ' ');
        blank = space;
    }
    return g_strchomp(g_string_free(out, FALSE));
}

static void ending_add(Endings *endings, const char *text, gsize len)
{
    g_autofree char *line = len <= ENDING_MOST_BYTES ? ending_text(text, len) : g_strdup("");
    g_autofree char *words = disclaimer_words(line, strlen(line));
    guint count = 1;
    for (const char *at = words; *at; at++)
        count += *at == ' ';
    if (count >= ENDING_LEAST_WORDS && endings->out->len < ENDING_PARAGRAPHS &&
        g_hash_table_add(endings->seen, g_steal_pointer(&words)))
        g_ptr_array_add(endings->out, g_steal_pointer(&line));
}

// The paragraphs of the sender's own text behind the one that the signature begins in.
static void ending_passage(const DetectData *data, const Passage *passage, const Parties *parties,
                           Endings *endings)
{
    g_autoptr(GArray) marks = layer_find(data, passage, parties);
    g_autoptr(LayerText) text = layer_text_new(passage);
    bool is_signed = false;
    for (guint i = layer_next(text, 0); i < text->lines->len;) {
        guint end = i;
        bool own = true, begins = false;
        for (; end < text->lines->len && !layer_line(text, end)->blank; end++) {
            Layer layer = layer_at(marks, layer_line(text, end)->body);
            own &= layer == LAYER_WRITTEN || layer == LAYER_SIGNATURE;
            begins |= layer == LAYER_SIGNATURE;
        }
        if (own && is_signed)
            ending_add(endings, passage->text + layer_line(text, i)->body,
                       layer_line(text, end - 1)->end - layer_line(text, i)->body);
        is_signed |= begins;
        i = layer_next(text, end);
    }
}

GPtrArray *detect_endings(const DetectData *data, const Message *message, const Parties *parties)
{
    Endings endings = {g_ptr_array_new_with_free_func(g_free),
                       g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = g_ptr_array_index(message->passages, i);
        if (ending_is_body(message, passage))
            ending_passage(data, passage, parties, &endings);
    }
    g_hash_table_unref(endings.seen);
    return endings.out;
}

char *detect_ending_words(const char *text)
{
    return disclaimer_words(text, strlen(text));
}
