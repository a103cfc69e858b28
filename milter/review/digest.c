#include "review/digest.h"

#include <string.h>

enum { ITEMS_SHOWN = 50 }; // a school; more are counted

static void digest_school_free(gpointer data)
{
    DigestSchool *school = data;
    g_free(school->school->id);
    g_free(school->school->name);
    g_free(school->school);
    g_ptr_array_unref(school->items);
    g_free(school);
}

void digest_free(Digest *digest)
{
    if (digest == NULL)
        return;
    g_free(digest->reviewer);
    g_free(digest->why);
    g_ptr_array_unref(digest->schools);
    g_free(digest);
}

void digests_free(Digests *digests)
{
    if (digests == NULL)
        return;
    g_ptr_array_unref(digests->digests);
    digest_free(digests->schools);
    g_ptr_array_unref(digests->items);
    g_free(digests);
}

static Digest *digest_new(const char *reviewer, const char *why, const char *period)
{
    Digest *digest = g_new0(Digest, 1);
    *digest = (Digest){.reviewer = g_strdup(reviewer),
                       .why = g_strdup(why),
                       .period = period,
                       .schools = g_ptr_array_new_with_free_func(digest_school_free)};
    return digest;
}

static bool is_overdue(const Config *config, const HoldItem *item, int64_t now_us)
{
    int64_t deadline_us = quarantine_deadline(config, item->held_us);
    return deadline_us > 0 && deadline_us <= now_us;
}

static DigestSchool *school_of(Digest *digest, const RoutingSchool *school)
{
    const char *id = school != NULL ? school->id : "", *name = school != NULL ? school->name : "No school";
    for (guint i = 0; i < digest->schools->len; i++) {
        DigestSchool *one = digest->schools->pdata[i];
        if (strcmp(one->school->id, id) == 0)
            return one;
    }
    DigestSchool *made = g_new0(DigestSchool, 1);
    made->school = g_new0(RoutingSchool, 1);
    *made->school = (RoutingSchool){g_strdup(id), g_strdup(name)};
    made->items = g_ptr_array_new();
    g_ptr_array_add(digest->schools, made);
    return made;
}

static void add_to_school(Digest *digest, const RoutingSchool *school, HoldItem *item, bool overdue)
{
    DigestSchool *one = school_of(digest, school);
    g_ptr_array_add(one->items, item);
    one->overdue += overdue;
}

// ---- collecting ------------------------------------------------------------------------------------------

typedef struct {
    const Config *config;
    Routing *routing;
    Digests *digests;
    GHashTable *by_reviewer; // address -> Digest, borrowed
    int64_t now_us;
} Collecting;

static const char *period_of(const Config *config, const char *address)
{
    const char *period = NULL;
    for (guint i = 0; i < config->review.reviewers->len && period == NULL; i++) {
        const ConfigReviewer *reviewer = config->review.reviewers->pdata[i];
        if (g_ascii_strcasecmp(reviewer->address, address) == 0)
            period = reviewer->digest;
    }
    return period != NULL ? period : "daily";
}

static Digest *digest_of(Collecting *collecting, const ReviewRoute *route)
{
    g_autofree char *address = g_ascii_strdown(route->address, -1);
    Digest *digest = g_hash_table_lookup(collecting->by_reviewer, address);
    if (digest == NULL) {
        digest = digest_new(address, route->why, period_of(collecting->config, address));
        g_hash_table_insert(collecting->by_reviewer, digest->reviewer, digest);
        g_ptr_array_add(collecting->digests->digests, digest);
    }
    return digest;
}

// A reviewer's digest has each message once, under the first of its schools that is theirs.
static void add_to_reviewer(Collecting *collecting, const ReviewRoute *route, const GPtrArray *schools,
                            HoldItem *item, bool overdue)
{
    Digest *digest = digest_of(collecting, route);
    const RoutingSchool *school = NULL;
    for (guint i = 0; i < schools->len && school == NULL; i++)
        if (routing_is_for(collecting->routing, route, schools->pdata[i]))
            school = schools->pdata[i];
    if (school == NULL && schools->len > 0)
        school = schools->pdata[0];
    add_to_school(digest, school, item, overdue);
    digest->count++;
    digest->overdue += overdue;
}

static bool add_item(Collecting *collecting, HoldItem *item, GError **error)
{
    g_autoptr(GPtrArray) schools = routing_schools(collecting->routing, item, error);
    g_autoptr(GPtrArray) routes =
        schools != NULL ? routing_reviewers(collecting->routing, item, error) : NULL;
    if (routes == NULL)
        return false;
    Digest *all = collecting->digests->schools;
    bool overdue = is_overdue(collecting->config, item, collecting->now_us);
    all->count++;
    all->overdue += overdue;
    for (guint i = 0; i < MAX(schools->len, 1); i++)
        add_to_school(all, schools->len > 0 ? schools->pdata[i] : NULL, item, overdue);
    for (guint i = 0; i < routes->len; i++)
        add_to_reviewer(collecting, routes->pdata[i], schools, item, overdue);
    collecting->digests->unrouted += routes->len == 0;
    return true;
}

static gint compare_digests(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Digest *const *)a)->reviewer, (*(Digest *const *)b)->reviewer);
}

static gint compare_schools(gconstpointer a, gconstpointer b)
{
    const RoutingSchool *one = (*(DigestSchool *const *)a)->school,
                        *other = (*(DigestSchool *const *)b)->school;
    int order = g_utf8_collate(one->name, other->name);
    return order != 0 ? order : strcmp(one->id, other->id);
}

