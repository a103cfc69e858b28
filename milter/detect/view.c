// view: a passage's text as a reader perceives it, with the way back to the bytes it came from.
#include "detect/internal.h"
#include "detect/phrases.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

// More combining characters than this on one letter are looked at in pieces.
#define VIEW_CLUSTER       32
#define VIEW_CLUSTER_UNITS (VIEW_CLUSTER * 2)
// NFKC makes at most 18 characters of one (U+FDFA). One that becomes more than this is left as it is: it hides no detail,
// and a text of them would be many times as long as it was.
#define VIEW_EXPANDS      4
#define VIEW_FOLDED_UNITS (VIEW_CLUSTER * 18 + 2)

typedef struct {
    DetectView *view;
    GString *text;
    GArray *origin;
    const UNormalizer2 *folding;
    gsize invisible_at;  // length of `text` when characters were dropped; G_MAXSIZE = none are pending
    guint pending;       // dropped there
    gsize override_from; // start of a stretch shown right to left by override; G_MAXSIZE = none
} ViewMaker;

static bool view_is_word(char c)
{
    return g_ascii_isalnum(c);
}

static void view_put(ViewMaker *maker, const char *bytes, gsize n, guint32 origin)
{
    // Dropped characters count where they stood inside a word: there they hide it, elsewhere they are
    // typography.
    if (maker->pending > 0) {
        gsize len = maker->text->len;
        if (len > 0 && view_is_word(maker->text->str[len - 1]) && n > 0 && view_is_word(bytes[0]))
            maker->view->invisible += maker->pending;
        maker->pending = 0;
    }
    g_string_append_len(maker->text, bytes, (gssize)n);
    for (gsize i = 0; i < n; i++)
        g_array_append_val(maker->origin, origin);
}

// One line per class of characters that are drawn alike and mean the same to a reader.
static char view_fold_mark(UChar32 c)
{
    static const struct {
        UChar32 from, to;
        char mark;
    } MARKS[] = {
        {0x00b7, 0x00b7, '.'},   {0x0387, 0x0387, '.'},  {0x0589, 0x0589, ':'},  {0x06d4, 0x06d4, '.'},
        {0x0701, 0x0702, '.'},   {0x2018, 0x201b, '\''}, {0x201c, 0x201f, '"'},  {0x2022, 0x2022, '.'},
        {0x2024, 0x2024, '.'},   {0x2027, 0x2027, '.'},  {0x2028, 0x2029, '\n'}, {0x2032, 0x2032, '\''},
        {0x2033, 0x2033, '"'},   {0x2043, 0x2043, '-'},  {0x2044, 0x2044, '/'},  {0x204e, 0x204e, '*'},
        {0x2212, 0x2212, '-'},   {0x2215, 0x2215, '/'},  {0x2217, 0x2217, '*'},  {0x2219, 0x2219, '.'},
        {0x2223, 0x2223, '|'},   {0x2236, 0x2236, ':'},  {0x223c, 0x223c, '~'},  {0x22c5, 0x22c5, '.'},
        {0x2500, 0x2501, '-'},   {0x2502, 0x2503, '|'},  {0x25cf, 0x25cf, '.'},  {0x2795, 0x2795, '+'},
        {0x2796, 0x2796, '-'},   {0x3002, 0x3002, '.'},  {0x30fb, 0x30fb, '.'},  {0xff61, 0xff61, '.'},
        {0x1f7c4, 0x1f7c4, '*'}, {0x02bc, 0x02bc, '\''}, {0x0085, 0x0085, '\n'},
    };
    char mark = '\0';
    for (gsize i = 0; mark == '\0' && i < G_N_ELEMENTS(MARKS); i++)
        if (c >= MARKS[i].from && c <= MARKS[i].to)
            mark = MARKS[i].mark;
    if (mark == '\0' && u_charType(c) == U_DASH_PUNCTUATION)
        mark = '-';
    if (mark == '\0' && u_charType(c) == U_SPACE_SEPARATOR)
        mark = ' ';
    return mark;
}

// A digit of any script, circled and dingbat ones too; the letters that NFKC leaves in their boxes.
static char view_fold_digit(UChar32 c)
{
    int digit = u_charDigitValue(c);
    if (digit < 0 && u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT)
        digit = (int)u_getNumericValue(c);
    char out = digit >= 0 && digit <= 9 ? (char)('0' + digit) : '\0';
    static const UChar32 BOXES[] = {0x1f150, 0x1f170, 0x1f1e6};
    for (gsize i = 0; out == '\0' && i < G_N_ELEMENTS(BOXES); i++)
        if (c >= BOXES[i] && c < BOXES[i] + 26)
            out = (char)('a' + (c - BOXES[i]));
    return out;
}

