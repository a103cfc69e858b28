#include "support.h"

#include <string.h>

typedef struct {
    const char *text, *values;
} PhoneCase;

static DetectData *data;
static Config *config;

static void phone_start(void)
{
    data = support_data();
    config = support_config();
}

static void phone_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(phone, .init = phone_start, .fini = phone_stop);

static guint phone_check(const PhoneCase *cases, gsize count, double least)
{
    guint right = 0;
    for (gsize i = 0; i < count; i++) {
        Scanned *scanned = support_scan(data, config, cases[i].text, "smp");
        g_autofree char *values = support_values(scanned, least);
        cr_expect(eq(str, values, (char *)cases[i].values), "case %zu: %s", i, cases[i].text);
        right += strcmp(values, cases[i].values) == 0;
        scanned_free(scanned);
    }
    return right;
}

// The written forms of one number that detectors are compared on.
Test(phone, written_forms)
{
    static const char *const FORMS[] = {
        "my cell is (413) 555-0142",
        "my cell is 413-555-0142",
        "my cell is 413.555.0142",
        "my cell is 413 555 0142",
        "my cell is 4135550142",
        "my cell is +1 413 555 0142",
        "my cell is 1-413-555-0142",
        "my cell is 413–555–0142",
        "my cell is ４１３５５５０１４２",
        "my cell is ٤١٣-٥٥٥-٠١٤٢",
        "my cell is 4 1 3 5 5 5 0 1 4 2",
        "my cell is 413 / 555 / 0142",
        "cell4135550142now",
        "my cell is 413-5\u200b55-01\u200b42",
        "my cell is 413-555-O142",
        "my cell is (4I3) 555-0l42",
        "my cell is 413*555*0142",
        "my cell is four one three five five five oh one four two",
        "my cell is 413five55zero142",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(FORMS); i++) {
        Scanned *scanned = support_scan(data, config, FORMS[i], "smp");
        g_autofree char *values = support_values(scanned, 0.85);
        cr_expect(eq(str, values, "phone:+14135550142"), "%s", FORMS[i]);
        scanned_free(scanned);
    }
}

Test(phone, disguises)
{
    static const PhoneCase CASES[] = {
        {"tel:+14135550142", "phone:+14135550142"},
        {"sms:413-555-0142", "phone:+14135550142"},
        {"text me https://wa.me/14135550142", "phone:+14135550142"},
        {"https://api.whatsapp.com/send?phone=14135550142&text=hi", "phone:+14135550142"},
        {"wa.me/447700900123", "phone:+447700900123"},
        {"text 4135550142@vtext.com any time", "phone:+14135550142"},
        {"413_555_0142", "phone:+14135550142"},
        {"413|555|0142", "phone:+14135550142"},
        {"413~555~0142", "phone:+14135550142"},
        {"413•555•0142", "phone:+14135550142"},
        {"413 → 555 → 0142", "phone:+14135550142"},
        {"(413)555-0142", "phone:+14135550142"},
        {"(413)-555-0142", "phone:+14135550142"},
        {"[413] 555-0142", "phone:+14135550142"},
        {"+1(413)555-0142", "phone:+14135550142"},
        {"+1.413.555.0142", "phone:+14135550142"},
        {"1 (413) 555 0142", "phone:+14135550142"},
        {"413-555-\n0142", "phone:+14135550142"},
        {"call me at 413\n555 0142", "phone:+14135550142"},
        {"> call me at 413-555-\n> 0142 thanks", "phone:+14135550142"},
        {"cell,413,555,0142", "phone:+14135550142"},
        {"my number 413\t555\t0142", "phone:+14135550142"},
        {"4️⃣1️⃣3️⃣-5️⃣5️⃣5️⃣-0️⃣1️⃣4️⃣2️⃣", "phone:+14135550142"},
        {"①④①③ 555 0142 call", "phone:+14135550142"},
        {"𝟒𝟏𝟑-𝟓𝟓𝟓-𝟎𝟏𝟒𝟐", "phone:+14135550142"},
        {"hit me up: for1three 5five5 oh1for2", "phone:+14135550142"},
        {"four-one-three, five-five-five, zero-one-four-two", "phone:+14135550142"},
        {"four one three triple five oh one four two", "phone:+14135550142"},
        {"four thirteen, five fifty-five, oh one forty-two", "phone:+14135550142"},
        {"413 triple five 0142", "phone:+14135550142"},
        {"413 dash 555 dash 0142", "phone:+14135550142"},
        {"area code 413, then 555, then 0142", "phone:+14135550142"},
        {"cuatro uno tres cinco cinco cinco cero uno cuatro dos", "phone:+14135550142"},
        {"mi cel: cuatro uno tres, triple cinco, cero uno cuarenta y dos", "phone:+14135550142"},
        {"cuatrocientos trece quinientos cincuenta y cinco cero uno cuatro dos", "phone:+14135550142"},
        {"413-SSS-O142 text", "phone:+14135550142"},
        {"4!3-555-0!42", "phone:+14135550142"},
        {"fouronethreefivefivefivezeroonefourtwo", "phone:+14135550142"},
        {"41 35 55 01 42 call me", "phone:+14135550142"},
        {"cell-413-555-0142", "phone:+14135550142"},
        {"\u202e2410-555-314\u202c", "phone:+14135550142"},
        {"4\b1 3-555-0\b142", "phone:+14135550142"},
        {"<413.555.0142>", "phone:+14135550142"},
        {"call 413-555-0142 x12.", "phone:+14135550142"},
        {"call 413-555-0142x12", "phone:+14135550142"},
        {"413-555-0142 ext. 4012", "phone:+14135550142"},
        {"557-555-0104", "phone:+15575550104"},
        {"c: 413-555-0142 h: 413-555-0143", "phone:+14135550142 phone:+14135550143"},
        {"413-555-0142, 413-555-0143; 413-555-0144",
         "phone:+14135550142 phone:+14135550143 phone:+14135550144"},
        {"413-555-0142/413-555-0143", "phone:+14135550142 phone:+14135550143"},
        {"Lunch 12:30. Text 413-555-0142.", "phone:+14135550142"},
        {"Mom 413-555-0142\nDad 413-555-0143\n", "phone:+14135550142 phone:+14135550143"},
        {"phone=4135550142", "phone:+14135550142"},
        {"call 413x555x0142", "phone:+14135550142"},
        {"text me: 413abc555def0142", "phone:+14135550142"},
        {"at five, four one three five five five oh one four two", "phone:+14135550142"},
        {"my line: 413-555-Ol42", "phone:+14135550142"},
    };
    phone_check(CASES, G_N_ELEMENTS(CASES), 0.6);
}

