/* RUNTIME: migrate: the memory of a container, round by round, while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/cancel.h"
#include "libcontainer/checkpoint/migrate.h"
#include "oci-spec/oci.h"

#define RANGES_AT_ONCE 4096
#define CHOOSE_AFTER   (16U << 20)
#define STATUS_MAX     (1U << 20) /* there can be 65536 groups in it */
/* What a target asks for: each page once, and again if somebody waits for it that was asked for
 * ahead; the counts of pages are not exact. */
#define ASK_TIMES 4
#define ASK_MORE  16384

static uint64_t pages_of(const char *status)
{
	uint64_t present = 0, swapped = 0;

	(void)proc_field(status, "\nVmRSS:", 10, &present);
	(void)proc_field(status, "\nVmSwap:", 10, &swapped);
	return (present + swapped) * 1024 / WIRE_PAGE_SIZE;
}

/* The innermost: containers have no pid namespaces below their own that CRIU could dump. */
static uint64_t key_of(char *text, uint64_t *ret_pages)
{
	char *p = strstr(text, "\nNSpid:");
	uint64_t key;

	if (!p)
		return 0;
	*ret_pages = pages_of(p);
	p[1 + strcspn(p + 1, "\n")] = '\0';
	p = strrchr(p, '\t');
	return p && str_to_u64(p + 1, &key) == 0 ? key : 0;
}

/* The key of a process, and how many pages it has. */
static uint64_t look(pid_t pid, uint64_t *ret_pages)
{
	char text[4096];
	auto_free char *long_text = NULL;
	ssize_t n = proc_status_read(pid, text, sizeof(text));

	if (n == (ssize_t)sizeof(text) - 1) {
		long_text = malloc(STATUS_MAX);
		if (!long_text || proc_status_read(pid, long_text, STATUS_MAX) < 0)
			return 0;
	}
	return n > 0 ? key_of(long_text ?: text, ret_pages) : 0;
}

uint64_t memory_key(pid_t pid)
{
	uint64_t pages = 0;

	return look(pid, &pages);
}

int memory_init(struct memory *m, struct wire *w, struct container *c, struct err *err)
{
	*m = (struct memory){.wire = w, .c = c};
	m->buf = malloc(WIRE_BODY_MAX);
	m->ranges = malloc(sizeof(*m->ranges) * RANGES_AT_ONCE);
	m->began = rate_now_ns();
	return m->buf && m->ranges ? 0 : err_sys(err, ENOMEM, "copy the container's memory");
}

void memory_done(struct memory *m)
{
	track_set_close(&m->set);
	memory_serve_done(m);
	free(m->buf);
	free(m->ranges);
	arena_done(&m->arena);
	m->buf = NULL;
	m->ranges = NULL;
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, WIRE_PAGE_SIZE - 1) == 0;
}

static int send_run(struct memory *m, enum wire_type type, uint64_t key, uint64_t address,
		    const uint8_t *data, size_t n, struct err *err)
{
	struct wire_msg msg = {.type = type, .pages = {key, address, n}};
	struct iovec iov = {(void *)(uintptr_t)data, n * WIRE_PAGE_SIZE};
	bool pages = type == WIRE_PAGES;

	m->pages += pages ? n : 0;
	m->zeros += pages ? 0 : n;
	return wire_send(m->wire, &msg, &iov, pages, err);
}

/* N pages of one range that were read into DATA: runs of zeros and of others. */
int memory_send(struct memory *m, uint64_t key, uint64_t address, const uint8_t *data, size_t n,
		struct err *err)
{
	int r = 0;

	for (size_t i = 0, j; r == 0 && i < n; i = j) {
		bool zero = is_zero(data + i * WIRE_PAGE_SIZE);

		for (j = i + 1; j < n && is_zero(data + j * WIRE_PAGE_SIZE) == zero; j++)
			;
		r = send_run(m, zero ? WIRE_ZERO : WIRE_PAGES, key, address + i * WIRE_PAGE_SIZE,
			     data + i * WIRE_PAGE_SIZE, j - i, err);
	}
	return r;
}

/* By how fast the connection turned out to be, and how well and how fast what was just sent can be
 * compressed. */
int memory_choose(struct memory *m, size_t len, struct err *err)
{
	struct codec_sample samples[N_CODEC_SAMPLES];
	int64_t took = rate_now_ns() - m->began;
	uint64_t bandwidth = m->dirty * 1000000 / ((uint64_t)took / 1000 + 1);
	struct compressor *c;

	if (!m->choose || m->dirty < CHOOSE_AFTER)
		return 0;
	m->choose = false;
	c = compressor_new();
	if (!c)
		return err_sys(err, ENOMEM, "choose how to compress");
	codec_measure(c, m->buf, len, samples);
	compressor_free(c);
	m->wire->how = codec_choose(bandwidth, samples, N_CODEC_SAMPLES);
	log_debug("migrate: %llu MiB/s: compressed by %s", (unsigned long long)bandwidth >> 20,
		  codec_name(m->wire->how.codec));
	return 0;
}

/* A page that went away meanwhile is sent as zeros: what is there in the end is said by the images.
 */
static int send_range(struct memory *m, struct track_proc *p, uint64_t key, uint64_t start,
		      uint64_t end, struct err *err)
{
	const uint64_t step = (uint64_t)WIRE_PAGES_MAX * WIRE_PAGE_SIZE;
	int r = 0;

	while (r == 0 && start < end) {
		uint64_t stop = end - start > step ? start + step : end;
		struct track_range range = {start, stop};
		ssize_t missing = track_read(p, &range, 1, m->buf, NULL);

		if (cancel_check(err) < 0)
			return -err->code;
		if (missing == -ESRCH)
			return 0;
		if (missing < 0)
			return err_sys(err, (int)-missing, "read the memory of process %d",
				       (int)p->pid);
		r = memory_send(m, key, start, m->buf, (stop - start) / WIRE_PAGE_SIZE, err);
		m->dirty += stop - start;
		if (m->tick)
			m->tick(m->tick_ctx);
		if (r == 0)
			r = memory_choose(m, stop - start, err);
		start = stop;
	}
	return r;
}

