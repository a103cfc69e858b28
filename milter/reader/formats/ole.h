// What the formats in OLE compound files share (ole.c).
#pragma once

#include "reader/formats/bytes.h"

bool ole_has(OleFile *ole, const char *path);
// Title, author and the like.
void ole_metadata(ReaderState *state, guint part, OleFile *ole);
// Files embedded in the storages below `storage` ("ObjectPool").
void ole_objects(ReaderState *state, guint part, OleFile *ole, const char *storage);
void ole_macros(ReaderState *state, guint part, OleFile *ole);
// PNG and JPEG pictures wherever they stand in `bytes`.
void ole_pictures(ReaderState *state, guint part, SniffBytes bytes);
// "Compressed RTF" of MAPI (MS-OXRTFCP); NULL when it is none. lzfu.c
GByteArray *lzfu_decompress(SniffBytes bytes, gsize max);
