// What all pages are made from, and reloading it.
#include "console/internal.h"

#include <errno.h>
#include <string.h>

#include "review/link.h"

enum { FILE_MOST = 1 << 20, SECRET_LEAST = 32 };

const char *const LANGUAGES[2] = {"en", "es"};
static const char *const FILES[2] = {"console.css", "console.js"};

const Words *console_words(const Console *console, const char *language)
{
    for (gsize i = 0; i < G_N_ELEMENTS(LANGUAGES); i++)
        if (strcmp(LANGUAGES[i], language) == 0)
            return console->words[i];
    return console->words[0];
}

Snapshot *console_snapshot(Console *console)
{
    g_mutex_lock(&console->lock);
    Snapshot *snapshot = snapshot_ref(console->snapshot);
    g_mutex_unlock(&console->lock);
    return snapshot;
}

static char *read_text(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, FILE_MOST, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return bytes != NULL ? g_strndup(len > 0 ? data : "", len) : NULL;
}

static bool load_secret(Console *console, GError **error)
{
    const ConfigConsole *config = &console->config->console;
    if (*config->proxy_secret_file == '\0' && *config->proxy_header == '\0')
        return true;
    if (*config->proxy_secret_file == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "console.proxy_header: wants console.proxy_secret_file too: without the secret anybody "
                    "could say who they are");
        return false;
    }
    console->proxy_secret = read_text(config->proxy_secret_file, error);
    if (console->proxy_secret == NULL)
        return false;
    g_strstrip(console->proxy_secret);
    if (strlen(console->proxy_secret) >= SECRET_LEAST)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                "%s: console.proxy_secret_file wants %d characters or more", config->proxy_secret_file,
                SECRET_LEAST);
    return false;
}

static bool load_tls(Console *console, GError **error)
{
    const ConfigConsole *config = &console->config->console;
    bool tls = *config->certificate != '\0';
    console->is_secure = tls || g_str_has_prefix(console->config->review.console_url, "https://");
    if (!tls)
        return true;
    if (*config->key == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "console.key: console.certificate wants its private key");
        return false;
    }
    return (console->certificate = read_text(config->certificate, error)) != NULL &&
           (console->key = read_text(config->key, error)) != NULL;
}

static bool load_files(Console *console, GError **error)
{
    const char *dir = console->config->console.dir;
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(dir, FILES[i], NULL);
        if ((console->files[i] = file_read(path, FILE_MOST, error)) == NULL)
            return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(LANGUAGES); i++)
        if ((console->words[i] = words_load(dir, LANGUAGES[i], error)) == NULL)
            return false;
    return true;
}

static bool open_desks(Console *console, GError **error)
{
    bool ok = true;
    for (int i = 0; ok && i < console->config->console.threads; i++) {
        Desk *desk = desk_new(console, error);
        ok = desk != NULL;
        if (ok)
            g_async_queue_push(console->desks, desk);
    }
    return ok;
}

Console *console_start(Config *config, GError **error)
{
    g_autoptr(Console) console = g_new0(Console, 1);
    g_mutex_init(&console->lock);
    console->config = config_ref(config);
    console->desks = g_async_queue_new_full((GDestroyNotify)desk_free);
    console->counts = counts_new();
    console->figures = figures_new();
    console->requests = limits_new((guint)config->console.requests_minute);
    console->entries = limits_new((guint)MAX(config->console.requests_minute / 60, 3));
    bool ok = load_secret(console, error) && load_tls(console, error) && load_files(console, error) &&
              (console->snapshot = snapshot_new(config, error)) != NULL &&
              (console->quarantine = quarantine_open(config, error)) != NULL &&
              quarantine_ready_notices(console->quarantine, error) &&
              link_ready(console->quarantine, config, error) &&
              (console->readers = readers_new(config, error)) != NULL &&
              (console->clerk = clerk_start(config, console->quarantine, console->readers, error)) != NULL &&
              (console->sweeper = accounts_open(config, error)) != NULL && open_desks(console, error) &&
              server_start(console, error);
    return ok ? g_steal_pointer(&console) : NULL;
}

void console_stop(Console *console)
{
    if (console == NULL)
        return;
    server_stop(console);
    clerk_stop(console->clerk);
    g_clear_pointer(&console->desks, g_async_queue_unref);
    accounts_close(&console->sweeper);
    g_clear_pointer(&console->readers, readers_free);
    quarantine_close(&console->quarantine);
    g_clear_pointer(&console->snapshot, snapshot_unref);
    for (gsize i = 0; i < G_N_ELEMENTS(LANGUAGES); i++)
        words_free(console->words[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++)
        g_clear_pointer(&console->files[i], g_bytes_unref);
    counts_free(console->counts);
    figures_free(console->figures);
    limits_free(console->requests);
    limits_free(console->entries);
    g_free(console->proxy_secret);
    g_free(console->certificate);
    g_free(console->key);
    g_mutex_clear(&console->lock);
    config_unref(console->config);
    g_free(console);
}

bool console_reload(Console *console, GError **error)
{
    Snapshot *next = snapshot_load(console->config->path, error);
    if (next == NULL)
        return false;
    g_autofree char *restart = config_needs_restart(console->config, next->config);
    if (restart != NULL)
        log_warn("keys that need a restart are not taken over", "keys", restart);
    g_mutex_lock(&console->lock);
    Snapshot *old = console->snapshot;
    console->snapshot = next;
    g_mutex_unlock(&console->lock);
    snapshot_unref(old);
    return true;
}

void console_sweep(Console *console, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    if (accounts_sweep(console->sweeper, now_us, &error) < 0)
        log_warn("sessions that are over stay for now", "error", error->message);
}
