/* RUNTIME: dirty-page tracking of running processes: the kernel asked, processes opened and closed.
 */
#include "track.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "track_abi.h"
#include "track_impl.h"
#include "track_inject.h"
#include "track_soft.h"
#include "track_task.h"

#define PAGE       4096UL
#define TRIES      8
#define BUSY_TRIES 2 /* each may take two seconds */

/* clang-format off */
static const char *const why_texts[] = {
	[TRACK_OK]          = "is tracked",
	[TRACK_USERFAULTFD] = "has a userfaultfd of its own",
	[TRACK_DIRECT_IO]   = "has a file open for direct I/O",
	[TRACK_IO_URING]    = "uses io_uring",
	[TRACK_AIO]         = "uses Linux AIO",
	[TRACK_SOFT_DIRTY]  = "clears soft-dirty bits itself",
	[TRACK_COMPAT]      = "runs a program of 32 bits",
	[TRACK_TRACED]      = "is traced by another process, or may not be traced",
	[TRACK_SHARED_MM]   = "shares its memory with another process",
	[TRACK_BUSY]        = "did not come to a stop in time",
	[TRACK_EXEC]        = "has executed another program",
	[TRACK_NO_CALL]     = "has no place to make a system call from",
	[TRACK_REFUSED]     = "could not make a userfaultfd",
	[TRACK_ENDED]       = "has ended",
	[TRACK_MEMORY]      = "has memory that could not be scanned",
};
/* clang-format on */

const char *track_why_text(enum track_why why)
{
	return (size_t)why < ARRAY_SIZE(why_texts) ? why_texts[why] : "is not tracked";
}

static int lacks(struct err *err, const char *what, const char *since)
{
	err_fail(err, ENOTSUP,
		 "the pages that running processes write cannot be told: %s is missing (Linux %s "
		 "has "
		 "it)",
		 what, since);
	err_hint(err, "copy the memory while the container is stopped, or by post-copy");
	return -ENOTSUP;
}

static int new_userfaultfd(uint64_t features, struct uffdio_api *ret)
{
	auto_fd int fd =
		(int)syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY | O_CLOEXEC | O_NONBLOCK);

	*ret = (struct uffdio_api){.api = UFFD_API, .features = features};
	if (fd < 0 || ioctl(fd, UFFDIO_API, ret) < 0)
		return -errno;
	return take_fd(&fd);
}

static long pages_written(int pagemap, void *at, size_t len)
{
	struct pagemap_region vec[4];
	struct pagemap_scan a = {
		.size = sizeof(a),
		.flags = PAGEMAP_PROTECT,
		.start = (uintptr_t)at,
		.end = (uintptr_t)at + len,
		.vec = (uintptr_t)vec,
		.vec_len = ARRAY_SIZE(vec),
		.category_mask = PAGEMAP_WRITTEN | PAGEMAP_WPALLOWED,
		.return_mask = PAGEMAP_WRITTEN,
	};
	long n = ioctl(pagemap, PAGEMAP_SCAN_IOCTL, &a), bytes = 0;

	for (long i = 0; i < n; i++)
		bytes += (long)(vec[i].end - vec[i].start);
	return n < 0 ? -errno : bytes / (long)PAGE;
}

/* On four pages of our own: an architecture or a kernel that answers wrong is none to rely on. */
static int try_it(int uffd, struct err *err)
{
	auto_fd int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char *at =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register reg = {.range = {(uintptr_t)at, 4 * PAGE},
				      .mode = UFFDIO_REGISTER_MODE_WP};
	long all, one;

	if (pagemap < 0 || at == MAP_FAILED)
		return err_sys(err, errno, "page tracking: own memory");
	for (size_t i = 0; i < 4; i++)
		at[i * PAGE] = 1;
	if (ioctl(uffd, UFFDIO_REGISTER, &reg) < 0) {
		int saved = errno;

		munmap((void *)at, 4 * PAGE);
		return err_sys(err, saved, "page tracking: register own memory");
	}
	all = pages_written(pagemap, (void *)at, 4 * PAGE);
	at[2 * PAGE] = 2;
	one = pages_written(pagemap, (void *)at, 4 * PAGE);
	munmap((void *)at, 4 * PAGE);
	if (all == -ENOTTY)
		return lacks(err, "PAGEMAP_SCAN", "6.7");
	if (all != 4 || one != 1)
		return err_fail(err, ENOTSUP,
				"the pages that running processes write cannot be told: the kernel "
				"counts %ld and %ld where 4 and 1 were written",
				all, one);
	return 0;
}

