// Lists of redactions.
#include "redact/internal.h"

#include <string.h>

void redaction_free(Redaction *redaction)
{
    if (redaction == NULL)
        return;
    g_free(redaction->kind);
    g_free(redaction->why);
    g_free(redaction->code);
    g_free(redaction->reviewer);
    g_free(redaction);
}

Redaction *redaction_new(guint section, gsize from, gsize to, const char *kind, const char *why)
{
    Redaction *redaction = g_new0(Redaction, 1);
    redaction->section = section;
    redaction->from = from;
    redaction->to = to;
    redaction->kind = g_strdup(kind);
    redaction->why = g_strdup(why);
    return redaction;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Redaction *one = *(Redaction *const *)a, *other = *(Redaction *const *)b;
    if (one->section != other->section)
        return one->section < other->section ? -1 : 1;
    if (one->from != other->from)
        return one->from < other->from ? -1 : 1;
    return one->to == other->to ? 0 : one->to > other->to ? -1 : 1;
}

void redactions_sort(GPtrArray *redactions)
{
    g_ptr_array_sort(redactions, compare);
}

static const RenditionSection *section_of(const Rendition *rendition, guint section)
{
    return rendition->sections->pdata[section];
}

// ---- as JSON ---------------------------------------------------------------------------------------------

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text != NULL ? json_string(text) : json_null());
}

json_t *redactions_to_json(const Rendition *rendition, const GPtrArray *redactions, bool text)
{
    json_t *array = json_array();
    for (guint i = 0; i < redactions->len; i++) {
        const Redaction *one = redactions->pdata[i];
        const RenditionSection *section = section_of(rendition, one->section);
        g_autofree char *time = one->time_us != 0 ? clock_format(one->time_us) : NULL;
        json_t *object = json_pack("{s:i, s:s, s:I, s:I, s:b}", "section", (int)one->section, "sha256",
                                   section->sha256, "from", (json_int_t)one->from, "to", (json_int_t)one->to,
                                   "keep_others", one->keep_others);
        set_text(object, "kind", one->kind);
        set_text(object, "why", one->why);
        set_text(object, "code", one->code);
        set_text(object, "reviewer", one->reviewer);
        set_text(object, "time", time);
        if (text) {
            json_object_set_new(object, "line",
                                json_integer(rendition_line(rendition, one->section, one->from)));
            json_object_set_new(object, "text", json_stringn(section->text + one->from, one->to - one->from));
        }
        json_array_append_new(array, object);
    }
    return array;
}

static bool is_boundary(const RenditionSection *section, json_int_t at)
{
    return at >= 0 && (gsize)at <= section->len &&
           ((gsize)at == section->len || ((guchar)section->text[at] & 0xc0) != 0x80);
}

static bool text_fits(const RenditionSection *section, const json_t *object, json_int_t from, json_int_t to)
{
    const json_t *text = json_object_get(object, "text");
    gsize len = (gsize)(to - from);
    return text == NULL || (json_string_value(text) != NULL && json_string_length(text) == len &&
                            memcmp(json_string_value(text), section->text + from, len) == 0);
}

static bool kind_is_good(const char *kind)
{
    return kind != NULL && *kind != '\0' && strlen(kind) <= 40 &&
           strspn(kind, "abcdefghijklmnopqrstuvwxyz-") == strlen(kind);
}

