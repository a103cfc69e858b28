// Pieces of a bag that need no archive: what a receiver may see, tables, manifests, mbox, what a spec may say.
#include "bag/internal.h"
#include "bag/mbox.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

// ---- the message for its receiver ------------------------------------------------------------------------

static BagNative *native(const char *raw, json_t *meta, bool envelope, GError **error)
{
    ArchiveRef ref = {.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"};
    ArchiveRecord record = {.ref = &ref, .meta = meta};
    record.raw = g_bytes_new(raw, strlen(raw));
    BagNative *native = native_of(&record, envelope, error);
    g_bytes_unref(record.raw);
    json_decref(meta);
    return native;
}

static void expect_bytes(const BagNative *native, const char *want)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(native->bytes, &len);
    g_autofree char *text = g_strndup(len > 0 ? data : "", len);
    cr_expect_str_eq(text, want);
}

Test(native, hidden_recipients_are_left_out_and_nothing_else)
{
    static const char RAW[] =
        "Received: from a by b for <hidden@example.org>;\r\n\tMon, 23 Nov 2026 10:00:00 +0000\r\n"
        "Received: from b by c for <ANN@example.org>; Mon, 23 Nov 2026 10:00:01 +0000\r\n"
        "From: ben@example.org\r\nBCC : hidden@example.org,\r\n other@example.org\r\n"
        "To: Ann <ann@example.org>\r\nDelivered-To: hidden@example.org\r\nSubject: a\r\n b\r\n"
        "\r\nBcc: this is text\r\n";
    g_autoptr(BagNative) seen = native(RAW, json_object(), false, NULL);
    expect_bytes(seen, "Received: from b by c for <ANN@example.org>; Mon, 23 Nov 2026 10:00:01 +0000\r\n"
                       "From: ben@example.org\r\nTo: Ann <ann@example.org>\r\nSubject: a\r\n b\r\n\r\nBcc: "
                       "this is text\r\n");
    cr_assert_eq(seen->left_out->len, 3);
    cr_expect_str_eq(seen->left_out->pdata[0], "Received");
    cr_expect_str_eq(seen->left_out->pdata[1], "BCC");
    cr_expect_str_eq(seen->left_out->pdata[2], "Delivered-To");
    g_autoptr(BagNative) whole = native(RAW, json_object(), true, NULL);
    expect_bytes(whole, RAW);
    cr_expect_eq(whole->left_out->len, 0);
}

Test(native, odd_messages_come_through)
{
    static const char *const SAME[] = {
        "",           "\r\n", "\n\nBcc: x",         "no header at all\r\n",
        "Subject: x", ": y",  "Subject: x\n\nbody", "\tfold first\nTo: a@example.org\n\n"};
    for (guint i = 0; i < G_N_ELEMENTS(SAME); i++) {
        g_autoptr(BagNative) seen = native(SAME[i], json_object(), false, NULL);
        cr_assert_not_null(seen);
        expect_bytes(seen, SAME[i]);
    }
    g_autoptr(BagNative) only = native("Bcc: x@example.org", json_object(), false, NULL);
    expect_bytes(only, "");
}

Test(native, a_journal_report_is_taken_off)
{
    static const char RAW[] = "From: journal@example.org\r\n\r\nRecipient: "
                              "hidden@example.org\r\n--\r\nSubject: in\r\n\r\nhello\r\n";
    const char *inner = strstr(RAW, "Subject: in");
    g_autofree char *hash = sha256_hex(inner, strlen(inner));
    json_t *meta = json_pack("{s:{s:{s:s, s:i, s:i, s:s}}}", "intake", "wrapper", "kind", "exchange",
                             "offset", (int)(inner - RAW), "length", (int)strlen(inner), "sha256", hash);
    g_autoptr(BagNative) seen = native(RAW, json_incref(meta), false, NULL);
    expect_bytes(seen, inner);
    cr_expect(seen->unwrapped);
    g_autoptr(BagNative) whole = native(RAW, json_incref(meta), true, NULL);
    expect_bytes(whole, RAW);
    for (guint i = 0; i < 3; i++) { // another length, a place behind the end, no hash
        json_t *other = json_deep_copy(meta),
               *wrapper = json_object_get(json_object_get(other, "intake"), "wrapper");
        if (i == 0)
            json_object_set_new(wrapper, "length", json_integer((json_int_t)strlen(inner) - 1));
        else if (i == 1)
            json_object_set_new(wrapper, "offset", json_integer(G_MAXINT64));
        else
            json_object_del(wrapper, "sha256");
        g_autoptr(GError) error = NULL;
        cr_expect_null(native(RAW, other, false, &error));
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA), "%u", i);
    }
    json_decref(meta);
}

