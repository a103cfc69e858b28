// Objects embedded in documents: OLE storages that hold a file (Ole10Native, Package, CONTENTS), or what a formula editor keeps.
#include "reader/formats/ole.h"
#include "reader/formats/xls.h"

void object_read(ReaderState *state, guint part, SniffBytes bytes)
{
    // Formulas hold letters and signs by their places in fonts; what they look like stands beside them as a picture.
    static const char *const DULL[] = {"Equation Native", "MathTypeEquation"};
    g_autoptr(OleFile) ole = ole_open(bytes);
    guint parts = state->message->parts->len, passages = state->message->passages->len;
    bool dull = false;
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    if (ole == NULL) {
        format_fail(state, part, "damaged", "an object that cannot be opened");
        return;
    }
    ole_object(state, part, ole, "");
    ole_metadata(state, part, ole);
    ole_macros(state, part, ole);
    for (guint i = 0; i < G_N_ELEMENTS(DULL) && !dull; i++)
        dull = ole_has(ole, DULL[i]);
    if (!dull && state->message->parts->len == parts && state->message->passages->len == passages)
        format_fail(state, part, "unread", "an object of no known kind");
}
