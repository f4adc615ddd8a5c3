// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sealing, in B, and opening, in C and A.
 *
 * Each image has a key of its own, so a nonce needs to be unique in one image
 * only: it is what the piece is (chunk or index block) and its number.  What a
 * piece must not be torn from is associated data: for a chunk its index entry
 * with the page frames, for an index block its place in the chain.
 */
#include <errno.h>
#include <string.h>

#include "kj-crc32c.h"
#include "key.h"
#include "seal.h"

/* What is sealed; the first byte of the nonce. */
enum piece { PIECE_CHUNK = 1, PIECE_INDEX = 2 };

struct nonce {
	uint8_t bytes[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
};

static struct nonce nonce_of(enum piece piece, uint64_t number)
{
	struct nonce nonce = { { (uint8_t)piece } };
	kj_le64 le = kj_le64_of(number);

	memcpy(nonce.bytes + 4, &le, sizeof(le));	/* 12 bytes, the rest is 0 */
	return nonce;
}

static void encrypt(const struct kj_key *key, const struct nonce *nonce,
		    const void *ad, size_t ad_len, uint8_t *data, size_t len,
		    uint8_t seal[KJ_SEAL_SIZE])
{
	if (key->cipher == KJ_CIPHER_AES256_GCM)
		crypto_aead_aes256gcm_encrypt_detached_afternm(data, seal, NULL, data, len,
				ad, ad_len, NULL, nonce->bytes, &key->gcm);
	else
		crypto_aead_xchacha20poly1305_ietf_encrypt_detached(data, seal, NULL, data, len,
				ad, ad_len, NULL, nonce->bytes, key->bytes);
}

static int decrypt(const struct kj_key *key, const struct nonce *nonce,
		   const void *ad, size_t ad_len, uint8_t *data, size_t len,
		   const uint8_t seal[KJ_SEAL_SIZE])
{
	int r;

	if (key->cipher == KJ_CIPHER_AES256_GCM)
		r = crypto_aead_aes256gcm_decrypt_detached_afternm(data, NULL, data, len, seal,
				ad, ad_len, nonce->bytes, &key->gcm);
	else
		r = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(data, NULL, data, len,
				seal, ad, ad_len, nonce->bytes, key->bytes);
	return r == 0 ? 0 : -EBADMSG;
}

/* CRC-32C in the first four bytes, zeros in the others. */
static void put_checksum(uint8_t seal[KJ_SEAL_SIZE], uint32_t crc)
{
	kj_le32 le = kj_le32_of(crc);

	memset(seal, 0, KJ_SEAL_SIZE);
	memcpy(seal, &le, sizeof(le));
}

/* ---- chunks ------------------------------------------------------------- */

static const void *entry_ad(const struct kj_index_entry *entry)
{
	return &entry->number;
}

static size_t entry_ad_len(const struct kj_index_entry *entry)
{
	return kj_index_entry_size(kj_get16(entry->n_runs)) -
	       offsetof(struct kj_index_entry, number);
}

static void checksum_chunk(const struct kj_sealer *s, const struct kj_index_entry *entry,
			   const uint8_t *payload, uint8_t seal[KJ_SEAL_SIZE])
{
	uint32_t crc = kj_crc32c(0, s->image_id, sizeof(s->image_id));

	crc = kj_crc32c(crc, entry_ad(entry), entry_ad_len(entry));
	put_checksum(seal, kj_crc32c(crc, payload, kj_get32(entry->payload)));
}

void kj_seal_chunk(const struct kj_sealer *s, struct kj_index_entry *entry,
		   uint8_t *payload)
{
	struct nonce nonce = nonce_of(PIECE_CHUNK, kj_get64(entry->number));

	if (s->key)
		encrypt(s->key, &nonce, entry_ad(entry), entry_ad_len(entry),
			payload, kj_get32(entry->payload), entry->seal);
	else
		checksum_chunk(s, entry, payload, entry->seal);
}

int kj_open_chunk(const struct kj_sealer *s, const struct kj_index_entry *entry,
		  uint8_t *payload)
{
	struct nonce nonce = nonce_of(PIECE_CHUNK, kj_get64(entry->number));
	uint8_t seal[KJ_SEAL_SIZE];

	if (s->key)
		return decrypt(s->key, &nonce, entry_ad(entry), entry_ad_len(entry),
			       payload, kj_get32(entry->payload), entry->seal);
	checksum_chunk(s, entry, payload, seal);
	return memcmp(seal, entry->seal, sizeof(seal)) == 0 ? 0 : -EBADMSG;
}

/* ---- index blocks ---------------------------------------------------------- */

#define INDEX_AD_LEN	offsetof(struct kj_index_block, seal)

static void checksum_block(const struct kj_index_block *block, uint8_t seal[KJ_SEAL_SIZE])
{
	const uint8_t *bytes = (const uint8_t *)block;
	uint32_t crc = kj_crc32c(0, bytes, INDEX_AD_LEN);

	put_checksum(seal, kj_crc32c(crc, bytes + KJ_INDEX_SEALED,
				     sizeof(*block) - KJ_INDEX_SEALED));
}

void kj_seal_index_block(const struct kj_sealer *s, struct kj_index_block *block)
{
	struct nonce nonce = nonce_of(PIECE_INDEX, kj_get32(block->sequence));

	block->magic = kj_le32_of(KJ_INDEX_MAGIC);
	memcpy(block->image_id, s->image_id, sizeof(block->image_id));
	if (s->key)
		encrypt(s->key, &nonce, block, INDEX_AD_LEN, block->previous_seal,
			sizeof(*block) - KJ_INDEX_SEALED, block->seal);
	else
		checksum_block(block, block->seal);
}

int kj_open_index_block(const struct kj_sealer *s, struct kj_index_block *block,
			const uint8_t seal[KJ_SEAL_SIZE], const char **ret_reason)
{
	struct nonce nonce = nonce_of(PIECE_INDEX, kj_get32(block->sequence));
	uint8_t now[KJ_SEAL_SIZE];
	int r;

	if (kj_get32(block->magic) != KJ_INDEX_MAGIC) {
		*ret_reason = "there is no index block where one should be";
		return -EBADMSG;
	}
	if (memcmp(block->image_id, s->image_id, sizeof(block->image_id)) != 0) {
		*ret_reason = "an index block is of another image";
		return -EBADMSG;
	}
	*ret_reason = "an index block's seal differs";
	if (memcmp(block->seal, seal, KJ_SEAL_SIZE) != 0)
		return -EBADMSG;
	if (s->key)
		return decrypt(s->key, &nonce, block, INDEX_AD_LEN, block->previous_seal,
			       sizeof(*block) - KJ_INDEX_SEALED, seal);
	checksum_block(block, now);
	r = memcmp(now, seal, sizeof(now));
	return r == 0 ? 0 : -EBADMSG;
}

/* ---- header ----------------------------------------------------------------- */

static void hash_header(const struct kj_key *key, const struct kj_header *h,
			uint8_t ret[sizeof(h->seal)])
{
	struct kj_header lasting = *h;

	lasting.checksum = kj_le32_of(0);
	lasting.generation = kj_le64_of(0);
	lasting.state = kj_le32_of(0);
	memset(lasting.seal, 0, sizeof(lasting.seal));
	crypto_generichash(ret, sizeof(h->seal), (const uint8_t *)&lasting, sizeof(lasting),
			   key->seal, sizeof(key->seal));
}

void kj_seal_image_header(const struct kj_sealer *s, struct kj_header *h)
{
	if (s->key)
		hash_header(s->key, h, h->seal);
}

int kj_check_image_header(const struct kj_sealer *s, const struct kj_header *h)
{
	uint8_t seal[sizeof(h->seal)];

	if (!s->key)
		return 0;
	hash_header(s->key, h, seal);
	return sodium_memcmp(seal, h->seal, sizeof(seal)) == 0 ? 0 : -EBADMSG;
}
