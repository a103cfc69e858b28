// What stands around a candidate, as a set of features (attribute.h).
#include "detect/attribute.h"

#include "detect/tables.h"

#include <string.h>

#define SIGNED_REACH  200 // bytes
#define SHORT_MESSAGE 220

typedef struct {
    const AttributeScene *scene;
    const AttributePassage *passage;
    const Candidate *candidate;
    Layer layer;
    guint64 features;
} ContextScan;

static guint64 context_bit(const char *name)
{
    return G_GUINT64_CONSTANT(1) << attribute_feature(name);
}

// ---- names ----

bool attribute_names_sender(const AttributeScene *scene, const char *text, gsize len)
{
    g_autofree char *lower = g_utf8_strdown(text, (gssize)len);
    bool found = false;
    for (guint i = 0; scene->names && scene->names[i] && !found; i++) {
        const char *name = scene->names[i];
        const char *p = strlen(name) >= 3 ? strstr(lower, name) : NULL;
        while (p && !found) {
            bool before = p == lower || !g_ascii_isalnum(p[-1]), after = !g_ascii_isalnum(p[strlen(name)]);
            found = before && after;
            p = strstr(p + 1, name);
        }
    }
    return found;
}

// The part of a value that its owner chose: mailbox name, handle.
static char *context_chosen(const Candidate *candidate)
{
    const char *value = candidate->value ? candidate->value : candidate->name;
    const char *colon = candidate->kind == KIND_EMAIL ? NULL : strchr(value, ':');
    const char *start = colon ? colon + 1 : value;
    return g_ascii_strdown(start, (gssize)strcspn(start, candidate->kind == KIND_EMAIL ? "@" : ""));
}

// The sender's name in a mailbox name or handle: "jane.doe", "jdoe42", "doejane".
static guint64 context_own_name(const AttributeScene *scene, const char *chosen)
{
    guint count = scene->names ? g_strv_length(scene->names) : 0;
    const char *family = count >= 2 ? scene->names[count - 1] : "";
    const char *at = strlen(family) >= 3 ? strstr(chosen, family) : NULL;
    bool given = false, initial = false;
    for (guint i = 0; i + 1 < count; i++) {
        given |= strlen(scene->names[i]) >= 3 && strstr(chosen, scene->names[i]);
        initial |= at && ((at > chosen && at[-1] == scene->names[i][0] && at == chosen + 1) ||
                          at[strlen(family)] == scene->names[i][0] ||
                          (at > chosen + 1 && chosen[0] == scene->names[i][0]));
    }
    guint64 found = 0;
    if (at && (given || initial))
        found = context_bit("sender's full name");
    else if (at && strlen(family) >= 4)
        found = context_bit("sender's family name");
    else if (given)
        found = context_bit("sender's given name");
    return found;
}

static bool context_teacher_like(const char *chosen)
{
    static const char *const TITLES[] = {"coach", "mr",        "mrs",     "ms",      "miss",
                                         "profe", "teacher",   "maestra", "maestro", "director",
                                         "seño",  "professor", "dr"};
    bool found = false;
    for (guint i = 0; !found && i < G_N_ELEMENTS(TITLES); i++) {
        gsize n = strlen(TITLES[i]);
        found = strncmp(chosen, TITLES[i], n) == 0 && (n > 3 || (chosen[n] && strchr("._-", chosen[n])));
    }
    return found;
}

static bool context_role_mailbox(const char *local)
{
    static const char *const ROLES[] = {
        "info",      "contact",      "support",      "help",         "admissions",
        "admission", "office",       "hello",        "tickets",      "sales",
        "noreply",   "no-reply",     "donotreply",   "do-not-reply", "registrar",
        "events",    "team",         "news",         "newsletter",   "press",
        "media",     "orders",       "service",      "services",     "customerservice",
        "webmaster", "postmaster",   "volunteer",    "volunteers",   "apply",
        "feedback",  "membership",   "education",    "groups",       "tours",
        "billing",   "careers",      "jobs",         "hr",           "library",
        "boxoffice", "editor",       "editors",      "submissions",  "reservations",
        "visit",     "scholarships", "financialaid", "mail",         "inquiries",
        "enquiries", "ask",          "programs"};
    gsize n = strcspn(local, "._-+0123456789");
    bool found = false;
    for (guint i = 0; !found && i < G_N_ELEMENTS(ROLES); i++)
        found = strcmp(ROLES[i], local) == 0 ||
                (strlen(ROLES[i]) == n && n >= 4 && strncmp(ROLES[i], local, n) == 0);
    return found;
}

