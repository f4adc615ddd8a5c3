# SPDX-License-Identifier: GPL-2.0-or-later
"""Escape on a console while the image is written: A runs on.

By the serial console and by a keyboard.  The reason reaches who asked and the
status, the target holds no image, and the next hibernation works.
"""
from lib import scenario

ESCAPE = "\x1b"
# The virtual terminal too; the serial console stays the last, /dev/console.
CONSOLES = "console=tty0 console=ttyS0,115200"


def press_key(machine):
    with machine.qmp() as qmp:
        qmp.command("send-key", keys=[{"type": "qcode", "data": "esc"}])


def stopped_by(t, what, press):
    machine = t.machine
    boot_id = scenario.boot_id(machine)
    before = scenario.status(machine)["last"]
    at = len(machine.serial())
    machine.throttle("target", 60 << 20)    # or it is written before one can type
    machine.begin("systemctl", "hibernate")
    machine.wait_serial("kjump: writing the image:", after=at)
    press(machine)
    machine.wait_agent()
    machine.throttle("target", 0)
    t.equal(scenario.boot_id(machine), boot_id, "boot id")
    last = scenario.wait_last(machine, "hibernate", newer_than=before)
    t.check(not last["ok"] and "Escape" in last["result"],
            f"status says: {last['result']}")
    image = scenario.image(machine)
    t.equal(image["state"], "none", "image on the target")
    count, _, _ = scenario.Counter.look(machine)
    t.say(f"{what}: {last['result']}; the counter goes on at {count}")


def run(t):
    machine = t.boot(append=CONSOLES)
    scenario.Fill(machine, 500)
    scenario.Counter(machine)
    stopped_by(t, "serial console", lambda m: m.type(ESCAPE))
    stopped_by(t, "keyboard", press_key)
    t.round_trip()
