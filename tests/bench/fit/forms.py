"""How contact details are written: plainly in the usual ways, and disguised.

Each function takes a random source and a canonical value and returns (text, name of the disguise).
"""
EN = "zero one two three four five six seven eight nine".split()
ES = "cero uno dos tres cuatro cinco seis siete ocho nueve".split()
MATH_BOLD = {str(i): chr(0x1D7CE + i) for i in range(10)}
FULL = {str(i): chr(0xFF10 + i) for i in range(10)}
ARABIC = {str(i): chr(0x0660 + i) for i in range(10)}
CIRCLED = {str(i): chr(0x2460 + i - 1) if i else "⓪" for i in range(10)}
KEYCAP = {str(i): f"{i}\ufe0f\u20e3" for i in range(10)}
LEET = {"0": "Oo", "1": "lI", "5": "S", "8": "B"}
CYRILLIC = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "i": "і"}
GATEWAYS = ["vtext.com", "txt.att.net", "tmomail.net", "msg.fi.google.com", "email.uscc.net", "vzwpix.com"]


def groups(value):
    return value[2:5], value[5:8], value[8:]


def phone_plain(rng, value):
    """NANP in the forms that people use, others as their countries write them."""
    if not value.startswith("+1") or len(value) != 12:
        return world_phone(rng, value), "none"
    a, b, c = groups(value)
    form = rng.choices(["{0}-{1}-{2}", "({0}) {1}-{2}", "{0}.{1}.{2}", "{0} {1} {2}", "{0}{1}{2}", "+1 {0}-{1}-{2}", "1-{0}-{1}-{2}", "({0}){1}-{2}",
                        "+1 ({0}) {1}-{2}", "{0}/{1}-{2}", "{0} - {1} - {2}", "({0}) {1} {2}", "+1{0}{1}{2}", "1 ({0}) {1}-{2}", "{0}-{1} {2}",
                        "{0}–{1}–{2}", "{0}\u00a0{1}\u00a0{2}"],
                       [26, 20, 9, 6, 6, 5, 4, 4, 4, 3, 3, 3, 2, 2, 1, 1, 1])[0]
    return form.format(a, b, c), "none"


def world_phone(rng, value):
    d = value[1:]
    if d.startswith("44"):
        return rng.choice([f"+44 {d[2:6]} {d[6:]}", f"+44 (0){d[2:6]} {d[6:]}", f"0044 {d[2:6]} {d[6:9]} {d[9:]}", "+" + d])
    if d.startswith("61"):
        return rng.choice([f"+61 {d[2:5]} {d[5:8]} {d[8:]}", f"+61-{d[2:5]}-{d[5:8]}-{d[8:]}", "+" + d])
    pairs = " ".join(d[3 + i:5 + i] for i in range(0, 8, 2))
    return rng.choice([f"+33 {d[2]} {pairs}", f"+33 (0){d[2]} {pairs}", f"0033 {d[2]} {pairs}"])


def world_value(rng):
    """Numbers set aside for drama: British and Australian mobiles, French mobiles."""
    return rng.choice([f"+447700900{rng.randrange(1000):03d}", f"+6149157{rng.randrange(6, 10)}{rng.randrange(100, 999)}"[:12], f"+3363998{rng.randrange(10000):04d}"])


def spelled(rng, digits, words=EN, zero=None):
    zero = zero or rng.choice(["zero", "oh", "zero", "o"])
    return [zero if words is EN and d == "0" else words[int(d)] for d in digits]


def phone_spelled(rng, value):
    words = spelled(rng, value[2:])
    if rng.random() < 0.4:
        words = [" ".join(words[:3]) + ",", " ".join(words[3:6]) + ",", " ".join(words[6:])]
    return rng.choice([" ", " ", "-"]).join(words).replace(",-", ", "), "spelled"


def phone_spelled_es(rng, value):
    return " ".join(spelled(rng, value[2:], ES)), "spelled"


def phone_mixed(rng, value):
    a, b, c = groups(value)
    out = []
    for group in (a, b, c):
        out.append(" ".join(spelled(rng, group)) if rng.random() < 0.5 else group)
    if not any(x.isdigit() for x in out):
        out[0] = a
    if all(x.isdigit() for x in out):
        out[1] = " ".join(spelled(rng, b))
    return rng.choice([" ", " ", "-", ", "]).join(out), "spelled"


