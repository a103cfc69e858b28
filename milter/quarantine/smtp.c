#include "quarantine/internal.h"

#include <curl/curl.h>
#include <string.h>

typedef struct {
    const SmtpMail *mail;
    gsize head_len, body_len, sent;
    const char *body;
    bool dot_near; // before_dot has been asked
    bool dot_agreed;
    bool asked_off; // before_dot said no
    GError *error;
    GString *last; // the server's last line
} Transfer;

static size_t give(char *buffer, size_t size, size_t n, void *data)
{
    Transfer *transfer = data;
    gsize room = size * n, total = transfer->head_len + transfer->body_len;
    if (transfer->sent >= total) {
        // Whatever was given is on its way; returning 0 lets libcurl end the message.
        if (!transfer->dot_near && transfer->mail->before_dot != NULL) {
            transfer->dot_near = true;
            transfer->dot_agreed = transfer->mail->before_dot(transfer->mail->data, &transfer->error);
        }
        transfer->asked_off = transfer->dot_near && !transfer->dot_agreed;
        return transfer->asked_off ? CURL_READFUNC_ABORT : 0;
    }
    bool head = transfer->sent < transfer->head_len;
    const char *from =
        head ? transfer->mail->head + transfer->sent : transfer->body + (transfer->sent - transfer->head_len);
    gsize left = head ? transfer->head_len - transfer->sent : total - transfer->sent;
    gsize now = MIN(room, left);
    memcpy(buffer, from, now);
    transfer->sent += now;
    return now;
}

static size_t take_line(char *line, size_t size, size_t n, void *data)
{
    Transfer *transfer = data;
    g_autofree char *valid = g_utf8_make_valid(line, (gssize)MIN(size * n, 500));
    g_string_assign(transfer->last, valid);
    g_strchomp(transfer->last->str);
    transfer->last->len = strlen(transfer->last->str);
    return size * n;
}

// Postfix: "250 2.0.0 Ok: queued as 4ABC".
static char *queue_id_of(const char *line)
{
    const char *at = strstr(line, "queued as ");
    if (at == NULL)
        return NULL;
    at += strlen("queued as ");
    return g_strndup(at, strspn(at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

static struct curl_slist *rcpt_list(const char *const *rcpts)
{
    struct curl_slist *list = NULL;
    for (; *rcpts != NULL; rcpts++) {
        g_autofree char *one = g_strdup_printf("<%s>", *rcpts);
        struct curl_slist *longer = curl_slist_append(list, one);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static bool set_up(CURL *curl, const Config *config, Transfer *transfer, struct curl_slist *rcpts)
{
    const ConfigQuarantine *to = &config->quarantine;
    bool v6 = strchr(to->release_host, ':') != NULL;
    g_autofree char *url = g_strdup_printf("smtp://%s%s%s:%d/%s", v6 ? "[" : "", to->release_host,
                                           v6 ? "]" : "", to->release_port, config->archive.origin);
    g_autofree char *from = g_strdup_printf("<%s>", transfer->mail->from);
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)to->release_timeout_s) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, rcpts) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) == CURLE_OK;
}

static SmtpResult judge(const Config *config, Transfer *transfer, CURLcode code, long response,
                        char **out_queue_id, GError **error)
{
    if (code == CURLE_OK) {
        *out_queue_id = queue_id_of(transfer->last->str);
        return SMTP_ACCEPTED;
    }
    if (transfer->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&transfer->error));
        return SMTP_REFUSED;
    }
    // A 4xx or 5xx after the dot is a certain no; silence after it is not.
    bool answered = response >= 400 && response < 600;
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "SMTP to %s port %d: %s%s%s",
                config->quarantine.release_host, config->quarantine.release_port, curl_easy_strerror(code),
                answered ? ": " : "", answered ? transfer->last->str : "");
    return transfer->dot_near && !answered && transfer->mail->before_dot != NULL ? SMTP_UNKNOWN
                                                                                 : SMTP_REFUSED;
}

SmtpResult smtp_send(const Config *config, const SmtpMail *mail, char **out_queue_id, GError **error)
{
    Transfer transfer = {.mail = mail,
                         .head_len = mail->head != NULL ? strlen(mail->head) : 0,
                         .body_len = g_bytes_get_size(mail->body),
                         .body = g_bytes_get_data(mail->body, NULL),
                         .last = g_string_new(NULL)};
    *out_queue_id = NULL;
    CURL *curl = curl_easy_init();
    struct curl_slist *rcpts = rcpt_list(mail->rcpts);
    SmtpResult result = SMTP_REFUSED;
    if (curl == NULL || rcpts == NULL || !set_up(curl, config, &transfer, rcpts)) {
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_OS,
                            "cannot set up an SMTP transfer: out of memory");
    } else {
        CURLcode code = curl_easy_perform(curl);
        long response = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response);
        result = judge(config, &transfer, code, response, out_queue_id, error);
    }
    curl_slist_free_all(rcpts);
    curl_easy_cleanup(curl);
    g_clear_error(&transfer.error);
    g_string_free(transfer.last, TRUE);
    return result;
}

bool quarantine_send_mail(const Config *config, const char *from, const char *rcpt, const char *mail,
                          GError **error)
{
    g_autoptr(GBytes) body = g_bytes_new(mail, strlen(mail));
    const char *rcpts[] = {rcpt, NULL};
    const SmtpMail one = {.from = from, .rcpts = rcpts, .body = body};
    g_autofree char *queue_id = NULL;
    return smtp_send(config, &one, &queue_id, error) == SMTP_ACCEPTED;
}
