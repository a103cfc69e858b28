// reader, inside: the pre-scan's judgement of header blocks and boundaries (lint.c).
#pragma once

#include "reader/mime.h"

typedef struct Lint Lint;
typedef enum { LINT_TEXT, LINT_OPENS, LINT_CLOSES } LintLine;

Lint *lint_new(ReaderState *state, int part);
// A line that begins with "--": whether it is a delimiter of a multipart that was declared.
LintLine lint_boundary_line(Lint *lint, const char *line, gsize len);
// A header block; `closed` by an empty line. True when a message follows, so that its header comes next.
bool lint_block(Lint *lint, const char *raw, gsize len, bool closed);
// A line of a body.
void lint_body_line(Lint *lint, const char *line, gsize len);
// Says what is left to say, and frees. `quiet` when the pass was broken off.
void lint_end(Lint *lint, bool quiet);
