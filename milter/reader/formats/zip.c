// Zip files (APPNOTE 6.3.10) by both of their directories: what only one of them knows is read as well, and told. Stored and deflated
// entries are read here, others by libarchive.
#include "reader/formats/bytes.h"

#include <archive.h>
#include <archive_entry.h>
#include <gio/gio.h>
#include <string.h>

#define ZIP_LOCAL     "PK\003\004"
#define ZIP_CENTRAL   "PK\001\002"
#define ZIP_END       "PK\005\006"
#define ZIP_END64     "PK\006\006"
#define ZIP_LOCATOR   "PK\006\007"
#define ZIP_MARK      "PK\007\010"
#define ZIP_LOCAL_LEN 30u
#define ZIP_REACH     (65535 + 22)
#define ZIP_CHUNK     (64 * 1024)
#define ZIP_UTF8      0x0800u
#define ZIP_LOCKED    0x0001u
#define ZIP_STREAMED  0x0008u
#define ZIP_NAME_MOST 4096u
#define ZIP_END_LEN   22u
#define ZIP_NEVER     G_MAXUINT64

typedef struct {
    char *name;
    guint flags, method;
    guint64 packed, size;
    guint64 local; // where its local header begins
    guint64 data;  // and its bytes
    bool in_central, in_local;
    bool twin; // the local header's word where the central directory says otherwise
} ZipEntry;

struct ZipFile {
    ReaderState *state;
    guint part;
    SniffBytes bytes;
    GArray *entries;    // of ZipEntry
    GHashTable *names;  // lower case -> index + 1
    GHashTable *locals; // offset (gint64*) -> index + 1
    guint64 base;       // what stands before the archive
    bool ended;         // there is an end record
    bool limited;       // more entries than are read
    bool mismatch;
};

static void zip_entry_clear(gpointer data)
{
    g_free(((ZipEntry *)data)->name);
}

static guint64 zip_64(SniffBytes bytes, guint64 at)
{
    return at < bytes.len ? bytes_32(bytes, at) | (guint64)bytes_32(bytes, at + 4) << 32 : 0;
}

static bool zip_is(SniffBytes bytes, guint64 at, const char *magic)
{
    return at <= bytes.len && bytes.len - at >= 4 && memcmp(bytes.data + at, magic, 4) == 0;
}

// ---- names and sizes -------------------------------------------------------------------------------------

// The field `id` of the extra data; len 0 = none.
static SniffBytes zip_extra(SniffBytes extra, guint id)
{
    for (gsize at = 0; bytes_have(extra, at, 4);) {
        gsize len = bytes_16(extra, at + 2);
        if (bytes_16(extra, at) == id)
            return bytes_part(extra, at + 4, len);
        at += 4 + len;
    }
    return (SniffBytes){extra.data, 0};
}

static char *zip_decode(SniffBytes name, guint flags, SniffBytes extra)
{
    SniffBytes unicode = zip_extra(extra, 0x7075);
    if (unicode.len > 5)
        name = bytes_part(unicode, 5, unicode.len);
    gsize len = MIN(name.len, ZIP_NAME_MOST);
    bool plain = (flags & ZIP_UTF8) || g_utf8_validate((const char *)name.data, (gssize)len, NULL);
    return plain ? g_utf8_make_valid((const char *)name.data, (gssize)len)
                 : charset_best(name.data, len, "cp437", NULL);
}

// Sizes and place that stand in the zip64 field, in the order in which the header left them out.
static void zip_large(ZipEntry *entry, SniffBytes extra)
{
    SniffBytes field = zip_extra(extra, 1);
    guint64 *const values[] = {&entry->size, &entry->packed, &entry->local};
    gsize at = 0;
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        if (*values[i] == G_MAXUINT32 && bytes_have(field, at, 8)) {
            *values[i] = zip_64(field, at);
            at += 8;
        }
    }
}

// ---- directories -----------------------------------------------------------------------------------------

static ZipEntry *zip_at(const ZipFile *zip, guint i)
{
    return &g_array_index(zip->entries, ZipEntry, i);
}

