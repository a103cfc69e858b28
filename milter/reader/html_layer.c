// The containers that mail programs put quotations, forwarded mail and signatures in.
#include "reader/html_layer.h"

#include <string.h>

typedef struct {
    const char
        *word; // an id, or one word of a class attribute, case-insensitive; a '*' at its end = any rest
    Layer layer;
    bool onwards;
} LayerWord;

static const LayerWord layer_words[] = {
    {"gmail_quote*", LAYER_QUOTED, false},
    {"gmail_extra", LAYER_QUOTED, false},
    {"divRplyFwdMsg", LAYER_QUOTED, true},
    {"appendonsend", LAYER_QUOTED, true},
    {"x_divRplyFwdMsg", LAYER_QUOTED, true},
    {"yahoo_quoted*", LAYER_QUOTED, false},
    {"moz-cite-prefix", LAYER_QUOTED, false},
    {"moz-forward-container", LAYER_FORWARDED, false},
    {"protonmail_quote", LAYER_QUOTED, false},
    {"tutanota_quote", LAYER_QUOTED, false},
    {"zmail_extra*", LAYER_QUOTED, false},
    {"OLK_SRC_BODY_SECTION", LAYER_QUOTED, false},
    {"mail-editor-reference-message-container", LAYER_QUOTED, false},
    {"gmail_signature*", LAYER_SIGNATURE, false},
    {"Signature", LAYER_SIGNATURE, false},
    {"x_Signature", LAYER_SIGNATURE, false},
    {"moz-signature", LAYER_SIGNATURE, false},
    {"ms-outlook-mobile-signature", LAYER_SIGNATURE, false},
    {"ms-outlook-mobile-body-separator-line", LAYER_SIGNATURE, false},
    {"AppleMailSignature", LAYER_SIGNATURE, false},
    {"protonmail_signature_block*", LAYER_SIGNATURE, false},
    {"yahoo-signature", LAYER_SIGNATURE, false},
    {"mail_signature", LAYER_SIGNATURE, false},
};

static const LayerWord *layer_word(const char *word, gsize len)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layer_words); i++) {
        const char *known = layer_words[i].word;
        gsize want = strlen(known);
        bool open = known[want - 1] == '*';
        want -= open;
        if ((open ? len >= want : len == want) && !g_ascii_strncasecmp(word, known, want))
            return &layer_words[i];
    }
    return NULL;
}

HtmlLayerHint html_layer_hint(HtmlTag tag, const char *id, const char *classes)
{
    const LayerWord *found = id ? layer_word(id, strlen(id)) : NULL;
    for (const char *at = classes; at && *at && !found;) {
        at += strspn(at, " \t\r\n\f");
        gsize len = strcspn(at, " \t\r\n\f");
        found = len ? layer_word(at, len) : NULL;
        at += len;
    }
    if (found)
        return (HtmlLayerHint){true, found->layer, found->onwards};
    return (HtmlLayerHint){tag == TAG_BLOCKQUOTE, LAYER_QUOTED, false};
}
