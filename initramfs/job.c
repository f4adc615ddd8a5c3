// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One HIBERNATE or SNAPSHOT.  Runs in kernel B.
 *
 * In this order, so that nothing on disk changes before everything was looked
 * at: A's description of the target, A's memory, the device, what is on it;
 * then the engine writes.  Any failure ends as one sentence that travels back
 * to A in the FAILED message.
 *
 * A's file systems are still mounted in A.  For a target that is a file or a
 * volume only its extents are written, what is around them is not even looked
 * at; a whole device is refused when anything but our own image is on it; and
 * of a swap area only the pages that A keeps for us, with a mark on its first
 * page as the last step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "console.h"
#include "device.h"
#include "fail.h"
#include "guard.h"
#include "job.h"
#include "kj-fdstore.h"
#include "kj-log.h"
#include "kj-swapfd.h"
#include "peer.h"
#include "scene.h"

#define DEVICE_TIMEOUT_MS 5000		/* its driver was loaded long ago */

/* Words after argv[0] of HIBERNATE and SNAPSHOT. */
enum {
	ARG_RAM_PAGES	= 1,
	ARG_MACHINE_ID	= 2,		/* two words, its bytes in order */
	ARG_BOOT_ID	= 4,		/* the same */
	ARG_STALL_SEC	= 6,		/* without progress; 0: for ever */
};

#define STALL_SEC_MAX 86400u

int kj_job_target(const struct kj_message *order, const struct kj_target **ret,
		  struct kj_error *error)
{
	const struct kj_target *target = (const void *)order->blob;
	size_t len = order->blob_len;
	const char *reason = "?";

	/* Behind it are a recipient, maybe, and the scene. */
	if (len > sizeof(*target) && kj_get32(target->n_extents) <= KJ_TARGET_EXTENTS_MAX &&
	    len > kj_target_size(kj_get32(target->n_extents)))
		len = kj_target_size(kj_get32(target->n_extents));
	if (kj_target_check(target, len, &reason) < 0)
		return kj_fail(error, -EBADMSG, "the target that kernel A passed is damaged: %s",
			       reason);
	*ret = target;
	return 0;
}

_Static_assert(KJ_TARGET_SIZE_MAX + sizeof(struct kj_recipient) +
	       sizeof(struct kj_scene) <= KEXEC_CALL_BLOB_MAX, "all fits one call");

/* Whom the image is for; NULL when it is not to be encrypted. */
static int recipient_of(const struct kj_message *order, const struct kj_target *target,
			const struct kj_recipient **ret, struct kj_error *error)
{
	size_t at = kj_target_size(kj_get32(target->n_extents));
	size_t len = order->blob_len - at;
	const void *recipient = (const uint8_t *)order->blob + at;
	const char *reason = "?";

	*ret = NULL;
	if (kj_get32(target->lock) == KJ_LOCK_NONE)
		return 0;
	if (len > sizeof(struct kj_recipient))
		len = sizeof(struct kj_recipient);
	if (kj_recipient_check(recipient, len, &reason) < 0)
		return kj_fail(error, -EBADMSG, "the key that kernel A passed is damaged: %s",
			       reason);
	*ret = recipient;
	return 0;
}

/* What A left: its memory map and the file systems that it had mounted. */
static int scene_of(const struct kj_message *order, const struct kj_target *target,
		    struct kj_scene *ret, struct kj_error *error)
{
	size_t at = kj_target_size(kj_get32(target->n_extents));
	const char *reason = "?";

	if (kj_get32(target->lock) != KJ_LOCK_NONE)
		at += sizeof(struct kj_recipient);
	if (kj_scene_check((const uint8_t *)order->blob + at, order->blob_len - at,
			   &reason) < 0)
		return kj_fail(error, -EBADMSG,
			       "the list of file systems that kernel A passed is damaged: %s",
			       reason);
	memcpy(ret, (const uint8_t *)order->blob + at, order->blob_len - at);
	return 0;
}