// What is wrong with an element; NULL = nothing.
static const char *mistake_of(const Rendition *rendition, const json_t *object)
{
    const json_t *number = json_object_get(object, "section"), *from = json_object_get(object, "from"),
                 *to = json_object_get(object, "to");
    const char *sha256 = json_string_value(json_object_get(object, "sha256"));
    if (!json_is_integer(number) || !json_is_integer(from) || !json_is_integer(to) || sha256 == NULL)
        return "\"section\", \"from\" and \"to\" must be numbers and \"sha256\" the hash of the section's "
               "text";
    if (!kind_is_good(json_string_value(json_object_get(object, "kind"))))
        return "\"kind\" must be a word of small letters and hyphens: the receiver sees it";
    if (json_integer_value(number) < 0 || json_integer_value(number) >= (json_int_t)rendition->sections->len)
        return "the message has no such section; propose the redactions of this message again";
    const RenditionSection *section = section_of(rendition, (guint)json_integer_value(number));
    if (strcmp(section->sha256, sha256) != 0)
        return "the section's text is not the one that was redacted; look through this message again";
    if (json_integer_value(from) >= json_integer_value(to) ||
        !is_boundary(section, json_integer_value(from)) || !is_boundary(section, json_integer_value(to)))
        return "\"from\" and \"to\" are no range of the section's text, whole characters, not empty";
    return text_fits(section, object, json_integer_value(from), json_integer_value(to))
               ? NULL
               : "\"text\" is not what stands there";
}

static Redaction *from_object(const json_t *object, GError **error)
{
    const char *time = json_string_value(json_object_get(object, "time"));
    int64_t time_us = 0;
    if (time != NULL && !clock_parse(time, &time_us, error))
        return NULL;
    Redaction *redaction = redaction_new((guint)json_integer_value(json_object_get(object, "section")),
                                         (gsize)json_integer_value(json_object_get(object, "from")),
                                         (gsize)json_integer_value(json_object_get(object, "to")),
                                         json_string_value(json_object_get(object, "kind")),
                                         json_string_value(json_object_get(object, "why")));
    redaction->code = g_strdup(json_string_value(json_object_get(object, "code")));
    redaction->reviewer = g_strdup(json_string_value(json_object_get(object, "reviewer")));
    redaction->time_us = time_us;
    redaction->keep_others = json_is_true(json_object_get(object, "keep_others"));
    return redaction;
}

GPtrArray *redactions_from_json(const Rendition *rendition, const json_t *json, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    if (!json_is_array(json)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "redactions: an array is wanted");
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *object = json_array_get(json, i);
        const char *mistake = mistake_of(rendition, object);
        if (mistake != NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "redaction %zu: %s", i + 1, mistake);
        Redaction *redaction = mistake == NULL ? from_object(object, error) : NULL;
        if (redaction == NULL)
            return NULL;
        g_ptr_array_add(list, redaction);
    }
    redactions_sort(list);
    return g_steal_pointer(&list);
}

// ---- more of them ----------------------------------------------------------------------------------------

// What the redactions of a section cover, of those that begin at or before a place.
typedef struct {
    gsize from, to; // to: the furthest end of all that begin at `from` or before
} Reach;

static GArray *reaches_of(const GPtrArray *redactions, guint section)
{
    GArray *reaches = g_array_new(FALSE, FALSE, sizeof(Reach));
    gsize furthest = 0;
    for (guint i = 0; i < redactions->len; i++) {
        const Redaction *one = redactions->pdata[i];
        if (one->section != section)
            continue;
        furthest = MAX(furthest, one->to);
        Reach reach = {one->from, furthest};
        g_array_append_val(reaches, reach);
    }
    return reaches;
}

static bool is_covered(const GArray *reaches, gsize from, gsize to)
{
    guint low = 0, high = reaches->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(reaches, Reach, middle).from <= from)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && g_array_index(reaches, Reach, low - 1).to >= to;
}

void redactions_drop_covered(GPtrArray *redactions)
{
    guint kept = 0;
    gsize furthest = 0;
    redactions_sort(redactions);
    for (guint i = 0; i < redactions->len; i++) {
        Redaction *one = redactions->pdata[i];
        const Redaction *last = kept > 0 ? redactions->pdata[kept - 1] : NULL;
        if (last == NULL || last->section != one->section)
            furthest = 0;
        redactions->pdata[i] = NULL;
        if (one->to <= furthest) {
            redaction_free(one);
            continue;
        }
        furthest = one->to;
        redactions->pdata[kept++] = one;
    }
    g_ptr_array_set_size(redactions, (int)kept);
}

