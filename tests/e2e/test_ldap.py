"""A directory as a source of the roster: a real slapd with Active Directory's attributes, over StartTLS and LDAPS; what it becomes
in the roster; and every way in which a directory fails a district at night."""
import json
import os
import socket
import subprocess
import threading

import pytest

from directory import PASSWORD, READER, SUFFIX, Directory, dn, entry, group, person
from domaincontroller import DomainController
from feeding import in_force
from lab import BUILD, DOMAIN, STUDENTS, message

ADA, CAL, PAT, DANA = (f"{n}@{DOMAIN}" for n in ("amoreno", "cibarra", "pokafor", "dwu"))
S1, S2, S3 = (f"s{i}@{STUDENTS}" for i in (1, 2, 3))
HANA = "hana.lee@mailbox.example.net"
ADA_DN, CAL_DN, PAT_DN = dn("Ada Moreno", "Staff"), dn("Cal Ibarra", "Staff"), dn("Pat Okafor", "Staff")
STUDENT_DNS = [dn(f"Stu Lee{i}", "Students") for i in (1, 2, 3)]
GUID = bytes(range(1, 17))


def district():
    """The people and groups of a small district."""
    return [
        person("pokafor", ["Staff"], "Pat", "Okafor", mail=PAT, title="Principal", objectGUID=bytes(16)),
        person("amoreno", ["Staff"], "Ada", "Moreno", mail=ADA, objectGUID=GUID, userPrincipalName=f"ada@{DOMAIN}",
               proxyAddresses=[f"SMTP:{ADA}", f"smtp:ada.moreno@{DOMAIN}", f"sip:{ADA}"], employeeID="E-7", title="Teacher",
               manager=PAT_DN.upper(), telephoneNumber="+1 508 555 0110", ipPhone="4410", homePhone="508-555-0143",
               otherMobile="+1 508 555 0144", homePostalAddress="12 Mill Road$Maple Hollow, MA 01234"),
        person("cibarra", ["Staff"], "Cal", "Ibarra", mail=CAL, employeeID="E-8", manager=ADA_DN, userAccountControl="512",
               mobile="508-555-0145"),
        person("dwu", ["Staff"], "Dana", "Wu", mail=DANA, userAccountControl="514"),
        *(person(f"s{i}", ["Students"], "Stu", f"Lee{i}", mail=f"s{i}@{STUDENTS}") for i in (1, 2, 3)),
        person("hlee", ["Parents"], "Hana", "Lee", mail=HANA),
        group("Teachers", [ADA_DN, CAL_DN]),
        group("Staff", [dn("Teachers", "Groups"), PAT_DN], mail=f"staff@{DOMAIN}",
              proxyAddresses=[f"SMTP:staff@{DOMAIN}", f"smtp:everyone@{DOMAIN}"]),
        group("District", [dn("Staff", "Groups"), dn("Band", "Groups")], mail=f"district@{DOMAIN}"),
        group("Band", STUDENT_DNS[:2] + [ADA_DN], mail=f"band@{DOMAIN}"),
        group("Loop A", [dn("Loop B", "Groups"), STUDENT_DNS[2]], mail=f"loop@{DOMAIN}"),
        group("Loop B", [dn("Loop C", "Groups"), dn("Loop A", "Groups"), CAL_DN]),
        group("Loop C", [dn("Loop B", "Groups"), dn("Loop C", "Groups")]),
        group("Ghost", [ADA_DN, dn("Nobody Known", "Staff")], mail=f"ghost@{DOMAIN}"),
        group("Empty", [], mail=f"empty@{DOMAIN}"),
        entry(dn("All", "Groups"), ["msExchDynamicDistributionList"], cn="All", mail=f"all@{DOMAIN}"),
        entry(dn("Office", "Groups"), ["posixGroup", "listed"], cn="Office", gidNumber="100", memberUid=["cibarra", "pokafor"],
              mail=f"office@{DOMAIN}"),
    ]


def crowd(count):
    return [person(f"c{i}", ["Students"], "Cro", f"Wd{i}", mail=f"c{i}@{STUDENTS}") for i in range(count)]


