// console, inside: what pages are written with.
//
// A page is a function and a row in the table of its file; routes.c names the tables. The dispatcher has done before it is called:
// session, roles, CSRF token of every POST, limits. GET never changes anything. A page fills `reply` and returns true, or returns
// false with `error`: the error page that its code asks for is shown then (NOINPUT 404, NOPERM 403, DATA and USAGE 400, TEMPFAIL
// 503, else 500; of the last only the log tells more).
//
//   static bool queue_page(Request *request, Reply *reply, GError **error)
//   {
//       g_autoptr(Html) html = page_begin(request, "queue.title");
//       html_open(html, "ul", "class", "list", NULL);
//       ...
//       html_close(html, "ul");
//       page_end(request, html, reply);
//       return true;
//   }
//   static const Route ROUTES[] = {
//       {"GET", "/queue", USER_REVIEWER, queue_page},
//       {"POST", "/queue/:id/claim", USER_REVIEWER, queue_claim},
//   };
//   const RouteTable QUEUE_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
//
// Texts stand in static/en.txt and static/es.txt, the same keys in both (contrib/lint checks it, and that every key a page names
// in html_say, html_words, words_get, form_... is there): "queue.title = Held messages". {name} in a text is filled from pairs.
#pragma once

#include "accounts/accounts.h"
#include "archive/archive.h"
#include "cases/cases.h"
#include "console/console.h"
#include "docket/docket.h"
#include "judge/judge.h"
#include "quarantine/quarantine.h"
#include "review/review.h"

// ---- texts (words.c): immutable once loaded, any thread ----------------------------------------------------------

typedef struct Words Words; // those of one language
Words *words_load(const char *dir, const char *language, GError **error);
void words_free(Words *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_free)
const char *words_language(const Words *words); // "en"
bool words_has(const Words *words, const char *key);
// The text of `key`; the key itself where there is none. Borrowed.
const char *words_get(const Words *words, const char *key);
// The same, filled: pairs of name and value, ended by NULL. Caller frees.
char *words_fill(const Words *words, const char *key, ...) G_GNUC_NULL_TERMINATED;
char *words_fill_v(const Words *words, const char *key, va_list pairs);

// ---- HTML (html.c): everything is escaped --------------------------------------------------------------------------

// Tags, attribute names and keys are constants of the code; values and texts may come from anybody. Attributes are pairs of name
// and value ended by NULL; one whose value is NULL is left out, one whose value is "" stands alone (`checked`). There are no
// style and no on... attributes: the page's policy forbids them.
typedef struct Html Html;
Html *html_new(const Words *words);
void html_free(Html *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Html, html_free)
void html_open(Html *html, const char *tag, ...) G_GNUC_NULL_TERMINATED;
// Closes `tag` and what is still open in it.
void html_close(Html *html, const char *tag);
void html_void(Html *html, const char *tag, ...) G_GNUC_NULL_TERMINATED; // <br>, <input>, <meta>
void html_text(Html *html, const char *text);                            // NULL is ""
// <tag ...>text</tag>
void html_element(Html *html, const char *tag, const char *text, ...) G_GNUC_NULL_TERMINATED;
// The same with a text of the catalogue.
void html_say(Html *html, const char *tag, const char *key, ...) G_GNUC_NULL_TERMINATED;
// A text of the catalogue, filled from pairs of name and value.
void html_words(Html *html, const char *key, ...) G_GNUC_NULL_TERMINATED;
// Text of a message (subject, address, body): control, bidi and zero-width characters stand there visibly, as [U+202E].
void html_mail(Html *html, const char *text);
void html_number(Html *html, int64_t number);
// <a href=path>text</a>; `path` is one of ours and begins with "/", else there is only the text.
void html_link(Html *html, const char *path, const char *text);
void html_link_say(Html *html, const char *path, const char *key);
// All of it; what is open is closed. Borrowed by the html.
const char *html_finish(Html *html, gsize *out_len);

// ---- requests (request.c) --------------------------------------------------------------------------------------------

typedef struct {
    char *name;     // of the field
    char *filename; // NULL = no file
    GString *data;
} RequestPart;

