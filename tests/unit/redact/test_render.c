// Marks, the PDF, and the check that does not trust who made them.
#include "support.h"

#include <string.h>

static const RedactStyle STYLE = {.bates = "MH-000001", .time_us = 1795000000000000};

typedef struct {
    Config *config;
    Readers *readers;
    Message *message;
    Rendition *rendition;
    GPtrArray *list, *warnings;
} Ground;

static void ground_init(Ground *ground, const char *text)
{
    g_autoptr(GError) error = NULL;
    ground->config = support_config();
    ground->readers = readers_new(ground->config, &error);
    cr_assert_not_null(ground->readers, "%s", error ? error->message : "");
    ground->message = support_message(text);
    ground->rendition = rendition_new(ground->message, NULL);
    ground->list = support_redact(ground->rendition, "Mia Torres", NULL);
    ground->warnings = g_ptr_array_new_with_free_func(g_free);
}

static void ground_clear(Ground *ground)
{
    g_ptr_array_unref(ground->warnings);
    g_ptr_array_unref(ground->list);
    rendition_free(ground->rendition);
    message_free(ground->message);
    readers_free(ground->readers);
    config_unref(ground->config);
}

static GBytes *draw(const Draft *draft, const RedactStyle *style)
{
    guint pages = 0, unknown = 0;
    GError *error = NULL;
    GBytes *pdf = pdf_draw(draft, style, &pages, &unknown, &error);
    cr_assert_not_null(pdf);
    cr_assert_eq(unknown, 0);
    cr_assert_gt(pages, 0);
    return pdf;
}

// What the check says of a text made of `shown` and a PDF made of `drawn`. Caller frees; NULL = all is well.
static char *verdict(Ground *ground, const Draft *shown, const Draft *drawn, const RedactStyle *style)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pdf = draw(drawn, style);
    bool ok = check_rendered(ground->config, ground->readers, ground->rendition, ground->list, shown, pdf, 1,
                             ground->warnings, &error);
    cr_assert_eq(ok, error == NULL);
    return ok ? NULL : g_strdup(error->message);
}

Test(check, finds_what_a_wrong_rendering_leaves)
{
    Ground ground;
    ground_init(&ground, "For Mia\nTorres.");
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) most = g_ptr_array_new();
    for (guint i = 0; i + 1 < ground.list->len; i++)
        g_ptr_array_add(most, ground.list->pdata[i]);
    g_autoptr(Draft) right = draft_new(ground.rendition, ground.list);
    g_autoptr(Draft) open = draft_new(ground.rendition, none);
    g_autoptr(Draft) leaking = draft_new(ground.rendition, most);
    g_autofree char *good = verdict(&ground, right, right, &STYLE);
    cr_assert_null(good, "%s", good);
    g_autofree char *text = verdict(&ground, leaking, right, &STYLE);
    cr_assert_not_null(text);
    cr_assert_not_null(strstr(text, "still stands in Text"), "%s", text);
    cr_assert_null(strstr(text, "Torres"), "%s", text);
    // A PDF with fewer marks than the text has is none that was made of it.
    g_autofree char *unread = verdict(&ground, right, open, &STYLE);
    cr_assert_not_null(unread);
    cr_assert_not_null(strstr(unread, "marks"), "%s", unread);
    RedactStyle style = {.bates = "TORRES-Mia-Torres", .time_us = 1};
    g_autofree char *title = verdict(&ground, right, right, &style);
    cr_assert_not_null(title);
    cr_assert_not_null(strstr(title, "the PDF's properties"), "%s", title);
    ground_clear(&ground);
}

Test(check, the_pdf_is_searched_by_itself)
{
    Ground ground;
    ground_init(&ground, "For Mia\nTorres.");
    // Marks enough, and one name left.
    g_autoptr(Message) other = support_message("Torres [REDACTED X], Mia\nTorres.");
    g_autoptr(Rendition) rendition = rendition_new(other, NULL);
    GPtrArray *list = support_redact(rendition, "Mia Torres", NULL);
    g_autoptr(GPtrArray) most = g_ptr_array_new();
    for (guint i = 0; i + 1 < list->len; i++)
        g_ptr_array_add(most, list->pdata[i]);
    g_autoptr(Draft) right = draft_new(ground.rendition, ground.list);
    g_autoptr(Draft) leaking = draft_new(rendition, most);
    g_autofree char *pdf = verdict(&ground, right, leaking, &STYLE);
    cr_assert_not_null(pdf);
    cr_assert_not_null(strstr(pdf, "still stands in the PDF"), "%s", pdf);
    g_ptr_array_unref(list);
    ground_clear(&ground);
}

Test(check, more_pages_than_are_read_are_refused)
{
    Ground ground;
    g_autoptr(GError) error = NULL;
    ground_init(&ground, "For Mia Torres.");
    g_autoptr(Draft) right = draft_new(ground.rendition, ground.list);
    g_autoptr(GBytes) pdf = draw(right, &STYLE);
    cr_assert_not(check_rendered(ground.config, ground.readers, ground.rendition, ground.list, right, pdf,
                                 (guint)ground.config->limits.pdf_pages + 1, ground.warnings, &error));
    cr_assert_not_null(strstr(error->message, "limits.pdf_pages"), "%s", error->message);
    ground_clear(&ground);
}

