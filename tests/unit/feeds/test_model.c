#include "feeds/model.h"
#include "feeds/rows.h"

#include <criterion/criterion.h>
#include <string.h>

static const RosterKey KEY = {.hash = {{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}}, .seal = {9}};

static Model *a_model(void)
{
    return model_new(NULL, &KEY);
}

// ---- texts ----------------------------------------------------------------------------------------------

Test(model, texts_are_kept_once)
{
    g_autoptr(Model) model = a_model();
    cr_expect_eq(model_text(model, NULL), 0);
    cr_expect_eq(model_text(model, ""), 0);
    cr_expect_str_eq(model_string(model, 0), "");
    Str lee = model_text(model, "Lee");
    const char *before = model_string(model, lee);
    for (guint i = 0; i < 200000; i++) {
        char text[32];
        g_snprintf(text, sizeof text, "text %u", i);
        model_text(model, text);
    }
    cr_expect_eq(model_text(model, "Lee"), lee);
    cr_expect_eq(model_string(model, lee), before, "a text must not move");
    for (guint i = 0; i < 200000; i += 777) {
        char text[32];
        g_snprintf(text, sizeof text, "text %u", i);
        Str one = model_text(model, text);
        cr_expect_str_eq(model_string(model, one), text);
        cr_expect_eq(model_text(model, text), one);
    }
    cr_expect(model_check(model, NULL));
}

// Texts that end where a piece of memory ends, and ones longer than a piece (4 MB).
Test(model, texts_of_any_length)
{
    static const gsize lengths[] = {1,       4194302, 1,      4194303, 4194304, 4194305, 8388607, 8388608,
                                    4000000, 194303,  194302, 3,       194304,  1,       4194303, 5};
    g_autoptr(Model) model = a_model();
    Str texts[G_N_ELEMENTS(lengths)];
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *text = g_malloc(lengths[i] + 1);
        memset(text, 'a' + (int)i, lengths[i]);
        text[lengths[i]] = '\0';
        texts[i] = model_text(model, text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const char *text = model_string(model, texts[i]);
        cr_expect_eq(strlen(text), lengths[i], "%zu: %zu", i, strlen(text));
        cr_expect(text[0] == 'a' + (int)i && text[lengths[i] - 1] == 'a' + (int)i);
    }
}

// ---- rows by key ----------------------------------------------------------------------------------------

static guint64 number_key(const void *data, guint32 row)
{
    return ((const guint64 *)data)[row];
}

Test(model, rows_by_key)
{
    const guint32 count = 50000;
    g_autofree guint64 *keys = g_new(guint64, count);
    Rows rows;
    rows_init(&rows, number_key, keys);
    for (guint32 i = 0; i < count; i++) {
        keys[i] = (guint64)(i / 2) << 32 | 7;
        cr_assert_eq(rows_put(&rows, i), i % 2 == 1 ? i - 1 : ROWS_NONE);
    }
    for (guint32 i = 0; i < count; i++)
        cr_assert_eq(rows_find(&rows, keys[i]), i | 1);
    cr_expect_eq(rows_find(&rows, 8), ROWS_NONE);
    rows_clear(&rows);
}

// ---- filling --------------------------------------------------------------------------------------------

