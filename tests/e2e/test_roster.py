"""The roster from a district's exports to a running filter: imports of many sources, dry runs, the brake, history and the way
back, what staff register, keys, and every way in which input can be wrong."""
import io
import json
import os
import re
import signal
import subprocess
import threading
import uuid
import zipfile

import pytest

from feeding import CLASSES, ENROLLMENTS, ORGS, USERS, Exports, csv, in_force, manifest, user
from lab import BUILD, DOMAIN, STUDENTS, TOP, free_port, message

ADA, CAL, PAT = (f"{n}@{DOMAIN}" for n in ("amoreno", "cibarra", "pokafor"))
S1, S2, S3 = (f"s{i}@{STUDENTS}" for i in (1, 2, 3))
TRIP = f"trip@{DOMAIN}"


def settings(lab, **more):
    return {"roster": f'sources = "{lab.path("roster.conf")}";', **more}


@pytest.fixture
def office(fresh_lab):
    """A laboratory with exports and a sources file; nothing is imported, nothing runs."""
    def make(students=12, running=False, **more):
        lab = fresh_lab(start=False)
        lab.settings = {"roster": f'sources = "{lab.path("roster.conf")}";', **more}
        lab.prepare()
        exports = Exports(lab, students)
        exports.write()
        if running:
            lab.chaperone("roster", "import")
            lab.start_programs()
        return lab, exports
    return make


def import_(lab, *args, status=0):
    done = lab.chaperone("roster", "import", *args, check=False)
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def import_json(lab, *args, status=0):
    return json.loads(import_(lab, *args, "--json", status=status).stdout)


def show(lab, who):
    return lab.json("roster", "show", who)


def judge(lab, sender, rcpt, text):
    """Sends it through Postfix; what was judged of it."""
    tag = uuid.uuid4().hex
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, f"m {tag}", f"{text}\n{tag}"))
    assert code == 250, answer
    return lab.json("archive", "show", lab.records()[-1]["id"])["judgement"]


def action(lab, sender, rcpt, text):
    return judge(lab, sender, rcpt, text)["recipients"][0]["action"]


def registered(lab, sender, text):
    """Does the filter know a number in it as the sender's, from the personal registry?"""
    findings = [f for f in judge(lab, sender, S1, text)["findings"] if f["kind"] == "phone"]
    assert findings
    return all(f["owner"] == "sender" and any("personal registry" in e for e in f["evidence"]) for f in findings)


# ---- importing -----------------------------------------------------------------------------------------------------------


def test_sources_of_many_kinds_make_one_roster(office):
    lab, _ = office()
    result = import_json(lab)
    assert (result["counts"]["staff"], result["counts"]["students"], result["counts"]["guardians"]) == (3, 12, 1)
    assert result["diff"]["added"] == 16 and result["generation"] > 0 and not result["dry_run"]
    ada = show(lab, ADA)
    assert ada["role"] == "staff" and ada["name"] == "Ada Moreno"
    assert {s["source"] for s in ada["sources"]} == {"sis", "google"}, "one person from two sources"
    assert ada["manager"]["name"] == "Pat Okafor"
    assert ada["registered"], "Google's recovery details are in the personal registry"
    assert "5550143" not in json.dumps(ada) and "ada.m@" not in json.dumps(ada), "and only as hashes"
    student = show(lab, S1)
    assert [g["name"] for g in student["guardians"]] == ["Hana Lee"]
    assert student["grade"] == "10" and [c["name"] for c in student["classes"]] == ["Jazz Band"]
    assert sorted(m["address"] for m in show(lab, TRIP)["members"]) == sorted([S1, ADA])
    assert show(lab, f"robot@{DOMAIN}")["role"] == "list-unknown"
    assert show(lab, ada["person"])["address"] == ADA, "shown by id too"
    sources = {s["name"]: s for s in lab.json("roster", "sources")}
    assert set(sources) == {"sis", "google", "district", "aliases"} and sources["sis"]["people"] == 16
    for step in (("sources",), ("history",), ("show", S1), ("show", TRIP), ("personal", "list", ADA)):
        assert lab.chaperone("roster", *step)


