// One held message: list, message, decision. Why it is held, what was done, what may be done.
#include "console/content.h"
#include "console/held.h"

#include <string.h>

enum { BESIDE = 12 };

// ---- beside: the list it stands in -----------------------------------------------------------------------

// The one before in the list, for going back up.
static bool before(Request *request, Html *html, const HoldFilter *list, const char *query, GError **error)
{
    HoldFilter filter = *list;
    filter.newest = !filter.newest;
    filter.most = 1;
    g_autoptr(GPtrArray) items =
        quarantine_page(desk_quarantine(request->desk), &filter, request->now_us, error);
    if (items == NULL || items->len == 0)
        return items != NULL;
    g_autofree char *path = g_strconcat("/queue/", ((const HoldItem *)items->pdata[0])->record, query, NULL);
    html_open(html, "p", NULL);
    html_say(html, "a", "item.previous", "href", path, "rel", "prev", "data-key", "k", NULL);
    html_close(html, "p");
    return true;
}

static bool beside(Request *request, Html *html, const HoldItem *here, GError **error)
{
    HoldFilter filter = held_filter(request);
    const char *school = request_query(request, "school"), *one[2] = {NULL, NULL};
    if (school != NULL && *school != '\0') {
        one[0] = request_sees_school(request, school) ? school : NULL;
        filter.schools = one;
    }
    g_autofree char *query = held_list_query(request), *key = hold_item_key(here);
    g_autofree char *back = g_strconcat("/queue", query, NULL);
    filter.most = BESIDE;
    filter.after = key;
    g_autoptr(GPtrArray) items =
        quarantine_page(desk_quarantine(request->desk), &filter, request->now_us, error);
    if (items == NULL)
        return false;
    html_open(html, "nav", "class", "beside", "aria-label", words_get(request->words, "item.beside"), NULL);
    html_open(html, "p", NULL);
    html_say(html, "a", "item.back", "href", back, "data-key", "q", NULL);
    html_close(html, "p");
    bool ok = before(request, html, &filter, query, error);
    html_say(html, "h2", "item.next", NULL);
    html_open(html, "ol", "class", "plain", NULL);
    for (guint i = 0; i < items->len; i++) {
        const HoldItem *item = items->pdata[i];
        g_autofree char *path = g_strconcat("/queue/", item->record, query, NULL);
        const char *gist = held_text(item, "gist");
        html_open(html, "li", NULL);
        html_element(html, "a", *gist != '\0' ? gist : words_get(request->words, "queue.pending"), "href",
                     path, "data-key", i == 0 ? "j" : NULL, NULL);
        html_text(html, " ");
        held_age(request, html, item);
        html_close(html, "li");
    }
    html_close(html, "ol");
    if (items->len == 0)
        html_say(html, "p", "item.last", NULL);
    html_close(html, "nav");
    return ok;
}

// ---- who and when ----------------------------------------------------------------------------------------

static void fact_begin(Html *html, const char *key)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
}

static void recipients(Request *request, Html *html, const HoldItem *item, bool revealed, bool blind)
{
    RosterSession *session = desk_roster(request->desk, NULL);
    html_open(html, "ul", "class", "plain", NULL);
    for (guint i = 0; i < item->rcpts->len; i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        g_autoptr(Party) party = session != NULL ? roster_resolve(session, rcpt->address, NULL) : NULL;
        g_autofree char *state = g_strconcat("hold.", hold_state_name(rcpt->state), NULL);
        html_open(html, "li", NULL);
        held_party(request, html, rcpt->address, party != NULL ? role_name(party->role) : "external",
                   revealed);
        if (!blind) {
            html_text(html, " - ");
            html_words(html, state, NULL);
        }
        if (!blind && rcpt->decided_by != NULL) {
            html_text(html, ", ");
            html_text(html, rcpt->decided_by);
        }
        html_close(html, "li");
    }
    html_close(html, "ul");
}