Test(model, records_and_classes_are_found)
{
    g_autoptr(Model) model = a_model();
    bool made;
    guint32 sis = model_source(model, "sis", "oneroster", "sis"),
            ad = model_source(model, "ad", "ldap", "ad");
    cr_expect_eq(model_source(model, "sis", NULL, NULL), sis);
    cr_expect_str_eq(model_string(model, g_array_index(model->sources, ModelSource, sis).type), "oneroster");
    cr_expect_eq(model_find(model, sis, "1"), MODEL_NONE);
    guint32 one = model_record(model, sis, "1", &made);
    cr_expect(made && model_at(model, one)->enabled && model_at(model, one)->person == one);
    guint32 other = model_record(model, ad, "1", &made);
    cr_expect(made && other != one);
    cr_expect_eq(model_record(model, sis, "1", &made), one);
    cr_expect_not(made);
    cr_expect_eq(model_find(model, ad, "1"), other);
    cr_expect_eq(model_find(model, ad, "2"), MODEL_NONE);

    guint32 class = model_class(model, sis, "c", "Band", "hs", "class", 20260901, 0);
    cr_expect_eq(model_class_find(model, ad, "c"), MODEL_NONE);
    cr_expect_eq(model_class(model, sis, "c", "Choir", "hs", "class", 0, 0), class);
    cr_expect_str_eq(model_string(model, g_array_index(model->classes, ModelClass, class).title), "Choir");
    model_org(model, sis, "hs", "High", "school", "");
    model_org(model, sis, "hs", "High School", "school", "");
    model_org(model, ad, "hs", "Another", "school", "");
    cr_assert_eq(model->orgs->len, 2);
    cr_expect_str_eq(model_string(model, g_array_index(model->orgs, ModelOrg, 0).name), "High School");
}

Test(model, values_that_are_none_make_no_rows)
{
    g_autoptr(Model) model = a_model();
    guint32 record = model_record(model, model_source(model, "sis", "t", "s"), "1", NULL);
    model_contact(model, record, KIND_EMAIL, "", "email", CONTACT_ASK);
    model_ident(model, record, "state", "");
    model_manager(model, record, model_ref(model, REF_ADDRESS, 0, ""));
    cr_expect_eq(model->contacts->len + model->idents->len + model->managers->len, 0);
    model_post(model, record, ROLE_STAFF, "nurse", "hs", 0, 0);
    model_post(model, record, ROLE_GUARDIAN, NULL, NULL, 0, 0);
    cr_expect_eq(model_at(model, record)->roles, 1 << ROLE_STAFF | 1 << ROLE_GUARDIAN);
}

Test(model, domains_of_the_district)
{
    static const struct {
        const char *domain;
        bool inside;
    } cases[] = {
        {"example.org", true},
        {"students.example.org", true},
        {"a.b.example.org", true},
        {"schools.example", true},
        {"x.schools.example", true},
        {"badexample.org", false},
        {"example.net", false},
        {"org", false},
        {"", false},
        {"example.org.test", false},
        {"published.example", false},
    };
    g_autoptr(Config) config = config_defaults();
    g_strfreev(config->district.domains);
    config->district.domains = g_strsplit("Example.org", " ", -1);
    g_autoptr(Model) model = model_new(config, NULL);
    cr_expect_not(model_is_district(model, "schools.example"));
    model_published(model, 0, "domain:schools.example", "domain", "old name");
    model_published(model, 0, "email:a@published.example", "email", "");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        cr_expect_eq(model_is_district(model, cases[i].domain), cases[i].inside, "%s", cases[i].domain);
}

// ---- the personal registry ------------------------------------------------------------------------------