// ---- by kind ----

// The given name of `party`, which `text` ends with but for a family name or its initial ("Maya", "Maya K.:
// ").
static bool context_ends_with_name(const char *text, gsize len, const Party *party)
{
    g_auto(GStrv) words = party->name ? g_strsplit(party->name, " ", 8) : NULL;
    const char *given = words && words[0] ? words[0] : "",
               *family = words && words[0] && words[1] ? words[1] : "";
    const char *word[2] = {"", ""}; // the last two words of the text
    gsize n[2] = {0, 0};
    for (guint i = 0; i < 2; i++) {
        while (len && (g_ascii_isspace(text[len - 1]) || strchr(":-=(.", text[len - 1])))
            len--;
        gsize end = len;
        while (len && !g_ascii_isspace(text[len - 1]))
            len--;
        word[i] = text + len;
        n[i] = end - len;
    }
    bool last = strlen(given) >= 2 && n[0] == strlen(given) && g_ascii_strncasecmp(word[0], given, n[0]) == 0;
    bool first =
        strlen(given) >= 2 && n[1] == strlen(given) && g_ascii_strncasecmp(word[1], given, n[1]) == 0;
    bool surname = n[0] && n[0] <= strlen(family) && g_ascii_strncasecmp(word[0], family, n[0]) == 0;
    return last || (first && surname);
}

const Party *attribute_named_recipient(const AttributeScene *scene, const AttributePassage *passage,
                                       gsize start)
{
    const char *text = passage->passage->text;
    gsize from = start > 48 ? start - 48 : 0;
    const GPtrArray *rcpts = scene->parties->rcpts;
    const Party *found = NULL;
    for (gsize i = from; i < start; i++)
        from = text[i] == '\n' ? i + 1 : from;
    // A single recipient's name before a number addresses the recipient: "Maya: 413-..." is then the
    // writer's.
    for (guint i = 0; rcpts && rcpts->len > 1 && i < rcpts->len && !found; i++) {
        const Party *party = g_ptr_array_index(rcpts, i);
        bool named = party->role != ROLE_LIST && party->role != ROLE_LIST_UNKNOWN &&
                     context_ends_with_name(text + from, start - from, party);
        found = named ? party : NULL;
    }
    return found;
}

static bool context_mailbox(ContextScan *scan, const char *chosen, GError **error)
{
    const char *at = scan->candidate->value ? strrchr(scan->candidate->value, '@') : NULL;
    Tri webmail = TRI_NO;
    if (at) {
        // A domain of the family's own.
        scan->features |= context_own_name(scan->scene, at + 1) & context_bit("sender's family name");
        webmail = tables_is_webmail(scan->scene->data, at + 1)
                      ? TRI_YES
                      : roster_is_webmail(scan->scene->roster, at + 1, error);
        scan->features |= context_bit(webmail == TRI_YES ? "free-mail address" : "organisation's domain");
    }
    if (context_role_mailbox(chosen))
        scan->features |= context_bit("role mailbox");
    return webmail != TRI_UNKNOWN;
}

// "413-555-0142 x214", "413-555-0142,,841#": a telephone exchange or a conference, whether what follows was taken for
// part of the number or not.
static bool context_extension(const ContextScan *scan)
{
    const Passage *passage = scan->passage->passage;
    gsize at = MIN(scan->candidate->end, passage->len);
    bool found = at + 2 < passage->len && memcmp(passage->text + at, ",,", 2) == 0 &&
                 g_ascii_isdigit(passage->text[at + 2]);
    for (gsize i = scan->candidate->start + 1; i + 1 < at && !found; i++)
        found =
            strchr("xX,", passage->text[i]) && g_ascii_isdigit(passage->text[i + 1]) &&
            (passage->text[i] == ',' ? passage->text[i - 1] == ',' : !g_ascii_isalpha(passage->text[i - 1]));
    while (at < passage->len && strchr(" ,", passage->text[at]) && at < scan->candidate->end + 3)
        at++;
    return found || (at + 1 < passage->len && g_ascii_tolower(passage->text[at]) == 'x' &&
                     g_ascii_isdigit(passage->text[at + 1]));
}

