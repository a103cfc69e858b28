"""Exports as BagIt bags: what is in them, for whom; three programs that check them; the same bytes twice; kill -9 and go on."""
import csv
import glob
import hashlib
import io
import json
import mailbox
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH
from documents import all_kinds, with_attachment
from lab import BUILD, TOP, Lab, message, wait_for
from test_log import flip, independent, key, wait_covered
from test_search import wait_indexed

MULTIPART = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"']
WORD = "bagword" + uuid.uuid4().hex[:8]
HIDDEN = ELENA


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1;", "notice": "per_sender_hour = 1000;"}, archivist=True).start()
    send_all(lab)
    yield lab
    lab.stop()


def send(lab, sender, rcpts, data):
    code, answer = lab.send(sender, list(rcpts), data)
    assert code == 250, answer


def send_all(lab):
    """Messages of several kinds, all with one word; the last has a formula for a subject."""
    kind, data, _ = all_kinds(f"The word {WORD} in a document.")["note.docx"]
    send(lab, BEN, [ANN], message(BEN, ANN, f"{WORD} plain", "From the bus: it leaves at eight.\n>From here too.\nseñora"))
    send(lab, BEN, [ANN, HIDDEN], message(BEN, ANN, f"{WORD} copy", "a blind copy went out",
                                          [f"X-Envelope-To: {HIDDEN}", f"Received: from a by b for <{HIDDEN}>; Mon, 23 Nov 2026 10:00:00 +0000"]))
    send(lab, ANN, [BEN], message(ANN, BEN, f"{WORD} file", with_attachment("plan.docx", kind, data), MULTIPART))
    send(lab, ANN, [BEN], message(ANN, BEN, f"{WORD} table", with_attachment("../odd name.csv", "text/csv", b"a,b\n1,2\n"), MULTIPART))
    send(lab, BEN, [ANN], message(BEN, ANN, f'=HYPERLINK("http://x.example.net";"{WORD}")', f'{WORD}, "quoted" | þ'))
    wait_indexed(lab)
    wait_covered(lab)


