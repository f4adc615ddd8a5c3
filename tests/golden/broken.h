/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the rows of the tables of broken images are written.
 *
 * A row is a golden image, what is changed in it, the number of the check in
 * FORMAT.md, section 9, that must refuse it, and what the reader says.  Seals and
 * checksums are right again after the edits and change(), and not after spoil().
 */
#ifndef KJ_GOLDEN_BROKEN_H
#define KJ_GOLDEN_BROKEN_H

#include "victim.h"

#define FIELD(type, field) \
	.at = offsetof(type, field), .size = sizeof(((type *)0)->field)

#define H(field, v)	{ PART_HEADER, FIELD(struct kj_header, field), .value = (v) }
#define H_ADD(field, v)	{ PART_HEADER, FIELD(struct kj_header, field), .value = (uint64_t)(v), \
			  .add = true }
/* Adds to the n-th byte of a field. */
#define H_BYTE(field, n, v) { PART_HEADER, .at = offsetof(struct kj_header, field) + (n), \
			  .size = 1, .value = (v), .add = true }
#define B(n, field, v)	{ PART_BLOCK, n, FIELD(struct kj_index_block, field), .value = (v) }
#define B_ADD(n, field, v) { PART_BLOCK, n, FIELD(struct kj_index_block, field), \
			  .value = (uint64_t)(v), .add = true }
#define E(which, field, v) { PART_ENTRY, WHICH_ ## which, FIELD(struct kj_index_entry, field), \
			  .value = (v) }
#define E_ADD(which, field, v) { PART_ENTRY, WHICH_ ## which, \
			  FIELD(struct kj_index_entry, field), .value = (uint64_t)(v), \
			  .add = true }
/* The i-th run. */
#define R(which, i, pfn, n, kind) { PART_ENTRY, WHICH_ ## which, \
			  .at = sizeof(struct kj_index_entry) + 8 * (i), .size = 8, \
			  .value = (uint64_t)(pfn) | (uint64_t)((n) | (kind) << 14) << 48 }

#endif /* KJ_GOLDEN_BROKEN_H */
