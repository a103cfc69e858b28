// The witness's HTTP server: one path, bodies of a few kilobytes.
#include "witness/internal.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <string.h>

#define CONNECTIONS 64
#define TIMEOUT_S   20

struct WitnessServer {
    struct MHD_Daemon *daemon;
    Witness *witness;
};

static enum MHD_Result reply(struct MHD_Connection *connection, guint status, const char *type,
                             const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result done = MHD_NO;
    if (response != NULL && MHD_add_response_header(response, "Content-Type", type) == MHD_YES)
        done = MHD_queue_response(connection, status, response);
    if (response != NULL)
        MHD_destroy_response(response);
    return done;
}

static enum MHD_Result reply_answer(WitnessServer *server, struct MHD_Connection *connection,
                                    const GString *body)
{
    g_auto(WitnessAnswer) answer = {0};
    witness_add_checkpoint(server->witness, body->str, body->len, clock_now_us() / G_USEC_PER_SEC, &answer);
    return reply(connection, answer.status, answer.type, answer.body);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static const char PLAIN[] = "text/plain; charset=utf-8";
    GString *body = *state;
    if (body == NULL) {
        *state = g_string_new(NULL);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        // A byte more than the bound tells that there was more.
        gsize room = WITNESS_BODY_MAX + 1 - MIN(body->len, WITNESS_BODY_MAX + 1);
        g_string_append_len(body, upload, (gssize)MIN(*upload_size, room));
        *upload_size = 0;
        return MHD_YES;
    }
    bool here = strcmp(url, "/add-checkpoint") == 0, post = strcmp(method, "POST") == 0;
    return here && post ? reply_answer(data, connection, body)
                        : reply(connection, here ? 405 : 404, PLAIN, here ? "POST only\n" : "nothing here\n");
}

static void ended(void *data, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how)
{
    if (*state != NULL)
        g_string_free(*state, TRUE);
    *state = NULL;
}

// "127.0.0.1:8350" or "[::1]:8350"
static bool listen_address(const char *text, struct sockaddr_storage *out)
{
    const char *colon = strrchr(text, ':');
    guint64 port = 0;
    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return false;
    g_autofree char *host = g_strndup(text, (gsize)(colon - text));
    gsize len = strlen(host);
    bool six = len > 2 && host[0] == '[' && host[len - 1] == ']';
    memset(out, 0, sizeof *out);
    if (six) {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)out;
        host[len - 1] = '\0';
        address->sin6_family = AF_INET6;
        address->sin6_port = htons((guint16)port);
        return inet_pton(AF_INET6, host + 1, &address->sin6_addr) == 1;
    }
    struct sockaddr_in *address = (struct sockaddr_in *)out;
    address->sin_family = AF_INET;
    address->sin_port = htons((guint16)port);
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

WitnessServer *witness_serve(Witness *witness, const Config *config, GError **error)
{
    struct sockaddr_storage address;
    g_autoptr(WitnessServer) server = g_new0(WitnessServer, 1);
    server->witness = witness;
    if (!listen_address(config->witness.listen, &address)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "witness.listen: \"%s\": write \"127.0.0.1:8350\" or \"[::1]:8350\"",
                    config->witness.listen);
        return NULL;
    }
    guint flags = MHD_USE_INTERNAL_POLLING_THREAD | (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR,
                                      (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, ended, NULL,
                                      MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                                      TIMEOUT_S, MHD_OPTION_END);
    if (server->daemon == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
                    "cannot listen at %s: is something there already?", config->witness.listen);
    return server->daemon != NULL ? g_steal_pointer(&server) : NULL;
}

void witness_server_free(WitnessServer *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    g_free(server);
}
