// The schedule in force, and the destruction of records: what was proposed, who approved it, what became of it.
#include "console/internal.h"

#include "retention/retention.h"

#include <string.h>

#define SEEN (USER_RECORDS | USER_HOLD_MANAGER | USER_AUDITOR | USER_APPROVER)
enum { WHY_MOST = 1000, AUTHORIZATION_MOST = 200 };

// ---- parts -------------------------------------------------------------------------------------------------

static void fact_begin(Html *html, const char *key)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
}

static void fact(Html *html, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    fact_begin(html, key);
    html_mail(html, value);
    html_close(html, "dd");
}

static void table_begin(Html *html, const char *caption, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", caption, NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void number_cell(Html *html, int64_t number)
{
    html_open(html, "td", "class", "number", NULL);
    html_number(html, number);
    html_close(html, "td");
}

static void state_words(Html *html, const Disposal *disposal)
{
    static const char *const KEYS[DISPOSAL_LAST] = {"disposal.proposed", "disposal.executing",
                                                    "disposal.done", "disposal.withdrawn"};
    html_words(html, KEYS[disposal->state], NULL);
}

// ---- the schedule ------------------------------------------------------------------------------------------

static void class_row(Html *html, const RetentionClass *class)
{
    g_autofree char *years = g_strdup_printf("%d", class->years), *days = g_strdup_printf("%d", class->days);
    html_open(html, "tr", NULL);
    html_element(html, "th", class->title, "scope", "row", NULL);
    html_open(html, "td", NULL);
    if (class->permanent)
        html_words(html, "disposal.permanent", NULL);
    else
        html_words(html, "disposal.period", "years", years, "days", days, NULL);
    html_close(html, "td");
    html_element(html, "td", retention_trigger_name(class->trigger), NULL);
    html_element(html, "td", class->item, NULL);
    html_element(html, "td", class->source, NULL);
    html_close(html, "tr");
}

static void schedule_part(Request *request, Html *html)
{
    static const char *const KEYS[] = {"disposal.class", "disposal.how-long", "disposal.from",
                                       "disposal.item", "disposal.source"};
    g_autoptr(GError) why = NULL;
    html_say(html, "h2", "disposal.schedule", NULL);
    if (*request->config->retention.schedule == '\0') {
        html_say(html, "p", "disposal.no-schedule", NULL);
        return;
    }
    g_autoptr(RetentionSchedule) schedule =
        retention_schedule_load(request->config->retention.schedule, &why);
    if (schedule == NULL) {
        html_element(html, "pre", why->message, "class", "wrap", NULL);
        return;
    }
    html_open(html, "dl", "class", "facts", NULL);
    fact(html, "policy.name", retention_schedule_name(schedule));
    fact(html, "policy.version", retention_schedule_version(schedule));
    fact(html, "policy.sha256", retention_schedule_sha256(schedule));
    html_close(html, "dl");
    if (retention_schedule_template(schedule))
        page_notice(html, "note", "disposal.template");
    const GPtrArray *classes = retention_schedule_classes(schedule);
    table_begin(html, "disposal.classes", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < classes->len; i++)
        class_row(html, classes->pdata[i]);
    html_close(html, "div");
}

// ---- the list ----------------------------------------------------------------------------------------------

static void disposal_row(Request *request, Html *html, const Disposal *disposal)
{
    g_autofree char *path = g_strconcat("/retention/", disposal->id, NULL);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, disposal->id);
    html_close(html, "th");
    html_open(html, "td", NULL);
    state_words(html, disposal);
    html_close(html, "td");
    html_open(html, "td", NULL);
    page_time(request, html, disposal->proposed_us);
    html_close(html, "td");
    html_element(html, "td", disposal->proposed_by, NULL);
    number_cell(html, disposal->records);
    number_cell(html, disposal->approvals->len);
    number_cell(html, disposal->destroyed);
    number_cell(html, disposal->kept);
    html_close(html, "tr");
}

static bool retention_page(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"disposal.id",        "disposal.state",   "disposal.when",
                                       "disposal.by",        "disposal.records", "disposal.approvals",
                                       "disposal.destroyed", "disposal.kept"};
    g_autoptr(Retention) retention = retention_open(request->config, error);
    g_autoptr(GPtrArray) list = retention != NULL ? disposal_list(retention, error) : NULL;
    if (list == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "disposal.title");
    schedule_part(request, html);
    html_say(html, "h2", "disposal.disposals", NULL);
    html_say(html, "p", "disposal.hint", "class", "hint", NULL);
    html_element(
        html, "pre",
        "chaperone retention due\nchaperone dispose propose --reason TEXT\nchaperone dispose execute ID\n",
        NULL);
    if (list->len == 0)
        html_say(html, "p", "disposal.none", NULL);
    else
        table_begin(html, "disposal.disposals", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < list->len; i++)
        disposal_row(request, html, list->pdata[i]);
    page_end(request, html, reply);
    return true;
}

// ---- one disposal ------------------------------------------------------------------------------------------

