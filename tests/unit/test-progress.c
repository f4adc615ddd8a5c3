// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The crew: it reports ten times a second and no more, the first error is the
 * one that counts, and threads that do not start leave their work to others.
 *
 * --wrap of the linker stands in for the clock and for pthread_create().
 */
#include "unit.h"

#include <stdatomic.h>
#include <time.h>

#include "disk.h"
#include "machine.h"
#include "progress.h"

#define THREADS 16
#define SECOND_USEC 1000000ull

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*work)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*work)(void *), void *arg);
int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

static unsigned int may_start = UINT32_MAX, started;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*work)(void *), void *arg)
{
	if (started == may_start)
		return EAGAIN;
	started++;
	return __real_pthread_create(thread, attr, work, arg);
}

/* Each look at the clock takes so long; 0 is the real one. */
static uint64_t usec_per_look;
static atomic_uint_fast64_t fake_usec;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t now;

	if (usec_per_look == 0)
		return __real_clock_gettime(clock, ts);
	now = atomic_fetch_add(&fake_usec, usec_per_look) + usec_per_look;
	ts->tv_sec = (time_t)(now / SECOND_USEC);
	ts->tv_nsec = (long)(now % SECOND_USEC * 1000);
	return 0;
}

struct listener {
	unsigned int calls;
	unsigned int answer_at;		/* the call that gets @answer; 0: none */
	int answer;
	atomic_int inside;
	bool overlapped, went_back;
	uint64_t pages, total, bytes;
};

static int hear(void *ctx, uint64_t pages, uint64_t total, uint64_t bytes)
{
	struct listener *l = ctx;

	l->overlapped |= atomic_fetch_add(&l->inside, 1) != 0;
	l->went_back |= pages < l->pages || bytes < l->bytes;
	l->pages = pages;
	l->total = total;
	l->bytes = bytes;
	l->calls++;
	atomic_fetch_sub(&l->inside, 1);
	return l->calls == l->answer_at ? l->answer : 0;
}

static void begin(struct kj_crew *crew, struct listener *l, uint64_t total)
{
	const struct kj_progress progress = { l, hear };

	may_start = UINT32_MAX;
	started = 0;
	usec_per_look = 0;
	atomic_store(&fake_usec, 5 * SECOND_USEC);
	kj_crew_init(crew, l ? &progress : NULL, total);
}

/* ---- reports -------------------------------------------------------------- */

#define ADVANCES 5000

struct context {
	struct kj_crew *crew;
	unsigned int runs;
	int fail_with;
};

static void *advance(void *arg)
{
	struct context *c = arg;

	c->runs++;
	for (int i = 0; i < ADVANCES && !kj_crew_stopped(c->crew); i++)
		kj_crew_advance(c->crew, 2, 3);
	return NULL;
}

static void make_contexts(struct context *contexts, struct kj_crew *crew, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		contexts[i] = (struct context) { .crew = crew };
}

static void many_threads_report_ten_times_a_second_and_at_the_end(void **state)
{
	static const uint64_t steps[] = { 1, 130, 1000, 99999, 100000, 250000 };
	struct context contexts[THREADS];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t looks = THREADS * ADVANCES, tenths;
		struct listener l = { 0 };
		struct kj_crew crew;

		begin(&crew, &l, looks * 2);
		make_contexts(contexts, &crew, THREADS);
		usec_per_look = steps[i];
		kj_crew_run(&crew, advance, contexts, sizeof(contexts[0]), THREADS);
		tenths = looks * steps[i] / 100000;
		saw("%u reports in %" PRIu64 " tenths of a second\n", l.calls, tenths);
		assert_in_range(l.calls, 1, tenths + 1);
		if (steps[i] >= 130 && steps[i] <= 1000)
			assert_true(l.calls >= tenths / 2);	/* and not much rarer */
		l.calls = 0;
		assert_int_equal(kj_crew_finish(&crew, NULL), 0);
		assert_int_equal(l.calls, 1);
		assert_int_equal(l.pages, looks * 2);
		assert_int_equal(l.total, looks * 2);
		assert_int_equal(l.bytes, looks * 3);
		assert_false(l.overlapped || l.went_back);
		kj_crew_done(&crew);
	}
}

static void the_first_work_is_reported_at_once(void **state)
{
	struct listener l = { 0 };
	struct kj_crew crew;

	(void)state;
	begin(&crew, &l, 10);
	kj_crew_advance(&crew, 1, 1);
	assert_int_equal(l.calls, 1);
	kj_crew_advance(&crew, 1, 1);
	assert_int_equal(l.calls, 1);
	kj_crew_done(&crew);
}

