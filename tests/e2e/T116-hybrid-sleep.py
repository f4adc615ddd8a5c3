# SPDX-License-Identifier: GPL-2.0-or-later
"""hybrid-sleep: woken up, the machine goes on and there is no image; without power it resumes.

Kernel B writes the image and suspends to RAM, so that nothing of A runs while
the image is valid.
"""
import time

from lib import scenario

COMMAND = ("systemctl", "hybrid-sleep")


def check_same(t, machine, before, pid):
    t.equal(scenario.boot_id(machine), before, "boot id")
    count_1, _, pid_now = scenario.Counter.look(machine)
    t.equal(pid_now, pid, "process id of the counter")
    time.sleep(1)
    t.check(scenario.Counter.look(machine)[0] > count_1, "the counter stands")
    last = scenario.wait_last(machine, "hybrid-sleep")
    t.check(last["ok"], f"status says: {last['result']}")
    t.equal(scenario.image(machine)["state"], "none", "image on the target")
    scenario.check_io(machine)
    return last


def run(t):
    machine = t.boot()
    can = machine.run("busctl", "call", "org.freedesktop.login1",
                      "/org/freedesktop/login1",
                      "org.freedesktop.login1.Manager", "CanHybridSleep")
    t.equal(can.strip(), 's "yes"', "CanHybridSleep")
    counter = scenario.Counter(machine)
    before, pid = scenario.boot_id(machine), counter.read()[2]

    down = scenario.suspend(machine, *COMMAND)
    t.equal(scenario.monitor(machine, "query-status")["status"], "suspended",
            "the machine")
    time.sleep(2)
    up = scenario.wake(machine)
    last = check_same(t, machine, before, pid)
    t.equal(scenario.b_state(machine), "parked",
            "kernel B after the wake-up")
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "--no-pager",
                          "-o", "cat")
    t.check("Awake from hybrid-sleep" in journal, f"the journal:\n{journal}")
    t.say(f"{down:.1f} s to S3 with {last['bytes'] >> 20} MiB written, awake "
          f"after {up:.1f} s, no image left")

    down = scenario.suspend(machine, *COMMAND)
    machine.cut()
    up = machine.start()
    last = check_same(t, machine, before, pid)
    t.check(last["read_usec"] > 0, f"nothing was read: {last}")
    t.say(f"{down:.1f} s to S3, power cut, resumed {up:.1f} s after power-on")
