/* INIT: a terminal for the program; its master goes to whoever asked. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/init/side.h"

static int check_devpts(int fd, const char *name, struct err *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "look at '%s'", name);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_fail(err, EINVAL, "'%s' is not on a devpts file system", name);
	return 0;
}

/* The container's own devpts, whatever an image puts in the way. */
static int open_pts(const struct init *c, struct err *err)
{
	auto_fd int dev = init_open_dev(c, err), pts = -1;
	int r;

	if (dev < 0)
		return dev;
	pts = path_openat2(dev, "pts", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, 0);
	if (pts < 0)
		return err_sys(err, -pts, "open '/dev/pts' of the container");
	r = check_devpts(pts, "/dev/pts", err);
	return r < 0 ? r : take_fd(&pts);
}

static int open_master(int pts, struct err *err)
{
	auto_fd int fd = openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int unlock = 0, r;

	if (fd < 0)
		return err_sys(err, errno, "open '/dev/pts/ptmx' of the container");
	r = check_devpts(fd, "/dev/pts/ptmx", err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return err_fail(err, EINVAL, "'/dev/pts/ptmx' of the container is no pty master");
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(err, errno, "unlock the pty");
	return take_fd(&fd);
}

/* The node of the peer in devpts, to be bound: opened without following links and held against
 * the peer, which the kernel gave us by descriptor (CVE-2025-52565). */
static int open_peer_node(int pts, unsigned number, int peer, struct err *err)
{
	char name[16];
	auto_fd int fd = -1;
	struct stat a, b;

	snprintf(name, sizeof(name), "%u", number);
	fd = openat(pts, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '/dev/pts/%s' of the container", name);
	if (fstat(fd, &a) < 0 || fstat(peer, &b) < 0)
		return err_sys(err, errno, "look at '/dev/pts/%s' of the container", name);
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino || a.st_rdev != b.st_rdev)
		return err_fail(err, EINVAL, "'/dev/pts/%s' of the container was exchanged", name);
	return take_fd(&fd);
}

/* D-14: the pty is /dev/console, too. */
static int bind_console(const struct init *c, int node, struct err *err)
{
	auto_fd int dev = init_open_dev(c, err), target = -1, tree = -1;
	struct stat st;
	int r;

	if (dev < 0)
		return dev;
	target = openat(dev, "console", O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0620);
	if (target < 0 && errno != EEXIST)
		return err_sys(err, errno, "make '/dev/console'");
	close_fd(&target);
	target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return err_sys(err, errno, "open '/dev/console' of the container");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_sys(err, EEXIST, "'/dev/console' of the image is no file or device");
	tree = mountfd_clone(node, false);
	r = tree < 0 ? tree : mountfd_attach(tree, target);
	return r < 0 ? err_sys(err, -r, "bind the pty on '/dev/console'") : 0;
}

static int take_terminal(const struct plan_process *p, int peer, struct err *err)
{
	struct winsize size = {.ws_row = p->rows, .ws_col = p->columns};

	if ((p->rows || p->columns) && ioctl(peer, TIOCSWINSZ, &size) < 0)
		return err_sys(err, errno, "set the size of the terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(peer, fd) < 0)
			return err_sys(err, errno, "make the terminal descriptor %d", fd);
	return 0;
}

/* By the leader of the session that the program will be in. */
int init_control_terminal(void *ctx, struct err *err)
{
	(void)ctx;
	return ioctl(0, TIOCSCTTY, 0) < 0
		       ? err_sys(err, errno, "make the terminal the controlling one")
		       : 0;
}

int init_console(void *ctx, struct err *err)
{
	struct init *c = ctx;
	auto_fd int pts = open_pts(c, err), master = -1, peer = -1, node = -1;
	unsigned number;
	char name[32];
	int r;

	if (pts < 0)
		return pts;
	master = open_master(pts, err);
	if (master < 0)
		return master;
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return err_sys(err, errno, "open the other side of the pty");
	node = open_peer_node(pts, number, peer, err);
	if (node < 0)
		return node;
	r = c->exec ? 0 : bind_console(c, node, err);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	r = sock_send(c->console_fd, name, strlen(name), master);
	if (r < 0)
		return err_sys(err, -r, "send the pty over the console socket");
	close_fd(&c->console_fd);
	r = take_terminal(c->process, peer, err);
	return r < 0 || c->exec ? r : init_control_terminal(c, err);
}