void item_facts(Request *request, Html *html, const HoldItem *item, bool revealed, bool blind)
{
    html_open(html, "dl", "class", "facts", NULL);
    fact_begin(html, "item.from");
    held_party(request, html, held_text(item, "sender"), held_text(item, "sender_role"), revealed);
    html_close(html, "dd");
    fact_begin(html, "item.to");
    recipients(request, html, item, revealed, blind);
    html_close(html, "dd");
    fact_begin(html, "item.held");
    page_time(request, html, item->held_us);
    if (!blind) {
        html_text(html, " (");
        held_age(request, html, item);
        html_text(html, ")");
    }
    html_close(html, "dd");
    fact_begin(html, "item.reference");
    html_element(html, "code", item->record, NULL);
    html_close(html, "dd");
    html_close(html, "dl");
    if (revealed || blind)
        return;
    g_autofree char *path = g_strdup_printf("/queue/%s/names", item->record);
    html_open(html, "details", NULL);
    html_say(html, "summary", "item.names", NULL);
    form_post(request, html, path, "filter");
    form_field(html, "why", "item.names-why", NULL, "required", "", "maxlength", "300", NULL);
    form_button(html, "item.names-show", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

// ---- why -------------------------------------------------------------------------------------------------

static void why_found(Html *html, const json_t *summary, const json_t *reason)
{
    static const char *const LISTS[] = {"findings", "phrases", "records"};
    for (gsize k = 0; k < G_N_ELEMENTS(LISTS); k++) {
        const json_t *places = json_object_get(reason, LISTS[k]), *all = json_object_get(summary, LISTS[k]);
        for (size_t i = 0; i < json_array_size(places); i++) {
            const json_t *finding =
                json_array_get(all, (size_t)json_integer_value(json_array_get(places, i)));
            const char *kind = json_string_value(json_object_get(finding, "kind"));
            const char *value = json_string_value(json_object_get(finding, "value"));
            const char *where = json_string_value(json_object_get(finding, "where"));
            const char *owner = json_string_value(json_object_get(finding, "owner"));
            double sure = json_number_value(json_object_get(finding, "confidence"));
            g_autofree char *percent = g_strdup_printf("%d", (int)(sure * 100 + 0.5));
            html_open(html, "li", NULL);
            html_element(html, "strong", kind != NULL ? kind : "", NULL);
            html_text(html, " ");
            html_mail(html, value);
            html_text(html, " ");
            html_words(html, "why.where", "where", where != NULL ? where : "", "owner",
                       owner != NULL ? owner : "", "percent", percent, NULL);
            const json_t *evidence = json_object_get(finding, "evidence");
            if (json_array_size(evidence) > 0) {
                html_open(html, "ul", "class", "soft", NULL);
                for (size_t e = 0; e < json_array_size(evidence); e++) {
                    html_open(html, "li", NULL);
                    html_mail(html, json_string_value(json_array_get(evidence, e)));
                    html_close(html, "li");
                }
                html_close(html, "ul");
            }
            html_close(html, "li");
        }
    }
}

static void why_rule(Request *request, Html *html, const char *rule)
{
    const Policy *policy = desk_snapshot(request->desk)->policy;
    int today = clock_local_date(request->now_us, request->config->district.timezone);
    g_autoptr(GPtrArray) rules = policy_explain(policy, rule, today);
    const PolicyRuleText *text = rules->len > 0 ? rules->pdata[0] : NULL;
    if (text == NULL)
        return;
    html_open(html, "details", NULL);
    html_say(html, "summary", "why.rule", NULL);
    html_open(html, "pre", NULL);
    for (guint i = 0; i < text->text->len; i++) {
        html_text(html, text->text->pdata[i]);
        html_text(html, "\n");
    }
    html_close(html, "pre");
    html_close(html, "details");
}

static void why_list(Html *html, const char *key, const json_t *texts)
{
    if (json_array_size(texts) == 0)
        return;
    html_say(html, "h4", key, NULL);
    html_open(html, "ul", NULL);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *one = json_array_get(texts, i);
        html_open(html, "li", NULL);
        if (json_is_string(one)) {
            html_mail(html, json_string_value(one));
        } else {
            html_element(html, "code", json_string_value(json_object_get(one, "exception")), NULL);
            html_text(html, ": ");
            html_mail(html, json_string_value(json_object_get(one, "why")));
        }
        html_close(html, "li");
    }
    html_close(html, "ul");
}

void item_why(Request *request, Html *html, const HoldItem *item)
{
    const json_t *reasons = json_object_get(item->summary, "reasons");
    html_open(html, "section", "class", "why", "aria-labelledby", "why-held", NULL);
    html_say(html, "h2", "why.title", "id", "why-held", NULL);
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *rule = json_string_value(json_object_get(reason, "rule"));
        const char *clause = json_string_value(json_object_get(reason, "clause"));
        const char *gist = json_string_value(json_object_get(reason, "gist"));
        html_element(html, "h3", gist != NULL ? gist : rule, NULL);
        html_open(html, "p", NULL);
        html_words(html, "why.cites", "rule", rule != NULL ? rule : "", "clause",
                   clause != NULL ? clause : "-", NULL);
        html_close(html, "p");
        html_open(html, "ul", NULL);
        why_found(html, item->summary, reason);
        html_close(html, "ul");
        why_list(html, "why.facts", json_object_get(reason, "facts"));
        why_list(html, "why.exceptions", json_object_get(reason, "exceptions_tried"));
        if (rule != NULL)
            why_rule(request, html, rule);
    }
    if (json_array_size(reasons) == 0)
        html_say(html, "p", "why.pending", NULL);
    html_close(html, "section");
}

