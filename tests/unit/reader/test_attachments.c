// Attachments: from the message to what was read of them.
#include "hostile.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const ReaderNeeds TEXT = {.wanted = true}, OCR = {.wanted = true, .ocr = true};

static gint64 in_ms(int ms)
{
    return g_get_monotonic_time() + ms * (gint64)1000;
}

// ---- with the real workers -------------------------------------------------------------------------------

static GByteArray *sample(const char *name)
{
    g_autofree char *path = g_build_filename("tests/corpus/attachments", name, NULL);
    char *text = NULL;
    gsize len = 0;
    cr_assert(g_file_get_contents(path, &text, &len, NULL), "%s", path);
    return g_byte_array_new_take((guint8 *)text, len);
}

Test(attachments, a_document_is_read_once)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(GByteArray) letter = sample("letter.doc");
    for (guint i = 0; i < 3; i++) {
        g_autoptr(Reading) reading = hostile_message(readers, &letter, 1);
        const Part *part = hostile_part(reading, 0);
        cr_assert_eq(part->state, PART_WAITING);
        cr_assert_eq(part->size, letter->len);
        cr_expect_geq(reading->blob, 0);
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
        cr_expect_eq(part->state, PART_READ);
        cr_expect_eq(part->blob, -1);
        cr_expect_str_eq(part->sniffed, "application/msword");
        cr_expect_str_eq(part->name, "a0.bin");
        guint found = 0;
        for (guint k = 0; k < reading->message->passages->len; k++)
            found += ((const Passage *)reading->message->passages->pdata[k])->origin == ORIGIN_DOCUMENT;
        cr_expect_geq(found, 1);
        cr_expect(fixture_has_text(reading->message, "casserole"), "the message's own text stays");
    }
    ReaderStats stats;
    guint64 hits = 0, misses = 0;
    readers_stats(readers, READER_DOCUMENTS, &stats);
    readers_cache_stats(readers, &hits, &misses);
    cr_expect_eq(stats.read, 1);
    cr_expect_eq(hits, 2);
    cr_expect_eq(misses, 1);
}

Test(attachments, without_a_cache_each_is_read)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    g_free(hostile->config->attachments.cache_dir);
    hostile->config->attachments.cache_dir = g_strdup("");
    g_autoptr(Readers) readers = hostile_readers(hostile);
    ReaderStats stats;
    for (guint i = 1; i <= 2; i++) {
        g_autoptr(Reading) reading = hostile_reading(readers, "x");
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
        cr_expect(hostile_fact(reading, hostile_part(reading, 0), "unread", NULL));
        readers_stats(readers, READER_DOCUMENTS, &stats);
        cr_expect_eq(stats.read, i);
    }
}

Test(attachments, what_is_not_needed_is_skipped)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    const char *detail = NULL;
    cr_expect_eq(readers_attachments(readers, reading, (ReaderNeeds){0}, 0), ATTACHMENTS_DONE);
    const Part *part = hostile_part(reading, 0);
    cr_expect_eq(part->state, PART_SKIPPED);
    cr_expect(hostile_fact(reading, part, "not-needed", &detail));
    cr_expect_str_eq(detail, "a0.bin");
    ReaderStats stats;
    readers_stats(readers, READER_DOCUMENTS, &stats);
    cr_expect_eq(stats.read, 0);
}

Test(attachments, a_message_without_any_makes_no_file)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    g_autoptr(Readers) readers = hostile_readers(hostile);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    g_autoptr(Reading) reading = readers_read(readers, fd, len, 0, NULL);
    close(fd);
    cr_assert_not_null(reading);
    cr_expect_eq(reading->blob, -1);
    cr_expect_eq(reading->blob_len, 0);
    cr_expect_eq(readers_attachments(readers, reading, OCR, 0), ATTACHMENTS_DONE);
}

Test(attachments, blob_is_sealed)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(GByteArray) first = hostile_bytes("first"), second = hostile_bytes("the second");
    GByteArray *both[] = {first, second};
    g_autoptr(Reading) reading = hostile_message(readers, both, 2);
    cr_assert_geq(reading->blob, 0);
    cr_expect_eq(fcntl(reading->blob, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    for (guint i = 0; i < 2; i++) {
        const Part *part = hostile_part(reading, i);
        char bytes[64] = {0};
        cr_expect_eq(part->size, both[i]->len);
        cr_expect_eq(pread(reading->blob, bytes, part->size, part->blob), (ssize_t)part->size);
        cr_expect_arr_eq(bytes, both[i]->data, both[i]->len);
    }
}

Test(attachments, larger_than_is_read)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, NULL, NULL);
    hostile->config->limits.attachment_bytes = 20;
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "much too much");
    cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
    cr_expect_eq(hostile_part(reading, 0)->state, PART_FAILED);
    cr_expect(hostile_fact(reading, hostile_part(reading, 0), "attachment-too-big", NULL));
}