typedef struct Desk Desk;
typedef struct {
    Console *console;
    const Config *config;
    Desk *desk;
    const Words *words;
    const char *method; // "GET", "POST"
    char *path;         // decoded, normal: begins with "/"
    GPtrArray *query;   // of RequestPart
    GPtrArray *form;    // of RequestPart; filled for POST
    char *args[4];      // what stood for ":id" and the like in the route, in order
    char *cookie;       // of the session; NULL = none
    char *visitor;      // stands for the session in forms of public pages
    bool is_visitor_new;
    char *remote;            // address of the client, or what the proxy says it is
    char *proxy_user;        // whom the proxy vouches for; NULL = nobody
    AccountSession *session; // NULL = nobody is signed in
    int64_t now_us;
    bool is_head;
} Request;

// A field of the query or of the form; the first of its name; NULL where there is none or it is no UTF-8. Borrowed.
const char *request_query(const Request *request, const char *name);
const char *request_form(const Request *request, const char *name);
// The same, "" for NULL, without white space at its ends, at most `most` bytes of it. Caller frees.
char *request_form_text(const Request *request, const char *name, gsize most);
// All values of `name` (check boxes). GPtrArray of borrowed char*; caller unrefs.
GPtrArray *request_form_all(const Request *request, const char *name);
// An uploaded file; NULL where there is none. Its name is what the client says.
const RequestPart *request_file(const Request *request, const char *name);
// A number of the query between `least` and `most`; `fallback` where it is none.
int64_t request_number(const Request *request, const char *name, int64_t least, int64_t most,
                       int64_t fallback);

// Who is signed in. Only in pages whose route wants a role or ROUTE_SIGNED_IN.
const User *request_user(const Request *request);
const char *request_who(const Request *request);       // its name, for events
bool request_may(const Request *request, guint roles); // has one of them
// Has somebody with role auditor content of the case `matter` granted now (page_access.c)? TRI_UNKNOWN with `error`.
Tri request_is_granted(Request *request, const char *matter, GError **error);
bool request_sees_school(const Request *request, const char *school);

// ---- replies (reply.c) -------------------------------------------------------------------------------------------------

typedef struct {
    guint status; // 200 where a page sets none
    GString *body;
    GPtrArray *headers; // name, value, name, value ...
    char *csp;          // NULL = that of pages
    bool keep;          // may be kept by the browser: static files
    int fd;             // a file that goes out instead of `body`; -1 = none
    int64_t fd_len;
} Reply;

void reply_header(Reply *reply, const char *name, const char *value);
// 303 to `path` of ours. `said` (a key "said....", NULL = nothing) is shown there once.
void reply_redirect(Reply *reply, const char *path, const char *said);
// A file to keep: always as application/octet-stream but for "text/csv", "application/json", "text/plain" and "application/pdf", with
// a name that is made harmless. Nothing that a message says of its type belongs in `type`.
void reply_download(Reply *reply, const char *name, const char *type, const void *data, gsize len);
// The same of the file at `path`, which may be large. False with `error` (NOINPUT).
bool reply_file(Reply *reply, const char *name, const char *type, const char *path, GError **error);
// A cell of a CSV with its quotes: values that a spreadsheet takes for formulas are neutralised.
void reply_csv_cell(GString *out, const char *text, bool is_last);
// A whole HTML document for a sandboxed frame of its own: no script, nothing from outside (images: data: only).
void reply_sandboxed(Reply *reply, const char *document, gsize len);

// ---- routes (routes.c) --------------------------------------------------------------------------------------------------

#define ROUTE_PUBLIC    0U       // without signing in
#define ROUTE_SIGNED_IN 0x10000U // whoever is signed in
#define ROUTE_HALF      0x20000U // a half session, or one that sets up an authenticator, as well
typedef bool (*PageFunc)(Request *request, Reply *reply, GError **error);
typedef struct {
    const char *method, *path; // ":name" stands for one part
    guint roles;               // bits of UserRole of which one is wanted, or one of the above
    PageFunc page;
} Route;
typedef struct {
    const Route *routes;
    gsize count;
} RouteTable;
extern const RouteTable *const ROUTE_TABLES[]; // NULL-ended
extern const RouteTable QUEUE_ROUTES, ITEM_ROUTES, HTML_ROUTES, PARTS_ROUTES, DECIDE_ROUTES, SENDER_ROUTES;
extern const RouteTable REVIEWS_ROUTES, REVIEW_ROUTES, SECOND_ROUTES, REOPEN_ROUTES, DUPLICATE_ROUTES,
    KEYS_ROUTES;
