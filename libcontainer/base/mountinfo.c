/* BOTH SIDES: the table of mounts as the kernel shows it. */
#include "mountinfo.h"

#include <string.h>

#include "str.h"

/* Blank, tab, newline and backslash are written as \ooo. */
char *mountinfo_unescape(char *s)
{
	char *start = s, *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
	return start;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse(char *line, struct mountinfo *ret)
{
	char *save, *word = strtok_r(line, " ", &save), *fields[5];

	for (int i = 0; i < 5; i++) {
		if (!word)
			return false;
		fields[i] = word;
		word = strtok_r(NULL, " ", &save);
	}
	while (word && !streq(word, "-"))
		word = strtok_r(NULL, " ", &save);
	ret->type = word ? strtok_r(NULL, " ", &save) : NULL;
	ret->options = ret->type && strtok_r(NULL, " ", &save) ? strtok_r(NULL, " ", &save) : NULL;
	if (!ret->type || str_to_u64(fields[0], &ret->id) < 0)
		return false;
	ret->dev = fields[2];
	ret->root = mountinfo_unescape(fields[3]);
	ret->point = mountinfo_unescape(fields[4]);
	return true;
}

bool mountinfo_next(char **text, struct mountinfo *ret)
{
	for (char *line; (line = strsep(text, "\n"));)
		if (parse(line, ret))
			return true;
	return false;
}
