// Exceptions that let something through are events of their own: their use must be provable.
#include "archive/archive.h"

#include <string.h>

#define MOST_STUDENTS 100 // named in one event; all of them are counted

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "";
}

// The detail that tells of this exception, under this rule and for this reason.
static json_t *detail_of(json_t *details, GHashTable *by_key, const json_t *reason, const json_t *tried)
{
    char *key = g_strdup_printf("%s\n%s\n%s", text_of(tried, "exception"), text_of(reason, "rule"),
                                text_of(tried, "why"));
    json_t *detail = g_hash_table_lookup(by_key, key);
    if (detail != NULL) {
        g_free(key);
        return detail;
    }
    detail = json_pack("{s:s, s:s, s:s, s:s, s:[], s:i}", "exception", text_of(tried, "exception"), "rule",
                       text_of(reason, "rule"), "effective", text_of(reason, "effective"), "why",
                       text_of(tried, "why"), "students", "count", 0);
    json_array_append_new(details, detail);
    g_hash_table_insert(by_key, key, detail);
    return detail;
}

// A student is counted once, however many details of the message the exception covers.
static void add_student(json_t *detail, GHashTable *seen, const json_t *tried)
{
    json_t *students = json_object_get(detail, "students"), *count = json_object_get(detail, "count");
    const char *student = text_of(tried, "student");
    if (!g_hash_table_add(seen, g_strdup_printf("%p %s", (void *)detail, student)))
        return;
    json_integer_set(count, json_integer_value(count) + 1);
    if (json_array_size(students) < MOST_STUDENTS)
        json_array_append_new(students, json_string(student));
}

json_t *archive_exception_uses(const json_t *judgement)
{
    json_t *details = json_array();
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const json_t *reasons = json_object_get(judgement, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i),
                     *tries = json_object_get(reason, "exceptions_tried");
        for (size_t j = 0; j < json_array_size(tries); j++) {
            const json_t *tried = json_array_get(tries, j);
            if (json_is_true(json_object_get(tried, "used")))
                add_student(detail_of(details, by_key, reason, tried), seen, tried);
        }
    }
    return details;
}
