// Details that stand alone: nothing around them tells whose they are, because next to nothing stands around them.
// Nobody sends a bare number of an organisation; a number that hides in a subject, file name, link or style sheet is
// meant for whoever looks there.
#include "detect/attribute.h"

#include "detect/tables.h"

#include <string.h>

#define ALONE_LINE   12 // letters and figures beside the detail in a subject, file name, link or field
#define ALONE_SOURCE 20 // in a line of markup
#define ALONE_TEXT   24 // in a whole text
#define ALONE_HITS   1000

static guint64 alone_bit(const char *name)
{
    return G_GUINT64_CONSTANT(1) << attribute_feature(name);
}

bool attribute_told(guint64 features)
{
    static const char *const NEUTRAL[] = {"short message",     "student writes", "outside sender",
                                          "free-mail address", "first-person",   "second-person",
                                          "third-person"};
    for (guint i = 0; i < G_N_ELEMENTS(NEUTRAL); i++)
        features &= ~alone_bit(NEUTRAL[i]);
    return features != 0;
}

// A number of ten digits, or a mailbox at a free mail service where no header names it as an address.
static bool alone_is_personal(const Passage *passage, const Candidate *candidate, guint64 features)
{
    bool personal = false;
    if (candidate->kind == KIND_PHONE && candidate->value)
        personal = g_str_has_prefix(candidate->value, "+1") && strlen(candidate->value) == 12;
    else if (candidate->kind == KIND_EMAIL)
        personal = (features & alone_bit("free-mail address")) && passage->origin != ORIGIN_NAME &&
                   (passage->origin != ORIGIN_HEADER ||
                    (passage->header && g_ascii_strcasecmp(passage->header, "Subject") == 0));
    return personal;
}

// Are there at most `most` letters and figures in [from, start) and [end, to)?
static bool alone_within(const char *text, gsize from, gsize start, gsize end, gsize to, guint most)
{
    guint count = 0;
    for (gsize i = start; i > from && count <= most; i--)
        count += g_ascii_isalnum(text[i - 1]) || (guchar)text[i - 1] >= 0xc0;
    for (gsize i = end; i < to && count <= most; i++)
        count += g_ascii_isalnum(text[i]) || (guchar)text[i] >= 0xc0;
    return count <= most;
}

static bool alone_in_place(const Passage *passage, const Candidate *candidate)
{
    gsize from = 0, to = passage->len, start = candidate->start, end = MIN(candidate->end, to);
    guint most = ALONE_LINE;
    bool may = passage->origin != ORIGIN_CALENDAR && passage->origin != ORIGIN_SWEEP;
    if (passage_origin_is_prose(passage->origin) || passage->origin == ORIGIN_TABLE) {
        most = ALONE_TEXT;
    } else if (passage->origin == ORIGIN_HTML_SOURCE) {
        most = ALONE_SOURCE;
        for (from = start; from > 0 && start - from < 200 && passage->text[from - 1] != '\n';)
            from--;
        for (to = end; to < passage->len && to - end < 200 && passage->text[to] != '\n';)
            to++;
    } else if (passage->origin == ORIGIN_FILENAME) {
        const char *dot = g_strrstr_len(passage->text, (gssize)passage->len, ".");
        to = dot && (gsize)(dot - passage->text) >= end ? (gsize)(dot - passage->text) : to;
    }
    return may && alone_within(passage->text, from, start, end, to, most);
}

// Does the message's shown text speak of a school, an office, an organisation or a group? A link to call or write to
// is then more likely theirs.
static bool alone_organised(const AttributeScene *scene)
{
    static const char *const SECTIONS[] = {"office", "organisation", "group", "school", "textbook"};
    const PhraseBook *book = tables_book(scene->data, "labels.txt");
    const GPtrArray *passages = scene->message->passages;
    for (guint i = 0; *scene->organised == TRI_UNKNOWN && i < passages->len; i++) {
        const Passage *passage = g_ptr_array_index(passages, i);
        if (!passage_origin_is_prose(passage->origin))
            continue;
        g_autofree char *lower = g_ascii_strdown(passage->text, (gssize)passage->len);
        g_autoptr(GArray) tokens = phrases_tokens(tables_words(scene->data), lower, passage->len);
        g_autoptr(GArray) hits = phrases_match(book, tokens, ALONE_HITS);
        for (guint k = 0; k < hits->len; k++)
            for (guint s = 0; s < G_N_ELEMENTS(SECTIONS); s++)
                if (strcmp(g_array_index(hits, PhraseHit, k).section, SECTIONS[s]) == 0)
                    *scene->organised = TRI_YES;
    }
    if (*scene->organised == TRI_UNKNOWN)
        *scene->organised = TRI_NO;
    return *scene->organised == TRI_YES;
}

// Links that any organisation's mail may hold: to call, to write to.
static bool alone_is_common_link(const Passage *passage)
{
    return passage->origin == ORIGIN_LINK && (g_ascii_strncasecmp(passage->text, "tel:", 4) == 0 ||
                                              g_ascii_strncasecmp(passage->text, "mailto:", 7) == 0);
}

bool attribute_stands_alone(const AttributeScene *scene, const AttributePassage *passage,
                            const Candidate *candidate, Layer layer, guint64 features)
{
    return layer == LAYER_WRITTEN && !attribute_told(features) &&
           alone_is_personal(passage->passage, candidate, features) &&
           alone_in_place(passage->passage, candidate) &&
           !(alone_is_common_link(passage->passage) && alone_organised(scene));
}
