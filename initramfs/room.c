// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes room.  Runs in kernel C, around KJUMP_RESTORE.
 *
 * Every page frame that A had in use and C has in use needs another frame to
 * wait in.  If A's RAM was full, what C may use in all is B's region, which is
 * never part of an image, and what A had free: some tens of MiB.
 *
 *      |<------------------ RAM ------------------->|
 *      | image of A                    | region| free |
 *                        C, all of it: |<-- U -->|         U must fit here
 *
 * So caches go, and so do the kernel's reserves: with transparent huge pages
 * it keeps 5 % of RAM free against fragmentation, which no one will have any
 * more, and some for devices that reach the first 16 MiB only.  The kernel
 * takes no frames from what is left then, which is for those who read, and for
 * the rest of C.
 *
 * What this program will need is allocated before, and locked: if somebody
 * must die of the lack of memory, it is somebody else.
 *
 * If all that is not enough, the choice is between the hibernated system and
 * this boot, which is worth nothing: everything else in C is cleared out.
 *
 * A boot that resumes nothing leaves behind how large U is, so that kjumpd does
 * not hibernate a system that could not come back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-image.h"
#include "kj-io.h"
#include "kj-iomem.h"
#include "kj-log.h"
#include "room.h"
#include "rootfs.h"

#define OWN_KIB (8 * 1024)		/* of a resume, and of the kernel for it, beside the heap */

#define CLEAR_OUT_MS 200		/* for processes to end, each turn */
#define CLEAR_OUT_TURNS 25

#define THREAD_STACK (128 * 1024)
#define HEAP_FIXED (512u << 10)		/* of the engine, and the map of pages */
#define HEAP_PER_THREAD (2u << 20)

/*
 * Reserves that nobody will have any more, while the frames are taken; and the
 * free pages that each CPU holds for itself, many after a boot, of which others
 * cannot have one: a fraction of the memory so small that it means "few".
 */
static const struct {
	const char *path;
	const char *value;
} settings[KJ_ROOM_SETTINGS] = {
	{ "/proc/sys/vm/watermark_boost_factor", "0\n" },
	{ "/proc/sys/vm/lowmem_reserve_ratio", "0 0 0\n" },
	{ "/proc/sys/vm/min_free_kbytes", "1024\n" },
	{ "/proc/sys/vm/percpu_pagelist_high_fraction", "1000000\n" },
};

