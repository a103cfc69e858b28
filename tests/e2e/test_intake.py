"""Mail that did not come through the milter: imports of every form, killed and gone on with; journal reports through Postfix's
pipe(8); the MTA's log beside the archive."""
import base64
import glob
import gzip
import json
import mailbox
import os
import random
import signal
import subprocess
import sys
import time
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH
from lab import BUILD, TOP, Lab, message, port_open, wait_for, free_port

VERIFIER = os.path.join(TOP, "contrib", "verify", "chaperone_verify.py")
JOURNAL_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
    -o smtpd_milters=
    -o content_filter=journal:all
journal unix - n n - 4 pipe
    flags= user={user} null_sender= eol=\\r\\n
    argv={program} archive journal --config {config} --sender ${{sender}} --queue-id ${{queue_id}} --client ${{client_address}} -- ${{recipient}}
"""


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1;"}, archivist=True).start()
    yield lab
    lab.stop()


def imported(lab, *args, status=0):
    done = lab.chaperone("archive", "import", "--json", *args, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def eml(tag, n=0, message_id=True, body="hello", sender=BEN):
    lines = [f"Return-Path: <bounce-{n}@example.net>", "Delivered-To: " + JONAH,
             "Received: from a.example.net by mx.example.org; Tue, 3 Mar 2020 10:00:00 -0500",
             "Received: from b.example.net by a.example.net; Mon, 2 Mar 2020 10:00:00 -0500",
             f"From: {sender}", f"To: {ANN}", f"Subject: =?utf-8?Q?{tag}_caf=C3=A9?= {n}",
             "Date: Sun, 1 Mar 2020 10:00:00 -0500"]
    if message_id:
        lines.append("Message-ID: <the.same@example.net>")
    return ("\r\n".join(lines) + f"\r\n\r\n{body} {tag} {n}\r\n").encode()


def records(lab, tag):
    return [r for r in lab.records() if tag in r["subject"]]


def meta(lab, record):
    return json.loads(lab.chaperone("archive", "show", record, "--json"))


def raw(lab, record):
    return subprocess.run([f"{BUILD}/chaperone", "archive", "--config", lab.config, "show", record, "--raw"], check=True,
                          capture_output=True).stdout


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def test_a_thousand_with_one_message_id_and_a_thousand_without(lab):
    one, none = "m" + uuid.uuid4().hex, "n" + uuid.uuid4().hex
    box = mailbox.mbox(lab.path(f"{one}.mbox"))
    for n in range(1000):
        put(lab.path(one, f"{n % 10}", f"{n}.eml"), eml(one, n))
        box.add(mailbox.mboxMessage(eml(none, n, message_id=False)))
    box.flush()
    first = imported(lab, lab.path(one))
    assert first["imported"] == 1000 and first["failed"] == 0
    second = imported(lab, lab.path(f"{one}.mbox"))
    assert second["imported"] == 1000
    assert len(records(lab, one)) == 1000 and len(records(lab, none)) == 1000
    again = imported(lab, lab.path(one), lab.path(f"{one}.mbox"))
    assert again["imported"] == 0 and again["failed"] == 0 and again["messages"] == again["already"] == 2000
    assert len(records(lab, one)) == 1000 and len(records(lab, none)) == 1000


def test_what_a_record_says(lab):
    tag = "w" + uuid.uuid4().hex
    path = lab.path("one", tag + ".eml")
    put(path, eml(tag))
    imported(lab, path, "--reason", "old mailbox", "--who", "Records office")
    record = records(lab, tag)[0]
    told = meta(lab, record["id"])
    assert raw(lab, record["id"]) == eml(tag)
    assert told["intake"]["source"] == os.path.realpath(path) and told["intake"]["position"] == 0
    assert told["intake"]["received_from"] == "received"
    assert told["envelope"]["received"] == "2020-03-03T15:00:00.000Z"
    assert told["envelope"]["mail_from"] == "bounce-0@example.net"
    assert [r["address"] for r in told["envelope"]["rcpts"]] == [JONAH]
    assert told["message"]["subject"] == f"{tag} café 0"
    assert told["origin"] == "lab-import" and told["received"] > "2026"
    event = [e for e in lab.json("archive", "list", "--events") if e["event"] == "imported"][-1]
    assert event["detail"]["imported"] == 1 and event["detail"]["reason"] == "old mailbox"
    assert event["who"].startswith("Records office (")


def test_imported_mail_is_searched_by_its_own_time_and_proved(lab):
    tag = "s" + uuid.uuid4().hex
    put(lab.path("search", tag + ".eml"), eml(tag))
    imported(lab, lab.path("search"))
    record = records(lab, tag)[0]["id"]

    def found():
        return json.loads(lab.chaperone("search", "--json", tag, "on:2020-03-03"))["total"] == 1
    wait_for("the index", found, 60, 0.3)
    assert json.loads(lab.chaperone("search", "--json", tag, "newer:7d"))["total"] == 0

    def proved():
        return lab.chaperone("archive", "prove", record, "--out", lab.path(f"proof-{tag}"), check=False).returncode == 0
    wait_for("a checkpoint", proved, 30, 0.3)
    assert lab.chaperone("archive", "verify", check=False).returncode == 0
    done = subprocess.run([sys.executable, "-I", VERIFIER, "archive", lab.path("var/archive"), "--key",
                           lab.path("var/archive.log.key.pub")], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_maildir_and_its_folders(lab):
    tag = "d" + uuid.uuid4().hex
    box = mailbox.Maildir(lab.path(tag), create=True)
    sent = box.add_folder("Sent")
    key = box.add(eml(tag, 1))
    box.add(eml(tag, 2))
    sent.add(eml(tag, 3))
    put(lab.path(tag, "dovecot-uidlist"), b"3 V1 N1\n")
    put(lab.path(tag, "tmp", "half"), b"From: x")
    assert imported(lab, lab.path(tag))["imported"] == 3
    # Read and moved to cur: the same message.
    os.rename(lab.path(tag, "new", key), lab.path(tag, "cur", key + ":2,S"))
    assert imported(lab, lab.path(tag))["imported"] == 0
    assert len(records(lab, tag)) == 3


def test_our_own_export_comes_back_byte_for_byte(lab):
    tag = "x" + uuid.uuid4().hex
    bodies = ["plain", ">From a quoted line\r\n>>From deeper\r\nFrom the start", "From nobody Sun Nov 22 12:00:00 2026\r\n\r\nFrom x",
              "no end", "\r\n\r\n\r\n"]
    for n, body in enumerate(bodies):
        put(lab.path(tag, f"{n}.eml"), eml(tag, n, body=body))
    imported(lab, lab.path(tag))
    ids = [r["id"] for r in records(lab, tag)]
    lab.chaperone("archive", "export", "--format", "mbox", "--out", lab.path(f"{tag}.mbox"), *ids)
    assert imported(lab, lab.path(f"{tag}.mbox"))["imported"] == len(bodies)
    hashes = {}
    for record in records(lab, tag):
        told = meta(lab, record["id"])
        hashes.setdefault(told["intake"]["format"], []).append(told["sha256"])
    assert sorted(hashes["eml"]) == sorted(hashes["mbox"])


def test_failures_are_named_and_the_rest_is_taken(lab):
    tag = "f" + uuid.uuid4().hex
    put(lab.path(tag, "good.eml"), eml(tag))
    put(lab.path(tag, "empty.eml"), b"")
    put(lab.path(tag, "mail.pst"), b"!BDN" + b"\0" * 600)
    put(lab.path(tag, "picture.jpg"), b"\xff\xd8\xff\xe0 no mail")
    os.symlink("good.eml", lab.path(tag, "link.eml"))
    os.mkfifo(lab.path(tag, "pipe"))
    done = lab.chaperone("archive", "import", lab.path(tag), "--json", check=False)
    assert done.returncode == 65
    told = json.loads(done.stdout)
    assert told["imported"] == 1 and told["failed"] == 5
    named = {os.path.basename(f["source"]): f["why"] for f in told["failures"]}
    assert set(named) == {"empty.eml", "mail.pst", "picture.jpg", "link.eml", "pipe"}
    assert "PST" in named["mail.pst"] and "symbolic link" in named["link.eml"]
    for name in named:
        assert f"{name}: " in done.stderr
    assert len(records(lab, tag)) == 1
    done = lab.chaperone("archive", "import", lab.path("nowhere"), check=False)
    assert done.returncode == 65 and "nowhere" in done.stderr


def test_a_grown_and_a_rewritten_mbox(lab):
    """What comes to an mbox is taken in; where another message stands at a place, it is another message."""
    tag = "g" + uuid.uuid4().hex
    path = lab.path(f"{tag}.mbox")
    box = mailbox.mbox(path)
    for n in range(3):
        box.add(mailbox.mboxMessage(eml(tag, n)))
    box.flush()
    assert imported(lab, path)["imported"] == 3
    box.add(mailbox.mboxMessage(eml(tag, 3)))
    box.flush()
    told = imported(lab, path)
    assert told["imported"] == 1 and told["already"] == 3
    box.close()
    os.unlink(path)
    box = mailbox.mbox(path)
    for n in (7, 8):
        box.add(mailbox.mboxMessage(eml(tag, n)))
    box.flush()
    assert imported(lab, path)["imported"] == 2
    assert len(records(lab, tag)) == 6


def test_killed_again_and_again(lab):
    """Each message is in once, whenever the import was killed."""
    tag = "k" + uuid.uuid4().hex
    count, rng = 3000, random.Random(7)
    box = mailbox.mbox(lab.path(f"{tag}.mbox"))
    for n in range(count):
        data = eml(tag, n, body="x" * rng.randrange(3000))
        if n % 2:
            box.add(mailbox.mboxMessage(data))
        else:
            put(lab.path(tag, f"{n}.eml"), data)
    box.flush()
    command = [f"{BUILD}/chaperone", "archive", "--config", lab.config, "import", lab.path(tag), lab.path(f"{tag}.mbox"),
               "--state", lab.path(f"{tag}.db")]
    kills = 0
    for _ in range(60):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, err = process.communicate(timeout=rng.uniform(0.02, 0.35))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, err
        break
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert kills >= 2
    got = [r["subject"] for r in records(lab, tag)]
    assert len(got) == len(set(got)) == count
    assert lab.chaperone("archive", "verify", check=False).returncode == 0


def test_low_space_stops_it_and_it_goes_on(lab):
    tag = "l" + uuid.uuid4().hex
    for n in range(20):
        put(lab.path(tag, f"{n}.eml"), eml(tag, n))
    with open(lab.config, encoding="utf-8") as f:
        low = f.read().replace('min_free_bytes = "1M"', 'min_free_bytes = "1024G"')
    with open(lab.path("low.conf"), "w", encoding="utf-8") as f:
        f.write(low)
    done = subprocess.run([f"{BUILD}/chaperone", "archive", "--config", lab.path("low.conf"), "import", lab.path(tag)],
                          capture_output=True, text=True)
    assert done.returncode == 75 and "low space" in done.stderr and "0 imported" in done.stdout, done.stderr
    assert records(lab, tag) == []
    assert imported(lab, lab.path(tag))["imported"] == 20
    assert len(records(lab, tag)) == 20


# ---- journal reports -------------------------------------------------------------------------------------------------

def report(tag, head="X-MS-Journal-Report:", inner=None):
    inner = inner or eml(tag, 5)
    text = (f"Sender: {BEN}\r\nSubject: {tag}\r\nMessage-Id: <the.same@example.net>\r\n"
            f"To: {ANN}, Expanded: staff@example.org\r\nCc: {ELENA}\r\nBcc: {JONAH}\r\n").encode()
    return (f"From: journal@example.org\r\nTo: archive@example.org\r\nSubject: journal\r\nMessage-ID: <{uuid.uuid4()}@example.org>\r\n"
            f"Date: Tue, 3 Mar 2020 16:00:00 +0000\r\n{head}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"jj\"\r\n\r\n"
            "--jj\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(text).replace(
                b"\n", b"\r\n") + b"--jj\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--jj--\r\n"


def expect_report(lab, record, data, kind):
    told = meta(lab, record)
    assert raw(lab, record) == data
    assert told["envelope"]["mail_from"] == BEN
    assert [(r["address"], r["as"], r.get("expanded")) for r in told["envelope"]["rcpts"]] == [
        (ANN, "to", "staff@example.org"), (ELENA, "cc", None), (JONAH, "bcc", None)]
    wrapper = told["intake"]["wrapper"]
    assert wrapper["kind"] == kind
    inner = data[wrapper["offset"]:wrapper["offset"] + wrapper["length"]]
    import hashlib
    assert hashlib.sha256(inner).hexdigest() == wrapper["sha256"] and inner.startswith(b"Return-Path: <bounce")
    return told


def test_journal_reports_in_files(lab):
    tag = "j" + uuid.uuid4().hex
    first, second = report(tag), report(tag, "X-GM-Journal-ID: 99")
    put(lab.path(tag, "1.eml"), first)
    put(lab.path(tag, "2.eml"), second)
    assert imported(lab, lab.path(tag), "--format", "journal")["reports"] == 2
    rows = sorted(records(lab, tag), key=lambda r: meta(lab, r["id"])["intake"]["source"])
    expect_report(lab, rows[0]["id"], first, "exchange")
    expect_report(lab, rows[1]["id"], second, "google")


@pytest.fixture(scope="module")
def journal(lab):
    """A listener for journal reports beside the lab's Postfix, as the manual has it."""
    port = free_port()
    program = lab.path("opt", "chaperone")
    subprocess.run(["cp", f"{BUILD}/chaperone", program], check=True)
    with open(lab.path("postfix/conf/master.cf"), "a", encoding="ascii") as f:
        f.write(JOURNAL_CF.format(port=port, user=lab.user, program=program, config=lab.config))
    lab.postfix("reload")
    wait_for("the journal's listener", lambda: port_open(port), 20)
    return port


