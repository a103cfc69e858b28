"""What the filter takes for broken in mail that is not: ordinary messages from staff to a student through the batch scan.

Prints the share held for structure alone (what could not be read or reads in several ways; attachment formats that are
not read do not count) and the facts that caused it; fails above the target.

usage: structure.py [MESSAGES [FOLDER]]; with FOLDER, the held ones are kept there
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, HERE)

import ordinary  # noqa: E402
from lab import TOP, Lab  # noqa: E402

TARGET = 0.001
RULES = {"unreadable-to-student", "ambiguous-to-student"}


def holding_facts():
    """The facts whose class the standard policy holds, but for attachment formats."""
    with open(os.path.join(TOP, "milter", "message", "facts.h"), encoding="utf-8") as f:
        return set(re.findall(r'X\("([\w-]+)",\s+(?:UNREADABLE|AMBIGUOUS)', f.read())) - {"unread"} | {"external-body"}


def make(lab, count):
    """The messages: a third as load tests make them, the rest in the shapes of ordinary.py. Yields (id, file)."""
    rng = random.Random(1)
    corpus = lab.path("corpus")
    subprocess.run([sys.executable, os.path.join(HERE, "mkcorpus.py"), "--count", str(count // 3), "--share", "60,38,2", corpus], check=True,
                   stdout=subprocess.DEVNULL)
    yield from ((name, os.path.join(corpus, name)) for name in sorted(os.listdir(corpus)) if name.endswith(".eml"))
    for number in range(count - count // 3):
        shape, data = ordinary.message(rng, number)
        name = f"{number:05d}-{shape}.eml"
        with open(os.path.join(corpus, name), "wb") as f:
            f.write(data)
        yield name, os.path.join(corpus, name)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    lab = Lab()
    try:
        lab.set_up()
        with open(lab.path("batch.jsonl"), "w", encoding="utf-8") as f:
            for name, file in make(lab, count):
                f.write(json.dumps({"id": name, "file": file, "from": ordinary.SENDER[1], "to": [ordinary.STUDENT[1]], "auth": ordinary.SENDER[1]}) + "\n")
        start = time.monotonic()
        lines = lab.chaperone("scan", "--batch", lab.path("batch.jsonl")).split("\n")
        seconds = time.monotonic() - start
        results = [json.loads(line) for line in lines if line]
        return report(lab, results, seconds)
    finally:
        lab.stop()


def report(lab, results, seconds):
    causes, shapes, odd, held = collections.Counter(), collections.Counter(), collections.Counter(), []
    holding = holding_facts()
    for result in results:
        odd.update(result["facts"])
        why = set(result["facts"]) & holding
        if RULES & set(result["recipients"][0]["rules"]) and why:
            held.append(result["id"])
            causes.update(why)
            shapes[re.sub(r"^\d+-|\.eml$", "", result["id"])] += 1
    share = len(held) / len(results)
    print(f"{len(results)} ordinary messages in {seconds:.1f} s; held for structure alone: {len(held)} ({share:.2%}, target {TARGET:.1%})")
    print("all facts:", ", ".join(f"{name} {n}" for name, n in odd.most_common()))
    if held:
        print("caused by:", ", ".join(f"{name} {n}" for name, n in causes.most_common()))
        print("in:", ", ".join(f"{name} {n}" for name, n in shapes.most_common()), "- e.g.", " ".join(held[:5]))
    if len(sys.argv) > 2:
        os.makedirs(sys.argv[2], exist_ok=True)
        for name in held:
            os.replace(lab.path("corpus", name), os.path.join(sys.argv[2], name))
    return 0 if share <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
