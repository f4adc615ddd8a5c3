# SPDX-License-Identifier: GPL-2.0-or-later
"""Words and data go both ways between kernels, and nothing else sees kernel B.

The kernel's own selftest calls one image several times: arguments arrive,
values come back, state is kept.  READY is told from RESUME.  The parked image
does not show as an ordinary kexec image, and `systemctl reboot` reboots.
"""
from lib import scenario


def run(t):
    machine = t.boot()
    t.equal(machine.read("/sys/kernel/kexec_loaded").strip(), "0",
            "/sys/kernel/kexec_loaded with kernel B parked")

    machine.run("kjumpctl", "unload", timeout=60)
    t.equal(scenario.b_state(machine), "none",
            "/sys/kernel/kexec_jump after `kjumpctl unload`")
    machine.run("systemctl", "stop", "kjumpd", timeout=60)
    status, out, err = machine.agent.run(["test_kexec_call"], timeout=120)
    text = (out + err).decode(errors="replace")
    for line in text.splitlines():
        t.say(f"selftest: {line}")
    t.check(status == 0 and "not ok" not in text and "ok " in text,
            f"the kernel's selftest failed (status {status})")

    machine.run("systemctl", "start", "kjumpd", timeout=60)
    scenario.wait_parked(machine)
    machine.run("kjumpctl", "test", timeout=60)
    t.equal(scenario.status(machine)["last"]["operation"], "test ping",
            "operation after READY")
    t.round_trip()
    t.equal(scenario.status(machine)["last"]["operation"], "hibernate",
            "operation after RESUME")
    scenario.wait_parked(machine)

    t.equal(machine.read("/sys/kernel/kexec_loaded").strip(), "0",
            "/sys/kernel/kexec_loaded with kernel B parked")
    before = scenario.boot_id(machine)
    machine.begin("systemctl", "reboot")
    _, how = machine.wait_off(120)
    t.equal(how, "reboot", "how `systemctl reboot` ended")
    machine.start()
    t.check(scenario.boot_id(machine) != before, "no reboot took place")
    t.say("`systemctl reboot` reset the machine, and an ordinary boot followed")
