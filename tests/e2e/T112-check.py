# SPDX-License-Identifier: GPL-2.0-or-later
"""kjumpctl check names what is wrong, each thing by its own name.

Eighteen ways to break a machine that is well; and what an image leaves in
plain is seen, and gone after kjumpctl discard --erase.
"""
import json

from lib import fresh, scenario

CONF = "/etc/kjump.conf.d/90-test.conf"
IMAGE = "/root/image"
INITRD = "/boot/initrd.img-$(uname -r)"
OVERRIDE = "/etc/systemd/system/systemd-hibernate.service.d/90-test.conf"


def conf(line):
    return f"printf '[kjump]\\n{line}\\n' > {CONF}", f"rm {CONF}"


# name of the check, its state, words that it says, to break, to mend
BROKEN = (
    ("sleep-unit", "problem", "hibernate.target is masked",
     "systemctl mask hibernate.target 2>&1",
     "systemctl unmask hibernate.target 2>&1"),
    ("sleep-unit", "problem", OVERRIDE,
     f"mkdir -p $(dirname {OVERRIDE}); printf '[Service]\\nExecStart=\\n"
     f"ExecStart=/bin/true\\n' > {OVERRIDE}; systemctl daemon-reload",
     f"rm {OVERRIDE}; systemctl daemon-reload"),
    ("initramfs", "problem", "has no kjump-resume",
     f"mv {INITRD} /root/initrd; mkdir -p /run/empty; cd /run/empty; "
     f"echo . | cpio -o -H newc 2> /dev/null | gzip > {INITRD}",
     f"mv /root/initrd {INITRD}"),
    ("initramfs", "problem", "is not understood",
     f"mv {INITRD} /root/initrd; head -c 5000000 /root/initrd > {INITRD}",
     f"mv /root/initrd {INITRD}"),
    ("initramfs", "problem", "has no initramfs",
     f"mv {INITRD} /root/initrd", f"mv /root/initrd {INITRD}"),
    ("initramfs", "problem", "another place",
     f"fallocate -l 1100M {IMAGE}; " + conf(f"Target={IMAGE}")[0],
     conf("")[1]),
    ("description", "problem", "another place",
     conf(f"Target={IMAGE}")[0], conf("")[1] + f" {IMAGE}"),
    ("target-size", "warning", "all memory in use",
     f"fallocate -l 500M {IMAGE}2; " + conf(f"Target={IMAGE}2")[0],
     conf("")[1] + f" {IMAGE}2"),
    ("target-size", "problem", "use a larger one",
     f"fallocate -l 16M {IMAGE}3; " + conf(f"Target={IMAGE}3")[0],
     conf("")[1] + f" {IMAGE}3"),
    ("target", "problem", "No block device",
     *conf("Target=PARTUUID=01234567-89ab-cdef-0123-456789abcdef")),
    ("target", "problem", "has holes",
     f"truncate -s 1G {IMAGE}4; " + conf(f"Target={IMAGE}4")[0],
     conf("")[1] + f" {IMAGE}4"),
    ("key", "problem", "kjumpctl key",
     "mv /var/lib/kjump/recipient /root; " + conf("Encryption=passphrase")[0],
     "mv /root/recipient /var/lib/kjump; " + conf("")[1]),
    ("configuration", "warning", "ignored", *conf("Nonsense=1")),
    ("other-backends", "warning", "uswsusp",
     "touch /usr/sbin/s2disk", "rm /usr/sbin/s2disk"),
    ("service", "warning", "systemctl enable kjumpd",
     "systemctl disable kjumpd 2>&1", "systemctl enable kjumpd 2>&1"),
    ("service", "problem", "does not run",
     "systemctl stop kjumpd", "systemctl start kjumpd"),
    ("target-use", "problem", "ext4 file system labelled 'home'",
     "mkfs.ext4 -q -F -L home /dev/vdb1",
     "wipefs -qa /dev/vdb1; udevadm settle"),
    ("target-use", "problem", "mounted at /mnt",
     "mkfs.ext4 -q -F /dev/vdb1; mount /dev/vdb1 /mnt",
     "umount /mnt; wipefs -qa /dev/vdb1; udevadm settle"),
)


