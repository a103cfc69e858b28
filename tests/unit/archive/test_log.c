// The transparency log of an archive: leaves, checkpoints, proofs; what is altered, removed, slipped in or put back is named.
#include "archive/log_internal.h"
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>

// `count` messages and two events, closed, in two segments' series.
static void fill(Fixture *fixture, guint count)
{
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(fixture->config, NULL, &error);
    cr_assert_not_null(archive, "%s", error ? error->message : "");
    for (guint i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("Subject: %u\r\n\r\nHello %u.\r\n", i, i);
        g_autoptr(ArchiveRef) ref = append_text(archive, text, NOON + i);
        cr_assert_not_null(ref);
    }
    for (guint i = 0; i < 2; i++)
        cr_assert(
            archive_event(archive, i == 0 ? "view" : "release", "auditor", NULL, NULL, NOON + i, &error),
            "%s", error ? error->message : "");
    archive_close(&archive);
}

static guint bring_up(Fixture *fixture, guint most)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(fixture->config, &error);
    cr_assert_not_null(log, "%s", error ? error->message : "");
    guint fresh = 1, all = 0;
    while (fresh > 0) {
        cr_assert(archive_log_sequence(log, most, &fresh, &error), "%s", error ? error->message : "");
        all += fresh;
    }
    cr_assert(archive_log_publish(log, &error), "%s", error ? error->message : "");
    cr_expect_eq(archive_log_published(log), archive_log_size(log));
    return all;
}

// Damage found; `out` (may be NULL) gets the verdict.
static guint verify(Fixture *fixture, Seen *seen, ArchiveVerdict *out)
{
    ArchiveVerdict verdict;
    g_autoptr(GError) error = NULL;
    cr_assert(archive_verify(fixture->config, seen_damage, NULL, seen, &verdict, &error), "%s",
              error ? error->message : "");
    if (out != NULL)
        *out = verdict;
    return seen->damage->len;
}

static char *all_damage(const Seen *seen)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < seen->damage->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)seen->damage->pdata[i]);
    return g_string_free(text, FALSE);
}

static bool named(const Seen *seen, const char *what)
{
    g_autofree char *all = all_damage(seen);
    return strstr(all, what) != NULL;
}

// Ids of all messages, in order.
static GPtrArray *ids_of(Fixture *fixture)
{
    Seen seen;
    ArchiveQuery query = {0};
    seen_init(&seen);
    cr_assert(archive_each(fixture->config, &query, seen_record, NULL, &seen, NULL));
    GPtrArray *ids = g_ptr_array_ref(seen.records);
    seen_clear(&seen);
    return ids;
}

Test(log, every_record_and_event_has_a_leaf)
{
    static const guint MOST[] = {1, 7, 4096};
    for (guint m = 0; m < G_N_ELEMENTS(MOST); m++) {
        Fixture fixture;
        Seen seen;
        ArchiveVerdict verdict;
        fixture_init(&fixture);
        seen_init(&seen);
        fill(&fixture, 300);
        cr_expect_eq(bring_up(&fixture, MOST[m]), 302);
        cr_expect_eq(bring_up(&fixture, MOST[m]), 0);
        cr_expect_eq(verify(&fixture, &seen, &verdict), 0, "%s", all_damage(&seen));
        cr_expect_eq(verdict.log.leaves, 302);
        cr_expect_eq(verdict.log.captures, 300);
        cr_expect_eq(verdict.log.pending, 0);
        fill(&fixture, 5);
        cr_expect_eq(verify(&fixture, &seen, &verdict), 0, "%s", all_damage(&seen));
        cr_expect_eq(verdict.log.pending, 7);
        seen_clear(&seen);
        fixture_clear(&fixture);
    }
}

