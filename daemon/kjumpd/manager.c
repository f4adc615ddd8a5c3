// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One job at a time, in a worker thread, because a call takes seconds to
 * months; the bus loop goes on.  What B is doing is the kernel's to know
 * (/sys/kernel/kexec_jump), so that a kjumpd that was restarted is right at
 * once; the states here are of the manager:
 *
 *                 manager_submit()
 *       IDLE ----------------------------> BUSY
 *        ^        [job_start()]             | worker: kj_job_run()
 *        |                                  v
 *        +---- queue empty ---- on_done(): report, answer, refresh
 *        |                                  |
 *        |                                  | hibernation resumed: the kernel
 *        |                                  | has dropped B, so another B is
 *        |                                  | made ready [prepare_again()]
 *        v                                  v
 *     stopping:                      BUSY with the next of the queue
 *     sd_event_exit()                [job_start()]
 *
 * States of B, as jobs change them (job.c):
 *
 *     unloaded --step_load()--> loaded --step_park()--> parked
 *        ^                        |                       |  ^
 *        +------ kj_unload() -----+-----------------------+  | step_ping(), step_write(),
 *        |                                                |  | step_hibernate() that fails
 *        +---------- step_hibernate() that resumes -------+--+
 *
 * A job that makes B ready may be waited for; a second hibernation or test is
 * refused, for its caller would wake up to a machine that sleeps again.
 *
 * On SIGTERM a job that runs is finished first.  B stays as it is, and the
 * next kjumpd finds it.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "bus.h"
#include "kj-cleanup.h"
#include "kj-log.h"
#include "load.h"
#include "lost.h"
#include "manager.h"
#include "preflight.h"
#include "recipient.h"
#include "report.h"
#include "swap.h"

#define VIEW_MAX_AGE_USEC	1000000ull
#define PREPARE_DELAY_USEC	2000000ull	/* let the resumed system settle */

struct job {
	struct job *next;
	enum kj_job_kind kind;
	sd_bus_message *request;
	struct kj_outcome outcome;
	int done_fd;
};

struct manager {
	sd_event *event;
	sd_bus *bus;
	struct job *running;
	struct job *queue;
	pthread_t worker;
	int done_fd;
	bool stopping;
	sd_event_source *done_source, *term_source, *int_source, *hup_source, *prepare_timer;
	struct kj_last last;
	char prepare_result[KJ_REASON_TEXT_MAX];
	uint64_t region_free;
	struct kj_view view;
	uint64_t view_usec;
};

static void job_free(struct job *job)
{
	sd_bus_message_unref(job->request);
	free(job);
}

static bool is_sleep(enum kj_job_kind kind)
{
	return kind >= KJ_JOB_HIBERNATE;
}

static void *worker_main(void *arg)
{
	struct job *job = arg;

	kj_job_run(job->kind, &job->outcome);
	(void)eventfd_write(job->done_fd, 1);
	return NULL;
}

/* Starts the next job that can be started. */
static void job_start(struct manager *m)
{
	while (!m->running && m->queue && !m->stopping) {
		struct job *job = m->queue;
		int r;

		m->queue = job->next;
		r = pthread_create(&m->worker, NULL, worker_main, job);
		if (r == 0) {
			m->running = job;
			return;
		}
		kj_reason_set(&job->outcome.reason, r, KJ_WHY_CALL,
			      "Cannot start a worker thread: %m");
		if (job->request)
			kj_bus_answer(job->request, job->kind, &job->outcome);
		job_free(job);
	}
}

static const struct job *find_sleep(const struct manager *m)
{
	if (m->running && is_sleep(m->running->kind))
		return m->running;
	for (const struct job *job = m->queue; job; job = job->next)
		if (is_sleep(job->kind))
			return job;
	return NULL;
}

