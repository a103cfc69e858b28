"""Reviewing on the command line: show, claim, deny, note; release once, whoever acts or dies."""
import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid

import pytest

from demo import ANN, BEN, JONAH, LILY
from lab import BUILD, Lab, free_port, message, wait_for

TEXT = "text my cell 508-555-0142"


def hold(lab, rcpts=(JONAH,), text=TEXT):
    tag = uuid.uuid4().hex
    data = message(BEN, ", ".join(rcpts), f"held {tag}", f"{text} {tag}")
    code, answer = lab.send(BEN, list(rcpts), data)
    assert code == 250, answer
    (item,) = [h for h in lab.held() if tag in h["summary"]["subject"]]
    return tag, item["id"], data


def test_show_explains_and_is_recorded(lab):
    tag, id_, _ = hold(lab)
    text = lab.chaperone("quarantine", "show", id_, who="reviewer1")
    for part in (tag, BEN, JONAH, "rule", "clause", "found", "phone"):
        assert part in text
    item = lab.json("quarantine", "show", id_)
    assert any(s["who"] == "reviewer1" for s in item["steps"])


def test_release_delivers_the_bytes_to_exactly_the_held(lab):
    tag, id_, data = hold(lab, (JONAH, ANN, LILY))
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[ANN]]
    lab.chaperone("quarantine", "release", id_, "--reason", "checked", who="reviewer1")
    released = [d for d in lab.delivered_with(tag) if ANN not in d.rcpts]
    assert sorted(r for d in released for r in d.rcpts) == sorted([JONAH, LILY])
    for d in released:
        assert d.mail_from == BEN
        assert d.header("Resent-Message-ID")
        assert d.data.replace(b"\r\n", b"\n").rstrip().endswith(data.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1].rstrip())
    item = lab.json("quarantine", "show", id_)
    assert all(r["state"] == "released" and r["queue_id"] for r in item["recipients"])
    step = next(s for s in item["steps"] if s["step"] == "release")
    assert (step["who"], step["why"]) == ("reviewer1", "checked")


def test_release_to_one_of_the_held(lab):
    tag, id_, _ = hold(lab, (JONAH, LILY))
    lab.chaperone("quarantine", "release", id_, "--reason", "only Lily", "--to", LILY)
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[LILY]]
    states = {r["address"]: r["state"] for r in lab.json("quarantine", "show", id_)["recipients"]}
    assert states == {JONAH: "held", LILY: "released"}


def test_decisions_want_a_reason(lab):
    _, id_, _ = hold(lab)
    for step in ("release", "deny", "note"):
        assert lab.chaperone("quarantine", step, id_, check=False).returncode == 64


def test_deny_tells_the_sender(lab):
    tag, id_, _ = hold(lab)
    lab.chaperone("quarantine", "deny", id_, "--reason", "use the school line", who="reviewer2")
    got = wait_for("denial", lambda: [d for d in lab.delivered() if (d.header("X-Chaperone-Notice") or "") == f"denied; {id_}"])
    assert got[0].rcpts == [BEN] and b"use the school line" in got[0].data
    assert not [d for d in lab.delivered_with(tag) if JONAH in d.rcpts]
    late = lab.chaperone("quarantine", "release", id_, "--reason", "no, yes", check=False)
    assert late.returncode == 65 and "already denied by reviewer2" in late.stderr


def test_claims_keep_others_away(lab):
    _, id_, _ = hold(lab)
    lab.chaperone("quarantine", "claim", id_, who="reviewer1")
    other = lab.chaperone("quarantine", "release", id_, "--reason", "x", who="reviewer2", check=False)
    assert other.returncode == 75 and "claimed by reviewer1" in other.stderr
    lab.chaperone("quarantine", "release", id_, "--reason", "x", who="reviewer1")


