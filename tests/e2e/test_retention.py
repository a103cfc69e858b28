"""Retention: what is due by a schedule, legal holds at every step of a disposal, destruction that both verifiers explain, kill -9."""
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid

import pytest

from demo import ANN, BEN, JONAH, ROSA
from lab import BUILD, TOP, Lab, message, wait_for

VERIFIER = os.path.join(TOP, "contrib", "verify", "chaperone_verify.py")
SCHEDULE = """
retention = {
    name = "test"; version = "1"; %s
    school_year_end = "06-30";
    classes = (
        { name = "transitory"; title = "At once"; days = 0; trigger = "sent"; item = "T-1"; },
        { name = "years"; years = 7; trigger = "sent"; },
        { name = "year-end"; years = 1; trigger = "school-year-end"; },
        { name = "exit"; years = 1; trigger = "student-exit"; },
        { name = "closed"; days = 0; trigger = "event"; event = "case-closed"; },
        { name = "permanent"; permanent = true; }
    );
    rules = (
        { name = "menus"; class = "transitory"; when = { subject = "menu"; }; },
        { name = "budget"; class = "years"; when = { subject = "budget"; }; },
        { name = "trips"; class = "year-end"; when = { subject = "trip"; }; },
        { name = "students"; class = "exit"; when = { role = "student"; }; unless = { subject = "menu"; }; },
        { name = "cases"; class = "closed"; when = { subject = "case"; }; },
        { name = "minutes"; class = "permanent"; when = { query = "subject:minutes"; }; }
    );
};
"""
ADOPTED = 'adopted = "School Committee, 2026-11-01";'


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1;",
                        "retention": f'schedule = "retention.conf"; hold_cooling_days = 0;'}, archivist=True)
    lab.prepare()
    lab.write("retention.conf", SCHEDULE % ADOPTED)
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    yield lab
    lab.stop()


def send(lab, subject, rcpt=BEN, sender=ANN):
    """The record's id and a word that stands in it alone."""
    word = "w" + uuid.uuid4().hex
    if lab.milter is None:
        lab.start_milter()
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, f"{subject} {word}", f"text b{word}"))
    assert code == 250, answer
    return next(row["id"] for row in lab.records() if word in row["subject"]), word


def settle(lab):
    """Everything indexed and under the checkpoint; the segment of messages finished."""
    lab.stop_milter()

    def indexed():
        found = lab.json("search", "--limit", "1", "subject:w*")
        return found["indexed"] == found["archived"]

    def covered():
        return json.loads(lab.chaperone("archive", "verify", "--json", check=False).stdout)["log"]["pending"] == 0
    wait_for("the index", indexed, 60, 0.3)
    wait_for("a checkpoint", covered, 60, 0.3)


def run(lab, *args, who="officer", **kwargs):
    return lab.chaperone(*args, "--who", who, check=False, **kwargs)


def ok(lab, *args, who="officer"):
    done = run(lab, *args, "--json", who=who)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def proposed(lab, *args):
    return ok(lab, "dispose", "propose", "--reason", "periods are over", *args)["id"]


def approved(lab, disposal):
    ok(lab, "dispose", "approve", disposal, "--reason", "checked", "--authorization", "RMU-2027-1", who="principal")
    ok(lab, "dispose", "approve", disposal, "--reason", "checked", who="superintendent")
    return disposal


def execute(lab, disposal, wait="60"):
    return ok(lab, "dispose", "execute", disposal, "--wait", wait)


def listed(lab, disposal):
    return {row["record"]: row for row in lab.json("dispose", "show", disposal, "--records")["list"]}


def hold(lab, *args):
    return ok(lab, "hold", "place", "Doe v. District", "--reason", "counsel's letter", *args)["id"]


def verified(lab, destroyed=None):
    """Both verifiers find nothing wrong; returns what chaperone's own says of the log."""
    settle(lab)
    done = lab.chaperone("archive", "verify", "--json", check=False)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0 and verdict["damaged"] == 0, done.stdout + done.stderr
    other = subprocess.run([sys.executable, "-I", VERIFIER, "archive", lab.path("var/archive"), "--key",
                            lab.path("var/archive.log.key.pub")], capture_output=True, text=True, timeout=300)
    assert other.returncode == 0, other.stdout + other.stderr
    if destroyed is not None:
        assert verdict["log"]["destroyed"] == destroyed
        assert f", {destroyed} destroyed" in other.stdout
    return verdict["log"]


