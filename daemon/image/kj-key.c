// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys: made in B, found again in C and A, never written anywhere.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

#include "fail.h"
#include "key.h"
#include "kj-cleanup.h"

#define KEYFILE_MIN	32u
#define STACK_BYTES	4096u
#define COST_OPERATIONS	3u
#define COST_MEMORY	(256ull << 20)
#define COST_MEMORY_MIN	(8ull << 20)

static const char image_context[] = "kjump image";
static const char header_context[] = "kjump header";
static const char keyfile_context[] = "kjump key file";

/* What a passphrase protects. */
struct secrets {
	uint8_t private_key[crypto_box_SECRETKEYBYTES];
	uint8_t origin[32];
};

_Static_assert(sizeof(((struct kj_vault *)0)->box) ==
	       sizeof(struct secrets) + crypto_aead_xchacha20poly1305_ietf_ABYTES, "box");
_Static_assert(sizeof(((struct kj_slot *)0)->secret) == 32 + crypto_box_SEALBYTES, "sealed box");
_Static_assert(sizeof(((struct kj_vault *)0)->salt) == crypto_pwhash_SALTBYTES, "salt");

static void free_secrets(struct secrets *secrets)
{
	sodium_free(secrets);
}
KJ_DEFINE_CLEANUP(struct secrets *, free_secrets)

/* libsodium waits for entropy with its own generator at the first use. */
static int prepare(struct kj_error *error)
{
	if (sodium_init() < 0)
		return kj_fail(error, -EIO, "libsodium does not start");
	return 0;
}

struct kj_cost kj_cost_default(void)
{
	struct kj_cost cost = { COST_OPERATIONS, COST_MEMORY };
	struct sysinfo si;

	if (sysinfo(&si) == 0)
		while (cost.memory > (uint64_t)si.totalram * si.mem_unit / 8 &&
		       cost.memory > COST_MEMORY_MIN)
			cost.memory /= 2;
	return cost;
}

/* The passphrase's key: as many seconds and bytes as the vault says. */
static int stretch(const struct kj_vault *vault, const char *passphrase, size_t len,
		   uint8_t ret[32], struct kj_error *error)
{
	uint64_t memory = kj_get64(vault->memory);

	if (crypto_pwhash(ret, 32, passphrase, len, vault->salt,
			  kj_get64(vault->operations), memory,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return kj_fail(error, -ENOMEM, "the passphrase needs %llu MiB of memory to be checked",
			       (unsigned long long)memory >> 20);
	return 0;
}

static int lock_vault(const struct secrets *secrets, const char *passphrase, size_t len,
		      struct kj_cost cost, struct kj_vault *vault, struct kj_error *error)
{
	uint8_t key[32];
	int r;

	vault->operations = kj_le64_of(cost.operations);
	vault->memory = kj_le64_of(cost.memory);
	randombytes_buf(vault->salt, sizeof(vault->salt));
	randombytes_buf(vault->nonce, sizeof(vault->nonce));
	r = stretch(vault, passphrase, len, key, error);
	if (r == 0)
		crypto_aead_xchacha20poly1305_ietf_encrypt(vault->box, NULL,
				(const uint8_t *)secrets, sizeof(*secrets), NULL, 0, NULL,
				vault->nonce, key);
	sodium_memzero(key, sizeof(key));
	return r;
}

static int open_vault(const struct kj_vault *vault, const char *passphrase, size_t len,
		      struct secrets *secrets, struct kj_error *error)
{
	uint8_t key[32];
	int r = stretch(vault, passphrase, len, key, error);

	if (r == 0 &&
	    crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)secrets, NULL, NULL,
			vault->box, sizeof(vault->box), NULL, 0, vault->nonce, key) != 0)
		r = kj_fail(error, -EKEYREJECTED, "the passphrase is wrong");
	sodium_memzero(key, sizeof(key));
	return r;
}

int kj_recipient_generate(const char *passphrase, size_t len, struct kj_cost cost,
			  struct kj_recipient *ret, struct kj_error *error)
{
	kj_cleanup(free_secrets) struct secrets *secrets = NULL;
	int r = prepare(error);

	if (r < 0)
		return r;
	secrets = sodium_malloc(sizeof(*secrets));
	if (!secrets)
		return kj_fail(error, -ENOMEM, "there is no memory to lock for keys");
	memset(ret, 0, sizeof(*ret));
	ret->lock = kj_le32_of(KJ_LOCK_PASSPHRASE);
	crypto_box_keypair(ret->public_key, secrets->private_key);
	randombytes_buf(secrets->origin, sizeof(secrets->origin));
	memcpy(ret->origin, secrets->origin, sizeof(ret->origin));
	r = lock_vault(secrets, passphrase, len, cost, &ret->vault, error);
	if (r < 0)
		return r;
	kj_recipient_seal(ret);
	return 0;
}

static int digest_keyfile(const void *bytes, size_t len, uint8_t ret[32],
			  struct kj_error *error)
{
	if (len < KEYFILE_MIN)
		return kj_fail(error, -EINVAL, "the key file has %zu bytes; it needs %u or more",
			       len, KEYFILE_MIN);
	crypto_generichash(ret, 32, bytes, len, (const uint8_t *)keyfile_context,
			   sizeof(keyfile_context));
	return 0;
}

int kj_recipient_of_keyfile(const void *bytes, size_t len, struct kj_recipient *ret,
			    struct kj_error *error)
{
	int r = prepare(error);

	memset(ret, 0, sizeof(*ret));
	if (r == 0)
		r = digest_keyfile(bytes, len, ret->origin, error);
	if (r < 0)
		return r;
	ret->lock = kj_le32_of(KJ_LOCK_KEYFILE);
	kj_recipient_seal(ret);
	return 0;
}

