// A page of a PDF: its text, what is noted on it, what its form was filled with, where its links lead.
#include "reader/formats/pdf.h"

#include <string.h>

#define PAGE_NOTES 5000 // notes and fields of a document
#define PAGE_ITEMS 1000 // of a field to choose from

static bool page_may_note(PdfRead *pdf)
{
    if (pdf->notes == PAGE_NOTES)
        format_note(pdf->state, pdf->part, "incomplete", "more notes and fields than are read");
    else
        pdf->notes++;
    return pdf->notes < PAGE_NOTES;
}

// ---- notes -----------------------------------------------------------------------------------------------

static void page_note(PdfRead *pdf, const char *place, PopplerAnnot *annot)
{
    g_autofree char *where = g_strdup_printf("%s, note", place);
    char *contents = poppler_annot_get_contents(annot);
    if (POPPLER_IS_ANNOT_MARKUP(annot)) {
        g_autofree char *subject = poppler_annot_markup_get_subject(POPPLER_ANNOT_MARKUP(annot));
        g_autofree char *label = poppler_annot_markup_get_label(POPPLER_ANNOT_MARKUP(annot));
        format_metadata(pdf->state, pdf->part, "note's author", label);
        format_metadata(pdf->state, pdf->part, "note's subject", subject);
    }
    pdf_shown(pdf, where, contents);
    if (POPPLER_IS_ANNOT_FILE_ATTACHMENT(annot))
        pdf_embedded(pdf, poppler_annot_file_attachment_get_attachment(POPPLER_ANNOT_FILE_ATTACHMENT(annot)));
    else if (POPPLER_IS_ANNOT_SCREEN(annot))
        pdf_action(pdf, place, poppler_annot_screen_get_action(POPPLER_ANNOT_SCREEN(annot)));
}

static void page_notes(PdfRead *pdf, PopplerPage *page, const char *place)
{
    GList *annots = poppler_page_get_annot_mapping(page);
    for (GList *at = annots; at != NULL && page_may_note(pdf); at = at->next)
        page_note(pdf, place, ((PopplerAnnotMapping *)at->data)->annot);
    poppler_page_free_annot_mapping(annots);
}

// ---- forms -----------------------------------------------------------------------------------------------

// What is chosen, else typed; what could be chosen is printed beside it.
static char *page_choice(PopplerFormField *field)
{
    GString *items = g_string_new(NULL);
    int count = MIN(poppler_form_field_choice_get_n_items(field), PAGE_ITEMS);
    for (int i = 0; i < count; i++) {
        g_autofree char *item = poppler_form_field_choice_get_item(field, i);
        if (item != NULL)
            g_string_append_printf(items, "%s\n", item);
    }
    if (poppler_form_field_choice_get_choice_type(field) == POPPLER_FORM_CHOICE_COMBO) {
        g_autofree char *typed = poppler_form_field_choice_get_text(field);
        if (typed != NULL)
            g_string_append(items, typed);
    }
    return g_string_free(items, FALSE);
}

static char *page_value(PopplerFormField *field)
{
    switch (poppler_form_field_get_field_type(field)) {
    case POPPLER_FORM_FIELD_TEXT:
        return poppler_form_field_text_get_text(field);
    case POPPLER_FORM_FIELD_CHOICE:
        return page_choice(field);
    default:
        return NULL;
    }
}

// "label: value", the label as a person sees it: "Cell phone: 415-555-0142" says more than its figures.
static void page_field(PdfRead *pdf, const char *place, PopplerFormField *field)
{
    g_autofree char *where = g_strdup_printf("%s, form", place);
    g_autofree char *label = poppler_form_field_get_alternate_ui_name(field);
    g_autofree char *value = page_value(field);
    PopplerAction *action = poppler_form_field_get_action(field);
    if (label == NULL)
        label = poppler_form_field_get_partial_name(field);
    pdf_action(pdf, where, action);
    if (value != NULL && *value != '\0')
        pdf_shown(pdf, where, g_strdup_printf("%s: %s", label != NULL ? label : "", value));
}

static void page_form(PdfRead *pdf, PopplerPage *page, const char *place)
{
    GList *fields = poppler_page_get_form_field_mapping(page);
    for (GList *at = fields; at != NULL && page_may_note(pdf); at = at->next)
        page_field(pdf, place, ((PopplerFormFieldMapping *)at->data)->field);
    poppler_page_free_form_field_mapping(fields);
}

// ---- the page --------------------------------------------------------------------------------------------

static void page_links(PdfRead *pdf, PopplerPage *page, const char *place)
{
    GList *links = poppler_page_get_link_mapping(page);
    for (GList *at = links; at != NULL; at = at->next)
        pdf_action(pdf, place, ((PopplerLinkMapping *)at->data)->action);
    poppler_page_free_link_mapping(links);
}

void pdf_page(PdfRead *pdf, PopplerPage *page, guint number)
{
    g_autofree char *place = g_strdup_printf("page %u", number + 1);
    bool before = pdf->text;
    pdf->text = false;
    pdf_shown(pdf, place, poppler_page_get_text(page));
    bool has_text = pdf->text;
    pdf->text |= before;
    page_notes(pdf, page, place);
    page_form(pdf, page, place);
    page_links(pdf, page, place);
    pdf_pictures(pdf, page, number, place, has_text);
}
