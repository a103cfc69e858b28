"""No 250 without a durable record; nothing that should be held goes out; no leak; whatever dies or fills up."""
import os
import random
import re
import signal
import smtplib
import subprocess
import threading
import time
import uuid

import pytest

from demo import ANN, BEN, JONAH
from lab import SANITIZED, Lab, message, wait_for

HOLD = "text my cell 508-555-0142"


class Load:
    """Threads that send; they remember what was acknowledged and what should have been held."""

    def __init__(self, lab, threads=8):
        self.lab, self.acknowledged, self.lock, self.stop = lab, {}, threading.Lock(), False
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]

    def run(self, number):
        chance = random.Random(number)
        while not self.stop:
            tag, bad = uuid.uuid4().hex, chance.random() < 0.3
            try:
                code, _ = self.lab.send(BEN, [JONAH, ANN], message(BEN, "all", "load", f"{HOLD if bad else 'hello'} tag-{tag}."))
            except (OSError, smtplib.SMTPException, RuntimeError):
                continue
            if code == 250:
                with self.lock:
                    self.acknowledged[tag] = bad

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        for t in self.threads:
            t.join()


def tags_in_archive(lab):
    out = lab.path("export-" + uuid.uuid4().hex)
    lab.chaperone("archive", "export", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "eml", "--out", out)
    tags = set()
    for root, _, files in os.walk(out):
        for name in files:
            if name.endswith(".eml"):
                with open(os.path.join(root, name), "rb") as f:
                    tags.update(t.decode() for t in re.findall(rb"tag-([0-9a-f]{32})", f.read()))
    return tags


def check_nothing_lost(lab, load):
    recorded = tags_in_archive(lab)
    missing = set(load.acknowledged) - recorded
    assert not missing, f"{len(missing)} of {len(load.acknowledged)} acknowledged messages are not in the archive"
    out = lab.delivered()
    for d in out:
        tag = re.search(rb"tag-([0-9a-f]{32})", d.data)
        if tag and JONAH in d.rcpts:
            assert HOLD.encode() not in d.data, "a message that should be held went out"
    delivered = {re.search(rb"tag-([0-9a-f]{32})", d.data).group(1).decode() for d in out if b"tag-" in d.data}
    for tag, bad in load.acknowledged.items():
        assert tag in delivered, "the recipient who may have it never got an acknowledged message"
    held = {re.search(r"tag-([0-9a-f]{32})", lab.chaperone("archive", "show", h["id"], "--raw")).group(1)
            for h in lab.held()}
    for tag, bad in load.acknowledged.items():
        assert not bad or tag in held, "an acknowledged message is neither delivered nor held"


def test_kill_nine_under_load(fresh_lab):
    lab = fresh_lab()
    chance = random.Random(7)
    with Load(lab) as load:
        for _ in range(4 if SANITIZED else 8):
            time.sleep(0.3 + chance.random())
            lab.milter.kill()
            lab.milter.wait()
            lab.start_milter()
        time.sleep(1)
    assert len(load.acknowledged) > 20
    check_nothing_lost(lab, load)
    lab.chaperone("archive", "verify")


def test_hup_storm_under_load(fresh_lab):
    lab = fresh_lab()
    with Load(lab) as load:
        for _ in range(60):
            lab.milter.send_signal(signal.SIGHUP)
            time.sleep(0.03)
        time.sleep(0.5)
    assert lab.milter.poll() is None
    assert lab.log().count("configuration reloaded") > 10
    check_nothing_lost(lab, load)


def test_readers_killed_under_load(fresh_lab):
    lab = fresh_lab()
    with Load(lab) as load:
        for _ in range(15):
            time.sleep(0.1)
            for pid in lab.milter_children():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        time.sleep(0.5)
    check_nothing_lost(lab, load)
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "after", tag))[0] == 250


