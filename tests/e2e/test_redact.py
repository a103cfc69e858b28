"""Redaction: what the roster and the detectors propose, what an officer makes of it, and that nothing of it is left in text or PDF,
by our own reading and by pdftotext's."""
import base64
import hashlib
import json
import os
import re
import subprocess
import unicodedata
import zlib

import pytest

from demo import ANN, BEN, JONAH, MIA
from documents import docx, zipped
from lab import Lab, message

NAMES = ["Mia Torres", "Jonah Reed", "mtorres28", "mia.t.07@webmail.example", "508-555-0171", "Elena"]


@pytest.fixture(scope="module")
def lab():
    lab = Lab().start()
    yield lab
    lab.stop()


def sheet(rows):
    """A workbook of one sheet, its texts inline."""
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>" for row in rows)
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {ns} xmlns:r="{rel}"><sheets><sheet name="Torres" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                                      f'<Relationship Id="rId1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {ns}><sheetData>{cells}</sheetData></worksheet>"})


def part(kind, body, name=None, encoding="base64"):
    data = base64.encodebytes(body).decode().replace("\n", "\r\n")
    place = f'Content-Disposition: attachment; filename="{name}"\r\n' if name else ""
    return f"Content-Type: {kind}\r\n{place}Content-Transfer-Encoding: {encoding}\r\n\r\n{data}\r\n"


def mixed(text, html, files):
    inner = ("Content-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n" + part("text/plain; charset=utf-8", text.encode()) +
             "--b2\r\n" + part("text/html; charset=utf-8", html.encode()) + "--b2--\r\n")
    return "".join(f"--b1\r\n{p}" for p in [inner, *(part(kind, data, name) for name, kind, data in files)]) + "--b1--\r\n"


def put(lab, tag, body, to=f"Mia Torres <{MIA}>", rcpts=(MIA, ANN), headers=(), subject=None):
    kind = 'Content-Type: multipart/mixed; boundary="b1"' if body.startswith("--b1") else "Content-Type: text/plain"
    code, answer = lab.send(BEN, list(rcpts), message(BEN, to, subject or f"{tag} Mia Torres", body,
                                                      ["MIME-Version: 1.0", kind, *headers]))
    assert code == 250, answer
    return [r["id"] for r in lab.records() if tag in r["subject"]][-1]


