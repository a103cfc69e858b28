// Texts by key, a language a file: "key = text" a line, "#" comments.
#include "console/internal.h"

#include <string.h>

#define FILE_MOST (1 << 20)

struct Words {
    char *language;
    GHashTable *texts;
};

static bool take_line(Words *words, const char *path, guint number, char *line, GError **error)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return true;
    char *equals = strstr(line, " = ");
    if (equals == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s:%u: wants \"key = text\"", path, number);
        return false;
    }
    g_autofree char *key = g_strstrip(g_strndup(line, (gsize)(equals - line)));
    if (g_hash_table_contains(words->texts, key)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s:%u: %s stands there twice", path, number, key);
        return false;
    }
    g_hash_table_insert(words->texts, g_steal_pointer(&key), g_strdup(g_strstrip(equals + 3)));
    return true;
}

Words *words_load(const char *dir, const char *language, GError **error)
{
    g_autofree char *name = g_strconcat(language, ".txt", NULL), *path = g_build_filename(dir, name, NULL);
    g_autoptr(GBytes) bytes = file_read(path, FILE_MOST, error);
    if (bytes == NULL)
        return NULL;
    g_autoptr(Words) words = g_new0(Words, 1);
    words->language = g_strdup(language);
    words->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    if (len > 0 && !g_utf8_validate(data, (gssize)len, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s: is no UTF-8", path);
        return NULL;
    }
    g_autofree char *text = g_strndup(len > 0 ? data : "", len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (!take_line(words, path, i + 1, lines[i], error))
            return NULL;
    return g_steal_pointer(&words);
}

void words_free(Words *words)
{
    if (words == NULL)
        return;
    g_free(words->language);
    g_clear_pointer(&words->texts, g_hash_table_unref);
    g_free(words);
}

const char *words_language(const Words *words)
{
    return words->language;
}

bool words_has(const Words *words, const char *key)
{
    return g_hash_table_contains(words->texts, key);
}

const char *words_get(const Words *words, const char *key)
{
    const char *text = g_hash_table_lookup(words->texts, key);
    return text != NULL ? text : key;
}

static const char *pair_value(GPtrArray *pairs, const char *name, gsize len)
{
    for (guint i = 0; i + 1 < pairs->len; i += 2)
        if (strlen(pairs->pdata[i]) == len && strncmp(pairs->pdata[i], name, len) == 0)
            return pairs->pdata[i + 1] != NULL ? pairs->pdata[i + 1] : "";
    return NULL;
}

char *words_fill_v(const Words *words, const char *key, va_list list)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new();
    for (char *name = va_arg(list, char *); name != NULL; name = va_arg(list, char *)) {
        g_ptr_array_add(pairs, name);
        g_ptr_array_add(pairs, va_arg(list, char *));
    }
    GString *out = g_string_new(NULL);
    const char *text = words_get(words, key);
    while (*text != '\0') {
        gsize len = strcspn(text, "{");
        g_string_append_len(out, text, (gssize)len);
        text += len;
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        const char *value = end != NULL ? pair_value(pairs, text + 1, (gsize)(end - text) - 1) : NULL;
        if (value != NULL)
            g_string_append(out, value);
        else if (*text != '\0')
            g_string_append_c(out, *text);
        text = value != NULL ? end + 1 : *text != '\0' ? text + 1 : text;
    }
    return g_string_free(out, FALSE);
}

char *words_fill(const Words *words, const char *key, ...)
{
    va_list list;
    va_start(list, key);
    char *text = words_fill_v(words, key, list);
    va_end(list);
    return text;
}