@pytest.fixture
def directory(tmp_path):
    """A factory of directories; stopped at the end."""
    made = []

    def make(entries=None, start=True, **kwargs):
        folder = tmp_path / f"slapd{len(made)}"
        folder.mkdir()
        one = Directory(str(folder), district() if entries is None else entries, **kwargs)
        made.append(one)
        return one.start() if start else one

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def office(fresh_lab):
    """A laboratory whose sources file names what is given; nothing is imported, nothing runs."""
    lab = fresh_lab(start=False)
    lab.settings = {"roster": f'sources = "{lab.path("roster.conf")}";'}
    lab.prepare()
    return lab


def sources(lab, *entries):
    lab.write("roster.conf", "sources = (\n" + ",\n".join(entries) + "\n);\n")


def import_(lab, *args, status=0):
    done = lab.chaperone("roster", "import", *args, check=False)
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def import_json(lab, *args):
    return json.loads(import_(lab, *args, "--json").stdout)


def show(lab, who):
    return lab.json("roster", "show", who)


def members(lab, address):
    return sorted(m["address"] for m in show(lab, address)["members"])


def refused(lab, status, *words):
    """An import that fails with `status` and says these words; without a roster before, there is none after it."""
    before = in_force(lab) if os.path.exists(lab.path("var/roster.db")) else None
    done = import_(lab, status=status)
    for word in words:
        assert word in done.stderr, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    after = in_force(lab) if os.path.exists(lab.path("var/roster.db")) else None
    assert before == after
    return done


class Wire(threading.Thread):
    """Stands between the command and a directory. After `bytes_` of answers it does `then`, and passes on no more."""

    def __init__(self, port, bytes_, then):
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.left, self.then = self.server.getsockname()[1], port, bytes_, then
        self.cut = threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            threading.Thread(target=self.pump, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, True), daemon=True).start()

    def pump(self, source, sink, answers):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
                self.left -= len(data) if answers else 0
                if answers and self.left < 0 and not self.cut.is_set():
                    self.cut.set()
                    self.then()
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


# ---- what becomes of it --------------------------------------------------------------------------------------------------


def test_people_of_a_directory(office, directory):
    ad = directory()
    sources(office, ad.source())
    result = import_json(office)
    assert (result["counts"]["staff"], result["counts"]["students"], result["counts"]["guardians"]) == (4, 3, 1)
    ada = show(office, ADA)
    assert (ada["name"], ada["role"], ada["account"], ada["positions"]) == ("Ada Moreno", "staff", "school", ["teacher"])
    assert ada["manager"]["name"] == "Pat Okafor"
    assert [s["id"] for s in ada["sources"]] == [GUID.hex()]
    for other in (f"ada.moreno@{DOMAIN}", f"ada@{DOMAIN}", ADA.upper()):
        assert show(office, other)["person"] == ada["person"], other
    assert set(ada["registered"]) == {"home-phone", "cell", "home-address"}
    assert "5550143" not in json.dumps(ada) and "mill" not in json.dumps(ada).lower()
    assert show(office, CAL)["manager"]["name"] == "Ada Moreno"
    assert not show(office, DANA)["enabled"] and show(office, CAL)["enabled"]
    assert show(office, S1)["role"] == "student"
    assert show(office, HANA)["role"] == "guardian"
    history = office.json("roster", "history")[0]
    read = history["files"][0]
    assert (read["source"], read["file"]) == ("ad", f"ldap://127.0.0.1:{ad.port}") and read["rows"] >= 8
    again = import_json(office)
    assert again["diff"]["added"] == again["diff"]["removed"] == 0, "the same directory again changes nothing"


