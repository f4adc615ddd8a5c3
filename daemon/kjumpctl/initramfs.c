// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An initramfs as the kernel reads it (Documentation/driver-api/early-userspace):
 *
 *      cpio with microcode | zeros | cpio, mostly compressed
 *
 * The last one is the interesting one, so that the others have to be walked
 * to find where they end.  libarchive decompresses; the walk itself is ours,
 * because libarchive does not say where an archive of several ended.
 *
 * lsinitrd would do, but is a shell script that takes as long as a boot.
 *
 * Runs in kernel A.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "initramfs.h"
#include "kj-cleanup.h"
#include "kj-target.h"

#define HEAD_LEN	110		/* of a newc entry */
#define NAME_MAX_LEN	4096
#define BLOCK		65536

KJ_DEFINE_CLEANUP(struct archive *, archive_read_free)

/* Bytes of the file, or what libarchive makes of them. */
struct stream {
	int fd;
	struct archive *archive;	/* NULL: plain */
	uint64_t at;			/* bytes taken; newc aligns by it */
	size_t have, used;
	uint8_t block[BLOCK];
};

struct entry {
	uint32_t mode;
	uint32_t size;
	char name[NAME_MAX_LEN];
};

static int bad(struct kj_reason *reason, const char *what)
{
	return kj_reason_set(reason, EBADMSG, KJ_WHY_CONFIG, "%s", what);
}

/* More bytes in block: how many, 0 at the end. */
static int fill(struct stream *s, struct kj_reason *reason)
{
	ssize_t n;

	if (s->used < s->have)
		return (int)(s->have - s->used);
	n = s->archive ? archive_read_data(s->archive, s->block, BLOCK) :
			 read(s->fd, s->block, BLOCK);
	if (n < 0 && !s->archive)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "it cannot be read: %m");
	if (n < 0)
		return kj_reason_set(reason, EBADMSG, KJ_WHY_CONFIG, "it is damaged: %s",
				     archive_error_string(s->archive));
	s->used = 0;
	s->have = (size_t)n;
	return (int)n;
}

/* Takes @len bytes; @buf may be NULL. */
static int take(struct stream *s, void *buf, uint64_t len, struct kj_reason *reason)
{
	uint8_t *to = buf;

	while (len > 0) {
		int n = fill(s, reason);

		if (n < 0)
			return n;
		if (n == 0)
			return bad(reason, "it ends in the middle of a file");
		if ((uint64_t)n > len)
			n = (int)len;
		if (to) {
			memcpy(to, s->block + s->used, (size_t)n);
			to += n;
		}
		s->used += (size_t)n;
		s->at += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

static int align(struct stream *s, struct kj_reason *reason)
{
	return take(s, NULL, -s->at & 3, reason);
}

/* Skips zeros: 1 and the next byte, or 0 at the end. */
static int next_byte(struct stream *s, uint8_t *ret, struct kj_reason *reason)
{
	for (;;) {
		int n = fill(s, reason);

		if (n <= 0)
			return n;
		*ret = s->block[s->used];
		if (*ret)
			return 1;
		s->used++;
		s->at++;
	}
}

static int hex(const char *digits, uint32_t *ret)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		const char *all = "0123456789abcdef0123456789ABCDEF";
		const char *found = digits[i] ? strchr(all, digits[i]) : NULL;

		if (!found)
			return -EBADMSG;
		value = value << 4 | (uint32_t)((found - all) & 15);
	}
	*ret = value;
	return 0;
}

static int read_entry(struct stream *s, struct entry *e, struct kj_reason *reason)
{
	uint32_t name_len;
	char head[HEAD_LEN];
	int r;

	r = take(s, head, sizeof(head), reason);
	if (r < 0)
		return r;
	if (memcmp(head, "070701", 6) != 0 && memcmp(head, "070702", 6) != 0)
		return bad(reason, "it holds something that is no cpio archive (newc)");
	if (hex(head + 14, &e->mode) < 0 || hex(head + 54, &e->size) < 0 ||
	    hex(head + 94, &name_len) < 0)
		return bad(reason, "a file's head has no numbers");
	if (name_len < 1 || name_len > sizeof(e->name))
		return bad(reason, "the length of a name is out of range");
	r = take(s, e->name, name_len, reason);
	if (r < 0)
		return r;
	if (e->name[name_len - 1] != '\0')
		return bad(reason, "a name has no end");
	return align(s, reason);
}

