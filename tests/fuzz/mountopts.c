/* TEST: mount options: what a list of them adds up to.
 *
 * Input: lines. The first is "type destination source namespace" (an empty word: '-'; the last is
 * "user" for a user namespace of two ranges, "joined" for one that is there), each other one an
 * option. Held against a second reading of the options' table: of those that speak of a flag the
 * last one counts, what is no option goes to the file system as it is, in its order.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/plan.h"
#include "oci-spec/oci.h"

const char fuzz_name[] = "mountopts";
const struct oci_type *const fuzz_type;

#define MAX_OPTIONS 256

struct input {
	struct oci_mount mount;
	const char *ns;
	const char *options[MAX_OPTIONS + 1];
};

static const char *word(char **rest)
{
	char *w = strsep(rest, " ");

	return !w || streq(w, "-") ? NULL : w;
}

static void read_input(struct input *in, char *text)
{
	char *first = strsep(&text, "\n");

	in->mount.type = word(&first);
	in->mount.destination = word(&first);
	in->mount.source = word(&first);
	in->ns = word(&first);
	for (char *line; in->mount.options.n < MAX_OPTIONS && (line = strsep(&text, "\n"));)
		in->options[in->mount.options.n++] = line;
	in->mount.options.set = true;
	in->mount.options.v = in->options;
}

/* Whether the flag is set by the last option of KIND that speaks of it; -1: none does. */
static int last_word(const struct oci_strings *options, int kind, uint64_t flag)
{
	int last = -1;

	for (size_t i = 0; i < options->n; i++) {
		const struct mount_option *o = mount_option_find(options->v[i]);

		if (o && (int)o->kind == kind && ((o->set | o->clear) & flag))
			last = (o->set & flag) != 0;
	}
	return last;
}

/* OVER: of a second kind of options, which has the last word; -1: none. */
static void check_flags(const struct oci_strings *options, int kind, int over, uint64_t set,
			uint64_t clear)
{
	static const uint64_t flags[] = {MOUNT_ATTR_RDONLY,     MOUNT_ATTR_NOSUID,
					 MOUNT_ATTR_NODEV,      MOUNT_ATTR_NOEXEC,
					 MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NOSYMFOLLOW};
	uint64_t known = MOUNT_ATTR__ATIME;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int want = last_word(options, kind, flags[i]);
		int more = last_word(options, over, flags[i]);

		want = more >= 0 ? more : want;
		known |= flags[i];
		FUZZ_CHECK(((set & flags[i]) != 0) == (want == 1));
		FUZZ_CHECK(((clear & flags[i]) != 0) == (want == 0));
	}
	FUZZ_CHECK(!((set | clear) & ~known));
	FUZZ_CHECK((clear & MOUNT_ATTR__ATIME) == 0 ||
		   (clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
	FUZZ_CHECK(!(set & MOUNT_ATTR__ATIME) || (clear & MOUNT_ATTR__ATIME));
	/* relatime, noatime or strictatime: the field's other values are not defined. */
	FUZZ_CHECK((set & MOUNT_ATTR__ATIME) != (MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME));
}

static bool is_idmap(const char *option)
{
	return str_starts(option, "idmap=") || str_starts(option, "ridmap=");
}

/* The options that are none of the table, joined, are at the end of the data. */
static void check_data(struct arena *a, const struct oci_strings *options, const char *data)
{
	const char *own = "";

	for (size_t i = 0; i < options->n; i++)
		if (*options->v[i] && !is_idmap(options->v[i]) && !mount_option_find(options->v[i]))
			own = arena_printf(a, "%s%s%s", own, *own ? "," : "", options->v[i]);
	FUZZ_CHECK(str_ends(data, own));
	if (strlen(data) > strlen(own) && *own)
		FUZZ_CHECK(data[strlen(data) - strlen(own) - 1] == ',');
}

static bool has_kind(const struct oci_strings *options, int kind)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct mount_option *o = mount_option_find(options->v[i]);

		if (o && (int)o->kind == kind)
			return true;
	}
	return false;
}

/* Without quotes and backslashes the kernel's way to split is at each comma. */
static void check_split(struct arena *a, const char *data)
{
	for (int backslash = 0; backslash < 2; backslash++) {
		char *rest = arena_strdup(a, data), *w;
		const char *joined = NULL;

		while ((w = mountfd_next_option(&rest, backslash)))
			joined = joined ? arena_printf(a, "%s,%s", joined, w) : w;
		FUZZ_CHECK(joined && strlen(joined) <= strlen(data));
		if (!strpbrk(data, "\"\\"))
			FUZZ_CHECK(streq(joined, data));
	}
}

