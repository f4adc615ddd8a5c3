/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka wants these before it, in this order. */
#ifndef KJ_UNIT_H
#define KJ_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a test saw, for whoever reads the log. */
#define saw(...) print_message("           saw: " __VA_ARGS__)

/* Numbers that look random and are the same in each run. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

#endif /* KJ_UNIT_H */
