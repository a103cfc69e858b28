// Exceptions: which there are and what each is worth today; one with its papers and uses; the calendar of their ends.
#include "console/permits.h"

#include "feeds/feeds.h"

#include <stdlib.h>
#include <string.h>

#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
enum { WHY_MOST = 1000, NAME_MOST = 500, MONTHS = 12, USES_DAYS = 7, USES_DAYS_MOST = 92, USES_MOST = 200 };

static const char *const STANDINGS[STANDING_LAST] = {"permits.in-force", "permits.expiring",
                                                     "permits.flawed",   "permits.to-come",
                                                     "permits.expired",  "permits.revoked"};
static const char *const STANDING_WORDS[STANDING_LAST] = {"in-force", "expiring", "flawed",
                                                          "to-come",  "expired",  "revoked"};

static bool is_over(Standing standing)
{
    return standing == STANDING_EXPIRED || standing == STANDING_REVOKED;
}

// ---- the list ----------------------------------------------------------------------------------------------

typedef struct {
    RosterException *exception; // the book's
    Standing standing;
    char *flaw;
} Row;

static void row_free(gpointer data)
{
    Row *row = data;
    g_free(row->flaw);
    g_free(row);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    const RosterException *const *one = a, *const *other = b;
    return strcmp((*one)->id, (*other)->id);
}

// Those that the reader may see, in order of id after `after`, of that standing (NULL = all that are not over, "all"): at most `most`.
static GPtrArray *rows_read(Request *request, ExceptionBook *book, const char *want, const char *after,
                            guint most, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
    bool ok = true;
    g_ptr_array_sort(book->all, by_id);
    for (guint i = 0; ok && i < book->all->len && rows->len < most; i++) {
        RosterException *exception = book->all->pdata[i];
        bool over = exception->revoked != NULL || book->today > exception->until;
        if ((after != NULL && strcmp(exception->id, after) <= 0) || (want == NULL && over))
            continue;
        Row *row = g_new0(Row, 1);
        row->exception = exception;
        Tri seen = permit_is_seen(request, book->session, exception->staff, error);
        ok = seen != TRI_UNKNOWN &&
             exception_standing(book, exception, EXCEPTION_SOON_DAYS, &row->standing, &row->flaw, error);
        bool fits =
            ok && seen == TRI_YES &&
            (want == NULL ? !is_over(row->standing)
                          : strcmp(want, "all") == 0 || strcmp(want, STANDING_WORDS[row->standing]) == 0);
        if (fits)
            g_ptr_array_add(rows, row);
        else
            row_free(row);
    }
    return ok ? g_steal_pointer(&rows) : NULL;
}

static void cell_strings(Html *html, char *const *texts)
{
    html_open(html, "td", NULL);
    for (guint i = 0; texts[i] != NULL; i++) {
        html_text(html, i > 0 ? ", " : "");
        if (i == 5) {
            html_text(html, "...");
            break;
        }
        html_mail(html, texts[i]);
    }
    html_close(html, "td");
}

static void cell_standing(Html *html, const Row *row)
{
    html_open(html, "td", NULL);
    html_say(html, "strong", STANDINGS[row->standing], NULL);
    if (row->flaw != NULL) {
        html_text(html, ": ");
        html_mail(html, row->flaw);
    }
    html_close(html, "td");
}

