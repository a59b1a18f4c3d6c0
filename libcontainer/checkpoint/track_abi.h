/*
 * track_abi.h - numbers of userfaultfd(2) and /proc/PID/pagemap that are younger than the headers
 * hull is built with (Linux 6.7).
 */
#ifndef HULL_TRACK_ABI_H
#define HULL_TRACK_ABI_H

#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif
/* Write faults clear the protection by themselves, and pages that are not there may be protected.
 */
#define TRACK_UFFD_FEATURES                                               \
	((__u64)(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_ASYNC | \
		 UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_HUGETLBFS_SHMEM))

enum {
	PAGEMAP_WPALLOWED = 1 << 0, /* its mapping is registered for asynchronous protection */
	PAGEMAP_WRITTEN = 1 << 1,   /* not protected: written since the last scan */
	PAGEMAP_FILE = 1 << 2,      /* of the page cache, not the process's own */
	PAGEMAP_PRESENT = 1 << 3,
	PAGEMAP_SWAPPED = 1 << 4,
	PAGEMAP_PFNZERO = 1 << 5, /* the kernel's page of zeros */
	/* flags */
	PAGEMAP_PROTECT = 1 << 0, /* protect what matches */
};

struct pagemap_region {
	__u64 start, end, categories;
};

struct pagemap_scan {
	__u64 size, flags, start, end;
	__u64 walk_end;
	__u64 vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN_IOCTL _IOWR('f', 16, struct pagemap_scan)

/* Of /proc/PID/maps: one mapping, by an address in it (Linux 6.11). */
struct procmap_query_arg {
	__u64 size, flags, addr;
	__u64 vma_start, vma_end, vma_flags, page_size, offset, inode;
	__u32 dev_major, dev_minor, name_size, build_id_size;
	__u64 name, build_id;
};

#define PROCMAP_QUERY_IOCTL _IOWR('f', 17, struct procmap_query_arg)
#define PROCMAP_SHARED      0x08 /* of vma_flags */

#endif
