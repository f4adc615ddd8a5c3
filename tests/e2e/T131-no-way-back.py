# SPDX-License-Identifier: GPL-2.0-or-later
"""A damaged image of 85 % of RAM restarts the machine, into an ordinary boot.

Kernel C had to clear itself out to make room, and cannot go on when a chunk
turns out to be damaged.  It must not hang, and not try again.
"""
from lib import scenario
from lib.guest import target_partition_size

TARGET_START = 1 << 20          # of the partition on its disk


def damage(machine):
    """A byte in the middle of the image."""
    offset = TARGET_START + target_partition_size() // 20
    with open(machine.disk("target"), "r+b") as disk:
        disk.seek(offset)
        byte = disk.read(1)[0]
        disk.seek(offset)
        disk.write(bytes([byte ^ 0x10]))


def run(t):
    machine = t.boot()
    boot_id = scenario.boot_id(machine)
    scenario.Fill(machine, scenario.memory_total(machine) * 85 // 100)
    scenario.hibernate(machine)
    damage(machine)
    machine.power_on()
    seconds, how = machine.wait_off(240)
    t.equal(how, "reboot", "what became of kernel C")
    text = machine.serial().decode(errors="replace")
    t.check("ending everything else" in text, "C had room: this tests nothing")
    t.check("damaged: chunk" in text, "it does not name the chunk")
    t.say(f"kernel C restarted the machine {seconds:.1f} s after power-on")
    machine.start()
    t.check(scenario.boot_id(machine) != boot_id, "it was resumed")
    state = scenario.status(machine)
    t.equal(state["resume"]["result"], "claimed", "result in the status")
    t.check("did not come back" in state["last"]["result"],
            f"status says: {state['last']['result']}")
    t.say(state["last"]["result"])
