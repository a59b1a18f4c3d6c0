/* PURE: mounts[] of the spec, resolved: what kind, from where, with which attributes. */
#include <errno.h>
#include <linux/sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

/* What the options of one mount add up to. */
struct options {
	struct arena *arena;
	bool bind, remount;
	const char *data;       /* file system's own, comma-joined (M-11) */
	const char *data_first; /* the first of them, for errors */
	const char *super;      /* superblock flags, comma-joined */
	struct plan_idmap_option idmap;
};

static const char *join(struct arena *a, const char *list, const char *item)
{
	return list[0] ? arena_printf(a, "%s,%s", list, item) : item;
}

/* The last option wins. Of the access time field, an option that takes a value back has an
 * effect only on that value, or when none was chosen (as mount(8)'s flags add up). */
static void add_attr(uint64_t *set, uint64_t *clear, const struct mount_option *o)
{
	uint64_t taken_back = o->clear & MOUNT_ATTR__ATIME;

	if (taken_back && taken_back != MOUNT_ATTR__ATIME) {
		if ((*clear & MOUNT_ATTR__ATIME) && (*set & MOUNT_ATTR__ATIME) != taken_back)
			return;
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME; /* mount_setattr(2) wants all of the field */
		return;
	}
	*set = (*set & ~o->clear) | o->set;
	*clear = (*clear & ~o->set) | o->clear;
	if (*set & MOUNT_ATTR__ATIME)
		*clear |= MOUNT_ATTR__ATIME;
}

static int add_propagation(struct plan_mount *m, const struct mount_option *o, struct err *err)
{
	if (m->n_propagation == ARRAY_SIZE(m->propagation))
		return err_fail(err, EINVAL, "too many propagation options at '%s'", o->name);
	m->propagation[m->n_propagation++] = (unsigned)o->set;
	return 0;
}

static void add_idmap(struct options *opt, const struct mount_option *o, const char *name)
{
	const char *maps = name + strlen(o->name);

	opt->idmap.name = name;
	opt->idmap.maps = *maps == '=' ? maps + 1 : NULL;
	opt->idmap.recursive = o->set == MS_REC;
}

/* "idmap=uids=...": the one option of ours that may have a value. */
static const struct mount_option *find_option(const char *name)
{
	if (str_starts(name, "idmap="))
		return mount_option_find("idmap");
	return mount_option_find(str_starts(name, "ridmap=") ? "ridmap" : name);
}

static int add_option(struct plan_mount *m, struct options *opt, const char *name, struct err *err)
{
	const struct mount_option *o = find_option(name);

	if (!o) {
		if (!name[0])
			return 0;
		if (!opt->data_first)
			opt->data_first = name;
		opt->data = join(opt->arena, opt->data, name);
		return 0;
	}
	switch (o->kind) {
	case OPT_NONE:
		break;
	case OPT_ATTR:
		add_attr(&m->attr_set, &m->attr_clear, o);
		break;
	case OPT_REC_ATTR:
		add_attr(&m->rec_attr_set, &m->rec_attr_clear, o);
		break;
	case OPT_SUPER:
		opt->super = join(opt->arena, opt->super, o->super);
		break;
	case OPT_PROPAGATION:
		return add_propagation(m, o, err);
	case OPT_BIND:
		opt->bind = true;
		m->recursive |= o->set == MS_REC;
		break;
	case OPT_REMOUNT:
		opt->remount = true;
		break;
	case OPT_COPY_UP:
		m->copy_up = true;
		break;
	case OPT_SRC_LINK:
		m->src_nofollow = true;
		break;
	case OPT_DEST_LINK:
		m->dest_nofollow = true;
		break;
	case OPT_COPY_LINK:
		m->copy_symlink = true;
		break;
	case OPT_IDMAP:
		add_idmap(opt, o, name);
		break;
	}
	return 0;
}

/* M-08: what is a bind is said by the options. Type "bind" without them is taken for a bind
 * too, as people write it and as no file system has that name; runc and crun do the same. */
static enum plan_mount_kind classify(const struct oci_mount *oci, const struct options *opt)
{
	const char *type = oci->type ? oci->type : "";

	if (opt->remount)
		return MOUNT_REMOUNT;
	if (opt->bind || streq(type, "bind"))
		return MOUNT_BIND;
	if (streq(type, "cgroup") || streq(type, "cgroup2"))
		return MOUNT_CGROUP;
	return MOUNT_NEW_FS;
}

