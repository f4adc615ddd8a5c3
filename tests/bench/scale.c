// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same few megabytes for whatever memory: images of machines of any size
 * are written and read again, and what that takes is printed.
 *
 *   bench-scale [--file FILE] GiB...
 *
 * The memory is made up as it is read: most of it is zero or one repeated
 * word, one page in 256 is data from a small pool, and one page in 16 is not
 * there.  Every page is compared when it is placed.  The image is a sparse
 * file without a name.  Writer and reader are processes of their own, so that
 * their peaks are theirs; the status is 1 when one took more than kj-image.h
 * promises.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "heap.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "progress.h"

#define MIB		(1ull << 20)
#define GIB		(1ull << 30)
#define PATCH		16u		/* pages of one kind, side by side */
#define PATCH_BYTES	(PATCH * KJ_PAGE_SIZE)
#define WORDS		8u
#define DATA		32u		/* different patches of data */

/* One patch of zeros, then words, then data: all that there is to see. */
static uint8_t pool[1 + WORDS + DATA][PATCH_BYTES] __attribute__((aligned(4096)));

struct memory {
	uint64_t patches;
	uint64_t cursor;
	atomic_ullong placed;		/* pages */
};

/* ---- the memory ------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * 0x7fb5d329728ea185;
	x = (x ^ (x >> 27)) * 0x81dadef4bc2dd44d;
	return x ^ (x >> 33);
}

static bool is_there(uint64_t patch)
{
	return mix(patch + 1) % 16 != 0;
}

static const uint8_t *patch_at(uint64_t patch)
{
	uint64_t v = mix(patch ^ 0x9e3779b97f4a7c15), rest = v >> 8;

	if (v % 256 == 0)
		return pool[1 + WORDS + rest % DATA];
	return v % 256 < 24 ? pool[1 + rest % WORDS] : pool[0];
}

static void fill_pool(void)
{
	uint64_t *words = (uint64_t *)pool[1], n = PATCH_BYTES / 8;

	for (uint64_t i = 0; i < WORDS * n; i++)
		words[i] = mix(i / n + 1);
	words += WORDS * n;
	for (uint64_t i = 0; i < DATA * n; i++)		/* every other one is text */
		words[i] = i / n % 2 || i % 4 == 0 ? mix(i) : 0x2065726f6d20646e;
}

static int next_run(void *ctx, struct kj_run *ret)
{
	struct memory *m = ctx;

	while (m->cursor < m->patches && !is_there(m->cursor))
		m->cursor++;
	if (m->cursor == m->patches)
		return 0;
	*ret = (struct kj_run) { m->cursor++ * PATCH, PATCH };
	return 1;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	(void)ctx;
	*ret = patch_at(run.pfn / PATCH) + run.pfn % PATCH * KJ_PAGE_SIZE;
	return 0;
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx;
	(void)run;
	(void)data;
}

static int place_run(void *ctx, struct kj_run run, const void *data)
{
	struct memory *m = ctx;
	const uint8_t *bytes = data;

	for (uint64_t i = 0; i < run.n; i++, bytes += KJ_PAGE_SIZE) {
		uint64_t pfn = run.pfn + i;

		if (!is_there(pfn / PATCH) ||
		    memcmp(bytes, patch_at(pfn / PATCH) + pfn % PATCH * KJ_PAGE_SIZE,
			   KJ_PAGE_SIZE) != 0)
			return -EILSEQ;
	}
	atomic_fetch_add(&m->placed, run.n);
	return 0;
}

/* ---- one process each --------------------------------------------------------- */

struct result {
	double seconds;
	size_t heap;
	uint64_t rss;			/* bytes more than at its start */
	struct kj_image_info info;
	int r;
	struct kj_error error;
};

static uint64_t peak_rss(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_maxrss * 1024;
}

static void write_image(const struct kj_store *store, uint64_t pages, struct result *res)
{
	struct memory m = { .patches = pages / PATCH };
	const struct kj_memory_source source = { &m, next_run, map_run, unmap_run };
	struct kj_write_options options = {
		.pages_total = pages,
		.identity = { .max_pfn = pages, .ram_pages = pages },
	};

	res->r = kj_image_write(store, &source, &options, &res->info, &res->error);
}

/* The bitmap is the caller's, and grows with the memory: in RSS, not in heap. */
static int mark(struct kj_reader *reader, uint64_t pages, struct kj_error *error)
{
	size_t len = pages / 8 + 8;
	uint64_t *bitmap = mmap(NULL, len, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), n = 0;
	int r = bitmap == MAP_FAILED ? -ENOMEM : kj_reader_mark_pages(reader, bitmap, error);

	for (uint64_t i = 0; r == 0 && i < len / 8; i++)
		n += (uint64_t)__builtin_popcountll(bitmap[i]);
	if (r == 0 && n != kj_reader_info(reader)->pages)
		r = -EILSEQ;
	munmap(bitmap, len);
	return r;
}