def post(lab, port, data, sender="journal@example.org", rcpts=("archive@example.org",)):
    smtp = lab.connect(port=port)
    code, answer = lab.send(sender, list(rcpts), data, smtp=smtp)
    smtp.quit()
    assert code == 250, answer


def test_journal_reports_by_mail(lab, journal):
    tag = "p" + uuid.uuid4().hex
    data = report(tag)
    post(lab, journal, data)
    wait_for("the record", lambda: len(records(lab, tag)) == 1, 30, 0.2)
    record = records(lab, tag)[0]["id"]
    got = raw(lab, record)
    told = meta(lab, record)
    # Postfix puts its Received line before it; the rest is the report, byte for byte.
    assert got.endswith(data) and got.startswith(b"Received: ")
    assert told["intake"]["wrapper"]["mail_from"] == "journal@example.org"
    assert [r["as"] for r in told["envelope"]["rcpts"]] == ["to", "cc", "bcc"]
    assert told["envelope"]["queue_id"] and told["origin"] == "lab-journal"


def test_many_at_once_and_plain_copies(lab, journal):
    tag = "q" + uuid.uuid4().hex
    for n in range(40):
        post(lab, journal, eml(tag, n), sender="" if n == 0 else BEN, rcpts=(ANN, ELENA))
    wait_for("the records", lambda: len(records(lab, tag)) == 40, 60, 0.3)
    for record in records(lab, tag):
        told = meta(lab, record["id"])
        assert {r["address"] for r in told["envelope"]["rcpts"]} == {ANN, ELENA}  # in Postfix's order
        assert told["envelope"]["mail_from"] == ("" if told["message"]["subject"].endswith(" 0") else BEN)
    assert lab.chaperone("archive", "verify", check=False).returncode == 0