def test_two_reviewers_at_the_same_moment(lab):
    tag, id_, _ = hold(lab)
    results = []

    def act(who, step):
        results.append(lab.chaperone("quarantine", step, id_, "--reason", "race", who=who, check=False).returncode)

    threads = [threading.Thread(target=act, args=(f"r{i}", "release")) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results.count(0) == 1, results
    assert len(lab.delivered_with(tag)) == 1


def test_nobody_decides_about_their_own_message(lab):
    """By login or address; with a second person it is done, and both names are kept."""
    _, id_, _ = hold(lab)
    login = BEN.split("@")[0]
    for who in (login, BEN, JONAH):
        for step in (("claim",), ("release", "--reason", "x"), ("deny", "--reason", "x")):
            done = lab.chaperone("quarantine", step[0], id_, *step[1:], "--who", who, check=False)
            assert done.returncode == 77 and "wrote or received" in done.stderr, (who, step, done.stderr)
    for second in (login, BEN, JONAH):
        done = lab.chaperone("quarantine", "release", id_, "--reason", "x", "--who", login, "--second", second, check=False)
        assert done.returncode == 77, done.stderr
    lab.chaperone("quarantine", "release", id_, "--reason", "urgent", "--who", login, "--second", "reviewer1")
    item = lab.json("quarantine", "show", id_)
    assert any(s["who"] == "reviewer1" and "break-glass" in s["why"] and login in s["why"] for s in item["steps"])


def test_unknown_item(lab):
    done = lab.chaperone("quarantine", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", check=False)
    assert done.returncode == 66 and "no such held message" in done.stderr


def test_a_refused_release_stays_held(fresh_lab):
    lab = fresh_lab(settings={"quarantine": "release_timeout_s = 3;"})
    tag, id_, _ = hold(lab)
    good = open(lab.config, encoding="utf-8").read()
    lab.write("chaperone.conf", good.replace(f"release_port = {lab.release_port}", f"release_port = {free_port()}"))
    done = lab.chaperone("quarantine", "release", id_, "--reason", "x", check=False)
    assert done.returncode == 75 and "not released" in done.stderr
    lab.write("chaperone.conf", good)
    assert lab.held()[0]["recipients"][0]["state"] == "held"
    lab.chaperone("quarantine", "release", id_, "--reason", "x")
    assert len(lab.delivered_with(tag)) == 1


class Tap(threading.Thread):
    """Stands between a release and the listener, and tells when a text passes; it forwards everything until then."""

    def __init__(self, to_port, stop_at, direction):
        super().__init__(daemon=True)
        self.to_port, self.stop_at, self.direction = to_port, stop_at, direction
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port, self.seen, self.go = self.server.getsockname()[1], threading.Event(), threading.Event()
        self.start()

    def run(self):
        client, _ = self.server.accept()
        upstream = socket.create_connection(("127.0.0.1", self.to_port))
        threading.Thread(target=self.pump, args=(client, upstream, "up"), daemon=True).start()
        self.pump(upstream, client, "down")

    def pump(self, source, sink, direction):
        try:
            while data := source.recv(65536):
                if direction == self.direction and self.stop_at in data:
                    self.seen.set()
                    self.go.wait(30)
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.mark.parametrize("stop_at,direction,accepted", [
    (b"RCPT TO", "up", False),        # before anything was handed over
    (b"queued as", "down", True),     # taken by the MTA, but the answer never arrived
])
def test_a_release_that_dies_half_way_is_settled_once(fresh_lab, stop_at, direction, accepted):
    lab = fresh_lab(settings={"quarantine": "release_timeout_s = 20;"})
    tag, id_, _ = hold(lab)
    tap = Tap(lab.release_port, stop_at, direction)
    text = open(lab.config, encoding="utf-8").read()
    lab.write("tapped.conf", text.replace(f"release_port = {lab.release_port}", f"release_port = {tap.port}"))
    command = [f"{BUILD}/chaperone", "quarantine", "--config", lab.path("tapped.conf"), "release", id_, "--reason", "x"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert tap.seen.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    tap.go.set()
    want = "released" if accepted else "held"

    def settled():
        lab.chaperone("quarantine", "recover")
        return lab.json("quarantine", "show", id_)["recipients"][0]["state"] == want
    wait_for("settling", settled, 60, 0.5)
    if not accepted:
        lab.chaperone("quarantine", "release", id_, "--reason", "again")
    assert len(lab.delivered_with(tag)) == 1, "exactly once"


def test_without_a_log_a_person_settles(fresh_lab):
    lab = fresh_lab(settings={"quarantine": 'release_timeout_s = 20; '})
    text = re.sub(r'maillog = "[^"]*";', "", open(lab.config, encoding="utf-8").read())
    lab.write("chaperone.conf", text)
    lab.stop_milter()
    lab.start_milter()
    tag, id_, _ = hold(lab)
    tap = Tap(lab.release_port, b"queued as", "down")
    lab.write("tapped.conf", text.replace(f"release_port = {lab.release_port}", f"release_port = {tap.port}"))
    process = subprocess.Popen([f"{BUILD}/chaperone", "quarantine", "--config", lab.path("tapped.conf"), "release", id_,
                                "--reason", "x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert tap.seen.wait(30)
    process.kill()
    process.wait()
    tap.go.set()

    def unconfirmed():
        lab.chaperone("quarantine", "recover")
        return lab.json("quarantine", "show", id_)["recipients"][0]["state"] == "unconfirmed"
    wait_for("unconfirmed", unconfirmed, 60, 0.5)
    again = lab.chaperone("quarantine", "release", id_, "--reason", "x", check=False)
    assert again.returncode == 65 and "may have gone out" in again.stderr
    lab.chaperone("quarantine", "settle", id_, "--delivered", "--reason", "Jonah has it")
    assert lab.json("quarantine", "show", id_)["recipients"][0]["state"] == "released"


def test_steps_are_events_of_the_archive(lab):
    _, id_, _ = hold(lab)
    lab.chaperone("quarantine", "note", id_, "--reason", "asked the coach", who="reviewer1")
    events = lab.json("archive", "list", "--events")
    mine = [e for e in events if e.get("record") == id_]
    assert any(e["event"] == "quarantine-note" and e["who"] == "reviewer1" for e in mine)
