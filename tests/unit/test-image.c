// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine's round trip: what goes in comes out, in a bounded memory.
 */
#include "unit.h"

#include <malloc.h>

#include "disk.h"
#include "kj-format.h"
#include "machine.h"

#define MIB (1ull << 20)

static void round_trip(uint64_t pages, enum content content, unsigned int longest_gap,
		       struct kj_image_info *info)
{
	struct machine *m = machine_new(pages, content, pages + 11);
	struct disk *disk = disk_new(pages * KJ_PAGE_SIZE + 4 * MIB);
	struct kj_error error = { "" };
	bool same;

	if (longest_gap)
		machine_punch(m, longest_gap, pages);
	if (machine_write(m, &disk->store, info, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(info->state, KJ_IMAGE_VALID);
	assert_int_equal(info->pages, machine_saved(m));
	if (machine_compare(m, &disk->store, &same, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(same);
	saw("%" PRIu64 " of %" PRIu64 " pages, %" PRIu64 " zero, %" PRIu64 " chunks, %"
	    PRIu64 " bytes\n", info->pages, pages, info->zero_pages, info->chunks,
	    info->bytes_stored);
	machine_free(m);
	disk_free(disk);
}

static void zero_pages_come_back_and_take_no_room(void **state)
{
	struct kj_image_info info;

	(void)state;
	round_trip(8192, CONTENT_ZERO, 0, &info);
	assert_int_equal(info.zero_pages, 8192);
	assert_true(info.bytes_stored < 256 * 1024);
}

static void random_pages_come_back_and_take_little_more_than_themselves(void **state)
{
	struct kj_image_info info;
	uint64_t plain;

	(void)state;
	round_trip(8192, CONTENT_RANDOM, 0, &info);
	plain = info.pages * KJ_PAGE_SIZE;
	assert_int_equal(info.zero_pages, 0);
	assert_true(info.bytes_stored < plain + plain / 64);
}

static void compressible_pages_come_back_and_shrink(void **state)
{
	struct kj_image_info info;

	(void)state;
	round_trip(8192, CONTENT_TEXT, 0, &info);
	assert_true(info.bytes_stored < info.pages * KJ_PAGE_SIZE / 4);
}

static void mixed_pages_with_gaps_come_back(void **state)
{
	struct kj_image_info info;

	(void)state;
	round_trip(8192, CONTENT_MIXED, 2, &info);
	round_trip(8192, CONTENT_MIXED, 40, &info);
	round_trip(8191, CONTENT_MIXED, 3000, &info);
}

static void every_second_page_alone_comes_back(void **state)
{
	struct kj_image_info info;

	(void)state;
	round_trip(16384, CONTENT_RANDOM, 1, &info);
	assert_int_equal(info.pages, 8192);
}

static void images_of_few_pages_come_back(void **state)
{
	struct kj_image_info info;

	(void)state;
	for (uint64_t n = 1; n < 4; n++)
		round_trip(n, CONTENT_RANDOM, 0, &info);
	round_trip(127, CONTENT_MIXED, 0, &info);
	round_trip(128, CONTENT_MIXED, 0, &info);
	round_trip(129, CONTENT_MIXED, 0, &info);
}

static void an_image_of_no_pages_is_an_image(void **state)
{
	struct machine *m = machine_new(64, CONTENT_ZERO, 1);
	struct disk *disk = disk_new(MIB);
	struct kj_image_info info;
	struct kj_error error = { "" };
	bool same;

	(void)state;
	memset(m->saved, 0, 64);
	assert_int_equal(machine_write(m, &disk->store, &info, &error), 0);
	assert_int_equal(info.pages, 0);
	assert_int_equal(machine_compare(m, &disk->store, &same, &error), 0);
	assert_true(same);
	machine_free(m);
	disk_free(disk);
}

static void the_header_keeps_whose_memory_it_is(void **state)
{
	struct machine *m = machine_new(100, CONTENT_RANDOM, 5);
	struct disk *disk = disk_new(4 * MIB);
	struct kj_write_options options;
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	machine_options(m, &options);
	memset(options.identity.kernel_release, 'r', 64);
	memset(options.identity.memory_map_digest, 0xab, 32);
	assert_int_equal(kj_image_write(&disk->store, &m->source, &options, NULL, &error), 0);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_memory_equal(&info.identity, &options.identity, sizeof(info.identity));
	assert_true(info.created_usec > 1600000000ull * 1000000);
	memset(options.identity.kernel_release, 'r', 65);
	m->cursor = 0;
	assert_int_equal(kj_image_write(&disk->store, &m->source, &options, NULL, &error), -EINVAL);
	machine_free(m);
	disk_free(disk);
}

static void an_image_over_an_image_is_the_new_one(void **state)
{
	struct machine *a = machine_new(2000, CONTENT_MIXED, 21);
	struct machine *b = machine_new(1500, CONTENT_MIXED, 22);
	struct disk *disk = disk_new(16 * MIB);
	struct kj_image_info first, second;
	struct kj_error error = { "" };
	bool same;

	(void)state;
	assert_int_equal(machine_write(a, &disk->store, &first, &error), 0);
	assert_int_equal(machine_write(b, &disk->store, &second, &error), 0);
	assert_true(second.generation > first.generation);
	assert_memory_not_equal(first.image_id, second.image_id, 16);
	assert_int_equal(machine_compare(b, &disk->store, &same, &error), 0);
	assert_true(same);
	assert_int_equal(machine_compare(a, &disk->store, &same, &error), 0);
	assert_false(same);
	machine_free(a);
	machine_free(b);
	disk_free(disk);
}

static void runs_out_of_order_are_refused(void **state)
{
	struct machine *m = machine_new(1000, CONTENT_RANDOM, 1);
	struct disk *disk = disk_new(8 * MIB);
	struct kj_write_options options;
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	machine_options(m, &options);
	options.identity.max_pfn = 999;
	assert_int_equal(kj_image_write(&disk->store, &m->source, &options, &info, &error),
			 -EINVAL);
	saw("%s\n", error.text);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_int_equal(info.state, KJ_IMAGE_NONE);
	machine_free(m);
	disk_free(disk);
}

/* ---- memory use: a machine of any size, of which one page exists ---------- */

struct endless {
	uint64_t pages;
	uint64_t cursor;
	size_t most_heap;
	uint8_t *data;
};

static int endless_next(void *ctx, struct kj_run *ret)
{
	struct endless *e = ctx;
	struct mallinfo2 heap = mallinfo2();

	if (heap.uordblks + heap.hblkhd > e->most_heap)
		e->most_heap = heap.uordblks + heap.hblkhd;
	*ret = (struct kj_run) { e->cursor, 7 };
	e->cursor += 8;
	return e->cursor < e->pages;
}

static int endless_map(void *ctx, struct kj_run run, const void **ret)
{
	(void)run;
	*ret = ((struct endless *)ctx)->data;
	return 0;
}

static void endless_unmap(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx, (void)run, (void)data;
}

static int nowhere(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	if (offset < KJ_DATA_START)
		memcpy((uint8_t *)ctx + offset, buf, len);
	return 0;
}

static int headers(void *ctx, uint64_t offset, void *buf, size_t len)
{
	memcpy(buf, (uint8_t *)ctx + offset, len);
	return 0;
}

static int no_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static size_t most_heap_for(uint64_t pages, unsigned int threads)
{
	static uint8_t head[KJ_DATA_START];
	const struct kj_store store = { head, 1ull << 50, headers, nowhere, no_flush };
	struct endless e = { .pages = pages, .data = calloc(8, KJ_PAGE_SIZE) };
	const struct kj_memory_source source = { &e, endless_next, endless_map,
						 endless_unmap };
	struct kj_write_options options = { .threads = threads,
					    .identity.max_pfn = pages };
	struct mallinfo2 heap = mallinfo2();
	size_t before = heap.uordblks + heap.hblkhd;
	struct kj_error error = { "" };

	if (kj_image_write(&store, &source, &options, NULL, &error) < 0)
		fail_msg("%s", error.text);
	free(e.data);
	return e.most_heap - before;
}

static void the_writers_memory_is_bounded_whatever_it_saves(void **state)
{
	(void)state;
	for (unsigned int threads = 1; threads <= 8; threads *= 2) {
		size_t small = most_heap_for(1 << 12, threads);
		size_t large = most_heap_for(1 << 22, threads);

		saw("%u threads: %zu KiB for 16 MiB of memory, %zu KiB for 16 GiB\n",
		    threads, small / 1024, large / 1024);
		assert_true(large <= small + 4096);
		assert_true(large <= (8 + 2 * threads) * MIB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_pages_come_back_and_take_no_room),
		cmocka_unit_test(random_pages_come_back_and_take_little_more_than_themselves),
		cmocka_unit_test(compressible_pages_come_back_and_shrink),
		cmocka_unit_test(mixed_pages_with_gaps_come_back),
		cmocka_unit_test(every_second_page_alone_comes_back),
		cmocka_unit_test(images_of_few_pages_come_back),
		cmocka_unit_test(an_image_of_no_pages_is_an_image),
		cmocka_unit_test(the_header_keeps_whose_memory_it_is),
		cmocka_unit_test(an_image_over_an_image_is_the_new_one),
		cmocka_unit_test(runs_out_of_order_are_refused),
		cmocka_unit_test(the_writers_memory_is_bounded_whatever_it_saves),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
