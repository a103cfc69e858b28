// findings: one for each detail, however often and in whatever forms the message shows it.
#include "detect/attribute.h"

#include <string.h>

#define SWEEP_PLAIN 200 // findings that those of the sweep are compared with
#define SWEEP_CODED 6   // figures of coded characters before a detail

void finding_free(Finding *finding)
{
    if (finding) {
        g_free(finding->value);
        g_free(finding->text);
        g_free(finding->reckoning);
        g_free(finding->where);
        g_free(finding->owner_person);
        g_ptr_array_unref(finding->obfuscation);
        g_ptr_array_unref(finding->evidence);
        g_free(finding);
    }
}

static void findings_union(GPtrArray *into, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        bool known = false;
        for (guint k = 0; !known && k < into->len; k++)
            known = strcmp(g_ptr_array_index(into, k), g_ptr_array_index(from, i)) == 0;
        if (!known && into->len < 24)
            g_ptr_array_add(into, g_strdup(g_ptr_array_index(from, i)));
    }
}

// How much a place tells: text as a client shows it has words and quoting around it; a link's target has
// none; the source of HTML and the raw bytes have lost whose words they are.
static int findings_rank(const Message *message, const Finding *finding)
{
    const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
    int rank = 2;
    if (passage->origin == ORIGIN_HTML_SOURCE || passage->origin == ORIGIN_SWEEP)
        rank = 0;
    else if (passage->origin == ORIGIN_LINK || passage->origin == ORIGIN_ATTRIBUTE ||
             passage->origin == ORIGIN_METADATA)
        rank = 1;
    return rank;
}

// The better of two places of one detail: text as shown, then the surer; of equals the one that a reader sees
// and that stands first.
static bool findings_better(const Message *message, const Finding *one, const Finding *other)
{
    int order = findings_rank(message, one) - findings_rank(message, other);
    if (!order)
        order = one->confidence > other->confidence + 0.005   ? 1
                : one->confidence < other->confidence - 0.005 ? -1
                                                              : 0;
    if (!order)
        order = (one->visibility == VISIBILITY_SHOWN) - (other->visibility == VISIBILITY_SHOWN);
    if (!order)
        order = (one->layer == LAYER_WRITTEN) - (other->layer == LAYER_WRITTEN);
    return order > 0;
}

// How plainly a reader meets what stands in such a passage: text, then links and the like, then what only
// tools see.
static int findings_plainness(const Message *message, const Finding *finding)
{
    static const int PLAINNESS[ORIGIN_LAST] = {
        [ORIGIN_TEXT] = 3,        [ORIGIN_HTML] = 3,      [ORIGIN_HEADER] = 3, [ORIGIN_NAME] = 3,
        [ORIGIN_CALENDAR] = 3,    [ORIGIN_VCARD] = 3,     [ORIGIN_TABLE] = 3,  [ORIGIN_FILENAME] = 2,
        [ORIGIN_LINK] = 2,        [ORIGIN_ATTRIBUTE] = 2, [ORIGIN_DATA] = 2,   [ORIGIN_PROLOGUE] = 1,
        [ORIGIN_HTML_SOURCE] = 1, [ORIGIN_DOCUMENT] = 3,  [ORIGIN_OCR] = 3,    [ORIGIN_CODE] = 2,
        [ORIGIN_METADATA] = 1};
    const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
    return passage->visibility == VISIBILITY_SHOWN ? PLAINNESS[passage->origin] : 1;
}

// A detail is one whoever it is thought to be of; words are of each that wrote them, records of each student.
static char *findings_key(const Finding *finding)
{
    bool each = finding->kind == KIND_PHRASE || finding->kind == KIND_STUDENT_RECORD;
    return each ? g_strdup_printf("%d %s %d %s", finding->kind, finding->value, finding->owner,
                                  finding->owner_person ? finding->owner_person : "")
                : g_strdup_printf("%d %s", finding->kind, finding->value);
}

