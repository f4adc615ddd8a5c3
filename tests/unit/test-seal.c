// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is sealed opens with its own key, at its own place, or not at all.
 */
#include "unit.h"

#include "disk.h"
#include "key.h"
#include "machine.h"
#include "seal.h"

#define PASSPHRASE	"correct horse"
#define PAYLOAD		4096u

static const struct kj_cost cheap = { 1, 8192 };
static const char keyfile[] = "0123456789abcdef0123456789abcdef";

struct piece {
	union {
		struct kj_index_entry entry;
		uint8_t room[KJ_INDEX_ENTRY_MAX];
	};
	uint8_t payload[PAYLOAD];
};

static void make_piece(struct piece *p)
{
	memset(p, 0, sizeof(*p));
	p->entry.number = kj_le64_of(77);
	p->entry.payload = kj_le32_of(PAYLOAD);
	p->entry.n_runs = kj_le16_of(2);
	p->entry.runs[0] = kj_disk_run_of(5, 1, KJ_RUN_DATA);
	p->entry.runs[1] = kj_disk_run_of(99, 3, KJ_RUN_ZERO);
	memset(p->payload, 0x42, PAYLOAD);
}

/* Any key will do. */
static struct kj_key *some_key(enum kj_cipher cipher)
{
	struct kj_key *key;

	assert_int_equal(sodium_init() < 0, 0);
	key = sodium_malloc(sizeof(*key));
	key->cipher = cipher;
	memset(key->bytes, 0x17, sizeof(key->bytes));
	memset(key->seal, 0x18, sizeof(key->seal));
	if (cipher == KJ_CIPHER_AES256_GCM)
		crypto_aead_aes256gcm_beforenm(&key->gcm, key->bytes);
	return key;
}

static struct kj_sealer sealer_of(const struct kj_key *key)
{
	struct kj_sealer s = { .key = key };

	memset(s.image_id, 0x33, sizeof(s.image_id));
	return s;
}

static int open_copy(const struct kj_sealer *s, const struct piece *sealed)
{
	struct piece p = *sealed;

	return kj_open_chunk(s, &p.entry, p.payload);
}

