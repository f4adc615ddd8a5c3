// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The print of a device with anything on it: it is taken, twice the same, and
 * neither much nor far away is read, wherever the device's bytes point.
 *
 *      rule | grade | size of the device, in KiB | its first bytes
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-print.h"

#define READ_MAX (8u << 20)

struct device {
	const uint8_t *bytes;
	size_t len;			/* of bytes; zeros behind them */
	uint64_t size;
	uint64_t read;
};

static long read_device(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct device *d = ctx;

	must(len > 0 && len <= KJ_PRINT_READ);
	must(offset < 1ull << 62);
	d->read += len;
	if (offset >= d->size)
		return 0;
	if (len > d->size - offset)
		len = d->size - offset;
	memset(buf, 0, len);
	if (offset < d->len)
		memcpy(buf, d->bytes + offset, len < d->len - offset ? len : d->len - offset);
	return (long)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int rule = KJ_PRINT_EXT + take8(&in) % KJ_PRINT_BLOCKS;
	unsigned int grade = take8(&in);
	uint64_t kib = take16(&in);
	uint8_t one[KJ_PRINT_SIZE] = { 0 }, two[KJ_PRINT_SIZE] = { 0 };
	struct device d = { in.at, in.left, kib << 10, 0 };
	const struct kj_print_source source = { &d, read_device };
	int r;

	if (grade & 2)
		rule |= KJ_PRINT_FIXED;
	grade = grade & 1 ? KJ_GRADE_EXACT : KJ_GRADE_STABLE;
	r = kj_print_take(rule, (enum kj_print_grade)grade, &source, one);
	must(r == 0 || (r == -EOPNOTSUPP && grade == KJ_GRADE_STABLE));
	must(d.read <= READ_MAX);
	must(kj_print_take(rule, (enum kj_print_grade)grade, &source, two) == r);
	must(memcmp(one, two, sizeof(one)) == 0);
	return 0;
}
