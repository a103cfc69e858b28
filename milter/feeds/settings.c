#include "feeds/settings.h"

#include <libconfig.h>
#include <string.h>

#define FILE_BYTES   (1024 * 1024)
#define SOURCES_MOST 1000
#define NAME_MOST    40
#define WORD_MOST    40

typedef enum { SETTING_TEXT, SETTING_PATH, SETTING_BOOL, SETTING_INT } SettingType;
static const char *const TYPE_NAMES[] = {"text", "path", "true or false", "number"};

typedef struct {
    const char *name;
    SettingType type;
    gsize offset;
    const char *fallback;
    int least, most;
    const char *types; // of source that may have it; NULL = all
    const char *meaning;
} SettingKey;
#define AT(field) G_STRUCT_OFFSET(FeedSpec, field)

static const SettingKey KEYS[] = {
    {"name", SETTING_TEXT, AT(name), "", 0, 0, NULL,
     "What the source is called in warnings, in the history and by `--source`: a-z, 0-9 and -. People keep "
     "their "
     "identity by it: do not rename it."},
    {"type", SETTING_TEXT, AT(type), "", 0, 0, NULL,
     "What it is: oneroster, sds, clever, google, ldap, district, aliases, mailman or sympa."},
    {"path", SETTING_PATH, AT(path), "", 0, 0, "oneroster sds clever google district aliases mailman sympa",
     "The directory, zip or file; a relative one is beside this file."},
    {"ids", SETTING_TEXT, AT(ids), "", 0, 0, NULL,
     "Records of sources with the same word here and the same id are one person. By default \"sis\" for "
     "oneroster, sds "
     "and clever, the source's name for others."},
    {"list_domain", SETTING_TEXT, AT(list_domain), "", 0, 0, "aliases mailman sympa",
     "The domain of addresses written without one. By default the first of district.domains."},
    {"uri", SETTING_TEXT, AT(uri), "", 0, 0, "ldap",
     "The directory: ldaps://host, ldap://host or ldapi:///path."},
    {"starttls", SETTING_BOOL, AT(starttls), "true", 0, 0, "ldap",
     "Encrypt an ldap:// connection before binding."},
    {"ca_file", SETTING_PATH, AT(ca_file), "", 0, 0, "ldap",
     "Certificates that the directory's must be signed by, PEM; \"\" = the system's."},
    {"bind_dn", SETTING_TEXT, AT(bind_dn), "", 0, 0, "ldap", "Bind as this; \"\" = anonymously."},
    {"password_file", SETTING_PATH, AT(password_file), "", 0, 0, "ldap",
     "File with the password on its first line, readable by nobody else."},
    {"base", SETTING_TEXT, AT(base), "", 0, 0, "ldap", "Where people are searched."},
    {"filter", SETTING_TEXT, AT(filter), "", 0, 0, "ldap",
     "Filter of people. Postfix's %s, %u and %d stand for any address. \"\" = everybody with a mail "
     "address."},
    {"group_base", SETTING_TEXT, AT(group_base), "", 0, 0, "ldap", "Where groups are searched; \"\" = base."},
    {"group_filter", SETTING_TEXT, AT(group_filter), "", 0, 0, "ldap",
     "Filter of groups, which become lists; \"\" = every group with a mail address."},
    {"id_attribute", SETTING_TEXT, AT(id_attribute), "", 0, 0, "ldap",
     "Attribute that stays a person's when names change; \"\" = objectGUID, entryUUID, else the DN."},
    {"page_size", SETTING_INT, AT(page_size), "500", 1, 10000, "ldap", "Entries asked for at once."},
    {"timeout_s", SETTING_INT, AT(timeout_s), "60", 1, 3600, "ldap", "Seconds to wait for an answer."},
};

static const struct {
    const char *name, *fallback, *meaning;
} ROLE_KEYS[] = {
    {"match", "",
     "What the value must be, `*` standing for anything, case ignored. A unit fits with those below it; a "
     "dn fits by its end."},
    {"on", "",
     "Which value: unit (path of an org unit), title, type (of employee), department, group (name, address "
     "or "
     "DN) or dn."},
    {"role", "", "What that makes somebody: staff, student, guardian or service."},
    {"position", "", "And in which position: principal, counselor, nurse, ..."},
};

typedef struct {
    const Config *config;
    const char *file;
    char *dir;
    GString *mistakes;
    FeedSpec *spec; // in work
    char *label;    // "source sis"
} Loading;