// ---- tables ----------------------------------------------------------------------------------------------

Test(tables, no_cell_is_a_formula)
{
    static const struct {
        const char *text, *want;
    } ROWS[] = {{"plain", "plain"},
                {"=1+1", "\"'=1+1\""},
                {"+15085550142", "\"'+15085550142\""},
                {"-2", "\"'-2\""},
                {"@SUM(A1)", "\"'@SUM(A1)\""},
                {"\t=1", "\"' =1\""},
                {"a,b", "\"a,b\""},
                {"say \"hi\"", "\"say \"\"hi\"\"\""},
                {"two\r\nlines", "\"two  lines\""},
                {" leading", "\" leading\""},
                {"a|b", "a|b"},
                {"", ""}};
    for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        table_csv_cell(out, ROWS[i].text, ',');
        cr_expect_str_eq(out->str, ROWS[i].want);
    }
    g_autoptr(GString) out = g_string_new(NULL);
    table_csv_cell(out, "a|b", '|');
    cr_expect_str_eq(out->str, "\"a|b\"");
}

Test(tables, concordance_has_its_own_signs)
{
    json_t *rows =
        json_pack("[{s:s, s:s}]", "BEGBATES", "A1", "SUBJECT", "\xc3\xbe thorn \xc2\xae =x\x14y\nz");
    g_autoptr(GString) out = g_string_new(NULL);
    table_dat_rows(out, rows);
    cr_expect(g_str_has_prefix(out->str, "\xc3\xbe"
                                         "A1\xc3\xbe\x14\xc3\xbe\xc3\xbe\x14"));
    cr_expect_not_null(strstr(out->str, "\xc3\xbeth thorn (R) =xy\xc2\xaez\xc3\xbe"));
    g_auto(GStrv) cells = g_strsplit(out->str, "\x14", -1);
    guint columns = 0;
    while (TABLE_COLUMNS[columns] != NULL)
        columns++;
    cr_expect_eq(g_strv_length(cells), columns);
    json_decref(rows);
}

// ---- manifests -------------------------------------------------------------------------------------------

Test(manifest, lines_are_read_strictly)
{
#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static const struct {
        const char *text, *path; // NULL = refused
    } ROWS[] = {{HASH "  data/a b.txt\n", "data/a b.txt"},
                {HASH " data/x%0Ay%25\r\n", "data/x\ny%"},
                {HASH "  ./data/a\n", "data/a"},
                {HASH "  ../a\n", NULL},
                {HASH "  /etc/passwd\n", NULL},
                {HASH "  data/../../a\n", NULL},
                {HASH "data/a\n", NULL},
                {"abc  data/a\n", NULL},
                {HASH "0  data/a\n", NULL},
                {HASH "  \n", NULL},
                {HASH "  data//a\n", NULL}};
    g_autofree char *dir = g_dir_make_tmp("chaperone-bag-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "manifest", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        cr_assert(g_file_set_contents(file, ROWS[i].text, -1, NULL));
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) lines = manifest_read(file, &error);
        cr_assert_eq(lines != NULL, ROWS[i].path != NULL, "%s", ROWS[i].text);
        if (lines == NULL)
            cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
        else
            cr_expect_str_eq(((const ManifestLine *)lines->pdata[0])->path, ROWS[i].path);
    }
    g_unlink(file);
    g_rmdir(dir);
    g_autofree char *encoded = manifest_encode("data/x\ny%\r");
    cr_expect_str_eq(encoded, "data/x%0Ay%25%0D");
}

