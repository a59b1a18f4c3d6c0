/* RUNTIME: migrate: memory of a container that stands still, as the target asks for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/migrate.h"

#define OPEN_MAX_MEMS 64

/* Of the processes of the last round: their memory, or -1. */
static void make_mems(struct memory *m)
{
	m->mems = arena_array(&m->arena, int, m->n_pids + 1);
	for (size_t i = 0; i < m->n_pids; i++)
		m->mems[i] = -1;
}

void memory_serve_done(struct memory *m)
{
	for (size_t i = 0; m->mems && i < m->n_pids; i++)
		close_fd(&m->mems[i]);
	m->n_open = 0;
}

/* A descriptor of the memory of the process KEY; borrowed. */
static int open_memory(struct memory *m, uint64_t key, struct err *err)
{
	char path[64];
	size_t i;

	if (!m->mems)
		make_mems(m);
	for (i = 0; i < m->n_pids && m->keys[i] != key; i++)
		;
	if (i == m->n_pids || !key)
		return err_fail(err, EPROTO,
				"the target wants memory of process %llu, which there is not",
				(unsigned long long)key);
	if (m->mems[i] >= 0)
		return m->mems[i];
	if (m->n_open == OPEN_MAX_MEMS)
		memory_serve_done(m);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)m->pids[i]);
	m->mems[i] = open(path, O_RDONLY | O_CLOEXEC);
	if (m->mems[i] < 0)
		return err_sys(err, errno, "open '%s'", path);
	m->n_open++;
	return m->mems[i];
}

/* Page by page where a whole piece cannot be read: what is not there is zeros. */
static void read_memory(int mem, uint64_t address, uint8_t *buf, size_t n)
{
	size_t len = n * WIRE_PAGE_SIZE;

	if (pread(mem, buf, len, (off_t)address) == (ssize_t)len)
		return;
	for (size_t i = 0; i < n; i++) {
		uint8_t *page = buf + i * WIRE_PAGE_SIZE;

		if (pread(mem, page, WIRE_PAGE_SIZE, (off_t)(address + i * WIRE_PAGE_SIZE)) !=
		    WIRE_PAGE_SIZE)
			memset(page, 0, WIRE_PAGE_SIZE);
	}
}

int memory_serve(struct memory *m, const struct wire_pages *wanted, struct err *err)
{
	int mem = open_memory(m, wanted->process, err);

	if (mem < 0)
		return mem;
	read_memory(mem, wanted->address, m->buf, wanted->count);
	m->dirty += wanted->count * WIRE_PAGE_SIZE;
	if (memory_send(m, wanted->process, wanted->address, m->buf, wanted->count, err) < 0)
		return -err->code;
	return memory_choose(m, wanted->count * WIRE_PAGE_SIZE, err);
}

/* What changed since the last round is named instead of sent. */
int memory_list(struct memory *m, uint64_t key, struct err *err)
{
	struct wire_range ranges[256];
	int r = 0;

	for (size_t i = 0, n = 0; r == 0 && i < m->n_ranges; i++) {
		uint64_t len = m->ranges[i].end - m->ranges[i].start;

		ranges[n++] = (struct wire_range){m->ranges[i].start, len / WIRE_PAGE_SIZE};
		m->late_bytes += len;
		if (n < ARRAY_SIZE(ranges) && i + 1 < m->n_ranges)
			continue;
		r = wire_send_ranges(m->wire, WIRE_DIRTY, key, ranges, n, err);
		n = 0;
	}
	return r;
}
