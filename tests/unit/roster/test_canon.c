#include "fixture.h"

#include "roster/canon.h"

typedef struct {
    const char *in, *out;
} Pair;

static void check(const char *what, const char *in, char *got, const char *expect)
{
    cr_expect(g_strcmp0(got, expect) == 0, "%s of `%s` is %s, not %s", what, in, got, expect);
    g_free(got);
}

Test(canon, addresses)
{
    static const Pair cases[] = {
        {"Dana@Example.ORG", "dana@example.org"},
        {"  <dana@example.org> ", "dana@example.org"},
        {"dana+band@example.org", "dana@example.org"},
        {"+dana@example.org", "+dana@example.org"},
        {"d.a.n.a@gmail.com", "dana@gmail.com"},
        {"d.a.n.a@example.org", "d.a.n.a@example.org"},
        {"D.Ana+list@GoogleMail.com", "dana@gmail.com"},
        {"dana@googlemail.com.", "dana@gmail.com"},
        {"dana@notgooglemail.com", "dana@notgooglemail.com"},
        {"dana@example.org.", "dana@example.org"},
        {"dana@B\303\274cher.example", "dana@xn--bcher-kva.example"},
        {"dana@xn--bcher-kva.example", "dana@xn--bcher-kva.example"},
        {"dana@XN--BCHER-KVA.example", "dana@xn--bcher-kva.example"},
        {"dana@B\303\234CHER\343\200\202example", "dana@xn--bcher-kva.example"},
        {"dana@bu\314\210cher.example", "dana@xn--bcher-kva.example"},
        {"dana@stra\303\237e.example", "dana@xn--strae-oqa.example"},
        {"dana@\357\275\205xample.org", "dana@example.org"},
        {"\303\211lan@example.org", "\303\251lan@example.org"},
        {"\"dana\"@example.org", "dana@example.org"},
        {"\"a@b\"@example.org", "a@b@example.org"},
        {"dana", NULL},
        {"@example.org", NULL},
        {"dana@", NULL},
        {"dana@exa mple.org", NULL},
        {"", NULL},
        {"dana@\xff", NULL},
        {"...@gmail.com", "...@gmail.com"},
    };
    g_autoptr(Config) config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check("address", cases[i].in, roster_canonical_address(config, cases[i].in), cases[i].out);
    cr_expect_null(roster_canonical_address(config, NULL));
}

Test(canon, plus_only_where_configured)
{
    g_autoptr(Config) config = config_defaults();
    g_strfreev(config->district.plus_domains);
    config->district.plus_domains = g_strsplit("example.org", ",", -1);
    check("address", "a+b@example.org", roster_canonical_address(config, "a+b@Example.org"), "a@example.org");
    check("address", "a+b@example.net", roster_canonical_address(config, "a+b@example.net"),
          "a+b@example.net");
}

Test(canon, phones)
{
    static const Pair cases[] = {
        {"4135550142", "+14135550142"},
        {"(413) 555-0142", "+14135550142"},
        {"1-413-555-0142", "+14135550142"},
        {"+1 413.555.0142", "+14135550142"},
        {"tel:+14135550142", "+14135550142"},
        {"413-555-0142 x12", "+14135550142"},
        {"413-555-0142 ext. 3", "+14135550142"},
        {"988", "988"},
        {"555-0142", "5550142"},
        {"+442079460000", "+442079460000"},
        {"12", NULL},
        {"call me", NULL},
        {"4135550142 home", NULL},
        {"12345678901234567", NULL},
        {"", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check("phone", cases[i].in, canon_phone(cases[i].in), cases[i].out);
}

Test(canon, handles_and_invites)
{
    static const Pair handles[] = {{"Instagram:@Dana.X", "instagram:dana.x"},
                                   {"cashapp:$dana", "cashapp:dana"},
                                   {"x:dana", "twitter:dana"},
                                   {" discord : grz_dev ", "discord:grz_dev"},
                                   {"dana", NULL},
                                   {":dana", NULL},
                                   {"x:@", NULL}};
    static const Pair invites[] = {{"https://www.Remind.example/join/Band/?x=1", "remind.example/join/Band"},
                                   {"remind.example/join/a", "remind.example/join/a"},
                                   {"remind.example", NULL},
                                   {"https:///x", NULL},
                                   {"remind.example/", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(handles); i++)
        check("handle", handles[i].in, canon_handle(handles[i].in), handles[i].out);
    for (gsize i = 0; i < G_N_ELEMENTS(invites); i++)
        check("invite", invites[i].in, canon_invite(invites[i].in), invites[i].out);
}

Test(canon, words)
{
    static const Pair cases[] = {
        {"T\303\251o O\342\200\231Brien-Lane", "teo obrien lane"},
        {"\305\201ukasz S\303\270rensen", "lukasz sorensen"},
        {"WHITLOCK, Dana (English)", "whitlock dana english"},
        {"\357\274\244\357\275\201\357\275\216\357\275\201", "dana"},
        {"D\320\260n\320\260", "dana"},
        {"\320\222\320\265\321\200\320\260 \320\262\320\265\321\200\320\260", "bepa bepa"},
        {"da\302\255na da\342\200\215na", "dana dana"},
        {"", ""},
        {"--", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check("words", cases[i].in, fixture_join(canon_words(cases[i].in, 32)), cases[i].out);
    check("words", "three of four", fixture_join(canon_words("a b c d", 3)), "a b c");
}

// Do a stored and a looked-up value meet?
static bool meet(Kind kind, const char *stored, const char *asked)
{
    g_autoptr(GPtrArray) store = canon_store_keys(kind, stored), query = canon_query_keys(kind, asked);
    for (guint i = 0; i < query->len; i++)
        if (g_ptr_array_find_with_equal_func(store, query->pdata[i], g_str_equal, NULL))
            return true;
    return false;
}

Test(canon, streets_meet)
{
    static const struct {
        const char *stored, *asked;
        bool meet;
    } cases[] = {
        {"14 Larkspur Lane, Alder Falls, MA 01399", "14 larkspur lane", true},
        {"14 Larkspur Lane, Alder Falls, MA 01399", "14 Larkspur Ln., Alder Falls", true},
        {"14 Larkspur Lane, Alder Falls, MA 01399", "14 larkspur ln alder falls ma", true},
        {"14 Larkspur Lane, Alder Falls, MA 01399", "14 larkspur lane, boston", false},
        {"14 Larkspur Lane, Alder Falls, MA 01399", "15 larkspur lane", false},
        {"14 Larkspur Lane", "14 larkspur lane, boston", true},
        {"9 North Main St Apt 4, Alder Falls", "9 n main street, alder falls", true},
        {"5 Court Street, Alder Falls", "5 court st", true},
        {"77 Broadway, Alder Falls", "77 broadway", true},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        cr_expect_eq(meet(KIND_STREET_ADDRESS, cases[i].stored, cases[i].asked), cases[i].meet, "%s / %s",
                     cases[i].stored, cases[i].asked);
    cr_expect(!meet(KIND_PHONE, "+14135550142", "0142"));
}
