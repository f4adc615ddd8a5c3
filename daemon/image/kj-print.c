// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints of file systems.  Runs in kernels A, B and C, and has to come to the
 * same digest in each.
 *
 * For most types a print is a list of ranges.  Three have no fixed place for
 * what changes: the head of an XFS log, found by the cycle numbers of its
 * blocks as fs/xfs/xfs_log_recover.c does, the FAT, and the checkpoints of
 * f2fs.
 */
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-endian.h"
#include "kj-print.h"

#define DIRECT_ALIGN 4096u
#define SECTOR 512u
#define XFS_HEAD_BYTES 4096u
#define MIB (1u << 20)
#define FAT_BYTES_MAX (4 * MIB)
#define TEXT "kjump print\0"

struct range {
	uint32_t offset;
	uint32_t length;
	uint8_t mask;			/* 0: all bits */
};

#define RANGES_MAX 6

static const struct rule {
	const char *types[4];
	struct range exact[RANGES_MAX];
	struct range stable[RANGES_MAX];
} rules[] = {
	[KJ_PRINT_EXT] = {
		{ "ext2", "ext3", "ext4" },
		{ { 1024, 1024, 0 } },
		{ { 1024 + 0x2c, 4, 0 },	/* s_mtime */
		  { 1024 + 0x34, 2, 0 },	/* s_mnt_count */
		  { 1024 + 0x40, 4, 0 },	/* s_lastcheck */
		  { 1024 + 0x60, 1, 0x04 },	/* s_feature_incompat: RECOVER */
		  { 1024 + 0x68, 16, 0 },	/* s_uuid */
		  { 1024 + 0x275, 1, 0 } },	/* s_mtime_hi */
	},
	[KJ_PRINT_XFS] = {
		{ "xfs" },
		{ { 0, SECTOR, 0 } },		/* and the log */
		{ { 32, 16, 0 } },		/* sb_uuid */
	},
	[KJ_PRINT_BTRFS] = {
		{ "btrfs" },
		{ { 65536, 4096, 0 } },
		{ { 65536 + 32, 16, 0 } },	/* fsid */
	},
	[KJ_PRINT_FAT] = {
		{ "vfat", "msdos" },
		{ { 0, SECTOR, 0 } },		/* and the first FAT */
		{ { 0, SECTOR, 0 } },
	},
	[KJ_PRINT_F2FS] = {
		{ "f2fs" },
		{ { 1024, 3072, 0 } },		/* and the checkpoints */
		{ { 1024 + 108, 16, 0 } },	/* uuid */
	},
	[KJ_PRINT_BLOCKS] = {
		{ NULL },
		{ { 0, MIB, 0 } },
		{ { 0 } },
	},
};

struct taking {
	const struct kj_print_source *source;
	crypto_generichash_state state;
	uint8_t buf[KJ_PRINT_READ];
};

enum kj_print_rule kj_print_rule_of(const char *type)
{
	for (unsigned int i = KJ_PRINT_EXT; i < KJ_PRINT_BLOCKS; i++)
		for (const char *const *t = rules[i].types; *t; t++)
			if (strcmp(*t, type) == 0)
				return (enum kj_print_rule)i;
	return KJ_PRINT_BLOCKS;
}

/* Bytes of the device into the digest.  Behind its end there are none. */
static int add(struct taking *t, uint64_t offset, uint64_t length, uint8_t mask)
{
	while (length > 0) {
		size_t want = length < sizeof(t->buf) ? (size_t)length : sizeof(t->buf);
		long got = t->source->read(t->source->ctx, offset, t->buf, want);

		if (got < 0)
			return (int)got;
		for (long i = 0; mask && i < got; i++)
			t->buf[i] &= mask;
		crypto_generichash_update(&t->state, t->buf, (size_t)got);
		if ((size_t)got < want)
			break;
		offset += want;
		length -= want;
	}
	return 0;
}

static int add_ranges(struct taking *t, const struct range *ranges)
{
	int r = 0;

	for (unsigned int i = 0; i < RANGES_MAX && ranges[i].length && r == 0; i++)
		r = add(t, ranges[i].offset, ranges[i].length, ranges[i].mask);
	return r;
}

static uint64_t big_endian(const uint8_t *p, unsigned int len)
{
	uint64_t value = 0;

	while (len--)
		value = value << 8 | *p++;
	return value;
}

