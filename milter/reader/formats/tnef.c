// winmail.dat (MS-OXTNEF): attributes in a row, MAPI properties in two of them. Read by a walk of our own, because the library for it
// crashes on lengths that lie.
#include "reader/formats/ole.h"

#include <string.h>

// Low halves of the attributes' ids; the high half is a type that readers pass over.
#define TNEF_FROM       0x8000u
#define TNEF_SUBJECT    0x8004u
#define TNEF_BODY       0x800cu
#define TNEF_DATA       0x800fu
#define TNEF_TITLE      0x8010u
#define TNEF_RENDER     0x9002u
#define TNEF_PROPERTIES 0x9003u
#define TNEF_RECIPIENTS 0x9004u
#define TNEF_ATTACHMENT 0x9005u
#define TNEF_CODEPAGE   0x9007u

#define TNEF_CONTENTS 4u // of one attachment that are told apart

#define MAPI_OBJECT  0x000du
#define MAPI_STRING  0x001eu
#define MAPI_UNICODE 0x001fu
#define MAPI_BINARY  0x0102u
#define MAPI_MANY    0x1000u
#define MAPI_NAMED   0x8000u
#define MAPI_LONGEST 2048u // of properties that are not bodies

typedef struct {
    ReaderState *state;
    guint part;
    char charset[16]; // of strings that are not Unicode; "" = not said
    // Of the attachment being read.
    char *name, *type;
    GPtrArray *data; // of GBytes: what is said to be its content
    bool full;       // no more attachments are read
    bool broken;     // the row of attributes
    bool torn;       // properties in one of them
} Tnef;

// ---- what is found ---------------------------------------------------------------------------------------

static char *tnef_string(const Tnef *tnef, SniffBytes bytes, bool wide, gsize *out_len)
{
    const char *charset = tnef->charset[0] != '\0' ? tnef->charset : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!wide)
        return charset_best(bytes.data, strnlen((const char *)bytes.data, bytes.len), charset, out_len);
    bytes_utf16(text, bytes);
    *out_len = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void tnef_text(Tnef *tnef, PassageOrigin origin, const char *header, SniffBytes bytes, bool wide)
{
    gsize len = 0;
    g_autofree char *text = tnef_string(tnef, bytes, wide, &len);
    Passage *passage = format_text(tnef->state, tnef->part, origin, VISIBILITY_SHOWN, NULL, text, len);
    if (passage != NULL && header != NULL)
        passage->header = g_strdup(header);
}

static void tnef_rtf(Tnef *tnef, SniffBytes bytes)
{
    gsize most = (gsize)tnef->state->limits->text_head;
    g_autoptr(GByteArray) rtf = lzfu_decompress(bytes, most);
    if (rtf == NULL)
        format_note(tnef->state, tnef->part, "damaged", "a body in packed RTF");
    else if (format_afford(tnef->state, tnef->part, rtf->len))
        format_inside(tnef->state, tnef->part, "body.rtf", "application/rtf", rtf->data, rtf->len);
    if (rtf != NULL && rtf->len >= most)
        format_note(tnef->state, tnef->part, "incomplete", "a body in packed RTF");
}

// A name of the attachment; the last one counts, and all are text.
static void tnef_name(Tnef *tnef, SniffBytes bytes, bool wide)
{
    gsize len = 0;
    tnef_text(tnef, ORIGIN_FILENAME, NULL, bytes, wide);
    g_free(tnef->name);
    tnef->name = tnef_string(tnef, bytes, wide, &len);
}

// The attachment is complete.
static void tnef_flush(Tnef *tnef)
{
    for (guint i = 0; i < tnef->data->len && !tnef->full; i++) {
        gsize len = 0;
        const void *data = g_bytes_get_data(tnef->data->pdata[i], &len);
        tnef->full = !format_inside(tnef->state, tnef->part, tnef->name != NULL ? tnef->name : "attachment",
                                    tnef->type != NULL ? tnef->type : "", data, len);
    }
    g_ptr_array_set_size(tnef->data, 0);
    g_clear_pointer(&tnef->name, g_free);
    g_clear_pointer(&tnef->type, g_free);
}

