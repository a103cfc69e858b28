// What a code says. Cards and messages to be sent are taken apart, so that each of their fields reads as one.
#include "reader/formats/picture.h"

#include <string.h>

static bool content_begins(const char *text, const char *with)
{
    return g_ascii_strncasecmp(text, with, strlen(with)) == 0;
}

// A vCard or an event: its properties, at the code's place.
static void content_card(ReaderState *state, guint part, const char *place, const char *utf8, gsize len)
{
    guint before = state->message->passages->len;
    if (content_begins(utf8, "BEGIN:VCARD"))
        vcard_read(state, part, utf8, len, NULL);
    else
        calendar_read(state, part, utf8, len, NULL);
    for (guint i = before; i < state->message->passages->len; i++) {
        Passage *passage = state->message->passages->pdata[i];
        if (passage->place == NULL)
            passage->place = g_strdup(place);
    }
}

// "TEL:4155550142;EMAIL:a@example.org;;" to a line a field; a backslash keeps the next character.
static char *content_fields(const char *fields)
{
    GString *out = g_string_new(NULL);
    bool key = true;
    for (const char *at = fields; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            g_string_append_c(out, *++at);
        } else if (*at == ';') {
            g_string_append_c(out, '\n');
            key = true;
        } else if (*at == ':' && key) {
            g_string_append(out, ": ");
            key = false;
        } else {
            g_string_append_c(out, *at);
        }
    }
    return g_string_free(out, FALSE);
}

// "smsto:NUMBER:TEXT", "sms:NUMBER?body=TEXT": TEXT is what whoever scans the code is to say, and tells nothing of NUMBER.
static void content_message(ReaderState *state, guint part, const char *place, const char *rest)
{
    gsize number = strcspn(rest, ":?");
    format_text(state, part, ORIGIN_CODE, VISIBILITY_SHOWN, place, rest, number);
    if (rest[number] != '\0' && rest[number + 1] != '\0')
        format_text(state, part, ORIGIN_CODE, VISIBILITY_SHOWN, place, rest + number + 1,
                    strlen(rest + number + 1));
}

void code_content(ReaderState *state, guint part, const char *place, const char *utf8, gsize len)
{
    static const struct {
        const char *begin;
        char *(*take)(const char *rest);
    } FORMS[] = {{"MECARD:", content_fields},  {"BIZCARD:", content_fields}, {"WIFI:", content_fields},
                 {"MATMSG:", content_fields},  {"tel:", g_strdup},           {"facetime:", g_strdup},
                 {"facetime-audio:", g_strdup}};
    static const char *const MESSAGES[] = {"SMSTO:", "MMSTO:", "sms:", "mms:"};
    const char *text = utf8;
    while (g_ascii_isspace(*text))
        text++;
    if (content_begins(text, "BEGIN:VCARD") || content_begins(text, "BEGIN:VCALENDAR") ||
        content_begins(text, "BEGIN:VEVENT")) {
        content_card(state, part, place, text, len - (gsize)(text - utf8));
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(MESSAGES); i++)
        if (content_begins(text, MESSAGES[i])) {
            content_message(state, part, place, text + strlen(MESSAGES[i]));
            return;
        }
    g_autofree char *apart = NULL;
    for (guint i = 0; apart == NULL && i < G_N_ELEMENTS(FORMS); i++)
        if (content_begins(text, FORMS[i].begin))
            apart = FORMS[i].take(text + strlen(FORMS[i].begin));
    const char *content = apart != NULL ? apart : utf8;
    format_text(state, part, ORIGIN_CODE, VISIBILITY_SHOWN, place, content, strlen(content));
    if (apart == NULL &&
        (content_begins(text, "http:") || content_begins(text, "https:") || content_begins(text, "mailto:")))
        format_link(state, part, place, text);
}
