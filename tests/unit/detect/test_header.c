// What the header's own fields name, and what the raw sweep shows once more.
#include "support.h"

#include "feeds/feeds.h"

#include <string.h>

static char *dir;
static Config *config;
static Roster *roster;
static RosterSession *session;
static DetectData *data;

static void header_start(void)
{
    g_autoptr(GError) error = NULL;
    dir = g_dir_make_tmp("chaperone-header-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(path,
                                  "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                                  "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                                  -1, NULL));
    config = config_load(path, &error);
    cr_assert(ne(ptr, config, NULL), "%s", error ? error->message : "");
    FeedResult *result = feeds_import_path(config, "tests/unit/district", false, TODAY, &error);
    cr_assert(ne(ptr, result, NULL), "%s", error ? error->message : "");
    feed_result_free(result);
    roster = roster_open(config, &error);
    cr_assert(ne(ptr, roster, NULL), "%s", error ? error->message : "");
    session = roster_session_begin(roster, TODAY, &error);
    cr_assert(ne(ptr, session, NULL), "%s", error ? error->message : "");
    data = support_data();
}

static void header_stop(void)
{
    roster_session_end(session);
    roster_unref(roster);
    config_unref(config);
    detect_data_unref(data);
    support_remove(dir);
}

TestSuite(header, .init = header_start, .fini = header_stop);

static void header_passage(Message *message, PassageOrigin origin, const char *header, const char *text)
{
    gsize len = strlen(text);
    g_autofree char *exact = g_memdup2(text, len);
    Passage *passage = message_add_passage(message, 0, origin, VISIBILITY_SHOWN, exact ? exact : "", len);
    passage->header = g_strdup(header);
}

// As the reader hands a field with one mailbox on.
static void header_field(Message *message, const char *header, const char *name, const char *address)
{
    message_add_address(message, header, 0, 0, name, address);
    if (strcmp(header, "To") != 0)
        header_passage(message, ORIGIN_HEADER, header, address);
    if (name)
        header_passage(message, ORIGIN_NAME, header, name);
}

// "email:jane@example.net=sender ..." of the findings, in order.
static char *header_found(Message *message, const char *sender, const char *rcpt, bool *out_hidden)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(sender);
    envelope->auth_login = g_str_has_suffix(sender, "@example.org") ? g_strdup(sender) : NULL;
    envelope_add_rcpt(envelope, rcpt, NULL);
    g_autoptr(Parties) parties = roster_resolve_message(session, envelope, message, &error);
    cr_assert(ne(ptr, parties, NULL), "%s", error ? error->message : "");
    g_autoptr(Detection) detection = detect_run(data, config, message, parties, session, &error);
    cr_assert(ne(ptr, detection, NULL), "%s", error ? error->message : "");
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        g_string_append_printf(out, "%s%s:%s=%s", i ? " " : "", kind_name(finding->kind), finding->value,
                               owner_name(finding->owner));
    }
    *out_hidden = support_has(detection->facts, "hidden-structure");
    return g_strdup(out->str);
}

