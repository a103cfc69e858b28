#include "daemon/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

typedef struct {
    Envelope *envelope;
    Intake *intake;
    int forged;  // headers that carry our own name
    bool failed; // something went wrong where no reply can be given: tempfail at the end
} Mail;

typedef struct {
    char *client_addr, *client_name, *helo, *daemon_name;
    char *tls_version, *tls_cipher, *cert_subject;
    unsigned long quiet;   // SMFIP_NR_* in force
    unsigned long actions; // SMFIF_* negotiated
    Mail *mail;            // NULL between messages
} Session;

// libmilter's callbacks get no user data.
static Daemon *the_daemon;

// ---- state -----------------------------------------------------------------------------------------------

static void mail_free(Mail *mail)
{
    if (mail == NULL)
        return;
    envelope_free(mail->envelope);
    intake_free(mail->intake);
    g_free(mail);
}

static void session_end_mail(Session *session)
{
    g_clear_pointer(&session->mail, mail_free);
}

static void session_free(Session *session)
{
    if (session == NULL)
        return;
    session_end_mail(session);
    g_free(session->client_addr);
    g_free(session->client_name);
    g_free(session->helo);
    g_free(session->daemon_name);
    g_free(session->tls_version);
    g_free(session->tls_cipher);
    g_free(session->cert_subject);
    g_free(session);
}

static char *macro(SMFICTX *ctx, const char *name)
{
    const char *value = smfi_getsymval(ctx, (char *)name);
    return value != NULL && *value != '\0' ? g_strdup(value) : NULL;
}

static void take_macro(SMFICTX *ctx, const char *name, char **slot)
{
    char *value = macro(ctx, name);
    if (value != NULL) {
        g_free(*slot);
        *slot = value;
    }
}

// What a callback returns that has nothing to say, as negotiated for its stage.
static sfsistat nothing(const Session *session, unsigned long stage)
{
    return session->quiet & stage ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

// A session that is lost is our own bug: never a pass.
static sfsistat lost(const char *callback)
{
    log_error("session state lost", "callback", callback, "verdict", "tempfail");
    return SMFIS_TEMPFAIL;
}

// ---- negotiation -----------------------------------------------------------------------------------------

static const struct {
    unsigned long flag;
    const char *name;
} ACTIONS[] = {
    {SMFIF_DELRCPT, "delete recipients"}, {SMFIF_ADDHDRS, "add headers"},
    {SMFIF_CHGHDRS, "change headers"},    {SMFIF_QUARANTINE, "quarantine"},
    {SMFIF_SETSYMLIST, "choose macros"},
};

static const struct {
    int stage;
    const char *macros;
} MACROS[] = {
    {SMFIM_CONNECT, "j _ {daemon_name} {daemon_addr} {client_addr} {client_name} {client_ptr} v"},
    {SMFIM_HELO, "{tls_version} {cipher} {cert_subject} {cert_issuer}"},
    {SMFIM_ENVFROM, "i {auth_type} {auth_authen} {auth_author} {mail_addr} {client_addr} {daemon_name}"},
    {SMFIM_ENVRCPT, "i {rcpt_addr} {rcpt_mailer}"},
    {SMFIM_DATA, "i {auth_authen} {auth_type}"},
    {SMFIM_EOM, "i {auth_authen} {auth_type}"},
};

static unsigned long wanted_actions(const Config *config)
{
    unsigned long actions = SMFIF_DELRCPT | SMFIF_SETSYMLIST | SMFIF_CHGHDRS;
    if (config->milter.add_header)
        actions |= SMFIF_ADDHDRS;
    if (config->milter.archive_failure_hold)
        actions |= SMFIF_QUARANTINE;
    return actions;
}

static char *missing_names(unsigned long missing)
{
    GString *names = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(ACTIONS); i++)
        if (missing & ACTIONS[i].flag)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", ACTIONS[i].name);
    return g_string_free(names, FALSE);
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
                             unsigned long f3, unsigned long *pf0, unsigned long *pf1, unsigned long *pf2,
                             unsigned long *pf3)
{
    g_autoptr(Snapshot) snapshot = daemon_snapshot(the_daemon);
    unsigned long wanted = wanted_actions(snapshot->config);
    if ((f0 & wanted) != wanted || !(f1 & SMFIP_HDR_LEADSPC)) {
        g_autofree char *names = missing_names(wanted & ~f0);
        log_error("the MTA does not offer what is needed", "missing", names, "leading_space",
                  f1 & SMFIP_HDR_LEADSPC ? "offered" : "not offered");
        return SMFIS_REJECT;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(MACROS); i++)
        if (smfi_setsymlist(ctx, MACROS[i].stage, (char *)MACROS[i].macros) != MI_SUCCESS)
            log_warn("the MTA does not take a list of macros", "macros", MACROS[i].macros);
    unsigned long quiet = f1 & (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
                                SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY);
    *pf0 = wanted;
    *pf1 = SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | quiet;
    *pf1 &= f1;
    *pf2 = *pf3 = 0;
    Session *session = g_new0(Session, 1);
    session->quiet = quiet;
    session->actions = wanted;
    // A context may come back for a new client without a close between.
    session_free(smfi_getpriv(ctx));
    if (smfi_setpriv(ctx, session) != MI_SUCCESS) {
        session_free(session);
        return lost("negotiate");
    }
    return SMFIS_CONTINUE;
}

