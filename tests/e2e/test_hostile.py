"""Hostile mail: every case of tests/corpus/hostile.py through the pipeline, a choice of them through the real Postfix."""
import base64
import collections
import json
import os
import re
import subprocess
import sys
import time

import pytest

from lab import BUILD, SANITIZED, TOP

sys.path.insert(0, os.path.join(TOP, "tests", "corpus"))

import hostile  # noqa: E402
from demo import BEN, JONAH  # noqa: E402

ANN = "awhitfield@maplehollow.example.org"
CASES = {case.name: case for case in hostile.cases()}
STRUCTURE_RULES = {"unreadable-to-student", "ambiguous-to-student"}
# What one message may take, from DATA to the reply.
SECONDS = 120 if SANITIZED else 30


def scan(lab, folder, entries):
    """`chaperone scan --batch` over (id, file, recipients); results by id."""
    batch = os.path.join(folder, "batch.jsonl")
    with open(batch, "w", encoding="utf-8") as f:
        for id_, file, to in entries:
            f.write(json.dumps({"id": id_, "file": file, "from": BEN, "to": to, "auth": BEN}) + "\n")
    # Findings may hold characters that splitlines() takes for line ends.
    lines = lab.chaperone("scan", "--batch", batch).split("\n")
    return {o["id"]: o for o in map(json.loads, filter(None, lines))}


def action_for(result, address):
    [recipient] = [r for r in result["recipients"] if r["address"] == address]
    return recipient["action"], set(recipient["rules"])


def lacking(case, result):
    """What is not as the case expects it, in words; empty when all is."""
    action, rules = action_for(result, JONAH)
    there = [f["value"] or "" for f in result["findings"]] + sorted(rules)
    wrong = [f"fact {fact} missing" for fact in case.facts if not set(fact.split("|")) & set(result["facts"])]
    if case.expect.startswith("see") and not any(value in one for value in case.values for one in there):
        wrong.append("canary not seen")
    if case.expect in ("see+hold", "hold") and not rules & STRUCTURE_RULES:
        wrong.append("not held for what could not be read")
    if case.expect != "flag" and action != "hold":
        wrong.append(f"{action} to the student")
    if action_for(result, ANN)[0] in ("hold", "reject"):
        wrong.append("held from a colleague")
    return wrong


@pytest.fixture(scope="module")
def results(lab, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("hostile"))
    entries = []
    for name, case in CASES.items():
        with open(os.path.join(folder, name + ".eml"), "wb") as f:
            f.write(case.data())
        entries.append((name, name + ".eml", [JONAH, ANN]))
    return scan(lab, folder, entries)


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    result = results[name]
    assert not lacking(CASES[name], result), (result["facts"], result["recipients"], result["findings"])


def test_every_case_is_judged(results):
    assert set(results) == set(CASES)


THROUGH_POSTFIX = [
    "g1-groups-in-attached-message", "b-depth-1100", "g6-100k-parts", "c-cr-only-body", "a-nul-in-text", "c-nul-in-field-value",
    "a-base64-padded-mid-stream", "a-encoding-twice-first-good", "d-subject-twice-last", "b-top-without-empty-line",
    "d-subject-raw-8-bit", "a-utf16-unlabelled", "e-100k-nested", "b-pgp-mime", "b-partial", "a-uuencode-inline",
    "b-smime-enveloped", "x-header-only", "x-empty-body", "g8-200k-fields",
]


# Postfix itself changes these on their way: a blank for a stray CR, an empty line where a header that no empty line ends
# runs into the text; and what is cut for everybody: a header line of an attached message at its limit, a header value at
# its first NUL.
CHANGED_BY_POSTFIX = {"c-cr-only-body", "b-top-without-empty-line"}
CUT_BY_POSTFIX = {"g1-groups-in-attached-message", "c-nul-in-field-value"}


def without_nul(data):
    """Postfix drops NUL bytes, and sends every line with CRLF."""
    return re.sub(rb"\r\n|\n", b"\r\n", data.replace(b"\0", b""))