static void tnef_data(Tnef *tnef, SniffBytes bytes)
{
    if (tnef->data->len >= TNEF_CONTENTS)
        tnef_flush(tnef);
    bool known = bytes.len == 0 || tnef->full;
    for (guint i = 0; i < tnef->data->len && !known; i++) {
        gsize len = 0;
        const void *data = g_bytes_get_data(tnef->data->pdata[i], &len);
        known = len == bytes.len && memcmp(data, bytes.data, len) == 0;
    }
    if (!known)
        g_ptr_array_add(tnef->data, g_bytes_new_static(bytes.data, bytes.len));
}

// ---- MAPI properties -------------------------------------------------------------------------------------

static const char *mapi_header(guint id)
{
    static const struct {
        guint id;
        const char *header;
    } HEADERS[] = {{0x0037, "Subject"}, {0x0070, "Subject"}, {0x0c1a, "From"}, {0x0c1f, "From"},
                   {0x5d01, "From"},    {0x0e04, "To"},      {0x0e03, "Cc"},   {0x0e02, "Bcc"},
                   {0x3001, "To"},      {0x3003, "To"},      {0x39fe, "To"}};
    const char *header = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(HEADERS) && header == NULL; i++)
        header = HEADERS[i].id == id ? HEADERS[i].header : NULL;
    return header;
}

static void mapi_text(Tnef *tnef, guint id, SniffBytes value, bool wide)
{
    const char *header = mapi_header(id);
    gsize len = 0;
    if (header != NULL) {
        tnef_text(tnef, ORIGIN_HEADER, header, value, wide);
    } else if (id == 0x1000) {
        tnef_text(tnef, ORIGIN_TEXT, NULL, value, wide);
    } else if (id == 0x3707 || id == 0x3704) {
        tnef_name(tnef, value, wide);
    } else if (id == 0x370e) {
        g_autofree char *label = tnef_string(tnef, value, wide, &len);
        g_free(tnef->type);
        tnef->type = g_ascii_strdown(label, -1);
    } else if ((id >= 0x3a00 && id < 0x3b00) || id >= MAPI_NAMED) {
        // Fields of contact cards and appointments: telephone numbers, places.
        tnef_text(tnef, ORIGIN_DATA, NULL, bytes_part(value, 0, MAPI_LONGEST), wide);
    }
}

static void mapi_value(Tnef *tnef, guint type, guint id, SniffBytes value)
{
    bool wide = type == MAPI_UNICODE, text = wide || type == MAPI_STRING;
    gsize len = 0;
    if (id == 0x1009 && type == MAPI_BINARY) {
        tnef_rtf(tnef, value);
    } else if (id == 0x1013 && value.len > 0) {
        g_autofree char *html = wide ? tnef_string(tnef, value, wide, &len) : NULL;
        format_inside(tnef->state, tnef->part, "body.html", "text/html",
                      html != NULL ? html : (const char *)value.data, html != NULL ? len : value.len);
    } else if (id == 0x3701) {
        // An object begins with the id of its interface.
        tnef_data(tnef, type == MAPI_OBJECT ? bytes_part(value, 16, value.len) : value);
    } else if (text) {
        mapi_text(tnef, id, value, wide);
    }
}

static gsize mapi_fixed(guint type)
{
    static const struct {
        guint type;
        gsize len;
    } FIXED[] = {{0x02, 4}, {0x03, 4}, {0x04, 4}, {0x05, 8}, {0x06, 8}, {0x07, 8},
                 {0x0a, 4}, {0x0b, 4}, {0x14, 8}, {0x40, 8}, {0x48, 16}};
    for (guint i = 0; i < G_N_ELEMENTS(FIXED); i++)
        if (FIXED[i].type == type)
            return FIXED[i].len;
    return 0;
}

// Names of named properties are stepped over. False at the end of what makes sense.
static bool mapi_name(SniffBytes bytes, gsize *at)
{
    gsize kind = *at + 16;
    if (!bytes_have(bytes, kind, 8))
        return false;
    gsize len = bytes_32(bytes, kind + 4);
    *at = bytes_32(bytes, kind) == 0 ? kind + 8 : kind + 8 + ((len + 3) & ~(gsize)3);
    return len <= bytes.len;
}

