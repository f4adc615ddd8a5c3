// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON for scripts that read "kjumpctl status --json", and for the small file
 * in which C's kjump-resume tells A why it did not resume.  The reader knows
 * flat objects alone and gives up on anything else.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kj-json.h"

static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void indent(struct kj_json *json)
{
	for (unsigned int i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

static void put_key(struct kj_json *json, const char *key)
{
	if (json->depth)
		fputs(json->first ? "\n" : ",\n", json->out);
	json->first = false;
	indent(json);
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void open_with(struct kj_json *json, const char *key, char bracket)
{
	put_key(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->first = true;
}

static void close_with(struct kj_json *json, char bracket)
{
	json->depth--;
	fputc('\n', json->out);
	indent(json);
	fputc(bracket, json->out);
	json->first = false;
	if (!json->depth)
		fputc('\n', json->out);
}

void kj_json_begin(struct kj_json *json, const char *key)
{
	open_with(json, key, '{');
}

void kj_json_end(struct kj_json *json)
{
	close_with(json, '}');
}

void kj_json_begin_list(struct kj_json *json, const char *key)
{
	open_with(json, key, '[');
}

void kj_json_end_list(struct kj_json *json)
{
	close_with(json, ']');
}

void kj_json_text(struct kj_json *json, const char *key, const char *value)
{
	put_key(json, key);
	put_string(json->out, value);
}

void kj_json_number(struct kj_json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void kj_json_bool(struct kj_json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void kj_json_null(struct kj_json *json, const char *key)
{
	put_key(json, key);
	fputs("null", json->out);
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* One escape after the backslash; what is not ASCII becomes "?". */
static const char *read_escape(const char *p, char *ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	unsigned int code;

	if (*p == 'u') {
		if (sscanf(p + 1, "%4x", &code) != 1 || strlen(p) < 5)
			return NULL;
		*ret = code < 0x80 && code ? (char)code : '?';
		return p + 5;
	}
	at = *p ? strchr(from, *p) : NULL;
	if (!at)
		return NULL;
	*ret = to[at - from];
	return p + 1;
}

/* A string, p at its quote; gives the place after it, or NULL. */
static const char *read_string(const char *p, char *buf, size_t len)
{
	size_t n = 0;

	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		char c = *p++;

		if (!c)
			return NULL;
		if (c == '\\') {
			p = read_escape(p, &c);
			if (!p)
				return NULL;
		}
		if (n + 1 < len)
			buf[n++] = c;
	}
	buf[n] = '\0';
	return p + 1;
}

/* p at a value; gives the place after it, or NULL. */
static const char *skip_value(const char *p)
{
	char ignored[1];

	return *p == '"' ? read_string(p, ignored, sizeof(ignored)) : p + strcspn(p, ",}{[");
}

/* The place of a member's value, or NULL. */
static const char *find(const char *text, const char *key)
{
	const char *p = skip_space(text);
	char name[64];

	if (*p++ != '{')
		return NULL;
	for (;;) {
		p = read_string(skip_space(p), name, sizeof(name));
		if (!p)
			return NULL;
		p = skip_space(p);
		if (*p++ != ':')
			return NULL;
		p = skip_space(p);
		if (strcmp(name, key) == 0)
			return p;
		p = skip_value(p);
		if (!p)
			return NULL;
		p = skip_space(p);
		if (*p++ != ',')
			return NULL;
	}
}

bool kj_json_find_text(const char *text, const char *key, char *buf, size_t len)
{
	const char *p = find(text, key);

	return p && read_string(p, buf, len);
}

bool kj_json_find_number(const char *text, const char *key, uint64_t *ret)
{
	const char *p = find(text, key);
	uint64_t value;
	char *end;

	if (!p || *p < '0' || *p > '9')
		return false;
	errno = 0;
	value = strtoull(p, &end, 10);
	if (errno || !*end || !strchr(" \t\r\n,}", *end))
		return false;
	*ret = value;
	return true;
}
