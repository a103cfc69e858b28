#include "archive/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// RFC 8878, 3.1: the parts of a frame that tell its length. Lengths are taken from the block headers and
// checked against the file, never from the content size a frame claims.
enum { WINDOW = 64 * 1024, MAGIC_LEN = 4, BLOCK_MAX = 128 * 1024, SKIP_HEADER = 8, EMPTY_BLOCKS_MAX = 2 };
static const guint8 MAGIC[MAGIC_LEN] = {0x28, 0xb5, 0x2f, 0xfd};

void frame_file_init(FrameFile *file, int fd)
{
    *file = (FrameFile){.fd = fd, .buffer = g_malloc(WINDOW)};
    frame_file_refresh(file);
}

void frame_file_clear(FrameFile *file)
{
    g_clear_pointer(&file->buffer, g_free);
}

bool frame_file_refresh(FrameFile *file)
{
    struct stat now;
    int64_t before = file->end;
    if (fstat(file->fd, &now) != 0)
        file->failed = errno;
    else
        file->end = now.st_size;
    file->have = 0;
    return file->end != before;
}

const guint8 *frame_peek(FrameFile *file, int64_t offset, gsize len, gsize *out_len)
{
    len = MIN(len, WINDOW);
    len = offset >= file->end ? 0 : (gsize)MIN((int64_t)len, file->end - offset);
    bool inside = offset >= file->at && offset + (int64_t)len <= file->at + (int64_t)file->have;
    if (!inside && len > 0) {
        file->at = offset;
        file->have = 0;
        gsize want = (gsize)MIN((int64_t)WINDOW, file->end - offset);
        while (file->have < want) {
            ssize_t n =
                pread(file->fd, file->buffer + file->have, want - file->have, offset + (int64_t)file->have);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                file->failed = errno;
            if (n <= 0)
                break;
            file->have += (gsize)n;
        }
        len = MIN(len, file->have);
    }
    *out_len = len;
    return len > 0 ? file->buffer + (offset - file->at) : file->buffer;
}

bool frame_zeros_to_end(FrameFile *file, int64_t offset)
{
    while (offset < file->end) {
        gsize len;
        const guint8 *data = frame_peek(file, offset, WINDOW, &len);
        if (len == 0)
            return false;
        for (gsize i = 0; i < len; i++)
            if (data[i] != 0)
                return false;
        offset += (int64_t)len;
    }
    return true;
}

// Bytes of the frame header from its descriptor on; 0 when we do not write such frames.
static gsize header_length(guint8 descriptor)
{
    static const gsize content_size[] = {0, 2, 4, 8};
    bool single = (descriptor & 0x20) != 0, reserved = (descriptor & 0x18) != 0;
    bool checksum = (descriptor & 0x04) != 0, dictionary = (descriptor & 0x03) != 0;
    gsize size_len = content_size[descriptor >> 6];
    if (reserved || !checksum || dictionary)
        return 0;
    if (single && size_len == 0)
        size_len = 1;
    return 1 + (single ? 0 : 1) + size_len;
}

static FrameShape shape_blocks(FrameFile *file, int64_t start, int64_t at, int64_t *out_length)
{
    int empty = 0;
    for (;;) {
        gsize have;
        const guint8 *block = frame_peek(file, at, 3, &have);
        *out_length = at - start;
        if (have < 3)
            return FRAME_CUT;
        guint32 header = block[0] | (guint32)block[1] << 8 | (guint32)block[2] << 16;
        guint32 type = header >> 1 & 3, size = header >> 3;
        bool last = (header & 1) != 0;
        if (type == 3 || size > BLOCK_MAX || (size == 0 && !last && ++empty > EMPTY_BLOCKS_MAX))
            return FRAME_BAD;
        at += 3 + (type == 1 ? 1 : (int64_t)size);
        if (last) {
            at += 4; // content checksum
            *out_length = at - start;
            return at <= file->end ? FRAME_WHOLE : FRAME_CUT;
        }
    }
}

static FrameShape shape_skippable(FrameFile *file, int64_t offset, int64_t *out_length)
{
    gsize have;
    const guint8 *head = frame_peek(file, offset, SKIP_HEADER, &have);
    if (have < SKIP_HEADER)
        return FRAME_CUT;
    guint32 size = head[4] | (guint32)head[5] << 8 | (guint32)head[6] << 16 | (guint32)head[7] << 24;
    *out_length = SKIP_HEADER + (int64_t)size;
    return offset + *out_length <= file->end ? FRAME_SKIPPABLE : FRAME_CUT;
}

FrameShape frame_shape(FrameFile *file, int64_t offset, int64_t *out_length)
{
    gsize have;
    const guint8 *head = frame_peek(file, offset, MAGIC_LEN + 1, &have);
    *out_length = (int64_t)have;
    if (file->failed != 0)
        return FRAME_FAILED;
    if (have >= 1 && head[0] == 0 && frame_zeros_to_end(file, offset))
        return FRAME_ZEROS;
    head = frame_peek(file, offset, MAGIC_LEN + 1, &have);
    if (have >= MAGIC_LEN && head[0] >> 4 == 5 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)
        return shape_skippable(file, offset, out_length);
    if (memcmp(head, MAGIC, MIN(have, MAGIC_LEN)) != 0)
        return FRAME_BAD;
    if (have < MAGIC_LEN + 1)
        return FRAME_CUT;
    gsize header = header_length(head[MAGIC_LEN]);
    if (header == 0)
        return FRAME_BAD;
    FrameShape shape = shape_blocks(file, offset, offset + MAGIC_LEN + (int64_t)header, out_length);
    return file->failed != 0 ? FRAME_FAILED : shape;
}

int64_t frame_search(FrameFile *file, int64_t from)
{
    for (;;) {
        gsize len;
        const guint8 *data = frame_peek(file, from, WINDOW, &len);
        if (len < MAGIC_LEN)
            return -1;
        const guint8 *hit = memmem(data, len, MAGIC, MAGIC_LEN);
        if (hit != NULL)
            return from + (hit - data);
        from += (int64_t)len - (MAGIC_LEN - 1);
    }
}

char *frame_hash(FrameFile *file, int64_t offset, int64_t length)
{
    enum { PIECE = 64 * 1024 };
    guint8 hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    while (length > 0) {
        gsize len = 0;
        const guint8 *data = frame_peek(file, offset, (gsize)MIN(length, PIECE), &len);
        if (data == NULL || len == 0)
            return NULL;
        len = (gsize)MIN((int64_t)len, length);
        crypto_hash_sha256_update(&state, data, len);
        offset += (int64_t)len;
        length -= (int64_t)len;
    }
    crypto_hash_sha256_final(&state, hash);
    return hex_encode(hash, sizeof hash);
}
