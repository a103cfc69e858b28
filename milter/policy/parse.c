// A policy file as a whole: its sections, its rules.
#include "policy/internal.h"

#include <string.h>

#define MOST_TEXT     (1024 * 1024)
#define MOST_RULES    2000
#define MOST_INCLUDES 50

static void rule_free(Rule *rule)
{
    g_free(rule->name);
    g_free(rule->clause);
    g_free(rule->gist);
    g_free(rule->remedy);
    g_free(rule->reply);
    condition_free(rule->when);
    g_clear_pointer(&rule->unless, g_ptr_array_unref);
    g_free(rule);
}

static void policy_free(Policy *policy)
{
    g_free(policy->name);
    g_free(policy->version);
    g_ptr_array_unref(policy->rules);
    g_ptr_array_unref(policy->purpose.phrases);
    g_free(policy->purpose.clause);
    g_free(policy->purpose.gist);
    g_free(policy->purpose.remedy);
    g_ptr_array_unref(policy->record_words);
    g_ptr_array_unref(policy->title_words);
    g_free(policy);
}

Policy *policy_ref(Policy *policy)
{
    g_atomic_int_inc(&policy->refs);
    return policy;
}

void policy_unref(Policy *policy)
{
    if (policy && g_atomic_int_dec_and_test(&policy->refs))
        policy_free(policy);
}

const char *policy_name(const Policy *policy)
{
    return policy->name;
}

const char *policy_version(const Policy *policy)
{
    return policy->version;
}

guint policy_rule_count(const Policy *policy)
{
    return policy->rules->len;
}

static Policy *policy_new(void)
{
    Policy *policy = g_new0(Policy, 1);
    policy->refs = 1;
    policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    policy->purpose.phrases = g_ptr_array_new_with_free_func((GDestroyNotify)phrase_free);
    policy->purpose.action = ACTION_COACH;
    policy->purpose.severity = 2;
    policy->record_words = g_ptr_array_new_with_free_func((GDestroyNotify)phrase_free);
    policy->record_min = 2;
    policy->names_min = 3;
    policy->title_words = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < KIND_LAST; i++)
        policy->confidence[i] = 0.5;
    return policy;
}

// ---- rules -----------------------------------------------------------------------------------------------

static bool rule_name_good(const char *name)
{
    bool good = name && *name && strlen(name) <= 60;
    for (const char *p = name; good && *p; p++)
        good = g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '-';
    return good;
}

// Clause codes joined by "; ", as reasons cite them.
static char *clause_parse(PolicyParser *parser, const config_setting_t *group)
{
    g_auto(GStrv) codes = parser_strings(parser, group, "clause");
    if (!codes)
        parser_mistake(parser, group, "clause", "is missing; cite the clauses the rule implements");
    return g_strjoinv("; ", codes ? codes : (char *[]){NULL});
}

static void rule_notices(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    rule->notify_sender = rule->action >= ACTION_COACH;
    rule->notify_reviewers = rule->action == ACTION_HOLD;
    const config_setting_t *notify = config_setting_get_member(group, "notify");
    if (!notify)
        return;
    bool nobody = config_setting_is_aggregate(notify) && config_setting_length(notify) == 0;
    guint mask = nobody ? 0 : parser_mask(parser, group, "notify", names_notice, 2);
    rule->notify_sender = mask & 1;
    rule->notify_reviewers = mask & 2;
}

static void rule_decision(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    int action = parser_name(parser, group, "action", names_action, ACTION_REJECT + 1);
    if (!config_setting_get_member(group, "action"))
        parser_mistake(parser, group, "action", "is missing; use one of: deliver, tag, coach, hold, reject");
    rule->action = action < 0 ? ACTION_DELIVER : (Action)action;
    rule->severity = rule->action >= ACTION_HOLD ? 3 : rule->action == ACTION_COACH ? 2 : 1;
    (void)parser_int(parser, group, "severity", 0, 3, &rule->severity);
    int mode = parser_name(parser, group, "mode", names_mode, MODE_ENFORCE + 1);
    rule->mode = mode < 0 ? MODE_ENFORCE : (Mode)mode;
    rule_notices(parser, group, rule);
    rule->reply = parser_string(parser, group, "reply");
    if (rule->action == ACTION_REJECT && !rule->reply)
        parser_mistake(parser, group, "reply",
                       "is missing; a rule that rejects needs the text the sender gets");
    if (rule->action != ACTION_REJECT && rule->reply)
        parser_mistake(parser, group, "reply", "is only used by rules that reject; remove it");
}