static guint open_descriptors(void)
{
    guint count = 0;
    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

Test(attachments, no_descriptor_is_left)
{
    g_autoptr(Hostile) hostile =
        hostile_new(NULL, "os._exit(1) if b'end' in data else answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    guint before = open_descriptors();
    Readers *readers = hostile_readers(hostile);
    for (guint i = 0; i < 20; i++) {
        g_autofree char *word = g_strdup_printf("%u %s", i, i % 5 == 0 ? "end" : "well");
        g_autoptr(Reading) reading = hostile_reading(readers, word);
        cr_expect_eq(readers_attachments(readers, reading, TEXT, i % 2 ? in_ms(5000) : 0), ATTACHMENTS_DONE);
    }
    readers_free(readers);
    cr_expect_eq(open_descriptors(), before);
}

// ---- workers that end, hang and lie ----------------------------------------------------------------------

static void expect_failed(const Reading *reading, guint nth, const char *fact)
{
    const Part *part = hostile_part(reading, nth);
    const char *detail = "";
    cr_expect_eq(part->state, PART_FAILED);
    cr_expect(hostile_fact(reading, part, fact, &detail), "not %s", fact);
    cr_expect(g_str_has_prefix(detail, part->name), "%s", detail);
}

Test(attachments, a_crash_is_tried_again_once_and_remembered)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "count(); os.kill(os.getpid(), signal.SIGSEGV)", NULL);
    g_autoptr(Readers) readers = hostile_readers(hostile);
    for (int i = 0; i < 3; i++) {
        g_autoptr(Reading) reading = hostile_reading(readers, "x");
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
        expect_failed(reading, 0, "attachment-crashed");
        cr_expect(fixture_has_text(reading->message, "casserole"));
        cr_expect_not(message_has_fact(reading->message, "reader-crashed"));
    }
    cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), 2);
}

Test(attachments, lies_are_crashes)
{
    static const char *const lies[] = {
        "s.sendall(head(4, 100) + os.urandom(100))",
        "s.sendall(head(4, 0))",
        "s.sendall(head(4, 1 << 40))",
        "s.sendall(head(5, 8) + bytes(8))",
        "answer('piece', b'bytes that nobody wants')",
        "answer('waiting')",
        "s.sendall(head(4, 100) + bytes(50)); os._exit(0)",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(Hostile) hostile = hostile_new(NULL, lies[i], NULL);
        Message *waiting = hostile_piece("lasagna", 0);
        Part *part = waiting->parts->pdata[0];
        part->state = PART_WAITING;
        part->blob = 0;
        part->size = 5;
        hostile_give(hostile, "waiting", waiting);
        hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
        g_autoptr(Readers) readers = hostile_readers(hostile);
        g_autoptr(Reading) reading = hostile_reading(readers, "x");
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE, "%s", lies[i]);
        cr_expect_not(fixture_has_text(reading->message, "lasagna"), "%s", lies[i]);
        expect_failed(reading, 0, "attachment-crashed");
    }
}

Test(attachments, a_second_try_may_succeed)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "os._exit(1) if count() == 1 else answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
    cr_expect_eq(hostile_part(reading, 0)->state, PART_READ);
    cr_expect(fixture_has_text(reading->message, "lasagna"));
}

Test(attachments, a_time_out_is_not_tried_again)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "count(); time.sleep(100)", NULL);
    hostile->config->attachments.wall_ms = 300;
    g_autoptr(Readers) readers = hostile_readers(hostile);
    for (int i = 0; i < 2; i++) {
        g_autoptr(Reading) reading = hostile_reading(readers, "x");
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
        expect_failed(reading, 0, "attachment-timeout");
    }
    cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), 1, "and remembered");
}

