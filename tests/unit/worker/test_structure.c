// The whole reading: hostile structure of every family, and ordinary mail that must stay quiet.
#include "reader/reader.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOP      "From: Ann <a@example.org>\r\nTo: b@example.net\r\nSubject: s\r\nMessage-ID: <1@example.org>\r\n"
#define MIXED    TOP "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define CALL     "call 413-555-0142 now"
#define CALL_B64 "Y2FsbCA0MTMtNTU1LTAxNDIgbm93" // CALL
#define LAST     "\r\n--b--\r\n"
#define FIRST    "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"

static Message *parse(const void *raw, gsize len, bool sweep_only)
{
    g_autoptr(Config) config = config_defaults();
    g_autofree char *exact = g_memdup2(raw, len);
    Message *message = reader_parse(exact, len, &config->limits, sweep_only, NULL);
    g_autoptr(GBytes) wire = message_to_bytes(message);
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) back = message_from_bytes(wire, &error);
    cr_expect_not_null(back, "not well-formed: %s", error != NULL ? error->message : "");
    return message;
}

// First passage of that origin (ORIGIN_LAST: any but the sweep) with `text` in it; NULL when there is none.
static const Passage *find(const Message *message, PassageOrigin origin, const char *text)
{
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        bool fits = origin == ORIGIN_LAST ? passage->origin != ORIGIN_SWEEP : passage->origin == origin;
        if (fits && strstr(passage->text, text) != NULL)
            return passage;
    }
    return NULL;
}

static bool is_held(const Message *message)
{
    for (guint i = 0; i < message->facts->len; i++) {
        FactClass cls = FACT_ODD;
        message_fact_lookup(((const Fact *)message->facts->pdata[i])->name, &cls, NULL);
        if (cls != FACT_ODD)
            return true;
    }
    return false;
}

#define W(letter) letter "\0" // UTF-16

