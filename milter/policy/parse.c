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
    g_free(rule->sample);
    g_free(rule->template);
    g_free(rule->escalate);
    g_strfreev(rule->clauses);
    g_strfreev(rule->unknown);
    g_clear_pointer(&rule->modes, g_array_unref);
    condition_free(rule->when);
    g_clear_pointer(&rule->unless, g_ptr_array_unref);
    g_free(rule);
}

static void escalation_free(PolicyEscalation *escalation)
{
    g_free(escalation->name);
    g_strfreev(escalation->contacts);
    g_free(escalation);
}

static void clause_free(Clause *clause)
{
    g_free(clause->id);
    g_free(clause->gist);
    g_free(clause->left_out);
    g_strfreev(clause->by);
    g_free(clause);
}

static void policy_free(Policy *policy)
{
    for (int i = 0; i < EXCEPTION_LAST; i++)
        g_strfreev(policy->demands[i].approvers);
    g_ptr_array_unref(policy->escalations);
    g_ptr_array_unref(policy->clauses);
    g_free(policy->name);
    g_free(policy->version);
    g_free(policy->sha256);
    g_ptr_array_unref(policy->sections);
    g_ptr_array_unref(policy->unused);
    g_ptr_array_unref(policy->rules);
    g_ptr_array_unref(policy->purpose.phrases);
    g_free(policy->purpose.clause);
    g_free(policy->purpose.gist);
    g_free(policy->purpose.remedy);
    g_strfreev(policy->purpose.clauses);
    g_ptr_array_unref(policy->record_words);
    g_ptr_array_unref(policy->title_words);
    g_hash_table_unref(policy->calendars);
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

const char *policy_sha256(const Policy *policy)
{
    return policy->sha256;
}

guint policy_rule_count(const Policy *policy)
{
    return policy->rules->len;
}

GPtrArray *policy_templates(const Policy *policy)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *rule = policy->rules->pdata[i];
        if (rule->template && !g_ptr_array_find_with_equal_func(names, rule->template, g_str_equal, NULL))
            g_ptr_array_add(names, g_strdup(rule->template));
    }
    return names;
}

static Policy *policy_new(void)
{
    Policy *policy = g_new0(Policy, 1);
    policy->refs = 1;
    policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    policy->purpose.phrases = g_ptr_array_new_with_free_func((GDestroyNotify)phrase_free);
    policy->purpose.action = ACTION_COACH;
    policy->purpose.severity = 2;
    policy->sections = g_ptr_array_new_with_free_func(g_free);
    policy->unused = g_ptr_array_new_with_free_func((GDestroyNotify)unused_free);
    policy->record_words = g_ptr_array_new_with_free_func((GDestroyNotify)phrase_free);
    policy->record_min = 2;
    policy->names_min = 3;
    policy->calendars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)calendar_free);
    policy->escalations = g_ptr_array_new_with_free_func((GDestroyNotify)escalation_free);
    policy->clauses = g_ptr_array_new_with_free_func((GDestroyNotify)clause_free);
    policy->hours = (TimeCond){.from = -1, .until = -1};
    policy->patterns = (PolicyPatterns){30, 1, 2, 3, 4, 20, true};
    for (int i = 0; i < EXCEPTION_LAST; i++)
        policy->demands[i] = (ExceptionDemand){.retro_hours = i == EXCEPTION_EMERGENCY ? 72 : -1,
                                               .consent = TRI_UNKNOWN,
                                               .purpose = TRI_UNKNOWN,
                                               .document = TRI_UNKNOWN};
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
char *clause_parse(PolicyParser *parser, const config_setting_t *group)
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
    guint mask = nobody ? 0 : parser_mask(parser, group, "notify", names_notice, 3);
    rule->notify_sender = mask & 1;
    rule->notify_reviewers = mask & 2;
    rule->notify_recipients = mask & 4;
}

// Before the first date the rule is what `mode` says, monitor where that is left out.
static void rule_modes(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    static const char *const keys[] = {"from", "mode", NULL};
    const config_setting_t *modes = config_setting_get_member(group, "modes");
    int mode = parser_name(parser, group, "mode", names_mode, MODE_ENFORCE + 1), last = 0;
    rule->mode = mode >= 0 ? (Mode)mode : modes ? MODE_MONITOR : MODE_ENFORCE;
    if (modes && !config_setting_is_list(modes))
        parser_mistake(parser, modes, "modes",
                       "must be a list: ( { from = \"2026-09-15\"; mode = \"enforce\"; } )");
    else if (modes && config_setting_length(modes) == 0)
        parser_mistake(parser, modes, "modes", "is empty; give a date or remove it");
    rule->modes = modes ? g_array_new(FALSE, FALSE, sizeof(DatedMode)) : NULL;
    for (int i = 0; modes && config_setting_is_list(modes) && i < config_setting_length(modes); i++) {
        const config_setting_t *one = config_setting_get_elem(modes, i);
        if (!config_setting_is_group(one)) {
            parser_mistake(parser, one, "modes",
                           "must hold groups: { from = \"2026-09-15\"; mode = \"enforce\"; }");
            continue;
        }
        parser_known_keys(parser, one, keys);
        g_autofree char *from = parser_string(parser, one, "from");
        int named = parser_name(parser, one, "mode", names_mode, MODE_ENFORCE + 1);
        DatedMode dated = {parser_date(parser, one, "from", from), named < 0 ? MODE_MONITOR : (Mode)named};
        if (named < 0)
            parser_mistake(parser, one, "mode", "is missing; use one of: monitor, coach, enforce");
        if (dated.from > 0 && dated.from <= last)
            parser_mistake(parser, one, "from", "does not come after the date before it; order them");
        last = MAX(last, dated.from);
        g_array_append_val(rule->modes, dated);
    }
}

