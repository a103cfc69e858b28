// The checkpoint as a letter: whoever keeps it can later show what the log held.
#include "quarantine/quarantine.h"
#include "witness/witness.h"

static char *letter_text(const Config *config, const ArchiveCheckpoint *checkpoint)
{
    g_autofree char *when = clock_format_local(checkpoint->written_us, config->district.timezone);
    return g_strdup_printf(
        "The mail archive of %s has a log that only grows. This is its state of %s, %" G_GUINT64_FORMAT
        " entries.\n\n"
        "Please keep this message, or print it. It tells nothing of any mail. Whoever holds it can later "
        "show that no entry up\n"
        "to here was changed or taken away: `chaperone_verify.py archive DIR --key KEY --before FILE` "
        "compares an archive\n"
        "with the lines between the rules.\n\n"
        "----------------------------------------\n%s----------------------------------------\n\n"
        "Key of the log: %s\n",
        config->district.name, when, checkpoint->size, checkpoint->note, checkpoint->verifier);
}

int witness_mail_all(const Config *config, int64_t now_us, GError **error)
{
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(config, error);
    if (checkpoint == NULL)
        return -1;
    if (*config->notice.from == '\0' || config->witness.mail == NULL || config->witness.mail[0] == NULL) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_CONFIG,
            "witness.mail and notice.from: a checkpoint is mailed to the one, from the other; set both");
        return -1;
    }
    g_autofree char *text = letter_text(config, checkpoint);
    g_autofree char *subject =
        g_strdup_printf("Mail archive of %s: checkpoint of %" G_GUINT64_FORMAT " entries",
                        config->district.name, checkpoint->size);
    int sent = 0;
    bool ok = true;
    for (char **rcpt = config->witness.mail; ok && *rcpt != NULL; rcpt++) {
        g_autofree char *id = g_strdup_printf("checkpoint.%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT ".%d",
                                              checkpoint->size, now_us, sent);
        g_autofree char *mail = quarantine_compose_mail(config, *rcpt, subject, id, text, now_us);
        ok = quarantine_send_mail(config, "", *rcpt, mail, error);
        sent += ok;
    }
    return ok ? sent : -1;
}