static int finish_bind(struct plan_mount *m, const struct oci_mount *oci, const struct options *opt,
		       const char *bundle, struct err *err)
{
	/* The kernel would drop it silently (M-13). Superblock flags have no effect on a bind
	 * either, but people write them (Docker's "sync" volumes); they are ignored, as mount(8)
	 * does. */
	if (opt->data_first)
		return err_fail(err, EINVAL,
				"option '%s' is not a mount option, and a bind mount takes no file "
				"system options",
				opt->data_first);
	if (!oci->source || !oci->source[0])
		return err_fail(err, EINVAL, "a bind mount needs a source");
	m->source = plan_host_path(opt->arena, bundle, oci->source);
	return 0;
}

/* Where hull is an ordinary user, cgroups below /sys can be its own and so the container's to write
 * (CVE-2023-25809): "ro" is meant for all of it. */
static void protect_sys(struct plan *plan, struct plan_mount *m)
{
	if (m->kind == MOUNT_BIND && m->recursive && (m->attr_set & MOUNT_ATTR_RDONLY) &&
	    (plan->nested || plan_has_ns(plan, CLONE_NEWUSER)) &&
	    streq(plan_clean_path(&plan->arena, m->source), "/sys"))
		m->rec_attr_set |= MOUNT_ATTR_RDONLY;
}

/* Nothing is mounted below a new file system: it has the attributes itself. */
static void merge_recursive(struct plan_mount *m)
{
	m->attr_set = (m->attr_set & ~m->rec_attr_clear) | m->rec_attr_set;
	m->attr_clear = (m->attr_clear & ~m->rec_attr_set) | m->rec_attr_clear;
	m->rec_attr_set = m->rec_attr_clear = 0;
}

static int finish_new_fs(struct plan_mount *m, const struct oci_mount *oci,
			 const struct options *opt, struct err *err)
{
	const char *data;

	if (streq(m->type, "none"))
		return err_fail(
			err, EINVAL,
			"type '%s' is no file system, and none of the options is bind, rbind "
			"or remount",
			m->type);
	if (m->copy_up && !streq(m->type, "tmpfs"))
		return err_fail(err, EINVAL, "option 'tmpcopyup' needs type tmpfs, not '%s'",
				m->type);
	merge_recursive(m);
	m->source = oci->source && oci->source[0] ? oci->source : NULL;
	m->needs_plain_directory = streq(m->type, "proc") || streq(m->type, "sysfs");
	data = opt->super;
	if (m->attr_set & MOUNT_ATTR_RDONLY) {
		/* Later entries of mounts[] may need a mount point inside. */
		m->readonly_last = m->kind == MOUNT_NEW_FS;
		/* A file system on a device or image that is itself read-only cannot be
		 * mounted otherwise. Memory file systems must stay writable until the end. */
		if (m->source && m->source[0] == '/' && !streq(m->type, "tmpfs"))
			data = join(opt->arena, data, "ro");
	}
	m->data = opt->data[0] ? join(opt->arena, data, opt->data) : data;
	return 0;
}

/* A remount with bind changes the mount only, one without also the file system. What is not
 * named stays as it is. */
static int finish_remount(struct plan_mount *m, const struct options *opt, struct err *err)
{
	if (!opt->bind) {
		m->data = opt->data[0] ? join(opt->arena, opt->super, opt->data) : opt->super;
		return 0;
	}
	if (opt->data_first)
		return err_fail(err, EINVAL,
				"option '%s': a bind remount takes no file system options",
				opt->data_first);
	return 0;
}

/* Single files that container tools (lxcfs, kubernetes) replace. All else would let the config's
 * author fake the files that the runtime itself writes to, or hide that an LSM label was not set
 * (CVE-2019-16884). */
const char *const plan_proc_files[] = {
	"cpuinfo",
	"diskstats",
	"meminfo",
	"stat",
	"swaps",
	"uptime",
	"loadavg",
	"slabinfo",
	"sys/kernel/ns_last_pid",
	"sys/crypto/fips_enabled",
};
const size_t n_plan_proc_files = ARRAY_SIZE(plan_proc_files);