// No reader sees these: format characters, other default ignorables, control characters, and the keycap's
// frame.
static bool view_is_invisible(UChar32 c)
{
    gint8 type = u_charType(c);
    return type == U_FORMAT_CHAR || type == U_CONTROL_CHAR || c == 0x20e3 ||
           u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static void view_drop(ViewMaker *maker, UChar32 c)
{
    if (c != 0x20e3 && c != 0xfe0f)
        maker->pending++;
}

static void view_put_char(ViewMaker *maker, UChar32 c, guint32 origin)
{
    gint8 type = u_charType(c);
    char folded = view_fold_digit(c);
    if (folded == '\0' && c >= 0x80)
        folded = view_fold_mark(c);
    if (folded != '\0') {
        view_put(maker, &folded, 1, origin);
    } else if ((type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) && maker->text->len > 0 &&
               (guchar)maker->text->str[maker->text->len - 1] < 0x80) {
        view_drop(maker, c); // struck through or adorned: reads as what is under it
    } else {
        char bytes[6];
        gint n = g_unichar_to_utf8((gunichar)c, bytes);
        view_put(maker, bytes, (gsize)n, origin);
    }
}

// Folds `n` UTF-16 units that began at byte `origin`.
static void view_put_cluster(ViewMaker *maker, const UChar *units, int32_t n, guint32 origin)
{
    UChar folded[VIEW_FOLDED_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    int32_t out = unorm2_normalize(maker->folding, units, n, folded, VIEW_FOLDED_UNITS, &status);
    const UChar *from = folded;
    if (U_FAILURE(status) || out > n * VIEW_EXPANDS) {
        from = units;
        out = n;
    }
    for (int32_t i = 0; i < out;) {
        UChar32 c;
        U16_NEXT(from, i, out, c);
        view_put_char(maker, c, origin);
    }
}

// The stretch since an override, turned into the order in which it is shown.
static void view_end_override(ViewMaker *maker)
{
    gsize from = maker->override_from, to = maker->text->len;
    if (from == G_MAXSIZE)
        return;
    maker->override_from = G_MAXSIZE;
    maker->pending = 0;
    if (from >= to)
        return;
    g_autofree char *bytes = g_memdup2(maker->text->str + from, to - from);
    g_autofree guint32 *origins =
        g_memdup2(&g_array_index(maker->origin, guint32, from), (to - from) * sizeof(guint32));
    gsize put = to;
    for (gsize i = 0; i < to - from;) {
        gsize n = (gsize)(g_utf8_next_char(bytes + i) - (bytes + i));
        put -= n;
        memcpy(maker->text->str + put, bytes + i, n);
        memcpy(&g_array_index(maker->origin, guint32, put), origins + i, n * sizeof(guint32));
        i += n;
    }
    maker->view->invisible++;
}

static void view_override(ViewMaker *maker, UChar32 c)
{
    if (c == 0x202e) {
        view_end_override(maker);
        maker->override_from = maker->text->len;
    } else if (c == 0x202c || c == 0x2069 || c == 0x202d || c == 0x2066 || c == '\n' || c == 0x2029) {
        view_end_override(maker);
    }
}

// The characters from byte `at` that fold together: one base and what combines with it. Returns the byte
// behind them.
static gsize view_cluster(const ViewMaker *maker, const char *text, gsize len, gsize at, UChar *units,
                          int32_t *n)
{
    gsize next = at;
    *n = 0;
    for (guint count = 0; next < len && count < VIEW_CLUSTER; count++) {
        gsize i = next;
        UChar32 c;
        U8_NEXT(text, i, len, c);
        if (c < 0)
            c = 0xfffd;
        if (count > 0 && (c < 0x80 || view_is_invisible(c) || unorm2_hasBoundaryBefore(maker->folding, c)))
            break;
        UBool failed = false;
        U16_APPEND(units, *n, VIEW_CLUSTER_UNITS, c, failed);
        if (failed)
            break;
        next = i;
    }
    return next;
}

static bool view_starts_cluster(const char *text, gsize len, gsize at)
{
    return at + 1 < len && (guchar)text[at + 1] >= 0x80;
}

// One ASCII character that nothing combines with.
static void view_put_ascii(ViewMaker *maker, const char *text, gsize len, gsize at)
{
    char c = g_ascii_tolower(text[at]);
    if (c == '\r' && at + 1 < len && text[at + 1] == '\n')
        return;
    if (c == '\r' || c == '\v' || c == '\f')
        c = '\n';
    if (c == '\n')
        view_override(maker, '\n');
    if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
        maker->pending++;
    else
        view_put(maker, &c, 1, (guint32)at);
}

static gsize view_step(ViewMaker *maker, const char *text, gsize len, gsize at)
{
    gsize next = at + 1;
    if ((guchar)text[at] < 0x80 && !view_starts_cluster(text, len, at)) {
        view_put_ascii(maker, text, len, at);
        return next;
    }
    maker->view->ascii = false;
    gsize i = at;
    UChar32 c;
    U8_NEXT(text, i, len, c);
    if (c >= 0x80 && c != 0x85 && view_is_invisible(c)) {
        view_drop(maker, c);
        view_override(maker, c);
        next = i;
    } else {
        UChar units[VIEW_CLUSTER_UNITS];
        int32_t n;
        next = view_cluster(maker, text, len, at, units, &n);
        if (n == 1 && units[0] < 0x80)
            view_put_ascii(maker, text, len, at);
        else
            view_put_cluster(maker, units, n, (guint32)at);
    }
    return next;
}

// Takes the plain ASCII from byte `at` on that stands for itself or its lower case, nothing combined with it. Returns
// how many bytes it is.
static gsize view_put_plain(ViewMaker *maker, const char *text, gsize len, gsize at)
{
    gsize had = maker->text->len, n = 0;
    if (maker->pending > 0 || maker->override_from != G_MAXSIZE)
        return 0;
    g_string_set_size(maker->text, had + len - at);
    g_array_set_size(maker->origin, (guint)(had + len - at));
    char *out = maker->text->str + had;
    guint32 *origin = &g_array_index(maker->origin, guint32, had);
    for (; at + n < len; n++) {
        char c = text[at + n];
        bool plain = (guchar)(c - ' ') < 0x7f - ' ' || c == '\n' || c == '\t';
        if (!plain)
            break;
        out[n] = (guchar)(c - 'A') < 26 ? (char)(c + ('a' - 'A')) : c;
        origin[n] = (guint32)(at + n);
    }
    if (n > 0 && at + n < len && (guchar)text[at + n] >= 0x80)
        n--; // it may combine with the last one
    g_string_truncate(maker->text, had + n);
    g_array_set_size(maker->origin, (guint)(had + n));
    return n;
}

DetectView *view_new(const Passage *passage, guint index)
{
    DetectView *view = g_new0(DetectView, 1);
    view->passage = passage;
    view->index = index;
    view->ascii = true;
    UErrorCode status = U_ZERO_ERROR;
    ViewMaker maker = {.view = view, .override_from = G_MAXSIZE};
    maker.folding = unorm2_getNFKCCasefoldInstance(&status);
    maker.text = g_string_sized_new(passage->len + 1);
    maker.origin = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)passage->len + 1);
    for (gsize at = 0; at < passage->len;) {
        gsize plain = view_put_plain(&maker, passage->text, passage->len, at);
        at = plain > 0 ? at + plain : view_step(&maker, passage->text, passage->len, at);
    }
    view_end_override(&maker);
    guint32 end = (guint32)passage->len;
    g_array_append_val(maker.origin, end);
    view->len = maker.text->len;
    view->text = g_string_free(maker.text, FALSE);
    view->origin = (guint32 *)(void *)g_array_free(maker.origin, FALSE);
    view->taken = g_malloc0(view->len + 1);
    return view;
}

