// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scene: sealed in A, checked in B, and its prints in C and A again.
 */
#include "check.h"
#include "kj-scene.h"

void kj_scene_seal(struct kj_scene *scene)
{
	memcpy(scene->magic, KJ_SCENE_MAGIC, sizeof(scene->magic));
	scene->version = kj_le32_of(KJ_SCENE_VERSION);
	scene->checksum = kj_le32_of(kj_checksum_without(scene,
					kj_scene_size(kj_get32(scene->n_prints)),
					offsetof(struct kj_scene, checksum)));
}

static const char *check_print(const struct kj_print *p)
{
	if (kj_print_rule(p) < KJ_PRINT_EXT || kj_print_rule(p) > KJ_PRINT_BLOCKS)
		return "the rule of a file system's print is not known";
	if (kj_get16(p->grade) > KJ_GRADE_EXACT)
		return "the grade of a file system's print is not known";
	if (kj_get32(p->reserved) != 0)
		return "a file system's reserved bytes are not zero";
	if (kj_get64(p->start) > KJ_PRINT_START_MAX)
		return "a file system's place is out of range";
	if (kj_get16(p->grade) == KJ_GRADE_NONE && !kj_all_zero(p->digest, sizeof(p->digest)))
		return "a file system without a print has one";
	if (!kj_is_text(p->tag, sizeof(p->tag)) || !strchr(p->tag, '='))
		return "a file system's tag is not NAME=value";
	if (!kj_is_text(p->type, sizeof(p->type)) || !*p->type)
		return "a file system's type is not a text";
	if (!kj_is_text(p->where, sizeof(p->where)) || !*p->where)
		return "a file system's mount point is not a text";
	return NULL;
}

const char *kj_prints_check(const struct kj_print *prints, uint32_t n)
{
	const char *reason = NULL;

	for (uint32_t i = 0; i < n && !reason; i++)
		reason = check_print(&prints[i]);
	return reason;
}

int kj_scene_check(const void *buf, size_t len, const char **ret_reason)
{
	const struct kj_scene *scene = buf;
	const char *reason = NULL;

	if (len < kj_scene_size(0))
		reason = "it is shorter than its head";
	else if (memcmp(scene->magic, KJ_SCENE_MAGIC, sizeof(scene->magic)) != 0)
		reason = "it is not a list of file systems";
	else if (kj_get32(scene->version) != KJ_SCENE_VERSION)
		reason = "its version is not known";
	else if (kj_get32(scene->n_prints) > KJ_PRINTS_MAX ||
		 len != kj_scene_size(kj_get32(scene->n_prints)))
		reason = "its length does not match its number of file systems";
	else if (kj_get32(scene->checksum) != kj_checksum_without(scene, len,
					offsetof(struct kj_scene, checksum)))
		reason = "its checksum differs";
	else if (!kj_all_zero(scene->reserved, sizeof(scene->reserved)))
		reason = "its reserved bytes are not zero";
	else
		reason = kj_prints_check(scene->prints, kj_get32(scene->n_prints));
	return kj_refuse(ret_reason, reason);
}

const char *kj_grade_name(uint32_t grade)
{
	static const char *const names[] = {
		[KJ_GRADE_NONE]   = "none",
		[KJ_GRADE_STABLE] = "stable",
		[KJ_GRADE_EXACT]  = "exact",
	};

	return grade < sizeof(names) / sizeof(names[0]) ? names[grade] : "unknown";
}
