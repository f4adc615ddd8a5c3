// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commit: the states of a store, and what they promise.
 */
#include "unit.h"

#include "disk.h"
#include "kj-format.h"
#include "machine.h"

#define DISK_BYTES (8ull << 20)

static struct disk *disk_with_image(bool snapshot)
{
	struct machine *m = machine_new(600, CONTENT_MIXED, 3);
	struct disk *disk = disk_new(DISK_BYTES);
	struct kj_write_options options;
	struct kj_image_info info;
	struct kj_error error = { "" };

	machine_options(m, &options);
	options.snapshot = snapshot;
	assert_int_equal(kj_image_write(&disk->store, &m->source, &options, &info, &error), 0);
	machine_free(m);
	disk_reset(disk);
	return disk;
}

static enum kj_image_state state_of(const struct disk *disk, uint64_t *ret_generation)
{
	struct kj_image_info info;
	struct kj_error error = { "" };

	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	if (ret_generation)
		*ret_generation = info.generation;
	return info.state;
}

static struct kj_header *copy_of(struct disk *disk, int i)
{
	return (struct kj_header *)(disk->bytes + i * KJ_HEADER_SIZE);
}

static void an_empty_store_has_no_image_and_says_so(void **state)
{
	struct disk *disk = disk_new(DISK_BYTES);
	struct kj_image_info info;
	struct kj_reader *reader;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_int_equal(info.state, KJ_IMAGE_NONE);
	assert_string_equal(error.text, "there is no image");
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), -ENODATA);
	assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
	assert_int_equal(disk->writes, 0);
	disk_free(disk);
}

static void discard_leaves_a_store_alone_that_never_had_a_header(void **state)
{
	struct disk *disk = disk_new(DISK_BYTES);
	struct kj_error error = { "" };

	(void)state;
	memset(disk->bytes, 'x', 8192);
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(disk->writes, 0);
	disk_free(disk);
}

static void an_image_is_claimed_once(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_error error = { "" };
	struct kj_reader *reader;
	uint64_t before, after;

	(void)state;
	assert_int_equal(state_of(disk, &before), KJ_IMAGE_VALID);
	assert_int_equal(kj_image_claim(&disk->store, &error), 0);
	assert_int_equal(disk->flushes, 2);
	assert_int_equal(state_of(disk, &after), KJ_IMAGE_CLAIMED);
	assert_int_equal(after, before + 1);
	assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
	saw("%s\n", error.text);
	assert_string_equal(error.text, "the image was used by an earlier resume");
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), -ENODATA);
	disk_free(disk);
}

static void a_snapshot_can_be_read_and_never_be_claimed(void **state)
{
	struct disk *disk = disk_with_image(true);
	struct kj_error error = { "" };
	struct kj_reader *reader;

	(void)state;
	assert_int_equal(state_of(disk, NULL), KJ_IMAGE_SNAPSHOT);
	assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
	saw("%s\n", error.text);
	assert_int_equal(disk->writes, 0);
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), 0);
	assert_int_equal(kj_reader_info(reader)->state, KJ_IMAGE_SNAPSHOT);
	assert_int_equal(kj_reader_restore(reader, NULL, NULL, &error), 0);
	kj_reader_close(reader);
	disk_free(disk);
}

static void what_is_discarded_cannot_be_claimed(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(state_of(disk, NULL), KJ_IMAGE_NONE);
	assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
	assert_string_equal(error.text, "there is no image");
	disk_free(disk);
}

/* Also over several discards. */
static void what_is_left_of_an_image_stays_known(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_image_info before, after;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_image_probe(&disk->store, &before, &error), 0);
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(kj_image_probe(&disk->store, &after, &error), 0);
	assert_int_equal(after.state, KJ_IMAGE_NONE);
	assert_true(after.bytes_stored > 0);
	assert_int_equal(after.bytes_stored, before.bytes_stored);
	assert_int_equal(after.created_usec, before.created_usec);
	assert_int_equal(after.cipher, before.cipher);
	assert_int_equal(after.pages, 0);

	/* also that it was encrypted */
	for (size_t i = 0; i < KJ_HEADER_COPIES; i++) {
		struct kj_header *h = (struct kj_header *)(disk->bytes + i * KJ_HEADER_SIZE);

		h->cipher = kj_le32_of(KJ_CIPHER_XCHACHA20);
		kj_header_seal(h);
	}
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(kj_image_probe(&disk->store, &after, &error), 0);
	assert_int_equal(after.cipher, KJ_CIPHER_XCHACHA20);
	disk_free(disk);
}

static void one_torn_copy_of_the_header_does_not_matter(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct disk *disk = disk_with_image(false);
		struct kj_error error = { "" };

		memset((uint8_t *)copy_of(disk, i) + 512, 0xee, 512);
		assert_int_equal(state_of(disk, NULL), KJ_IMAGE_VALID);
		assert_int_equal(kj_image_claim(&disk->store, &error), 0);
		assert_int_equal(state_of(disk, NULL), KJ_IMAGE_CLAIMED);
		disk_free(disk);
	}
}