static void table_begin(Html *html, const char *id, const char *title, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", id, NULL);
    html_say(html, "caption", title, "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void row_show(Html *html, const Row *row)
{
    const RosterException *exception = row->exception;
    g_autofree char *path = g_strconcat("/exceptions/", exception->id, NULL);
    g_autofree char *from = exception_date(exception->from), *until = exception_date(exception->until);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, exception->id);
    html_close(html, "th");
    html_element(html, "td", exception->kind, NULL);
    html_open(html, "td", NULL);
    html_mail(html, exception->staff);
    html_close(html, "td");
    cell_strings(html, exception->students);
    html_element(html, "td", from, NULL);
    html_element(html, "td", until, NULL);
    cell_standing(html, row);
    html_close(html, "tr");
}

static const char *wanted(const Request *request)
{
    const char *want = request_query(request, "standing");
    bool known = g_strcmp0(want, "all") == 0;
    for (int i = 0; want != NULL && !known && i < STANDING_LAST; i++)
        known = strcmp(want, STANDING_WORDS[i]) == 0;
    return known ? want : NULL;
}

static void list_form(Html *html, const char *want)
{
    form_get(html, "/exceptions", "filters");
    form_select_begin(html, "standing", "permits.standing");
    form_option_say(html, "", "permits.current", want == NULL);
    for (int i = 0; i < STANDING_LAST; i++)
        form_option_say(html, STANDING_WORDS[i], STANDINGS[i], g_strcmp0(want, STANDING_WORDS[i]) == 0);
    form_option_say(html, "all", "permits.all", g_strcmp0(want, "all") == 0);
    form_select_end(html);
    form_button(html, "permits.filter", NULL, NULL, NULL);
    html_close(html, "form");
}

static void list_links(Request *request, Html *html)
{
    html_open(html, "p", NULL);
    html_link_say(html, "/exceptions/asked", "permits.asked");
    html_text(html, " · ");
    html_link_say(html, "/exceptions/calendar", "permits.calendar");
    html_text(html, " · ");
    html_link_say(html, "/exceptions.csv", "permits.csv");
    if (request_may(request, USER_REVIEWER | USER_APPROVER)) {
        html_text(html, " · ");
        html_link_say(html, "/exceptions/ask", "permits.ask");
    }
    html_close(html, "p");
}

static bool list(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"permits.id",   "permits.kind",  "permits.staff",   "permits.students",
                                       "permits.from", "permits.until", "permits.standing"};
    const char *want = wanted(request), *after = request_query(request, "after");
    g_auto(ExceptionBook) book = {0};
    bool ok = exception_book_of(desk_snapshot(request->desk), &book, error);
    g_autoptr(GPtrArray) rows = ok ? rows_read(request, &book, want, after, PAGE_ROWS + 1, error) : NULL;
    if (rows == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "permits.title");
    list_links(request, html);
    list_form(html, want);
    table_begin(html, "exceptions", "permits.title", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < MIN(rows->len, PAGE_ROWS); i++)
        row_show(html, rows->pdata[i]);
    html_close(html, "div");
    if (rows->len == 0)
        html_say(html, "p", "permits.none", NULL);
    if (rows->len > PAGE_ROWS)
        page_more(request, html, ((const Row *)rows->pdata[PAGE_ROWS - 1])->exception->id);
    page_end(request, html, reply);
    return true;
}

static void csv_row(GString *out, const Row *row)
{
    const RosterException *e = row->exception;
    g_autofree char *students = g_strjoinv(";", e->students), *values = g_strjoinv(";", e->values);
    g_autofree char *from = exception_date(e->from), *until = exception_date(e->until);
    const char *const cells[] = {e->id,
                                 e->kind,
                                 e->staff,
                                 students,
                                 values,
                                 way_name(e->way),
                                 from,
                                 until,
                                 e->approver,
                                 exception_standing_name(row->standing),
                                 row->flaw != NULL ? row->flaw : ""};
    for (gsize i = 0; i < G_N_ELEMENTS(cells); i++)
        reply_csv_cell(out, cells[i], i + 1 == G_N_ELEMENTS(cells));
}

static bool csv(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    bool ok = exception_book_of(desk_snapshot(request->desk), &book, error);
    g_autoptr(GPtrArray) rows = ok ? rows_read(request, &book, "all", NULL, G_MAXUINT, error) : NULL;
    if (rows == NULL || !console_tell(request, "exceptions-exported", NULL,
                                      json_pack("{s:i}", "exceptions", (int)rows->len), error))
        return false;
    g_autoptr(GString) out = g_string_new(
        "id,kind,staff,students,values,direction,from,until,approver,standing,what is missing\r\n");
    for (guint i = 0; i < rows->len; i++)
        csv_row(out, rows->pdata[i]);
    reply_download(reply, "exceptions.csv", "text/csv", out->str, out->len);
    return true;
}

