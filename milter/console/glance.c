// Recipients and lines of what a search found.
#include "console/glance.h"

#include <string.h>
#include <unistd.h>

enum { LINE_MOST = 240, TO_MOST = 300, BUDGET_MS = 2000 };

static void free_glance(gpointer data)
{
    Glance *glance = data;
    g_free(glance->to);
    g_free(glance->line);
    g_free(glance);
}

// ---- words -----------------------------------------------------------------------------------------------

// What is to stand in a line: the query without its operators and fields, casefolded.
static GPtrArray *words_of(const char *query)
{
    static const char *const OPERATORS[] = {"OR", "AND", "NOT", "NEAR", NULL};
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) pieces = g_strsplit_set(query, " \"()*,", -1);
    for (char **piece = pieces; *piece != NULL; piece++)
        if (**piece != '\0' && **piece != '-' && strchr(*piece, ':') == NULL &&
            !g_strv_contains(OPERATORS, *piece))
            g_ptr_array_add(words, g_utf8_casefold(*piece, -1));
    return words;
}

static bool has_word(const char *line, const GPtrArray *words)
{
    g_autofree char *folded = g_utf8_casefold(line, -1);
    bool found = false;
    for (guint i = 0; i < words->len && !found; i++)
        found = strstr(folded, words->pdata[i]) != NULL;
    return found;
}

// ---- one record ------------------------------------------------------------------------------------------

static char *shorten(const char *text, gsize most)
{
    gsize len = strlen(text);
    const char *end = text + MIN(len, most);
    while (end > text && len > most && ((guchar)*end & 0xC0) == 0x80)
        end--;
    return len > most ? g_strdup_printf("%.*s...", (int)(end - text), text) : g_strdup(text);
}

static bool is_prose(const Passage *passage)
{
    return (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML) &&
           passage->visibility == VISIBILITY_SHOWN && passage->reading == NULL && passage->len > 0;
}

static char *line_of(const Message *message, const GPtrArray *words)
{
    g_autofree char *first = NULL, *found = NULL;
    for (guint i = 0; i < message->passages->len && found == NULL; i++) {
        const Passage *passage = message->passages->pdata[i];
        g_auto(GStrv) lines = is_prose(passage) ? g_strsplit(passage->text, "\n", -1) : NULL;
        for (char **line = lines; line != NULL && *line != NULL && found == NULL; line++) {
            if (first == NULL && *g_strstrip(*line) != '\0')
                first = g_strdup(*line);
            if (has_word(*line, words))
                found = g_strdup(*line);
        }
    }
    return shorten(found != NULL ? found : first != NULL ? first : "", LINE_MOST);
}

static char *to_of(const Message *message)
{
    g_autoptr(GString) to = g_string_new(NULL);
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *one = message->addresses->pdata[i];
        bool shown = one->part == 0 && (strcmp(one->header, "To") == 0 || strcmp(one->header, "Cc") == 0);
        if (shown && one->address != NULL)
            g_string_append_printf(to, "%s%s", to->len > 0 ? ", " : "", one->address);
    }
    return shorten(to->str, TO_MOST);
}

// NULL where it cannot be read: the list shows the rest.
static Glance *read_one(Request *request, const ArchiveRef *ref, const GPtrArray *words)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(ArchiveRecord) record = archive_get_at(request->config, ref, &why);
    gsize len = 0;
    const void *data = record != NULL && record->raw != NULL ? g_bytes_get_data(record->raw, &len) : NULL;
    int fd = data != NULL ? reader_seal(data, len, &why) : -1;
    g_autoptr(Reading) reading =
        fd >= 0 ? readers_read(desk_readers(request->desk), fd, len, BUDGET_MS, &why) : NULL;
    if (fd >= 0)
        close(fd);
    if (reading == NULL) {
        log_warn("a record found was not read", "record", ref->id, "error", why != NULL ? why->message : "?");
        return NULL;
    }
    Glance *glance = g_new0(Glance, 1);
    glance->to = to_of(reading->message);
    glance->line = line_of(reading->message, words);
    return glance;
}

// ---- all of them -----------------------------------------------------------------------------------------

static bool tell(Request *request, const char *matter, const GPtrArray *ids, GError **error)
{
    json_t *records = json_array();
    for (guint i = 0; i < ids->len; i++)
        json_array_append_new(records, json_string(ids->pdata[i]));
    return console_tell(request, "view", NULL,
                        json_pack("{s:s, s:s, s:s, s:o}", "what", "recipients and a line", "matter", matter,
                                  "through", "console", "records", records),
                        error);
}

GHashTable *glance_read(Request *request, const char *matter, const char *words, const GPtrArray *hits,
                        guint most, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new(), wanted = words_of(words);
    for (guint i = 0; i < MIN(hits->len, most); i++)
        g_ptr_array_add(ids, ((const SearchHit *)hits->pdata[i])->record);
    g_autoptr(GHashTable) places =
        tell(request, matter, ids, error) ? archive_find(request->config, ids, error) : NULL;
    if (places == NULL)
        return NULL;
    GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_glance);
    for (guint i = 0; i < ids->len; i++) {
        const ArchiveRef *ref = g_hash_table_lookup(places, ids->pdata[i]);
        Glance *glance = ref != NULL ? read_one(request, ref, wanted) : NULL;
        if (glance != NULL)
            g_hash_table_insert(all, g_strdup(ids->pdata[i]), glance);
    }
    return all;
}
