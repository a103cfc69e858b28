// Exceptions as JSON and back; dates.
#include "exceptions/exceptions.h"

#include <criterion/criterion.h>
#include <string.h>

static char *STUDENTS[] = {"mia@students.example.org", "class:b7", NULL};
static char *VALUES[] = {"+14155550142", "*", NULL};

static RosterException made(void)
{
    return (RosterException){.id = "EX-1",
                             .kind = "trip",
                             .staff = "ben@example.org",
                             .students = STUDENTS,
                             .values = VALUES,
                             .from = 20261122,
                             .until = 20270228,
                             .approver = "ann@example.org",
                             .purpose_required = true,
                             .way = WAY_BOTH,
                             .purpose = "the \"spring\" trip",
                             .approval = ""};
}

// What was asked for comes back as it was written, though nobody has added it yet.
Test(exceptions, json_and_back)
{
    g_autoptr(GError) error = NULL;
    const RosterException want = made();
    json_t *json = exception_json(&want);
    g_autoptr(RosterException) got = exception_from_json(json, &error);
    cr_assert_not_null(got, "%s", error != NULL ? error->message : "");
    const char *const pairs[][2] = {{want.id, got->id},           {want.kind, got->kind},
                                    {want.staff, got->staff},     {want.approver, got->approver},
                                    {want.purpose, got->purpose}, {want.approval, got->approval}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
        cr_expect_str_eq(pairs[i][0], pairs[i][1]);
    for (gsize i = 0; i < G_N_ELEMENTS(STUDENTS) - 1; i++)
        cr_expect_str_eq(got->students[i], STUDENTS[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(VALUES) - 1; i++)
        cr_expect_str_eq(got->values[i], VALUES[i]);
    cr_expect(got->students[2] == NULL && got->values[2] == NULL);
    cr_expect(got->from == want.from && got->until == want.until && got->way == WAY_BOTH);
    cr_expect(got->purpose_required && !got->guardian_consent);
    json_decref(json);
}

Test(exceptions, json_that_is_none)
{
    static const struct {
        const char *key;
        json_t *(*value)(void);
    } changes[] = {{"id", json_null},
                   {"kind", json_true},
                   {"from", json_object},
                   {"until", json_null},
                   {"direction", json_array}};
    const RosterException want = made();
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GError) error = NULL;
        json_t *json = exception_json(&want);
        json_object_set_new(json, changes[i].key, changes[i].value());
        g_autoptr(RosterException) got = exception_from_json(json, &error);
        cr_expect(got == NULL && g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA), "%s", changes[i].key);
        json_decref(json);
    }
}

Test(exceptions, dates)
{
    static const struct {
        const char *text;
        int date;
    } cases[] = {{"2026-11-22", 20261122},
                 {"2024-02-29", 20240229},
                 {"2026-02-30", 0},
                 {"2026-11-2", 0},
                 {"", 0},
                 {"soon", 0},
                 {NULL, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        cr_expect_eq(exception_date_of(cases[i].text), cases[i].date, "%s", cases[i].text);
        g_autofree char *back = exception_date(cases[i].date);
        cr_expect_str_eq(back, cases[i].date != 0 ? cases[i].text : "");
    }
    static const struct {
        int from, to, days;
    } spans[] = {{20261122, 20261122, 0},
                 {20261122, 20261201, 9},
                 {20261201, 20261122, -9},
                 {20240228, 20240301, 2},
                 {0, 20261122, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++)
        cr_expect_eq(exception_days_to(spans[i].from, spans[i].to), spans[i].days, "%d", spans[i].to);
}
