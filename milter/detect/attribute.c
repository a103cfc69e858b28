// attribution: whose each candidate is. Exact matches first (roster, recipients, hotlines), then what stands
// around it.
#include "detect/attribute.h"

#include "detect/tables.h"

#include <string.h>

#define ATTRIBUTE_TEXT       200 // bytes of a finding's text
#define ATTRIBUTE_CONNECTIVE 8   // "413-555-0142 or x@y": details so near share their labels
#define ATTRIBUTE_HITS       50000
#define ATTRIBUTE_BARE       0.3 // a bare name that is less sure is a word

typedef struct {
    Owner owner;
    char *person;
    double confidence;
} Attribution;

typedef struct {
    const AttributeScene *scene;
    AttributePassage *passages; // by index; made when first needed
    GArray *const *marks;
    DetectView *const *views;
} Attributor;

// ---- the passage ----

// Does somebody else's text stand in it?
static bool attribute_is_quoting(const AttributePassage *passage)
{
    bool quoting = false;
    for (guint i = 0; passage->marks && !quoting && i < passage->marks->len; i++) {
        Layer layer = g_array_index(passage->marks, LayerMark, i).layer;
        quoting = layer == LAYER_QUOTED || layer == LAYER_FORWARDED;
    }
    return quoting;
}

static const AttributePassage *attribute_passage(Attributor *attributor, guint index)
{
    AttributePassage *passage = &attributor->passages[index];
    if (!passage->passage) {
        const PhraseBook *book = tables_book(attributor->scene->data, "labels.txt");
        passage->passage = g_ptr_array_index(attributor->scene->message->passages, index);
        passage->marks = attributor->marks ? attributor->marks[index] : NULL;
        passage->view = attributor->views ? attributor->views[index] : NULL;
        if (!passage->view)
            passage->view = passage->own_view = view_new(passage->passage, index);
        view_words(passage->view, attributor->scene->data);
        passage->tokens = passage->view->words;
        passage->hits = phrases_match(book, passage->tokens, ATTRIBUTE_HITS);
        passage->authors = attribute_is_quoting(passage) ? layer_authors(passage->passage)
                                                         : g_array_new(FALSE, FALSE, sizeof(LayerAuthor));
    }
    return passage;
}

static void attribute_passages_free(AttributePassage *passages, guint count)
{
    for (guint i = 0; i < count; i++)
        if (passages[i].passage) {
            view_free(passages[i].own_view);
            g_array_unref(passages[i].hits);
            g_array_unref(passages[i].authors);
        }
    g_free(passages);
}

// ---- exact matches ----

