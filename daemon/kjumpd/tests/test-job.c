// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * job.c with everything around it made up: what is tried again and what never,
 * and when an image is discarded.  The linker puts the __wrap functions into
 * the place of those in the library.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"
#include "discard.h"
#include "job.h"
#include "load.h"
#include "lost.h"
#include "memory.h"
#include "preflight.h"
#include "room.h"
#include "scene.h"
#include "swaparea.h"

static struct {
	enum kj_b_state b;
	unsigned int refusals;		/* calls that are refused with EBUSY first */
	uint64_t answer;		/* the word that then comes back */
	int room;			/* result of kj_room_check() */
	bool no_suspend;		/* the machine has no S3 */
	enum kj_preload preload;	/* configured */
	bool swap;			/* the target is a swap area */
	bool swap_full;
	/* seen */
	unsigned int calls, naps, discards, stale_looks, marks, calls_at_mark, scenes;
	const char *said;		/* the blob that comes back, or NULL */
	uint64_t limit;			/* the last word of the last call */
	uint32_t power_off;		/* of the target that B got */
	bool swap_held;
} world;

void kj_lost_mark(void)
{
	world.calls_at_mark = world.calls;
	world.marks++;
}

enum kj_b_state kj_b_state(void)
{
	return world.b;
}

uint64_t kj_region_size(const struct kj_conf *conf)
{
	(void)conf;
	return 64 << 20;
}

int kj_load(const struct kj_conf *conf, const struct kj_resolved *target,
	    struct kj_reason *reason)
{
	(void)conf, (void)target, (void)reason;
	return 0;
}

int kj_unload(struct kj_reason *reason)
{
	(void)reason;
	world.b = KJ_B_NONE;
	return 0;
}

int kj_preflight(const struct kj_conf *conf, struct kj_resolved *ret,
		 struct kj_reason *reason)
{
	(void)conf, (void)reason;
	*ret = (struct kj_resolved) {
		.blob = calloc(1, kj_target_size(0)), .blob_len = kj_target_size(0),
	};
	if (world.swap)
		ret->blob->kind = kj_le32_of(KJ_TARGET_SWAP);
	return 0;
}

int kj_preflight_suspend(struct kj_reason *reason)
{
	return world.no_suspend ? kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_KERNEL, "no S3") : 0;
}

int kj_room_check(uint64_t held, struct kj_reason *reason)
{
	assert_int_equal(held, 64 << 20);
	return world.room ? kj_reason_set(reason, world.room, KJ_WHY_MEMORY, "full") : 0;
}

uint64_t kj_preflight_needed(void)
{
	return 12345;
}

int kj_swap_take(const struct kj_resolved *target, uint64_t bytes,
		 struct kj_swap_hold *ret, struct kj_reason *reason)
{
	assert_int_equal(bytes, 12345);
	if (world.swap_full)
		return kj_reason_set(reason, ENOSPC, KJ_WHY_TARGET, "full");
	ret->blob = malloc(target->blob_len);
	ret->blob_len = target->blob_len;
	memcpy(ret->blob, target->blob, target->blob_len);
	ret->blob->n_extents = kj_le32_of(77);
	world.swap_held = true;
	return 0;
}

void kj_swap_release(struct kj_swap_hold *hold)
{
	world.swap_held = false;
	free(hold->blob);
	hold->blob = NULL;
}

void kj_discard_after_call(const struct kj_resolved *target)
{
	if (kj_target_is_swap(target))
		assert_true(world.swap_held);	/* the kernel lets nobody else write */
	world.discards++;
}

void kj_discard_stale(const struct kj_conf *conf)
{
	(void)conf;
	world.stale_looks++;
}

void kj_memory_identity(uint64_t words[KJ_IDENTITY_WORDS])
{
	memset(words, 0, KJ_IDENTITY_WORDS * sizeof(*words));
}

