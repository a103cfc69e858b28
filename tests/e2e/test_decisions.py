"""What becomes of a message, from SMTP to the outside world, the archive and the quarantine."""
import email
import json
import os
import subprocess
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, LILY, MESSAGES, MIA, NOAH, ROSA
from lab import DOMAIN, message, wait_for

EXPECTED = {  # by the demo's subjects
    "Homework": "deliver", "Practice": "hold", "Practice again": "hold", "Office hours": "deliver", "Festival trip": ("deliver", "tag"),
    "Meet results": {MIA: "hold", ANN: "deliver"}, "Sectional": "hold", "Hi": "hold", "Link": "hold", "Plan": "hold",
    "Mia is sick": ("deliver", "tag"), "Dinner": ("deliver", "tag"), "Re: Homework": "deliver",
}


def records_with(lab, text):
    found = []
    for row in lab.records():
        raw = subprocess.run([f"{os.environ['CHAPERONE_BUILD']}/chaperone", "archive", "--config", lab.config, "show", row["id"],
                              "--raw"], capture_output=True, check=True).stdout
        if text.encode() in raw:
            found.append((json.loads(lab.chaperone("archive", "show", row["id"], "--json")), raw))
    return found


def only_record(lab, text):
    found = records_with(lab, text)
    assert len(found) == 1, f"{len(found)} records hold {text!r}"
    return found[0]


@pytest.mark.parametrize("row", MESSAGES, ids=[m[3] for m in MESSAGES])
def test_rows_of_the_demo(lab, row):
    _, sender, rcpts, subject, text, headers, login = row
    tag = uuid.uuid4().hex
    data = message(sender, ", ".join(rcpts), subject, text, [*headers, f"X-Tag: {tag}"])
    code, answer = lab.send(sender, rcpts, data, login=login, client=None if login else "203.0.113.9")
    assert code == 250, answer
    record, raw = only_record(lab, tag)
    expected = EXPECTED[subject]
    actions = {r["address"]: r["action"] for r in record["judgement"]["recipients"]}
    for rcpt in rcpts:
        want = expected[rcpt] if isinstance(expected, dict) else expected
        assert actions[rcpt] in want if isinstance(want, tuple) else actions[rcpt] == want
    passed = [r for r in rcpts if actions[r] in ("deliver", "tag", "coach")]
    got = sorted(r for d in lab.delivered_with(tag) for r in d.rcpts)
    assert got == sorted(passed)
    held = [h for h in lab.held() if h["id"] == record["id"]]
    assert sorted(r["address"] for h in held for r in h["recipients"]) == sorted(set(rcpts) - set(passed))
    # The record holds the bytes as sent, but for what Postfix itself changes.
    assert raw.split(b"\r\n\r\n", 1)[1] == data.split(b"\r\n\r\n", 1)[1]
    assert email.message_from_bytes(raw)["Subject"] == subject


def test_delivered_mail_names_its_record_and_forged_names_are_removed(lab):
    tag = uuid.uuid4().hex
    data = message(BEN, MIA, "note", tag, ["X-Chaperone: 01FORGED", "x-chaperone: second"])
    assert lab.send(BEN, MIA, data)[0] == 250
    record, _ = only_record(lab, tag)
    (delivered,) = lab.delivered_with(tag)
    assert delivered.header("X-Chaperone").startswith(record["id"])
    assert b"FORGED" not in delivered.data and b"second" not in delivered.data.split(b"\n\n")[0].replace(b"\r", b"")


def test_leading_space_and_folds_of_headers_survive(lab):
    tag = uuid.uuid4().hex
    data = message(BEN, MIA, "s", tag, ["X-None:no space", "X-Two:  two spaces", "X-Fold: one\r\n\ttwo\r\n three"])
    assert lab.send(BEN, MIA, data)[0] == 250
    _, raw = only_record(lab, tag)
    for line in (b"X-None:no space\r\n", b"X-Two:  two spaces\r\n", b"X-Fold: one\r\n\ttwo\r\n three\r\n"):
        assert line in raw


