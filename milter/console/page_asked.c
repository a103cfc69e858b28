// Exceptions asked for: the form, filled from a held message's findings; what was asked for; approving by somebody else.
#include "console/content.h"
#include "console/held.h"
#include "console/permits.h"

#include "feeds/feeds.h"

#include <string.h>

enum { LIST_MOST = 20000, TEXT_MOST = 500, WHY_MOST = 1000, DAYS = 14, REASONS_MOST = 50 };

static const char *const KINDS[] = {"approved", "trip", "emergency", "role", "family"};
static const char *const KIND_KEYS[] = {"permits.kind-approved", "permits.kind-trip",
                                        "permits.kind-emergency", "permits.kind-role", "permits.kind-family"};

// What the form has: of the request, or made from a held message.
typedef struct {
    char *id, *kind, *staff, *students, *values, *from, *until, *direction, *purpose, *why, *record;
    bool purpose_required;
} Fields;

static void fields_clear(Fields *fields)
{
    char *texts[] = {fields->id,      fields->kind, fields->staff, fields->students,
                     fields->values,  fields->from, fields->until, fields->direction,
                     fields->purpose, fields->why,  fields->record};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fields, fields_clear)

static void fields_read(Request *request, Fields *out)
{
    *out = (Fields){.id = request_form_text(request, "id", 64),
                    .kind = request_form_text(request, "kind", 20),
                    .staff = request_form_text(request, "staff", TEXT_MOST),
                    .students = request_form_text(request, "students", LIST_MOST),
                    .values = request_form_text(request, "values", LIST_MOST),
                    .from = request_form_text(request, "from", 10),
                    .until = request_form_text(request, "until", 10),
                    .direction = request_form_text(request, "direction", 20),
                    .purpose = request_form_text(request, "purpose", TEXT_MOST),
                    .why = request_form_text(request, "why", WHY_MOST),
                    .record = request_form_text(request, "record", ULID_LEN),
                    .purpose_required = g_strcmp0(request_form(request, "purpose_required"), "yes") == 0};
}

// ---- filled from a message -----------------------------------------------------------------------------------

static void add_once(GPtrArray *list, const char *text)
{
    if (text != NULL && !g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
        g_ptr_array_add(list, (char *)text);
}

static char *joined_lines(GPtrArray *list)
{
    g_ptr_array_add(list, NULL);
    return g_strjoinv("\n", (char **)list->pdata);
}

// The ways to reach somebody for which a rule holds the message.
static char *values_of(const Judgement *judgement)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    const GPtrArray *reasons = judgement->decision->reasons, *findings = judgement->detection->findings;
    for (guint i = 0; i < MIN(reasons->len, REASONS_MOST); i++) {
        const Reason *reason = reasons->pdata[i];
        for (guint k = 0; reason->effective == ACTION_HOLD && k < reason->findings->len; k++) {
            const Finding *finding = findings->pdata[g_array_index(reason->findings, guint, k)];
            if (kind_is_contact(finding->kind))
                add_once(values, finding->value);
        }
    }
    return joined_lines(values);
}

static char *parties_of(const Parties *parties, Role role)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; i < parties->rcpts->len; i++) {
        const Party *party = parties->rcpts->pdata[i];
        if (party->role == role)
            add_once(found, party->canonical);
    }
    return joined_lines(found);
}

static char *date_after(Request *request, int64_t us, int days)
{
    int date =
        clock_local_date(us + days * (86400 * (int64_t)G_USEC_PER_SEC), request->config->district.timezone);
    return exception_date(date);
}

static bool fields_of_message(Request *request, const HoldItem *item, Fields *out, GError **error)
{
    g_autoptr(ArchiveRecord) record = archive_get(request->config, item->record, error);
    const Content *content = record != NULL && console_view_log(request, item->record, "findings",
                                                                "asking for an exception", NULL, error)
                                 ? content_read(request, record->ref, error)
                                 : NULL;
    if (content == NULL)
        return false;
    const Parties *parties = content->judgement->parties;
    bool by_staff = parties->sender->role == ROLE_STAFF;
    g_autofree char *staff = by_staff ? NULL : parties_of(parties, ROLE_STAFF);
    out->staff = by_staff ? g_strdup(parties->sender->canonical) : g_strndup(staff, strcspn(staff, "\n"));
    out->students = by_staff ? parties_of(parties, ROLE_STUDENT) : g_strdup(parties->sender->canonical);
    out->direction = g_strdup(way_name(by_staff ? WAY_TO_STUDENTS : WAY_FROM_STUDENTS));
    out->values = values_of(content->judgement);
    out->from = date_after(request, item->held_us, 0);
    return true;
}

