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

bool cli_colour(int fd)
{
    return isatty(fd) && g_getenv("NO_COLOR") == NULL;
}
