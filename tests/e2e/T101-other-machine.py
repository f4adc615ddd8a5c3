# SPDX-License-Identifier: GPL-2.0-or-later
"""An image of another machine, or of other RAM, is refused, and never resumed.

The one is copied over by giving a real image another machine's id; for the
other the machine is powered on with more memory.
"""
from lib import prints, scenario
from lib.paths import MACHINE_ID

OTHER_ID = bytes(range(1, 17))
MACHINE_ID_AT, MEMORY_MAP_AT = 168, 200         # in the header


def refused(t, machine, hibernated, words, **options):
    seconds = machine.start(**options)
    t.check(scenario.boot_id(machine) not in hibernated, "it was resumed")
    resume = scenario.status(machine)["resume"]
    t.say(f"an ordinary boot in {seconds:.1f} s: {resume['reason']}")
    t.equal(resume["result"], "refused", "result in the status")
    t.check(words in resume["reason"], f"it does not say \"{words}\"")
    t.equal(scenario.image(machine)["state"], "claimed", "image")
    return scenario.boot_id(machine)


def run(t):
    machine = t.boot()
    hibernated = [scenario.boot_id(machine)]
    scenario.hibernate(machine)
    header = prints.headers(machine)[0]
    t.equal(header[MACHINE_ID_AT:MACHINE_ID_AT + 16].hex(), MACHINE_ID,
            "machine id in the header")
    t.check(any(header[MEMORY_MAP_AT:MEMORY_MAP_AT + 32]),
            "the header has no memory map")
    prints.change_header(machine, MACHINE_ID_AT, OTHER_ID)
    hibernated.append(refused(
        t, machine, hibernated, f"another machine, whose id is {OTHER_ID.hex()}"))

    scenario.wait_parked(machine)
    scenario.hibernate(machine)
    digest = prints.headers(machine)[0][MEMORY_MAP_AT:MEMORY_MAP_AT + 32]
    t.check(digest == header[MEMORY_MAP_AT:MEMORY_MAP_AT + 32],
            "the same machine has two memory maps")
    prints.change_header(machine, MEMORY_MAP_AT, bytes(reversed(digest)))
    hibernated.append(refused(t, machine, hibernated, "RAM at other places"))

    scenario.wait_parked(machine)
    scenario.hibernate(machine)
    refused(t, machine, hibernated, "pages of RAM", memory=1280)