void kj_scene_make(const char *mountinfo, struct kj_scene *ret)
{
	assert_string_equal(mountinfo, "/proc/self/mountinfo");
	memset(ret, 0, sizeof(*ret));
	ret->memory_map_digest[0] = 1;
	kj_scene_seal(ret);
}

const char *kj_word_name(uint64_t word)
{
	(void)word;
	return "a word";
}

int kj_call(enum kjump_word word, const uint64_t *words, unsigned int n_words,
	    const void *blob, size_t len, struct kj_reply *ret, struct kj_reason *reason)
{
	const size_t target = kj_target_size(0);
	const char *wrong;

	world.power_off = len >= target ?
			  kj_get32(((const struct kj_target *)blob)->power_off) : 0;
	/* There is no key in between. */
	if (len > target &&
	    kj_scene_check((const uint8_t *)blob + target, len - target, &wrong) == 0)
		world.scenes++;
	memset(ret, 0, sizeof(*ret));
	if (world.swap && word != KJUMP_WORD_PING) {
		assert_true(world.swap_held && len >= sizeof(struct kj_target));
		assert_int_equal(kj_get32(((const struct kj_target *)blob)->n_extents), 77);
	}
	world.calls++;
	world.limit = n_words ? words[n_words - 1] : 0;
	if (world.refusals && world.refusals--)
		return kj_reason_set(reason, EBUSY, KJ_WHY_CALL, "busy");
	ret->argv[0] = word == KJUMP_WORD_PING ? (uint64_t)KJUMP_WORD_READY : world.answer;
	if (world.said)
		strcpy(ret->text, world.said);
	return 0;
}

int __real_kj_conf_load(const char *root, bool warn, struct kj_conf *ret);
int __wrap_kj_conf_load(const char *root, bool warn, struct kj_conf *ret);
int __wrap_kj_conf_load(const char *root, bool warn, struct kj_conf *ret)
{
	int r = __real_kj_conf_load("/nonexistent", warn, ret);	/* the defaults */

	(void)root;
	ret->preload = world.preload;
	return r;
}

unsigned int __wrap_sleep(unsigned int seconds);
unsigned int __wrap_sleep(unsigned int seconds)
{
	world.naps += seconds;
	return 0;
}

int __wrap_kj_target_save(const struct kj_resolved *target, bool *ret_changed,
			  struct kj_reason *reason);
int __wrap_kj_target_save(const struct kj_resolved *target, bool *ret_changed,
			  struct kj_reason *reason)
{
	(void)target, (void)reason;
	*ret_changed = false;
	return 0;
}

/* Return: errno of the job. */
static int run(enum kj_job_kind kind)
{
	struct kj_outcome outcome = { 0 };

	kj_job_run(kind, &outcome);
	return outcome.reason.error;
}

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.b = KJ_B_PARKED;
	return 0;
}

static void test_ping_is_tried_three_times_more(void **state)
{
	(void)state;
	world.refusals = 3;
	assert_int_equal(run(KJ_JOB_PING), 0);
	assert_int_equal(world.calls, 4);
	assert_int_equal(world.naps, 3);
	world.refusals = 4;
	assert_int_equal(run(KJ_JOB_PING), EBUSY);
	assert_int_equal(world.calls, 8);
}

static void test_parking_is_tried_again(void **state)
{
	(void)state;
	world.b = KJ_B_LOADED;
	world.refusals = 1;
	assert_int_equal(run(KJ_JOB_LOAD), 0);
	assert_int_equal(world.calls, 2);
}

static void test_hibernate_is_tried_once(void **state)
{
	(void)state;
	world.refusals = 1;
	assert_int_equal(run(KJ_JOB_HIBERNATE), EBUSY);
	assert_int_equal(world.calls, 1);
	assert_int_equal(world.discards, 0);
	world.refusals = 1;
	assert_int_equal(run(KJ_JOB_WRITE), EBUSY);
	assert_int_equal(world.calls, 2);
}

