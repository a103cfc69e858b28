#include "fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char SEGMENT[] = "2026/11/mta1-000001.tar.zst";

// Leaves an open segment with three records behind; the offsets of their frames.
static void three_records(Fixture *f, int64_t offsets[4])
{
    static const char *const texts[] = {"first", "second", "third", NULL};
    append_and_die(f, texts, NOON);
    Seen seen;
    seen_init(&seen);
    ArchiveQuery query = {0};
    cr_assert(archive_each(f->config, &query, seen_record, seen_damage, &seen, NULL));
    cr_assert_eq(seen.records->len, 3);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(ArchiveRecord) record = archive_get(f->config, seen.records->pdata[i], NULL);
        cr_assert(record != NULL);
        cr_assert_str_eq(record->ref->segment, SEGMENT);
        offsets[i] = record->ref->offset;
        offsets[i + 1] = record->ref->offset + record->ref->length;
    }
    seen_clear(&seen);
}

static void check_records(Fixture *f, guint64 records, guint64 damaged, const char *where)
{
    Seen seen;
    ArchiveVerdict verdict;
    seen_init(&seen);
    cr_assert(archive_verify(f->config, seen_damage, NULL, &seen, &verdict, NULL));
    cr_assert_eq(verdict.damaged, damaged, "%s: %s", where,
                 seen.damage->len > 0 ? (char *)seen.damage->pdata[0] : "none");
    cr_assert_eq(verdict.records, records, "%s: %" G_GUINT64_FORMAT " records", where, verdict.records);
    seen_clear(&seen);
}

static void reopen_and_append(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Archive) archive = archive_open(f->config, NULL, &error);
    cr_assert(archive != NULL, "%s", error != NULL ? error->message : "");
    g_autoptr(ArchiveRef) ref = append_text(archive, "after", NOON + 100);
    g_autoptr(ArchiveRecord) record = archive_get_at(f->config, ref, &error);
    cr_assert(record != NULL, "%s", error != NULL ? error->message : "");
}

static GLogWriterOutput no_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
    return G_LOG_WRITER_HANDLED;
}

Test(recovery, torn_at_every_byte_of_the_last_frame)
{
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    g_autoptr(GBytes) whole = file_bytes(path);
    const guint8 *data = g_bytes_get_data(whole, NULL);
    cr_assert_eq(g_bytes_get_size(whole), (gsize)offsets[3]);
    for (int64_t end = offsets[2]; end < offsets[3]; end++) {
        g_autofree char *where = g_strdup_printf("cut at %" G_GINT64_FORMAT, end);
        file_put(path, data, (gsize)end, 0640);
        reopen_and_append(&f);
        check_records(&f, 3, 0, where);
        struct stat now;
        cr_assert(stat(path, &now) == 0 && (now.st_mode & 07777) == 0440);
    }
    fixture_clear(&f);
}

// What a power failure can leave: the size is there, the bytes are not; or blocks that were never written.
Test(recovery, zeros_in_and_behind_the_last_frame)
{
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    g_autoptr(GBytes) whole = file_bytes(path);
    gsize len = g_bytes_get_size(whole), room = len + 200000;
    for (int64_t end = offsets[2]; end <= offsets[3] - 4; end += 7) {
        g_autofree char *where = g_strdup_printf("zeros from %" G_GINT64_FORMAT, end);
        g_autofree guint8 *padded = g_malloc0(room);
        memcpy(padded, g_bytes_get_data(whole, NULL), (gsize)end);
        file_put(path, padded, room, 0640);
        if (end == offsets[2])
            check_records(&f, 2, 0, where); // nothing but zeros: preallocated
        reopen_and_append(&f);
        check_records(&f, 3, 0, where);
    }
    fixture_clear(&f);
}

Test(recovery, a_finished_day_is_sealed_and_today_goes_on)
{
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    Archive *archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) same = append_text(archive, "same day", NOON + 200);
    cr_assert_str_eq(same->segment, SEGMENT);
    cr_assert_eq(same->offset, offsets[3]);
    g_autoptr(ArchiveRef) next = append_text(archive, "next day", NOON + DAY_US);
    cr_assert_str_eq(next->segment, "2026/11/mta1-000002.tar.zst");
    g_autoptr(ArchiveRef) month = append_text(archive, "next month", NOON + 10 * DAY_US);
    cr_assert_str_eq(month->segment, "2026/12/mta1-000003.tar.zst");
    archive_close(&archive);
    check_records(&f, 6, 0, "three days");
    archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) later = append_text(archive, "after a clean end", NOON + 10 * DAY_US + 1);
    cr_assert_str_eq(later->segment, "2026/12/mta1-000004.tar.zst", "a sealed segment is not appended to");
    archive_close(&archive);
    fixture_clear(&f);
}