def phone_glued(rng, value):
    """Words and figures run together: 413five55zero142."""
    picks = set(rng.sample(range(10), 3))
    return "".join(EN[int(d)] if i in picks else d for i, d in enumerate(value[2:])), "spelled"


def phone_double(rng, value):
    digits, out, i = value[2:], [], 0
    while i < len(digits):
        if digits[i:i + 3] == digits[i] * 3 and len(digits) - i >= 3:
            out.append("triple " + EN[int(digits[i])])
            i += 3
        elif digits[i:i + 2] == digits[i] * 2:
            out.append("double " + EN[int(digits[i])])
            i += 2
        else:
            out.append(spelled(rng, digits[i])[0])
            i += 1
    return " ".join(out), "spelled"


def phone_leet(rng, value):
    text = "-".join(groups(value))
    swaps = [i for i, c in enumerate(text) if c in LEET]
    for i in rng.sample(swaps, min(len(swaps), rng.randrange(1, 4))):
        text = text[:i] + rng.choice(LEET[text[i]]) + text[i + 1:]
    return text, "leet"


def phone_unicode(rng, value):
    table, name = rng.choice([(FULL, "fullwidth"), (MATH_BOLD, "fullwidth"), (ARABIC, "fullwidth"), (CIRCLED, "fullwidth"), (KEYCAP, "fullwidth")])
    return "".join(table.get(c, c) for c in rng.choice(["-", " ", ""]).join(groups(value))), name


def phone_zero_width(rng, value):
    text = rng.choice(["-", "", " "]).join(groups(value))
    for at in sorted(rng.sample(range(1, len(text)), rng.randrange(1, 5)), reverse=True):
        text = text[:at] + rng.choice(["\u200b", "\u200d", "\u2060", "\u00ad", "\u200e"]) + text[at:]
    return text, "zero-width"


def phone_separators(rng, value):
    a, b, c = groups(value)
    digits = value[2:]
    return rng.choice(["*".join((a, b, c)), "_".join((a, b, c)), "~".join((a, b, c)), " · ".join((a, b, c)), " ".join(digits), ".".join(digits),
                       "-".join(digits), " // ".join((a, b, c)), "•".join((a, b, c)), "...".join((a, b, c)), " | ".join((a, b, c)), f"[{a}] [{b}] [{c}]",
                       ", ".join((a, b, c)), f"{a} <> {b} <> {c}", " ".join((a, b[:2], b[2], c[:2], c[2:]))]), "separators"


def phone_lines(rng, value):
    a, b, c = groups(value)
    return rng.choice([f"{a}\n{b}\n{c}", f"{a}-\n{b}-{c}", f"{a}-{b}-\n{c}", f"- {a}\n- {b}\n- {c}", f"({a})\n{b}-{c}", f"1. {a}\n2. {b}\n3. {c}"]), "split"


PHONE_DISGUISES = [phone_spelled, phone_mixed, phone_leet, phone_unicode, phone_zero_width, phone_separators, phone_separators, phone_lines, phone_glued,
                   phone_double]


def phone(rng, value, disguise=False, spanish=False):
    if not disguise or not value.startswith("+1"):
        return phone_plain(rng, value)
    if spanish and rng.random() < 0.3:
        return phone_spelled_es(rng, value)
    return rng.choice(PHONE_DISGUISES)(rng, value)


# ---- mailboxes -----------------------------------------------------------------------------------------------------------------------------------

def spoken(local, es=False):
    for sign, word in ((".", "punto" if es else "dot"), ("_", "guion bajo" if es else "underscore"), ("-", "guion" if es else "dash")):
        local = local.replace(sign, f" {word} ")
    return local


PROVIDERS = {"gmail.example": "gmail.com", "yahoo.example": "yahoo.com", "outlook.example": "outlook.com", "icloud.example": "icloud.com"}


