// XML of documents: what the handlers get to hear, in which encodings, and what is refused or bounded.
#include "reader/formats/formats.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

typedef struct {
    GString *heard;
    Message *message;
    bool whole;
} Heard;

static void heard_free(Heard *heard)
{
    g_string_free(heard->heard, TRUE);
    message_free(heard->message);
    g_free(heard);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Heard, heard_free)

// "<name attribute=value>text</name>": as it was heard.
static void on_start(void *data, const char *name, const char **attributes)
{
    GString *heard = ((Heard *)data)->heard;
    g_string_append_printf(heard, "<%s", name);
    for (gsize i = 0; attributes[i] != NULL; i += 2)
        g_string_append_printf(heard, " %s=%s", attributes[i], attributes[i + 1]);
    g_string_append_c(heard, '>');
}

static void on_end(void *data, const char *name)
{
    g_string_append_printf(((Heard *)data)->heard, "</%s>", name);
}

static void on_text(void *data, const char *text, gsize len)
{
    g_string_append_len(((Heard *)data)->heard, text, (gssize)len);
}

static Heard *hear_with(const void *bytes, gsize len, const ConfigLimits *limits)
{
    static const XmlHandlers HANDLERS = {on_start, on_end, on_text};
    Heard *heard = g_new0(Heard, 1);
    heard->heard = g_string_new(NULL);
    heard->message = message_new();
    Attachment attachment = {.packed = len};
    ReaderState state = {.message = heard->message, .limits = limits, .attachment = &attachment};
    g_autofree char *exact = g_malloc(MAX(len, 1));
    memcpy(exact, bytes, len);
    heard->whole = xml_parse(&state, 0, exact, len, &HANDLERS, heard);
    return heard;
}

static Heard *hear(const void *bytes, gsize len)
{
    g_autoptr(Config) config = config_defaults();
    return hear_with(bytes, len, &config->limits);
}

#define BYTES(text) text, sizeof(text) - 1

Test(xml, what_is_heard)
{
    static const struct {
        const char *xml;
        gsize len;
        const char *heard, *fact; // NULL = none
    } CASES[] = {
        {BYTES("<w:p xmlns:w='urn:x' w:a='1'>t</w:p>"), "<p a=1>t</p>", NULL},
        {BYTES("<p xmlns='urn:x'/>"), "<p></p>", NULL},
        {BYTES("<p a='x&amp;y&#52;&lt;'>&#x34;&amp;&gt;</p>"), "<p a=x&y4<>4&></p>", NULL},
        {BYTES("<p><![CDATA[<1>&amp;]]><!-- <b> --><?x <c> ?></p>"), "<p><1>&amp;</p>", NULL},
        {BYTES("<a:b:c x:y:z='1'/>"), "<c z=1></c>", NULL},
        {BYTES("\xef\xbb\xbf<p>\xc3\xa9</p>"), "<p>\u00e9</p>", NULL},
        {BYTES("<?xml version='1.0' encoding='UTF-8'?><p>\xc3\xa9</p>"), "<p>\u00e9</p>", NULL},
        {BYTES("<?xml version='1.0' encoding=\"windows-1252\"?><p>\x93\xe9</p>"), "<p>\u201c\u00e9</p>",
         NULL},
        {BYTES("\xff\xfe<\0p\0>\0\x34\0<\0/\0p\0>\0"), "<p>4</p>", NULL},
        {BYTES("\xfe\xff\0<\0p\0>\0\x34\0<\0/\0p\0>"), "<p>4</p>", NULL},
        {BYTES("<\0p\0>\0\x34\0<\0/\0p\0>\0"), "<p>4</p>", NULL},
        {BYTES("\0<\0p\0>\0\x34\0<\0/\0p\0>"), "<p>4</p>", NULL},
        // Broken: what came before counts.
        {BYTES("<p>415<b>555</p>"), "<p>415<b>555", "damaged"},
        {BYTES("<p>415"), "<p>415", "damaged"},
        {BYTES("<p>415</p><p>"), "<p>415</p>", "damaged"},
        {BYTES("<p>415&x;555</p>"), "<p>415", "damaged"},
        {BYTES("<p a=1>"), "", "damaged"},
        {BYTES("<p>415\xff</p>"), "<p>415\ufffd</p>", "damaged"},
        {BYTES("plain"), "", "damaged"},
        {BYTES(""), "", "damaged"},
        // Document types, with and without entities, and whatever stands before them.
        {BYTES("<!DOCTYPE p><p>415</p>"), "", "damaged"},
        {BYTES("<?xml version='1.0'?><!-- --><!DOCTYPE p [<!ENTITY x '415'>]><p>&x;</p>"), "", "damaged"},
        {BYTES("<!DOCTYPE p SYSTEM 'file:///etc/passwd'><p>415</p>"), "", "damaged"},
        {BYTES("<!DOCTYPE p [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><p>&x;</p>"), "", "damaged"},
        {BYTES("<!DOCTYPE p [<!ATTLIST p a CDATA '415'>]><p/>"), "", "damaged"},
        {BYTES("\xff\xfe<\0!\0D\0O\0C\0T\0Y\0P\0E\0 \0p\0>\0<\0p\0/\0>\0"), "", "damaged"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Heard) heard = hear(CASES[i].xml, CASES[i].len);
        cr_expect_str_eq(heard->heard->str, CASES[i].heard, "case %zu: %s", i, heard->heard->str);
        cr_expect_eq(heard->whole, CASES[i].fact == NULL, "case %zu", i);
        cr_expect_eq(heard->message->facts->len, CASES[i].fact == NULL ? 0 : 1, "case %zu", i);
        if (CASES[i].fact != NULL)
            cr_expect(message_has_fact(heard->message, CASES[i].fact), "case %zu", i);
    }
}