def test_a_dry_run_tells_and_changes_nothing(office):
    lab, exports = office()
    first = import_json(lab, "--dry-run")
    assert first["dry_run"] and first["diff"]["added"] == 16
    assert not os.path.lexists(lab.path("var/roster.db")) and not os.path.exists(lab.path("var/personal.key"))
    import_(lab)
    before, history = in_force(lab), lab.json("roster", "history")
    exports.users["st-20"] = user("st-20", "student", "Nia", "Newell", f"nia@{STUDENTS}", "p-1")
    exports.users["st-2"] = user("st-2", "teacher", "Stuc", "Lee2", S2)
    exports.drop("st-3")
    exports.write()
    done = import_(lab, "--dry-run")
    for part in ("1  people added", "Nia Newell", "1  people removed", "1  people whose roles change", "1  guardian links added",
                 "Nothing was changed (--dry-run)"):
        assert part in done.stdout
    assert in_force(lab) == before and lab.json("roster", "history") == history
    assert sorted(os.listdir(lab.path("var"))) == sorted(set(os.listdir(lab.path("var")))) and not [
        n for n in os.listdir(lab.path("var")) if n.endswith(".new")]


def test_the_same_again_is_no_change(office):
    lab, exports = office()
    import_(lab)
    name, _ = in_force(lab)
    result = import_json(lab)
    diff = result["diff"]
    assert not diff["changes"] and not any(v for k, v in diff.items() if isinstance(v, int) and k != "cut")
    assert in_force(lab)[0] != name, "recorded all the same"
    # A part of the sources leaves the others' people.
    exports.google.clear()
    only = import_json(lab, "--source", "district")
    assert only["counts"]["people"] == 16 and not only["diff"]["changes"]
    assert import_(lab, "--source", "nobody", status=64).stderr.count("nobody") == 1


def test_who_left_stays_known_and_comes_back(office):
    lab, exports = office()
    import_(lab)
    kept = exports.users["st-3"]
    exports.drop("st-3")
    exports.write()
    assert import_json(lab)["diff"]["removed"] == 1
    gone = show(lab, S3)
    assert gone["role"] == "student" and gone["enabled"] is False and gone["gone"]
    exports.users["st-3"] = kept
    exports.write()
    assert import_json(lab)["diff"]["returned"] == 1
    assert show(lab, S3)["enabled"] is True


def test_a_source_that_is_given_up_is_forgotten(office):
    lab, _ = office()
    import_(lab)
    before = in_force(lab)
    assert lab.chaperone("roster", "forget", "nothing", check=False).returncode == 65
    trial = json.loads(lab.chaperone("roster", "forget", "google", "--dry-run", "--json"))
    assert trial["dry_run"] and in_force(lab) == before
    lab.chaperone("roster", "forget", "google")
    ada = show(lab, ADA)
    assert {s["source"] for s in ada["sources"]} == {"sis"} and not ada["registered"] and ada["role"] == "staff"
    assert "google" not in {s["name"] for s in lab.json("roster", "sources") if s.get("imported")}
    refused = lab.chaperone("roster", "forget", "sis", check=False)
    assert refused.returncode == 77 and "--force" in refused.stderr
    lab.chaperone("roster", "rollback")
    assert {s["source"] for s in show(lab, ADA)["sources"]} == {"sis", "google"}
    assert [g["what"].split()[0] for g in lab.json("roster", "history")] == ["rollback", "forget", "import"]


