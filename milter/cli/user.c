// chaperone user: who may use the console.
#include "accounts/accounts.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MOST = 1024 };

typedef struct {
    char *config_path, *roles, *address, *display, *who;
    char **schools;
    gboolean json, from_stdin, off, remove;
    int64_t now_us;
} Options;

typedef struct {
    const Config *config;
    Accounts *accounts;
    const Options *options;
    const char *name;
} Job;

static int print_json(json_t *json)
{
    bool ok = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

static int done(const Job *job, const char *what)
{
    if (job->options->json)
        return print_json(json_pack("{s:s, s:s}", "name", job->name, "done", what));
    return printf("%s: %s\n", job->name, what) < 0 ? BASE_ERROR_IO : 0;
}

// ---- passwords: typed twice on a terminal, or a line of standard input ------------------------------------------

static char *read_line(void)
{
    char line[PASSWORD_MOST + 2];
    char *got = fgets(line, sizeof line, stdin);
    char *text = got != NULL ? g_strndup(line, strcspn(line, "\r\n")) : NULL;
    explicit_bzero(line, sizeof line);
    return text;
}

static char *ask(const char *prompt)
{
    struct termios before, quiet;
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    fprintf(stderr, "%s: ", prompt);
    if (is_terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    char *text = read_line();
    if (is_terminal)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
    return text;
}

static char *new_password(const Options *options, GError **error)
{
    g_autofree char *one = options->from_stdin ? read_line() : ask("New password");
    g_autofree char *two = options->from_stdin ? g_strdup(one) : ask("Again");
    if (one != NULL && g_strcmp0(one, two) == 0)
        return g_steal_pointer(&one);
    g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                one == NULL ? "no password was given" : "the two passwords differ");
    return NULL;
}

// ---- steps -------------------------------------------------------------------------------------------------------

static int run_add(const Job *job, GError **error)
{
    const Options *options = job->options;
    static char *none[] = {NULL};
    guint roles = options->roles != NULL ? user_roles_parse(options->roles, error) : 0;
    if (options->roles == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "user add wants --roles (see --help)");
    if (roles == 0)
        return base_exit_status(*error);
    User user = {.name = (char *)job->name,
                 .display = options->display,
                 .address = options->address,
                 .roles = roles,
                 .schools = options->schools != NULL ? options->schools : none};
    g_autofree char *password = options->from_stdin ? new_password(options, error) : NULL;
    if ((options->from_stdin &&
         (password == NULL || !accounts_password_is_good(job->name, password, error))) ||
        !accounts_add(job->accounts, &user, options->who, options->now_us, error) ||
        (password != NULL && !accounts_set_password(job->accounts, job->name, password, NULL, options->who,
                                                    options->now_us, error)))
        return base_exit_status(*error);
    return done(job,
                password != NULL
                    ? "added"
                    : "added, without a password: `chaperone user sign-in-link` makes a one-time sign-in");
}

static void print_user(const User *user)
{
    g_autofree char *roles = user_roles_text(user->roles), *schools = g_strjoinv(", ", user->schools);
    g_autofree char *clean = cli_clean(user->display);
    printf("%-24s %-10s %-9s %-5s %s%s%s  %s\n", user->name, user->disabled ? "disabled" : "enabled",
           user->has_password ? "password" : "-", user->has_totp ? "totp" : "-", roles,
           *schools != '\0' ? "  schools: " : "", schools, clean);
}

static int run_list(const Job *job, GError **error)
{
    g_autoptr(GPtrArray) all = accounts_list(job->accounts, NULL, G_MAXINT, error);
    if (all == NULL)
        return base_exit_status(*error);
    json_t *array = json_array();
    for (guint i = 0; i < all->len; i++) {
        json_array_append_new(array, user_json(all->pdata[i]));
        if (!job->options->json)
            print_user(all->pdata[i]);
    }
    if (job->options->json)
        return print_json(array);
    json_decref(array);
    return 0;
}

static int run_roles(const Job *job, GError **error)
{
    const Options *options = job->options;
    guint roles = options->roles != NULL ? user_roles_parse(options->roles, error) : 0;
    if (options->roles == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "user roles wants --roles (see --help)");
    return roles != 0 &&
                   accounts_set_roles(job->accounts, job->name, roles, (const char *const *)options->schools,
                                      options->who, options->now_us, error)
               ? done(job, "roles changed; its sessions ended")
               : base_exit_status(*error);
}

static int run_passwd(const Job *job, GError **error)
{
    const Options *options = job->options;
    g_autofree char *password = options->remove ? NULL : new_password(options, error);
    return (options->remove || password != NULL) &&
                   accounts_set_password(job->accounts, job->name, password, NULL, options->who,
                                         options->now_us, error)
               ? done(job, options->remove ? "password removed" : "password changed; its sessions ended")
               : base_exit_status(*error);
}

static int run_totp(const Job *job, GError **error)
{
    const Options *options = job->options;
    g_autofree char *secret = options->off ? NULL : accounts_totp_new();
    if (!accounts_set_totp(job->accounts, job->name, secret, options->who, options->now_us, error))
        return base_exit_status(*error);
    if (options->off)
        return done(job, "authenticator removed");
    g_autofree char *issuer = g_strdup_printf("chaperone %s", job->config->district.name);
    g_autofree char *uri = accounts_totp_uri(issuer, job->name, secret);
    if (options->json)
        return print_json(json_pack("{s:s, s:s, s:s}", "name", job->name, "secret", secret, "uri", uri));
    return printf("%s\n%s\n", secret, uri) < 0 ? BASE_ERROR_IO : 0;
}

static int run_disable(const Job *job, GError **error)
{
    const Options *options = job->options;
    return accounts_set_disabled(job->accounts, job->name, !options->off, options->who, options->now_us,
                                 error)
               ? done(job, options->off ? "enabled" : "disabled; its sessions ended")
               : base_exit_status(*error);
}

static int run_link(const Job *job, GError **error)
{
    const Options *options = job->options;
    int64_t until_us = 0;
    const char *own = job->config->review.console_url;
    g_autofree char *link =
        accounts_make_link(job->accounts, job->name, options->who, options->now_us, &until_us, error);
    if (link == NULL)
        return base_exit_status(*error);
    g_autofree char *local = g_strdup_printf(
        "%s://%s", *job->config->console.certificate != '\0' ? "https" : "http", job->config->console.listen);
    g_autofree char *url = g_strdup_printf("%s/sign-in/once#%s", *own != '\0' ? own : local, link);
    g_autofree char *until = clock_format(until_us);
    g_autofree char *when = clock_format_local(until_us, job->config->district.timezone);
    if (options->json)
        return print_json(
            json_pack("{s:s, s:s, s:s, s:s}", "name", job->name, "url", url, "link", link, "until", until));
    return printf("%s\nGood once, until %s.\n", url, when) < 0 ? BASE_ERROR_IO : 0;
}

static const struct {
    const char *name;
    int (*run)(const Job *job, GError **error);
    bool takes_name;
} STEPS[] = {{"add", run_add, true},          {"list", run_list, false}, {"roles", run_roles, true},
             {"passwd", run_passwd, true},    {"totp", run_totp, true},  {"disable", run_disable, true},
             {"sign-in-link", run_link, true}};

static int run(Options *options, gsize step, const char *name)
{
    GError *error = NULL;
    int status = 0;
    g_autofree char *who = cli_who();
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(Accounts) accounts = config != NULL ? accounts_open(config, &error) : NULL;
    if (options->who == NULL)
        options->who = g_steal_pointer(&who);
    options->now_us = clock_now_us();
    if (accounts != NULL)
        status = STEPS[step].run(&(Job){config, accounts, options, name}, &error);
    return error != NULL ? cli_fail(error) : status;
}

static int dispatch(Options *options, int argc, char **argv)
{
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS) && argc > 1; i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        if (argc != (STEPS[i].takes_name ? 3 : 2))
            return cli_usage("user %s wants %s", argv[1],
                             STEPS[i].takes_name ? "the account's name" : "no name");
        return run(options, i, argv[2]);
    }
    return argc > 1 ? cli_usage("no user step \"%s\"", argv[1])
                    : cli_usage("user wants a step: add, list, roles, passwd, totp, disable or sign-in-link");
}