static void rule_unless(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    rule->unless = g_ptr_array_new_with_free_func((GDestroyNotify)condition_free);
    const config_setting_t *unless = config_setting_get_member(group, "unless");
    if (!unless)
        return;
    bool list = config_setting_is_list(unless);
    for (int i = 0; i < (list ? config_setting_length(unless) : 1); i++) {
        const config_setting_t *one = list ? config_setting_get_elem(unless, i) : unless;
        Condition *condition = NULL;
        if (config_setting_is_group(one))
            condition = condition_parse(parser, one);
        else
            parser_mistake(parser, one, "unless",
                           "must be a group { ... } or a list of groups ( { ... }, ... )");
        if (condition)
            g_ptr_array_add(rule->unless, condition);
    }
    if (list && config_setting_length(unless) == 0)
        parser_mistake(parser, unless, "unless", "is empty; give a condition or remove it");
}

static void rule_conditions(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    const config_setting_t *when = config_setting_get_member(group, "when");
    if (!when)
        parser_mistake(parser, group, "when", "is missing; a rule without a condition would always fire");
    else if (!config_setting_is_group(when))
        parser_mistake(parser, when, "when", "must be a group: { ... }");
    else
        rule->when = condition_parse(parser, when);
    rule_unless(parser, group, rule);
    rule->exceptions = parser_mask(parser, group, "exceptions", names_exception, EXCEPTION_LAST);
    if (rule->exceptions && rule->when && !rule->when->selects)
        parser_mistake(
            parser, config_setting_get_member(group, "exceptions"), "exceptions",
            "the rule selects no finding that an exception could cover; add a finding or remove the key");
}

static void rule_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"name",   "clause", "gist", "remedy", "action",     "severity", "mode",
                                       "notify", "reply",  "when", "unless", "exceptions", NULL};
    if (!config_setting_is_group(group)) {
        parser_mistake(parser, group, "rules", "must be a list of groups: ( { name = ...; }, ... )");
        return;
    }
    Rule *rule = g_new0(Rule, 1);
    g_ptr_array_add(policy->rules, rule);
    rule->line = (int)config_setting_source_line(group);
    rule->name = parser_string(parser, group, "name");
    parser->rule = rule->name ? rule->name : "rule";
    parser_known_keys(parser, group, keys);
    if (!rule_name_good(rule->name))
        parser_mistake(parser, group, "name", "must be 1 to 60 of a-z, 0-9 and \"-\"");
    for (guint i = 0; i + 1 < policy->rules->len; i++) {
        const Rule *other = policy->rules->pdata[i];
        if (rule->name && g_strcmp0(other->name, rule->name) == 0)
            parser_mistake(parser, group, "name", "is used in line %d too; give each rule a name of its own",
                           other->line);
    }
    rule->clause = clause_parse(parser, group);
    rule->gist = parser_string(parser, group, "gist");
    if (!config_setting_get_member(group, "gist"))
        parser_mistake(parser, group, "gist", "is missing; say in one line what the rule is about");
    rule->remedy = parser_string(parser, group, "remedy");
    rule_decision(parser, group, rule);
    rule_conditions(parser, group, rule);
    parser->rule = "policy";
}

// ---- other sections --------------------------------------------------------------------------------------

static void phrases_parse(PolicyParser *parser, const config_setting_t *group, const char *key,
                          GPtrArray *out)
{
    g_auto(GStrv) texts = parser_strings(parser, group, key);
    if (!texts)
        parser_mistake(parser, group, key, "is missing");
    for (guint i = 0; texts && texts[i]; i++) {
        PhrasePattern *phrase = phrase_new(texts[i]);
        if (phrase)
            g_ptr_array_add(out, phrase);
        else
            parser_mistake(parser, config_setting_get_member(group, key), key, "\"%s\" has no word",
                           texts[i]);
    }
}

static void purpose_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"phrases", "clause", "gist", "remedy", "severity", "action", NULL};
    PurposeRule *purpose = &policy->purpose;
    parser_known_keys(parser, group, keys);
    phrases_parse(parser, group, "phrases", purpose->phrases);
    purpose->clause = clause_parse(parser, group);
    purpose->gist = parser_string(parser, group, "gist");
    purpose->remedy = parser_string(parser, group, "remedy");
    (void)parser_int(parser, group, "severity", 0, 3, &purpose->severity);
    int action = parser_name(parser, group, "action", names_action, ACTION_HOLD + 1);
    purpose->action = action < 0 ? ACTION_COACH : (Action)action;
}

static void records_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"words", "min-words", "min-names", NULL};
    parser_known_keys(parser, group, keys);
    phrases_parse(parser, group, "words", policy->record_words);
    (void)parser_int(parser, group, "min-words", 1, 100, &policy->record_min);
    (void)parser_int(parser, group, "min-names", 2, 1000, &policy->names_min);
}

