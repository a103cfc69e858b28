"""A sealed archive: openssl and zstd open a record, disposal by key, flipped bytes, a host without the key, escrow, rotation, kill -9."""
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

from demo import ANN, BEN, ROSA
from lab import BUILD, TOP, Lab, message, wait_for
from test_durability import Load, check_nothing_lost
from test_retention import ADOPTED, SCHEDULE, approved, events, execute, ok, proposed

VERIFIER = os.path.join(TOP, "contrib", "verify", "chaperone_verify.py")


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1; sealed = true;",
                        "retention": 'schedule = "retention.conf"; hold_cooling_days = 0;'}, archivist=True)
    lab.prepare()
    lab.write("retention.conf", SCHEDULE % ADOPTED)
    lab.chaperone("roster", "import", lab.path("import"))
    lab.chaperone("archive", "keys", "init")
    lab.start_programs()
    yield lab
    lab.stop()


def send(lab, subject, body=None, rcpt=BEN, sender=ANN):
    """The record's id and a word that stands in it alone."""
    word = "w" + uuid.uuid4().hex
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, f"{subject} {word}", body or f"text b{word}"))
    assert code == 250, answer
    return next(row["id"] for row in lab.records() if word in row["subject"]), word


def verdict(lab):
    done = lab.chaperone("archive", "verify", "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def settle(lab):
    def indexed():
        found = lab.json("search", "--limit", "1", "subject:w*")
        return found["indexed"] == found["archived"]
    wait_for("the index", indexed, 60, 0.3)
    wait_for("a checkpoint", lambda: verdict(lab)[1]["log"]["pending"] == 0, 60, 0.3)


def independent(*args, cwd=None):
    return subprocess.run([sys.executable, "-I", VERIFIER, *args], capture_output=True, text=True, timeout=300, cwd=cwd)


def both_verify(lab, *args):
    """What the one says in JSON, the other in words; neither finds anything wrong."""
    status, found = verdict(lab)
    assert status == 0 and found["damaged"] == 0, found
    done = independent("archive", lab.path("var/archive"), "--key", lab.path("var/archive.log.key.pub"), *args)
    assert done.returncode == 0, done.stdout + done.stderr
    return found, done.stdout


def segments(lab):
    return sorted(p for p in glob.glob(lab.path("var/archive/2*/*/*.tar.zst")) if "events" not in p)


def unpacked(lab):
    return b"".join(subprocess.run(["zstd", "-dcq", p], capture_output=True, check=False).stdout for p in segments(lab))


def keys_of(lab, *records):
    path = lab.path("keys-" + uuid.uuid4().hex)
    lab.chaperone("archive", "keys", "export", *records, "--out", path)
    return path


def test_nothing_stands_there_in_clear_and_openssl_opens_one(lab):
    record, word = send(lab, "hello")
    assert word in lab.chaperone("archive", "show", record, "--raw")
    stream = unpacked(lab)
    assert record.encode() in stream
    for secret in (word, "Subject:", BEN, ANN):
        assert secret.encode() not in stream, secret
    # With the record's key alone: zstd, tar, openssl, zstd.
    one = keys_of(lab, record)
    assert oct(os.stat(one).st_mode & 0o777) == "0o600"
    with open(one, encoding="ascii") as file:
        key = json.loads(file.read())["key"]
    work = lab.path("by-hand")
    os.makedirs(work)
    script = f"""cat {' '.join(segments(lab))} | zstd -dcq | tar -xif - {record}.json.zst.gcm {record}.eml.zst.gcm
for kind in json eml; do
    iv=$(head -c 12 {record}.$kind.zst.gcm | od -An -tx1 | tr -d ' \\n')00000002
    tail -c +13 {record}.$kind.zst.gcm | head -c -16 | openssl enc -d -aes-256-ctr -K {key} -iv $iv | zstd -dcq > {record}.$kind
done"""
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=work, check=True)
    with open(os.path.join(work, record + ".eml"), encoding="utf-8") as file:
        assert word in file.read()
    with open(os.path.join(work, record + ".json"), encoding="utf-8") as file:
        assert json.load(file)["id"] == record
    other = lab.path("by-python")
    os.makedirs(other)
    done = independent("open", record, lab.path("var/archive"), "--keys", one, cwd=other)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(os.path.join(other, record + ".eml"), "rb") as a, open(os.path.join(work, record + ".eml"), "rb") as b:
        assert a.read() == b.read()
    assert events(lab, "key-export")


