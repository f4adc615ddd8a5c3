# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initramfs: of A and C, by dracut or initramfs-tools; of B.

They are made in the tree, where the guest's devices are not to be seen, and
where no emulation makes them take minutes.
"""
import shutil

from .cache import run
from .paths import GUEST_FILES
from .tree import in_tree, link
from .variant import DRACUT, INITRAMFS_TOOLS

# Beside guest.PACKAGES.
PACKAGES = {DRACUT: [], INITRAMFS_TOOLS: ["initramfs-tools", "busybox"]}
# Generators that find nothing here, and cost a tenth of a second each.
NO_GENERATORS = """systemd-bless-boot-generator systemd-cryptsetup-generator
    systemd-debug-generator systemd-getty-generator systemd-gpt-auto-generator
    systemd-hibernate-resume-generator systemd-integritysetup-generator
    systemd-rc-local-generator systemd-run-generator
    systemd-system-update-generator systemd-sysv-generator
    systemd-veritysetup-generator""".split()
# What C's initramfs can do without.
C_MASK = """kmod-static-nodes.service systemd-modules-load.service
    systemd-sysctl.service systemd-tmpfiles-setup.service
    systemd-tmpfiles-setup-dev.service systemd-random-seed.service
    systemd-ask-password-console.path sys-kernel-config.mount
    initrd-udevadm-cleanup-db.service""".split()
# Not "base" with its shell and tools: what C holds, A's image must do without.
C_MODULES = "systemd systemd-initrd udev-rules resume"
DRIVERS = "virtio_blk"
# Kernel B's: emulated, another run of dracut takes minutes.
B_DRIVERS = DRIVERS + " i6300esb"


def make_c(tree, generator, release, with_kjump, locked=False):
    """/boot/initrd.img-RELEASE[-locked]; @locked: it asks for a passphrase."""
    name = f"initrd.img-{release}" + ("-locked" if locked else "")
    if generator == DRACUT:
        dracut(tree, release, name, with_kjump, locked)
    else:
        initramfs_tools(tree, release, name)


def make_b(tree, release):
    """B's, which kjumpd would make else."""
    in_tree(tree, "/usr/libexec/kjump/kjump-mkinitrd",
            "--kernel", release, "--drivers", B_DRIVERS,
            "--output", f"/var/lib/kjump/initrd-{release}.img")


def dracut(tree, release, name, with_kjump, locked):
    extra = tree / "var/cache/initramfs"
    extra.mkdir()
    run("cp", "-a", "--no-preserve=ownership",
        f"{GUEST_FILES / 'initramfs'}/.", extra)
    shutil.copy(tree / "usr/lib/os-release", extra / "etc/initrd-release")
    for unit in C_MASK:
        if locked and "ask-password" in unit:
            continue
        link(extra / "etc/systemd/system" / unit, "/dev/null")
    link(extra / "etc/systemd/system/sysinit.target.wants/kj-text.service",
         "/etc/systemd/system/kj-text.service")
    for unit in NO_GENERATORS:
        if "resume" in unit:            # the benchmark's peer needs it
            continue
        link(extra / "etc/systemd/system-generators" / unit, "/dev/null")
    in_tree(tree, "dracut", "--force", "--quiet", "--no-hostonly",
            "--no-hostonly-cmdline", "--no-early-microcode", "--lz4",
            "--nostrip", "--kver", release,
            "-m", C_MODULES + (" kjump" if with_kjump else ""),
            "--include", "/var/cache/initramfs", "/",
            "--install", "/usr/local/bin/kj-text",
            "--drivers", DRIVERS, f"/boot/{name}")
    shutil.rmtree(extra)


def initramfs_tools(tree, release, name):
    """The driver of the disks is in it only if kjump's hook sees to that."""
    run("cp", "-a", "--no-preserve=ownership",
        f"{GUEST_FILES / 'initramfs-tools'}/.", tree / "etc/initramfs-tools")
    in_tree(tree, "env", f"KJUMP_DRIVERS={DRIVERS}",
            "mkinitramfs", "-o", f"/boot/{name}", release)
