// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32C for A, B and C, in three ways: by the CPU's crc32 instruction, by
 * eight tables, and, for long inputs, by folding.
 *
 * Folding needs neither tables nor an instruction.  Modulo the polynomial of
 * CRC-32C
 *
 *	x^5275 + x^4508 + x^2751 + 1 = 0
 *
 * and, squared three times, the same holds for bytes instead of bits.  So the
 * first byte of a message may be taken away when it is added (xor) to the
 * bytes 5275, 5275 - 2751 and 5275 - 4508 places behind it.  This is done with
 * all bytes but the last 5275, eight at a time; what is left has the same
 * checksum and is short.
 *
 * Which ways are taken is measured at the first call, as the kernel does for
 * its RAID routines: an emulated CPU may have the instruction and do it bit
 * by bit.  The unit tests compare all of them with each other.
 */
#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "kj-crc32c.h"

#define POLYNOMIAL 0x82f63b78u		/* 0x1EDC6F41, bits reversed */

#define FOLD_FAR	5275u		/* bytes from a byte to where it goes */
#define FOLD_MIDDLE	2524u
#define FOLD_NEAR	767u
#define FOLD_PAST	5280u		/* FOLD_FAR, rounded up to 8 */
#define FOLD_BLOCK	16384u
#define FOLD_MIN	(4 * FOLD_PAST)	/* shorter inputs do not pay */

#define TRIAL_SHORT	4096u
#define TRIAL_LONG	65536u
#define TRIALS		4

typedef uint32_t (*crc_function)(uint32_t crc, const uint8_t *p, size_t len);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static crc_function for_short;
static crc_function for_long;

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

static bool have_instruction(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("sse4.2");
}

#else

#define crc_by_instruction crc_by_table

static bool have_instruction(void)
{
	return false;
}

#endif

/* to[i] = message[i] + what earlier bytes, which lie before @to, add to it.
 * In plain words: emulators do these several times faster than vectors. */
static void fold_block(uint8_t *to, const uint8_t *message, size_t len)
{
	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t v = load64(message + i) ^
			     load64(to + i - FOLD_NEAR) ^
			     load64(to + i - FOLD_MIDDLE) ^
			     load64(to + i - FOLD_FAR);

		memcpy(to + i, &v, sizeof(v));
	}
}

static void add_bytes(uint8_t *to, const uint8_t *from, size_t len)
{
	for (; len >= 8; to += 8, from += 8, len -= 8) {
		uint64_t v = load64(to) ^ load64(from);

		memcpy(to, &v, sizeof(v));
	}
	while (len--)
		*to++ ^= *from++;
}

/* @len is at least FOLD_MIN. */
static uint32_t crc_by_folding(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t far[] = { FOLD_FAR, FOLD_MIDDLE, FOLD_NEAR };
	uint8_t buf[FOLD_PAST + FOLD_BLOCK];
	uint8_t *block = buf + FOLD_PAST;
	size_t todo = (len - FOLD_FAR) / sizeof(uint64_t) * sizeof(uint64_t);
	uint8_t rest[FOLD_FAR + sizeof(uint64_t)];
	uint32_t seed = htole32(crc);

	memset(buf, 0, FOLD_PAST);
	/* As if a byte far before the message had left the initial value. */
	memcpy(block - FOLD_FAR, &seed, sizeof(seed));
	len -= todo;
	while (todo > 0) {
		size_t n = todo < FOLD_BLOCK ? todo : FOLD_BLOCK;

		fold_block(block, p, n);
		/* In halves, for the reason that is told in pages.c. */
		memmove(buf, buf + n, FOLD_PAST / 2);
		memmove(buf + FOLD_PAST / 2, buf + n + FOLD_PAST / 2, FOLD_PAST / 2);
		p += n;
		todo -= n;
	}
	memcpy(rest, p, len);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		add_bytes(rest, block - far[i], far[i]);
	return for_short(0, rest, len);
}

static uint64_t now_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The shortest of a few trials: the first ones warm up caches. */
static uint64_t cost_of(crc_function f, size_t len)
{
	static const uint8_t data[TRIAL_LONG];
	static volatile uint32_t result;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t begin = now_nsec(), took;

		result += f(0, data, len);
		took = now_nsec() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

static void choose(void)
{
	make_tables();
	for_short = crc_by_table;
	if (have_instruction() && cost_of(crc_by_instruction, TRIAL_SHORT) <=
				  cost_of(crc_by_table, TRIAL_SHORT))
		for_short = crc_by_instruction;
	for_long = for_short;
	if (cost_of(crc_by_folding, TRIAL_LONG) < cost_of(for_short, TRIAL_LONG))
		for_long = crc_by_folding;
}

uint32_t kj_crc32c(uint32_t crc, const void *data, size_t len)
{
	pthread_once(&once, choose);
	return ~(len < FOLD_MIN ? for_short : for_long)(~crc, data, len);
}
