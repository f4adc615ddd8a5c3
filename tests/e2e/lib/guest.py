# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest: Debian of the host's suite with the kernel and the package.

    base tar (mmdebstrap, cached)  ->  tree  ->  root.raw (mkfs.ext4 -d)
                                        ^ kernel and modules
                                        ^ tests/e2e/guest/files, helpers
                                        ^ the package
                                        ^ initramfs of C, initrd of B

No loop device and no mount of an image is needed.  Everything after the base
takes some ten seconds, so that it is simply done again after each change.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

from . import target
from .cache import Key, entry, run
from .paths import (DISKS, E2E, GUEST, GUEST_FILES, MACHINE_ID, ROOT_UUID,
                    TARGET_DISKID, TARGET_PARTUUID, VM_DIR, VmError)

PACKAGES = """systemd systemd-sysv dbus udev kmod dracut-core zstd lz4 cpio
    qemu-guest-agent kexec-tools e2fsprogs procps iproute2 util-linux fdisk
    dmsetup usr-is-merged libkmod2 libsodium23 liblz4-1 libblkid1 libmount1 libsystemd0
    libarchive13""".split()
# Nobody reads these in the guest.
LEAVE_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
             "/usr/share/info/*", "/usr/share/zoneinfo/*")
MASK = """apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
    e2scrub_all.timer e2scrub_reap.service fstrim.timer getty.target
    getty-static.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-pstore.service
    systemd-user-sessions.service systemd-ask-password-wall.path
    systemd-ask-password-console.path systemd-tmpfiles-clean.timer
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount
    sys-kernel-tracing.mount sys-kernel-config.mount
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount
    kexec-load.service kexec.service dracut-shutdown.service
    kmod-static-nodes.service modprobe@configfs.service modprobe@dm_mod.service
    modprobe@drm.service modprobe@fuse.service modprobe@loop.service
    systemd-modules-load.service systemd-sysctl.service
    systemd-sysusers.service systemd-random-seed.service
    systemd-binfmt.service systemd-initctl.socket cryptsetup.target
    integritysetup.target veritysetup.target remote-fs.target""".split()
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
# Of the key that the guest has, and does not use unless told to.
PASSPHRASE = "correct horse battery"


# A shell in the tree with what dracut and maintainer scripts look at, gone
# with the last process in it.
IN_TREE = """mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" &&
mount -t sysfs -o ro sys "$0/sys" && mount -t tmpfs tmp "$0/tmp" &&
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
DEBIAN_FRONTEND=noninteractive chroot "$0" "$@" """


def suite():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=")[1].strip('"')
    raise VmError("/etc/os-release does not say which Debian this is")


def base():
    """Cached tar of a Debian tree with PACKAGES."""
    key = Key("base", suite(), *PACKAGES, *LEAVE_OUT)

    def make(new):
        run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            *(f"--dpkgopt=path-exclude={path}" for path in LEAVE_OUT),
            "--include=" + ",".join(PACKAGES), suite(), new / "base.tar")
    return entry("base", key.hex(), make, f"Debian {suite()}") / "base.tar"


def key_of(kernel, debs, base_tar):
    key = Key("guest", kernel.name, base_tar.parent.name)
    for deb in debs:
        key.file(deb)
    key.tree(GUEST_FILES)
    for name in ("guest.py", "target.py", "paths.py"):
        key.file(E2E / "lib" / name)
    return key.hex()


def build(kernel, debs, force=False):
    """Makes GUEST from a kernel folder and .debs; False: it was so already."""
    base_tar = base()
    key = key_of(kernel, debs, base_tar)
    try:
        if json.loads((GUEST / "guest.json").read_text())["key"] == key \
                and not force:
            return False
    except (OSError, ValueError, KeyError):
        pass
    new = VM_DIR / ".guest.new"
    shutil.rmtree(new, ignore_errors=True)
    tree = new / "tree"
    tree.mkdir(parents=True)
    run("tar", "-xf", base_tar, "-C", tree, "--numeric-owner")
    release = (kernel / "release").read_text()
    add_kernel(tree, kernel, release)
    add_files(tree)
    if debs:
        add_package(tree, debs)
    add_initramfs(tree, release, bool(debs))
    make_disks(new, tree)
    shutil.rmtree(tree)
    (new / "guest.json").write_text(json.dumps(
        {"key": key, "release": release, "kernel": str(kernel),
         "debs": [deb.name for deb in debs]}, indent=1))
    shutil.rmtree(GUEST, ignore_errors=True)
    new.rename(GUEST)
    return True


def in_tree(tree, *argv, **options):
    return run("unshare", "--mount", "--propagation", "private",
               "bash", "-c", IN_TREE, tree, *argv, **options)


def add_kernel(tree, kernel, release):
    shutil.copy(kernel / "bzImage", tree / "boot" / f"vmlinuz-{release}")
    shutil.copy(kernel / "config", tree / "boot" / f"config-{release}")
    modules = tree / "usr/lib/modules" / release
    shutil.copytree(kernel / "modules/lib/modules" / release, modules,
                    symlinks=True)
    run("depmod", "-b", tree, release)
    for test in (kernel / "selftests").glob("*"):
        shutil.copy(test, tree / "usr/local/bin" / test.name)


