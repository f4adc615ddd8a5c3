# SPDX-License-Identifier: GPL-2.0-or-later
"""`systemctl hibernate` saves a running system and power-on brings it back.

1 GiB, 2 CPUs, no swap, KASLR on; three times in a row on one boot.  The same
processes go on with their open files and memory, tmpfs, disks, network and
both CPUs are there, and logind told everybody before and after.
"""
from lib import scenario

SIGNAL = ("type='signal',interface='org.freedesktop.login1.Manager',"
          "member='PrepareForSleep'")


def prepare_for_sleep(machine):
    """Values of logind's signal so far."""
    text = machine.sh("cat /run/prepare-for-sleep")
    return [line.split()[1].rstrip(";") for line in text.splitlines()
            if line.strip().startswith("BOOLEAN")]


def run(t):
    machine = t.boot()
    counter = scenario.Counter(machine)
    scenario.service(machine, "watch-sleep", "bash", "-c",
                     f"exec busctl monitor --match \"{SIGNAL}\" "
                     "> /run/prepare-for-sleep")
    checksum = machine.sh("head -c 40000000 /dev/urandom > /dev/shm/data; "
                          "md5sum /dev/shm/data")
    swaps = machine.run("cat", "/proc/swaps").strip().splitlines()
    t.equal(len(swaps), 1, "lines of /proc/swaps (no swap is in use)")
    for turn in (1, 2, 3):
        count, _, pid = counter.read()
        t.round_trip()
        count_after, seconds, pid_after = counter.read()
        t.equal(pid_after, pid, "process id of the counter")
        t.check(count_after > count, f"the counter stands still at {count}")
        t.equal(machine.sh("md5sum /dev/shm/data"), checksum,
                "checksum of the file in tmpfs")
        t.equal(machine.run("nproc").strip(), "2", "CPUs on")
        scenario.check_io(machine)
        t.equal(prepare_for_sleep(machine), ["true", "false"] * turn,
                "PrepareForSleep signals")
        t.equal(machine.run("systemctl", "is-failed", "systemd-hibernate",
                            check=False).strip(), "inactive",
                "systemd-hibernate.service")
        t.say(f"turn {turn}: counter went on from {count} to {count_after} "
              f"({seconds} s of A's time), pid {pid}; tmpfs, disk, network, "
              "2 CPUs and PrepareForSleep are right")
        scenario.wait_parked(machine)