// Each value is kept under the hashes of its keys, and sealed whole beside the first.
Test(model, personal)
{
    static const struct {
        Kind kind;
        const char *value, *keys; // separated by '|'
    } cases[] = {
        {KIND_EMAIL, "dana@mail.example.net", "email:dana@mail.example.net|name:email:dana"},
        {KIND_PHONE, "+14135550151", "phone:+14135550151|phone7:5550151"},
        {KIND_HANDLE, "instagram:dana.w", "handle:instagram:dana.w|name:handle:dana.w"},
        {KIND_HANDLE, "whatsapp:+14135550190",
         "handle:whatsapp:+14135550190|phone:+14135550190|phone7:5550190"},
        {KIND_PAYMENT_HANDLE, "venmo:dana-w", "handle:venmo:dana-w|name:handle:dana-w"},
        {KIND_INVITE, "discord.example/abc", "invite:discord.example/abc"},
        {KIND_SOLICITATION, "no value", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Model) model = a_model();
        guint32 record = model_record(model, model_source(model, "sis", "t", "s"), "1", NULL);
        cr_assert(model_personal(model, record, NULL, "cell", cases[i].kind, cases[i].value, "hr", NULL));
        g_auto(GStrv) keys = g_strsplit(cases[i].keys, "|", -1);
        cr_assert_eq(model->personal->len, g_strv_length(keys), "%s: %u", cases[i].value,
                     model->personal->len);
        for (guint j = 0; j < model->personal->len; j++) {
            const ModelPersonal *row = &g_array_index(model->personal, ModelPersonal, j);
            unsigned char hash[KEY_HASH];
            key_hash(&KEY, keys[j], hash);
            cr_expect_arr_eq(row->hash, hash, sizeof hash, "%s", keys[j]);
            cr_expect_str_eq(model_string(model, row->source), "hr");
            cr_expect_eq((row->sealed != NULL), (j == 0));
            if (row->sealed == NULL)
                continue;
            gsize len;
            const void *data = g_bytes_get_data(row->sealed, &len);
            g_autofree char *text = key_unseal(&KEY, data, len);
            g_autofree char *whole = g_strconcat(kind_name(cases[i].kind), ":", cases[i].value, NULL);
            cr_expect_str_eq(text, whole);
        }
    }
}

Test(model, personal_by_owner)
{
    g_autoptr(Model) model = a_model();
    guint32 record = model_record(model, model_source(model, "sis", "t", "s"), "1", NULL);
    cr_assert(model_personal(model, MODEL_NONE, "dana@example.org", "cell", KIND_PHONE, "+14135550151", "hr",
                             NULL));
    cr_assert(
        model_personal(model, record, "dana@example.org", "cell", KIND_PHONE, "+14135550152", "hr", NULL));
    const ModelPersonal *rows = &g_array_index(model->personal, ModelPersonal, 0);
    cr_assert_eq(model->personal->len, 4);
    cr_expect_str_eq(model_string(model, rows[0].owner), "dana@example.org");
    cr_expect(rows[2].owner == 0 && rows[2].record == record);
}

// ---- deltas ---------------------------------------------------------------------------------------------

typedef struct {
    Model *model;
    guint32 sis, other;
    guint32 teacher, student, guardian; // records of sis
    guint32 band, choir;
} School;

static void put_details(School *school, guint32 record, const char *number)
{
    Model *model = school->model;
    g_autofree char *address = g_strconcat(number, "@example.org", NULL);
    model_post(model, record, ROLE_STAFF, "", "hs", 0, 0);
    model_contact(model, record, KIND_EMAIL, address, "email", CONTACT_ASK);
    model_ident(model, record, "state", number);
    model_manager(model, record, model_ref(model, REF_ADDRESS, 0, "chief@example.org"));
}

static School a_school(void)
{
    School school = {.model = a_model()};
    Model *model = school.model;
    school.sis = model_source(model, "sis", "oneroster", "sis");
    school.other = model_source(model, "guardians", "district", "guardians");
    school.teacher = model_record(model, school.sis, "t", NULL);
    school.student = model_record(model, school.sis, "s", NULL);
    school.guardian = model_record(model, school.sis, "g", NULL);
    school.band = model_class(model, school.sis, "band", "Band", "hs", "class", 0, 0);
    school.choir = model_class(model, school.sis, "choir", "Choir", "hs", "class", 0, 0);
    put_details(&school, school.teacher, "1");
    put_details(&school, school.student, "2");
    for (guint32 class = school.band; class <= school.choir; class ++) {
        model_seat(model, class, school.teacher, ROLE_STAFF, 0, 0);
        model_seat(model, class, school.student, ROLE_STUDENT, 20260901, 0);
        model_seat(model, class, school.student, ROLE_STUDENT, 20270101, 0);
    }
    ModelRef student = model_ref(model, REF_ID, school.sis, "s"),
             guardian = model_ref(model, REF_ID, school.sis, "g");
    model_relation(model, school.sis, student, guardian, "agent", "users.csv", 2);
    model_relation(model, school.sis, guardian, student, "agent", "users.csv", 3);
    model_relation(model, school.other, student, guardian, "guardian", "guardians.csv", 2);
    return school;
}