static bool zip_add(ZipFile *zip, ZipEntry *entry)
{
    if (zip->entries->len >= (guint)zip->state->limits->archive_entries) {
        format_note(zip->state, zip->part, "archive-limit", "more entries than are read");
        zip->limited = true;
        g_free(entry->name);
        return false;
    }
    g_array_append_val(zip->entries, *entry);
    guint index = zip->entries->len;
    char *key = g_utf8_strdown(entry->name, -1);
    g_strdelimit(key, "\\", '/');
    gint64 *local = g_memdup2(&entry->local, sizeof entry->local);
    if (!g_hash_table_contains(zip->names, key))
        g_hash_table_insert(zip->names, key, GUINT_TO_POINTER(index));
    else
        g_free(key);
    if (!g_hash_table_contains(zip->locals, local))
        g_hash_table_insert(zip->locals, local, GUINT_TO_POINTER(index));
    else
        g_free(local);
    return true;
}

// The end record that is nearest to the end.
static guint64 zip_end(SniffBytes bytes)
{
    guint64 least = bytes.len > ZIP_REACH ? bytes.len - ZIP_REACH : 0;
    for (guint64 at = bytes.len; at-- > least;)
        if (zip_is(bytes, at, ZIP_END) && bytes_have(bytes, at, ZIP_END_LEN))
            return at;
    return ZIP_NEVER;
}

// The zip64 end record that goes with the end record at `end`.
static guint64 zip_end64(SniffBytes bytes, guint64 end)
{
    if (end < 20 || !zip_is(bytes, end - 20, ZIP_LOCATOR))
        return ZIP_NEVER;
    guint64 said = zip_64(bytes, end - 12), usual = end >= 76 ? end - 76 : ZIP_NEVER;
    // Its offset does not count what stands before the archive.
    return zip_is(bytes, usual, ZIP_END64) ? usual : zip_is(bytes, said, ZIP_END64) ? said : ZIP_NEVER;
}

// Where the central directory begins; `*out_count` is how many entries it is said to have, modulo 65536.
static guint64 zip_directory(ZipFile *zip, guint *out_count)
{
    guint64 end = zip_end(zip->bytes);
    zip->ended = end != ZIP_NEVER;
    if (!zip->ended)
        return ZIP_NEVER;
    guint64 size = bytes_32(zip->bytes, end + 12), offset = bytes_32(zip->bytes, end + 16), stop = end;
    guint64 large = zip_end64(zip->bytes, end);
    *out_count = bytes_16(zip->bytes, end + 10);
    if (large != ZIP_NEVER) {
        stop = large;
        *out_count = bytes_16(zip->bytes, large + 32);
        size = zip_64(zip->bytes, large + 40);
        offset = zip_64(zip->bytes, large + 48);
    }
    guint64 begin = stop >= size ? stop - size : ZIP_NEVER;
    if (!zip_is(zip->bytes, begin, ZIP_CENTRAL))
        return offset;
    // What stands before the archive moves it as a whole.
    if (begin > offset)
        zip->base = begin - offset;
    return begin;
}

static void zip_read_central(ZipFile *zip)
{
    guint count = 0, found = 0;
    guint64 at = zip_directory(zip, &count);
    bool room = true;
    while (room && zip_is(zip->bytes, at, ZIP_CENTRAL) && bytes_have(zip->bytes, at, 46)) {
        gsize name = bytes_16(zip->bytes, at + 28), extra = bytes_16(zip->bytes, at + 30);
        SniffBytes more = bytes_part(zip->bytes, at + 46 + name, extra);
        ZipEntry entry = {.flags = bytes_16(zip->bytes, at + 8),
                          .method = bytes_16(zip->bytes, at + 10),
                          .packed = bytes_32(zip->bytes, at + 20),
                          .size = bytes_32(zip->bytes, at + 24),
                          .local = bytes_32(zip->bytes, at + 42),
                          .in_central = true};
        zip_large(&entry, more);
        entry.name = zip_decode(bytes_part(zip->bytes, at + 46, name), entry.flags, more);
        entry.local += zip->base;
        at += 46 + name + extra + bytes_16(zip->bytes, at + 32);
        room = zip_add(zip, &entry);
        found++;
    }
    zip->mismatch |= room && (found & 0xffff) != count;
}

// ---- local headers ---------------------------------------------------------------------------------------

