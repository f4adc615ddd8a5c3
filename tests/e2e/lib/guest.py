# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest: Debian with the kernel and the package.

    base tar (mmdebstrap, cached)  ->  tree  ->  root.raw (mkfs.ext4 -d)
                                        ^ kernel and modules
                                        ^ tests/e2e/guest/files, helpers
                                        ^ the package
                                        ^ initramfs of C, initrd of B

Which Debian, and what makes the initramfs of C, is the variant's (variant.py).

No loop device and no mount of an image is needed.  Everything after the base
takes some ten seconds, so that it is simply done again after each change.
"""
import json
import os
import shutil
import subprocess

from . import initramfs, target
from .cache import Key, entry, run
from .paths import (DISKS, E2E, GUEST_FILES, MACHINE_ID, ROOT_UUID,
                    TARGET_DISKID, TARGET_PARTUUID, VM_DIR)
from .tree import in_tree, link

PACKAGES = """systemd systemd-sysv dbus udev kmod dracut-core zstd lz4 cpio
    qemu-guest-agent kexec-tools e2fsprogs procps iproute2 util-linux fdisk
    dmsetup usr-is-merged libkmod2 libsodium23 liblz4-1 libblkid1 libmount1
    libsystemd0 libarchive13 polkitd libpam-systemd""".split()
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
# Of the key that the guest has, and does not use unless told to.
PASSPHRASE = "correct horse battery"


def base(variant):
    """Cached tar of a Debian tree with PACKAGES."""
    packages = PACKAGES + initramfs.PACKAGES[variant.generator]
    key = Key("base", variant.debian, *packages, *LEAVE_OUT)

    def make(new):
        run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            *(f"--dpkgopt=path-exclude={path}" for path in LEAVE_OUT),
            "--include=" + ",".join(packages), variant.debian,
            new / "base.tar")
    return entry("base", key.hex(), make,
                 f"Debian {variant.debian}") / "base.tar"


def key_of(variant, kernel, debs, base_tar):
    key = Key("guest", variant.name, kernel.name, base_tar.parent.name)
    for deb in debs:
        key.file(deb)
    key.tree(GUEST_FILES)
    for name in ("guest.py", "initramfs.py", "target.py", "tree.py",
                 "paths.py"):
        key.file(E2E / "lib" / name)
    return key.hex()


def build(variant, kernel, debs, force=False):
    """Makes a guest from a kernel folder and .debs; False: it was there."""
    base_tar = base(variant)
    key = key_of(variant, kernel, debs, base_tar)
    final = variant.folder
    try:
        if json.loads((final / "guest.json").read_text())["key"] == key \
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
    (new / "without-package").write_text("".join(
        f"/{path.relative_to(tree)}\n" for path in sorted(tree.rglob("*"))))
    if debs:
        add_package(tree, debs)
    initramfs.make_c(tree, variant.generator, release, bool(debs))
    if debs:
        add_locked_initramfs(tree, variant.generator, release)
        initramfs.make_b(tree, release)
    make_disks(new, tree)
    shutil.rmtree(tree)
    (new / "guest.json").write_text(json.dumps(
        {"key": key, "release": release, "kernel": str(kernel),
         "debs": [deb.name for deb in debs]}, indent=1))
    shutil.rmtree(final, ignore_errors=True)
    new.rename(final)
    return True


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
    for name in initramfs.NO_GENERATORS:
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


def add_locked_initramfs(tree, generator, release):
    """C's, as it is when images are encrypted; see scenario.encrypt()."""
    in_tree(tree, "kjumpctl", "key", input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    describe_target(tree, target.PASSPHRASE)
    initramfs.make_c(tree, generator, release, True, locked=True)
    describe_target(tree)


TARGET_START = 1 << 20          # of the partition on its disk


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
        f"start={TARGET_START // 512}, size={sectors}, uuid={TARGET_PARTUUID}, "
        "type=linux, name=kjump\n"))
    # Nothing is left for the guest's kernel to initialise in the background.
    run("mkfs.ext4", "-q", "-F", "-U", ROOT_UUID, "-L", "kjump-root",
        "-N", "65536", "-m", "0", "-d", tree,
        "-E", "lazy_itable_init=0,lazy_journal_init=1", new / "root.raw",
        env=dict(os.environ, E2FSPROGS_FAKE_TIME=""))
