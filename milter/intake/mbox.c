// mbox: messages one behind another, each after a line "From sender date". The four kinds differ in what becomes of lines of a
// message that begin so: mboxo puts a ">" before "From ", mboxrd also before ">From ", ">>From " and so on, mboxcl does as mboxo
// and tells the length besides, mboxcl2 tells the length and leaves lines as they are.
#include "intake/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, LINE_LOOK = 512 };

typedef struct {
    int fd;
    const char *path;
    char *buffer;
    gsize have, at;  // bytes in the buffer; of them, read
    int64_t offset;  // of the buffer in the file
    bool ended, mid; // the end was read; the next piece goes on a line
    GError *error;
} Lines;

typedef struct {
    const char *data;
    gsize len;
    int64_t position;
    bool begins, ends; // a line
} Piece;

// ---- lines ---------------------------------------------------------------------------------------------------

static void lines_fill(Lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->at, lines->have - lines->at);
    lines->offset += (int64_t)lines->at;
    lines->have -= lines->at;
    lines->at = 0;
    while (lines->have < BUFFER && !lines->ended) {
        ssize_t n = pread(lines->fd, lines->buffer + lines->have, BUFFER - lines->have,
                          lines->offset + (int64_t)lines->have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            g_set_error(&lines->error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot read: %s", lines->path,
                        g_strerror(errno));
        lines->ended = n <= 0;
        lines->have += n > 0 ? (gsize)n : 0;
    }
}

static void lines_seek(Lines *lines, int64_t offset)
{
    int64_t skip = offset - lines->offset;
    if (skip >= 0 && skip <= (int64_t)lines->have) {
        lines->at = (gsize)skip;
    } else {
        lines->offset = offset;
        lines->at = lines->have = 0;
        lines->ended = false;
    }
    lines->mid = false;
}

// The next line, or a piece of one that is longer than the buffer. False at the end.
static bool lines_next(Lines *lines, Piece *out)
{
    char *begin = lines->buffer + lines->at;
    gsize left = lines->have - lines->at;
    const char *end = left > 0 ? memchr(begin, '\n', left) : NULL;
    if (end == NULL && !lines->ended) {
        lines_fill(lines);
        begin = lines->buffer;
        left = lines->have;
        end = left > 0 ? memchr(begin, '\n', left) : NULL;
    }
    gsize len = end != NULL ? (gsize)(end - begin) + 1 : left;
    *out = (Piece){begin, len, lines->offset + (int64_t)lines->at, !lines->mid, end != NULL};
    lines->mid = end == NULL;
    lines->at += len;
    return len > 0;
}

static bool is_blank(const Piece *piece)
{
    return piece->begins && piece->ends && (piece->len == 1 || (piece->len == 2 && piece->data[0] == '\r'));
}

// ---- what begins a message -----------------------------------------------------------------------------------

// "From sender date", with a date that has a day, a month, a year and a time. `out_sender` may be NULL.
static bool is_from_line(const char *data, gsize len, char **out_sender, int64_t *out_us)
{
    if (len < 5 || memcmp(data, "From ", 5) != 0)
        return false;
    g_autofree char *line = g_strndup(data + 5, MIN(len - 5, LINE_LOOK));
    g_strdelimit(line, "\r\n", '\0');
    char *at = g_strchug(line);
    gsize word = strcspn(at, " \t");
    int64_t us = mail_date_parse(at + word);
    if (us == 0)
        us = mail_date_parse(at); // no sender at all
    if (us == 0 || word > 320)
        return false;
    bool nobody = strchr(at, ':') != NULL && strchr(at, ':') < at + word;
    if (out_us != NULL)
        *out_us = us;
    if (out_sender != NULL && !nobody) {
        g_autofree char *sender = g_strndup(at, word);
        // The null sender has this name in mbox files; "-" is nobody.
        bool null = g_ascii_strcasecmp(sender, "MAILER-DAEMON") == 0;
        *out_sender = strcmp(sender, "-") == 0 ? NULL : g_strdup(null ? "" : sender);
    }
    return true;
}

bool mbox_begins(const char *data, gsize len)
{
    const char *end = len > 0 ? memchr(data, '\n', len) : NULL;
    return is_from_line(data, end != NULL ? (gsize)(end - data) : len, NULL, NULL);
}

