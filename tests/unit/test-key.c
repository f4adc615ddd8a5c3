// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys: who may open an image gets the key it was sealed with, nobody else
 * gets any, and nothing of a key outlives it.
 *
 * --wrap of the linker stands in for a CPU without AES.
 */
#include "unit.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "key.h"

#define MIB (1u << 20)

int __real_crypto_aead_aes256gcm_is_available(void);
int __wrap_crypto_aead_aes256gcm_is_available(void);

static bool no_aes;

int __wrap_crypto_aead_aes256gcm_is_available(void)
{
	return no_aes ? 0 : __real_crypto_aead_aes256gcm_is_available();
}

/* AddressSanitizer's mlock() does nothing. */
#ifdef __SANITIZE_ADDRESS__
static const bool mlock_works = false;
#else
static const bool mlock_works = true;
#endif

static const struct kj_cost cheap = { 1, 8192 };

static struct kj_recipient recipient_of(const char *passphrase, size_t len,
					struct kj_cost cost)
{
	struct kj_recipient r;
	struct kj_error error = { "" };
	const char *reason;

	if (kj_recipient_generate(passphrase, len, cost, &r, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(kj_recipient_check(&r, sizeof(r), &reason), 0);
	return r;
}

/* A key for a new image, whose header @info is. */
static struct kj_key *new_key(const struct kj_recipient *r, struct kj_image_info *info)
{
	struct kj_error error = { "" };
	struct kj_key *key;

	memset(info, 0, sizeof(*info));
	memset(info->image_id, 0x44, sizeof(info->image_id));
	if (kj_key_new(r, info->image_id, &info->cipher, &info->slot, &key, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(key->cipher, info->cipher);
	return key;
}

static int unlock(const struct kj_image_info *info, const char *passphrase, size_t len,
		  struct kj_key **ret)
{
	struct kj_error error = { "" };
	int r;

	*ret = NULL;
	r = kj_key_unlock_passphrase(info, passphrase, len, ret, &error);
	assert_int_equal(error.text[0] != 0, r < 0);
	assert_int_equal(*ret != NULL, r == 0);
	return r;
}

static int unlock_file(const struct kj_image_info *info, const void *bytes, size_t len,
		       struct kj_key **ret)
{
	struct kj_error error = { "" };
	int r;

	*ret = NULL;
	r = kj_key_unlock_keyfile(info, bytes, len, ret, &error);
	assert_int_equal(error.text[0] != 0, r < 0);
	assert_int_equal(*ret != NULL, r == 0);
	return r;
}

static void assert_same_key(const struct kj_key *a, const struct kj_key *b)
{
	assert_int_equal(a->cipher, b->cipher);
	assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
	assert_memory_equal(a->seal, b->seal, sizeof(a->seal));
}

static void assert_opens(const char *passphrase, size_t len, struct kj_cost cost)
{
	struct kj_recipient r = recipient_of(passphrase, len, cost);
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info), *again;

	assert_int_equal(unlock(&info, passphrase, len, &again), 0);
	assert_same_key(key, again);
	kj_key_free(again);
	kj_key_free(key);
}

/* ---- passphrases --------------------------------------------------------------- */

static void an_image_opens_at_the_cost_its_vault_says(void **state)
{
	static const struct kj_cost costs[] = { { 1, 8192 }, { 2, 8192 }, { 1, 65536 },
						{ 5, 100000 }, { 3, 4 * MIB } };

	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		assert_opens("correct horse", 13, costs[i]);
	saw("%zu costs, to %" PRIu64 " KiB\n", sizeof(costs) / sizeof(costs[0]),
	    costs[4].memory / 1024);
}

static void a_vault_whose_cost_was_changed_does_not_open(void **state)
{
	struct kj_recipient r = recipient_of("correct horse", 13, cheap);
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info), *none;

	(void)state;
	info.slot.vault.operations = kj_le64_of(2);
	assert_int_equal(unlock(&info, "correct horse", 13, &none), -EKEYREJECTED);
	info.slot.vault.operations = kj_le64_of(1);
	info.slot.vault.memory = kj_le64_of(16384);
	assert_int_equal(unlock(&info, "correct horse", 13, &none), -EKEYREJECTED);
	kj_key_free(key);
}

static void a_cost_that_cannot_be_paid_is_enomem(void **state)
{
	static const struct kj_cost dear = { 1, 1ull << 60 };
	static const struct kj_cost costs[] = { { 0, 8192 }, { 1, 8191 }, { 1ull << 40, 8192 } };
	struct kj_error error = { "" };
	struct kj_recipient r;

	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		assert_true(kj_recipient_generate("x", 1, costs[i], &r, &error) < 0);
	assert_int_equal(kj_recipient_generate("x", 1, dear, &r, &error), -ENOMEM);
	saw("%s\n", error.text);
}

static void the_default_cost_is_at_most_an_eighth_of_ram_and_legal(void **state)
{
	struct kj_cost cost = kj_cost_default();

	(void)state;
	saw("%" PRIu64 " times over %" PRIu64 " MiB\n", cost.operations, cost.memory / MIB);
	assert_in_range(cost.operations, 1, KJ_VAULT_OPERATIONS_MAX);
	assert_in_range(cost.memory, 8 * MIB, KJ_VAULT_MEMORY_MAX);
	assert_true(cost.memory <= 8 * MIB ||
		    cost.memory <= (uint64_t)sysconf(_SC_PHYS_PAGES) * 4096 / 8);
}

static void a_passphrase_is_any_bytes_of_any_length(void **state)
{
	static char bytes[1025];
	struct kj_image_info info;
	struct kj_recipient r;
	struct kj_key *key, *none;
	static const size_t lens[] = { 0, 1, 63, 64, 65, 128, 129, 1024 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);	/* zeros among them, also the first */
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		assert_opens(bytes, lens[i], cheap);
		r = recipient_of(bytes, lens[i], cheap);
		key = new_key(&r, &info);
		assert_int_equal(unlock(&info, bytes, lens[i] + 1, &none), -EKEYREJECTED);
		if (lens[i] > 0)
			assert_int_equal(unlock(&info, bytes, lens[i] - 1, &none), -EKEYREJECTED);
		kj_key_free(key);
	}
}

static void what_comes_behind_a_zero_byte_counts(void **state)
{
	struct kj_recipient r = recipient_of("horse\0staple", 12, cheap);
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info), *none;

