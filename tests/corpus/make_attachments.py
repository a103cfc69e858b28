#!/usr/bin/python3
"""Makes the pictures and PDFs of tests/corpus/attachments that the unit tests of chaperone-reader read. Needs python3-pil and
python3-qrcode. usage: make_attachments.py [DIRECTORY]"""
import hashlib
import os
import sys

import qrcode
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attachments")
TO = sys.argv[1] if len(sys.argv) > 1 else HERE
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
INVITE = "https://t.me/example_invite"
CODES = {
    "code-link.png": INVITE,
    "code-vcard.png": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Example;Pat;;;\r\nTEL;TYPE=CELL:415-555-0142\r\nEMAIL:pat@example.org\r\nEND:VCARD\r\n",
    "code-mecard.png": "MECARD:N:Example,Pat;TEL:4155550142;EMAIL:pat\\;p@example.org;;",
    "code-wifi.png": "WIFI:T:WPA;S:Gym;P:4155550142;;",
    "code-sms.png": "SMSTO:+14155550142:see you there",
    "code-utf8.png": "Teléfono móvil: 415-555-0142 ñ",
}


def code(text, size=3):
    made = qrcode.QRCode(border=4, box_size=size, error_correction=qrcode.constants.ERROR_CORRECT_L)
    made.add_data(text.encode())
    return made.make_image().get_image().convert("1")


def save(name, im, **options):
    im.save(os.path.join(TO, name), **options)


def with_comments():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "call 415-555-0142")
    info.add_text("Description", "packed words 415-555-0143 " * 4, zip=True)
    info.add_itxt("Title", "Título 415-555-0144", "es", "Título")
    save("comments.png", Image.new("1", (20, 20), 1), pnginfo=info)
    exif = Image.Exif()
    exif[0x010E] = "described 415-555-0145"
    exif[0x013B] = "Pat Example"
    exif[0x0112] = 6
    exif[0x9C9C] = "XP comment 415-555-0146".encode("utf-16-le") + b"\0\0"
    exif[0x8769] = {0x9286: b"ASCII\0\0\0user comment 415-555-0147"}
    exif[0x8825] = {1: "N", 2: (37.0, 46.0, 30.0), 3: "W", 4: (122.0, 25.0, 10.0)}
    lying = Image.new("L", (760, 120), 255)
    ImageDraw.Draw(lying).text((20, 40), "Sideways 415-555-0142", font=ImageFont.truetype(FONT, 32), fill=0)
    save("exif.jpg", lying.rotate(90, expand=True), exif=exif, quality=60, comment=b"jpeg comment 415-555-0148")


def with_pages():
    blank = Image.new("1", (200, 200), 1)
    save("pages.tif", blank, save_all=True, append_images=[code(INVITE)], compression="group4")
    shown = Image.new("1", (150, 150), 1)
    shown.paste(code(INVITE).resize((150, 150)), (0, 0))
    save("frames.gif", Image.new("L", (150, 150), 255), save_all=True,
         append_images=[shown.convert("L"), Image.new("L", (150, 150), 0)], duration=500)
    save("moving.webp", code(INVITE).convert("RGB"), save_all=True, append_images=[Image.new("RGB", code(INVITE).size)], lossless=True)
    see_through = Image.new("LA", code(INVITE).size, (255, 0))
    see_through.putalpha(code(INVITE).convert("L").point(lambda v: 255 - v))
    save("white-on-nothing.png", see_through)


def rc4(key, data):
    s, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        out.append(byte ^ s[(s[i] + s[j]) % 256])
    return bytes(out)


PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def locked_pdf(name, password):
    """The standard handler, revision 2 (ISO 32000-1, 7.6.3): a password to open it, or "" and one to change it."""
    rights, ident = -44, b"0123456789abcdef"
    owner = rc4(hashlib.md5((b"owner" + PAD)[:32]).digest()[:5], (password + PAD)[:32])
    key = hashlib.md5((password + PAD)[:32] + owner + rights.to_bytes(4, "little", signed=True) + ident).digest()[:5]
    user = rc4(key, PAD)
    object_key = hashlib.md5(key + (4).to_bytes(3, "little") + b"\0\0").digest()[:10]
    content = rc4(object_key, b"BT /F 12 Tf 20 100 Td (Call 415-555-0142) Tj ET")
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(content), content), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
               b"<</Filter/Standard/V 1/R 2/Length 40/P %d/O<%s>/U<%s>>>" % (rights, owner.hex().encode(), user.hex().encode())]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer<</Size %d/Root 1 0 R/Encrypt 6 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, ident.hex().encode(), ident.hex().encode(), table)
    with open(os.path.join(TO, name), "wb") as f:
        f.write(out)


for file, content in CODES.items():
    save(file, code(content), optimize=True)
with_comments()
with_pages()
locked_pdf("locked.pdf", b"sesame")
locked_pdf("locked-to-change.pdf", b"")
