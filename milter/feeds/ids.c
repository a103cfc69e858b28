#include "feeds/ids.h"

#include <sodium.h>
#include <string.h>

#define SLOTS_LEAST 1024

typedef struct {
    guint32 hash[2]; // both 0: free
    guint32 row;
} Slot;

struct Ids {
    Slot *slots;
    guint32 mask, count;
    unsigned char key[crypto_shorthash_KEYBYTES];
};

Ids *ids_new(void)
{
    Ids *ids = g_new0(Ids, 1);
    ids->mask = SLOTS_LEAST - 1;
    ids->slots = g_new0(Slot, SLOTS_LEAST);
    crypto_shorthash_keygen(ids->key);
    return ids;
}

void ids_free(Ids *ids)
{
    if (ids == NULL)
        return;
    g_free(ids->slots);
    g_free(ids);
}

// The slot of the hash, or the free one where it belongs.
static Slot *slot_of(const Ids *ids, const guint32 *hash)
{
    guint32 at = hash[0] & ids->mask;
    for (; ids->slots[at].hash[0] != 0 || ids->slots[at].hash[1] != 0; at = (at + 1) & ids->mask)
        if (ids->slots[at].hash[0] == hash[0] && ids->slots[at].hash[1] == hash[1])
            break;
    return &ids->slots[at];
}

static Slot *find(const Ids *ids, const char *id, guint32 *out_hash)
{
    unsigned char bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, (const unsigned char *)id, strlen(id), ids->key);
    memcpy(out_hash, bytes, sizeof bytes);
    out_hash[1] |= out_hash[0] == 0;
    return slot_of(ids, out_hash);
}

static void grow(Ids *ids)
{
    Slot *old = ids->slots;
    guint32 old_mask = ids->mask;
    ids->mask = old_mask * 2 + 1;
    ids->slots = g_new0(Slot, (gsize)ids->mask + 1);
    for (gsize i = 0; i <= old_mask; i++)
        if (old[i].hash[0] != 0 || old[i].hash[1] != 0)
            *slot_of(ids, old[i].hash) = old[i];
    g_free(old);
}

void ids_put(Ids *ids, const char *id, guint32 row)
{
    Slot made = {.row = row};
    *find(ids, id, made.hash) = made;
    if (++ids->count > ids->mask / 8 * 5)
        grow(ids);
}

guint32 ids_find(const Ids *ids, const char *id)
{
    guint32 hash[2];
    const Slot *slot = find(ids, id, hash);
    return slot->hash[0] != 0 || slot->hash[1] != 0 ? slot->row : IDS_NONE;
}