Test(log, proofs_hold_and_of_others_do_not)
{
    Fixture fixture;
    fixture_init(&fixture);
    fill(&fixture, 40);
    bring_up(&fixture, 4096);
    g_autoptr(GPtrArray) ids = ids_of(&fixture);
    g_autoptr(TlogKey) key = log_verifier(fixture.config, NULL);
    g_autoptr(GBytes) before = NULL;
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = archive_log_prove(fixture.config, ids->pdata[i], &error);
        cr_assert_not_null(text, "%s", error ? error->message : "");
        g_autoptr(TlogProof) proof = tlog_proof_parse(text, strlen(text), &error);
        g_auto(TlogCheckpoint) checkpoint = {0};
        TlogHash leaf;
        cr_assert_not_null(proof);
        cr_expect_eq(tlog_note_signed(proof->note, key, NULL, NULL), TRI_YES);
        cr_assert(tlog_checkpoint_parse(proof->note->text, &checkpoint, NULL));
        tlog_leaf_hash(g_bytes_get_data(proof->extra, NULL), g_bytes_get_size(proof->extra), &leaf);
        cr_expect(tlog_check_inclusion(proof->index, checkpoint.size, &leaf, proof->proof, &checkpoint.root));
        g_autoptr(ArchiveRecord) record = archive_get(fixture.config, ids->pdata[i], NULL);
        cr_expect(archive_log_leaf_fits(proof->extra, record->json, record->raw, NULL));
        cr_expect_not(archive_log_leaf_fits(proof->extra, record->json, record->json, NULL));
        cr_expect(before == NULL || !archive_log_leaf_fits(proof->extra, before, record->raw, NULL));
        g_clear_pointer(&before, g_bytes_unref);
        before = g_bytes_ref(record->json);
    }
    g_autoptr(GError) error = NULL;
    cr_expect_null(archive_log_prove(fixture.config, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_NOINPUT));
    fixture_clear(&fixture);
}

// Leaves tell nothing of what they are made of: the same message twice has two.
Test(log, leaves_are_salted)
{
    Fixture fixture;
    fixture_init(&fixture);
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(fixture.config, NULL, &error);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(ArchiveRef) ref = append_text(archive, "Subject: x\r\n\r\nsame\r\n", NOON);
        cr_assert_not_null(ref);
    }
    archive_close(&archive);
    bring_up(&fixture, 10);
    g_autofree char *dir = archive_log_dir(fixture.config);
    g_autoptr(Tlog) tlog = tlog_open(dir, 2, NULL);
    char *recs[2];
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GBytes) entry = tlog_entry(tlog, i, NULL);
        json_t *leaf = json_loadb(g_bytes_get_data(entry, NULL), g_bytes_get_size(entry), 0, NULL);
        recs[i] = g_strdup(json_string_value(json_object_get(leaf, "rec")));
        cr_expect_not_null(recs[i]);
        cr_expect_eq(json_object_size(leaf), 7);
        json_decref(leaf);
    }
    cr_expect_str_neq(recs[0], recs[1]);
    g_free(recs[0]);
    g_free(recs[1]);
    fixture_clear(&fixture);
}

// Bytes of each file of the log and of its checkpoint, one after the other; and each file gone.
Test(log, any_flipped_byte_of_the_log_is_named, .timeout = 300)
{
    Fixture fixture;
    fixture_init(&fixture);
    fill(&fixture, 280);
    bring_up(&fixture, 4096);
    fill(&fixture, 3);
    bring_up(&fixture, 4096);
    int status = 0;
    g_autofree char *listing = shell(&fixture, "find archive/log -type f", &status);
    g_auto(GStrv) files = g_strsplit(g_strstrip(listing), "\n", -1);
    cr_assert_geq(g_strv_length(files), 4, "%s", listing);
    for (char **file = files; *file != NULL; file++) {
        g_autofree char *path = g_build_filename(fixture.dir, *file, NULL);
        g_autoptr(GBytes) kept = file_bytes(path);
        gsize len = g_bytes_get_size(kept), step = MAX(len / 41, 1);
        for (gsize at = 0; at < len; at += step) {
            Seen seen;
            seen_init(&seen);
            file_flip(path, (int64_t)at, 1);
            cr_expect_gt(verify(&fixture, &seen, NULL), 0, "%s, byte %d", *file, (int)at);
            file_flip(path, (int64_t)at, 1);
            seen_clear(&seen);
        }
        g_unlink(path);
        Seen seen;
        seen_init(&seen);
        bool partial = strstr(*file, ".p/") != NULL;
        cr_expect(verify(&fixture, &seen, NULL) > 0 || partial, "%s gone", *file);
        seen_clear(&seen);
        file_put(path, g_bytes_get_data(kept, NULL), len, 0644);
    }
    Seen seen;
    seen_init(&seen);
    cr_expect_eq(verify(&fixture, &seen, NULL), 0, "%s", all_damage(&seen));
    seen_clear(&seen);
    fixture_clear(&fixture);
}