def test_private_numbers_are_recognised_and_work_numbers_are_not(office, directory):
    sources(office, directory().source())
    import_(office)
    for text, owner in (("my home number is 508-555-0143", "sender"), ("cell (508) 555-0144", "sender"),
                        ("come to 12 Mill Road, Maple Hollow", "sender"), ("Mr. Ibarra's cell is 508-555-0145", "staff")):
        out = json.loads(office.chaperone("scan", "--from", ADA, "--to", S1, "--auth", ADA, "--json", "-",
                                          input=message(ADA, S1, "s", text).decode()))
        assert owner in [f["owner"] for f in out["findings"]], (text, out["findings"])
    out = json.loads(office.chaperone("scan", "--from", ADA, "--to", S1, "--auth", ADA, "--json", "-",
                                      input=message(ADA, S1, "s", "my desk: +1 508 555 0110").decode()))
    assert all(f["owner"] not in ("sender", "staff") for f in out["findings"]), out["findings"]


def test_groups_are_lists(office, directory):
    sources(office, directory().source())
    warnings = import_json(office)["warnings"]
    assert members(office, f"staff@{DOMAIN}") == sorted([ADA, CAL, PAT]), "a group without an address is gone into"
    assert members(office, f"everyone@{DOMAIN}") == sorted([ADA, CAL, PAT]), "by its other address too"
    assert members(office, f"district@{DOMAIN}") == sorted([ADA, CAL, PAT, S1, S2]), "lists within lists"
    assert members(office, f"loop@{DOMAIN}") == sorted([CAL, S3]), "round and round"
    assert members(office, f"office@{DOMAIN}") == sorted([CAL, PAT]), "by login"
    for unknown in ("all", "empty"):
        assert show(office, f"{unknown}@{DOMAIN}")["role"] == "list-unknown"
    ghost = show(office, f"ghost@{DOMAIN}")
    assert ghost["role"] == "list-unknown" or ghost["partly"], "a member cannot be told"
    assert any("not all members can be told" in w and "2 more" in w for w in warnings), warnings


def test_members_outside_the_search_are_looked_up(office, directory):
    ad = directory()
    sources(office, ad.source(base=f"ou=Staff,{SUFFIX}", group_base=f"ou=Groups,{SUFFIX}",
                              group_filter="(&(objectClass=group)(mail=band@*))"))
    assert import_json(office)["counts"]["students"] == 0
    assert members(office, f"band@{DOMAIN}") == sorted([ADA, S1, S2])
    sources(office, ad.source(base=f"ou=Staff,{SUFFIX}", group_base=f"ou=Groups,{SUFFIX}",
                              group_filter="(&(objectClass=group)(mail=district@*))"))
    import_(office)
    assert members(office, f"district@{DOMAIN}") == sorted([ADA, CAL, PAT, S1, S2]), "groups outside it too"


def test_rules_tell_roles(office, directory):
    rules = (f'( {{ on = "group"; match = "staff@{DOMAIN}"; role = "staff"; position = "counselor"; }},'
             f' {{ on = "dn"; match = "*OU=Students*"; role = "service"; }}, {{ on = "dn"; match = "{SUFFIX}"; role = "guardian"; }} )')
    sources(office, directory().source(roles=rules))
    import_(office)
    for address in (PAT, ADA, CAL):
        assert show(office, address)["positions"] == ["counselor"], "in the group or in one within"
    assert show(office, DANA)["role"] == "guardian"
    assert "service" in show(office, S1)["roles"]


def test_filters_as_in_postfix(office, directory):
    ad = directory()
    sources(office, ad.source(filter="(&(objectClass=user)(mail=%u@%d))"))
    assert import_json(office)["counts"]["people"] == 7, "addresses of the district and below it"
    sources(office, ad.source(filter="(&(objectClass=user)(|(proxyAddresses=smtp:%s)(uid=dwu)))"))
    assert import_json(office, "--force")["counts"]["people"] == 2
    sources(office, ad.source(filter="(mail=%z)"))
    refused(office, 78, "roster.conf:2", "filter", "%z")
    sources(office, ad.source(filter="(&(mail=%s)"))
    refused(office, 78, "roster.conf:2", "filter", "parentheses")
    sources(office, ad.source(filter="(mail=nobody@%d)"))
    refused(office, 65, "filter", "nobody below")


