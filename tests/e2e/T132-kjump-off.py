# SPDX-License-Identifier: GPL-2.0-or-later
"""`kjump=off` or `noresume` at boot: an ordinary boot, the image is discarded.

And it says so; the boot after it, without those words, resumes nothing.
"""
from lib import scenario


def discarded(t, word):
    machine = t.machine
    scenario.wait_parked(machine)
    before = scenario.boot_id(machine)
    scenario.hibernate(machine)
    machine.start(append=word)
    t.check(scenario.boot_id(machine) != before, f"{word}: it was resumed")
    state = scenario.status(machine)
    t.equal(state["resume"]["result"], "discarded", f"{word}: kjump-resume")
    t.check("was discarded" in state["last"]["result"],
            f"{word}: status says: {state['last']['result']}")
    journal = machine.run("journalctl", "-b", "-u", "kjump-resume",
                          "--no-pager", "-o", "cat")
    t.check("was discarded" in journal,
            f"{word}: the journal of that boot does not say it:\n{journal}")
    t.equal(scenario.image(machine)["state"], "none", f"{word}: image")
    t.say(f"{word}: {state['last']['result']}")


def run(t):
    machine = t.boot()
    discarded(t, "kjump=off")
    machine.cut()
    machine.start(append="")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "none", f"the boot after: {resume['reason']}")
    discarded(t, "noresume")