def body_of(data):
    return without_nul(data).partition(b"\r\n\r\n")[2].rstrip(b"\r\n")


def black(data):
    """All but white space: what must be there however lines were broken."""
    return re.sub(rb"\s+", b"", without_nul(data))


def raw_record(lab, record):
    return subprocess.run([f"{BUILD}/chaperone", "archive", "--config", lab.config, "show", record, "--raw"], check=True,
                          capture_output=True, timeout=60).stdout


@pytest.mark.parametrize("name", THROUGH_POSTFIX)
def test_through_postfix(lab, name):
    case = CASES[name]
    data, pid, before = case.data(), lab.milter.pid, {r["id"] for r in lab.records()}
    start = time.monotonic()
    assert lab.send(BEN, JONAH, data)[0] == 250
    assert time.monotonic() - start < SECONDS
    [record] = [r["id"] for r in lab.records() if r["id"] not in before]
    held = [r["address"] for h in lab.held() if h["id"] == record for r in h["recipients"]]
    assert held == ([] if case.expect == "flag" else [JONAH])
    assert lab.milter.poll() is None and lab.milter.pid == pid
    raw = raw_record(lab, record)
    assert name in CUT_BY_POSTFIX or black(raw).endswith(black(data))
    if name not in CHANGED_BY_POSTFIX | {"g1-groups-in-attached-message"}:
        assert body_of(raw) == body_of(data)


def test_good_mail_passes_afterwards(lab):
    """Whatever came before, the workers that read the next message are whole."""
    for i in range(6):
        assert lab.send(BEN, JONAH, hostile.Case(f"after-{i}", "flag", hostile.hostile_structure.mail()).data())[0] == 250
    assert len(lab.delivered_with("See you at practice.")) == 6


# ---- other people's collections, where they are at hand -----------------------------------------------------------------

SHARED = os.environ.get("CHAPERONE_SHARED")
needs_shared = pytest.mark.skipif(not SHARED, reason="CHAPERONE_SHARED names no folder with data/hostile")


def with_canary(data):
    """Cases about file names carry a harmless sentence; the canary in its place shows whether the file was read."""
    def swap(match):
        try:
            text = base64.b64decode(match.group(0), validate=True)
        except ValueError:
            return match.group(0)
        return base64.b64encode(b"My cell is 508-555-0142. " + text) if text.isascii() and b" file named " in text else match.group(0)
    return re.sub(rb"^[A-Za-z0-9+/]{20,}={0,2}$", swap, data, flags=re.M)


@needs_shared
def test_shared_ambiguous_mail(lab, tmp_path):
    source = os.path.join(SHARED, "data", "hostile", "mime-is-broken")
    entries = []
    for name in sorted(os.listdir(source)):
        with open(os.path.join(source, name), "rb") as f, open(tmp_path / name, "wb") as out:
            out.write(with_canary(f.read()))
        entries.append((name, name, [JONAH, ANN]))
    found = scan(lab, str(tmp_path), entries)
    missed = [id_ for id_, result in found.items() if action_for(result, JONAH)[0] != "hold"]
    print(f"\n{len(found)} messages, {len(missed)} neither seen nor held: {' '.join(missed)}")
    assert entries and len(missed) <= len(found) * 0.05


@needs_shared
def test_shared_synthetic_mail(lab, tmp_path):
    source = os.path.join(SHARED, "data", "hostile", "synthetic")
    files = sorted(f for f in os.listdir(source) if f.endswith(".eml"))
    found = scan(lab, str(tmp_path), [(f, os.path.join(source, f), [JONAH, ANN]) for f in files])
    assert files
    by_family = collections.Counter((id_[0], action_for(r, JONAH)[0]) for id_, r in found.items())
    print("\n" + " ".join(f"{family}:{action}={n}" for (family, action), n in sorted(by_family.items())))
    assert [id_ for id_, r in found.items() if not r["facts"] and not r["findings"]] == []
    assert [id_ for id_, r in found.items() if action_for(r, ANN)[0] == "hold"] == []
