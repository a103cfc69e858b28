// Records read for their renditions.
#include "support.h"

#include <string.h>

static const char REPORT[] =
    "From: journal@example.org\r\nSubject: Journal\r\n\r\nRecipient: hidden@example.org\r\n\r\n";
static const char INNER[] =
    "From: ann@example.org\r\nTo: mia@example.org\r\nSubject: Inner\r\n\r\nOnly this.\r\n";

typedef struct {
    Config *config;
    Readers *readers;
    GBytes *raw;
    char *sha256;
} Ground;

static void ground_init(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *whole = g_strconcat(REPORT, INNER, "-- end --\r\n", NULL);
    ground->config = support_config();
    ground->readers = readers_new(ground->config, &error);
    cr_assert_not_null(ground->readers, "%s", error ? error->message : "");
    ground->raw = g_bytes_new(whole, strlen(whole));
    ground->sha256 = sha256_hex(INNER, strlen(INNER));
}

static void ground_clear(Ground *ground)
{
    g_free(ground->sha256);
    g_bytes_unref(ground->raw);
    readers_free(ground->readers);
    config_unref(ground->config);
}

static Message *read_as(Ground *ground, const char *sha256, json_int_t offset, json_int_t length,
                        GError **error)
{
    json_t *meta = json_pack("{s:{s:{s:s, s:I, s:I}}}", "intake", "wrapper", "sha256", sha256, "offset",
                             offset, "length", length);
    Message *message = redact_read(ground->config, ground->readers, meta, ground->raw, error);
    json_decref(meta);
    return message;
}

Test(read, of_a_journal_report_only_the_message)
{
    Ground ground;
    g_autoptr(GError) error = NULL;
    ground_init(&ground);
    g_autoptr(Message) whole = redact_read(ground.config, ground.readers, NULL, ground.raw, &error);
    cr_assert_not_null(whole, "%s", error ? error->message : "");
    cr_assert_str_eq(whole->subject, "Journal");
    g_autoptr(Message) inner =
        read_as(&ground, ground.sha256, (json_int_t)strlen(REPORT), (json_int_t)strlen(INNER), &error);
    cr_assert_not_null(inner, "%s", error ? error->message : "");
    g_autoptr(Rendition) rendition = rendition_new(inner, NULL);
    cr_assert(support_says(rendition, "Subject: Inner"));
    cr_assert(support_says(rendition, "Only this."));
    cr_assert_not(support_says(rendition, "hidden@"));
    ground_clear(&ground);
}

Test(read, a_report_that_cannot_be_taken_apart_is_refused)
{
    Ground ground;
    ground_init(&ground);
    json_int_t offset = (json_int_t)strlen(REPORT), length = (json_int_t)strlen(INNER);
    const struct {
        const char *sha256;
        json_int_t offset, length;
    } wrong[] = {{"00", offset, length},
                 {ground.sha256, offset + 1, length},
                 {ground.sha256, -1, length},
                 {ground.sha256, offset, 1000000},
                 {ground.sha256, G_MAXINT64, G_MAXINT64},
                 {ground.sha256, offset, 0}};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        cr_assert_null(read_as(&ground, wrong[i].sha256, wrong[i].offset, wrong[i].length, &error), "%u", i);
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    }
    ground_clear(&ground);
}
