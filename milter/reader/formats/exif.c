// EXIF: what people write about a picture, and where it was taken.
#include "reader/formats/picture.h"

#include <libexif/exif-data.h>
#include <string.h>

#define EXIF_VALUE 16384 // bytes of one value

static void exif_text(ReaderState *state, guint part, ExifData *data, ExifIfd ifd, ExifTag tag,
                      const char *name)
{
    ExifEntry *entry = exif_content_get_entry(data->ifd[ifd], tag);
    if (entry == NULL)
        return;
    g_autofree char *value = g_malloc0(EXIF_VALUE);
    if (exif_entry_get_value(entry, value, EXIF_VALUE) != NULL)
        format_metadata(state, part, name, g_strstrip(value));
}

static int exif_orientation(ExifData *data)
{
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == NULL || entry->format != EXIF_FORMAT_SHORT || entry->size < 2)
        return 1;
    return exif_get_short(entry->data, exif_data_get_byte_order(data));
}

int exif_read(ReaderState *state, guint part, SniffBytes tiff)
{
    static const struct {
        ExifIfd ifd;
        ExifTag tag;
        const char *name;
    } TEXTS[] = {
        {EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION, "description"},
        {EXIF_IFD_0, EXIF_TAG_ARTIST, "artist"},
        {EXIF_IFD_0, EXIF_TAG_COPYRIGHT, "copyright"},
        {EXIF_IFD_0, EXIF_TAG_DOCUMENT_NAME, "document"},
        {EXIF_IFD_0, EXIF_TAG_XP_TITLE, "title"},
        {EXIF_IFD_0, EXIF_TAG_XP_COMMENT, "comment"},
        {EXIF_IFD_0, EXIF_TAG_XP_AUTHOR, "author"},
        {EXIF_IFD_0, EXIF_TAG_XP_KEYWORDS, "keywords"},
        {EXIF_IFD_0, EXIF_TAG_XP_SUBJECT, "subject"},
        {EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT, "comment"},
    };
    g_autofree guint8 *block = g_malloc(tiff.len + 6);
    memcpy(block, "Exif\0\0", 6);
    memcpy(block + 6, tiff.data, tiff.len);
    ExifData *data = exif_data_new_from_data(block, (guint)(tiff.len + 6));
    if (data == NULL)
        return 1;
    for (guint i = 0; i < G_N_ELEMENTS(TEXTS); i++)
        exif_text(state, part, data, TEXTS[i].ifd, TEXTS[i].tag, TEXTS[i].name);
    if (exif_content_get_entry(data->ifd[EXIF_IFD_GPS], EXIF_TAG_GPS_LATITUDE) != NULL)
        format_note(state, part, "gps", NULL);
    int orientation = exif_orientation(data);
    exif_data_unref(data);
    return orientation;
}
