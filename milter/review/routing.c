#include "review/routing.h"

#include <string.h>

enum { MEMBERS_MOST = 500, RCPTS_MOST = 500 };
#define PRINCIPAL "principal"

struct Routing {
    const Config *config;
    RosterSession *session;
    GHashTable *parties;    // address -> Party
    GHashTable *principals; // school -> GPtrArray of ReviewRoute
    GHashTable *names;      // school -> name
};

void routing_route_free(ReviewRoute *route)
{
    if (route == NULL)
        return;
    g_free(route->address);
    g_free(route->person);
    g_free(route->why);
    g_free(route);
}

static ReviewRoute *route_new(const char *address, const char *person, char *why)
{
    ReviewRoute *route = g_new0(ReviewRoute, 1);
    *route = (ReviewRoute){.address = g_strdup(address), .person = g_strdup(person), .why = why};
    return route;
}

static GPtrArray *routes_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)routing_route_free);
}

Routing *routing_new(const Config *config, RosterSession *session)
{
    Routing *routing = g_new0(Routing, 1);
    *routing = (Routing){
        .config = config,
        .session = session,
        .parties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)party_free),
        .principals =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref),
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    return routing;
}

void routing_free(Routing *routing)
{
    if (routing == NULL)
        return;
    g_hash_table_unref(routing->parties);
    g_hash_table_unref(routing->principals);
    g_hash_table_unref(routing->names);
    g_free(routing);
}

// ---- look-ups, each once ---------------------------------------------------------------------------------

static const Party *party_of(Routing *routing, const char *address, GError **error)
{
    Party *party = g_hash_table_lookup(routing->parties, address);
    if (party != NULL)
        return party;
    party = roster_resolve(routing->session, address, error);
    if (party != NULL)
        g_hash_table_insert(routing->parties, g_strdup(address), party);
    return party;
}

static const char *name_of(Routing *routing, const char *school, GError **error)
{
    char *name = g_hash_table_lookup(routing->names, school);
    if (name != NULL)
        return name;
    name = roster_school_name(routing->session, school, error);
    if (name != NULL)
        g_hash_table_insert(routing->names, g_strdup(school), name);
    return name;
}

// Who `person` is, where they can be written to; *out NULL when they cannot.
static bool route_to(Routing *routing, const char *person, char *why, ReviewRoute **out, GError **error)
{
    g_autoptr(Party) party = NULL;
    g_autofree char *reason = why;
    *out = NULL;
    if (!roster_person(routing->session, person, &party, error))
        return false;
    if (party != NULL && party->enabled && *party->address != '\0')
        *out = route_new(party->address, person, g_steal_pointer(&reason));
    return true;
}

static const GPtrArray *principals_of(Routing *routing, const char *school, GError **error)
{
    GPtrArray *known = g_hash_table_lookup(routing->principals, school);
    if (known != NULL)
        return known;
    g_autoptr(GPtrArray) routes = routes_new();
    const char *name = name_of(routing, school, error);
    g_autoptr(GPtrArray) people =
        name != NULL ? roster_staff_at(routing->session, school, PRINCIPAL, error) : NULL;
    bool ok = people != NULL;
    for (guint i = 0; ok && i < people->len; i++) {
        ReviewRoute *route = NULL;
        ok = route_to(routing, people->pdata[i], g_strdup_printf("principal of %s", name), &route, error);
        if (ok && route != NULL)
            g_ptr_array_add(routes, route);
    }
    if (!ok)
        return NULL;
    known = g_steal_pointer(&routes);
    g_hash_table_insert(routing->principals, g_strdup(school), known);
    return known;
}

// ---- schools ---------------------------------------------------------------------------------------------

static void school_free(gpointer data)
{
    RoutingSchool *school = data;
    g_free(school->id);
    g_free(school->name);
    g_free(school);
}

static gint compare_schools(gconstpointer a, gconstpointer b)
{
    return strcmp((*(RoutingSchool *const *)a)->id, (*(RoutingSchool *const *)b)->id);
}

