// Records taken out of a finished segment: gone for every reader, others where they were, and what verifying says of it.
#include "archive/log_internal.h"
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 40 };

typedef struct {
    Fixture base;
    GPtrArray *refs; // of ArchiveRef
} Ground;

static void sequence(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(ground->base.config, &error);
    cr_assert_not_null(log, "%s", error ? error->message : "");
    for (guint fresh = 1; fresh > 0;)
        cr_assert(archive_log_sequence(log, 1000, &fresh, &error), "%s", error ? error->message : "");
    cr_assert(archive_log_publish(log, &error), "%s", error ? error->message : "");
}

static void free_ref(gpointer ref)
{
    archive_ref_free(ref);
}

static void ground_init(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    fixture_init(&ground->base);
    ground->refs = g_ptr_array_new_with_free_func(free_ref);
    Archive *archive = archive_open(ground->base.config, NULL, &error);
    cr_assert_not_null(archive, "%s", error ? error->message : "");
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *text =
            g_strdup_printf("Subject: %u\r\n\r\nsecret-%04u %0*u\r\n", i, i, (int)(i * 300), 0);
        g_ptr_array_add(ground->refs, append_text(archive, text, NOON + i));
    }
    archive_close(&archive);
    sequence(ground);
}

static void ground_clear(Ground *ground)
{
    g_ptr_array_unref(ground->refs);
    fixture_clear(&ground->base);
}

static const ArchiveRef *ref_at(const Ground *ground, guint i)
{
    return ground->refs->pdata[i];
}

static GHashTable *ids_of(const Ground *ground, guint from, guint to)
{
    GHashTable *ids = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = from; i < to; i++)
        g_hash_table_add(ids, (gpointer)ref_at(ground, i)->id);
    return ids;
}

static ArchiveCut *prepare(const Ground *ground, guint from, guint to, GError **error)
{
    g_autoptr(GHashTable) ids = ids_of(ground, from, to);
    return archive_cut_prepare(ground->base.config, ref_at(ground, 0)->segment, ids, "01DISPOSAL", error);
}

// The event that names what a cut takes.
static void announce(const Ground *ground, const ArchiveCut *cut)
{
    g_autoptr(GError) error = NULL;
    json_t *records = json_array();
    for (guint i = 0; i < archive_cut_refs(cut)->len; i++) {
        const ArchiveRef *ref = archive_cut_refs(cut)->pdata[i];
        guint64 leaf = 0;
        cr_assert_eq(archive_log_covers(ground->base.config, ref->id, &leaf, &error), TRI_YES);
        json_array_append_new(records, json_pack("{s:s, s:I}", "id", ref->id, "leaf", (json_int_t)leaf));
    }
    json_t *detail = json_pack("{s:s, s:s, s:s, s:I, s:o}", "disposal", "01DISPOSAL", "segment",
                               ref_at(ground, 0)->segment, "sha256", archive_cut_sha256(cut), "size",
                               (json_int_t)archive_cut_size(cut), "records", records);
    cr_assert(archive_event_once(ground->base.config, "disposal", "officer", NULL, detail, NOON, &error),
              "%s", error ? error->message : "");
    json_decref(detail);
}

static void take_back(const Ground *ground, guint i)
{
    g_autoptr(GError) error = NULL;
    json_t *detail = json_pack("{s:s, s:[s]}", "disposal", "01DISPOSAL", "records", ref_at(ground, i)->id);
    cr_assert(
        archive_event_once(ground->base.config, "disposal-kept", "officer", NULL, detail, NOON, &error));
    json_decref(detail);
}

static guint verify(Ground *ground, ArchiveVerdict *verdict, GString *out_damage)
{
    Seen seen;
    g_autoptr(GError) error = NULL;
    seen_init(&seen);
    cr_assert(archive_verify(ground->base.config, seen_damage, NULL, &seen, verdict, &error), "%s",
              error ? error->message : "");
    guint damage = seen.damage->len;
    for (guint i = 0; out_damage != NULL && i < damage; i++)
        g_string_append_printf(out_damage, "%s\n", (char *)seen.damage->pdata[i]);
    seen_clear(&seen);
    return damage;
}

