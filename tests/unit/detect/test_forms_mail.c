// E-mail addresses as people write them past a filter.
#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void forms_start(void)
{
    data = support_data();
    config = support_config();
}

static void forms_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(forms_mail, .init = forms_start, .fini = forms_stop);

static void forms_check(const char *const *texts, gsize count, const char *want, double least)
{
    for (gsize i = 0; i < count; i++) {
        Scanned *scanned = support_scan(data, config, texts[i], "smp");
        g_autofree char *values = support_values(scanned, least);
        cr_expect(strcmp(values, want) == 0, "%s -> %s, not %s", texts[i], values, want);
        scanned_free(scanned);
    }
}

#define FORMS(texts, want, least) forms_check(texts, G_N_ELEMENTS(texts), want, least)

Test(forms_mail, plain)
{
    static const char *const TEXTS[] = {
        "jane.doe@example.net",
        "Jane.Doe@Example.Net",
        "<jane.doe@example.net>",
        "mailto:jane.doe@example.net",
        "mailto:jane.doe%40example.net",
        "(jane.doe@example.net)",
        "\"Jane\" <jane.doe@example.net>",
        "e:jane.doe@example.net",
        "jane.doe@example.net.",
        "jane.doe@example.net,",
        "jane.doe@example.net!",
        "*jane.doe@example.net*",
        "email–jane.doe@example.net?",
        "jane.doe@example.net's",
        "email=jane.doe@example.net",
        "|jane.doe@example.net|",
        "jane.doe@example.net/school",
        "'jane.doe@example.net'",
        "“jane.doe@example.net”",
        "jane.doe@example.net\u200b",
        "—jane.doe@example.net—",
    };
    FORMS(TEXTS, "email:jane.doe@example.net", 0.9);
}

Test(forms_mail, other_characters)
{
    static const char *const TEXTS[] = {
        "jane.doe＠example.net",
        "jane．doe＠example．net",
        "ｊａｎｅ．ｄｏｅ＠ｅｘａｍｐｌｅ．ｎｅｔ",
        "jane。doe@example。net",
        "jane.doe﹫example.net",
        "jane.doe@\u200bexample.net",
        "ja\u200dne.doe@exam\u00adple.net",
        "jane.doe@ex\u0430mple.net",
        "j\u0430ne.doe@example.net",
        "𝐣𝐚𝐧𝐞.𝐝𝐨𝐞@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐧𝐞𝐭",
        "ⓙⓐⓝⓔ.ⓓⓞⓔ@ⓔⓧⓐⓜⓟⓛⓔ.ⓝⓔⓣ",
        "\u202eten.elpmaxe@eod.enaj\u202c",
    };
    FORMS(TEXTS, "email:jane.doe@example.net", 0.9);
}

Test(forms_mail, words_for_marks)
{
    static const char *const TEXTS[] = {
        "jane dot doe at example dot net",
        "jane.doe at example dot net",
        "jane dot doe at example.net",
        "jane.doe (at) example.net",
        "jane.doe (at) example (dot) net",
        "jane.doe[at]example[dot]net",
        "jane.doe{at}example{dot}net",
        "jane.doe <at> example <dot> net",
        "jane.doe AT example DOT net",
        "jane.doe -at- example -dot- net",
        "jane.doe_at_example_dot_net",
        "jane.doe*at*example*dot*net",
        "jane.doe /at/ example /dot/ net",
        "jane.doe |at| example |dot| net",
        "jane.doe \"at\" example \"dot\" net",
        "jane.doe 'at' example 'dot' net",
        "jane.doe...at...example...dot...net",
        "jane.doe (@) example.net",
        "jane.doe [@] example.net",
        "jane.doe at sign example dot net",
        "jane.doe AT SIGN example.net",
        "jane.doe at-sign example dot net",
        "jane.doe (at sign) example (dot) net",
        "jane.doe[AT]example.net",
        "jane.doe(a)example.net",
        "jane.doe @ example . net",
        "jane.doe@ example.net",
        "jane.doe @example.net",
        "jane.doe  @  example.net",
        "jane.doe @ example dot net",
        "jane.doe@example dot net",
        "jane.doe@example(dot)net",
        "jane.doe@example[.]net",
        "jane[.]doe[@]example[.]net",
        "jane point doe at example point net",
        "jane period doe at example period net",
        "jane . doe @ example . net",
        "jane (dot) doe (at) example (dot) net",
        "jane [dot] doe [at] example [dot] net",
        "jane.doe arroba example punto net",
        "jane punto doe arroba example punto net",
        "jane.doe (arroba) example (punto) net",
        "jane.doe [arroba] example.net",
        "jane.doe arobase example point net",
        "jane ponto doe arroba example ponto net",

        "jane.doe at example d0t net",

        "jane.doe\nat example dot net",
        "jane.doe @\nexample.net",
        "jane.doe@\nexample.net",
        "jane.doe@example.\nnet",
        "jane dot doe\nat\nexample dot net",
        "jane (no space) dot doe at example dot net",
        "my email: jane dot doe at example dot net (no spaces)",
    };
    FORMS(TEXTS, "email:jane.doe@example.net", 0.6);
}

