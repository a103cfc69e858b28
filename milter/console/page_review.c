// One item: what it is about, the records it links to, what was done, what may be done.
#include "console/content.h"
#include "console/held.h"
#include "console/reviews.h"

#include <string.h>

enum { TEXT_MOST = 2000 };

// ---- facts -----------------------------------------------------------------------------------------------

static void fact(Html *html, const char *key, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_mail(html, text);
    html_close(html, "dd");
}

static const char *summary_text(const ReviewItem *item, const char *key)
{
    return json_string_value(json_object_get(item->summary, key));
}

// Of a pattern: what was counted, by kind of sign.
static void counts(Html *html, const ReviewItem *item)
{
    const json_t *all = json_object_get(item->summary, "counts");
    if (!json_is_object(all))
        return;
    html_say(html, "dt", "review.counts", NULL);
    html_open(html, "dd", NULL);
    html_open(html, "ul", "class", "plain", NULL);
    for (int i = 0; i < SIGN_LAST; i++) {
        g_autofree char *key = g_strconcat("sign.", sign_name(i), NULL);
        g_autofree char *number =
            g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(all, sign_name(i))));
        html_open(html, "li", NULL);
        html_words(html, key, NULL);
        html_text(html, ": ");
        html_text(html, number);
        html_close(html, "li");
    }
    html_close(html, "ul");
    html_close(html, "dd");
}

static void facts(Request *request, Html *html, const ReviewItem *item)
{
    g_autofree char *kind = g_strconcat("reviews.kind.", review_kind_name(item->kind), NULL);
    html_open(html, "dl", "class", "facts", NULL);
    fact(html, "reviews.kind", words_get(request->words, kind));
    html_say(html, "dt", item->kind == REVIEW_ESCALATION ? "review.report-by" : "reviews.due", NULL);
    html_open(html, "dd", NULL);
    reviews_due(request, html, item);
    html_close(html, "dd");
    html_say(html, "dt", "review.opened", NULL);
    html_open(html, "dd", NULL);
    page_time(request, html, item->opened_us);
    html_close(html, "dd");
    fact(html, "queue.rule", summary_text(item, "rule"));
    fact(html, "review.clause", summary_text(item, "clause"));
    fact(html, "review.why", summary_text(item, "why"));
    fact(html, "review.subject", summary_text(item, "subject"));
    counts(html, item);
    fact(html, "queue.claimed", item->claimed_by);
    fact(html, "review.told", item->told);
    if (item->legal_hold)
        fact(html, "reviews.hold", words_get(request->words, "review.kept"));
    if (item->searching)
        fact(html, "review.search", words_get(request->words, "review.searching"));
    html_close(html, "dl");
}

