// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-fdstore: a real file with the extents of a fragmented target.  What is
 * between the extents is somebody else's and must not change.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-format.h"
#include "kj-io.h"
#include "machine.h"

#define MIB (1ull << 20)
#define DEVICE_BYTES (48 * MIB)
#define PATTERN 0x3c

/* An unlinked file of PATTERN; with direct I/O where the file system has it. */
static int make_device(void)
{
	char path[] = "/var/tmp/kjump-test-fdstore-XXXXXX";
	kj_autofree uint8_t *bytes = aligned_alloc(4096, MIB);
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	memset(bytes, PATTERN, MIB);
	for (uint64_t at = 0; at < DEVICE_BYTES; at += MIB)
		assert_int_equal(kj_pwrite_full(fd, bytes, MIB, (off_t)at), 0);
	saw("direct I/O: %s\n",
	    fcntl(fd, F_SETFL, O_DIRECT) == 0 ? "yes" : "not on this file system");
	return fd;
}

/* Extents of random lengths with gaps between, in an order that is not the
 * device's; @owner says which blocks are ours. */
static struct kj_target *make_target(uint64_t seed, bool *owner)
{
	struct kj_target *t = calloc(1, KJ_TARGET_SIZE_MAX);
	uint64_t at = next_random(&seed) % 5;
	uint32_t n = 0;

	while (n < 300) {
		uint64_t blocks = 1 + next_random(&seed) % 60;

		if ((at + blocks) * 4096 > DEVICE_BYTES)
			break;
		t->extents[n].start = kj_le64_of(at * 4096);
		t->extents[n].length = kj_le64_of(blocks * 4096);
		memset(owner + at, true, blocks);
		at += blocks + next_random(&seed) % 9;
		n++;
	}
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t k = (uint32_t)(next_random(&seed) % (i + 1));
		struct kj_extent e = t->extents[i];

		t->extents[i] = t->extents[k];
		t->extents[k] = e;
	}
	t->kind = kj_le32_of(KJ_TARGET_FILE);
	t->device_size = kj_le64_of(DEVICE_BYTES);
	t->n_extents = kj_le32_of(n);
	strcpy(t->tag, "UUID=unit-test");
	kj_target_seal(t);
	assert_int_equal(kj_target_check(t, kj_target_size(n), NULL), 0);
	return t;
}

static void assert_neighbours_unchanged(int fd, const bool *owner)
{
	kj_autofree uint8_t *block = aligned_alloc(4096, 4096);
	unsigned int n = 0;

	for (uint64_t i = 0; i < DEVICE_BYTES / 4096; i++) {
		if (owner[i])
			continue;
		assert_int_equal(kj_pread_full(fd, block, 4096, (off_t)(i * 4096)), 0);
		for (int k = 0; k < 4096; k++)
			assert_int_equal(block[k], PATTERN);
		n++;
	}
	saw("%u blocks between the extents are as before\n", n);
}

static void an_image_in_random_extents_comes_back_and_the_rest_is_untouched(void **state)
{
	kj_autoclose int fd = make_device();
	struct machine *m = machine_new(8000, CONTENT_MIXED, 55);

	(void)state;
	for (uint64_t seed = 1; seed < 5; seed++) {
		kj_autofree bool *owner = calloc(DEVICE_BYTES / 4096, sizeof(bool));
		kj_autofree struct kj_target *t = make_target(seed, owner);
		struct kj_fdstore s;
		struct kj_image_info info;
		struct kj_error error = { "" };
		bool same;

		assert_int_equal(kj_fdstore_init(&s, fd, t, &error), 0);
		if (machine_write(m, &s.store, &info, &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(machine_compare(m, &s.store, &same, &error), 0);
		assert_true(same);
		assert_int_equal(kj_image_claim(&s.store, &error), 0);
		saw("%u extents, %" PRIu64 " bytes\n", kj_get32(t->n_extents),
		    info.bytes_stored);
		if (seed == 1)
			assert_neighbours_unchanged(fd, owner);
		/* The next target has other extents. */
		for (uint64_t i = 0; i < DEVICE_BYTES / MIB; i++) {
			kj_autofree uint8_t *bytes = aligned_alloc(4096, MIB);

			memset(bytes, PATTERN, MIB);
			assert_int_equal(kj_pwrite_full(fd, bytes, MIB, (off_t)(i * MIB)), 0);
		}
	}
	machine_free(m);
}

static void a_device_of_another_size_is_refused(void **state)
{
	kj_autoclose int fd = make_device();
	kj_autofree bool *owner = calloc(DEVICE_BYTES / 4096, sizeof(bool));
	kj_autofree struct kj_target *t = make_target(1, owner);
	struct kj_fdstore s;
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(ftruncate(fd, DEVICE_BYTES - 4096), 0);
	assert_int_equal(kj_fdstore_init(&s, fd, t, &error), -ESTALE);
	saw("%s\n", error.text);
}

static void a_device_that_cannot_be_written_is_an_error_of_the_write(void **state)
{
	kj_autoclose int fd = make_device();
	kj_autofree bool *owner = calloc(DEVICE_BYTES / 4096, sizeof(bool));
	kj_autofree struct kj_target *t = make_target(1, owner);
	struct machine *m = machine_new(100, CONTENT_RANDOM, 5);
	char path[64];
	kj_autoclose int read_only = -EBADF;
	struct kj_fdstore s;
	struct kj_image_info info;
	struct kj_error error = { "" };

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(kj_fdstore_init(&s, read_only, t, &error), 0);
	assert_int_equal(machine_write(m, &s.store, &info, &error), -EBADF);
	saw("%s\n", error.text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_in_random_extents_comes_back_and_the_rest_is_untouched),
		cmocka_unit_test(a_device_of_another_size_is_refused),
		cmocka_unit_test(a_device_that_cannot_be_written_is_an_error_of_the_write),
	};

	return cmocka_run_group_tests_name("fdstore", tests, NULL, NULL);
}
