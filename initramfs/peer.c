// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A's memory as the image engine's source.  Runs in kernel B.
 *
 * The save map is streamed (runs.c).  Pages are read in place through windows:
 * mmap()ed stretches of /dev/kjump, 8 MiB each and so aligned, shared by the
 * workers and kept until their slot is needed, because an mmap() and munmap()
 * per chunk would cost more than LZ4 does.  B has little memory and A may have
 * terabytes: the page tables of the windows are all that B pays for A's size.
 *
 *      slot 0  [ 8 MiB of A ] users 2
 *      slot 1  [ 8 MiB of A ] users 0  <- oldest without users is replaced
 *      ...
 *
 * A window spans only from the first to the last page frame to save in its
 * stretch: beside them may be B's own memory or a hole for devices, which the
 * kernel refuses to show.  Where a window cannot be had (all in use, or the
 * kernel refuses it) the run is mapped alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kjump.h>

#include "fail.h"
#include "kj-cleanup.h"
#include "peer.h"
#include "runs.h"

#define WINDOW_PAGES 2048u		/* 8 MiB */
#define WINDOW_WORDS (WINDOW_PAGES / 64)
#define N_WINDOWS 24

struct window {
	uint64_t pfn, n;		/* n 0: slot is free */
	const char *data;
	unsigned int users;
	uint64_t used_at;		/* turn of the last use */
};

struct kj_peer {
	int fd;
	struct kjump_peer about;
	struct kj_runs runs;
	pthread_mutex_t lock;		/* of all below */
	uint64_t turn;
	struct window windows[N_WINDOWS];
};

static int fetch_map(void *ctx, uint64_t first_pfn, uint64_t *words,
		     unsigned int n)
{
	const struct kj_peer *peer = ctx;
	struct kjump_map map = {
		.first_pfn = first_pfn,
		.nr_pfns = n * 64ull,
		.bitmap = (uintptr_t)words,
	};

	return ioctl(peer->fd, KJUMP_GET_MAP, &map) < 0 ? -errno : 0;
}

static int next_run(void *ctx, struct kj_run *ret)
{
	struct kj_peer *peer = ctx;

	return kj_runs_next(&peer->runs, ret);
}

