// Figures of all of the district, kept for a minute: made from the index, the docket, the log and the roster, they cost tenths of a second.
#include "console/internal.h"

#include "feeds/feeds.h"
#include "search/search.h"
#include "witness/witness.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#define FRESH_US (60 * (int64_t)G_USEC_PER_SEC)
#define DAY_US   (86400 * (int64_t)G_USEC_PER_SEC)
enum { DAYS = 30, ENDING_DAYS = 14 };

struct Figures {
    GMutex lock;
    json_t *kept;
    bool making; // somebody does it right now
};

Figures *figures_new(void)
{
    Figures *figures = g_new0(Figures, 1);
    g_mutex_init(&figures->lock);
    return figures;
}

void figures_free(Figures *figures)
{
    if (figures == NULL)
        return;
    json_decref(figures->kept);
    g_mutex_clear(&figures->lock);
    g_free(figures);
}

// ---- days ------------------------------------------------------------------------------------------------

typedef struct {
    const char *zone;
    json_t *days;
} Days;

static char *day_text(int date)
{
    return g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

static Days days_new(const char *zone, int64_t now_us)
{
    Days days = {zone, json_array()};
    int last = 0;
    for (int64_t us = now_us - DAYS * DAY_US; us <= now_us; us += DAY_US / 2) {
        int date = clock_local_date(us, zone);
        if (date == last)
            continue;
        last = date;
        g_autofree char *day = day_text(date);
        json_array_append_new(days.days, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "day", day, "delivered",
                                                   0, "held", 0, "refused", 0, "released", 0, "denied", 0));
    }
    return days;
}

static void days_add(Days *days, int64_t hour_us, const char *name, int64_t count)
{
    g_autofree char *day = day_text(clock_local_date(hour_us, days->zone));
    for (size_t i = json_array_size(days->days); i-- > 0;) {
        json_t *one = json_array_get(days->days, i);
        if (strcmp(json_string_value(json_object_get(one, "day")), day) != 0)
            continue;
        json_object_set_new(one, name, json_integer(json_integer_value(json_object_get(one, name)) + count));
        break;
    }
}

static void add_received(int64_t hour_us, const char *action, guint64 messages, void *data)
{
    bool held = strcmp(action, "hold") == 0, refused = strcmp(action, "reject") == 0;
    days_add(data, hour_us, held ? "held" : refused ? "refused" : "delivered", (int64_t)messages);
}

static void add_decided(Days *days, const json_t *decisions)
{
    const json_t *hours = json_object_get(decisions, "hours");
    for (size_t i = 0; i < json_array_size(hours); i++) {
        const json_t *one = json_array_get(hours, i);
        bool denied = g_strcmp0(json_string_value(json_array_get(one, 1)), "deny") == 0;
        days_add(days, json_integer_value(json_array_get(one, 0)), denied ? "denied" : "released",
                 json_integer_value(json_array_get(one, 2)));
    }
}

// ---- the archive -----------------------------------------------------------------------------------------

static json_t *why_not(GError *why)
{
    json_t *out = json_pack("{s:s}", "why", why != NULL ? why->message : "?");
    g_clear_error(&why);
    return out;
}

static json_t *coverage(const Config *config, int64_t now_us)
{
    GError *why = NULL;
    SearchTerms terms = {config->district.timezone, now_us, false};
    g_autoptr(SearchQuery) query = search_query_parse("id:01ARZ3NDEKTSV4RRFFQ69G5FAV", &terms, &why);
    g_autoptr(SearchResult) result = query != NULL ? search_run(config, query, 1, NULL, &why) : NULL;
    if (result == NULL)
        return why_not(why);
    return json_pack("{s:I, s:I, s:I, s:I}", "indexed", (json_int_t)result->indexed, "archived",
                     (json_int_t)result->archived, "through_us", (json_int_t)result->through_us,
                     "unsearchable", (json_int_t)result->unsearchable);
}

static json_t *checkpoint(const Config *config)
{
    GError *why = NULL;
    g_autoptr(ArchiveCheckpoint) found = archive_log_checkpoint(config, &why);
    return found != NULL ? json_pack("{s:I, s:I}", "size", (json_int_t)found->size, "written_us",
                                     (json_int_t)found->written_us)
                         : why_not(why);
}

