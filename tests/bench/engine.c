// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast is the engine, compared with what it is made of?
 *
 *   bench-engine [MiB [file]]
 *
 * The same bytes, random and compressible, go through LZ4 on one core, through
 * memcpy, through the engine to a store that only takes and gives (the CPU's
 * side, in CPU time), and through the engine to a file with direct I/O, beside plain direct
 * writes of all the bytes to the same file (the disk's side).  Each figure
 * is the best of three; ratios are what to look at.
 */
#include <fcntl.h>
#include <lz4.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-format.h"
#include "kj-io.h"
#include "machine.h"
#include "unit.h"

#define MIB (1ull << 20)
#define PIECE (512u * 1024)
#define ROUNDS 3

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- what it is made of ----------------------------------------------------- */

static void run_lz4(struct machine *m, void *ctx)
{
	char *out = ctx;

	for (uint64_t at = 0; at < m->n_pages * KJ_PAGE_SIZE; at += PIECE)
		LZ4_compress_default((char *)m->bytes + at, out, PIECE,
				     LZ4_compressBound(PIECE));
}

static void run_memcpy(struct machine *m, void *ctx)
{
	for (uint64_t at = 0; at < m->n_pages * KJ_PAGE_SIZE; at += PIECE)
		memcpy(ctx, m->bytes + at, PIECE);
}

struct plain_file {
	int fd;
	uint64_t len;
};

static void run_plain_write(struct machine *m, void *ctx)
{
	struct plain_file *f = ctx;

	for (uint64_t at = 0; at < f->len; at += MIB)
		if (kj_pwrite_full(f->fd, m->bytes + at, MIB, (off_t)at) < 0)
			abort();
	fdatasync(f->fd);
}

static void run_plain_read(struct machine *m, void *ctx)
{
	struct plain_file *f = ctx;

	for (uint64_t at = 0; at < f->len; at += MIB)
		if (kj_pread_full(f->fd, m->bytes + at, MIB, (off_t)at) < 0)
			abort();
}

/* ---- the engine ---------------------------------------------------------------- */

struct engine {
	const struct kj_store *store;
	struct kj_image_info info;
};

static void run_write(struct machine *m, void *ctx)
{
	struct engine *e = ctx;
	struct kj_write_options options;
	struct kj_error error;

	machine_options(m, &options);
	options.threads = 0;
	m->cursor = 0;
	if (kj_image_write(e->store, &m->source, &options, &e->info, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
}

static void run_restore(struct machine *m, void *ctx)
{
	struct engine *e = ctx;
	struct kj_reader *reader;
	struct kj_error error;

	if (kj_reader_open(e->store, NULL, &reader, &error) < 0 ||
	    kj_reader_restore(reader, &m->sink, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	kj_reader_close(reader);
}

/* A store that is memory and costs nothing but its memcpy when read. */
static int memory_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	memcpy(buf, (uint8_t *)ctx + offset, len);
	return 0;
}

static int memory_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	memcpy((uint8_t *)ctx + offset, buf, len);
	return 0;
}

/* Remembers headers only. */
static int nothing_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	return offset < KJ_DATA_START ? memory_write(ctx, offset, buf, len) : 0;
}

static int nothing_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static double best_of(clockid_t clock, void (*run)(struct machine *m, void *ctx),
		      struct machine *m, void *ctx)
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now(clock), took;

		run(m, ctx);
		took = now(clock) - begin;
		best = took < best ? took : best;
	}
	return best;
}

/* CPU time, so that it matters little what else the machine is doing. */
static void on_cpu(struct machine *m, const char *name)
{
	const clockid_t cpu = CLOCK_PROCESS_CPUTIME_ID;
	double mib = (double)(m->n_pages * KJ_PAGE_SIZE) / (double)MIB;
	uint64_t size = m->n_pages * KJ_PAGE_SIZE + 16 * MIB;
	kj_autofree char *out = malloc((size_t)LZ4_compressBound(PIECE));
	kj_autofree uint8_t *bytes = calloc(1, size);
	const struct kj_store nothing = { bytes, size, memory_read, nothing_write, nothing_flush };
	const struct kj_store memory = { bytes, size, memory_read, memory_write, nothing_flush };
	struct engine e = { .store = &nothing };
	double lz4 = mib / best_of(cpu, run_lz4, m, out);
	double copy = mib / best_of(cpu, run_memcpy, m, out);
	double write = mib / best_of(cpu, run_write, m, &e), restore;

	e.store = &memory;
	run_write(m, &e);
	restore = mib / best_of(cpu, run_restore, m, &e);
	printf("%-7s to %5.1f %%   lz4 %6.0f   memcpy %6.0f   write %6.0f (%.2f of lz4)   "
	       "restore %6.0f   MiB of memory per CPU second\n", name,
	       100 * (double)e.info.bytes_stored / (mib * (double)MIB), lz4, copy, write,
	       write / lz4, restore);
}

/* What a user waits for: all of the memory, by the engine or by dd. */
static void on_disk(struct machine *m, const char *name, const struct kj_store *store, int fd)
{
	uint64_t size = m->n_pages * KJ_PAGE_SIZE;
	double mib = (double)size / (double)MIB;
	struct plain_file f = { .fd = fd, .len = size };
	struct engine e = { .store = store };
	double plain_write = best_of(CLOCK_MONOTONIC, run_plain_write, m, &f);
	double plain_read = best_of(CLOCK_MONOTONIC, run_plain_read, m, &f);
	double write = best_of(CLOCK_MONOTONIC, run_write, m, &e);
	double restore = best_of(CLOCK_MONOTONIC, run_restore, m, &e);

	printf("%-7s plain direct write %6.0f   image %6.0f (%.2f)   plain direct read %6.0f   "
	       "image %6.0f (%.2f)   MiB of memory per second\n", name, mib / plain_write,
	       mib / write, plain_write / write, mib / plain_read, mib / restore,
	       plain_read / restore);
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 256;
	const char *path = argc > 2 ? argv[2] : "/var/tmp/kjump-bench-engine";
	uint64_t size = (mib + 16) * MIB;
	kj_autoclose int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT, 0600);
	kj_autofree struct kj_target *target = NULL;
	struct machine *random, *text;
	struct kj_fdstore disk;
	struct kj_error error;

	if (mib < 2 || fd < 0 || posix_fallocate(fd, 0, (off_t)size) != 0 ||
	    !(target = whole_file(size)) ||
	    kj_fdstore_init(&disk, fd, target, &error) < 0) {
		fprintf(stderr, "bench-engine: %s: %m\n", path);
		return 1;
	}
	unlink(path);
	random = machine_new(mib * 256, CONTENT_RANDOM, 1);
	text = machine_new(mib * 256, CONTENT_MIXED, 2);

	on_cpu(random, "random");
	on_cpu(text, "mixed");
	on_disk(random, "random", &disk.store, fd);
	on_disk(text, "mixed", &disk.store, fd);
	machine_free(random);
	machine_free(text);
	return 0;
}
