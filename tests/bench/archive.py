"""The archive behind the mail path: what leaves, checkpoints, verifying, indexing and searching cost.

usage: archive.py [MESSAGES]     (KEEP=DIR: made there and kept, for console.py --archive DIR)

Makes an archive of generated text mail (4 KB on average, 100,000 messages unless told), then measures: appending (group commit), leaves
and the checkpoint, verify by the command and by the independent verifier, indexing by chaperone-archivist, the index's size beside
the text's, and the time of searches, answered by the command, with the time of the command itself on an empty question beside it.
"""
import json
import os
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CHAPERONE_BUILD", os.path.join(TOP, "build"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import prose  # noqa: E402

NAMES = [f"{a}.{b}" for a in "ann ben carla dora eli finn gus hana iris jon kim lea max nia oda pia".split()
         for b in "adams brown clark davis evans flores garcia hill irwin jones king lopez moore novak ortiz price".split()]
FIRST = 1775000000000000  # microseconds
SPAN = 120 * 86400 * 1000000


def messages(count):
    """Length, time and bytes of each: prose with a name and a number of its own."""
    rng = random.Random(7)
    pieces = [" ".join(prose.sentence(rng) for _ in range(40)) for _ in range(2000)]
    for i in range(count):
        sender, rcpt = rng.choice(NAMES), rng.choice(NAMES)
        size = int(min(max(rng.lognormvariate(8.0, 0.7), 300), 60000))
        text = ""
        while len(text) < size:
            text += rng.choice(pieces) + f" Number {rng.randrange(10 ** 9)}.\r\n"
        data = (f"From: {sender}@example.org\r\nTo: {rcpt}@example.org\r\nSubject: {rng.choice(prose.NOUNS)} "
                f"{rng.choice(prose.NOUNS)} {i}\r\nMessage-ID: <{i}@example.org>\r\nDate: Mon, 02 Nov 2026 08:00:00 -0500\r\n\r\n"
                f"{text[:size]}\r\n").encode()
        yield data, FIRST + SPAN * i // count


def timed(*command, check=True):
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return time.monotonic() - begin, done.stdout


def size_of(directory):
    return sum(os.path.getsize(os.path.join(w, n)) for w, _, names in os.walk(directory) for n in names)


def index(config, count):
    """Seconds until all is in the index, and those of processors."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    archivist = subprocess.Popen([f"{BUILD}/chaperone-archivist", "--foreground", "--config", config], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    done = 0
    while done < count:
        time.sleep(0.5)
        if archivist.poll() is not None:
            sys.exit("chaperone-archivist ended")
        try:
            state = sqlite3.connect(f"file:{os.path.dirname(config)}/archive/index/state.db?mode=ro", uri=True)
            done = state.execute("SELECT records FROM counted").fetchone()[0]
            state.close()
        except sqlite3.Error:
            continue  # not made yet
    took = time.monotonic() - begin
    archivist.terminate()
    archivist.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tidied(directory):
    """The index's size once all months are one piece each: what chaperone-archivist does at quiet times, but for the newest month."""
    for name in os.listdir(directory):
        if name[:4].isdigit() and name.endswith(".db"):
            db = sqlite3.connect(os.path.join(directory, name), isolation_level=None)
            db.execute("INSERT INTO text(text) VALUES('optimize')")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.close()
    return size_of(directory)


def searches(config, rounds=8):
    rng = random.Random(11)
    asked = {"a rare word": lambda: f"{rng.randrange(10 ** 9)}", "a common word": lambda: rng.choice(prose.NOUNS),
             "two words": lambda: f"{rng.choice(prose.NOUNS)} {rng.choice(prose.VERBS)}",
             "a phrase": lambda: f'"{rng.choice(prose.ADJECTIVES)} {rng.choice(prose.NOUNS)}"',
             "a sender": lambda: f"from:{rng.choice(NAMES)}@example.org",
             "sender, word, month": lambda: f"from:{rng.choice(NAMES)} {rng.choice(prose.NOUNS)} after:2026-05-01 before:2026-06-01",
             "beginning": lambda: rng.choice(prose.NOUNS)[:4] + "*"}
    floor = statistics.median(timed(f"{BUILD}/chaperone", "search", "--config", config, "id:01ARZ3NDEKTSV4RRFFQ69G5FAV")[0]
                              for _ in range(5))
    print(f"searches: a question with no answer takes {1000 * floor:.0f} ms, the command's start, its event and the coverage in it")
    every = []
    for name, make in asked.items():
        took = sorted(timed(f"{BUILD}/chaperone", "search", "--config", config, "--json", make())[0] - floor for _ in range(rounds))
        every += took
        print(f"  {name:22} median {1000 * statistics.median(took):6.0f} ms   slowest {1000 * took[-1]:6.0f} ms")
    every.sort()
    print(f"  all: p50 {1000 * statistics.median(every):.0f} ms, p95 {1000 * every[int(len(every) * 0.95)]:.0f} ms above it")