// ---- the message -----------------------------------------------------------------------------------------

static const char *tab_of(Request *request)
{
    const char *asked = request_query(request, "tab");
    const char *found = NULL;
    for (gsize i = 0; asked != NULL && i < CONTENT_TABS_COUNT; i++)
        if (strcmp(CONTENT_TABS[i].name, asked) == 0)
            found = CONTENT_TABS[i].name;
    return found != NULL                                    ? found
           : asked != NULL && strcmp(asked, "history") == 0 ? "history"
           : asked != NULL && strcmp(asked, "proof") == 0   ? "proof"
           : asked != NULL && strcmp(asked, "thread") == 0  ? "thread"
                                                            : CONTENT_TABS[0].name;
}

static void tab_link(Request *request, Html *html, const char *name, const char *key, const char *now)
{
    g_autofree char *path = page_query_with(request, "tab", name);
    html_open(html, "li", NULL);
    html_say(html, "a", key, "href", path, "aria-current", strcmp(name, now) == 0 ? "true" : NULL, "data-key",
             strcmp(name, "html") == 0 ? "h" : NULL, NULL);
    html_close(html, "li");
}

// What a step says, without the addresses of those in the message.
static void history_text(Request *request, Html *html, const HoldItem *item, const char *said, bool revealed)
{
    g_autoptr(GString) text = g_string_new(said);
    if (!revealed) {
        held_veil(request, text, held_text(item, "sender"), held_text(item, "sender_role"));
        held_veil(request, text, item->mail_from, held_text(item, "sender_role"));
        for (guint i = 0; i < item->rcpts->len; i++)
            held_veil(request, text, ((const HoldRcpt *)item->rcpts->pdata[i])->address, NULL);
    }
    html_mail(html, text->str);
}

static bool history(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error)
{
    g_autoptr(GPtrArray) steps = docket_of(desk_docket(request->desk, error), item->record, error);
    if (steps == NULL)
        return false;
    html_open(html, "ol", "class", "history", NULL);
    for (guint i = 0; i < item->steps->len; i++) {
        const HoldStep *step = item->steps->pdata[i];
        html_open(html, "li", NULL);
        page_time(request, html, step->when_us);
        html_text(html, " ");
        html_open(html, "strong", NULL);
        history_text(request, html, item, step->who, revealed);
        html_close(html, "strong");
        html_text(html, " ");
        html_text(html, step->step);
        if (step->why != NULL) {
            html_text(html, ": ");
            history_text(request, html, item, step->why, revealed);
        }
        html_close(html, "li");
    }
    html_close(html, "ol");
    return pair_history(request, html, item, revealed, error);
}

// The record's leaf and its place under the newest checkpoint, checked while the reader waits.
static bool proof(Request *request, Html *html, const HoldItem *item, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = archive_log_prove(request->config, item->record, &why);
    g_autoptr(TlogProof) parsed = text != NULL ? tlog_proof_parse(text, strlen(text), &why) : NULL;
    g_auto(TlogCheckpoint) checkpoint = {0};
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    g_autoptr(ArchiveRecord) record =
        parsed != NULL && tlog_checkpoint_parse(parsed->note->text, &checkpoint, &why)
            ? archive_get_at(request->config, &ref, &why)
            : NULL;
    bool good = false;
    if (record != NULL && parsed->extra != NULL) {
        TlogHash leaf;
        gsize len = 0;
        const void *data = g_bytes_get_data(parsed->extra, &len);
        tlog_leaf_hash(data, len, &leaf);
        good = tlog_check_inclusion(parsed->index, checkpoint.size, &leaf, parsed->proof, &checkpoint.root) &&
               archive_log_leaf_fits(parsed->extra, record->json, record->raw, &why);
    }
    html_say(html, "p", good ? "proof.good" : "proof.bad", "class", good ? "good" : "bad", "role", "status",
             NULL);
    if (why != NULL) {
        html_open(html, "p", NULL);
        html_mail(html, why->message);
        html_close(html, "p");
    }
    if (text != NULL)
        html_element(html, "pre", text, NULL);
    html_say(html, "p", "proof.how", NULL);
    return true;
}