	(void)state;
	assert_int_equal(unlock(&info, "horse\0stapl\1", 12, &none), -EKEYREJECTED);
	assert_int_equal(unlock(&info, "horse", 5, &none), -EKEYREJECTED);
	assert_int_equal(unlock(&info, "horse\0", 6, &none), -EKEYREJECTED);
	assert_int_equal(unlock(&info, "horse\0staple", 12, &none), 0);
	kj_key_free(none);
	kj_key_free(key);
}

static void two_recipients_open_their_own_images_alone(void **state)
{
	struct kj_recipient r[3] = { recipient_of("first", 5, cheap),
				     recipient_of("second", 6, cheap),
				     recipient_of("first", 5, cheap) };
	struct kj_image_info info[3], mixed;
	struct kj_key *key[3], *none;

	(void)state;
	for (int i = 0; i < 3; i++)
		key[i] = new_key(&r[i], &info[i]);
	assert_int_equal(unlock(&info[0], "second", 6, &none), -EKEYREJECTED);
	assert_int_equal(unlock(&info[1], "first", 5, &none), -EKEYREJECTED);
	/* The same passphrase is not the same recipient. */
	assert_memory_not_equal(r[0].public_key, r[2].public_key, 32);
	assert_memory_not_equal(r[0].origin, r[2].origin, 32);
	assert_memory_not_equal(&r[0].vault, &r[2].vault, sizeof(r[0].vault));
	mixed = info[0];
	mixed.slot.vault = info[2].slot.vault;
	assert_int_equal(unlock(&mixed, "first", 5, &none), -EBADMSG);
	mixed = info[0];
	memcpy(mixed.slot.secret, info[2].slot.secret, sizeof(mixed.slot.secret));
	assert_int_equal(unlock(&mixed, "first", 5, &none), -EBADMSG);
	for (int i = 0; i < 3; i++)
		kj_key_free(key[i]);
}

