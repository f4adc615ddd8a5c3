// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-swap and kj-swapfd: a swap area is marked when the image is whole, leads
 * to it, and is as it was before when the mark is taken off.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "kj-swapfd.h"

#define MIB (1ull << 20)
#define DEVICE (8 * MIB)
#define HEAD (1 * MIB)
#define TABLE (2 * MIB)

static struct kj_target *make_target(uint64_t table)
{
	static const uint64_t pages[][2] = { { 4 * MIB, MIB }, { 3 * MIB, 4096 } };
	struct kj_target *t = calloc(1, KJ_TARGET_SIZE_MAX);

	t->kind = kj_le32_of(KJ_TARGET_SWAP);
	t->device_size = kj_le64_of(DEVICE);
	t->swap_head = kj_le64_of(HEAD);
	t->swap_table = kj_le64_of(table);
	strcpy(t->tag, "PARTUUID=0b4e-01");
	t->n_extents = kj_le32_of(table ? 2 : 1);
	t->extents[0].start = kj_le64_of(table ? pages[0][0] : HEAD);
	t->extents[0].length = kj_le64_of(table ? pages[0][1] : KJ_SWAP_PAGE);
	t->extents[1].start = kj_le64_of(pages[1][0]);
	t->extents[1].length = kj_le64_of(pages[1][1]);
	kj_target_seal(t);
	return t;
}

static int check(struct kj_target *t, const char **reason)
{
	kj_target_seal(t);
	return kj_target_check(t, kj_target_size(kj_get32(t->n_extents)), reason);
}

/* What mkswap makes, with a boot loader and a label. */
static void make_page(uint8_t page[KJ_SWAP_PAGE])
{
	memset(page, 0, KJ_SWAP_PAGE);
	memset(page, 0xeb, 100);
	page[1024] = 1;
	strcpy((char *)page + 1052, "label");
	memcpy(page + KJ_SWAP_PAGE - 10, "SWAPSPACE2", 10);
}

/* A device with such an area; gone when it is closed. */
static int make_device(void)
{
	char path[] = "/var/tmp/kj-swap.XXXXXX";
	uint8_t page[KJ_SWAP_PAGE];
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, DEVICE), 0);
	make_page(page);
	assert_int_equal(pwrite(fd, page, sizeof(page), HEAD), sizeof(page));
	return fd;
}

static void a_mark_leaves_the_swap_headers_bytes_and_goes_without_a_trace(void **state)
{
	uint8_t before[KJ_SWAP_PAGE], page[KJ_SWAP_PAGE];
	uint64_t table = 0;

	(void)state;
	make_page(before);
	memcpy(page, before, sizeof(page));
	assert_int_equal(kj_swap_look(page, &table), KJ_SWAP_PLAIN);
	kj_swap_mark(page, TABLE);
	assert_int_equal(kj_swap_look(page, &table), KJ_SWAP_MARKED);
	assert_int_equal(table, TABLE);
	assert_memory_equal(page, before, KJ_SWAP_PAGE - 512);
	/* where libblkid looks */
	assert_memory_equal(page + 4086, "S2SUSPEND", 9);
	kj_swap_unmark(page);
	assert_memory_equal(page, before, sizeof(page));
}

static void swapon_takes_the_mark_away(void **state)
{
	uint8_t page[KJ_SWAP_PAGE];

	(void)state;
	make_page(page);
	kj_swap_mark(page, TABLE);
	memcpy(page + 4086, "SWAPSPACE2", 10);
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_PLAIN);
	kj_swap_mark(page, 2 * TABLE);
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_MARKED);
}

static void each_flipped_bit_of_the_mark_is_noticed(void **state)
{
	uint8_t page[KJ_SWAP_PAGE];
	unsigned int foreign = 0;

	(void)state;
	make_page(page);
	kj_swap_mark(page, TABLE);
	for (unsigned int bit = KJ_SWAP_MARK_AT * 8; bit < sizeof(page) * 8; bit++) {
		enum kj_swap_state now;

		page[bit / 8] ^= 1 << bit % 8;
		now = kj_swap_look(page, NULL);
		assert_true(now == KJ_SWAP_BROKEN || now == KJ_SWAP_FOREIGN);
		foreign += now == KJ_SWAP_FOREIGN;
		page[bit / 8] ^= 1 << bit % 8;
	}
	/* magic and signature: not ours to write to any more */
	assert_int_equal(foreign, (8 + 10) * 8);
}

static void what_is_not_plain_swap_is_told_apart(void **state)
{
	uint8_t page[KJ_SWAP_PAGE];

	(void)state;
	make_page(page);
	page[KJ_SWAP_MARK_AT + 50] = 1;			/* a bad page's number */
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_FULL);
	make_page(page);
	memcpy(page + 4086, "S1SUSPEND", 10);
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_FOREIGN);
	memcpy(page + 4086, "S2SUSPEND", 10);
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_FOREIGN);
	memset(page, 0, sizeof(page));
	assert_int_equal(kj_swap_look(page, NULL), KJ_SWAP_FOREIGN);
}

static void refuse(struct kj_target *t, const char *expected)
{
	const char *reason = "accepted";

	assert_int_equal(check(t, &reason), -EBADMSG);
	assert_string_equal(reason, expected);
	free(t);
}

