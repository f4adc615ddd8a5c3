// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An active swap area as target.
 *
 * What is swapped out stays where it is.  The kernel keeps free pages for us,
 * as it does for uswsusp: /dev/snapshot gives one after the other, and takes
 * all of them back when it is closed, also if kjumpd dies.  The image goes to
 * these pages only.  They are others each time, in any order.
 *
 * The kernel says where on the disk a page is, also for a swap file.  It lets
 * nobody write to an active swap partition, but who has the snapshot device
 * open for it: so a mark that C or B left is cleared in that time, or with it
 * opened for that.
 *
 * Runs in kernel A, in the worker thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/suspend_ioctls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-swapfd.h"
#include "stack.h"
#include "swaparea.h"

#define SNAPSHOT_DEVICE "/dev/snapshot"
#define BUSY_TRIES 100			/* of 10 ms each */

/* The kernel's encoding of a device number in 32 bits. */
static uint32_t encode_device(dev_t devno)
{
	uint32_t min = minor(devno);

	return (min & 0xff) | (uint32_t)major(devno) << 8 | (min & ~0xffu) << 12;
}

/* Another request for sleep may just be looked at: that takes no time. */
static int patient_ioctl(int fd, unsigned long request, void *arg)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < BUSY_TRIES; i++) {
		if (ioctl(fd, request, arg) == 0)
			return 0;
		if (errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	return -errno;
}

static int open_snapshot(const struct kj_resolved *target, struct kj_reason *reason)
{
	struct resume_swap_area area = {
		.offset = (__kernel_loff_t)target->swap_page,
		.dev = encode_device(target->device.devno),
	};
	kj_autoclose int fd = open(SNAPSHOT_DEVICE, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == EBUSY)
		return kj_reason_set(reason, EBUSY, KJ_WHY_BUSY,
				     "Another program hibernates this machine (%s is in use): try again later",
				     SNAPSHOT_DEVICE);
	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_KERNEL,
				     "Cannot take swap space, as %s cannot be opened: %m; use another target",
				     SNAPSHOT_DEVICE);
	r = patient_ioctl(fd, SNAPSHOT_SET_SWAP_AREA, &area);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "The kernel does not know %s as a swap area: %m", kj_resolved_name(target));
	return KJ_TAKE_FD(fd);
}

/* A bit for each page of the device; what is not touched takes no memory. */
struct bitmap {
	uint64_t *bits;
	size_t size;
	uint64_t pages, first, last;
};

static void bitmap_done(struct bitmap *b)
{
	if (b->bits)
		munmap(b->bits, b->size);
}

static int bitmap_make(uint64_t device_size, struct bitmap *ret)
{
	void *bits;

	ret->pages = device_size / KJ_SWAP_PAGE;
	ret->size = (ret->pages / 64 + 1) * sizeof(uint64_t);
	bits = mmap(NULL, ret->size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bits == MAP_FAILED)
		return -errno;
	ret->bits = bits;
	ret->first = UINT64_MAX;
	ret->last = 0;
	return 0;
}

static void bitmap_set(struct bitmap *b, uint64_t page)
{
	b->bits[page / 64] |= 1ull << page % 64;
	b->first = page < b->first ? page : b->first;
	b->last = page > b->last ? page : b->last;
}

static int take_pages(int fd, uint64_t n, struct bitmap *b)
{
	while (n--) {
		__kernel_loff_t offset = 0;
		int r = patient_ioctl(fd, SNAPSHOT_ALLOC_SWAP_PAGE, &offset);

		if (r < 0)
			return r;
		if (offset <= 0 || (uint64_t)offset / KJ_SWAP_PAGE >= b->pages)
			return -ERANGE;
		bitmap_set(b, (uint64_t)offset / KJ_SWAP_PAGE);
	}
	return 0;
}

int kj_swap_pages(const uint64_t *bits, uint64_t first, uint64_t last,
		  struct kj_extents *ret)
{
	for (uint64_t page = first; page <= last; page++) {
		if (!bits[page / 64]) {
			page |= 63;		/* on to the next word */
			continue;
		}
		if (bits[page / 64] >> page % 64 & 1 &&
		    kj_extents_append(ret, page * KJ_SWAP_PAGE, KJ_SWAP_PAGE) < 0)
			return -EFBIG;
	}
	return 0;
}

int kj_swap_cut_table(struct kj_extents *extents, uint64_t *ret)
{
	uint32_t largest = 0;

	for (uint32_t i = 1; i < extents->n; i++)
		if (extents->list[i].length > extents->list[largest].length)
			largest = i;
	if (!extents->n || extents->list[largest].length <= KJ_SWAP_TABLE_SIZE)
		return -ENOSPC;
	extents->list[largest].length -= KJ_SWAP_TABLE_SIZE;
	*ret = extents->list[largest].start + extents->list[largest].length;
	return 0;
}

static int fragmented(const struct kj_resolved *target, struct kj_reason *reason)
{
	return kj_reason_set(reason, EFBIG, KJ_WHY_TARGET,
			     "The free space of the swap area %s is in too many pieces: swapoff %s and swapon it again, or use another target",
			     kj_resolved_name(target), kj_resolved_name(target));
}

static int find_pages(const struct kj_resolved *target, int fd, uint64_t n,
		      struct kj_extents *extents, struct kj_reason *reason)
{
	struct bitmap bitmap = { 0 };
	int r = bitmap_make(target->device.size, &bitmap);

