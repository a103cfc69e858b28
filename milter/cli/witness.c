// witness: cosigning the logs of others, and what others cosigned of ours.
#include "witness/witness.h"
#include "cli/archive.h"
#include "cli/cli.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

typedef struct {
    char *config_path;
    gboolean json;
} Options;

static int serve_until_signal(Witness *witness, const Config *config, GError **error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int signals = pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
    if (signals < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot take signals");
        return BASE_ERROR_OS;
    }
    g_autoptr(WitnessServer) server = witness_serve(witness, config, error);
    g_autofree char *verifier = witness_verifier(witness);
    struct pollfd wait = {.fd = signals, .events = POLLIN};
    if (server != NULL) {
        printf("%s\n", verifier);
        fflush(stdout);
        fprintf(stderr, "witness: ready at http://%s/\n", config->witness.listen);
        while (poll(&wait, 1, -1) < 0)
            ;
    }
    close(signals);
    return server != NULL ? 0 : base_exit_status(*error);
}

static int run_serve(const Config *config, const Options *options, GError **error)
{
    if (!privileges_drop(config->milter.user, config->milter.group, error))
        return base_exit_status(*error);
    g_autoptr(Witness) witness = witness_open(config, error);
    return witness != NULL ? serve_until_signal(witness, config, error) : base_exit_status(*error);
}

static int run_key(const Config *config, const Options *options, GError **error)
{
    g_autoptr(Witness) witness = witness_open(config, error);
    g_autofree char *verifier = witness != NULL ? witness_verifier(witness) : NULL;
    if (witness == NULL)
        return base_exit_status(*error);
    return options->json ? archive_print_json(json_pack("{s:s}", "verifier", verifier)) : puts(verifier) < 0;
}

static int print_words(const GPtrArray *words, guint64 size, const Options *options)
{
    json_t *array = json_array();
    guint missing = 0;
    for (guint i = 0; i < words->len; i++) {
        const WitnessWord *word = words->pdata[i];
        g_autofree char *time = word->why == NULL ? clock_format(word->time_s * G_USEC_PER_SEC) : NULL;
        missing += word->why != NULL;
        json_array_append_new(
            array, json_pack("{s:s, s:s?, s:s?}", "witness", word->name, "cosigned", time, "why", word->why));
        if (!options->json)
            printf("%-40s %s%s\n", word->name, word->why == NULL ? "cosigned " : "",
                   time != NULL ? time : word->why);
    }
    if (options->json)
        archive_print_json(json_pack("{s:I, s:O}", "size", (json_int_t)size, "witnesses", array));
    else if (words->len == 0)
        printf("no witness: set witness.peers\n");
    json_decref(array);
    return missing > 0 ? BASE_ERROR_UNAVAILABLE : 0;
}

static int run_submit(const Config *config, const Options *options, GError **error)
{
    g_autoptr(GPtrArray) words = witness_collect(config, error);
    g_autoptr(ArchiveCheckpoint) checkpoint = words != NULL ? archive_log_checkpoint(config, error) : NULL;
    return checkpoint != NULL ? print_words(words, checkpoint->size, options) : base_exit_status(*error);
}

static int run_show(const Config *config, const Options *options, GError **error)
{
    guint64 size = 0;
    g_autoptr(GPtrArray) words = witness_words(config, &size, error);
    return words != NULL ? print_words(words, size, options) : base_exit_status(*error);
}

static int run_stamp(const Config *config, const Options *options, GError **error)
{
    guint64 size = 0;
    if (!witness_stamp(config, &size, error))
        return base_exit_status(*error);
    if (options->json)
        archive_print_json(json_pack("{s:I}", "size", (json_int_t)size));
    else
        printf("checkpoint of %" G_GUINT64_FORMAT " entries: stamped\n", size);
    return 0;
}

static int run_stamps(const Config *config, const Options *options, GError **error)
{
    enum { SHOWN = 30 };
    g_autoptr(GPtrArray) stamps = witness_stamps(config, SHOWN, error);
    json_t *array = json_array();
    guint wrong = 0;
    for (guint i = 0; stamps != NULL && i < stamps->len; i++) {
        const WitnessStamp *stamp = stamps->pdata[i];
        wrong += stamp->why != NULL;
        json_array_append_new(array, json_pack("{s:I, s:s?, s:s?}", "size", (json_int_t)stamp->size, "time",
                                               stamp->time, "why", stamp->why));
        if (!options->json)
            printf("%12" G_GUINT64_FORMAT " entries  %s\n", stamp->size,
                   stamp->why != NULL ? stamp->why : stamp->time);
    }
    if (stamps != NULL && options->json)
        archive_print_json(json_incref(array));
    json_decref(array);
    return stamps == NULL ? base_exit_status(*error) : wrong > 0 ? BASE_ERROR_DATA : 0;
}

static int run_mail(const Config *config, const Options *options, GError **error)
{
    int sent = witness_mail_all(config, clock_now_us(), error);
    if (sent < 0)
        return base_exit_status(*error);
    if (options->json)
        archive_print_json(json_pack("{s:i}", "sent", sent));
    else
        printf("checkpoint mailed to %d\n", sent);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const Config *config, const Options *options, GError **error);
} STEPS[] = {{"serve", run_serve}, {"key", run_key},       {"submit", run_submit}, {"show", run_show},
             {"stamp", run_stamp}, {"stamps", run_stamps}, {"mail", run_mail}};

static int dispatch(const Options *options, int argc, char **argv)
{
    GError *error = NULL;
    if (argc != 2)
        return cli_usage("witness wants a step: serve, key, submit, show, stamp, stamps or mail");
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
        int status = config != NULL ? STEPS[i].run(config, options, &error) : 0;
        return error != NULL ? cli_fail(error) : status;
    }
    return cli_usage("no witness step \"%s\"", argv[1]);
}

int cli_witness(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP");
    g_option_context_set_summary(
        context, "Steps:\n"
                 "  serve    cosign the checkpoints of the logs in witness.logs (c2sp.org/tlog-witness)\n"
                 "  key      print this witness's verifier key, for others' witness.peers\n"
                 "  submit   have the newest checkpoint cosigned now by witness.peers\n"
                 "  show     which witnesses cosigned which checkpoint, and when\n"
                 "  stamp    have the newest checkpoint stamped now by witness.timestamp_url (RFC 3161)\n"
                 "  stamps   the newest stamps, each checked\n"
                 "  mail     mail the newest checkpoint to witness.mail now\n");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? dispatch(&options, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(options.config_path);
    return status;
}
