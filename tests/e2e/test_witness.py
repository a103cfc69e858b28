"""Two districts that watch each other's logs: cosignatures over HTTP, a witness that is away, a log that shows two faces."""
import json
import os
import shutil
import signal
import subprocess

import pytest

from demo import BEN, JONAH
from lab import BUILD, Lab, free_port, message, wait_for


class Server:
    """`chaperone witness serve` of a district."""

    def __init__(self, lab, settings):
        self.lab = lab
        lab.write_config({"witness": settings})
        self.process = None

    def start(self):
        self.process = subprocess.Popen([f"{BUILD}/chaperone", "witness", "serve", "--config", self.lab.config], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self.process.stdout.readline().strip()

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None


@pytest.fixture(scope="module")
def labs():
    """Ours, with its archivist; and the neighbour's, which runs no more than its witness."""
    ours, other = Lab(settings={"archive": "checkpoint_s = 1;"}, archivist=True).start(), Lab()
    other.prepare()
    with open(ours.path("var/archive.log.key.pub"), encoding="utf-8") as f:
        log_key = f.read().strip()
    port = free_port()
    files = f'database = "{other.path("var/witness.db")}"; key_file = "{other.path("var/witness.key")}";'
    server = Server(other, f'name = "witness.example.net/1"; logs = [ "{log_key}" ]; listen = "127.0.0.1:{port}"; {files}')
    witness_key = server.start()
    ours.settings["witness"] = f'peers = [ "http://127.0.0.1:{port} {witness_key}" ]; timeout_s = 3;'
    ours.write_config()
    ours.stop_archivist()
    ours.start_archivist()
    yield ours, server
    server.stop()
    ours.stop()
    other.stop()


def send(lab):
    code, answer = lab.send(BEN, [JONAH], message(BEN, JONAH, "hello", "hello"))
    assert code == 250, answer


def shown(lab):
    done = lab.chaperone("witness", "show", "--json", check=False)
    assert done.returncode in (0, 69), done.stderr
    return json.loads(done.stdout)


def size(lab):
    done = lab.chaperone("archive", "checkpoint", "--json", check=False)
    return json.loads(done.stdout)["size"] if done.returncode == 0 else 0


def wait_witnessed(lab):
    def whole():
        words = shown(lab)
        return words["size"] == size(lab) and words["witnesses"] and words["witnesses"][0]["cosigned"]
    wait_for("a cosignature of the newest checkpoint", whole, 30, 0.3)


def test_each_checkpoint_is_cosigned(labs):
    ours, _ = labs
    for _ in range(3):
        before = size(ours)
        send(ours)
        wait_for("a checkpoint", lambda b=before: size(ours) > b, 30, 0.2)
        wait_witnessed(ours)
    with open(ours.path("var/archive/log/witnessed"), encoding="utf-8") as f:
        note = f.read()
    assert note.startswith(ours.json("archive", "checkpoint")["note"].split("\n")[0]) and "witness.example.net/1" in note


def test_a_witness_that_is_away_stops_nothing(labs):
    ours, server = labs
    wait_witnessed(ours)
    server.stop()
    before = size(ours)
    send(ours)
    wait_for("a checkpoint", lambda: size(ours) > before, 30, 0.2)
    done = ours.chaperone("witness", "submit", check=False)
    assert done.returncode == 69 and "witness.example.net/1" in done.stdout
    assert ours.archivist.poll() is None
    server.start()
    wait_witnessed(ours)


def test_a_log_made_anew_under_the_same_name_is_not_cosigned(labs):
    """The archive and all that remembers it taken away, the key kept: the witness remembers."""
    ours, _ = labs
    wait_witnessed(ours)
    ours.stop_archivist()
    ours.stop_milter()
    kept = ours.path("kept")
    os.mkdir(kept)
    for name in ("archive", "archive.log.key.checkpoint", "review.db", "quarantine.db"):
        if os.path.exists(ours.path("var", name)):
            shutil.move(ours.path("var", name), kept)
    ours.start_milter()
    ours.chaperone("archive", "list")
    done = ours.chaperone("archive", "checkpoint", "--new", check=False)
    assert done.returncode == 0, done.stderr
    done = ours.chaperone("witness", "submit", check=False)
    assert done.returncode == 69 and ("409" in done.stdout or "422" in done.stdout), done.stdout + done.stderr


def test_what_is_wrong_is_named(labs):
    ours, _ = labs
    ours.write_config({"witness": 'peers = [ "http://127.0.0.1:1" ];'})
    done = ours.chaperone("witness", "show", check=False)
    assert done.returncode == 78 and "witness.peers" in done.stderr
    ours.write_config({"witness": 'peers = []; logs = [ "nonsense" ]; name = "x";'
                                  f' database = "{ours.path("var/w.db")}"; key_file = "{ours.path("var/w.key")}";'})
    done = ours.chaperone("witness", "key", check=False)
    assert done.returncode == 78 and "witness.logs" in done.stderr
