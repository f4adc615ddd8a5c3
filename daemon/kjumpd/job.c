// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The operations, step by step.  Each step first looks what is there already,
 * so that every operation can begin from any state that the last one, a crash
 * of kjumpd or an impatient administrator left:
 *
 *   HIBERNATE, HYBRID: preflight -> load -> room for C? -> park -> call with the target
 *   WRITE:             preflight -> load -> park -> call with the target
 *                      (of a swap area pages are taken before, and given back after)
 *   PING:              kernel's part of preflight -> load -> park -> call
 *   LOAD, PREPARE:     preflight -> load -> park (Preload=park)
 *
 * The first PREPARE of a boot discards an image that should have been resumed,
 * and HIBERNATE, when it comes back, whatever there is (discard.c).
 *
 * To park is to call PING for the first time: B boots, finds its disk, and
 * calls back READY.
 *
 * Runs in kernel A, in the worker thread; step_hibernate() is left in one
 * power-on of the machine and comes back in another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "discard.h"
#include "job.h"
#include "kj-cleanup.h"
#include "kj-log.h"
#include "load.h"
#include "lost.h"
#include "memory.h"
#include "preflight.h"
#include "recipient.h"
#include "room.h"
#include "scene.h"
#include "swaparea.h"

#define PING_RETRIES 3u

struct job_context {
	struct kj_conf conf;
	struct kj_resolved target;
	struct kj_recipient recipient;
	struct kj_swap_hold swap;	/* of a target that is a swap area */
	struct kj_reply reply;
	struct kj_outcome *outcome;
	struct kj_reason *reason;	/* &outcome->reason */
};

static const char *const job_names[] = {
	[KJ_JOB_PREPARE]   = "prepare",
	[KJ_JOB_LOAD]      = "load",
	[KJ_JOB_UNLOAD]    = "unload",
	[KJ_JOB_HIBERNATE] = "hibernate",
	[KJ_JOB_HYBRID]    = "hybrid-sleep",
	[KJ_JOB_PING]      = "test ping",
	[KJ_JOB_WRITE]     = "test write",
};

const char *kj_job_name(enum kj_job_kind kind)
{
	return job_names[kind];
}

