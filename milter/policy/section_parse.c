// Sections of a policy beside rules, lists and conditions.
#include "policy/internal.h"

#include <string.h>

// ---- calendars and hours ---------------------------------------------------------------------------------

// "2026-11-26" or "2026-11-26/2026-11-27".
static DateSpan span_parse(PolicyParser *parser, const config_setting_t *setting, const char *key,
                           const char *text)
{
    g_auto(GStrv) ends = g_strsplit(text, "/", 2);
    DateSpan span = {0, 0};
    span.from = parser_date(parser, setting, key, ends[0]);
    span.until = ends[0] && ends[1] ? parser_date(parser, setting, key, ends[1]) : span.from;
    if (span.until < span.from)
        parser_mistake(parser, setting, key, "\"%s\" ends before it begins", text);
    return span;
}

static int optional_date(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    g_autofree char *text = parser_string(parser, group, key);
    return text ? parser_date(parser, config_setting_get_member(group, key), key, text) : 0;
}

static Calendar *calendar_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"days", "from", "until", "closed", NULL};
    Calendar *calendar = g_new0(Calendar, 1);
    parser_known_keys(parser, group, keys);
    calendar->days = parser_days(parser, group, "days");
    calendar->span = (DateSpan){optional_date(parser, group, "from"), optional_date(parser, group, "until")};
    if (calendar->span.until > 0 && calendar->span.until < calendar->span.from)
        parser_mistake(parser, config_setting_get_member(group, "until"), "until",
                       "comes before from; no day is in the calendar");
    calendar->closed = g_array_new(FALSE, FALSE, sizeof(DateSpan));
    const config_setting_t *closed = config_setting_get_member(group, "closed");
    bool none = closed && config_setting_is_aggregate(closed) && config_setting_length(closed) == 0;
    g_auto(GStrv) spans = none ? NULL : parser_strings(parser, group, "closed");
    for (guint i = 0; spans && spans[i]; i++) {
        DateSpan span = span_parse(parser, closed, "closed", spans[i]);
        g_array_append_val(calendar->closed, span);
    }
    return calendar;
}

void calendars_parse(PolicyParser *parser, const config_setting_t *section, Policy *policy)
{
    parser->rule = "calendars";
    for (int i = 0; config_setting_is_group(section) && i < config_setting_length(section); i++) {
        const config_setting_t *member = config_setting_get_elem(section, i);
        const char *name = config_setting_name(member);
        if (!config_setting_is_group(member))
            parser_mistake(parser, member, name, "must be a group: { days = [ ... ]; }");
        else if (!g_hash_table_insert(policy->calendars, g_strdup(name), calendar_parse(parser, member)))
            parser_mistake(parser, member, name, "is defined twice; give each a name of its own");
    }
    if (!config_setting_is_group(section))
        parser_mistake(parser, section, "calendars", "must be a group: { school-days: { ... }; }");
    parser->rule = "policy";
}

static void hours_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    if (config_setting_length(group) == 0)
        parser_mistake(parser, group, "hours", "asks for nothing; give from and until");
    TimeCond *hours = time_parse(parser, group, "hours");
    policy->hours = *hours;
    policy->has_hours = true;
    g_free(hours);
}

// ---- exceptions ------------------------------------------------------------------------------------------

static void demand_parse(PolicyParser *parser, const config_setting_t *group, ExceptionDemand *demand)
{
    static const char *const keys[] = {"retro-hours", "consent", "purpose", "document", "approver", NULL};
    parser_known_keys(parser, group, keys);
    (void)parser_int(parser, group, "retro-hours", 0, 24 * 366, &demand->retro_hours);
    demand->consent = parser_bool(parser, group, "consent");
    demand->purpose = parser_bool(parser, group, "purpose");
    demand->document = parser_bool(parser, group, "document");
    demand->approvers = parser_strings(parser, group, "approver");
}

static void exceptions_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    const char *keys[EXCEPTION_LAST + 1] = {NULL};
    for (int i = 0; i < EXCEPTION_LAST; i++)
        keys[i] = names_exception(i);
    parser_known_keys(parser, group, keys);
    for (int i = 0; i < EXCEPTION_LAST; i++) {
        const config_setting_t *member = config_setting_get_member(group, keys[i]);
        if (member && config_setting_is_group(member))
            demand_parse(parser, member, &policy->demands[i]);
        else if (member)
            parser_mistake(parser, member, keys[i], "must be a group: { consent = true; }");
    }
}

// ---- patterns, escalations, clauses ----------------------------------------------------------------------

void parser_weight(PolicyParser *parser, const config_setting_t *group, const char *key, double *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return;
    double value = config_setting_is_number(setting) ? config_setting_get_float(setting) : -1;
    if (config_setting_type(setting) == CONFIG_TYPE_INT)
        value = config_setting_get_int(setting);
    if (value < 0 || value > 1e6)
        parser_mistake(parser, setting, key, "must be a number from 0 to 1000000");
    else
        *out = value;
}

