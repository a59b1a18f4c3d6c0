/* RUNTIME: migrate: trees of files, pass by pass, from the source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/cancel.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/tree.h"

#define CHOOSE_AFTER (16U << 20)
#define TICKS        64 /* files between two looks for ^C */

/* ---- bytes -------------------------------------------------------------------------------------
 */

/* By how fast the connection is so far, and what the last piece is like. */
static int choose_codec(struct files *f, size_t len, struct err *err)
{
	struct codec_sample samples[N_CODEC_SAMPLES];
	int64_t took = rate_now_ns() - f->began;
	uint64_t bandwidth = f->wire->sent.bytes * 1000000 / ((uint64_t)took / 1000 + 1);
	struct compressor *c = compressor_new();

	f->choose = false;
	if (!c)
		return err_sys(err, ENOMEM, "choose how to compress");
	codec_measure(c, f->buf, len, samples);
	compressor_free(c);
	f->wire->how = codec_choose(bandwidth, samples, N_CODEC_SAMPLES);
	log_debug("migrate: files: %llu MiB/s: compressed by %s",
		  (unsigned long long)bandwidth >> 20, codec_name(f->wire->how.codec));
	return 0;
}

static int flush(struct files *f, bool last, struct err *err)
{
	struct wire_msg msg = {.type = WIRE_ROOTFS, .rootfs = {f->stream, last}};
	struct iovec iov = {f->buf, f->len};
	int r = cancel_check(err);

	if (r == 0)
		r = wire_send(f->wire, &msg, &iov, f->len ? 1 : 0, err);
	if (r == 0 && f->choose && f->len == WIRE_BODY_MAX && f->wire->sent.bytes > CHOOSE_AFTER)
		r = choose_codec(f, f->len, err);
	f->len = 0;
	return r;
}

static int put(void *ctx, const void *data, size_t len, struct err *err)
{
	struct files *f = ctx;
	const uint8_t *from = data;

	while (len) {
		size_t n = WIRE_BODY_MAX - f->len;

		n = len < n ? len : n;
		memcpy(f->buf + f->len, from, n);
		f->len += n;
		from += n;
		len -= n;
		if (f->len == WIRE_BODY_MAX) {
			int r = flush(f, false, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- a pass -------------------------------------------------------------------------------------
 */

struct pass {
	struct files *f;
	struct files_tree *tree;
};

static bool wanted(void *ctx, const char *path, const struct stat *st)
{
	struct pass *p = ctx;
	uint64_t full = (uint64_t)st->st_blocks * 512;

	if (!files_index_wanted(&p->tree->index, path, st))
		return false;
	p->f->changed++;
	if (S_ISREG(st->st_mode)) /* holes are not sent */
		p->f->bytes += full < (uint64_t)st->st_size ? full : (uint64_t)st->st_size;
	return true;
}

static int tick(void *ctx, struct err *err)
{
	struct pass *p = ctx;

	return ++p->f->ticks % TICKS ? 0 : cancel_check(err);
}

/* Each name with its NUL. */
static int send_gone(struct files *f, const struct oci_strings *gone, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gone->n; i++) {
		size_t len = strlen(gone->v[i]) + 1;

		/* None is in two frames. */
		if (f->len + len > WIRE_BODY_MAX)
			r = flush(f, false, err);
		if (r == 0)
			r = put(f, gone->v[i], len, err);
	}
	return r < 0 || !gone->n ? r : flush(f, true, err);
}

static int pass(struct files *f, size_t i, const struct timespec *now,
		const struct files_ids *mapped, bool final, struct err *err)
{
	struct pass p = {f, &f->trees[i]};
	struct tar_writer w = {.file = p.tree->here, .put = put, .ctx = f, .live = !final};
	const struct tree_pass how = {.wanted = wanted, .tick = tick, .ctx = &p, .live = !final};
	auto_arena a = ARENA_INIT;
	struct oci_strings gone = {.set = true};
	int r;

	files_index_begin(&p.tree->index, now, mapped);
	f->stream = 2 * (uint32_t)i;
	f->len = 0;
	r = tree_take_pass(&w, p.tree->fd, &p.tree->layers, &how, &a, &gone, err);
	if (r == 0)
		r = tar_put_end(&w, err);
	if (r == 0)
		r = flush(f, true, err);
	if (r < 0)
		return err_wrap(err, "copy '%s'", p.tree->here);
	files_index_gone(&p.tree->index, &a, &gone);
	f->changed += gone.n;
	f->stream++;
	return send_gone(f, &gone, err);
}

static int find_mapped(struct files *f, struct files_ids *ret, struct err *err)
{
	pid_t *pids;
	size_t n;
	int r = cgroup_pids(f->c->cgroup_fd, &f->arena, &pids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		files_mapped_add(&f->arena, pids[i], ret);
	files_mapped_sort(ret);
	return r;
}

int files_pass(struct files *f, struct wire *w, bool final, struct err *err)
{
	struct files_ids mapped = {.n = 0};
	struct timespec now;
	int64_t start = rate_now_ns();
	int r = 0;

	f->wire = w;
	f->changed = f->bytes = 0;
	if (!f->began)
		f->began = start;
	if (!f->buf)
		f->buf = malloc(WIRE_BODY_MAX);
	if (!f->buf)
		return err_sys(err, ENOMEM, "copy files");
	clock_gettime(CLOCK_REALTIME, &now);
	/* There is no pass after the last one that would want to know. */
	if (!final)
		r = find_mapped(f, &mapped, err);
	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = pass(f, i, &now, &mapped, final, err);
	f->all_bytes += f->bytes;
	log_debug("migrate: %llu files, %llu bytes of them, in %llu us",
		  (unsigned long long)f->changed, (unsigned long long)f->bytes,
		  (unsigned long long)(rate_now_ns() - start) / 1000);
	return r;
}

void files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		close_fd(&f->trees[i].fd);
		layers_close(&f->trees[i].layers);
		files_index_done(&f->trees[i].index);
	}
	free(f->buf);
	f->buf = NULL;
	f->n = 0;
	arena_done(&f->arena);
}
