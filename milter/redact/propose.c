// What the roster and the detectors would redact. The officer decides: rather too much than too little.
#include "redact/internal.h"

#include <string.h>

#define ID_LEAST 5 // figures of a number that may be a student's
#define ID_MOST  12

// A string to be redacted wherever it stands.
typedef struct {
    char *kind, *why;
} Cause;

typedef struct {
    const Config *config;
    RosterSession *roster;
    const Message *message;
    const Rendition *rendition;
    Needles *needles;
    GPtrArray *causes;  // of Cause, by the needles' numbers
    GHashTable *people; // persons whose names are needles already
    GPtrArray *out;
} Proposing;

static void cause_free(Cause *cause)
{
    g_free(cause->kind);
    g_free(cause->why);
    g_free(cause);
}

static void add_needle(Proposing *proposing, const char *text, gssize len, int flags, const char *kind,
                       const char *why)
{
    if (text == NULL || !needles_add(proposing->needles, text, len, flags, proposing->causes->len))
        return;
    Cause *cause = g_new0(Cause, 1);
    *cause = (Cause){g_strdup(kind), g_strdup(why)};
    g_ptr_array_add(proposing->causes, cause);
}

static void add_place(Proposing *proposing, guint section, gsize from, gsize to, const char *kind,
                      const char *why)
{
    if (from < to)
        g_ptr_array_add(proposing->out, redaction_new(section, from, to, kind, why));
}

// ---- persons ---------------------------------------------------------------------------------------------

static const char *name_kind(Role role)
{
    return role == ROLE_STUDENT ? "student-name" : "guardian-name";
}

// A given or family name alone stands for somebody once the message is about them.
static void add_words(Proposing *proposing, const Party *party)
{
    g_auto(GStrv) words = g_strsplit(party->name, " ", -1);
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *why =
            g_strdup_printf("part of the name of %s %s", role_name(party->role), party->name);
        if (g_utf8_strlen(*word, -1) >= 2)
            add_needle(proposing, *word, -1, NEEDLE_CAPITAL, name_kind(party->role), why);
    }
}

static void add_names(Proposing *proposing, const Party *party)
{
    const char *family = party->name != NULL ? strrchr(party->name, ' ') : NULL;
    if (family == NULL)
        return;
    g_autofree char *why = g_strdup_printf("name of %s %s", role_name(party->role), party->name);
    g_autofree char *turned =
        g_strdup_printf("%s %.*s", family + 1, (int)(family - party->name), party->name);
    add_needle(proposing, party->name, -1, 0, name_kind(party->role), why);
    add_needle(proposing, turned, -1, 0, name_kind(party->role), why);
    if (party->role == ROLE_STUDENT)
        add_words(proposing, party);
}

static void add_address(Proposing *proposing, const Party *party)
{
    const char *kind = party->role == ROLE_STUDENT ? "student-address" : "guardian-address";
    g_autofree char *why = g_strdup_printf("address of %s %s", role_name(party->role),
                                           party->name != NULL ? party->name : "whose name is not known");
    if (strchr(party->address, '@') != NULL)
        add_needle(proposing, party->address, -1, 0, kind, why);
}

static bool add_guardians(Proposing *proposing, const char *student, GError **error);

// A student or a guardian, by what the message says of them.
static bool add_party(Proposing *proposing, const Party *party, GError **error)
{
    bool known = false;
    if (party->role != ROLE_STUDENT && party->role != ROLE_GUARDIAN)
        return true;
    add_address(proposing, party);
    known = party->person != NULL && !g_hash_table_add(proposing->people, g_strdup(party->person));
    if (known)
        return true;
    add_names(proposing, party);
    return party->role != ROLE_STUDENT || party->person == NULL ||
           add_guardians(proposing, party->person, error);
}

static bool add_person(Proposing *proposing, const char *person, Role role, GError **error)
{
    g_autoptr(Party) party = NULL;
    if (!roster_person(proposing->roster, person, &party, error))
        return false;
    // Of somebody with more roles than one, the one that matters here.
    if (party != NULL)
        party->role = role;
    return party == NULL || add_party(proposing, party, error);
}

