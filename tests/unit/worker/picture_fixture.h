// Pictures for tests: drawn, in any format, read with and without OCR.
#pragma once

#include "attachment_fixture.h"

#include <leptonica/allheaders.h>

// Black lines of text on white, of letters `size` pixels high; light on dark with `dark`.
PIX *picture_of_text(const char *const *lines, guint count, int size, bool dark);
// `pix` as a file. `format` is one of leptonica's (IFF_PNG, ...).
GBytes *picture_file(PIX *pix, int format);
// Reads with the default limits; with OCR in the default languages.
Message *picture_read_as(GBytes *file, bool ocr);
Message *picture_read_with(GBytes *file, const AttachmentOptions *options);
// How many facts are called `name`.
guint picture_facts(const Message *message, const char *name);
