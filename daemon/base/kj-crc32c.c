// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32C for A, B and C: by the CPU's crc32 instruction, or by eight tables.
 *
 * Which of the two is taken is measured at the first call, as the kernel does
 * for its RAID routines: an emulated CPU may have the instruction and do it
 * bit by bit, slower than the tables.  Both are compared with each other in
 * the unit tests, so the choice never shows in a result.
 */
#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "kj-crc32c.h"

#define POLYNOMIAL 0x82f63b78u		/* 0x1EDC6F41, bits reversed */

#define TRIAL_BYTES 4096u
#define TRIALS 4

typedef uint32_t (*crc_function)(uint32_t crc, const uint8_t *p, size_t len);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static crc_function chosen;

/* table[k][b]: the byte b, followed by k bytes of zero. */
static uint32_t table[8][256];

static void make_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][b] = crc;
	}
	for (uint32_t b = 0; b < 256; b++)
		for (int k = 1; k < 8; k++)
			table[k][b] = (table[k - 1][b] >> 8) ^
				      table[0][table[k - 1][b] & 0xff];
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v = le64toh(load64(p)) ^ crc;

		crc = table[7][v & 0xff] ^
		      table[6][v >> 8 & 0xff] ^
		      table[5][v >> 16 & 0xff] ^
		      table[4][v >> 24 & 0xff] ^
		      table[3][v >> 32 & 0xff] ^
		      table[2][v >> 40 & 0xff] ^
		      table[1][v >> 48 & 0xff] ^
		      table[0][v >> 56];
	}
	while (len--)
		crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2")))
static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; p += 8, len -= 8)
		wide = __builtin_ia32_crc32di(wide, load64(p));
	crc = (uint32_t)wide;
	while (len--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}

static uint64_t now_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The shortest of a few trials: the first ones warm up caches. */
static uint64_t cost_of(crc_function f)
{
	static uint8_t data[TRIAL_BYTES];
	static volatile uint32_t result;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t begin = now_nsec(), took;

		result += f(0, data, sizeof(data));
		took = now_nsec() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

static void choose(void)
{
	make_tables();
	chosen = crc_by_table;
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2") &&
	    cost_of(crc_by_instruction) <= cost_of(crc_by_table))
		chosen = crc_by_instruction;
}

#else

static void choose(void)
{
	make_tables();
	chosen = crc_by_table;
}

#endif

uint32_t kj_crc32c(uint32_t crc, const void *data, size_t len)
{
	pthread_once(&once, choose);
	return ~chosen(~crc, data, len);
}
