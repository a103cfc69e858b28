#include "roster/key.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASTER_BYTES 32
#define MASTER_HEX   64
#define FILE_BYTES   65536

G_STATIC_ASSERT(KEY_HASH == crypto_auth_hmacsha256_BYTES);
G_STATIC_ASSERT(sizeof((RosterKey *)NULL)->hash[0] == crypto_auth_hmacsha256_KEYBYTES);
G_STATIC_ASSERT(sizeof((RosterKey *)NULL)->seal == crypto_secretbox_KEYBYTES);

// The last is for every other text.
static const char *const KINDS[KEY_KINDS] = {"phone",  "email",   "handle", "invite",
                                             "street", "payment", "name",   ""};

// ---- one key ------------------------------------------------------------------------------------

static void derive(const unsigned char master[MASTER_BYTES], RosterKey *out)
{
    for (gsize i = 0; i < KEY_KINDS; i++) {
        g_autofree char *label = g_strconcat("roster hash ", KINDS[i], NULL);
        crypto_auth_hmacsha256(out->hash[i], (const unsigned char *)label, strlen(label), master);
    }
    crypto_auth_hmacsha256(out->seal, (const unsigned char *)"roster seal", 11, master);
}

static gsize kind_of(const char *text)
{
    gsize length = 0, i = 0;
    while (g_ascii_islower(text[length]))
        length++;
    bool ends = text[length] == ':' || g_ascii_isdigit(text[length]);
    while (i + 1 < KEY_KINDS && !(ends && strncmp(KINDS[i], text, length) == 0 && KINDS[i][length] == '\0'))
        i++;
    return i;
}

void key_hash(const RosterKey *key, const char *text, unsigned char out[KEY_HASH])
{
    crypto_auth_hmacsha256(out, (const unsigned char *)text, strlen(text), key->hash[kind_of(text)]);
}

GBytes *key_seal(const RosterKey *key, const char *text)
{
    gsize len = strlen(text), total = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    unsigned char *out = g_malloc(total);
    randombytes_buf(out, crypto_secretbox_NONCEBYTES);
    if (crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const unsigned char *)text, len, out,
                              key->seal) != 0) {
        g_free(out);
        return NULL;
    }
    return g_bytes_new_take(out, total);
}

