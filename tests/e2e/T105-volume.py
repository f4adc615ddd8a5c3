# SPDX-License-Identifier: GPL-2.0-or-later
"""The image goes to a logical volume that lies on dm-crypt, and comes back.

B and C have no device mapper.  Nothing of the memory is on the disk in plain,
and nothing beside the volume changes.  Volumes that cannot be followed, and
what would be plain memory below dm-crypt, are refused by name.
"""
from lib import scenario

DISK = "/dev/disk/by-id/virtio-swap"
PARTUUID = "6b6a756d-7000-4000-8000-000000000105"
MARK = "a-secret-that-nobody-may-read-on-the-disk"
KEY = "/root/key"
# On the partition: 16 MiB left alone, then dm-crypt.  On that: a guard of
# 64 MiB, the volume's second half (1 GiB), a guard, its first half, a guard.
VOLUMES = f"""set -e
modprobe dm_mod; modprobe dm_crypt
echo 'label: gpt
start=2048, uuid={PARTUUID}' | sfdisk --quiet {DISK}
udevadm settle
part=$(readlink -f /dev/disk/by-partuuid/{PARTUUID})
size=$(blockdev --getsz $part)
key=$(head -c 64 /dev/urandom | od -An -v -tx1 | tr -d ' \\n')
dmsetup create crypt --table \
    "0 $((size - 32768)) crypt aes-xts-plain64 $key 0 $part 32768"
head -c 67108864 /dev/urandom > /root/guard
for at in 0 1088 2176; do
    dd if=/root/guard of=/dev/mapper/crypt bs=1M seek=$at oflag=direct status=none
done
dmsetup create vg-lv <<END
0 2097152 linear /dev/mapper/crypt 2359296
2097152 2097152 linear /dev/mapper/crypt 131072
END
dmsetup create other --table "0 131072 delay /dev/mapper/crypt 0 1"
udevadm settle
"""
GUARDS = """for at in 0 1088 2176; do
    dd if=/dev/mapper/crypt bs=1M skip=$at count=64 iflag=direct status=none |
        cmp - /root/guard || exit 1
done"""


def configure(machine, encryption):
    machine.sh(f"head -c 32 /dev/urandom > {KEY}; chmod 600 {KEY}; "
               "printf '[kjump]\\nTarget=/dev/mapper/vg-lv\\nEncryption="
               f"{encryption}\\n' > /etc/kjump.conf.d/60-volume.conf")



def run(t):
    machine = t.boot()
    machine.sh(VOLUMES)
    refused = machine.sh("kjumpctl inspect /dev/mapper/other 2>&1",
                         check=False)
    t.check("not a plain volume (delay)" in refused, refused)
    t.say(refused.strip())

    configure(machine, "no")
    text = machine.sh("kjumpctl load 2>&1", check=False)
    t.check("set Encryption=" in text, f"plain memory below dm-crypt: {text}")
    t.say(text.strip())
    configure(machine, KEY)
    machine.run("mkswap", "/dev/mapper/vg-lv")
    text = machine.sh("kjumpctl load 2>&1", check=False)
    t.check("a swap area that is not in use" in text, f"a foreign signature: {text}")
    machine.run("wipefs", "-q", "-a", "/dev/mapper/vg-lv")

    machine.run("kjumpctl", "load")
    t.say(machine.run("kjumpctl", "target").strip())
    machine.sh("mkdir -p /root/c/etc/kjump; "
               f"cp {KEY} /var/lib/kjump/target /root/c/etc/kjump")
    scenario.add_to_initramfs(machine, "/root/c")
    machine.sh(f"echo {MARK} > /run/mark")
    scenario.wait_parked(machine)
    before = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    with open(machine.disk("swap"), "rb") as disk:
        t.check(MARK.encode() not in disk.read(), "the mark is on the disk")
    up = scenario.resume(machine)
    t.equal(scenario.boot_id(machine), before, "boot id after the resume")
    t.equal(machine.read("/run/mark").strip(), MARK, "tmpfs")
    machine.sh(GUARDS, timeout=120)
    t.equal(scenario.image(machine)["state"], "none", "image after the resume")
    scenario.check_io(machine)
    t.say(f"{down:.1f} s to S4, {up:.1f} s from power-on")
