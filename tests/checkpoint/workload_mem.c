/* TEST: memory of every kind. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, MIB = 1 << 20, HUGE = 2 * MIB };

static void *map(size_t len, int prot, int flags, int fd)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void *anon(size_t len)
{
	return map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* ---- private memory: mem:MIB ------------------------------------------------------------- */

static char *private, *huge, *readable, *none, *locked, *undumped, *untouched, *heap;
static size_t private_len;

static void mem_set(long n)
{
	private_len = (size_t)(n ? n : 16) * MIB;
	private = anon(private_len);
	fill(private, private_len, 1);
	huge = anon(3 * HUGE);
	huge = (char *)(((uintptr_t)huge + HUGE - 1) & ~((uintptr_t)HUGE - 1));
	madvise(huge, 2 * HUGE, MADV_HUGEPAGE);
	fill(huge, 2 * HUGE, 2);
	readable = anon(PAGE);
	fill(readable, PAGE, 3);
	mprotect(readable, PAGE, PROT_READ);
	none = anon(PAGE);
	fill(none, PAGE, 4);
	mprotect(none, PAGE, PROT_NONE);
	locked = anon(16 * PAGE);
	fill(locked, 16 * PAGE, 5);
	if (mlock(locked, 16 * PAGE))
		die("mlock");
	undumped = anon(PAGE);
	fill(undumped, PAGE, 6);
	if (madvise(undumped, PAGE, MADV_DONTDUMP))
		die("madvise");
	untouched = map(64 * MIB, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	heap = sbrk(MIB);
	if (heap == (void *)-1)
		die("sbrk");
	heap = (char *)(((uintptr_t)heap + 15) & ~(uintptr_t)15);
	fill(heap, MIB - 16, 7);
}

/* Whether the kernel can write to P, or read from it. */
static int kernel_can(void *p, int writing)
{
	char byte = 0;
	struct iovec here = {&byte, 1}, there = {p, 1};
	ssize_t n;
	int zero;

	if (!writing) {
		int pipefd[2];

		if (pipe2(pipefd, O_CLOEXEC))
			return -1;
		n = writev(pipefd[1], &there, 1);
		close(pipefd[0]);
		close(pipefd[1]);
		(void)here;
		return n == 1;
	}
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	n = read(zero, p, 1);
	close(zero);
	return n == 1;
}

/* Whether the mapping of P has the flag in smaps. */
static int has_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long a, b;
	char line[1024];
	int here = 0, r = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &a, &b) == 2)
			here = (uintptr_t)p >= a && (uintptr_t)p < b;
		else if (here && !strncmp(line, "VmFlags:", 8))
			r = strstr(line, flag) != NULL;
	}
	if (f)
		fclose(f);
	return r;
}

static void mem_check(void)
{
	verify("private memory", private, private_len, 1);
	verify("huge pages", huge, 2 * HUGE, 2);
	verify("read-only memory", readable, PAGE, 3);
	must(kernel_can(readable, 0) == 1, "read-only memory cannot be read");
	must(kernel_can(readable, 1) == 0, "read-only memory can be written");
	must(kernel_can(none, 0) == 0, "memory without access can be read");
	mprotect(none, PAGE, PROT_READ);
	verify("memory without access", none, PAGE, 4);
	mprotect(none, PAGE, PROT_NONE);
	verify("locked memory", locked, 16 * PAGE, 5);
	must(has_flag(locked, " lo"), "memory is not locked any more");
	verify("undumped memory", undumped, PAGE, 6);
	must(has_flag(undumped, " dd"), "memory would be dumped now");
	must(has_flag(huge, " hg"), "memory is not advised to be huge any more");
	must(untouched[63 * MIB] == 0, "untouched memory has a content");
	verify("the heap", heap, MIB - 16, 7);
}

/* ---- memory that never rests: dirty:MIB --------------------------------------------------- */

/* Each tick writes some pages; what each must hold is noted elsewhere. */
static char *restless;
static uint64_t *noted, writes;
static size_t n_pages;

static void dirty_set(long n)
{
	n_pages = (size_t)(n ? n : 8) * MIB / PAGE;
	restless = anon(n_pages * PAGE);
	noted = anon(n_pages * sizeof(*noted));
}

static void dirty_tick(void)
{
	for (int i = 0; i < 16; i++) {
		size_t page = ++writes * 7919 % n_pages;
		uint64_t *w = (uint64_t *)(restless + page * PAGE);

		w[0] = w[PAGE / 8 - 1] = noted[page] = writes;
	}
}

static void dirty_check(void)
{
	for (size_t i = 0; i < n_pages; i++) {
		const uint64_t *w = (uint64_t *)(restless + i * PAGE);

		if (w[0] == noted[i] && w[PAGE / 8 - 1] == noted[i])
			continue;
		wrong("page %zu: write %llu, not %llu", i, (unsigned long long)w[0],
		      (unsigned long long)noted[i]);
		return;
	}
}

/* ---- shared memory ------------------------------------------------------------------------ */

static uint64_t *shared;
static struct puppet sharer;

static void sharer_serve(int fd, long arg)
{
	long q;

	(void)arg;
	while (read(fd, &q, sizeof(q)) == sizeof(q)) {
		long a = (long)shared[0] == q;

		shared[1] = (uint64_t)q + 1;
		if (write(fd, &a, sizeof(a)) < 0)
			return;
	}
}

static void shared_set(long n)
{
	(void)n;
	shared = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	fill(shared, MIB, 10);
	sharer = puppet_make(sharer_serve, 0);
}