static const struct {
    const char *name;
    const char *raw;
    gsize len;
    PassageOrigin origin; // where CALL stands; ORIGIN_LAST = anywhere in the structured reading
    const char *facts;    // that must be told, space separated; "" = nothing that holds
} CASES[] = {
#define CASE(name, raw, origin, facts)                                                                       \
    {                                                                                                        \
        name, raw, sizeof(raw) - 1, origin, facts                                                            \
    }
    // ---- encodings
    CASE("plain", TOP "\r\n" CALL "\r\n", ORIGIN_TEXT, ""),
    CASE("base64", TOP "Content-Transfer-Encoding: base64\r\n\r\n" CALL_B64 "\r\n", ORIGIN_TEXT, ""),
    CASE("base64 in pieces",
         TOP "Content-Transfer-Encoding: base64\r\n\r\nY2FsbA==\r\nIDQxMy01NTUtMDE0MiBub3c=\r\n", ORIGIN_TEXT,
         "base64-junk"),
    CASE("base64, a pad first", TOP "Content-Transfer-Encoding: base64\r\n\r\n=\r\n" CALL_B64 "\r\n",
         ORIGIN_TEXT, "base64-junk"),
    CASE("base64, pads inside groups",
         TOP "Content-Transfer-Encoding: base64\r\n\r\nY2=FsbCA0MT=MtNTU1LTA=xNDIgbm93\r\n", ORIGIN_TEXT,
         "base64-junk"),
    CASE("base64, minus signs as junk",
         TOP "Content-Transfer-Encoding: base64\r\n\r\nY2F-sbCA0MTMtN-TU1LTAxNDIgbm93\r\n", ORIGIN_TEXT,
         "base64-junk"),
    CASE("quoted-printable",
         TOP "Content-Transfer-Encoding: quoted-printable\r\n\r\ncall 413-=\r\n555-01=342 now\r\n",
         ORIGIN_TEXT, ""),
    CASE("malformed encoding", TOP "Content-Transfer-Encoding: \"base64\"\r\n\r\n" CALL_B64 "\r\n",
         ORIGIN_TEXT, "odd-encoding"),
    CASE("encoding with a comment",
         TOP "Content-Transfer-Encoding: (x) quoted-printable\r\n\r\ncall 413=2D555-0142 now\r\n",
         ORIGIN_TEXT, "odd-encoding"),
    CASE("encoding twice, the first",
         TOP "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" CALL_B64 "\r\n",
         ORIGIN_TEXT, "dup-content-encoding"),
    CASE("encoding twice, the last",
         TOP "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n" CALL_B64 "\r\n",
         ORIGIN_TEXT, "dup-content-encoding"),
    CASE("base64 that is not declared", TOP "Content-Transfer-Encoding: 7bit\r\n\r\n" CALL_B64 "\r\n",
         ORIGIN_TEXT, ""),
    CASE("plain text that is called base64",
         TOP "Content-Transfer-Encoding: base64\r\n\r\n" CALL " and so on\r\n", ORIGIN_TEXT, "base64-junk"),
    CASE("uuencode", TOP "\r\nsee\r\n\r\nbegin 644 n.txt\r\n58V%L;\"`T,3,M-34U+3`Q-#(@;F]W\r\n`\r\nend\r\n",
         ORIGIN_TEXT, "uuencode"),
    CASE("NUL", TOP "\r\nhi\0 " CALL "\r\n", ORIGIN_TEXT, "nul"),
    CASE("UTF-16 without a label",
         TOP "\r\n" W("c") W("a") W("l") W("l") W(" ") W("4") W("1") W("3") W("-") W("5") W("5") W("5") W("-")
             W("0") W("1") W("4") W("2") W(" ") W("n") W("o") W("w"),
         ORIGIN_TEXT, "nul"),
    // ---- structure
    CASE("prologue", MIXED CALL "\r\n--b\r\n\r\nhi" LAST, ORIGIN_PROLOGUE, "prologue-text"),
    CASE("epilogue", MIXED "--b\r\n\r\nhi" LAST CALL "\r\n", ORIGIN_PROLOGUE, "prologue-text"),
    CASE("no boundary", TOP "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\n" CALL LAST, ORIGIN_LAST,
         "boundary"),
    CASE("another boundary, encoded",
         TOP "Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\nContent-Transfer-Encoding: "
             "base64\r\n\r\n" CALL_B64 LAST,
         ORIGIN_SWEEP, "boundary"),
    CASE("two boundaries",
         TOP "Content-Type: multipart/mixed; boundary=c; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: "
             "base64\r\n\r\n" CALL_B64 LAST,
         ORIGIN_SWEEP, "dup-param"),
    CASE("type twice, multipart first",
         TOP "Content-Type: multipart/mixed; boundary=b\r\nContent-Type: text/plain\r\n\r\n--b\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\n" CALL_B64 LAST,
         ORIGIN_TEXT, "dup-content-type"),
    CASE("type twice, multipart last",
         TOP "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" CALL
             "\r\n--b\r\n\r\nhi" LAST,
         ORIGIN_LAST, "dup-content-type"),
    CASE("encoded multipart",
         TOP "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
             "LS1iDQoNCmNhbGwgNDEzLTU1NS0wMTQyIG5vdw0KLS1iLS0NCg==\r\n",
         ORIGIN_SWEEP, "encoding-on-multipart"),
    CASE("nested message", MIXED FIRST "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n" CALL LAST,
         ORIGIN_TEXT, ""),
    CASE("nested message, its subject",
         MIXED FIRST "Content-Type: message/rfc822\r\n\r\nSubject: " CALL "\r\n\r\nhi" LAST, ORIGIN_HEADER,
         ""),
    CASE("nested message, base64",
         MIXED FIRST "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                     "U3ViamVjdDogaW4NCg0KY2FsbCA0MTMtNTU1LTAxNDIgbm93DQo=" LAST,
         ORIGIN_TEXT, ""),
    CASE("nested message, mislabelled",
         MIXED FIRST "Content-Type: application/octet-stream\r\n\r\nFrom: c@example.org\r\nSubject: in\r\n"
                     "Content-Transfer-Encoding: base64\r\n\r\n" CALL_B64 LAST,
         ORIGIN_TEXT, ""),
    CASE("digest",
         TOP "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\n" CALL LAST,
         ORIGIN_TEXT, ""),
    CASE("piece of a message",
         TOP "Content-Type: message/partial; id=x; number=1; total=2\r\n\r\nSubject: in\r\n\r\n" CALL,
         ORIGIN_TEXT, "partial"),
    CASE("content elsewhere",
         MIXED FIRST "Content-Type: message/external-body; access-type=URL; URL=\"http://example.org/" CALL
                     "\"\r\n\r\n"
                     "Content-Type: text/plain\r\n\r\n" LAST,
         ORIGIN_LINK, "external-body"),
    CASE("content elsewhere, phantom",
         MIXED FIRST "Content-Type: message/external-body; access-type=local-file; name=x\r\n\r\n"
                     "Content-Type: text/plain\r\n\r\n" CALL LAST,
         ORIGIN_TEXT, "external-body"),
    CASE("delivery report",
         MIXED FIRST
         "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nDiagnostic-Code: " CALL
             LAST,
         ORIGIN_TEXT, ""),
    CASE("returned headers",
         MIXED FIRST "Content-Type: text/rfc822-headers\r\n\r\nSubject: " CALL "\r\n" LAST, ORIGIN_TEXT, ""),
    CASE("header in a part without its end",
         MIXED FIRST "Content-Type: text/plain\r\n" CALL "\r\nmore\r\n" LAST, ORIGIN_SWEEP, "header-in-body"),
    CASE("part that begins with text", MIXED "--b\r\n" CALL LAST, ORIGIN_SWEEP, "header-in-body"),
    CASE("header without its end", TOP CALL "\r\n", ORIGIN_SWEEP, "header-in-body"),
    CASE("clear-signed",
         TOP "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- call 413-\r\n- " CALL "\r\n"
             "-----BEGIN PGP SIGNATURE-----\r\n\r\nxx\r\n-----END PGP SIGNATURE-----\r\n",
         ORIGIN_TEXT, "signed"),
    CASE("text called image", MIXED FIRST "Content-Type: image/png\r\n\r\n" CALL LAST, ORIGIN_LAST,
         "wrong-type"),
    // ---- lines and header bytes
    CASE("LF", "From: a@example.org\nSubject: s\nMessage-ID: <1@example.org>\n\n" CALL "\n", ORIGIN_TEXT, ""),
    CASE("CR", "From: a@example.org\rSubject: s\r\r" CALL "\r", ORIGIN_TEXT, "bare-cr"),
    CASE("CR CR LF", "From: a@example.org\r\r\nSubject: s\r\r\n\r\r\n" CALL "\r\r\n", ORIGIN_TEXT, "bare-cr"),
    CASE("white space for an empty line",
         TOP " \r\nContent-Transfer-Encoding: base64\r\n\r\n" CALL_B64 "\r\n", ORIGIN_TEXT, "header-in-body"),
    CASE("NUL in a name", TOP "Content-Transf\0er-Encoding: base64\r\n\r\n" CALL_B64 "\r\n", ORIGIN_LAST,
         "nul odd-header-name"),
    CASE("a field in a fold", TOP "X-A: b\r\n Content-Transfer-Encoding: base64\r\n\r\n" CALL_B64 "\r\n",
         ORIGIN_LAST, "odd-header-name"),
    // ---- headers
    CASE("subject", "From: a@example.org\r\nSubject: " CALL "\r\n\r\nhi\r\n", ORIGIN_HEADER, ""),
    CASE("subject in words",
         "Subject: =?utf-8?B?Y2FsbA==?= =?utf-8?B?IDQxMy01NTUtMDE0MiBub3c=?=\r\n\r\nhi\r\n", ORIGIN_HEADER,
         ""),
    CASE("second subject", TOP "Subject: " CALL "\r\n\r\nhi\r\n", ORIGIN_HEADER, "dup-singleton"),
    CASE("display name", "From: \"" CALL "\" <a@example.org>\r\n\r\nhi\r\n", ORIGIN_NAME, ""),
    CASE("comment", "From: a@example.org (" CALL ")\r\n\r\nhi\r\n", ORIGIN_NAME, ""),
    CASE("group", "To: " CALL ": b@example.org;\r\n\r\nhi\r\n", ORIGIN_NAME, ""),
    CASE("organization", TOP "Organization: " CALL "\r\n\r\nhi\r\n", ORIGIN_HEADER, ""),
    CASE("own field", TOP "X-Note: " CALL "\r\n\r\nhi\r\n", ORIGIN_HEADER, ""),
    CASE("field of a part", MIXED "--b\r\nContent-Description: " CALL "\r\n\r\nhi" LAST, ORIGIN_HEADER, ""),
    CASE("file name", MIXED FIRST "Content-Disposition: attachment; filename=\"" CALL "\"\r\n\r\nhi" LAST,
         ORIGIN_FILENAME, ""),
    CASE("file name, continued",
         MIXED FIRST "Content-Disposition: attachment; filename*0*=us-ascii''call%20413-55; "
                     "filename*1*=5-0142%20now\r\n\r\nhi" LAST,
         ORIGIN_FILENAME, ""),
    CASE("file name, second spelling",
         MIXED FIRST "Content-Type: text/plain; name=\"" CALL
                     ".zip\"\r\nContent-Disposition: attachment; filename=a.txt"
                     "\r\n\r\nhi" LAST,
         ORIGIN_FILENAME, "conflicting-name"),
    CASE("file name, twice",
         MIXED FIRST "Content-Disposition: attachment; filename=a.txt; filename=\"" CALL
                     ".txt\"\r\n\r\nhi" LAST,
         ORIGIN_FILENAME, "conflicting-name"),
    // ---- no message at all
    CASE("only a body", "\r\n" CALL "\r\n", ORIGIN_TEXT, "no-structure"),
    CASE("begins with white space", " x\r\n\r\n" CALL "\r\n", ORIGIN_TEXT, "no-structure"),
    CASE("no header", CALL "\r\nbye\r\n", ORIGIN_TEXT, "no-structure"),
#undef CASE
};

