#!/usr/bin/env python3
"""An independent verifier of a chaperone archive: Python's standard library, zstd(1), openssl(1) for sealed records, and no code of
chaperone.

  chaperone_verify.py archive DIR --key KEY     everything: signature, tree, tiles, every segment and record against its leaf
                                                sealed records: their frames and leaves; with --keys FILE, from `chaperone archive
                                                keys export`, what was sealed too
  chaperone_verify.py open ID DIR --keys FILE   writes one sealed record out: ID.json and ID.eml
  chaperone_verify.py proof ID.tlog-proof --key KEY [--json ID.json] [--eml ID.eml]
                                                one record, offline (the two files beside the proof are found by themselves)
  chaperone_verify.py note FILE --key KEY       a note signed by the log's key: a disposal's certificate
  chaperone_verify.py bag DIR --key KEY         an export: RFC 8493's manifests, and a proof for each message
  chaperone_verify.py selftest                  the test vectors of the specifications

KEY is the log's verifier key, NAME+KEYID+BASE64, or a file that holds it. Get it from the district by another way than the
archive. Exit status: 0 all is right, 1 something is not (each finding is a line), 2 it could not be checked.

Written from RFC 6962 (hashing), RFC 9162 section 2.1.3.2 (inclusion), RFC 8032 (Ed25519), RFC 8878 (zstd frames), IEEE 1003.1
(tar), RFC 8493 (BagIt), and C2SP's signed-note, tlog-checkpoint, tlog-tiles and tlog-proof.
"""
import argparse
import base64
import csv
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

def leaf_of(metadata, message, frame=None):
    """The leaf that these bytes must have: `message` None for an event. `frame`: the SHA-256 of the record's frame in its segment, where
    the leaf names it."""
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
    if frame is not None:
        leaf["frame"] = frame
    return leaf


def leaf_fits(leaf, metadata, message):
    """Does it commit to a message and its record that somebody holds? Their frame is not asked about."""
    return leaf == leaf_of(metadata, message, leaf.get("frame"))


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
    """(tar stream, byte behind the last whole frame, SHA-256 of each frame that is not skipped)."""
    at, hashes = 0, []
    while at < len(data):
        length = frame_length(data, at)
        if length is None:
            break
        if data[at:at + 4] == b"\x28\xb5\x2f\xfd":
            hashes.append(hashlib.sha256(data[at:at + length]).hexdigest())
        at += length
    with tempfile.TemporaryFile() as packed:
        packed.write(data[:at])
        packed.seek(0)
        run = subprocess.run(["zstd", "-q", "-dc"], stdin=packed, capture_output=True, check=False)
    if run.returncode:
        raise Wrong(run.stderr.decode("utf-8", "replace").strip() or "zstd cannot read it")
    return run.stdout, at, hashes


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


# ---- sealed records (zstd, then AES-256-GCM: nonce, ciphertext, tag) -----------------------------------------------------

SEALED = {".leaf", ".json.zst.gcm", ".eml.zst.gcm"}


class Closed(Exception):
    """The key of a sealed record is not among those that were given."""


def read_keys(path):
    """{(record, nonce): key}, each in hex."""
    keys = {}
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            try:
                one = json.loads(line)
                keys[one["record"], one["nonce"]] = one["key"]
                if not re.fullmatch("[0-9a-f]{64}", one["key"]) or not re.fullmatch("[0-9a-f]{24}", one["nonce"]):
                    raise ValueError
            except (ValueError, KeyError, TypeError):
                raise Wrong(f"{path}: line {number}: no key of a record") from None
    return keys


def run_filter(command, data, what):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        run = subprocess.run(command, stdin=file, capture_output=True, check=False)
    if run.returncode:
        raise Wrong(f"{what}: {run.stderr.decode('utf-8', 'replace').strip()}")
    return run.stdout


def open_sealed(data, key):
    """GCM counts as CTR does, beginning at 2. The tag is not looked at: the leaf commits to what comes out."""
    if len(data) < 28:
        raise Wrong("a sealed member that is too short")
    packed = run_filter(["openssl", "enc", "-d", "-aes-256-ctr", "-K", key, "-iv", data[:12].hex() + "00000002"], data[12:-16],
                        "openssl")
    return run_filter(["zstd", "-q", "-dc"], packed, "does not open with its key")


