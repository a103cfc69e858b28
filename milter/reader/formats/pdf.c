// PDF, on poppler: what the document says about itself, its outline, its files and its pages.
#include "reader/formats/pdf.h"

#include "reader/formats/picture.h"

#include <string.h>

#define PDF_OUTLINE 2000 // titles
#define PDF_LINKS   5000
#define PDF_DEPTH   32 // of the outline

// ---- what the parts of a PDF add ---------------------------------------------------------------------------

static bool pdf_is_blank(const char *text)
{
    while (*text != '\0' && (guchar)*text <= ' ')
        text++;
    return *text == '\0';
}

void pdf_shown(PdfRead *pdf, const char *place, char *text)
{
    if (text != NULL && !pdf_is_blank(text)) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        pdf->text = true;
        format_text(pdf->state, pdf->part, ORIGIN_DOCUMENT, VISIBILITY_SHOWN, place, valid, strlen(valid));
    }
    g_free(text);
}

void pdf_action(PdfRead *pdf, const char *place, const PopplerAction *action)
{
    const char *target = action == NULL                               ? NULL
                         : action->type == POPPLER_ACTION_URI         ? action->uri.uri
                         : action->type == POPPLER_ACTION_LAUNCH      ? action->launch.file_name
                         : action->type == POPPLER_ACTION_GOTO_REMOTE ? action->goto_remote.file_name
                         : action->type == POPPLER_ACTION_JAVASCRIPT  ? action->javascript.script
                                                                      : NULL;
    if (target == NULL || *target == '\0')
        return;
    if (pdf->links == PDF_LINKS)
        format_note(pdf->state, pdf->part, "incomplete", "more links than are read");
    else if (action->type == POPPLER_ACTION_JAVASCRIPT)
        format_metadata(pdf->state, pdf->part, "script", target);
    else
        format_link(pdf->state, pdf->part, place, target);
    pdf->links += pdf->links < PDF_LINKS;
}

typedef struct {
    PdfRead *pdf;
    GByteArray *bytes;
} PdfSave;

static gboolean pdf_save(const char *data, gsize len, gpointer user, GError **error)
{
    PdfSave *save = user;
    bool room = len <= G_MAXINT32 - save->bytes->len && format_afford(save->pdf->state, save->pdf->part, len);
    if (room)
        g_byte_array_append(save->bytes, (const guint8 *)data, (guint)len);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "over the limit of unpacked bytes");
    return room;
}

void pdf_embedded(PdfRead *pdf, PopplerAttachment *attachment)
{
    if (attachment == NULL)
        return;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    PdfSave save = {pdf, bytes};
    g_autofree char *name = attachment->name != NULL ? g_utf8_make_valid(attachment->name, -1) : NULL;
    format_note(pdf->state, pdf->part, "embedded-file", name);
    if (attachment->description != NULL)
        format_metadata(pdf->state, pdf->part, "description", attachment->description);
    if (poppler_attachment_save_to_callback(attachment, pdf_save, &save, &error))
        format_inside(pdf->state, pdf->part, name != NULL ? name : "", "", bytes->data, bytes->len);
    else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        format_note(pdf->state, pdf->part, "damaged", "an embedded file");
    g_object_unref(attachment);
}

// ---- the document ----------------------------------------------------------------------------------------

static void pdf_metadata(PdfRead *pdf, PopplerDocument *document)
{
    static const struct {
        const char *name;
        char *(*get)(PopplerDocument *document);
    } FIELDS[] = {
        {"title", poppler_document_get_title},     {"author", poppler_document_get_author},
        {"subject", poppler_document_get_subject}, {"keywords", poppler_document_get_keywords},
        {"creator", poppler_document_get_creator},
    };
    for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        g_autofree char *value = FIELDS[i].get(document);
        format_metadata(pdf->state, pdf->part, FIELDS[i].name, value);
    }
}

// Titles one a line. The branches that are open stand in a stack; a document may claim any depth.
static void pdf_outline(PdfRead *pdf, PopplerDocument *document)
{
    PopplerIndexIter *stack[PDF_DEPTH] = {poppler_index_iter_new(document)};
    g_autoptr(GString) titles = g_string_new(NULL);
    guint depth = stack[0] != NULL ? 1 : 0, count = 0;
    while (depth > 0) {
        PopplerIndexIter *at = stack[depth - 1];
        PopplerAction *action = count < PDF_OUTLINE ? poppler_index_iter_get_action(at) : NULL;
        PopplerIndexIter *child =
            depth < PDF_DEPTH && count < PDF_OUTLINE ? poppler_index_iter_get_child(at) : NULL;
        if (action != NULL && action->any.title != NULL)
            g_string_append_printf(titles, "%s\n", action->any.title);
        pdf_action(pdf, "outline", action);
        poppler_action_free(action);
        count++;
        if (!poppler_index_iter_next(at) || count >= PDF_OUTLINE) {
            poppler_index_iter_free(at);
            depth--;
        }
        if (child != NULL)
            stack[depth++] = child;
    }
    if (count >= PDF_OUTLINE)
        format_note(pdf->state, pdf->part, "incomplete", "a longer outline than is read");
    if (titles->len > 0)
        pdf_shown(pdf, "outline", g_strdup(titles->str));
}

static void pdf_files(PdfRead *pdf, PopplerDocument *document)
{
    GList *files = poppler_document_get_attachments(document);
    for (GList *at = files; at != NULL; at = at->next)
        pdf_embedded(pdf, at->data);
    g_list_free(files);
}

static void pdf_pages(PdfRead *pdf, PopplerDocument *document)
{
    const ConfigLimits *limits = pdf->state->limits;
    guint count = (guint)MAX(poppler_document_get_n_pages(document), 0), broken = 0;
    for (guint i = 0; i < MIN(count, (guint)limits->pdf_pages); i++) {
        PopplerPage *page = poppler_document_get_page(document, (int)i);
        if (page != NULL)
            pdf_page(pdf, page, i);
        else
            broken++;
        g_clear_object(&page);
    }
    if (count > (guint)limits->pdf_pages)
        format_note(pdf->state, pdf->part, "incomplete", "more pages than are read");
    if (broken > 0)
        format_note(pdf->state, pdf->part, "damaged", "pages that cannot be read");
}

static PopplerDocument *pdf_open(GBytes *bytes, bool *out_locked)
{
    g_autoptr(GError) error = NULL;
    PopplerDocument *document = poppler_document_new_from_bytes(bytes, NULL, &error);
    *out_locked = g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
    return document;
}

void pdf_read(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(GBytes) file = g_bytes_new_static(bytes.data, bytes.len);
    PdfRead pdf = {.state = state, .part = part};
    bool locked = false;
    PopplerDocument *document = pdf_open(file, &locked);
    if (document == NULL) {
        format_fail(state, part, locked ? "encrypted" : "damaged",
                    locked ? "needs a password" : "not a PDF that can be opened");
        return;
    }
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    pdf_metadata(&pdf, document);
    pdf_pages(&pdf, document);
    pdf_outline(&pdf, document);
    pdf_files(&pdf, document);
    if (!pdf.text)
        format_note(state, part, "no-text", NULL);
    g_object_unref(document);
}