Digests *digest_collect(const Config *config, Quarantine *quarantine, Routing *routing, int64_t now_us,
                        void (*done)(guint64 now, guint64 total, void *data), void *data, GError **error)
{
    GPtrArray *items = quarantine_list(quarantine, HOLD_HELD, error);
    if (items == NULL)
        return NULL;
    g_autoptr(Digests) digests = g_new0(Digests, 1);
    digests->items = items;
    digests->digests = g_ptr_array_new_with_free_func((GDestroyNotify)digest_free);
    digests->schools = digest_new(NULL, NULL, "none");
    g_autoptr(GHashTable) by_reviewer = g_hash_table_new(g_str_hash, g_str_equal);
    Collecting collecting = {config, routing, digests, by_reviewer, now_us};
    bool ok = true;
    for (guint i = 0; ok && i < items->len; i++) {
        ok = add_item(&collecting, items->pdata[i], error);
        if (done != NULL)
            done(i + 1, items->len, data);
    }
    g_ptr_array_sort(digests->digests, compare_digests);
    g_ptr_array_sort(digests->schools->schools, compare_schools);
    for (guint i = 0; i < digests->digests->len; i++)
        g_ptr_array_sort(((Digest *)digests->digests->pdata[i])->schools, compare_schools);
    return ok ? g_steal_pointer(&digests) : NULL;
}

// ---- telling ---------------------------------------------------------------------------------------------

static void set_count(TemplateData *data, const char *name, guint count)
{
    if (count > 0)
        template_set_number(data, name, count);
}

TemplateData *digest_data(const Config *config, const Digest *digest, int64_t now_us)
{
    TemplateData *data = template_data_new();
    template_set(data, "district", config->district.name);
    template_set(data, "contact", config->notice.contact);
    template_set(data, "reviewer", digest->reviewer != NULL ? digest->reviewer : "-");
    template_set_number(data, "count", digest->count);
    set_count(data, "overdue_count", digest->overdue);
    for (guint i = 0; i < digest->schools->len; i++) {
        const DigestSchool *school = digest->schools->pdata[i];
        TemplateData *one = template_add(data, "schools");
        template_set(one, "school", school->school->name);
        template_set_number(one, "count", school->items->len);
        // An empty value of its own: the message's own number around it is another.
        template_set(one, "overdue_count", NULL);
        set_count(one, "overdue_count", school->overdue);
        set_count(one, "more", school->items->len > ITEMS_SHOWN ? school->items->len - ITEMS_SHOWN : 0);
        for (guint j = 0; j < MIN(school->items->len, ITEMS_SHOWN); j++)
            quarantine_item_data(config, school->items->pdata[j], template_add(one, "items"), now_us);
    }
    return data;
}

static const char *summary_text(const HoldItem *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item->summary, key));
    return text != NULL ? text : "";
}

static json_t *item_json(const Config *config, const HoldItem *item, int64_t now_us)
{
    g_autofree char *held = clock_format(item->held_us);
    int64_t deadline_us = quarantine_deadline(config, item->held_us);
    g_autofree char *deadline = deadline_us > 0 ? clock_format(deadline_us) : NULL;
    g_autofree char *from = g_utf8_make_valid(item->mail_from, -1);
    guint waiting = 0;
    for (guint i = 0; i < item->rcpts->len; i++)
        waiting += ((const HoldRcpt *)item->rcpts->pdata[i])->state == HOLD_HELD;
    return json_pack(
        "{s:s, s:s, s:s?, s:b, s:s, s:s, s:i, s:s, s:s, s:s, s:I, s:s?}", "id", item->record, "held", held,
        "deadline", deadline, "overdue", is_overdue(config, item, now_us), "sender",
        *summary_text(item, "sender") != '\0' ? summary_text(item, "sender") : from, "sender_role",
        summary_text(item, "sender_role"), "recipients", (int)waiting, "rule", summary_text(item, "rule"),
        "clause", summary_text(item, "clause"), "gist", summary_text(item, "gist"), "severity",
        json_integer_value(json_object_get(item->summary, "severity")), "claimed_by", item->claimed_by);
}

json_t *digest_json(const Config *config, const Digest *digest, int64_t now_us)
{
    json_t *schools = json_array();
    for (guint i = 0; i < digest->schools->len; i++) {
        const DigestSchool *school = digest->schools->pdata[i];
        json_t *items = json_array();
        for (guint j = 0; j < school->items->len; j++)
            json_array_append_new(items, item_json(config, school->items->pdata[j], now_us));
        json_array_append_new(schools,
                              json_pack("{s:s, s:s, s:i, s:i, s:o}", "school", school->school->id, "name",
                                        school->school->name, "count", (int)school->items->len, "overdue",
                                        (int)school->overdue, "items", items));
    }
    return json_pack("{s:s?, s:s?, s:s, s:i, s:i, s:o}", "reviewer", digest->reviewer, "why", digest->why,
                     "period", digest->period, "count", (int)digest->count, "overdue", (int)digest->overdue,
                     "schools", schools);
}

bool digest_is_due(const Config *config, const Digest *digest, int64_t last_us, int64_t now_us)
{
    // Half a day less than a week: a timer does not come at the same minute.
    const int64_t week_us = (7 * 24 - 12) * 3600 * (int64_t)G_USEC_PER_SEC;
    const char *zone = config->district.timezone;
    if (digest->count == 0 || strcmp(digest->period, "none") == 0)
        return false;
    return strcmp(digest->period, "weekly") == 0
               ? now_us - last_us >= week_us
               : clock_local_date(last_us, zone) < clock_local_date(now_us, zone);
}