int cli_user(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"roles", 0, 0, G_OPTION_ARG_STRING, &options.roles,
         "Of mail-admin, reviewer, records-officer, hold-manager, auditor, approver, break-glass, joined by "
         "commas",
         "ROLES"},
        {"school", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.schools,
         "A school's id, \"*\" = all; again for each", "ID"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &options.address,
         "The person's address in the roster, where the name is another", "ADDRESS"},
        {"display", 0, 0, G_OPTION_ARG_STRING, &options.display, "The name that others see", "NAME"},
        {"password-stdin", 0, 0, G_OPTION_ARG_NONE, &options.from_stdin,
         "The password is the first line of standard input", NULL},
        {"remove", 0, 0, G_OPTION_ARG_NONE, &options.remove, "passwd: no password from now on", NULL},
        {"off", 0, 0, G_OPTION_ARG_NONE, &options.off, "totp: no authenticator; disable: enable again", NULL},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who does it; default: who runs the command",
         "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [NAME]");
    g_option_context_set_summary(context,
                                 "Steps:\n"
                                 "  add NAME           a new account: --roles, --school, --password-stdin\n"
                                 "  list               all accounts\n"
                                 "  roles NAME         other roles or schools\n"
                                 "  passwd NAME        a new password, typed or --password-stdin; --remove\n"
                                 "  totp NAME          a new authenticator's secret; --off\n"
                                 "  disable NAME       no more signing in; --off enables it again\n"
                                 "  sign-in-link NAME  a one-time sign-in\n");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? dispatch(&options, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(options.config_path);
    g_free(options.roles);
    g_free(options.address);
    g_free(options.display);
    g_free(options.who);
    g_strfreev(options.schools);
    return status;
}