// ---- the calendar ------------------------------------------------------------------------------------------

static gint by_end(gconstpointer a, gconstpointer b)
{
    const Row *const *one = a, *const *other = b;
    int order = (*one)->exception->until - (*other)->exception->until;
    return order != 0 ? order : strcmp((*one)->exception->id, (*other)->exception->id);
}

static void month_show(Html *html, const GPtrArray *rows, int month)
{
    static const char *const KEYS[] = {"permits.until", "permits.id", "permits.kind", "permits.staff",
                                       "permits.standing"};
    g_autofree char *name = g_strdup_printf("%04d-%02d", month / 100, month % 100);
    g_autofree char *id = g_strconcat("ends-", name, NULL);
    bool any = false;
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];
        if (row->exception->until / 100 != month)
            continue;
        if (!any) {
            html_element(html, "h2", name, NULL);
            table_begin(html, id, "permits.ends", KEYS, G_N_ELEMENTS(KEYS));
            any = true;
        }
        g_autofree char *path = g_strconcat("/exceptions/", row->exception->id, NULL);
        g_autofree char *until = exception_date(row->exception->until);
        html_open(html, "tr", NULL);
        html_element(html, "th", until, "scope", "row", NULL);
        html_open(html, "td", NULL);
        html_link(html, path, row->exception->id);
        html_close(html, "td");
        html_element(html, "td", row->exception->kind, NULL);
        html_open(html, "td", NULL);
        html_mail(html, row->exception->staff);
        html_close(html, "td");
        cell_standing(html, row);
        html_close(html, "tr");
    }
    if (any)
        html_close(html, "div");
}

static bool calendar(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    bool ok = exception_book_of(desk_snapshot(request->desk), &book, error);
    g_autoptr(GPtrArray) rows = ok ? rows_read(request, &book, NULL, NULL, G_MAXUINT, error) : NULL;
    if (rows == NULL)
        return false;
    g_ptr_array_sort(rows, by_end);
    g_autoptr(Html) html = page_begin(request, "permits.calendar");
    list_links(request, html);
    html_say(html, "p", "permits.calendar-hint", NULL);
    int month = book.today / 100, last = 0;
    for (int i = 0; i < MONTHS; i++) {
        month_show(html, rows, month);
        last = month;
        month = month % 100 == 12 ? (month / 100 + 1) * 100 + 1 : month + 1;
    }
    guint later = 0;
    for (guint i = 0; i < rows->len; i++)
        later += ((const Row *)rows->pdata[i])->exception->until / 100 > last ? 1 : 0;
    g_autofree char *number = g_strdup_printf("%u", later);
    html_open(html, "p", NULL);
    html_words(html, "permits.later", "n", number, NULL);
    html_close(html, "p");
    page_end(request, html, reply);
    return true;
}

// ---- one ---------------------------------------------------------------------------------------------------

