// A sealed archive: what stands in it, who can read it, and how a record of it is destroyed.
#include "archive/log_internal.h"
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 12, BIG = 3 * 1024 * 1024 };

typedef struct {
    Fixture base;
    GPtrArray *refs; // of ArchiveRef
} Ground;

static void free_ref(gpointer ref)
{
    archive_ref_free(ref);
}

static char *text_of(guint i)
{
    return g_strdup_printf("Subject: %u\r\n\r\nsecret-%04u %0*u\r\n", i, i, (int)(i * 300 + 1), 0);
}

static void add_some(Ground *ground, guint count)
{
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(ground->base.config, NULL, &error);
    cr_assert_not_null(archive, "%s", error ? error->message : "");
    for (guint i = 0; i < count; i++) {
        g_autofree char *text = text_of(ground->refs->len);
        g_ptr_array_add(ground->refs, append_text(archive, text, NOON + ground->refs->len));
    }
    cr_assert(archive_event(archive, "view", "auditor", NULL, NULL, NOON, &error));
    archive_close(&archive);
}

static void ground_init(Ground *ground, guint count)
{
    g_autoptr(GError) error = NULL;
    fixture_init(&ground->base);
    ground->base.config->archive.sealed = true;
    ground->refs = g_ptr_array_new_with_free_func(free_ref);
    cr_assert(keys_master_init(ground->base.config, &error), "%s", error ? error->message : "");
    if (count > 0)
        add_some(ground, count);
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

static void sequence(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(ground->base.config, &error);
    cr_assert_not_null(log, "%s", error ? error->message : "");
    for (guint fresh = 1; fresh > 0;)
        cr_assert(archive_log_sequence(log, 1000, &fresh, &error), "%s", error ? error->message : "");
    cr_assert(archive_log_publish(log, &error), "%s", error ? error->message : "");
}

// The damage that verifying names, in lines. Caller frees.
static char *verify(Ground *ground, ArchiveVerdict *out)
{
    Seen seen;
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    seen_init(&seen);
    cr_assert(archive_verify(ground->base.config, seen_damage, NULL, &seen, out, &error), "%s",
              error ? error->message : "");
    for (guint i = 0; i < seen.damage->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)seen.damage->pdata[i]);
    seen_clear(&seen);
    return g_string_free(text, FALSE);
}

static void move_master(Ground *ground, bool away)
{
    g_autofree char *path = keys_master_path(ground->base.config), *other = g_strconcat(path, ".away", NULL);
    cr_assert_eq(g_rename(away ? path : other, away ? other : path), 0);
}

static void check_read(Ground *ground, guint i)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveRecord) record = archive_get_at(ground->base.config, ref_at(ground, i), &error);
    cr_assert_not_null(record, "%s", error ? error->message : "");
    g_autofree char *text = text_of(i);
    gsize len;
    const char *raw = g_bytes_get_data(record->raw, &len);
    cr_assert_eq(len, strlen(text));
    cr_assert(memcmp(raw, text, len) == 0);
    cr_assert_str_eq(json_string_value(json_object_get(record->meta, "id")), ref_at(ground, i)->id);
}

Test(sealed, comes_back_and_nothing_of_it_stands_in_the_segment)
{
    Ground ground;
    ground_init(&ground, COUNT);
    for (guint i = 0; i < COUNT; i++)
        check_read(&ground, i);
    g_autoptr(ArchiveRecord) found = archive_get(ground.base.config, ref_at(&ground, 3)->id, NULL);
    cr_assert_not_null(found);
    ArchiveQuery query = {.address = "Pupil@example.org", .want_raw = true};
    Seen seen;
    seen_init(&seen);
    cr_assert(archive_each(ground.base.config, &query, seen_record, seen_damage, &seen, NULL));
    cr_assert_eq(seen.records->len, COUNT);
    cr_assert_eq(seen.damage->len, 0);
    cr_assert_not_null(seen.raws->pdata[COUNT - 1]);
    seen_clear(&seen);
    int status;
    g_autofree char *command = g_strdup_printf("cd archive && zstd -dc %s > ../plain && cd .. && tar tf "
                                               "plain && ! grep -aq -e secret- -e pupil@ plain",
                                               ref_at(&ground, 0)->segment);
    g_autofree char *out = shell(&ground.base, command, &status);
    cr_assert_eq(status, 0, "%s", out);
    g_autofree char *leaf = g_strconcat(ref_at(&ground, 5)->id, ".leaf", NULL),
                    *eml = g_strconcat(ref_at(&ground, 5)->id, ".eml.zst.gcm", NULL);
    cr_assert(strstr(out, leaf) != NULL && strstr(out, eml) != NULL, "%s", out);
    ground_clear(&ground);
}

