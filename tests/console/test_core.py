"""The console's core in a real browser: signing in and out, lock-out, authenticators, languages, looks, errors, and what every answer
carries. Pages of their own have tests of their own."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse

import pytest
from consolelab import PASSWORD, Client, ConsoleLab, path_of, words
from lab import BUILD

WORDS = words()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(with_mail=False, settings={"console": "lock_after = 4; body_bytes = 16384;"}).start()
    lab.add_users()
    yield lab
    lab.stop()


def code_of(lab, secret):
    """oathtool's work, by RFC 6238, independent of ours."""
    import base64
    import hmac
    import struct
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


# ---- signing in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_sign_in_and_out(lab, browser, script):
    page = browser.page(javaScriptEnabled=script)
    page.goto(lab.url + "/account")
    assert path_of(page) == "/sign-in"
    lab.sign_in(page, "kim", "not this one")
    assert WORDS["enter.wrong"] in page.innerText("main")
    lab.sign_in(page, "Kim")
    assert path_of(page) == "/" and page.innerText(".who .name") == "kim"
    assert WORDS["role.reviewer"] in page.innerText("main")
    page.click(".who button")
    assert path_of(page) == "/sign-in" and WORDS["said.signed-out"] in page.innerText("main")
    page.goto(lab.url + "/account")
    assert path_of(page) == "/sign-in"
    assert not [e for e in browser.log(page)["errors"] if "403" not in e]


def test_session_is_new_at_each_sign_in(lab):
    client = Client(lab)
    client.ask("GET", "/sign-in")
    client.cookies["chaperone"] = "A" * 43
    answer, _ = client.sign_in("kim")
    assert answer.status == 303 and client.cookies["chaperone"] != "A" * 43
    cookie = client.cookies["chaperone"]
    csrf = client.csrf("/")
    assert client.ask("POST", "/sign-out", {"csrf": csrf})[0].status == 303
    client.cookies["chaperone"] = cookie
    assert client.ask("GET", "/")[0].headers["Location"] == "/sign-in"


def test_one_time_sign_in(lab, browser):
    made = json.loads(lab.chaperone("user", "sign-in-link", "lee", "--json"))
    assert made["link"] not in made["url"].split("#")[0]
    page = browser.page()
    page.goto(made["url"])
    assert path_of(page) == "/sign-in/once"
    assert page.inputValue("#link") == made["link"] and "#" not in page.url()
    page.click("main button[type=submit]")
    assert path_of(page) == "/" and page.innerText(".who .name") == "lee"
    again = browser.page()
    again.goto(made["url"])
    again.click("main button[type=submit]")
    assert WORDS["enter.wrong-once"] in again.innerText("main")
    # No secret in the console's log or in an address that was asked for.
    with open(lab.console_log, encoding="utf-8") as f:
        assert made["link"] not in f.read()
    assert not [url for url in browser.log(page)["requests"] if made["link"] in url.split("#")[0]]


def test_lock_out(lab):
    lab.add_user("locky", "auditor")
    for _ in range(4):
        assert Client(lab).sign_in("locky", "wrong wrong wrong")[0].status == 403
    answer, text = Client(lab).sign_in("locky")
    assert answer.status == 403 and WORDS["enter.wrong"].split(",")[0] in text
    locked = next(u for u in lab.json("user", "list") if u["name"] == "locky")
    assert locked["locked-until"]
    failed = [e for e in lab.events("sign-in-failed") if e["detail"]["account"] == "locky"]
    assert len(failed) == 5 and failed[0]["detail"]["remote"] == "127.0.0.1"
    lab.chaperone("user", "passwd", "locky", "--password-stdin", input="another long password")
    assert Client(lab).sign_in("locky", "another long password")[0].status == 303


def test_names_that_are_none_tell_nothing(lab):
    secret = "typed-password-into-name"
    answer, text = Client(lab).sign_in(secret, "x")
    known, other = Client(lab).sign_in("lee", "x")
    strip = re.compile(r'value="[^"]{43}"')
    assert answer.status == known.status == 403 and strip.sub("", text) == strip.sub("", other)
    with open(lab.console_log, encoding="utf-8") as f:
        assert secret not in f.read()
    assert secret not in json.dumps(lab.events())


