#!/usr/bin/env python3
"""Fits the weights of attribution (conf/lists/weights.txt) on generated mail.

Half of the sentences make the mail it fits on, the other half the mail it is tried on. The model is multinomial logistic: from the features that the scan
names in a finding's evidence to the class of owner that the label names. Weights are drawn to the present ones, the more the fewer messages speak of them.

usage: fit.py [--seed N] [--count N] [--pull X] [--write]
"""
import argparse
import collections
import math
import os
import re
import tempfile

import judging
import mail

CLASSES = ["sender", "other", "organisation", "school", "recipient"]
STANDING = [0, 0, 1, 1, 2]  # a private person's, anybody's to have, the recipient's
WEIGHTS = os.path.join(judging.LISTS, "weights.txt")


# ---- the file ------------------------------------------------------------------------------------------------------------------------------------

def read_weights(path):
    """The comment lines on top, and the rows in their order."""
    head, rows = [], {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            fields = [x.strip() for x in line.split("|")]
            if len(fields) == len(CLASSES) + 1 and not line.startswith("#"):
                rows[fields[0]] = [float(x) for x in fields[1:]]
            elif not rows:
                head.append(line)
    return "".join(head), rows


def write_weights(path, head, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write(head)
        for name, row in rows.items():
            f.write(" | ".join([name] + [f"{w:.1f}" for w in row]) + "\n")


# ---- what to fit on ------------------------------------------------------------------------------------------------------------------------------

def features_of(finding, known):
    names = [re.sub(r"^(?:label|context): ", "", e) for e in finding["evidence"] if re.match(r"(?:label|context): ", e)]
    return tuple(sorted(n for n in names if n in known))


def samples(directory, outs, known):
    """(features, class, finding, label) of every finding whose owner the context told and a label names; how many had no label."""
    out, stray = [], 0
    for label in judging.labels(directory):
        details = [f for f in label["findings"] if f.get("cls")]
        for finding in outs[label["id"]]["findings"]:
            if not finding["reckoning"]:
                continue
            match = next((f for f in details if judging.same(f, finding)), None)
            if match:
                out.append((features_of(finding, known), CLASSES.index(match["cls"]), finding, match))
            else:
                stray += 1
    return out, stray


def pooled(found):
    counts = collections.defaultdict(lambda: [0] * len(CLASSES))
    for features, cls, _, _ in found:
        counts[features][cls] += 1
    return sorted(counts.items())


# ---- the model -----------------------------------------------------------------------------------------------------------------------------------

def chances(rows, features):
    score = [rows["bias"][k] + sum(rows[f][k] for f in features) for k in range(len(CLASSES))]
    top = max(score)
    exps = [math.exp(s - top) for s in score]
    total = sum(exps)
    return [e / total for e in exps]


def loss_and_slope(rows, prior, pool, pull):
    loss = 0.0
    slope = {name: [pull * (w - p) for w, p in zip(row, prior[name])] for name, row in rows.items()}
    for name, row in rows.items():
        loss += sum(pull / 2 * (w - p) ** 2 for w, p in zip(row, prior[name]))
    for features, counts in pool:
        chance, total = chances(rows, features), sum(counts)
        loss -= sum(n * math.log(max(c, 1e-12)) for n, c in zip(counts, chance) if n)
        error = [total * c - n for n, c in zip(counts, chance)]
        for name in ("bias",) + features:
            row = slope[name]
            for k, e in enumerate(error):
                row[k] += e
    return loss, slope


def fitted(prior, pool, pull, rounds=400):
    """Accelerated descent with a step that shrinks where the loss would grow."""
    rows = {name: list(row) for name, row in prior.items()}
    ahead = {name: list(row) for name, row in prior.items()}
    step, momentum = 1.0 / (pull + 0.5 * sum(sum(c) for _, c in pool)), 1.0
    loss, slope = loss_and_slope(ahead, prior, pool, pull)
    last = loss
    for _ in range(rounds):
        while True:
            new = {name: [w - step * s for w, s in zip(row, slope[name])] for name, row in ahead.items()}
            size = sum(s * s for row in slope.values() for s in row)
            found, new_slope = loss_and_slope(new, prior, pool, pull)
            if found <= loss - step / 2 * size + 1e-9 or step < 1e-12:
                break
            step /= 2
        if found > last:  # momentum carried it too far
            momentum = 1.0
        following = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
        reach = (momentum - 1) / following
        ahead = {name: [n + reach * (n - o) for n, o in zip(row, rows[name])] for name, row in new.items()}
        rows, momentum = new, following
        if size < 1e-6:
            break
        last = found
        loss, slope = loss_and_slope(ahead, prior, pool, pull)
        step *= 1.1
    return {name: [round(w, 1) + 0.0 for w in row] for name, row in rows.items()}


# ---- what it is worth ----------------------------------------------------------------------------------------------------------------------------

def report(title, rows, found):
    """Log loss and accuracy over standings and classes, and whether confidence means what it says."""
    loss = right_class = right_standing = 0
    bins = [[0, 0, 0.0] for _ in range(10)]
    for features, cls, finding, label in found:
        chance = chances(rows, features)
        standing = [0.0, 0.0, 0.0]
        for k, c in enumerate(chance):
            standing[STANDING[k]] += c
        best = max(range(3), key=lambda s: standing[s])
        loss -= math.log(max(chance[cls], 1e-12))
        right_class += max((k for k in range(len(CLASSES)) if STANDING[k] == best), key=lambda k: chance[k]) == cls
        right_standing += best == STANDING[cls]
        shape = re.search(r"shape ([\d.]+)$", finding["reckoning"])
        sure = standing[best] * float(shape.group(1))
        row = bins[min(9, int(sure * 10))]
        row[0] += 1
        row[1] += best == STANDING[cls]
        row[2] += sure
    n = max(1, len(found))
    print(f"\n{title}: {len(found)} findings, log loss {loss / n:.3f}, class right {right_class / n:.3f}, standing right {right_standing / n:.3f}")
    print("  confidence    findings  said  were right")
    for i, (count, right, total) in enumerate(bins):
        if count:
            print(f"  {i / 10:.1f} to {(i + 1) / 10:.1f}   {count:7}   {total / count:.2f}  {right / count:.2f}")


def changes(before, after, found, most=25):
    seen = collections.Counter(f for features, _, _, _ in found for f in features)
    moves = sorted(((abs(b - a), name, k) for name in before for k, (b, a) in enumerate(zip(before[name], after[name]))), reverse=True)
    print("\nbiggest changes (times seen)")
    for size, name, k in moves[:most]:
        if size >= 0.3:
            print(f"  {name:24} {CLASSES[k]:13} {before[name][k]:+.1f} -> {after[name][k]:+.1f}  ({seen[name]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=12000, help="messages in each half")
    parser.add_argument("--pull", type=float, default=6.0, help="how strongly weights are drawn to the present ones")
    parser.add_argument("--write", action="store_true", help="write conf/lists/weights.txt")
    args = parser.parse_args()
    head, before = read_weights(WEIGHTS)
    halves = {}
    for half in ("fit", "test"):
        with tempfile.TemporaryDirectory(prefix="chaperone-fit-") as directory:
            mail.generate(directory, args.seed, args.count, half)
            halves[half], stray = samples(directory, judging.scan(directory), set(before))
            print(f"{half}: {args.count} messages, {len(halves[half])} findings told by their context, {stray} that no label names")
    pool = pooled(halves["fit"])
    print(f"{len(pool)} different sets of features")
    after = fitted(before, pool, args.pull)
    changes(before, after, halves["fit"])
    for half in ("fit", "test"):
        report(f"{half} half, before", before, halves[half])
        report(f"{half} half, after", after, halves[half])
    if args.write:
        write_weights(WEIGHTS, head, after)


if __name__ == "__main__":
    main()
