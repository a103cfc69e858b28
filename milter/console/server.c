// The listener: libmicrohttpd (https://www.gnu.org/software/libmicrohttpd/manual/) to a Request, a Reply back.
#include "console/internal.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <microhttpd.h>
#include <sodium.h>
#include <string.h>

enum { TIMEOUT_S = 30, POST_BUFFER = 32768, PART_NAME_MOST = 200 };

#define CSP_PAGE                                                                                             \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "    \
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// A request while its body comes in.
typedef struct {
    Request *request;
    struct MHD_PostProcessor *post;
    int64_t bytes, most;
    bool too_big, is_bad;
} Incoming;

// ---- reading -------------------------------------------------------------------------------------------------

static RequestPart *part_add(GPtrArray *parts, const char *name, const char *filename, const char *data,
                             gsize len)
{
    RequestPart *part = g_new0(RequestPart, 1);
    *part = (RequestPart){
        .name = g_strdup(name), .filename = g_strdup(filename), .data = g_string_new_len(data, (gssize)len)};
    g_ptr_array_add(parts, part);
    return part;
}

static enum MHD_Result take_query(void *data, enum MHD_ValueKind kind, const char *key, const char *value)
{
    Request *request = data;
    if (request->query->len < REQUEST_FIELDS_MOST)
        part_add(request->query, key, NULL, value != NULL ? value : "", value != NULL ? strlen(value) : 0);
    return MHD_YES;
}

// A field may come in pieces; `offset` > 0 goes on with the last.
static enum MHD_Result take_field(void *data, enum MHD_ValueKind kind, const char *key, const char *filename,
                                  const char *type, const char *encoding, const char *value, uint64_t offset,
                                  size_t size)
{
    Incoming *in = data;
    GPtrArray *form = in->request->form;
    bool goes_on = offset > 0 && form->len > 0;
    if (key == NULL || strlen(key) > PART_NAME_MOST || form->len >= REQUEST_FIELDS_MOST) {
        in->is_bad = true;
        return MHD_NO;
    }
    if (goes_on)
        g_string_append_len(((RequestPart *)form->pdata[form->len - 1])->data, value, (gssize)size);
    else
        part_add(form, key, filename, value, size);
    return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static char *client_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    if (address != NULL && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    else if (address != NULL && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    return g_strdup(text);
}

// A proxy that has the secret is believed: who is signed in there, and whom it speaks for.
static void take_proxy(Request *request, struct MHD_Connection *connection)
{
    const Console *console = request->console;
    const char *secret = header(connection, "X-Chaperone-Secret");
    if (console->proxy_secret == NULL || secret == NULL || strlen(secret) != strlen(console->proxy_secret) ||
        sodium_memcmp(secret, console->proxy_secret, strlen(secret)) != 0)
        return;
    const char *user = *console->config->console.proxy_header != '\0'
                           ? header(connection, console->config->console.proxy_header)
                           : NULL;
    const char *forwarded = header(connection, "X-Forwarded-For");
    const char *last = forwarded != NULL ? strrchr(forwarded, ',') : NULL;
    g_autofree char *from =
        forwarded != NULL ? g_strstrip(g_strdup(last != NULL ? last + 1 : forwarded)) : NULL;
    if (user != NULL && *user != '\0')
        request->proxy_user = g_strdup(user);
    if (from != NULL && g_hostname_is_ip_address(from)) {
        g_free(request->remote);
        request->remote = g_steal_pointer(&from);
    }
}

static char *cookie(const Console *console, struct MHD_Connection *connection, bool of_session)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, reply_cookie_name(console, of_session));
    return text != NULL && strlen(text) == 43 ? g_strdup(text) : NULL;
}

static char *visitor_new(void)
{
    guint8 bytes[32];
    char text[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return g_strdup(text);
}

static Incoming *incoming_new(Console *console, struct MHD_Connection *connection, const char *url,
                              const char *method)
{
    Incoming *in = g_new0(Incoming, 1);
    Request *request = in->request = request_new();
    request->console = console;
    request->config = console->config;
    request->is_head = strcmp(method, "HEAD") == 0;
    request->method = request->is_head              ? "GET"
                      : strcmp(method, "POST") == 0 ? "POST"
                      : strcmp(method, "GET") == 0  ? "GET"
                                                    : "";
    request->path = request_path(url);
    request->now_us = clock_now_us();
    request->remote = client_address(connection);
    request->cookie = cookie(console, connection, true);
    request->visitor = cookie(console, connection, false);
    request->is_visitor_new = request->visitor == NULL;
    if (request->is_visitor_new)
        request->visitor = visitor_new();
    take_proxy(request, connection);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, request);
    in->most = console->config->console.body_bytes;
    const char *length = header(connection, "Content-Length");
    in->too_big = length != NULL && g_ascii_strtoull(length, NULL, 10) > (guint64)in->most;
    if (strcmp(request->method, "POST") == 0 && !in->too_big)
        in->post = MHD_create_post_processor(connection, POST_BUFFER, take_field, in);
    return in;
}

