// What people and RFC 8493 want to read beside the records.
#include "bag/internal.h"

#include <string.h>

// ---- bag-info.txt ----------------------------------------------------------------------------------------

static void put_label(GString *out, const char *label, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_autofree char *line = g_strdup(text);
    for (char *at = line; *at != '\0'; at++)
        *at = g_ascii_iscntrl(*at) ? ' ' : *at;
    g_string_append_printf(out, "%s: %s\n", label, g_strstrip(line));
}

char *paper_info(const BagJob *job, const BagResult *result)
{
    GString *out = g_string_new(NULL);
    g_autofree char *time = clock_format(job->time_us);
    g_autofree char *date = g_strndup(time, strlen("2026-11-22"));
    g_autofree char *oxum =
        g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, result->bytes, result->files);
    put_label(out, "Source-Organization", job->config->district.name);
    put_label(out, "Contact-Name", job->spec->custody);
    put_label(out, "External-Identifier", job->spec->name);
    put_label(out, "External-Description", job->spec->description);
    put_label(out, "Bagging-Date", date);
    put_label(out, "Payload-Oxum", oxum);
    put_label(out, "Bag-Software-Agent", "chaperone " CHAPERONE_VERSION);
    put_label(out, "Export-Time", time);
    put_label(out, "Exported-By", job->spec->who);
    put_label(out, "Requester", job->spec->requester);
    put_label(out, "Envelopes", job->spec->envelope ? "included" : "left out");
    return g_string_free(out, FALSE);
}

// ---- VERIFY.txt ------------------------------------------------------------------------------------------

static const char VERIFY[] =
    "HOW TO CHECK THIS BAG\n"
    "\n"
    "It is a BagIt bag (RFC 8493). Nothing of the program that made it is needed to check it.\n"
    "\n"
    "1. That every file is as it was written, with sha256sum (GNU coreutils), in this directory:\n"
    "\n"
    "       sha256sum -c tagmanifest-sha256.txt\n"
    "       sha256sum -c manifest-sha256.txt\n"
    "\n"
    "   The first covers the second and all files beside data/. Whoever gave you the bag can tell you the "
    "SHA-256 of\n"
    "   tagmanifest-sha256.txt by another way (it is in the archive's record of this export); then nothing "
    "can have been\n"
    "   exchanged on the way.\n"
    "\n"
    "2. That the messages are those of the archive's transparency log, with Python 3.8 or later and "
    "chaperone_verify.py, one file\n"
    "   that needs nothing but Python (it comes with the program's source, and is written from the public "
    "specifications):\n"
    "\n"
    "       python3 chaperone_verify.py bag . --key log.pub\n"
    "\n"
    "   Get the log's key by another way than this bag: log.pub is here for comparison only.\n"
    "   proofs/NUMBER.tlog-proof is a proof of c2sp.org/tlog-proof: its leaf is in the log whose signed "
    "checkpoint is in the file\n"
    "   checkpoint.\n"
    "\n"
    "3. The signature of the checkpoint, with openssl alone:\n"
    "\n"
    "       n=$(grep -n '^$' checkpoint | tail -1 | cut -d: -f1)\n"
    "       head -n $((n - 1)) checkpoint > /tmp/text\n"
    "       tail -n 1 checkpoint | awk '{print $3}' | base64 -d | tail -c 64 > /tmp/sig\n"
    "       (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- log.pub | "
    "base64 -d | tail -c 32) "
    "> /tmp/key.der\n"
    "       openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey /tmp/key.der -in /tmp/text -sigfile "
    "/tmp/sig\n"
    "\n"
    "WHAT IS IN IT\n"
    "\n"
    "    data/eml/NUMBER.eml            messages as they were received\n"
    "    data/mbox/messages.mbox        the same in one file (mboxrd)\n"
    "    data/text/NUMBER.txt           their text, and that of their attachments: NUMBER.001.txt\n"
    "    data/attachments/NUMBER.001.*  attachments, decoded\n"
    "    data/redacted/NUMBER.pdf       messages of which parts are exempt: a new document, all there is of "
    "them with its text\n"
    "                                   (no sender, recipient or subject in the load files)\n"
    "    data/loadfile.csv              one line a document. A cell that begins with = + - or @ has an "
    "apostrophe before it\n"
    "    data/loadfile.dat              the same (Concordance; UTF-8, fields in U+00FE, U+0014 between them, "
    "U+00AE for a line's\n"
    "                                   end; the letter U+00FE in a text is written th, the sign U+00AE is "
    "written (R))\n"
    "    data/index.psv                 the same, delimited by \"|\"\n"
    "    redactions.csv, withheld.csv   what was redacted and withheld, under which exemption\n"
    "    search-report.html             how the records were found\n"
    "    certification.txt              a draft for whoever certifies the records\n"
    "\n";

