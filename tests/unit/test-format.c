// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-format: each limit is kept by the checkers, although the checksum is
 * right, as it is when somebody made the image on purpose.
 */
#include "unit.h"

#include "kj-crc32c.h"
#include "kj-format.h"

#define STORE_SIZE (64ull << 20)

static struct kj_header *good_header(void)
{
	static struct kj_header h;

	memset(&h, 0, sizeof(h));
	h.state = kj_le32_of(KJ_HEADER_VALID);
	h.generation = kj_le64_of(7);
	memset(h.image_id, 0x5a, sizeof(h.image_id));
	h.store_size = kj_le64_of(STORE_SIZE);
	h.bytes_stored = kj_le64_of(1 << 20);
	h.chunks = kj_le64_of(2);
	h.pages = kj_le64_of(300);
	h.zero_pages = kj_le64_of(100);
	h.max_pfn = kj_le64_of(65536);
	h.ram_pages = kj_le64_of(60000);
	h.index_blocks = kj_le32_of(1);
	h.index_last = kj_le64_of((1 << 20) - KJ_INDEX_SIZE);
	strcpy(h.kernel_release, "6.12.0");
	kj_header_seal(&h);
	return &h;
}

static void a_sealed_header_is_accepted(void **state)
{
	const char *reason = "";

	(void)state;
	assert_int_equal(kj_header_check(good_header(), STORE_SIZE, &reason), 0);
}

