// social_name: names read off the text.
#include "detect/social_name.h"
#include "detect/digits.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define NAME_LEAST  2
#define NAME_PIECES 5 // of a name whose marks are said in words

const guint8 NAME_CHARS[256] = {['a' ... 'z'] = CHAR_LETTER | CHAR_NAME,
                                ['A' ... 'Z'] = CHAR_LETTER | CHAR_NAME,
                                ['0' ... '9'] = CHAR_NAME | CHAR_ODD,
                                ['_'] = CHAR_NAME | CHAR_ODD,
                                ['.'] = CHAR_NAME | CHAR_ODD,
                                ['-'] = CHAR_NAME,
                                [0x80 ... 0xff] = CHAR_LETTER};

static const struct {
    const char *form; // begins with one character that is no letter
    char mark;
} FORMS[] = {{" dot ", '.'},
             {" punto ", '.'},
             {" underscore ", '_'},
             {" guion bajo ", '_'},
             {" gui\303\263n bajo ", '_'},
             {" ponto ", '.'},
             {" point ", '.'},
             {"(dot)", '.'},
             {"[dot]", '.'},
             {" (dot) ", '.'},
             {" [dot] ", '.'},
             {"(underscore)", '_'},
             {"[underscore]", '_'},
             {" (underscore) ", '_'},
             {" under score ", '_'},
             {" dash ", '-'},
             {" hyphen ", '-'},
             {" hashtag ", '#'}};
#define FORM_LEAST 5
#define FORM_MOST  14

void handle_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMS); i++)
        spots_add(table, SPOT_MARK,
                  FORMS[i].form + (FORMS[i].form[1] == '(' || FORMS[i].form[1] == '[' ? 2 : 1));
}

gsize name_spelled_mark(const DetectView *view, gsize at, char *mark)
{
    gsize found = 0;
    char first = at + 1 < view->len ? view->text[at] : '\0';
    bool may =
        (first == ' ' || first == '(' || first == '[') && memchr("dpugh([", view->text[at + 1], 7) != NULL;
    for (gsize i = 0; may && !found && i < G_N_ELEMENTS(FORMS); i++) {
        gsize n = strlen(FORMS[i].form);
        if (view->len - at > n && memcmp(view->text + at, FORMS[i].form, n) == 0 &&
            g_ascii_isalnum(view->text[at + n])) {
            found = n;
            *mark = FORMS[i].mark;
        }
    }
    return found;
}

// The run of a name's characters at name->end goes into name->text. False when it is too long.
static bool name_read_run(const DetectView *view, HandleName *name)
{
    gsize end = name->end, used = strlen(name->text);
    while (end < view->len && end - name->end <= NAME_MOST && name_char(view->text[end]))
        end++;
    while (end > name->end && strchr(".-", view->text[end - 1]) != NULL)
        end--;
    bool fits = used + (end - name->end) <= NAME_MOST;
    if (fits) {
        memcpy(name->text + used, view->text + name->end, end - name->end);
        name->text[used + (end - name->end)] = '\0';
        name->end = end;
    }
    return fits;
}

// Words for figures behind a spelled mark ("underscore nine nine") go into name->text as figures. False where none stand
// there.
static bool name_read_said(const DetectView *view, HandleName *name)
{
    bool any = false, more = true;
    while (more) {
        gsize at = name->end + (any && view->text[name->end] == ' ' ? 1 : 0);
        gsize end = name_word_end(view, at, view->len), used = strlen(name->text);
        char digits[4];
        gsize n = end > at && end - at < 16 ? digits_of_word(view->text + at, end - at, digits) : 0;
        more = n > 0 && used + n <= NAME_MOST &&
               !(end < view->len && name_char(view->text[end]) && view->text[end] != '.');
        if (more) {
            memcpy(name->text + used, digits, n);
            name->text[used + n] = '\0';
            name->end = end;
            any = true;
        }
    }
    return any;
}

// "774-555-ol23" is no name.
static bool name_is_number(const char *text)
{
    gsize figures = 0, alike = 0, others = 0;
    for (const char *p = text; *p; p++) {
        figures += g_ascii_isdigit(*p) ? 1 : 0;
        alike += strchr("oilszb", *p) != NULL;
        others += !g_ascii_isdigit(*p) && strchr("oilszb.-_", *p) == NULL;
    }
    return others == 0 && figures >= 4 && figures + alike >= 7;
}

// "e.g", "a.m"
static bool name_is_abbreviation(const char *text, gsize len)
{
    bool is = len % 2 == 1;
    for (gsize i = 0; is && i < len; i++)
        is = i % 2 ? text[i] == '.' : g_ascii_isalpha(text[i]);
    return is;
}

// "v1.2.0", "2.4ghz", "5th", "k-5": what is measured or counted, and what a file is called.
static bool name_is_measure(const char *text, gsize len)
{
    static const char *const FILES[] = {".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt",  ".pptx", ".csv",
                                        ".png", ".jpg", ".jpeg", ".gif", ".mp3",  ".mp4",  ".mov",  ".txt",
                                        ".zip", ".js",  ".py",   ".css", ".html", ".java", ".json", ".jar"};
    gsize letters = 0, lead = strspn(text, "0123456789.");
    for (const char *p = text; *p; p++)
        letters += g_ascii_isalpha(*p) ? 1 : 0;
    bool is = letters < 2 || (lead > 0 && len - lead < 4) || name_is_abbreviation(text, len);
    for (gsize i = 0; !is && i < G_N_ELEMENTS(FILES); i++)
        is = g_str_has_suffix(text, FILES[i]);
    return is;
}

