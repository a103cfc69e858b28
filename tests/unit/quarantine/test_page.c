// Lists of held messages: filters, pages by key, counts, what is alike.
#include "bench.h"

#include <criterion/criterion.h>
#include <string.h>

#define DAY_US ((int64_t)86400 * G_USEC_PER_SEC)
static void hold_one(Bench *bench, int number, const char *rule, int severity, const char *school,
                     const char *alike)
{
    char id[ULID_LEN + 1];
    int64_t when_us = NOW - (10 - number) * DAY_US / 4;
    cr_assert(ulid_new(when_us, id, NULL));
    ArchiveRef ref = {.segment = "2026/11/mta1-000001.tar.zst", .offset = number, .length = 1};
    g_strlcpy(ref.id, id, sizeof ref.id);
    g_autoptr(GPtrArray) held = g_ptr_array_new();
    g_ptr_array_add(held, "kid@students.example.org");
    json_t *summary = json_pack("{s:s, s:i, s:[s], s:s, s:i}", "rule", rule, "severity", severity, "schools",
                                school, "alike", alike, "number", number);
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_hold(bench->quarantine, &ref, bench->envelope, held, NULL, summary, when_us, &error),
              "%s", error != NULL ? error->message : "");
    json_decref(summary);
}

static void hold_eight(Bench *bench)
{
    cr_assert(
        store_exec(bench->quarantine->db, "DELETE FROM rcpt; DELETE FROM item", NULL)); // the bench's own
    for (int i = 0; i < 8; i++)
        hold_one(bench, i, i % 2 == 0 ? "even" : "odd", i < 4 ? 2 : 3, i < 6 ? "hs" : "ms",
                 i == 2 || i == 5 ? "same" : "");
}

static char *numbers(const GPtrArray *items)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < items->len; i++)
        g_string_append_printf(
            text, "%d",
            (int)json_integer_value(json_object_get(((HoldItem *)items->pdata[i])->summary, "number")));
    return g_string_free(text, FALSE);
}

static void expect_page(Bench *bench, HoldFilter filter, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = quarantine_page(bench->quarantine, &filter, NOW, &error);
    cr_assert_not_null(items, "%s", error != NULL ? error->message : "");
    g_autofree char *got = numbers(items);
    cr_assert_str_eq(got, want);
}

Test(page, filters)
{
    Bench *bench = bench_new();
    hold_eight(bench);
    static const char *const MS[] = {"ms", "other", NULL}, *const NONE[] = {NULL};
    expect_page(bench, (HoldFilter){.most = 50}, "01234567");
    expect_page(bench, (HoldFilter){.most = 50, .newest = true}, "76543210");
    expect_page(bench, (HoldFilter){.most = 50, .rule = "odd"}, "1357");
    expect_page(bench, (HoldFilter){.most = 50, .severity = 3}, "4567");
    expect_page(bench, (HoldFilter){.most = 50, .schools = MS}, "67");
    expect_page(bench, (HoldFilter){.most = 50, .schools = NONE}, "");
    expect_page(bench, (HoldFilter){.most = 50, .which = HOLDS_DONE}, "");
    expect_page(bench, (HoldFilter){.most = 50, .claimed = ""}, "01234567");
    bench_free(bench);
}

Test(page, goes_on_after_a_key)
{
    Bench *bench = bench_new();
    hold_eight(bench);
    for (int newest = 0; newest < 2; newest++) {
        GString *all = g_string_new(NULL);
        g_autofree char *after = NULL;
        for (;;) {
            HoldFilter filter = {.most = 3, .after = after, .newest = newest};
            g_autoptr(GPtrArray) items = quarantine_page(bench->quarantine, &filter, NOW, NULL);
            if (items->len == 0)
                break;
            g_autofree char *got = numbers(items);
            g_string_append(all, got);
            g_free(after);
            after = hold_item_key(items->pdata[items->len - 1]);
        }
        cr_assert_str_eq(all->str, newest ? "76543210" : "01234567");
        g_string_free(all, TRUE);
    }
    static const char *const WRONG[] = {"", "x", "12", "12-", "12-01ARZ3NDEKTSV4RRFFQ69G5FA!", "-1--"};
    for (gsize i = 0; i < G_N_ELEMENTS(WRONG); i++) {
        g_autoptr(GError) error = NULL;
        HoldFilter filter = {.most = 3, .after = WRONG[i]};
        cr_assert_null(quarantine_page(bench->quarantine, &filter, NOW, &error));
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_USAGE));
    }
    bench_free(bench);
}

Test(page, counts_follow_what_is_done)
{
    Bench *bench = bench_new();
    hold_eight(bench);
    HoldFilter any = {0}, mine = {.most = 50, .claimed = "ann"}, done = {.most = 50, .which = HOLDS_DONE};
    g_autoptr(GPtrArray) items = quarantine_page(bench->quarantine, &(HoldFilter){.most = 50}, NOW, NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_claim(bench->quarantine, ((HoldItem *)items->pdata[1])->record, "ann", NOW, &error));
    cr_assert(
        quarantine_deny(bench->quarantine, ((HoldItem *)items->pdata[0])->record, "ann", "no", NOW, &error),
        "%s", error != NULL ? error->message : "");
    json_t *counts = quarantine_counts(bench->quarantine, &any, "ann", NOW, &error);
    cr_assert_not_null(counts);
    cr_assert_eq(json_integer_value(json_object_get(counts, "open")), 7);
    cr_assert_eq(json_integer_value(json_object_get(counts, "mine")), 1);
    cr_assert_eq(json_integer_value(json_object_get(counts, "unclaimed")), 6);
    cr_assert_eq(json_array_size(json_object_get(counts, "rules")), 2);
    const json_t *first = json_array_get(json_object_get(counts, "rules"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(first, "rule")), "odd");
    cr_assert_eq(json_integer_value(json_object_get(first, "count")), 4);
    cr_assert_eq(json_array_size(json_object_get(counts, "schools")), 2);
    json_decref(counts);
    expect_page(bench, mine, "1");
    expect_page(bench, done, "0");
    bench_free(bench);
}

Test(page, alike_ones_stand_together)
{
    Bench *bench = bench_new();
    hold_eight(bench);
    g_autoptr(GPtrArray) items = quarantine_page(bench->quarantine, &(HoldFilter){.most = 50}, NOW, NULL);
    static const struct {
        int of;
        const char *want;
    } cases[] = {{2, "25"}, {5, "25"}, {3, "3"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HoldItem *item = items->pdata[cases[i].of];
        g_autoptr(GPtrArray) alike = quarantine_alike(bench->quarantine, item->record, NULL, 50, NULL);
        g_autofree char *got = numbers(alike);
        cr_assert_str_eq(got, cases[i].want);
    }
    bench_free(bench);
}