extern const RouteTable CASES_ROUTES, CASE_ROUTES, RECORDS_ROUTES, RECORD_ROUTES, REDACT_ROUTES;
extern const RouteTable LETTERS_ROUTES, SEARCH_ROUTES, EXPORTS_ROUTES;
extern const RouteTable EXCEPTIONS_ROUTES, ASKED_ROUTES, BACKTEST_ROUTES, ASSIGN_ROUTES;
extern const RouteTable DASHBOARD_ROUTES, DISPOSAL_ROUTES, EVENTS_ROUTES, HOLDS_ROUTES, PROOFS_ROUTES,
    POLICY_ROUTES, PROPOSALS_ROUTES, ROSTER_ROUTES;
extern const RouteTable ACCESS_ROUTES, ENTER_ROUTES, ACCOUNT_ROUTES, HOME_ROUTES, STATIC_ROUTES;

// What stands in the navigation, for accounts with one of `roles`.
typedef struct {
    const char *path, *key;
    guint roles;
} MenuEntry;
extern const MenuEntry MENU[];
extern const gsize MENU_COUNT;

// Finds the route, checks everything that stands at the top of this file, calls the page.
void routes_answer(Request *request, Reply *reply);
// The page of an error instead of what `reply` holds.
void reply_error(Request *request, Reply *reply, guint status, const char *key);
// The same with what exactly was wrong, in words of the program.
void reply_error_text(Request *request, Reply *reply, guint status, const char *key, const char *text);

// ---- a page's frame (layout.c) -------------------------------------------------------------------------------------------

// Head, navigation, what was said by a redirect, <main> with <h1>. `title` is a key.
Html *page_begin(Request *request, const char *title);
// The same where the title is made of data (not escaped yet).
Html *page_begin_text(Request *request, const char *title);
void page_end(Request *request, Html *html, Reply *reply);
// A time where the district is, in <time>.
void page_time(Request *request, Html *html, int64_t us);
// A message to the reader: `kind` is "good", "bad" or "note".
void page_notice(Html *html, const char *kind, const char *key);

// Lists page by key, never by offset: the list shows what comes after request_query("after"), at most PAGE_ROWS rows, and gives the key of
// its last row here where there are more. Links keep the rest of the query.
#define PAGE_ROWS 50
void page_more(Request *request, Html *html, const char *last_key);
// The path of this page with its query, `name` set to `value` (NULL = left out) and without "after". Caller frees.
char *page_query_with(const Request *request, const char *name, const char *value);

// ---- forms (form.c) -----------------------------------------------------------------------------------------------------

// <form method=post> with the token that the dispatcher asks for. html_close(html, "form") ends it.
void form_post(Request *request, Html *html, const char *path, const char *class);
// The same for uploads.
void form_upload(Request *request, Html *html, const char *path);
// <form method=get>: filters and searches.
void form_get(Html *html, const char *path, const char *class);
// A field with its label (a key) above it; `value` may be NULL. Further attributes follow ("type", "autocomplete", "required", "").
void form_field(Html *html, const char *name, const char *label, const char *value,
                ...) G_GNUC_NULL_TERMINATED;
void form_area(Html *html, const char *name, const char *label, const char *value,
               ...) G_GNUC_NULL_TERMINATED;
void form_check(Html *html, const char *name, const char *value, const char *label, bool checked);
void form_hidden(Html *html, const char *name, const char *value);
// <select>; between begin and end, form_option or form_option_say.
void form_select_begin(Html *html, const char *name, const char *label);
void form_option(Html *html, const char *value, const char *text, bool selected);
void form_option_say(Html *html, const char *value, const char *key, bool selected);
void form_select_end(Html *html);
// `class`: NULL, "main", "danger". `name` and `value` may be NULL.
void form_button(Html *html, const char *key, const char *name, const char *value, const char *class);
// Submitting for one row: a form of one button.
void form_act(Request *request, Html *html, const char *path, const char *key);

// ---- what a request works with (desk.c) ---------------------------------------------------------------------------------

// One thread at a time has a desk; what is opened stays open for the next request. All are borrowed; NULL with `error`.
Accounts *desk_accounts(Desk *desk);
const Snapshot *desk_snapshot(Desk *desk);              // policy, roster, lists in force
RosterSession *desk_roster(Desk *desk, GError **error); // of today; ends with the request
Quarantine *desk_quarantine(Desk *desk);                // shared, thread-safe
Review *desk_review(Desk *desk, GError **error);
Docket *desk_docket(Desk *desk, GError **error);
Cases *desk_cases(Desk *desk, GError **error);
Readers *desk_readers(Desk *desk); // shared, thread-safe
// The last few messages that were read at this desk (content.h). Those read under another policy are forgotten.
struct Content *desk_content(Desk *desk, const char *record);
void desk_keep_content(Desk *desk, struct Content *content); // taken

