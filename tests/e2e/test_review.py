"""Review items: alerts, escalations, patterns of staff-student pairs and reported concerns, made by the archivist behind the mail
path from what the archive holds, once each, whatever is killed."""
import base64
import json
import re
import signal
import sqlite3
import subprocess
import time
import uuid

import pytest
from demo import ANN, BEN, JONAH, LILY, MIA, NOAH, ROSA
from lab import BUILD, DOMAIN, Lab, message, wait_for

CONCERN, DUTY, KWAME, LEE = (f"{name}@{DOMAIN}" for name in ("concern", "duty", "kosei", "lee"))
POLICY = """
name = "review";
version = 1;
patterns: { window-days = 30; weights: { one-to-one = 1.0; late = 0.5; image-only = 3.0; near-miss = 4.0; }; alert = 6.0; baseline = true; };
escalations: { mandated-report: { contacts = [ "%s" ]; hours = 24; legal-hold = true; }; };
rules: (
    { name = "looked-at"; clause = "T 1"; gist = "Somebody is to look at this"; action = "deliver"; alert = true;
      when: { header: { name = "X-Try"; value = [ "alert*" ]; }; }; },
    { name = "to-report"; clause = "T 2"; gist = "This may have to be reported"; action = "tag"; alert = true; escalate = "mandated-report";
      when: { header: { name = "X-Try"; value = [ "report*" ]; }; }; },
    { name = "private-detail"; clause = "T 3"; gist = "A private number"; action = "tag";
      when: { sender: { role = "staff"; }; recipient: { role = "student"; }; finding: { kind = "phone"; owner = [ "sender", "unknown" ]; }; }; }
);
""" % DUTY


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    lab.settings = {"policy": f'file = "{lab.path("opt/policies/review.conf")}";',
                    "review": f'concern_address = "{CONCERN}"; concern_days = 10; due_hours = 48;'}
    lab.prepare()
    lab.write("opt/policies/review.conf", POLICY)
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    reviewers = ", ".join('{ address = "%s"; digest = "none"; }' % address for address in (KWAME, LEE))
    lab.write("chaperone.conf", text.replace("review = {", f"review = {{\n  reviewers = ( {reviewers} );"))
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    yield lab
    lab.stop()


