// chaperone learn: what the archive can teach the tables. So far the district's own disclaimers, by repetition.
#include "cli/learn.h"
#include "cli/archive.h"
#include "judge/judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEARN_FILE    "disclaimers-local.txt"
#define LEARN_LEAST   5
#define LEARN_BLOCKS  10000 // paragraphs kept, of 4 KiB at most
#define LEARN_SENDERS 1000  // of each
#define LEARN_WINDOW  64    // messages read side by side
#define LEARN_BYTES   (64 * 1024 * 1024)
#define LEARN_MOST    (16 * 1024 * 1024) // bytes of the table

typedef struct {
    char *config_path, *from, *to, *who;
    gint least;
    gboolean json, write;
} LearnOptions;

// One message of the archive.
typedef struct {
    GBytes *raw;
    Envelope *envelope;
    int64_t received_us;
    char *sender;       // whose endings they are; NULL when it is nobody of the district
    GPtrArray *endings; // of char*
    GError *error;
} LearnJob;

typedef struct {
    guint64 damage; // first: archive_print_damage counts here
    const Snapshot *snapshot;
    Readers *pool;
    LearnBook *book;
    GPtrArray *window; // of LearnJob
    gsize bytes;       // of it
    guint64 messages, own;
    CliProgress progress;
    GError *error;
} Learning;

// ---- one message -----------------------------------------------------------------------------------------

static void job_free(gpointer data)
{
    LearnJob *job = data;
    g_bytes_unref(job->raw);
    envelope_free(job->envelope);
    g_free(job->sender);
    if (job->endings)
        g_ptr_array_unref(job->endings);
    g_clear_error(&job->error);
    g_free(job);
}

static Message *job_read(LearnJob *job, Readers *pool)
{
    gsize len;
    const void *data = g_bytes_get_data(job->raw, &len);
    int fd = reader_seal(data, len, &job->error);
    g_autoptr(Reading) reading = fd >= 0 ? readers_read(pool, fd, len, 0, &job->error) : NULL;
    Message *message = reading ? g_steal_pointer(&reading->message) : NULL;
    if (fd >= 0 && close(fd) != 0 && message) {
        g_clear_pointer(&message, message_free);
        g_set_error(&job->error, BASE_ERROR, BASE_ERROR_IO, "close: %s", g_strerror(errno));
    }
    return message;
}

// Somebody who writes by an account of the district.
static bool job_is_own(const Parties *parties)
{
    const Party *sender = parties->sender;
    return sender && sender->account == ACCOUNT_SCHOOL &&
           (sender->role == ROLE_STAFF || sender->role == ROLE_STUDENT || sender->role == ROLE_SERVICE);
}

static void job_run(gpointer item, gpointer data)
{
    LearnJob *job = item;
    const Learning *learning = data;
    const Snapshot *snapshot = learning->snapshot;
    int today = clock_local_date(job->received_us, snapshot->config->district.timezone);
    g_autoptr(RosterSession) session = roster_session_begin(snapshot->roster, today, &job->error);
    Message *message = session ? job_read(job, learning->pool) : NULL;
    Parties *parties = message ? roster_resolve_message(session, job->envelope, message, &job->error) : NULL;
    if (parties && job_is_own(parties)) {
        const Party *sender = parties->sender;
        job->sender = g_strdup(sender->person ? sender->person : sender->canonical);
        job->endings = detect_endings(snapshot->tables, message, parties);
    }
    g_clear_pointer(&parties, parties_free); // borrows from the message
    g_clear_pointer(&message, message_free);
}

// ---- all of them -----------------------------------------------------------------------------------------

static void window_count(Learning *learning, LearnJob *job)
{
    for (guint i = 0; job->sender && i < job->endings->len; i++) {
        const char *text = g_ptr_array_index(job->endings, i);
        g_autofree char *words = detect_ending_words(text);
        learn_book_add(learning->book, words, text, job->sender, job->received_us);
    }
    learning->own += job->sender != NULL;
    if (job->error && !learning->error)
        learning->error = g_steal_pointer(&job->error);
}

