/* TEST: what containers of engines run: lock, holds a lock; talk, counts over a TCP connection with
 * itself. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_NAME "/srv/lock"

static int locks(void)
{
	return flock(open(FILE_NAME, O_RDWR | O_CREAT, 0600), LOCK_EX | LOCK_NB);
}

static int lock(void)
{
	if (locks() < 0)
		return 1;
	puts("locked");
	fflush(stdout);
	for (;;)
		pause();
}

static int talk(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
	int server = socket(AF_INET, SOCK_STREAM, 0), n = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0), from;

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (bind(server, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(server, 1) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return 1;
	from = accept(server, NULL, NULL);
	for (;;) {
		int got;

		n++;
		if (write(fd, &n, sizeof(n)) != sizeof(n) ||
		    read(from, &got, sizeof(got)) != sizeof(got))
			return 1;
		printf("%d\n", got);
		fflush(stdout);
		usleep(50000);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "lock") == 0)
		return lock();
	if (argc == 2 && strcmp(argv[1], "is-locked") == 0)
		return locks() == 0;
	return argc == 2 && strcmp(argv[1], "talk") == 0 ? talk() : 2;
}