static void nobody_has_to_listen(void **state)
{
	const struct kj_progress none = { NULL, NULL };
	struct kj_crew crew;

	(void)state;
	for (int i = 0; i < 2; i++) {
		kj_crew_init(&crew, i ? &none : NULL, 10);
		kj_crew_advance(&crew, 10, 1);
		assert_int_equal(kj_crew_finish(&crew, NULL), 0);
		kj_crew_done(&crew);
	}
}

/* ---- cancelling and failing -------------------------------------------------- */

static int result_of_answer(int answer, unsigned int at, struct kj_error *error)
{
	struct listener l = { .answer_at = at, .answer = answer };
	struct kj_crew crew;
	int r;

	begin(&crew, &l, 10);
	usec_per_look = SECOND_USEC;
	for (unsigned int i = 0; i < 5; i++) {
		kj_crew_advance(&crew, 2, 2);
		assert_int_equal(kj_crew_stopped(&crew), at <= i + 1);
	}
	r = kj_crew_finish(&crew, error);
	assert_true(l.calls == (at < 6 ? at : 6));	/* none after the answer */
	kj_crew_done(&crew);
	return r;
}

static void any_answer_cancels_and_a_positive_one_is_ecanceled(void **state)
{
	static const struct { int answer, result; } cases[] = {
		{ 1, -ECANCELED }, { 125, -ECANCELED }, { INT32_MAX, -ECANCELED },
		{ -ECANCELED, -ECANCELED }, { -ETIMEDOUT, -ETIMEDOUT }, { -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int at = 1; at <= 6; at++) {	/* the 6th is at the end */
			struct kj_error error = { "" };

			assert_int_equal(result_of_answer(cases[i].answer, at, &error),
					 cases[i].result);
			assert_int_equal(strncmp(error.text, "canceled", 8), 0);
			if (at == 6)
				saw("%d: %s\n", cases[i].answer, error.text);
		}
}

static void the_first_error_wins_and_nothing_is_reported_after_it(void **state)
{
	const struct kj_error first = { "the first" }, second = { "the second" };
	struct kj_error error = { "" };
	struct listener l = { .answer_at = 1, .answer = 1 };
	struct kj_crew crew;

	(void)state;
	begin(&crew, &l, 10);
	assert_false(kj_crew_stopped(&crew));
	kj_crew_fail(&crew, -EREMOTEIO, &first);
	assert_true(kj_crew_stopped(&crew));
	kj_crew_fail(&crew, -ENOSPC, &second);
	kj_crew_advance(&crew, 1, 1);
	assert_int_equal(kj_crew_finish(&crew, &error), -EREMOTEIO);
	assert_string_equal(error.text, "the first");
	assert_int_equal(l.calls, 0);
	kj_crew_done(&crew);
}

static void *fail_at_once(void *arg)
{
	struct context *c = arg;
	struct kj_error error;

	snprintf(error.text, sizeof(error.text), "%d", c->fail_with);
	kj_crew_fail(c->crew, c->fail_with, &error);
	return NULL;
}

static void of_many_errors_at_once_one_comes_back_with_its_own_sentence(void **state)
{
	struct context contexts[THREADS];
	bool seen[THREADS] = { false };
	unsigned int different = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct kj_error error = { "" };
		struct kj_crew crew;
		int r;

		begin(&crew, NULL, 1);
		make_contexts(contexts, &crew, THREADS);
		for (int i = 0; i < THREADS; i++)
			contexts[i].fail_with = -1 - i;
		kj_crew_run(&crew, fail_at_once, contexts, sizeof(contexts[0]), THREADS);
		r = kj_crew_finish(&crew, &error);
		assert_in_range(-r, 1, THREADS);
		assert_int_equal(atoi(error.text), r);
		different += !seen[-r - 1];
		seen[-r - 1] = true;
		kj_crew_done(&crew);
	}
	saw("%u different ones were first\n", different);
}

static void an_error_stops_all_threads_soon(void **state)
{
	const struct kj_error why = { "stop" };
	struct context contexts[THREADS];
	struct listener l = { 0 };
	struct kj_crew crew;

	(void)state;
	begin(&crew, &l, 1);
	make_contexts(contexts, &crew, THREADS);
	kj_crew_fail(&crew, -EIO, &why);
	kj_crew_run(&crew, advance, contexts, sizeof(contexts[0]), THREADS);
	assert_int_equal(crew.pages_done, 0);
	kj_crew_done(&crew);
}

/* ---- threads -------------------------------------------------------------------- */

struct sum {
	struct kj_crew *crew;
	atomic_uint *left;		/* work that all share */
	atomic_uint *done;
};

