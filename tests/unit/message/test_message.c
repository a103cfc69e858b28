#include "message/message.h"

#include <criterion/criterion.h>
#include <string.h>

static Message *sample(void)
{
    Message *message = message_new();
    message->subject = g_strdup("Homework");
    message_add_header(message, "Subject", "Homework");
    Part *part = message_add_part(message, 0, "1", "Text/Plain");
    part->charset = g_strdup("utf-8");
    part->size = 5;
    Part *file = message_add_part(message, 0, "2", "message/rfc822");
    file->attachment = true;
    file->name = g_strdup("old.eml");
    message_add_part(message, 2, "2.1", "text/plain");
    Passage *passage = message_add_passage(message, 1, ORIGIN_TEXT, VISIBILITY_SHOWN, "hello", 5);
    passage->marks = g_array_new(FALSE, FALSE, sizeof(LayerMark));
    LayerMark mark = {1, 3, LAYER_QUOTED};
    g_array_append_val(passage->marks, mark);
    passage->map = g_array_new(FALSE, FALSE, sizeof(PassageMap));
    PassageMap entry = {2, 7};
    g_array_append_val(passage->map, entry);
    message_add_passage(message, 3, ORIGIN_TEXT, VISIBILITY_SHOWN, "inner", 5);
    Passage *name = message_add_passage(message, 0, ORIGIN_NAME, VISIBILITY_SHOWN, "Pat", 3);
    name->header = g_strdup("From");
    message_add_address(message, "From", 0, 0, "Pat", "pat@example.org");
    message_add_fact(message, "encrypted", 2, "by name");
    return message;
}

Test(message, wire_form_keeps_everything)
{
    g_autoptr(Message) before = sample();
    g_autoptr(GBytes) bytes = message_to_bytes(before);
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) after = message_from_bytes(bytes, &error);
    cr_assert_not_null(after, "%s", error != NULL ? error->message : "");
    g_autoptr(GBytes) again = message_to_bytes(after);
    cr_expect(g_bytes_equal(bytes, again));
    const Passage *passage = after->passages->pdata[0];
    cr_expect_str_eq(passage->text, "hello");
    cr_expect_eq(g_array_index(passage->marks, LayerMark, 0).end, 3);
    cr_expect_eq(g_array_index(passage->map, PassageMap, 0).source, 7);
    cr_expect_eq(after->facts->len, 1);
    cr_expect_str_eq(((Part *)after->parts->pdata[1])->type, "text/plain");
}

typedef void (*Spoil)(Message *message);
static void spoil_part(Message *m)
{
    ((Passage *)m->passages->pdata[0])->part = 99;
}
static void spoil_origin(Message *m)
{
    ((Passage *)m->passages->pdata[0])->origin = ORIGIN_LAST;
}
static void spoil_utf8(Message *m)
{
    ((Passage *)m->passages->pdata[0])->text[0] = (char)0xff;
}
static void spoil_nul(Message *m)
{
    ((Passage *)m->passages->pdata[0])->text[2] = '\0';
}
static void spoil_mark(Message *m)
{
    g_array_index(((Passage *)m->passages->pdata[0])->marks, LayerMark, 0).end = 6;
}
static void spoil_map(Message *m)
{
    g_array_index(((Passage *)m->passages->pdata[0])->map, PassageMap, 0).text = 6;
}
static void spoil_parent(Message *m)
{
    ((Part *)m->parts->pdata[1])->parent = 2;
}
static void spoil_state(Message *m)
{
    ((Part *)m->parts->pdata[1])->state = (PartState)9;
}
static void spoil_fact(Message *m)
{
    ((Fact *)m->facts->pdata[0])->name = "invented";
}
static void spoil_address(Message *m)
{
    ((MessageAddress *)m->addresses->pdata[0])->part = 4;
}
static void spoil_no_parts(Message *m)
{
    g_ptr_array_set_size(m->parts, 0);
}