static void shared_check(void)
{
	static long nonce = 1000;
	long a = 0;

	verify("shared memory", shared, MIB, 10);
	shared[0] = (uint64_t)++nonce;
	if (puppet_ask(&sharer, nonce, &a)) {
		must(a == 1, "shared memory: the child does not see it");
		must((long)shared[1] == nonce + 1, "shared memory: the child's write is not seen");
	}
	fill(shared, MIB, 10);
}

static int memfd;
static char *memfd_map;

static void memfd_set(long n)
{
	(void)n;
	memfd = memfd_create("workload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0 || ftruncate(memfd, MIB))
		die("memfd_create");
	memfd_map = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED, memfd);
	fill(memfd_map, MIB, 11);
	if (fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("F_ADD_SEALS");
	lseek(memfd, 4321, SEEK_SET);
}

static void memfd_check(void)
{
	uint64_t word = 0, old = *(uint64_t *)memfd_map;

	verify("memfd", memfd_map, MIB, 11);
	must(fcntl(memfd, F_GET_SEALS) == F_SEAL_SHRINK, "memfd: its seals are %d",
	     fcntl(memfd, F_GET_SEALS));
	must(lseek(memfd, 0, SEEK_CUR) == 4321, "memfd: its offset is lost");
	*(uint64_t *)memfd_map = 77;
	must(pread(memfd, &word, sizeof(word), 0) == sizeof(word) && word == 77,
	     "memfd: file and mapping are not one any more");
	*(uint64_t *)memfd_map = old;
}

static int mapped_fd;
static char *mapped, *copied;

static void mapped_set(long n)
{
	(void)n;
	mapped_fd = open(in_dir("mapped"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (mapped_fd < 0 || ftruncate(mapped_fd, MIB))
		die("mapped");
	mapped = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED, mapped_fd);
	fill(mapped, MIB, 12);
	/* One page of it is this process's own. */
	copied = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, mapped_fd);
	fill(copied + PAGE, PAGE, 13);
}

static void mapped_check(void)
{
	uint64_t word = 0, old = *(uint64_t *)mapped;

	verify("mapped file", mapped, MIB, 12);
	verify("copied page of a mapped file", copied + PAGE, PAGE, 13);
	verify("page of a mapped file", copied, PAGE, 12);
	*(uint64_t *)mapped = 78;
	must(pread(mapped_fd, &word, sizeof(word), 0) == sizeof(word) && word == 78,
	     "mapped file: file and mapping are not one any more");
	must(*(uint64_t *)copied == 78,
	     "mapped file: the private mapping is not the file's any more");
	*(uint64_t *)mapped = old;
}

/* ---- System V --------------------------------------------------------------------------- */

static int shm_id, sem_id, msg_id;
static char *shm_map;

static void sysv_set(long n)
{
	struct sembuf up = {0, 3, 0};
	struct {
		long type;
		char text[8];
	} m = {5, "message"};

	(void)n;
	shm_id = shmget(0x5511, MIB, IPC_CREAT | 0600);
	shm_map = shm_id < 0 ? (void *)-1 : shmat(shm_id, NULL, 0);
	sem_id = semget(0x5512, 1, IPC_CREAT | 0600);
	msg_id = msgget(0x5513, IPC_CREAT | 0600);
	if (shm_map == (void *)-1 || sem_id < 0 || msg_id < 0 || semop(sem_id, &up, 1) ||
	    msgsnd(msg_id, &m, sizeof(m.text), 0))
		die("System V IPC");
	fill(shm_map, MIB, 14);
}

static void sysv_check(void)
{
	struct shmid_ds ds = {0};
	struct {
		long type;
		char text[8];
	} m = {0};

	verify("System V memory", shm_map, MIB, 14);
	must(shmget(0x5511, 0, 0) == shm_id && shmctl(shm_id, IPC_STAT, &ds) == 0,
	     "System V memory: %s", strerror(errno));
	must(ds.shm_nattch >= 1, "System V memory is attached %lu times", (long)ds.shm_nattch);
	must(semget(0x5512, 0, 0) == sem_id && semctl(sem_id, 0, GETVAL) == 3,
	     "System V semaphore: %d", semctl(sem_id, 0, GETVAL));
	must(msgrcv(msg_id, &m, sizeof(m.text), 5, IPC_NOWAIT) == sizeof(m.text) &&
		     !strcmp(m.text, "message"),
	     "System V message is lost");
	m.type = 5;
	must(msgsnd(msg_id, &m, sizeof(m.text), IPC_NOWAIT) == 0, "System V: msgsnd");
}

static char *tlb;

static void hugetlb_set(long n)
{
	(void)n;
	tlb = map(HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	fill(tlb, HUGE, 15);
}

static void hugetlb_check(void)
{
	verify("hugetlb", tlb, HUGE, 15);
	must(has_flag(tlb, " ht"), "memory is not of hugetlb any more");
}

/* clang-format off */
const struct piece mem_pieces[] = {
	{"mem",     mem_set,     mem_check,     NULL},
	{"dirty",   dirty_set,   dirty_check,   dirty_tick},
	{"shared",  shared_set,  shared_check,  NULL},
	{"memfd",   memfd_set,   memfd_check,   NULL},
	{"mapped",  mapped_set,  mapped_check,  NULL},
	{"sysv",    sysv_set,    sysv_check,    NULL},
	{"hugetlb", hugetlb_set, hugetlb_check, NULL},
	{0},
};
/* clang-format on */
