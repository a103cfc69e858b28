// Reading a retention schedule.
#include "retention/internal.h"

#include <libconfig.h>
#include <string.h>

#define FILE_MAX    (1024 * 1024)
#define ENTRIES_MAX 500
#define TEXTS_MAX   2000
#define YEARS_MAX   200

static const char *const TRIGGERS[] = {"sent", "school-year-end", "student-exit", "event"};

const char *retention_trigger_name(RetentionTrigger trigger)
{
    return TRIGGERS[trigger];
}

// ---- freeing ---------------------------------------------------------------------------------------------

static void class_free(gpointer data)
{
    RetentionClass *class = data;
    char *const texts[] = {class->name, class->title, class->item, class->source, class->event};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(class);
}

static void condition_clear(ScheduleCondition *condition)
{
    char **const lists[] = {condition->from_role, condition->to_role, condition->role,   condition->school,
                            condition->address,   condition->rule,    condition->subject};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    g_free(condition->query);
}

static void rule_free(gpointer data)
{
    ScheduleRule *rule = data;
    condition_clear(&rule->when);
    condition_clear(&rule->unless);
    g_free(rule->name);
    g_free(rule);
}

void retention_schedule_free(RetentionSchedule *schedule)
{
    if (schedule == NULL)
        return;
    char *const texts[] = {schedule->path, schedule->name, schedule->version, schedule->sha256,
                           schedule->adopted};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_ptr_array_unref(schedule->rules);
    g_ptr_array_unref(schedule->classes);
    g_free(schedule);
}

// ---- reading ---------------------------------------------------------------------------------------------

typedef struct {
    RetentionSchedule *schedule;
    GString *mistakes;
    GHashTable *names; // of rules
} Loading;

static void mistake(Loading *loading, const config_setting_t *at, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void mistake(Loading *loading, const config_setting_t *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_string_append_printf(loading->mistakes, "%s%s:%d: %s", loading->mistakes->len > 0 ? "\n" : "",
                           loading->schedule->path, (int)config_setting_source_line(at), what);
}

static bool is_known(const char *name, const char *const *known)
{
    bool found = false;
    for (; *known != NULL && !found; known++)
        found = strcmp(name, *known) == 0;
    return found;
}

// Names what is there and should not be.
static void check_keys(Loading *loading, const config_setting_t *group, const char *const *known)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *one = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(one);
        if (name == NULL || !is_known(name, known))
            mistake(loading, one, "\"%s\" is no key here", name != NULL ? name : "?");
    }
}

// Caller frees; "" where it is not there.
static char *text_of(Loading *loading, const config_setting_t *group, const char *key, bool must)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    const char *text = at != NULL ? config_setting_get_string(at) : NULL;
    if ((at != NULL && text == NULL) || (must && (text == NULL || *text == '\0')))
        mistake(loading, at != NULL ? at : group, "%s wants text in quotes", key);
    return g_strdup(text != NULL ? text : "");
}

static int number_of(Loading *loading, const config_setting_t *group, const char *key, int most)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    bool number = at != NULL && config_setting_type(at) == CONFIG_TYPE_INT;
    int value = number ? config_setting_get_int(at) : 0;
    if (at != NULL && (!number || value < 0 || value > most)) {
        mistake(loading, at, "%s wants a whole number, 0 to %d", key, most);
        value = most; // never a shorter time than was meant
    }
    return value;
}

static bool flag_of(Loading *loading, const config_setting_t *group, const char *key, bool fallback)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    bool flag = at != NULL && config_setting_type(at) == CONFIG_TYPE_BOOL;
    if (at != NULL && !flag)
        mistake(loading, at, "%s wants true or false", key);
    return flag ? config_setting_get_bool(at) : fallback;
}

// One text, or a list of them. Caller frees; NULL where it is not there.
static char **texts_of(Loading *loading, const config_setting_t *group, const char *key)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    if (at == NULL)
        return NULL;
    GStrvBuilder *texts = g_strv_builder_new();
    bool one = config_setting_type(at) == CONFIG_TYPE_STRING;
    int n = one ? 1 : config_setting_is_aggregate(at) ? config_setting_length(at) : 0;
    for (int i = 0; i < MIN(n, TEXTS_MAX); i++) {
        const char *text = one ? config_setting_get_string(at) : config_setting_get_string_elem(at, i);
        if (text == NULL || *text == '\0')
            mistake(loading, at, "%s: element %d wants text in quotes", key, i + 1);
        else
            g_strv_builder_add(texts, text);
    }
    if (n == 0 || n > TEXTS_MAX)
        mistake(loading, at, "%s wants 1 to %d texts: [ \"one\", \"two\" ]", key, TEXTS_MAX);
    char **list = g_strv_builder_end(texts);
    g_strv_builder_unref(texts);
    return list;
}

// ---- classes ---------------------------------------------------------------------------------------------