// ---- connection ------------------------------------------------------------------------------------------

static char *address_text(const _SOCK_ADDR *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address == NULL)
        return NULL;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
                  sizeof text);
    return *text != '\0' ? g_strdup(text) : NULL;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL)
        return lost("connect");
    session->client_name = g_strdup(host);
    session->client_addr = address_text(address);
    take_macro(ctx, "{client_addr}", &session->client_addr);
    take_macro(ctx, "{daemon_name}", &session->daemon_name);
    return nothing(session, SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL)
        return lost("helo");
    g_free(session->helo);
    session->helo = g_strdup(name);
    take_macro(ctx, "{tls_version}", &session->tls_version);
    take_macro(ctx, "{cipher}", &session->tls_cipher);
    take_macro(ctx, "{cert_subject}", &session->cert_subject);
    return nothing(session, SMFIP_NR_HELO);
}

// ---- envelope --------------------------------------------------------------------------------------------

static char *join_args(char **args)
{
    return args[0] != NULL && args[1] != NULL ? g_strjoinv(" ", args + 1) : NULL;
}

// Postfix takes addresses in forms that look like others': source routes, comments, "user%domain". `resolved`
// is what it made of `bare`, in lower case; where they differ by more than case, the mail goes to `resolved`.
static char *resolved_address(const char *bare, const char *resolved)
{
    bool other = resolved != NULL && strchr(resolved, '@') != NULL && g_ascii_strcasecmp(bare, resolved) != 0;
    return g_utf8_make_valid(other ? resolved : bare, -1);
}

static Envelope *begin_envelope(SMFICTX *ctx, const Session *session, char **args)
{
    Envelope *envelope = envelope_new();
    const char *from = args[0] != NULL ? args[0] : "";
    g_autofree char *bare = envelope_bare_address(from), *resolved = macro(ctx, "{mail_addr}");
    g_free(envelope->mail_from);
    envelope->mail_from = resolved_address(bare, resolved);
    envelope->mail_args = join_args(args);
    envelope->client_addr = g_strdup(session->client_addr);
    envelope->client_name = g_strdup(session->client_name);
    envelope->helo = g_strdup(session->helo);
    envelope->daemon_name = g_strdup(session->daemon_name);
    envelope->tls_version = g_strdup(session->tls_version);
    envelope->tls_cipher = g_strdup(session->tls_cipher);
    envelope->cert_subject = g_strdup(session->cert_subject);
    envelope->auth_login = macro(ctx, "{auth_authen}");
    envelope->auth_type = macro(ctx, "{auth_type}");
    envelope->queue_id = macro(ctx, "i");
    // Mail from sendmail(1) comes without angle brackets, simulated from the local host.
    envelope->non_smtp = from[0] != '<' && envelope->auth_login == NULL;
    envelope->received_us = clock_now_us();
    return envelope;
}

static sfsistat on_mail(SMFICTX *ctx, char **args)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL)
        return lost("mail");
    session_end_mail(session);
    g_autoptr(Snapshot) snapshot = daemon_snapshot(the_daemon);
    session->mail = g_new0(Mail, 1);
    session->mail->envelope = begin_envelope(ctx, session, args);
    session->mail->intake =
        intake_new(snapshot->config->milter.spool_threshold, the_daemon->started->milter.spool_dir);
    return nothing(session, SMFIP_NR_MAIL);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("rcpt");
    g_autofree char *rest = join_args(args);
    envelope_add_rcpt(session->mail->envelope, args[0] != NULL ? args[0] : "", rest);
    EnvelopeRcpt *rcpt =
        g_ptr_array_index(session->mail->envelope->rcpts, session->mail->envelope->rcpts->len - 1);
    g_autofree char *bare = g_steal_pointer(&rcpt->address), *resolved = macro(ctx, "{rcpt_addr}");
    rcpt->address = resolved_address(bare, resolved);
    take_macro(ctx, "i", &session->mail->envelope->queue_id);
    return nothing(session, SMFIP_NR_RCPT);
}