// Counts of held messages (quarantine_counts) for who is signed in, at most three seconds old, and never older than the last POST that this
// console answered. New reference; NULL with `error`.
json_t *counts_get(Request *request, const HoldFilter *filter, GError **error);

// ---- what is told to the archive (tell.c) -------------------------------------------------------------------------------

// An event by who is signed in; `record` may be NULL, `detail` is taken.
bool console_tell(Request *request, const char *event, const char *record, json_t *detail, GError **error);
// Somebody is about to see content of `record`: what ("text", "html", "raw", "attachment 2", "names"), and why: `reason` or `matter` (a case, a
// held message under review), one of which has to be given. To be called before the content is put into the page: where it fails
// nothing is shown.
bool console_view_log(Request *request, const char *record, const char *what, const char *reason,
                      const char *matter, GError **error);

// ---- inside the core --------------------------------------------------------------------------------------------------------

Request *request_new(void);
void request_free(Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)
void request_part_free(RequestPart *part);
// Percent-decoded, without empty, "." and ".." parts; NULL where it is none of ours. Caller frees.
char *request_path(const char *raw);
// What forms carry and every POST is checked for. Borrowed.
const char *request_csrf(const Request *request);
#define REQUEST_FIELDS_MOST 4000

Reply *reply_new(void);
void reply_free(Reply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reply, reply_free)
// The session's cookie (NULL = takes it away), and that of visitors.
void reply_session(const Request *request, Reply *reply, const char *cookie);
void reply_visitor(const Request *request, Reply *reply);
const char *reply_cookie_name(const Console *console, bool of_session);

typedef struct Limits Limits; // requests of an address in a minute; thread-safe
Limits *limits_new(guint most);
void limits_free(Limits *limits);
// One more of `remote`. False: too many.
bool limits_take(Limits *limits, const char *remote, guint weight, int64_t now_us);

// Figures of all of the district for the dashboard, at most a minute old (figures.c). Thread-safe.
typedef struct Figures Figures;
Figures *figures_new(void);
void figures_free(Figures *figures);
// {"days": [{"day", "delivered", "held", "refused", "released", "denied"}] (30, the oldest first), "decisions": docket_figures of them,
// "coverage": {"indexed", "archived", "through_us", "unsearchable"}, "checkpoint": {"size", "written_us"} (what cannot be told has
// "why" instead), "witnesses": [{"name", "time_s", "why"}], "stamp": {"time", "why"}, "exceptions": {"in_force", "ending"}, "roster":
// {"generation", "at_s", "people"}, "disk": {"free", "total"}, "at_us"}. New reference; NULL with `error`.
json_t *figures_get(Request *request, GError **error);

typedef struct Counts Counts; // thread-safe
Counts *counts_new(void);
void counts_free(Counts *counts);
void counts_forget(Counts *counts);

Desk *desk_new(Console *console, GError **error);
void desk_free(Desk *desk);
// Between requests: takes the snapshot in force, ends the roster's session.
void desk_begin(Desk *desk, Snapshot *snapshot, int64_t now_us);
void desk_end(Desk *desk);

// Carries reviewers' decisions out when their time has come, in a thread of its own (clerk.c).
typedef struct Clerk Clerk;
Clerk *clerk_start(const Config *config, Quarantine *quarantine, Readers *readers, GError **error);
void clerk_stop(Clerk *clerk);

struct Console {
    Config *config; // as it was at the start
    struct MHD_Daemon *daemon;
    GMutex lock; // of `snapshot`
    Snapshot *snapshot;
    Quarantine *quarantine;
    Readers *readers;
    Clerk *clerk;
    Accounts *sweeper;
    GAsyncQueue *desks; // those nobody is at
    Words *words[2];    // LANGUAGES
    Limits *requests, *entries;
    Counts *counts;
    Figures *figures;
    GBytes *files[2]; // stylesheet, script
    char *proxy_secret;
    char *certificate, *key; // PEM
    bool is_secure;          // browsers reach it by TLS: our own, or a proxy's
};
extern const char *const LANGUAGES[2];
const Words *console_words(const Console *console, const char *language);
Snapshot *console_snapshot(Console *console); // caller unrefs

// The listener (server.c).
bool server_start(Console *console, GError **error);
void server_stop(Console *console);

// A QR code as inline SVG (qr.c); `key` is its text for those who do not see it. False where `text` is too long.
bool qr_draw(Html *html, const char *text, const char *key);
