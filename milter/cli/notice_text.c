// What a notice says: a template, filled with the district's own facts and, of a change of policy, with what has changed.
#include "cli/notice.h"
#include "judge/judge.h"
#include "register/register.h"

#include <stdio.h>
#include <string.h>

enum { TEMPLATE_MAX = 64 * 1024 };
#define SUBJECT "Subject: "

static const char *const NAMES[] = {
    "district",      "domains",        "effective",       "today",          "contact",      "policy",
    "version",       "before",         "monitored",       "locations",      "added",        "changed",
    "removed",       "monitored.what", "locations.where", "added.rule",     "added.clause", "added.gist",
    "added.action",  "added.since",    "changed.rule",    "changed.clause", "changed.gist", "changed.action",
    "changed.since", "removed.rule",   "removed.clause",  "removed.gist",   NULL,
};

// ---- templates -------------------------------------------------------------------------------------------

static void text_dirs(const Config *config, char *out_dirs[2])
{
    out_dirs[0] = g_build_filename(config->notice.dir, "monitoring", NULL);
    out_dirs[1] = g_build_filename(CHAPERONE_DATADIR, "notices", "monitoring", NULL);
}

static char *text_find(const Config *config, const char *name, GError **error)
{
    char *dirs[2], *found = NULL;
    text_dirs(config, dirs);
    bool plain = strchr(name, '/') == NULL && *name != '.';
    g_autofree char *file = g_strconcat(name, ".txt", NULL);
    for (gsize i = 0; plain && found == NULL && i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = g_build_filename(dirs[i], file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            found = g_steal_pointer(&path);
    }
    if (found == NULL && g_file_test(name, G_FILE_TEST_EXISTS))
        found = g_strdup(name);
    if (found == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "no template \"%s\" in %s or %s; `chaperone notice templates` tells them", name, dirs[0],
                    dirs[1]);
    g_free(dirs[0]);
    g_free(dirs[1]);
    return found;
}

static void templates_of(const char *dir, GPtrArray *names)
{
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    const char *name;
    while (open != NULL && (name = g_dir_read_name(open)) != NULL) {
        char *base = g_str_has_suffix(name, ".txt") ? g_strndup(name, strlen(name) - 4) : NULL;
        if (base != NULL && !g_ptr_array_find_with_equal_func(names, base, g_str_equal, NULL))
            g_ptr_array_add(names, base);
        else
            g_free(base);
    }
}

static int names_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int notice_templates(const NoticeOptions *options, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    char *dirs[2];
    text_dirs(options->config, dirs);
    for (gsize i = 0; i < G_N_ELEMENTS(dirs); i++) {
        templates_of(dirs[i], names);
        g_free(dirs[i]);
    }
    g_ptr_array_sort(names, names_compare);
    json_t *all = json_array();
    int status = 0;
    for (guint i = 0; status == 0 && i < names->len; i++) {
        g_autofree char *path = text_find(options->config, names->pdata[i], error);
        status = path == NULL ? base_exit_status(*error) : 0;
        if (status == 0 && options->json)
            json_array_append_new(all, json_pack("{s:s, s:s}", "name", names->pdata[i], "file", path));
        else if (status == 0)
            printf("%-16s %s\n", (char *)names->pdata[i], path);
    }
    if (status == 0 && options->json)
        return notice_print_json(all);
    json_decref(all);
    return status;
}

// ---- what a change of policy has changed -----------------------------------------------------------------

static void change_add(TemplateData *data, const char *list, const PolicyRuleText *rule)
{
    TemplateData *one = template_add(data, list);
    g_autoptr(GString) since = g_string_new(NULL);
    template_set(one, "rule", rule->name);
    template_set(one, "clause", rule->clause);
    template_set(one, "gist", rule->gist != NULL ? rule->gist : rule->name);
    template_set(one, "action", action_name(rule->action));
    for (guint i = 0; i < rule->modes->len; i++) {
        const PolicyDatedMode *dated = &g_array_index(rule->modes, PolicyDatedMode, i);
        char from[11];
        notice_date(dated->from, from);
        g_string_append_printf(since, "%s%s%s%s", i > 0 ? ", " : "", mode_name(dated->mode),
                               dated->from != 0 ? " from " : "", dated->from != 0 ? from : "");
    }
    template_set(one, "since", since->str);
}

static const PolicyRuleText *rule_named(const GPtrArray *rules, const char *name)
{
    const PolicyRuleText *found = NULL;
    for (guint i = 0; rules != NULL && found == NULL && i < rules->len; i++) {
        const PolicyRuleText *rule = rules->pdata[i];
        found = strcmp(rule->name, name) == 0 ? rule : NULL;
    }
    return found;
}

static bool rule_same(const PolicyRuleText *a, const PolicyRuleText *b)
{
    bool same = a->text->len == b->text->len && a->action == b->action && a->modes->len == b->modes->len &&
                g_strcmp0(a->gist, b->gist) == 0;
    for (guint i = 0; same && i < a->text->len; i++)
        same = strcmp(a->text->pdata[i], b->text->pdata[i]) == 0;
    for (guint i = 0; same && i < a->modes->len; i++) {
        const PolicyDatedMode *one = &g_array_index(a->modes, PolicyDatedMode, i);
        const PolicyDatedMode *other = &g_array_index(b->modes, PolicyDatedMode, i);
        same = one->from == other->from && one->mode == other->mode;
    }
    return same;
}

// The policy that was in force before the one of that SHA-256, as the register keeps it; *out NULL when there was none.
static bool change_before(const Config *config, const char *sha256, Policy **out, GError **error)
{
    json_t *history = register_history(config, error);
    const json_t *before = NULL;
    for (size_t i = json_array_size(history); history != NULL && before == NULL && i > 0; i--) {
        const json_t *one = json_array_get(history, i - 1);
        if (g_strcmp0(json_string_value(json_object_get(one, "sha256")), sha256) != 0)
            before = one;
    }
    const char *old = json_string_value(json_object_get(before, "sha256"));
    const char *file = json_string_value(json_array_get(json_object_get(before, "files"), 0));
    bool ok = history != NULL;
    if (old != NULL && file != NULL) {
        g_autofree char *path = g_build_filename(config->archive.dir, "policies", old, file, NULL);
        *out = snapshot_policy(path, error);
        ok = *out != NULL;
    }
    json_decref(history);
    return ok;
}

static void change_fill(TemplateData *data, const GPtrArray *now, const GPtrArray *before)
{
    for (guint i = 0; i < now->len; i++) {
        const PolicyRuleText *rule = now->pdata[i], *old = rule_named(before, rule->name);
        if (old == NULL)
            change_add(data, "added", rule);
        else if (!rule_same(rule, old))
            change_add(data, "changed", rule);
    }
    for (guint i = 0; before != NULL && i < before->len; i++) {
        const PolicyRuleText *old = before->pdata[i];
        if (rule_named(now, old->name) == NULL)
            change_add(data, "removed", old);
    }
}

static bool change_data(const NoticeOptions *options, TemplateData *data, GError **error)
{
    g_autoptr(Policy) now = snapshot_policy(options->config->policy.file, error), before = NULL;
    if (now == NULL || !change_before(options->config, policy_sha256(now), &before, error))
        return false;
    g_autoptr(GPtrArray) rules = policy_explain(now, NULL, options->today);
    g_autoptr(GPtrArray) old = before != NULL ? policy_explain(before, NULL, options->today) : NULL;
    template_set(data, "policy", policy_name(now));
    template_set(data, "version", policy_version(now));
    template_set(data, "before", before != NULL ? policy_version(before) : NULL);
    change_fill(data, rules, old);
    return true;
}

// ---- filling ---------------------------------------------------------------------------------------------

// --set NAME=TEXT: "monitored" and "locations" may stand there often.
static bool text_set(TemplateData *data, char *const *set, GError **error)
{
    bool ok = true;
    for (; ok && set != NULL && *set != NULL; set++) {
        const char *equals = strchr(*set, '=');
        g_autofree char *name = equals != NULL ? g_strndup(*set, (gsize)(equals - *set)) : NULL;
        if (name != NULL && strcmp(name, "monitored") == 0)
            template_set(template_add(data, name), "what", equals + 1);
        else if (name != NULL && strcmp(name, "locations") == 0)
            template_set(template_add(data, name), "where", equals + 1);
        else if (name != NULL && (strcmp(name, "district") == 0 || strcmp(name, "contact") == 0))
            template_set(data, name, equals + 1);
        else {
            ok = false;
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                        "--set %s: wants NAME=TEXT with one of district, contact, monitored, locations",
                        *set);
        }
    }
    return ok;
}

