// What a line of a signature is, seen alone.
#include "detect/layer.h"

#include <string.h>

#define SIGN_FEW    8  // words of what may be anything
#define SIGN_PHRASE 7  // words of a closing phrase
#define SIGN_LABEL  28 // bytes before a label's colon

// Words before byte `end` that are `bit`.
static guint sign_count(const SignText *sign, guint bit, gsize end)
{
    guint found = 0;
    for (guint k = 0; k < sign->n && sign->words[k].end <= end; k++)
        found += (sign->words[k].is & bit) != 0;
    return found;
}

static bool sign_opens(const SignText *sign, const char *const *words, gsize count)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++)
        found = *words[i] == *sign->text && strncmp(sign->text, words[i], strlen(words[i])) == 0;
    return found;
}

// ---- names ----

// The end of what the first bar, comma, bracket or dash between blanks ends: "Jane Doe" of "Jane Doe, M.Ed.".
static gsize sign_segment(const SignText *sign)
{
    gsize end = 0, open = sign->n ? sign->words[0].start : 0;
    bool dash = false;
    for (char c = *sign->text; end < sign->len && !dash && c != ',' && c != '|' && c != '(' && c != '/';) {
        c = sign->text[++end];
        dash = c == '-' && end > open && end < sign->len && sign->text[end - 1] == ' ';
    }
    return end;
}

static bool sign_is_and(const SignText *sign, guint k)
{
    gsize len;
    const char *word = layer_sign_word(sign, k, &len);
    return (len == 3 && memcmp(word, "and", 3) == 0) || (len == 2 && memcmp(word, "et", 2) == 0) ||
           (len == 1 && (*word == 'y' || *word == 'e'));
}

// Do the words from `from` to byte `end` make the sender's name? Titles, initials and one other word may stand by.
static bool sign_own_name(const SignText *sign, guint from, gsize end, const LayerNames *names)
{
    guint own = 0, others = 0, titles = 0, initials = 0, n = 0;
    bool two = false; // "Jane Doe and Bob Roe"
    for (guint k = from; k < sign->n && sign->words[k].end <= end; k++, n++) {
        gsize len;
        const char *word = layer_sign_word(sign, k, &len);
        if (layer_names_match(names, word, len))
            own++;
        else if (sign->words[k].is & WORD_TITLE)
            titles++;
        else if (own && !two && sign_is_and(sign, k))
            two = true;
        else if (len == 1)
            initials++;
        else if (!(sign->words[k].is & (WORD_PARTICLE | WORD_DEGREE)))
            others += sign->words[k].capital || own == 0 ? 1 : 2;
    }
    bool capital = n && sign->words[from].capital;
    bool named = own > 0 && (others == 0 || (others == 1 && n <= 4) || (two && others <= 2));
    bool lettered = n == 1 && own == 0 && titles == 0 && capital &&
                    layer_names_initials(names, sign->text + sign->words[from].start,
                                         sign->words[from].end - sign->words[from].start);
    bool dotted = n >= 2 && n <= 3 && initials == n && capital;
    return n <= 6 && (named || lettered || dotted);
}

// Words in capitals that no list knows as anything else.
static bool sign_namelike(const SignText *sign, bool dashed)
{
    bool fits = sign->n >= 1 && sign->n <= 4 && sign->letters >= 2 && !sign->digits && !sign->at &&
                !sign->link && !sign->question;
    guint titles = sign_count(sign, WORD_TITLE, sign->len);
    bool initial = sign->last == '.' && sign->n >= 2 && titles; // "Ms. D."
    for (guint k = 0; fits && k < sign->n; k++) {
        const SignWord *word = &sign->words[k];
        fits = word->end - word->start <= 14 && !(word->is & WORD_COMMON) &&
               (word->capital || (word->is & WORD_PARTICLE));
    }
    return fits && (initial || strchr(".:!;", sign->last) == NULL) && (sign->n <= 3 || titles || dashed);
}