int manager_submit(struct manager *m, enum kj_job_kind kind,
		   sd_bus_message *request, struct kj_reason *reason)
{
	const struct job *other = is_sleep(kind) ? find_sleep(m) : NULL;
	struct job *job, **end = &m->queue;

	if (m->stopping)
		return kj_reason_set(reason, EBUSY, KJ_WHY_BUSY, "kjumpd is being stopped");
	if (other)
		return kj_reason_set(reason, EBUSY, KJ_WHY_BUSY,
				     "Another operation (%s) is under way: wait until it is done",
				     kj_job_name(other->kind));
	job = calloc(1, sizeof(*job));
	if (!job)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CALL, "Out of memory");
	job->kind = kind;
	job->request = sd_bus_message_ref(request);
	job->done_fd = m->done_fd;
	while (*end)
		end = &(*end)->next;
	*end = job;
	job_start(m);
	kj_bus_changed(m->bus);
	return 0;
}

static int on_prepare_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *m = userdata;
	struct kj_reason reason;

	(void)source, (void)usec;
	m->prepare_timer = sd_event_source_unref(m->prepare_timer);
	if (manager_submit(m, KJ_JOB_PREPARE, NULL, &reason) < 0)
		kj_warning("%s", reason.text);
	return 0;
}

/* After a resume there is no B.  A new one is made ready in the background,
 * a little later: parking stops the machine for as long as B takes to boot. */
static void prepare_again(struct manager *m)
{
	m->prepare_timer = sd_event_source_unref(m->prepare_timer);
	(void)sd_event_add_time_relative(m->event, &m->prepare_timer, CLOCK_MONOTONIC,
					 PREPARE_DELAY_USEC, 0, on_prepare_timer, m);
}

static int on_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct manager *m = userdata;
	struct job *job = m->running;
	eventfd_t ignored;

	(void)source, (void)events;
	(void)eventfd_read(fd, &ignored);
	if (!job)
		return 0;
	(void)pthread_join(m->worker, NULL);
	m->running = NULL;
	kj_report(job->kind, &job->outcome, &m->last);
	if (!is_sleep(job->kind))
		snprintf(m->prepare_result, sizeof(m->prepare_result), "%s",
			 job->outcome.reason.error ? job->outcome.reason.text : "ok");
	if (job->outcome.peer_free)
		m->region_free = job->outcome.peer_free;
	/* Whoever has the answer may ask logind at once. */
	manager_refresh(m);
	if (job->request)
		kj_bus_answer(job->request, job->kind, &job->outcome);
	if (job->outcome.resumed)
		prepare_again(m);
	job_free(job);
	if (m->stopping)
		return sd_event_exit(m->event, 0);
	job_start(m);
	kj_bus_changed(m->bus);
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct manager *m = userdata;

	(void)source, (void)si;
	m->stopping = true;
	(void)sd_notify(0, "STOPPING=1");
	return m->running ? 0 : sd_event_exit(m->event, 0);
}

static void view_done(struct kj_view *view)
{
	free(view->target);
	free(view->device);
	*view = (struct kj_view){ 0 };
}

static void look(struct kj_view *view)
{
	struct kj_recipient recipient;
	struct kj_resolved target;
	struct kj_reason ignored;
	struct kj_conf conf;

	if (kj_conf_load("", false, &conf) < 0) {
		kj_reason_set(&view->problem, ENOMEM, KJ_WHY_CONFIG,
			      "The configuration cannot be read: %m");
		return;
	}
	view->target = strdup(conf.target);
	view->preload = kj_preload_name(conf.preload);
	view->power_off = kj_power_off_name(conf.power_off);
	view->encryption = kj_encryption_name(conf.lock);
	view->config_problems = conf.problems;
	view->needed = kj_preflight_needed();
	view->region_size = kj_region_size(&conf);
	view->region_held = kj_b_state() == KJ_B_NONE ? 0 : view->region_size;
	if (kj_target_resolve(&conf, &target, &ignored) == 0) {
		view->device = strdup(kj_resolved_name(&target));
		view->kind = kj_target_kind_name(target.blob);
		view->target_size = target.size;
		kj_resolved_done(&target);
	}
	if (kj_preflight(&conf, NULL, &view->problem) == 0 &&
	    kj_load_check(&conf, &view->problem) == 0)
		(void)kj_recipient_load("", &conf, &recipient, &view->problem);
	explicit_bzero(&recipient, sizeof(recipient));
	view->hybrid_problem = view->problem;
	if (!view->problem.error)
		(void)kj_preflight_suspend(&view->hybrid_problem);
	kj_conf_done(&conf);
}