static const RetentionClass *class_find(const RetentionSchedule *schedule, const char *name)
{
    const RetentionClass *found = NULL;
    for (guint i = 0; i < schedule->classes->len && found == NULL; i++) {
        const RetentionClass *class = schedule->classes->pdata[i];
        found = strcmp(class->name, name) == 0 ? class : NULL;
    }
    return found;
}

static void class_trigger(Loading *loading, const config_setting_t *group, RetentionClass *class)
{
    g_autofree char *trigger = text_of(loading, group, "trigger", !class->permanent);
    class->trigger = TRIGGER_LAST;
    for (int i = 0; i < TRIGGER_LAST; i++)
        if (strcmp(trigger, TRIGGERS[i]) == 0)
            class->trigger = (RetentionTrigger)i;
    if (class->trigger == TRIGGER_LAST && !class->permanent)
        mistake(loading, group, "trigger \"%s\" is none of sent, school-year-end, student-exit, event",
                trigger);
    class->event = text_of(loading, group, "event", class->trigger == TRIGGER_EVENT);
}

static void class_read(Loading *loading, const config_setting_t *group)
{
    static const char *const KEYS[] = {"name", "title",   "item",  "source",    "years",
                                       "days", "trigger", "event", "permanent", NULL};
    RetentionClass *class = g_new0(RetentionClass, 1);
    check_keys(loading, group, KEYS);
    class->name = text_of(loading, group, "name", true);
    class->title = text_of(loading, group, "title", false);
    class->item = text_of(loading, group, "item", false);
    class->source = text_of(loading, group, "source", false);
    class->permanent = flag_of(loading, group, "permanent", false);
    class->years = number_of(loading, group, "years", YEARS_MAX);
    class->days = number_of(loading, group, "days", YEARS_MAX * 366);
    class_trigger(loading, group, class);
    bool period =
        config_setting_get_member(group, "years") != NULL || config_setting_get_member(group, "days") != NULL;
    if (period == class->permanent)
        mistake(loading, group, "class \"%s\" wants years or days, or permanent = true", class->name);
    if (class_find(loading->schedule, class->name) != NULL)
        mistake(loading, group, "a second class \"%s\"", class->name);
    g_ptr_array_add(loading->schedule->classes, class);
}

// ---- rules -----------------------------------------------------------------------------------------------

static void condition_roles(Loading *loading, const config_setting_t *group, char *const *roles)
{
    Role role;
    for (; roles != NULL && *roles != NULL; roles++)
        if (!role_parse(*roles, &role))
            mistake(loading, group, "\"%s\" is no role: staff, student, guardian, list, service, external",
                    *roles);
}

static void condition_query(Loading *loading, const config_setting_t *group, const char *query)
{
    const SearchTerms terms = {"UTC", clock_now_us(), true};
    g_autoptr(GError) why = NULL;
    g_autoptr(SearchQuery) parsed = search_query_parse(query, &terms, &why);
    if (parsed == NULL)
        mistake(loading, group, "%s", why->message);
}

static bool condition_read(Loading *loading, const config_setting_t *rule, const char *name,
                           ScheduleCondition *out)
{
    static const char *const KEYS[] = {"from_role", "to_role", "role",  "school", "address",
                                       "rule",      "subject", "query", NULL};
    const config_setting_t *group = config_setting_get_member(rule, name);
    if (group == NULL)
        return false;
    if (!config_setting_is_group(group) || config_setting_length(group) == 0) {
        mistake(loading, group, "%s wants conditions: { to_role = \"student\"; }", name);
        return true;
    }
    check_keys(loading, group, KEYS);
    out->from_role = texts_of(loading, group, "from_role");
    out->to_role = texts_of(loading, group, "to_role");
    out->role = texts_of(loading, group, "role");
    out->school = texts_of(loading, group, "school");
    out->address = texts_of(loading, group, "address");
    out->rule = texts_of(loading, group, "rule");
    out->subject = texts_of(loading, group, "subject");
    condition_roles(loading, group, out->from_role);
    condition_roles(loading, group, out->to_role);
    condition_roles(loading, group, out->role);
    if (config_setting_get_member(group, "query") != NULL) {
        out->query = text_of(loading, group, "query", true);
        condition_query(loading, group, out->query);
    }
    return true;
}

static void rule_read(Loading *loading, const config_setting_t *group)
{
    static const char *const KEYS[] = {"name", "class", "when", "unless", "all", NULL};
    ScheduleRule *rule = g_new0(ScheduleRule, 1);
    g_autofree char *class = text_of(loading, group, "class", true);
    check_keys(loading, group, KEYS);
    rule->name = text_of(loading, group, "name", true);
    rule->class = class_find(loading->schedule, class);
    rule->line = (int)config_setting_source_line(group);
    bool when = condition_read(loading, group, "when", &rule->when);
    rule->has_unless = condition_read(loading, group, "unless", &rule->unless);
    if (rule->class == NULL)
        mistake(loading, group, "rule \"%s\": no class \"%s\"", rule->name, class);
    // A rule for everything is written so, not left empty by accident.
    if (when == flag_of(loading, group, "all", false))
        mistake(loading, group, "rule \"%s\" wants when = { ... }, or all = true", rule->name);
    if (!g_hash_table_add(loading->names, g_strdup(rule->name)))
        mistake(loading, group, "a second rule \"%s\"", rule->name);
    g_ptr_array_add(loading->schedule->rules, rule);
}