def break_and_mend(t, machine):
    for name, state, words, to_break, to_mend in BROKEN:
        machine.sh(to_break)
        status, states, texts = fresh.check(machine)
        machine.sh(to_mend)
        t.equal(states.get(name), state, f"{name} after \"{to_break}\"")
        t.check(words in texts[name], f"{name} says \"{texts[name]}\" and not "
                f"\"{words}\" after \"{to_break}\"")
        t.check(status == (1 if "problem" in states.values() else 4),
                f"exit status {status} after \"{to_break}\"")
    wait_usable(machine, True)
    t.equal(fresh.not_ok(machine), {}, "when all is mended, what is not ok")
    t.say(f"{len(BROKEN)} broken states, each named")


def wait_usable(machine, wanted):
    """kjumpd looks again by itself, soon after something changed."""
    status = scenario.wait_until(lambda: scenario.status(machine),
                                 lambda status: status["usable"] == wanted,
                                 f"usable is {wanted}", 20)
    return status["problem"]


def what_is_on_a_target_is_noticed(t, machine):
    machine.run("mkfs.ext4", "-q", "-F", "-L", "home", "/dev/vdb1")
    t.say(wait_usable(machine, False))
    t.equal(scenario.logind_can(machine, "Hibernate"), "na", "CanHibernate")
    machine.run("wipefs", "-qa", "/dev/vdb1")
    wait_usable(machine, True)
    t.equal(scenario.logind_can(machine, "Hibernate"), "yes", "CanHibernate")


def erase(t, machine):
    """A mark in memory is on the disk after a test, and gone after that."""
    machine.sh("yes a-mark-that-must-not-stay | head -c 2000000 > /dev/shm/mark")
    machine.run("kjumpctl", "test", "--write")
    t.equal(fresh.not_ok(machine), {"old-image": "warning"}, "after a test")
    written = scenario.image(machine)["bytes"]
    machine.run("kjumpctl", "discard")
    t.equal(scenario.image(machine)["state"], "none", "after discard")
    t.equal(fresh.not_ok(machine), {"old-image": "warning"}, "after discard")
    t.check(marks(machine), "no mark is on the disk: this test tests nothing")
    status, _, err = machine.agent.run(("kjumpctl", "discard", "--erase"), None, 60)
    t.check(status == 1 and b"--yes" in err,
            f"discard --erase without a terminal: status {status}: {err}")
    t.check(marks(machine), "it was erased without a question")
    machine.run("kjumpctl", "discard", "--erase", "--yes")
    t.check(not marks(machine), "a mark is on the disk after --erase")
    t.equal(fresh.not_ok(machine), {}, "after --erase")
    t.say(f"an image of {written >> 20} MiB: warned of, discarded, erased")


def marks(machine):
    return int(machine.sh("dd if=/dev/vdb1 bs=1M count=300 iflag=direct "
                          "2> /dev/null | grep -ac a-mark-that-must || true"))


def run(t):
    machine = t.boot()
    t.equal(fresh.not_ok(machine), {}, "at first")
    nobody = json.loads(machine.run(
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
        "kjumpctl", "check", "--json"))
    t.equal(nobody["result"], "unknown", "for a user without rights")
    break_and_mend(t, machine)
    what_is_on_a_target_is_noticed(t, machine)
    erase(t, machine)
    # Words on the command line, and a system that swsusp hibernated.
    machine.sh("mkswap /dev/vdc > /dev/null; printf S1SUSPEND | "
               "dd of=/dev/vdc bs=1 seek=4086 conv=notrunc 2> /dev/null")
    machine.stop()
    machine.start(append="noresume resume=/dev/vdc")
    _, states, texts = fresh.check(machine)
    t.equal(states["command-line"], "problem", "booted with noresume")
    t.equal(states["other-backends"], "problem", "an image of swsusp")
    t.check("/dev/vdc" in texts["other-backends"], texts["other-backends"])
    t.allowed = ["vdb"]
    machine.sh("d=$(basename $(readlink -f /sys/block/vdb/device)); "
               "echo $d > /sys/bus/virtio/drivers/virtio_blk/unbind")
    t.equal(fresh.check(machine)[1]["target"], "problem", "its disk is gone")
