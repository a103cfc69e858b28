#include "archive/internal.h"

#include <string.h>

// Field offsets and lengths of a ustar header.
enum {
    NAME_AT = 0,
    NAME_LEN = 100,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    MTIME_AT = 136,
    NUMBER_LEN = 12,
    SUM_AT = 148,
    SUM_LEN = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345
};
static const char MAGIC[] = "ustar\00000"; // with its version

static const char *const SUFFIX[] = {[MEMBER_JSON] = ".json",
                                     [MEMBER_EML] = ".eml",
                                     [MEMBER_LEAF] = ".leaf",
                                     [MEMBER_SEALED_JSON] = ".json.zst.gcm",
                                     [MEMBER_SEALED_EML] = ".eml.zst.gcm"};

const char *tar_suffix(MemberKind kind)
{
    return SUFFIX[kind];
}

guint64 tar_padding(guint64 size)
{
    return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

// The sum over the header with its own field taken as blanks.
static unsigned header_sum(const guint8 block[TAR_BLOCK])
{
    unsigned sum = 0;
    for (int i = 0; i < TAR_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : block[i];
    return sum;
}

void tar_header(guint8 out[TAR_BLOCK], const TarMember *member, int64_t mtime_s)
{
    char *field = (char *)out;
    memset(out, 0, TAR_BLOCK);
    g_snprintf(field + NAME_AT, NAME_LEN, "%s%s", member->id, SUFFIX[member->kind]);
    g_snprintf(field + MODE_AT, 8, "%07o", 0440);
    g_snprintf(field + UID_AT, 8, "%07o", 0);
    g_snprintf(field + GID_AT, 8, "%07o", 0);
    g_snprintf(field + SIZE_AT, NUMBER_LEN, "%011" G_GINT64_MODIFIER "o", member->size);
    g_snprintf(field + MTIME_AT, NUMBER_LEN, "%011" G_GINT64_MODIFIER "o", (guint64)MAX(mtime_s, 0));
    out[TYPE_AT] = '0';
    memcpy(out + MAGIC_AT, MAGIC, 8);
    g_snprintf(field + SUM_AT, SUM_LEN - 1, "%06o", header_sum(out));
    out[SUM_AT + SUM_LEN - 1] = ' ';
}

static bool parse_octal(const guint8 *field, int len, guint64 *out)
{
    int i = 0;
    *out = 0;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out << 3 | (guint64)(field[i] - '0');
    return i > 0 && i <= 11 && (i == len || field[i] == '\0' || field[i] == ' ');
}

static bool parse_name(const guint8 *field, TarMember *out)
{
    char name[NAME_LEN + 1] = "";
    memcpy(name, field, NAME_LEN);
    if (name[0] == '\0' || strlen(name) < ULID_LEN + 1)
        return false;
    memcpy(out->id, name, ULID_LEN);
    out->id[ULID_LEN] = '\0';
    bool known = false;
    for (guint kind = 0; kind < G_N_ELEMENTS(SUFFIX) && !known; kind++) {
        known = strcmp(name + ULID_LEN, SUFFIX[kind]) == 0;
        out->kind = (MemberKind)kind;
    }
    return known && ulid_parse(out->id, NULL);
}

const char *tar_parse(const guint8 block[TAR_BLOCK], TarMember *out_member)
{
    guint64 sum;
    if (memcmp(block + MAGIC_AT, MAGIC, 8) != 0 || !parse_octal(block + SUM_AT, SUM_LEN, &sum) ||
        sum != header_sum(block))
        return "no tar header where one must be";
    if (!parse_octal(block + SIZE_AT, NUMBER_LEN, &out_member->size))
        return "tar header with a malformed size";
    if (block[TYPE_AT] == 'x') {
        out_member->kind = MEMBER_EXTENDED;
        return NULL;
    }
    if (block[TYPE_AT] != '0' || block[PREFIX_AT] != '\0' || !parse_name(block + NAME_AT, out_member))
        return "tar member that is no record";
    return NULL;
}
