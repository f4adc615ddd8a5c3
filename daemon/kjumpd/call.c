// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reboot(LINUX_REBOOT_CMD_KEXEC_CALL).  The kernel does everything on the way:
 * PM notifiers, sync, freezing, devices, platform hooks by word, the jump, and
 * the same backwards.  Raw syscall(2), because libc's reboot() has only one
 * argument.
 *
 * An errno means that B was never entered and A has been put back as it was.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

#ifndef LINUX_REBOOT_CMD_KEXEC_CALL
#define LINUX_REBOOT_CMD_KEXEC_CALL 0x4b4a4d50
#endif

static const char *const word_names[] = {
	[KJUMP_WORD_NONE]      = "nothing",
	[KJUMP_WORD_READY]     = "READY",
	[KJUMP_WORD_HIBERNATE] = "HIBERNATE",
	[KJUMP_WORD_SNAPSHOT]  = "SNAPSHOT",
	[KJUMP_WORD_PING]      = "PING",
	[KJUMP_WORD_DONE]      = "DONE",
	[KJUMP_WORD_FAILED]    = "FAILED",
	[KJUMP_WORD_RESUME]    = "RESUME",
};

const char *kj_word_name(uint64_t word)
{
	if (word < sizeof(word_names) / sizeof(word_names[0]))
		return word_names[word];
	return "an unknown word";
}

/* What an errno of the call means to a person. */
static const char *explain(int error)
{
	switch (error) {
	case EBUSY:
		return "another sleep is in flight, or a task or a device refused to freeze; see the kernel's log";
	case EAGAIN:
		return "a wake-up event came in, or a task refused to freeze; try again";
	case ENOMEM:
		return "there is not enough free memory to leave; close programs";
	case EPERM:
		return "the kernel forbids it (lockdown, or CAP_SYS_BOOT is missing)";
	case EOPNOTSUPP:
		return "this machine's memory is encrypted, or the two kernels use different paging";
	case EINVAL:
	case ENOSYS:
		return "the kernel does not know this call, or its kjump patches do not fit this kjump";
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "no kernel B is loaded, or a device refused to freeze; see the kernel's log";
	default:
		return "see the kernel's log for the device that failed";
	}
}

int kj_call(enum kjump_word word, const uint64_t *words, unsigned int n_words,
	    const void *blob, size_t len, struct kj_reply *ret,
	    struct kj_reason *reason)
{
	struct kexec_call call = {
		.size = sizeof(call),
		.argc = 1 + n_words,
		.argv = { word },
		.blob = (uintptr_t)blob,
		.blob_len = (uint32_t)len,
		.ret_blob = (uintptr_t)ret->text,
		.ret_blob_size = KEXEC_CALL_BLOB_MAX,
	};
	size_t n;

	memset(ret, 0, sizeof(*ret));
	for (unsigned int i = 0; i < n_words; i++)
		call.argv[1 + i] = words[i];
	if (syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		    LINUX_REBOOT_CMD_KEXEC_CALL, &call) < 0) {
		int error = errno;

		return kj_reason_set(reason, error, KJ_WHY_CALL,
				     "The kernel refused to call kernel B with %s: %m: %s",
				     kj_word_name(word), explain(error));
	}
	n = call.ret_blob_len < KEXEC_CALL_BLOB_MAX ? call.ret_blob_len : KEXEC_CALL_BLOB_MAX;
	ret->text[n] = '\0';
	for (uint32_t i = 0; i < call.ret_argc && i < KEXEC_CALL_ARGC_MAX; i++)
		ret->argv[i] = call.ret_argv[i];
	return 0;
}