Test(forms_mail, letter_by_letter)
{
    static const char *const TEXTS[] = {
        "j a n e . d o e @ e x a m p l e . n e t",
        "j-a-n-e-.-d-o-e-@-e-x-a-m-p-l-e-.-n-e-t",
        "j  a  n  e  .  d  o  e  @  e  x  a  m  p  l  e  .  n  e  t",
        "j a n e dot d o e at e x a m p l e dot n e t",
        "J A N E . D O E @ E X A M P L E . N E T",
    };
    FORMS(TEXTS, "email:jane.doe@example.net", 0.6);
}

Test(forms_mail, without_an_ending)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"my email is janedoe99 at gmail", "email:janedoe99@gmail.com"},
        {"email me: janedoe99@gmail", "email:janedoe99@gmail.com"},
        {"janedoe99 @gmail", "email:janedoe99@gmail.com"},
        {"janedoe99 (at) gmail", "email:janedoe99@gmail.com"},
        {"janedoe99[at]gmail", "email:janedoe99@gmail.com"},
        {"jane dot doe99 at gmail", "email:janedoe99@gmail.com"},
        {"janedoe99 on gmail", "email:janedoe99@gmail.com"},
        {"janedoe99 (gmail)", "email:janedoe99@gmail.com"},
        {"email me: janedoe99, gmail", "email:janedoe99@gmail.com"},
        {"janedoe99 - gmail", "email:janedoe99@gmail.com"},
        {"gmail: janedoe99", "email:janedoe99@gmail.com"},
        {"my gmail is janedoe99", "email:janedoe99@gmail.com"},
        {"my gmail's janedoe99", "email:janedoe99@gmail.com"},
        {"gmail = janedoe99", "email:janedoe99@gmail.com"},
        {"gmail (janedoe99)", "email:janedoe99@gmail.com"},
        {"my email: it's gmail, the name is janedoe99", "email:janedoe99@gmail.com"},
        {"find me on gmail as janedoe99", "email:janedoe99@gmail.com"},
        {"on gmail I'm janedoe99", "email:janedoe99@gmail.com"},
        {"on gmail i am janedoe99", "email:janedoe99@gmail.com"},
        {"my gmail account: janedoe99", "email:janedoe99@gmail.com"},
        {"my gmail address is janedoe99", "email:janedoe99@gmail.com"},
        {"my gmail username is janedoe99", "email:janedoe99@gmail.com"},
        {"mi gmail es janedoe99", "email:janedoe99@gmail.com"},
        {"mi correo es janedoe99 arroba gmail", "email:janedoe99@gmail.com"},
        {"my personal email is jane doe (no space) at gmail", "email:janedoe@gmail.com"},
        {"my email is jane doe at gmail, no spaces", "email:janedoe@gmail.com"},
        {"jane doe, all one word, at gmail", "email:janedoe@gmail.com"},
        {"my email is jane doe all one word at gmail dot com", "email:janedoe@gmail.com"},
        {"email: jane underscore doe at yahoo", "email:jane_doe@yahoo.com"},
        {"jane_doe at hotmail", "email:jane_doe@hotmail.com"},
        {"jane.doe99 at icloud", "email:jane.doe99@icloud.com"},
        {"write me at jane_doe at proton", "email:jane_doe@proton.me"},
        {"janedoe99@g mail", "email:janedoe99@gmail.com"},
        {"janedoe99 at g-mail", "email:janedoe99@gmail.com"},
        {"janedoe99 at gee mail", "email:janedoe99@gmail.com"},
        {"janedoe99 at googlemail", "email:janedoe99@gmail.com"},
        {"janedoe99 at gmale", "email:janedoe99@gmail.com"},
        {"janedoe99 at gmail,com", "email:janedoe99@gmail.com"},
        {"janedoe99@gmail,com", "email:janedoe99@gmail.com"},
        {"janedoe99@gmailcom", "email:janedoe99@gmail.com"},
        {"janedoe99@gmail com", "email:janedoe99@gmail.com"},
        {"janedoe99@gmaildotcom", "email:janedoe99@gmail.com"},
        {"janedoe99atgmaildotcom", "email:janedoe99@gmail.com"},
        {"janedoe99ATgmailDOTcom", "email:janedoe99@gmail.com"},
        {"janedoe99@gm@il.com", "email:janedoe99@gmail.com"},
        {"jane dot doe ninety nine at gmail dot com", "email:janedoe99@gmail.com"},
        {"janedoe nine nine at gmail dot com", "email:janedoe99@gmail.com"},
        {"jane dash doe at yahoo dot com", "email:jane-doe@yahoo.com"},
        {"jane hyphen doe at yahoo dot com", "email:jane-doe@yahoo.com"},
        {"jane guion bajo doe arroba yahoo punto com", "email:jane_doe@yahoo.com"},
        {"jane plus school at yahoo dot com", "email:jane@yahoo.com"},
        {"My personal account is janedoe99. It's a gmail address.", "email:janedoe99@gmail.com"},
        {"Write to janedoe99, that's with gmail.", "email:janedoe99@gmail.com"},
        {"My private email: janedoe99. Gmail of course.", "email:janedoe99@gmail.com"},
        {"I use gmail. The name there is janedoe99.", "email:janedoe99@gmail.com"},
        {"You can email me at home. It is a Yahoo account, the name is jane_doe.",
         "email:jane_doe@yahoo.com"},
        {"username janedoe99\nprovider gmail", "email:janedoe99@gmail.com"},
        {"email me, I'm janedoe99 and it's the google one, gmail", "email:janedoe99@gmail.com"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        forms_check(&CASES[i].text, 1, CASES[i].want, 0.5);
}

