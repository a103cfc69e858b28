"""Exceptions: papers they want, directions, purposes, what is recorded afterwards, reports and exports."""
import csv
import datetime
import hashlib
import json
import os
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, LILY, MIA, ROSA
from lab import DOMAIN, message

CELL = "my cell is 508-555-0142"
SAFE = "This number is for safety and emergencies during the trip only."
SECTION = """
exceptions: {
    trip:      { purpose = true; };
    approved:  { consent = true; document = true; approver = [ "administrator" ]; };
    emergency: { retro-hours = 24; };
};
"""
TODAY = datetime.date.today()


def day(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


@pytest.fixture
def office(fresh_lab):
    lab = fresh_lab(start=False)
    lab.set_up()
    with open(lab.path("opt/policies/standard.conf"), "a", encoding="utf-8") as f:
        f.write(SECTION)
    lab.start_programs()
    return lab


def judged(lab, sender, to, text, **kwargs):
    to = [to] if isinstance(to, str) else to
    assert lab.send(sender, to, message(sender, to[0], "s", f"{text} {uuid.uuid4().hex}"), **kwargs)[0] == 250
    record = lab.json("archive", "show", lab.records()[-1]["id"])
    return record["id"], record["judgement"]["recipients"][0]["action"], record["judgement"]["reasons"]


def add(lab, name, kind, staff=BEN, student=LILY, value="+15085550142", begins=-1, ends=30, approver=ANN, more=()):
    return lab.chaperone("exception", "add", "--id", name, "--kind", kind, "--staff", staff, "--student", student, "--value", value,
                         "--from", day(begins), "--until", day(ends), "--approver", approver, *more, who="office")


def tried(reasons, name):
    return {t["why"] for r in reasons for t in r["exceptions_tried"] if t["exception"] == name}


def events(lab, name, record=None):
    return [e for e in lab.json("archive", "list", "--events") if e["event"] == name and record in (None, e.get("record"))]


def test_an_approval_wants_both_papers(office):
    lab = office
    lab.write("approval.pdf", "approved")
    lab.write("consent.pdf", "we agree")
    add(lab, "EX-A", "approved")
    assert judged(lab, BEN, MIA, CELL)[1] == "hold"
    said = add(lab, "EX-B", "approved", student=MIA)
    assert "does not apply yet: no paper of the approval" in said
    assert tried(judged(lab, BEN, MIA, CELL)[2], "EX-B") == {"no paper of the approval"}
    said = add(lab, "EX-C", "approved", student=MIA, more=["--approval", lab.path("approval.pdf"), "--approved", day(-2)])
    assert "does not apply yet: no guardian consent" in said
    assert tried(judged(lab, BEN, MIA, CELL)[2], "EX-C") == {"no guardian consent"}

    def consent(guardian):
        return lab.chaperone("exception", "consent", "EX-C", "--student", MIA, "--guardian", guardian,
                             "--document", lab.path("consent.pdf"))

    assert "does not apply" not in consent("walter@example.net")
    assert tried(judged(lab, BEN, MIA, CELL)[2], "EX-C") == {"consent of somebody who is no guardian"}
    consent(ELENA)
    record, action, reasons = judged(lab, BEN, MIA, CELL)
    assert action == "deliver" and "covers" in tried(reasons, "EX-C")
    used = events(lab, "exception-used", record)
    assert [(e["detail"]["exception"], e["detail"]["students"], e["detail"]["count"]) for e in used] == [("EX-C", [MIA], 1)]
    shown = lab.json("exception", "show", "EX-C")
    assert shown["state"] == "in force" and shown["approval_sha256"] == hashlib.sha256(b"approved").hexdigest()
    assert [(c["guardian"], c["sha256"], c["document"]) for c in shown["consents"]] == \
        [(ELENA, hashlib.sha256(b"we agree").hexdigest(), "consent.pdf")]
    assert [u["record"] for u in shown["uses"]] == [record]
    assert judged(lab, BEN, JONAH, CELL)[1] == "hold", "another student"
    lab.chaperone("exception", "consent", "EX-C", "--student", MIA, "--withdraw", "--reason", "changed their mind")
    assert tried(judged(lab, BEN, MIA, CELL)[2], "EX-C") == {"consent withdrawn"}
    assert {e["event"] for e in lab.json("archive", "list", "--events")} >= {
        "exception-added", "exception-consent", "exception-consent-withdrawn"}


def test_nobody_approves_their_own_and_only_who_may(office):
    lab = office
    done = lab.chaperone("exception", "add", "--id", "EX-S", "--kind", "trip", "--staff", BEN, "--student", MIA, "--value", "*",
                         "--from", day(0), "--until", day(1), "--approver", BEN, check=False)
    assert done.returncode == 65 and "the staff member it is for" in done.stderr
    lab.write("approval.pdf", "approved")
    said = add(lab, "EX-W", "approved", student=MIA, approver=ROSA,
               more=["--approval", lab.path("approval.pdf"), "--approved", day(0)])
    assert "approved by somebody who may not" in said
    [one] = [e for e in lab.json("exception", "list") if e["id"] == "EX-W"]
    assert one["state"] == "not complete" and one["flaw"] == "approved by somebody who may not"


def test_a_trip_wants_its_purpose_in_the_message(office):
    lab = office
    add(lab, "EX-T", "trip", student=MIA, more=["--direction", "both", "--purpose", "festival"])
    record, action, reasons = judged(lab, BEN, MIA, CELL)
    assert action == "coach" and tried(reasons, "EX-T") == {"covers, but the purpose is not stated"}
    assert any("Add a sentence such as" in r.get("remedy", "") for r in reasons)
    assert judged(lab, BEN, MIA, f"{CELL}. {SAFE}")[1] == "deliver"
    report = lab.json("exception", "report")
    [one] = [e for e in report["exceptions"] if e["id"] == "EX-T"]
    assert (one["uses"]["messages"], one["uses"]["without_purpose"], one["uses"]["students"]) == (2, 1, 1)
    assert "2 messages to 1 student" in lab.chaperone("exception", "report")


def test_one_direction_or_both(office):
    lab = office
    add(lab, "EX-T", "trip", student=MIA, more=["--direction", "from-students"])
    assert tried(judged(lab, BEN, MIA, f"{CELL}. {SAFE}")[2], "EX-T") == {"covers from-students only"}
    own = "you can call my cell: 508-555-0199"
    assert judged(lab, MIA, BEN, own)[1] == "deliver", "a student on the trip gives the leader a number"
    assert judged(lab, MIA, BEN, "add me on snapchat: mia.t.x")[1] == "tag", "a way that is not on the papers"
    assert judged(lab, JONAH, BEN, own)[1] == "tag", "a student who is not on the trip"
    assert judged(lab, MIA, ROSA, own)[1] == "tag", "a teacher who is not on the trip"
    lab.chaperone("exception", "revoke", "EX-T", "--reason", "over")
    add(lab, "EX-U", "trip", student=MIA)
    assert tried(judged(lab, MIA, BEN, own)[2], "EX-U") == {"covers to-students only"}


def test_an_emergency_may_be_recorded_afterwards(office):
    lab = office
    record, action, _ = judged(lab, BEN, MIA, CELL)
    assert action == "hold"
    assert judged(lab, BEN, JONAH, CELL)[1] == "hold"
    said = add(lab, "EX-E", "emergency", student=MIA, begins=0, ends=0)
    assert f"covers {record}" in said and "it was held" in said and said.count("covers 0") == 1
    [use] = events(lab, "exception-used", record)
    assert use["detail"]["exception"] == "EX-E" and use["detail"]["afterwards"] is True and use["who"] == "office"
    assert lab.json("exception", "show", "EX-E")["uses"][0]["afterwards"] is True
    assert judged(lab, BEN, MIA, CELL)[1] == "deliver"


def test_an_emergency_of_a_table_is_looked_up_too(office):
    lab = office
    record, action, _ = judged(lab, BEN, MIA, CELL)
    assert action == "hold"
    lab.write("ex.csv", "id,kind,staff,students,values,from,until,approver,purpose_required\n"
              f"EX-F,emergency,{BEN},{MIA},*,{day(-1)},{day(0)},{ANN},no\n"
              f"EX-H,role,{BEN},{LILY},*,{day(-1)},{day(0)},{ANN},no\n")
    said = lab.chaperone("exception", "import", lab.path("ex.csv"))
    assert f"EX-F\n    covers {record}" in said and "EX-H" not in said
    assert "covers" not in lab.chaperone("exception", "import", lab.path("ex.csv")), "once"
    assert len(events(lab, "exception-used", record)) == 1


def test_states_over_time(office):
    lab = office
    add(lab, "EX-11", "role", ends=100)
    add(lab, "EX-12", "role", ends=5)
    add(lab, "EX-13", "role", begins=5)
    add(lab, "EX-14", "role", begins=-9, ends=-2)
    add(lab, "EX-15", "role")
    lab.chaperone("exception", "revoke", "EX-15", "--reason", "over")
    states = {e["id"]: e["state"] for e in lab.json("exception", "list", "--all")}
    assert [states[f"EX-{i}"] for i in range(11, 16)] == ["in force", "expiring", "not begun", "expired", "revoked"]
    assert "EX-14" not in lab.chaperone("exception", "list")
    assert {e["id"]: e["state"] for e in lab.json("exception", "list", "--within", "3")}["EX-12"] == "in force"
    warned = lab.json("check")["warnings"]
    assert f"exception EX-12 ends {day(5)}" in warned and not any("EX-11" in w for w in warned)
    counts = lab.json("exception", "report")["counts"]
    assert (counts["expiring"], counts["revoked"], counts["not begun"]) == (1, 1, 1)


def test_an_export_tells_all_and_can_be_imported(office):
    lab = office
    lab.write("ex.csv", "id,kind,staff,students,values,from,until,approver,direction,purpose,recorded\n"
              f'EX-G,trip,{BEN},group:jazz-band@{DOMAIN};school:mh-hs,+15085550142,{day(-1)},{day(3)},{ANN},both,"trip, ""north""",{day(-3)}\n')
    digest = hashlib.sha256(b"paper").hexdigest()
    lab.write("co.csv", f"exception,student,guardian,given,sha256\nEX-G,{MIA},Elena Torres,{day(-5)},{digest}\n")
    assert "2 rows imported" in lab.chaperone("exception", "import", lab.path("ex.csv"), "--consents", lab.path("co.csv"))
    assert judged(lab, BEN, MIA, f"{CELL}. {SAFE}")[1] == "deliver"
    out = lab.path("audit")
    lab.chaperone("exception", "export", out)
    manifest = json.load(open(os.path.join(out, "manifest.json"), encoding="utf-8"))
    for name, sha in manifest["sha256"].items():
        assert hashlib.sha256(open(os.path.join(out, name), "rb").read()).hexdigest() == sha

    def rows(name):
        return list(csv.DictReader(open(os.path.join(out, name), newline="", encoding="utf-8")))

    [one] = [r for r in rows("exceptions.csv") if r["id"] == "EX-G"]
    assert one["purpose"] == 'trip, "north"' and one["direction"] == "both" and one["state"] == "expiring"
    assert [(r["exception"], r["student"], r["sha256"]) for r in rows("consents.csv")] == [("EX-G", MIA, digest)]
    assert [(r["exception"], r["students"]) for r in rows("uses.csv")] == [("EX-G", MIA)]
    assert events(lab, "exception-export")
    before = lab.json("exception", "show", "EX-G")
    lab.chaperone("exception", "import", os.path.join(out, "exceptions.csv"), "--consents", os.path.join(out, "consents.csv"))
    after = lab.json("exception", "show", "EX-G")
    assert {k: before[k] for k in ("students", "values", "from", "direction", "purpose")} == \
        {k: after[k] for k in ("students", "values", "from", "direction", "purpose")}


@pytest.mark.parametrize("row,what", [
    ("EX,trip,{b},*,*,2026-01-01,2026-01-02,{a},sideways,,,", "direction: not one of"),
    ("EX,trip,{b},*,*,2026-01-01,2026-01-02,{a},both,,12,", "approval_sha256: not a SHA-256"),
    ("EX,trip,{b},*,*,2026-01-01,2026-01-02,{a},both,yesterday,,", "approved: not a date"),
    ("EX,trip,{b},*,*,2026-01-01,2026-01-02,{a},both,,,soon", "recorded: not a time"),
    ("EX,trip,{b},group:nobody,*,2026-01-01,2026-01-02,{a},both,,,", "students: `group:nobody`"),
])
def test_rows_that_are_wrong(office, row, what):
    lab = office
    lab.write("ex.csv", "id,kind,staff,students,values,from,until,approver,direction,approved,approval_sha256,recorded\n"
              + row.format(a=ANN, b=BEN) + "\n")
    done = lab.chaperone("exception", "import", lab.path("ex.csv"), check=False)
    assert done.returncode == 65 and what in done.stderr