/* Tells one key file from another, and nothing of what is in it. */
static void keyfile_id(const uint8_t origin[32], uint8_t ret[16])
{
	crypto_generichash(ret, 16, origin, 32, (const uint8_t *)keyfile_context,
			   sizeof(keyfile_context));
}

/* ---- the key of an image ---------------------------------------------------- */

static void hash_key(uint8_t ret[32], const uint8_t origin[32], const uint8_t secret[32],
		     const uint8_t image_id[16], const char *context, size_t context_len)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, origin, 32, 32);
	crypto_generichash_update(&state, (const uint8_t *)context, context_len);
	crypto_generichash_update(&state, secret, 32);
	crypto_generichash_update(&state, image_id, 16);
	crypto_generichash_final(&state, ret, 32);
	sodium_memzero(&state, sizeof(state));
}

static int make_key(const uint8_t origin[32], const uint8_t secret[32],
		    const uint8_t image_id[16], enum kj_cipher cipher,
		    struct kj_key **ret, struct kj_error *error)
{
	struct kj_key *key;

	if (cipher == KJ_CIPHER_AES256_GCM && !crypto_aead_aes256gcm_is_available())
		return kj_fail(error, -ENOTSUP, "this CPU cannot open an image sealed with AES-256-GCM");
	/* Whole lines: sodium_malloc() aligns the end, and AES wants 16 bytes. */
	key = sodium_malloc((sizeof(*key) + 63) / 64 * 64);
	if (!key)
		return kj_fail(error, -ENOMEM, "there is no memory to lock for keys");
	key->cipher = cipher;
	hash_key(key->bytes, origin, secret, image_id, image_context, sizeof(image_context));
	hash_key(key->seal, origin, secret, image_id, header_context, sizeof(header_context));
	if (cipher == KJ_CIPHER_AES256_GCM)
		crypto_aead_aes256gcm_beforenm(&key->gcm, key->bytes);
	sodium_stackzero(STACK_BYTES);	/* what the hash left there */
	*ret = key;
	return 0;
}

int kj_key_new(const struct kj_recipient *recipient, const uint8_t image_id[16],
	       enum kj_cipher *ret_cipher, struct kj_slot *ret_slot,
	       struct kj_key **ret, struct kj_error *error)
{
	struct kj_slot slot = { .lock = recipient->lock };
	uint8_t secret[32];
	int r = prepare(error);

	if (r < 0)
		return r;
	*ret_cipher = crypto_aead_aes256gcm_is_available() ? KJ_CIPHER_AES256_GCM :
							     KJ_CIPHER_XCHACHA20;
	randombytes_buf(secret, sizeof(secret));
	if (kj_get32(slot.lock) == KJ_LOCK_PASSPHRASE) {
		memcpy(slot.public_key, recipient->public_key, sizeof(slot.public_key));
		slot.vault = recipient->vault;
		if (crypto_box_seal(slot.secret, secret, sizeof(secret), slot.public_key) != 0)
			r = kj_fail(error, -EINVAL, "the public key is not a key");
	} else {
		memcpy(slot.secret, secret, sizeof(secret));
		keyfile_id(recipient->origin, slot.key_id);
	}
	if (r == 0)
		r = make_key(recipient->origin, secret, image_id, *ret_cipher, ret, error);
	sodium_memzero(secret, sizeof(secret));
	*ret_slot = slot;
	return r;
}

int kj_key_unlock_passphrase(const struct kj_image_info *info, const char *passphrase,
			     size_t len, struct kj_key **ret, struct kj_error *error)
{
	kj_cleanup(free_secrets) struct secrets *secrets = NULL;
	const struct kj_slot *slot = &info->slot;
	uint8_t secret[32];
	int r = prepare(error);

	if (r < 0)
		return r;
	if (kj_get32(slot->lock) != KJ_LOCK_PASSPHRASE)
		return kj_fail(error, -EINVAL, "the image is not locked by a passphrase");
	secrets = sodium_malloc(sizeof(*secrets));
	if (!secrets)
		return kj_fail(error, -ENOMEM, "there is no memory to lock for keys");
	r = open_vault(&slot->vault, passphrase, len, secrets, error);
	if (r < 0)
		return r;
	if (crypto_box_seal_open(secret, slot->secret, sizeof(slot->secret),
				 slot->public_key, secrets->private_key) != 0)
		return kj_fail(error, -EBADMSG, "the image's key is damaged");
	r = make_key(secrets->origin, secret, info->image_id, info->cipher, ret, error);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

int kj_key_unlock_keyfile(const struct kj_image_info *info, const void *bytes, size_t len,
			  struct kj_key **ret, struct kj_error *error)
{
	const struct kj_slot *slot = &info->slot;
	uint8_t origin[32], id[16];
	int r = prepare(error);

	if (r < 0)
		return r;
	if (kj_get32(slot->lock) != KJ_LOCK_KEYFILE)
		return kj_fail(error, -EINVAL, "the image is not locked by a key file");
	r = digest_keyfile(bytes, len, origin, error);
	if (r < 0)
		return r;
	keyfile_id(origin, id);
	if (memcmp(id, slot->key_id, sizeof(id)) != 0)
		r = kj_fail(error, -EKEYREJECTED, "the image was locked by another key file");
	else
		r = make_key(origin, slot->secret, info->image_id, info->cipher, ret, error);
	sodium_memzero(origin, sizeof(origin));
	return r;
}

void kj_key_free(struct kj_key *key)
{
	if (key)
		sodium_free(key);	/* wipes */
}
