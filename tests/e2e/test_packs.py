"""The five packs: their clauses are covered, and their tests come out the same by `chaperone policy test`, by `chaperone
scan` and, for a sample of each, through Postfix."""
import datetime
import json
import os
import subprocess
import uuid

import packs
import pytest

from lab import BUILD, TOP, Lab

SAMPLE_EACH = 3  # of each action a pack decides on


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory with a configuration for each pack, and one roster."""
    home = tmp_path_factory.mktemp("packs")
    for name in packs.NAMES:
        (home / f"{name}.conf").write_text(f"""
            district = {{ domains = [ "example.org" ]; timezone = "{packs.ZONE.key}"; }};
            reader = {{ program = "{BUILD}/chaperone-reader"; }};
            policy = {{ file = "{packs.POLICIES}/{name}.conf"; lists_dir = "{TOP}/conf/lists"; mode = "enforce"; }};
            roster = {{ database = "roster.db"; key_file = "roster.key"; }};
            attachments = {{ cache_dir = ""; }};
        """)
    done = run(home, packs.NAMES[0], "roster", "import", packs.ROSTER)
    assert done.returncode == 0, done.stderr
    return home


def run(home, name, *args):
    command = [f"{BUILD}/chaperone", args[0], *args[1:], "--config", f"{home}/{name}.conf"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module", params=packs.NAMES)
def judged(request, home):
    """A pack's name and its tests as `chaperone policy test` judged them."""
    done = run(home, request.param, "policy", "test", request.param, "--roster", packs.ROSTER, "--json")
    return request.param, done.returncode, json.loads(done.stdout)