// Reads what the window holds, side by side, and counts it in order. False when it cannot go on.
static bool window_run(Learning *learning)
{
    GThreadPool *threads =
        learning->window->len
            ? g_thread_pool_new(job_run, learning, learning->snapshot->config->reader.workers, FALSE,
                                &learning->error)
            : NULL;
    for (guint i = 0; threads && i < learning->window->len; i++)
        (void)g_thread_pool_push(threads, learning->window->pdata[i], NULL); // queued even without a thread
    if (threads)
        g_thread_pool_free(threads, FALSE, TRUE);
    for (guint i = 0; threads && i < learning->window->len; i++)
        window_count(learning, learning->window->pdata[i]);
    g_ptr_array_set_size(learning->window, 0);
    learning->bytes = 0;
    cli_progress_step(&learning->progress, NULL, "messages read", learning->messages, 0);
    return learning->error == NULL;
}

static bool learn_one(const ArchiveRecord *record, void *data)
{
    Learning *learning = data;
    g_autoptr(Envelope) envelope =
        envelope_from_json(json_object_get(record->meta, "envelope"), &learning->error);
    if (!envelope) {
        g_prefix_error(&learning->error, "%s: ", record->ref->id);
        return false;
    }
    LearnJob *job = g_new0(LearnJob, 1);
    job->raw = g_bytes_ref(record->raw);
    job->received_us = json_integer_value(json_object_get(record->meta, "received_us"));
    job->envelope = g_steal_pointer(&envelope);
    g_ptr_array_add(learning->window, job);
    learning->bytes += g_bytes_get_size(job->raw);
    learning->messages++;
    bool full = learning->window->len >= LEARN_WINDOW || learning->bytes >= LEARN_BYTES;
    return !full || window_run(learning);
}

static void learn_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    archive_print_damage(segment, offset, what, &((Learning *)data)->damage);
}

static bool learn_all(Learning *learning, const LearnOptions *options, GError **error)
{
    ArchiveQuery query = {.want_raw = true};
    const Config *config = learning->snapshot->config;
    json_t *detail = json_pack("{s:s, s:s*, s:s*, s:i}", "what", "disclaimers", "from", options->from, "to",
                               options->to, "least", options->least);
    // Recorded before a message is looked at.
    bool ok = cli_time(config, options->from, false, &query.from_us, error) &&
              cli_time(config, options->to, true, &query.to_us, error) &&
              archive_event_once(config, "learn", options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    ok = ok && archive_each(config, &query, learn_one, learn_damage, learning, error);
    ok = ok && learning->error == NULL && window_run(learning);
    cli_progress_end(&learning->progress);
    if (learning->error)
        g_propagate_error(error, g_steal_pointer(&learning->error));
    return ok;
}

// ---- what was found --------------------------------------------------------------------------------------

static char *block_days(const LearnBlock *block)
{
    g_autofree char *first = clock_format(block->first_us), *last = clock_format(block->last_us);
    return g_strdup_printf("%.10s to %.10s", first, last);
}

// As the table has it: a comment, the text, a blank line.
static void block_append(GString *out, const LearnBlock *block, const char *learnt)
{
    g_autofree char *days = block_days(block), *text = cli_clean(block->text);
    g_string_append_printf(
        out, "# %s%s%" G_GUINT64_FORMAT "%s senders, %" G_GUINT64_FORMAT " messages, %s\n%s\n\n",
        learnt ? learnt : "", learnt ? ": " : "", block->senders, block->more ? " or more" : "",
        block->messages, days, text);
}

static int print_json(const Learning *learning, const GPtrArray *sent, gint least)
{
    json_t *list = json_array();
    for (guint i = 0; i < sent->len; i++) {
        const LearnBlock *block = g_ptr_array_index(sent, i);
        g_autofree char *first = clock_format(block->first_us), *last = clock_format(block->last_us);
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:b, s:I, s:s, s:s}", "text", block->text, "senders",
                                        (json_int_t)block->senders, "more", block->more, "messages",
                                        (json_int_t)block->messages, "first", first, "last", last));
    }
    json_t *json = json_pack("{s:I, s:I, s:i, s:I, s:o}", "messages", (json_int_t)learning->messages, "own",
                             (json_int_t)learning->own, "least", least, "forgotten",
                             (json_int_t)learn_book_forgotten(learning->book), "disclaimers", list);
    bool ok = json && json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

