#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void mailbox_start(void)
{
    data = support_data();
    config = support_config();
}

static void mailbox_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(mailbox, .init = mailbox_start, .fini = mailbox_stop);

typedef struct {
    const char *text, *values;
} MailboxCase;

static void mailbox_check(const MailboxCase *cases, gsize count, double least)
{
    for (gsize i = 0; i < count; i++) {
        Scanned *scanned = support_scan(data, config, cases[i].text, "smp");
        g_autofree char *values = support_values(scanned, least);
        cr_expect(eq(str, values, (char *)cases[i].values), "case %zu: %s", i, cases[i].text);
        scanned_free(scanned);
    }
}

Test(mailbox, written_forms)
{
    static const MailboxCase CASES[] = {
        {"write to jane.doe@example.org.", "email:jane.doe@example.org"},
        {"Jane Doe <Jane.Doe@Example.ORG>", "email:jane.doe@example.org"},
        {"mailto:jane@example.org?subject=hi", "email:jane@example.org"},
        {"(jane@example.org)", "email:jane@example.org"},
        {"*jane@example.org*", "email:jane@example.org"},
        {"'jane@example.org'", "email:jane@example.org"},
        {"o'brien@example.org", "email:o'brien@example.org"},
        {"jane_doe-99@mail.example.co.uk,", "email:jane_doe-99@mail.example.co.uk"},
        {"a@example.org;b@example.net", "email:a@example.org email:b@example.net"},
        {"email=jane@example.org&x=1", "email:jane@example.org"},
        {"mailto:jane%40example.org", "email:jane@example.org"},
        {"jane@müller.example.org", "email:jane@xn--mller-kva.example.org"},
        {"jane＠example。org", "email:jane@example.org"},
        {"ja\u200bne@exam\u200bple.org", "email:jane@example.org"},
        {"jane@gm\u0430il.com", "email:jane@gmail.com"},
        {"dwhit@gmail.example", "email:dwhit@gmail.example"},
    };
    mailbox_check(CASES, G_N_ELEMENTS(CASES), 0.9);
}

Test(mailbox, disguises)
{
    static const MailboxCase CASES[] = {
        {"jane dot doe at gmail dot com", "email:janedoe@gmail.com"},
        {"jane.doe (at) gmail.com", "email:janedoe@gmail.com"},
        {"jane.doe[at]gmail[dot]com", "email:janedoe@gmail.com"},
        {"jane.doe {at} gmail {dot} com", "email:janedoe@gmail.com"},
        {"jane.doe at gmail.com", "email:janedoe@gmail.com"},
        {"jane99 @ gmail . com", "email:jane99@gmail.com"},
        {"jane99@ gmail.com", "email:jane99@gmail.com"},
        {"j a n e d o e @ g m a i l . c o m", "email:janedoe@gmail.com"},
        {"jane arroba gmail punto com", "email:jane@gmail.com"},
        {"jane (arroba) gmail (punto) com", "email:jane@gmail.com"},
        {"jane underscore doe at yahoo dot com", "email:jane_doe@yahoo.com"},
        {"jane-at-gmail-dot-com", "email:jane@gmail.com"},
        {"janeATgmailDOTcom", "email:jane@gmail.com"},
        {"my email is jane99 at gmail", "email:jane99@gmail.com"},
        {"email me, janedoe at gmail", "email:janedoe@gmail.com"},
        {"my gmail is jane.doe99", "email:janedoe99@gmail.com"},
        {"gmail: jane_doe", "email:jane_doe@gmail.com"},
        {"jdoe99 (gmail)", "email:jdoe99@gmail.com"},
        {"write me: jane@gmail", "email:jane@gmail.com"},
        {"jane @gmail", "email:jane@gmail.com"},
        {"coach dot tb at example dot net", "email:coach.tb@example.net"},
    };
    mailbox_check(CASES, G_N_ELEMENTS(CASES), 0.55);
}

Test(mailbox, what_is_none)
{
    static const MailboxCase CASES[] = {
        {"meet me at school", ""},
        {"look at example.com for more", ""},
        {"we were at gmail headquarters", ""},
        {"@Override public void run()", ""},
        {"logo@2x.png", ""},
        {"git@github.com:org/repo.git", ""},
        {"Message-ID: <20261122.4135@mail.example.org>", ""},
        {"https://user@example.org/path", ""},
        {"5 @ $3.00", ""},
        {"come @ 5pm", ""},
        {"sign in at gmail.com", ""},
        {"me at gmail", ""},
        {"an account at yahoo", ""},
        {"photos at 11 dot the i", ""},
        {"a@b", ""},
    };
    mailbox_check(CASES, G_N_ELEMENTS(CASES), 0.36);
}

Test(mailbox, tells_how_it_was_disguised)
{
    static const struct {
        const char *text, *how;
    } CASES[] = {
        {"jane dot doe at gmail dot com", "at-dot"},
        {"jane@gm\u0430il.com", "homoglyph"},
        {"jane@gmail please", "no-domain"},
        {"jane＠gmail.com", "fullwidth"},
        {"j a n e d o e @ g m a i l . c o m", "spaced"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Scanned *scanned = support_scan(data, config, CASES[i].text, "m");
        const Candidate *candidate = support_first(scanned, KIND_EMAIL);
        cr_assert(ne(ptr, (void *)candidate, NULL), "%s", CASES[i].text);
        cr_expect(support_has(candidate->obfuscation, CASES[i].how), "%s", CASES[i].text);
        scanned_free(scanned);
    }
}