/* Is @name in the directory @dir, at any depth? */
static bool within(const char *name, const char *dir)
{
	return strncmp(name, dir, strlen(dir)) == 0;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

static void note_name(const char *name, uint32_t mode, struct kj_initramfs *i)
{
	if (within(name, "usr/lib/dracut/") || within(name, "lib/dracut/"))
		i->generator = KJ_GENERATOR_DRACUT;
	else if (strcmp(name, "conf/initramfs.conf") == 0)
		i->generator = KJ_GENERATOR_INITRAMFS_TOOLS;
	else if (ends_with(name, "/kjump/kjump-resume"))
		i->program = S_ISREG(mode) && (mode & 0111);
	else if (ends_with(name, ".wants/kjump-resume.service") ||
		 within(name, "scripts/local-premount/kjump"))
		i->hook = true;
	else if (ends_with(name, "bin/systemd-ask-password"))
		i->asks = true;
	else if (strcmp(name, "etc/kjump/key") == 0)
		i->key = true;
}

static int take_target(struct stream *s, uint32_t size, struct kj_initramfs *i,
		       struct kj_reason *reason)
{
	if (size > KJ_TARGET_SIZE_MAX)
		return bad(reason, "its description of the target is too long");
	free(i->target);
	i->target = malloc(size + 1u);
	if (!i->target)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "out of memory");
	i->target_len = size;
	return take(s, i->target, size, reason);
}

/* One archive, to its trailer. */
static int read_cpio(struct stream *s, struct kj_initramfs *i, struct kj_reason *reason)
{
	kj_autofree struct entry *e = malloc(sizeof(*e));
	int r = e ? 0 : kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "out of memory");

	s->at = 0;
	while (r == 0) {
		const char *name;

		r = read_entry(s, e, reason);
		if (r < 0)
			break;
		if (strcmp(e->name, "TRAILER!!!") == 0)
			return take(s, NULL, e->size, reason);
		name = e->name + (strncmp(e->name, "./", 2) == 0 ? 2 : 0);
		name += strspn(name, "/");
		note_name(name, e->mode, i);
		if (strcmp(name, "etc/kjump/target") == 0 && S_ISREG(e->mode))
			r = take_target(s, e->size, i, reason);
		else
			r = take(s, NULL, e->size, reason);
		if (r == 0)
			r = align(s, reason);
	}
	return r;
}

/* What is left of the file, through libarchive. */
static int open_compressed(struct stream *s, struct archive **ret, struct kj_reason *reason)
{
	kj_cleanup(archive_read_free) struct archive *a = archive_read_new();
	struct archive_entry *entry;

	if (!a)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "out of memory");
	/* these, and not all: others are programs that it would run */
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	if (lseek(s->fd, -(off_t)(s->have - s->used), SEEK_CUR) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "it cannot be read: %m");
	if (archive_read_open_fd(a, s->fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return kj_reason_set(reason, EBADMSG, KJ_WHY_CONFIG,
				     "it cannot be decompressed: %s", archive_error_string(a));
	s->have = s->used = 0;
	*ret = s->archive = KJ_TAKE_PTR(a);
	return 0;
}

/* "0" begins a cpio archive, and no kind of compression. */
static int read_all(struct stream *s, struct archive **compressed, struct kj_initramfs *i,
		    struct kj_reason *reason)
{
	uint8_t first;
	int r, n = 0;

	while ((r = next_byte(s, &first, reason)) > 0) {
		if (first != '0' && !s->archive)
			r = open_compressed(s, compressed, reason);
		else
			r = read_cpio(s, i, reason);
		if (r < 0)
			return r;
		n++;
	}
	if (r == 0 && !n)
		return bad(reason, "it is empty");
	return r;
}

int kj_initramfs_read(const char *path, struct kj_initramfs *ret, struct kj_reason *reason)
{
	kj_cleanup(archive_read_free) struct archive *compressed = NULL;
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	kj_autofree struct stream *s = calloc(1, sizeof(*s));
	struct kj_initramfs found = { 0 };
	struct kj_reason why = { 0 };
	int r;

	if (!s)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "Cannot read %s: %m", path);
	s->fd = fd;
	r = read_all(s, &compressed, &found, &why);
	if (r < 0) {
		kj_initramfs_done(&found);
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "The initramfs %s is not understood: %.300s",
				     path, why.text);
	}
	*ret = found;
	return 0;
}

void kj_initramfs_done(struct kj_initramfs *initramfs)
{
	free(initramfs->target);
	*initramfs = (struct kj_initramfs){ 0 };
}

char *kj_initramfs_find(const char *root, const char *release)
{
	static const char *const places[] = {
		"/boot/initrd.img-%s",		/* Debian */
		"/boot/initramfs-%s.img",	/* dracut's own default */
		"/boot/initrd-%s",
		"/lib/modules/%s/initrd",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		kj_autofree char *path = NULL;
		char name[256];

		snprintf(name, sizeof(name), places[i], release);
		if (asprintf(&path, "%s%s", root, name) < 0)
			path = NULL;
		if (path && access(path, F_OK) == 0)
			return KJ_TAKE_PTR(path);
	}
	return NULL;
}
