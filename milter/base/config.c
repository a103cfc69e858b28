#include "base/config.h"
#include "base/config_keys.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    const char *file;
    char *dir;
    GString *mistakes;
} Loading;

static void mistake(Loading *loading, int line, const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void mistake(Loading *loading, int line, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    if (loading->mistakes->len > 0)
        g_string_append_c(loading->mistakes, '\n');
    g_string_append_printf(loading->mistakes, "%s:%d: %s: %s", loading->file, line, key, what);
}

static const ConfigKey *key_find(const char *path)
{
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (strcmp(CONFIG_KEYS[i].path, path) == 0)
            return &CONFIG_KEYS[i];
    return NULL;
}

static bool is_group(const char *name)
{
    gsize len = strlen(name);
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (strncmp(CONFIG_KEYS[i].path, name, len) == 0 && CONFIG_KEYS[i].path[len] == '.')
            return true;
    return false;
}

// The known key or group nearest to a mistyped one, for the remedy; NULL when none is near.
static const char *nearest(const char *path)
{
    const char *best = NULL;
    gsize best_common = 3;
    const char *dot = strchr(path, '.');
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++) {
        const char *other = CONFIG_KEYS[i].path;
        gsize common = 0;
        while (path[common] != '\0' && path[common] == other[common])
            common++;
        bool same_group = dot == NULL || strncmp(path, other, (gsize)(dot - path) + 1) == 0;
        if (same_group && common > best_common) {
            best = other;
            best_common = common;
        }
    }
    return best;
}

// ---- values ----------------------------------------------------------------------------------------------

static bool config_parse_size(const char *text, int64_t *out)
{
    char *end = NULL;
    gint64 n = g_ascii_strtoll(text, &end, 10);
    int shift = 0;
    if (end == text || n < 0)
        return false;
    if (*end != '\0') {
        const char *units = "KMGT", *unit = strchr(units, g_ascii_toupper(*end));
        if (unit == NULL || end[1] != '\0')
            return false;
        shift = 10 * (int)(unit - units + 1);
    }
    if (n > G_MAXINT64 >> shift)
        return false;
    *out = n << shift;
    return true;
}

static bool is_choice(const char *choices, const char *text)
{
    g_auto(GStrv) all = g_strsplit(choices, "|", -1);
    return g_strv_contains((const char *const *)all, text);
}

static void set_string(Config *config, const ConfigKey *key, char *taken)
{
    char **slot = (char **)((char *)config + key->offset);
    g_free(*slot);
    *slot = taken;
}

static void set_strings(Config *config, const ConfigKey *key, char **taken)
{
    char ***slot = (char ***)((char *)config + key->offset);
    g_strfreev(*slot);
    for (char **s = taken; key->type == KEY_STRINGS && *s != NULL; s++) {
        char *lower = g_utf8_strdown(*s, -1);
        g_free(*s);
        *s = lower;
    }
    *slot = taken;
}

static void set_number(Config *config, const ConfigKey *key, int64_t value)
{
    char *slot = (char *)config + key->offset;
    if (key->type == KEY_SIZE)
        *(int64_t *)(void *)slot = value;
    else if (key->type == KEY_BOOL)
        *(bool *)slot = value != 0;
    else
        *(int *)(void *)slot = (int)value;
}

static char *absolute(const Loading *loading, const char *path)
{
    if (path[0] == '\0' || path[0] == '/' || loading->dir == NULL)
        return g_strdup(path);
    return g_build_filename(loading->dir, path, NULL);
}

static bool apply_number(Loading *loading, Config *config, const ConfigKey *key, int line, int64_t value)
{
    if (value < key->least || value > key->most) {
        mistake(loading, line, key->path,
                "%" G_GINT64_FORMAT " is out of bounds; %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                " is allowed",
                value, key->least, key->most);
        return false;
    }
    set_number(config, key, value);
    return true;
}

static void reviewer_mistake(void *data, int line, const char *key, const char *what)
{
    mistake(data, line, key, "%s", what);
}

static void set_reviewers(Config *config, const ConfigKey *key, GPtrArray *taken)
{
    GPtrArray **slot = (GPtrArray **)(void *)((char *)config + key->offset);
    g_clear_pointer(slot, g_ptr_array_unref);
    *slot = taken;
}

