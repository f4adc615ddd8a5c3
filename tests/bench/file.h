/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KJ_BENCH_FILE_H
#define KJ_BENCH_FILE_H

#include "kj-target.h"

/* A target that is a whole file of @size bytes; freed by free(). */
struct kj_target *whole_file(uint64_t size);

#endif /* KJ_BENCH_FILE_H */