def counts(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        status = f.read()
    return (len(os.listdir(f"/proc/{pid}/fd")), int(re.search(r"Threads:\s+(\d+)", status).group(1)),
            int(re.search(r"VmRSS:\s+(\d+)", status).group(1)))


def test_counts_stay_flat(fresh_lab):
    lab = fresh_lab(settings={"notice": 'per_sender_hour = 1;'})
    total = 400 if SANITIZED else 2000

    def batch(n):
        done = subprocess.run(["smtp-source", "-c", "-m", str(n), "-s", "50", "-l", "4000", "-f", BEN, "-t", ANN,
                               f"127.0.0.1:{lab.port}"], capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr
        time.sleep(2)
        return counts(lab.milter.pid)

    batch(total // 2)
    before = batch(total // 4)
    after = batch(total // 4)
    # Look-ups keep up to eight connections of three descriptors; a leak would show by every message.
    assert after[0] <= before[0] + 24, f"descriptors {before[0]} -> {after[0]}"
    assert after[1] <= before[1] + 4, f"threads {before[1]} -> {after[1]}"
    if not SANITIZED:
        assert after[2] <= before[2] * 1.2 + 4096, f"memory {before[2]} -> {after[2]} kB"
    assert len(lab.records()) == total


@pytest.fixture
def small_disk(tmp_path_factory):
    """A file system of 48 MB, mounted for the test."""
    place = tmp_path_factory.mktemp("disk")
    os.chmod(place, 0o755)
    for parent in list(place.parents)[:3]:
        os.chmod(parent, 0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=0777", "none", str(place)]).returncode != 0:
        pytest.fail("cannot mount a file system; the test needs CAP_SYS_ADMIN")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_archive_disk(fresh_lab, small_disk):
    lab = fresh_lab(settings={"archive": f'dir = "{small_disk}"; min_free_bytes = "8M"; segment_bytes = "4M";'})
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", "room enough"))[0] == 250
    with open(small_disk / "filler", "wb") as f:
        f.write(bytes(40 << 20))
    code, text = lab.send(BEN, [ANN], message(BEN, ANN, "s", tag))
    assert code == 451, text
    assert not lab.delivered_with(tag)
    os.unlink(small_disk / "filler")
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", tag))[0] == 250
    assert len(lab.delivered_with(tag)) == 1
    lab.chaperone("archive", "verify")


def test_read_only_archive_disk(fresh_lab, small_disk):
    lab = fresh_lab(settings={"archive": f'dir = "{small_disk}"; segment_bytes = "4M";'})
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", "one"))[0] == 250
    # The open segment keeps the file system busy: the milter is stopped, the disk made read-only, and it must not start.
    lab.stop_milter()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    lab.start_milter(wait=False)
    assert lab.milter.wait(20) != 0
    lab.milter = None
    assert str(small_disk) in lab.log()
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", "two"))[0] == 451
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    lab.start_milter()
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", "three"))[0] == 250


def test_archive_failure_can_go_to_the_hold_queue(fresh_lab, small_disk):
    lab = fresh_lab(settings={"archive": f'dir = "{small_disk}"; min_free_bytes = "40M"; segment_bytes = "4M";',
                              "milter": 'archive_failure = "hold";'})
    with open(small_disk / "filler", "wb") as f:
        f.write(bytes(20 << 20))
    assert lab.send(BEN, [ANN], message(BEN, ANN, "s", "kept by the MTA"))[0] == 250
    queue = subprocess.run(["postqueue", "-c", lab.path("postfix/conf"), "-j"], capture_output=True, text=True).stdout
    assert '"queue_name": "hold"' in queue
    assert not lab.delivered(wait=False)


def test_quarantine_that_cannot_be_written_defers(fresh_lab, small_disk):
    lab = fresh_lab(settings={"quarantine": f'database = "{small_disk}/quarantine.db";'})
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "s", HOLD))[0] == 250
    filler = os.open(small_disk / "filler", os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(filler, bytes(1 << 12)):
            pass
    except OSError:
        os.close(filler)
    tag = uuid.uuid4().hex
    code, _ = lab.send(BEN, [JONAH, ANN], message(BEN, JONAH, "s", f"{HOLD} {tag}"))
    assert code == 451
    assert not lab.delivered_with(tag), "nobody gets a message whose hold is not durable"