Test(forms_mail, domains)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"jane@m\u00fcller.example.org", "email:jane@xn--mller-kva.example.org"},
        {"jane@xn--mller-kva.example.org", "email:jane@xn--mller-kva.example.org"},
        {"jane at müller dot example dot org", "email:jane@xn--mller-kva.example.org"},
        {"jane@gm\u0430\u0456l.com", "email:jane@gmail.com"},
        {"jane@yah\u043e\u043e.com", "email:jane@yahoo.com"},
        {"jane@h\u03bftmail.com", "email:jane@hotmail.com"},
        {"jane@mail.example.co.uk", "email:jane@mail.example.co.uk"},
        {"jane at mail dot example dot co dot uk", "email:jane@mail.example.co.uk"},
        {"jane+kids@example.net", "email:jane@example.net"},
        {"o'hara@example.net", "email:o'hara@example.net"},
        {"4135550142@example.net", "email:4135550142@example.net"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        forms_check(&CASES[i].text, 1, CASES[i].want, 0.6);
}

// The service in a sentence of its own, and nothing else that could be meant.
Test(forms_mail, apart_from_the_service)
{
    static const char *const TEXTS[] = {
        "my gmail? jane.doe77 ... works best",
        "My gmail? jane.doe77",
        "my gmail... jane.doe77",
        "My gmail? It's jane.doe77",
        "It's jane.doe77. Gmail.",
        "it's jane.doe77. gmail, of course",
        "jane.doe77. Gmail.",
        "jane.doe77 ... gmail",
        "jane.doe77, gmail",
        "jane.doe77 / gmail",
        "Gmail user here: jane.doe77",
        "My address? jane.doe77. It is a gmail one.",
        "I have gmail too. jane.doe77 works best.",
        "I use gmail. Try jane.doe77",
        "write to jane.doe77, it's a gmail",
        "My email is jane.doe77 and then the usual gmail ending",
        "jane.doe77, at the usual g mail",
        "mi gmail? jane.doe77",
        "Es jane.doe77. Gmail.",
        "My gmail?\njane.doe77",
        "It's jane.doe77.\nGmail.",
        "Mine is gmail: jane.doe77",
    };
    static const char *const YAHOO[] = {"my yahoo one, jane_doe77, works best", "It's jane_doe77. On Yahoo.",
                                        "jane_doe77, yahoo"};
    FORMS(TEXTS, "email:janedoe77@gmail.com", 0.6);
    FORMS(YAHOO, "email:jane_doe77@yahoo.com", 0.6);
}
