#include "feeds/csv.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    char *data;
    gsize size, at, piece;
} Input;

static gssize input_read(void *data, void *buf, gsize len, GError **error)
{
    Input *input = data;
    gsize take = MIN(MIN(len, input->piece), input->size - input->at);
    if (take > 0)
        memcpy(buf, input->data + input->at, take);
    input->at += take;
    return (gssize)take;
}

// Rows as "field|field/field|field"; an error as "!message".
static char *read_all(const char *text, gsize size, gsize piece, int dropped)
{
    Input input = {g_memdup2(text, size), size, 0, piece};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(CsvReader) reader = csv_new("t.csv", input_read, &input);
    g_autoptr(GError) error = NULL;
    if (dropped >= 0)
        csv_drop_column(reader, (guint)dropped);
    CsvStep step;
    for (guint row = 0; (step = csv_next(reader, &error)) == CSV_ROW; row++) {
        g_string_append_printf(out, "%s%u:", row > 0 ? "/" : "", csv_line(reader));
        for (guint i = 0; i < csv_count(reader); i++)
            g_string_append_printf(out, "%s%s", i > 0 ? "|" : "", csv_field(reader, i));
    }
    cr_expect((step == CSV_FAILED) == (error != NULL));
    if (error != NULL)
        g_string_append_printf(out, "!%s", error->message);
    g_free(input.data);
    return g_strdup(out->str);
}

Test(csv, reads_and_refuses)
{
    static const struct {
        const char *text, *expect;
        gsize size; // 0 = strlen
    } cases[] = {
        {"", "", 0},
        {"a,b\n1,2\n", "1:a|b/2:1|2", 0},
        {"a,b\r\n1,2", "1:a|b/2:1|2", 0},
        {"a,b\r1,2\r", "1:a|b/2:1|2", 0},
        {"\xef\xbb\xbf"
         "a,b\n",
         "1:a|b", 0},
        {"a\n\n\n1\n", "1:a/4:1", 0},
        {"a,b,\n1\n", "1:a|b|/2:1", 0},
        {"\"a,b\",\"c \"\"d\"\"\"\n", "1:a,b|c \"d\"", 0},
        {"\"two\r\nlines\",x\ny\n", "1:two\nlines|x/3:y", 0},
        {" a , \"b\" ,c d \n", "1:a|b|c d", 0},
        {"a\"b,c\n", "1:a\"b|c", 0},
        {"\"\"\n\"\"\n", "", 0},
        {",\n", "1:|", 0},
        {"a\n\"b\nc", "1:a!t.csv:3: column 1: the quote opened on line 2 is never closed", 0},
        {"a\n\"b\"c\n", "1:a!t.csv:2: column 1: text after a closing quote; double quotes inside a field", 0},
        {"a\nb\0c\n", "1:a!t.csv:2: column 1: a NUL character; UTF-16, or no text? export the file as UTF-8",
         6},
        {"a\n1,\xe9\n",
         "1:a!t.csv:2: column 2: not UTF-8 (Windows-1252 or another old encoding?); export the file as UTF-8",
         0},
        {"\xff\xfe"
         "a\0",
         "!t.csv:1: UTF-16; export the file as UTF-8", 4},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize size = cases[i].size > 0 ? cases[i].size : strlen(cases[i].text);
        for (gsize piece = 1; piece <= 65536; piece = piece == 1 ? 2 : piece == 2 ? 65536 : 65537) {
            g_autofree char *got = read_all(cases[i].text, size, piece, -1);
            cr_expect_str_eq(got, cases[i].expect, "case %zu, %zu bytes a read: %s", i, piece, got);
        }
    }
}

Test(csv, bounds)
{
    g_autoptr(GString) field = g_string_new("h\n");
    for (int i = 0; i < 1000000; i++)
        g_string_append_c(field, 'x');
    g_autofree char *long_field = read_all(field->str, field->len, 65536, -1);
    cr_expect(strstr(long_field, "t.csv:2: column 1: a field over 65536 bytes") != NULL, "%.100s",
              long_field);
    // A dropped column is bounded as well.
    g_autofree char *dropped = read_all(field->str, field->len, 65536, 0);
    cr_expect(strstr(dropped, "a field over") != NULL);

    g_autoptr(GString) wide = g_string_new("h\n");
    for (int i = 0; i < 600; i++)
        g_string_append(wide, "x,");
    g_autofree char *many = read_all(wide->str, wide->len, 65536, -1);
    cr_expect(strstr(many, "more than 512 fields") != NULL);

    g_autoptr(GString) row = g_string_new("h\n");
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 60000; j++)
            g_string_append_c(row, 'y');
        g_string_append_c(row, ',');
    }
    g_autofree char *big = read_all(row->str, row->len, 65536, -1);
    cr_expect(strstr(big, "a row over 262144 bytes") != NULL);
}

Test(csv, dropped_columns_are_never_kept)
{
    const char *text = "id,password,x\n1,secret,2\n3,\"se\"\"cret\",4\n";
    g_autofree char *got = read_all(text, strlen(text), 65536, 1);
    cr_expect_str_eq(got, "1:id||x/2:1||2/3:3||4");
}

Test(csv, linear)
{
    // A million quotes must not cost more than a million letters by much: it would not end.
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 200000; i++)
        g_string_append(text, "\"\"\"\"\"\",\"\n\"\n");
    gint64 began = g_get_monotonic_time();
    g_autofree char *got = read_all(text->str, text->len, 65536, -1);
    cr_expect(strlen(got) > 200000);
    cr_expect(g_get_monotonic_time() - began < 5 * G_USEC_PER_SEC);
}