Test(cut, takes_what_it_is_told_and_nothing_else)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = segment_path(&ground.base, ref_at(&ground, 0)->segment);
    g_autoptr(GBytes) before = file_bytes(path);
    g_autoptr(ArchiveCut) cut = prepare(&ground, 10, 15, &error);
    cr_assert_not_null(cut, "%s", error ? error->message : "");
    cr_expect_eq(archive_cut_refs(cut)->len, 5);
    // Nothing is gone before it is applied.
    g_autoptr(GBytes) meanwhile = file_bytes(path);
    cr_expect(g_bytes_equal(before, meanwhile));
    announce(&ground, cut);
    sequence(&ground);
    cr_expect_eq(verify(&ground, &verdict, NULL), 0);
    cr_expect_eq(verdict.log.announced, 5);
    cr_assert(archive_cut_apply(cut, &error), "%s", error ? error->message : "");
    for (guint i = 0; i < COUNT; i++) {
        g_autoptr(GError) why = NULL;
        g_autoptr(ArchiveRecord) record = archive_get_at(ground.base.config, ref_at(&ground, i), &why);
        bool gone = i >= 10 && i < 15;
        cr_expect_eq(record == NULL, gone, "%u", i);
        cr_expect_eq(archive_cut_done(ground.base.config, ref_at(&ground, i), &error),
                     gone ? TRI_YES : TRI_NO);
    }
    g_autoptr(GString) damage = g_string_new(NULL);
    cr_expect_eq(verify(&ground, &verdict, damage), 0, "%s", damage->str);
    cr_expect_eq(verdict.log.destroyed, 5);
    cr_expect_eq(verdict.log.announced, 0);
    cr_expect_eq(verdict.records, COUNT - 5);
    // zstd and tar read on over it, and the words are nowhere.
    int status = 0;
    g_autofree char *command = g_strdup_printf("zstd -dcq %s | tar tf - | grep -c eml", path);
    g_autofree char *count = shell(&ground.base, command, &status);
    cr_expect_eq(atoi(count), COUNT - 5);
    g_autofree char *look = g_strdup_printf("zstd -dcq %s | grep -ac 'secret-001[0-4]'; true", path);
    g_autofree char *found = shell(&ground.base, look, &status);
    cr_expect_eq(atoi(found), 0);
    struct stat now;
    cr_assert_eq(stat(path, &now), 0);
    cr_expect_eq(now.st_mode & 0222, 0);
    cr_expect_eq(now.st_size, (goffset)g_bytes_get_size(before));
    ground_clear(&ground);
}

Test(cut, a_second_one_of_the_same_segment)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground);
    static const guint ENDS[][2] = {{0, 1}, {39, 40}, {5, 8}};
    for (guint i = 0; i < G_N_ELEMENTS(ENDS); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ArchiveCut) cut = prepare(&ground, ENDS[i][0], ENDS[i][1], &error);
        cr_assert_not_null(cut, "%s", error ? error->message : "");
        announce(&ground, cut);
        sequence(&ground);
        cr_assert(archive_cut_apply(cut, &error));
    }
    g_autoptr(GString) damage = g_string_new(NULL);
    cr_expect_eq(verify(&ground, &verdict, damage), 0, "%s", damage->str);
    cr_expect_eq(verdict.log.destroyed, 5);
    ground_clear(&ground);
}

Test(cut, made_twice_it_is_the_same_file)
{
    Ground ground;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    ArchiveCut *one = prepare(&ground, 3, 9, &error);
    cr_assert_not_null(one);
    g_autofree char *sha256 = g_strdup(archive_cut_sha256(one));
    // While one is being made, others wait.
    g_autoptr(ArchiveCut) beside = prepare(&ground, 3, 9, &error);
    cr_expect_null(beside);
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL));
    g_clear_error(&error);
    archive_cut_free(one);
    int status = 0;
    g_autofree char *left = shell(&ground.base, "find . -name '*.cut'", &status);
    cr_expect_str_eq(left, "");
    g_autoptr(ArchiveCut) again = prepare(&ground, 3, 9, &error);
    cr_assert_not_null(again);
    cr_expect_str_eq(archive_cut_sha256(again), sha256);
    ground_clear(&ground);
}

