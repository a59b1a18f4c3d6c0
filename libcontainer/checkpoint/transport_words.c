/* PURE: where a migration goes, and the words of commands. */
#include "libcontainer/checkpoint/transport.h"

#include <errno.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

static int parse_fd(struct arena *a, const char *text, struct transport_to *ret, struct err *err)
{
	const char *comma = strchr(text, ',');
	uint32_t in, out;

	if (str_to_u32(comma ? arena_strndup(a, text, (size_t)(comma - text)) : text, &in) < 0 ||
	    in > INT32_MAX)
		return err_fail(err, EINVAL, "'fd:%s': not fd:N or fd:IN,OUT", text);
	out = in;
	if (comma && (str_to_u32(comma + 1, &out) < 0 || out > INT32_MAX || out == in))
		return err_fail(err, EINVAL, "'fd:%s': not fd:N or fd:IN,OUT", text);
	*ret = (struct transport_to){.kind = TRANSPORT_FD, .in = (int)in, .out = (int)out};
	return 0;
}

/* The attacker wrote the name into a list that someone passes on: it must not be an option. */
static bool is_host(const char *host)
{
	const char *at = strrchr(host, '@'), *name = at ? at + 1 : host;

	if (!*name || *name == '-' || *host == '-' || at == host)
		return false;
	for (const char *p = host; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return false;
	return true;
}

/* HOST[:BUNDLE], [v6]:BUNDLE, either behind USER@. */
static int parse_ssh(struct arena *a, const char *text, struct transport_to *ret, struct err *err)
{
	const char *at = strchr(text, '@'), *host = at ? at + 1 : text, *end, *rest;

	*ret = (struct transport_to){.kind = TRANSPORT_SSH, .in = -1, .out = -1};
	if (*host == '[') {
		end = strchr(host, ']');
		if (!end || end == host + 1 || (end[1] && end[1] != ':'))
			return err_fail(err, EINVAL, "'%s': not [USER@][ADDRESS]:BUNDLE", text);
		rest = end + 1;
		ret->host = arena_printf(a, "%.*s%.*s", (int)(host - text), text,
					 (int)(end - host - 1), host + 1);
	} else {
		end = rest = host + strcspn(host, ":");
		ret->host = arena_strndup(a, text, (size_t)(end - text));
	}
	if (*rest == ':' && rest[1] == ':') {
		err_fail(err, EINVAL, "'%s': is that an address of IPv6?", text);
		err_hint(err, "[ADDRESS]:BUNDLE");
		return -EINVAL;
	}
	if (!is_host(ret->host))
		return err_fail(err, EINVAL, "'%s' does not name a host", text);
	ret->bundle = *rest == ':' && rest[1] ? arena_strdup(a, rest + 1) : NULL;
	return 0;
}

/* A path has one spelling: "/srv/web/" is "/srv/web". */
static const char *one_spelling(struct arena *a, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return arena_strndup(a, path, n);
}

int transport_parse(struct arena *a, const char *text, struct transport_to *ret, struct err *err)
{
	struct transport_to to = {0};
	int r;

	if (str_starts(text, "fd:")) {
		r = parse_fd(a, text + 3, &to, err);
	} else if (str_starts(text, "local:")) {
		to = (struct transport_to){.kind = TRANSPORT_LOCAL, .in = -1, .out = -1};
		to.bundle = text[6] ? arena_strdup(a, text + 6) : NULL;
		r = 0;
	} else {
		r = parse_ssh(a, text, &to, err);
	}
	if (r == 0)
		*ret = to;
	if (r == 0 && to.bundle)
		ret->bundle = one_spelling(a, to.bundle);
	return r;
}

/* ---- words ------------------------------------------------------------------------------ */

static const char *const blanks = " \t\n";

/* The word at *P to BUF; *P is behind it. NULL: a quote has no end. */
static char *next_word(const char **p, char *buf)
{
	char quote = 0;
	const char *s = *p;

	for (; *s && (quote || !strchr(blanks, *s)); s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"') {
			quote = quote ? 0 : *s;
			continue;
		}
		if (*s == '\\' && quote != '\'' && s[1])
			s++;
		*buf++ = *s;
	}
	*buf = '\0';
	*p = s;
	return quote ? NULL : buf;
}

int transport_words(struct arena *a, const char *command, const char *const **ret, struct err *err)
{
	const char **words = NULL, *p = command + strspn(command, blanks);
	char *buf = arena_alloc(a, strlen(command) + 1), *end;
	size_t n = 0;

	while (*p) {
		*arena_push(a, &words, &n) = buf;
		end = next_word(&p, buf);
		if (!end)
			return err_fail(err, EINVAL, "command '%s': a quote has no end", command);
		buf = end + 1;
		p += strspn(p, blanks);
	}
	if (!n)
		return err_fail(err, EINVAL, "command '%s': it is empty", command);
	*arena_push(a, &words, &n) = NULL;
	*ret = words;
	return 0;
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=,@%+-";

	return *word && !word[strspn(word, plain)];
}

const char *transport_quote(struct arena *a, const char *const *words)
{
	size_t size = 1;
	struct strbuf sb = {0};

	/* A quote becomes four signs. */
	for (size_t i = 0; words[i]; i++)
		size += 4 * strlen(words[i]) + 3;
	sb = (struct strbuf){.buf = arena_alloc(a, size), .size = size};
	for (size_t i = 0; words[i]; i++) {
		strbuf_add(&sb, "%s", i ? " " : "");
		if (is_plain(words[i])) {
			strbuf_add(&sb, "%s", words[i]);
			continue;
		}
		strbuf_add(&sb, "'");
		for (const char *p = words[i]; *p; p++)
			if (*p == '\'')
				strbuf_add(&sb, "'\\''");
			else
				strbuf_add(&sb, "%c", *p);
		strbuf_add(&sb, "'");
	}
	return sb.buf;
}

int transport_ssh_argv(struct arena *a, const char *ssh, const char *host,
		       const char *const *receive, const char *const **ret, struct err *err)
{
	/* No terminal over there; a host that does not answer, or does not any more, is found out
	 * long before TCP does; what follows is no option. */
	static const char *const plain[] = {"ssh", "-T",
					    "-o",  "ConnectTimeout=10",
					    "-o",  "ServerAliveInterval=15",
					    "-o",  "ServerAliveCountMax=4",
					    "--",  NULL};
	const char *const *words = plain;
	const char **argv = NULL;
	size_t n = 0;
	int r = ssh ? transport_words(a, ssh, &words, err) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; words[i]; i++)
		*arena_push(a, &argv, &n) = words[i];
	*arena_push(a, &argv, &n) = host;
	/* One word: ssh would join several by blanks, and a shell over there parts them again. */
	*arena_push(a, &argv, &n) = transport_quote(a, receive);
	*arena_push(a, &argv, &n) = NULL;
	*ret = argv;
	return 0;
}