def anywhere(lab, word):
    """Files of the filter's data that hold the word, segments unpacked."""
    found = [p for p in glob.glob(lab.path("var/**"), recursive=True)
             if os.path.isfile(p) and word.encode() in open(p, "rb").read()]
    for path in glob.glob(lab.path("var/archive/2*/*/*.tar.zst")):
        if word.encode() in subprocess.run(["zstd", "-dcq", path], capture_output=True, check=False).stdout:
            found.append(path)
    return found


def there(lab, record):
    return lab.chaperone("archive", "show", record, check=False).returncode == 0


def events(lab, name):
    return [row for row in lab.json("archive", "list", "--events") if row["event"] == name]


# ---- the schedule ----------------------------------------------------------------------------------------------------

def test_classes_are_reckoned(lab):
    menu, _ = send(lab, "menu")
    both, _ = send(lab, "menu and budget")
    trip, _ = send(lab, "trip")
    plain, _ = send(lab, "hello")
    case, _ = send(lab, "case 12")
    minutes, _ = send(lab, "minutes")
    student, _ = send(lab, "homework", rcpt=JONAH)
    settle(lab)

    def explain(record):
        return lab.json("retention", "explain", record)
    assert (explain(menu)["class"], explain(menu)["due"]) == ("transitory", "yes")
    assert (explain(both)["class"], explain(both)["due"]) == ("years", "no")
    assert explain(trip)["due"] == "no" and "-07-01T" in explain(trip)["due_from"]
    assert (explain(plain)["class"], explain(plain)["due"]) == (None, "unknown")
    assert explain(case)["due"] == "unknown"
    assert (explain(minutes)["class"], explain(minutes)["due"]) == ("permanent", "no")
    assert explain(student)["due"] == "unknown" and "student-exit" in explain(student)["why"]
    # A period whose day is noted. It never ends before the message was sent.
    ok(lab, "retention", "day", case, "2020-01-01", "--event", "case-closed", "--reason", "settled")
    assert explain(case)["due"] == "no"
    exit_of = next(p for p in lab.json("archive", "show", student)["judgement"]["parties"] if p["role"] == "student")["person"]
    ok(lab, "retention", "day", exit_of, "2026-06-30", "--event", "student-exit", "--reason", "graduated")
    assert (explain(student)["class"], explain(student)["due"]) == ("exit", "no")
    due = lab.json("retention", "due")["classes"]
    assert due["transitory"] == {"due": 1} and due["(unknown)"]["unknown"] >= 1


def test_another_schedule_holds_for_all_mail_and_is_kept(lab):
    menu, _ = send(lab, "menu")
    settle(lab)
    assert lab.json("retention", "explain", menu)["due"] == "yes"
    lab.write("retention.conf", (SCHEDULE % ADOPTED).replace('name = "menus"; class = "transitory"', 'name = "menus"; class = "years"'))
    assert lab.json("retention", "explain", menu)["due"] == "no"
    lab.write("retention.conf", SCHEDULE % ADOPTED)
    assert lab.json("retention", "explain", menu)["due"] == "yes"
    noted = events(lab, "retention-schedule")
    assert len(noted) == 3
    assert len(glob.glob(lab.path("var/archive/retention/*.conf"))) == 2


def test_mistakes_in_a_schedule_are_named(lab):
    lab.write("wrong.conf", SCHEDULE % "" + "")
    done = run(lab, "retention", "lint", lab.path("wrong.conf"))
    assert done.returncode == 78 and "adopted" in done.stderr
    lab.write("wrong.conf", (SCHEDULE % ADOPTED).replace('class = "years"', 'class = "eons"').replace('role = "student"', 'role = "pupil"'))
    done = run(lab, "retention", "lint", lab.path("wrong.conf"))
    assert done.returncode == 78 and '"eons"' in done.stderr and '"pupil"' in done.stderr
    for name in ("massachusetts", "connecticut", "minnesota"):
        schedule = lab.json("retention", "lint", os.path.join(TOP, "conf", "retention", name + ".conf"))
        assert schedule["template"]


def test_a_template_destroys_nothing(lab):
    send(lab, "menu")
    settle(lab)
    lab.write("retention.conf", SCHEDULE % "template = true;")
    done = run(lab, "dispose", "propose", "--reason", "x")
    lab.write("retention.conf", SCHEDULE % ADOPTED)
    assert done.returncode == 77 and "template" in done.stderr


# ---- a disposal ------------------------------------------------------------------------------------------------------

