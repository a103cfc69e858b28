// The list of what people are to look at beside held messages: alerts, patterns, concerns, escalations.
#include "console/held.h"
#include "console/reviews.h"

#include <string.h>

// Of items that the reader may not see so many are gone by before a page ends: it may then be short.
enum { CHUNK = 100, CHUNKS = 4 };

// ---- who may see what ------------------------------------------------------------------------------------

static const char *reader_address(Request *request)
{
    const User *user = request_user(request);
    return user->address != NULL ? user->address : user->name;
}

// `only`: of this school alone; NULL = of all the reader's.
static Tri in_scope(Request *request, Routing *routing, const HoldItem *about, const char *only,
                    GError **error)
{
    if (held_scope(request) == NULL && only == NULL)
        return TRI_YES;
    g_autoptr(GPtrArray) schools = routing_schools(routing, about, error);
    Tri seen = schools != NULL ? TRI_NO : TRI_UNKNOWN;
    for (guint i = 0; schools != NULL && i < schools->len; i++) {
        const char *school = ((const RoutingSchool *)schools->pdata[i])->id;
        bool is_asked = only == NULL || strcmp(only, school) == 0;
        if (is_asked && (held_scope(request) == NULL || request_sees_school(request, school)))
            seen = TRI_YES;
    }
    return seen;
}

static Tri may_see(Request *request, Routing *routing, const ReviewItem *item, const char *school,
                   GError **error)
{
    g_autoptr(HoldItem) about = review_item_about(item);
    g_autofree char *why = NULL;
    Tri conflict = routing_conflict(routing, reader_address(request), about, &why, error);
    return conflict == TRI_NO    ? in_scope(request, routing, about, school, error)
           : conflict == TRI_YES ? TRI_NO
                                 : TRI_UNKNOWN;
}

Tri reviews_may_see(Request *request, Routing *routing, const ReviewItem *item, GError **error)
{
    return may_see(request, routing, item, NULL, error);
}

ReviewItem *reviews_item(Request *request, GError **error)
{
    const char *id = request->args[0];
    if (!ulid_parse(id, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "no item \"%s\"", id);
        return NULL;
    }
    Review *review = desk_review(request->desk, error);
    RosterSession *session = review != NULL ? desk_roster(request->desk, error) : NULL;
    g_autoptr(Routing) routing = session != NULL ? routing_new(request->config, session) : NULL;
    g_autoptr(ReviewItem) item = routing != NULL ? review_get(review, id, error) : NULL;
    Tri seen = item != NULL ? reviews_may_see(request, routing, item, error) : TRI_UNKNOWN;
    if (seen == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s is of a school that is not yours, or you are in it, or your manager is", id);
    return seen == TRI_YES ? g_steal_pointer(&item) : NULL;
}

// Theirs are those that see it themselves.
static Tri person_may(Request *request, Routing *routing, const User *user, const HoldItem *about,
                      GError **error)
{
    g_autoptr(GPtrArray) schools = routing_schools(routing, about, error);
    g_autofree char *why = NULL;
    if (schools == NULL)
        return TRI_UNKNOWN;
    bool fits = user_has_school(user, "*");
    for (guint i = 0; !fits && i < schools->len; i++)
        fits = user_has_school(user, ((const RoutingSchool *)schools->pdata[i])->id);
    if (user->disabled || !fits || (user->roles & (USER_REVIEWER | USER_APPROVER)) == 0)
        return TRI_NO;
    Tri conflict =
        routing_conflict(routing, user->address != NULL ? user->address : user->name, about, &why, error);
    return conflict == TRI_UNKNOWN ? TRI_UNKNOWN : conflict == TRI_YES ? TRI_NO : TRI_YES;
}

GPtrArray *reviews_people(Request *request, const ReviewItem *item, GError **error)
{
    g_autoptr(HoldItem) about = review_item_about(item);
    return reviews_people_for(request, about, error);
}

GPtrArray *reviews_people_for(Request *request, const HoldItem *about, GError **error)
{
    RosterSession *session = desk_roster(request->desk, error);
    g_autoptr(Routing) routing = session != NULL ? routing_new(request->config, session) : NULL;
    g_autoptr(GPtrArray) all =
        routing != NULL ? accounts_list(desk_accounts(request->desk), NULL, 500, error) : NULL;
    bool ok = all != NULL;
    for (guint i = ok ? all->len : 0; ok && i > 0; i--) {
        Tri may = person_may(request, routing, all->pdata[i - 1], about, error);
        ok = may != TRI_UNKNOWN;
        if (may == TRI_NO)
            g_ptr_array_remove_index(all, i - 1);
    }
    return ok ? g_steal_pointer(&all) : NULL;
}

// ---- showing ---------------------------------------------------------------------------------------------

void reviews_title(Request *request, Html *html, const ReviewItem *item)
{
    g_autofree char *key = g_strconcat("reviews.about-", review_kind_name(item->kind), NULL);
    const char *gist = json_string_value(json_object_get(item->summary, "gist"));
    double score = json_number_value(json_object_get(item->summary, "score"));
    g_autofree char *number = g_strdup_printf("%.1f", score);
    if (item->kind == REVIEW_PATTERN)
        html_words(html, key, "score", number, NULL);
    else if (gist != NULL)
        html_mail(html, gist);
    else
        html_words(html, key, NULL);
}

void reviews_due(Request *request, Html *html, const ReviewItem *item)
{
    if (item->state == REVIEW_CLOSED) {
        html_words(html, "reviews.closed-at", NULL);
        html_text(html, " ");
        page_time(request, html, item->closed_us);
        return;
    }
    bool late = review_item_overdue(item, request->now_us);
    int64_t hours = ABS(item->due_us - request->now_us) / (3600 * (int64_t)G_USEC_PER_SEC);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, hours < 72 ? hours : hours / 24);
    page_time(request, html, item->due_us);
    html_text(html, " ");
    html_open(html, late ? "strong" : "span", "class", late ? "late" : "soft", NULL);
    html_words(html,
               late         ? hours < 72 ? "reviews.late-hours" : "reviews.late-days"
               : hours < 72 ? "reviews.left-hours"
                            : "reviews.left-days",
               "n", number, NULL);
    html_close(html, late ? "strong" : "span");
}

