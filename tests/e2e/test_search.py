"""Searching the archive: messages of every kind through Postfix, found by what they say; coverage told; the index made anew."""
import json
import os
import signal
import subprocess
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH
from documents import all_kinds, with_attachment
from lab import Lab, message, wait_for
from test_durability import Load


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"notice": "per_sender_hour = 1000;"}, archivist=True).start()
    yield lab
    lab.stop()


def send(lab, subject, text, sender=BEN, rcpts=(JONAH,), headers=()):
    code, answer = lab.send(sender, list(rcpts), message(sender, ", ".join(rcpts), subject, text, list(headers)))
    assert code == 250, answer


def search(lab, *words):
    return json.loads(lab.chaperone("search", "--json", "--limit", "0", *words))


def wait_indexed(lab, seconds=60):
    def whole():
        found = search(lab, "id:01ARZ3NDEKTSV4RRFFQ69G5FAV")
        return found["indexed"] == found["archived"]
    wait_for("the index", whole, seconds, 0.2)


def subjects(lab, *words):
    return sorted(hit["subject"] for hit in search(lab, *words)["hits"])


def test_words_fields_and_times(lab):
    tag = "t" + uuid.uuid4().hex
    send(lab, f"{tag} field trip", "The bus leaves at eight.\r\nBring a lunch, señora.")
    send(lab, f"{tag} budget", "Figures of the lunch program.", sender=ANN, rcpts=(BEN, ELENA))
    send(lab, f"{tag} held", "text my cell 508-555-0142 for lunch")
    wait_indexed(lab)
    trip, budget, held = f"{tag} field trip", f"{tag} budget", f"{tag} held"
    for words, want in (
            ((tag,), [budget, trip, held]),
            ((tag, "lunch"), [budget, trip, held]),
            ((tag, "field trip"), [trip]),
            ((f'{tag} "trip field"',), []),
            ((f"{tag} (budget OR bus)",), [budget, trip]),
            ((tag, "NOT", "budget"), [trip, held]),
            ((tag, "senora"), [trip]),
            ((tag, f"from:{ANN}"), [budget]),
            ((tag, f"to:{ELENA}"), [budget]),
            ((tag, "action:hold"), [held]),
            ((tag, "rule:staff-private-detail"), [held]),
            ((tag, "role:student"), [trip, held]),
            ((tag, "newer:1d"), [budget, trip, held]),
            ((tag, "before:2020-01-01"), []),
            ((tag, "size:>1M"), [])):
        assert subjects(lab, *words) == sorted(want), words


def test_text_of_attachments_is_found_in_every_format(lab):
    word = "zephyr" + uuid.uuid4().hex[:10]
    kinds = all_kinds(f"The word is {word} here.")
    for name, (kind, data, _) in kinds.items():
        lab.send(BEN, [ANN], message(BEN, ANN, name, with_attachment(name, kind, data),
                                     ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"']))
    wait_indexed(lab, 120)
    found = subjects(lab, f"attachment:{word}")
    assert found == sorted(kinds), set(kinds) - set(found)
    assert subjects(lab, f"body:{word}") == []
    assert len(subjects(lab, word, "has:attachment")) == len(kinds)


def test_what_is_not_searchable_is_counted_and_named(lab):
    subprocess.run(["zip", "-q", "-P", "secret", lab.path("locked.zip"), "/etc/hostname"], check=True)
    with open(lab.path("locked.zip"), "rb") as f:
        data = f.read()
    subject = "locked " + uuid.uuid4().hex
    lab.send(BEN, [ANN], message(BEN, ANN, subject, with_attachment("locked.zip", "application/zip", data),
                                 ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"']))
    wait_indexed(lab)
    found = search(lab, "is:unsearchable", "filename:locked.zip")
    assert [h["subject"] for h in found["hits"]] == [subject]
    assert "encrypted" in found["hits"][0]["unsearchable"]
    assert found["unsearchable"] >= 1
    shown = lab.chaperone("search", "filename:locked.zip", check=False)
    assert "could not be read wholly" in shown.stderr and "not searched: encrypted" in shown.stdout


def test_bcc_is_in_the_index_for_the_entitled(lab):
    subject = "copy " + uuid.uuid4().hex
    lab.send(BEN, [ANN, ELENA], message(BEN, ANN, subject, "hello"))
    wait_indexed(lab)
    assert subjects(lab, f"rcpt:{ELENA}", "subject:" + subject.split()[1]) == [subject]
    assert subjects(lab, f"to:{ELENA}", "subject:" + subject.split()[1]) == []


def test_a_search_is_an_event_with_what_it_covered(lab):
    word = "w" + uuid.uuid4().hex
    lab.chaperone("search", word, "--reason", "request 12")
    event = [e for e in lab.json("archive", "list", "--events") if e["event"] == "search" and word in json.dumps(e)][-1]
    assert event["detail"]["query"] == word and event["detail"]["reason"] == "request 12"
    assert event["detail"]["found"] == 0 and event["detail"]["archived"] >= event["detail"]["indexed"] > 0


def test_wrong_queries_are_refused_with_the_place(lab):
    for query, says in (("(a", "parenthesis"), ("colour:red", "no such field"), ("before:soon", "no date")):
        done = lab.chaperone("search", query, check=False)
        assert done.returncode == 64 and says in done.stderr, done.stderr


def test_made_anew_while_mail_flows_and_killed(lab):
    """Nothing is missing and nothing stands there twice."""
    with Load(lab, 4) as load:
        lab.chaperone("search", "--rebuild")
        for _ in range(3):
            lab.stop_archivist(signal.SIGKILL)
            lab.start_archivist()
    wait_indexed(lab, 120)
    records = len(lab.records())
    found = search(lab, "NOT id:01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert found["total"] == records == found["indexed"]
    assert len({h["id"] for h in found["hits"]}) == records
    some = sorted(load.acknowledged)
    for tag in some[::max(1, len(some) // 60)]:
        assert search(lab, f'"tag-{tag}"')["total"] == 1


def test_the_index_is_lost(lab):
    """Without the archivist a search says what it does not cover; with it all comes back."""
    wait_indexed(lab)
    before = search(lab, "lunch")["total"]
    lab.stop_archivist()
    for name in os.listdir(lab.path("var/archive/index")):
        os.remove(lab.path("var/archive/index", name))
    found = search(lab, "lunch")
    assert found["total"] == 0 and found["indexed"] == 0 and found["archived"] == len(lab.records())
    lab.start_archivist()
    wait_indexed(lab, 120)
    assert search(lab, "lunch")["total"] == before
