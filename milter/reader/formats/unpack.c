// Archives: zip by its own reader, the others by libarchive as streams. Every entry becomes a part and is read as what it is; names
// are only text.
#include "reader/formats/bytes.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#define UNPACK_CHUNK (64 * 1024)
#define UNPACK_EMPTY 64 // bytes of an archive of nothing

static void unpack_name(ReaderState *state, guint part, const char *name)
{
    format_text(state, part, ORIGIN_FILENAME, VISIBILITY_SHOWN, NULL, name, strlen(name));
}

// ---- zip -------------------------------------------------------------------------------------------------

static void unpack_zip(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(ZipFile) zip = zip_open(state, part, bytes);
    bool going = true;
    if (zip == NULL)
        format_fail(state, part, "damaged", "no entries");
    for (guint i = 0; zip != NULL && going && i < zip_count(zip); i++) {
        const char *name = zip_name(zip, i);
        unpack_name(state, part, name);
        g_autoptr(GByteArray) inside = zip_extract(zip, i, G_MAXINT32);
        bool folder = g_str_has_suffix(name, "/") && (inside == NULL || inside->len == 0);
        if (inside != NULL && !folder)
            going = format_inside(state, part, name, "", inside->data, inside->len);
    }
}

// ---- others ----------------------------------------------------------------------------------------------

typedef struct {
    ReaderState *state;
    guint part;
    struct archive *archive;
    bool raw;    // one packed file without entries of its own (gzip)
    bool locked; // as a whole
    bool opened;
} Unpack;

// Packings of one file, which may be an archive.
static bool unpack_is_packing(const char *type)
{
    static const char *const TYPES[] = {"application/gzip",       "application/x-bzip2", "application/x-xz",
                                        "application/x-compress", "application/x-lzip",  "application/x-lz4",
                                        "application/zstd"};
    bool found = false;
    for (guint i = 0; i < G_N_ELEMENTS(TYPES) && !found; i++)
        found = strcmp(type, TYPES[i]) == 0;
    return found;
}

typedef int (*UnpackSupport)(struct archive *);

// Until a NULL.
static bool unpack_support(struct archive *archive, const UnpackSupport *supports)
{
    bool ok = archive != NULL;
    for (guint i = 0; ok && supports[i] != NULL; i++)
        ok = supports[i](archive) == ARCHIVE_OK;
    return ok;
}

// Opens the archive, or the packed file with what is in it: an archive of a kind that streams, unless `plain`, or one file.
// Not "all" filters: some start other programs.
static bool unpack_open(Unpack *unpack, SniffBytes bytes, bool plain)
{
    static const UnpackSupport FILTERS[] = {
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
        archive_read_support_filter_xz,   archive_read_support_filter_lzip,
        archive_read_support_filter_zstd, archive_read_support_filter_lz4,
        archive_read_support_filter_lzma, archive_read_support_filter_compress,
        archive_read_support_format_raw,  NULL};
    static const UnpackSupport STREAMS[] = {archive_read_support_format_tar, archive_read_support_format_cpio,
                                            NULL};
    static const UnpackSupport FORMATS[] = {archive_read_support_format_tar, archive_read_support_format_7zip,
                                            archive_read_support_format_rar, archive_read_support_format_rar5,
                                            archive_read_support_format_cab, NULL};
    const Part *info = unpack->state->message->parts->pdata[unpack->part];
    bool packing = unpack_is_packing(info->sniffed);
    struct archive *archive = unpack->archive = archive_read_new();
    return unpack_support(archive, packing ? FILTERS : FORMATS) &&
           (!packing || plain || unpack_support(archive, STREAMS)) &&
           archive_read_open_memory(archive, bytes.data, bytes.len) == ARCHIVE_OK;
}

// The entry's bytes within the budget. `*out_whole` tells that nothing is missing; `*out_room` that there is room for more.
static GByteArray *unpack_bytes(Unpack *unpack, bool *out_whole, bool *out_room)
{
    GByteArray *out = g_byte_array_new();
    g_autofree guint8 *chunk = g_malloc(UNPACK_CHUNK);
    la_ssize_t n = 0;
    *out_room = true;
    while (*out_room && (n = archive_read_data(unpack->archive, chunk, UNPACK_CHUNK)) > 0) {
        *out_room = format_afford(unpack->state, unpack->part, (gsize)n);
        if (*out_room)
            g_byte_array_append(out, chunk, (guint)n);
    }
    *out_whole = n == 0;
    return out;
}

// What a packed file without a name of its own is called: as the outer one, without its last suffix.
static char *unpack_outer_name(const Unpack *unpack)
{
    const Part *info = unpack->state->message->parts->pdata[unpack->part];
    const char *dot = info->name != NULL ? strrchr(info->name, '.') : NULL;
    return dot != NULL && dot > info->name ? g_strndup(info->name, (gsize)(dot - info->name))
                                           : g_strdup("data");
}

