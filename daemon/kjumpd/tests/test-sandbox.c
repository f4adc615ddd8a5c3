// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reader of foreign bytes may do, taken over by somebody: nothing.  Each
 * way out that there is is tried, and the parent goes on with one sentence.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "kj-io.h"
#include "sandbox.h"

static char result[64];
static struct kj_reason reason;

static int run(int (*work)(void *ctx, void *result), void *ctx, int timeout_ms)
{
	const struct kj_sandbox sandbox = {
		.what = "/dev/example", .work = work, .ctx = ctx, .result = result,
		.result_size = sizeof(result), .timeout_ms = timeout_ms,
	};

	memset(&reason, 0, sizeof(reason));
	memset(result, 0, sizeof(result));
	return kj_sandbox_run(&sandbox, &reason);
}

static int read_and_think(void *ctx, void *out)
{
	char *copy = malloc(1 << 20);	/* more than malloc has at hand */

	if (!copy || pread(*(int *)ctx, copy, 1 << 20, 1) != 5)
		return -EIO;
	memcpy(out, copy, 5);
	free(copy);
	return 0;
}

static void a_result_comes_back(void **state)
{
	char path[] = "/tmp/kj-test-sandbox.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "xhello", 6), 6);
	assert_int_equal(run(read_and_think, &fd, 0), 0);
	assert_string_equal(result, "hello");
	assert_int_equal(reason.error, 0);
	close(fd);
	unlink(path);
}

static int say_no(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return -ENODATA;
}

static void so_does_an_error(void **state)
{
	(void)state;
	assert_int_equal(run(say_no, NULL, 0), -ENODATA);
	assert_int_equal(reason.error, 0);
}

/* What libraries try is refused without a fuss. */
static int try_to_open(void *ctx, void *out)
{
	char byte;

	(void)ctx, (void)out;
	if (open("/dev/null", O_RDONLY) >= 0 || errno != EPERM)
		return -EINVAL;
	if (ioctl(0, TIOCSTI, &byte) >= 0 || errno != EPERM)
		return -EINVAL;
	return access("/", F_OK) >= 0 ? -EINVAL : 0;
}

static void files_and_ioctls_are_refused(void **state)
{
	(void)state;
	assert_int_equal(run(try_to_open, NULL, 0), 0);
}

static int crash(void *ctx, void *out)
{
	(void)out;
	*(volatile int *)ctx = 1;
	return 0;
}

static int abort_it(void *ctx, void *out)
{
	(void)ctx, (void)out;
	abort();
}

static int connect_out(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : -EINVAL;
}

static int run_a_shell(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return execl("/bin/sh", "sh", "-c", "true", NULL);
}

static int fork_away(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return fork() >= 0 ? 0 : -EINVAL;
}

static int kill_parent(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return kill(getppid(), SIGUSR1);
}

static int write_elsewhere(void *ctx, void *out)
{
	(void)out;
	return write(*(int *)ctx, "x", 1) == 1 ? 0 : -EINVAL;
}

static int write_at(void *ctx, void *out)
{
	(void)out;
	return pwrite(*(int *)ctx, "x", 1, 0) == 1 ? 0 : -EINVAL;
}

static int run_own_code(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -EINVAL : 0;
}

static int make_executable(void *ctx, void *out)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)ctx, (void)out;
	return page == MAP_FAILED ? -EINVAL : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int lift_the_filter(void *ctx, void *out)
{
	(void)ctx, (void)out;
	return (int)syscall(SYS_seccomp, 0, 0, NULL);
}

static void ways_out_end_in_one_sentence(void **state)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct {
		int (*work)(void *ctx, void *result);
		const char *said;
	} ways[] = {
		{ crash,           "(signal 11, Segmentation fault)" },
		{ abort_it,        "(signal " },
		{ connect_out,     "(signal 31, Bad system call)" },
		{ run_a_shell,     "(signal 31, Bad system call)" },
		{ fork_away,       "(signal 31, Bad system call)" },
		{ kill_parent,     "(signal 31, Bad system call)" },
		{ write_elsewhere, "(signal 31, Bad system call)" },
		{ write_at,        "(signal 31, Bad system call)" },
		{ run_own_code,    "(signal 31, Bad system call)" },
		{ make_executable, "(signal 31, Bad system call)" },
		{ lift_the_filter, "(signal 31, Bad system call)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int r = run(ways[i].work, ways[i].work == crash ? NULL : (void *)&fd, 0);

		if (r != -EBADMSG || !strstr(reason.text, ways[i].said) ||
		    !strstr(reason.text, "What is on /dev/example brought down the process"))
			fail_msg("way %zu: %d, \"%s\"", i, r, reason.text);
	}
	close(fd);
}

/* A child in an endless loop, and what it is meanwhile. */
struct hang {
	int pid_pipe[2];
	char status[4096];
};

static int tell_pid(void *ctx)
{
	const struct hang *hang = ctx;
	pid_t pid = getpid();

	return write(hang->pid_pipe[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : -EIO;
}

static int spin(void *ctx, void *out)
{
	(void)ctx, (void)out;
	for (volatile int i = 0; i == 0; )
		;
	return 0;
}

static void *look_at_it(void *arg)
{
	struct hang *hang = arg;
	char path[64], *text = NULL;
	pid_t pid;

	if (read(hang->pid_pipe[0], &pid, sizeof(pid)) != sizeof(pid))
		return NULL;
	usleep(300000);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (kj_read_file(path, sizeof(hang->status) - 1, &text, NULL) == 0)
		strcpy(hang->status, text);
	free(text);
	return NULL;
}

static void it_has_nothing_and_is_ended_in_time(void **state)
{
	static struct hang hang;
	const struct kj_sandbox sandbox = {
		.what = "/dev/example", .prepare = tell_pid, .work = spin, .ctx = &hang,
		.result = result, .result_size = sizeof(result), .timeout_ms = 1500,
	};
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(hang.pid_pipe), 0);
	assert_int_equal(pthread_create(&thread, NULL, look_at_it, &hang), 0);
	assert_int_equal(kj_sandbox_run(&sandbox, &reason), -ETIMEDOUT);
	assert_non_null(strstr(reason.text, "Looking at what is on /dev/example took too long"));
	pthread_join(thread, NULL);
	assert_non_null(strstr(hang.status, "CapPrm:\t0000000000000000"));
	assert_non_null(strstr(hang.status, "CapEff:\t0000000000000000"));
	assert_non_null(strstr(hang.status, "NoNewPrivs:\t1"));
	assert_non_null(strstr(hang.status, "Seccomp:\t2"));
	close(hang.pid_pipe[0]);
	close(hang.pid_pipe[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_comes_back),
		cmocka_unit_test(so_does_an_error),
		cmocka_unit_test(files_and_ioctls_are_refused),
		cmocka_unit_test(ways_out_end_in_one_sentence),
		cmocka_unit_test(it_has_nothing_and_is_ended_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