static bool print_key(const char *record, const RecordKey *key, void *data)
{
    char **out = data;
    *out = hex_encode(key->bytes, KEYS_LEN);
    return true;
}

Test(sealed, openssl_and_zstd_are_enough_to_open_one)
{
    Ground ground;
    ground_init(&ground, COUNT);
    const char *id = ref_at(&ground, 7)->id;
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer)id);
    g_autofree char *hex = NULL;
    cr_assert(keys_each(ground.base.config, one, print_key, &hex, NULL));
    g_autofree char *command = g_strdup_printf(
        "zstd -dc archive/%1$s | tar xf - %2$s.eml.zst.gcm %2$s.json.zst.gcm && for kind in eml json; do "
        "f=%2$s.$kind.zst.gcm; iv=$(head -c 12 $f | od -An -tx1 | tr -d ' \\n')00000002; "
        "tail -c +13 $f | head -c -16 | openssl enc -d -aes-256-ctr -K %3$s -iv $iv | zstd -dc; done",
        ref_at(&ground, 7)->segment, id, hex);
    int status;
    g_autofree char *out = shell(&ground.base, command, &status), *text = text_of(7);
    cr_assert_eq(status, 0, "%s", out);
    cr_assert(g_str_has_prefix(out, text), "%s", out);
    cr_assert(strstr(out, "pupil@example.org") != NULL, "%s", out);
    ground_clear(&ground);
}

Test(sealed, large_messages_and_empty_ones)
{
    Ground ground;
    ground_init(&ground, 0);
    g_autofree guint8 *big = g_malloc(BIG);
    randombytes_buf(big, BIG);
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(ground.base.config, NULL, &error);
    g_autoptr(ArchiveRef) large = append(archive, big, BIG, NOON, &error);
    g_autoptr(ArchiveRef) empty = append(archive, "", 0, NOON, &error);
    cr_assert(large != NULL && empty != NULL, "%s", error ? error->message : "");
    archive_close(&archive);
    g_autoptr(ArchiveRecord) one = archive_get_at(ground.base.config, large, &error);
    g_autoptr(ArchiveRecord) other = archive_get_at(ground.base.config, empty, &error);
    cr_assert(one != NULL && other != NULL, "%s", error ? error->message : "");
    gsize len;
    const void *raw = g_bytes_get_data(one->raw, &len);
    cr_assert(len == BIG && memcmp(raw, big, BIG) == 0);
    cr_assert_eq(g_bytes_get_size(other->raw), 0);
    ground_clear(&ground);
}

Test(sealed, without_the_secret_key_it_is_written_sequenced_and_verified_but_not_read)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, 0);
    move_master(&ground, true);
    add_some(&ground, COUNT);
    sequence(&ground);
    g_autofree char *damage = verify(&ground, &verdict);
    cr_assert_str_eq(damage, "");
    cr_assert_eq(verdict.records, COUNT);
    cr_assert_eq(verdict.sealed, COUNT);
    cr_assert_eq(verdict.closed, COUNT);
    cr_assert_eq(verdict.log.captures, COUNT);
    g_autoptr(GError) one = NULL, all = NULL, on = NULL;
    cr_assert_null(archive_get_at(ground.base.config, ref_at(&ground, 0), &one));
    cr_assert(g_error_matches(one, BASE_ERROR, BASE_ERROR_NOPERM), "%s", one->message);
    cr_assert(strstr(one->message, "archive.master_key") != NULL, "%s", one->message);
    Seen seen;
    seen_init(&seen);
    ArchiveQuery query = {0};
    cr_assert_not(archive_each(ground.base.config, &query, seen_record, seen_damage, &seen, &all));
    cr_assert(g_error_matches(all, BASE_ERROR, BASE_ERROR_NOPERM));
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)archive_place_free);
    cr_assert_not(archive_follow(ground.base.config, places, 0, 100, seen_record, seen_damage, &seen, &on));
    cr_assert(g_error_matches(on, BASE_ERROR, BASE_ERROR_NOPERM));
    cr_assert_eq(seen.records->len, 0);
    seen_clear(&seen);
    // With it, the rest is checked too, and proofs are those of what was sealed.
    move_master(&ground, false);
    g_autofree char *none = verify(&ground, &verdict);
    cr_assert_str_eq(none, "");
    cr_assert_eq(verdict.closed, 0);
    g_autoptr(ArchiveRecord) record = archive_get(ground.base.config, ref_at(&ground, 4)->id, NULL);
    g_autofree char *proof = archive_log_prove(ground.base.config, ref_at(&ground, 4)->id, NULL);
    cr_assert_not_null(proof);
    g_autoptr(TlogProof) parsed = tlog_proof_parse(proof, strlen(proof), NULL);
    cr_assert(archive_log_leaf_fits(parsed->extra, record->json, record->raw, NULL));
    ground_clear(&ground);
}