static void row(Request *request, Html *html, const ReviewItem *item)
{
    g_autofree char *path = g_strconcat("/reviews/", item->id, NULL);
    g_autofree char *kind = g_strconcat("reviews.kind.", review_kind_name(item->kind), NULL);
    g_autofree char *records = g_strdup_printf("%u", item->links->len);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_open(html, "a", "href", path, NULL);
    reviews_title(request, html, item);
    html_close(html, "a");
    html_close(html, "th");
    html_say(html, "td", kind, NULL);
    html_open(html, "td", NULL);
    reviews_due(request, html, item);
    html_close(html, "td");
    html_element(html, "td", records, "class", "number", NULL);
    html_open(html, "td", NULL);
    if (item->legal_hold)
        html_words(html, "reviews.kept", NULL);
    html_close(html, "td");
    html_element(html, "td", item->claimed_by, NULL);
    html_close(html, "tr");
}

static void table(Request *request, Html *html, const GPtrArray *items)
{
    static const char *const HEADS[] = {"reviews.about",   "reviews.kind", "reviews.due",
                                        "reviews.records", "reviews.hold", "queue.claimed"};
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "reviews.title"), NULL);
    html_open(html, "table", "id", "reviews", "data-rows", "", NULL);
    html_say(html, "caption", "reviews.caption", "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(HEADS); i++)
        html_say(html, "th", HEADS[i], "scope", "col", "class", i == 3 ? "number" : NULL, NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < items->len; i++)
        row(request, html, items->pdata[i]);
    html_close(html, "table");
    html_close(html, "div");
}

// ---- the page --------------------------------------------------------------------------------------------

static int kind_asked(Request *request)
{
    const char *kind = request_query(request, "kind");
    int found = REVIEW_ANY;
    for (int i = 0; kind != NULL && i < REVIEW_LAST; i++)
        if (strcmp(review_kind_name((ReviewKind)i), kind) == 0)
            found = i;
    return found;
}

// Those of the reader.
static bool school_choice(Request *request, Html *html, const char *now, GError **error)
{
    RosterSession *session = desk_roster(request->desk, error);
    g_autoptr(GPtrArray) schools = session != NULL ? roster_schools(session, error) : NULL;
    bool ok = schools != NULL;
    form_select_begin(html, "school", "filter.school");
    form_option_say(html, "", "filter.any", now == NULL);
    for (guint i = 0; ok && i < schools->len; i++) {
        const char *school = schools->pdata[i];
        g_autofree char *name = roster_school_name(session, school, error);
        ok = name != NULL;
        if (ok && (held_scope(request) == NULL || request_sees_school(request, school)))
            form_option(html, school, name, g_strcmp0(now, school) == 0);
    }
    form_select_end(html);
    return ok;
}