Test(structure, hostile)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = parse(CASES[i].raw, CASES[i].len, false);
        cr_expect_not_null(find(message, CASES[i].origin, CALL), "%s: not seen", CASES[i].name);
        g_auto(GStrv) facts = g_strsplit(CASES[i].facts, " ", -1);
        for (guint k = 0; facts[k] != NULL; k++)
            cr_expect(message_has_fact(message, facts[k]), "%s: no fact %s", CASES[i].name, facts[k]);
        if (*CASES[i].facts == '\0')
            cr_expect_not(is_held(message), "%s: held", CASES[i].name);
        // With or without structure, no text is out of the sweep's sight.
        g_autoptr(Message) swept = parse(CASES[i].raw, CASES[i].len, true);
        cr_expect(message_has_fact(swept, "no-structure"), "%s", CASES[i].name);
    }
}

// Ordinary mail of the common programs: nothing that holds, nothing left for the sweep.
static const char *const QUIET[] = {
    TOP "\r\nSee you at 5.\r\n-- \r\nAnn Lee\r\nRoom 5, ext: 12\r\n",
    TOP "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; "
        "boundary=\"0000000000a1\"\r\n\r\n--0000000000a1\r\n"
        "Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\nCaf=C3=A9 https://exampl=\r\n"
        "e.org/abcdefghijklmnop?x=3D1\r\n\r\n--0000000000a1\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Caf=C3=A9 <a "
        "href=3D\"https://example.org/abcdefghijklmnop?x=3D1\">"
        "link</a></p>\r\n\r\n--0000000000a1--\r\n",
    TOP
    "Thread-Topic: s\r\nThread-Index: AdB1c2Vy\r\nX-MS-Has-Attach: yes\r\nMIME-Version: 1.0\r\nContent-Type: "
    "multipart/mixed;\r\n"
    "\tboundary=\"_002_DM6PR00MB0000_\"\r\n\r\n--_002_DM6PR00MB0000_\r\nContent-Type: text/plain; "
    "charset=\"us-ascii\"\r\n"
    "Content-Transfer-Encoding: 7bit\r\n\r\nhi\r\n\r\n-----Original Message-----\r\nFrom: Ben\r\nSent: "
    "Monday\r\nTo: Ann\r\n"
    "Subject: x\r\n\r\n--_002_DM6PR00MB0000_\r\nContent-Type: text/plain; name=\"notes.txt\"\r\n"
    "Content-Description: notes.txt\r\nContent-Disposition: attachment; filename=\"notes.txt\"; size=5;\r\n"
    "\tcreation-date=\"Mon, 02 Nov 2026 10:00:00 GMT\"\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\naGVsbG8K\r\n\r\n"
    "--_002_DM6PR00MB0000_--\r\n",
    TOP
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\nThis is a "
    "MIME-encapsulated message.\r\n\r\n"
    "--b\r\nContent-Description: Notification\r\nContent-Type: text/plain; "
    "charset=us-ascii\r\n\r\nSorry.\r\n\r\n--b\r\n"
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; "
    "mail.example.org\r\n\r\nFinal-Recipient: rfc822; x@example.net\r\n"
    "Action: failed\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.org\r\nSubject: y\r\n"
    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ncut\r\n\r\n--b--\r\n",
    TOP
    "List-Id: Staff <staff.example.org>\r\nList-Unsubscribe: <https://example.org/u>\r\nPrecedence: list\r\n"
    "References: <1@example.org>\r\n <2@example.org>\r\n\r\nOn Monday Ben wrote:\r\n> hi\r\n>> "
    "there\r\n_______\r\nStaff mailing list\r\n",
    TOP "\r\nFrom: Ben <c@example.org>\r\nDate: Mon, 2 Nov 2026\r\nSubject: pasted\r\n\r\nand its text\r\n",
    // a name in ASCII beside the real one
    MIXED FIRST
    "Content-Type: text/plain; name=\"caf? menu.txt\"\r\nContent-Disposition: attachment; filename=\"caf? "
    "menu.txt\"; filename*=utf-8''caf%C3%A9%20menu.txt\r\n\r\nsoup" LAST,
    // programs that write fields and parameters twice
    TOP
    "To: d@example.org\r\nCc: e@example.org\r\nCc: f@example.org\r\nReferences: "
    "<1@example.org>\r\nReferences: "
    "<2@example.org>\r\nMIME-Version: 1.0\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8; "
    "format=flowed; charset=UTF-8\r\n\r\nhi\r\n",
    TOP "\r\n",
    TOP,
};