// Damage before sound records is not a torn tail: nothing may be cut.
Test(recovery, old_damage_is_kept_and_reported)
{
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    struct stat before, after;
    file_flip(path, offsets[1] + 40, 0x10);
    cr_assert(stat(path, &before) == 0);
    reopen_and_append(&f);
    cr_assert(stat(path, &after) == 0);
    cr_assert_eq(after.st_size, before.st_size);
    cr_assert_eq(after.st_mode & 07777, 0440);
    check_records(&f, 3, 1, "second of three, and one after");
    fixture_clear(&f);
}

// A flip that is not reported must be one that does not matter: zstd can write some matches in two ways.
Test(recovery, every_flipped_byte_is_reported_at_its_record)
{
    Fixture f;
    int64_t offsets[4];
    guint harmless = 0;
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    for (int64_t at = 0; at < offsets[3]; at++) {
        guint8 mask = (guint8)(1 << at % 8);
        int record = at < offsets[1] ? 0 : at < offsets[2] ? 1 : 2;
        Seen seen;
        ArchiveVerdict verdict;
        seen_init(&seen);
        file_flip(path, at, mask);
        cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
        g_autofree char *where = g_strdup_printf("flip of %d at %" G_GINT64_FORMAT, mask, at);
        g_autofree char *want =
            g_strdup_printf("%s@%" G_GINT64_FORMAT ": bytes %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                            SEGMENT, offsets[record], offsets[record], offsets[record + 1] - 1);
        harmless += verdict.records == 3;
        cr_assert_eq(seen.damage->len + verdict.records, 3, "%s: %u reports", where, seen.damage->len);
        cr_assert(seen.damage->len == 0 || g_str_has_prefix(seen.damage->pdata[0], want), "%s: %s, not %s",
                  where, (char *)seen.damage->pdata[0], want);
        seen_clear(&seen);
        file_flip(path, at, mask);
    }
    cr_assert_leq(harmless, offsets[3] / 25);
    check_records(&f, 3, 0, "flipped back");
    fixture_clear(&f);
}

Test(recovery, damage_on_the_way_is_not_taken_for_absence)
{
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    file_flip(path, offsets[1] + 1, 0xff); // its id cannot be read any more
    char id[ULID_LEN + 1];
    g_autoptr(GError) error = NULL;
    cr_assert(ulid_new(NOON, id, NULL));
    cr_assert(archive_get(f.config, id, &error) == NULL);
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA), "%s", error->message);
    fixture_clear(&f);
}

Test(recovery, missing_and_doubled_segments_and_ids_are_named)
{
    Fixture f;
    fixture_init(&f);
    f.config->archive.segment_bytes = 600; // one record each
    Archive *archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) first = append_text(archive, "one", NOON);
    for (int i = 1; i < 5; i++)
        archive_ref_free(append_text(archive, "more", NOON + i));
    int fd = message_fd("again", 5);
    archive_ref_free(archive_append(archive, first->id, fd, 5, NULL, NOON + 9, NULL));
    close(fd);
    archive_close(&archive);
    g_autofree char *third = segment_path(&f, "2026/11/mta1-000003.tar.zst");
    g_autofree char *fifth = segment_path(&f, "2026/11/mta1-000005.tar.zst");
    g_autofree char *second_fifth = segment_path(&f, "2026/10/mta1-000005.tar.zst");
    g_autofree char *october = segment_path(&f, "2026/10");
    cr_assert(unlink(third) == 0);
    cr_assert(file_make_dirs(october, 0750, NULL));
    g_autoptr(GBytes) copy = file_bytes(fifth);
    file_put(second_fifth, g_bytes_get_data(copy, NULL), g_bytes_get_size(copy), 0440);
    Seen seen;
    ArchiveVerdict verdict;
    seen_init(&seen);
    cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
    static const char *const wants[] = {"segments mta1-000003 to 000003 are missing",
                                        "a second segment with this number", "an id used twice",
                                        "an id used twice"};
    cr_assert_eq(seen.damage->len, G_N_ELEMENTS(wants));
    for (guint i = 0; i < seen.damage->len; i++)
        cr_assert(strstr(seen.damage->pdata[i], wants[i]) != NULL, "%s", (char *)seen.damage->pdata[i]);
    seen_clear(&seen);
    fixture_clear(&f);
}

// What cannot be read must not be cut: an open that fails leaves the segment as it was.
Test(recovery, a_failed_open_changes_nothing)
{
    Fixture f;
    int64_t offsets[4];
    fixture_init(&f);
    three_records(&f, offsets);
    g_autofree char *path = segment_path(&f, SEGMENT);
    g_autoptr(GBytes) before = file_bytes(path);
    // The events of the series cannot be opened, after its records were.
    g_autofree char *loop = segment_path(&f, "2026/11/mta1-events-000001.tar.zst");
    cr_assert(symlink("nowhere", loop) == 0);
    g_autoptr(GError) error = NULL;
    cr_assert(archive_open(f.config, NULL, &error) == NULL);
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_IO), "%s", error->message);
    g_autoptr(GBytes) after = file_bytes(path);
    cr_assert(g_bytes_equal(before, after));
    fixture_clear(&f);
}