def test_what_cannot_be_archived_now_stays_in_the_queue(lab, journal):
    tag = "r" + uuid.uuid4().hex
    with open(lab.config, encoding="utf-8") as f:
        before = f.read()
    try:
        with open(lab.config, "w", encoding="utf-8") as f:
            f.write("archive = { wrong")
        post(lab, journal, report(tag))
        queue = ["postqueue", "-c", lab.path("postfix/conf"), "-j"]
        wait_for("the deferral", lambda: b"temporary failure" in subprocess.run(queue, capture_output=True).stdout.lower()
                 or b"delay_reason" in subprocess.run(queue, capture_output=True).stdout, 30, 0.2)
    finally:
        with open(lab.config, "w", encoding="utf-8") as f:
            f.write(before)
    lab.postfix("flush")
    wait_for("the record", lambda: len(records(lab, tag)) == 1, 30, 0.2)
    for arguments in ((), ("--nonsense",)):
        done = subprocess.run([f"{BUILD}/chaperone", "archive", "journal", "--config", lab.config, *arguments], input=b"", capture_output=True)
        assert done.returncode == 75, done.stderr


# ---- the log beside the archive --------------------------------------------------------------------------------------

def reconcile(lab, *args):
    done = lab.chaperone("archive", "reconcile", "--json", "--maillog", lab.path("postfix/log/mail.log"), *args, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture()
def apart():
    lab = Lab(settings={"notice": "per_sender_hour = 1000;"}).start()
    yield lab
    lab.stop()


def send(lab, text="hello", rcpt=JONAH, port=None, data=None):
    smtp = lab.connect(BEN, port=port) if port is None else lab.connect(port=port)
    code, answer = lab.send(BEN, [rcpt], data or message(BEN, rcpt, "r " + uuid.uuid4().hex, text), smtp=smtp)
    smtp.quit()
    return code


def test_log_and_archive_agree_until_they_do_not(apart):
    lab = apart
    for _ in range(5):
        assert send(lab) == 250
    assert send(lab, "text my cell 508-555-0142") == 250  # held: the filter discards it, and sends a notice of its own
    lab.delivered()
    held = lab.held()[0]["id"]
    lab.chaperone("quarantine", "release", held, "--reason", "fine")
    lab.delivered()
    wait_for("the notice", lambda: any(d.header("X-Chaperone-Notice") for d in lab.delivered()), 30)
    status, told = reconcile(lab)
    assert status == 0, told
    assert told["missing"] == [] and told["unknown"] == [] and told["matched"] == 6 and told["own"] >= 2

    # Past the filter: Postfix takes it, the archive knows nothing of it.
    assert send(lab, port=lab.release_port, data=message(BEN, JONAH, "past", "x", message_id="<past@example.net>")) == 250
    lab.delivered()
    status, told = reconcile(lab)
    assert status == 65 and [m["message_id"] for m in told["missing"]] == ["past@example.net"]
    shown = lab.chaperone("archive", "reconcile", "--maillog", lab.path("postfix/log/mail.log"), check=False)
    assert shown.returncode == 65 and "not in the archive: queue_id=" + told["missing"][0]["queue_id"] in shown.stdout
    event = [e for e in lab.json("archive", "list", "--events") if e["event"] == "reconcile"][-1]
    assert event["detail"]["missing"] == 1

    # The reverse: a record whose lines the log has lost. And older logs beside it are read, packed ones too.
    path = lab.path("postfix/log/mail.log")
    record = lab.records()[1]["id"]
    queue_id = meta(lab, record)["envelope"]["queue_id"]
    with open(path, encoding="utf-8") as f:
        lines = f.readlines()
    third = len(lines) // 3
    for name, part, pack in ((path + ".2.gz", lines[:third], True), (path + ".1", lines[third:2 * third], False),
                             (path, lines[2 * third:], False)):
        kept = "".join(line for line in part if queue_id not in line).encode()
        with (gzip.open(name, "wb") if pack else open(name, "wb")) as f:
            f.write(kept)
    now = time.time()
    os.utime(path + ".2.gz", (now - 2, now - 2))
    os.utime(path + ".1", (now - 1, now - 1))
    status, told = reconcile(lab)
    assert status == 65 and len(told["read"]) == 3
    assert [u["record"] for u in told["unknown"]] == [record]
    assert told["matched"] == 5 and len(told["missing"]) == 1


def test_milter_away_and_mail_let_through(apart):
    """The mistake that reconciling is there for: milter_default_action = accept."""
    lab = apart
    assert send(lab) == 250
    lab.stop_milter()
    subprocess.run(["postconf", "-c", lab.path("postfix/conf"), "-e", "milter_default_action=accept"], check=True)
    lab.postfix("reload")
    time.sleep(1)
    assert send(lab) == 250
    lab.start_milter()
    lab.delivered()
    status, told = reconcile(lab)
    assert status == 65 and len(told["missing"]) == 1 and told["matched"] == 1


def test_refused_and_bounced_are_no_gap(apart):
    lab = apart
    smtp = lab.connect(BEN)
    smtp.docmd("MAIL", f"FROM:<{BEN}>")
    smtp.docmd("RCPT", f"TO:<{JONAH}>")
    smtp.docmd("DATA")
    smtp.close()  # given up in the middle
    assert send(lab) == 250
    lab.delivered()
    status, told = reconcile(lab)
    assert status == 0 and told["accepted"] == told["matched"] == 1
    done = lab.chaperone("archive", "reconcile", "--maillog", lab.path("nowhere.log"), check=False)
    assert done.returncode == 66
    assert lab.chaperone("archive", "reconcile", check=False).returncode == 64
