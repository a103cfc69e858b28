#!/usr/bin/env python3
"""Hostile mail of every kind a filter meets, each with what must become of it.

Every case carries the private cell number of a teacher of tests/e2e/district, except where nothing can be read. Written
to a folder: one NAME.eml a case and cases.tsv (name, expectation, facts).

Usage: hostile.py FOLDER [NAME...]
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import hostile_headers  # noqa: E402
import hostile_structure  # noqa: E402
import hostile_text  # noqa: E402
from hostile_base import Case, crlf  # noqa: E402


def cases():
    found = hostile_text.all_cases() + hostile_structure.all_cases() + hostile_headers.all_cases()
    # Nothing to see in it, and nothing wrong with it.
    found += [Case("x-empty-body", "flag", crlf(hostile_structure.head() + "\n"))]
    assert len({c.name for c in found}) == len(found), "two cases have one name"
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    chosen = [c for c in cases() if not sys.argv[2:] or c.name in sys.argv[2:]]
    with open(os.path.join(sys.argv[1], "cases.tsv"), "w", encoding="utf-8") as table:
        for case in chosen:
            with open(os.path.join(sys.argv[1], case.name + ".eml"), "wb") as file:
                file.write(case.data())
            table.write(f"{case.name}\t{case.expect}\t{' '.join(case.facts)}\n")
    print(f"{len(chosen)} cases in {sys.argv[1]}")


if __name__ == "__main__":
    main()