def test_id_attributes(office, directory):
    ad = directory()
    sources(office, ad.source(id_attribute="employeeID"))
    warnings = import_json(office)["warnings"]
    assert show(office, ADA)["sources"][0]["id"] == "E-7"
    assert any("id_attribute" in w for w in warnings)
    sources(office, ad.source(name="other"))
    import_(office, "--force")
    ids = {s["source"]: s["id"] for s in show(office, CAL)["sources"]}
    assert ids["ad"] == "E-8" and len(ids["other"]) == 36, "one person; entryUUID where there is no objectGUID"


def test_people_who_leave_and_who_are_renamed(office, directory):
    ad = directory()
    sources(office, ad.source())
    import_(office)
    person_ = show(office, ADA)["person"]
    ad.stop()
    new = f"aruiz@{DOMAIN}"
    ad.modify(f"dn: {CAL_DN}\nchangetype: delete\n\n"
              f"dn: {ADA_DN}\nchangetype: modify\nreplace: mail\nmail: {new}\n-\nreplace: sn\nsn: Ruiz\n-\ndelete: proxyAddresses\n-\n\n")
    ad.start()
    diff = import_json(office)["diff"]
    assert (diff["added"], diff["removed"]) == (0, 1), diff
    ada = show(office, new)
    assert ada["person"] == person_ and ada["name"] == "Ada Ruiz" and ada["manager"]["name"] == "Pat Okafor"
    assert show(office, ADA)["person"] == person_, "her former address is hers still"
    assert ADA not in members(office, f"band@{DOMAIN}") and new in members(office, f"band@{DOMAIN}")
    assert show(office, CAL)["gone"]
    sources(office, ad.source(filter="(uid=pokafor)"))
    lab_before = in_force(office)
    office.settings = {"roster": f'sources = "{office.path("roster.conf")}"; brake_least = 2;'}
    office.write_config()
    done = import_(office, status=77)
    assert "students" in done.stderr and in_force(office) == lab_before, "half a directory is braked"


def test_probe(office, directory):
    ad = directory()
    sources(office, ad.source(filter="(mail=%s)", roles='( { on = "group"; match = "Teachers"; role = "staff"; position = "teacher"; } )'))
    text = office.chaperone("roster", "probe", "ad", ADA)
    assert f"filter: (mail={ADA})" in text and ADA_DN in text and "staff (rule: group Teachers)" in text
    assert "+15085550110" in text and "5550143" not in text, "private details are not printed"
    text = office.chaperone("roster", "probe", "ad", f"band@{DOMAIN}")
    assert "members:    3" in text
    text = office.chaperone("roster", "probe", "ad", f"*@{DOMAIN}")
    assert "(mail=\\2a@" in text and "nobody" in text
    assert office.chaperone("roster", "probe", "none", ADA, check=False).returncode == 64
    sources(office, ad.source())
    assert ADA_DN in office.chaperone("roster", "probe", "ad", f"ada.moreno@{DOMAIN}")


# ---- the wire ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["starttls", "ldaps"])
def test_encrypted(office, directory, scheme):
    ad = directory()
    uri = f"ldap://127.0.0.1:{ad.port}" if scheme == "starttls" else f"ldaps://127.0.0.1:{ad.tls_port}"
    sources(office, ad.source(uri=uri))
    assert import_json(office)["counts"]["people"] == 8
    sources(office, ad.source(uri=uri, ca_file=ad.path("other.pem")))
    refused(office, 78, "certificate")
    sources(office, ad.source(uri=uri, ca_file=""))
    refused(office, 78, "certificate")
    sources(office, ad.source(uri=uri, ca_file=ad.path("none.pem")))
    refused(office, 78, "ca_file")


@pytest.mark.parametrize("scheme", ["starttls", "ldaps"])
def test_a_certificate_of_another_host(office, directory, scheme):
    ad = directory(san="DNS:other.example.org")
    uri = f"ldap://127.0.0.1:{ad.port}" if scheme == "starttls" else f"ldaps://127.0.0.1:{ad.tls_port}"
    sources(office, ad.source(uri=uri))
    refused(office, 78, "certificate")