static bool add_guardians(Proposing *proposing, const char *student, GError **error)
{
    g_autoptr(GPtrArray) guardians = roster_guardians_of(proposing->roster, student, error);
    bool ok = guardians != NULL;
    for (guint i = 0; ok && i < guardians->len; i++)
        ok = add_person(proposing, guardians->pdata[i], ROLE_GUARDIAN, error);
    return ok;
}

static bool add_parties(Proposing *proposing, const Parties *parties, GError **error)
{
    bool ok = (parties->sender == NULL || add_party(proposing, parties->sender, error)) &&
              (parties->envelope_from == NULL || add_party(proposing, parties->envelope_from, error));
    for (guint i = 0; ok && i < parties->header->len; i++)
        ok = add_party(proposing, ((const PartyHeader *)parties->header->pdata[i])->party, error);
    for (guint i = 0; ok && i < parties->rcpts->len; i++)
        ok = add_party(proposing, parties->rcpts->pdata[i], error);
    return ok;
}

static bool add_named(Proposing *proposing, GError **error)
{
    g_autoptr(GPtrArray) places = people_named(proposing->roster, proposing->rendition, error);
    bool ok = places != NULL;
    for (guint i = 0; ok && i < places->len; i++) {
        const NamePlace *place = places->pdata[i];
        g_autofree char *name = roster_person_name(proposing->roster, place->person, error);
        g_autofree char *why = g_strdup_printf("names student %s", name != NULL ? name : place->person);
        ok = name != NULL && add_person(proposing, place->person, ROLE_STUDENT, error);
        if (ok)
            add_place(proposing, place->section, place->from, place->to, "student-name", why);
    }
    return ok;
}

// ---- words that the roster knows: addresses, numbers -----------------------------------------------------

static bool is_token(char c)
{
    return g_ascii_isalnum(c) || strchr("@._%+-'", c) != NULL || (guchar)c >= 0x80;
}

static bool is_number(const char *token)
{
    gsize len = strlen(token), figures = 0;
    for (gsize i = 0; i < len; i++)
        figures += g_ascii_isdigit(token[i]) != 0;
    return figures >= ID_LEAST - 1 && len >= ID_LEAST && len <= ID_MOST && strchr(token, '@') == NULL;
}

static bool is_ssn(const char *token)
{
    bool fits = strlen(token) == 11;
    for (gsize i = 0; fits && i < 11; i++)
        fits = i == 3 || i == 6 ? token[i] == '-' : g_ascii_isdigit(token[i]) != 0;
    return fits;
}

static bool add_token(Proposing *proposing, const char *token, GError **error)
{
    g_autoptr(Party) party = NULL;
    g_autofree char *student = NULL;
    bool ok = true;
    if (strchr(token, '@') != NULL) {
        party = roster_resolve(proposing->roster, token, error);
        ok = party != NULL && add_party(proposing, party, error);
    } else if (is_ssn(token)) {
        add_needle(proposing, token, -1, 0, kind_name(KIND_STUDENT_RECORD), "a social security number");
    } else if (is_number(token)) {
        ok = roster_student_of_id(proposing->roster, token, &student, error);
        if (ok && student != NULL)
            add_needle(proposing, token, -1, 0, kind_name(KIND_STUDENT_RECORD), "number of a student");
    }
    return ok;
}

static bool add_tokens(Proposing *proposing, const RenditionSection *section, GHashTable *seen,
                       GError **error)
{
    bool ok = true;
    const char *end = section->text + section->len;
    for (const char *at = section->text; ok && at < end;) {
        const char *start = at;
        while (at < end && is_token(*at))
            at++;
        gsize len = (gsize)(at - start);
        while (len > 0 && strchr("._-'", start[len - 1]) != NULL)
            len--;
        char *token = g_strndup(start, len);
        bool wanted = (strchr(token, '@') != NULL || is_number(token)) && len <= 254;
        if (!wanted || !g_hash_table_add(seen, token))
            token = wanted ? NULL : (g_free(token), NULL);
        ok = token == NULL || add_token(proposing, token, error);
        at = MAX(at, start + 1);
    }
    return ok;
}

