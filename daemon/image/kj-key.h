/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of images.
 *
 *   kjumpctl (A)    kj_recipient_generate()      once: who may open them
 *   agent (B)       kj_key_new()                 a fresh key for each image
 *   resume (C)      kj_key_unlock_...()          the same key again
 *
 *      passphrase --Argon2id--> opens the vault --> private key, origin secret
 *                                                        |             |
 *      image's secret <---- opens its sealed box --------+             |
 *            |                                                         |
 *            +---------------- keyed BLAKE2b ----> image's key <-------+
 *
 * To hibernate asks for nothing: A has the public key and the origin secret.
 * The origin secret is what an image of somebody else lacks: a sealed box
 * alone could be made by anybody who has seen the public key.
 *
 * With a key file the file's digest takes the place of the origin secret, and
 * the image's secret is no secret.
 *
 * Keys are in memory that is locked, left out of dumps, and wiped when freed
 * (libsodium's sodium_malloc()).
 */
#ifndef KJ_KEY_H
#define KJ_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "kj-format.h"
#include "kj-image.h"

/* The key of one image.  Read-only once made: any thread may use it. */
struct kj_key;

/* What a passphrase costs who guesses; see libsodium's crypto_pwhash(). */
struct kj_cost {
	uint64_t operations;
	uint64_t memory;		/* bytes */
};

/** kj_cost_default() - a second or so, and at most an eighth of RAM */
struct kj_cost kj_cost_default(void);

/**
 * kj_recipient_generate() - a new key pair, locked by a passphrase
 * @passphrase: any bytes
 * @cost: needed again by each who opens an image
 *
 * Return: 0, -ENOMEM.
 */
int kj_recipient_generate(const char *passphrase, size_t len, struct kj_cost cost,
			  struct kj_recipient *ret, struct kj_error *error);

/**
 * kj_recipient_of_keyfile() - whoever has these bytes
 * @bytes: at least 32, unpredictable
 */
int kj_recipient_of_keyfile(const void *bytes, size_t len, struct kj_recipient *ret,
			    struct kj_error *error);

/**
 * kj_key_new() - a key for one new image
 * @recipient: checked
 * @image_id: of that image
 * @ret_cipher: the best this CPU has
 * @ret_slot: for the header
 * @ret: freed by kj_key_free()
 */
int kj_key_new(const struct kj_recipient *recipient, const uint8_t image_id[16],
	       enum kj_cipher *ret_cipher, struct kj_slot *ret_slot,
	       struct kj_key **ret, struct kj_error *error);

/**
 * kj_key_unlock_passphrase() - the key of an image
 * @info: of kj_image_probe()
 *
 * Takes the memory that the passphrase costs, and gives it back.
 *
 * Return: 0; -EKEYREJECTED when it is not the passphrase; -EINVAL when the
 * image is not locked by one; -ENOTSUP when this CPU lacks its cipher.
 */
int kj_key_unlock_passphrase(const struct kj_image_info *info, const char *passphrase,
			     size_t len, struct kj_key **ret, struct kj_error *error);

/** kj_key_unlock_keyfile() - the same by a key file's bytes */
int kj_key_unlock_keyfile(const struct kj_image_info *info, const void *bytes, size_t len,
			  struct kj_key **ret, struct kj_error *error);

/** kj_key_free() - wipes it; NULL is fine */
void kj_key_free(struct kj_key *key);

#endif /* KJ_KEY_H */