def test_the_brake(office):
    lab, exports = office(students=60)
    import_(lab)
    before = in_force(lab)
    exports.drop(*(f"st-{i}" for i in range(20, 45)))
    exports.write()
    done = import_(lab, status=77)
    assert "25  people removed" in done.stdout and "... and 15 more" in done.stdout
    assert "25 of 60 students" in done.stderr and "--force" in done.stderr
    assert in_force(lab) == before
    refused = import_json(lab, "--changes", "3", status=77)
    assert refused["diff"]["removed"] == 25 and "roster.brake_percent" in refused["refused"]
    assert import_(lab, "--dry-run", status=77), "a dry run tells what the real one would say"
    result = import_json(lab, "--force")
    assert result["diff"]["removed"] == 25
    assert in_force(lab) != before
    newest, oldest = lab.json("roster", "history")
    assert newest["forced"] and not oldest["forced"] and newest["changes"]["removed"] == 25
    # Few enough are never too many.
    exports.drop(*(f"st-{i}" for i in range(45, 52)))
    exports.write()
    import_(lab)


def test_history_diff_and_rollback(office):
    lab, exports = office()
    import_(lab)
    exports.users["st-20"] = user("st-20", "student", "Nia", "Newell", f"nia@{STUDENTS}")
    exports.users["st-1"] = user("st-1", "student", "Stub", "Lee1", S1, "", "11")
    exports.users["p-1"] = user("p-1", "guardian", "Hana", "Lee", "hana.lee@mailbox.example.net", "st-2")
    exports.write()
    lab.chaperone("roster", "import", who="nightshift")
    history = lab.json("roster", "history")
    assert [g["what"] for g in history] == ["import", "import"] and history[0]["who"] == "nightshift"
    files = {f["file"]: f for f in history[0]["files"]}
    assert len(next(f for n, f in files.items() if n.endswith("users.csv"))["sha256"]) == 64
    diff = lab.json("roster", "diff")
    assert (diff["added"], diff["links_added"], diff["links_removed"]) == (1, 1, 1)
    first, second = history[1]["generation"], history[0]["generation"]
    assert lab.json("roster", "diff", str(first), str(second)) == diff
    back = lab.json("roster", "diff", str(second), str(first))
    assert (back["added"], back["removed"], back["links_added"]) == (0, 1, 1)
    lab.chaperone("roster", "personal", "add", CAL, "handle", "snapchat:cal_i")
    lab.write("ex.csv", "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
              f"EX-1,role,{ADA},*,*,2020-01-01,2099-12-31,{PAT},yes,no\n")
    lab.chaperone("exception", "import", lab.path("ex.csv"))
    assert "in force" in lab.chaperone("roster", "rollback", str(first), who="dayshift")
    assert show(lab, f"nia@{STUDENTS}")["role"] == "service", "as if never imported"
    assert [g["name"] for g in show(lab, S1)["guardians"]] == ["Hana Lee"]
    assert "handle" in show(lab, CAL)["registered"], "what staff registered stays"
    assert [e["id"] for e in lab.json("exception", "list")] == ["EX-1"], "and so do exceptions"
    newest = lab.json("roster", "history")[0]
    assert newest["who"] == "dayshift" and newest["what"] == f"rollback to {first}"
    assert not lab.json("roster", "diff", str(first), str(newest["generation"]))["changes"]
    for wrong, status in (("999", 66), ("x", 64), ("0", 64)):
        assert lab.chaperone("roster", "rollback", wrong, check=False).returncode == status


def test_old_generations_are_removed(office):
    lab, _ = office()
    for _ in range(6):
        import_(lab)
    files = [n for n in os.listdir(lab.path("var")) if n.startswith("roster.db.") and n[10:].isdigit()]
    assert len(files) == 4, "three beside that in force"
    history = lab.json("roster", "history")
    assert [g["present"] for g in history] == [True] * 4 + [False] * 2
    lost = str(history[-1]["generation"])
    assert lab.chaperone("roster", "rollback", lost, check=False).returncode == 66


# ---- a running filter ----------------------------------------------------------------------------------------------------