static void each_flipped_bit_of_a_header_is_noticed(void **state)
{
	struct kj_header *h = good_header();
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(*h) * 8; i++) {
		((uint8_t *)h)[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(kj_header_check(h, STORE_SIZE, &reason) < 0);
		((uint8_t *)h)[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	saw("%zu bits\n", sizeof(*h) * 8);
}

static void other_data_is_not_a_damaged_header(void **state)
{
	static struct kj_header h;
	const char *reason;

	(void)state;
	assert_int_equal(kj_header_check(&h, STORE_SIZE, &reason), -ENODATA);
	memset(&h, 0xff, sizeof(h));
	assert_int_equal(kj_header_check(&h, STORE_SIZE, &reason), -ENODATA);
}

#define REFUSE_HEADER(change, expected)						\
	do {									\
		struct kj_header *h = good_header();				\
		const char *reason = "accepted";				\
		change;								\
		kj_header_seal(h);						\
		assert_int_equal(kj_header_check(h, STORE_SIZE, &reason), -EBADMSG); \
		assert_string_equal(reason, expected);				\
	} while (0)

static void each_limit_of_a_header_is_kept(void **state)
{
	(void)state;
	REFUSE_HEADER(h->features = kj_le32_of(2),
		      "the header asks for features that are not known");
	REFUSE_HEADER(h->state = kj_le32_of(4), "the header's state is not known");
	REFUSE_HEADER(h->generation = kj_le64_of(KJ_GENERATION_MAX + 1),
		      "the header's generation is out of range");
	REFUSE_HEADER(h->prints[0].digest[9] = 1, "the header's reserved bytes are not zero");
	REFUSE_HEADER(h->reserved[15] = 1, "the header's reserved bytes are not zero");
	REFUSE_HEADER(h->n_prints = kj_le32_of(1),
		      "the header's number of file systems is out of range");
	REFUSE_HEADER(h->features = kj_le32_of(KJ_FEATURE_PRINTS),
		      "the header's number of file systems is out of range");
	REFUSE_HEADER((h->features = kj_le32_of(KJ_FEATURE_PRINTS), h->n_prints = kj_le32_of(1)),
		      "the rule of a file system's print is not known");
	REFUSE_HEADER(h->word_pages = kj_le64_of(201),
		      "the header counts more zero pages than pages");
	REFUSE_HEADER(h->cipher = kj_le32_of(3), "the header's cipher is not known");
	REFUSE_HEADER(h->slot.lock = kj_le32_of(3), "the header's lock is not known");
	REFUSE_HEADER(h->cipher = kj_le32_of(KJ_CIPHER_XCHACHA20),
		      "the header's cipher and lock contradict each other");
	REFUSE_HEADER(h->seal[0] = 1, "an image that is not encrypted has keys");
	REFUSE_HEADER(h->slot.key_id[15] = 1, "an image that is not encrypted has keys");
	REFUSE_HEADER((h->cipher = kj_le32_of(1), h->slot.lock = kj_le32_of(KJ_LOCK_PASSPHRASE)),
		      "the passphrase's cost is out of range");
	REFUSE_HEADER((h->cipher = kj_le32_of(1), h->slot.lock = kj_le32_of(KJ_LOCK_PASSPHRASE),
		       h->slot.vault.operations = kj_le64_of(1),
		       h->slot.vault.memory = kj_le64_of(UINT64_MAX)),
		      "the passphrase's memory is out of range");
	REFUSE_HEADER(h->max_pfn = kj_le64_of(KJ_PFN_MAX + 1),
		      "the header's memory size is out of range");
	REFUSE_HEADER(h->ram_pages = kj_le64_of(KJ_PFN_MAX + 1),
		      "the header's memory size is out of range");
	REFUSE_HEADER(h->pages = kj_le64_of(65537),
		      "the header counts more pages than there is memory");
	REFUSE_HEADER(h->zero_pages = kj_le64_of(301),
		      "the header counts more zero pages than pages");
	REFUSE_HEADER(h->chunks = kj_le64_of(301),
		      "the header counts more chunks than pages");
	REFUSE_HEADER(h->chunks = kj_le64_of(0), "the header's counts contradict each other");
	REFUSE_HEADER(h->kernel_release[0] = '\n', "the header's kernel release is not a text");
	REFUSE_HEADER(memset(h->kernel_release, 'a', KJ_RELEASE_MAX),
		      "the header's kernel release is not a text");
	REFUSE_HEADER(h->store_size = kj_le64_of(KJ_STORE_SIZE_MAX + 1),
		      "the header's store size is out of range");
	REFUSE_HEADER(h->bytes_stored = kj_le64_of(4096),
		      "the header's image size is not a size of images");
	REFUSE_HEADER(h->bytes_stored = kj_le64_of((1 << 20) + 1),
		      "the header's image size is not a size of images");
	REFUSE_HEADER(h->bytes_stored = kj_le64_of(STORE_SIZE + 4096),
		      "the image is larger than its store");
	REFUSE_HEADER(h->index_blocks = kj_le32_of(UINT32_MAX),
		      "the header's index is larger than the image");
	REFUSE_HEADER(h->index_blocks = kj_le32_of(16),
		      "the header's index is larger than the image");
	REFUSE_HEADER(h->index_last = kj_le64_of((1 << 20) - KJ_INDEX_SIZE + 4096),
		      "the header's index is outside the image");
	REFUSE_HEADER(h->index_last = kj_le64_of(0), "the header's index is outside the image");
	REFUSE_HEADER(h->index_last = kj_le64_of(8200), "the header's index is outside the image");
	REFUSE_HEADER(h->index_last = kj_le64_of(UINT64_MAX - 4095),
		      "the header's index is outside the image");
}

static void an_option_that_is_not_known_is_ignored(void **state)
{
	struct kj_header *h = good_header();
	const char *reason;

	(void)state;
	h->options = kj_le32_of(1u << 31);
	h->reserved[0] = 1;
	kj_header_seal(h);
	assert_int_equal(kj_header_check(h, STORE_SIZE, &reason), 0);
}

static void another_version_is_refused_by_its_age(void **state)
{
	const uint32_t versions[] = { KJ_FORMAT_VERSION - 1, KJ_FORMAT_VERSION + 1 };
	static const char *const reasons[] = { "the image's format is of an older kjump",
					       "the image's format is of a newer kjump" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct kj_header *h = good_header();
		const char *reason = "accepted";

		h->version = kj_le32_of(versions[i]);
		h->checksum = kj_le32_of(0);
		h->checksum = kj_le32_of(kj_crc32c(0, (const uint8_t *)h, sizeof(*h)));
		assert_int_equal(kj_header_check(h, STORE_SIZE, &reason), -EBADMSG);
		assert_string_equal(reason, reasons[i]);
	}
}

static void a_header_of_a_larger_store_is_refused_on_a_smaller_one(void **state)
{
	const char *reason = "accepted";

	(void)state;
	assert_int_equal(kj_header_check(good_header(), (1 << 20) - 4096, &reason), -EBADMSG);
	assert_string_equal(reason, "the image is larger than its store");
}

/* An index block with one entry: 2 stored pages, 3 zero ones, 2 of one word. */
static struct kj_index_block *good_block(struct kj_index_entry **ret_entry)
{
	static struct kj_index_block block;
	struct kj_index_entry *entry = (void *)block.data;

	memset(&block, 0, sizeof(block));
	block.magic = kj_le32_of(KJ_INDEX_MAGIC);
	memset(block.image_id, 0x5a, sizeof(block.image_id));
	entry->offset = kj_le64_of(8192);
	entry->payload = kj_le32_of(8 + 2 * 4096);
	entry->n_runs = kj_le16_of(3);
	entry->runs[0] = kj_disk_run_of(1000, 2, KJ_RUN_DATA);
	entry->runs[1] = kj_disk_run_of(65533, 3, KJ_RUN_ZERO);
	entry->runs[2] = kj_disk_run_of(7, 2, KJ_RUN_WORD);
	block.entries = kj_le32_of(1);
	block.used = kj_le32_of(72 + (uint32_t)kj_index_entry_size(3));
	*ret_entry = entry;
	return &block;
}

static int check_block(struct kj_index_block *block, const char **reason)
{
	return kj_index_block_check(block, good_header(), 0, reason);
}

#define REFUSE_BLOCK(change, expected)						\
	do {									\
		struct kj_index_entry *e;					\
		struct kj_index_block *b = good_block(&e);			\
		const char *reason = "accepted";				\
		change;								\
		assert_int_equal(check_block(b, &reason), -EBADMSG);		\
		assert_string_equal(reason, expected);				\
	} while (0)

static void a_sealed_index_block_is_accepted(void **state)
{
	struct kj_index_entry *entry;
	const char *reason = "";

	(void)state;
	assert_int_equal(check_block(good_block(&entry), &reason), 0);
}

static void each_limit_of_an_index_block_is_kept(void **state)
{
	(void)state;
	REFUSE_BLOCK(b->image_id[15] = 0, "an index block is of another image");
	REFUSE_BLOCK(b->sequence = kj_le32_of(1), "an index block is not in its place");
	REFUSE_BLOCK(b->magic = kj_le32_of(1), "there is no index block where one should be");
	REFUSE_BLOCK(b->previous_seal[15] = 1, "the first index block has a previous one");
	REFUSE_BLOCK(b->used = kj_le32_of(KJ_INDEX_SIZE + 8),
		     "an index block's length is out of range");
	REFUSE_BLOCK(b->used = kj_le32_of(71), "an index block's length is out of range");
	REFUSE_BLOCK(b->used = kj_le32_of(72 + 39), "an index entry is cut off");
	REFUSE_BLOCK(b->used = kj_le32_of(72 + 40 + 23), "an index entry is cut off");
	REFUSE_BLOCK(b->used = kj_le32_of(72 + 40 + 24 + 8),
		     "an index block has bytes after its entries");
	REFUSE_BLOCK(b->data[5000] = 1, "an index block's rest is not zero");
	REFUSE_BLOCK(b->entries = kj_le32_of(0), "an index block is empty");
	REFUSE_BLOCK(b->entries = kj_le32_of(2), "an index entry is cut off");
	REFUSE_BLOCK(b->previous = kj_le64_of(8192), "the first index block has a previous one");
}

static void each_limit_of_an_index_entry_is_kept(void **state)
{
	(void)state;
	REFUSE_BLOCK(e->n_runs = kj_le16_of(0), "a chunk's number of runs is out of range");
	REFUSE_BLOCK(e->runs[0] = kj_disk_run_of(1, 0, 0),
		     "a chunk's number of pages is out of range");
	REFUSE_BLOCK((e->n_runs = kj_le16_of(129), b->used = kj_le32_of(72 + 40 + 129 * 8)),
		     "a chunk's number of runs is out of range");
	REFUSE_BLOCK(e->runs[0] = kj_disk_run_of(1, 129, 0),
		     "a chunk's number of pages is out of range");
	REFUSE_BLOCK(e->runs[0] = kj_disk_run_of(1, 124, KJ_RUN_ZERO),
		     "a chunk's number of pages is out of range");
	REFUSE_BLOCK(e->runs[0] = kj_disk_run_of(1, 2, 3),
		     "the kind of a run of pages is not known");
	REFUSE_BLOCK(e->runs[0] = kj_disk_run_of(65535, 2, 0), "a page is outside the memory");
	REFUSE_BLOCK(e->runs[1] = kj_disk_run_of((1ull << 48) - 1, 1, KJ_RUN_ZERO),
		     "a page is outside the memory");
	REFUSE_BLOCK(e->codec = kj_le16_of(2), "a chunk's codec is not known");
	REFUSE_BLOCK(e->payload = kj_le32_of(2 * 4096),
		     "a stored chunk's length is not that of its pages");
	REFUSE_BLOCK(e->codec = kj_le16_of(KJ_CODEC_LZ4),
		     "a compressed chunk's length is out of range");
	REFUSE_BLOCK((e->codec = kj_le16_of(KJ_CODEC_LZ4), e->payload = kj_le32_of(0)),
		     "a compressed chunk's length is out of range");
	REFUSE_BLOCK(e->number = kj_le64_of(kj_get64(good_header()->chunks)),
		     "a chunk's number is out of range");
	REFUSE_BLOCK(e->offset = kj_le64_of(8196), "a chunk is outside the image");
	REFUSE_BLOCK(e->offset = kj_le64_of(4096), "a chunk is outside the image");
	REFUSE_BLOCK(e->offset = kj_le64_of((1 << 20) - 8192), "a chunk is outside the image");
	REFUSE_BLOCK(e->offset = kj_le64_of(UINT64_MAX - 7), "a chunk is outside the image");
}

static struct kj_recipient *good_recipient(void)
{
	static struct kj_recipient r;

	memset(&r, 0, sizeof(r));
	r.lock = kj_le32_of(KJ_LOCK_PASSPHRASE);
	r.vault.operations = kj_le64_of(3);
	r.vault.memory = kj_le64_of(64 << 20);
	return &r;
}

#define REFUSE_RECIPIENT(change, expected)					\
	do {									\
		struct kj_recipient *r = good_recipient();			\
		const char *reason = "accepted";				\
		change;								\
		r->checksum.raw = 0;						\
		kj_recipient_seal(r);						\
		assert_int_equal(kj_recipient_check(r, sizeof(*r), &reason), -EBADMSG); \
		assert_string_equal(reason, expected);				\
	} while (0)

static void a_damaged_recipient_is_refused(void **state)
{
	const char *reason = "accepted";
	struct kj_recipient *good = good_recipient();

	(void)state;
	kj_recipient_seal(good);
	assert_int_equal(kj_recipient_check(good, sizeof(*good), &reason), 0);
	assert_int_equal(kj_recipient_check(good, sizeof(*good) - 1, &reason), -EBADMSG);
	good->origin[0] ^= 1;
	assert_int_equal(kj_recipient_check(good, sizeof(*good), &reason), -EBADMSG);
	assert_string_equal(reason, "its checksum differs");
}

static void each_limit_of_a_recipient_is_kept(void **state)
{
	(void)state;
	REFUSE_RECIPIENT(r->lock = kj_le32_of(0), "its lock is not known");
	REFUSE_RECIPIENT(r->lock = kj_le32_of(3), "its lock is not known");
	REFUSE_RECIPIENT(r->lock = kj_le32_of(KJ_LOCK_KEYFILE),
			 "a key file's key has what a passphrase's has");
	REFUSE_RECIPIENT(r->reserved[35] = 1, "its reserved bytes are not zero");
	REFUSE_RECIPIENT(r->vault.operations = kj_le64_of(0),
			 "the passphrase's cost is out of range");
	REFUSE_RECIPIENT(r->vault.operations = kj_le64_of(65),
			 "the passphrase's cost is out of range");
	REFUSE_RECIPIENT(r->vault.memory = kj_le64_of(8191),
			 "the passphrase's memory is out of range");
	REFUSE_RECIPIENT(r->vault.memory = kj_le64_of((4ull << 30) + 1),
			 "the passphrase's memory is out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_header_is_accepted),
		cmocka_unit_test(each_flipped_bit_of_a_header_is_noticed),
		cmocka_unit_test(other_data_is_not_a_damaged_header),
		cmocka_unit_test(each_limit_of_a_header_is_kept),
		cmocka_unit_test(an_option_that_is_not_known_is_ignored),
		cmocka_unit_test(another_version_is_refused_by_its_age),
		cmocka_unit_test(a_header_of_a_larger_store_is_refused_on_a_smaller_one),
		cmocka_unit_test(a_sealed_index_block_is_accepted),
		cmocka_unit_test(each_limit_of_an_index_block_is_kept),
		cmocka_unit_test(each_limit_of_an_index_entry_is_kept),
		cmocka_unit_test(a_damaged_recipient_is_refused),
		cmocka_unit_test(each_limit_of_a_recipient_is_kept),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
