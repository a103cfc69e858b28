#include "feeds/texts.h"

#include <sodium.h>
#include <string.h>

#define CHUNK_BITS 22
#define CHUNK      ((guint64)1 << CHUNK_BITS)
#define CHUNKS     ((guint64)1 << (32 - CHUNK_BITS))

// Hash and place of a text. The hash is keyed: who writes a roster's rows cannot make them collide.
typedef struct {
    guint32 hash, text; // text 0: free
} Slot;

struct ModelTexts {
    char *chunks[CHUNKS]; // a text longer than a chunk has several that lie side by side
    bool owned[CHUNKS];
    guint64 end;
    Slot *slots;
    guint32 mask, count;
    unsigned char key[crypto_shorthash_KEYBYTES];
    bool full;
};

ModelTexts *texts_new(void)
{
    ModelTexts *texts = g_new0(ModelTexts, 1);
    texts->mask = 1023;
    texts->slots = g_new0(Slot, texts->mask + 1);
    texts->chunks[0] = g_malloc(CHUNK);
    texts->owned[0] = true;
    texts->chunks[0][0] = '\0';
    texts->end = 1;
    crypto_shorthash_keygen(texts->key);
    return texts;
}

void texts_free(ModelTexts *texts)
{
    if (texts == NULL)
        return;
    for (gsize i = 0; i < CHUNKS; i++)
        if (texts->owned[i])
            g_free(texts->chunks[i]);
    g_free(texts->slots);
    g_free(texts);
}

const char *texts_at(const ModelTexts *texts, guint32 text)
{
    return texts->chunks[text >> CHUNK_BITS] + (text & (CHUNK - 1));
}

bool texts_full(const ModelTexts *texts)
{
    return texts->full;
}

static guint32 hash_of(const ModelTexts *texts, const char *text, gsize len)
{
    unsigned char out[crypto_shorthash_BYTES];
    guint32 hash;
    crypto_shorthash(out, (const unsigned char *)text, len, texts->key);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

// The slot of the text, or the free one where it belongs.
static Slot *slot_of(const ModelTexts *texts, const char *text, guint32 hash)
{
    guint32 at = hash & texts->mask;
    for (; texts->slots[at].text != 0; at = (at + 1) & texts->mask)
        if (texts->slots[at].hash == hash && strcmp(texts_at(texts, texts->slots[at].text), text) == 0)
            break;
    return &texts->slots[at];
}

static void grow(ModelTexts *texts)
{
    Slot *old = texts->slots;
    guint32 old_mask = texts->mask;
    texts->mask = old_mask * 2 + 1;
    texts->slots = g_new0(Slot, (gsize)texts->mask + 1);
    for (gsize i = 0; i <= old_mask; i++) {
        guint32 at = old[i].hash & texts->mask;
        if (old[i].text == 0)
            continue;
        while (texts->slots[at].text != 0)
            at = (at + 1) & texts->mask;
        texts->slots[at] = old[i];
    }
    g_free(old);
}

// Room for `size` bytes in one piece; 0 when there is none.
static guint32 take(ModelTexts *texts, gsize size)
{
    guint64 at = texts->end, chunk = at >> CHUNK_BITS;
    if ((at & (CHUNK - 1)) == 0 || (at & (CHUNK - 1)) + size > CHUNK) {
        guint64 first = (at + CHUNK - 1) >> CHUNK_BITS, more = (size + CHUNK - 1) >> CHUNK_BITS;
        if (first + more > CHUNKS)
            return 0;
        char *memory = g_malloc(more << CHUNK_BITS);
        for (guint64 i = 0; i < more; i++)
            texts->chunks[first + i] = memory + (i << CHUNK_BITS);
        texts->owned[first] = true;
        chunk = first;
        at = chunk << CHUNK_BITS;
    }
    texts->end = at + size;
    return (guint32)at;
}

guint32 texts_add(ModelTexts *texts, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return 0;
    gsize len = strlen(text);
    guint32 hash = hash_of(texts, text, len);
    Slot *slot = slot_of(texts, text, hash);
    if (slot->text != 0)
        return slot->text;
    guint32 at = take(texts, len + 1);
    if (at == 0) {
        texts->full = true;
        return 0;
    }
    memcpy(texts->chunks[at >> CHUNK_BITS] + (at & (CHUNK - 1)), text, len + 1);
    *slot = (Slot){hash, at};
    if (++texts->count > texts->mask / 4 * 3)
        grow(texts);
    return at;
}

bool texts_find(const ModelTexts *texts, const char *text, guint32 *out)
{
    *out = 0;
    if (text == NULL || text[0] == '\0')
        return true;
    *out = slot_of(texts, text, hash_of(texts, text, strlen(text)))->text;
    return *out != 0;
}