static bool fields_new(Request *request, Fields *out, GError **error)
{
    char ulid[ULID_LEN + 1];
    const char *record = request_query(request, "record");
    if (!ulid_new(request->now_us, ulid, error))
        return false;
    *out = (Fields){.id = g_strconcat("EX-", ulid + ULID_LEN - 8, NULL),
                    .kind = g_strdup(KINDS[0]),
                    .until = date_after(request, request->now_us, DAYS),
                    .record = g_strdup(record != NULL ? record : "")};
    if (*out->record == '\0') {
        out->from = date_after(request, request->now_us, 0);
        return true;
    }
    request->args[0] = g_strdup(out->record);
    g_autoptr(HoldItem) item = held_item(request, error);
    return item != NULL && held_may_decide(request, item, error) &&
           fields_of_message(request, item, out, error);
}

// ---- the form ----------------------------------------------------------------------------------------------

static void kind_field(Html *html, const char *chosen)
{
    form_select_begin(html, "kind", "permits.kind");
    for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++)
        form_option_say(html, KINDS[i], KIND_KEYS[i], g_strcmp0(chosen, KINDS[i]) == 0);
    form_select_end(html);
}

static void direction_field(Html *html, const char *chosen)
{
    static const char *const KEYS[WAY_LAST] = {"permits.to-students", "permits.from-students",
                                               "permits.both"};
    form_select_begin(html, "direction", "permits.direction");
    for (int i = 0; i < WAY_LAST; i++)
        form_option_say(html, way_name((Way)i), KEYS[i], g_strcmp0(chosen, way_name((Way)i)) == 0);
    form_select_end(html);
}

static void form_show(Request *request, Reply *reply, const Fields *fields, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "permits.ask");
    html_open(html, "p", NULL);
    html_link_say(html, "/exceptions", "permits.back");
    html_close(html, "p");
    if (wrong != NULL) {
        html_open(html, "p", "class", "bad", "role", "alert", NULL);
        html_mail(html, wrong);
        html_close(html, "p");
        reply->status = 400;
    }
    html_say(html, "p", *fields->record != '\0' ? "permits.ask-message" : "permits.ask-hint", NULL);
    form_post(request, html, "/exceptions/ask", NULL);
    form_hidden(html, "record", fields->record);
    form_field(html, "id", "permits.id", fields->id, "required", "", "maxlength", "64", NULL);
    kind_field(html, fields->kind);
    form_field(html, "staff", "permits.staff", fields->staff, "required", "", "maxlength", "500", NULL);
    form_area(html, "students", "permits.students-lines", fields->students, "required", "", "spellcheck",
              "false", NULL);
    form_area(html, "values", "permits.values-lines", fields->values, "required", "", "spellcheck", "false",
              NULL);
    direction_field(html, fields->direction);
    form_field(html, "from", "permits.from", fields->from, "type", "date", "required", "", NULL);
    form_field(html, "until", "permits.until", fields->until, "type", "date", "required", "", NULL);
    form_field(html, "purpose", "permits.purpose", fields->purpose, "maxlength", "500", NULL);
    form_check(html, "purpose_required", "yes", "permits.purpose-required", fields->purpose_required);
    form_area(html, "why", "permits.ask-why", fields->why, "required", "", "maxlength", "1000", NULL);
    form_button(html, "permits.ask-go", NULL, NULL, "main");
    html_close(html, "form");
    page_end(request, html, reply);
}

static bool ask_page(Request *request, Reply *reply, GError **error)
{
    g_auto(Fields) fields = {0};
    if (!fields_new(request, &fields, error))
        return false;
    form_show(request, reply, &fields, NULL);
    return true;
}

