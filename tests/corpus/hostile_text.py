"""Hostile encodings, character sets, disguises and HTML: the canary is text, but not as text is usually sent."""
from hostile_base import HTML, MAILBOX, PHONE, SAY, TEXT, Cases, b64, binhex, coded, mail, multi, part, qp_all, uu, yenc


def cte(value, body=None):
    return mail(TEXT + f"Content-Transfer-Encoding: {value}\n", body or b64(SAY))


def encodings(cases):
    """Family a: transfer encodings, odd but valid, and not."""
    cases.add("a-plain", "see", mail(body=SAY))
    cases.add("a-base64", "see", coded(SAY))
    cases.add("a-qp-every-byte", "see", cte("quoted-printable", qp_all(SAY)))
    cases.add("a-qp-soft-break-in-number", "see", cte("quoted-printable", SAY.replace("555", "5=\n55")))
    cases.add("a-base64-without-padding", "see", cte("base64", b64(SAY + "  ").rstrip("=")))
    cases.add("a-encoding-upper-case-blanks", "see", cte("   BASE64   "))
    cases.add("a-encoding-folded", "see", cte("\n base64"))
    cases.add("a-encoding-blank-before-colon", "see", mail(TEXT + "Content-Transfer-Encoding : base64\n", b64(SAY)))
    cases.add("a-binary", "see", cte("binary", SAY))
    cases.add("a-uuencode-as-encoding", "see", cte("x-uuencode", uu(SAY)))
    halves = [SAY[:10], SAY[10:]]
    cases.add("a-base64-padded-mid-stream", "see+flag", cte("base64", b64("Hi.\n\n") + "\n" + b64(SAY)), "base64-junk")
    cases.add("a-base64-in-two-padded-halves", "see+flag", cte("base64", "\n".join(b64(h) for h in halves)), "base64-junk")
    cases.add("a-base64-padding-first", "see+flag", cte("base64", "=\n" + b64(SAY)), "base64-junk")
    cases.add("a-base64-junk", "see+flag", cte("base64", "!*!".join(b64(SAY))), "base64-junk")
    url = b64("?>?>?>~ " + SAY + " ?>?>~~~").replace("+", "-").replace("/", "_")
    cases.add("a-base64-url-alphabet", "see+flag", cte("base64", url), "base64-junk")
    for name, value in (("trailing-word", "base64 please"), ("semicolon", "base64;"), ("quoted", '"base64"'),
                        ("comment", "(x) base64"), ("x-base64", "x-base64"), ("encoded-word", "=?us-ascii?q?base64?="),
                        ("comma", "base64, 7bit"), ("nul", "base64\0"), ("unknown", "rot47")):
        body = SAY if value == "rot47" else None
        cases.add(f"a-encoding-{name}", "see+hold", cte(value, body), "odd-encoding|nul")
    seven = TEXT + "Content-Transfer-Encoding: {}\nContent-Transfer-Encoding: {}\n"
    cases.add("a-encoding-twice-first-good", "see+hold", mail(seven.format("base64", "7bit"), b64(SAY)), "dup-content-encoding")
    cases.add("a-encoding-twice-last-good", "see+hold", mail(seven.format("7bit", "base64"), b64(SAY)), "dup-content-encoding")
    inner = "--=_e\n" + TEXT + "\n" + SAY + "\n--=_e--\n"
    cases.add("a-encoding-on-multipart", "see+hold",
              mail('Content-Type: multipart/mixed; boundary="=_e"\nContent-Transfer-Encoding: base64\n', b64(inner)),
              "encoding-on-multipart")
    cases.add("a-uuencode-inline", "see+flag", mail(body="The note:\n\n" + uu(SAY)), "uuencode")
    cases.add("a-yenc-inline", "see+flag", mail(TEXT + "Content-Transfer-Encoding: 8bit\n", b"Note:\r\n\r\n" + yenc(SAY)), "yenc")
    cases.add("a-binhex-inline", "see+flag", mail(body="Note:\n\n" + binhex(SAY)), "binhex")
    cases.add("a-binhex-part", "see+flag", multi([part(TEXT, "hi"), part("Content-Type: application/mac-binhex40\n", binhex(SAY))]),
              "binhex")


