// Passwords of accounts that have none of their own: the host's PAM is asked (pam(3), Linux-PAM Application Developers' Guide).
#include "accounts/internal.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name, *password;
} Asked;

static void answers_free(struct pam_response *answers, int count)
{
    for (int i = 0; answers != NULL && i < count; i++)
        free(answers[i].resp);
    free(answers);
}

// PAM frees what it gets here by free(3).
static int answer(int count, const struct pam_message **messages, struct pam_response **out, void *data)
{
    const Asked *asked = data;
    struct pam_response *answers =
        count > 0 && count <= PAM_MAX_NUM_MSG ? calloc((size_t)count, sizeof *answers) : NULL;
    bool ok = answers != NULL;
    for (int i = 0; ok && i < count; i++) {
        int style = messages[i]->msg_style;
        if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
            continue;
        answers[i].resp = strdup(style == PAM_PROMPT_ECHO_OFF ? asked->password : asked->name);
        ok = answers[i].resp != NULL;
    }
    if (!ok)
        answers_free(answers, count);
    *out = ok ? answers : NULL;
    return ok ? PAM_SUCCESS : PAM_CONV_ERR;
}

// The lock of accounts slows guessing down; a thread that sleeps would slow down everybody.
static void no_delay(int status, unsigned delay_us, void *data)
{
}

static Tri verdict(int status)
{
    switch (status) {
    case PAM_SUCCESS:
        return TRI_YES;
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_ACCT_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_PERM_DENIED:
    case PAM_CRED_INSUFFICIENT:
        return TRI_NO;
    default:
        return TRI_UNKNOWN;
    }
}

static int begin(const ConfigConsole *console, const char *name, const struct pam_conv *conversation,
                 pam_handle_t **out)
{
    return *console->pam_dir != '\0'
               ? pam_start_confdir(console->pam_service, name, conversation, console->pam_dir, out)
               : pam_start(console->pam_service, name, conversation, out);
}

static int authenticate(pam_handle_t *handle, const char *remote)
{
    int status = pam_set_item(handle, PAM_RHOST, remote);
    if (status == PAM_SUCCESS)
        status = pam_set_item(handle, PAM_FAIL_DELAY, (const void *)no_delay);
    if (status == PAM_SUCCESS)
        status = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    return status == PAM_SUCCESS ? pam_acct_mgmt(handle, PAM_SILENT) : status;
}

Tri pam_fits(const ConfigConsole *console, const char *name, const char *password, const char *remote,
             GError **error)
{
    if (*password == '\0')
        return TRI_NO;
    Asked asked = {name, password};
    struct pam_conv conversation = {answer, &asked};
    pam_handle_t *handle = NULL;
    int status = begin(console, name, &conversation, &handle);
    if (status == PAM_SUCCESS)
        status = authenticate(handle, remote);
    Tri fits = verdict(status);
    if (fits == TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "console.pam_service \"%s\": %s: see its log",
                    console->pam_service, pam_strerror(handle, status));
    int ended = handle != NULL ? pam_end(handle, status) : PAM_SUCCESS;
    if (ended != PAM_SUCCESS)
        log_warn("PAM did not end in order", "service", console->pam_service);
    return fits;
}