def test_disabled(lab):
    lab.add_user("gone", "auditor")
    client = Client(lab)
    assert client.sign_in("gone")[0].status == 303
    lab.chaperone("user", "disable", "gone")
    assert client.ask("GET", "/")[0].headers["Location"] == "/sign-in"
    assert Client(lab).sign_in("gone")[0].status == 403
    lab.chaperone("user", "disable", "gone", "--off")
    assert Client(lab).sign_in("gone")[0].status == 303


def test_authenticator(lab, browser, accessible):
    lab.add_user("tina", "reviewer")
    page = lab.as_user(browser, "tina")
    page.goto(lab.url + "/account/totp")
    secret = page.innerText(".secret")
    assert page.locator("svg.qr").getAttribute("role") == "img"
    accessible(page)
    page.fill("#old", "wrong wrong wrong")
    page.fill("#code", code_of(lab, secret))
    page.click("main button[type=submit]")
    assert WORDS["account.wrong-old"] in page.innerText("main")
    page.fill("#old", PASSWORD)
    page.fill("#code", "000000" if code_of(lab, secret) != "000000" else "000001")
    page.click("main button[type=submit]")
    assert WORDS["enter.wrong-code"] in page.innerText("main") and page.innerText(".secret") == secret
    page.fill("#old", PASSWORD)
    page.fill("#code", code_of(lab, secret))
    page.click("main button[type=submit]")
    assert WORDS["said.totp"] in page.innerText("main")
    # From now on the password alone is half a session.
    other = browser.page(javaScriptEnabled=False)
    lab.sign_in(other, "tina")
    assert path_of(other) == "/sign-in/code"
    other.goto(lab.url + "/account")
    assert path_of(other) == "/sign-in/code"
    other.goto(lab.url + "/account/totp")
    assert path_of(other) == "/sign-in/code"
    code = code_of(lab, secret)
    other.fill("#code", code)
    other.click("main button[type=submit]")
    assert path_of(other) == "/"
    # A code is good once.
    third = browser.page(javaScriptEnabled=False)
    lab.sign_in(third, "tina")
    third.fill("#code", code)
    third.click("main button[type=submit]")
    assert WORDS["enter.wrong-code"] in third.innerText("main")


def test_password_change_ends_other_sessions(lab, browser):
    lab.add_user("pat", "reviewer")
    one, two = lab.as_user(browser, "pat", fresh=True), lab.as_user(browser, "pat", fresh=True)
    one.goto(lab.url + "/account")

    def change(old, new, again):
        for field, value in (("old", old), ("new", new), ("again", again)):
            one.fill("#" + field, value)
        one.click("form[action='/account/password'] button")
        return one.innerText("main")
    assert WORDS["account.differs"] in change(PASSWORD, "a brand new password", "another new password")
    assert WORDS["account.wrong-old"] in change("no no no no", "a brand new password", "a brand new password")
    assert WORDS["account.weak"] in change(PASSWORD, "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa")
    assert WORDS["said.password"] in change(PASSWORD, "a brand new password", "a brand new password")
    one.goto(lab.url + "/account")
    assert path_of(one) == "/account"
    two.goto(lab.url + "/account")
    assert path_of(two) == "/sign-in"


