#include "support.h"

#include <string.h>

typedef struct {
    const char *name, *bytes; // this table reads so; the others as shipped
} Substitute;

static GBytes *tables_read(const char *name, void *user, GError **error)
{
    const Substitute *substitute = user;
    GBytes *bytes = NULL;
    if (substitute && strcmp(name, substitute->name) == 0) {
        if (substitute->bytes)
            bytes = g_bytes_new(substitute->bytes, strlen(substitute->bytes));
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no such file", name);
    } else {
        g_autofree char *path = g_build_filename("conf/lists", name, NULL);
        bytes = file_read(path, 16 << 20, error);
    }
    return bytes;
}

Test(tables, area_codes)
{
    static const struct {
        int npa;
        NpaClass class;
        const char *place;
    } CASES[] = {
        {413, NPA_US, "MA"},        {212, NPA_US, "NY"},        {235, NPA_US, "MO"},
        {227, NPA_US, "MD"},        {274, NPA_US, "WI"},        {324, NPA_US, "FL"},
        {327, NPA_US, "AR"},        {329, NPA_US, "NY"},        {350, NPA_US, "CA"},
        {353, NPA_US, "WI"},        {363, NPA_US, "NY"},        {369, NPA_US, "CA"},
        {472, NPA_US, "NC"},        {557, NPA_US, "MO"},        {645, NPA_US, "FL"},
        {686, NPA_US, "VA"},        {728, NPA_US, "FL"},        {730, NPA_US, "IL"},
        {738, NPA_US, "CA"},        {748, NPA_US, "CO"},        {821, NPA_US, "SC"},
        {835, NPA_US, "PA"},        {975, NPA_US, "MO"},        {983, NPA_US, "CO"},
        {671, NPA_US, "GU"},        {416, NPA_CANADA, "ON"},    {257, NPA_CANADA, "BC"},
        {809, NPA_CARIBBEAN, NULL}, {800, NPA_TOLL_FREE, NULL}, {833, NPA_TOLL_FREE, NULL},
        {528, NPA_PERSONAL, NULL},  {900, NPA_PREMIUM, NULL},   {123, NPA_NONE, ""},
        {555, NPA_NONE, ""},        {211, NPA_NONE, ""},        {999, NPA_NONE, ""},
        {-1, NPA_NONE, ""},         {1000, NPA_NONE, ""},
    };
    DetectData *data = support_data();
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        cr_expect(eq(int, (int)tables_npa(data, CASES[i].npa), (int)CASES[i].class), "%d", CASES[i].npa);
        if (CASES[i].place)
            cr_expect(eq(str, (char *)tables_npa_place(data, CASES[i].npa), (char *)CASES[i].place));
    }
    detect_data_unref(data);
}

