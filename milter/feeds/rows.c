#include "feeds/rows.h"

#include <sodium.h>

#define SLOTS_LEAST 64

void rows_init(Rows *rows, RowsKey key, const void *data)
{
    *rows = (Rows){.slots = g_new0(guint32, SLOTS_LEAST), .mask = SLOTS_LEAST - 1, .key = key, .data = data};
    randombytes_buf(&rows->seed, sizeof rows->seed);
}

void rows_clear(Rows *rows)
{
    g_free(rows->slots);
    *rows = (Rows){0};
}

static guint32 place(const Rows *rows, guint64 key)
{
    key ^= rows->seed;
    key = (key ^ key >> 33) * G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
    key = (key ^ key >> 33) * G_GUINT64_CONSTANT(0xc4ceb9fe1a85ec53);
    return (guint32)(key ^ key >> 33) & rows->mask;
}

static guint32 *slot_of(const Rows *rows, guint64 key)
{
    guint32 at = place(rows, key);
    while (rows->slots[at] != 0 && rows->key(rows->data, rows->slots[at] - 1) != key)
        at = (at + 1) & rows->mask;
    return &rows->slots[at];
}

guint32 rows_find(const Rows *rows, guint64 key)
{
    guint32 slot = *slot_of(rows, key);
    return slot != 0 ? slot - 1 : ROWS_NONE;
}

static void grow(Rows *rows)
{
    guint32 *old = rows->slots, old_mask = rows->mask;
    rows->mask = old_mask * 2 + 1;
    rows->slots = g_new0(guint32, (gsize)rows->mask + 1);
    for (gsize i = 0; i <= old_mask; i++) {
        if (old[i] == 0)
            continue;
        guint32 at = place(rows, rows->key(rows->data, old[i] - 1));
        while (rows->slots[at] != 0)
            at = (at + 1) & rows->mask;
        rows->slots[at] = old[i];
    }
    g_free(old);
}

guint32 rows_put(Rows *rows, guint32 row)
{
    guint32 *slot = slot_of(rows, rows->key(rows->data, row));
    guint32 before = *slot != 0 ? *slot - 1 : ROWS_NONE;
    *slot = row + 1;
    if (before == ROWS_NONE && ++rows->count > rows->mask / 4 * 3)
        grow(rows);
    return before;
}
