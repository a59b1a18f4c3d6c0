/* PURE: linux.mountLabel: an SELinux context for the container's file systems. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/plan/build.h"

#define MASK_DATA "nr_blocks=1,nr_inodes=1,mode=755"

static const char *const options[] = {"context", "fscontext", "defcontext", "rootcontext"};

static const char *option_name(const struct plan *plan)
{
	const char *name = annotation_get(&plan->annotations, "run.oci.mount_context_type");

	return name ? name : options[0];
}

/* In quotes: categories are written with commas. */
static const char *add_option(struct plan *plan, const char *data, const char *label)
{
	return arena_printf(&plan->arena, "%s%s%s=\"%s\"", data, *data ? "," : "",
			    option_name(plan), label);
}

int plan_label_check(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const char *label = in->spec->linux_ ? in->spec->linux_->mount_label : NULL;
	bool known = false;

	plan->mask_data = MASK_DATA;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		known |= streq(option_name(plan), options[i]);
	if (!known)
		return err_fail(err, EINVAL,
				"annotations.run.oci.mount_context_type: '%.64s' is not context, "
				"fscontext, defcontext or rootcontext",
				option_name(plan));
	if (label && *label)
		plan->mask_data = add_option(plan, MASK_DATA, label);
	return 0;
}

/* What the config says itself is not said twice: the kernel refuses that. */
static bool has_context(const char *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t n = strlen(options[i]);

		for (const char *s = strstr(data, options[i]); s; s = strstr(s + 1, options[i]))
			if ((s == data || s[-1] == ',') && s[n] == '=')
				return true;
	}
	return false;
}

/*
 * New file systems only: a bind shows files that have labels, and engines relabel volumes
 * themselves. procfs, sysfs and cgroup2 are the kernel's, each superblock for all that mount it:
 * the policy labels what is in them. mqueue takes no option, its root directory a label.
 */
void plan_label_mount(struct plan *plan, struct plan_mount *m, const char *label)
{
	if (m->kind != MOUNT_NEW_FS || streq(m->type, "proc") || streq(m->type, "sysfs"))
		return;
	if (streq(m->type, "mqueue"))
		m->label = label;
	else if (!has_context(m->data))
		m->data = add_option(plan, m->data, label);
}
