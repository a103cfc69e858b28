// Blocks of header lines: "From: / Sent: / To: / Subject:" as mail programs put them above what they quote or forward.
#include "detect/layer.h"

#include <string.h>

#define HEADER_LINES 24 // of a block looked at, continued ones included
#define HEADER_LABEL 24 // bytes of a label

typedef enum { LABEL_NONE, LABEL_FROM, LABEL_SUBJECT, LABEL_OTHER } HeaderLabel;

static bool header_is(const char *const *words, gsize count, const char *label)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++)
        found = *words[i] == *label && strcmp(words[i], label) == 0;
    return found;
}

static HeaderLabel header_known(const char *label)
{
    static const char *const FROM[] = {"from", "de", "von", "da", "van", "fra", "mittente"};
    static const char *const SUBJECT[] = {"subject", "asunto",  "assunto", "objet",
                                          "sujet",   "betreff", "oggetto"};
    static const char *const OTHER[] = {"sent",
                                        "date",
                                        "to",
                                        "cc",
                                        "bcc",
                                        "reply-to",
                                        "importance",
                                        "attachments",
                                        "sent by",
                                        "sent on",
                                        "enviado",
                                        "enviado el",
                                        "enviado em",
                                        "enviada em",
                                        "enviada",
                                        "para",
                                        "fecha",
                                        "data",
                                        "envoye",
                                        "envoye le",
                                        "envoye par",
                                        "a",
                                        "cci",
                                        "cco",
                                        "date d'envoi",
                                        "importancia",
                                        "pieces jointes",
                                        "anexos",
                                        "datos adjuntos",
                                        "gesendet",
                                        "an",
                                        "datum",
                                        "responder a",
                                        "responder para",
                                        "repondre a",
                                        "inviato",
                                        "priority",
                                        "prioridad",
                                        "prioridade",
                                        "organization"};
    return header_is(FROM, G_N_ELEMENTS(FROM), label)         ? LABEL_FROM
           : header_is(SUBJECT, G_N_ELEMENTS(SUBJECT), label) ? LABEL_SUBJECT
           : header_is(OTHER, G_N_ELEMENTS(OTHER), label)     ? LABEL_OTHER
                                                              : LABEL_NONE;
}

// What the words before the first colon of line `i` name, marks of bold print left out.
static HeaderLabel header_read_label(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    const char *at = text->lower + line->body, *end = text->lower + line->end;
    while (at < end && (*at == '*' || *at == '_' || *at == '|' || *at == ' '))
        at++;
    const char *colon = memchr(at, ':', (gsize)MIN(end - at, HEADER_LABEL));
    HeaderLabel label = LABEL_NONE;
    if (colon) {
        char folded[HEADER_LABEL + 16];
        gsize len = layer_fold(at, (gsize)(colon - at), folded, sizeof folded);
        while (len && (folded[len - 1] == '*' || folded[len - 1] == ' '))
            folded[--len] = '\0';
        label = header_known(folded);
    }
    return label;
}

// The same, asked of a line once for all blocks that it may be in.
static HeaderLabel header_label(const LayerText *text, guint i)
{
    LayerLine *line = layer_line(text, i);
    if (!line->labelled) {
        line->label = (guint8)header_read_label(text, i);
        line->labelled = true;
    }
    return (HeaderLabel)line->label;
}

// Does line `i` go on what header line `i - 1` says: indented, or one of a list of addresses?
static bool header_continues(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i), *above = layer_line(text, i - 1);
    gsize end = above->end;
    while (end > above->body && g_ascii_isspace(text->lower[end - 1]))
        end--;
    bool listed = end > above->body && strchr(";,<", text->lower[end - 1]) != NULL;
    bool address = memchr(text->lower + line->body, '@', line->end - line->body) != NULL;
    return !above->blank && (listed || address || (line->depth == 0 && line->body > line->start));
}

bool layer_header_block(const LayerText *text, guint i, guint *out_from, guint *out_last)
{
    const LayerLine *first = layer_line(text, i);
    HeaderLabel label = header_label(text, i);
    guint others = 0, from = i, last = i;
    bool named = false, mail = false, more = label != LABEL_NONE;
    for (guint k = i; more && k < text->lines->len && k < i + HEADER_LINES; k++) {
        const LayerLine *line = layer_line(text, k);
        label = line->blank ? LABEL_NONE : header_label(text, k);
        if (line->depth != first->depth && !line->blank) {
            more = false;
        } else if (label != LABEL_NONE) {
            from = label == LABEL_FROM && !named ? k : from;
            named |= label == LABEL_FROM;
            others += label != LABEL_FROM;
            mail |= label == LABEL_SUBJECT ||
                    memchr(text->lower + line->body, '@', line->end - line->body) != NULL;
            last = k;
        } else if (line->blank) { // between headers, where HTML was made text
            more = k + 1 < text->lines->len && !layer_line(text, k + 1)->blank && k == last + 1 &&
                   header_label(text, k + 1) != LABEL_NONE;
        } else {
            more = header_continues(text, k);
            last = more ? k : last;
        }
    }
    *out_from = from;
    *out_last = last;
    return named && others >= 2 && mail;
}
