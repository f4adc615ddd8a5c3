/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules of B.
 */
#ifndef KJ_DRIVERS_H
#define KJ_DRIVERS_H

/**
 * kj_drivers_load() - load the modules a file lists, one name a line
 * @list: path; none is no error (everything is built in)
 *
 * Dependencies and soft dependencies come along.  One that fails is logged
 * and passed over: the target may be reached without it.
 *
 * Return: how many failed, or a negative errno when none could be tried.
 */
int kj_drivers_load(const char *list);

#endif /* KJ_DRIVERS_H */
