// Little-endian numbers at places that may lie outside: 0 there. For formats of the 1990s.
#pragma once

#include "reader/formats/formats.h"

static inline bool bytes_have(SniffBytes bytes, gsize at, gsize count)
{
    return at <= bytes.len && count <= bytes.len - at;
}

static inline guint bytes_16(SniffBytes bytes, gsize at)
{
    return bytes_have(bytes, at, 2) ? bytes.data[at] | (guint)bytes.data[at + 1] << 8 : 0;
}

static inline guint32 bytes_32(SniffBytes bytes, gsize at)
{
    return bytes_16(bytes, at) | (guint32)bytes_16(bytes, at + 2) << 16;
}

// The `count` bytes at `at`, fewer where the end comes first.
static inline SniffBytes bytes_part(SniffBytes bytes, gsize at, gsize count)
{
    at = at < bytes.len ? at : bytes.len;
    return (SniffBytes){bytes.data + at, MIN(count, bytes.len - at)};
}

// Appends UTF-16LE (broken surrogates become U+FFFD) or windows-1252 as UTF-8. ole.c
void bytes_utf16(GString *out, SniffBytes bytes);
void bytes_ansi(GString *out, SniffBytes bytes);
