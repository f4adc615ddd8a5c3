/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much JSON as kjump writes and reads.
 */
#ifndef KJ_JSON_H
#define KJ_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Writes one value after the other; puts the commas itself. */
struct kj_json {
	FILE *out;
	unsigned int depth;
	bool first;		/* nothing written at this depth yet */
};

/**
 * kj_json_begin() / kj_json_end() - an object
 * @key: NULL for the outermost, which ends with a newline
 */
void kj_json_begin(struct kj_json *json, const char *key);
void kj_json_end(struct kj_json *json);

/** kj_json_begin_list() / kj_json_end_list() - of objects without a key */
void kj_json_begin_list(struct kj_json *json, const char *key);
void kj_json_end_list(struct kj_json *json);

void kj_json_text(struct kj_json *json, const char *key, const char *value);
void kj_json_number(struct kj_json *json, const char *key, uint64_t value);
void kj_json_bool(struct kj_json *json, const char *key, bool value);
void kj_json_null(struct kj_json *json, const char *key);

/**
 * kj_json_find_text() - a string member of a flat object
 * @text: the whole object; members may be strings, numbers and literals
 * @buf: gets the value, cut off if it does not fit
 *
 * Return: whether the object could be read as far as @key and has it.
 */
bool kj_json_find_text(const char *text, const char *key, char *buf, size_t len);

/**
 * kj_json_find_number() - the same for a number without sign and fraction
 * @ret: only set when it is there
 */
bool kj_json_find_number(const char *text, const char *key, uint64_t *ret);

#endif /* KJ_JSON_H */
