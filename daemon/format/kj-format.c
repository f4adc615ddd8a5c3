// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkers of the image's structures; B makes them, C and A check.
 *
 * Each checker goes from what makes the bytes ours (magic, version, checksum)
 * to what they say, and stops at the first thing that is wrong, with a phrase
 * for a person.  No arithmetic is done on a value before its limit is known,
 * so nothing can wrap around.
 */
#include "check.h"
#include "kj-format.h"

/* ---- header ------------------------------------------------------------- */

void kj_header_seal(struct kj_header *h)
{
	memcpy(h->magic, KJ_HEADER_MAGIC, sizeof(h->magic));
	h->version = kj_le32_of(KJ_FORMAT_VERSION);
	h->checksum = kj_le32_of(kj_checksum_without(h, sizeof(*h),
					offsetof(struct kj_header, checksum)));
}

/* How many prints there are, and what is behind them. */
static const char *check_header_rest(const struct kj_header *h)
{
	uint32_t n = kj_get32(h->n_prints);
	const void *rest;

	if (n > KJ_PRINTS_MAX ||
	    (n > 0) != ((kj_get32(h->features) & KJ_FEATURE_PRINTS) != 0))
		return "the header's number of file systems is out of range";
	rest = &h->prints[n];
	if (kj_get32(h->options) == 0 &&
	    !kj_all_zero(rest, (size_t)((const uint8_t *)(h + 1) - (const uint8_t *)rest)))
		return "the header's reserved bytes are not zero";
	return NULL;
}

static const char *check_header_head(const struct kj_header *h)
{
	if (kj_get32(h->checksum) != kj_checksum_without(h, sizeof(*h),
					offsetof(struct kj_header, checksum)))
		return "the header's checksum differs";
	if (kj_get32(h->version) < KJ_FORMAT_VERSION)
		return "the image's format is of an older kjump";
	if (kj_get32(h->version) > KJ_FORMAT_VERSION)
		return "the image's format is of a newer kjump";
	if (kj_get32(h->features) & ~KJ_FEATURE_PRINTS)
		return "the header asks for features that are not known";
	if (kj_get32(h->state) > KJ_HEADER_CLAIMED)
		return "the header's state is not known";
	if (kj_get64(h->generation) > KJ_GENERATION_MAX)
		return "the header's generation is out of range";
	return check_header_rest(h);
}

