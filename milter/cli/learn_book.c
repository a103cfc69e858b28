#include "cli/learn.h"

#include <string.h>

#define BOOK_DIGEST 16 // bytes of SHA-256 that tell paragraphs apart

typedef struct {
    LearnBlock told;
    GArray *senders; // of guint64, rising
    guint64 met;     // number of the last time
} BookEntry;

struct LearnBook {
    GHashTable *entries; // digest of the words -> BookEntry
    guint most_blocks, most_senders;
    guint64 met, forgotten;
};

void learn_block_free(LearnBlock *block)
{
    if (block) {
        g_free(block->text);
        g_free(block);
    }
}

static void entry_free(gpointer data)
{
    BookEntry *entry = data;
    g_array_unref(entry->senders);
    g_free(entry->told.text);
    g_free(entry);
}

LearnBook *learn_book_new(guint blocks, guint senders)
{
    LearnBook *book = g_new0(LearnBook, 1);
    book->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    book->most_blocks = MAX(blocks, 2);
    book->most_senders = MAX(senders, 1);
    return book;
}

void learn_book_free(LearnBook *book)
{
    if (book) {
        g_hash_table_unref(book->entries);
        g_free(book);
    }
}

static char *book_digest(const char *text)
{
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    digest[2 * BOOK_DIGEST] = '\0';
    return digest;
}

static guint64 book_sender(const char *sender)
{
    g_autofree char *digest = book_digest(sender);
    digest[16] = '\0';
    return g_ascii_strtoull(digest, NULL, 16);
}

// Adds `sender` to the rising list unless it is there or the list is full; false when it was full.
static bool senders_add(GArray *senders, guint64 sender, guint most)
{
    guint low = 0, high = senders->len;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        if (g_array_index(senders, guint64, mid) < sender)
            low = mid + 1;
        else
            high = mid;
    }
    bool there = low < senders->len && g_array_index(senders, guint64, low) == sender;
    bool room = senders->len < most;
    if (!there && room)
        g_array_insert_val(senders, low, sender);
    return there || room;
}

// ---- forgetting ----

static int entry_poorest_first(gconstpointer a, gconstpointer b)
{
    const BookEntry *one = *(BookEntry *const *)a, *other = *(BookEntry *const *)b;
    int order = (one->senders->len > other->senders->len) - (one->senders->len < other->senders->len);
    return order ? order : (one->met > other->met) - (one->met < other->met);
}

static void book_forget(LearnBook *book)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autoptr(GHashTable) doomed = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer entry;
    g_hash_table_iter_init(&iter, book->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        g_ptr_array_add(all, entry);
    g_ptr_array_sort(all, entry_poorest_first);
    for (guint i = 0; i < all->len / 2; i++)
        g_hash_table_add(doomed, g_ptr_array_index(all, i));
    g_hash_table_iter_init(&iter, book->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        if (g_hash_table_contains(doomed, entry)) {
            g_hash_table_iter_remove(&iter);
            book->forgotten++;
        }
}

// ---- counting ----

void learn_book_add(LearnBook *book, const char *words, const char *text, const char *sender, int64_t when_us)
{
    char *digest = book_digest(words);
    BookEntry *entry = g_hash_table_lookup(book->entries, digest);
    if (!entry) {
        if (g_hash_table_size(book->entries) >= book->most_blocks)
            book_forget(book);
        entry = g_new0(BookEntry, 1);
        entry->senders = g_array_new(FALSE, FALSE, sizeof(guint64));
        entry->told.text = g_strdup(text);
        entry->told.first_us = entry->told.last_us = when_us;
        g_hash_table_insert(book->entries, g_steal_pointer(&digest), entry);
    }
    g_free(digest);
    entry->told.more |= !senders_add(entry->senders, book_sender(sender), book->most_senders);
    entry->told.messages++;
    entry->told.first_us = MIN(entry->told.first_us, when_us);
    entry->told.last_us = MAX(entry->told.last_us, when_us);
    entry->met = ++book->met;
}

static int block_most_first(gconstpointer a, gconstpointer b)
{
    const LearnBlock *one = *(LearnBlock *const *)a, *other = *(LearnBlock *const *)b;
    int order = (one->senders < other->senders) - (one->senders > other->senders);
    order = order ? order : (one->messages < other->messages) - (one->messages > other->messages);
    return order ? order : strcmp(one->text, other->text);
}

GPtrArray *learn_book_sent(const LearnBook *book, guint least)
{
    GPtrArray *sent = g_ptr_array_new_with_free_func((GDestroyNotify)learn_block_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, book->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const BookEntry *entry = value;
        if (entry->senders->len >= least) {
            LearnBlock *block = g_memdup2(&entry->told, sizeof entry->told);
            block->text = g_strdup(entry->told.text);
            block->senders = entry->senders->len;
            g_ptr_array_add(sent, block);
        }
    }
    g_ptr_array_sort(sent, block_most_first);
    return sent;
}

guint64 learn_book_forgotten(const LearnBook *book)
{
    return book->forgotten;
}
