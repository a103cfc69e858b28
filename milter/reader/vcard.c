// vCard 2.1, 3.0, 4.0: a passage a property, named by it.
#include "reader/content_line.h"

#include <string.h>

// Values that are no text for people.
static bool vcard_technical(const char *name)
{
    static const char *const names[] = {"BEGIN",        "END",  "VERSION", "PRODID", "REV",     "UID",
                                        "CLIENTPIDMAP", "KIND", "TZ",      "GEO",    "X-ABUID", "X-ABLABEL"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(name, names[i]))
            return true;
    }
    return false;
}

// The empty fields of ";;12 Main St;Springfield;;" go; what is left reads as one line.
static char *vcard_compound(const char *value)
{
    GString *out = g_string_sized_new(strlen(value));
    for (const char *at = value; *at; at++) {
        if (*at == '\\' && at[1]) {
            g_string_append_c(out, at[0]);
            g_string_append_c(out, *++at);
        } else if (*at != ';') {
            g_string_append_c(out, *at);
        } else if (out->len && !g_str_has_suffix(out->str, ", ")) {
            g_string_append(out, ", ");
        }
    }
    if (g_str_has_suffix(out->str, ", "))
        g_string_truncate(out, out->len - 2);
    return g_string_free(out, FALSE);
}

static void vcard_property(ContentProperties *properties, const ContentLines *lines)
{
    static const char *const compound[] = {"ADR", "N", "ORG"};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (content_lines_binary(lines, bytes)) {
        content_read_inside(properties->state, properties->part, bytes->data, bytes->len,
                            "application/octet-stream", NULL);
        return;
    }
    g_autofree char *joined = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(compound); i++) {
        if (g_str_equal(lines->name, compound[i]))
            joined = vcard_compound(lines->value);
    }
    g_autofree char *text = content_lines_unescape(joined ? joined : lines->value);
    g_autofree char *label = content_lines_param(lines, "LABEL"); // 4.0: the address as it is printed
    g_autofree char *user = content_lines_param(lines, "X-USER");
    content_properties_add(properties, lines->name, text);
    if (label) {
        g_autofree char *plain = content_lines_unescape(label);
        content_properties_add(properties, lines->name, plain);
    }
    if (user)
        content_properties_add(properties, lines->name, user);
}

void vcard_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    ContentLines lines;
    ContentProperties properties;
    content_lines_init(&lines, utf8, len);
    content_properties_init(&properties, state, part, ORIGIN_VCARD, reading);
    while (content_lines_next(&lines)) {
        if (!vcard_technical(lines.name))
            vcard_property(&properties, &lines);
    }
    content_properties_finish(&properties);
    content_lines_clear(&lines);
}