static void attribute_evidence(Finding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void attribute_evidence(Finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(finding->evidence, g_strdup_vprintf(format, args));
    va_end(args);
}

// Of several owners the school outweighs people, and the sender other people.
static const RosterOwner *attribute_strongest(const AttributeScene *scene, const GPtrArray *owners)
{
    const RosterOwner *best = owners->len ? g_ptr_array_index(owners, 0) : NULL;
    bool common = best && (best->owner == OWNER_SCHOOL || best->owner == OWNER_PUBLISHED);
    for (guint i = 0; !common && i < owners->len; i++) {
        const RosterOwner *owner = g_ptr_array_index(owners, i);
        if (attribute_is_sender(scene, owner->person)) {
            best = owner;
            break;
        }
    }
    return best;
}

static Tri attribute_registry(const AttributeScene *scene, const Candidate *candidate, Finding *finding,
                              GError **error)
{
    g_autoptr(GPtrArray) owners = roster_owners(scene->roster, finding->kind, finding->value, error);
    const RosterOwner *owner = owners ? attribute_strongest(scene, owners) : NULL;
    if (owner) {
        bool own = owner->owner == OWNER_STAFF && attribute_is_sender(scene, owner->person);
        bool whole = finding->kind != KIND_PHONE || finding->value[0] == '+' || strlen(finding->value) != 7;
        finding->owner = own ? OWNER_SENDER : owner->owner;
        finding->owner_person = g_strdup(owner->person);
        finding->confidence = (whole ? 0.95 : 0.85) + 0.04 * candidate->shape;
        attribute_evidence(finding, "%s%s", owner->label, own ? " (sender)" : "");
    }
    return !owners ? TRI_UNKNOWN : owner ? TRI_YES : TRI_NO;
}

// A bare name ("coach_t", "jane at gmail"): the registry may know which of the sender's it is.
static bool attribute_complete(const AttributeScene *scene, const Candidate *candidate, Finding *finding,
                               GError **error)
{
    const Party *sender = scene->parties->sender;
    g_autoptr(GPtrArray) values = NULL;
    bool ok = true;
    if (candidate->name && sender && sender->person) {
        values = roster_values_named(scene->roster, sender->person, candidate->kind, candidate->name, error);
        ok = values != NULL;
    }
    if (ok && values && values->len) {
        g_free(finding->value);
        finding->value = g_strdup(g_ptr_array_index(values, 0));
        finding->owner = OWNER_SENDER;
        finding->owner_person = g_strdup(sender->person);
        finding->confidence = 0.95;
        attribute_evidence(finding, "registry: a name of the sender's");
    }
    return ok;
}

static const Party *attribute_party_of(const AttributeScene *scene, const char *mailbox)
{
    const Parties *parties = scene->parties;
    const Party *found = NULL;
    for (guint i = 0; parties->rcpts && i < parties->rcpts->len && !found; i++) {
        const Party *party = g_ptr_array_index(parties->rcpts, i);
        found = g_strcmp0(party->canonical, mailbox) == 0 ? party : NULL;
    }
    for (guint i = 0; parties->header && i < parties->header->len && !found; i++) {
        const PartyHeader *header = g_ptr_array_index(parties->header, i);
        bool receives = header->source && (g_ascii_strcasecmp(header->source->header, "To") == 0 ||
                                           g_ascii_strcasecmp(header->source->header, "Cc") == 0);
        found = receives && header->party && g_strcmp0(header->party->canonical, mailbox) == 0 ? header->party
                                                                                               : NULL;
    }
    return found;
}

// An address that receives this message is its recipient's. A stranger's that answers shall go to too is not told so.
static bool attribute_recipient(const AttributeScene *scene, const Passage *passage, Finding *finding)
{
    const Party *party = finding->kind == KIND_EMAIL ? attribute_party_of(scene, finding->value) : NULL;
    if (party && party->role == ROLE_EXTERNAL && attribute_is_address(passage))
        party = NULL;
    bool own = party && attribute_is_sender(scene, party->person);
    if (party) {
        finding->owner = own ? attribute_own(scene) : attribute_role_owner(party->role);
        finding->owner_person = g_strdup(party->person);
        finding->confidence = 0.9;
        attribute_evidence(finding, "address of a recipient (%s)", role_name(party->role));
    }
    return party != NULL;
}

// A link whose query names the tenant under which a tool is approved; roster_owners sees its host and path only.
static Tri attribute_tenant(const AttributeScene *scene, Finding *finding, GError **error)
{
    const char *slash = finding->kind == KIND_INVITE ? strchr(finding->value, '/') : NULL;
    const char *query = slash ? strchr(finding->text, '?') : NULL;
    g_autoptr(RosterTool) tool = NULL;
    if (!query)
        return TRI_NO;
    g_autofree char *host = g_strndup(finding->value, (gsize)(slash - finding->value));
    g_autofree char *rest = g_strconcat(slash, query, NULL);
    if (!roster_tool(scene->roster, host, rest, &tool, error))
        return TRI_UNKNOWN;
    if (!tool || !tool->in_force)
        return TRI_NO;
    finding->owner = OWNER_PUBLISHED;
    finding->confidence = 0.95;
    attribute_evidence(finding, "approved: %s", tool->name);
    return TRI_YES;
}

// Listed hotlines and tools that the school may use.
static bool attribute_listed(const AttributeScene *scene, Finding *finding)
{
    const char *name = finding->kind == KIND_PHONE ? tables_hotline(scene->data, finding->value) : NULL;
    const char *slash = finding->kind == KIND_INVITE ? strchr(finding->value, '/') : NULL;
    if (slash) {
        g_autofree char *host = g_strndup(finding->value, (gsize)(slash - finding->value));
        name = tables_approved(scene->data, host, slash);
    }
    if (name) {
        finding->owner = OWNER_THIRD_PARTY;
        finding->confidence = 0.95;
        attribute_evidence(finding, "listed: %s", name);
    }
    return name != NULL;
}

// ---- context ----

// "Ms. Ortega's cell": one other member of the staff that the line names.
static bool attribute_staff_named(const AttributeScene *scene, const AttributePassage *passage,
                                  Finding *finding, GError **error)
{
    const char *text = passage->passage->text;
    gsize from = finding->start > 100 ? finding->start - 100 : 0;
    while (from < finding->start && ((guchar)text[from] & 0xc0) == 0x80)
        from++;
    g_autofree char *slice = g_strndup(text + from, finding->start - from);
    g_autoptr(GString) names = g_string_new(slice);
    g_string_replace(names, "'s", "", 0);
    g_string_replace(names, "’s", "", 0);
    g_autoptr(GPtrArray) people = roster_staff_named(scene->roster, names->str, error);
    if (people && people->len == 1 && !attribute_is_sender(scene, g_ptr_array_index(people, 0))) {
        finding->owner = OWNER_STAFF;
        finding->owner_person = g_strdup(g_ptr_array_index(people, 0));
        attribute_evidence(finding, "a member of the staff is named before it");
    }
    return people != NULL;
}

static void attribute_set_recipient(const AttributeScene *scene, const AttributePassage *passage,
                                    Finding *finding)
{
    const GPtrArray *rcpts = scene->parties->rcpts;
    const Party *only = attribute_named_recipient(scene, passage, finding->start);
    if (!only && rcpts && rcpts->len == 1)
        only = g_ptr_array_index(rcpts, 0);
    finding->owner = OWNER_UNKNOWN;
    if (only && only->person) {
        finding->owner = attribute_role_owner(only->role);
        finding->owner_person = g_strdup(only->person);
    }
}

static void attribute_set_self(const AttributeScene *scene, const Author *author, Finding *finding)
{
    if (author->kind == AUTHOR_SENDER) {
        finding->owner = attribute_own(scene);
        finding->owner_person = scene->parties->sender ? g_strdup(scene->parties->sender->person) : NULL;
    } else {
        finding->owner = author->owner;
        finding->owner_person = g_strdup(author->person);
    }
}

static void attribute_name_features(Finding *finding, guint64 features)
{
    guint count;
    const AttributeFeature *table = attribute_features(&count);
    for (guint i = 0; i < count; i++)
        if (features >> i & 1)
            attribute_evidence(finding, "%s: %s", table[i].scope == SCOPE_OWN ? "context" : "label",
                               table[i].name);
}

// Words that name the kind make a doubtful shape surer, and so do places where such details stand.
static double attribute_shape(const Candidate *candidate, guint64 features)
{
    static const char *const NAMES[] = {"own",    "personal",  "office",    "other",
                                        "school", "recipient", "signature", "alone in its sentence"};
    guint64 labels = 0;
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
        labels |= G_GUINT64_CONSTANT(1) << attribute_feature(NAMES[i]);
    bool labelled = features & labels;
    return labelled ? 1.0 - (1.0 - candidate->shape) * 0.5 : candidate->shape;
}

static bool attribute_by_context(const AttributeScene *scene, const AttributePassage *passage,
                                 const Candidate *candidate, Finding *finding, gsize before, gsize after,
                                 GError **error)
{
    guint64 features = 0;
    double sure = 0.0;
    Author author = {AUTHOR_SENDER, OWNER_SENDER, NULL};
    bool foreign = finding->layer == LAYER_QUOTED || finding->layer == LAYER_FORWARDED;
    bool ok = attribute_context(scene, passage, candidate, finding->layer, before, after, &features, error);
    if (ok && foreign)
        ok = attribute_author(scene, passage, finding->start, &author, error);
    g_autofree char *reckoning = NULL;
    OwnerClass cls = attribute_weigh(scene->data, features, &sure, &reckoning);
    finding->owner = OWNER_THIRD_PARTY;
    if (cls == CLASS_SCHOOL)
        finding->owner = OWNER_SCHOOL;
    else if (cls == CLASS_RECIPIENT && !foreign)
        attribute_set_recipient(scene, passage, finding);
    else if (cls == CLASS_OTHER)
        finding->owner = OWNER_UNKNOWN;
    else if (cls == CLASS_SENDER)
        attribute_set_self(scene, &author, finding);
    if (ok && cls == CLASS_OTHER)
        ok = attribute_staff_named(scene, passage, finding, error);
    double shape = attribute_shape(candidate, features);
    finding->confidence = sure * shape;
    finding->reckoning = g_strdup_printf("%s; chance %.2f, shape %.2f", reckoning, sure, shape);
    attribute_name_features(finding, features);
    if (foreign)
        attribute_evidence(finding, "written by %s",
                           author.kind == AUTHOR_SENDER ? "the sender" : owner_name(author.owner));
    g_free(author.person);
    return ok;
}

static void attribute_solicitation(const AttributeScene *scene, const Candidate *candidate, Finding *finding)
{
    bool foreign = finding->layer == LAYER_QUOTED || finding->layer == LAYER_FORWARDED;
    finding->owner = attribute_own(scene);
    finding->owner_person = scene->parties->sender ? g_strdup(scene->parties->sender->person) : NULL;
    finding->confidence = candidate->shape * (foreign ? 0.4 : finding->layer == LAYER_FOOTER ? 0.5 : 1.0);
}

// Words are their writer's. What a footer says is nobody's message.
static bool attribute_phrase(const AttributeScene *scene, const AttributePassage *passage,
                             const Candidate *candidate, Finding *finding, GError **error)
{
    Author author = {AUTHOR_SENDER, OWNER_SENDER, NULL};
    bool foreign = finding->layer == LAYER_QUOTED || finding->layer == LAYER_FORWARDED;
    bool ok = !foreign || attribute_author(scene, passage, finding->start, &author, error);
    if (ok)
        attribute_set_self(scene, &author, finding);
    finding->confidence = candidate->shape * (finding->layer == LAYER_FOOTER ? 0.5 : 1.0);
    g_free(author.person);
    return ok;
}

// A record is the student's whom the finder told, wherever it stands.
static void attribute_record(const Candidate *candidate, Finding *finding)
{
    finding->owner = strcmp(candidate->value, "ssn") == 0 ? OWNER_UNKNOWN : OWNER_STUDENT;
    finding->owner_person = g_strdup(candidate->person);
    finding->count = candidate->count;
    finding->confidence = candidate->shape;
}

// ---- findings ----

static char *attribute_text(const Passage *passage, gsize start, gsize end)
{
    gsize stop = MIN(end, start + ATTRIBUTE_TEXT);
    while (stop > start && stop < end && ((guchar)passage->text[stop] & 0xc0) == 0x80)
        stop--;
    return g_strndup(passage->text + start, stop - start);
}

static char *attribute_where(const Message *message, const Passage *passage, Layer layer)
{
    char *where = message_where(message, passage);
    bool body = strcmp(where, "body") == 0 || strcmp(where, "html") == 0;
    if (body && layer != LAYER_WRITTEN) {
        g_free(where);
        where = g_strdup(layer_name(layer));
    }
    return where;
}

static Finding *attribute_finding_new(const AttributeScene *scene, const AttributePassage *passage,
                                      const Candidate *candidate)
{
    Finding *finding = g_new0(Finding, 1);
    finding->kind = candidate->kind;
    finding->value = g_strdup(candidate->value ? candidate->value : candidate->name);
    finding->passage = candidate->passage;
    finding->part = passage->passage->part;
    finding->start = candidate->start;
    finding->end = candidate->end;
    finding->layer = passage->marks ? layer_at(passage->marks, candidate->start) : LAYER_WRITTEN;
    finding->visibility = passage->passage->visibility;
    finding->text = attribute_text(passage->passage, candidate->start, candidate->end);
    finding->where = attribute_where(scene->message, passage->passage, finding->layer);
    finding->obfuscation = g_ptr_array_new_with_free_func(g_free);
    finding->evidence = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < candidate->obfuscation->len; i++)
        g_ptr_array_add(finding->obfuscation, g_strdup(g_ptr_array_index(candidate->obfuscation, i)));
    for (guint i = 0; i < candidate->evidence->len; i++)
        g_ptr_array_add(finding->evidence, g_strdup(g_ptr_array_index(candidate->evidence, i)));
    return finding;
}

