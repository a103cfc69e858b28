#include "fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A message of `len` bytes: text that compresses, or noise that does not.
static guint8 *make_message(gsize len, bool noise)
{
    guint8 *data = g_malloc(MAX(len, 1));
    guint32 state = 12345;
    for (gsize i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = noise ? (guint8)(state >> 24) : (guint8)("Dear class,\r\n\0.abc"[i % 18]);
    }
    return data;
}

static void check_same(const ArchiveRecord *record, const guint8 *data, gsize len)
{
    gsize got;
    const void *raw = g_bytes_get_data(record->raw, &got);
    cr_assert_eq(got, len);
    cr_assert(len == 0 || memcmp(raw, data, len) == 0);
    g_autofree char *hash = sha256_hex(data, len);
    cr_assert_str_eq(json_string_value(json_object_get(record->meta, "sha256")), hash);
    cr_assert_eq(json_integer_value(json_object_get(record->meta, "size")), (json_int_t)len);
    cr_assert_str_eq(json_string_value(json_object_get(record->meta, "id")), record->ref->id);
}

Test(roundtrip, messages_of_all_sizes)
{
    static const struct {
        gsize len;
        bool noise;
    } cases[] = {{0, false},
                 {1, false},
                 {511, false},
                 {512, true},
                 {513, false},
                 {131072, true},
                 {200000, false},
                 {5 * 1024 * 1024, false},
                 {5 * 1024 * 1024, true}};
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    cr_assert(archive != NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree guint8 *data = make_message(cases[i].len, cases[i].noise);
        g_autoptr(GError) error = NULL;
        g_autoptr(ArchiveRef) ref = append(archive, data, cases[i].len, NOON + (int64_t)i, &error);
        cr_assert(ref != NULL, "%s", error != NULL ? error->message : "");
        g_autoptr(ArchiveRecord) at = archive_get_at(f.config, ref, &error);
        cr_assert(at != NULL, "case %zu: %s", i, error != NULL ? error->message : "");
        check_same(at, data, cases[i].len);
        g_autoptr(ArchiveRecord) by_id = archive_get(f.config, ref->id, &error);
        cr_assert(by_id != NULL, "case %zu: %s", i, error != NULL ? error->message : "");
        check_same(by_id, data, cases[i].len);
        cr_assert_str_eq(by_id->ref->segment, ref->segment);
        cr_assert_eq(by_id->ref->offset, ref->offset);
        cr_assert_eq(by_id->ref->length, ref->length);
        cr_assert_str_eq(by_id->ref->sha256, ref->sha256);
    }
    fixture_clear(&f);
}

Test(roundtrip, metadata_is_canonical_and_the_callers_stays_as_it_was)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    int fd = message_fd("x", 1);
    json_t *meta = json_pack("{s:i, s:s, s:s}", "zebra", 1, "id", "forged", "sha256", "forged");
    char id[ULID_LEN + 1];
    cr_assert(ulid_new(NOON, id, NULL));
    g_autoptr(ArchiveRef) ref = archive_append(archive, id, fd, 1, meta, NOON, NULL);
    cr_assert(ref != NULL);
    cr_assert_str_eq(ref->id, id);
    cr_assert_str_eq(json_string_value(json_object_get(meta, "id")), "forged");
    cr_assert_eq(json_object_size(meta), 3);
    g_autoptr(ArchiveRecord) record = archive_get(f.config, id, NULL);
    g_autofree char *text = json_dumps(record->meta, JSON_COMPACT | JSON_SORT_KEYS);
    const char *salt = json_string_value(json_object_get(record->meta, "salt"));
    cr_assert(salt != NULL && strlen(salt) == 32);
    g_autofree char *want = g_strdup_printf("{\"id\":\"%s\",\"origin\":\"mta1\",\"received\":\"2026-11-22T12:"
                                            "00:00.000Z\",\"received_us\":%" G_GINT64_FORMAT
                                            ",\"salt\":\"%s\",\"sha256\":\"%s\",\"size\":1,\"zebra\":1}",
                                            id, NOON, salt, ref->sha256);
    cr_expect(g_bytes_get_size(record->json) == strlen(want) &&
              memcmp(g_bytes_get_data(record->json, NULL), want, strlen(want)) == 0);
    cr_assert_str_eq(text, want);
    json_decref(meta);
    close(fd);
    fixture_clear(&f);
}

