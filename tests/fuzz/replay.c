// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gives a fuzz target each file of the folders on its command line: what the
 * fuzzer found worth keeping stays tested where there is no fuzzer.
 */
#include <dirent.h>

#include "fuzz.h"
#include "kj-cleanup.h"
#include "kj-io.h"

#define SIZE_MAX_READ (1u << 20)

static int replay(const char *folder, const char *name)
{
	kj_autofree char *path = NULL;
	kj_autofree char *data = NULL;
	size_t len;
	int r;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -1;
	r = kj_read_file(path, SIZE_MAX_READ, &data, &len);
	if (r < 0) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(-r));
		return r;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	return 0;
}

static int replay_folder(const char *folder)
{
	kj_cleanup(closedir) DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir) {
		fprintf(stderr, "replay: %s: %m\n", folder);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(folder, entry->d_name) < 0)
			return -1;
		n++;
	}
	printf("%s: %d files\n", folder, n);
	return n;
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput(NULL, 0);
	for (int i = 1; i < argc; i++)
		if (replay_folder(argv[i]) <= 0)
			return 1;
	return argc > 1 ? 0 : 2;
}