static bool attribute_one(const AttributeScene *scene, const AttributePassage *passage,
                          const Candidate *candidate, Finding *finding, gsize before, gsize after,
                          GError **error)
{
    bool ok = true;
    if (candidate->kind == KIND_SOLICITATION) {
        attribute_solicitation(scene, candidate, finding);
    } else if (candidate->kind == KIND_PHRASE) {
        ok = attribute_phrase(scene, passage, candidate, finding, error);
    } else if (candidate->kind == KIND_STUDENT_RECORD) {
        attribute_record(candidate, finding);
    } else {
        if (!candidate->value)
            ok = attribute_complete(scene, candidate, finding, error);
        Tri known =
            ok && finding->confidence == 0.0 ? attribute_registry(scene, candidate, finding, error) : TRI_YES;
        if (ok && known == TRI_NO)
            known = attribute_tenant(scene, finding, error);
        ok = ok && known != TRI_UNKNOWN;
        if (ok && known == TRI_NO && !attribute_recipient(scene, passage->passage, finding) &&
            !attribute_listed(scene, finding))
            ok = attribute_by_context(scene, passage, candidate, finding, before, after, error);
    }
    finding->confidence = CLAMP(finding->confidence, 0.0, 1.0);
    return ok;
}

static int attribute_order(gconstpointer a, gconstpointer b)
{
    const Candidate *one = *(Candidate *const *)a, *other = *(Candidate *const *)b;
    int order = (one->passage > other->passage) - (one->passage < other->passage);
    if (!order)
        order = (one->start > other->start) - (one->start < other->start);
    if (!order)
        order = (one->end > other->end) - (one->end < other->end);
    if (!order)
        order = (int)one->kind - (int)other->kind;
    if (!order)
        order = g_strcmp0(one->value, other->value);
    return order;
}