def open_record(record, members, keys):
    """(metadata, message) of a sealed record, as its leaf says."""
    parts = members[".json.zst.gcm"], members[".eml.zst.gcm"]
    key = keys.get((record, parts[0][:12].hex()))
    if key is None:
        raise Closed
    metadata, message = (open_sealed(part, key) for part in parts)
    if leaf_of(metadata, message) != json.loads(members[".leaf"]):
        raise Wrong("what was sealed is not what its leaf says")
    return metadata, message


def write_record(directory, record, keys):
    for _, _, name in segment_names(directory):
        with open(os.path.join(directory, name), "rb") as file:
            data = file.read()
        for found, _, _, _, members in segment_records(data, [], name):
            if found != record or not members:
                continue
            for suffix, content in zip((".json", ".eml"), open_record(record, members, keys)):
                with open(record + suffix, "xb") as file:
                    file.write(content)
            return [], f"{record}.json and {record}.eml are what the record's leaf says"
    raise Wrong(f"{directory}: no sealed record {record}")


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
    """(id, metadata or None, message or None, SHA-256 of its frame, {suffix: bytes} of a sealed one or None) of one segment: a frame is
    a record, but for the one that ends it."""
    stream, end, hashes = unpack(data)
    hashes = iter(hashes)
    if data[end:].strip(b"\0"):
        findings.append(f"{name}: byte {end}: no whole frame from here on")
    waiting, sealed = None, None
    for member, content in tar_members(stream):
        record, suffix = member[:26], member[26:]
        if suffix in (".json", ".leaf"):
            if waiting:
                yield waiting[0], waiting[1], None, next(hashes, "none"), None
            if sealed:
                findings.append(f"{name}: record {sealed[0]}: not whole")
            waiting, sealed = ((record, content), None) if suffix == ".json" else (None, (record, {}))
        if suffix == ".eml" and waiting and waiting[0] == record:
            yield record, waiting[1], content, next(hashes, "none"), None
            waiting = None
        elif suffix in SEALED and sealed and sealed[0] == record and suffix not in sealed[1]:
            sealed[1][suffix] = content
            if len(sealed[1]) == len(SEALED):
                yield record, None, None, next(hashes, "none"), sealed[1]
                sealed = None
        elif suffix != ".json":
            findings.append(f"{name}: {member}: a member that belongs to no record")
    if waiting:
        yield waiting[0], waiting[1], None, next(hashes, "none"), None
    if sealed:
        findings.append(f"{name}: record {sealed[0]}: not whole")


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


def check_record(name, record, metadata, message, frame, members, leaves, seen, behind, findings):
    """One record of a series; `behind` = the first record of the series without a leaf."""
    where = f"{name}: record {record}"
    try:
        want = dict(json.loads(members[".leaf"]), frame=frame) if members else leaf_of(metadata, message, frame)
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
        same = dict(leaves[record], frame=frame) == want if members else leaf_fits(leaves[record], metadata, message)
        findings.append(f"{where}: " + ("it says what the log has the leaf of, and its frame was changed" if same else
                                        "not what the log has the leaf of: it was changed"))
    seen.add(record)
    return behind


class Disposals:
    """What events under the log say was destroyed lawfully. They stand in one series, each in its turn: what one names a later one
    may take back."""

    def __init__(self):
        self.cuts, self.named = set(), {}

    def take(self, metadata):
        meta = json.loads(metadata)
        detail = meta.get("detail") or {}
        if meta.get("event") == "disposal":
            self.cuts.add((detail["segment"], detail["sha256"], detail["size"]))
            self.named.update((one["id"], one["leaf"]) for one in detail["records"])
        elif meta.get("event") == "disposal-kept":
            for record in detail["records"]:
                self.named.pop(record, None)