Test(check, runs_of_a_long_redaction_are_strings_of_their_own)
{
    Ground ground;
    const char *letter = "We decided after long talks with the family that he will repeat the grade in fall.";
    g_autofree char *text =
        g_strdup_printf("%s\nAgain: talks with the family that he will repeat the grade in winter.", letter);
    ground_init(&ground, text);
    g_ptr_array_unref(ground.list);
    ground.list = support_redact(ground.rendition, letter, NULL);
    g_autoptr(Draft) draft = draft_new(ground.rendition, ground.list);
    g_autofree char *said = verdict(&ground, draft, draft, &STYLE);
    cr_assert_not_null(said);
    cr_assert_not_null(strstr(said, "still stands in Text"), "%s", said);
    ground_clear(&ground);
}

Test(render, touching_redactions_are_one_mark)
{
    g_autoptr(Message) message = support_message("See Mia Torres Lee and Mia.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    GPtrArray *list = support_redact(rendition, "Mia", "Torres", "Lee", NULL);
    g_autoptr(Draft) draft = draft_new(rendition, list);
    g_autofree char *text = draft_text(draft, NULL);
    cr_assert_not_null(strstr(text, "See [REDACTED X] and [REDACTED X]."), "%s", text);
    cr_assert_eq(draft->mark_line->len, list->len);
    g_ptr_array_unref(list);
}

Test(render, overlapping_redactions_name_both_codes)
{
    g_autoptr(Message) message = support_message("See Mia Torres Lee.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    cr_assert_eq(redactions_add_words(rendition, list, "Torres Lee"), 1);
    redactions_apply(list, NULL, "B", "officer", 1);
    cr_assert_gt(redactions_add_words(rendition, list, "Mia Torres"), 0);
    redactions_apply(list, NULL, "A", "officer", 1);
    g_autoptr(Draft) draft = draft_new(rendition, list);
    g_autofree char *text = draft_text(draft, NULL);
    cr_assert_not_null(strstr(text, "See [REDACTED A; B]."), "%s", text);
    g_ptr_array_unref(list);
}

Test(render, a_redaction_over_lines_leaves_one_line)
{
    g_autoptr(Message) message = support_message("One.\nTwo.\nThree.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    GPtrArray *list = support_redact(rendition, "One. Two. Three.", NULL);
    g_autoptr(Draft) draft = draft_new(rendition, list);
    const Line *last = draft->lines->pdata[draft->lines->len - 1];
    cr_assert_str_eq(last->text, "[REDACTED X].");
    cr_assert_eq(g_array_index(draft->mark_line, guint, 0), last->number);
    g_ptr_array_unref(list);
}

Test(render, wants_codes_and_gives_the_same_bytes)
{
    Ground ground;
    ground_init(&ground, "For Mia Torres.");
    g_autoptr(GError) error = NULL;
    ((Redaction *)ground.list->pdata[0])->time_us = 0;
    json_t *json = redactions_to_json(ground.rendition, ground.list, false);
    cr_assert_null(redact_render(ground.config, ground.readers, ground.rendition, json, &STYLE, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_USAGE));
    for (size_t i = 0; i < json_array_size(json); i++)
        json_object_set_new(json_array_get(json, i), "time", json_string("2026-11-20T10:00:00Z"));
    g_clear_error(&error);
    g_autoptr(RedactResult) one =
        redact_render(ground.config, ground.readers, ground.rendition, json, &STYLE, &error);
    cr_assert_not_null(one, "%s", error ? error->message : "");
    g_autoptr(RedactResult) other =
        redact_render(ground.config, ground.readers, ground.rendition, json, &STYLE, &error);
    cr_assert(g_bytes_equal(one->pdf, other->pdf));
    cr_assert_str_eq(one->text, other->text);
    cr_assert(json_equal(one->log, other->log));
    cr_assert_null(json_object_get(one->log, "before"));
    json_object_set_new(json_array_get(json, 0), "code", json_string("two\nlines"));
    cr_assert_null(redact_render(ground.config, ground.readers, ground.rendition, json, &STYLE, &error));
    json_decref(json);
    ground_clear(&ground);
}

static gpointer draw_often(gpointer data)
{
    GBytes *first = draw(data, &STYLE);
    for (guint i = 0; i < 20; i++) {
        g_autoptr(GBytes) again = draw(data, &STYLE);
        cr_assert(g_bytes_equal(first, again));
    }
    return first;
}

Test(render, many_threads_draw_the_same)
{
    g_autoptr(Message) message =
        support_message("For Mia Torres, \316\261\316\262 \327\251\327\234\327\225\327\235.");
    g_autoptr(Rendition) rendition = rendition_new(message, NULL);
    GPtrArray *list = support_redact(rendition, "Mia Torres", NULL);
    g_autoptr(Draft) draft = draft_new(rendition, list);
    GThread *threads[4];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("draw", draw_often, draft);
    g_autoptr(GBytes) first = g_thread_join(threads[0]);
    for (guint i = 1; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(GBytes) other = g_thread_join(threads[i]);
        cr_assert(g_bytes_equal(first, other));
    }
    g_ptr_array_unref(list);
}