static void two_torn_copies_are_no_image_and_the_reason_is_told(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_image_info info;
	struct kj_reader *reader;
	struct kj_error error = { "" };

	(void)state;
	for (int i = 0; i < 2; i++)
		memset((uint8_t *)copy_of(disk, i) + 512, 0xee, 512);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_int_equal(info.state, KJ_IMAGE_NONE);
	saw("%s\n", error.text);
	assert_non_null(strstr(error.text, "checksum differs"));
	assert_int_equal(kj_reader_open(&disk->store, NULL, &reader, &error), -EBADMSG);
	assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
	assert_int_equal(kj_image_discard(&disk->store, &error), 0);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
	assert_string_equal(error.text, "there is no image");
	disk_free(disk);
}

static void the_copy_with_the_higher_generation_counts(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_header old = *copy_of(disk, 0);
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_image_claim(&disk->store, &error), 0);
	for (int i = 0; i < 2; i++) {
		struct kj_header saved = *copy_of(disk, i);

		*copy_of(disk, i) = old;
		assert_int_equal(state_of(disk, NULL), KJ_IMAGE_CLAIMED);
		assert_int_equal(kj_image_claim(&disk->store, &error), -ENODATA);
		*copy_of(disk, i) = saved;
	}
	disk_free(disk);
}

static void the_last_generation_is_refused_with_what_to_do(void **state)
{
	struct disk *disk = disk_with_image(false);
	struct kj_error error = { "" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		copy_of(disk, i)->generation = kj_le64_of(KJ_GENERATION_MAX);
		kj_header_seal(copy_of(disk, i));
	}
	assert_int_equal(kj_image_claim(&disk->store, &error), -EOVERFLOW);
	saw("%s\n", error.text);
	disk_free(disk);
}

static void a_store_too_small_for_headers_is_refused_untouched(void **state)
{
	struct disk *disk = disk_new(4096);
	struct machine *m = machine_new(10, CONTENT_ZERO, 1);
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), -ENOSPC);
	assert_int_equal(kj_image_probe(&disk->store, &info, &error), -ENOSPC);
	assert_int_equal(disk->writes, 0);
	machine_free(m);
	disk_free(disk);
}

/* The disk takes the header that makes the image valid in one copy, then
 * fails: B reports an error, so that image must be gone. */
static void an_image_whose_commit_fails_half_way_is_taken_back(void **state)
{
	struct machine *m = machine_new(600, CONTENT_MIXED, 3);
	unsigned int n, refused = 0;

	(void)state;
	for (n = 1; n < 100; n++) {
		struct disk *disk = disk_new(DISK_BYTES);
		struct kj_image_info info;
		struct kj_error error = { "" };
		int r;

		disk->fail_flush = n;
		r = machine_write(m, &disk->store, &info, &error);
		if (r == 0) {
			disk_free(disk);
			break;
		}
		refused++;
		disk->fail_flush = 0;
		assert_int_equal(r, -EIO);
		assert_int_equal(state_of(disk, NULL), KJ_IMAGE_NONE);
		disk_free(disk);
	}
	saw("%u flushes of a write, each failed once\n", refused);
	assert_true(refused >= 5);
	machine_free(m);
}

static void a_header_that_cannot_be_taken_back_is_told(void **state)
{
	struct machine *m = machine_new(600, CONTENT_MIXED, 3);
	struct disk *disk = disk_new(DISK_BYTES);
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	disk->fail_flush = 5;		/* after the first copy of VALID */
	disk->fail_all_after = true;
	assert_int_equal(machine_write(m, &disk->store, &info, &error), -EIO);
	saw("%s\n", error.text);
	assert_non_null(strstr(error.text, "discard the image"));
	machine_free(m);
	disk_free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_store_has_no_image_and_says_so),
		cmocka_unit_test(discard_leaves_a_store_alone_that_never_had_a_header),
		cmocka_unit_test(an_image_is_claimed_once),
		cmocka_unit_test(a_snapshot_can_be_read_and_never_be_claimed),
		cmocka_unit_test(what_is_discarded_cannot_be_claimed),
		cmocka_unit_test(what_is_left_of_an_image_stays_known),
		cmocka_unit_test(one_torn_copy_of_the_header_does_not_matter),
		cmocka_unit_test(two_torn_copies_are_no_image_and_the_reason_is_told),
		cmocka_unit_test(the_copy_with_the_higher_generation_counts),
		cmocka_unit_test(the_last_generation_is_refused_with_what_to_do),
		cmocka_unit_test(a_store_too_small_for_headers_is_refused_untouched),
		cmocka_unit_test(an_image_whose_commit_fails_half_way_is_taken_back),
		cmocka_unit_test(a_header_that_cannot_be_taken_back_is_told),
	};

	return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
