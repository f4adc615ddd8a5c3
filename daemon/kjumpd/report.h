/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened, told to the journal and to the next reader of the status.
 */
#ifndef KJ_REPORT_H
#define KJ_REPORT_H

#include <stdbool.h>

#include "job.h"
#include "last.h"

/* Catalogue of messages; all have KJUMP_OPERATION=, failures also ERRNO=. */
#define KJ_MESSAGE_READY	"d0eb8177c8414c78a927a34173da0263" /* B is loaded or parked */
#define KJ_MESSAGE_NOT_READY	"2cfcc238edaf4ca3b140acc47cd530fc" /* B is not, and why */
#define KJ_MESSAGE_RESUMED	"31c51d5ebd7247ab8ff9af5a29aef4b7" /* the machine came back */
#define KJ_MESSAGE_TESTED	"ef72cf0f44584422a609a273a6f9a8c6" /* a test succeeded */
#define KJ_MESSAGE_REFUSED	"77be40667bb14eab9ae0fbc3f3d3a0fb" /* nothing was frozen */
#define KJ_MESSAGE_FAILED	"28b75bcc20cd4d9bba1d51e031cfd928" /* B was called in vain */
#define KJ_MESSAGE_LOST		"ec396a356b764e4f857362908f55f0c8" /* nobody came back */

/**
 * kj_report() - write a finished job to the journal
 * @last: updated for hibernations and tests; its file is written
 */
void kj_report(enum kj_job_kind kind, const struct kj_outcome *outcome,
	       struct kj_last *last);

/**
 * kj_report_lost() - a hibernation that nobody came back from, to the journal
 * @last: as kj_lost_look() left it
 */
void kj_report_lost(const struct kj_last *last);

/**
 * kj_report_allow() - keep logind's answers true: CanHibernate and its kin
 * @problem: why hibernation cannot work now, or NULL when it can
 * @hybrid_problem: the same of hybrid-sleep
 *
 * Writes or removes /run/systemd/sleep.conf.d/51-kjump-state.conf, which
 * logind reads at each question.
 */
void kj_report_allow(const char *problem, const char *hybrid_problem);

#endif /* KJ_REPORT_H */
