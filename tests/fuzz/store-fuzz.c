// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store of a fuzz target.  Like the unit tests' disk it stops at a request
 * that the engine must never make.
 */
#include <errno.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "store-fuzz.h"

static void check_request(const struct fuzz_store *s, uint64_t offset, const void *buf,
			  size_t len)
{
	must(offset % KJ_STORE_ALIGN == 0);
	must(len % KJ_STORE_ALIGN == 0);
	must((uintptr_t)buf % KJ_STORE_ALIGN == 0);
	must(len <= s->store.size && offset <= s->store.size - len);
}

static int fuzz_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct fuzz_store *s = ctx;
	size_t n = offset >= s->len ? 0 : s->len - offset;

	check_request(s, offset, buf, len);
	n = n < len ? n : len;
	if (n > 0)
		memcpy(buf, s->bytes + offset, n);
	memset((uint8_t *)buf + n, 0, len - n);
	return 0;
}

static int fuzz_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	struct fuzz_store *s = ctx;

	check_request(s, offset, buf, len);
	if (len > s->len || offset > s->len - len)
		return -EIO;
	memcpy(s->bytes + offset, buf, len);
	return 0;
}

static int fuzz_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

void fuzz_store_init(struct fuzz_store *s, size_t len, uint64_t size)
{
	s->store = (struct kj_store) { s, size, fuzz_read, fuzz_write, fuzz_flush };
	s->bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->len = len;
	must(s->bytes != MAP_FAILED);
}

void fuzz_store_done(struct fuzz_store *s)
{
	munmap(s->bytes, s->len);
}
