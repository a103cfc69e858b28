// An address, and everybody of a message, resolved to parties.
#include "roster/internal.h"

#include <string.h>

#define LIST_MEMBERS_MOST 20000 // one more is a student nobody knows: the strictest reading
#define LIST_ROWS_MOST    "20001"

Tri roster_is_district_domain(RosterSession *session, const char *domain, GError **error)
{
    g_autofree char *ascii = canon_domain(domain);
    const ConfigDistrict *district = &session_config(session)->district;
    Tri found = TRI_NO;
    for (const char *at = ascii; at != NULL && *at != '\0' && found == TRI_NO;) {
        for (gsize i = 0; district->domains != NULL && district->domains[i] != NULL; i++)
            if (g_ascii_strcasecmp(district->domains[i], at) == 0)
                return TRI_YES;
        found = session_has(session, Q_DOMAIN, at, NULL, error);
        const char *dot = strchr(at, '.');
        at = dot != NULL ? dot + 1 : NULL;
    }
    return found;
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

static Party *plain_party(const char *canonical, Role role, Account account, const char *why)
{
    Party *party = g_new0(Party, 1);
    party->address = g_strdup(canonical);
    party->canonical = g_strdup(canonical);
    party->role = role;
    party->account = account;
    party->enabled = true;
    party->roles = g_ptr_array_new_with_free_func(g_free);
    party->schools = g_ptr_array_new_with_free_func(g_free);
    party->classes = g_ptr_array_new_with_free_func(g_free);
    party->why = g_strdup(why);
    g_ptr_array_add(party->roles, g_strdup(role_name(role)));
    return party;
}

// Whose private mailbox it is by the staff registry; *out NULL when nobody's.
static bool registered_mailbox(RosterSession *session, const char *canonical, Party **out, GError **error)
{
    g_autofree char *key = g_strconcat("email:", canonical, NULL);
    g_autoptr(GPtrArray) owners = people_registered(session, key, error);
    *out = NULL;
    if (owners == NULL)
        return false;
    if (owners->len == 0)
        return true;
    const RosterOwner *owner = owners->pdata[0];
    *out = people_party(session, owner->person, canonical, ROLE_STAFF, error);
    if (*out == NULL)
        return false;
    (*out)->account = ACCOUNT_PERSONAL;
    (*out)->why = g_strdup_printf("private mailbox of a staff member (%s)", owner->label);
    return true;
}

static bool student_mailbox(RosterSession *session, const char *canonical, Party **out, GError **error)
{
    g_autofree char *student = NULL, *person = NULL;
    Role role = ROLE_EXTERNAL;
    *out = NULL;
    if (!session_value(session, Q_STUDENT_ADDRESS, canonical, NULL, &student, error))
        return false;
    if (student == NULL)
        return true;
    if (!people_of_address(session, student, &person, &role, error))
        return false;
    *out = person != NULL ? people_party(session, person, canonical, ROLE_STUDENT, error)
                          : plain_party(canonical, ROLE_STUDENT, ACCOUNT_PERSONAL, NULL);
    if (*out == NULL)
        return false;
    (*out)->account = ACCOUNT_PERSONAL;
    (*out)->why = g_strdup_printf("private address of student %s (students-personal.csv)", student);
    return true;
}

static Party *own_address(RosterSession *session, const char *canonical, const char *person, Role role,
                          bool district, GError **error)
{
    Party *party = people_party(session, person, canonical, role, error);
    if (party == NULL)
        return NULL;
    party->account = district ? ACCOUNT_SCHOOL : ACCOUNT_PERSONAL;
    party->why = g_strdup_printf("%s %s of the roster, address %s the district's domains", role_name(role),
                                 person, district ? "in" : "outside");
    return party;
}

static Party *resolve_single(RosterSession *session, const char *canonical, GError **error)
{
    g_autofree char *person = NULL;
    Role role = ROLE_EXTERNAL;
    Party *party = NULL;
    const char *at = strrchr(canonical, '@');
    Tri district = roster_is_district_domain(session, at + 1, error);
    if (district == TRI_UNKNOWN || !people_of_address(session, canonical, &person, &role, error))
        return NULL;
    if (person != NULL && (role == ROLE_STAFF || district == TRI_YES))
        return own_address(session, canonical, person, role, district == TRI_YES, error);
    // A guardian's address that the registry gives to a staff member is that staff member's private mailbox.
    if (!registered_mailbox(session, canonical, &party, error) || party != NULL)
        return party;
    if (person != NULL)
        return own_address(session, canonical, person, role, false, error);
    if (!student_mailbox(session, canonical, &party, error) || party != NULL)
        return party;
    if (district == TRI_YES)
        return plain_party(canonical, ROLE_SERVICE, ACCOUNT_SCHOOL, "in the district's domains and nobody's");
    return plain_party(canonical, ROLE_EXTERNAL, ACCOUNT_PERSONAL, "not in the roster");
}

// ---- lists --------------------------------------------------------------------------------------

typedef struct {
    RosterSession *session;
    Party *list;
    GHashTable *seen; // lists, classes, addresses and persons met
    GQueue waiting;   // of char*: lists and "class:<id>" to expand
    bool full;
} Expansion;

static bool add_member(Expansion *expansion, Party *member)
{
    if (member == NULL)
        return false;
    const char *id = member->person != NULL ? member->person : member->canonical;
    char *key =
        g_strconcat(member->person != NULL ? "p:" : "a:", id, ":", account_name(member->account), NULL);
    if (!g_hash_table_add(expansion->seen, key))
        party_free(member);
    else
        g_ptr_array_add(expansion->list->members, member);
    expansion->full = expansion->list->members->len >= LIST_MEMBERS_MOST;
    return true;
}

static bool add_class_member(Expansion *expansion, const char *person, GError **error)
{
    g_autofree char *address = NULL;
    Role role = people_role(expansion->session, person, error);
    if (role == ROLE_LAST ||
        !session_value(expansion->session, Q_PERSON_EMAIL, person, NULL, &address, error))
        return false;
    if (role == ROLE_EXTERNAL)
        return true; // an enrolment of nobody in users.csv
    Party *member = people_party(expansion->session, person, address != NULL ? address : "", role, error);
    if (member != NULL)
        member->why = g_strdup("enrolled in a class of the list");
    return add_member(expansion, member);
}

static bool expand_class(Expansion *expansion, const char *class_id, GError **error)
{
    g_autoptr(GPtrArray) people =
        session_column(expansion->session, Q_CLASS_MEMBERS, class_id, LIST_ROWS_MOST, error);
    bool ok = people != NULL;
    for (guint i = 0; ok && !expansion->full && i < people->len; i++)
        ok = add_class_member(expansion, people->pdata[i], error);
    return ok;
}

static void expand_later(Expansion *expansion, const char *what)
{
    if (g_hash_table_add(expansion->seen, g_strdup(what)))
        g_queue_push_tail(&expansion->waiting, g_strdup(what));
}

// An address that is a list and a person's as well reaches both.
static bool add_person_of_list(Expansion *expansion, const char *list, GError **error)
{
    g_autofree char *person = NULL;
    Role role = ROLE_EXTERNAL;
    if (!people_of_address(expansion->session, list, &person, &role, error))
        return false;
    return person == NULL || add_member(expansion, resolve_single(expansion->session, list, error));
}

static bool expand_row(Expansion *expansion, const char *member, GError **error)
{
    if (g_str_has_prefix(member, "class:")) {
        expand_later(expansion, member);
        return true;
    }
    Tri nested = session_has(expansion->session, Q_LIST_MEMBERS, member, "1", error);
    if (nested == TRI_YES)
        expand_later(expansion, member);
    return nested == TRI_YES ||
           (nested == TRI_NO && add_member(expansion, resolve_single(expansion->session, member, error)));
}

static bool expand_list(Expansion *expansion, const char *list, GError **error)
{
    g_autoptr(GPtrArray) rows =
        session_column(expansion->session, Q_LIST_MEMBERS, list, LIST_ROWS_MOST, error);
    bool ok = rows != NULL && add_person_of_list(expansion, list, error);
    for (guint i = 0; ok && !expansion->full && i < rows->len; i++)
        ok = expand_row(expansion, rows->pdata[i], error);
    return ok;
}

static bool expand(Expansion *expansion, GError **error)
{
    bool ok = true;
    while (ok && !expansion->full && !g_queue_is_empty(&expansion->waiting)) {
        g_autofree char *next = g_queue_pop_head(&expansion->waiting);
        ok = g_str_has_prefix(next, "class:") ? expand_class(expansion, next + strlen("class:"), error)
                                              : expand_list(expansion, next, error);
    }
    if (ok && expansion->full)
        g_ptr_array_add(expansion->list->members,
                        plain_party(expansion->list->canonical, ROLE_STUDENT, ACCOUNT_SCHOOL,
                                    "the list is too long to be expanded; it may reach any student"));
    return ok;
}

static Party *resolve_list(RosterSession *session, const char *canonical, GError **error)
{
    g_autoptr(Party) list = plain_party(canonical, ROLE_LIST, ACCOUNT_SCHOOL, NULL);
    Expansion expansion = {.session = session, .list = list};
    expansion.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    list->members = g_ptr_array_new_with_free_func((GDestroyNotify)party_free);
    expand_later(&expansion, canonical);
    bool ok = expand(&expansion, error);
    g_queue_clear_full(&expansion.waiting, g_free);
    g_hash_table_unref(expansion.seen);
    list->why = g_strdup_printf("a list with %u members", list->members->len);
    return ok ? g_steal_pointer(&list) : NULL;
}

// ---- addresses ----------------------------------------------------------------------------------

static Party *resolve_canonical(RosterSession *session, const char *canonical, GError **error)
{
    Tri list = session_has(session, Q_LIST_MEMBERS, canonical, "1", error);
    if (list == TRI_UNKNOWN)
        return NULL;
    return list == TRI_YES ? resolve_list(session, canonical, error)
                           : resolve_single(session, canonical, error);
}

// "jane" as `jane@<a domain of the district>` where that is somebody or a list; *out NULL otherwise.
static bool resolve_bare(RosterSession *session, const char *name, Party **out, GError **error)
{
    const Config *config = session_config(session);
    *out = NULL;
    if (name[0] == '\0' || strlen(name) > 256 || strchr(name, '@') != NULL)
        return true;
    g_autoptr(GPtrArray) domains = session_column(session, Q_DOMAINS, NULL, NULL, error);
    bool ok = domains != NULL;
    for (gsize i = 0; ok && config->district.domains != NULL && config->district.domains[i] != NULL; i++)
        g_ptr_array_insert(domains, (int)i, g_strdup(config->district.domains[i]));
    for (guint i = 0; ok && *out == NULL && i < domains->len; i++) {
        g_autofree char *guess = g_strconcat(name, "@", (char *)domains->pdata[i], NULL);
        g_autofree char *canonical = roster_canonical_address(config, guess);
        Party *party = canonical != NULL ? resolve_canonical(session, canonical, error) : NULL;
        ok = canonical == NULL || party != NULL;
        if (party != NULL && (party->person != NULL || party->role == ROLE_LIST))
            *out = party;
        else
            party_free(party);
    }
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
            party = plain_party(name, ROLE_EXTERNAL, ACCOUNT_PERSONAL, "not an address");
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
    if (people == NULL)
        return false;
    if (people->len != 1)
        return resolve_bare(session, lower, out, error);
    g_autofree char *address = NULL;
    Role role = people_role(session, people->pdata[0], error);
    if (role == ROLE_LAST || !session_value(session, Q_PERSON_EMAIL, people->pdata[0], NULL, &address, error))
        return false;
    *out = people_party(session, people->pdata[0], address != NULL ? address : lower, role, error);
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
