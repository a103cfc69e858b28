// Lines drawn on pages. The PDF is made by Pango and Cairo of these lines and nothing else; its dates and title come from the
// caller, so that the same lines make the same file.
#include "redact/internal.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <pango/pangocairo.h>
#include <string.h>

// US Letter, in points.
#define PAGE_WIDTH  612.0
#define PAGE_HEIGHT 792.0
#define MARGIN      54.0
#define NUMBERS     40.0 // column of the lines' numbers
#define FONT        "DejaVu Sans Mono 9"
#define FONT_HEAD   "DejaVu Sans Bold 10"
#define FONT_PAGE   "DejaVu Sans 8"
#define PIECE       4000 // bytes laid out at once

typedef struct {
    cairo_t *cairo;
    PangoContext *context; // of fonts of its own: no other thread's
    const RedactStyle *style;
    double y;
    guint page, pages; // pages: 0 while they are counted
    guint unknown;
} Drawing;

static PangoLayout *layout_new(const Drawing *drawing, const char *font, const char *text, gsize len,
                               double width)
{
    PangoLayout *layout = pango_layout_new(drawing->context);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, text, (int)len);
    return layout;
}

static void draw_at(Drawing *drawing, const char *font, const char *text, double x, double y, double width,
                    PangoAlignment alignment)
{
    PangoLayout *layout = layout_new(drawing, font, text, strlen(text), width);
    pango_layout_set_alignment(layout, alignment);
    cairo_move_to(drawing->cairo, x, y);
    pango_cairo_show_layout(drawing->cairo, layout);
    g_object_unref(layout);
}

// ---- pages -----------------------------------------------------------------------------------------------

static void page_begin(Drawing *drawing)
{
    double width = PAGE_WIDTH - 2 * MARGIN;
    drawing->page++;
    drawing->y = MARGIN;
    g_autofree char *count = drawing->pages > 0
                                 ? g_strdup_printf("Page %u of %u", drawing->page, drawing->pages)
                                 : g_strdup_printf("Page %u", drawing->page);
    cairo_set_source_rgb(drawing->cairo, 0, 0, 0);
    if (drawing->style->bates != NULL)
        draw_at(drawing, FONT_PAGE, drawing->style->bates, MARGIN, 26, width, PANGO_ALIGN_RIGHT);
    draw_at(drawing, FONT_PAGE, "Rendition of a message, redacted", MARGIN, 26, width / 2, PANGO_ALIGN_LEFT);
    draw_at(drawing, FONT_PAGE, count, MARGIN, PAGE_HEIGHT - 36, width, PANGO_ALIGN_RIGHT);
}

static void room_for(Drawing *drawing, double height)
{
    if (drawing->y + height <= PAGE_HEIGHT - MARGIN)
        return;
    cairo_show_page(drawing->cairo);
    page_begin(drawing);
}

// ---- lines -----------------------------------------------------------------------------------------------

// White on black, and never broken: a box is whole.
static PangoAttrList *attributes_of(const Line *line, gsize from, gsize to)
{
    PangoAttrList *list = pango_attr_list_new();
    for (guint i = 0; i < line->marks->len; i++) {
        const LineMark *mark = &g_array_index(line->marks, LineMark, i);
        if (mark->from < from || mark->to > to)
            continue;
        PangoAttribute *all[] = {pango_attr_background_new(0, 0, 0),
                                 pango_attr_foreground_new(0xffff, 0xffff, 0xffff),
                                 pango_attr_allow_breaks_new(FALSE)};
        for (guint k = 0; k < G_N_ELEMENTS(all); k++) {
            all[k]->start_index = (guint)(mark->from - from);
            all[k]->end_index = (guint)(mark->to - from);
            pango_attr_list_insert(list, all[k]);
        }
    }
    return list;
}

static void draw_rows(Drawing *drawing, PangoLayout *layout, const char *number)
{
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    do {
        PangoRectangle logical;
        pango_layout_iter_get_line_extents(iter, NULL, &logical);
        double height = (double)logical.height / PANGO_SCALE;
        room_for(drawing, height);
        if (number != NULL) {
            cairo_set_source_rgb(drawing->cairo, 0.4, 0.4, 0.4);
            draw_at(drawing, FONT_PAGE, number, MARGIN, drawing->y + 1, NUMBERS - 8, PANGO_ALIGN_RIGHT);
            number = NULL;
        }
        double base = (double)(pango_layout_iter_get_baseline(iter) - logical.y) / PANGO_SCALE;
        cairo_set_source_rgb(drawing->cairo, 0, 0, 0);
        cairo_move_to(drawing->cairo, MARGIN + NUMBERS + (double)logical.x / PANGO_SCALE, drawing->y + base);
        pango_cairo_show_layout_line(drawing->cairo, pango_layout_iter_get_line_readonly(iter));
        drawing->y += height;
    } while (pango_layout_iter_next_line(iter));
    pango_layout_iter_free(iter);
}

