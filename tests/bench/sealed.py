"""What sealing the archive costs: appending (group commit), leaves, verifying, reading, beside the same messages in clear.

usage: sealed.py [MESSAGES]

Appends the same generated text mail (4 KB on average, 30,000 messages unless told) to archives in clear and sealed, by turns, then
measures what reads them.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import archive

BUILD, TOP = archive.BUILD, archive.TOP


def append(config, stream, threads):
    """Messages a second."""
    with open(stream, "rb") as file:
        done = subprocess.run([f"{BUILD}/mkarchive", config, str(threads)], stdin=file, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"mkarchive: {done.stderr.decode()}")
    made = json.loads(done.stdout)
    return made["messages"] / made["seconds"]


def disk_floor(top, rounds=300):
    """Flushes a second of this disk, one after the other."""
    with open(f"{top}/floor", "wb") as file:
        begin = time.monotonic()
        for _ in range(rounds):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return rounds / (time.monotonic() - begin)


def rate(count, *command):
    took, _ = archive.timed(*command)
    return count / took


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30000
    top = tempfile.mkdtemp(prefix="chaperone-bench-", dir=os.environ.get("TMPDIR"))
    stream = f"{top}/messages"
    try:
        with open(stream, "wb") as file:
            for data, when in archive.messages(count):
                file.write(b"%d %d\n" % (len(data), when) + data)
        print(f"{count} messages; {disk_floor(top):.0f} flushes/s of the disk alone")
        found = {"clear": {}, "sealed": {}}
        for turn, threads in enumerate((32, 32, 8, 1)):
            for kind in found:
                at = f"{top}/{kind}-{turn}"
                os.makedirs(at)
                config, _ = archive.prepare(at, 0, "sealed = true;" if kind == "sealed" else "")
                found[kind].setdefault(threads, []).append(append(config, stream, threads))
                if turn:
                    shutil.rmtree(at)
        for threads in (32, 8, 1):
            clear, sealed = (max(found[kind][threads]) for kind in ("clear", "sealed"))
            print(f"appending, {threads:2} at once: clear {clear:6.0f}/s, sealed {sealed:6.0f}/s ({100 * sealed / clear:.0f} %)")
        for kind in found:
            config = f"{top}/{kind}-0/chaperone.conf"
            chaperone = [f"{BUILD}/chaperone", "archive", "--config", config]
            leaves = rate(count, *chaperone, "checkpoint", "--new")
            whole = rate(count, *chaperone, "verify")
            listed = rate(count, *chaperone, "list", "--json")
            print(f"{kind:6}: {archive.size_of(f'{top}/{kind}-0/archive') / count:.0f} bytes a record, {leaves:.0f} leaves/s, verify {whole:.0f}/s, "
                  f"list {listed:.0f}/s")
        os.rename(f"{top}/sealed-0/archive.master.key", f"{top}/away.key")
        print(f"sealed, without the key: verify {rate(count, *chaperone, 'verify'):.0f}/s")
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
