// The one door for decoded bytes: says what they are, reads what can be read, and states what cannot.
#include "reader/formats/formats.h"
#include <string.h>

// ---- labels against content ------------------------------------------------------------------------------

typedef enum {
    FAMILY_ANY,
    FAMILY_TEXT,
    FAMILY_MESSAGE,
    FAMILY_IMAGE,
    FAMILY_MEDIA,
    FAMILY_DOCUMENT
} ContentFamily;

// What a label promises; FAMILY_ANY when it promises nothing.
static ContentFamily content_family(const char *type)
{
    static const struct {
        const char *prefix;
        ContentFamily family;
    } families[] = {
        {"image/svg", FAMILY_TEXT},
        {"text/", FAMILY_TEXT},
        {"image/", FAMILY_IMAGE},
        {"audio/", FAMILY_MEDIA},
        {"video/", FAMILY_MEDIA},
        {"message/rfc822", FAMILY_MESSAGE},
        {"message/global", FAMILY_MESSAGE},
        {"application/json", FAMILY_TEXT},
        {"application/rtf", FAMILY_TEXT},
        {"application/xhtml", FAMILY_TEXT},
        {"application/xml", FAMILY_TEXT},
        {"application/pdf", FAMILY_DOCUMENT},
        {"application/msword", FAMILY_DOCUMENT},
        {"application/vnd.ms-", FAMILY_DOCUMENT},
        {"application/vnd.openxmlformats", FAMILY_DOCUMENT},
        {"application/vnd.oasis", FAMILY_DOCUMENT},
        {"application/zip", FAMILY_DOCUMENT},
        {"application/gzip", FAMILY_DOCUMENT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_str_has_prefix(type, families[i].prefix))
            return families[i].family;
    }
    return FAMILY_ANY;
}

static bool content_mislabelled(const char *declared, SniffClass cls)
{
    static const ContentFamily found[] = {
        [SNIFF_TEXT] = FAMILY_TEXT,     [SNIFF_MESSAGE] = FAMILY_MESSAGE, [SNIFF_DOCUMENT] = FAMILY_DOCUMENT,
        [SNIFF_IMAGE] = FAMILY_IMAGE,   [SNIFF_MEDIA] = FAMILY_MEDIA,     [SNIFF_SIGNATURE] = FAMILY_ANY,
        [SNIFF_ENCRYPTED] = FAMILY_ANY, [SNIFF_DAMAGED] = FAMILY_DOCUMENT};
    ContentFamily label = content_family(declared);
    return label != FAMILY_ANY && found[cls] != FAMILY_ANY && label != found[cls];
}

// ---- text ------------------------------------------------------------------------------------------------

Passage *content_add_text(ReaderState *state, guint part, PassageOrigin origin, const char *utf8, gsize len,
                          const char *reading, const char *header)
{
    Passage *passage = reader_add_text(state, part, origin, VISIBILITY_SHOWN, utf8, len);
    if (passage && reading) {
        g_free(passage->reading);
        passage->reading = g_strdup(reading);
    }
    if (passage && header) {
        g_free(passage->header);
        passage->header = g_strdup(header);
    }
    return passage;
}

static void content_plain(ReaderState *state, guint part, const CharsetReading *reading)
{
    reader_add_reading(state, part, ORIGIN_TEXT, VISIBILITY_SHOWN, reading);
    if (sniff_pgp_inside((SniffBytes){(const guint8 *)reading->text, reading->len}))
        message_add_fact(state->message, "encrypted", part, "an OpenPGP message in the text");
    if (memmem(reading->text, reading->len, "-----BEGIN PGP SIGNED MESSAGE-----", 34))
        message_add_fact(state->message, "signed", part, "OpenPGP clear-signed text");
}

typedef void (*TextReader)(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading);

