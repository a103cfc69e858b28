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
    for (char **line = lines; *line != NULL; line++)
        fprintf(stderr, "chaperone: %s\n", *line);
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

void cli_progress(const char *what, guint64 done, guint64 total)
{
    enum { WIDTH = 30 };
    if (!isatty(STDERR_FILENO))
        return;
    if (total == 0) {
        fprintf(stderr, "\r%s: %" G_GUINT64_FORMAT, what, done);
        return;
    }
    int full = (int)(done * WIDTH / total);
    fprintf(stderr, "\r%s [%.*s%*s] %3d%%", what, full, "##############################", WIDTH - full, "",
            (int)(done * 100 / total));
    if (done >= total)
        fputc('\n', stderr);
}

bool cli_colour(int fd)
{
    return isatty(fd) && g_getenv("NO_COLOR") == NULL;
}