# ---- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/once", "/", "/account", "/account/totp", "/nothing-here", "/?said=said.saved"])
def test_pages_are_accessible(lab, browser, accessible, path, look):
    if path.startswith("/sign-in"):
        page = browser.page(colorScheme=look)
    else:
        page = lab.as_user(browser, "kim", colorScheme=look)
    page.goto(lab.url + path)
    if path == "/nothing-here":
        browser.log(page)["errors"]
        assert not browser.violations(page)
    else:
        accessible(page)
    page.setViewportSize({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    outside = [url for url in browser.log(page)["requests"] if not url.startswith((lab.url, "data:"))]
    assert not outside


def test_focus_and_targets(lab, browser):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/account")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    small = page.evaluate("""[...document.querySelectorAll("button, input:not([type=hidden]), select, nav a")]
        .map(e => [e.outerHTML, e.getBoundingClientRect()]).filter(([h, r]) => r.height < 24 || r.width < 24).map(([h]) => h)""")
    assert not small


def test_language_theme_and_shortcuts(lab, browser):
    page = browser.page(locale="es-US")
    page.goto(lab.url + "/sign-in")
    assert page.innerText("h1") == "Iniciar sesión" and page.getAttribute("html", "lang") == "es"
    page = lab.as_user(browser, "holds")
    page.goto(lab.url + "/account")
    assert page.getAttribute("html", "data-shortcuts") is None
    page.selectOption("#language", "es")
    page.selectOption("#theme", "dark")
    page.check("input[name=shortcuts]")
    page.click("form[action='/account/taste'] button")
    assert page.innerText("h1") == "Mi cuenta" and page.getAttribute("html", "data-theme") == "dark"
    assert page.getAttribute("html", "data-shortcuts") == "on"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    # What was said is said once.
    assert "Guardado" in page.innerText("main")
    page.reload()
    assert "Guardado" not in page.innerText("main")


# ---- safety --------------------------------------------------------------------------------------------------------


def test_headers(lab):
    client = Client(lab)
    for path in ("/sign-in", "/static/console.css", "/nothing"):
        answer, _ = client.ask("GET", path)
        csp = dict((p.strip().split(" ", 1) + [""])[:2] for p in answer.headers["Content-Security-Policy"].split(";"))
        assert csp["default-src"] == "'none'" and csp["script-src"] == "'self'" and csp["style-src"] == "'self'"
        assert csp["frame-ancestors"] == "'none'" and csp["base-uri"] == "'none'" and csp["form-action"] == "'self'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == ("max-age=300" if "static" in path else "no-store")
    set_ = client.ask("GET", "/sign-in", headers={"Cookie": ""})[0].headers["Set-Cookie"]
    assert "HttpOnly" in set_ and "SameSite=Strict" in set_ and "Path=/" in set_


def test_forms_need_their_token(lab):
    client = Client(lab)
    client.sign_in("kim")
    csrf = client.csrf("/account")
    for form in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": Client(lab).csrf("/sign-in")}):
        answer, _ = client.ask("POST", "/account/taste", {**form, "theme": "dark"})
        assert answer.status == 403
    good = {"csrf": csrf, "theme": "light", "language": ""}
    assert client.ask("POST", "/account/taste", good, {"Sec-Fetch-Site": "cross-site"})[0].status == 403
    assert client.ask("POST", "/account/taste", good, {"Sec-Fetch-Site": "same-origin"})[0].status == 303
    # Nor does the sign-in take a form of another visitor.
    other = Client(lab)
    assert other.ask("POST", "/sign-in", {"csrf": csrf, "name": "kim", "password": PASSWORD})[0].status == 403


def test_get_never_acts(lab):
    client = Client(lab)
    client.sign_in("kim")
    for path in ("/sign-out", "/account/taste", "/account/password"):
        assert client.ask("GET", path)[0].status == 405
    assert client.ask("GET", "/account")[0].status == 200


def test_odd_requests(lab):
    client = Client(lab)
    client.sign_in("kim")
    csrf = client.csrf("/account")
    assert client.ask("POST", "/account/taste", {"csrf": csrf, "theme": "d" * 20000})[0].status == 413
    for path in ("/static/../../etc/passwd", "/static/%2e%2e/console.css", "//host.example.net/", "/account//totp", "/%ff"):
        answer, text = client.ask("GET", path)
        assert answer.status == 404 and "root:" not in text, path
    assert client.ask("DELETE", "/account")[0].status in (404, 405)
    answer, text = client.ask("GET", "/?said=<script>alert(1)</script>")
    assert answer.status == 200 and "<script>alert" not in text
    assert client.ask("GET", "/", headers={"X-Remote-User": "auditor"})[1].count("kim") >= 1
    answer, _ = client.ask("HEAD", "/account")
    assert answer.status == 200


def test_bad_passwords_and_names(lab):
    for name, roles, password, status in (("x y", "auditor", PASSWORD, 65), ("ok", "king", PASSWORD, 64), ("kim", "auditor", PASSWORD, 65),
                                          ("short", "auditor", "short", 65)):
        done = lab.chaperone("user", "add", name, "--roles", roles, "--password-stdin", input=password, check=False)
        assert done.returncode == status, done.stderr
    assert "short" not in [u["name"] for u in lab.json("user", "list")]
    assert lab.chaperone("user", "roles", "nobody-here", "--roles", "auditor", check=False).returncode == 65


def test_role_change_ends_sessions_and_is_an_event(lab):
    lab.add_user("rob", "mail-admin")
    client = Client(lab)
    client.sign_in("rob")
    lab.chaperone("user", "roles", "rob", "--roles", "mail-admin,auditor", who="root-admin")
    assert client.ask("GET", "/")[0].headers["Location"] == "/sign-in"
    last = [e for e in lab.events("account-roles") if e["detail"]["account"] == "rob"][-1]
    assert last["who"] == "root-admin" and last["detail"]["roles"] == "mail-admin, auditor"


# ---- the server ----------------------------------------------------------------------------------------------------


def own_console(lab, settings, name):
    """A console of its own configuration beside the lab's."""
    with open(lab.config, encoding="utf-8") as f:
        text = f.read()
    for key, value in settings.items():
        text, count = re.subn(rf"(console = \{{[^}}]*?){key} = [^;]*;", rf"\g<1>{key} = {value};", text)
        if not count:
            text = text.replace("console = {", f"console = {{ {key} = {value};")
    lab.write(name, text)
    return lab.path(name)


def test_proxy_header(lab):
    from lab import free_port, wait_for, port_open
    secret, port = "s" * 40, free_port()
    lab.write("proxy.secret", secret + "\n")
    config = own_console(lab, {"listen": f'"127.0.0.1:{port}"', "proxy_header": '"X-Remote-User"',
                               "proxy_secret_file": f'"{lab.path("proxy.secret")}"'}, "proxy.conf")
    process = subprocess.Popen([f"{BUILD}/chaperone-console", "--config", config, "--foreground"], stderr=subprocess.DEVNULL)
    try:
        wait_for("console", lambda: port_open(port))
        at = type("At", (), {"console_port": port})
        good = {"X-Remote-User": "auditor", "X-Chaperone-Secret": secret, "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        client = Client(at)
        assert "auditor" in client.ask("GET", "/", headers=good)[1]
        event = [e for e in lab.events("signed-in") if e["detail"]["how"] == "proxy"][-1]
        assert event["who"] == "auditor" and event["detail"]["remote"] == "203.0.113.9"
        # Somebody else signs in at the proxy: the cookie does not keep the first.
        assert '"name">lee<' in client.ask("GET", "/", headers={**good, "X-Remote-User": "lee"})[1]
        for bad in ({"X-Remote-User": "auditor"}, {**good, "X-Chaperone-Secret": "t" * 40}, {**good, "X-Remote-User": "nobody-here"}):
            assert Client(at).ask("GET", "/", headers=bad)[0].headers["Location"] == "/sign-in"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_pam(lab):
    """Accounts without a password of their own are asked of PAM: here of a service whose module runs a script."""
    from lab import free_port, wait_for, port_open
    port = free_port()
    lab.write("pam/asks.sh", '#!/bin/sh\nread -r given\n[ "$PAM_USER" = pamela ] && [ "$given" = "kept elsewhere" ]\n')
    os.chmod(lab.path("pam/asks.sh"), 0o755)
    lab.write("pam/chaperone-test", f"auth [success=1 default=ignore] pam_exec.so expose_authtok quiet {lab.path('pam/asks.sh')}\n"
              "auth requisite pam_deny.so\nauth required pam_permit.so\naccount required pam_permit.so\n")
    lab.write("pam/broken", "auth required pam_of_nobody.so\naccount required pam_permit.so\n")
    lab.add_user("pamela", "auditor", password=None)
    lab.add_user("pablo", "auditor", password=None)

    def console(service):
        config = own_console(lab, {"listen": f'"127.0.0.1:{port}"', "pam_service": f'"{service}"', "pam_dir": f'"{lab.path("pam")}"'}, "pam.conf")
        process = subprocess.Popen([f"{BUILD}/chaperone-console", "--config", config, "--foreground"], stderr=subprocess.DEVNULL)
        wait_for("console", lambda: port_open(port))
        return process

    at = type("At", (), {"console_port": port})
    process = console("chaperone-test")
    try:
        client = Client(at)
        assert client.sign_in("pamela", "kept elsewhere")[0].status == 303
        assert '"name">pamela<' in client.ask("GET", "/")[1]
        assert [e["who"] for e in lab.events("signed-in") if e["detail"]["how"] == "pam"] == ["pamela"]
        for name, password in (("pamela", "not that"), ("pamela", ""), ("pablo", "kept elsewhere"), ("kim", "kept elsewhere"),
                               ("nobody-here", "kept elsewhere")):
            assert Client(at).sign_in(name, password)[0].status == 403, name
        assert Client(at).sign_in("kim")[0].status == 303  # has a password here
        # A password of one's own is set by who knows the one there is.
        csrf = client.csrf("/account")
        form = {"csrf": csrf, "old": "a guess at it", "new": "quite another password", "again": "quite another password"}
        client.ask("POST", "/account/password", form)
        assert Client(at).sign_in("pamela", "quite another password")[0].status == 403
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    process = console("broken")
    try:
        assert Client(at).sign_in("pablo", "kept elsewhere")[0].status == 503
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("settings, what", [
    ({"listen": '"0.0.0.0:8345"'}, "console.certificate"),
    ({"listen": '"nonsense"'}, "console.listen"),
    ({"proxy_header": '"X-Remote-User"'}, "proxy_secret_file"),
    ({"dir": '"/nonexistent"'}, "/nonexistent"),
])
def test_refuses_to_start(lab, settings, what):
    config = own_console(lab, settings, "bad.conf")
    done = subprocess.run([f"{BUILD}/chaperone-console", "--config", config, "--foreground"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and what in done.stderr


def test_tls(lab, browser):
    from lab import free_port, wait_for, port_open
    port = free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", lab.path("tls.key"), "-out", lab.path("tls.pem")],
                   check=True, capture_output=True)
    os.chmod(lab.path("tls.key"), 0o644)
    config = own_console(lab, {"listen": f'"127.0.0.1:{port}"', "certificate": f'"{lab.path("tls.pem")}"', "key": f'"{lab.path("tls.key")}"'},
                         "tls.conf")
    process = subprocess.Popen([f"{BUILD}/chaperone-console", "--config", config, "--foreground"], stderr=subprocess.DEVNULL)
    try:
        wait_for("console", lambda: port_open(port))
        page = browser.page(ignoreHTTPSErrors=True)
        page.goto(f"https://localhost:{port}/sign-in")
        page.fill("#name", "kim")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        assert page.innerText(".who .name") == "kim"
        cookies = {c["name"]: c for c in page.context().cookies()}
        assert cookies["__Host-chaperone"]["secure"] and cookies["__Host-chaperone"]["sameSite"] == "Strict"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_rate_limit(lab):
    from lab import free_port, wait_for, port_open
    port = free_port()
    config = own_console(lab, {"listen": f'"127.0.0.1:{port}"', "requests_minute": "30"}, "slow.conf")
    process = subprocess.Popen([f"{BUILD}/chaperone-console", "--config", config, "--foreground"], stderr=subprocess.DEVNULL)
    try:
        wait_for("console", lambda: port_open(port))
        client = Client(type("At", (), {"console_port": port}))
        codes = [client.ask("GET", "/sign-in")[0].status for _ in range(40)]
        assert codes[:20] == [200] * 20 and codes[-1] == 429
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_reload_keeps_running(lab):
    lab.console.send_signal(signal.SIGHUP)
    client = Client(lab)
    for _ in range(10):
        assert client.ask("GET", "/sign-in")[0].status == 200
    assert lab.console.poll() is None
