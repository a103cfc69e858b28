#include "detect/phrases_inflect.h"

#include <string.h>

#define INFLECT_MOST 400 // forms of one text

static bool inflect_is_vowel(char c)
{
    return c != '\0' && strchr("aeiou", c) != NULL;
}

static void inflect_add(GPtrArray *forms, const char *stem, gsize keep, const char *ending)
{
    g_ptr_array_add(forms, g_strdup_printf("%.*s%s", (int)keep, stem, ending));
}

static void inflect_add_all(GPtrArray *forms, const char *stem, gsize keep, const char *endings)
{
    g_auto(GStrv) list = g_strsplit(endings, " ", -1);
    for (guint i = 0; list[i]; i++)
        inflect_add(forms, stem, keep, list[i]);
}

// "stab" -> stabbed: a consonant after one vowel is doubled.
static bool inflect_doubles(const char *word, gsize len)
{
    return len >= 3 && !inflect_is_vowel(word[len - 1]) && !strchr("wxyh", word[len - 1]) &&
           inflect_is_vowel(word[len - 2]) && !inflect_is_vowel(word[len - 3]);
}

static void inflect_english(GPtrArray *forms, const char *word)
{
    gsize len = strlen(word);
    char last = len ? word[len - 1] : '\0', before = len > 1 ? word[len - 2] : '\0';
    bool hisses = (last != '\0' && strchr("sxz", last)) || (last == 'h' && (before == 'c' || before == 's'));
    bool y = last == 'y' && !inflect_is_vowel(before);
    inflect_add(forms, word, len, "");
    inflect_add(forms, word, y ? len - 1 : len, y ? "ies" : hisses || last == 'o' ? "es" : "s");
    inflect_add(forms, word, y || last == 'e' ? len - 1 : len, y ? "ied" : "ed");
    gsize stem = last == 'e' && before != 'e' ? len - 1 : len;
    inflect_add_all(forms, word, stem, "ing in");
    if (inflect_doubles(word, len)) {
        g_autofree char *doubled = g_strdup_printf("%s%c", word, last);
        inflect_add_all(forms, doubled, len + 1, "ed ing in");
    }
}

static void inflect_spanish(GPtrArray *forms, const char *word)
{
    static const char AR[] =
        "ar o as a amos an aba abas aban ado ada ados adas ando é e es en emos aste ó aron aré arás ará arán "
        "aría arte arlo arla arlos arlas arme ame ate ándote ándolo",
                      ER[] = "er o es e emos en ía ías ían ido ida idos idas iendo í iste ió ieron eré erás "
                             "erá erán ería a as an "
                             "amos erte erlo erla erlos erlas erme",
                      IR[] = "ir o es e imos en ía ías ían ido ida idos idas iendo í iste ió ieron iré irás "
                             "irá irán iría a as an "
                             "amos irte irlo irla irlos irlas irme";
    gsize len = strlen(word);
    char last = len ? word[len - 1] : '\0';
    if (g_str_has_suffix(word, "ar"))
        inflect_add_all(forms, word, len - 2, AR);
    else if (g_str_has_suffix(word, "er"))
        inflect_add_all(forms, word, len - 2, ER);
    else if (g_str_has_suffix(word, "ir"))
        inflect_add_all(forms, word, len - 2, IR);
    else if (last == 'o' || last == 'a')
        inflect_add_all(forms, word, len - 1, "o a os as");
    else
        inflect_add_all(forms, word, len, inflect_is_vowel(last) ? " s" : " es a as");
}

// `word` with its signs for vowels as each vowel, and as the stars that may stand for them.
static void inflect_vowels(GPtrArray *forms, const char *word)
{
    static const char VOWELS[] = "aeiou*";
    guint signs = 0, most = 1;
    for (const char *p = word; *p; p++)
        signs += *p == '#';
    for (guint i = 0; i < MIN(signs, 3); i++)
        most *= sizeof VOWELS - 1;
    for (guint n = 0; n < most; n++) {
        g_autofree char *form = g_strdup(word);
        guint left = n;
        for (char *p = form; *p; p++) {
            if (*p == '#') {
                *p = VOWELS[left % (sizeof VOWELS - 1)];
                left /= sizeof VOWELS - 1;
            }
        }
        g_ptr_array_add(forms, g_steal_pointer(&form));
    }
}

static GPtrArray *inflect_word(const char *word)
{
    g_autoptr(GPtrArray) plain = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *forms = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *bare = g_strdup(word);
    char *mark = strchr(bare, '~');
    bool spanish = mark && strcmp(mark, "~es") == 0;
    if (mark)
        *mark = '\0';
    if (spanish)
        inflect_spanish(plain, bare);
    else if (mark)
        inflect_english(plain, bare);
    else
        g_ptr_array_add(plain, g_strdup(bare));
    for (guint i = 0; i < plain->len; i++)
        inflect_vowels(forms, plain->pdata[i]);
    return forms;
}

GPtrArray *phrases_inflect(const char *text)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_ptr_array_add(out, g_strdup(""));
    for (guint i = 0; words[i]; i++) {
        g_autoptr(GPtrArray) forms = inflect_word(words[i]);
        GPtrArray *longer = g_ptr_array_new_with_free_func(g_free);
        for (guint k = 0; k < out->len; k++)
            for (guint n = 0; n < forms->len && longer->len < INFLECT_MOST; n++)
                g_ptr_array_add(longer, g_strconcat(out->pdata[k], i ? " " : "", forms->pdata[n], NULL));
        g_ptr_array_unref(out);
        out = longer;
    }
    return out;
}
