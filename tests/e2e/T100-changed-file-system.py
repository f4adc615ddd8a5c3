# SPDX-License-Identifier: GPL-2.0-or-later
"""An image is refused once somebody has mounted a file system of it.

As long as nobody does, it resumes, with ext4, XFS, btrfs, FAT and F2FS mounted
and written to until the last moment.  Then another system mounts them all and
writes a file to each: each print differs, the boot says whose, and a later boot
does not try again.
"""
from lib import prints, scenario

# Writes until it is frozen.
BUSY = ("while :; do for d in /root /mnt/*; do date > $d/busy.new; "
        "mv $d/busy.new $d/busy; sync -f $d/busy; done; sleep 0.1; done")
ALL = ["ext4", *prints.TYPES]


def check_prints(t, machine):
    """The machine hibernated: the image knows all, and all is so."""
    listed = prints.recorded(machine)
    t.equal(sorted(kind for kind, *_ in listed), sorted(ALL), "file systems")
    for kind, where, grade, digest in listed:
        t.equal(grade, prints.EXACT, f"grade of {where}")
        t.equal(prints.now(machine, kind, where), digest, f"print of {where}")
    return listed


def foreign_boot(t, machine, hibernated):
    """Without kjump it mounts and writes, and switches off."""
    machine.start()
    t.check(scenario.boot_id(machine) != hibernated, "it was resumed")
    prints.mount_all(machine)
    machine.sh("for d in /root /mnt/*; do echo foreign > $d/foreign; done; "
               "umount /mnt/*")
    machine.sh("systemctl unmask kjumpd; " + scenario.UNMASK + scenario.SETTLE)
    machine.begin("systemctl", "poweroff")
    machine.wait_off(120)


def refused(t, machine, hibernated):
    seconds = machine.start()
    t.check(scenario.boot_id(machine) != hibernated,
            "it was resumed over a changed file system")
    resume = scenario.status(machine)["resume"]
    t.say(f"an ordinary boot in {seconds:.1f} s: {resume['reason']}")
    t.equal(resume["result"], "refused", "result in the status")
    t.check("the ext4 file system of / (/dev/vda, UUID=" in resume["reason"],
            "it does not name the file system")
    t.check(resume["reason"] in machine.serial().decode(errors="replace"),
            "the console does not say it")
    image = scenario.image(machine)
    t.equal(image["state"], "claimed", "image")
    t.equal(sorted(fs["type"] for fs in image["file_systems"]), sorted(ALL),
            "file systems in kjumpctl inspect")
    t.equal(machine.read("/root/foreign").strip(), "foreign", "the file")


def run(t):
    machine = t.boot(prepare=lambda: prints.make_disk(t.machine))
    prints.mount_all(machine)
    scenario.service(machine, "busy", "bash", "-c", BUSY)
    t.round_trip()
    machine.sh("systemctl stop busy; for d in /root /mnt/*; do "
               "test -s $d/busy || exit 1; done")
    scenario.wait_parked(machine)

    # Both take effect with the next boot.
    machine.sh("systemctl mask kjumpd; " + scenario.MASK + scenario.SETTLE)
    scenario.service(machine, "busy", "bash", "-c", BUSY)
    hibernated = scenario.boot_id(machine)
    scenario.hibernate(machine)
    before = check_prints(t, machine)
    foreign_boot(t, machine, hibernated)
    for kind, where, _, digest in before:
        t.check(prints.now(machine, kind, where) != digest,
                f"the print of {where} did not change")
    t.say(f"all {len(before)} prints were as recorded, and differ now")

    refused(t, machine, hibernated)
    machine.cut()
    machine.start()
    t.check(scenario.boot_id(machine) != hibernated, "a later boot resumed it")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "claimed", f"later: {resume['reason']}")
