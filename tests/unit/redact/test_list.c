// Renditions, and lists of redactions that fit no other.
#include "support.h"

#include <string.h>

Test(rendition, shows_what_people_read_and_notes_the_rest)
{
    g_autoptr(Message) message = support_message("One.\r\nTwo\001three.");
    support_attach(message, "Mia.pdf", "application/pdf");
    support_put(message, 2, ORIGIN_DOCUMENT, "First page.")->place = g_strdup("page 1");
    support_put(message, 2, ORIGIN_DOCUMENT, "Second page.")->place = g_strdup("page 2");
    support_put(message, 2, ORIGIN_METADATA, "Author Somebody");
    support_attach(message, "grades.xlsx", "application/octet-stream");
    support_put(message, 3, ORIGIN_DOCUMENT, "Mia\tB")->place = g_strdup("sheet Mia");
    support_put(message, 3, ORIGIN_DOCUMENT, "ghost")->visibility = VISIBILITY_HIDDEN;
    support_put(message, 1, ORIGIN_SWEEP, "raw bytes");
    support_put(message, 1, ORIGIN_TEXT, "another reading")->reading = g_strdup("charset=x");
    support_attach(message, "locked.zip", "application/zip")->state = PART_FAILED;
    message_add_fact(message, "encrypted", 4, "locked.zip");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    for (const char *const *words =
             (const char *const[]){"To: Mia Torres <mia@example.org>", "Subject: Reading of Mia Torres",
                                   "Attachment 1: Mia.pdf", "Two three.", "--- Attachment 1, page 2 ---",
                                   "[sheet Mia]", "Mia B", "Attachment 3: ", NULL};
         *words != NULL; words++)
        cr_assert(support_says(rendition, *words), "%s", *words);
    for (const char *const *words = (const char *const[]){"hidden@", "Somebody", "ghost", "raw bytes",
                                                          "another reading", "--- Attachment 2, Mia", NULL};
         *words != NULL; words++)
        cr_assert_not(support_says(rendition, *words), "%s", *words);
    cr_assert_eq(rendition->notes->len, 3);
    for (guint i = 0; i < rendition->notes->len; i++)
        cr_assert_null(strstr(rendition->notes->pdata[i], "locked"));
}

Test(rendition, places_of_passages_are_places_of_sections)
{
    const char *text = "A\fB\r\nC \302\205 D\302\255E";
    g_autoptr(Message) message = support_message(text);
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    const RenditionSection *section = rendition->sections->pdata[1];
    gsize start = g_array_index(section->starts, gsize, 0);
    cr_assert_eq(g_array_index(section->passages, guint, 0), 0);
    cr_assert_eq(strstr(section->text, "E") - section->text, (long)start + (strstr(text, "E") - text));
    cr_assert_eq(section->lines, 3);
    cr_assert_eq(rendition_line(rendition, 1, (gsize)(strchr(section->text, 'C') - section->text)),
                 ((const RenditionSection *)rendition->sections->pdata[0])->lines + 3);
    cr_assert(support_says(rendition, "DE"));
}

Test(rendition, long_lines_are_broken_where_a_space_was)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 2000; i++)
        g_string_append_printf(text, "word%u ", i);
    g_autoptr(Message) message = support_message(text->str);
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    const RenditionSection *section = rendition->sections->pdata[1];
    cr_assert_geq(section->lines, text->len / 1010);
    cr_assert_leq(section->len, text->len + 1);
}

static json_t *list_json(const Rendition *rendition, bool text)
{
    GPtrArray *list = support_redact(rendition, "Mia Torres", NULL);
    json_t *json = redactions_to_json(rendition, list, text);
    g_ptr_array_unref(list);
    return json;
}