Test(cut, what_no_disposal_names_is_missed)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    // Without any event.
    g_autoptr(ArchiveCut) cut = prepare(&ground, 4, 5, &error);
    cr_assert(archive_cut_apply(cut, &error));
    g_autoptr(GString) damage = g_string_new(NULL);
    cr_expect_eq(verify(&ground, &verdict, damage), 1, "%s", damage->str); // it was not sealed in the log yet
    cr_expect_not_null(strstr(damage->str, "not in the archive any more"));
    ground_clear(&ground);
}

// Named, then under a hold: what takes it out all the same has no excuse.
Test(cut, what_a_disposal_took_back_is_missed)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveCut) cut = prepare(&ground, 4, 6, &error);
    announce(&ground, cut);
    take_back(&ground, 4);
    sequence(&ground);
    cr_expect_eq(verify(&ground, &verdict, NULL), 0);
    cr_expect_eq(verdict.log.announced, 1);
    cr_assert(archive_cut_apply(cut, &error));
    g_autoptr(GString) damage = g_string_new(NULL);
    cr_expect_eq(verify(&ground, &verdict, damage), 1, "%s", damage->str);
    cr_expect_not_null(strstr(damage->str, ref_at(&ground, 4)->id));
    ground_clear(&ground);
}

Test(cut, refuses_what_is_not_there_or_not_finished)
{
    Ground ground;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(ids, "01AAAAAAAAAAAAAAAAAAAAAAAA");
    const char *segment = ref_at(&ground, 0)->segment;
    cr_expect_null(archive_cut_prepare(ground.base.config, segment, ids, "01D", &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_NOINPUT), "%s", error ? error->message : "");
    g_clear_error(&error);
    cr_expect_null(archive_cut_prepare(ground.base.config, "../passwd", ids, "01D", &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_USAGE));
    g_clear_error(&error);
    // A segment that is being written is left alone.
    Archive *archive = archive_open(ground.base.config, NULL, &error);
    g_autoptr(ArchiveRef) live = append_text(archive, "Subject: x\r\n\r\nx\r\n", NOON + DAY_US);
    g_hash_table_remove_all(ids);
    g_hash_table_add(ids, live->id);
    cr_expect_null(archive_cut_prepare(ground.base.config, live->segment, ids, "01D", &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL), "%s", error ? error->message : "");
    g_clear_error(&error);
    archive_close(&archive);
    g_autoptr(ArchiveCut) cut = archive_cut_prepare(ground.base.config, live->segment, ids, "01D", &error);
    cr_expect_not_null(cut, "%s", error ? error->message : "");
    ground_clear(&ground);
}

Test(cut, notes_of_the_log_are_no_checkpoints)
{
    Ground ground;
    ground_init(&ground);
    g_autoptr(GError) error = NULL;
    g_autoptr(TlogKey) key = log_verifier(ground.base.config, NULL);
    g_autofree char *note = archive_log_sign(ground.base.config, "a certificate\nof something\n", &error);
    cr_assert_not_null(note, "%s", error ? error->message : "");
    g_autoptr(TlogNote) parsed = tlog_note_parse(note, strlen(note), &error);
    cr_assert_not_null(parsed, "%s", error ? error->message : "");
    cr_expect_eq(tlog_note_signed(parsed, key, NULL, &error), TRI_YES);
    g_autofree char *name = archive_log_name(ground.base.config);
    g_autofree char *wrong = g_strconcat(name, "\n7\n", NULL);
    cr_expect_null(archive_log_sign(ground.base.config, wrong, &error));
    g_clear_error(&error);
    cr_expect_null(archive_log_sign(ground.base.config, "no end", &error));
    ground_clear(&ground);
}
