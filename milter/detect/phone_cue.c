#include "detect/phone.h"

#include <string.h>

#define CUE_BACK  48
#define CUE_AHEAD 24
#define CUE_WORDS 7
#define CUE_ROW   512 // bytes of a table's row that are counted
#define CUE_CLOSE 14  // "order number: 413...": what says that it is something else stands close

typedef struct {
    const char *word;
    CueClass cue;
} CueWord;

// Sorted, for bsearch. One letter counts only with a colon or dot behind it ("c: 413...").
static const CueWord CUES[] = {
    {"abn", CUE_OTHER},
    {"account", CUE_OTHER},
    {"acct", CUE_OTHER},
    {"area", CUE_WEAK},
    {"asset", CUE_OTHER},
    {"barcode", CUE_OTHER},
    {"bid", CUE_OTHER},
    {"booking", CUE_OTHER},
    {"c", CUE_PHONE},
    {"call", CUE_PHONE},
    {"called", CUE_PHONE},
    {"calling", CUE_PHONE},
    {"callme", CUE_PHONE},
    {"calls", CUE_PHONE},
    {"card", CUE_OTHER},
    {"case", CUE_OTHER},
    {"catalog", CUE_OTHER},
    {"catalogue", CUE_OTHER},
    {"cel", CUE_PHONE},
    {"cell", CUE_PHONE},
    {"cellphone", CUE_PHONE},
    {"cells", CUE_PHONE},
    {"celu", CUE_PHONE},
    {"celular", CUE_PHONE},
    {"certificate", CUE_OTHER},
    {"chapter", CUE_OTHER},
    {"chapters", CUE_OTHER},
    {"citation", CUE_OTHER},
    {"claim", CUE_OTHER},
    {"clm", CUE_OTHER},
    {"code", CUE_OTHER},
    {"combination", CUE_OTHER},
    {"combo", CUE_OTHER},
    {"comuniquense", CUE_PHONE},
    {"confirmation", CUE_OTHER},
    {"contact", CUE_PHONE},
    {"course", CUE_OTHER},
    {"crn", CUE_OTHER},
    {"cusip", CUE_OTHER},
    {"dial", CUE_PHONE},
    {"digits", CUE_PHONE},
    {"docket", CUE_OTHER},
    {"doi", CUE_OTHER},
    {"ein", CUE_OTHER},
    {"escribeme", CUE_PHONE},
    {"escribirme", CUE_PHONE},
    {"exercise", CUE_OTHER},
    {"exercises", CUE_OTHER},
    {"f", CUE_PHONE},
    {"facetime", CUE_PHONE},
    {"fax", CUE_PHONE},
    {"fedex", CUE_OTHER},
    {"fono", CUE_PHONE},
    {"grades", CUE_OTHER},
    {"grant", CUE_OTHER},
    {"guasap", CUE_PHONE},
    {"h", CUE_PHONE},
    {"hmu", CUE_PHONE},
    {"home", CUE_WEAK},
    {"id", CUE_OTHER},
    {"imei", CUE_OTHER},
    {"imessage", CUE_PHONE},
    {"inventory", CUE_OTHER},
    {"invoice", CUE_OTHER},
    {"isbn", CUE_OTHER},
    {"isbns", CUE_OTHER},
    {"issn", CUE_OTHER},
    {"item", CUE_OTHER},
    {"lada", CUE_PHONE},
    {"landline", CUE_PHONE},
    {"lasid", CUE_OTHER},
    {"lat", CUE_OTHER},
    {"latitude", CUE_OTHER},
    {"license", CUE_OTHER},
    {"line", CUE_WEAK},
    {"llama", CUE_PHONE},
    {"llamame", CUE_PHONE},
    {"llamar", CUE_PHONE},
    {"llamarme", CUE_PHONE},
    {"llame", CUE_PHONE},
    {"llameme", CUE_PHONE},
    {"llamenme", CUE_PHONE},
    {"locker", CUE_OTHER},
    {"lockers", CUE_OTHER},
    {"lon", CUE_OTHER},
    {"longitude", CUE_OTHER},
    {"lot", CUE_OTHER},
    {"m", CUE_PHONE},
    {"mandame", CUE_PHONE},
    {"marca", CUE_PHONE},
    {"marcame", CUE_PHONE},
    {"membership", CUE_OTHER},
    {"mensaje", CUE_PHONE},
    {"message", CUE_PHONE},
    {"mob", CUE_PHONE},
    {"mobile", CUE_PHONE},
    {"model", CUE_OTHER},
    {"movil", CUE_PHONE},
    {"msg", CUE_PHONE},
    {"npi", CUE_OTHER},
    {"nsn", CUE_OTHER},
    {"num", CUE_WEAK},
    {"number", CUE_WEAK},
    {"numero", CUE_WEAK},
    {"o", CUE_PHONE},
    {"office", CUE_WEAK},
    {"order", CUE_OTHER},
    {"p", CUE_PHONE},
    {"page", CUE_OTHER},
    {"pager", CUE_PHONE},
    {"pages", CUE_OTHER},
    {"parcel", CUE_OTHER},
    {"part", CUE_OTHER},
    {"passcode", CUE_OTHER},
    {"password", CUE_OTHER},
    {"patent", CUE_OTHER},
    {"permit", CUE_OTHER},
    {"ph", CUE_PHONE},
    {"phone", CUE_PHONE},
    {"phones", CUE_PHONE},
    {"pin", CUE_OTHER},
    {"po", CUE_OTHER},
    {"policy", CUE_OTHER},
    {"pp", CUE_OTHER},
    {"problem", CUE_OTHER},
    {"problems", CUE_OTHER},
    {"psalm", CUE_OTHER},
    {"receipt", CUE_OTHER},
    {"ref", CUE_OTHER},
    {"reference", CUE_OTHER},
    {"registration", CUE_OTHER},
    {"requisition", CUE_OTHER},
    {"ring", CUE_PHONE},
    {"ringing", CUE_PHONE},
    {"room", CUE_OTHER},
    {"rooms", CUE_OTHER},
    {"routing", CUE_OTHER},
    {"sasid", CUE_OTHER},
    {"score", CUE_OTHER},
    {"scores", CUE_OTHER},
    {"serial", CUE_OTHER},
    {"shipment", CUE_OTHER},
    {"signal", CUE_PHONE},
    {"sku", CUE_OTHER},
    {"sms", CUE_PHONE},
    {"sn", CUE_OTHER},
    {"ssn", CUE_OTHER},
    {"t", CUE_PHONE},
    {"tel", CUE_PHONE},
    {"telefono", CUE_PHONE},
    {"telefonos", CUE_PHONE},
    {"telephone", CUE_PHONE},
    {"telf", CUE_PHONE},
    {"text", CUE_PHONE},
    {"textea", CUE_PHONE},
    {"texteame", CUE_PHONE},
    {"texting", CUE_PHONE},
    {"textme", CUE_PHONE},
    {"texto", CUE_PHONE},
    {"texts", CUE_PHONE},
    {"ticket", CUE_OTHER},
    {"tlf", CUE_PHONE},
    {"tracking", CUE_OTHER},
    {"transaction", CUE_OTHER},
    {"txt", CUE_PHONE},
    {"upc", CUE_OTHER},
    {"ups", CUE_OTHER},
    {"usps", CUE_OTHER},
    {"verse", CUE_OTHER},
    {"verses", CUE_OTHER},
    {"vin", CUE_OTHER},
    {"voicemail", CUE_PHONE},
    {"voucher", CUE_OTHER},
    {"w", CUE_PHONE},
    {"wa", CUE_PHONE},
    {"wasap", CUE_PHONE},
    {"webinar", CUE_OTHER},
    {"whats", CUE_PHONE},
    {"whatsap", CUE_PHONE},
    {"whatsapp", CUE_PHONE},
    {"work", CUE_WEAK},
    {"zip", CUE_OTHER},
    {"zoom", CUE_OTHER},
};

