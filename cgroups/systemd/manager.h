/* manager.h - what hull asks systemd's manager (private to cgroups/systemd/). */
#ifndef HULL_SYSTEMD_MANAGER_H
#define HULL_SYSTEMD_MANAGER_H

#include "cgroups/systemd/bus.h"

/* A job that is waited for: signals of it may come before the answer that names it. */
struct manager {
	struct bus bus;
	const char *unit;
	char job[128];   /* path of the last one that ended */
	char result[32]; /* of it */
};

/* Connects; JobRemoved of UNIT (NULL: of none) will be seen. Needs manager_close(). */
int manager_open(struct manager *m, bool user, const char *unit, struct err *err) must_check;
void manager_close(struct manager *m);

/* Methods of org.freedesktop.systemd1.Manager. -EREMOTEIO: m->bus.error says what. */
int manager_call(struct manager *m, const char *member, const struct wire_value *args,
		 size_t n_args, struct wire_msg *ret, struct err *err) must_check;
void manager_tell(struct manager *m, const char *member, const struct wire_value *args,
		  size_t n_args);
/* The same for a method that makes a job: waits until that is done. A job that did not get done is
 * -ECANCELED. */
int manager_job(struct manager *m, const char *member, const struct wire_value *args, size_t n_args,
		struct err *err) must_check;
/* 252 of "v252.39-1". */
int manager_version(struct manager *m, unsigned *ret, struct err *err) must_check;
/* 1, 0 or an error. */
int manager_is_active(struct manager *m, const char *unit, struct err *err) must_check;
/* The cgroup of a unit, "/system.slice/x.scope"; valid until the next call. */
int manager_cgroup(struct manager *m, const char *unit, const char **ret,
		   struct err *err) must_check;
/* The last call was answered with org.freedesktop.systemd1.NAME. */
bool manager_said(const struct manager *m, const char *name);

/* PURE, for tests: the object of a unit. In A. */
const char *manager_unit_path(struct arena *a, const char *unit);

#endif