static void check_map(const struct plan_idmap *map, size_t n)
{
	FUZZ_CHECK(n > 0);
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(map[i].size > 0);
		FUZZ_CHECK((uint64_t)map[i].container + map[i].size <= UINT32_MAX);
		FUZZ_CHECK((uint64_t)map[i].host + map[i].size <= UINT32_MAX);
	}
}

static void check_idmap(const struct oci_strings *options, const struct plan_mount *m)
{
	bool wanted = has_kind(options, OPT_IDMAP);

	for (size_t i = 0; i < options->n; i++)
		wanted |= is_idmap(options->v[i]);
	FUZZ_CHECK(wanted == (m->idmap != NULL));
	if (!m->idmap || m->idmap->joined)
		return;
	check_map(m->idmap->uid_map, m->idmap->n_uid_map);
	check_map(m->idmap->gid_map, m->idmap->n_gid_map);
}

static void check(struct arena *a, const struct oci_mount *oci, const struct plan_mount *m)
{
	bool remount = has_kind(&oci->options, OPT_REMOUNT),
	     bind = has_kind(&oci->options, OPT_BIND);

	FUZZ_CHECK(m->destination[0] == '/');
	FUZZ_CHECK(remount == (m->kind == MOUNT_REMOUNT));
	if (bind && !remount)
		FUZZ_CHECK(m->kind == MOUNT_BIND);
	if (m->kind == MOUNT_BIND)
		FUZZ_CHECK(m->source && m->source[0] == '/');
	if (m->kind == MOUNT_NEW_FS || m->kind == MOUNT_CGROUP) {
		check_flags(&oci->options, OPT_ATTR, OPT_REC_ATTR, m->attr_set, m->attr_clear);
		FUZZ_CHECK(!m->rec_attr_set && !m->rec_attr_clear); /* nothing is below it */
	} else {
		check_flags(&oci->options, OPT_ATTR, -1, m->attr_set, m->attr_clear);
		check_flags(&oci->options, OPT_REC_ATTR, -1, m->rec_attr_set, m->rec_attr_clear);
	}
	check_data(a, &oci->options, m->data);
	check_split(a, m->data);
	check_idmap(&oci->options, m);
	FUZZ_CHECK(m->n_propagation <= ARRAY_SIZE(m->propagation));
	FUZZ_CHECK(!m->copy_up || (m->kind == MOUNT_NEW_FS && streq(m->type, "tmpfs")));
}

static struct oci_id_mapping ranges[] = {
	{.container_id = {true, 0}, .host_id = {true, 100000}, .size = {true, 1000}},
	{.container_id = {true, 1000}, .host_id = {true, 5000}, .size = {true, 10}},
};

static void add_user_namespace(struct oci_linux *linux_, struct oci_namespace *ns, const char *how)
{
	if (!how || (!streq(how, "user") && !streq(how, "joined")))
		return;
	*ns = (struct oci_namespace){.type = "user",
				     .path = *how == 'j' ? "/proc/1/ns/user" : NULL};
	linux_->namespaces.n++;
	if (*how == 'j')
		return;
	linux_->uid_mappings.set = linux_->gid_mappings.set = true;
	linux_->uid_mappings.n = linux_->gid_mappings.n = ARRAY_SIZE(ranges);
	linux_->uid_mappings.v = linux_->gid_mappings.v = ranges;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct input in = {0};
	struct oci_root root = {.path = "rootfs"};
	struct oci_namespace ns[2] = {{.type = "mount"}};
	struct oci_linux linux_ = {.namespaces = {true, 1, ns}};
	struct oci_spec spec = {.root = &root,
				.linux_ = &linux_,
				.oci_version = OCI_VERSION,
				.mounts = {true, 1, &in.mount}};
	struct plan_input ask = {.spec = &spec, .id = "web", .bundle = "/b", .last_cap = 40};
	struct err err = ERR_NONE;
	struct plan plan;
	int r;

	read_input(&in, fuzz_text(&a, data, size));
	add_user_namespace(&linux_, &ns[1], in.ns);
	r = oci_validate(&spec, &err);
	if (r == 0)
		r = plan_build(&plan, &ask, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	check(&a, &in.mount, &plan.mounts[0]);
	arena_done(&plan.arena);
	return 0;
}