// Words with which a number is handed over, whatever they are about else. `before` stands right before the word; "" is
// anything.
static const struct {
    const char *word, *before;
} OFFERS[] = {
    {"acaso", "por si"},    {"anything", "if"},  {"anytime", ""},       {"at", "i'm"},
    {"at", "im"},           {"at", "i am"},      {"case", "just in"},   {"cosa", "cualquier"},
    {"dejo", "te"},         {"dejo", "les"},     {"duda", "cualquier"}, {"emergencia", "de"},
    {"emergencies", "for"}, {"emergency", "an"}, {"emergency", "of"},   {"encuentras", "me"},
    {"her", "reach"},       {"him", "reach"},    {"hours", "after"},    {"late", "running"},
    {"me", "add"},          {"me", "buzz"},      {"me", "find"},        {"me", "get"},
    {"me", "need"},         {"me", "ping"},      {"me", "reach"},       {"mine", ""},
    {"mine", "here's"},     {"my", "here's"},    {"my", "here is"},     {"mía", "la"},
    {"mío", "el"},          {"mio", "el"},       {"necesitas", "si"},   {"necesitas", "si me"},
    {"necesita", "si"},     {"need", "if you"},  {"needed", "if"},      {"shout", "a"},
    {"them", "reach"},      {"this", "save"},    {"tienes", "aquí"},    {"tienes", "aqui"},
    {"up", "comes"},        {"up", "hit me"},    {"us", "reach"},       {"go", "here you"},
    {"info", "my"},
};