static const char *check_header_memory(const struct kj_header *h)
{
	if (kj_get64(h->max_pfn) > KJ_PFN_MAX || kj_get64(h->ram_pages) > KJ_PFN_MAX)
		return "the header's memory size is out of range";
	if (kj_get64(h->pages) > kj_get64(h->max_pfn))
		return "the header counts more pages than there is memory";
	if (kj_get64(h->zero_pages) > kj_get64(h->pages) ||
	    kj_get64(h->word_pages) > kj_get64(h->pages) - kj_get64(h->zero_pages))
		return "the header counts more zero pages than pages";
	if (kj_get64(h->chunks) > kj_get64(h->pages))
		return "the header counts more chunks than pages";
	if (!kj_is_text(h->kernel_release, sizeof(h->kernel_release)))
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
		return last || !kj_all_zero(h->index_seal, sizeof(h->index_seal)) ?
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

static const char *check_vault(const struct kj_vault *v)
{
	if (kj_get64(v->operations) < 1 || kj_get64(v->operations) > KJ_VAULT_OPERATIONS_MAX)
		return "the passphrase's cost is out of range";
	if (kj_get64(v->memory) < 8192 || kj_get64(v->memory) > KJ_VAULT_MEMORY_MAX)
		return "the passphrase's memory is out of range";
	return NULL;
}

static const char *check_header_lock(const struct kj_header *h)
{
	uint32_t cipher = kj_get32(h->cipher), lock = kj_get32(h->slot.lock);

	if (cipher > KJ_CIPHER_XCHACHA20)
		return "the header's cipher is not known";
	if (lock > KJ_LOCK_KEYFILE)
		return "the header's lock is not known";
	if ((cipher == KJ_CIPHER_NONE) != (lock == KJ_LOCK_NONE))
		return "the header's cipher and lock contradict each other";
	if (lock == KJ_LOCK_NONE &&
	    !(kj_all_zero(&h->slot, sizeof(h->slot)) &&
	      kj_all_zero(h->seal, sizeof(h->seal))))
		return "an image that is not encrypted has keys";
	if (kj_get32(h->slot.reserved) != 0)
		return "the header's reserved bytes are not zero";
	return lock == KJ_LOCK_PASSPHRASE ? check_vault(&h->slot.vault) : NULL;
}

int kj_header_check(const struct kj_header *h, uint64_t store_size,
		    const char **ret_reason)
{
	const char *reason;

	if (memcmp(h->magic, KJ_HEADER_MAGIC, sizeof(h->magic)) != 0) {
		*ret_reason = "there is no header";
		return -ENODATA;
	}
	reason = check_header_head(h);
	if (!reason && kj_get32(h->state) != KJ_HEADER_NONE) {
		reason = check_header_memory(h);
		if (!reason)
			reason = check_header_store(h, store_size);
		if (!reason)
			reason = check_header_lock(h);
		if (!reason)
			reason = kj_prints_check(h->prints, kj_get32(h->n_prints));
	}
	return kj_refuse(ret_reason, reason);
}

/* ---- runs --------------------------------------------------------------- */

static void count_run(const struct kj_disk_run *run, struct kj_content *c)
{
	uint32_t n = kj_run_pages(run);

	switch (kj_run_kind(run)) {
	case KJ_RUN_ZERO:
		c->zero_pages += n;
		break;
	case KJ_RUN_WORD:
		c->word_pages += n;
		c->words++;
		break;
	default:
		c->data_pages += n;
	}
}

int kj_runs_check(const struct kj_disk_run *runs, uint32_t n_runs, uint64_t max_pfn,
		  struct kj_content *ret, const char **ret_reason)
{
	uint32_t left = KJ_CHUNK_PAGES_MAX;

	*ret = (struct kj_content) { 0 };
	if (n_runs < 1 || n_runs > KJ_CHUNK_RUNS_MAX)
		return kj_refuse(ret_reason, "a chunk's number of runs is out of range");
	for (uint32_t i = 0; i < n_runs; i++) {
		uint64_t pfn = kj_run_pfn(&runs[i]);
		uint32_t n = kj_run_pages(&runs[i]);

		if (kj_run_kind(&runs[i]) > KJ_RUN_ZERO)
			return kj_refuse(ret_reason, "the kind of a run of pages is not known");
		if (n < 1 || n > left)
			return kj_refuse(ret_reason, "a chunk's number of pages is out of range");
		if (pfn >= max_pfn || n > max_pfn - pfn)
			return kj_refuse(ret_reason, "a page is outside the memory");
		left -= n;
		count_run(&runs[i], ret);
	}
	return 0;
}

/* ---- index -------------------------------------------------------------- */

static const char *check_payload(uint32_t codec, uint32_t payload, uint32_t plain)
{
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
	struct kj_content content;
	const char *reason;

	if (kj_runs_check(entry->runs, n_runs, kj_get64(h->max_pfn),
			  &content, &reason) < 0)
		return reason;
	reason = check_payload(kj_get16(entry->codec), payload, kj_content_plain(&content));
	if (reason)
		return reason;
	if (kj_get64(entry->number) >= kj_get64(h->chunks))
		return "a chunk's number is out of range";
	if (offset % KJ_CHUNK_ALIGN || offset < KJ_DATA_START || offset > stored ||
	    payload > stored - offset)
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
	if (!kj_all_zero(end, (size_t)((const uint8_t *)(block + 1) - end)))
		return "an index block's rest is not zero";
	return NULL;
}

static const char *check_chain(const struct kj_index_block *block,
			       const struct kj_header *h)
{
	uint64_t previous = kj_get64(block->previous);

	if (kj_get32(block->sequence) == 0)
		return previous || !kj_all_zero(block->previous_seal, KJ_SEAL_SIZE) ?
			"the first index block has a previous one" : NULL;
	if (previous % KJ_FORMAT_ALIGN || previous < KJ_DATA_START ||
	    previous > kj_get64(h->bytes_stored) - KJ_INDEX_SIZE)
		return "an index block is outside the image";
	return NULL;
}

int kj_index_block_check(const struct kj_index_block *block,
			 const struct kj_header *h, uint32_t sequence,
			 const char **ret_reason)
{
	const char *reason = NULL;

	if (kj_get32(block->magic) != KJ_INDEX_MAGIC)
		reason = "there is no index block where one should be";
	else if (memcmp(block->image_id, h->image_id, sizeof(h->image_id)) != 0)
		reason = "an index block is of another image";
	else if (kj_get32(block->sequence) != sequence)
		reason = "an index block is not in its place";
	else if (kj_get32(block->used) < offsetof(struct kj_index_block, data) ||
		 kj_get32(block->used) > sizeof(*block))
		reason = "an index block's length is out of range";
	else if (kj_get32(block->entries) == 0)
		reason = "an index block is empty";
	if (!reason)
		reason = check_chain(block, h);
	if (!reason)
		reason = check_entries(block, h);
	return kj_refuse(ret_reason, reason);
}

/* ---- keys ---------------------------------------------------------------- */

const char *kj_lock_name(uint32_t lock)
{
	static const char *const names[] = {
		[KJ_LOCK_NONE]       = "nothing",
		[KJ_LOCK_PASSPHRASE] = "a passphrase",
		[KJ_LOCK_KEYFILE]    = "a key file",
	};

	return lock < sizeof(names) / sizeof(names[0]) ? names[lock] : "something unknown";
}

void kj_recipient_seal(struct kj_recipient *r)
{
	memcpy(r->magic, KJ_RECIPIENT_MAGIC, sizeof(r->magic));
	r->version = kj_le32_of(KJ_RECIPIENT_VERSION);
	r->checksum = kj_le32_of(kj_checksum_without(r, sizeof(*r),
					offsetof(struct kj_recipient, checksum)));
}

int kj_recipient_check(const void *buf, size_t len, const char **ret_reason)
{
	const struct kj_recipient *r = buf;
	const char *reason = NULL;

	if (len != sizeof(*r))
		reason = "its length is not that of a key";
	else if (memcmp(r->magic, KJ_RECIPIENT_MAGIC, sizeof(r->magic)) != 0)
		reason = "it is not a key of kjump";
	else if (kj_get32(r->checksum) != kj_checksum_without(r, sizeof(*r),
					offsetof(struct kj_recipient, checksum)))
		reason = "its checksum differs";
	else if (kj_get32(r->version) != KJ_RECIPIENT_VERSION)
		reason = "its version is not known";
	else if (!kj_all_zero(r->reserved, sizeof(r->reserved)))
		reason = "its reserved bytes are not zero";
	else if (kj_get32(r->lock) == KJ_LOCK_PASSPHRASE)
		reason = check_vault(&r->vault);
	else if (kj_get32(r->lock) != KJ_LOCK_KEYFILE)
		reason = "its lock is not known";
	else if (!kj_all_zero(r->public_key, sizeof(r->public_key)) ||
		 !kj_all_zero(&r->vault, sizeof(r->vault)))
		reason = "a key file's key has what a passphrase's has";
	return kj_refuse(ret_reason, reason);
}
