/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why something was refused or failed: an errno for programs, a D-Bus error
 * name for callers, one sentence for people (what happened, to what, what to
 * do about it).
 */
#ifndef KJ_REASON_H
#define KJ_REASON_H

#define KJ_REASON_TEXT_MAX 512

/* Last part of the D-Bus error name, after "org.kjump1.Error.". */
#define KJ_WHY_CONFIG	"Configuration"	/* /etc/kjump.conf needs a change */
#define KJ_WHY_KERNEL	"Kernel"	/* the running kernel cannot do it */
#define KJ_WHY_TARGET	"Target"	/* the target is unfit */
#define KJ_WHY_MEMORY	"Memory"	/* too much of it is in use */
#define KJ_WHY_LOAD	"Load"		/* B could not be built, loaded or booted */
#define KJ_WHY_CALL	"Call"		/* A's kernel refused the call */
#define KJ_WHY_IMAGE	"Image"		/* B came back without having done it */
#define KJ_WHY_BUSY	"Busy"		/* another operation is under way */

struct kj_reason {
	int error;			/* positive errno, 0: no failure */
	const char *why;		/* KJ_WHY_*, or NULL */
	char text[KJ_REASON_TEXT_MAX];
};

/**
 * kj_reason_set() - say why
 * @error: errno, positive or negative; "%m" in @format is its text
 * @why: KJ_WHY_*
 *
 * Return: -abs(@error), so that "return kj_reason_set(...)" reads well.
 */
__attribute__((format(printf, 4, 5)))
int kj_reason_set(struct kj_reason *reason, int error, const char *why,
		  const char *format, ...);

#endif /* KJ_REASON_H */
