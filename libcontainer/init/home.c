/* INIT: $HOME from the container's own passwd file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

#define PASSWD_MAX (1u << 20) /* an image's file: it may be anything */

/* name:password:uid:gid:comment:directory:shell. The home of UID, or NULL. LINE is cut. */
static const char *home_of(char *line, uint32_t uid)
{
	char *field[6];
	uint32_t v;

	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		field[i] = line ? strsep(&line, ":") : NULL;
	if (!field[5] || str_to_u32(field[2], &v) < 0 || v != uid || field[5][0] != '/')
		return NULL;
	return field[5];
}

/* Line by line through a small buffer; a line that is longer than it is skipped. */
static const char *search(int fd, uint32_t uid, struct arena *a)
{
	char buf[4096];
	size_t len = 0, total = 0;
	bool skip = false;
	ssize_t n;

	while (total < PASSWD_MAX && (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *start = buf, *end;

		total += (size_t)n;
		len += (size_t)n;
		buf[len] = '\0';
		while ((end = memchr(start, '\n', len - (size_t)(start - buf)))) {
			const char *home;

			*end = '\0';
			home = skip ? NULL : home_of(start, uid);
			if (home)
				return arena_strdup(a, home);
			skip = false;
			start = end + 1;
		}
		len -= (size_t)(start - buf);
		memmove(buf, start, len);
		if (len == sizeof(buf) - 1) {
			skip = true;
			len = 0;
		}
	}
	buf[len] = '\0';
	return len && !skip ? arena_strdup(a, home_of(buf, uid)) : NULL;
}

/* Opening a device can be an act (a watchdog starts), and at create the device rules may not be in
 * force yet: what an image put there is looked at before it is opened, and the same file is opened
 * then. For that create has the host's /proc; an exec has only a container's, but lives under its
 * rules. */
static int open_passwd(const struct init *c)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	auto_fd int found = root_open(c->root_fd, "/etc/passwd", O_PATH);
	struct stat st;

	if (found < 0 || fstat(found, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return c->exec ? root_open(c->root_fd, "/etc/passwd", flags) : path_reopen(found, flags);
}

static const char *find_home(const struct init *c, struct arena *a)
{
	auto_fd int fd = open_passwd(c);
	const char *home = NULL;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		home = search(fd, c->process->uid, a);
	return home ? home : "/";
}

/* P-09: a HOME that is missing or empty. By number, never by a name (CVE-2016-3697). */
int init_home(void *ctx, struct err *err)
{
	struct init *c = ctx;
	char **env = c->process->env;
	size_t n = 0, kept = 0;

	(void)err;
	c->env = env;
	for (n = 0; env[n]; n++)
		if (str_starts(env[n], "HOME=") && env[n][5])
			return 0;
	c->env = arena_array(&c->arena, char *, n + 2);
	for (size_t i = 0; i < n; i++)
		if (!str_starts(env[i], "HOME="))
			c->env[kept++] = env[i];
	c->env[kept] = arena_printf(&c->arena, "HOME=%s", find_home(c, &c->arena));
	return 0;
}