def check_absent(leaves, numbers, seen, disposals, findings):
    """Leaves without a record; how many of them a disposal explains."""
    destroyed = 0
    for record, leaf in leaves.items():
        if record in seen:
            continue
        if leaf["type"] == "capture" and disposals.named.get(record) == numbers[record]:
            destroyed += 1
        else:
            findings.append(f"record {record} ({leaf['type']}): the log has its leaf, and it is not in the archive any more")
    return destroyed


def check_sealed(name, record, members, keys, counts, findings):
    counts["sealed"] += 1
    try:
        open_record(record, members, keys)
        counts["opened"] += 1
    except Closed:
        pass
    except (Wrong, ValueError, KeyError, TypeError) as wrong:
        findings.append(f"{name}: record {record}: {wrong}")


def check_segments(directory, leaves, numbers, seals, keys, counts, findings):
    """Number of records behind the checkpoint, and of those destroyed lawfully."""
    seen, pending, last = set(), 0, None
    kept = set()
    behind = None
    disposals, changed = Disposals(), []
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
                changed.append((name, hashlib.sha256(data).hexdigest(), len(data)))
        try:
            for record, metadata, message, frame, members in segment_records(data, findings, name):
                behind = check_record(name, record, metadata, message, frame, members, leaves, seen, behind, findings)
                pending += record not in leaves
                if members:
                    kept.add(record)
                    check_sealed(name, record, members, keys, counts, findings)
                elif message is None and leaves.get(record) == leaf_of(metadata, None, frame):
                    disposals.take(metadata)
        except (Wrong, ValueError, KeyError, TypeError) as wrong:
            findings.append(f"{name}: {wrong}")
    for cut in changed:
        if cut not in disposals.cuts:
            findings.append(f"{cut[0]}: not the file that was sealed")
    for name in seals:
        findings.append(f"{name}: not there any more, and the log has its seal")
    # A sealed record stays where it is when its key is destroyed.
    counts["keys"] = sum(disposals.named.get(record) == numbers.get(record, -1) for record in kept)
    return pending, check_absent(leaves, numbers, seen, disposals, findings)


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


def check_archive(directory, key, before=(), keys=None):
    counts = {"sealed": 0, "opened": 0, "keys": 0}
    log, findings = os.path.join(directory, "log"), []
    try:
        with open(os.path.join(log, "checkpoint"), "rb") as file:
            size, root = open_checkpoint(file.read(), key)
        hashes, leaves, numbers, seals = [], {}, {}, {}
        for index, entry in enumerate(read_entries(log, size)):
            hashes.append(leaf_hash(entry))
            try:
                leaf = json.loads(entry)
                if leaf["type"] == "segment-seal":
                    seals[leaf["segment"]] = leaf
                elif leaf["type"] != "damage":
                    leaves[leaf["id"]], numbers[leaf["id"]] = leaf, index
            except (ValueError, KeyError, TypeError):
                findings.append(f"leaf {index}: none of this archive's")
        if tree_root(hashes) != root:
            findings.append("log: the entries do not make the root that was signed: the log was changed")
        check_before(before, hashes, size, key, findings)
        check_tiles(log, hashes, findings)
    except Wrong as wrong:
        return [f"log: {wrong}"], ""
    pending, destroyed = check_segments(directory, leaves, numbers, seals, keys or {}, counts, findings)
    return findings, (f"{size} leaves of {key.name}, {len(leaves)} records and events, {pending} behind the checkpoint"
                      + (f", {destroyed + counts['keys']} destroyed as a disposal says" if destroyed or counts["keys"] else "")
                      + (f" ({counts['keys']} by their keys, which are not looked for)" if counts["keys"] else "")
                      + (f"; of {counts['sealed']} sealed records {counts['opened']} were opened" if counts["sealed"] else ""))


# ---- a note ------------------------------------------------------------------------------------------------------------

def check_note(data, key):
    try:
        text = open_note(data, key)
    except Wrong as wrong:
        return [str(wrong)], ""
    return [], f"signed by {key.name}: " + text.split("\n", maxsplit=1)[0]


# ---- one record --------------------------------------------------------------------------------------------------------

