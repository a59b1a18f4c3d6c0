/* PURE: the device nodes of a container: the default ones and linux.devices. */
#include <errno.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

/* What a dev_t holds in Linux: 12 and 20 bits. */
#define MAX_MAJOR 0xfff
#define MAX_MINOR 0xfffff

/* D-13: supplied unless the config has a device at the same path. */
/* clang-format off */
static const struct {
	const char *path;
	uint32_t major, minor;
} default_nodes[] = {
	{"/dev/null",    1, 3},
	{"/dev/zero",    1, 5},
	{"/dev/full",    1, 7},
	{"/dev/random",  1, 8},
	{"/dev/urandom", 1, 9},
	{"/dev/tty",     5, 0},
};
/* clang-format on */

static int device_type(const char *type, uint32_t *ret, struct err *err)
{
	if (type && (streq(type, "c") || streq(type, "u")))
		*ret = S_IFCHR;
	else if (type && streq(type, "b"))
		*ret = S_IFBLK;
	else if (type && streq(type, "p"))
		*ret = S_IFIFO;
	else
		return err_fail(err, EINVAL, "type '%s' is not one of c, b, u, p",
				type ? type : "");
	return 0;
}

static int device_number(const struct opt_i64 *v, const char *name, int64_t max, uint32_t *ret,
			 struct err *err)
{
	if (!v->set)
		return err_fail(err, EINVAL, "%s is missing", name);
	if (v->v < 0 || v->v > max)
		return err_fail(err, ERANGE, "%s %lld is not within 0 to %lld", name,
				(long long)v->v, (long long)max);
	*ret = (uint32_t)v->v;
	return 0;
}

static int build_device(struct plan_device *d, const struct oci_device *oci, struct err *err)
{
	uint32_t type;
	int r = device_type(oci->type, &type, err);

	if (r < 0)
		return r;
	if (type != S_IFIFO) {
		r = device_number(&oci->major, "major", MAX_MAJOR, &d->major, err);
		if (r < 0)
			return r;
		r = device_number(&oci->minor, "minor", MAX_MINOR, &d->minor, err);
		if (r < 0)
			return r;
	}
	/* Permission bits only, whatever else a writer of configs put there. */
	d->mode = type | ((oci->file_mode.set ? oci->file_mode.v : 0666) & 07777);
	d->uid = oci->uid.set ? oci->uid.v : 0;
	d->gid = oci->gid.set ? oci->gid.v : 0;
	d->source_fd = -1;
	return 0;
}

static struct plan_device *find_device(struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_devices; i++)
		if (streq(plan->devices[i].path, path))
			return &plan->devices[i];
	return NULL;
}

/* The entry for PATH: the one that is there already (a later device wins), or a new one. */
static struct plan_device *place_device(struct plan *plan, const char *path)
{
	struct plan_device *d = find_device(plan, path);

	return d ? d : arena_push(&plan->arena, &plan->devices, &plan->n_devices);
}

static int add_device(struct plan *plan, const struct oci_device *oci, struct err *err)
{
	struct plan_device d = {0};
	int r;

	if (!oci->path || !oci->path[0])
		return err_fail(err, EINVAL, "path is missing");
	r = build_device(&d, oci, err);
	if (r < 0)
		return r;
	d.path = plan_clean_path(&plan->arena, plan_absolute(&plan->arena, oci->path));
	/* A node of the host's ptmx would hand out the host's terminals: always the link to
	 * the container's own (D-15). */
	if (streq(d.path, "/dev/ptmx"))
		return 0;
	*place_device(plan, d.path) = d;
	return 0;
}

int plan_devices_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_linux *linux_ = in->spec->linux_;

	/* A user namespace has no right to device numbers. */
	plan->bind_devices = in->no_mknod || in->nested || plan_has_ns(plan, CLONE_NEWUSER);
	for (size_t i = 0; i < ARRAY_SIZE(default_nodes); i++)
		*place_device(plan, default_nodes[i].path) = (struct plan_device){
			.path = default_nodes[i].path,
			.mode = S_IFCHR | 0666,
			.major = default_nodes[i].major,
			.minor = default_nodes[i].minor,
			.is_default = true,
			.source_fd = -1,
		};
	for (size_t i = 0; linux_ && i < linux_->devices.n; i++)
		if (add_device(plan, &linux_->devices.v[i], err) < 0)
			return err_wrap(err, "linux.devices[%zu]", i);
	return 0;
}
