#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kjump-mkinitrd: builds the initramfs of kernel B.
#
# Runs in kernel A.  B lives in a few dozen MiB beside A, and its initramfs
# takes its share of that twice while it boots: it holds the agent as /init,
# the libraries the agent needs, and just the modules of the target's device
# chain.  Those are found by walking up /sys from the target's block device:
# each parent device with a driver that is a module gives one.  Where a hardware
# watchdog runs, it and all watchdog drivers that A has loaded come in, too.
# dracut (with kjump's module alone) resolves libraries and module dependencies
# and packs.
#
# What was built is noted beside it, in FILE.recipe: the device for which it was
# found to do, as it is in /sys; the modules that are in it; the watchdog for
# which it was found to do.  dracut takes long, and another target often has the
# same drivers.

set -euo pipefail
shopt -s inherit_errexit

libexec=$(dirname "$(readlink -f "$0")")
target=/var/lib/kjump/target
kernel=$(uname -r)
output='' drivers='' kmoddir='' work='' device=- watchdog=-
only_print=no if_needed=no

usage() {
    cat <<'END'
Usage: kjump-mkinitrd [OPTION]...
Build the initramfs of kjump's kernel B.

  --kernel VERSION   kernel to build for (this one)
  --output FILE      where to put it (/var/lib/kjump/initrd-VERSION.img)
  --target FILE      target description (/var/lib/kjump/target)
  --drivers LIST     these kernel modules, not those of the target's devices
  --kmoddir DIR      the kernel's modules (/lib/modules/VERSION)
  --if-needed        not if FILE has all modules that are needed
  --print-drivers    only print the modules of the target's devices
  --help, --version

See kjump-mkinitrd(8).
END
}

die() {
    echo "kjump-mkinitrd: $*" >&2
    exit 1
}

parse_arguments() {
    while (($# > 0)); do
        case $1 in
        --kernel | --output | --target | --drivers | --kmoddir)
            (($# > 1)) || die "$1 needs a value; see --help"
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        --if-needed) if_needed=yes ;;
        --print-drivers) only_print=yes ;;
        --help) usage && exit 0 ;;
        --version) echo "kjump-mkinitrd @VERSION@" && exit 0 ;;
        *) die "unknown argument $1; see --help" ;;
        esac
        shift
    done
    output=${output:-/var/lib/kjump/initrd-$kernel.img}
    kmoddir=${kmoddir:-/lib/modules/$kernel}
}

# The block device of the target description: its tag is 128 bytes at byte 32
# (struct kj_target, daemon/format/kj-target.h).
target_device() {
    local magic tag
    [[ -r $target ]] ||
        die "$target is missing: set Target= in /etc/kjump.conf and run kjumpctl load, or use --drivers"
    magic=$(dd if="$target" bs=8 count=1 2> /dev/null)
    tag=$(dd if="$target" bs=32 skip=1 count=4 2> /dev/null | tr -d '\0')
    [[ $magic == KJTARGET && $tag == *=* ]] ||
        die "$target is no target description"
    findfs "$tag" || die "no block device has $tag"
}

# The target's block device in /sys.
target_sysfs() {
    local node
    node=$(target_device)
    readlink -f "/sys/class/block/$(basename "$(readlink -f "$node")")"
}