static void get_id(const struct kj_message *order, unsigned int arg, uint8_t id[16])
{
	for (unsigned int i = 0; i < 2; i++) {
		kj_le64 word = kj_le64_of(kj_message_arg(order, arg + i));

		memcpy(id + 8 * i, &word, sizeof(word));
	}
}

/* Whose memory it is.  A and B are the same kernel. */
static struct kj_identity identity_of(const struct kj_message *order,
				      const struct kj_scene *scene,
				      const struct kj_peer *peer)
{
	struct kj_identity identity = {
		.ram_pages = kj_message_arg(order, ARG_RAM_PAGES),
		.entry = kj_peer_entry(peer),
		.max_pfn = kj_peer_max_pfn(peer),
	};
	struct utsname name;

	if (uname(&name) == 0)
		snprintf(identity.kernel_release, sizeof(identity.kernel_release),
			 "%s", name.release);
	get_id(order, ARG_MACHINE_ID, identity.machine_id);
	get_id(order, ARG_BOOT_ID, identity.boot_id);
	memcpy(identity.memory_map_digest, scene->memory_map_digest,
	       sizeof(identity.memory_map_digest));
	return identity;
}

/* Only swap that A's kernel still knows as such is marked when the image is there. */
static int check_swap(const struct kj_target *target, const struct kj_device *dev,
		      struct kj_error *error)
{
	enum kj_swap_state state;
	int r;

	if (kj_get64(target->swap_table) == 0)
		return kj_fail(error, -EBADMSG, "kernel A passed no pages of the swap area");
	r = kj_swapfd_look(dev->fd, target, &state, NULL);
	if (r < 0)
		return kj_fail(error, r, "cannot read the swap area on %s: %s", dev->path,
			       strerror(-r));
	if (state != KJ_SWAP_PLAIN)
		return kj_fail(error, -EEXIST, "the swap area on %s is no plain swap any more",
			       dev->path);
	return 0;
}

/* Nothing is on the device but what is kjump's? */
static int check_contents(const struct kj_target *target, const struct kj_device *dev,
			  const struct kj_fdstore *store, struct kj_error *error)
{
	struct kj_image_info info;

	if (kj_get32(target->kind) == KJ_TARGET_SWAP)
		return check_swap(target, dev, error);
	if (kj_get32(target->kind) != KJ_TARGET_PARTITION)
		return 0;
	/* libblkid does not know our image, and its data may look like anything. */
	if (kj_image_probe(&store->store, &info, NULL) == 0 && info.generation > 0)
		return 0;
	return kj_device_check_foreign(dev, error);
}

static int open_device(const struct kj_target *target, struct kj_device *dev,
		       struct kj_error *error)
{
	int r = kj_device_find(target, DEVICE_TIMEOUT_MS, dev, error);

	return r < 0 ? r : kj_device_open(dev, target, error);
}

/* An open device that may be written to, as a store. */
static int open_store(const struct kj_target *target, struct kj_device *dev,
		      struct kj_fdstore *store, struct kj_error *error)
{
	int r = open_device(target, dev, error);

	if (r < 0)
		return r;
	r = kj_fdstore_init(store, dev->fd, target, error);
	return r < 0 ? r : check_contents(target, dev, store, error);
}

/* Progress is heard by the guard, and seen on the consoles. */
static int report(void *ctx, uint64_t pages_done, uint64_t pages_total,
		  uint64_t bytes_done)
{
	struct kj_progress shown = kj_console_progress(ctx);
	int r = kj_guard_progress();

	return r ? r : shown.report(shown.ctx, pages_done, pages_total, bytes_done);
}

static int write_image(struct kj_peer *peer, const struct kj_device *dev,
		       const struct kj_fdstore *store,
		       const struct kj_write_options *options,
		       struct kj_image_info *ret, struct kj_error *error)
{
	struct kj_memory_source source = kj_peer_source(peer);
	struct kj_error cause = { "" };
	int r;

