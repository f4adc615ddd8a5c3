/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other way to hibernate: swsusp, to a swap area.
 */
#ifndef KJ_SWAP_H
#define KJ_SWAP_H

#include <stdbool.h>

/**
 * kj_swap_usable() - could the kernel's own hibernation work here?
 *
 * There is an active swap area that is not in memory itself (zram), and
 * /sys/power/state offers "disk".  Whether it is large enough only shows when
 * it is tried.
 */
bool kj_swap_usable(void);

#endif /* KJ_SWAP_H */