void kj_room_prepare_process(void)
{
	pthread_attr_t attr;

	/* One heap, never given back: reserve_heap() relies on it. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	if (pthread_attr_init(&attr) == 0) {
		pthread_attr_setstacksize(&attr, THREAD_STACK);
		pthread_setattr_default_np(&attr);
		pthread_attr_destroy(&attr);
	}
}

static size_t heap_size(unsigned int cpus)
{
	size_t threads = cpus < KJ_READ_THREADS_LEAST ? cpus : KJ_READ_THREADS_LEAST;

	return HEAP_FIXED + threads * HEAP_PER_THREAD;
}

/* Makes malloc() keep what the engine's workers will need. */
static void reserve_heap(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t len = heap_size(cpus > 0 ? (unsigned int)cpus : 1);
	char *p = malloc(len);

	if (p)
		memset(p, 1, len);
	/* The compiler may not see through this and drop both. */
	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
}

static void remember(const char *path, char *value, size_t size)
{
	kj_autofree char *line = NULL;

	value[0] = '\0';
	if (kj_read_line(path, &line) == 0)
		snprintf(value, size, "%s", line);
}

static void set(const char *path, const char *value)
{
	int r = kj_write_string(path, value);

	if (r < 0)
		kj_log_errno(LOG_DEBUG, r, "cannot write %s: %m", path);
}

static void drop_caches(void)
{
	struct sysinfo info;

	set("/proc/sys/vm/drop_caches", "3\n");
	if (sysinfo(&info) == 0)
		kj_info("%llu of %llu KiB are free now",
			(unsigned long long)info.freeram * info.mem_unit / 1024,
			(unsigned long long)info.totalram * info.mem_unit / 1024);
}

void kj_room_make(struct kj_room *ret)
{
	reserve_heap();
	set("/proc/self/oom_score_adj", "-1000\n");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		kj_warning_errno(errno, "cannot lock memory, going on: %m");

	for (int i = 0; i < KJ_ROOM_SETTINGS; i++) {
		remember(settings[i].path, ret->before[i], sizeof(ret->before[i]));
		set(settings[i].path, settings[i].value);
	}
	drop_caches();
}

/*
 * Or it would start again what ends.  SIGSTOP does nothing to PID 1; being
 * traced does.  The freezer takes a traced process as it is.
 */
static void stop_pid_1(void)
{
	const struct timespec pause = { .tv_nsec = CLEAR_OUT_MS * 1000000L };
	pid_t r = 0;

	if (ptrace(PTRACE_SEIZE, 1, NULL, NULL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, 1, NULL, NULL) < 0) {
		kj_warning_errno(errno, "cannot stop PID 1, going on: %m");
		return;
	}
	/* It may wait for a disk, and not stop before it has it. */
	for (int i = 0; i < CLEAR_OUT_TURNS && r == 0; i++) {
		r = waitpid(1, NULL, __WALL | WNOHANG);
		if (r == 0)
			nanosleep(&pause, NULL);
	}
	if (r <= 0)
		kj_warning("PID 1 does not stop, going on");
}

/* Processes other than PID 1 and this one.  Kernel threads and those that have
 * given their memory back have no command line. */
static unsigned int count_others(void)
{
	kj_cleanup(closedir) DIR *proc = opendir("/proc");
	unsigned int n = 0;
	struct dirent *entry;
	char path[64], byte;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = strtol(entry->d_name, NULL, 10);
		kj_autoclose int fd = -EBADF;

		if (pid <= 1 || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n += fd >= 0 && read(fd, &byte, 1) == 1;
	}
	return n;
}

void kj_room_clear_out(void)
{
	const struct timespec pause = { .tv_nsec = CLEAR_OUT_MS * 1000000L };

	stop_pid_1();
	kj_rootfs_empty("/");
	kj_rootfs_empty("/run");
	/* PID 1 and this process are spared.  The memory of the others comes
	 * back when they are gone, not when they are told to go. */
	(void)kill(-1, SIGKILL);
	for (int i = 0; i < CLEAR_OUT_TURNS; i++) {
		nanosleep(&pause, NULL);
		if (count_others() == 0)
			break;
	}
	drop_caches();
}

void kj_room_undo(const struct kj_room *room)
{
	for (int i = 0; i < KJ_ROOM_SETTINGS; i++)
		if (room->before[i][0])
			set(settings[i].path, room->before[i]);
	(void)munlockall();
}

/*
 * Caches and processes go, but not what is mapped: PID 1 and this one are left,
 * and their libraries are those of the others.  A lower limit: what cannot be
 * resumed by it is lost for certain, and a system that could be is not refused.
 */
uint64_t kj_room_needs_kib(uint64_t ram_pages, unsigned int cpus,
			   const struct kj_meminfo *info)
{
	uint64_t ram = ram_pages * (KJ_PAGE_SIZE / 1024);
	uint64_t free_at_best = info->free + info->buffers + info->cached +
				info->reclaimable + info->anonymous;

	if (ram <= free_at_best)
		return 0;
	return ram - free_at_best + info->mapped + heap_size(cpus) / 1024 + OWN_KIB;
}

uint64_t kj_room_needs_now(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct kj_meminfo info;

	if (kj_meminfo_read(&info) < 0)
		return 0;
	return kj_room_needs_kib(kj_ram().pages, cpus > 0 ? (unsigned int)cpus : 1, &info);
}