def test_a_running_filter_sees_each_generation(office):
    lab, exports = office(running=True)
    new = f"nia@{STUDENTS}"
    text = "call my cell 508-555-0144"
    pid = lab.milter.pid
    assert action(lab, CAL, new, text) == "deliver", "nobody knows that address"
    exports.users["st-20"] = user("st-20", "student", "Nia", "Newell", new)
    exports.write()
    import_(lab)
    assert action(lab, CAL, new, text) == "hold"
    lab.chaperone("roster", "rollback")
    assert action(lab, CAL, new, text) == "deliver"
    lab.chaperone("roster", "rollback", str(lab.json("roster", "history")[1]["generation"]))
    assert action(lab, CAL, new, text) == "hold"
    assert lab.milter.pid == pid and lab.milter.poll() is None


def test_mail_flows_through_imports(office):
    lab, exports = office(students=300, running=True)
    sent, wrong, stop = [], [], threading.Event()

    def flow(n):
        smtp = lab.connect(CAL)
        while not stop.is_set():
            tag = uuid.uuid4().hex
            code, answer = lab.send(CAL, [S1], message(CAL, S1, f"flow {tag}", "call my cell 508-555-0144"), smtp=smtp)
            (sent if code == 250 else wrong).append((tag, code, answer))
        smtp.quit()

    threads = [threading.Thread(target=flow, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for i in range(6):
        exports.users[f"new-{i}"] = user(f"new-{i}", "student", "New", f"Comer{i}", f"new{i}@{STUDENTS}")
        exports.write()
        import_(lab)
        if i == 3:
            lab.chaperone("roster", "rollback")
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(sent) > 20
    assert "tempfail" not in lab.log()
    subjects = {h["summary"]["subject"] for h in lab.held()}
    lost = [tag for tag, _, _ in sent if f"flow {tag}" not in subjects]
    assert not lost, "every one was held, whichever generation judged it"


def test_what_staff_register_counts_at_once(office):
    lab, _ = office(running=True)
    text = "text me at 508-555-0155 after practice"
    assert not registered(lab, ADA, text)
    lab.chaperone("roster", "personal", "add", ADA, "cell", "-", input="(508) 555-0155\n")
    assert registered(lab, ADA, text)
    listed = lab.json("roster", "personal", "list", ADA)["registered"]
    assert {"kind": "cell", "source": "own"} in listed
    import_(lab)
    assert registered(lab, ADA, text), "it outlives an import"
    lab.chaperone("roster", "personal", "remove", ADA, "cell", "+15085550155")
    assert not registered(lab, ADA, text)
    for args in ((ADA, "cell", "not a number"), (ADA, "pager", "508-555-0155"), ("nobody", "cell", "508-555-0155"), (ADA, "cell")):
        assert lab.chaperone("roster", "personal", "add", *args, check=False).returncode == 64, args
    assert lab.chaperone("roster", "personal", "remove", ADA, "cell", check=False).returncode == 66


def test_a_new_key_under_a_running_filter(office):
    lab, exports = office(running=True)
    text = "call my cell 508-555-0144"
    assert registered(lab, CAL, text)
    lab.chaperone("roster", "personal", "add", ADA, "cell", "508-555-0155")
    before = lab.json("roster", "history")[0]["generation"]
    with open(lab.path("var/personal.key"), encoding="ascii") as f:
        old = f.read()
    lab.chaperone("roster", "key", "rotate")
    with open(lab.path("var/personal.key"), encoding="ascii") as f:
        both = f.read()
    assert old.strip() in both and len(both.split()) > len(old.split())
    assert registered(lab, CAL, text), "the running filter knows the new key"
    assert registered(lab, ADA, "my cell: 508-555-0155")
    assert lab.json("roster", "diff", str(before))["changes"] == []
    lab.chaperone("roster", "rollback", str(before))
    assert registered(lab, CAL, text), "a generation of the old key serves too"
    lab.chaperone("roster", "key", "rotate")
    assert lab.json("roster", "key", "prune")["removed"] == 0, "all generations there still need theirs"
    for _ in range(4):
        import_(lab)
    assert lab.json("roster", "key", "prune")["removed"] >= 1
    assert registered(lab, CAL, text)


@pytest.mark.parametrize("setting,expected", [("outside", "deliver"), ("students", "hold")])
def test_a_list_nobody_can_tell_the_members_of(office, setting, expected):
    lab, _ = office(running=True, policy=f'unknown_lists = "{setting}";')
    assert action(lab, CAL, f"robot@{DOMAIN}", "call my cell 508-555-0144") == expected
    assert action(lab, CAL, TRIP, "call my cell 508-555-0144") == "hold", "one that is known is judged by its members"


# ---- bad input -----------------------------------------------------------------------------------------------------------


def bomb(exports):
    out = io.BytesIO(exports.oneroster(users=None))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as z, z.open("users.csv", "w", force_zip64=True) as f:
        f.write(USERS.encode() + b"\r\n")
        for _ in range(2100):
            f.write(b"," * (1 << 20))
    return out.getvalue()


def without_half(exports):
    """A delta whose users.csv is there and whose enrollments.csv, which the manifest promises, is not."""
    return exports.oneroster(manifest=manifest({"users": "delta", "enrollments": "delta"}), orgs=None, classes=None, enrollments=None,
                             users=csv(USERS, [user("st-30", "student", "Nia", "Newell", f"nia@{STUDENTS}", status="active",
                                                    changed="2026-10-01T00:00:00Z")]))


BAD = {
    "wrong header": (lambda e: e.oneroster(users="sourcedId,nothing\r\nx,y\r\n"), 65, "users.csv:1: "),
    "wrong encoding": (lambda e: e.oneroster(users=csv(USERS, e.users.values()).replace("Ada", "Ad\u00e1").encode("latin-1")), 65,
                       "users.csv:2: "),
    "truncated zip": (lambda e: e.oneroster()[:-400], 65, "oneroster.zip: "),
    "not a zip": (lambda e: b"PK\3\4 but nothing else", 65, "oneroster.zip: "),
    "zip bomb": (bomb, 65, "users.csv"),
    "million-character field": (lambda e: e.oneroster(users=csv(USERS, [*e.users.values(), user("st-x", "student", "N" * 2_000_000, "X")])),
                                65, "users.csv:18: "),
    "duplicate ids": (lambda e: e.oneroster(users=csv(USERS, [*e.users.values(), user("t-1", "student", "Other", "Person")])), 65,
                      "users.csv:18: "),
    "half a delta": (without_half, 65, "enrollments.csv"),
    "quote not closed": (lambda e: e.oneroster(users=csv(USERS, [*e.users.values(), 'st-x,,,true,mh-hs,student,"x'])), 65,
                         "the quote opened on line 18"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_changes_nothing(office, what):
    make, status, place = BAD[what]
    lab, exports = office()
    import_(lab)
    before = in_force(lab)
    exports.write_oneroster(make(exports))
    done = import_(lab, status=status)
    assert place in done.stderr, done.stderr[-2000:]
    assert in_force(lab) == before
    assert [n for n in os.listdir(lab.path("var")) if n.endswith(".new")] == []
    exports.write()
    import_(lab)


def test_students_linked_to_each_other_are_told_and_link_nobody(office):
    lab, exports = office()
    exports.users["st-1"] = user("st-1", "student", "Stub", "Lee1", S1, "st-2", "10")
    exports.users["st-2"] = user("st-2", "student", "Stuc", "Lee2", S2, "st-1", "10")
    exports.users["p-1"] = user("p-1", "guardian", "Hana", "Lee", "hana.lee@mailbox.example.net", "p-1")
    exports.write()
    done = import_(lab)
    assert "users.csv:" in done.stderr
    assert show(lab, S1)["guardians"] == [] and show(lab, S2)["guardians"] == []


def test_a_directory_that_is_down_changes_nothing(office):
    lab, exports = office()
    import_(lab)
    before = in_force(lab)
    exports.write_sources(ad=f'type = "ldap"; uri = "ldap://127.0.0.1:{free_port()}"; base = "dc=example,dc=org"; starttls = false; timeout_s = 3;')
    done = import_(lab, status=75)
    assert "ad" in done.stderr and in_force(lab) == before


@pytest.mark.parametrize("text,place", [
    ('sources = ( { name = "x"; type = "onerooster"; path = "/x"; } );', "roster.conf:1"),
    ('sources = (\n  { name = "x"; type = "oneroster"; }\n);', "roster.conf:2"),
    ('sources = (\n  { name = "x"; type = "oneroster"; path = "/x";\n    paht = "/y"; }\n);', "roster.conf:3"),
    ('sources = (\n  { name = "x"; type = "oneroster"; path = "/x"; },\n  { name = "x"; type = "sds"; path = "/y"; }\n);', "roster.conf:3"),
    ('sources = (\n', "roster.conf:"),
])
def test_a_wrong_sources_file(office, text, place):
    lab, _ = office()
    lab.write("roster.conf", text)
    for step in ("import", "sources"):
        done = lab.chaperone("roster", step, check=False)
        assert done.returncode == 78 and place in done.stderr, done.stderr


def test_the_annotated_sources_file_is_right_when_its_comments_are_taken_off(office):
    lab, _ = office()
    with open(os.path.join(TOP, "conf/roster.conf"), encoding="utf-8") as f:
        shipped = f.read()
    lab.write("roster.conf", shipped)
    assert lab.json("roster", "sources") == []
    assert "roster.sources" in import_(lab, status=64).stderr
    lab.write("roster.conf", re.sub(r"^#(?=    |$)", "", shipped, flags=re.M))
    sources = lab.json("roster", "sources")
    assert {s["type"] for s in sources} == {"oneroster", "sds", "clever", "google", "ldap", "district", "aliases", "mailman", "sympa"}


EXAMPLE = re.compile(r"^\.SS ([\w\\-]+\.csv)$.*?^\.nf\n\.RS\n(.*?)^\.RE\n\.fi$", re.M | re.S)


def test_the_examples_of_the_manual_import_without_a_warning(office):
    lab, exports = office()
    with open(os.path.join(TOP, "contrib/man/chaperone-roster.conf.5"), encoding="utf-8") as f:
        examples = {name.replace("\\", ""): text.replace("\\-", "-") for name, text in EXAMPLE.findall(f.read())}
    assert len(examples) == 10
    for id_, role, given, family, email in (("t-1", "teacher", "Tom", "Brook", "tbrook@example.org"),
                                            ("a-1", "administrator", "Pat", "Okafor", "pokafor@example.org"),
                                            ("st-1", "student", "Min", "Lee", "s1@students.example.org"),
                                            ("st-2", "student", "Jun", "Lee", "s2@students.example.org")):
        exports.users[id_] = user(id_, role, given, family, email)
    for id_ in [i for i in exports.users if i not in ("t-1", "a-1", "st-1", "st-2")]:
        exports.drop(id_)
    exports.district, exports.sources = examples, ["sis", "district"]
    exports.write()
    done = import_(lab)
    assert done.stderr == "" and "1  guardians" in done.stdout and "2  guardian links" in done.stdout and "3  tools" in done.stdout
    assert {m["address"] for m in show(lab, "ski@example.org")["members"]} == {"tbrook@example.org", "s1@students.example.org"}


def test_two_imports_exclude_each_other(office):
    lab, exports = office(students=4000)
    import_(lab)
    results = []

    def run():
        results.append(lab.chaperone("roster", "import", check=False).returncode)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) <= {0, 75} and 0 in results
    import_(lab)


def test_a_killed_import_leaves_the_roster(office):
    lab, exports = office(students=20000)
    import_(lab)
    before = in_force(lab)
    for wait in (0.05, 0.2, 0.5, 1.0):
        process = subprocess.Popen([f"{BUILD}/chaperone", "roster", "--config", lab.config, "import"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if process.returncode != 0:
            assert in_force(lab) == before
        before = in_force(lab)
        assert show(lab, S1)["role"] == "student"
    import_(lab)
    assert not [n for n in os.listdir(lab.path("var")) if n.endswith(".new")], "what a killed import left is swept up"
