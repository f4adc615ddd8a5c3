# SPDX-License-Identifier: GPL-2.0-or-later
"""One command makes a fresh machine hibernate, to a partition.

Before that it refuses what holds something, changes nothing when it is only
asked what it would do or when nobody can be asked, and takes back what it has
done when a step fails.  A second run finds nothing to do.
"""
import time

from lib import fresh


def refusals(t, machine):
    before = fresh.traces(machine)
    status, said = fresh.setup(machine, "--dry-run")
    t.check(status == 0 and "to do:" in said and "/dev/vdb1" in said,
            f"--dry-run: status {status}: {said}")
    status, said = fresh.setup(machine)
    t.check(status == 1 and "--yes" in said,
            f"without a terminal: status {status}: {said}")
    said = machine.sh("(sleep 8; echo 2; sleep 8; echo n) | "
                      "script -qec 'kjumpctl setup' /dev/null", check=False)
    t.check("1. the partition /dev/vdb1" in said and "2. a new file" in said
            and "of 1" in said and "Nothing was changed" in said,
            f"at a terminal: {said}")
    machine.run("mkfs.ext4", "-q", "-F", "-L", "home", "/dev/vdb1")
    for options in (("--target=/dev/vdb1",), ("--target=auto", "--dry-run")):
        status, said = fresh.setup(machine, "--yes", *options)
        t.check("/dev/vdb1 holds an ext4 file system labelled 'home'" in said,
                f"a foreign partition, {options}: status {status}: {said}")
    t.equal(fresh.traces(machine), before, "after five runs that do nothing")
    machine.sh("wipefs -qa /dev/vdb1; udevadm settle")


def failure(t, machine):
    """A dracut that builds something else, when the rest has been written."""
    before = fresh.traces(machine)
    machine.sh("mv /usr/bin/dracut /root; printf '#!/bin/sh\\nexec cp "
               "/boot/initrd.img-$4 $3\\n' > /usr/bin/dracut; "
               "chmod +x /usr/bin/dracut")
    status, said = fresh.setup(machine, "--yes")
    machine.sh("mv /root/dracut /usr/bin/dracut")
    t.check(status == 1 and "Undoing" in said and "has no kjump-resume" in said,
            f"an initramfs without kjump: status {status}: {said}")
    t.equal(fresh.traces(machine), before, "after it was undone")


def run(t):
    machine = t.boot(parked=False)
    fresh.make(machine)
    t.check("initramfs" in fresh.not_ok(machine), "this guest is not fresh")
    refusals(t, machine)
    t.say("a dry run, runs that cannot ask or hear no, and a partition with "
          "a file system: nothing changed")
    failure(t, machine)
    t.say("a failing step: all was undone")
    began = time.monotonic()
    status, said = fresh.setup(machine, "--yes")
    t.check(status == 0, f"kjumpctl setup --yes: status {status}: {said}")
    t.say(f"kjumpctl setup --yes: {time.monotonic() - began:.0f} s")
    t.equal(fresh.not_ok(machine), {}, "checks that are not ok")
    status, said = fresh.setup(machine)
    t.check(status == 0 and "nothing to do" in said,
            f"a second run: status {status}: {said}")
    fresh.hibernate_and_resume(t, machine)
    t.equal(fresh.not_ok(machine).get("old-image"), "warning",
            "the used image, in plain")
