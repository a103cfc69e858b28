// The structured reading: GMime says where parts begin and end, and nothing else. The walk is iterative; what
// a leaf holds is decoded in leaf.c.
#include "reader/structure.h"

#include <gmime/gmime.h>
#include <string.h>

// An entity still to be read.
typedef struct {
    GMimeObject *object; // borrowed from the message
    guint parent;        // part it belongs to
    char *path;          // of its own
    guint depth;
    bool body; // of a message: a multipart is no part of its own
} Item;

typedef struct {
    ReaderState *state;
    GArray *stack;         // of Item
    const GByteArray *raw; // what GMime reads
} Walk;

// ---- warnings --------------------------------------------------------------------------------------------

// Fields of which every instance is read and no client picks one to decide what it shows.
static bool is_plain_list(const gchar *name)
{
    static const char *const NAMES[] = {"To", "Cc", "Bcc", "Message-ID", "References", "In-Reply-To", "Date"};
    bool found = false;
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && name != NULL; i++)
        found = found || g_ascii_strcasecmp(name, NAMES[i]) == 0;
    return found;
}

// Parameters given twice are not here: an ASCII file name beside the real one is ordinary, and lint.c and heads.c
// compare those that matter.
static void on_warning(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer data)
{
    ReaderState *state = data;
    static const struct {
        GMimeParserWarning code;
        const char *detail;
    } CRITICAL[] = {
        {GMIME_CRIT_INVALID_HEADER_NAME, "invalid header name"},
        {GMIME_CRIT_CONFLICTING_HEADER, "conflicting header"},
        {GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY, "multipart without boundary"},
        {GMIME_CRIT_NESTING_OVERFLOW, "nesting"},
        {GMIME_CRIT_PART_WITHOUT_HEADERS_OR_CONTENT, "part without header and content"},
    };
    if (code == GMIME_CRIT_CONFLICTING_HEADER && is_plain_list(item))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(CRITICAL); i++)
        if (CRITICAL[i].code == code)
            message_add_fact(state->message, "parser-warning", state->part > 0 ? (int)state->part : -1,
                             CRITICAL[i].detail);
}

// ---- fields ----------------------------------------------------------------------------------------------

// The object's fields as GMime holds them raw. Valid as long as the object.
static GArray *object_fields(GMimeObject *object)
{
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(Field));
    GMimeHeaderList *list = g_mime_object_get_header_list(object);
    int count = list != NULL ? g_mime_header_list_get_count(list) : 0;
    for (int i = 0; i < count; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        const char *name = g_mime_header_get_name(header);
        const char *value = g_mime_header_get_raw_value(header);
        if (name == NULL || value == NULL)
            continue;
        Field field = {.name = name, .name_len = strlen(name), .value = value, .value_len = strlen(value)};
        g_array_append_val(fields, field);
    }
    return fields;
}

// Passages of all fields, each with its number among those of its name.
static void read_fields(ReaderState *state, guint part, const GArray *fields)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        char *name = g_ascii_strdown(field->name, (gssize)field->name_len);
        guint instance = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name));
        g_hash_table_replace(counts, name, GUINT_TO_POINTER(instance + 1));
        heads_read(state, part, field, instance);
        sweep_note_field(state, field);
    }
}

static void first_value(char **slot, const Field *field, const char *name)
{
    if (*slot == NULL && fields_is(field, name))
        *slot = header_decode(field->value, field->value_len);
}

static void read_top_fields(ReaderState *state, const GArray *fields)
{
    Message *message = state->message;
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        g_autofree char *name = g_utf8_make_valid(field->name, (gssize)field->name_len);
        g_autofree char *value = header_decode(field->value, field->value_len);
        message_add_header(message, name, value);
        first_value(&message->subject, field, "Subject");
        first_value(&message->date, field, "Date");
        first_value(&message->message_id, field, "Message-ID");
    }
    if (message->message_id == NULL)
        message_add_fact(message, "no-message-id", -1, NULL);
}

// ---- the walk --------------------------------------------------------------------------------------------

static void push(Walk *walk, GMimeObject *object, guint parent, char *path, guint depth, bool body)
{
    Item item = {.object = object, .parent = parent, .path = path, .depth = depth, .body = body};
    g_array_append_val(walk->stack, item);
}

static bool too_deep(const Walk *walk, guint depth, guint part)
{
    bool deep = depth + walk->state->depth > (guint)walk->state->limits->depth + 1;
    if (deep)
        message_add_fact(walk->state->message, "too-deep", (int)part, NULL);
    return deep;
}

// The fields of a message's own body were read with the message's raw header.
static bool is_top(const Item *item)
{
    return item->body && item->depth == 0;
}

static char *child_path(const char *path, int number)
{
    return *path != '\0' ? g_strdup_printf("%s.%d", path, number) : g_strdup_printf("%d", number);
}