static bool proc_file_allowed(const char *below_proc)
{
	for (size_t i = 0; i < n_plan_proc_files; i++)
		if (streq(plan_proc_files[i], below_proc))
			return true;
	return false;
}

/* The destination as written; init checks again what it resolves to, and that a bind onto
 * /proc is a procfs. */
static int check_destination(const struct plan_mount *m, const char *clean, struct err *err)
{
	if (m->kind == MOUNT_REMOUNT)
		return 0;
	if (streq(clean, "/proc") && m->kind != MOUNT_BIND && !streq(m->type, "proc"))
		return err_fail(err, EPERM, "'%s' on '%s': only a proc file system belongs there",
				m->type, m->destination);
	if (str_starts(clean, "/proc/") && !proc_file_allowed(clean + strlen("/proc/")))
		return err_fail(err, EPERM, "'%s' is inside /proc and must not be covered",
				m->destination);
	return 0;
}

static int check_link_options(const struct plan_mount *m, struct err *err)
{
	const char *option = m->copy_symlink    ? "copy-symlink"
			     : m->src_nofollow  ? "src-nofollow"
			     : m->dest_nofollow ? "dest-nofollow"
						: NULL;

	if (option && m->kind != MOUNT_BIND)
		return err_fail(err, EINVAL, "option '%s' is for bind mounts", option);
	return 0;
}

static int build_mount(struct plan_mount *m, struct plan *plan, const struct oci_mount *oci,
		       struct err *err)
{
	struct options opt = {.arena = &plan->arena, .data = "", .super = ""};
	const char *clean;
	int r;

	if (!oci->destination || !oci->destination[0])
		return err_fail(err, EINVAL, "a mount needs a destination");
	m->destination = plan_absolute(&plan->arena, oci->destination);
	m->type = oci->type && oci->type[0] ? oci->type : "none";
	m->data = "";
	m->source_fd = -1;
	for (size_t i = 0; i < oci->options.n; i++) {
		r = add_option(m, &opt, oci->options.v[i], err);
		if (r < 0)
			return r;
	}
	m->kind = classify(oci, &opt);
	if (m->kind == MOUNT_BIND)
		r = finish_bind(m, oci, &opt, plan->bundle, err);
	else if (m->kind == MOUNT_REMOUNT)
		r = finish_remount(m, &opt, err);
	else
		r = finish_new_fs(m, oci, &opt, err);
	plan->from_bundle |= m->kind == MOUNT_NEW_FS && streq(m->type, "overlay");
	if (r < 0)
		return r;
	protect_sys(plan, m);
	if (m->copy_up && m->kind != MOUNT_NEW_FS)
		return err_fail(err, EINVAL, "option 'tmpcopyup' needs a new tmpfs");
	r = plan_mount_idmap_build(plan, m, oci, &opt.idmap, err);
	if (r < 0)
		return r;
	r = check_link_options(m, err);
	if (r < 0)
		return r;
	clean = plan_clean_path(&plan->arena, m->destination);
	if (m->kind == MOUNT_BIND && streq(clean, "/dev"))
		plan->make_devices = false; /* the host's nodes are not ours to touch (D-17) */
	return check_destination(m, clean, err);
}

/* The directory in which init's sd_notify(3) messages arrive. */
static void add_notify(struct plan_mount *m, const char *dir, size_t index)
{
	*m = (struct plan_mount){
		.kind = MOUNT_BIND,
		.index = index,
		.destination = "/run/notify",
		.type = "bind",
		.source = dir,
		.data = "",
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.source_fd = -1,
	};
}

int plan_mounts_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	size_t n = in->spec->mounts.n;
	const char *label = in->spec->linux_ ? in->spec->linux_->mount_label : NULL;

	plan->make_devices = true;
	plan->mounts = arena_array(&plan->arena, struct plan_mount, n + 1);
	plan->n_mounts = n;
	for (size_t i = 0; i < n; i++) {
		plan->mounts[i].index = i;
		if (build_mount(&plan->mounts[i], plan, &in->spec->mounts.v[i], err) < 0)
			return err_wrap(err, "mounts[%zu]", i);
		if (label && *label)
			plan_label_mount(plan, &plan->mounts[i], label);
	}
	if (in->notify_dir)
		add_notify(&plan->mounts[plan->n_mounts++], in->notify_dir, n);
	return 0;
}