def export(lab, name, *options, check=True):
    out = lab.path(name)
    done = lab.chaperone("archive", "export", "--bag", out, "--json", *options, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return out, done


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def rows(bag, name="loadfile.csv", delimiter=","):
    return list(csv.DictReader(io.StringIO(read(bag, "data", name).decode()), delimiter=delimiter))


def files(bag):
    return sorted(os.path.relpath(os.path.join(where, name), bag) for where, _, names in os.walk(bag) for name in names)


def all_bytes(bag):
    return b"".join(read(bag, name) for name in files(bag))


def rfc8493(bag):
    """What RFC 8493 asks of a bag, section 2 and 3, and no more: complete and valid."""
    assert read(bag, "bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

    def manifest(name):
        lines = [re.fullmatch(r"([0-9a-f]{64}) +(\S.*)", line) for line in read(bag, name).decode().splitlines()]
        assert all(lines), name
        return {line.group(2): line.group(1) for line in lines}
    payload, tags = manifest("manifest-sha256.txt"), manifest("tagmanifest-sha256.txt")
    assert set(payload) == {n for n in files(bag) if n.startswith("data/")}, "the payload's manifest is not complete"
    assert {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"} <= set(tags)
    assert not set(tags) & set(payload) and "tagmanifest-sha256.txt" not in tags
    for name, digest in {**payload, **tags}.items():
        assert hashlib.sha256(read(bag, name)).hexdigest() == digest, name
    info = dict(line.split(": ", 1) for line in read(bag, "bag-info.txt").decode().splitlines())
    assert info["Payload-Oxum"] == f"{sum(len(read(bag, n)) for n in payload)}.{len(payload)}"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", info["Bagging-Date"])


def validators(bag, key_):
    """What three programs say: (name, what it did)."""
    ours = subprocess.run([f"{BUILD}/chaperone", "archive", "check-bag", bag, "--config", LAB_CONFIG[0]], capture_output=True, text=True, timeout=120)
    other = independent("bag", bag, "--key", key_)
    sums = subprocess.run("sha256sum --quiet -c tagmanifest-sha256.txt && sha256sum --quiet -c manifest-sha256.txt", shell=True, cwd=bag,
                          capture_output=True, text=True, timeout=120)
    return [("chaperone", ours), ("chaperone_verify", other), ("sha256sum", sums)]


LAB_CONFIG = [None]


@pytest.fixture(scope="module")
def bag(lab):
    LAB_CONFIG[0] = lab.config
    out, done = export(lab, "public", "--query", WORD, "--requester", "The Gazette", "--about", "all about the word",
                       "--custodian", "Records Office")
    result = json.loads(done.stdout)
    assert (result["items"], result["attachments"]) == (5, 2)
    return out


@pytest.fixture(scope="module")
def full(lab):
    LAB_CONFIG[0] = lab.config
    return export(lab, "auditor", "--query", WORD, "--envelope")[0]


def test_it_is_right_by_the_rfc_and_three_programs(lab, bag, full):
    for one in (bag, full):
        rfc8493(one)
        for name, done in validators(one, key(lab)):
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_what_is_in_it(lab, bag):
    table = rows(bag)
    assert [r["BEGBATES"] for r in table] == ["MSG00000001", "MSG00000002", "MSG00000003", "MSG00000003.001", "MSG00000004",
                                             "MSG00000004.001", "MSG00000005"]
    one, copy, file, docx, _, text, formula = table
    assert (one["FROM"], one["TO"], one["SUBJECT"], one["CUSTODIAN"]) == (BEN, ANN, f"{WORD} plain", BEN)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d.\d{3}Z", one["DATESENT"]) and one["MESSAGEID"].startswith("<")
    assert (file["BEGATTACH"], file["ENDATTACH"], docx["PARENTID"]) == ("MSG00000003", "MSG00000003.001", "MSG00000003")
    assert docx["FILENAME"] == "plan.docx" and docx["NATIVEPATH"] == "data/attachments/MSG00000003.001.docx"
    assert WORD.encode() in read(bag, docx["TEXTPATH"])
    assert read(bag, text["NATIVEPATH"]) == b"a,b\n1,2\n" and "odd name.csv" in text["FILENAME"]
    assert formula["SUBJECT"].startswith("'=HYPERLINK")
    for row in table:
        data = read(bag, row["NATIVEPATH"])
        assert row["SHA256HASH"] == hashlib.sha256(data).hexdigest() and row["MD5HASH"] == hashlib.md5(data).hexdigest()
    assert read(bag, "data/eml/MSG00000001.eml").endswith("From the bus: it leaves at eight.\r\n>From here too.\r\nseñora\r\n".encode())
    assert "señora" in read(bag, one["TEXTPATH"]).decode() and "Subject: " + WORD in read(bag, one["TEXTPATH"]).decode()
    report = read(bag, "search-report.html").decode()
    assert WORD in report and "The Gazette" in report and "all about the word" in report
    assert "DRAFT" in read(bag, "certification.txt").decode() and "Records Office" in read(bag, "bag-info.txt").decode()


def test_the_load_files_say_the_same(bag):
    want = rows(bag)
    assert rows(bag, "index.psv", "|") == want
    lines = read(bag, "data/loadfile.dat").decode("utf-8-sig").split("\r\n")[:-1]
    cells = [[c[1:-1] for c in line.split("\x14")] for line in lines]
    assert cells[0] == list(want[0]) and len(cells) == len(want) + 1
    assert cells[1] == list(want[0].values())
    assert cells[7][cells[0].index("SUBJECT")] == want[6]["SUBJECT"][1:], "no apostrophe: nothing takes it for a formula"


def test_the_mbox_holds_the_same_messages(bag):
    box = mailbox.mbox(os.path.join(bag, "data/mbox/messages.mbox"), create=False)
    assert [m["Subject"] for m in box][:2] == [f"{WORD} plain", f"{WORD} copy"]
    assert len(box) == 5
    raw = read(bag, "data/mbox/messages.mbox")
    assert b"\n>From the bus" in raw and b"\n>>From here too" in raw


def test_blind_copies_are_for_the_entitled(bag, full):
    everything = all_bytes(bag)
    assert HIDDEN.encode() not in everything
    left_out = read(bag, "data/eml/MSG00000002.left-out.txt").decode()
    assert "header field X-Envelope-To" in left_out and "header field Received" in left_out
    assert not glob.glob(os.path.join(bag, "data/eml/*.json"))
    assert rows(bag)[1]["BCC"] == "" and rows(full)[1]["BCC"] == HIDDEN
    assert f"X-Envelope-To: {HIDDEN}".encode() in read(full, "data/eml/MSG00000002.eml")
    record = json.loads(read(full, "data/eml/MSG00000002.json"))
    assert HIDDEN in [r["address"] for r in record["envelope"]["rcpts"]]


def test_anything_changed_is_named(lab, full, tmp_path):
    copy = str(tmp_path / "copy")
    for name in ("data/eml/MSG00000001.eml", "data/loadfile.dat", "manifest-sha256.txt", "checkpoint", "log.pub", "VERIFY.txt",
                 "proofs/MSG00000003.tlog-proof", "data/attachments/MSG00000003.001.docx"):
        shutil.copytree(full, copy)
        flip(os.path.join(copy, name), os.path.getsize(os.path.join(copy, name)) // 2)
        for program, done in validators(copy, key(lab)):
            assert done.returncode != 0, f"{name}: {program} sees nothing"
        shutil.rmtree(copy)
    shutil.copytree(full, copy)
    os.unlink(os.path.join(copy, "data/text/MSG00000002.txt"))
    with open(os.path.join(copy, "data/eml/slipped.eml"), "w", encoding="ascii") as f:
        f.write("Subject: in\r\n\r\n")
    for program, done in validators(copy, key(lab))[:2]:
        said = done.stdout + done.stderr
        assert done.returncode != 0 and "MSG00000002.txt" in said and "slipped.eml" in said, f"{program}: {said}"


def test_a_message_exchanged_with_its_manifests_is_named(lab, full, tmp_path):
    """Who changes a message can write the manifests anew, but not the log."""
    copy = str(tmp_path / "copy")
    shutil.copytree(full, copy)
    name = "data/eml/MSG00000001.eml"
    old = hashlib.sha256(read(copy, name)).hexdigest()
    with open(os.path.join(copy, name), "r+b") as f:
        data = f.read().replace(b"eight", b"seven")
        f.seek(0)
        f.write(data)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        text = read(copy, manifest).decode().replace(old, hashlib.sha256(data).hexdigest())
        old_manifest = hashlib.sha256(read(copy, "manifest-sha256.txt")).hexdigest()
        with open(os.path.join(copy, manifest), "w", encoding="utf-8") as f:
            f.write(text)
        if manifest == "manifest-sha256.txt":
            data, old = text.encode(), old_manifest
    said = {program: done for program, done in validators(copy, key(lab))}
    assert said["sha256sum"].returncode == 0, "the manifests were made right again"
    for program in ("chaperone", "chaperone_verify"):
        assert said[program].returncode != 0 and "MSG00000001" in said[program].stdout + said[program].stderr, program


def test_what_was_exported_is_an_event(lab, bag):
    events = [e for e in lab.json("archive", "list", "--events") if e["event"] in ("export", "exported")]
    mine = [e["detail"] for e in events if e["detail"].get("name") == "public"]
    assert mine[0]["requester"] == "The Gazette" and len(mine[0]["items"]) == 5 and not mine[0]["envelope"]
    assert mine[0]["items"][0].startswith("MSG00000001 01")
    assert mine[-1]["manifest"] == hashlib.sha256(read(bag, "tagmanifest-sha256.txt")).hexdigest()


def test_nothing_is_overwritten_and_mistakes_are_said(lab, bag):
    for options, status, says in ((("--bag", bag, "--query", WORD), 73, "there already"),
                                  (("--bag", lab.path("none"), "--query", "nothingofthekind"), 66, "nothing to export"),
                                  (("--bag", lab.path("none"), "--query", "(a"), 64, "parenthesis"),
                                  (("--bag", lab.path("none"), "--query", WORD, "--prefix", "a/b"), 64, "Bates"),
                                  (("--bag", lab.path("none"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"), 66, ""),
                                  (("--bag", lab.path("none")), 64, "wants one of")):
        done = lab.chaperone("archive", "export", *options, check=False)
        assert done.returncode == status and says in done.stderr, (options, done)
    assert not os.path.exists(lab.path("none"))


def test_killed_it_goes_on_and_makes_the_same_bytes(lab):
    for i in range(60):
        send(lab, BEN, [ANN], message(BEN, ANN, f"many{WORD} {i}", "x" * 2000 + f" number {i}"))
    wait_indexed(lab)
    wait_covered(lab)
    ids = lab.path("many.txt")
    with open(ids, "w", encoding="ascii") as f:
        f.write("".join(h["id"] + "\n" for h in json.loads(lab.chaperone("search", "--json", "--limit", "0", f"many{WORD}"))["hits"]))
    whole, _ = export(lab, "whole", "--ids", ids, "--name", "many")
    out, kills = lab.path("killed"), 0
    for attempt in range(200):
        process = subprocess.Popen([f"{BUILD}/chaperone", "archive", "export", "--config", lab.config, "--bag", out, "--ids", ids,
                                    "--name", "many"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(0.1 + 0.08 * attempt)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
            process.wait()
        text = process.stderr.read().decode()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, text
        if os.path.exists(out):  # killed behind the last step
            break
        time.sleep(0.02)
    assert kills >= 2 and os.path.exists(out)
    assert files(out + ".part") in ([], ["spec.json"])
    for program, done in validators(out, key(lab)):
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
    assert files(out) == files(whole)
    same = [n for n in files(out) if n.startswith("data/") and read(out, n) != read(whole, n)]
    assert same == [], "the payload does not depend on when it was written"


def test_what_was_broken_off_is_gone_on_with_only_by_the_same_export(lab):
    out = lab.path("other")
    os.makedirs(out + ".part/work")
    done = export(lab, "other", "--query", WORD, check=False)[1]
    assert done.returncode == 73 and "remove it" in done.stderr