static bool context_kind(ContextScan *scan, GError **error)
{
    const Candidate *candidate = scan->candidate;
    const Party *sender = scan->scene->parties->sender;
    bool ok = true;
    if (candidate->kind == KIND_EMAIL || candidate->kind == KIND_HANDLE ||
        candidate->kind == KIND_PAYMENT_HANDLE) {
        g_autofree char *chosen = context_chosen(candidate);
        scan->features |= context_own_name(scan->scene, chosen);
        if (sender && sender->role == ROLE_STAFF && context_teacher_like(chosen))
            scan->features |= context_bit("teacher-like name");
        if (candidate->kind == KIND_EMAIL)
            ok = context_mailbox(scan, chosen, error);
    }
    if (candidate->kind == KIND_PAYMENT_HANDLE)
        scan->features |= context_bit("payment");
    if (candidate->kind == KIND_INVITE)
        scan->features |= context_bit("invite");
    if (candidate->kind == KIND_PHONE && context_extension(scan))
        scan->features |= context_bit("office");
    if (candidate->kind == KIND_PHONE && candidate->value && g_str_has_prefix(candidate->value, "+1") &&
        strlen(candidate->value) == 12) {
        g_autofree char *npa = g_strndup(candidate->value + 2, 3);
        NpaClass cls = tables_npa(scan->scene->data, atoi(npa));
        if (cls == NPA_TOLL_FREE || cls == NPA_PREMIUM)
            scan->features |= context_bit("toll-free number");
    }
    return ok;
}

static bool context_disguised(const Candidate *candidate)
{
    static const char *const HARMLESS[] = {"separators", "html-tags", "link-target", "no-domain",
                                           "no-platform"};
    bool disguised = false;
    for (guint i = 0; i < candidate->obfuscation->len; i++) {
        bool harmless = false;
        for (guint k = 0; k < G_N_ELEMENTS(HARMLESS); k++)
            harmless |= strcmp(g_ptr_array_index(candidate->obfuscation, i), HARMLESS[k]) == 0;
        disguised |= !harmless;
    }
    return disguised;
}

static bool context_senders_header(const Passage *passage)
{
    static const char *const HEADERS[] = {"From",        "Reply-To",    "Sender",
                                          "Resent-From", "Return-Path", "Resent-Sender"};
    bool found = false;
    bool header = passage->origin == ORIGIN_HEADER || passage->origin == ORIGIN_NAME;
    for (guint i = 0; header && passage->part == 0 && passage->header && !found && i < G_N_ELEMENTS(HEADERS);
         i++)
        found = g_ascii_strcasecmp(passage->header, HEADERS[i]) == 0;
    return found;
}

static bool context_line_names_sender(const ContextScan *scan)
{
    const Passage *passage = scan->passage->passage;
    gsize start = scan->candidate->start, end = scan->candidate->end;
    while (start > 0 && scan->candidate->start - start < 120 && passage->text[start - 1] != '\n')
        start--;
    while (end < passage->len && end - scan->candidate->end < 120 && passage->text[end] != '\n')
        end++;
    while (start < scan->candidate->start && ((guchar)passage->text[start] & 0xc0) == 0x80)
        start++;
    while (end > scan->candidate->end && end < passage->len && ((guchar)passage->text[end] & 0xc0) == 0x80)
        end--;
    return attribute_names_sender(scan->scene, passage->text + start, scan->candidate->start - start) ||
           attribute_names_sender(scan->scene, passage->text + scan->candidate->end,
                                  end - scan->candidate->end);
}

