// Numbers about which next to nothing is told: private where they stand alone, nobody's in ordinary school mail.
#include "support.h"

#include "feeds/feeds.h"

#include <glib/gstdio.h>
#include <string.h>

#define THRESHOLD 0.45 // of the standard policy

typedef struct {
    const char *subject, *text, *link, *file; // NULL = none
    const char *html;                         // the source that `text` is shown from
} Mail;

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    DetectData *data;
} Desk;

static void desk_open(Desk *desk)
{
    g_autoptr(GError) error = NULL;
    desk->dir = g_dir_make_tmp("chaperone-alone-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(desk->dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(path,
                                  "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                                  "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                                  -1, NULL));
    desk->config = config_load(path, &error);
    cr_assert(ne(ptr, desk->config, NULL), "%s", error ? error->message : "");
    FeedResult *result = feeds_import_path(desk->config, "tests/unit/district", false, TODAY, &error);
    cr_assert(ne(ptr, result, NULL), "%s", error ? error->message : "");
    feed_result_free(result);
    desk->roster = roster_open(desk->config, &error);
    cr_assert(ne(ptr, desk->roster, NULL), "%s", error ? error->message : "");
    desk->session = roster_session_begin(desk->roster, TODAY, &error);
    cr_assert(ne(ptr, desk->session, NULL), "%s", error ? error->message : "");
    desk->data = support_data();
}

static void desk_close(Desk *desk)
{
    roster_session_end(desk->session);
    roster_unref(desk->roster);
    config_unref(desk->config);
    detect_data_unref(desk->data);
    support_remove(desk->dir);
}

static void mail_add(Message *message, guint part, PassageOrigin origin, Visibility visibility,
                     const char *header, const char *text)
{
    if (text) {
        gsize len = strlen(text);
        g_autofree char *copy = g_memdup2(text, len);
        Passage *passage = message_add_passage(message, part, origin, visibility, copy ? copy : "", len);
        passage->header = g_strdup(header);
    }
}

// The surest private detail that a teacher's mail to a student gives; its confidence, 0 = none.
static double mail_private(const Desk *desk, const Mail *mail, GString *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) message = message_new();
    g_autoptr(Envelope) envelope = envelope_new();
    message_add_part(message, 0, "1", mail->html ? "text/html" : "text/plain");
    message_add_part(message, 0, "2", "image/png");
    mail_add(message, 0, ORIGIN_HEADER, VISIBILITY_SHOWN, "Subject", mail->subject);
    mail_add(message, 1, mail->html ? ORIGIN_HTML : ORIGIN_TEXT, VISIBILITY_SHOWN, NULL, mail->text);
    mail_add(message, 1, ORIGIN_HTML_SOURCE, VISIBILITY_SOURCE, NULL, mail->html);
    mail_add(message, 1, ORIGIN_LINK, VISIBILITY_SHOWN, NULL, mail->link);
    mail_add(message, 2, ORIGIN_FILENAME, VISIBILITY_SHOWN, NULL, mail->file);
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup("ann@example.org");
    envelope->auth_login = g_strdup("ann@example.org");
    envelope_add_rcpt(envelope, "uma@students.example.org", NULL);
    g_autoptr(Parties) parties = roster_resolve_message(desk->session, envelope, message, &error);
    cr_assert(ne(ptr, parties, NULL), "%s", error ? error->message : "");
    g_autoptr(Detection) detection =
        detect_run(desk->data, desk->config, message, parties, desk->session, &error);
    cr_assert(ne(ptr, detection, NULL), "%s", error ? error->message : "");
    double surest = 0;
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        bool private = finding->owner == OWNER_SENDER || finding->owner == OWNER_STAFF ||
                       finding->owner == OWNER_UNKNOWN;
        if (private && finding->kind != KIND_SOLICITATION && finding->confidence > surest) {
            surest = finding->confidence;
            g_string_printf(why, "%s %s of %s, %.2f:", kind_name(finding->kind), finding->value,
                            owner_name(finding->owner), surest);
            for (guint k = 0; k < finding->evidence->len; k++)
                g_string_append_printf(why, " %s;", (const char *)g_ptr_array_index(finding->evidence, k));
        }
    }
    return surest;
}

static void expect_mails(const Mail *mails, gsize count, bool held)
{
    Desk desk;
    desk_open(&desk);
    for (gsize i = 0; i < count; i++) {
        g_autoptr(GString) why = g_string_new(NULL);
        double surest = mail_private(&desk, &mails[i], why);
        bool private = surest >= THRESHOLD;
        cr_expect(private == held, "%zu: %s / %s: %s", i, mails[i].subject, mails[i].text, why->str);
    }
    desk_close(&desk);
}