Test(sealed, every_flipped_byte_is_named, .timeout = 120)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, 2);
    sequence(&ground);
    g_autofree char *path = segment_path(&ground.base, ref_at(&ground, 0)->segment);
    g_autoptr(GBytes) bytes = file_bytes(path);
    for (gsize at = 0; at < g_bytes_get_size(bytes); at += 3) {
        cr_assert_eq(g_chmod(path, 0640), 0);
        file_flip(path, (int64_t)at, 0x10);
        bool away = at % 2 == 0;
        if (away)
            move_master(&ground, true);
        g_autofree char *damage = verify(&ground, &verdict);
        cr_assert_neq(damage[0], '\0', "byte %zu", at);
        if (away)
            move_master(&ground, false);
        file_flip(path, (int64_t)at, 0x10);
    }
    ground_clear(&ground);
}

// A frame whose tar was changed and packed again: only what the frame's own checksum does not see.
static GByteArray *repack(const guint8 *tar, gsize len)
{
    GByteArray *frame = g_byte_array_new();
    g_byte_array_set_size(frame, (guint)ZSTD_compressBound(len));
    ZSTD_CCtx *context = ZSTD_createCCtx();
    cr_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    size_t n = ZSTD_compress2(context, frame->data, frame->len, tar, len);
    cr_assert(!ZSTD_isError(n));
    ZSTD_freeCCtx(context);
    g_byte_array_set_size(frame, (guint)n);
    return frame;
}

static bool decodes(Ground *ground, GByteArray *frame, DecodeDepth depth, bool with_ring, SealState *out_seal)
{
    g_autoptr(KeysRing) ring = with_ring ? keys_ring_new(ground->base.config) : NULL;
    int fd = message_fd(frame->data, frame->len);
    FrameFile file;
    frame_file_init(&file, fd);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    g_auto(Decoded) decoded = {0};
    bool ok = decode_frame(&file, 0, frame->len, depth, context, ring, &decoded);
    cr_assert(ok || decoded.what != NULL);
    cr_assert(!ok || depth < DECODE_CHECK || decoded.seal == SEAL_CLOSED || decoded.meta != NULL);
    *out_seal = decoded.seal;
    ZSTD_freeDCtx(context);
    frame_file_clear(&file);
    close(fd);
    return ok;
}

Test(sealed, what_was_changed_and_packed_again_is_damage, .timeout = 120)
{
    enum { TRIES = 3000 };
    Ground ground;
    ground_init(&ground, 1);
    g_autofree char *path = segment_path(&ground.base, ref_at(&ground, 0)->segment);
    g_autoptr(GBytes) segment = file_bytes(path);
    const guint8 *frame = g_bytes_get_data(segment, NULL);
    gsize len = (gsize)ref_at(&ground, 0)->length, tar_len = 0;
    guint8 *tar = g_malloc(1 << 20);
    tar_len = ZSTD_decompress(tar, 1 << 20, frame, len);
    cr_assert(!ZSTD_isError(tar_len));
    SealState seal;
    g_autoptr(GByteArray) whole = repack(tar, tar_len);
    cr_assert(decodes(&ground, whole, DECODE_RAW, true, &seal));
    cr_assert_eq(seal, SEAL_OPENED);
    GRand *rand = g_rand_new_with_seed(7);
    guint opened = 0;
    for (guint i = 0; i < TRIES; i++) {
        g_autofree guint8 *copy = g_memdup2(tar, tar_len);
        gsize cut = i % 5 == 0 ? (gsize)g_rand_int_range(rand, 1, (gint32)tar_len) : tar_len;
        for (guint n = i % 5 == 0 ? 0 : 1 + i % 3; n > 0; n--)
            copy[g_rand_int_range(rand, 0, (gint32)tar_len)] ^= (guint8)g_rand_int_range(rand, 1, 256);
        g_autoptr(GByteArray) changed = repack(copy, cut);
        bool ok = decodes(&ground, changed, (DecodeDepth)(i % 4), i % 7 != 0, &seal);
        // Padding and what tar says besides name and size is not sealed; nothing that was sealed may differ.
        opened += ok && seal == SEAL_OPENED && i % 4 >= DECODE_CHECK;
    }
    cr_assert_lt(opened, TRIES / 2);
    g_rand_free(rand);
    g_free(tar);
    ground_clear(&ground);
}

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

