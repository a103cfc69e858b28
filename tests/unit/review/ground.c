#include "ground.h"

#include <stdlib.h>
#include <string.h>

static const char POLICY[] = "name = \"ground\"; version = 1;\n"
                             "escalations: { mandated-report: { contacts = [ \"duty@example.org\", "
                             "\"two@example.org\" ]; hours = 5; }; };\n"
                             "%s\n"
                             "rules: ( { name = \"any\"; clause = \"T 1\"; gist = \"any\"; action = \"tag\"; "
                             "when: { sender: { role = \"staff\"; }; }; } );\n";

Ground *ground_new(const char *patterns)
{
    Ground *ground = g_new0(Ground, 1);
    g_autoptr(GError) error = NULL;
    ground->dir = g_dir_make_tmp("chaperone-review-XXXXXX", NULL);
    ground->config = config_defaults();
    g_free(ground->config->archive.dir);
    ground->config->archive.dir = g_build_filename(ground->dir, "archive", NULL);
    g_free(ground->config->review.database);
    ground->config->review.database = g_build_filename(ground->dir, "review.db", NULL);
    g_free(ground->config->notice.from);
    ground->config->notice.from = g_strdup("filter@example.org");
    ground->config->quarantine.release_port = 1; // nobody listens
    ground->review = review_open(ground->config, &error);
    cr_assert_not_null(ground->review, "%s", error != NULL ? error->message : "");
    g_autofree char *section =
        patterns != NULL ? g_strdup_printf("patterns: { %s };", patterns) : g_strdup("");
    g_autofree char *text = g_strdup_printf(POLICY, section);
    ground->policy = policy_parse("ground", text, NULL, &error);
    cr_assert_not_null(ground->policy, "%s", error != NULL ? error->message : "");
    return ground;
}

void ground_free(Ground *ground)
{
    review_close(&ground->review);
    policy_unref(ground->policy);
    config_unref(ground->config);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", ground->dir);
    cr_assert_eq(system(command), 0);
    g_free(ground->dir);
    g_free(ground);
}

static json_t *pairs_json(const char *staff, const char *student, guint signs)
{
    json_t *list = json_array();
    for (int i = 0; i < SIGN_LAST; i++)
        if (signs & (1u << i))
            json_array_append_new(list, json_string(sign_name(i)));
    g_autofree char *from = g_strdup_printf("%s@example.org", staff);
    g_autofree char *to = g_strdup_printf("%s@students.example.org", student);
    return json_pack("{s:[{s:s, s:s, s:s, s:s}], s:o, s:b}", "of", "staff", staff, "student", student,
                     "staff_address", from, "student_address", to, "signs", list, "by_staff", 1);
}

ArchiveRecord *ground_record(Ground *ground, const char *staff, const char *student, guint signs,
                             int64_t time_us, json_t *reasons)
{
    ArchiveRecord *record = g_new0(ArchiveRecord, 1);
    g_autofree char *from = g_strdup_printf("%s@example.org", staff);
    record->ref = g_new0(ArchiveRef, 1);
    g_snprintf(record->ref->id, sizeof record->ref->id, "01KZ%022" G_GUINT64_FORMAT, ++ground->count);
    record->meta =
        json_pack("{s:I, s:{s:s, s:[{s:s}]}, s:{s:s}, s:{s:[{s:s, s:s, s:s, s:s}], s:o, s:o}}", "received_us",
                  (json_int_t)time_us, "envelope", "mail_from", from, "rcpts", "address",
                  "kid@students.example.org", "message", "subject", "a subject", "judgement", "parties",
                  "address", from, "role", "staff", "person", staff, "as", "sender", "pairs",
                  pairs_json(staff, student, signs), "reasons", reasons != NULL ? reasons : json_array());
    cr_assert_not_null(record->meta);
    return record;
}

GPtrArray *ground_records(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)archive_record_free);
}

void ground_feed(Ground *ground, GPtrArray *records, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) places = g_ptr_array_new();
    cr_assert(review_feed(ground->review, ground->policy, records, places, now_us, &error), "%s",
              error != NULL ? error->message : "");
    g_ptr_array_set_size(records, 0);
}

void ground_messages(Ground *ground, const char *staff, const char *student, guint signs, guint count,
                     int64_t time_us)
{
    g_autoptr(GPtrArray) records = ground_records();
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(records, ground_record(ground, staff, student, signs, time_us, NULL));
    ground_feed(ground, records, time_us);
}

guint ground_count(Ground *ground, int kind, int state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = review_list(ground->review, kind, state, &error);
    cr_assert_not_null(items, "%s", error != NULL ? error->message : "");
    return items->len;
}

static bool take_event(const ArchiveRecord *record, void *data)
{
    const char *name = json_string_value(json_object_get(record->meta, "event"));
    g_ptr_array_add(data, g_strdup(name));
    return true;
}

GPtrArray *ground_events(Ground *ground)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const ArchiveQuery query = {.events = true};
    cr_assert(archive_each(ground->config, &query, take_event, NULL, names, NULL));
    return names;
}