/* ---- XFS ------------------------------------------------------------------- */

struct log {
	uint64_t start;			/* byte of the device */
	uint64_t blocks;		/* of SECTOR bytes */
};

/* An internal log; false when there is none, or it is out of the question. */
static bool find_log(const uint8_t *sb, struct log *ret)
{
	uint64_t where = big_endian(sb + 48, 8);	/* sb_logstart */
	uint64_t ag_blocks = big_endian(sb + 84, 4);	/* sb_agblocks */
	uint64_t blocks = big_endian(sb + 96, 4);	/* sb_logblocks */
	unsigned int block_log = sb[120];		/* sb_blocklog */
	unsigned int ag_log = sb[124];			/* sb_agblklog */
	uint64_t ag;

	if (block_log < 9 || block_log > 16 || ag_log > 31 || where == 0 || blocks == 0)
		return false;
	ag = where >> ag_log;
	if (ag > UINT32_MAX)
		return false;
	where = ag * ag_blocks + (where & ((1ull << ag_log) - 1));
	if (where > (1ull << 60) >> block_log)
		return false;
	ret->start = where << block_log;
	ret->blocks = blocks << (block_log - 9);
	return true;
}

/* Each block of a log begins with the number of its round, except that the
 * first one of a record has it behind the magic. */
static int read_cycle(struct taking *t, const struct log *log, uint64_t block,
		      uint64_t *ret)
{
	long got = t->source->read(t->source->ctx, log->start + block * SECTOR, t->buf, 8);

	if (got < 0)
		return (int)got;
	if (got < 8)
		return -ERANGE;
	*ret = big_endian(t->buf, 4);
	if (*ret == 0xfeedbabe)
		*ret = big_endian(t->buf + 4, 4);
	return 0;
}

/* The first block of the round of the last one: where the next record goes. */
static int find_head(struct taking *t, const struct log *log, uint64_t *ret)
{
	uint64_t first = 0, last = log->blocks - 1, old, cycle;
	int r;

	r = read_cycle(t, log, last, &old);
	if (r == 0)
		r = read_cycle(t, log, first, &cycle);
	if (r == 0 && cycle == old)
		last = 0;
	while (r == 0 && last > first + 1) {
		uint64_t middle = first + (last - first) / 2;

		r = read_cycle(t, log, middle, &cycle);
		if (r == 0 && cycle == old)
			last = middle;
		else
			first = middle;
	}
	*ret = last;
	return r;
}

static int add_xfs_log(struct taking *t)
{
	uint64_t head, from;
	struct log log;
	kj_le64 number;
	long got;
	int r;

	got = t->source->read(t->source->ctx, 0, t->buf, SECTOR);
	if (got < (long)SECTOR)
		return got < 0 ? (int)got : 0;
	if (!find_log(t->buf, &log))
		return 0;
	r = find_head(t, &log, &head);
	if (r == -ERANGE)
		return 0;
	if (r < 0)
		return r;
	number = kj_le64_of(head);
	crypto_generichash_update(&t->state, (const void *)&number, sizeof(number));
	from = head * SECTOR < XFS_HEAD_BYTES ? 0 : head * SECTOR - XFS_HEAD_BYTES;
	return add(t, log.start + from, 2 * XFS_HEAD_BYTES, 0);
}

/* ---- FAT and f2fs, little-endian ---------------------------------------------- */

static uint32_t little_endian(const uint8_t *p, unsigned int len)
{
	uint32_t value = 0;

	while (len--)
		value = value << 8 | p[len];
	return value;
}

/*
 * Which clusters are taken.  Not the two entries before them, where firmware
 * notes whether it has finished writing, nor FSINFO with its hints: a boot
 * loader may overwrite a file of its own in place each time.
 */
static int add_fat(struct taking *t)
{
	uint32_t sector, reserved, sectors, skip = 4;
	uint64_t length;
	long got;

	got = t->source->read(t->source->ctx, 0, t->buf, SECTOR);
	if (got < (long)SECTOR)
		return got < 0 ? (int)got : 0;
	sector = little_endian(t->buf + 11, 2);
	reserved = little_endian(t->buf + 14, 2);
	sectors = little_endian(t->buf + 22, 2);
	if (sectors == 0) {				/* FAT32 */
		sectors = little_endian(t->buf + 36, 4);
		skip = 8;
	}
	length = (uint64_t)sectors * sector;
	if (length <= skip)
		return 0;
	if (length > FAT_BYTES_MAX)
		length = FAT_BYTES_MAX;
	return add(t, (uint64_t)reserved * sector + skip, length - skip, 0);
}

