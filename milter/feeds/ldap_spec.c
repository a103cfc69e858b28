#include "feeds/ldap.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEOPLE_FILTER "(&(|(objectClass=person)(objectClass=posixAccount))(|(mail=*)(proxyAddresses=*)))"
#define GROUP_FILTER                                                                                         \
    "(|(objectClass=group)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"                        \
    "(objectClass=groupOfMembers)(objectClass=groupOfURLs)(objectClass=posixGroup)"                          \
    "(objectClass=msExchDynamicDistributionList))"

// ---- filters --------------------------------------------------------------------------------------------

const char *ldap_spec_people(const FeedSpec *spec)
{
    return spec->filter[0] != '\0' ? spec->filter : PEOPLE_FILTER;
}

const char *ldap_spec_groups(const FeedSpec *spec)
{
    return spec->group_filter[0] != '\0' ? spec->group_filter : GROUP_FILTER;
}

// ---- settings -------------------------------------------------------------------------------------------

static bool is_loopback(const char *host)
{
    if (host == NULL || host[0] == '\0' || g_ascii_strcasecmp(host, "localhost") == 0)
        return true;
    gsize begin = host[0] == '[' ? 1 : 0;
    g_autofree char *bare = g_strndup(host + begin, strcspn(host + begin, "]"));
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(bare);
    return address != NULL && g_inet_address_get_is_loopback(address);
}

static bool fail_spec(const FeedSpec *spec, const char *key, const char *what, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s: %s: %s", spec->where, key, what);
    return false;
}

// A password in the clear leaves this machine only where nobody can listen.
static bool check_uri(const FeedSpec *spec, GError **error)
{
    g_auto(GStrv) uris = g_strsplit(spec->uri, " ", -1);
    bool ok = true, clear = false;
    for (gsize i = 0; ok && uris[i] != NULL; i++) {
        LDAPURLDesc *url = NULL;
        ok = uris[i][0] == '\0' || ldap_url_parse(uris[i], &url) == LDAP_URL_SUCCESS;
        if (url != NULL && strcmp(url->lud_scheme, "ldap") == 0 && !spec->starttls &&
            !is_loopback(url->lud_host))
            clear = true;
        ldap_free_urldesc(url);
    }
    if (!ok)
        return fail_spec(spec, "uri", "no LDAP address; write ldaps://host, ldap://host or ldapi:///path",
                         error);
    if (clear && spec->bind_dn[0] != '\0')
        return fail_spec(spec, "starttls",
                         "the password would cross the network unencrypted; use starttls or ldaps://", error);
    return true;
}

static bool check_filter(const FeedSpec *spec, const char *key, const char *filter, GError **error)
{
    bool ok = ldap_filter_check(filter, error);
    if (!ok)
        g_prefix_error(error, "%s: %s: ", spec->where, key);
    return ok;
}

bool ldap_spec_check(const FeedSpec *spec, GError **error)
{
    g_autofree char *base = ldap_entry_key(spec->base), *group_base = ldap_entry_key(spec->group_base);
    if (spec->path[0] != '\0')
        return fail_spec(spec, "path", "a directory has none; import it by its name alone", error);
    if (base == NULL || group_base == NULL)
        return fail_spec(spec, base == NULL ? "base" : "group_base", "no DN", error);
    return check_uri(spec, error) && check_filter(spec, "filter", spec->filter, error) &&
           check_filter(spec, "group_filter", spec->group_filter, error);
}

// ---- the password ---------------------------------------------------------------------------------------

static bool fail_password(const FeedSpec *spec, int code, const char *what, GError **error)
{
    g_set_error(error, BASE_ERROR, code, "%s: password_file: %s: %s", spec->where, spec->password_file, what);
    return false;
}

static bool read_password(const FeedSpec *spec, int fd, char out[LDAP_PASSWORD_MOST], GError **error)
{
    struct stat at;
    ssize_t got = 0;
    if (fstat(fd, &at) != 0 || !S_ISREG(at.st_mode))
        return fail_password(spec, BASE_ERROR_NOINPUT, "no regular file", error);
    if ((at.st_mode & (S_IROTH | S_IWOTH)) != 0)
        return fail_password(spec, BASE_ERROR_CONFIG, "everybody may read it; chmod o-rwx", error);
    do
        got = read(fd, out, LDAP_PASSWORD_MOST - 1);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_password(spec, BASE_ERROR_IO, g_strerror(errno), error);
    out[got] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    if (out[0] == '\0')
        return fail_password(spec, BASE_ERROR_CONFIG, "no password on its first line", error);
    return true;
}

bool ldap_spec_password(const FeedSpec *spec, char out[LDAP_PASSWORD_MOST], GError **error)
{
    int fd = open(spec->password_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_password(spec, BASE_ERROR_NOINPUT, g_strerror(errno), error);
    bool ok = read_password(spec, fd, out, error);
    return file_close(&fd, spec->password_file, ok ? error : NULL) && ok;
}