static uint64_t now_usec(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* What the other kernel logged comes with each of its words; with FAILED there
 * is a sentence first, which is cut off here. */
static void keep_log(struct job_context *c)
{
	char *log = c->reply.text;

	if (c->reply.argv[0] == KJUMP_WORD_FAILED) {
		log += strcspn(log, "\n");
		if (*log)
			*log++ = '\0';
	}
	c->outcome->peer = c->reply.argv[0] == KJUMP_WORD_RESUME ? 'C' : 'B';
	strcpy(c->outcome->peer_log, log);
}

/* B came back with something else than what we wanted. */
static int unexpected_reply(struct job_context *c, const char *what)
{
	const struct kj_reply *reply = &c->reply;

	if (reply->argv[0] != KJUMP_WORD_FAILED)
		return kj_reason_set(c->reason, EPROTO, KJ_WHY_IMAGE,
				     "Kernel B could not %s: it came back with %s",
				     what, kj_word_name(reply->argv[0]));
	return kj_reason_set(c->reason, reply->argv[1] ? (int)reply->argv[1] : EIO,
			     KJ_WHY_IMAGE, "Kernel B could not %s: %s", what,
			     *reply->text ? reply->text : "it did not say why");
}

static int step_load(struct job_context *c)
{
	bool changed;
	int r;

	r = kj_target_save(&c->target, &changed, c->reason);
	if (r < 0)
		return r;
	if (changed)
		kj_notice("The target or its encryption changed: run kjumpctl setup, which rebuilds the initramfs, or the next boot will not find the image.");
	return kj_load(&c->conf, &c->target, c->reason);
}

/*
 * A PING comes at any time, also when a process waits for a slow disk and
 * cannot be frozen in time: no reason to leave the machine without a B.  Only
 * a PING is tried again; who hibernates is told, and still sits there.
 */
static bool ping_again(const struct job_context *c, int r, unsigned int *tries)
{
	if (r != -EBUSY || *tries == PING_RETRIES)
		return false;
	++*tries;
	kj_notice("%s; trying again in a second (%u of %u).",
		  c->reason->text, *tries, PING_RETRIES);
	*c->reason = (struct kj_reason){ 0 };
	sleep(1);
	return true;
}

/* A B that does not get ready is of no use parked: it is unloaded, so that the
 * next attempt begins with a fresh one. */
static int step_park(struct job_context *c)
{
	struct kj_reason ignored;
	unsigned int tries = 0;
	int r;

	if (kj_b_state() == KJ_B_PARKED)
		return 0;
	do
		r = kj_call(KJUMP_WORD_PING, NULL, 0, NULL, 0, &c->reply, c->reason);
	while (ping_again(c, r, &tries));
	if (r < 0)
		return r;
	keep_log(c);
	if (c->reply.argv[0] == KJUMP_WORD_READY) {
		c->outcome->peer_free = c->reply.argv[1];
		return 0;
	}
	r = unexpected_reply(c, "get ready");
	c->reason->why = KJ_WHY_LOAD;
	(void)kj_unload(&ignored);
	return r;
}

/* Preload=no holds no memory between operations. */
static void step_release(struct job_context *c)
{
	struct kj_reason ignored;

	if (c->conf.preload == KJ_PRELOAD_NO && kj_unload(&ignored) < 0)
		kj_warning("%s", ignored.text);
}

static int call_timed(struct job_context *c, enum kjump_word word,
		      const uint64_t *words, unsigned int n_words,
		      const void *blob, size_t len)
{
	uint64_t begin = now_usec(CLOCK_BOOTTIME);	/* goes on while B runs */
	int r;

	r = kj_call(word, words, n_words, blob, len, &c->reply, c->reason);
	c->outcome->ended_usec = now_usec(CLOCK_REALTIME);
	c->outcome->call_usec = now_usec(CLOCK_BOOTTIME) - begin;
	c->outcome->called = r == 0;
	if (r == 0)
		keep_log(c);
	return r;
}

/* The pages that were taken, if it is a swap area. */
static struct kj_target *target_for_b(struct job_context *c)
{
	return c->swap.blob ? c->swap.blob : c->target.blob;
}

/*
 * A call that takes A's memory: B learns whose it is, where it goes, who may
 * open it, what is mounted, and how long to wait for the disk.  The key is in
 * the image as well: it must not open it.
 */
static int call_for_image(struct job_context *c, enum kjump_word word)
{
	size_t len = c->swap.blob ? c->swap.blob_len : c->target.blob_len;
	uint64_t words[KJ_IDENTITY_WORDS + 1];
	kj_autofree uint8_t *blob = malloc(len + sizeof(struct kj_recipient) +
					   sizeof(struct kj_scene));
	struct kj_scene scene;
	int r;

	if (!blob)
		return kj_reason_set(c->reason, ENOMEM, KJ_WHY_CALL, "Out of memory");
	memcpy(blob, target_for_b(c), len);
	if (c->conf.lock != KJ_LOCK_NONE) {
		memcpy(blob + len, &c->recipient, sizeof(c->recipient));
		len += sizeof(c->recipient);
	}
	kj_scene_make("/proc/self/mountinfo", &scene);
	memcpy(blob + len, &scene, kj_scene_size(kj_get32(scene.n_prints)));
	len += kj_scene_size(kj_get32(scene.n_prints));
	kj_memory_identity(words);
	words[KJ_IDENTITY_WORDS] = c->conf.stall_sec;
	r = call_timed(c, word, words, KJ_IDENTITY_WORDS + 1, blob, len);
	explicit_bzero(blob, len);
	return r;
}

static int step_ping(struct job_context *c)
{
	unsigned int tries = 0;
	int r;

	do
		r = call_timed(c, KJUMP_WORD_PING, NULL, 0, NULL, 0);
	while (ping_again(c, r, &tries));
	if (r < 0)
		return r;
	if (c->reply.argv[0] != KJUMP_WORD_READY)
		return unexpected_reply(c, "answer");
	c->outcome->peer_free = c->reply.argv[1];
	return 0;
}

static void take_written(struct job_context *c)
{
	struct kj_outcome *o = c->outcome;

	o->bytes = c->reply.argv[1];
	o->pages = c->reply.argv[2];
	o->write_usec = c->reply.argv[3];
	o->zero_pages = c->reply.argv[4];
}

static int step_write(struct job_context *c)
{
	int r = call_for_image(c, KJUMP_WORD_SNAPSHOT);

	if (r < 0)
		return r;
	if (c->reply.argv[0] != KJUMP_WORD_DONE)
		return unexpected_reply(c, "write the image");
	take_written(c);
	return 0;
}

/* Two ways lead out of the call.  B calls back: the image could not be
 * written, or (HYBRID) the machine slept in RAM and there is no image any more;
 * this is still the power-on in which we left.  C jumps here: the machine was
 * off, and B is gone with it. */
static int step_hibernate(struct job_context *c, bool hybrid)
{
	struct kj_outcome *o = c->outcome;
	int r;

	if (hybrid) {			/* what C gets is saved already */
		target_for_b(c)->power_off = kj_le32_of(KJ_POWER_SUSPEND);
		kj_target_seal(target_for_b(c));
	}

	kj_lost_mark();			/* true, unless somebody comes back */
	r = call_for_image(c, KJUMP_WORD_HIBERNATE);
	if (r < 0)
		return r;
	kj_discard_after_call(&c->target);
	if (hybrid && c->reply.argv[0] == KJUMP_WORD_DONE) {
		o->woken = true;
		take_written(c);
		return 0;
	}
	if (c->reply.argv[0] != KJUMP_WORD_RESUME)
		return unexpected_reply(c, "hibernate the machine");
	o->resumed = true;
	o->bytes = c->reply.argv[1];
	o->pages = c->reply.argv[2];
	o->write_usec = c->reply.argv[3];
	o->read_usec = c->reply.argv[4];
	o->image_usec = c->reply.argv[5];
	return 0;
}

static int step_ready(struct job_context *c)
{
	int r = kj_preflight(&c->conf, &c->target, c->reason);

	if (r == 0)
		r = kj_recipient_load("", &c->conf, &c->recipient, c->reason);
	if (r == 0)
		r = kj_keyfile_link(&c->conf, c->reason);
	if (r == 0)
		r = step_load(c);
	return r;
}

/* The pages of a swap area are taken when they are needed, and not before: the
 * running system needs them, too. */
static int step_take_swap(struct job_context *c)
{
	if (!kj_target_is_swap(&c->target))
		return 0;
	return kj_swap_take(&c->target, kj_preflight_needed(), &c->swap, c->reason);
}

/* With B loaded, so that its region is no longer among what is free. */
static int step_room(struct job_context *c)
{
	return kj_room_check(kj_region_size(&c->conf), c->reason);
}

static int run(enum kj_job_kind kind, struct job_context *c)
{
	int r;

	if (kind == KJ_JOB_UNLOAD)
		return kj_unload(c->reason);
	if (kind == KJ_JOB_PREPARE)
		kj_discard_stale(&c->conf);
	if (kind == KJ_JOB_PREPARE && c->conf.preload == KJ_PRELOAD_NO) {
		step_release(c);	/* it was another word before, maybe */
		return 0;
	}
	r = step_ready(c);
	if (r < 0)
		return r;
	if (kind == KJ_JOB_PREPARE || kind == KJ_JOB_LOAD)
		return c->conf.preload == KJ_PRELOAD_PARK ? step_park(c) : 0;
	r = kind == KJ_JOB_HYBRID ? kj_preflight_suspend(c->reason) : 0;
	if (r == 0 && (kind == KJ_JOB_HIBERNATE || kind == KJ_JOB_HYBRID))
		r = step_room(c);
	if (r == 0)
		r = step_park(c);
	if (r == 0 && kind != KJ_JOB_PING)
		r = step_take_swap(c);
	if (r == 0)
		r = kind == KJ_JOB_PING ? step_ping(c) :
		    kind == KJ_JOB_WRITE ? step_write(c) :
		    step_hibernate(c, kind == KJ_JOB_HYBRID);
	kj_swap_release(&c->swap);
	step_release(c);
	return r;
}

void kj_job_run(enum kj_job_kind kind, struct kj_outcome *outcome)
{
	kj_autofree struct job_context *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		kj_reason_set(&outcome->reason, ENOMEM, KJ_WHY_CALL, "Out of memory");
		return;
	}
	c->swap.fd = -EBADF;
	c->outcome = outcome;
	c->reason = &outcome->reason;
	r = kj_conf_load("", true, &c->conf);
	if (r < 0)
		kj_reason_set(c->reason, r, KJ_WHY_CONFIG, "Cannot read the configuration: %m");
	else
		r = run(kind, c);
	if (!outcome->ended_usec)
		outcome->ended_usec = now_usec(CLOCK_REALTIME);
	explicit_bzero(&c->recipient, sizeof(c->recipient));
	kj_resolved_done(&c->target);
	kj_conf_done(&c->conf);
}
