# SPDX-License-Identifier: GPL-2.0-or-later
"""`kjumpctl test` calls the parked kernel B and comes back, ten times in a row.

A's processes, devices and CPUs are as before.
"""
import time

from lib import scenario


def run(t):
    machine = t.boot()
    counter = scenario.Counter(machine)
    _, _, pid = counter.read()
    times = []
    for _ in range(10):
        began = time.monotonic()
        machine.run("kjumpctl", "test", timeout=60)
        times.append(time.monotonic() - began)
        t.equal(scenario.b_state(machine), "parked",
                "/sys/kernel/kexec_jump")
    t.say("ten calls, seconds: "
          + " ".join(f"{seconds:.1f}" for seconds in times))
    scenario.check_io(machine)
    t.equal(machine.run("nproc").strip(), "2", "CPUs on")
    count, _, pid_after = counter.read()
    time.sleep(1)
    t.check(counter.read()[0] > count and pid_after == pid,
            "the counter does not go on")
    last = scenario.status(machine)["last"]
    t.check(last["ok"], f"status: {last}")
    t.say("disk, network, both CPUs and the counter go on")
