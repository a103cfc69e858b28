"""A laboratory with mail about a roof, for requests for records."""
import json
import subprocess

import pytest
from consolelab import ConsoleLab
from demo import ANN, BEN, JONAH, MIA
from lab import BUILD, TOP, message, wait_for

ASKER = "reporter@gazette.example.net"
LONG = ("The budget committee met on Monday to talk about the roof of the gymnasium, the heating of the west wing and the new buses for the "
        "spring term, and it was agreed that the superintendent writes to the town before the end of the month.")


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(archivist=True)
    lab.settings["archive"] = "checkpoint_s = 1;"
    lab.settings["cases"] = (f'custody = "Iris Penhale, Records Officer, 1 School Street"; database = "{lab.path("var/cases.db")}";'
                             f' clocks = "{TOP}/conf/clocks.conf"; letters = "{TOP}/conf/letters";')
    lab.prepare()
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    lab.add_users()
    send(lab, BEN, ANN, "Roof", LONG, "<roof-1@example.org>")
    send(lab, ANN, BEN, "Re: Roof", "I agree with all of it. Call me at home: 415-555-0142, or ask Jonah.", "<roof-2@example.org>",
         ["In-Reply-To: <roof-1@example.org>", "References: <roof-1@example.org>"])
    send(lab, BEN, MIA, "Roof", LONG, "<roof-copy@example.org>")
    send(lab, BEN, JONAH, "<b>Lunch</b>", "The roof is not for lunch.", "<lunch@example.org>")
    send(lab, BEN, JONAH, "Homework", "Read chapter four.", "<homework@example.org>")
    wait_for("the index", lambda: json.loads(lab.chaperone("search", "--json", "roof OR chapter"))["total"] == 5, 60, 0.5)
    yield lab
    lab.stop()


def send(lab, sender, rcpt, subject, text, message_id, headers=()):
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, subject, text, headers, message_id=message_id))
    assert code == 250, answer


def case(lab, *args):
    return subprocess.run([f"{BUILD}/chaperone", "case", args[0], "--config", lab.config, "--who", "iris", *args[1:]], capture_output=True,
                          text=True, timeout=120, check=True).stdout


def new(lab, title="Mail about the roof", *more):
    return case(lab, "new", "--title", title, "--requester", "A. Reporter", "--contact", ASKER, "--clock", "massachusetts", *more).strip()


def filled(lab):
    id_ = new(lab)
    case(lab, "search", id_, "roof")
    return id_


def shown(lab, id_):
    return json.loads(case(lab, "show", id_, "--json"))


def records(lab, id_):
    return json.loads(case(lab, "records", id_, "--json"))


def events(lab, name, id_):
    return [e for e in lab.events(name) if e["detail"].get("case") == id_]
