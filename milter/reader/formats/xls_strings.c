// The shared string table runs over records: a string may break inside, and then says anew how wide its characters are.
#include "reader/formats/xls.h"

#define XLS_MOST_STRINGS 2000000u

struct XlsStrings {
    GPtrArray *texts; // of char*
};

typedef struct {
    SniffBytes stream;
    SniffBytes body; // of the record being read
    gsize at;        // in it
    gsize next;      // of the stream: behind it
} XlsReader;

// The next CONTINUE; false when there is none.
static bool xls_more(XlsReader *reader)
{
    bool more =
        bytes_16(reader->stream, reader->next) == 0x003c && bytes_have(reader->stream, reader->next, 4);
    if (more) {
        gsize len = bytes_16(reader->stream, reader->next + 2);
        reader->body = bytes_part(reader->stream, reader->next + 4, len);
        reader->next += 4 + len;
        reader->at = 0;
    }
    return more && reader->body.len > 0;
}

// `count` bytes of numbers, which no record break splits.
static bool xls_number_at(XlsReader *reader, guint count, guint32 *out)
{
    if (reader->at >= reader->body.len && !xls_more(reader))
        return false;
    *out = count == 1   ? (bytes_have(reader->body, reader->at, 1) ? reader->body.data[reader->at] : 0)
           : count == 2 ? bytes_16(reader->body, reader->at)
                        : bytes_32(reader->body, reader->at);
    reader->at += count;
    return true;
}

static bool xls_skip(XlsReader *reader, gsize count)
{
    while (count > 0) {
        if (reader->at >= reader->body.len && !xls_more(reader))
            return false;
        gsize step = MIN(count, reader->body.len - reader->at);
        reader->at += step;
        count -= step;
    }
    return true;
}

static bool xls_chars(XlsReader *reader, gsize count, bool wide, GString *out)
{
    while (count > 0) {
        if (reader->at >= reader->body.len) {
            guint32 options = 0;
            if (!xls_more(reader) || !xls_number_at(reader, 1, &options))
                return false;
            wide = (options & 1) != 0;
        }
        gsize size = wide ? 2 : 1, left = reader->body.len - MIN(reader->at, reader->body.len);
        gsize take = MIN(count, left / size);
        SniffBytes bytes = bytes_part(reader->body, reader->at, take * size);
        if (wide)
            bytes_utf16(out, bytes);
        else
            bytes_ansi(out, bytes);
        reader->at += take > 0 ? take * size : left;
        count -= take;
    }
    return true;
}

// False at the end, or where the table breaks.
static bool xls_one(XlsReader *reader, GString *out)
{
    guint32 count = 0, options = 0, runs = 0, extra = 0;
    bool ok = xls_number_at(reader, 2, &count) && xls_number_at(reader, 1, &options);
    if (ok && (options & 8))
        ok = xls_number_at(reader, 2, &runs);
    if (ok && (options & 4))
        ok = xls_number_at(reader, 4, &extra);
    return ok && xls_chars(reader, count, (options & 1) != 0, out) &&
           xls_skip(reader, 4 * (gsize)runs + extra);
}

XlsStrings *xls_strings_new(SniffBytes stream, gsize at)
{
    gsize len = bytes_16(stream, at + 2);
    XlsReader reader = {
        .stream = stream, .body = bytes_part(stream, at + 4, len), .at = 8, .next = at + 4 + len};
    guint32 count = bytes_32(reader.body, 4);
    XlsStrings *strings = g_new0(XlsStrings, 1);
    strings->texts = g_ptr_array_new_with_free_func(g_free);
    bool more = true;
    while (more && strings->texts->len < MIN(count, XLS_MOST_STRINGS)) {
        g_autoptr(GString) text = g_string_new(NULL);
        more = xls_one(&reader, text);
        if (more || text->len > 0)
            g_ptr_array_add(strings->texts, g_string_free(g_steal_pointer(&text), FALSE));
    }
    return strings;
}

void xls_strings_free(XlsStrings *strings)
{
    if (strings == NULL)
        return;
    g_ptr_array_unref(strings->texts);
    g_free(strings);
}

const char *xls_strings_get(const XlsStrings *strings, guint index)
{
    return index < strings->texts->len ? strings->texts->pdata[index] : NULL;
}
