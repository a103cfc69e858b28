#include "daemon/daemon.h"

#include "register/register.h"

#include <string.h>

Snapshot *daemon_snapshot(Daemon *daemon)
{
    g_mutex_lock(&daemon->lock);
    Snapshot *snapshot = snapshot_ref(daemon->snapshot);
    g_mutex_unlock(&daemon->lock);
    return snapshot;
}

bool daemon_check_notices(const Snapshot *snapshot, GError **error)
{
    g_autoptr(GPtrArray) wanted = policy_templates(snapshot->policy);
    return notice_book_check(snapshot->config, wanted, error);
}

bool daemon_register(const Snapshot *snapshot, const char *why, GError **error)
{
    const Config *config = snapshot->config;
    return register_policy(config, snapshot->policy, config->policy.file, "chaperone-milter", why,
                           clock_now_us(), NULL, error);
}

void daemon_reload(Daemon *daemon)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) old = daemon_snapshot(daemon);
    g_autoptr(Snapshot) next = snapshot_load(old->config->path, &error);
    if (next == NULL || !daemon_check_notices(next, &error) ||
        !daemon_register(next, "loaded anew", &error)) {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            log_error("reload refused, the old configuration stays", "error", *line);
        return;
    }
    g_autofree char *restart = config_needs_restart(daemon->started, next->config);
    if (restart != NULL)
        log_warn("keys that need a restart are not taken over", "keys", restart);
    g_mutex_lock(&daemon->lock);
    Snapshot *before = daemon->snapshot;
    daemon->snapshot = g_steal_pointer(&next);
    g_mutex_unlock(&daemon->lock);
    snapshot_unref(before);
    g_autoptr(Snapshot) now = daemon_snapshot(daemon);
    log_info("configuration reloaded", "policy", policy_version(now->policy));
}