// The name that stands inside; NULL when there is none.
static char *unpack_inner_name(const Unpack *unpack, struct archive_entry *entry)
{
    const char *utf8 = archive_entry_pathname_utf8(entry), *raw = archive_entry_pathname(entry);
    if (unpack->raw && (raw == NULL || strcmp(raw, "data") == 0))
        return NULL;
    return utf8 != NULL  ? g_utf8_make_valid(utf8, -1)
           : raw != NULL ? charset_best(raw, strlen(raw), NULL, NULL)
                         : g_strdup("?");
}

// Says why the archive could not be read on.
static void unpack_broken(const Unpack *unpack, const char *name)
{
    struct archive *archive = unpack->archive;
    // libarchive goes through a wild pointer when it is asked of an archive that did not open.
    bool locked = unpack->locked || (unpack->opened && archive_read_has_encrypted_entries(archive) == 1);
    bool memory = archive == NULL || archive_errno(archive) == ENOMEM;
    const char *why = archive != NULL ? archive_error_string(archive) : NULL;
    g_autofree char *valid = g_utf8_make_valid(why != NULL ? why : "breaks off", -1);
    g_autofree char *detail = name != NULL ? g_strdup_printf("%s: %s", name, valid) : g_strdup(valid);
    format_note(unpack->state, unpack->part,
                locked   ? "encrypted"
                : memory ? "archive-limit"
                         : "damaged",
                detail);
}

static bool unpack_entry(Unpack *unpack, struct archive_entry *entry)
{
    g_autofree char *inner = unpack_inner_name(unpack, entry);
    g_autofree char *name = inner != NULL ? g_strdup(inner) : unpack_outer_name(unpack);
    bool whole = true, room = true;
    if (inner != NULL)
        unpack_name(unpack->state, unpack->part, inner);
    if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0)
        return true;
    if (archive_entry_is_encrypted(entry)) {
        format_note(unpack->state, unpack->part, "encrypted", name);
        return true;
    }
    g_autoptr(GByteArray) inside = unpack_bytes(unpack, &whole, &room);
    if (!whole && room)
        unpack_broken(unpack, name);
    return format_inside(unpack->state, unpack->part, name, "", inside->data, inside->len) && room;
}

// Returns how many entries there were; `*out_whole` tells that nothing stopped it before the end.
static guint unpack_entries(Unpack *unpack, SniffBytes bytes, bool plain, bool *out_whole)
{
    struct archive_entry *entry = NULL;
    unpack->opened = unpack_open(unpack, bytes, plain);
    int result = unpack->opened ? ARCHIVE_OK : ARCHIVE_FATAL;
    bool room = true;
    guint count = 0;
    while (room && (result == ARCHIVE_OK || result == ARCHIVE_WARN)) {
        result = archive_read_next_header(unpack->archive, &entry);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            break;
        unpack->raw = archive_format(unpack->archive) == ARCHIVE_FORMAT_RAW;
        // No filter knew it, and it would be taken for its own content for ever.
        if (unpack->raw && archive_filter_code(unpack->archive, 0) == ARCHIVE_FILTER_NONE)
            break;
        room = unpack_entry(unpack, entry);
        count++;
    }
    *out_whole = result == ARCHIVE_EOF;
    if (room && result != ARCHIVE_EOF)
        unpack_broken(unpack, NULL);
    if (unpack->archive != NULL)
        archive_read_free(unpack->archive);
    unpack->archive = NULL;
    return count;
}

static void unpack_stream(ReaderState *state, guint part, SniffBytes bytes)
{
    Unpack unpack = {.state = state, .part = part};
    Part *info = state->message->parts->pdata[part];
    SniffClass cls = SNIFF_DOCUMENT;
    const char *type = NULL;
    bool whole = false;
    unpack.locked = sniff_container(bytes, &cls, &type) && cls == SNIFF_ENCRYPTED;
    guint count = unpack_entries(&unpack, bytes, false, &whole);
    // Zeros are taken for the end of a tar, and something may stand behind them.
    if (count == 0 && whole && unpack_is_packing(info->sniffed))
        count = unpack_entries(&unpack, bytes, true, &whole);
    if (count == 0 && whole && bytes.len > UNPACK_EMPTY)
        format_fail(state, part, "damaged", "no entries");
    else if (count == 0 && !whole)
        info->state = PART_FAILED;
}

static bool unpack_is_zip(const char *type)
{
    return strcmp(type, "application/zip") == 0 || strcmp(type, "application/java-archive") == 0 ||
           strcmp(type, "application/vnd.android.package-archive") == 0;
}

void unpack_read(ReaderState *state, guint part, SniffBytes bytes)
{
    ((Part *)state->message->parts->pdata[part])->state = PART_CONTAINER;
    if (unpack_is_zip(((const Part *)state->message->parts->pdata[part])->sniffed))
        unpack_zip(state, part, bytes);
    else
        unpack_stream(state, part, bytes);
}