Test(structure, quiet)
{
    for (gsize i = 0; i < G_N_ELEMENTS(QUIET); i++) {
        g_autoptr(Message) message = parse(QUIET[i], strlen(QUIET[i]), false);
        g_autoptr(GString) facts = g_string_new(NULL);
        for (guint k = 0; k < message->facts->len; k++)
            g_string_append_printf(facts, "%s ", ((const Fact *)message->facts->pdata[k])->name);
        cr_expect_not(is_held(message), "case %zu: %s", i, facts->str);
        const Passage *swept = find(message, ORIGIN_SWEEP, "");
        cr_expect_null(swept, "case %zu: %s", i, swept != NULL ? swept->text : "");
    }
}

Test(structure, fields_of_the_message)
{
    static const char RAW[] =
        "Received: from x\r\nFrom: Ann <a@example.org>, Ben <c@example.org>\r\nSender: a@example.org\r\n"
        "Reply-To: =?utf-8?Q?Home?= <ann@example.net>\r\nTo: Staff: d@example.org, e@example.org;\r\n"
        "Cc: f@example.org (Fay)\r\nResent-From: g@example.org\r\nDate: Mon, 2 Nov 2026 10:00:00 -0500\r\n"
        "Subject: =?utf-8?Q?caf=C3=A9?=\r\nMessage-ID: <1@example.org>\r\nX-Two: 1\r\nX-Two: 2\r\n\r\nhi\r\n";
    static const char *const WANT[] = {"From a@example.org Ann", "From c@example.org Ben",
                                       "Sender a@example.org -", "Reply-To ann@example.net Home",
                                       "To d@example.org Staff", "To e@example.org Staff",
                                       "Cc f@example.org Fay",   "Resent-From g@example.org -"};
    g_autoptr(Message) message = parse(RAW, sizeof(RAW) - 1, false);
    cr_expect_str_eq(message->subject, "caf\u00E9");
    cr_expect_str_eq(message->date, "Mon, 2 Nov 2026 10:00:00 -0500");
    cr_expect_str_eq(message->message_id, "<1@example.org>");
    cr_expect_eq(message->headers->len, 12);
    cr_expect_str_eq(message_header(message, "x-two"), "1");
    cr_expect(message_has_fact(message, "multiple-from"));
    cr_assert_eq(message->addresses->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < G_N_ELEMENTS(WANT); i++) {
        const MessageAddress *address = message->addresses->pdata[i];
        g_autofree char *text =
            g_strdup_printf("%s %s %s", address->header, address->address, address->name ?: "-");
        cr_expect_str_eq(text, WANT[i]);
    }
    cr_expect_null(find(message, ORIGIN_HEADER, "from x"), "trace fields are no passages");
    static const char *const OWN[] = {"a@example.org", "c@example.org", "ann@example.net", "g@example.org"};
    for (guint i = 0; i < G_N_ELEMENTS(OWN); i++)
        cr_expect_not_null(find(message, ORIGIN_HEADER, OWN[i]), "%s: the writer's", OWN[i]);
    cr_expect_null(find(message, ORIGIN_HEADER, "d@example.org"), "recipients are no passages");
    cr_expect_str_eq(find(message, ORIGIN_HEADER, "ann@example.net")->header, "Reply-To");
}