static void facts(Html *html, const RosterException *exception, const Row *row)
{
    g_autofree char *from = exception_date(exception->from), *until = exception_date(exception->until);
    g_autofree char *approved = exception_date(exception->approved);
    g_autofree char *recorded = exception->recorded_us != 0 ? clock_format(exception->recorded_us) : NULL;
    g_autofree char *students = g_strjoinv(", ", exception->students),
                    *values = g_strjoinv(", ", exception->values);
    html_open(html, "dl", "class", "facts", NULL);
    html_say(html, "dt", "permits.standing", NULL);
    html_open(html, "dd", NULL);
    html_say(html, "strong", STANDINGS[row->standing], NULL);
    if (row->flaw != NULL) {
        html_text(html, ": ");
        html_mail(html, row->flaw);
    }
    html_close(html, "dd");
    permit_fact(html, "permits.kind", exception->kind);
    permit_fact(html, "permits.staff", exception->staff);
    permit_fact(html, "permits.students", students);
    permit_fact(html, "permits.values", values);
    permit_fact(html, "permits.direction", way_name(exception->way));
    permit_fact(html, "permits.from", from);
    permit_fact(html, "permits.until", until);
    permit_fact(html, "permits.purpose", exception->purpose);
    permit_fact(html, "permits.approver", exception->approver);
    permit_fact(html, "permits.approved", approved);
    permit_fact(html, "permits.approval", exception->approval);
    permit_fact(html, "permits.recorded", recorded);
    permit_fact(html, "permits.added", exception->added);
    permit_fact(html, "permits.revoked", exception->revoked);
    html_close(html, "dl");
}

