// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counting allocations, by the sizes that the C library really gave.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "heap.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *p);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *p);

static atomic_long now, peak;

static void *note(void *p)
{
	long n, seen = atomic_load(&peak);

	if (!p)
		return NULL;
	n = atomic_fetch_add(&now, (long)malloc_usable_size(p)) + (long)malloc_usable_size(p);
	while (n > seen && !atomic_compare_exchange_weak(&peak, &seen, n))
		;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return note(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return note(__real_calloc(n, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return note(__real_aligned_alloc(alignment, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	if (p)
		atomic_fetch_sub(&now, (long)malloc_usable_size(p));
	return note(__real_realloc(p, size));
}

void __wrap_free(void *p)
{
	if (p)
		atomic_fetch_sub(&now, (long)malloc_usable_size(p));
	__real_free(p);
}

void heap_forget(void)
{
	atomic_store(&now, 0);
	atomic_store(&peak, 0);
}

size_t heap_peak(void)
{
	return (size_t)atomic_load(&peak);
}
