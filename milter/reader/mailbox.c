// Files of several messages (mbox), and of one with something around it (Apple Mail's .emlx).
#include "reader/content.h"
#include "reader/sniff.h"

#include <string.h>

static gsize mailbox_line_end(SniffBytes bytes, gsize at)
{
    const guint8 *stop = memchr(bytes.data + at, '\n', bytes.len - at);
    return stop != NULL ? (gsize)(stop - bytes.data) + 1 : bytes.len;
}

// ---- .emlx -----------------------------------------------------------------------------------------------

// The first line, when it is a number and nothing else; 0 = it is not. `*out_count` gets the number.
static gsize mailbox_count(SniffBytes bytes, gsize *out_count)
{
    gsize at = 0, count = 0;
    while (at < bytes.len && at < 10 && g_ascii_isdigit(bytes.data[at]))
        count = count * 10 + (gsize)g_ascii_digit_value((char)bytes.data[at++]);
    bool digits = at > 0;
    while (at < bytes.len && (bytes.data[at] == ' ' || bytes.data[at] == '\r'))
        at++;
    *out_count = count;
    return digits && at < bytes.len && bytes.data[at] == '\n' ? at + 1 : 0;
}

gsize mailbox_prefix(SniffBytes bytes)
{
    gsize count = 0, skip = mailbox_count(bytes, &count);
    return skip > 0 && count > 0 && count <= bytes.len - skip ? skip : 0;
}

static void mailbox_counted(ReaderState *state, guint part, SniffBytes bytes, gsize skip)
{
    gsize count = 0;
    mailbox_count(bytes, &count);
    structure_read(state, part, bytes.data + skip, count);
    SniffBytes rest = {bytes.data + skip + count, bytes.len - skip - count};
    if (rest.len > 0)
        content_read_inside(state, part, rest.data, rest.len, "application/xml", NULL);
}

// ---- mbox ------------------------------------------------------------------------------------------------

// The next "From " line behind an empty line that begins a message; the end when there is none.
static gsize mailbox_next(SniffBytes bytes, gsize at)
{
    while (at < bytes.len) {
        const guint8 *found = memmem(bytes.data + at, bytes.len - at, "\nFrom ", 6);
        if (found == NULL)
            break;
        at = (gsize)(found - bytes.data) + 1;
        gsize before = at - 1;
        before -= before > 0 && bytes.data[before - 1] == '\r';
        bool parted = before > 0 && bytes.data[before - 1] == '\n';
        gsize header = mailbox_line_end(bytes, at);
        if (parted && sniff_is_message((SniffBytes){bytes.data + header, bytes.len - header}))
            return at;
    }
    return bytes.len;
}

static void mailbox_split(ReaderState *state, guint part, SniffBytes bytes)
{
    guint number = 1;
    bool room = true;
    for (gsize at = 0; at < bytes.len && room; number++) {
        gsize end = mailbox_next(bytes, at + 1);
        guint parts = state->message->parts->len;
        g_autofree char *name = g_strdup_printf("message %u", number);
        content_read_inside(state, part, bytes.data + at, end - at, "message/rfc822", name);
        room = state->message->parts->len > parts;
        at = end;
    }
}

// ---- either ----------------------------------------------------------------------------------------------

void mailbox_read(ReaderState *state, guint part, SniffBytes bytes)
{
    gsize skip = mailbox_prefix(bytes);
    if (skip > 0)
        mailbox_counted(state, part, bytes, skip);
    else if (SNIFF_HAS(bytes, 0, "From ") && mailbox_next(bytes, 1) < bytes.len)
        mailbox_split(state, part, bytes);
    else
        structure_read(state, part, bytes.data, bytes.len);
}