Test(message, lies_of_a_worker_are_refused)
{
    static const Spoil SPOILS[] = {spoil_part, spoil_origin,  spoil_utf8,    spoil_nul,
                                   spoil_mark, spoil_map,     spoil_parent,  spoil_state,
                                   spoil_fact, spoil_address, spoil_no_parts};
    for (gsize i = 0; i < G_N_ELEMENTS(SPOILS); i++) {
        g_autoptr(Message) message = sample();
        SPOILS[i](message);
        g_autoptr(GBytes) bytes = message_to_bytes(message);
        g_autoptr(GError) error = NULL;
        cr_expect_null(message_from_bytes(bytes, &error), "spoil %zu", i);
        cr_assert_not_null(error);
        cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    }
}

Test(message, any_damaged_byte_is_survived)
{
    g_autoptr(Message) message = sample();
    g_autoptr(GBytes) bytes = message_to_bytes(message);
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    for (gsize cut = 0; cut < len; cut++) {
        g_autoptr(GBytes) shorter = g_bytes_new(data, cut);
        g_autoptr(Message) none = message_from_bytes(shorter, NULL);
        guint8 *copy = g_memdup2(data, len);
        copy[cut] ^= 0x55;
        g_autoptr(GBytes) flipped = g_bytes_new_take(copy, len);
        g_autoptr(Message) other = message_from_bytes(flipped, NULL);
    }
}

Test(message, where_names_the_place)
{
    g_autoptr(Message) message = sample();
    static const char *const EXPECTED[] = {"body", "attachment:old.eml", "header"};
    for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        g_autofree char *where = message_where(message, message->passages->pdata[i]);
        cr_expect_str_eq(where, EXPECTED[i]);
    }
}

Test(message, facts_are_kept_once_a_part)
{
    g_autoptr(Message) message = message_new();
    message_add_fact(message, "nul", -1, NULL);
    message_add_fact(message, "nul", -1, "again");
    message_add_fact(message, "nul", 0, NULL);
    cr_expect_eq(message->facts->len, 2);
    cr_expect(message_has_fact(message, "nul"));
    cr_expect_not(message_has_fact(message, "encrypted"));
    FactClass cls;
    cr_expect_not_null(message_fact_lookup("encrypted", &cls, NULL));
    cr_expect_eq(cls, FACT_UNREADABLE);
    cr_expect_null(message_fact_lookup("no such", NULL, NULL));
}

Test(envelope, goes_through_json)
{
    g_autoptr(Envelope) envelope = envelope_new();
    envelope->queue_id = g_strdup("4XYZ");
    envelope->auth_login = g_strdup("t\xff@example.org"); // a client's bytes need not be UTF-8
    envelope->received_us = 1795375617123000;
    envelope_add_rcpt(envelope, "<S2@Example.org>", "NOTIFY=NEVER");
    envelope_add_rcpt(envelope, "root@example.org", NULL);
    json_t *json = envelope_to_json(envelope);
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) back = envelope_from_json(json, &error);
    cr_assert_not_null(back, "%s", error != NULL ? error->message : "");
    json_decref(json);
    cr_expect_str_eq(back->queue_id, "4XYZ");
    cr_expect_eq(back->received_us, 1795375617123000);
    cr_expect_eq(back->rcpts->len, 2);
    const EnvelopeRcpt *rcpt = back->rcpts->pdata[0];
    cr_expect_str_eq(rcpt->address, "S2@Example.org");
    cr_expect_str_eq(rcpt->args, "NOTIFY=NEVER");
    cr_expect_str_eq(((EnvelopeRcpt *)envelope->rcpts->pdata[1])->raw, "root@example.org");
    g_autoptr(GError) bad = NULL;
    json_t *empty = json_object();
    cr_expect_null(envelope_from_json(empty, &bad));
    cr_expect_eq(base_exit_status(bad), BASE_ERROR_DATA);
    json_decref(empty);
}