// ---- one source -----------------------------------------------------------------------------------------

static void rule_free(FeedRoleRule *rule)
{
    g_free(rule->match);
    g_free(rule->on);
    g_free(rule->position);
    g_free(rule);
}

void feed_spec_free(FeedSpec *spec)
{
    if (spec == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        if (KEYS[i].type == SETTING_TEXT || KEYS[i].type == SETTING_PATH)
            g_free(G_STRUCT_MEMBER(char *, spec, KEYS[i].offset));
    if (spec->roles != NULL)
        g_ptr_array_unref(spec->roles);
    g_free(spec->where);
    g_free(spec);
}

static void set_text(FeedSpec *spec, const SettingKey *key, char *taken)
{
    char **slot = &G_STRUCT_MEMBER(char *, spec, key->offset);
    g_free(*slot);
    *slot = taken;
}

static FeedSpec *spec_empty(void)
{
    FeedSpec *spec = g_new0(FeedSpec, 1);
    spec->roles = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        const SettingKey *key = &KEYS[i];
        if (key->type == SETTING_BOOL)
            G_STRUCT_MEMBER(bool, spec, key->offset) = strcmp(key->fallback, "true") == 0;
        else if (key->type == SETTING_INT)
            G_STRUCT_MEMBER(int, spec, key->offset) = atoi(key->fallback);
        else
            set_text(spec, key, g_strdup(key->fallback));
    }
    return spec;
}

// What follows from other settings.
static void complete(const Config *config, FeedSpec *spec)
{
    char **domains = config->district.domains;
    static const char *const of_sis[] = {"oneroster", "sds", "clever", NULL};
    if (spec->ids[0] == '\0') {
        g_free(spec->ids);
        spec->ids = g_strdup(g_strv_contains(of_sis, spec->type) ? "sis" : spec->name);
    }
    if (spec->list_domain[0] == '\0' && domains != NULL && domains[0] != NULL) {
        g_free(spec->list_domain);
        spec->list_domain = g_strdup(domains[0]);
    }
    if (spec->group_base[0] == '\0') {
        g_free(spec->group_base);
        spec->group_base = g_strdup(spec->base);
    }
    spec->starttls = spec->starttls && g_ascii_strncasecmp(spec->uri, "ldap://", 7) == 0;
}

FeedSpec *settings_new(const Config *config, const char *name, const char *type, const char *path)
{
    FeedSpec *spec = spec_empty();
    g_free(spec->name);
    g_free(spec->type);
    g_free(spec->path);
    spec->name = g_strdup(name);
    spec->type = g_strdup(type);
    spec->path = g_strdup(path);
    spec->where = g_strdup(path);
    complete(config, spec);
    return spec;
}

static FeedRoleRule *rule_new(const char *match, const char *on, Role role, const char *position)
{
    FeedRoleRule *rule = g_new0(FeedRoleRule, 1);
    rule->match = g_strdup(match);
    rule->on = g_strdup(on);
    rule->role = role;
    rule->position = canon_lower(position);
    return rule;
}

FeedSpec *settings_copy(const FeedSpec *spec, const char *path)
{
    FeedSpec *copy = spec_empty();
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        const SettingKey *key = &KEYS[i];
        if (key->type == SETTING_BOOL)
            G_STRUCT_MEMBER(bool, copy, key->offset) = G_STRUCT_MEMBER(bool, spec, key->offset);
        else if (key->type == SETTING_INT)
            G_STRUCT_MEMBER(int, copy, key->offset) = G_STRUCT_MEMBER(int, spec, key->offset);
        else
            set_text(copy, key, g_strdup(G_STRUCT_MEMBER(char *, spec, key->offset)));
    }
    for (guint i = 0; i < spec->roles->len; i++) {
        const FeedRoleRule *rule = spec->roles->pdata[i];
        g_ptr_array_add(copy->roles, rule_new(rule->match, rule->on, rule->role, rule->position));
    }
    g_free(copy->path);
    copy->path = g_strdup(path);
    copy->where = g_strdup(spec->where);
    return copy;
}

void feeds_each_key(FeedKeyFunc func, void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        func(KEYS[i].name, TYPE_NAMES[KEYS[i].type], KEYS[i].fallback, KEYS[i].meaning, data);
    for (gsize i = 0; i < G_N_ELEMENTS(ROLE_KEYS); i++) {
        g_autofree char *name = g_strconcat("roles.", ROLE_KEYS[i].name, NULL);
        func(name, TYPE_NAMES[SETTING_TEXT], ROLE_KEYS[i].fallback, ROLE_KEYS[i].meaning, data);
    }
}

