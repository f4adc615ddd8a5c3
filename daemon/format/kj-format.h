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
 * Seals are kept by who has the keys (daemon/image/seal.c).  The checkers at
 * the end take bytes that anybody may have written.  They do
 * no I/O, allocate nothing and log nothing; what they accept needs no second
 * look at its lengths and limits.
 */
#ifndef KJ_FORMAT_H
#define KJ_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "kj-endian.h"
#include "kj-scene.h"

#define KJ_FORMAT_VERSION	2u
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

#define KJ_FEATURE_PRINTS	1u	/* a resume has to compare the prints */

#define KJ_SEAL_SIZE		16u

enum kj_header_state {
	KJ_HEADER_NONE		= 0,
	KJ_HEADER_VALID		= 1,
	KJ_HEADER_SNAPSHOT	= 2,
	KJ_HEADER_CLAIMED	= 3,
};

enum kj_cipher {
	KJ_CIPHER_NONE		= 0,	/* seals are CRC-32C: accidents only */
	KJ_CIPHER_AES256_GCM	= 1,
	KJ_CIPHER_XCHACHA20	= 2,	/* XChaCha20-Poly1305, IETF */
};

/* What opens the image's key. */
enum kj_lock {
	KJ_LOCK_NONE		= 0,
	KJ_LOCK_PASSPHRASE	= 1,
	KJ_LOCK_KEYFILE		= 2,
};

/* Two secrets, encrypted with what Argon2id makes of a passphrase. */
struct kj_vault {
	kj_le64 operations;		/* Argon2id's cost */
	kj_le64 memory;			/* bytes */
	uint8_t salt[16];
	uint8_t nonce[24];
	uint8_t box[80];		/* XChaCha20-Poly1305: private key, origin
					 * secret, tag */
};

#define KJ_VAULT_OPERATIONS_MAX	64u
#define KJ_VAULT_MEMORY_MAX	(4ull << 30)

struct kj_slot {
	kj_le32 lock;			/* enum kj_lock */
	kj_le32 reserved;		/* 0 */
	uint8_t public_key[32];		/* X25519; with a passphrase */
	uint8_t secret[80];		/* the image's secret: in a sealed box, or
					 * plain in the first 32 bytes (key file) */
	struct kj_vault vault;		/* with a passphrase */
	uint8_t key_id[16];		/* which key file */
};

struct kj_header {
	char     magic[8];
	kj_le32  version;
	kj_le32  checksum;		/* CRC-32C of the block, this field as 0 */
	kj_le64  generation;		/* the copy with the higher one counts */
	kj_le32  state;			/* enum kj_header_state */
	kj_le32  features;		/* a bit that is not known: refuse */

	/* All below is 0 in a header that never had an image. */
	uint8_t  image_id[16];		/* random */
	kj_le64  store_size;		/* bytes, when written */
	kj_le64  bytes_stored;		/* used from the store's start */
	kj_le64  chunks;
	kj_le64  pages;			/* page frames saved */
	kj_le64  zero_pages;		/* of those, all zero */
	kj_le64  word_pages;		/* of those, one word repeated */
	kj_le64  created_usec;		/* CLOCK_REALTIME */
	kj_le64  write_usec;		/* from first page to flushed index */

	kj_le64  index_last;		/* offset of the last index block */
	kj_le32  index_blocks;
	kj_le32  options;		/* bits that a reader may ignore */
	uint8_t  index_seal[KJ_SEAL_SIZE]; /* of the last index block */

	/* Whose memory it is. */
	kj_le64  entry;
	kj_le64  max_pfn;		/* all page frames are below it */
	kj_le64  ram_pages;
	uint8_t  machine_id[16];
	uint8_t  boot_id[16];
	uint8_t  memory_map_digest[32];
	char     kernel_release[KJ_RELEASE_MAX];

	/* How it is sealed. */
	kj_le32  cipher;		/* enum kj_cipher */
	kj_le32  n_prints;		/* not 0 with KJ_FEATURE_PRINTS */
	uint8_t  seal[32];		/* keyed BLAKE2b of the block, with this
					 * field, checksum, generation and state
					 * as 0 */
	struct kj_slot slot;

