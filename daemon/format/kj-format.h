/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image on disk.  FORMAT.md tells it in words and pictures; this header
 * is the same contract for the compiler.
 *
 *      0        4096     8192                                       store size
 *      +--------+--------+-------+-------+-------------+-------+----+
 *      | header | header | batch | batch | index block | batch | .. |
 *      | copy 0 | copy 1 |       |       |             |       |    |
 *      +--------+--------+-------+-------+-------------+-------+----+
 *
 * The checkers at the end take bytes that anybody may have written.  They do
 * no I/O, allocate nothing and log nothing; what they accept needs no second
 * look at its lengths and limits.
 */
#ifndef KJ_FORMAT_H
#define KJ_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "kj-endian.h"

#define KJ_FORMAT_VERSION	1u
#define KJ_FORMAT_ALIGN		4096u	/* headers, batches, index blocks */
#define KJ_FORMAT_PAGE_SIZE	4096u	/* of the saved machine */

/* ---- header: the first two blocks of the store ------------------------- */

#define KJ_HEADER_MAGIC		"KJUMPIMG"
#define KJ_HEADER_SIZE		4096u
#define KJ_HEADER_COPIES	2u
#define KJ_DATA_START		(KJ_HEADER_COPIES * KJ_HEADER_SIZE)

#define KJ_RELEASE_MAX		80u		/* kernel_release with its NUL */
#define KJ_STORE_SIZE_MAX	(1ull << 60)	/* 1 EiB */
#define KJ_PFN_MAX		(1ull << 40)	/* 4 PiB of physical memory */
#define KJ_GENERATION_MAX	(1ull << 62)
#define KJ_INDEX_BLOCKS_MAX	(1u << 26)	/* 4 TiB of index */

enum kj_header_state {
	KJ_HEADER_NONE		= 0,
	KJ_HEADER_VALID		= 1,
	KJ_HEADER_SNAPSHOT	= 2,
	KJ_HEADER_CLAIMED	= 3,
};

struct kj_header {
	char     magic[8];
	kj_le32  version;
	kj_le32  checksum;		/* CRC-32C of the block, this field as 0 */
	kj_le64  generation;		/* the copy with the higher one counts */
	kj_le32  state;			/* enum kj_header_state */
	kj_le32  features;		/* 0; a bit that is not known: refuse */

	/* All below is 0 in a header that never had an image. */
	uint8_t  image_id[16];		/* random */
	kj_le64  store_size;		/* bytes, when written */
	kj_le64  bytes_stored;		/* used from the store's start */
	kj_le64  chunks;
	kj_le64  pages;			/* page frames saved */
	kj_le64  zero_pages;		/* of those, all zero */
	kj_le64  created_usec;		/* CLOCK_REALTIME */
	kj_le64  write_usec;		/* from first page to flushed index */

	kj_le64  index_last;		/* offset of the last index block */
	kj_le32  index_blocks;
	kj_le32  index_checksum;	/* checksum field of the last index block */

	/* Whose memory it is. */
	kj_le64  entry;
	kj_le64  max_pfn;		/* all page frames are below it */
	kj_le64  ram_pages;
	uint8_t  machine_id[16];
	uint8_t  boot_id[16];
	uint8_t  memory_map_digest[32];
	char     kernel_release[KJ_RELEASE_MAX];

	uint8_t  reserved[3808];	/* 0 */
};

_Static_assert(sizeof(struct kj_header) == KJ_HEADER_SIZE, "on-disk size");
_Static_assert(offsetof(struct kj_header, index_last) == 104, "on-disk offset");
_Static_assert(offsetof(struct kj_header, kernel_release) == 208, "on-disk offset");

/* ---- chunk: some pages, packed together -------------------------------- */

#define KJ_CHUNK_MAGIC		0x48434a4bu	/* "KJCH" as bytes */
#define KJ_CHUNK_PAGES_MAX	256u		/* 1 MiB */
#define KJ_CHUNK_RUNS_MAX	KJ_CHUNK_PAGES_MAX
#define KJ_CHUNK_ALIGN		8u		/* of a chunk in its batch */

enum kj_codec {
	KJ_CODEC_STORED		= 0,	/* payload is the pages */
	KJ_CODEC_LZ4		= 1,	/* one LZ4 block, shorter than the pages */
};

/* Page frames [pfn, pfn + n): 8 bytes, with whether they are all zero. */
#define KJ_RUN_ZERO		0x8000u	/* in n: the pages are not in the payload */
#define KJ_RUN_COUNT		0x7fffu

struct kj_disk_run {
	kj_le32  pfn_low;
	kj_le16  pfn_high;
	kj_le16  n;			/* 1 .. KJ_CHUNK_PAGES_MAX, | KJ_RUN_ZERO */
};

struct kj_chunk {
	kj_le32  magic;
	kj_le32  checksum;		/* CRC-32C of head, runs and payload, this
					 * field as 0 */
	uint8_t  image_id[16];		/* as in the header: no stale chunk fits */
	kj_le32  payload;		/* bytes */
	kj_le16  n_runs;
	kj_le16  codec;			/* enum kj_codec */
	struct kj_disk_run runs[];	/* then the payload */
};

_Static_assert(sizeof(struct kj_disk_run) == 8, "on-disk size");
_Static_assert(sizeof(struct kj_chunk) == 32, "on-disk size");

#define KJ_CHUNK_HEAD_MAX \
	(sizeof(struct kj_chunk) + KJ_CHUNK_RUNS_MAX * sizeof(struct kj_disk_run))