static ArchiveCut *prepare(const Ground *ground, guint from, guint to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = from; i < to; i++)
        g_hash_table_add(ids, (gpointer)ref_at(ground, i)->id);
    ArchiveCut *cut =
        archive_cut_prepare(ground->base.config, ref_at(ground, 0)->segment, ids, "01DISPOSAL", &error);
    cr_assert_not_null(cut, "%s", error ? error->message : "");
    return cut;
}

Test(sealed, a_record_goes_by_its_key_and_the_segment_stays)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, COUNT);
    sequence(&ground);
    g_autofree char *path = segment_path(&ground.base, ref_at(&ground, 0)->segment);
    g_autoptr(GBytes) before = file_bytes(path);
    g_autoptr(ArchiveCut) cut = prepare(&ground, 2, 5);
    cr_assert_eq(archive_cut_keys(cut), 3);
    announce(&ground, cut);
    sequence(&ground);
    g_autofree char *announced = verify(&ground, &verdict);
    cr_assert_str_eq(announced, "");
    cr_assert_eq(verdict.log.announced, 3);
    cr_assert_eq(archive_cut_done(ground.base.config, ref_at(&ground, 3), NULL), TRI_NO);
    g_autoptr(GError) error = NULL;
    cr_assert(archive_cut_apply(cut, &error), "%s", error ? error->message : "");
    g_autoptr(GBytes) after = file_bytes(path);
    cr_assert(g_bytes_equal(before, after));
    for (guint away = 0; away < 2; away++) {
        if (away == 1)
            move_master(&ground, true);
        g_autofree char *damage = verify(&ground, &verdict);
        cr_assert_str_eq(damage, "", "%s", damage);
        cr_assert_eq(verdict.log.destroyed, 3);
        cr_assert_eq(verdict.log.announced, 0);
    }
    move_master(&ground, false);
    g_autofree char *book = keys_db_path(ground.base.config), *away = g_strconcat(book, ".away", NULL);
    cr_assert_eq(g_rename(book, away), 0);
    g_autofree char *untold = verify(&ground, &verdict);
    cr_assert_str_eq(untold, "");
    cr_assert_eq(verdict.log.untold, 3, "not known is neither destroyed nor there");
    cr_assert_eq(verdict.log.destroyed + verdict.log.announced, 0);
    cr_assert_eq(g_rename(away, book), 0);
    cr_assert_eq(archive_cut_done(ground.base.config, ref_at(&ground, 3), NULL), TRI_YES);
    g_autoptr(GError) gone = NULL;
    cr_assert_null(archive_get_at(ground.base.config, ref_at(&ground, 3), &gone));
    cr_assert(g_error_matches(gone, BASE_ERROR, BASE_ERROR_NOINPUT), "%s", gone->message);
    Seen seen;
    seen_init(&seen);
    ArchiveQuery query = {.want_raw = true};
    cr_assert(archive_each(ground.base.config, &query, seen_record, seen_damage, &seen, NULL));
    cr_assert_eq(seen.records->len, COUNT - 3);
    cr_assert_eq(seen.damage->len, 0);
    seen_clear(&seen);
    check_read(&ground, 5);
    ground_clear(&ground);
}

Test(sealed, keys_that_go_without_a_disposal_are_named)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, COUNT);
    sequence(&ground);
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer)ref_at(&ground, 6)->id);
    cr_assert(keys_destroy(ground.base.config, one, "01NONE", NULL));
    int status;
    g_autofree char *command = g_strdup_printf(
        "sqlite3 archive.keys.db \"DELETE FROM key WHERE record='%s'\"", ref_at(&ground, 8)->id);
    g_autofree char *out = shell(&ground.base, command, &status);
    cr_assert_eq(status, 0, "%s", out);
    g_autofree char *damage = verify(&ground, &verdict);
    cr_assert(strstr(damage, "no disposal under the log says so") != NULL, "%s", damage);
    cr_assert(strstr(damage, ref_at(&ground, 6)->id) != NULL, "%s", damage);
    cr_assert(strstr(damage, ref_at(&ground, 8)->id) != NULL, "%s", damage);
    ground_clear(&ground);
}

