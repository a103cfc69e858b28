"""Backtest: judging an archive of generated text mail again, on all cores.

usage: backtest.py [MESSAGES]

Prints messages a second and the time that 100,000 take at that rate.
"""
import json
import shutil
import subprocess
import sys
import tempfile

import archive


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    top = tempfile.mkdtemp(prefix="chaperone-bench-")
    try:
        config, _ = archive.prepare(top, count)
        done = subprocess.run([f"{archive.BUILD}/chaperone", "policy", "backtest", "--config", config, "--json"], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr[-2000:])
        found = json.loads(done.stdout)
        rate = found["messages"] / found["seconds"]
        print(f"{found['messages']} messages, {found['failed']} failed: {rate:.0f}/s; 100,000 take {100000 / rate:.0f} s")
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