static bool attribute_is_detail(const Candidate *candidate)
{
    return kind_is_contact(candidate->kind);
}

// Is there but a comma, "or" and the like in [from, to)?
static bool attribute_connects(const char *text, gsize from, gsize to)
{
    static const char *const WORDS[] = {"or", "and", "o", "y", "u", "e", "ou", "et"};
    bool ok = to - from <= ATTRIBUTE_CONNECTIVE;
    for (gsize i = from; ok && i < to;) {
        gsize start = i;
        while (i < to && (g_ascii_isalpha(text[i]) || (guchar)text[i] >= 0x80))
            i++;
        bool known = i == start;
        for (guint k = 0; !known && k < G_N_ELEMENTS(WORDS); k++)
            known =
                strlen(WORDS[k]) == i - start && g_ascii_strncasecmp(WORDS[k], text + start, i - start) == 0;
        ok = known && (i == to || text[i] != '\n');
        i += known && i == start;
    }
    return ok;
}

// Where the detail before candidate `i` ends, as far as labels are concerned: over "or" and commas they reach
// both.
static gsize attribute_before(const char *text, const GPtrArray *candidates, guint i)
{
    const Candidate *here = g_ptr_array_index(candidates, i);
    gsize start = here->start, before = 0;
    bool done = false;
    for (guint k = i; k > 0 && !done; k--) {
        const Candidate *earlier = g_ptr_array_index(candidates, k - 1);
        done = earlier->passage != here->passage || i - k > 32;
        if (!done && attribute_is_detail(earlier) && earlier->end <= start) {
            done = !attribute_connects(text, earlier->end, start);
            before = done ? earlier->end : before;
            start = earlier->start;
        }
    }
    return before;
}

