// The wire form of a Message: one GVariant. GVariant bounds every access to serialized data, so that lies of
// a worker end in defaults, and the checks here turn lies about indexes, enums and facts into errors.
#include "message/message.h"

#include <string.h>

#define PART_TYPE    "(iusssmsmsmsmsbitmsxu)"
#define PASSAGE_TYPE "(uuumsmsusa(uuu)a(uu)ms)"
#define ADDRESS_TYPE "(suumss)"
#define FACT_TYPE    "(sims)"
#define WIRE_TYPE    "(msmsmsa(ss)a" PART_TYPE "a" PASSAGE_TYPE "a" ADDRESS_TYPE "a" FACT_TYPE ")"

// GVariant strings may not hold invalid UTF-8; ours never do, but a bug there must not become an abort here.
static char *clean(const char *text)
{
    return text != NULL ? g_utf8_make_valid(text, -1) : NULL;
}

static GVariant *pack_parts(const Message *message)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a" PART_TYPE));
    for (guint i = 0; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        g_autofree char *path = clean(part->path), *type = clean(part->type), *sniffed = clean(part->sniffed);
        g_autofree char *name = clean(part->name), *charset = clean(part->charset);
        g_autofree char *encoding = clean(part->encoding), *cid = clean(part->content_id);
        g_variant_builder_add(&builder, PART_TYPE, part->parent, part->depth, path, type,
                              sniffed != NULL ? sniffed : "", name, charset, encoding, cid, part->attachment,
                              (gint32)part->state, (guint64)part->size, part->sha256, part->blob,
                              (guint32)part->pictures);
    }
    return g_variant_builder_end(&builder);
}

static GVariant *pack_passage(const Passage *passage)
{
    GVariantBuilder marks, map;
    g_variant_builder_init(&marks, G_VARIANT_TYPE("a(uuu)"));
    for (guint i = 0; passage->marks != NULL && i < passage->marks->len; i++) {
        const LayerMark *mark = &g_array_index(passage->marks, LayerMark, i);
        g_variant_builder_add(&marks, "(uuu)", (guint32)mark->start, (guint32)mark->end,
                              (guint32)mark->layer);
    }
    g_variant_builder_init(&map, G_VARIANT_TYPE("a(uu)"));
    for (guint i = 0; passage->map != NULL && i < passage->map->len; i++) {
        const PassageMap *entry = &g_array_index(passage->map, PassageMap, i);
        g_variant_builder_add(&map, "(uu)", entry->text, entry->source);
    }
    g_autofree char *header = clean(passage->header), *reading = clean(passage->reading);
    g_autofree char *place = clean(passage->place);
    // As one string: an array of bytes would be looked at byte by byte when it is read back.
    g_autofree char *text = clean(passage->text);
    return g_variant_new("(uuumsmsusa(uuu)a(uu)ms)", passage->part, (guint32)passage->origin,
                         (guint32)passage->visibility, header, place, (guint32)passage->len, text, &marks,
                         &map, reading);
}

GBytes *message_to_bytes(const Message *message)
{
    GVariantBuilder headers, passages, addresses, facts;
    g_variant_builder_init(&headers, G_VARIANT_TYPE("a(ss)"));
    for (guint i = 0; i < message->headers->len; i++) {
        const MessageHeader *header = message->headers->pdata[i];
        g_autofree char *name = clean(header->name), *value = clean(header->value);
        g_variant_builder_add(&headers, "(ss)", name, value);
    }
    g_variant_builder_init(&passages, G_VARIANT_TYPE("a" PASSAGE_TYPE));
    for (guint i = 0; i < message->passages->len; i++)
        g_variant_builder_add_value(&passages, pack_passage(message->passages->pdata[i]));
    g_variant_builder_init(&addresses, G_VARIANT_TYPE("a" ADDRESS_TYPE));
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *address = message->addresses->pdata[i];
        g_autofree char *header = clean(address->header), *name = clean(address->name);
        g_autofree char *text = clean(address->address);
        g_variant_builder_add(&addresses, ADDRESS_TYPE, header, address->part, address->instance, name, text);
    }
    g_variant_builder_init(&facts, G_VARIANT_TYPE("a" FACT_TYPE));
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        g_autofree char *detail = clean(fact->detail);
        g_variant_builder_add(&facts, FACT_TYPE, fact->name, fact->part, detail);
    }
    g_autofree char *id = clean(message->message_id), *date = clean(message->date),
                    *subject = clean(message->subject);
    g_autoptr(GVariant) whole = g_variant_ref_sink(
        g_variant_new("(msmsmsa(ss)@a" PART_TYPE "a" PASSAGE_TYPE "a" ADDRESS_TYPE "a" FACT_TYPE ")", id,
                      date, subject, &headers, pack_parts(message), &passages, &addresses, &facts));
    return g_variant_get_data_as_bytes(whole);
}

// ---- reading back ----------------------------------------------------------------------------------------

static bool lie(GError **error, const char *what)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "the reader's answer is not well-formed: %s", what);
    return false;
}

