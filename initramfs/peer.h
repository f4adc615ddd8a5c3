/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer's memory, as B sees it through /dev/kjump.
 */
#ifndef KJ_PEER_H
#define KJ_PEER_H

#include <stdint.h>

#include "kj-image.h"

struct kj_peer;

/**
 * kj_peer_open() - the memory of the kernel that called last
 * @ret: freed by kj_peer_close()
 *
 * Return: 0; -ENODATA when the last call brought no save map; or another
 * negative errno.
 */
int kj_peer_open(struct kj_peer **ret, struct kj_error *error);
void kj_peer_close(struct kj_peer *peer);

/** kj_peer_source() - the memory for the image engine; once per open */
struct kj_memory_source kj_peer_source(struct kj_peer *peer);

uint64_t kj_peer_pages(const struct kj_peer *peer);	/* to save */
uint64_t kj_peer_entry(const struct kj_peer *peer);	/* physical address */
uint64_t kj_peer_max_pfn(const struct kj_peer *peer);

#endif /* KJ_PEER_H */
