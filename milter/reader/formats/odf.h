// OpenDocument, inside: the text of its XML files (odf_text.c), which are the same in packages and in one flat file.
#pragma once

#include "reader/formats/page.h"

typedef struct {
    Package package;
    GHashTable *hiding; // styles that hide text or sheets
    guint pages;        // slides and pages so far
} Odf;

// Reads an XML file whose text stands at `place`, and in its body at `body`, where nothing in it says otherwise.
void odf_text(Odf *odf, const char *place, const char *body, const GByteArray *bytes);
