"""What the hostile cases are written with: the canary, the message around it, and the old encodings."""
import base64
import binascii
import struct

DOMAIN = "maplehollow.example.org"
SENDER = f"bcarter@{DOMAIN}"
PHONE = "508-555-0142"
VALUE = "+15085550142"
MAILBOX = "ben.carter.coach@webmail.example"
SAY = f"My cell is {PHONE}, write to me there tonight."
TEXT = "Content-Type: text/plain; charset=utf-8\n"
HTML = "Content-Type: text/html; charset=utf-8\n"

# What must become of a case for a student: `see` the canary; see it and state the facts; the same and hold for the
# facts alone; hold for the facts though nothing can be read; only record the facts.
EXPECTATIONS = ("see", "see+flag", "see+hold", "hold", "flag")


class Case:
    """One hostile message. `facts`: all must be stated, "a|b" is met by either. `values`: findings or rules that count as seen."""

    def __init__(self, name, expect, make, facts=(), values=(VALUE,)):
        assert expect in EXPECTATIONS, name
        self.name, self.expect, self.make, self.facts, self.values = name, expect, make, tuple(facts), tuple(values)

    def data(self):
        made = self.make() if callable(self.make) else self.make
        return crlf(made).replace(b"<CASE@", f"<{self.name}@".encode(), 1)


class Cases(list):
    def add(self, name, expect, make, *facts, values=(VALUE,)):
        self.append(Case(name, expect, make, facts, values))


def crlf(text):
    """Bytes as they are; a str is text whose lines end in LF."""
    return text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def head(subject="Practice", sender=f"Ben Carter <{SENDER}>", more=""):
    return (f"From: {sender}\nTo: jreed28@students.{DOMAIN}\nSubject: {subject}\n"
            f"Date: Tue, 03 Sep 2024 10:00:00 -0400\nMessage-ID: <CASE@{DOMAIN}>\n{more}MIME-Version: 1.0\n")


def mail(fields=TEXT, body="See you at practice.", **kwargs):
    """A message: the usual header, `fields`, and `body` as str (LF lines) or bytes."""
    return crlf(head(**kwargs) + fields + "\n") + crlf(body) + b"\r\n"


def part(fields, body):
    return crlf(fields + "\n") + crlf(body) + b"\r\n"


def multi(parts, kind="mixed", boundary="=_edge", **kwargs):
    """A multipart of `parts` (bytes from part(), or str)."""
    return mail(f"Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n", multi_body(parts, boundary), **kwargs)


def multi_body(parts, boundary="=_edge"):
    line = b"--" + boundary.encode()
    return b"".join(line + b"\r\n" + crlf(p) for p in parts) + line + b"--\r\n"


def coded(data, fields="Content-Type: text/plain; charset=utf-8\n", **kwargs):
    """A message whose body is `data` in base64."""
    return mail(fields + "Content-Transfer-Encoding: base64\n", b64(data), **kwargs)


def b64(data):
    return base64.encodebytes(crlf(data)).decode().rstrip("\n")


def qp_all(text):
    return "".join(f"={byte:02X}" for byte in text.encode())


def uu(data, name="note.txt"):
    data = crlf(data)
    lines = [binascii.b2a_uu(data[i:i + 45]).decode().rstrip("\n") for i in range(0, len(data), 45)]
    return "\n".join([f"begin 644 {name}", *lines, "`", "end"]) + "\n"


def yenc(data, name="note.txt"):
    data = crlf(data)
    out = bytearray()
    for byte in data:
        byte = (byte + 42) & 255
        out += bytes([61, (byte + 64) & 255]) if byte in (0, 10, 13, 61) else bytes([byte])
    return (f"=ybegin line=128 size={len(data)} name={name}\r\n".encode() + bytes(out)
            + f"\r\n=yend size={len(data)} crc32={binascii.crc32(data):08x}\r\n".encode())


def binhex(data, name=b"note"):
    """BinHex 4.0: header, data and an empty resource fork, six bits a character."""
    data = crlf(data)

    def fork(body):
        return body + struct.pack(">H", binascii.crc_hqx(body + b"\0\0", 0))

    header = bytes([len(name)]) + name + b"\0TEXTttxt" + struct.pack(">HII", 0, len(data), 0)
    raw = (fork(header) + fork(data) + fork(b"")).replace(b"\x90", b"\x90\0")
    digits = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    bits = "".join(f"{byte:08b}" for byte in raw)
    bits += "0" * (-len(bits) % 6)
    text = ":" + "".join(digits[int(bits[i:i + 6], 2)] for i in range(0, len(bits), 6)) + ":"
    return "(This file must be converted with BinHex 4.0)\n" + "\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + "\n"


def der(tag, *content):
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(size)]) + size + body


OID_DATA, OID_SIGNED, OID_ENVELOPED = (bytes.fromhex("2a864886f70d0107") + bytes([n]) for n in (1, 2, 3))


def cms_signed(content):
    """Opaque signed data without signers: the content in the clear, inside DER."""
    inner = der(0x30, der(0x06, OID_DATA), der(0xA0, der(0x04, crlf(content))))
    return der(0x30, der(0x06, OID_SIGNED), der(0xA0, der(0x30, der(0x02, b"\1"), der(0x31), inner, der(0x31))))


def cms_enveloped():
    aes = der(0x30, der(0x06, bytes.fromhex("60864801650304012a")), der(0x04, bytes(range(16))))
    inner = der(0x30, der(0x06, OID_DATA), aes, der(0x80, bytes((i * 73 + 11) & 255 for i in range(256))))
    return der(0x30, der(0x06, OID_ENVELOPED),
               der(0xA0, der(0x30, der(0x02, b"\0"), der(0x31, der(0x30, der(0x02, b"\0"))), inner)))


def zip_encrypted(name=b"note.txt"):
    """A zip of one member whose flag says encrypted; the bytes are noise."""
    noise = bytes((i * 151 + 7) & 255 for i in range(64))
    fields = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5900, 0x12345678, len(noise), len(noise) - 12, len(name), 0)
    local = b"PK\3\4" + fields + name + noise
    central = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0x20, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
