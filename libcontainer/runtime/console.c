/* RUNTIME: terminals, pid files and other things handed to the caller. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/runtime.h"

int console_prepare(struct console *c, const char *socket_path, struct err *err)
{
	if (socket_path) {
		c->socket = sock_connect_path(socket_path, SOCK_STREAM);
		if (c->socket < 0)
			return err_sys(err, -c->socket, "connect to console socket '%s'",
				       socket_path);
		return c->socket;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->sock) < 0)
		return err_sys(err, errno, "make a socket pair");
	return c->sock[1];
}

int console_own_terminal(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

void console_copy_size(int master)
{
	int own = console_own_terminal();
	struct winsize size;

	/* A terminal that knows no size says 0x0: then consoleSize stands. */
	if (own >= 0 && ioctl(own, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		ioctl(master, TIOCSWINSZ, &size);
}

int console_receive(struct console *c, struct err *err)
{
	char name[PATH_MAX];
	ssize_t n;

	if (c->sock[0] < 0)
		return 0;
	close_fd(&c->sock[1]);
	n = sock_recv(c->sock[0], name, sizeof(name), &c->master);
	close_fd(&c->sock[0]);
	if (n < 0 || c->master < 0)
		return err_sys(err, n < 0 ? (int)-n : EPROTO, "receive the terminal");
	/* Before the program starts, which may ask at once. */
	console_copy_size(c->master);
	return 0;
}

void console_done(struct console *c)
{
	close_fd(&c->sock[0]);
	close_fd(&c->sock[1]);
	close_fd(&c->socket);
	close_fd(&c->master);
}

int send_fd_to_path(const char *path, const char *payload, int fd, struct err *err)
{
	auto_fd int sock = sock_connect_path(path, SOCK_STREAM);
	int r;

	if (sock < 0)
		return err_sys(err, -sock, "connect to '%s'", path);
	r = sock_send(sock, payload, strlen(payload), fd);
	return r < 0 ? err_sys(err, -r, "send a descriptor to '%s'", path) : 0;
}

/* One more than that is more than any activated service has, and 3 + N cannot wrap. */
#define MAX_PRESERVED 4096

int check_preserved(unsigned n, struct err *err)
{
	if (n > MAX_PRESERVED)
		return err_fail(err, EINVAL, "--preserve-fds %u: at most %d can be preserved", n,
				MAX_PRESERVED);
	/* Holes are fine, nothing at all is a mistake. With close-on-exec it is hull's own. */
	for (unsigned fd = 3; fd < 3 + n; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			return 0;
	}
	return n ? err_fail(err, EBADF, "--preserve-fds %u: no descriptor from 3 on is open", n)
		 : 0;
}

/* The reader takes all bytes as the number: no newline, as every engine reads it. */
int write_pid_file(const char *path, pid_t pid, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	auto_fd int dir = -1;
	char text[16], parent[PATH_MAX];
	int len = snprintf(text, sizeof(text), "%d", (int)pid);

	if (snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path + 1) : 1,
		     slash ? path : ".") >= (int)sizeof(parent) ||
	    strlen(name) > 200 || !*name)
		return err_fail(err, ENAMETOOLONG, "pid file '%s' is not a usable name", path);
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "open the directory of pid file '%s'", path);
	if (io_replace_file(dir, name, text, (size_t)len, 0644, err) < 0)
		return err_wrap(err, "pid file '%s'", path);
	return 0;
}

void remove_stale_pid_file(const char *path)
{
	char text[16];
	uint32_t pid;
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (str_to_u32(text, &pid) == 0 && unlink(path) < 0)
		log_warn("remove the old pid file '%s': %s", path, err_name(errno));
}
