/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A golden image with something wrong in it, and sealed again as somebody
 * would who has the key: so that not the seal is what finds it.
 */
#ifndef KJ_GOLDEN_VICTIM_H
#define KJ_GOLDEN_VICTIM_H

#include "golden.h"
#include "seal.h"

#define EDITS_MAX	4u
#define BLOCKS_MAX	2u
#define SPOILED_MAX	512u
#define ACCEPTED	(-1)		/* as a check: it is right at a limit */

/* Whose bytes an edit changes. */
enum part { PART_NONE, PART_HEADER, PART_BLOCK, PART_ENTRY };

/* Which entry of the last index block. */
enum which { WHICH_LZ4, WHICH_STORED, WHICH_EMPTY, WHICH_WORDS };

struct edit {
	enum part part;
	unsigned int which;		/* index block, or enum which */
	bool add;			/* value to what is there */
	size_t at;
	size_t size;
	uint64_t value;
};

enum key_choice {
	KEY_RIGHT,			/* none, if the golden image has none */
	KEY_NONE,
	KEY_OTHER,			/* of the right kind, with another content */
	KEY_EXTRA,			/* a passphrase, where there is no such lock */
	KEY_FOREIGN,			/* of another image */
};

struct victim;

/* See the table in broken.c. */
struct broken {
	const char *name;
	const char *base;		/* golden image */
	int check;			/* of FORMAT.md, section 9 */
	const char *reason;		/* part of what the reader says */
	struct edit edits[EDITS_MAX];
	void (*change)(struct victim *v);	/* before it is sealed again */
	void (*spoil)(struct victim *v);	/* after */
	enum key_choice key;
};

struct victim {
	const struct golden *golden;
	uint8_t *bytes;			/* GOLDEN_STORE */
	uint64_t size;			/* of the store; GOLDEN_STORE or less */
	struct kj_header *header;	/* both copies */
	struct kj_sealer sealer;	/* of the golden image */
	struct kj_key *key;
	struct kj_index_block *blocks[BLOCKS_MAX];	/* decrypted until sealed */
	uint32_t n_blocks;

	/* Page frames that must not be placed. */
	uint64_t spoiled[SPOILED_MAX];
	size_t n_spoiled;
};

extern const struct broken broken_headers[], broken_indexes[], broken_chunks[];
extern const size_t n_broken_headers, n_broken_indexes, n_broken_chunks;

/* All of them, one after the other; NULL at the end. */
const struct broken *broken_at(size_t i);

/* The golden image with all that @b says; @copies: bit for each header. */
struct victim *victim_new(const struct broken *b, unsigned int copies);
void victim_free(struct victim *v);

/* ---- for change() and spoil() ------------------------------------------------- */

struct kj_index_entry *victim_entry(struct victim *v, enum which which);

/* None of its pages may be placed. */
void victim_spoil_entry(struct victim *v, const struct kj_index_entry *entry);

/* Of an open (decrypted) index. */
uint8_t *victim_payload(struct victim *v, const struct kj_index_entry *entry);
void victim_open_chunk(struct victim *v, struct kj_index_entry *entry);
void victim_seal_chunk(struct victim *v, struct kj_index_entry *entry);

/* Header copies again: the checksum alone. */
void victim_checksum(struct victim *v);

#endif /* KJ_GOLDEN_VICTIM_H */
