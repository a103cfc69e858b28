#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

enum { LOG_PAIRS_MAX = 24 };

typedef struct {
    LogLevel least;
    bool to_syslog;
    bool stamp; // stderr that is not the journal's wants the time in the line
    char *ident;
} LogTarget;

static const struct {
    const char *name;
    LogLevel level;
    GLogLevelFlags flag;
    int priority;
} LEVELS[] = {
    {"debug", LOG_DEBUG_LEVEL, G_LOG_LEVEL_DEBUG, LOG_DEBUG},
    {"info", LOG_INFO_LEVEL, G_LOG_LEVEL_MESSAGE, LOG_INFO},
    {"warning", LOG_WARN_LEVEL, G_LOG_LEVEL_WARNING, LOG_WARNING},
    {"error", LOG_ERROR_LEVEL, G_LOG_LEVEL_CRITICAL, LOG_ERR},
};

bool log_level_parse(const char *text, LogLevel *out_level)
{
    for (gsize i = 0; i < G_N_ELEMENTS(LEVELS); i++)
        if (g_strcmp0(text, LEVELS[i].name) == 0) {
            *out_level = LEVELS[i].level;
            return true;
        }
    return false;
}

// What a message controls must not break a line or a terminal.
static void append_clean(GString *line, const char *text, bool quote)
{
    if (quote)
        g_string_append_c(line, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f)
            g_string_append_printf(line, "\\x%02x", *p);
        else if (quote && (*p == '"' || *p == '\\'))
            g_string_append_printf(line, "\\%c", *p);
        else
            g_string_append_c(line, (char)*p);
    }
    if (quote)
        g_string_append_c(line, '"');
}

static bool wants_quotes(const char *value)
{
    return *value == '\0' || strpbrk(value, " \t\"\\=") != NULL;
}

static const char *field_text(const GLogField *field)
{
    return field->length < 0 ? field->value : NULL;
}

// GLib hands fields of its own along (PRIORITY, GLIB_DOMAIN); ours are those in lower case.
static char *format_line(const GLogField *fields, gsize n)
{
    GString *line = g_string_new(NULL);
    for (gsize i = 0; i < n; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0 && field_text(&fields[i]) != NULL)
            append_clean(line, field_text(&fields[i]), false);
    for (gsize i = 0; i < n; i++) {
        const char *value = field_text(&fields[i]);
        if (!g_ascii_islower(fields[i].key[0]) || value == NULL)
            continue;
        g_string_append_printf(line, " %s=", fields[i].key);
        append_clean(line, value, wants_quotes(value));
    }
    return g_string_free(line, FALSE);
}

static gsize level_index(GLogLevelFlags flags)
{
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return 3;
    if (flags & G_LOG_LEVEL_WARNING)
        return 2;
    return flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO) ? 1 : 0;
}

static void write_stderr(const LogTarget *target, const char *level, const char *line)
{
    g_autoptr(GDateTime) now = target->stamp ? g_date_time_new_now_utc() : NULL;
    g_autofree char *stamp = now != NULL ? g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ ") : g_strdup("");
    g_autofree char *whole = g_strdup_printf("%s%s: %s: %s\n", stamp, target->ident, level, line);
    // One write, so that lines of threads do not mix; nobody can be told when stderr itself fails.
    ssize_t done = write(STDERR_FILENO, whole, strlen(whole));
    (void)done;
}

static GLogWriterOutput write_log(GLogLevelFlags flags, const GLogField *fields, gsize n, gpointer data)
{
    const LogTarget *target = data;
    gsize level = level_index(flags);
    if (LEVELS[level].level < target->least)
        return G_LOG_WRITER_HANDLED;
    g_autofree char *line = format_line(fields, n);
    if (target->to_syslog)
        syslog(LEVELS[level].priority, "%s", line);
    else
        write_stderr(target, LEVELS[level].name, line);
    return G_LOG_WRITER_HANDLED;
}

static GLogWriterOutput write_journal(GLogLevelFlags flags, const GLogField *fields, gsize n, gpointer data)
{
    const LogTarget *target = data;
    gsize level = level_index(flags);
    if (LEVELS[level].level < target->least)
        return G_LOG_WRITER_HANDLED;
    g_autofree char *line = format_line(fields, n);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(texts, g_strdup_printf("MESSAGE=%s", line));
    g_ptr_array_add(texts, g_strdup_printf("PRIORITY=%d", LEVELS[level].priority));
    g_ptr_array_add(texts, g_strdup_printf("SYSLOG_IDENTIFIER=%s", target->ident));
    for (gsize i = 0; i < n; i++)
        if (g_ascii_islower(fields[i].key[0]) && field_text(&fields[i]) != NULL) {
            g_autofree char *key = g_ascii_strup(fields[i].key, -1);
            g_ptr_array_add(texts, g_strdup_printf("CHAPERONE_%s=%s", key, field_text(&fields[i])));
        }
    struct iovec iov[LOG_PAIRS_MAX + 3];
    int count = (int)MIN(texts->len, G_N_ELEMENTS(iov));
    for (int i = 0; i < count; i++)
        iov[i] = (struct iovec){texts->pdata[i], strlen(texts->pdata[i])};
    if (sd_journal_sendv(iov, count) < 0)
        write_stderr(target, LEVELS[level].name, line);
    return G_LOG_WRITER_HANDLED;
}

static void target_free(gpointer data)
{
    LogTarget *target = data;
    g_free(target->ident);
    g_free(target);
}

bool log_setup(const char *target_name, const char *ident, LogLevel least, GError **error)
{
    bool journal = g_strcmp0(target_name, "journal") == 0, to_syslog = g_strcmp0(target_name, "syslog") == 0;
    if (!journal && !to_syslog && g_strcmp0(target_name, "stderr") != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "log.target \"%s\": use stderr, syslog or journal",
                    target_name);
        return false;
    }
    LogTarget *target = g_new0(LogTarget, 1);
    *target = (LogTarget){.least = least,
                          .to_syslog = to_syslog,
                          .stamp = g_getenv("JOURNAL_STREAM") == NULL,
                          .ident = g_strdup(ident)};
    if (to_syslog)
        openlog(target->ident, LOG_PID, LOG_MAIL);
    g_log_set_writer_func(journal ? write_journal : write_log, target, target_free);
    return true;
}

void log_kv(LogLevel level, const char *message, ...)
{
    GLogField fields[LOG_PAIRS_MAX];
    gsize n = 0;
    fields[n++] = (GLogField){"MESSAGE", message, -1};
    va_list args;
    va_start(args, message);
    for (const char *key; n < G_N_ELEMENTS(fields) && (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        if (value != NULL)
            fields[n++] = (GLogField){key, value, -1};
    }
    va_end(args);
    g_log_structured_array(LEVELS[level].flag, fields, n);
}
