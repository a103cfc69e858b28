// Postfix's log, line by line: which queue files there were, where from, and what became of them.
#include "intake/internal.h"

#include <stdio.h>
#include <string.h>

enum { QUEUE_ID_MOST = 24 };

static void file_free(gpointer data)
{
    MailFile *file = data;
    g_free(file->queue_id);
    g_free(file->message_id);
    g_free(file->sender);
    g_free(file->client);
    g_free(file->parent);
    g_free(file);
}

MailLog *maillog_new(void)
{
    MailLog *log = g_new0(MailLog, 1);
    log->files = g_ptr_array_new_with_free_func(file_free);
    log->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    log->sources = g_ptr_array_new_with_free_func(g_free);
    return log;
}

void maillog_free(MailLog *log)
{
    if (log == NULL)
        return;
    g_hash_table_unref(log->by_id);
    g_ptr_array_unref(log->files);
    g_ptr_array_unref(log->sources);
    g_free(log);
}

// ---- a line's head -------------------------------------------------------------------------------------------

// "2026-11-22T19:26:57.123456+00:00", or "Nov 22 19:26:57" in the local zone, of the year that is not in the future. 0 = neither.
static int64_t line_time(const char *line, int64_t now_us, const char **out_rest)
{
    const char *space = strchr(line, ' ');
    int64_t us = 0;
    if (space == NULL)
        return 0;
    if (g_ascii_isdigit(line[0])) {
        g_autofree char *stamp = g_strndup(line, (gsize)(space - line));
        *out_rest = space + 1;
        return clock_parse(stamp, &us, NULL) ? us : 0;
    }
    if (strlen(line) < 16 || line[15] != ' ')
        return 0;
    *out_rest = line + 16;
    g_autoptr(GDateTime) now =
        g_date_time_new_from_unix_local((now_us + 86400 * (int64_t)G_USEC_PER_SEC) / G_USEC_PER_SEC);
    for (int back = 0; back < 5 && us == 0; back++) {
        g_autofree char *stamp = g_strdup_printf("%.15s %d", line, g_date_time_get_year(now) - back);
        int64_t utc = mail_date_parse(stamp);
        g_autoptr(GDateTime) plain = g_date_time_new_from_unix_utc(utc / G_USEC_PER_SEC);
        g_autoptr(GDateTime) local =
            utc != 0 ? g_date_time_new_local(g_date_time_get_year(plain), g_date_time_get_month(plain),
                                             g_date_time_get_day_of_month(plain), g_date_time_get_hour(plain),
                                             g_date_time_get_minute(plain), g_date_time_get_second(plain))
                     : NULL;
        if (local != NULL && g_date_time_compare(local, now) <= 0)
            us = g_date_time_to_unix(local) * G_USEC_PER_SEC;
    }
    return us;
}

// "host postfix/smtpd[123]: rest" -> "smtpd"; NULL when it is not Postfix's. Caller frees.
static char *line_program(const char *line, const char **out_rest)
{
    const char *tag = strchr(line, ' ');
    const char *end = tag != NULL ? strstr(tag, ": ") : NULL;
    if (end == NULL || !g_str_has_prefix(tag + 1, "postfix"))
        return NULL;
    const char *slash = NULL, *bracket = end;
    for (const char *at = tag; at < end; at++) {
        slash = *at == '/' ? at : slash;
        bracket = *at == '[' && bracket == end ? at : bracket;
    }
    if (slash == NULL || slash > bracket)
        return NULL;
    *out_rest = end + 2;
    return g_strndup(slash + 1, (gsize)(bracket - slash - 1));
}

// "4XyZ...: rest"; NULL when the line is about no queue file. Caller frees.
static char *line_queue_id(const char *line, const char **out_rest)
{
    gsize len = 0;
    while (len <= QUEUE_ID_MOST && g_ascii_isalnum(line[len]))
        len++;
    if (len < 5 || len > QUEUE_ID_MOST || line[len] != ':' || line[len + 1] != ' ' ||
        g_str_has_prefix(line, "NOQUEUE") || strcspn(line, "0123456789") > len)
        return NULL;
    *out_rest = line + len + 2;
    return g_strndup(line, len);
}

// ---- what it says --------------------------------------------------------------------------------------------

static MailFile *file_new(MailLog *log, const char *queue_id)
{
    MailFile *file = g_new0(MailFile, 1);
    file->queue_id = g_strdup(queue_id);
    g_ptr_array_add(log->files, file);
    g_hash_table_replace(log->by_id, file->queue_id, file);
    return file;
}