// A record altered with all its checksums made right again; one taken out; one slipped in. `edit` gets the metadata.
static void rewrite_segment(Fixture *fixture, const char *kind)
{
    g_autofree char *script = g_strdup_printf(
        "set -e; s=$(ls archive/*/*/*-000001.tar.zst | grep -v events); mkdir -p x; "
        "zstd -q -dc $s | tar -C x -xf - ; cd x; f=$(ls *.eml | head -2 | tail -1); j=${f%%.eml}.json; "
        "case %s in "
        "message) printf 'Subject: 1\\r\\n\\r\\nHellO 1.\\r\\n' > $f; h=$(sha256sum $f | cut -c1-64); "
        "  sed -i \"s/\\\"sha256\\\":\\\"[0-9a-f]*\\\"/\\\"sha256\\\":\\\"$h\\\"/\" $j;; "
        "metadata) sed -i 's/\"mail_from\":\"[a-z]/\"mail_from\":\"q/' $j;; "
        "gone) rm $f $j;; esac; cd ..; chmod u+w $s; : > $s; "
        "for j in $(cd x; ls *.json); do e=${j%%.json}.eml; "
        "  (cd x; tar --format=ustar --owner=0 --group=0 --mode=0440 -b1 -cf - $j $e | head -c -1024) | "
        "  zstd -q --check >> $s; done",
        kind);
    int status = 0;
    g_autofree char *out = shell(fixture, script, &status);
    cr_assert_eq(status, 0, "%s", out);
}

Test(log, a_record_altered_or_removed_with_care_is_named, .timeout = 60)
{
    static const struct {
        const char *kind, *says;
    } EDITS[] = {{"nothing", "its frame was changed"},
                 {"message", "not the record that the log has the leaf of"},
                 {"metadata", "not the record that the log has the leaf of"},
                 {"gone", "is not in the archive any more"}};
    for (guint i = 0; i < G_N_ELEMENTS(EDITS); i++) {
        Fixture fixture;
        Seen seen;
        fixture_init(&fixture);
        seen_init(&seen);
        fill(&fixture, 4);
        bring_up(&fixture, 100);
        rewrite_segment(&fixture, EDITS[i].kind);
        verify(&fixture, &seen, NULL);
        g_autofree char *all = all_damage(&seen);
        cr_expect(named(&seen, EDITS[i].says), "%s: %s", EDITS[i].kind, all);
        seen_clear(&seen);
        fixture_clear(&fixture);
    }
}

// The events' segment, without its last event.
Test(log, a_deleted_event_is_named)
{
    Fixture fixture;
    Seen seen;
    fixture_init(&fixture);
    seen_init(&seen);
    fill(&fixture, 1);
    bring_up(&fixture, 100);
    int status = 0;
    g_autofree char *out =
        shell(&fixture,
              "s=$(ls archive/*/*/*events*); chmod u+w $s; n=$(grep -abo $'\\x28\\xb5\\x2f\\xfd' $s | "
              "sed -n 2p | cut -d: -f1); truncate -s $n $s",
              &status);
    cr_assert_eq(status, 0, "%s", out);
    verify(&fixture, &seen, NULL);
    cr_expect(named(&seen, "(release) is not in the archive any more"), "%s", all_damage(&seen));
    g_autoptr(GError) error = NULL;
    cr_expect_null(archive_log_open(fixture.config, &error));
    cr_expect(error != NULL && strstr(error->message, "shorter") != NULL, "%s", error ? error->message : "");
    seen_clear(&seen);
    fixture_clear(&fixture);
}

// The whole archive as it was earlier: the checkpoint beside the key knows better.
Test(log, an_old_copy_put_back_is_refused)
{
    Fixture fixture;
    Seen seen;
    fixture_init(&fixture);
    seen_init(&seen);
    fill(&fixture, 3);
    bring_up(&fixture, 100);
    int status = 0;
    g_free(shell(&fixture, "cp -a archive old", &status));
    fill(&fixture, 3);
    bring_up(&fixture, 100);
    g_free(shell(&fixture, "rm -rf archive && mv old archive", &status));
    cr_assert_eq(status, 0);
    g_autoptr(GError) error = NULL;
    cr_expect_null(archive_log_open(fixture.config, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA), "%s", error ? error->message : "");
    cr_expect_gt(verify(&fixture, &seen, NULL), 0);
    cr_expect(named(&seen, "an old copy of the archive was put back"), "%s", all_damage(&seen));
    seen_clear(&seen);
    fixture_clear(&fixture);
}

