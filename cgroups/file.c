/* RUNTIME: reads and writes of cgroup files, and waits on cgroup.events. */
#include "cgroups/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

int cgroup_file_write(int fd, const char *name, const char *text)
{
	auto_fd int file = beneath_open(fd, name, O_WRONLY);
	size_t len = strlen(text);
	ssize_t n;

	if (file < 0)
		return file;
	do
		n = write(file, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* Reads from the start of an open file; the buffer is filled or the file ends. */
static ssize_t read_at_start(int file, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n = pread(file, buf + len, size - 1 - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t cgroup_file_read(int fd, const char *name, char *buf, size_t size)
{
	auto_fd int file = beneath_open(fd, name, O_RDONLY);
	ssize_t n;

	if (file < 0)
		return file;
	n = read_at_start(file, buf, size);
	if (n > 0 && buf[n - 1] == '\n')
		buf[--n] = '\0';
	return n;
}

ssize_t cgroup_file_slurp(int fd, struct arena *a, const char *name, char **ret)
{
	auto_fd int file = beneath_open(fd, name, O_RDONLY);

	if (file < 0)
		return file;
	for (size_t size = 16384; size <= 64 << 20; size *= 4) {
		char *buf = arena_alloc(a, size);
		ssize_t n = read_at_start(file, buf, size);

		if (n < 0)
			return n;
		if ((size_t)n < size - 1) {
			*ret = buf;
			return n;
		}
	}
	return -EFBIG;
}

bool cgroup_file_exists(int fd, const char *name)
{
	auto_fd int file = beneath_open(fd, name, O_PATH);

	return file >= 0;
}

static int parse_number(const char *text, uint64_t *ret)
{
	if (streq(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_to_u64(text, ret);
}

int cgroup_file_u64(int fd, const char *name, uint64_t *ret)
{
	char buf[64];
	ssize_t n = cgroup_file_read(fd, name, buf, sizeof(buf));

	return n < 0 ? (int)n : parse_number(buf, ret);
}

/* "a 1\nb 2\n" */
static int find_key(char *text, const char *key, uint64_t *ret)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		if (streq(line, key))
			return parse_number(blank + 1, ret);
	}
	return -ENOENT;
}

int cgroup_file_key(int fd, const char *name, const char *key, uint64_t *ret)
{
	char buf[8192];
	ssize_t n = cgroup_file_read(fd, name, buf, sizeof(buf));

	return n < 0 ? (int)n : find_key(buf, key, ret);
}

bool cgroup_has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (strncmp(p, word, len) == 0 && (p[len] == '\0' || strchr(" \n", p[len])))
			return true;
	}
	return false;
}

int cgroup_event_wait(int fd, const char *key, uint64_t want, int timeout_ms)
{
	auto_fd int file = beneath_open(fd, "cgroup.events", O_RDONLY);
	int64_t end = clock_now_ms() + timeout_ms;

	if (file < 0)
		return file;
	for (;;) {
		struct pollfd p = {.fd = file, .events = POLLPRI};
		char buf[256];
		uint64_t value = 0;
		int64_t left = end - clock_now_ms();
		int r = (int)read_at_start(file, buf, sizeof(buf));

		if (r >= 0)
			r = find_key(buf, key, &value);
		if (r < 0 || value == want)
			return r;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}
