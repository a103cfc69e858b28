"""Words that hold mail to students, and student records that leave the district, through a real Postfix."""
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, LILY, NOAH, ROSA
from lab import DOMAIN, message, wait_for

WALTER = "wreed@mailbox.example.net"
OUTSIDE = "office@vendor.example"
BEN_PRIVATE = "ben.carter.coach@webmail.example"
CLASS = "name,grade,birthday\nMia Torres,87,2010-03-04\nJonah Reed,91,2010-05-17\nLily Chen,78,2009-11-30\n"


def mixed(text, name, content, kind="text/csv"):
    """Headers and body of a message with one attachment."""
    body = (f"--cut\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--cut\nContent-Type: {kind}; name=\"{name}\"\n"
            f"Content-Disposition: attachment; filename=\"{name}\"\n\n{content}\n--cut--\n")
    return ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=cut"], body


def send(lab, sender, rcpts, text, headers=()):
    """What became of it: the addresses that got it, the item that holds the others (or None), and the mark in its subject."""
    tag = uuid.uuid4().hex
    code, answer = lab.send(sender, list(rcpts), message(sender, ", ".join(rcpts), f"words {tag}", text, headers))
    assert code == 250, answer
    got = sorted(r for d in lab.delivered_with(tag) if "X-Chaperone-Notice" not in d.data.decode("utf-8", "replace") for r in d.rcpts)
    items = [h for h in lab.held() if tag in h["summary"]["subject"]]
    return got, items[0] if items else None


def rules(item):
    return {r["rule"] for r in item["summary"]["reasons"] if r["effective"] == "hold"} if item else set()


@pytest.mark.parametrize("text,category", [
    ("If you come late once more I am going to slap your face.", "threats"),
    ("k!ll yourself", "threats"),
    ("Te voy a romper la cara.", "threats"),
    ("Send me a sexy pic tonight.", "sexualised"),
])
def test_severe_words_to_a_student_are_held_and_the_category_is_named(lab, text, category):
    got, item = send(lab, BEN, [JONAH], text)
    assert got == [] and rules(item) == {"severe-words-to-student"}
    (found,) = item["summary"]["phrases"]
    assert found["value"] == category and found["text"] == category, "the words are masked in what reviewers' lists show"
    notice = wait_for("notice", lambda: [d for d in lab.delivered() if (d.header("X-Chaperone-Notice") or "") == f"held; {item['id']}"])
    body = notice[0].data.decode("utf-8")
    assert notice[0].rcpts == [BEN] and f"wording: {category}" in body and text not in body
    shown = lab.chaperone("quarantine", "show", item["id"])
    assert f"phrase {category}" in shown


@pytest.mark.parametrize("sender,rcpt,text", [
    (JONAH, BEN, "I am going to kill you."),  # a student to staff: never held by words
    (JONAH, BEN, "send me nudes"),
    (JONAH, LILY, "you are dead meat"),
    (BEN, ANN, "He said he would beat the crap out of you."),
    (BEN, NOAH, "I will kill you if you do not clean your room."),  # his own son
    (BEN, JONAH, "Kill the lights in the gym, then we shoot hoops. Chapter 4 of Of Mice and Men is due."),
    (BEN, JONAH, "What does Macbeth mean by \"I will kill thee\"? One page about the scene."),
    (BEN, JONAH, "> I am going to kill you\n\nWho wrote this to you, Jonah? Come to the office."),
])
def test_other_mail_is_not_held_by_words(lab, sender, rcpt, text):
    got, item = send(lab, sender, [rcpt], text)
    assert got == [rcpt] and item is None


def test_only_the_student_is_held(lab):
    got, item = send(lab, BEN, [ANN, JONAH], "I will kill you")
    assert got == [ANN] and [r["address"] for r in item["recipients"]] == [JONAH]


@pytest.mark.parametrize("rcpt", [OUTSIDE, ELENA, BEN_PRIVATE])
def test_a_class_list_does_not_leave(lab, rcpt):
    headers, body = mixed("The list you asked for.", "class.csv", CLASS)
    got, item = send(lab, BEN, [rcpt], body, headers)
    assert got == [] and rules(item) & {"records-leave-district", "records-to-own-private-address"}
    assert {r["value"] for r in item["summary"]["records"]} == {"student-names"}
    assert "student-record student-names" in lab.chaperone("quarantine", "show", item["id"])


def test_a_class_list_goes_to_a_colleague(lab):
    headers, body = mixed("The list you asked for.", "class.csv", CLASS)
    got, item = send(lab, BEN, [ANN], body, headers)
    assert got == [ANN] and item is None


def test_guardians_get_what_is_their_own_childs(lab):
    headers, body = mixed("Jonah's marks.", "marks.csv", "id,name,grade,birthday\nst-2,Jonah Reed,91,2010-05-17\n")
    got, item = send(lab, BEN, [WALTER], body, headers)
    assert got == [WALTER] and item is None
    got, item = send(lab, BEN, [ELENA, WALTER], body, headers)
    assert got == [WALTER] and [r["address"] for r in item["recipients"]] == [ELENA]


@pytest.mark.parametrize("sender,rcpt,text,held", [
    (BEN, OUTSIDE, "The SSN of the girl is 412-55-1234.", True),
    (BEN, ANN, "The SSN of the girl is 412-55-1234.", False),  # within the district
    (BEN, OUTSIDE, "Order 412-55-1234 has not arrived, nor part 900-12-3456.", False),
    (BEN, OUTSIDE, "Please change the address of student id st-2.", True),
    (BEN, OUTSIDE, "Mia Torres, Jonah Reed and Lily Chen won the science fair in room 204.", False),
    (BEN, OUTSIDE, "Mia Torres\t87%\nJonah Reed\t91%\nLily Chen\t78%\n", True),
    (BEN, OUTSIDE, "I recommend Jonah Reed, whose GPA is 3.9.", False),
    (BEN, BEN_PRIVATE, "Jonah Reed has an IEP meeting about his suspension.", True),
    (BEN, BEN_PRIVATE, "Noah Carter has an IEP meeting about his suspension.", False),  # his own son
    (OUTSIDE, BEN, "Mia Torres\t87%\nJonah Reed\t91%\nLily Chen\t78%\n", False),
])
def test_records_by_what_they_are_and_where_they_go(lab, sender, rcpt, text, held):
    got, item = send(lab, sender, [rcpt], text)
    assert (item is not None) == held and got == ([] if held else [rcpt]), item


def test_notice_of_records_says_what_in_plain_words(lab):
    _, item = send(lab, ROSA, [OUTSIDE], "SSN: 412-55-1234")  # who had no notice yet
    notice = wait_for("notice", lambda: [d for d in lab.delivered() if (d.header("X-Chaperone-Notice") or "") == f"held; {item['id']}"])
    body = notice[0].data.decode("utf-8")
    assert "a social security number" in body and "412-55-1234" not in body
    assert DOMAIN in notice[0].header("From")
