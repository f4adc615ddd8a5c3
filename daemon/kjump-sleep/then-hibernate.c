// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine suspends to RAM with an alarm set, and looks when it wakes up:
 *
 *     suspend --+-- a person, a lid: that was it
 *        ^      '-- the alarm --+-- HibernateDelaySec= is over, or the battery
 *        |                      |   would be low at the next alarm: hibernate
 *        '----------------------'-- else
 *
 * As with systemd, the delay is two hours where there is no battery; where
 * there is one and no delay is set, the battery alone decides, looked at each
 * SuspendEstimationSec=.
 *
 * When it cannot hibernate then, it suspends again, without an alarm: that is
 * better than a machine that stays awake in a bag.
 *
 * Runs in kernel A.
 */
#include <errno.h>

#include "battery.h"
#include "kj-log.h"
#include "sleep-conf.h"
#include "step.h"
#include "suspend.h"
#include "then-hibernate.h"

#define VERB		"suspend-then-hibernate"
#define DELAY_USEC	(2ull * 3600 * 1000000)

struct nap {
	const struct kj_sleep_conf *conf;
	uint64_t usec;			/* until the alarm, UINT64_MAX: none */
	bool alarm;			/* it was the alarm */
};

static int nap_now(sd_bus *bus, void *ctx)
{
	struct nap *nap = ctx;

	(void)bus;
	return kj_suspend(nap->conf, nap->usec, &nap->alarm);
}

/* Shall it sleep on in RAM, after an alarm? */
static bool sleep_on(const struct kj_sleep_conf *conf, bool by_battery, int before)
{
	int now = kj_battery_capacity("");

	if (!conf->on_external_power && kj_on_external_power(""))
		return true;
	return by_battery && now >= 0 && kj_battery_lasts(before, now);
}

/* Return: 1 to hibernate, 0 when somebody woke the machine, or -errno. */
static int suspend_until_time(sd_bus *bus, const struct kj_sleep_conf *conf)
{
	int capacity = kj_battery_capacity(""), r;
	bool by_battery = !conf->delay_usec && capacity >= 0;
	struct nap nap = {
		.conf = conf,
		.usec = by_battery ? conf->estimation_usec :
			conf->delay_usec ? conf->delay_usec : DELAY_USEC,
	};

	do {
		capacity = kj_battery_capacity("");
		nap.alarm = false;
		r = kj_step(bus, VERB, "suspend", nap_now, &nap);
		if (r < 0 || !nap.alarm)
			return r;
	} while (sleep_on(conf, by_battery, capacity));
	return 1;
}

int kj_suspend_then_hibernate(sd_bus *bus)
{
	struct nap again = { .usec = UINT64_MAX };
	struct kj_sleep_conf conf;
	int r;

	if (!kj_can_wake())
		return kj_error_errno(EOPNOTSUPP, "This machine has no clock that wakes it up, which suspend-then-hibernate needs: suspend or hibernate it");
	kj_sleep_conf_read("", &conf);
	again.conf = &conf;
	r = suspend_until_time(bus, &conf);
	if (r <= 0)
		return r;
	r = kj_step(bus, VERB, "hibernate", kj_step_hibernate, NULL);
	if (r >= 0)
		return 0;
	kj_notice("The machine could not hibernate after it was suspended; it is suspended again.");
	return kj_step(bus, VERB, "suspend-after-failed-hibernate", nap_now, &again);
}