def test_a_machines_own_settings_do_not_weaken_it(office, directory):
    ad = directory()
    sources(office, ad.source(ca_file=ad.path("other.pem")))
    done = subprocess.run([f"{BUILD}/chaperone", "roster", "--config", office.config, "import"], capture_output=True, text=True,
                          env={**os.environ, "LDAPTLS_REQCERT": "never", "LDAPREFERRALS": "on"}, timeout=60)
    assert done.returncode == 78 and "certificate" in done.stderr, done.stderr


def test_unencrypted_only_where_nobody_listens(office, directory):
    ad = directory()
    sources(office, ad.source(starttls=False))
    assert import_json(office)["counts"]["people"] == 8, "loopback"
    sources(office, ad.source(starttls=False, uri="ldap://directory.example.org"))
    refused(office, 78, "starttls", "unencrypted")


def test_other_ways_to_it(office, directory):
    ad = directory()
    sources(office, ad.source(uri=ad.socket_uri()))
    assert import_json(office)["counts"]["people"] == 8, "a socket of this machine"
    sources(office, ad.source(uri=f"ldap://127.0.0.1:1 ldaps://127.0.0.1:{ad.tls_port}"))
    assert import_json(office)["counts"]["people"] == 8, "the first that answers"


def test_credentials(office, directory):
    ad = directory()
    sources(office, ad.source())
    import_(office)
    ad.write("password", "wrong\n", 0o600)
    refused(office, 77, "bind_dn")
    ad.write("password", PASSWORD + "\n", 0o644)
    refused(office, 78, "password_file", "chmod")
    ad.write("password", "\n", 0o600)
    refused(office, 78, "password_file")
    os.unlink(ad.path("password"))
    refused(office, 66, "password_file")
    ad.write("password", PASSWORD, 0o640)
    sources(office, ad.source(bind_dn=f"cn=nobody,{SUFFIX}"))
    refused(office, 77, "bind_dn")
    sources(office, ad.source(bind_dn=READER.upper()))
    import_(office)
    sources(office, ad.source(base=f"ou=None,{SUFFIX}"))
    refused(office, 78, ": base: ", f"ou=None,{SUFFIX}")
    sources(office, ad.source(bind_dn=None, password_file=None))
    refused(office, 78, "what bind_dn may read")


def test_pages_and_limits(office, directory):
    ad = directory(entries=crowd(3000), limits="size.soft=500 size.hard=500 size.pr=500 size.prtotal=unlimited")
    sources(office, ad.source(page_size=500))
    assert import_json(office)["counts"]["students"] == 3000
    sources(office, ad.source(page_size=1000))
    refused(office, 78, "imit")
    ad.stop()
    ad.configure("size.soft=500 size.hard=500 size.pr=500 size.prtotal=1000")
    ad.start()
    sources(office, ad.source(page_size=250))
    refused(office, 78, "imit")


# ---- Active Directory's ways ---------------------------------------------------------------------------------------------


def domain_controller():
    """Someone in pieces: a group in ranges, text that is none, a part of the tree elsewhere."""
    people = {f"CN=P{i},OU=Staff,{SUFFIX}": {"objectClass": ["top", "person", "user"], "sn": [f"Name{i}"], "givenName": ["Pat"],
                                             "mail": [f"p{i}@{DOMAIN}"], "objectGUID": [bytes([i] * 16)]} for i in range(8)}
    people[f"CN=P0,OU=Staff,{SUFFIX}"].update({"title": [b"\xff\xfeboss"], "homePhone": ["508-555-0161"]})
    groups = {f"CN=Big,OU=Groups,{SUFFIX}": {"objectClass": ["group"], "cn": ["Big"], "mail": [f"big@{DOMAIN}"],
                                             "member": [*people, f"CN=Out,CN=Contacts,{SUFFIX}"]}}
    contact = {f"CN=Out,CN=Contacts,{SUFFIX}": {"objectClass": ["person", "contact"], "mail": ["out@mailbox.example.net"]}}
    return {**people, **groups, **contact}


