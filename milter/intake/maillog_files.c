// Where lines of the MTA's log lie: a file and what it was rotated to, or the system's journal.
#include "intake/internal.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

// ---- files ---------------------------------------------------------------------------------------------------

typedef struct {
    char *path;
    int64_t mtime;
} LogFile;

static void log_file_free(gpointer data)
{
    LogFile *file = data;
    g_free(file->path);
    g_free(file);
}

static int oldest_first(gconstpointer a, gconstpointer b)
{
    const LogFile *one = *(const LogFile *const *)a, *other = *(const LogFile *const *)b;
    // Of one second the one with the higher number is older.
    return one->mtime != other->mtime ? (one->mtime < other->mtime ? -1 : 1)
                                      : -strcmp(one->path, other->path);
}

// "mail.log.1", "mail.log.2.gz", "mail.log-20261122.gz" beside "mail.log".
static bool is_rotated(const char *name, const char *base)
{
    gsize len = strlen(base);
    if (strncmp(name, base, len) != 0 || (name[len] != '.' && name[len] != '-') ||
        !g_ascii_isdigit(name[len + 1]))
        return false;
    const char *end = name + len + 1;
    end += strspn(end, "0123456789-T:");
    return *end == '\0' || *end == '.';
}

static bool add_log(GPtrArray *files, const char *path, GError **error)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no such log", path);
        return false;
    }
    LogFile *file = g_new0(LogFile, 1);
    *file = (LogFile){g_strdup(path), st.st_mtim.tv_sec};
    g_ptr_array_add(files, file);
    return true;
}

static GPtrArray *logs_beside(const char *path, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(log_file_free);
    g_autofree char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    bool ok = add_log(files, path, error);
    const char *name;
    while (ok && open != NULL && (name = g_dir_read_name(open)) != NULL) {
        g_autofree char *beside = g_build_filename(dir, name, NULL);
        if (is_rotated(name, base))
            ok = add_log(files, beside, error);
    }
    g_ptr_array_sort(files, oldest_first);
    return ok ? g_steal_pointer(&files) : NULL;
}

static bool is_compressed_otherwise(const char *path)
{
    return g_str_has_suffix(path, ".xz") || g_str_has_suffix(path, ".bz2") || g_str_has_suffix(path, ".zst");
}

static bool read_log(MailLog *log, const LogFile *file, GError **error)
{
    if (is_compressed_otherwise(file->path)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: unpack it first; only gzip is read", file->path);
        return false;
    }
    g_autoptr(GFile) at = g_file_new_for_path(file->path);
    g_autoptr(GInputStream) stream = (GInputStream *)g_file_read(at, NULL, error);
    if (stream != NULL && g_str_has_suffix(file->path, ".gz")) {
        g_autoptr(GZlibDecompressor) gzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
        GInputStream *plain = g_converter_input_stream_new(stream, G_CONVERTER(gzip));
        g_object_unref(stream);
        stream = plain;
    }
    if (stream == NULL)
        return false;
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(stream);
    g_autoptr(GError) failed = NULL;
    // A line without a year was written before the file was last.
    int64_t now_us = file->mtime * G_USEC_PER_SEC;
    char *line;
    while ((line = g_data_input_stream_read_line(lines, NULL, NULL, &failed)) != NULL) {
        maillog_line(log, line, now_us);
        g_free(line);
    }
    if (failed != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", file->path, failed->message);
    g_ptr_array_add(log->sources, g_strdup(file->path));
    return failed == NULL;
}

bool maillog_read(MailLog *log, const char *path, GError **error)
{
    g_autoptr(GPtrArray) files = logs_beside(path, error);
    bool ok = files != NULL;
    for (guint i = 0; ok && i < files->len; i++)
        ok = read_log(log, files->pdata[i], error);
    return ok;
}

// ---- the journal ---------------------------------------------------------------------------------------------

// A field of the entry; caller frees, NULL = none.
static char *journal_field(sd_journal *journal, const char *name)
{
    const void *data = NULL;
    size_t len = 0;
    gsize skip = strlen(name) + 1;
    if (sd_journal_get_data(journal, name, &data, &len) < 0 || len < skip)
        return NULL;
    return g_strndup((const char *)data + skip, len - skip);
}

static void journal_entry(MailLog *log, sd_journal *journal)
{
    g_autofree char *program = journal_field(journal, "SYSLOG_IDENTIFIER");
    g_autofree char *text = journal_field(journal, "MESSAGE");
    uint64_t us = 0;
    if (program == NULL || text == NULL || !g_str_has_prefix(program, "postfix") ||
        sd_journal_get_realtime_usec(journal, &us) < 0)
        return;
    g_autofree char *time = clock_format((int64_t)us);
    g_autofree char *line = g_strdup_printf("%s host %s: %s", time, program, text);
    maillog_line(log, line, (int64_t)us);
}

bool maillog_read_journal(MailLog *log, const char *directory, int64_t from_us, int64_t to_us, GError **error)
{
    sd_journal *journal = NULL;
    int status = directory != NULL ? sd_journal_open_directory(&journal, directory, 0)
                                   : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
    if (status >= 0)
        status = sd_journal_add_match(journal, "SYSLOG_FACILITY=2", 0); // mail
    if (status >= 0)
        status = from_us != 0 ? sd_journal_seek_realtime_usec(journal, (uint64_t)from_us)
                              : sd_journal_seek_head(journal);
    bool going = status >= 0;
    while (going && (status = sd_journal_next(journal)) > 0) {
        uint64_t us = 0;
        going = to_us == 0 || sd_journal_get_realtime_usec(journal, &us) < 0 || us <= (uint64_t)to_us;
        if (going)
            journal_entry(log, journal);
    }
    if (status < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "the system's journal cannot be read: %s",
                    g_strerror(-status));
    if (journal != NULL)
        sd_journal_close(journal);
    g_ptr_array_add(log->sources, g_strdup(directory != NULL ? directory : "journal"));
    return status >= 0;
}
