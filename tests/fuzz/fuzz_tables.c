// libFuzzer target: the tables of detection, each kind of them, and what phrase books make of a text. The first byte
// chooses the table ('a' is the first of TABLES), what follows up to a line of "%%" is the table, and the rest is a text
// that the books made of it are matched over.
//
// Checked beside memory: a table that is refused says so with its name and line, and hits lie in the text.
// tests/fuzz/run starts it in build/fuzz, two levels below the tables.
#include "detect/tables.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define FUZZ_HITS 500

static const char *const TABLES[] = {
    "area-codes.txt", "country-codes.txt", "hotlines.txt",         "webmail.txt", "approved-tools.txt",
    "platforms.txt",  "weights.txt",       "signatures.txt",       "phrases.txt", "disclaimers.txt",
    "labels.txt",     "lexicon.txt",       "disclaimers-local.txt"};
static const char *const BOOKS[] = {"phrases.txt", "disclaimers.txt", "labels.txt", "lexicon.txt"};

typedef struct {
    const char *name; // of the table of the input; the others are empty, but the weights, which must be there
    const char *table;
    gsize len;
    GBytes *weights;
} Fuzz;

static GBytes *fuzz_read(const char *name, void *data, GError **error)
{
    const Fuzz *fuzz = data;
    GBytes *bytes = NULL;
    if (strcmp(name, fuzz->name) == 0)
        bytes = g_bytes_new(fuzz->table, fuzz->len);
    else if (strcmp(name, "weights.txt") == 0)
        bytes = g_bytes_ref(fuzz->weights);
    else if (strcmp(name, "disclaimers-local.txt") == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "none");
    else
        bytes = g_bytes_new_static("", 0);
    return bytes;
}

static void fuzz_check_hits(const GArray *hits, const GArray *tokens)
{
    for (guint i = 0; i < hits->len; i++) {
        const PhraseHit *hit = &g_array_index(hits, PhraseHit, i);
        bool ok = hit->section && hit->id && hit->weight > 0 && hit->weight <= 1 && hit->first <= hit->last &&
                  (!tokens || hit->last < tokens->len);
        if (!ok)
            g_error("hit %s of words %u to %u", hit->id, hit->first, hit->last);
    }
}

static void fuzz_match(const DetectData *data, const char *text, gsize len)
{
    g_autoptr(GArray) tokens = phrases_tokens(tables_words(data), text, len);
    for (gsize i = 0; i < G_N_ELEMENTS(BOOKS); i++) {
        const PhraseBook *book = tables_book(data, BOOKS[i]);
        g_autoptr(GArray) starts = NULL;
        g_autoptr(GArray) hits = phrases_match(book, tokens, FUZZ_HITS);
        g_autoptr(GArray) openings = phrases_open_lines(book, text, len, &starts);
        g_assert(starts->len == openings->len);
        fuzz_check_hits(hits, tokens);
        fuzz_check_hits(openings, NULL);
        if (phrases_speak(book, tokens) && hits->len == 0)
            g_error("%s speaks without a hit", BOOKS[i]);
    }
    gsize end = disclaimer_at(tables_disclaimers(data), text, len, 0);
    g_assert(end <= len);
}

// Whole passages by the words of the table: the finders that ask tables.
static void fuzz_find(const DetectData *data, const char *text, gsize len)
{
    static void (*const FINDERS[])(DetectScan *) = {social_find,  mailbox_find, phone_find,  street_find,
                                                    payment_find, solicit_find, lexicon_find};
    static Config *config;
    if (!config)
        config = config_defaults();
    g_autoptr(Message) message = message_new();
    Parties parties = {0};
    bool truncated = false;
    Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, len);
    DetectView *view = view_new(passage, 0);
    view_words(view, data);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    g_autoptr(GArray) marks = layer_find(data, passage, &parties);
    DetectScan scan = {.data = data,
                       .config = config,
                       .message = message,
                       .parties = &parties,
                       .view = view,
                       .marks = marks,
                       .out = out,
                       .truncated = &truncated};
    for (gsize i = 0; i < G_N_ELEMENTS(FINDERS); i++)
        FINDERS[i](&scan);
    for (guint i = 0; i < out->len; i++) {
        const Candidate *candidate = g_ptr_array_index(out, i);
        bool ok = candidate->start <= candidate->end && candidate->end <= len && candidate->shape >= 0 &&
                  candidate->shape <= 1 && (candidate->value || candidate->name);
        if (!ok)
            g_error("candidate %s at %zu..%zu of %zu", candidate->value, candidate->start, candidate->end,
                    len);
    }
    view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static GBytes *weights;
    g_autoptr(GError) error = NULL;
    if (!weights)
        weights = file_read("../../conf/lists/weights.txt", 16 << 20, &error);
    if (size == 0)
        return 0;
    const char *table = (const char *)bytes + 1,
               *parting = size > 4 ? memmem(table, size - 1, "\n%%\n", 4) : NULL;
    Fuzz fuzz = {
        .name = TABLES[(guint)(bytes[0] - 'a') % G_N_ELEMENTS(TABLES)], .table = table, .weights = weights};
    fuzz.len = parting ? (gsize)(parting - table) + 1 : size - 1;
    g_autoptr(DetectData) data = detect_data_new(fuzz_read, &fuzz, &error);
    if (data) {
        gsize rest = parting ? size - 1 - fuzz.len - 3 : 0;
        g_autofree char *text = g_utf8_make_valid(parting ? parting + 4 : "", (gssize)rest);
        g_autofree char *lower = g_utf8_strdown(text, -1);
        fuzz_match(data, lower, strlen(lower));
        fuzz_find(data, text, strlen(text));
    } else if (!strstr(error->message, fuzz.name)) {
        g_error("%s is refused: %s", fuzz.name, error->message);
    }
    return 0;
}
