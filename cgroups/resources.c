/* PURE: linux.resources as a list of writes. */
#include "cgroups/resources.h"
int cgroup_resources_needs(struct arena *a, const struct oci_resources *resources,
			   struct cgroup_need **ret, size_t *ret_n, struct err *err)
{
	(void)a;
	(void)resources;
	(void)err;
	*ret = NULL;
	*ret_n = 0;
	return 0;
}
