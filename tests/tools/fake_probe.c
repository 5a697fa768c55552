/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for src/sys/probe.c: the host is what the file that OCIRUN_HOST names says, a line
 * each ("euid 1000"), so that golden plans show what a machine would do that we do not have. What
 * is not named is not there, but for the calls of a current kernel. The pure parts are real. */
#define host_identity real_host_identity
#define host_probe    real_host_probe
#include "sys/probe.c"
#undef host_identity
#undef host_probe

int host_identity(struct host *out);
int host_probe(struct arena *a, struct host *out);

static int take(struct host *h, const char *word, char *value)
{
	if (streq(word, "euid"))
		h->euid = h->egid = h->owner_uid = (uid_t)strtoul(value, NULL, 10);
	else if (streq(word, "systemd"))
		h->systemd_running = streq(value, "1");
	else if (streq(word, "cgroup_root"))
		h->cgroup_root = strdup(value);
	else if (streq(word, "own_cgroup"))
		h->own_cgroup = strdup(value);
	else if (!streq(word, "options"))
		return err_msg(ERR_USAGE, "OCIRUN_HOST: what is \"%s\"?", word);
	return 0;
}

int host_identity(struct host *out)
{
	char word[32], value[256];
	const char *path = getenv("OCIRUN_HOST");
	struct host h = {
		.cgroup_root = "", .own_cgroup = "/", .mount_api = true, .mount_setattr = true,
		.openat2 = true,   .clone3 = true,    .last_cap = 40,
	};
	FILE *f = path ? fopen(path, "re") : NULL;
	int r = f ? 0 : err_sys("OCIRUN_HOST: open \"%s\"", path ? path : "");
	while (r >= 0 && fscanf(f, "%31s %255[^\n]", word, value) == 2)
		r = take(&h, word, value);
	if (f)
		fclose(f);
	h.rootless = h.euid != 0;
	*out = h;
	return r;
}

int host_probe(struct arena *a, struct host *out)
{
	(void)a;
	return host_identity(out);
}
