#include "feeds/units.h"

#include "roster/canon.h"

#include <string.h>

static const struct {
    const char *begins;
    Role role;
} UNIT_WORDS[] = {{"student", ROLE_STUDENT}, {"pupil", ROLE_STUDENT},     {"staff", ROLE_STAFF},
                  {"faculty", ROLE_STAFF},   {"teacher", ROLE_STAFF},     {"employee", ROLE_STAFF},
                  {"parent", ROLE_GUARDIAN}, {"guardian", ROLE_GUARDIAN}, {"famil", ROLE_GUARDIAN}};

// "Student Services" is where counselors work.
static bool is_department(const GPtrArray *words, guint at)
{
    static const char *const after[] = {"services",    "support", "affairs", "activities",
                                        "information", "records", NULL};
    return strcmp(words->pdata[at], "student") == 0 && at + 1 < words->len &&
           g_strv_contains(after, words->pdata[at + 1]);
}

Role units_role(const char *path)
{
    g_autoptr(GPtrArray) words = canon_words(path, 64);
    for (guint i = 0; i < words->len; i++)
        for (gsize j = 0; j < G_N_ELEMENTS(UNIT_WORDS) && !is_department(words, i); j++)
            if (g_str_has_prefix(words->pdata[i], UNIT_WORDS[j].begins))
                return UNIT_WORDS[j].role;
    return ROLE_LAST;
}
