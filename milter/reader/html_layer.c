// The containers that mail programs put quotations, forwarded mail and signatures in.
#include "reader/html_layer.h"

#include <string.h>

typedef struct {
    const char *word; // an id, or one word of a class attribute, case-insensitive; a '*' at an end = any rest
    Layer layer;
    guint onwards;
    bool reply;
} LayerWord;

static const LayerWord layer_words[] = {
    {"gmail_quote*", LAYER_QUOTED, 0, true},
    {"gmail_attr", LAYER_QUOTED, 0, false},
    {"divRplyFwdMsg", LAYER_QUOTED, 1, false},
    {"appendonsend", LAYER_QUOTED, 1, false},
    {"OutlookMessageHeader", LAYER_QUOTED, 1, false},
    {"*yahoo_quoted*", LAYER_QUOTED, 0, false},
    {"moz-cite-prefix", LAYER_QUOTED, 0, false},
    {"moz-forward-container", LAYER_FORWARDED, 0, false},
    {"reply-intro", LAYER_QUOTED, 0, false},
    {"protonmail_quote", LAYER_QUOTED, 0, true},
    {"tutanota_quote", LAYER_QUOTED, 0, false},
    {"spark_quote", LAYER_QUOTED, 0, false},
    {"zmail_extra*", LAYER_QUOTED, 0, false},
    {"OLK_SRC_BODY_SECTION", LAYER_QUOTED, 0, false},
    {"mail-editor-reference-message-container", LAYER_QUOTED, 0, false},
    {"gmail_signature*", LAYER_SIGNATURE, 0, false},
    {"Signature", LAYER_SIGNATURE, 0, false},
    {"moz-signature", LAYER_SIGNATURE, 0, false},
    {"ms-outlook-mobile-signature", LAYER_SIGNATURE, 0, false},
    {"ms-outlook-mobile-body-separator-line", LAYER_SIGNATURE, 0, false},
    {"AppleMailSignature", LAYER_SIGNATURE, 0, false},
    {"protonmail_signature_block*", LAYER_SIGNATURE, 0, false},
    {"yahoo-signature", LAYER_SIGNATURE, 0, false},
    {"ymail_android_signature*", LAYER_SIGNATURE, 0, false},
    {"composer_signature", LAYER_SIGNATURE, 0, false},
    {"mail_signature", LAYER_SIGNATURE, 0, false},
};

#define LAYER_WORD 100 // bytes of an id or class looked at

// Outlook puts "x_" before the names in what it quotes, once each time; Yahoo a word of its own.
static const LayerWord *layer_word(const char *word, gsize len)
{
    while (len > 2 && !g_ascii_strncasecmp(word, "x_", 2)) {
        word += 2;
        len -= 2;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(layer_words) && len <= LAYER_WORD; i++) {
        const char *known = layer_words[i].word;
        bool anywhere = known[0] == '*';
        known += anywhere;
        gsize want = strlen(known);
        bool open = known[want - 1] == '*';
        want -= open;
        for (gsize at = 0; at + want <= len && (anywhere || at == 0); at++)
            if ((open || at + want == len) && !g_ascii_strncasecmp(word + at, known, want))
                return &layer_words[i];
    }
    return NULL;
}

// `declaration` in lower case and without blanks.
static bool layer_css_has(const char *css, const char *declaration)
{
    gsize want = strlen(declaration);
    bool found = false;
    for (; *css && !found; css++) {
        const char *at = css;
        gsize same = 0;
        while (same < want && *at && (g_ascii_isspace(*at) || g_ascii_tolower(*at) == declaration[same])) {
            same += !g_ascii_isspace(*at);
            at++;
        }
        found = same == want;
    }
    return found;
}

// The line that Outlook on desktops draws over "From:". What it quotes stands behind the element around that.
static bool layer_is_outlook_line(const char *css)
{
    return strlen(css) < 2 * LAYER_WORD && layer_css_has(css, "border:none") &&
           layer_css_has(css, "border-top:solid") && layer_css_has(css, "padding:3.0pt0");
}

// Gmail and others indent a paragraph by the very element that quotes.
static bool layer_is_indent(const char *css)
{
    return strlen(css) < 2 * LAYER_WORD && layer_css_has(css, "margin:00040px") &&
           layer_css_has(css, "border:none");
}

HtmlLayerHint html_layer_hint(HtmlTag tag, const char *id, const char *classes, const char *css)
{
    const LayerWord *found = id ? layer_word(id, strlen(id)) : NULL;
    for (const char *at = classes; at && *at && !found;) {
        at += strspn(at, " \t\r\n\f");
        gsize len = strcspn(at, " \t\r\n\f");
        found = len ? layer_word(at, len) : NULL;
        at += len;
    }
    HtmlLayerHint hint = {tag == TAG_BLOCKQUOTE && !(css && layer_is_indent(css)), LAYER_QUOTED, 0, false};
    if (found)
        hint = (HtmlLayerHint){true, found->layer, found->onwards, found->reply && tag != TAG_BLOCKQUOTE};
    else if (tag == TAG_BLOCK && css && layer_is_outlook_line(css))
        hint = (HtmlLayerHint){true, LAYER_QUOTED, 2, false};
    return hint;
}

bool html_layer_forwarded(const char *text, gsize len)
{
    static const char *const WORDS[] = {"orwarded message",    "orwarded Message", "ensaje reenviado",
                                        "ensagem encaminhada", "essage transféré", "essage réexpédié",
                                        "ourriel transféré"};
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(WORDS); i++)
        found = memmem(text, len, WORDS[i], strlen(WORDS[i])) != NULL;
    return found;
}
