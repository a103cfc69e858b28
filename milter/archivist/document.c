#include "archivist/document.h"

#include "message/facts.h"

#include <string.h>

// Bytes of a column; more is not indexed, and said so.
#define COLUMN_MOST ((gsize)4 * 1024 * 1024)

void document_free(Document *document)
{
    if (document == NULL)
        return;
    GString *texts[] = {document->sender,  document->to,         document->cc,          document->envelope,
                        document->body,    document->attachment, document->filename,    document->people,
                        document->schools, document->rules,      document->unsearchable};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_string_free(texts[i], TRUE);
    g_free(document->record);
    g_free(document->action);
    g_free(document->subject);
    g_free(document->message_id);
    g_free(document);
}

static void put(GString *column, const char *text)
{
    if (text != NULL && *text != '\0')
        g_string_append_printf(column, "%s%s", column->len > 0 ? "\n" : "", text);
}

// Once in a column.
static void put_word(GString *column, const char *word)
{
    if (word != NULL && strstr(column->str, word) == NULL)
        put(column, word);
}

// ---- from the metadata -----------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

// The strongest action that any recipient got.
static const char *strongest_action(const json_t *rcpts)
{
    static const char *const ACTIONS[] = {"deliver", "tag", "coach", "pending", "hold", "reject"};
    guint best = 0;
    for (size_t i = 0; i < json_array_size(rcpts); i++)
        for (guint k = best; k < G_N_ELEMENTS(ACTIONS); k++)
            if (g_strcmp0(text_of(json_array_get(rcpts, i), "action"), ACTIONS[k]) == 0)
                best = k;
    return ACTIONS[best];
}

static void take_meta(Document *document, const json_t *meta)
{
    const json_t *envelope = json_object_get(meta, "envelope"),
                 *judgement = json_object_get(meta, "judgement");
    const json_t *rcpts = json_object_get(envelope, "rcpts"),
                 *parties = json_object_get(judgement, "parties");
    const json_t *decided = json_object_get(judgement, "recipients");
    put(document->sender, text_of(envelope, "mail_from"));
    for (size_t i = 0; i < json_array_size(rcpts); i++)
        put(document->envelope, text_of(json_array_get(rcpts, i), "address"));
    for (size_t i = 0; i < json_array_size(parties); i++) {
        const json_t *party = json_array_get(parties, i), *schools = json_object_get(party, "schools");
        g_autofree char *person = g_strjoin(" ", text_of(party, "role") ? text_of(party, "role") : "",
                                            text_of(party, "person"), NULL);
        put_word(document->people, person);
        for (size_t k = 0; k < json_array_size(schools); k++)
            put_word(document->schools, json_string_value(json_array_get(schools, k)));
    }
    for (size_t i = 0; i < json_array_size(decided); i++) {
        const json_t *rules = json_object_get(json_array_get(decided, i), "rules");
        for (size_t k = 0; k < json_array_size(rules); k++)
            put_word(document->rules, json_string_value(json_array_get(rules, k)));
    }
    document->record = g_strdup(text_of(meta, "id"));
    document->received_us = archive_mail_time(meta);
    document->size = json_integer_value(json_object_get(meta, "size"));
    document->action = g_strdup(strongest_action(decided));
}

// ---- from the message ------------------------------------------------------------------------------------

static void take_addresses(Document *document, const Message *message)
{
    static const struct {
        const char *header;
        gsize column;
    } HEADERS[] = {
        {"From", G_STRUCT_OFFSET(Document, sender)},     {"Sender", G_STRUCT_OFFSET(Document, sender)},
        {"Reply-To", G_STRUCT_OFFSET(Document, sender)}, {"To", G_STRUCT_OFFSET(Document, to)},
        {"Cc", G_STRUCT_OFFSET(Document, cc)},           {"Bcc", G_STRUCT_OFFSET(Document, envelope)}};
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *address = message->addresses->pdata[i];
        for (guint k = 0; address->part == 0 && k < G_N_ELEMENTS(HEADERS); k++)
            if (g_ascii_strcasecmp(address->header, HEADERS[k].header) == 0) {
                GString *column = G_STRUCT_MEMBER(GString *, document, HEADERS[k].column);
                put(column, address->name);
                put(column, address->address);
            }
    }
}

// Is the part an attachment, or in one?
static bool is_attached(const Message *message, guint part)
{
    bool attached = false;
    for (int at = (int)part; at > 0 && !attached; at = ((const Part *)message->parts->pdata[at])->parent)
        attached = ((const Part *)message->parts->pdata[at])->attachment;
    return attached;
}

