// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images that were written once still open, and each kind of broken image is
 * refused for its own reason, without a wrong page being placed.
 *
 *      test-golden --write DIRECTORY       the broken images, for check.py
 */
#include "../unit/unit.h"

#include <err.h>
#include <pthread.h>
#include <sodium.h>

#include "victim.h"

#define OTHER_PASSPHRASE	"correct horse battery stapler"
#define OTHER_KEYFILE		"another key file of as many bytes......\n"

/* What a reader did with an image. */
struct outcome {
	int r;
	char text[256];			/* image and reason */
	struct kj_image_info info;
	bool opened;			/* header, index and pages were accepted */
	uint64_t marked;		/* pages in the index */
	uint64_t placed;
	uint64_t wrong;			/* not what the memory had there */
	uint64_t spoiled;		/* of a broken chunk */
};

struct sink {
	const struct victim *victim;
	struct outcome *outcome;
	pthread_mutex_t lock;
	uint8_t times[20000];		/* each page was placed */
};

static bool is_spoiled(const struct victim *v, uint64_t pfn)
{
	for (size_t i = 0; i < v->n_spoiled; i++)
		if (v->spoiled[i] == pfn)
			return true;
	return false;
}

static int place(void *ctx, struct kj_run run, const void *data)
{
	struct sink *s = ctx;

	pthread_mutex_lock(&s->lock);
	for (uint64_t i = 0; i < run.n; i++) {
		uint8_t page[KJ_PAGE_SIZE];
		long at = golden_page(s->victim->golden, run.pfn + i, page);

		s->outcome->placed++;
		if (at < 0 || s->times[at]++ ||
		    memcmp(page, (const uint8_t *)data + i * KJ_PAGE_SIZE, sizeof(page)) != 0)
			s->outcome->wrong++;
		s->outcome->spoiled += is_spoiled(s->victim, run.pfn + i);
	}
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* All marked pages are the memory's, and none is missing. */
static uint64_t count_marks(const struct golden *g, const uint64_t *bitmap)
{
	uint64_t n = 0;

	for (const struct span *s = g->spans; s < g->spans + GOLDEN_SPANS && s->n; s++)
		for (uint32_t i = 0; i < s->n; i++) {
			uint64_t pfn = s->pfn + (uint64_t)i * s->stride;

			n += bitmap[pfn / 64] >> (pfn % 64) & 1;
		}
	return n;
}

static struct kj_key *foreign_key(void)
{
	const struct golden *g = golden_find("passphrase-xchacha");
	uint8_t *bytes = golden_load(g);
	struct kj_store store = golden_store(bytes, GOLDEN_STORE);
	struct kj_key *key = golden_unlock(g, &store);

	free(bytes);
	return key;
}

static int unlock(const struct victim *v, const struct kj_image_info *info,
		  enum key_choice choice, struct kj_key **ret, struct kj_error *error)
{
	bool other = choice == KEY_OTHER;
	const char *text;

	*ret = NULL;
	if (choice == KEY_NONE)
		return 0;
	if (choice == KEY_FOREIGN) {
		*ret = foreign_key();
		return 0;
	}
	if (choice == KEY_EXTRA || v->golden->lock == KJ_LOCK_PASSPHRASE) {
		text = other ? OTHER_PASSPHRASE : GOLDEN_PASSPHRASE;
		return kj_key_unlock_passphrase(info, text, strlen(text), ret, error);
	}
	if (v->golden->lock == KJ_LOCK_NONE)
		return 0;
	text = other ? OTHER_KEYFILE : GOLDEN_KEYFILE;
	return kj_key_unlock_keyfile(info, text, strlen(text), ret, error);
}

static int read_all(const struct victim *v, const struct kj_store *store,
		    const struct kj_key *key, struct outcome *o, struct kj_error *error)
{
	struct kj_read_options options = { .threads = 2, .key = key };
	struct sink *sink = calloc(1, sizeof(*sink));
	struct kj_memory_sink memory = { sink, place };
	struct kj_reader *reader = NULL;
	uint64_t *bitmap = NULL;
	int r;

	sink->victim = v;
	sink->outcome = o;
	pthread_mutex_init(&sink->lock, NULL);
	r = kj_reader_open(store, &options, &reader, error);
	if (r == 0) {
		o->info = *kj_reader_info(reader);
		/* Large for high.img; only what is written to is backed by memory. */
		bitmap = calloc(o->info.identity.max_pfn / 64 + 1, sizeof(*bitmap));
		assert_non_null(bitmap);
		r = kj_reader_mark_pages(reader, bitmap, error);
	}
	if (r == 0) {
		o->opened = true;
		o->marked = count_marks(v->golden, bitmap);
		r = kj_reader_restore(reader, &memory, NULL, error);
	}
	free(bitmap);
	kj_reader_close(reader);
	free(sink);
	return r;
}

static struct outcome try_image(const struct victim *v, enum key_choice choice)
{
	struct kj_store store = golden_store(v->bytes, v->size);
	struct kj_error error = { "" };
	struct outcome o = { 0 };
	struct kj_key *key = NULL;

	o.r = kj_image_probe(&store, &o.info, &error);
	if (o.r == 0 && o.info.state != KJ_IMAGE_NONE)
		o.r = unlock(v, &o.info, choice, &key, &error);
	if (o.r == 0)
		o.r = read_all(v, &store, key, &o, &error);
	kj_key_free(key);
	snprintf(o.text, sizeof(o.text), "%s", error.text);
	return o;
}

static bool can_open(const struct golden *g)
{
	return g->cipher != KJ_CIPHER_AES256_GCM || crypto_aead_aes256gcm_is_available();
}

/* ---- good images ------------------------------------------------------------------ */

static void check_memory(const struct golden *g, const struct outcome *o)
{
	uint64_t zero, word, pages = golden_pages(g, &zero, &word);

	if (o->r != 0 || o->wrong != 0 || o->placed != pages || o->marked != pages)
		fail_msg("%s: %d %s; of %" PRIu64 " pages %" PRIu64 " placed, %" PRIu64 " wrong",
			 g->name, o->r, o->text, pages, o->placed, o->wrong);
	assert_int_equal(o->info.pages, pages);
	assert_int_equal(o->info.zero_pages, zero);
	assert_int_equal(o->info.word_pages, word);
}

static void check_header(const struct golden *g, const struct outcome *o)
{
	const struct kj_identity *id = &o->info.identity;

	assert_int_equal(o->info.state, g->state);
	assert_int_equal(o->info.cipher, g->cipher);
	assert_int_equal(kj_get32(o->info.slot.lock), g->lock);
	assert_int_equal(id->max_pfn, g->max_pfn);
	assert_int_equal(id->ram_pages, 2 * g->max_pfn);
	assert_int_equal(id->entry, 0x1234000);
	assert_memory_equal(id->machine_id, "machine-id-bytes", 16);
	assert_memory_equal(id->boot_id, "boot-id-of-bytes", 16);
	assert_memory_equal(id->memory_map_digest, "memory-map-digest-of-32-bytes...", 32);
	assert_string_equal(id->kernel_release, "6.12.0-golden");
	assert_int_equal(o->info.n_prints, g->n_prints);
	for (uint32_t i = 0; i < g->n_prints; i++) {
		struct kj_print print;

		golden_print(i, &print);
		assert_memory_equal(&o->info.prints[i], &print, sizeof(print));
	}
}

static void each_golden_image_restores_what_it_was_made_of(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (const struct golden *g = goldens; g < goldens + n_goldens; g++) {
		struct victim v = { .golden = g, .bytes = golden_load(g), .size = GOLDEN_STORE };
		struct outcome o;

		if (!can_open(g)) {
			saw("%s needs a CPU with AES\n", g->name);
		} else {
			o = try_image(&v, KEY_RIGHT);
			check_header(g, &o);
			if (g->state == KJ_HEADER_CLAIMED)
				assert_non_null(strstr(o.text, "used by an earlier resume"));
			else
				check_memory(g, &o);
			n++;
		}
		free(v.bytes);
	}
	saw("%u images\n", n);
}

/* ---- broken images ---------------------------------------------------------------- */

static bool can_break(const struct broken *b)
{
	return can_open(golden_find(b->base));
}

static void check_refused(const struct broken *b, const struct outcome *o)
{
	if (o->r >= 0 || !strstr(o->text, b->reason))
		fail_msg("%s: wanted \"%s\", got %d \"%s\"", b->name, b->reason, o->r, o->text);
	if (o->wrong || o->spoiled)
		fail_msg("%s: %" PRIu64 " wrong pages placed, %" PRIu64 " of a broken chunk",
			 b->name, o->wrong, o->spoiled);
	if (b->check < 60 && (o->opened || o->placed))
		fail_msg("%s: accepted before pages were read", b->name);
}

static void each_broken_image_is_refused_for_its_own_reason(void **state)
{
	unsigned int n = 0, accepted = 0;
	const struct broken *b;

	(void)state;
	for (size_t i = 0; (b = broken_at(i)); i++) {
		struct victim *v;
		struct outcome o;

		if (!can_break(b)) {
			saw("%s needs a CPU with AES\n", b->name);
			continue;
		}
		v = victim_new(b, 3);
		o = try_image(v, b->key);
		if (b->check == ACCEPTED)
			check_memory(v->golden, &o);
		else
			check_refused(b, &o);
		accepted += b->check == ACCEPTED;
		n += b->check != ACCEPTED;
		victim_free(v);
	}
	saw("%u broken images refused, %u at a limit accepted\n", n, accepted);
	assert_true(n >= 40);
}

/* Checks 1 to 28 are those of one copy. */
static bool is_of_one_copy(const struct broken *b)
{
	return b->check >= 1 && b->check <= 28 && b->edits[0].part == PART_HEADER && !b->spoil;
}

static void one_broken_header_leaves_the_other_one_in_force(void **state)
{
	const struct broken *b;
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; (b = broken_at(i)); i++) {
		if (!is_of_one_copy(b) || !can_break(b))
			continue;
		for (unsigned int copies = 1; copies <= 2; copies++, n++) {
			struct victim *v = victim_new(b, copies);
			struct outcome o = try_image(v, b->key);

			if (o.r != 0)
				print_error("%s in copy %u\n", b->name, copies - 1);
			check_memory(v->golden, &o);
			victim_free(v);
		}
	}
	saw("%u headers\n", n);
}

