"""The register of notices to staff: issued, sent through Postfix, acknowledged; what reviewers do afterwards names what was in force."""
import csv
import datetime
import hashlib
import io
import json
import subprocess

import pytest
from demo import ANN, BEN, JONAH, ROSA
from lab import BUILD, Lab
from test_quarantine import hold

TODAY = datetime.date.today()


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"notice": "per_sender_hour = 1000;"}).start()
    yield lab
    lab.stop()


def notice(lab, *args, status=0, who="dana"):
    done = subprocess.run([f"{BUILD}/chaperone", "notice", args[0], "--config", lab.config, "--who", who, *args[1:]], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def events(lab, name):
    return [e for e in lab.json("archive", "list", "--events") if e["event"] == name]


def issue(lab, template="connecticut", *more):
    return notice(lab, "issue", template, *more).strip()


@pytest.mark.parametrize("name", ["connecticut", "massachusetts", "minnesota"])
def test_every_template_is_filled_and_tells_whom_to_ask(lab, name):
    assert name in notice(lab, "templates")
    text = notice(lab, "render", name, "--effective", "2026-10-01", "--set", "contact=the records office")
    assert "2026-10-01" in text and "the records office" in text and "{" not in text and not text.startswith("#")
    assert "TEMPLATE" not in text and "public record" in text or "government data" in text


def test_locations_stand_in_the_notice(lab):
    text = notice(lab, "render", "connecticut", "--set", "locations=The server room of the high school", "--set", "locations=The office {x}")
    assert "* The server room of the high school" in text and "* The office {x}" in text and "whatever device" not in text


def test_what_is_issued_stays_as_it_was(lab):
    id_ = issue(lab)
    shown = json.loads(notice(lab, "show", id_, "--json"))
    text = notice(lab, "show", id_)
    assert shown["sha256"] == hashlib.sha256(text.encode()).hexdigest() and shown["in_force"] and shown["who"] == "dana"
    told = [e for e in events(lab, "notice-issued") if e["detail"]["notice"] == id_]
    assert len(told) == 1 and told[0]["detail"]["text"] == text and told[0]["who"] == "dana"
    later = issue(lab, "massachusetts", "--effective", "2099-01-01")
    assert not json.loads(notice(lab, "show", later, "--json"))["in_force"]
    assert "no notice" in notice(lab, "show", "NOSUCH", status=66)
    assert "wants --reason" in notice(lab, "withdraw", later, status=64)
    notice(lab, "withdraw", later[:26], "--reason", "wrong date")
    assert "was withdrawn" in notice(lab, "withdraw", later, "--reason", "again", status=65)
    assert "withdrawn" in notice(lab, "list")


def test_it_is_sent_once_to_each_of_the_staff(lab):
    id_ = issue(lab)
    planned = notice(lab, "send", id_, "--dry-run")
    assert "would be sent" in planned and not [d for d in lab.delivered() if id_ in (d.header("Message-ID") or "")]
    notice(lab, "send", id_)
    mails = [d for d in lab.delivered() if id_ in (d.header("Message-ID") or "")]
    rcpts = [r for d in mails for r in d.rcpts]
    assert {ANN, BEN, ROSA} <= set(rcpts) and JONAH not in rcpts and len(rcpts) == len(set(rcpts))
    assert b"31-48d" in mails[0].data and mails[0].header("Auto-Submitted") == "auto-generated"
    again = json.loads(notice(lab, "send", id_, "--json"))
    assert again["sent"] == 0 and len([d for d in lab.delivered() if id_ in (d.header("Message-ID") or "")]) == len(mails)
    status = json.loads(notice(lab, "status", id_, "--json"))
    assert status["sent"] == len(rcpts) and status["acknowledged"] == 0


def test_acknowledgments_one_by_one_and_from_a_file(lab, tmp_path):
    id_ = issue(lab)
    notice(lab, "acknowledge", id_, ANN, "--how", "signed form")
    path = tmp_path / "portal.csv"
    path.write_text(f"email,date,how\n{BEN},{TODAY},training portal\n{ANN},{TODAY},training portal\n", encoding="utf-8")
    assert "2 acknowledged, 1 of them new" in notice(lab, "import", id_, str(path))
    people = {p["address"]: p for p in json.loads(notice(lab, "status", id_, "--json"))["people"]}
    assert people[ANN]["how"] == "signed form" and people[BEN]["how"] == "training portal" and people[ROSA]["acknowledged"] == ""
    rows = list(csv.DictReader(io.StringIO(notice(lab, "status", id_, "--csv", "--missing"))))
    assert ROSA in [r["address"] for r in rows] and ANN not in [r["address"] for r in rows]
    assert json.loads(notice(lab, "list", "--json"))[0]["acknowledged"] == 2
    told = [e for e in events(lab, "notice-receipts") if e["detail"]["notice"] == id_]
    assert [p["address"] for e in told for p in e["detail"]["people"]] == [ANN, BEN]
    assert told[1]["detail"]["people"][0]["source"] == "portal.csv"


@pytest.mark.parametrize("row,what", [(f"{JONAH},{TODAY}", "nobody of the staff"), (f"{BEN},2020-01-01", "not between"), (f"{BEN},soon", "no date")])
def test_a_file_with_a_mistake_changes_nothing(lab, tmp_path, row, what):
    id_ = issue(lab)
    path = tmp_path / "acks.csv"
    path.write_text(f"email,date\n{ANN},{TODAY}\n{row}\n", encoding="utf-8")
    wrong = notice(lab, "import", id_, str(path), status=65)
    assert f"{path}:3: " in wrong and what in wrong and "nothing was" in wrong
    assert json.loads(notice(lab, "status", id_, "--json"))["acknowledged"] == 0
    path.write_text(f"who,when\n{ANN},{TODAY}\n", encoding="utf-8")
    assert ":1: wants columns" in notice(lab, "import", id_, str(path), status=65)


def test_a_change_of_policy_tells_what_has_changed(lab):
    path = lab.path("opt/policies/standard.conf")
    assert "These are all its rules." in notice(lab, "render", "policy-change")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    end = text.rindex("\n);", 0, text.index("\n);", text.index("rules:")) + 3) if "rules:" in text else None
    assert end
    added = """,
    { name = "on-sunday"; clause = [ "9.9" ]; gist = "Nobody writes on Sundays"; action = "coach"; remedy = "Write on Monday.";
      when: { sender: { role = "staff"; }; header: { name = "Subject"; value = [ "*sunday*" ]; }; }; }"""
    with open(path, "w", encoding="utf-8") as f:
        f.write(text[:end] + added + text[end:])
    shown = subprocess.run([f"{BUILD}/chaperone", "policy", "explain", path, "on-sunday"], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    changed = notice(lab, "render", "policy-change")
    assert "New: Nobody writes on Sundays (9.9)" in changed and "coach" in changed and "These are all" not in changed
    assert changed.count("New:") == 1 and "No longer:" not in changed


def test_what_reviewers_do_names_the_notices_in_force(lab):
    id_ = issue(lab)
    _, record, _ = hold(lab)
    lab.chaperone("quarantine", "deny", record, "--reason", "a private number", who="rosa")
    done = [e for e in lab.json("archive", "list", "--events") if e.get("record") == record and "den" in e["event"]]
    assert done
    assert id_ in [n["id"] for n in done[0]["detail"]["notices"]] and all(len(n["sha256"]) == 64 for n in done[0]["detail"]["notices"])
