# SPDX-License-Identifier: GPL-2.0-or-later
"""Things that are built once per set of inputs.

An entry is a folder CACHE/KIND/KEY, KEY being a digest of all that goes in.
It is made under another name and renamed when it is whole, so that an
interrupted build leaves nothing that looks like a result.
"""
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from .paths import CACHE, VmError, say

KEEP = 6                # entries of a kind that stay


class Key:
    """Digest of strings and files."""

    def __init__(self, *texts):
        self.hash = hashlib.sha256()
        for text in texts:
            self.text(text)

    def text(self, text):
        data = str(text).encode()
        self.hash.update(b"%d:" % len(data) + data)

    def file(self, path, name=None):
        path = Path(path)
        self.text(name or path.name)
        if path.is_symlink():
            self.text(os.readlink(path))
        else:
            self.text(path.stat().st_mode & 0o111)
            self.text(hashlib.sha256(path.read_bytes()).hexdigest())

    def tree(self, top):
        for path in sorted(Path(top).rglob("*")):
            if (path.is_file() or path.is_symlink()) \
                    and "__pycache__" not in path.parts:
                self.file(path, path.relative_to(top))

    def hex(self):
        return self.hash.hexdigest()[:16]


@contextlib.contextmanager
def locked(name):
    """One builder of a kind at a time on this host."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(kind, key, make, what):
    """The folder CACHE/@kind/@key, made by @make(folder) if it is not there."""
    final = CACHE / kind / key
    # What is there needs no lock: another may be built for many minutes.
    with contextlib.suppress(FileNotFoundError):
        os.utime(final)
        return final
    with locked(kind):
        if final.is_dir():
            return final
        say(f"vm: building {what} ({kind}/{key})")
        began = time.monotonic()
        new = final.with_name(f".new-{key}")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            make(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        new.rename(final)
        say(f"vm: built {what} in {time.monotonic() - began:.0f} s")
        entries = sorted((path for path in final.parent.iterdir()
                          if path.is_dir() and len(path.name) == len(key)),
                         key=lambda path: path.stat().st_mtime)
        for old in entries[:-KEEP]:
            shutil.rmtree(old, ignore_errors=True)
        return final


def run(*argv, log=None, **options):
    """Runs a command of a build; VmError with the end of its output."""
    done = subprocess.run([str(word) for word in argv],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **options)
    if log:
        with open(log, "a") as out:
            out.write(f"$ {' '.join(map(str, argv))}\n{done.stdout}")
    if done.returncode:
        tail = "\n".join(line[:300] for line in done.stdout.splitlines()[-25:])
        raise VmError(f"{' '.join(map(str, argv[:6]))} failed "
                      f"(status {done.returncode}):\n{tail}")
    return done.stdout
