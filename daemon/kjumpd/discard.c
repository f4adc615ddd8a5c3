// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image is good as long as nothing has run since it was written: whoever
 * runs A changes the file systems that the image believes to know.  So there
 * must be none while A runs, and A sees to it when it begins to run:
 *
 *   B called back      the image could not be written.  B has taken it back;
 *                      this is the second line of defence
 *   C jumped here      it is claimed, and with it done with: the next boot
 *                      would only wonder about it
 *   an ordinary boot   kjump-resume was not in the initramfs, or its disk came
 *                      late: it is whole, and a later boot would resume it.
 *                      One that C claimed and left stays, for kjumpctl inspect
 *
 * A swap area has no image while it is active, and only a mark to be cleared.
 *
 * Runs in kernel A, in the worker thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "discard.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-io.h"
#include "kj-log.h"
#include "preflight.h"
#include "sandbox.h"
#include "swaparea.h"

#define LOOKED_FILE "/run/kjump/looked"	/* goes with the boot */

/* What the child says. */
struct seen {
	enum kj_image_state state;
	struct kj_error error;
};

_Static_assert(sizeof(struct seen) <= KJ_SANDBOX_RESULT_MAX, "fits an answer");

/* In the child: headers are what somebody wrote. */
static int read_header(void *ctx, void *result)
{
	struct kj_fdstore *store = ctx;
	struct seen *seen = result;
	struct kj_image_info info;
	int r = kj_image_probe(&store->store, &info, &seen->error);

	if (r == 0)
		seen->state = info.state;
	return r;
}

static int look(const struct kj_resolved *target, enum kj_image_state *ret,
		struct kj_reason *reason)
{
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(target, O_RDONLY, &store, reason);
	struct seen seen = { 0 };
	const struct kj_sandbox sandbox = {
		.what = target->device.path, .work = read_header, .ctx = &store,
		.result = &seen, .result_size = sizeof(seen),
	};
	int r;

	if (fd < 0)
		return fd;
	*reason = (struct kj_reason){ 0 };
	r = kj_sandbox_run(&sandbox, reason);
	seen.error.text[sizeof(seen.error.text) - 1] = '\0';
	if (r < 0 && !reason->error)
		kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot look for an image on %s: %s",
			      target->device.path, seen.error.text);
	if (r == 0 && (unsigned int)seen.state > KJ_IMAGE_CLAIMED)
		r = kj_reason_set(reason, EBADMSG, KJ_WHY_TARGET,
				  "The image on %s is in a state that there is not",
				  target->device.path);
	*ret = seen.state;
	return r;
}

static int discard(const struct kj_resolved *target, struct kj_reason *reason)
{
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(target, O_RDWR, &store, reason);
	struct kj_error error = { "" };
	int r;

	if (fd < 0)
		return fd;
	r = kj_image_discard(&store.store, &error);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot discard the image on %s: %s",
				     target->device.path, error.text);
	return 0;
}

/*
 * What is discarded here has been parsed in the sandbox before.  Two opens,
 * because closing one that could write makes udev look at the device again,
 * and mostly there is nothing to write.
 */
int kj_discard_if(const struct kj_resolved *target, unsigned int states,
		  struct kj_reason *reason)
{
	enum kj_image_state state;
	int r;

	if (kj_target_is_swap(target))
		return kj_swap_clear(target, reason);
	r = look(target, &state, reason);

	if (r < 0 || !(states & KJ_STATE_BIT(state)))
		return r;
	r = kj_preflight_may_write(target, reason);
	if (r == 0)
		r = discard(target, reason);
	return r < 0 ? r : 1;
}

void kj_discard_after_call(const struct kj_resolved *target)
{
	struct kj_reason reason;

	if (kj_discard_if(target, KJ_STATE_BIT(KJ_IMAGE_VALID) | KJ_STATE_BIT(KJ_IMAGE_CLAIMED),
			  &reason) < 0)
		kj_warning("%s.", reason.text);
}

static void remember_look(void)
{
	int r;

	(void)mkdir("/run/kjump", 0755);
	r = kj_write_file_atomic(LOOKED_FILE, "", 0, 0644);
	if (r < 0)
		kj_warning_errno(r, "Cannot write %s: %m", LOOKED_FILE);
}

void kj_discard_stale(const struct kj_conf *conf)
{
	struct kj_resolved target;
	struct kj_reason reason;
	int r;

	if (access(LOOKED_FILE, F_OK) == 0)
		return;
	r = kj_target_resolve(conf, &target, &reason);
	if (r < 0)
		return;			/* the job will say why, if it needs it */
	r = kj_discard_if(&target, KJ_STATE_BIT(KJ_IMAGE_VALID), &reason);
	if (r < 0)
		kj_warning("%s.", reason.text);
	else
		remember_look();
	if (r > 0 && kj_target_is_swap(&target))
		kj_warning("The swap area %s still was marked as having a hibernated system; it is plain swap now.",
			   kj_resolved_name(&target));
	else if (r > 0)
		kj_warning("The hibernated system on %s was not resumed by this boot, and is discarded: the file systems have changed since.",
			   target.device.path);
	kj_resolved_done(&target);
}