static void staff_name_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"titles", NULL};
    parser_known_keys(parser, group, keys);
    g_auto(GStrv) titles = parser_strings(parser, group, "titles");
    for (guint i = 0; titles && titles[i]; i++)
        g_ptr_array_add(policy->title_words, g_utf8_casefold(titles[i], -1));
}

static void confidence_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    const char *keys[KIND_LAST + 2] = {"default"};
    for (int i = 0; i < KIND_LAST; i++)
        keys[i + 1] = kind_name((Kind)i);
    parser_known_keys(parser, group, keys);
    double fallback = 0.5;
    (void)parser_number(parser, group, "default", &fallback);
    for (int i = 0; i < KIND_LAST; i++) {
        policy->confidence[i] = fallback;
        (void)parser_number(parser, group, kind_name((Kind)i), &policy->confidence[i]);
    }
}

// Sections of names (lists, conditions) and of rules may come in pieces, "rules-shared", so that included
// files can bring their own.
static bool section_is(const char *name, const char *section)
{
    gsize len = strlen(section);
    return strncmp(name, section, len) == 0 && (name[len] == '\0' || name[len] == '-');
}

static void named_collect(PolicyParser *parser, const config_setting_t *section, GHashTable *table)
{
    if (!config_setting_is_group(section)) {
        parser_mistake(parser, section, config_setting_name(section), "must be a group: { name = ...; }");
        return;
    }
    for (int i = 0; i < config_setting_length(section); i++) {
        config_setting_t *member = config_setting_get_elem(section, i);
        if (!g_hash_table_insert(table, (gpointer)config_setting_name(member), member))
            parser_mistake(parser, member, config_setting_name(member),
                           "is defined twice; give each a name of its own");
    }
}

static void lists_check(PolicyParser *parser)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, parser->lists);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const config_setting_t *list = value;
        if (!config_setting_is_array(list) && !config_setting_is_list(list)) {
            parser_mistake(parser, list, name, "a list must be an array of strings: [ \"a\", \"b\" ]");
            continue;
        }
        if (config_setting_length(list) == 0)
            parser_mistake(parser, list, name, "is empty; give a value or remove the list");
        for (int i = 0; i < config_setting_length(list); i++) {
            const config_setting_t *item = config_setting_get_elem(list, i);
            const char *text = config_setting_get_string(item);
            if (!text || !*text || g_str_has_prefix(text, "list:"))
                parser_mistake(parser, item, name, "holds something that is not a plain string");
        }
    }
}

// Named conditions nobody uses are checked too.
static void conditions_check(PolicyParser *parser)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, parser->conditions);
    while (g_hash_table_iter_next(&iter, &name, &value))
        condition_free(condition_parse_named(parser, name, value));
}

typedef void (*SectionFunc)(PolicyParser *parser, const config_setting_t *group, Policy *policy);

static bool section_read(PolicyParser *parser, const config_setting_t *section, Policy *policy)
{
    static const struct {
        const char *name;
        SectionFunc func;
    } sections[] = {{"purpose", purpose_parse},
                    {"student-data", records_parse},
                    {"staff-name", staff_name_parse},
                    {"confidence", confidence_parse}};
    const char *name = config_setting_name(section);
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
        if (strcmp(name, sections[i].name) != 0)
            continue;
        parser->rule = name;
        if (config_setting_is_group(section))
            sections[i].func(parser, section, policy);
        else
            parser_mistake(parser, section, name, "must be a group: { ... }");
        parser->rule = "policy";
        return true;
    }
    return strcmp(name, "name") == 0 || strcmp(name, "version") == 0 || section_is(name, "lists") ||
           section_is(name, "conditions");
}

static void rules_read(PolicyParser *parser, const config_setting_t *section, Policy *policy)
{
    if (!config_setting_is_list(section))
        parser_mistake(parser, section, config_setting_name(section),
                       "must be a list: ( { name = ...; }, ... )");
    for (int i = 0; config_setting_is_list(section) && i < config_setting_length(section); i++) {
        if (policy->rules->len >= MOST_RULES) {
            parser_mistake(parser, section, config_setting_name(section), "more than %d rules", MOST_RULES);
            return;
        }
        rule_parse(parser, config_setting_get_elem(section, i), policy);
    }
}

static void sections_read(PolicyParser *parser, const config_setting_t *root, Policy *policy)
{
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *section = config_setting_get_elem(root, i);
        if (section_is(config_setting_name(section), "lists"))
            named_collect(parser, section, parser->lists);
        else if (section_is(config_setting_name(section), "conditions"))
            named_collect(parser, section, parser->conditions);
    }
    lists_check(parser);
    conditions_check(parser);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *section = config_setting_get_elem(root, i);
        if (section_is(config_setting_name(section), "rules"))
            rules_read(parser, section, policy);
        else if (!section_read(parser, section, policy))
            parser_mistake(
                parser, section, config_setting_name(section),
                "unknown section; use name, version, confidence, lists, conditions, purpose, student-data, "
                "staff-name or rules");
    }
    if (policy->rules->len == 0)
        parser_mistake(parser, NULL, "rules",
                       "the policy has no rule; a policy that does nothing is a mistake");
}