def add_files(tree):
    """Configuration, helpers and what a first boot would make."""
    run("cp", "-a", "--no-preserve=ownership", f"{GUEST_FILES / 'files'}/.",
        tree)
    for source in sorted(GUEST_FILES.glob("*.c")):
        run("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
            tree / "usr/local/bin" / source.stem, source)
    for unit in MASK:
        link(tree / "etc/systemd/system" / unit, "/dev/null")
    for name in NO_GENERATORS:
        link(tree / "etc/systemd/system-generators" / name, "/dev/null")
    wants = tree / "etc/systemd/system/multi-user.target.wants"
    for unit in (GUEST_FILES / "files/etc/systemd/system").glob("*.service"):
        link(wants / unit.name, f"/etc/systemd/system/{unit.name}")
    (tree / "etc/machine-id").write_text(MACHINE_ID + "\n")
    (tree / "etc/hostname").write_text("kjump-guest\n")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost kjump-guest\n")
    (tree / "etc/fstab").write_text(
        f"UUID={ROOT_UUID} / ext4 rw,noatime 0 0\n")
    (tree / "var/log/journal").mkdir(parents=True, exist_ok=True)
    run("chroot", tree, "passwd", "-d", "root")


def link(path, to):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(to)


def add_package(tree, debs):
    for deb in debs:
        shutil.copy(deb, tree / "var/cache" / deb.name)
    names = [f"/var/cache/{deb.name}" for deb in debs]
    in_tree(tree, "dpkg", "-i", *names)
    for name in names:
        (tree / name.lstrip("/")).unlink()
    drop_in = tree / "etc/kjump.conf.d/50-vm.conf"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(f"[kjump]\nTarget=PARTUUID={TARGET_PARTUUID}\n")
    describe_target(tree)


def describe_target(tree, lock=0):
    """What kjumpd would write at its first start, had it the disk here."""
    described = tree / "var/lib/kjump/target"
    described.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    described.write_bytes(target.partition(
        f"PARTUUID={TARGET_PARTUUID}", target_partition_size(), lock))


def add_initramfs(tree, release, with_kjump):
    """The initramfs of A and C, and B's, which kjumpd would make else."""
    extra = tree / "var/cache/initramfs"
    extra.mkdir()
    run("cp", "-a", "--no-preserve=ownership",
        f"{GUEST_FILES / 'initramfs'}/.", extra)
    shutil.copy(tree / "usr/lib/os-release", extra / "etc/initrd-release")
    for unit in C_MASK:
        link(extra / "etc/systemd/system" / unit, "/dev/null")
    link(extra / "etc/systemd/system/sysinit.target.wants/kj-text.service",
         "/etc/systemd/system/kj-text.service")
    for name in NO_GENERATORS:
        if "resume" in name:            # the benchmark's peer needs it
            continue
        link(extra / "etc/systemd/system-generators" / name, "/dev/null")
    dracut(tree, release, f"initrd.img-{release}", with_kjump)
    if with_kjump:
        add_locked_initramfs(tree, release, extra)
    shutil.rmtree(extra)
    if with_kjump:
        in_tree(tree, "/usr/libexec/kjump/kjump-mkinitrd",
                "--kernel", release, "--drivers", DRIVERS,
                "--output", f"/var/lib/kjump/initrd-{release}.img")


def dracut(tree, release, name, with_kjump):
    in_tree(tree, "dracut", "--force", "--quiet", "--no-hostonly",
            "--no-hostonly-cmdline", "--no-early-microcode", "--lz4",
            "--nostrip", "--kver", release,
            "-m", C_MODULES + (" kjump" if with_kjump else ""),
            "--include", "/var/cache/initramfs", "/",
            "--install", "/usr/local/bin/kj-text",
            "--drivers", DRIVERS, f"/boot/{name}")


def add_locked_initramfs(tree, release, extra):
    """One that asks for PASSPHRASE; emulated, dracut takes minutes."""
    in_tree(tree, "kjumpctl", "key", input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    (extra / "etc/systemd/system/systemd-ask-password-console.path").unlink()
    describe_target(tree, target.PASSPHRASE)
    dracut(tree, release, f"initrd.img-{release}-locked", True)
    describe_target(tree)


def target_partition_size():
    return DISKS["target"] - (2 << 20)


def make_disks(new, tree):
    for name, size in DISKS.items():
        with open(new / f"{name}.raw", "wb") as disk:
            disk.truncate(size)
    sectors = target_partition_size() // 512
    subprocess.run(["sfdisk", "--quiet", "--no-reread", new / "target.raw"],
                   check=True, text=True, input=(
        f"label: gpt\nlabel-id: {TARGET_DISKID}\n"
        f"start=2048, size={sectors}, uuid={TARGET_PARTUUID}, "
        "type=linux, name=kjump\n"))
    # Nothing is left for the guest's kernel to initialise in the background.
    run("mkfs.ext4", "-q", "-F", "-U", ROOT_UUID, "-L", "kjump-root",
        "-N", "65536", "-m", "0", "-d", tree,
        "-E", "lazy_itable_init=0,lazy_journal_init=1", new / "root.raw",
        env=dict(os.environ, E2FSPROGS_FAKE_TIME=""))
