// canon: names of persons, and the words of a text they are looked for in.
#include "roster/canon.h"

#include <string.h>
#include <unicode/uspoof.h>

#define NAME_WORDS 8

// Letters with a stroke have no decomposition; people write them without it.
static const char *plain_of(gunichar c)
{
    static const struct {
        gunichar letter;
        const char *plain;
    } strokes[] = {{0xf8, "o"},  {0xe6, "ae"}, {0x153, "oe"}, {0x111, "d"}, {0xf0, "d"},
                   {0x127, "h"}, {0x131, "i"}, {0x142, "l"},  {0xfe, "th"}};
    for (gsize i = 0; i < G_N_ELEMENTS(strokes); i++)
        if (strokes[i].letter == c)
            return strokes[i].plain;
    return NULL;
}

// ---- letters of other scripts -------------------------------------------------------------------

// The ASCII letter that `c` cannot be told from; 0 when there is none.
static char skeleton_of(USpoofChecker *checker, gunichar c)
{
    char in[7] = "", out[8] = "";
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = uspoof_getSkeletonUTF8(checker, 0, in, g_unichar_to_utf8(c, in), out, sizeof out, &status);
    return U_SUCCESS(status) && len == 1 && g_ascii_isalpha(out[0]) ? g_ascii_tolower(out[0]) : '\0';
}

// A small letter may look like none where its capital does (Cyrillic в, В).
static char lookalike_of(USpoofChecker *checker, gunichar c)
{
    char found = skeleton_of(checker, c);
    return found != '\0' ? found : skeleton_of(checker, g_unichar_toupper(c));
}

// ---- words --------------------------------------------------------------------------------------

typedef struct {
    GPtrArray *words;
    GString *word;
    USpoofChecker *checker; // NULL until a letter asks for it
} Words;

static void end_word(Words *words)
{
    if (words->word->len > 0)
        g_ptr_array_add(words->words, g_strdup(words->word->str));
    g_string_truncate(words->word, 0);
}

static void add_letter(Words *words, gunichar c)
{
    UErrorCode status = U_ZERO_ERROR;
    const char *plain = c >= 0x80 ? plain_of(c) : NULL;
    if (c >= 0x180 && plain == NULL && words->checker == NULL)
        words->checker = uspoof_open(&status);
    char look = c >= 0x180 && plain == NULL && words->checker != NULL && U_SUCCESS(status)
                    ? lookalike_of(words->checker, c)
                    : '\0';
    if (plain != NULL)
        g_string_append(words->word, plain);
    else if (look != '\0')
        g_string_append_c(words->word, look);
    else
        g_string_append_unichar(words->word, c);
}

// Joiners, soft hyphens and fillers are not seen.
static bool is_invisible(gunichar c)
{
    return g_unichar_type(c) == G_UNICODE_FORMAT || c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0;
}

static bool is_apostrophe(gunichar c)
{
    return c == '\'' || c == 0x2019 || c == 0x2018 || c == 0x2bc || c == 0xb4 || c == '`';
}

static void split_folded(Words *words, const char *text, guint most)
{
    for (const char *p = text; *p != '\0' && words->words->len < most; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (is_invisible(c) || g_unichar_ismark(c) || is_apostrophe(c))
            continue;
        if (g_unichar_isalnum(c))
            add_letter(words, c);
        else
            end_word(words);
    }
}

static void split_ascii(Words *words, const char *text, guint most)
{
    for (const char *p = text; *p != '\0' && words->words->len < most; p++) {
        if (g_ascii_isalnum(*p))
            g_string_append_c(words->word, g_ascii_tolower(*p));
        else if (!is_apostrophe((guchar)*p))
            end_word(words);
    }
}

GPtrArray *canon_words(const char *text, guint most)
{
    g_autoptr(GString) word = g_string_new(NULL);
    Words words = {g_ptr_array_new_with_free_func(g_free), word, NULL};
    if (g_str_is_ascii(text)) {
        split_ascii(&words, text, most);
    } else {
        g_autofree char *apart = g_utf8_normalize(text, -1, G_NORMALIZE_NFKD);
        g_autofree char *folded = apart != NULL ? g_utf8_casefold(apart, -1) : g_strdup("");
        split_folded(&words, folded, most);
    }
    if (words.words->len < most)
        end_word(&words);
    if (words.checker != NULL)
        uspoof_close(words.checker);
    return words.words;
}

// ---- full names ---------------------------------------------------------------------------------

static bool is_generation(const char *word)
{
    static const char *const marks[] = {"jr", "sr", "ii", "iii", "iv"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (strcmp(marks[i], word) == 0)
            return true;
    return false;
}

static bool is_initial(const char *word)
{
    return g_ascii_isalpha(word[0]) && word[1] == '\0';
}

// The first name of `given`: its words up to the first space, an initial passed over ("J. Robert"). NULL when it has
// none.
static GPtrArray *first_name(const char *given)
{
    const char *p = given;
    GPtrArray *words = NULL;
    while (words == NULL && *p != '\0') {
        gsize len = strcspn(p, " \t");
        g_autofree char *part = g_strndup(p, len);
        words = canon_words(part, NAME_WORDS);
        if (words->len == 0 || (words->len == 1 && is_initial(words->pdata[0])))
            g_clear_pointer(&words, g_ptr_array_unref);
        p += len + strspn(p + len, " \t");
    }
    return words;
}

bool canon_name(const char *given, const char *family, char **out_key, char **out_words)
{
    g_autoptr(GPtrArray) first = first_name(given);
    g_autoptr(GPtrArray) last = canon_words(family, NAME_WORDS);
    while (last->len > 1 && is_generation(last->pdata[last->len - 1]))
        g_ptr_array_remove_index(last, last->len - 1);
    if (first == NULL || last->len == 0)
        return false;
    g_autoptr(GString) words = g_string_new(NULL);
    for (guint i = 0; i < first->len; i++)
        g_string_append_printf(words, "%s%s", i > 0 ? " " : "", (char *)first->pdata[i]);
    for (guint i = 0; i < last->len; i++)
        g_string_append_printf(words, " %s", (char *)last->pdata[i]);
    *out_key = g_strconcat(last->pdata[last->len - 1], " ", first->pdata[0], NULL);
    *out_words = g_string_free(g_steal_pointer(&words), FALSE);
    return true;
}