static void rule_extras(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    rule->clauses = parser_strings(parser, group, "clause");
    rule->shared = config_setting_source_file(group) != NULL;
    rule->sample = parser_string(parser, group, "sample");
    rule->template = parser_string(parser, group, "template");
    rule->escalate = parser_string(parser, group, "escalate");
    if (rule->template && !rule_name_good(rule->template))
        parser_mistake(parser, group, "template",
                       "must be 1 to 60 of a-z, 0-9 and \"-\": the name of a notice's template");
    rule->protected = parser_bool(parser, group, "protected") == TRI_YES;
    rule->alert = parser_bool(parser, group, "alert") == TRI_YES;
    if (rule->protected && rule->action != ACTION_DELIVER)
        parser_mistake(parser, group, "protected",
                       "protected activity is delivered; use action = \"deliver\"");
    if (rule->alert && rule->action >= ACTION_HOLD)
        parser_mistake(parser, group, "alert", "what is held is reviewed anyway; remove alert");
    parser_weight(parser, group, "alert-score", &rule->alert_score);
    if (config_setting_get_member(group, "alert-score") && !rule->alert)
        parser_mistake(parser, group, "alert-score",
                       "is the score from which on a rule alerts; add alert = true");
}

static void rule_decision(PolicyParser *parser, const config_setting_t *group, Rule *rule)
{
    int action = parser_name(parser, group, "action", names_action, ACTION_REJECT + 1);
    if (!config_setting_get_member(group, "action"))
        parser_mistake(parser, group, "action", "is missing; use one of: deliver, tag, coach, hold, reject");
    rule->action = action < 0 ? ACTION_DELIVER : (Action)action;
    rule->severity = rule->action >= ACTION_HOLD ? 3 : rule->action == ACTION_COACH ? 2 : 1;
    (void)parser_int(parser, group, "severity", 0, 3, &rule->severity);
    rule_modes(parser, group, rule);
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
    static const char *const keys[] = {"name",     "clause",     "gist",   "remedy",      "action",
                                       "severity", "mode",       "notify", "reply",       "when",
                                       "unless",   "exceptions", "modes",  "sample",      "template",
                                       "escalate", "protected",  "alert",  "alert-score", NULL};
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
    rule_extras(parser, group, rule);
    rule_conditions(parser, group, rule);
    parser->rule = "policy";
}

// ---- other sections --------------------------------------------------------------------------------------

void phrases_parse(PolicyParser *parser, const config_setting_t *group, const char *key, GPtrArray *out)
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
        else if (section_is(config_setting_name(section), "calendars"))
            calendars_parse(parser, section, policy);
    }
    lists_check(parser);
    conditions_check(parser);
    g_hash_table_remove_all(parser->used); // what only checking looked at
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *section = config_setting_get_elem(root, i);
        g_ptr_array_add(policy->sections, g_strdup(config_setting_name(section)));
        if (section_is(config_setting_name(section), "rules"))
            rules_read(parser, section, policy);
        else if (!section_is(config_setting_name(section), "lists") &&
                 !section_is(config_setting_name(section), "conditions") &&
                 !section_is(config_setting_name(section), "calendars") &&
                 !section_parse(parser, section, policy))
            parser_mistake(parser, section, config_setting_name(section),
                           "unknown section; use name, version, confidence, lists, conditions, calendars, "
                           "hours, purpose, "
                           "student-data, staff-name, exceptions, patterns, escalations, clauses or rules");
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
    policy->sha256 = g_strdup(g_checksum_get_string(sum));
    policy->version = g_strdup_printf("%d-%.12s", number, g_checksum_get_string(sum));
}

static gint rule_compare(gconstpointer a, gconstpointer b)
{
    const Rule *const *left = a, *const *right = b;
    return g_strcmp0((*left)->name, (*right)->name);
}

static void scores_check(PolicyParser *parser, const Policy *policy)
{
    for (guint i = 0; i < policy->rules->len && !policy->has_patterns; i++) {
        const Rule *rule = policy->rules->pdata[i];
        parser->rule = rule->name ? rule->name : "rule";
        if (rule->alert_score > 0)
            parser_mistake(parser, NULL, "alert-score",
                           "asks for a score, and the policy counts none; add a section patterns");
    }
    parser->rule = "policy";
}

static void escalations_check(PolicyParser *parser, const Policy *policy)
{
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *rule = policy->rules->pdata[i];
        bool found = rule->escalate == NULL;
        for (guint j = 0; j < policy->escalations->len && !found; j++)
            found =
                strcmp(((const PolicyEscalation *)policy->escalations->pdata[j])->name, rule->escalate) == 0;
        parser->rule = rule->name ? rule->name : "rule";
        if (!found)
            parser_mistake(parser, NULL, "escalate", "no escalation \"%s\"; define it in section escalations",
                           rule->escalate);
    }
    parser->rule = "policy";
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
    escalations_check(parser, policy);
    scores_check(parser, policy);
    clauses_filter(policy);
    unused_collect(parser, policy);
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
                           .used = g_hash_table_new(NULL, NULL),
                           .rule = "policy"};
    Policy *policy = policy_new();
    parser.calendars = policy->calendars;
    policy_read(&parser, text, include_dir, policy);
    if (parser.mistakes->len > 0) {
        g_ptr_array_add(parser.mistakes, NULL);
        g_autofree char *all = g_strjoinv("\n", (char **)parser.mistakes->pdata);
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, all);
        g_clear_pointer(&policy, policy_unref);
    }
    g_hash_table_unref(parser.lists);
    g_hash_table_unref(parser.conditions);
    g_hash_table_unref(parser.used);
    g_ptr_array_unref(parser.mistakes);
    config_destroy(&config);
    return policy;
}