static void apply_setting(Loading *loading, Config *config, const ConfigKey *key, config_setting_t *setting)
{
    int line = (int)config_setting_source_line(setting), type = config_setting_type(setting);
    const char *text = config_setting_get_string(setting);
    bool integer = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
    int64_t size;
    switch (key->type) {
    case KEY_STRING:
    case KEY_PATH:
        if (text == NULL)
            mistake(loading, line, key->path, "wants text in quotes");
        else
            set_string(config, key, key->type == KEY_PATH ? absolute(loading, text) : g_strdup(text));
        break;
    case KEY_CHOICE:
        if (text == NULL || !is_choice(key->choices, text))
            mistake(loading, line, key->path, "\"%s\" is none of %s", text != NULL ? text : "?",
                    key->choices);
        else
            set_string(config, key, g_strdup(text));
        break;
    case KEY_BOOL:
        if (type != CONFIG_TYPE_BOOL)
            mistake(loading, line, key->path, "wants true or false");
        else
            set_number(config, key, config_setting_get_bool(setting));
        break;
    case KEY_INT:
        if (!integer)
            mistake(loading, line, key->path, "wants a whole number");
        else
            apply_number(loading, config, key, line, config_setting_get_int64(setting));
        break;
    case KEY_SIZE:
        if (integer)
            apply_number(loading, config, key, line, config_setting_get_int64(setting));
        else if (text == NULL || !config_parse_size(text, &size))
            mistake(loading, line, key->path, "wants bytes: 1048576 or \"1M\" (K, M, G, T)");
        else
            apply_number(loading, config, key, line, size);
        break;
    case KEY_REVIEWERS:
        set_reviewers(config, key, reviewers_parse(setting, reviewer_mistake, loading));
        break;
    case KEY_STRINGS:
    case KEY_TEXTS: {
        int n = config_setting_length(setting);
        if (type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY) {
            mistake(loading, line, key->path, "wants a list: [ \"one\", \"two\" ]");
            break;
        }
        GPtrArray *all = g_ptr_array_new();
        for (int i = 0; i < n; i++) {
            const char *element = config_setting_get_string_elem(setting, i);
            if (element == NULL)
                mistake(loading, line, key->path, "element %d wants text in quotes", i + 1);
            else
                g_ptr_array_add(all, g_strdup(element));
        }
        g_ptr_array_add(all, NULL);
        set_strings(config, key, (char **)g_ptr_array_free(all, FALSE));
        break;
    }
    }
}

static void apply_defaults(Loading *loading, Config *config)
{
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++) {
        const ConfigKey *key = &CONFIG_KEYS[i];
        int64_t number = 0;
        switch (key->type) {
        case KEY_STRINGS:
        case KEY_TEXTS:
            set_strings(config, key, g_strsplit(key->fallback, ",", -1));
            break;
        case KEY_REVIEWERS:
            set_reviewers(config, key, reviewers_new());
            break;
        case KEY_BOOL:
            set_number(config, key, strcmp(key->fallback, "true") == 0);
            break;
        case KEY_INT:
        case KEY_SIZE:
            config_parse_size(key->fallback, &number);
            set_number(config, key, number);
            break;
        case KEY_PATH:
            set_string(config, key, absolute(loading, key->fallback));
            break;
        default:
            set_string(config, key, g_strdup(key->fallback));
        }
    }
}

// ---- the file --------------------------------------------------------------------------------------------

static void apply_file(Loading *loading, Config *config, config_setting_t *root)
{
    for (int i = 0; i < config_setting_length(root); i++) {
        config_setting_t *group = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(group);
        int line = (int)config_setting_source_line(group);
        if (!is_group(name) || config_setting_type(group) != CONFIG_TYPE_GROUP) {
            mistake(loading, line, name,
                    is_group(name) ? "wants a group: %s = { ... };" : "unknown group \"%s\"", name);
            continue;
        }
        for (int j = 0; j < config_setting_length(group); j++) {
            config_setting_t *setting = config_setting_get_elem(group, (unsigned)j);
            g_autofree char *path = g_strconcat(name, ".", config_setting_name(setting), NULL);
            const ConfigKey *key = key_find(path);
            const char *near = nearest(path);
            if (key != NULL)
                apply_setting(loading, config, key, setting);
            else
                mistake(loading, (int)config_setting_source_line(setting), path, "unknown key%s%s",
                        near != NULL ? "; nearest is " : "; see chaperone.conf(5)", near != NULL ? near : "");
        }
    }
}