// Rows of `record` among those of `array`, which begin with their record.
static guint rows_of(const GArray *array, guint32 record)
{
    guint count = 0, size = g_array_get_element_size((GArray *)array);
    for (guint i = 0; i < array->len; i++)
        count += *(const guint32 *)(const void *)(array->data + (gsize)i * size) == record;
    return count;
}

Test(model, renewed_records_keep_what_comes_after)
{
    School school = a_school();
    Model *model = school.model;
    model_renew(model, school.student);
    put_details(&school, school.student, "9");
    model_renew(model, school.student);
    cr_expect_eq(model_at(model, school.student)->roles, 0);
    put_details(&school, school.student, "3");
    model_contact(model, school.student, KIND_EMAIL, "s@example.org", "alias", CONTACT_ASK);
    model_settle(model);
    const GArray *lists[] = {model->posts, model->idents, model->managers};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        cr_expect_eq(rows_of(lists[i], school.student), 1, "%zu", i);
        cr_expect_eq(rows_of(lists[i], school.teacher), 1, "%zu", i);
    }
    cr_expect_eq(rows_of(model->contacts, school.student), 2);
    cr_expect_eq(rows_of(model->contacts, school.teacher), 1);
    const ModelIdent *ident = &g_array_index(model->idents, ModelIdent, 1);
    cr_expect_str_eq(model_string(model, ident->value), "3");
    // What the student's own row told of relations is gone; what others told is not, nor are the seats.
    cr_assert_eq(model->relations->len, 2);
    cr_expect_eq(g_array_index(model->relations, ModelRelation, 0).line, 3);
    cr_expect_eq(g_array_index(model->relations, ModelRelation, 1).source, school.other);
    cr_expect_eq(model->seats->len, 6);
    model_free(model);
}

Test(model, dropped_records_lose_their_rows)
{
    School school = a_school();
    Model *model = school.model;
    cr_assert(model_personal(model, school.student, NULL, "cell", KIND_PHONE, "+14135550151", "sis", NULL));
    cr_assert(model_personal(model, school.teacher, NULL, "cell", KIND_PHONE, "+14135550152", "sis", NULL));
    model_at(model, school.student)->dropped = true;
    model_settle(model);
    cr_expect_eq(model->records->len, 3);
    cr_expect(model_at(model, school.student)->dropped);
    cr_expect_eq(rows_of(model->posts, school.student) + rows_of(model->contacts, school.student) +
                     rows_of(model->idents, school.student) + rows_of(model->managers, school.student),
                 0);
    cr_expect_eq(model->relations->len, 0);
    cr_expect_eq(model->seats->len, 2);
    cr_assert_eq(model->personal->len, 2);
    cr_expect_eq(g_array_index(model->personal, ModelPersonal, 0).record, school.teacher);
    model_settle(model);
    cr_expect_eq(model->seats->len, 2);
    model_free(model);
}

