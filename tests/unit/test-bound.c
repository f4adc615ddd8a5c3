// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine's memory: 2 MiB for each thread and 8 MiB beside them, all of it
 * taken before the first page is read or placed, and given back.
 *
 * --wrap of the linker counts what the engine asks for.
 */
#include "unit.h"

#include <malloc.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "kj-image.h"
#include "kj-key.h"

#define MIB		(UINT64_C(1) << 20)
#define STORE_BYTES	(64 * MIB)
#define PAGES		32768u
#define MAX_PFN		(PAGES * 2)

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **ret, size_t align, size_t size);
void __real_free(void *p);
void *__real_sodium_malloc(size_t size);
int __real_sysinfo(struct sysinfo *si);
int __wrap_sysinfo(struct sysinfo *si);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **ret, size_t align, size_t size);
void __wrap_free(void *p);
void *__wrap_sodium_malloc(size_t size);

static struct {
	pthread_mutex_t lock;
	bool on;
	bool working;			/* a page was read or placed */
	size_t now, most;
	unsigned int before, late;	/* allocations */
	unsigned int fail_at;		/* this allocation, counted from 1 */
	struct { uint8_t *p; size_t len; } buffers[512];	/* aligned ones */
	unsigned int n_buffers;
	size_t missing;			/* of them, without memory behind, when it began */
} heap = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Return: whether it may. */
static bool ask(void)
{
	bool may = true;

	pthread_mutex_lock(&heap.lock);
	if (heap.on) {
		if (heap.working)
			heap.late++;
		else
			heap.before++;
		may = heap.before + heap.late != heap.fail_at;
	}
	pthread_mutex_unlock(&heap.lock);
	return may;
}

static void *got(void *p)
{
	pthread_mutex_lock(&heap.lock);
	if (heap.on && p) {
		heap.now += malloc_usable_size(p);
		if (heap.now > heap.most)
			heap.most = heap.now;
	}
	pthread_mutex_unlock(&heap.lock);
	return p;
}

void *__wrap_malloc(size_t size)
{
	return ask() ? got(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return ask() ? got(__real_calloc(n, size)) : NULL;
}

static void note_buffer(uint8_t *p, size_t len)
{
	pthread_mutex_lock(&heap.lock);
	if (heap.on && p && heap.n_buffers < 512) {
		heap.buffers[heap.n_buffers].p = p;
		heap.buffers[heap.n_buffers++].len = len;
	}
	pthread_mutex_unlock(&heap.lock);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	void *p = ask() ? got(__real_aligned_alloc(align, size)) : NULL;

	note_buffer(p, size);
	return p;
}

/* The engine does not use these two; should it, this is an error. */
void *__wrap_realloc(void *p, size_t size)
{
	assert_false(heap.on);
	return __real_realloc(p, size);
}

int __wrap_posix_memalign(void **ret, size_t align, size_t size)
{
	assert_false(heap.on);
	return __real_posix_memalign(ret, align, size);
}

void __wrap_free(void *p)
{
	pthread_mutex_lock(&heap.lock);
	if (heap.on && p)
		heap.now -= malloc_usable_size(p);
	pthread_mutex_unlock(&heap.lock);
	__real_free(p);
}

/* Five pages at most, and not of the heap. */
void *__wrap_sodium_malloc(size_t size)
{
	return ask() ? __real_sodium_malloc(size) : NULL;
}

static uint64_t free_bytes = 1ull << 40;

int __wrap_sysinfo(struct sysinfo *si)
{
	int r = __real_sysinfo(si);

	si->freeram = free_bytes;
	si->mem_unit = 1;
	return r;
}

static void watch(unsigned int fail_at)
{
	pthread_mutex_lock(&heap.lock);
	heap.on = true;
	heap.working = false;
	heap.now = heap.most = 0;
	heap.before = heap.late = 0;
	heap.fail_at = fail_at;
	heap.n_buffers = 0;
	heap.missing = 0;
	pthread_mutex_unlock(&heap.lock);
}

static void unwatch(void)
{
	pthread_mutex_lock(&heap.lock);
	heap.on = false;
	pthread_mutex_unlock(&heap.lock);
	assert_int_equal(heap.now, 0);
}

/* Bytes of the buffers that the kernel has not backed by memory yet. */
static size_t missing_bytes(void)
{
	unsigned char there[1024];
	size_t n = 0;

	for (unsigned int i = 0; i < heap.n_buffers; i++) {
		assert_true(heap.buffers[i].len <= sizeof(there) * 4096);
		assert_int_equal(mincore(heap.buffers[i].p, heap.buffers[i].len, there), 0);
		for (size_t k = 0; k < heap.buffers[i].len / 4096; k++)
			n += there[k] & 1 ? 0 : 4096;
	}
	return n;
}

static void work_began(void)
{
	pthread_mutex_lock(&heap.lock);
	if (!heap.working)
		heap.missing = missing_bytes();
	heap.working = true;
	pthread_mutex_unlock(&heap.lock);
}

/* ---- a memory and a disk that take nothing of the heap -------------------------- */

static _Alignas(4096) uint8_t pages_of_all[129 * KJ_PAGE_SIZE];
static uint8_t disk[STORE_BYTES];
static atomic_uint placed;

/* Every second page alone: the most index that pages can have. */
static int next_run(void *ctx, struct kj_run *ret)
{
	uint64_t *cursor = ctx;

	work_began();
	*ret = (struct kj_run) { *cursor * 2, 1 };
	return (*cursor)++ < PAGES;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	(void)ctx;
	*ret = pages_of_all + run.pfn / 2 % 128 * KJ_PAGE_SIZE;
	return 0;
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx, (void)run, (void)data;
}

static int place_run(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx, (void)data;
	work_began();
	atomic_fetch_add(&placed, (unsigned int)run.n);
	return 0;
}

static int disk_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	(void)ctx;
	memcpy(buf, disk + offset, len);
	return 0;
}

