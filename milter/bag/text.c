// What the reader made of a message, as plain text for people.
#include "bag/internal.h"

#include <string.h>

static const Part *part_of(const Message *message, guint part)
{
    return message->parts->pdata[part];
}

// Is `part` the part `outer`, or in it?
static bool is_in(const Message *message, guint part, guint outer)
{
    int at = (int)part;
    while (at > (int)outer)
        at = part_of(message, (guint)at)->parent;
    return at == (int)outer;
}

// The attachment that the part is or is in; 0 = it is of the message itself. `attachments` in order.
static guint attachment_of(const Message *message, const GArray *attachments, guint part)
{
    guint found = 0;
    for (guint i = 0; i < attachments->len && found == 0; i++)
        found = is_in(message, part, g_array_index(attachments, guint, i))
                    ? g_array_index(attachments, guint, i)
                    : 0;
    return found;
}

GArray *text_attachments(const Message *message)
{
    GArray *attachments = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 1; i < message->parts->len; i++) {
        const Part *part = part_of(message, i);
        bool file = part->blob >= 0 || part->attachment;
        if (file && attachment_of(message, attachments, i) == 0)
            g_array_append_val(attachments, i);
    }
    return attachments;
}

// ---- headers ---------------------------------------------------------------------------------------------

char *text_addresses(const Message *message, const char *header)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *one = message->addresses->pdata[i];
        if (one->part != 0 || g_ascii_strcasecmp(one->header, header) != 0)
            continue;
        bool named = one->name != NULL && *one->name != '\0';
        g_string_append_printf(all, "%s%s%s%s%s", all->len > 0 ? "; " : "", named ? one->name : "",
                               named ? " <" : "", one->address, named ? ">" : "");
    }
    return g_string_free(all, FALSE);
}

static void put_line(GString *out, const char *name, const char *value)
{
    if (value != NULL && *value != '\0')
        g_string_append_printf(out, "%s: %s\n", name, value);
}

static void put_headers(GString *out, const Message *message, bool envelope)
{
    static const char *const NAMES[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *value = text_addresses(message, NAMES[i]);
        if (envelope || strcmp(NAMES[i], "Bcc") != 0)
            put_line(out, NAMES[i], value);
    }
    put_line(out, "Date", message->date);
    put_line(out, "Subject", message->subject);
    g_string_append_c(out, '\n');
}

// ---- bodies ----------------------------------------------------------------------------------------------

static bool is_wanted(const Passage *passage)
{
    return passage->reading == NULL && passage->origin != ORIGIN_HTML_SOURCE &&
           passage->origin != ORIGIN_SWEEP && passage->origin != ORIGIN_FILENAME &&
           passage->origin != ORIGIN_HEADER && passage->origin != ORIGIN_NAME &&
           passage->origin != ORIGIN_LINK;
}

static void put_passage(GString *out, const Passage *passage)
{
    if (passage->place != NULL)
        g_string_append_printf(out, "[%s]\n", passage->place);
    for (const char *at = passage->text; at < passage->text + passage->len; at++)
        if (*at != '\r' && *at != '\0')
            g_string_append_c(out, *at);
    if (out->len > 0 && out->str[out->len - 1] != '\n')
        g_string_append_c(out, '\n');
}

static bool has_origin(const Message *message, const GArray *attachments, guint attachment,
                       PassageOrigin origin)
{
    bool has = false;
    for (guint i = 0; i < message->passages->len && !has; i++) {
        const Passage *passage = message->passages->pdata[i];
        has = passage->origin == origin && passage->reading == NULL &&
              attachment_of(message, attachments, passage->part) == attachment;
    }
    return has;
}

// Of the message itself, or of an attachment. Where there is plain text and HTML both stand there, named: they may differ.
static void put_texts(GString *out, const Message *message, const GArray *attachments, guint attachment)
{
    bool both = has_origin(message, attachments, attachment, ORIGIN_TEXT) &&
                has_origin(message, attachments, attachment, ORIGIN_HTML);
    guint part = G_MAXUINT;
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (!is_wanted(passage) || attachment_of(message, attachments, passage->part) != attachment)
            continue;
        if (passage->part != part && (both || part != G_MAXUINT))
            g_string_append_printf(out, "%s--- %s ---\n", part != G_MAXUINT ? "\n" : "",
                                   part_of(message, passage->part)->type);
        part = passage->part;
        put_passage(out, passage);
    }
}

char *text_of_message(const Message *message, const GArray *attachments, bool envelope)
{
    GString *out = g_string_new(NULL);
    put_headers(out, message, envelope);
    put_texts(out, message, attachments, 0);
    return g_string_free(out, FALSE);
}

char *text_of_attachment(const Message *message, const GArray *attachments, guint part)
{
    GString *out = g_string_new(NULL);
    put_texts(out, message, attachments, part);
    return g_string_free(out, FALSE);
}

char *text_unread(const Message *message, const GArray *attachments, guint part)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        FactClass cls = FACT_ODD;
        const char *meaning = NULL;
        guint of = fact->part > 0 ? attachment_of(message, attachments, (guint)fact->part) : 0;
        if (of == part && message_fact_lookup(fact->name, &cls, &meaning) != NULL && cls == FACT_UNREADABLE)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "; " : "", meaning);
    }
    return g_string_free(out, FALSE);
}