def prepare(top, count, more=""):
    """An archive of `count` messages in `top`, with `more` settings of it; its configuration, and what mkarchive says."""
    config = f"{top}/chaperone.conf"
    with open(config, "w", encoding="utf-8") as f:
        f.write(f'district = {{ name = "Bench"; domains = [ "example.org" ]; }};\n'
                f'milter = {{ user = ""; }};\n'
                f'reader = {{ program = "{BUILD}/chaperone-reader"; workers = 2; }};\n'
                f'roster = {{ database = "{top}/roster.db"; key_file = "{top}/roster.key"; }};\n'
                f'policy = {{ file = "{TOP}/conf/policies/standard.conf"; lists_dir = "{TOP}/conf/lists"; }};\n'
                f'notice = {{ dir = "{TOP}/conf/notices"; }};\n'
                f'review = {{ database = "{top}/review.db"; }};\n'
                f'retention = {{ database = "{top}/retention.db"; }};\n'
                f'attachments = {{ cache_dir = "{top}/cache"; }};\n'
                f'quarantine = {{ database = "{top}/quarantine.db"; }};\n'
                f'archive = {{ dir = "{top}/archive"; origin = "bench"; {more} }};\n')
    if "sealed = true" in more:
        timed(f"{BUILD}/chaperone", "archive", "--config", config, "keys", "init")
    timed(f"{BUILD}/chaperone", "roster", "import", "--config", config, os.path.join(TOP, "tests", "e2e", "district"), check=False)
    maker = subprocess.Popen([f"{BUILD}/mkarchive", config, "32"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
    for data, when in messages(count):
        maker.stdin.write(b"%d %d\n" % (len(data), when) + data)
    maker.stdin.close()
    made = json.loads(maker.stdout.read())
    if maker.wait():
        sys.exit("mkarchive failed")
    return config, made


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    keep = os.environ.get("KEEP")
    top = keep or tempfile.mkdtemp(prefix="chaperone-bench-", dir=os.environ.get("TMPDIR"))
    os.makedirs(top, exist_ok=True)
    try:
        config, made = prepare(top, count)
        text = made["bytes"]
        print(f"{count} messages, {text / 1e6:.0f} MB of text, {size_of(top + '/archive') / 1e6:.0f} MB of segments, appended at "
              f"{count / made['seconds']:.0f}/s with what makes them")
        took, _ = timed(f"{BUILD}/chaperone", "archive", "checkpoint", "--new", "--config", config)
        print(f"log: {count / took:.0f} leaves/s, {(size_of(top + '/archive/log') + os.path.getsize(top + '/archive/log.db')) / count:.0f} bytes a leaf")
        took, _ = timed(f"{BUILD}/chaperone", "archive", "verify", "--config", config)
        print(f"verify: {count / took:.0f} records/s, {text / 1e6 / took:.0f} MB of text/s")
        few = min(count, 100000)
        if few == count:
            took, _ = timed(sys.executable, f"{TOP}/contrib/verify/chaperone_verify.py", "archive", f"{top}/archive", "--key",
                            f"{top}/archive.log.key.pub")
            print(f"the independent verifier: {count / took:.0f} records/s")
        took, work = index(config, count)
        size = size_of(top + "/archive/index")
        print(f"index: {count / took:.0f} messages/s, {1e6 * work / count:.0f} us of a processor each (two alone: {2 * count / work:.0f}/s), "
              f"{100 * size / text:.0f} % of the text ({size / 1e6:.0f} MB), "
              f"{100 * tidied(top + '/archive/index') / text:.0f} % once months are over")
        searches(config)
    finally:
        if not keep:
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