static int disk_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	(void)ctx;
	memcpy(disk + offset, buf, len);
	return 0;
}

static int disk_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct kj_store store = { NULL, STORE_BYTES, disk_read, disk_write, disk_flush };
static const struct kj_memory_sink sink = { NULL, place_run };

/* A few pages in 128 do not compress, so that all buffers are used. */
static int set_up(void **state)
{
	uint64_t random = 3;

	(void)state;
	mallopt(M_MMAP_THRESHOLD, 65536);	/* buffers come fresh from the kernel */
	for (size_t i = 0; i < sizeof(pages_of_all); i += 8) {
		uint64_t v = i / KJ_PAGE_SIZE % 8 ? i / KJ_PAGE_SIZE % 3 : next_random(&random);

		memcpy(pages_of_all + i, &v, 8);
	}
	return 0;
}

static int write_image(unsigned int threads, const struct kj_recipient *recipient,
		       struct kj_image_info *info, unsigned int fail_at)
{
	uint64_t cursor = 0;
	const struct kj_memory_source source = { &cursor, next_run, map_run, unmap_run };
	const struct kj_write_options options = {
		.threads = threads, .recipient = recipient, .pages_total = PAGES,
		.identity.max_pfn = MAX_PFN, .identity.ram_pages = MAX_PFN,
	};
	struct kj_error error = { "" };
	int r;

	watch(fail_at);
	r = kj_image_write(&store, &source, &options, info, &error);
	unwatch();
	assert_int_equal(error.text[0] != 0, r < 0);
	return r;
}

static const struct kj_recipient *some_recipient(void)
{
	static struct kj_recipient r;

	assert_int_equal(kj_recipient_of_keyfile("0123456789abcdef0123456789abcdef", 32,
						 &r, NULL), 0);
	return &r;
}

static const unsigned int crews[] = { 1, 2, 8, 64, 500 };

static unsigned int counted(unsigned int threads)
{
	return threads < 64 ? threads : 64;	/* more are never started */
}

static void the_writer_takes_8_mib_and_2_for_each_thread_before_its_first_page(void **state)
{
	struct kj_image_info info;

	(void)state;
	for (int encrypted = 0; encrypted < 2; encrypted++)
		for (size_t i = 0; i < sizeof(crews) / sizeof(crews[0]); i++) {
			unsigned int n = counted(crews[i]);

			assert_int_equal(write_image(crews[i], encrypted ? some_recipient() : NULL,
						     &info, 0), 0);
			assert_int_equal(info.pages, PAGES);
			saw("%u threads%s: %zu KiB in %u pieces, %u of them late\n", crews[i],
			    encrypted ? ", encrypted" : "", heap.most / 1024, heap.before,
			    heap.late);
			assert_int_equal(heap.late, 0);
			assert_true(heap.most <= 8 * MIB + n * 2 * MIB);
			assert_in_range(heap.n_buffers, n + 1, 511);
			assert_int_equal(heap.missing, 0);	/* also touched */
		}
}

static void the_reader_takes_2_mib_for_each_thread_and_three_more_before_its_first_page(void **state)
{
	struct kj_image_info info;
	struct kj_key *key = NULL;
	struct kj_error error = { "" };

	(void)state;
	for (int encrypted = 0; encrypted < 2; encrypted++) {
		assert_int_equal(write_image(2, encrypted ? some_recipient() : NULL, &info, 0), 0);
		if (encrypted)
			assert_int_equal(kj_key_unlock_keyfile(&info,
					"0123456789abcdef0123456789abcdef", 32, &key, &error), 0);
		for (size_t i = 0; i < sizeof(crews) / sizeof(crews[0]); i++) {
			const struct kj_read_options options = { crews[i], key };
			unsigned int n = counted(crews[i]);
			struct kj_reader *reader;
			size_t opened;

			watch(0);
			atomic_store(&placed, 0);
			assert_int_equal(kj_reader_open(&store, &options, &reader, &error), 0);
			opened = heap.most;
			assert_int_equal(kj_reader_restore(reader, &sink, NULL, &error), 0);
			assert_int_equal(heap.now, opened);
			kj_reader_close(reader);
			unwatch();
			assert_int_equal(atomic_load(&placed), PAGES);
			saw("%u threads%s: %zu KiB for the index, %zu KiB for them, %u late, "
			    "%zu KiB not touched\n", crews[i], encrypted ? ", encrypted" : "",
			    opened / 1024, (heap.most - opened) / 1024, heap.late,
			    heap.missing / 1024);
			assert_int_equal(heap.late, 0);
			assert_true(heap.most - opened <= (n + 3) * 2 * MIB);
			assert_int_equal(heap.missing, 0);
			assert_true(heap.most <= 8 * MIB + n * 2 * MIB);
		}
	}
	kj_key_free(key);
}

