#include "detect/digits_words.h"

#include <string.h>

#define TOKEN_MOST 64 // a longer word is no number

typedef struct {
    const char *word, *digits;
    guint8 len, digits_len;
    guint8 rank;
    bool homophone;
} NumberWord;

// By their first letter, in order.
static const NumberWord WORDS[] = {
    {"ate", "8", 3, 1, RANK_UNIT, true},
    {"cero", "0", 4, 1, RANK_UNIT},
    {"cuatrocientos", "400", 13, 3, RANK_HUNDREDS},
    {"cuatro", "4", 6, 1, RANK_UNIT},
    {"cincuenta", "50", 9, 2, RANK_TENS},
    {"cinco", "5", 5, 1, RANK_UNIT},
    {"catorce", "14", 7, 2, RANK_TEEN},
    {"cien", "100", 4, 3, RANK_DONE},
    {"ciento", "100", 6, 3, RANK_HUNDREDS},
    {"cuarenta", "40", 8, 2, RANK_TENS},
    {"dos", "2", 3, 1, RANK_UNIT},
    {"diez", "10", 4, 2, RANK_TEEN},
    {"doce", "12", 4, 2, RANK_TEEN},
    {"dieciseis", "16", 9, 2, RANK_TEEN},
    {"dieciséis", "16", 10, 2, RANK_TEEN},
    {"diecisiete", "17", 10, 2, RANK_TEEN},
    {"dieciocho", "18", 9, 2, RANK_TEEN},
    {"diecinueve", "19", 10, 2, RANK_TEEN},
    {"doscientos", "200", 10, 3, RANK_HUNDREDS},
    {"eighteen", "18", 8, 2, RANK_TEEN},
    {"eleven", "11", 6, 2, RANK_TEEN},
    {"eighty", "80", 6, 2, RANK_TENS},
    {"eight", "8", 5, 1, RANK_UNIT},
    {"fourteen", "14", 8, 2, RANK_TEEN},
    {"fifteen", "15", 7, 2, RANK_TEEN},
    {"forty", "40", 5, 2, RANK_TENS},
    {"fourty", "40", 6, 2, RANK_TENS},
    {"fifty", "50", 5, 2, RANK_TENS},
    {"four", "4", 4, 1, RANK_UNIT},
    {"fore", "4", 4, 1, RANK_UNIT, true},
    {"for", "4", 3, 1, RANK_UNIT, true},
    {"five", "5", 4, 1, RANK_UNIT},
    {"hundred", "00", 7, 2, RANK_DONE, true},
    {"nought", "0", 6, 1, RANK_UNIT},
    {"nineteen", "19", 8, 2, RANK_TEEN},
    {"ninety", "90", 6, 2, RANK_TENS},
    {"nine", "9", 4, 1, RANK_UNIT},
    {"niner", "9", 5, 1, RANK_UNIT},
    {"naught", "0", 6, 1, RANK_UNIT},
    {"novecientos", "900", 11, 3, RANK_HUNDREDS},
    {"noventa", "90", 7, 2, RANK_TENS},
    {"nueve", "9", 5, 1, RANK_UNIT},
    {"oh", "0", 2, 1, RANK_UNIT, true},
    {"one", "1", 3, 1, RANK_UNIT},
    {"ochocientos", "800", 11, 3, RANK_HUNDREDS},
    {"ochenta", "80", 7, 2, RANK_TENS},
    {"ocho", "8", 4, 1, RANK_UNIT},
    {"once", "11", 4, 2, RANK_TEEN, true},
    {"o", "0", 1, 1, RANK_UNIT, true},
    {"quince", "15", 6, 2, RANK_TEEN},
    {"quinientos", "500", 10, 3, RANK_HUNDREDS},
    {"sixteen", "16", 7, 2, RANK_TEEN},
    {"seventeen", "17", 9, 2, RANK_TEEN},
    {"sixty", "60", 5, 2, RANK_TENS},
    {"seventy", "70", 7, 2, RANK_TENS},
    {"six", "6", 3, 1, RANK_UNIT},
    {"seven", "7", 5, 1, RANK_UNIT},
    {"seiscientos", "600", 11, 3, RANK_HUNDREDS},
    {"sesenta", "60", 7, 2, RANK_TENS},
    {"seis", "6", 4, 1, RANK_UNIT},
    {"setecientos", "700", 11, 3, RANK_HUNDREDS},
    {"setenta", "70", 7, 2, RANK_TENS},
    {"siete", "7", 5, 1, RANK_UNIT},
    {"thirteen", "13", 8, 2, RANK_TEEN},
    {"twelve", "12", 6, 2, RANK_TEEN},
    {"ten", "10", 3, 2, RANK_TEEN, true},
    {"twenty", "20", 6, 2, RANK_TENS},
    {"thirty", "30", 6, 2, RANK_TENS},
    {"two", "2", 3, 1, RANK_UNIT},
    {"too", "2", 3, 1, RANK_UNIT, true},
    {"to", "2", 2, 1, RANK_UNIT, true},
    {"three", "3", 5, 1, RANK_UNIT},
    {"tree", "3", 4, 1, RANK_UNIT, true},
    {"tres", "3", 4, 1, RANK_UNIT},
    {"trece", "13", 5, 2, RANK_TEEN},
    {"treinta", "30", 7, 2, RANK_TENS},
    {"trescientos", "300", 11, 3, RANK_HUNDREDS},
    {"uno", "1", 3, 1, RANK_UNIT},
    {"una", "1", 3, 1, RANK_UNIT, true},
    {"veinte", "20", 6, 2, RANK_TENS},
    {"veintiuno", "21", 9, 2, RANK_TEEN},
    {"veintiún", "21", 9, 2, RANK_TEEN},
    {"veintidos", "22", 9, 2, RANK_TEEN},
    {"veintidós", "22", 10, 2, RANK_TEEN},
    {"veintitres", "23", 10, 2, RANK_TEEN},
    {"veintitrés", "23", 11, 2, RANK_TEEN},
    {"veinticuatro", "24", 12, 2, RANK_TEEN},
    {"veinticinco", "25", 11, 2, RANK_TEEN},
    {"veintiseis", "26", 10, 2, RANK_TEEN},
    {"veintiséis", "26", 11, 2, RANK_TEEN},
    {"veintisiete", "27", 11, 2, RANK_TEEN},
    {"veintiocho", "28", 10, 2, RANK_TEEN},
    {"veintinueve", "29", 11, 2, RANK_TEEN},
    {"won", "1", 3, 1, RANK_UNIT, true},
    {"zero", "0", 4, 1, RANK_UNIT},
};

