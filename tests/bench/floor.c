/* BENCH: the least work a kernel asks for a container: no JSON, no checks, no errors. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * floor CGROUP ROOTFS min|dk ID: runs /bin/true in a container as `hull run` does with the
 * bench's configurations, in as few system calls as possible. What hull takes beyond this is hull's
 * own; what this takes nobody can save.
 */
#define TRY(call)                       \
	do {                            \
		if ((long)(call) < 0) { \
			perror(#call);  \
			_exit(1);       \
		}                       \
	} while (0)

static const char *const masked[] = {"proc/asound",      "proc/acpi",          "proc/kcore",
				     "proc/keys",        "proc/latency_stats", "proc/timer_list",
				     "proc/timer_stats", "proc/sched_debug",   "proc/scsi",
				     "sys/firmware"};
static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
				       "proc/sysrq-trigger"};

static int new_fs(const char *type, const char *key, const char *value, unsigned attrs)
{
	int fs = fsopen(type, FSOPEN_CLOEXEC), fd;

	TRY(fs);
	if (key)
		TRY(fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0));
	TRY(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	fd = fsmount(fs, FSMOUNT_CLOEXEC, attrs);
	TRY(fd);
	close(fs);
	return fd;
}

static void place(int fd, int root, const char *path)
{
	TRY(move_mount(fd, "", root, path, MOVE_MOUNT_F_EMPTY_PATH));
	close(fd);
}

static void mounts(int root)
{
	static const struct {
		const char *name;
		unsigned minor;
	} nodes[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};
	char path[64];
	int dev;

	place(new_fs("proc", NULL, NULL, 0), root, "proc");
	place(new_fs("tmpfs", "mode", "755", MOUNT_ATTR_NOSUID), root, "dev");
	dev = openat(root, "dev", O_PATH);
	mkdirat(dev, "pts", 0755);
	mkdirat(dev, "shm", 0755);
	mkdirat(dev, "mqueue", 0755);
	place(new_fs("devpts", "ptmxmode", "0666", 0), dev, "pts");
	place(new_fs("tmpfs", "mode", "1777", MOUNT_ATTR_NODEV), dev, "shm");
	place(new_fs("mqueue", NULL, NULL, 0), dev, "mqueue");
	place(new_fs("sysfs", NULL, NULL, MOUNT_ATTR_RDONLY), root, "sys");
	place(new_fs("cgroup2", NULL, NULL, MOUNT_ATTR_RDONLY), root, "sys/fs/cgroup");
	umask(0);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		TRY(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(1, nodes[i].minor)));
	TRY(mknodat(dev, "tty", S_IFCHR | 0666, makedev(5, 0)));
	TRY(symlinkat("/proc/self/fd", dev, "fd"));
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"stdin", "stdout", "stderr"};

		snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
		TRY(symlinkat(path, dev, names[i]));
	}
	TRY(symlinkat("pts/ptmx", dev, "ptmx"));
	close(dev);
}

static void masks(void)
{
	int empty = new_fs("tmpfs", "size", "0", MOUNT_ATTR_RDONLY);
	struct stat st;

	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++) {
		struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};
		int fd = open_tree(AT_FDCWD, readonly[i],
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

		if (fd < 0)
			continue;
		TRY(mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &ro, sizeof(ro)));
		place(fd, AT_FDCWD, readonly[i]);
	}
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		int from;

		if (stat(masked[i], &st) < 0)
			continue;
		from = S_ISDIR(st.st_mode) ? open_tree(empty, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)
					   : open_tree(AT_FDCWD, "dev/null", OPEN_TREE_CLONE);
		TRY(from);
		place(from, AT_FDCWD, masked[i]);
	}
}

static void loopback(void)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	TRY(ioctl(s, SIOCSIFFLAGS, &req));
	close(s);
}

/* A balanced tree over the system calls' numbers, as long as what a profile of some 400 names
 * compiles to, that allows everything. */
#define LEAVES 200
static struct sock_filter insns[3 * LEAVES + 1];
static unsigned n_insns;

static void tree(unsigned low, unsigned leaves)
{
	unsigned node = n_insns, half = leaves / 2;

	if (leaves == 1) {
		insns[n_insns++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		return;
	}
	n_insns += 2;
	tree(low, half);
	insns[node] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low + half * 3, 0, 1);
	insns[node + 1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, n_insns - node - 2);
	tree(low + half * 3, leaves - half);
}

static void filter(void)
{
	struct sock_fprog prog = {.filter = insns};

	insns[n_insns++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	tree(0, LEAVES);
	prog.len = (unsigned short)n_insns;
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog));
}

static void devices(int cgroup)
{
	struct bpf_insn allow[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
				   {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
			       .insns = (unsigned long)allow,
			       .insn_cnt = 2,
			       .license = (unsigned long)"Apache"};
	union bpf_attr attach = {.target_fd = (unsigned)cgroup,
				 .attach_type = BPF_CGROUP_DEVICE,
				 .attach_flags = BPF_F_ALLOW_MULTI};
	long prog = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));

	TRY(prog);
	attach.attach_bpf_fd = (unsigned)prog;
	TRY(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)));
	close((int)prog);
}

static _Noreturn void init(int root, int cgroup, const char *rootfs, int dk)
{
	static char *const args[] = {"/bin/true", NULL}, *const env[] = {"PATH=/bin", NULL};

	close(cgroup);
	TRY(unshare(CLONE_NEWCGROUP));
	TRY(setsid());
	TRY(sethostname("floor", 5));
	loopback();
	TRY(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	TRY(move_mount(root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH));
	TRY(fchdir(root));
	mounts(root);
	TRY(syscall(SYS_pivot_root, ".", "."));
	TRY(umount2(".", MNT_DETACH));
	TRY(chdir("/"));
	masks();
	for (unsigned cap = 0; cap < 41; cap++)
		if (cap != 5 && cap != 10 && cap != 29)
			TRY(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (dk)
		filter();
	TRY(syscall(SYS_close_range, 3, ~0U, 0));
	execve(args[0], args, env);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	int parent, cgroup, root, status, dk;
	long pid;

	if (argc != 5)
		return 2;
	dk = strcmp(argv[3], "dk") == 0;
	parent = open(argv[1], O_PATH);
	TRY(mkdirat(parent, argv[4], 0755));
	cgroup = openat(parent, argv[4], O_RDONLY | O_DIRECTORY);
	root = open_tree(AT_FDCWD, argv[2], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	TRY(root);
	args.cgroup = (unsigned)cgroup;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	TRY(pid);
	if (pid == 0)
		init(root, cgroup, argv[2], dk);
	if (dk)
		devices(cgroup);
	TRY(waitpid((pid_t)pid, &status, 0));
	TRY(unlinkat(parent, argv[4], AT_REMOVEDIR));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
