// Notices by their templates: languages, rules' own, links, the clock; and what is wrong with templates.
#include "bench.h"

#include <glib/gstdio.h>
#include <string.h>

#define HOUR_US ((int64_t)3600 * G_USEC_PER_SEC)

static void set_languages(Config *config, const char *languages)
{
    g_strfreev(config->notice.languages);
    config->notice.languages = g_strsplit(languages, ",", -1);
}

static char *composed(Bench *bench, NoticeKind kind, const json_t *decision, const char *link)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NoticeBook) book = notice_book_load(bench->config, NULL, &error);
    cr_assert_not_null(book, "%s", error != NULL ? error->message : "");
    const NoticeAbout about = {.kind = kind,
                               .record = bench->ref->id,
                               .envelope = bench->envelope,
                               .to = bench->envelope->mail_from,
                               .subject = "Ride",
                               .decision = decision,
                               .why = kind == NOTICE_DENIED ? "a private number" : NULL,
                               .link = link,
                               .deadline_us = kind == NOTICE_HELD ? NOW + 24 * HOUR_US : 0,
                               .now_us = NOW};
    return notice_compose(bench->config, book, &about);
}

// A directory with the shipped templates; rm -rf at the end of the bench.
static char *own_templates(Bench *bench)
{
    char *dir = g_build_filename(bench->dir, "notices", NULL);
    g_autofree char *copy = g_strdup_printf("cp -r conf/notices %s", dir);
    cr_assert(g_spawn_command_line_sync(copy, NULL, NULL, NULL, NULL));
    g_free(bench->config->notice.dir);
    bench->config->notice.dir = g_strdup(dir);
    return dir;
}