#define KJ_CHUNK_SIZE_MAX \
	(KJ_CHUNK_HEAD_MAX + (size_t)KJ_CHUNK_PAGES_MAX * KJ_FORMAT_PAGE_SIZE)

/* ---- index: where each chunk is, and its pages -------------------------- */

#define KJ_INDEX_MAGIC		0x58494a4bu	/* "KJIX" as bytes */
#define KJ_INDEX_SIZE		65536u

/* Each entry is followed by its n_runs runs, the same as in the chunk. */
struct kj_index_entry {
	kj_le64  offset;		/* byte of the store, multiple of 8 */
	kj_le32  checksum;		/* of the chunk */
	kj_le32  payload;		/* bytes, as in the chunk */
	kj_le16  n_runs;
	kj_le16  codec;
	kj_le32  reserved;		/* 0 */
	struct kj_disk_run runs[];
};

/* The chain goes backwards, because the writer knows the past alone. */
struct kj_index_block {
	kj_le32  magic;
	kj_le32  checksum;		/* CRC-32C of the block, this field as 0 */
	uint8_t  image_id[16];
	kj_le32  sequence;		/* 0, 1, ... in the order of writing */
	kj_le32  entries;
	kj_le32  used;			/* bytes, this head included; 0 after them */
	kj_le32  previous_checksum;	/* of block sequence - 1; 0 in the first */
	kj_le64  previous;		/* its offset; 0 in the first */
	uint8_t  reserved[16];		/* 0 */
	uint8_t  data[KJ_INDEX_SIZE - 64];
};

_Static_assert(sizeof(struct kj_index_entry) == 24, "on-disk size");
_Static_assert(sizeof(struct kj_index_block) == KJ_INDEX_SIZE, "on-disk size");
_Static_assert(offsetof(struct kj_index_block, data) == 64, "on-disk offset");

#define KJ_INDEX_ENTRY_MAX \
	(sizeof(struct kj_index_entry) + KJ_CHUNK_RUNS_MAX * sizeof(struct kj_disk_run))

/* ---- small helpers ------------------------------------------------------ */

static inline uint64_t kj_run_pfn(const struct kj_disk_run *run)
{
	return (uint64_t)kj_get16(run->pfn_high) << 32 | kj_get32(run->pfn_low);
}

static inline uint32_t kj_run_pages(const struct kj_disk_run *run)
{
	return kj_get16(run->n) & KJ_RUN_COUNT;
}

static inline int kj_run_is_zero(const struct kj_disk_run *run)
{
	return (kj_get16(run->n) & KJ_RUN_ZERO) != 0;
}

static inline struct kj_disk_run kj_disk_run_of(uint64_t pfn, uint32_t n, int zero)
{
	return (struct kj_disk_run) {
		.pfn_low  = kj_le32_of((uint32_t)pfn),
		.pfn_high = kj_le16_of((uint16_t)(pfn >> 32)),
		.n        = kj_le16_of((uint16_t)(n | (zero ? KJ_RUN_ZERO : 0))),
	};
}

static inline size_t kj_chunk_head_size(uint32_t n_runs)
{
	return sizeof(struct kj_chunk) + n_runs * sizeof(struct kj_disk_run);
}

static inline size_t kj_index_entry_size(uint32_t n_runs)
{
	return sizeof(struct kj_index_entry) + n_runs * sizeof(struct kj_disk_run);
}

/* ---- seals and checkers -------------------------------------------------- */

/**
 * kj_header_seal() - fill in magic, version and checksum
 */
void kj_header_seal(struct kj_header *h);

/**
 * kj_header_check() - is this block a header that can be believed?
 * @h: a whole block
 * @store_size: bytes of the store it was read from
 * @ret_reason: on error a static English phrase
 *
 * Return: 0; -ENODATA when it was never a header; -EBADMSG when it is damaged
 * or of a version that is not known.
 */
int kj_header_check(const struct kj_header *h, uint64_t store_size,
		    const char **ret_reason);

/**
 * kj_runs_check() - page runs of a chunk or of its index entry
 * @max_pfn: all page frames must be below it
 * @ret_data: pages that are in the payload
 * @ret_zero: pages that are all zero
 *
 * Return: 0 or -EBADMSG.
 */
int kj_runs_check(const struct kj_disk_run *runs, uint32_t n_runs, uint64_t max_pfn,
		  uint32_t *ret_data, uint32_t *ret_zero, const char **ret_reason);

/**
 * kj_index_block_seal() - fill in magic and checksum
 */
void kj_index_block_seal(struct kj_index_block *block);

/**
 * kj_index_block_check() - one index block and all its entries
 * @h: the checked header it belongs to
 * @sequence: which block it should be
 * @checksum: what its successor (or the header) says
 */
int kj_index_block_check(const struct kj_index_block *block,
			 const struct kj_header *h, uint32_t sequence,
			 uint32_t checksum, const char **ret_reason);

/**
 * kj_chunk_seal() - fill in magic and checksum
 * @c: head, runs and payload, all else set
 */
void kj_chunk_seal(struct kj_chunk *c);

/**
 * kj_chunk_check() - a chunk against the index entry that led to it
 * @c: head, runs and payload, as many bytes as the entry says
 * @image_id: of the header
 */
int kj_chunk_check(const struct kj_chunk *c, const struct kj_index_entry *entry,
		   const uint8_t image_id[16], const char **ret_reason);

#endif /* KJ_FORMAT_H */
