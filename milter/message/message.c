#include "message/message.h"

#include <string.h>

static const char *const ORIGINS[ORIGIN_LAST] = {
    [ORIGIN_TEXT] = "text",         [ORIGIN_HTML] = "html",           [ORIGIN_HTML_SOURCE] = "html-source",
    [ORIGIN_LINK] = "link",         [ORIGIN_ATTRIBUTE] = "attribute", [ORIGIN_HEADER] = "header",
    [ORIGIN_NAME] = "name",         [ORIGIN_FILENAME] = "filename",   [ORIGIN_CALENDAR] = "calendar",
    [ORIGIN_VCARD] = "vcard",       [ORIGIN_TABLE] = "table",         [ORIGIN_DATA] = "data",
    [ORIGIN_PROLOGUE] = "prologue", [ORIGIN_SWEEP] = "sweep",         [ORIGIN_DOCUMENT] = "document",
    [ORIGIN_METADATA] = "metadata", [ORIGIN_CODE] = "code",           [ORIGIN_OCR] = "ocr",
    [ORIGIN_MARKUP] = "markup",
};

const char *passage_origin_name(PassageOrigin origin)
{
    return origin < ORIGIN_LAST ? ORIGINS[origin] : "?";
}

bool passage_origin_is_prose(PassageOrigin origin)
{
    return origin == ORIGIN_TEXT || origin == ORIGIN_HTML || origin == ORIGIN_DOCUMENT ||
           origin == ORIGIN_OCR;
}

const char *layer_name(Layer layer)
{
    static const char *const NAMES[LAYER_LAST] = {"written", "signature", "quoted", "forwarded", "footer"};
    return layer < LAYER_LAST ? NAMES[layer] : "?";
}

// ---- freeing ---------------------------------------------------------------------------------------------

static void header_free(gpointer data)
{
    MessageHeader *header = data;
    g_free(header->name);
    g_free(header->value);
    g_free(header);
}

static void part_free(gpointer data)
{
    Part *part = data;
    g_free(part->path);
    g_free(part->type);
    g_free(part->sniffed);
    g_free(part->name);
    g_free(part->charset);
    g_free(part->encoding);
    g_free(part->content_id);
    g_free(part->sha256);
    g_free(part);
}

static void passage_free(gpointer data)
{
    Passage *passage = data;
    g_free(passage->header);
    g_free(passage->place);
    g_free(passage->text);
    g_free(passage->reading);
    g_clear_pointer(&passage->marks, g_array_unref);
    g_clear_pointer(&passage->map, g_array_unref);
    g_free(passage);
}

static void address_free(gpointer data)
{
    MessageAddress *address = data;
    g_free(address->header);
    g_free(address->name);
    g_free(address->address);
    g_free(address);
}

static void fact_free(gpointer data)
{
    Fact *fact = data;
    g_free(fact->detail);
    g_free(fact);
}

void message_free(Message *message)
{
    if (message == NULL)
        return;
    g_free(message->message_id);
    g_free(message->date);
    g_free(message->subject);
    g_ptr_array_unref(message->headers);
    g_ptr_array_unref(message->parts);
    g_ptr_array_unref(message->passages);
    g_ptr_array_unref(message->addresses);
    g_ptr_array_unref(message->facts);
    g_free(message);
}

// ---- making ----------------------------------------------------------------------------------------------

Message *message_new(void)
{
    Message *message = g_new0(Message, 1);
    message->headers = g_ptr_array_new_with_free_func(header_free);
    message->parts = g_ptr_array_new_with_free_func(part_free);
    message->passages = g_ptr_array_new_with_free_func(passage_free);
    message->addresses = g_ptr_array_new_with_free_func(address_free);
    message->facts = g_ptr_array_new_with_free_func(fact_free);
    Part *top = message_add_part(message, -1, "", "message/rfc822");
    top->state = PART_CONTAINER;
    return message;
}

Part *message_add_part(Message *message, int parent, const char *path, const char *type)
{
    Part *part = g_new0(Part, 1);
    part->parent = parent;
    part->depth = parent >= 0 ? ((Part *)message->parts->pdata[parent])->depth + 1 : 0;
    part->path = g_strdup(path);
    part->type = g_ascii_strdown(type, -1);
    part->sniffed = g_strdup(part->type);
    part->blob = -1;
    g_ptr_array_add(message->parts, part);
    return part;
}

