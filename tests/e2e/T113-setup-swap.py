# SPDX-License-Identifier: GPL-2.0-or-later
"""One command makes a fresh machine hibernate into its swap area.

The swap area stays one: it is in use before, and after the resume.
"""
from lib import fresh

FULL = True

FSTAB = "UUID=$(blkid -o value -s UUID /dev/vdc) none swap sw 0 0"


def run(t):
    machine = t.boot(parked=False)
    fresh.make(machine)
    machine.sh("set -e; mkswap /dev/vdc > /dev/null; udevadm settle; "
               f"echo \"{FSTAB}\" >> /etc/fstab; swapon -a")
    status, said = fresh.setup(machine, "--yes", "--target=/dev/vdc")
    t.check(status == 0, f"kjumpctl setup: status {status}: {said}")
    t.check("swap area" in said and "Target=UUID=" in said, said)
    t.equal(fresh.not_ok(machine), {}, "checks that are not ok")
    status, said = fresh.setup(machine)
    t.check(status == 0 and "nothing to do" in said,
            f"a second run: status {status}: {said}")
    fresh.hibernate_and_resume(t, machine)
    t.check("/dev/vdc" in machine.read("/proc/swaps"), "swap is off")
