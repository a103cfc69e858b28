#include "archive/log_internal.h"

#include <string.h>

enum {
    CHUNK_OUT = 128 * 1024,
    CHECKSUM_LEN = 4,
    WINDOW_LOG_MAX = 23,         // what level 19 uses; more is not ours
    JSON_MAX = 64 * 1024 * 1024, // of metadata
    LEAF_MAX = 4096,
    EXTENDED_MAX = 1024 * 1024, // of pax records
};
static const guint64 RAW_MAX = (guint64)1 << 30; // of a message held in memory

typedef enum { AT_HEADER, IN_DATA, IN_PADDING } TarState;

// Takes the tar stream of one frame as it comes out of the decompressor.
typedef struct {
    DecodeDepth depth;
    Decoded *out;
    TarState state;
    guint8 header[TAR_BLOCK];
    gsize have; // of the header
    TarMember member;
    guint64 left, padding;
    bool json_seen, eml_seen, zeros_seen;
    bool satisfied; // what `depth` asks for is there
    GByteArray *json;
    crypto_hash_sha256_state hash;
    // Of a sealed record.
    KeysRing *ring;
    json_t *leaf;
    RecordKey key;
    Unseal *unseal; // the member that is being read
    bool keyed;     // it has its key
} Decoder;

void decoded_clear(Decoded *decoded)
{
    g_clear_pointer(&decoded->meta, json_decref);
    g_clear_pointer(&decoded->json, g_byte_array_unref);
    g_clear_pointer(&decoded->raw, g_byte_array_unref);
    g_clear_pointer(&decoded->leaf, g_byte_array_unref);
    g_clear_pointer(&decoded->closed, g_free);
    g_clear_pointer(&decoded->what, g_free);
}

static bool damaged(Decoder *decoder, const char *what)
{
    if (decoder->out->what == NULL)
        decoder->out->what = g_strdup(what);
    return false;
}

int64_t decoded_time(const json_t *meta)
{
    const json_t *value = json_object_get(meta, "received_us");
    if (value == NULL)
        value = json_object_get(meta, "time_us");
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : 0;
}

int64_t decoded_when(const Decoded *decoded)
{
    return decoded->meta != NULL ? decoded_time(decoded->meta) : decoded->leaf_us;
}

// ---- the members -----------------------------------------------------------------------------------------

static void take_plain(Decoder *decoder, bool json, const guint8 *data, gsize len)
{
    if (json) {
        g_byte_array_append(decoder->json, data, (guint)len);
        return;
    }
    decoder->out->size += len;
    crypto_hash_sha256_update(&decoder->hash, data, len);
    if (decoder->out->raw != NULL)
        g_byte_array_append(decoder->out->raw, data, (guint)len);
}

static bool take_unsealed(void *user, const guint8 *data, gsize len)
{
    Decoder *decoder = user;
    bool json = decoder->member.kind == MEMBER_SEALED_JSON;
    if (json && decoder->json->len + len > JSON_MAX)
        return damaged(decoder, "metadata too large");
    if (!json && decoder->out->raw != NULL && decoder->out->size + len > RAW_MAX)
        return damaged(decoder, "message too large to hold in memory");
    take_plain(decoder, json, data, len);
    return true;
}