Test(structure, parts_and_paths)
{
    static const char RAW[] =
        MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: "
              "text/plain\r\n\r\none\r\n--c\r\n"
              "Content-Type: text/html\r\n\r\n<p>two</p>\r\n--c--\r\n--b\r\nContent-Type: "
              "message/rfc822\r\n\r\nSubject: x\r\n"
              "Content-Type: multipart/mixed; "
              "boundary=d\r\n\r\n--d\r\n\r\nthree\r\n--d--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
              "Subject: y\r\n\r\nfour\r\n--b--\r\n";
    static const char *const PATHS[] = {"", "1", "1.1", "1.2", "2", "2.1", "3", "3.1"};
    g_autoptr(Message) message = parse(RAW, sizeof(RAW) - 1, false);
    cr_assert_eq(message->parts->len, G_N_ELEMENTS(PATHS));
    for (guint i = 0; i < G_N_ELEMENTS(PATHS); i++)
        cr_expect_str_eq(((const Part *)message->parts->pdata[i])->path, PATHS[i]);
    const Part *text = message->parts->pdata[2];
    cr_expect_str_eq(text->type, "text/plain");
    cr_expect_eq(text->state, PART_READ);
    cr_expect_eq(text->size, 3);
    cr_expect_eq(text->parent, 1);
}