// The first `magic` from `at` on; the end when there is none.
static guint64 zip_seek(SniffBytes bytes, guint64 at, const char *magic)
{
    const guint8 *found = at < bytes.len ? memmem(bytes.data + at, bytes.len - at, magic, 4) : NULL;
    return found != NULL ? (guint64)(found - bytes.data) : bytes.len;
}

// The first header of any kind from `at` on.
static guint64 zip_next(SniffBytes bytes, guint64 at)
{
    static const char *const MAGICS[] = {ZIP_LOCAL, ZIP_CENTRAL, ZIP_MARK, ZIP_END};
    const guint8 *found = NULL;
    while (at < bytes.len && (found = memmem(bytes.data + at, bytes.len - at, "PK", 2)) != NULL) {
        at = (guint64)(found - bytes.data);
        for (guint i = 0; i < G_N_ELEMENTS(MAGICS); i++)
            if (zip_is(bytes, at, MAGICS[i]))
                return at;
        at += 2;
    }
    return bytes.len;
}

// Programs that unpack themselves carry the magic without a header behind it.
static bool zip_plausible(SniffBytes bytes, guint64 at)
{
    guint name = bytes_16(bytes, at + 26), method = bytes_16(bytes, at + 8);
    return bytes_have(bytes, at, ZIP_LOCAL_LEN + name) && name > 0 && bytes.data[at + 4] < 100 &&
           (method <= 20 || (method >= 93 && method <= 99));
}

static ZipEntry zip_local_header(ZipFile *zip, guint64 at)
{
    gsize name = bytes_16(zip->bytes, at + 26), extra = bytes_16(zip->bytes, at + 28);
    SniffBytes more = bytes_part(zip->bytes, at + ZIP_LOCAL_LEN + name, extra);
    ZipEntry entry = {.flags = bytes_16(zip->bytes, at + 6),
                      .method = bytes_16(zip->bytes, at + 8),
                      .packed = bytes_32(zip->bytes, at + 18),
                      .size = bytes_32(zip->bytes, at + 22),
                      .local = at,
                      .data = at + ZIP_LOCAL_LEN + name + extra,
                      .in_local = true};
    zip_large(&entry, more);
    entry.local = at;
    entry.name = zip_decode(bytes_part(zip->bytes, at + ZIP_LOCAL_LEN, name), entry.flags, more);
    return entry;
}

// Holds the central directory's word against the local header's, and keeps both where they differ.
static void zip_compare(ZipFile *zip, guint i, ZipEntry *local)
{
    ZipEntry *central = zip_at(zip, i);
    bool sized = (local->flags & ZIP_STREAMED) == 0;
    bool same = strcmp(central->name, local->name) == 0 && central->method == local->method &&
                ((central->flags ^ local->flags) & ZIP_LOCKED) == 0 &&
                (!sized || (central->packed == local->packed && central->size == local->size));
    central->data = local->data;
    central->in_local = true;
    if (same) {
        g_clear_pointer(&local->name, g_free);
        return;
    }
    zip->mismatch = true;
    local->twin = true;
    if (!sized) {
        local->packed = central->packed;
        local->size = central->size;
    }
    zip_add(zip, local);
}

// Takes the local header at `at` in and moves `at` to the first place where another may be.
static void zip_read_local(ZipFile *zip, guint64 *at)
{
    ZipEntry local = zip_local_header(zip, *at);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(zip->locals, at));
    bool sized = (local.flags & ZIP_STREAMED) == 0;
    // Where directories disagree about a length, headers may stand behind the shorter one.
    guint64 own = sized ? local.packed : ZIP_NEVER;
    guint64 packed = index > 0 ? MIN(zip_at(zip, index - 1)->packed, own) : own;
    guint64 end =
        packed != ZIP_NEVER ? local.data + MIN(packed, zip->bytes.len) : zip_next(zip->bytes, local.data);
    *at = end;
    if (!sized)
        local.packed = end > local.data ? end - local.data : 0;
    if (index > 0)
        zip_compare(zip, index - 1, &local);
    else if (zip_add(zip, &local))
        zip->mismatch = true;
}

