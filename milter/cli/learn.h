// learn, inside: paragraphs and by how many they were sent, in bounded memory.
#pragma once

#include "base/base.h"

typedef struct {
    char *text; // as it was met first
    guint64 senders, messages;
    bool more; // the senders are at least so many
    int64_t first_us, last_us;
} LearnBlock;
void learn_block_free(LearnBlock *block);

typedef struct LearnBook LearnBook;
// Keeps at most `blocks` paragraphs and `senders` senders of each. When it is full, it forgets the half that fewest
// sent, of these what was met longest ago.
LearnBook *learn_book_new(guint blocks, guint senders);
void learn_book_free(LearnBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LearnBook, learn_book_free)
// `words` tell paragraphs apart; `when_us` is when it was sent.
void learn_book_add(LearnBook *book, const char *words, const char *text, const char *sender,
                    int64_t when_us);
// Those that `least` senders or more sent, most senders first. GPtrArray of LearnBlock; caller unrefs.
GPtrArray *learn_book_sent(const LearnBook *book, guint least);
// Paragraphs forgotten.
guint64 learn_book_forgotten(const LearnBook *book);
