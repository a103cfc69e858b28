// Schedules: what is understood, what is refused, and which period a record falls under.
#include "ground.h"

#include <string.h>

#define HEAD "retention = { name = \"t\"; version = \"1\"; adopted = \"x\"; school_year_end = \"06-30\"; "
#define CLASSES                                                                                              \
    "classes = ( { name = \"now\"; days = 0; trigger = \"sent\"; }, { name = \"two\"; years = 2; trigger = " \
    "\"sent\"; }, { name = \"year\"; years = 1; trigger = \"school-year-end\"; }, { name = \"ever\"; "       \
    "permanent = true; }, { name = \"event\"; days = 3; trigger = \"event\"; event = \"closed\"; } ); "
#define RULE(class, more) "{ name = \"" class "-rule\"; class = \"" class "\"; " more " }"

static void put(Ground *ground, const char *text)
{
    g_autoptr(GError) error = NULL;
    cr_assert(file_write_atomic(ground->config->retention.schedule, text, strlen(text), 0640, &error));
}

Test(schedule, mistakes_are_named)
{
    static const struct {
        const char *text, *what;
    } MISTAKES[] = {
        {"", "wants a group"},
        {"retention = { };", "name wants text"},
        {"retention = ", ":1:"},
        {HEAD CLASSES "rules = ( " RULE("none", "all = true;") " ); };", "no class \"none\""},
        {HEAD CLASSES "rules = ( " RULE("now", "") " ); };", "all = true"},
        {HEAD CLASSES "rules = ( " RULE("now", "all = true; when = { role = \"staff\"; };") " ); };",
         "all = true"},
        {HEAD CLASSES "rules = ( " RULE("now", "when = { role = \"king\"; };") " ); };", "no role"},
        {HEAD CLASSES "rules = ( " RULE("now", "when = { };") " ); };", "wants conditions"},
        {HEAD CLASSES "rules = ( " RULE("now", "when = { colour = \"red\"; };") " ); };",
         "\"colour\" is no key"},
        {HEAD CLASSES "rules = ( " RULE("now", "when = { query = \"(\"; };") " ); };", "query"},
        {HEAD CLASSES "rules = ( " RULE("now", "all = true;") ", " RULE("now", "all = true;") " ); };",
         "a second rule"},
        {HEAD
         "classes = ( { name = \"a\"; trigger = \"sent\"; } ); rules = ( " RULE("a", "all = true;") " ); };",
         "wants years or days"},
        {HEAD "classes = ( { name = \"a\"; years = -1; trigger = \"sent\"; } ); rules = ( " RULE(
             "a", "all = true;") " ); };",
         "0 to 200"},
        {HEAD "classes = ( { name = \"a\"; years = 1; trigger = \"birth\"; } ); rules = ( " RULE(
             "a", "all = true;") " ); };",
         "\"birth\" is none of"},
        {HEAD "classes = ( { name = \"a\"; years = 1; permanent = true; } ); rules = ( " RULE(
             "a", "all = true;") " ); };",
         "permanent"},
        {"@include \"x\"\n" HEAD "};", "@include"},
        {"retention = { name = \"t\"; version = \"1\"; school_year_end = \"13-01\"; adopted = \"x\"; };",
         "is no day"},
    };
    Ground ground;
    ground_init(&ground, NULL, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(MISTAKES); i++) {
        g_autoptr(GError) error = NULL;
        put(&ground, MISTAKES[i].text);
        g_autoptr(RetentionSchedule) schedule =
            retention_schedule_load(ground.config->retention.schedule, &error);
        cr_assert_null(schedule, "%s", MISTAKES[i].text);
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
        cr_expect_not_null(strstr(error->message, MISTAKES[i].what), "\"%s\" not in: %s", MISTAKES[i].what,
                           error->message);
    }
    ground_clear(&ground);
}