static void no_two_broken_images_have_the_same_name(void **state)
{
	(void)state;
	for (size_t i = 0; broken_at(i); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(broken_at(i)->name, broken_at(k)->name);
}

/* ---- for the other decoder --------------------------------------------------------- */

static void write_hex(FILE *f, const char *name, const char *text)
{
	fprintf(f, ", \"%s\": \"", name);
	for (; *text; text++)
		fprintf(f, "%02x", (unsigned int)(uint8_t)*text);
	fprintf(f, "\"");
}

static void write_key(FILE *f, const struct broken *b)
{
	enum kj_lock lock = golden_find(b->base)->lock;
	bool other = b->key == KEY_OTHER;

	if (b->key == KEY_NONE)
		return;
	if (b->key == KEY_EXTRA || b->key == KEY_FOREIGN || lock == KJ_LOCK_PASSPHRASE)
		write_hex(f, "passphrase", other ? OTHER_PASSPHRASE : GOLDEN_PASSPHRASE);
	else if (lock == KJ_LOCK_KEYFILE)
		write_hex(f, "keyfile", other ? OTHER_KEYFILE : GOLDEN_KEYFILE);
}

/* Without the zeros at its end.  Return: the size of the store. */
static uint64_t write_image(const char *directory, const struct broken *b)
{
	struct victim *v = victim_new(b, 3);
	uint64_t size = v->size, len = size;
	char path[4096];
	FILE *f;

	while (len > 0 && v->bytes[len - 1] == 0)
		len--;
	snprintf(path, sizeof(path), "%s/%s.img", directory, b->name);
	f = fopen(path, "we");
	if (!f || fwrite(v->bytes, 1, len, f) != len || fclose(f) != 0)
		err(1, "%s", path);
	victim_free(v);
	return size;
}

static int write_all(const char *directory)
{
	const struct broken *b;
	const char *comma = "";
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/broken.json", directory);
	f = fopen(path, "we");
	if (!f)
		err(1, "%s", path);
	fprintf(f, "[");
	for (size_t i = 0; (b = broken_at(i)); i++) {
		if (!can_break(b))
			continue;
		fprintf(f, "%s\n{\"name\": \"%s\", \"base\": \"%s\", \"check\": %d", comma,
			b->name, b->base, b->check);
		fprintf(f, ", \"store_size\": %" PRIu64, write_image(directory, b));
		write_key(f, b);
		fprintf(f, "}");
		comma = ",";
	}
	fprintf(f, "\n]\n");
	if (fclose(f) != 0)
		err(1, "%s", path);
	return 0;
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_golden_image_restores_what_it_was_made_of),
		cmocka_unit_test(each_broken_image_is_refused_for_its_own_reason),
		cmocka_unit_test(one_broken_header_leaves_the_other_one_in_force),
		cmocka_unit_test(no_two_broken_images_have_the_same_name),
	};

	if (sodium_init() < 0)
		return 1;
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_all(argv[2]);
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