def email_at_dot(rng, value):
    local, domain = value.split("@")
    name, top = domain.rsplit(".", 1)
    return rng.choice([f"{local}(at){domain}", f"{local} (at) {name} (dot) {top}", f"{local}[at]{name}[dot]{top}", f"{local} at {name} dot {top}",
                       f"{spoken(local)} at {spoken(name)} dot {top}", f"{local} AT {name} DOT {top}", f"{local}{{at}}{name}{{dot}}{top}", f"{local} <at> {domain}",
                       f"{local}_at_{domain}", f"{local} at {domain}", f"{local} -at- {name} -dot- {top}"]), "at-dot"


def email_at_dot_es(rng, value):
    local, domain = value.split("@")
    name, top = domain.rsplit(".", 1)
    return rng.choice([f"{local} arroba {name} punto {top}", f"{local} (arroba) {name} (punto) {top}", f"{spoken(local, True)} arroba {spoken(name, True)} punto {top}"]), "at-dot"


def email_spaced(rng, value):
    local, domain = value.split("@")
    return rng.choice([f"{local} @ {domain}", f"{local} @ {domain.replace('.', ' . ')}", f"{local}@ {domain}", " ".join(f"{local}@{domain}")]), "spaced"


def email_no_domain(rng, value):
    local, domain = value.split("@")
    name = domain.split(".")[0]
    return rng.choice([f"{local} at {name}", f"{local}@{name}", f"{local} ({name})", f"{local} @ {name}", f"{name}: {local}"]), "no-domain"


def email_unicode(rng, value):
    local, domain = value.split("@")
    return rng.choice([f"{local}＠{domain}", f"{local}＠{domain.replace('.', '．')}", f"{local}﹫{domain}"]), "fullwidth"


def email_zero_width(rng, value):
    local, domain = value.split("@")
    at = rng.randrange(1, len(local))
    return rng.choice([f"{local[:at]}\u200b{local[at:]}@{domain}", f"{local}\u200b@\u200b{domain}", f"{local}@{domain[:3]}\u2060{domain[3:]}"]), "zero-width"


def email_homoglyph(rng, value):
    local, domain = value.split("@")
    spots = [i for i, c in enumerate(domain.split(".")[0]) if c in CYRILLIC]
    at = rng.choice(spots) if spots else None
    return (f"{local}@{domain[:at]}{CYRILLIC[domain[at]]}{domain[at + 1:]}", "homoglyph") if spots else (value, "none")


EMAIL_DISGUISES = [email_at_dot, email_at_dot, email_at_dot, email_spaced, email_no_domain, email_no_domain, email_unicode, email_zero_width, email_homoglyph]


def email(rng, value, disguise=False, spanish=False, known=False):
    """A disguised mailbox that no register knows stands with the true name of its provider."""
    local, domain = value.split("@")
    if not disguise or domain not in PROVIDERS:
        return (value.title() if rng.random() < 0.03 else rng.choice([value, value, value, f"<{value}>", f"mailto:{value}"])), "none"
    if not known:
        value = f"{local}@{PROVIDERS[domain]}"
    if spanish:
        return email_at_dot_es(rng, value)
    return rng.choice(EMAIL_DISGUISES)(rng, value)


# ---- platforms -----------------------------------------------------------------------------------------------------------------------------------