static int print_text(const Learning *learning, const GPtrArray *sent)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < sent->len; i++)
        block_append(out, g_ptr_array_index(sent, i), NULL);
    bool ok = fputs(out->str, stdout) != EOF;
    fprintf(stderr,
            "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " messages are the district's own; %u found\n",
            learning->own, learning->messages, sent->len);
    if (learn_book_forgotten(learning->book) > 0)
        fprintf(stderr, "%" G_GUINT64_FORMAT " rare paragraphs were forgotten for want of room\n",
                learn_book_forgotten(learning->book));
    return ok ? 0 : BASE_ERROR_IO;
}

// Appends what was found to the table. False with `error`.
static bool table_write(const Config *config, const GPtrArray *sent, GError **error)
{
    g_autofree char *path = g_build_filename(config->policy.lists_dir, LEARN_FILE, NULL);
    g_autofree char *now = clock_format(clock_now_us());
    g_autofree char *learnt = g_strdup_printf("Learnt %.10s", now);
    struct stat there;
    bool exists = lstat(path, &there) == 0;
    g_autoptr(GBytes) before = exists ? file_read(path, LEARN_MOST, error) : g_bytes_new_static("", 0);
    if (!before)
        return false;
    gsize len;
    const char *data = g_bytes_get_data(before, &len);
    g_autoptr(GString) text = g_string_new_len(data, (gssize)len);
    if (len && text->str[len - 1] != '\n')
        g_string_append_c(text, '\n');
    g_string_append_c(text, '\n');
    for (guint i = 0; i < sent->len; i++)
        block_append(text, g_ptr_array_index(sent, i), learnt);
    if (!file_write_atomic(path, text->str, text->len, exists ? (int)(there.st_mode & 0777) : 0644, error))
        return false;
    fprintf(stderr, "%u added to %s; reload chaperone-milter to use them\n", sent->len, path);
    return true;
}

// ---- the command -----------------------------------------------------------------------------------------

static int learn_run(const LearnOptions *options, GError **error)
{
    g_autoptr(Snapshot) snapshot = snapshot_load(cli_config_path(options->config_path), error);
    g_autoptr(Readers) pool = snapshot ? readers_new(snapshot->config, error) : NULL;
    if (!pool)
        return base_exit_status(*error);
    g_autoptr(LearnBook) book = learn_book_new(LEARN_BLOCKS, MAX(LEARN_SENDERS, (guint)options->least));
    g_autoptr(GPtrArray) window = g_ptr_array_new_with_free_func(job_free);
    Learning learning = {.snapshot = snapshot, .pool = pool, .book = book, .window = window};
    if (!learn_all(&learning, options, error))
        return base_exit_status(*error);
    g_autoptr(GPtrArray) sent = learn_book_sent(book, (guint)options->least);
    int status = options->json ? print_json(&learning, sent, options->least) : print_text(&learning, sent);
    if (status == 0 && options->write && sent->len && !table_write(snapshot->config, sent, error))
        status = base_exit_status(*error);
    return status ? status : learning.damage > 0 ? BASE_ERROR_DATA : 0;
}

static int learn_dispatch(LearnOptions *options, int argc, char **argv)
{
    GError *error = NULL;
    if (argc != 2 || strcmp(argv[1], "disclaimers") != 0)
        return cli_usage("learn wants to know what: disclaimers");
    if (options->least < 2)
        return cli_usage(
            "--least must be 2 or more: what one sender writes is no disclaimer of the district");
    int status = learn_run(options, &error);
    if (error)
        status = cli_fail(error);
    return fflush(stdout) != 0 ? BASE_ERROR_IO : status;
}

int cli_learn(int argc, char **argv)
{
    LearnOptions options = {.who = cli_who(), .least = LEARN_LEAST};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from, "Received at this time or later", "DATE"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to,
         "Received before this time, or up to the end of this day", "DATE"},
        {"least", 'n', 0, G_OPTION_ARG_INT, &options.least, "Sent by so many senders (default 5)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"write", 'w', 0, G_OPTION_ARG_NONE, &options.write, "Append what was found to " LEARN_FILE, NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("disclaimers");
    g_option_context_set_summary(
        context, "Reads the archive (recorded) and prints the paragraphs behind signatures that "
                 "several people of the\ndistrict sent word for word, as " LEARN_FILE
                 " in policy.lists_dir has them. Look at them before\nyou keep them: what that file "
                 "holds counts as nobody's words.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? learn_dispatch(&options, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(options.config_path);
    g_free(options.from);
    g_free(options.to);
    g_free(options.who);
    return status;
}