Test(attachments, past_the_deadline_it_goes_on_waiting)
{
    g_autoptr(Hostile) hostile =
        hostile_new(NULL, "time.sleep(100) if count() == 1 else answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    const Part *part = hostile_part(reading, 0);
    cr_expect_eq(readers_attachments(readers, reading, TEXT, in_ms(0)), ATTACHMENTS_PENDING);
    cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), 0, "nothing is begun that cannot end in time");
    gint64 start = g_get_monotonic_time();
    cr_expect_eq(readers_attachments(readers, reading, TEXT, in_ms(300)), ATTACHMENTS_PENDING);
    cr_expect_leq(g_get_monotonic_time() - start, 1500 * 1000);
    cr_expect_eq(part->state, PART_WAITING);
    cr_expect_not(hostile_fact(reading, part, "attachment-timeout", NULL));
    cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE, "later it is read");
    cr_expect(fixture_has_text(reading->message, "lasagna"));
}

Test(attachments, what_is_ready_in_time_is_in_the_message)
{
    g_autoptr(Hostile) hostile =
        hostile_new(NULL, "time.sleep(100 if b'slow' in data else 0); answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(GByteArray) slow = hostile_bytes("slow"), quick = hostile_bytes("quick");
    GByteArray *both[] = {slow, quick};
    g_autoptr(Reading) reading = hostile_message(readers, both, 2);
    cr_expect_eq(readers_attachments(readers, reading, TEXT, in_ms(800)), ATTACHMENTS_PENDING);
    cr_expect_eq(hostile_part(reading, 0)->state, PART_WAITING);
    cr_expect_eq(hostile_part(reading, 1)->state, PART_READ);
}

Test(attachments, all_of_a_message_have_one_time)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "count(); time.sleep(100)", NULL);
    hostile->config->attachments.wall_ms = 400;
    hostile->config->attachments.message_ms = 700;
    g_autoptr(Readers) readers = hostile_readers(hostile);
    GByteArray *bytes[8];
    for (guint i = 0; i < 8; i++) {
        char word[2] = {(char)('a' + i), '\0'};
        bytes[i] = hostile_bytes(word);
    }
    g_autoptr(Reading) reading = hostile_message(readers, bytes, 8);
    gint64 start = g_get_monotonic_time();
    cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
    cr_expect_leq(g_get_monotonic_time() - start, 3 * 1000 * 1000);
    for (guint i = 0; i < 8; i++) {
        expect_failed(reading, i, "attachment-timeout");
        g_byte_array_unref(bytes[i]);
    }
    cr_expect_leq(hostile_count(hostile, READER_DOCUMENTS), 4);
}

// ---- several at once -------------------------------------------------------------------------------------

Test(attachments, several_are_read_at_once_and_stay_in_order)
{
    g_autoptr(Hostile) hostile = hostile_new(
        NULL, "time.sleep(0.6 if b'one' in data else 0.5); answer('piece1' if b'one' in data else 'piece2')",
        NULL);
    hostile_give(hostile, "piece1", hostile_piece("lasagna one", 0));
    hostile_give(hostile, "piece2", hostile_piece("lasagna two", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(GByteArray) one = hostile_bytes("one"), two = hostile_bytes("two");
    GByteArray *both[] = {one, two};
    g_autoptr(Reading) reading = hostile_message(readers, both, 2);
    fixture_wait_idle(readers, READER_DOCUMENTS, 2);
    gint64 start = g_get_monotonic_time();
    cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
    cr_expect_leq(g_get_monotonic_time() - start, 1000 * 1000);
    GPtrArray *passages = reading->message->passages;
    cr_assert_geq(passages->len, 2);
    cr_expect_str_eq(((const Passage *)passages->pdata[passages->len - 2])->text, "lasagna one");
    cr_expect_str_eq(((const Passage *)passages->pdata[passages->len - 1])->text, "lasagna two");
}

typedef struct {
    Readers *readers;
    Reading *reading;
} Same;

static gpointer read_same(gpointer data)
{
    Same *same = data;
    cr_expect_eq(readers_attachments(same->readers, same->reading, TEXT, 0), ATTACHMENTS_DONE);
    return NULL;
}

// A flyer to a thousand families comes a thousand times in a minute.
Test(attachments, the_same_at_once_is_read_once)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "count(); time.sleep(0.3); answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    Same same[6];
    GThread *threads[6];
    for (gsize i = 0; i < 6; i++)
        same[i] = (Same){readers, hostile_reading(readers, "x")};
    for (gsize i = 0; i < 6; i++)
        threads[i] = g_thread_new("same", read_same, &same[i]);
    for (gsize i = 0; i < 6; i++) {
        g_thread_join(threads[i]);
        cr_expect(fixture_has_text(same[i].reading->message, "lasagna"));
        reading_free(same[i].reading);
    }
    cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), 1);
}