	/* Behind the last print are zeros, unless options has a bit set. */
	struct kj_print prints[KJ_PRINTS_MAX];
	uint8_t  reserved[16];
};

_Static_assert(sizeof(struct kj_vault) == 136, "on-disk size");
_Static_assert(sizeof(struct kj_slot) == 272, "on-disk size");
_Static_assert(sizeof(struct kj_header) == KJ_HEADER_SIZE, "on-disk size");
_Static_assert(offsetof(struct kj_header, index_last) == 112, "on-disk offset");
_Static_assert(offsetof(struct kj_header, kernel_release) == 232, "on-disk offset");
_Static_assert(offsetof(struct kj_header, slot) == 352, "on-disk offset");
_Static_assert(offsetof(struct kj_header, prints) == 624, "on-disk offset");

/* ---- chunk: the payload of some pages, packed together ------------------ */

#define KJ_CHUNK_PAGES_MAX	128u		/* 512 KiB */
#define KJ_CHUNK_RUNS_MAX	KJ_CHUNK_PAGES_MAX
#define KJ_CHUNK_ALIGN		8u		/* of a chunk in its batch */
#define KJ_WORD_SIZE		8u

/* Before packing: a word for each run of repeated words, then the pages. */
#define KJ_CHUNK_PLAIN_MAX	(KJ_CHUNK_PAGES_MAX * KJ_FORMAT_PAGE_SIZE)

enum kj_codec {
	KJ_CODEC_STORED		= 0,	/* payload is the plain bytes */
	KJ_CODEC_LZ4		= 1,	/* one LZ4 block, shorter than they are */
};

/* Page frames [pfn, pfn + n): 8 bytes, with what they are. */
enum kj_run_kind {
	KJ_RUN_DATA		= 0,	/* in the payload */
	KJ_RUN_WORD		= 1,	/* one word, repeated; it is in the payload */
	KJ_RUN_ZERO		= 2,	/* all zero */
};

#define KJ_RUN_KIND_SHIFT	14
#define KJ_RUN_COUNT		0x3fffu

struct kj_disk_run {
	kj_le32  pfn_low;
	kj_le16  pfn_high;
	kj_le16  n;			/* 1 .. KJ_CHUNK_PAGES_MAX, | kind << 14 */
};

_Static_assert(sizeof(struct kj_disk_run) == 8, "on-disk size");

/* ---- index: where each chunk is, and its pages -------------------------- */

#define KJ_INDEX_MAGIC		0x58494a4bu	/* "KJIX" as bytes */
#define KJ_INDEX_SIZE		65536u

/*
 * The chunk's seal covers its payload and, as associated data, all from
 * number to the last run: a payload with other pages does not open.
 */
struct kj_index_entry {
	kj_le64  offset;		/* byte of the store, multiple of 8 */
	uint8_t  seal[KJ_SEAL_SIZE];	/* of the chunk */
	kj_le64  number;		/* of the chunk: no other of this image has it */
	kj_le32  payload;		/* bytes */
	kj_le16  n_runs;
	kj_le16  codec;			/* enum kj_codec */
	struct kj_disk_run runs[];
};

/* The chain goes backwards, because the writer knows the past alone. */
struct kj_index_block {
	kj_le32  magic;
	kj_le32  sequence;		/* 0, 1, ... in the order of writing */
	uint8_t  image_id[16];
	uint8_t  seal[KJ_SEAL_SIZE];	/* of the block */
	/* From here on encrypted, if anything is. */
	uint8_t  previous_seal[KJ_SEAL_SIZE]; /* of block sequence - 1; 0 in the first */
	kj_le64  previous;		/* its offset; 0 in the first */
	kj_le32  entries;
	kj_le32  used;			/* bytes, this head included; 0 after them */
	uint8_t  data[KJ_INDEX_SIZE - 72];
};

#define KJ_INDEX_SEALED		offsetof(struct kj_index_block, previous_seal)

_Static_assert(sizeof(struct kj_index_entry) == 40, "on-disk size");
_Static_assert(sizeof(struct kj_index_block) == KJ_INDEX_SIZE, "on-disk size");
_Static_assert(offsetof(struct kj_index_block, data) == 72, "on-disk offset");