// A record of `sender` to `rcpt`; `more` is further JSON of the judgement's parties.
static json_t *meta_new(const char *subject, const char *role, bool judged)
{
    json_t *meta = json_pack("{s:s, s:s, s:I, s:I, s:{s:s, s:[{s:s}]}, s:{s:s}}", "id",
                             "01KAAAAAAAAAAAAAAAAAAAAAAA", "sha256", "", "size", (json_int_t)10,
                             "received_us", (json_int_t)NOON, "envelope", "mail_from", "ann@example.org",
                             "rcpts", "address", "ben@example.net", "message", "subject", subject);
    if (judged)
        json_object_set_new(
            meta, "judgement",
            json_pack("{s:[{s:s, s:s, s:s, s:s, s:[s]}, {s:s, s:s, s:n, s:s}], s:[{s:s, s:[s]}]}", "parties",
                      "address", "ann@example.org", "role", "staff", "person", "p-ann", "as", "sender",
                      "schools", "hs", "address", "ben@example.net", "role", role, "person", "as",
                      "recipient", "recipients", "address", "ben@example.net", "rules", "some-rule"));
    return meta;
}

typedef struct {
    const char *rules, *subject, *role;
    bool judged;
    const char *class; // NULL = none
    Tri due;
} ScheduleCase;

static void check(Ground *ground, const ScheduleCase *one)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(HEAD CLASSES "rules = ( %s ); };", one->rules);
    put(ground, text);
    g_autoptr(RetentionSchedule) schedule = retention_schedule(ground->retention, "test", NOON, &error);
    cr_assert_not_null(schedule, "%s", error ? error->message : "");
    g_autoptr(RetentionReckoner) reckoner = retention_reckoner_new(ground->retention, schedule, &error);
    cr_assert_not_null(reckoner, "%s", error ? error->message : "");
    json_t *meta = meta_new(one->subject, one->role, one->judged);
    g_auto(RetentionVerdict) verdict = {0};
    cr_assert(retention_reckon(reckoner, meta, NOON + G_USEC_PER_SEC, &verdict, &error), "%s",
              error ? error->message : "");
    cr_expect_str_eq(verdict.class != NULL ? verdict.class->name : "-", one->class != NULL ? one->class : "-",
                     "%s", one->rules);
    cr_expect_eq(verdict.due, one->due, "%s: %s", one->rules, verdict.why);
    cr_expect_eq(verdict.holds->len, 0);
    json_decref(meta);
}

