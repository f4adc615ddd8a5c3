// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump.conf as anybody may have written it: each line is understood or
 * counted as a problem, and what comes out is a configuration.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "fuzz.h"
#include "kj-log.h"

static char root[] = "/tmp/kjump-fuzz-XXXXXX";

static void forget_log(int level, const char *text)
{
	(void)level;
	must(strlen(text) > 10);
}

static void path_in_root(char *buf, size_t len, const char *name)
{
	snprintf(buf, len, "%s%s", root, name);
}

static void remove_root(void)
{
	char path[64];

	path_in_root(path, sizeof(path), "/etc/kjump.conf");
	unlink(path);
	path_in_root(path, sizeof(path), "/etc");
	rmdir(path);
	rmdir(root);
}

/* A root whose /etc/kjump.conf is a file in memory. */
static int make_root(void)
{
	int fd = memfd_create("kjump.conf", MFD_CLOEXEC);
	char path[64], memory[64];

	must(fd >= 0 && fchmod(fd, 0600) == 0 && mkdtemp(root));
	path_in_root(path, sizeof(path), "/etc");
	must(mkdir(path, 0700) == 0);
	path_in_root(path, sizeof(path), "/etc/kjump.conf");
	snprintf(memory, sizeof(memory), "/proc/self/fd/%d", fd);
	must(symlink(memory, path) == 0);
	atexit(remove_root);
	kj_log_set_sink(forget_log);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct kj_conf conf, again;

	if (fd < 0)
		fd = make_root();
	must(ftruncate(fd, 0) == 0);
	must(size == 0 || pwrite(fd, data, size, 0) == (ssize_t)size);

	must(kj_conf_load(root, true, &conf) == 0);
	must(conf.target && conf.kernel_image && conf.initrd && conf.kernel_append);
	must(conf.kernel_image[0] == '/' && conf.initrd[0] == '/');
	must(kj_preload_name(conf.preload) && kj_power_off_name(conf.power_off));
	must(conf.region % 4096 == 0 && conf.region <= 1ull << 30);
	must(!strchr(conf.kernel_append, '\n') && !strchr(conf.target, '\n'));

	must(kj_conf_load(root, false, &again) == 0);
	must(again.problems == conf.problems && again.region == conf.region);
	kj_conf_done(&again);
	kj_conf_done(&conf);
	return 0;
}
