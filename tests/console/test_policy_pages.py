"""The policy in force, in the browser."""
import json
import subprocess

import pytest
from consolelab import Client, ConsoleLab, words
from lab import BUILD

WORDS = words()


def policy(lab, step, *args):
    done = subprocess.run([f"{BUILD}/chaperone", "policy", step, "--config", lab.config, *args], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 65), done.stderr  # 65: clauses are not covered
    return done.stdout



@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(with_mail=False)
    lab.start()
    lab.add_users()
    policy(lab, "register", "--why", "voted on by the committee")
    yield lab
    lab.stop()


@pytest.mark.parametrize("who", ["kim", "auditor", "approver", "admin"])
def test_rules_are_told_as_the_command_tells_them(lab, browser, accessible, who):
    page = lab.as_user(browser, who)
    page.goto(lab.url + "/policy")
    accessible(page)
    shown = json.loads(policy(lab, "show", "--json"))
    rows = page.locator(f'table:has-text("{WORDS["policy.clause"]}") tbody tr').allInnerTexts()
    for rule in shown["rules"]:
        assert any(r.startswith(rule["rule"]) and rule["action"] in r for r in rows), rule["rule"]
    assert shown["sha256"] in page.innerText("main")
    page.click('a[href="/policy/rule/staff-private-detail"] >> nth=0')
    accessible(page)
    (said,) = [r for r in json.loads(policy(lab, "explain", "--json")) if r["rule"] == "staff-private-detail"]
    assert [line.rstrip() for line in page.innerText("pre").rstrip().split("\n")] == [line.rstrip() for line in said["text"]]


def test_clauses_history_and_notices(lab, browser, accessible):
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + "/policy/coverage")
    accessible(page)
    text = page.innerText("main")
    for clause in json.loads(policy(lab, "coverage", "--json"))["clauses"]:
        assert clause["id"] in text
    page.goto(lab.url + "/policy/history")
    accessible(page)
    assert "voted on by the committee" in page.innerText("main") and json.loads(policy(lab, "show", "--json"))["sha256"] in page.innerText("main")
    page.goto(lab.url + "/policy/notices")
    accessible(page)
    assert WORDS["policy.no-notices"] in page.innerText("main")
    id_ = lab.chaperone("notice", "issue", "massachusetts", "--effective", "2026-11-01").split()[0]
    page.goto(lab.url + "/policy/notices")
    accessible(page)
    assert "massachusetts" in page.innerText("main") and WORDS["policy.in-force"] in page.innerText("main") and id_


def test_refusals(lab, browser):
    page = lab.as_user(browser, "kim")
    assert page.goto(lab.url + "/policy/rule/no-such-rule").status() == 404
    assert lab.as_user(browser, "records").goto(lab.url + "/policy").status() == 403
    assert Client(lab).ask("GET", "/policy")[0].headers["Location"].startswith("/sign-in")
