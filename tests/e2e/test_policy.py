"""`chaperone policy`: the guide's examples give exactly what the guide prints, and its tests judge as `chaperone scan` does."""
import glob
import json
import os
import re
import shutil
import subprocess

import pytest

from lab import BUILD, TOP

GUIDE = os.path.join(TOP, "contrib/doc/POLICY-GUIDE.md")
PACKS = sorted(glob.glob(os.path.join(TOP, "conf/policies/*.conf")))
PAT, DANA = "pat.rivera@example.org", "dana.okafor@students.example.org"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A directory with a configuration of its own, the example district as its roster, and `chaperone` on the path."""
    home = tmp_path_factory.mktemp("policy")
    config = home / "chaperone.conf"
    config.write_text(f"""
        district = {{ domains = [ "example.org" ]; timezone = "America/New_York"; }};
        reader = {{ program = "{BUILD}/chaperone-reader"; }};
        policy = {{ file = "{home}/policies/late.conf"; lists_dir = "{TOP}/conf/lists"; mode = "enforce"; }};
        roster = {{ database = "roster.db"; key_file = "roster.key"; }};
        attachments = {{ cache_dir = ""; }};
    """)
    (home / "bin").mkdir()
    wrapper = home / "bin/chaperone"
    wrapper.write_text(f'#!/bin/bash\nexec {BUILD}/chaperone "$@" --config {config}\n')
    wrapper.chmod(0o755)
    done = subprocess.run([wrapper, "roster", "import", f"{TOP}/contrib/doc/example-district"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home


def run(bench, command, cwd):
    env = dict(os.environ, PATH=f"{bench}/bin:{os.environ['PATH']}")
    return subprocess.run(command, shell=isinstance(command, str), cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


@pytest.fixture(scope="module")
def guide(bench):
    """The guide done as its reader would: files written as it prints them, commands run as it prints them. The directory, and
    a (command, printed, got) for each command."""
    with open(GUIDE) as f:
        text = f.read()
    cwd, seen, last, files = str(bench), [], 0, 0
    for block in re.finditer(r"^```(\w*)\n(.*?)^```", text, re.S | re.M):
        names = re.findall(r"Write\s+this\s+as\s+`([\w./-]+)`", text[last:block.start()])
        last = block.end()
        if block.group(1) == "console":
            for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.group(2), re.M):
                if command.startswith("cd "):
                    cwd = os.path.join(cwd, command[3:])
                    continue
                done = run(bench, command.replace("/usr/local/share/doc/chaperone", f"{TOP}/contrib/doc"), cwd)
                seen.append((command, printed, done.stdout))
        elif names:
            files += 1
            with open(os.path.join(cwd, names[-1]), "w") as f:
                f.write(block.group(2))
    assert files == 7 and len(seen) == 14
    return cwd, seen


def test_the_guide_prints_what_its_commands_print(guide):
    for command, printed, got in guide[1]:
        assert got == printed, command


def test_every_command_of_the_guide_exists(bench):
    with open(GUIDE) as f:
        steps = set(re.findall(r"chaperone policy (\w+)", f.read())) - {"STEP"}
    usage = run(bench, [f"{BUILD}/chaperone", "policy", "--help"], TOP).stdout
    assert {"explain", "test", "coverage", "lint", "show"} <= steps
    for step in steps - {"backtest"}:
        assert re.search(rf"^  {step}\b", usage, re.M), step


def raw(test):
    """The message of a test, as `policy test` makes it."""
    to = test["to"] if isinstance(test["to"], list) else [test["to"]]
    head = {"From": test["from"], "To": ", ".join(to), "Subject": test.get("subject", "-"), "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8"}
    return "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n" + test["text"].replace("\n", "\r\n")


@pytest.mark.parametrize("name", ["late", "cell", "records"])
def test_policy_test_and_scan_agree(bench, guide, name):
    """The same decisions from `chaperone scan` with the policy in force and the district as its roster."""
    policies = guide[0]
    done = run(bench, f"chaperone policy test {name}.conf --json", policies)
    judged = json.loads(done.stdout)
    assert done.returncode == 0 and judged["failed"] == 0
    config = bench / f"{name}.conf"
    config.write_text((bench / "chaperone.conf").read_text().replace("policies/late.conf", f"policies/{name}.conf"))
    batch = []
    with open(os.path.join(policies, f"tests/{name}.jsonl")) as f:
        tests = [json.loads(line) for line in f]
    for i, test in enumerate(tests):
        (bench / f"{name}-{i}.eml").write_bytes(raw(test).encode())
        date = test.get("date", "2026-10-20")
        date = date if "T" in date else date + "T12:00:00"
        batch.append({"id": test["name"], "file": f"{name}-{i}.eml", "from": test["from"], "date": date + "-04:00",
                      "to": test["to"] if isinstance(test["to"], list) else [test["to"]]})
    (bench / "batch.jsonl").write_text("".join(json.dumps(b) + "\n" for b in batch))
    done = subprocess.run([f"{BUILD}/chaperone", "scan", "--config", config, "--batch", bench / "batch.jsonl"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    scanned = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(scanned) == len(judged["tests"]) == len(tests)
    actions = set()
    for one, other in zip(scanned, judged["tests"]):
        assert one["recipients"] == other["judgement"]["recipients"], other["name"]
        assert [r["rule"] for r in one["reasons"]] == [r["rule"] for r in other["judgement"]["reasons"]]
        actions |= {r["action"] for r in one["recipients"]}
    assert "deliver" in actions and len(actions) > 1


def tried(bench, policies, name, *lines):
    path = os.path.join(policies, "tests", name)
    with open(path, "w") as f:
        f.write("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return run(bench, f"chaperone policy test cell.conf --tests tests/{name}", policies)


def case(**more):
    return {"clause": "7.1", "name": "n", "from": PAT, "to": DANA, "date": "2026-10-20", "text": "Call 415-555-0142, my cell.",
            "expect": {"action": "hold"}, **more}


def test_expectations_that_do_not_come_true_fail(bench, guide):
    for wrong, told in [
            ({"expect": {"action": "coach"}}, "expected coach, got hold"),
            ({"expect": {"rule": "staff-cell"}}, "expected the rule staff-cell to fire; fired: staff-cell-to-student (hold)"),
            ({"expect": {"action": "hold", "not-rule": "staff-cell-to-student"}}, "the rule staff-cell-to-student must not fire"),
            ({"near-miss": True, "expect": {"not-rule": "no-such-rule"}}, "the policy has no rule no-such-rule"),
            ({"near-miss": True, "expect": {"action": "hold"}}, "no rule of 7.1 must fire"),
            ({"text": "See you.", "expect": {"action": "deliver"}}, "expected a rule of 7.1 to fire; fired: none"),
            ({"expect": {"actions": {DANA: "deliver"}}}, f"expected deliver for {DANA}, got hold"),
            ({"expect": {"actions": {"x@example.org": "hold"}}}, "x@example.org, which is no recipient"),
            ({"expect": {"action": "hold", "exception": "EX-2601"}}, "expected the exception EX-2601 to be used"),
            ({"expect": {"action": "hold", "escalate": "alarm"}}, "expected the escalation alarm")]:
        done = tried(bench, guide[0], "wrong.jsonl", case(**wrong))
        assert done.returncode == 65 and told in done.stdout and "1 failed" in done.stdout, (wrong, done.stdout)
    done = tried(bench, guide[0], "right.jsonl", "# a comment", "", case())
    assert done.returncode == 0 and "1 test, 1 passed" in done.stdout, done.stdout


def test_who_is_unknown_is_told(bench, guide):
    done = tried(bench, guide[0], "stranger.jsonl", case(**{"from": "pat@example.org", "near-miss": True, "expect": {}}))
    assert done.returncode == 0
    assert "pat@example.org is nobody whom the roster knows" in done.stdout


def test_a_whole_message_and_a_file_are_messages_too(bench, guide):
    whole = f"From: {PAT}\nTo: {DANA}\nSubject: x\nContent-Type: text/plain\n\nCall 415-555-0142, my cell.\n"
    with open(os.path.join(guide[0], "tests/whole.eml"), "w") as f:
        f.write(whole)
    forms = [{**case(), "message": whole}, {**case(), "file": "whole.eml"}]
    for form in forms:
        del form["text"]
    done = tried(bench, guide[0], "forms.jsonl", *forms, case(headers={"X-Campaign": "1"}, subject="Größe"))
    assert done.returncode == 0 and "3 tests, 3 passed" in done.stdout, done.stdout


def test_wrong_lines_are_told_each_at_its_place(bench, guide):
    done = tried(bench, guide[0], "bad.jsonl", case(), "{", "[]", case(expects={}), case(date="soon"), case(to=7), case(message="x"),
                 case(expect={"action": "eat"}), case(expect={"rules": "x"}), {"name": "n"}, case(file="gone.eml", text=None))
    assert done.returncode == 65
    for place in ["2: ", "3: is not an object", '4: unknown key "expects"', '5: "soon" is no date', '6: "to" must be',
                  '7: give one of "text"', '8: no action "eat"', '9: unknown key "rules"', '10: "clause" is missing',
                  "11: "]:
        assert f"tests/bad.jsonl:{place}" in done.stdout, (place, done.stdout)
    assert "bad.jsonl:1:" not in done.stdout


def test_coverage_fails_on_what_is_not_covered(bench, guide):
    policies = guide[0]
    with open(os.path.join(policies, "cell.conf")) as f:
        text = f.read()
    with open(os.path.join(policies, "gap.conf"), "w") as f:
        f.write(text.replace('clauses: (', 'clauses: ( { id = "7.3"; gist = "forgotten"; },')
                .replace('clause = [ "7.1", "7.2" ]', 'clause = [ "7.1", "7.9" ]'))
    shutil.copy(os.path.join(policies, "tests/cell.jsonl"), os.path.join(policies, "tests/gap.jsonl"))
    done = run(bench, "chaperone policy coverage gap.conf --json", policies)
    coverage = json.loads(done.stdout)
    assert done.returncode == 65
    assert sorted(coverage["mistakes"]) == [
        "7.2 is implemented by nothing; write a rule, say by what (by) or why not (left-out)",
        "7.3 is implemented by nothing; write a rule, say by what (by) or why not (left-out)",
        "rule staff-cell-to-student cites 7.9, which section clauses does not have; correct it, or list the clause"]
    assert [c["id"] for c in coverage["clauses"]] == ["7.3", "7.1", "7.2", "7.4"]
    assert coverage["clauses"][1]["rules"] == ["staff-cell-to-student"] and coverage["clauses"][1]["tests"] == 2


def test_names_paths_and_mistakes(bench, guide):
    policies = guide[0]
    assert run(bench, "chaperone policy show cell --json", policies).returncode == 0  # beside the policy in force
    assert json.loads(run(bench, "chaperone policy show --json", policies).stdout)["name"] == "late"  # in force
    done = run(bench, "chaperone policy show nonesuch", policies)
    assert done.returncode == 66 and 'no policy "nonesuch"' in done.stdout
    done = run(bench, "chaperone policy explain cell.conf nonesuch", policies)
    assert done.returncode == 66 and 'no rule "nonesuch"' in done.stdout
    assert run(bench, "chaperone policy frobnicate", policies).returncode == 64
    assert run(bench, "chaperone policy lint a b", policies).returncode == 64
    done = run(bench, "chaperone policy lint records.conf --json", policies)
    assert done.returncode == 0 and [a["level"] for a in json.loads(done.stdout)["advice"]] == ["note"]


@pytest.mark.parametrize("pack", PACKS, ids=os.path.basename)
def test_shipped_policies_explain_themselves_without_warnings(bench, pack):
    done = run(bench, ["chaperone", "policy", "explain", pack, "--json", "--date", "2026-11-20"], TOP)
    rules = json.loads(done.stdout)
    assert len(rules) >= 15
    for rule in rules:
        assert rule["gist"] and len(rule["text"]) >= 4, rule["rule"]
    done = run(bench, ["chaperone", "policy", "lint", pack, "--date", "2026-11-20"], TOP)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("pack", [p for p in PACKS if not p.endswith("standard.conf")], ids=os.path.basename)
def test_shipped_policies_cover_their_clauses_and_pass_their_tests(bench, pack):
    done = run(bench, ["chaperone", "policy", "coverage", pack], TOP)
    assert done.returncode == 0, done.stdout
    done = run(bench, ["chaperone", "policy", "test", pack, "--roster", f"{TOP}/tests/packs/roster"], TOP)
    assert done.returncode == 0, done.stdout
    assert "nobody whom the roster knows" not in done.stdout


def test_installed_policies_find_what_they_include(bench, tmp_path):
    done = run(bench, ["make", "-s", "-C", TOP, "install", f"DESTDIR={tmp_path}"], TOP) if os.path.basename(BUILD) == "build" else None
    if done is None:
        pytest.skip("installs what stands in build/")
    assert done.returncode == 0, done.stdout
    for pack in glob.glob(f"{tmp_path}/etc/chaperone/policies/*.conf"):
        done = run(bench, ["chaperone", "policy", "show", pack], TOP)
        assert done.returncode == 0, done.stdout
    assert os.path.exists(f"{tmp_path}/usr/local/share/doc/chaperone/example-district/roster/users.csv")
    assert os.path.exists(f"{tmp_path}/usr/local/share/doc/chaperone/POLICY-GUIDE.md")