static gsize quotes_of(const Piece *piece)
{
    gsize quotes = 0;
    while (quotes < piece->len && piece->data[quotes] == '>')
        quotes++;
    return piece->begins && piece->len - quotes >= 5 && memcmp(piece->data + quotes, "From ", 5) == 0
               ? quotes + 1
               : 0; // 1 = "From " itself
}

// Does a message end at `offset`: the end of the file, or another one's beginning, an empty line before it or not?
static bool ends_at(Lines *lines, int64_t offset)
{
    char text[LINE_LOOK];
    ssize_t n = pread(lines->fd, text, sizeof text, offset);
    gsize at = 0, len = n > 0 ? (gsize)n : 0;
    while (at < len && at < 4 && (text[at] == '\n' || text[at] == '\r'))
        at++;
    bool at_end = n >= 0 && at == len;
    // Beyond the end of the file nothing can be read either.
    char last;
    if (at_end && len == 0 && offset > 0)
        at_end = pread(lines->fd, &last, 1, offset - 1) == 1;
    return at_end || (at < len && mbox_begins(text + at, len - at));
}

// ---- one message ---------------------------------------------------------------------------------------------

typedef struct {
    gsize lengths, wrong;  // messages that tell their length, and those where it does not fit
    gsize bare, one, more; // lines "From ", ">From ", ">>From " within messages
} Survey;

typedef struct {
    Lines lines;
    IntakeFormat kind;
    bool survey_only;
    Survey survey;
    GByteArray *raw;
    bool too_large;
    guint unquoted;
} Mbox;

static void put(Mbox *mbox, const char *data, gsize len)
{
    mbox->too_large = mbox->too_large || mbox->raw->len + len > INTAKE_MOST;
    if (!mbox->too_large)
        g_byte_array_append(mbox->raw, (const guint8 *)data, (guint)len);
}

static void put_piece(Mbox *mbox, const Piece *piece, bool in_body)
{
    gsize quotes = quotes_of(piece);
    if (in_body) {
        mbox->survey.bare += quotes == 1;
        mbox->survey.one += quotes == 2;
        mbox->survey.more += quotes > 2;
    }
    bool rd = mbox->kind == INTAKE_MBOXRD, one = mbox->kind == INTAKE_MBOXO || mbox->kind == INTAKE_MBOXCL;
    gsize skip = (rd && quotes >= 2) || (one && quotes == 2) ? 1 : 0;
    mbox->unquoted += skip > 0;
    put(mbox, piece->data + skip, piece->len - skip);
}

// The length that the header tells, where the message does end there; -1 = none.
static int64_t told_length(Mbox *mbox, int64_t body)
{
    bool may = mbox->survey_only || mbox->kind == INTAKE_MBOXCL || mbox->kind == INTAKE_MBOXCL2;
    if (!may || mbox->too_large)
        return -1;
    g_autoptr(IntakeHeader) header = header_parse((const char *)mbox->raw->data, mbox->raw->len);
    const char *value = header_value(header, "Content-Length");
    gint64 length = value != NULL && g_ascii_isdigit(*value) ? g_ascii_strtoll(value, NULL, 10) : -1;
    if (length < 0)
        return -1;
    bool fits = length <= (gint64)INTAKE_MOST && ends_at(&mbox->lines, body + length);
    mbox->survey.lengths++;
    mbox->survey.wrong += !fits;
    return fits ? length : -1;
}

// The body that is `length` long.
static void take_length(Mbox *mbox, int64_t end)
{
    Piece piece;
    while (mbox->lines.error == NULL && lines_next(&mbox->lines, &piece)) {
        if (piece.position + (int64_t)piece.len > end)
            piece.len = (gsize)MAX(end - piece.position, 0);
        put_piece(mbox, &piece, true);
        if (piece.position + (int64_t)piece.len >= end)
            break;
    }
    lines_seek(&mbox->lines, end);
}

// The end of the line before what is next: it belongs to the file, not to the message.
static void drop_blank(Mbox *mbox)
{
    GByteArray *raw = mbox->raw;
    if (raw->len >= 2 && raw->data[raw->len - 1] == '\n') {
        guint drop = raw->data[raw->len - 2] == '\r' ? 2 : 1;
        guint before = raw->len - drop;
        if (before > 0 && raw->data[before - 1] == '\n')
            g_byte_array_set_size(raw, before);
    }
}

