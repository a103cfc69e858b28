// Cryptographic Message Syntax (RFC 5652), just far enough to take the content out of a SignedData and to
// know an EnvelopedData when it stands there. DER and BER, definite and indefinite lengths; every step stays
// inside the bytes.
#include "reader/sniff.h"

#include <string.h>

#define CMS_SEGMENTS 1000000 // pieces of a constructed octet string

typedef struct {
    guint8 tag;
    bool indefinite;
    SniffBytes value; // to the end of what is there for an indefinite length
} CmsItem;

// Takes one identifier and length off the front of `bytes`. False at their end or when they are malformed. A
// length past the end is cut: a truncated structure still shows what it holds.
static bool cms_item(SniffBytes *bytes, CmsItem *out)
{
    if (bytes->len < 2 || (bytes->data[0] & 0x1f) == 0x1f)
        return false;
    out->tag = bytes->data[0];
    gsize len = bytes->data[1], head = 2;
    out->indefinite = len == 0x80;
    if (len > 0x80) {
        gsize count = len & 0x7f;
        if (count > sizeof(gsize) || bytes->len < 2 + count)
            return false;
        for (len = 0; count--;)
            len = len << 8 | bytes->data[head++];
    }
    gsize rest = bytes->len - head;
    out->value = (SniffBytes){bytes->data + head, out->indefinite ? rest : MIN(len, rest)};
    gsize taken = out->indefinite ? head : head + out->value.len;
    *bytes = (SniffBytes){bytes->data + taken, bytes->len - taken};
    return true;
}

static bool cms_enter(SniffBytes *bytes, guint8 tag)
{
    SniffBytes rest = *bytes;
    CmsItem item;
    if (!cms_item(&rest, &item) || item.tag != tag)
        return false;
    *bytes = item.value;
    return true;
}

// Passes over one item; only primitive ones and definite lengths can be passed without looking inside, and a
// set of algorithms in BER may be indefinite: its end is found by counting.
static bool cms_skip(SniffBytes *bytes, guint8 tag)
{
    CmsItem item;
    if (!cms_item(bytes, &item) || item.tag != tag)
        return false;
    for (gsize open = item.indefinite ? 1 : 0; open;) {
        if (!cms_item(bytes, &item))
            return false;
        if (item.indefinite)
            open++;
        else if (!item.tag && !item.value.len)
            open--;
    }
    return true;
}

// The octets of a string that may be cut into segments, nested to any depth. Runs flat: what is constructed
// is entered, what is primitive is taken, the end-of-contents pairs are passed over; a definite constructed
// string ends by length.
static void cms_octets(SniffBytes bytes, GByteArray *content)
{
    CmsItem item;
    guint open = 0;
    for (guint n = 0; n < CMS_SEGMENTS && cms_item(&bytes, &item); n++) {
        if (!item.tag && !item.value.len) {
            if (open <= 1)
                break;
            open--;
        } else if (item.tag == 0x24 && item.indefinite) {
            open++;
        } else if (item.tag == 0x24 && n == 0) {
            bytes = item.value;
        } else if (item.tag == 0x24) {
            SniffBytes inner = item.value;
            for (CmsItem piece; cms_item(&inner, &piece) && piece.tag == 0x04;)
                g_byte_array_append(content, piece.value.data, piece.value.len);
        } else if (item.tag == 0x04) {
            g_byte_array_append(content, item.value.data, item.value.len);
            if (n == 0)
                break;
        } else {
            break;
        }
    }
}

static CmsKind cms_signed(SniffBytes bytes, GByteArray *content)
{
    // [0] { SignedData { version, digestAlgorithms, encapContentInfo { type, [0] content } } }
    if (!cms_enter(&bytes, 0xa0) || !cms_enter(&bytes, 0x30) || !cms_skip(&bytes, 0x02) ||
        !cms_skip(&bytes, 0x31) || !cms_enter(&bytes, 0x30) || !cms_skip(&bytes, 0x06))
        return CMS_OTHER;
    if (!cms_enter(&bytes, 0xa0))
        return CMS_SIGNED_DETACHED;
    if (content)
        cms_octets(bytes, content);
    return CMS_SIGNED;
}

CmsKind cms_read(SniffBytes bytes, GByteArray *content)
{
    static const char pkcs7[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07",
                      ct[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01";
    CmsItem oid;
    if (!cms_enter(&bytes, 0x30) || !cms_item(&bytes, &oid) || oid.tag != 0x06)
        return CMS_NONE;
    if (oid.value.len == sizeof(pkcs7) && SNIFF_HAS(oid.value, 0, pkcs7)) {
        switch (oid.value.data[sizeof(pkcs7) - 1]) {
        case 2:
            return cms_signed(bytes, content);
        case 3: // enveloped
        case 4: // signed and enveloped
        case 6: // encrypted
            return CMS_ENCRYPTED;
        default:
            return CMS_OTHER;
        }
    }
    if (oid.value.len == sizeof(ct) && SNIFF_HAS(oid.value, 0, ct))
        return oid.value.data[sizeof(ct) - 1] == 23 ? CMS_ENCRYPTED : CMS_OTHER;
    return CMS_NONE;
}
