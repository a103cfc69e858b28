// The message as its receiver may have it. Nothing is rewritten: fields that tell of hidden recipients go, whole; a journal
// report, which lists them all, goes too and leaves the message it reports.
#include "bag/internal.h"

#include <string.h>

void native_free(BagNative *native)
{
    if (native == NULL)
        return;
    g_clear_pointer(&native->bytes, g_bytes_unref);
    g_clear_pointer(&native->left_out, g_ptr_array_unref);
    g_free(native);
}

// A field with its folds, as it stands there.
typedef struct {
    const char *at;
    gsize len, name_len;
} Field;

// The field at `at`; an empty one where the header ends.
static Field field_at(const char *at, const char *end)
{
    Field field = {.at = at};
    const char *next = at;
    do {
        const char *line_end = memchr(next, '\n', (gsize)(end - next));
        next = line_end != NULL ? line_end + 1 : end;
    } while (next < end && (*next == ' ' || *next == '\t'));
    bool empty = at == end || *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n'));
    const char *colon = empty ? NULL : memchr(at, ':', (gsize)(next - at));
    field.len = empty ? 0 : (gsize)(next - at);
    field.name_len = colon != NULL ? (gsize)(colon - at) : 0;
    while (field.name_len > 0 && (at[field.name_len - 1] == ' ' || at[field.name_len - 1] == '\t'))
        field.name_len--;
    return field;
}

static bool field_is(const Field *field, const char *name)
{
    return strlen(name) == field->name_len && g_ascii_strncasecmp(field->at, name, field->name_len) == 0;
}

// ---- who is shown ----------------------------------------------------------------------------------------

// All of From, To and Cc as it stands there, lower case. Caller frees.
static char *shown_addresses(const char *at, const char *end)
{
    static const char *const NAMES[] = {"From", "Sender", "Reply-To", "To", "Cc", "Resent-To", "Resent-Cc"};
    GString *all = g_string_new(NULL);
    for (Field field = field_at(at, end); field.len > 0; at += field.len, field = field_at(at, end))
        for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
            if (field_is(&field, NAMES[i]))
                g_string_append_len(all, field.at, (gssize)field.len);
    g_string_ascii_down(all);
    return g_string_free(all, FALSE);
}

// "... for <address>; date": a recipient whom nobody sees?
static bool received_tells(const Field *field, const char *shown)
{
    g_autofree char *text = g_strndup(field->at, field->len);
    g_autofree char *line = g_ascii_strdown(g_strdelimit(text, "\t\r\n", ' '), -1);
    bool tells = false;
    for (const char *at = strstr(line, " for "); at != NULL && !tells; at = strstr(at + 1, " for ")) {
        const char *word = at + 5 + strspn(at + 5, " <");
        g_autofree char *address = g_strndup(word, strcspn(word, " >;"));
        tells = strchr(address, '@') != NULL && strstr(shown, address) == NULL;
    }
    return tells;
}

static bool is_hidden(const Field *field, const char *shown)
{
    static const char *const NAMES[] = {"Bcc",
                                        "Resent-Bcc",
                                        "Delivered-To",
                                        "X-Original-To",
                                        "Envelope-To",
                                        "X-Envelope-To",
                                        "X-Delivered-To",
                                        "Apparently-To",
                                        "X-RCPT-To",
                                        "X-Rcpt-Args",
                                        "X-Bcc",
                                        "X-Forwarded-To",
                                        "X-MS-Exchange-Organization-BCC"};
    bool hidden = field_is(field, "Received") && received_tells(field, shown);
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && !hidden; i++)
        hidden = field_is(field, NAMES[i]);
    return hidden;
}

static BagNative *strip(GBytes *bytes)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len), *at = data, *end = data + len;
    BagNative *native = g_new0(BagNative, 1);
    native->left_out = g_ptr_array_new_with_free_func(g_free);
    if (len == 0) {
        native->bytes = g_bytes_ref(bytes);
        return native;
    }
    g_autofree char *shown = shown_addresses(data, end);
    g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)len);
    for (Field field = field_at(at, end); field.len > 0; at += field.len, field = field_at(at, end)) {
        if (is_hidden(&field, shown))
            g_ptr_array_add(native->left_out, g_strndup(field.at, field.name_len));
        else
            g_byte_array_append(out, (const guint8 *)field.at, (guint)field.len);
    }
    g_byte_array_append(out, (const guint8 *)at, (guint)(end - at));
    native->bytes = g_byte_array_free_to_bytes(g_steal_pointer(&out));
    return native;
}

// ---- journal reports -------------------------------------------------------------------------------------

// The message in a report; `raw` itself where it is none. NULL with `error`.
static GBytes *unwrap(const ArchiveRecord *record, bool *out_unwrapped, GError **error)
{
    const json_t *wrapper = json_object_get(json_object_get(record->meta, "intake"), "wrapper");
    const char *sha256 = json_string_value(json_object_get(wrapper, "sha256"));
    *out_unwrapped = wrapper != NULL;
    if (wrapper == NULL)
        return g_bytes_ref(record->raw);
    json_int_t offset = json_integer_value(json_object_get(wrapper, "offset"));
    json_int_t length = json_integer_value(json_object_get(wrapper, "length"));
    gsize size = g_bytes_get_size(record->raw);
    bool whole = sha256 != NULL && offset >= 0 && length > 0 && (gsize)offset <= size &&
                 (gsize)length <= size - (gsize)offset;
    g_autoptr(GBytes) inner =
        whole ? g_bytes_new_from_bytes(record->raw, (gsize)offset, (gsize)length) : NULL;
    g_autofree char *hash = whole ? sha256_hex(g_bytes_get_data(inner, NULL), g_bytes_get_size(inner)) : NULL;
    if (hash == NULL || g_ascii_strcasecmp(hash, sha256) != 0) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "%s: a journal report whose message cannot be taken out as it stands, and the report lists "
            "hidden recipients; withhold it, or export for those entitled to envelopes",
            record->ref->id);
        return NULL;
    }
    return g_steal_pointer(&inner);
}

BagNative *native_of(const ArchiveRecord *record, bool envelope, GError **error)
{
    bool unwrapped = false;
    if (envelope) {
        BagNative *native = g_new0(BagNative, 1);
        native->bytes = g_bytes_ref(record->raw);
        native->left_out = g_ptr_array_new_with_free_func(g_free);
        return native;
    }
    g_autoptr(GBytes) bytes = unwrap(record, &unwrapped, error);
    BagNative *native = bytes != NULL ? strip(bytes) : NULL;
    if (native != NULL)
        native->unwrapped = unwrapped;
    return native;
}