static void put(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

Test(notice, says_all_of_it_in_each_language)
{
    Bench *bench = bench_new();
    json_t *decision = bench_judgement();
    set_languages(bench->config, "en,es");
    static const char *const PARTS[][4] = {
        [NOTICE_HELD] = {"is held for review", "está retenido",
                         "número de teléfono +1********42 (en: cuerpo del mensaje)", "antes de 2026-11-23"},
        [NOTICE_COACH] = {"was delivered", "se entregó", "Regla:    S1-private-contact",
                          "use the school line"},
        [NOTICE_DENIED] = {"will not be delivered", "no se entregará",
                           "Motivo de quien lo revisó: a private number", "reason: a private number"},
    };
    for (NoticeKind kind = NOTICE_HELD; kind <= NOTICE_DENIED; kind++) {
        g_autofree char *text = composed(bench, kind, decision, NULL);
        for (int i = 0; i < 4; i++)
            cr_expect_not_null(strstr(text, PARTS[kind][i]), "%s\nlacks %s", text, PARTS[kind][i]);
        cr_expect_not_null(strstr(text, "Subject: =?utf-8?B?"), "a subject that is not ASCII is encoded");
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
        for (guint i = 0; lines[i] != NULL; i++)
            cr_expect(strlen(lines[i]) < 998 && strchr(lines[i], '\n') == NULL &&
                          strchr(lines[i], '{') == NULL,
                      "%s", lines[i]);
    }
    json_decref(decision);
    bench_free(bench);
}

Test(notice, subjects_survive_their_encoding)
{
    g_autofree char *encoded =
        notice_header_text("Retenido para revisión: un mensaje que usted envió, áéíóúñ áéíóúñ áéíóúñ");
    g_auto(GStrv) words = g_strsplit(encoded, "\r\n ", -1);
    GString *decoded = g_string_new(NULL);
    for (guint i = 0; words[i] != NULL; i++) {
        gsize len;
        cr_assert(g_str_has_prefix(words[i], "=?utf-8?B?") && g_str_has_suffix(words[i], "?=") &&
                  strlen(words[i]) <= 75);
        g_autofree char *inside = g_strndup(words[i] + 10, strlen(words[i]) - 12);
        g_autofree guchar *bytes = g_base64_decode(inside, &len);
        cr_expect(g_utf8_validate((const char *)bytes, (gssize)len, NULL), "no character is cut");
        g_string_append_len(decoded, (const char *)bytes, (gssize)len);
    }
    cr_expect_str_eq(decoded->str,
                     "Retenido para revisión: un mensaje que usted envió, áéíóúñ áéíóúñ áéíóúñ");
    g_string_free(decoded, TRUE);
}

Test(notice, has_a_link_and_the_clock_where_there_are_any)
{
    Bench *bench = bench_new();
    json_t *decision = bench_judgement();
    g_autofree char *with = composed(bench, NOTICE_HELD, decision, "https://console.example.org/act/T");
    g_autofree char *without = composed(bench, NOTICE_HELD, decision, NULL);
    cr_expect_not_null(strstr(with, "\r\n  https://console.example.org/act/T\r\n"));
    cr_expect_not_null(strstr(with, "decides by 2026-11-23 14:26 EST;"), "%s", with);
    cr_expect_null(strstr(without, "Opening the page"));
    json_decref(decision);
    bench_free(bench);
}

// The strongest reason that is told decides; one that is told to nobody does not, nor does one of another action.
Test(notice, follows_the_template_a_rule_names)
{
    Bench *bench = bench_new();
    g_autofree char *dir = own_templates(bench);
    put(dir, "trip.en.txt",
        "Subject: Trip {reference}\n\nPlease add: \"for the trip only\". {#reasons}{rule};{/reasons}\n");
    static const struct {
        const char *notify, *effective, *template;
        NoticeKind kind;
        bool own;
    } ROWS[] = {
        {"true", "coach", "trip", NOTICE_COACH, true},  {"false", "coach", "trip", NOTICE_COACH, false},
        {"true", "hold", "trip", NOTICE_COACH, false},  {"true", "hold", "trip", NOTICE_HELD, true},
        {"true", "coach", "gone", NOTICE_COACH, false}, {"true", "hold", "trip", NOTICE_DENIED, false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        json_t *decision = bench_judgement(),
               *reason = json_array_get(json_object_get(decision, "reasons"), 0);
        json_object_set_new(reason, "notify_sender", json_boolean(strcmp(ROWS[i].notify, "true") == 0));
        json_object_set_new(reason, "effective", json_string(ROWS[i].effective));
        json_object_set_new(reason, "template", json_string(ROWS[i].template));
        g_autofree char *text = composed(bench, ROWS[i].kind, decision, NULL);
        cr_expect_eq(strstr(text, "for the trip only") != NULL, ROWS[i].own, "row %zu: %s", i, text);
        cr_expect_not_null(strstr(text, bench->ref->id));
        json_decref(decision);
    }
    bench_free(bench);
}

Test(notice, mistakes_in_templates_are_named)
{
    static const struct {
        const char *file, *text, *message;
    } ROWS[] = {
        {"held.en.txt", "no subject\n\n{reference}\n", "held.en.txt:1: wants \"Subject:"},
        {"held.en.txt", "Subject: x\ntext {reference}\n", "held.en.txt:1: wants \"Subject:"},
        {"held.en.txt", "Subject: x\n\n{reference} {nme}\n", "held.en.txt:3: there is no {nme}"},
        {"coach.en.txt", "Subject: x\n\ntext\n", "coach.en.txt: does not say {reference}"},
        {"digest.en.txt", "Subject: x\n\n{#schools}{count}\n",
         "digest.en.txt:3: {#schools} has no {/schools}"},
        {"reminder.en.txt", "Subject: {reference}\n\n{reasons}\n",
         "reminder.en.txt:3: there is no {reasons}"},
        {"words.en.txt", "phone\n", "words.en.txt:1: wants \"key = text\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        Bench *bench = bench_new();
        g_autofree char *dir = own_templates(bench);
        g_autoptr(GError) error = NULL;
        put(dir, ROWS[i].file, ROWS[i].text);
        cr_assert_null(notice_book_load(bench->config, NULL, &error), "row %zu", i);
        cr_expect_not_null(strstr(error->message, ROWS[i].message), "row %zu: %s", i, error->message);
        cr_expect_eq(base_exit_status(error), BASE_ERROR_CONFIG);
        cr_expect_not(quarantine_ready_notices(bench->quarantine, NULL));
        cr_expect_not(quarantine_deny(bench->quarantine, bench->ref->id, "dean", "no", NOW, NULL),
                      "nothing is denied of which nobody could be told");
        cr_expect_eq(state_of(bench, 0), HOLD_HELD);
        bench_free(bench);
    }
}

Test(notice, missing_templates_are_named)
{
    Bench *bench = bench_new();
    g_autofree char *dir = own_templates(bench), *path = g_build_filename(dir, "coach.es.txt", NULL);
    set_languages(bench->config, "en,es");
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    g_ptr_array_add(wanted, (gpointer) "trip");
    put(dir, "trip.en.txt", "Subject: x\n\n{reference}\n");
    g_autoptr(GError) error = NULL;
    cr_assert_null(notice_book_load(bench->config, wanted, &error));
    cr_expect_not_null(strstr(error->message, "trip.es.txt: is missing; a rule of the policy names"), "%s",
                       error->message);
    cr_expect_null(strstr(error->message, "trip.en.txt"));
    g_clear_error(&error);
    g_remove(path);
    cr_assert_null(notice_book_load(bench->config, NULL, &error));
    cr_expect_not_null(strstr(error->message, "coach.es.txt: is missing"), "%s", error->message);
    g_clear_error(&error);
    set_languages(bench->config, "fr");
    cr_assert_null(notice_book_load(bench->config, NULL, &error));
    cr_expect_not_null(strstr(error->message, "held.fr.txt: is missing"), "%s", error->message);
    bench_free(bench);
}

// ---- queued ----------------------------------------------------------------------------------------------

static char *make_link(const char *record, const char *sender, int64_t expires_us, void *data, GError **error)
{
    if (data == NULL) {
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_IO, "no key");
        return NULL;
    }
    return g_strdup_printf("https://c.example.org/%s/%s/%d", record, sender,
                           (int)((expires_us - NOW) / (24 * HOUR_US)));
}

static char *queued(Bench *bench, NoticeKind kind)
{
    json_t *decision = bench_judgement();
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_notice(bench->quarantine, kind, bench->ref->id, bench->envelope, NULL, decision,
                                NULL, NOW + HOUR_US, &error));
    json_decref(decision);
    g_autoptr(StoreStmt) get =
        store_prepare(bench->quarantine->db, "SELECT body FROM notice ORDER BY id DESC LIMIT 1", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    return g_strdup(store_text(get, 0));
}

Test(notice, of_held_messages_has_the_link_and_their_own_clock)
{
    Bench *bench = bench_new();
    int key = 1;
    quarantine_set_link(bench->quarantine, make_link, &key, NULL);
    g_autofree char *held = queued(bench, NOTICE_HELD), *denied = queued(bench, NOTICE_DENIED);
    g_autofree char *link =
        g_strdup_printf("https://c.example.org/%s/ben@example.org/14\r\n", bench->ref->id);
    cr_expect_not_null(strstr(held, link), "%s", held);
    cr_expect_not_null(strstr(held, "decides by 2026-11-23 14:26 EST"), "from the time it was held: %s",
                       held);
    cr_expect_null(strstr(denied, "https://"));
    quarantine_set_link(bench->quarantine, make_link, NULL, NULL);
    g_autofree char *bare = queued(bench, NOTICE_HELD);
    cr_expect_null(strstr(bare, "https://"), "a notice without its link is better than none");
    bench_free(bench);
}

Test(notice, reviewers_are_reminded_once_a_day_and_a_week_at_most)
{
    Bench *bench = bench_new();
    g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
    g_ptr_array_add(rcpts, (gpointer) "dean@example.org");
    g_ptr_array_add(rcpts, (gpointer) "other@example.org");
    int reminded = 0;
    for (int hour = 0; hour < 24 * 12; hour++) {
        int64_t now_us = NOW + hour * HOUR_US;
        g_autoptr(GPtrArray) items = quarantine_overdue(bench->quarantine, 10, now_us, NULL);
        cr_assert_not_null(items);
        cr_expect(items->len == 0 || hour >= 24);
        for (guint i = 0; i < items->len; i++, reminded++) {
            g_autoptr(TemplateData) data = template_data_new();
            template_set(data, "routed", "principal of the school");
            cr_assert(quarantine_mail(bench->quarantine, "reminder", items->pdata[i], rcpts, data,
                                      "chaperone", "reminded", "2 reviewers", now_us, NULL));
        }
    }
    cr_expect_eq(reminded, 7);
    g_autoptr(StoreStmt) get =
        store_prepare(bench->quarantine->db,
                      "SELECT count(*), min(body), count(DISTINCT rcpt) FROM notice WHERE kind = 3", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_expect_eq(store_int(get, 0), 14);
    cr_expect_eq(store_int(get, 2), 2);
    const char *body = store_text(get, 1);
    cr_expect_not_null(strstr(body, "Auto-Submitted: auto-generated\r\n"));
    cr_expect_not_null(strstr(body, bench->ref->id));
    cr_expect_not_null(strstr(body, "principal of the school"));
    store_finalize(&get);
    cr_assert(quarantine_deny(bench->quarantine, bench->ref->id, "dean", "no", NOW + 400 * HOUR_US, NULL));
    bench_free(bench);
}

Test(notice, decided_messages_have_no_clock)
{
    Bench *bench = bench_new();
    g_autoptr(GPtrArray) before = quarantine_overdue(bench->quarantine, 10, NOW + 25 * HOUR_US, NULL);
    cr_expect_eq(before->len, 1);
    cr_assert(quarantine_deny(bench->quarantine, bench->ref->id, "dean", "no", NOW + HOUR_US, NULL));
    g_autoptr(GPtrArray) after = quarantine_overdue(bench->quarantine, 10, NOW + 25 * HOUR_US, NULL);
    cr_expect_eq(after->len, 0);
    bench_free(bench);
}

Test(notice, digests_remember_when_they_were_sent)
{
    Bench *bench = bench_new();
    int64_t last = -1;
    cr_assert(quarantine_digest_last(bench->quarantine, "dean@example.org", &last, NULL));
    cr_expect_eq(last, 0);
    cr_assert(quarantine_digest_sent(bench->quarantine, "dean@example.org", 3, "chaperone", NOW, NULL));
    cr_assert(quarantine_digest_sent(bench->quarantine, "dean@example.org", 3, "chaperone", NOW + 5, NULL));
    cr_assert(quarantine_digest_last(bench->quarantine, "dean@example.org", &last, NULL));
    cr_expect_eq(last, NOW + 5);
    bench_free(bench);
}
