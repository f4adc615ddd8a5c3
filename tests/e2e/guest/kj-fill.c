// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fills memory and can tell whether it is still what it was.  Runs in the
 * guest (kernel A), as the load of the end-to-end tests and benchmarks.
 *
 *   kj-fill MiB random|text STATUS-FILE
 *
 * Anonymous memory is filled with pseudo-random bytes, or with bytes that
 * compress to about a third.  Then a line "ready SUM" is in STATUS-FILE; each
 * SIGUSR1 reads all memory again and appends "same SUM" or "changed SUM".
 */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t sum_of(const uint64_t *memory, size_t words)
{
	uint64_t sum = 14695981039346656037u;

	for (size_t i = 0; i < words; i++)
		sum = (sum ^ memory[i]) * 1099511628211u;
	return sum;
}

/* Of each 32 bytes, 8 are random and the others the same everywhere. */
static void fill(uint64_t *memory, size_t words, int random)
{
	for (size_t i = 0; i < words; i++)
		memory[i] = random || i % 4 == 0 ? next_random() : 0x6e616e6173656d75;
}

static void report(const char *path, const char *mode, const char *word,
		   uint64_t sum)
{
	FILE *file = fopen(path, mode);

	if (!file || fprintf(file, "%s %016" PRIx64 "\n", word, sum) < 0 ||
	    fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char *argv[])
{
	size_t size = argc == 4 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	uint64_t *memory, sum;
	sigset_t set;
	int signal;

	if (size == 0) {
		fprintf(stderr, "usage: kj-fill MiB random|text STATUS-FILE\n");
		return EXIT_FAILURE;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("kj-fill: mmap");
		return EXIT_FAILURE;
	}
	fill(memory, size / 8, strcmp(argv[2], "random") == 0);
	sum = sum_of(memory, size / 8);
	report(argv[3], "w", "ready", sum);
	while (sigwait(&set, &signal) == 0) {
		uint64_t again = sum_of(memory, size / 8);

		report(argv[3], "a", again == sum ? "same" : "changed", again);
	}
	return EXIT_FAILURE;
}