// Reads the message behind its first line up to the next one's, which `*next` gets. True when there is a next one.
static bool read_message(Mbox *mbox, Piece *next)
{
    bool blank = false, in_body = false, found = false;
    g_byte_array_set_size(mbox->raw, 0);
    mbox->too_large = false;
    mbox->unquoted = 0;
    while (!found && lines_next(&mbox->lines, next)) {
        bool first = mbox->raw->len == 0;
        found = next->begins && (blank || first) && is_from_line(next->data, next->len, NULL, NULL);
        if (found)
            break;
        blank = is_blank(next);
        put_piece(mbox, next, in_body);
        if (mbox->survey_only && in_body)
            g_byte_array_set_size(mbox->raw, 1); // its bytes are not wanted; it is not at its beginning
        if (blank && !in_body) {
            in_body = true;
            int64_t body = next->position + (int64_t)next->len, length = told_length(mbox, body);
            if (length > 0)
                take_length(mbox, body + length);
            // The line break before the next message is the file's.
            if (length >= 0)
                blank = true;
            if (length >= 0 && !mbox->survey_only) {
                bool more = false;
                while (!more && lines_next(&mbox->lines, next) && is_blank(next))
                    ;
                more = next->len > 0 && is_from_line(next->data, next->len, NULL, NULL);
                return more;
            }
        }
    }
    drop_blank(mbox);
    return found;
}

static bool mbox_run(Mbox *mbox, MboxEach func, void *data)
{
    Piece next;
    bool more = lines_next(&mbox->lines, &next), going = true;
    while (more && is_blank(&next))
        more = lines_next(&mbox->lines, &next);
    if (more && !is_from_line(next.data, next.len, NULL, NULL) && mbox->lines.error == NULL)
        g_set_error(&mbox->lines.error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: byte %" G_GINT64_FORMAT ": no line \"From sender date\": this is no mbox",
                    mbox->lines.path, next.position);
    while (more && going && mbox->lines.error == NULL) {
        MboxMessage message = {.position = next.position};
        is_from_line(next.data, next.len, &message.sender, &message.line_us);
        more = read_message(mbox, &next);
        message.unquoted = mbox->unquoted;
        if (!mbox->too_large)
            message.raw = g_bytes_new(mbox->raw->data, mbox->raw->len);
        if (func != NULL && mbox->lines.error == NULL)
            going = func(&message, data);
        g_clear_pointer(&message.raw, g_bytes_unref);
        g_free(message.sender);
    }
    return mbox->lines.error == NULL;
}

static bool mbox_do(int fd, const char *path, IntakeFormat kind, bool survey_only, MboxEach func, void *data,
                    Survey *out, GError **error)
{
    Mbox mbox = {.lines = {.fd = fd, .path = path, .buffer = g_malloc(BUFFER)},
                 .kind = kind,
                 .survey_only = survey_only,
                 .raw = g_byte_array_new()};
    bool ok = mbox_run(&mbox, func, data);
    if (!ok)
        g_propagate_error(error, mbox.lines.error);
    *out = mbox.survey;
    g_free(mbox.lines.buffer);
    g_byte_array_unref(mbox.raw);
    return ok;
}

IntakeFormat mbox_kind(int fd, const char *path, GError **error)
{
    Survey survey;
    if (!mbox_do(fd, path, INTAKE_MBOX, true, NULL, NULL, &survey, error))
        return INTAKE_LAST;
    if (survey.lengths > 0 && survey.wrong == 0)
        return survey.bare > 0 || survey.one == 0 ? INTAKE_MBOXCL2 : INTAKE_MBOXCL;
    // Only mboxrd makes ">>From " of what a message has; without one both are read alike.
    return survey.more > 0 ? INTAKE_MBOXRD : INTAKE_MBOXO;
}

bool mbox_read(int fd, const char *path, IntakeFormat kind, MboxEach func, void *data, GError **error)
{
    Survey ignored;
    return mbox_do(fd, path, kind, false, func, data, &ignored, error);
}
