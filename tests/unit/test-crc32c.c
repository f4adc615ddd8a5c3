// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-crc32c: the published values, and all ways of computing are the same.
 *
 * The file is included, so that each way can be called whichever of them this
 * CPU would choose.
 */
#include "unit.h"

#include "../../daemon/base/kj-crc32c.c"

static void values_of_rfc_3720_come_out(void **state)
{
	uint8_t zeros[32] = { 0 }, ones[32], up[32];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++)
		up[i] = i;
	assert_int_equal(kj_crc32c(0, zeros, 32), 0x8a9136aa);
	assert_int_equal(kj_crc32c(0, ones, 32), 0x62a8ab43);
	assert_int_equal(kj_crc32c(0, up, 32), 0x46dd794e);
	assert_int_equal(kj_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(kj_crc32c(0, "", 0), 0);
	saw("short inputs: %s, long ones: %s\n",
	    for_short == crc_by_table ? "tables" : "instruction",
	    for_long == crc_by_folding ? "folding" : "the same");
}

static void any_division_of_the_bytes_gives_the_same(void **state)
{
	uint64_t random = 7;
	uint8_t data[300];
	uint32_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	whole = kj_crc32c(0, data, sizeof(data));
	for (size_t i = 0; i <= sizeof(data); i++)
		assert_int_equal(kj_crc32c(kj_crc32c(0, data, i), data + i,
					   sizeof(data) - i), whole);
}

static void instruction_and_tables_agree_at_all_lengths_and_alignments(void **state)
{
	uint64_t random = 9;
	uint8_t data[200];

	(void)state;
	if (!have_instruction())
		skip();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	for (size_t at = 0; at < 9; at++)
		for (size_t len = 0; at + len <= sizeof(data); len++)
			assert_int_equal(crc_by_table(~0u, data + at, len),
					 crc_by_instruction(~0u, data + at, len));
}

static void folding_and_tables_agree_at_many_lengths_and_alignments(void **state)
{
	static uint8_t data[200000];
	uint64_t random = 9;
	unsigned int n = 0;

	(void)state;
	kj_crc32c(0, "", 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	for (size_t len = FOLD_MIN; len < FOLD_MIN + 40; len++, n++)
		assert_int_equal(crc_by_table(~0u, data + n, len),
				 crc_by_folding(~0u, data + n, len));
	for (size_t len = FOLD_MIN; len < sizeof(data) - 1000; n++) {
		uint32_t crc = (uint32_t)next_random(&random);

		assert_int_equal(crc_by_table(crc, data + n, len),
				 crc_by_folding(crc, data + n, len));
		len += 1 + next_random(&random) % 3000;
	}
	saw("%u lengths\n", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_rfc_3720_come_out),
		cmocka_unit_test(any_division_of_the_bytes_gives_the_same),
		cmocka_unit_test(instruction_and_tables_agree_at_all_lengths_and_alignments),
		cmocka_unit_test(folding_and_tables_agree_at_many_lengths_and_alignments),
	};

	return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
