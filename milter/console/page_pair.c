// What passed between two people before: when, in which direction, what was decided; nothing of what it said.
#include "console/held.h"
#include "search/search.h"

#include <string.h>

// SHOWN: messages in each direction; the picture's DAYS are those of the table.
enum { SHOWN = 60, DAYS = 90, WIDTH = 720, HEIGHT = 230, LEFT = 36, TOP = 12 };
static const int64_t DAY_US = 24 * 3600 * (int64_t)G_USEC_PER_SEC;

typedef struct {
    char *record;
    int64_t received_us;
    bool by_sender;
    char *rule; // that held it; NULL
    char *outcome;
} Passed;

static void passed_free(gpointer data)
{
    Passed *passed = data;
    g_free(passed->record);
    g_free(passed->rule);
    g_free(passed->outcome);
    g_free(passed);
}

typedef struct {
    const char *sender, *other; // addresses
    Party *parties[2];
    GPtrArray *passed; // of Passed, newest first
    int64_t through_us;
    bool more; // there are older ones that are not shown
} Pair;

static void pair_clear(Pair *pair)
{
    party_free(pair->parties[0]);
    party_free(pair->parties[1]);
    if (pair->passed != NULL)
        g_ptr_array_unref(pair->passed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

// ---- what passed -----------------------------------------------------------------------------------------

static char *quoted(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *clean = g_strjoinv(" ", parts);
    return g_strdup_printf("\"%s\"", clean);
}

static char *local_part(const char *address)
{
    const char *at = strrchr(address, '@');
    return at != NULL && at > address ? g_strndup(address, (gsize)(at - address)) : g_strdup(address);
}

// Messages from one to the other. Where the roster knows both, their persons are asked for, and of the addresses what stands before the @: the
// district's own words are in every message, and looking for them takes its time.
static char *query_text(const Party *from, const Party *to, const char *sender, const char *rcpt)
{
    g_autofree char *first = local_part(sender), *second = local_part(rcpt);
    bool known = from->person != NULL && to->person != NULL && g_ascii_strcasecmp(first, second) != 0;
    g_autofree char *left = quoted(known ? first : sender), *right = quoted(known ? second : rcpt);
    g_autofree char *one = known ? quoted(from->person) : NULL, *other = known ? quoted(to->person) : NULL;
    return known ? g_strdup_printf("from:%s rcpt:%s person:%s person:%s newer:%dd", left, right, one, other,
                                   DAYS)
                 : g_strdup_printf("from:%s rcpt:%s newer:%dd", left, right, DAYS);
}

// What became of it: of a held one what was decided, of others what the rules said at once.
static bool outcome(Request *request, const SearchHit *hit, Passed *passed, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(HoldItem) item = quarantine_get(desk_quarantine(request->desk), hit->record, &why);
    if (item == NULL && why->code != BASE_ERROR_NOINPUT) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (item != NULL && item->rcpts->len > 0) {
        passed->rule = g_strdup(held_text(item, "rule"));
        passed->outcome =
            g_strconcat("hold.", hold_state_name(((const HoldRcpt *)item->rcpts->pdata[0])->state), NULL);
    } else {
        passed->outcome = g_strconcat("pair.did-", *hit->action != '\0' ? hit->action : "deliver", NULL);
    }
    return true;
}

static bool take(Request *request, Pair *pair, bool by_sender, GError **error)
{
    const SearchTerms terms = {
        .timezone = request->config->district.timezone, .now_us = request->now_us, .envelope = true};
    g_autofree char *text = by_sender
                                ? query_text(pair->parties[0], pair->parties[1], pair->sender, pair->other)
                                : query_text(pair->parties[1], pair->parties[0], pair->other, pair->sender);
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, error);
    g_autoptr(GPtrArray) hits =
        query != NULL ? search_newest(request->config, query, SHOWN, &pair->through_us, error) : NULL;
    bool ok = hits != NULL;
    for (guint i = 0; ok && i < hits->len; i++) {
        const SearchHit *hit = hits->pdata[i];
        Passed *passed = g_new0(Passed, 1);
        *passed = (Passed){
            .record = g_strdup(hit->record), .received_us = hit->received_us, .by_sender = by_sender};
        g_ptr_array_add(pair->passed, passed);
        ok = outcome(request, hit, passed, error);
    }
    pair->more = pair->more || (ok && hits->len == SHOWN);
    return ok;
}

static int newest_first(gconstpointer a, gconstpointer b)
{
    const Passed *one = *(Passed *const *)a, *other = *(Passed *const *)b;
    return (one->received_us < other->received_us) - (one->received_us > other->received_us);
}

// ---- the picture -----------------------------------------------------------------------------------------

static void line(Html *html, double x1, double y1, double x2, double y2, const char *class)
{
    char at[4][G_ASCII_DTOSTR_BUF_SIZE];
    const double values[4] = {x1, y1, x2, y2};
    for (int i = 0; i < 4; i++)
        g_ascii_formatd(at[i], sizeof at[i], "%.1f", values[i]);
    html_element(html, "line", NULL, "x1", at[0], "y1", at[1], "x2", at[2], "y2", at[3], "class", class,
                 NULL);
}

static void label(Html *html, double x, double y, const char *text)
{
    char at[2][G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(at[0], sizeof at[0], "%.1f", x);
    g_ascii_formatd(at[1], sizeof at[1], "%.1f", y);
    html_element(html, "text", text, "x", at[0], "y", at[1], "class", "chart-text", NULL);
}

// Days across, the hour of the day downward: what is late stands at the ends. A circle is from the sender, a square to them; filled: held.
static void dot(Request *request, Html *html, const Passed *passed)
{
    ClockLocal local;
    if (!clock_local(passed->received_us, request->config->district.timezone, &local))
        return;
    double age = (double)(request->now_us - passed->received_us) / (double)DAY_US;
    double x = LEFT + (WIDTH - LEFT - 8) * (1 - CLAMP(age / DAYS, 0, 1));
    double y = TOP + local.minute / 60.0 * 8;
    char at[2][G_ASCII_DTOSTR_BUF_SIZE];
    bool held = passed->rule != NULL;
    g_ascii_formatd(at[0], sizeof at[0], "%.1f", passed->by_sender ? x : x - 4);
    g_ascii_formatd(at[1], sizeof at[1], "%.1f", passed->by_sender ? y : y - 4);
    if (passed->by_sender)
        html_element(html, "circle", NULL, "cx", at[0], "cy", at[1], "r", "4", "class",
                     held ? "dot held" : "dot", NULL);
    else
        html_element(html, "rect", NULL, "x", at[0], "y", at[1], "width", "8", "height", "8", "class",
                     held ? "dot held" : "dot", NULL);
}

static void picture(Request *request, Html *html, const Pair *pair)
{
    g_autofree char *box = g_strdup_printf("0 0 %d %d", WIDTH, HEIGHT);
    html_open(html, "svg", "class", "chart", "viewBox", box, "role", "img", "aria-labelledby",
              "pair-title pair-desc", NULL);
    html_say(html, "title", "pair.picture", "id", "pair-title", NULL);
    html_say(html, "desc", "pair.picture-is", "id", "pair-desc", NULL);
    for (int hour = 0; hour <= 24; hour += 6) {
        g_autofree char *text = g_strdup_printf("%02d", hour);
        line(html, LEFT, TOP + hour * 8, WIDTH - 8, TOP + hour * 8, "axis");
        label(html, 8, TOP + hour * 8 + 4, text);
    }
    for (int day = 0; day <= DAYS; day += 30) {
        double x = LEFT + (WIDTH - LEFT - 8) * day / (double)DAYS;
        int date =
            clock_local_date(request->now_us - (DAYS - day) * DAY_US, request->config->district.timezone);
        g_autofree char *text = g_strdup_printf("%02d-%02d", date / 100 % 100, date % 100);
        line(html, x, TOP, x, TOP + 192, "axis");
        label(html, x - 24, HEIGHT - 6, text);
    }
    for (guint i = 0; i < pair->passed->len; i++)
        dot(request, html, pair->passed->pdata[i]);
    html_close(html, "svg");
    html_say(html, "p", "pair.legend", "class", "hint", NULL);
}

// ---- tables ----------------------------------------------------------------------------------------------

static void table_begin(Html *html, const char *id, const char *caption, const char *const *heads,
                        gsize count)
{
    html_open(html, "table", "id", id, NULL);
    html_say(html, "caption", caption, NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", heads[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void passed_table(Request *request, Html *html, const Pair *pair, const char *names[2])
{
    static const char *const HEADS[] = {"pair.when", "pair.direction", "pair.outcome", "queue.rule"};
    table_begin(html, "passed", "pair.passed", HEADS, G_N_ELEMENTS(HEADS));
    for (guint i = 0; i < pair->passed->len; i++) {
        const Passed *passed = pair->passed->pdata[i];
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        page_time(request, html, passed->received_us);
        html_close(html, "th");
        html_open(html, "td", NULL);
        html_mail(html, names[passed->by_sender ? 0 : 1]);
        html_text(html, " → ");
        html_mail(html, names[passed->by_sender ? 1 : 0]);
        html_close(html, "td");
        html_element(html, "td", words_get(request->words, passed->outcome), NULL);
        html_element(html, "td", passed->rule, NULL);
        html_close(html, "tr");
    }
    html_close(html, "table");
}

static void days_table(Html *html, const GArray *days)
{
    static const char *const HEADS[] = {"pair.day",  "sign.one-to-one", "pair.by-staff",
                                        "sign.late", "sign.image-only", "sign.near-miss"};
    table_begin(html, "days", "pair.days", HEADS, G_N_ELEMENTS(HEADS));
    for (guint i = days->len; i > 0; i--) {
        const ReviewDay *day = &g_array_index(days, ReviewDay, i - 1);
        g_autofree char *date =
            g_strdup_printf("%04d-%02d-%02d", day->date / 10000, day->date / 100 % 100, day->date % 100);
        const int numbers[] = {day->counts[SIGN_ONE_TO_ONE], day->by_staff, day->counts[SIGN_LATE],
                               day->counts[SIGN_IMAGE_ONLY], day->counts[SIGN_NEAR_MISS]};
        html_open(html, "tr", NULL);
        html_element(html, "th", date, "scope", "row", NULL);
        for (gsize k = 0; k < G_N_ELEMENTS(numbers); k++) {
            html_open(html, "td", NULL);
            html_number(html, numbers[k]);
            html_close(html, "td");
        }
        html_close(html, "tr");
    }
    html_close(html, "table");
}

// Of a staff member and a student there are counts over time, and a score.
static bool pattern(Request *request, Html *html, const Pair *pair, GError **error)
{
    const Party *staff = NULL, *student = NULL;
    for (int i = 0; i < 2; i++) {
        staff = pair->parties[i]->role == ROLE_STAFF ? pair->parties[i] : staff;
        student = pair->parties[i]->role == ROLE_STUDENT ? pair->parties[i] : student;
    }
    const PolicyPatterns *patterns = policy_patterns(desk_snapshot(request->desk)->policy);
    if (staff == NULL || student == NULL || staff->person == NULL || student->person == NULL ||
        patterns == NULL)
        return true;
    const char *zone = request->config->district.timezone;
    int today = clock_local_date(request->now_us, zone);
    int from = clock_local_date(request->now_us - DAYS * DAY_US, zone);
    Review *review = desk_review(request->desk, error);
    g_autoptr(ReviewPair) scored = NULL;
    g_autoptr(GArray) days =
        review != NULL ? review_pair_days(review, staff->person, student->person, from, error) : NULL;
    if (days == NULL ||
        !review_pair_of(review, patterns, staff->person, student->person, today, &scored, error))
        return false;
    g_autofree char *score = g_strdup_printf("%.1f", scored != NULL ? scored->score : 0.0);
    g_autofree char *alert = g_strdup_printf("%.1f", patterns->alert);
    g_autofree char *window = g_strdup_printf("%d", patterns->window_days);
    html_open(html, "p", "id", "score", NULL);
    html_words(html, "pair.score", "score", score, "alert", alert, "days", window, NULL);
    html_close(html, "p");
    if (days->len > 0)
        days_table(html, days);
    return true;
}

// ---- the part --------------------------------------------------------------------------------------------

static guint with_asked(Request *request, const HoldItem *item)
{
    return (guint)request_number(request, "with", 0, MAX(item->rcpts->len, 1) - 1, 0);
}

static void with_links(Request *request, Html *html, const HoldItem *item, guint now, bool revealed)
{
    RosterSession *session = desk_roster(request->desk, NULL);
    html_open(html, "ul", "class", "tabs", "aria-label", words_get(request->words, "pair.with"), NULL);
    for (guint i = 0; i < MIN(item->rcpts->len, 20); i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        g_autoptr(Party) party = session != NULL ? roster_resolve(session, rcpt->address, NULL) : NULL;
        g_autofree char *number = g_strdup_printf("%u", i), *path = page_query_with(request, "with", number);
        g_autofree char *name =
            held_name(request, rcpt->address, party != NULL ? role_name(party->role) : NULL, revealed);
        html_open(html, "li", NULL);
        html_element(html, "a", name, "href", path, "aria-current", i == now ? "true" : NULL, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static bool pair_read(Request *request, const HoldItem *item, guint with, Pair *pair, GError **error)
{
    RosterSession *session = desk_roster(request->desk, error);
    pair->sender = held_text(item, "sender");
    pair->other = ((const HoldRcpt *)item->rcpts->pdata[with])->address;
    pair->passed = g_ptr_array_new_with_free_func(passed_free);
    pair->parties[0] = session != NULL ? roster_resolve(session, pair->sender, error) : NULL;
    pair->parties[1] = pair->parties[0] != NULL ? roster_resolve(session, pair->other, error) : NULL;
    bool ok =
        pair->parties[1] != NULL && take(request, pair, true, error) && take(request, pair, false, error);
    if (ok)
        g_ptr_array_sort(pair->passed, newest_first);
    return ok;
}

bool pair_history(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error)
{
    guint with = with_asked(request, item);
    g_auto(Pair) pair = {0};
    if (item->rcpts->len == 0 || *held_text(item, "sender") == '\0')
        return true;
    if (!console_view_log(request, item->record, "history of the pair", NULL, item->record, error) ||
        !pair_read(request, item, with, &pair, error))
        return false;
    html_say(html, "h3", "pair.title", NULL);
    if (item->rcpts->len > 1)
        with_links(request, html, item, with, revealed);
    g_autofree char *one = held_name(request, pair.sender, role_name(pair.parties[0]->role), revealed);
    g_autofree char *other = held_name(request, pair.other, role_name(pair.parties[1]->role), revealed);
    const char *names[2] = {one, other};
    html_open(html, "p", NULL);
    if (pair.through_us > 0) {
        html_words(html, "pair.through", NULL);
        html_text(html, " ");
        page_time(request, html, pair.through_us);
    } else {
        html_words(html, "pair.no-index", NULL);
    }
    html_close(html, "p");
    if (!pattern(request, html, &pair, error))
        return false;
    if (pair.passed->len == 0) {
        html_say(html, "p", "pair.none", NULL);
        return true;
    }
    picture(request, html, &pair);
    if (pair.more)
        html_say(html, "p", "pair.more", "class", "hint", NULL);
    passed_table(request, html, &pair, names);
    return true;
}
