#!/usr/bin/env python3
"""What detection costs: microseconds of processor time a message of ordinary mail, and the growth of texts that are made to be dear.

The ordinary texts are generated: mail of fit/mail.py among prose, 2.2 KB on average with a long tail, a third of them with contact details. Fails above the
targets: 150 microseconds on average, no text of 1 MB above 0.3 seconds, nothing that grows faster than its size.

usage: detect_cost.py [--quick] [--write FILE] [--json]
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("CHAPERONE_BUILD", os.path.join(TOP, "build"))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "fit"))

import mail  # noqa: E402
import prose  # noqa: E402

MESSAGES = 500
MEAN, SPREAD = 2200, 1.0  # of the sizes in bytes, and of their logarithm
TARGET_US, TARGET_SECONDS, TARGET_GROWTH = 150, 0.3, 1.5  # seconds of a text of 1 MB, growth from there
DETAILS = 0.36


def plain(letter):
    return letter.build()[0].get_body(("plain",)).get_content().replace("\r\n", "\n")


def body(composer, rng, size):
    """A message's text of about `size` bytes."""
    letter = mail.Mail(composer, mail.pick(rng, mail.DIRECTIONS))
    letter.write(mail.pick(rng, {k: v for k, v in mail.PLANS.items() if k != "nothing"}) if rng.random() < DETAILS else "nothing")
    letter.format = "plain"
    missing = size - len(plain(letter))
    while missing > 0:
        more = prose.paragraph(rng)
        letter.paragraphs.insert(rng.randrange(len(letter.paragraphs) + 1), more)
        missing -= len(more) + 2
    return plain(letter)


def texts(seed=5):
    """The ordinary texts: sizes spread as those of mail are, many short ones and few long ones."""
    composer = mail.Composer(seed, "both")
    normal = statistics.NormalDist(0, SPREAD)
    sizes = [math.exp(normal.inv_cdf((i + 0.5) / MESSAGES)) for i in range(MESSAGES)]
    scale = MEAN * MESSAGES / sum(sizes)
    made, over = [], 0
    for size in sorted(sizes):  # what the short ones have too much, the next ones have less
        made.append(body(composer, composer.rng, size * scale - over / 4))
        over += len(made[-1].encode()) - size * scale
    composer.rng.shuffle(made)
    return made


def settings(directory):
    """A configuration with the roster of the unit tests in force."""
    path = os.path.join(directory, "chaperone.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write('district = { name = "Cost"; domains = [ "example.org" ]; };\n'
                'roster = { database = "roster.db"; key_file = "roster.key"; };\n'
                f'policy = {{ file = "{TOP}/conf/policies/standard.conf"; lists_dir = "{TOP}/conf/lists"; }};\n')
    subprocess.run([os.path.join(BUILD, "chaperone"), "roster", "import", "--config", path, os.path.join(TOP, "tests", "unit", "district")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def measure(quick):
    with tempfile.TemporaryDirectory(prefix="chaperone-cost-") as directory:
        config, ordinary = settings(directory), os.path.join(directory, "texts")
        made = texts()
        with open(ordinary, "w", encoding="utf-8") as f:
            f.write("\n%%\n".join(made))
        command = [os.path.join(BUILD, "detectcost"), config, "teacher@example.org", "student@example.org", ordinary, "15"] + (["ordinary"] if quick else [])
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1800).stdout)


def report(result):
    plain = result["ordinary"]
    failed = plain["us"] > TARGET_US
    print(f"{plain['messages']} ordinary messages of {plain['mean_bytes']:.0f} bytes, {plain['findings']:.2f} findings each: "
          f"{plain['us']:.0f} us of processor time a message (target {TARGET_US})")
    dear = result.get("dear", {})
    sizes = result.get("sizes", [])
    if dear:
        print(f"{'dear text, seconds at':26}" + "".join(f"{s / 1e6:7.3g} MB" for s in sizes) + "   growth   said")
        megabyte = sizes.index(1000000)
    for name, row in dear.items():
        # how much faster than its size the time grows, from a megabyte to the last size
        seconds = row["seconds"]
        growth = (seconds[-1] / max(seconds[megabyte], 1e-4)) / (sizes[-1] / sizes[megabyte])
        bad = seconds[megabyte] > TARGET_SECONDS or (growth > TARGET_GROWTH and seconds[-1] > 1.0)
        failed |= bad
        print(f"{name:26}" + "".join(f"{s:10.3f}" for s in seconds) + f"{growth:9.2f}   {' '.join(row['facts'])}" + ("   TOO DEAR" if bad else ""))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="ordinary messages only")
    parser.add_argument("--write", metavar="FILE", help="write the ordinary texts there, and do nothing else")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.write:
        with open(args.write, "w", encoding="utf-8") as f:
            f.write("\n%%\n".join(texts()))
        return 0
    result = measure(args.quick)
    if args.json:
        print(json.dumps(result))
        return 0
    return report(result)


if __name__ == "__main__":
    sys.exit(main())
