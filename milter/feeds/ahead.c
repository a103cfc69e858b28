#include "feeds/ahead.h"

#include <string.h>

#define BLOCKS 3
#define BLOCK  (512 * 1024)

typedef struct {
    char *data;
    gssize filled; // 0: the end; -1: failed
    gsize taken;
} Block;

struct Ahead {
    AheadRead read;
    void *data;
    GThread *thread;
    GMutex lock;
    GCond changed;
    Block blocks[BLOCKS];
    guint first, count; // of blocks filled and not yet taken
    GError *error;      // of the block that failed
    bool stop;
};

// The next block to fill; NULL when nobody wants more.
static Block *wait_free(Ahead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->count == BLOCKS && !ahead->stop)
        g_cond_wait(&ahead->changed, &ahead->lock);
    Block *block = ahead->stop ? NULL : &ahead->blocks[(ahead->first + ahead->count) % BLOCKS];
    g_mutex_unlock(&ahead->lock);
    return block;
}

static void *run(void *data)
{
    Ahead *ahead = data;
    gssize got = 1;
    for (Block *block = wait_free(ahead); block != NULL && got > 0;
         block = got > 0 ? wait_free(ahead) : NULL) {
        g_autoptr(GError) error = NULL;
        got = ahead->read(ahead->data, block->data, BLOCK, &error);
        block->filled = got;
        block->taken = 0;
        g_mutex_lock(&ahead->lock);
        ahead->count++;
        ahead->error = g_steal_pointer(&error);
        g_cond_signal(&ahead->changed);
        g_mutex_unlock(&ahead->lock);
    }
    return NULL;
}

Ahead *ahead_new(AheadRead read, void *data)
{
    Ahead *ahead = g_new0(Ahead, 1);
    ahead->read = read;
    ahead->data = data;
    g_mutex_init(&ahead->lock);
    g_cond_init(&ahead->changed);
    for (int i = 0; i < BLOCKS; i++)
        ahead->blocks[i].data = g_malloc(BLOCK);
    ahead->thread = g_thread_new("read-ahead", run, ahead);
    return ahead;
}

// The oldest filled block.
static Block *wait_filled(Ahead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->count == 0)
        g_cond_wait(&ahead->changed, &ahead->lock);
    Block *block = &ahead->blocks[ahead->first];
    g_mutex_unlock(&ahead->lock);
    return block;
}

static void give_back(Ahead *ahead)
{
    g_mutex_lock(&ahead->lock);
    ahead->first = (ahead->first + 1) % BLOCKS;
    ahead->count--;
    g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
}

gssize ahead_read(Ahead *ahead, void *buf, gsize len, GError **error)
{
    Block *block = wait_filled(ahead);
    if (block->filled <= 0) { // the last: it stays
        if (block->filled < 0 && ahead->error != NULL)
            g_propagate_error(error, g_steal_pointer(&ahead->error));
        return block->filled;
    }
    gsize take = MIN(len, (gsize)block->filled - block->taken);
    memcpy(buf, block->data + block->taken, take);
    block->taken += take;
    if (block->taken == (gsize)block->filled)
        give_back(ahead);
    return (gssize)take;
}

void ahead_free(Ahead *ahead)
{
    if (ahead == NULL)
        return;
    g_mutex_lock(&ahead->lock);
    ahead->stop = true;
    g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
    g_thread_join(ahead->thread);
    for (int i = 0; i < BLOCKS; i++) {
        // Passwords of a roster go through here.
        explicit_bzero(ahead->blocks[i].data, BLOCK);
        g_free(ahead->blocks[i].data);
    }
    g_clear_error(&ahead->error);
    g_mutex_clear(&ahead->lock);
    g_cond_clear(&ahead->changed);
    g_free(ahead);
}