Passage *message_add_passage(Message *message, guint part, PassageOrigin origin, Visibility visibility,
                             const char *text, gsize len)
{
    Passage *passage = g_new0(Passage, 1);
    passage->part = part;
    passage->origin = origin;
    passage->visibility = visibility;
    passage->text = g_malloc(len + 1);
    memcpy(passage->text, text, len);
    passage->text[len] = '\0';
    passage->len = len;
    g_ptr_array_add(message->passages, passage);
    return passage;
}

void message_add_fact(Message *message, const char *name, int part, const char *detail)
{
    const char *known = message_fact_lookup(name, NULL, NULL);
    g_return_if_fail(known != NULL);
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *old = message->facts->pdata[i];
        if (old->name == known && old->part == part)
            return;
    }
    Fact *fact = g_new0(Fact, 1);
    *fact = (Fact){.name = known, .part = part, .detail = g_strdup(detail)};
    g_ptr_array_add(message->facts, fact);
}

bool message_has_fact(const Message *message, const char *name)
{
    const char *known = message_fact_lookup(name, NULL, NULL);
    for (guint i = 0; known != NULL && i < message->facts->len; i++)
        if (((const Fact *)message->facts->pdata[i])->name == known)
            return true;
    return false;
}

void message_drop_fact(Message *message, const char *name, int part)
{
    const char *known = message_fact_lookup(name, NULL, NULL);
    for (guint i = message->facts->len; i-- > 0;) {
        const Fact *fact = message->facts->pdata[i];
        if (fact->name == known && fact->part == part)
            g_ptr_array_remove_index(message->facts, i);
    }
}

void message_add_address(Message *message, const char *header, guint part, guint instance, const char *name,
                         const char *address)
{
    MessageAddress *entry = g_new0(MessageAddress, 1);
    *entry = (MessageAddress){.header = g_strdup(header),
                              .part = part,
                              .instance = instance,
                              .name = g_strdup(name),
                              .address = g_strdup(address)};
    g_ptr_array_add(message->addresses, entry);
}

void message_add_header(Message *message, const char *name, const char *value)
{
    MessageHeader *header = g_new0(MessageHeader, 1);
    *header = (MessageHeader){.name = g_strdup(name), .value = g_strdup(value)};
    g_ptr_array_add(message->headers, header);
}

const char *message_header(const Message *message, const char *name)
{
    for (guint i = 0; i < message->headers->len; i++) {
        const MessageHeader *header = message->headers->pdata[i];
        if (g_ascii_strcasecmp(header->name, name) == 0)
            return header->value;
    }
    return NULL;
}

// ---- where -----------------------------------------------------------------------------------------------

static bool is_message(const Part *part)
{
    return g_str_has_prefix(part->type, "message/") || g_strcmp0(part->sniffed, "message/rfc822") == 0;
}

// The file a part counts as for a person: its own name, or "message.eml" for a nested message.
static const char *file_name(const Part *part)
{
    if (part->name != NULL && *part->name != '\0')
        return part->name;
    return is_message(part) ? "message.eml" : NULL;
}

static char *where_place(const char *kind, const char *name, const Passage *passage)
{
    return g_strconcat(kind, name, passage->place != NULL ? ", " : NULL, passage->place, NULL);
}

char *message_where(const Message *message, const Passage *passage)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *unnamed = NULL;
    for (int i = (int)passage->part; i > 0;) {
        const Part *part = message->parts->pdata[i];
        const char *name = file_name(part);
        if (name != NULL && (part->attachment || is_message(part)))
            g_ptr_array_insert(names, 0, (gpointer)name);
        else if (part->attachment)
            unnamed = part->type;
        i = part->parent;
    }
    if (names->len > 0) {
        g_ptr_array_add(names, NULL);
        g_autofree char *joined = g_strjoinv("!", (char **)names->pdata);
        return where_place("attachment:", joined, passage);
    }
    if (unnamed != NULL)
        return where_place("attachment:", unnamed, passage);
    switch (passage->origin) {
    case ORIGIN_HEADER:
        return g_strdup(g_strcmp0(passage->header, "Subject") == 0 ? "subject" : "header");
    case ORIGIN_NAME:
    case ORIGIN_FILENAME:
        return g_strdup("header");
    case ORIGIN_HTML_SOURCE:
    case ORIGIN_LINK:
    case ORIGIN_ATTRIBUTE:
        return g_strdup("html");
    case ORIGIN_HTML:
        return g_strdup(passage->visibility == VISIBILITY_SHOWN ? "body" : "html");
    default:
        return g_strdup("body");
    }
}