def charsets(cases):
    """Family a: what the bytes are said to be, and what they are."""
    def typed(charset, data):
        return coded(data, f"Content-Type: text/plain; charset={charset}\n")

    def plain(data, fields="Content-Type: text/plain\n"):
        return coded(data, fields)

    wide = SAY.translate({ord("0") + i: 0xFF10 + i for i in range(10)})
    cases.add("a-utf16le", "see", typed("utf-16le", SAY.encode("utf-16-le")))
    cases.add("a-utf16-bom", "see", typed("utf-16", SAY.encode("utf-16")))
    cases.add("a-utf32", "see", typed("utf-32", SAY.encode("utf-32")))
    cases.add("a-utf16-unlabelled", "see+flag", plain(SAY.encode("utf-16-le")), "wrong-charset")
    html16 = f"<html><body><p>{SAY}</p></body></html>".encode("utf-16-le")
    cases.add("a-utf16-html-unlabelled", "see", plain(html16, "Content-Type: text/html\n"))
    cases.add("a-utf7", "see", mail("Content-Type: text/plain; charset=utf-7\n", SAY.replace("508", "+ADUAMAA4-")))
    utf7 = f"<meta charset=utf-7><p>{SAY.replace('508', '+ADUAMAA4-')}</p>"
    cases.add("a-utf7-by-meta", "see+hold", mail("Content-Type: text/html\n", utf7), "utf-7")
    cases.add("a-ebcdic", "see", typed("cp037", SAY.encode("cp037")))
    cases.add("a-charset-unknown", "see", typed("x-no-such-thing", SAY))
    cases.add("a-charset-empty", "see", typed('""', SAY))
    cases.add("a-ascii-label-8-bit", "see+flag", typed("us-ascii", wide), "wrong-charset")
    overlong = SAY.encode().replace(b"508", bytes([0xC0, 0xB5, 0xC0, 0xB0, 0xC0, 0xB8]))
    cases.add("a-overlong-utf8", "see+hold", typed("utf-8", overlong), "overlong-utf8")
    cases.add("a-invalid-bytes-in-number", "see+flag", typed("utf-8", SAY.encode().replace(b"508-", b"508\xff-\xfe")), "wrong-charset")
    lone = SAY.replace("508-", "508\ud800-\udfff").encode("utf-16-le", "surrogatepass")
    cases.add("a-utf16-lone-surrogates-in-number", "see+flag", typed("utf-16le", lone), "wrong-charset")
    cases.add("a-utf16-odd-length", "see", typed("utf-16le", SAY.encode("utf-16-le") + b"\xd8"))
    cases.add("a-iso-2022-jp-escapes", "see", typed("iso-2022-jp", SAY.encode().replace(b"508", b"5\x1b(J0\x1b(B8")))
    cases.add("a-hz", "see", typed("hz-gb-2312", SAY.encode().replace(b"508", b"~{#5#0#8~}")))
    cases.add("a-charset-twice", "see+hold", mail("Content-Type: text/plain; charset=utf-16; charset=us-ascii\n", SAY), "dup-param")
    cases.add("a-meta-against-header", "see", coded(f'<meta charset="utf-16"><p>{SAY}</p>', HTML))
    cases.add("a-bom-against-label", "see", typed("utf-16", b"\xef\xbb\xbf" + SAY.encode()))
    cases.add("a-utf16-label-on-ascii", "see", typed("utf-16le", SAY))
    cases.add("a-windows-1252-unlabelled", "see", plain((SAY.replace("-", "\x96")).encode("latin-1")))
    cases.add("a-nul-in-text", "see+hold", plain(SAY.encode().replace(b"cell", b"cell\0")), "nul")
    cases.add("a-nul-first", "see+hold", plain(b"\0" + SAY.encode()), "nul")


def disguises(cases):
    """Families a and c: Unicode that looks like digits, or like nothing."""
    def shown(text):
        return mail(TEXT + "Content-Transfer-Encoding: 8bit\n", SAY.replace(PHONE, text))

    digits = PHONE.replace("-", "")
    cases.add("a-full-width", "see", shown("".join(chr(0xFF10 + int(d)) for d in digits)))
    cases.add("a-math-digits", "see", shown("".join(chr(0x1D7CE + int(d)) for d in digits)))
    cases.add("a-zero-width", "see", shown("\u200b".join(PHONE)))
    cases.add("a-soft-hyphens", "see", shown("\u00ad".join(PHONE)))
    cases.add("a-word-joiners", "see", shown("\u2060".join(PHONE)))
    cases.add("a-right-to-left-override", "see", shown("\u202e" + PHONE[::-1] + "\u202c"))
    cases.add("a-dashes", "see", shown("508\u2011555\u22120142"))
    cases.add("a-no-break-spaces", "see", shown(PHONE.replace("-", "\u00a0")))
    cases.add("a-spelled-out", "see", shown("five oh eight five five five oh one four two"))
    cases.add("c-control-characters", "see", shown("5\b08-555-\b01\b42"))
    cases.add("c-unicode-line-separators", "see", shown(PHONE.replace("-", "\u2028")))


