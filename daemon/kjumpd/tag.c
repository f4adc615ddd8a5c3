// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udev keeps a link for each tag.  Where there is none, because udev has not
 * come that far or does not run (a chroot), all partitions are looked at, each
 * in the sandbox: libblkid's own search would do that inside kjumpd.
 *
 * Runs in kernel A.
 */
#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "kj-cleanup.h"
#include "probe.h"
#include "tag.h"

static const struct tag {
	const char *name;
	const char *directory;
	size_t offset;			/* in struct kj_probe */
} tags[] = {
	{ "PARTUUID",  "/dev/disk/by-partuuid",  offsetof(struct kj_probe, part_uuid) },
	{ "PARTLABEL", "/dev/disk/by-partlabel", offsetof(struct kj_probe, part_label) },
	{ "UUID",      "/dev/disk/by-uuid",      offsetof(struct kj_probe, uuid) },
	{ "LABEL",     "/dev/disk/by-label",     offsetof(struct kj_probe, label) },
};

/* Return: the tag, and its value behind the "=". */
static const struct tag *parse(const char *spec, const char **ret_value)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t len = strlen(tags[i].name);

		if (strncmp(spec, tags[i].name, len) == 0 && spec[len] == '=' && spec[len + 1]) {
			*ret_value = spec + len + 1;
			return &tags[i];
		}
	}
	return NULL;
}

static char *find_link(const struct tag *tag, const char *value)
{
	char encoded[4 * KJ_PROBE_VALUE_MAX], path[sizeof(encoded) + 64];

	if (blkid_encode_string(value, encoded, sizeof(encoded)) < 0)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", tag->directory, encoded);
	return realpath(path, NULL);
}

static bool has_tag(const char *path, const struct tag *tag, const char *value)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct kj_reason ignored;
	struct kj_probe found;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) ||
	    kj_probe(fd, st.st_rdev, path, &found, &ignored) < 0)
		return false;
	/* UUIDs are written in either case; labels are what they are. */
	return (strstr(tag->name, "UUID") ? strcasecmp : strcmp)
		((const char *)&found + tag->offset, value) == 0;
}

/* All block devices with a size, as /proc/partitions has them. */
static char *search(const struct tag *tag, const char *value)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/partitions", "re");
	char line[256], name[128], path[sizeof(name) + 8];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u %*u %*u %127s", name) != 1)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", name);
		for (char *p = path + 5; (p = strchr(p, '!')); )
			*p = '/';
		if (has_tag(path, tag, value))
			return strdup(path);
	}
	return NULL;
}

int kj_tag_find(const char *spec, char **ret, struct kj_reason *reason)
{
	const char *value;
	const struct tag *tag = parse(spec, &value);
	char *path;

	if (!tag)
		return kj_reason_set(reason, EINVAL, KJ_WHY_CONFIG,
				     "\"Target=%s\" is neither an absolute path nor a tag such as PARTUUID=...: correct /etc/kjump.conf",
				     spec);
	path = find_link(tag, value);
	if (!path)
		path = search(tag, value);
	if (!path)
		return kj_reason_set(reason, ENODEV, KJ_WHY_TARGET,
				     "No block device has the target's tag %s", spec);
	*ret = path;
	return 0;
}
