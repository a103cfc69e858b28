// One linear pass over the raw bytes before GMime sees them: counts what GMime cannot bear, and follows the
// header blocks and boundaries closely enough to say what is ambiguous about them (lint.c).
#include "reader/prescan.h"

#include <string.h>

// Header fields of the whole message, in blocks of headers_per_block.
#define BLOCKS 32

typedef enum { COUNT_NOTHING, COUNT_COLONS, COUNT_SEMICOLONS } Counting;

typedef struct {
    ReaderState *state;
    Lint *lint;
    gint64 boundary_lines, boundary_params, fields, all_fields, block_bytes, field_bytes, counted;
    Counting counting; // what is counted in the field the line belongs to
    bool in_block;     // in a header block
    gsize block;       // where it began
    bool over;
} Scan;

static void scan_over(Scan *scan, const char *fact, const char *detail)
{
    message_add_fact(scan->state->message, fact, -1, detail);
    scan->over = true;
}

static bool begins_with(const char *line, gsize len, const char *name)
{
    gsize n = strlen(name);
    return len > n && g_ascii_strncasecmp(line, name, n) == 0;
}

// What to count in a field that begins with this line, wherever it stands: GMime parses it if a part begins
// there.
static Counting counting_of(const char *line, gsize len)
{
    static const char *const ADDRESSES[] = {"from", "to", "cc", "bcc", "reply-to", "sender"};
    if (len == 0 || strchr("FfTtCcBbRrSs", *line) == NULL)
        return COUNT_NOTHING;
    for (guint i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        gsize n = strlen(ADDRESSES[i]);
        if (begins_with(line, len, ADDRESSES[i]) && strchr(" \t:=", line[n]) != NULL)
            return COUNT_COLONS;
    }
    return begins_with(line, len, "content-") ? COUNT_SEMICOLONS : COUNT_NOTHING;
}

static gint64 count_char(const char *line, gsize len, char c)
{
    gint64 n = 0;
    for (const char *at = line, *end = line + len;
         at < end && (at = memchr(at, c, (gsize)(end - at))) != NULL; at++)
        n++;
    return n;
}

static void scan_counted(Scan *scan, const char *line, gsize len)
{
    const ConfigLimits *limits = scan->state->limits;
    bool folded = len > 0 && (*line == ' ' || *line == '\t');
    if (!folded) {
        scan->counted = 0;
        scan->counting = counting_of(line, len);
    }
    if (scan->counting == COUNT_NOTHING)
        return;
    scan->counted += count_char(line, len, scan->counting == COUNT_COLONS ? ':' : ';');
    if (scan->counting == COUNT_COLONS && scan->counted > limits->colons_per_address_field)
        scan_over(scan, "address-groups", NULL);
    if (scan->counting == COUNT_SEMICOLONS && scan->counted > limits->params_per_field)
        scan_over(scan, "too-many-params", NULL);
}

// "boundary=", "boundary*=", "boundary*0*=" ...
static void scan_boundary_params(Scan *scan, const char *line, gsize len)
{
    for (const char *at = line, *end = line + len;
         at < end && (at = memchr(at, '=', (gsize)(end - at))) != NULL; at++) {
        gsize n = (gsize)(at - line);
        while (n > 0 && (g_ascii_isdigit(line[n - 1]) || strchr("* \t", line[n - 1]) != NULL))
            n--;
        if (n >= 8 && g_ascii_strncasecmp(line + n - 8, "boundary", 8) == 0)
            scan->boundary_params++;
    }
    if (scan->boundary_params > scan->state->limits->boundary_params)
        scan_over(scan, "too-many-parts", "boundary parameters");
}

static void block_begin(Scan *scan, gsize pos)
{
    scan->in_block = true;
    scan->block = pos;
    scan->fields = scan->block_bytes = scan->field_bytes = 0;
}

static void scan_block_line(Scan *scan, const char *line, gsize len)
{
    const ConfigLimits *limits = scan->state->limits;
    bool folded = len > 0 && (*line == ' ' || *line == '\t');
    scan->field_bytes = folded ? scan->field_bytes + (gint64)len : (gint64)len;
    scan->block_bytes += (gint64)len;
    scan->fields += !folded;
    scan->all_fields += !folded;
    if (scan->fields > limits->headers_per_block ||
        scan->all_fields > (gint64)BLOCKS * limits->headers_per_block)
        scan_over(scan, "too-many-headers", "fields");
    if (scan->field_bytes > limits->field_bytes || scan->block_bytes > limits->header_bytes)
        scan_over(scan, "too-many-headers", "bytes");
}

// CR that is not half of one CR LF.
static bool has_bare_cr(const char *line, gsize len)
{
    const char *cr = memchr(line, '\r', len);
    return cr != NULL && !((gsize)(cr - line) + 2 == len && cr[1] == '\n');
}

static void scan_line(Scan *scan, const char *raw, gsize pos, gsize len)
{
    const char *line = raw + pos;
    gsize text = len;
    while (text > 0 && (line[text - 1] == '\n' || line[text - 1] == '\r'))
        text--;
    bool dashes = text >= 2 && line[0] == '-' && line[1] == '-';
    if (dashes && ++scan->boundary_lines > scan->state->limits->boundary_lines)
        scan_over(scan, "too-many-parts", "boundary lines");
    LintLine kind = dashes ? lint_boundary_line(scan->lint, line, text) : LINT_TEXT;
    scan_boundary_params(scan, line, text);
    scan_counted(scan, line, text);
    if (kind != LINT_TEXT) {
        if (scan->in_block) // ended by a boundary
            lint_block(scan->lint, raw + scan->block, pos - scan->block, LINT_BY_BOUNDARY);
        scan->in_block = false;
        if (kind == LINT_OPENS)
            block_begin(scan, pos + len);
    } else if (!scan->in_block) {
        lint_body_line(scan->lint, line, text);
    } else if (text == 0) {
        scan->in_block = false;
        if (lint_block(scan->lint, raw + scan->block, pos - scan->block, LINT_BY_EMPTY_LINE))
            block_begin(scan, pos + len); // a message is nested
    } else {
        scan_block_line(scan, line, len);
    }
}

bool prescan_message(ReaderState *state, const void *raw, gsize len)
{
    int part = state->part > 0 ? (int)state->part : -1;
    Scan scan = {.state = state, .lint = lint_new(state, part)};
    const char *text = raw;
    bool cr = false;
    block_begin(&scan, 0);
    for (gsize pos = 0, n; pos < len && !scan.over; pos += n) {
        n = fields_line(text + pos, len - pos);
        cr = cr || has_bare_cr(text + pos, n);
        scan_line(&scan, text, pos, n);
    }
    if (scan.in_block && !scan.over)
        lint_block(scan.lint, text + scan.block, len - scan.block, LINT_BY_END);
    if (cr)
        message_add_fact(state->message, "bare-cr", part, NULL);
    if (memchr(raw, '\0', len) != NULL)
        message_add_fact(state->message, "nul", part, NULL);
    lint_end(scan.lint, scan.over);
    return !scan.over;
}
