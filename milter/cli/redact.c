// chaperone redact: what of a message its receiver may not have, proposed, applied and rendered, files in and out.
#include "redact/redact.h"

#include "archive/archive.h"
#include "cli/cli.h"
#include "judge/judge.h"

#include <stdio.h>
#include <string.h>

#define FILE_MOST ((gsize)64 * 1024 * 1024)

typedef struct {
    char *config_path, *in, *out, *pdf, *text, *log, *bates, *reason, *reviewer, *time;
    char **codes, **words, **lines, **drop, **keep;
    gboolean json, everywhere;
    char *who;
    int64_t now_us;
    char **arguments;
} RedactOptions;

// What each step needs: the record, read.
typedef struct {
    Config *config;
    Readers *readers;
    ArchiveRecord *record;
    Message *message;
    Rendition *rendition;
} Opened;

static void opened_clear(Opened *opened)
{
    g_clear_pointer(&opened->rendition, rendition_free);
    g_clear_pointer(&opened->message, message_free);
    g_clear_pointer(&opened->record, archive_record_free);
    g_clear_pointer(&opened->readers, readers_free);
    g_clear_pointer(&opened->config, config_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

static bool record_event(const Opened *opened, const RedactOptions *options, const char *event,
                         json_t *detail, GError **error)
{
    if (options->reason != NULL)
        json_object_set_new(detail, "reason", json_string(options->reason));
    bool ok = archive_event_once(opened->config, event, options->who, opened->record->ref->id, detail,
                                 clock_now_us(), error);
    json_decref(detail);
    return ok;
}

static bool open_record(Opened *opened, const RedactOptions *options, GError **error)
{
    opened->record = archive_get(opened->config, options->arguments[1], error);
    if (opened->record == NULL || opened->record->raw == NULL) {
        if (opened->record != NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is an event: it has no message",
                        opened->record->ref->id);
        return false;
    }
    if (!record_event(opened, options, "view", json_pack("{s:s}", "for", "redaction"), error))
        return false;
    CliWorking *working = cli_working_begin("reading the message");
    opened->readers = readers_new(opened->config, error);
    opened->message = opened->readers != NULL ? redact_read(opened->config, opened->readers,
                                                            opened->record->meta, opened->record->raw, error)
                                              : NULL;
    cli_working_end(working);
    if (opened->message != NULL)
        opened->rendition = rendition_new(opened->message, opened->record->meta);
    return opened->rendition != NULL;
}

// ---- files -----------------------------------------------------------------------------------------------

static GPtrArray *list_read(const Rendition *rendition, const char *path, GError **error)
{
    json_error_t at;
    g_autoptr(GBytes) bytes = file_read(path, FILE_MOST, error);
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &at);
    GPtrArray *list = json != NULL ? redactions_from_json(rendition, json, error) : NULL;
    if (json == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%d: %s", path, at.line, at.text);
    else if (list == NULL)
        g_prefix_error(error, "%s: ", path);
    json_decref(json);
    return list;
}

// Takes `json`. To the file, else to standard output.
static bool json_write(json_t *json, const char *path, GError **error)
{
    g_autofree char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    g_autofree char *whole = g_strconcat(text, "\n", NULL);
    json_decref(json);
    if (path != NULL)
        return file_write_atomic(path, whole, strlen(whole), 0600, error);
    bool ok = fputs(whole, stdout) >= 0 && fflush(stdout) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "standard output: cannot write");
    return ok;
}

// ---- show, propose ---------------------------------------------------------------------------------------

static bool run_show(Opened *opened, const RedactOptions *options, GError **error)
{
    const Rendition *rendition = opened->rendition;
    if (!options->json) {
        g_autofree char *text = rendition_text(rendition);
        return fputs(text, stdout) >= 0;
    }
    json_t *sections = json_array();
    for (guint i = 0; i < rendition->sections->len; i++) {
        const RenditionSection *section = rendition->sections->pdata[i];
        json_array_append_new(sections, json_pack("{s:i, s:s, s:s, s:s, s:i, s:i}", "section", (int)i,
                                                  "label", section->label, "sha256", section->sha256, "text",
                                                  section->text, "lines", (int)section->lines, "first_line",
                                                  (int)rendition_line(rendition, i, 0)));
    }
    json_t *notes = json_array();
    for (guint i = 0; i < rendition->notes->len; i++)
        json_array_append_new(notes, json_string(rendition->notes->pdata[i]));
    return json_write(json_pack("{s:o, s:o}", "sections", sections, "not_in_it", notes), NULL, error);
}

static void print_list(const Rendition *rendition, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const Redaction *one = list->pdata[i];
        const RenditionSection *section = rendition->sections->pdata[one->section];
        g_autofree char *words = g_strndup(section->text + one->from, one->to - one->from);
        g_strdelimit(words, "\n", ' ');
        g_autofree char *clean = cli_clean(words), *why = cli_clean(one->why);
        printf("%4u  line %-5u %-16s %-10s %s%s%s%s\n", i + 1,
               rendition_line(rendition, one->section, one->from), one->kind,
               one->code != NULL ? one->code : "-", clean, one->why != NULL ? "  (" : "",
               one->why != NULL ? why : "", one->why != NULL ? ")" : "");
    }
}