#define KJ_INDEX_ENTRY_MAX \
	(sizeof(struct kj_index_entry) + KJ_CHUNK_RUNS_MAX * sizeof(struct kj_disk_run))

/* ---- recipient: who can open the images of this machine ------------------ */

#define KJ_RECIPIENT_MAGIC	"KJRECIPT"
#define KJ_RECIPIENT_VERSION	1u

/*
 * Made once, kept by A, handed to B with the call.  Not enough to open an
 * image that is locked by a passphrase, but enough to make one.
 */
struct kj_recipient {
	char     magic[8];
	kj_le32  version;
	kj_le32  lock;			/* enum kj_lock, not NONE */
	uint8_t  origin[32];		/* secret of this machine, or of the key file */
	uint8_t  public_key[32];	/* X25519; 0 with a key file */
	struct kj_vault vault;		/* 0 with a key file */
	uint8_t  reserved[36];		/* 0 */
	kj_le32  checksum;		/* CRC-32C of everything, this field as 0 */
};

_Static_assert(sizeof(struct kj_recipient) == 256, "on-disk size");

/* ---- small helpers ------------------------------------------------------ */

static inline uint64_t kj_run_pfn(const struct kj_disk_run *run)
{
	return (uint64_t)kj_get16(run->pfn_high) << 32 | kj_get32(run->pfn_low);
}

static inline uint32_t kj_run_pages(const struct kj_disk_run *run)
{
	return kj_get16(run->n) & KJ_RUN_COUNT;
}

/* 3 is a kind that no checked run has. */
static inline unsigned int kj_run_kind(const struct kj_disk_run *run)
{
	return kj_get16(run->n) >> KJ_RUN_KIND_SHIFT;
}

static inline struct kj_disk_run kj_disk_run_of(uint64_t pfn, uint32_t n,
						enum kj_run_kind kind)
{
	return (struct kj_disk_run) {
		.pfn_low  = kj_le32_of((uint32_t)pfn),
		.pfn_high = kj_le16_of((uint16_t)(pfn >> 32)),
		.n        = kj_le16_of((uint16_t)(n | (uint32_t)kind << KJ_RUN_KIND_SHIFT)),
	};
}

static inline size_t kj_index_entry_size(uint32_t n_runs)
{
	return sizeof(struct kj_index_entry) + n_runs * sizeof(struct kj_disk_run);
}

/** kj_lock_name() - "a passphrase", for messages */
const char *kj_lock_name(uint32_t lock);

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
 * Its keyed seal is not looked at.
 *
 * Return: 0; -ENODATA when it was never a header; -EBADMSG when it is damaged
 * or of a version that is not known.
 */
int kj_header_check(const struct kj_header *h, uint64_t store_size,
		    const char **ret_reason);

/* What a checked chunk has in it. */
struct kj_content {
	uint32_t data_pages;
	uint32_t zero_pages;
	uint32_t word_pages;
	uint32_t words;			/* runs of them */
};

/** kj_content_plain() - bytes of the payload before packing */
static inline uint32_t kj_content_plain(const struct kj_content *c)
{
	return c->words * KJ_WORD_SIZE + c->data_pages * KJ_FORMAT_PAGE_SIZE;
}

/**
 * kj_runs_check() - page runs of a chunk
 * @max_pfn: all page frames must be below it
 *
 * Return: 0 or -EBADMSG.
 */
int kj_runs_check(const struct kj_disk_run *runs, uint32_t n_runs, uint64_t max_pfn,
		  struct kj_content *ret, const char **ret_reason);

/**
 * kj_index_block_check() - one index block and all its entries
 * @block: opened, so that it is as somebody wrote it who could seal it
 * @h: the checked header it belongs to
 * @sequence: which block it should be
 */
int kj_index_block_check(const struct kj_index_block *block,
			 const struct kj_header *h, uint32_t sequence,
			 const char **ret_reason);

/**
 * kj_recipient_seal() - fill in magic, version and checksum
 */
void kj_recipient_seal(struct kj_recipient *r);

/**
 * kj_recipient_check() - are these bytes a recipient?
 * @len: how many
 *
 * Return: 0 or -EBADMSG.
 */
int kj_recipient_check(const void *buf, size_t len, const char **ret_reason);

#endif /* KJ_FORMAT_H */