// The offset map of an ordinary text leads into the decoded part.
Test(structure, map)
{
    static const char RAW[] = TOP "Content-Type: text/plain; charset=utf-8\r\n\r\n" CALL "\r\n";
    g_autoptr(Message) message = parse(RAW, sizeof(RAW) - 1, false);
    const Passage *passage = find(message, ORIGIN_TEXT, CALL);
    cr_assert_not_null(passage);
    cr_assert_not_null(passage->map);
    cr_expect_eq(passage->map->len, 1);
    cr_expect_null(passage->reading);
}

Test(structure, limits)
{
    g_autoptr(Config) config = config_defaults();
    ConfigLimits limits = config->limits;
    limits.depth = 3;
    limits.parts = 5;
    limits.passages = 4;
    limits.inspect_bytes = 500;
    g_autoptr(GString) deep = g_string_new(TOP);
    for (int i = 0; i < 6; i++)
        g_string_append(deep, "Content-Type: message/rfc822\r\n\r\n");
    g_string_append(deep, "\r\nhi\r\n");
    g_autoptr(Message) nested = reader_parse(deep->str, deep->len, &limits, false, NULL);
    cr_expect(message_has_fact(nested, "too-deep"));
    g_autoptr(GString) many = g_string_new(MIXED);
    for (int i = 0; i < 8; i++)
        g_string_append(many, "--b\r\n\r\nhi\r\n");
    g_autoptr(Message) parts = reader_parse(many->str, many->len, &limits, false, NULL);
    cr_expect(message_has_fact(parts, "too-many-parts"));
    cr_expect_leq(parts->parts->len, 5);
    cr_expect_leq(parts->passages->len, 4);
    cr_expect(message_has_fact(parts, "incomplete"));
    g_autofree char *big = g_strnfill(2000, 'x');
    g_autofree char *large = g_strconcat(TOP "\r\n", big, NULL);
    g_autoptr(Message) cut = reader_parse(large, strlen(large), &limits, false, NULL);
    cr_expect(message_has_fact(cut, "too-large"));
    g_autoptr(Message) empty = reader_parse("", 0, &limits, false, NULL);
    cr_expect(message_has_fact(empty, "no-structure"));
}

