/* RUNTIME: named files through a connection, in pieces. */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"

#define FILE_PIECE (256U << 10)

/* As much as there is, at most SIZE. */
static ssize_t read_piece(int fd, uint8_t *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, to + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int wire_send_file(struct wire *w, enum wire_type type, const char *name, int fd, struct err *err)
{
	auto_free uint8_t *piece = malloc(FILE_PIECE);
	struct wire_msg msg = {.type = type};

	if (!piece)
		return err_sys(err, ENOMEM, "send '%s'", name);
	if (!wire_name_ok(name, strlen(name)))
		return err_fail(err, EINVAL, "send '%s': the name is no plain file name", name);
	memcpy(msg.file.name, name, strlen(name) + 1);
	while (!msg.file.last) {
		ssize_t n = read_piece(fd, piece, FILE_PIECE);
		struct iovec iov = {piece, n > 0 ? (size_t)n : 0};
		int r;

		if (wire_stopped(w))
			return err_fail(err, ECANCELED, "stopped by a signal");
		if (n < 0)
			return err_sys(err, (int)-n, "read '%s'", name);
		msg.file.last = n < (ssize_t)FILE_PIECE;
		r = wire_send(w, &msg, &iov, 1, err);
		if (r < 0)
			return r;
		msg.file.offset += (size_t)n;
	}
	return 0;
}

void wire_files_init(struct wire_files *f, int dirfd, uint64_t max_bytes, uint64_t max_files)
{
	*f = (struct wire_files){
		.dirfd = dirfd, .left = max_bytes, .files_left = max_files, .fd = -1};
}

void wire_files_done(struct wire_files *f)
{
	close_fd(&f->fd);
}

static int open_file(struct wire_files *f, const char *name, struct err *err)
{
	if (!f->files_left)
		return err_fail(err, EPROTO, "'%s' is one file too many", name);
	/* Nothing that is there is written to or followed. Who may read is said by the directory.
	 */
	f->fd = openat(f->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (f->fd < 0 && errno == EEXIST)
		return err_fail(err, EPROTO, "'%s' came twice", name);
	if (f->fd < 0)
		return err_sys(err, errno, "create '%s'", name);
	if (fchmod(f->fd, 0644) < 0)
		return err_sys(err, errno, "create '%s'", name);
	f->files_left--;
	f->at = 0;
	memcpy(f->name, name, strlen(name) + 1);
	return 0;
}

static int check_piece(const struct wire_files *f, const struct wire_msg *msg, struct err *err)
{
	const struct wire_file *p = &msg->file;

	if (f->fd >= 0 && !streq(f->name, p->name))
		return err_fail(err, EPROTO, "'%s' came before the end of '%s'", p->name, f->name);
	if (p->offset != (f->fd >= 0 ? f->at : 0))
		return err_fail(err, EPROTO, "a piece of '%s' is not where the last one ended",
				p->name);
	if (!msg->len && !p->last)
		return err_fail(err, EPROTO, "a piece of '%s' is empty", p->name);
	if (msg->len > f->left)
		return err_fail(err, EFBIG, "'%s': that is more than may come", p->name);
	return 0;
}

int wire_files_take(struct wire_files *f, struct wire *w, const struct wire_msg *msg,
		    struct err *err)
{
	auto_free uint8_t *piece = NULL;
	int r = check_piece(f, msg, err);

	if (r == 0 && f->fd < 0)
		r = open_file(f, msg->file.name, err);
	if (r < 0)
		return r;
	piece = malloc(msg->len + 1);
	if (!piece)
		return err_sys(err, ENOMEM, "receive '%s'", f->name);
	r = wire_body(w, msg, piece, err);
	if (r < 0)
		return r;
	r = io_write_all(f->fd, piece, msg->len);
	if (r < 0)
		return err_sys(err, -r, "write '%s'", f->name);
	f->at += msg->len;
	f->left -= msg->len;
	if (msg->file.last)
		close_fd(&f->fd);
	return 0;
}