static bool mapi_property(Tnef *tnef, SniffBytes bytes, gsize *at)
{
    guint type = bytes_16(bytes, *at), id = bytes_16(bytes, *at + 2), plain = type & ~MAPI_MANY;
    gsize fixed = mapi_fixed(plain);
    bool variable =
        plain == MAPI_OBJECT || plain == MAPI_STRING || plain == MAPI_UNICODE || plain == MAPI_BINARY;
    *at += 4;
    if ((fixed == 0 && !variable) || (id >= 0x8000 && !mapi_name(bytes, at)))
        return false;
    guint32 count = 1;
    if (variable || (type & MAPI_MANY)) {
        count = bytes_32(bytes, *at);
        *at += 4;
    }
    for (guint32 i = 0; i < count; i++) {
        gsize len = variable ? bytes_32(bytes, *at) : fixed;
        *at += variable ? 4 : 0;
        if (!bytes_have(bytes, *at, len) || (!variable && len == 0))
            return false;
        if (variable)
            mapi_value(tnef, plain, id, bytes_part(bytes, *at, len));
        *at += (len + 3) & ~(gsize)3;
    }
    return true;
}

// Properties from `*at` on: their number, then they. False when they break off.
static bool mapi_row(Tnef *tnef, SniffBytes bytes, gsize *at)
{
    guint32 count = bytes_32(bytes, *at);
    bool sound = bytes_have(bytes, *at, 4);
    *at += 4;
    for (guint32 i = 0; i < count && sound; i++)
        sound = bytes_have(bytes, *at, 4) && mapi_property(tnef, bytes, at);
    tnef->torn |= !sound;
    return sound;
}

static void mapi_properties(Tnef *tnef, SniffBytes bytes)
{
    gsize at = 0;
    mapi_row(tnef, bytes, &at);
}

static void mapi_rows(Tnef *tnef, SniffBytes bytes)
{
    guint32 count = bytes_32(bytes, 0);
    gsize at = 4;
    bool sound = true;
    for (guint32 i = 0; i < count && sound; i++)
        sound = mapi_row(tnef, bytes, &at);
}

// ---- attributes ------------------------------------------------------------------------------------------

// Where the sender's name and address stand behind four lengths.
static void tnef_from(Tnef *tnef, SniffBytes value)
{
    gsize name = bytes_16(value, 4), address = bytes_16(value, 6);
    tnef_text(tnef, ORIGIN_HEADER, "From", bytes_part(value, 8, name), false);
    tnef_text(tnef, ORIGIN_HEADER, "From", bytes_part(value, 8 + name, address), false);
}

static void tnef_attribute(Tnef *tnef, guint id, SniffBytes value)
{
    switch (id) {
    case TNEF_CODEPAGE:
        g_snprintf(tnef->charset, sizeof tnef->charset, "cp%u", bytes_32(value, 0));
        if (bytes_32(value, 0) == 65001)
            g_strlcpy(tnef->charset, "utf-8", sizeof tnef->charset);
        break;
    case TNEF_FROM:
        tnef_from(tnef, value);
        break;
    case TNEF_SUBJECT:
        tnef_text(tnef, ORIGIN_HEADER, "Subject", value, false);
        break;
    case TNEF_BODY:
        tnef_text(tnef, ORIGIN_TEXT, NULL, value, false);
        break;
    case TNEF_RENDER:
        tnef_flush(tnef);
        break;
    case TNEF_TITLE:
        tnef_name(tnef, value, false);
        break;
    case TNEF_DATA:
        tnef_data(tnef, value);
        break;
    case TNEF_RECIPIENTS:
        mapi_rows(tnef, value);
        break;
    case TNEF_PROPERTIES:
    case TNEF_ATTACHMENT:
        mapi_properties(tnef, value);
        break;
    default:
        break;
    }
}

void tnef_read(ReaderState *state, guint part, SniffBytes bytes)
{
    guint before = state->message->passages->len + state->message->parts->len;
    Tnef tnef = {
        .state = state, .part = part, .data = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref)};
    gsize at = 6;
    ((Part *)state->message->parts->pdata[part])->state = PART_CONTAINER;
    while (bytes_have(bytes, at, 11) && !tnef.broken) {
        gsize len = bytes_32(bytes, at + 5);
        tnef.broken = !bytes_have(bytes, at + 9, len) || bytes.data[at] < 1 || bytes.data[at] > 2;
        tnef_attribute(&tnef, bytes_16(bytes, at + 1), bytes_part(bytes, at + 9, len));
        at += 9 + len + 2;
    }
    tnef_flush(&tnef);
    g_ptr_array_unref(tnef.data);
    if (tnef.broken || tnef.torn || at > bytes.len || at + 8 < bytes.len)
        format_note(state, part, "damaged", "attributes that break off");
    else if (state->message->passages->len + state->message->parts->len == before)
        format_note(state, part, "no-text", NULL);
}