static int cue_compare(const void *key, const void *entry)
{
    return strcmp(key, ((const CueWord *)entry)->word);
}

// Letters of `view` in [start, end) without the accents that Spanish words are written with or without.
static gsize cue_plain(const DetectView *view, gsize start, gsize end, char *out, gsize room)
{
    static const struct {
        const char *accented;
        char plain;
    } LETTERS[] = {{"á", 'a'}, {"é", 'e'}, {"í", 'i'}, {"ó", 'o'}, {"ú", 'u'}};
    gsize n = 0;
    for (gsize i = start; i < end && n + 1 < room; i++) {
        char c = view->text[i];
        for (gsize k = 0; (guchar)c >= 0x80 && k < G_N_ELEMENTS(LETTERS); k++)
            if (i + 1 < end && memcmp(view->text + i, LETTERS[k].accented, 2) == 0) {
                c = LETTERS[k].plain;
                i++;
            }
        out[n++] = c;
    }
    out[n] = '\0';
    return n;
}

static CueClass cue_class(const DetectView *view, gsize start, gsize end, bool behind)
{
    char word[20];
    gsize n = end - start < sizeof word ? cue_plain(view, start, end, word, sizeof word) : 0;
    const CueWord *found = n ? bsearch(word, CUES, G_N_ELEMENTS(CUES), sizeof *CUES, cue_compare) : NULL;
    char next = end < view->len ? view->text[end] : '\0';
    // "p: 413...", not "p:after" of a style sheet.
    bool label = (next == ':' || next == '.' || next == ')') &&
                 !(end + 1 < view->len && g_ascii_isalpha(view->text[end + 1]));
    if (found && n == 1 && (behind || !label))
        found = NULL;
    return found ? found->cue : CUE_NONE;
}

static bool cue_letter(char c)
{
    return g_ascii_isalpha(c) || (guchar)c >= 0x80;
}

static bool cue_is(const DetectView *view, gsize start, gsize end, const char *word)
{
    return end - start == strlen(word) && memcmp(view->text + start, word, end - start) == 0;
}

static bool cue_after(const DetectView *view, gsize start, const char *word)
{
    gsize n = strlen(word);
    return start > n && memcmp(view->text + start - n - 1, word, n) == 0;
}

static bool cue_offers(const DetectView *view, gsize start, gsize end)
{
    bool offers = false;
    for (gsize i = 0; !offers && i < G_N_ELEMENTS(OFFERS); i++)
        offers = OFFERS[i].word[0] == view->text[start] && cue_is(view, start, end, OFFERS[i].word) &&
                 (!OFFERS[i].before[0] || cue_after(view, start, OFFERS[i].before));
    return offers;
}

