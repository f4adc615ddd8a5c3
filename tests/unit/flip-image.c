// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flips bits of a real image, one at a time, and reads it as kjump-resume does:
 *
 *   flip-image FILE OFFSET BYTES FLIPS [SEED]
 *
 * FILE is the disk that has an image, not encrypted, in BYTES from OFFSET on.
 * The disk is not written to.  What comes out must be the memory of the image
 * as it is, page by page, or an error; a wrong page ends the program with
 * status 1.  The places are random, half of them in the blocks around headers
 * and index, which are few.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kj-image.h"

struct disk {
	const uint8_t *bytes;
	uint64_t flipped;		/* bit of the store; UINT64_MAX: none */
};

/* A digest of each page, and how often it was placed. */
struct memory {
	uint64_t max_pfn;
	uint64_t *digests;
	uint8_t *placed;
};

static int disk_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct disk *disk = ctx;
	uint64_t at = disk->flipped / 8;

	memcpy(buf, disk->bytes + offset, len);
	if (at >= offset && at - offset < len)
		((uint8_t *)buf)[at - offset] ^= (uint8_t)(1 << disk->flipped % 8);
	return 0;
}

static int no_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	(void)ctx, (void)offset, (void)buf, (void)len;
	return -EROFS;
}

static int no_flush(void *ctx)
{
	(void)ctx;
	return -EROFS;
}

static int place(void *ctx, struct kj_run run, const void *data)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	struct memory *m = ctx;

	for (uint64_t i = 0; i < run.n; i++) {
		if (run.pfn + i >= m->max_pfn)
			return -ERANGE;
		m->placed[run.pfn + i]++;
		crypto_shorthash((uint8_t *)&m->digests[run.pfn + i],
				 (const uint8_t *)data + i * KJ_PAGE_SIZE, KJ_PAGE_SIZE, key);
	}
	return 0;
}

static int read_all(struct kj_reader *reader, struct memory *m, struct kj_error *error)
{
	struct kj_memory_sink sink = { m, place };
	uint64_t max_pfn = kj_reader_info(reader)->identity.max_pfn;
	uint64_t *bitmap = calloc(max_pfn / 64 + 1, sizeof(*bitmap));
	int r;

	*m = (struct memory) {
		.max_pfn = max_pfn,
		.digests = calloc(max_pfn + 1, sizeof(*m->digests)),
		.placed = calloc(max_pfn + 1, 1),
	};
	r = bitmap && m->digests && m->placed ? kj_reader_mark_pages(reader, bitmap, error) :
						-ENOMEM;
	if (r == 0)
		r = kj_reader_restore(reader, &sink, NULL, error);
	free(bitmap);
	return r;
}

static void memory_done(struct memory *m)
{
	free(m->digests);
	free(m->placed);
}

static int read_image(struct disk *disk, uint64_t size, struct memory *m,
		      struct kj_error *error)
{
	const struct kj_store store = { disk, size, disk_read, no_write, no_flush };
	struct kj_reader *reader;
	int r;

	*m = (struct memory) { 0 };
	r = kj_reader_open(&store, NULL, &reader, error);
	if (r < 0)
		return r;
	r = read_all(reader, m, error);
	kj_reader_close(reader);
	return r;
}

static bool same(const struct memory *a, const struct memory *b)
{
	return a->max_pfn == b->max_pfn &&
	       memcmp(a->placed, b->placed, a->max_pfn) == 0 &&
	       memcmp(a->digests, b->digests, a->max_pfn * sizeof(*a->digests)) == 0;
}

/* Half of them where one bit means much. */
static uint64_t choose(uint64_t stored, unsigned int turn)
{
	uint64_t head = 2 * KJ_HEADER_SIZE;

	if (turn % 4 == 0)
		return (uint64_t)random() % (head * 8);
	if (turn % 4 == 1)
		return (stored - KJ_INDEX_SIZE + (uint64_t)random() % KJ_INDEX_SIZE) * 8 +
		       (uint64_t)random() % 8;
	return ((uint64_t)random() << 20 ^ (uint64_t)random()) % (stored * 8);
}

static int flip(struct disk *disk, uint64_t size, const struct kj_image_info *info,
		unsigned int flips, const struct memory *good)
{
	unsigned int refused = 0, harmless = 0, wrong = 0;

	for (unsigned int i = 0; i < flips; i++) {
		struct kj_error error = { "" };
		struct memory m;
		int r;

		disk->flipped = choose(info->bytes_stored, i);
		r = read_image(disk, size, &m, &error);
		refused += r < 0;
		harmless += r == 0 && same(good, &m);
		if (r == 0 && !same(good, &m)) {
			printf("bit %" PRIu64 ": WRONG MEMORY\n", disk->flipped);
			wrong++;
		} else if (i < 8) {
			printf("bit %" PRIu64 ": %s\n", disk->flipped,
			       r < 0 ? error.text : "the same memory");
		}
		memory_done(&m);
	}
	printf("%u bits flipped: %u refused, %u without effect, %u wrong\n",
	       flips, refused, harmless, wrong);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct disk *disk, uint64_t size, unsigned int flips)
{
	const struct kj_store store = { disk, size, disk_read, no_write, no_flush };
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct memory good;
	int r;

	r = kj_image_probe(&store, &info, &error);
	if (r == 0)
		r = read_image(disk, size, &good, &error);
	if (r < 0) {
		fprintf(stderr, "flip-image: the image as it is: %s\n", error.text);
		return EXIT_FAILURE;
	}
	printf("an image of %" PRIu64 " pages in %" PRIu64 " MiB\n", info.pages,
	       info.bytes_stored >> 20);
	r = flip(disk, size, &info, flips, &good);
	memory_done(&good);
	return r;
}

int main(int argc, char **argv)
{
	struct disk disk = { .flipped = UINT64_MAX };
	uint64_t offset, size;
	void *map;
	int fd;

	if (argc < 5 || sodium_init() < 0) {
		fprintf(stderr, "flip-image FILE OFFSET BYTES FLIPS [SEED]\n");
		return 2;
	}
	offset = strtoull(argv[2], NULL, 10);
	size = strtoull(argv[3], NULL, 10);
	srandom(argc > 5 ? (unsigned int)strtoul(argv[5], NULL, 10) : 1);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	map = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	if (map == MAP_FAILED) {
		fprintf(stderr, "flip-image: %s: %m\n", argv[1]);
		return 2;
	}
	disk.bytes = map;
	return run(&disk, size, (unsigned int)strtoul(argv[4], NULL, 10));
}