// In another's mail: does a line above the detail, or its own before it, hold its author's name alone?
static bool context_signed(const ContextScan *scan)
{
    const char *text = scan->passage->passage->text;
    gsize start = scan->candidate->start, end = start;
    bool found = false;
    for (guint lines = 0; lines < 6 && !found && end > 0 && start - end < SIGNED_REACH; lines++) {
        gsize from = end;
        while (from > 0 && text[from - 1] != '\n')
            from--;
        found = attribute_is_authors_name(scan->passage, from, end);
        end = from > 0 ? from - 1 : 0;
    }
    return found;
}

// A vCard is whose name stands in it, or the organisation's where it has no person's.
static void context_card(ContextScan *scan)
{
    const Passage *passage = scan->passage->passage;
    const GPtrArray *passages = scan->scene->message->passages;
    bool own = false, named = false, organisation = false;
    if (passage->origin != ORIGIN_VCARD)
        return;
    for (guint i = 0; i < passages->len; i++) {
        const Passage *other = g_ptr_array_index(passages, i);
        if (other->part != passage->part || other->origin != ORIGIN_VCARD || !other->header)
            continue;
        bool name =
            g_ascii_strcasecmp(other->header, "FN") == 0 || g_ascii_strcasecmp(other->header, "N") == 0;
        named |= name;
        own |= name && attribute_names_sender(scan->scene, other->text, other->len);
        organisation |= g_ascii_strcasecmp(other->header, "ORG") == 0;
    }
    if (own)
        scan->features |= context_bit("sender's card");
    else if (organisation)
        scan->features |= context_bit("organisation's card");
    else if (named)
        scan->features |= context_bit("somebody's card");
}

static void context_place(ContextScan *scan)
{
    Layer layer = scan->layer;
    const Passage *passage = scan->passage->passage;
    const Party *sender = scan->scene->parties->sender;
    bool foreign = layer == LAYER_QUOTED || layer == LAYER_FORWARDED;
    bool signature = layer == LAYER_SIGNATURE || (foreign && context_signed(scan));
    if (signature)
        scan->features |= context_bit("signature");
    if (signature && scan->candidate->kind == KIND_STREET_ADDRESS)
        scan->features |= context_bit("street in a signature");
    if (layer == LAYER_FOOTER)
        scan->features |= context_bit("footer");
    if (context_senders_header(passage))
        scan->features |= context_bit("sender's header");
    if (context_disguised(scan->candidate))
        scan->features |= context_bit("disguised");
    if (context_line_names_sender(scan))
        scan->features |= context_bit("sender named beside");
    if (layer == LAYER_WRITTEN && scan->scene->written > 0 && scan->scene->written <= SHORT_MESSAGE &&
        (passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML) &&
        (scan->candidate->kind == KIND_PHONE || scan->candidate->kind == KIND_HANDLE))
        scan->features |= context_bit("short message");
    if (attribute_named_recipient(scan->scene, scan->passage, scan->candidate->start))
        scan->features |= context_bit("recipient named beside");
    if (sender && sender->role == ROLE_STUDENT)
        scan->features |= context_bit("student writes");
    context_card(scan);
    if (!sender || sender->role <= ROLE_LIST_UNKNOWN)
        scan->features |= context_bit("outside sender");
}

bool attribute_context(const AttributeScene *scene, const AttributePassage *passage,
                       const Candidate *candidate, Layer layer, gsize before, gsize after,
                       guint64 *out_features, GError **error)
{
    ContextScan scan = {scene, passage, candidate, layer,
                        attribute_words(scene, passage, candidate, layer, before, after)};
    // A signature's titles and places of work do not make its numbers an organisation's.
    if (layer == LAYER_SIGNATURE)
        scan.features &= ~(context_bit("organisation") | context_bit("organisation in the sentence") |
                           context_bit("textbook") | context_bit("textbook in the sentence"));
    context_place(&scan);
    bool ok = context_kind(&scan, error);
    if (ok && attribute_stands_alone(scene, passage, candidate, layer, scan.features))
        scan.features |= context_bit("stands alone");
    if (!attribute_told(scan.features))
        scan.features |= context_bit("nothing told");
    *out_features = scan.features;
    return ok;
}