static void read_image(const struct kj_store *store, uint64_t pages, struct result *res)
{
	struct memory m = { .patches = pages / PATCH };
	const struct kj_memory_sink sink = { &m, place_run };
	struct kj_reader *reader = NULL;

	res->r = kj_reader_open(store, NULL, &reader, &res->error);
	if (res->r == 0)
		res->r = mark(reader, pages, &res->error);
	if (res->r == 0)
		res->r = kj_reader_restore(reader, &sink, NULL, &res->error);
	if (res->r == 0 && m.placed != kj_reader_info(reader)->pages)
		res->r = -EILSEQ;
	kj_reader_close(reader);
}

/* Fills in *res, which both processes see. */
static void in_child(void (*work)(const struct kj_store *store, uint64_t pages,
				  struct result *res),
		     const struct kj_store *store, uint64_t pages, struct result *res)
{
	pid_t pid;
	int status;

	memset(res, 0, sizeof(*res));
	res->r = -ECHILD;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		uint64_t begin = kj_usec_monotonic(), before = peak_rss();

		heap_forget();
		work(store, pages, res);
		res->seconds = (double)(kj_usec_monotonic() - begin) / 1e6;
		res->heap = heap_peak();
		res->rss = peak_rss() - before;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		snprintf(res->error.text, sizeof(res->error.text), "the process died");
}

/* ---- the table ------------------------------------------------------------------ */

static bool is_right(const struct result *res, const char *what, unsigned int threads)
{
	if (res->r < 0)
		printf("%s failed: %s: %s\n", what, res->error.text, strerror(-res->r));
	else if (res->heap > heap_promised(threads))
		printf("%s took %.1f MiB, though no more than %.1f are promised\n", what,
		       (double)res->heap / MIB, (double)heap_promised(threads) / MIB);
	else
		return true;
	return false;
}

static uint64_t index_bytes(const struct kj_store *store)
{
	kj_autofree struct kj_header *h = aligned_alloc(KJ_STORE_ALIGN, sizeof(*h));

	if (!h || store->read(store->ctx, 0, h, sizeof(*h)) < 0)
		return 0;
	return (uint64_t)kj_get32(h->index_blocks) * KJ_INDEX_SIZE;
}

static bool run(uint64_t gib, const char *path, struct result *res)
{
	kj_autoclose int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	kj_autofree struct kj_target *target = NULL;
	uint64_t size = gib * GIB / 16 + GIB;
	unsigned int cpus = kj_usable_cpus();
	struct kj_fdstore disk;
	struct kj_error error;
	struct result *reading = res + 1;

	if (fd < 0 || unlink(path) < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    !(target = whole_file(size)) || kj_fdstore_init(&disk, fd, target, &error) < 0) {
		fprintf(stderr, "bench-scale: %s: %m\n", path);
		return false;
	}
	in_child(write_image, &disk.store, gib * GIB / KJ_PAGE_SIZE, res);
	if (!is_right(res, "writing", cpus + KJ_CREW_EXTRA))
		return false;
	in_child(read_image, &disk.store, gib * GIB / KJ_PAGE_SIZE, reading);
	printf("%5" PRIu64 " %11" PRIu64 " %9.1f %9.1f   %7.1f %7.1f %7.1f   %7.1f %7.1f %7.1f   %7.1f\n",
	       gib, res->info.pages, (double)res->info.bytes_stored / MIB,
	       (double)index_bytes(&disk.store) / MIB, res->seconds,
	       (double)res->heap / MIB, (double)res->rss / MIB, reading->seconds,
	       (double)reading->heap / MIB, (double)reading->rss / MIB,
	       (double)gib * GIB / KJ_PAGE_SIZE / 8 / MIB);
	return is_right(reading, "reading", cpus);
}

int main(int argc, char **argv)
{
	const char *path = "/var/tmp/kjump-bench-scale";
	struct result *res = mmap(NULL, 2 * sizeof(*res), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int at = 1;
	bool ok = true;

	if (argc > 2 && strcmp(argv[1], "--file") == 0) {
		path = argv[2];
		at = 3;
	}
	if (res == MAP_FAILED || at == argc) {
		fprintf(stderr, "usage: bench-scale [--file FILE] GiB...\n");
		return 2;
	}
	fill_pool();
	printf("                     in MiB:             write, with MiB of:      "
	       "read, with MiB of:\n"
	       "  GiB       pages     image     index         s    heap     RSS   "
	       "      s    heap     RSS    bitmap\n");
	for (; at < argc && ok; at++)
		ok = run(strtoull(argv[at], NULL, 10), path, res);
	return ok ? 0 : 1;
}