static char **lines_of(const char *text)
{
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n;", -1);
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    for (char **line = lines; *line != NULL; line++)
        if (*g_strstrip(*line) != '\0')
            g_strv_builder_add(out, *line);
    return g_strv_builder_end(out);
}

// As it would be added; NULL with `error`.
static RosterException *fields_check(Request *request, const Fields *fields, GError **error)
{
    g_auto(GStrv) students = lines_of(fields->students), values = lines_of(fields->values);
    const RosterException raw = {.id = fields->id,
                                 .kind = fields->kind,
                                 .staff = fields->staff,
                                 .students = students,
                                 .values = values,
                                 .from = exception_date_of(fields->from),
                                 .until = exception_date_of(fields->until),
                                 .approver = (char *)"",
                                 .purpose_required = fields->purpose_required,
                                 .purpose = fields->purpose};
    RosterException made = raw;
    if (!way_parse(fields->direction, &made.way))
        made.way = WAY_LAST;
    return feeds_exception_check(request->config, &made, error);
}

// The held message that the form is about may be decided about by the reader. False with `error`.
static bool record_is_theirs(Request *request, const char *record, GError **error)
{
    if (*record == '\0')
        return true;
    g_free(request->args[0]);
    request->args[0] = g_strdup(record);
    g_autoptr(HoldItem) item = held_item(request, error);
    return item != NULL && held_may_decide(request, item, error);
}

static bool ask(Request *request, Reply *reply, GError **error)
{
    g_auto(Fields) fields = {0};
    g_autoptr(GError) wrong = NULL;
    char id[ULID_LEN + 1];
    fields_read(request, &fields);
    if (!record_is_theirs(request, fields.record, error))
        return false;
    g_autoptr(RosterException) made = fields_check(request, &fields, &wrong);
    if (made == NULL && !g_error_matches(wrong, BASE_ERROR, BASE_ERROR_DATA)) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return false;
    }
    Docket *docket = desk_docket(request->desk, error);
    if (docket == NULL)
        return false;
    json_t *json = made != NULL ? exception_json(made) : NULL;
    const ExceptionAsk asked = {
        .exception = json, .record = fields.record, .who = (char *)request_who(request), .why = fields.why};
    bool ok = json != NULL && docket_ask(docket, &asked, request->now_us, id, &wrong);
    json_decref(json);
    if (!ok) {
        form_show(request, reply, &fields, wrong->message);
        return true;
    }
    g_autofree char *path = g_strconcat("/exceptions/asked/", id, NULL);
    reply_redirect(reply, path, "said.permit-asked");
    return true;
}

// ---- what was asked for ------------------------------------------------------------------------------------

static const char *const STATE_KEYS[ASKED_STATES] = {"permits.open", "permits.approved-state",
                                                     "permits.refused", "permits.taken-back"};

static const char *field_of(const ExceptionAsk *asked, const char *key)
{
    const char *text = json_string_value(json_object_get(asked->exception, key));
    return text != NULL ? text : "";
}

static void asked_row(Request *request, Html *html, const ExceptionAsk *asked)
{
    g_autofree char *path = g_strconcat("/exceptions/asked/", asked->id, NULL);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, field_of(asked, "id"));
    html_close(html, "th");
    html_element(html, "td", field_of(asked, "kind"), NULL);
    html_open(html, "td", NULL);
    html_mail(html, field_of(asked, "staff"));
    html_close(html, "td");
    html_element(html, "td", asked->who, NULL);
    html_open(html, "td", NULL);
    page_time(request, html, asked->asked_us);
    html_close(html, "td");
    html_say(html, "td", STATE_KEYS[asked->state], NULL);
    html_close(html, "tr");
}

