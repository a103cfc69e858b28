// The witness's answers, each status of c2sp.org/tlog-witness; that it never cosigns what does not continue.
#include "witness/internal.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    char *dir;
    Config *config;
    TlogKey *key; // the log's
    Tlog *tlog;
    Witness *witness;
} Fixture;

static char **strings(const char *one)
{
    char **all = g_new0(char *, 2);
    all[0] = g_strdup(one);
    return all;
}

static void fixture_init(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->dir = g_dir_make_tmp("chaperone-witness-XXXXXX", NULL);
    fixture->config = config_defaults();
    ConfigWitness *witness = &fixture->config->witness;
    fixture->key = tlog_key_new("log.example.org/mta1", TLOG_SIGNS_NOTES, NULL);
    g_autofree char *verifier = tlog_key_verifier(fixture->key);
    g_free(witness->name);
    g_free(witness->database);
    g_free(witness->key_file);
    g_strfreev(witness->logs);
    witness->name = g_strdup("witness.example.net/1");
    witness->database = g_build_filename(fixture->dir, "witness.db", NULL);
    witness->key_file = g_build_filename(fixture->dir, "witness.key", NULL);
    witness->logs = strings(verifier);
    fixture->tlog = tlog_open(fixture->dir, 0, NULL);
    fixture->witness = witness_open(fixture->config, &error);
    cr_assert_not_null(fixture->witness, "%s", error ? error->message : "");
}

static void fixture_clear(Fixture *fixture)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", fixture->dir);
    witness_close(&fixture->witness);
    tlog_free(fixture->tlog);
    tlog_key_free(fixture->key);
    config_unref(fixture->config);
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(fixture->dir);
}

static void grow(Fixture *fixture, guint64 size)
{
    while (tlog_size(fixture->tlog) < size) {
        g_autofree char *entry = g_strdup_printf("%d", (int)tlog_size(fixture->tlog));
        cr_assert(tlog_append(fixture->tlog, entry, strlen(entry), NULL));
    }
    cr_assert(tlog_flush(fixture->tlog, NULL));
}

// The signed checkpoint of the first `size` entries. `origin` NULL = the log's.
static char *note_of(Fixture *fixture, guint64 size, const char *origin, const TlogKey *key)
{
    TlogCheckpoint checkpoint = {(char *)(origin ? origin : "log.example.org/mta1"), size, {{0}}};
    cr_assert(tlog_root(tlog_read, fixture->tlog, size, &checkpoint.root, NULL));
    g_autofree char *text = tlog_checkpoint_text(&checkpoint), *line = tlog_note_sign(key, text, 0, NULL);
    return g_strconcat(text, "\n", line, NULL);
}

static char *request(Fixture *fixture, guint64 claimed, guint64 from, guint64 to)
{
    g_autofree char *note = note_of(fixture, to, NULL, fixture->key);
    g_autoptr(GArray) proof = tlog_consistency(tlog_read, fixture->tlog, from, to, NULL);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "old %d\n", (int)claimed);
    for (guint i = 0; proof != NULL && i < proof->len; i++) {
        g_autofree char *hash = tlog_hash_text(&g_array_index(proof, TlogHash, i));
        g_string_append_printf(text, "%s\n", hash);
    }
    g_string_append_printf(text, "\n%s", note);
    return g_string_free(text, FALSE);
}

static guint ask(Fixture *fixture, const char *body, char **out_body)
{
    g_auto(WitnessAnswer) answer = {0};
    witness_add_checkpoint(fixture->witness, body, strlen(body), 1790000000, &answer);
    if (out_body != NULL)
        *out_body = g_strdup(answer.body);
    return answer.status;
}

Test(answer, a_log_is_cosigned_as_it_grows)
{
    Fixture fixture;
    fixture_init(&fixture);
    g_autofree char *verifier = witness_verifier(fixture.witness);
    g_autoptr(TlogKey) witness = tlog_key_from_verifier(verifier, NULL);
    static const guint64 SIZES[] = {1, 2, 2, 3, 100, 300};
    guint64 before = 0;
    for (guint i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        grow(&fixture, SIZES[i]);
        g_autofree char *body = request(&fixture, before, before, SIZES[i]);
        g_autofree char *line = NULL;
        cr_assert_eq(ask(&fixture, body, &line), 200, "%d to %d", (int)before, (int)SIZES[i]);
        g_autofree char *note = note_of(&fixture, SIZES[i], NULL, fixture.key);
        g_autofree char *whole = g_strconcat(note, line, NULL);
        g_autoptr(TlogNote) parsed = tlog_note_parse(whole, strlen(whole), NULL);
        int64_t when = 0;
        cr_expect_eq(tlog_note_signed(parsed, witness, &when, NULL), TRI_YES);
        cr_expect_eq(when, 1790000000);
        before = SIZES[i];
    }
    fixture_clear(&fixture);
}

