#include "archive/internal.h"

#include <string.h>

enum {
    CHUNK_OUT = 128 * 1024,
    CHECKSUM_LEN = 4,
    WINDOW_LOG_MAX = 23,         // what level 19 uses; more is not ours
    JSON_MAX = 64 * 1024 * 1024, // of metadata
    EXTENDED_MAX = 1024 * 1024,  // of pax records
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
} Decoder;

void decoded_clear(Decoded *decoded)
{
    g_clear_pointer(&decoded->meta, json_decref);
    g_clear_pointer(&decoded->json, g_byte_array_unref);
    g_clear_pointer(&decoded->raw, g_byte_array_unref);
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

// ---- the members -----------------------------------------------------------------------------------------

static bool is_zero(const guint8 *data, gsize len)
{
    return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

static bool begin_member(Decoder *decoder)
{
    if (is_zero(decoder->header, TAR_BLOCK)) {
        if (decoder->json_seen)
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
    if (member->kind == MEMBER_EXTENDED)
        return member->size <= EXTENDED_MAX || damaged(decoder, "pax records of absurd size");
    if (member->kind == MEMBER_JSON) {
        if (decoder->json_seen || member->size > JSON_MAX)
            return damaged(decoder, decoder->json_seen ? "two records in one frame" : "metadata too large");
        decoder->json_seen = true;
        memcpy(decoder->out->id, member->id, sizeof member->id);
        decoder->json = g_byte_array_new();
        decoder->satisfied = decoder->depth == DECODE_ID;
        return true;
    }
    if (!decoder->json_seen || decoder->eml_seen || strcmp(member->id, decoder->out->id) != 0)
        return damaged(decoder, "a message that does not belong to the metadata before it");
    if (decoder->depth == DECODE_RAW && member->size > RAW_MAX)
        return damaged(decoder, "message too large to hold in memory");
    decoder->eml_seen = true;
    crypto_hash_sha256_init(&decoder->hash);
    if (decoder->depth == DECODE_RAW)
        decoder->out->raw = g_byte_array_new();
    return true;
}

static void take_data(Decoder *decoder, const guint8 *data, gsize len)
{
    if (decoder->member.kind == MEMBER_JSON) {
        g_byte_array_append(decoder->json, data, (guint)len);
    } else if (decoder->member.kind == MEMBER_EML) {
        decoder->out->size += len;
        crypto_hash_sha256_update(&decoder->hash, data, len);
        if (decoder->out->raw != NULL)
            g_byte_array_append(decoder->out->raw, data, (guint)len);
    }
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

static bool end_data(Decoder *decoder)
{
    decoder->state = decoder->padding > 0 ? IN_PADDING : AT_HEADER;
    if (decoder->member.kind == MEMBER_JSON)
        return end_json(decoder);
    return decoder->member.kind == MEMBER_EXTENDED || end_eml(decoder);
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
        if (decoder->state == IN_DATA)
            take_data(decoder, data, part);
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
    if (!decoder->eml_seen && !decoder->zeros_seen && json_object_get(out->meta, "event") == NULL)
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
                  Decoded *out)
{
    *out = (Decoded){0};
    Decoder decoder = {.depth = depth, .out = out};
    size_t failed = ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
    if (!ZSTD_isError(failed))
        failed = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    bool ok = ZSTD_isError(failed) ? damaged(&decoder, ZSTD_getErrorName(failed))
                                   : decompress(&decoder, file, offset, length, context) && finish(&decoder);
    out->json = decoder.json;
    return ok;
}