/* The first block of each pack; one of them is the newer. */
static int add_checkpoints(struct taking *t)
{
	uint32_t block_log, segment_log;
	uint64_t where;
	long got;
	int r;

	got = t->source->read(t->source->ctx, 1024, t->buf, SECTOR);
	if (got < (long)SECTOR)
		return got < 0 ? (int)got : 0;
	block_log = little_endian(t->buf + 16, 4);
	segment_log = little_endian(t->buf + 20, 4);
	where = little_endian(t->buf + 76, 4);
	if (block_log < 9 || block_log > 16 || segment_log > 16)
		return 0;
	r = add(t, where << block_log, 1u << block_log, 0);
	return r < 0 ? r : add(t, (where + (1u << segment_log)) << block_log,
			       1u << block_log, 0);
}

/* ---- all ------------------------------------------------------------------- */

static int take(struct taking *t, unsigned int rule, enum kj_print_grade grade)
{
	const struct rule *fixed = &rules[rule & ~KJ_PRINT_FIXED];
	bool exact = grade == KJ_GRADE_EXACT;
	int r = add_ranges(t, exact ? fixed->exact : fixed->stable);

	if (r < 0 || !exact)
		return r;
	switch (rule) {				/* none of it with KJ_PRINT_FIXED */
	case KJ_PRINT_XFS:
		return add_xfs_log(t);
	case KJ_PRINT_FAT:
		return add_fat(t);
	case KJ_PRINT_F2FS:
		return add_checkpoints(t);
	default:
		return 0;
	}
}

int kj_print_take(unsigned int rule, enum kj_print_grade grade,
		  const struct kj_print_source *source, uint8_t *ret)
{
	kj_autofree struct taking *t = NULL;
	const uint8_t what[] = { (uint8_t)rule, (uint8_t)(rule >> 8), (uint8_t)grade };
	int r;

	if (grade != KJ_GRADE_EXACT && rules[rule & ~KJ_PRINT_FIXED].stable[0].length == 0)
		return -EOPNOTSUPP;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->source = source;
	crypto_generichash_init(&t->state, NULL, 0, KJ_PRINT_SIZE);
	crypto_generichash_update(&t->state, (const void *)TEXT, sizeof(TEXT) - 1);
	crypto_generichash_update(&t->state, what, sizeof(what));
	r = take(t, rule, grade);
	if (r == 0)
		crypto_generichash_final(&t->state, ret, KJ_PRINT_SIZE);
	return r;
}

/* ---- an open device -------------------------------------------------------- */

struct direct {
	int fd;
	uint64_t start;
	uint8_t *buf;			/* KJ_PRINT_READ and DIRECT_ALIGN twice */
};

static long read_direct(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct direct *d = ctx;
	uint64_t from = (d->start + offset) / DIRECT_ALIGN * DIRECT_ALIGN;
	size_t skip = (size_t)(d->start + offset - from), done = 0;
	size_t want = (skip + len + DIRECT_ALIGN - 1) / DIRECT_ALIGN * DIRECT_ALIGN;

	while (done < want) {
		ssize_t n = pread(d->fd, d->buf + done, want - done, (off_t)(from + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
		if (n == 0 || done % DIRECT_ALIGN)	/* the device's end */
			break;
	}
	if (done <= skip)
		return 0;
	done -= skip;
	if (done > len)
		done = len;
	memcpy(buf, d->buf + skip, done);
	return (long)done;
}

int kj_print_take_fd(const struct kj_print *p, enum kj_print_grade grade, int fd,
		     uint8_t *ret)
{
	kj_autofree uint8_t *buf = aligned_alloc(DIRECT_ALIGN, KJ_PRINT_READ + 2 * DIRECT_ALIGN);
	struct direct direct = { fd, kj_get64(p->start), buf };
	const struct kj_print_source source = { &direct, read_direct };

	return buf ? kj_print_take(kj_get16(p->rule), grade, &source, ret) :
		     -ENOMEM;
}