// Text before the first and after the last boundary. What mailers put there for old clients is no news.
static void read_outside(ReaderState *state, guint part, const char *text, bool content)
{
    gsize len = text != NULL ? strlen(text) : 0;
    if (len == 0)
        return;
    const char *fact = NULL;
    g_autoptr(GPtrArray) readings = charset_readings(text, len, NULL, &fact);
    bool any = false;
    for (guint i = 0; i < readings->len; i++)
        any =
            reader_add_reading(state, part, ORIGIN_PROLOGUE, VISIBILITY_HIDDEN, readings->pdata[i]) != NULL ||
            any;
    g_autofree char *lower = g_ascii_strdown(text, (gssize)MIN(len, 500));
    bool notice = len < 500 && (strstr(lower, "mime") != NULL || strstr(lower, "multi-part") != NULL);
    if (any && (!notice || content))
        message_add_fact(state->message, "prologue-text", (int)part, NULL);
    sweep_note(state, text, len);
}

static void note_boundaries(ReaderState *state, const GArray *fields)
{
    const Field *type = structure_last(fields, "Content-Type");
    if (type == NULL)
        return;
    g_autoptr(Params) params =
        params_parse(type->value, type->value_len, (guint)state->limits->params_per_field);
    g_autofree char *boundary = params_get(params, "boundary");
    if (boundary == NULL)
        return;
    g_autofree char *lines = g_strdup_printf("--%s\n--%s--\n", boundary, boundary);
    sweep_note(state, lines, strlen(lines));
}

static void walk_multipart(Walk *walk, const Item *item)
{
    ReaderState *state = walk->state;
    GMimeMultipart *multipart = GMIME_MULTIPART(item->object);
    g_autoptr(GArray) fields = object_fields(item->object);
    g_autofree char *type = structure_type(state, structure_last(fields, "Content-Type"));
    guint part = item->parent;
    if (!item->body) {
        part = state->message->parts->len;
        message_add_part(state->message, (int)item->parent, item->path, type)->state = PART_CONTAINER;
    }
    if (!is_top(item))
        read_fields(state, part, fields);
    if (strcmp(type, "multipart/encrypted") == 0)
        message_add_fact(state->message, "encrypted", (int)part, NULL);
    if (strcmp(type, "multipart/signed") == 0)
        message_add_fact(state->message, "signed", (int)part, NULL);
    int count = g_mime_multipart_get_count(multipart);
    note_boundaries(state, fields);
    read_outside(state, part, g_mime_multipart_get_prologue(multipart), count == 0);
    read_outside(state, part, g_mime_multipart_get_epilogue(multipart), count == 0);
    if (count == 0 && g_mime_multipart_get_prologue(multipart) != NULL)
        message_add_fact(state->message, "boundary", (int)part, "no part found");
    if (count > state->limits->parts)
        message_add_fact(state->message, "too-many-parts", -1, NULL);
    if (too_deep(walk, item->depth + 1, part))
        return;
    for (int i = MIN(count, state->limits->parts) - 1; i >= 0; i--)
        push(walk, g_mime_multipart_get_part(multipart, i), part, child_path(item->path, i + 1),
             item->depth + 1, false);
}

// The message that a part holds, put together again.
static void keep_message(ReaderState *state, guint part, GMimeMessage *message)
{
    if (!state->keep)
        return;
    GMimeStream *stream = g_mime_stream_mem_new();
    if (g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, stream) >= 0) {
        const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
        content_keep(state, part, bytes->data, bytes->len);
    }
    g_object_unref(stream);
}

static void walk_message(Walk *walk, const Item *item)
{
    ReaderState *state = walk->state;
    g_autoptr(GArray) outer = object_fields(item->object);
    guint part = state->message->parts->len;
    Part *entry = message_add_part(state->message, (int)item->parent, item->path, "message/rfc822");
    entry->state = PART_CONTAINER;
    heads_read_names(state, part, structure_last(outer, "Content-Type"),
                     structure_last(outer, "Content-Disposition"));
    read_fields(state, part, outer);
    GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(item->object));
    GMimeObject *body = message != NULL ? g_mime_message_get_mime_part(message) : NULL;
    if (message == NULL)
        return;
    g_autoptr(GArray) fields = object_fields(GMIME_OBJECT(message));
    read_fields(state, part, fields);
    keep_message(state, part, message);
    if (body == NULL || too_deep(walk, item->depth + 1, part))
        return;
    bool leaf = !GMIME_IS_MULTIPART(body);
    push(walk, body, part, leaf ? child_path(item->path, 1) : g_strdup(item->path), item->depth + 1, true);
}

