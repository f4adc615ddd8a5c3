/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scene: what must be as A left it when A comes back.
 *
 * A goes on with the file systems it has in memory.  Whoever mounted one of
 * them meanwhile has changed it on the disk, and A would write its old blocks
 * over the new ones.  So A names every file system that it has mounted, with a
 * *print* (kj-print.h) of what a mount changes; C takes the prints again and
 * refuses the image when one differs.  The same holds for where RAM is.
 *
 *      A: struct kj_scene  --call-->  B: sharpens the prints  -->  header  --> C
 *
 * A can only take what its own writing leaves alone, since it goes on writing
 * until the kernel has frozen it.  B runs while A's disks lie still, and takes
 * all there is of those that it can see.  A print has a grade that says which.
 */
#ifndef KJ_SCENE_H
#define KJ_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "kj-endian.h"

#define KJ_PRINTS_MAX		24u
#define KJ_PRINT_SIZE		32u

/* Which bytes of the device make the print; FORMAT.md, section 2. */
enum kj_print_rule {
	KJ_PRINT_EXT		= 1,	/* ext2, ext3, ext4 */
	KJ_PRINT_XFS		= 2,
	KJ_PRINT_BTRFS		= 3,
	KJ_PRINT_FAT		= 4,
	KJ_PRINT_F2FS		= 5,
	KJ_PRINT_BLOCKS		= 6,	/* all others: the first blocks */
};

/* Beside the rule: only the bytes that have a fixed place. */
#define KJ_PRINT_FIXED		0x100u

enum kj_print_grade {
	KJ_GRADE_NONE		= 0,	/* none was taken: it cannot be compared */
	KJ_GRADE_STABLE		= 1,	/* of what its user leaves alone */
	KJ_GRADE_EXACT		= 2,	/* taken when nobody wrote */
};

/* A file system that A had mounted: 144 bytes, in a call and in the header. */
struct kj_print {
	uint8_t  digest[KJ_PRINT_SIZE];	/* 0 with KJ_GRADE_NONE */
	kj_le16  rule;			/* enum kj_print_rule, KJ_PRINT_FIXED */
	kj_le16  grade;			/* enum kj_print_grade */
	kj_le32  reserved;		/* 0 */
	kj_le64  start;			/* byte of the device where it begins: of
					 * what lies on LVM or LUKS */
	char     tag[48];		/* libblkid's, "PARTUUID=" or "UUID=" */
	char     type[16];		/* as /proc/mounts has it */
	char     where[32];		/* mount point */
};

/* Texts end in "..." where they were cut; "?" is what is not printable ASCII. */
_Static_assert(sizeof(struct kj_print) == 144, "on-disk size");

#define KJ_PRINT_START_MAX	(1ull << 60)

/* ---- from A to B ---------------------------------------------------------- */

#define KJ_SCENE_MAGIC		"KJ_SCENE"
#define KJ_SCENE_VERSION	1u

struct kj_scene {
	char     magic[8];
	kj_le32  version;
	kj_le32  checksum;		/* CRC-32C of everything, this field as 0 */
	kj_le32  n_prints;
	uint8_t  reserved[12];		/* 0 */
	uint8_t  memory_map_digest[32];	/* kj-memmap.h; 0: not known */
	struct kj_print prints[KJ_PRINTS_MAX];	/* as many as n_prints are passed */
};

_Static_assert(offsetof(struct kj_scene, prints) == 64, "size in a call");

/** kj_scene_size() - bytes of it that are passed */
static inline size_t kj_scene_size(uint32_t n_prints)
{
	return offsetof(struct kj_scene, prints) + n_prints * sizeof(struct kj_print);
}

/**
 * kj_scene_seal() - fill in magic, version and checksum
 */
void kj_scene_seal(struct kj_scene *scene);

/**
 * kj_scene_check() - are these bytes a scene?
 * @len: how many
 *
 * Return: 0 or -EBADMSG.
 */
int kj_scene_check(const void *buf, size_t len, const char **ret_reason);

/**
 * kj_prints_check() - the same for prints alone, as the header has them
 * @n: at most KJ_PRINTS_MAX
 *
 * Return: NULL, or what is wrong: a static English phrase.
 */
const char *kj_prints_check(const struct kj_print *prints, uint32_t n);

/** kj_print_rule() - without KJ_PRINT_FIXED; of checked ones enum kj_print_rule */
static inline unsigned int kj_print_rule(const struct kj_print *p)
{
	return kj_get16(p->rule) & ~KJ_PRINT_FIXED;
}

/** kj_grade_name() - "none", "stable", "exact" */
const char *kj_grade_name(uint32_t grade);

#endif /* KJ_SCENE_H */