static const char LEET[] = "oilzsbgq!"; // the mark last
// Which digit a letter is drawn like, seen in lower case; '\0' = none.
static char digits_leet(char c)
{
    static const char DIGITS[] = "011258991";
    const char *at = c ? strchr(LEET, c) : NULL;
    return at ? DIGITS[at - LEET] : '\0';
}

void digits_index(NumberIndex *index)
{
    gsize at = 0;
    for (int letter = 0; letter < 27; letter++) {
        index->first[letter] = (guint8)at;
        while (at < G_N_ELEMENTS(WORDS) && WORDS[at].word[0] == 'a' + letter)
            at++;
    }
    g_assert(at == G_N_ELEMENTS(WORDS));
}

// What may stand behind a number word of one or two letters in one word: "oone", "tofive".
static void digits_spots_joined(SpotTable *table, const NumberWord *first)
{
    for (gsize i = 0; first->len < 3 && i < G_N_ELEMENTS(WORDS); i++) {
        g_autofree char *joined = g_strconcat(first->word, WORDS[i].word, NULL);
        spots_add_beginning(table, SPOT_NUMBER, joined);
        for (gsize k = 0; strlen(joined) < 3 && k < G_N_ELEMENTS(WORDS); k++) {
            g_autofree char *longer = g_strconcat(joined, WORDS[k].word, NULL);
            spots_add_beginning(table, SPOT_NUMBER, longer);
        }
    }
}

void digits_words_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        spots_add(table, SPOT_NUMBER, WORDS[i].word);
        digits_spots_joined(table, &WORDS[i]);
    }
    for (const char *one = LEET; g_ascii_isalpha(*one); one++) {
        spots_add(table, SPOT_NUMBER, (char[]){*one, '\0'});
        for (const char *two = LEET; g_ascii_isalpha(*two); two++)
            for (const char *three = LEET; g_ascii_isalpha(*three); three++)
                spots_add(table, SPOT_NUMBER, (char[]){*one, *two, *three, '\0'});
    }
}