static bool message(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error)
{
    const char *tab = tab_of(request);
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    html_open(html, "section", "class", "message", "aria-labelledby", "message", NULL);
    html_say(html, "h2", "item.message", "id", "message", NULL);
    html_open(html, "ul", "class", "tabs", NULL);
    for (gsize i = 0; i < CONTENT_TABS_COUNT; i++)
        tab_link(request, html, CONTENT_TABS[i].name, CONTENT_TABS[i].key, tab);
    tab_link(request, html, "thread", "tab.thread", tab);
    tab_link(request, html, "history", "tab.history", tab);
    tab_link(request, html, "proof", "tab.proof", tab);
    html_close(html, "ul");
    bool ok = strcmp(tab, "history") == 0  ? history(request, html, item, revealed, error)
              : strcmp(tab, "proof") == 0  ? proof(request, html, item, error)
              : strcmp(tab, "thread") == 0 ? thread_pane(request, html, item, revealed, error)
                                           : content_pane(request, html, &ref, tab, item->record, error);
    html_close(html, "section");
    return ok;
}

// ---- deciding --------------------------------------------------------------------------------------------

static void choice(Html *html, const char *name, const char *value, const char *label, const char *key,
                   bool checked)
{
    g_autofree char *id = g_strconcat(name, "-", value, NULL);
    html_open(html, "div", "class", "check", NULL);
    html_void(html, "input", "type", "radio", "id", id, "name", name, "value", value, "required", "",
              "data-key", key, "checked", checked ? "" : NULL, NULL);
    html_say(html, "label", label, "for", id, NULL);
    html_close(html, "div");
}

// Chosen by its number too, where single keys are on.
static void reason_option(Html *html, const char *value, const char *text, gsize number, bool chosen)
{
    g_autofree char *key = g_strdup_printf("%" G_GSIZE_FORMAT, number);
    html_element(html, "option", text, "value", value, "data-key", key, "selected", chosen ? "" : NULL, NULL);
}

static void reason_choice(Html *html, const Words *words, const char *chosen)
{
    static const char *const REASONS[] = {"false-positive", "permitted", "harmless",
                                          "policy",         "safety",    "other"};
    form_select_begin(html, "reason", "decide.reason");
    form_option_say(html, "", "decide.choose", chosen == NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        g_autofree char *key = g_strconcat("reason.", REASONS[i], NULL);
        reason_option(html, REASONS[i], words_get(words, key), i + 1, g_strcmp0(chosen, REASONS[i]) == 0);
    }
    form_select_end(html);
}

static void together_check(Html *html, const char *name, const char *label)
{
    html_open(html, "div", "class", "check", NULL);
    html_void(html, "input", "type", "checkbox", "id", name, "name", name, "value", "yes", NULL);
    html_element(html, "label", label, "for", name, NULL);
    html_close(html, "div");
}

// `as`: what was decided about the message that this one is a duplicate of; NULL = nothing.
static void decide_form(Request *request, Html *html, const HoldItem *item, guint alike, guint duplicates,
                        const DocketEntry *as)
{
    int chosen = as != NULL ? (int)as->action : -1;
    g_autofree char *comment =
        as != NULL ? words_fill(request->words, "duplicate.comment", "record", as->record, NULL) : NULL;
    g_autofree char *path = g_strdup_printf("/queue/%s/decide", item->record);
    g_autofree char *query = held_list_query(request), *others = g_strdup_printf("%u", alike - 1);
    form_post(request, html, path, "decide");
    form_hidden(html, "list", query);
    html_open(html, "fieldset", NULL);
    html_say(html, "legend", "decide.title", NULL);
    choice(html, "action", "release", "action.release", "r", chosen == DOCKET_RELEASE);
    choice(html, "action", "coach", "action.coach", "c", chosen == DOCKET_COACH);
    choice(html, "action", "deny", "action.deny", "d", chosen == DOCKET_DENY);
    html_close(html, "fieldset");
    reason_choice(html, request->words, as != NULL ? as->reason : NULL);
    form_area(html, "comment", "decide.comment", comment, "maxlength", "2000", NULL);
    if (alike > 1) {
        g_autofree char *label = words_fill(request->words, "decide.alike", "n", others, NULL);
        together_check(html, "alike", label);
    }
    if (duplicates > 0) {
        g_autofree char *number = g_strdup_printf("%u", duplicates);
        g_autofree char *label = words_fill(request->words, "duplicate.decide", "n", number, NULL);
        together_check(html, "duplicates", label);
    }
    html_say(html, "button", "decide.preview", "type", "submit", "class", "main", "data-key", "p", NULL);
    html_close(html, "form");
}

