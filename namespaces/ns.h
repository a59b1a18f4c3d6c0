/*
 * ns.h - namespaces: names, joining, id maps, time offsets, network devices.
 *
 * Source: namespaces(7), user_namespaces(7), time_namespaces(7), setns(2), clone3(2).
 */
#ifndef HULL_NS_H
#define HULL_NS_H

#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/err.h"
#include "libcontainer/plan/plan.h" /* struct plan_idmap, struct plan_timens_offset */

struct ns_kind {
	const char *oci_name;  /* "network" */
	const char *proc_name; /* "net": the file in /proc/PID/ns */
	uint64_t flag;         /* CLONE_NEWNET */
};
extern const struct ns_kind ns_kinds[];
extern const size_t n_ns_kinds;
const struct ns_kind *ns_find(const char *oci_name);
const struct ns_kind *ns_find_flag(uint64_t flag);

/* Opens a namespace file and checks that it is a namespace (NSFS_MAGIC) of the right kind
 * (NS_GET_NSTYPE). Owned fd or -errno. */
int ns_open(const char *path, uint64_t flag, struct err *err) must_check;
/* Whether PATH is the namespace that the calling process is in. 1, 0, -errno. */
int ns_is_own(int fd, uint64_t flag);
/* Whether the user namespace USER_FD is the one that the namespace FD belongs to. */
bool ns_is_owned_by(int fd, int user_fd);

/* Writes the maps of a process in a new user namespace: by ourselves when we may, else
 * through newuidmap/newgidmap. Denies setgroups first when the kernel demands it
 * (*ret_setgroups_denied, may be NULL). */
int ns_write_maps(pid_t pid, const struct plan_namespaces *ns, bool *ret_setgroups_denied,
		  struct err *err) must_check;

/* Whether the maps that NS names, if any, are those of a process in a user namespace that was
 * joined (N-21): engines give both. */
int ns_check_maps(pid_t pid, const struct plan_namespaces *ns, struct err *err) must_check;

/* FILE ("uid_map") of a process: host ids as the caller's user namespace has them. */
int ns_read_map(struct arena *a, pid_t pid, const char *file, struct plan_idmap **ret,
		size_t *ret_n, struct err *err) must_check;
/* A user namespace with the maps of NS and nobody in it, as mount_setattr(2) takes it for an
 * id-mapped mount. Owned fd or -errno. */
int ns_make_user(const struct plan_namespaces *ns, struct err *err) must_check;

/* INIT: makes a time namespace, writes its offsets and enters it (the caller is single-threaded and
 * has CAP_SYS_ADMIN in its user namespace). OFFSETS_FD: "/proc/self/timens_offsets", opened for
 * writing with CAP_SYS_TIME, as the kernel asks the opener; unused without offsets. Not to be
 * preceded by unshare or clone with CLONE_NEWTIME. */
int ns_enter_time(const struct plan_timens_offset *offsets, size_t n, int offsets_fd,
		  struct err *err) must_check;
/* INIT: brings `lo` up in the current network namespace. */
int ns_loopback_up(struct err *err) must_check;

/* ---- linux.netDevices (E-01 to E-11) ------------------------------------------------------- */

struct ns_netdevs; /* devices that are away, and how they were: in netdev.c */

/* Moves the devices into the network namespace NETNS_FD, each in one request with its new name,
 * and gives them their global addresses and sets them up there. All are looked at before the
 * first is touched; when one cannot be moved, those before are back as they were. Until
 * ns_netdevs_done(), the result holds the namespace, so that its end does not destroy them. In
 * A, which must live as long. */
int ns_netdevs_move(struct arena *a, const struct plan_net_device *devs, size_t n, int netns_fd,
		    struct ns_netdevs **ret, struct err *err) must_check;
/* Back to the host with their names, addresses, routes and state. What fails is logged. */
void ns_netdevs_return(struct ns_netdevs *m);
/* May be NULL. */
void ns_netdevs_done(struct ns_netdevs *m);

#endif