static void try_each_bit(const struct kj_sealer *s, const char *name)
{
	struct piece plain, p;
	size_t from = offsetof(struct kj_index_entry, seal);
	size_t entry = kj_index_entry_size(2), n = 0;

	make_piece(&plain);
	p = plain;
	kj_seal_chunk(s, &p.entry, p.payload);
	assert_int_equal(open_copy(s, &p), 0);
	assert_int_equal(memcmp(p.payload, plain.payload, PAYLOAD) != 0, s->key != NULL);

	for (size_t i = from * 8; i < entry * 8; i++, n++) {
		/* Of n_runs and payload the format's checks know the limits. */
		if (i / 8 >= offsetof(struct kj_index_entry, payload) &&
		    i / 8 < offsetof(struct kj_index_entry, codec))
			continue;
		p.room[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(open_copy(s, &p), -EBADMSG);
		p.room[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < PAYLOAD * 8; i += 7, n++) {
		p.payload[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(open_copy(s, &p), -EBADMSG);
		p.payload[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	saw("%s: %zu bits\n", name, n);
}

static void each_flipped_bit_of_a_chunk_or_its_place_is_noticed(void **state)
{
	struct kj_key *aes, *chacha = some_key(KJ_CIPHER_XCHACHA20);
	struct kj_sealer s = sealer_of(NULL);

	(void)state;
	try_each_bit(&s, "crc32c");
	s.key = chacha;
	try_each_bit(&s, "xchacha20-poly1305");
	kj_key_free(chacha);
	if (!crypto_aead_aes256gcm_is_available()) {
		saw("this CPU has no AES\n");
		return;
	}
	aes = some_key(KJ_CIPHER_AES256_GCM);
	s.key = aes;
	try_each_bit(&s, "aes256-gcm");
	kj_key_free(aes);
}

static void a_chunk_of_another_image_does_not_open(void **state)
{
	struct kj_sealer s = sealer_of(NULL);
	struct piece p;

	(void)state;
	make_piece(&p);
	kj_seal_chunk(&s, &p.entry, p.payload);
	s.image_id[3] ^= 1;
	assert_int_equal(open_copy(&s, &p), -EBADMSG);
}

/* ---- whole images ----------------------------------------------------------- */

static struct kj_recipient *passphrase_recipient(void)
{
	static struct kj_recipient r;
	struct kj_error error;

	assert_int_equal(kj_recipient_generate(PASSPHRASE, strlen(PASSPHRASE), cheap, &r,
					       &error), 0);
	return &r;
}

static struct disk *sealed_disk(struct machine *m, const struct kj_recipient *recipient,
				struct kj_image_info *info)
{
	struct disk *disk = disk_new(m->n_pages * KJ_PAGE_SIZE + (16 << 20));
	struct kj_error error = { "" };

	m->recipient = recipient;
	assert_int_equal(machine_write(m, &disk->store, NULL, &error), 0);
	assert_int_equal(kj_image_probe(&disk->store, info, &error), 0);
	return disk;
}

static bool disk_contains(const struct disk *disk, const void *bytes, size_t len)
{
	return memmem(disk->bytes, disk->store.size, bytes, len) != NULL;
}

static void an_encrypted_image_opens_with_the_passphrase_alone(void **state)
{
	struct machine *m = machine_new(2000, CONTENT_MIXED, 3);
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct disk *disk = sealed_disk(m, passphrase_recipient(), &info);
	struct kj_key *key;
	bool same;

	(void)state;
	assert_int_equal(machine_compare(m, &disk->store, &same, &error), -ENOKEY);
	saw("%s\n", error.text);
	assert_int_equal(kj_key_unlock_passphrase(&info, "correct hors", 12, &key, &error),
			 -EKEYREJECTED);
	saw("%s\n", error.text);
	assert_int_equal(kj_key_unlock_passphrase(&info, PASSPHRASE, strlen(PASSPHRASE),
						  &key, &error), 0);
	m->key = key;
	assert_int_equal(machine_compare(m, &disk->store, &same, &error), 0);
	assert_true(same);
	kj_key_free(key);
	disk_free(disk);
	machine_free(m);
}

static void a_key_file_opens_its_images_and_no_other_does(void **state)
{
	struct machine *m = machine_new(500, CONTENT_MIXED, 4);
	struct kj_error error = { "" };
	struct kj_recipient recipient;
	struct kj_image_info info;
	struct kj_key *key;
	struct disk *disk;
	bool same;

	(void)state;
	assert_int_equal(kj_recipient_of_keyfile(keyfile, 31, &recipient, &error), -EINVAL);
	saw("%s\n", error.text);
	assert_int_equal(kj_recipient_of_keyfile(keyfile, 32, &recipient, &error), 0);
	disk = sealed_disk(m, &recipient, &info);
	assert_int_equal(kj_key_unlock_keyfile(&info, keyfile + 1, 32, &key, &error),
			 -EKEYREJECTED);
	saw("%s\n", error.text);
	assert_int_equal(kj_key_unlock_keyfile(&info, keyfile, 32, &key, &error), 0);
	m->key = key;
	assert_int_equal(machine_compare(m, &disk->store, &same, &error), 0);
	assert_true(same);
	kj_key_free(key);
	disk_free(disk);
	machine_free(m);
}

static void nothing_of_the_memory_is_readable_on_the_disk(void **state)
{
	struct machine *m = machine_new(400, CONTENT_TEXT, 5);
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_disk_run run;
	struct disk *disk;

	(void)state;
	for (unsigned int i = 0; i < 300; i++)		/* does not compress */
		memset(m->bytes + i * KJ_PAGE_SIZE, 0, KJ_PAGE_SIZE);
	memcpy(m->bytes + 301 * KJ_PAGE_SIZE, "a secret that is as long as this", 32);
	disk = sealed_disk(m, NULL, &info);
	run = kj_disk_run_of(384, 16, KJ_RUN_DATA);
	assert_true(disk_contains(disk, "a secret that is as long as this", 32));
	assert_true(disk_contains(disk, &run, sizeof(run)));
	disk_free(disk);
	disk = sealed_disk(m, passphrase_recipient(), &info);
	assert_false(disk_contains(disk, "a secret that", 13));
	assert_false(disk_contains(disk, &run, sizeof(run)));
	disk_free(disk);
	assert_int_equal(error.text[0], 0);
	machine_free(m);
}

/* Chunks that compress leave room between them, where pages were before. */
static void the_gaps_between_chunks_hold_nothing(void **state)
{
	static const char secret[] = "PLAINTEXT-SECRET";
	struct machine *m = machine_new(64 * KJ_CHUNK_PAGES_MAX, CONTENT_RANDOM, 9);
	struct kj_image_info info;
	struct disk *disk;

	(void)state;
	for (uint64_t i = 0; i < m->n_pages; i++)
		for (unsigned int k = 0; i / KJ_CHUNK_PAGES_MAX % 2 && k < KJ_PAGE_SIZE; k += 16)
			memcpy(m->bytes + i * KJ_PAGE_SIZE + k, secret, 16);
	disk = sealed_disk(m, NULL, &info);
	assert_true(disk_contains(disk, secret, 16));
	disk_free(disk);
	disk = sealed_disk(m, passphrase_recipient(), &info);
	assert_false(disk_contains(disk, secret, 16));
	disk_free(disk);
	machine_free(m);
}

static void an_image_made_for_the_same_public_key_by_others_is_refused(void **state)
{
	struct machine *m = machine_new(300, CONTENT_MIXED, 6);
	struct kj_recipient recipient = *passphrase_recipient();
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_key *key;
	struct disk *disk;
	bool same;

	(void)state;
	recipient.origin[7] ^= 1;		/* public key and vault are on the disk */
	kj_recipient_seal(&recipient);
	disk = sealed_disk(m, &recipient, &info);
	assert_int_equal(kj_key_unlock_passphrase(&info, PASSPHRASE, strlen(PASSPHRASE),
						  &key, &error), 0);
	m->key = key;
	assert_int_equal(machine_compare(m, &disk->store, &same, &error), -EBADMSG);
	saw("%s\n", error.text);
	kj_key_free(key);
	disk_free(disk);
	machine_free(m);
}

static void each_changed_field_of_an_encrypted_header_is_refused(void **state)
{
	struct machine *m = machine_new(300, CONTENT_MIXED, 7);
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct disk *disk = sealed_disk(m, passphrase_recipient(), &info);
	struct kj_header *h = (void *)disk->bytes;
	unsigned int n = 0;
	struct kj_key *key;
	bool same;

	(void)state;
	assert_int_equal(kj_key_unlock_passphrase(&info, PASSPHRASE, strlen(PASSPHRASE),
						  &key, &error), 0);
	m->key = key;
	for (size_t at = offsetof(struct kj_header, image_id);
	     at < offsetof(struct kj_header, reserved); at++, n++) {
		for (int i = 0; i < 2; i++) {
			((uint8_t *)(h + i))[at] ^= 1;
			kj_header_seal(h + i);
		}
		assert_true(machine_compare(m, &disk->store, &same, &error) < 0);
		for (int i = 0; i < 2; i++)
			((uint8_t *)(h + i))[at] ^= 1;
	}
	saw("%u bytes\n", n);
	kj_key_free(key);
	disk_free(disk);
	machine_free(m);
}

static void no_two_images_have_the_same_key(void **state)
{
	struct kj_recipient *recipient = passphrase_recipient();
	uint8_t id[16] = { 1 };
	struct kj_slot slot[2];
	struct kj_key *key[2];
	enum kj_cipher cipher;
	struct kj_error error;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(kj_key_new(recipient, id, &cipher, &slot[i], &key[i], &error), 0);
	assert_memory_not_equal(key[0]->bytes, key[1]->bytes, 32);
	assert_memory_not_equal(key[0]->bytes, key[0]->seal, 32);
	kj_key_free(key[0]);
	kj_key_free(key[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flipped_bit_of_a_chunk_or_its_place_is_noticed),
		cmocka_unit_test(a_chunk_of_another_image_does_not_open),
		cmocka_unit_test(an_encrypted_image_opens_with_the_passphrase_alone),
		cmocka_unit_test(a_key_file_opens_its_images_and_no_other_does),
		cmocka_unit_test(nothing_of_the_memory_is_readable_on_the_disk),
		cmocka_unit_test(the_gaps_between_chunks_hold_nothing),
		cmocka_unit_test(an_image_made_for_the_same_public_key_by_others_is_refused),
		cmocka_unit_test(each_changed_field_of_an_encrypted_header_is_refused),
		cmocka_unit_test(no_two_images_have_the_same_key),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