static bool list_put(const Opened *opened, const RedactOptions *options, const GPtrArray *list, bool text,
                     GError **error)
{
    bool written = (options->out == NULL && !options->json) ||
                   json_write(redactions_to_json(opened->rendition, list, text), options->out, error);
    if (written && !options->json)
        print_list(opened->rendition, list);
    return written;
}

static bool run_propose(Opened *opened, const RedactOptions *options, GError **error)
{
    g_autoptr(Snapshot) snapshot = snapshot_new(opened->config, error);
    if (snapshot == NULL)
        return false;
    // Who is a student is what it was when the mail came.
    int64_t time_us = archive_mail_time(opened->record->meta);
    int day = clock_local_date(time_us != 0 ? time_us : options->now_us, opened->config->district.timezone);
    g_autoptr(Envelope) envelope =
        envelope_from_json(json_object_get(opened->record->meta, "envelope"), error);
    g_autoptr(RosterSession) session =
        envelope != NULL ? roster_session_begin(snapshot->roster, day, error) : NULL;
    g_autoptr(GPtrArray) list = session != NULL
                                    ? redact_propose(opened->config, snapshot->tables, session, envelope,
                                                     opened->message, opened->rendition, error)
                                    : NULL;
    return list != NULL && list_put(opened, options, list, true, error);
}

// ---- apply -----------------------------------------------------------------------------------------------

// "3", "5-7": from, to. False with `error`.
static bool span_parse(const char *text, guint *out_from, guint *out_to, GError **error)
{
    char *end = NULL;
    guint64 from = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0, to = from;
    if (end != NULL && *end == '-' && g_ascii_isdigit(end[1]))
        to = g_ascii_strtoull(end + 1, &end, 10);
    bool ok = end != NULL && *end == '\0' && from > 0 && from <= to && to <= G_MAXINT;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: a number, or two with \"-\" between", text);
    *out_from = (guint)from;
    *out_to = (guint)to;
    return ok;
}

// Numbers as the list given shows them. NULL with `error`.
static bool *numbers_of(char **spans, guint count, GError **error)
{
    g_autofree bool *numbers = g_new0(bool, count + 1);
    for (char **span = spans; span != NULL && *span != NULL; span++) {
        guint from = 0, to = 0;
        if (!span_parse(*span, &from, &to, error))
            return NULL;
        if (to > count) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: the list has %u redactions", *span, count);
            return NULL;
        }
        for (guint i = from; i <= to; i++)
            numbers[i - 1] = true;
    }
    return g_steal_pointer(&numbers);
}

static bool choose(GPtrArray *list, const RedactOptions *options, GError **error)
{
    g_autofree bool *drop = numbers_of(options->drop, list->len, error);
    g_autofree bool *keep = drop != NULL ? numbers_of(options->keep, list->len, error) : NULL;
    if (keep == NULL)
        return false;
    for (guint i = list->len; i > 0; i--) {
        ((Redaction *)list->pdata[i - 1])->keep_others |= keep[i - 1];
        if (drop[i - 1])
            g_ptr_array_remove_index(list, i - 1);
    }
    return true;
}

static bool add(const Rendition *rendition, GPtrArray *list, const RedactOptions *options, GError **error)
{
    bool ok = true;
    for (char **words = options->words; ok && words != NULL && *words != NULL; words++) {
        ok = redactions_add_words(rendition, list, *words) > 0;
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                        "--words \"%s\": nowhere in the message, or redacted already", *words);
    }
    for (char **lines = options->lines; ok && lines != NULL && *lines != NULL; lines++) {
        guint from = 0, to = 0;
        ok = span_parse(*lines, &from, &to, error) && redactions_add_lines(rendition, list, from, to, error);
    }
    return ok;
}