	if (r == 0)
		r = take_pages(fd, n, &bitmap);
	if (r == 0)
		r = kj_swap_pages(bitmap.bits, bitmap.first, bitmap.last, extents);
	bitmap_done(&bitmap);
	if (r == -EFBIG)
		return fragmented(target, reason);
	if (r == -ENOSPC)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "The swap area %s has too little free space for the memory in use now: make it larger, or close programs",
				     kj_resolved_name(target));
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "Cannot take pages of the swap area %s: %m", kj_resolved_name(target));
	return 0;
}

/* Extents of the device, or of the disk below it, become a description. */
static int describe(const struct kj_resolved *target, struct kj_extents *extents,
		    struct kj_swap_hold *hold, struct kj_reason *reason)
{
	struct kj_resolved with_pages = *target;
	const char *wrong = NULL;
	struct kj_stack stack;
	uint64_t table;
	int r;

	r = kj_stack_resolve(kj_resolved_name(target), target->device.devno, extents, &stack, reason);
	if (r < 0)
		return r;
	if (kj_swap_cut_table(extents, &table) < 0)
		return fragmented(target, reason);
	r = kj_target_describe(&with_pages, KJ_TARGET_SWAP,
			       (enum kj_power_off)kj_get32(target->blob->power_off),
			       (enum kj_lock)kj_get32(target->blob->lock),
			       target->blob->tag, extents, reason);
	if (r < 0)
		return r;
	hold->blob = with_pages.blob;
	hold->blob_len = with_pages.blob_len;
	hold->blob->swap_head = target->blob->swap_head;
	hold->blob->swap_table = kj_le64_of(table);
	kj_target_seal(hold->blob);
	if (kj_target_check(hold->blob, hold->blob_len, &wrong) < 0)
		return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
				     "The pages of the swap area %s cannot be used: %s",
				     kj_resolved_name(target), wrong);
	return 0;
}

int kj_swap_take(const struct kj_resolved *target, uint64_t bytes,
		 struct kj_swap_hold *ret, struct kj_reason *reason)
{
	kj_autofree struct kj_extents *extents = calloc(1, sizeof(*extents));
	struct kj_swap_hold hold = { .fd = -EBADF };
	int r;

	*ret = hold;
	if (!extents)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	hold.fd = open_snapshot(target, reason);
	if (hold.fd < 0)
		return hold.fd;
	r = find_pages(target, hold.fd, (bytes + KJ_SWAP_TABLE_SIZE) / KJ_SWAP_PAGE + 1,
		       extents, reason);
	if (r == 0)
		r = describe(target, extents, &hold, reason);
	if (r < 0)
		kj_swap_release(&hold);
	else
		*ret = hold;
	return r;
}

void kj_swap_release(struct kj_swap_hold *hold)
{
	if (hold->fd >= 0)
		close(hold->fd);
	free(hold->blob);
	*hold = (struct kj_swap_hold){ .fd = -EBADF };
}

static int open_disk(const struct kj_resolved *target, int access, struct kj_reason *reason)
{
	const char *path = kj_resolved_disk(target)->path;
	int fd = open(path, access | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot open the disk %s of the swap area: %m", path);
	return fd;
}

static int look(const struct kj_resolved *target, enum kj_swap_state *ret,
		struct kj_reason *reason)
{
	kj_autoclose int fd = open_disk(target, O_RDONLY, reason);
	int r = fd < 0 ? fd : kj_swapfd_look(fd, target->blob, ret, NULL);

	if (fd >= 0 && r < 0)
		kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot read the swap area %s: %m",
			      kj_resolved_name(target));
	return r;
}

int kj_swap_check(const struct kj_resolved *target, struct kj_reason *reason)
{
	enum kj_swap_state state;
	int r = look(target, &state, reason);

	if (r < 0)
		return r;
	if (state == KJ_SWAP_FULL)
		return kj_reason_set(reason, EEXIST, KJ_WHY_TARGET,
				     "The swap area %s has bad pages, or something else, listed at the end of its first page: run swapoff and mkswap on it, or use another target",
				     kj_resolved_name(target));
	if (state == KJ_SWAP_FOREIGN)
		return kj_reason_set(reason, EEXIST, KJ_WHY_TARGET,
				     "The swap area %s has no signature of swap any more: run swapoff and mkswap on it, or use another target",
				     kj_resolved_name(target));
	return 0;
}

static int clear_open(const struct kj_resolved *target, struct kj_reason *reason)
{
	kj_autoclose int fd = open_disk(target, O_RDWR, reason);
	int r = fd < 0 ? fd : kj_swapfd_clear(fd, target->blob);

	if (fd >= 0 && r < 0)
		kj_reason_set(reason, r, KJ_WHY_TARGET,
			      "Cannot make %s plain swap again: %m; run swapoff and mkswap on it",
			      kj_resolved_name(target));
	return r;
}

/* As long as nobody has the snapshot device open for it, the kernel refuses to
 * have an active swap partition written to. */
int kj_swap_clear(const struct kj_resolved *target, struct kj_reason *reason)
{
	kj_autoclose int snapshot = -EBADF;
	enum kj_swap_state state;
	int r = look(target, &state, reason);

	if (r < 0 || (state != KJ_SWAP_MARKED && state != KJ_SWAP_BROKEN))
		return r;
	r = clear_open(target, reason);
	if (r != -ETXTBSY)
		return r;
	snapshot = open_snapshot(target, reason);
	return snapshot < 0 ? snapshot : clear_open(target, reason);
}