static void other_steps(Request *request, Html *html, const HoldItem *item)
{
    g_autofree char *claim = g_strdup_printf("/queue/%s/claim", item->record);
    g_autofree char *note = g_strdup_printf("/queue/%s/note", item->record);
    g_autofree char *ask = g_strdup_printf("/queue/%s/ask", item->record);
    g_autofree char *question = g_strdup_printf("/queue/%s/question", item->record);
    g_autofree char *escalate = g_strdup_printf("/queue/%s/escalate", item->record);
    html_open(html, "p", NULL);
    if (item->claimed_by != NULL)
        html_words(html, "item.claimed", "who", item->claimed_by, NULL);
    html_close(html, "p");
    form_act(request, html, claim, "item.claim");
    const char *const steps[][3] = {{note, "item.note", "item.note-go"},
                                    {question, "item.question", "item.question-go"},
                                    {ask, "item.ask", "item.ask-go"},
                                    {escalate, "item.escalate", "item.escalate-go"}};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        html_open(html, "details", NULL);
        html_say(html, "summary", steps[i][1], NULL);
        form_post(request, html, steps[i][0], NULL);
        g_autofree char *id = g_strdup_printf("text-%" G_GSIZE_FORMAT, i);
        html_open(html, "div", "class", "field", NULL);
        html_say(html, "label", "item.words", "for", id, NULL);
        html_element(html, "textarea", NULL, "id", id, "name", "text", "maxlength", "2000", "required", "",
                     NULL);
        html_close(html, "div");
        form_button(html, steps[i][2], NULL, NULL, NULL);
        html_close(html, "form");
        html_close(html, "details");
    }
}

static bool decision_pane(Request *request, Html *html, const HoldItem *item, GError **error)
{
    g_autoptr(GError) conflict = NULL;
    g_autoptr(DocketEntry) live = NULL;
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) alike =
        docket != NULL
            ? quarantine_alike(desk_quarantine(request->desk), item->record, held_scope(request), 200, error)
            : NULL;
    g_autoptr(GPtrArray) duplicates = g_ptr_array_new_with_free_func((GDestroyNotify)hold_item_free);
    g_autoptr(DocketEntry) as = NULL;
    if (alike == NULL || !docket_live(docket, item->record, &live, error) ||
        !duplicate_items(request, item, duplicates, error) ||
        !duplicate_notice(request, html, item, &as, error))
        return false;
    bool open = false;
    for (guint i = 0; i < item->rcpts->len; i++) {
        HoldState state = ((HoldRcpt *)item->rcpts->pdata[i])->state;
        open = open || state == HOLD_HELD || state == HOLD_PENDING;
    }
    html_open(html, "section", "class", "deciding", "aria-labelledby", "deciding", NULL);
    html_say(html, "h2", "decide.pane", "id", "deciding", NULL);
    if (!open)
        html_say(html, "p", "decide.closed", NULL);
    if (!open && !reopen_pane(request, html, item, error))
        return false;
    if (open && live == NULL && held_may_decide(request, item, &conflict))
        decide_form(request, html, item, MAX(alike->len, 1), duplicates->len, as);
    if (conflict != NULL) {
        html_open(html, "p", "class", "note", NULL);
        html_mail(html, conflict->message);
        html_close(html, "p");
    }
    if (open && conflict == NULL) {
        if (!permits_pane(request, html, item, error))
            return false;
        other_steps(request, html, item);
        if (!assign_pane(request, html, item, error))
            return false;
        duplicate_form(request, html, item);
    }
    html_close(html, "section");
    return true;
}

// ---- the page --------------------------------------------------------------------------------------------

static bool item_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    Tri reveals = item != NULL ? held_reveals(request, item->record, error) : TRI_UNKNOWN;
    if (reveals == TRI_UNKNOWN)
        return false;
    const char *subject = held_text(item, "subject");
    g_autoptr(Html) html =
        page_begin_text(request, *subject != '\0' ? subject : words_get(request->words, "item.no-subject"));
    bool ok = held_docket_notice(request, html, item, error);
    html_open(html, "div", "class", "panes", NULL);
    ok = ok && beside(request, html, item, error);
    html_open(html, "div", NULL);
    item_facts(request, html, item, reveals == TRI_YES, false);
    ok = ok && message(request, html, item, reveals == TRI_YES, error);
    html_close(html, "div");
    html_open(html, "div", NULL);
    item_why(request, html, item);
    ok = ok && decision_pane(request, html, item, error);
    html_close(html, "div");
    html_close(html, "div");
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/queue/:id", USER_REVIEWER, item_page}};
const RouteTable ITEM_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
