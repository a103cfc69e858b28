// PDF, inside: what pdf.c, pdf_page.c and pdf_render.c share.
#pragma once

#include "reader/formats/formats.h"

#include <poppler.h>

typedef struct {
    ReaderState *state;
    guint part;
    guint links, notes; // taken so far
    bool text;          // something was read that a person sees
} PdfRead;

// A text that a person sees; `text` may be NULL. Takes it.
void pdf_shown(PdfRead *pdf, const char *place, char *text);
// Where an action leads to.
void pdf_action(PdfRead *pdf, const char *place, const PopplerAction *action);
// A file inside. Takes `attachment`, which may be NULL.
void pdf_embedded(PdfRead *pdf, PopplerAttachment *attachment);

// Text, notes, forms, links of page `number`, from 0 (pdf_page.c).
void pdf_page(PdfRead *pdf, PopplerPage *page, guint number);
// Codes, and text in the pictures of a page; all of it where the page itself has no text (pdf_render.c).
void pdf_pictures(PdfRead *pdf, PopplerPage *page, guint number, const char *place, bool has_text);