static gsize attribute_after(const GPtrArray *candidates, guint i)
{
    const Candidate *here = g_ptr_array_index(candidates, i);
    gsize after = G_MAXSIZE;
    for (guint k = i + 1; k < candidates->len && k < i + 32 && after == G_MAXSIZE; k++) {
        const Candidate *later = g_ptr_array_index(candidates, k);
        if (later->passage != here->passage)
            break;
        if (attribute_is_detail(later) && later->start >= here->end)
            after = later->start;
    }
    return after;
}

// ---- the scene ----

static const char *attribute_sender_name(const Parties *parties)
{
    const char *name = parties->sender ? parties->sender->name : NULL;
    for (guint i = 0; !name && parties->header && i < parties->header->len; i++) {
        const PartyHeader *header = g_ptr_array_index(parties->header, i);
        if (header->source && g_ascii_strcasecmp(header->source->header, "From") == 0)
            name = header->source->name;
    }
    return name;
}

static char **attribute_names(const Parties *parties)
{
    const char *name = attribute_sender_name(parties);
    g_autofree char *lower = name ? g_utf8_strdown(name, -1) : NULL;
    char **words = lower ? g_strsplit_set(lower, " \t,\"'()", 12) : NULL;
    guint kept = 0;
    for (guint i = 0; words && words[i]; i++) {
        if (*words[i])
            words[kept++] = words[i];
        else
            g_free(words[i]);
    }
    if (words)
        words[kept] = NULL;
    return words;
}

