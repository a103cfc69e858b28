// reader, inside: who wrote what, as far as the markup of mail programs tells.
#pragma once

#include "reader/html.h"

typedef struct {
    bool hint;
    Layer layer;
    bool onwards; // also what follows the element in its parent
} HtmlLayerHint;

HtmlLayerHint html_layer_hint(HtmlTag tag, const char *id, const char *classes);
