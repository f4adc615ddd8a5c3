// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads QEMU's dump-guest-memory: each loadable segment is a piece of RAM.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "memory.h"

static uint8_t *page_of(const struct memory *m, uint8_t *bytes, uint64_t pfn)
{
	for (unsigned int i = 0; i < m->n_runs; i++)
		if (pfn - m->runs[i].pfn < m->runs[i].n)
			return bytes + (m->first[i] + pfn - m->runs[i].pfn) * KJ_PAGE_SIZE;
	abort();
}

static int next_run(void *ctx, struct kj_run *ret)
{
	struct memory *m = ctx;

	if (m->cursor == m->n_runs)
		return 0;
	*ret = m->runs[m->cursor++];
	return 1;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	const struct memory *m = ctx;

	*ret = page_of(m, m->bytes, run.pfn);
	return 0;
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx;
	(void)run;
	(void)data;
}

static int place_run(void *ctx, struct kj_run run, const void *data)
{
	const struct memory *m = ctx;

	memcpy(page_of(m, m->back, run.pfn), data, run.n * KJ_PAGE_SIZE);
	return 0;
}

static int compare_segments(const void *a, const void *b)
{
	uint64_t x = ((const Elf64_Phdr *)a)->p_paddr, y = ((const Elf64_Phdr *)b)->p_paddr;

	return (x > y) - (x < y);
}

/* Return: how many, ascending. */
static int read_segments(int fd, Elf64_Phdr *segments, unsigned int max)
{
	Elf64_Ehdr head;
	unsigned int n = 0;
	int r = kj_pread_full(fd, &head, sizeof(head), 0);

	if (r < 0)
		return r;
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
		return -ENOEXEC;
	for (unsigned int i = 0; i < head.e_phnum && n < max; i++) {
		r = kj_pread_full(fd, &segments[n], sizeof(*segments),
				  (off_t)(head.e_phoff + i * sizeof(*segments)));
		if (r < 0)
			return r;
		if (segments[n].p_type == PT_LOAD && segments[n].p_filesz >= KJ_PAGE_SIZE)
			n++;
	}
	qsort(segments, n, sizeof(*segments), compare_segments);
	return n ? (int)n : -ENODATA;
}

static uint8_t *new_pages(uint64_t n)
{
	void *p = mmap(NULL, n * KJ_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int memory_load(struct memory *m, const char *path)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Phdr segments[MEMORY_RUNS_MAX];
	int n, r = 0;

	memset(m, 0, sizeof(*m));
	n = fd < 0 ? -errno : read_segments(fd, segments, MEMORY_RUNS_MAX);
	for (int i = 0; i < n; i++) {
		struct kj_run run = { segments[i].p_paddr / KJ_PAGE_SIZE,
				      segments[i].p_filesz / KJ_PAGE_SIZE };

		m->runs[m->n_runs] = run;
		m->first[m->n_runs++] = m->n_pages;
		m->n_pages += run.n;
		m->max_pfn = run.pfn + run.n;
	}
	if (n < 0)
		return n;
	m->bytes = new_pages(m->n_pages);
	m->back = new_pages(m->n_pages);
	if (!m->bytes || !m->back)
		return -ENOMEM;
	for (int i = 0; r == 0 && i < n; i++)
		r = kj_pread_full(fd, m->bytes + m->first[i] * KJ_PAGE_SIZE,
				  m->runs[i].n * KJ_PAGE_SIZE, (off_t)segments[i].p_offset);
	m->source = (struct kj_memory_source) { m, next_run, map_run, unmap_run };
	m->sink = (struct kj_memory_sink) { m, place_run };
	return r;
}