// Words that quoted-printable broke are whole in each reading of the sweep; lines beside tags stay apart.
Test(structure, sweep_joins_lines)
{
    static const struct {
        const char *body, *want;
        bool found;
    } JOINED[] = {
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx jane.do=\ne77@example.net",
         "jane.doe77@example.net", true},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx jane.do=\r\ne77@example.net",
         "jane.doe77@example.net", true},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx x.example.net/ab</a>=\n<div>Everyone",
         "abEveryone", false},
        {"x <p>example.net/ab<br>Everyone</p>", "abEveryone", false},
        {"see example.net/?q=\njane", "q=\njane", true},
        {"=\n=\n=", "=\n=", true},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(JOINED); i++) {
        g_autofree char *raw = g_strconcat(TOP "X-A: b\rc\r\n\r\n", JOINED[i].body, "\r\n", NULL);
        g_autoptr(Message) message = parse(raw, strlen(raw), true);
        cr_expect_eq(find(message, ORIGIN_SWEEP, JOINED[i].want) != NULL, JOINED[i].found, "case %zu", i);
        cr_expect_not_null(find(message, ORIGIN_SWEEP, ""), "case %zu", i);
    }
}

// The sweep of a doubtful message reads every code without any structure.
static const struct {
    const char *body, *reading;
} SWEEPS[] = {
    {CALL, "sweep: text"},
    {CALL_B64, "sweep: base64"},
    {"call 413=2D555-0142 now", "sweep: quoted-printable"},
    {"=?utf-8?B?" CALL_B64 "?=", "sweep: encoded-words"},
    {"call <b>413</b>-555-0142 now", "sweep: tags stripped"},
    {"call &#52;13-555-0142 now", "sweep: tags stripped"},
    {"begin 644 n\n58V%L;\"`T,3,M-34U+3`Q-#(@;F]W\n`\nend", "sweep: base64"},
    {"x\n" CALL_B64 "\ny", "sweep: base64"},
    {"WTJGc2JDQTBNVE10TlRVMUxUQXhORElnYm05Mw==", "sweep: base64"}, // base64 in base64
};

Test(structure, sweep)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SWEEPS); i++) {
        g_autofree char *raw =
            g_strconcat(TOP "X-A: b\rc\r\n\r\n", SWEEPS[i].body, "\r\n", NULL); // bare CR: doubtful
        g_autoptr(Message) message = parse(raw, strlen(raw), true);
        const Passage *passage = find(message, ORIGIN_SWEEP, CALL);
        cr_expect_not_null(passage, "case %zu", i);
        if (passage != NULL)
            cr_expect_str_eq(passage->reading, SWEEPS[i].reading, "case %zu: %s", i, passage->reading);
    }
}
