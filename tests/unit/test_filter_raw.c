/* TEST: programs that come as text. */
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>

#include "libcontainer/base/cleanup.h"
#include "tests/unit/test_filter_sim.h"

/* RFC 4648, for what the tests need. */
static char *encode(struct arena *a, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	char *out = arena_alloc(a, len * 2 + 8), *o = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)p[i] << 16;

		bits |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= i + 2 < len ? p[i + 2] : 0;
		*o++ = digits[bits >> 18];
		*o++ = digits[bits >> 12 & 63];
		*o++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
		*o++ = i + 2 < len ? digits[bits & 63] : '=';
	}
	return out;
}

static const struct oci_seccomp no_flags = {.flags = {.set = true}};

static const char *refusal(struct arena *a, const char *text)
{
	static struct err err;
	struct plan_filter f;

	err = ERR_NONE;
	CHECK(filter_from_text(a, text, &no_flags, false, &f, &err) < 0);
	return err.text;
}

static void good(void)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct plan_filter want, got;

	must_compile(&a, prof_large(&a), &want);
	CHECK_INT(filter_from_text(&a, encode(&a, want.insns, want.n * 8), &no_flags, true, &got,
				   &err),
		  0);
	CHECK_UINT(got.n, want.n);
	CHECK(memcmp(got.insns, want.insns, want.n * 8) == 0);
	CHECK_UINT(got.flags, 0);
}

/* RFC 4648, section 10, and what is not of that form. */
static void base64(void)
{
	static const char *const bad[] = {
		"Zg=",    "Z===", "====", "Zm9v=", "Zm9vYg", "Zm 9v",
		"Zm9v\n", "Zm-_", "Zh==", "Zm9=",  "=m9v",   "Zm9vZg==Zm9v"};
	static const char *const odd[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"};
	auto_arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_STR(refusal(&a, bad[i]), "the value is not base64");
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		CHECK_HAS(refusal(&a, odd[i]), "bytes are not instructions of 8 bytes each");
	CHECK_STR(refusal(&a, "Zm9vYmFyYmE="), "the kernel does not take the program (seccomp(2))");
}

static void programs(void)
{
	struct sock_filter none[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)},
			   beyond[] = {BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0),
				       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
			   outside[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64),
					BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	auto_arena a = ARENA_INIT;
	struct sock_filter *many = arena_array(&a, struct sock_filter, BPF_MAXINSNS + 1);

	CHECK_HAS(refusal(&a, encode(&a, none, sizeof(none))), "kernel does not take");
	CHECK_HAS(refusal(&a, encode(&a, beyond, sizeof(beyond))), "kernel does not take");
	CHECK_HAS(refusal(&a, encode(&a, outside, sizeof(outside))), "kernel does not take");
	CHECK_HAS(refusal(&a, encode(&a, many, sizeof(*many) * (BPF_MAXINSNS + 1))),
		  "4097 instructions, the kernel takes 4096");
}

/* What a program returns decides on the listener. */
static void notifications(void)
{
	static const struct {
		struct sock_filter last;
		bool agent, want;
	} rows[] = {
		{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), true, false},
		{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), false, true},
		{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF | 5), true, true},
		{BPF_STMT(BPF_RET | BPF_A, 0), false, false},
		{BPF_STMT(BPF_RET | BPF_A, 0), true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena a = ARENA_INIT;
		struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), rows[i].last};
		struct err err = ERR_NONE;
		struct plan_filter got;

		CHECK_INT(filter_from_text(&a, encode(&a, f, sizeof(f)), &no_flags, rows[i].agent,
					   &got, &err),
			  0);
		CHECK_UINT(got.flags, rows[i].want ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	}
}

static const struct unit_case cases[] = {
	{"a program comes through as it is", good},
	{"what is not base64", base64},
	{"what is no program", programs},
	{"what needs a listener", notifications},
};
UNIT_MAIN(cases)