static void incoming_free(Incoming *in)
{
    if (in->post != NULL)
        MHD_destroy_post_processor(in->post);
    request_free(in->request);
    g_free(in);
}

static void take_body(Incoming *in, const char *data, size_t len)
{
    in->bytes += (int64_t)len;
    in->too_big |= in->bytes > in->most;
    if (!in->too_big && in->post != NULL && !in->is_bad && MHD_post_process(in->post, data, len) != MHD_YES)
        in->is_bad = true;
}

// ---- answering -----------------------------------------------------------------------------------------------

static const char *language_of(const Request *request, struct MHD_Connection *connection)
{
    const char *own = request->session != NULL ? request_user(request)->language : "";
    const char *asked = header(connection, "Accept-Language");
    if (*own != '\0')
        return own;
    for (const char *p = asked; p != NULL && *p != '\0';
         p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL) {
        while (*p == ' ')
            p++;
        for (gsize i = 0; i < G_N_ELEMENTS(LANGUAGES); i++)
            if (g_ascii_strncasecmp(p, LANGUAGES[i], 2) == 0)
                return LANGUAGES[i];
    }
    return LANGUAGES[0];
}

// A form sent from another site: the browser says where it stood.
static bool is_foreign(const Request *request, struct MHD_Connection *connection)
{
    const char *site = header(connection, "Sec-Fetch-Site");
    return strcmp(request->method, "POST") == 0 && site != NULL && strcmp(site, "same-origin") != 0 &&
           strcmp(site, "none") != 0;
}

// The session of the cookie, or one that the proxy vouches for. False with `error`.
static bool find_session(Request *request, Reply *reply, GError **error)
{
    Accounts *accounts = desk_accounts(request->desk);
    Tri found = request->cookie != NULL
                    ? accounts_session(accounts, request->cookie, request->now_us, &request->session, error)
                    : TRI_NO;
    if (found == TRI_UNKNOWN)
        return false;
    // Whoever signs in anew at the proxy is not who the cookie says.
    bool other = found == TRI_YES && request->proxy_user != NULL &&
                 strcmp(request->session->how, "proxy") == 0 &&
                 g_ascii_strcasecmp(request->proxy_user, request_who(request)) != 0;
    if (other)
        g_clear_pointer(&request->session, account_session_free);
    if (request->session != NULL || request->proxy_user == NULL)
        return true;
    g_autofree char *made = NULL;
    Enter enter =
        accounts_enter_trusted(accounts, request->proxy_user, request->remote, request->now_us, &made, error);
    if (enter == ENTER_DONE) {
        reply_session(request, reply, made);
        return accounts_session(accounts, made, request->now_us, &request->session, error) != TRI_UNKNOWN;
    }
    return enter == ENTER_REFUSED;
}

static void answer(Incoming *in, struct MHD_Connection *connection, Reply *reply)
{
    Request *request = in->request;
    g_autoptr(GError) error = NULL;
    bool is_static = request->path != NULL && g_str_has_prefix(request->path, "/static/");
    bool may = limits_take(request->console->requests, request->remote, 1, request->now_us);
    bool known = is_static || !may || find_session(request, reply, &error);
    request->words = console_words(request->console, language_of(request, connection));
    if (request->path == NULL) {
        request->path = g_strdup("/");
        reply_error(request, reply, 404, "error.missing");
    } else if (!known) {
        log_error("no session can be looked up", "error", error->message);
        reply_error(request, reply, 503, "error.busy");
    } else if (!may) {
        reply_header(reply, "Retry-After", "30");
        reply_error(request, reply, 429, "error.often");
    } else if (in->too_big) {
        reply_error(request, reply, 413, "error.large");
    } else if (in->is_bad) {
        reply_error(request, reply, 400, "error.bad");
    } else if (is_foreign(request, connection)) {
        reply_error(request, reply, 403, "error.form");
    } else {
        routes_answer(request, reply);
    }
}

