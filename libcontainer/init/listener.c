/* INIT: load a filter with notifications, and hand its listener over. */
#include <poll.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/thread.h"
#include "libcontainer/init/side.h"
#include "libcontainer/sync.h"
#include "seccomp/filter.h"

/*
 * From the moment the filter is in force any system call of ours may be one that the agent has
 * to answer, who has the listener only after we have sent it: so it is not us who sends it. A
 * second thread, begun before and therefore free of the filter, shares the descriptors, and
 * speaks to the runtime; we stand at the filter's fence until the agent has the listener.
 * execve ends the thread, and nothing is left of it.
 *
 *      this thread          the other            runtime              agent
 *      seccomp(2)
 *      at the fence ------> takes that call
 *                           SYNC_LISTENER -----> sends the state ---> has the listener
 *                           <------ SYNC_SERVED
 *      <-- opens the fence
 *      capset, execve (which the agent may be asked about)
 *
 * Another process instead of a thread would be left to the program as a child it does not
 * know, and whether the runtime may take the descriptor by itself (pidfd_getfd) depends on
 * rights that a rootless one has not. When the runtime dies, the other thread ends the process.
 */
struct handover {
	int channel;
	struct filter_fence fence;
	atomic_int listener; /* -1: not loaded yet */
	atomic_bool failed;
	struct err err; /* of this thread, once failed is set */
};

#define STACK_SIZE 65536

static void pause_us(long us)
{
	const struct timespec t = {.tv_nsec = us * 1000};

	nanosleep(&t, NULL);
}

static _Noreturn void end_process(void)
{
	for (;;)
		syscall(SYS_exit_group, 1);
}

static _Noreturn void report(struct handover *h, const struct err *err)
{
	sync_send_error(h->channel, err);
	end_process();
}

/* Until the call at the fence is there; a filter that hull itself runs under may have refused it.
 */
static void await_fence(struct handover *h, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (poll(&p, 1, 1) <= 0)
		if (atomic_load(&h->failed))
			report(h, &h->err);
}

static int hand_over(struct handover *h, struct err *err)
{
	uint64_t id = 0;
	int fd, r;

	while ((fd = atomic_load(&h->listener)) < 0)
		pause_us(20); /* the load takes that long, and nobody can wake us after it */
	await_fence(h, fd);
	/* Before the agent could see it. */
	r = filter_fence_take(fd, &h->fence, &id);
	if (r < 0)
		return err_sys(err, -r, "wait at the seccomp listener");
	r = sync_send_listener(h->channel, fd);
	if (r < 0)
		return err_sys(err, -r, "send the seccomp listener");
	r = sync_expect(h->channel, SYNC_SERVED, NULL, err);
	if (r < 0)
		return r;
	/* The program must not have it: it could answer itself. */
	r = filter_fence_open(fd, id);
	close(fd);
	return r < 0 ? err_sys(err, -r, "go on after the seccomp listener was sent") : 0;
}

static void other_thread(void *arg)
{
	struct handover *h = arg;
	struct err err = ERR_NONE;

	if (hand_over(h, &err) < 0)
		report(h, &err);
	/* Until execve has succeeded or failed, or the runtime is gone. */
	for (;;) {
		struct pollfd p = {.fd = h->channel, .events = POLLIN};

		if (poll(&p, 1, 1) > 0)
			end_process();
		if (atomic_load(&h->failed))
			report(h, &h->err);
	}
}

_Noreturn void init_listener_fail(struct handover *h, const struct err *err)
{
	h->err = *err;
	atomic_store(&h->failed, true);
	/* Without a system call. The other thread looks each millisecond. */
	for (;;)
		atomic_signal_fence(memory_order_seq_cst);
}

int init_load_with_listener(struct init *c, struct err *err)
{
	struct handover *h = arena_new(&c->arena, struct handover);
	void *stack = arena_alloc(&c->arena, STACK_SIZE);
	struct plan_filter fenced;
	int r;

	h->channel = c->channel;
	atomic_init(&h->listener, -1);
	atomic_init(&h->failed, false);
	r = filter_fence_make(&h->fence);
	if (r < 0)
		return err_sys(err, -r, "getrandom");
	filter_add_fence(&c->arena, &c->process->filter, &h->fence, &fenced);
	r = thread_start(other_thread, h, stack, STACK_SIZE);
	if (r < 0) {
		err_sys(err, -r, "start a thread that sends the seccomp listener");
		err_hint(err,
			 "a limit of processes (linux.resources.pids.limit, RLIMIT_NPROC) must "
			 "have room for two, and SCHED_DEADLINE needs the flag "
			 "RESET_ON_FORK");
		return -err->code;
	}
	r = filter_load(&fenced);
	if (r == -EBUSY)
		return err_fail(err, EBUSY,
				"load the seccomp filter: hull runs under a filter that has a "
				"listener already, and the kernel permits one");
	if (r < 0)
		return err_sys(err, -r, "load the seccomp filter");
	c->handover = h;
	atomic_store(&h->listener, r);
	r = filter_fence_wait(&h->fence);
	return r < 0 ? err_sys(err, -r, "wait until the seccomp agent has the listener") : 0;
}
