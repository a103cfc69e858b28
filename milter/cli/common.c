#include "cli/cli.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *cli_config_path(const char *given)
{
    return given != NULL ? given : CLI_CONFIG_DEFAULT;
}

int cli_fail(GError *error)
{
    int status = base_exit_status(error);
    g_auto(GStrv) lines = g_strsplit(error != NULL ? error->message : "failed", "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = cli_clean(*line);
        fprintf(stderr, "chaperone: %s\n", clean);
    }
    g_clear_error(&error);
    return status != 0 ? status : BASE_ERROR_SOFTWARE;
}

int cli_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "chaperone: %s (see --help)\n", text);
    return BASE_ERROR_USAGE;
}

char *cli_who(void)
{
    const char *sudo = g_getenv("SUDO_USER");
    if (sudo != NULL && *sudo != '\0')
        return g_strdup(sudo);
    const struct passwd *user = getpwuid(getuid());
    return user != NULL ? g_strdup(user->pw_name) : g_strdup_printf("uid-%u", (unsigned)getuid());
}

char *cli_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "-", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT)
            g_string_append_printf(out, "<%04X>", c);
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static const char *member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && *text != '\0' ? text : "?";
}

GPtrArray *cli_found(const json_t *judgement, const json_t *reason)
{
    static const char *const lists[] = {"findings", "phrases", "records"};
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const json_t *found = json_object_get(reason, lists[i]);
        for (size_t k = 0; k < json_array_size(found); k++) {
            size_t at = (size_t)json_integer_value(json_array_get(found, k));
            const json_t *one = json_array_get(json_object_get(judgement, lists[i]), at);
            g_ptr_array_add(lines, g_strdup_printf("%s %s, %s's, in %s", member_text(one, "kind"),
                                                   member_text(one, "value"), member_text(one, "owner"),
                                                   member_text(one, "where")));
        }
    }
    return lines;
}

bool cli_colour(int fd)
{
    return isatty(fd) && g_getenv("NO_COLOR") == NULL;
}

bool cli_time(const Config *config, const char *text, bool is_end, int64_t *out_us, GError **error)
{
    *out_us = 0;
    if (text == NULL)
        return true;
    if (!clock_parse(text, out_us, error)) {
        (*error)->code = BASE_ERROR_USAGE;
        return false;
    }
    if (strlen(text) != 10)
        return true;
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(config->district.timezone);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(*out_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) day = is_end ? g_date_time_add_days(utc, 1) : g_date_time_ref(utc);
    g_autoptr(GDateTime) local = g_date_time_new(zone, g_date_time_get_year(day), g_date_time_get_month(day),
                                                 g_date_time_get_day_of_month(day), 0, 0, 0);
    if (local != NULL)
        *out_us = g_date_time_to_unix(local) * G_USEC_PER_SEC;
    return true;
}
