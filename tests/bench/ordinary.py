"""Ordinary school mail as common programs write it: nothing hostile, nothing private, every shape a filter meets daily."""
import base64
import email.header
import email.utils
import quopri
import textwrap
import urllib.parse

from mkcorpus import DAYS, SUBJECTS, html_of, multipart, person, pdf_of, png_of, prose, wrap

SENDER = ("Ben Carter", "bcarter@maplehollow.example.org")
STUDENT = ("Jonah Reed", "jreed28@students.maplehollow.example.org")

# Text in other languages, with the character sets mail in them still comes in.
LANGUAGES = (
    ("Estimadas familias: ma\u00f1ana habr\u00e1 reuni\u00f3n a las 5. \u00bfPueden venir? Gracias, la direcci\u00f3n.",
     "utf-8 iso-8859-1 windows-1252 iso-8859-15"),
    ("Prezados pais, amanh\u00e3 n\u00e3o haver\u00e1 aula. At\u00e9 segunda-feira, a coordena\u00e7\u00e3o.", "utf-8 iso-8859-1"),
    ("Ch\u00e8re famille, le spectacle d\u2019hiver est report\u00e9 \u00e0 mardi. C\u0153urs \u2014 et fleurs\u2026", "utf-8 windows-1252"),
    ("\u0423\u0432\u0430\u0436\u0430\u0435\u043c\u044b\u0435 \u0440\u043e\u0434\u0438\u0442\u0435\u043b\u0438, \u0441\u043e\u0431\u0440\u0430\u043d\u0438\u0435 \u0432 \u043f\u044f\u0442\u043d\u0438\u0446\u0443 \u0432 18 \u0447\u0430\u0441\u043e\u0432.", "utf-8 koi8-r windows-1251"),
    ("\u4fdd\u8b77\u8005\u306e\u7686\u69d8\u3001\u660e\u65e5\u306e\u9060\u8db3\u306f\u4e2d\u6b62\u3067\u3059\u3002\u304a\u5f01\u5f53\u3092\u6301\u3063\u3066\u304d\u3066\u304f\u3060\u3055\u3044\u3002", "utf-8 iso-2022-jp shift_jis euc-jp"),
    ("\u5404\u4f4d\u5bb6\u957f\uff1a\u660e\u5929\u4e0b\u5348\u4e09\u70b9\u5f00\u5bb6\u957f\u4f1a\uff0c\u8bf7\u51c6\u65f6\u53c2\u52a0\u3002", "utf-8 gb2312 gbk gb18030"),
    ("\u5404\u4f4d\u5bb6\u9577\uff1a\u660e\u5929\u4e0b\u5348\u958b\u6703\u3002", "utf-8 big5"),
    ("\ud559\ubd80\ubaa8\ub2d8\uaed8: \ub0b4\uc77c \uc218\uc5c5\uc740 \uc5c6\uc2b5\ub2c8\ub2e4. \uac10\uc0ac\ud569\ub2c8\ub2e4.", "utf-8 euc-kr"),
    ("\u0627\u0644\u0633\u0627\u062f\u0629 \u0623\u0648\u0644\u064a\u0627\u0621 \u0627\u0644\u0623\u0645\u0648\u0631\u060c \u0627\u0644\u0627\u062c\u062a\u0645\u0627\u0639 \u063a\u062f\u0627\u064b \u0627\u0644\u0633\u0627\u0639\u0629 5.", "utf-8 windows-1256"),
    ("\u05d4\u05d5\u05e8\u05d9\u05dd \u05d9\u05e7\u05e8\u05d9\u05dd, \u05d4\u05d0\u05e1\u05d9\u05e4\u05d4 \u05de\u05d7\u05e8.", "utf-8 windows-1255 iso-8859-8"),
    ("K\u00ednh g\u1eedi ph\u1ee5 huynh, ng\u00e0y mai tr\u01b0\u1eddng ngh\u1ec9 h\u1ecdc. Xin c\u1ea3m \u01a1n.", "utf-8"),
    ("Drodzy rodzice, zebranie odb\u0119dzie si\u0119 w \u015brod\u0119. Dzi\u0119kuj\u0119.", "utf-8 iso-8859-2 windows-1250"),
)


