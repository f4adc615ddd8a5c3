# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of this project that run on the host."""
import subprocess

from .cache import run
from .paths import TOP


def build(target):
    """Builds a target of meson's, for example "tests/unit/flip-image"."""
    where = TOP / "build/meson"
    if not (where / "build.ninja").exists():
        run("meson", "setup", where, cwd=TOP)
    subprocess.run(["ninja", "-C", where, target], check=True,
                   stdout=subprocess.DEVNULL)
    return where / target
