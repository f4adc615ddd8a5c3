// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From pages that the kernel gives in any order to extents, and the table's
 * place; lines of /proc/swaps; what a swap area may look like.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kj-swapfd.h"
#include "swaparea.h"

static struct kj_extents extents;

static void set(uint64_t *bits, uint64_t page)
{
	bits[page / 64] |= 1ull << page % 64;
}

static void pages_in_any_order_become_extents(void **state)
{
	static const uint64_t pages[] = { 700, 3, 64, 63, 1, 2, 65, 640, 639 };
	uint64_t bits[16] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		set(bits, pages[i]);
	extents = (struct kj_extents){ 0 };
	assert_int_equal(kj_swap_pages(bits, 1, 700, &extents), 0);
	assert_int_equal(extents.n, 4);
	assert_int_equal(extents.list[0].start, 1 * 4096);
	assert_int_equal(extents.list[0].length, 3 * 4096);
	assert_int_equal(extents.list[1].start, 63 * 4096);
	assert_int_equal(extents.list[1].length, 3 * 4096);
	assert_int_equal(extents.list[2].start, 639 * 4096);
	assert_int_equal(extents.list[3].length, 1 * 4096);
}

static void too_many_pieces_are_noticed(void **state)
{
	static uint64_t bits[2 * (KJ_TARGET_EXTENTS_MAX + 1) / 64 + 1];
	uint64_t last = 2 * KJ_TARGET_EXTENTS_MAX;

	(void)state;
	for (uint64_t page = 0; page <= last; page += 2)
		set(bits, page);
	extents = (struct kj_extents){ 0 };
	assert_int_equal(kj_swap_pages(bits, 0, last - 2, &extents), 0);
	assert_int_equal(extents.n, KJ_TARGET_EXTENTS_MAX);
	extents = (struct kj_extents){ 0 };
	assert_int_equal(kj_swap_pages(bits, 0, last, &extents), -EFBIG);
}

static void the_table_is_cut_off_the_largest_extent(void **state)
{
	uint64_t at;

	(void)state;
	extents = (struct kj_extents){ 0 };
	kj_extents_append(&extents, 0, 8192);
	kj_extents_append(&extents, 1 << 20, 1 << 20);
	kj_extents_append(&extents, 4 << 20, 8192);
	assert_int_equal(kj_swap_cut_table(&extents, &at), 0);
	assert_int_equal(at, (2 << 20) - KJ_SWAP_TABLE_SIZE);
	assert_int_equal(extents.list[1].length, (1 << 20) - KJ_SWAP_TABLE_SIZE);
	extents = (struct kj_extents){ 0 };
	kj_extents_append(&extents, 0, KJ_SWAP_TABLE_SIZE);
	assert_int_equal(kj_swap_cut_table(&extents, &at), -ENOSPC);
	extents.n = 0;
	assert_int_equal(kj_swap_cut_table(&extents, &at), -ENOSPC);
}

static bool is_swap(const char *line, const char *path, uint64_t *ret_free)
{
	char copy[200];

	strcpy(copy, line);
	return kj_device_parse_swap(copy, path, ret_free);
}

static void lines_of_proc_swaps_are_understood(void **state)
{
	uint64_t free = 0;

	(void)state;
	assert_false(is_swap("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n", "Filename", &free));
	assert_true(is_swap("/dev/vdc1                               partition\t6290428\t\t28\t\t-2\n",
			    "/dev/vdc1", &free));
	assert_int_equal(free, 6290400ull * 1024);
	assert_false(is_swap("/dev/vdc1 partition 10 0 -2\n", "/dev/vdc", &free));
	assert_true(is_swap("/swap\\040file\\134x file 100 100 -2\n", "/swap file\\x", &free));
	assert_int_equal(free, 0);
}

/* A file in the place of the disk. */
static void only_plain_swap_can_be_marked_and_a_mark_is_cleared(void **state)
{
	static const struct kj_extent first = { { 0 }, { KJ_SWAP_PAGE } };
	char path[] = "/var/tmp/kj-swaparea.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	struct kj_resolved target = { .device.path = path };
	uint8_t page[KJ_SWAP_PAGE] = { 0 };
	struct kj_reason reason;
	enum kj_swap_state now;

	(void)state;
	target.blob = kj_target_pack(KJ_TARGET_SWAP, KJ_POWER_S5, KJ_LOCK_NONE, "UUID=x",
				     1 << 20, &first, 1, &target.blob_len);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(kj_swap_check(&target, &reason), -EEXIST);
	assert_non_null(strstr(reason.text, "no signature"));
	memcpy(page + 4086, "SWAPSPACE2", 10);
	assert_int_equal(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	assert_int_equal(kj_swap_check(&target, &reason), 0);
	assert_int_equal(kj_swap_clear(&target, &reason), 0);
	kj_swap_mark(page, 8192);
	assert_int_equal(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	assert_int_equal(kj_swap_clear(&target, &reason), 1);
	assert_int_equal(kj_swapfd_look(fd, target.blob, &now, NULL), 0);
	assert_int_equal(now, KJ_SWAP_PLAIN);
	memset(page + 4000, 1, 4);
	memcpy(page + 4086, "SWAPSPACE2", 10);
	page[KJ_SWAP_MARK_AT] = 'x';
	assert_int_equal(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	assert_int_equal(kj_swap_check(&target, &reason), -EEXIST);
	assert_non_null(strstr(reason.text, "bad pages"));
	close(fd);
	unlink(path);
	free(target.blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_in_any_order_become_extents),
		cmocka_unit_test(too_many_pieces_are_noticed),
		cmocka_unit_test(the_table_is_cut_off_the_largest_extent),
		cmocka_unit_test(lines_of_proc_swaps_are_understood),
		cmocka_unit_test(only_plain_swap_can_be_marked_and_a_mark_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
