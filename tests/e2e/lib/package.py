# SPDX-License-Identifier: GPL-2.0-or-later
"""The project's own .deb, built by dpkg-buildpackage from a clean copy.

The copy holds what git would commit now, so that neither an object folder in
the checkout nor the tests' own files change the key.
"""
import os
import shutil
import subprocess
from pathlib import Path

from .cache import Key, entry, run
from .paths import CACHE, TOP

# What the package does not depend on.
OUTSIDE = ("tests/", "kernel-patches/", ".ci/", ".git", "build/", "README",
           "HACKING")


def sources():
    """Paths of the package's source files, relative to the checkout."""
    done = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "-co",
                           "--exclude-standard"], capture_output=True,
                          check=False)
    if done.returncode == 0:
        names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    else:
        names = [str(path.relative_to(TOP)) for path in TOP.rglob("*")
                 if path.is_file()]
    return sorted(name for name in names if not name.startswith(OUTSIDE)
                  and (TOP / name).is_file())


def package():
    """The list of .deb files, or none while there is no debian/control."""
    names = sources()
    if "debian/control" not in names:
        return []
    key = Key("deb")
    for name in names:
        key.file(TOP / name, name)
    key.file(TOP / "tests/meson.build", "tests/meson.build")
    result = entry("deb", key.hex(), lambda new: build(new, names),
                   "the package")
    return sorted(path for path in result.glob("*.deb")
                  if "-dbgsym_" not in path.name)


def build(result, names):
    work = CACHE / "deb-work" / "kjump"
    shutil.rmtree(work, ignore_errors=True)
    for name in names:
        copy(TOP / name, work / name)
    # meson reads the tests' build files even when it builds no test.
    for path in (TOP / "tests").rglob("meson.build"):
        copy(path, work / path.relative_to(TOP))
    for path in (TOP / "tests").glob("check-*"):        # which they name
        copy(path, work / path.relative_to(TOP))
    for path in (TOP / "tests" / "unit").rglob("*"):
        if path.is_file():
            copy(path, work / path.relative_to(TOP))
    environment = dict(os.environ, DEB_BUILD_OPTIONS="nocheck parallel=2 "
                       "noautodbgsym", CCACHE_DIR=str(CACHE / "ccache"))
    if Path("/usr/lib/ccache").is_dir():
        environment["PATH"] = "/usr/lib/ccache:" + environment["PATH"]
    for old in work.parent.glob("*.deb"):
        old.unlink()
    run("dpkg-buildpackage", "-b", "-us", "-uc", "-ui", cwd=work,
        env=environment, log=result / "build.log")
    for deb in work.parent.glob("*.deb"):
        shutil.move(deb, result / deb.name)


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
