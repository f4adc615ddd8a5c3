// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate to the disk: what is not aligned or not inside never reaches it,
 * and a full store is full at its last byte.
 */
#include "unit.h"

#include "store.h"

#define ALIGN	KJ_STORE_ALIGN
#define BLOCKS	64u

/* A store that only remembers what it was asked for. */
struct asked {
	struct kj_store store;
	unsigned int calls;
	uint64_t offset;
	const void *buf;
	size_t len;
	int result;
};

static _Alignas(4096) uint8_t buffer[4 * 4096];

static int note(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	struct asked *a = ctx;

	a->calls++;
	a->offset = offset;
	a->buf = buf;
	a->len = len;
	return a->result;
}

static int note_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	return note(ctx, offset, buf, len);
}

static int note_flush(void *ctx)
{
	return note(ctx, 0, NULL, 0);
}

static void make_store(struct asked *a, uint64_t size)
{
	*a = (struct asked) { .store = { a, size, note_read, note, note_flush } };
}

static void assert_refused(struct asked *a, uint64_t offset, void *buf, size_t len)
{
	struct kj_error error = { "" };

	assert_int_equal(kj_store_read(&a->store, offset, buf, len, &error), -ERANGE);
	assert_int_not_equal(error.text[0], 0);
	error.text[0] = 0;
	assert_int_equal(kj_store_write(&a->store, offset, buf, len, &error), -ERANGE);
	assert_int_not_equal(error.text[0], 0);
	assert_int_equal(kj_store_write(&a->store, offset, buf, len, NULL), -ERANGE);
	assert_int_equal(a->calls, 0);
}

static void each_misaligned_transfer_is_refused_before_the_store_sees_it(void **state)
{
	unsigned int n = 0;
	struct asked a;

	(void)state;
	make_store(&a, BLOCKS * ALIGN);
	for (uint32_t off = 1; off < ALIGN; off++, n += 3) {
		assert_refused(&a, ALIGN + off, buffer, ALIGN);
		assert_refused(&a, ALIGN, buffer + off, ALIGN);
		assert_refused(&a, ALIGN, buffer, off);
	}
	for (uint32_t off = 512; off < ALIGN; off += 512, n += 2) {
		assert_refused(&a, ALIGN, buffer, ALIGN + off);
		/* Together they would be aligned. */
		assert_refused(&a, off, buffer, ALIGN - off);
	}
	saw("%u transfers refused\n", n);
}

static void each_transfer_outside_is_refused_before_the_store_sees_it(void **state)
{
	const uint64_t size = BLOCKS * ALIGN, top = UINT64_MAX - ALIGN + 1;
	const struct { uint64_t size, offset; size_t len; } cases[] = {
		{ size, size, ALIGN },
		{ size, size + ALIGN, ALIGN },
		{ size, size + ALIGN, 0 },
		{ size, size - ALIGN, 2 * ALIGN },
		{ size, 0, size + ALIGN },
		{ size, ALIGN, size },
		{ size - 1, size - ALIGN, ALIGN },	/* its last block is not whole */
		{ size - ALIGN + 1, size - ALIGN, ALIGN },
		{ 0, 0, ALIGN },
		{ ALIGN - 1, 0, ALIGN },
		{ size, top, ALIGN },			/* ends at 0 */
		{ size, top, 2 * ALIGN },		/* ends inside */
		{ size, ALIGN, (size_t)top },
		{ size, 2 * ALIGN, (size_t)top },
		{ size, top, (size_t)top },
		{ size, 1ull << 63, (size_t)1 << 63 },
		{ UINT64_MAX, top, ALIGN },		/* a byte too long */
		{ UINT64_MAX, 2 * ALIGN, (size_t)top },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asked a;

		make_store(&a, cases[i].size);
		assert_refused(&a, cases[i].offset, buffer, cases[i].len);
	}
	saw("%zu transfers refused\n", sizeof(cases) / sizeof(cases[0]));
}

static void what_is_inside_reaches_the_store_as_it_is(void **state)
{
	struct kj_error error = { "untouched" };
	struct asked a;

	(void)state;
	make_store(&a, BLOCKS * ALIGN);
	for (uint64_t block = 0; block < BLOCKS; block++)
		for (size_t n = 1; n <= 4 && block + n <= BLOCKS; n++) {
			unsigned int calls = a.calls;

			assert_int_equal(kj_store_read(&a.store, block * ALIGN, buffer,
						       n * ALIGN, &error), 0);
			assert_int_equal(a.offset, block * ALIGN);
			assert_int_equal(a.len, n * ALIGN);
			a.offset = a.len = 0;
			assert_int_equal(kj_store_write(&a.store, block * ALIGN, buffer,
							n * ALIGN, &error), 0);
			assert_int_equal(a.offset, block * ALIGN);
			assert_int_equal(a.len, n * ALIGN);
			assert_ptr_equal(a.buf, buffer);
			assert_int_equal(a.calls, calls + 2);
		}
	assert_string_equal(error.text, "untouched");
	saw("%u transfers, the last one ends where the store does\n", a.calls);
}

