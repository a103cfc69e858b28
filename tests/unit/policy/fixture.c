#include "fixture.h"

#include "feeds/feeds.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define TODAY    20261020
#define STANDARD "conf/policies/standard.conf"

static Policy *standard_policy(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(STANDARD, &text, NULL, NULL), "run from the top directory");
    Policy *policy = policy_parse(STANDARD, text, NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    return policy;
}

District *district_new(void)
{
    return district_from(DISTRICT);
}

District *district_from(const char *roster)
{
    g_autoptr(GError) error = NULL;
    District *district = g_new0(District, 1);
    district->dir = g_dir_make_tmp("chaperone-policy-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(district->dir, "chaperone.conf", NULL);
    cr_assert(
        g_file_set_contents(path,
                            "district = { domains = [\"example.org\"]; timezone = \"America/New_York\"; };\n"
                            "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                            -1, NULL));
    district->config = config_load(path, &error);
    cr_assert_not_null(district->config, "%s", error ? error->message : "");
    FeedResult *result = feeds_import_path(district->config, roster, false, TODAY, &error);
    cr_assert_not_null(result, "%s", error ? error->message : "");
    feed_result_free(result);
    district->roster = roster_open(district->config, &error);
    cr_assert_not_null(district->roster, "%s", error ? error->message : "");
    district->session = roster_session_begin(district->roster, TODAY, &error);
    cr_assert_not_null(district->session, "%s", error ? error->message : "");
    district->policy = standard_policy();
    return district;
}

void district_free(District *district)
{
    roster_session_end(district->session);
    roster_unref(district->roster);
    config_unref(district->config);
    policy_unref(district->policy);
    GDir *dir = g_dir_open(district->dir, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(district->dir, name, NULL);
        (void)g_unlink(path);
    }
    if (dir)
        g_dir_close(dir);
    (void)g_rmdir(district->dir);
    g_free(district->dir);
    g_free(district);
}

// ---- messages --------------------------------------------------------------------------------------------

static void add_address(Message *message, const char *header, const char *text)
{
    const char *open = strchr(text, '<');
    g_autofree char *name = open ? g_strstrip(g_strndup(text, open - text)) : NULL;
    g_autofree char *address = open ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(text);
    message_add_address(message, header, 0, 0, name, address);
}

static char *word_at(char *const *words, guint i)
{
    return i < g_strv_length((char **)words) && strcmp(words[i], "-") != 0 ? g_strdup(words[i]) : NULL;
}

static void add_part(Message *message, const char *text)
{
    static const char *const STATES[] = {"read", "unread", "failed", "container", "waiting", "skipped"};
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    cr_assert_geq(g_strv_length(words), 2, "%s", text);
    bool shown = g_str_has_prefix(words[0], "inline:");
    Part *part = message_add_part(message, 0, "2", shown ? words[0] + strlen("inline:") : words[0]);
    part->size = (gsize)g_ascii_strtoull(words[1], NULL, 10);
    part->name = word_at(words, 2);
    part->sha256 = word_at(words, 3);
    part->attachment = !shown;
    part->content_id = shown ? g_strdup("picture") : NULL;
    g_autofree char *state = word_at(words, 4);
    for (guint i = 0; state && i < G_N_ELEMENTS(STATES); i++)
        if (strcmp(state, STATES[i]) == 0)
            part->state = (PartState)i;
}

static Message *case_message(const Case *row)
{
    Message *message = message_new();
    bool from = false;
    g_auto(GStrv) headers = g_strsplit(row->headers ? row->headers : "", ";", -1);
    for (guint i = 0; headers[i] && *headers[i]; i++) {
        char *value = strchr(headers[i], '=');
        *value++ = '\0';
        from |= strcmp(headers[i], "From") == 0;
        message_add_header(message, headers[i], value);
        if (strchr(value, '@'))
            add_address(message, headers[i], value);
    }
    if (!from)
        add_address(message, "From", row->auth ? row->auth : row->from);
    g_auto(GStrv) facts = g_strsplit(row->facts ? row->facts : "", ",", -1);
    for (guint i = 0; facts[i]; i++)
        message_add_fact(message, facts[i], -1, NULL);
    const char *text = row->text ? row->text : "Dear all, please see the plan for the week.";
    (void)message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text));
    g_auto(GStrv) parts = g_strsplit(row->parts ? row->parts : "", ";", -1);
    for (guint i = 0; parts[i] && *parts[i]; i++)
        add_part(message, parts[i]);
    return message;
}

static int name_index(const char *(*name_of)(int), int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name_of(i), text) == 0)
            return i;
    cr_assert_fail("the test names \"%s\"", text);
    return -1;
}

