/* TEST: open files: what of them is in no file system, too. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int make(const char *name, const char *text)
{
	int fd = open(in_dir(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(name);
	return fd;
}

static void content(const char *what, int fd, const char *text)
{
	char buf[128] = "";
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	must(n == (ssize_t)strlen(text) && !strcmp(buf, text), "%s: '%s', not '%s'", what, buf,
	     text);
}

/* ---- ordinary ones -------------------------------------------------------------------------- */

static int plain, twin, appending, high, dir_fd, path_fd, null, procfd, renamed;

static void files_set(long n)
{
	(void)n;
	plain = make("plain", "0123456789");
	lseek(plain, 4, SEEK_SET);
	twin = fcntl(plain, F_DUPFD_CLOEXEC, 0);
	close(make("appending", "start"));
	appending = open(in_dir("appending"), O_WRONLY | O_APPEND);
	high = fcntl(plain, F_DUPFD, 700);
	dir_fd = open(in_dir("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	path_fd = open(in_dir("plain"), O_PATH | O_CLOEXEC);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	procfd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	renamed = make("before", "renamed");
	if (twin < 0 || appending < 0 || high < 0 || dir_fd < 0 || path_fd < 0 || null < 0 ||
	    procfd < 0 || rename(in_dir("before"), in_dir("after")))
		die("open");
	if (chdir(in_dir(".")))
		die("chdir");
}

static void files_check(void)
{
	static int round;
	struct stat a, b;
	char buf[128];

	content("file", plain, "0123456789");
	must(lseek(plain, 0, SEEK_CUR) == 4, "file: its offset is lost");
	must(read(plain, buf, 1) == 1 && buf[0] == '4' && lseek(twin, 0, SEEK_CUR) == 5,
	     "file: copies of a descriptor have offsets of their own");
	lseek(high, 4, SEEK_SET);
	must(lseek(plain, 0, SEEK_CUR) == 4, "file: descriptor %d is not its copy", high);
	must(fcntl(twin, F_GETFD) == FD_CLOEXEC && fcntl(high, F_GETFD) == 0,
	     "file: close-on-exec");
	round++;
	must(write(appending, "+", 1) == 1 && fstat(appending, &a) == 0 && a.st_size == 5 + round,
	     "appended file: %lld bytes", (long long)a.st_size);
	must(fcntl(appending, F_GETFL) & O_APPEND, "appended file: O_APPEND is gone");
	must(fstatat(dir_fd, "plain", &a, 0) == 0 && fstat(plain, &b) == 0 && a.st_ino == b.st_ino,
	     "directory: %s", strerror(errno));
	must(fstat(path_fd, &a) == 0 && a.st_ino == b.st_ino && fcntl(path_fd, F_GETFL) & O_PATH,
	     "O_PATH descriptor: %s", strerror(errno));
	must(write(null, "x", 1) == 1 && read(null, buf, 1) == 0, "/dev/null");
	must(pread(procfd, buf, 5, 0) == 5 && !memcmp(buf, "Name:", 5), "/proc/self/status");
	content("renamed file", renamed, "renamed");
	must(fstat(renamed, &a) == 0 && stat(in_dir("after"), &b) == 0 && a.st_ino == b.st_ino,
	     "renamed file: it is another one");
	must(stat("plain", &b) == 0 && fstat(plain, &a) == 0 && a.st_ino == b.st_ino,
	     "working directory: %s", strerror(errno));
}

/* ---- without a name ---------------------------------------------------------------------------
 */

static int ghost, ghost_copy;
static char *ghost_map;

static void ghost_set(long n)
{
	(void)n;
	ghost = make("ghost", "nobody knows my name");
	ghost_map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ghost, 0);
	ghost_copy = open(in_dir("ghost"), O_RDONLY | O_CLOEXEC);
	if (ghost_map == MAP_FAILED || ghost_copy < 0 || unlink(in_dir("ghost")))
		die("ghost");
}

static void ghost_check(void)
{
	struct stat st = {0};

	content("unlinked file", ghost, "nobody knows my name");
	must(fstat(ghost, &st) == 0 && st.st_nlink == 0 && (st.st_mode & 0777) == 0640,
	     "unlinked file: %lu links", (unsigned long)st.st_nlink);
	must(access(in_dir("ghost"), F_OK) < 0, "unlinked file: it has a name again");
	ghost_map[0] = 'N';
	content("unlinked file, mapped", ghost_copy, "Nobody knows my name");
	ghost_map[0] = 'n';
}

static int other_name;

/* The name that it was opened by is gone, another one is not: --link-remap. */
static void remap_set(long n)
{
	(void)n;
	unlink(in_dir("kept"));
	other_name = make("dropped", "two names");
	if (link(in_dir("dropped"), in_dir("kept")) || unlink(in_dir("dropped")))
		die("link");
}

static void remap_check(void)
{
	struct stat a = {0}, b = {0};

	content("file with a dropped name", other_name, "two names");
	must(fstat(other_name, &a) == 0 && stat(in_dir("kept"), &b) == 0 && a.st_ino == b.st_ino,
	     "file with a dropped name: it is another one");
	must(access(in_dir("dropped"), F_OK) < 0, "file with a dropped name: it has it again");
}

/* ---- locks: --file-locks ------------------------------------------------------------------------
 */

static int flocked, posixed, ofd;

static void lock_all(int fd, short type, int cmd)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};

	if (fcntl(fd, cmd, &fl))
		die("lock");
}