static bool name_stands(const DetectScan *scan, HandleName *name)
{
    gsize letters = 0, len = strlen(name->text);
    for (const char *p = name->text; *p; p++) {
        letters += g_ascii_isalpha(*p) ? 1 : 0;
        name->made_up = name->made_up || g_ascii_isdigit(*p) || *p == '_' || *p == '.';
    }
    const char *next = scan->view->text + name->end;
    return len >= NAME_LEAST && letters > 0 && (g_ascii_isalnum(name->text[0]) || name->text[0] == '_') &&
           *next != '@' && !((guchar)*next >= 0x80 && g_unichar_isalpha(g_utf8_get_char(next))) &&
           !(next[0] == '/' && next[1] == '/') &&
           (name->at || (!name_is_measure(name->text, len) && !tables_plain_word(scan->data, name->text) &&
                         tables_platform(scan->data, name->text, len, NULL) == NAMED_NO)) &&
           !name_is_number(name->text);
}

// "#1234" behind a name, its end.
static void name_read_tag(const DetectView *view, HandleName *name)
{
    gsize n = 0;
    const char *tag = view->text + name->end;
    if (name->end < view->len && *tag == '#')
        while (n < 6 && g_ascii_isalnum(tag[1 + n])) // the view ends with a zero
            n++;
    if (n >= 3 && n <= 5)
        memcpy(name->tag, tag, n + 1);
}

bool name_read(const DetectScan *scan, gsize at, HandleName *name)
{
    const DetectView *view = scan->view;
    memset(name, 0, sizeof *name);
    name->at = at < view->len && view->text[at] == '@';
    name->start = name->end = at + (name->at ? 1 : 0);
    bool ok = name_read_run(view, name);
    char mark = '.';
    gsize n = name->end > name->start ? name_spelled_mark(view, name->end, &mark) : 0;
    for (guint pieces = 0; ok && n > 0 && pieces < NAME_PIECES; pieces++) {
        gsize used = strlen(name->text);
        name->spelled = true;
        name->text[used] = mark;
        name->text[used + 1] = '\0';
        name->end += n;
        ok = name_read_said(view, name) || name_read_run(view, name);
        n = name_spelled_mark(view, name->end, &mark);
    }
    char *tag = strchr(name->text, '#');
    if (tag && strlen(tag) <= 6)
        g_strlcpy(name->tag, tag, sizeof name->tag);
    if (tag)
        *tag = '\0';
    else
        name_read_tag(view, name);
    return ok && name_stands(scan, name);
}

// Where the run of a name's characters that ends at `end` begins.
static gsize name_run_start(const DetectView *view, gsize end)
{
    gsize start = end;
    while (start > 0 && end - start <= NAME_MOST && name_char(view->text[start - 1]))
        start--;
    return start;
}

bool name_read_before(const DetectScan *scan, gsize at, HandleName *name)
{
    const DetectView *view = scan->view;
    gsize end = at;
    while (end > 0 && at - end < 3 && strchr(" ([\"", view->text[end - 1]) != NULL)
        end--;
    gsize start = name_run_start(view, end), tag = end;
    if (start > 0 && end - start <= 5 && view->text[start - 1] == '#') {
        end = start - 1;
        start = name_run_start(view, end);
    }
    for (guint pieces = 0; start < end && pieces < NAME_PIECES; pieces++) { // over marks that are spelled
        gsize earlier = start;
        char mark;
        for (gsize n = FORM_LEAST; earlier == start && n <= FORM_MOST && n < start; n++)
            if (name_spelled_mark(view, start - n, &mark) == n)
                earlier = name_run_start(view, start - n);
        if (earlier == start)
            break;
        start = earlier;
    }
    bool reddit = start >= 2 && memcmp(view->text + start - 2, "u/", 2) == 0;
    if (start > 0 && view->text[start - 1] == '@')
        start--;
    gsize first = reddit ? start - 2 : start;
    bool free_start = first == 0 || strchr(" \n\t(,:;\"'|/", view->text[first - 1]) != NULL;
    bool is = end > start && free_start && name_read(scan, start, name) &&
              (name->end == end || name->end == tag) && (tag == end || name->tag[0] != '\0');
    if (is)
        name->at = name->at || reddit;
    return is;
}

gsize name_word_end(const DetectView *view, gsize at, gsize limit)
{
    gsize end = at;
    while (end < limit && name_letter(view->text[end])) {
        const char *text = view->text + end;
        if ((guchar)*text < 0x80)
            end++;
        else if (g_unichar_isalpha(g_utf8_get_char(text)))
            end += g_utf8_skip[(guchar)*text];
        else
            break;
    }
    return MIN(end, limit);
}

bool name_word_near(DetectScan *scan, gsize before, gsize back, const char *const *words)
{
    const DetectView *view = scan->view;
    gsize floor = before > back ? before - back : 0;
    bool found = false;
    for (gsize at = before; !found && at > floor && view->text[at - 1] != '\n';) {
        scan->work++;
        gsize end = at;
        while (at > floor && name_letter(view->text[at - 1]))
            at--;
        gsize first = at;
        if (end - at > 2 &&
            (memcmp(view->text + at, "\302\277", 2) == 0 || memcmp(view->text + at, "\302\241", 2) == 0))
            first += 2; // an opening question or exclamation mark
        for (const char *const *word = words; !found && end > first && *word; word++)
            found = (*word)[0] == view->text[first] && strlen(*word) == end - first &&
                    memcmp(*word, view->text + first, end - first) == 0;
        if (at == end)
            at--;
        if (at == end - 1 && strchr(".!?", view->text[at]) != NULL && strchr(" \n", view->text[end]) != NULL)
            break; // another sentence
    }
    return found;
}
