// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks for the passphrase.  Runs in kernel C.
 *
 * By systemd-ask-password, so that whatever asks for passphrases in this
 * initramfs does it: the console, a serial line, plymouth.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "unlock.h"

#define ASK_PASSWORD "systemd-ask-password"
#define TRIES 3

/* Locked, and wiped by whoever asked. */
struct passphrase {
	char text[1024];
	size_t len;
};

static int read_answer(int fd, struct passphrase *p)
{
	p->len = 0;
	while (p->len < sizeof(p->text)) {
		ssize_t n = read(fd, p->text + p->len, sizeof(p->text) - p->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		p->len += (size_t)n;
	}
	if (p->len > 0 && p->text[p->len - 1] == '\n')
		p->len--;
	return 0;
}

static int start_asking(const char *prompt, int out, pid_t *ret)
{
	char *argv[] = { (char *)ASK_PASSWORD, (char *)"--id=kjump", (char *)"--timeout=0",
			 (char *)prompt, NULL };
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	r = posix_spawnp(ret, ASK_PASSWORD, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int ask(const char *prompt, struct passphrase *p, struct kj_error *error)
{
	int fds[2], status, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return kj_fail(error, -errno, "cannot make a pipe: %s", strerror(errno));
	r = start_asking(prompt, fds[1], &pid);
	close(fds[1]);
	if (r == 0) {
		r = read_answer(fds[0], p);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (r == 0 && status != 0)
			r = -ENOKEY;
	}
	close(fds[0]);
	return r < 0 ? kj_fail(error, r, "nobody could be asked for the passphrase (%s): %s",
			       ASK_PASSWORD, strerror(-r)) : 0;
}

static int unlock_by_passphrase(const struct kj_image_info *info, struct kj_key **ret,
				struct kj_error *error)
{
	static struct passphrase passphrase;
	int r = -EKEYREJECTED;

	(void)mlock(&passphrase, sizeof(passphrase));
	for (int i = 0; i < TRIES && r == -EKEYREJECTED; i++) {
		r = ask(i ? "Wrong; the passphrase of the hibernated system:" :
			    "Passphrase of the hibernated system:", &passphrase, error);
		if (r == 0)
			r = kj_key_unlock_passphrase(info, passphrase.text, passphrase.len,
						     ret, error);
		explicit_bzero(&passphrase, sizeof(passphrase));
		if (r == -EKEYREJECTED)
			kj_notice("%s", error->text);
	}
	if (r == -EKEYREJECTED)
		kj_fail(error, r, "the passphrase was wrong %d times", TRIES);
	return r;
}

static int unlock_by_keyfile(const struct kj_image_info *info, struct kj_key **ret,
			     struct kj_error *error)
{
	kj_autofree char *bytes = NULL;
	size_t len;
	int r;

	r = kj_read_file(KJ_KEYFILE_PATH, KJ_KEYFILE_SIZE_MAX, &bytes, &len);
	if (r < 0) {
		bytes = NULL;
		return kj_fail(error, r == -ENOENT ? -ENOKEY : r,
			       "this initramfs has no key file " KJ_KEYFILE_PATH ": %s",
			       strerror(-r));
	}
	r = kj_key_unlock_keyfile(info, bytes, len, ret, error);
	explicit_bzero(bytes, len);
	return r;
}

int kj_unlock(const struct kj_image_info *info, struct kj_key **ret,
	      struct kj_error *error)
{
	*ret = NULL;
	switch (kj_get32(info->slot.lock)) {
	case KJ_LOCK_NONE:
		return 0;
	case KJ_LOCK_KEYFILE:
		return unlock_by_keyfile(info, ret, error);
	default:
		return unlock_by_passphrase(info, ret, error);
	}
}
