"""Where the five districts' policies contradict each other: the same message, five packs, five answers, by `chaperone scan`."""
import json
import os
import shutil
import subprocess

import packs
import pytest

from lab import BUILD, TOP

W, NS, WEM, T, C = packs.NAMES
TOM, NORA, GUS, LUIS = (f"{n}@example.org" for n in ("tbrook", "nvance", "ghall", "lprado"))
MEI, JONAH, ANA, VICTOR = (f"{n}@students.example.org" for n in ("mlee", "jreed", "acosta", "vhale"))
HANA, STEWARD = "hana.lee@example.net", "steward@union.example.net"
CELL = "415-555-0143"
RUDE = "I told the office: you are a worthless idiot. We file a grievance."

# Permissions beside those of the packs' roster: one that a principal gave with a guardian's consent, one by the superintendent alone.
EXCEPTIONS = """EX-BY-PRINCIPAL,approved,lprado@example.org,mlee@students.example.org,+14155550148,2026-09-01,2027-06-18,hmarsh@example.org,no,no,,,2026-08-25,{hash}
EX-BY-SUPERINTENDENT,approved,lprado@example.org,acosta@students.example.org,+14155550148,2026-09-01,2027-06-18,superintendent@example.org,no,no,,,2026-08-25,{hash}
EX-BY-BOTH,approved,lprado@example.org,vhale@students.example.org,+14155550148,2026-09-01,2027-06-18,superintendent@example.org,no,no,,,2026-08-25,{hash}
""".format(hash="d1" * 32)
CONSENTS = """EX-BY-PRINCIPAL,mlee@students.example.org,hana.lee@example.net,2026-08-28,{hash},"debate team, Mei Lee"
EX-BY-BOTH,vhale@students.example.org,Victor Hale,2026-08-28,{hash},"debate team, Victor Hale"
""".format(hash="d2" * 32)


def mail(sender, rcpt, text, subject="-"):
    return {"from": sender, "to": [rcpt], "subject": subject, "text": text, "date": "2026-10-20T10:30:00"}


def answer(action, rule=None, clause=None, exception=None):
    """What is decided; the rule that says so, the clause it cites, the exception that was used or that failed ("ID: why")."""
    return action, rule, clause, exception


def nothing():
    return answer("deliver")