static void put_headers(const Request *request, const Reply *reply, struct MHD_Response *response)
{
    static const char *const ALWAYS[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Frame-Options", "SAMEORIGIN"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
    bool ok = true;
    for (gsize i = 0; i < G_N_ELEMENTS(ALWAYS); i++)
        ok &= MHD_add_response_header(response, ALWAYS[i][0], ALWAYS[i][1]) == MHD_YES;
    for (guint i = 0; i + 1 < reply->headers->len; i += 2)
        ok &= MHD_add_response_header(response, reply->headers->pdata[i], reply->headers->pdata[i + 1]) ==
              MHD_YES;
    ok &= MHD_add_response_header(response, "Content-Security-Policy",
                                  reply->csp != NULL ? reply->csp : CSP_PAGE) == MHD_YES;
    ok &= MHD_add_response_header(response, "Cache-Control", reply->keep ? "max-age=300" : "no-store") ==
          MHD_YES;
    if (request->console->is_secure)
        ok &= MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000") == MHD_YES;
    if (!ok)
        log_error("a header was not put", "path", request->path);
}

static enum MHD_Result send_reply(const Request *request, Reply *reply, struct MHD_Connection *connection)
{
    gsize len = reply->body->len;
    struct MHD_Response *response =
        reply->fd >= 0 ? MHD_create_response_from_fd64((uint64_t)reply->fd_len, reply->fd)
                       : MHD_create_response_from_buffer(len, reply->body->str, MHD_RESPMEM_MUST_COPY);
    if (response != NULL)
        reply->fd = -1; // it closes it
    if (response == NULL)
        return MHD_NO;
    put_headers(request, reply, response);
    enum MHD_Result done = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result answer_at_desk(Console *console, Incoming *in, struct MHD_Connection *connection)
{
    g_autoptr(Reply) reply = reply_new();
    Request *request = in->request;
    request->desk = g_async_queue_pop(console->desks);
    desk_begin(request->desk, console_snapshot(console), request->now_us);
    answer(in, connection, reply);
    desk_end(request->desk);
    g_async_queue_push(console->desks, g_steal_pointer(&request->desk));
    g_autofree char *status = g_strdup_printf("%u", reply->status);
    g_autofree char *took = g_strdup_printf("%" G_GINT64_FORMAT, (clock_now_us() - request->now_us) / 1000);
    log_debug("answered", "method", request->method, "path", request->path, "status", status, "ms", took);
    return send_reply(request, reply, connection);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    Console *console = data;
    Incoming *in = *state;
    if (in == NULL) {
        *state = incoming_new(console, connection, url, method);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        take_body(in, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return answer_at_desk(console, in, connection);
}

static void ended(void *data, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how)
{
    if (*state != NULL)
        incoming_free(*state);
    *state = NULL;
}

// ---- listening -----------------------------------------------------------------------------------------------

// "127.0.0.1:8340" or "[::1]:8340"
static bool listen_address(const char *text, struct sockaddr_storage *out, bool *out_loopback)
{
    const char *colon = strrchr(text, ':');
    guint64 port = 0;
    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return false;
    bool six = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    g_autofree char *host =
        six ? g_strndup(text + 1, (gsize)(colon - text) - 2) : g_strndup(text, (gsize)(colon - text));
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    *out_loopback = address != NULL && g_inet_address_get_is_loopback(address);
    memset(out, 0, sizeof *out);
    if (six) {
        struct sockaddr_in6 *to = (struct sockaddr_in6 *)out;
        *to = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((guint16)port)};
        return inet_pton(AF_INET6, host, &to->sin6_addr) == 1;
    }
    struct sockaddr_in *to = (struct sockaddr_in *)out;
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((guint16)port)};
    return inet_pton(AF_INET, host, &to->sin_addr) == 1;
}

static void tell(void *data, const char *format, va_list args)
{
    g_autofree char *text = g_strstrip(g_strdup_vprintf(format, args));
    log_debug("libmicrohttpd", "text", text);
}

static struct MHD_Daemon *start(Console *console, const struct sockaddr_storage *address)
{
    const ConfigConsole *config = &console->config->console;
    bool tls = console->certificate != NULL;
    guint flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |
                  (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0) | (tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem more[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, console->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, console->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE128:-VERS-TLS1.0:-VERS-TLS1.1"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    // The log goes first: the options after it may have something to say.
    return MHD_start_daemon(flags, 0, NULL, NULL, handle, console, MHD_OPTION_EXTERNAL_LOGGER, tell, NULL,
                            MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)address,
                            MHD_OPTION_NOTIFY_COMPLETED, ended, NULL, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)config->connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                            MHD_OPTION_THREAD_POOL_SIZE,
                            (unsigned)(config->threads > 1 ? config->threads : 0), MHD_OPTION_ARRAY,
                            tls ? more : none, MHD_OPTION_END);
}

bool server_start(Console *console, GError **error)
{
    struct sockaddr_storage address;
    bool loopback = false;
    const char *listen = console->config->console.listen;
    if (!listen_address(listen, &address, &loopback)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "console.listen: \"%s\": write \"127.0.0.1:8340\" or \"[::1]:8340\"", listen);
        return false;
    }
    if (!loopback && console->certificate == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "console.listen: \"%s\" is not this host alone: set console.certificate and console.key, "
                    "or listen at "
                    "127.0.0.1 behind a proxy",
                    listen);
        return false;
    }
    console->daemon = start(console, &address);
    if (console->daemon == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
                    "cannot listen at %s: is something there already, are console.certificate and "
                    "console.key in order?",
                    listen);
    return console->daemon != NULL;
}

void server_stop(Console *console)
{
    if (console->daemon != NULL)
        MHD_stop_daemon(console->daemon);
    console->daemon = NULL;
}
