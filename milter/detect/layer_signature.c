// The sender's own signatures: where they begin in what the sender wrote, and how far they reach.
#include "detect/layer.h"

#include <string.h>

#define SIGNATURE_LOOK  40 // lines that are not blank looked at, from the end
#define SIGNATURE_LINES 16 // of a signature
#define SIGNATURE_QUOTE 6  // lines of a saying
#define SIGNATURE_SLACK 3  // lines of a kind that may be anything

typedef struct {
    const SignLine *lines;
    guint count;
} SignBlock;

// What a stretch that may be a signature holds.
typedef struct {
    guint end; // behind its last line
    guint names, own, details, shorts, sentences, total;
    bool closed; // a closing word stands above a name
} SignReach;

// The line behind the saying that opens at `i`: to its closing mark, and who said it.
static guint signature_saying(const SignBlock *block, guint i)
{
    guint end = i, found = 0;
    while (!found && end < block->count && end < i + SIGNATURE_QUOTE && !(end > i && block->lines[end].gap)) {
        found = block->lines[end].closes ? end + 1 : 0;
        end++;
    }
    end = found ? found : i + 1;
    if (end < block->count && (block->lines[end].kind == SIGN_AUTHOR || block->lines[end].dashed))
        end++;
    return end;
}

// Sayings without marks are known by whom they name below: the line of the author, or 0.
static guint signature_author(const SignBlock *block, guint i)
{
    guint at = i + 1;
    while (at < block->count && at < i + SIGNATURE_QUOTE && !block->lines[at].gap &&
           !block->lines[at].postscript && block->lines[at].kind != SIGN_AUTHOR)
        at++;
    bool found = at < block->count && block->lines[at].kind == SIGN_AUTHOR && at < i + SIGNATURE_QUOTE &&
                 !block->lines[at].gap && !block->lines[i].postscript;
    return found ? at : 0;
}

// Takes line `i` into the stretch; the line behind what was taken, `i` when it ends the stretch.
static guint signature_take(const SignBlock *block, guint i, SignReach *reach)
{
    const SignLine *line = &block->lines[i];
    guint author = signature_author(block, i), next = i;
    switch (line->kind) {
    case SIGN_NAME:
    case SIGN_SIGNED:
        reach->own++;
        next = i + 1;
        break;
    case SIGN_NAMELIKE:
        reach->names++;
        next = i + 1;
        break;
    case SIGN_DETAIL:
        reach->details++;
        next = i + 1;
        break;
    case SIGN_DEVICE:
    case SIGN_RULE:
        next = i + 1;
        break;
    case SIGN_AUTHOR:
        reach->names++;
        next = !line->gap || reach->own ? i + 1 : i;
        break;
    case SIGN_QUOTE:
        next = signature_saying(block, i);
        break;
    case SIGN_SHORT:
        reach->shorts++;
        next = (!line->gap || reach->details || author) && reach->shorts <= SIGNATURE_SLACK ? i + 1 : i;
        break;
    default:
        reach->sentences++;
        next = reach->details && line->bare && !line->postscript && reach->sentences <= SIGNATURE_SLACK &&
                       line->kind == SIGN_PROSE && (line->len <= 72 || author)
                   ? i + 1
                   : i;
        break;
    }
    if (author && next == i && line->kind != SIGN_CLOSING && reach->own)
        next = author + 1;
    return next;
}

static SignReach signature_reach(const SignBlock *block, guint from)
{
    SignReach reach = {.end = from};
    guint i = from;
    while (i < block->count && (block->lines[i].kind == SIGN_CLOSING || block->lines[i].kind == SIGN_RULE))
        i++; // what opens it
    bool closing = i > from && block->lines[i - 1].kind == SIGN_CLOSING;
    for (bool more = true; more && i < block->count && reach.total < SIGNATURE_LINES;) {
        guint next = signature_take(block, i, &reach);
        if (i < block->count && reach.total == 0)
            reach.closed =
                (closing && (block->lines[i].kind == SIGN_NAME || block->lines[i].kind == SIGN_NAMELIKE ||
                             block->lines[i].kind == SIGN_AUTHOR)) ||
                block->lines[i].kind == SIGN_SIGNED;
        more = next > i;
        reach.total += next - i;
        reach.end = more ? next : reach.end;
        i = next;
    }
    return reach;
}

// A name may open a signature where something ends above it.
static bool signature_apart(const SignBlock *block, guint i)
{
    const SignLine *line = &block->lines[i], *above = i > 0 ? &block->lines[i - 1] : NULL;
    return line->gap || line->dashed || !above || above->ends || above->len >= 60 || above->kind == SIGN_RULE;
}

// Behind the signature that opens at line `i`; `i` when none does.
static guint signature_at(const SignBlock *block, guint i)
{
    const SignLine *line = &block->lines[i];
    SignReach reach = signature_reach(block, i);
    bool to_end = reach.end == block->count;
    bool signed_off = false;
    switch (line->kind) {
    case SIGN_DELIMITER:
        reach.end = i + 1;
        while (reach.end < block->count && !block->lines[reach.end].postscript)
            reach.end++;
        signed_off = true;
        break;
    case SIGN_DEVICE:
        reach.end =
            i + 1 +
            (i + 1 < block->count && block->lines[i + 1].kind == SIGN_DETAIL && !block->lines[i + 1].gap);
        signed_off = true;
        break;
    case SIGN_CLOSING:
    case SIGN_SIGNED:
        signed_off = reach.closed;
        break;
    case SIGN_NAME:
        signed_off =
            signature_apart(block, i) &&
            (((to_end || block->lines[reach.end].postscript) && (reach.names < 2 || reach.details)) ||
             (reach.details && !reach.sentences));
        break;
    case SIGN_RULE:
        signed_off = to_end && reach.total > 0 && (reach.own || reach.names || reach.details);
        break;
    case SIGN_NAMELIKE:
    case SIGN_AUTHOR:
        signed_off = i > 0 && !block->lines[i - 1].closes && to_end && (line->gap || line->dashed) &&
                     line->words <= 3 && reach.total <= 8 && reach.shorts <= 1 && !reach.sentences &&
                     (reach.names < 2 || reach.details);
        break;
    default:
        break;
    }
    return signed_off ? reach.end : i;
}

void layer_signature(const LayerText *text, guint from, guint to, const LayerNames *names,
                     const guint8 *known)
{
    SignLine lines[SIGNATURE_LOOK];
    guint count = 0, at = to;
    while (at > from && count < SIGNATURE_LOOK) {
        at--;
        if (!layer_line(text, at)->blank)
            count++;
    }
    SignBlock block = {lines, 0};
    bool gap = true;
    for (guint i = at; i < to; i++) {
        if (!layer_line(text, i)->blank) {
            lines[block.count] = layer_sign(text, i, names, known[i] & LINE_DEVICE);
            lines[block.count++].gap = gap;
        }
        gap = layer_line(text, i)->blank;
    }
    for (guint i = 0; i < block.count;) {
        guint end = signature_at(&block, i);
        guint last = end > i ? lines[end - 1].line : 0;
        for (guint k = lines[i].line; end > i && k <= last; k++)
            layer_line(text, k)->layer = LAYER_SIGNATURE;
        i = MAX(end, i + 1);
    }
}