// ---- closings ----

static bool sign_closes(const SignText *sign, guint from, guint to, const LayerWords *words)
{
    char phrase[SIGN_LINE];
    layer_sign_words(sign, from, to, phrase, sizeof phrase);
    return from < to && (layer_words_bits(words, phrase, strlen(phrase)) & WORD_CLOSING);
}

// "Thanks,"; "Thanks and best wishes"; "Thanks, Jane"; "Best - Ms. Doe"
static SignKind sign_closing(const SignText *sign, const LayerNames *names)
{
    SignKind kind = SIGN_PROSE;
    bool may = sign->n && sign->n <= SIGN_CLOSING_WORDS && !sign->digits && !sign->question;
    for (guint k = may ? MIN(sign->n, SIGN_PHRASE) : 0; k > 0 && kind == SIGN_PROSE; k--) {
        bool closes = sign_closes(sign, 0, k, names->words);
        guint rest = closes && k + 1 < sign->n ? k + sign_is_and(sign, k) : k;
        if (closes && (k == sign->n || sign_closes(sign, rest, sign->n, names->words)))
            kind = SIGN_CLOSING;
        else if (closes && sign_own_name(sign, k, sign->len, names))
            kind = SIGN_SIGNED;
    }
    return kind;
}

// ---- details ----

static bool sign_pronouns(const SignText *sign)
{
    static const char *const SETS[] = {
        "she/",    "he/",        "they/", "she / ",    "he / ",      "they / ",  "she, her",
        "he, him", "they, them", "ella/", "ella/elle", "el/",        "ela/",     "ele/",
        "elle/",   "il/",        "iel/",  "pronouns",  "pronombres", "pronomes", "pronoms"};
    bool found = false;
    for (gsize i = 0; !found && sign->n <= 9 && i < G_N_ELEMENTS(SETS); i++) {
        const char *at = strstr(sign->text, SETS[i]);
        found = at && (at == sign->text || !g_ascii_isalnum(at[-1]));
    }
    return found;
}

// "Office: ...", "c 413-..."
static bool sign_labelled(const SignText *sign, const LayerWords *words)
{
    gsize colon = strcspn(sign->text, ":");
    guint n = 0;
    while (n < sign->n && n < 5 && colon < sign->len && sign->words[n].end <= MIN(colon, SIGN_LABEL))
        n++;
    char label[SIGN_LINE];
    layer_sign_words(sign, 0, n, label, sizeof label);
    bool named = n && (layer_words_bits(words, label, strlen(label)) & WORD_LABEL);
    bool numbered =
        sign->n >= 2 && (sign->words[0].is & WORD_LABEL) && sign->words[0].end - sign->words[0].start > 0 &&
        (g_ascii_isdigit(sign->text[sign->words[1].start]) || sign->text[sign->words[0].end] == ':');
    return named || numbered;
}

// A street with its number, a town with its state and code.
static bool sign_place(const SignText *sign)
{
    static const char *const BOXES[] = {"p.o. box", "po box", "p.o box"};
    bool zip = false;
    for (guint k = 1; k < sign->n && !zip; k++) {
        const SignWord *word = &sign->words[k], *before = word - 1;
        zip = word->end - word->start == 5 && before->end - before->start == 2 &&
              strspn(sign->text + word->start, "0123456789") >= 5;
    }
    bool numbered = sign->n >= 3 && sign->n <= 12 && g_ascii_isdigit(sign->text[sign->words[0].start]);
    return zip || sign_opens(sign, BOXES, G_N_ELEMENTS(BOXES)) ||
           (numbered && sign_count(sign, WORD_STREET, sign->len));
}

