# SPDX-License-Identifier: GPL-2.0-or-later
"""An encrypted image opens with its passphrase, typed on the console.

To hibernate asks for nothing.  Nothing of the memory is on the disk in plain.
A wrong passphrase is asked for again; three of them end in an ordinary boot,
which says why.
"""
from lib import guest, scenario

MARK = "a-secret-that-nobody-may-read-on-the-disk"


def run(t):
    machine = t.boot()
    scenario.encrypt(machine)
    t.equal(scenario.status(machine)["encryption"], "passphrase", "status")
    machine.sh(f"echo {MARK} > /run/mark")
    boot_id = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    with open(machine.disk("target"), "rb") as disk:
        t.check(MARK.encode() not in disk.read(), "the mark is on the disk")
    up = scenario.power_on_typing(machine, ["wrong", guest.PASSPHRASE])
    t.equal(scenario.boot_id(machine), boot_id, "boot id")
    t.equal(machine.read("/run/mark").strip(), MARK, "tmpfs")
    last = scenario.status(machine)["last"]
    t.say(f"{down:.1f} s to S4, asked for nothing; one wrong and the right "
          f"passphrase: {up:.1f} s from power-on, {last['bytes'] >> 20} MiB, "
          f"read in {last['read_usec'] / 1e6:.1f} s")
    scenario.wait_parked(machine)
    scenario.hibernate(machine)
    scenario.power_on_typing(machine, ["wrong", "wrong again", "and again"])
    t.check(scenario.boot_id(machine) != boot_id, "it resumed")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "refused", "result in the status")
    t.say(f"three wrong ones: {resume['reason']}")