static bool is_zero(const guint8 *data, gsize len)
{
    return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

static bool begin_json(Decoder *decoder)
{
    const TarMember *member = &decoder->member;
    bool sealed = member->kind == MEMBER_SEALED_JSON;
    if (decoder->json_seen || member->size > JSON_MAX)
        return damaged(decoder, decoder->json_seen ? "two records in one frame" : "metadata too large");
    if (sealed != (decoder->leaf != NULL) || (sealed && strcmp(member->id, decoder->out->id) != 0))
        return damaged(decoder, "metadata that do not belong to the leaf before them");
    decoder->json_seen = true;
    memcpy(decoder->out->id, member->id, sizeof member->id);
    decoder->json = g_byte_array_new();
    decoder->satisfied = decoder->depth == DECODE_ID;
    return true;
}

static bool begin_eml(Decoder *decoder)
{
    const TarMember *member = &decoder->member;
    bool sealed = member->kind == MEMBER_SEALED_EML;
    if (!decoder->json_seen || decoder->eml_seen || strcmp(member->id, decoder->out->id) != 0 ||
        sealed != (decoder->leaf != NULL))
        return damaged(decoder, "a message that does not belong to the metadata before it");
    if (decoder->depth == DECODE_RAW && member->size > RAW_MAX)
        return damaged(decoder, "message too large to hold in memory");
    decoder->eml_seen = true;
    crypto_hash_sha256_init(&decoder->hash);
    if (decoder->depth == DECODE_RAW && (!sealed || decoder->out->seal == SEAL_OPENED))
        decoder->out->raw = g_byte_array_new();
    return true;
}

static bool begin_leaf(Decoder *decoder)
{
    const TarMember *member = &decoder->member;
    if (decoder->json_seen || decoder->out->leaf != NULL || member->size > LEAF_MAX)
        return damaged(decoder, "a leaf where none can be");
    memcpy(decoder->out->id, member->id, sizeof member->id);
    decoder->out->leaf = g_byte_array_new();
    decoder->out->seal = SEAL_CLOSED;
    decoder->satisfied = decoder->depth == DECODE_ID;
    return true;
}

static bool begin_unseal(Decoder *decoder)
{
    const TarMember *member = &decoder->member;
    bool json = member->kind == MEMBER_SEALED_JSON;
    if (member->size < KEYS_OVERHEAD)
        return damaged(decoder, "a sealed member that is too short");
    bool wanted = json ? decoder->ring != NULL : decoder->out->seal == SEAL_OPENED;
    g_autofree char *name = g_strconcat(member->id, tar_suffix(member->kind), NULL);
    decoder->keyed = false;
    if (wanted)
        decoder->unseal = unseal_new(member->size, json ? 0 : 1, name, take_unsealed, decoder);
    return true;
}

static bool begin_member(Decoder *decoder)
{
    if (is_zero(decoder->header, TAR_BLOCK)) {
        if (decoder->json_seen || decoder->out->leaf != NULL)
            return damaged(decoder, "end-of-archive inside a record");
        decoder->zeros_seen = true;
        return true;
    }
    TarMember *member = &decoder->member;
    const char *wrong = tar_parse(decoder->header, member);
    if (wrong != NULL || decoder->zeros_seen)
        return damaged(decoder, wrong != NULL ? wrong : "a member after the end-of-archive");
    decoder->left = member->size;
    decoder->padding = tar_padding(member->size);
    decoder->state = IN_DATA;
    switch (member->kind) {
    case MEMBER_EXTENDED:
        return member->size <= EXTENDED_MAX || damaged(decoder, "pax records of absurd size");
    case MEMBER_LEAF:
        return begin_leaf(decoder);
    case MEMBER_JSON:
        return begin_json(decoder);
    case MEMBER_EML:
        return begin_eml(decoder);
    case MEMBER_SEALED_JSON:
        return begin_json(decoder) && begin_unseal(decoder);
    case MEMBER_SEALED_EML:
        return begin_eml(decoder) && begin_unseal(decoder);
    }
    return damaged(decoder, "tar member that is no record");
}

// The record's key. False: damage; what cannot be opened is no damage, and its bytes are passed over.
static bool find_key(Decoder *decoder, const guint8 nonce[KEYS_NONCE])
{
    Decoded *out = decoder->out;
    g_autoptr(GError) why = NULL;
    const char *what = NULL;
    KeysAnswer answer = KEYS_FOUND;
    if (decoder->member.kind == MEMBER_SEALED_JSON)
        answer = keys_ring_find(decoder->ring, out->id, nonce, &decoder->key, &why);
    switch (answer) {
    case KEYS_FOUND:
        out->seal = SEAL_OPENED;
        decoder->keyed = out->keyed = true;
        return unseal_key(decoder->unseal, &decoder->key, nonce, &what) || damaged(decoder, what);
    case KEYS_LOST:
        return damaged(decoder, why->message);
    case KEYS_CLOSED:
        out->closed = g_strdup(why->message);
        out->keyed = keys_ring_has(decoder->ring, out->id, nonce, NULL) == KEYS_FOUND;
        break;
    case KEYS_DESTROYED:
        out->seal = SEAL_DESTROYED;
    }
    decoder->satisfied = decoder->depth == DECODE_META;
    g_clear_pointer(&decoder->unseal, unseal_free);
    return true;
}

static bool take_sealed(Decoder *decoder, const guint8 *data, gsize len)
{
    guint8 nonce[KEYS_NONCE];
    const char *what = NULL;
    if (decoder->unseal == NULL)
        return true;
    if (!decoder->keyed && (!unseal_nonce(decoder->unseal, &data, &len, nonce) || !find_key(decoder, nonce)))
        return decoder->out->what == NULL;
    return decoder->unseal == NULL || unseal_run(decoder->unseal, data, len, &what) || damaged(decoder, what);
}

static bool take_data(Decoder *decoder, const guint8 *data, gsize len)
{
    switch (decoder->member.kind) {
    case MEMBER_JSON:
    case MEMBER_EML:
        take_plain(decoder, decoder->member.kind == MEMBER_JSON, data, len);
        return true;
    case MEMBER_LEAF:
        g_byte_array_append(decoder->out->leaf, data, (guint)len);
        return true;
    case MEMBER_SEALED_JSON:
    case MEMBER_SEALED_EML:
        return take_sealed(decoder, data, len);
    case MEMBER_EXTENDED:
        return true;
    }
    return true;
}

static bool end_leaf(Decoder *decoder)
{
    Decoded *out = decoder->out;
    decoder->leaf = log_leaf_parse(out->leaf->data, out->leaf->len, out->id);
    if (decoder->leaf == NULL)
        return damaged(decoder, "the leaf of a sealed record is none");
    out->leaf_us = (int64_t)json_integer_value(json_object_get(decoder->leaf, "t"));
    if (decoder->depth == DECODE_META && decoder->ring == NULL)
        decoder->satisfied = true;
    return true;
}

static bool end_json(Decoder *decoder)
{
    json_error_t where;
    json_t *meta = json_loadb((const char *)decoder->json->data, decoder->json->len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    decoder->out->meta = meta;
    if (!json_is_object(meta)) {
        g_autofree char *what = g_strdup_printf("metadata is no JSON object: %s", where.text);
        return damaged(decoder, what);
    }
    const char *id = json_string_value(json_object_get(meta, "id"));
    if (g_strcmp0(id, decoder->out->id) != 0)
        return damaged(decoder, "metadata of another record");
    if (decoder->depth == DECODE_META)
        decoder->satisfied = true;
    return true;
}

static bool end_eml(Decoder *decoder)
{
    guint8 sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&decoder->hash, sum);
    g_autofree char *hex = hex_encode(sum, sizeof sum);
    const char *claimed = json_string_value(json_object_get(decoder->out->meta, "sha256"));
    const json_t *size = json_object_get(decoder->out->meta, "size");
    if (!json_is_integer(size) || (guint64)json_integer_value(size) != decoder->out->size)
        return damaged(decoder, "the message's size is not what its metadata says");
    if (g_strcmp0(claimed, hex) != 0)
        return damaged(decoder, "the message's SHA-256 is not what its metadata says");
    return true;
}

// Is what was sealed what the leaf says?
static bool end_unsealed_json(Decoder *decoder)
{
    const GByteArray *leaf = decoder->out->leaf;
    if (!end_json(decoder))
        return false;
    g_autofree char *want = log_leaf(decoder->out->meta, decoder->json->data, decoder->json->len, NULL, NULL);
    return (want != NULL && strlen(want) == leaf->len && memcmp(want, leaf->data, leaf->len) == 0) ||
           damaged(decoder, "the leaf of a sealed record is not that of what was sealed");
}

static bool end_sealed(Decoder *decoder)
{
    const char *what = NULL;
    bool json = decoder->member.kind == MEMBER_SEALED_JSON;
    if (decoder->unseal == NULL)
        return true;
    if (!unseal_end(decoder->unseal, &what))
        return damaged(decoder, what);
    g_clear_pointer(&decoder->unseal, unseal_free);
    return json ? end_unsealed_json(decoder) : end_eml(decoder);
}

static bool end_data(Decoder *decoder)
{
    decoder->state = decoder->padding > 0 ? IN_PADDING : AT_HEADER;
    switch (decoder->member.kind) {
    case MEMBER_JSON:
        return end_json(decoder);
    case MEMBER_EML:
        return end_eml(decoder);
    case MEMBER_LEAF:
        return end_leaf(decoder);
    case MEMBER_SEALED_JSON:
    case MEMBER_SEALED_EML:
        return end_sealed(decoder);
    case MEMBER_EXTENDED:
        return true;
    }
    return true;
}

static bool take_header(Decoder *decoder, const guint8 **data, gsize *len)
{
    gsize take = MIN(*len, TAR_BLOCK - decoder->have);
    memcpy(decoder->header + decoder->have, *data, take);
    decoder->have += take;
    *data += take;
    *len -= take;
    if (decoder->have < TAR_BLOCK)
        return true;
    decoder->have = 0;
    return begin_member(decoder) && (decoder->state != IN_DATA || decoder->left > 0 || end_data(decoder));
}

static bool take(Decoder *decoder, const guint8 *data, gsize len)
{
    while (len > 0 && !decoder->satisfied) {
        if (decoder->state == AT_HEADER) {
            if (!take_header(decoder, &data, &len))
                return false;
            continue;
        }
        guint64 *left = decoder->state == IN_DATA ? &decoder->left : &decoder->padding;
        gsize part = (gsize)MIN((guint64)len, *left);
        if (decoder->state == IN_DATA && !take_data(decoder, data, part))
            return false;
        *left -= part;
        data += part;
        len -= part;
        if (*left > 0)
            continue;
        if (decoder->state == IN_PADDING)
            decoder->state = AT_HEADER;
        else if (!end_data(decoder))
            return false;
    }
    return true;
}

static bool finish(Decoder *decoder)
{
    Decoded *out = decoder->out;
    out->kind = decoder->zeros_seen ? RECORD_END : decoder->eml_seen ? RECORD_MESSAGE : RECORD_EVENT;
    if (decoder->satisfied)
        return true;
    if (decoder->state != AT_HEADER || decoder->have > 0)
        return damaged(decoder, "tar member cut short");
    if (!decoder->json_seen && !decoder->zeros_seen)
        return damaged(decoder, "a frame without a record");
    // Events are never sealed.
    bool event = out->seal == SEAL_NONE && json_object_get(out->meta, "event") != NULL;
    if (!decoder->eml_seen && !decoder->zeros_seen && !event)
        return damaged(decoder, "metadata without its message");
    return true;
}

// ---- the frame -------------------------------------------------------------------------------------------

static bool decompress(Decoder *decoder, FrameFile *file, int64_t offset, int64_t length, ZSTD_DCtx *context)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK_OUT);
    int64_t end = offset + length;
    while (offset < end) {
        gsize have;
        // The checksum goes in last and alone: before it can fail, the record's id has come out.
        int64_t part = offset < end - CHECKSUM_LEN ? end - CHECKSUM_LEN - offset : end - offset;
        const guint8 *data = frame_peek(file, offset, (gsize)MIN(part, CHUNK_OUT), &have);
        if (have == 0)
            return damaged(decoder, "the file ends inside the frame");
        ZSTD_inBuffer in = {data, have, 0};
        size_t hint = 1;
        bool more = true;
        while (more) {
            ZSTD_outBuffer out = {buffer, CHUNK_OUT, 0};
            hint = ZSTD_decompressStream(context, &out, &in);
            if (ZSTD_isError(hint)) {
                g_autofree char *what = g_strdup_printf("frame: %s", ZSTD_getErrorName(hint));
                return damaged(decoder, what);
            }
            if (!take(decoder, buffer, out.pos))
                return false;
            if (decoder->satisfied)
                return true;
            more = hint != 0 && (in.pos < in.size || out.pos == out.size);
        }
        offset += (int64_t)in.pos;
        if (hint == 0)
            return offset == end || damaged(decoder, "frame shorter than its blocks");
    }
    return damaged(decoder, "frame without its end");
}

bool decode_frame(FrameFile *file, int64_t offset, int64_t length, DecodeDepth depth, ZSTD_DCtx *context,
                  KeysRing *ring, Decoded *out)
{
    *out = (Decoded){0};
    Decoder decoder = {.depth = depth, .out = out, .ring = ring};
    size_t failed = ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
    if (!ZSTD_isError(failed))
        failed = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    bool ok = ZSTD_isError(failed) ? damaged(&decoder, ZSTD_getErrorName(failed))
                                   : decompress(&decoder, file, offset, length, context) && finish(&decoder);
    out->json = out->seal == SEAL_NONE || out->seal == SEAL_OPENED ? g_steal_pointer(&decoder.json) : NULL;
    g_clear_pointer(&decoder.json, g_byte_array_unref);
    unseal_free(decoder.unseal);
    json_decref(decoder.leaf);
    keys_record_clear(&decoder.key);
    return ok;
}
