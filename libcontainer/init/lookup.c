/* INIT: the working directory and the program, looked up as the container's user. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CANNOT_START "unable to start container process: "
#define NOT_FOUND    "No such file or directory" /* as crun, and not as err_sys writes it */

/*
 * No magic link on the way: /proc/self/fd/N of a process that is being made may lead to the host
 * (CVE-2024-21626). The kernel's own answer to getcwd is the second lock: it says
 * "(unreachable)" for a directory outside the root.
 */
int init_chdir(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const char *cwd = c->process->cwd;
	auto_fd int fd = root_open(c->root_fd, cwd, O_PATH | O_DIRECTORY);
	char now[PATH_MAX];

	if (fd < 0)
		return err_sys(err, -fd, "change to the working directory '%s'", cwd);
	if (fchdir(fd) < 0)
		return err_sys(err, errno, "change to the working directory '%s'", cwd);
	if (syscall(SYS_getcwd, now, sizeof(now)) < 0)
		return err_sys(err, errno, "find the working directory '%s'", cwd);
	if (now[0] != '/')
		return err_fail(
			err, EPERM,
			"the working directory '%s' is outside the container's root file system",
			cwd);
	return 0;
}

/* What execve would say, without doing it. 0 or -errno; -EISDIR for a directory. */
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static const char *env_path(char *const *env)
{
	for (size_t i = 0; env[i]; i++)
		if (str_starts(env[i], "PATH="))
			return env[i] + strlen("PATH=");
	return DEFAULT_PATH;
}

/* As execvp: an element that is empty is the working directory; a file that may not be executed
 * does not end the search, but is remembered. */
static int search_path(struct init *c, const char *name, const char *path)
{
	int result = -ENOENT;

	for (;;) {
		size_t len = strcspn(path, ":");
		char *full =
			arena_printf(&c->arena, "%.*s%s%s", (int)len, path, len ? "/" : "./", name);
		int r = strlen(full) < PATH_MAX ? check_program(full) : -ENOENT;

		if (r == 0) {
			c->program = full;
			return 0;
		}
		if (r == -EACCES || r == -EPERM)
			result = r;
		path += len;
		if (!*path++)
			return result;
	}
}

/* The phrases are what engines look for to tell 126 from 127. */
static int explain(const char *name, int r, bool in_path, struct err *err)
{
	if (!*name)
		return err_fail(err, ENOENT,
				CANNOT_START
				"exec: \"\": executable file `` not found in $PATH: " NOT_FOUND);
	if (r == -EISDIR)
		return err_fail(err, EACCES,
				CANNOT_START "exec: \"%s\": is a directory: permission denied",
				name);
	if (r == -EACCES || r == -EPERM)
		return err_fail(err, -r, CANNOT_START "exec: \"%s\": permission denied", name);
	if (in_path && r == -ENOENT)
		return err_fail(err, ENOENT,
				CANNOT_START
				"exec: \"%s\": executable file not found in $PATH: " NOT_FOUND,
				name);
	return err_sys(err, -r, CANNOT_START "exec: \"%s\"", name);
}

int init_lookup(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const char *name = c->process->args[0];
	bool in_path = !strchr(name, '/');
	int r;

	if (!*name)
		r = -ENOENT;
	else if (in_path)
		r = search_path(c, name, env_path(c->env));
	else
		r = check_program(c->program = name);
	return r < 0 ? explain(name, r, in_path, err) : 0;
}
