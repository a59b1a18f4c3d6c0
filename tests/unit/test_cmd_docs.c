/* TEST: the tables of commands are sane, and what is generated from them is fresh. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"

static struct arena arena;

static void check_sentence(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	CHECK(len > 3);
	CHECK(!(s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' && s[1] <= 'z'));
	CHECK(s[len - 1] != '.' && s[len - 1] != ' ' && s[0] != ' ');
}

static void check_table(const char *where, const struct cli_option *table)
{
	printf("# %s\n", where);
	for (const struct cli_option *o = table; o->name; o++) {
		CHECK(strncmp(o->name, "-", 1) != 0 && !strchr(o->name, '=') && o->name[0]);
		CHECK(strcmp(o->name, "help") != 0 && o->letter != 'h');
		for (const struct cli_option *p = table; p < o; p++) {
			CHECK(strcmp(p->name, o->name) != 0);
			CHECK(!o->letter || p->letter != o->letter);
		}
		if (o->kind != CLI_FLAG)
			CHECK(o->arg && o->arg[0]);
		if (o->kind == CLI_CHOICE || o->kind == CLI_SWITCH)
			CHECK(strchr(o->arg, '|'));
		if (!o->hidden)
			check_sentence(o->help);
	}
}

static void test_tables(void)
{
	check_table("global", cli_global_options);
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];

		check_table(c->name, c->options);
		check_sentence(c->help);
		CHECK(c->manual && c->manual[0] && c->operands && c->run);
		CHECK(c->max_operands < 0 || c->min_operands <= c->max_operands);
		CHECK(!c->names_container || c->min_operands >= 1);
		CHECK(cli_command_find(c->name) == c);
		CHECK(c->options[0].name == NULL || c->options_size > 0);
	}
	CHECK(cli_command_find("checkpoin") == NULL);
	CHECK(cli_command_find("") == NULL);
}

/* The options that engines pass (those of runc: J-02, J-10, J-11, J-13, J-14). */
static void test_contract(void)
{
	static const struct {
		const char *command, *options;
	} wanted[] = {
		{"create", "bundle pid-file console-socket pidfd-socket no-pivot no-new-keyring "
			   "preserve-fds no-subreaper detach config"},
		{"run", "bundle pid-file console-socket pidfd-socket no-pivot no-new-keyring "
			"preserve-fds no-subreaper detach keep config"},
		{"exec",
		 "process pid-file detach tty console-socket pidfd-socket preserve-fds user "
		 "cwd env cap no-new-privs apparmor process-label additional-gids cgroup "
		 "ignore-paused"},
		{"kill", "all"},
		{"delete", "force"},
		{"ps", "format"},
		{"list", "format quiet"},
		{"update", "resources blkio-weight cpu-period cpu-quota cpu-burst cpu-share "
			   "cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems cpu-idle memory "
			   "memory-swap memory-reservation pids-limit kernel-memory "
			   "kernel-memory-tcp l3-cache-schema mem-bw-schema"},
		{"events", "stats interval"},
		{"spec", "bundle rootless"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct cli_command *c = cli_command_find(wanted[i].command);

		CHECK(c != NULL);
		for (const char *o = wanted[i].options; *o;) {
			size_t n = strcspn(o, " ");

			printf("# %s --%.*s\n", c->name, (int)n, o);
			CHECK(cli_find(c->options, o, n) != NULL);
			o += n + strspn(o + n, " ");
		}
	}
	for (const char *o = "root log log-format debug log-level systemd-cgroup cgroup-manager "
			     "rootless criu version";
	     *o;) {
		size_t n = strcspn(o, " ");

		CHECK(cli_find(cli_global_options, o, n) != NULL);
		o += n + strspn(o + n, " ");
	}
}

static void check_help(const struct cli_command *c)
{
	const char *text = cli_help_text(&arena, c);

	CHECK_HAS(text, "Usage: hull ");
	CHECK_HAS(text, "--help");
	for (const struct cli_option *o = c ? c->options : cli_global_options; o->name; o++) {
		bool shown = strstr(text, arena_printf(&arena, "--%s", o->name)) != NULL;

		CHECK(shown || o->hidden);
	}
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("# %.*s\n", (int)n, text);
		CHECK(n <= 80);
		CHECK(n == 0 || text[n - 1] != ' ');
		text += n + (text[n] == '\n');
	}
}

static void test_help(void)
{
	check_help(NULL);
	for (size_t i = 0; cli_commands[i]; i++)
		check_help(cli_commands[i]);
}

/* Docker reads every line with the word "version" and keeps the last. */
static void test_version(void)
{
	const char *text = cli_version_text(&arena, "/usr/bin/hull"), *line2 = strchr(text, '\n');
	const char *head = "hull version " PACKAGE_VERSION "\n";

	CHECK(strncmp(text, head, strlen(head)) == 0);
	CHECK(line2 && !strstr(line2, "version"));
	CHECK_HAS(line2, "\nspec: 1.3.0\n");
	CHECK_HAS(line2, "\nlibseccomp: 2.");
	CHECK(text[strlen(text) - 1] == '\n');
}

/* `make docs` writes these files. */
static void test_fresh(void)
{
	const char *srcdir = getenv("srcdir");

	for (const struct cli_doc *d = cli_docs(&arena); d->file; d++) {
		struct err err;
		size_t len;
		char *text;
		const char *path =
			arena_printf(&arena, "%s/docs/%s", srcdir ? srcdir : ".", d->file);

		printf("# %s: 'make docs' writes it\n", path);
		CHECK_INT(io_read_file(&arena, AT_FDCWD, path, 1 << 20, &text, &len, &err), 0);
		CHECK(strcmp(text, d->text) == 0);
	}
}

static const struct unit_case cases[] = {
	{"tables are sane", test_tables},
	{"every option that engines pass is known", test_contract},
	{"help has every option and fits a terminal", test_help},
	{"version", test_version},
	{"the manual pages and the completions are fresh", test_fresh},
};

UNIT_MAIN(cases)
