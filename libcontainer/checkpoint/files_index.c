/* RUNTIME: migrate: what was seen of a tree of files, and what of it is other now. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"

#define FIRST_BUCKETS 1024
/* File systems take their times from a clock that goes on by ticks, of up to 10 ms; some, as ext4
 * with small inodes, note whole seconds, or every other one. */
#define TICK_NS       50000000
#define COARSE_TICK_S 2

struct files_mark {
	struct files_mark *next;
	uint64_t hash;
	const char *path;
	uint64_t dev, ino, size;
	struct timespec ctime, mtime;
	mode_t mode;
	uint32_t pass;
};

/* ---- paths ------------------------------------------------------------------------------------
 */

static uint64_t hash_of(const char *path, size_t len)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 1099511628211u;
	return h ^ h >> 32;
}

static struct files_mark *find(const struct files_index *x, const char *path, size_t len)
{
	uint64_t hash = hash_of(path, len);
	struct files_mark *m = x->n_buckets ? x->buckets[hash & (x->n_buckets - 1)] : NULL;

	for (; m; m = m->next)
		if (m->hash == hash && strncmp(m->path, path, len) == 0 && !m->path[len])
			return m;
	return NULL;
}

static void grow(struct files_index *x)
{
	size_t n = x->n_buckets ? 4 * x->n_buckets : FIRST_BUCKETS;
	struct files_mark **buckets = arena_array(&x->arena, struct files_mark *, n), *m, *next;

	for (size_t i = 0; i < x->n_buckets; i++)
		for (m = x->buckets[i]; m; m = next) {
			next = m->next;
			m->next = buckets[m->hash & (n - 1)];
			buckets[m->hash & (n - 1)] = m;
		}
	x->buckets = buckets;
	x->n_buckets = n;
}

static struct files_mark *add(struct files_index *x, const char *path)
{
	struct files_mark *m = arena_new(&x->arena, struct files_mark), **bucket;

	if (x->n >= x->n_buckets)
		grow(x);
	m->path = arena_strdup(&x->arena, path);
	m->hash = hash_of(path, strlen(path));
	bucket = &x->buckets[m->hash & (x->n_buckets - 1)];
	m->next = *bucket;
	*bucket = m;
	x->n++;
	return m;
}

/* ---- a pass -----------------------------------------------------------------------------------
 */

void files_index_begin(struct files_index *x, const struct timespec *now,
		       const struct files_ids *mapped)
{
	x->pass++;
	x->before = x->began;
	x->began = *now;
	x->mapped_before = x->mapped;
	x->mapped = *mapped;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Whether T is of the pass before, or of the moment before that began: there may have been another
 * write after the file was read that gave it no other time. */
static bool is_fresh(const struct files_index *x, struct timespec t)
{
	struct timespec since = x->before;

	if (t.tv_nsec == 0)
		since.tv_sec -= COARSE_TICK_S;
	since.tv_nsec -= TICK_NS;
	if (since.tv_nsec < 0) {
		since.tv_nsec += 1000000000;
		since.tv_sec--;
	}
	return t.tv_sec > since.tv_sec || (t.tv_sec == since.tv_sec && t.tv_nsec >= since.tv_nsec);
}

static int compare_ids(const void *a, const void *b)
{
	const struct files_id *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static bool was_mapped(const struct files_index *x, const struct stat *st)
{
	struct files_id id = {st->st_dev, st->st_ino};

	return x->mapped_before.n &&
	       bsearch(&id, x->mapped_before.v, x->mapped_before.n, sizeof(id), compare_ids);
}

bool files_index_wanted(struct files_index *x, const char *path, const struct stat *st)
{
	struct files_mark *m = find(x, path, strlen(path));
	bool same = m && m->dev == st->st_dev && m->ino == st->st_ino && m->mode == st->st_mode &&
		    m->size == (uint64_t)st->st_size && same_time(m->ctime, st->st_ctim) &&
		    same_time(m->mtime, st->st_mtim) && !is_fresh(x, st->st_ctim) &&
		    !was_mapped(x, st);

	if (!m)
		m = add(x, path);
	m->pass = x->pass;
	if (same)
		return false;
	m->dev = st->st_dev;
	m->ino = st->st_ino;
	m->mode = st->st_mode;
	m->size = (uint64_t)st->st_size;
	m->ctime = st->st_ctim;
	m->mtime = st->st_mtim;
	return true;
}

/* Of a directory that is gone, or is none any more, all below goes with it. */
static bool is_in_directory(const struct files_index *x, const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct files_mark *m = find(x, path, slash ? (size_t)(slash - path) : 0);

	return m && m->pass == x->pass && S_ISDIR(m->mode);
}

void files_index_gone(struct files_index *x, struct arena *a, struct oci_strings *ret)
{
	const char **v = (const char **)(uintptr_t)ret->v;

	for (size_t i = 0; i < x->n_buckets; i++)
		for (struct files_mark **at = &x->buckets[i], *m; (m = *at);) {
			if (m->pass == x->pass) {
				at = &m->next;
				continue;
			}
			if (is_in_directory(x, m->path))
				*arena_push(a, &v, &ret->n) = m->path;
			*at = m->next;
			x->n--;
		}
	ret->v = v;
	ret->set = true;
}

void files_index_done(struct files_index *x)
{
	arena_done(&x->arena);
	*x = (struct files_index){.buckets = NULL};
}

/* ---- mapped files -----------------------------------------------------------------------------
 */

/* "7f0e-7f1e rw-s 00000000 fe:00 123 /x": if the mapping is shared, and its file was opened to be
 * written to, which the link of that name shows by its mode. */
static void add_mapping(struct arena *a, pid_t pid, const char *line, struct files_ids *ret)
{
	const char *blank = strchr(line, ' ');
	unsigned long start, end;
	char path[96];
	struct stat st;

	if (!blank || strlen(blank) < 5 || blank[4] != 's' ||
	    sscanf(line, "%lx-%lx", &start, &end) != 2)
		return;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", (int)pid, start, end);
	if (lstat(path, &st) < 0 || !(st.st_mode & S_IWUSR))
		return;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		*arena_push(a, &ret->v, &ret->n) = (struct files_id){st.st_dev, st.st_ino};
}

void files_mapped_add(struct arena *a, pid_t pid, struct files_ids *ret)
{
	char path[64], *line = NULL;
	auto_free char *text = NULL;
	auto_file FILE *f = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	while (f && getline(&line, &size, f) > 0)
		add_mapping(a, pid, line, ret);
	text = line;
}

void files_mapped_sort(struct files_ids *ids)
{
	if (ids->n)
		qsort(ids->v, ids->n, sizeof(*ids->v), compare_ids);
}