static bool asked_list(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"permits.id",  "permits.kind", "permits.staff",
                                       "permits.who", "permits.when", "permits.state"};
    bool all = request_query(request, "all") != NULL;
    Docket *docket = desk_docket(request->desk, error);
    RosterSession *session = docket != NULL ? desk_roster(request->desk, error) : NULL;
    g_autoptr(GPtrArray) list =
        session != NULL
            ? docket_asked(docket, !all, NULL, request_query(request, "after"), PAGE_ROWS + 1, error)
            : NULL;
    if (list == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "permits.asked");
    html_open(html, "p", NULL);
    html_link_say(html, "/exceptions", "permits.back");
    html_text(html, " · ");
    html_link_say(html, all ? "/exceptions/asked" : "/exceptions/asked?all=1",
                  all ? "permits.only-open" : "permits.asked-all");
    html_close(html, "p");
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", "asked", NULL);
    html_say(html, "caption", "permits.asked", "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    guint shown = 0;
    bool ok = true;
    for (guint i = 0; ok && i < MIN(list->len, PAGE_ROWS); i++) {
        const ExceptionAsk *asked = list->pdata[i];
        Tri seen = permit_is_seen(request, session, field_of(asked, "staff"), error);
        ok = seen != TRI_UNKNOWN;
        if (seen == TRI_YES || strcmp(asked->who, request_who(request)) == 0) {
            asked_row(request, html, asked);
            shown++;
        }
    }
    html_close(html, "div");
    if (shown == 0)
        html_say(html, "p", "permits.none-asked", NULL);
    if (list->len > PAGE_ROWS)
        page_more(request, html, ((const ExceptionAsk *)list->pdata[PAGE_ROWS - 1])->id);
    page_end(request, html, reply);
    return ok;
}

// The one of the route's part, if the reader may see it. NULL with `error`.
static ExceptionAsk *asked_one(Request *request, GError **error)
{
    g_autoptr(ExceptionAsk) asked = NULL;
    Docket *docket = desk_docket(request->desk, error);
    RosterSession *session = docket != NULL ? desk_roster(request->desk, error) : NULL;
    Tri found = session != NULL ? docket_asked_find(docket, request->args[0], &asked, error) : TRI_UNKNOWN;
    if (found == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "nothing was asked for as \"%s\"",
                    request->args[0]);
    if (found != TRI_YES)
        return NULL;
    Tri seen = strcmp(asked->who, request_who(request)) == 0
                   ? TRI_YES
                   : permit_is_seen(request, session, field_of(asked, "staff"), error);
    if (seen == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "it is of a school that is not yours");
    return seen == TRI_YES ? g_steal_pointer(&asked) : NULL;
}

static char *list_of(const ExceptionAsk *asked, const char *key)
{
    const json_t *array = json_object_get(asked->exception, key);
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(array); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(json_array_get(array, i)));
    return g_string_free(out, FALSE);
}

static void asked_facts(Request *request, Html *html, const ExceptionAsk *asked)
{
    g_autofree char *students = list_of(asked, "students"), *values = list_of(asked, "values");
    html_open(html, "dl", "class", "facts", NULL);
    permit_fact(html, "permits.state", words_get(request->words, STATE_KEYS[asked->state]));
    permit_fact(html, "permits.who", asked->who);
    html_say(html, "dt", "permits.when", NULL);
    html_open(html, "dd", NULL);
    page_time(request, html, asked->asked_us);
    html_close(html, "dd");
    permit_fact(html, "permits.ask-why", asked->why);
    permit_fact(html, "permits.kind", field_of(asked, "kind"));
    permit_fact(html, "permits.staff", field_of(asked, "staff"));
    permit_fact(html, "permits.students", students);
    permit_fact(html, "permits.values", values);
    permit_fact(html, "permits.direction", field_of(asked, "direction"));
    permit_fact(html, "permits.from", field_of(asked, "from"));
    permit_fact(html, "permits.until", field_of(asked, "until"));
    permit_fact(html, "permits.purpose", field_of(asked, "purpose"));
    permit_fact(html, "permits.record", asked->record);
    permit_fact(html, "permits.by", asked->by);
    permit_fact(html, "permits.note", asked->note);
    permit_fact(html, "permits.came", asked->came);
    html_close(html, "dl");
}

