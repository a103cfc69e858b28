"""Load: the milter against a filter that does nothing, in turns, over the same generated mail. Prints medians and ratios.

usage: load.py [SECONDS [ROUNDS]]
"""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from lab import BUILD, Lab, wait_for  # noqa: E402


def cpu_and_rss(pids):
    ticks = rss = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
            with open(f"/proc/{pid}/statm", encoding="ascii") as f:
                rss += int(f.read().split()[1]) * 4096
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK"), rss / 1e6


def measure(socket, pids, corpus, concurrency, seconds):
    before, _ = cpu_and_rss(pids())
    out = subprocess.run([f"{BUILD}/milterload", "-c", str(concurrency), "-k", "5", "-d", str(seconds), "unix:" + socket, corpus],
                         capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"milterload: {out.stdout[-500:]}{out.stderr[-1500:]}")
    after, rss = cpu_and_rss(pids())
    result = json.loads(out.stdout)
    return result, (after - before), rss


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    lab = Lab(settings={"archive": 'compression = 3;'})
    lab.set_up()
    lab.start_milter()
    corpus = lab.path("corpus")
    subprocess.run([sys.executable, os.path.join(HERE, "mkcorpus.py"), "--count", "200", corpus], check=True,
                   stdout=subprocess.DEVNULL)
    null_socket = lab.path("run/null.sock")
    null = subprocess.Popen([f"{BUILD}/nullmilter", "-n", "unix:" + null_socket], stdout=subprocess.DEVNULL)
    wait_for("null milter", lambda: os.path.exists(null_socket))
    try:
        compare(lab, null, null_socket, corpus, seconds, rounds)
    finally:
        null.terminate()
        lab.stop()


def compare(lab, null, null_socket, corpus, seconds, rounds):
    ours = lambda: [lab.milter.pid, *lab.milter_children()]  # noqa: E731
    print(f"{'filter':10} {'sessions':>8} {'msg/s':>8} {'cpu ms/msg':>10} {'p50 ms':>8} {'p99 ms':>8} {'RSS MB':>7}")
    for concurrency in (1, 8, 32):
        rows = {"null": [], "chaperone": []}
        for _ in range(rounds):
            for name, socket, pids in (("null", null_socket, lambda: [null.pid]), ("chaperone", lab.socket, ours)):
                result, cpu, rss = measure(socket, pids, corpus, concurrency, seconds)
                rows[name].append((result, cpu, rss))
        for name, runs in rows.items():
            rate = statistics.median(r["messages_per_second"] for r, _, _ in runs)
            cost = statistics.median(cpu * 1000 / max(1, r["messages"]) for r, cpu, _ in runs)
            p50 = statistics.median(r["latency_ms"]["message"]["p50"] for r, _, _ in runs)
            p99 = statistics.median(r["latency_ms"]["message"]["p99"] for r, _, _ in runs)
            print(f"{name:10} {concurrency:8} {rate:8.0f} {cost:10.2f} {p50:8.2f} {p99:8.2f} {runs[-1][2]:7.0f}", flush=True)


if __name__ == "__main__":
    main()
