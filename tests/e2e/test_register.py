"""Which policies were in force, and what senders do about their held messages."""
import hashlib
import json
import signal
import subprocess

import pytest

from demo import ANN, BEN
from lab import BUILD, Lab, wait_for
from test_quarantine import hold


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"notice": "per_sender_hour = 1000;"}).start()
    yield lab
    lab.stop()


def policy(lab, *args):
    return subprocess.run([f"{BUILD}/chaperone", "policy", args[0], "--config", lab.config, *args[1:]], capture_output=True, text=True,
                          timeout=60)


def history(lab):
    done = policy(lab, "history", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_daemon_notes_what_it_loads(lab):
    first = history(lab)
    assert len(first) == 1 and first[0]["who"] == "chaperone-milter" and first[0]["name"] == "standard"
    _, id_, _ = hold(lab)
    record = json.loads(lab.chaperone("archive", "show", id_, "--json"))
    version = record["judgement"]["policy"]["version"]
    assert version == first[0]["version"] and first[0]["sha256"].startswith(version.split("-")[1])
    kept = lab.path("var/archive/policies", first[0]["sha256"], "standard.conf")
    with open(kept, "rb") as one, open(lab.path("opt/policies/standard.conf"), "rb") as other:
        assert one.read() == other.read()


def test_a_change_is_noted_once_with_who_and_why(lab):
    path = lab.path("opt/policies/standard.conf")
    with open(path, "a", encoding="utf-8") as f:
        f.write("# another line\n")
    refused = policy(lab, "register")
    assert refused.returncode == 64 and "--why" in refused.stderr
    done = policy(lab, "register", "--why", "committee, 3 November", "--who", "dana")
    assert done.returncode == 0 and "noted" in done.stdout, done.stderr
    again = policy(lab, "register", "--why", "again")
    assert "noted last" in again.stdout
    lab.milter.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "configuration reloaded" in lab.log())
    found = history(lab)
    assert len(found) == 2 and found[1]["who"] == "dana" and found[1]["why"] == "committee, 3 November"
    assert found[1]["before"] == found[0]["sha256"]


def test_included_files_are_kept(lab):
    """A pack: every file it is made of lies beside it, byte for byte."""
    done = policy(lab, "register", lab.path("opt/policies/worcester.conf"), "--why", "a try")
    assert done.returncode == 0, done.stderr
    last = history(lab)[-1]
    assert len(last["files"]) > 3
    for name in last["files"]:
        with open(lab.path("var/archive/policies", last["sha256"], name), "rb") as one, open(lab.path("opt/policies", name), "rb") as other:
            assert hashlib.sha256(one.read()).digest() == hashlib.sha256(other.read()).digest()


def test_a_sender_takes_a_message_back(lab):
    _, id_, _ = hold(lab)
    other = lab.chaperone("quarantine", "withdraw", id_, "--as", ANN, check=False)
    assert other.returncode == 77 and "did not send" in other.stderr
    lab.chaperone("quarantine", "withdraw", id_, "--as", BEN, "--reason", "wrong list", who="helpdesk")
    item = lab.json("quarantine", "show", id_)
    assert all(r["state"] == "denied" for r in item["recipients"])
    step = next(s for s in item["steps"] if s["step"] == "withdrawn")
    assert step["who"] == BEN and "wrong list" in step["why"] and "helpdesk" in step["why"]
    late = lab.chaperone("quarantine", "withdraw", id_, "--as", BEN, check=False)
    assert late.returncode == 65


def test_a_sender_explains(lab):
    _, id_, _ = hold(lab)
    assert lab.chaperone("quarantine", "explain", id_, "--as", BEN, check=False).returncode == 64
    lab.chaperone("quarantine", "explain", id_, "--as", BEN, "--reason", "the bus company's line", who="helpdesk")
    item = lab.json("quarantine", "show", id_)
    assert any(s["step"] == "explained" and "bus company" in s["why"] for s in item["steps"])
    assert item["recipients"][0]["state"] == "held"


def test_a_sender_asks_a_supervisor_or_is_told_there_is_none(lab):
    _, id_, _ = hold(lab)
    done = lab.chaperone("quarantine", "ask", id_, "--as", BEN, "--reason", "please look", check=False)
    if done.returncode == 0:
        asked = done.stdout.split()[-1]
        lab.chaperone("quarantine", "digest", "--send", check=False)
        wait_for("the mail", lambda: any(asked in d.rcpts and b"asks for your opinion" in d.data for d in lab.delivered()), 60, 0.5)
    else:
        assert done.returncode == 69 and "no supervisor" in done.stderr, done.stderr
