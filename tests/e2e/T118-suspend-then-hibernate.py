# SPDX-License-Identifier: GPL-2.0-or-later
"""suspend-then-hibernate: woken by a person it goes on, by its alarm it hibernates.

Hooks are told of each sleep, as by systemd.
"""
import time

from lib import scenario

COMMAND = ("systemctl", "suspend-then-hibernate")
DELAY = 40
HOOK = """#!/bin/sh
echo "$1 $2 $SYSTEMD_SLEEP_ACTION" >> /root/hooks
"""
S2H = "suspend-then-hibernate"


def hooks(machine):
    return machine.read("/root/hooks").split("\n")[:-1]


def wait_hooks(machine, wanted):
    scenario.wait_until(lambda: hooks(machine), lambda ran: ran == wanted,
                        f"the hooks {wanted} ran")


def run(t):
    machine = t.boot()
    machine.sh("mkdir -p /etc/systemd/sleep.conf.d; "
               f"printf '[Sleep]\\nHibernateDelaySec={DELAY}s\\n' "
               "> /etc/systemd/sleep.conf.d/60-delay.conf; "
               f"cat > /usr/lib/systemd/system-sleep/say <<'END'\n{HOOK}END\n"
               "chmod +x /usr/lib/systemd/system-sleep/say")
    can = machine.run("busctl", "call", "org.freedesktop.login1",
                      "/org/freedesktop/login1",
                      "org.freedesktop.login1.Manager",
                      "CanSuspendThenHibernate")
    t.equal(can.strip(), 's "yes"', "CanSuspendThenHibernate")
    before = scenario.boot_id(machine)

    down = scenario.suspend(machine, *COMMAND)
    up = scenario.wake(machine)
    suspended = [f"pre {S2H} suspend", f"post {S2H} suspend"]
    wait_hooks(machine, suspended)
    t.check(scenario.status(machine)["last"] is None, "kjump was called")
    t.equal(scenario.boot_id(machine), before, "boot id")
    t.say(f"{down:.1f} s to S3, woken by a person: awake after {up:.1f} s")

    machine.run("rm", "/root/hooks")
    scenario.suspend(machine, *COMMAND)
    began = time.monotonic()
    _, how = machine.wait_off(scenario.OFF_TIMEOUT)
    t.equal(how, "s4", "the machine")
    seconds = time.monotonic() - began
    t.check(seconds >= DELAY - 2, f"it hibernated after {seconds:.1f} s")
    t.check(scenario.count_events(machine, "WAKEUP") >= 1, "no alarm woke it")
    up = machine.start()
    t.equal(scenario.boot_id(machine), before, "boot id after the resume")
    last = scenario.wait_last(machine, "hibernate")
    t.check(last["ok"], f"status says: {last['result']}")
    wait_hooks(machine, suspended + [f"pre {S2H} hibernate",
                                     f"post {S2H} hibernate"])
    scenario.check_io(machine)
    t.say(f"an alarm after {DELAY} s, S4 {seconds:.1f} s after S3, resumed "
          f"{up:.1f} s after power-on")