Test(tables, look_ups)
{
    DetectData *data = support_data();
    const char *platform = NULL;
    cr_expect(eq(str, (char *)tables_country(data, "442079460958", 12), "United Kingdom"));
    cr_expect(eq(ptr, (void *)tables_country(data, "44207", 5), NULL));
    cr_expect(eq(str, (char *)tables_mail_provider(data, "gmail", 5), "gmail.com"));
    cr_expect(eq(ptr, (void *)tables_mail_provider(data, "school", 6), NULL));
    cr_expect(tables_is_webmail(data, "yahoo.com"));
    cr_expect(not(tables_is_webmail(data, "example.org")));
    cr_expect(ne(ptr, (void *)tables_hotline(data, "988"), NULL));
    cr_expect(ne(ptr, (void *)tables_hotline(data, "+18002221222"), NULL));
    cr_expect(eq(int, (int)tables_platform(data, "insta", 5, &platform), NAMED_CLEARLY));
    cr_expect(eq(str, (char *)platform, "instagram"));
    cr_expect(eq(int, (int)tables_platform(data, "x", 1, &platform), NAMED_COMMON));
    cr_expect(eq(int, (int)tables_platform(data, "snap", 4, &platform), NAMED_LOOSELY));
    cr_expect(tables_plain_word(data, "account"));
    cr_expect(not(tables_plain_word(data, "willowbee")));
    cr_expect(eq(int, (int)tables_platform(data, "school", 6, NULL), NAMED_NO));
    cr_expect(tables_reserved(data, "instagram", "p"));
    cr_expect(tables_reserved(data, "instagram", "login"));
    cr_expect(not(tables_reserved(data, "instagram", "jane")));
    cr_expect(ne(ptr, (void *)tables_approved(data, "district.zoom.us", "/j/1"), NULL));
    cr_expect(ne(ptr, (void *)tables_approved(data, "teams.live.com", "/meet/1"), NULL));
    cr_expect(eq(ptr, (void *)tables_approved(data, "teams.live.com", "/x"), NULL));
    cr_expect(eq(ptr, (void *)tables_approved(data, "notzoom.us", NULL), NULL));
    cr_expect(tables_is_shortener(data, "bit.ly"));
    cr_expect(tables_is_shortener(data, "www.tinyurl.com"));
    cr_expect(not(tables_is_shortener(data, "rabbit.ly")));
    cr_expect(not(tables_is_shortener(data, "example.org")));
    cr_expect(tables_known_tld(data, "gmail.com"));
    cr_expect(tables_known_tld(data, "gmail.example"));
    cr_expect(not(tables_known_tld(data, "logo.png")));
    g_autofree char *latin =
        tables_latin_lookalike(data, "gm\u0430il.c\u043em", strlen("gm\u0430il.c\u043em"));
    cr_expect(eq(str, latin, "gmail.com"));
    cr_expect(eq(ptr, tables_latin_lookalike(data, "\u043f\u043e\u0447\u0442\u0430", 10), NULL));
    detect_data_unref(data);
}