#define WHEN(class, when) RULE(class, "when = { " when " };")
Test(schedule, the_longest_wins_and_unknown_is_kept)
{
    static const ScheduleCase CASES[] = {
        {RULE("now", "all = true;"), "x", "staff", true, "now", TRI_YES},
        {RULE("now", "all = true;") ", " RULE("two", "all = true;"), "x", "staff", true, "two", TRI_NO},
        {RULE("two", "all = true;") ", " RULE("now", "all = true;"), "x", "staff", true, "two", TRI_NO},
        {RULE("ever", "all = true;") ", " RULE("two", "all = true;"), "x", "staff", true, "ever", TRI_NO},
        {RULE("two", "all = true;") ", " RULE("year", "all = true;"), "x", "staff", true, "two", TRI_NO},
        {RULE("now", "all = true;") ", " RULE("event", "all = true;"), "x", "staff", true, "event",
         TRI_UNKNOWN},
        {WHEN("now", "subject = \"menu\";"), "Re: Menu, monday", "staff", true, "now", TRI_YES},
        {WHEN("now", "subject = \"menu\";"), "Menus", "staff", true, NULL, TRI_UNKNOWN},
        {WHEN("now", "subject = [ \"bus\", \"menu\" ];"), "menu", "staff", true, "now", TRI_YES},
        {WHEN("now", "from_role = \"staff\"; to_role = \"guardian\";"), "x", "guardian", true, "now",
         TRI_YES},
        {WHEN("now", "from_role = \"guardian\";"), "x", "guardian", true, NULL, TRI_UNKNOWN},
        {WHEN("now", "role = \"guardian\";"), "x", "guardian", true, "now", TRI_YES},
        {WHEN("now", "school = \"HS\";"), "x", "staff", true, "now", TRI_YES},
        {WHEN("now", "school = \"ms\";"), "x", "staff", true, NULL, TRI_UNKNOWN},
        {WHEN("now", "rule = \"some-rule\";"), "x", "staff", true, "now", TRI_YES},
        {WHEN("now", "address = \"@example.net\";"), "x", "staff", true, "now", TRI_YES},
        {WHEN("now", "address = \"Ben@Example.net\";"), "x", "staff", true, "now", TRI_YES},
        {WHEN("now", "address = \"@example.com\";"), "x", "staff", true, NULL, TRI_UNKNOWN},
        // Whether a longer one applies cannot be told: nobody looked who they are, or a list stands between.
        {RULE("now", "all = true;") ", " WHEN("two", "role = \"student\";"), "x", "staff", false, "two",
         TRI_UNKNOWN},
        {RULE("now", "all = true;") ", " WHEN("two", "to_role = \"student\";"), "x", "list", true, "two",
         TRI_UNKNOWN},
        {RULE("now", "all = true;") ", " WHEN("two", "rule = \"other\";"), "x", "staff", false, "two",
         TRI_UNKNOWN},
        {RULE("now", "all = true;") ", " WHEN("two", "query = \"word\";"), "x", "staff", true, "two",
         TRI_UNKNOWN},
        {RULE("now", "all = true;") ", " WHEN("two", "query = \"word\"; subject = \"y\";"), "x", "staff",
         true, "now", TRI_YES},
        {RULE("now", "when = { subject = \"x\"; }; unless = { role = \"guardian\"; };"), "x", "guardian",
         true, NULL, TRI_UNKNOWN},
        {RULE("now", "when = { subject = \"x\"; }; unless = { role = \"student\"; };"), "x", "guardian", true,
         "now", TRI_YES},
    };
    Ground ground;
    ground_init(&ground, NULL, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        check(&ground, &CASES[i]);
    ground_clear(&ground);
}

// An event's day: the end of that day and three more, where the district is; later than the message.
Test(schedule, days_are_noted)
{
    Ground ground;
    g_autoptr(GError) error = NULL;
    ground_init(&ground, HEAD CLASSES "rules = ( " RULE("event", "all = true;") " ); };", 0);
    g_autoptr(RetentionSchedule) schedule = retention_schedule(ground.retention, "test", NOON, &error);
    json_t *meta = meta_new("x", "staff", true);
    static const struct {
        const char *subject;
        int date;
        const char *due;
    } DAYS[] = {{"p-ann", 20261201, "2026-12-05T05:00:00.000Z"},
                {"01KAAAAAAAAAAAAAAAAAAAAAAA", 20261203, "2026-12-07T05:00:00.000Z"}, // the latest of them
                {"p-ann", 20200101, "2026-12-07T05:00:00.000Z"}};
    for (gsize i = 0; i < G_N_ELEMENTS(DAYS); i++) {
        g_auto(RetentionVerdict) verdict = {0};
        cr_assert(retention_note_day(ground.retention, "closed", DAYS[i].subject, DAYS[i].date, "who", "why",
                                     NOON, &error));
        g_autoptr(RetentionReckoner) reckoner = retention_reckoner_new(ground.retention, schedule, &error);
        cr_assert(retention_reckon(reckoner, meta, NOON, &verdict, &error));
        g_autofree char *due = clock_format(verdict.due_us);
        cr_expect_str_eq(due, DAYS[i].due);
    }
    cr_expect_not(
        retention_note_day(ground.retention, "closed", "p-ann", 20260231, "who", "why", NOON, &error));
    json_decref(meta);
    ground_clear(&ground);
}
