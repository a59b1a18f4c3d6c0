/* BOTH SIDES: the new mount API. */
#include "mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "mountapi.h"

static int open_tree_at(int fd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, fd, path, flags);
}

static int fs_config(int fs, unsigned cmd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, cmd, key, value, 0);
}

int mountfd_clone(int fd, bool recursive)
{
	int r = open_tree_at(fd, "",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				     (recursive ? AT_RECURSIVE : 0u));

	return r < 0 ? -errno : r;
}

int mountfd_clone_path(const char *path, bool recursive, bool nofollow)
{
	int r = open_tree_at(AT_FDCWD, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u) |
				     (nofollow ? AT_SYMLINK_NOFOLLOW : 0u));

	return r < 0 ? -errno : r;
}

static int set_attr(int fd, const struct mount_attr *attr, bool recursive)
{
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u),
		    attr, sizeof(*attr)) < 0)
		return -errno;
	return 0;
}

int mountfd_setattr(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	return set_attr(fd, &attr, recursive);
}

int mountfd_idmap(int fd, int userns, bool recursive)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};

	return set_attr(fd, &attr, recursive);
}

int mountfd_attach(int fd, int target)
{
	if (syscall(SYS_move_mount, fd, "", target, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* The kernel explains a refused option in the context's log: "e tmpfs: Bad value for 'size'". */
static int context_error(int fs, int code, const char *what, const char *subject, struct err *err)
{
	char log[256];
	ssize_t n = read(fs, log, sizeof(log) - 1);

	if (n > 2) {
		log[n - (log[n - 1] == '\n')] = '\0';
		return err_sys(err, code, "%s '%s' (kernel: %s)", what, subject, log + 2);
	}
	return err_sys(err, code, "%s '%s'", what, subject);
}

/* Whether a word is one whose value mount(2) lets be quoted: SELinux looks at the text before
 * the file system does. */
static bool may_be_quoted(const char *s)
{
	static const char *const names[] = {
		"context=", "fscontext=", "defcontext=", "rootcontext="};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(s, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

char *mountfd_next_option(char **rest, bool backslash)
{
	char *word = *rest, *from = word, *to = word;
	bool quotable = word && may_be_quoted(word), quoted = false;

	if (!word)
		return NULL;
	for (; *from && (*from != ',' || quoted); from++) {
		if (quotable && *from == '"') {
			quoted = !quoted;
			continue;
		}
		if (backslash && from[0] == '\\' && from[1])
			*to++ = *from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return word;
}

static int set_option(int fs, char *word, struct err *err)
{
	char *value = strchr(word, '=');
	int r;

	if (value)
		*value++ = '\0';
	r = value ? fs_config(fs, FSCONFIG_SET_STRING, word, value)
		  : fs_config(fs, FSCONFIG_SET_FLAG, word, NULL);
	return r < 0 ? context_error(fs, errno, "mount option", word, err) : 0;
}

static int set_options(int fs, const char *type, const char *data, struct err *err)
{
	auto_free char *copy = NULL;
	char small[256], *rest = small;
	size_t size;
	int r;

	if (!data || !*data)
		return 0;
	/* malloc would ask the kernel for memory, as init has not used it before. */
	size = strlen(data) + 1;
	if (size > sizeof(small))
		rest = copy = malloc(size);
	if (!rest)
		return err_sys(err, ENOMEM, "mount options");
	memcpy(rest, data, size);
	for (char *w; (w = mountfd_next_option(&rest, strcmp(type, "overlay") == 0));) {
		r = *w ? set_option(fs, w, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int mountfd_new_fs(const char *type, const char *source, const char *data, uint64_t attrs,
		   struct err *err)
{
	auto_fd int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int fd, r;

	if (fs < 0 && errno == ENODEV)
		return err_sys(err, ENODEV, "file system type '%s' is unknown to the kernel", type);
	if (fs < 0)
		return err_sys(err, errno, "open a '%s' file system", type);
	if (source && *source && fs_config(fs, FSCONFIG_SET_STRING, "source", source) < 0)
		return context_error(fs, errno, "mount source", source, err);
	r = set_options(fs, type, data, err);
	if (r < 0)
		return r;
	if (fs_config(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return context_error(fs, errno, "create file system", type, err);
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
	if (fd < 0)
		return context_error(fs, errno, "mount file system", type, err);
	return fd;
}

int mountfd_reconfigure(int target, const char *data, struct err *err)
{
	auto_fd int fs = (int)syscall(SYS_fspick, target, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	int r;

	if (fs < 0)
		return err_sys(err, errno, "open the mounted file system for a remount");
	r = set_options(fs, "", data, err);
	if (r < 0)
		return r;
	if (fs_config(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL) < 0)
		return context_error(fs, errno, "remount with", data ? data : "", err);
	return 0;
}

int mountfd_place(int fd, struct mountfd_place *ret)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_INO, &st) < 0)
		return -1;
	*ret = (struct mountfd_place){
		.mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0,
		.inode = st.stx_ino,
		.major = st.stx_dev_major,
		.minor = st.stx_dev_minor,
		.is_root = st.stx_attributes & STATX_ATTR_MOUNT_ROOT,
	};
	return 0;
}
