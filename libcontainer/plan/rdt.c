/* PURE: linux.intelRdt: the class of a container, and schemata by what they mean. */
#include <errno.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

static void add_line(struct plan_rdt *rdt, const char *line)
{
	if (line && *line)
		rdt->lines[rdt->n_lines++] = line;
}

void plan_rdt_build(struct plan *plan, const struct plan_input *in)
{
	const struct oci_linux *l = in->spec->linux_;
	const struct oci_intel_rdt *oci = l ? l->intel_rdt : NULL;
	struct plan_rdt *rdt;

	if (!oci)
		return;
	rdt = arena_new(&plan->arena, struct plan_rdt);
	rdt->given = oci->clos_id && *oci->clos_id;
	if (rdt->given) /* T-03, T-04 */
		rdt->clos = streq(oci->clos_id, "/") ? "." : oci->clos_id;
	else
		rdt->clos = in->id; /* T-05 */
	rdt->monitor = oci->enable_monitoring.v;
	/* T-09: in this order, so that schemata wins */
	rdt->lines = arena_array(&plan->arena, const char *, oci->schemata.n + 2);
	add_line(rdt, oci->l3_cache_schema);
	add_line(rdt, oci->mem_bw_schema);
	for (size_t i = 0; i < oci->schemata.n; i++)
		add_line(rdt, oci->schemata.v[i]);
	plan->rdt = rdt;
}

/* ---- schemata --------------------------------------------------------------------------------
 *
 * "    L3:0=7ff;1=7ff": a resource, then a value for each of its domains. Caches have bit masks in
 * hexadecimal, bandwidths are decimal. The kernel drops leading zeros, aligns with blanks, sorts
 * and adds what a line leaves out, so texts cannot be compared (T-12).
 */

struct part {
	const char *text;
	size_t len;
};

struct domain {
	struct part resource, id, value;
};

static struct part trimmed(const char *s, size_t len)
{
	while (len && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return (struct part){s, len};
}

static bool same_text(struct part a, struct part b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool number(struct part p, int base, uint64_t *ret)
{
	uint64_t v = 0;

	if (base == 16 && p.len > 2 && p.text[0] == '0' && (p.text[1] | 0x20) == 'x')
		p = (struct part){p.text + 2, p.len - 2};
	if (!p.len || p.len > 16)
		return false;
	for (size_t i = 0; i < p.len; i++) {
		if (digit(p.text[i]) >= base)
			return false;
		v = v * (uint64_t)base + (uint64_t)digit(p.text[i]);
	}
	*ret = v;
	return true;
}

static bool same_number(struct part a, struct part b, int base)
{
	uint64_t x = 0, y = 0;

	return number(a, base, &x) && number(b, base, &y) ? x == y : same_text(a, b);
}

static bool same_domain(const struct domain *a, const struct domain *b)
{
	return same_text(a->resource, b->resource) && same_number(a->id, b->id, 10);
}

static bool same_value(const struct domain *a, const struct domain *b)
{
	bool decimal = memmem(a->resource.text, a->resource.len, "MB", 2) != NULL; /* MB, SMBA */

	return same_number(a->value, b->value, decimal ? 10 : 16);
}

/* The next domain of *P, a text of lines, with RET as it was left by the last call. */
static bool next_domain(const char **p, struct domain *ret)
{
	while (**p) {
		size_t len = strcspn(*p, ":=;\n");
		struct part part = trimmed(*p, len);
		char end = (*p)[len];

		*p += len + (end != '\0');
		if (end == ':') {
			ret->resource = part;
			continue;
		}
		if (end != '=') /* the end of a line, or what nobody can understand */
			continue;
		len = strcspn(*p, ";\n");
		ret->id = part;
		ret->value = trimmed(*p, len);
		*p += len + ((*p)[len] != '\0');
		return true;
	}
	return false;
}

/* The last domain in LINES that is the one of WANTED: it is what counts. */
static struct domain last_of(const char *const *lines, size_t n, const struct domain *wanted)
{
	struct domain last = *wanted;

	for (size_t i = 0; i < n; i++) {
		const char *p = lines[i];
		struct domain d = {0};

		while (next_domain(&p, &d))
			if (same_domain(&d, wanted))
				last = d;
	}
	return last;
}

static bool has_value(const char *have, const struct domain *wanted)
{
	struct domain d = {0};

	while (next_domain(&have, &d))
		if (same_domain(&d, wanted) && same_value(&d, wanted))
			return true;
	return false;
}

int rdt_schemata_match(const char *have, const char *const *lines, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *p = lines[i];
		struct domain d = {0};

		while (next_domain(&p, &d)) {
			struct domain wanted = last_of(lines, n, &d);

			if (has_value(have, &wanted))
				continue;
			return err_fail(err, EEXIST, "'%.*s:%.*s=%.*s' is not what it has",
					(int)wanted.resource.len, wanted.resource.text,
					(int)wanted.id.len, wanted.id.text, (int)wanted.value.len,
					wanted.value.text);
		}
	}
	return 0;
}
