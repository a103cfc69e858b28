#!/usr/bin/python3
"""The console under load: server time of pages beside a quarantine of many items, and how many readers at once it bears.
usage: console.py [--items N] [--readers N] [--seconds N] [--archive DIR] [PATH...]
(wrk; default paths: / /queue /queue/ID /account /sign-in; --archive: beside an archive that `KEEP=DIR archive.py N` left)"""
import argparse
import os
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("console", "e2e")]

from consolelab import PASSWORD, Client, ConsoleLab  # noqa: E402
from demo import BEN, JONAH  # noqa: E402
from lab import message, wait_for  # noqa: E402

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(ms):
    number = ms << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[number >> 5 * i & 31] for i in range(25, -1, -1))


def fill(lab, items):
    """The one held message `items` times over, as of the last weeks, of many senders and rules, a third of them decided."""
    base = sqlite3.connect(lab.path("var/quarantine.db"), timeout=60)
    base.row_factory = sqlite3.Row
    item, rcpt = (dict(base.execute(f"SELECT * FROM {name}").fetchone()) for name in ("item", "rcpt"))
    now = int(time.time() * 1000)
    with base:
        for i in range(items):
            ms = now - i * 40000
            item.update(record=ulid(ms), held_us=ms * 1000, mail_from=f"person{i % 900}@{item['mail_from'].split('@')[1]}", claimed_by=None,
                        open=0, summary=item["summary"])
            rcpt.update(record=item["record"], state=4 if i % 3 == 2 else 0)
            for name, row in (("item", item), ("rcpt", rcpt)):
                base.execute(f"INSERT INTO {name}({','.join(row)}) VALUES({','.join('?' * len(row))})", list(row.values()))
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def times_of(url, cookie, count=30):
    took = []
    for _ in range(count):
        begun = time.monotonic()
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie})) as answer:
            answer.read()
        took.append((time.monotonic() - begun) * 1000)
    return statistics.median(took), sorted(took)[int(count * 0.95)]


def wrk(url, cookie, readers, seconds):
    out = subprocess.run(["wrk", "-t2", f"-c{readers}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-H", f"Cookie: {cookie}", url],
                         capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out).group(1)
    p50, p99 = (re.search(rf"{p}%\s+([\d.]+\w+)", out).group(1) for p in (50, 99))
    bad = re.findall(r"(Non-2xx[^\n]*|Socket errors[^\n]*)", out)
    return rate, p50, p99, "; ".join(bad) or "none"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--items", type=int, default=100000)
    arguments.add_argument("--readers", type=int, default=200)
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--archive")
    arguments.add_argument("paths", nargs="*", default=["/", "/queue", "/queue/ID", "/account", "/sign-in"])
    options = arguments.parse_args()
    there = {"settings": {"archive": f'dir = "{options.archive}/archive"; origin = "bench";'}, "user": ""} if options.archive else {}
    lab = ConsoleLab(**there).start()
    try:
        lab.add_users()
        lab.send(BEN, [JONAH], message(BEN, JONAH, "Practice", "Running late? My cell is 508-555-0142."))
        wait_for("a held message", lambda: lab.held())
        record = lab.held()[0]["id"]
        fill(lab, options.items)
        client = Client(lab)
        client.sign_in("kim", PASSWORD)
        cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        print(f"{options.items} items, {options.readers} readers, {options.seconds} s a page")
        print(f"{'page':28} {'alone p50':>10} {'p95':>9}   {'rate/s':>8} {'p50':>9} {'p99':>9}  errors")
        for path in options.paths:
            url = lab.url + path.replace("ID", record)
            p50, p95 = times_of(url, cookie)
            rate, many50, many99, bad = wrk(url, cookie, options.readers, options.seconds)
            print(f"{path:28} {p50:7.1f} ms {p95:6.1f} ms   {rate:>8} {many50:>9} {many99:>9}  {bad}", flush=True)
        assert lab.console.poll() is None
    finally:
        lab.stop()


if __name__ == "__main__":
    main()