static void asked_steps(Request *request, Html *html, const ExceptionAsk *asked)
{
    g_autofree char *approve = g_strdup_printf("/exceptions/asked/%s/approve", asked->id);
    g_autofree char *refuse = g_strdup_printf("/exceptions/asked/%s/refuse", asked->id);
    g_autofree char *withdraw = g_strdup_printf("/exceptions/asked/%s/withdraw", asked->id);
    if (strcmp(asked->who, request_who(request)) == 0) {
        html_say(html, "p", "permits.own", NULL);
        form_act(request, html, withdraw, "permits.take-back");
        return;
    }
    if (!request_may(request, USER_APPROVER))
        return;
    html_say(html, "h2", "permits.approve", NULL);
    html_say(html, "p", "permits.approve-hint", "class", "hint", NULL);
    form_upload(request, html, approve);
    permit_paper_fields(html, "approval", "permits.approval-paper");
    form_field(html, "note", "permits.note", NULL, "maxlength", "1000", NULL);
    form_button(html, "permits.approve-go", NULL, NULL, "main");
    html_close(html, "form");
    html_say(html, "h2", "permits.refuse", NULL);
    form_post(request, html, refuse, NULL);
    form_field(html, "refusal", "permits.why", NULL, "required", "", "maxlength", "1000", NULL);
    form_button(html, "permits.refuse-go", NULL, NULL, "danger");
    html_close(html, "form");
}

static bool asked_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(ExceptionAsk) asked = asked_one(request, error);
    if (asked == NULL)
        return false;
    g_autoptr(Html) html = page_begin_text(request, field_of(asked, "id"));
    html_open(html, "p", NULL);
    html_link_say(html, "/exceptions/asked", "permits.asked");
    html_close(html, "p");
    asked_facts(request, html, asked);
    if (asked->state == ASKED_APPROVED) {
        g_autofree char *path = g_strconcat("/exceptions/", field_of(asked, "id"), NULL);
        html_open(html, "p", NULL);
        html_link_say(html, path, "permits.see");
        html_close(html, "p");
    }
    if (*asked->record != '\0' && request_may(request, USER_REVIEWER)) {
        g_autofree char *path = g_strconcat("/queue/", asked->record, NULL);
        html_open(html, "p", NULL);
        html_link_say(html, path, "permits.see-message");
        html_close(html, "p");
    }
    if (asked->state == ASKED_OPEN)
        asked_steps(request, html, asked);
    page_end(request, html, reply);
    return true;
}

bool permits_pane(Request *request, Html *html, const HoldItem *item, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) asked =
        docket != NULL ? docket_asked(docket, false, item->record, NULL, PAGE_ROWS, error) : NULL;
    g_autofree char *path = g_strconcat("/exceptions/ask?record=", item->record, NULL);
    if (asked == NULL)
        return false;
    html_open(html, "p", NULL);
    html_link_say(html, path, "permits.release-with");
    html_close(html, "p");
    if (asked->len > 0)
        html_open(html, "ul", NULL);
    for (guint i = 0; i < asked->len; i++) {
        const ExceptionAsk *one = asked->pdata[i];
        g_autofree char *link = g_strconcat("/exceptions/asked/", one->id, NULL);
        html_open(html, "li", NULL);
        html_link(html, link, field_of(one, "id"));
        html_text(html, ": ");
        html_words(html, STATE_KEYS[one->state], NULL);
        html_text(html, *one->came != '\0' ? "; " : "");
        html_mail(html, one->came);
        html_close(html, "li");
    }
    if (asked->len > 0)
        html_close(html, "ul");
    return true;
}

// ---- deciding ----------------------------------------------------------------------------------------------

// By which the roster knows who approves. NULL with `error`.
static const char *approver_address(Request *request, GError **error)
{
    const User *user = request_user(request);
    const char *address = user->address != NULL ? user->address : user->name;
    if (strchr(address, '@') != NULL)
        return address;
    g_set_error(
        error, BASE_ERROR, BASE_ERROR_DATA,
        "an approval bears the approver's mail address, and the account %s has none; whoever keeps the "
        "accounts makes one with `chaperone user add --address ADDRESS`",
        user->name);
    return NULL;
}

// What an approval that a crash cut off has added already is not added twice.
static Tri is_added(Request *request, const RosterException *made, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    if (!exception_book_of(desk_snapshot(request->desk), &book, error))
        return TRI_UNKNOWN;
    g_autoptr(GError) none = NULL;
    const RosterException *there = exception_book_find(&book, made->id, &none);
    return there != NULL && strcmp(there->staff, made->staff) == 0 &&
                   strcmp(there->approver, made->approver) == 0 && there->from == made->from &&
                   there->until == made->until && strcmp(there->kind, made->kind) == 0
               ? TRI_YES
               : TRI_NO;
}

