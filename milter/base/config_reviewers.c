// review.reviewers: a list of groups, which the table of keys cannot say.
#include "base/config_keys.h"

#include <string.h>

#define KEY            "review.reviewers"
#define MOST_REVIEWERS 5000

typedef struct {
    ConfigMistake tell;
    void *data;
} Mistakes;

static void mistake(const Mistakes *mistakes, const config_setting_t *setting, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void mistake(const Mistakes *mistakes, const config_setting_t *setting, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    mistakes->tell(mistakes->data, (int)config_setting_source_line(setting), KEY, what);
}

static void reviewer_free(gpointer data)
{
    ConfigReviewer *reviewer = data;
    g_free(reviewer->address);
    g_strfreev(reviewer->schools);
    g_strfreev(reviewer->roles);
    g_free(reviewer->digest);
    g_free(reviewer);
}

GPtrArray *reviewers_new(void)
{
    return g_ptr_array_new_with_free_func(reviewer_free);
}

// Texts of `name` in the group; "*" where it is left out.
static char **texts(const config_setting_t *group, const char *name, const Mistakes *mistakes)
{
    const config_setting_t *list = config_setting_get_member(group, name);
    GPtrArray *all = g_ptr_array_new();
    if (list == NULL)
        g_ptr_array_add(all, g_strdup("*"));
    else if (!config_setting_is_list(list) && !config_setting_is_array(list))
        mistake(mistakes, list, "%s wants a list: [ \"one\", \"two\" ]", name);
    for (int i = 0; list != NULL && config_setting_is_aggregate(list) && i < config_setting_length(list);
         i++) {
        const char *text = config_setting_get_string_elem(list, i);
        if (text == NULL || *text == '\0')
            mistake(mistakes, list, "%s: element %d wants text in quotes", name, i + 1);
        else
            g_ptr_array_add(all, g_strdup(text));
    }
    if (list != NULL && all->len == 0)
        mistake(mistakes, list, "%s is empty; leave it out for all of them", name);
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

static void check_roles(const config_setting_t *group, char *const *roles, const Mistakes *mistakes)
{
    static const char *const ROLES[] = {"*",    "staff",   "student",  "guardian",
                                        "list", "service", "external", NULL};
    for (; *roles != NULL; roles++)
        if (!g_strv_contains(ROLES, *roles))
            mistake(mistakes, group,
                    "roles: \"%s\" is none of staff, student, guardian, list, service, external", *roles);
}

static ConfigReviewer *reviewer_parse(const config_setting_t *group, const Mistakes *mistakes)
{
    static const char *const KEYS[] = {"address", "schools", "roles", "digest", NULL};
    static const char *const DIGESTS[] = {"daily", "weekly", "none", NULL};
    const char *address = NULL, *digest = "daily";
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        if (!g_strv_contains(KEYS, config_setting_name(member)))
            mistake(mistakes, member, "unknown key %s; there are address, schools, roles and digest",
                    config_setting_name(member));
    }
    if (!config_setting_lookup_string(group, "address", &address) || strchr(address, '@') == NULL ||
        strpbrk(address, " \t\r\n<>,") != NULL)
        mistake(mistakes, group, "address wants one mail address: address = \"reviewer@...\"");
    if (config_setting_get_member(group, "digest") != NULL &&
        (!config_setting_lookup_string(group, "digest", &digest) || !g_strv_contains(DIGESTS, digest)))
        mistake(mistakes, group, "digest is none of daily, weekly, none");
    ConfigReviewer *reviewer = g_new0(ConfigReviewer, 1);
    *reviewer = (ConfigReviewer){.address = g_ascii_strdown(address != NULL ? address : "", -1),
                                 .schools = texts(group, "schools", mistakes),
                                 .roles = texts(group, "roles", mistakes),
                                 .digest = g_strdup(digest)};
    check_roles(group, reviewer->roles, mistakes);
    return reviewer;
}

GPtrArray *reviewers_parse(const config_setting_t *setting, ConfigMistake tell, void *data)
{
    Mistakes mistakes = {tell, data};
    GPtrArray *all = reviewers_new();
    int count = config_setting_is_list(setting) ? config_setting_length(setting) : 0;
    if (!config_setting_is_list(setting))
        mistake(&mistakes, setting, "wants a list of groups: ( { address = \"...\"; }, ... )");
    if (count > MOST_REVIEWERS)
        mistake(&mistakes, setting, "has more than %d groups", MOST_REVIEWERS);
    for (int i = 0; i < MIN(count, MOST_REVIEWERS); i++) {
        const config_setting_t *group = config_setting_get_elem(setting, (unsigned)i);
        if (config_setting_is_group(group))
            g_ptr_array_add(all, reviewer_parse(group, &mistakes));
        else
            mistake(&mistakes, group, "wants groups: { address = \"...\"; }");
    }
    return all;
}

static bool reviewer_equal(gconstpointer a, gconstpointer b)
{
    const ConfigReviewer *one = a, *other = b;
    return strcmp(one->address, other->address) == 0 && strcmp(one->digest, other->digest) == 0 &&
           g_strv_equal((const char *const *)one->schools, (const char *const *)other->schools) &&
           g_strv_equal((const char *const *)one->roles, (const char *const *)other->roles);
}

bool reviewers_equal(const GPtrArray *a, const GPtrArray *b)
{
    bool equal = a->len == b->len;
    for (guint i = 0; equal && i < a->len; i++)
        equal = reviewer_equal(a->pdata[i], b->pdata[i]);
    return equal;
}
