// Signed and encrypted content: OpenPGP armour and packets, CMS (S/MIME).
#include "reader/sniff.h"

#include <string.h>

#define PGP_BEGIN "-----BEGIN PGP "

static const guint8 *sniff_skip_blank(SniffBytes bytes)
{
    const guint8 *at = bytes.data, *end = bytes.data + bytes.len;
    if (SNIFF_HAS(bytes, 0, "\xef\xbb\xbf"))
        at += 3;
    while (at < end && g_ascii_isspace(*at))
        at++;
    return at;
}

bool sniff_pgp_inside(SniffBytes text)
{
    static const char begin[] = PGP_BEGIN "MESSAGE";
    const guint8 *at = text.data, *end = text.data + text.len;
    while (at < end && (at = memmem(at, end - at, begin, sizeof(begin) - 1))) {
        if (at == text.data || at[-1] == '\n' || at[-1] == '\r')
            return true;
        at += sizeof(begin) - 1;
    }
    return false;
}

static bool sniff_pgp_armour(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    const guint8 *at = sniff_skip_blank(bytes);
    SniffBytes rest = {at, bytes.data + bytes.len - at};
    if (SNIFF_HAS(rest, 0, PGP_BEGIN "MESSAGE")) {
        *out_class = SNIFF_ENCRYPTED;
        *out_type = "application/pgp-encrypted";
        return true;
    }
    if (SNIFF_HAS(rest, 0, PGP_BEGIN "SIGNATURE")) {
        *out_class = SNIFF_SIGNATURE;
        *out_type = "application/pgp-signature";
        return true;
    }
    if (SNIFF_HAS(rest, 0, PGP_BEGIN "PUBLIC KEY BLOCK") ||
        SNIFF_HAS(rest, 0, "-----BEGIN CERTIFICATE-----")) {
        *out_class = SNIFF_SIGNATURE;
        *out_type = "application/pgp-keys";
        return true;
    }
    return false;
}

// Length of an OpenPGP packet's header, 0 when it has none that is whole. RFC 9580 section 4.2.
static gsize sniff_pgp_packet(SniffBytes bytes, guint *out_tag)
{
    if (bytes.len < 6 || !(bytes.data[0] & 0x80))
        return 0;
    bool modern = bytes.data[0] & 0x40;
    *out_tag = modern ? bytes.data[0] & 0x3f : (bytes.data[0] >> 2) & 0x0f;
    if (modern)
        return bytes.data[1] < 192 || bytes.data[1] >= 224 ? 2 : bytes.data[1] < 224 ? 3 : 6;
    static const guint8 old[] = {2, 3, 5, 1};
    return old[bytes.data[0] & 3];
}

// Binary OpenPGP has no magic: believed only for the packets a message begins with and their version byte.
static bool sniff_pgp_binary(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    guint tag = 0;
    gsize head = sniff_pgp_packet(bytes, &tag);
    if (!head || head >= bytes.len)
        return false;
    guint8 version = bytes.data[head];
    bool session = tag == 1 && version == 3 && bytes.len > 64 && bytes.data[head + 9] <= 25;
    bool symmetric = tag == 3 && version == 4 && bytes.len > 16 && bytes.data[head + 1] <= 13;
    bool sealed = tag == 18 && version == 1 && (bytes.data[0] & 0x40);
    *out_class = SNIFF_ENCRYPTED;
    *out_type = "application/pgp-encrypted";
    return session || symmetric || sealed;
}

bool sniff_crypt(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    if (sniff_pgp_armour(bytes, out_class, out_type))
        return true;
    switch (cms_read(bytes, NULL)) {
    case CMS_SIGNED:
        *out_class = SNIFF_DOCUMENT;
        *out_type = "application/pkcs7-mime";
        return true;
    case CMS_SIGNED_DETACHED:
        *out_class = SNIFF_SIGNATURE;
        *out_type = "application/pkcs7-signature";
        return true;
    case CMS_ENCRYPTED:
        *out_class = SNIFF_ENCRYPTED;
        *out_type = "application/pkcs7-mime";
        return true;
    case CMS_OTHER:
        *out_class = SNIFF_DOCUMENT;
        *out_type = "application/cms";
        return true;
    case CMS_NONE:
        break;
    }
    return sniff_pgp_binary(bytes, out_class, out_type);
}