def test_big_groups_come_in_ranges(office):
    with DomainController(domain_controller()) as dc:
        sources(office, dc.source(SUFFIX))
        result = import_json(office)
    assert result["counts"]["staff"] == 8
    assert members(office, f"big@{DOMAIN}") == sorted([*(f"p{i}@{DOMAIN}" for i in range(8)), "out@mailbox.example.net"])
    assert dc.ranges == ["member;range=3-*", "member;range=6-*"]
    first = show(office, f"p0@{DOMAIN}")
    assert first["sources"][0]["id"] == "00" * 16 and first["positions"] == [] and first["registered"] == ["home-phone"]
    warnings = "\n".join(result["warnings"])
    assert "title: a value that is no UTF-8 text" in warnings and "referrals to other servers" in warnings
    assert "no person (a group, computer or contact)" in warnings


def test_ranges_that_do_not_go_on(office):
    with DomainController(domain_controller(), stuck=True) as dc:
        sources(office, dc.source(SUFFIX))
        refused(office, 65, "ranges")


@pytest.mark.parametrize("code, status", [(1, 77), (8, 77), (51, 75), (52, 75), (11, 78), (80, 75)])
def test_what_a_server_says(office, code, status):
    with DomainController(domain_controller(), code=code) as dc:
        sources(office, dc.source(SUFFIX))
        refused(office, status, "a word of the server")


@pytest.mark.parametrize("junk", [b"\x30\x84\x7f\xff\xff\xff", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x03\x02\x01", b"\x30\x00"])
def test_no_directory_at_all(office, junk):
    with DomainController({}, junk=junk) as dc:
        sources(office, dc.source(SUFFIX, timeout_s=1))
        refused(office, 75)


# ---- down ----------------------------------------------------------------------------------------------------------------


def test_killed_half_way(office, directory):
    ad = directory(entries=crowd(4000))
    sources(office, ad.source(page_size=100))
    assert import_json(office)["counts"]["students"] == 4000
    wire = Wire(ad.port, 300_000, lambda: ad.stop(kill=True))
    sources(office, ad.source(page_size=100, uri=f"ldap://127.0.0.1:{wire.port}"))
    refused(office, 75, f"ldap://127.0.0.1:{wire.port}")
    assert wire.cut.is_set(), "it was killed in the middle"
    assert show(office, f"c7@{STUDENTS}")["role"] == "student"
    refused(office, 75)
    ad.start()
    sources(office, ad.source())
    assert import_json(office)["diff"]["removed"] == 0


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_silent_half_way(office, directory, scheme):
    ad = directory(entries=crowd(2000))
    go_on = threading.Event()
    wire = Wire(ad.port if scheme == "ldap" else ad.tls_port, 200_000, lambda: go_on.wait(60))
    sources(office, ad.source(page_size=100, timeout_s=3, uri=f"{scheme}://127.0.0.1:{wire.port}"))
    refused(office, 75, "within 3 s")
    assert wire.cut.is_set()
    go_on.set()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_silent_from_the_start(office, scheme, tmp_path):
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        sources(office, f'{{ name = "ad"; type = "ldap"; uri = "{scheme}://127.0.0.1:{deaf.getsockname()[1]}"; timeout_s = 1;'
                        f' bind_dn = "cn=a"; password_file = "{tmp_path}/password"; base = "{SUFFIX}"; }}')
        refused(office, 75)
    refused(office, 75)


def test_other_sources_stay_as_they_were(office, directory):
    ad = directory()
    sources(office, ad.source())
    import_(office)
    office.write("feeds/personal.csv", f"address,kind,value\r\n{CAL},cell,+15085550149\r\n")
    sources(office, ad.source(), f'{{ name = "office"; type = "district"; path = "{office.path("feeds")}"; }}')
    ad.stop()
    refused(office, 75)
    import_(office, "--source", "office")
    assert show(office, ADA)["manager"]["name"] == "Pat Okafor" and members(office, f"band@{DOMAIN}") == sorted([ADA, S1, S2])
    assert show(office, CAL)["registered"].count("cell") == 1
