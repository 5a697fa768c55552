/* SPDX-License-Identifier: Apache-2.0 */
/* The text is kept as the JSON a user would read, and goes through the same decoder as everything
 * else. */
#include "defaults/defaults.h"

static const char text[] =
	"{\"ociVersion\":\"1.3.0\","
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
	"bin\",\"TERM=xterm\"],"
	"\"cwd\":\"/\",\"capabilities\":{"
	"\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"ocirun\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid="
	"5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":"
	"\"uts\"},"
	"{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/sys/firmware\",\"/sys/devices/virtual/powercap\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/"
	"sysrq-trigger\"]}}";

static const char *const rootless_sys[] = { "rbind", "nosuid", "noexec", "nodev", "ro" };

/* Options naming ids that are not mapped would make the mount fail. */
static void drop_id_options(struct oci_strs *options)
{
	size_t n = 0;
	for (size_t i = 0; i < options->n; i++)
		if (!after_prefix(options->v[i], "gid=") && !after_prefix(options->v[i], "uid="))
			options->v[n++] = options->v[i];
	options->n = n;
}

void defaults_rootless(struct arena *a, struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct oci_mount *m = &c->mounts.v[i];
		drop_id_options(&m->options);
		if (streq(m->destination, "/sys")) {
			m->type = "none";
			m->source = "/sys";
			m->options.v = arena_memdup(a, rootless_sys, sizeof(rootless_sys));
			m->options.n = ARRAY_SIZE(rootless_sys);
		}
	}
	struct oci_linux *l = c->linux_;
	l->resources = NULL;
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type == OCI_NS_NETWORK)
			l->namespaces.v[i].type = OCI_NS_USER;
}

struct oci_config *defaults_config(struct arena *a)
{
	struct oci_diag diag;
	return oci_decode(a, oci_config_type(), text, sizeof(text) - 1, 0, &diag);
}