static void host_origin(Config *config)
{
    char host[256] = "";
    if (config->archive.origin[0] != '\0')
        return;
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        g_strlcpy(host, "localhost", sizeof host);
    host[strcspn(host, ".")] = '\0';
    g_free(config->archive.origin);
    config->archive.origin = g_ascii_strdown(host, -1);
}

static bool origin_is_clean(const char *origin)
{
    return origin[0] != '\0' && strlen(origin) <= 64 &&
           origin[strspn(origin, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

// What no single key can tell.
static void check_whole(Loading *loading, Config *config)
{
    char *end = NULL;
    gint64 mode = g_ascii_strtoll(config->milter.socket_mode_text, &end, 8);
    if (*config->milter.socket_mode_text == '\0' || *end != '\0' || mode < 0 || mode > 0777)
        mistake(loading, 0, "milter.socket_mode", "\"%s\" is no octal mode; write \"0660\"",
                config->milter.socket_mode_text);
    config->milter.socket_mode = (int)mode;
    config->milter.archive_failure_hold = strcmp(config->milter.archive_failure, "hold") == 0;
    host_origin(config);
    if (!origin_is_clean(config->archive.origin))
        mistake(loading, 0, "archive.origin", "\"%s\": use a-z, 0-9 and -, at most 64 characters",
                config->archive.origin);
    if (clock_local_date(0, config->district.timezone) == 0)
        mistake(loading, 0, "district.timezone",
                "\"%s\" is no time zone; write \"America/New_York\" or the like", config->district.timezone);
    const char *socket = config->milter.socket;
    if (!g_str_has_prefix(socket, "unix:/") && !g_str_has_prefix(socket, "local:/") &&
        !g_str_has_prefix(socket, "inet:") && !g_str_has_prefix(socket, "inet6:"))
        mistake(loading, 0, "milter.socket", "\"%s\": write unix:/path, inet:port@host or inet6:port@host",
                socket);
    const char *url = config->review.console_url;
    if (*url != '\0' && ((!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://")) ||
                         strpbrk(url, " \t\r\n<>\"") != NULL || strlen(url) > 500))
        mistake(loading, 0, "review.console_url", "\"%s\" is no address of a web site; write \"https://...\"",
                url);
    for (char **language = config->notice.languages; *language != NULL; language++)
        if (strlen(*language) < 2 || strlen(*language) > 10 ||
            (*language)[strspn(*language, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
            mistake(loading, 0, "notice.languages", "\"%s\" is no language; write \"en\" or \"es\"",
                    *language);
    if (config->notice.languages[0] == NULL)
        mistake(loading, 0, "notice.languages", "is empty; write [ \"en\" ]");
    if (config->notice.from[0] != '\0' && strchr(config->notice.from, '@') == NULL)
        mistake(loading, 0, "notice.from", "\"%s\" is no address", config->notice.from);
}

static Config *config_empty(void)
{
    return g_atomic_rc_box_new0(Config);
}

Config *config_load(const char *path, GError **error)
{
    g_autoptr(Config) config = config_empty();
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *base = g_canonicalize_filename(dir, NULL);
    Loading loading = {.file = path, .dir = base, .mistakes = g_string_new(NULL)};
    config_t file;
    config_init(&file);
    config_set_include_dir(&file, base);
    g_autoptr(GBytes) bytes = file_read(path, 1024 * 1024, error);
    bool ok = bytes != NULL;
    if (ok) {
        g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        config->path = g_strdup(path);
        apply_defaults(&loading, config);
        if (config_read_string(&file, text) != CONFIG_TRUE)
            mistake(&loading, config_error_line(&file), "syntax", "%s; settings are written name = value;",
                    config_error_text(&file));
        else
            apply_file(&loading, config, config_root_setting(&file));
        check_whole(&loading, config);
        if (loading.mistakes->len > 0) {
            g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, loading.mistakes->str);
            ok = false;
        }
    }
    config_destroy(&file);
    g_string_free(loading.mistakes, TRUE);
    return ok ? g_steal_pointer(&config) : NULL;
}

Config *config_defaults(void)
{
    Config *config = config_empty();
    Loading loading = {.file = "defaults", .mistakes = g_string_new(NULL)};
    config->path = g_strdup("");
    apply_defaults(&loading, config);
    check_whole(&loading, config);
    g_assert(loading.mistakes->len == 0);
    g_string_free(loading.mistakes, TRUE);
    return config;
}

Config *config_ref(Config *config)
{
    return g_atomic_rc_box_acquire(config);
}

static void config_clear(gpointer data)
{
    Config *config = data;
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++) {
        const ConfigKey *key = &CONFIG_KEYS[i];
        void *slot = (char *)config + key->offset;
        if (key->type == KEY_STRINGS || key->type == KEY_TEXTS)
            g_strfreev(*(char ***)slot);
        else if (key->type == KEY_REVIEWERS)
            g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
        else if (key->type == KEY_STRING || key->type == KEY_PATH || key->type == KEY_CHOICE)
            g_free(*(char **)slot);
    }
    g_free(config->path);
}

void config_unref(Config *config)
{
    if (config != NULL)
        g_atomic_rc_box_release_full(config, config_clear);
}

// ---- about the keys --------------------------------------------------------------------------------------

void config_each_key(ConfigKeyFunc func, void *data)
{
    static const char *const TYPES[] = {[KEY_STRING] = "text",       [KEY_STRINGS] = "list of text",
                                        [KEY_PATH] = "path",         [KEY_INT] = "number",
                                        [KEY_SIZE] = "bytes",        [KEY_BOOL] = "true or false",
                                        [KEY_CHOICE] = "choice",     [KEY_REVIEWERS] = "list of groups",
                                        [KEY_TEXTS] = "list of text"};
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++) {
        const ConfigKey *key = &CONFIG_KEYS[i];
        func(key->path, key->choices != NULL ? key->choices : TYPES[key->type], key->fallback, key->meaning,
             data);
    }
}

static bool same_value(const ConfigKey *key, const Config *a, const Config *b)
{
    const void *x = (const char *)a + key->offset, *y = (const char *)b + key->offset;
    switch (key->type) {
    case KEY_STRINGS:
    case KEY_TEXTS:
        return g_strv_equal(*(const char *const *const *)x, *(const char *const *const *)y);
    case KEY_REVIEWERS:
        return reviewers_equal(*(GPtrArray *const *)x, *(GPtrArray *const *)y);
    case KEY_INT:
        return *(const int *)x == *(const int *)y;
    case KEY_SIZE:
        return *(const int64_t *)x == *(const int64_t *)y;
    case KEY_BOOL:
        return *(const bool *)x == *(const bool *)y;
    default:
        return g_strcmp0(*(const char *const *)x, *(const char *const *)y) == 0;
    }
}

char *config_needs_restart(const Config *now, const Config *next)
{
    GString *keys = g_string_new(NULL);
    for (gsize i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (CONFIG_KEYS[i].restart && !same_value(&CONFIG_KEYS[i], now, next))
            g_string_append_printf(keys, "%s%s", keys->len > 0 ? " " : "", CONFIG_KEYS[i].path);
    return g_string_free(keys, keys->len == 0);
}

bool config_is_ours(const Config *config, const char *address)
{
    const char *domain = address != NULL ? strrchr(address, '@') : NULL;
    gsize len = domain != NULL ? strlen(++domain) : 0;
    bool ours = false;
    for (char **of = config->district.domains; domain != NULL && *of != NULL && !ours; of++) {
        gsize end = strlen(*of);
        ours = len >= end && g_ascii_strcasecmp(domain + len - end, *of) == 0 &&
               (len == end || domain[len - end - 1] == '.');
    }
    return ours;
}