// Half of the attachments end their workers; the others are read, and text mail does not notice.
Test(attachments, storm_of_crashes, .timeout = 60)
{
    enum { COUNT = 24 };
    g_autoptr(Hostile) hostile =
        hostile_new(NULL, "os._exit(1) if b'end' in data else answer('piece')", NULL);
    hostile_give(hostile, "piece", hostile_piece("lasagna", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    GByteArray *bytes[COUNT];
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *word = g_strdup_printf("%u %s", i, i % 2 ? "well" : "end");
        bytes[i] = hostile_bytes(word);
    }
    Same same = {readers, hostile_message(readers, bytes, COUNT)};
    GThread *thread = g_thread_new("storm", read_same, &same);
    for (int i = 0; i < 20; i++) {
        gint64 start = g_get_monotonic_time();
        gsize len = 0;
        int fd = fixture_message("potluck", &len);
        g_autoptr(Reading) text = readers_read(readers, fd, len, 0, NULL);
        close(fd);
        cr_assert_not_null(text);
        cr_expect(fixture_has_text(text->message, "potluck"));
        cr_expect_leq(g_get_monotonic_time() - start, 1000 * 1000);
        g_usleep(20 * 1000);
    }
    g_thread_join(thread);
    for (guint i = 0; i < COUNT; i++) {
        if (i % 2)
            cr_expect_eq(hostile_part(same.reading, i)->state, PART_READ, "%u", i);
        else
            expect_failed(same.reading, i, "attachment-crashed");
        g_byte_array_unref(bytes[i]);
    }
    reading_free(same.reading);
}

// ---- text in pictures ------------------------------------------------------------------------------------

typedef struct {
    const char *ocr;
    ReaderNeeds needs;
    guint pictures, asked;
    bool first, second; // whose text is there
    const char *fact;
} Recognition;

static void expect_recognition(const Recognition *row)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "answer('first')", row->ocr);
    hostile->config->attachments.ocr_wall_ms = 400;
    hostile_give(hostile, "first", hostile_piece("lasagna", row->pictures));
    hostile_give(hostile, "second", hostile_piece("potluck", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    const char *detail = "";
    cr_expect_eq(readers_attachments(readers, reading, row->needs, 0), ATTACHMENTS_DONE, "%s", row->ocr);
    const Part *part = hostile_part(reading, 0);
    cr_expect_eq(part->state, PART_READ, "%s", row->ocr);
    cr_expect_eq(fixture_has_text(reading->message, "lasagna"), row->first, "%s", row->ocr);
    cr_expect_eq(fixture_has_text(reading->message, "potluck"), row->second, "%s", row->ocr);
    cr_expect_eq(hostile_count(hostile, READER_OCR), row->asked, "%s", row->ocr);
    cr_expect_eq(hostile_fact(reading, part, "picture-unread", &detail), row->fact != NULL, "%s", row->ocr);
    if (row->fact != NULL)
        cr_expect(g_str_has_prefix(detail, "a0.bin: "), "%s", detail);
}

Test(attachments, text_in_pictures)
{
    static const Recognition rows[] = {
        {"count(); answer('second')", {true, true}, 1, 1, false, true, NULL},
        {"count(); answer('second')", {true, false}, 1, 0, true, false, NULL},
        {"count(); answer('second')", {true, true}, 0, 0, true, false, NULL},
        {"count(); os._exit(1)", {true, true}, 1, 2, true, false, "picture-unread"},
        {"count(); time.sleep(100)", {true, true}, 1, 1, true, false, "picture-unread"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        expect_recognition(&rows[i]);
}

Test(attachments, text_in_pictures_past_the_deadline)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "count(); answer('first')", "count(); answer('second')");
    hostile_give(hostile, "first", hostile_piece("lasagna", 1));
    hostile_give(hostile, "second", hostile_piece("potluck", 0));
    g_autoptr(Readers) readers = hostile_readers(hostile);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    // It is not begun where it may not end in time.
    cr_expect_eq(readers_attachments(readers, reading, OCR, in_ms(500)), ATTACHMENTS_PENDING);
    cr_expect_eq(hostile_count(hostile, READER_OCR), 0);
    cr_expect_eq(hostile_part(reading, 0)->state, PART_WAITING);
    cr_expect_not(fixture_has_text(reading->message, "lasagna"));
    cr_expect_eq(readers_attachments(readers, reading, OCR, 0), ATTACHMENTS_DONE);
    cr_expect(fixture_has_text(reading->message, "potluck"));
    cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), 1, "the first reading was kept");
}

