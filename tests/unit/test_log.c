/* TEST: log lines are valid JSON, or as logrus writes them, whatever is in the message. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcontainer/base/log.h"

static char path[] = "/tmp/test_log.XXXXXX";

static void open_log(enum log_format format, bool debug)
{
	struct err err;
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(log_open(path, format, debug, &err), 0);
}

/* The file's text; the file is gone then. The time is replaced by 'T's. */
static const char *logged(void)
{
	static char buf[8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	unlink(path);
	CHECK(n >= 0);
	buf[n] = '\0';
	for (char *p = buf; (p = strstr(p, "\"2")) != NULL; p++)
		for (char *q = p + 1; *q && *q != '"'; q++)
			*q = (*q >= '0' && *q <= '9') ? '#' : *q;
	return buf;
}

#define TIME "####-##-##T##:##:##.#########Z" /* RFC 3339 */

static void test_json(void)
{
	open_log(LOG_JSON, false);
	log_warn("not at this verbosity");
	log_debug("nor this");
	log_error("a \"b\" \\ c\nd\te");
	CHECK_STR(logged(), "{\"level\":\"error\",\"msg\":\"a \\\"b\\\" \\\\ c\\nd\\u0009e\","
			    "\"time\":\"" TIME "\"}\n");
}

static void test_json_utf8(void)
{
	open_log(LOG_JSON, false);
	log_error("%s", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3 \xff \xc3 \xed\xa0\x80.");
	CHECK_STR(logged(), "{\"level\":\"error\",\"msg\":\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
			    "\xf0\x9f\x90\xb3 \\\\xff \\\\xc3 \\\\xed\\\\xa0\\\\x80.\","
			    "\"time\":\"" TIME "\"}\n");
}

static void test_text(void)
{
	open_log(LOG_TEXT, true);
	log_error("a \"b\"\nc \xc3\xbc \xff\x01");
	log_warn("w");
	log_debug("d");
	CHECK_STR(logged(),
		  "time=\"" TIME "\" level=error msg=\"a \\\"b\\\"\\nc \xc3\xbc \\xff\\x01\"\n"
		  "time=\"" TIME "\" level=warning msg=\"w\"\n"
		  "time=\"" TIME "\" level=debug msg=\"d\"\n");
}

/* Engines share one file among containers: whole lines, appended. */
static void test_append(void)
{
	struct err err;

	open_log(LOG_JSON, false);
	log_error("a");
	CHECK_INT(log_open(path, LOG_JSON, false, &err), 0);
	log_error("b");
	CHECK_STR(logged(), "{\"level\":\"error\",\"msg\":\"a\",\"time\":\"" TIME "\"}\n"
			    "{\"level\":\"error\",\"msg\":\"b\",\"time\":\"" TIME "\"}\n");
}

static void test_long(void)
{
	char text[4000];
	const char *line;

	memset(text, 1, sizeof(text) - 1); /* the longest escapes */
	text[sizeof(text) - 1] = '\0';
	open_log(LOG_JSON, false);
	log_error("%s", text);
	line = logged();
	CHECK(strlen(line) > 2000);
	CHECK(strcmp(line + strlen(line) - 3, "\"}\n") == 0);
	CHECK(strchr(line, '\n') == line + strlen(line) - 1);
}

static void test_unwritable(void)
{
	struct err err = ERR_NONE;

	CHECK(log_open("/nonexistent/dir/log", LOG_TEXT, false, &err) < 0);
	CHECK_HAS(err.text, "/nonexistent/dir/log");
	CHECK(log_to_stderr());
}

/* For the end of the one line of error. */
static void test_later(void)
{
	CHECK_STR(log_said_later(), "");
	log_later("undo: %s", "a");
	log_later("b");
	CHECK_STR(log_said_later(), "; undo: a; b");
	for (int i = 0; i < 500; i++)
		log_later("0123456789");
	CHECK(strlen(log_said_later()) < 1024);
}

static void test_sockets(void)
{
	struct err err = ERR_NONE;

	CHECK(log_open("nosuch:/nonexistent/dir/log", LOG_TEXT, false, &err) < 0);
	CHECK_HAS(err.text, "open log file 'nosuch:/nonexistent");
	CHECK(log_open("file:/nonexistent/dir/log", LOG_TEXT, false, &err) < 0);
	CHECK_HAS(err.text, "open log file '/nonexistent");
}

static const struct unit_case cases[] = {
	{"JSON lines", test_json},
	{"UTF-8 passes, other bytes are escaped", test_json_utf8},
	{"text lines", test_text},
	{"lines are appended", test_append},
	{"a long message is cut, not its line", test_long},
	{"a log that cannot be opened", test_unwritable},
	{"what is told at the end", test_later},
	{"places by their prefix", test_sockets},
};

UNIT_MAIN(cases)
