# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian tree in a folder: running programs in it, and links."""
from .cache import run

# A shell in the tree with what dracut and maintainer scripts look at, gone
# with the last process in it.
IN_TREE = """mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" &&
mount -t sysfs -o ro sys "$0/sys" && mount -t tmpfs tmp "$0/tmp" &&
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
DEBIAN_FRONTEND=noninteractive chroot "$0" "$@" """


def in_tree(tree, *argv, **options):
    return run("unshare", "--mount", "--propagation", "private",
               "bash", "-c", IN_TREE, tree, *argv, **options)


def link(path, to):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(to)