static bool add_all_tokens(Proposing *proposing, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; ok && i < proposing->rendition->sections->len; i++)
        ok = add_tokens(proposing, proposing->rendition->sections->pdata[i], seen, error);
    return ok;
}

// ---- what was detected -----------------------------------------------------------------------------------

static bool is_private(const Finding *finding)
{
    bool own = finding->owner != OWNER_SCHOOL && finding->owner != OWNER_PUBLISHED;
    return (kind_is_contact(finding->kind) && own) || finding->kind == KIND_STUDENT_RECORD;
}

// The place that the finding names, where the rendition has it.
static void add_finding_place(Proposing *proposing, const Finding *finding, const char *why)
{
    const Rendition *rendition = proposing->rendition;
    for (guint i = 0; i < rendition->sections->len; i++) {
        const RenditionSection *section = rendition->sections->pdata[i];
        for (guint k = 0; k < section->passages->len; k++) {
            gsize start = g_array_index(section->starts, gsize, k);
            if (g_array_index(section->passages, guint, k) == finding->passage &&
                start + finding->end <= section->len)
                add_place(proposing, i, start + finding->start, start + finding->end,
                          kind_name(finding->kind), why);
        }
    }
}

static void add_finding(Proposing *proposing, const Finding *finding)
{
    const Passage *passage = proposing->message->passages->pdata[finding->passage];
    // Words about students and lists of their names are no detail; the names are found one by one.
    bool words = finding->kind == KIND_STUDENT_RECORD && strcmp(finding->value, "ssn") != 0 &&
                 strcmp(finding->value, "student-id") != 0;
    if (!is_private(finding) || words || finding->start >= finding->end || finding->end > passage->len)
        return;
    g_autofree char *why =
        g_strdup_printf("%s, owner: %s", kind_name(finding->kind), owner_name(finding->owner));
    add_finding_place(proposing, finding, why);
    add_needle(proposing, passage->text + finding->start, (gssize)(finding->end - finding->start), 0,
               kind_name(finding->kind), why);
    if (finding->kind == KIND_PHONE || finding->kind == KIND_EMAIL)
        add_needle(proposing, finding->value, -1, 0, kind_name(finding->kind), why);
    // "+14135550142" is written without the country too.
    if (finding->kind == KIND_PHONE && g_str_has_prefix(finding->value, "+1"))
        add_needle(proposing, finding->value + 2, -1, 0, kind_name(finding->kind), why);
}

// ---- all of it -------------------------------------------------------------------------------------------

static Redaction *make_caused(guint section, const NeedleHit *hit, void *data)
{
    const Cause *cause = ((const GPtrArray *)data)->pdata[hit->needle];
    return redaction_new(section, hit->from, hit->to, cause->kind, cause->why);
}

static bool propose(Proposing *proposing, const Parties *parties, const Detection *detection, GError **error)
{
    for (guint i = 0; i < detection->findings->len; i++)
        add_finding(proposing, detection->findings->pdata[i]);
    if (!add_parties(proposing, parties, error) || !add_all_tokens(proposing, error) ||
        !add_named(proposing, error))
        return false;
    redactions_drop_covered(proposing->out);
    (void)redactions_add_found(proposing->rendition, proposing->out, proposing->needles, make_caused,
                               proposing->causes);
    // A given name in a full one, a number in a longer one.
    redactions_drop_covered(proposing->out);
    return true;
}

GPtrArray *redact_propose(const Config *config, const DetectData *tables, RosterSession *roster,
                          const Envelope *envelope, const Message *message, const Rendition *rendition,
                          GError **error)
{
    g_autoptr(Parties) parties = roster_resolve_message(roster, envelope, message, error);
    g_autoptr(Detection) detection =
        parties != NULL ? detect_run(tables, config, message, parties, roster, error) : NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    g_autoptr(GPtrArray) causes = g_ptr_array_new_with_free_func((GDestroyNotify)cause_free);
    g_autoptr(GHashTable) people = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Needles) needles = needles_new();
    Proposing proposing = {config, roster, message, rendition, needles, causes, people, out};
    bool ok = detection != NULL && propose(&proposing, parties, detection, error);
    return ok ? g_steal_pointer(&out) : NULL;
}
