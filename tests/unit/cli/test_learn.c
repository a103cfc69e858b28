#include "cli/learn.h"

#include <criterion/criterion.h>
#include <string.h>

static void add(LearnBook *book, const char *text, const char *sender, int64_t when_us)
{
    g_autofree char *words = g_ascii_strdown(text, -1);
    learn_book_add(book, words, text, sender, when_us);
}

Test(learn, counts_senders_and_not_messages)
{
    g_autoptr(LearnBook) book = learn_book_new(100, 100);
    static const struct {
        const char *text, *sender;
        int64_t when_us;
    } SENT[] = {
        {"Notice A", "s1", 50}, {"notice a", "s2", 20}, {"NOTICE A", "s3", 90}, {"Notice A", "s2", 60},
        {"Notice B", "s1", 10}, {"Notice B", "s1", 11}, {"Notice B", "s1", 12}, {"Notice B", "s1", 13},
        {"Notice C", "s9", 70}, {"Notice C", "s8", 71},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(SENT); i++)
        add(book, SENT[i].text, SENT[i].sender, SENT[i].when_us);
    g_autoptr(GPtrArray) two = learn_book_sent(book, 2);
    cr_assert_eq(two->len, 2);
    const LearnBlock *first = g_ptr_array_index(two, 0), *second = g_ptr_array_index(two, 1);
    cr_expect_str_eq(first->text, "Notice A", "as it was met first");
    cr_expect_eq(first->senders, 3);
    cr_expect_eq(first->messages, 4);
    cr_expect_eq(first->first_us, 20);
    cr_expect_eq(first->last_us, 90);
    cr_expect_not(first->more);
    cr_expect_str_eq(second->text, "Notice C");
    g_autoptr(GPtrArray) three = learn_book_sent(book, 3), four = learn_book_sent(book, 4);
    cr_expect_eq(three->len, 1);
    cr_expect_eq(four->len, 0);
    cr_expect_eq(learn_book_forgotten(book), 0);
}

Test(learn, more_senders_than_are_kept)
{
    g_autoptr(LearnBook) book = learn_book_new(10, 7);
    for (int i = 0; i < 20; i++) {
        g_autofree char *sender = g_strdup_printf("person-%d", i % 12);
        add(book, "the same words", sender, i);
    }
    g_autoptr(GPtrArray) sent = learn_book_sent(book, 7);
    cr_assert_eq(sent->len, 1);
    const LearnBlock *block = g_ptr_array_index(sent, 0);
    cr_expect_eq(block->senders, 7);
    cr_expect(block->more);
    cr_expect_eq(block->messages, 20);
}

// What many send outlives a flood of paragraphs that are sent once.
Test(learn, memory_is_bounded_and_keeps_what_repeats)
{
    enum { BLOCKS = 50, FLOOD = 5000 };
    g_autoptr(LearnBook) book = learn_book_new(BLOCKS, 100);
    for (int i = 0; i < FLOOD; i++) {
        g_autofree char *rare = g_strdup_printf("paragraph number %d", i),
                        *who = g_strdup_printf("p%d", i % 40);
        add(book, rare, who, i);
        if (i % 20 == 0)
            add(book, "sent by all", who, i);
    }
    g_autoptr(GPtrArray) all = learn_book_sent(book, 1), repeated = learn_book_sent(book, 2);
    cr_expect_leq(all->len, BLOCKS);
    cr_assert_eq(repeated->len, 1);
    cr_expect_str_eq(((const LearnBlock *)g_ptr_array_index(repeated, 0))->text, "sent by all");
    cr_expect_eq(((const LearnBlock *)g_ptr_array_index(repeated, 0))->messages, FLOOD / 20);
    cr_expect_geq(learn_book_forgotten(book), FLOOD - BLOCKS);
}