// log.db lost, or older than the log: it learns from the log, and nothing gets a second leaf.
Test(log, the_database_can_be_lost)
{
    static const char *const LOSSES[] = {"rm archive/log.db*", "rm archive/log.db* && cp -a kept/* archive/"};
    for (guint i = 0; i < G_N_ELEMENTS(LOSSES); i++) {
        Fixture fixture;
        Seen seen;
        ArchiveVerdict verdict;
        int status = 0;
        fixture_init(&fixture);
        seen_init(&seen);
        fill(&fixture, 3);
        bring_up(&fixture, 100);
        g_free(shell(&fixture, "mkdir kept && cp -a archive/log.db* kept/", &status));
        fill(&fixture, 4);
        bring_up(&fixture, 100);
        g_free(shell(&fixture, LOSSES[i], &status));
        cr_assert_eq(status, 0);
        cr_expect_eq(bring_up(&fixture, 100), 0, "loss %u", i);
        cr_expect_eq(verify(&fixture, &seen, &verdict), 0, "%s", all_damage(&seen));
        cr_expect_eq(verdict.log.captures, 7);
        cr_expect_eq(verdict.log.pending, 0);
        seen_clear(&seen);
        fixture_clear(&fixture);
    }
}

Test(log, rows_of_the_database_are_checked)
{
    static const char *const CHANGES[] = {"UPDATE leaf SET number = number + 1 WHERE number = 2",
                                          "DELETE FROM leaf WHERE number = 1",
                                          "INSERT INTO leaf VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 99)"};
    for (guint i = 0; i < G_N_ELEMENTS(CHANGES); i++) {
        Fixture fixture;
        Seen seen;
        fixture_init(&fixture);
        seen_init(&seen);
        fill(&fixture, 3);
        bring_up(&fixture, 100);
        LogDb db;
        cr_assert(log_db_open(&db, fixture.config, STORE_WRITE, NULL) && store_exec(db.db, CHANGES[i], NULL));
        log_db_close(&db);
        cr_expect_gt(verify(&fixture, &seen, NULL), 0, "%s", CHANGES[i]);
        cr_expect(named(&seen, "log.db"), "%s", all_damage(&seen));
        seen_clear(&seen);
        fixture_clear(&fixture);
    }
}

// A finished segment has a seal: not a byte of it can change, even where no record is.
Test(log, sealed_segments)
{
    Fixture fixture;
    Seen seen;
    fixture_init(&fixture);
    seen_init(&seen);
    fill(&fixture, 2);
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(fixture.config, NULL, &error);
    g_autoptr(ArchiveRef) first = append_text(archive, "Subject: x\r\n\r\nx\r\n", NOON);
    g_autoptr(ArchiveRef) next = append_text(archive, "Subject: y\r\n\r\ny\r\n", NOON + 2 * DAY_US);
    cr_assert(first != NULL && next != NULL);
    archive_close(&archive);
    bring_up(&fixture, 100);
    cr_expect_eq(verify(&fixture, &seen, NULL), 0, "%s", all_damage(&seen));
    g_autofree char *path = segment_path(&fixture, first->segment);
    g_autoptr(GBytes) bytes = file_bytes(path);
    // A skippable frame behind the end: no record, no checksum tells.
    g_autoptr(GByteArray) longer = g_byte_array_new();
    g_byte_array_append(longer, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    g_byte_array_append(longer, (const guint8 *)"\x50\x2a\x4d\x18\x01\0\0\0x", 9);
    file_put(path, longer->data, longer->len, 0640);
    verify(&fixture, &seen, NULL);
    cr_expect(named(&seen, "not the file that was sealed"), "%s", all_damage(&seen));
    seen_clear(&seen);
    fixture_clear(&fixture);
}

Test(log, two_cannot_write_it)
{
    Fixture fixture;
    fixture_init(&fixture);
    fill(&fixture, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) one = archive_log_open(fixture.config, NULL);
    cr_assert_not_null(one);
    cr_expect_null(archive_log_open(fixture.config, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL), "%s", error ? error->message : "");
    fixture_clear(&fixture);
}
