/* PURE: durations as Go writes them. */
#include <errno.h>
#include <limits.h>

#include "cmd/options.h"
#include "libcontainer/base/str.h"

static int unit_ns(const char **s, uint64_t *ret)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { /* longer names before their prefixes */
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* micro sign */
		{"\xce\xbcs", 1000}, /* Greek mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60 * 1000000000ull},
		{"h", 3600 * 1000000000ull},
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_starts(*s, units[i].name))
			continue;
		*s += strlen(units[i].name);
		*ret = units[i].ns;
		return 0;
	}
	return -EINVAL;
}

/* One "1.5h": digits with an optional fraction, then a unit. */
static int part(const char **s, uint64_t *ret_ns)
{
	uint64_t whole = 0, fraction = 0, scale = 1, unit;
	bool any = false;

	for (; **s >= '0' && **s <= '9'; (*s)++, any = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(**s - '0'), &whole))
			return -ERANGE;
	if (**s == '.') {
		for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, any = true) {
			if (scale >= 1000000) /* finer than we can tell */
				continue;
			fraction = fraction * 10 + (uint64_t)(**s - '0');
			scale *= 10;
		}
	}
	if (!any || unit_ns(s, &unit) < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, ret_ns) ||
	    __builtin_add_overflow(*ret_ns, fraction * unit / scale, ret_ns))
		return -ERANGE;
	return 0;
}

int cli_parse_duration(const char *s, int *ret_ms)
{
	uint64_t sum = 0, ns, ms;

	if (streq(s, "0")) {
		*ret_ms = 0;
		return 0;
	}
	do {
		int r = part(&s, &ns);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, ns, &sum))
			return -ERANGE;
	} while (*s);
	ms = sum ? (sum + 999999 < sum ? sum : sum + 999999) / 1000000 : 0;
	if (ms > INT_MAX)
		return -ERANGE;
	*ret_ms = (int)ms;
	return 0;
}