static void *take_work(void *arg)
{
	struct sum *s = arg;
	unsigned int left = atomic_load(s->left);

	while (left > 0)
		if (atomic_compare_exchange_weak(s->left, &left, left - 1))
			atomic_fetch_add(s->done, 1);
	return NULL;
}

static void threads_that_cannot_start_lose_no_work(void **state)
{
	enum { MOST = 200, WORK = 20000 };
	static struct sum sums[MOST];

	(void)state;
	for (unsigned int n = 1; n <= MOST; n = n * 2 + 3)
		for (unsigned int start = 1; start <= n; start += start < 3 ? 1 : n / 2) {
			atomic_uint left = WORK, done = 0;
			struct kj_crew crew;

			begin(&crew, NULL, 1);
			may_start = start;
			for (unsigned int i = 0; i < n; i++)
				sums[i] = (struct sum) { &crew, &left, &done };
			kj_crew_run(&crew, take_work, sums, sizeof(sums[0]), n);
			assert_int_equal(atomic_load(&done), WORK);
			assert_int_equal(kj_crew_finish(&crew, NULL), 0);
			kj_crew_done(&crew);
		}
}

static void each_thread_has_a_context_of_its_own(void **state)
{
	static struct context contexts[64];
	struct kj_crew crew;

	(void)state;
	begin(&crew, NULL, 1);
	make_contexts(contexts, &crew, 64);
	kj_crew_run(&crew, advance, contexts, sizeof(contexts[0]), 63);
	for (int i = 0; i < 63; i++)
		assert_int_equal(contexts[i].runs, 1);
	assert_int_equal(contexts[63].runs, 0);
	assert_int_equal(crew.pages_done, 63 * ADVANCES * 2);
	kj_crew_done(&crew);
}

static void no_thread_at_all_is_an_error(void **state)
{
	struct kj_error error = { "" };
	struct context context;
	struct kj_crew crew;

	(void)state;
	begin(&crew, NULL, 1);
	may_start = 0;
	make_contexts(&context, &crew, 1);
	kj_crew_run(&crew, advance, &context, sizeof(context), 1);
	assert_int_equal(kj_crew_finish(&crew, &error), -EAGAIN);
	assert_int_equal(context.runs, 0);
	saw("%s\n", error.text);
	kj_crew_done(&crew);
}

static void an_image_is_whole_however_few_threads_start(void **state)
{
	struct machine *m = machine_new(1000, CONTENT_MIXED, 3);
	struct disk *disk = disk_new(8u << 20);
	struct kj_error error = { "" };
	struct kj_image_info info;
	bool same;

	(void)state;
	for (unsigned int start = 0; start < 4; start++) {
		usec_per_look = 0;
		started = 0;
		may_start = start;
		assert_int_equal(machine_write(m, &disk->store, &info, &error),
				 start ? 0 : -EAGAIN);
		started = 0;
		may_start = UINT32_MAX;
		assert_int_equal(machine_compare(m, &disk->store, &same, &error),
				 start ? 0 : -ENODATA);
		started = 0;
		may_start = start;
		if (start)
			assert_int_equal(machine_compare(m, &disk->store, &same, &error), 0);
		assert_int_equal(same, start > 0);
	}
	may_start = UINT32_MAX;
	machine_free(m);
	disk_free(disk);
}

static void there_is_always_a_cpu_and_time_goes_on(void **state)
{
	uint64_t before, after;

	(void)state;
	usec_per_look = 0;
	before = kj_usec_monotonic();
	after = kj_usec_monotonic();
	assert_true(after >= before);
	assert_true(kj_usec_realtime() > 1600000000 * SECOND_USEC);
	assert_true(kj_usable_cpus() >= 1);
	saw("%u CPUs\n", kj_usable_cpus());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_threads_report_ten_times_a_second_and_at_the_end),
		cmocka_unit_test(the_first_work_is_reported_at_once),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(any_answer_cancels_and_a_positive_one_is_ecanceled),
		cmocka_unit_test(the_first_error_wins_and_nothing_is_reported_after_it),
		cmocka_unit_test(of_many_errors_at_once_one_comes_back_with_its_own_sentence),
		cmocka_unit_test(an_error_stops_all_threads_soon),
		cmocka_unit_test(threads_that_cannot_start_lose_no_work),
		cmocka_unit_test(each_thread_has_a_context_of_its_own),
		cmocka_unit_test(no_thread_at_all_is_an_error),
		cmocka_unit_test(an_image_is_whole_however_few_threads_start),
		cmocka_unit_test(there_is_always_a_cpu_and_time_goes_on),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
