/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of a key, for seal.c.
 */
#ifndef KJ_IMAGE_KEY_H
#define KJ_IMAGE_KEY_H

#include <sodium.h>

#include "kj-key.h"

struct kj_key {
	enum kj_cipher cipher;
	uint8_t seal[32];			/* of headers */
	uint8_t bytes[32];
	crypto_aead_aes256gcm_state gcm;	/* its own alignment */
};

#endif /* KJ_IMAGE_KEY_H */