// The configuration may be reloaded: what was never wanted is wanted now.
Test(attachments, text_in_pictures_is_wanted_later)
{
    g_autoptr(Hostile) hostile = hostile_new(NULL, "answer('first')", "answer('second')");
    hostile_give(hostile, "first", hostile_piece("lasagna", 1));
    hostile_give(hostile, "second", hostile_piece("potluck", 0));
    g_free(hostile->config->attachments.ocr);
    hostile->config->attachments.ocr = g_strdup("never");
    g_autoptr(Readers) readers = hostile_readers(hostile);
    ReaderStats stats;
    readers_stats(readers, READER_OCR, &stats);
    cr_expect_eq(stats.alive, 0);
    g_autoptr(Reading) reading = hostile_reading(readers, "x");
    cr_expect_eq(readers_attachments(readers, reading, OCR, 0), ATTACHMENTS_DONE);
    cr_expect(fixture_has_text(reading->message, "potluck"));
    readers_stats(readers, READER_OCR, &stats);
    cr_expect_geq(stats.alive, 1);
}

// ---- names -----------------------------------------------------------------------------------------------

static Message *named_piece(void)
{
    Message *message = hostile_piece("lasagna", 0);
    Part *inner = message_add_part(message, 0, "!1", "text/csv");
    inner->name = g_strdup("\xEF\xBF\xBC.csv");
    message_add_fact(message, "damaged", 0, "\xEF\xBF\xBC.csv.gz: cut short");
    message_add_passage(message, 1, ORIGIN_FILENAME, VISIBILITY_SHOWN, "\xEF\xBF\xBC.csv",
                        strlen("\xEF\xBF\xBC.csv"));
    return message;
}

static char *message_named(const char *name)
{
    return g_strdup_printf("From: a@example.org\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: application/octet-stream; name=\"%s\"\r\n\r\nSQLite format 3%c=",
                           name, 0x1a);
}

// The same bytes under another name are the same reading, with the other name in it.
Test(attachments, names_are_not_shared)
{
    static const struct {
        const char *name, *inner, *detail;
        guint asked;
    } rows[] = {
        {"grades.csv.gz", "grades.csv", "grades.csv.gz: cut short", 1},
        {"other.csv.gz", "other.csv", "other.csv.gz: cut short", 1},
        {"other.txt", "other.csv", "other.csv.gz: cut short", 2}, // what the worker says is taken as it is
    };
    g_autoptr(Hostile) hostile =
        hostile_new("answer('message', data[-5:])", "count(); answer('piece')", NULL);
    hostile_give(hostile, "piece", named_piece());
    g_autoptr(Readers) readers = hostile_readers(hostile);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Message *message = message_new();
        Part *part = message->parts->pdata[0];
        part->name = g_strdup(rows[i].name);
        part->state = PART_WAITING;
        part->blob = 1;
        part->size = 4;
        hostile_give(hostile, "message", message);
        g_autofree char *raw = message_named(rows[i].name);
        int fd = reader_seal(raw, strlen(raw), NULL);
        g_autoptr(Reading) reading = readers_read(readers, fd, strlen(raw), 0, NULL);
        close(fd);
        cr_assert_not_null(reading);
        cr_expect_eq(readers_attachments(readers, reading, TEXT, 0), ATTACHMENTS_DONE);
        cr_assert_eq(reading->message->parts->len, 2);
        cr_expect_str_eq(((const Part *)reading->message->parts->pdata[1])->name, rows[i].inner);
        const char *detail = NULL;
        cr_assert(hostile_fact(reading, reading->message->parts->pdata[0], "damaged", &detail));
        cr_expect_str_eq(detail, rows[i].detail);
        cr_expect(fixture_has_text(reading->message, rows[i].inner));
        cr_expect_eq(hostile_count(hostile, READER_DOCUMENTS), rows[i].asked, "%s", rows[i].name);
    }
}

// ---- the blob --------------------------------------------------------------------------------------------

typedef struct {
    const char *what, *answer;
    gint64 at[2]; // -1 = no such part
    gsize size[2];
    const char *fact; // NULL = taken
} Lie;

