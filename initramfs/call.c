// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls behind a jump: reboot(KEXEC_CALL) and, in B, the
 * kexec_load() of the way back.  Runs in kernels B and C.
 *
 * Both are called by syscall(2).  libc's reboot() passes one argument and
 * leaves the fourth undefined, and there is no wrapper for kexec_load().
 *
 * The way back is an image without contents.  A is already in memory, whole;
 * B only has to know its entry, and that the jump shall preserve B.  One
 * segment of no bytes says so, because no segment at all means "unload".
 */
#include <errno.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

/* Until <linux/reboot.h> of the build machine comes from a patched kernel. */
#ifndef LINUX_REBOOT_CMD_KEXEC_CALL
#define LINUX_REBOOT_CMD_KEXEC_CALL 0x4b4a4d50
#endif

void kj_message_set(struct kj_message *m, enum kjump_word word, unsigned int n,
		    const uint64_t *words)
{
	if (n > KEXEC_CALL_ARGC_MAX - 1)
		n = KEXEC_CALL_ARGC_MAX - 1;
	m->argc = n + 1;
	m->argv[0] = word;
	if (n > 0)
		memcpy(&m->argv[1], words, n * sizeof(*words));
	m->blob_len = 0;
}

void kj_message_set_text(struct kj_message *m, const char *text)
{
	m->blob_len = strnlen(text, sizeof(m->blob));
	memcpy(m->blob, text, m->blob_len);
}

enum kjump_word kj_message_word(const struct kj_message *m)
{
	return m->argc > 0 ? (enum kjump_word)m->argv[0] : KJUMP_WORD_NONE;
}

uint64_t kj_message_arg(const struct kj_message *m, unsigned int i)
{
	return i < m->argc ? m->argv[i] : 0;
}

int kj_call(const struct kj_message *out, struct kj_message *in)
{
	struct kexec_call call = {
		.size = sizeof(call),
		.argc = out->argc,
		.blob = (uintptr_t)out->blob,
		.blob_len = out->blob_len,
		.ret_blob = (uintptr_t)in->blob,
		.ret_blob_size = sizeof(in->blob),
	};

	for (unsigned int i = 0; i < out->argc; i++)
		call.argv[i] = out->argv[i];
	if (syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		    LINUX_REBOOT_CMD_KEXEC_CALL, &call) < 0)
		return -errno;

	in->argc = call.ret_argc < KEXEC_CALL_ARGC_MAX ?
		   call.ret_argc : KEXEC_CALL_ARGC_MAX;
	for (unsigned int i = 0; i < in->argc; i++)
		in->argv[i] = call.ret_argv[i];
	in->blob_len = call.ret_blob_len < sizeof(in->blob) ?
		       call.ret_blob_len : sizeof(in->blob);
	return 0;
}

int kj_load_way_back(uint64_t entry)
{
	const struct kexec_segment nothing = { 0 };

	if (syscall(SYS_kexec_load, (unsigned long)entry, 1UL, &nothing,
		    (unsigned long)KEXEC_PRESERVE_CONTEXT) < 0)
		return -errno;
	return 0;
}