static void a_description_has_a_place_for_everything(void **state)
{
	struct kj_target *t = make_target(TABLE);

	(void)state;
	assert_int_equal(check(t, NULL), 0);
	t->kind = kj_le32_of(KJ_TARGET_FILE);
	refuse(t, "it has a swap area, and is of another kind");
	t = make_target(0);
	assert_int_equal(check(t, NULL), 0);
	t->extents[0].start = kj_le64_of(2 * MIB);
	refuse(t, "its one extent is not the first page of the swap area");
	t = make_target(TABLE);
	t->swap_table = kj_le64_of(4 * MIB + 8192);
	refuse(t, "an extent is where the swap area has something else");
	t = make_target(TABLE);
	t->swap_head = kj_le64_of(3 * MIB);
	refuse(t, "an extent is where the swap area has something else");
	t = make_target(TABLE);
	t->swap_head = kj_le64_of(TABLE + 4096);
	refuse(t, "its table is on the first page of the swap area");
	t = make_target(TABLE);
	t->swap_table = kj_le64_of(DEVICE - 4096);
	refuse(t, "its swap area is not inside the device");
	t = make_target(TABLE);
	t->swap_table = kj_le64_of(~4095ull);
	refuse(t, "its swap area is not inside the device");
	t = make_target(TABLE);
	t->swap_head = kj_le64_of(HEAD + 512);
	refuse(t, "its swap area is not inside the device");
}

static void the_table_is_found_by_the_mark(void **state)
{
	struct kj_target *t = make_target(TABLE), *area = make_target(0), *found;
	uint8_t before[KJ_SWAP_PAGE], after[KJ_SWAP_PAGE];
	struct kj_error error = { "" };
	int fd = make_device();

	(void)state;
	make_page(before);
	assert_int_equal(kj_swapfd_read_table(fd, area, &found, &error), -ENODATA);
	assert_int_equal(kj_swapfd_clear(fd, area), 0);
	assert_int_equal(kj_swapfd_commit(fd, t, &error), 0);
	assert_int_equal(kj_swapfd_read_table(fd, area, &found, &error), 0);
	assert_memory_equal(found, t, kj_target_size(2));
	free(found);
	/* never over what is there */
	assert_int_equal(kj_swapfd_commit(fd, t, &error), -EEXIST);
	assert_int_equal(kj_swapfd_clear(fd, area), 1);
	assert_int_equal(kj_swapfd_clear(fd, area), 0);
	assert_int_equal(pread(fd, after, sizeof(after), HEAD), sizeof(after));
	assert_memory_equal(before, after, sizeof(after));
	close(fd);
	free(t);
	free(area);
}

/* @change of the table on disk, sealed again; the expected words of the refusal */
static void refuse_table(void (*change)(struct kj_target *t), bool seal, const char *expected)
{
	struct kj_target *t = make_target(TABLE), *area = make_target(0), *found;
	struct kj_error error = { "" };
	int fd = make_device();

	assert_int_equal(kj_swapfd_commit(fd, t, &error), 0);
	change(t);
	if (seal)
		kj_target_seal(t);
	assert_int_equal(pwrite(fd, t, kj_target_size(2), TABLE), (ssize_t)kj_target_size(2));
	assert_int_equal(kj_swapfd_read_table(fd, area, &found, &error), -EBADMSG);
	if (!strstr(error.text, expected))
		fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
	/* it can be swap again all the same */
	assert_int_equal(kj_swapfd_clear(fd, area), 1);
	close(fd);
	free(t);
	free(area);
}

static void one_bit(struct kj_target *t) { t->extents[1].start.raw ^= 4096; }
static void too_many(struct kj_target *t) { t->n_extents = kj_le32_of(~0u); }
static void other_kind(struct kj_target *t)
{
	t->kind = kj_le32_of(KJ_TARGET_FILE);
	t->swap_head = t->swap_table = kj_le64_of(0);
}
static void other_area(struct kj_target *t) { t->swap_head = kj_le64_of(0); }
static void other_place(struct kj_target *t) { t->swap_table = kj_le64_of(6 * MIB); }
static void other_disk(struct kj_target *t) { t->device_size = kj_le64_of(DEVICE + 4096); }

static void a_wrong_table_is_refused(void **state)
{
	(void)state;
	refuse_table(one_bit, false, "its checksum differs");
	refuse_table(too_many, false, "number of extents is out of range");
	refuse_table(other_kind, true, "not of this swap area");
	refuse_table(other_area, true, "not of this swap area");
	refuse_table(other_place, true, "not of this swap area");
	refuse_table(other_disk, true, "not of this swap area");
}

static void a_mark_that_leads_outside_is_refused(void **state)
{
	static const uint64_t places[] = { DEVICE, DEVICE - 4096, ~4095ull, 1ull << 63, 2048 };
	struct kj_target *area = make_target(0), *found;
	struct kj_error error = { "" };
	uint8_t page[KJ_SWAP_PAGE];
	int fd = make_device();

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_page(page);
		kj_swap_mark(page, places[i]);
		assert_int_equal(pwrite(fd, page, sizeof(page), HEAD), sizeof(page));
		assert_int_equal(kj_swapfd_read_table(fd, area, &found, &error), -EBADMSG);
		assert_non_null(strstr(error.text, "outside the disk"));
	}
	close(fd);
	free(area);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_leaves_the_swap_headers_bytes_and_goes_without_a_trace),
		cmocka_unit_test(swapon_takes_the_mark_away),
		cmocka_unit_test(each_flipped_bit_of_the_mark_is_noticed),
		cmocka_unit_test(what_is_not_plain_swap_is_told_apart),
		cmocka_unit_test(a_description_has_a_place_for_everything),
		cmocka_unit_test(the_table_is_found_by_the_mark),
		cmocka_unit_test(a_wrong_table_is_refused),
		cmocka_unit_test(a_mark_that_leads_outside_is_refused),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