// ---- hostile content -------------------------------------------------------------------------------------

static void put_frame(Fixture *f, const char *name_id, const char *json)
{
    g_auto(Frame) frame = {.fd = -1};
    int fd = message_fd("body", 4);
    EncodeInput input = {
        .id = name_id, .dir = f->dir, .fd = fd, .len = 4, .json = json, .time_us = NOON, .level = 3};
    input.context = ZSTD_createCCtx();
    cr_assert(encode_record(&input, &frame, NULL));
    ZSTD_freeCCtx(input.context);
    g_autofree char *month = segment_path(f, "2026/11");
    g_autofree char *path = segment_path(f, SEGMENT);
    cr_assert(file_make_dirs(month, 0750, NULL));
    file_put(path, frame.bytes->data, frame.bytes->len, 0440);
    close(fd);
}

Test(recovery, a_sound_frame_with_a_lie_in_it)
{
#define ID  "01KAQ3R4M0ABCDEFGHJKMNPQRS"
#define SUM "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" // of "body"
    static const struct {
        const char *json, *what;
    } cases[] = {
        {"{\"id\":\"" ID "\",\"sha256\":\"" SUM "\",\"size\":4}", NULL},
        {"{\"id\":\"" ID "\",\"sha256\":\"" SUM "\",\"size\":5}", "size is not"},
        {"{\"id\":\"" ID "\",\"sha256\":\"00\",\"size\":4}", "SHA-256 is not"},
        {"{\"id\":\"01KAQ3R4M0ABCDEFGHJKMNPQRT\",\"sha256\":\"" SUM "\",\"size\":4}", "of another record"},
        {"{\"sha256\":\"" SUM "\",\"size\":4}", "of another record"},
        {"[]", "no JSON object"},
        {"{\"id\":", "no JSON object"},
        {"{\"id\":\"" ID "\",\"id\":\"" ID "\",\"sha256\":\"" SUM "\",\"size\":4}", "no JSON object"},
        {"", "no JSON object"},
    };
    Fixture f;
    fixture_init(&f);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Seen seen;
        ArchiveVerdict verdict;
        seen_init(&seen);
        put_frame(&f, ID, cases[i].json);
        cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
        cr_assert_eq(seen.damage->len, cases[i].what != NULL, "case %zu: %u", i, seen.damage->len);
        if (cases[i].what != NULL) {
            cr_assert(strstr(seen.damage->pdata[0], cases[i].what) != NULL, "%s",
                      (char *)seen.damage->pdata[0]);
            cr_assert(strstr(seen.damage->pdata[0], "(record " ID ")") != NULL, "%s",
                      (char *)seen.damage->pdata[0]);
        }
        seen_clear(&seen);
    }
    fixture_clear(&f);
}

// Content made to cost time or memory: the beginnings of frames that overlap, a bomb, noise.
Test(recovery, hostile_segments_cost_little, .timeout = 20)
{
    enum { LEN = 2 * 1024 * 1024 };
    static const guint8 chain[] = {0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x00, 6 << 3, 0, 0};
    Fixture f;
    fixture_init(&f);
    g_autofree char *month = segment_path(&f, "2026/11"), *path = segment_path(&f, SEGMENT);
    cr_assert(file_make_dirs(month, 0750, NULL));
    g_autofree guint8 *data = g_malloc(LEN);
    for (int kind = 0; kind < 4; kind++) {
        gsize len = LEN;
        guint32 state = 1;
        for (gsize i = 0; i < LEN; i++) {
            state = state * 1664525 + 1013904223;
            data[i] = kind == 0 ? chain[i % sizeof chain] : kind == 1 ? chain[i % 4] : (guint8)(state >> 24);
        }
        if (kind == 3) { // 1 GiB of zeros in one frame
            g_autofree guint8 *zeros = g_malloc0(1 << 20);
            ZSTD_CCtx *context = ZSTD_createCCtx();
            ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
            ZSTD_outBuffer out = {data, LEN, 0};
            for (int i = 0; i < 1024; i++) {
                ZSTD_inBuffer in = {zeros, 1 << 20, 0};
                cr_assert(!ZSTD_isError(
                    ZSTD_compressStream2(context, &out, &in, i == 1023 ? ZSTD_e_end : ZSTD_e_continue)));
            }
            ZSTD_freeCCtx(context);
            len = out.pos;
        }
        file_put(path, data, len, 0440);
        Seen seen;
        ArchiveVerdict verdict;
        seen_init(&seen);
        cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
        cr_assert_eq(verdict.records, 0);
        cr_assert(verdict.damaged >= 1 || kind == 3, "kind %d", kind);
        seen_clear(&seen);
    }
    fixture_clear(&f);
}
