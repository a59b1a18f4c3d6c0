/* RUNTIME: the layers of an overlay, by the table of mounts. */
#include "libcontainer/checkpoint/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

/* Whether FD is the directory that is mounted there, not one below it. */
static int mount_of(int fd, uint64_t *ret_id)
{
	struct statx sx;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0)
		return -errno;
	*ret_id = sx.stx_mnt_id;
	return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void layers_split(struct arena *a, const char *value, const char ***ret, size_t *ret_n)
{
	char *part = arena_alloc(a, strlen(value) + 1), *to = part;

	for (;; value++) {
		if (value[0] == '\\' && value[1]) {
			*to++ = *++value;
		} else if (*value == ':' || !*value) {
			*to = '\0';
			if (*part) /* before layers of data alone there are two colons */
				*arena_push(a, ret, ret_n) = part;
			part = arena_alloc(a, strlen(value) + 1);
			to = part;
			if (!*value)
				return;
		} else {
			*to++ = *value;
		}
	}
}

/* upperdir=..., lowerdir=...:..., or a lowerdir+=... for each. */
static void read_options(struct arena *a, char *options, const char **ret_upper,
			 const char ***ret_lower, size_t *ret_n)
{
	for (char *word; (word = strsep(&options, ","));) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		mountinfo_unescape(value);
		if (streq(word, "upperdir"))
			*ret_upper = value;
		else if (streq(word, "lowerdir"))
			layers_split(a, value, ret_lower, ret_n);
		else if (streq(word, "lowerdir+"))
			*arena_push(a, ret_lower, ret_n) = value;
	}
}

static int open_layers(struct arena *a, const char *upper, const char **lower, size_t n,
		       struct tree_layers *ret, struct err *err)
{
	int *fds = arena_array(a, int, n + 1);

	ret->lower = fds;
	for (size_t i = 0; i <= n; i++) {
		const char *path = i < n ? lower[i] : upper;
		/* A relative one was meant from where the mounting program stood. */
		int fd = path[0] == '/' ? path_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, 0)
					: -ENOENT;

		if (fd < 0) {
			err_sys(err, -fd, "layer '%.255s' of the root file system", path);
			err_hint(err,
				 "--rootfs whole needs no layers, --rootfs none leaves it out");
			layers_close(ret);
			return fd;
		}
		if (i == n)
			ret->upper = fd;
		else
			fds[ret->n_lower++] = fd;
	}
	return 1;
}

int layers_find(struct arena *a, int rootfd, struct tree_layers *ret, struct err *err)
{
	const char *upper = NULL, **lower = NULL;
	struct mountinfo m;
	char *text;
	size_t len, n = 0;
	uint64_t id = 0;
	int r = mount_of(rootfd, &id);

	*ret = (struct tree_layers){.upper = -1};
	if (r <= 0)
		return r < 0 ? err_sys(err, -r, "look at the root file system") : 0;
	r = io_read_file(a, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, err);
	if (r < 0)
		return r;
	while (mountinfo_next(&text, &m)) {
		if (m.id != id)
			continue;
		if (!streq(m.type, "overlay") || !streq(m.root, "/") || !m.options)
			return 0;
		read_options(a, m.options, &upper, &lower, &n);
		return upper ? open_layers(a, upper, lower, n, ret, err) : 0;
	}
	return 0;
}

void layers_close(struct tree_layers *layers)
{
	int *fds = (int *)(uintptr_t)layers->lower;

	for (size_t i = 0; i < layers->n_lower; i++)
		close_fd(&fds[i]);
	close_fd(&layers->upper);
	layers->n_lower = 0;
}