Test(roundtrip, wrong_input_is_refused_and_changes_nothing)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    int fd = message_fd("short", 5);
    static const struct {
        const char *id;
        int64_t len;
        int code;
    } cases[] = {{"nonsense", 5, BASE_ERROR_USAGE}, {NULL, 6, BASE_ERROR_IO}, {NULL, -1, BASE_ERROR_DATA}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_assert(archive_append(archive, cases[i].id, fd, cases[i].len, NULL, NOON, &error) == NULL);
        cr_assert(g_error_matches(error, BASE_ERROR, cases[i].code), "case %zu: %s", i, error->message);
    }
    ArchiveVerdict verdict;
    cr_assert(archive_verify(f.config, NULL, NULL, NULL, &verdict, NULL));
    cr_assert_eq(verdict.segments, 0);
    cr_assert_eq(verdict.damaged, 0);
    close(fd);
    fixture_clear(&f);
}

Test(roundtrip, not_there_is_noinput_and_elsewhere_is_data)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) one = append_text(archive, "one", NOON);
    g_autoptr(ArchiveRef) two = append_text(archive, "two", NOON + 1);
    char id[ULID_LEN + 1];
    cr_assert(ulid_new(NOON, id, NULL));
    g_autoptr(GError) missing = NULL, elsewhere = NULL, outside = NULL, nowhere = NULL;
    cr_assert(archive_get(f.config, id, &missing) == NULL);
    cr_assert(g_error_matches(missing, BASE_ERROR, BASE_ERROR_NOINPUT), "%s", missing->message);
    one->offset = two->offset;
    cr_assert(archive_get_at(f.config, one, &elsewhere) == NULL);
    cr_assert(g_error_matches(elsewhere, BASE_ERROR, BASE_ERROR_DATA), "%s", elsewhere->message);
    g_free(one->segment);
    one->segment = g_strdup("2026/11/../../../etc/passwd");
    cr_assert(archive_get_at(f.config, one, &outside) == NULL);
    cr_assert(g_error_matches(outside, BASE_ERROR, BASE_ERROR_DATA), "%s", outside->message);
    g_free(one->segment);
    one->segment = g_strdup("2026/11/mta1-000099.tar.zst");
    cr_assert(archive_get_at(f.config, one, &nowhere) == NULL);
    cr_assert(g_error_matches(nowhere, BASE_ERROR, BASE_ERROR_NOINPUT), "%s", nowhere->message);
    fixture_clear(&f);
}

// The clock may go back, and an id may have been made long before its record.
Test(roundtrip, a_record_in_the_wrong_month_is_found)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) first = append_text(archive, "today", NOON);
    int fd = message_fd("old id", 6);
    g_autoptr(ArchiveRef) old =
        archive_append(archive, "01DXF6DT000000000000000000", fd, 6, NULL, NOON + 1, NULL);
    cr_assert(old != NULL);
    g_autoptr(ArchiveRecord) record = archive_get(f.config, old->id, NULL);
    cr_assert(record != NULL);
    close(fd);
    fixture_clear(&f);
}

Test(roundtrip, tar_and_zstd_read_it_open_and_sealed)
{
    Fixture f;
    int status;
    fixture_init(&f);
    Archive *archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) one = append_text(archive, "From: a\r\n\r\nfirst\r\n", NOON);
    g_autoptr(ArchiveRef) two = append_text(archive, "From: b\r\n\r\nsecond\r\n", NOON);
    g_autofree char *command =
        g_strdup_printf("rm -rf out; mkdir out; zstd -dcq archive/%s | tar -xf - -C out && "
                        "ls out | wc -l && cat out/%s.eml out/%s.eml && "
                        "python3 -c 'import json,sys; json.load(open(sys.argv[1]))' out/%s.json",
                        one->segment, one->id, two->id, two->id);
    for (int closed = 0; closed < 2; closed++) {
        g_autofree char *out = shell(&f, command, &status);
        cr_assert_eq(status, 0, "closed %d: %s", closed, out);
        cr_assert_str_eq(out, "4\nFrom: a\r\n\r\nfirst\r\nFrom: b\r\n\r\nsecond\r\n");
        if (!closed)
            archive_close(&archive);
    }
    struct stat now;
    g_autofree char *path = segment_path(&f, one->segment);
    cr_assert(stat(path, &now) == 0);
    cr_assert_eq(now.st_mode & 07777, 0440);
    g_autofree char *bad =
        shell(&f, "zstd -dcq archive/*/*/mta1-000001.tar.zst | tail -c 1024 | tr -d '\\0' | wc -c", &status);
    cr_assert_str_eq(bad, "0\n", "no end-of-archive blocks");
    fixture_clear(&f);
}

