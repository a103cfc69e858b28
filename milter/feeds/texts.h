// texts: each text once, in memory that does not move. A text's number is its place; 0 is "".
#pragma once

#include "base/base.h"

typedef struct ModelTexts ModelTexts;

ModelTexts *texts_new(void);
void texts_free(ModelTexts *texts);
guint32 texts_add(ModelTexts *texts, const char *text);
// False when it is not there.
bool texts_find(const ModelTexts *texts, const char *text, guint32 *out);
const char *texts_at(const ModelTexts *texts, guint32 text);
// Were there more than a number can name? What did not fit is "".
bool texts_full(const ModelTexts *texts);
