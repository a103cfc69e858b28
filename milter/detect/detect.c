// detect: the steps from passages to findings, in their order.
#include "detect/detect.h"
#include "detect/attribute.h"
#include "detect/internal.h"
#include "detect/record.h"

#include <string.h>

// A bare name that the registry does not know is kept only where the text asks to be found under it.
#define DETECT_BARE_LEAST 0.4
// What only the sweep sees and is less sure is chance.
#define DETECT_HIDDEN_LEAST 0.4

typedef struct {
    const DetectData *data;
    const Config *config;
    const Message *message;
    const Parties *parties;
    DetectView **views; // by passage
    GArray **marks;     // by passage
    GPtrArray *candidates;
    LinkScan *links;
    bool truncated, shortened;
    guint invisible;
} DetectRun;

void detection_free(Detection *detection)
{
    if (detection) {
        g_ptr_array_unref(detection->findings);
        g_ptr_array_unref(detection->links);
        g_ptr_array_unref(detection->facts);
        g_free(detection);
    }
}

static void detect_fact(Detection *detection, const char *name)
{
    const char *known = message_fact_lookup(name, NULL, NULL);
    for (guint i = 0; i < detection->facts->len; i++)
        if (strcmp(g_ptr_array_index(detection->facts, i), name) == 0)
            known = NULL;
    if (known)
        g_ptr_array_add(detection->facts, g_strdup(known));
}

static bool detect_is_body(const Passage *passage)
{
    return passage->visibility == VISIBILITY_SHOWN &&
           (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML);
}

// Words of a stretch, no more than are asked about.
static guint detect_words(const char *text, gsize len)
{
    guint words = 0;
    bool inside = false;
    const char *end = text + len;
    for (const char *p = text; p < end && words < DETECT_WORDS; p = g_utf8_next_char(p)) {
        bool letter = g_unichar_isalnum(g_utf8_get_char(p));
        words += letter && !inside;
        inside = letter;
    }
    return words;
}

// Words of the longest body that are neither signature nor footer nor somebody else's: a text and its HTML are one.
static guint detect_written(const DetectRun *run)
{
    guint most = 0;
    for (guint i = 0; i < run->message->passages->len && most < DETECT_WORDS; i++) {
        const Passage *passage = g_ptr_array_index(run->message->passages, i);
        const GArray *marks = run->marks[i];
        guint words = detect_is_body(passage) && !marks ? detect_words(passage->text, passage->len) : 0;
        for (guint k = 0; detect_is_body(passage) && marks && k < marks->len; k++) {
            const LayerMark *mark = &g_array_index(marks, LayerMark, k);
            if (mark->layer == LAYER_WRITTEN)
                words += detect_words(passage->text + mark->start, mark->end - mark->start);
        }
        most = MAX(most, words);
    }
    return MIN(most, DETECT_WORDS);
}

// Links first, so that their figures are no phones; then mailboxes, so that theirs are none. An address of the header is
// nothing but one.
static void detect_passage(DetectRun *run, guint index)
{
    static void (*const FINDERS[])(DetectScan *) = {social_find,  mailbox_find, phone_find,  street_find,
                                                    payment_find, solicit_find, lexicon_find};
    const Passage *passage = g_ptr_array_index(run->message->passages, index);
    bool address = attribute_is_address(passage);
    DetectView *view = view_new(passage, index);
    DetectScan scan = {.data = run->data,
                       .config = run->config,
                       .message = run->message,
                       .parties = run->parties,
                       .links = run->links,
                       .view = view,
                       .out = run->candidates,
                       .truncated = &run->truncated,
                       .shortened = &run->shortened};
    view_words(view, run->data);
    run->views[index] = view;
    scan.marks = run->marks[index] = layer_find(run->data, passage, run->parties);
    run->invisible += view->invisible;
    for (gsize i = 0;
         i < G_N_ELEMENTS(FINDERS) && run->candidates->len < (guint)run->config->limits.candidates; i++)
        if (!address || FINDERS[i] == mailbox_find || FINDERS[i] == phone_find)
            FINDERS[i](&scan);
}

