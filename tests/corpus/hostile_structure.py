"""Hostile structure: multiparts, nested messages, line endings, encryption, and sizes no mail needs."""
from hostile_base import (HTML, SAY, SENDER, TEXT, Cases, b64, cms_enveloped, cms_signed, coded, crlf, head, mail, multi,
                          multi_body, part, zip_encrypted)

HI = part(TEXT, "See you at practice.")
IT = part(TEXT, SAY)
PGP = ("-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ6pZx8sQWAQf+IhU3m2n1k7Yk0Qv5zv3W8wq1s9J4tV2xXc6bN0mLpO8e\n"
       "r7uYtGdSaQwErTyUiOpAsDfGhJkLzXcVbNm1234567890qwertyuiopasdfghjkl\n=Ab3d\n-----END PGP MESSAGE-----\n")


def typed(value, body, more=""):
    return mail(f"Content-Type: {value}\n{more}", body)


def boundaries(cases):
    """Family b: multiparts that clients cut differently."""
    edge = multi_body([HI, IT])
    cases.add("b-multipart", "see", multi([HI, IT]))
    cases.add("b-prologue", "see+flag", typed('multipart/mixed; boundary="=_edge"', crlf(SAY + "\n") + multi_body([HI])), "prologue-text")
    cases.add("b-epilogue", "see+flag", typed('multipart/mixed; boundary="=_edge"', multi_body([HI]) + crlf(SAY)), "prologue-text")
    cases.add("b-boundary-missing", "see+hold", typed("multipart/mixed", edge), "boundary")
    cases.add("b-boundary-empty", "see+hold", typed('multipart/mixed; boundary=""', multi_body([HI, IT], "")), "boundary")
    cases.add("b-boundary-never-used", "see+hold", typed('multipart/mixed; boundary="other"', edge), "boundary")
    cases.add("b-boundary-not-closed", "see", typed('multipart/mixed; boundary="=_edge"', edge.replace(b"--=_edge--\r\n", b"")))
    cases.add("b-boundary-blanks-after", "see", typed('multipart/mixed; boundary="=_edge"', edge.replace(b"--=_edge\r", b"--=_edge \t\r")))
    cases.add("b-boundary-blank-in-parameter", "see+hold", typed('multipart/mixed; boundary="=_edge "', edge), "boundary")
    cases.add("b-boundary-unquoted", "see", typed("multipart/mixed; boundary==_edge", edge))
    twice = 'multipart/mixed; boundary="{}"; boundary="{}"'
    cases.add("b-boundary-twice-first", "see+hold", typed(twice.format("=_edge", "no"), edge), "dup-param")
    cases.add("b-boundary-twice-last", "see+hold", typed(twice.format("no", "=_edge"), edge), "dup-param")
    cases.add("b-boundary-2231", "see", typed("multipart/mixed; boundary*0==_e; boundary*1=dge", edge))
    cases.add("b-boundary-2231-percent", "see", typed("multipart/mixed; boundary*=us-ascii''%3D%5Fedge", edge))
    cases.add("b-boundary-2231-and-plain", "see+hold", typed('multipart/mixed; boundary*0="=_e"; boundary*1="dge"; boundary="no"', edge),
              "boundary|dup-param")
    cases.add("b-boundary-encoded-word", "see+hold", typed('multipart/mixed; boundary="=?us-ascii?q?=3D=5Fedge?="', edge), "boundary")
    cases.add("b-type-twice-first-multipart", "see+hold",
              typed('multipart/mixed; boundary="=_edge"', edge, "Content-Type: text/plain\n"), "dup-content-type")
    cases.add("b-type-twice-last-multipart", "see+hold",
              typed("text/plain", multi_body([part(TEXT + "Content-Transfer-Encoding: base64\n", b64(SAY))]),
                    'Content-Type: multipart/mixed; boundary="=_edge"\n'), "dup-content-type")
    cases.add("b-type-twice-two-boundaries", "see+hold",
              typed('multipart/mixed; boundary="one"', multi_body([HI], "one") + multi_body([IT], "two"),
                    'Content-Type: multipart/mixed; boundary="two"\n'), "dup-content-type")
    same = part('Content-Type: multipart/mixed; boundary="=_edge"\n', multi_body([IT]))
    cases.add("b-nested-same-boundary", "see+hold", multi([HI, same]), "nested-boundary")
    longer = part('Content-Type: multipart/mixed; boundary="=_edge2"\n', multi_body([IT], "=_edge2"))
    cases.add("b-nested-longer-boundary", "see", multi([HI, longer]))
    cases.add("b-no-mime-version", "see", multi([HI, IT]).replace(b"MIME-Version: 1.0\r\n", b""))


