/* TEST: files of a container that is moved.
 *
 *   tree make DIR      one of every kind
 *   tree list DIR      all that can be known of what is in DIR, a line each
 *   tree churn DIR N   makes, changes, renames and removes files in DIR all the time, of N names;
 *                      /data/pass.0 has how often
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void put(const char *name, const void *data, size_t len, off_t at)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	need(fd >= 0 && pwrite(fd, data, len, at) == (ssize_t)len, name);
	close(fd);
}

/* ---- make -------------------------------------------------------------------------------------
 */

static void stamp(const char *name, long s, long ns)
{
	struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {s, ns}};

	need(utimensat(AT_FDCWD, name, t, AT_SYMLINK_NOFOLLOW) == 0, name);
}

static void make_attributes(void)
{
	/* version 2, cap_net_raw+ep */
	static const unsigned char caps[20] = {1, 0, 0, 2, 0, 0x20};

	put("attributes", "x", 1, 0);
	need(setxattr("attributes", "user.x", "a\0b\n", 4, 0) == 0, "user.x");
	need(setxattr("attributes", "trusted.y", "", 0, 0) == 0, "trusted.y");
	put("capable", "x", 1, 0);
	need(chown("capable", 1000, 100) == 0, "chown");
	need(setxattr("capable", "security.capability", caps, sizeof(caps), 0) == 0, "capability");
}

/* A file of 1 TiB, most of it holes. */
static void make_large(void)
{
	int fd = open("large", O_WRONLY | O_CREAT, 0600);

	need(fd >= 0 && ftruncate(fd, 1LL << 40) == 0, "large");
	for (int i = 0; i < 100; i++)
		need(pwrite(fd, &i, sizeof(i), i * 10000000000LL) == sizeof(i), "large");
	close(fd);
}

static void make(void)
{
	char name[300];
	int fd;

	put("file", "hello\n", 6, 0);
	stamp("file", 1000000000, 123456789);
	put("setuid", "x", 1, 0);
	need(chown("setuid", 70000, 5) == 0 && chmod("setuid", 06755) == 0, "setuid");
	put("empty", "", 0, 0);
	need(chmod("empty", 0) == 0, "empty");
	put("sparse", "x", 1, (8 << 20) - 1);
	put("sparse", "y", 1, 3 << 20);
	fd = open("hole", O_WRONLY | O_CREAT, 0600);
	need(fd >= 0 && ftruncate(fd, 1 << 20) == 0, "hole");
	close(fd);
	need(link("file", "link") == 0 && symlink("/nowhere/at all", "symlink") == 0, "links");
	need(lchown("symlink", 12, 13) == 0, "symlink");
	stamp("symlink", -5, 5);
	need(mkfifo("fifo", 0620) == 0, "fifo");
	need(mknod("char", S_IFCHR | 0600, makedev(1, 3)) == 0, "char");
	need(mknod("block", S_IFBLK | 0600, makedev(250, 70000)) == 0, "block");
	need(mkdir("dir", 0) == 0 && chmod("dir", 03711) == 0, "dir");
	need(mkdir("dir/deep", 0700) == 0 && link("file", "dir/deep/link") == 0, "deep");
	memset(name, 'n', 255);
	name[255] = '\0';
	put(name, "long", 4, 0);
	put("new\nline \\ \xff", "odd", 3, 0);
	put("-rf *", "odd", 3, 0);
	make_attributes();
	make_large();
	need(mkdir("socket", 0700) == 0 && mknod("socket/socket", S_IFSOCK | 0600, 0) == 0,
	     "socket");
	stamp("dir/deep", 1, 1);
	stamp("dir", 2000000000, 999999999);
}

