/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real machine's memory, from an ELF dump (tests/bench/make-dump).
 */
#ifndef KJ_BENCH_MEMORY_H
#define KJ_BENCH_MEMORY_H

#include "kj-image.h"

#define MEMORY_RUNS_MAX 32u

struct memory {
	uint8_t *bytes;			/* of all pages, one behind the other */
	uint8_t *back;			/* as many: where the sink puts them */
	uint64_t n_pages;
	uint64_t max_pfn;
	struct kj_run runs[MEMORY_RUNS_MAX];
	uint64_t first[MEMORY_RUNS_MAX];	/* page in bytes */
	unsigned int n_runs;
	unsigned int cursor;
	struct kj_memory_source source;
	struct kj_memory_sink sink;
};

/* Return: 0; negative errno.  Kept until the program ends. */
int memory_load(struct memory *m, const char *path);

static inline uint64_t memory_size(const struct memory *m)
{
	return m->n_pages * KJ_PAGE_SIZE;
}

#endif /* KJ_BENCH_MEMORY_H */
