/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden images: what memory each of them holds and who can open it.
 *
 * The images themselves are files, written once; this is what they must
 * contain, so that a later engine cannot agree with itself about something
 * else.
 */
#ifndef KJ_GOLDEN_H
#define KJ_GOLDEN_H

#include "kj-image.h"
#include "kj-key.h"

#define GOLDEN_STORE		(1ull << 20)	/* bytes, of each image's store */
#define GOLDEN_PASSPHRASE	"correct horse battery staple"
#define GOLDEN_KEYFILE		"golden key file of thirty-nine bytes...\n"
#define GOLDEN_SPANS		14

enum fill {
	FILL_ZERO,
	FILL_WORD,		/* value, the same in all pages of the span */
	FILL_COUNTER,		/* value, value + 1, ... */
	FILL_TEXT,		/* one line, repeated */
	FILL_PROSE,		/* compresses to a half or so */
	FILL_RANDOM,
};

/* Pages pfn, pfn + stride, ... */
struct span {
	uint64_t pfn;
	uint32_t n;
	uint32_t stride;
	enum fill fill;
	uint64_t value;
};

struct golden {
	const char *name;
	const char *what;
	uint64_t max_pfn;
	enum kj_header_state state;
	enum kj_lock lock;
	enum kj_cipher cipher;
	struct span spans[GOLDEN_SPANS];	/* ascending; the rest has no pages */
	uint32_t n_prints;
};

extern const struct golden goldens[];
extern const size_t n_goldens;

const struct golden *golden_find(const char *name);

/** golden_pages() - how many, and those that are a zero or another word */
uint64_t golden_pages(const struct golden *g, uint64_t *ret_zero, uint64_t *ret_word);

/**
 * golden_page() - what is in page frame @pfn
 *
 * Return: how many pages of the image are before it; -1 when it is not saved.
 */
long golden_page(const struct golden *g, uint64_t pfn, uint8_t page[KJ_PAGE_SIZE]);

/** golden_print() - the @i-th file system of an image */
void golden_print(uint32_t i, struct kj_print *ret);

/** golden_load() - the image's file in a store of GOLDEN_STORE bytes; freed by free() */
uint8_t *golden_load(const struct golden *g);

/** golden_unlock() - the key by what the image is locked with; NULL without a lock */
struct kj_key *golden_unlock(const struct golden *g, const struct kj_store *store);

/** golden_store() - a store in memory */
struct kj_store golden_store(uint8_t *bytes, uint64_t size);

#endif /* KJ_GOLDEN_H */