static void add_schools(GHashTable *ids, const Party *party, Role role)
{
    for (guint i = 0; party->role == role && party->schools != NULL && i < party->schools->len; i++)
        g_hash_table_add(ids, g_strdup(party->schools->pdata[i]));
    for (guint i = 0; party->members != NULL && i < MIN(party->members->len, MEMBERS_MOST); i++) {
        const Party *member = party->members->pdata[i];
        for (guint j = 0; member->role == role && member->schools != NULL && j < member->schools->len; j++)
            g_hash_table_add(ids, g_strdup(member->schools->pdata[j]));
    }
}

static bool add_rcpts(Routing *routing, const HoldItem *item, Role role, GHashTable *ids, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < MIN(item->rcpts->len, RCPTS_MOST); i++) {
        const Party *party = party_of(routing, ((const HoldRcpt *)item->rcpts->pdata[i])->address, error);
        ok = party != NULL;
        if (ok)
            add_schools(ids, party, role);
    }
    return ok;
}

// Who wrote it: as the judgement found out, by login where there was one.
static const char *sender_of(const HoldItem *item)
{
    const char *sender = json_string_value(json_object_get(item->summary, "sender"));
    return sender != NULL && *sender != '\0' ? sender : item->mail_from;
}

GPtrArray *routing_schools(Routing *routing, const HoldItem *item, GError **error)
{
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const Party *sender = party_of(routing, sender_of(item), error);
    if (sender == NULL)
        return NULL;
    add_schools(ids, sender, sender->role);
    if (!add_rcpts(routing, item, ROLE_STUDENT, ids, error) ||
        (g_hash_table_size(ids) == 0 && !add_rcpts(routing, item, ROLE_STAFF, ids, error)))
        return NULL;
    g_autoptr(GPtrArray) schools = g_ptr_array_new_with_free_func(school_free);
    GHashTableIter iter;
    gpointer id;
    g_hash_table_iter_init(&iter, ids);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        const char *name = name_of(routing, id, error);
        if (name == NULL)
            return NULL;
        RoutingSchool *school = g_new0(RoutingSchool, 1);
        *school = (RoutingSchool){g_strdup(id), g_strdup(name)};
        g_ptr_array_add(schools, school);
    }
    g_ptr_array_sort(schools, compare_schools);
    return g_steal_pointer(&schools);
}

// ---- conflicts of interest -------------------------------------------------------------------------------

static bool is_same(const ReviewRoute *route, const Party *party, const char *address)
{
    return g_ascii_strcasecmp(route->address, address) == 0 ||
           g_ascii_strcasecmp(route->address, party->canonical) == 0 ||
           (route->person != NULL && g_strcmp0(route->person, party->person) == 0);
}

static Tri is_party(Routing *routing, const ReviewRoute *route, const HoldItem *item, GError **error)
{
    const Party *sender = party_of(routing, sender_of(item), error);
    Tri same = sender == NULL                                             ? TRI_UNKNOWN
               : is_same(route, sender, sender_of(item))                  ? TRI_YES
               : g_ascii_strcasecmp(route->address, item->mail_from) == 0 ? TRI_YES
                                                                          : TRI_NO;
    for (guint i = 0; same == TRI_NO && i < item->rcpts->len; i++) {
        const char *address = ((const HoldRcpt *)item->rcpts->pdata[i])->address;
        const Party *party = party_of(routing, address, error);
        same = party == NULL ? TRI_UNKNOWN : is_same(route, party, address) ? TRI_YES : TRI_NO;
    }
    return same;
}

// Is the sender their manager, or their manager's?
static Tri is_under(Routing *routing, const ReviewRoute *route, const char *sender, GError **error)
{
    enum { CHAIN = 2 };
    g_autofree char *at = g_strdup(route->person);
    Tri under = TRI_NO;
    for (int i = 0; i < CHAIN && under == TRI_NO && at != NULL && sender != NULL; i++) {
        g_autoptr(Party) party = NULL;
        if (!roster_person(routing->session, at, &party, error))
            return TRI_UNKNOWN;
        g_free(at);
        at = party != NULL ? g_strdup(party->manager) : NULL;
        under = g_strcmp0(at, sender) == 0 ? TRI_YES : TRI_NO;
    }
    return under;
}

