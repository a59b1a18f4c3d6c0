/* PURE: linux.maskedPaths and linux.readonlyPaths. */
#include "libcontainer/plan/build.h"

static const char **build_paths(struct arena *a, const struct oci_strings *oci, size_t *ret_n)
{
	const char **paths = arena_array(a, const char *, oci->n);

	for (size_t i = 0; i < oci->n; i++)
		paths[i] = plan_absolute(a, oci->v[i]);
	*ret_n = oci->n;
	return paths;
}

void plan_masks_build(struct plan *plan, const struct plan_input *in)
{
	const struct oci_linux *linux_ = in->spec->linux_;
	struct arena *a = &plan->arena;

	if (!linux_)
		return;
	plan->masked_paths = build_paths(a, &linux_->masked_paths, &plan->n_masked_paths);
	plan->readonly_paths = build_paths(a, &linux_->readonly_paths, &plan->n_readonly_paths);
}
