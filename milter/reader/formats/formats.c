// Which reader reads what, and the budget they share.
#include "reader/formats/picture.h"

#include <string.h>

FormatReader format_lookup(const char *type)
{
    static const struct {
        const char *type;
        FormatReader read;
    } FORMATS[] = {
        {"application/pdf", pdf_read},
        {"application/gzip", unpack_read},
        {"application/java-archive", unpack_read},
        {"application/vnd.android.package-archive", unpack_read},
        {"application/vnd.ms-cab-compressed", unpack_read},
        {"application/vnd.rar", unpack_read},
        {"application/x-7z-compressed", unpack_read},
        {"application/x-bzip2", unpack_read},
        {"application/x-compress", unpack_read},
        {"application/x-lz4", unpack_read},
        {"application/x-lzip", unpack_read},
        {"application/x-tar", unpack_read},
        {"application/x-xz", unpack_read},
        {"application/zip", unpack_read},
        {"application/vnd.openxmlformats-package", ooxml_read},
        {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ooxml_read},
        {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ooxml_read},
        {"application/vnd.openxmlformats-officedocument.presentationml.presentation", ooxml_read},
        {"application/vnd.ms-word.document.macroenabled.12", ooxml_read},
        {"application/vnd.ms-excel.sheet.macroenabled.12", ooxml_read},
        {"application/vnd.ms-excel.sheet.binary.macroenabled.12", ooxml_read},
        {"application/vnd.ms-powerpoint.presentation.macroenabled.12", ooxml_read},
        {"application/vnd.ms-visio.drawing", ooxml_read},
        {"application/vnd.oasis.opendocument.text", odf_read},
        {"application/vnd.oasis.opendocument.spreadsheet", odf_read},
        {"application/vnd.oasis.opendocument.presentation", odf_read},
        {"application/vnd.oasis.opendocument.graphics", odf_read},
        {"application/vnd.oasis.opendocument.chart", odf_read},
        {"application/vnd.oasis.opendocument.formula", odf_read},
        {"application/vnd.oasis.opendocument.text-flat-xml", odf_flat_read},
        {"application/epub+zip", epub_read},
        {"application/zstd", unpack_read},
        {"application/ms-tnef", tnef_read},
        {"application/msword", doc_read},
        {"application/vnd.ms-excel", xls_read},
        {"application/vnd.ms-outlook", outlook_read},
        {"application/vnd.ms-powerpoint", ppt_read},
        {"application/x-ole-storage", object_read},
        {"image/avif", picture_read},
        {"image/bmp", picture_read},
        {"image/emf", metafile_read},
        {"image/gif", picture_read},
        {"image/heic", picture_read},
        {"image/heif", picture_read},
        {"image/jp2", picture_read},
        {"image/jpeg", picture_read},
        {"image/png", picture_read},
        {"image/tiff", picture_read},
        {"image/webp", picture_read},
        {"image/wmf", metafile_read},
    };
    for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++)
        if (strcmp(type, FORMATS[i].type) == 0)
            return FORMATS[i].read;
    return NULL;
}

// ---- facts -----------------------------------------------------------------------------------------------

void format_note(ReaderState *state, guint part, const char *fact, const char *detail)
{
    const Part *info = state->message->parts->pdata[part];
    bool limit = strcmp(fact, "archive-limit") == 0;
    // A bomb reaches it in every corner; the first tells enough.
    if (limit && state->attachment->limited)
        return;
    state->attachment->limited |= limit;
    g_autofree char *text = info->name != NULL && detail != NULL
                                ? g_strdup_printf("%s: %s", info->name, detail)
                                : g_strdup(info->name != NULL ? info->name : detail);
    message_add_fact(state->message, fact, (int)part, text);
}

void format_fail(ReaderState *state, guint part, const char *fact, const char *detail)
{
    ((Part *)state->message->parts->pdata[part])->state = PART_FAILED;
    format_note(state, part, fact, detail);
}

// ---- budget ----------------------------------------------------------------------------------------------