Test(tables, wrong_lines_are_named)
{
    static const struct {
        const char *name, *bytes, *says;
    } CASES[] = {
        {"area-codes.txt", "[us]\n413 | MA\n\n4x3 | MA\n", "area-codes.txt:4:"},
        {"area-codes.txt", "413 | MA\n", "area-codes.txt:1:"},
        {"area-codes.txt", "[us]\n413 | MA\n413 | MA\n", "area-codes.txt:3:"},
        {"area-codes.txt", "[us]\n413\n", "area-codes.txt:2:"},
        {"country-codes.txt", "44 | 99 | 10 | UK\n", "country-codes.txt:1:"},
        {"platforms.txt", "[links]\nexample.org | thing | x | /{}\n", "platforms.txt:2:"},
        {"platforms.txt", "[links]\nEXAMPLE.org | handle | x | /{}\n", "platforms.txt:2:"},
        {"platforms.txt", "[nonsense]\na | b\n", "platforms.txt:2:"},
        {"webmail.txt", "not a domain\n", "webmail.txt:1:"},
        {"hotlines.txt", "[number]\n988 | short\n", "hotlines.txt:2:"},
        {"hotlines.txt", "[short]\nabc | x\n", "hotlines.txt:2:"},
        {"approved-tools.txt", "zoom.us\n", "approved-tools.txt:1:"},
        {"webmail.txt", "gmail\xff.com\n", "webmail.txt:1:"},
        {"webmail.txt", NULL, "webmail.txt: no such file"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Substitute substitute = {CASES[i].name, CASES[i].bytes};
        g_autoptr(GError) error = NULL;
        DetectData *data = detect_data_new(tables_read, &substitute, &error);
        cr_expect(eq(ptr, data, NULL), "case %zu", i);
        cr_assert(ne(ptr, error, NULL));
        cr_expect(ne(ptr, strstr(error->message, CASES[i].says), NULL), "case %zu: %s", i, error->message);
    }
}

Test(tables, lines_have_sections_and_fields)
{
    Substitute substitute = {"webmail.txt", "# comment\n  a.example | one , two \n[x]\nb.example\n"};
    g_autoptr(GError) error = NULL;
    DetectData *data = detect_data_new(tables_read, &substitute, &error);
    cr_assert(ne(ptr, data, NULL), "%s", error ? error->message : "");
    const GPtrArray *lines = tables_lines(data, "webmail.txt");
    cr_assert(eq(u32, lines->len, 2));
    const TableLine *first = g_ptr_array_index(lines, 0), *second = g_ptr_array_index(lines, 1);
    cr_expect(eq(str, (char *)first->section, ""));
    cr_expect(eq(str, first->fields[1], "one , two"));
    cr_expect(eq(u32, first->line, 2));
    cr_expect(eq(str, (char *)second->section, "x"));
    cr_expect(eq(u32, second->n_fields, 1));
    cr_expect(eq(str, (char *)tables_mail_provider(data, "two", 3), "a.example"));
    detect_data_unref(data);
}

Test(tables, values_typed_by_hand)
{
    static const struct {
        Kind kind;
        const char *text, *value;
    } CASES[] = {
        {KIND_PHONE, "(413) 555-0142", "+14135550142"},
        {KIND_PHONE, "+44 20 7946 0958", "+442079460958"},
        {KIND_PHONE, "555-0142", "5550142"},
        {KIND_PHONE, "988", "988"},
        {KIND_PHONE, "123-456-7890", NULL},
        {KIND_PHONE, "abc", NULL},
        {KIND_PHONE, "", NULL},
        {KIND_EMAIL, " Jane@Example.ORG ", "jane@example.org"},
        {KIND_EMAIL, "jane", NULL},
        {KIND_HANDLE, "instagram:@Jane.Doe", "instagram:jane.doe"},
        {KIND_HANDLE, "insta:jane", "instagram:jane"},
        {KIND_HANDLE, "https://www.instagram.com/jane.doe/", "instagram:jane.doe"},
        {KIND_HANDLE, "jane", NULL},
        {KIND_INVITE, "https://discord.gg/AbC", "discord.gg/AbC"},
        {KIND_INVITE, "remind.com/join/afhsband", "remind.com/join/afhsband"},
        {KIND_INVITE, "example.org", NULL},
        {KIND_PAYMENT_HANDLE, "cashapp:$Jane", "cashapp:$jane"},
        {KIND_PAYMENT_HANDLE, "https://venmo.com/u/jane-doe", "venmo:jane-doe"},
        {KIND_SOLICITATION, "text me", NULL},
    };
    DetectData *data = support_data();
    Config *config = support_config();
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *value = detect_canonical(data, config, CASES[i].kind, CASES[i].text);
        cr_expect(eq(int, g_strcmp0(value, CASES[i].value), 0), "case %zu: %s -> %s", i, CASES[i].text,
                  value);
    }
    config_unref(config);
    detect_data_unref(data);
}

Test(tables, values_masked)
{
    static const struct {
        Kind kind;
        const char *value, *masked;
    } CASES[] = {
        {KIND_PHONE, "+14135550142", "**********42"},
        {KIND_PHONE, "988", "***"},
        {KIND_EMAIL, "jane.doe@gmail.com", "j***@gmail.com"},
        {KIND_EMAIL, "ñ@gmail.com", "ñ***@gmail.com"},
        {KIND_HANDLE, "instagram:jane", "instagram:j***"},
        {KIND_HANDLE, "jane", "j***"},
        {KIND_HANDLE, "", "***"},
        {KIND_PAYMENT_HANDLE, "cashapp:$jane", "cashapp:$j***"},
        {KIND_INVITE, "discord.gg/AbC", "discord.gg/***"},
        {KIND_STREET_ADDRESS, "14 elm street", "1***"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *masked = detect_mask(CASES[i].kind, CASES[i].value);
        cr_expect(eq(str, masked, (char *)CASES[i].masked), "case %zu", i);
    }
}