/* What logind is told, and what "kjumpctl status" says, is one thing. */
static void report_view(const struct kj_view *view)
{
	bool swap = kj_swap_usable();

	kj_report_allow(view->problem.error && !swap ? view->problem.text : NULL,
			view->hybrid_problem.error && !swap ? view->hybrid_problem.text : NULL);
}

const struct kj_view *manager_view(struct manager *m)
{
	uint64_t now = 0;

	(void)sd_event_now(m->event, CLOCK_MONOTONIC, &now);
	if (m->view_usec && now - m->view_usec < VIEW_MAX_AGE_USEC)
		return &m->view;
	view_done(&m->view);
	look(&m->view);
	m->view_usec = now ? now : 1;
	report_view(&m->view);
	return &m->view;
}

void manager_refresh(struct manager *m)
{
	m->view_usec = 0;
	(void)manager_view(m);
}

/* Everything reads the configuration when it needs it, so that there is
 * nothing to load; but B may be another one now.  The time stamp is for
 * Type=notify-reload (systemd 253), see sd_notify(3). */
int manager_reload(struct manager *m, struct kj_reason *reason)
{
	uint64_t now = 0;
	int r;

	(void)sd_event_now(m->event, CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now);
	manager_refresh(m);
	r = manager_submit(m, KJ_JOB_PREPARE, NULL, reason);
	(void)sd_notify(0, "READY=1");
	return r;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct kj_reason reason;

	(void)source, (void)si;
	if (manager_reload(userdata, &reason) < 0)
		kj_warning("The changed configuration is not taken over: %s", reason.text);
	return 0;
}

const struct kj_last *manager_last(const struct manager *m)
{
	return &m->last;
}

const char *manager_state(const struct manager *m)
{
	static const char *const names[] = {
		[KJ_B_NONE] = "unloaded", [KJ_B_LOADED] = "loaded", [KJ_B_PARKED] = "parked",
	};

	return m->running ? "busy" : names[kj_b_state()];
}

uint64_t manager_region_free(const struct manager *m)
{
	return kj_b_state() == KJ_B_PARKED ? m->region_free : 0;
}

const char *manager_prepare_result(const struct manager *m)
{
	return m->prepare_result;
}

int manager_new(sd_event *event, sd_bus *bus, struct manager **ret)
{
	struct manager *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->event = event;
	m->bus = bus;
	m->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = m->done_fd < 0 ? -errno : 0;
	if (r >= 0)
		r = sd_event_add_io(event, &m->done_source, m->done_fd, EPOLLIN, on_done, m);
	if (r >= 0)
		r = sd_event_add_signal(event, &m->term_source, SIGTERM, on_signal, m);
	if (r >= 0)
		r = sd_event_add_signal(event, &m->int_source, SIGINT, on_signal, m);
	if (r >= 0)
		r = sd_event_add_signal(event, &m->hup_source, SIGHUP, on_hangup, m);
	if (r < 0) {
		manager_free(m);
		return r;
	}
	kj_last_read(&m->last);
	if (kj_lost_look(&m->last))
		kj_report_lost(&m->last);
	*ret = m;
	return 0;
}

void manager_free(struct manager *m)
{
	if (!m)
		return;
	while (m->queue) {
		struct job *job = m->queue;

		m->queue = job->next;
		job_free(job);
	}
	sd_event_source_unref(m->prepare_timer);
	sd_event_source_unref(m->done_source);
	sd_event_source_unref(m->term_source);
	sd_event_source_unref(m->int_source);
	sd_event_source_unref(m->hup_source);
	if (m->done_fd >= 0)
		close(m->done_fd);
	view_done(&m->view);
	free(m);
}