static bool set_codes(GPtrArray *list, const RedactOptions *options, GError **error)
{
    const char *reviewer = options->reviewer != NULL ? options->reviewer : options->who;
    bool ok = true;
    for (char **code = options->codes; ok && code != NULL && *code != NULL; code++) {
        gsize len = strspn(*code, "abcdefghijklmnopqrstuvwxyz-");
        bool of_kind = len > 0 && (*code)[len] == '=';
        g_autofree char *kind = of_kind ? g_strndup(*code, len) : NULL;
        ok = (of_kind ? *code + len + 1 : *code)[0] != '\0';
        if (ok)
            (void)redactions_apply(list, kind, of_kind ? *code + len + 1 : *code, reviewer, options->now_us);
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "--code %s: no code", *code);
    }
    return ok;
}

// For the event: how many of each code.
static json_t *codes_of(const GPtrArray *list)
{
    json_t *codes = json_object();
    for (guint i = 0; i < list->len; i++) {
        const Redaction *one = list->pdata[i];
        const char *code = one->code != NULL ? one->code : "(none)";
        json_int_t count = json_integer_value(json_object_get(codes, code));
        json_object_set_new(codes, code, json_integer(count + 1));
    }
    return json_pack("{s:i, s:o}", "redactions", (int)list->len, "codes", codes);
}

static bool run_apply(Opened *opened, const RedactOptions *options, GError **error)
{
    g_autoptr(GPtrArray) list = options->in != NULL
                                    ? list_read(opened->rendition, options->in, error)
                                    : g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    if (list == NULL || !choose(list, options, error) || !add(opened->rendition, list, options, error))
        return false;
    if (options->everywhere)
        (void)redactions_everywhere(opened->rendition, list);
    return set_codes(list, options, error) &&
           record_event(opened, options, "redaction", codes_of(list), error) &&
           list_put(opened, options, list, false, error);
}

// ---- render ----------------------------------------------------------------------------------------------

static bool results_write(const RedactOptions *options, const RedactResult *result, GError **error)
{
    gsize len = 0;
    const void *pdf = g_bytes_get_data(result->pdf, &len);
    return (options->pdf == NULL || file_write_atomic(options->pdf, pdf, len, 0600, error)) &&
           (options->text == NULL ||
            file_write_atomic(options->text, result->text, strlen(result->text), 0600, error)) &&
           (options->log == NULL || json_write(json_incref(result->log), options->log, error));
}

static bool run_render(Opened *opened, const RedactOptions *options, GError **error)
{
    RedactStyle style = {.bates = options->bates, .time_us = options->now_us};
    g_autoptr(GPtrArray) list = list_read(opened->rendition, options->in, error);
    json_t *json = list != NULL ? redactions_to_json(opened->rendition, list, false) : NULL;
    CliWorking *working = cli_working_begin("rendering, and reading back");
    g_autoptr(RedactResult) result =
        json != NULL ? redact_render(opened->config, opened->readers, opened->rendition, json, &style, error)
                     : NULL;
    cli_working_end(working);
    json_decref(json);
    // The event stands before anything leaves.
    if (result == NULL ||
        !record_event(opened, options, "redacted",
                      json_pack("{s:O, s:O, s:i}", "pdf_sha256", json_object_get(result->log, "pdf_sha256"),
                                "text_sha256", json_object_get(result->log, "text_sha256"), "redactions",
                                (int)list->len),
                      error) ||
        !results_write(options, result, error))
        return false;
    for (guint i = 0; i < result->warnings->len; i++)
        fprintf(stderr, "chaperone: note: %s\n", (char *)result->warnings->pdata[i]);
    if (options->json)
        return json_write(json_incref(result->log), NULL, error);
    printf("%u redactions on %u pages; the PDF and the text were read back and hold none of them\n",
           list->len, result->pages);
    return true;
}

// ---- options ---------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    bool (*run)(Opened *opened, const RedactOptions *options, GError **error);
    bool in; // wants --in
} STEPS[] = {
    {"show", run_show, false},
    {"propose", run_propose, false},
    {"apply", run_apply, false},
    {"render", run_render, true},
};

