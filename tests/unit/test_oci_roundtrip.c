/* TEST: samples of config.json survive decode and encode; each cut of them is an error. */
#include <fcntl.h>
#include <stdlib.h>

#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"
#include "tests/unit/unit.h"

static struct arena arena;

static char *sample(const char *name, size_t *ret_len)
{
	struct err err;
	char *text;

	if (io_read_file(&arena, AT_FDCWD, arena_printf(&arena, "%s/%s", TEST_DATA, name),
			 OCI_MAX_BYTES, &text, ret_len, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	return text;
}

static struct oci_spec *decode(const char *text, size_t len)
{
	struct oci_spec *spec = arena_new(&arena, struct oci_spec);
	struct err err;

	if (oci_decode(&arena, &oci_spec_type, "sample", text, len, spec, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	return spec;
}

/* Without the blanks between tokens, and "\/" as "/". */
static char *squeeze(const char *text)
{
	char *out = arena_strdup(&arena, text), *p = out;
	bool in_string = false;

	for (; *text; text++) {
		if (!in_string && strchr(" \t\r\n", *text))
			continue;
		if (*text == '"')
			in_string = !in_string;
		if (*text == '\\' && text[1] == '/')
			continue;
		*p++ = *text;
		if (*text == '\\')
			*p++ = *++text;
	}
	*p = '\0';
	return out;
}

static void same_text(const char *name)
{
	size_t len;
	char *text = sample(name, &len);
	struct oci_spec *spec = decode(text, len);

	CHECK_STR(oci_encode(&arena, &oci_spec_type, spec, ""), squeeze(text));
	CHECK_STR(squeeze(oci_encode(&arena, &oci_spec_type, spec, "\t")), squeeze(text));
}

static void runc_spec(void)
{
	same_text("runc-spec.json");
	same_text("runc-spec-rootless.json");
}

static void crun_spec(void)
{
	same_text("crun-spec.json");
}

static void every_field(void)
{
	same_text("every-field.json");
}

/* Tab-indented to the letter. */
static void indented(void)
{
	size_t len;
	char *text = sample("runc-spec.json", &len);

	CHECK_STR(oci_encode(&arena, &oci_spec_type, decode(text, len), "\t"), text);
}

/* Has null members, so the text differs, but what is decoded from its encoding does not. */
static void docker_like(void)
{
	size_t len;
	char *text = sample("docker-like.json", &len);
	const char *once = oci_encode(&arena, &oci_spec_type, decode(text, len), "");
	struct oci_spec *spec = decode(once, strlen(once));
	struct err err;

	CHECK_STR(oci_encode(&arena, &oci_spec_type, spec, ""), once);
	CHECK(!strstr(once, "null"));
	CHECK_UINT(spec->mounts.n, 8);
	CHECK_UINT(spec->linux_->seccomp->syscalls.v[1].args.v[0].value.v, 4294967295);
	CHECK_INT(oci_validate(spec, &err), 0);
}

/* ---- every row of every table ----------------------------------------------------------- */

static void collect_unset(const struct oci_type *type, const char *obj, const char *at,
			  struct strbuf *unset)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct oci_field *f = &type->fields[i];
		const char *m = obj + f->offset, *path;
		const struct oci_any_array *array = (const void *)m;

		path = arena_printf(&arena, "%s.%s", at, f->name);
		/* all optional scalars and arrays begin with `set`, all others are pointers */
		if (f->kind == OCI_STRING || f->kind == OCI_OBJECT
			    ? !*(void *const *)(const void *)m
			    : !*(const bool *)m)
			strbuf_add(unset, "%s ", path);
		else if (f->kind == OCI_OBJECT)
			collect_unset(f->type, *(char *const *)(const void *)m, path, unset);
		else if (f->kind == OCI_OBJECTS || f->kind == OCI_KEYED)
			collect_unset(f->type, array->v, path, unset);
	}
}

/* The sample has every member at least once; where the first element of an array does not,
 * it is named here. */
static void covers_all_rows(void)
{
	size_t len;
	char *text = sample("every-field.json", &len), buf[2048] = "";
	struct strbuf unset = {.buf = buf, .size = sizeof(buf)};

	collect_unset(&oci_spec_type, (char *)decode(text, len), "", &unset);
	CHECK_STR(buf, ".mounts.uidMappings .mounts.gidMappings "
		       ".linux.resources.devices.type .linux.resources.devices.major "
		       ".linux.resources.devices.minor .linux.namespaces.path "
		       ".linux.seccomp.syscalls.errnoRet .linux.seccomp.syscalls.args ");
}

static void values_of_the_sample(void)
{
	size_t len;
	char *text = sample("every-field.json", &len);
	struct oci_spec *s = decode(text, len);

	CHECK_UINT(s->process->rlimits.v[0].hard.v, UINT64_MAX);
	CHECK_UINT(s->process->rlimits.v[0].soft.v, 1024);
	CHECK_INT(s->process->oom_score_adj.v, -500);
	CHECK_STR(s->process->args.v[2], "echo \"gr\xc3\xbc\xc3\x9f"
					 "e\"\n");
	CHECK(!s->process->args.v[3]);
	CHECK(s->process->capabilities->inheritable.set);
	CHECK_UINT(s->process->capabilities->inheritable.n, 0);
	CHECK_STR(s->hooks->poststop.v[0].path, "/usr/bin/f");
	CHECK_STR(s->linux_->time_offsets.v[0].clock, "monotonic");
	CHECK_INT(s->linux_->time_offsets.v[0].secs.v, -172800);
	CHECK_STR(s->linux_->net_devices.v[1].host_name, "ens4");
	CHECK_STR(s->linux_->resources->rdma.v[0].device, "mlx5_1");
	CHECK_UINT(s->linux_->resources->block_io->throttle_write_iops_device.v[0].rate.v,
		   UINT64_MAX);
	CHECK_UINT(s->linux_->seccomp->syscalls.v[1].errno_ret.v, 38);
	CHECK(s->has_vm);
}

/* ---- cuts ------------------------------------------------------------------------------------ */

/* Every proper prefix is an error that has a place, and none crashes. */
static void each_cut(const char *name)
{
	size_t len;
	char *text = sample(name, &len);

	while (strchr(" \n", text[len - 1]))
		len--;
	for (size_t cut = 0; cut < len; cut++) {
		auto_arena a = ARENA_INIT;
		struct oci_spec spec = {0};
		struct err err;
		char *copy = malloc(cut + 1); /* so that a sanitizer sees a read behind it */

		memcpy(copy, text, cut);
		if (oci_decode(&a, &oci_spec_type, "f", copy, cut, &spec, &err) == 0)
			unit_fail(__FILE__, __LINE__, "%s is accepted when cut at %zu", name, cut);
		if (!str_starts(err.text, "f:"))
			unit_fail(__FILE__, __LINE__, "%s cut at %zu: %s", name, cut, err.text);
		free(copy);
	}
}

static void truncated(void)
{
	each_cut("every-field.json");
	each_cut("docker-like.json");
}

/* One byte changed: accepted or refused, never a crash. */
static void changed_bytes(void)
{
	size_t len;
	char *text = sample("docker-like.json", &len);
	const char with[] = "\"{[]}:,0-\\x\xff";

	for (size_t i = 0; i < len; i++) {
		auto_arena a = ARENA_INIT;
		struct oci_spec spec = {0};
		struct err err;
		char was = text[i];

		text[i] = with[i % (sizeof(with) - 1)];
		if (oci_decode(&a, &oci_spec_type, "f", text, len, &spec, &err) == 0 &&
		    oci_validate(&spec, &err) == 0)
			oci_encode(&a, &oci_spec_type, &spec, "");
		text[i] = was;
	}
}

/* ---- the default config
 * -------------------------------------------------------------------------- */

/* Where runc's and hull's answer to `spec` differ. */
static void default_spec(void)
{
	struct oci_spec *s = oci_default_spec(&arena, false, 0, 0), *r;
	struct err err;
	size_t len;
	char *text = sample("runc-spec.json", &len);

	CHECK_INT(oci_validate(s, &err), 0);
	CHECK_STR(s->oci_version, OCI_VERSION);
	CHECK_STR(s->hostname, "hull");
	CHECK_UINT(s->linux_->namespaces.n, 6);
	CHECK_STR(s->linux_->namespaces.v[5].type, "cgroup");
	r = decode(text, len);
	r->oci_version = OCI_VERSION;
	r->hostname = "hull";
	r->process->capabilities->ambient.set = false;
	s->linux_->namespaces.n--;
	s->linux_->masked_paths = r->linux_->masked_paths;
	CHECK_STR(oci_encode(&arena, &oci_spec_type, s, "\t"),
		  oci_encode(&arena, &oci_spec_type, r, "\t"));
}

static void default_rootless(void)
{
	struct oci_spec *s = oci_default_spec(&arena, true, 1000, 1001);
	struct err err;
	const char *text = oci_encode(&arena, &oci_spec_type, s, "");

	CHECK_INT(oci_validate(s, &err), 0);
	CHECK_HAS(text, "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}]");
	CHECK_HAS(text, "\"gidMappings\":[{\"containerID\":0,\"hostID\":1001,\"size\":1}]");
	CHECK_HAS(text, "{\"type\":\"user\"}");
	CHECK(!strstr(text, "\"network\"") && !strstr(text, "gid=") && !strstr(text, "resources"));
	CHECK_HAS(text, "\"source\":\"/sys\",\"options\":[\"rbind\"");
	/* the other form is not touched by it */
	CHECK_HAS(oci_encode(&arena, &oci_spec_type, oci_default_spec(&arena, false, 0, 0), ""),
		  "\"network\"");
}

static void table_names(void)
{
	for (size_t i = 0; i < oci_hooks_type.n_fields; i++)
		CHECK_STR(oci_hooks_type.fields[i].name, oci_hook_names[i]);
	CHECK(!oci_hook_names[oci_hooks_type.n_fields]);
}

static const struct unit_case cases[] = {
	{"runc's default config", runc_spec},
	{"crun's default config", crun_spec},
	{"every field", every_field},
	{"tab-indented form", indented},
	{"an engine's config with null members", docker_like},
	{"the sample covers all rows", covers_all_rows},
	{"values of the sample", values_of_the_sample},
	{"cut at every byte", truncated},
	{"each byte changed", changed_bytes},
	{"default config", default_spec},
	{"default config, rootless", default_rootless},
	{"names of hooks", table_names},
};
UNIT_MAIN(cases)