Test(list, goes_out_and_comes_back)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) message = support_message("For Mia Torres.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    json_t *json = list_json(rendition, true);
    cr_assert_eq(json_array_size(json), 3); // To, Subject, text
    GPtrArray *list = redactions_from_json(rendition, json, &error);
    cr_assert_not_null(list, "%s", error ? error->message : "");
    const Redaction *one = list->pdata[2];
    cr_assert_eq(one->section, 1);
    cr_assert_eq(one->from, 4);
    cr_assert_eq(one->to, 14);
    cr_assert_str_eq(one->code, "X");
    cr_assert_eq(one->time_us, 0); // less than the milliseconds that are kept
    json_t *again = redactions_to_json(rendition, list, true);
    json_object_del(json_array_get(json, 2), "time");
    json_object_del(json_array_get(again, 2), "time");
    cr_assert(json_equal(json_array_get(json, 2), json_array_get(again, 2)));
    g_ptr_array_unref(list);
    json_decref(json);
    json_decref(again);
}

static void refuses(const Rendition *rendition, const char *key, json_t *value, const char *want)
{
    g_autoptr(GError) error = NULL;
    json_t *json = list_json(rendition, true);
    json_object_set_new(json_array_get(json, 1), key, value);
    cr_assert_null(redactions_from_json(rendition, json, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    cr_assert_not_null(strstr(error->message, want), "%s", error->message);
    cr_assert_not_null(strstr(error->message, "redaction 2"), "%s", error->message);
    json_decref(json);
}

Test(list, refuses_what_does_not_fit)
{
    g_autoptr(Message) message = support_message("For Mia Torres, se\303\261ora.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    refuses(rendition, "section", json_integer(9), "no such section");
    refuses(rendition, "section", json_integer(-1), "no such section");
    refuses(rendition, "section", json_integer(1), "not the one that was redacted");
    refuses(rendition, "section", json_string("1"), "must be numbers");
    refuses(rendition, "to", json_integer(1000000), "no range");
    refuses(rendition, "to", json_integer(0), "no range");
    refuses(rendition, "from", json_integer(-5), "no range");
    refuses(rendition, "text", json_string("other"), "not what stands there");
    refuses(rendition, "kind", json_null(), "kind");
    refuses(rendition, "kind", json_string("name of Mia"), "kind");
    refuses(rendition, "sha256", json_string("00"), "not the one that was redacted");
}

Test(list, everywhere_but_where_the_officer_keeps_it)
{
    g_autoptr(Message) message = support_message("For Mia Torres.");
    support_put(message, 1, ORIGIN_HTML, "For MIA\nTORRES, not Miami.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    GPtrArray *list = support_redact(rendition, "Mia Torres", NULL);
    cr_assert_eq(list->len, 4);
    g_ptr_array_set_size(list, 1);
    ((Redaction *)list->pdata[0])->keep_others = true;
    cr_assert_eq(redactions_everywhere(rendition, list), 0);
    ((Redaction *)list->pdata[0])->keep_others = false;
    cr_assert_eq(redactions_everywhere(rendition, list), 3);
    for (guint i = 0; i < list->len; i++)
        cr_assert_str_eq(((const Redaction *)list->pdata[i])->code, "X");
    cr_assert_eq(redactions_everywhere(rendition, list), 0);
    g_ptr_array_unref(list);
}

Test(list, lines_of_one_section)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) message = support_message("One.\nTwo.\nThree.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    guint first = rendition_line(rendition, 1, 0);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    cr_assert(redactions_add_lines(rendition, list, first + 1, first + 2, &error));
    const Redaction *one = list->pdata[0];
    cr_assert_eq(one->section, 1);
    cr_assert_eq(one->from, 5);
    cr_assert_eq(one->to, 16);
    for (const guint *span =
             (const guint[]){0, 0, first - 1, first, first + 2, first + 3, first + 2, first + 1, 900, 901};
         span[0] < 900; span += 2) {
        cr_assert_not(redactions_add_lines(rendition, list, span[0], span[1], &error), "%u", span[0]);
        g_clear_error(&error);
    }
    g_ptr_array_unref(list);
}