// ---- the whole -------------------------------------------------------------------------------------------

// The paths of @include lines in `text`.
static GPtrArray *includes_of(const char *text)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strchug(lines[i]);
        const char *open = g_str_has_prefix(line, "@include") ? strchr(line, '"') : NULL;
        const char *close = open ? strchr(open + 1, '"') : NULL;
        if (close)
            g_ptr_array_add(paths, g_strndup(open + 1, close - open - 1));
        else if (g_str_has_prefix(line, "@include"))
            g_ptr_array_add(paths, g_strdup(""));
    }
    return paths;
}

// Adds the bytes of every included file to `sum`, so that the version changes with them.
static void includes_sum(PolicyParser *parser, const char *text, const char *include_dir, GChecksum *sum)
{
    g_autoptr(GPtrArray) paths = includes_of(text);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = paths->pdata[i];
        if (!include_dir || i >= MOST_INCLUDES) {
            parser_mistake(parser, NULL, "@include", include_dir ? "too many" : "\"%s\" is not allowed here",
                           path);
            return;
        }
        g_autofree char *full = g_canonicalize_filename(path, include_dir);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = file_read(full, MOST_TEXT, &error);
        if (!bytes) {
            parser_mistake(parser, NULL, "@include", "%s", error->message);
            continue;
        }
        gsize len;
        const char *data = g_bytes_get_data(bytes, &len);
        g_autofree char *copy = g_strndup(data, len);
        g_autoptr(GPtrArray) nested = includes_of(copy);
        if (nested->len > 0)
            parser_mistake(parser, NULL, "@include", "%s includes another file; include it from %s", full,
                           parser->file);
        g_checksum_update(sum, (const guchar *)data, (gssize)len);
    }
}

static void header_read(PolicyParser *parser, const config_setting_t *root, Policy *policy, GChecksum *sum)
{
    policy->name = parser_string(parser, root, "name");
    int number = 0;
    const config_setting_t *version = config_setting_get_member(root, "version");
    if (!policy->name)
        parser_mistake(parser, NULL, "name", "is missing; name the policy");
    if (!version)
        parser_mistake(parser, NULL, "version", "is missing; number the policy's versions: version = 1;");
    (void)parser_int(parser, root, "version", 0, G_MAXINT, &number);
    policy->version = g_strdup_printf("%d-%.12s", number, g_checksum_get_string(sum));
}

static gint rule_compare(gconstpointer a, gconstpointer b)
{
    const Rule *const *left = a, *const *right = b;
    return g_strcmp0((*left)->name, (*right)->name);
}

static void policy_read(PolicyParser *parser, const char *text, const char *include_dir, Policy *policy)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)text, -1);
    includes_sum(parser, text, include_dir, sum);
    if (parser->mistakes->len > 0)
        return;
    if (include_dir)
        config_set_include_dir(parser->config, include_dir);
    if (!config_read_string(parser->config, text)) {
        const char *file = config_error_file(parser->config);
        g_ptr_array_add(parser->mistakes,
                        g_strdup_printf("%s:%d: policy: syntax: %s; look at this line and the one before it",
                                        file ? file : parser->file, config_error_line(parser->config),
                                        config_error_text(parser->config)));
        return;
    }
    const config_setting_t *root = config_root_setting(parser->config);
    header_read(parser, root, policy, sum);
    sections_read(parser, root, policy);
    g_ptr_array_sort(policy->rules, rule_compare);
}

Policy *policy_parse(const char *name, const char *text, const char *include_dir, GError **error)
{
    config_t config;
    config_init(&config);
    PolicyParser parser = {.file = name,
                           .mistakes = g_ptr_array_new_with_free_func(g_free),
                           .config = &config,
                           .lists = g_hash_table_new(g_str_hash, g_str_equal),
                           .conditions = g_hash_table_new(g_str_hash, g_str_equal),
                           .rule = "policy"};
    Policy *policy = policy_new();
    policy_read(&parser, text, include_dir, policy);
    if (parser.mistakes->len > 0) {
        g_ptr_array_add(parser.mistakes, NULL);
        g_autofree char *all = g_strjoinv("\n", (char **)parser.mistakes->pdata);
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, all);
        g_clear_pointer(&policy, policy_unref);
    }
    g_hash_table_unref(parser.lists);
    g_hash_table_unref(parser.conditions);
    g_ptr_array_unref(parser.mistakes);
    config_destroy(&config);
    return policy;
}