def folded(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def layers(path):
    """All that a PDF says: its text by pages, in reading and in drawing order, its properties, its streams unpacked."""
    out = [subprocess.run(["pdftotext", *mode, path, "-"], check=True, capture_output=True, text=True).stdout for mode in ([], ["-layout"], ["-raw"])]
    out.append(subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout)
    with open(path, "rb") as f:
        data = f.read()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            out.append(zlib.decompress(stream).decode("latin-1"))
        except zlib.error:
            out.append(stream.decode("latin-1"))
    return out[:4], "".join(out[4:]) + data.decode("latin-1")


def render(lab, record, listing, check=True, more=()):
    pdf, text, log = (lab.path(f"{record}.{e}") for e in ("pdf", "txt", "log"))
    done = lab.chaperone("redact", "render", record, "--in", listing, "--pdf", pdf, "--text", text, "--log", log,
                         "--time", "2026-11-20T15:00:00Z", "--bates", "MH-000017", *more, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done, pdf, text, log


@pytest.fixture(scope="module")
def rich(lab):
    text = ("Dear colleague,\r\nplease look at the reading results of Mia\r\nTorres before Friday. Mia did better than Jonah Reed.\r\n"
            "Her mother Elena Torres is at 508-555-0171, Mia herself at mia.t.07@webmail.example.\r\n\r\nBen\r\n")
    html = ("<p>Dear colleague,<br>please look at the reading results of <b>Mia</b>&nbsp;<i>Torres</i> before Friday. Mia did better than "
            "Jon&shy;ah Reed.</p><p>Her mother <span>Ele</span>na Torres is at (508) 555-0171, Mia herself at mia.t.07@webmail.example.</p>")
    files = [("Mia Torres reading.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
              sheet([["student", "level"], ["Torres, Mia", "B"], ["Reed, Jonah", "C"]])),
             ("note.docx", "application/octet-stream", docx("Call the mother of MIA TORRES, +1 508 555 0171.")),
             ("box.zip", "application/zip", zipped({"Reed, Jonah.txt": "Nothing here but a level of 7."}))]
    record = put(lab, "rich", mixed(text, html, files), headers=["Bcc: hidden@maplehollow.example.org"])
    listing = lab.path("rich.json")
    lab.chaperone("redact", "propose", record, "--out", listing, "--reason", "2026-017")
    return record, listing


def test_proposals_name_people_and_their_details_wherever_they_stand(lab, rich):
    record, listing = rich
    shown = json.loads(lab.chaperone("redact", "show", record, "--json"))
    with open(listing) as f:
        proposed = json.load(f)
    labels = {s["section"]: s["label"] for s in shown["sections"]}
    by_section = {}
    for one in proposed:
        section = shown["sections"][one["section"]]
        assert section["text"].encode()[one["from"]:one["to"]].decode() == one["text"]
        assert one["code"] is None and section["sha256"] == one["sha256"]
        by_section.setdefault(labels[one["section"]], []).append((one["kind"], " ".join(one["text"].split())))
    assert ("student-name", "Mia Torres") in by_section["Header"] and ("student-address", MIA) in by_section["Header"]
    for body in ("Text", "HTML"):
        kinds = dict((text, kind) for kind, text in by_section[body])
        assert kinds["Mia Torres"] == "student-name" and kinds["mia.t.07@webmail.example"] in ("email", "student-address")
        assert any(folded(t) == "jonahreed" for t in kinds) and any(folded(t) == "5085550171" for t in kinds), kinds
        assert any(folded(t) == "elenatorres" and k == "guardian-name" for t, k in kinds.items()), kinds
    attached = [t for label, all_of in by_section.items() if label.startswith("Attachment") for _, t in all_of]
    for want in ("torresmia", "reedjonah", "miatorres", "5085550171"):
        assert any(want in folded(t) for t in attached), (want, attached)
    assert not any("hidden@" in s["text"] for s in shown["sections"])


def test_rendition_holds_none_of_it(lab, rich):
    record, listing = rich
    applied = lab.path("applied.json")
    lab.chaperone("redact", "apply", record, "--in", listing, "--code", "phone=MA (c)", "--code", "FERPA", "--reviewer", "Records officer",
                  "--time", "2026-11-20T14:00:00Z", "--out", applied)
    done, pdf, text, log = render(lab, record, applied)
    assert "hold none of them" in done.stdout
    with open(text) as f:
        written = f.read()
    read, streams = layers(pdf)
    for words in NAMES:
        for what in [written, *read]:
            assert folded(words) not in folded(re.sub(r"(?m)^\s*\d+\s", "", what)), words
        assert words not in streams
    assert not re.search(r"\b(Mia|Jonah|Reed|Torres)\b", written + "".join(read), re.I)
    for want in ("[REDACTED FERPA]", "[REDACTED MA (c)]", "MH-000017", "please look at the reading results of", "level of 7"):
        assert want in written, want
        assert folded(want) in folded(read[0]), want
    assert "Title:           MH-000017" in read[3] and "Pages:" in read[3]
    with open(log) as f:
        log = json.load(f)
    with open(pdf, "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == log["pdf_sha256"]
    assert hashlib.sha256(written.encode()).hexdigest() == log["text_sha256"]
    lines = written.splitlines()
    for row in log["redactions"]:
        line = [t for t in lines if t.split()[:1] == [str(row["line"])]]
        assert row["code"] in ("FERPA", "MA (c)") and len(line) == 1 and f"[REDACTED {row['code']}" in line[0] or ";" in line[0], row
        assert row["reviewer"] == "Records officer" and row["time"] == "2026-11-20T14:00:00.000Z"
    for words in ("Mia", "Torres", "Jonah", "0171", "why"):
        assert words not in json.dumps(log)
    # Whoever has the record can check what was there before.
    meta = json.loads(lab.chaperone("archive", "show", record, "--json"))
    whole = lab.chaperone("redact", "show", record)
    assert hashlib.sha256(bytes.fromhex(meta["salt"]) + whole.encode()).hexdigest() == log["before"]
    events = [e["event"] for e in lab.json("archive", "list", "--events") if e.get("record") == record]
    assert {"view", "redaction", "redacted"} <= set(events)


def test_same_input_makes_the_same_bytes(lab, rich):
    record, _ = rich
    applied = lab.path("applied.json")
    bytes_of = []
    for _ in range(2):
        _, pdf, text, log = render(lab, record, applied)
        bytes_of.append([open(p, "rb").read() for p in (pdf, text, log)])
        for path in (pdf, text, log):
            os.unlink(path)
    assert bytes_of[0] == bytes_of[1]


@pytest.mark.parametrize("other", [
    ("body", "The plan is for Quill\r\nmore, she said. Quillmore agrees.", "--b1"),
    ("subject", "The plan is for Quillmore.", None),
    ("file", "The plan is for Quillmore.", "--b1"),
    ("properties", "The plan is for Quillmore.", "--b1")], ids=lambda o: o[0])
def test_a_string_that_stands_elsewhere_is_refused(lab, other):
    place, text, is_mixed = other
    tag = "else" + place
    files = [("QUILL-MORE.docx", "application/octet-stream", docx("Nothing."))] if place == "file" else []
    html = "<p>The plan is for <b>Quill</b>more.</p>" if place == "properties" else "<p>See the text.</p>"
    body = mixed(text, html, files) if is_mixed else text
    record = put(lab, tag, body, subject=f"{tag} for Quillmore" if place == "subject" else tag, to=ANN, rcpts=(ANN,))
    listing = lab.path(f"{tag}.json")
    lab.chaperone("redact", "apply", record, "--words", "Quillmore", "--code", "X", "--out", listing)
    with open(listing) as f:
        first = json.load(f)
    assert len(first) >= 2
    lab.chaperone("redact", "apply", record, "--in", listing, "--drop", f"2-{len(first)}", "--out", listing)
    done, pdf, text, log = render(lab, record, listing, check=False)
    assert done.returncode == 65 and "still stands in" in done.stderr and "Quillmore" not in done.stderr, done.stderr
    assert not os.path.exists(pdf) and not os.path.exists(text) and not os.path.exists(log)
    kept = lab.path(f"{tag}-kept.json")
    lab.chaperone("redact", "apply", record, "--in", listing, "--keep-others", "1", "--out", kept)
    done, *_ = render(lab, record, kept)
    assert "note: words redacted in line" in done.stderr
    lab.chaperone("redact", "apply", record, "--in", listing, "--everywhere", "--out", listing)
    with open(listing) as f:
        assert len(json.load(f)) == len(first)
    _, pdf, text, _ = render(lab, record, listing)
    with open(text) as f:
        assert "quillmore" not in folded(f.read() + layers(pdf)[0][0])


def test_marks_do_not_tell_the_length(lab):
    sizes = []
    for words in ("Xavier", "Wolfeschlegelsteinhausenbergerdorff"):
        record = put(lab, "len" + words, f"It was {words} who said so.", subject="len" + words, to=ANN, rcpts=(ANN,))
        listing = lab.path("len.json")
        lab.chaperone("redact", "apply", record, "--words", words, "--words", f"len{words}", "--code", "X", "--time", "2026-11-20T14:00:00Z",
                      "--out", listing)
        _, pdf, text, _ = render(lab, record, listing)
        lines = [line for line in open(text).read().splitlines() if "Date:" not in line]
        sizes.append((lines, [line for line in layers(pdf)[0][0].splitlines() if "Date:" not in line]))
    assert sizes[0] == sizes[1]


def test_lines_and_what_cannot_be_rendered(lab):
    record = put(lab, "lines", "One.\r\nTwo secret things.\r\nThree secret things.\r\nFour.", subject="lines", to=ANN, rcpts=(ANN,))
    other = put(lab, "other", "Other words.", subject="other", to=ANN, rcpts=(ANN,))
    listing, codeless = lab.path("lines.json"), lab.path("codeless.json")
    shown = lab.chaperone("redact", "show", record)
    first = next(int(line.split()[0]) for line in shown.splitlines() if "Two secret" in line)
    lab.chaperone("redact", "apply", record, "--lines", f"{first}-{first + 1}", "--code", "(b)", "--out", listing)
    _, _, text, _ = render(lab, record, listing)
    written = open(text).read()
    assert "secret" not in written and "One." in written and "Four." in written and "[REDACTED (b)]" in written
    lab.chaperone("redact", "apply", record, "--words", "One", "--out", codeless)
    for id, path, want, status in ((record, codeless, "only proposed", 64), (other, listing, "not the one that was redacted", 65)):
        done, *_ = render(lab, id, path, check=False)
        assert done.returncode == status and want in done.stderr, done.stderr
    for words, status in ((("--words", "Nowhere at all"), 64), (("--lines", "900"), 64), (("--drop", "7"), 64)):
        done = lab.chaperone("redact", "apply", record, "--in", listing, *words, "--out", lab.path("no.json"), check=False)
        assert done.returncode == status and not os.path.exists(lab.path("no.json")), done.stderr
    with open(codeless, "w") as f:
        f.write('[{"section": 0, "sha256": "00", "from": 5, "to": 2, "kind": "words"}]')
    done, *_ = render(lab, record, codeless, check=False)
    assert done.returncode == 65 and "redaction 1" in done.stderr