/* ---- list -------------------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 1099511628211u;
	return h;
}

/* Not of holes, which may be large. */
static uint64_t contents(const char *path, int *parts)
{
	static char buf[1 << 16];
	uint64_t h = 14695981039346656037u;
	off_t at = 0, end;
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	ssize_t n;

	need(fd >= 0, path);
	for (*parts = 0; (at = lseek(fd, at, SEEK_DATA)) >= 0; ++*parts) {
		end = lseek(fd, at, SEEK_HOLE);
		h = hash(h, &at, sizeof(at));
		for (; at < end; at += n) {
			n = pread(fd, buf,
				  sizeof(buf) < (size_t)(end - at) ? sizeof(buf)
								   : (size_t)(end - at),
				  at);
			need(n > 0, path);
			h = hash(h, buf, (size_t)n);
		}
	}
	close(fd);
	return h;
}

static void list_attributes(const char *path)
{
	char names[65536], value[65536], *v[256];
	ssize_t len = llistxattr(path, names, sizeof(names)), n;
	size_t count = 0;

	for (char *p = names; p < names + len && count < 256; p += strlen(p) + 1)
		v[count++] = p;
	qsort(v, count, sizeof(*v), by_name);
	for (size_t i = 0; i < count; i++) {
		n = lgetxattr(path, v[i], value, sizeof(value));
		printf(" %s=%016llx:%zd", v[i],
		       (unsigned long long)hash(0, value, n < 0 ? 0 : (size_t)n), n);
	}
}

static void list_one(const char *path, const struct stat *st)
{
	char target[PATH_MAX] = "";
	int parts = 0;
	ssize_t n;

	printf("%016llx %s %o %u:%u %lld.%09ld", (unsigned long long)hash(0, path, strlen(path)),
	       strlen(path) < 60 && !strchr(path, '\n') ? path : "?", st->st_mode, st->st_uid,
	       st->st_gid, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (!S_ISDIR(st->st_mode))
		printf(" links %u size %lld", (unsigned)st->st_nlink, (long long)st->st_size);
	if (S_ISREG(st->st_mode)) {
		printf(" %016llx", (unsigned long long)contents(path, &parts));
		printf(" parts %d", parts);
	}
	if (S_ISLNK(st->st_mode) && (n = readlink(path, target, sizeof(target) - 1)) >= 0)
		printf(" -> %.*s", (int)n, target);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		printf(" %u:%u", major(st->st_rdev), minor(st->st_rdev));
	list_attributes(path);
	printf("\n");
}

static void list(const char *path)
{
	char below[PATH_MAX], *v[10000];
	size_t n = 0;
	struct dirent *e;
	struct stat st;
	DIR *dir;

	need(lstat(path, &st) == 0, path);
	if (S_ISSOCK(st.st_mode))
		return;
	list_one(path, &st);
	if (!S_ISDIR(st.st_mode))
		return;
	dir = opendir(path);
	need(dir != NULL, path);
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && n < 10000)
			v[n++] = strdup(e->d_name);
	closedir(dir);
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, v[i]);
		list(below);
		free(v[i]);
	}
}

/* ---- churn ------------------------------------------------------------------------------------
 */

static unsigned long state = 1;

