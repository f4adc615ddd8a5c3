# SPDX-License-Identifier: GPL-2.0-or-later
"""One command makes a fresh machine hibernate, encrypted, to a new file.

The passphrase is asked for by the command, and again after power-on.  The
initramfs is made by initramfs-tools, which this machine has.
"""
from lib import fresh

FULL = True

GUEST = "initramfs-tools"
PASSPHRASE = "a passphrase of this test"


def run(t):
    machine = t.boot(parked=False)
    fresh.make(machine)
    before = fresh.traces(machine)
    status, said = fresh.setup(
        machine, "--yes", "--encrypt", "--target=/var/lib/kjump/image",
        stdin=b"one passphrase\nand another\n")
    t.check(status == 1 and "differ" in said,
            f"two passphrases: status {status}: {said}")
    t.equal(fresh.traces(machine), before, "after two passphrases")
    status, said = fresh.setup(
        machine, "--yes", "--encrypt", "--target=/var/lib/kjump/image",
        stdin=f"{PASSPHRASE}\n{PASSPHRASE}\n".encode())
    t.check(status == 0, f"kjumpctl setup: status {status}: {said}")
    t.equal(fresh.not_ok(machine), {}, "checks that are not ok")
    size = int(machine.run("stat", "-c", "%s", "/var/lib/kjump/image"))
    blocks = int(machine.run("stat", "-c", "%b", "/var/lib/kjump/image"))
    t.check(blocks * 512 >= size >= 1 << 30,
            f"the file: {size} bytes, {blocks} blocks")
    fresh.hibernate_and_resume(t, machine, ["wr0ng", PASSPHRASE])
    t.equal(fresh.not_ok(machine).get("old-image"), None,
            "the used image, encrypted")
