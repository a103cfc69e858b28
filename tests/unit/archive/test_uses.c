// What a judgement tells of exceptions that were used.
#include "archive/archive.h"

#include <criterion/criterion.h>
#include <string.h>

#define TRY(id, student, used, why)                                                                          \
    "{\"exception\": \"" id "\", \"student\": \"" student "\", \"used\": " used ", \"why\": \"" why "\"}"

static char *uses_of(const char *judgement)
{
    json_t *json = json_loads(judgement, 0, NULL), *uses = archive_exception_uses(json);
    char *text = json_dumps(uses, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(uses);
    json_decref(json);
    return text;
}

Test(uses, one_for_each_exception_rule_and_reason)
{
    char *text = uses_of(
        "{\"reasons\": [{\"rule\": \"r\", \"effective\": \"deliver\", \"exceptions_tried\": "
        "[" TRY("E1", "a", "true", "covers") ", " TRY("E1", "a", "true", "covers") ", " TRY(
            "E1", "b", "true",
            "covers") ", " TRY("E2", "a", "false",
                               "expired") ", " TRY("E1", "c", "true",
                                                   "no purpose") "]},"
                                                                 " {\"rule\": \"s\", "
                                                                 "\"effective\": \"tag\","
                                                                 " \"exceptions_tried\": [" TRY(
                                                                     "E1", "a", "true", "covers") "]}]}");
    cr_expect_str_eq(text,
                     "[{\"count\":2,\"effective\":\"deliver\",\"exception\":\"E1\",\"rule\":\"r\","
                     "\"students\":[\"a\",\"b\"],\"why\":\"covers\"},"
                     "{\"count\":1,\"effective\":\"deliver\",\"exception\":\"E1\",\"rule\":\"r\","
                     "\"students\":[\"c\"],\"why\":\"no purpose\"},"
                     "{\"count\":1,\"effective\":\"tag\",\"exception\":\"E1\",\"rule\":\"s\",\"students\":["
                     "\"a\"],\"why\":\"covers\"}]",
                     "%s", text);
    free(text);
}

Test(uses, many_students_are_counted)
{
    g_autoptr(GString) judgement =
        g_string_new("{\"reasons\": [{\"rule\": \"r\", \"effective\": \"deliver\", \"exceptions_tried\": [");
    for (int i = 0; i < 300; i++)
        g_string_append_printf(
            judgement, "%s{\"exception\": \"E\", \"student\": \"s%d\", \"used\": true, \"why\": \"c\"}",
            i > 0 ? "," : "", i);
    g_string_append(judgement, "]}]}");
    json_t *json = json_loads(judgement->str, 0, NULL), *uses = archive_exception_uses(json),
           *one = json_array_get(uses, 0);
    cr_expect_eq(json_array_size(uses), 1);
    cr_expect_eq(json_integer_value(json_object_get(one, "count")), 300);
    cr_expect_eq(json_array_size(json_object_get(one, "students")), 100);
    json_decref(uses);
    json_decref(json);
}

Test(uses, nothing)
{
    static const char *const none[] = {"{}", "{\"reasons\": 7}",
                                       "{\"reasons\": [{\"exceptions_tried\": [3, {}]}]}"};
    for (gsize i = 0; i < G_N_ELEMENTS(none); i++) {
        char *text = uses_of(none[i]);
        cr_expect_str_eq(text, "[]", "%s: %s", none[i], text);
        free(text);
    }
}