char *key_unseal(const RosterKey *key, const void *data, gsize len)
{
    const unsigned char *in = data;
    if (in == NULL || len < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return NULL;
    gsize plain = len - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
    char *out = g_malloc(plain + 1);
    out[plain] = '\0';
    if (crypto_secretbox_open_easy((unsigned char *)out, in + crypto_secretbox_NONCEBYTES,
                                   len - crypto_secretbox_NONCEBYTES, in, key->seal) == 0)
        return out;
    g_free(out);
    return NULL;
}

static bool begin(GError **error)
{
    if (sodium_init() >= 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "the system gives no randomness");
    return false;
}

void key_wipe(char *line)
{
    if (line != NULL)
        sodium_memzero(line, strlen(line));
    g_free(line);
}

char *key_make(RosterKey *out, GError **error)
{
    unsigned char master[MASTER_BYTES];
    if (!begin(error))
        return NULL;
    randombytes_buf(master, sizeof master);
    derive(master, out);
    char *line = hex_encode(master, sizeof master);
    sodium_memzero(master, sizeof master);
    return line;
}

// ---- the file -----------------------------------------------------------------------------------

// Called for each key; false ends the walk. `line`: where it stands, with its line end.
typedef bool (*KeyFunc)(const RosterKey *key, const char *line, gsize len, void *data);

static bool fail_line(const char *path, guint line, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s:%u: not a key of 64 hexadecimal digits; restore the file from your backup", path, line);
    return false;
}

static bool each_key(const char *path, GBytes *content, KeyFunc func, void *data, GError **error)
{
    gsize len = 0;
    guint line = 0, found = 0;
    const char *text = g_bytes_get_data(content, &len), *end = text + len;
    bool more = true;
    while (more && text < end) {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        const char *next = stop != NULL ? stop + 1 : end;
        gsize width = (gsize)((stop != NULL ? stop : end) - text), got = 0;
        while (width > 0 && g_ascii_isspace(text[width - 1]))
            width--;
        line++;
        if (width > 0 && text[0] != '#') {
            unsigned char master[MASTER_BYTES];
            RosterKey key;
            if (width != MASTER_HEX ||
                sodium_hex2bin(master, sizeof master, text, width, NULL, &got, NULL) != 0 ||
                got != sizeof master)
                return fail_line(path, line, error);
            derive(master, &key);
            more = func(&key, text, (gsize)(next - text), data);
            sodium_memzero(master, sizeof master);
            sodium_memzero(&key, sizeof key);
            found++;
        }
        text = next;
    }
    return found > 0 || fail_line(path, 1, error);
}

static bool walk(const char *path, KeyFunc func, void *data, GError **error)
{
    g_autoptr(GBytes) content = begin(error) ? file_read(path, FILE_BYTES, error) : NULL;
    return content != NULL && each_key(path, content, func, data, error);
}

static bool make_file(const char *path, GError **error)
{
    RosterKey key;
    char *hex = key_make(&key, error);
    if (hex == NULL)
        return false;
    g_autofree char *dir = g_path_get_dirname(path);
    char *line = g_strconcat(hex, "\n", NULL);
    // file_write_atomic gives it to the directory's owner before it has its name.
    bool ok = file_make_dirs(dir, 0750, error) && file_write_atomic(path, line, strlen(line), 0600, error);
    key_wipe(hex);
    key_wipe(line);
    sodium_memzero(&key, sizeof key);
    return ok;
}

static bool take_first(const RosterKey *key, const char *line, gsize len, void *data)
{
    *(RosterKey *)data = *key;
    return false;
}

bool key_load(const char *path, bool create, RosterKey *out, GError **error)
{
    if (create && access(path, F_OK) != 0 && errno == ENOENT && !make_file(path, error))
        return false;
    return walk(path, take_first, out, error);
}

// ---- which key ----------------------------------------------------------------------------------

static bool is_of(const RosterKey *key, const void *check, gsize len)
{
    unsigned char hash[KEY_HASH];
    key_hash(key, "key", hash);
    return check != NULL && len == sizeof hash && sodium_memcmp(check, hash, sizeof hash) == 0;
}

typedef struct {
    const void *check;
    gsize len;
    RosterKey *out;
    bool found;
} Choice;

static bool choose(const RosterKey *key, const char *line, gsize len, void *data)
{
    Choice *choice = data;
    choice->found = is_of(key, choice->check, choice->len);
    if (choice->found)
        *choice->out = *key;
    return !choice->found;
}

bool key_choose(const char *path, const void *check, gsize len, RosterKey *out, GError **error)
{
    Choice choice = {.check = check, .len = len, .out = out};
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    if (!missing && !walk(path, choose, &choice, error))
        return false;
    if (!choice.found)
        g_set_error(error, BASE_ERROR, missing ? BASE_ERROR_NOINPUT : BASE_ERROR_DATA,
                    "%s: %s; restore the key file from your backup; without one, move the roster away and "
                    "import every source anew",
                    path, missing ? "missing" : "without the key this roster was made with");
    return choice.found;
}

// ---- changing the file --------------------------------------------------------------------------

static bool fail_errno(const char *path, const char *what, GError **error)
{
    int saved = errno;
    g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s: %s", path, what, g_strerror(saved));
    return false;
}

// Keys are all there or all as before, whatever happens.
static bool replace(const char *path, const GString *content, GError **error)
{
    struct stat st;
    g_autofree char *temp = g_strconcat(path, ".new", NULL), *dir = g_path_get_dirname(path);
    if (stat(path, &st) != 0)
        return fail_errno(path, "cannot look at it", error);
    bool ok = file_write_atomic(temp, content->str, content->len, (int)(st.st_mode & 07777), error);
    if (ok && chown(temp, st.st_uid, st.st_gid) != 0 && geteuid() == 0)
        ok = fail_errno(temp, "cannot give it to the key file's owner", error);
    if (ok && rename(temp, path) != 0)
        ok = fail_errno(path, "cannot rename into place", error);
    if (!ok)
        unlink(temp);
    return ok && file_sync_dir(dir, error);
}

static void string_wipe(GString *string)
{
    sodium_memzero(string->str, string->allocated_len);
    g_string_free(string, TRUE);
}

bool key_add(const char *path, const char *line, GError **error)
{
    gsize len = 0;
    g_autoptr(GBytes) content = file_read(path, FILE_BYTES - MASTER_HEX - 1, error);
    if (content == NULL)
        return false;
    const char *text = g_bytes_get_data(content, &len);
    GString *next = g_string_sized_new(len + MASTER_HEX + 2);
    g_string_append_printf(next, "%s\n", line);
    g_string_append_len(next, text, (gssize)len);
    bool ok = replace(path, next, error);
    string_wipe(next);
    return ok;
}

typedef struct {
    const GPtrArray *checks;
    GBytes *content;
    GString *next;
    const char *from; // what is before it stands in `next`
    int kept, removed;
} Keeping;

static bool keep(const RosterKey *key, const char *line, gsize len, void *data)
{
    Keeping *keeping = data;
    bool wanted = false;
    for (guint i = 0; i < keeping->checks->len && !wanted; i++) {
        gsize size = 0;
        const void *check = g_bytes_get_data(keeping->checks->pdata[i], &size);
        wanted = is_of(key, check, size);
    }
    g_string_append_len(keeping->next, keeping->from, line - keeping->from);
    if (wanted)
        g_string_append_len(keeping->next, line, (gssize)len);
    keeping->from = line + len;
    keeping->kept += wanted ? 1 : 0;
    keeping->removed += wanted ? 0 : 1;
    return true;
}

int key_keep(const char *path, const GPtrArray *checks, GError **error)
{
    g_autoptr(GBytes) content = begin(error) ? file_read(path, FILE_BYTES, error) : NULL;
    if (content == NULL)
        return -1;
    gsize len = 0;
    const char *text = g_bytes_get_data(content, &len);
    Keeping keeping = {.checks = checks, .next = g_string_sized_new(len + 1), .from = text};
    bool ok = each_key(path, content, keep, &keeping, error);
    if (ok && keeping.kept == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: none of its keys is needed by a roster there; not changed", path);
        ok = false;
    }
    if (ok && keeping.removed > 0) {
        g_string_append_len(keeping.next, keeping.from, text + len - keeping.from);
        ok = replace(path, keeping.next, error);
    }
    string_wipe(keeping.next);
    return ok ? keeping.removed : -1;
}
