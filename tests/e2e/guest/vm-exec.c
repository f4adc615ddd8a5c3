// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command of `tests/e2e/vm exec` in the guest, exactly once.
 *
 *   vm-exec NAME CMD ARG...
 *
 * Output, errors and status go to the files out, err and status in
 * /run/vm-exec/NAME; status appears last, complete.  When the folder is there
 * already the command was begun before: the line to the host lost the answer,
 * and the host asked again.  Folders of commands that ended some minutes ago
 * are removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULTS		"/run/vm-exec"
#define KEEP_SECONDS	300

static void remove_old(void)
{
	DIR *dir = opendir(RESULTS);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		static const char *const files[] = { "out", "err", "status" };
		char path[512];

		snprintf(path, sizeof(path), RESULTS "/%s/status", entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) < 0 ||
		    st.st_mtime + KEEP_SECONDS > time(NULL))
			continue;
		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), RESULTS "/%s/%s",
				 entry->d_name, files[i]);
			unlink(path);
		}
		snprintf(path, sizeof(path), RESULTS "/%s", entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

static void redirect(const char *file, int to)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, to) < 0) {
		perror(file);
		_exit(127);
	}
	close(fd);
}

static int run(char *argv[])
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		redirect("out", STDOUT_FILENO);
		redirect("err", STDERR_FILENO);
		if (chdir("/root") < 0)
			perror("/root");
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (pid < 0 || waitpid(pid, &status, 0) < 0) {
		if (pid < 0 || errno != EINTR)
			return 127;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
	FILE *file;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: vm-exec NAME CMD ARG...\n");
		return EXIT_FAILURE;
	}
	mkdir(RESULTS, 0700);
	remove_old();
	if (chdir(RESULTS) < 0 || mkdir(argv[1], 0700) < 0 || chdir(argv[1]) < 0)
		return errno == EEXIST ? EXIT_SUCCESS : EXIT_FAILURE;
	status = run(argv + 2);
	file = fopen("status.new", "w");
	if (!file || fprintf(file, "%d\n", status) < 0 || fclose(file) != 0)
		return EXIT_FAILURE;
	return rename("status.new", "status") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
