// What header fields show: passages, addresses, file names.
#include "reader/mime.h"

#include <string.h>

static bool is_one_of(const char *name, const char *const *list, guint count)
{
    for (guint i = 0; i < count; i++)
        if (g_ascii_strcasecmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool is_address_field(const char *name)
{
    static const char *const NAMES[] = {
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Bcc",
        "Resent-From",
        "Resent-Sender",
        "Resent-To",
        "Resent-Cc",
        "Resent-Bcc",
        "Resent-Reply-To",
        "Mail-Reply-To",
        "Mail-Followup-To",
        "Disposition-Notification-To",
        "Return-Receipt-To",
        "Errors-To",
    };
    return is_one_of(name, NAMES, G_N_ELEMENTS(NAMES));
}

// Fields in which writers name mailboxes of their own.
static bool is_writers_field(const char *name)
{
    static const char *const NAMES[] = {
        "From",          "Sender",          "Reply-To",      "Resent-From",
        "Resent-Sender", "Resent-Reply-To", "Mail-Reply-To", "Disposition-Notification-To",
    };
    return is_one_of(name, NAMES, G_N_ELEMENTS(NAMES));
}

// The table's spelling of a field name, so that "from" and "FROM" are one.
static char *proper_name(const Field *field)
{
    char *name = g_utf8_make_valid(field->name, (gssize)field->name_len);
    bool start = true;
    for (char *c = name; *c != '\0'; c++) {
        *c = start ? g_ascii_toupper(*c) : g_ascii_tolower(*c);
        start = *c == '-';
    }
    return name;
}

static void add_text(ReaderState *state, guint part, PassageOrigin origin, const char *header,
                     const char *text, guint instance)
{
    Passage *passage = reader_add_text(state, part, origin, VISIBILITY_SHOWN, text, strlen(text));
    if (passage == NULL)
        return;
    passage->header = g_strdup(header);
    if (instance > 0)
        passage->reading = g_strdup_printf("header %u", instance + 1);
}

static void read_addresses(ReaderState *state, guint part, const Field *field, const char *name,
                           guint instance)
{
    g_autoptr(GPtrArray) list = address_list_new();
    guint have = state->message->addresses->len;
    guint max = (guint)state->limits->addresses > have ? (guint)state->limits->addresses - have : 0;
    if (!address_parse(field->value, field->value_len, max, list))
        message_add_fact(state->message, "incomplete", (int)part, name);
    guint authors = 0;
    for (guint i = 0; i < list->len; i++) {
        const Mailbox *mailbox = list->pdata[i];
        authors += strchr(mailbox->address, '@') != NULL;
        if (*mailbox->address != '\0')
            message_add_address(state->message, name, part, instance, mailbox->name, mailbox->address);
        if (*mailbox->address != '\0' && is_writers_field(name))
            add_text(state, part, ORIGIN_HEADER, name, mailbox->address, instance);
        if (mailbox->name != NULL)
            add_text(state, part, ORIGIN_NAME, name, mailbox->name, instance);
    }
    if (authors > 1 && part == 0 && strcmp(name, "From") == 0)
        message_add_fact(state->message, "multiple-from", -1, NULL);
}

// True for a value that only machines read: one long token, or a date and the like would be too much to tell.
static bool is_token(const char *value)
{
    gsize n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_");
    return value[n] == '\0' && n > 24;
}

void heads_read(ReaderState *state, guint part, const Field *field, guint instance)
{
    g_autofree char *name = proper_name(field);
    if (is_address_field(name)) {
        read_addresses(state, part, field, name, instance);
        return;
    }
    if (fields_technical(name))
        return;
    g_autofree char *value = header_decode(field->value, field->value_len);
    if (!is_token(value))
        add_text(state, part, ORIGIN_HEADER, name, value, instance);
}

// ---- file names ------------------------------------------------------------------------------------------

// The extension after the last dot, lower case; NULL when there is none that could be one.
static char *extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    gsize n = dot != NULL ? strlen(dot + 1) : 0;
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(dot[1 + i]))
            return NULL;
    return n >= 1 && n <= 5 ? g_ascii_strdown(dot + 1, -1) : NULL;
}

// Names that differ in what they say the file is. Mailers often give a shortened or ASCII name besides the
// real one.
static bool names_conflict(const GPtrArray *names)
{
    g_autofree char *first = NULL;
    bool conflict = false;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *ext = extension(names->pdata[i]);
        conflict = conflict || (first != NULL && ext != NULL && strcmp(first, ext) != 0);
        if (first == NULL)
            first = g_steal_pointer(&ext);
    }
    return conflict;
}

static void add_names(GPtrArray *names, const Params *params, const char *key)
{
    g_autoptr(GPtrArray) spellings = params_spellings(params, key);
    for (guint i = 0; i < spellings->len; i++)
        if (!g_ptr_array_find_with_equal_func(names, spellings->pdata[i], g_str_equal, NULL))
            g_ptr_array_add(names, g_strdup(spellings->pdata[i]));
}

static Params *parse_field(const ReaderState *state, const Field *field)
{
    if (field == NULL)
        return params_parse("", 0, 0);
    return params_parse(field->value, field->value_len, (guint)state->limits->params_per_field);
}

void heads_read_names(ReaderState *state, guint part, const Field *type, const Field *disposition)
{
    Part *entry = state->message->parts->pdata[part];
    g_autoptr(Params) type_params = parse_field(state, type);
    g_autoptr(Params) disposition_params = parse_field(state, disposition);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    add_names(names, disposition_params, "filename");
    add_names(names, type_params, "name");
    add_names(names, disposition_params, "name"); // misplaced, but clients take them
    add_names(names, type_params, "filename");
    if (entry->charset == NULL)
        entry->charset = params_get(type_params, "charset");
    if (g_str_has_prefix(disposition_params->type, "attachment"))
        entry->attachment = true;
    for (guint i = 0; i < names->len; i++)
        add_text(state, part, ORIGIN_FILENAME, NULL, names->pdata[i], 0);
    if (names_conflict(names) || params_differ(disposition_params, "filename"))
        message_add_fact(state->message, "conflicting-name", (int)part, NULL);
    if (entry->name == NULL && names->len > 0)
        entry->name = g_strdup(names->pdata[0]);
}
