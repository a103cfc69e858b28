"""A directory of a district for the tests: a private slapd with data, certificates and a schema of its own, on loopback."""
import base64
import os
import subprocess

from lab import free_port, port_open, wait_for

SUFFIX = "dc=maplehollow,dc=example,dc=org"
READER = f"cn=reader,{SUFFIX}"
PASSWORD = "Orchard-lane-5"

# Attributes as Active Directory names them; numbers below the enterprise number that is kept for examples.
SCHEMA = """\
objectidentifier ex 1.3.6.1.4.1.32473.5
attributetype ( ex:1 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( ex:2 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( ex:3 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( ex:4 NAME 'employeeID' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( ex:5 NAME 'ipPhone' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( ex:6 NAME 'otherHomePhone' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( ex:7 NAME 'otherMobile' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( ex:8 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( ex:9 NAME 'memberOf' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( ex:10 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( ex:11 NAME 'department' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( ex:12 NAME 'badge' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( ex:20 NAME 'user' SUP top AUXILIARY MAY ( proxyAddresses $ sAMAccountName $ userPrincipalName $ employeeID $ ipPhone $
  otherHomePhone $ otherMobile $ objectGUID $ memberOf $ userAccountControl $ department $ badge ) )
objectclass ( ex:21 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ mail $ proxyAddresses $ displayName $ objectGUID $ memberOf ) )
objectclass ( ex:22 NAME 'msExchDynamicDistributionList' SUP top STRUCTURAL MUST cn MAY ( mail $ displayName ) )
objectclass ( ex:23 NAME 'listed' SUP top AUXILIARY MAY ( mail $ displayName ) )
"""

CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include {dir}/district.schema
pidfile {dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
threads 2
{tls}
database mdb
suffix "{suffix}"
directory {dir}/db
maxsize 268435456
dbnosync
rootdn "cn=root,{suffix}"
limits dn.exact="{reader}" {limits}
index objectClass eq
index mail pres,eq
access to attrs=userPassword by anonymous auth by * none
{access}
access to * by dn.exact="{reader}" read by * none
"""

TLS = """\
TLSCACertificateFile {dir}/ca.pem
TLSCertificateFile {dir}/server.pem
TLSCertificateKeyFile {dir}/server.key
"""


def dn(name, *units, attribute="cn"):
    return ",".join([f"{attribute}={name}", *(f"ou={u}" for u in units), SUFFIX])


def entry(dn_, classes, **values):
    """LDIF of an entry; a value is a text, bytes, or a list of them; None leaves it out."""
    lines = [("dn", dn_), *(("objectClass", c) for c in classes)]
    for name, value in values.items():
        lines += [(name, v) for v in (value if isinstance(value, list) else [value]) if v is not None]
    return "".join(f"{n}:: {base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode()}\n" for n, v in lines) + "\n"


def person(login, units, given, family, **values):
    # The name is built so that logins and DNs differ.
    return entry(dn(f"{given} {family}", *units), ["inetOrgPerson", "user"], cn=f"{given} {family}", givenName=given, sn=family,
                 uid=login, sAMAccountName=login, **values)


def group(name, members, **values):
    return entry(dn(name, "Groups"), ["group"], cn=name, member=members, **values)


class Directory:
    def __init__(self, folder, entries, limits="size=unlimited", access="", san="IP:127.0.0.1,DNS:localhost"):
        self.dir, self.port, self.tls_port = folder, free_port(), free_port()
        self.process = None
        os.makedirs(self.path("db"))
        self.make_certificates(san)
        self.write("password", PASSWORD + "\n", 0o600)
        self.write("district.schema", SCHEMA)
        self.configure(limits, access)
        units = ("Staff", "Students", "Groups", "Parents")
        tree = entry(SUFFIX, ["dcObject", "organization"], o="Maple Hollow", dc="maplehollow")
        tree += "".join(entry(f"ou={u},{SUFFIX}", ["organizationalUnit"], ou=u) for u in units)
        tree += entry(READER, ["organizationalRole", "simpleSecurityObject"], cn="reader", userPassword=PASSWORD)
        self.write("data.ldif", tree + "".join(entries))
        self.run("/usr/sbin/slapadd", "-q", "-f", self.path("slapd.conf"), "-l", self.path("data.ldif"))

    # ---- setting up ------------------------------------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def run(self, *command, input=None):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, input=input)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def configure(self, limits, access=""):
        self.write("slapd.conf", CONF.format(dir=self.dir, suffix=SUFFIX, reader=READER, limits=limits, access=access,
                                             tls=TLS.format(dir=self.dir)))

    def make_certificates(self, san):
        self.write("san", f"subjectAltName={san}\n")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        for name in ("ca", "other"):
            self.run("openssl", "req", "-x509", *key, "-days", "2", "-subj", f"/CN=Test {name}",
                     "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.pem"))
        self.run("openssl", "req", *key, "-subj", "/CN=directory", "-keyout", self.path("server.key"),
                 "-out", self.path("server.csr"))
        self.run("openssl", "x509", "-req", "-in", self.path("server.csr"), "-CA", self.path("ca.pem"), "-CAkey",
                 self.path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", self.path("san"), "-out",
                 self.path("server.pem"))

    # ---- running ---------------------------------------------------------------------------------------------------

    def start(self):
        log = open(self.path("log"), "ab")
        self.process = subprocess.Popen(
            ["/usr/sbin/slapd", "-d", "0", "-f", self.path("slapd.conf"), "-h",
             f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port} {self.socket_uri()}"], stdout=log, stderr=log)
        log.close()
        wait_for("slapd", lambda: port_open(self.port) and port_open(self.tls_port))
        return self

    def socket_uri(self):
        return "ldapi://" + self.path("socket").replace("/", "%2F")

    def stop(self, kill=False):
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(30)
        self.process = None

    def modify(self, ldif):
        """Changes as the root of the directory, while it does not run."""
        self.run("/usr/sbin/slapmodify", "-q", "-f", self.path("slapd.conf"), input=ldif)

    # ---- as a source -----------------------------------------------------------------------------------------------

    def source(self, name="ad", **more):
        """An entry of the sources file."""
        values = {"type": "ldap", "uri": f"ldap://127.0.0.1:{self.port}", "ca_file": self.path("ca.pem"), "bind_dn": READER,
                  "password_file": self.path("password"), "base": SUFFIX, "timeout_s": 20, **more}
        texts = {k: f'"{v}"' if isinstance(v, str) and not v.startswith("(") or k.endswith("filter") else str(v).lower()
                 if isinstance(v, bool) else str(v) for k, v in values.items() if v is not None}
        return f'{{ name = "{name}"; ' + " ".join(f"{k} = {v};" for k, v in texts.items()) + " }"