class Mail:
    """Builds one message; every choice comes from `rng`."""

    def __init__(self, rng, stamp):
        self.rng, self.stamp = rng, stamp
        self.subject = rng.choice(SUBJECTS).format(day=rng.choice(DAYS), n=rng.randrange(1, 15))

    def token(self, bits=96):
        return f"{self.rng.getrandbits(bits):0{bits // 4}x}"

    def text(self, size=600):
        return wrap(self.plain_words(size))

    def plain_words(self, size):
        return prose(self.rng, size)

    def coded(self, type_, text, how=None, charset="utf-8", extra=""):
        """A part: `text` in the encoding that fits it, or in `how`."""
        data = text if isinstance(text, bytes) else text.encode(charset, "replace")
        how = how or ("quoted-printable" if max(data, default=0) > 127 else self.rng.choice(["7bit", "quoted-printable", "base64"]))
        if how == "base64":
            body = base64.encodebytes(data).decode()
        elif how == "quoted-printable":
            body = quopri.encodestring(data).decode()
        else:
            body = data.decode("utf-8", "surrogateescape")
        return f"Content-Type: {type_}\nContent-Transfer-Encoding: {how}\n{extra}\n{body}"

    def head(self, sender=SENDER, to=None, more="", mime=True, subject=None):
        date = email.utils.formatdate(self.stamp)
        to = to or f"{STUDENT[0]} <{STUDENT[1]}>"
        return (f"Received: from mail.maplehollow.example.org (mail.maplehollow.example.org [192.0.2.{self.rng.randrange(1, 250)}])\n"
                f"\tby mx.maplehollow.example.org (Postfix) with ESMTPS id 4{self.token(40)}\n\tfor <{STUDENT[1]}>; {date}\n"
                f"From: {sender[0]} <{sender[1]}>\nTo: {to}\nSubject: {self.subject if subject is None else subject}\n"
                f"Date: {date}\nMessage-ID: <{self.token()}@maplehollow.example.org>\n{more}" + ("MIME-Version: 1.0\n" if mime else ""))

    def quoted(self, size=500):
        first, last = person(self.rng)
        lines = "\n".join("> " + line for line in self.text(size).splitlines())
        return f"On Mon, Sep 2, 2024 at 3:14 PM {first} {last} <{first.lower()}@maplehollow.example.org> wrote:\n\n{lines}\n"

    def signature(self):
        return self.rng.choice(("\n-- \nBen Carter\nMaple Hollow High School\nOffice: 508-555-0110 ext. 12\n",
                                "\n--\nBen Carter | Teacher, Room 12\n", "\n________________________________\nBen Carter, M.Ed.\n",
                                "\n*Ben Carter*\n----------------------------------------\n\"Learn from yesterday\"\n",
                                "\nSent from my iPhone\n", "\nThanks!\n- Mr. C\n"))

    def picture(self, name="image001.png", cid=None):
        cid = f"Content-ID: <{cid}>\nContent-Disposition: inline; filename=\"{name}\"\n" if cid else ""
        return self.coded(f'image/png; name="{name}"', png_of(self.rng, 4000), "base64", extra=cid)


def plain_reply(m):
    charset = m.rng.choice(('utf-8', '"UTF-8"', "us-ascii", "UTF-8; format=flowed", 'utf-8; format=flowed; delsp=yes', "utf-8;"))
    body = m.text() + m.signature() + "\n" + m.quoted()
    if "ascii" in charset:
        return m.head() + f"Content-Type: TEXT/PLAIN; charset={charset}\n\n" + body.encode("ascii", "ignore").decode()
    return m.head(subject="Re: " + m.subject, more=f"In-Reply-To: <{m.token()}@example.org>\nReferences: " + "\n ".join(
        f"<{m.token()}@example.org>" for _ in range(m.rng.randrange(1, 30))) + "\n") + m.coded(f"text/plain; charset={charset}", body)


def bare_plain(m):
    """Scripts and old programs: no MIME at all, or nearly."""
    fields = m.rng.choice(("", "Content-Type: text/plain\n", "Content-Type: text/plain; charset=us-ascii (Plain text)\n", "X-Mailer: cron\n",
                           "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n", "Precedence: bulk\n"))
    return m.head(mime=m.rng.random() < 0.5, more="Auto-Submitted: auto-generated\n") + fields + "\n" + m.text() + m.rng.choice(("", "\n", "\n\n"))