static void each_changed_byte_of_a_slot_opens_nothing(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info), *none;
	const size_t from = offsetof(struct kj_slot, public_key);
	const size_t cost = offsetof(struct kj_slot, vault);
	unsigned int n = 0;

	(void)state;
	for (size_t i = from; i < offsetof(struct kj_slot, key_id); i++, n++) {
		if (i >= cost && i < cost + offsetof(struct kj_vault, salt))
			continue;
		((uint8_t *)&info.slot)[i] ^= 1;
		assert_true(unlock(&info, "p", 1, &none) < 0);
		((uint8_t *)&info.slot)[i] ^= 1;
	}
	info.image_id[3] ^= 1;			/* a key, but of no image */
	assert_int_equal(unlock(&info, "p", 1, &none), 0);
	assert_memory_not_equal(none->bytes, key->bytes, 32);
	assert_memory_not_equal(none->seal, key->seal, 32);
	saw("%u bytes\n", n);
	kj_key_free(none);
	kj_key_free(key);
}

static void a_public_key_that_is_none_is_refused(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct kj_error error = { "" };
	enum kj_cipher cipher;
	struct kj_slot slot;
	struct kj_key *key = NULL;
	uint8_t id[16] = { 0 };

	(void)state;
	memset(r.public_key, 0, sizeof(r.public_key));
	assert_int_equal(kj_key_new(&r, id, &cipher, &slot, &key, &error), -EINVAL);
	assert_null(key);
	saw("%s\n", error.text);
}

/* ---- key files --------------------------------------------------------------------- */

static void a_key_file_has_at_least_32_bytes_and_each_counts(void **state)
{
	static const size_t lens[] = { 32, 33, 4096, MIB };
	uint8_t *bytes = malloc(MIB + 1);
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_recipient r;
	struct kj_key *key, *again;

	(void)state;
	for (size_t i = 0; i <= MIB; i++)
		bytes[i] = (uint8_t)(i * 31 >> 3);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(kj_recipient_of_keyfile(bytes, i, &r, &error), -EINVAL);
	saw("%s\n", error.text);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i];

		assert_int_equal(kj_recipient_of_keyfile(bytes, len, &r, &error), 0);
		key = new_key(&r, &info);
		assert_int_equal(unlock_file(&info, bytes, len, &again), 0);
		assert_same_key(key, again);
		kj_key_free(again);
		assert_int_equal(unlock_file(&info, bytes, 31, &again), -EINVAL);
		assert_int_equal(unlock_file(&info, bytes, len + 1, &again), -EKEYREJECTED);
		bytes[len - 1] ^= 1;
		assert_int_equal(unlock_file(&info, bytes, len, &again), -EKEYREJECTED);
		bytes[len - 1] ^= 1;
		kj_key_free(key);
	}
	free(bytes);
}

static void a_lock_of_the_other_kind_is_einval(void **state)
{
	static const char bytes[64] = "a key file that is also a passphrase, or so it would like";
	struct kj_image_info by_file, by_phrase, by_none;
	struct kj_recipient r = recipient_of(bytes, 64, cheap);
	struct kj_key *key[2], *none;

	(void)state;
	key[0] = new_key(&r, &by_phrase);
	assert_int_equal(kj_recipient_of_keyfile(bytes, 64, &r, NULL), 0);
	key[1] = new_key(&r, &by_file);
	memset(&by_none, 0, sizeof(by_none));
	assert_int_equal(unlock(&by_file, bytes, 64, &none), -EINVAL);
	assert_int_equal(unlock(&by_none, bytes, 64, &none), -EINVAL);
	assert_int_equal(unlock_file(&by_phrase, bytes, 64, &none), -EINVAL);
	assert_int_equal(unlock_file(&by_none, bytes, 64, &none), -EINVAL);
	kj_key_free(key[0]);
	kj_key_free(key[1]);
}

static void a_cpu_without_aes_makes_other_keys_and_refuses_those_of_aes(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct kj_image_info info;
	struct kj_key *key, *again;

	(void)state;
	no_aes = true;
	key = new_key(&r, &info);
	assert_int_equal(info.cipher, KJ_CIPHER_XCHACHA20);
	assert_int_equal(unlock(&info, "p", 1, &again), 0);
	assert_same_key(key, again);
	kj_key_free(again);
	info.cipher = KJ_CIPHER_AES256_GCM;
	assert_int_equal(unlock(&info, "p", 1, &again), -ENOTSUP);
	no_aes = false;
	kj_key_free(key);
}

/* ---- memory ---------------------------------------------------------------------- */

