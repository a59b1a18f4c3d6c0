/* PURE: linux.memoryPolicy, linux.personality: of processes, though the spec has them elsewhere. */
#include <errno.h>

#include "libcontainer/base/bits.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/plan/build.h"
#include "oci-spec/consts.h"

static int build_memory_policy(struct arena *a, struct plan_process *p,
			       const struct oci_memory_policy *oci, struct err *err)
{
	struct plan_memory_policy *m = arena_new(a, struct plan_memory_policy);
	uint64_t n = 0;

	if (oci_const_find(oci_memory_modes, oci->mode, &n))
		m->mode = (int)n;
	for (size_t i = 0; i < oci->flags.n; i++)
		if (oci_const_find(oci_memory_flags, oci->flags.v[i], &n))
			m->mode |= (int)n;
	if (oci->nodes && *oci->nodes) {
		unsigned long *nodes = arena_alloc(a, BITS_NODES / 8);

		if (bits_parse(oci->nodes, nodes, BITS_NODES) < 0)
			return err_fail(err, EINVAL, "linux.memoryPolicy.nodes: '%s' is not a list",
					oci->nodes);
		m->nodes = nodes;
		m->n_bits = BITS_NODES;
	}
	p->memory_policy = m;
	return 0;
}

int plan_process_build_linux(struct arena *a, struct plan_process *p,
			     const struct oci_personality *personality,
			     const struct oci_memory_policy *memory_policy, struct err *err)
{
	uint64_t domain;

	if (personality && oci_const_find(oci_personality_domains, personality->domain, &domain)) {
		p->has_personality = true;
		p->personality = (unsigned long)domain;
	}
	return memory_policy ? build_memory_policy(a, p, memory_policy, err) : 0;
}
