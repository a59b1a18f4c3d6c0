/* RUNTIME: compression, in children. */
#include "libcontainer/checkpoint/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"

/* clang-format off */
static const struct {
	const char *name, *suffix, *magic;
	size_t magic_len;
	const char *const pack[4], *const unpack[4]; /* the program; without one it is built in */
} formats[] = {
	[PACKER_NONE] = {"none", ".tar", "",                 0, {NULL},                {NULL}},
	[PACKER_GZIP] = {"gzip", ".gz",  "\x1f\x8b",         2, {"gzip", "-nc", NULL}, {"gzip", "-dc", NULL}},
	[PACKER_ZSTD] = {"zstd", ".zst", "\x28\xb5\x2f\xfd", 4, {NULL},                {NULL}},
};
/* clang-format on */

int packer_format(const char *name, const char *file, enum packer_format *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (given(name) ? streq(name, formats[i].name)
				: str_ends(file, formats[i].suffix) ||
					  (i == PACKER_GZIP && str_ends(file, ".tgz"))) {
			*ret = (enum packer_format)i;
			return 0;
		}
	if (given(name))
		return err_fail(err, EINVAL, "--compress: '%s' is not none, gzip or zstd", name);
	err_fail(err, EINVAL, "--export: the name '%s' does not say how it is compressed", file);
	err_hint(err, "end it in .tar, .tar.gz or .tar.zst, or give --compress");
	return -EINVAL;
}

int packer_recognize(int fd, const char *file, enum packer_format *ret, struct err *err)
{
	char head[8] = "";
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return err_sys(err, errno, "read '%s'", file);
	*ret = PACKER_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].magic_len &&
		    memcmp(head, formats[i].magic, formats[i].magic_len) == 0)
			*ret = (enum packer_format)i;
	return 0;
}

/* In PATH, as engines call some commands with an empty environment. */
static int find_program(const char *name, char *ret, size_t size)
{
	const char *path = getenv("PATH");

	for (path = given(path) ? path : "/usr/bin:/bin"; *path;) {
		size_t n = strcspn(path, ":");

		if (n && (size_t)snprintf(ret, size, "%.*s/%s", (int)n, path, name) < size &&
		    faccessat(AT_FDCWD, ret, X_OK, AT_EACCESS) == 0)
			return 0;
		path += n + (path[n] == ':');
	}
	return -ENOENT;
}

int packer_check(enum packer_format format, struct err *err)
{
	const char *program = formats[format].pack[0];
	char path[PATH_MAX];

	if (program && find_program(program, path, sizeof(path)) < 0)
		return err_fail(err, ENOENT, "there is no program '%s' in PATH", program);
	return 0;
}

/* ---- in the child ------------------------------------------------------------------------------
 */

static _Noreturn void fail(const char *what, const char *why)
{
	dprintf(2, "%s: %s\n", what, why);
	_exit(1);
}

static _Noreturn void fail_sys(const char *what, int code)
{
	struct err err = ERR_NONE;
	char line[256];

	err_sys(&err, code, "%s", what);
	dprintf(2, "%s\n", err_format(&err, line, sizeof(line)));
	_exit(1);
}

static size_t read_some(void *buf, size_t size)
{
	for (;;) {
		ssize_t n = read(0, buf, size);

		if (n >= 0)
			return (size_t)n;
		if (errno != EINTR)
			fail_sys("read", errno);
	}
}

static void write_out(ZSTD_outBuffer *out)
{
	int r = io_write_all(1, out->dst, out->pos);

	if (r < 0)
		fail_sys("write", -r);
	out->pos = 0;
}

static void *buffer(size_t size)
{
	void *p = malloc(size);

	if (!p)
		fail_sys("zstd", ENOMEM);
	return p;
}

static _Noreturn void zstd_pack(void)
{
	size_t in_size = ZSTD_CStreamInSize(), out_size = ZSTD_CStreamOutSize(), left;
	ZSTD_inBuffer in = {buffer(in_size), 0, 0};
	ZSTD_outBuffer out = {buffer(out_size), out_size, 0};
	ZSTD_CCtx *c = ZSTD_createCCtx();
	bool last;

	if (!c)
		fail_sys("zstd", ENOMEM);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	do {
		in.size = read_some((void *)(uintptr_t)in.src, in_size);
		in.pos = 0;
		last = in.size == 0;
		do {
			left = ZSTD_compressStream2(c, &out, &in,
						    last ? ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(left))
				fail("zstd", ZSTD_getErrorName(left));
			write_out(&out);
		} while (last ? left != 0 : in.pos < in.size);
	} while (!last);
	_exit(0);
}