// Walks the local headers, wherever they stand: each is known to the central directory, or an entry of its own.
static void zip_read_locals(ZipFile *zip)
{
    guint64 at = zip_seek(zip->bytes, 0, ZIP_LOCAL);
    while (at < zip->bytes.len) {
        bool known = g_hash_table_contains(zip->locals, &at);
        if (known || (!zip->limited && zip_plausible(zip->bytes, at)))
            zip_read_local(zip, &at);
        else
            at += 4;
        at = zip_seek(zip->bytes, at, ZIP_LOCAL);
    }
}

// Entries whose local header the walk did not meet.
static void zip_read_missed(ZipFile *zip)
{
    guint count = zip->entries->len;
    for (guint i = 0; i < count; i++) {
        guint64 at = zip_at(zip, i)->local;
        if (zip_at(zip, i)->in_local)
            continue;
        zip->mismatch = true;
        if (zip_is(zip->bytes, at, ZIP_LOCAL)) {
            ZipEntry local = zip_local_header(zip, at);
            zip_compare(zip, i, &local);
        }
    }
}

static gint zip_by_place(gconstpointer a, gconstpointer b, gpointer data)
{
    const ZipFile *zip = data;
    guint64 one = zip_at(zip, *(const guint *)a)->local, other = zip_at(zip, *(const guint *)b)->local;
    return one < other ? -1 : one > other;
}

// Entries that share bytes make little into much.
static bool zip_overlaps(const ZipFile *zip)
{
    g_autofree guint *order = g_new(guint, zip->entries->len + 1);
    guint count = 0;
    for (guint i = 0; i < zip->entries->len; i++)
        if (zip_at(zip, i)->in_local && !zip_at(zip, i)->twin && zip_at(zip, i)->packed > 0)
            order[count++] = i;
    g_qsort_with_data(order, (gint)count, sizeof *order, zip_by_place, (gpointer)zip);
    bool overlaps = false;
    for (guint i = 1; i < count && !overlaps; i++) {
        const ZipEntry *before = zip_at(zip, order[i - 1]);
        overlaps = before->data + before->packed > zip_at(zip, order[i])->local;
    }
    return overlaps;
}

// ---- the file --------------------------------------------------------------------------------------------

ZipFile *zip_open(ReaderState *state, guint part, SniffBytes bytes)
{
    ZipFile *zip = g_new0(ZipFile, 1);
    zip->state = state;
    zip->part = part;
    zip->bytes = bytes;
    zip->entries = g_array_new(FALSE, TRUE, sizeof(ZipEntry));
    g_array_set_clear_func(zip->entries, zip_entry_clear);
    zip->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    zip->locals = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    zip_read_central(zip);
    zip_read_locals(zip);
    zip_read_missed(zip);
    if (zip->mismatch)
        format_note(state, part, "archive-mismatch", NULL);
    if (!zip->ended)
        format_note(state, part, "damaged", "cut short");
    if (zip_overlaps(zip))
        format_note(state, part, "archive-limit", "entries that lie over each other");
    bool empty = zip->ended && zip->bytes.len == ZIP_END_LEN;
    if (zip->entries->len == 0 && !empty)
        g_clear_pointer(&zip, zip_close);
    return zip;
}

void zip_close(ZipFile *zip)
{
    if (zip == NULL)
        return;
    g_hash_table_unref(zip->names);
    g_hash_table_unref(zip->locals);
    g_array_unref(zip->entries);
    g_free(zip);
}

guint zip_count(const ZipFile *zip)
{
    return zip->entries->len;
}

const char *zip_name(const ZipFile *zip, guint i)
{
    return zip_at(zip, i)->name;
}

bool zip_encrypted(const ZipFile *zip, guint i)
{
    return (zip_at(zip, i)->flags & ZIP_LOCKED) != 0;
}

int zip_find(const ZipFile *zip, const char *name)
{
    g_autofree char *key = g_utf8_strdown(name, -1);
    g_strdelimit(key, "\\", '/');
    return (int)GPOINTER_TO_UINT(g_hash_table_lookup(zip->names, key)) - 1;
}

// ---- bytes -----------------------------------------------------------------------------------------------

