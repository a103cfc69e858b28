// The run as a whole, over messages as the reader hands them, with a roster that was imported.
#include "support.h"

#include "feeds/feeds.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    DetectData *data;
} Run;

static void run_settings(Run *run, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(run->dir, "chaperone.conf", NULL);
    g_autofree char *text =
        g_strconcat("district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                    "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                    more, NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    config_unref(run->config);
    run->config = config_load(path, &error);
    cr_assert(ne(ptr, run->config, NULL), "%s", error ? error->message : "");
}

static Run *run_new(void)
{
    g_autoptr(GError) error = NULL;
    Run *run = g_new0(Run, 1);
    run->dir = g_dir_make_tmp("chaperone-run-XXXXXX", NULL);
    run_settings(run, "");
    FeedResult *result = feeds_import_path(run->config, "tests/unit/district", false, TODAY, &error);
    cr_assert(ne(ptr, result, NULL), "%s", error ? error->message : "");
    feed_result_free(result);
    run->roster = roster_open(run->config, &error);
    cr_assert(ne(ptr, run->roster, NULL), "%s", error ? error->message : "");
    run->session = roster_session_begin(run->roster, TODAY, &error);
    cr_assert(ne(ptr, run->session, NULL), "%s", error ? error->message : "");
    run->data = support_data();
    return run;
}

static void run_free(Run *run)
{
    roster_session_end(run->session);
    roster_unref(run->roster);
    config_unref(run->config);
    detect_data_unref(run->data);
    support_remove(run->dir);
    g_free(run);
}

static Passage *run_add(Message *message, guint part, PassageOrigin origin, Visibility visibility,
                        const char *text)
{
    // a heap copy of the exact size, so that a sanitizer sees what reads on
    gsize len = strlen(text);
    g_autofree char *copy = g_memdup2(text, len);
    return message_add_passage(message, part, origin, visibility, copy ? copy : "", len);
}

static Detection *run_detect(const Run *run, Message *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup("teacher@example.org");
    envelope_add_rcpt(envelope, "student@example.org", NULL);
    g_autoptr(Parties) parties = roster_resolve_message(run->session, envelope, message, &error);
    cr_assert(ne(ptr, parties, NULL), "%s", error ? error->message : "");
    Detection *detection = detect_run(run->data, run->config, message, parties, run->session, &error);
    cr_assert(ne(ptr, detection, NULL), "%s", error ? error->message : "");
    return detection;
}

static const Finding *run_finding(const Detection *detection, const char *value)
{
    const Finding *found = NULL;
    guint times = 0;
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        if (strcmp(finding->value, value) == 0) {
            found = finding;
            times++;
        }
    }
    cr_assert(eq(u32, times, 1), "%s", value);
    return found;
}

Test(run, one_detail_in_many_places_is_one_finding)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    message_add_part(message, 0, "1", "text/plain");
    message_add_part(message, 0, "2", "text/html");
    run_add(message, 1, ORIGIN_TEXT, VISIBILITY_SHOWN,
            "Hi, text me at (413) 555-0142.\r\n\r\n> 413.555.0142\r\n");
    run_add(message, 2, ORIGIN_HTML, VISIBILITY_SHOWN, "Hi, text me at (413) 555-0142.");
    run_add(message, 2, ORIGIN_LINK, VISIBILITY_SHOWN, "tel:+14135550142");
    run_add(message, 0, ORIGIN_SWEEP, VISIBILITY_SHOWN, "text me at (413) 555-0142");
    g_autoptr(Detection) detection = run_detect(run, message);
    const Finding *finding = run_finding(detection, "+14135550142");
    cr_expect(eq(int, (int)finding->kind, KIND_PHONE));
    cr_expect(eq(str, finding->where, "body"));
    cr_expect(eq(str, finding->text, "(413) 555-0142"));
    cr_expect(not(finding->sweep_only));
    cr_expect(not(support_has(detection->facts, "hidden-structure")));
    run_free(run);
}

Test(run, what_only_the_sweep_sees_is_hidden_structure)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, "Practice is at five.");
    run_add(message, 0, ORIGIN_SWEEP, VISIBILITY_SHOWN, "Text me at 413-555-0142");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(run_finding(detection, "+14135550142")->sweep_only);
    cr_expect(support_has(detection->facts, "hidden-structure"));
    run_free(run);
}

