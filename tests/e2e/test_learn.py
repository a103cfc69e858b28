"""`chaperone learn disclaimers`: what many people of the district send under their names is found in the archive, and what
is kept of it counts as a footer."""
import json
import os
import shutil

import pytest
from demo import BEN, JONAH
from lab import DOMAIN, HERE, message

NAMES = ["Ada Byrne", "Cal Dorsey", "Eve Fulton", "Gus Hale", "Ida Joyner", "Kit Lowry", "Max Nolan", "Opal Quist"]
NOTICE = ("Everything that you write to these schools is kept for seven years; whoever wants a copy of it calls the records "
          "desk at 508-555-0196.")
SAYING = "The best way to predict how a school year goes is to read the first page of it."


def address(name):
    return (name[0] + name.split()[1]).lower() + "@" + DOMAIN


def wrap(text, width):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A laboratory whose district has eight more teachers; each sent one message or two."""
    from lab import Lab
    district = str(tmp_path_factory.mktemp("learn") / "district")
    shutil.copytree(os.path.join(HERE, "district"), district)
    with open(os.path.join(district, "roster", "users.csv"), "a", encoding="utf-8") as f:
        for i, name in enumerate(NAMES):
            given, family = name.split()
            f.write(f"s-8{i},,,true,mh-hs,teacher,{given.lower()},,{given},{family},,S8{i},{address(name)},,,,,\n")
    lab = Lab(district=district).start()
    for i, name in enumerate(NAMES):
        # Wrapped and written each in a way of its own; a saying of two, and one's own words again and again.
        notice = wrap(NOTICE.upper() if i == 3 else NOTICE, 40 + 6 * i)
        body = f"Class {i} meets in the library today.\n\nThanks,\n{name}\nMaple Hollow High School\n\n{notice}\n"
        if i < 2:
            body += f"\n{SAYING}\n"
        for again in range(1 + i % 2):
            data = message(f"{name} <{address(name)}>", JONAH, f"Class {i}.{again}", body)
            assert lab.send(address(name), JONAH, data)[0] == 250
    for i in range(6):  # from outside: not the district's
        data = message(f"p{i}@webmail.example", BEN, "Hello",
                       f"Hello.\n\nThanks,\nPat {i}\n\nThese words come from people who are no part of the district.\n")
        assert lab.send(f"p{i}@webmail.example", BEN, data, login=False, client="203.0.113.9")[0] == 250
    yield lab
    lab.stop()


def explain(lab, text):
    name = NAMES[0]
    data = message(f"{name} <{address(name)}>", JONAH, "Again", text).decode()
    return lab.chaperone("scan", "--explain", "--from", address(name), "--auth", address(name), "--to", JONAH, "-", input=data)


def test_learn(school):
    lab = school
    found = lab.json("learn", "disclaimers")
    assert [(d["text"], d["senders"], d["messages"]) for d in found["disclaimers"]] == [(NOTICE, 8, 12)]
    assert (found["messages"], found["own"], found["forgotten"]) == (18, 12, 0)
    two = [d["text"] for d in lab.json("learn", "disclaimers", "--least", "2")["disclaimers"]]
    assert two == [NOTICE, SAYING]
    assert lab.json("learn", "disclaimers", "--least", "9")["disclaimers"] == []
    assert lab.json("learn", "disclaimers", "--from", "2199-01-01")["messages"] == 0
    table = lab.path("opt/lists/disclaimers-local.txt")
    text = lab.chaperone("learn", "disclaimers")
    assert NOTICE in text and "# 8 senders, 12 messages" in text and not os.path.exists(table)
    looked = [e for e in lab.json("archive", "list", "--events") if e["event"] == "learn"]
    assert len(looked) == 5 and looked[0]["detail"]["what"] == "disclaimers"


def test_what_is_kept_is_a_footer(school):
    lab = school
    text = f"See the list.\n\nThanks,\n{NAMES[0]}\n\n{wrap(NOTICE, 33)}\n"
    table = lab.path("opt/lists/disclaimers-local.txt")
    assert "(footer)" not in explain(lab, text)
    with open(table, "w", encoding="utf-8") as f:
        f.write("# ours\nKindly ring the front desk before you come")
    lab.chaperone("learn", "disclaimers", "--write")
    with open(table, encoding="utf-8") as f:
        kept = f.read()
    assert kept.startswith("# ours\nKindly ring the front desk before you come\n\n# Learnt ")
    assert kept.count(NOTICE) == 1
    assert "508-555-0196" in explain(lab, text) and "(footer)" in explain(lab, text)
    lab.chaperone("check")
    # What is known is not found again, and so not written again.
    assert lab.json("learn", "disclaimers", "--write")["disclaimers"] == []
    with open(table, encoding="utf-8") as f:
        assert f.read() == kept


def test_a_wrong_table_is_named(school):
    lab = school
    table = lab.path("opt/lists/disclaimers-local.txt")
    with open(table, encoding="utf-8") as f:
        kept = f.read()
    with open(table, "a", encoding="utf-8") as f:
        f.write("\n\nThanks\n")
    done = lab.chaperone("check", check=False)
    assert done.returncode == 78 and "disclaimers-local.txt:" in done.stdout + done.stderr
    with open(table, "w", encoding="utf-8") as f:
        f.write(kept)


def test_usage(school):
    for args in (["learn"], ["learn", "nothing"], ["learn", "disclaimers", "--least", "1"], ["learn", "disclaimers", "x"]):
        assert school.chaperone(*args, check=False).returncode == 64
    assert school.chaperone("learn", "disclaimers", "--from", "yesterday", check=False).returncode == 64
    assert json.loads(school.chaperone("learn", "disclaimers", "--json", "--to", "2001-01-01"))["messages"] == 0