static bool read_parts(Message *message, GVariant *list, GError **error)
{
    gsize n = g_variant_n_children(list);
    if (n == 0)
        return lie(error, "no parts");
    g_ptr_array_set_size(message->parts, 0);
    for (gsize i = 0; i < n; i++) {
        Part *part = g_new0(Part, 1);
        g_ptr_array_add(message->parts, part);
        gint32 state;
        guint64 size;
        gboolean attachment;
        g_variant_get_child(list, i, PART_TYPE, &part->parent, &part->depth, &part->path, &part->type,
                            &part->sniffed, &part->name, &part->charset, &part->encoding, &part->content_id,
                            &attachment, &state, &size, &part->sha256, &part->blob, &part->pictures);
        part->attachment = attachment;
        part->state = (PartState)state;
        part->size = size;
        // A parent stands before its children, so that walks upwards end.
        if (state < 0 || state > PART_SKIPPED || part->parent >= (int)i || part->parent < -1 ||
            (part->parent < 0) != (i == 0))
            return lie(error, "a part's parent or state");
        if ((part->state == PART_WAITING && part->blob < 0) || part->blob < -1)
            return lie(error, "a part's place in the blob");
    }
    return true;
}

static bool read_marks(Passage *passage, GVariant *marks, GError **error)
{
    gsize n = 0;
    const guint32(*at)[3] = g_variant_get_fixed_array(marks, &n, sizeof *at);
    if (n == 0)
        return true;
    passage->marks = g_array_sized_new(FALSE, FALSE, sizeof(LayerMark), (guint)n);
    gsize last = 0;
    for (gsize i = 0; i < n; i++) {
        guint32 start = at[i][0], end = at[i][1], layer = at[i][2];
        if (start < last || end < start || end > passage->len || layer >= LAYER_LAST)
            return lie(error, "a layer mark");
        LayerMark mark = {start, end, (Layer)layer};
        g_array_append_val(passage->marks, mark);
        last = end;
    }
    return true;
}

static bool read_map(Passage *passage, GVariant *map, GError **error)
{
    gsize n = 0;
    const guint32(*at)[2] = g_variant_get_fixed_array(map, &n, sizeof *at);
    if (n == 0)
        return true;
    passage->map = g_array_sized_new(FALSE, FALSE, sizeof(PassageMap), (guint)n);
    guint32 last = 0;
    for (gsize i = 0; i < n; i++) {
        PassageMap entry = {at[i][0], at[i][1]};
        if (entry.text < last || entry.text > passage->len)
            return lie(error, "an offset map");
        g_array_append_val(passage->map, entry);
        last = entry.text;
    }
    return true;
}

static bool read_passage(Message *message, GVariant *one, GError **error)
{
    guint32 part, origin, visibility, len;
    g_autofree char *header = NULL, *place = NULL, *reading = NULL;
    g_autoptr(GVariant) marks = NULL, map = NULL;
    const char *text = NULL;
    g_variant_get(one, "(uuumsmsu&s@a(uuu)@a(uu)ms)", &part, &origin, &visibility, &header, &place, &len,
                  &text, &marks, &map, &reading);
    if (part >= message->parts->len || origin >= ORIGIN_LAST || visibility > VISIBILITY_SOURCE)
        return lie(error, "a passage's part, origin or visibility");
    if (strlen(text) != len)
        return lie(error, "a passage's length");
    Passage *passage =
        message_add_passage(message, part, (PassageOrigin)origin, (Visibility)visibility, text, len);
    passage->header = g_steal_pointer(&header);
    passage->place = g_steal_pointer(&place);
    passage->reading = g_steal_pointer(&reading);
    return read_marks(passage, marks, error) && read_map(passage, map, error);
}

static bool read_addresses(Message *message, GVariant *list, GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        g_autofree char *header = NULL, *name = NULL, *address = NULL;
        guint32 part, instance;
        g_variant_get_child(list, i, ADDRESS_TYPE, &header, &part, &instance, &name, &address);
        if (part >= message->parts->len)
            return lie(error, "an address's part");
        message_add_address(message, header, part, instance, name, address);
    }
    return true;
}

static bool read_facts(Message *message, GVariant *list, GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        g_autofree char *name = NULL, *detail = NULL;
        gint32 part;
        g_variant_get_child(list, i, FACT_TYPE, &name, &part, &detail);
        if (message_fact_lookup(name, NULL, NULL) == NULL || part < -1 || part >= (int)message->parts->len)
            return lie(error, "a fact");
        message_add_fact(message, name, part, detail);
    }
    return true;
}

Message *message_from_bytes(GBytes *bytes, GError **error)
{
    g_autoptr(GVariant) whole =
        g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(WIRE_TYPE), bytes, FALSE));
    if (!g_variant_is_normal_form(whole)) {
        lie(error, "its serialization");
        return NULL;
    }
    g_autoptr(Message) message = message_new();
    g_autoptr(GVariant) headers = NULL, parts = NULL, passages = NULL, addresses = NULL, facts = NULL;
    g_variant_get(whole, "(msmsms@a(ss)@a" PART_TYPE "@a" PASSAGE_TYPE "@a" ADDRESS_TYPE "@a" FACT_TYPE ")",
                  &message->message_id, &message->date, &message->subject, &headers, &parts, &passages,
                  &addresses, &facts);
    for (gsize i = 0; i < g_variant_n_children(headers); i++) {
        const char *name, *value;
        g_variant_get_child(headers, i, "(&s&s)", &name, &value);
        message_add_header(message, name, value);
    }
    bool ok = read_parts(message, parts, error);
    for (gsize i = 0; ok && i < g_variant_n_children(passages); i++) {
        g_autoptr(GVariant) one = g_variant_get_child_value(passages, i);
        ok = read_passage(message, one, error);
    }
    ok = ok && read_addresses(message, addresses, error) && read_facts(message, facts, error);
    return ok ? g_steal_pointer(&message) : NULL;
}