// Bytes that the sender wrote himself in the first text of the message.
static gsize attribute_written(const Message *message, GArray *const *marks)
{
    gsize written = 0;
    for (guint i = 0; marks && i < message->passages->len && !written; i++) {
        const Passage *passage = g_ptr_array_index(message->passages, i);
        bool text = passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML;
        for (guint k = 0; text && marks[i] && k < marks[i]->len; k++) {
            const LayerMark *mark = &g_array_index(marks[i], LayerMark, k);
            written += mark->layer == LAYER_WRITTEN ? mark->end - mark->start : 0;
        }
    }
    return written;
}

bool attribute_candidates(const DetectData *data, const Config *config, const Message *message,
                          const Parties *parties, RosterSession *roster, GPtrArray *candidates,
                          GArray *const *marks, DetectView *const *views, GPtrArray *findings, GError **error)
{
    Tri organised = TRI_UNKNOWN;
    AttributeScene scene = {data,
                            config,
                            message,
                            parties,
                            roster,
                            attribute_names(parties),
                            attribute_written(message, marks),
                            &organised};
    Attributor attributor = {&scene, g_new0(AttributePassage, message->passages->len + 1), marks, views};
    g_autoptr(GHashTable) addresses = attribute_header_addresses(config, message);
    bool ok = true;
    g_ptr_array_sort(candidates, attribute_order);
    for (guint i = 0; ok && i < candidates->len; i++) {
        const Candidate *candidate = g_ptr_array_index(candidates, i);
        if (!candidate->value && !candidate->name)
            continue;
        const AttributePassage *passage = attribute_passage(&attributor, candidate->passage);
        Finding *finding = attribute_finding_new(&scene, passage, candidate);
        ok = attribute_one(&scene, passage, candidate, finding,
                           attribute_before(passage->passage->text, candidates, i),
                           attribute_after(candidates, i), error);
        // A bare name that nothing ties to anybody is a word.
        bool idle = !candidate->value &&
                    (finding->owner == OWNER_THIRD_PARTY || finding->confidence < ATTRIBUTE_BARE);
        if (idle || attribute_is_expected(&scene, passage->passage, finding))
            finding_free(finding);
        else
            g_ptr_array_add(findings, finding);
    }
    findings_merge(findings, message, addresses);
    attribute_passages_free(attributor.passages, message->passages->len);
    g_strfreev(scene.names);
    return ok;
}
