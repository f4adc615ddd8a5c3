// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real machine's memory through the engine, and beside it, in the same run,
 * through what it is made of and what others do.
 *
 *   bench-dump [DUMP [FOLDER]]
 *
 * DUMP is an ELF dump (tests/bench/make-dump), FOLDER where images and other
 * files are written for a while.  Each figure is the best of three after a
 * warm-up; on a shared machine only the ratios mean something.  A disk's speed
 * changes from second to second, so the image in a file is measured in turn
 * sealed and not, and the figures are medians.
 */
#include <fcntl.h>
#include <lz4.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "heap.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-io.h"
#include "kj-key.h"
#include "memory.h"
#include "progress.h"

#define MIB		(1ull << 20)
#define PIECE		(512u * 1024)
#define ROUNDS		3
#define TURNS		5		/* of the image in a file */
#define SKIPPED		77		/* for meson */
#define KEYFILE		"bytes of a key file, 32 or more of them"

struct bench;

/* What is compared: one line of the table. */
struct row {
	char name[40];
	double write, read;		/* seconds, 0: there is none */
	double write_cpu, read_cpu;
	uint64_t size;			/* bytes written */
};

struct bench {
	struct memory m;
	const char *dump;
	const char *folder;
	unsigned int cpus;

	uint8_t *packed;		/* by LZ4; also the memory store's bytes */
	uint64_t packed_len;
	int fd;				/* O_DIRECT */
	uint64_t plain_len;		/* of dd */
	char command[512];
	char output[256];		/* of the command */

	const struct kj_store *store;
	const struct kj_recipient *recipient;
	struct kj_image_info info;
};

_Noreturn static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench-dump: %s: %s\n", what, why);
	exit(1);
}

/* ---- a clock ---------------------------------------------------------------- */

static double cpu_seconds(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
			children.ru_stime.tv_sec) +
	       (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec +
			children.ru_utime.tv_usec + children.ru_stime.tv_usec) / 1e6;
}

/* Best of three, after a warm-up. */
static void best_of(void (*work)(struct bench *b), struct bench *b, double *ret_seconds,
		    double *ret_cpu)
{
	*ret_seconds = *ret_cpu = 1e9;
	for (int i = 0; i <= ROUNDS; i++) {
		double cpu = cpu_seconds(), took;
		uint64_t begin = kj_usec_monotonic();

		work(b);
		took = (double)(kj_usec_monotonic() - begin) / 1e6;
		cpu = cpu_seconds() - cpu;
		if (i > 0 && took < *ret_seconds)
			*ret_seconds = took;
		if (i > 0 && cpu < *ret_cpu)
			*ret_cpu = cpu;
	}
}

static void measure_write(struct row *row, void (*work)(struct bench *b), struct bench *b)
{
	best_of(work, b, &row->write, &row->write_cpu);
}

static void measure_read(struct row *row, void (*work)(struct bench *b), struct bench *b)
{
	best_of(work, b, &row->read, &row->read_cpu);
}

static void print_row(const struct row *row, const struct bench *b)
{
	const double both[][2] = { { row->write, row->write_cpu }, { row->read, row->read_cpu } };
	double mib = (double)memory_size(&b->m) / (double)MIB;

	printf("%-30s", row->name);
	for (int i = 0; i < 2; i++) {
		if (both[i][0] > 0)
			printf(" %8.0f %8.0f", mib / both[i][0], mib / both[i][1]);
		else
			printf(" %8s %8s", "-", "-");
	}
	printf(" %8.1f\n", 100 * (double)row->size / (double)memory_size(&b->m));
	fflush(stdout);
}

/* ---- LZ4 alone -------------------------------------------------------------- */

static int packed_sizes[1 << 16];

static void lz4_compress(struct bench *b)
{
	uint64_t size = memory_size(&b->m), n = 0;

	b->packed_len = 0;
	for (uint64_t at = 0; at < size; at += PIECE) {
		int len = (int)(size - at < PIECE ? size - at : PIECE);

		packed_sizes[n] = LZ4_compress_default((char *)b->m.bytes + at,
				(char *)b->packed + b->packed_len, len, LZ4_compressBound(len));
		b->packed_len += (uint64_t)packed_sizes[n++];
	}
}

