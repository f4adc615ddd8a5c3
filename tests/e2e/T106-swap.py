# SPDX-License-Identifier: GPL-2.0-or-later
"""The image goes to a swap partition in use, and what is swapped out stays.

While the machine is off, libblkid calls the partition swsuspend.  After the
resume it is plain swap, active, with as much in use as before, and another
hibernation works.  A boot with noresume gives the image up, and the partition
is swap again.
"""
from lib import scenario, swaparea

DISK = "/dev/disk/by-id/virtio-swap"
PARTUUID = "6b6a756d-7000-4000-8000-000000000106"
PART = f"/dev/disk/by-partuuid/{PARTUUID}"
OFFSET = 1 << 20
MAKE = f"""set -e
echo 'label: gpt
start={OFFSET >> 9}, size=2GiB, uuid={PARTUUID}' | sfdisk --quiet {DISK}
udevadm settle
mkswap -q -L kj-swap {PART}
swapon {PART}"""
TYPE = f"blkid -p -o value -s TYPE {PART}"


def check_plain(t, machine, used, when):
    area = swaparea.usage(machine)
    t.check(area is not None, f"{when}: the swap area is not active")
    # What was read back in is free again; but nothing is kept for an image.
    t.check(area[1] <= used + 8192,
            f"{when}: {area[1]} KiB of swap are in use, {used} before")
    t.equal(machine.sh(TYPE).strip(), "swap", f"{when}: type of the partition")
    t.equal(scenario.image(machine)["state"], "none", f"{when}: image")


def round_trip(t, machine, fill):
    used = swaparea.usage(machine)[1]
    before = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    t.equal(swaparea.type_of(machine.disk("swap"), OFFSET), "swsuspend",
            "type of the partition while the machine is off")
    up = scenario.resume(machine)
    t.equal(scenario.boot_id(machine), before, "boot id after the resume")
    scenario.wait_last(machine, "hibernate")
    check_plain(t, machine, used, "after the resume")
    swapped = fill.swapped_kib()
    t.check(swapped > 50 << 10, f"only {swapped} KiB are swapped out")
    fill.verify()
    t.say(f"{down:.1f} s to S4, {up:.1f} s from power-on; {swapped >> 10} MiB "
          "stayed in swap; checksums equal")


def run(t):
    machine = t.boot()
    machine.sh(MAKE)
    t.say(swaparea.configure(machine, f"PARTUUID={PARTUUID}"))
    fill = scenario.Fill(machine, 200)
    swaparea.swap_out(machine, 120)
    used = swaparea.usage(machine)[1]
    machine.run("kjumpctl", "test", "--write", timeout=300)
    check_plain(t, machine, used, "after a test")

    round_trip(t, machine, fill)
    # The area is in use, and gives and takes.
    swaparea.swap_out(machine, 150)
    scenario.wait_parked(machine)
    round_trip(t, machine, fill)

    scenario.wait_parked(machine)
    before = scenario.boot_id(machine)
    scenario.hibernate(machine)
    machine.start(append="noresume")
    t.check(scenario.boot_id(machine) != before, "it was resumed")
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "discarded", resume["reason"])
    t.equal(machine.sh(TYPE).strip(), "swap", "type after noresume")
    said = machine.sh(f"swapon {PART} 2>&1")
    t.equal(said, "", "swapon says")
    t.check(swaparea.usage(machine) is not None, "swapon after noresume")
    t.say(resume["reason"])
