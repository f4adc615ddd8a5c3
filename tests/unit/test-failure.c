// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks that fail, memories that fail, users who change their minds: the
 * first error comes back with a sentence, all threads end, and the store says
 * "no image".
 */
#include "unit.h"

#include "disk.h"
#include "machine.h"

#define MIB (1ull << 20)

static void assert_no_image(struct disk *disk)
{
	struct kj_image_info info;
	struct kj_error error;

	disk_reset(disk);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_int_equal(info.state, KJ_IMAGE_NONE);
}

static void a_full_store_is_enospc_and_no_image_even_over_a_whole_one(void **state)
{
	struct machine *small = machine_new(100, CONTENT_RANDOM, 1);
	struct machine *large = machine_new(4000, CONTENT_RANDOM, 2);
	unsigned int full = 0;

	(void)state;
	for (uint64_t size = MIB; size < 16 * MIB; size += 1237 * 4096) {
		struct disk *disk = disk_new(size);
		struct kj_image_info info;
		struct kj_error error = { "" };

		assert_int_equal(machine_write(small, &disk->store, &info, &error), 0);
		assert_int_equal(machine_write(large, &disk->store, &info, &error), -ENOSPC);
		if (!full++)
			saw("%s\n", error.text);
		assert_non_null(strstr(error.text, "use a larger target"));
		assert_no_image(disk);
		disk_free(disk);
	}
	machine_free(small);
	machine_free(large);
}

/* The smallest store that holds the image, found by trying; one block less
 * fails, also when it is the index that does not fit. */
static void the_last_block_of_a_store_is_used(void **state)
{
	struct machine *m = machine_new(1000, CONTENT_RANDOM, 2);
	struct disk *disk = disk_new(8 * MIB);
	struct kj_image_info info;
	struct kj_error error = { "" };
	int r;

	(void)state;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), 0);
	for (disk->store.size = info.bytes_stored + 64 * 4096;; disk->store.size -= 4096) {
		r = machine_write(m, &disk->store, &info, &error);
		if (r < 0)
			break;
		assert_true(info.bytes_stored <= disk->store.size);
	}
	assert_int_equal(r, -ENOSPC);
	saw("last size that was enough: %" PRIu64 "\n", disk->store.size + 4096);
	disk->store.size = 8 * MIB;
	assert_no_image(disk);
	machine_free(m);
	disk_free(disk);
}

static void a_write_error_at_any_write_comes_back_and_leaves_no_image(void **state)
{
	struct machine *m = machine_new(2000, CONTENT_RANDOM, 3);
	unsigned int n;

	(void)state;
	for (n = 1; n < 100; n++) {
		struct disk *disk = disk_new(16 * MIB);
		struct kj_image_info info = { .pages = 12345 };
		struct kj_error error = { "" };
		int r;

		disk->fail_write = n;
		disk->fail_with = EREMOTEIO;
		r = machine_write(m, &disk->store, &info, &error);
		if (r == 0) {
			disk_free(disk);
			break;
		}
		assert_int_equal(r, -EREMOTEIO);
		assert_int_equal(info.pages, 12345);
		assert_non_null(strstr(error.text, "Remote I/O error"));
		assert_no_image(disk);
		disk_free(disk);
	}
	saw("%u writes, each failed once\n", n - 1);
	assert_true(n > 10);
	machine_free(m);
}

static void after_the_first_error_the_disk_is_left_in_peace(void **state)
{
	struct machine *m = machine_new(20000, CONTENT_RANDOM, 3);
	struct disk *disk = disk_new(100 * MIB);
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	disk->fail_write = 5;
	disk->fail_all_after = true;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), -EIO);
	saw("%u writes were tried, of about 80\n", disk->writes);
	assert_true(disk->writes <= 5 + 5);
	machine_free(m);
	disk_free(disk);
}

static void a_read_error_at_any_read_comes_back(void **state)
{
	struct machine *m = machine_new(2000, CONTENT_RANDOM, 3);
	struct disk *disk = disk_new(16 * MIB);
	struct kj_image_info info;
	struct kj_error error = { "" };
	unsigned int n;
	bool same;

	(void)state;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), 0);
	for (n = 1; n < 100; n++) {
		disk_reset(disk);
		disk->fail_read = n;
		if (machine_compare(m, &disk->store, &same, &error) == 0)
			break;
		assert_false(same);
		assert_non_null(strstr(error.text, "Input/output error"));
	}
	saw("%u reads, each failed once\n", n - 1);
	assert_true(n > 5 && same);
	machine_free(m);
	disk_free(disk);
}

static void pages_that_cannot_be_read_are_an_error(void **state)
{
	struct machine *m = machine_new(2000, CONTENT_RANDOM, 3);
	struct disk *disk = disk_new(16 * MIB);
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	m->fail_map = EFAULT;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), -EFAULT);
	saw("%s\n", error.text);
	assert_no_image(disk);
	machine_free(m);
	disk_free(disk);
}