static void test_no_image_is_left_when_hibernate_comes_back(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_RESUME;
	assert_int_equal(run(KJ_JOB_HIBERNATE), 0);
	assert_int_equal(world.discards, 1);
	world.answer = KJUMP_WORD_FAILED;
	assert_int_equal(run(KJ_JOB_HIBERNATE), EIO);
	assert_int_equal(world.discards, 2);
}

static void test_snapshot_is_left(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_WRITE), 0);
	assert_int_equal(world.discards, 0);
}

static void test_each_image_has_the_file_systems(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_PING), 0);
	assert_int_equal(world.scenes, 0);
	assert_int_equal(run(KJ_JOB_WRITE), 0);
	assert_int_equal(world.scenes, 1);
	world.answer = KJUMP_WORD_RESUME;
	assert_int_equal(run(KJ_JOB_HIBERNATE), 0);
	assert_int_equal(world.scenes, 2);
}

static void test_hibernate_without_room_calls_nobody(void **state)
{
	(void)state;
	world.room = ENOMEM;
	world.b = KJ_B_LOADED;
	assert_int_equal(run(KJ_JOB_HIBERNATE), ENOMEM);
	assert_int_equal(world.calls, 0);
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_WRITE), 0);
}

static void test_only_prepare_looks_for_a_stale_image(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_RESUME;
	run(KJ_JOB_LOAD);
	run(KJ_JOB_HIBERNATE);
	assert_int_equal(world.stale_looks, 0);
	run(KJ_JOB_PREPARE);
	assert_int_equal(world.stale_looks, 1);
}

/* B sleeps instead of powering off, and only a machine that can is called. */
static void test_hybrid_sleep_tells_b_to_suspend(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_HYBRID), 0);
	assert_int_equal(world.power_off, KJ_POWER_SUSPEND);
	assert_int_equal(world.discards, 1);
	world.answer = KJUMP_WORD_RESUME;
	assert_int_equal(run(KJ_JOB_HYBRID), 0);
	world.answer = KJUMP_WORD_FAILED;
	assert_int_equal(run(KJ_JOB_HYBRID), EIO);
	assert_int_equal(world.discards, 3);
	assert_int_equal(world.calls, 3);
	world.no_suspend = true;
	assert_int_equal(run(KJ_JOB_HYBRID), EOPNOTSUPP);
	assert_int_equal(world.calls, 3);
	world.answer = KJUMP_WORD_DONE;	/* that is no end of a hibernation */
	assert_int_equal(run(KJ_JOB_HIBERNATE), EPROTO);
	assert_int_equal(world.power_off, KJ_POWER_S4);
}

/* Preload= may have been another word when B was parked. */
static void test_prepare_unloads_what_is_not_to_be_held(void **state)
{
	(void)state;
	assert_int_equal(run(KJ_JOB_PREPARE), 0);
	assert_int_equal(world.b, KJ_B_PARKED);
	world.preload = KJ_PRELOAD_NO;
	assert_int_equal(run(KJ_JOB_PREPARE), 0);
	assert_int_equal(world.b, KJ_B_NONE);
	assert_int_equal(world.calls, 0);
}

static struct kj_outcome outcome;

static void run_into_outcome(enum kj_job_kind kind, uint64_t answer, const char *said)
{
	memset(&outcome, 0, sizeof(outcome));
	world.answer = answer;
	world.said = said;
	kj_job_run(kind, &outcome);
}

