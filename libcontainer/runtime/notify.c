/* RUNTIME: sd_notify between a container and the service manager. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/runtime.h"

#define BARRIER_TIMEOUT_MS 30000

int notify_bind(int state_dirfd, struct err *err)
{
	auto_fd int dir = openat(state_dirfd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int sock = -1;

	if (dir < 0)
		return err_sys(err, errno, "open the container's notify directory");
	sock = sock_listen_at(dir, "notify.sock", SOCK_DGRAM, 0);
	if (sock < 0)
		return err_sys(err, -sock, "make the container's notify socket");
	/* Whoever runs in the container may write to it. */
	if (fchmodat(dir, "notify.sock", 0777, 0) < 0)
		return err_sys(err, errno, "set the mode of the container's notify socket");
	return take_fd(&sock);
}

/* To the socket named by NOTIFY_SOCKET; "@name" is an abstract one. */
static int send_upwards(const char *text, int fd, struct err *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	auto_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(path);
	int r;

	if (sock < 0 || len >= sizeof(addr.sun_path))
		return err_sys(err, sock < 0 ? errno : ENAMETOOLONG, "NOTIFY_SOCKET '%s'", path);
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	if (connect(sock, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return err_sys(err, errno, "connect to NOTIFY_SOCKET '%s'", path);
	r = sock_send(sock, text, strlen(text), fd);
	return r < 0 ? err_sys(err, -r, "write to NOTIFY_SOCKET '%s'", path) : 0;
}

/* The manager has read everything before when it closes the pipe. */
static int barrier(struct err *err)
{
	auto_fd int ours = -1, theirs = -1;
	struct pollfd p;
	int pair[2], r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(err, errno, "make a pipe");
	ours = pair[0];
	theirs = pair[1];
	r = send_upwards("BARRIER=1", theirs, err);
	if (r < 0)
		return r;
	close_fd(&theirs);
	p = (struct pollfd){.fd = ours, .events = POLLIN};
	while (poll(&p, 1, BARRIER_TIMEOUT_MS) < 0 && errno == EINTR)
		;
	return 0;
}

/* The READY= line of a datagram, alone; NULL when there is none. */
static char *ready_line(char *text)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (str_starts(l, "READY="))
			return l;
	return NULL;
}

int notify_step(int sock, pid_t main_pid, struct err *err)
{
	char text[4096], line[4200], *ready;
	ssize_t n = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	ready = ready_line(text);
	if (!ready)
		return 0;
	snprintf(line, sizeof(line), "MAINPID=%d\n%s", (int)main_pid, ready);
	return send_upwards(line, -1, err) < 0 ? -err->code : 1;
}

int notify_forward(int sock, pid_t pid, int pidfd, struct err *err)
{
	struct pollfd p[2] = {{.fd = sock, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
	int r = 0;

	while (r == 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "wait for READY=1 of the container");
		if (p[0].revents)
			r = notify_step(sock, pid, err);
		else if (p[1].revents)
			return 0; /* it ended without a word */
	}
	return r < 0 ? r : barrier(err);
}