static void demands(Html *html, const Policy *policy, const char *kind)
{
    PolicyExceptionDemand demand;
    if (!policy_exception_asks(policy, kind, &demand))
        return;
    html_say(html, "h2", "permits.demands", NULL);
    html_open(html, "ul", NULL);
    if (demand.consent == TRI_YES)
        html_say(html, "li", "permits.demand-consent", NULL);
    if (demand.purpose == TRI_YES)
        html_say(html, "li", "permits.demand-purpose", NULL);
    if (demand.document == TRI_YES)
        html_say(html, "li", "permits.demand-document", NULL);
    if (demand.approvers != NULL) {
        g_autofree char *positions = g_strjoinv(", ", demand.approvers);
        html_open(html, "li", NULL);
        html_words(html, "permits.demand-approver", "positions", positions, NULL);
        html_close(html, "li");
    }
    if (demand.retro_hours >= 0) {
        g_autofree char *hours = g_strdup_printf("%d", demand.retro_hours);
        html_open(html, "li", NULL);
        html_words(html, "permits.demand-retro", "hours", hours, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void consents(Html *html, const RosterException *exception)
{
    static const char *const KEYS[] = {"permits.student",  "permits.guardian", "permits.given",
                                       "permits.document", "permits.sha",      "permits.withdrawn"};
    html_say(html, "h2", "permits.consents", NULL);
    if (exception->consents == NULL || exception->consents->len == 0) {
        html_say(html, "p", "permits.no-consents", NULL);
        return;
    }
    table_begin(html, "consents", "permits.consents", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < exception->consents->len; i++) {
        const RosterConsent *consent = exception->consents->pdata[i];
        g_autofree char *given = exception_date(consent->given);
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        html_mail(html, consent->student);
        html_close(html, "th");
        html_open(html, "td", NULL);
        html_mail(html, consent->guardian);
        html_close(html, "td");
        html_element(html, "td", given, NULL);
        html_open(html, "td", NULL);
        html_mail(html, consent->document);
        html_close(html, "td");
        html_open(html, "td", NULL);
        html_element(html, "code", consent->sha256, "class", "wrap", NULL);
        html_close(html, "td");
        html_open(html, "td", NULL);
        html_mail(html, consent->withdrawn != NULL ? consent->withdrawn : "");
        html_close(html, "tr");
    }
    html_close(html, "div");
}

static bool uses(Request *request, Html *html, const char *id, GError **error)
{
    static const char *const KEYS[] = {"permits.when", "permits.record", "permits.rule", "permits.count",
                                       "permits.why-used"};
    int days = (int)request_number(request, "days", 1, USES_DAYS_MOST, USES_DAYS);
    g_autofree char *number = g_strdup_printf("%d", days);
    g_autoptr(GHashTable) all = exception_uses(request->config, request->now_us - days * DAY_US, 0, error);
    if (all == NULL)
        return false;
    const GPtrArray *own = g_hash_table_lookup(all, id);
    html_open(html, "h2", NULL);
    html_words(html, "permits.uses", "days", number, NULL);
    html_close(html, "h2");
    if (own == NULL)
        html_say(html, "p", "permits.no-uses", NULL);
    else
        table_begin(html, "uses", "permits.used", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = own != NULL && own->len > USES_MOST ? own->len - USES_MOST : 0;
         own != NULL && i < own->len; i++) {
        const ExceptionUse *use = own->pdata[i];
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        page_time(request, html, use->time_us);
        html_close(html, "th");
        html_element(html, "td", use->record, NULL);
        html_element(html, "td", use->rule, NULL);
        html_open(html, "td", "class", "number", NULL);
        html_number(html, use->count);
        html_close(html, "td");
        html_open(html, "td", NULL);
        html_mail(html, use->why);
        html_text(html, use->afterwards ? " · " : "");
        if (use->afterwards)
            html_words(html, "permits.afterwards", NULL);
        html_close(html, "tr");
    }
    if (own != NULL)
        html_close(html, "div");
    html_open(html, "p", NULL);
    g_autofree char *more = page_query_with(request, "days", "92");
    html_link_say(html, more, "permits.more-uses");
    html_close(html, "p");
    return true;
}

static void steps(Request *request, Html *html, const RosterException *exception)
{
    g_autofree char *consent = g_strdup_printf("/exceptions/%s/consent", exception->id);
    g_autofree char *withdraw = g_strdup_printf("/exceptions/%s/withdraw", exception->id);
    g_autofree char *revoke = g_strdup_printf("/exceptions/%s/revoke", exception->id);
    html_say(html, "h2", "permits.attach", NULL);
    html_say(html, "p", "permits.attach-hint", "class", "hint", NULL);
    form_upload(request, html, consent);
    form_field(html, "student", "permits.student", NULL, "required", "", "type", "email", NULL);
    form_field(html, "guardian", "permits.guardian", NULL, "required", "", "maxlength", "500", NULL);
    form_field(html, "given", "permits.given", NULL, "type", "date", NULL);
    permit_paper_fields(html, "paper", "permits.paper");
    form_button(html, "permits.attach-go", NULL, NULL, "main");
    html_close(html, "form");
    if (!request_may(request, USER_APPROVER))
        return;
    html_say(html, "h2", "permits.withdraw", NULL);
    form_post(request, html, withdraw, NULL);
    form_field(html, "withdraw_student", "permits.student", NULL, "required", "", "type", "email", NULL);
    form_field(html, "withdraw_why", "permits.why", NULL, "required", "", "maxlength", "1000", NULL);
    form_button(html, "permits.withdraw-go", NULL, NULL, "danger");
    html_close(html, "form");
    html_say(html, "h2", "permits.revoke", NULL);
    form_post(request, html, revoke, NULL);
    form_field(html, "why", "permits.why", NULL, "required", "", "maxlength", "1000", NULL);
    form_button(html, "permits.revoke-go", NULL, NULL, "danger");
    html_close(html, "form");
}

// The one of the route's part, if the reader may see it: the book's. NULL with `error`.
static RosterException *one(Request *request, ExceptionBook *book, GError **error)
{
    const char *id = request->args[0];
    RosterException *exception = exception_book_of(desk_snapshot(request->desk), book, error)
                                     ? exception_book_find(book, id, error)
                                     : NULL;
    Tri seen =
        exception != NULL ? permit_is_seen(request, book->session, exception->staff, error) : TRI_UNKNOWN;
    if (seen == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "exception %s is of a school that is not yours",
                    id);
    return seen == TRI_YES ? exception : NULL;
}

static bool show(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    RosterException *exception = one(request, &book, error);
    Row row = {.exception = exception};
    g_autofree char *flaw = NULL;
    if (exception == NULL ||
        !exception_standing(&book, exception, EXCEPTION_SOON_DAYS, &row.standing, &flaw, error))
        return false;
    row.flaw = flaw;
    g_autoptr(Html) html = page_begin_text(request, exception->id);
    html_open(html, "p", NULL);
    html_link_say(html, "/exceptions", "permits.back");
    html_close(html, "p");
    facts(html, exception, &row);
    demands(html, book.policy, exception->kind);
    consents(html, exception);
    bool ok = uses(request, html, exception->id, error);
    if (ok && !is_over(row.standing) && request_may(request, USER_REVIEWER | USER_APPROVER))
        steps(request, html, exception);
    page_end(request, html, reply);
    return ok;
}

// ---- changes -----------------------------------------------------------------------------------------------

// To the page of the exception; what waits for it is looked at again.
static bool changed(Request *request, Reply *reply, const char *said, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autofree char *path = g_strconcat("/exceptions/", request->args[0], NULL);
    if (docket == NULL || !permits_carry(request->config, docket, desk_quarantine(request->desk),
                                         desk_readers(request->desk), request->now_us, error))
        return false;
    reply_redirect(reply, path, said);
    return true;
}

static bool consent(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    const char *name = "";
    g_autofree char *student = request_form_text(request, "student", NAME_MOST),
                    *guardian = request_form_text(request, "guardian", NAME_MOST);
    g_autofree char *hash =
        one(request, &book, error) != NULL ? permit_paper(request, "paper", &name, error) : NULL;
    if (hash == NULL)
        return false;
    int given = permit_date(request, "given");
    const RosterConsent made = {.student = student,
                                .guardian = guardian,
                                .document = (char *)name,
                                .sha256 = hash,
                                .given = given != 0 ? given : book.today};
    if (*hash == '\0' || *guardian == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a consent wants the guardian's name or address, and the paper or its SHA-256");
        return false;
    }
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s}", "exception", request->args[0], "student", student,
                               "guardian", guardian, "sha256", hash);
    bool ok = feeds_consent_add(request->config, request->args[0], &made, request_who(request), error);
    if (!ok)
        json_decref(detail);
    return ok && console_tell(request, "exception-consent", NULL, detail, error) &&
           changed(request, reply, "said.permit-consent", error);
}

static bool withdraw(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    g_autofree char *student = request_form_text(request, "withdraw_student", NAME_MOST),
                    *why = request_form_text(request, "withdraw_why", WHY_MOST);
    if (one(request, &book, error) == NULL)
        return false;
    if (*why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why the consent is taken back");
        return false;
    }
    return feeds_consent_withdraw(request->config, request->args[0], student, request_who(request), why,
                                  error) &&
           console_tell(
               request, "exception-consent-withdrawn", NULL,
               json_pack("{s:s, s:s, s:s}", "exception", request->args[0], "student", student, "reason", why),
               error) &&
           changed(request, reply, "said.permit-withdrawn", error);
}

static bool take_away(Request *request, Reply *reply, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    if (one(request, &book, error) == NULL)
        return false;
    if (*why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why it is revoked");
        return false;
    }
    return feeds_exception_revoke(request->config, request->args[0], request_who(request), why, error) &&
           console_tell(request, "exception-revoked", NULL,
                        json_pack("{s:s, s:s}", "exception", request->args[0], "reason", why), error) &&
           changed(request, reply, "said.permit-revoked", error);
}

static const Route ROUTES[] = {
    {"GET", "/exceptions", PERMITS_SEEN, list},
    {"GET", "/exceptions.csv", PERMITS_SEEN, csv},
    {"GET", "/exceptions/calendar", PERMITS_SEEN, calendar},
    {"GET", "/exceptions/:id", PERMITS_SEEN, show},
    {"POST", "/exceptions/:id/consent", USER_REVIEWER | USER_APPROVER, consent},
    {"POST", "/exceptions/:id/withdraw", USER_APPROVER, withdraw},
    {"POST", "/exceptions/:id/revoke", USER_APPROVER, take_away},
};
const RouteTable EXCEPTIONS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
