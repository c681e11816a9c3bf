"""A network of our own: a namespace where every address can be ours, with a name server that answers what a test wants.

enter() runs the test program again inside of it; where namespaces are not allowed it gives the reason, and tests skip."""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

MARK = "TS_INSIDE_NAMESPACE"
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
IFF_UP = 1


def enter():
    """None inside; else does not return, or says why there is no inside."""
    if os.environ.get(MARK):
        return None
    for flags in (["--mount", "--net"], ["--user", "--map-root-user", "--mount", "--net"]):
        command = ["unshare", *flags, "--propagation", "private"]
        try:
            if subprocess.run([*command, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20).returncode == 0:
                sys.stdout.flush()
                os.execvpe("unshare", [*command, sys.executable, "-B", *sys.argv], dict(os.environ, **{MARK: "1"}))
        except OSError:
            break
    return "namespaces are not allowed here"


def add_address(address, number):
    """One more address of the loopback device."""
    if ":" in address:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            row = socket.inet_pton(socket.AF_INET6, address) + struct.pack("Ii", 128, socket.if_nametoindex("lo"))
            fcntl.ioctl(s, SIOCSIFADDR, row)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b"lo:%d" % number
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.255.255.255")):
            fcntl.ioctl(s, request, struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value)))


def set_up(addresses):
    """The loopback device with these addresses, and /etc/resolv.conf naming the server below."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
    for number, address in enumerate(addresses, 1):
        add_address(address, number)
    for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"), ("/etc/nsswitch.conf", "hosts: dns\n")):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        subprocess.run(["mount", "--bind", file.name, path], check=True, timeout=20)


class NameServer:
    """names: name -> list of addresses, or a function of the number of the question that gives one. A name starting with
    "=" in a list is a CNAME."""

    def __init__(self, names):
        self.names = names
        self.asked = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.socket.close()

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
                self.socket.sendto(self.answer(question), peer)
            except OSError:
                return

    def records(self, name, kind):
        self.asked[name, kind] = count = self.asked.get((name, kind), 0) + 1
        found = self.names.get(name)
        if found is None:
            return None
        rows = []
        for value in found(count) if callable(found) else found:
            if value.startswith("="):
                rows.append((name, 5, self.encode(value[1:])))
                rows += self.records(value[1:], kind) or []
            elif ":" in value and kind == 28:
                rows.append((name, 28, socket.inet_pton(socket.AF_INET6, value)))
            elif ":" not in value and kind == 1:
                rows.append((name, 1, socket.inet_aton(value)))
        return rows

    @staticmethod
    def encode(name):
        return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack(">H", question[at + 1:at + 3])[0]
        rows = self.records(".".join(labels).lower(), kind)
        head = question[:2] + struct.pack(">HHHHH", 0x8180 if rows is not None else 0x8183, 1, len(rows or []), 0, 0)
        body = b"".join(self.encode(name) + struct.pack(">HHIH", k, 1, 0, len(data)) + data for name, k, data in rows or [])
        return head + question[12:at + 5] + body
