#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dracut module of kjump, for two initramfs:
#
#   the ordinary one (kernel C)  kjump-resume, its unit, the description of the
#                                target and the target's drivers
#   B's (KJUMP_B=1, set by       kjump-agent as /init, the target's drivers and
#   kjump-mkinitrd)              their list, and nothing else
#
# What decides anything is in the programs; here things are only put in place.

kjump_libexec=${KJUMP_LIBEXEC:-/usr/libexec/kjump}
kjump_target=${KJUMP_TARGET:-/var/lib/kjump/target}
# Made by kjumpctl key: a passphrase will be asked for.
kjump_recipient=/var/lib/kjump/recipient
# kjumpd's link to the key file of Encryption=.
kjump_key=/var/lib/kjump/key

# The drivers of the target's device chain, one a line.
kjump_drivers() {
    if [[ ${KJUMP_DRIVERS+set} ]]; then
        [[ ! $KJUMP_DRIVERS ]] || printf '%s\n' "${KJUMP_DRIVERS// /$'\n'}"
    elif [[ -f $kjump_target ]]; then
        "$kjump_libexec/kjump-mkinitrd" --print-drivers --target "$kjump_target" 2> /dev/null ||
            dwarn "kjump: the target's device is not to be found here: its drivers must come by other modules"
    fi
}

# called by dracut
check() {
    [[ ${KJUMP_B-} ]] && return 0
    require_binaries "$kjump_libexec/kjump-resume" || return 1
    [[ -e $kjump_target || -e /etc/kjump.conf ]] || return 255
    return 0
}

# called by dracut
depends() {
    [[ ${KJUMP_B-} ]] && return 0
    echo systemd
    [[ -e $kjump_recipient ]] && echo systemd-ask-password
    return 0
}

# called by dracut
installkernel() {
    local drivers
    mapfile -t drivers < <(kjump_drivers)
    # Not found among the modules: built in, which the programs check.
    ((${#drivers[@]} == 0)) || hostonly='' instmods "${drivers[@]}"
}

# called by dracut
install() {
    if [[ ${KJUMP_B-} ]]; then
        kjump_install_b
    else
        kjump_install_c
    fi
}

kjump_install_b() {
    inst_binary "$kjump_libexec/kjump-agent" /init
    inst_binary "$kjump_libexec/kjump-drivers" /kjump-drivers
    mkdir -p "${initdir:?}/etc/kjump"
    kjump_drivers > "$initdir/etc/kjump/modules"
}

kjump_install_c() {
    inst_binary "$kjump_libexec/kjump-resume" /usr/libexec/kjump/kjump-resume
    inst_simple "${moddir:?}/kjump-resume.service" \
        "${systemdsystemunitdir:?}/kjump-resume.service"
    $SYSTEMCTL -q --root "$initdir" add-wants sysinit.target kjump-resume.service
    [[ -f $kjump_target ]] && inst_simple "$kjump_target" /etc/kjump/target
    [[ -e $kjump_key ]] && inst_simple "$(readlink -f "$kjump_key")" /etc/kjump/key
    [[ -e $kjump_recipient ]] && inst_binary systemd-ask-password
    return 0
}