static int map_pages(const struct kj_peer *peer, uint64_t pfn, uint64_t n,
		     const void **ret)
{
	void *p = mmap(NULL, n * KJ_PAGE_SIZE, PROT_READ, MAP_SHARED, peer->fd,
		       pfn * KJ_PAGE_SIZE);

	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

static bool holds(const struct window *w, struct kj_run run)
{
	return run.pfn >= w->pfn && run.pfn + run.n <= w->pfn + w->n;
}

/* What to show around @run: its stretch, from first to last page to save. */
static int window_limits(struct kj_peer *peer, struct kj_run run,
			 struct kj_run *ret)
{
	uint64_t words[WINDOW_WORDS], first, last;
	uint64_t base = run.pfn - run.pfn % WINDOW_PAGES;
	uint64_t n = (peer->about.max_pfn - base + 63) / 64;
	uint64_t i;
	int r;

	if (n > WINDOW_WORDS)
		n = WINDOW_WORDS;
	r = fetch_map(peer, base, words, n);
	if (r < 0)
		return r;
	for (i = 0; i < n - 1 && words[i] == 0;)
		i++;
	if (words[i] == 0)
		return -EFAULT;
	first = base + i * 64 + __builtin_ctzll(words[i]);
	for (i = n - 1; words[i] == 0;)
		i--;
	last = base + i * 64 + 63 - __builtin_clzll(words[i]);
	*ret = (struct kj_run){ .pfn = first, .n = last - first + 1 };
	return 0;
}

/* The slot that nobody uses and that was used longest ago; NULL: all in use. */
static struct window *oldest_unused(struct kj_peer *peer)
{
	struct window *oldest = NULL;

	for (size_t i = 0; i < N_WINDOWS; i++) {
		struct window *w = &peer->windows[i];

		if (w->users == 0 && (!oldest || w->used_at < oldest->used_at))
			oldest = w;
	}
	return oldest;
}

static void close_window(struct window *w)
{
	if (w->n > 0)
		munmap((void *)w->data, w->n * KJ_PAGE_SIZE);
	w->n = 0;
}

/* The window that shows @run, opened if need be; NULL when it cannot be had. */
static struct window *get_window(struct kj_peer *peer, struct kj_run run)
{
	struct window *w;
	struct kj_run limits;
	const void *data = NULL;

	for (size_t i = 0; i < N_WINDOWS; i++)
		if (holds(&peer->windows[i], run))
			return &peer->windows[i];
	w = oldest_unused(peer);
	if (!w || window_limits(peer, run, &limits) < 0)
		return NULL;
	close_window(w);
	if (run.pfn < limits.pfn || run.pfn + run.n > limits.pfn + limits.n ||
	    map_pages(peer, limits.pfn, limits.n, &data) < 0)
		return NULL;
	*w = (struct window){ .pfn = limits.pfn, .n = limits.n, .data = data };
	return w;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	struct kj_peer *peer = ctx;
	struct window *w;

	pthread_mutex_lock(&peer->lock);
	w = get_window(peer, run);
	if (w) {
		w->users++;
		w->used_at = ++peer->turn;
		*ret = w->data + (run.pfn - w->pfn) * KJ_PAGE_SIZE;
	}
	pthread_mutex_unlock(&peer->lock);
	return w ? 0 : map_pages(peer, run.pfn, run.n, ret);
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	struct kj_peer *peer = ctx;
	const char *p = data;
	bool in_window = false;

	pthread_mutex_lock(&peer->lock);
	for (size_t i = 0; i < N_WINDOWS && !in_window; i++) {
		struct window *w = &peer->windows[i];

		in_window = w->n > 0 && p >= w->data &&
			    p < w->data + w->n * KJ_PAGE_SIZE;
		if (in_window)
			w->users--;
	}
	pthread_mutex_unlock(&peer->lock);
	if (!in_window)
		munmap((void *)data, run.n * KJ_PAGE_SIZE);
}

int kj_peer_open(struct kj_peer **ret, struct kj_error *error)
{
	struct kj_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return kj_fail(error, -ENOMEM, "kernel B has no memory left");
	pthread_mutex_init(&peer->lock, NULL);
	peer->fd = open("/dev/kjump", O_RDONLY | O_CLOEXEC);
	if (peer->fd < 0 || ioctl(peer->fd, KJUMP_GET_PEER, &peer->about) < 0) {
		int r = kj_fail(error, -errno, "kernel B cannot read /dev/kjump: %s",
				strerror(errno));

		kj_peer_close(peer);
		return r;
	}
	if (peer->about.nr_saved == 0) {
		kj_peer_close(peer);
		return kj_fail(error, -ENODATA, "the call brought no map of the memory to save");
	}
	peer->runs.fetch = fetch_map;
	peer->runs.ctx = peer;
	peer->runs.max_pfn = peer->about.max_pfn;
	peer->runs.max_run = KJ_CHUNK_PAGES_MAX;
	peer->runs.boundary = WINDOW_PAGES;
	*ret = peer;
	return 0;
}

void kj_peer_close(struct kj_peer *peer)
{
	if (!peer)
		return;
	for (size_t i = 0; i < N_WINDOWS; i++)
		close_window(&peer->windows[i]);
	if (peer->fd >= 0)
		close(peer->fd);
	pthread_mutex_destroy(&peer->lock);
	free(peer);
}

struct kj_memory_source kj_peer_source(struct kj_peer *peer)
{
	return (struct kj_memory_source){
		.ctx = peer,
		.next_run = next_run,
		.map = map_run,
		.unmap = unmap_run,
	};
}

uint64_t kj_peer_pages(const struct kj_peer *peer)
{
	return peer->about.nr_saved;
}

uint64_t kj_peer_entry(const struct kj_peer *peer)
{
	return peer->about.entry;
}

uint64_t kj_peer_max_pfn(const struct kj_peer *peer)
{
	return peer->about.max_pfn;
}
