/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine has allocated: malloc() and its sisters are wrapped by the
 * linker (meson.build), and so are calls from the engine's static library.
 */
#ifndef KJ_BENCH_HEAP_H
#define KJ_BENCH_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* From now on. */
void heap_forget(void);

/* The most bytes that were allocated at once, of what came after that. */
size_t heap_peak(void);

/* kj-image.h: 2 MiB for each thread and 8 MiB beside them. */
static inline size_t heap_promised(unsigned int threads)
{
	return (8u + 2u * (size_t)threads) << 20;
}

#endif /* KJ_BENCH_HEAP_H */