static const char *layer_at_index(int index)
{
    return layer_name((Layer)index);
}

static Finding *case_finding(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint count = g_strv_length(words);
    Finding *finding = g_new0(Finding, 1);
    cr_assert(count >= 3 && kind_parse(words[0], &finding->kind) && owner_parse(words[1], &finding->owner),
              "%s", text);
    finding->value = g_strdup(words[2]);
    finding->text = g_strdup(words[2]);
    finding->where = g_strdup("body");
    finding->confidence = count > 3 ? g_ascii_strtod(words[3], NULL) : 0.9;
    finding->layer = count > 4 ? (Layer)name_index(layer_at_index, LAYER_LAST, words[4]) : LAYER_WRITTEN;
    finding->owner_person = count > 5 && strcmp(words[5], "-") != 0 ? g_strdup(words[5]) : NULL;
    finding->count = count > 6 ? (guint)atoi(words[6]) : 0;
    finding->obfuscation = g_ptr_array_new_with_free_func(g_free);
    finding->evidence = g_ptr_array_new_with_free_func(g_free);
    return finding;
}

static void link_free(Link *link)
{
    g_free(link->host);
    g_free(link->rest);
    g_free(link);
}

static Link *case_link(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint count = g_strv_length(words);
    Link *link = g_new0(Link, 1);
    cr_assert_geq(count, 2, "%s", text);
    link->host = g_strdup(words[0]);
    link->rest = g_strdup(words[1]);
    link->layer = count > 2 ? (Layer)name_index(layer_at_index, LAYER_LAST, words[2]) : LAYER_WRITTEN;
    link->approved = count > 3 ? TRI_YES : TRI_UNKNOWN;
    return link;
}

static Detection *case_detection(const Case *row)
{
    Detection *detection = g_new0(Detection, 1);
    detection->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    detection->links = g_ptr_array_new_with_free_func((GDestroyNotify)link_free);
    g_auto(GStrv) words = g_strsplit(row->text ? row->text : "six words that the default has", " ", -1);
    detection->written = g_strv_length(words);
    g_auto(GStrv) links = g_strsplit(row->links ? row->links : "", ";", -1);
    for (guint i = 0; links[i] && *links[i]; i++)
        g_ptr_array_add(detection->links, case_link(links[i]));
    detection->facts = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) findings = g_strsplit(row->findings ? row->findings : "", ";", -1);
    for (guint i = 0; findings[i] && *findings[i]; i++)
        g_ptr_array_add(detection->findings, case_finding(findings[i]));
    return detection;
}

static Envelope *case_envelope(const Case *row)
{
    Envelope *envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(row->from);
    envelope->auth_login = g_strdup(row->auth);
    g_auto(GStrv) rcpts = g_strsplit(row->to, ",", -1);
    for (guint i = 0; rcpts[i]; i++)
        envelope_add_rcpt(envelope, rcpts[i], NULL);
    return envelope;
}

// A case made into what policy takes.
typedef struct {
    PolicyInput in;
    Envelope *envelope;
    Message *message;
    Parties *parties;
    Detection *detection;
} Prepared;