def gmail(m):
    boundary = f"000000000000{m.token(48)}"
    text = m.text() + "\n" + m.quoted()
    page = (f'<div dir="ltr">{m.text(400)}<div><br></div><div><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">'
            f'<b>Ben Carter</b><br><span style="font-size:small">Room&nbsp;12</span></div></div></div><br><div class="gmail_quote">'
            f'<div dir="ltr" class="gmail_attr">On Mon, Ann &lt;<a href="mailto:awhitfield@maplehollow.example.org">awhitfield@maplehollow.example.org</a>&gt; '
            f'wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{m.text(300)}</blockquote></div>')
    return (m.head() + f'Content-Type: multipart/alternative; boundary="{boundary}"\n\n--{boundary}\n' + m.coded('text/plain; charset="UTF-8"', text)
            + f"\n--{boundary}\n" + m.coded('text/html; charset="UTF-8"', page) + f"\n--{boundary}--\n")


def outlook(m):
    page = ('<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">\n<head>\n'
            '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">\n<meta name="Generator" content="Microsoft Word 15">\n'
            '<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--\n/* Font Definitions */\n@font-face\n'
            '\t{font-family:Calibri;}\np.MsoNormal\n\t{margin:0in;font-size:11.0pt;}\n--></style><!--[if gte mso 9]><xml>\n'
            '<o:shapedefaults v:ext="edit" spidmax="1026" />\n</xml><![endif]-->\n</head>\n<body lang="EN-US" link="#0563C1">\n<div class="WordSection1">\n'
            + "".join(f'<p class="MsoNormal">{p}<o:p></o:p></p>\n<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n' for p in m.plain_words(700))
            + '<p class="MsoNormal"><img width="120" src="cid:image001.png@01DAFE00.1"></p><div style="border:none;border-top:solid #E1E1E1 1.0pt">'
            '<p class="MsoNormal"><b>From:</b> Ann Whitfield &lt;awhitfield@maplehollow.example.org&gt; <br><b>Subject:</b> x<o:p></o:p></p></div>'
            '</div>\n</body>\n</html>\n')
    n = m.token(40)
    inner = (f'Content-Type: multipart/alternative;\n\tboundary="_000_{n}_"\n\n--_000_{n}_\n' + m.coded('text/plain; charset="iso-8859-1"', m.text(), charset="iso-8859-1")
             + f"\n\n--_000_{n}_\n" + m.coded('text/html; charset="iso-8859-1"', page, charset="iso-8859-1") + f"\n\n--_000_{n}_--\n")
    more = (f'Thread-Topic: {m.subject}\nThread-Index: {base64.b64encode(m.rng.randbytes(22)).decode()}\nAccept-Language: en-US\nContent-Language: en-US\n'
            'X-MS-Has-Attach: yes\nX-MS-TNEF-Correlator:\n' + "X-MS-Exchange-AntiSpam-MessageData-0:\n\t=?us-ascii?Q?" + f"?=\n\t=?us-ascii?Q?".join(
                m.token(200) for _ in range(20)) + "?=\n")
    return (m.head(more=more) + f'Content-Type: multipart/related;\n\tboundary="_004_{n}_";\n\ttype="multipart/alternative"\n\n--_004_{n}_\n' + inner
            + f"\n--_004_{n}_\n" + m.picture(cid="image001.png@01DAFE00.1") + f"\n--_004_{n}_--\n")


def apple(m):
    a, b = (f"Apple-Mail=_{m.token(32).upper()}-{m.token(16).upper()}-4{m.token(8)}" for _ in range(2))
    page = '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word;">'
    return (m.head(more="X-Mailer: Apple Mail (2.3774.600.62)\n").replace("MIME-Version: 1.0", "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))")
            + f'Content-Type: multipart/alternative;\n\tboundary="{a}"\n\n\n--{a}\n' + m.coded("text/plain;\n\tcharset=utf-8", m.text())
            + f'\n\n--{a}\nContent-Type: multipart/mixed;\n\tboundary="{b}"\n\n\n--{b}\n' + m.coded("text/html;\n\tcharset=us-ascii", page + "Hi<br></body></html>", "7bit")
            + f"\n--{b}\n" + m.coded("image/png;\n\tx-unix-mode=0644;\n\tname=\"Photo 1.png\"", png_of(m.rng, 3000), "base64",
                                     extra="Content-Disposition: inline;\n\tfilename*=utf-8''Photo%E2%80%AF1.png\n")
            + f"\n--{b}\n" + m.coded("text/html;\n\tcharset=us-ascii", page + "</body></html>", "7bit") + f"\n--{b}--\n\n--{a}--\n")


