// Uses of exceptions: events of the archive.
#include "archive/archive.h"
#include "exceptions/internal.h"

#include <stdio.h>
#include <string.h>

static void use_free(ExceptionUse *use)
{
    char *texts[] = {use->record, use->time, use->rule, use->effective, use->why, use->who};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_ptr_array_unref(use->students);
    g_free(use);
}

static char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return g_strdup(text != NULL ? text : "");
}

static ExceptionUse *use_of(const json_t *event)
{
    const json_t *detail = json_object_get(event, "detail"), *student;
    const json_t *students = json_object_get(detail, "students");
    ExceptionUse *use = g_new0(ExceptionUse, 1);
    size_t i;
    use->record = text_of(event, "record");
    use->time = text_of(event, "time");
    use->time_us = json_integer_value(json_object_get(event, "time_us"));
    use->who = text_of(event, "who");
    use->rule = text_of(detail, "rule");
    use->effective = text_of(detail, "effective");
    use->why = text_of(detail, "why");
    use->afterwards = json_is_true(json_object_get(detail, "afterwards"));
    use->students = g_ptr_array_new_with_free_func(g_free);
    json_array_foreach(students, i, student) if (json_is_string(student))
        g_ptr_array_add(use->students, g_strdup(json_string_value(student)));
    // As events told it before: one a student.
    if (students == NULL && json_is_string(json_object_get(detail, "student")))
        g_ptr_array_add(use->students, text_of(detail, "student"));
    json_int_t count = json_integer_value(json_object_get(detail, "count"));
    use->count = count > 0 ? (guint)count : use->students->len;
    return use;
}

static bool take_event(const ArchiveRecord *record, void *data)
{
    GHashTable *uses = data;
    const char *event = json_string_value(json_object_get(record->meta, "event"));
    const char *id = json_string_value(json_object_get(json_object_get(record->meta, "detail"), "exception"));
    if (g_strcmp0(event, "exception-used") != 0 || id == NULL)
        return true;
    GPtrArray *own = g_hash_table_lookup(uses, id);
    if (own == NULL) {
        own = g_ptr_array_new_with_free_func((GDestroyNotify)use_free);
        g_hash_table_insert(uses, g_strdup(id), own);
    }
    g_ptr_array_add(own, use_of(record->meta));
    return true;
}

void exception_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    log_warn("the archive has a damaged place", "segment", segment, "what", what);
}

GHashTable *exception_uses(const Config *config, int64_t from_us, int64_t to_us, GError **error)
{
    g_autoptr(GHashTable) uses =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    const ArchiveQuery query = {.from_us = from_us, .to_us = to_us, .events = true};
    // Nothing has been archived yet: nothing was used.
    if (!g_file_test(config->archive.dir, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&uses);
    bool ok = archive_each(config, &query, take_event, exception_damage, uses, error);
    return ok ? g_steal_pointer(&uses) : NULL;
}

json_t *exception_use_json(const ExceptionUse *use)
{
    json_t *students = json_array();
    for (guint i = 0; i < use->students->len; i++)
        json_array_append_new(students, json_string(use->students->pdata[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:b}", "record", use->record, "time",
                     use->time, "rule", use->rule, "effective", use->effective, "why", use->why, "who",
                     use->who, "students", students, "count", (int)use->count, "afterwards", use->afterwards);
}