def turn(lab):
    """Everything that is in the archive now is taken in."""
    done = subprocess.run([f"{BUILD}/chaperone-archivist", "--config", lab.config, "--once", "--foreground"], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


def send(lab, sender, rcpts, subject, text, headers=(), **more):
    code, answer = lab.send(sender, rcpts, message(sender, ", ".join([rcpts] if isinstance(rcpts, str) else rcpts), subject, text, headers,
                                                   **more))
    assert code == 250, answer


def items(lab, kind, state="any"):
    return lab.json("review", "list", "--kind", kind, "--state", state)


def with_subject(lab, kind, tag):
    return [i for i in items(lab, kind) if tag in (i["summary"].get("subject") or "")]


def record_of(lab, tag):
    return [r["id"] for r in lab.records() if tag in (r["subject"] or "")]


def events(lab, name):
    return [e for e in lab.json("archive", "list", "--events") if e["event"] == name]


def steps(item):
    return [s["step"] for s in item["steps"]]


def test_a_rule_alerts_a_reviewer_and_delivers(lab):
    tag = uuid.uuid4().hex
    send(lab, BEN, [JONAH, ANN], f"plan {tag}", "The plan for Monday.", ["X-Try: alert"])
    send(lab, BEN, JONAH, f"other {uuid.uuid4().hex}", "Nothing to look at.")
    turn(lab)
    turn(lab)
    found = with_subject(lab, "alert", tag)
    assert len(found) == 1 and found[0]["state"] == "open" and found[0]["title"] == "Somebody is to look at this"
    assert found[0]["summary"]["rule"] == "looked-at" and found[0]["summary"]["clause"] == "T 1"
    assert [r["record"] for r in found[0]["records"]] == record_of(lab, tag)
    assert {(p["address"], p["as"]) for p in found[0]["parties"]} >= {(BEN, "sender"), (JONAH, "recipient"), (ANN, "recipient")}
    assert sorted(r for d in lab.delivered_with(tag) for r in d.rcpts) == sorted([JONAH, ANN]) and not lab.held()
    assert len(items(lab, "alert")) == 1


def told_of(lab, id_):
    return sorted(r for d in lab.delivered() if id_ in (d.header("Subject") or "") for r in d.rcpts)


def test_reviewers_are_told_but_not_of_what_they_are_in(lab):
    one, two = uuid.uuid4().hex, uuid.uuid4().hex
    send(lab, BEN, JONAH, f"plan {one}", "The plan.", ["X-Try: alert"])
    send(lab, KWAME, JONAH, f"plan {two}", "The plan.", ["X-Try: alert"])
    turn(lab)
    first, second = (with_subject(lab, "alert", tag)[0] for tag in (one, two))
    assert told_of(lab, first["id"]) == [KWAME, LEE] and told_of(lab, second["id"]) == [LEE]
    mail = next(d for d in lab.delivered() if first["id"] in (d.header("Subject") or ""))
    assert b"Somebody is to look at this" in mail.data and one.encode() not in mail.data and JONAH.encode() not in mail.data
    item = json.loads(lab.chaperone("review", "show", first["id"], "--json"))
    assert [s["why"] for s in item["steps"] if s["step"] == "routed"] and steps(item).count("mailed") == 2


def test_what_people_do_is_recorded(lab):
    tag = uuid.uuid4().hex
    send(lab, BEN, JONAH, f"plan {tag}", "The plan.", ["X-Try: alert"])
    turn(lab)
    id_ = with_subject(lab, "alert", tag)[0]["id"]
    lab.chaperone("review", "claim", id_, who="ann")
    taken = lab.chaperone("review", "claim", id_, who="rosa", check=False)
    assert taken.returncode == 75 and "claimed by ann" in taken.stderr
    assert lab.chaperone("review", "close", id_, "--reason", "x", who="rosa", check=False).returncode == 75
    assert lab.chaperone("review", "claim", id_, "--take-over", who="rosa", check=False).returncode == 64
    lab.chaperone("review", "claim", id_, "--take-over", "--reason", "ann is away", who="rosa")
    lab.chaperone("review", "note", id_, "--reason", "asked the coach", who="rosa")
    assert lab.chaperone("review", "close", id_, who="rosa", check=False).returncode == 64
    lab.chaperone("review", "close", id_, "--reason", "nothing in it", who="rosa")
    assert lab.chaperone("review", "close", id_, "--reason", "again", who="rosa", check=False).returncode == 65
    item = json.loads(lab.chaperone("review", "show", id_[-26:], "--json", who="ann"))
    assert item["state"] == "closed" and [s for s in steps(item) if s not in ("routed", "mailed")] == ["opened", "claimed", "claimed", "noted", "closed"]
    told = [(e["event"], e["who"]) for e in lab.json("archive", "list", "--events") if (e.get("detail") or {}).get("item") == id_]
    assert ("review-claimed", "ann") in told and ("review-closed", "rosa") in told and ("review-noted", "ann") in told
    assert lab.chaperone("review", "show", "NOSUCH", check=False).returncode == 66
    assert "plan" in lab.chaperone("review", "show", id_) and id_ not in lab.chaperone("review", "list")


def test_nobody_settles_what_is_about_themselves(lab):
    tag = uuid.uuid4().hex
    send(lab, BEN, [JONAH, ANN], f"plan {tag}", "The plan.", ["X-Try: alert"])
    turn(lab)
    id_ = with_subject(lab, "alert", tag)[0]["id"]
    for who in (BEN, ANN):
        for step in (["claim", id_], ["close", id_, "--reason", "nothing in it"]):
            refused = lab.chaperone("review", *step, who=who, check=False)
            assert refused.returncode == 77 and "--second" in refused.stderr, refused.stderr
    assert lab.chaperone("review", "close", id_, "--reason", "x", "--second", ANN, who=BEN, check=False).returncode == 77
    lab.chaperone("review", "close", id_, "--reason", "nothing in it", "--second", LEE, who=BEN)
    done = json.loads(lab.chaperone("review", "show", id_, "--json"))["steps"]
    assert [(s["who"], s["why"].split(":")[0]) for s in done if s["step"] == "noted" and "break" in s["why"]] == [(LEE, "break-glass")]


def test_an_escalation_mails_holds_the_record_and_reminds(lab):
    tag = uuid.uuid4().hex
    send(lab, MIA, ROSA, f"help {tag}", "I have to tell you something.", ["X-Try: report"])
    turn(lab)
    found = with_subject(lab, "escalation", tag)
    assert len(found) == 1 and found[0]["legal_hold"] and len(with_subject(lab, "alert", tag)) == 1
    id_, record = found[0]["id"], record_of(lab, tag)[0]
    assert [e["record"] for e in events(lab, "legal-hold")] == [record]
    mails = [d for d in lab.delivered() if d.rcpts == [DUTY]]
    assert len(mails) == 1 and id_ in mails[0].header("Subject") and mails[0].header("Auto-Submitted") == "auto-generated"
    assert tag.encode() not in mails[0].data and record.encode() in mails[0].data and mails[0].mail_from == ""
    with sqlite3.connect(lab.path("var/review.db"), timeout=10) as db:
        db.execute("UPDATE item SET due_us = ? WHERE id = ?", (int((time.time() - 60) * 1e6), id_))
    turn(lab)
    turn(lab)
    mails = [d for d in lab.delivered() if d.rcpts == [DUTY]]
    assert len(mails) == 2 and ["Overdue" in m.header("Subject") for m in mails].count(True) == 1
    assert "OVERDUE" in lab.chaperone("review", "list", "--kind", "escalation")
    assert lab.json("check")["review"]["overdue"] == 1 and ", 1 overdue" in lab.chaperone("check")
    none = lab.chaperone("review", "close", id_, "--reason", "done", check=False)
    assert none.returncode == 64 and "who was told" in none.stderr
    lab.chaperone("review", "close", id_, "--reason", "reported", "--told", "state hotline, reference 17")
    item = json.loads(lab.chaperone("review", "show", id_, "--json"))
    assert item["told"] == "state hotline, reference 17" and item["legal_hold"]
    assert {"opened", "legal-hold", "mailed", "overdue", "told", "closed"} <= set(steps(item))


def test_a_pair_that_writes_a_lot_alerts_once(lab):
    for i in range(4):
        send(lab, BEN, LILY, f"note {i}", "See you at practice.")
        send(lab, BEN, NOAH, f"dinner {i}", "Dinner at six.")  # his son
        send(lab, BEN, [JONAH, MIA, LILY, ANN], f"class {i}", "Chapter 4.")  # a group
        send(lab, BEN, [MIA, "elena.torres@mailbox.example.net"], f"parents {i}", "Chapter 4.")  # her mother reads it
    turn(lab)
    assert not items(lab, "pattern")
    send(lab, LILY, BEN, "note", "Thank you.")
    send(lab, BEN, LILY, "number", "I may be at 617-555-0147 in the evening.")  # tagged: a near miss
    turn(lab)
    found = items(lab, "pattern")
    assert len(found) == 1 and {p["address"] for p in found[0]["parties"]} == {BEN, LILY}
    assert found[0]["summary"]["counts"] == {"one-to-one": 6, "late": 0, "image-only": 0, "near-miss": 1}
    assert found[0]["summary"]["by_staff"] == 5 and found[0]["summary"]["score"] == 10.0
    send(lab, BEN, LILY, "note", "See you.")
    turn(lab)
    found = items(lab, "pattern")
    assert len(found) == 1 and found[0]["summary"]["counts"]["one-to-one"] == 7
    top = lab.json("review", "pairs")
    assert (top[0]["staff_address"], top[0]["student_address"], top[0]["score"]) == (BEN, LILY, 11.0)
    assert not [p for p in top if NOAH in p["student_address"] or (p["student_address"] == MIA and p["staff_address"] == BEN)]
    assert BEN in lab.chaperone("review", "pairs", "--most", "1")
    lab.chaperone("review", "close", found[0]["id"], "--reason", "her coach before the meet; looked at")
    send(lab, BEN, LILY, "note", "See you.")
    turn(lab)
    assert not items(lab, "pattern", "open")
    assert not lab.held()


def test_every_message_counts_once_whatever_is_killed(lab):
    for i in range(3):
        for _ in range(10):
            send(lab, ROSA, JONAH, f"k {i}", "See you at rehearsal.")
        lab.start_archivist(wait=False)
        time.sleep(0.15 * i + 0.05)
        lab.stop_archivist(signal.SIGKILL)
    turn(lab)
    mine = [p for p in lab.json("review", "pairs") if p["staff_address"] == ROSA and p["student_address"] == JONAH]
    assert mine[0]["counts"]["one-to-one"] == 30
    assert len([i for i in items(lab, "pattern") if ROSA in i["title"]]) == 1


# ---- reports -------------------------------------------------------------------------------------------------------


def report(lab, sender, tag, body, headers=(), **more):
    send(lab, sender, CONCERN, f"Fwd: {tag}", body, headers, **more)
    turn(lab)
    found = [i for i in items(lab, "concern") if tag in i["title"]]
    assert len(found) == 1 and not found[0]["searching"]
    return found[0]


def linked(item):
    return {r["record"] for r in item["records"] if r["why"] != "the report"}


def original(lab, text, sender=BEN, rcpt=JONAH, message_id=None):
    tag = uuid.uuid4().hex
    message_id = message_id or f"<{uuid.uuid4().hex}@{DOMAIN}>"
    data = message(sender, rcpt, f"about {tag}", text, message_id=message_id)
    assert lab.send(sender, rcpt, data)[0] == 250
    return tag, message_id, data, record_of(lab, tag)[0]


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_a_report_with_the_message_attached(lab, encoding):
    tag, _, data, record = original(lab, "You looked great today. Write to me tonight.")
    attached = data.decode() if encoding == "8bit" else base64.encodebytes(data).decode()
    kind = "message/rfc822" if encoding == "8bit" else "application/octet-stream"
    body = ("--b9\r\nContent-Type: text/plain\r\n\r\nThis worries me.\r\n--b9\r\n"
            f"Content-Type: {kind}; name=\"forwarded.eml\"\r\nContent-Disposition: attachment; filename=\"forwarded.eml\"\r\n"
            f"Content-Transfer-Encoding: {encoding}\r\n\r\n{attached}\r\n--b9--\r\n")
    item = report(lab, JONAH, f"x{tag}", body, ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b9"'])
    assert linked(item) == {record}
    assert {(p["address"], p["as"]) for p in item["parties"]} >= {(JONAH, "reporter"), (BEN, "original sender")}
    assert any("attached" in r["why"] for r in item["records"])
    assert told_of(lab, item["id"]) == [KWAME, LEE]


def test_a_report_inline_with_the_headers_of_a_reply(lab):
    tag, message_id, _, record = original(lab, "Do not tell anybody that we talked.")
    _, older, _, _ = original(lab, "An older message of the thread.")
    item = report(lab, ANN, f"y{uuid.uuid4().hex}", "Please look at this.\n\n> (cut)",
                  [f"In-Reply-To: {message_id}", f"References: {older} {message_id}"])
    assert linked(item) == {record}


def test_a_report_inline_by_what_it_holds(lab):
    text = "After the game on Saturday I can drive you home, just you and me, and nobody needs to know about it."
    _, _, _, record = original(lab, text)
    _, _, _, twin = original(lab, text, rcpt=LILY)
    original(lab, "The bus leaves at eight in the morning. Bring a lunch and a jacket.")
    item = report(lab, JONAH, f"z{uuid.uuid4().hex}",
                  "I found this on my son's phone.\n\n----- Forwarded message -----\n> " + text.replace("home,", "home,\n> "))
    assert linked(item) == {record}  # the one the reporter got; whose subject is another's is not his
    tag = uuid.uuid4().hex
    for rcpt in (JONAH, LILY):
        send(lab, BEN, rcpt, f"w{tag}", text)
    item = report(lab, ROSA, f"w{tag}", text)
    assert linked(item) == set(record_of(lab, f"w{tag}")) - {r["record"] for r in item["records"] if r["why"] == "the report"}
    assert len(linked(item)) == 2 and twin not in linked(item)


def test_a_report_of_nothing_known(lab):
    item = report(lab, ANN, f"v{uuid.uuid4().hex}", "Somebody shouted at the bus stop this morning, near the library.")
    assert not linked(item)
    assert "not-found" in steps(json.loads(lab.chaperone("review", "show", item["id"], "--json")))


def test_a_running_archivist_opens_items_within_seconds(lab):
    lab.start_archivist()
    tag = uuid.uuid4().hex
    send(lab, BEN, JONAH, f"live {tag}", "The plan.", ["X-Try: alert"])
    wait_for("item", lambda: with_subject(lab, "alert", tag), 15, 0.2)
    assert lab.stop_archivist() == 0
    assert not re.search(r"failed|refused", open(lab.archivist_log, encoding="utf-8").read().split("ready")[-1])

