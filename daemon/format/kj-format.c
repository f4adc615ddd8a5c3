// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Seals and checkers of the image's structures; B seals, C and A check.
 *
 * Each checker goes from what makes the bytes ours (magic, version, checksum)
 * to what they say, and stops at the first thing that is wrong, with a phrase
 * for a person.  No arithmetic is done on a value before its limit is known,
 * so nothing can wrap around.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "kj-crc32c.h"
#include "kj-format.h"

/* CRC-32C of @len bytes, with the 4 bytes at @at taken as 0. */
static uint32_t checksum_without(const void *data, size_t len, size_t at)
{
	static const uint8_t zero[sizeof(kj_le32)];
	const uint8_t *bytes = data;
	uint32_t crc;

	crc = kj_crc32c(0, bytes, at);
	crc = kj_crc32c(crc, zero, sizeof(zero));
	at += sizeof(zero);
	return kj_crc32c(crc, bytes + at, len - at);
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return len == 0 || (*p == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static bool is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return all_zero((const uint8_t *)text + len, size - len);
}

static int refuse(const char **ret_reason, const char *reason)
{
	if (!reason)
		return 0;
	*ret_reason = reason;
	return -EBADMSG;
}

/* ---- header ------------------------------------------------------------- */

void kj_header_seal(struct kj_header *h)
{
	memcpy(h->magic, KJ_HEADER_MAGIC, sizeof(h->magic));
	h->version = kj_le32_of(KJ_FORMAT_VERSION);
	h->checksum = kj_le32_of(checksum_without(h, sizeof(*h),
					offsetof(struct kj_header, checksum)));
}

static const char *check_header_seal(const struct kj_header *h)
{
	if (kj_get32(h->checksum) != checksum_without(h, sizeof(*h),
					offsetof(struct kj_header, checksum)))
		return "the header's checksum differs";
	if (kj_get32(h->version) != KJ_FORMAT_VERSION)
		return "the header's version is not known";
	if (kj_get32(h->features) != 0)
		return "the header asks for features that are not known";
	if (kj_get32(h->state) > KJ_HEADER_CLAIMED)
		return "the header's state is not known";
	if (kj_get64(h->generation) > KJ_GENERATION_MAX)
		return "the header's generation is out of range";
	if (!all_zero(h->reserved, sizeof(h->reserved)))
		return "the header's reserved bytes are not zero";
	return NULL;
}

static const char *check_header_memory(const struct kj_header *h)
{
	if (kj_get64(h->max_pfn) > KJ_PFN_MAX || kj_get64(h->ram_pages) > KJ_PFN_MAX)
		return "the header's memory size is out of range";
	if (kj_get64(h->pages) > kj_get64(h->max_pfn))
		return "the header counts more pages than there is memory";
	if (kj_get64(h->zero_pages) > kj_get64(h->pages))
		return "the header counts more zero pages than pages";
	if (kj_get64(h->chunks) > kj_get64(h->pages))
		return "the header counts more chunks than pages";
	if (!is_text(h->kernel_release, sizeof(h->kernel_release)))
		return "the header's kernel release is not a text";
	return NULL;
}

static const char *check_header_store(const struct kj_header *h, uint64_t store_size)
{
	uint64_t stored = kj_get64(h->bytes_stored);
	uint64_t blocks = kj_get32(h->index_blocks);
	uint64_t last = kj_get64(h->index_last);

	if (kj_get64(h->store_size) > KJ_STORE_SIZE_MAX)
		return "the header's store size is out of range";
	if (stored % KJ_FORMAT_ALIGN || stored < KJ_DATA_START)
		return "the header's image size is not a size of images";
	if (stored > store_size || stored > kj_get64(h->store_size))
		return "the image is larger than its store";
	if ((blocks == 0) != (kj_get64(h->pages) == 0) ||
	    (blocks == 0) != (kj_get64(h->chunks) == 0))
		return "the header's counts contradict each other";
	if (blocks == 0)
		return last || kj_get32(h->index_checksum) ?
			"the header points to an index of no blocks" : NULL;
	if (blocks > KJ_INDEX_BLOCKS_MAX ||
	    blocks * KJ_INDEX_SIZE > stored - KJ_DATA_START)
		return "the header's index is larger than the image";
	if (kj_get64(h->chunks) > blocks * (KJ_INDEX_SIZE / kj_index_entry_size(1)))
		return "the header counts more chunks than its index can hold";
	if (last % KJ_FORMAT_ALIGN || last < KJ_DATA_START ||
	    last > stored - KJ_INDEX_SIZE)
		return "the header's index is outside the image";
	return NULL;
}

int kj_header_check(const struct kj_header *h, uint64_t store_size,
		    const char **ret_reason)
{
	const char *reason;

	if (memcmp(h->magic, KJ_HEADER_MAGIC, sizeof(h->magic)) != 0) {
		*ret_reason = "there is no header";
		return -ENODATA;
	}
	reason = check_header_seal(h);
	if (!reason && kj_get32(h->state) != KJ_HEADER_NONE) {
		reason = check_header_memory(h);
		if (!reason)
			reason = check_header_store(h, store_size);
	}
	return refuse(ret_reason, reason);
}

/* ---- runs --------------------------------------------------------------- */

int kj_runs_check(const struct kj_disk_run *runs, uint32_t n_runs, uint64_t max_pfn,
		  uint32_t *ret_data, uint32_t *ret_zero, const char **ret_reason)
{
	uint32_t data = 0, zero = 0;

	if (n_runs < 1 || n_runs > KJ_CHUNK_RUNS_MAX)
		return refuse(ret_reason, "a chunk's number of runs is out of range");
	for (uint32_t i = 0; i < n_runs; i++) {
		uint64_t pfn = kj_run_pfn(&runs[i]);
		uint32_t n = kj_run_pages(&runs[i]);

		if (n < 1 || n > KJ_CHUNK_PAGES_MAX - data - zero)
			return refuse(ret_reason, "a chunk's number of pages is out of range");
		if (pfn >= max_pfn || n > max_pfn - pfn)
			return refuse(ret_reason, "a page is outside the memory");
		if (kj_run_is_zero(&runs[i]))
			zero += n;
		else
			data += n;
	}
	*ret_data = data;
	*ret_zero = zero;
	return 0;
}

/* ---- index -------------------------------------------------------------- */

void kj_index_block_seal(struct kj_index_block *block)
{
	block->magic = kj_le32_of(KJ_INDEX_MAGIC);
	block->checksum = kj_le32_of(checksum_without(block, sizeof(*block),
					offsetof(struct kj_index_block, checksum)));
}

static const char *check_payload(uint32_t codec, uint32_t payload, uint32_t pages)
{
	uint32_t plain = pages * KJ_FORMAT_PAGE_SIZE;

	if (codec != KJ_CODEC_STORED && codec != KJ_CODEC_LZ4)
		return "a chunk's codec is not known";
	if (codec == KJ_CODEC_STORED && payload != plain)
		return "a stored chunk's length is not that of its pages";
	if (codec == KJ_CODEC_LZ4 && (payload == 0 || payload >= plain))
		return "a compressed chunk's length is out of range";
	return NULL;
}

static const char *check_entry(const struct kj_index_entry *entry,
			       const struct kj_header *h)
{
	uint64_t offset = kj_get64(entry->offset);
	uint32_t payload = kj_get32(entry->payload);
	uint32_t n_runs = kj_get16(entry->n_runs);
	uint64_t stored = kj_get64(h->bytes_stored);
	uint32_t data, zero;
	const char *reason;

	if (kj_runs_check(entry->runs, n_runs, kj_get64(h->max_pfn),
			  &data, &zero, &reason) < 0)
		return reason;
	reason = check_payload(kj_get16(entry->codec), payload, data);
	if (reason)
		return reason;
	if (kj_get32(entry->reserved) != 0)
		return "an index entry's reserved bytes are not zero";
	if (offset % KJ_CHUNK_ALIGN || offset < KJ_DATA_START || offset > stored ||
	    kj_chunk_head_size(n_runs) + payload > stored - offset)
		return "a chunk is outside the image";
	return NULL;
}

static const char *check_entries(const struct kj_index_block *block,
				 const struct kj_header *h)
{
	const uint8_t *p = block->data;
	const uint8_t *end = (const uint8_t *)block + kj_get32(block->used);
	uint32_t n = kj_get32(block->entries);

	for (uint32_t i = 0; i < n; i++) {
		const struct kj_index_entry *entry = (const void *)p;
		const char *reason;

		if ((size_t)(end - p) < sizeof(*entry) ||
		    (size_t)(end - p) < kj_index_entry_size(kj_get16(entry->n_runs)))
			return "an index entry is cut off";
		reason = check_entry(entry, h);
		if (reason)
			return reason;
		p += kj_index_entry_size(kj_get16(entry->n_runs));
	}
	if (p != end)
		return "an index block has bytes after its entries";
	if (!all_zero(end, (size_t)((const uint8_t *)(block + 1) - end)))
		return "an index block's rest is not zero";
	return NULL;
}

static const char *check_chain(const struct kj_index_block *block,
			       const struct kj_header *h)
{
	uint64_t previous = kj_get64(block->previous);

	if (kj_get32(block->sequence) == 0)
		return previous || kj_get32(block->previous_checksum) ?
			"the first index block has a previous one" : NULL;
	if (previous % KJ_FORMAT_ALIGN || previous < KJ_DATA_START ||
	    previous > kj_get64(h->bytes_stored) - KJ_INDEX_SIZE)
		return "an index block is outside the image";
	return NULL;
}

int kj_index_block_check(const struct kj_index_block *block,
			 const struct kj_header *h, uint32_t sequence,
			 uint32_t checksum, const char **ret_reason)
{
	const char *reason = NULL;

	if (kj_get32(block->magic) != KJ_INDEX_MAGIC)
		reason = "there is no index block where one should be";
	else if (kj_get32(block->checksum) != checksum ||
		 checksum_without(block, sizeof(*block),
			offsetof(struct kj_index_block, checksum)) != checksum)
		reason = "an index block's checksum differs";
	else if (memcmp(block->image_id, h->image_id, sizeof(h->image_id)) != 0)
		reason = "an index block is of another image";
	else if (kj_get32(block->sequence) != sequence)
		reason = "an index block is not in its place";
	else if (!all_zero(block->reserved, sizeof(block->reserved)))
		reason = "an index block's reserved bytes are not zero";
	else if (kj_get32(block->used) < offsetof(struct kj_index_block, data) ||
		 kj_get32(block->used) > sizeof(*block))
		reason = "an index block's length is out of range";
	else if (kj_get32(block->entries) == 0)
		reason = "an index block is empty";
	if (!reason)
		reason = check_chain(block, h);
	if (!reason)
		reason = check_entries(block, h);
	return refuse(ret_reason, reason);
}

/* ---- chunk -------------------------------------------------------------- */

void kj_chunk_seal(struct kj_chunk *c)
{
	size_t len = kj_chunk_head_size(kj_get16(c->n_runs)) + kj_get32(c->payload);

	c->magic = kj_le32_of(KJ_CHUNK_MAGIC);
	c->checksum = kj_le32_of(checksum_without(c, len,
					offsetof(struct kj_chunk, checksum)));
}

int kj_chunk_check(const struct kj_chunk *c, const struct kj_index_entry *entry,
		   const uint8_t image_id[16], const char **ret_reason)
{
	uint32_t n_runs = kj_get16(entry->n_runs);
	size_t len = kj_chunk_head_size(n_runs) + kj_get32(entry->payload);
	uint32_t checksum = kj_get32(entry->checksum);
	const char *reason = NULL;

	if (kj_get32(c->magic) != KJ_CHUNK_MAGIC)
		reason = "there is no chunk where one should be";
	else if (memcmp(c->image_id, image_id, sizeof(c->image_id)) != 0)
		reason = "it is of another image";
	else if (kj_get32(c->checksum) != checksum ||
		 checksum_without(c, len,
			offsetof(struct kj_chunk, checksum)) != checksum)
		reason = "its checksum differs";
	else if (kj_get16(c->n_runs) != n_runs ||
		 kj_get32(c->payload) != kj_get32(entry->payload) ||
		 kj_get16(c->codec) != kj_get16(entry->codec) ||
		 memcmp(c->runs, entry->runs, n_runs * sizeof(c->runs[0])) != 0)
		reason = "it differs from its index entry";
	return refuse(ret_reason, reason);
}