def scanned(home, name, tests, dates, auth=None):
    """What `chaperone scan` says of the tests' messages."""
    batch = home / f"{name}.jsonl"
    with open(batch, "w", encoding="utf-8") as f:
        for i, test in enumerate(tests):
            (home / f"{name}-{i}.eml").write_bytes(packs.raw(test))
            job = {"id": str(i), "file": f"{name}-{i}.eml", "from": test["from"], "to": packs.rcpts(test), "date": dates[i]}
            login = auth(test) if auth else test.get("auth")
            f.write(json.dumps({**job, "auth": login} if login else job) + "\n")
    done = run(home, name, "scan", "--batch", str(batch))
    assert done.returncode == 0, done.stderr
    found = {one["id"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert len(found) == len(tests)
    return [found[str(i)] for i in range(len(tests))]


def told(judgement):
    """What a judgement decides, by what, and which exceptions it tried."""
    return ({r["address"]: (r["action"], sorted(r["rules"])) for r in judgement["recipients"]},
            sorted((r["rule"], r["effective"], r["clause"], sorted(r["recipients"]),
                    sorted((t["exception"], t["why"]) for t in r["exceptions_tried"])) for r in judgement["reasons"]))


# ---- each pack -------------------------------------------------------------------------------------------------------


def test_every_test_of_a_pack_comes_out_as_it_says(judged):
    name, code, result = judged
    assert [(t["name"], t["wrong"]) for t in result["tests"] if t["wrong"]] == []
    assert code == 0 and result["failed"] == 0 and len(result["tests"]) == len(packs.load(name)) >= 30


def test_every_clause_is_covered_and_every_rule_has_fired(judged, home):
    name, _, result = judged
    done = run(home, name, "policy", "coverage", name, "--json")
    coverage = json.loads(done.stdout)
    assert coverage["mistakes"] == [] and done.returncode == 0
    for clause in coverage["clauses"]:
        if clause["rules"]:
            assert clause["tests"] >= 1 and clause["near_misses"] >= 1, clause["id"]
    rules = {r["rule"] for r in json.loads(run(home, name, "policy", "explain", name, "--json").stdout)}
    fired = {r["rule"] for t in result["tests"] for r in t["judgement"]["reasons"]}
    assert rules - fired == set()


def test_scan_decides_the_same(judged, home):
    name, _, result = judged
    tests = packs.load(name)
    found = scanned(home, name, tests, [packs.received(t).isoformat() for t in tests])
    for test, one, other in zip(tests, found, result["tests"]):
        assert told(one) == told(other["judgement"]), test["name"]
    assert {"deliver", "tag", "coach", "hold"} <= {r["action"] for one in found for r in one["recipients"]}


def test_the_installed_tests_pass_by_themselves(home, tmp_path):
    if os.path.basename(BUILD) != "build":
        pytest.skip("installs what stands in build/")
    done = subprocess.run(["make", "-s", "-C", TOP, "install", f"DESTDIR={tmp_path}"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name in packs.NAMES:
        done = run(home, name, "policy", "test", f"{tmp_path}/usr/local/share/chaperone/policies/{name}.conf")
        assert done.returncode == 0 and "nobody whom" not in done.stdout + done.stderr, done.stdout + done.stderr


# ---- through Postfix -------------------------------------------------------------------------------------------------


def login(test):
    """Who writes from a school account under no other name has logged in."""
    own = test["from"].endswith("example.org") and "From" not in test.get("headers", {})
    return test["from"] if own else None


def sample(tests, found):
    """Tests of every action, and among these of as many rules as there may be."""
    out, seen, count = [], set(), {}
    for fresh in (True, False):
        for test, one in zip(tests, found):
            action = max((r["action"] for r in one["recipients"]), key=["deliver", "tag", "coach", "hold", "reject"].index)
            rules = {r["rule"] for r in one["reasons"]}
            if count.get(action, 0) < SAMPLE_EACH and (test, one) not in out and (not fresh or not rules or rules - seen):
                out.append((test, one))
                seen |= rules
                count[action] = count.get(action, 0) + 1
    return out


@pytest.fixture(scope="module")
def pack_lab(request):
    name = request.param
    lab = Lab(district=packs.ROSTER)
    lab.settings = {"policy": f'file = "{lab.path("opt/policies", name + ".conf")}"; mode = "enforce";',
                    "district": f'domains = [ "example.org" ]; timezone = "{packs.ZONE.key}";',
                    "notice": 'from = "chaperone@example.org";'}
    yield name, lab.start()
    lab.stop()


@pytest.mark.parametrize("pack_lab", packs.NAMES, indirect=True)
def test_a_sample_through_postfix(pack_lab, home):
    """The same now: what depends on the day is judged as of today by both."""
    name, lab = pack_lab
    now = datetime.datetime.now(packs.ZONE).isoformat(timespec="seconds")
    tests = packs.load(name)
    chosen = sample(tests, scanned(home, name, tests, [now] * len(tests), login))
    assert len(chosen) >= 6
    sent, known = [], set()
    for test, expected in chosen:
        tag = uuid.uuid4().hex
        data = f"X-Tag: {tag}\r\n".encode() + packs.raw(test)
        code, answer = lab.send(test["from"], packs.rcpts(test), data, login=login(test),
                                client=None if login(test) else "203.0.113.9")
        assert code == 250, (test["name"], answer)
        (record,) = {row["id"] for row in lab.records()} - known
        known.add(record)
        sent.append((test, expected, tag, record))
    lab.wait_queue_empty()
    held = {h["id"]: sorted(r["address"] for r in h["recipients"]) for h in lab.held()}
    for test, expected, tag, record in sent:
        judgement = json.loads(lab.chaperone("archive", "show", record, "--json"))["judgement"]
        assert judgement["policy"]["name"] == name and judgement["mode"] == "enforce"
        actions = {r["address"]: r["action"] for r in expected["recipients"]}
        assert {r["address"]: r["action"] for r in judgement["recipients"]} == actions, test["name"]
        assert sorted(r["rule"] for r in judgement["reasons"]) == sorted(r["rule"] for r in expected["reasons"]), test["name"]
        assert sorted(r for d in lab.delivered_with(tag, wait=False) for r in d.rcpts) == sorted(
            a for a, action in actions.items() if action != "hold"), test["name"]
        assert held.get(record, []) == sorted(a for a, action in actions.items() if action == "hold"), test["name"]
    assert {"deliver", "tag", "coach", "hold"} <= {r["action"] for _, expected in chosen for r in expected["recipients"]}
