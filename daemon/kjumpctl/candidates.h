/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the image could go on this machine.
 */
#ifndef KJ_CANDIDATES_H
#define KJ_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "reason.h"

#define KJ_CANDIDATES_MAX 16
#define KJ_IMAGE_FILE "/var/lib/kjump/image"

struct kj_candidate {
	char *target;		/* for Target= */
	bool make;		/* a file that is not there yet */
	uint64_t size;		/* bytes */
	char text[256];		/* for people */
};

/* The best first; and why what looked like one is none. */
struct kj_candidates {
	size_t n;
	struct kj_candidate list[KJ_CANDIDATES_MAX];
	size_t n_refused;
	char refused[KJ_CANDIDATES_MAX][KJ_REASON_TEXT_MAX];
};

/**
 * kj_candidates_find() - look around
 * @conf: the configuration as it is
 * @size: bytes of a file that would be made
 * @ret: freed by kj_candidates_done()
 *
 * In this order: what is configured; partitions whose name in their partition
 * table is "kjump"; active swap areas; KJ_IMAGE_FILE.  Only what kjumpd would
 * take is there: kj_target_resolve() and preflight.h decide.
 */
void kj_candidates_find(const struct kj_conf *conf, uint64_t size, struct kj_candidates *ret);

/**
 * kj_candidate_of() - what the user has named
 * @target: a path, or a tag such as PARTUUID=...; a file need not be there
 *
 * Return: 0, or -errno with @reason.
 */
int kj_candidate_of(const struct kj_conf *conf, const char *target, uint64_t size,
		    struct kj_candidate *ret, struct kj_reason *reason);

void kj_candidate_done(struct kj_candidate *candidate);
void kj_candidates_done(struct kj_candidates *candidates);

#endif /* KJ_CANDIDATES_H */