// ---- what only the sweep sees ----

// The bytes "20jane@example.org" are of "=20jane@example.org".
static bool findings_is_coded(const char *value, const char *plain)
{
    gsize n = strlen(value), m = strlen(plain);
    bool coded = n > m && n - m <= SWEEP_CODED && (n - m) % 2 == 0 && strcmp(value + n - m, plain) == 0;
    for (gsize i = 0; coded && i < n - m; i++)
        coded = g_ascii_isxdigit(value[i]);
    return coded;
}

// Lines that a code broke, or that begin with a coded character, show the sweep a piece of a detail, or one more.
static bool findings_is_piece(const Finding *finding, const GPtrArray *plain)
{
    bool piece = false;
    for (guint i = 0; !piece && i < plain->len; i++) {
        const Finding *whole = g_ptr_array_index(plain, i);
        piece = whole->kind == finding->kind &&
                (strstr(whole->value, finding->value) || strstr(whole->text, finding->text) ||
                 findings_is_coded(finding->value, whole->value));
    }
    return piece;
}

// The header's own addresses, and pieces of what stands elsewhere, are nothing that the sweep alone sees.
static void findings_sift(GPtrArray *findings, GHashTable *addresses)
{
    g_autoptr(GPtrArray) plain = g_ptr_array_new();
    for (guint i = 0; i < findings->len && plain->len < SWEEP_PLAIN; i++) {
        Finding *finding = g_ptr_array_index(findings, i);
        if (!finding->sweep_only && kind_is_contact(finding->kind))
            g_ptr_array_add(plain, finding);
    }
    for (guint i = findings->len; i > 0; i--) {
        const Finding *finding = g_ptr_array_index(findings, i - 1);
        bool shown = finding->sweep_only &&
                     ((finding->kind == KIND_EMAIL && g_hash_table_contains(addresses, finding->value)) ||
                      (kind_is_contact(finding->kind) && findings_is_piece(finding, plain)));
        if (shown)
            g_ptr_array_remove_index(findings, i - 1);
    }
}

// A detail whose owner the registry knows has that owner wherever it stands; else the surest place tells, so
// that a number is not the sender's in one line and nobody's in the next.
void findings_merge(GPtrArray *findings, const Message *message, GHashTable *addresses)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < findings->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(findings, i));
    g_ptr_array_set_free_func(findings, NULL);
    g_ptr_array_set_size(findings, 0);
    for (guint i = 0; i < all->len; i++) {
        Finding *finding = g_ptr_array_index(all, i);
        const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
        finding->sweep_only = passage->origin == ORIGIN_SWEEP;
        char *key = findings_key(finding);
        gpointer at = NULL;
        bool known = g_hash_table_lookup_extended(seen, key, NULL, &at);
        if (!known) {
            g_hash_table_insert(seen, key, GUINT_TO_POINTER(findings->len));
            g_ptr_array_add(findings, finding);
            continue;
        }
        g_free(key);
        Finding **kept = (Finding **)&findings->pdata[GPOINTER_TO_UINT(at)];
        // Of places that tell the same owner the plainest is shown, as sure as the surest of them.
        int plainer = findings_plainness(message, finding) - findings_plainness(message, *kept);
        bool better = findings_better(message, finding, *kept);
        if (plainer && finding->owner == (*kept)->owner &&
            g_strcmp0(finding->owner_person, (*kept)->owner_person) == 0)
            better = plainer > 0;
        Finding *winner = better ? finding : *kept;
        Finding *loser = winner == finding ? *kept : finding;
        winner->sweep_only = finding->sweep_only && (*kept)->sweep_only;
        if (winner->owner == loser->owner)
            winner->confidence = MAX(winner->confidence, loser->confidence);
        findings_union(winner->obfuscation, loser->obfuscation);
        *kept = winner;
        finding_free(loser);
    }
    g_ptr_array_set_free_func(findings, (GDestroyNotify)finding_free);
    findings_sift(findings, addresses);
}
