// OLE compound files by libgsf, and what the formats in them share: old character sets, properties, embedded files.
#include "reader/formats/xls.h"

#include <gsf/gsf-doc-meta-data.h>
#include <gsf/gsf-infile-msole.h>
#include <gsf/gsf-input-memory.h>
#include <gsf/gsf-meta-names.h>
#include <gsf/gsf-msole-utils.h>
#include <gsf/gsf-utils.h>
#include <string.h>

#define MOST_ENTRIES 100000

struct OleFile {
    GsfInfile *root;
};

// ---- text ------------------------------------------------------------------------------------------------

void bytes_utf16(GString *out, SniffBytes bytes)
{
    for (gsize i = 0; i + 1 < bytes.len; i += 2) {
        guint unit = bytes_16(bytes, i);
        guint next = bytes_16(bytes, i + 2);
        if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000 && i + 3 < bytes.len) {
            g_string_append_unichar(out, 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
            i += 2;
        } else if (unit >= 0xd800 && unit < 0xe000) {
            g_string_append_unichar(out, 0xfffd);
        } else if (unit != 0) {
            g_string_append_unichar(out, unit);
        }
    }
}

void bytes_ansi(GString *out, SniffBytes bytes)
{
    static const gunichar HIGH[32] = {0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                      0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
                                      0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                      0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    for (gsize i = 0; i < bytes.len; i++) {
        guint8 c = bytes.data[i];
        if (c != 0)
            g_string_append_unichar(out, c >= 0x80 && c < 0xa0 ? HIGH[c - 0x80] : c);
    }
}

// ---- the file --------------------------------------------------------------------------------------------

OleFile *ole_open(SniffBytes bytes)
{
    gsf_init();
    GsfInput *input = gsf_input_memory_new(bytes.data, (gsf_off_t)bytes.len, FALSE);
    GsfInfile *root = input != NULL ? gsf_infile_msole_new(input, NULL) : NULL;
    g_clear_object(&input);
    if (root == NULL)
        return NULL;
    OleFile *ole = g_new0(OleFile, 1);
    ole->root = root;
    return ole;
}

void ole_close(OleFile *ole)
{
    if (ole == NULL)
        return;
    g_object_unref(ole->root);
    g_free(ole);
}

// The storage or stream at `path`; NULL = none.
static GsfInput *ole_walk(OleFile *ole, const char *path)
{
    GsfInput *at = g_object_ref(GSF_INPUT(ole->root));
    g_auto(GStrv) steps = g_strsplit(path, "/", -1);
    for (guint i = 0; at != NULL && steps[i] != NULL; i++) {
        if (*steps[i] == '\0')
            continue;
        GsfInput *next = GSF_IS_INFILE(at) ? gsf_infile_child_by_name(GSF_INFILE(at), steps[i]) : NULL;
        g_object_unref(at);
        at = next;
    }
    return at;
}

GByteArray *ole_stream(OleFile *ole, const char *path, gsize max)
{
    GsfInput *stream = ole_walk(ole, path);
    GByteArray *bytes = NULL;
    gsf_off_t size = stream != NULL ? gsf_input_size(stream) : -1;
    bool storage = stream != NULL && GSF_IS_INFILE(stream) && gsf_infile_num_children(GSF_INFILE(stream)) > 0;
    if (size >= 0 && !storage) {
        gsize take = MIN((gsize)size, max);
        bytes = g_byte_array_sized_new((guint)take);
        g_byte_array_set_size(bytes, (guint)take);
        if (take > 0 && gsf_input_read(stream, take, bytes->data) == NULL)
            g_byte_array_set_size(bytes, 0);
    }
    g_clear_object(&stream);
    return bytes;
}

GPtrArray *ole_list(OleFile *ole, const char *path)
{
    GsfInput *storage = ole_walk(ole, path);
    GPtrArray *names = NULL;
    if (storage != NULL && GSF_IS_INFILE(storage)) {
        int count = MIN(gsf_infile_num_children(GSF_INFILE(storage)), MOST_ENTRIES);
        names = g_ptr_array_new_with_free_func(g_free);
        for (int i = 0; i < count; i++) {
            const char *name = gsf_infile_name_by_index(GSF_INFILE(storage), i);
            if (name != NULL)
                g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_clear_object(&storage);
    return names;
}

bool ole_has(OleFile *ole, const char *path)
{
    GsfInput *at = ole_walk(ole, path);
    bool has = at != NULL;
    g_clear_object(&at);
    return has;
}

// ---- properties ------------------------------------------------------------------------------------------

typedef struct {
    ReaderState *state;
    guint part;
} OleTarget;

static void ole_property(gpointer key, gpointer value, gpointer data)
{
    const OleTarget *target = data;
    const GValue *what = gsf_doc_prop_get_val(value);
    if (what != NULL && G_VALUE_HOLDS_STRING(what))
        format_metadata(target->state, target->part, key, g_value_get_string(what));
}

void ole_metadata(ReaderState *state, guint part, OleFile *ole)
{
    static const char *const STREAMS[] = {"\005SummaryInformation", "\005DocumentSummaryInformation"};
    for (guint i = 0; i < G_N_ELEMENTS(STREAMS); i++) {
        GsfInput *stream = ole_walk(ole, STREAMS[i]);
        GsfDocMetaData *meta = gsf_doc_meta_data_new();
        // An error here is a property set that breaks off: what came before it is in `meta`.
        GError *ignored = stream != NULL ? gsf_doc_meta_data_read_from_msole(meta, stream) : NULL;
        OleTarget target = {state, part};
        gsf_doc_meta_data_foreach(meta, ole_property, &target);
        g_clear_error(&ignored);
        g_object_unref(meta);
        g_clear_object(&stream);
    }
}

// ---- what is embedded ------------------------------------------------------------------------------------

// An "Ole10Native" stream: size, type, label, path, ..., size, the file.
static void ole_native(ReaderState *state, guint part, SniffBytes bytes)
{
    gsize at = 6;
    const char *label = bytes_have(bytes, at, 1) ? (const char *)bytes.data + at : NULL;
    gsize len = label != NULL ? strnlen(label, bytes.len - at) : 0;
    g_autofree char *name = len > 0 && at + len < bytes.len ? charset_best(label, len, NULL, NULL) : NULL;
    for (guint text = 0; text < 2 && at < bytes.len; text++)
        at += strnlen((const char *)bytes.data + at, bytes.len - at) + 1;
    at += 4;
    at += 4 + bytes_32(bytes, at);
    gsize size = bytes_32(bytes, at);
    SniffBytes file = bytes_part(bytes, at + 4, size);
    if (file.len > 0)
        format_inside(state, part, name != NULL ? name : "object", "", file.data, file.len);
    else
        format_inside(state, part, "object", "", bytes.data, bytes.len);
}

void ole_object(ReaderState *state, guint part, OleFile *ole, const char *storage)
{
    static const struct {
        const char *stream, *name;
    } KINDS[] = {{"\001Ole10Native", NULL}, {"Package", "package"}, {"CONTENTS", "contents"}};
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        g_autofree char *path = g_strconcat(storage, "/", KINDS[i].stream, NULL);
        g_autoptr(GByteArray) bytes = ole_stream(ole, path, (gsize)state->limits->archive_bytes);
        if (bytes == NULL || bytes->len == 0 || !format_afford(state, part, bytes->len))
            continue;
        format_note(state, part, "embedded-file", NULL);
        if (KINDS[i].name == NULL)
            ole_native(state, part, (SniffBytes){bytes->data, bytes->len});
        else
            format_inside(state, part, KINDS[i].name, "", bytes->data, bytes->len);
    }
}

void ole_objects(ReaderState *state, guint part, OleFile *ole, const char *storage)
{
    g_autoptr(GPtrArray) names = ole_list(ole, storage);
    for (guint i = 0; names != NULL && i < names->len && i < (guint)state->limits->archive_entries; i++) {
        g_autofree char *path = g_strconcat(storage, "/", names->pdata[i], NULL);
        ole_object(state, part, ole, path);
    }
}

void ole_macros(ReaderState *state, guint part, OleFile *ole)
{
    static const char *const STORAGES[] = {"Macros", "_VBA_PROJECT_CUR", "VBA"};
    for (guint i = 0; i < G_N_ELEMENTS(STORAGES); i++)
        if (ole_has(ole, STORAGES[i]))
            format_note(state, part, "macros", NULL);
}

// ---- pictures --------------------------------------------------------------------------------------------

static gsize ole_mark(SniffBytes bytes, gsize at, const char *mark, gsize len)
{
    const guint8 *end = at < bytes.len ? memmem(bytes.data + at, bytes.len - at, mark, len) : NULL;
    return end != NULL ? (gsize)(end - bytes.data) + len : bytes.len;
}

// By its segments: a thumbnail in one of them has an end mark of its own.
static gsize ole_jpeg_end(SniffBytes bytes, gsize at)
{
    gsize i = at + 2;
    while (bytes_have(bytes, i, 4) && bytes.data[i] == 0xff && bytes.data[i + 1] != 0xda)
        i += 2 + ((gsize)bytes.data[i + 2] << 8 | bytes.data[i + 3]);
    return ole_mark(bytes, i, "\xff\xd9", 2);
}

static gsize ole_png_end(SniffBytes bytes, gsize at)
{
    return ole_mark(bytes, at, "IEND\xae\x42\x60\x82", 8);
}

void ole_pictures(ReaderState *state, guint part, SniffBytes bytes)
{
    guint count = 0;
    for (gsize at = 0; at + 8 < bytes.len && count < (guint)state->limits->pictures;) {
        bool png = memcmp(bytes.data + at, "\x89PNG\r\n\x1a\n", 8) == 0;
        bool jpeg = !png && memcmp(bytes.data + at, "\xff\xd8\xff", 3) == 0;
        if (!png && !jpeg) {
            at++;
            while (at < bytes.len && bytes.data[at] != 0x89 && bytes.data[at] != 0xff)
                at++;
            continue;
        }
        gsize end = png ? ole_png_end(bytes, at) : ole_jpeg_end(bytes, at);
        g_autofree char *name = g_strdup_printf("picture %u", ++count);
        if (!format_afford(state, part, end - at) ||
            !format_inside(state, part, name, png ? "image/png" : "image/jpeg", bytes.data + at, end - at))
            break;
        at = end;
    }
}
