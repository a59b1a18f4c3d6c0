/*
 * test_plan.h - the smallest spec that plan_build takes, for tests to add to.
 */
#ifndef HULL_TEST_PLAN_H
#define HULL_TEST_PLAN_H

#include <linux/sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/plan/plan.h"
#include "tests/unit/unit.h"

#define STRINGS(...)                                                            \
	((struct oci_strings){.set = true,                                      \
			      .n = ARRAY_SIZE(((const char *[]){__VA_ARGS__})), \
			      .v = (const char *[]){__VA_ARGS__, NULL}})

struct plan_test {
	struct oci_namespace ns[9];
	struct oci_root root;
	struct oci_linux linux_;
	struct oci_mount mounts[4];
	const char *args[2];
	struct oci_process process;
	struct oci_spec spec;
	struct plan_input in;
	struct plan plan;
	struct err err;
};

static inline void plan_test_init(struct plan_test *t)
{
	*t = (struct plan_test){.ns = {{.type = "mount"}}, .root = {.path = "rootfs"}};
	t->linux_.namespaces.v = t->ns;
	t->linux_.namespaces.n = 1;
	t->args[0] = "sh";
	t->process.args.v = t->args;
	t->process.args.n = 1;
	t->process.cwd = "/";
	t->spec.root = &t->root;
	t->spec.linux_ = &t->linux_;
	t->spec.process = &t->process;
	t->spec.mounts.v = t->mounts;
	t->in = (struct plan_input){.spec = &t->spec, .id = "web", .bundle = "/b", .last_cap = 40};
}

static inline void plan_test_add_ns(struct plan_test *t, const char *type, const char *path)
{
	t->ns[t->linux_.namespaces.n++] = (struct oci_namespace){.type = type, .path = path};
}

static inline struct oci_mount *plan_test_add_mount(struct plan_test *t, const char *destination,
						    const char *type, const char *source,
						    struct oci_strings options)
{
	struct oci_mount *m = &t->mounts[t->spec.mounts.n++];

	*m = (struct oci_mount){
		.destination = destination, .type = type, .source = source, .options = options};
	return m;
}

/* The plan, which the case then looks at; a failure ends the case. */
static inline struct plan *plan_test_build(struct plan_test *t)
{
	if (plan_build(&t->plan, &t->in, &t->err) < 0)
		unit_fail(__FILE__, __LINE__, "plan_build: %s", t->err.text);
	return &t->plan;
}

/* The error's text: the plan must be refused. */
static inline const char *plan_test_error(struct plan_test *t)
{
	t->err = ERR_NONE;
	if (plan_build(&t->plan, &t->in, &t->err) >= 0)
		unit_fail(__FILE__, __LINE__, "plan_build accepted what it must refuse");
	return t->err.text;
}

#define auto_plan_test __attribute__((cleanup(plan_test_done))) struct plan_test
static inline void plan_test_done(struct plan_test *t)
{
	arena_done(&t->plan.arena);
}

#endif