static json_t *witnesses(const Config *config)
{
    json_t *out = json_array();
    GError *why = NULL;
    g_autoptr(GPtrArray) words = witness_words(config, NULL, &why);
    for (guint i = 0; words != NULL && i < words->len; i++) {
        const WitnessWord *word = words->pdata[i];
        json_array_append_new(out, json_pack("{s:s, s:I, s:s?}", "name", word->name, "time_s",
                                             (json_int_t)word->time_s, "why", word->why));
    }
    if (words == NULL)
        json_array_append_new(out, why_not(why));
    return out;
}

static json_t *stamp(const Config *config)
{
    GError *why = NULL;
    g_autoptr(GPtrArray) stamps = witness_stamps(config, 1, &why);
    if (stamps == NULL)
        return why_not(why);
    const WitnessStamp *newest = stamps->len > 0 ? stamps->pdata[0] : NULL;
    return newest != NULL ? json_pack("{s:s?, s:s?}", "time", newest->time, "why", newest->why)
                          : json_object();
}

static json_t *disk(const Config *config)
{
    struct statvfs at;
    if (statvfs(config->archive.dir, &at) != 0)
        return json_pack("{s:s}", "why", g_strerror(errno));
    return json_pack("{s:I, s:I}", "free", (json_int_t)at.f_bavail * (json_int_t)at.f_frsize, "total",
                     (json_int_t)at.f_blocks * (json_int_t)at.f_frsize);
}

// ---- the roster ------------------------------------------------------------------------------------------

static json_t *exceptions(Request *request)
{
    GError *why = NULL;
    RosterSession *session = desk_roster(request->desk, &why);
    g_autoptr(GPtrArray) all = session != NULL ? roster_exceptions_all(session, &why) : NULL;
    int today = clock_local_date(request->now_us, request->config->district.timezone);
    int soon = clock_local_date(request->now_us + ENDING_DAYS * DAY_US, request->config->district.timezone);
    int in_force = 0, ending = 0;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const RosterException *one = all->pdata[i];
        bool now = one->revoked == NULL && one->from <= today && one->until >= today;
        in_force += now;
        ending += now && one->until <= soon;
    }
    return all != NULL ? json_pack("{s:i, s:i}", "in_force", in_force, "ending", ending) : why_not(why);
}

static json_t *roster(const Config *config)
{
    GError *why = NULL;
    g_autoptr(GPtrArray) generations = feeds_history(config, &why);
    if (generations == NULL || generations->len == 0)
        return generations == NULL ? why_not(why) : json_object();
    const FeedGeneration *newest = generations->pdata[0];
    return json_pack("{s:i, s:I}", "generation", newest->id, "at_s", (json_int_t)newest->at);
}

// ---- all of it -------------------------------------------------------------------------------------------

static json_t *figures_make(Request *request, GError **error)
{
    const Config *config = request->config;
    int64_t from_us = request->now_us - DAYS * DAY_US;
    Docket *docket = desk_docket(request->desk, error);
    json_t *decisions = docket != NULL ? docket_figures(docket, from_us, error) : NULL;
    if (decisions == NULL)
        return NULL;
    Days days = days_new(config->district.timezone, request->now_us);
    bool ok = search_volume(config, from_us, request->now_us + DAY_US, add_received, &days, error);
    add_decided(&days, decisions);
    if (!ok) {
        json_decref(decisions);
        json_decref(days.days);
        return NULL;
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "days", days.days, "decisions",
                     decisions, "coverage", coverage(config, request->now_us), "checkpoint",
                     checkpoint(config), "witnesses", witnesses(config), "stamp", stamp(config), "exceptions",
                     exceptions(request), "roster", roster(config), "disk", disk(config), "at_us",
                     (json_int_t)request->now_us);
}

// What is kept, where it is fresh or somebody makes it anew; NULL = the caller makes it.
static json_t *figures_take(Figures *figures, int64_t now_us)
{
    json_t *found = NULL;
    g_mutex_lock(&figures->lock);
    bool fresh = figures->kept != NULL &&
                 now_us - json_integer_value(json_object_get(figures->kept, "at_us")) < FRESH_US;
    if (figures->kept != NULL && (fresh || figures->making))
        found = json_deep_copy(figures->kept);
    else
        figures->making = true;
    g_mutex_unlock(&figures->lock);
    return found;
}

json_t *figures_get(Request *request, GError **error)
{
    Figures *figures = request->console->figures;
    json_t *found = figures_take(figures, request->now_us);
    if (found != NULL)
        return found;
    found = figures_make(request, error);
    g_mutex_lock(&figures->lock);
    figures->making = false;
    if (found != NULL) {
        json_decref(figures->kept);
        figures->kept = json_deep_copy(found);
    }
    g_mutex_unlock(&figures->lock);
    return found;
}
