/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of a verb that has one option and no arguments.
 */
#ifndef KJ_CTL_FLAG_H
#define KJ_CTL_FLAG_H

#include <argp.h>
#include <stdbool.h>

/**
 * kj_parse_flag() - was the option given?
 * @options: it, and the end of the list
 * @doc: what --help says about the verb
 *
 * Anything else on the command line ends the program, as argp does.
 */
bool kj_parse_flag(int argc, char **argv, const struct argp_option *options, const char *doc);

#endif /* KJ_CTL_FLAG_H */
