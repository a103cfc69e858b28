"""Roster: importing a district of the largest size, doing it again, and looking people up.

usage: roster.py [small|large|full]

large: 1.2 million people in all, 2 million guardian links, 6 million enrollments. full: 1.2 million staff and students,
and 1.3 million guardians beside them. small: a hundredth of large. Prints seconds, peak memory, size of the file, and the
time of a look-up; during the second import the look-ups go on, to show that they do not wait.
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CHAPERONE_BUILD", os.path.join(TOP, "build"))
SIZES = {
    "small": {"staff": 600, "students": 6000, "guardians": 5400, "links": 20000, "seats": 60000, "schools": 10},
    "large": {"staff": 60000, "students": 600000, "guardians": 540000, "links": 2000000, "seats": 6000000, "schools": 1000},
    "full": {"staff": 150000, "students": 1050000, "guardians": 1300000, "links": 2000000, "seats": 6000000, "schools": 2000},
}


def run(*command):
    """Seconds, peak memory in MB and the output of a command."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = [], []
    threads = [threading.Thread(target=lambda f=f, o=o: o.append(f.read())) for f, o in ((process.stdout, out), (process.stderr, err))]
    for thread in threads:
        thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    for thread in threads:
        thread.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{err[0][-2000:]}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024, out[0]


def look(config, size, count):
    _, _, out = run(f"{BUILD}/rosterlook", config, "20261120", str(count), *(str(size[k]) for k in ("staff", "students", "guardians")))
    return json.loads(out)


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "large"
    size = SIZES[name]
    top = tempfile.mkdtemp(prefix="chaperone-bench-", dir=os.environ.get("TMPDIR"))
    try:
        days = [f"{top}/first", f"{top}/second"]
        for day, leavers in zip(days, (0, size["students"] // 200)):
            subprocess.run([f"{BUILD}/mkdistrict", day, f"leavers={leavers}", *(f"{k}={v}" for k, v in size.items())], check=True)
        config = f"{top}/chaperone.conf"
        with open(config, "w", encoding="utf-8") as f:
            f.write(f'district = {{ domains = [ "example.org" ]; }};\n'
                    f'roster = {{ database = "{top}/roster.db"; key_file = "{top}/key"; }};\n'
                    f'policy = {{ lists_dir = "{TOP}/conf/lists"; }};\n')
        read = sum(os.path.getsize(f"{days[0]}/{n}") for n in os.listdir(days[0]))
        print(f"{name}: {size['staff']:,} staff, {size['students']:,} students, {size['guardians']:,} guardians, "
              f"{size['links']:,} links, {size['seats']:,} enrollments: {read / 1e6:,.0f} MB of CSV")
        seconds, memory, _ = run(f"{BUILD}/chaperone", "roster", "-c", config, "import", days[0])
        print(f"first import        {seconds:6.1f} s   peak {memory:6.0f} MB   file {os.path.getsize(f'{top}/roster.db') / 1e6:,.0f} MB")
        alone = look(config, size, 20000)
        again = []
        thread = threading.Thread(target=lambda: again.append(run(f"{BUILD}/chaperone", "roster", "-c", config, "import", days[1])))
        thread.start()
        during = []
        while thread.is_alive():
            during.append(look(config, size, 5000)["warm"])
        thread.join()
        if not again:
            sys.exit("the second import failed")
        seconds, memory, out = again[0]
        print(f"second, with load   {seconds:6.1f} s   peak {memory:6.0f} MB")
        for kind in alone["warm"]:
            busy = sorted(d[kind]["median_us"] for d in during)
            print(f"look-up {kind:<10} median {alone['warm'][kind]['median_us']:6.1f} us   p99 {alone['warm'][kind]['p99_us']:6.1f} us   "
                  f"median during the import {busy[len(busy) // 2] if busy else float('nan'):6.1f} us")
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
