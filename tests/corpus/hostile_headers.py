"""Hostile headers (family d): every field a client shows, in every way it can be written."""
import base64

from hostile_base import DOMAIN, MAILBOX, PHONE, SAY, SENDER, TEXT, Cases, mail, multi, part

HI = part(TEXT, "See you at practice.")


def word(text, charset="utf-8", how="B"):
    data = text if isinstance(text, bytes) else text.encode(charset)
    if how == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?" + "".join(f"={byte:02X}" for byte in data) + "?="


def subjects(cases):
    def subject(text):
        return mail(subject=text)

    wide = "".join(chr(0xFF10 + int(d)) for d in PHONE.replace("-", "")).encode()
    cases.add("d-subject", "see", subject(SAY))
    cases.add("d-subject-b", "see", subject(word(SAY)))
    cases.add("d-subject-q", "see", subject(word(SAY, how="Q")))
    cases.add("d-subject-words-split-number", "see", subject(word("My cell 508-5") + " " + word("55-0142")))
    cases.add("d-subject-words-folded", "see", subject(word("My cell 508-5") + "\n " + word("55-0142")))
    pieces = [word(b"My cell " + wide[:7]), word(wide[7:20]), word(wide[20:])]
    cases.add("d-subject-words-split-characters", "see", subject(" ".join(pieces)))
    cases.add("d-subject-words-each-padded", "see", subject(" ".join(word(p) for p in ("My c", "ell ", "508-", "555-", "0142"))))
    cases.add("d-subject-words-without-space", "see", subject(word("My cell 508-5") + word("55-0142")))
    cases.add("d-subject-word-in-text", "see", subject("cell" + word(" 508-555-0142") + "tonight"))
    cases.add("d-subject-unknown-charset", "see", subject(word(SAY).replace("utf-8", "x-none")))
    cases.add("d-subject-language", "see", subject(word(SAY).replace("utf-8", "utf-8*en")))
    cases.add("d-subject-raw-8-bit", "see", subject("Caf\u00e9 " + SAY))
    cases.add("d-subject-raw-latin-1", "see", subject("Caf\udce9 " + SAY))
    cases.add("d-subject-utf16-word", "see", subject(word(SAY.encode("utf-16-be"), "utf-16be")))
    cases.add("d-subject-word-with-spaces", "see", subject(f"=?utf-8?Q?{SAY}?="))
    cases.add("d-subject-word-unfinished", "see", subject(word(SAY)[:-2]))
    cases.add("d-subject-folded", "see", subject(SAY.replace("508-555", "508-\n 555")))
    cases.add("d-subject-twice-first", "see+hold", mail(subject=SAY, more="Subject: Practice\n"), "dup-singleton")
    cases.add("d-subject-twice-last", "see+hold", mail(more=f"Subject: {SAY}\n"), "dup-singleton")
    cases.add("d-subject-blank-before-colon", "see+hold", mail(more=f"Subject : {SAY}\n"), "dup-singleton")


def authors(cases):
    other = f"Rosa Delgado <rdelgado@{DOMAIN}>"
    cases.add("d-from-name", "see", mail(sender=f'"{SAY.rstrip(".")}" <{SENDER}>'))
    cases.add("d-from-name-encoded", "see", mail(sender=f"{word(SAY)} <{SENDER}>"))
    cases.add("d-from-comment", "see", mail(sender=f"{SENDER} ({SAY})"))
    cases.add("d-from-group", "see", mail(sender=f"{SAY.rstrip('.').replace(',', '')}: {SENDER};"))
    cases.add("d-from-twice", "hold", mail(more=f"From: {other}\n"), "dup-singleton")
    cases.add("d-from-two-authors", "hold", mail(sender=f"Ben Carter <{SENDER}>, {other}"), "multiple-from")
    cases.add("d-from-word-in-quotes", "see", mail(sender=f'"{word(SAY)}" <{SENDER}>'))
    cases.add("d-reply-to-name", "see", mail(more=f'Reply-To: "{PHONE} (my cell)" <{SENDER}>\n'))
    cases.add("d-reply-to-address", "see", mail(more=f"Reply-To: {MAILBOX}\n"), values=("staff-private-header",))
    cases.add("d-to-name", "see", mail(more=f'Cc: "{SAY}" <awhitfield@{DOMAIN}>\n'))


def fields(cases):
    for name in ("X-Note", "Organization", "Comments", "Keywords", "Thread-Topic", "List-Id"):
        cases.add(f"d-field-{name.lower()}", "see", mail(more=f"{name}: {SAY}\n"))
    cases.add("d-list-unsubscribe", "see", mail(more="List-Unsubscribe: <tel:+1-508-555-0142>\n"))
    cases.add("d-content-location", "see", multi([HI, part(TEXT + "Content-Location: tel:+1-508-555-0142\n", "Hi")]))
    cases.add("d-content-description", "see", multi([HI, part(TEXT + f"Content-Description: {SAY}\n", "Hi")]))
    cases.add("d-part-subject", "see", multi([HI, part(TEXT + f"Subject: {SAY}\n", "Hi")]))
    cases.add("d-field-repeated", "see", mail(more="".join(f"X-A: {i}\n" for i in range(300)) + f"X-A: {SAY}\n"))


def names(cases):
    def file(parameters, type_="image/png"):
        body = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\1\0\0\0\0").decode()
        return multi([HI, part(f"Content-Type: {type_}\nContent-Disposition: attachment{parameters}\nContent-Transfer-Encoding: base64\n", body)])

    cases.add("d-filename", "see", file(f'; filename="{SAY}png"'))
    cases.add("d-name", "see", file("", f'image/png; name="{SAY}png"'))
    percent = "".join(f"%{byte:02X}" for byte in SAY.encode())
    cases.add("d-filename-2231", "see", file(f"; filename*=utf-8''{percent}.png"))
    cases.add("d-filename-2231-pieces", "see", file('; filename*0="My cell 508-"; filename*1="555-01"; filename*2="42.png"'))
    cases.add("d-filename-encoded-word", "see", file(f'; filename="{word(SAY + "png")}"'))
    cases.add("d-filename-conflict", "see+hold", file(f'; filename="a.png"; filename="{PHONE} cell.png"', 'image/png; name="b.txt"'),
              "conflicting-name|dup-param")


def all_cases():
    cases = Cases()
    for family in (subjects, authors, fields, names):
        family(cases)
    return cases
