/* PURE: what was asked is legal and within what hull supports: top level, mounts, hooks. */
#include "oci-spec/validate.h"

/* ---- ociVersion ---------------------------------------------------------------------- */

static bool is_alnum_dash(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';
}

/* A number without leading zeros; NULL if there is none. */
static const char *version_number(const char *s, unsigned *ret)
{
	unsigned v = 0;
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 9 || (n > 1 && *s == '0'))
		return NULL;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(s[i] - '0');
	*ret = v;
	return s + n;
}

/* Dot-separated identifiers up to END ('\0' or '+'); NUMERIC ones have no leading zeros. */
static const char *version_tag(const char *s, char end, bool numeric)
{
	for (;;) {
		const char *start = s;
		size_t digits = strspn(s, "0123456789");

		while (is_alnum_dash(*s))
			s++;
		if (s == start)
			return NULL;
		if (numeric && digits == (size_t)(s - start) && digits > 1 && *start == '0')
			return NULL;
		if (*s != '.')
			return *s == end || *s == '\0' ? s : NULL;
		s++;
	}
}

/* SemVer 2.0.0. */
static bool version_parse(const char *s, unsigned *ret_major, unsigned *ret_minor)
{
	unsigned patch;

	s = version_number(s, ret_major);
	if (s && *s++ == '.')
		s = version_number(s, ret_minor);
	else
		return false;
	if (s && *s++ == '.')
		s = version_number(s, &patch);
	else
		return false;
	if (s && *s == '-')
		s = version_tag(s + 1, '+', true);
	if (s && *s == '+')
		s = version_tag(s + 1, '\0', false);
	return s && !*s;
}

static int oci_version(const struct oci_spec *spec, struct err *err)
{
	unsigned major, minor, our_major = 0, our_minor = 0;

	if (!spec->oci_version)
		return invalid(err, "ociVersion: required, but missing");
	if (!version_parse(spec->oci_version, &major, &minor))
		return invalid(err, "ociVersion: '%.64s' is not a semantic version",
			       spec->oci_version);
	if (!version_parse(OCI_VERSION, &our_major, &our_minor) || major != our_major ||
	    minor > our_minor)
		return unsupported(err,
				   "ociVersion: '%.64s' is not supported, hull knows 1.0 to %u.%u",
				   spec->oci_version, our_major, our_minor);
	return 0;
}

void oci_modernize(struct oci_spec *spec)
{
	struct oci_resources *res = spec->linux_ ? spec->linux_->resources : NULL;
	unsigned major = 1, minor = 0;

	if (!res || !res->pids || !version_parse(spec->oci_version, &major, &minor))
		return;
	if (minor < 3 && res->pids->limit.v == 0)
		res->pids->limit.set = false;
}

/* ---- root, names, annotations ----------------------------------------------------------- */

static int root(const struct oci_spec *spec, struct err *err)
{
	if (!spec->root)
		return invalid(err, "root: required, but missing");
	if (!given(spec->root->path))
		return invalid(err, "root.path: required, but missing");
	return 0;
}

static int host_name(const struct oci_spec *spec, const char *at, const char *name, struct err *err)
{
	if (!given(name))
		return 0;
	if (strlen(name) > 64) /* __NEW_UTS_LEN */
		return invalid(err, "%s: '%.70s...' is longer than 64 bytes", at, name);
	if (!oci_find_namespace(spec, "uts"))
		return invalid(err, "%s: needs a uts namespace, else the host's would change", at);
	return 0;
}

static int hostname(const struct oci_spec *spec, struct err *err)
{
	return host_name(spec, "hostname", spec->hostname, err);
}

static int domainname(const struct oci_spec *spec, struct err *err)
{
	return host_name(spec, "domainname", spec->domainname, err);
}

static int annotations(const struct oci_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (!*spec->annotations.v[i].key)
			return invalid(err, "annotations: a key is empty");
	return 0;
}

static int vm(const struct oci_spec *spec, struct err *err)
{
	return spec->has_vm ? unsupported(err, "vm: virtual machines are not supported") : 0;
}

/* ---- mounts, hooks ------------------------------------------------------------------------- */

static int mount_mappings(const oci_id_mappings *maps, size_t i, const char *name, struct err *err)
{
	char at[64];

	snprintf(at, sizeof(at), "mounts[%zu].%s", i, name);
	return validate_mappings(maps, at, err);
}

static int mounts(const struct oci_spec *spec, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];
		bool uids = m->uid_mappings.n || !m->gid_mappings.set;

		/* A relative one is legal and resolved from the root (M-04). */
		if (!given(m->destination))
			return invalid(err, "mounts[%zu].destination: required, but missing", i);
		if (m->uid_mappings.set != m->gid_mappings.set ||
		    !m->uid_mappings.n != !m->gid_mappings.n)
			return invalid(err, "mounts[%zu].%cidMappings: needs %cidMappings, too", i,
				       uids ? 'u' : 'g', uids ? 'g' : 'u');
		r = mount_mappings(&m->uid_mappings, i, "uidMappings", err);
		if (r == 0)
			r = mount_mappings(&m->gid_mappings, i, "gidMappings", err);
	}
	return r;
}

static int hook_list(const oci_hook_list *hooks, const char *name, struct err *err)
{
	for (size_t i = 0; i < hooks->n; i++) {
		const struct oci_hook *h = &hooks->v[i];

		if (!h->path)
			return invalid(err, "hooks.%s[%zu].path: required, but missing", name, i);
		if (*h->path != '/')
			return invalid(err, "hooks.%s[%zu].path: '%s' is not absolute", name, i,
				       h->path);
		if (h->timeout.set && h->timeout.v <= 0)
			return invalid(err, "hooks.%s[%zu].timeout: must be greater than zero",
				       name, i);
	}
	return 0;
}

static int hooks(const struct oci_spec *spec, struct err *err)
{
	const struct oci_hooks *h = spec->hooks;
	int r = 0;

	if (!h)
		return 0;
	/* In the order of oci_hook_names. */
	const oci_hook_list *lists[] = {&h->prestart,         &h->create_runtime,
					&h->create_container, &h->start_container,
					&h->poststart,        &h->poststop};

	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		r = hook_list(lists[i], oci_hook_names[i], err);
	return r;
}

static int process(const struct oci_spec *spec, struct err *err)
{
	return spec->process ? oci_validate_process(spec->process, err) : 0;
}

static int linux_(const struct oci_spec *spec, struct err *err)
{
	return spec->linux_ ? validate_linux(spec, err) : 0;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

/* clang-format off */
static const struct spec_rule rules[] = {
	{"B-06 B-07 B-08",      oci_version}, /* first: what follows is read by its meaning */
	{"R-01 R-02",           root},
	{"P-01",                process},
	{"I-01 I-03 I-04",      hostname},
	{"I-02 I-03 I-04",      domainname},
	{"M-03 M-04 M-16 M-17", mounts},
	{"H-02 H-05",           hooks},
	{"A-02",                annotations},
	{"W-01",                vm},
	{"L-20",                linux_},
};
/* clang-format on */

int oci_validate(const struct oci_spec *spec, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = rules[i].check(spec, err);
	return r;
}

/* ---- helpers of all parts
 * -------------------------------------------------------------------------- */

bool validate_is_list(const char *s)
{
	for (;;) {
		size_t n = strspn(s, "0123456789");

		if (n == 0)
			return false;
		s += n;
		if (*s == '-') {
			n = strspn(++s, "0123456789");
			if (n == 0)
				return false;
			s += n;
		}
		if (!*s)
			return true;
		if (*s++ != ',')
			return false;
	}
}