static void expect_lie(const Lie *lie)
{
    g_autoptr(Hostile) hostile = hostile_new(lie->answer, NULL, NULL);
    hostile->config->limits.decoded_bytes = 1000;
    hostile->config->reader.wall_ms = 1000;
    Message *message = hostile_piece("lasagna", 0);
    for (guint i = 0; i < 2; i++) {
        if (lie->at[i] < 0)
            continue;
        Part *part = message_add_part(message, 0, "1", "application/pdf");
        part->state = PART_WAITING;
        part->blob = lie->at[i];
        part->size = lie->size[i];
    }
    hostile_give(hostile, "message", message);
    g_autoptr(ReaderPool) pool = fixture_pool(hostile->config);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    guint before = open_descriptors();
    Reading *reading = reader_pool_read(pool, fd, len, 0, NULL);
    cr_assert_not_null(reading, "%s", lie->what);
    cr_expect_eq(fixture_has_text(reading->message, "lasagna"), lie->fact == NULL, "%s", lie->what);
    if (lie->fact != NULL) {
        cr_expect(message_has_fact(reading->message, lie->fact), "%s: not %s", lie->what, lie->fact);
        cr_expect_eq(reading->blob, -1, "%s", lie->what);
    }
    cr_expect_not(reading->out_of_time, "%s", lie->what);
    reading_free(reading);
    close(fd);
    cr_expect_leq(open_descriptors(), before + 1, "%s", lie->what); // a worker more or less
}

Test(attachments, blob_lies, .timeout = 60)
{
#define BLOB(n) "answer('message', bytes(" #n ")) if not flags else os._exit(1)"
    static const Lie lies[] = {
        {"true", BLOB(100), {0, 60}, {60, 40}, NULL},
        {"bytes that no part has", BLOB(100), {0, -1}, {60, 0}, NULL},
        {"empty part", BLOB(100), {100, -1}, {0, 0}, NULL},
        {"one byte over", BLOB(100), {0, 60}, {60, 41}, "reader-refused"},
        {"begins outside", BLOB(100), {101, -1}, {0, 0}, "reader-refused"},
        {"wraps", BLOB(100), {50, -1}, {G_MAXSIZE - 20, 0}, "reader-refused"},
        {"far away", BLOB(100), {G_MAXINT64, -1}, {1, 0}, "reader-refused"},
        {"the same bytes twice", BLOB(100), {0, 0}, {60, 60}, "reader-refused"},
        {"no blob", "answer('message') if not flags else os._exit(1)", {0, -1}, {60, 0}, "reader-refused"},
        {"over the limit", BLOB(1001), {0, -1}, {60, 0}, "reader-refused"},
        {"in the sweep",
         "answer('message', bytes(100)) if flags else os._exit(1)",
         {0, -1},
         {60, 0},
         "reader-refused"},
        {"less than was said",
         "p = open(f'{DIR}/message', 'rb').read(); s.sendall(head(4, len(p), 100) + p + bytes(50)); "
         "os._exit(0)",
         {0, -1},
         {60, 0},
         "reader-crashed"},
        {"never comes",
         "p = open(f'{DIR}/message', 'rb').read(); s.sendall(head(4, len(p), 100) + p + bytes(50)); "
         "time.sleep(9)",
         {0, -1},
         {60, 0},
         "reader-timeout"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++)
        expect_lie(&lies[i]);
}

// ---- budgets of messages ---------------------------------------------------------------------------------

Test(attachments, out_of_the_budget_or_of_the_limit)
{
    static const struct {
        const char *messages;
        int budget_ms;
        bool out_of_time;
    } rows[] = {
        {"time.sleep(9)", 300, true},
        {"time.sleep(9)", 0, false},
        {"time.sleep(9)", 900, false},
        {"os._exit(1)", 300, false},
        {"os._exit(1) if not flags else time.sleep(9)", 300, true},
        {"os.kill(os.getpid(), signal.SIGPROF)", 300, false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Hostile) hostile = hostile_new(rows[i].messages, NULL, NULL);
        hostile->config->reader.wall_ms = 900;
        g_autoptr(ReaderPool) pool = fixture_pool(hostile->config);
        fixture_wait_alive(pool, 2);
        gsize len = 0;
        int fd = fixture_message("casserole", &len);
        g_autoptr(Reading) reading = reader_pool_read(pool, fd, len, rows[i].budget_ms, NULL);
        close(fd);
        cr_assert_not_null(reading);
        cr_expect_eq(reading->out_of_time, rows[i].out_of_time, "%s, %d ms", rows[i].messages,
                     rows[i].budget_ms);
    }
}
