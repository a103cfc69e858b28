// How the sender may sign.
#include "detect/layer.h"
#include "detect/tables.h"

#include <string.h>

static void names_add(GPtrArray *out, const char *text, const char *separators, gsize least)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    gsize size = strlen(lower) + 16;
    g_autofree char *folded = g_malloc(size);
    layer_fold(lower, strlen(lower), folded, size);
    g_auto(GStrv) words = g_strsplit_set(folded, separators, 16);
    for (char **word = words; *word; word++)
        if (strlen(*word) >= least && strlen(*word) <= 40)
            g_ptr_array_add(out, g_strdup(*word));
}

// Given and family name as the roster has them, as From shows them, and what the address tells.
void layer_names_init(LayerNames *names, const DetectData *data, const Parties *parties)
{
    static const char SEPARATORS[] = " ,\t\"'()[]<>|/.-";
    const Party *sender = parties ? parties->sender : NULL;
    names->words = tables_sign_words(data);
    names->names = g_ptr_array_new_with_free_func(g_free);
    names->parts = g_ptr_array_new_with_free_func(g_free);
    if (sender && sender->name)
        names_add(names->names, sender->name, SEPARATORS, 2);
    for (guint i = 0; parties && parties->header && i < parties->header->len; i++) {
        const PartyHeader *header = g_ptr_array_index(parties->header, i);
        const MessageAddress *from = header->source;
        if (from && from->name && from->header && g_ascii_strcasecmp(from->header, "From") == 0)
            names_add(names->names, from->name, SEPARATORS, 2);
    }
    if (sender && sender->address) {
        g_autofree char *local = g_strndup(sender->address, strcspn(sender->address, "@+"));
        names_add(names->parts, local, "._-0123456789", 3);
    }
}

void layer_names_clear(LayerNames *names)
{
    g_ptr_array_unref(names->names);
    g_ptr_array_unref(names->parts);
}

// "rob" and "robbie" of "robert": three letters in common, the rest left out or an ending of endearment.
static bool names_short(const char *word, gsize len, const char *name)
{
    gsize common = 0;
    while (common < len && name[common] && name[common] == word[common])
        common++;
    const char *end = word + len - 1;
    bool dear = len >= 4 && (*end == 'y' || (*end == 'e' && end[-1] == 'i') || (*end == 'i'));
    return common >= 3 && strlen(name) > 3 && (common == len || (dear && len - common <= 3));
}

bool layer_names_match(const LayerNames *names, const char *word, gsize len)
{
    bool found = false;
    for (guint i = 0; !found && len >= 2 && i < names->names->len; i++) {
        const char *name = g_ptr_array_index(names->names, i);
        found = (strlen(name) == len && memcmp(name, word, len) == 0) || names_short(word, len, name) ||
                layer_words_nick(names->words, word, len, name);
    }
    for (guint i = 0; !found && len >= 4 && i < names->parts->len; i++) {
        const char *part = g_ptr_array_index(names->parts, i);
        gsize n = strlen(part);
        found = n >= len && n - len <= 2 && memcmp(part + n - len, word, len) == 0; // jdoe: doe
    }
    for (guint i = 0; !found && len >= 3 && i < names->parts->len; i++)
        found = strlen(g_ptr_array_index(names->parts, i)) == len &&
                memcmp(g_ptr_array_index(names->parts, i), word, len) == 0;
    return found;
}

bool layer_names_initials(const LayerNames *names, const char *word, gsize len)
{
    bool fits = len >= 1 && len <= 3 && names->names->len >= len;
    for (gsize k = 0; fits && k < len; k++)
        fits = ((const char *)g_ptr_array_index(names->names, k))[0] == word[k];
    return fits;
}