static void locks_set(long n)
{
	(void)n;
	flocked = make("flocked", "x");
	posixed = make("posixed", "0123456789");
	ofd = make("ofd", "0123456789");
	if (flock(flocked, LOCK_EX))
		die("flock");
	lock_all(posixed, F_WRLCK, F_SETLK);
	lock_all(ofd, F_WRLCK, F_OFD_SETLK);
}

/* Whether another opener is kept out of byte AT. */
static int is_locked(const char *name, int cmd, off_t at)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
	int fd = open(in_dir(name), O_RDWR | O_CLOEXEC), r;

	r = fcntl(fd, cmd, &fl) ? -1 : fl.l_type != F_UNLCK;
	close(fd);
	return r;
}

static void locks_check(void)
{
	int fd = open(in_dir("flocked"), O_RDWR | O_CLOEXEC), status = 0;
	pid_t pid;

	must(flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK, "flock is lost");
	close(fd);
	must(is_locked("ofd", F_OFD_GETLK, 2) == 1 && is_locked("ofd", F_OFD_GETLK, 4) == 1,
	     "OFD lock is lost");
	must(is_locked("ofd", F_OFD_GETLK, 1) == 0 && is_locked("ofd", F_OFD_GETLK, 5) == 0,
	     "OFD lock is larger");
	/* A process has no conflict with itself, and loses its locks when it closes the file. */
	pid = fork();
	if (pid == 0)
		_exit(is_locked("posixed", F_GETLK, 3) == 1 &&
		      is_locked("posixed", F_GETLK, 5) == 0);
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1,
	     "POSIX lock is lost");
}

/* ---- a file system in memory: tmpfs, at DIR of the second argument
 * -------------------------------- */

static int in_shm;

static void tmpfs_set(long n)
{
	(void)n;
	if (mkdir("/dev/shm/d", 0711) || symlink("d/file", "/dev/shm/link"))
		die("tmpfs");
	in_shm = open("/dev/shm/d/file", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (in_shm < 0 || write(in_shm, "in memory", 9) != 9 ||
	    link("/dev/shm/d/file", "/dev/shm/hard") || mkfifo("/dev/shm/fifo", 0600))
		die("tmpfs");
}

static void tmpfs_check(void)
{
	struct stat a = {0}, b = {0}, d = {0}, f = {0};
	char buf[16] = "";

	content("file in tmpfs", in_shm, "in memory");
	must(fstat(in_shm, &a) == 0 && stat("/dev/shm/link", &b) == 0 && a.st_ino == b.st_ino,
	     "tmpfs: the link does not lead to the open file");
	must(stat("/dev/shm/hard", &b) == 0 && a.st_ino == b.st_ino && b.st_nlink == 2,
	     "tmpfs: %lu links", (unsigned long)b.st_nlink);
	must((a.st_mode & 07777) == 0640, "tmpfs: mode %o", a.st_mode);
	must(stat("/dev/shm/d", &d) == 0 && (d.st_mode & 07777) == 0711, "tmpfs: mode %o",
	     d.st_mode);
	must(stat("/dev/shm/fifo", &f) == 0 && S_ISFIFO(f.st_mode), "tmpfs: the fifo is gone");
	must(readlink("/dev/shm/link", buf, 15) == 6 && !strcmp(buf, "d/file"), "tmpfs: %s", buf);
}

/* clang-format off */
const struct piece file_pieces[] = {
	{"files", files_set, files_check, NULL},
	{"ghost", ghost_set, ghost_check, NULL},
	{"remap", remap_set, remap_check, NULL},
	{"locks", locks_set, locks_check, NULL},
	{"tmpfs", tmpfs_set, tmpfs_check, NULL},
	{0},
};
/* clang-format on */