static Prepared case_prepare(const District *district, const Policy *policy, const Case *row)
{
    g_autoptr(GError) error = NULL;
    Prepared made = {
        .envelope = case_envelope(row), .message = case_message(row), .detection = case_detection(row)};
    made.parties = roster_resolve_message(district->session, made.envelope, made.message, &error);
    cr_assert_not_null(made.parties, "%s: %s", row->name, error ? error->message : "");
    made.in = (PolicyInput){.config = district->config,
                            .policy = policy,
                            .mode = row->mode ? (Mode)(row->mode - 1) : MODE_ENFORCE,
                            .envelope = made.envelope,
                            .message = made.message,
                            .parties = made.parties,
                            .detection = made.detection,
                            .roster = district->session};
    cr_assert(clock_parse(row->date ? row->date : "2026-10-20T12:00:00-04:00", &made.in.now_us, NULL));
    return made;
}

static void prepared_clear(Prepared *made)
{
    detection_free(made->detection);
    parties_free(made->parties);
    message_free(made->message);
    envelope_free(made->envelope);
}

Decision *case_decide(const District *district, const Policy *policy, const Case *row)
{
    g_autoptr(GError) error = NULL;
    Prepared made = case_prepare(district, policy, row);
    Decision *decision = policy_decide(&made.in, &error);
    cr_assert_not_null(decision, "%s: %s", row->name, error ? error->message : "");
    prepared_clear(&made);
    return decision;
}

PolicyNeeds case_needs(const District *district, const Policy *policy, const Case *row, char **out_rcpts)
{
    g_autoptr(GError) error = NULL;
    Prepared made = case_prepare(district, policy, row);
    PolicyNeeds needs;
    guint count = made.parties->rcpts->len;
    g_autofree bool *rcpts = g_new0(bool, count + 1);
    cr_assert(policy_needs(&made.in, &needs, rcpts, &error), "%s: %s", row->name,
              error ? error->message : "");
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(out, "%s%s", i ? "," : "", rcpts[i] ? "yes" : "no");
    *out_rcpts = g_string_free(g_steal_pointer(&out), FALSE);
    prepared_clear(&made);
    return needs;
}

char *decision_actions(const Decision *decision)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < decision->rcpts->len; i++)
        g_string_append_printf(out, "%s%s", i ? "," : "",
                               action_name(((const RcptDecision *)decision->rcpts->pdata[i])->action));
    return g_string_free(g_steal_pointer(&out), FALSE);
}

const Reason *decision_reason(const Decision *decision, const char *rule)
{
    for (guint i = 0; i < decision->reasons->len; i++)
        if (strcmp(((const Reason *)decision->reasons->pdata[i])->rule, rule) == 0)
            return decision->reasons->pdata[i];
    return NULL;
}

void cases_check(const District *district, const Policy *policy, const Case *rows, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autoptr(Decision) decision = case_decide(district, policy, &rows[i]);
        g_autofree char *actions = decision_actions(decision);
        cr_expect_str_eq(actions, rows[i].expect, "%s: %s", rows[i].name, actions);
        if (rows[i].rule)
            cr_expect_not_null(decision_reason(decision, rows[i].rule), "%s: %s did not fire", rows[i].name,
                               rows[i].rule);
        for (guint j = 0; j < decision->reasons->len; j++)
            cr_expect(*((const Reason *)decision->reasons->pdata[j])->clause, "%s: no clause", rows[i].name);
    }
}

Policy *policy_of(const char *sections, const char *when, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("name = \"t\"; version = 1;\n%s\n"
                        "rules = ( { name = \"r\"; clause = \"A\"; gist = \"g\"; action = "
                        "\"hold\"; when = { %s }; %s } );\n",
                        sections, when, more);
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s: %s", when, error ? error->message : "");
    return policy;
}

void whens_check(const char *roster, const char *sections, const WhenRow *rows, gsize count)
{
    g_autoptr(District) district = district_from(roster);
    for (gsize i = 0; i < count; i++) {
        g_autoptr(Policy) policy = policy_of(sections, rows[i].when, "");
        cases_check(district, policy, &rows[i].row, 1);
    }
}