static const NumberWord *digits_word_at(const NumberIndex *index, const char *text, gsize n)
{
    const NumberWord *best = NULL;
    int letter = g_ascii_islower(*text) ? *text - 'a' : 26;
    for (gsize i = index->first[letter]; letter < 26 && i < index->first[letter + 1]; i++) {
        gsize len = WORDS[i].len;
        if (len <= n && (len < 2 || WORDS[i].word[1] == text[1]) && (!best || len > best->len) &&
            memcmp(WORDS[i].word, text, len) == 0)
            best = &WORDS[i];
    }
    return best;
}

static bool digits_put(char *out, guint8 *n, const char *digits, gsize len)
{
    bool fits = *n + len <= DIGITS_MOST;
    if (fits) {
        memcpy(out + *n, digits, len);
        *n = (guint8)(*n + len);
    }
    return fits;
}

// All of the token as number words and figures one behind the other. A prefix never begins two words of the
// table, so taking the longest is right but for "o", which is tried where nothing longer is.
static bool digits_as_words(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                            char *out)
{
    bool ok = true;
    guint letters = 0;
    for (gsize i = 0; ok && i < len;) {
        const NumberWord *word = NULL;
        if (g_ascii_isdigit(token[i])) {
            ok = digits_put(out, &group->n, token + i, 1);
            group->figures++;
            group->rank = RANK_NONE;
            i++;
        } else if ((word = digits_word_at(index, token + i, len - i)) != NULL) {
            ok = digits_put(out, &group->n, word->digits, word->digits_len);
            group->words++;
            letters += word->word[1] == '\0';
            group->homophones = (guint8)(group->homophones + word->homophone);
            group->rank = word->rank;
            i += word->len;
        } else {
            ok = false;
        }
    }
    // "o142" is a letter drawn like a figure, "oh142" is spoken
    return ok && group->words > 0 && !(group->figures > 0 && group->words == letters);
}

// A letter of another script that is drawn like a figure.
static gsize digits_leet_foreign(const char *text, gsize n, char *digit)
{
    static const struct {
        const char *letter;
        char digit;
    } LETTERS[] = {{"о", '0'}, {"ο", '0'}, {"ø", '0'}, {"օ", '0'}, {"і", '1'}, {"ӏ", '1'}, {"ı", '1'},
                   {"з", '3'}, {"э", '3'}, {"ч", '4'}, {"ѕ", '5'}, {"б", '6'}, {"в", '8'}};
    gsize used = 0;
    for (gsize i = 0; !used && i < G_N_ELEMENTS(LETTERS); i++)
        if (n >= 2 && memcmp(text, LETTERS[i].letter, 2) == 0) {
            used = 2;
            *digit = LETTERS[i].digit;
        }
    return used;
}

// Letters that are drawn like figures only among figures: "a13", "41e".
static char digits_leet_among(char c)
{
    return c == 'a' ? '4' : c == 'e' ? '3' : c == 't' ? '7' : '\0';
}

// Figures and letters drawn like figures. Letters alone only where they are as many as a group of a number
// has.
static bool digits_as_leet(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                           char *out)
{
    bool ok = len <= 14, among = false;
    (void)index;
    for (gsize i = 0; ok && i < len;) {
        char digit = g_ascii_isdigit(token[i]) ? token[i] : token[i] == '|' ? '1' : digits_leet(token[i]);
        gsize n = 1;
        if (digit == '\0' && (guchar)token[i] >= 0x80)
            n = digits_leet_foreign(token + i, len - i, &digit);
        else if (digit == '\0')
            digit = digits_leet_among(token[i]);
        among = among || digits_leet_among(token[i]) != '\0';
        ok = digit != '\0' && n > 0 && digits_put(out, &group->n, &digit, 1);
        group->figures = (guint8)(group->figures + (g_ascii_isdigit(token[i]) ? 1 : 0));
        group->leet = (guint8)(group->leet + (g_ascii_isdigit(token[i]) ? 0 : 1));
        i += MAX(n, 1);
    }
    return ok && (!among || (group->figures >= 2 && group->n >= 3)) &&
           (group->figures > 0 || len == 3 || len == 4 || len == 1);
}

