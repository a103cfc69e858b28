"""The archive's transparency log: two verifiers that share no code, openssl, tampering of every kind, an old copy, kill -9."""
import base64
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid

import pytest

from demo import ANN, BEN, JONAH
from lab import TOP, Lab, message, wait_for
from test_durability import Load

FRAME = re.escape(b"\x28\xb5\x2f\xfd")  # how a zstd frame begins
VERIFIER = os.path.join(TOP, "contrib", "verify", "chaperone_verify.py")


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1;"}, archivist=True).start()
    yield lab
    lab.stop()


def send(lab, text="hello", sender=BEN, rcpt=JONAH):
    tag = uuid.uuid4().hex
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, f"log {tag}", text))
    assert code == 250, answer
    return tag


def record_of(lab, tag):
    return next(row["id"] for row in lab.records() if tag in row["subject"])


def checkpoint(lab):
    return lab.json("archive", "checkpoint")


def verdict(lab, config=None):
    done = lab.chaperone("archive", "verify", "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def wait_covered(lab):
    """Until the checkpoint covers all there is; what is looked at adds events of its own."""
    wait_for("a checkpoint over everything", lambda: verdict(lab)[1]["log"]["pending"] == 0, 30, 0.3)


def independent(*args):
    """Isolated: the verifier must do with Python's own library."""
    return subprocess.run([sys.executable, "-I", VERIFIER, *args], capture_output=True, text=True, timeout=300)


def key(lab):
    return lab.path("var/archive.log.key.pub")


class Stopped:
    """A copy of the archive that tests may damage, with the copy's own configuration."""

    def __init__(self, lab, name):
        self.lab, self.dir = lab, lab.path(name)
        wait_covered(lab)
        lab.stop_archivist()
        shutil.copytree(lab.path("var/archive"), os.path.join(self.dir, "archive"))
        for kept in glob.glob(lab.path("var/archive.log.key*")):
            shutil.copy2(kept, self.dir)
        with open(lab.config, encoding="utf-8") as f:
            text = f.read().replace(lab.path("var/archive"), os.path.join(self.dir, "archive"))
        self.config = os.path.join(self.dir, "chaperone.conf")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(text)
        lab.start_archivist()

    def files(self, pattern):
        return sorted(glob.glob(os.path.join(self.dir, "archive", pattern), recursive=True))

    def verify(self):
        """What both verifiers say: (status, text) each."""
        from lab import BUILD
        ours = subprocess.run([f"{BUILD}/chaperone", "archive", "verify", "--config", self.config], capture_output=True, text=True, timeout=300)
        other = independent("archive", os.path.join(self.dir, "archive"), "--key", os.path.join(self.dir, "archive.log.key.pub"))
        return (ours.returncode, ours.stdout + ours.stderr), (other.returncode, other.stdout + other.stderr)

    def expect_named(self, what):
        ours, other = self.verify()
        assert ours[0] == 65, f"{what}: ours sees nothing\n{ours[1]}"
        assert other[0] == 1, f"{what}: the independent one sees nothing\n{other[1]}"
        return ours[1], other[1]

    def expect_right(self):
        ours, other = self.verify()
        assert ours[0] == 0, ours[1]
        assert other[0] == 0, other[1]


def flip(path, at):
    mode = os.stat(path).st_mode
    os.chmod(path, 0o640)
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))
    os.chmod(path, mode)


