// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * discard.c on a file that stands for the target's device: which images go,
 * which stay, and that nothing else is ever written to.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "discard.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "preflight.h"

#define DEVICE_BYTES (1u << 20)
#define ANY (KJ_STATE_BIT(KJ_IMAGE_VALID) | KJ_STATE_BIT(KJ_IMAGE_CLAIMED))

static char path[] = "/var/tmp/kjump-test-discard-XXXXXX";
static struct kj_resolved target;
static struct kj_reason reason;

/* In kjumpd it looks at mounts, swap and libblkid's signatures. */
int kj_preflight_may_write(const struct kj_resolved *t, struct kj_reason *r)
{
	(void)t, (void)r;
	return 0;
}

static int setup(void **state)
{
	const struct kj_extent whole = { kj_le64_of(0), kj_le64_of(DEVICE_BYTES) };
	int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, DEVICE_BYTES), 0);
	close(fd);
	target.device.path = path;
	target.file = path;
	target.blob = kj_target_pack(KJ_TARGET_FILE, KJ_POWER_S5, KJ_LOCK_NONE, "UUID=unit-test",
				     DEVICE_BYTES, &whole, 1, &target.blob_len);
	return target.blob ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	free(target.blob);
	return 0;
}

static int next_run(void *ctx, struct kj_run *ret)
{
	int *left = ctx;

	*ret = (struct kj_run) { .pfn = 1, .n = 1 };
	return (*left)-- > 0;
}

static int map(void *ctx, struct kj_run run, const void **ret)
{
	static const alignas(4096) uint8_t page[KJ_PAGE_SIZE] = { 1 };

	(void)ctx, (void)run;
	*ret = page;
	return 0;
}

static void unmap(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx, (void)run, (void)data;
}

/* An image of one page. */
static void make_image(bool snapshot, bool claim)
{
	int left = 1;
	const struct kj_memory_source source = {
		.ctx = &left, .next_run = next_run, .map = map, .unmap = unmap,
	};
	const struct kj_write_options options = {
		.threads = 1, .snapshot = snapshot, .pages_total = 1,
		.identity = { .max_pfn = 64 },
	};
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(&target, O_RDWR, &store, &reason);

	assert_true(fd >= 0);
	if (kj_image_write(&store.store, &source, &options, &info, &error) < 0)
		fail_msg("%s", error.text);
	if (claim)
		assert_int_equal(kj_image_claim(&store.store, &error), 0);
}

static enum kj_image_state state_now(void)
{
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(&target, O_RDONLY, &store, &reason);
	struct kj_image_info info;

	assert_true(fd >= 0);
	assert_int_equal(kj_image_probe(&store.store, &info, NULL), 0);
	return info.state;
}

static void test_image_goes(void **state)
{
	(void)state;
	make_image(false, false);
	assert_int_equal(kj_discard_if(&target, KJ_STATE_BIT(KJ_IMAGE_VALID), &reason), 1);
	assert_int_equal(state_now(), KJ_IMAGE_NONE);
	assert_int_equal(kj_discard_if(&target, ANY, &reason), 0);
}

static void test_claimed_goes_after_call_only(void **state)
{
	(void)state;
	make_image(false, true);
	assert_int_equal(kj_discard_if(&target, KJ_STATE_BIT(KJ_IMAGE_VALID), &reason), 0);
	assert_int_equal(state_now(), KJ_IMAGE_CLAIMED);
	kj_discard_after_call(&target);
	assert_int_equal(state_now(), KJ_IMAGE_NONE);
}

static void test_snapshot_stays(void **state)
{
	(void)state;
	make_image(true, false);
	kj_discard_after_call(&target);
	assert_int_equal(state_now(), KJ_IMAGE_SNAPSHOT);
}

static void test_foreign_data_stays(void **state)
{
	kj_autofree char *before = malloc(DEVICE_BYTES), *after = NULL;
	kj_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)state;
	memset(before, 'x', DEVICE_BYTES);
	assert_int_equal(kj_pwrite_full(fd, before, DEVICE_BYTES, 0), 0);
	assert_int_equal(fsync(fd), 0);
	kj_discard_after_call(&target);
	assert_int_equal(kj_discard_if(&target, ~0u, &reason), 1);	/* tried */
	assert_int_equal(kj_read_file(path, DEVICE_BYTES, &after, NULL), 0);
	assert_memory_equal(before, after, DEVICE_BYTES);
}

static void test_other_size_is_refused(void **state)
{
	(void)state;
	make_image(false, false);
	assert_int_equal(truncate(path, DEVICE_BYTES / 2), 0);
	assert_int_equal(kj_discard_if(&target, ANY, &reason), -ESTALE);
	assert_non_null(strstr(reason.text, path));
	assert_int_equal(truncate(path, DEVICE_BYTES), 0);
	assert_int_equal(state_now(), KJ_IMAGE_VALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_data_stays),
		cmocka_unit_test(test_image_goes),
		cmocka_unit_test(test_claimed_goes_after_call_only),
		cmocka_unit_test(test_snapshot_stays),
		cmocka_unit_test(test_other_size_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