Test(answer, what_it_refuses)
{
    Fixture fixture;
    fixture_init(&fixture);
    grow(&fixture, 20);
    g_autofree char *first = request(&fixture, 0, 0, 10), *body = NULL;
    cr_assert_eq(ask(&fixture, first, NULL), 200);
    g_autofree char *conflict = request(&fixture, 5, 5, 20);
    cr_expect_eq(ask(&fixture, conflict, &body), 409);
    cr_expect_str_eq(body, "10\n");
    g_autofree char *smaller = request(&fixture, 10, 10, 9);
    cr_expect_eq(ask(&fixture, smaller, NULL), 400);
    g_autofree char *unproved = request(&fixture, 10, 9, 20);
    cr_expect_eq(ask(&fixture, unproved, NULL), 422);
    g_autoptr(TlogKey) other = tlog_key_new("log.example.org/mta1", TLOG_SIGNS_NOTES, NULL);
    g_autofree char *forged = note_of(&fixture, 20, NULL, other),
                    *by_other = g_strconcat("old 10\n\n", forged, NULL);
    cr_expect_eq(ask(&fixture, by_other, NULL), 403);
    g_autofree char *strange = note_of(&fixture, 20, "log.example.com/x", fixture.key);
    g_autofree char *unknown = g_strconcat("old 0\n\n", strange, NULL);
    cr_expect_eq(ask(&fixture, unknown, NULL), 404);
    static const char *const BAD[] = {
        "", "old", "old 1", "old 1\n\n", "old -1\n\nx", "old 01\n\nx\n\ny\n", "new 1\n\nx\n1\ny\n"};
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++)
        cr_expect_eq(ask(&fixture, BAD[i], NULL), 400, "%s", BAD[i]);
    g_autofree char *on = request(&fixture, 10, 10, 20);
    cr_expect_eq(ask(&fixture, on, NULL), 200);
    fixture_clear(&fixture);
}

// The same size with another root: a log that shows two faces.
Test(answer, a_split_view_is_not_cosigned)
{
    Fixture fixture;
    fixture_init(&fixture);
    grow(&fixture, 10);
    g_autofree char *first = request(&fixture, 0, 0, 10);
    cr_assert_eq(ask(&fixture, first, NULL), 200);
    tlog_free(fixture.tlog);
    g_autofree char *other = g_build_filename(fixture.dir, "other", NULL);
    fixture.tlog = tlog_open(other, 0, NULL);
    cr_assert(tlog_append(fixture.tlog, "x", 1, NULL));
    grow(&fixture, 20);
    g_autofree char *same = request(&fixture, 10, 10, 10), *longer = request(&fixture, 10, 10, 20),
                    *body = NULL;
    cr_expect_eq(ask(&fixture, same, &body), 409);
    cr_expect_eq(ask(&fixture, longer, NULL), 422);
    fixture_clear(&fixture);
}

// What was cosigned is known after a restart.
Test(answer, it_remembers)
{
    Fixture fixture;
    fixture_init(&fixture);
    grow(&fixture, 8);
    g_autofree char *first = request(&fixture, 0, 0, 5), *again = request(&fixture, 0, 0, 8), *body = NULL;
    cr_assert_eq(ask(&fixture, first, NULL), 200);
    g_autofree char *before = witness_verifier(fixture.witness);
    witness_close(&fixture.witness);
    fixture.witness = witness_open(fixture.config, NULL);
    g_autofree char *after = witness_verifier(fixture.witness);
    cr_expect_str_eq(before, after);
    cr_expect_eq(ask(&fixture, again, &body), 409);
    cr_expect_str_eq(body, "5\n");
    fixture_clear(&fixture);
}
