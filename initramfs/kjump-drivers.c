// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump-drivers: loads the drivers of the target's device chain.  Runs once in
 * kernel B, before the agent tells A that it is ready.
 *
 * There is no udev in B and nothing is looked for: kjump-mkinitrd resolved the
 * chain in A and wrote its modules down.  libkmod adds what they depend on.
 *
 * A program of its own because libkmod brings libcrypto and two decompressors
 * along, 5.7 MB that would stay in B's few MiB as long as the agent runs.  Once
 * this has exited, the agent removes them from the initramfs.
 */
#include <libkmod.h>
#include <stdio.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-log.h"

KJ_DEFINE_CLEANUP(struct kmod_ctx *, kmod_unref)
KJ_DEFINE_CLEANUP(struct kmod_list *, kmod_module_unref_list)

static int load(struct kmod_ctx *kmod, const char *name)
{
	kj_cleanup(kmod_module_unref_list) struct kmod_list *modules = NULL;
	struct kmod_list *item;
	int r;

	r = kmod_module_new_from_lookup(kmod, name, &modules);
	if (r < 0)
		return kj_error_errno(r, "cannot look up driver %s: %m", name);
	if (!modules) {
		kj_info("driver %s is not a module of this kernel; taken to be built in", name);
		return 0;
	}
	kmod_list_foreach(item, modules) {
		struct kmod_module *module = kmod_module_get_module(item);

		r = kmod_module_probe_insert_module(module, 0, NULL, NULL, NULL, NULL);
		kmod_module_unref(module);
		if (r < 0)
			return kj_error_errno(r, "cannot load driver %s: %m", name);
	}
	kj_debug("driver %s is loaded", name);
	return 0;
}

/* Return: how many failed, or a negative errno when none could be tried. */
static int load_list(const char *list)
{
	kj_cleanup(kmod_unref) struct kmod_ctx *kmod = NULL;
	kj_cleanup(fclose) FILE *file = fopen(list, "re");
	char name[128];
	int failed = 0;

	if (!file)
		return kj_error_errno(errno, "cannot read %s: %m", list);
	kmod = kmod_new(NULL, NULL);
	if (!kmod)
		return kj_error_errno(ENOMEM, "cannot use libkmod: %m");
	while (fgets(name, sizeof(name), file)) {
		name[strcspn(name, " \t\n")] = '\0';
		if (name[0] != '\0' && name[0] != '#' && load(kmod, name) < 0)
			failed++;
	}
	return failed;
}

int main(int argc, char *argv[])
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s LIST-OF-MODULES; see kjump-agent(8)\n", argv[0]);
		return EXIT_FAILURE;
	}
	kj_log_set_sink(kj_log_kmsg);
	return load_list(argv[1]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
