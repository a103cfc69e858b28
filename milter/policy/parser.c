// Reading settings with every mistake collected: the typed accessors that the rest of the parser stands on.
#include "policy/internal.h"

#include <string.h>

#define MOST_MISTAKES 200

void parser_mistake(PolicyParser *parser, const config_setting_t *setting, const char *key,
                    const char *format, ...)
{
    if (parser->mistakes->len >= MOST_MISTAKES)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    const char *file = setting ? config_setting_source_file(setting) : NULL;
    g_autofree char *told =
        g_strdup_printf("%s:%u: %s: %s: %s", file ? file : parser->file,
                        setting ? config_setting_source_line(setting) : 0, parser->rule, key, what);
    // What the file says stands in it: one line, and nothing that a terminal would obey.
    g_autofree char *line = g_utf8_make_valid(told, -1);
    for (char *p = line; *p; p++)
        *p = g_ascii_iscntrl(*p) ? ' ' : *p;
    if (!g_ptr_array_find_with_equal_func(parser->mistakes, line, g_str_equal, NULL))
        g_ptr_array_add(parser->mistakes, g_steal_pointer(&line));
}

void parser_known_keys(PolicyParser *parser, const config_setting_t *group, const char *const *known)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, i);
        const char *name = config_setting_name(member);
        if (g_strv_contains(known, name))
            continue;
        g_autofree char *list = g_strjoinv(", ", (char **)known);
        parser_mistake(parser, member, name, "unknown key; use one of: %s", list);
    }
}

static void strings_add(PolicyParser *parser, const config_setting_t *setting, const char *key,
                        GPtrArray *out)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        parser_mistake(parser, setting, key, "is not a string; write it in quotes");
        return;
    }
    const char *text = config_setting_get_string(setting);
    if (!g_str_has_prefix(text, "list:")) {
        if (*text)
            g_ptr_array_add(out, g_strdup(text));
        else
            parser_mistake(parser, setting, key, "an empty string; remove it");
        return;
    }
    const config_setting_t *list = g_hash_table_lookup(parser->lists, text + 5);
    if (!list) {
        parser_mistake(parser, setting, key, "no list \"%s\"; define it in section lists", text + 5);
        return;
    }
    g_hash_table_add(parser->used, (gpointer)list);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *item = config_setting_get_elem(list, i);
        const char *value =
            config_setting_type(item) == CONFIG_TYPE_STRING ? config_setting_get_string(item) : NULL;
        if (value && !g_str_has_prefix(value, "list:"))
            g_ptr_array_add(out, g_strdup(value));
    }
}

char **parser_strings(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    if (config_setting_is_array(setting) || config_setting_is_list(setting)) {
        for (int i = 0; i < config_setting_length(setting); i++)
            strings_add(parser, config_setting_get_elem(setting, i), key, out);
        if (config_setting_length(setting) == 0)
            parser_mistake(parser, setting, key, "is empty; give a value or remove the key");
    } else {
        strings_add(parser, setting, key, out);
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

char *parser_string(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    const char *text = setting ? config_setting_get_string(setting) : NULL;
    if (setting && (!text || !*text))
        parser_mistake(parser, setting, key, "is not a text; write it in quotes");
    if (text && (strchr(text, '\n') || strchr(text, '\r'))) {
        parser_mistake(parser, setting, key, "has a line break; write it on one line");
        text = NULL;
    }
    return text && *text ? g_strdup(text) : NULL;
}

bool parser_int(PolicyParser *parser, const config_setting_t *group, const char *key, int least, int most,
                int *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return false;
    int value = config_setting_type(setting) == CONFIG_TYPE_INT ? config_setting_get_int(setting) : least - 1;
    bool good = value >= least && value <= most;
    if (good)
        *out = value;
    else
        parser_mistake(parser, setting, key, "must be a whole number from %d to %d", least, most);
    return good;
}

bool parser_number(PolicyParser *parser, const config_setting_t *group, const char *key, double *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return false;
    double value = config_setting_type(setting) == CONFIG_TYPE_INT     ? config_setting_get_int(setting)
                   : config_setting_type(setting) == CONFIG_TYPE_FLOAT ? config_setting_get_float(setting)
                                                                       : -1;
    bool good = value >= 0 && value <= 1;
    if (good)
        *out = value;
    else
        parser_mistake(parser, setting, key, "must be a number from 0 to 1");
    return good;
}

Tri parser_bool(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return TRI_UNKNOWN;
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        parser_mistake(parser, setting, key, "must be true or false");
    return config_setting_get_bool(setting) ? TRI_YES : TRI_NO;
}

static void mistake_unknown(PolicyParser *parser, const config_setting_t *setting, const char *key,
                            const char *got, NameOf name_of, int count)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < count; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", name_of(i));
    parser_mistake(parser, setting, key, "unknown name \"%s\"; use one of: %s", got, names->str);
}

guint parser_mask(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                  int count)
{
    guint mask = 0;
    g_auto(GStrv) names = parser_strings(parser, group, key);
    for (guint i = 0; names && names[i]; i++) {
        int found = names_find(name_of, count, names[i]);
        if (found >= 0)
            mask |= 1u << found;
        else
            mistake_unknown(parser, config_setting_get_member(group, key), key, names[i], name_of, count);
    }
    return mask;
}

int parser_name(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                int count)
{
    g_autofree char *text = parser_string(parser, group, key);
    int found = text ? names_find(name_of, count, text) : -1;
    if (text && found < 0)
        mistake_unknown(parser, config_setting_get_member(group, key), key, text, name_of, count);
    return found;
}
