/* TEST: who talks with a container while it moves, and notes every answer.
 *
 *   talk serve PORT                    in the container: sends back what comes, to everybody
 *   talk echo ADDRESS PORT DIR         numbers, which have to come back in order
 *   talk redis ADDRESS PORT DIR [N]    writes to Redis; all that it said OK to is read at the end
 *
 * A client goes on until DIR/stop is there, and then says in DIR/report.N one line: ok, how many
 * answers there were, and the longest that it waited for one in ms; or what went wrong. DIR/count.N
 * has how many there were until now.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE 256

static const char *dir, *number = "0";
static unsigned long answers;
static double longest;

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Whole, or not at all, for who waits for it. */
static void put(const char *what, const char *text)
{
	char name[LINE], part[LINE];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s.%s", dir, what, number);
	snprintf(part, sizeof(part), "%s/%s.%s.part", dir, what, number);
	f = fopen(part, "w");
	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f) || rename(part, name))
		_exit(3);
}

static __attribute__((format(printf, 1, 2), noreturn)) void broken(const char *format, ...)
{
	char text[LINE];
	int n = snprintf(text, sizeof(text), "after %lu answers: ", answers);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	put("report", text);
	_exit(1);
}

static int connection(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		broken("connect: %s", strerror(errno));
	return fd;
}

static void say(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n <= 0)
			broken("write: %s", strerror(errno));
	}
}

/* Up to and without the end of the line. */
static void hear(int fd, char *line)
{
	static char buf[4096];
	static size_t have, at;

	for (size_t n = 0; n < LINE - 1;) {
		if (at == have) {
			ssize_t r = read(fd, buf, sizeof(buf));

			if (r <= 0)
				broken("read: %s", r ? strerror(errno) : "end of file");
			have = (size_t)r;
			at = 0;
		}
		if (buf[at] == '\n') {
			at++;
			line[n] = '\0';
			if (n && line[n - 1] == '\r')
				line[n - 1] = '\0';
			return;
		}
		line[n++] = buf[at++];
	}
	broken("a line without an end");
}

/* One question, and its answer to LINE. */
static void ask(int fd, char *line, const char *format, ...)
{
	char text[LINE];
	double began = now_ms(), took;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	say(fd, text, (size_t)n);
	hear(fd, line);
	took = now_ms() - began;
	if (took > longest)
		longest = took;
	answers++;
}

static int goes_on(void)
{
	static double told;
	char text[LINE];

	if (now_ms() - told < 20)
		return 1;
	told = now_ms();
	snprintf(text, sizeof(text), "%lu", answers);
	put("count", text);
	snprintf(text, sizeof(text), "%s/stop", dir);
	return access(text, F_OK) != 0;
}

static int done(void)
{
	char text[LINE];

	snprintf(text, sizeof(text), "ok %lu %.0f", answers, longest);
	put("report", text);
	return 0;
}

#define AHEAD 16

static void send_number(int fd, unsigned long n)
{
	char text[LINE];

	say(fd, text, (size_t)snprintf(text, sizeof(text), "%lu and more\n", n));
}

/* Some are on their way at any time. */
static int echo(int fd)
{
	char line[LINE], want[LINE];
	unsigned long sent = 0, heard = 0;
	double last = now_ms();

	for (int more = 1; more || heard < sent;) {
		more = more && goes_on();
		while (more && sent < heard + AHEAD)
			send_number(fd, sent++);
		if (heard == sent)
			break;
		snprintf(want, sizeof(want), "%lu and more", heard++);
		hear(fd, line);
		if (strcmp(line, want))
			broken("'%s' came instead of '%s'", line, want);
		answers++;
		if (now_ms() - last > longest)
			longest = now_ms() - last;
		usleep(200);
		last = now_ms();
	}
	shutdown(fd, SHUT_WR);
	if (read(fd, line, 1) != 0)
		broken("something came behind the end");
	return done();
}

/* A count that has to grow by one each time, and a key for each number. */
static int redis(int fd)
{
	char line[LINE], want[LINE];
	unsigned long n = 0;

	while (goes_on()) {
		n++;
		snprintf(want, sizeof(want), ":%lu", n);
		ask(fd, line, "INCR count:%s\r\n", number);
		if (strcmp(line, want))
			broken("INCR said '%s', not '%s'", line, want);
		ask(fd, line, "SET key:%s:%lu value-%lu\r\n", number, n, n * 7);
		if (strcmp(line, "+OK"))
			broken("SET said '%s'", line);
	}
	for (unsigned long i = 1; i <= n; i++) {
		ask(fd, line, "GET key:%s:%lu\r\n", number, i);
		hear(fd, line);
		snprintf(want, sizeof(want), "value-%lu", i * 7);
		if (strcmp(line, want))
			broken("write %lu of %lu is lost: '%s'", i, n, line);
	}
	ask(fd, line, "GET count:%s\r\n", number);
	hear(fd, line);
	if (strtoul(line, NULL, 10) != n)
		broken("the count is %s, not %lu", line, n);
	return done();
}

static int serve(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct pollfd fds[64] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};
	nfds_t n = 1;
	char buf[4096];

	if (bind(fds[0].fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fds[0].fd, 16) < 0)
		return 1;
	for (;;) {
		if (poll(fds, n, -1) < 0)
			continue;
		if (fds[0].revents && n < 64)
			fds[n++] = (struct pollfd){.fd = accept(fds[0].fd, NULL, NULL),
						   .events = POLLIN};
		for (nfds_t i = 1; i < n; i++) {
			ssize_t r = fds[i].revents ? read(fds[i].fd, buf, sizeof(buf)) : -1;

			if (!fds[i].revents)
				continue;
			if (r > 0 && write(fds[i].fd, buf, (size_t)r) == r)
				continue;
			close(fds[i].fd);
			fds[i--] = fds[--n];
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (argc < 5)
		return 2;
	dir = argv[4];
	if (argc > 5)
		number = argv[5];
	if (!strcmp(argv[1], "echo"))
		return echo(connection(argv[2], argv[3]));
	return redis(connection(argv[2], argv[3]));
}
