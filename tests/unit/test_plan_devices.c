/* TEST: default nodes and linux.devices. */
#include <sys/stat.h>

#include "tests/unit/test_plan.h"

static const struct plan_device *find(const struct plan *p, const char *path)
{
	const struct plan_device *found = NULL;

	for (size_t i = 0; i < p->n_devices; i++)
		if (strcmp(p->devices[i].path, path) == 0) {
			CHECK(!found); /* no path twice */
			found = &p->devices[i];
		}
	return found;
}

static struct plan *build(struct plan_test *t, struct oci_device *devices, size_t n)
{
	plan_test_init(t);
	t->linux_.devices.v = devices;
	t->linux_.devices.n = n;
	return plan_test_build(t);
}

static struct oci_device device(const char *type, const char *path, int64_t major, int64_t minor)
{
	return (struct oci_device){
		.type = type, .path = path, .major = {true, major}, .minor = {true, minor}};
}

static void defaults(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
		     {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
	auto_plan_test t;
	struct plan *p = build(&t, NULL, 0);

	CHECK_UINT(p->n_devices, 6);
	CHECK(p->make_devices);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		const struct plan_device *d = find(p, nodes[i].path);

		CHECK(d && d->is_default);
		CHECK_UINT(d->mode, S_IFCHR | 0666);
		CHECK_UINT(d->major, nodes[i].major);
		CHECK_UINT(d->minor, nodes[i].minor);
		CHECK_UINT(d->uid | d->gid, 0);
		CHECK_INT(d->source_fd, -1);
	}
}

static void bound(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	CHECK(!plan_test_build(&t)->bind_devices);
	plan_test_done(&t);
	t.in.no_mknod = true;
	CHECK(plan_test_build(&t)->bind_devices);
	plan_test_done(&t);
	t.in.no_mknod = false;
	t.in.nested = true;
	CHECK(plan_test_build(&t)->bind_devices);
	plan_test_done(&t);
	t.in.nested = false;
	plan_test_add_ns(&t, "user", "/proc/1/ns/user");
	CHECK(plan_test_build(&t)->bind_devices);
}

static void types(void)
{
	struct oci_device in[] = {
		device("c", "/dev/fuse", 10, 229),
		device("u", "/dev/u", 4, 64),
		device("b", "/srv/disk", 8, 1048575),
		{.type = "p", .path = "/dev/pipe", .file_mode = {true, 0600}},
	};
	auto_plan_test t;
	struct plan *p;

	in[1].file_mode = (struct opt_u32){true, 0};
	in[2].uid = (struct opt_u32){true, 7};
	in[2].gid = (struct opt_u32){true, 8};
	p = build(&t, in, ARRAY_SIZE(in));
	CHECK_UINT(p->n_devices, 10);
	CHECK_UINT(find(p, "/dev/fuse")->mode, S_IFCHR | 0666);
	CHECK_UINT(find(p, "/dev/fuse")->minor, 229);
	CHECK(!find(p, "/dev/fuse")->is_default);
	CHECK_UINT(find(p, "/dev/u")->mode, S_IFCHR); /* 0 is a mode, not "unset" */
	CHECK_UINT(find(p, "/srv/disk")->mode, S_IFBLK | 0666);
	CHECK_UINT(find(p, "/srv/disk")->minor, 1048575);
	CHECK_UINT(find(p, "/srv/disk")->uid, 7);
	CHECK_UINT(find(p, "/srv/disk")->gid, 8);
	CHECK_UINT(find(p, "/dev/pipe")->mode, S_IFIFO | 0600);
}

static void config_wins(void)
{
	struct oci_device in[] = {device("c", "/dev//null", 1, 3), device("c", "/dev/x", 1, 1),
				  device("c", "/dev/./x", 2, 2)};
	auto_plan_test t;
	struct plan *p;

	in[0].file_mode = (struct opt_u32){true, 0600};
	p = build(&t, in, ARRAY_SIZE(in));
	CHECK_UINT(p->n_devices, 7);
	CHECK(!find(p, "/dev/null")->is_default);
	CHECK_UINT(find(p, "/dev/null")->mode, S_IFCHR | 0600);
	CHECK_UINT(find(p, "/dev/x")->major, 2); /* the later one */
}

static void ptmx(void)
{
	struct oci_device in[] = {device("c", "/dev/ptmx", 5, 2)};
	auto_plan_test t;

	CHECK(!find(build(&t, in, 1), "/dev/ptmx"));
}

static const char *refuse(struct plan_test *t, struct oci_device bad)
{
	struct oci_device in[] = {device("c", "/dev/fine", 1, 3), bad};

	plan_test_init(t);
	t->linux_.devices.v = in;
	t->linux_.devices.n = 2;
	return plan_test_error(t);
}

static void refused(void)
{
	struct oci_device no_minor = {.type = "c", .path = "/dev/y", .major = {true, 1}};
	auto_plan_test t;

	CHECK_HAS(refuse(&t, device("x", "/dev/y", 1, 1)), "linux.devices[1]: type 'x'"); /* D-03 */
	CHECK_HAS(refuse(&t, device("c", NULL, 1, 1)), "linux.devices[1]: path");         /* D-04 */
	CHECK_HAS(refuse(&t, no_minor), "linux.devices[1]: minor");                       /* D-07 */
	CHECK_HAS(refuse(&t, device("c", "/dev/y", -1, 1)), "linux.devices[1]: major -1");
	CHECK_HAS(refuse(&t, device("c", "/dev/y", 4096, 1)), "linux.devices[1]: major 4096");
	CHECK_HAS(refuse(&t, device("c", "/dev/y", 1, 1048576)), "minor 1048576");
	CHECK_HAS(refuse(&t, device("c", "/dev/y", INT64_C(1) << 32, 1)), "major 4294967296");
}

static const struct unit_case cases[] = {
	{"D-13: the six default nodes", defaults},
	{"nodes are bound where none can be made", bound},
	{"D-03, D-04, D-08, D-09: types, modes, owners", types},
	{"D-16, D-10: a configured device replaces a default or earlier one", config_wins},
	{"D-15: a ptmx node is never made", ptmx},
	{"D-03, D-04, D-07: bad devices are refused", refused},
};

UNIT_MAIN(cases)