Test(model, seats_are_dropped_whatever_their_dates)
{
    School school = a_school();
    Model *model = school.model;
    cr_expect_not(model_seat_drop(model, school.band, school.guardian, ROLE_STUDENT));
    cr_expect_not(model_seat_drop(model, school.band, school.student, ROLE_STAFF));
    cr_expect(model_seat_drop(model, school.band, school.student, ROLE_STUDENT));
    cr_expect_not(model_seat_drop(model, school.band, school.student, ROLE_STUDENT));
    model_seat(model, school.band, school.student, ROLE_STUDENT, 20270301, 0);
    cr_expect(model_seat_drop(model, school.choir, school.teacher, ROLE_STAFF));
    model_seat(model, school.choir, school.guardian, ROLE_STAFF, 0, 0);
    cr_expect(model_seat_drop(model, school.choir, school.guardian, ROLE_STAFF));
    model_settle(model);
    cr_assert_eq(model->seats->len, 4);
    const ModelSeat *seats = &g_array_index(model->seats, ModelSeat, 0);
    cr_expect(seats[0].record == school.teacher && seats[0].class_index == school.band);
    cr_expect(seats[1].record == school.student && seats[1].class_index == school.choir);
    cr_expect(seats[2].record == school.student && seats[2].class_index == school.choir);
    cr_expect(seats[3].begins == 20270301 && seats[3].role == ROLE_STUDENT);
    // And again after it is settled.
    cr_expect(model_seat_drop(model, school.band, school.student, ROLE_STUDENT));
    model_settle(model);
    cr_expect_eq(model->seats->len, 3);
    model_free(model);
}

Test(model, dropped_classes_come_again_empty)
{
    School school = a_school();
    Model *model = school.model;
    model_class_drop(model, school.band);
    cr_expect_eq(model_class_find(model, school.sis, "band"), MODEL_NONE);
    guint32 again = model_class(model, school.sis, "band", "Band II", "hs", "class", 0, 0);
    cr_expect_neq(again, school.band);
    model_seat(model, again, school.guardian, ROLE_STUDENT, 0, 0);
    model_seat_ref(model, again, model_ref(model, REF_ADDRESS, 0, "a@example.org"), ROLE_STAFF, 0, 0, "g.csv",
                   1);
    model_seat_ref(model, school.band, model_ref(model, REF_ADDRESS, 0, "b@example.org"), ROLE_STAFF, 0, 0,
                   "g.csv", 2);
    model_class_drop(model, school.choir);
    model_settle(model);
    cr_assert_eq(model->classes->len, 1);
    cr_expect_eq(model_class_find(model, school.sis, "band"), 0);
    cr_expect_eq(model_class_find(model, school.sis, "choir"), MODEL_NONE);
    cr_expect_str_eq(model_string(model, g_array_index(model->classes, ModelClass, 0).title), "Band II");
    cr_assert_eq(model->seats->len, 1);
    cr_expect(g_array_index(model->seats, ModelSeat, 0).class_index == 0 &&
              g_array_index(model->seats, ModelSeat, 0).record == school.guardian);
    cr_assert_eq(model->seat_refs->len, 1);
    cr_expect_eq(g_array_index(model->seat_refs, ModelSeatRef, 0).line, 1);
    model_free(model);
}

// A delta as long as its source takes one walk, not one a row.
Test(model, long_deltas, .timeout = 20)
{
    g_autoptr(Model) model = a_model();
    guint32 sis = model_source(model, "sis", "oneroster", "sis");
    guint32 class = model_class(model, sis, "c", "C", "hs", "class", 0, 0);
    const guint count = 200000;
    for (guint i = 0; i < count; i++) {
        char ext[16];
        g_snprintf(ext, sizeof ext, "%u", i);
        guint32 record = model_record(model, sis, ext, NULL);
        model_ident(model, record, "state", ext);
        model_seat(model, class, record, ROLE_STUDENT, 0, 0);
        // One seat told over and over.
        model_seat(model, class, 0, ROLE_STAFF, (int)i, 0);
    }
    for (guint i = 0; i < count; i++) {
        model_renew(model, i);
        model_ident(model, i, "state", "new");
        cr_assert(model_seat_drop(model, class, i, ROLE_STUDENT));
        cr_assert_eq(model_seat_drop(model, class, 0, ROLE_STAFF), i == 0);
    }
    model_settle(model);
    cr_expect_eq(model->idents->len, count);
    cr_expect_eq(model->seats->len, 0);
}
