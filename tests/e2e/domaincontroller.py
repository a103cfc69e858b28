"""What slapd cannot show: a server that gives groups' members in ranges, text that is no UTF-8, references to other servers, and
errors at will. It answers over plain LDAP on loopback, page control or not; of a filter it knows whether people are asked for."""
import socket
import threading

RANGE = 3  # members at once


def tlv(tag, *parts):
    data = b"".join(parts)
    length = len(data)
    head = bytes([length]) if length < 128 else bytes([0x84]) + length.to_bytes(4, "big")
    return bytes([tag]) + head + data


def octets(value, tag=4):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def number(value, tag=2):
    return tlv(tag, value.to_bytes(4, "big"))


def take(data, at):
    """Tag, content and what comes after it."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at:at + size], "big"), at + size
    return tag, data[at:at + length], at + length


def parts(data):
    out, at = [], 0
    while at < len(data):
        tag, content, at = take(data, at)
        out.append((tag, content))
    return out


class DomainController:
    def __init__(self, entries, stuck=False, code=0, junk=None):
        self.entries, self.stuck, self.code, self.junk = entries, stuck, code, junk
        self.ranges = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.close()

    def source(self, base, timeout_s=10):
        return (f'{{ name = "ad"; type = "ldap"; uri = "ldap://127.0.0.1:{self.port}"; starttls = false; base = "{base}";'
                f' timeout_s = {timeout_s}; }}')

    # ---- answering -------------------------------------------------------------------------------------------------

    def serve(self):
        while True:
            try:
                one, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(one,), daemon=True).start()

    def talk(self, one):
        with one, one.makefile("rb") as lines:
            try:
                while head := lines.read(2):
                    size = head[1] & 0x7F if head[1] & 0x80 else 0
                    more = lines.read(size)
                    request = lines.read(int.from_bytes(more, "big") if size else head[1])
                    if self.junk is not None:
                        one.sendall(self.junk)
                        continue
                    (_, id_), (operation, content), *_ = parts(request)
                    if operation == 0x42:
                        return
                    for answer in self.answers(operation, content):
                        one.sendall(tlv(0x30, tlv(2, id_), answer))
            except OSError:
                pass

    def answers(self, operation, content):
        if operation == 0x60:
            return [self.result(0x61)]
        if self.code:
            return [self.result(0x65, self.code)]
        (_, base), (_, scope), *_, (_, wanted) = parts(content)
        base, wanted = base.decode().lower(), [a.decode() for _, a in parts(wanted)]
        people = b"posixAccount" in content
        found = [(dn, values) for dn, values in self.entries.items()
                 if (dn.lower() == base if scope[-1] == 0 else people == ("person" in values["objectClass"]))]
        if scope[-1] == 0 and not found:
            return [self.result(0x65, 32)]
        out = [self.entry(dn, values, wanted) for dn, values in found]
        if scope[-1] != 0:
            out.append(tlv(0x73, octets("ldap://elsewhere.example.org/DC=sub")))
        return [*out, self.result(0x65)]

    def result(self, tag, code=0):
        return tlv(tag, number(code, 10), octets(""), octets("a word of the server" if code else ""))

    def entry(self, dn, values, wanted):
        given = []
        for name, all_ in values.items():
            ranged = [w for w in wanted if w.lower().startswith(name.lower() + ";range=")]
            if ranged or (name == "member" and len(all_) > RANGE):
                given.append(self.ranged(name, all_, ranged))
            elif name in wanted:
                given.append((name, all_))
        attributes = [tlv(0x30, octets(name), tlv(0x31, *(octets(v) for v in all_))) for name, all_ in given]
        return tlv(0x64, octets(dn), tlv(0x30, *attributes))

    def ranged(self, name, all_, asked):
        self.ranges += asked
        first = int(asked[0].split("=")[1].split("-")[0]) if asked and not self.stuck else 0
        last = first + RANGE - 1
        ends = last >= len(all_) - 1
        return f"{name};range={first}-{'*' if ends else last}", all_[first:last + 1]