// Where the piece that begins at `from` ends: not within a character or a mark.
static gsize piece_end(const Line *line, gsize from)
{
    gsize len = strlen(line->text), to = MIN(from + PIECE, len);
    while (to < len && ((guchar)line->text[to] & 0xc0) == 0x80)
        to++;
    for (guint i = 0; i < line->marks->len; i++) {
        const LineMark *mark = &g_array_index(line->marks, LineMark, i);
        if (mark->from < to && mark->to > to)
            to = mark->to;
    }
    return to;
}

static void draw_line(Drawing *drawing, const Line *line)
{
    g_autofree char *number = g_strdup_printf("%u", line->number);
    gsize from = 0;
    do {
        gsize to = piece_end(line, from);
        PangoLayout *layout =
            layout_new(drawing, FONT, line->text + from, to - from, PAGE_WIDTH - 2 * MARGIN - NUMBERS);
        PangoAttrList *attributes = attributes_of(line, from, to);
        pango_layout_set_attributes(layout, attributes);
        pango_attr_list_unref(attributes);
        drawing->unknown += (guint)MAX(pango_layout_get_unknown_glyphs_count(layout), 0);
        cairo_tag_begin(drawing->cairo, "P", NULL);
        draw_rows(drawing, layout, from == 0 ? number : NULL);
        cairo_tag_end(drawing->cairo, "P");
        g_object_unref(layout);
        from = to;
    } while (line->text[from] != '\0');
}

static void draw_heading(Drawing *drawing, const Line *line)
{
    room_for(drawing, 48);
    drawing->y += 8;
    cairo_set_source_rgb(drawing->cairo, 0, 0, 0);
    cairo_tag_begin(drawing->cairo, "H1", NULL);
    draw_at(drawing, FONT_HEAD, line->text, MARGIN, drawing->y, PAGE_WIDTH - 2 * MARGIN, PANGO_ALIGN_LEFT);
    cairo_tag_end(drawing->cairo, "H1");
    drawing->y += 18;
}

static void draw_all(Drawing *drawing, const Draft *draft)
{
    page_begin(drawing);
    for (guint i = 0; i < draft->lines->len; i++) {
        const Line *line = draft->lines->pdata[i];
        if (line->number == 0)
            draw_heading(drawing, line);
        else
            draw_line(drawing, line);
    }
    cairo_show_page(drawing->cairo);
}

// ---- the file --------------------------------------------------------------------------------------------

static cairo_status_t take(void *data, const unsigned char *bytes, unsigned int len)
{
    g_byte_array_append(data, bytes, len);
    return CAIRO_STATUS_SUCCESS;
}

static void describe(cairo_surface_t *surface, const RedactStyle *style)
{
    g_autofree char *time = clock_format(style->time_us);
    g_autofree char *seconds = g_strdup_printf("%.19sZ", time);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   style->bates != NULL ? style->bates : "Rendition of a message, redacted");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "chaperone");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, seconds);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, seconds);
}

// Once to count the pages, once to number them.
static cairo_status_t draw_surface(Drawing *drawing, const Draft *draft, cairo_surface_t *surface)
{
    describe(surface, drawing->style);
    PangoFontMap *fonts = pango_cairo_font_map_new();
    drawing->cairo = cairo_create(surface);
    drawing->context = pango_font_map_create_context(fonts);
    pango_cairo_update_context(drawing->cairo, drawing->context);
    drawing->page = drawing->unknown = 0;
    draw_all(drawing, draft);
    g_clear_object(&drawing->context);
    g_object_unref(fonts);
    cairo_surface_finish(surface);
    cairo_status_t status = cairo_status(drawing->cairo);
    status = status == CAIRO_STATUS_SUCCESS ? cairo_surface_status(surface) : status;
    cairo_destroy(drawing->cairo);
    cairo_surface_destroy(surface);
    return status;
}

GBytes *pdf_draw(const Draft *draft, const RedactStyle *style, guint *out_pages, guint *out_unknown,
                 GError **error)
{
    Drawing drawing = {.style = style};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    cairo_status_t status =
        draw_surface(&drawing, draft, cairo_pdf_surface_create(NULL, PAGE_WIDTH, PAGE_HEIGHT));
    drawing.pages = drawing.page;
    if (status == CAIRO_STATUS_SUCCESS)
        status = draw_surface(&drawing, draft,
                              cairo_pdf_surface_create_for_stream(take, bytes, PAGE_WIDTH, PAGE_HEIGHT));
    *out_pages = drawing.page;
    *out_unknown = drawing.unknown;
    if (status == CAIRO_STATUS_SUCCESS)
        return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "drawing the PDF: %s", cairo_status_to_string(status));
    return NULL;
}
