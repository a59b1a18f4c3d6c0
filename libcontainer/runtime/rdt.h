/*
 * rdt.h - resource control of caches and memory bandwidth: the resctrl file system.
 *
 * A class of service is a directory below the mount with `schemata`, what its tasks may have, and
 * `tasks`, which takes their pids; the mount's own directory (".") is the default class. A
 * monitoring group is a directory in mon_groups of its class. The functions take a descriptor of
 * the mount: tests give one of an ordinary directory. Nothing here is called without
 * linux.intelRdt.
 *
 * Source: Documentation/filesystems/resctrl.rst; config-linux.md, Intel RDT.
 */
#ifndef HULL_RUNTIME_RDT_H
#define HULL_RUNTIME_RDT_H

#include <sys/types.h>

#include "libcontainer/base/err.h"
#include "libcontainer/plan/plan.h"

/* Where resctrl is mounted: owned fd, or an error that says what is missing (T-01). */
int rdt_open(struct err *err) must_check;
/* The directory of the first mount of the whole of resctrl in TEXT (/proc/self/mountinfo), which
 * is written to; NULL: there is none. PURE. */
const char *rdt_find_mount(char *text);

/* Refuses a class that is there but should not be, and one that is not but should. */
int rdt_check(int fd, const struct plan_rdt *rdt, struct err *err) must_check;
/* Makes the class if need be (*ret_made), as its own step, so that it can be removed again. */
int rdt_make_class(int fd, const struct plan_rdt *rdt, bool *ret_made, struct err *err) must_check;
/* A new class gets the lines, one that was there must have them already (T-09, T-12). */
int rdt_schemata(int fd, const struct plan_rdt *rdt, bool made, struct err *err) must_check;
/* The monitoring group of container ID in class CLOS. */
int rdt_make_group(int fd, const char *clos, const char *id, struct err *err) must_check;
/* PID, and what it forks from then on, belongs to the class; and to group ID, if not NULL. */
int rdt_join(int fd, const char *clos, const char *id, pid_t pid, struct err *err) must_check;
/* Missing is fine. */
int rdt_remove_group(int fd, const char *clos, const char *id, struct err *err) must_check;
int rdt_remove_class(int fd, const char *clos, struct err *err) must_check;
/* What goes with a container: group GROUP, if not NULL, and the class if it is its OWN (T-14,
 * T-15). */
int rdt_release(int fd, const char *clos, bool own, const char *group, struct err *err) must_check;

#endif