static Tri has_conflict(Routing *routing, const ReviewRoute *route, const HoldItem *item, GError **error)
{
    Tri conflict = is_party(routing, route, item, error);
    if (conflict == TRI_NO)
        conflict = is_under(routing, route, party_of(routing, sender_of(item), NULL)->person, error);
    return conflict;
}

// Who `who` is; NULL without `error` where the roster knows nobody of that name.
static ReviewRoute *route_of(Routing *routing, const char *who, GError **error)
{
    char **domain = routing->config->district.domains;
    bool address = strchr(who, '@') != NULL;
    ReviewRoute *route = address ? route_new(who, NULL, g_strdup("reviewer")) : NULL;
    for (bool more = true;
         more && (address || *domain != NULL) && (route == NULL || route->person == NULL);) {
        g_autofree char *at = address ? g_strdup(who) : g_strconcat(who, "@", *domain++, NULL);
        const Party *party = party_of(routing, at, error);
        if (party == NULL) {
            routing_route_free(route);
            return NULL;
        }
        if (party->person != NULL) {
            routing_route_free(route);
            route = route_new(at, party->person, g_strdup("reviewer"));
        }
        more = !address;
    }
    return route;
}

Tri routing_conflict(Routing *routing, const char *who, const HoldItem *item, char **out_why, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(ReviewRoute) route = route_of(routing, who, &why);
    Tri conflict = why != NULL ? TRI_UNKNOWN : route == NULL ? TRI_NO : is_party(routing, route, item, &why);
    if (conflict == TRI_YES) {
        *out_why = g_strdup_printf("%s wrote or received the message", who);
    } else if (conflict == TRI_NO && route != NULL && route->person != NULL) {
        const Party *sender = party_of(routing, sender_of(item), &why);
        conflict = sender == NULL ? TRI_UNKNOWN : is_under(routing, route, sender->person, &why);
        if (conflict == TRI_YES)
            *out_why = g_strdup_printf("the message is by a manager of %s", who);
    }
    if (why != NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    return conflict;
}

// Adds a copy of `route` unless it is there already or may not review this item.
static bool add_route(Routing *routing, GPtrArray *routes, const ReviewRoute *route, const HoldItem *item,
                      GError **error)
{
    for (guint i = 0; i < routes->len; i++)
        if (g_ascii_strcasecmp(((const ReviewRoute *)routes->pdata[i])->address, route->address) == 0)
            return true;
    Tri conflict = has_conflict(routing, route, item, error);
    if (conflict == TRI_NO)
        g_ptr_array_add(routes, route_new(route->address, route->person, g_strdup(route->why)));
    return conflict != TRI_UNKNOWN;
}

// ---- reviewers -------------------------------------------------------------------------------------------

static bool names_school(const ConfigReviewer *reviewer, const RoutingSchool *school)
{
    bool named = false;
    for (char **one = reviewer->schools; *one != NULL && !named; one++)
        named = strcmp(*one, "*") == 0 || strcmp(*one, school->id) == 0 ||
                g_ascii_strcasecmp(*one, school->name) == 0;
    return named;
}

static const RoutingSchool *first_school(const ConfigReviewer *reviewer, const GPtrArray *schools)
{
    const RoutingSchool *found = NULL;
    for (guint i = 0; i < schools->len && found == NULL; i++)
        found = names_school(reviewer, schools->pdata[i]) ? schools->pdata[i] : NULL;
    return found;
}

static bool add_configured(Routing *routing, const ConfigReviewer *reviewer, const GPtrArray *schools,
                           const HoldItem *item, GPtrArray *routes, GError **error)
{
    const Party *sender = party_of(routing, sender_of(item), error);
    const char *const *roles = (const char *const *)reviewer->roles;
    bool everywhere = g_strv_contains((const char *const *)reviewer->schools, "*");
    const RoutingSchool *school = first_school(reviewer, schools);
    if (sender == NULL)
        return false;
    if ((!everywhere && school == NULL) ||
        (!g_strv_contains(roles, "*") && !g_strv_contains(roles, role_name(sender->role))))
        return true;
    const Party *who = party_of(routing, reviewer->address, error);
    if (who == NULL)
        return false;
    g_autoptr(ReviewRoute) route = route_new(reviewer->address, who->person,
                                             everywhere ? g_strdup("reviewer for all schools")
                                                        : g_strdup_printf("reviewer for %s", school->name));
    return add_route(routing, routes, route, item, error);
}

static bool add_principals(Routing *routing, const GPtrArray *schools, const HoldItem *item,
                           GPtrArray *routes, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < schools->len; i++) {
        const GPtrArray *found =
            principals_of(routing, ((const RoutingSchool *)schools->pdata[i])->id, error);
        ok = found != NULL;
        for (guint j = 0; ok && j < found->len; j++)
            ok = add_route(routing, routes, found->pdata[j], item, error);
    }
    return ok;
}

