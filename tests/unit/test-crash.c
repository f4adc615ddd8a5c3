// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Power cuts: a disk keeps what was flushed; of what came after, each sector
 * may be there or not.  All requests of an operation are recorded, then the
 * disk is rebuilt as it could be after a cut between any two of them, many
 * times with other luck, and what it says must be "no image" or a whole one.
 */
#include "unit.h"

#include "disk.h"
#include "machine.h"

#define DISK_BYTES (8ull << 20)
#define SECTOR 512u
#define LUCKS 6

/* Applies ops [0, cut) to @bytes; those after the last flush by chance. */
static void power_cut(const struct disk *log, size_t cut, uint8_t *bytes, uint64_t *random)
{
	size_t safe = 0;

	for (size_t i = 0; i < cut; i++)
		if (log->ops[i].kind == DISK_FLUSH)
			safe = i;
	for (size_t i = 0; i < cut; i++) {
		const struct disk_op *op = &log->ops[i];
		unsigned int luck = (unsigned int)(next_random(random) % 4);

		for (size_t at = 0; at < op->len; at += SECTOR) {
			bool there = i < safe || luck == 0 ||
				     (luck == 1 && next_random(random) % 2);

			if (there)
				memcpy(bytes + op->offset + at, op->data + at, SECTOR);
		}
	}
}

struct outcome {
	unsigned int none, old, new;
};

static void look_at(struct disk *disk, const struct machine *old,
		    const struct machine *new, struct outcome *seen)
{
	struct kj_error error = { "" };
	bool same;
	int r = machine_compare(new, &disk->store, &same, &error);

	if (r == -ENODATA || r == -EBADMSG) {
		struct kj_image_info info;

		/* "No image", known before a single page is placed. */
		assert_int_equal(kj_image_probe(&disk->store, &info, &error), 0);
		if (info.state == KJ_IMAGE_VALID)
			fail_msg("said to be valid, but: %s", error.text);
		seen->none++;
	} else if (same) {
		seen->new++;
	} else {
		if (machine_compare(old, &disk->store, &same, &error) < 0 || !same)
			fail_msg("neither the old nor the new memory: %s", error.text);
		seen->old++;
	}
}

static struct outcome cut_everywhere(const struct disk *before, const struct disk *log,
				     const struct machine *old, const struct machine *new)
{
	struct disk *after = disk_new(DISK_BYTES);
	struct outcome seen = { 0 };
	uint64_t random = 4711;

	for (size_t cut = 0; cut <= log->n_ops; cut++)
		for (int i = 0; i < LUCKS; i++) {
			memcpy(after->bytes, before->bytes, DISK_BYTES);
			power_cut(log, cut, after->bytes, &random);
			look_at(after, old, new, &seen);
		}
	saw("%zu requests, %d cuts at each: %u times no image, %u the old, %u the new one\n",
	    log->n_ops, LUCKS, seen.none, seen.old, seen.new);
	disk_free(after);
	return seen;
}

static void fork_disk(struct disk *to, const struct disk *from)
{
	memcpy(to->bytes, from->bytes, DISK_BYTES);
	to->record = true;
}

static void a_cut_while_writing_leaves_no_image_or_a_whole_one(void **state)
{
	struct machine *old = machine_new(700, CONTENT_MIXED, 1);
	struct machine *new = machine_new(900, CONTENT_MIXED, 2);
	struct disk *before = disk_new(DISK_BYTES), *log = disk_new(DISK_BYTES);
	struct kj_image_info info;
	struct kj_error error;
	struct outcome seen;

	(void)state;
	assert_int_equal(machine_write(old, &before->store, &info, &error), 0);
	fork_disk(log, before);
	assert_int_equal(machine_write(new, &log->store, &info, &error), 0);
	seen = cut_everywhere(before, log, old, new);
	assert_true(seen.none > 0 && seen.old > 0 && seen.new > 0);
	machine_free(old);
	machine_free(new);
	disk_free(before);
	disk_free(log);
}

static void a_cut_while_claiming_or_discarding_leaves_no_image_or_a_whole_one(void **state)
{
	int (*const ends[])(const struct kj_store *store, struct kj_error *error) = {
		kj_image_claim, kj_image_discard,
	};
	struct machine *m = machine_new(700, CONTENT_MIXED, 1);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct disk *before = disk_new(DISK_BYTES), *log = disk_new(DISK_BYTES);
		struct kj_image_info info;
		struct kj_error error;
		struct outcome seen;

		assert_int_equal(machine_write(m, &before->store, &info, &error), 0);
		fork_disk(log, before);
		assert_int_equal(ends[i](&log->store, &error), 0);
		seen = cut_everywhere(before, log, m, m);
		assert_true(seen.none > 0 && seen.new > 0);
		disk_free(before);
		disk_free(log);
	}
	machine_free(m);
}

/* After the call has returned, no luck may bring the image back. */
static void what_was_claimed_or_discarded_stays_so_after_a_cut(void **state)
{
	int (*const ends[])(const struct kj_store *store, struct kj_error *error) = {
		kj_image_claim, kj_image_discard,
	};
	struct machine *m = machine_new(200, CONTENT_MIXED, 1);
	uint64_t random = 17;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct disk *before = disk_new(DISK_BYTES), *log = disk_new(DISK_BYTES);
		struct kj_image_info info;
		struct kj_error error;

		assert_int_equal(machine_write(m, &before->store, &info, &error), 0);
		fork_disk(log, before);
		assert_int_equal(ends[i](&log->store, &error), 0);
		for (int luck = 0; luck < 50; luck++) {
			power_cut(log, log->n_ops, before->bytes, &random);
			assert_int_equal(kj_image_probe(&before->store, &info, &error), 0);
			assert_int_not_equal(info.state, KJ_IMAGE_VALID);
			assert_int_equal(kj_image_claim(&before->store, &error), -ENODATA);
		}
		disk_free(before);
		disk_free(log);
	}
	machine_free(m);
}

static void an_image_is_whole_after_a_cut_once_it_is_reported(void **state)
{
	struct machine *m = machine_new(900, CONTENT_MIXED, 2);
	struct disk *log = disk_new(DISK_BYTES);
	struct kj_image_info info;
	struct kj_error error;
	uint64_t random = 23;
	bool same;

	(void)state;
	log->record = true;
	assert_int_equal(machine_write(m, &log->store, &info, &error), 0);
	for (int luck = 0; luck < 20; luck++) {
		struct disk *after = disk_new(DISK_BYTES);

		power_cut(log, log->n_ops, after->bytes, &random);
		assert_int_equal(machine_compare(m, &after->store, &same, &error), 0);
		assert_true(same);
		disk_free(after);
	}
	machine_free(m);
	disk_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_while_writing_leaves_no_image_or_a_whole_one),
		cmocka_unit_test(a_cut_while_claiming_or_discarding_leaves_no_image_or_a_whole_one),
		cmocka_unit_test(what_was_claimed_or_discarded_stays_so_after_a_cut),
		cmocka_unit_test(an_image_is_whole_after_a_cut_once_it_is_reported),
	};

	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
