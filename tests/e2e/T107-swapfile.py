# SPDX-License-Identifier: GPL-2.0-or-later
"""The image goes to a swap file on the root file system; a power cut is harmless.

The file system is as it was after the resume.  When the power is cut while the
image is written, the file is plain swap, and the boot is an ordinary one.
"""
from lib import scenario, swaparea

FULL = True

FILE = "/var/swapfile"
MAKE = f"""set -e
fallocate -l 1200M {FILE}; chmod 600 {FILE}
mkswap -q {FILE}
swapon {FILE}"""


def first_page(machine):
    """Where the file begins on the disk."""
    return int(machine.sh(f"filefrag -v -b4096 {FILE}").splitlines()[3]
               .split()[3].rstrip(".")) * swaparea.PAGE


def run(t):
    machine = t.boot()
    machine.sh(MAKE)
    t.say(swaparea.configure(machine, FILE))
    fill = scenario.Fill(machine, 150)
    swaparea.swap_out(machine, 100)
    at = first_page(machine)
    before = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    t.equal(swaparea.type_of(machine.disk("root"), at), "swsuspend",
            "type of the file's first page while the machine is off")
    up = scenario.resume(machine)
    t.equal(scenario.boot_id(machine), before, "boot id after the resume")
    scenario.wait_last(machine, "hibernate")
    t.check(swaparea.usage(machine) is not None, "the swap file is not active")
    t.check(fill.swapped_kib() > 50 << 10, "hardly anything is swapped out")
    fill.verify()
    scenario.check_io(machine)
    t.say(f"{down:.1f} s to S4, {up:.1f} s from power-on")

    scenario.wait_parked(machine)
    machine.begin("systemctl", "hibernate")
    machine.wait_serial("writing the image:", timeout=300)
    machine.cut()
    t.equal(swaparea.type_of(machine.disk("root"), at), "swap",
            "type of the file's first page after a power cut")
    machine.start()
    t.check(scenario.boot_id(machine) != before, "it was resumed")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "none", resume["reason"])
    machine.run("swapon", FILE)
    t.say(resume["reason"])
