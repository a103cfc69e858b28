// record: student records in mail that leaves the district.
#include "detect/record.h"

#include "detect/layer.h"

#include <string.h>

#define RECORD_EACH   8      // so many students are told one by one, more as a number
#define RECORD_BESIDE 150    // bytes between a word of records and a name
#define RECORD_TEXT   120000 // bytes a message in which names are looked for
#define RECORD_IDS    2000
#define RECORD_LEAST  0.3
#define RECORD_TITLED 0.8 // what is left of words whose student only the subject or a file name names

static const char *const VALUES[RECORD_LAST] = {[RECORD_SSN] = "ssn",
                                                [RECORD_ID] = "student-id",
                                                [RECORD_NAMES] = "student-names",
                                                [RECORD_WORDS] = "record-words"};

// ---- does it leave? ----------------------------------------------------------------------------------------

static bool record_is_outside(const Party *party)
{
    bool person = party->role == ROLE_STAFF || party->role == ROLE_STUDENT || party->role == ROLE_GUARDIAN;
    return party->role == ROLE_EXTERNAL || party->role == ROLE_LIST_UNKNOWN || party->partly ||
           (person && party->account == ACCOUNT_PERSONAL);
}

// What outsiders and guardians send is theirs to send; within the district records are everyday work.
static bool record_leaves(const Parties *parties)
{
    const Party *sender = parties->sender;
    bool leaves = false;
    if (!sender || sender->role == ROLE_EXTERNAL || sender->role == ROLE_GUARDIAN)
        return false;
    for (guint i = 0; parties->rcpts && i < parties->rcpts->len && !leaves; i++) {
        const Party *party = g_ptr_array_index(parties->rcpts, i);
        leaves = record_is_outside(party);
        for (guint k = 0; party->members && k < party->members->len && !leaves; k++)
            leaves = record_is_outside(g_ptr_array_index(party->members, k));
    }
    return leaves;
}

static bool record_is_title(const Passage *passage)
{
    return passage->origin == ORIGIN_FILENAME ||
           (passage->origin == ORIGIN_HEADER && g_strcmp0(passage->header, "Subject") == 0);
}

// Other passages show once more what these hold.
static bool record_reads(const Passage *passage)
{
    static const bool READ[ORIGIN_LAST] = {
        [ORIGIN_TEXT] = true, [ORIGIN_HTML] = true,     [ORIGIN_CALENDAR] = true, [ORIGIN_TABLE] = true,
        [ORIGIN_DATA] = true, [ORIGIN_VCARD] = true,    [ORIGIN_DOCUMENT] = true, [ORIGIN_OCR] = true,
        [ORIGIN_CODE] = true, [ORIGIN_PROLOGUE] = true, [ORIGIN_FILENAME] = true, [ORIGIN_ATTRIBUTE] = true};
    return READ[passage->origin] || record_is_title(passage);
}

// ---- words beside names ------------------------------------------------------------------------------------

typedef struct {
    gsize start, end; // bytes of the passage
    gsize from, to;   // the surest word in it
    double shape;
} RecordWindow;

static bool record_is_word(const RecordScan *scan, const DetectView *view, const PhraseHit *hit, gsize *start,
                           gsize *end)
{
    const GArray *tokens = view->lexicon_words;
    Layer layer = LAYER_WRITTEN;
    if (strcmp(hit->section, "confidential") != 0)
        return false;
    view_span(view, g_array_index(tokens, PhraseToken, hit->first).start,
              g_array_index(tokens, PhraseToken, hit->last).end, start, end);
    if (scan->marks[view->index])
        layer = layer_at(scan->marks[view->index], *start);
    return layer != LAYER_SIGNATURE && layer != LAYER_FOOTER; // a department's name, a notice
}

// Stretches around the words of records, those that touch as one. GArray of RecordWindow.
static GArray *record_windows(const RecordScan *scan, const DetectView *view, bool *out_about)
{
    GArray *windows = g_array_new(FALSE, FALSE, sizeof(RecordWindow));
    g_autoptr(LexiconText) text = lexicon_text_new(view);
    *out_about = lexicon_text_about(text) > 0;
    for (guint i = 0; i < view->lexicon->len; i++) {
        const PhraseHit *hit = &g_array_index(view->lexicon, PhraseHit, i);
        gsize from, to;
        double shape = record_is_word(scan, view, hit, &from, &to) ? lexicon_shape(text, i) : 0.0;
        if (shape < RECORD_LEAST)
            continue;
        RecordWindow one = {from > RECORD_BESIDE ? from - RECORD_BESIDE : 0,
                            MIN(to + RECORD_BESIDE, view->passage->len), from, to, shape};
        RecordWindow *last = windows->len ? &g_array_index(windows, RecordWindow, windows->len - 1) : NULL;
        if (last && one.start <= last->end) {
            one.start = last->start;
            one.end = MAX(one.end, last->end);
            if (last->shape >= shape) {
                one.from = last->from;
                one.to = last->to;
                one.shape = last->shape;
            }
            *last = one;
        } else {
            g_array_append_val(windows, one);
        }
    }
    return windows;
}