// The queue file of that id; short ids come back for other messages, which begin with their client or their user.
static MailFile *file_of(MailLog *log, const char *queue_id, bool begins)
{
    MailFile *file = g_hash_table_lookup(log->by_id, queue_id);
    bool other = file != NULL && begins && (file->ended || file->refused || file->client != NULL);
    return file == NULL || other ? file_new(log, queue_id) : file;
}

// "key=value" up to a comma, a blank or the end; angle brackets go. Caller frees; NULL = none.
static char *value_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (at == NULL)
        return NULL;
    at += strlen(key);
    if (*at == '<')
        return g_strndup(at + 1, strcspn(at + 1, ">"));
    return g_strndup(at, strcspn(at, ", \n"));
}

static void set_once(char **slot, char *value)
{
    if (*slot == NULL)
        *slot = value;
    else
        g_free(value);
}

static void take_cleanup(MailFile *file, const char *text)
{
    if (g_str_has_prefix(text, "message-id=")) {
        set_once(&file->message_id, value_of(text, "message-id="));
        g_strdelimit(file->message_id, "\r\n", '\0');
    } else if (g_str_has_prefix(text, "resent-message-id=")) {
        // It comes before the message's own, and is what tells a release.
        set_once(&file->message_id, value_of(text, "resent-message-id="));
    } else if (g_str_has_prefix(text, "milter-reject: ") || g_str_has_prefix(text, "reject: ")) {
        file->refused = true;
    } else if (g_str_has_prefix(text, "milter-discard: ") || g_str_has_prefix(text, "discard: ") ||
               g_str_has_prefix(text, "milter-hold: ") || g_str_has_prefix(text, "hold: ")) {
        file->accepted = true;
    }
}

static void take_child(MailLog *log, const MailFile *file, const char *text, const char *mark, bool internal,
                       int64_t us)
{
    const char *at = strstr(text, mark);
    gsize len = at != NULL ? strspn(at + strlen(mark), G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS) : 0;
    if (len < 5 || len > QUEUE_ID_MOST)
        return;
    g_autofree char *id = g_strndup(at + strlen(mark), len);
    MailFile *child = file_of(log, id, false);
    child->internal = child->internal || internal;
    set_once(&child->parent, g_strdup(file->queue_id));
    child->first_us = child->first_us == 0 ? us : child->first_us;
}

static void take_line(MailLog *log, const char *program, const char *queue_id, const char *text, int64_t us)
{
    bool client = strcmp(program, "smtpd") == 0 && g_str_has_prefix(text, "client=");
    bool user = strcmp(program, "pickup") == 0 && g_str_has_prefix(text, "uid=");
    MailFile *file = file_of(log, queue_id, client || user);
    file->first_us = file->first_us == 0 ? us : file->first_us;
    file->last_us = MAX(file->last_us, us);
    if (client) {
        file->client = value_of(text, "client=");
        set_once(&file->parent, value_of(text, "orig_queue_id="));
    } else if (user) {
        file->client = g_strdup("local");
        set_once(&file->parent, value_of(text, "orig_id="));
    } else if (strcmp(program, "cleanup") == 0) {
        take_cleanup(file, text);
    } else if (strcmp(program, "qmgr") == 0 && g_str_has_prefix(text, "from=")) {
        set_once(&file->sender, value_of(text, "from="));
        file->accepted = file->accepted || strstr(text, "(queue active)") != NULL;
    } else if (g_str_has_prefix(text, "removed")) {
        file->ended = true;
    }
    if (strcmp(program, "local") == 0)
        take_child(log, file, text, "(forwarded as ", false, us);
    else if (strcmp(program, "bounce") == 0)
        take_child(log, file, text, "notification: ", true, us);
}

void maillog_line(MailLog *log, const char *line, int64_t now_us)
{
    const char *rest = NULL;
    int64_t us = line_time(line, now_us, &rest);
    if (us == 0)
        return;
    g_autofree char *program = line_program(rest, &rest);
    if (program == NULL)
        return;
    log->lines++;
    log->first_us = log->first_us == 0 ? us : MIN(log->first_us, us);
    log->last_us = MAX(log->last_us, us);
    g_autofree char *queue_id = line_queue_id(rest, &rest);
    if (queue_id != NULL)
        take_line(log, program, queue_id, rest, us);
}