/* The flags of the mapping that @p is in ("rd wr mr mw me dd"). */
static bool mapping_flags(const void *p, char line[512])
{
	FILE *f = fopen("/proc/self/smaps", "re");
	uintptr_t from, to, at = (uintptr_t)p;
	bool inside = false, found = false;

	while (f && !found && fgets(line, 512, f)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = from <= at && at < to;
		found = inside && strncmp(line, "VmFlags:", 8) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

static void a_key_is_locked_and_left_out_of_dumps(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct rlimit limit;
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info);
	char flags[512];

	(void)state;
	if (mapping_flags(key, flags)) {
		saw("%s", flags);
		assert_non_null(strstr(flags, " dd"));
		assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
		if (limit.rlim_cur >= MIB && mlock_works)
			assert_non_null(strstr(flags, " lo"));
	} else {
		saw("this kernel does not tell\n");
	}
	kj_key_free(key);
}

/* Not mapped is more than wiped: nobody can look. */
static void the_memory_of_a_freed_key_is_gone(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct kj_image_info info;
	struct kj_key *key = new_key(&r, &info);
	uintptr_t page = (uintptr_t)key / 4096 * 4096;
	unsigned char there;

	(void)state;
	assert_int_equal(mincore((void *)page, 4096, &there), 0);
	kj_key_free(key);
	assert_int_equal(mincore((void *)page, 4096, &there), -1);
	assert_int_equal(errno, ENOMEM);
	kj_key_free(NULL);
}

#define STACK_BYTES (256u * 1024)

struct job {
	void *(*work)(void *);
	const struct kj_recipient *recipient;
	struct kj_image_info info;
	struct kj_key *key;
};

static void *work_new(void *arg)
{
	struct job *j = arg;

	j->key = new_key(j->recipient, &j->info);
	return NULL;
}

static void *work_unlock(void *arg)
{
	struct job *j = arg;

	assert_int_equal(unlock(&j->info, "p", 1, &j->key), 0);
	return NULL;
}

static bool stack_has(const uint8_t *stack, const void *bytes, size_t len)
{
	return memmem(stack, STACK_BYTES, bytes, len) != NULL;
}

/* Runs it on a stack of its own and looks there for what must not stay. */
static void assert_leaves_nothing(struct job *j, void *(*work)(void *), const char *name)
{
	static _Alignas(4096) uint8_t stack[STACK_BYTES];
	pthread_attr_t attr;
	pthread_t thread;

	memset(stack, 0, sizeof(stack));
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attr, work, j), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	saw("%s: key %d, key of headers %d, origin secret %d\n", name,
	    stack_has(stack, j->key->bytes, 32), stack_has(stack, j->key->seal, 32),
	    stack_has(stack, j->recipient->origin, 32));
	assert_false(stack_has(stack, j->key->bytes, 32));
	assert_false(stack_has(stack, j->recipient->origin, 32));
	assert_false(stack_has(stack, j->key->seal, 32));
}

static void neither_the_key_nor_the_origin_secret_stays_on_the_stack(void **state)
{
	struct kj_recipient r = recipient_of("p", 1, cheap);
	struct job j = { .recipient = &r };

	(void)state;
	for (int i = 0; i < 2; i++) {
		no_aes = i;
		assert_leaves_nothing(&j, work_new, "made");
		kj_key_free(j.key);
		assert_leaves_nothing(&j, work_unlock, "unlocked");
		kj_key_free(j.key);
	}
	no_aes = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_opens_at_the_cost_its_vault_says),
		cmocka_unit_test(a_vault_whose_cost_was_changed_does_not_open),
		cmocka_unit_test(a_cost_that_cannot_be_paid_is_enomem),
		cmocka_unit_test(the_default_cost_is_at_most_an_eighth_of_ram_and_legal),
		cmocka_unit_test(a_passphrase_is_any_bytes_of_any_length),
		cmocka_unit_test(what_comes_behind_a_zero_byte_counts),
		cmocka_unit_test(two_recipients_open_their_own_images_alone),
		cmocka_unit_test(each_changed_byte_of_a_slot_opens_nothing),
		cmocka_unit_test(a_public_key_that_is_none_is_refused),
		cmocka_unit_test(a_key_file_has_at_least_32_bytes_and_each_counts),
		cmocka_unit_test(a_lock_of_the_other_kind_is_einval),
		cmocka_unit_test(a_cpu_without_aes_makes_other_keys_and_refuses_those_of_aes),
		cmocka_unit_test(a_key_is_locked_and_left_out_of_dumps),
		cmocka_unit_test(the_memory_of_a_freed_key_is_gone),
		cmocka_unit_test(neither_the_key_nor_the_origin_secret_stays_on_the_stack),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