// Makes room for `len` more bytes of the entry: false when the budget or `max` says no.
static bool zip_take(ZipFile *zip, GByteArray *out, const void *data, gsize len, gsize max)
{
    bool fits = out->len <= max && len <= max - out->len;
    if (!fits)
        format_note(zip->state, zip->part, "incomplete", "an entry larger than is read");
    bool room = fits && format_afford(zip->state, zip->part, len);
    if (room)
        g_byte_array_append(out, data, (guint)len);
    return room;
}

static bool zip_inflate(ZipFile *zip, SniffBytes packed, GByteArray *out, gsize max)
{
    g_autoptr(GZlibDecompressor) inflate = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW);
    g_autofree guint8 *chunk = g_malloc(ZIP_CHUNK);
    GConverterResult result = packed.len > 0 ? G_CONVERTER_CONVERTED : G_CONVERTER_FINISHED;
    gsize at = 0;
    bool room = true;
    while (room && result == G_CONVERTER_CONVERTED) {
        gsize read = 0, written = 0;
        result = g_converter_convert(G_CONVERTER(inflate), packed.data + at, packed.len - at, chunk,
                                     ZIP_CHUNK, G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
        at += result == G_CONVERTER_ERROR ? 0 : read;
        room = result == G_CONVERTER_ERROR || zip_take(zip, out, chunk, written, max);
    }
    // A reader that goes by the stream would find another entry there.
    if (room && result == G_CONVERTER_FINISHED && at < packed.len)
        format_note(zip->state, zip->part, "archive-mismatch", "bytes behind the end of an entry");
    return !room || result == G_CONVERTER_FINISHED;
}

// bzip2, LZMA, xz and PPMd: libarchive reads the entry from its local header on.
static bool zip_by_library(ZipFile *zip, const ZipEntry *entry, SniffBytes packed, GByteArray *out, gsize max)
{
    gsize from = (gsize)entry->local, len = (gsize)(entry->data - entry->local) + packed.len;
    SniffBytes piece = bytes_part(zip->bytes, from, len + 24);
    struct archive *reader = archive_read_new();
    struct archive_entry *header = NULL;
    bool ok = reader != NULL && archive_read_support_format_zip_streamable(reader) == ARCHIVE_OK &&
              // Wrong sums hide nothing.
              archive_read_set_option(reader, "zip", "ignorecrc32", "1") == ARCHIVE_OK &&
              archive_read_open_memory(reader, piece.data, piece.len) == ARCHIVE_OK &&
              archive_read_next_header(reader, &header) == ARCHIVE_OK;
    g_autofree guint8 *chunk = g_malloc(ZIP_CHUNK);
    la_ssize_t n = ok ? 1 : -1;
    bool room = true;
    while (ok && room && (n = archive_read_data(reader, chunk, ZIP_CHUNK)) > 0)
        room = zip_take(zip, out, chunk, (gsize)n, max);
    if (reader != NULL)
        archive_read_free(reader);
    return !room || n == 0;
}

// False when the entry's bytes are not whole.
static bool zip_unpack(ZipFile *zip, const ZipEntry *entry, SniffBytes packed, GByteArray *out, gsize max)
{
    switch (entry->method) {
    case 0:
        zip_take(zip, out, packed.data, packed.len, max);
        return true;
    case 8:
        return zip_inflate(zip, packed, out, max);
    default:
        return zip_by_library(zip, entry, packed, out, max);
    }
}

static bool zip_method_read(guint method)
{
    return method == 0 || method == 8 || method == 12 || method == 14 || method == 95 || method == 98;
}

GByteArray *zip_extract(ZipFile *zip, guint i, gsize max)
{
    const ZipEntry *entry = zip_at(zip, i);
    g_autoptr(GByteArray) out = g_byte_array_new();
    SniffBytes packed = bytes_part(zip->bytes, MIN(entry->data, zip->bytes.len), entry->packed);
    const char *fact = zip_encrypted(zip, i)             ? "encrypted"
                       : !entry->in_local                ? "damaged"
                       : !zip_method_read(entry->method) ? "unread"
                                                         : NULL;
    if (fact == NULL && (!zip_unpack(zip, entry, packed, out, max) || packed.len < entry->packed))
        fact = "damaged";
    if (fact != NULL)
        format_note(zip->state, zip->part, fact, entry->name);
    return fact == NULL || out->len > 0 ? g_steal_pointer(&out) : NULL;
}