// What words mean together: "area code" says the opposite of "code".
static CueClass cue_together(const DetectView *view, gsize start, gsize end, CueClass cue)
{
    if (cue == CUE_NONE && cue_offers(view, start, end))
        cue = CUE_WEAK;
    else if (cue_is(view, start, end, "case") && cue_after(view, start, "in"))
        // "In case 4135550142 the court ...", not "in case: 413..."
        cue = cue_after(view, start, "just in") || strchr(":,;-", view->text[end]) ? CUE_WEAK : cue;
    else if (cue_is(view, start, end, "number") && cue_after(view, start, "my"))
        cue = CUE_PHONE;
    else if (cue == CUE_OTHER && cue_is(view, start, end, "code") && cue_after(view, start, "area"))
        cue = CUE_PHONE;
    else if (cue == CUE_WEAK && cue_is(view, start, end, "area") && cue_after(view, start, "de"))
        cue = CUE_PHONE; // "código de área"
    else if (cue_is(view, start, end, "course") && cue_after(view, start, "of"))
        cue = CUE_NONE;
    else if (cue_is(view, start, end, "o") && cue_after(view, start, "p"))
        cue = CUE_OTHER; // "p.o. 413..."
    return cue;
}

// The end of the word nearest before byte `at`, at or behind `floor`; `floor` where none stands there. Figures in a long
// row are asked one after the other: what has no letter is remembered. `*lines` counts the ends of lines passed, two at
// most.
static gsize cue_word_before(DetectScan *scan, gsize at, gsize floor, guint *lines)
{
    const char *text = scan->view->text;
    gsize from = at;
    while (at > floor && *lines < 2 && !cue_letter(text[at - 1])) {
        if (at <= scan->plain_to && scan->plain_from <= floor) {
            at = floor;
        } else {
            *lines += text[--at] == '\n';
            scan->work++;
        }
    }
    if (at == floor && from > scan->plain_to) {
        scan->plain_from = floor < scan->plain_from || floor > scan->plain_to ? floor : scan->plain_from;
        scan->plain_to = from;
    }
    return *lines < 2 ? at : floor;
}

static PhoneCue cue_before(DetectScan *scan, gsize start)
{
    const DetectView *view = scan->view;
    gsize floor = start > CUE_BACK ? start - CUE_BACK : 0;
    PhoneCue best = {CUE_NONE, start, start};
    guint words = 0, lines = 0;
    gsize end = cue_word_before(scan, start, floor, &lines);
    while (end > floor && words < CUE_WORDS && best.cue != CUE_PHONE && best.cue != CUE_OTHER) {
        gsize at = end;
        while (at > floor && cue_letter(view->text[at - 1]))
            at--;
        CueClass cue = cue_class(view, at, end, false);
        cue = cue_together(view, at, end, cue);
        if (cue == CUE_OTHER && start - end > CUE_CLOSE)
            cue = CUE_NONE;
        words++;
        if (cue != CUE_NONE && best.cue == CUE_NONE)
            best = (PhoneCue){cue, at, end};
        else if (best.cue == CUE_WEAK && (cue == CUE_PHONE || cue == CUE_OTHER))
            best = (PhoneCue){cue, at, end};
        end = cue_word_before(scan, at, floor, &lines);
    }
    return best;
}

// "413-555-0142 is me", "- that's mine".
static bool cue_claims(const DetectView *view, gsize end)
{
    static const char *const CLAIMS[] = {"is me",        "that's me",     "thats me",     "is mine",
                                         "is my number", "is our number", "es mi número", "es mi numero",
                                         "that's mine",  "soy yo",        "es el mío",    "es mío",
                                         "anytime",      "any time",      "any hour"};
    gsize at = end;
    bool claims = false;
    while (at < view->len && at - end < 4 && strchr(" ,-:;.(", view->text[at]))
        at++;
    for (gsize i = 0; !claims && i < G_N_ELEMENTS(CLAIMS); i++) {
        gsize n = strlen(CLAIMS[i]);
        claims = view->len - at >= n && memcmp(view->text + at, CLAIMS[i], n) == 0 &&
                 (at + n == view->len || !cue_letter(view->text[at + n]));
    }
    return claims;
}