static const char SUMMARY[] =
    "Steps:\n"
    "  show ID                    the message as its rendition has it, lines numbered\n"
    "  propose ID [--out FILE]    what the roster and the detectors would redact: names and contact details\n"
    "  apply ID [--in FILE] --out FILE\n"
    "                             the officer's list: of --in without those that --drop names, with --words "
    "and\n"
    "                             --lines, each with its --code\n"
    "  render ID --in FILE --pdf FILE --text FILE [--log FILE]\n"
    "                             the rendition with marks in their place; refused where a redacted string "
    "is\n"
    "                             still found in what was made\n"
    "Each step is recorded before anything of the message is shown or written. Numbers are those that the "
    "list\n"
    "was printed with.";

static void options_clear(RedactOptions *options)
{
    char *texts[] = {options->config_path, options->in,   options->out,   options->pdf,
                     options->text,        options->log,  options->bates, options->reason,
                     options->reviewer,    options->time, options->who};
    char **lists[] = {options->codes, options->words, options->lines,
                      options->drop,  options->keep,  options->arguments};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
}

static bool options_read(RedactOptions *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path,
         "Configuration (default " CLI_CONFIG_DEFAULT ")", "FILE"},
        {"in", 'i', 0, G_OPTION_ARG_FILENAME, &options->in, "List of redactions (JSON)", "FILE"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out, "Where the list is written", "FILE"},
        {"code", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->codes,
         "Exemption of redactions that have none, of one kind or of all; the first that fits", "[KIND=]CODE"},
        {"words", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, "Redact these words wherever they stand",
         "WORDS"},
        {"lines", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->lines, "Redact lines, as `show` numbers them",
         "FROM[-TO]"},
        {"drop", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->drop, "Leave out redactions of --in",
         "FROM[-TO]"},
        {"keep-others", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->keep,
         "Of these of --in the same words may stand elsewhere", "FROM[-TO]"},
        {"everywhere", 0, 0, G_OPTION_ARG_NONE, &options->everywhere,
         "Redact each string in all other places too", NULL},
        {"reviewer", 0, 0, G_OPTION_ARG_STRING, &options->reviewer,
         "Who decides (default: who runs the command)", "WHO"},
        {"pdf", 0, 0, G_OPTION_ARG_FILENAME, &options->pdf, "Where the PDF is written", "FILE"},
        {"text", 0, 0, G_OPTION_ARG_FILENAME, &options->text, "Where the text is written", "FILE"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options->log,
         "Where the log for the receiver is written (JSON)", "FILE"},
        {"bates", 0, 0, G_OPTION_ARG_STRING, &options->bates, "Number on every page", "NUMBER"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &options->time,
         "Time of the decision or of the PDF (default now)", "RFC3339"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options->reason, "Why, for the event", "WORDS"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "JSON instead of text", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL, "STEP ID"},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    options->who = cli_who();
    options->now_us = clock_now_us();
    return g_option_context_parse(context, argc, argv, error);
}

static int run(const RedactOptions *options, GError **error)
{
    guint count = options->arguments != NULL ? g_strv_length(options->arguments) : 0, step = 0;
    while (count > 0 && step < G_N_ELEMENTS(STEPS) && strcmp(STEPS[step].name, options->arguments[0]) != 0)
        step++;
    if (count != 2 || step == G_N_ELEMENTS(STEPS))
        return cli_usage("redact wants show, propose, apply or render, and the ID of a record");
    if (STEPS[step].in && options->in == NULL)
        return cli_usage("redact %s wants --in FILE", STEPS[step].name);
    if (STEPS[step].in && options->pdf == NULL && options->text == NULL)
        return cli_usage("redact %s wants --pdf FILE or --text FILE", STEPS[step].name);
    g_auto(Opened) opened = {.config = config_load(cli_config_path(options->config_path), error)};
    bool ok = opened.config != NULL && open_record(&opened, options, error) &&
              STEPS[step].run(&opened, options, error);
    return ok ? 0 : base_exit_status(*error);
}

int cli_redact(int argc, char **argv)
{
    RedactOptions options = {0};
    GError *error = NULL;
    int status = 0;
    if (!options_read(&options, &argc, &argv, &error) ||
        (options.time != NULL && !clock_parse(options.time, &options.now_us, &error))) {
        status = cli_usage("%s", error->message);
        g_clear_error(&error);
    } else {
        status = run(&options, &error);
        if (error != NULL)
            status = cli_fail(g_steal_pointer(&error));
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        status = BASE_ERROR_IO;
    options_clear(&options);
    return status;
}
