#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK = 128 * 1024,
    IN_MEMORY = 1024 * 1024, // larger frames wait for the writer in an unlinked file
};

void frame_clear(Frame *frame)
{
    g_clear_pointer(&frame->bytes, g_byte_array_unref);
    if (frame->fd >= 0)
        close(frame->fd);
    frame->fd = -1;
}

char *encode_json(const json_t *json, GError **error)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "a record's metadata cannot be written as JSON");
    return text;
}

// All of `len` bytes at `offset`.
static bool read_at(int fd, guint8 *buffer, gsize len, int64_t offset, GError **error)
{
    while (len > 0) {
        ssize_t n = pread(fd, buffer, len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "reading the message to archive: %s",
                        n < 0 ? g_strerror(errno) : "shorter than announced");
            return false;
        }
        buffer += n;
        len -= (gsize)n;
        offset += n;
    }
    return true;
}

char *encode_hash_fd(int fd, int64_t len, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK);
    crypto_hash_sha256_state state;
    guint8 hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    for (int64_t done = 0; done < len;) {
        gsize want = (gsize)MIN(CHUNK, len - done);
        if (!read_at(fd, buffer, want, done, error))
            return NULL;
        crypto_hash_sha256_update(&state, buffer, want);
        done += (int64_t)want;
    }
    crypto_hash_sha256_final(&state, hash);
    return hex_encode(hash, sizeof hash);
}

// ---- the frame as it grows -------------------------------------------------------------------------------

static bool spool_open(Frame *frame, const char *dir, GError **error)
{
    frame->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (frame->fd < 0) {
        // A file system without nameless files.
        g_autofree char *path = g_strconcat(dir, "/.spool-XXXXXX", NULL);
        frame->fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
        if (frame->fd < 0 || g_unlink(path) != 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot spool a record: %s", path,
                        g_strerror(errno));
            return false;
        }
    }
    bool ok = file_write_all(frame->fd, frame->bytes->data, frame->bytes->len, dir, error);
    g_clear_pointer(&frame->bytes, g_byte_array_unref);
    return ok;
}

static bool sink(Frame *frame, const char *dir, const void *data, gsize len, GError **error)
{
    frame->length += (int64_t)len;
    if (frame->fd < 0 && frame->bytes->len + len > IN_MEMORY && !spool_open(frame, dir, error))
        return false;
    if (frame->fd >= 0)
        return file_write_all(frame->fd, data, len, dir, error);
    g_byte_array_append(frame->bytes, data, (guint)len);
    return true;
}

typedef struct {
    ZSTD_CCtx *context;
    const char *dir;
    Frame *frame;
    guint8 *out;        // CHUNK
    KeysCipher *cipher; // NULL = in clear
} Encoder;

static bool feed(Encoder *encoder, const void *data, gsize len, ZSTD_EndDirective directive, GError **error)
{
    ZSTD_inBuffer in = {data, len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {encoder->out, CHUNK, 0};
        left = ZSTD_compressStream2(encoder->context, &out, &in, directive);
        if (ZSTD_isError(left)) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "compressing a record: %s",
                        ZSTD_getErrorName(left));
            return false;
        }
        if (encoder->cipher != NULL && !keys_cipher_run(encoder->cipher, out.dst, out.pos, out.dst, error))
            return false;
        if (out.pos > 0 && !sink(encoder->frame, encoder->dir, out.dst, out.pos, error))
            return false;
    } while (in.pos < in.size || (directive == ZSTD_e_end && left > 0));
    return true;
}

static bool begin(Encoder *encoder, int level, guint64 total, GError **error)
{
    ZSTD_CCtx *context = encoder->context;
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    size_t failed = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(failed))
        failed = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (!ZSTD_isError(failed))
        failed = ZSTD_CCtx_setPledgedSrcSize(context, total);
    if (ZSTD_isError(failed))
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "zstd: %s", ZSTD_getErrorName(failed));
    return !ZSTD_isError(failed);
}

static bool put_header(Encoder *encoder, const EncodeInput *input, MemberKind kind, guint64 size,
                       GError **error)
{
    TarMember member = {.kind = kind, .size = size};
    guint8 block[TAR_BLOCK];
    g_strlcpy(member.id, input->id, sizeof member.id);
    tar_header(block, &member, input->time_us / G_USEC_PER_SEC);
    return feed(encoder, block, sizeof block, ZSTD_e_continue, error);
}

static bool put_padding(Encoder *encoder, guint64 size, ZSTD_EndDirective directive, GError **error)
{
    static const guint8 zeros[TAR_BLOCK];
    return feed(encoder, zeros, (gsize)tar_padding(size), directive, error);
}

static bool put_file(Encoder *encoder, int fd, int64_t len, ZSTD_EndDirective directive, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK);
    for (int64_t done = 0; done < len;) {
        gsize want = (gsize)MIN(CHUNK, len - done);
        if (!read_at(fd, buffer, want, done, error) || !feed(encoder, buffer, want, ZSTD_e_continue, error))
            return false;
        done += (int64_t)want;
    }
    return directive == ZSTD_e_continue || feed(encoder, "", 0, directive, error);
}