static int probe_userfaultfd(struct err *err)
{
	auto_fd int asked = -1, uffd = -1;
	struct uffdio_api api;

	if (!TRACK_INJECT_ARCH)
		return err_fail(err, ENOTSUP,
				"the pages that running processes write cannot be told: on x86-64 "
				"only so far");
	asked = new_userfaultfd(0, &api);
	if (asked == -ENOSYS || asked == -EINVAL)
		return lacks(err, "userfaultfd(2) with UFFD_USER_MODE_ONLY", "5.11");
	if (asked < 0)
		return err_sys(err, -asked, "userfaultfd");
	if (!(api.features & UFFD_FEATURE_WP_ASYNC))
		return lacks(err, "UFFD_FEATURE_WP_ASYNC", "6.7");
	if ((api.features & TRACK_UFFD_FEATURES) != TRACK_UFFD_FEATURES)
		return lacks(err, "write protection of all memory by userfaultfd", "6.4");
	if (syscall(SYS_pidfd_getfd, -1, 0, 0) < 0 && errno == ENOSYS)
		return lacks(err, "pidfd_getfd", "5.6");
	uffd = new_userfaultfd(TRACK_UFFD_FEATURES, &api);
	if (uffd < 0)
		return err_sys(err, -uffd, "userfaultfd");
	return try_it(uffd, err);
}

int track_probe(enum track_by *ret, struct err *err)
{
	int r = probe_userfaultfd(err);

	*ret = TRACK_BY_USERFAULTFD;
	if (r == 0 || !track_soft_works())
		return r;
	log_debug("track: by soft-dirty bits: %s", err->text);
	err_clear(err);
	*ret = TRACK_BY_SOFT_DIRTY;
	return 0;
}

/* Nothing is put into the process. */
static void start_soft(struct track_proc *p)
{
	p->scanned = false;
	p->state = TRACK_ON;
	if (proc_pidfd_wait_exit(p->pidfd, 0) == 0) {
		p->state = TRACK_GONE;
		p->why = TRACK_ENDED;
	}
}

/* From outside once more, as far as that goes, then in it. */
static void start_tracking(struct track_proc *p)
{
	struct uffdio_api api = {.api = UFFD_API, .features = TRACK_UFFD_FEATURES};
	struct inject_result res;

	p->state = TRACK_WHOLE;
	p->tries++;
	close_fd(&p->uffd);
	p->why = task_shares_memory(p->pid)
			 ? TRACK_SHARED_MM
			 : task_check_files(p->procfd, p->by == TRACK_BY_SOFT_DIRTY);
	if (p->why != TRACK_OK)
		return;
	if (p->by == TRACK_BY_SOFT_DIRTY) {
		start_soft(p);
		return;
	}
	p->uffd = inject_userfaultfd(p->pid, p->pidfd, &res);
	p->why = res.why;
	p->detail = res.detail;
	p->stop_ns = res.stop_ns;
	if (p->uffd >= 0 && ioctl(p->uffd, UFFDIO_API, &api) < 0) {
		p->why = TRACK_REFUSED;
		p->detail = errno;
		close_fd(&p->uffd);
	}
	if (proc_pidfd_wait_exit(p->pidfd, 0) == 0) {
		p->state = TRACK_GONE;
		p->why = TRACK_ENDED;
	} else if (p->uffd >= 0) {
		p->state = TRACK_ON;
	}
	log_debug("track: process %d %s; it was stopped for %u us", p->pid, track_why_text(p->why),
		  (unsigned)(p->stop_ns / 1000));
}

int track_open(pid_t pid, enum track_by by, struct track_proc **ret_proc, struct err *err)
{
	struct track_proc *p = calloc(1, sizeof(*p));
	char path[32];
	int rc = 0;

	if (!p)
		return err_sys(err, ENOMEM, "track process %d", pid);
	*p = (struct track_proc){.pid = pid,
				 .by = by,
				 .pidfd = -1,
				 .procfd = -1,
				 .uffd = -1,
				 .pagemap = -1,
				 .mem = -1,
				 .mapfile = -1};
	snprintf(path, sizeof(path), "/proc/%d", pid);
	p->pidfd = proc_pidfd_open(pid);
	/* Of the same process, if that has not ended afterwards; and it never becomes another's. */
	p->procfd = p->pidfd < 0 ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->pidfd < 0 || p->procfd < 0)
		rc = err_sys(err, p->pidfd < 0 ? -p->pidfd : errno, "track process %d", pid);
	if (rc < 0) {
		track_close(p);
		return rc;
	}
	start_tracking(p);
	*ret_proc = p;
	return 0;
}