	r = kj_image_write(&store->store, &source, options, ret, &cause);
	if (r == -ETIMEDOUT && kj_guard_stopped())
		return kj_fail(error, r,
			       "writing the image to %s was stopped because it made no progress; StallTimeout= in kjump.conf says for how long it may",
			       dev->path);
	if (r == -ECANCELED)
		return kj_fail(error, r, "writing the image to %s was stopped by the Escape key",
			       dev->path);
	/* A snapshot is not to be found: its pages are A's again at once. */
	if (r == 0 && kj_get32(store->target->kind) == KJ_TARGET_SWAP && !options->snapshot)
		r = kj_swapfd_commit(dev->fd, store->target, &cause);
	if (r < 0)
		return kj_fail(error, r, "writing the image to %s: %s", dev->path,
			       cause.text[0] ? cause.text : strerror(-r));
	return 0;
}

static unsigned int limit_msec(const struct kj_message *order)
{
	uint64_t sec = kj_message_arg(order, ARG_STALL_SEC);

	return (sec < STALL_SEC_MAX ? (unsigned int)sec : STALL_SEC_MAX) * 1000;
}

static int write_memory(const struct kj_message *order, const struct kj_target *target,
			bool snapshot, struct kj_image_info *ret, struct kj_error *error)
{
	struct kj_write_options options = { .snapshot = snapshot };
	struct kj_device dev = { .fd = -EBADF };
	struct kj_fdstore store;
	struct kj_console console;
	struct kj_scene scene;
	struct kj_peer *peer;
	int r;

	r = recipient_of(order, target, &options.recipient, error);
	if (r == 0)
		r = scene_of(order, target, &scene, error);
	if (r == 0)
		r = kj_peer_open(&peer, error);
	if (r < 0)
		return r;
	options.pages_total = kj_peer_pages(peer);
	options.identity = identity_of(order, &scene, peer);
	options.n_prints = kj_get32(scene.n_prints);
	options.prints = scene.prints;
	r = open_store(target, &dev, &store, error);
	if (r == 0) {
		kj_scene_sharpen(scene.prints, options.n_prints);
		(void)kj_guard_progress();
		kj_console_open(&console, snapshot ? "writing a snapshot" :
				"writing the image", true);
		options.progress = (struct kj_progress){ .ctx = &console, .report = report };
		r = write_image(peer, &dev, &store, &options, ret, error);
		kj_console_close(&console);
	}
	kj_device_close(&dev);
	kj_peer_close(peer);
	return r;
}

int kj_job_write(const struct kj_message *order, const struct kj_target *target,
		 bool snapshot, struct kj_image_info *ret, struct kj_error *error)
{
	int r;

	kj_guard_begin("writing the image", limit_msec(order));
	r = write_memory(order, target, snapshot, ret, error);
	kj_guard_end();
	return r;
}

static int discard_header(const struct kj_target *target, struct kj_device *dev,
			  struct kj_error *error)
{
	struct kj_error cause = { "" };
	struct kj_fdstore store;
	int r = open_store(target, dev, &store, error);

	if (r < 0)
		return r;
	r = kj_image_discard(&store.store, &cause);
	if (r < 0)
		kj_fail(error, r, "discarding the image on %s: %s", dev->path, cause.text);
	return r;
}

/* Without the mark nobody finds the image. */
static int discard_mark(const struct kj_target *target, struct kj_device *dev,
			struct kj_error *error)
{
	int r = open_device(target, dev, error);

	if (r < 0)
		return r;
	r = kj_swapfd_clear(dev->fd, target);
	if (r < 0)
		return kj_fail(error, r, "cannot make the swap area on %s plain swap again: %s",
			       dev->path, strerror(-r));
	return 0;
}

int kj_job_discard(const struct kj_message *order, const struct kj_target *target,
		   struct kj_error *error)
{
	struct kj_device dev = { .fd = -EBADF };
	int r;

	kj_guard_begin("discarding the image", limit_msec(order));
	r = kj_get32(target->kind) == KJ_TARGET_SWAP ? discard_mark(target, &dev, error) :
	    discard_header(target, &dev, error);
	kj_device_close(&dev);
	kj_guard_end();
	return r;
}