static void test_a_failure_is_one_sentence_and_a_log(void **state)
{
	(void)state;
	run_into_outcome(KJ_JOB_HIBERNATE, KJUMP_WORD_FAILED, "the disk is gone\n<3>first\n<6>second\n");
	assert_non_null(strstr(outcome.reason.text, ": the disk is gone"));
	assert_null(strchr(outcome.reason.text, '\n'));
	assert_string_equal(outcome.peer_log, "<3>first\n<6>second\n");
	assert_int_equal(outcome.peer, 'B');
	begin(state);
	run_into_outcome(KJ_JOB_HIBERNATE, KJUMP_WORD_FAILED, "no log");
	assert_non_null(strstr(outcome.reason.text, ": no log"));
	assert_string_equal(outcome.peer_log, "");
	begin(state);
	run_into_outcome(KJ_JOB_WRITE, KJUMP_WORD_DONE, "<4>a warning\n");
	assert_string_equal(outcome.peer_log, "<4>a warning\n");
	assert_int_equal(outcome.peer, 'B');
	begin(state);
	run_into_outcome(KJ_JOB_HIBERNATE, KJUMP_WORD_RESUME, "<6>from C\n");
	assert_string_equal(outcome.peer_log, "<6>from C\n");
	assert_int_equal(outcome.peer, 'C');
}

static void test_a_hibernation_is_lost_until_somebody_comes_back(void **state)
{
	(void)state;
	world.answer = KJUMP_WORD_DONE;
	run(KJ_JOB_WRITE);
	assert_int_equal(world.marks, 0);
	assert_int_equal(world.limit, 60);
	begin(state);
	world.answer = KJUMP_WORD_RESUME;
	run(KJ_JOB_HIBERNATE);
	assert_int_equal(world.marks, 1);
	assert_int_equal(world.calls_at_mark, 0);	/* before A leaves */
	assert_int_equal(world.calls, 1);
	assert_int_equal(world.limit, 60);
}

static void test_pages_of_a_swap_area_are_held_during_the_call(void **state)
{
	(void)state;
	world.swap = true;
	world.answer = KJUMP_WORD_RESUME;
	assert_int_equal(run(KJ_JOB_HIBERNATE), 0);
	assert_int_equal(world.discards, 1);
	assert_false(world.swap_held);
	world.answer = KJUMP_WORD_FAILED;
	assert_int_equal(run(KJ_JOB_HIBERNATE), EIO);
	assert_int_equal(world.discards, 2);
	assert_false(world.swap_held);
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_WRITE), 0);
	assert_false(world.swap_held);
	assert_int_equal(run(KJ_JOB_PING), 0);
	world.answer = KJUMP_WORD_DONE;
	assert_int_equal(run(KJ_JOB_HYBRID), 0);
	assert_int_equal(world.power_off, KJ_POWER_SUSPEND);
	assert_false(world.swap_held);
}

static void test_without_room_in_the_swap_area_nothing_is_called(void **state)
{
	(void)state;
	world.swap = true;
	world.swap_full = true;
	assert_int_equal(run(KJ_JOB_HIBERNATE), ENOSPC);
	assert_int_equal(world.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_failure_is_one_sentence_and_a_log, begin),
		cmocka_unit_test_setup(test_a_hibernation_is_lost_until_somebody_comes_back, begin),
		cmocka_unit_test_setup(test_ping_is_tried_three_times_more, begin),
		cmocka_unit_test_setup(test_parking_is_tried_again, begin),
		cmocka_unit_test_setup(test_hibernate_is_tried_once, begin),
		cmocka_unit_test_setup(test_no_image_is_left_when_hibernate_comes_back, begin),
		cmocka_unit_test_setup(test_snapshot_is_left, begin),
		cmocka_unit_test_setup(test_each_image_has_the_file_systems, begin),
		cmocka_unit_test_setup(test_hibernate_without_room_calls_nobody, begin),
		cmocka_unit_test_setup(test_only_prepare_looks_for_a_stale_image, begin),
		cmocka_unit_test_setup(test_hybrid_sleep_tells_b_to_suspend, begin),
		cmocka_unit_test_setup(test_prepare_unloads_what_is_not_to_be_held, begin),
		cmocka_unit_test_setup(test_pages_of_a_swap_area_are_held_during_the_call, begin),
		cmocka_unit_test_setup(test_without_room_in_the_swap_area_nothing_is_called, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