Test(roundtrip, each_filters_by_address_and_time_in_order)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    int fd = message_fd("m", 1);
    static const char *const senders[] = {"Ann@Example.org", "bob@example.org", "ann@example.ORG",
                                          "carl@example.net"};
    for (int i = 0; i < 12; i++) {
        json_t *meta = meta_new(senders[i % 4], i == 7 ? "ann@example.org" : "pupil@example.org", "s");
        g_autoptr(ArchiveRef) ref = archive_append(archive, NULL, fd, 1, meta, NOON + i * DAY_US / 4, NULL);
        cr_assert(ref != NULL);
        json_decref(meta);
    }
    close(fd);
    static const struct {
        ArchiveQuery query;
        guint count;
    } cases[] = {
        {{0}, 12},
        {{.want_raw = true}, 12},
        {{.address = "ann@example.org"}, 7},
        {{.address = "nobody@example.org"}, 0},
        {{.from_us = NOON + DAY_US}, 8},
        {{.to_us = NOON + DAY_US}, 4},
        {{.from_us = NOON + DAY_US, .to_us = NOON + 2 * DAY_US, .address = "carl@example.net"}, 1},
        {{.from_us = NOON + 90 * DAY_US}, 0},
        {{.events = true}, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Seen seen;
        seen_init(&seen);
        cr_assert(archive_each(f.config, &cases[i].query, seen_record, seen_damage, &seen, NULL));
        cr_assert_eq(seen.records->len, cases[i].count, "case %zu: %u", i, seen.records->len);
        cr_assert_eq(seen.damage->len, 0);
        for (guint k = 0; k < seen.records->len; k++) {
            cr_assert_eq(seen.raws->pdata[k] != NULL, cases[i].query.want_raw);
            cr_assert(k == 0 || strcmp(seen.records->pdata[k - 1], seen.records->pdata[k]) < 0);
        }
        seen_clear(&seen);
    }
    fixture_clear(&f);
}

Test(roundtrip, events_of_daemon_and_command)
{
    Fixture f;
    fixture_init(&f);
    Archive *archive = archive_open(f.config, NULL, NULL);
    json_t *detail = json_pack("{s:s}", "why", "parents agreed");
    cr_assert(archive_event(archive, "released", "reviewer", NULL, detail, NOON, NULL));
    // The command writes while the daemon runs.
    cr_assert(archive_event_once(f.config, "export", "records-officer", NULL, NULL, NOON + 1, NULL));
    cr_assert(archive_event(archive, "denied", "reviewer", NULL, detail, NOON + 2, NULL));
    cr_assert(archive_event_once(f.config, "view", "records-officer", NULL, NULL, NOON + 3, NULL));
    cr_assert(!archive_event_once(f.config, "view", NULL, NULL, NULL, NOON + 3, NULL));
    archive_close(&archive);
    cr_assert(archive_event_once(f.config, "view", "records-officer", NULL, NULL, NOON + 4, NULL));
    json_decref(detail);
    Seen seen;
    seen_init(&seen);
    ArchiveQuery query = {.events = true};
    cr_assert(archive_each(f.config, &query, seen_record, seen_damage, &seen, NULL));
    cr_assert_eq(seen.records->len, 5);
    cr_assert_eq(seen.damage->len, 0);
    g_autoptr(ArchiveRecord) first = archive_get(f.config, seen.records->pdata[0], NULL);
    cr_assert(first != NULL && first->raw == NULL);
    cr_assert_str_eq(json_string_value(json_object_get(first->meta, "event")), "released");
    cr_assert_str_eq(json_string_value(json_object_get(first->meta, "who")), "reviewer");
    ArchiveVerdict verdict;
    cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
    cr_assert_eq(verdict.damaged, 0);
    cr_assert_eq(verdict.events, 5);
    cr_assert_eq(verdict.segments, 2);
    seen_clear(&seen);
    fixture_clear(&f);
}