Test(run, places_have_names)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    Part *part = message_add_part(message, 0, "1", "text/csv");
    part->attachment = true;
    part->name = g_strdup("trip.csv");
    run_add(message, 0, ORIGIN_HEADER, VISIBILITY_SHOWN, "call 413-555-0142")->header = g_strdup("Subject");
    run_add(message, 1, ORIGIN_TABLE, VISIBILITY_SHOWN, "name,cell\nJane,413-555-0143\n");
    run_add(message, 0, ORIGIN_HTML, VISIBILITY_HIDDEN, "my cell 413-555-0144");
    run_add(message, 0, ORIGIN_LINK, VISIBILITY_SHOWN, "https://discord.gg/AbC1");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(eq(str, run_finding(detection, "+14135550142")->where, "subject"));
    cr_expect(eq(str, run_finding(detection, "+14135550143")->where, "attachment:trip.csv"));
    cr_expect(eq(str, run_finding(detection, "+14135550144")->where, "html"));
    cr_expect(support_has(run_finding(detection, "+14135550144")->obfuscation, "hidden-html"));
    cr_expect(eq(str, run_finding(detection, "discord.gg/AbC1")->where, "html"));
    cr_expect(support_has(run_finding(detection, "discord.gg/AbC1")->obfuscation, "link-target"));
    run_free(run);
}

Test(run, spans_are_in_their_passage)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN,
            "Schön: ４１３–555–０142, j\u00e4ne dot doe at gmail dot com, snap: jdoe_99, discord.gg/AbC");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(ge(u32, detection->findings->len, 4));
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
        cr_assert(finding->start < finding->end && finding->end <= passage->len);
        cr_expect(eq(int, strncmp(passage->text + finding->start, finding->text, strlen(finding->text)), 0));
        cr_expect(finding->confidence >= 0 && finding->confidence <= 1);
    }
    run_free(run);
}

Test(run, limits_are_facts)
{
    Run *run = run_new();
    run_settings(run, "limits = { candidates = 50; findings = 10; };\n");
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 100; i++)
        g_string_append_printf(text, "413-555-%04u\n", i);
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str);
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(eq(u32, detection->findings->len, 10));
    cr_expect(support_has(detection->facts, "incomplete"));
    run_free(run);
}

static bool run_has(const Detection *detection, const char *value)
{
    bool found = false;
    for (guint i = 0; i < detection->findings->len && !found; i++)
        found = strcmp(((const Finding *)g_ptr_array_index(detection->findings, i))->value, value) == 0;
    return found;
}

// What stands before and behind a long stretch of something is seen, or the fact says that not all was.
Test(run, long_stretches_end_with_findings_or_a_fact, .timeout = 120)
{
    static const struct {
        const char *piece;
        gsize bytes;
        bool limit; // whether one is hit
    } CASES[] = {
        {"4135550142", 10000000, false},      // one run of figures
        {"4 ", 10000000, false},              // figures one by one
        {"413 555 0142 ", 10000000, true},    // more numbers than are looked at
        {"@", 1000000, false},                // signs
        {"a@b ", 1000000, false},             // with letters
        {"jane@example.net ", 1000000, true}, // addresses
        {"\u200b", 3000000, false},           // a million characters that nobody sees
        {"\u202e", 3000000, false},           // a million turns to the left
        {"\ufffd", 3000000, false},           // what invalid bytes and lone surrogates become
        {"\u0301", 2000000, false},           // a letter with a million accents
        {"\ufdfa", 3000000, false},           // one character that is many
        {"a\n", 1000000, false},              // lines
        {"> ", 1000000, false},               // quoting
        {"a-b-@-c-", 1000000, false},         // letters parted
        {"@handle_14 on snapchat ", 1000000, true},
        {"https://instagram.com/a_b_14 ", 1000000, true},
    };
    Run *run = run_new();
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GString) text = g_string_new("My cell is 413-555-0143.\n\n");
        while (text->len < CASES[i].bytes)
            g_string_append(text, CASES[i].piece);
        g_string_append(text, "\n\nMy home number is 413-555-0197.\n");
        g_autoptr(Message) message = message_new();
        run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str);
        g_autoptr(Detection) detection = run_detect(run, message);
        bool said = support_has(detection->facts, "incomplete");
        bool both = run_has(detection, "+14135550143") && run_has(detection, "+14135550197");
        cr_expect(eq(int, said, CASES[i].limit), "%s", CASES[i].piece);
        cr_expect(said || both, "%s", CASES[i].piece);
    }
    run_free(run);
}