def nested(cases):
    """Family b: messages inside messages, in pieces, and elsewhere."""
    inner = mail(body=SAY).replace(b"<CASE@", b"<inner@")
    cases.add("b-attached-message", "see", multi([HI, part("Content-Type: message/rfc822\n", inner)]))
    cases.add("b-attached-message-base64", "see",
              multi([HI, part("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n", b64(inner))]))
    cases.add("b-attached-message-global", "see", multi([HI, part("Content-Type: message/global\n", inner)]))
    named = 'Content-Type: application/octet-stream; name="a.eml"\nContent-Transfer-Encoding: base64\n'
    cases.add("b-attached-message-octets", "see", multi([HI, part(named, b64(inner))]))
    cases.add("b-partial", "hold", typed('message/partial; id="x@example.org"; number=1; total=2', inner), "partial")
    cases.add("b-partial-without-text", "hold", typed('message/partial; id="x@example.org"; number=2; total=2', "rest"), "partial")
    outside = "message/external-body; access-type=URL; URL=\"https://files.example.net/a\""
    cases.add("b-external-body", "hold", multi([HI, part(f"Content-Type: {outside}\n", TEXT)]), "external-body")
    cases.add("b-external-body-phantom", "see+flag", multi([HI, part(f"Content-Type: {outside}\n", TEXT + "\n" + SAY)]), "external-body")
    cases.add("b-digest", "see", multi([b"\r\n" + mail(), b"\r\n" + inner], "digest"))
    status = part("Content-Type: message/delivery-status\n", f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; a@example.net\n"
                  f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 {SAY}\n")
    cases.add("b-delivery-status", "see", multi([HI, status], "report; report-type=delivery-status"))
    cases.add("b-rfc822-headers", "see",
              multi([HI, part("Content-Type: text/rfc822-headers\n", f"From: {SENDER}\nSubject: {SAY}\n")], "report; report-type=delivery-status"))
    cases.add("b-part-runs-into-body", "see+hold", multi([HI, crlf(TEXT + SAY + "\n\nMore.\n")]), "header-in-body")
    cases.add("b-top-without-empty-line", "see+hold", crlf(head() + TEXT + SAY + "\n\nMore.\n"), "header-in-body")
    cases.add("b-part-without-header", "see", multi([HI, crlf("\n" + SAY + "\n")]))
    cases.add("b-part-starts-with-text", "see+hold", multi([HI, crlf(SAY + "\nMore.\n\nAnd more.\n")]), "header-in-body")
    cases.add("b-alternative-mismatch", "see", multi([IT, part(HTML, "<p>Hello</p>")], "alternative"))
    event = ("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20240903T100000Z\nSUMMARY:Practice\n"
             f"DESCRIPTION:{SAY[:15]}\n {SAY[15:]}\nEND:VEVENT\nEND:VCALENDAR\n")
    cases.add("b-alternative-calendar", "see",
              multi([HI, part(HTML, "<p>Hi</p>"), part("Content-Type: text/calendar; method=REQUEST\n", event)], "alternative"))
    cases.add("b-related-not-root", "see", multi([part(HTML, "<p>Hi</p>"), part(TEXT + "Content-ID: <a>\n", SAY)], "related; type=\"text/html\""))
    cases.add("b-appledouble", "see", multi([part("Content-Type: application/applefile\n", "x"), IT], "appledouble"))
    cases.add("b-mixed-unknown-subtype", "see", multi([HI, IT], "x-strange"))


def protected(cases):
    """Family b: signed, encrypted, packed."""
    smime = "application/pkcs7-mime; smime-type={}; name=smime.p7m"
    cases.add("b-smime-opaque-signed", "see", coded(cms_signed(TEXT + "\n" + SAY), f"Content-Type: {smime.format('signed-data')}\n"))
    cases.add("b-smime-enveloped", "hold", coded(cms_enveloped(), f"Content-Type: {smime.format('enveloped-data')}\n"), "encrypted")
    cases.add("b-pgp-inline", "hold", mail(body="Secret:\n\n" + PGP), "encrypted")
    cases.add("b-pgp-mime", "hold", multi([part("Content-Type: application/pgp-encrypted\n", "Version: 1\n"),
                                           part("Content-Type: application/octet-stream\n", PGP)],
                                          'encrypted; protocol="application/pgp-encrypted"'), "encrypted")
    signed = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- {SAY}\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    cases.add("b-pgp-clear-signed", "see+flag", mail(body=signed), "signed")
    packed = 'Content-Type: application/zip; name="a.zip"\nContent-Transfer-Encoding: base64\n'
    cases.add("b-zip-encrypted", "hold", multi([HI, part(packed, b64(zip_encrypted()))]), "encrypted")
    hidden = 'Content-Type: application/octet-stream; name="a.dat"\nContent-Transfer-Encoding: base64\n'
    cases.add("b-zip-encrypted-unlabelled", "hold", multi([HI, part(hidden, b64(zip_encrypted()))]), "encrypted")


def types(cases):
    """Family b: Content-Type fields that say less, or something else."""
    for name, value in (("no-subtype", "text"), ("slash-junk", "text/"), ("folded", "text/plain;\n\tcharset=utf-8"),
                        ("blank-in-type", "text /plain"), ("comment", "text/plain (plain); charset=utf-8 (of course)"),
                        ("garbage", ";;;"), ("empty", "")):
        cases.add(f"b-type-{name}", "see", typed(value, SAY))
    cases.add("b-type-image-but-text", "see+flag", typed("image/png; name=a.png", SAY), "wrong-type")
    cases.add("b-type-octets-but-text", "see", typed("application/octet-stream; name=a.bin", SAY))
    cases.add("b-type-octets-without-name", "see", typed("application/octet-stream", b64(SAY), "Content-Transfer-Encoding: base64\n"))
    cases.add("b-type-unknown", "see", typed("x-thing/x-other", SAY))
    cases.add("b-vcard", "see", multi([HI, part("Content-Type: text/vcard; name=me.vcf\n", "BEGIN:VCARD\nVERSION:3.0\nFN:Ben\nTEL;TYPE=CELL:+1-508\n"
                                                " -555-0142\nEND:VCARD\n")]))
    cases.add("b-csv-utf16", "see", multi([HI, part("Content-Type: text/csv; name=a.csv\nContent-Transfer-Encoding: base64\n",
                                                    b64("name,cell\r\nme,508-555-0142\r\n".encode("utf-16")))]))


def lines(cases):
    """Family c: line ends and bytes that have no business in a header."""
    plain = mail(body="Hi.\n" + SAY)
    cases.add("c-lf-only", "see", plain.replace(b"\r\n", b"\n"))
    cases.add("c-cr-only", "see+hold", plain.replace(b"\r\n", b"\r"), "bare-cr")
    cases.add("c-cr-only-body", "see+hold", mail(body=("Hi.\r" + SAY + "\rBye.").encode()), "bare-cr")
    cases.add("c-mixed-ends", "see", mail(body=("Hi.\n" + SAY + "\nBye.").encode()))
    cases.add("c-crcrlf", "see+hold", plain.replace(b"\r\n", b"\r\r\n"), "bare-cr")
    cases.add("c-bare-cr-in-header", "see+hold", mail(body=b64(SAY), fields=TEXT + "X-A: a\rContent-Transfer-Encoding: base64\n"), "bare-cr")
    cases.add("c-nul-in-field-name", "see+hold", mail(TEXT + "Content-Transfer\0-Encoding: base64\n", b64(SAY)), "nul")
    cases.add("c-nul-in-field-value", "see+hold", mail("Content-Type: text/pl\0ain\nContent-Transfer-Encoding: base64\n", b64(SAY)), "nul")
    cases.add("c-blank-line-in-header", "see+hold", crlf(head() + " \nContent-Transfer-Encoding: base64\n" + TEXT + "\n" + b64(SAY) + "\n"),
              "header-in-body")
    cases.add("c-vt-before-value", "see+hold", mail(TEXT + "Content-Transfer-Encoding:\v\fbase64\n", b64(SAY)), "odd-encoding")
    cases.add("c-line-of-1m", "see", lambda: mail(body="x " * 500_000 + SAY + " y" * 100))
    cases.add("c-field-of-1m", "see+hold", lambda: mail(body=SAY, more="X-A: " + "x" * 1_000_000 + "\n"), "too-many-headers")
    cases.add("c-ctrl-z", "see", mail(body="Hi.\n\x1a\n" + SAY))
    cases.add("c-dot-line", "see", mail(body="Hi.\n.\n" + SAY))
    cases.add("c-from-line-in-body", "see", mail(body="Hi.\n\nFrom a@example.org Tue Sep  3 10:00:00 2024\n" + SAY))


def shapes(cases):
    """Messages that are hardly messages."""
    cases.add("x-body-only", "see+hold", crlf("\n" + SAY + "\n"), "no-structure|header-in-body|parser-warning")
    cases.add("x-text-without-header", "see+hold", crlf(SAY + "\nMore of it.\n"), "no-structure|header-in-body|parser-warning")
    cases.add("x-blank-first", "see+hold", b"   \r\n" + mail(body=SAY), "no-structure|header-in-body|parser-warning")
    cases.add("x-header-only", "see", crlf(head(subject=SAY) + TEXT))
    cases.add("x-from-line-first", "see", b"From bcarter Tue Sep  3 10:00:00 2024\r\n" + mail(body=SAY))
    cases.add("x-header-without-end", "see", crlf(head(subject=SAY)).rstrip(b"\r\n"))


def deep_multipart(levels, inner=IT, extra=b""):
    # The type of level n + 1 stands in the header of its part; level 0's in the message's.
    out = [crlf(head() + 'Content-Type: multipart/mixed; boundary="b0"\n\n')]
    for i in range(1, levels):
        out.append(b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (i - 1, i))
    out.append(b"--b%d\r\n" % (levels - 1) + inner + extra)
    return b"".join(out) + b"".join(b"--b%d--\r\n" % i for i in reversed(range(levels)))


def deep_messages(levels):
    return crlf(head()) + b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: level %d\r\n" % i for i in range(levels)) + crlf(TEXT + "\n" + SAY)


def sizes(cases):
    """Family g and the depth of b: what costs a parser its stack, memory or time."""
    groups = "To: " + "a:" * 42_000 + "\n"
    folded = "To: " + "\n ".join(["a:" * 30] * 1_400) + "\n"
    attached = [HI, part("Content-Type: message/rfc822\n", crlf(f"From: a@example.org\n{groups}Subject: x\n\n{SAY}\n"))]
    cases.add("b-depth-20", "see", lambda: deep_multipart(20))
    cases.add("b-depth-1100", "hold", lambda: deep_multipart(1_100), "too-deep|too-many-parts")
    cases.add("b-messages-depth-1100", "hold", lambda: deep_messages(1_100), "too-deep|too-many-parts")
    cases.add("b-5000-small-parts", "hold", lambda: multi([b"\r\nx\r\n"] * 5_000 + [IT]), "too-many-parts")
    cases.add("g1-groups", "hold", mail(body=SAY, more=groups.replace("To", "Cc")), "address-groups")
    cases.add("g1-groups-folded", "hold", mail(body=SAY, more=folded.replace("To", "Reply-To")), "address-groups")
    cases.add("g1-groups-in-attached-message", "hold", multi(attached), "address-groups")
    cases.add("g1-groups-in-base64-message", "hold",
              multi([HI, part("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n", b64(attached[1].split(b"\r\n\r\n", 1)[1]))]),
              "address-groups|reader-crashed")
    long_name = "x" * 70 + "*=utf-8''" + "%E4%B8%AD" * 200
    cases.add("g2-long-parameter-name", "see", typed(f"text/plain; charset=utf-8; {long_name}", SAY))
    many = "".join(f"; p{i}=v" for i in range(50_000))
    cases.add("g3-50k-parameters", "hold", lambda: typed("text/plain" + many, SAY), "too-many-params|too-many-headers")
    cases.add("g3-5k-parameters-in-part", "hold", lambda: multi([HI, part("Content-Type: text/plain" + many[:40_000] + "\n", SAY)]),
              "too-many-params|too-many-headers")
    cases.add("g4-nested-and-dashes", "hold", lambda: deep_multipart(1_000, extra=b"--\r\n" * 300_000), "too-deep|too-many-parts")
    cases.add("g5-depth-20k", "hold", lambda: deep_multipart(20_000), "too-deep|too-many-parts")
    cases.add("g6-100k-parts", "hold", lambda: multi([b"\r\n"] * 100_000 + [IT]), "too-many-parts")
    cases.add("g7-digest-100k", "hold", lambda: multi([b"\r\n"] * 100_000 + [IT], "digest"), "too-many-parts")
    cases.add("g8-200k-fields", "hold", lambda: mail(body=SAY, more="".join(f"X-{i}: a\n" for i in range(200_000))), "too-many-headers")


def all_cases():
    cases = Cases()
    for family in (boundaries, nested, protected, types, lines, shapes, sizes):
        family(cases)
    return cases