guint redactions_add_found(const Rendition *rendition, GPtrArray *redactions, const Needles *needles,
                           RedactionMake make, void *data)
{
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    redactions_sort(redactions);
    for (guint i = 0; i < rendition->sections->len; i++) {
        const RenditionSection *section = section_of(rendition, i);
        g_autoptr(GArray) hits = needles_find(needles, section->text, section->len);
        g_autoptr(GArray) reaches = hits->len > 0 ? reaches_of(redactions, i) : NULL;
        for (guint k = 0; k < hits->len; k++) {
            const NeedleHit *hit = &g_array_index(hits, NeedleHit, k);
            if (!is_covered(reaches, hit->from, hit->to))
                g_ptr_array_add(fresh, make(i, hit, data));
        }
    }
    redactions_drop_covered(fresh);
    guint added = fresh->len;
    g_ptr_array_extend_and_steal(redactions, g_steal_pointer(&fresh));
    redactions_sort(redactions);
    return added;
}

static Redaction *make_words(guint section, const NeedleHit *hit, void *data)
{
    return redaction_new(section, hit->from, hit->to, "words", NULL);
}

guint redactions_add_words(const Rendition *rendition, GPtrArray *redactions, const char *words)
{
    g_autoptr(Needles) needles = needles_new();
    return needles_add(needles, words, -1, 0, 0)
               ? redactions_add_found(rendition, redactions, needles, make_words, NULL)
               : 0;
}

bool redactions_add_lines(const Rendition *rendition, GPtrArray *redactions, guint first, guint last,
                          GError **error)
{
    bool added = false;
    for (guint i = 0; i < rendition->sections->len && !added; i++) {
        const RenditionSection *section = section_of(rendition, i);
        guint begin = section->first_line, end = begin + section->lines;
        if (first < begin || first > last || last >= end)
            continue;
        gsize from = g_array_index(section->line_starts, gsize, first - begin);
        gsize next =
            last + 1 < end ? g_array_index(section->line_starts, gsize, last + 1 - begin) : section->len;
        added = from + 1 < next;
        if (added)
            g_ptr_array_add(redactions, redaction_new(i, from, next - 1, "lines", NULL));
    }
    redactions_sort(redactions);
    if (!added)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "lines %u to %u: not lines of one section, or empty",
                    first, last);
    return added;
}

static Redaction *make_same(guint section, const NeedleHit *hit, void *data)
{
    const Redaction *like = ((const GPtrArray *)data)->pdata[hit->needle];
    Redaction *redaction = redaction_new(section, hit->from, hit->to, like->kind, like->why);
    redaction->code = g_strdup(like->code);
    redaction->reviewer = g_strdup(like->reviewer);
    redaction->time_us = like->time_us;
    return redaction;
}

guint redactions_everywhere(const Rendition *rendition, GPtrArray *redactions)
{
    g_autoptr(Needles) needles = needles_new();
    // Of their own order: adding sorts the list.
    g_autoptr(GPtrArray) likes = g_ptr_array_new();
    bool any = false;
    for (guint i = 0; i < redactions->len; i++) {
        const Redaction *one = redactions->pdata[i];
        const RenditionSection *section = section_of(rendition, one->section);
        g_ptr_array_add(likes, (void *)one);
        if (!one->keep_others)
            any |= needles_add(needles, section->text + one->from, (gssize)(one->to - one->from), 0, i);
    }
    return any ? redactions_add_found(rendition, redactions, needles, make_same, likes) : 0;
}

guint redactions_apply(GPtrArray *redactions, const char *kind, const char *code, const char *reviewer,
                       int64_t time_us)
{
    guint applied = 0;
    for (guint i = 0; i < redactions->len; i++) {
        Redaction *one = redactions->pdata[i];
        if (one->code != NULL || (kind != NULL && strcmp(one->kind, kind) != 0))
            continue;
        one->code = g_strdup(code);
        g_free(one->reviewer);
        one->reviewer = g_strdup(reviewer);
        one->time_us = time_us;
        applied++;
    }
    return applied;
}
