// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory to save and to restore.
 *
 * It also watches its user: runs of legal length, each mapping given back,
 * each page placed once.
 */
#include "machine.h"
#include "unit.h"

static int next_run(void *ctx, struct kj_run *ret)
{
	struct machine *m = ctx;
	uint64_t i = m->cursor;

	while (i < m->n_pages && !m->saved[i])
		i++;
	ret->pfn = i;
	while (i < m->n_pages && m->saved[i])
		i++;
	ret->n = i - ret->pfn;
	m->cursor = i;
	return ret->n > 0;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	struct machine *m = ctx;

	assert_in_range(run.n, 1, KJ_CHUNK_PAGES_MAX);
	assert_true(run.pfn + run.n <= m->n_pages);
	pthread_mutex_lock(&m->lock);
	m->mapped++;
	pthread_mutex_unlock(&m->lock);
	*ret = m->bytes + run.pfn * KJ_PAGE_SIZE;
	if (m->fail_map) {
		pthread_mutex_lock(&m->lock);
		m->mapped--;
		pthread_mutex_unlock(&m->lock);
		return -m->fail_map;
	}
	return 0;
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	struct machine *m = ctx;

	assert_ptr_equal(data, m->bytes + run.pfn * KJ_PAGE_SIZE);
	pthread_mutex_lock(&m->lock);
	m->mapped--;
	pthread_mutex_unlock(&m->lock);
}

static int place_run(void *ctx, struct kj_run run, const void *data)
{
	struct machine *m = ctx;

	memcpy(m->bytes + run.pfn * KJ_PAGE_SIZE, data, run.n * KJ_PAGE_SIZE);
	for (uint64_t i = 0; i < run.n; i++)
		if (m->placed[run.pfn + i] < 255)
			m->placed[run.pfn + i]++;
	return 0;
}

static void fill_page(uint8_t *page, enum content content, uint64_t *random)
{
	static const char words[] = "kernel page frame memory image ";
	uint64_t v;

	if (content == CONTENT_MIXED)
		content = (enum content)(next_random(random) % CONTENT_MIXED);
	if (content == CONTENT_ZERO)
		return;
	if (content == CONTENT_TEXT) {
		uint64_t at = next_random(random);

		for (unsigned int i = 0; i < KJ_PAGE_SIZE; i++)
			page[i] = (uint8_t)words[(at + i * (1 + at % 3)) % (sizeof(words) - 1)];
		return;
	}
	/* Neighbours often have the same word. */
	v = content == CONTENT_WORDS ? 0x0101010101010101 * (next_random(random) % 3) : 0;
	for (unsigned int i = 0; i < KJ_PAGE_SIZE; i += 8) {
		if (content != CONTENT_WORDS)
			v = next_random(random);
		memcpy(page + i, &v, 8);
	}
}

struct machine *machine_new(uint64_t n_pages, enum content content, uint64_t seed)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->n_pages = n_pages;
	m->bytes = aligned_alloc(KJ_PAGE_SIZE, n_pages * KJ_PAGE_SIZE);
	memset(m->bytes, 0, n_pages * KJ_PAGE_SIZE);
	m->saved = calloc(n_pages, sizeof(m->saved[0]));
	m->placed = calloc(n_pages, 1);
	for (uint64_t i = 0; i < n_pages; i++) {
		m->saved[i] = true;
		fill_page(m->bytes + i * KJ_PAGE_SIZE, content, &seed);
	}
	pthread_mutex_init(&m->lock, NULL);
	m->source = (struct kj_memory_source) { m, next_run, map_run, unmap_run };
	m->sink = (struct kj_memory_sink) { m, place_run };
	return m;
}

void machine_free(struct machine *m)
{
	pthread_mutex_destroy(&m->lock);
	free(m->bytes);
	free(m->saved);
	free(m->placed);
	free(m);
}

void machine_punch(struct machine *m, unsigned int longest, uint64_t seed)
{
	uint64_t i = 0;
	bool keep = true;

	while (i < m->n_pages) {
		uint64_t n = 1 + next_random(&seed) % longest;

		for (; n > 0 && i < m->n_pages; n--, i++)
			m->saved[i] = keep;
		keep = !keep;
	}
}

uint64_t machine_saved(const struct machine *m)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < m->n_pages; i++)
		n += m->saved[i];
	return n;
}

void machine_options(const struct machine *m, struct kj_write_options *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->threads = 2;
	ret->recipient = m->recipient;
	ret->pages_total = machine_saved(m);
	ret->identity.max_pfn = m->n_pages;
	ret->identity.ram_pages = m->n_pages;
	ret->identity.entry = 0x1234000;
	memcpy(ret->identity.machine_id, "machine-id-bytes", 16);
	memcpy(ret->identity.boot_id, "boot-id-of-bytes", 16);
	strcpy(ret->identity.kernel_release, "6.12.0-unit");
}

int machine_write(struct machine *m, const struct kj_store *store,
		  struct kj_image_info *ret_info, struct kj_error *error)
{
	struct kj_write_options options;
	int r;

	machine_options(m, &options);
	m->cursor = 0;
	r = kj_image_write(store, &m->source, &options, ret_info, error);
	assert_int_equal(m->mapped, 0);
	return r;
}

static bool same(const struct machine *m, const struct machine *other,
		 const uint64_t *bitmap)
{
	for (uint64_t i = 0; i < m->n_pages; i++) {
		bool marked = bitmap[i / 64] >> (i % 64) & 1;

		if (marked != m->saved[i] || other->placed[i] != m->saved[i])
			return false;
		if (marked && memcmp(m->bytes + i * KJ_PAGE_SIZE,
				     other->bytes + i * KJ_PAGE_SIZE, KJ_PAGE_SIZE) != 0)
			return false;
	}
	return true;
}

int machine_compare(const struct machine *m, const struct kj_store *store,
		    bool *ret_same, struct kj_error *error)
{
	struct machine *other = machine_new(m->n_pages, CONTENT_ZERO, 1);
	uint64_t *bitmap = calloc(m->n_pages / 64 + 1, sizeof(*bitmap));
	struct kj_read_options options = { .threads = 2, .key = m->key };
	struct kj_reader *reader = NULL;
	int r;

	memset(other->bytes, 0xa5, other->n_pages * KJ_PAGE_SIZE);
	*ret_same = false;
	r = kj_reader_open(store, &options, &reader, error);
	if (r == 0 && kj_reader_info(reader)->identity.max_pfn == m->n_pages) {
		r = kj_reader_mark_pages(reader, bitmap, error);
		if (r == 0)
			r = kj_reader_restore(reader, &other->sink, NULL, error);
		*ret_same = r == 0 && same(m, other, bitmap);
	}
	kj_reader_close(reader);
	free(bitmap);
	machine_free(other);
	return r;
}