static bool add(Request *request, const RosterException *made, GError **error)
{
    g_autofree char *flaw = NULL;
    bool retro = false;
    Tri added = is_added(request, made, error);
    if (added == TRI_UNKNOWN ||
        (added == TRI_NO && !feeds_exception_add(request->config, made, request_who(request), error)) ||
        !console_tell(request, "exception-added", NULL, exception_added_json(made), error) ||
        !exception_look(request->config, made->id, &flaw, &retro, error))
        return false;
    return !retro || exception_afterwards(request->config, desk_readers(request->desk), made->id,
                                          request_who(request), NULL, NULL, error) >= 0;
}

static bool approve(Request *request, Reply *reply, GError **error)
{
    const char *name = "", *address = approver_address(request, error);
    g_autoptr(ExceptionAsk) seen = address != NULL ? asked_one(request, error) : NULL;
    g_autoptr(ExceptionAsk) asked = NULL;
    g_autofree char *note = request_form_text(request, "note", WHY_MOST);
    g_autofree char *paper = seen != NULL ? permit_paper(request, "approval", &name, error) : NULL;
    Docket *docket = paper != NULL ? desk_docket(request->desk, error) : NULL;
    if (docket == NULL ||
        !docket_ask_may(docket, seen->id, ASKED_APPROVED, request_who(request), &asked, error))
        return false;
    g_autoptr(RosterException) made = exception_from_json(asked->exception, error);
    if (made == NULL)
        return false;
    g_free(made->approver);
    g_free(made->approval);
    made->approver = g_strdup(address);
    made->approval = g_steal_pointer(&paper);
    made->approved = clock_local_date(request->now_us, request->config->district.timezone);
    made->recorded_us = 0;
    if (!add(request, made, error) ||
        !docket_ask_settle(docket, seen->id, ASKED_APPROVED, request_who(request), note, request->now_us,
                           error) ||
        !permits_carry(request->config, docket, desk_quarantine(request->desk), desk_readers(request->desk),
                       request->now_us, error))
        return false;
    g_autofree char *path = g_strconcat("/exceptions/", made->id, NULL);
    reply_redirect(reply, path, "said.permit-approved");
    return true;
}

static bool settle(Request *request, Reply *reply, AskedState state, const char *note, const char *said,
                   GError **error)
{
    g_autoptr(ExceptionAsk) asked = asked_one(request, error);
    Docket *docket = asked != NULL ? desk_docket(request->desk, error) : NULL;
    if (docket == NULL ||
        !docket_ask_settle(docket, asked->id, state, request_who(request), note, request->now_us, error))
        return false;
    reply_redirect(reply, "/exceptions/asked", said);
    return true;
}

static bool refuse(Request *request, Reply *reply, GError **error)
{
    g_autofree char *why = request_form_text(request, "refusal", WHY_MOST);
    if (*why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why it is refused: who asked reads it");
        return false;
    }
    return settle(request, reply, ASKED_REFUSED, why, "said.permit-refused", error);
}

static bool take_back(Request *request, Reply *reply, GError **error)
{
    return settle(request, reply, ASKED_WITHDRAWN, "", "said.permit-taken-back", error);
}

static const Route ROUTES[] = {
    {"GET", "/exceptions/ask", USER_REVIEWER | USER_APPROVER, ask_page},
    {"POST", "/exceptions/ask", USER_REVIEWER | USER_APPROVER, ask},
    {"GET", "/exceptions/asked", PERMITS_SEEN, asked_list},
    {"GET", "/exceptions/asked/:id", PERMITS_SEEN, asked_page},
    {"POST", "/exceptions/asked/:id/approve", USER_APPROVER, approve},
    {"POST", "/exceptions/asked/:id/refuse", USER_APPROVER, refuse},
    {"POST", "/exceptions/asked/:id/withdraw", USER_REVIEWER | USER_APPROVER, take_back},
};
const RouteTable ASKED_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
