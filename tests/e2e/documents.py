"""Documents of all kinds that say the same: made here, or by other programs and kept in tests/corpus/attachments."""
import base64
import bz2
import email.message
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "corpus", "attachments")


def corpus(name):
    with open(os.path.join(CORPUS, name), "rb") as f:
        return f.read()


def pdf(text):
    """A PDF of one page with a line of text."""
    content = f"BT /F1 12 Tf 50 700 Td ({text.replace('(', '').replace(')', '')}) Tj ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(content), content), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out))


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def tarred(files, how):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{how}") as t:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def winmail(name, data):
    def attribute(level, kind, value):
        return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xffff)
    return (struct.pack("<IH", 0x223e9f78, 1) + attribute(2, 0x00069002, b"render") +
            attribute(2, 0x00018010, name.encode() + b"\0") + attribute(2, 0x0006800f, data))


def mail(text):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.net", "b@example.net", "fwd"
    message.set_content(text)
    return message.as_bytes()


def docx(text, **more):
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return zipped({"[Content_Types].xml": "<Types/>",
                   "word/document.xml": f"<w:document {w}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>", **more})


def all_kinds(text):
    """name -> (type, bytes, what the notice names)"""
    plain = text.encode()
    return {
        "note.pdf": ("application/pdf", pdf(text), "note.pdf, page 1"),
        "note.docx": ("application/octet-stream", docx(text), "note.docx"),
        "note.rtf": ("application/rtf", b"{\\rtf1\\ansi " + plain + b"\\par}", "note.rtf"),
        "note.html": ("text/html", b"<html><body><p>" + plain + b"</p></body></html>", "note.html"),
        "note.txt": ("text/plain; charset=utf-16", text.encode("utf-16"), "note.txt"),
        "note.csv": ("text/csv", b"what,how\nnote," + plain + b"\n", "note.csv"),
        "note.json": ("application/json", b'{"note": "' + plain + b'"}', "note.json"),
        "note.xml": ("application/xml", b"<note><text>" + plain + b"</text></note>", "note.xml"),
        "note.mht": ("application/octet-stream", b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=q\r\n\r\n--q\r\n"
                     b"Content-Type: text/html\r\n\r\n<p>" + plain + b"</p>\r\n--q--\r\n", "note.mht"),
        "two.vcf": ("text/vcard", b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Carter;Ben\r\nNOTE:" + plain + b"\r\nEND:VCARD\r\n", "two.vcf"),
        "four.vcf": ("text/vcard", b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ben Carter\r\nNOTE:" + plain + b"\r\nEND:VCARD\r\n", "four.vcf"),
        "trip.ics": ("text/calendar", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Trip\r\nDESCRIPTION:" + plain +
                     b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "trip.ics"),
        "note.eml": ("message/rfc822", mail(text), "note.eml"),
        "box.zip": ("application/zip", zipped({"in/note.txt": plain}), "box.zip!in/note.txt"),
        "deep.zip": ("application/zip", zipped({"box.zip": zipped({"note.pdf": pdf(text)})}), "deep.zip!box.zip!note.pdf, page 1"),
        "box.tar.gz": ("application/gzip", tarred({"note.txt": plain}, "gz"), "box.tar.gz!note.txt"),
        "box.tar.xz": ("application/x-xz", tarred({"note.txt": plain}, "xz"), "box.tar.xz!note.txt"),
        "note.txt.gz": ("application/gzip", gzip.compress(plain), "note.txt.gz!note.txt"),
        "note.txt.bz2": ("application/x-bzip2", bz2.compress(plain), "note.txt.bz2!note.txt"),
        "note.txt.xz": ("application/x-xz", lzma.compress(plain), "note.txt.xz!note.txt"),
        "winmail.dat": ("application/ms-tnef", winmail("note.txt", plain), "winmail.dat!note.txt"),
        "renamed.jpg": ("image/jpeg", docx(text), "renamed.jpg"),
    }


def kept_kinds():
    """Files that other programs made, with "Call my cell 415-555-0142" or the like in them: name -> (type, what the notice names)"""
    return {
        "letter.doc": ("application/msword", "letter.doc"),
        "letter.docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "letter.docx"),
        "letter.odt": ("application/vnd.oasis.opendocument.text", "letter.odt"),
        "letter.epub": ("application/epub+zip", "letter.epub, chapter 1"),
        "slides.pptx": ("application/octet-stream", "slides.pptx, slide 2"),
        "slides.odp": ("application/octet-stream", "slides.odp, slide 2"),
        "code-sms.png": ("image/png", "code-sms.png"),
        "code-vcard.png": ("image/png", "code-vcard.png"),
        "pages.tif": ("image/tiff", "pages.tif, page 2"),
        "frames.gif": ("image/gif", "frames.gif, frame 2"),
        "moving.webp": ("image/webp", "moving.webp"),
        "exif.jpg": ("image/jpeg", "exif.jpg"),
    }


def with_attachment(name, kind, data, text="See the attachment."):
    body = base64.encodebytes(data).decode().replace("\n", "\r\n")
    return (f"--b1\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b1\r\nContent-Type: {kind}\r\n"
            f"Content-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}--b1--\r\n")
