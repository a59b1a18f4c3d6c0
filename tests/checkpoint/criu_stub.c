/* TEST: stands in for CRIU: `criu swrk FD` that answers what is asked of its version and features,
 * writes the request for a dump or a restore beside itself, to NAME.said, as lines "NUMBER=VALUE"
 * of CRIU's criu_opts, and refuses it. Numbers are those of CRIU's rpc.proto; nested messages are
 * shown as "NUMBER.NUMBER=VALUE". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MINOR
#define MINOR 2 /* of version 4 */
#endif

enum { NOTIFY = 6, FEATURE_CHECK = 9, VERSION = 10 };

static unsigned long long varint(const unsigned char **p, const unsigned char *end)
{
	unsigned long long n = 0;

	for (int shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char c = *(*p)++;

		n |= (unsigned long long)(c & 127) << shift;
		if (!(c & 128))
			break;
	}
	return n;
}

/* ext_mnt, ps, cg_root, inherit_fd, join_ns */
static int is_message(unsigned field)
{
	return field == 23 || field == 11 || field == 25 || field == 27 || field == 39;
}

static void show(FILE *out, const char *prefix, const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		unsigned long long tag = varint(&p, end), n = varint(&p, end);
		char name[64];

		snprintf(name, sizeof(name), "%s%llu", prefix, tag >> 3);
		if ((tag & 7) == 0) {
			fprintf(out, "%s=%lld\n", name, (long long)n);
			continue;
		}
		if ((tag & 7) != 2 || n > (unsigned long long)(end - p))
			exit(3);
		if (!*prefix && is_message((unsigned)(tag >> 3))) {
			strcat(name, ".");
			show(out, name, p, p + n);
		} else {
			fprintf(out, "%s=%.*s\n", name, (int)n, (const char *)p);
		}
		p += n;
	}
}

/* The request's type; what it has of options goes to the file. */
static unsigned listen_to(const unsigned char *p, const unsigned char *end)
{
	char path[512] = "";
	unsigned type = 0;
	FILE *out;

	if (readlink("/proc/self/exe", path, sizeof(path) - 8) < 0)
		exit(4);
	strcat(path, ".said");
	while (p < end) {
		unsigned long long tag = varint(&p, end), v = varint(&p, end);

		if (tag >> 3 == 1)
			type = (unsigned)v;
		if ((tag & 7) != 2)
			continue;
		if (tag >> 3 == 2 && type != NOTIFY) {
			out = fopen(path, "w");
			if (!out)
				exit(5);
			fprintf(out, "type=%u\n", type);
			show(out, "", p, p + v);
			fclose(out);
		}
		p += v;
	}
	return type;
}

int main(int argc, char **argv)
{
	static unsigned char buf[1 << 20];
	static char features[] = "\010\011\020\001\102\004\010\001\020\001";
	static const char version[] = {010, 012, 020, 1, 0122, 4, 010, 4, 020, MINOR};
	char refusal[] = "\010?\020\000\112\007refused";
	int fd = argc == 3 && !strcmp(argv[1], "swrk") ? atoi(argv[2]) : -1;
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0) {
		unsigned type = listen_to(buf, buf + len);

		refusal[1] = (char)type;
		if (type == VERSION)
			send(fd, version, sizeof(version), 0);
		else if (type == FEATURE_CHECK)
			send(fd, features, sizeof(features) - 1, 0);
		else
			send(fd, refusal, sizeof(refusal) - 1, 0);
	}
	return 0;
}
