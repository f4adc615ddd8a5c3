// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of power supplies, in /sys/class/power_supply.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "battery.h"
#include "kj-cleanup.h"
#include "kj-io.h"

/* A file of a supply; "" when there is none.  Return: @buf. */
static const char *attribute(const char *dir, const char *supply, const char *name,
			     char *buf, size_t len)
{
	kj_autofree char *path = NULL, *line = NULL;

	*buf = '\0';
	if (asprintf(&path, "%s/%s/%s", dir, supply, name) < 0) {
		path = NULL;
		return buf;
	}
	if (kj_read_line(path, &line) < 0) {
		line = NULL;
		return buf;
	}
	snprintf(buf, len, "%s", line);
	return buf;
}

/* Calls back for each supply that feeds the machine, with its type. */
static void for_each_supply(const char *root,
			    void (*look)(const char *dir, const char *supply,
					 const char *type, void *ctx), void *ctx)
{
	kj_autofree char *path = NULL;
	kj_cleanup(closedir) DIR *dir = NULL;
	struct dirent *entry;
	char scope[32], type[32];

	if (asprintf(&path, "%s/sys/class/power_supply", root) < 0) {
		path = NULL;
		return;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    strcmp(attribute(path, entry->d_name, "scope", scope, sizeof(scope)),
			   "Device") == 0)
			continue;
		look(path, entry->d_name,
		     attribute(path, entry->d_name, "type", type, sizeof(type)), ctx);
	}
}

static void look_capacity(const char *dir, const char *supply, const char *type, void *ctx)
{
	int *lowest = ctx, percent;
	char text[32];

	if (strcmp(type, "Battery") != 0 ||
	    !*attribute(dir, supply, "capacity", text, sizeof(text)))
		return;
	percent = atoi(text);
	if (*lowest < 0 || percent < *lowest)
		*lowest = percent;
}

int kj_battery_capacity(const char *root)
{
	int lowest = -ENODEV;

	for_each_supply(root, look_capacity, &lowest);
	return lowest;
}

bool kj_battery_lasts(int before, int now)
{
	int used = before > now ? before - now : 0;

	return now - used > KJ_BATTERY_LOW;
}

static void look_external(const char *dir, const char *supply, const char *type, void *ctx)
{
	char text[32];

	if (strcmp(type, "Mains") != 0 && strcmp(type, "USB") != 0)
		return;
	if (strcmp(attribute(dir, supply, "online", text, sizeof(text)), "1") == 0)
		*(bool *)ctx = true;
}

bool kj_on_external_power(const char *root)
{
	bool external = kj_battery_capacity(root) < 0;

	for_each_supply(root, look_external, &external);
	return external;
}