// What people look for. Sources and sweeps hold the same once more.
static bool is_wanted(PassageOrigin origin)
{
    return origin != ORIGIN_HTML_SOURCE && origin != ORIGIN_SWEEP && origin != ORIGIN_FILENAME &&
           origin != ORIGIN_HEADER && origin != ORIGIN_NAME;
}

// Of a part's text, by its letters and figures only: the same in HTML as in plain text.
static guint64 text_hash(const Message *message, guint part, PassageOrigin origin)
{
    guint64 hash = 14695981039346656037u;
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->part != part || passage->origin != origin || passage->reading != NULL)
            continue;
        for (const char *at = passage->text; at < passage->text + passage->len; at++)
            if (g_ascii_isalnum(*at) || (guchar)*at >= 0x80)
                hash = (hash ^ (guchar)g_ascii_tolower(*at)) * 1099511628211u;
    }
    return hash;
}

// HTML parts that say what a plain text part says: a set of their numbers.
static GHashTable *repeated_parts(const Message *message)
{
    GHashTable *repeated = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        bool html = strcmp(part->type, "text/html") == 0;
        if (!html && strcmp(part->type, "text/plain") != 0)
            continue;
        guint64 hash = text_hash(message, i, html ? ORIGIN_HTML : ORIGIN_TEXT);
        if (!html)
            g_hash_table_add(texts, g_memdup2(&hash, sizeof hash));
        else if (g_hash_table_contains(texts, &hash))
            g_hash_table_add(repeated, GUINT_TO_POINTER(i));
    }
    return repeated;
}

static void take_passages(Document *document, const Message *message)
{
    g_autoptr(GHashTable) repeated = repeated_parts(message);
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        bool again = passage->origin == ORIGIN_HTML &&
                     g_hash_table_contains(repeated, GUINT_TO_POINTER(passage->part));
        bool attached = is_attached(message, passage->part);
        GString *column = attached ? document->attachment : document->body;
        if (passage->origin == ORIGIN_FILENAME && passage->reading == NULL)
            put_word(document->filename, passage->text);
        else if (passage->origin == ORIGIN_HEADER && attached)
            put(document->attachment, passage->text);
        if (!is_wanted(passage->origin) || passage->reading != NULL || again)
            continue;
        if (column->len + passage->len > COLUMN_MOST)
            put_word(document->unsearchable, "cut: more text than is indexed");
        else
            put(column, passage->text);
    }
}

static void take_parts(Document *document, const Message *message)
{
    for (guint i = 1; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        document->attachments += part->attachment && !is_attached(message, (guint)MAX(part->parent, 0));
        if (part->name != NULL)
            put_word(document->filename, part->name);
    }
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        FactClass cls = FACT_ODD;
        const char *meaning = NULL;
        if (message_fact_lookup(fact->name, &cls, &meaning) == NULL || cls != FACT_UNREADABLE)
            continue;
        const Part *part = fact->part >= 0 && fact->part < (int)message->parts->len
                               ? message->parts->pdata[fact->part]
                               : NULL;
        g_autofree char *line =
            g_strdup_printf("%s%s%s", fact->name, part != NULL && part->name != NULL ? ": " : "",
                            part != NULL && part->name != NULL ? part->name : "");
        put_word(document->unsearchable, line);
    }
}

Document *document_new(const json_t *meta, const Message *message)
{
    Document *document = g_new0(Document, 1);
    GString **texts[] = {&document->sender,   &document->to,          &document->cc,
                         &document->envelope, &document->body,        &document->attachment,
                         &document->filename, &document->people,      &document->schools,
                         &document->rules,    &document->unsearchable};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = g_string_new(NULL);
    take_meta(document, meta);
    take_addresses(document, message);
    take_passages(document, message);
    take_parts(document, message);
    document->subject = g_strdup(message->subject);
    const char *id = message->message_id != NULL ? message->message_id : "";
    document->message_id = g_strndup(id + (*id == '<'), strcspn(id + (*id == '<'), "> "));
    return document;
}

SearchDocument document_borrow(const Document *document)
{
    return (SearchDocument){.record = document->record,
                            .received_us = document->received_us,
                            .size = document->size,
                            .sender = document->sender->str,
                            .to = document->to->str,
                            .cc = document->cc->str,
                            .envelope = document->envelope->str,
                            .subject = document->subject,
                            .body = document->body->str,
                            .attachment = document->attachment->str,
                            .filename = document->filename->str,
                            .people = document->people->str,
                            .schools = document->schools->str,
                            .rules = document->rules->str,
                            .action = document->action,
                            .message_id = document->message_id,
                            .unsearchable = document->unsearchable->str,
                            .attachments = document->attachments};
}