static void an_error_of_the_store_comes_back_with_a_sentence(void **state)
{
	struct kj_error error = { "" };
	struct asked a;

	(void)state;
	make_store(&a, BLOCKS * ALIGN);
	a.result = -EREMOTEIO;
	assert_int_equal(kj_store_read(&a.store, ALIGN, buffer, ALIGN, &error), -EREMOTEIO);
	assert_non_null(strstr(error.text, "4096 bytes at 4096"));
	saw("%s\n", error.text);
	assert_int_equal(kj_store_write(&a.store, ALIGN, buffer, ALIGN, &error), -EREMOTEIO);
	assert_non_null(strstr(error.text, "4096 bytes at 4096"));
	saw("%s\n", error.text);
	assert_int_equal(kj_store_flush(&a.store, &error), -EREMOTEIO);
	saw("%s\n", error.text);
	assert_int_equal(a.calls, 3);
}

/* ---- space ------------------------------------------------------------------ */

static void space_is_given_to_the_last_byte_and_not_beyond(void **state)
{
	struct kj_error error = { "" };
	struct kj_space space;
	uint64_t at = KJ_DATA_START, offset;
	struct asked a;

	(void)state;
	make_store(&a, KJ_DATA_START + BLOCKS * ALIGN);
	kj_space_init(&space, &a.store);
	for (unsigned int n = 1; at < a.store.size; n = n % 5 + 1) {
		size_t len = n * ALIGN;

		if (len > a.store.size - at) {
			offset = 12345;
			assert_int_equal(kj_space_take(&space, len, &offset, &error), -ENOSPC);
			assert_int_equal(offset, 12345);
			len = ALIGN;		/* a failure takes nothing */
		}
		assert_int_equal(kj_space_take(&space, len, &offset, &error), 0);
		assert_int_equal(offset, at);
		at += len;
	}
	assert_int_equal(at, a.store.size);
	assert_int_equal(space.next, a.store.size);
	assert_int_equal(kj_space_take(&space, ALIGN, &offset, &error), -ENOSPC);
	saw("%s\n", error.text);
	assert_int_equal(space.next, a.store.size);
	assert_int_equal(a.calls, 0);
}

static void a_store_that_is_no_multiple_of_blocks_ends_with_its_last_whole_one(void **state)
{
	(void)state;
	for (uint64_t more = 0; more < ALIGN; more += 511) {
		struct kj_space space;
		uint64_t offset;
		struct asked a;

		make_store(&a, KJ_DATA_START + 2 * ALIGN + more);
		kj_space_init(&space, &a.store);
		assert_int_equal(kj_space_take(&space, 3 * ALIGN, &offset, NULL), -ENOSPC);
		assert_int_equal(kj_space_take(&space, 2 * ALIGN, &offset, NULL), 0);
		assert_int_equal(offset, KJ_DATA_START);
		assert_int_equal(kj_space_take(&space, ALIGN, &offset, NULL), -ENOSPC);
	}
}

static void a_store_too_small_for_headers_has_no_space(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < KJ_DATA_START + ALIGN; size += 512) {
		struct kj_space space;
		uint64_t offset;
		struct asked a;

		make_store(&a, size);
		kj_space_init(&space, &a.store);
		assert_int_equal(kj_space_take(&space, ALIGN, &offset, NULL), -ENOSPC);
	}
}

static void more_than_there_can_be_is_refused(void **state)
{
	const size_t lens[] = { SIZE_MAX - ALIGN + 1, SIZE_MAX - KJ_DATA_START + 1,
				(size_t)1 << 63 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct kj_space space;
		uint64_t offset;
		struct asked a;

		make_store(&a, BLOCKS * ALIGN);
		kj_space_init(&space, &a.store);
		assert_int_equal(kj_space_take(&space, lens[i], &offset, NULL), -ENOSPC);
		assert_int_equal(kj_space_take(&space, ALIGN, &offset, NULL), 0);
		assert_int_equal(offset, KJ_DATA_START);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_misaligned_transfer_is_refused_before_the_store_sees_it),
		cmocka_unit_test(each_transfer_outside_is_refused_before_the_store_sees_it),
		cmocka_unit_test(what_is_inside_reaches_the_store_as_it_is),
		cmocka_unit_test(an_error_of_the_store_comes_back_with_a_sentence),
		cmocka_unit_test(space_is_given_to_the_last_byte_and_not_beyond),
		cmocka_unit_test(a_store_that_is_no_multiple_of_blocks_ends_with_its_last_whole_one),
		cmocka_unit_test(a_store_too_small_for_headers_has_no_space),
		cmocka_unit_test(more_than_there_can_be_is_refused),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
