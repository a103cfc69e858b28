// Lists and conditions that nothing of the policy uses, and lists whose values are still those of the example.
#include "policy/internal.h"

#include <string.h>

// Lists that are read by their name.
static bool read_by_name(const char *list)
{
    return strcmp(list, "report-address") == 0;
}

void unused_free(Unused *unused)
{
    g_free(unused->name);
    g_free(unused->file);
    g_free(unused);
}

static bool value_is_example(const char *text)
{
    const char *domain = strrchr(text, '@');
    domain = domain ? domain + 1 : text;
    return g_str_has_suffix(domain, "example.org") || g_str_has_suffix(domain, "example.net") ||
           g_str_has_suffix(domain, "example.com") || strspn(text, "0") == 64;
}

static bool list_is_example(const config_setting_t *list)
{
    bool example = false;
    for (int i = 0; i < config_setting_length(list) && !example; i++) {
        const char *text = config_setting_get_string(config_setting_get_elem(list, i));
        example = text && value_is_example(text);
    }
    return example;
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const Unused *left = *(const Unused *const *)a, *right = *(const Unused *const *)b;
    int files = g_strcmp0(left->file, right->file);
    return files != 0                  ? files
           : left->line != right->line ? left->line - right->line
                                       : strcmp(left->name, right->name);
}

static void table_collect(const PolicyParser *parser, GHashTable *table, const char *what, GPtrArray *out)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const config_setting_t *setting = value;
        bool list = table == parser->lists;
        bool used = g_hash_table_contains(parser->used, setting) || (list && read_by_name(key));
        bool example = used && list && list_is_example(setting);
        if (used && !example)
            continue;
        Unused *one = g_new0(Unused, 1);
        one->what = what;
        one->name = g_strdup(key);
        one->file = g_strdup(config_setting_source_file(setting));
        one->line = (int)config_setting_source_line(setting);
        one->example = example;
        g_ptr_array_add(out, one);
    }
}

void unused_collect(PolicyParser *parser, Policy *policy)
{
    table_collect(parser, parser->lists, "list", policy->unused);
    table_collect(parser, parser->conditions, "condition", policy->unused);
    g_ptr_array_sort(policy->unused, by_place);
}