// ---- mistakes -------------------------------------------------------------------------------------------

static void mistake(Loading *loading, int line, const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void mistake(Loading *loading, int line, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    if (loading->mistakes->len > 0)
        g_string_append_c(loading->mistakes, '\n');
    g_string_append_printf(loading->mistakes, "%s:%d: %s%s%s: %s", loading->file, line,
                           loading->label != NULL ? loading->label : "", loading->label != NULL ? ": " : "",
                           key, what);
}

// Letters to add, drop or change.
static guint distance(const char *a, const char *b)
{
    guint row[WORD_MOST + 1], width = (guint)strlen(b);
    if (strlen(a) > WORD_MOST || width > WORD_MOST)
        return G_MAXUINT;
    for (guint j = 0; j <= width; j++)
        row[j] = j;
    for (guint i = 1; a[i - 1] != '\0'; i++) {
        guint corner = row[0];
        row[0] = i;
        for (guint j = 1; j <= width; j++) {
            guint change = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
            corner = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

// The known name nearest to a mistyped one; NULL when none is near.
typedef struct {
    const char *text, *best;
    guint least;
} Nearest;

static void try_name(Nearest *nearest, const char *name)
{
    guint far = distance(nearest->text, name);
    if (far < nearest->least) {
        nearest->least = far;
        nearest->best = name;
    }
}

static void mistake_unknown(Loading *loading, int line, const char *key, const char *best)
{
    mistake(loading, line, key, "unknown key%s%s",
            best != NULL ? "; nearest is " : "; see chaperone-roster.conf(5)", best != NULL ? best : "");
}

// ---- values ---------------------------------------------------------------------------------------------

static bool may_have(const SettingKey *key, const char *type)
{
    g_auto(GStrv) types = g_strsplit(key->types != NULL ? key->types : "", " ", -1);
    return key->types == NULL || type[0] == '\0' || g_strv_contains((const char *const *)types, type);
}

static void apply_number(Loading *loading, const SettingKey *key, config_setting_t *setting)
{
    int line = (int)config_setting_source_line(setting), type = config_setting_type(setting);
    int64_t value = config_setting_get_int64(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        mistake(loading, line, key->name, "wants a whole number");
    else if (value < key->least || value > key->most)
        mistake(loading, line, key->name, "%" G_GINT64_FORMAT " is out of bounds; %d to %d is allowed", value,
                key->least, key->most);
    else
        G_STRUCT_MEMBER(int, loading->spec, key->offset) = (int)value;
}

static void apply_key(Loading *loading, const SettingKey *key, config_setting_t *setting)
{
    int line = (int)config_setting_source_line(setting);
    const char *text = config_setting_get_string(setting);
    bool beside = key->type == SETTING_PATH && text != NULL && text[0] != '\0' && text[0] != '/';
    if (!may_have(key, loading->spec->type))
        mistake(loading, line, key->name, "not for a source of type %s", loading->spec->type);
    else if (key->type == SETTING_INT)
        apply_number(loading, key, setting);
    else if (key->type == SETTING_BOOL && config_setting_type(setting) != CONFIG_TYPE_BOOL)
        mistake(loading, line, key->name, "wants true or false");
    else if (key->type == SETTING_BOOL)
        G_STRUCT_MEMBER(bool, loading->spec, key->offset) = config_setting_get_bool(setting) != 0;
    else if (text == NULL)
        mistake(loading, line, key->name, "wants text in quotes");
    else
        set_text(loading->spec, key, beside ? g_build_filename(loading->dir, text, NULL) : g_strdup(text));
}

// ---- roles ----------------------------------------------------------------------------------------------

static const char *role_text(Loading *loading, config_setting_t *group, const char *name)
{
    config_setting_t *setting = config_setting_get_member(group, name);
    const char *text = setting != NULL ? config_setting_get_string(setting) : NULL;
    g_autofree char *key = g_strconcat("roles.", name, NULL);
    if (setting != NULL && text == NULL)
        mistake(loading, (int)config_setting_source_line(setting), key, "wants text in quotes");
    return text != NULL ? text : "";
}

static void check_role_keys(Loading *loading, config_setting_t *group)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        Nearest nearest = {.text = config_setting_name(setting), .least = 3};
        for (gsize j = 0; j < G_N_ELEMENTS(ROLE_KEYS); j++)
            try_name(&nearest, ROLE_KEYS[j].name);
        g_autofree char *key = g_strconcat("roles.", nearest.text, NULL);
        if (nearest.best == NULL || strcmp(nearest.best, nearest.text) != 0)
            mistake_unknown(loading, (int)config_setting_source_line(setting), key, nearest.best);
    }
}

static void apply_role(Loading *loading, config_setting_t *group)
{
    static const char *const on_known[] = {"unit", "title", "type", "department", "group", "dn", NULL};
    int line = (int)config_setting_source_line(group);
    Role role = ROLE_LAST;
    if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
        mistake(loading, line, "roles",
                "wants groups: ( { match = \"...\"; on = \"...\"; role = \"...\"; } )");
        return;
    }
    check_role_keys(loading, group);
    const char *match = role_text(loading, group, "match"), *on = role_text(loading, group, "on");
    const char *name = role_text(loading, group, "role"), *position = role_text(loading, group, "position");
    bool person = role_parse(name, &role) && (role == ROLE_STAFF || role == ROLE_STUDENT ||
                                              role == ROLE_GUARDIAN || role == ROLE_SERVICE);
    if (match[0] == '\0')
        mistake(loading, line, "roles.match", "missing; write what the value must be");
    if (!g_strv_contains(on_known, on))
        mistake(loading, line, "roles.on", "\"%s\" is none of unit, title, type, department, group, dn", on);
    if (!person)
        mistake(loading, line, "roles.role", "\"%s\" is none of staff, student, guardian, service", name);
    g_ptr_array_add(loading->spec->roles, rule_new(match, on, role, position));
}

static void apply_roles(Loading *loading, config_setting_t *setting)
{
    if (config_setting_type(setting) != CONFIG_TYPE_LIST) {
        mistake(loading, (int)config_setting_source_line(setting), "roles",
                "wants a list: ( { match = \"...\"; on = \"...\"; role = \"...\"; }, ... )");
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++)
        apply_role(loading, config_setting_get_elem(setting, (unsigned)i));
}

// ---- sources --------------------------------------------------------------------------------------------

static void apply_setting(Loading *loading, config_setting_t *setting)
{
    Nearest nearest = {.text = config_setting_name(setting), .least = 3};
    if (strcmp(nearest.text, "roles") == 0) {
        apply_roles(loading, setting);
        return;
    }
    try_name(&nearest, "roles");
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        if (strcmp(KEYS[i].name, nearest.text) == 0) {
            apply_key(loading, &KEYS[i], setting);
            return;
        }
        try_name(&nearest, KEYS[i].name);
    }
    mistake_unknown(loading, (int)config_setting_source_line(setting), nearest.text, nearest.best);
}

static bool is_name(const char *name)
{
    gsize length = strlen(name);
    return length > 0 && length <= NAME_MOST &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static void check_ldap(Loading *loading, int line)
{
    const FeedSpec *spec = loading->spec;
    const char *schemes[] = {"ldap://", "ldaps://", "ldapi://"};
    bool known = false;
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
        known = known || g_ascii_strncasecmp(spec->uri, schemes[i], strlen(schemes[i])) == 0;
    if (!known)
        mistake(loading, line, "uri", "\"%s\": write ldaps://host, ldap://host or ldapi:///path", spec->uri);
    if (spec->base[0] == '\0')
        mistake(loading, line, "base", "missing; write the DN below which people are");
    if (spec->bind_dn[0] != '\0' && spec->password_file[0] == '\0')
        mistake(loading, line, "password_file", "missing; bind_dn wants a password");
}

// What no single key can tell.
static void check_source(Loading *loading, int line)
{
    FeedSpec *spec = loading->spec;
    bool ldap = strcmp(spec->type, "ldap") == 0;
    g_autofree char *types = import_types(), *domain = canon_domain(spec->list_domain);
    if (!is_name(spec->name) || strcmp(spec->name, "own") == 0)
        mistake(loading, line, "name", "\"%s\": use a-z, 0-9 and -, at most %d characters; not \"own\"",
                spec->name, NAME_MOST);
    if (import_importer(spec->type) == NULL)
        mistake(loading, line, "type", "\"%s\" is none of %s", spec->type, types);
    else if (!ldap && spec->path[0] == '\0')
        mistake(loading, line, "path", "missing; write the directory, zip or file");
    if (ldap)
        check_ldap(loading, line);
    if (spec->list_domain[0] != '\0' && domain == NULL)
        mistake(loading, line, "list_domain", "\"%s\" is no domain", spec->list_domain);
    else if (spec->list_domain[0] != '\0') {
        g_free(spec->list_domain);
        spec->list_domain = g_steal_pointer(&domain);
    }
}

// The type tells which other keys are right.
static void take_type(Loading *loading, config_setting_t *group)
{
    const char *name = NULL, *type = NULL;
    if (config_setting_lookup_string(group, "type", &type) == CONFIG_TRUE && import_importer(type) != NULL) {
        g_free(loading->spec->type);
        loading->spec->type = g_strdup(type);
    }
    g_free(loading->label);
    loading->label = config_setting_lookup_string(group, "name", &name) == CONFIG_TRUE
                         ? g_strdup_printf("source %.40s", name)
                         : g_strdup_printf("source %d", config_setting_index(group) + 1);
}

static FeedSpec *apply_source(Loading *loading, config_setting_t *group)
{
    int line = (int)config_setting_source_line(group);
    if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
        mistake(loading, line, "sources", "wants groups: ( { name = \"...\"; type = \"...\"; }, ... )");
        return NULL;
    }
    loading->spec = spec_empty();
    loading->spec->where = g_strdup_printf("%s:%d", loading->file, line);
    take_type(loading, group);
    for (int i = 0; i < config_setting_length(group); i++)
        apply_setting(loading, config_setting_get_elem(group, (unsigned)i));
    check_source(loading, line);
    complete(loading->config, loading->spec);
    return g_steal_pointer(&loading->spec);
}

static void apply_sources(Loading *loading, config_setting_t *list, GPtrArray *out)
{
    g_autoptr(GHashTable) lines = g_hash_table_new(g_str_hash, g_str_equal);
    int length = config_setting_length(list);
    if (config_setting_type(list) != CONFIG_TYPE_LIST || length > SOURCES_MOST) {
        mistake(loading, (int)config_setting_source_line(list), "sources",
                "wants a list of at most %d: ( { name = \"...\"; type = \"...\"; }, ... )", SOURCES_MOST);
        return;
    }
    for (int i = 0; i < length; i++) {
        config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        FeedSpec *spec = apply_source(loading, group);
        if (spec == NULL)
            continue;
        const char *where = g_hash_table_lookup(lines, spec->name);
        if (where != NULL && spec->name[0] != '\0')
            mistake(loading, (int)config_setting_source_line(group), "name", "taken by the source of %s",
                    where);
        g_hash_table_insert(lines, spec->name, spec->where);
        g_ptr_array_add(out, spec);
    }
}

static void apply_file(Loading *loading, config_setting_t *root, GPtrArray *out)
{
    for (int i = 0; i < config_setting_length(root); i++) {
        config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        Nearest nearest = {.text = config_setting_name(setting), .least = 3};
        try_name(&nearest, "sources");
        g_clear_pointer(&loading->label, g_free);
        if (strcmp(nearest.text, "sources") == 0)
            apply_sources(loading, setting, out);
        else
            mistake_unknown(loading, (int)config_setting_source_line(setting), nearest.text, nearest.best);
    }
}

static void load(Loading *loading, GBytes *bytes, GPtrArray *out)
{
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    config_t file;
    config_init(&file);
    config_set_include_dir(&file, loading->dir);
    if (config_read_string(&file, text) != CONFIG_TRUE)
        mistake(loading, config_error_line(&file), "syntax", "%s; settings are written name = value;",
                config_error_text(&file));
    else
        apply_file(loading, config_root_setting(&file), out);
    config_destroy(&file);
}

GPtrArray *feeds_sources(const Config *config, GError **error)
{
    const char *path = config->roster.sources;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)feed_spec_free);
    if (path[0] == '\0')
        return g_steal_pointer(&out);
    g_autoptr(GBytes) bytes = file_read(path, FILE_BYTES, error);
    if (bytes == NULL)
        return NULL;
    g_autofree char *dir = g_path_get_dirname(path);
    Loading loading = {.config = config,
                       .file = path,
                       .dir = g_canonicalize_filename(dir, NULL),
                       .mistakes = g_string_new(NULL)};
    load(&loading, bytes, out);
    bool ok = loading.mistakes->len == 0;
    if (!ok)
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, loading.mistakes->str);
    g_string_free(loading.mistakes, TRUE);
    g_free(loading.label);
    g_free(loading.dir);
    return ok ? g_steal_pointer(&out) : NULL;
}