def open_proof(text):
    """(leaf, index, hashes, the signed checkpoint) of a c2sp.org/tlog-proof."""
    head, gap, note = text.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 3 or not lines[1].startswith("extra ") or \
            not re.fullmatch("index (0|[1-9][0-9]*)", lines[2]):
        raise Wrong("not a proof with a leaf in it")
    return decode64(lines[1][6:], "the leaf"), int(lines[2][6:]), [decode64(line, "a hash") for line in lines[3:]], note


def check_proof(path, key, metadata, message):
    with open(path, "rb") as file:
        text = file.read()
    try:
        leaf, index, proof, note = open_proof(text)
        size, root = open_checkpoint(note, key)
        if not included(index, size, leaf_hash(leaf), proof, root):
            return [f"leaf {index} is not under the checkpoint"], ""
        if not leaf_fits(json.loads(leaf), metadata, message):
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


# ---- a bag (RFC 8493) --------------------------------------------------------------------------------------------------

def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_manifest(directory, name):
    """{path: SHA-256} of a manifest."""
    listed = {}
    with open(os.path.join(directory, name), encoding="utf-8", newline="\n") as file:
        for line in file:
            match = re.fullmatch(r"([0-9a-fA-F]{64})[ \t]+\*?(.+?)\r?\n?", line)
            if not match:
                raise Wrong(f"{name}: no line of a manifest: {line!r}")
            path = re.sub("%(0[AaDd]|25)", lambda m: chr(int(m.group(1), 16)), match.group(2))
            if path.startswith("/") or ".." in path.split("/"):
                raise Wrong(f"{name}: {path}: outside the bag")
            if path in listed:
                raise Wrong(f"{name}: {path}: listed twice")
            listed[path] = match.group(1).lower()
    return listed


def bag_files(directory):
    """Relative paths of everything that is no directory; what is no plain file is an error."""
    found = set()
    for where, directories, names in os.walk(directory):
        for name in directories + names:
            path = os.path.join(where, name)
            if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path)):
                raise Wrong(f"{os.path.relpath(path, directory)}: no plain file")
        found.update(os.path.relpath(os.path.join(where, name), directory).replace(os.sep, "/") for name in names)
    return found


def check_bag_files(directory, findings):
    """Every file as the manifests say, and no others. The files that are there."""
    with open(os.path.join(directory, "bagit.txt"), encoding="utf-8") as file:
        if not re.match(r"BagIt-Version: (0\.97|1\.0)\r?\nTag-File-Character-Encoding: UTF-8\s*$", file.read()):
            raise Wrong("bagit.txt: not what RFC 8493 wants there")
    tags, payload = read_manifest(directory, "tagmanifest-sha256.txt"), read_manifest(directory, "manifest-sha256.txt")
    there = bag_files(directory)
    for path, digest in {**tags, **payload}.items():
        if path not in there:
            findings.append(f"{path}: is not there")
        elif digest_of(os.path.join(directory, path)) != digest:
            findings.append(f"{path}: is not what the manifest says: it was changed")
    findings.extend(f"{path}: in the payload's manifest and outside of data/" for path in payload if not path.startswith("data/"))
    for path in there - set(tags) - set(payload) - {"tagmanifest-sha256.txt"}:
        findings.append(f"{path}: is in no manifest: it was slipped in")
    with open(os.path.join(directory, "bag-info.txt"), encoding="utf-8") as file:
        match = re.search(r"^Payload-Oxum: ([0-9]+)\.([0-9]+)\s*$", file.read(), re.M)
    sizes = [os.path.getsize(os.path.join(directory, path)) for path in there if path.startswith("data/")]
    if match and (int(match.group(1)), int(match.group(2))) != (sum(sizes), len(sizes)):
        findings.append(f"bag-info.txt: the payload is {sum(sizes)} bytes in {len(sizes)} files, not what it says")
    return there


def numbers_of(directory):
    """{Bates number: record} of the load file, of whole messages and redacted ones."""
    with open(os.path.join(directory, "data", "loadfile.csv"), encoding="utf-8", newline="") as file:
        return {row["BEGBATES"]: row["RECORD"] for row in csv.DictReader(file) if not row["PARENTID"]}


