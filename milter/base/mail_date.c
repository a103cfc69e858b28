#include "base/mail_date.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    int year, month, day, hour, minute, second, offset;
    bool timed;
} Pieces;

static int month_of(const char *text)
{
    static const char NAMES[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int month = 0;
    for (int i = 0; i < 12 && month == 0; i++)
        if (g_ascii_strncasecmp(text, NAMES + 3 * i, 3) == 0)
            month = i + 1;
    return month;
}

// The zones of RFC 5322 that have names; all others are UTC there.
static int zone_named(const char *text)
{
    static const struct {
        const char *name;
        int hours;
    } NAMES[] = {{"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6},
                 {"MDT", -6}, {"MST", -7}, {"PDT", -7}, {"PST", -8}};
    int offset = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
        if (g_ascii_strcasecmp(text, NAMES[i].name) == 0)
            offset = NAMES[i].hours * 3600;
    return offset;
}

static int zone_number(const char *text)
{
    int number = 0;
    if (strlen(text) != 5 || strspn(text + 1, "0123456789") != 4 || sscanf(text + 1, "%4d", &number) != 1)
        return 0;
    int seconds = number / 100 * 3600 + number % 100 * 60;
    return seconds >= 24 * 3600 ? 0 : *text == '-' ? -seconds : seconds;
}

static void take_number(Pieces *pieces, const char *word)
{
    int number = 0;
    if (strlen(word) > 4 || sscanf(word, "%4d", &number) != 1)
        return;
    if (pieces->day == 0 && strlen(word) <= 2)
        pieces->day = number;
    else if (pieces->year == 0)
        pieces->year =
            strlen(word) > 2 ? number + (number < 1000 ? 1900 : 0) : number + (number < 50 ? 2000 : 1900);
}

static void take_word(Pieces *pieces, const char *word)
{
    gsize digits = strspn(word, "0123456789");
    if (digits > 0 && word[digits] == ':') {
        pieces->timed = sscanf(word, "%2d:%2d:%2d", &pieces->hour, &pieces->minute, &pieces->second) >= 2;
    } else if (digits > 0 && word[digits] == '\0') {
        take_number(pieces, word);
    } else if (digits > 0 && word[digits] == '-') {
        g_auto(GStrv) parts = g_strsplit(word, "-", 4);
        for (char **part = parts; *part != NULL; part++)
            if (strchr(*part, '-') == NULL)
                take_word(pieces, *part);
    } else if (*word == '+' || *word == '-') {
        pieces->offset = zone_number(word);
    } else if (pieces->month == 0) {
        pieces->month = month_of(word);
    } else if (pieces->timed) {
        pieces->offset = zone_named(word);
    }
}

// Each piece of a date tells what it is: "Sun, 22 Nov 2026 12:00:00 -0500" and "Sun Nov 22 12:00:00 2026" are read alike.
int64_t mail_date_parse(const char *text)
{
    enum { MOST = 12 };
    Pieces pieces = {0};
    g_autofree char *head = g_strndup(text, 200);
    head[strcspn(head, "(")] = '\0'; // a comment is the last thing of a date
    g_auto(GStrv) words = g_strsplit_set(head, " \t\r\n,", -1);
    int taken = 0;
    for (char **word = words; *word != NULL && taken < MOST; word++)
        if (**word != '\0') {
            take_word(&pieces, *word);
            taken++;
        }
    bool whole =
        pieces.timed && pieces.day > 0 && pieces.month > 0 && pieces.year >= 1970 && pieces.year < 2200;
    g_autoptr(GDateTime) time = whole
                                    ? g_date_time_new_utc(pieces.year, pieces.month, pieces.day, pieces.hour,
                                                          pieces.minute, MIN(pieces.second, 59))
                                    : NULL;
    return time != NULL ? (g_date_time_to_unix(time) - pieces.offset) * G_USEC_PER_SEC : 0;
}