// "f0ur", "thr33": number words with figures for letters.
static bool digits_as_worded_leet(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                                  char *out)
{
    static const char LETTERS[] = "oizeasgtbg"; // of 0 .. 9
    char word[TOKEN_MOST];
    gsize figures = 0;
    bool ok = len >= 3 && len <= TOKEN_MOST;
    for (gsize i = 0; ok && i < len; i++) {
        bool figure = g_ascii_isdigit(token[i]);
        word[i] = figure ? LETTERS[token[i] - '0'] : token[i];
        figures += figure;
    }
    ok = ok && figures > 0 && figures < len && digits_as_words(index, word, len, group, out);
    group->leet = ok ? (guint8)figures : 0;
    return ok;
}

// Figures with letters before, behind, or both: "cell4135550142now", "0142x12".
static bool digits_as_glued(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                            char *out)
{
    gsize first = 0, last;
    (void)index;
    while (first < len && !g_ascii_isdigit(token[first]))
        first++;
    for (last = first; last < len && g_ascii_isdigit(token[last]);)
        last++;
    gsize rest = last;
    while (rest < len && !g_ascii_isdigit(token[rest]))
        rest++;
    bool has_x = rest < len &&
                 (rest - last == 1 || (rest - last == 3 && memcmp(token + last, "ext", 3) == 0)) &&
                 (token[last] == 'x' || token[last] == 'e');
    gsize tail = rest;
    while (has_x && tail < len && g_ascii_isdigit(token[tail]))
        tail++;
    bool ok = last > first && (rest == len || (has_x && tail == len && tail - rest <= 6)) &&
              digits_put(out, &group->n, token + first, last - first);
    group->figures = group->n;
    group->glued_left = first > 0;
    group->glued_right = last < len && !has_x;
    group->extension = has_x;
    group->start += (guint32)first;
    group->end = group->start + (guint32)(last - first);
    return ok;
}

static bool digits_as_figures(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                              char *out)
{
    bool ok = len <= DIGITS_MOST;
    (void)index;
    for (gsize i = 0; ok && i < len; i++)
        ok = g_ascii_isdigit(token[i]);
    if (ok) {
        digits_put(out, &group->n, token, len);
        group->figures = group->n;
    }
    return ok;
}

// What an apostrophe cuts off a word: the "s" of "it's".
static bool digits_cut_off(const DetectView *view, gsize start, gsize end)
{
    return end - start == 1 && start >= 2 && !g_ascii_isdigit(view->text[start]) &&
           view->text[start - 1] == '\'' && g_ascii_isalpha(view->text[start - 2]);
}

bool digits_token(const NumberIndex *index, const DetectView *view, gsize start, gsize end, guint32 classes,
                  DigitGroup *group, char *out)
{
    static const struct {
        guint32 classes;
        bool (*read)(const NumberIndex *, const char *, gsize, DigitGroup *, char *);
    } WAYS[] = {{SPOT_FIGURE | SPOT_FOREIGN, digits_as_figures},
                {SPOT_NUMBER | SPOT_FIGURE | SPOT_FOREIGN, digits_as_words},
                {SPOT_NUMBER | SPOT_FIGURE | SPOT_FOREIGN, digits_as_leet},
                {SPOT_FIGURE | SPOT_FOREIGN, digits_as_worded_leet},
                {SPOT_FIGURE | SPOT_FOREIGN, digits_as_glued}};
    bool ok = false, whole = !digits_cut_off(view, start, end);
    for (gsize i = 0; whole && !ok && end - start <= TOKEN_MOST && i < G_N_ELEMENTS(WAYS); i++) {
        *group = (DigitGroup){.start = (guint32)start, .end = (guint32)end};
        ok = (classes & WAYS[i].classes) && WAYS[i].read(index, view->text + start, end - start, group, out);
    }
    return ok;
}

gsize digits_of_word(const char *word, gsize n, char out[4])
{
    gsize digits = 0;
    for (gsize i = 0; !digits && i < G_N_ELEMENTS(WORDS); i++)
        if (WORDS[i].len == n && !WORDS[i].homophone && WORDS[i].digits_len <= 3 &&
            memcmp(WORDS[i].word, word, n) == 0) {
            digits = WORDS[i].digits_len;
            memcpy(out, WORDS[i].digits, digits);
        }
    return digits;
}