EVENT = ("BEGIN:VCALENDAR\r\nPRODID:-//Example//Calendar 70.9054//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
         "DTSTART:20240912T190000Z\r\nDTEND:20240912T200000Z\r\nDTSTAMP:20240903T120000Z\r\nORGANIZER;CN=Ben Carter:mailto:bcarter@maplehollow.example.org\r\n"
         "UID:{0}@example.org\r\nATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE\r\n ;CN=Jonah Reed;X-NUM-GUESTS=0:mailto:jreed28@students.maplehollow.example.org\r\n"
         "DESCRIPTION:Bring your\\nproject\\, please.\r\nSUMMARY:{1}\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def invitation(m):
    event = EVENT.format(m.token(), m.subject)
    parts = [m.coded('text/plain; charset="UTF-8"; format=flowed; delsp=yes', m.text(), "base64"), m.coded('text/html; charset="UTF-8"', html_of(m.rng, m.plain_words(300))),
             m.coded('text/calendar; charset="UTF-8"; method=REQUEST', event, m.rng.choice(("7bit", "quoted-printable", "base64")))]
    file = m.coded('application/ics; name="invite.ics"', event, "base64", extra='Content-Disposition: attachment; filename="invite.ics"\n')
    return m.head(subject="Invitation: " + m.subject) + multipart(m.rng, "mixed", [multipart(m.rng, "alternative", parts), file])


def card(m):
    vcf = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Carter;Ben;;;\r\nFN:Ben Carter\r\nORG:Maple Hollow\r\nTEL;TYPE=WORK:508-555-0110\r\nEND:VCARD\r\n"
    return m.head() + multipart(m.rng, "mixed", [m.coded("text/plain; charset=utf-8", m.text()), m.coded(
        'text/x-vcard; charset=utf-8; name="bcarter.vcf"', vcf, "7bit", extra='Content-Disposition: attachment;\n filename="bcarter.vcf"\n')])


def forwarded(m):
    inner = m.rng.choice((plain_reply, gmail, outlook, bare_plain, language))(Mail(m.rng, m.stamp - 9000))
    if m.rng.random() < 0.5:
        note = m.coded("text/plain; charset=utf-8", "FYI\n")
        return m.head(subject="Fwd: " + m.subject) + multipart(m.rng, "mixed", [note, m.rng.choice((
            "Content-Type: message/rfc822\n\n", 'Content-Type: message/rfc822; name="Forwarded.eml"\nContent-Disposition: attachment; filename="Forwarded.eml"\n\n',
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n")) + inner])
    return m.head(subject="Fwd: " + m.subject) + m.coded("text/plain; charset=utf-8", "FYI\n\n---------- Forwarded message ---------\nFrom: Ann Whitfield "
                                                         "<awhitfield@maplehollow.example.org>\nDate: Mon, Sep 2, 2024\nSubject: x\nTo: <hs-staff@maplehollow.example.org>\n\n" + m.text())


def signed(m):
    n = m.token(64)
    body = m.coded("text/plain; charset=utf-8", m.text())
    if m.rng.random() < 0.5:
        kind = 'protocol="application/pkcs7-signature"; micalg=sha-256'
        proof = m.coded('application/pkcs7-signature; name="smime.p7s"', bytes.fromhex("3080060a2a864886f70d01070280") + m.rng.randbytes(900), "base64",
                        extra='Content-Disposition: attachment; filename="smime.p7s"\n')
    else:
        kind = 'micalg=pgp-sha256; protocol="application/pgp-signature"'
        proof = ('Content-Type: application/pgp-signature; name="signature.asc"\n\n-----BEGIN PGP SIGNATURE-----\n\n'
                 + textwrap.fill(base64.b64encode(m.rng.randbytes(400)).decode(), 64) + "\n=Ab3d\n-----END PGP SIGNATURE-----\n")
    return m.head() + f'Content-Type: multipart/signed; {kind};\n boundary="----{n}"\n\nThis is an S/MIME signed message\n\n------{n}\n{body}\n------{n}\n{proof}\n------{n}--\n\n'


def mailing_list(m):
    footer = "_______________________________________________\nHs-staff mailing list\nHs-staff@maplehollow.example.org\nhttps://lists.maplehollow.example.org/\n"
    more = ("List-Id: Staff <hs-staff.maplehollow.example.org>\nList-Unsubscribe: <https://lists.maplehollow.example.org/u>,\n <mailto:hs-staff-request@maplehollow.example.org?subject=unsubscribe>\n"
            "Precedence: list\nSender: hs-staff-bounces@maplehollow.example.org\nErrors-To: hs-staff-bounces@maplehollow.example.org\nX-Mailman-Version: 2.1.39\n")
    if m.rng.random() < 0.3:
        digest = multipart(m.rng, "digest", ["\n" + bare_plain(Mail(m.rng, m.stamp - i)) for i in range(3)])
        return m.head(more=more) + multipart(m.rng, "mixed", [m.coded("text/plain; charset=utf-8", "Topics:\n  1. x"), digest, m.coded("text/plain; charset=utf-8", footer, "7bit")])
    if m.rng.random() < 0.5:
        return m.head(more=more) + m.coded("text/plain; charset=utf-8", m.text() + "\n" + footer)
    return m.head(more=more) + multipart(m.rng, "mixed", [m.coded("text/plain; charset=utf-8", m.text()), 'Content-Type: text/plain; charset="us-ascii"\nMIME-Version: 1.0\n'
                                                          'Content-Transfer-Encoding: 7bit\nContent-Disposition: inline\n\n' + footer])


def report(m):
    n = m.token(48).upper()
    status = ("Reporting-MTA: dns; mx.maplehollow.example.org\nX-Postfix-Queue-ID: 4B\nArrival-Date: Tue,  3 Sep 2024 10:00:00 -0400\n\n"
              "Final-Recipient: rfc822; nobody@example.net\nOriginal-Recipient: rfc822;nobody@example.net\nAction: failed\nStatus: 5.1.1\n"
              "Remote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 <nobody@example.net>: Recipient address\n    rejected: User unknown\n")
    original = m.rng.choice((plain_reply, gmail, bare_plain))(Mail(m.rng, m.stamp - 500))
    if m.rng.random() < 0.5:
        last = "Content-Description: Undelivered Message\nContent-Type: message/rfc822\n\n" + original
    else:
        last = "Content-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\n" + original.split("\n\n")[0] + "\n"
    kind = m.rng.choice(("delivery-status", "disposition-notification"))
    if kind == "disposition-notification":
        status = "Reporting-UA: mail.example.org\nFinal-Recipient: rfc822; a@example.org\nDisposition: manual-action/MDN-sent-manually; displayed\n"
    return (m.head(sender=("Mail Delivery System", "bcarter@maplehollow.example.org"), more="Auto-Submitted: auto-replied\n")
            + f'Content-Type: multipart/report; report-type={kind};\n\tboundary="{n}/mx.maplehollow.example.org"\nContent-Transfer-Encoding: 8bit\n\nThis is a MIME-encapsulated message.\n\n'
            f"--{n}/mx.maplehollow.example.org\nContent-Description: Notification\nContent-Type: text/plain; charset=utf-8\n\nI'm sorry to have to inform you.\n\n"
            f"--{n}/mx.maplehollow.example.org\nContent-Description: Delivery report\nContent-Type: message/{kind}\n\n{status}\n--{n}/mx.maplehollow.example.org\n{last}\n--{n}/mx.maplehollow.example.org--\n")


def language(m):
    text, charsets = m.rng.choice(LANGUAGES)
    charset = m.rng.choice(charsets.split())
    subject = m.rng.choice((email.header.Header(text[:20], charset, errors="replace").encode(), email.header.Header(text, "utf-8").encode(), text[:30]))
    seven = charset == "iso-2022-jp"
    how = m.rng.choice(("quoted-printable", "base64") + (("7bit",) if seven else ("8bit",) if charset == "utf-8" else ()))
    plain = m.coded(f"text/plain; charset={charset}", "\n".join([text] * 4) + "\n", how, charset)
    if m.rng.random() < 0.5:
        return m.head(subject=subject) + plain
    page = f'<html><head><meta charset="{charset}"></head><body><p>{text}</p><p>{text}</p></body></html>'
    return m.head(subject=subject) + multipart(m.rng, "alternative", [plain, m.coded(f'text/html; charset="{charset}"', page, how, charset)])


def newsletter(m):
    page = ('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd"><html><head>'
            '<meta name="viewport" content="width=device-width"><style type="text/css">@media only screen and (max-width:480px){.c{width:100%!important}}</style>'
            '<!--[if mso]><style>.fallback{font-family:Arial}</style><![endif]--><script type="application/ld+json">{"@context":"http://schema.org"}</script></head><body>'
            '<div style="display:none;max-height:0;overflow:hidden">This week at school' + "&#847;&zwnj;&nbsp;" * 60 + '</div>'
            + "".join(f'<table width="100%"><tr><td style="padding:0 18px">{p}</td></tr></table>' for p in m.plain_words(1500))
            + f'<img src="https://track.example.net/o/{m.token()}.gif" width="1" height="1" alt=""><a href="https://news.example.net/u?id={m.token()}&amp;e=1">Unsubscribe</a></body></html>')
    more = ("List-Unsubscribe: <https://news.example.net/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\nX-SG-EID:\n =?us-ascii?Q?" + m.token(200) + "?=\n"
            + "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net;\n\th=from:subject; bh=" + base64.b64encode(m.rng.randbytes(32)).decode() + ";\n\tb=" + base64.b64encode(m.rng.randbytes(200)).decode() + "\n")
    n = m.rng.choice((f"----=_Part_{m.rng.randrange(10**6)}_{m.rng.randrange(10**9)}.{m.stamp}", m.token(240), f"_=aspNetEmail=_{m.token(64)}", f"=_alternative 0056D2CD{m.token(32)}_=",
                      f"b1_{m.token(128)}", f"--_NmP-{m.token(40)}-Part_1"))
    return m.head(more=more) + f'Content-Type: multipart/alternative; charset="UTF-8"; boundary="{n}"\n\n--{n}\n' + m.coded("text/plain; charset=UTF-8", m.text()) + f"\n--{n}\n" + m.coded(
        "text/html; charset=UTF-8", page, "quoted-printable") + f"\n--{n}--\n"


def files(m):
    """Attachments as programs name them; only formats that are text, and pictures."""
    name = m.rng.choice(("notes.txt", "caf\u00e9 men\u00fc.txt", "Class list, period 3.csv", "r\u00e9sum\u00e9 (1).txt", "\u5bb6\u957f\u4f1a.txt", "long " * 15 + "name.txt"))
    data = m.rng.choice((m.text().encode(), m.text().encode("latin-1", "replace"), ("name,grade\r\n" + "x,9\r\n" * 20).encode("utf-16"), ("\ufeffname;grade\r\n" + "x;9\r\n" * 20).encode(),
                         b'{"a": [1, 2, 3]}\n', b"<?xml version=\"1.0\"?><a><b/></a>\n", b""))
    word = email.header.Header(name, "utf-8").encode(linesep="\n")
    percent = urllib.parse.quote(name)
    type_ = "text/csv" if name.endswith("csv") else "text/plain"
    simple = name.encode("ascii", "replace").decode()
    fields = m.rng.choice((
        (f'{type_}; name="{word}"', f"attachment; filename*=UTF-8''{percent}"), (f'{type_}; charset="UTF-8"; name="{word}"', f'attachment; filename="{word}"'),
        (f'{type_}; name="{simple}"', f'attachment; filename="{simple}"; filename*=utf-8\'\'{percent}'), (f"application/octet-stream; name*=utf-8''{percent}", f"attachment; filename*0*=utf-8''{percent[:20]};\n filename*1*={percent[20:]}"),
        (type_, f'attachment; filename="{simple}"; size={len(data)}; creation-date="Tue, 03 Sep 2024 10:00:00 GMT"'), (type_, f"attachment; filename={simple}"), (f'{type_}; name="{name}"', f'attachment; filename="{name}"')))
    part = m.coded(fields[0], data, "base64", extra=f"Content-Disposition: {fields[1]}\n")
    return m.head() + multipart(m.rng, "mixed", [m.coded("text/plain; charset=utf-8", m.text()), part, m.picture("scan0001.png")])


def document(m):
    preamble = m.rng.choice(("", "This is a multi-part message in MIME format.\n", "\n"))
    n = f"----=_NextPart_{m.token(64)}"
    pdf = m.coded('application/pdf; name="scan.pdf"', pdf_of(m.rng, 5000), "base64", extra='Content-Disposition: attachment; filename="scan.pdf"\n')
    return m.head() + f'Content-Type: multipart/mixed;\n boundary="{n}"\nContent-Transfer-Encoding: 7bit\n\n{preamble}--{n}\n' + m.coded("text/plain; charset=utf-8", m.text()) + f"\n--{n}\n{pdf}\n--{n}--"


def odd_text(m):
    """Things people paste, and headers of programs that never read the standard."""
    paste = m.rng.choice(("def f(x):\n    return ~{x} | {'a': 1}\n", "C++ and Google+; grades A+ B+, x+y-z=0, 2+2-, +1-508-555-0110.\n", "-----Original Message-----\nFrom: Ann\nSent: Monday\nSubject: x\n\nHello\n",
                          "--\n--- a/file\n+++ b/file\n@@ -1 +1 @@\n", "begin by reading page 12 and 13.\nend\n", "=?utf-8?q?what is this=3F?= she asked\n", "https://nam02.safelinks.example.net/?url=https%3A%2F%2Fx.example%2F%3Fa%3D1&data=" + m.token(800) + "\n",
                          "From the office: please sign.\n", "Subject: what I said\nTo: everybody\n\nHello\n", "a" * 3000 + "\n", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + textwrap.fill(base64.b64encode(m.rng.randbytes(300)).decode(), 64) + "\n-----END PGP PUBLIC KEY BLOCK-----\n",
                          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk\n", "\x0cChapter 2\n", "Price: 100=50*2, a=3D\n"))
    to = m.rng.choice(("undisclosed-recipients:;", "Recipients <bcarter@maplehollow.example.org>", '"Reed, Jonah" <jreed28@students.maplehollow.example.org>, "O\'Neil; Pat" <kosei@maplehollow.example.org>',
                       ", ".join(f"<student{i}@students.maplehollow.example.org>" for i in range(60)), "Period 3: jreed28@students.maplehollow.example.org, lchen27@students.maplehollow.example.org;"))
    sender = m.rng.choice((SENDER, ('"Carter, Ben"', SENDER[1]), ('"Ben Carter (Google Classroom)"', SENDER[1]), ("=?UTF-8?Q?Ben_C=C3=A1rter?=", SENDER[1])))
    more = m.rng.choice(("", "X-Priority: 3 (Normal)\nX-MSMail-Priority: Normal\n", "Reply-To: bcarter@maplehollow.example.org\n", "Return-Path: <bcarter@maplehollow.example.org>\nDelivered-To: jreed28@students.maplehollow.example.org\nDelivered-To: x\n",
                         "X-Empty:\nComments: \n", "MIME-Version: 1.0\n", "Cc: a@example.org\nCc: b@example.org\n", "X_Spam.Score: 1\n", "Importance: high\nX-Long: " + "y" * 1500 + "\n"))
    fields = m.rng.choice(("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n", "Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 8bit\nContent-Disposition: inline\n", "content-type: text/plain;charset=UTF-8\ncontent-transfer-encoding: 8BIT\n"))
    return m.head(sender=sender, to=to, more=more, subject=m.rng.choice((m.subject, "", "Re: ", "Caf\u00e9 \u2615 " + m.subject))) + fields + "\n" + m.text(300) + paste + m.text(200)


SHAPES = (plain_reply, bare_plain, gmail, outlook, apple, invitation, card, forwarded, signed, mailing_list, report, language, newsletter, files, document, odd_text)


def message(rng, number):
    """The name of its shape and the bytes of message `number`."""
    shape = SHAPES[number % len(SHAPES)]
    text = shape(Mail(rng, 1725350400 + 60 * number))
    return shape.__name__, text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")
