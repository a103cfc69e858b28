#include "base/base.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

static bool fail(GError **error, BaseError code, const char *key, const char *value, const char *what)
{
    g_set_error(error, BASE_ERROR, code, "%s \"%s\": %s", key, value, what);
    return false;
}

bool privileges_find_user(const char *key, const char *name, uid_t *out_uid, gid_t *out_gid, GError **error)
{
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return fail(error, BASE_ERROR_CONFIG, key, name, "no such user; create it or change the key");
    *out_uid = user->pw_uid;
    if (out_gid != NULL)
        *out_gid = user->pw_gid;
    return true;
}

bool privileges_find_group(const char *key, const char *name, gid_t *out_gid, GError **error)
{
    const struct group *group = getgrnam(name);
    if (group == NULL)
        return fail(error, BASE_ERROR_CONFIG, key, name, "no such group; create it or change the key");
    *out_gid = group->gr_gid;
    return true;
}

bool privileges_drop(const char *user, const char *group, GError **error)
{
    uid_t uid;
    gid_t gid;
    if (*user == '\0')
        return true;
    if (!privileges_find_user("milter.user", user, &uid, &gid, error))
        return false;
    if (*group != '\0' && !privileges_find_group("milter.group", group, &gid, error))
        return false;
    if (getuid() == uid && geteuid() == uid)
        return true;
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return fail(error, BASE_ERROR_NOPERM, "milter.user", user, g_strerror(errno));
    if (uid != 0 && setuid(0) == 0)
        return fail(error, BASE_ERROR_OS, "milter.user", user, "privileges came back after dropping");
    return true;
}
