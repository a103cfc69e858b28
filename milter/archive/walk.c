#include "archive/internal.h"

#include <errno.h>

enum { CHECKSUM_LEN = 4 };

void walk_init(Walk *walk, int fd, DecodeDepth depth)
{
    *walk = (Walk){.context = ZSTD_createDCtx(), .depth = depth};
    frame_file_init(&walk->file, fd);
    if (walk->context == NULL)
        walk->file.failed = ENOMEM;
    // A hostile file can hold a magic number every few bytes: what the search may cost is bounded by the
    // file's size.
    walk->budget = 4 * walk->file.end + 64 * 1024 * 1024;
}

void walk_clear(Walk *walk)
{
    frame_file_clear(&walk->file);
    ZSTD_freeDCtx(walk->context);
    walk->context = NULL;
}

void walk_item_clear(WalkItem *item)
{
    decoded_clear(&item->record);
}

// A whole, sound record at `offset`? Costs budget where there is none.
static bool frame_is_sound(Walk *walk, int64_t offset)
{
    int64_t length;
    Decoded decoded = {0};
    FrameShape shape = frame_shape(&walk->file, offset, &length);
    bool sound = shape == FRAME_WHOLE &&
                 decode_frame(&walk->file, offset, length, DECODE_CHECK, walk->context, NULL, &decoded);
    decoded_clear(&decoded);
    if (!sound)
        walk->budget -= length + 64;
    return sound;
}

// The next sound frame after `from`; -1 = none, or not found within the budget.
static int64_t search_sound(Walk *walk, int64_t from)
{
    while (walk->budget > 0) {
        int64_t found = frame_search(&walk->file, from);
        if (found < 0 || frame_is_sound(walk, found))
            return found;
        from = found + 1;
    }
    return -1;
}

static WalkStep walk_damage(Walk *walk, WalkItem *item, const char *what)
{
    int64_t next = search_sound(walk, item->offset + 1);
    if (walk->file.failed != 0)
        return WALK_FAILED;
    item->length = (next >= 0 ? next : walk->file.end) - item->offset;
    walk->offset = item->offset + item->length;
    if (item->record.what == NULL)
        item->record.what = g_strdup(what);
    return next >= 0 ? WALK_DAMAGE : WALK_TAIL;
}

// After a frame that could not be decoded: are its blocks to be believed about where it ends?
static bool ends_at_frame(Walk *walk, int64_t offset)
{
    int64_t length;
    if (offset == walk->file.end)
        return true;
    FrameShape shape = frame_shape(&walk->file, offset, &length);
    return shape == FRAME_WHOLE || shape == FRAME_SKIPPABLE || shape == FRAME_ZEROS;
}

static WalkStep walk_whole(Walk *walk, WalkItem *item)
{
    if (decode_frame(&walk->file, item->offset, item->length, walk->depth, walk->context, walk->ring,
                     &item->record)) {
        walk->offset = item->offset + item->length;
        walk->ended = walk->ended || item->record.kind == RECORD_END;
        return WALK_RECORD;
    }
    if (walk->file.failed != 0)
        return WALK_FAILED;
    // A frame whose checksum is zeros, like all behind it: its last pages never reached the disk.
    if (frame_zeros_to_end(&walk->file, item->offset + item->length - CHECKSUM_LEN))
        return walk_damage(walk, item, NULL);
    if (!ends_at_frame(walk, item->offset + item->length))
        return walk_damage(walk, item, NULL);
    walk->offset = item->offset + item->length;
    return WALK_DAMAGE;
}

WalkStep walk_next(Walk *walk, WalkItem *item)
{
    for (;;) {
        *item = (WalkItem){.offset = walk->offset};
        if (walk->file.failed != 0)
            return WALK_FAILED;
        if (walk->offset >= walk->file.end)
            return WALK_END;
        switch (frame_shape(&walk->file, walk->offset, &item->length)) {
        case FRAME_SKIPPABLE:
            walk->offset += item->length;
            continue;
        case FRAME_WHOLE:
            return walk_whole(walk, item);
        case FRAME_ZEROS:
            item->length = walk->file.end - item->offset;
            item->zeros = true;
            walk->offset = walk->file.end;
            return WALK_TAIL;
        case FRAME_CUT:
            return walk_damage(walk, item, "frame cut short");
        case FRAME_BAD:
            return walk_damage(walk, item, "no frame where one must be");
        case FRAME_FAILED:
            return WALK_FAILED;
        }
    }
}
