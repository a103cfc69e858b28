// Reviewers are mailed of items that no policy names contacts for: those of the schools and people in it, as for held messages.
#include "review/internal.h"
#include "review/routing.h"

#include <string.h>

#define A_TURN 50
static const int64_t HOUR_US = 3600 * (int64_t)G_USEC_PER_SEC;

static GPtrArray *waiting(Review *review, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    // A report is sent on when it is known whom it is about.
    g_autoptr(StoreStmt) get =
        store_prepare(review->db,
                      "SELECT id FROM item WHERE informed = 0 AND search = 0 AND state < 2"
                      " ORDER BY id LIMIT " G_STRINGIFY(A_TURN),
                      error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(ids, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&ids) : NULL;
}

// ---- whom ------------------------------------------------------------------------------------------------

// Whose message it is about: the first of these that is in it.
static const char *author_of(const ReviewItem *item)
{
    static const char *const ROLES[] = {"original sender", "staff", "sender", "reporter"};
    const char *found = NULL;
    for (gsize r = 0; r < G_N_ELEMENTS(ROLES) && found == NULL; r++)
        for (guint i = 0; i < item->parties->len && found == NULL; i++) {
            const ReviewParty *party = item->parties->pdata[i];
            found = strcmp(party->as, ROLES[r]) == 0 ? party->address : NULL;
        }
    return found;
}

static void rcpt_free(gpointer data)
{
    g_free(((HoldRcpt *)data)->address);
    g_free(data);
}

HoldItem *review_item_about(const ReviewItem *item)
{
    const char *author = author_of(item);
    HoldItem *about = g_new0(HoldItem, 1);
    about->record = g_strdup(item->id);
    about->mail_from = g_strdup(author != NULL ? author : "");
    about->summary = json_pack("{s:s}", "sender", about->mail_from);
    about->rcpts = g_ptr_array_new_with_free_func(rcpt_free);
    about->steps = g_ptr_array_new();
    for (guint i = 0; i < item->parties->len; i++) {
        HoldRcpt *rcpt = g_new0(HoldRcpt, 1);
        rcpt->address = g_strdup(((const ReviewParty *)item->parties->pdata[i])->address);
        g_ptr_array_add(about->rcpts, rcpt);
    }
    return about;
}

static bool is_named(const Config *config, const char *address)
{
    bool named = false;
    for (guint i = 0; i < config->review.reviewers->len && !named; i++)
        named = g_ascii_strcasecmp(((const ConfigReviewer *)config->review.reviewers->pdata[i])->address,
                                   address) == 0;
    return named;
}

// A report may be about whoever stands above its reporter: it goes to those whom the district named, and to nobody by the roster.
static void leave_named(const Config *config, GPtrArray *routes)
{
    for (guint i = routes->len; i > 0; i--)
        if (!is_named(config, ((const ReviewRoute *)routes->pdata[i - 1])->address))
            g_ptr_array_remove_index(routes, i - 1);
}

// Nobody is sent what they are in themselves.
static GPtrArray *routes_of(const Config *config, Routing *routing, const ReviewItem *item, GError **error)
{
    g_autoptr(HoldItem) about = review_item_about(item);
    if (*about->mail_from == '\0')
        return g_ptr_array_new_with_free_func((GDestroyNotify)routing_route_free);
    GPtrArray *routes = routing_reviewers(routing, about, error);
    if (routes != NULL && item->kind == REVIEW_CONCERN)
        leave_named(config, routes);
    return routes;
}

// ---- telling ---------------------------------------------------------------------------------------------

// Mails to one reviewer in the last hour; -1 with `error`.
static int mailed(Review *review, const char *address, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT count(*) FROM mail WHERE rcpt = ? AND created_us > ?", error);
    if (get == NULL)
        return -1;
    store_bind_text(get, 1, address);
    store_bind_int(get, 2, now_us - HOUR_US);
    return store_step(get, error) == STORE_ROW ? (int)store_int(get, 0) : -1;
}

// Adds the contact, unless they get too many; the list of items tells all.
static bool add_contact(Review *review, const ReviewItem *item, const ReviewRoute *route, GString *whom,
                        int64_t now_us, GError **error)
{
    int count = mailed(review, route->address, now_us, error);
    bool many = count >= review->config->notice.per_sender_hour;
    if (count >= 0)
        g_string_append_printf(whom, "%s%s (%s)%s", whom->len > 0 ? ", " : "", route->address, route->why,
                               many ? ", not mailed: too many in an hour" : "");
    return count >= 0 &&
           (many || review_exec(review, error, "INSERT OR IGNORE INTO contact(item, address) VALUES(?,?)",
                                item->id, route->address, NULL));
}

static bool inform(Review *review, const ReviewItem *item, const GPtrArray *routes, int64_t now_us,
                   GError **error)
{
    g_autoptr(GString) whom = g_string_new(NULL);
    bool ok = review_exec(review, error, "UPDATE item SET informed = 1 WHERE id = ?", item->id, NULL);
    for (guint i = 0; ok && i < routes->len; i++)
        ok = add_contact(review, item, routes->pdata[i], whom, now_us, error);
    if (routes->len == 0) {
        g_string_append(whom, "nobody: no reviewer is known for it");
        log_warn("review item without a reviewer; see review.reviewers", "item", item->id);
    }
    return ok && review_work_step(review, item->id, REVIEW_NAME, "routed", whom->str, now_us, error) &&
           mail_queue(review, item->id, false, now_us, error);
}

static bool inform_all(Review *review, Routing *routing, const GPtrArray *ids, int64_t now_us, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < ids->len; i++) {
        g_autoptr(ReviewItem) item = review_get(review, ids->pdata[i], error);
        g_autoptr(GPtrArray) routes = item != NULL ? routes_of(review->config, routing, item, error) : NULL;
        ok = routes != NULL && review_work_begin(review, error) &&
             review_work_end(review, inform(review, item, routes, now_us, error), error);
    }
    return ok;
}

bool review_inform(Review *review, Roster *roster, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) ids = waiting(review, error);
    if (ids == NULL || ids->len == 0)
        return ids != NULL;
    int today = clock_local_date(now_us, review->config->district.timezone);
    g_autoptr(RosterSession) session = roster_session_begin(roster, today, error);
    g_autoptr(Routing) routing = session != NULL ? routing_new(review->config, session) : NULL;
    return routing != NULL && inform_all(review, routing, ids, now_us, error);
}
