# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian 13 hibernates, resumes, and says the truth about it.

Its systemd has other rules for hibernation than that of Debian 12, and looks
for swap space and a resume device.  The package is the same, built on the host.
"""
from lib import scenario

GUEST = "trixie"


def run(t):
    machine = t.boot()
    t.check("VERSION_CODENAME=trixie" in machine.read("/etc/os-release"),
            "the guest is not Debian 13")
    version = machine.run("systemctl", "--version").split("\n")[0]
    swaps = machine.read("/proc/swaps").strip().splitlines()
    t.equal(len(swaps), 1, "lines of /proc/swaps (no swap is in use)")
    t.equal(scenario.logind_can(machine, "Hibernate"), "yes", "CanHibernate")
    counter = scenario.Counter(machine)
    count, _, pid = counter.read()
    t.round_trip()
    count_after, _, pid_after = counter.read()
    t.equal(pid_after, pid, "process id of the counter")
    t.check(count_after > count, f"the counter stands still at {count}")
    t.equal(machine.run("systemctl", "is-failed", "systemd-hibernate",
                        check=False).strip(), "inactive",
            "systemd-hibernate.service")
    t.say(f"{version}: the counter went on from {count} to {count_after}")
    scenario.wait_parked(machine)
    check_truth(t, machine)


def check_truth(t, machine):
    """What cannot work is not offered."""
    scenario.set_target(machine, "PARTUUID=00000000-no-such-disk")
    machine.run("kjumpctl", "load", check=False)
    answer = scenario.logind_can(machine, "Hibernate")
    t.check(answer in ("no", "na"), f"CanHibernate without target: {answer}")
    t.say(f"CanHibernate: yes, and {answer} when the target is gone")
