# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's kernel: Debian's source, kjump's patches, a VM-sized config.

Result, in the cache: bzImage, System.map, config, release and
modules/lib/modules/RELEASE.  Source and objects are always at the same
place, so that ccache finds again what a patch did not change.

KJUMP_KERNEL_DIR=DIR takes everything from an existing build folder (made
with O=DIR) instead.  For work on the patches.
"""
import os
import shutil
import subprocess
from pathlib import Path

from .cache import Key, entry, run
from .paths import CACHE, E2E, TOP, VmError, say

SERIES = "6.12"
TARBALL = Path(f"/usr/src/linux-source-{SERIES}.tar.xz")
PATCHES = TOP / "kernel-patches" / SERIES
CONFIGS = (E2E / "kernel.config", TOP / "kernel-patches" / "kjump.config")
SELFTEST = "tools/testing/selftests/kexec/test_kexec_call.c"
WORK = CACHE / "kernel-work"


def kernel():
    """Returns the folder with the kernel, building it when needed."""
    directory = os.environ.get("KJUMP_KERNEL_DIR")
    if directory:
        return from_build_dir(Path(directory))
    if not TARBALL.exists():
        raise VmError(f"{TARBALL} is missing: apt-get install "
                      f"linux-source-{SERIES}")
    key = Key(source_version(), compiler())
    for patch in patches():
        key.file(patch)
    for config in CONFIGS:
        key.file(config)
    return entry("kernel", key.hex(), build, f"kernel {SERIES} with "
                 f"{len(patches())} patches")


def patches():
    """The series' files in order."""
    series = PATCHES / "series"
    if not series.exists():
        return []
    names = (line.split("#")[0].split() for line in
             series.read_text().splitlines())
    return [PATCHES / words[0] for words in names if words]


def source_version():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}",
                           f"linux-source-{SERIES}"],
                          capture_output=True, text=True, check=False)
    return done.stdout or f"size {TARBALL.stat().st_size}"


def compiler():
    return run("gcc", "-dumpfullversion").strip()


def build(result):
    source = unpack()
    for patch in patches():
        run("patch", "-p1", "--no-backup-if-mismatch", "-i", patch, cwd=source)
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    merged = WORK / "merged.config"
    merged.write_text("".join(path.read_text() for path in CONFIGS))
    make = ["make", "-C", source, f"O={out}", f"-j{os.cpu_count() or 1}"]
    environment = dict(os.environ, CCACHE_DIR=str(CACHE / "ccache"),
                       CCACHE_NOHASHDIR="1", KBUILD_BUILD_USER="kjump",
                       KBUILD_BUILD_HOST="vm",
                       KBUILD_BUILD_TIMESTAMP="2026-01-01",
                       KCONFIG_ALLCONFIG=str(merged))
    log = WORK / "build.log"
    log.unlink(missing_ok=True)
    run(*make, "allnoconfig", env=environment, log=log)
    check_config(out / ".config", merged)
    if shutil.which("ccache"):
        make += ["CC=ccache gcc", "HOSTCC=ccache gcc"]
    run(*make, "bzImage", "modules", env=environment, log=log)
    collect(out, result)


def unpack():
    """A pristine source tree.  It lies beside the objects, named as ever.

    The tar takes a minute, so it is unpacked once, and the tree to be patched
    has hard links to it: patch(1) makes new files.
    """
    pristine = WORK / f"pristine-{Key(source_version()).hex()}"
    if not pristine.is_dir():
        shutil.rmtree(WORK, ignore_errors=True)
        new = WORK / "unpacking"
        new.mkdir(parents=True)
        say(f"vm: unpacking {TARBALL}")
        run("tar", "-xf", TARBALL, "-C", new, "--strip-components=1")
        new.rename(pristine)
    source = WORK / f"linux-source-{SERIES}"
    shutil.rmtree(source, ignore_errors=True)
    run("cp", "-al", pristine, source)
    return source


def check_config(config, wanted):
    """kconfig drops silently what a dependency forbids: say it."""
    have = set(config.read_text().splitlines())
    for line in wanted.read_text().splitlines():
        if line.startswith("CONFIG_") and not line.endswith("=n") \
                and line not in have:
            say(f"vm: kernel config: {line} was asked for and is not so")


def collect(out, result):
    """Copies what the guest needs from a build folder."""
    release = (out / "include/config/kernel.release").read_text().strip()
    (result / "release").write_text(release)
    shutil.copy(out / "arch/x86/boot/bzImage", result / "bzImage")
    shutil.copy(out / "System.map", result / "System.map")
    shutil.copy(out / ".config", result / "config")
    run("make", "-C", out, "modules_install", "INSTALL_MOD_STRIP=1",
        f"INSTALL_MOD_PATH={result / 'modules'}", "DEPMOD=/sbin/depmod")
    for link in ("build", "source"):
        (result / "modules/lib/modules" / release / link).unlink(
            missing_ok=True)
    build_selftest(out, result)


def build_selftest(out, result):
    """The series' own test of calls, to be run in the guest."""
    source = out / "source" / SELFTEST
    if not source.exists():
        say(f"vm: the kernel has no {SELFTEST}")
        return
    run("make", "-C", out, "headers")
    (result / "selftests").mkdir()
    run("gcc", "-O2", "-static", f"-I{out}/usr/include",
        "-o", result / "selftests" / source.stem, source)


def from_build_dir(out):
    image = out / "arch/x86/boot/bzImage"
    if not image.exists():
        raise VmError(f"KJUMP_KERNEL_DIR={out}: no {image}")
    key = Key("build dir")
    key.file(image)
    for name in ("modules.order", "Module.symvers", "System.map"):
        if (out / name).exists():
            key.file(out / name)
    if (out / "source" / SELFTEST).exists():
        key.file(out / "source" / SELFTEST)
    return entry("kernel-dev", key.hex(), lambda new: collect(out, new),
                 f"kernel from {out}")
