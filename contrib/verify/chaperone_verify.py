#!/usr/bin/env python3
"""An independent verifier of a chaperone archive: Python's standard library and zstd(1), and no code of chaperone.

  chaperone_verify.py archive DIR --key KEY     everything: signature, tree, tiles, every segment and record against its leaf
  chaperone_verify.py proof ID.tlog-proof --key KEY [--json ID.json] [--eml ID.eml]
                                                one record, offline (the two files beside the proof are found by themselves)
  chaperone_verify.py selftest                  the test vectors of the specifications

KEY is the log's verifier key, NAME+KEYID+BASE64, or a file that holds it. Get it from the district by another way than the
archive. Exit status: 0 all is right, 1 something is not (each finding is a line), 2 it could not be checked.

Written from RFC 6962 (hashing), RFC 9162 section 2.1.3.2 (inclusion), RFC 8032 (Ed25519), RFC 8878 (zstd frames), IEEE 1003.1
(tar), and C2SP's signed-note, tlog-checkpoint, tlog-tiles and tlog-proof.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

# ---- Ed25519 (RFC 8032, section 5.1) ---------------------------------------------------------------------------------

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Extended homogeneous coordinates (X, Y, Z, T)."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_decode(data):
    """None when these 32 bytes are no point."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    if len(signature) != 64 or len(public) != 32:
        return False
    a, r = point_decode(public), point_decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return point_equal(point_times(s, BASE), point_add(r, point_times(k, a)))


# ---- notes and checkpoints -------------------------------------------------------------------------------------------

class Wrong(Exception):
    """What was to be checked is not right."""


