/*
 * nullmilter - a milter that looks at everything and accepts it.
 *
 * Registers every callback, asks for nothing to be left out, and so shows what
 * libmilter itself costs: the floor under any filter built on it.
 *
 * Usage: nullmilter [-n] [-b BACKLOG] [-s MILLISECONDS] SOCKET
 *
 * -n negotiates that only RCPT and the end of the message get a reply, so that
 *    the MTA can send the rest in one go;
 * -b sets the backlog of the listening socket (libmilter's default is SOMAXCONN);
 * -s makes the end-of-message callback sleep, to stand in for slow work.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

/* What the MTA need not wait for when -n is given. */
#define NO_REPLIES                                                                                           \
    (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH |           \
     SMFIP_NR_BODY)

static useconds_t eom_sleep;
static bool no_replies;

static sfsistat go_on(void)
{
    return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *addr)
{
    (void)ctx, (void)host, (void)addr;
    return go_on();
}

static sfsistat on_text(SMFICTX *ctx, char *text)
{
    (void)ctx, (void)text;
    return go_on();
}

static sfsistat on_mail(SMFICTX *ctx, char **args)
{
    (void)ctx, (void)args;
    return go_on();
}

static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
    (void)ctx, (void)args;
    return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    (void)ctx, (void)name, (void)value;
    return go_on();
}

static sfsistat on_stage(SMFICTX *ctx)
{
    (void)ctx;
    return go_on();
}

static sfsistat on_end(SMFICTX *ctx)
{
    (void)ctx;
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
    (void)ctx, (void)chunk, (void)len;
    return go_on();
}

static sfsistat on_eom(SMFICTX *ctx)
{
    (void)ctx;
    if (eom_sleep > 0)
        usleep(eom_sleep);
    return SMFIS_ACCEPT;
}

static sfsistat on_unknown(SMFICTX *ctx, const char *command)
{
    (void)ctx, (void)command;
    return SMFIS_CONTINUE;
}

/* Without -n: all events that the MTA offers, a reply to each. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused1,
                             unsigned long unused2, unsigned long *want_actions, unsigned long *want_steps,
                             unsigned long *want_unused1, unsigned long *want_unused2)
{
    (void)ctx, (void)actions, (void)unused1, (void)unused2;
    if (!no_replies)
        return SMFIS_ALL_OPTS;
    if ((steps & NO_REPLIES) != NO_REPLIES) {
        fputs("nullmilter: this MTA waits for every reply\n", stderr);
        return SMFIS_REJECT;
    }
    *want_actions = 0;
    *want_steps = NO_REPLIES;
    *want_unused1 = *want_unused2 = 0;
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    struct smfiDesc filter = {
        .xxfi_name = "nullmilter",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = 0,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_text,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_header = on_header,
        .xxfi_eoh = on_stage,
        .xxfi_body = on_body,
        .xxfi_eom = on_eom,
        .xxfi_abort = on_end,
        .xxfi_close = on_end,
        .xxfi_unknown = on_unknown,
        .xxfi_data = on_stage,
        .xxfi_negotiate = on_negotiate,
    };
    int option;

    while ((option = getopt(argc, argv, "b:ns:")) != -1) {
        switch (option) {
        case 'b':
            smfi_setbacklog(atoi(optarg));
            break;
        case 'n':
            no_replies = true;
            break;
        case 's':
            eom_sleep = (useconds_t)atoi(optarg) * 1000;
            break;
        default:
            return EXIT_FAILURE;
        }
    }
    if (optind + 1 != argc) {
        fputs("usage: nullmilter [-n] [-b BACKLOG] [-s MILLISECONDS] SOCKET\n", stderr);
        return EXIT_FAILURE;
    }
    umask(0007);
    if (smfi_setconn(argv[optind]) == MI_FAILURE || smfi_register(filter) == MI_FAILURE ||
        smfi_opensocket(true) == MI_FAILURE) {
        fprintf(stderr, "nullmilter: cannot listen on %s\n", argv[optind]);
        return EXIT_FAILURE;
    }
    return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