static void detect_run_clear(DetectRun *run)
{
    for (guint i = 0; i < run->message->passages->len; i++) {
        view_free(run->views[i]);
        if (run->marks[i])
            g_array_unref(run->marks[i]);
    }
    g_free(run->views);
    g_free(run->marks);
    g_ptr_array_unref(run->candidates);
}

static bool detect_is_idle_name(const Finding *finding)
{
    return finding->kind == KIND_HANDLE && strchr(finding->value, ':') == NULL &&
           finding->confidence < DETECT_BARE_LEAST;
}

static void detect_note(Finding *finding, const char *how)
{
    bool known = false;
    for (guint i = 0; !known && i < finding->obfuscation->len; i++)
        known = strcmp(g_ptr_array_index(finding->obfuscation, i), how) == 0;
    if (!known)
        g_ptr_array_add(finding->obfuscation, g_strdup(how));
}

// How the place itself hides what stands there.
static void detect_note_place(const Message *message, Finding *finding)
{
    const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
    if (passage->visibility == VISIBILITY_HIDDEN)
        detect_note(finding, passage->origin == ORIGIN_METADATA   ? "metadata"
                             : passage->origin == ORIGIN_DOCUMENT ? "hidden-text"
                                                                  : "hidden-html");
    if (passage->origin == ORIGIN_CODE)
        detect_note(finding, "code");
    if (passage->origin == ORIGIN_LINK)
        detect_note(finding, "link-target");
    else if (passage->origin == ORIGIN_HTML_SOURCE)
        detect_note(finding, "html-tags");
}

static int detect_surest_first(gconstpointer a, gconstpointer b)
{
    const Finding *one = *(Finding *const *)a, *other = *(Finding *const *)b;
    return (one->confidence < other->confidence) - (one->confidence > other->confidence);
}

static void detect_finish(const DetectRun *run, Detection *detection)
{
    GPtrArray *findings = detection->findings;
    for (guint i = findings->len; i > 0; i--)
        if (detect_is_idle_name(g_ptr_array_index(findings, i - 1)))
            g_ptr_array_remove_index(findings, i - 1);
    if (findings->len > (guint)run->config->limits.findings) {
        g_ptr_array_sort(findings, detect_surest_first);
        g_ptr_array_set_size(findings, run->config->limits.findings);
        detect_fact(detection, "incomplete");
    }
    for (guint i = 0; i < findings->len; i++) {
        Finding *finding = g_ptr_array_index(findings, i);
        detect_note_place(run->message, finding);
        if (finding->sweep_only && finding->confidence >= DETECT_HIDDEN_LEAST)
            detect_fact(detection, "hidden-structure");
    }
    if (run->truncated)
        detect_fact(detection, "incomplete");
    if (run->invisible > 0)
        detect_fact(detection, "invisible-characters");
    if (run->shortened)
        detect_fact(detection, "shortened-link");
}

Detection *detect_run(const DetectData *data, const Config *config, const Message *message,
                      const Parties *parties, RosterSession *roster, GError **error)
{
    guint count = message->passages->len;
    DetectRun run = {.data = data, .config = config, .message = message, .parties = parties};
    run.views = g_new0(DetectView *, count + 1);
    run.marks = g_new0(GArray *, count + 1);
    run.candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    run.links = links_new((guint)config->limits.candidates);
    Detection *detection = g_new0(Detection, 1);
    detection->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    detection->facts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count; i++) {
        if (run.candidates->len < (guint)config->limits.candidates)
            detect_passage(&run, i);
        else
            run.truncated = true;
    }
    RecordScan records = {.data = data,
                          .config = config,
                          .message = message,
                          .roster = roster,
                          .views = run.views,
                          .marks = run.marks,
                          .out = run.candidates,
                          .truncated = &run.truncated};
    detection->links = links_end(run.links);
    detection->written = detect_written(&run);
    bool ok = record_find(&records, parties, error);
    ok = ok && attribute_candidates(data, config, message, parties, roster, run.candidates, run.marks,
                                    run.views, detection->findings, error);
    if (ok)
        detect_finish(&run, detection);
    detect_run_clear(&run);
    if (!ok)
        g_clear_pointer(&detection, detection_free);
    return detection;
}
