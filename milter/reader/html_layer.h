// reader, inside: who wrote what, as far as the markup of mail programs tells.
#pragma once

#include "reader/html.h"

typedef struct {
    bool hint;
    Layer layer;
    guint onwards; // also what follows the element in so many of those around it
    bool reply;    // holds a quotation, and behind that what its reader answers
} HtmlLayerHint;

// `id`, `classes` and `css` are those attributes' values; each may be NULL.
HtmlLayerHint html_layer_hint(HtmlTag tag, const char *id, const char *classes, const char *css);
// Do the words open a forwarded message?
bool html_layer_forwarded(const char *text, gsize len);