static TemplateData *text_data(const NoticeOptions *options, int effective, GError **error)
{
    g_autoptr(TemplateData) data = template_data_new();
    char day[11], today[11];
    notice_date(effective, day);
    notice_date(options->today, today);
    g_autofree char *domains = g_strjoinv(", ", options->config->district.domains);
    template_set(data, "district", options->config->district.name);
    template_set(data, "domains", domains);
    template_set(data, "contact", options->config->notice.contact);
    template_set(data, "effective", day);
    template_set(data, "today", today);
    return text_set(data, options->set, error) ? g_steal_pointer(&data) : NULL;
}

// Lines that begin with "#" are for who fills the template in.
static char *text_body(const char *whole, char **out_subject)
{
    const char *at = whole;
    while (*at == '#') {
        const char *end = strchr(at, '\n');
        at = end != NULL ? end + 1 : at + strlen(at);
    }
    const char *end = strchr(at, '\n');
    bool has = g_str_has_prefix(at, SUBJECT) && end != NULL;
    *out_subject =
        has ? g_strndup(at + strlen(SUBJECT), (gsize)(end - at) - strlen(SUBJECT)) : g_strdup("Notice");
    at = has ? end : at;
    return g_strdup(at + strspn(at, "\n"));
}

char *notice_text(const NoticeOptions *options, const char *name, int effective, char **out_subject,
                  GError **error)
{
    g_autofree char *path = text_find(options->config, name, error);
    g_autoptr(GBytes) bytes = path != NULL ? file_read(path, TEMPLATE_MAX, error) : NULL;
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *raw = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(raw != NULL ? raw : "", len);
    g_autoptr(Template) template = template_parse(path, text, NAMES, error);
    g_autoptr(TemplateData) data = template != NULL ? text_data(options, effective, error) : NULL;
    if (data == NULL || (template_uses(template, "policy") && !change_data(options, data, error)))
        return NULL;
    g_autofree char *whole = template_render(template, data);
    return text_body(whole, out_subject);
}
