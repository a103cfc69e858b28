// reader, inside: RTF to text.
#pragma once

#include "reader/internal.h"

typedef struct {
    GString *text;
    GPtrArray *links; // char*, of fields
    bool deep;        // groups nested deeper than is followed
} RtfText;

void rtf_text(RtfText *out, const char *rtf, gsize len);
void rtf_text_clear(RtfText *text);
