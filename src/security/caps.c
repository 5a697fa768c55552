/* SPDX-License-Identifier: Apache-2.0 */
/* The five capability sets of the calling process. The only file that uses libcap, for the kernel
 * calls; its own set type would only hide which bits go where.
 * Surprise: the kernel may know more capabilities than our word table; the loop runs to the number
 * the kernel refuses, so that a new one is dropped too. Drops and raises answer for themselves;
 * only capset, which may quietly give less than was asked, is read back. */
#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "security/parts.h"

#define CAP_BIT(nr_) (UINT64_C(1) << (nr_))

struct sets {
	uint64_t effective, permitted, inheritable;
};

static int get_sets(struct sets *out)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	if (capget(&h, d) < 0)
		return err_sys("read capabilities");
	out->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	out->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	out->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int set_sets(const struct sets *s)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)s->effective, (uint32_t)s->permitted, (uint32_t)s->inheritable },
		{ (uint32_t)(s->effective >> 32), (uint32_t)(s->permitted >> 32),
		  (uint32_t)(s->inheritable >> 32) },
	};
	if (capset(&h, d) < 0)
		return err_sys("set capabilities");
	return 0;
}

/* Every capability of the kernel that is in our bounding set. */
static uint64_t read_bounding(void)
{
	uint64_t set = 0;
	for (cap_value_t nr = 0; nr < 64; nr++) {
		int r = cap_get_bound(nr);
		if (r < 0)
			break;
		if (r)
			set |= CAP_BIT(nr);
	}
	return set;
}

int security_drop_bounding(const struct security_plan *p)
{
	for (int nr = 0; nr < 64; nr++) {
		if (p->bounding & CAP_BIT(nr) || cap_drop_bound(nr) == 0)
			continue;
		if (errno == EINVAL)
			break; /* past the last capability */
		/* Without CAP_SETPCAP it is only an error if there is something to drop. */
		int no = errno;
		if (cap_get_bound(nr) != 0)
			return err_sysno(no, "drop capability %d from the bounding set", nr);
	}
	return 0;
}

int security_keep_caps(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys("keep capabilities across the uid change");
	return 0;
}

static void warn_unavailable(uint64_t missing)
{
	char text[1024] = "";
	size_t n = 0;
	for (const struct name *c = security_cap_names; c->word; c++)
		if (missing & CAP_BIT(c->value) && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, n ? " %s" : "%s",
					      c->word);
	log_warn("ignoring unknown or unavailable capabilities: [%s]", text);
}

/* What of the plan this process can have: permitted only shrinks, inheritable is capped by the
 * bounding set (and what was inheritable before). */
static struct sets attainable(const struct security_plan *p, const struct sets *now)
{
	uint64_t heritable = p->inheritable ? read_bounding() | now->inheritable : 0;
	struct sets s = {
		.permitted = p->permitted & now->permitted,
		.effective = p->effective & now->permitted & p->permitted,
		.inheritable = p->inheritable & heritable,
	};
	uint64_t missing = (p->permitted & ~s.permitted) | (p->inheritable & ~s.inheritable);
	if (missing)
		warn_unavailable(missing);
	return s;
}

static int raise_ambient(const struct security_plan *p, const struct sets *s)
{
	uint64_t want = p->ambient & s->permitted & s->inheritable;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
		if (errno != EINVAL || want) /* EINVAL: before Linux 4.3 there are none */
			return err_sys("clear the ambient capabilities");
		return 0;
	}
	for (const struct name *c = security_cap_names; c->word; c++)
		if (want & CAP_BIT(c->value) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c->value, 0, 0) < 0) {
			log_warn("can't raise ambient capability %s: %s", c->word, err_text(errno));
		}
	return 0;
}

int security_apply_caps(const struct security_plan *p)
{
	struct sets now, want, got;
	TRY(get_sets(&now));
	want = attainable(p, &now);
	/* The uid change emptied the effective set, but making something inheritable that is not
	 * permitted takes an effective CAP_SETPCAP. */
	if (want.inheritable & ~(now.inheritable | now.permitted) &&
	    now.effective != now.permitted) {
		struct sets full = now;
		full.effective = now.permitted;
		TRY(set_sets(&full));
	}
	TRY(set_sets(&want));
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys("stop keeping capabilities");
	TRY(raise_ambient(p, &want));
	TRY(get_sets(&got));
	if (got.effective != want.effective || got.permitted != want.permitted ||
	    got.inheritable != want.inheritable)
		return err_msg(ERR_SYS,
			       "the capabilities differ from what was set: effective 0x%llx, "
			       "permitted 0x%llx, inheritable 0x%llx",
			       (unsigned long long)got.effective, (unsigned long long)got.permitted,
			       (unsigned long long)got.inheritable);
	return 0;
}

int security_no_new_privs(const struct security_plan *p)
{
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys("set no_new_privs");
	return 0;
}
