# SPDX-License-Identifier: GPL-2.0-or-later
"""An upgrade keeps the configuration; a purge leaves nothing of the package.

After use, with a key, with files that the administrator wrote.  What is there
afterwards is compared with the tree before the package was ever installed, and
the machine boots and says about hibernation what Debian says.
"""
from lib import package, scenario, variant

FULL = True

GUEST = "initramfs-tools"
EDIT = "# the administrator was here"
INITRAMFS = "/boot/initrd.img-$(uname -r)"
STOCK = "systemd-sleep hibernate"
# What others keep, unless it is called kjump: journal, dpkg, the state of
# systemd, caches; the guest's own initramfs, made after the package came.
OTHERS = ("/boot/initrd.img-", "/etc/.updated", "/etc/initramfs-tools/",
          "/lost+found", "/root/", "/tmp/", "/var/.updated", "/var/cache/",
          "/var/lib/dbus/", "/var/lib/dpkg/", "/var/lib/initramfs-tools/",
          "/var/lib/systemd/", "/var/log/", "/var/tmp/")


def leftovers(machine):
    """Files that are there, and were not without the package."""
    before = set((variant.parse(GUEST).folder / "without-package").read_text()
                 .splitlines())
    now = machine.run("find", "/", "-xdev", "-mindepth", "1",
                      timeout=120).splitlines()
    return [path for path in now if path not in before
            and ("kjump" in path or not path.startswith(OTHERS))]


def units(machine):
    """Units that have to do with kjump, and those that failed."""
    return machine.sh("systemctl list-units --all --plain --no-legend "
                      "--type=service,socket,target,timer,path | "
                      "grep -i kjump; systemctl list-unit-files --no-legend | "
                      "grep -i kjump; systemctl --failed --plain --no-legend",
                      check=False).strip()


def exec_start(machine):
    return machine.run("systemctl", "show", "-P", "ExecStart",
                       "systemd-hibernate.service")


def upgrade(t, machine):
    """The same package once more: to dpkg that is one."""
    machine.sh(f"echo '{EDIT}' >> /etc/kjump.conf; "
               f"echo '{EDIT}' > /etc/kjump.conf.d/60-mine.conf")
    key = machine.sh("md5sum /var/lib/kjump/recipient")
    deb = package.package()[0]
    machine.sh("cat > /root/kjump.deb", stdin=deb.read_bytes())
    # The initramfs is made anew once, at the end.
    machine.run("dpkg", "--no-triggers", "-i", "/root/kjump.deb", timeout=120)
    machine.run("rm", "/root/kjump.deb")
    for path in ("/etc/kjump.conf", "/etc/kjump.conf.d/60-mine.conf"):
        t.check(EDIT in machine.read(path), f"{path} lost its lines")
    t.equal(machine.sh("md5sum /var/lib/kjump/recipient"), key, "the key")
    scenario.wait_parked(machine)
    t.equal(scenario.logind_can(machine, "Hibernate"), "yes", "CanHibernate")
    t.say("upgraded: configuration and key are there, B is parked again")


def purge(t, machine):
    t.check("kjump-sleep" in exec_start(machine), "kjump-sleep is not used")
    t.check(leftovers(machine), "no file of the package is found: this tests "
            "nothing")
    held = machine.sh(f"lsinitramfs {INITRAMFS} | grep -c kjump", timeout=60)
    # Nobody else asks for the root disk's driver in this initramfs.
    machine.sh("echo virtio_blk >> /etc/initramfs-tools/modules")
    out = machine.run("dpkg", "--purge", "kjump", timeout=600)
    t.check("update-initramfs" in out, f"no new initramfs: {out}")
    t.check("warning" not in out.lower(), f"dpkg warns: {out}")
    t.equal(leftovers(machine), [], "files left")
    t.equal(machine.sh("find /run /dev/shm -path /run/udev -prune "
                            "-o -iname '*kjump*' -print").strip(), "",
            "files left in /run")
    t.equal(units(machine), "", "units left or failed")
    t.equal(scenario.b_state(machine), "none",
            "/sys/kernel/kexec_jump")
    t.check(STOCK in exec_start(machine), "hibernation is not systemd's again")
    now = machine.sh(f"lsinitramfs {INITRAMFS} | grep -c kjump || true",
                     timeout=60)
    t.equal(now.strip(), "0", "kjump's files in the initramfs "
            f"(before: {held.strip()})")


def run(t):
    machine = t.boot()
    machine.run("kjumpctl", "test", "--write", timeout=180)
    upgrade(t, machine)
    purge(t, machine)
    t.say("purged: no file, no unit; memory given back, a new initramfs")
    # The boot loader reads no journal.
    machine.sh("sync; fsfreeze -f /; fsfreeze -u /")
    machine.stop()
    machine.start()
    t.equal(leftovers(machine), [], "files left after the boot")
    t.equal(units(machine), "", "units left or failed after the boot")
    answer = scenario.logind_can(machine, "Hibernate")
    t.check(answer in ("na", "no"), f"CanHibernate without swap: {answer}")
    t.say(f"boots; CanHibernate without swap space: {answer}")