Test(phone, of_other_countries)
{
    static const PhoneCase CASES[] = {
        {"+44 20 7946 0958", "phone:+442079460958"},
        {"+44 (0)20 7946 0958", "phone:+442079460958"},
        {"whatsapp +52 55 5123 4567 please", "phone:+525551234567"},
        {"011 44 20 7946 0958", "phone:+442079460958"},
        {"+1 809 555 0142", "phone:+18095550142"},
        {"+999 1234 5678", ""},
        {"+33 1 23", ""},
    };
    phone_check(CASES, G_N_ELEMENTS(CASES), 0.6);
}

Test(phone, local_and_short_numbers)
{
    static const PhoneCase CASES[] = {
        {"call me at 555-0142", "phone:5550142"},
        {"my cell: 555-0142", "phone:5550142"},
        {"my number is 555.0142", "phone:5550142"},
        {"555-0142 (cell)", "phone:5550142"},
        {"text five five five oh one four two", "phone:5550142"},
        {"pages 555-0142", ""},
        {"the score was 555-0142", ""},
        {"call or text 988", "phone:988"},
        {"Text HOME to 741741", "phone:741741"},
        {"room 211 is open", ""},
        {"we read 988 pages", ""},
        {"call 1-800-FLOWERS", "phone:+18003569377"},
        {"1-800-222-1222", "phone:+18002221222"},
    };
    phone_check(CASES, G_N_ELEMENTS(CASES), 0.5);
}

Test(phone, what_is_none)
{
    static const char *const TEXTS[] = {
        "Order 4135550142 shipped",
        "Order #413-555-0142 shipped",
        "ticket: 4135550142",
        "Invoice no. 4135550142",
        "tracking 9400 1112 0255 5014 2000 00",
        "Student ID: 4135550142",
        "Meeting ID: 413 555 0142 Passcode: 555014",
        "serial 4135550142",
        "SKU 413-555-0142",
        "INV-4135550142",
        "https://shop.example/p/4135550142?ref=4135550143",
        "see www.example.org/4135550142",
        "a1b2c3d4-4135-5501-4242-413555014200",
        "deadbeef4135550142cafe",
        "0x4135550142",
        "ISBN 978-0-306-40615-7",
        "ISBN 0-306-40615-2",
        "SSN 123-45-6789",
        "due 2026-11-22 19:26:57",
        "on 11/22/2026 at 7:30",
        "22.11.2026 - 24.12.2026",
        "$4,135,550,142",
        "$4135550142",
        "413555.0142",
        "pi is 3.1415926535",
        "lat 42.3555014, -72.5550142",
        "192.168.100.142",
        "01399-4135",
        "4111 1111 1111 1111",
        "1700000000",
        "3333333333",
        "(000) 000-0000",
        "123-456-7890",
        "scores 10 12 15 20 30 31 22",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "two for one, five to seven, one to three",
        "to be or not to be, that is one for two",
        "grades 7-8, 9-12",
        "version 4.13.555.0142",
        "4135550142%",
        "4135550142@example.org",
        "x+4135550142-2@example.org",
        "413-555-0142-77-1234",
        "99413-555-01428",
        "case: 413 555 0142",
        "+1 (413) 555-014",
        "2024-2025 2026-2027 1234",
        "911-555-0142",
        "413-911-0142",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        Scanned *scanned = support_scan(data, config, TEXTS[i], "smp");
        for (guint k = 0; k < scanned->out->len; k++) {
            const Candidate *candidate = g_ptr_array_index(scanned->out, k);
            cr_expect(candidate->kind != KIND_PHONE || candidate->shape <= 0.35, "%s: %s (%.2f)", TEXTS[i],
                      candidate->value, candidate->shape);
        }
        scanned_free(scanned);
    }
}

