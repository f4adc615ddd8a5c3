// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks may hold what somebody made to confuse their readers: a stick that was
 * found, a partition that a guest of this machine can write.  libblkid and our
 * own parser of headers are fuzzed, and still kjumpd is root.  So they run in a
 * child for as long as one look takes:
 *
 *   parent                      child
 *   ------                      -----
 *   fork ---------------------> prepare(): what needs open(2)
 *                               no capabilities, no new privileges, seccomp
 *                               work(): read, compute
 *   poll, read <---- pipe ----- result, of fixed size
 *   waitpid                     exit
 *
 * The filter refuses by an errno what libraries try and can do without (opening
 * files of /sys), and kills for everything else, which no reader has a use for.
 * A child that is killed is one sentence in the parent.
 *
 * The child is forked from a process with threads.  It takes no lock that
 * another thread may hold but malloc's, which glibc makes usable again.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "sandbox.h"

#define CPU_SECONDS_MAX	30

struct answer {
	int32_t result;
	char data[KJ_SANDBOX_RESULT_MAX];
};

static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(preadv),
	SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close), SCMP_SYS(fadvise64),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getpid), SCMP_SYS(getrandom), SCMP_SYS(futex),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Tried by libraries, and done without. */
static const int refused[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(ioctl), SCMP_SYS(fcntl),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(prlimit64),
};

static const unsigned long ioctls[] = { BLKGETSIZE64, BLKSSZGET, BLKPBSZGET, BLKROGET };

/* To load the second filter over the first. */
static const int loading[] = { SCMP_SYS(seccomp), SCMP_SYS(prctl) };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

/* What both filters allow.  Memory may be had, but none that is run. */
static int allow_common(scmp_filter_ctx filter, int output)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int r = allow(filter, allowed, COUNT(allowed));

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)output));
	return r;
}

/* Of two filters the stricter answer counts: this one says "refused" to all
 * that is not allowed... */
static int load_refusing(int output)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? allow_common(filter, output) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < COUNT(ioctls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
	if (r == 0)
		r = allow(filter, loading, COUNT(loading));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

/* ...and this one kills for all but that and what may be refused. */
static int load_killing(int output)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? allow_common(filter, output) : -ENOMEM;

	if (r == 0)
		r = allow(filter, refused, COUNT(refused));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int confine(int output)
{
	const struct rlimit cpu = { CPU_SECONDS_MAX, CPU_SECONDS_MAX }, none = { 0, 0 };
	int r;

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = drop_capabilities();
	if (r == 0)
		r = load_refusing(output);
	return r == 0 ? load_killing(output) : r;
}

__attribute__((noreturn))
static void child(const struct kj_sandbox *sandbox, int output)
{
	static struct answer answer;
	sigset_t none;
	int r;

	/* What our process does with signals is its own. */
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = sandbox->prepare ? sandbox->prepare(sandbox->ctx) : 0;
	if (r == 0)
		r = confine(output);
	if (r == 0)
		r = sandbox->work(sandbox->ctx, answer.data);
	answer.result = r;
	r = write(output, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1;
	_exit(r);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Return: 0, -ETIMEDOUT, or -EBADMSG when the child ended before it was all. */
static int receive(int fd, int timeout_ms, struct answer *answer)
{
	long long end = now_ms() + timeout_ms, left;
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(*answer)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, (char *)answer + have, sizeof(*answer) - have);
		if (n == 0)
			return -EBADMSG;
		if (n < 0 && errno != EINTR)
			return -errno;
		have += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Return: wait status. */
static int end_child(pid_t pid, bool by_force)
{
	int status = 0;

	if (by_force)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int explain(int r, int status, const struct kj_sandbox *sandbox,
		   struct kj_reason *reason)
{
	if (r == -ETIMEDOUT)
		return kj_reason_set(reason, ETIMEDOUT, KJ_WHY_TARGET,
				     "Looking at what is on %s took too long: is the disk well?",
				     sandbox->what);
	if (WIFSIGNALED(status))
		return kj_reason_set(reason, EBADMSG, KJ_WHY_TARGET,
				     "What is on %s brought down the process that looked at it (signal %d, %s): it is damaged, or made to do that; wipefs -a removes it",
				     sandbox->what, WTERMSIG(status),
				     sigdescr_np(WTERMSIG(status)));
	return kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot look at what is on %s: %m",
			     sandbox->what);
}

int kj_sandbox_run(const struct kj_sandbox *sandbox, struct kj_reason *reason)
{
	int timeout_ms = sandbox->timeout_ms ? sandbox->timeout_ms : KJ_SANDBOX_TIMEOUT_MS;
	kj_autoclose int input = -EBADF;
	struct answer answer;
	int fds[2], r, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET, "Cannot make a pipe: %m");
	input = fds[0];
	pid = fork();
	if (pid == 0)
		child(sandbox, fds[1]);
	close(fds[1]);
	if (pid < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot start a process that looks at %s: %m", sandbox->what);
	r = receive(input, timeout_ms, &answer);
	status = end_child(pid, r < 0 && r != -EBADMSG);
	if (r < 0)
		return explain(r, status, sandbox, reason);
	if (answer.result > 0 || answer.result < -4095)
		return explain(-EBADMSG, 0, sandbox, reason);
	memcpy(sandbox->result, answer.data, sandbox->result_size);
	return answer.result;
}