def test_everything_else_works_with_the_key(lab):
    record, word = send(lab, "searched")
    held, secret = send(lab, "held", "text my cell 508-555-0142", rcpt=ROSA, sender=BEN)
    settle(lab)
    assert [hit["id"] for hit in lab.json("search", word)["hits"]] == [record]
    found, words = both_verify(lab)
    assert found["sealed"] == found["records"] > 0 and found["closed"] == 0
    assert "0 were opened" in words
    every = keys_of(lab, "all")
    found, words = both_verify(lab, "--keys", every)
    assert f"of {found['records']} sealed records {found['records']} were opened" in words
    out = lab.path("proof")
    lab.chaperone("archive", "prove", record, "--out", out)
    done = independent("proof", os.path.join(out, record + ".tlog-proof"), "--key", lab.path("var/archive.log.key.pub"))
    assert done.returncode == 0, done.stdout + done.stderr
    bag = lab.path("bag")
    lab.chaperone("archive", "export", "--bag", bag, "--envelope", "--reason", "request 1", record)
    done = independent("bag", bag, "--key", lab.path("var/archive.log.key.pub"))
    assert done.returncode == 0 and "1 are those the leaves commit to" in done.stdout, done.stdout + done.stderr
    back = subprocess.run([f"{BUILD}/chaperone", "policy", "backtest", "--config", lab.config, "--json"], capture_output=True, text=True,
                          check=False, timeout=300)
    assert back.returncode == 0 and json.loads(back.stdout)["messages"] == found["records"], back.stdout[:2000] + back.stderr
    if held in [item["record"] for item in lab.held()]:
        lab.chaperone("quarantine", "release", held, "--reason", "a parent asked")
        assert lab.delivered_with(secret)


