// An address, and everybody of a message, resolved to parties.
#include "roster/internal.h"

#include <string.h>

#define BARE_DOMAINS 64 // that a name without a domain is tried in

// ---- domains ------------------------------------------------------------------------------------

static bool is_listed(const GPtrArray *sorted, const char *domain)
{
    guint low = 0, high = sorted->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(sorted->pdata[middle], domain);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_configured(const ConfigDistrict *district, const char *domain)
{
    for (gsize i = 0; district->domains != NULL && district->domains[i] != NULL; i++)
        if (g_ascii_strcasecmp(district->domains[i], domain) == 0)
            return true;
    return false;
}

// `domain` is canonical.
static Tri is_district(RosterSession *session, const char *domain, GError **error)
{
    const ConfigDistrict *district = &session_config(session)->district;
    const GPtrArray *published = session_domains(session, error);
    if (published == NULL)
        return TRI_UNKNOWN;
    Tri found = TRI_NO;
    for (const char *at = domain; at != NULL && *at != '\0' && found == TRI_NO;) {
        if (is_configured(district, at) || is_listed(published, at))
            found = TRI_YES;
        const char *dot = strchr(at, '.');
        at = dot != NULL ? dot + 1 : NULL;
    }
    return found;
}

Tri roster_is_district_domain(RosterSession *session, const char *domain, GError **error)
{
    g_autofree char *ascii = canon_domain(domain);
    return ascii != NULL ? is_district(session, ascii, error) : TRI_NO;
}

Tri roster_is_webmail(RosterSession *session, const char *domain, GError **error)
{
    g_autofree char *ascii = canon_domain(domain);
    Tri found = TRI_NO;
    for (const char *at = ascii; at != NULL && strchr(at, '.') != NULL && found == TRI_NO;
         at = strchr(at, '.') + 1) {
        if (session_shipped_webmail(session, at))
            return TRI_YES;
        found = session_has(session, Q_WEBMAIL, at, NULL, error);
    }
    return found;
}

// ---- whose an address is ------------------------------------------------------------------------

// A party of a person of whom something besides the person's own addresses told, or of one the roster does not have.
static Party *private_party(RosterSession *session, Person *person, const char *canonical, Role role,
                            const char *id, GError **error)
{
    Party *party = person != NULL ? people_party(session, person, canonical, error)
                                  : people_plain(canonical, role, ACCOUNT_PERSONAL, NULL);
    if (party == NULL)
        return NULL;
    if (party->person == NULL)
        party->person = g_strdup(id);
    party->role = role;
    party->account = ACCOUNT_PERSONAL;
    return party;
}

// Whose private mailbox it is by the staff registry; *out NULL when nobody's.
static bool registered_mailbox(RosterSession *session, const char *canonical, Party **out, GError **error)
{
    g_autofree char *key = g_strconcat("email:", canonical, NULL);
    g_autoptr(GPtrArray) owners = people_registered(session, key, error);
    Person *person = NULL;
    *out = NULL;
    if (owners == NULL)
        return false;
    if (owners->len == 0)
        return true;
    const RosterOwner *owner = owners->pdata[0];
    if (!people_by_pid(session, owner->person, &person, error))
        return false;
    *out = private_party(session, person, canonical, ROLE_STAFF, owner->person, error);
    if (*out != NULL)
        (*out)->why = g_strdup_printf("private mailbox of a staff member (%s)", owner->label);
    return *out != NULL;
}

static bool student_mailbox(RosterSession *session, const char *canonical, Party **out, GError **error)
{
    g_autofree char *student = NULL;
    Person *person = NULL;
    *out = NULL;
    if (!session_value(session, Q_STUDENT_ADDRESS, canonical, NULL, &student, error))
        return false;
    if (student == NULL)
        return true;
    if (!people_of_address(session, student, &person, error))
        return false;
    *out = private_party(session, person, canonical, ROLE_STUDENT, NULL, error);
    if (*out != NULL)
        (*out)->why = g_strdup_printf("private address of student %s (students-personal.csv)", student);
    return *out != NULL;
}

static Party *own_address(RosterSession *session, const char *canonical, Person *person, bool district,
                          GError **error)
{
    bool former = strcmp(person->field, "previous") == 0, gone = person->gone != 0;
    Party *party = people_party(session, person, canonical, error);
    if (party == NULL)
        return NULL;
    party->account = district ? ACCOUNT_SCHOOL : ACCOUNT_PERSONAL;
    party->why = g_strdup_printf("%s %s of the roster%s, %saddress %s the district's domains",
                                 role_name(party->role), party->person, gone ? " (gone)" : "",
                                 former ? "former " : "", district ? "in" : "outside");
    return party;
}

Party *resolve_single(RosterSession *session, const char *canonical, GError **error)
{
    g_autoptr(Person) person = NULL;
    Party *party = NULL;
    const char *at = strrchr(canonical, '@');
    Tri district = at != NULL ? is_district(session, at + 1, error) : TRI_NO;
    if (district == TRI_UNKNOWN || !people_of_address(session, canonical, &person, error))
        return NULL;
    if (person != NULL && (person_strongest(person->roles) == ROLE_STAFF || district == TRI_YES))
        return own_address(session, canonical, g_steal_pointer(&person), district == TRI_YES, error);
    // A guardian's address that the registry gives to a staff member is that staff member's private mailbox.
    if (!registered_mailbox(session, canonical, &party, error) || party != NULL)
        return party;
    if (person != NULL)
        return own_address(session, canonical, g_steal_pointer(&person), false, error);
    if (!student_mailbox(session, canonical, &party, error) || party != NULL)
        return party;
    if (district == TRI_YES)
        return people_plain(canonical, ROLE_SERVICE, ACCOUNT_SCHOOL,
                            "in the district's domains and nobody's");
    return people_plain(canonical, ROLE_EXTERNAL, ACCOUNT_PERSONAL, "not in the roster");
}

// ---- addresses ----------------------------------------------------------------------------------

static Party *resolve_canonical(RosterSession *session, const char *canonical, GError **error)
{
    Party *list = NULL;
    if (!list_resolve(session, canonical, &list, error))
        return NULL;
    return list != NULL ? list : resolve_single(session, canonical, error);
}

// *out NULL when that is nobody.
static bool resolve_guess(RosterSession *session, const char *name, const char *domain, Party **out,
                          GError **error)
{
    g_autofree char *guess = g_strconcat(name, "@", domain, NULL);
    g_autofree char *canonical = roster_canonical_address(session_config(session), guess);
    Party *party = canonical != NULL ? resolve_canonical(session, canonical, error) : NULL;
    bool ok = canonical == NULL || party != NULL;
    if (party != NULL &&
        (party->person != NULL || party->role == ROLE_LIST || party->role == ROLE_LIST_UNKNOWN))
        *out = party;
    else
        party_free(party);
    return ok;
}

// "jane" as `jane@<a domain of the district>` where that is somebody or a list; *out NULL otherwise.
static bool resolve_bare(RosterSession *session, const char *name, Party **out, GError **error)
{
    const Config *config = session_config(session);
    *out = NULL;
    if (name[0] == '\0' || strlen(name) > 256 || strchr(name, '@') != NULL)
        return true;
    const GPtrArray *published = session_domains(session, error);
    bool ok = published != NULL;
    for (gsize i = 0;
         ok && *out == NULL && config->district.domains != NULL && config->district.domains[i] != NULL; i++)
        ok = resolve_guess(session, name, config->district.domains[i], out, error);
    for (guint i = 0; ok && *out == NULL && i < published->len && i < BARE_DOMAINS; i++)
        ok = resolve_guess(session, name, published->pdata[i], out, error);
    return ok;
}

Party *roster_resolve(RosterSession *session, const char *address, GError **error)
{
    g_autofree char *canonical = roster_canonical_address(session_config(session), address);
    Party *party = NULL;
    if (canonical != NULL) {
        party = resolve_canonical(session, canonical, error);
    } else {
        const char *name = address != NULL && g_utf8_validate(address, -1, NULL) ? address : "";
        if (!resolve_bare(session, name, &party, error))
            return NULL;
        if (party == NULL)
            party = people_plain(name, ROLE_EXTERNAL, ACCOUNT_PERSONAL, "not an address");
    }
    if (party != NULL) {
        g_free(party->address);
        party->address = g_utf8_make_valid(address != NULL ? address : "", -1);
    }
    return party;
}

// ---- messages -----------------------------------------------------------------------------------

// The account that logged in. *out NULL when the login is no address and nobody's.
static bool resolve_login(RosterSession *session, const char *login, Party **out, GError **error)
{
    g_autofree char *lower = g_utf8_validate(login, -1, NULL) ? canon_lower(login) : g_strdup("");
    *out = NULL;
    if (strchr(lower, '@') != NULL) {
        *out = roster_resolve(session, login, error);
        return *out != NULL;
    }
    g_autoptr(GPtrArray) people = session_column(session, Q_LOGIN, lower, NULL, error);
    Person *person = NULL;
    if (people == NULL)
        return false;
    if (people->len == 1 && !people_by_pid(session, people->pdata[0], &person, error))
        return false;
    if (person == NULL)
        return resolve_bare(session, lower, out, error);
    g_autofree char *address = g_strdup(person->mail != NULL ? person->mail : lower);
    *out = people_party(session, person, address, error);
    if (*out != NULL)
        (*out)->why = g_strdup_printf("login %s of the roster", lower);
    return *out != NULL;
}

static bool is_shown_header(const MessageAddress *address)
{
    static const char *const shown[] = {"From", "Sender", "Reply-To", "To", "Cc"};
    for (gsize i = 0; address->part == 0 && i < G_N_ELEMENTS(shown); i++)
        if (g_ascii_strcasecmp(address->header, shown[i]) == 0)
            return true;
    return false;
}

static void party_header_free(PartyHeader *header)
{
    party_free(header->party);
    g_free(header);
}

static bool resolve_headers(RosterSession *session, const Message *message, Parties *parties, GError **error)
{
    guint most = (guint)session_config(session)->limits.addresses;
    bool ok = true;
    for (guint i = 0; ok && message != NULL && i < message->addresses->len && parties->header->len < most;
         i++) {
        const MessageAddress *address = message->addresses->pdata[i];
        if (!is_shown_header(address))
            continue;
        PartyHeader *header = g_new0(PartyHeader, 1);
        header->source = address;
        header->party = roster_resolve(session, address->address, error);
        g_ptr_array_add(parties->header, header);
        ok = header->party != NULL;
    }
    return ok;
}

// Of several authors the one whom most rules watch.
static const MessageAddress *author_of(const Parties *parties)
{
    const PartyHeader *best = NULL;
    for (guint i = 0; i < parties->header->len; i++) {
        const PartyHeader *header = parties->header->pdata[i];
        if (g_ascii_strcasecmp(header->source->header, "From") == 0 &&
            (best == NULL || header->party->role > best->party->role))
            best = header;
    }
    return best != NULL ? best->source : NULL;
}

static bool resolve_sender(RosterSession *session, const Envelope *envelope, Parties *parties, GError **error)
{
    const MessageAddress *author = author_of(parties);
    bool ok = true;
    if (envelope->auth_login != NULL && envelope->auth_login[0] != '\0') {
        ok = resolve_login(session, envelope->auth_login, &parties->sender, error);
        parties->sender_by = "auth";
    }
    if (ok && parties->sender == NULL && author != NULL) {
        parties->sender = roster_resolve(session, author->address, error);
        parties->sender_by = "from";
        ok = parties->sender != NULL;
    }
    if (ok && parties->sender == NULL) {
        parties->sender =
            roster_resolve(session, envelope->mail_from != NULL ? envelope->mail_from : "", error);
        parties->sender_by = "envelope";
        ok = parties->sender != NULL;
    }
    return ok;
}

Parties *roster_resolve_message(RosterSession *session, const Envelope *envelope, const Message *message,
                                GError **error)
{
    g_autoptr(Parties) parties = g_new0(Parties, 1);
    parties->header = g_ptr_array_new_with_free_func((GDestroyNotify)party_header_free);
    parties->rcpts = g_ptr_array_new_with_free_func((GDestroyNotify)party_free);
    if (!resolve_headers(session, message, parties, error) ||
        !resolve_sender(session, envelope, parties, error))
        return NULL;
    if (envelope->mail_from != NULL && envelope->mail_from[0] != '\0' &&
        (parties->envelope_from = roster_resolve(session, envelope->mail_from, error)) == NULL)
        return NULL;
    for (guint i = 0; i < envelope->rcpts->len; i++) {
        const EnvelopeRcpt *rcpt = envelope->rcpts->pdata[i];
        Party *party = roster_resolve(session, rcpt->address, error);
        if (party == NULL)
            return NULL;
        g_ptr_array_add(parties->rcpts, party);
    }
    return g_steal_pointer(&parties);
}