static sfsistat on_data(SMFICTX *ctx)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("data");
    take_macro(ctx, "i", &session->mail->envelope->queue_id);
    take_macro(ctx, "{auth_authen}", &session->mail->envelope->auth_login);
    return nothing(session, SMFIP_NR_DATA);
}

// ---- content ---------------------------------------------------------------------------------------------

// No stage of the content may answer: what fails is remembered and answered at the end.
static void add(Mail *mail, const void *data, gsize len)
{
    g_autoptr(GError) error = NULL;
    if (mail->failed || intake_add(mail->intake, data, len, &error))
        return;
    mail->failed = true;
    log_error("message cannot be taken in", "queue_id", mail->envelope->queue_id, "error", error->message);
}

// The MTA hands folds over as a bare LF; on the wire and in the archive they are CRLF.
static void add_field(Mail *mail, const char *name, const char *value)
{
    GString *field = g_string_new(name);
    g_string_append_c(field, ':');
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\n' && (p == value || p[-1] != '\r'))
            g_string_append_c(field, '\r');
        g_string_append_c(field, *p);
    }
    g_string_append(field, "\r\n");
    add(mail, field->str, field->len);
    g_string_free(field, TRUE);
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("header");
    session->mail->forged += g_ascii_strcasecmp(name, "X-Chaperone") == 0;
    add_field(session->mail, name, value);
    return nothing(session, SMFIP_NR_HDR);
}

static sfsistat on_eoh(SMFICTX *ctx)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("eoh");
    add(session->mail, "\r\n", 2);
    return nothing(session, SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("body");
    add(session->mail, data, len);
    return nothing(session, SMFIP_NR_BODY);
}

static void progress(void *data)
{
    SMFICTX *ctx = data;
    if (smfi_progress(ctx) != MI_SUCCESS)
        log_debug("the MTA does not take progress");
}

static sfsistat on_eom(SMFICTX *ctx)
{
    Session *session = smfi_getpriv(ctx);
    if (session == NULL || session->mail == NULL)
        return lost("eom");
    the_daemon->in_flight++;
    Mail *mail = session->mail;
    take_macro(ctx, "i", &mail->envelope->queue_id);
    take_macro(ctx, "{auth_authen}", &mail->envelope->auth_login);
    g_autoptr(Snapshot) snapshot = daemon_snapshot(the_daemon);
    Verdict verdict = {.kind = VERDICT_TEMPFAIL};
    if (!mail->failed && mail->envelope->rcpts->len > 0)
        pipeline_run(the_daemon, mail->envelope, mail->intake, progress, ctx, &verdict);
    sfsistat status = reply_send(ctx, &verdict, session->actions, mail->forged);
    if (status == SMFIS_TEMPFAIL && verdict.record != NULL)
        pipeline_withdraw(the_daemon, mail->envelope, verdict.record, "the reply could not be given");
    verdict_clear(&verdict);
    session_end_mail(session);
    the_daemon->in_flight--;
    return status;
}

// ---- ends ------------------------------------------------------------------------------------------------

static sfsistat on_abort(SMFICTX *ctx)
{
    Session *session = smfi_getpriv(ctx);
    if (session != NULL)
        session_end_mail(session);
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    session_free(smfi_getpriv(ctx));
    smfi_setpriv(ctx, NULL);
    return SMFIS_CONTINUE;
}

struct smfiDesc session_descriptor(Daemon *daemon)
{
    the_daemon = daemon;
    g_autoptr(Snapshot) snapshot = daemon_snapshot(daemon);
    return (struct smfiDesc){
        .xxfi_name = (char *)"chaperone",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = wanted_actions(snapshot->config),
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_header = on_header,
        .xxfi_eoh = on_eoh,
        .xxfi_body = on_body,
        .xxfi_eom = on_eom,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_data = on_data,
        .xxfi_negotiate = on_negotiate,
    };
}