def test_who_may_dispose(lab):
    send(lab, "menu")
    settle(lab)
    disposal = proposed(lab)
    assert run(lab, "dispose", "execute", disposal).returncode == 77
    assert run(lab, "dispose", "approve", disposal, "--reason", "x").returncode == 77  # who proposed it
    ok(lab, "dispose", "approve", disposal, "--reason", "x", who="principal")
    assert run(lab, "dispose", "approve", disposal, "--reason", "x", who=" Principal ").returncode == 77
    assert run(lab, "dispose", "execute", disposal).returncode == 77
    ok(lab, "dispose", "approve", disposal, "--reason", "x", who="superintendent")
    done = run(lab, "dispose", "execute", disposal)
    assert done.returncode == 77 and "authorization" in done.stderr
    # What a disposal lists no other one does.
    assert run(lab, "dispose", "propose", "--reason", "again").returncode == 65
    ok(lab, "dispose", "withdraw", disposal, "--reason", "no form yet")
    assert run(lab, "dispose", "execute", disposal).returncode == 65
    assert there(lab, next(iter(listed(lab, disposal))))


def test_destroyed_is_gone_and_explained(lab):
    gone, word = send(lab, "menu")
    kept, other = send(lab, "budget")
    before = verified(lab)["destroyed"]
    lab.chaperone("archive", "prove", gone, "--out", lab.path("proof"))
    assert anywhere(lab, "b" + word)
    assert lab.json("search", word)["total"] == 1
    disposal = approved(lab, proposed(lab))
    result = execute(lab, disposal)
    assert result["state"] == "done" and result["certified"] and result["indexed"]
    count = result["destroyed"]
    assert count >= 1 and listed(lab, disposal)[gone]["state"] == "destroyed"
    verified(lab, before + count)
    assert not there(lab, gone) and there(lab, kept)
    assert lab.json("search", word)["total"] == 0 and lab.json("search", other)["total"] == 1
    assert not anywhere(lab, "b" + word)
    # Proofs of what is there hold, and that of what was destroyed, offline.
    lab.chaperone("archive", "prove", kept, "--out", lab.path("proof"))
    for record in (gone, kept):
        done = subprocess.run([sys.executable, "-I", VERIFIER, "proof", lab.path("proof", record + ".tlog-proof"), "--key",
                               lab.path("var/archive.log.key.pub")], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    # All of it again: nothing happens.
    assert run(lab, "dispose", "execute", disposal).returncode == 65
    lab.chaperone("dispose", "certificate", disposal, "--out", lab.path("certificate"))
    check = [sys.executable, "-I", VERIFIER, "note", lab.path("certificate"), "--key", lab.path("var/archive.log.key.pub")]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0 and "disposal certificate" in done.stdout, done.stdout + done.stderr
    text = open(lab.path("certificate"), encoding="utf-8").read()
    for part in ("RMU-2027-1", "principal", "superintendent", f"{count} records", disposal):
        assert part in text
    with open(lab.path("certificate"), "w", encoding="utf-8") as file:
        file.write(text.replace(f"{count} records", f"{count + 1} records"))
    assert subprocess.run(check, capture_output=True).returncode == 1
    assert len(events(lab, "disposal-certificate")) >= 1


def test_what_is_taken_out_otherwise_is_named(lab):
    """A record that a disposal does not name, cut by the same means, is missed by both verifiers."""
    first, _ = send(lab, "budget one")
    settle(lab)
    copy = lab.path("tampered")
    lab.stop_archivist()
    shutil.copytree(lab.path("var/archive"), copy)
    lab.start_archivist()
    place = lab.json("archive", "show", first)["segment"] if "segment" in lab.json("archive", "show", first) else None
    path = next(p for p in glob.glob(copy + "/2*/*/lab-0*.tar.zst")
                if first.encode() in subprocess.run(["zstd", "-dcq", p], capture_output=True, check=False).stdout)
    assert place is None or path.endswith(place)
    frames, data = [], open(path, "rb").read()
    sys.path.insert(0, os.path.dirname(VERIFIER))
    import chaperone_verify
    at = 0
    while at < len(data) and (length := chaperone_verify.frame_length(data, at)):
        frames.append((at, length))
        at += length
    for at, length in frames:
        text = subprocess.run(["zstd", "-dcq"], input=data[at:at + length], capture_output=True, check=False).stdout
        if first.encode() in text:
            data = data[:at] + b"\x5d\x2a\x4d\x18" + (length - 8).to_bytes(4, "little") + bytes(length - 8) + data[at + length:]
    os.chmod(path, 0o640)
    open(path, "wb").write(data)
    done = subprocess.run([sys.executable, "-I", VERIFIER, "archive", copy, "--key", lab.path("var/archive.log.key.pub")],
                          capture_output=True, text=True)
    assert done.returncode == 1 and first in done.stdout
    config = open(lab.config, encoding="utf-8").read().replace(lab.path("var/archive") + '"', copy + f'"; log_key = "{lab.path("var/archive.log.key")}"')
    lab.write("tampered.conf", config)
    done = subprocess.run([f"{BUILD}/chaperone", "archive", "--config", lab.path("tampered.conf"), "verify"], capture_output=True, text=True)
    assert done.returncode == 65 and first in done.stdout + done.stderr


# ---- legal holds at every step ---------------------------------------------------------------------------------------

def test_hold_before_the_proposal(lab):
    held, word = send(lab, "menu")
    free, _ = send(lab, "menu")
    settle(lab)
    matter = hold(lab, "--query", word)
    assert lab.json("hold", "check", held)["holds"] and not lab.json("hold", "check", free)["holds"]
    disposal = proposed(lab)
    rows = listed(lab, disposal)
    assert free in rows and held not in rows
    assert lab.json("dispose", "show", disposal)["under_hold"] == {matter: 1}
    ok(lab, "dispose", "withdraw", disposal, "--reason", "test")


@pytest.mark.parametrize("step", ["proposed", "approved", "executing"])
def test_hold_placed_on_the_way_wins(lab, step):
    held, _ = send(lab, "menu")
    free, _ = send(lab, "menu")
    before = verified(lab)["destroyed"]
    disposal = proposed(lab)
    if step != "proposed":
        approved(lab, disposal)
    if step == "executing":
        # Without an archivist the announcement gets no leaf: execution stands at the last step but one.
        lab.stop_archivist()
        told = len(events(lab, "disposal"))
        out = []
        thread = threading.Thread(target=lambda: out.append(run(lab, "dispose", "execute", disposal, "--wait", "60", "--json")))
        thread.start()
        wait_for("the announcement", lambda: len(events(lab, "disposal")) > told, 30)
    hold(lab, "--record", held)
    if step == "proposed":
        approved(lab, disposal)
    if step == "executing":
        assert there(lab, held) and there(lab, free)
        lab.start_archivist()
        thread.join()
        assert out[0].returncode == 0, out[0].stderr
        result = json.loads(out[0].stdout)
    else:
        result = execute(lab, disposal)
    rows = listed(lab, disposal)
    assert rows[held]["state"] == "kept" and "Doe v. District" in rows[held]["why"]
    assert rows[free]["state"] == "destroyed" and result["state"] == "done"
    assert there(lab, held) and not there(lab, free)
    verified(lab, before + result["destroyed"])
    if step == "executing":
        assert events(lab, "disposal-kept")


def test_hold_by_person_and_address(lab):
    record, _ = send(lab, "menu", rcpt=JONAH)
    settle(lab)
    person = next(p for p in lab.json("archive", "show", record)["judgement"]["parties"] if p["role"] == "student")["person"]
    matter = hold(lab, "--person", person)
    shown = lab.json("hold", "show", matter)
    assert person in shown["people"] and JONAH in shown["addresses"]
    assert lab.json("hold", "check", record)["holds"]
    later, _ = send(lab, "menu", rcpt=JONAH)
    assert lab.json("hold", "check", later)["holds"]  # future mail
    # An address nobody knows holds too.
    hold(lab, "--person", "someone@elsewhere.example.net")
    settle(lab)


def test_release_takes_two_and_time(lab):
    record, _ = send(lab, "menu")
    settle(lab)
    matter = hold(lab, "--record", record)
    lab.write_config({"retention": 'schedule = "retention.conf"; hold_cooling_days = 30;'})
    ok(lab, "hold", "release", matter, "--reason", "settled", who="counsel")
    done = run(lab, "hold", "release", matter, "--reason", "settled", who="counsel")
    assert done.returncode == 77
    done = run(lab, "hold", "release", matter, "--reason", "settled", who="superintendent")
    assert done.returncode == 75 and "cooling" in done.stderr
    assert lab.json("hold", "check", record)["holds"]  # it stands until then
    lab.write_config()
    assert run(lab, "hold", "release", matter, "--reason", "settled", who="Counsel").returncode == 77
    assert ok(lab, "hold", "release", matter, "--reason", "settled", who="superintendent")["state"] == "released"
    assert not lab.json("hold", "check", record)["holds"]
    assert run(lab, "hold", "add", matter, "--record", record, "--reason", "x").returncode == 65


# ---- kill -9 ---------------------------------------------------------------------------------------------------------

def test_killed_at_any_moment_it_goes_on(lab):
    records = [send(lab, "menu")[0] for _ in range(6)]
    held = records[3]
    before = verified(lab)["destroyed"]
    disposal = approved(lab, proposed(lab))
    command = [f"{BUILD}/chaperone", "dispose", "--config", lab.config, "execute", disposal, "--wait", "30", "--who", "officer"]
    kills, delay = 0, 0.01
    while delay < 3:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(delay)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        if kills == 3 and there(lab, held):
            hold(lab, "--record", held)
        delay *= 1.35
    assert kills > 3
    if lab.json("dispose", "show", disposal)["state"] != "done":
        execute(lab, disposal)
    rows = listed(lab, disposal)
    for record in records:
        assert there(lab, record) == (rows[record]["state"] == "kept")
    assert rows[held]["state"] == "kept"
    result = lab.json("dispose", "show", disposal)
    verified(lab, before + result["destroyed"])
    assert lab.json("search", "subject:menu")["total"] == sum(there(lab, r["id"]) for r in lab.records() if "menu" in r["subject"])


def test_destroyed_and_not_written_down(lab):
    """Killed between the records' end and the database's knowing it: made by putting the database back."""
    record, _ = send(lab, "menu")
    before = verified(lab)["destroyed"]
    disposal = approved(lab, proposed(lab))
    with sqlite3.connect(lab.path("var/retention.db")) as db:
        db.execute("VACUUM INTO ?", (lab.path("var/retention.before"),))
    result = execute(lab, disposal)
    assert listed(lab, disposal)[record]["state"] == "destroyed"
    for suffix in ("-wal", "-shm"):
        if os.path.exists(lab.path("var/retention.db" + suffix)):
            os.unlink(lab.path("var/retention.db" + suffix))
    os.replace(lab.path("var/retention.before"), lab.path("var/retention.db"))
    assert lab.json("dispose", "show", disposal)["destroyed"] == 0
    again = execute(lab, disposal)
    assert (again["destroyed"], again["kept"], again["state"]) == (result["destroyed"], result["kept"], "done")
    verified(lab, before + result["destroyed"])


# ---- people and reviewers --------------------------------------------------------------------------------------------

def import_people(lab, old, new):
    """The roster with another address in it."""
    for path in glob.glob(lab.path("import/**/*.csv"), recursive=True):
        text = open(path, encoding="utf-8").read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
    lab.chaperone("roster", "import", lab.path("import"))


def test_hold_survives_another_address_and_another_owner(lab):
    old, _ = send(lab, "menu", rcpt=BEN)
    settle(lab)
    person = next(p for p in lab.json("archive", "show", old)["judgement"]["parties"] if p["address"] == BEN)["person"]
    matter = hold(lab, "--person", person)
    renamed = BEN.replace("bcarter", "ben.carter-lee")
    import_people(lab, BEN, renamed)
    assert ok(lab, "hold", "refresh")["added"] >= 1
    shown = lab.json("hold", "show", matter)
    assert BEN in shown["addresses"] and renamed in shown["addresses"]
    new, _ = send(lab, "menu", rcpt=renamed)
    settle(lab)
    import_people(lab, renamed, renamed.replace("carter", "third"))
    for record in (old, new):
        assert any("Doe v. District" in line for line in lab.json("hold", "check", record)["holds"])


def test_reviewers_legal_hold_is_one(lab):
    """An escalation puts its record under legal hold: a disposal sees it without anybody's step."""
    record, _ = send(lab, "menu", rcpt=ROSA)
    settle(lab)
    disposal = approved(lab, proposed(lab))
    with sqlite3.connect(lab.path("var/review.db")) as db:
        item = uuid.uuid4().hex.upper()[:26]
        db.execute("INSERT INTO item(id, kind, state, key, title, summary, opened_us, due_us, legal_hold, search) "
                   "VALUES (?, 3, 2, 'escalation:x', 'threat', '{}', 1, 1, 1, 0)", (item,))
        db.execute("INSERT INTO link VALUES (?, ?, 'the message')", (item, record))
    execute(lab, disposal)
    row = listed(lab, disposal)[record]
    assert row["state"] == "kept" and "escalation" in row["why"] and there(lab, record)
    assert any(h["matter"].startswith("escalation") for h in lab.json("hold", "list"))


def test_what_waits_for_a_decision_is_kept(lab):
    if lab.milter is None:
        lab.start_milter()
    before = {row["id"] for row in lab.held()}
    lab.send(ANN, [JONAH], message(ANN, JONAH, "menu", "call me on my own phone, 508-555-0199, tonight"))
    record = next(row["id"] for row in lab.held() if row["id"] not in before)
    settle(lab)
    explained = lab.json("retention", "explain", record)
    assert explained["due"] == "yes" and any("quarantine" in line for line in explained["holds"])
    lab.chaperone("quarantine", "deny", record, "--reason", "x")
    assert not any("quarantine" in line for line in lab.json("retention", "explain", record)["holds"])