Test(phone, bare_digits_alone_are_weak)
{
    Scanned *scanned = support_scan(data, config, "The answer: 4135550142 it was", "smp");
    const Candidate *candidate = support_first(scanned, KIND_PHONE);
    cr_assert(ne(ptr, (void *)candidate, NULL));
    cr_expect(le(dbl, candidate->shape, 0.35));
    scanned_free(scanned);
}

Test(phone, tells_how_it_was_disguised)
{
    static const struct {
        const char *text, *how;
    } CASES[] = {
        {"four one three five five five oh one four two", "spelled"},
        {"413-555-O142", "leet"},
        {"413-5\u200b55-0142", "zero-width"},
        {"４１３-555-0142", "fullwidth"},
        {"٤١٣-555-0142", "unicode-digits"},
        {"413*555*0142", "separators"},
        {"call 413-555-\n0142", "split"},
        {"\u202e2410-555-314\u202c", "bidi"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Scanned *scanned = support_scan(data, config, CASES[i].text, "smp");
        const Candidate *candidate = support_first(scanned, KIND_PHONE);
        cr_assert(ne(ptr, (void *)candidate, NULL), "%s", CASES[i].text);
        cr_expect(support_has(candidate->obfuscation, CASES[i].how), "%s", CASES[i].text);
        scanned_free(scanned);
    }
    Scanned *plain = support_scan(data, config, "call (413) 555-0142", "smp");
    cr_expect(eq(u32, support_first(plain, KIND_PHONE)->obfuscation->len, 0));
    scanned_free(plain);
}

Test(phone, stands_where_it_stands)
{
    Scanned *scanned = support_scan(data, config, "é: call (４１３) 555-0142 now", "smp");
    const Candidate *candidate = support_first(scanned, KIND_PHONE);
    const Passage *passage = g_ptr_array_index(scanned->message->passages, 0);
    g_autofree char *text = g_strndup(passage->text + candidate->start, candidate->end - candidate->start);
    cr_expect(eq(str, text, "(４１３) 555-0142"));
    scanned_free(scanned);
}

Test(phone, a_card_says_what_it_is)
{
    Scanned *scanned = support_scan_origin(data, config, "4135550142", 10, ORIGIN_VCARD, "TEL", "smp");
    g_autofree char *values = support_values(scanned, 0.85);
    cr_expect(eq(str, values, "phone:+14135550142"));
    scanned_free(scanned);
}

Test(phone, the_head_of_a_column_says_what_it_holds)
{
    static const char TABLE[] =
        "name,student_id,cell\n\"Doe, Jane\",4135550142,4135550143\nRoe,4135550144,413-555-0145\n";
    Scanned *scanned = support_scan_origin(data, config, TABLE, strlen(TABLE), ORIGIN_TABLE, NULL, "smp");
    g_autofree char *values = support_values(scanned, 0.0);
    cr_expect(eq(str, values, "phone:+14135550143 phone:+14135550145"));
    scanned_free(scanned);
}

// Work, not time: a machine under load proves nothing.
Test(phone, work_grows_with_the_text)
{
    static const char *const UNITS[] = {
        "1",       "4135550142 ", "1 2 ",     "four ",   "o",          "4-",     "(",      "413-",
        "double ", "\u200b4",     "order 4 ", "call ",   "9,",         "2\n",    "@",      "a@",
        "@a",      "a.b",         "a.b/",     "http://", " at ",       "snap: ", "x@y.z ", ":",
        "-",       "gmail ",      "%40",      "tel:",    "a a a @ a ", "1x",     "dot "};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        guint64 work[2];
        for (guint round = 0; round < 2; round++) {
            g_autoptr(GString) text = g_string_new(NULL);
            while (text->len < (round ? 128u : 64u) * 1024)
                g_string_append(text, UNITS[i]);
            Scanned *scanned =
                support_scan_origin(data, config, text->str, text->len, ORIGIN_TEXT, NULL, "smp");
            work[round] = scanned->scan.work;
            scanned_free(scanned);
        }
        cr_expect(work[1] <= work[0] * 2.2 + 4096,
                  "unit \"%s\": %" G_GUINT64_FORMAT " then %" G_GUINT64_FORMAT, UNITS[i], work[0], work[1]);
        cr_expect(work[1] <= 128 * 1024 * 200.0, "unit \"%s\"", UNITS[i]);
    }
}