static void parties(Request *request, Html *html, const ReviewItem *item, bool revealed)
{
    g_autofree char *path = g_strdup_printf("/reviews/%s/names", item->id);
    html_say(html, "h2", "review.parties", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < item->parties->len; i++) {
        const ReviewParty *party = item->parties->pdata[i];
        html_open(html, "li", NULL);
        held_party(request, html, party->address, party->role, revealed);
        html_text(html, " - ");
        html_text(html, party->as);
        html_close(html, "li");
    }
    html_close(html, "ul");
    if (revealed)
        return;
    html_open(html, "details", NULL);
    html_say(html, "summary", "item.names", NULL);
    form_post(request, html, path, "filter");
    form_field(html, "why", "item.names-why", NULL, "required", "", "maxlength", "300", NULL);
    form_button(html, "item.names-show", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

// ---- records ---------------------------------------------------------------------------------------------

static void records(Request *request, Html *html, const ReviewItem *item)
{
    const char *shown = request_query(request, "record");
    html_say(html, "h2", "reviews.records", NULL);
    if (item->links->len == 0)
        html_say(html, "p", "review.no-records", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < item->links->len; i++) {
        const ReviewLink *link = item->links->pdata[i];
        g_autofree char *path = g_strdup_printf("/reviews/%s?record=%s#message", item->id, link->record);
        html_open(html, "li", NULL);
        html_element(html, "a", link->record, "href", path, "aria-current",
                     g_strcmp0(shown, link->record) == 0 ? "true" : NULL, NULL);
        html_text(html, " ");
        html_text(html, link->why);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static bool is_linked(const ReviewItem *item, const char *record)
{
    bool found = false;
    for (guint i = 0; i < item->links->len && !found; i++)
        found = strcmp(((const ReviewLink *)item->links->pdata[i])->record, record) == 0;
    return found;
}

static const char *tab_asked(Request *request)
{
    static const char *const TABS[] = {"headers", "attachments", NULL};
    const char *asked = request_query(request, "tab");
    return asked != NULL && g_strv_contains(TABS, asked) ? asked : "text";
}

// The record the reader asked for; it is logged as seen within this item.
static bool message(Request *request, Html *html, const ReviewItem *item, GError **error)
{
    static const char *const TABS[][2] = {
        {"text", "tab.text"}, {"headers", "tab.headers"}, {"attachments", "tab.attachments"}};
    const char *id = request_query(request, "record"), *tab = tab_asked(request);
    if (id == NULL)
        return true;
    if (!is_linked(item, id)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s has no record \"%s\"", item->id, id);
        return false;
    }
    g_autoptr(ArchiveRecord) record = archive_get(request->config, id, error);
    if (record == NULL)
        return false;
    html_open(html, "section", "class", "message", "aria-labelledby", "message", NULL);
    html_say(html, "h2", "item.message", "id", "message", NULL);
    html_open(html, "ul", "class", "tabs", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(TABS); i++) {
        g_autofree char *path = page_query_with(request, "tab", TABS[i][0]);
        html_open(html, "li", NULL);
        html_say(html, "a", TABS[i][1], "href", path, "aria-current",
                 strcmp(TABS[i][0], tab) == 0 ? "true" : NULL, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
    bool ok = content_pane(request, html, record->ref, tab, item->id, error);
    html_close(html, "section");
    return ok;
}

// ---- what was done ---------------------------------------------------------------------------------------

// What a step says, without the addresses of those in the item.
static void step_text(Request *request, Html *html, const ReviewItem *item, const char *said, bool revealed)
{
    g_autoptr(GString) text = g_string_new(said);
    for (guint i = 0; !revealed && i < item->parties->len; i++) {
        const ReviewParty *party = item->parties->pdata[i];
        held_veil(request, text, party->address, party->role);
    }
    html_mail(html, text->str);
}

static void history(Request *request, Html *html, const ReviewItem *item, bool revealed)
{
    html_say(html, "h2", "tab.history", NULL);
    html_open(html, "ol", "class", "history", NULL);
    for (guint i = 0; i < item->steps->len; i++) {
        const ReviewStep *step = item->steps->pdata[i];
        html_open(html, "li", NULL);
        page_time(request, html, step->when_us);
        html_text(html, " ");
        html_element(html, "strong", step->who, NULL);
        html_text(html, " ");
        html_text(html, step->step);
        if (step->why != NULL) {
            html_text(html, ": ");
            step_text(request, html, item, step->why, revealed);
        }
        html_close(html, "li");
    }
    html_close(html, "ol");
}

// ---- what may be done ------------------------------------------------------------------------------------

static void step_begin(Request *request, Html *html, const ReviewItem *item, const char *step,
                       const char *summary)
{
    g_autofree char *path = g_strdup_printf("/reviews/%s/%s", item->id, step);
    html_open(html, "details", NULL);
    html_say(html, "summary", summary, NULL);
    form_post(request, html, path, "narrow");
}

static void step_end(Html *html, const char *button, const char *class)
{
    form_button(html, button, NULL, NULL, class);
    html_close(html, "form");
    html_close(html, "details");
}

// Several forms of a page have such a field: its id tells which.
static void words_field(Html *html, const char *id, const char *name, const char *label)
{
    html_open(html, "div", "class", "field", NULL);
    html_say(html, "label", label, "for", id, NULL);
    html_element(html, "textarea", NULL, "id", id, "name", name, "maxlength", "2000", "required", "", NULL);
    html_close(html, "div");
}

static bool assign_form(Request *request, Html *html, const ReviewItem *item, GError **error)
{
    g_autoptr(GPtrArray) people = reviews_people(request, item, error);
    if (people == NULL)
        return false;
    step_begin(request, html, item, "assign", "review.assign");
    form_select_begin(html, "to", "review.assign-to");
    for (guint i = 0; i < people->len; i++) {
        const User *user = people->pdata[i];
        form_option(html, user->name, user->display, false);
    }
    form_select_end(html);
    words_field(html, "why-assign", "why", "item.words");
    step_end(html, "review.assign-go", NULL);
    return true;
}

static bool steps(Request *request, Html *html, const ReviewItem *item, GError **error)
{
    bool other = item->claimed_by != NULL && strcmp(item->claimed_by, request_who(request)) != 0;
    g_autofree char *claim = g_strdup_printf("/reviews/%s/claim", item->id);
    html_open(html, "section", "class", "deciding", "aria-labelledby", "deciding", NULL);
    html_say(html, "h2", "review.steps", "id", "deciding", NULL);
    if (other) {
        html_open(html, "p", NULL);
        html_words(html, "item.claimed", "who", item->claimed_by, NULL);
        html_close(html, "p");
        step_begin(request, html, item, "claim", "review.take-over");
        words_field(html, "why-claim", "why", "item.words");
        step_end(html, "review.take-over-go", NULL);
    } else if (item->claimed_by == NULL) {
        form_act(request, html, claim, "item.claim");
    }
    step_begin(request, html, item, "note", "item.note");
    words_field(html, "why-note", "why", "item.words");
    step_end(html, "item.note-go", NULL);
    bool ok = other || assign_form(request, html, item, error);
    if (!other) {
        step_begin(request, html, item, "contact", "review.contact");
        words_field(html, "why-contact", "why", "review.contact-words");
        step_end(html, "review.contact-go", NULL);
    }
    if (!item->legal_hold) {
        step_begin(request, html, item, "keep", "review.keep");
        words_field(html, "why-keep", "why", "item.words");
        step_end(html, "review.keep-go", NULL);
    }
    if (!other) {
        step_begin(request, html, item, "close", "review.close");
        if (item->kind == REVIEW_ESCALATION)
            words_field(html, "told", "told", "review.told-whom");
        words_field(html, "why-close", "why", "review.close-words");
        step_end(html, "review.close-go", "main");
    }
    html_close(html, "section");
    return ok;
}

// ---- the page --------------------------------------------------------------------------------------------

static char *title_of(Request *request, const ReviewItem *item)
{
    const char *gist = summary_text(item, "gist");
    g_autofree char *key = g_strconcat("reviews.about-", review_kind_name(item->kind), NULL);
    g_autofree char *score =
        g_strdup_printf("%.1f", json_number_value(json_object_get(item->summary, "score")));
    return gist != NULL && item->kind != REVIEW_PATTERN
               ? g_strdup(gist)
               : words_fill(request->words, key, "score", score, NULL);
}

static bool review_page_show(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    Tri reveals = item != NULL ? held_reveals(request, item->id, error) : TRI_UNKNOWN;
    if (reveals == TRI_UNKNOWN)
        return false;
    g_autofree char *title = title_of(request, item);
    g_autoptr(Html) html = page_begin_text(request, title);
    html_open(html, "p", NULL);
    html_say(html, "a", "reviews.back", "href", "/reviews", "data-key", "q", NULL);
    html_close(html, "p");
    html_open(html, "div", "class", "panes", NULL);
    html_open(html, "div", NULL);
    facts(request, html, item);
    parties(request, html, item, reveals == TRI_YES);
    records(request, html, item);
    bool ok = message(request, html, item, error);
    html_close(html, "div");
    html_open(html, "div", NULL);
    if (ok && item->state != REVIEW_CLOSED)
        ok = steps(request, html, item, error);
    history(request, html, item, reveals == TRI_YES);
    html_close(html, "div");
    html_close(html, "div");
    page_end(request, html, reply);
    return ok;
}

// ---- steps -----------------------------------------------------------------------------------------------

static bool back_to(const Request *request, Reply *reply, const char *said)
{
    g_autofree char *path = g_strconcat("/reviews/", request->args[0], NULL);
    reply_redirect(reply, path, said);
    return true;
}

static bool claim(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    return item != NULL &&
           review_claim(desk_review(request->desk, error), item->id, request_who(request), *why != '\0',
                        *why != '\0' ? why : NULL, request->now_us, error) &&
           back_to(request, reply, "said.claimed");
}

static bool assign(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    g_autoptr(GPtrArray) people = item != NULL ? reviews_people(request, item, error) : NULL;
    const char *to = request_form(request, "to"), *found = NULL;
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    if (people == NULL)
        return false;
    for (guint i = 0; i < people->len; i++) {
        const User *user = people->pdata[i];
        found = g_strcmp0(user->name, to) == 0 ? user->name : found;
    }
    if (found == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: may not be given to \"%s\": no reviewer of its schools, or they are in it", item->id,
                    to != NULL ? to : "");
        return false;
    }
    return review_assign(desk_review(request->desk, error), item->id, found, request_who(request), why,
                         request->now_us, error) &&
           back_to(request, reply, "said.assigned");
}

// A step that wants words, which are kept with it.
typedef bool (*Step)(Review *review, const char *id, const char *who, const char *why, int64_t now_us,
                     GError **error);
static bool with_words(Request *request, Reply *reply, Step step, const char *said, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    return item != NULL &&
           step(desk_review(request->desk, error), item->id, request_who(request), why, request->now_us,
                error) &&
           back_to(request, reply, said);
}

static bool note(Request *request, Reply *reply, GError **error)
{
    return with_words(request, reply, review_note, "said.noted", error);
}

static bool contact(Request *request, Reply *reply, GError **error)
{
    return with_words(request, reply, review_contact, "said.contact", error);
}

static bool keep(Request *request, Reply *reply, GError **error)
{
    return with_words(request, reply, review_keep, "said.kept", error);
}

static bool finish(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    g_autofree char *told = request_form_text(request, "told", TEXT_MOST);
    return item != NULL &&
           review_finish(desk_review(request->desk, error), item->id, request_who(request), why,
                         *told != '\0' ? told : NULL, request->now_us, error) &&
           back_to(request, reply, "said.closed");
}

static bool names(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ReviewItem) item = reviews_item(request, error);
    Docket *docket = item != NULL ? desk_docket(request->desk, error) : NULL;
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    return docket != NULL &&
           docket_reveal(docket, item->id, request_who(request), why, request->now_us, error) &&
           back_to(request, reply, NULL);
}

#define WHO (USER_REVIEWER | USER_APPROVER)
static const Route ROUTES[] = {
    {"GET", "/reviews/:id", WHO, review_page_show}, {"POST", "/reviews/:id/claim", WHO, claim},
    {"POST", "/reviews/:id/assign", WHO, assign},   {"POST", "/reviews/:id/note", WHO, note},
    {"POST", "/reviews/:id/contact", WHO, contact}, {"POST", "/reviews/:id/keep", WHO, keep},
    {"POST", "/reviews/:id/close", WHO, finish},    {"POST", "/reviews/:id/names", WHO, names},
};
const RouteTable REVIEW_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