static bool sign_detail(const SignText *sign, const LayerWords *words, guint talk)
{
    bool cry = sign->n >= 2 && sign->n <= 4 && strncmp(sign->text, "go ", 3) == 0 && sign->words[1].capital;
    bool sentence = (sign->last == '.' && sign->n >= 6) || sign->question || (talk > 0 && sign->n >= 3);
    bool number = sign->digits >= 7 && sign->n <= 10;
    bool address = (sign->at || sign->link) && sign->n <= 12;
    bool titled = sign_count(sign, WORD_POST, sign->len) && sign->n <= 14 && sign->capitals * 2 >= sign->n;
    bool signs = sign->letters == 0 && sign->digits == 0 && sign->len > 0;
    return signs || cry || sign_pronouns(sign) ||
           (sign_labelled(sign, words) && (talk < 2 || sign->n <= 6)) ||
           (!sentence && (number || address || titled)) || (talk < 2 && sign_place(sign));
}

// ---- the line ----

static bool sign_greets(const SignText *sign)
{
    return sign->n && sign->n <= 6 && (sign->words[0].is & WORD_GREETING);
}

static bool sign_postscript(const SignText *sign)
{
    static const char *const MARKS[] = {"p.s", "ps:",  "ps ", "ps.",   "ps,",  "ps-", "p.d.",    "pd:",
                                        "pd.", "p s ", "pps", "p.p.s", "n.b.", "nb:", "posdata", "postdata"};
    return sign_opens(sign, MARKS, G_N_ELEMENTS(MARKS));
}

static bool sign_delimiter(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    const char *body = text->lower + line->start;
    gsize len = line->end - line->start;
    while (len && g_ascii_isspace(body[len - 1]))
        len--;
    return (len == 2 && memcmp(body, "--", 2) == 0) || (len == 3 && memcmp(body, "—", 3) == 0);
}

static SignKind sign_kind(const SignText *sign, const LayerNames *names, bool dashed)
{
    guint talk = sign_count(sign, WORD_TALK, sign->len);
    bool sentence = sign->n >= 3 && (talk > 1 || (talk > 0 && sign->n >= 4));
    bool quoted = sign->n >= 2 && (sign->first == '"' || (sign->first == '\'' && sign->n >= 3));
    gsize segment = sign_segment(sign);
    SignKind kind = sign_closing(sign, names);
    if (kind != SIGN_PROSE || sign_greets(sign) || sign_postscript(sign) || sign->long_line)
        return kind;
    if (quoted)
        kind = SIGN_QUOTE;
    else if (!sign->question && sign_count(sign, WORD_TALK, segment) < 2 &&
             sign_own_name(sign, 0, segment, names))
        kind = SIGN_NAME;
    else if (sign_detail(sign, names->words, talk))
        kind = SIGN_DETAIL;
    else if (dashed && sign->n <= SIGN_FEW && !sign->digits && talk < 2)
        kind = SIGN_AUTHOR;
    else if (sign_namelike(sign, dashed))
        kind = SIGN_NAMELIKE;
    else if (!sentence && sign->n <= SIGN_FEW && !sign->question && !(sign->last == '.' && sign->n >= 5))
        kind = SIGN_SHORT;
    return kind;
}

SignLine layer_sign(const LayerText *text, guint i, const LayerNames *names, bool device)
{
    SignText sign;
    const LayerLine *line = layer_line(text, i);
    SignLine out = {.line = i, .len = line->end - line->body};
    layer_sign_read(text, i, names->words, &sign);
    out.words = sign.n;
    out.dashed = sign.first == '-' || sign.first == '~';
    out.bare = !sign.digits && !sign.at && !sign.question;
    out.ends = sign.last == '.' || sign.last == '!' || sign.last == '?';
    out.postscript = sign_postscript(&sign);
    out.closes = sign.len > 1 && memchr(sign.text + 1, '"', sign.len - 1) != NULL;
    if (sign_delimiter(text, i))
        out.kind = SIGN_DELIMITER;
    else if (layer_is_rule(text, i, 3))
        out.kind = SIGN_RULE;
    else if (device)
        out.kind = SIGN_DEVICE;
    else
        out.kind = sign_kind(&sign, names, out.dashed);
    return out;
}