static void approvals(Request *request, Html *html, const Disposal *disposal)
{
    html_say(html, "h2", "disposal.approvals", NULL);
    if (disposal->approvals->len == 0)
        html_say(html, "p", "disposal.nobody", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < disposal->approvals->len; i++) {
        const DisposalApproval *one = disposal->approvals->pdata[i];
        html_open(html, "li", NULL);
        page_time(request, html, one->when_us);
        html_text(html, " ");
        html_element(html, "strong", one->who, NULL);
        html_text(html, " ");
        html_mail(html, one->why);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void counts(Html *html, const Disposal *disposal)
{
    static const char *const KEYS[] = {"disposal.class", "disposal.records", "disposal.item"};
    const char *name;
    json_t *one;
    table_begin(html, "disposal.by-class", KEYS, G_N_ELEMENTS(KEYS));
    json_object_foreach(disposal->classes, name, one)
    {
        html_open(html, "tr", NULL);
        html_element(html, "th", name, "scope", "row", NULL);
        number_cell(html, json_integer_value(json_object_get(one, "records")));
        html_element(html, "td", json_string_value(json_object_get(one, "item")), NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
    if (json_object_size(disposal->under_hold) == 0)
        return;
    html_say(html, "h2", "disposal.under-hold", NULL);
    html_open(html, "ul", NULL);
    json_object_foreach(disposal->under_hold, name, one)
    {
        g_autofree char *number = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(one));
        html_open(html, "li", NULL);
        html_text(html, name);
        html_text(html, ": ");
        html_text(html, number);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void act_forms(Request *request, Html *html, const Disposal *disposal)
{
    g_autofree char *approve = g_strdup_printf("/retention/%s/approve", disposal->id);
    g_autofree char *withdraw = g_strdup_printf("/retention/%s/withdraw", disposal->id);
    if (disposal->state != DISPOSAL_PROPOSED)
        return;
    if (request_may(request, USER_APPROVER)) {
        html_say(html, "h2", "disposal.approve", NULL);
        html_say(html, "p", "disposal.approve-hint", "class", "hint", NULL);
        form_post(request, html, approve, NULL);
        form_field(html, "authorization", "disposal.authorization", disposal->authorization, "maxlength",
                   "200", NULL);
        form_field(html, "why", "holds.why", NULL, "required", "", "maxlength", "1000", NULL);
        form_check(html, "sure", "yes", "disposal.sure", false);
        form_button(html, "disposal.approve-go", NULL, NULL, "danger");
        html_close(html, "form");
    }
    if (request_may(request, USER_APPROVER | USER_RECORDS)) {
        html_say(html, "h2", "disposal.withdraw", NULL);
        form_post(request, html, withdraw, NULL);
        form_field(html, "why", "holds.why", NULL, "required", "", "maxlength", "1000", "id", "why-not",
                   NULL);
        form_button(html, "disposal.withdraw-go", NULL, NULL, NULL);
        html_close(html, "form");
    }
}

static bool disposal_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Retention) retention = retention_open(request->config, error);
    g_autoptr(Disposal) disposal =
        retention != NULL ? disposal_get(retention, request->args[0], error) : NULL;
    if (disposal == NULL)
        return false;
    g_autofree char *certificate = g_strdup_printf("/retention/%s/certificate", disposal->id);
    g_autofree char *records = g_strdup_printf("%u", disposal->records);
    g_autoptr(Html) html = page_begin_text(request, disposal->id);
    html_open(html, "p", NULL);
    html_link_say(html, "/retention", "disposal.back");
    html_close(html, "p");
    html_open(html, "dl", "class", "facts", NULL);
    fact_begin(html, "disposal.state");
    state_words(html, disposal);
    html_close(html, "dd");
    fact(html, "disposal.by", disposal->proposed_by);
    fact(html, "holds.why", disposal->why);
    fact(html, "disposal.records", records);
    fact(html, "disposal.schedule", disposal->schedule);
    fact(html, "disposal.list", disposal->list_sha256);
    fact(html, "disposal.authorization", disposal->authorization);
    html_close(html, "dl");
    counts(html, disposal);
    approvals(request, html, disposal);
    if (disposal->state == DISPOSAL_DONE) {
        html_open(html, "p", NULL);
        html_link_say(html, certificate, "disposal.certificate");
        html_close(html, "p");
    }
    act_forms(request, html, disposal);
    page_end(request, html, reply);
    return true;
}

static bool disposal_note(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Retention) retention = retention_open(request->config, error);
    g_autofree char *text =
        retention != NULL ? disposal_certificate(retention, request->args[0], error) : NULL;
    if (text == NULL)
        return false;
    g_autofree char *name = g_strdup_printf("disposal-%s.txt", request->args[0]);
    reply_download(reply, name, "text/plain", text, strlen(text));
    return true;
}

static bool disposal_agree(Request *request, Reply *reply, GError **error)
{
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    g_autofree char *authorization = request_form_text(request, "authorization", AUTHORIZATION_MOST);
    g_autofree char *path = g_strconcat("/retention/", request->args[0], NULL);
    bool sure = g_strcmp0(request_form(request, "sure"), "yes") == 0 && *why != '\0';
    if (!sure)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why, and that you are sure");
    g_autoptr(Retention) retention = sure ? retention_open(request->config, error) : NULL;
    if (retention == NULL ||
        !disposal_approve(retention, request->args[0], request_who(request),
                          *authorization != '\0' ? authorization : NULL, why, request->now_us, error))
        return false;
    reply_redirect(reply, path, "said.disposal-approved");
    return true;
}

static bool disposal_take_back(Request *request, Reply *reply, GError **error)
{
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    g_autofree char *path = g_strconcat("/retention/", request->args[0], NULL);
    g_autoptr(Retention) retention = retention_open(request->config, error);
    if (retention == NULL ||
        !disposal_withdraw(retention, request->args[0], request_who(request), why, request->now_us, error))
        return false;
    reply_redirect(reply, path, "said.disposal-withdrawn");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/retention", SEEN, retention_page},
    {"GET", "/retention/:id", SEEN, disposal_page},
    {"GET", "/retention/:id/certificate", SEEN, disposal_note},
    {"POST", "/retention/:id/approve", USER_APPROVER, disposal_agree},
    {"POST", "/retention/:id/withdraw", USER_APPROVER | USER_RECORDS, disposal_take_back},
};
const RouteTable DISPOSAL_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