bool format_afford(ReaderState *state, guint part, gsize len)
{
    Attachment *attachment = state->attachment;
    const ConfigLimits *limits = state->limits;
    gsize most = (gsize)limits->archive_bytes;
    gsize by_ratio = MAX(attachment->packed, 1) > G_MAXSIZE / (gsize)limits->archive_ratio
                         ? G_MAXSIZE
                         : MAX(attachment->packed, 1) * (gsize)limits->archive_ratio;
    most = MIN(most, MAX(by_ratio, 10u * 1024 * 1024));
    if (attachment->unpacked <= most && len <= most - attachment->unpacked) {
        attachment->unpacked += len;
        return true;
    }
    format_note(state, part, "archive-limit", "more unpacked bytes than are read");
    return false;
}

// ---- adding ----------------------------------------------------------------------------------------------

Passage *format_text(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                     const char *place, const char *utf8, gsize len)
{
    Attachment *attachment = state->attachment;
    gsize most = (gsize)state->limits->document_text;
    gsize room = most > attachment->text ? most - attachment->text : 0;
    if (len > room) {
        format_note(state, part, "incomplete", "more text than is read");
        len = room;
        while (len > 0 && ((guchar)utf8[len] & 0xC0) == 0x80)
            len--;
    }
    attachment->text += len;
    Passage *passage = len > 0 ? reader_add_text(state, part, origin, visibility, utf8, len) : NULL;
    if (passage != NULL)
        passage->place = g_strdup(place);
    return passage;
}

void format_link(ReaderState *state, guint part, const char *place, const char *url)
{
    g_autofree char *valid = g_utf8_make_valid(url, -1);
    format_text(state, part, ORIGIN_LINK, VISIBILITY_SHOWN, place, valid, strlen(valid));
}

void format_metadata(ReaderState *state, guint part, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    Passage *passage =
        format_text(state, part, ORIGIN_METADATA, VISIBILITY_HIDDEN, name, valid, strlen(valid));
    if (passage != NULL)
        passage->header = g_strdup(name);
}

bool format_inside(ReaderState *state, guint part, const char *name, const char *type, const void *data,
                   gsize len)
{
    Attachment *attachment = state->attachment;
    if (attachment->depth >= (guint)state->limits->archive_depth ||
        attachment->entries >= (guint)state->limits->archive_entries) {
        format_note(state, part, "archive-limit",
                    attachment->depth >= (guint)state->limits->archive_depth ? "nested too deep"
                                                                             : "too many entries");
        return false;
    }
    attachment->entries++;
    attachment->depth++;
    // What has no label is no text by that alone.
    content_read_inside(state, part, data != NULL ? data : "", len,
                        *type != '\0' ? type : "application/octet-stream", name);
    attachment->depth--;
    return true;
}

// ---- the attachment --------------------------------------------------------------------------------------

// Only readers of OCR load what recognises text.
bool formats_warm_up(const AttachmentOptions *options, GString *note)
{
    setMsgSeverity(L_SEVERITY_NONE);
    pdf_warm_up();
    heif_warm_up();
    return !options->ocr || ocr_open(options->languages, note);
}

Message *reader_parse_attachment(const void *data, gsize len, const char *type, const char *name,
                                 const char *charset, const AttachmentOptions *options)
{
    Message *message = message_new();
    Attachment attachment = {.options = options, .packed = len, .deadline = G_MAXINT64};
    ReaderState state = {.message = message, .limits = options->limits, .attachment = &attachment};
    if (options->ocr_ms > 0)
        attachment.deadline = g_get_monotonic_time() + options->ocr_ms * 1000ll;
    Part *part = message->parts->pdata[0];
    g_free(part->type);
    part->type = g_strdup(type);
    part->name = g_strdup(name);
    part->attachment = true;
    part->state = PART_READ;
    state.seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (len > (gsize)options->limits->attachment_bytes)
        format_fail(&state, 0, "attachment-too-big", NULL);
    else
        content_read(&state, 0, data, len, charset);
    g_hash_table_unref(state.seen);
    return message;
}
