#include "feeds/lines.h"

#include <string.h>

#define CHUNK_BYTES    65536
#define LINES_PROGRESS 1024

struct Lines {
    FeedRun *run;
    const FeedInput *input;
    SourceStream *stream;
    char *file;
    char chunk[CHUNK_BYTES];
    gsize at, filled;
    GString *text;
    guint line;
    bool ended; // the stream is
};

void lines_free(Lines *lines)
{
    if (lines == NULL)
        return;
    source_stream_free(lines->stream);
    g_string_free(lines->text, TRUE);
    g_free(lines->file);
    g_free(lines);
}

Lines *lines_open(FeedRun *run, const FeedInput *input, const Source *files, const char *name, GError **error)
{
    g_autoptr(SourceStream) stream = source_stream(files, name, error);
    if (stream == NULL)
        return NULL;
    Lines *lines = g_new0(Lines, 1);
    lines->run = run;
    lines->input = input;
    lines->stream = g_steal_pointer(&stream);
    lines->file = g_strdup(source_stream_name(lines->stream));
    lines->text = g_string_new(NULL);
    return lines;
}

static bool fail(const Lines *lines, GError **error, const char *what)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: %s", lines->file, lines->line, what);
    return false;
}

static bool fill(Lines *lines, GError **error)
{
    if (lines->at < lines->filled || lines->ended)
        return true;
    gssize got = source_read(lines->stream, lines->chunk, sizeof lines->chunk, error);
    lines->at = 0;
    lines->filled = got > 0 ? (gsize)got : 0;
    lines->ended = got <= 0;
    return got >= 0;
}

// Appends up to the end of the line or of the chunk; *out_whole: the line's end was met.
static bool take(Lines *lines, bool *out_whole, GError **error)
{
    const char *from = lines->chunk + lines->at;
    gsize left = lines->filled - lines->at;
    const char *end = memchr(from, '\n', left);
    gsize length = end != NULL ? (gsize)(end - from) : left;
    if (lines->text->len + length > LINES_BYTES)
        return fail(lines, error, "a line over 1 MB; is this a text file?");
    if (memchr(from, '\0', length) != NULL)
        return fail(lines, error, "a NUL character; is this a text file?");
    g_string_append_len(lines->text, from, (gssize)length);
    lines->at += length + (end != NULL ? 1 : 0);
    *out_whole = end != NULL;
    return true;
}

static void clean(Lines *lines)
{
    GString *text = lines->text;
    if (text->len > 0 && text->str[text->len - 1] == '\r')
        g_string_truncate(text, text->len - 1);
    if (lines->line == 1 && g_str_has_prefix(text->str, "\xef\xbb\xbf"))
        g_string_erase(text, 0, 3);
    if (g_utf8_validate(text->str, (gssize)text->len, NULL))
        return;
    g_autofree char *latin = g_convert(text->str, (gssize)text->len, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
    g_string_assign(text, latin != NULL ? latin : "");
}

static bool check_count(const Lines *lines, GError **error)
{
    if (lines->line <= (guint)lines->run->config->roster.rows)
        return true;
    return fail(lines, error, "more lines than roster.rows allows; raise it if the district is that large");
}

static void tell_progress(const Lines *lines)
{
    run_progress(lines->run, lines->input->spec->name, lines->file, source_stream_done(lines->stream),
                 source_stream_total(lines->stream));
}

CsvStep lines_next(Lines *lines, GError **error)
{
    bool ok = true, whole = false, any = false;
    g_string_truncate(lines->text, 0);
    lines->line++;
    while (ok && !whole && (ok = fill(lines, error)) && !lines->ended) {
        any = true;
        ok = take(lines, &whole, error);
    }
    if (!ok || (any && !check_count(lines, error)))
        return CSV_FAILED;
    if (lines->line % LINES_PROGRESS == 0 || !any)
        tell_progress(lines);
    if (!any)
        return table_record(lines->run, lines->input, lines->stream, lines->line - 1, error) ? CSV_END
                                                                                             : CSV_FAILED;
    clean(lines);
    return CSV_ROW;
}

char *lines_text(Lines *lines)
{
    return lines->text->str;
}

guint lines_line(const Lines *lines)
{
    return lines->line;
}

const char *lines_file(const Lines *lines)
{
    return lines->file;
}

void lines_note(Lines *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    run_note(lines->run, lines->file, lines->line, "%s", text);
}