def test_flipped_bytes_are_named_by_both_and_without_keys_too(lab):
    send(lab, "flipped")
    settle(lab)
    lab.stop_milter()
    lab.stop_archivist()
    copy = lab.path("flips")
    os.makedirs(copy)
    shutil.copytree(lab.path("var/archive"), os.path.join(copy, "archive"))
    for kept in glob.glob(lab.path("var/archive.*")):
        if os.path.isfile(kept):
            shutil.copy2(kept, copy)
    with open(lab.config, encoding="utf-8") as file:
        text = file.read().replace(lab.path("var/archive"), os.path.join(copy, "archive"))
    config = os.path.join(copy, "chaperone.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    lab.start_milter()
    lab.start_archivist()
    path = next(p for p in glob.glob(os.path.join(copy, "archive/2*/*/lab-0*.tar.zst")))
    os.chmod(path, 0o640)
    secret = os.path.join(copy, "archive.master.key")
    size = os.path.getsize(path)
    for turn, at in enumerate(range(5, size, max(1, size // 12))):
        with open(path, "r+b") as file:
            file.seek(at)
            was = file.read(1)
            file.seek(at)
            file.write(bytes([was[0] ^ 4]))
        if turn % 2:
            os.rename(secret, secret + ".away")
        mine = subprocess.run([f"{BUILD}/chaperone", "archive",
                               "--config", config, "verify"], capture_output=True, text=True, check=False, timeout=300)
        other = independent("archive", os.path.join(copy, "archive"), "--key", os.path.join(copy, "archive.log.key.pub"))
        assert mine.returncode == 65 and "lab-0" in mine.stderr, f"byte {at}: {mine.stdout}{mine.stderr}"
        assert other.returncode == 1 and "WRONG" in other.stdout, f"byte {at}: {other.stdout}{other.stderr}"
        if turn % 2:
            os.rename(secret + ".away", secret)
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(was)


def test_a_host_without_the_key_writes_and_verifies_and_cannot_read(lab):
    before, _ = send(lab, "before")
    secret = lab.path("var/archive.master.key")
    os.rename(secret, lab.path("officer.key"))
    lab.stop_milter()
    lab.stop_archivist()
    lab.start_milter()
    lab.start_archivist()
    word = "w" + uuid.uuid4().hex
    code, answer = lab.send(ANN, [BEN], message(ANN, BEN, f"blind {word}", "text"))
    assert code == 250, answer
    assert lab.delivered_with(word)
    for step in (["archive", "list"], ["archive", "show", before], ["archive", "show", before, "--raw"], ["search", word]):
        done = lab.chaperone(*step, check=False)
        assert done.returncode == 77 and "archive.master_key" in done.stderr, done.stdout + done.stderr
    wait_for("a checkpoint", lambda: verdict(lab)[1]["log"]["pending"] == 0, 60, 0.3)
    found, words = both_verify(lab)
    assert found["closed"] == found["sealed"] == found["records"]

    def said():
        with open(lab.archivist_log, encoding="utf-8") as file:
            return re.search("index stands still.*master key is not here", file.read())
    wait_for("the archivist to say so", said, 30, 0.3)
    os.rename(lab.path("officer.key"), secret)
    assert word in json.dumps(lab.records())
    settle(lab)
    assert len(lab.json("search", word)["hits"]) == 1


def test_officers_hold_the_key_and_it_changes(lab):
    record, word = send(lab, "rotated")
    assert any("0 of 2 officers" in line for line in lab.json("check")["warnings"])
    for officer in ("clerk", "counsel"):
        path = lab.path(officer + ".key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", path], check=True, capture_output=True)
        os.chmod(path, 0o600)
        subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", lab.path(officer + ".pub")], check=True, capture_output=True)
        lab.chaperone("archive", "keys", "escrow", officer, lab.path(officer + ".pub"))
    assert not any("officers" in line for line in lab.json("check")["warnings"])
    shutil.copy2(lab.path("var/archive.master.key"), lab.path("old.key"))
    turned = lab.json("archive", "keys", "rotate")
    assert turned["keys"] > 0
    listed = lab.json("archive", "keys", "list")
    assert listed["master"] == turned["master"] and listed["secret_here"] and listed["old"] == 0
    assert [one["current"] for one in listed["escrow"]] == [True, True]
    assert word in lab.chaperone("archive", "show", record, "--raw")
    after, other = send(lab, "after")  # the milter runs on, and wraps to the new one
    assert other in lab.chaperone("archive", "show", after, "--raw")
    secret = lab.path("var/archive.master.key")
    os.rename(secret, lab.path("gone.key"))
    shutil.copy2(lab.path("old.key"), secret)
    done = lab.chaperone("archive", "show", record, check=False)
    assert done.returncode == 77, done.stdout
    os.remove(secret)
    wrong = lab.chaperone("archive", "keys", "open", lab.path("var/archive.master.escrow/clerk.json"), lab.path("counsel.key"), check=False)
    assert wrong.returncode == 77 and not os.path.exists(secret)
    lab.chaperone("archive", "keys", "open", lab.path("var/archive.master.escrow/clerk.json"), lab.path("clerk.key"))
    assert word in lab.chaperone("archive", "show", record, "--raw")
    both_verify(lab)
    assert events(lab, "key-rotation") and len(events(lab, "key-escrow")) == 2 and events(lab, "key-init")


def test_a_disposal_destroys_the_key_and_leaves_the_segment(lab):
    menu, word = send(lab, "menu")
    stays, kept = send(lab, "budget")
    settle(lab)
    every = keys_of(lab, menu, stays)
    with open(every, encoding="ascii") as file:
        assert len(file.readlines()) == 2
    lab.stop_milter()
    files = {p: open(p, "rb").read() for p in segments(lab)}
    copy = lab.path("old-keys.db")
    shutil.copy2(lab.path("var/archive.keys.db"), copy)
    disposal = approved(lab, proposed(lab))
    assert execute(lab, disposal)["destroyed"] == 1
    assert {p: open(p, "rb").read() for p in segments(lab)} == files, "the segments are as they were"
    done = lab.chaperone("archive", "show", menu, check=False)
    assert done.returncode == 66 and "destroyed" in done.stderr
    assert kept in lab.chaperone("archive", "show", stays, "--raw")
    left = [p for p in glob.glob(lab.path("var/**"), recursive=True) if os.path.isfile(p) and word.encode() in open(p, "rb").read()]
    assert left == []
    lab.start_milter()
    settle(lab)
    found, words = both_verify(lab)
    assert found["log"]["destroyed"] == 1
    assert "1 destroyed as a disposal says (1 by their keys" in words
    assert lab.json("search", word)["hits"] == []
    certificate = lab.chaperone("dispose", "certificate", disposal)
    assert "1 were sealed, and their keys were overwritten" in certificate
    note = lab.path("certificate")
    with open(note, "w", encoding="utf-8") as file:
        file.write(certificate)
    assert independent("note", note, "--key", lab.path("var/archive.log.key.pub")).returncode == 0
    assert lab.json("archive", "keys", "list")["destroyed"] == 1


def test_kill_9_loses_nothing(lab):
    with Load(lab) as load:
        for turn in range(4):
            time.sleep(1.5 + 0.3 * turn)
            lab.stop_milter(signal.SIGKILL)
            lab.start_milter()
        time.sleep(1)
    lab.wait_queue_empty(120)
    assert len(load.acknowledged) > 50
    check_nothing_lost(lab, load)
    wait_for("a checkpoint", lambda: verdict(lab)[1]["log"]["pending"] == 0, 60, 0.3)
    found, _ = both_verify(lab)
    assert found["closed"] == 0 and found["sealed"] == found["records"]


def test_without_a_public_key_nothing_starts(lab):
    public = lab.path("var/archive.master.pub")
    lab.stop_milter()
    os.rename(public, public + ".away")
    with pytest.raises(RuntimeError, match="keys init"):
        lab.start_milter()
    os.rename(public + ".away", public)
    lab.milter = None
    lab.start_milter()