def check_bag_proof(directory, number, record, checkpoint, there):
    """True: the message is the one the leaf commits to; False: that cannot be told without its record."""
    with open(os.path.join(directory, "proofs", number + ".tlog-proof"), "rb") as file:
        leaf, index, proof, note = open_proof(file.read())
    text, size, root = checkpoint
    if note != text:
        raise Wrong("it leads to another checkpoint than the bag's")
    if not included(index, size, leaf_hash(leaf), proof, root):
        raise Wrong(f"leaf {index} is not under the checkpoint")
    if json.loads(leaf)["id"] != record:
        raise Wrong(f"the leaf of {json.loads(leaf)['id']}, and the load file says {record}")
    opening, message = f"data/eml/{number}.json", f"data/eml/{number}.eml"
    if opening not in there or message not in there:
        return False
    with open(os.path.join(directory, opening), "rb") as one, open(os.path.join(directory, message), "rb") as other:
        if not leaf_fits(json.loads(leaf), one.read(), other.read()):
            raise Wrong("the leaf is not that of the message and its record")
    return True


def check_bag(directory, key):
    findings, opened = [], 0
    there = check_bag_files(directory, findings)
    with open(os.path.join(directory, "checkpoint"), "rb") as file:
        text = file.read()
    try:
        checkpoint = (text, *open_checkpoint(text, key))
        numbers = numbers_of(directory)
    except (Wrong, KeyError, csv.Error) as wrong:
        return findings + [f"checkpoint or load file: {wrong}"], ""
    proofs = {os.path.basename(path)[:-len(".tlog-proof")] for path in there if path.startswith("proofs/")}
    findings.extend(f"{number}: a proof of what is not in the load file" for number in sorted(proofs - set(numbers)))
    for number, record in sorted(numbers.items()):
        try:
            opened += check_bag_proof(directory, number, record, checkpoint, there)
        except (OSError, Wrong, ValueError, KeyError, TypeError) as error:
            findings.append(f"proofs/{number}.tlog-proof: {error}")
    rest = len(numbers) - opened
    return findings, (f"{len(there)} files, {len(numbers)} messages under a checkpoint of {checkpoint[1]} leaves of {key.name}; {opened} are "
                      f"those the leaves commit to" + (f", of {rest} that cannot be told without their records" if rest else ""))


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
    whole.add_argument("--keys", metavar="FILE", help="keys of sealed records, from `chaperone archive keys export`")
    sealed = steps.add_parser("open", help="write one sealed record out")
    sealed.add_argument("record", metavar="ID")
    sealed.add_argument("directory")
    sealed.add_argument("--keys", metavar="FILE", required=True)
    one = steps.add_parser("proof", help="verify one record's proof")
    one.add_argument("proof")
    one.add_argument("--json")
    one.add_argument("--eml")
    bag = steps.add_parser("bag", help="verify an export: a BagIt bag and its proofs")
    bag.add_argument("directory")
    note = steps.add_parser("note", help="verify a note signed by the log's key: a disposal's certificate")
    note.add_argument("note")
    for step in (whole, one, bag, note):
        step.add_argument("--key", required=True, help="the log's verifier key, or its file")
    steps.add_parser("selftest", help="the specifications' test vectors")
    args = parser.parse_args()
    try:
        if args.step == "selftest":
            findings, summary = selftest()
        elif args.step == "archive":
            findings, summary = check_archive(args.directory, read_key(args.key), args.before,
                                              read_keys(args.keys) if args.keys else None)
        elif args.step == "open":
            findings, summary = write_record(args.directory, args.record, read_keys(args.keys))
        elif args.step == "bag":
            findings, summary = check_bag(args.directory, read_key(args.key))
        elif args.step == "note":
            with open(args.note, "rb") as file:
                findings, summary = check_note(file.read(), read_key(args.key))
        else:
            metadata = read_beside(args.proof, args.json, ".json")
            if metadata is None:
                print("chaperone_verify: the record's metadata are wanted: --json FILE", file=sys.stderr)
                return 2
            findings, summary = check_proof(args.proof, read_key(args.key), metadata,
                                            read_beside(args.proof, args.eml, ".eml"))
    except Closed:
        print(f"chaperone_verify: {args.keys} has no key of this record", file=sys.stderr)
        return 2
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