// NULL = text as it stands.
static TextReader content_text_reader(const char *type)
{
    static const struct {
        const char *type;
        TextReader reader;
    } readers[] = {
        {"text/html", html_read},   {"image/svg+xml", html_read}, {"text/calendar", calendar_read},
        {"text/vcard", vcard_read}, {"text/csv", table_read},     {"text/plain", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (g_str_equal(type, readers[i].type))
            return readers[i].reader;
    }
    return data_read;
}

// The format it was read in.
static const char *content_text_reading(ReaderState *state, guint part, const CharsetReading *reading)
{
    Part *info = state->message->parts->pdata[part];
    const char *type = sniff_text_type(reading->text, reading->len, info->type, info->name);
    bool plain = !*info->type || g_str_equal(info->type, "text/plain");
    TextReader reader = content_text_reader(type);
    g_free(info->sniffed);
    info->sniffed = g_strdup(type);
    // Clients show text/plain as it stands, whatever else a file's reader would make of it.
    if (!reader || plain)
        content_plain(state, part, reading);
    if (reader)
        reader(state, part, reading->text, reading->len, reading->reading);
    return type;
}

static void content_text_piece(ReaderState *state, guint part, const void *data, gsize len,
                               const char *charset)
{
    const char *fact = NULL;
    g_autoptr(GPtrArray) readings = charset_readings(data, len, charset, &fact);
    if (fact)
        message_add_fact(state->message, fact, part, charset);
    const char *first = NULL;
    for (guint i = 0; i < readings->len; i++) {
        const char *type = content_text_reading(state, part, readings->pdata[i]);
        first = first ? first : type;
    }
    // The declared charset's reading, which stands first, names the type.
    Part *info = state->message->parts->pdata[part];
    g_free(info->sniffed);
    info->sniffed = g_strdup(first);
    content_read_inline(state, part, data, len);
}

static void content_text(ReaderState *state, guint part, const guint8 *data, gsize len, const char *charset)
{
    gsize head = state->limits->text_head, tail = state->limits->text_tail;
    if (len <= head + tail) {
        content_text_piece(state, part, data, len, charset);
        return;
    }
    message_add_fact(state->message, "incomplete", part,
                     "text longer than is read: its beginning and end were");
    content_text_piece(state, part, data, head, charset);
    if (tail)
        content_text_piece(state, part, data + len - tail, tail, charset);
}

// ---- everything else -------------------------------------------------------------------------------------

static void content_state(ReaderState *state, guint part, PartState next, const char *fact)
{
    Part *info = state->message->parts->pdata[part];
    g_autofree char *detail = info->name ? g_strdup_printf("%s, %s", info->sniffed, info->name) : NULL;
    info->state = next;
    message_add_fact(state->message, fact, part, detail ? detail : info->sniffed);
}

// A document that is only a wrapping is taken out of it.
static void content_document(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(GByteArray) inside = g_byte_array_new();
    if (cms_read(bytes, inside) != CMS_SIGNED) {
        content_state(state, part, PART_UNREAD, "unread");
    } else if (!inside->len) {
        content_state(state, part, PART_FAILED, "opaque-signed");
    } else {
        content_state(state, part, PART_CONTAINER, "signed");
        structure_read(state, part, inside->data, inside->len);
    }
}

// Is the part an attachment, or a picture of the text, of the message itself?
static bool content_is_outermost(const Message *message, guint part)
{
    const Part *info = message->parts->pdata[part];
    // What does not say its type is text (RFC 2045, 5.2).
    bool text = *info->type == '\0' || g_str_has_prefix(info->type, "text/");
    bool outermost = info->attachment || info->name != NULL || !text;
    for (int at = info->parent; at > 0 && outermost; at = info->parent) {
        info = message->parts->pdata[at];
        outermost = g_str_has_prefix(info->type, "multipart/") ||
                    (g_str_has_prefix(info->type, "text/") && !info->attachment);
    }
    return outermost;
}

void content_keep(ReaderState *state, guint part, const void *data, gsize len)
{
    Part *info = state->message->parts->pdata[part];
    if (!state->keep || info->blob >= 0 || len == 0 || !content_is_outermost(state->message, part))
        return;
    gsize most = (gsize)(state->limits->decoded_bytes + state->limits->inspect_bytes);
    if (state->blob->len > most || len > most - state->blob->len) {
        message_add_fact(state->message, "incomplete", (int)part, "more bytes than are kept");
        return;
    }
    info->size = len;
    info->blob = state->blob->len;
    g_byte_array_append(state->blob, data, (guint)len);
}

// Left for a worker of its own. The signed content of CMS is unwrapped here: it is a message.
static bool content_wait(ReaderState *state, guint part, SniffClass cls, SniffBytes bytes)
{
    Part *info = state->message->parts->pdata[part];
    // Of an archive with locked or broken entries the others are read; compound files are locked as a whole.
    bool partly = (cls == SNIFF_ENCRYPTED || cls == SNIFF_DAMAGED) && format_lookup(info->sniffed) != NULL &&
                  !SNIFF_HAS(bytes, 0, "\xd0\xcf\x11\xe0");
    bool attachment = cls == SNIFF_DOCUMENT || cls == SNIFF_IMAGE || partly;
    if (state->blob == NULL || !attachment || bytes.len == 0)
        return false;
    if (cls == SNIFF_DOCUMENT && cms_read(bytes, NULL) != CMS_NONE)
        return false;
    info->state = PART_WAITING;
    info->blob = state->blob->len;
    g_byte_array_append(state->blob, bytes.data, (guint)bytes.len);
    return true;
}

// A format with a reader of its own, in an attachment's reading.
static bool content_format(ReaderState *state, guint part, SniffBytes bytes)
{
    const Part *info = state->message->parts->pdata[part];
    FormatReader read = state->attachment != NULL ? format_lookup(info->sniffed) : NULL;
    if (read != NULL)
        read(state, part, bytes);
    return read != NULL;
}

static void content_dispatch(ReaderState *state, guint part, SniffClass cls, SniffBytes bytes,
                             const char *charset)
{
    Part *info = state->message->parts->pdata[part];
    if (content_wait(state, part, cls, bytes) || content_format(state, part, bytes))
        return;
    switch (cls) {
    case SNIFF_TEXT:
        info->state = PART_READ;
        content_text(state, part, bytes.data, bytes.len, charset);
        break;
    case SNIFF_MESSAGE:
        info->state = PART_CONTAINER;
        mailbox_read(state, part, bytes);
        break;
    case SNIFF_DOCUMENT:
        content_document(state, part, bytes);
        break;
    case SNIFF_IMAGE:
        content_state(state, part, PART_UNREAD, "image");
        break;
    case SNIFF_MEDIA:
        content_state(state, part, PART_UNREAD, "media");
        break;
    case SNIFF_SIGNATURE:
        content_state(state, part, PART_READ, "signed");
        break;
    case SNIFF_ENCRYPTED:
        content_state(state, part, PART_FAILED, "encrypted");
        break;
    case SNIFF_DAMAGED:
        content_state(state, part, PART_FAILED, "damaged");
        break;
    }
}

// Counts `len` decoded bytes; false when the message's budget is spent.
static bool content_afford(ReaderState *state, guint part, gsize len)
{
    gsize limit = state->limits->decoded_bytes;
    if (state->decoded <= limit && len <= limit - state->decoded) {
        state->decoded += len;
        return true;
    }
    Part *info = state->message->parts->pdata[part];
    info->state = PART_FAILED;
    message_add_fact(state->message, "incomplete", part, "more decoded bytes than are read");
    return false;
}

void content_read(ReaderState *state, guint part, const void *data, gsize len, const char *charset)
{
    Part *info = state->message->parts->pdata[part];
    const char *type = NULL;
    info->size = len;
    if (!content_afford(state, part, len))
        return;
    SniffClass cls = sniff_content(data, len, info->type, info->name, &type);
    g_free(info->sniffed);
    info->sniffed = g_strdup(type);
    g_free(info->sha256);
    info->sha256 = cls == SNIFF_MESSAGE ? NULL : sha256_hex(data, len);
    if (len && content_mislabelled(info->type, cls)) {
        g_autofree char *detail = g_strdup_printf("%s is called %s", type, info->type);
        message_add_fact(state->message, "wrong-type", part, detail);
    }
    content_dispatch(state, part, cls, (SniffBytes){data, len}, charset);
    // Clients show what is labelled text as text, whatever its first bytes look like.
    if (cls != SNIFF_TEXT && cls != SNIFF_MESSAGE && g_str_has_prefix(info->type, "text/")) {
        g_autofree char *found = g_strdup(info->sniffed);
        content_text(state, part, data, len, charset);
        g_free(info->sniffed);
        info->sniffed = g_steal_pointer(&found);
    }
    content_keep(state, part, data, len);
}

void content_read_inside(ReaderState *state, guint part, const void *data, gsize len, const char *type,
                         const char *name)
{
    Part *outer = state->message->parts->pdata[part];
    if (state->message->parts->len >= (guint)state->limits->parts) {
        message_add_fact(state->message, "too-many-parts", part, NULL);
        return;
    }
    if (state->depth >= (guint)state->limits->depth) {
        message_add_fact(state->message, "too-deep", part, NULL);
        return;
    }
    g_autofree char *path = g_strdup_printf("%s!%u", outer->path, state->message->parts->len);
    Part *inner = message_add_part(state->message, part, path, type);
    inner->name = g_strdup(name);
    inner->attachment = name != NULL;
    state->depth++;
    content_read(state, state->message->parts->len - 1, data, len, NULL);
    state->depth--;
}
