/* BOTH SIDES: compiled programs in files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "seccomp/internal.h"

/*
 * The file: header, key padded to 8 bytes, instructions. A reader takes nothing but a regular
 * file of its own user that nobody else can write, with the same key, whose length is what
 * the header says and whose sum is right: what is torn, cut or foreign is as good as absent.
 */
struct header {
	char magic[8]; /* the last byte is the version of the format */
	uint64_t sum;  /* of all that follows */
	uint32_t key_len, n_insns, flags, zero;
};

#define MAGIC      "hullbpf\1"
#define MAX_KEY    (1U << 20)
#define PADDED(n)  (((n) + 7U) & ~(size_t)7U)
#define SUM_OFFSET offsetof(struct header, key_len)

/* FNV-1a, but eight bytes a step: it runs over the profile for each container. */
uint64_t filter_hash(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t hash = 0xcbf29ce484222325U ^ len, word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		hash = (hash ^ word) * 0x100000001b3U;
		hash ^= hash >> 29;
	}
	for (; len; len--, p++)
		hash = (hash ^ *p) * 0x100000001b3U;
	return hash ^ hash >> 32;
}

int filter_record_write(int dirfd, const char *name, const void *key, size_t key_len,
			const struct plan_filter *filter, struct err *err)
{
	size_t insns_len = filter->n * sizeof(struct sock_filter);
	size_t len = sizeof(struct header) + PADDED(key_len) + insns_len;
	auto_free char *buf = NULL;
	struct header head = {
		.magic = MAGIC,
		.key_len = (uint32_t)key_len,
		.n_insns = (uint32_t)filter->n,
		.flags = filter->flags,
	};

	if (!filter->n)
		return err_fail(err, EINVAL, "no seccomp program to save as '%s'", name);
	if (key_len > MAX_KEY || filter->n > BPF_MAXINSNS)
		return err_fail(err, EFBIG, "seccomp program '%s' is too large to be saved", name);
	buf = calloc(1, len);
	if (!buf)
		return err_sys(err, ENOMEM, "save seccomp program '%s'", name);
	memcpy(buf, &head, sizeof(head));
	if (key_len)
		memcpy(buf + sizeof(head), key, key_len);
	memcpy(buf + len - insns_len, filter->insns, insns_len);
	head.sum = filter_hash(buf + SUM_OFFSET, len - SUM_OFFSET);
	memcpy(buf, &head, sizeof(head));
	return io_replace_file(dirfd, name, buf, len, 0600, err);
}

static int check_file(int fd, const char *name, size_t *ret_len, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_fail(err, EINVAL, "'%s' is not a regular file", name);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_fail(err, EPERM, "'%s' can be written by others", name);
	*ret_len = (size_t)st.st_size;
	return 0;
}

static bool record_ok(const char *buf, size_t len, struct header *ret_head)
{
	struct header h;

	if (len < sizeof(h))
		return false;
	memcpy(&h, buf, sizeof(h));
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0)
		return false;
	/* An empty one would be no filter at all. */
	if (h.key_len > MAX_KEY || !h.n_insns || h.n_insns > BPF_MAXINSNS ||
	    h.flags & ~FILTER_FLAGS_KNOWN)
		return false;
	if (len != sizeof(h) + PADDED(h.key_len) + h.n_insns * sizeof(struct sock_filter))
		return false;
	*ret_head = h;
	return h.sum == filter_hash(buf + SUM_OFFSET, len - SUM_OFFSET);
}

int filter_record_read(struct arena *a, int dirfd, const char *name, const void *key,
		       size_t key_len, struct plan_filter *ret, struct err *err)
{
	const size_t max =
		sizeof(struct header) + PADDED(MAX_KEY) + BPF_MAXINSNS * sizeof(struct sock_filter);
	/* O_NONBLOCK: whatever stands there must not hang the runtime. */
	auto_fd int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct header head;
	size_t len;
	char *buf;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", name);
	r = check_file(fd, name, &len, err);
	if (r == 0)
		r = io_read_fd(a, fd, name, max, &buf, &len, err);
	if (r < 0)
		return r;
	if (!record_ok(buf, len, &head))
		return err_fail(err, EBADMSG, "'%s' is damaged", name);
	if (head.key_len != key_len || (key_len && memcmp(buf + sizeof(head), key, key_len) != 0))
		return err_fail(err, ENOENT, "'%s' is of another profile", name);
	ret->n = head.n_insns;
	ret->flags = head.flags;
	ret->insns = (struct sock_filter *)(void *)(buf + sizeof(head) + PADDED(key_len));
	return 0;
}

int filter_write(int dirfd, const char *name, const struct plan_filter *filter, struct err *err)
{
	return filter_record_write(dirfd, name, NULL, 0, filter, err);
}

int filter_read(struct arena *a, int dirfd, const char *name, struct plan_filter *ret,
		struct err *err)
{
	return filter_record_read(a, dirfd, name, NULL, 0, ret, err);
}