static const char ENTITLED[] = "WHAT CAN BE CHECKED\n"
                               "\n"
                               "data/eml/NUMBER.json is the archive's record of the message, with its "
                               "envelope and the salt of its leaf: that a message here is\n"
                               "bit by bit the one the log has the leaf of can be checked by anyone.\n";

static const char OTHERS[] =
    "WHAT CANNOT BE CHECKED\n"
    "\n"
    "Envelopes (who the message was delivered to, blind copies included) are left out of this bag, and with "
    "them the archive's records\n"
    "of the messages, which hold the salts of their leaves. The proofs show that the log has a leaf for the "
    "record that each number\n"
    "stands for (column RECORD of the load file), and since which checkpoint; that the bytes of the message "
    "are those the leaf\n"
    "commits to can be checked by those who are entitled to the record: the district, its auditor, a court.\n"
    "NUMBER.left-out.txt names header fields that were left out of a message for the same reason.\n";

char *paper_verify(const BagJob *job)
{
    return g_strconcat(VERIFY, job->spec->envelope ? ENTITLED : OTHERS, NULL);
}

// ---- certification.txt -----------------------------------------------------------------------------------

char *paper_certification(const BagJob *job, const BagResult *result)
{
    const BagSpec *spec = job->spec;
    g_autofree char *time = clock_format_local(job->time_us, job->config->district.timezone);
    g_auto(GStrv) lines = g_strsplit(job->checkpoint->note, "\n", 4);
    return g_strdup_printf(
        "DRAFT - to be checked by counsel, completed and signed by a qualified person\n"
        "\n"
        "CERTIFICATION OF RECORDS GENERATED BY AN ELECTRONIC PROCESS AND OF DATA COPIED FROM AN ELECTRONIC "
        "SYSTEM\n"
        "(Federal Rules of Evidence 902(11), 902(13) and 902(14); the rules of your state may ask for more)\n"
        "\n"
        "I, ______________________________, state:\n"
        "\n"
        "1. I am ______________________________ of %s. My qualifications for this statement are:\n"
        "   ________________________________________________________________________________\n"
        "   Custodian of the records: %s\n"
        "\n"
        "2. The accompanying records, request %s (%s), are %u messages: %u in full, %u redacted,\n"
        "   %u withheld and listed only. They were exported on %s by %s.\n"
        "\n"
        "3. (902(13)) The district's mail filter makes a record of every message that passes the district's "
        "mail server before the\n"
        "   message is accepted, in the regular course of its activity and without a person's choice. Each "
        "record is written\n"
        "   durably with its SHA-256, and a commitment to it is put into an append-only transparency log, "
        "whose checkpoints are\n"
        "   signed. I have satisfied myself that this process was in operation and produced an accurate "
        "result by:\n"
        "   ________________________________________________________________________________\n"
        "   (for example: \"chaperone archive verify\" and contrib/verify/chaperone_verify.py without a "
        "finding, on a date)\n"
        "\n"
        "4. (902(14)) The messages in data/eml were copied from that archive and compared with it by "
        "SHA-256, a process of digital\n"
        "   identification. Their values are in manifest-sha256.txt, which tagmanifest-sha256.txt covers. "
        "Proofs lead to this\n"
        "   checkpoint of the log %s: %s entries, root %s.\n"
        "   %s\n"
        "\n"
        "5. Redactions and withheld messages, with the exemption claimed for each, are listed in "
        "redactions.csv and withheld.csv.\n"
        "\n"
        "I declare under penalty of perjury that the foregoing is true and correct.\n"
        "\n"
        "Date: ____________________    Signature: ______________________________\n"
        "                              Name, title, address: ____________________\n",
        job->config->district.name, spec->custody != NULL ? spec->custody : "______________________________",
        spec->name, spec->description != NULL ? spec->description : "", result->items, result->full,
        result->redacted, result->withheld, time, spec->who, lines[0], lines[1], lines[2],
        spec->envelope
            ? "The messages are as they were received, with their envelopes."
            : "Fields that tell of blind copies were left out of messages; NUMBER.left-out.txt names them.");
}
