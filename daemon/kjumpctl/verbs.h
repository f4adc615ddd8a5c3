/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function per verb.  argv[0] is "kjumpctl VERB"; each parses its own
 * options, prints what went wrong, and returns an exit status of client.h.
 */
#ifndef KJ_VERBS_H
#define KJ_VERBS_H

int verb_status(int argc, char **argv);
int verb_setup(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_load(int argc, char **argv);
int verb_unload(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_hibernate(int argc, char **argv);
int verb_test(int argc, char **argv);
int verb_key(int argc, char **argv);
int verb_target(int argc, char **argv);
int verb_inspect(int argc, char **argv);
int verb_discard(int argc, char **argv);

#endif /* KJ_VERBS_H */
