# SPDX-License-Identifier: GPL-2.0-or-later
"""`kjumpctl test --write` writes a whole image and A runs on; it is never resumed.

After a power cut the machine boots ordinarily and says why, and a real
hibernation afterwards works.
"""
from lib import scenario


def run(t):
    machine = t.boot()
    counter = scenario.Counter(machine)
    count, _, pid = counter.read()
    before = scenario.boot_id(machine)
    text = machine.run("kjumpctl", "test", "--write", timeout=180)
    t.say(f"kjumpctl: {text.strip()}")
    t.check("MiB/s" in text, "kjumpctl test --write did not say the speed")
    last = scenario.status(machine)["last"]
    t.check(last["ok"] and last["bytes"] > 0 and last["write_usec"] > 0,
            f"status after the snapshot: {last}")
    count_after, _, pid_after = counter.read()
    t.equal(pid_after, pid, "process id of the counter")
    t.check(count_after > count, "A does not run on")
    scenario.check_io(machine)
    machine.run("sync")
    machine.cut()
    seconds = machine.start()
    t.check(scenario.boot_id(machine) != before, "the snapshot was resumed")
    reason = scenario.status(machine)["resume"]
    t.say(f"after a power cut: an ordinary boot in {seconds:.1f} s; "
          f"kjumpctl status: {reason['reason']}")
    t.check(reason["reason"], "status does not say why nothing was resumed")
    scenario.wait_parked(machine)
    t.round_trip()
