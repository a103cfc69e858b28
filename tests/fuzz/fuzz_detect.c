// libFuzzer target: detection as a whole over a message of any passages, with the shipped tables and a small district.
// What it checks beside memory: findings lie in their passages and are whole, and facts are those that rules can name.
//
// Input: passages one behind the other, parted by a byte FF (which no text has); of each the first byte says where it
// comes from, the second who the reader says wrote some of it, and the rest is its text. The letter A is plain text.
// tests/fuzz/run starts it in build/fuzz, two levels below the tables.
#include "detect/detect.h"
#include "feeds/feeds.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define FUZZ_TODAY    20261016
#define FUZZ_PASSAGES 6

typedef struct {
    DetectData *data;
    Config *config;
    Roster *roster;
} Fuzz;

static GBytes *fuzz_read(const char *name, void *data, GError **error)
{
    g_autofree char *path = g_build_filename("../../conf/lists", name, NULL);
    return file_read(path, 16 << 20, error);
}

static Fuzz *fuzz_open(void)
{
    g_autoptr(GError) error = NULL;
    static const char CONFIG[] = "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                                 "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n"
                                 "limits = { candidates = 100; findings = 60; };\n";
    Fuzz *fuzz = g_new0(Fuzz, 1);
    g_autofree char *here = g_get_current_dir(), *dir = g_build_filename(here, "district-XXXXXX", NULL);
    bool ok = g_mkdtemp(dir) != NULL;
    g_autofree char *path = g_build_filename(dir, "chaperone.conf", NULL);
    ok = ok && g_file_set_contents(path, CONFIG, -1, &error);
    fuzz->config = ok ? config_load(path, &error) : NULL;
    FeedResult *result =
        fuzz->config ? feeds_import_path(fuzz->config, "../../tests/unit/district", false, FUZZ_TODAY, &error)
                     : NULL;
    fuzz->roster = result ? roster_open(fuzz->config, &error) : NULL;
    fuzz->data = fuzz->roster ? detect_data_new(fuzz_read, NULL, &error) : NULL;
    if (!fuzz->data)
        g_error("%s", error ? error->message : "no directory for the district");
    feed_result_free(result);
    return fuzz;
}

// A stretch of the passage as the reader marks it: which one and whose the bits of `hint` say.
static void fuzz_mark(Passage *passage, uint8_t hint)
{
    LayerMark mark = {passage->len * (hint >> 3 & 3) / 4, passage->len, hint % 8 % LAYER_LAST};
    mark.end = mark.start + (passage->len - mark.start) * (1 + (hint >> 5 & 3)) / 4;
    if (mark.layer != LAYER_WRITTEN && mark.start < mark.end) {
        passage->marks = g_array_new(FALSE, FALSE, sizeof mark);
        g_array_append_val(passage->marks, mark);
    }
}

static void fuzz_passage(Message *message, const uint8_t *bytes, size_t size)
{
    static const char *const HEADERS[] = {"Subject", "Reply-To", "TEL", "X-Phone"};
    PassageOrigin origin = size > 0 ? (PassageOrigin)((bytes[0] - 'A') & 0x7f) % ORIGIN_LAST : ORIGIN_TEXT;
    uint8_t hint = size > 1 ? (uint8_t)(bytes[1] - 'A') : 0;
    g_autofree char *text =
        g_utf8_make_valid(size > 2 ? (const char *)bytes + 2 : "", size > 2 ? (gssize)size - 2 : 0);
    Visibility visibility = origin == ORIGIN_HTML_SOURCE || origin == ORIGIN_SWEEP ? VISIBILITY_SOURCE
                            : hint & 0x80                                          ? VISIBILITY_HIDDEN
                                                                                   : VISIBILITY_SHOWN;
    Passage *passage =
        message_add_passage(message, message->parts->len - 1, origin, visibility, text, strlen(text));
    if (origin == ORIGIN_HEADER || origin == ORIGIN_NAME || origin == ORIGIN_VCARD ||
        origin == ORIGIN_CALENDAR)
        passage->header = g_strdup(HEADERS[hint % G_N_ELEMENTS(HEADERS)]);
    fuzz_mark(passage, hint);
}

static void fuzz_check(const Finding *finding, const Message *message)
{
    const Passage *passage = finding->passage < message->passages->len
                                 ? g_ptr_array_index(message->passages, finding->passage)
                                 : NULL;
    bool ok = passage && finding->start <= finding->end && finding->end <= passage->len && finding->value &&
              finding->text && g_utf8_validate(finding->text, -1, NULL) &&
              g_utf8_validate(finding->value, -1, NULL) && strlen(finding->text) <= 200 &&
              finding->confidence >= 0 && finding->confidence <= 1 && finding->kind < KIND_LAST &&
              finding->layer < LAYER_LAST;
    g_autofree char *masked = ok ? detect_mask(finding->kind, finding->value) : NULL;
    if (!ok || !masked)
        g_error("finding \"%s\" at %zu..%zu of passage %u", finding->value, finding->start, finding->end,
                finding->passage);
}

static void fuzz_run(const Fuzz *fuzz, const Message *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup("ann@example.org");
    envelope->auth_login = g_strdup("ann@example.org");
    envelope_add_rcpt(envelope, "uma@students.example.org", NULL);
    g_autoptr(RosterSession) session = roster_session_begin(fuzz->roster, FUZZ_TODAY, &error);
    g_autoptr(Parties) parties = session ? roster_resolve_message(session, envelope, message, &error) : NULL;
    g_autoptr(Detection) detection =
        parties ? detect_run(fuzz->data, fuzz->config, message, parties, session, &error) : NULL;
    if (!detection)
        g_error("%s", error->message);
    for (guint i = 0; i < detection->findings->len; i++)
        fuzz_check(g_ptr_array_index(detection->findings, i), message);
    for (guint i = 0; i < detection->facts->len; i++)
        if (!message_fact_lookup(g_ptr_array_index(detection->facts, i), NULL, NULL))
            g_error("no rule can name \"%s\"", (char *)g_ptr_array_index(detection->facts, i));
    g_autoptr(GPtrArray) endings = detect_endings(fuzz->data, message, parties);
    for (guint i = 0; i < endings->len; i++) {
        g_autofree char *words = detect_ending_words(g_ptr_array_index(endings, i));
        g_assert(g_utf8_validate(words, -1, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static Fuzz *fuzz;
    if (!fuzz)
        fuzz = fuzz_open();
    g_autoptr(Message) message = message_new();
    message_add_part(message, 0, "1", "text/plain");
    message_add_address(message, "From", 0, 0, "Ann Alder", "ann@example.org");
    for (guint i = 0; size > 0 && i < FUZZ_PASSAGES; i++) {
        const uint8_t *end = memchr(bytes, 0xff, size);
        size_t n = end ? (size_t)(end - bytes) : size;
        fuzz_passage(message, bytes, n);
        n += end ? 1 : 0;
        bytes += n;
        size -= n;
    }
    fuzz_run(fuzz, message);
    return 0;
}