static _Noreturn void zstd_unpack(void)
{
	size_t in_size = ZSTD_DStreamInSize(), out_size = ZSTD_DStreamOutSize(), left = 1;
	ZSTD_inBuffer in = {buffer(in_size), 0, 0};
	ZSTD_outBuffer out = {buffer(out_size), out_size, 0};
	ZSTD_DCtx *d = ZSTD_createDCtx();

	if (!d)
		fail_sys("zstd", ENOMEM);
	while ((in.size = read_some((void *)(uintptr_t)in.src, in_size))) {
		for (in.pos = 0; in.pos < in.size;) {
			left = ZSTD_decompressStream(d, &out, &in);
			if (ZSTD_isError(left))
				fail("zstd", ZSTD_getErrorName(left));
			write_out(&out);
		}
		while (left) { /* what is decoded already, and had no room */
			left = ZSTD_decompressStream(d, &out, &in);
			if (ZSTD_isError(left))
				fail("zstd", ZSTD_getErrorName(left));
			if (out.pos == 0)
				break;
			write_out(&out);
		}
	}
	if (left)
		fail("zstd", "it ends too early");
	_exit(0);
}

static _Noreturn void execute(const char *path, const char *const *args, bool pack, int in, int out,
			      int log)
{
	proc_reset_signals();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(log, 2) < 0 || proc_close_from(3) < 0)
		_exit(126);
	if (args[0]) {
		execv(path, (char *const *)(uintptr_t)args);
		_exit(127);
	}
	if (pack)
		zstd_pack();
	zstd_unpack();
}

/* ---- in hull
 * ------------------------------------------------------------------------------------- */

int packer_open(struct packer *p, enum packer_format format, bool pack, int fd, struct err *err)
{
	const char *const *args = pack ? formats[format].pack : formats[format].unpack;
	char path[PATH_MAX] = "";
	int ends[2];

	if (format == PACKER_NONE) {
		p->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return p->fd < 0 ? err_sys(err, errno, "copy a descriptor") : 0;
	}
	p->program = formats[format].name;
	if (args[0] && find_program(args[0], path, sizeof(path)) < 0)
		return err_fail(err, ENOENT, "there is no program '%s' in PATH", args[0]);
	p->log = memfd_create("log", MFD_CLOEXEC);
	if (p->log < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "start %s", p->program);
	p->pid = proc_clone(0, -1, NULL);
	if (p->pid == 0)
		execute(path, args, pack, pack ? ends[0] : fd, pack ? fd : ends[1], p->log);
	p->fd = ends[pack];
	close(ends[!pack]);
	if (p->pid < 0) {
		int r = p->pid;

		p->pid = 0;
		return err_sys(err, -r, "start %s", p->program);
	}
	return 0;
}

/* The last thing it said; "zstd: error 70 : Write error : cannot write block : No space left on
 * device". */
static void last_line(int log, char *ret, size_t size)
{
	ssize_t n = pread(log, ret, size - 1, 0);
	char *line;

	ret[n < 0 ? 0 : n] = '\0';
	for (n--; n >= 0 && (ret[n] == '\n' || ret[n] == ' '); n--)
		ret[n] = '\0';
	line = strrchr(ret, '\n');
	if (line)
		memmove(ret, line + 1, strlen(line));
}

int packer_close(struct packer *p, int r, struct err *err)
{
	char said[1024] = "";
	int status;

	close_fd(&p->fd);
	status = p->pid > 0 ? proc_wait(p->pid) : 0;
	p->pid = 0;
	if (p->log >= 0)
		last_line(p->log, said, sizeof(said));
	close_fd(&p->log);
	/* One that was left in the middle of reading ends by SIGPIPE. */
	if (status == 0 || (r < 0 && r != -EPIPE && status > 128))
		return r;
	return err_fail(err, EIO, "%s failed (exit status %d): %.512s", p->program, status, said);
}
