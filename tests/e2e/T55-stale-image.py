# SPDX-License-Identifier: GPL-2.0-or-later
"""An image that a boot did not resume is gone after it, and a used one too.

The boot that has no kjump-resume in its initramfs changes the file systems of
the hibernated system: the boot after it must not resume that.
"""
import json

from lib import scenario


def image_state(machine):
    return json.loads(machine.run("kjumpctl", "inspect", "--json"))["state"]


def run(t):
    machine = t.boot()
    t.round_trip()
    t.equal(image_state(machine), "none", "image after a resume")
    scenario.wait_parked(machine)
    hibernated = scenario.boot_id(machine)

    machine.sh(scenario.MASK + scenario.SETTLE)
    scenario.hibernate(machine)
    machine.start()
    t.check(scenario.boot_id(machine) != hibernated, "it was resumed")
    t.check(scenario.status(machine)["resume"] is None,
            "kjump-resume ran: this tests nothing")
    scenario.wait_parked(machine)
    t.equal(image_state(machine), "none", "image after a boot without C")
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "-p", "warning",
                          "--no-pager", "-o", "cat")
    t.check("was not resumed by this boot" in journal,
            f"the journal does not say it:\n{journal}")
    t.say(journal.strip())

    booted = scenario.boot_id(machine)
    machine.sh(scenario.UNMASK + scenario.SETTLE)
    machine.cut()
    machine.start()
    t.check(scenario.boot_id(machine) not in (hibernated, booted),
            "a later boot resumed it")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "none", f"kjump-resume: {resume['reason']}")
    scenario.wait_parked(machine)
    t.round_trip()
