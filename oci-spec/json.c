/* PURE: the only file that knows yajl: tokens become events. */
#include "oci-spec/json.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"

struct parse {
	yajl_handle yajl;
	json_handler *handler;
	void *ctx;
	struct err *err;
	size_t pos; /* end of the token whose event failed */
};

static int emit(struct parse *p, const struct json_token *token)
{
	if (p->handler(p->ctx, token, p->err) == 0)
		return 1;
	p->pos = yajl_get_bytes_consumed(p->yajl);
	return 0;
}

static int emit_text(void *ctx, enum json_event event, const char *text, size_t len)
{
	return emit(ctx, &(struct json_token){.event = event, .text = text, .len = len});
}

static int on_null(void *ctx)
{
	return emit_text(ctx, JSON_NULL, "", 0);
}

static int on_bool(void *ctx, int value)
{
	return emit(ctx, &(struct json_token){.event = JSON_BOOL, .text = "", .value = value != 0});
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return emit_text(ctx, JSON_NUMBER, text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	return emit_text(ctx, JSON_STRING, (const char *)text, len);
}

static int on_object(void *ctx)
{
	return emit_text(ctx, JSON_OBJECT, "", 0);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	return emit_text(ctx, JSON_KEY, (const char *)text, len);
}

static int on_object_end(void *ctx)
{
	return emit_text(ctx, JSON_OBJECT_END, "", 0);
}

static int on_array(void *ctx)
{
	return emit_text(ctx, JSON_ARRAY, "", 0);
}

static int on_array_end(void *ctx)
{
	return emit_text(ctx, JSON_ARRAY_END, "", 0);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

/* ---- memory: an arena's, as many small files are read in a row (list) ------------------- */

static void *take(void *ctx, size_t size)
{
	size_t *p = arena_alloc(ctx, size + 16);

	*p = size;
	return (char *)p + 16;
}

static void give_back(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

static void *take_more(void *ctx, void *p, size_t size)
{
	void *bigger = take(ctx, size);
	size_t have = p ? *(const size_t *)((const char *)p - 16) : 0;

	if (have)
		memcpy(bigger, p, have < size ? have : size);
	return bigger;
}

/* yajl's sentence without its "parse error: " and line end. */
static void grammar_error(struct parse *p, struct err *err)
{
	unsigned char *said = yajl_get_error(p->yajl, 0, NULL, 0);
	const char *s = (const char *)said, *colon = strstr(s, "error: ");
	int len;

	s = colon ? colon + strlen("error: ") : s;
	len = (int)strcspn(s, "\n");
	len -= len > 0 && s[len - 1] == '.';
	err_fail(err, EINVAL, "%.*s", len, s);
	yajl_free_error(p->yajl, said);
}

static int failed(struct parse *p, const char *name, const char *text, size_t len, bool at_end,
		  struct err *err)
{
	size_t end = yajl_get_bytes_consumed(p->yajl);

	if (p->err->code) /* the handler's */
		return json_place(name, text, len, json_token_start(text, p->pos), err);
	if (at_end) {
		err_fail(err, EINVAL, "unexpected end of file");
		return json_place(name, text, len, len, err);
	}
	grammar_error(p, err);
	return json_place(name, text, len, json_token_start(text, end), err);
}

int json_parse(const char *name, const char *text, size_t len, json_handler *handler, void *ctx,
	       struct err *err)
{
	struct parse p = {.handler = handler, .ctx = ctx, .err = err};
	auto_arena a = ARENA_INIT;
	yajl_alloc_funcs memory = {take, take_more, give_back, &a};
	yajl_status status;
	int r = json_scan(name, text, len, err);

	if (r < 0)
		return r;
	p.yajl = yajl_alloc(&callbacks, &memory, &p);
	if (!p.yajl)
		return err_fail(err, ENOMEM, "%s: out of memory", name);
	yajl_config(p.yajl, yajl_dont_validate_strings, 1); /* scan.c did */
	err_clear(err);
	status = yajl_parse(p.yajl, (const unsigned char *)text, len);
	if (status != yajl_status_ok) {
		r = failed(&p, name, text, len, false, err);
	} else {
		status = yajl_complete_parse(p.yajl);
		if (status != yajl_status_ok)
			r = failed(&p, name, text, len, true, err);
	}
	yajl_free(p.yajl);
	return r;
}