static char *repeated(const char *before, const char *what, guint count, const char *after)
{
    GString *out = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(out, what);
    g_string_append(out, after);
    return g_string_free(out, FALSE);
}

static char *attributes(guint count)
{
    GString *out = g_string_new("<p><first>415</first><b");
    for (guint i = 0; i < count; i++)
        g_string_append_printf(out, " a%u='>'", i);
    g_string_append(out, "/></p>");
    return g_string_free(out, FALSE);
}

Test(xml, attributes_are_counted_where_they_are)
{
    g_autofree char *few = attributes(256), *many = attributes(257);
    g_autoptr(Heard) read = hear(few, strlen(few)), cut = hear(many, strlen(many));
    cr_expect(read->whole);
    cr_expect(g_str_has_suffix(read->heard->str, "</b></p>"));
    cr_expect_not(cut->whole);
    cr_expect_str_eq(cut->heard->str, "<p><first>415</first>");
    cr_expect(message_has_fact(cut->message, "incomplete"));
    // None of these is one.
    g_autofree char *text = repeated("<p>", "= ", 1000, "</p>"),
                    *comment = repeated("<p><!--", "='' ", 1000, "--></p>"),
                    *data = repeated("<p><![CDATA[<b ", "='' ", 1000, "]]></p>"),
                    *value = repeated("<p a='", "b=\"\" ", 1000, "'/>");
    const char *const PLAIN[] = {text, comment, data, value};
    for (gsize i = 0; i < G_N_ELEMENTS(PLAIN); i++) {
        g_autoptr(Heard) heard = hear(PLAIN[i], strlen(PLAIN[i]));
        cr_expect(heard->whole, "%zu", i);
    }
}

Test(xml, limits)
{
    g_autoptr(Config) config = config_defaults();
    config->limits.xml_depth = 4;
    config->limits.xml_bytes = 40;
    static const struct {
        const char *xml, *heard;
    } CASES[] = {
        {"<a><a><a><a>4</a></a></a></a>", NULL},
        {"<a><a><a><a><a>4</a></a></a></a></a>", "<a><a><a><a>"},
        {"<a>45678901234567890123456789012345678901234567890</a>",
         "<a>4567890123456789012345678901234567890"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Heard) heard = hear_with(CASES[i].xml, strlen(CASES[i].xml), &config->limits);
        cr_expect_eq(heard->whole, CASES[i].heard == NULL);
        cr_expect_eq(message_has_fact(heard->message, "incomplete"), CASES[i].heard != NULL);
        cr_expect_not(message_has_fact(heard->message, "damaged"));
        if (CASES[i].heard != NULL)
            cr_expect_str_eq(heard->heard->str, CASES[i].heard);
    }
}

// Each takes its time by its size and not by its square.
Test(xml, dear, .timeout = 120)
{
    static const struct {
        const char *what, *before, *again, *after;
        guint count;
    } CASES[] = {
        {"open comments", "<p>", "<!-- ", "", 3000000},
        {"open sections", "<p>", "<![CDATA[", "", 2000000},
        {"quotes", "<p ", "'\"", "", 5000000},
        {"tags in tags", "<p ", "<p ", "", 5000000},
        {"unended tag", "<p ", "a ", "", 5000000},
        {"one attribute", "<p a='", "0123456789", "'/>", 2000000},
        {"spaces", "<p ", "          ", "/>", 1000000},
        {"references", "<p>", "&#52;", "</p>", 2000000},
        {"elements", "<p>", "<b/>", "</p>", 1000000},
        {"spaces of names", "<p>", "<b xmlns:q='urn:1' xmlns:r='urn:2' q:a='1'/>", "</p>", 300000},
        {"instructions", "<p>", "<?x y?>", "</p>", 1000000},
        {"ends", "<p>", "</p>", "", 3000000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *xml = repeated(CASES[i].before, CASES[i].again, CASES[i].count, CASES[i].after);
        clock_t began = clock();
        g_autoptr(Heard) heard = hear(xml, strlen(xml));
        cr_expect_lt(clock() - began, 8 * CLOCKS_PER_SEC, "%s", CASES[i].what);
    }
}

// Names that are all different are kept by the parser, up to a limit.
Test(xml, names_without_end, .timeout = 30)
{
    GString *xml = g_string_new("<p>");
    for (guint i = 0; i < 3000000; i++)
        g_string_append_printf(xml, "<n%u/>", i);
    g_string_append(xml, "</p>");
    g_autoptr(Heard) heard = hear(xml->str, xml->len);
    cr_expect_not(heard->whole);
    cr_expect_eq(heard->message->facts->len, 1);
    g_string_free(xml, TRUE);
}