// The leaf's bytes as they stand in the message: a window on the raw bytes where GMime's stream is one, else
// a copy.
static const char *encoded_bytes(Walk *walk, GMimePart *leaf, gsize *out_len, GByteArray **out_copy)
{
    GMimeDataWrapper *wrapper = g_mime_part_get_content(leaf);
    GMimeStream *stream = wrapper != NULL ? g_mime_data_wrapper_get_stream(wrapper) : NULL;
    *out_len = 0;
    *out_copy = NULL;
    if (stream == NULL)
        return "";
    if (GMIME_IS_STREAM_MEM(stream) &&
        g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream)) == walk->raw) {
        gint64 end =
            stream->bound_end >= 0 ? MIN(stream->bound_end, (gint64)walk->raw->len) : (gint64)walk->raw->len;
        gint64 start = CLAMP(stream->bound_start, 0, end);
        *out_len = (gsize)(end - start);
        return (const char *)walk->raw->data + start;
    }
    *out_copy = g_byte_array_new();
    g_mime_stream_reset(stream);
    char buffer[4096];
    ssize_t n;
    while ((n = g_mime_stream_read(stream, buffer, sizeof(buffer))) > 0)
        g_byte_array_append(*out_copy, (const guint8 *)buffer, (guint)n);
    *out_len = (*out_copy)->len;
    return (const char *)(*out_copy)->data;
}

static void walk_leaf(Walk *walk, const Item *item)
{
    ReaderState *state = walk->state;
    g_autoptr(GArray) fields = object_fields(item->object);
    g_autofree char *type = structure_type(state, structure_last(fields, "Content-Type"));
    guint part = state->message->parts->len;
    message_add_part(state->message, (int)item->parent, item->path, type);
    heads_read_names(state, part, structure_last(fields, "Content-Type"),
                     structure_last(fields, "Content-Disposition"));
    if (!is_top(item))
        read_fields(state, part, fields);
    g_autoptr(GByteArray) copy = NULL;
    gsize len = 0;
    const char *data = encoded_bytes(walk, GMIME_PART(item->object), &len, &copy);
    leaf_read(state, part, fields, data, len);
}

static void walk_all(Walk *walk, GMimeObject *root, guint part, const char *path)
{
    push(walk, root, part, GMIME_IS_MULTIPART(root) ? g_strdup(path) : child_path(path, 1), 0, true);
    while (walk->stack->len > 0) {
        Item item = g_array_index(walk->stack, Item, walk->stack->len - 1);
        g_array_set_size(walk->stack, walk->stack->len - 1);
        if (walk->state->message->parts->len >= (guint)walk->state->limits->parts)
            message_add_fact(walk->state->message, "too-many-parts", -1, NULL);
        else if (GMIME_IS_MULTIPART(item.object))
            walk_multipart(walk, &item);
        else if (GMIME_IS_MESSAGE_PART(item.object))
            walk_message(walk, &item);
        else if (GMIME_IS_PART(item.object))
            walk_leaf(walk, &item);
        g_free(item.path);
    }
}

// ---- messages --------------------------------------------------------------------------------------------

// The bytes as one text, for what is no message to GMime.
static void read_unstructured(ReaderState *state, guint part, const char *path, const char *raw, gsize len)
{
    guint leaf = state->message->parts->len;
    message_add_fact(state->message, "no-structure", part > 0 ? (int)part : -1, NULL);
    g_autofree char *own = child_path(path, 1);
    message_add_part(state->message, (int)part, own, "text/plain");
    content_read(state, leaf, raw, len, NULL);
}

static GMimeMessage *parse_message(ReaderState *state, GByteArray *view)
{
    g_mime_init(); // the first call counts
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(view);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_warning_callback(options, on_warning, state);
    GMimeMessage *message = g_mime_parser_construct_message(parser, options);
    g_mime_parser_options_free(options);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static void read_message(ReaderState *state, guint part, const char *raw, gsize len, const FieldBlock *block)
{
    g_autofree char *path = g_strdup(((Part *)state->message->parts->pdata[part])->path);
    gsize skip = block->fields->len > 0 && memchr(raw, ':', 5) == NULL && block->stray > 0
                     ? (gsize)(g_array_index(block->fields, Field, 0).name - raw)
                     : 0; // a mail store's "From " line
    GByteArray view = {.data = (guint8 *)raw + skip, .len = (guint)(len - skip)};
    GMimeMessage *message = block->fields->len > 0 ? parse_message(state, &view) : NULL;
    GMimeObject *root = message != NULL ? g_mime_message_get_mime_part(message) : NULL;
    if (message == NULL) {
        read_unstructured(state, part, path, raw, len);
    } else if (root != NULL) {
        Walk walk = {.state = state, .stack = g_array_new(FALSE, FALSE, sizeof(Item)), .raw = &view};
        walk_all(&walk, root, part, path);
        g_array_unref(walk.stack);
    }
    g_clear_object(&message);
}

void structure_read(ReaderState *state, guint part, const void *data, gsize len)
{
    if (state->depth > (guint)state->limits->depth) {
        message_add_fact(state->message, "too-deep", (int)part, NULL);
        return;
    }
    guint outer = state->part;
    state->part = part;
    FieldBlock block;
    bool sound = prescan_message(state, data, len);
    fields_split(data, len, (guint)state->limits->headers_per_block, &block);
    if (part == 0)
        read_top_fields(state, block.fields);
    read_fields(state, part, block.fields);
    state->depth++;
    if (sound)
        read_message(state, part, data, len, &block);
    else if (part > 0)
        sweep_message(state, data, len);
    state->depth--;
    state->part = outer;
    fields_clear(&block);
}
