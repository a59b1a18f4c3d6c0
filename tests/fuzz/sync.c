/* TEST: messages between runtime and init, from a peer that says what it likes.
 *
 * Input: what our side waits for, and the packets that are there by then. One byte: how many
 * waits (low four bits) and whether the peer stays (0x80). A byte for each wait: the type; with
 * 0x40 a terminal's descriptor instead. Then packets: one byte of descriptors sent along (low two
 * bits) and form (0x04: a whole sync_msg, of which the bytes are the beginning; 0x08: a header),
 * two bytes of length, the bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/sync.h"

const char fuzz_name[] = "sync";
const struct oci_type *const fuzz_type;

struct reader {
	const uint8_t *p;
	size_t left;
};

static uint8_t next(struct reader *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->p++;
}

/* One more than before is one that leaked. */
static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void send_packet(int sock, const void *buf, size_t len, unsigned n_fds)
{
	union {
		char buf[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	const int fds[3] = {sock, sock, sock};
	struct iovec iov = {.iov_base = (void *)buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, n_fds * sizeof(int));
	}
	(void)!sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void peer(int sock, struct reader *in)
{
	static struct sync_msg msg;

	for (int packets = 0; in->left && packets < 32; packets++) {
		uint8_t how = next(in);
		size_t len = next(in), form = how & 0x0c, size;

		len |= (size_t)next(in) << 8;
		len = len > in->left ? in->left : len;
		size = form == 0x04   ? sizeof(msg)
		       : form == 0x08 ? offsetof(struct sync_msg, err)
				      : len;
		memset(&msg, 'x', sizeof(msg)); /* no NUL anywhere */
		memcpy(&msg, in->p, len < sizeof(msg) ? len : sizeof(msg));
		if (form)
			send_packet(sock, &msg, size, how & 3);
		else
			send_packet(sock, in->p, len, how & 3);
		in->p += len;
		in->left -= len;
	}
}

static int wait_one(int sock, uint8_t what)
{
	struct err err;
	char name[64];
	pid_t pid = -77;
	int r, fd = -1;

	memset(&err, 'y', sizeof(err));
	if (what & 0x40) {
		ssize_t n = sock_recv(sock, name, sizeof(name), &fd);

		FUZZ_CHECK(n <= (ssize_t)sizeof(name) && (n >= 0 || fd == -1));
		close_fd(&fd);
		return n > 0 ? 0 : -1;
	}
	if (what & 0x20)
		r = sync_tell(sock, what % (SYNC_PID + 1), &err);
	else
		r = sync_expect(sock, what % (SYNC_PID + 1), what & 0x10 ? NULL : &pid, &err);
	fuzz_check_error(r, &err);
	FUZZ_CHECK(r <= 0 && (r == 0 || r == -err.code));
	FUZZ_CHECK(r == 0 || pid == -77);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader in = {data, size};
	uint8_t head = next(&in), waits[15];
	int pair[2], before = open_fds(), n = head & 15;

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ==
		   0);
	for (int i = 0; i < n && i < 15; i++)
		waits[i] = next(&in);
	peer(pair[1], &in);
	if (!(head & 0x80))
		close_fd(&pair[1]);
	for (int i = 0; i < n; i++)
		if (wait_one(pair[0], waits[i]) < 0)
			break;
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	FUZZ_CHECK(open_fds() == before);
	return 0;
}