def test_case_variants_and_duplicates_of_a_held_recipient_are_all_dropped(lab):
    tag = uuid.uuid4().hex
    rcpts = [JONAH.replace("jreed", "JReed"), JONAH, JONAH, ANN]
    assert lab.send(BEN, rcpts, message(BEN, "all", "s", f"{tag} my cell is 508-555-0142"))[0] == 250
    (delivered,) = lab.delivered_with(tag)
    assert delivered.rcpts == [ANN]


def test_a_list_inside_a_list_that_hides_a_student(lab):
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [f"spring-trip@{DOMAIN}", ANN], message(BEN, "all", "s", f"{tag} my cell is 508-555-0142"))[0] == 250
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[ANN]]


def test_the_senders_notice(lab):
    tag = uuid.uuid4().hex
    mid = f"<{tag}@{DOMAIN}>"
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Ride", "call my cell 508-555-0142", message_id=mid))[0] == 250
    record, _ = only_record(lab, tag)

    def notice():
        return [d for d in lab.delivered() if d.header("In-Reply-To") == mid]
    (got,) = wait_for("notice", notice)
    assert got.mail_from == "" and got.rcpts == [BEN]
    assert got.header("Auto-Submitted") == "auto-replied"
    text = got.data.decode()
    assert record["id"] in text and "508" not in text.split("Found:")[1].split("(in")[0], "the match is masked"
    assert record["judgement"]["reasons"][0]["rule"] in text


@pytest.mark.parametrize("sender,headers", [
    ("", []), (BEN, ["Auto-Submitted: auto-generated"]), (BEN, ["List-Id: <x.example.org>"]), (BEN, ["Precedence: bulk"])])
def test_no_notice_to_null_senders_lists_and_automatic_mail(lab, sender, headers):
    tag = uuid.uuid4().hex
    data = message(BEN, JONAH, "auto", f"my cell is 508-555-0142 {tag}", headers, message_id=f"<{tag}@{DOMAIN}>")
    assert lab.send(sender, [JONAH], data, login=BEN)[0] == 250
    record, _ = only_record(lab, tag)
    assert record["id"] not in "".join(d.data.decode(errors="replace") for d in lab.delivered())


def test_mail_from_sendmail_is_filtered_too(lab):
    tag = uuid.uuid4().hex
    data = message(BEN, f"{JONAH}, {ANN}", "pickup", f"{tag} text my cell 508-555-0142").replace(b"\r\n", b"\n")
    subprocess.run(["sendmail", "-C", lab.path("postfix/conf"), "-i", "-f", BEN, JONAH, ANN], input=data, check=True)
    wait_for("pickup", lambda: records_with(lab, tag))
    record, _ = only_record(lab, tag)
    assert record["envelope"]["non_smtp"] is True
    assert {r["address"]: r["action"] for r in record["judgement"]["recipients"]}[JONAH] == "hold"
    wait_for("delivery", lambda: lab.delivered_with(tag))
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[ANN]]


def test_smtputf8(lab):
    tag = uuid.uuid4().hex
    sender, rcpt = "jürgen@bücher.example.net", "péa@bücher.example.net"
    smtp = lab.connect()
    smtp.docmd("MAIL", "FROM:<a@example.net>")
    smtp.rset()
    smtp.putcmd("MAIL", "FROM:<x@example.net>")
    smtp.getreply()
    smtp.rset()
    smtp.command_encoding = "utf-8"
    code, answer = lab.send(sender, [rcpt, MIA], message(sender, rcpt, "Grüße", tag), login=False, smtp=smtp,
                            options=("SMTPUTF8", "BODY=8BITMIME"))
    smtp.quit()
    assert code == 250, answer
    record, _ = only_record(lab, tag)
    assert record["envelope"]["mail_from"] == sender
    assert [r["address"] for r in record["envelope"]["rcpts"]] == [rcpt, MIA]


