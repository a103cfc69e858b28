#include "daemon/session.h"

#include <string.h>

#define OWN_HEADER "X-Chaperone"

// libmilter takes '%' as a format, and a reply line holds no control characters (RFC 5321 4.2).
static char *reply_text(const char *text)
{
    enum { REPLY_MAX = 400 };
    GString *clean = g_string_new(NULL);
    for (const char *p = text; *p != '\0' && clean->len < REPLY_MAX; p++) {
        if (*p == '%')
            g_string_append(clean, "%%");
        else
            g_string_append_c(clean, (guchar)*p < 0x20 || (guchar)*p >= 0x7f ? ' ' : *p);
    }
    return g_string_free(clean, FALSE);
}

// Each kind of refusal with its code, its extended code and libmilter's status: they cannot disagree (a 4xx
// text with a 5xx status is dropped by the MTA without a word).
static const struct {
    VerdictKind kind;
    const char *code, *extended;
    sfsistat status;
} REFUSALS[] = {
    {VERDICT_REJECT, "550", "5.7.1", SMFIS_REJECT},
    {VERDICT_TEMPFAIL, "451", "4.3.0", SMFIS_TEMPFAIL},
};

static sfsistat refuse(SMFICTX *ctx, const Verdict *verdict)
{
    for (gsize i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        if (REFUSALS[i].kind != verdict->kind)
            continue;
        g_autofree char *text = reply_text(verdict->text != NULL ? verdict->text : "Not now");
        if (smfi_setreply(ctx, (char *)REFUSALS[i].code, (char *)REFUSALS[i].extended, text) != MI_SUCCESS)
            log_warn("reply text refused by libmilter", "text", text);
        return REFUSALS[i].status;
    }
    return SMFIS_TEMPFAIL;
}

static bool drop_recipients(SMFICTX *ctx, const Verdict *verdict)
{
    for (guint i = 0; i < verdict->dropped->len; i++)
        if (smfi_delrcpt(ctx, verdict->dropped->pdata[i]) != MI_SUCCESS)
            return false;
    return true;
}

// Leading space is ours to add: it was negotiated (SMFIP_HDR_LEADSPC).
static bool mark(SMFICTX *ctx, const Verdict *verdict, unsigned long actions, int forged)
{
    for (int i = forged; i > 0; i--)
        if (smfi_chgheader(ctx, (char *)OWN_HEADER, i, NULL) != MI_SUCCESS)
            return false;
    if (!(actions & SMFIF_ADDHDRS))
        return true;
    g_autofree char *value = g_strdup_printf(" %s%s", verdict->record, verdict->tagged ? "; tag" : "");
    return smfi_insheader(ctx, 1, (char *)OWN_HEADER, value) == MI_SUCCESS;
}

sfsistat reply_send(SMFICTX *ctx, const Verdict *verdict, unsigned long actions, int forged_headers)
{
    bool ok = true;
    switch (verdict->kind) {
    case VERDICT_DELIVER:
        break;
    case VERDICT_DROP_HELD:
        ok = drop_recipients(ctx, verdict);
        break;
    case VERDICT_DISCARD:
        return SMFIS_DISCARD;
    case VERDICT_MTA_HOLD:
        ok = (actions & SMFIF_QUARANTINE) &&
             smfi_quarantine(ctx, (char *)"chaperone: not archived yet") == MI_SUCCESS;
        return ok ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
    case VERDICT_REJECT:
    case VERDICT_TEMPFAIL:
        return refuse(ctx, verdict);
    }
    ok = ok && mark(ctx, verdict, actions, forged_headers);
    if (!ok)
        log_error("message deferred", "record", verdict->record, "step", "reply", "error",
                  "libmilter refused a change", "verdict", "tempfail");
    return ok ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}