static bool record_beside(RecordScan *scan, const DetectView *view, const GArray *windows, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < windows->len; i++) {
        const RecordWindow *window = &g_array_index(windows, RecordWindow, i);
        g_autoptr(GPtrArray) people = record_named(scan, view->passage, window->start, window->end, error);
        ok = people != NULL;
        for (guint k = 0; ok && k < people->len; k++)
            record_note(scan, RECORD_WORDS, people->pdata[k], view, window->from, window->to, window->shape,
                        "words of records beside a student's name");
        if (ok && people->len == 0) { // whom a subject names
            GHashTableIter iter;
            gpointer person;
            g_hash_table_iter_init(&iter, scan->titled);
            while (g_hash_table_iter_next(&iter, &person, NULL))
                record_note(scan, RECORD_WORDS, person, view, window->from, window->to,
                            window->shape * RECORD_TITLED, "words of records under a student's name");
        }
    }
    return ok;
}

// ---- all of it -----------------------------------------------------------------------------------------------

void record_note(RecordScan *scan, RecordValue value, const char *key, const DetectView *view, gsize start,
                 gsize end, double shape, const char *why)
{
    RecordPlace *place = g_hash_table_lookup(scan->found[value], key);
    if (!place) {
        place = g_new0(RecordPlace, 1);
        g_hash_table_insert(scan->found[value], g_strdup(key), place);
    }
    if (shape > place->shape)
        *place = (RecordPlace){view, start, end, shape, why};
}

static bool record_passage(RecordScan *scan, const DetectView *view, GError **error)
{
    bool about = false;
    record_ssns(scan, view);
    g_autoptr(GArray) windows = record_windows(scan, view, &about);
    return record_ids(scan, view, error) && record_beside(scan, view, windows, error) &&
           record_rows(scan, view, windows->len > 0, about, error);
}

static bool record_titles(RecordScan *scan, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < scan->message->passages->len; i++) {
        const DetectView *view = scan->views[i];
        if (!view || !view->lexicon || !record_is_title(view->passage))
            continue;
        g_autoptr(GPtrArray) people = record_named(scan, view->passage, 0, view->passage->len, error);
        ok = people != NULL;
        for (guint k = 0; ok && k < people->len; k++)
            g_hash_table_add(scan->titled, g_strdup(people->pdata[k]));
    }
    return ok;
}

static void record_add(RecordScan *scan, RecordValue value, const RecordPlace *place, const char *person,
                       guint count)
{
    Candidate *candidate = candidate_new(KIND_STUDENT_RECORD, VALUES[value], place->view, 0, 0, place->shape);
    candidate->start = place->start;
    candidate->end = place->end;
    candidate->person = g_strdup(person);
    candidate->count = count;
    candidate_evidence(candidate, "%s", place->why);
    if (count > 1)
        candidate_evidence(candidate, "of %u students", count);
    if (scan->out->len < (guint)scan->config->limits.candidates) {
        g_ptr_array_add(scan->out, candidate);
    } else {
        *scan->truncated = true;
        candidate_free(candidate);
    }
}

// A few students are told one by one, so that each has an owner; more than that are a list.
static void record_tell(RecordScan *scan, RecordValue value)
{
    GHashTable *found = scan->found[value];
    guint count = g_hash_table_size(found);
    bool each = count <= RECORD_EACH && value != RECORD_SSN;
    const RecordPlace *best = NULL;
    GHashTableIter iter;
    gpointer person, data;
    if (value == RECORD_NAMES && count < 2)
        return;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &person, &data)) {
        const RecordPlace *place = data;
        if (each)
            record_add(scan, value, place, person, value == RECORD_NAMES ? count : 1);
        else if (!best || place->shape > best->shape ||
                 (place->shape == best->shape && place->start < best->start))
            best = place;
    }
    if (best)
        record_add(scan, value, best, NULL, count);
}

bool record_find(RecordScan *scan, const Parties *parties, GError **error)
{
    bool ok = true;
    if (!record_leaves(parties))
        return true;
    scan->names_left = RECORD_TEXT;
    scan->ids_left = RECORD_IDS;
    scan->titled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < RECORD_LAST; i++)
        scan->found[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ok = record_titles(scan, error);
    for (guint i = 0; ok && i < scan->message->passages->len; i++) {
        const DetectView *view = scan->views[i];
        if (view && view->lexicon && record_reads(view->passage))
            ok = record_passage(scan, view, error);
    }
    for (guint i = 0; i < RECORD_LAST; i++) {
        if (ok)
            record_tell(scan, (RecordValue)i);
        g_hash_table_unref(scan->found[i]);
    }
    g_hash_table_unref(scan->titled);
    return ok;
}