def test_null_sender(lab):
    tag = uuid.uuid4().hex
    assert lab.send("", [MIA], message("MAILER-DAEMON@example.net", MIA, "Undelivered", tag), login=False)[0] == 250
    record, _ = only_record(lab, tag)
    assert record["envelope"]["mail_from"] == ""


@pytest.mark.parametrize("body", [b"", b"\r\n", b"no header at all\r\n", b"X: y\r\n\r\n", b"Subject: s\r\n\r\n\x00\xff\xfe\r\n"])
def test_odd_messages_are_archived(lab, body):
    before = len(lab.records())
    code, answer = lab.send(BEN, [ANN], body)
    assert code == 250, answer
    assert len(lab.records()) == before + 1


def test_a_large_message_is_spooled_and_archived_whole(lab):
    tag = uuid.uuid4().hex
    line = "0123456789abcdefghijklmnopqrstuvwxyz " * 20 + "\n"
    data = message(BEN, ANN, "large", tag + "\n" + line * 8000 + "the end of " + tag)
    assert len(data) > 5_000_000
    assert lab.send(BEN, [ANN], data)[0] == 250
    _, raw = only_record(lab, "the end of " + tag)
    assert raw.split(b"\r\n\r\n", 1)[1] == data.split(b"\r\n\r\n", 1)[1]
    assert not os.listdir(lab.path("var/spool")), "spool files have no names"


@pytest.mark.parametrize("size", [65534, 65535, 65536])
def test_a_finding_across_the_chunks_of_the_body(lab, size):
    tag = uuid.uuid4().hex
    text = "my cell is 508-555-0142"
    pad = ("filler words here and there\r\n" * 4000)[:size - 12]
    data = message(BEN, JONAH, "chunks", "x").split(b"\r\n\r\n")[0] + b"\r\n\r\n" + (pad + text + "\r\n" + tag).encode() + b"\r\n"
    assert lab.send(BEN, [JONAH], data)[0] == 250
    record, _ = only_record(lab, tag)
    assert record["judgement"]["recipients"][0]["action"] == "hold"


@pytest.mark.parametrize("form", ["<@relay.example.net:{0}@{1}>", "x<{0}@{1}>", "(c)<{0}@{1}>", "<{0}(c)@{1}>", "<{0}%{1}>", "<{1}!{0}>"])
def test_odd_forms_of_a_recipient_are_who_the_mail_goes_to(lab, form):
    tag = uuid.uuid4().hex
    user, domain = JONAH.split("@")
    smtp = lab.connect(BEN)
    smtp.docmd("MAIL", f"FROM:<{BEN}>")
    code, _ = smtp.docmd("RCPT", "TO:" + form.format(user, domain))
    if code == 250:
        code, _ = smtp.data(message(BEN, "x", "s", f"my cell is 508-555-0142 {tag}"))
        assert code == 250
    smtp.quit()
    assert not lab.delivered_with(tag)
    if code == 250:
        assert [h for h in lab.held() if tag in lab.chaperone("archive", "show", h["id"], "--raw")]


def test_a_held_recipient_that_cannot_be_dropped_refuses_the_message(lab):
    tag = uuid.uuid4().hex
    smtp = lab.connect(BEN)
    smtp.docmd("MAIL", f"FROM:<{BEN}>")
    assert smtp.docmd("RCPT", f"TO:<@relay.example.net:{JONAH}>")[0] == 250
    assert smtp.docmd("RCPT", f"TO:<{ANN}>")[0] == 250
    code, text = smtp.data(message(BEN, "x", "s", f"my cell is 508-555-0142 {tag}"))
    smtp.quit()
    assert code == 550 and b"reference" in text
    assert not lab.delivered_with(tag)
    only_record(lab, tag)
    assert not [h for h in lab.held() if tag in lab.chaperone("archive", "show", h["id"], "--raw")]
