// reader, inside: the pre-scan's judgement of header blocks and boundaries (lint.c).
#pragma once

#include "reader/mime.h"

typedef struct Lint Lint;
// What ended a header block.
typedef enum { LINT_BY_EMPTY_LINE, LINT_BY_BOUNDARY, LINT_BY_END } LintEnd;
typedef enum { LINT_TEXT, LINT_OPENS, LINT_CLOSES } LintLine;

Lint *lint_new(ReaderState *state, int part);
// A line that begins with "--": whether it is a delimiter of a multipart that was declared.
LintLine lint_boundary_line(Lint *lint, const char *line, gsize len);
// A header block. True when a message follows, so that its header comes next.
bool lint_block(Lint *lint, const char *raw, gsize len, LintEnd end);
// A line of a body.
void lint_body_line(Lint *lint, const char *line, gsize len);
// Says what is left to say, and frees. `quiet` when the pass was broken off.
void lint_end(Lint *lint, bool quiet);
