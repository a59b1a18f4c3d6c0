/* TEST: who talks over a network, and notes what it is like.
 *
 *   talker serve PORT               echoes: TCP of any number of clients, UDP; IPv4 and IPv6
 *   talker call tcp|udp ADDRESS PORT FILE
 *                                   a number each 2 ms, whose echo is awaited before the next.
 * FILE: "echoes N stall MS", and why it ended talker ask ADDRESS PORT         whether anybody is
 * there within a second: an echo by UDP, or that nobody is at that port
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 16

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listener(int type, uint16_t port)
{
	const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, CLIENTS) < 0))
		die("listen");
	return fd;
}

static void serve(uint16_t port)
{
	struct pollfd fds[2 + CLIENTS] = {{listener(SOCK_STREAM, port), POLLIN, 0},
					  {listener(SOCK_DGRAM, port), POLLIN, 0}};
	struct sockaddr_storage from;
	char buf[2048];

	for (int i = 2; i < 2 + CLIENTS; i++)
		fds[i] = (struct pollfd){-1, POLLIN, 0};
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t n;

		if (poll(fds, 2 + CLIENTS, -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 2; fds[0].revents && i < 2 + CLIENTS; i++)
			if (fds[i].fd < 0) {
				fds[i] = (struct pollfd){accept(fds[0].fd, NULL, NULL), POLLIN, 0};
				break;
			}
		if (fds[1].revents) {
			n = recvfrom(fds[1].fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
				     &len);
			if (n > 0)
				(void)!sendto(fds[1].fd, buf, (size_t)n, 0,
					      (struct sockaddr *)&from, len);
		}
		for (int i = 2; i < 2 + CLIENTS; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			n = read(fds[i].fd, buf, sizeof(buf));
			if (n > 0 && write(fds[i].fd, buf, (size_t)n) == n)
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
		}
	}
}

static void note(int fd, const char *fmt, uint64_t n, int64_t stall, const char *end)
{
	char text[256];
	int len = snprintf(text, sizeof(text), fmt, (unsigned long long)n, (long long)stall / 1000,
			   end);

	if (pwrite(fd, text, (size_t)len, 0) != len)
		die("note");
}

static int dial(int type, const char *address, uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1, fd, r;

	if (!is_v6 && inet_pton(AF_INET, address, &v4.sin_addr) != 1)
		die(address);
	fd = socket(is_v6 ? AF_INET6 : AF_INET, type, 0);
	r = is_v6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
		  : connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	if (fd < 0 || r < 0)
		die("connect");
	return fd;
}

/* UDP may be lost, and an ICMP error says that nobody is there at the moment: asked again. */
static int echoed(int fd, int type, uint64_t n)
{
	uint64_t back = 0;

	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		ssize_t got;

		if (poll(&p, 1, type == SOCK_DGRAM ? 20 : -1) < 0)
			return -errno;
		got = p.revents
			      ? recv(fd, &back, sizeof(back), type == SOCK_STREAM ? MSG_WAITALL : 0)
			      : -2;
		if (got == sizeof(back) && back == n)
			return 0;
		if (type == SOCK_STREAM)
			return got < 0 ? -errno : -EPIPE;
		if (got == -2)
			(void)!send(fd, &n, sizeof(n), 0);
	}
}

static void call(const char *kind, const char *address, uint16_t port, const char *file)
{
	int type = strcmp(kind, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644), fd, r;
	int64_t longest = 0;

	if (out < 0)
		die(file);
	fd = dial(type, address, port);
	for (uint64_t n = 1;; n++) {
		int64_t start = now(), took;

		if (send(fd, &n, sizeof(n), MSG_NOSIGNAL) < 0 && type == SOCK_STREAM)
			r = -errno;
		else
			r = echoed(fd, type, n);
		took = now() - start;
		longest = took > longest ? took : longest;
		note(out, "echoes %llu stall %lld%s\n", n, longest, r < 0 ? " broken" : "       ");
		if (r < 0) {
			errno = -r;
			die("call");
		}
		usleep(2000);
	}
}

static int ask(const char *address, uint16_t port)
{
	int fd = dial(SOCK_DGRAM, address, port);
	char back;

	for (int i = 0; i < 10; i++) {
		struct pollfd p = {fd, POLLIN, 0};

		if (send(fd, "?", 1, 0) < 0 && errno == ECONNREFUSED)
			return 0;
		if (poll(&p, 1, 100) > 0)
			return recv(fd, &back, 1, 0) == 1 || errno == ECONNREFUSED ? 0 : 1;
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve((uint16_t)atoi(argv[2]));
	if (argc == 6 && strcmp(argv[1], "call") == 0)
		call(argv[2], argv[3], (uint16_t)atoi(argv[4]), argv[5]);
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], (uint16_t)atoi(argv[3]));
	fprintf(stderr,
		"usage: talker serve PORT | ask ADDRESS PORT | call tcp|udp ADDRESS PORT FILE\n");
	return 2;
}