static bool put_message(Encoder *encoder, const EncodeInput *input, GError **error)
{
    return put_file(encoder, input->fd, input->len, ZSTD_e_continue, error) &&
           put_padding(encoder, (guint64)input->len, ZSTD_e_end, error);
}

static bool encode(Encoder *encoder, const EncodeInput *input, GError **error)
{
    bool message = input->fd >= 0;
    guint64 json_len = strlen(input->json);
    guint64 total = TAR_BLOCK + json_len + tar_padding(json_len);
    if (message)
        total += TAR_BLOCK + (guint64)input->len + tar_padding((guint64)input->len);
    // The JSON goes first: lists are made from the heads of the frames, without reading the messages.
    return begin(encoder, input->level, total, error) &&
           put_header(encoder, input, MEMBER_JSON, json_len, error) &&
           feed(encoder, input->json, json_len, ZSTD_e_continue, error) &&
           put_padding(encoder, json_len, message ? ZSTD_e_continue : ZSTD_e_end, error) &&
           (!message || (put_header(encoder, input, MEMBER_EML, (guint64)input->len, error) &&
                         put_message(encoder, input, error)));
}

// ---- sealed ------------------------------------------------------------------------------------------------

// What is sealed as member `kind`: its JSON or its message, packed and encrypted.
static bool seal_part(const EncodeInput *input, MemberKind kind, guint8 *buffer, Frame *out, GError **error)
{
    bool json = kind == MEMBER_SEALED_JSON;
    guint8 nonce[KEYS_NONCE], tag[KEYS_TAG];
    g_autofree char *name = g_strconcat(input->id, tar_suffix(kind), NULL);
    keys_nonce(input->key, json ? 0 : 1, nonce);
    *out = (Frame){.bytes = g_byte_array_new(), .fd = -1};
    g_autoptr(KeysCipher) cipher = keys_cipher_new(input->key, nonce, name, true, error);
    Encoder encoder = {input->context, input->dir, out, buffer, cipher};
    gsize json_len = strlen(input->json);
    return cipher != NULL && begin(&encoder, input->level, json ? json_len : (guint64)input->len, error) &&
           sink(out, input->dir, nonce, sizeof nonce, error) &&
           (json ? feed(&encoder, input->json, json_len, ZSTD_e_end, error)
                 : put_file(&encoder, input->fd, input->len, ZSTD_e_end, error)) &&
           keys_cipher_tag(cipher, tag, error) && sink(out, input->dir, tag, sizeof tag, error);
}

static bool put_part(Encoder *encoder, const EncodeInput *input, MemberKind kind, const Frame *part,
                     ZSTD_EndDirective directive, GError **error)
{
    return put_header(encoder, input, kind, (guint64)part->length, error) &&
           (part->fd >= 0 ? put_file(encoder, part->fd, part->length, ZSTD_e_continue, error)
                          : feed(encoder, part->bytes->data, part->bytes->len, ZSTD_e_continue, error)) &&
           put_padding(encoder, (guint64)part->length, directive, error);
}

static guint64 member_total(guint64 size)
{
    return TAR_BLOCK + size + tar_padding(size);
}

static bool encode_sealed(Encoder *encoder, const EncodeInput *input, GError **error)
{
    enum { LEAST = 1 }; // what is encrypted does not get smaller
    g_auto(Frame) json = {.fd = -1}, message = {.fd = -1};
    gsize leaf_len = strlen(input->leaf);
    return seal_part(input, MEMBER_SEALED_JSON, encoder->out, &json, error) &&
           seal_part(input, MEMBER_SEALED_EML, encoder->out, &message, error) &&
           begin(encoder, LEAST,
                 member_total(leaf_len) + member_total((guint64)json.length) +
                     member_total((guint64)message.length),
                 error) &&
           put_header(encoder, input, MEMBER_LEAF, leaf_len, error) &&
           feed(encoder, input->leaf, leaf_len, ZSTD_e_continue, error) &&
           put_padding(encoder, leaf_len, ZSTD_e_continue, error) &&
           put_part(encoder, input, MEMBER_SEALED_JSON, &json, ZSTD_e_continue, error) &&
           put_part(encoder, input, MEMBER_SEALED_EML, &message, ZSTD_e_end, error);
}

bool encode_record(const EncodeInput *input, Frame *out_frame, GError **error)
{
    *out_frame = (Frame){.bytes = g_byte_array_new(), .fd = -1};
    g_autofree guint8 *out = g_malloc(CHUNK);
    Encoder encoder = {input->context, input->dir, out_frame, out, NULL};
    bool ok = input->key != NULL ? encode_sealed(&encoder, input, error) : encode(&encoder, input, error);
    if (!ok)
        frame_clear(out_frame);
    return ok;
}

bool encode_end(Frame *out_frame, GError **error)
{
    static const guint8 zeros[TAR_END];
    *out_frame = (Frame){.bytes = g_byte_array_new(), .fd = -1};
    g_autofree guint8 *out = g_malloc(CHUNK);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    Encoder encoder = {context, "", out_frame, out, NULL};
    bool ok = context != NULL && begin(&encoder, 1, TAR_END, error) &&
              feed(&encoder, zeros, sizeof zeros, ZSTD_e_end, error);
    ZSTD_freeCCtx(context);
    if (!ok)
        frame_clear(out_frame);
    return ok;
}