static void patterns_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"window-days", "weights", "alert", "baseline", NULL};
    static const char *const weights[] = {"one-to-one", "late", "image-only", "near-miss", NULL};
    PolicyPatterns *patterns = &policy->patterns;
    double *const into[] = {&patterns->one_to_one, &patterns->late, &patterns->image_only,
                            &patterns->near_miss};
    parser_known_keys(parser, group, keys);
    (void)parser_int(parser, group, "window-days", 1, 366, &patterns->window_days);
    parser_weight(parser, group, "alert", &patterns->alert);
    if (patterns->alert <= 0)
        parser_mistake(parser, config_setting_get_member(group, "alert"), "alert",
                       "must be more than 0; every pair would alert somebody");
    patterns->baseline = parser_bool(parser, group, "baseline") != TRI_NO;
    const config_setting_t *member = config_setting_get_member(group, "weights");
    if (member && config_setting_is_group(member)) {
        parser_known_keys(parser, member, weights);
        for (guint i = 0; weights[i]; i++)
            parser_weight(parser, member, weights[i], into[i]);
    } else if (member) {
        parser_mistake(parser, member, "weights", "must be a group: { late = 2.0; }");
    }
    policy->has_patterns = true;
}

static void escalation_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"contacts", "hours", "legal-hold", NULL};
    PolicyEscalation *escalation = g_new0(PolicyEscalation, 1);
    g_ptr_array_add(policy->escalations, escalation);
    parser_known_keys(parser, group, keys);
    escalation->name = g_strdup(config_setting_name(group));
    escalation->contacts = parser_strings(parser, group, "contacts");
    escalation->hours = 24;
    (void)parser_int(parser, group, "hours", 1, 24 * 366, &escalation->hours);
    escalation->legal_hold = parser_bool(parser, group, "legal-hold") != TRI_NO;
    if (!escalation->contacts)
        parser_mistake(parser, group, "contacts", "is missing; give the addresses that are told");
    for (guint i = 0; escalation->contacts && escalation->contacts[i]; i++)
        if (!strchr(escalation->contacts[i], '@'))
            parser_mistake(parser, config_setting_get_member(group, "contacts"), "contacts",
                           "\"%s\" is no address; write \"user@domain\"", escalation->contacts[i]);
}

static void escalations_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, i);
        if (config_setting_is_group(member))
            escalation_parse(parser, member, policy);
        else
            parser_mistake(parser, member, config_setting_name(member),
                           "must be a group: { contacts = [ ... ]; }");
    }
}

static void clause_one(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"id", "gist", "left-out", "by", NULL};
    Clause *clause = g_new0(Clause, 1);
    g_ptr_array_add(policy->clauses, clause);
    parser_known_keys(parser, group, keys);
    clause->line = (int)config_setting_source_line(group);
    clause->id = parser_string(parser, group, "id");
    clause->gist = parser_string(parser, group, "gist");
    clause->left_out = parser_string(parser, group, "left-out");
    clause->by = parser_strings(parser, group, "by");
    if (!clause->id || !clause->gist)
        parser_mistake(parser, group, clause->id ? "gist" : "id",
                       "is missing; a clause needs its id and a gist");
    if (clause->left_out && clause->by)
        parser_mistake(parser, group, "left-out",
                       "a clause is left out or implemented, not both; remove left-out or by");
    for (guint i = 0; clause->id && i + 1 < policy->clauses->len; i++)
        if (g_strcmp0(((const Clause *)policy->clauses->pdata[i])->id, clause->id) == 0)
            parser_mistake(parser, group, "id", "\"%s\" is listed twice", clause->id);
}

static void clauses_parse(PolicyParser *parser, const config_setting_t *list, Policy *policy)
{
    for (int i = 0; config_setting_is_list(list) && i < config_setting_length(list); i++) {
        const config_setting_t *member = config_setting_get_elem(list, i);
        if (config_setting_is_group(member))
            clause_one(parser, member, policy);
        else
            parser_mistake(parser, member, "clauses",
                           "must be a list of groups: ( { id = ...; gist = ...; }, ... )");
    }
    if (!config_setting_is_list(list))
        parser_mistake(parser, list, "clauses",
                       "must be a list of groups: ( { id = ...; gist = ...; }, ... )");
}

// ---- confidence, purpose, words --------------------------------------------------------------------------

static void purpose_parse(PolicyParser *parser, const config_setting_t *group, Policy *policy)
{
    static const char *const keys[] = {"phrases", "clause", "gist", "remedy", "severity", "action", NULL};
    PurposeRule *purpose = &policy->purpose;
    parser_known_keys(parser, group, keys);
    phrases_parse(parser, group, "phrases", purpose->phrases);
    purpose->clause = clause_parse(parser, group);
    purpose->clauses = parser_strings(parser, group, "clause");
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

// ---- the table -------------------------------------------------------------------------------------------

typedef void (*SectionFunc)(PolicyParser *parser, const config_setting_t *group, Policy *policy);

bool section_parse(PolicyParser *parser, const config_setting_t *section, Policy *policy)
{
    static const struct {
        const char *name;
        SectionFunc func;
        bool list;
    } sections[] = {{"purpose", purpose_parse, false},       {"student-data", records_parse, false},
                    {"staff-name", staff_name_parse, false}, {"confidence", confidence_parse, false},
                    {"hours", hours_parse, false},           {"exceptions", exceptions_parse, false},
                    {"patterns", patterns_parse, false},     {"escalations", escalations_parse, false},
                    {"clauses", clauses_parse, true}};
    const char *name = config_setting_name(section);
    bool known = strcmp(name, "name") == 0 || strcmp(name, "version") == 0;
    for (guint i = 0; i < G_N_ELEMENTS(sections) && !known; i++) {
        if (strcmp(name, sections[i].name) != 0)
            continue;
        known = true;
        parser->rule = name;
        if (sections[i].list || config_setting_is_group(section))
            sections[i].func(parser, section, policy);
        else
            parser_mistake(parser, section, name, "must be a group: { ... }");
        parser->rule = "policy";
    }
    return known;
}