// ---- the file --------------------------------------------------------------------------------------------

static void read_list(Loading *loading, const config_setting_t *top, const char *name,
                      void (*read)(Loading *loading, const config_setting_t *group))
{
    const config_setting_t *list = config_setting_get_member(top, name);
    if (list == NULL || !config_setting_is_list(list) || config_setting_length(list) == 0 ||
        config_setting_length(list) > ENTRIES_MAX) {
        mistake(loading, list != NULL ? list : top, "%s wants a list of 1 to %d groups: ( { ... } )", name,
                ENTRIES_MAX);
        return;
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        if (config_setting_is_group(group))
            read(loading, group);
        else
            mistake(loading, group, "%s: element %d is no group", name, i + 1);
    }
}

static void read_year_end(Loading *loading, const config_setting_t *top)
{
    g_autofree char *text = text_of(loading, top, "school_year_end", false);
    int month = 0, day = 0;
    bool given = *text != '\0';
    bool ok = given && strlen(text) == 5 && sscanf(text, "%2d-%2d", &month, &day) == 2 && month >= 1 &&
              month <= 12 && day >= 1 && g_date_valid_dmy((GDateDay)day, (GDateMonth)month, 2027);
    if (given && !ok)
        mistake(loading, top, "school_year_end \"%s\" is no day; write it as \"06-30\"", text);
    loading->schedule->year_end = ok ? month * 100 + day : 630;
}

static void read_top(Loading *loading, const config_setting_t *top)
{
    static const char *const KEYS[] = {"name",        "version", "template", "adopted", "school_year_end",
                                       "floor_years", "classes", "rules",    NULL};
    RetentionSchedule *schedule = loading->schedule;
    check_keys(loading, top, KEYS);
    schedule->name = text_of(loading, top, "name", true);
    schedule->version = text_of(loading, top, "version", true);
    schedule->template = flag_of(loading, top, "template", false);
    schedule->adopted = text_of(loading, top, "adopted", !schedule->template);
    schedule->floor_years = number_of(loading, top, "floor_years", YEARS_MAX);
    read_year_end(loading, top);
    read_list(loading, top, "classes", class_read);
    read_list(loading, top, "rules", rule_read);
}

static void read_text(Loading *loading, const char *text)
{
    config_t file;
    config_init(&file);
    if (config_read_string(&file, text) != CONFIG_TRUE) {
        g_string_append_printf(loading->mistakes, "%s:%d: %s", loading->schedule->path,
                               config_error_line(&file), config_error_text(&file));
    } else {
        const config_setting_t *top = config_lookup(&file, "retention");
        if (top != NULL && config_setting_is_group(top))
            read_top(loading, top);
        else
            mistake(loading, config_root_setting(&file), "wants a group: retention = { ... };");
    }
    config_destroy(&file);
}

RetentionSchedule *retention_schedule_load(const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) bytes = file_read(path, FILE_MAX, &why);
    if (bytes == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "retention schedule: %s", why->message);
        return NULL;
    }
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_autoptr(RetentionSchedule) schedule = g_new0(RetentionSchedule, 1);
    schedule->path = g_strdup(path);
    schedule->sha256 = sha256_hex(data != NULL ? data : "", len);
    schedule->classes = g_ptr_array_new_with_free_func(class_free);
    schedule->rules = g_ptr_array_new_with_free_func(rule_free);
    g_autoptr(GString) mistakes = g_string_new(NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Loading loading = {schedule, mistakes, names};
    if (strstr(text, "@include") != NULL) // what it includes could change without the SHA-256 doing so
        g_string_append_printf(mistakes, "%s:1: a schedule is one file: @include is not read", path);
    else if (strlen(text) != len)
        g_string_append_printf(mistakes, "%s:1: holds zero bytes", path);
    else
        read_text(&loading, text);
    if (mistakes->len > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s", mistakes->str);
    return mistakes->len == 0 ? g_steal_pointer(&schedule) : NULL;
}

// ---- asking ----------------------------------------------------------------------------------------------

const char *retention_schedule_name(const RetentionSchedule *schedule)
{
    return schedule->name;
}

const char *retention_schedule_version(const RetentionSchedule *schedule)
{
    return schedule->version;
}

const char *retention_schedule_sha256(const RetentionSchedule *schedule)
{
    return schedule->sha256;
}

const GPtrArray *retention_schedule_classes(const RetentionSchedule *schedule)
{
    return schedule->classes;
}

guint retention_schedule_rules(const RetentionSchedule *schedule)
{
    return schedule->rules->len;
}

bool retention_schedule_template(const RetentionSchedule *schedule)
{
    return schedule->template;
}