Test(header, addresses_of_the_writers_fields)
{
    static const struct {
        const char *sender, *from, *name, *field, *address, *also, *want;
    } CASES[] = {
        {"ann@example.org", "ann@example.org", "Ann Archer", NULL, NULL, NULL, ""},
        {"ann@example.org", "ann@example.org", "ann@example.org", NULL, NULL, NULL, ""},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "ann@example.org", NULL, ""},
        {"ann@example.org", "Ann@Example.org", NULL, "Sender", "ann@example.org", NULL, ""},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "band@example.org", NULL, ""},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "bea@example.org", NULL, ""},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "cozyreader77@gmail.com", NULL,
         "email:cozyreader77@gmail.com=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "ann.archer@freemail.example.net", NULL,
         "email:ann.archer@freemail.example.net=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Sender", "archer_a@yahoo.com", NULL,
         "email:archer_a@yahoo.com=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "4135550142@vtext.com", NULL,
         "phone:+14135550142=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Disposition-Notification-To", "archer_a@yahoo.com",
         NULL, "email:archer_a@yahoo.com=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "cozyreader77@gmail.com",
         "cozyreader77@gmail.com", "email:cozyreader77@gmail.com=sender"}, // a recipient, too
        {"ann@example.org", "cozyreader77@gmail.com", NULL, NULL, NULL, NULL,
         "email:cozyreader77@gmail.com=sender"},
        {"ann@example.org", "ann@example.org", "Ann (cozyreader77@gmail.com)", NULL, NULL, NULL,
         "email:cozyreader77@gmail.com=sender"},
        {"ann@example.org", "ann@example.org", "Ann, text 413-555-0142", NULL, NULL, NULL,
         "phone:+14135550142=sender"},
        {"ann@example.org", "ann@example.org", NULL, "Reply-To", "dick.cox69@example.org", NULL, ""},
        // strangers' own
        {"jo@example.net", "jo@example.net", "Jo", NULL, NULL, NULL, ""},
        {"jo@gmail.com", "jo@gmail.com", "jo@gmail.com", NULL, NULL, NULL, ""},
        {"bounce-123@lists.example.net", "jo@gmail.com", "Jo", "Reply-To", "jo.other@yahoo.com", NULL, ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        bool hidden = false;
        g_autoptr(Message) message = message_new();
        header_field(message, "From", CASES[i].name, CASES[i].from);
        header_field(message, "To", NULL, "stu@example.org");
        if (CASES[i].also)
            header_field(message, "To", NULL, CASES[i].also);
        if (CASES[i].field)
            header_field(message, CASES[i].field, NULL, CASES[i].address);
        header_passage(message, ORIGIN_TEXT, NULL, "Practice is at five.");
        g_autofree char *found = header_found(message, CASES[i].sender, "stu@example.org", &hidden);
        cr_expect(eq(str, found, (char *)CASES[i].want), "case %zu: %s", i, CASES[i].address);
        cr_expect(not(hidden));
    }
}

Test(header, sweep_of_what_is_shown_hides_nothing)
{
    static const struct {
        const char *text, *sweep;
        bool hidden;
    } CASES[] = {
        {"Practice is at five.", "From: Ann <ann@example.org>\nTo: Stu <stu@example.org>\nSubject: s\n",
         false},
        {"Write jane.doe77@gmail.com.", "Write jane.do\ne77@gmail.com.", false},
        {"Write jane.doe77@gmail.com.", "Write=20jane.doe77@gmail.com", false},
        {"Write jane.doe77@gmail.com.", "Write =C2=A0jane.doe77@gmail.com", false},
        {"chat.whatsapp.com/Ghk29sLmQe8Alder join",
         "<a href=3D\"https://chat.whatsapp.com/Ghk29\nsLmQe8Alder\">", false},
        {"Practice is at five.", "Write jane.doe77@gmail.com.", true},
        {"Practice is at five.", "Write stu@example.org or cozyreader77@gmail.com.", true},
        {"Write jane.doe77@gmail.com.", "Write bjane.doe77@gmail.com", true},
        {"Write jane.doe77@gmail.com.", "Write jane.doe77@gmail.co", false},
        {"Practice is at five.", "\x01\x02z6@rj21ef.4s9qoh\x03", false}, // chance in coded bytes
        {"Practice is at five.", "UID:20260915T141355-555@calendar.example.net", false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        bool hidden = false;
        g_autoptr(Message) message = message_new();
        header_field(message, "From", "Ann", "ann@example.org");
        header_field(message, "To", "Stu", "stu@example.org");
        header_passage(message, ORIGIN_TEXT, NULL, CASES[i].text);
        header_passage(message, ORIGIN_SWEEP, NULL, CASES[i].sweep);
        g_autofree char *found = header_found(message, "ann@example.org", "stu@example.org", &hidden);
        cr_expect(eq(int, hidden, CASES[i].hidden), "%s: %s", CASES[i].sweep, found);
    }
}