void track_close(struct track_proc *p)
{
	if (!p)
		return;
	close_fd(&p->uffd);
	close_fd(&p->pagemap);
	close_fd(&p->mem);
	close_fd(&p->mapfile);
	close_fd(&p->procfd);
	close_fd(&p->pidfd);
	free(p->soft);
	track_frames_free(p->frames);
	if (p->maps) {
		free(p->maps->vma);
		free(p->maps->regions);
		free(p->maps);
	}
	free(p);
}

static bool may_try_again(const struct track_proc *p)
{
	if (p->state != TRACK_WHOLE)
		return false;
	switch (p->why) {
	case TRACK_SHARED_MM:
		return true;
	case TRACK_BUSY:
		return p->tries < BUSY_TRIES;
	case TRACK_EXEC:
	case TRACK_TRACED:
	case TRACK_DIRECT_IO:
	case TRACK_USERFAULTFD:
		return p->tries < TRIES;
	default:
		return false;
	}
}

static struct track_proc *set_find(const struct track_set *set, pid_t pid)
{
	for (size_t i = 0; i < set->n_procs; i++)
		if (set->procs[i]->pid == pid && set->procs[i]->state != TRACK_GONE)
			return set->procs[i];
	return NULL;
}

static int set_add(struct track_set *set, pid_t pid, struct err *err)
{
	struct track_proc **procs, *p;
	int rc;

	procs = realloc(set->procs, (set->n_procs + 1) * sizeof(*procs));
	if (!procs)
		return err_sys(err, ENOMEM, "track process %d", pid);
	set->procs = procs;
	rc = track_open(pid, set->by, &p, err);
	if (rc == -ESRCH || rc == -ENOENT) {
		err_clear(err); /* it has ended since the cgroup was read */
		return 0;
	}
	if (rc < 0)
		return rc;
	p->listed = true;
	set->procs[set->n_procs++] = p;
	return 0;
}

int track_set_update(struct track_set *set, const pid_t *pids, size_t n, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->n_procs; i++) {
		struct track_proc *p = set->procs[i];

		p->listed = false;
		if (proc_pidfd_wait_exit(p->pidfd, 0) == 0) {
			p->state = TRACK_GONE;
			p->why = TRACK_ENDED;
		}
	}
	for (size_t i = 0; i < n; i++) {
		struct track_proc *p = set_find(set, pids[i]);
		int rc = 0;

		if (!p)
			rc = set_add(set, pids[i], err);
		else if (may_try_again(p))
			start_tracking(p);
		if (rc < 0)
			return rc;
		if (p)
			p->listed = true;
	}
	for (size_t i = 0; i < set->n_procs; i++) {
		if (set->procs[i]->listed)
			set->procs[kept++] = set->procs[i];
		else
			track_close(set->procs[i]);
	}
	set->n_procs = kept;
	return 0;
}

static void add_counts(struct track_counts *sum, const struct track_counts *c)
{
	sum->dirty_bytes += c->dirty_bytes;
	sum->new_bytes += c->new_bytes;
	sum->untracked_bytes += c->untracked_bytes;
	sum->shared_bytes += c->shared_bytes;
	sum->scan_ns += c->scan_ns;
	sum->n_mappings += c->n_mappings;
}

/* By soft-dirty bits: of all at once, so that they stand still once. */
static int collect(struct track_set *set, struct err *err)
{
	int r = set->still ? set->still(set->arg, true, err) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < set->n_procs; i++)
		track_collect(set->procs[i], set->still != NULL);
	return set->still ? set->still(set->arg, false, err) : 0;
}

int track_set_scan(struct track_set *set, track_dirty *dirty, void *arg,
		   struct track_counts *ret_sum, struct err *err)
{
	bool soft = set->by == TRACK_BY_SOFT_DIRTY;
	struct track_counts sum = {0};
	int r = soft ? collect(set, err) : 0;

	for (size_t i = 0; r == 0 && i < set->n_procs; i++) {
		struct track_proc *p = set->procs[i];

		r = soft ? track_emit(p, dirty, arg) : track_scan(p, dirty, arg);
		add_counts(&sum, &p->last);
	}
	if (ret_sum)
		*ret_sum = sum;
	return r;
}

void track_set_close(struct track_set *set)
{
	for (size_t i = 0; i < set->n_procs; i++)
		track_close(set->procs[i]);
	free(set->procs);
	set->procs = NULL;
	set->n_procs = 0;
}