def html(cases):
    """Family e: what a client renders, and what stands in the source."""
    def page(body, fields=HTML):
        return mail(fields + "Content-Transfer-Encoding: 8bit\n", f"<html><body>{body}</body></html>")

    def shown(text):
        return page("<p>" + SAY.replace(PHONE, text) + "</p>")

    cases.add("e-entities", "see", shown("".join(f"&#{ord(c)};" for c in PHONE)))
    cases.add("e-entities-hex", "see", shown("".join(f"&#x{ord(c):x};" for c in PHONE)))
    cases.add("e-entities-without-semicolon", "see", shown("&#53&#48&#56-555-0142"))
    cases.add("e-tags-between", "see", shown("5<b>0</b>8-<i>55</i>5-<span>01</span>42"))
    cases.add("e-comment-between", "see", shown("508-5<!-- 1 -->55-0142"))
    cases.add("e-hidden-span-between", "see", shown('508-<span style="display:none">999</span>555-0142'))
    cases.add("e-white-on-white", "see+flag", page(f'<p style="color:#ffffff;background:#ffffff">{SAY}</p>'), "hidden-text")
    cases.add("e-font-size-zero", "see+flag", page(f'<p style="font-size:0">{SAY}</p>'), "hidden-text")
    cases.add("e-comment", "see", page(f"Hello.<!-- {SAY} -->"))
    cases.add("e-tel-link", "see", page(f'<a href="tel:+1{PHONE}">me</a>'))
    cases.add("e-sms-link", "see", page(f'<a href="sms:+15085550142?body=hi">me</a>'))
    cases.add("e-mailto", "see", page(f'<a href="mailto:{MAILBOX}?subject=hi">me</a>'), values=(MAILBOX,))
    cases.add("e-wa-me", "see", page('<a href="https://wa.me/15085550142">me</a>'), values=("15085550142",))
    cases.add("e-alt-and-title", "see", page(f'<img src="cid:1" alt="{SAY}"><b title="x">hi</b>'))
    cases.add("e-title-attribute", "see", page(f'<b title="{SAY}">hi</b>'))
    data = b64(f"<p>{SAY}</p>").replace("\n", "")
    cases.add("e-data-uri", "see", page(f'<iframe src="data:text/html;base64,{data}"></iframe>'))
    cases.add("e-data-uri-percent", "see", page('<a href="data:text/plain,' + SAY.replace(" ", "%20").replace("5", "%35") + '">open</a>'))
    cases.add("e-input-value", "see", page(f'<input value="{SAY}">'))
    cases.add("e-css-content", "see", page(f'<style>p:after {{ content: "{SAY}" }}</style><p>Hi</p>'))
    cases.add("e-bdo", "see", page(f'<p>My cell is <bdo dir="rtl">{PHONE[::-1]}</bdo></p>'))
    cases.add("e-unclosed-tags", "see", page(f"<table><tr><td><b>{SAY}<a href="))
    cases.add("e-unclosed-comment", "see", page(f"hi <!-- {SAY}"))
    cases.add("e-script", "flag", page('<script>document.write("508-555" + "-01" + "42")</script>'), "script")
    cases.add("e-mso-conditional", "see", page(f"<!--[if mso]><p>{SAY}</p><![endif]--><p>Hi</p>"))
    cases.add("e-not-mso-conditional", "see", page(f"<!--[if !mso]><!--><p>{SAY}</p><!--<![endif]-->"))
    cases.add("e-nbsp-between-digits", "see", shown("508&nbsp;555&#160;0142"))
    cases.add("e-table-cells", "see", page("<p>My cell:</p><table><tr><td>508</td><td>555</td><td>0142</td></tr></table>"))
    cases.add("e-svg-text", "see", page(f'<svg><text x="1" y="9">{SAY}</text></svg>'))
    cases.add("e-100k-nested", "see+flag", lambda: page("<div>" * 100_000 + SAY + "</div>" * 100_000), "html-depth")
    cases.add("e-100k-inline", "see", lambda: page("<b></b>" * 100_000 + SAY))
    cases.add("e-20k-attributes", "see", lambda: page("<p " + " ".join(f"a{i}=1" for i in range(20_000)) + f">{SAY}</p>"))
    cases.add("e-50k-entities", "see", lambda: page("&amp;" * 50_000 + " " + SAY))
    cases.add("e-cdata", "see", page(f"<![CDATA[<p>{SAY}</p>]]>", "Content-Type: application/xhtml+xml; charset=utf-8\n"))
    cases.add("e-enriched", "see", mail("Content-Type: text/enriched\n", f"<bold>{SAY.replace('555', '<italic>555</italic>')}</bold>"))
    cases.add("e-rtf", "see", mail("Content-Type: text/rtf\n", "{\\rtf1\\ansi\\b My cell is\\b0  508-5{\\i 55}-01\\'34\\'32 tonight\\par}"))
    both = [part(TEXT, "Hello"), part("Content-Type: text/x-amp-html\n", f"<html amp4email><body>{SAY}</body></html>"),
            part(HTML, "<p>Hello</p>")]
    cases.add("e-amp", "see", multi(both, "alternative"))
    cases.add("e-watch-html", "see", multi([both[0], part("Content-Type: text/watch-html\n", f"<b>{SAY}</b>"), both[2]], "alternative"))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><text>{SAY}</text></svg>'
    cases.add("e-svg-part", "see", multi([both[0], part("Content-Type: image/svg+xml; name=a.svg\n", svg)]))
    cases.add("e-html-in-plain", "see", mail(body=f"<html><body><p>{SAY}</p></body></html>"))


def all_cases():
    cases = Cases()
    for family in (encodings, charsets, disguises, html):
        family(cases)
    return cases
