/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Calls between two kernels that share a machine, one beside the other's
 * memory, and the saving and restoring of the peer's memory.
 *
 * See Documentation/power/kexec-call.rst.
 */
#ifndef _UAPI_LINUX_KJUMP_H
#define _UAPI_LINUX_KJUMP_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Words and bytes that one call can carry in each direction. */
#define KEXEC_CALL_ARGC_MAX	8
#define KEXEC_CALL_BLOB_MAX	24576

/**
 * enum kjump_word - what a kernel tells its peer, in argv[0] of a call
 * @KJUMP_WORD_NONE:      the peer came back without saying anything
 * @KJUMP_WORD_READY:     B is up and parked, or parked again
 * @KJUMP_WORD_HIBERNATE: B shall write A's memory and power off
 * @KJUMP_WORD_SNAPSHOT:  B shall write A's memory and come back
 * @KJUMP_WORD_PING:      B shall come straight back
 * @KJUMP_WORD_DONE:      what was asked for is done
 * @KJUMP_WORD_FAILED:    argv[1] is an errno, the blob a text without NUL
 * @KJUMP_WORD_RESUME:    C put A's memory back
 *
 * The kernel acts on HIBERNATE and SNAPSHOT (platform hooks, save map) and on
 * RESUME (the image that was called last is gone).  All others, also ones
 * that are not in this list, only pass through it.
 */
enum kjump_word {
	KJUMP_WORD_NONE		= 0,
	KJUMP_WORD_READY	= 1,
	KJUMP_WORD_HIBERNATE	= 2,
	KJUMP_WORD_SNAPSHOT	= 3,
	KJUMP_WORD_PING		= 4,
	KJUMP_WORD_DONE		= 5,
	KJUMP_WORD_FAILED	= 6,
	KJUMP_WORD_RESUME	= 7,
};

/**
 * struct kexec_call - fourth argument of reboot(LINUX_REBOOT_CMD_KEXEC_CALL)
 * @size:          in: sizeof(struct kexec_call) of the caller
 * @flags:         in: 0
 * @argc:          in: words in @argv
 * @ret_argc:      out: words in @ret_argv
 * @argv:          in: words for the peer
 * @ret_argv:      out: words of the peer
 * @blob:          in: address of the data for the peer, or 0
 * @ret_blob:      in: address of the buffer for the peer's data, or 0
 * @blob_len:      in: bytes at @blob, KEXEC_CALL_BLOB_MAX at most
 * @ret_blob_size: in: bytes that fit at @ret_blob
 * @ret_blob_len:  out: bytes the peer sent; those that do not fit are cut off
 * @reserved:      in: 0
 *
 * The call returns 0 when the peer has called back, else a negative errno and
 * the peer was never entered.
 */
struct kexec_call {
	__u32 size;
	__u32 flags;
	__u32 argc;
	__u32 ret_argc;
	__u64 argv[KEXEC_CALL_ARGC_MAX];
	__u64 ret_argv[KEXEC_CALL_ARGC_MAX];
	__u64 blob;
	__u64 ret_blob;
	__u32 blob_len;
	__u32 ret_blob_size;
	__u32 ret_blob_len;
	__u32 reserved;
};

/**
 * struct kjump_peer - what the peer's last call says of its memory
 * @entry:    out: physical address to call to go on in the peer
 * @max_pfn:  out: the peer's memory ends before this page frame
 * @nr_saved: out: page frames in the save map; 0: the call brought no map
 */
struct kjump_peer {
	__u64 entry;
	__u64 max_pfn;
	__u64 nr_saved;
};

/**
 * struct kjump_map - a piece of the peer's save map
 * @first_pfn: in: first page frame, a multiple of 64
 * @nr_pfns:   in: page frames, a multiple of 64
 * @bitmap:    in: address of nr_pfns/64 __u64; bit n of word m stands for
 *             page frame first_pfn + 64 * m + n
 */
struct kjump_map {
	__u64 first_pfn;
	__u64 nr_pfns;
	__u64 bitmap;
};

/**
 * struct kjump_restore - begin to restore the memory of a peer
 * @entry:    in: kjump_peer.entry of when the memory was saved
 * @max_pfn:  in: page frames in @bitmap, a multiple of 64
 * @bitmap:   in: address of max_pfn/64 __u64; a set bit is a page frame that
 *            will be written
 * @nr_pages: out: page frames in @bitmap
 * @nr_moved: out: those of them that this kernel uses itself; they are kept
 *            elsewhere and go home in the last step of the jump
 * @nr_short: out: those of @nr_moved for which there is no room; if fewer of
 *            the pages that move are all zero, writing will fail with ENOMEM
 */
struct kjump_restore {
	__u64 entry;
	__u64 max_pfn;
	__u64 bitmap;
	__u64 nr_pages;
	__u64 nr_moved;
	__u64 nr_short;
};

/*
 * /dev/kjump: one process at a time.
 *
 * In B: mmap(PROT_READ, MAP_SHARED, offset = physical address) shows the
 * peer's memory; offset and length are multiples of the page size and must be
 * outside this kernel's own memory.
 *
 * In C: after KJUMP_RESTORE, pwrite(data, n * PAGE_SIZE, physical address)
 * from any number of threads puts pages where the peer had them.  When all
 * have been written, LINUX_REBOOT_CMD_KEXEC_CALL goes there.  Closing the
 * file gives the memory back.
 */
#define KJUMP_GET_PEER	_IOR('j', 1, struct kjump_peer)
#define KJUMP_GET_MAP	_IOW('j', 2, struct kjump_map)
#define KJUMP_RESTORE	_IOWR('j', 3, struct kjump_restore)

#endif /* _UAPI_LINUX_KJUMP_H */