// Only what closely follows: "(cell)", "- text me", "is my cell".
static PhoneCue cue_behind(DetectScan *scan, gsize end)
{
    const DetectView *view = scan->view;
    gsize ceiling = MIN(view->len, end + CUE_AHEAD);
    PhoneCue best = {CUE_NONE, end, end};
    for (gsize at = end; at < ceiling && best.cue == CUE_NONE;) {
        scan->work++;
        if (!cue_letter(view->text[at])) {
            if (view->text[at] == '\n' || g_ascii_isdigit(view->text[at]))
                break;
            at++;
            continue;
        }
        gsize start = at;
        while (at < view->len && at < ceiling && cue_letter(view->text[at]))
            at++;
        if (cue_class(view, start, at, true) == CUE_PHONE)
            best = (PhoneCue){CUE_PHONE, start, at};
    }
    if (best.cue == CUE_NONE && cue_claims(view, end))
        best.cue = CUE_WEAK;
    return best;
}

// A mark right before says more than a word: "#4135550142", "id=4135550142".
static bool cue_marked_other(const DetectView *view, gsize start, CueClass before)
{
    char mark = start > 0 ? view->text[start - 1] : '\0';
    return mark != '\0' && strchr("#=&?", mark) != NULL && before != CUE_PHONE &&
           !(mark == '=' && before == CUE_WEAK);
}

// Cells before `at` in its row; G_MAXUINT when the row is too long to say.
static guint cue_column(DetectScan *scan, gsize at)
{
    const char *text = scan->view->text;
    guint column = 0;
    bool quoted = false;
    gsize from = at;
    while (from > 0 && at - from < CUE_ROW && text[from - 1] != '\n')
        from--;
    bool whole = from == 0 || text[from - 1] == '\n';
    for (gsize i = from; whole && i < at; i++) {
        quoted = quoted != (text[i] == '"');
        column += !quoted && strchr(",;\t", text[i]) != NULL;
    }
    scan->work += at - from;
    return whole ? column : G_MAXUINT;
}

// What the head of the column that `start` stands in says.
static PhoneCue cue_of_column(DetectScan *scan, gsize start)
{
    const DetectView *view = scan->view;
    PhoneCue cue = {CUE_NONE, start, start};
    guint column = cue_column(scan, start), at_column = 0;
    gsize at = 0, limit = MIN(view->len, CUE_ROW);
    while (column != G_MAXUINT && at < limit && view->text[at] != '\n' && at_column <= column) {
        gsize end = at;
        while (end < limit && cue_letter(view->text[end]))
            end++;
        CueClass class = at_column == column && end > at ? cue_class(view, at, end, true) : CUE_NONE;
        if (class == CUE_OTHER || (class != CUE_NONE && cue.cue == CUE_NONE))
            cue = (PhoneCue){class, at, end};
        at_column += end == at && strchr(",;\t", view->text[at]) != NULL;
        at = MAX(end, at + 1);
    }
    scan->work += at;
    return cue;
}

PhoneCue phone_cue(DetectScan *scan, gsize start, gsize end)
{
    const Passage *passage = scan->view->passage;
    PhoneCue cue = {CUE_FORMAL, start, start};
    bool tel =
        passage->origin == ORIGIN_VCARD && passage->header && g_ascii_strcasecmp(passage->header, "TEL") == 0;
    PhoneCue column = {CUE_NONE, start, start};
    if (passage->origin == ORIGIN_TABLE)
        column = cue_of_column(scan, start);
    if (column.cue != CUE_NONE) {
        cue = column;
    } else if (!tel) {
        PhoneCue before = cue_before(scan, start);
        cue = before;
        if (cue_marked_other(scan->view, start, before.cue))
            cue.cue = CUE_OTHER;
        else if (before.cue == CUE_NONE || before.cue == CUE_WEAK)
            cue = cue_behind(scan, end);
        if (cue.cue == CUE_NONE)
            cue = before;
    }
    return cue;
}
