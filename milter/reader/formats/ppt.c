// PowerPoint 97-2003 (MS-PPT): the text of all text atoms by slide, notes, comments, links, embedded files. Saves that append leave
// old versions of slides in the file: they are read as well.
#include "reader/formats/ole.h"

#include <gio/gio.h>
#include <string.h>

#define PPT_SLIDE      0x03ee
#define PPT_PERSIST    0x03f3
#define PPT_NOTES      0x03f0
#define PPT_MASTER     0x03f8
#define PPT_LIST       0x0ff0
#define PPT_LINK       0x0fd7
#define PPT_CHARS      0x0fa0
#define PPT_BYTES      0x0fa8
#define PPT_CSTRING    0x0fba
#define PPT_OBJECT     0x1011
#define PPT_ENCRYPTION 0x2f14

typedef struct {
    ReaderState *state;
    guint part;
    SniffBytes stream;
    GString *text;
    char *place;
    guint slides, notes, listed; // seen so far
    gsize link_end;              // behind the link's container that is being read
    gsize listed_end;            // behind the list of slides' texts
    bool listed_notes;
} Ppt;

static void ppt_flush(Ppt *ppt, char *place)
{
    format_text(ppt->state, ppt->part, ORIGIN_DOCUMENT, VISIBILITY_SHOWN, ppt->place, ppt->text->str,
                ppt->text->len);
    g_string_truncate(ppt->text, 0);
    g_free(ppt->place);
    ppt->place = place;
}

// Line ends of PowerPoint: CR for a paragraph, VT for a line.
static void ppt_text(Ppt *ppt, SniffBytes body, bool wide)
{
    gsize from = ppt->text->len;
    if (from > (gsize)ppt->state->limits->document_text)
        return;
    if (wide)
        bytes_utf16(ppt->text, body);
    else
        bytes_ansi(ppt->text, body);
    for (gsize i = from; i < ppt->text->len; i++)
        if (ppt->text->str[i] == '\r' || ppt->text->str[i] == '\v')
            ppt->text->str[i] = '\n';
    g_string_append_c(ppt->text, '\n');
}

static void ppt_cstring(Ppt *ppt, gsize at, SniffBytes body)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bytes_utf16(text, body);
    if (at < ppt->link_end)
        format_link(ppt->state, ppt->part, ppt->place, text->str);
    else
        g_string_append_printf(ppt->text, "%s\n", text->str);
}

// An embedded object: its size, and a compound file packed by zlib.
static void ppt_object(Ppt *ppt, guint instance, SniffBytes body)
{
    gsize most = MIN((gsize)ppt->state->limits->attachment_bytes, bytes_32(body, 0));
    if (instance == 0) {
        format_inside(ppt->state, ppt->part, "object", "", body.data, body.len);
        return;
    }
    if (!format_afford(ppt->state, ppt->part, most) || most == 0)
        return;
    g_autofree guint8 *out = g_malloc(most);
    g_autoptr(GZlibDecompressor) inflate = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
    SniffBytes packed = bytes_part(body, 4, body.len);
    gsize read = 0, written = 0;
    GConverterResult result = g_converter_convert(G_CONVERTER(inflate), packed.data, packed.len, out, most,
                                                  G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    if (result == G_CONVERTER_ERROR)
        format_note(ppt->state, ppt->part, "damaged", "an embedded object");
    else
        format_inside(ppt->state, ppt->part, "object", "", out, written);
    format_note(ppt->state, ppt->part, "embedded-file", NULL);
}

static void ppt_begin(Ppt *ppt, guint type, guint instance, gsize end)
{
    if (type == PPT_SLIDE)
        ppt_flush(ppt, g_strdup_printf("slide %u", ++ppt->slides));
    else if (type == PPT_NOTES)
        ppt_flush(ppt, g_strdup_printf("notes %u", ++ppt->notes));
    else if (type == PPT_MASTER)
        ppt_flush(ppt, g_strdup("master"));
    else if (type == PPT_LINK)
        ppt->link_end = end;
    if (type != PPT_LIST)
        return;
    ppt->listed = 0;
    ppt->listed_end = end;
    ppt->listed_notes = instance == 2;
    ppt_flush(ppt, g_strdup(instance == 1 ? "master" : NULL));
}

// False when the file is encrypted.
static bool ppt_atom(Ppt *ppt, guint type, guint instance, gsize at, SniffBytes body)
{
    if (type == PPT_CHARS || type == PPT_BYTES)
        ppt_text(ppt, body, type == PPT_CHARS);
    else if (type == PPT_CSTRING)
        ppt_cstring(ppt, at, body);
    else if (type == PPT_OBJECT)
        ppt_object(ppt, instance, body);
    else if (type == PPT_PERSIST && at < ppt->listed_end)
        ppt_flush(ppt, g_strdup_printf(ppt->listed_notes ? "notes %u" : "slide %u", ++ppt->listed));
    return type != PPT_ENCRYPTION;
}

// Containers are stepped into, so that no nesting is followed.
static bool ppt_walk(Ppt *ppt)
{
    bool open = true;
    for (gsize at = 0; open && bytes_have(ppt->stream, at, 8);) {
        guint head = bytes_16(ppt->stream, at), type = bytes_16(ppt->stream, at + 2);
        gsize len = bytes_32(ppt->stream, at + 4);
        bool container = (head & 15) == 15;
        if (container)
            ppt_begin(ppt, type, head >> 4, at + 8 + len);
        else
            open = ppt_atom(ppt, type, head >> 4, at, bytes_part(ppt->stream, at + 8, len));
        at += 8 + (container ? 0 : len);
    }
    ppt_flush(ppt, NULL);
    return open;
}

void ppt_read(ReaderState *state, guint part, SniffBytes bytes)
{
    gsize most = (gsize)state->limits->archive_bytes;
    g_autoptr(OleFile) ole = ole_open(bytes);
    g_autoptr(GByteArray) stream = ole != NULL ? ole_stream(ole, "PowerPoint Document", most) : NULL;
    g_autoptr(GByteArray) pictures = ole != NULL ? ole_stream(ole, "Pictures", most) : NULL;
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    if (stream == NULL || stream->len < 8) {
        format_fail(state, part, "damaged", "no presentation");
        return;
    }
    guint before = state->message->passages->len;
    Ppt ppt = {
        .state = state, .part = part, .stream = {stream->data, stream->len}, .text = g_string_new(NULL)};
    if (!ppt_walk(&ppt) || ole_has(ole, "EncryptedSummary"))
        format_fail(state, part, "encrypted", "a PowerPoint file with a password");
    bool none = state->message->passages->len == before;
    ole_metadata(state, part, ole);
    ole_macros(state, part, ole);
    if (pictures != NULL)
        ole_pictures(state, part, (SniffBytes){pictures->data, pictures->len});
    if (none)
        format_note(state, part, "no-text", NULL);
    g_string_free(ppt.text, TRUE);
    g_free(ppt.place);
}