# The modules that drive the block device $1 (in /sys), and all it hangs on.
device_drivers() {
    local dir=$1 slave
    for slave in "$dir"/slaves/*; do
        [[ -e $slave ]] || continue
        die "${dir##*/} is a stacked device (on ${slave##*/}): kernel B cannot set those up; choose a partition or a file on one"
    done
    while [[ $dir == /sys/devices/* ]]; do
        if [[ -e $dir/driver/module ]]; then
            basename "$(readlink -f "$dir/driver/module")"
        fi
        dir=${dir%/*}
    done
}

# The hardware watchdog that runs, in /sys: B feeds it while it writes.  softdog
# is a timer of A's kernel, and sleeps with it.
watchdog_sysfs() {
    local dir state='' identity=''
    for dir in /sys/class/watchdog/*; do
        [[ -r $dir/state && -r $dir/identity ]] || continue
        read -r state < "$dir/state" || continue
        read -r identity < "$dir/identity" || continue
        if [[ $state == active && $identity != "Software Watchdog" ]]; then
            echo "$dir"
            return
        fi
    done
}

# Its name in one word, as kj_word_make() of kjumpd makes it.
watchdog_name() {
    local LC_ALL=C identity
    read -r identity < "$1/identity"
    echo "${identity//[^[:alnum:]._-]/_}"
}

# The modules of the watchdog $1 (in /sys).  Half of the drivers do not tell
# which device is theirs, so all are taken that A has loaded.
watchdog_drivers() {
    local module
    if [[ -e $1/device ]]; then
        device_drivers "$(readlink -f "$1/device")"
    fi
    for module in "$kmoddir"/kernel/drivers/watchdog/*.ko*; do
        module=${module##*/}
        module=${module%%.ko*}
        [[ $module == softdog || ! -d /sys/module/${module//-/_}/holders ]] ||
            echo "${module//-/_}"
    done
}

find_drivers() {
    local dog=''
    device=$(target_sysfs)
    # The ordinary initramfs has its own way with them.
    [[ $only_print == yes ]] || dog=$(watchdog_sysfs)
    drivers=$({
        device_drivers "$device"
        [[ -z $dog ]] || watchdog_drivers "$dog"
    } | awk '!seen[$0]++')
    [[ -z $dog ]] || watchdog=$(watchdog_name "$dog")
}

# Are all of $drivers in the output already, or in the kernel itself?
has_drivers() {
    local name there
    [[ -s $output && -r $output.recipe ]] || return 1
    there=" $(sed -n 2p "$output.recipe") "
    for name in $drivers; do
        [[ $there == *" $name "* ]] ||
            grep -qs "/${name//[-_]/[-_]}\.ko" "$kmoddir/modules.builtin" ||
            return 1
    done
}

# The best packer that is installed; every kernel config has these.
compressor() {
    local name
    for name in zstd lz4 gzip; do
        if command -v "$name" > /dev/null; then
            echo "--$name"
            return
        fi
    done
    die "neither zstd, lz4 nor gzip is installed"
}

build() {
    local confdir=$work/conf packer
    mkdir "$confdir"
    packer=$(compressor)
    # The machine's own dracut configuration is for its own initramfs.
    KJUMP_B=1 KJUMP_DRIVERS=$drivers KJUMP_LIBEXEC=$libexec dracut \
        --conf /dev/null --confdir "$confdir" --tmpdir "$work" \
        --modules kjump \
        --no-hostonly --no-hostonly-cmdline --no-early-microcode \
        --no-machineid --no-uefi --reproducible "$packer" --strip \
        --kver "$kernel" --kmoddir "$kmoddir" --quiet --force \
        "$work/initrd.img" "$kernel" ||
        die "dracut failed"
    [[ -s $work/initrd.img ]] || die "dracut made nothing"
}

# $1: the modules in it
write_recipe() {
    printf '%s\n' "$device" "$1" "$watchdog" > "$work/recipe"
    mv -f "$work/recipe" "$output.recipe" || die "cannot write $output.recipe"
}

# Whole or not at all: kjumpd may look at any time.
install_output() {
    chmod 600 "$work/initrd.img"
    sync "$work/initrd.img"
    rm -f "$output.recipe"
    mv -f "$work/initrd.img" "$output" || die "cannot write $output"
    write_recipe "$drivers"
}

parse_arguments "$@"
[[ -n $drivers ]] || find_drivers
if [[ $only_print == yes ]]; then
    [[ -z $drivers ]] || echo "$drivers"
    exit 0
fi
drivers=${drivers//$'\n'/ }
[[ -d $kmoddir ]] || die "no modules of kernel $kernel: $kmoddir does not exist"
mkdir -p "$(dirname "$output")"
# Beside the output, so that the last step is a rename.
work=$(mktemp -d "$(dirname "$output")/.mkinitrd.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [[ $if_needed == yes ]] && has_drivers; then
    write_recipe "$(sed -n 2p "$output.recipe")"
    echo "$output has the drivers: ${drivers:-none}"
    exit 0
fi
build
install_output
echo "$output: $(($(stat -c %s "$output") / 1024)) KiB, drivers: ${drivers:-none}"