Test(run, a_million_invisible_characters_hide_nothing, .timeout = 30)
{
    Run *run = run_new();
    g_autoptr(GString) text = g_string_new("call 413-55");
    for (guint i = 0; i < 1000000; i++)
        g_string_append(text, "\u200b");
    g_string_append(text, "5-0142");
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str);
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(support_has(detection->facts, "invisible-characters"));
    cr_expect(run_has(detection, "+14135550142"));
    run_free(run);
}

Test(run, invisible_characters_are_a_fact)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new(), plain = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, "call 413-55\u200b5-0142");
    run_add(plain, 0, ORIGIN_TEXT, VISIBILITY_SHOWN,
            "\ufeffHello, a family \U0001f468\u200d\U0001f469\u200d\U0001f467 day");
    g_autoptr(Detection) detection = run_detect(run, message);
    g_autoptr(Detection) other = run_detect(run, plain);
    cr_expect(support_has(detection->facts, "invisible-characters"));
    cr_expect(support_has(run_finding(detection, "+14135550142")->obfuscation, "zero-width"));
    cr_expect(eq(u32, other->facts->len, 0));
    cr_expect(eq(u32, other->findings->len, 0));
    run_free(run);
}

Test(run, links_that_hide_where_they_lead_are_a_fact)
{
    static const struct {
        const char *text;
        bool fact;
    } CASES[] = {
        {"Sign up: bit.ly/3abCDe", true},
        {"See https://tinyurl.com/brass2026.", true},
        {"https://www.is.gd/xYz1", true},
        {"tinyurl[.]com/brass2026", true},
        {"https://lnkd.in/eAbC12", true},
        {"https://myclub.page.link/join", true},
        {"https://safe.example/?url=https%3A%2F%2Fbit.ly%2F3abCDe&data=1", true},
        {"https://t.co/aB3dE", true},
        {"Shorten it with bit.ly, then paste it", false},
        {"https://bit.ly", false},
        {"https://bit.ly/", false},
        {"https://rabbit.ly/3abc", false},
        {"https://forms.gle/aB3dE", false},
        {"https://www.example.org/bit.ly/3abc", false},
        {"The ratio was 3 bit.ly said", false},
    };
    Run *run = run_new();
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = message_new();
        run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, CASES[i].text);
        g_autoptr(Detection) detection = run_detect(run, message);
        cr_expect(eq(int, support_has(detection->facts, "shortened-link"), CASES[i].fact), "%s",
                  CASES[i].text);
    }
    run_free(run);
}

Test(run, every_link_is_told_those_of_approved_tools_too)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN,
            "https://padlet.com/exampleschools/band and https://shop.example.net/a");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_assert(eq(u32, detection->links->len, 2));
    const Link *tool = detection->links->pdata[0], *other = detection->links->pdata[1];
    cr_expect(eq(str, tool->host, "padlet.com"));
    cr_expect(eq(int, tool->approved, TRI_YES));
    cr_expect(eq(str, other->host, "shop.example.net"));
    cr_expect(eq(int, other->approved, TRI_UNKNOWN));
    run_free(run);
}

Test(run, names_in_code_are_no_findings)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN,
            "Remember @Override and @property.\nThe form is https://forms.gle/4135550142 and room 211.\n");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(eq(u32, detection->findings->len, 0));
    run_free(run);
}

Test(run, an_empty_message)
{
    Run *run = run_new();
    g_autoptr(Message) message = message_new();
    run_add(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, "");
    g_autoptr(Detection) detection = run_detect(run, message);
    cr_expect(eq(u32, detection->findings->len, 0));
    cr_expect(eq(u32, detection->facts->len, 0));
    run_free(run);
}
