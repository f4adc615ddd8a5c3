# SPDX-License-Identifier: GPL-2.0-or-later
"""Escape on the console while the image is written: A runs on.

The reason reaches who asked and the status, the target holds no image, and the
next hibernation works.
"""
from lib import scenario

ESCAPE = "\x1b"


def run(t):
    machine = t.boot()
    scenario.Fill(machine, 500)         # or it is written before one can type
    counter = scenario.Counter(machine)
    boot_id = scenario.boot_id(machine)
    machine.begin("systemctl", "hibernate")
    machine.wait_serial("kjump: writing the image:")
    machine.type(ESCAPE)
    machine.wait_agent()
    t.equal(scenario.boot_id(machine), boot_id, "boot id")
    last = scenario.wait_last(machine, "hibernate")
    t.check(not last["ok"] and "Escape" in last["result"],
            f"status says: {last['result']}")
    image = scenario.image(machine)
    t.equal(image["state"], "none", "image on the target")
    count, _, _ = counter.read()
    t.say(f"{last['result']}; the counter goes on at {count}")
    t.round_trip()
