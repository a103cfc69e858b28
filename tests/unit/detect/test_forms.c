// Phone numbers as people write them past a filter: every row holds one number in one form.
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

TestSuite(forms, .init = forms_start, .fini = forms_stop);

// Each of `texts` holds `want` and nothing else, at a shape of at least `least`.
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

Test(forms, marks_between)
{
    static const char *const TEXTS[] = {
        "413-555-0142",
        "(413) 555-0142",
        "( 413 ) 555 - 0142",
        "(413)555.0142",
        "413.555.0142",
        "call 413 555 0142",
        "413 - 555 - 0142",
        "413--555--0142",
        "413...555...0142 call",
        "text 413/555/0142",
        "413\\555\\0142 text me",
        "413*555*0142",
        "413**555**0142",
        "413_555_0142",
        "413|555|0142",
        "413 | 555 | 0142 call me",
        "413~555~0142",
        "413^555^0142",
        "413+555+0142 text me",
        "413=555=0142 is my cell",
        "413:555:0142 my cell",
        "413;555;0142 is my cell",
        "413,555,0142 is my cell",
        "cell: 413'555'0142",
        "413\"555\"0142 text",
        "413 · 555 · 0142",
        "413•555•0142",
        "413 ▪ 555 ▪ 0142",
        "413★555★0142",
        "413😀555😀0142",
        "413❤️555❤️0142",
        "413 👉 555 👉 0142",
        "413→555→0142",
        "413—555—0142",
        "413–555–0142",
        "413‑555‑0142",
        "413−555−0142",
        "413‐555‐0142",
        "413 555 0142",
        "413 555 0142",
        "413　555　0142 call",
        "<413> <555> <0142> text me",
        "{413} {555} {0142} text me",
        "[413][555][0142]",
        "(413)(555)(0142)",
        "4-1-3-5-5-5-0-1-4-2",
        "4.1.3.5.5.5.0.1.4.2",
        "4*1*3*5*5*5*0*1*4*2",
        "4 1 3 5 5 5 0 1 4 2",
        "4  1  3   5  5  5   0  1  4  2",
        "4_1_3_5_5_5_0_1_4_2",
        "4/1/3/5/5/5/0/1/4/2 call me",
        "4,1,3,5,5,5,0,1,4,2 call me",
        "4 1 3 - 5 5 5 - 0 1 4 2",
        "(4 1 3) 5 5 5 - 0 1 4 2",
        "4 1 3 / 5 5 5 / 0 1 4 2",
        "4·1·3·5·5·5·0·1·4·2",
        "call me 4135 55 0142",
        "my cell 41-35-55-01-42",
        "call 413-5550142",
        "call 413555-0142",
        "call 413 5550142",
        "+1 413 555 0142",
        "+1-413-555-0142",
        "+1 (413) 555-0142",
        "+14135550142",
        "001 413 555 0142 call",
        "1.413.555.0142",
        "1 413 555 0142",
        "1-(413)-555-0142",
        "call 14135550142",
        "ph#413-555-0142",
        "#: 413-555-0142 (cell)",
        "cell#: (413)555-0142",
        "c)413-555-0142",
        "C 413-555-0142",
        "M: 413.555.0142",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, figures_of_other_kinds)
{
    static const char *const TEXTS[] = {
        "４１３-５５５-０１４２",
        "４１３５５５０１４２ call",
        "（４１３）５５５－０１４２",
        "٤١٣-٥٥٥-٠١٤٢",
        "۴۱۳-۵۵۵-۰۱۴۲",
        "४१३-५५५-०१४२",
        "৪১৩-৫৫৫-০১৪২",
        "๔๑๓-๕๕๕-๐๑๔๒",
        "𝟒𝟏𝟑-𝟓𝟓𝟓-𝟎𝟏𝟒𝟐",
        "𝟜𝟙𝟛-𝟝𝟝𝟝-𝟘𝟙𝟜𝟚",
        "𝟦𝟣𝟥-𝟧𝟧𝟧-𝟢𝟣𝟦𝟤",
        "𝟺𝟷𝟹-𝟻𝟻𝟻-𝟶𝟷𝟺𝟸",
        "④①③-⑤⑤⑤-⓪①④②",
        "❹❶❸-❺❺❺-⓿❶❹❷",
        "➃➀➂ ➄➄➄ 0➀➃➁ call",
        "⁴¹³-⁵⁵⁵-⁰¹⁴²",
        "₄₁₃-₅₅₅-₀₁₄₂",
        "⑷⑴⑶-⑸⑸⑸-0⑴⑷⑵",
        "4️⃣1️⃣3️⃣-5️⃣5️⃣5️⃣-0️⃣1️⃣4️⃣2️⃣",
        "4️⃣ 1️⃣ 3️⃣ 5️⃣ 5️⃣ 5️⃣ 0️⃣ 1️⃣ 4️⃣ 2️⃣",
        "4⃣1⃣3⃣ 5⃣5⃣5⃣ 0⃣1⃣4⃣2⃣ text",
        "🯴🯱🯳-🯵🯵🯵-🯰🯱🯴🯲",
        "4\u20dd1\u20dd3\u20dd-555-0142",
        "4\u03361\u03363\u0336-5\u03365\u03365\u0336-0142",
        "𝟒𝟏𝟑-555-٠١٤٢",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, what_nobody_sees)
{
    static const char *const TEXTS[] = {
        "413-5\u200b55-0142",
        "4\u200b1\u200b3\u200b5\u200b5\u200b5\u200b0\u200b1\u200b4\u200b2 call",
        "413\u200c555\u200d0142 call",
        "413\u00ad-555-\u00ad0142",
        "4\u00ad13-5\u00ad55-01\u00ad42",
        "413\u2060-555-0142",
        "413-\ufeff555-0142",
        "4\u034f13-555-0142",
        "413-555\u180e-0142",
        "\u2066413-555-0142\u2069",
        "\u202a413-555-0142\u202c",
        "\u202e2410-555-314\u202c",
        "413-\u200e555-\u200f0142",
        "413\U000e0020-555-0142",
        "413-5\u115f55-0142",
        "4\b13-555-0142",
        "413\u200b \u200b555\u200b \u200b0142 call",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, spelled)
{
    static const char *const TEXTS[] = {
        "It's four one three five five five oh one four two.",
        "four one three five five five oh one four two",
        "Four One Three Five Five Five Zero One Four Two",
        "FOUR ONE THREE, FIVE FIVE FIVE, ZERO ONE FOUR TWO",
        "four-one-three five-five-five oh-one-four-two",
        "four.one.three.five.five.five.zero.one.four.two",
        "four/one/three/five/five/five/zero/one/four/two",
        "four, one, three, five, five, five, zero, one, four, two",
        "four_one_three_five_five_five_zero_one_four_two",
        "four*one*three*five*five*five*zero*one*four*two",
        "fouronethree fivefivefive zeroonefourtwo",
        "fouronethreefivefivefivezeroonefourtwo",
        "FourOneThreeFiveFiveFiveZeroOneFourTwo",
        "four one three triple five oh one four two",
        "four one three, five double five, zero one four two",
        "four one three five double five o one four two",
        "four thirteen five fifty-five oh one forty-two",
        "four thirteen, five fifty five, zero one forty two",
        "four hundred thirteen, five fifty five, oh one four two",
        "four thirteen triple five oh one four two",
        "413 five five five 0142",
        "413 five-five-five 0142",
        "four13 five55 zero142 is my cell",
        "4one3-5five5-01four2",
        "4 one 3 five 55 zero 1 4 two",
        "413-five55-o142",
        "for one three five five five oh one for too, text me",
        "call: for1three 5five5 oh1for2",
        "413five55zero142",
        "4ONE3FIVE55ZERO142",
        "four one three | five five five | zero one four two",
        "four one three... five five five... zero one four two",
        "(four one three) five five five - zero one four two",
        "four\u200b one\u200b three five five five zero one four two",
        "ｆｏｕｒ ｏｎｅ ｔｈｒｅｅ ｆｉｖｅ ｆｉｖｅ ｆｉｖｅ ｚｅｒｏ ｏｎｅ ｆｏｕｒ ｔｗｏ",
        "four one three\nfive five five\nzero one four two",
        "area code four one three then triple five then oh one four two",
        "four one three dash five five five dash zero one four two",
        "four one three point five five five point zero one four two",
        "it's four one three and then five five five and then oh one four two",
        "my digits are four, then one, then three, five five five, zero one four two",
        "f0ur 0ne thr33 f1ve f1ve f1ve zer0 0ne f0ur tw0",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, spelled_in_spanish)
{
    static const char *const TEXTS[] = {
        "cuatro uno tres cinco cinco cinco cero uno cuatro dos",
        "Cuatro Uno Tres, Cinco Cinco Cinco, Cero Uno Cuatro Dos",
        "cuatro-uno-tres cinco-cinco-cinco cero-uno-cuatro-dos",
        "cuatro uno tres triple cinco cero uno cuatro dos",
        "cuatro trece, cinco cincuenta y cinco, cero uno cuarenta y dos",
        "cuatrocientos trece quinientos cincuenta y cinco cero uno cuatro dos",
        "cuatrocientos trece, quinientos cincuenta y cinco, cero ciento cuarenta y dos",
        "mi celular es 413 cinco cinco cinco 0142",
        "413 cinco55 cero142",
        "cuatro1tres cinco5cinco 0142 llámame",
        "llámame al cuatro uno tres guion cinco cinco cinco guion cero uno cuatro dos",
        "four uno three cinco five cinco zero uno four dos",
        "cuatrounotrescincocincocincocerounocuatrodos",
        "código de área 413, luego 555, luego 0142",
        "marca 413 y luego 555 y luego 0142",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, letters_for_figures)
{
    static const char *const TEXTS[] = {
        "413-555-O142",      "(4I3) 555-0l42",    "4l3-555-0l42",         "413-SSS-0142 text me",
        "4i3-s55-o142 cell", "413-55S-01A2 cell", "A13-555-0142 text me", "4|3-555-0|42",
        "4!3-555-0!42",      "413.5S5.o1A2 call", "4I3S5SOl42 call me",   "41E-555-0142 cell",
        "413-555-014Z",      "413-555-Ol4Z call", "41З-555-0142",         "413-555-О142",
        "413-5５5-０142",    "413-555-Ø142 call",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, letters_between)
{
    static const char *const TEXTS[] = {
        "cell4135550142now",
        "call413-555-0142please",
        "text:4135550142thx",
        "413x555x0142 call me",
        "413abc555def0142 text",
        "413dash555dash0142",
        "413dot555dot0142",
        "413 dot 555 dot 0142",
        "413 dash 555 dash 0142",
        "413 hyphen 555 hyphen 0142",
        "413 slash 555 slash 0142 call",
        "413 space 555 space 0142 call",
        "413 (dash) 555 (dash) 0142",
        "413 [dash] 555 [dash] 0142",
        "413 <dot> 555 <dot> 0142",
        "413 minus 555 minus 0142 call",
        "413 then 555 then 0142 call me",
        "413 and then 555 and then 0142 text",
        "413, next 555, last 0142 is my cell",
        "text me @ 4-one-3 555 0142",
        "call me @ 413-555-0142",
        "my # is 413-555-0142",
        "my number=413-555-0142",
        "hmu413-555-0142",
        "ph413.555.0142",
        "cell-413-555-0142",

    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, over_lines)
{
    static const char *const TEXTS[] = {
        "call 413-555-\n0142",
        "call 413-\n555-0142",
        "call me: 413\n555\n0142",
        "my cell\n413\n555\n0142",
        "my cell:\n413-555-0142",
        "call 413-555-  \n  0142",
        "> call 413-555-\n> 0142",
        "text me\n4\n1\n3\n5\n5\n5\n0\n1\n4\n2",
        "my number:\n4 1 3\n5 5 5\n0 1 4 2",
        "call me\r\n413\r\n555\r\n0142",
        "call me:\n- 413\n- 555\n- 0142",
        "call me:\n* 413\n* 555\n* 0142",
        "call me\n1. 413\n2. 555\n3. 0142",
        "call me\n1) 413\n2) 555\n3) 0142",
        "call me\n• 413\n• 555\n• 0142",
        "first three: 413\nthen 555\nlast four 0142",
        "first 3: 413 / next 3: 555 / last 4: 0142",
        "area code 413, then 555, then 0142",
        "area code: 413\nnumber: 555-0142",
        "area code is 413, number is 555-0142",
        "my number starts with 413, then 555, and ends with 0142",
        "413 is the area code, then 555-0142",
        "555-0142, area code 413",
        "call 555-0142 (area code 413)",
        "it's 555 0142 with area code 413, text me",
        "text 413\n\n555\n\n0142",
        "cell: 413 |\n 555 |\n 0142",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.5);
}

Test(forms, in_tables)
{
    static const char *const TEXTS[] = {
        "cell\t413\t555\t0142",
        "my cell | 413 | 555 | 0142 |",
        "| phone | 413-555-0142 |",
        "cell,413,555,0142",
        "phone;4135550142",
        "\"cell\",\"413-555-0142\"",
        "Mobile\t(413) 555-0142",
        "cell;413;555;0142",
        "| 4 | 1 | 3 | 5 | 5 | 5 | 0 | 1 | 4 | 2 | call me",
        "call\t4\t1\t3\t5\t5\t5\t0\t1\t4\t2",
        "home phone ........ 413-555-0142",
        "phone______413-555-0142",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.5);
}

Test(forms, links_and_gateways)
{
    static const char *const TEXTS[] = {
        "tel:+14135550142",
        "tel:413-555-0142",
        "sms:+14135550142",
        "sms:4135550142?body=hi",
        "smsto:4135550142",
        "callto:+14135550142",
        "facetime:+14135550142",
        "facetime-audio:4135550142",
        "https://wa.me/14135550142",
        "wa.me/14135550142",
        "http://wa.me/+14135550142",
        "https://api.whatsapp.com/send?phone=14135550142",
        "whatsapp://send?phone=14135550142",
        "4135550142@vtext.com",
        "4135550142@txt.att.net",
        "4135550142@tmomail.net",
        "email 413-555-0142@vtext.com",
        "14135550142@vtext.com",
        "imessage:+14135550142",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, extensions_are_of_the_number)
{
    static const char *const TEXTS[] = {
        "413-555-0142 x12",        "413-555-0142x12",           "413-555-0142 ext 12",
        "413-555-0142, ext. 1234", "413-555-0142 extension 12", "413-555-0142 #12",
        "(413) 555-0142 Ext: 12",  "413.555.0142 x 4401",       "call 413-555-0142;ext=12",
    };
    FORMS(TEXTS, "phone:+14135550142", 0.6);
}

Test(forms, seven_digits_with_a_word)
{
    static const char *const TEXTS[] = {
        "call me at 555-0142",
        "my cell: 555-0142",
        "text 555.0142",
        "my number is 555-0142",
        "cell 555 0142",
        "text me: five five five oh one four two",
        "my cell is five five five, zero one four two",
        "call triple five oh one four two",
        "llámame al 555-0142",
        "mi cel es cinco cinco cinco cero uno cuatro dos",
        "reach me on my cell, 555-0142",
        "555-0142 (cell)",
        "555-0142 is my cell",
        "phone: 5550142",
        "call 5 5 5 0 1 4 2",
        "text 5-5-5-0-1-4-2",
        "text 555*0142",
        "call me: 555–0142",
        "text ５５５-０１４２",
        "text 555-O142",
        "hmu 555-0142",
    };
    FORMS(TEXTS, "phone:5550142", 0.5);
}

Test(forms, letters_of_the_keys)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"call 1-800-FLOWERS", "phone:+18003569377"},    {"1-800-GO-FEDEX is open", "phone:+18004633339"},
        {"1 (888) FLOWERS", "phone:+18883569377"},       {"call me at 413-555-CATS", "phone:+14135552287"},
        {"text 413-555-ZEBR now", "phone:+14135559327"}, {"my cell is 413-JKL-0142", "phone:+14135550142"},
        {"call (413) 555-BIRD", "phone:+14135552473"},   {"call 413.555.BIRD", "phone:+14135552473"},
        {"800-273-TALK", "phone:+18002738255"},          {"1-866-4-USWAGE", "phone:+18664879243"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        forms_check(&CASES[i].text, 1, CASES[i].want, 0.5);
}

Test(forms, of_other_countries)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"+44 20 7946 0958", "phone:+442079460958"},
        {"+44 (0)20 7946 0958", "phone:+442079460958"},
        {"(+44) 20 7946 0958", "phone:+442079460958"},
        {"0044 20 7946 0958 call me", "phone:+442079460958"},
        {"011-44-20-7946-0958", "phone:+442079460958"},
        {"011442079460958", "phone:+442079460958"},
        {"call 00442079460958", "phone:+442079460958"},
        {"my whatsapp is 44 7400 123456", "phone:+447400123456"},
        {"whatsapp 447400123456", "phone:+447400123456"},
        {"plus 44 7400 123456", "phone:+447400123456"},
        {"+four four seven four zero zero one two three four five six", "phone:+447400123456"},
        {"+52 55 5123 4567", "phone:+525551234567"},
        {"+52 1 55 5123 4567", "phone:+525551234567"},
        {"mi cel: 52 55 5123 4567", "phone:+525551234567"},
        {"+502 5123 4567", "phone:+50251234567"},
        {"+503 7012 3456", "phone:+50370123456"},
        {"+55 (11) 96123-4567", "phone:+5511961234567"},
        {"+57 321 1234567", "phone:+573211234567"},
        {"+49 30 901820", "phone:+4930901820"},
        {"+33 6 12 34 56 78", "phone:+33612345678"},
        {"+33612345678", "phone:+33612345678"},
        {"+33.6.12.34.56.78", "phone:+33612345678"},
        {"+91 98765 43210", "phone:+919876543210"},
        {"+86 138 1234 5678", "phone:+8613812345678"},
        {"+84 912 345 678", "phone:+84912345678"},
        {"+63 905 123 4567", "phone:+639051234567"},
        {"+351 912 345 678", "phone:+351912345678"},
        {"+２３４ 802 123 4567", "phone:+2348021234567"},
        {"+1 809 555 0142", "phone:+18095550142"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        forms_check(&CASES[i].text, 1, CASES[i].want, 0.6);
}

// Ten bare figures and seven: words with which a number is handed over.
Test(forms, handed_over)
{
    static const char *const TEN[] = {
        "just in case: 8145550102",
        "just in case, 8145550102",
        "if you need anything: 8145550102",
        "if you need me 8145550102",
        "here's my info 8145550102",
        "here you go: 8145550102",
        "I'm at 8145550102",
        "you can get me on 8145550102",
        "hit me up 8145550102",
        "mine is 8145550102",
        "mine: 8145550102",
        "for emergencies: 8145550102",
        "if anything comes up, 8145550102",
        "running late? 8145550102",
        "save this: 8145550102",
        "save my number 8145550102",
        "add me: 8145550102",
        "por si acaso: 8145550102",
        "cualquier cosa 8145550102",
        "si me necesitas: 8145550102",
        "aquí tienes 8145550102",
        "give me a shout 8145550102",
        "ping me 8145550102",
        "8145550102 is me",
        "8145550102 - that's me",
        "8145550102 anytime",
        "I am at 8145550102",
        "in case: 8145550102",
        "Reach me, 8145550102",
        "Here you go\n8145550102",
        "in an emergency 8145550102",
        "ping me any time. 8145550102",
        "Te dejo mi info: 8145550102",
        "El mío es 8145550102",
        "8145550102 soy yo",
    };
    static const char *const SEVEN[] = {
        "the number on file 555-0142",
        "the number we have on file is 555-0142",
        "our number on record: 555-0142",
        "my number is 555-0142",
        "my number 5550142",
        "reach me 555-0142",
        "reach her at 555-0142",
        "if you need me: 555-0142",
        "just in case: 555-0142",
    };
    FORMS(TEN, "phone:+18145550102", 0.55);
    FORMS(SEVEN, "phone:5550142", 0.55);
}

// Dialled from here or from anywhere, in numbers of no plan that the library knows, too.
Test(forms, dialled_abroad)
{
    static const char *const TOLD[] = {
        "0044 7700 900 739 is my number abroad",
        "my number abroad is 0044 7700 900 739",
        "text me at 0044 7700 900739",
        "reach me 011 44 7700 900739",
        "call 011-44-7700-900-739",
        "if you need me 00 44 7700 900 739",
        "my cell: 00447700900739 (cell)",
    };
    static const char *const ALONE[] = {"0044 7700 900 739", "from the UK 00 44 7700 900739",
                                        "011-44-7700-900739"};
    static const char *const KNOWN[] = {"0034 612 345 678", "00 34 612 34 56 78",
                                        "0034 612345678 is my number"};
    FORMS(TOLD, "phone:+447700900739", 0.55);
    FORMS(ALONE, "phone:+447700900739", 0.38);
    FORMS(KNOWN, "phone:+34612345678", 0.55);
}