# platform -> words that stand for it, forms of its links
PLATFORMS = {
    "instagram": (["Instagram", "insta", "IG", "ig", "Insta", "instagram"], ["instagram.com/{}", "https://www.instagram.com/{}/", "ig.me/m/{}"]),
    "snapchat": (["Snapchat", "snap", "Snap", "snapchat"], ["snapchat.com/add/{}", "https://www.snapchat.com/add/{}?share_id=x1", "https://snapchat.com/@{}"]),
    "tiktok": (["TikTok", "tiktok", "Tik Tok"], ["tiktok.com/@{}", "https://www.tiktok.com/@{}?lang=en"]),
    "discord": (["Discord", "discord"], []),
    "telegram": (["Telegram", "telegram"], ["t.me/{}", "https://t.me/{}"]),
    "kik": (["Kik", "kik"], ["kik.me/{}"]),
    "twitter": (["Twitter", "twitter"], ["x.com/{}", "https://twitter.com/{}", "https://mobile.twitter.com/{}"]),
    "facebook": (["Facebook", "FB", "facebook", "Messenger"], ["facebook.com/{}", "m.me/{}", "https://www.facebook.com/{}"]),
    "threads": (["Threads"], ["https://www.threads.net/@{}"]),
    "bluesky": (["Bluesky", "bluesky"], ["https://bsky.app/profile/{}"]),
    "reddit": (["Reddit", "reddit"], ["reddit.com/u/{}", "https://www.reddit.com/user/{}"]),
    "twitch": (["Twitch", "twitch"], ["twitch.tv/{}"]),
    "steam": (["Steam"], ["https://steamcommunity.com/id/{}"]),
    "roblox": (["Roblox", "roblox"], []),
    "xbox": (["Xbox Live", "Xbox"], []),
    "playstation": (["PSN", "psn"], []),
    "youtube": (["YouTube", "youtube"], ["youtube.com/@{}", "https://www.youtube.com/@{}"]),
    "linkedin": (["LinkedIn"], ["https://www.linkedin.com/in/{}", "linkedin.com/in/{}"]),
    "wechat": (["WeChat"], []),
    "skype": (["Skype", "skype"], []),
    "bereal": (["BeReal"], ["https://bere.al/{}"]),
    "line": (["LINE ID"], ["https://line.me/ti/p/{}"]),
}
HANDLE_WEIGHTS = {"instagram": 9, "snapchat": 8, "discord": 6, "tiktok": 4, "telegram": 3, "twitter": 3, "facebook": 3, "kik": 2}
LEET_PLATFORMS = {"instagram": ["1nsta", "in$tagram", "i n s t a", "inst@"], "snapchat": ["sn@p", "s.n.a.p", "sn4pchat"], "discord": ["d1scord", "disc0rd"],
                  "tiktok": ["t1ktok", "tikt0k"]}


def platform(rng):
    names = sorted(PLATFORMS)
    return rng.choices(names, [HANDLE_WEIGHTS.get(n, 1) for n in names])[0]


def handle(rng, name, which, disguise=False):
    """(word for the platform, the handle as written, the disguise)"""
    word = rng.choice(PLATFORMS[which][0])
    if disguise:
        form = rng.randrange(3)
        if form == 0 and which in LEET_PLATFORMS:
            return rng.choice(LEET_PLATFORMS[which]), name, "leet"
        if form == 1 and "_" in name or "." in name:
            return word, " ".join(spoken(name).split()), "at-dot"
        at = rng.randrange(1, len(name))
        return word, name[:at] + "\u200b" + name[at:], "zero-width"
    return word, rng.choice(["@" + name, "@" + name, name]), "none"


def handle_link(rng, name, which):
    forms = PLATFORMS[which][1]
    return rng.choice(forms).format(name) if forms else None


def code(rng, n):
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(n))


def invite(rng):
    """(canonical value, text, platform word)"""
    value, word = rng.choice([(f"discord.gg/{code(rng, 8)}", "Discord"), (f"discord.com/invite/{code(rng, 8)}", "Discord"),
                              (f"chat.whatsapp.com/{code(rng, 22)}", "WhatsApp"), (f"chat.whatsapp.com/{code(rng, 22)}", "WhatsApp"),
                              (f"t.me/+{code(rng, 16)}", "Telegram"), (f"t.me/joinchat/{code(rng, 16)}", "Telegram"),
                              (f"signal.group/#{code(rng, 30)}", "Signal"), (f"groupme.com/join_group/{rng.randrange(10**7, 10**8)}/{code(rng, 8)}", "GroupMe"),
                              (f"band.us/n/{code(rng, 12).lower()}", "Band"), (f"line.me/ti/g/{code(rng, 10)}", "LINE"), (f"m.me/j/{code(rng, 16)}", "Messenger"),
                              (f"kik.me/g/{code(rng, 20)}", "Kik"), (f"steamcommunity.com/chat/invite/{code(rng, 8)}", "Steam"),
                              (f"join.skype.com/{code(rng, 12)}", "Skype")])
    text = rng.choice([value, "https://" + value, "https://" + value])
    return value, text, word
