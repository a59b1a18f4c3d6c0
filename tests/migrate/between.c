/* TEST: stands between hull and the hull of the other host, and changes what they say.
 *
 *   between [NAME=VALUE...] -- HULL ARGUMENT...
 *
 *   need=COMMAND     what the source needs (PREFLIGHT, JSON) is what the shell makes of it
 *   answer=COMMAND   the same of the target's answer
 *   theirs=N         the source's hull speaks version N of the protocol
 *   ours=N           the target's does
 *
 * A frame is type, codec, length of its fields (2 bytes), of its body, and of that unpacked (4
 * each); then fields and body. The versions of HELLO are 8 bytes behind the beginning of its
 * fields.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELLO = 1, PREFLIGHT = 2, ANSWER = 3, HEADER = 12, MAX = 4 << 20 };

struct side {
	int from, to;
	int version;         /* 0: as it is */
	int type;            /* of the frame that COMMAND makes anew */
	const char *command; /* NULL: as it is */
	int plain;           /* no frame will be changed any more */
};

static uint8_t buf[MAX], out[MAX];

static int get(int fd, uint8_t *p, size_t n)
{
	while (n) {
		ssize_t r = read(fd, p, n);

		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static void put(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t r = write(fd, p, n);

		if (r <= 0)
			exit(1);
		p += r;
		n -= (size_t)r;
	}
}

static uint32_t number(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void set(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Through files: a pipe could be full. */
static size_t filter(const char *command, const uint8_t *body, size_t len)
{
	char name[] = "/tmp/between.XXXXXX", line[4096];
	int fd = mkstemp(name);
	size_t n;
	FILE *f;

	put(fd, body, len);
	snprintf(line, sizeof(line), "{ %s\n} < %s", command, name);
	f = popen(line, "r");
	n = f ? fread(out, 1, sizeof(out), f) : 0;
	if (!f || pclose(f) != 0)
		exit(1);
	close(fd);
	unlink(name);
	while (n && out[n - 1] == '\n')
		n--;
	return n;
}

/* 0: the end. */
static int frame(struct side *s)
{
	uint8_t head[HEADER];
	size_t meta, len, n;

	if (s->plain) {
		ssize_t r = read(s->from, buf, sizeof(buf));

		if (r > 0)
			put(s->to, buf, (size_t)r);
		return r > 0;
	}
	if (get(s->from, head, HEADER) < 0)
		return 0;
	meta = number(head + 2, 2);
	len = number(head + 4, 4);
	if (meta + len > MAX || get(s->from, buf, meta + len) < 0)
		return 0;
	if (head[0] == HELLO && s->version) {
		set(buf + 8, (uint32_t)s->version, 2);
		set(buf + 10, (uint32_t)s->version, 2);
	}
	if (head[0] == s->type) {
		s->plain = 1;
		if (s->command) {
			n = filter(s->command, buf + meta, len);
			memcpy(buf + meta, out, n);
			len = n;
			set(head + 4, (uint32_t)n, 4);
			set(head + 8, (uint32_t)n, 4);
		}
	}
	put(s->to, head, HEADER);
	put(s->to, buf, meta + len);
	return 1;
}

int main(int argc, char **argv)
{
	struct side there = {.from = 0, .type = PREFLIGHT}, back = {.to = 1, .type = ANSWER};
	int in[2], from[2], i;
	struct pollfd fds[2];
	pid_t pid;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strncmp(argv[i], "need=", 5))
			there.command = argv[i] + 5;
		else if (!strncmp(argv[i], "answer=", 7))
			back.command = argv[i] + 7;
		else if (!strncmp(argv[i], "theirs=", 7))
			there.version = atoi(argv[i] + 7);
		else if (!strncmp(argv[i], "ours=", 5))
			back.version = atoi(argv[i] + 5);
	}
	if (i + 1 >= argc || pipe(in) < 0 || pipe(from) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(from[1], 1);
		close(in[0]);
		close(in[1]);
		close(from[0]);
		close(from[1]);
		execvp(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	close(in[0]);
	close(from[1]);
	there.to = in[1];
	back.from = from[0];
	fds[0] = (struct pollfd){0, POLLIN, 0};
	fds[1] = (struct pollfd){from[0], POLLIN, 0};
	while (fds[1].fd >= 0 && poll(fds, 2, -1) >= 0) {
		if (fds[0].revents && !frame(&there)) {
			fds[0].fd = -1;
			close(there.to);
		}
		if (fds[1].revents && !frame(&back))
			fds[1].fd = -1;
	}
	return waitpid(pid, &i, 0) == pid && WIFEXITED(i) ? WEXITSTATUS(i) : 1;
}