static bool filter_form(Request *request, Html *html, const ReviewFilter *filter, const char *school,
                        GError **error)
{
    form_get(html, "/reviews", "filter");
    form_select_begin(html, "kind", "reviews.kind");
    form_option_say(html, "", "filter.any", filter->kind == REVIEW_ANY);
    for (int i = 0; i < REVIEW_LAST; i++) {
        g_autofree char *key = g_strconcat("reviews.kind.", review_kind_name((ReviewKind)i), NULL);
        form_option_say(html, review_kind_name((ReviewKind)i), key, filter->kind == i);
    }
    form_select_end(html);
    bool ok = school_choice(request, html, school, error);
    form_select_begin(html, "state", "filter.state");
    form_option_say(html, "", "reviews.state.open", !filter->closed);
    form_option_say(html, "closed", "reviews.state.closed", filter->closed);
    form_select_end(html);
    form_select_begin(html, "claimed", "filter.claimed");
    form_option_say(html, "", "filter.claimed.any", filter->claimed == NULL);
    form_option_say(html, "mine", "filter.claimed.mine", filter->claimed != NULL && *filter->claimed != '\0');
    form_option_say(html, "nobody", "filter.claimed.nobody", g_strcmp0(filter->claimed, "") == 0);
    form_select_end(html);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
    return ok;
}

// Those the reader may see; *out_key = the last one's that was looked at, NULL where there are no more. Of each turn's items those of other
// readers are left out.
static GPtrArray *visible(Request *request, ReviewFilter *filter, const char *school, char **out_key,
                          GError **error)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func((GDestroyNotify)review_item_free);
    Review *review = desk_review(request->desk, error);
    RosterSession *session = review != NULL ? desk_roster(request->desk, error) : NULL;
    g_autoptr(Routing) routing = session != NULL ? routing_new(request->config, session) : NULL;
    g_autofree char *key = g_strdup(filter->after);
    bool ok = routing != NULL, more = ok;
    for (int turn = 0; ok && more && turn < CHUNKS && shown->len < PAGE_ROWS; turn++) {
        filter->after = key;
        g_autoptr(GPtrArray) items = review_page(review, filter, error);
        guint i = 0;
        ok = items != NULL;
        for (; ok && i < items->len && shown->len < PAGE_ROWS; i++) {
            Tri seen = may_see(request, routing, items->pdata[i], school, error);
            ok = seen != TRI_UNKNOWN;
            g_free(key);
            key = review_item_key(items->pdata[i]);
            if (seen == TRI_YES)
                g_ptr_array_add(shown, g_steal_pointer(&items->pdata[i]));
        }
        more = ok && (i < items->len || items->len == filter->most);
    }
    *out_key = more ? g_steal_pointer(&key) : NULL;
    return ok ? g_steal_pointer(&shown) : NULL;
}

static bool reviews(Request *request, Reply *reply, GError **error)
{
    const char *claimed = request_query(request, "claimed"), *school = request_query(request, "school");
    school = school != NULL && *school != '\0' ? school : NULL;
    ReviewFilter filter = {.kind = kind_asked(request),
                           .closed = g_strcmp0(request_query(request, "state"), "closed") == 0,
                           .claimed = g_strcmp0(claimed, "mine") == 0     ? request_who(request)
                                      : g_strcmp0(claimed, "nobody") == 0 ? ""
                                                                          : NULL,
                           .after = request_query(request, "after"),
                           .most = CHUNK};
    g_autofree char *key = NULL;
    g_autoptr(GPtrArray) items = visible(request, &filter, school, &key, error);
    if (items == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "reviews.title");
    html_say(html, "p", "reviews.hint", "class", "hint", NULL);
    bool ok = filter_form(request, html, &filter, school, error);
    if (items->len > 0)
        table(request, html, items);
    else
        html_say(html, "p", "reviews.none", NULL);
    page_more(request, html, key);
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/reviews", USER_REVIEWER | USER_APPROVER, reviews}};
const RouteTable REVIEWS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
