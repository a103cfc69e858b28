"""Mailboxes that a message's own header names: the sender's private ones do not reach students, all others pass."""
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, MIA, ROSA
from lab import DOMAIN, message

PRIVATE, UNKNOWN = "ben.carter.coach@webmail.example", "cozyreader77@gmail.com"
LIST = f"jazz-band@{DOMAIN}"


def send(lab, sender, rcpt, headers, frm=None):
    """The action on the recipient, the message's findings and facts."""
    tag = uuid.uuid4().hex
    own = sender.endswith(DOMAIN)
    data = message(sender, rcpt, f"header {tag}", "Practice is at five.", headers)
    if frm:
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = [frm.encode() if line.startswith(b"From:") else line for line in head.split(b"\r\n")]
        data = b"\r\n".join(lines) + b"\r\n\r\n" + rest
    code, answer = lab.send(sender, [rcpt], data, login=own, client=None if own else "203.0.113.9")
    assert code == 250, answer
    row = next(r for r in lab.records() if tag in r["subject"])
    judgement = lab.json("archive", "show", row["id"])["judgement"]
    return judgement["recipients"][0]["action"], judgement["findings"], judgement["facts"]


@pytest.mark.parametrize("headers,frm", [
    ([f"Reply-To: {UNKNOWN}"], None),
    ([f"Reply-To: Ben Carter <{PRIVATE}>"], None),
    ([f"Reply-To: {BEN}, {UNKNOWN}"], None),
    ([f"Sender: {UNKNOWN}"], None),
    ([], f'From: "Ben Carter {UNKNOWN}" <{BEN}>'),
    ([], f"From: Ben Carter <{BEN}> (write to {UNKNOWN})"),
    ([], f"From: Ben Carter <{UNKNOWN}>"),
])
def test_a_private_mailbox_in_the_header_is_found(lab, headers, frm):
    action, findings, _ = send(lab, BEN, JONAH, headers, frm)
    assert action == "hold"
    (found,) = findings
    assert found["kind"] == "email" and found["owner"] == "sender" and found["where"] == "header"


@pytest.mark.parametrize("sender,rcpt,headers", [
    (BEN, JONAH, []),
    (BEN, JONAH, [f"Reply-To: {BEN}"]),
    (BEN, JONAH, [f"Reply-To: Coach Carter <{BEN.upper()}>", f"Sender: {BEN}"]),
    (ROSA, LIST, [f"Reply-To: {LIST}", f"List-Post: <mailto:{LIST}>"]),
    (BEN, JONAH, [f"Reply-To: {ANN}"]),
    (MIA, BEN, [f"Reply-To: {MIA}"]),
    (ELENA, BEN, [f"Reply-To: {ELENA}"]),
    ("tickets@vendor.example", BEN, ["Reply-To: help@vendor.example", "Sender: bounces@mailer.example"]),
])
def test_how_mail_is_addressed_is_no_finding(lab, sender, rcpt, headers):
    action, findings, _ = send(lab, sender, rcpt, headers)
    assert action in ("deliver", "tag") and findings == []


def test_an_ambiguous_message_hides_nothing_by_its_addresses(lab):
    _, findings, facts = send(lab, BEN, JONAH, [f"Reply-To: {BEN}", "Subject: again"])
    names = [f if isinstance(f, str) else f["name"] for f in facts]
    assert "dup-singleton" in names and "hidden-structure" not in names and findings == []