def decode64(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong(f"{what}: not base 64: {error}") from error


class Key:
    def __init__(self, text):
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise Wrong(f"{text!r} is no verifier key NAME+KEYID+BASE64")
        self.name, data = parts[0], decode64(parts[2], "the verifier key")
        if len(data) != 33 or data[0] != 1:
            raise Wrong("the verifier key is not one of Ed25519")
        self.public = data[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != parts[1].lower():
            raise Wrong(f"the verifier key's id is {self.id.hex()}, not {parts[1]}: the key was changed")


def open_note(data, key):
    """The text of a signed note."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(f"a note that is not UTF-8: {error}") from error
    if any(ord(c) < 0x20 and c != "\n" for c in text):
        raise Wrong("a note with control characters")
    body, gap, signatures = text.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Wrong("a note without signatures")
    body += "\n"
    ours = 0
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not match:
            raise Wrong(f"a line among the signatures that is none: {line!r}")
        signature = decode64(match.group(2), "a signature")
        if match.group(1) == key.name and signature[:4] == key.id:
            if not ed25519_verify(key.public, body.encode(), signature[4:]):
                raise Wrong(f"the signature of {key.name} is not right")
            ours += 1
    if not ours:
        raise Wrong(f"not signed by {key.name}")
    return body


def open_checkpoint(data, key):
    """(size, root) of a signed checkpoint."""
    lines = open_note(data, key).split("\n")
    if len(lines) < 4 or lines[0] != key.name or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
        raise Wrong("a signed note that is no checkpoint of this log")
    root = decode64(lines[2], "the root")
    if len(root) != 32:
        raise Wrong("a checkpoint whose root is no SHA-256")
    return int(lines[1]), root


# ---- the tree (RFC 6962, section 2.1) ----------------------------------------------------------------------------------

def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(hashes):
    """The root over leaf hashes; a stack of complete subtrees."""
    stack = []
    for value in hashes:
        height = 0
        while stack and stack[-1][0] == height:
            value = node_hash(stack.pop()[1], value)
            height += 1
        stack.append((height, value))
    if not stack:
        return hashlib.sha256(b"").digest()
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def included(index, size, leaf, proof, root):
    if index >= size:
        return False
    first, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            value = node_hash(sibling, value)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and value == root


# ---- what leaves commit to ---------------------------------------------------------------------------------------------

def leaf_of(metadata, message):
    """The leaf that these bytes must have: `message` None for an event."""
    meta = json.loads(metadata)
    salt = bytes.fromhex(meta["salt"])
    if len(salt) != 16:
        raise Wrong("a record whose salt is not 16 bytes")
    leaf = {"id": meta["id"], "meta": hashlib.sha256(salt + metadata).hexdigest(), "v": 1}
    if message is None:
        leaf.update(type=meta["event"], t=meta["time_us"])
    else:
        digest = hashlib.sha256(message).digest()
        if digest.hex() != meta["sha256"] or len(message) != meta["size"]:
            raise Wrong("the message is not the one its metadata speaks of")
        leaf.update(type="capture", t=meta["received_us"], rec=hashlib.sha256(salt + digest).hexdigest())
    return leaf


# ---- segments: zstd frames (RFC 8878) of a tar stream ---------------------------------------------------------------------

def frame_length(data, at):
    """Bytes of the whole frame at `at`; None when there is none."""
    if data[at:at + 4] in (bytes([0x50 + i]) + b"\x2a\x4d\x18" for i in range(16)) and at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4:at + 8], "little")
        return end - at if end <= len(data) else None
    if data[at:at + 4] != b"\x28\xb5\x2f\xfd" or at + 5 > len(data):
        return None
    flags = data[at + 4]
    single = flags >> 5 & 1
    position = at + 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + ((1 if single else 0), 2, 4, 8)[flags >> 6]
    last = False
    while not last:
        if position + 3 > len(data):
            return None
        header = int.from_bytes(data[position:position + 3], "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        if kind == 3:
            return None
        position += 3 + (1 if kind == 1 else size)
    position += 4 if flags >> 2 & 1 else 0
    return position - at if position <= len(data) else None


def unpack(data):
    """(tar stream, byte behind the last whole frame)."""
    at = 0
    while at < len(data):
        length = frame_length(data, at)
        if length is None:
            break
        at += length
    with tempfile.TemporaryFile() as packed:
        packed.write(data[:at])
        packed.seek(0)
        run = subprocess.run(["zstd", "-q", "-dc"], stdin=packed, capture_output=True, check=False)
    if run.returncode:
        raise Wrong(run.stderr.decode("utf-8", "replace").strip() or "zstd cannot read it")
    return run.stdout, at


def tar_members(stream):
    """(name, bytes) of a ustar or pax stream whose headers are whole."""
    at = 0
    while at + 512 <= len(stream):
        block = stream[at:at + 512]
        if not block.strip(b"\0"):
            at += 512
            continue
        total = sum(block[:148]) + 8 * 32 + sum(block[156:])
        try:
            size, claimed = int(block[124:136].strip(b"\0 "), 8), int(block[148:156].strip(b"\0 "), 8)
        except ValueError as error:
            raise Wrong(f"a tar header that is none: {error}") from error
        if claimed != total:
            raise Wrong("a tar header whose checksum is not right")
        name = block[:100].rstrip(b"\0").decode()
        if at + 512 + size > len(stream):
            raise Wrong(f"{name}: cut short")
        if block[156:157] in (b"0", b"\0"):
            yield name, stream[at + 512:at + 512 + size]
        at += 512 + (size + 511) // 512 * 512


def segment_names(directory):
    """(series, number, relative name), in order."""
    found = []
    for where, _, names in os.walk(directory):
        for name in names:
            match = re.fullmatch(r"(.+)-([0-9]{6})\.tar\.zst", name)
            if match:
                found.append((match.group(1), int(match.group(2)),
                              os.path.relpath(os.path.join(where, name), directory)))
    return sorted(found)


def segment_records(data, findings, name):
    """(id, metadata, message or None) of one segment."""
    stream, end = unpack(data)
    if data[end:].strip(b"\0"):
        findings.append(f"{name}: byte {end}: no whole frame from here on")
    waiting = None
    for member, content in tar_members(stream):
        record, _, kind = member.rpartition(".")
        if kind == "json":
            if waiting:
                yield waiting[0], waiting[1], None
            waiting = (record, content)
        elif kind == "eml" and waiting and waiting[0] == record:
            yield record, waiting[1], content
            waiting = None
        else:
            findings.append(f"{name}: {member}: a member that belongs to no record")
    if waiting:
        yield waiting[0], waiting[1], None


# ---- the whole archive -------------------------------------------------------------------------------------------------

def tile_name(kind, number, width):
    path = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        path = f"x{number % 1000:03}/{path}"
    return f"tile/{kind}/{path}" + ("" if width == 256 else f".p/{width}")


def read_tile(log, kind, number, width):
    for name in (tile_name(kind, number, width), tile_name(kind, number, 256)):
        try:
            with open(os.path.join(log, name), "rb") as file:
                return name, file.read()
        except OSError:
            continue
    raise Wrong(f"log/{tile_name(kind, number, width)}: not there")


def read_entries(log, size):
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        name, data = read_tile(log, "entries", number, width)
        at = 0
        for i in range(width):
            length = int.from_bytes(data[at:at + 2], "big")
            if at + 2 + length > len(data):
                raise Wrong(f"log/{name}: entry {i} is cut short")
            yield data[at + 2:at + 2 + length]
            at += 2 + length


def check_tiles(log, hashes, findings):
    """Every tile the tree has, level by level."""
    level = 0
    while hashes:
        for number in range((len(hashes) + 255) // 256):
            part = hashes[number * 256:number * 256 + 256]
            try:
                name, data = read_tile(log, str(level), number, len(part))
            except Wrong as wrong:
                findings.append(str(wrong))
                continue
            if data[:len(part) * 32] != b"".join(part):
                findings.append(f"log/{name}: not the hashes of what is below it")
        hashes = [tree_root(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1


def check_record(name, record, metadata, message, leaves, seen, behind, findings):
    """One record of a series; `behind` = the first record of the series without a leaf."""
    where = f"{name}: record {record}"
    try:
        want = leaf_of(metadata, message)
    except (Wrong, ValueError, KeyError, TypeError) as error:
        findings.append(f"{where}: {error}")
        return behind
    if record in seen:
        findings.append(f"{where}: stands there twice")
    if record not in leaves:
        return behind or where
    if behind:
        findings.append(f"{behind}: the log has no leaf of it, and has one of what came after it: slipped in")
        behind = None
    if leaves[record] != want:
        findings.append(f"{where}: not what the log has the leaf of: it was changed")
    seen.add(record)
    return behind


def check_segments(directory, leaves, seals, findings):
    """Number of records behind the checkpoint."""
    seen, pending, last = set(), 0, None
    behind = None
    for series, number, name in segment_names(directory):
        if last and last[0] == series and last[1] + 1 != number:
            findings.append(f"{name}: the segment before it is not there")
        if not last or last[0] != series:
            behind = None
        last = (series, number)
        with open(os.path.join(directory, name), "rb") as file:
            data = file.read()
        if name in seals:
            seal = seals.pop(name)
            if seal.get("sha256") != hashlib.sha256(data).hexdigest() or seal.get("size") != len(data):
                findings.append(f"{name}: not the file that was sealed")
        try:
            for record, metadata, message in segment_records(data, findings, name):
                behind = check_record(name, record, metadata, message, leaves, seen, behind, findings)
                pending += record not in leaves
        except Wrong as wrong:
            findings.append(f"{name}: {wrong}")
    for name in seals:
        findings.append(f"{name}: not there any more, and the log has its seal")
    for record, leaf in leaves.items():
        if record not in seen:
            findings.append(f"record {record} ({leaf['type']}): the log has its leaf, and it is not in the archive any more")
    return pending


def note_in(data):
    """The checkpoint alone of a file that holds it, or of a letter that has it between two rules."""
    text = data.replace(b"\r\n", b"\n")
    match = re.search(rb"(?:^|\n)-{40}\n(.*?\n)-{40}\n", text, re.S)
    return match.group(1) if match else text


def check_before(paths, hashes, size, key, findings):
    """Does the log begin with what these checkpoints of earlier days say?"""
    for path in paths:
        try:
            with open(path, "rb") as file:
                then, root = open_checkpoint(note_in(file.read()), key)
            if then > size:
                findings.append(f"{path}: of {then} entries, and the log has {size}: entries were taken away")
            elif tree_root(hashes[:then]) != root:
                findings.append(f"{path}: the log does not begin with it: it was changed since")
        except Wrong as wrong:
            findings.append(f"{path}: {wrong}")


def check_archive(directory, key, before=()):
    log, findings = os.path.join(directory, "log"), []
    try:
        with open(os.path.join(log, "checkpoint"), "rb") as file:
            size, root = open_checkpoint(file.read(), key)
        hashes, leaves, seals = [], {}, {}
        for index, entry in enumerate(read_entries(log, size)):
            hashes.append(leaf_hash(entry))
            try:
                leaf = json.loads(entry)
                if leaf["type"] == "segment-seal":
                    seals[leaf["segment"]] = leaf
                elif leaf["type"] != "damage":
                    leaves[leaf["id"]] = leaf
            except (ValueError, KeyError, TypeError):
                findings.append(f"leaf {index}: none of this archive's")
        if tree_root(hashes) != root:
            findings.append("log: the entries do not make the root that was signed: the log was changed")
        check_before(before, hashes, size, key, findings)
        check_tiles(log, hashes, findings)
    except Wrong as wrong:
        return [f"log: {wrong}"], ""
    pending = check_segments(directory, leaves, seals, findings)
    return findings, f"{size} leaves of {key.name}, {len(leaves)} records and events, {pending} behind the checkpoint"


# ---- one record --------------------------------------------------------------------------------------------------------

def check_proof(path, key, metadata, message):
    with open(path, "rb") as file:
        text = file.read()
    head, gap, note = text.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra "):
        return ["not a proof with a leaf in it"], ""
    try:
        leaf = decode64(lines[1][6:], "the leaf")
        index = int(lines[2].removeprefix("index "))
        size, root = open_checkpoint(note, key)
        proof = [decode64(line, "a hash") for line in lines[3:]]
        if not included(index, size, leaf_hash(leaf), proof, root):
            return [f"leaf {index} is not under the checkpoint"], ""
        if json.loads(leaf) != leaf_of(metadata, message):
            return ["the leaf is not that of these files: they were changed, or belong to another record"], ""
    except (Wrong, ValueError, KeyError, TypeError) as error:
        return [str(error)], ""
    return [], f"record {json.loads(leaf)['id']} is leaf {index} of {size} of {key.name}"


def read_beside(path, given, suffix):
    name = given or re.sub(r"\.tlog-proof$", "", path) + suffix
    if not given and not os.path.exists(name):
        return None
    with open(name, "rb") as file:
        return file.read()


# ---- test vectors --------------------------------------------------------------------------------------------------------

def selftest():
    findings = []

    def expect(what, good):
        if not good:
            findings.append(f"selftest: {what}")

    # RFC 8032, section 7.1, tests 1 to 3.
    for public, message, signature in (
            ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
            ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
             "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")):
        public, message, signature = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
        expect("a signature of RFC 8032", ed25519_verify(public, message, signature))
        expect("a changed message", not ed25519_verify(public, message + b"x", signature))
        expect("a changed signature", not ed25519_verify(public, message, signature[:-1] + bytes([signature[-1] ^ 1])))
    # signed-note: the example of its reference implementation.
    key = Key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    note = text + ("\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy"
                   "BwJnAM=\n")
    expect("the example note", open_note(note.encode(), key) == text)
    try:
        open_note(note.replace("answer", "anwser").encode(), key)
        expect("a changed note", False)
    except Wrong:
        pass
    # RFC 6962: the entries and roots its implementations share.
    entries = [bytes.fromhex(e) for e in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f")]
    hashes = [leaf_hash(e) for e in entries]
    for size, root in ((0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                       (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
                       (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
                       (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")):
        expect(f"the root of {size}", tree_root(hashes[:size]).hex() == root)
    # The path of entry 0 in a tree of 8.
    path = [hashes[1], node_hash(hashes[2], hashes[3]), tree_root(hashes[4:])]
    expect("an inclusion proof", included(0, 8, hashes[0], path, tree_root(hashes)))
    expect("a proof of another entry", not included(1, 8, hashes[0], path, tree_root(hashes)))
    # tlog-tiles: the example of its names.
    expect("a tile's name", tile_name("0", 1234067, 256) == "tile/0/x001/x234/067")
    return findings, "the specifications' test vectors pass"


# ---- main ----------------------------------------------------------------------------------------------------------------

def read_key(text):
    if os.path.exists(text):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    return Key(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    steps = parser.add_subparsers(dest="step", required=True)
    whole = steps.add_parser("archive", help="verify a whole archive")
    whole.add_argument("directory")
    whole.add_argument("--before", metavar="FILE", action="append", default=[],
                       help="a checkpoint of an earlier day, or the letter that brought it: the log must begin with it")
    one = steps.add_parser("proof", help="verify one record's proof")
    one.add_argument("proof")
    one.add_argument("--json")
    one.add_argument("--eml")
    for step in (whole, one):
        step.add_argument("--key", required=True, help="the log's verifier key, or its file")
    steps.add_parser("selftest", help="the specifications' test vectors")
    args = parser.parse_args()
    try:
        if args.step == "selftest":
            findings, summary = selftest()
        elif args.step == "archive":
            findings, summary = check_archive(args.directory, read_key(args.key), args.before)
        else:
            metadata = read_beside(args.proof, args.json, ".json")
            if metadata is None:
                print("chaperone_verify: the record's metadata are wanted: --json FILE", file=sys.stderr)
                return 2
            findings, summary = check_proof(args.proof, read_key(args.key), metadata,
                                            read_beside(args.proof, args.eml, ".eml"))
    except (OSError, Wrong) as error:
        print(f"chaperone_verify: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(f"WRONG: {finding}")
    if not findings:
        print(f"right: {summary}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