static unsigned dice(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static char *some_name(char *buf, unsigned n)
{
	unsigned i = dice(n);

	sprintf(buf, "%s%s%u", i % 5 ? "" : "d", i % 5 ? "f" : "/f", i);
	return buf;
}

static void change(unsigned n)
{
	char a[64], b[64], text[4096];
	size_t len = dice(sizeof(text)) + 1;
	int fd;

	some_name(a, n);
	some_name(b, n);
	memset(text, 'a' + (int)dice(26), len);
	switch (dice(13)) {
	case 0:
		unlink(a);
		break;
	case 1:
		rename(a, b);
		break;
	case 2:
		link(a, b);
		break;
	case 3:
		symlink(b, a);
		break;
	case 4:
		chmod(a, 0600 | dice(0200));
		break;
	case 5: /* a directory goes, with all it has, and comes anew */
		rename("d", "e");
		mkdir("d", 0755);
		rename("e/f0", "d/f5");
		rename("d", "e/old");
		rename("e/old", "d");
		for (unsigned i = 0; i < n; i += 5) {
			sprintf(a, "e/f%u", i);
			unlink(a);
		}
		rmdir("e");
		break;
	case 7: /* a link is where it was, and it comes back */
		if (readlink("d", b, sizeof(b)) < 0) {
			rename("d", "e");
			symlink(".", "d");
		} else {
			unlink("d");
			if (rename("e", "d") < 0)
				mkdir("d", 0755);
		}
		break;
	case 8:
		unlink(a);
		mknod(a, S_IFSOCK | 0600, 0);
		break;
	case 6:
		fd = open(a, O_WRONLY);
		if (fd >= 0 && ftruncate(fd, (off_t)len) == 0)
			close(fd);
		break;
	default:
		fd = open(a, O_WRONLY | O_CREAT, 0644);
		if (fd >= 0 && pwrite(fd, text, len, dice(8192)) > 0)
			close(fd);
	}
}

/* Attributes of a directory come and go: about half of them are there at any time. */
static void change_attributes(void)
{
	/* version 2; user, user 12345, group, mask, others */
	static const unsigned short acl[] = {2,     0,     1,  7, 65535, 65535, 2,  6,
					     12345, 0,     4,  5, 65535, 65535, 16, 7,
					     65535, 65535, 32, 0, 65535, 65535};
	char name[32];

	sprintf(name, "user.%u", dice(24));
	if (removexattr("marked", name) < 0)
		setxattr("marked", name, name, strlen(name), 0);
	switch (dice(4)) {
	case 0:
		setxattr("marked", "system.posix_acl_access", acl, sizeof(acl), 0);
		break;
	case 1:
		removexattr("marked", "system.posix_acl_access");
		chmod("marked", 0700 | dice(0100));
		break;
	case 2:
		setxattr("marked", "system.posix_acl_default", acl, sizeof(acl), 0);
		unlink("marked/heir");
		put("marked/heir", "x", 1, 0);
		break;
	default:
		removexattr("marked", "system.posix_acl_default");
		stamp("marked", (long)dice(1000), (long)dice(1000000000));
	}
}

/* One file stays mapped, and is written to without a system call; one is mapped for a moment. */
static void churn(unsigned n)
{
	unsigned long passes = 0;
	uint64_t *always, *sometimes;
	int fd = open("mapped", O_RDWR | O_CREAT, 0644);
	int other = open("sometimes", O_RDWR | O_CREAT, 0644);
	int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);

	need(fd >= 0 && log >= 0 && ftruncate(fd, 1 << 16) == 0, "mapped");
	need(other >= 0 && ftruncate(other, 8192) == 0, "sometimes");
	always = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(always != MAP_FAILED, "mmap");
	mkdir("d", 0755);
	mkdir("marked", 0755);
	for (;; passes++) {
		char text[64];
		int len;

		change(n);
		change_attributes();
		always[dice(1 << 13)]++;
		if (passes % 16 == 0) {
			sometimes =
				mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other, 4096);
			need(sometimes != MAP_FAILED, "mmap");
			sometimes[1] = passes;
			munmap(sometimes, 4096);
			len = sprintf(text, "%lu\n", passes);
			need(write(log, text, (size_t)len) == len, "log");
			len = sprintf(text, "%lu 0\n", passes);
			put("/data/pass.0", text, (size_t)len, 0);
			usleep(500);
		}
	}
}

int main(int argc, char **argv)
{
	umask(0);
	need(argc >= 3 && chdir(argv[2]) == 0, "chdir");
	if (strcmp(argv[1], "make") == 0)
		make();
	else if (strcmp(argv[1], "list") == 0)
		list(".");
	else
		churn(argc > 3 ? (unsigned)atoi(argv[3]) : 100);
	return 0;
}