Test(alone, a_number_alone_is_private)
{
    static const Mail MAILS[] = {
        {"413-555-0142", "Practice at 5.", NULL, NULL, NULL},
        {"Text? 413-555-0142", "Practice at 5.", NULL, NULL, NULL},
        {"practice", "Practice at 5.", NULL, "413-555-0142.png", NULL},
        {"practice", "413-555-0142", NULL, NULL, NULL},
        {"practice", "ok: (413) 555-0142", NULL, NULL, NULL},
        {"practice", "here", "https://wa.me/14135550142", NULL, "here"},
        {"practice", "call", "tel:+14135550142", NULL, "call"},
        {"practice", "write", "mailto:quillfeather88@gmail.com", NULL, "write"},
        {"practice", "see", NULL, NULL, "p:after{content:\"413-555-0142\"}"},
        {"quillfeather88@gmail.com", "Practice at 5.", NULL, NULL, NULL},
    };
    expect_mails(MAILS, G_N_ELEMENTS(MAILS), true);
}

Test(alone, ordinary_school_mail_is_not)
{
    static const Mail MAILS[] = {
        {"Field trip form", "Please return the form by Friday. The museum's front desk is 413-555-0142.",
         NULL, NULL, NULL},
        {"Bus", "The bus company can be reached at 413-555-0142 if your bus is late.", NULL, NULL, NULL},
        {"Order confirmation 4135550142", "Your order 4135550142 ships Monday.", NULL, NULL, NULL},
        {"Your order", "Order number: 4135550142\nTotal: $48.20\nCustomer service: 413-555-0142", NULL, NULL,
         NULL},
        {"College night",
         "Admissions office, Hilltop College\n100 Main Street\n413-555-0142\nadmissions@hilltop.example",
         NULL, NULL, NULL},
        {"Class meeting", "Join by phone: +1 413-555-0142,,84155550123# US\nMeeting ID: 841 5555 0123", NULL,
         NULL, NULL},
        {"Homework", "Problem 4: 413 - 555 + 142 = ?  Problem 5: 4135550142 / 2 = ?", NULL, NULL, NULL},
        {"Practice problems",
         "Read the phone number in the story: Mia dials 413-555-0142. How many even digits?", NULL, NULL,
         NULL},
        {"Rooms", "Room 413  555 seats\nRoom 414  0142 seats\nRoom 415  300 seats", NULL, NULL, NULL},
        {"Scores", "Reed 413\nOrtiz 555\nPark 1042\nSilva 388", NULL, NULL, NULL},
        {"Ticket 413-555", "Ticket: 413-555-0142\nSeat 12 B\nDoors open at 6.", NULL, NULL, NULL},
        {"Library notice", "Your book (barcode 4135550142) is due on Tuesday.", NULL, NULL, NULL},
        {"Nurse", "For poison control call 1-800-222-1222.", NULL, NULL, NULL},
        {"Support", "If you need to talk to somebody, call or text 988 at any hour.", NULL, NULL, NULL},
        {"Hotel", "We stay at the Harbor Inn, front desk 413-555-0142, checkout is at 11.", NULL, NULL, NULL},
        {"Pictures",
         "Lakeside Photo Studio takes the class picture. Questions? Call Lakeside at 413-555-0142.", NULL,
         NULL, NULL},
        {"Yearbook", "The publisher's help line is 413-555-0142, weekdays 9 to 5.", NULL, NULL, NULL},
        {"Theater tickets", "Buy tickets at the box office.", "tel:+14135550142", NULL,
         "Buy tickets at the box office."},
        {"Museum", "Call the museum", "tel:+14135550142", NULL, "Call the museum"},
        {"Main office", "The school office answers at 413-555-0101.", NULL, NULL, NULL},
        {"IMG", "Photos of the game are attached.", NULL, "IMG_4135550142.jpg", NULL},
        {"Invoice", "The invoice is attached.", NULL, "invoice-4135550142.pdf", NULL},
        {"Lab data", "Trial 1: 413.555 g\nTrial 2: 0.142 g\nTrial 3: 555.0142 g", NULL, NULL, NULL},
        {"History", "The treaty of 1413, 555 ships, 0142 men: which number is wrong and why?", NULL, NULL,
         NULL},
        {"Vendors",
         "Name,Phone,Service\nNorthside Tent Rental,413-555-0142,tents\nGreen Catering,413-555-0143,lunch",
         NULL, NULL, NULL},
        {"Career day",
         "Guests: Officer Diaz, Westfield Police Department, 413-555-0142; Dr. Lin, Valley Hospital.", NULL,
         NULL, NULL},
        {"Tracking", "Tracking number 1Z4135550142 was shipped with UPS.", NULL, NULL, NULL},
        {"Permission slip", "Camp Redwood\n12 Lake Road\n413-555-0142", NULL, NULL, NULL},
    };
    expect_mails(MAILS, G_N_ELEMENTS(MAILS), false);
}