static size_t most_of_restore(unsigned int threads, uint64_t is_free)
{
	const struct kj_read_options options = { .threads = threads };
	struct kj_error error = { "" };
	struct kj_reader *reader;

	free_bytes = is_free;
	watch(0);
	assert_int_equal(kj_reader_open(&store, &options, &reader, &error), 0);
	assert_int_equal(kj_reader_restore(reader, &sink, NULL, &error), 0);
	kj_reader_close(reader);
	unwatch();
	free_bytes = 1ull << 40;
	return heap.most;
}

static void where_64_mib_are_not_free_the_reader_takes_nothing_for_three_more(void **state)
{
	struct kj_image_info info;

	(void)state;
	assert_int_equal(write_image(1, NULL, &info, 0), 0);
	for (unsigned int n = 1; n <= 64; n *= 4) {
		size_t little = most_of_restore(n, 64 * MIB - 1);
		size_t plenty = most_of_restore(n, 64 * MIB);

		saw("%u threads: %zu KiB, %zu KiB where plenty is free\n", n, little / 1024,
		    plenty / 1024);
		assert_true(little <= n * 2 * MIB + 128 * 1024);
		assert_in_range(plenty, little, little + 6 * MIB);
	}
}

static void without_a_number_the_writer_takes_two_thirds_of_what_is_free(void **state)
{
	struct kj_image_info info;

	(void)state;
	for (uint64_t is_free = 0; is_free <= 16 * MIB; is_free += MIB) {
		free_bytes = is_free;
		assert_int_equal(write_image(0, NULL, &info, 0), 0);
		assert_int_equal(heap.late, 0);
		/* Two workers are the least, and there is the index. */
		if (is_free >= 6 * MIB)
			assert_true(heap.most <= is_free / 3 * 2 + MIB / 2);
		else
			assert_true(heap.most <= 4 * MIB + MIB / 2);
		if (is_free % (4 * MIB) == 0)
			saw("%" PRIu64 " MiB free: %zu KiB\n", is_free / MIB, heap.most / 1024);
	}
	free_bytes = 1ull << 40;
}

/* ---- memory that is not there -------------------------------------------------- */

static bool an_image_is_there(void)
{
	struct kj_image_info info;

	assert_int_equal(kj_image_probe(&store, &info, NULL), 0);
	return info.state == KJ_IMAGE_VALID;
}

/* Missed before the first page is read, and before the image that is there is
 * given up. */
static void each_allocation_of_the_writer_may_fail_and_the_old_image_stays(void **state)
{
	struct kj_image_info info;
	unsigned int n;

	(void)state;
	assert_int_equal(write_image(1, some_recipient(), &info, 0), 0);
	for (n = 1; write_image(1, some_recipient(), &info, n) < 0; n++) {
		assert_int_equal(write_image(1, some_recipient(), &info, n), -ENOMEM);
		assert_false(heap.working);
		assert_true(an_image_is_there());
	}
	saw("%u allocations, each failed once\n", n - 1);
	assert_true(n > 10);
}

static void each_allocation_of_the_reader_may_fail_before_a_page_is_placed(void **state)
{
	const struct kj_read_options options = { .threads = 2 };
	struct kj_error error = { "" };
	struct kj_image_info info;
	unsigned int n = 0;
	int r;

	(void)state;
	assert_int_equal(write_image(1, NULL, &info, 0), 0);
	do {
		struct kj_reader *reader = NULL;

		watch(++n);
		r = kj_reader_open(&store, &options, &reader, &error);
		if (r == 0)
			r = kj_reader_restore(reader, &sink, NULL, &error);
		assert_true(r == 0 || (r == -ENOMEM && !heap.working));
		kj_reader_close(reader);
		unwatch();
	} while (r < 0);
	saw("%u allocations, each failed once: %s\n", n - 1, error.text);
	assert_true(n > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_writer_takes_8_mib_and_2_for_each_thread_before_its_first_page),
		cmocka_unit_test(the_reader_takes_2_mib_for_each_thread_and_three_more_before_its_first_page),
		cmocka_unit_test(where_64_mib_are_not_free_the_reader_takes_nothing_for_three_more),
		cmocka_unit_test(without_a_number_the_writer_takes_two_thirds_of_what_is_free),
		cmocka_unit_test(each_allocation_of_the_writer_may_fail_and_the_old_image_stays),
		cmocka_unit_test(each_allocation_of_the_reader_may_fail_before_a_page_is_placed),
	};

	return cmocka_run_group_tests_name("bound", tests, set_up, NULL);
}
