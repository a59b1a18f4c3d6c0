/* TEST: sockets of the internet, on the loopback device. */
#define _GNU_SOURCE
#include "workload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 7000, PORT6 = 7001, UDP_PORT = 7002, SERVE_PORT = 7010 };

static int listener, listener6;

static int inet(int family, int type, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int one = 1, fd = socket(family, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, family == AF_INET ? (void *)&in : (void *)&in6,
			   family == AF_INET ? sizeof(in) : sizeof(in6)))
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 16))
		die("listen");
	return fd;
}

/* A new connection to one of ours. */
static int dial(int to, int *ret_server)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct pollfd pfd = {to, POLLIN, 0};
	int fd;

	if (getsockname(to, (struct sockaddr *)&ss, &len))
		return -1;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&ss, len) || poll(&pfd, 1, 10000) != 1) {
		close(fd);
		return -1;
	}
	*ret_server = accept4(to, NULL, NULL, SOCK_CLOEXEC);
	return fd;
}

static void expect(const char *what, int fd, const char *text)
{
	struct pollfd pfd = {fd, POLLIN, 0};
	char buf[64] = "";
	size_t got = 0, len = strlen(text);
	ssize_t n;

	while (got < len && poll(&pfd, 1, 20000) == 1 && (n = read(fd, buf + got, len - got)) > 0)
		got += (size_t)n;
	must(got == len && !strcmp(buf, text), "%s: '%s' came as '%s'", what, text, buf);
}

static void talk(const char *what, int a, int b)
{
	must(send(a, "question", 8, MSG_NOSIGNAL) == 8, "%s: send: %s", what, strerror(errno));
	expect(what, b, "question");
	must(send(b, "answer", 6, MSG_NOSIGNAL) == 6, "%s: send: %s", what, strerror(errno));
	expect(what, a, "answer");
}

static void listen_set(long n)
{
	(void)n;
	listener = inet(AF_INET, SOCK_STREAM, PORT);
	listener6 = inet(AF_INET6, SOCK_STREAM, PORT6);
}

static void listen_check(void)
{
	int s = -1, c = dial(listener, &s);

	if (c < 0)
		wrong("tcp: nobody can connect: %s", strerror(errno));
	else
		talk("new tcp connection", c, s);
	close(c);
	close(s);
	c = dial(listener6, &s);
	if (c < 0)
		wrong("tcp6: nobody can connect: %s", strerror(errno));
	else
		talk("new tcp6 connection", c, s);
	close(c);
	close(s);
}

/* ---- established: tcp wants listen ----------------------------------------------------------- */

static int client, server, client6, server6, half, half_server;

static void tcp_set(long n)
{
	int one = 1, idle = 1234;

	(void)n;
	client = dial(listener, &server);
	client6 = dial(listener6, &server6);
	half = dial(listener, &half_server);
	if (client < 0 || client6 < 0 || half < 0)
		die("connect");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	if (send(client, "unread", 6, 0) != 6 || send(server, "unread back", 11, 0) != 11 ||
	    shutdown(half, SHUT_WR))
		die("send");
}

static void tcp_check(void)
{
	socklen_t len = sizeof(int);
	int v = 0;
	char byte;

	expect("tcp", server, "unread");
	expect("tcp", client, "unread back");
	talk("tcp", client, server);
	talk("tcp6", client6, server6);
	must(send(client, "unread", 6, 0) == 6 && send(server, "unread back", 11, 0) == 11,
	     "tcp: send: %s", strerror(errno));
	must(recv(half_server, &byte, 1, MSG_DONTWAIT) == 0, "half closed tcp: no end of file");
	must(send(half_server, "on", 2, MSG_NOSIGNAL) == 2, "half closed tcp: %s", strerror(errno));
	expect("half closed tcp", half, "on");
	getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &v, &len);
	must(v == 1, "tcp: TCP_NODELAY is %d", v);
	getsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &v, &len);
	must(v == 1234, "tcp: TCP_KEEPIDLE is %d", v);
}

/* What --tcp-close promises: the connections are closed, the listeners are not. */
static void closed_check(void)
{
	char byte;
	ssize_t n = recv(client, &byte, 1, MSG_DONTWAIT);

	must(n == 0 || (n < 0 && errno != EAGAIN), "tcp: recv of a closed connection: %zd", n);
	must(send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0, "tcp: it can still send");
	listen_check();
}

/* ---- datagrams, netlink ------------------------------------------------------------------------
 */

static int udp, udp_client, route;

static void udp_set(long n)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(UDP_PORT),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)n;
	udp = inet(AF_INET, SOCK_DGRAM, UDP_PORT);
	udp_client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp_client < 0 || connect(udp_client, (struct sockaddr *)&in, sizeof(in)))
		die("udp");
}

static void udp_check(void)
{
	must(send(udp_client, "question", 8, 0) == 8, "udp: send: %s", strerror(errno));
	expect("udp", udp, "question");
}

static void netlink_set(long n)
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK};

	(void)n;
	route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route < 0 || bind(route, (struct sockaddr *)&nl, sizeof(nl)))
		die("netlink");
}

static void netlink_check(void)
{
	struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} ask = {{sizeof(ask), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
	struct pollfd pfd = {route, POLLIN, 0};
	union {
		char bytes[32768];
		struct nlmsghdr h;
	} got;

	must(send(route, &ask, sizeof(ask), 0) == sizeof(ask), "netlink: send");
	must(poll(&pfd, 1, 5000) == 1 && recv(route, &got, sizeof(got), 0) > 0 &&
		     got.h.nlmsg_type == RTM_NEWLINK,
	     "netlink: no answer");
	while (poll(&pfd, 1, 0) == 1 && recv(route, &got, sizeof(got), 0) > 0)
		;
}

/* ---- with somebody outside: each line that comes is sent back
 * ------------------------------------ */

static int door, guest = -1;

static void serve_set(long n)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(SERVE_PORT)};

	(void)n;
	door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door < 0 || bind(door, (struct sockaddr *)&in, sizeof(in)) || listen(door, 4))
		die("serve");
}

static void serve_tick(void)
{
	char buf[4096];
	ssize_t n;

	if (guest < 0)
		guest = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	n = guest < 0 ? -1 : recv(guest, buf, sizeof(buf), 0);
	if (n > 0 && send(guest, buf, (size_t)n, MSG_NOSIGNAL) != n)
		wrong("serve: %s", strerror(errno));
}

/* Datagrams to DIR/log, whose reader is outside. */
static int logger;

static void logger_set(long n)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)n;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", in_dir("log"));
	logger = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (logger < 0 || connect(logger, (struct sockaddr *)&sun, sizeof(sun)))
		die("log");
}

static void logger_check(void)
{
	must(send(logger, "checked", 7, MSG_NOSIGNAL) == 7, "log: %s", strerror(errno));
}

/* clang-format off */
const struct piece net_pieces[] = {
	{"listen",     listen_set,  listen_check,  NULL},
	{"tcp",        tcp_set,     tcp_check,     NULL},
	{"tcp-closed", tcp_set,     closed_check,  NULL},
	{"udp",        udp_set,     udp_check,     NULL},
	{"netlink",    netlink_set, netlink_check, NULL},
	{"serve",      serve_set,   NULL,          serve_tick},
	{"logger",     logger_set,  logger_check,  NULL},
	{0},
};
/* clang-format on */