static bool add_supervisor(Routing *routing, const HoldItem *item, GPtrArray *routes, GError **error)
{
    g_autoptr(ReviewRoute) route = NULL;
    const Party *sender = party_of(routing, sender_of(item), error);
    if (sender == NULL ||
        (sender->manager != NULL &&
         !route_to(routing, sender->manager, g_strdup("supervisor of the sender"), &route, error)))
        return false;
    return route == NULL || add_route(routing, routes, route, item, error);
}

GPtrArray *routing_reviewers(Routing *routing, const HoldItem *item, GError **error)
{
    g_autoptr(GPtrArray) routes = routes_new();
    g_autoptr(GPtrArray) schools = routing_schools(routing, item, error);
    const GPtrArray *reviewers = routing->config->review.reviewers;
    bool ok = schools != NULL;
    for (guint i = 0; ok && i < reviewers->len; i++)
        ok = add_configured(routing, reviewers->pdata[i], schools, item, routes, error);
    ok = ok && (routes->len > 0 || add_principals(routing, schools, item, routes, error)) &&
         (routes->len > 0 || add_supervisor(routing, item, routes, error));
    return ok ? g_steal_pointer(&routes) : NULL;
}

bool routing_is_for(const Routing *routing, const ReviewRoute *route, const RoutingSchool *school)
{
    bool configured = false, named = false;
    const GPtrArray *reviewers = routing->config->review.reviewers;
    for (guint i = 0; i < reviewers->len && !named; i++) {
        const ConfigReviewer *reviewer = reviewers->pdata[i];
        bool same = g_ascii_strcasecmp(reviewer->address, route->address) == 0;
        configured |= same;
        named = same && names_school(reviewer, school);
    }
    return named || !configured;
}

bool routing_supervisor(Routing *routing, const char *sender, ReviewRoute **out, GError **error)
{
    const Party *party = party_of(routing, sender, error);
    g_autoptr(ReviewRoute) route = NULL;
    bool ok = party != NULL;
    *out = NULL;
    if (ok && party->manager != NULL)
        ok = route_to(routing, party->manager, g_strdup("supervisor of the sender"), &route, error);
    for (guint i = 0; ok && route == NULL && party->schools != NULL && i < party->schools->len; i++) {
        const GPtrArray *principals = principals_of(routing, party->schools->pdata[i], error);
        ok = principals != NULL;
        for (guint j = 0; ok && j < principals->len && route == NULL; j++) {
            const ReviewRoute *one = principals->pdata[j];
            if (g_strcmp0(one->person, party->person) != 0)
                route = route_new(one->address, one->person, g_strdup(one->why));
        }
    }
    if (ok)
        *out = g_steal_pointer(&route);
    return ok;
}

GPtrArray *routing_unknown_schools(const Config *config, RosterSession *session, GError **error)
{
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    Tri known = TRI_YES;
    for (guint i = 0; known != TRI_UNKNOWN && i < config->review.reviewers->len; i++) {
        const ConfigReviewer *reviewer = config->review.reviewers->pdata[i];
        for (char **school = reviewer->schools; known != TRI_UNKNOWN && *school != NULL; school++) {
            known = strcmp(*school, "*") == 0 ? TRI_YES : roster_knows_school(session, *school, error);
            if (known == TRI_NO)
                g_ptr_array_add(unknown,
                                g_strdup_printf("review.reviewers: %s: the roster knows no school \"%s\"",
                                                reviewer->address, *school));
        }
    }
    return known != TRI_UNKNOWN ? g_steal_pointer(&unknown) : NULL;
}
