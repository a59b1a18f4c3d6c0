/* INIT: the loopback interface of a new network namespace. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "namespaces/ns.h"

int ns_loopback_up(struct err *err)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {.ifr_name = "lo"};

	if (fd < 0)
		return err_sys(err, errno, "open a socket to bring interface 'lo' up");
	if (ioctl(fd, SIOCGIFFLAGS, &req) < 0)
		return err_sys(err, errno, "read the flags of interface 'lo'");
	req.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return err_sys(err, errno, "bring interface 'lo' up");
	return 0;
}