# Topic, message, and what each of the five answers: the table at the end of CLAUSES, row by row.
CASES = {
    # ---- a staff member's cell number to students
    "cell number, no trip": (mail(NORA, MEI, f"On Friday my cell is {CELL}."), {
        W: answer("hold", "staff-private-number", "W-II.5"), NS: answer("hold", "staff-private-number", "NS-Cell ¶1a"),
        WEM: answer("tag", "staff-private-contact", "WEM-IV.H"), T: answer("tag", "staff-private-number", "T-P3"),
        C: answer("hold", "staff-private-number", "C-II.1.b(iii)")}),
    "cell number on a trip, with its purpose": (mail(GUS, ANA, "For safety and emergencies on the way only: my cell is 415-555-0145."), {
        W: answer("deliver", "staff-private-number", "W-II.5", "EX-TRIP-PLAIN"),
        NS: answer("deliver", "staff-private-number", "NS-Cell ¶1a", "EX-TRIP-PLAIN"),
        WEM: answer("deliver", "staff-private-contact", "WEM-IV.H", "EX-TRIP-PLAIN"),
        T: answer("deliver", "staff-private-number", "T-P3", "EX-TRIP-PLAIN"),
        C: answer("deliver", "staff-private-number", "C-II.1.b(iii)", "EX-TRIP-PLAIN")}),
    "cell number on a trip, without its purpose": (mail(GUS, ANA, "My cell is 415-555-0145."), {
        W: answer("coach", "staff-private-number", "W-II.5", "EX-TRIP-PLAIN"),
        NS: answer("coach", "staff-private-number", "NS-Cell 1", "EX-TRIP-PLAIN"),
        WEM: answer("deliver", "staff-private-contact", "WEM-IV.H", "EX-TRIP-PLAIN"),
        T: answer("deliver", "staff-private-number", "T-P3", "EX-TRIP-PLAIN"),
        C: answer("coach", "staff-private-number", "C-II.1.b(iii)", "EX-TRIP-PLAIN")}),
    "an account on a network": (mail(NORA, MEI, "My Instagram is @nora_vance_x."), {
        W: answer("hold", "staff-private-account", "W-II.5"), NS: answer("hold", "staff-private-account", "NS-Exp 2"),
        WEM: answer("tag", "staff-private-contact", "WEM-IV.H"), T: answer("hold", "staff-private-account", "T-P3"),
        C: answer("hold", "staff-private-account", "C-II.1.b(iii)")}),
    # ---- the paper of an approval
    "approved by the principal, the guardian consents": (mail(LUIS, MEI, "About the debate: 415-555-0148 is my cell."), {
        W: answer("hold", "staff-private-number", "W-II.5", "EX-BY-PRINCIPAL: approved by somebody who may not"),
        NS: answer("deliver", "staff-private-number", "NS-Cell ¶1a", "EX-BY-PRINCIPAL"),
        WEM: answer("tag", "staff-private-contact", "WEM-IV.H", "EX-BY-PRINCIPAL: approved by somebody who may not"),
        T: answer("deliver", "staff-private-number", "T-P3", "EX-BY-PRINCIPAL"),
        C: answer("deliver", "staff-private-number", "C-II.1.b(iii)", "EX-BY-PRINCIPAL")}),
    "approved by the superintendent, no guardian asked": (mail(LUIS, ANA, "About the debate: 415-555-0148 is my cell."), {
        W: answer("deliver", "staff-private-number", "W-II.5", "EX-BY-SUPERINTENDENT"),
        NS: answer("hold", "staff-private-number", "NS-Cell ¶1a", "EX-BY-SUPERINTENDENT: no guardian consent"),
        WEM: answer("deliver", "staff-private-contact", "WEM-IV.H", "EX-BY-SUPERINTENDENT"),
        T: answer("deliver", "staff-private-number", "T-P3", "EX-BY-SUPERINTENDENT"),
        C: answer("hold", "staff-private-number", "C-II.1.b(iii)", "EX-BY-SUPERINTENDENT: approved by somebody who may not")}),
    # ---- are parents in scope
    "a private address for a guardian": (mail(NORA, HANA, "You can write to me at nora.vance@mail.example.net too."), {
        W: nothing(), NS: answer("coach", "guardian-private-account", "NS-Exp 4a"), WEM: nothing(), T: nothing(),
        C: answer("coach", "guardian-friending", "C-III.C(a)")}),
    "a cell number for a guardian": (mail(NORA, HANA, f"My cell is {CELL} if the bus is late."), {
        W: nothing(), NS: answer("tag", "guardian-private-number", "NS-Cell ¶1b"), WEM: nothing(), T: nothing(), C: nothing()}),
    # ---- the school address for networks and tools
    "a personal network was signed up to": (
        mail("no-reply@mail.instagram.com", TOM, "Confirm your e-mail to finish signing up.", "Confirm your e-mail address"), {
            W: answer("coach", "social-network-on-school-address", "W-IV.B"), NS: nothing(),
            WEM: answer("tag", "social-network-on-school-address", "WEM-IV.C"), T: nothing(), C: nothing()}),
    "an educational tool was signed up to": (
        mail("no-reply@padlet.com", TOM, "Welcome to Padlet: https://padlet.com/exampleschools/confirm", "Confirm your e-mail address"), {
            W: nothing(), NS: answer("deliver", "educational-tool-on-school-address", "NS-Exp 8"), WEM: nothing(), T: nothing(), C: nothing()}),
    # ---- are social networks monitored
    "what happens on a network": (mail("notification@facebookmail.com", TOM, "Somebody commented on your photo.", "New notifications"), {
        W: answer("coach", "social-network-on-school-address", "W-IV.B"), NS: nothing(), WEM: nothing(), T: nothing(), C: nothing()}),
    # ---- the union
    "rude words to the union": (mail(TOM, STEWARD, RUDE), {
        W: answer("deliver", "protected-concerted-activity", "W-II ¶1"), NS: answer("deliver", "protected-concerted-activity", "NS-Exp ¶1"),
        WEM: answer("deliver", "protected-concerted-activity", "WEM close"), T: nothing(),
        C: answer("deliver", "protected-concerted-activity", "C-III.G")}),
    "the same words to a colleague": (mail(TOM, NORA, RUDE), {
        W: answer("tag", "words-among-staff", "W-II.2"), NS: nothing(), WEM: answer("tag", "words-among-staff", "WEM-IV.B"),
        T: answer("tag", "words-among-staff", "T-pre 1–3,5–7"), C: answer("tag", "words-among-staff", "C-II.4")}),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """topic -> pack -> what scan says."""
    home = tmp_path_factory.mktemp("conflicts")
    roster = home / "roster"
    shutil.copytree(packs.ROSTER, roster)
    for name, more in (("exceptions.csv", EXCEPTIONS), ("consents.csv", CONSENTS)):
        with open(roster / name, "a", encoding="utf-8") as f:
            f.write(more)
    found = {topic: {} for topic in CASES}
    topics = list(CASES)
    with open(home / "batch.jsonl", "w", encoding="utf-8") as f:
        for i, topic in enumerate(topics):
            test = CASES[topic][0]
            (home / f"{i}.eml").write_bytes(packs.raw(test))
            job = {"id": str(i), "file": f"{i}.eml", "from": test["from"], "to": test["to"], "date": packs.received(test).isoformat()}
            f.write(json.dumps({**job, "auth": test["from"]} if test["from"].endswith("@example.org") else job) + "\n")
    for name in packs.NAMES:
        config = home / f"{name}.conf"
        config.write_text(f"""
            district = {{ domains = [ "example.org" ]; timezone = "{packs.ZONE.key}"; }};
            reader = {{ program = "{BUILD}/chaperone-reader"; }};
            policy = {{ file = "{packs.POLICIES}/{name}.conf"; lists_dir = "{TOP}/conf/lists"; mode = "enforce"; }};
            roster = {{ database = "{home}/roster.db"; key_file = "{home}/roster.key"; }};
            attachments = {{ cache_dir = ""; }};
        """, encoding="utf-8")
        if not os.path.exists(home / "roster.db"):
            run(config, "roster", "import", str(roster))
        for line in run(config, "scan", "--batch", str(home / "batch.jsonl")).splitlines():
            one = json.loads(line)
            found[topics[int(one["id"])]][name] = one
    return found


def run(config, *args):
    done = subprocess.run([f"{BUILD}/chaperone", *args, "--config", str(config)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("topic", CASES)
@pytest.mark.parametrize("pack", packs.NAMES)
def test_each_pack_answers_as_its_policy_says(judged, topic, pack):
    action, rule, clause, exception = CASES[topic][1][pack]
    one = judged[topic][pack]
    assert [r["action"] for r in one["recipients"]] == [action], json.dumps(one["reasons"])
    reasons = {r["rule"]: r for r in one["reasons"]}
    if rule is None:
        assert reasons == {}
        return
    assert reasons[rule]["effective"] == action and clause in reasons[rule]["clause"].split("; ")
    tries = {t["exception"]: t["why"] for t in reasons[rule]["exceptions_tried"]}
    if exception and ": " in exception:
        id_, why = exception.split(": ")
        assert why in tries[id_] and not any(t["used"] for t in reasons[rule]["exceptions_tried"])
    elif exception:
        assert tries[exception].startswith("covers")
    else:
        assert not any(t["used"] for t in reasons[rule]["exceptions_tried"])


def test_the_policies_do_contradict_each_other():
    """No topic of the table gets one and the same answer from all five."""
    for topic, (_, answers) in CASES.items():
        assert set(answers) == set(packs.NAMES)
        assert len({a[:1] + a[3:] for a in answers.values()}) > 1 or len({a[1] for a in answers.values()}) > 1, topic
