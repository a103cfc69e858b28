#include "message/message.h"

#include <string.h>

static void rcpt_free(gpointer data)
{
    EnvelopeRcpt *rcpt = data;
    g_free(rcpt->address);
    g_free(rcpt->raw);
    g_free(rcpt->args);
    g_free(rcpt);
}

Envelope *envelope_new(void)
{
    Envelope *envelope = g_new0(Envelope, 1);
    envelope->mail_from = g_strdup("");
    envelope->rcpts = g_ptr_array_new_with_free_func(rcpt_free);
    return envelope;
}

// The text members, by name, for JSON and for freeing.
typedef struct {
    const char *key;
    gsize offset;
} EnvelopeText;

static const EnvelopeText TEXTS[] = {
    {"queue_id", G_STRUCT_OFFSET(Envelope, queue_id)},
    {"client_addr", G_STRUCT_OFFSET(Envelope, client_addr)},
    {"client_name", G_STRUCT_OFFSET(Envelope, client_name)},
    {"helo", G_STRUCT_OFFSET(Envelope, helo)},
    {"daemon_name", G_STRUCT_OFFSET(Envelope, daemon_name)},
    {"tls_version", G_STRUCT_OFFSET(Envelope, tls_version)},
    {"tls_cipher", G_STRUCT_OFFSET(Envelope, tls_cipher)},
    {"cert_subject", G_STRUCT_OFFSET(Envelope, cert_subject)},
    {"auth_login", G_STRUCT_OFFSET(Envelope, auth_login)},
    {"auth_type", G_STRUCT_OFFSET(Envelope, auth_type)},
    {"mail_from", G_STRUCT_OFFSET(Envelope, mail_from)},
    {"mail_args", G_STRUCT_OFFSET(Envelope, mail_args)},
};

static char **text_slot(const Envelope *envelope, const EnvelopeText *text)
{
    return (char **)(void *)((char *)envelope + text->offset);
}

void envelope_free(Envelope *envelope)
{
    if (envelope == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++)
        g_free(*text_slot(envelope, &TEXTS[i]));
    g_ptr_array_unref(envelope->rcpts);
    g_free(envelope);
}

char *envelope_bare_address(const char *raw)
{
    gsize len = strlen(raw);
    if (len >= 2 && raw[0] == '<' && raw[len - 1] == '>')
        return g_strndup(raw + 1, len - 2);
    return g_strdup(raw);
}

void envelope_add_rcpt(Envelope *envelope, const char *raw, const char *args)
{
    EnvelopeRcpt *rcpt = g_new0(EnvelopeRcpt, 1);
    g_autofree char *bare = envelope_bare_address(raw);
    rcpt->address = g_utf8_make_valid(bare, -1);
    rcpt->raw = g_strdup(raw);
    rcpt->args = args != NULL && *args != '\0' ? g_strdup(args) : NULL;
    g_ptr_array_add(envelope->rcpts, rcpt);
}

// What a client sends need not be UTF-8, JSON must be.
static json_t *json_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

json_t *envelope_to_json(const Envelope *envelope)
{
    json_t *json = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        const char *value = *text_slot(envelope, &TEXTS[i]);
        if (value != NULL)
            json_object_set_new(json, TEXTS[i].key, json_clean(value));
    }
    json_t *rcpts = json_array();
    for (guint i = 0; i < envelope->rcpts->len; i++) {
        const EnvelopeRcpt *rcpt = envelope->rcpts->pdata[i];
        json_t *one = json_object();
        g_autofree char *bare = envelope_bare_address(rcpt->raw);
        json_object_set_new(one, "address", json_clean(rcpt->address));
        if (strcmp(bare, rcpt->address) != 0)
            json_object_set_new(one, "as_given", json_clean(bare));
        if (rcpt->args != NULL)
            json_object_set_new(one, "args", json_clean(rcpt->args));
        json_array_append_new(rcpts, one);
    }
    json_object_set_new(json, "rcpts", rcpts);
    if (envelope->non_smtp)
        json_object_set_new(json, "non_smtp", json_true());
    g_autofree char *received = clock_format(envelope->received_us);
    json_object_set_new(json, "received", json_string(received));
    return json;
}

static bool read_rcpts(Envelope *envelope, const json_t *rcpts)
{
    if (!json_is_array(rcpts))
        return false;
    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        const json_t *one = json_array_get(rcpts, i);
        const char *address = json_string_value(json_object_get(one, "address"));
        if (address == NULL)
            return false;
        g_autofree char *raw = g_strdup_printf("<%s>", address);
        envelope_add_rcpt(envelope, raw, json_string_value(json_object_get(one, "args")));
    }
    return true;
}

Envelope *envelope_from_json(const json_t *json, GError **error)
{
    g_autoptr(Envelope) envelope = envelope_new();
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        const char *value = json_string_value(json_object_get(json, TEXTS[i].key));
        if (value != NULL) {
            g_free(*text_slot(envelope, &TEXTS[i]));
            *text_slot(envelope, &TEXTS[i]) = g_strdup(value);
        }
    }
    envelope->non_smtp = json_is_true(json_object_get(json, "non_smtp"));
    const char *received = json_string_value(json_object_get(json, "received"));
    if (received != NULL && !clock_parse(received, &envelope->received_us, error))
        return NULL;
    if (!read_rcpts(envelope, json_object_get(json, "rcpts"))) {
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_DATA,
                            "envelope: \"rcpts\" is no list of {address}");
        return NULL;
    }
    return g_steal_pointer(&envelope);
}