static void lz4_decompress(struct bench *b)
{
	uint64_t size = memory_size(&b->m), from = 0, n = 0;

	for (uint64_t at = 0; at < size; at += PIECE) {
		int len = (int)(size - at < PIECE ? size - at : PIECE);

		if (LZ4_decompress_safe((char *)b->packed + from, (char *)b->m.back + at,
					packed_sizes[n], len) != len)
			die("lz4", "does not decompress");
		from += (uint64_t)packed_sizes[n++];
	}
}

/* ---- the disk alone --------------------------------------------------------- */

static void plain_write(struct bench *b)
{
	for (uint64_t at = 0; at < b->plain_len; at += MIB)
		if (kj_pwrite_full(b->fd, b->m.bytes + at, MIB, (off_t)at) < 0)
			die("dd", "cannot write");
	fdatasync(b->fd);
}

static void plain_read(struct bench *b)
{
	for (uint64_t at = 0; at < b->plain_len; at += MIB)
		if (kj_pread_full(b->fd, b->m.back + at, MIB, (off_t)at) < 0)
			die("dd", "cannot read");
}

/* ---- the engine ------------------------------------------------------------- */

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

static int memory_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static void engine_write(struct bench *b)
{
	struct kj_write_options options = {
		.recipient = b->recipient,
		.pages_total = b->m.n_pages,
		.identity = { .max_pfn = b->m.max_pfn, .ram_pages = b->m.n_pages },
	};
	struct kj_error error = { "" };

	b->m.cursor = 0;
	if (kj_image_write(b->store, &b->m.source, &options, &b->info, &error) < 0)
		die("engine", error.text);
}

static void engine_read(struct bench *b)
{
	struct kj_read_options options = { .threads = 0 };
	struct kj_reader *reader = NULL;
	struct kj_error error = { "" };
	struct kj_key *key = NULL;
	int r = 0;

	if (b->recipient)
		r = kj_key_unlock_keyfile(&b->info, KEYFILE, sizeof(KEYFILE), &key, &error);
	options.key = key;
	if (r == 0)
		r = kj_reader_open(b->store, &options, &reader, &error);
	if (r == 0)
		r = kj_reader_restore(reader, &b->m.sink, NULL, &error);
	if (r < 0)
		die("engine", error.text);
	kj_reader_close(reader);
	kj_key_free(key);
}

static size_t peak_of(void (*work)(struct bench *b), struct bench *b)
{
	heap_forget();
	work(b);
	return heap_peak();
}

/* Writes, reads, and looks whether it is the same memory. */
static struct row engine(struct bench *b, const char *name, const struct kj_store *store,
			 const struct kj_recipient *recipient)
{
	struct row row = { .write = 0 };

	snprintf(row.name, sizeof(row.name), "%s%s", name, recipient ? ", sealed" : "");
	b->store = store;
	b->recipient = recipient;
	measure_write(&row, engine_write, b);
	memset(b->m.back, 0xa5, memory_size(&b->m));
	measure_read(&row, engine_read, b);
	if (memcmp(b->m.bytes, b->m.back, memory_size(&b->m)) != 0)
		die(row.name, "came back changed");
	row.size = b->info.bytes_stored;
	return row;
}