// ---- mbox ------------------------------------------------------------------------------------------------

Test(mbox, quoting_goes_both_ways)
{
    static const char RAW[] =
        "Subject: x\n\nFrom here\n>From there\n>>From far\nfrom small\n From blank\nFrom";
    g_autoptr(GByteArray) quoted = mbox_quote((const guint8 *)RAW, strlen(RAW));
    g_autofree char *text = g_strndup((const char *)quoted->data, quoted->len);
    cr_expect_str_eq(text,
                     "Subject: x\n\n>From here\n>>From there\n>>>From far\nfrom small\n From blank\nFrom");
    g_autoptr(GByteArray) back = mbox_unquote(quoted->data, quoted->len);
    cr_assert_eq(back->len, strlen(RAW));
    cr_expect_arr_eq(back->data, RAW, back->len);
    g_autofree char *line = mbox_from_line("a b@example.org", INT64_C(1795348800000000));
    cr_expect_str_eq(line, "From a_b@example.org Sun Nov 22 12:00:00 2026\n");
}

// ---- specs -----------------------------------------------------------------------------------------------

#define RECORD "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static BagSpec *spec_new(void)
{
    BagSpec *spec = bag_spec_new();
    spec->name = g_strdup("2026-017");
    spec->who = g_strdup("records");
    spec->time_us = 1;
    bag_spec_add(spec, RECORD, "A001", BAG_FULL);
    return spec;
}

static void expect_mistake(const BagSpec *spec, const char *what)
{
    g_autoptr(GError) error = NULL;
    bool ok = spec_check(spec, &error);
    cr_assert_eq(ok, what == NULL, "%s: %s", what, error != NULL ? error->message : "taken");
    if (what != NULL) {
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_USAGE));
        cr_expect_not_null(strstr(error->message, what), "%s", error->message);
    }
}

Test(spec, mistakes_are_named)
{
    g_autoptr(BagSpec) spec = spec_new();
    BagItem *item = spec->items->pdata[0];
    expect_mistake(spec, NULL);
    item->treatment = BAG_WITHHELD;
    expect_mistake(spec, "exemption's code");
    bag_item_exempt(item, "", NULL);
    expect_mistake(spec, "without a code");
    bag_item_exempt(item, "26(a)", "student record");
    g_ptr_array_remove_index(item->exemptions, 0);
    expect_mistake(spec, NULL);
    item->treatment = BAG_REDACTED;
    expect_mistake(spec, "its redactions");
    item->treatment = BAG_FULL;
    bag_spec_add(spec, RECORD, "A002", BAG_FULL);
    expect_mistake(spec, "record stands there twice");
    bag_spec_add(spec, "01BX5ZZKBKACTAV9WEVGEMMVRZ", "a001", BAG_FULL);
    g_ptr_array_remove_index(spec->items, 1);
    expect_mistake(spec, "number stands there twice");
    g_ptr_array_remove_index(spec->items, 1);
    static const char *const BAD[] = {"", "../a", "a.001", "a b", "\xc3\xa9"};
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_free(item->bates);
        item->bates = g_strdup(BAD[i]);
        expect_mistake(spec, "Bates");
    }
    g_ptr_array_set_size(spec->items, 0);
    expect_mistake(spec, "nothing in it");
}

Test(spec, numbers)
{
    g_autofree char *number = bag_bates("SPS-", 6, 42), *wide = bag_bates("", 2, 12345);
    cr_expect_str_eq(number, "SPS-000042");
    cr_expect_str_eq(wide, "12345");
    BagTreatment treatment;
    cr_expect(bag_treatment_parse("redacted", &treatment) && treatment == BAG_REDACTED);
    cr_expect_not(bag_treatment_parse("secret", &treatment));
}
