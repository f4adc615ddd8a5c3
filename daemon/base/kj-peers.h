/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of systemd and logind on the bus: org.freedesktop.systemd1(5),
 * org.freedesktop.login1(5).
 */
#ifndef KJ_PEERS_H
#define KJ_PEERS_H

#define KJ_SYSTEMD		"org.freedesktop.systemd1"
#define KJ_SYSTEMD_PATH		"/org/freedesktop/systemd1"
#define KJ_SYSTEMD_MANAGER	"org.freedesktop.systemd1.Manager"

#define KJ_LOGIND		"org.freedesktop.login1"
#define KJ_LOGIND_PATH		"/org/freedesktop/login1"
#define KJ_LOGIND_MANAGER	"org.freedesktop.login1.Manager"

#endif /* KJ_PEERS_H */