static int compare_doubles(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* @offset: of one of the row's doubles. */
static double median_of(const struct row *rows, size_t offset)
{
	double sorted[TURNS];

	for (size_t i = 0; i < TURNS; i++)
		memcpy(&sorted[i], (const char *)&rows[i] + offset, sizeof(sorted[i]));
	qsort(sorted, TURNS, sizeof(sorted[0]), compare_doubles);
	return sorted[TURNS / 2];
}

static struct row median_row(const struct row *rows)
{
	struct row row = rows[0];

	row.write = median_of(rows, offsetof(struct row, write));
	row.write_cpu = median_of(rows, offsetof(struct row, write_cpu));
	row.read = median_of(rows, offsetof(struct row, read));
	row.read_cpu = median_of(rows, offsetof(struct row, read_cpu));
	return row;
}

static void engine_in_file(struct bench *b, const struct kj_store *disk,
			   const struct kj_recipient *recipient, struct row *ret,
			   struct row *ret_sealed)
{
	struct row rows[TURNS], sealed[TURNS];

	for (size_t i = 0; i < TURNS; i++) {
		rows[i] = engine(b, "engine, file", disk, NULL);
		sealed[i] = engine(b, "engine, file", disk, recipient);
	}
	*ret = median_row(rows);
	*ret_sealed = median_row(sealed);
}

/* ---- commands --------------------------------------------------------------- */

static void run_command(struct bench *b)
{
	kj_autoclose int fd = -1;

	unlink(b->output);
	if (system(b->command) != 0)
		die(b->command, "failed");
	fd = open(b->output, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fdatasync(fd) < 0)
		die(b->output, "cannot be flushed");
}

static void run_reading_command(struct bench *b)
{
	if (system(b->command) != 0)
		die(b->command, "failed");
}

/* @write has DUMP and OUT in it; @read, OUT. */
static void expand(struct bench *b, const char *text)
{
	char *to = b->command, *end = to + sizeof(b->command);

	while (*text && to < end - 1) {
		if (strncmp(text, "DUMP", 4) == 0) {
			to += snprintf(to, (size_t)(end - to), "%s", b->dump);
			text += 4;
		} else if (strncmp(text, "OUT", 3) == 0) {
			to += snprintf(to, (size_t)(end - to), "%s", b->output);
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static struct row command(struct bench *b, const char *name, const char *needs,
			  const char *write, const char *read)
{
	struct row row = { .write = 0 };
	struct stat st;

	snprintf(row.name, sizeof(row.name), "%s", name);
	if (system(needs) != 0) {
		printf("%-30s is missing\n", name);
		return row;
	}
	expand(b, write);
	if (system(b->command) != 0 || stat(b->output, &st) < 0) {
		printf("%-30s failed: %s\n", name, b->command);
		return row;
	}
	row.size = (uint64_t)st.st_size;
	measure_write(&row, run_command, b);
	if (read) {
		expand(b, read);
		measure_read(&row, run_reading_command, b);
	}
	unlink(b->output);
	print_row(&row, b);
	return row;
}

/* ---- all of it -------------------------------------------------------------- */

/* Its --num-threads made it ten times slower on two CPUs. */
#define MAKEDUMPFILE(letter) \
	"makedumpfile -" letter " -d 1 DUMP OUT >/dev/null 2>&1"
#define HAS(what) "makedumpfile -v 2>&1 | grep -q '^" what ".*enabled'"

static const struct {
	const char *name, *needs, *write, *read;
} commands[] = {
	{ "makedumpfile -l (LZO)", HAS("lzo"), MAKEDUMPFILE("l"), NULL },
	{ "makedumpfile -p (snappy)", HAS("snappy"), MAKEDUMPFILE("p"), NULL },
	{ "makedumpfile -z (zstd)", HAS("zstd"), MAKEDUMPFILE("z"), NULL },
	{ "lz4", "command -v lz4 >/dev/null",
	  "lz4 -q -f DUMP OUT", "lz4 -q -dc OUT >/dev/null" },
	{ "zstd -1 -T0", "command -v zstd >/dev/null",
	  "zstd -q -f -1 -T0 DUMP -o OUT", "zstd -q -dc OUT >/dev/null" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static struct row lz4_alone(struct bench *b)
{
	struct row row = { .name = "LZ4, one core" };

	measure_write(&row, lz4_compress, b);
	measure_read(&row, lz4_decompress, b);
	row.size = b->packed_len;
	print_row(&row, b);
	return row;
}

static struct row plain(struct bench *b, const char *name, uint64_t len)
{
	struct row row = { .write = 0 };

	snprintf(row.name, sizeof(row.name), "%s", name);
	b->plain_len = len / MIB * MIB;
	measure_write(&row, plain_write, b);
	measure_read(&row, plain_read, b);
	row.size = len;
	print_row(&row, b);
	return row;
}

static void print_ratio(const char *name, const struct row *engine, const struct row *other,
			double cores)
{
	if (other->write == 0)
		return;
	printf("  %-42s write %5.2f", name, other->write / cores / engine->write);
	if (other->read > 0)
		printf("   read %5.2f", other->read / cores / engine->read);
	printf("\n");
}

static void print_cost(const char *name, const struct row *open, const struct row *sealed)
{
	printf("  %-42s write %+4.0f %%   read %+4.0f %%   (CPU: %+.0f %%, %+.0f %%)\n", name,
	       100 * (sealed->write / open->write - 1), 100 * (sealed->read / open->read - 1),
	       100 * (sealed->write_cpu / open->write_cpu - 1),
	       100 * (sealed->read_cpu / open->read_cpu - 1));
}

static void print_peaks(struct bench *b)
{
	size_t write, read;

	write = peak_of(engine_write, b);
	read = peak_of(engine_read, b);
	printf("memory that the engine takes, in MiB\n"
	       "  writing %.1f of %.1f promised   reading %.1f of %.1f promised\n",
	       (double)write / MIB, (double)heap_promised(b->cpus + KJ_CREW_EXTRA) / MIB,
	       (double)read / MIB, (double)heap_promised(b->cpus) / MIB);
	if (write > heap_promised(b->cpus + KJ_CREW_EXTRA) || read > heap_promised(b->cpus))
		die("engine", "takes more memory than promised");
}

static void run(struct bench *b, const struct kj_store *memory, const struct kj_store *disk,
		const struct kj_recipient *recipient)
{
	struct row lz4, in_memory, sealed_memory, file, sealed_file, all, image;
	struct row rows[N_COMMANDS];

	printf("%-30s %8s %8s %8s %8s %8s\n", "MiB of memory per", "write: s", "CPU s",
	       "read: s", "CPU s", "size %");
	lz4 = lz4_alone(b);
	in_memory = engine(b, "engine, memory", memory, NULL);
	print_row(&in_memory, b);
	sealed_memory = engine(b, "engine, memory", memory, recipient);
	print_row(&sealed_memory, b);
	all = plain(b, "dd, all bytes", memory_size(&b->m));
	image = plain(b, "dd, as many as the image's", in_memory.size);
	engine_in_file(b, disk, recipient, &file, &sealed_file);
	print_row(&file, b);
	print_row(&sealed_file, b);
	for (size_t i = 0; i < N_COMMANDS; i++)
		rows[i] = command(b, commands[i].name, commands[i].needs,
				  commands[i].write, commands[i].read);

	printf("how many times as fast the engine is\n");
	print_ratio("in memory, as LZ4 on one core x CPUs", &in_memory, &lz4, b->cpus);
	printf("  %-42s write %5.2f   read %5.2f\n", "in memory, as LZ4, per CPU second",
	       lz4.write_cpu / in_memory.write_cpu, lz4.read_cpu / in_memory.read_cpu);
	print_ratio("to a file, as dd of all bytes", &file, &all, 1);
	print_ratio("to a file, as dd of the image's bytes", &file, &image, 1);
	for (size_t i = 0; i < N_COMMANDS; i++)
		print_ratio(rows[i].name, &file, &rows[i], 1);
	printf("what sealing costs\n");
	print_cost("in memory", &in_memory, &sealed_memory);
	print_cost("to a file", &file, &sealed_file);
	print_peaks(b);
}

static const char *default_dump(void)
{
	static char path[256];
	const char *cache = getenv("KJUMP_CACHE");

	snprintf(path, sizeof(path), "%s/bench/memory.dump", cache ? cache : "/var/cache/kjump");
	return path;
}

int main(int argc, char **argv)
{
	struct bench b = { .dump = argc > 1 ? argv[1] : default_dump(),
			   .folder = argc > 2 ? argv[2] : "/var/tmp",
			   .cpus = kj_usable_cpus(), .fd = -1 };
	struct kj_recipient recipient;
	struct kj_target *target;
	struct kj_fdstore disk;
	struct kj_error error = { "" };
	struct kj_store memory;
	uint64_t size;

	if (access(b.dump, R_OK) < 0) {
		printf("there is no %s: make it by tests/bench/make-dump\n", b.dump);
		return SKIPPED;
	}
	if (memory_load(&b.m, b.dump) < 0)
		die(b.dump, "cannot be read as an ELF dump");
	size = (memory_size(&b.m) / 64 * 65 + 16 * MIB) / MIB * MIB;
	b.packed = malloc(size);
	snprintf(b.output, sizeof(b.output), "%s/kjump-bench-dump", b.folder);
	b.fd = open(b.output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT, 0600);
	if (b.fd < 0 || !b.packed || posix_fallocate(b.fd, 0, (off_t)size) != 0 ||
	    !(target = whole_file(size)) ||
	    kj_fdstore_init(&disk, b.fd, target, &error) < 0 ||
	    kj_recipient_of_keyfile(KEYFILE, sizeof(KEYFILE), &recipient, &error) < 0)
		die(b.output, *error.text ? error.text : strerror(errno));
	unlink(b.output);
	memset(b.packed, 0, size);
	memory = (struct kj_store) { b.packed, size, memory_read, memory_write, memory_flush };

	printf("%s: %.0f MiB in %u runs; %u CPUs\n", b.dump,
	       (double)memory_size(&b.m) / (double)MIB, b.m.n_runs, b.cpus);
	run(&b, &memory, &disk.store, &recipient);
	free(target);
	free(b.packed);
	close(b.fd);
	return 0;
}
