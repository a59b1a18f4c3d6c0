/* TEST: config.json: decode, validate, plan; and the conversions that follow from it. */
#include "tests/fuzz/fuzz.h"

#include <linux/bpf.h>
#include <string.h>

#include "cgroups/cgroup.h"
#include "cgroups/resources.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/str.h"
#include "libcontainer/hooks.h"
#include "libcontainer/plan/plan.h"
#include "oci-spec/oci.h"

const char fuzz_name[] = "config";
const struct oci_type *const fuzz_type = &oci_spec_type;

/* What is written is read as the same again. */
static void check_roundtrip(const struct oci_spec *spec)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct oci_spec again = {0};
	const char *once = oci_encode(&a, &oci_spec_type, spec, "");

	if (oci_decode(&a, &oci_spec_type, "again", once, strlen(once), &again, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, "what was written is not read: %s", err.text);
	FUZZ_CHECK(streq(once, oci_encode(&a, &oci_spec_type, &again, "")));
}

static void check_mount(const struct plan_mount *m)
{
	FUZZ_CHECK(m->destination[0] == '/');
	FUZZ_CHECK(m->type && m->data);
	FUZZ_CHECK(m->source_fd == -1);
	FUZZ_CHECK(m->kind != MOUNT_BIND || (m->source && m->source[0] == '/'));
	/* mount_setattr(2) wants all of the access time field, or none. */
	FUZZ_CHECK(!(m->attr_set & MOUNT_ATTR__ATIME) ||
		   (m->attr_clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
	FUZZ_CHECK(!(m->attr_set & m->attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME));
}

static void check_process(const struct plan_process *p)
{
	FUZZ_CHECK(p->args && p->args[0] && p->env && p->cwd && p->cwd[0] == '/');
	for (size_t i = 0; i < p->n_rlimits; i++)
		FUZZ_CHECK(p->rlimits[i].limit.rlim_cur <= p->rlimits[i].limit.rlim_max);
	FUZZ_CHECK(!(p->umask & ~0777U));
}

static void check_plan(const struct plan *plan, const struct oci_spec *spec)
{
	FUZZ_CHECK(plan->rootfs[0] == '/');
	for (size_t i = 0; i < plan->n_mounts; i++)
		check_mount(&plan->mounts[i]);
	FUZZ_CHECK(plan->has_process == (spec->process != NULL));
	if (plan->has_process)
		check_process(&plan->process);
	for (size_t i = 0; i < plan->ns.n_join; i++)
		FUZZ_CHECK(!(plan->ns.join[i].flag & plan->ns.create));
	for (size_t i = 0; i < plan->n_sysctls; i++)
		FUZZ_CHECK(plan->sysctls[i].path[0] != '/' &&
			   !strstr(plan->sysctls[i].path, "/../"));
}

static void plan(const struct oci_spec *spec, uint8_t how)
{
	struct plan_input in = {
		.spec = spec,
		.id = "web",
		.bundle = "/b",
		.no_pivot = how & 1,
		.no_new_keyring = how & 2,
		.rootless = how & 4,
		.listen_fds = how & 8 ? 2 : 0,
		.notify_dir = how & 16 ? "/run/hull/web/notify" : NULL,
		.last_cap = 40,
	};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct plan p;
	int r = plan_build(&p, &in, &err);

	fuzz_check_error(r, &err);
	if (r < 0)
		return;
	check_plan(&p, spec);
	FUZZ_CHECK(state_for_hooks(&a, &p, "created", 1));
	arena_done(&p.arena);
}

/* What limits become: files below the cgroup, nothing else. */
static void convert(const struct oci_resources *resources, bool update)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct cgroup_write *writes = NULL;
	struct cgroup_need *needs = NULL;
	size_t n = 0, n_needs = 0;
	int r = cgroup_resources_convert(&a, resources, update, &writes, &n, &err);

	fuzz_check_error(r, &err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		FUZZ_CHECK(writes[i].field && writes[i].value);
		FUZZ_CHECK(*writes[i].file && !strchr(writes[i].file, '/'));
	}
	err = ERR_NONE;
	fuzz_check_error(cgroup_resources_needs(&a, resources, &needs, &n_needs, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct oci_spec spec = {0};
	const char *path;
	uint8_t how = 0;
	int r;

	/* How hull was called is said by a byte in front. */
	if (size && *data != '{') {
		how = *data++;
		size--;
	}
	r = oci_decode(&a, &oci_spec_type, "config.json", fuzz_text(&a, data, size), size, &spec,
		       &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	check_roundtrip(&spec);
	r = oci_validate(&spec, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	plan(&spec, how);
	if (!spec.linux_)
		return 0;
	r = cgroup_path(&a, spec.linux_->cgroups_path, "web", NULL, &path, &err);
	fuzz_check_error(r, &err);
	FUZZ_CHECK(r < 0 || (path[0] == '/' && !strstr(path, "/../") && !str_ends(path, "/..")));
	if (spec.linux_->resources)
		convert(spec.linux_->resources, how & 32);
	return 0;
}
