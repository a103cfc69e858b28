#include "review/link.h"
#include "review/token.h"

#include <string.h>

typedef struct {
    Config *config;
    LinkToken make;
    void *key;
    GDestroyNotify free_key;
} Link;

static void link_free(gpointer data)
{
    Link *link = data;
    if (link->free_key != NULL)
        link->free_key(link->key);
    config_unref(link->config);
    g_free(link);
}

char *link_url(const Config *config, const char *token)
{
    gsize len = strlen(config->review.console_url);
    while (len > 0 && config->review.console_url[len - 1] == '/')
        len--;
    // Tokens are of characters that need no escape.
    return g_strdup_printf("%.*s/sender/%s", (int)len, config->review.console_url, token);
}

static char *make_link(const char *record, const char *sender, int64_t expires_us, void *data, GError **error)
{
    const Link *link = data;
    g_autofree char *token = link->make(link->key, record, sender, expires_us);
    if (token != NULL)
        return link_url(link->config, token);
    g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: no token for its sender's link", record);
    return NULL;
}

void link_notices(Quarantine *quarantine, const Config *config, LinkToken make, void *key,
                  GDestroyNotify free_key)
{
    Link *link = g_new0(Link, 1);
    *link = (Link){config_ref((Config *)config), make, key, free_key};
    if (*config->review.console_url != '\0')
        quarantine_set_link(quarantine, make_link, link, link_free);
    else
        link_free(link);
}

static char *make_token(const void *key, const char *item, const char *sender, int64_t expires_us)
{
    return review_token_make(key, item, sender, expires_us);
}

static void free_key(gpointer key)
{
    review_key_free(key);
}

bool link_ready(Quarantine *quarantine, const Config *config, GError **error)
{
    bool wanted = *config->review.console_url != '\0';
    ReviewKey *key = wanted ? review_key_load(config->review.key_file, error) : NULL;
    if (key != NULL)
        link_notices(quarantine, config, make_token, key, free_key);
    return key != NULL || !wanted;
}
