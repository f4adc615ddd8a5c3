# SPDX-License-Identifier: GPL-2.0-or-later
"""A swap area as kjump's target, seen from the guest and from outside."""
import re
import subprocess

from . import scenario

PAGE = 4096


def configure(machine, target):
    """Makes an active swap area the target, also in C's initramfs."""
    machine.sh("printf '[kjump]\\nTarget=%s\\n' "
               f"'{target}' > /etc/kjump.conf.d/60-swap.conf")
    machine.run("kjumpctl", "load", timeout=300)
    machine.sh("rm -rf /root/c; mkdir -p /root/c/etc/kjump; "
               "cp /var/lib/kjump/target /root/c/etc/kjump")
    scenario.add_to_initramfs(machine, "/root/c")
    scenario.wait_parked(machine)
    return machine.run("kjumpctl", "target").strip()


def usage(machine):
    """(KiB, KiB in use) of the only swap area; None when there is none."""
    found = re.findall(r"^\S+\s+(?:partition|file)\s+(\d+)\s+(\d+)",
                       machine.read("/proc/swaps"), re.M)
    return tuple(int(word) for word in found[0]) if found else None


def swap_out(machine, mib):
    """Has the kernel swap out that much of kj-fill's memory."""
    machine.sh(f"echo {mib}M > "
               "/sys/fs/cgroup/system.slice/kj-fill.service/memory.reclaim",
               check=False, timeout=120)


def type_of(disk, offset):
    """What libblkid calls the swap area at that byte of a disk image."""
    done = subprocess.run(["blkid", "-p", "-o", "value", "-s", "TYPE",
                           "-O", str(offset), disk],
                          capture_output=True, text=True)
    return done.stdout.strip()