/* ---- progress -------------------------------------------------------------- */

struct listener {
	unsigned int calls;
	uint64_t last_pages, last_bytes, total;
	uint64_t cancel_at;		/* pages */
	bool went_back;
	bool inside;
	bool overlapped;
};

static int listen_to(void *ctx, uint64_t pages, uint64_t total, uint64_t bytes)
{
	struct listener *l = ctx;

	l->overlapped |= l->inside;
	l->inside = true;
	l->went_back |= pages < l->last_pages || bytes < l->last_bytes;
	l->last_pages = pages;
	l->last_bytes = bytes;
	l->total = total;
	l->calls++;
	l->inside = false;
	return l->cancel_at && pages >= l->cancel_at ? -ECANCELED : 0;
}

static int write_listened(struct machine *m, struct disk *disk, struct listener *l,
			  struct kj_error *error)
{
	struct kj_write_options options;

	machine_options(m, &options);
	options.progress = (struct kj_progress) { l, listen_to };
	m->cursor = 0;
	return kj_image_write(&disk->store, &m->source, &options, NULL, error);
}

static void progress_ends_at_the_total_and_never_goes_back(void **state)
{
	struct machine *m = machine_new(20000, CONTENT_MIXED, 3);
	struct disk *disk = disk_new(100 * MIB);
	struct listener l = { 0 }, back = { 0 };
	struct kj_progress progress = { &back, listen_to };
	struct kj_reader *reader;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(write_listened(m, disk, &l, &error), 0);
	assert_int_equal(l.last_pages, 20000);
	assert_int_equal(l.total, 20000);
	assert_false(l.went_back || l.overlapped);
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), 0);
	assert_int_equal(kj_reader_restore(reader, NULL, &progress, &error), 0);
	assert_int_equal(back.last_pages, 20000);
	assert_int_equal(back.total, 20000);
	assert_false(back.went_back || back.overlapped);
	saw("%u calls when writing, %u when reading\n", l.calls, back.calls);
	kj_reader_close(reader);
	machine_free(m);
	disk_free(disk);
}

static void cancelling_stops_the_write_and_leaves_no_image(void **state)
{
	struct machine *m = machine_new(20000, CONTENT_RANDOM, 3);
	struct disk *disk = disk_new(100 * MIB);
	struct listener l = { .cancel_at = 1 };
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(write_listened(m, disk, &l, &error), -ECANCELED);
	saw("%s, after %u writes\n", error.text, disk->writes);
	assert_true(disk->writes < 20);
	assert_no_image(disk);
	machine_free(m);
	disk_free(disk);
}

static void cancelling_at_the_last_report_leaves_no_image(void **state)
{
	struct machine *m = machine_new(500, CONTENT_RANDOM, 3);
	struct disk *disk = disk_new(8 * MIB);
	struct listener l = { .cancel_at = 500 };
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(write_listened(m, disk, &l, &error), -ECANCELED);
	assert_no_image(disk);
	machine_free(m);
	disk_free(disk);
}

static int refuse_page(void *ctx, struct kj_run run, const void *data)
{
	(void)run, (void)data;
	return -*(int *)ctx;
}

static void a_sink_that_refuses_ends_the_restore(void **state)
{
	struct machine *m = machine_new(2000, CONTENT_MIXED, 3);
	struct disk *disk = disk_new(16 * MIB);
	int why = EPERM;
	const struct kj_memory_sink sink = { &why, refuse_page };
	struct kj_image_info info;
	struct kj_reader *reader;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), 0);
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), 0);
	assert_int_equal(kj_reader_restore(reader, &sink, NULL, &error), -EPERM);
	saw("%s\n", error.text);
	assert_int_equal(kj_reader_restore(reader, NULL, NULL, &error), 0);
	kj_reader_close(reader);
	machine_free(m);
	disk_free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_store_is_enospc_and_no_image_even_over_a_whole_one),
		cmocka_unit_test(the_last_block_of_a_store_is_used),
		cmocka_unit_test(a_write_error_at_any_write_comes_back_and_leaves_no_image),
		cmocka_unit_test(after_the_first_error_the_disk_is_left_in_peace),
		cmocka_unit_test(a_read_error_at_any_read_comes_back),
		cmocka_unit_test(pages_that_cannot_be_read_are_an_error),
		cmocka_unit_test(progress_ends_at_the_total_and_never_goes_back),
		cmocka_unit_test(cancelling_stops_the_write_and_leaves_no_image),
		cmocka_unit_test(cancelling_at_the_last_report_leaves_no_image),
		cmocka_unit_test(a_sink_that_refuses_ends_the_restore),
	};

	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