void view_free(DetectView *view)
{
    if (view == NULL)
        return;
    g_free(view->text);
    g_free(view->origin);
    g_free(view->taken);
    if (view->words) {
        g_array_unref(view->words);
        g_array_unref(view->spots);
    }
    if (view->lexicon) {
        g_array_unref(view->lexicon);
        g_array_unref(view->lexicon_words);
    }
    g_free(view);
}

void view_words(DetectView *view, const DetectData *data)
{
    if (!view->words) {
        view->words = phrases_tokens(tables_words(data), view->text, view->len);
        view->spots = spots_find(tables_spots(data), view->text, view->len);
    }
}

// Least and greatest, not first and last: a stretch that is shown right to left runs backwards.
void view_span(const DetectView *view, gsize start, gsize end, gsize *out_start, gsize *out_end)
{
    gsize least = view->origin[MIN(start, view->len)], last = least;
    for (gsize i = start; i < end && i < view->len; i++) {
        least = MIN(least, view->origin[i]);
        last = MAX(last, view->origin[i]);
    }
    gsize after = last;
    if (end > start && last < view->passage->len)
        after = last + (gsize)(g_utf8_next_char(view->passage->text + last) - (view->passage->text + last));
    *out_start = least;
    *out_end = MIN(after, view->passage->len);
}