Test(sealed, records_in_clear_and_sealed_ones_stand_in_one_segment)
{
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, 0);
    g_autoptr(GError) error = NULL;
    for (guint sealed = 0; sealed < 2; sealed++) {
        ground.base.config->archive.sealed = sealed == 1;
        Archive *archive = archive_open_shared(ground.base.config, NULL, 0, &error);
        for (guint i = 0; i < 4; i++) {
            g_autofree char *text = text_of(ground.refs->len);
            g_ptr_array_add(ground.refs, append_text(archive, text, NOON + ground.refs->len));
        }
        archive_close(&archive);
    }
    cr_assert_str_eq(ref_at(&ground, 0)->segment, ref_at(&ground, 7)->segment);
    for (guint i = 0; i < 8; i++)
        check_read(&ground, i);
    sequence(&ground);
    g_autoptr(ArchiveCut) cut = prepare(&ground, 2, 6);
    cr_assert_eq(archive_cut_keys(cut), 2);
    announce(&ground, cut);
    sequence(&ground);
    cr_assert(archive_cut_apply(cut, &error), "%s", error ? error->message : "");
    g_autofree char *damage = verify(&ground, &verdict);
    cr_assert_str_eq(damage, "", "%s", damage);
    cr_assert_eq(verdict.log.destroyed, 4);
    for (guint i = 0; i < 8; i++)
        if (i < 2 || i >= 6)
            check_read(&ground, i);
        else
            cr_assert_eq(archive_cut_done(ground.base.config, ref_at(&ground, i), NULL), TRI_YES);
    ground_clear(&ground);
}

Test(sealed, no_key_no_record)
{
    Ground ground;
    ground_init(&ground, 1);
    g_autofree char *public = keys_public_path(ground.base.config),
                    *away = g_strconcat(public, ".away", NULL);
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(ground.base.config, NULL, &error);
    cr_assert_not_null(archive);
    cr_assert_eq(g_rename(public, away), 0);
    cr_assert_null(append(archive, "x", 1, NOON + 1, &error),
                   "a record whose key cannot be kept is not taken");
    cr_assert_not_null(error);
    cr_assert_eq(g_rename(away, public), 0);
    g_autoptr(ArchiveRef) ref = append(archive, "x", 1, NOON + 2, NULL);
    cr_assert_not_null(ref, "and the next one is");
    archive_close(&archive);
    cr_assert_eq(g_rename(public, away), 0);
    g_autoptr(GError) none = NULL;
    cr_assert_null(archive_open(ground.base.config, NULL, &none));
    cr_assert(g_error_matches(none, BASE_ERROR, BASE_ERROR_CONFIG), "%s", none->message);
    ground_clear(&ground);
}

// Appends until it is killed; each id that was acknowledged goes down the pipe.
static void append_for_ever(Ground *ground, int pipe)
{
    Archive *archive = archive_open(ground->base.config, NULL, NULL);
    for (guint i = 0; archive != NULL; i++) {
        g_autofree char *text = text_of(i % 50);
        int fd = message_fd(text, strlen(text));
        g_autoptr(ArchiveRef) ref =
            archive_append(archive, NULL, fd, (int64_t)strlen(text), NULL, NOON + i, NULL);
        close(fd);
        if (ref == NULL || write(pipe, ref->id, ULID_LEN) != ULID_LEN)
            _exit(1);
    }
    _exit(2);
}

Test(sealed, what_was_acknowledged_before_kill_9_can_be_read, .timeout = 120)
{
    enum { ROUNDS = 12 };
    Ground ground;
    ArchiveVerdict verdict;
    ground_init(&ground, 0);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (guint round = 0; round < ROUNDS; round++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            append_for_ever(&ground, ends[1]);
        close(ends[1]);
        char id[ULID_LEN];
        cr_assert_eq(read(ends[0], id, sizeof id), ULID_LEN);
        g_ptr_array_add(ids, g_strndup(id, ULID_LEN));
        g_usleep(10000 + round * 3100);
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        while (read(ends[0], id, sizeof id) == ULID_LEN)
            g_ptr_array_add(ids, g_strndup(id, ULID_LEN));
        close(ends[0]);
    }
    Archive *archive = archive_open(ground.base.config, NULL, NULL);
    cr_assert_not_null(archive);
    archive_close(&archive);
    ArchiveQuery query = {.want_raw = true};
    Seen seen;
    seen_init(&seen);
    cr_assert(archive_each(ground.base.config, &query, seen_record, seen_damage, &seen, NULL));
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < seen.records->len; i++)
        g_hash_table_add(there, seen.records->pdata[i]);
    for (guint i = 0; i < ids->len; i++)
        cr_assert(g_hash_table_contains(there, ids->pdata[i]), "%s", (char *)ids->pdata[i]);
    cr_assert_eq(seen.damage->len, 0);
    seen_clear(&seen);
    sequence(&ground);
    g_autofree char *damage = verify(&ground, &verdict);
    cr_assert_str_eq(damage, "");
    ground_clear(&ground);
}
