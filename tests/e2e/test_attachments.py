"""Attachments through the real Postfix: a message of each format, held for the right reason, with the place named to the sender."""
import email
import os
import signal
import threading
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, LILY
from documents import all_kinds, corpus, docx, kept_kinds, pdf, with_attachment, zipped
from lab import Lab, message, wait_for
from test_decisions import records_with

CELL = "Questions about the trip? My cell is 508-555-0142."
CLEAN = "The bus leaves at eight in the morning. Bring a lunch and a jacket."


@pytest.fixture(scope="module")
def lab():
    """Every held message is told of: the sender is the same for all."""
    lab = Lab(settings={"notice": "per_sender_hour = 1000;"}).start()
    yield lab
    lab.stop()


def send(lab, parts, rcpts=(JONAH,), sender=BEN):
    tag = uuid.uuid4().hex
    data = message(sender, ", ".join(rcpts), f"trip {tag}", parts,
                   ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"'])
    code, answer = lab.send(sender, list(rcpts), data)
    assert code == 250, answer
    return tag


def item_of(lab, tag):
    """What is held of the message, once it is decided; None when it was delivered."""
    def decided():
        return not [h for h in lab.held("pending") if tag in (h["summary"].get("subject") or "")]
    wait_for("a decision", decided, 60, 0.2)
    found = [h for h in lab.held() if tag in (h["summary"].get("subject") or "")]
    return found[0] if found else None


def notice_about(lab, tag):
    for delivered in lab.delivered():
        parsed = email.message_from_bytes(delivered.data)
        text = delivered.data.decode("utf-8", "replace")
        if BEN in delivered.rcpts and tag in text and (parsed["Auto-Submitted"] or "").startswith("auto"):
            return " ".join(text.replace("=\r\n", "").replace("=\n", "").split())
    return None


def expect_held(lab, tag, place, rule="staff-private-detail"):
    item = item_of(lab, tag)
    assert item is not None, "delivered"
    assert item["summary"]["rule"] == rule, item["summary"]
    places = [f["where"] for f in item["summary"]["findings"]]
    assert any(w.startswith(f"attachment:{place}") for w in places), places
    wait_for("a notice", lambda: notice_about(lab, tag), 60, 0.3)
    assert place in notice_about(lab, tag)


@pytest.mark.parametrize("name", all_kinds("x"))
def test_a_number_in_any_document_is_held_and_its_place_named(lab, name):
    kind, data, place = all_kinds(CELL)[name]
    expect_held(lab, send(lab, with_attachment(name, kind, data)), place)


@pytest.mark.parametrize("name", all_kinds("x"))
def test_the_same_documents_without_a_number_are_delivered(lab, name):
    kind, data, _ = all_kinds(CLEAN)[name]
    tag = send(lab, with_attachment(name, kind, data))
    assert item_of(lab, tag) is None
    wait_for("the delivery", lambda: lab.delivered_with(tag, wait=False), 60, 0.2)


@pytest.mark.parametrize("name", kept_kinds())
def test_files_of_other_programs(lab, name):
    kind, place = kept_kinds()[name]
    item = item_of(lab, send(lab, with_attachment(name, kind, corpus(name))))
    assert item is not None, "delivered"
    places = [f["where"] for f in item["summary"]["findings"]]
    assert any(w.startswith(f"attachment:{place}") for w in places), places


def test_what_cannot_be_inspected_is_held_for_students_and_passes_to_others(lab):
    locked = corpus("locked.pdf")
    item = item_of(lab, send(lab, with_attachment("locked.pdf", "application/pdf", locked)))
    assert item["summary"]["rule"] == "unreadable-to-student", item["summary"]
    assert "encrypted" in str(item["summary"]["facts"])
    tag = send(lab, with_attachment("locked.pdf", "application/pdf", locked), rcpts=(ELENA,))
    assert item_of(lab, tag) is None


def test_nobody_waits_for_what_no_rule_needs(lab):
    tag = send(lab, with_attachment("note.pdf", "application/pdf", pdf(CELL)), rcpts=("awhitfield@maplehollow.example.org",))
    assert item_of(lab, tag) is None
    (row,) = [r for r in lab.records() if tag in r["subject"]]
    assert "not-needed" in lab.chaperone("archive", "show", row["id"], "--json")


BOMBS = {
    "zeros.zip": lambda: zipped({"zeros": bytes(300 << 20)}),
    "nested.zip": lambda: nested(9),
    "laughs.docx": lambda: zipped({"[Content_Types].xml": "<Types/>", "word/document.xml":
                                   '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><w:document xmlns:w="u"><w:t>&b;</w:t></w:document>'}),
    "broken.pdf": lambda: pdf(CLEAN)[:300],
}


def nested(levels):
    data = zipped({"note.txt": CLEAN})
    for _ in range(levels):
        data = zipped({"box.zip": data})
    return data


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_held_and_the_service_lives(lab, name):
    item = item_of(lab, send(lab, with_attachment(name, "application/octet-stream", BOMBS[name]())))
    assert item["summary"]["rule"] == "unreadable-to-student", item["summary"]
    tag = send(lab, with_attachment("note.pdf", "application/pdf", pdf(CLEAN)))
    assert item_of(lab, tag) is None


def test_workers_that_die_under_load_lose_and_pass_nothing(lab):
    """Processes that read are killed again and again while mail comes: every message is delivered clean, or held."""
    stop = threading.Event()

    def kill():
        while not stop.wait(0.4):
            for pid in lab.milter_children():
                try:
                    os.kill(pid, signal.SIGSEGV)
                except ProcessLookupError:
                    pass

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    bad, good = [], []
    try:
        for _ in range(6):
            for tags, text in ((bad, CELL), (good, CLEAN)):
                tag = uuid.uuid4().hex
                parts = with_attachment("note.docx", "application/octet-stream", docx(f"{text} {tag}"))
                data = message(BEN, JONAH, f"trip {tag}", parts, ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"'])
                code, _ = lab.send(BEN, [JONAH], data)
                assert code in (250, 451)
                if code == 250:
                    tags.append(tag)
    finally:
        stop.set()
        killer.join()
    # Of a message whose every reading ended, nothing is known but its bytes: the archive and the quarantine go by these.
    held = {h["id"] for h in lab.held()}
    for tag in bad:
        assert not lab.delivered_with(tag), "a number passed"
    for tag in good + bad:
        (record, _), = records_with(lab, tag)
        assert record["id"] in held or lab.delivered_with(tag), "lost"