def test_vectors():
    done = independent("selftest")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_record_is_proved_to_whoever_has_the_key(lab):
    tag = send(lab, "proof of this")
    id_ = record_of(lab, tag)
    wait_covered(lab)
    out = lab.path("proof")
    lab.chaperone("archive", "prove", id_, "--out", out)
    proof = os.path.join(out, id_ + ".tlog-proof")
    done = independent("proof", proof, "--key", key(lab))
    assert done.returncode == 0 and id_ in done.stdout, done.stdout + done.stderr
    with open(os.path.join(out, id_ + ".eml"), "rb") as f:
        assert b"proof of this" in f.read()
    for suffix in (".eml", ".json", ".tlog-proof"):
        path = os.path.join(out, id_ + suffix)
        with open(path, "rb") as f:
            data = f.read()
        for at in range(0, len(data), max(1, len(data) // 25)):
            with open(path, "wb") as f:
                f.write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            assert independent("proof", proof, "--key", key(lab)).returncode == 1, f"{suffix}, byte {at}"
        with open(path, "wb") as f:
            f.write(data)
    assert independent("proof", proof, "--key", key(lab)).returncode == 0


def test_openssl_alone_verifies_a_checkpoint(lab, tmp_path):
    send(lab)
    wait_covered(lab)
    point = checkpoint(lab)
    text, _, signature = point["note"].partition("\n\n")
    (tmp_path / "text").write_bytes((text + "\n").encode())
    (tmp_path / "sig").write_bytes(base64.b64decode(signature.split()[-1])[4:])
    raw = base64.b64decode(point["verifier"].split("+", 2)[2])[1:]
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", tmp_path / "key.der", "-keyform", "DER", "-in",
               tmp_path / "text", "-sigfile", tmp_path / "sig"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (tmp_path / "text").write_bytes((text + "x\n").encode())
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_both_verifiers_find_a_sound_archive_right(lab):
    send(lab, "text my cell 508-555-0142")
    send(lab)
    Stopped(lab, "sound").expect_right()


def test_any_flipped_byte_is_named_by_both(lab):
    send(lab)
    copy = Stopped(lab, "flips")
    places = copy.files("**/*.tar.zst") + copy.files("log/checkpoint") + copy.files("log/tile/**/*")
    tried = 0
    for path in places:
        if os.path.isdir(path):
            continue
        with open(path, "rb") as f:
            size = len(f.read().rstrip(b"\0"))
        for at in range(0, size, max(1, size // 6)):
            # Older partial tiles are nobody's: only ours looks at them.
            older = ".p/" in path and not path.endswith("/" + max(os.listdir(os.path.dirname(path)), key=int))
            flip(path, at)
            if older:
                assert copy.verify()[0][0] == 65, f"{path}, byte {at}"
            else:
                copy.expect_named(f"{path}, byte {at}")
            flip(path, at)
            tried += 1
    assert tried > 30
    copy.expect_right()


def test_a_deleted_audit_event_is_named(lab):
    """The last of the command's own events: who searched the archive."""
    lab.records()
    copy = Stopped(lab, "audit")
    path = copy.files("**/*-cmd-events-*.tar.zst")[-1]
    with open(path, "rb") as f:
        data = f.read()
    starts = [m.start() for m in re.finditer(FRAME, data)]
    os.chmod(path, 0o640)
    with open(path, "wb") as f:
        f.write(data[:starts[-1]])
    ours, other = copy.expect_named("a deleted event")
    assert "not in the archive any more" in ours and "not in the archive any more" in other


def test_a_record_slipped_in_is_named(lab):
    """A whole, sound record of another time, put before others."""
    send(lab)
    send(lab)
    copy = Stopped(lab, "slipped")
    path = [p for p in copy.files("**/*.tar.zst") if "events" not in p][-1]
    with open(path, "rb") as f:
        data = f.read()
    end = re.search(FRAME, data[4:]).start() + 4
    stream = subprocess.run(["zstd", "-dc"], input=data[:end], capture_output=True, check=True).stdout
    other = re.search(rb"([0-9A-Z]{26})\.json", stream).group(1)
    forged = other[:-4] + b"ZZZZ"
    stream = stream.replace(other, forged)
    blocks = []
    at = 0
    while at < len(stream):  # headers' checksums, made right again
        block = stream[at:at + 512]
        size = int(block[124:135], 8)
        head = block[:148] + b" " * 8 + block[156:]
        head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
        whole = (size + 511) // 512 * 512
        blocks += [head, stream[at + 512:at + 512 + whole]]
        at += 512 + whole
    frame = subprocess.run(["zstd", "-c", "--check"], input=b"".join(blocks), capture_output=True, check=True).stdout
    os.chmod(path, 0o640)
    with open(path, "wb") as f:
        f.write(frame + data)
    ours, independent_says = copy.expect_named("a record slipped in")
    assert forged.decode() in ours and forged.decode() in independent_says


def test_an_old_copy_put_back_is_refused(lab):
    wait_covered(lab)
    lab.stop_archivist()
    lab.stop_milter()
    archive, old, new = lab.path("var/archive"), lab.path("old"), lab.path("new")
    shutil.copytree(archive, old)
    lab.start_milter()
    lab.start_archivist()
    send(lab)
    wait_covered(lab)
    lab.stop_archivist()
    lab.stop_milter()
    os.rename(archive, new)
    subprocess.run(["cp", "-a", old, archive], check=True)
    for root, dirs, files in os.walk(archive):
        for name in [root, *(os.path.join(root, f) for f in files)]:
            stat = os.stat(os.path.join(new, os.path.relpath(name, archive)))
            os.chown(name, stat.st_uid, stat.st_gid)
    with pytest.raises(RuntimeError) as refused:
        lab.start_archivist()
    assert "was put back" in str(refused.value)
    assert lab.archivist.wait(10) == 65
    code, found = verdict(lab)
    assert code == 65 and "old copy" in json.dumps(found["damage"])
    shutil.rmtree(archive)
    os.rename(new, archive)
    lab.start_milter()
    lab.start_archivist()
    wait_covered(lab)
    assert verdict(lab)[0] == 0


def test_kill_minus_9_leaves_no_record_without_its_one_leaf(lab):
    with Load(lab, 4) as load:
        for _ in range(6):
            time.sleep(0.7)
            lab.stop_archivist(signal.SIGKILL)
            lab.start_archivist()
    assert load.acknowledged
    wait_covered(lab)
    Stopped(lab, "killed").expect_right()


def test_mail_without_and_with_the_same_message_id(lab):
    before = verdict(lab)[1]["records"]
    with lab.connect(BEN) as smtp:
        for i in range(60):
            same = "Message-ID: <same@example.org>\r\n" if i % 2 else ""
            data = f"From: {BEN}\r\nTo: {ANN}\r\nSubject: same\r\n{same}\r\nnumber {i}\r\n"
            assert lab.send(BEN, [ANN], data, smtp=smtp)[0] == 250
    wait_covered(lab)
    code, found = verdict(lab)
    assert code == 0 and found["records"] == before + 60