static int flush(struct memory *m, struct err *err)
{
	uint64_t key = m->of ? memory_key(m->of->pid) : 0;
	int r = 0;

	if (m->late && key)
		r = memory_list(m, key, err);
	for (size_t i = 0; r == 0 && key && !m->late && i < m->n_ranges; i++)
		r = send_range(m, m->of, key, m->ranges[i].start, m->ranges[i].end, err);
	m->n_ranges = 0;
	return r;
}

/* Read only when the scan is past them: what is written after that is in the next one. */
static int note(void *arg, struct track_proc *p, uint64_t start, uint64_t end)
{
	struct memory *m = arg;

	if ((m->of != p || m->n_ranges == RANGES_AT_ONCE) && flush(m, m->err) < 0)
		return -m->err->code;
	m->of = p;
	m->ranges[m->n_ranges++] = (struct track_range){start, end};
	return 0;
}

static int end_round(struct memory *m, bool final, struct err *err)
{
	struct wire_msg msg = {.type = WIRE_ROUND_END,
			       .round = {m->round, final, m->pages, m->zeros}};
	int r = wire_send(m->wire, &msg, NULL, 0, err);

	if (r == 0)
		r = wire_expect(m->wire, WIRE_ROUND_DONE, m->wire->timeout_ms, &msg, err);
	if (r == 0 && msg.round.round != m->round)
		return err_fail(err, EPROTO, "the target confirmed round %u, not %u",
				msg.round.round, m->round);
	return r;
}

/* Once, when nothing runs any more: each request of the target is for one of them. */
static void note_keys(struct memory *m)
{
	m->keys = arena_array(&m->arena, uint64_t, m->n_pids + 1);
	m->may_ask = ASK_MORE;
	for (size_t i = 0; i < m->n_pids; i++) {
		uint64_t pages = 0;

		m->keys[i] = look(m->pids[i], &pages);
		m->may_ask += ASK_TIMES * pages;
	}
}

/* It wants tasks that run. */
static int update(struct memory *m, struct err *err)
{
	int r = m->throttle ? throttle_hold(m->throttle, err) : 0;

	if (r == 0)
		r = track_set_update(&m->set, m->pids, m->n_pids, err);
	return r == 0 && m->throttle ? throttle_go_on(m->throttle, err) : r;
}

static int still(void *arg, bool on, struct err *err)
{
	struct memory *m = arg;
	int64_t now = rate_now_ns();
	int r;

	if (on) {
		m->stopped = now;
		r = throttle_still(m->throttle, m->c->cgroup_fd, m->c->dirfd, err);
		return r < 0 ? r : fault_point("migrate", "still", err);
	}
	r = throttle_go_on(m->throttle, err);
	log_debug("migrate: it stood still for %u us while its memory was looked at",
		  (unsigned)((rate_now_ns() - m->stopped) / 1000));
	return r;
}

int memory_round(struct memory *m, bool final, struct err *err)
{
	struct wire_msg msg = {.type = WIRE_ROUND_BEGIN, .round = {++m->round, final, 0, 0}};
	int r = cgroup_pids(m->c->cgroup_fd, &m->arena, &m->pids, &m->n_pids, err);

	m->sent_before = m->wire->sent.bytes;
	m->pages = m->zeros = m->dirty = 0;
	m->n_ranges = 0;
	m->of = NULL;
	m->err = err;
	m->set.still = final ? NULL : still;
	m->set.arg = m;
	if (r == 0 && final)
		note_keys(m);
	if (r == 0)
		r = wire_send(m->wire, &msg, NULL, 0, err);
	/* What stands still cannot be tracked any more: new processes are copied whole. */
	if (r == 0 && !final)
		r = update(m, err);
	if (r == 0)
		r = track_set_scan(&m->set, note, m, NULL, err);
	if (r == 0)
		r = flush(m, err);
	if (r == 0)
		r = end_round(m, final, err);
	m->sent = m->wire->sent.bytes - m->sent_before;
	if (log_debug_enabled())
		for (size_t i = 0; i < m->set.n_procs; i++)
			if (m->set.procs[i]->state == TRACK_WHOLE)
				log_debug(
					"migrate: process %d is copied when it stands still: it %s",
					(int)m->set.procs[i]->pid,
					track_why_text(m->set.procs[i]->why));
	return r;
}

static bool is_tracked(const struct memory *m, pid_t pid)
{
	for (size_t i = 0; i < m->set.n_procs; i++)
		if (m->set.procs[i]->pid == pid && m->set.procs[i]->state == TRACK_ON)
			return true;
	return false;
}

int memory_write_whole(struct memory *m, int images_fd, struct err *err)
{
	uint32_t *keys = arena_array(&m->arena, uint32_t, m->n_pids + 1);
	struct migrate_whole whole = {.processes = {.set = true, .v = keys},
				      .late = {true, m->late}};
	const char *text;

	for (size_t i = 0; i < m->n_pids; i++)
		if (!is_tracked(m, m->pids[i]))
			keys[whole.processes.n++] = (uint32_t)m->keys[i];
	text = oci_encode(&m->arena, &migrate_whole_type, &whole, "");
	return io_replace_file(images_fd, MIGRATE_WHOLE, text, strlen(text), 0600, err);
}
