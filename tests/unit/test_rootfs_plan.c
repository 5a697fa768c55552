/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs planner: what it refuses and with which JSON path, and what it decides. Configs are
 * written as JSON, with ' for ". */
#include "sys/sys.h"

#include <check.h>

#include "rootfs/op.h"

static struct arena *a;
static struct host host;
static struct rootfs_opts opts;
static struct rootfs_plan plan;

static void setup(void)
{
	a = arena_new();
	host = (struct host){ .mount_api = true,
			      .mount_setattr = true,
			      .openat2 = true,
			      .cgroup_root = "/sys/fs/cgroup" };
	opts = (struct rootfs_opts){ .bundle = "/b", .new_mount_ns = true };
	plan = (struct rootfs_plan){ 0 };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static int make(const char *mounts, const char *linux_)
{
	char *json = arena_printf(a,
				  "{'ociVersion':'1.2.0','root':{'path':'rootfs'},"
				  "'mounts':[%s],'linux':{%s}}",
				  mounts, linux_);
	struct oci_diag d = { .text = "" };
	struct oci_config *c;

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	c = oci_decode(a, oci_config_type(), json, strlen(json), 0, &d);
	ck_assert_msg(c != NULL, "%s", d.text);
	return rootfs_plan_make(a, c, &host, &opts, &plan);
}

static void must_plan(const char *mounts, const char *linux_)
{
	int r = make(mounts, linux_);

	ck_assert_msg(r == 0, "%s", err_get()->text);
}

static const struct refusal {
	const char *mounts, *linux_, *text;
} refusals[] = {
	{ "{'destination':'/','type':'tmpfs'}", "",
	  "/mounts/0/destination: nothing can be mounted on \"/\"; the root filesystem is "
	  "root.path" },
	{ "{'destination':'/a/..//','type':'tmpfs'}", "",
	  "/mounts/0/destination: nothing can be mounted on \"/\"; the root filesystem is "
	  "root.path" },
	{ "{'destination':'','type':'tmpfs'}", "", "/mounts/0/destination: must not be empty" },
	{ "{'destination':'/proc','type':'tmpfs'}", "",
	  "/mounts/0/destination: \"/proc\" must be of type \"proc\", not \"tmpfs\"" },
	{ "{'destination':'/x/../proc/sys','type':'tmpfs'}", "",
	  "/mounts/0/destination: \"/proc/sys\" cannot be mounted because it is inside /proc" },
	{ "{'destination':'proc/self','source':'/x','options':['bind']}", "",
	  "/mounts/0/destination: \"/proc/self\" cannot be mounted because it is inside /proc" },
	{ "{'destination':'/x'}", "",
	  "/mounts/0/type: missing; only mounts with the option \"bind\" or \"rbind\" need no "
	  "type" },
	{ "{'destination':'/x','type':'bind','source':'/s'}", "",
	  "/mounts/0/options: type \"bind\" needs the option \"bind\" or \"rbind\"" },
	{ "{'destination':'/x','type':'tmpfs'},{'destination':'/x','options':['bind']}", "",
	  "/mounts/1/source: missing; a bind mount needs one" },
	{ "{'destination':'/x','source':'/s','options':['bind','ro','size=1k']}", "",
	  "/mounts/0/options: bind mounts cannot have any filesystem-specific options applied: "
	  "\"size=1k\"" },
	{ "{'destination':'/x','source':'/s','options':['bind'],"
	  "'uidMappings':[{'containerID':0,'hostID':0,'size':1}]}",
	  "", "/mounts/0: uidMappings and gidMappings must be given together" },
	{ "{'destination':'/x','type':'tmpfs','options':['idmap']}", "",
	  "/mounts/0: id mappings are only for bind mounts" },
	{ "{'destination':'/x','source':'/s','options':['bind','ridmap']}", "",
	  "/mounts/0/options: \"idmap\" without mappings uses those of /linux/uidMappings and "
	  "/linux/gidMappings, which are empty" },
	{ "{'destination':'/x','source':'/s','options':['bind','idmap=uids=0-1']}", "",
	  "/mounts/0/options: \"0-1\" is not an id map like 0-1000-10" },
	{ "{'destination':'/x','source':'/s','options':['bind','idmap=uids=0-1-1']}", "",
	  "/mounts/0/options: \"idmap=uids=0-1-1\" needs both uids and gids" },
	{ "{'destination':'/x','source':'/s','options':['bind','idmap=foo']}", "",
	  "/mounts/0/options: expected \"uids=\" or \"gids=\" in \"foo\"" },
	{ "{'destination':'/x','source':'/s','options':['bind','idmap=uids=@5-5-1;gids=0-0-1']}",
	  "", "/mounts/0/options: id map \"@5-5-1\" is outside of /linux/uidMappings" },
	{ "{'destination':'/x','type':'tmpfs','options':['copy-symlink']}", "",
	  "/mounts/0/options: \"copy-symlink\" is only for bind mounts" },
	{ "{'destination':'/x','source':'/s','options':['bind','tmpcopyup']}", "",
	  "/mounts/0/options: \"tmpcopyup\" is only for tmpfs" },
	{ "", "'maskedPaths':['/a','b']", "/linux/maskedPaths/1: must be an absolute path" },
	{ "", "'readonlyPaths':['/']", "/linux/readonlyPaths/0: \"/\" cannot be covered" },
	{ "", "'mountLabel':'x'", "/linux/mountLabel: SELinux is not enabled on this host" },
	{ "", "'devices':[{'path':'x','type':'c','major':1,'minor':1}]",
	  "/linux/devices/0/path: must be an absolute path" },
	{ "", "'devices':[{'path':'/x','type':'q','major':1,'minor':1}]",
	  "/linux/devices/0/type: expected one of c, b, u, p, found \"q\"" },
	{ "", "'devices':[{'path':'/x','type':'c','minor':1}]",
	  "/linux/devices/0/major: must be from 0 to 4095" },
	{ "", "'devices':[{'path':'/x','type':'c','major':1,'minor':1048576}]",
	  "/linux/devices/0/minor: must be from 0 to 1048575" },
};

START_TEST(refuses)
{
	const struct refusal *r = &refusals[_i];

	ck_assert_int_lt(make(r->mounts, r->linux_), 0);
	ck_assert_str_eq(err_get()->text, r->text);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
}
END_TEST

START_TEST(old_kernels)
{
	host.mount_setattr = false;
	ck_assert_int_lt(make("{'destination':'/x','source':'/s','options':['rbind','rro']}", ""),
			 0);
	ck_assert_str_eq(err_get()->text,
			 "/mounts/0/options: recursive mount attributes need Linux 5.12 or later");
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
	ck_assert_int_lt(make("{'destination':'/x','source':'/s','options':['rbind','idmap']}", ""),
			 0);
	ck_assert_str_eq(err_get()->text, "/mounts/0: id-mapped mounts need Linux 5.12 or later");
	must_plan("{'destination':'/x','source':'/s','options':['rbind','ro']}", "");
	ck_assert(!plan.use_fd_api);
}
END_TEST

START_TEST(paths_are_resolved)
{
	must_plan("{'destination':'x/./y/','source':'data','options':['bind']},"
		  "{'destination':'/t','type':'tmpfs','source':'tmpfs'}",
		  "");
	ck_assert_str_eq(plan.root, "/b/rootfs");
	ck_assert_str_eq(plan.ops[0].target, "/x/y");
	ck_assert_str_eq(plan.ops[0].source, "/b/data");
	ck_assert_str_eq(plan.ops[1].source, "tmpfs");
	ck_assert_int_eq(plan.ops[0].kind, MOUNT_BIND);
	ck_assert_int_eq(plan.ops[1].kind, MOUNT_FS);
	ck_assert_int_eq(plan.ops[1].asked, 1);
}
END_TEST

START_TEST(proc_exceptions)
{
	must_plan("{'destination':'/proc','type':'proc','source':'proc'},"
		  "{'destination':'/proc','source':'/proc','options':['rbind']},"
		  "{'destination':'/proc/uptime','source':'/lxcfs/uptime','options':['bind']},"
		  "{'destination':'/proc/sys/kernel/ns_last_pid','source':'/x','options':['bind']},"
		  "{'destination':'/process','type':'tmpfs'}",
		  "");
	ck_assert_uint_eq(plan.nops, 5);
}
END_TEST

START_TEST(kinds)
{
	must_plan("{'destination':'/a','type':'cgroup','source':'cgroup'},"
		  "{'destination':'/b','type':'cgroup2'},"
		  "{'destination':'/c','options':['remount','ro']},"
		  "{'destination':'/d','type':'proc','source':'/s','options':['bind']}",
		  "");
	ck_assert_int_eq(plan.ops[0].kind, MOUNT_CGROUP);
	ck_assert_int_eq(plan.ops[1].kind, MOUNT_CGROUP);
	ck_assert_int_eq(plan.ops[2].kind, MOUNT_REMOUNT);
	ck_assert_int_eq(plan.ops[3].kind, MOUNT_BIND);
}
END_TEST

START_TEST(read_only_tmpfs_waits)
{
	must_plan("{'destination':'/run','type':'tmpfs','options':['ro','nosuid']},"
		  "{'destination':'/dev','type':'devtmpfs','options':['ro']},"
		  "{'destination':'/sys','type':'sysfs','options':['ro']}",
		  "");
	ck_assert(plan.ops[0].late_ro && plan.ops[1].late_ro && !plan.ops[2].late_ro);
	ck_assert_uint_eq(plan.ops[0].opt.attr_set, MOUNT_ATTR_NOSUID);
	ck_assert_uint_eq(plan.ops[2].opt.attr_set, MOUNT_ATTR_RDONLY);
}
END_TEST

START_TEST(id_maps)
{
	const char *maps = "'uidMappings':[{'containerID':0,'hostID':1000,'size':10}],"
			   "'gidMappings':[{'containerID':0,'hostID':2000,'size':10}]";

	must_plan("{'destination':'/a','source':'/s','options':['bind','idmap']},"
		  "{'destination':'/b','source':'/s','options':['bind'],"
		  "'uidMappings':[{'containerID':1,'hostID':2,'size':3}],"
		  "'gidMappings':[{'containerID':4,'hostID':5,'size':6}]},"
		  "{'destination':'/c','source':'/s','options':['rbind',"
		  "'ridmap=gids=7-8-9;uids=@0-2-3#20-30-1']}",
		  maps);
	ck_assert_uint_eq(plan.ops[0].uids[0].outside, 1000);
	ck_assert_uint_eq(plan.ops[0].gids[0].outside, 2000);
	ck_assert_uint_eq(plan.ops[1].uids[0].size, 3);
	ck_assert_uint_eq(plan.ops[1].gids[0].inside, 4);
	ck_assert_uint_eq(plan.ops[2].nuids, 2);
	ck_assert_uint_eq(plan.ops[2].uids[0].outside, 1002);
	ck_assert_uint_eq(plan.ops[2].uids[1].inside, 20);
	ck_assert_uint_eq(plan.ops[2].gids[0].outside, 8);
	ck_assert(plan.ops[2].opt.ext & MOUNTOPT_RIDMAP);
	ck_assert(!(plan.ops[1].opt.ext & MOUNTOPT_RIDMAP));
	ck_assert_uint_eq(rootfs_handles_wanted(&plan), 3);
	ck_assert_uint_eq(plan.ops[2].handle, 3);
}
END_TEST

START_TEST(handles)
{
	const char *mounts = "{'destination':'/a','type':'tmpfs'},"
			     "{'destination':'/b','source':'/s','options':['bind']}";

	must_plan(mounts, "");
	ck_assert_uint_eq(rootfs_handles_wanted(&plan), 0);
	opts.userns = true;
	must_plan(mounts, "");
	ck_assert_uint_eq(rootfs_handles_wanted(&plan), 1);
	ck_assert_uint_eq(plan.ops[1].handle, 1);
	/* An engine without privileges has nothing its container's root does not have. */
	host.euid = 1000;
	must_plan(mounts, "");
	ck_assert_uint_eq(rootfs_handles_wanted(&plan), 0);
}
END_TEST

START_TEST(devices)
{
	must_plan("",
		  "'devices':[{'path':'/dev/null','type':'c','major':1,'minor':3,'fileMode':384},"
		  "{'path':'/dev//net/tun','type':'u','major':10,'minor':200,'uid':1,'gid':2},"
		  "{'path':'/dev/f','type':'p'}]");
	ck_assert_uint_eq(plan.ndevices, 8);
	ck_assert_str_eq(plan.devices[0].path, "/dev/null");
	ck_assert_uint_eq(plan.devices[0].mode, 0600);
	ck_assert_int_eq(plan.devices[0].asked, 0);
	ck_assert_str_eq(plan.devices[6].path, "/dev/net/tun");
	ck_assert_int_eq(plan.devices[6].type, 'c');
	ck_assert_uint_eq(plan.devices[6].mode, 0666);
	ck_assert_uint_eq(plan.devices[6].gid, 2);
	ck_assert(plan.default_links && !plan.in_userns);
	must_plan("{'destination':'/dev/','source':'/dev','options':['rbind']}", "");
	ck_assert_uint_eq(plan.ndevices, 0);
	ck_assert(!plan.default_links);
	opts.userns = true;
	must_plan("", "");
	ck_assert(plan.in_userns);
}
END_TEST

START_TEST(labels)
{
	host.selinux = true;
	must_plan("{'destination':'/a','type':'tmpfs','options':['size=1k']},"
		  "{'destination':'/proc','type':'proc'},"
		  "{'destination':'/b','type':'tmpfs','options':['context=own']},"
		  "{'destination':'/c','type':'cgroup'},"
		  "{'destination':'/d','type':'mqueue'}",
		  "'mountLabel':'u:r:t:s0:c1,c2'");
	ck_assert_str_eq(mountopt_data(a, &plan.ops[0].opt), "size=1k,context=\"u:r:t:s0:c1,c2\"");
	ck_assert_uint_eq(plan.ops[1].opt.ndata, 0);
	ck_assert_uint_eq(plan.ops[2].opt.ndata, 1);
	ck_assert_uint_eq(plan.ops[3].opt.ndata, 0);
	ck_assert_uint_eq(plan.ops[4].opt.ndata, 0);
	ck_assert_str_eq(plan.ops[4].label, "u:r:t:s0:c1,c2");
	ck_assert_ptr_null(plan.ops[0].label);
	ck_assert_str_eq(plan.label, "context=u:r:t:s0:c1,c2");
	opts.context_type = "rootcontext";
	must_plan("{'destination':'/a','type':'tmpfs'}", "'mountLabel':'u:r:t:s0:c1,c2'");
	ck_assert_str_eq(mountopt_data(a, &plan.ops[0].opt), "rootcontext=\"u:r:t:s0:c1,c2\"");
	ck_assert_str_eq(plan.label, "rootcontext=u:r:t:s0:c1,c2");
	opts.context_type = "label";
	ck_assert_int_lt(make("", ""), 0);
	ck_assert_ptr_nonnull(
		after_prefix(err_get()->text, "/annotations/run.oci.mount_context_type: "));
	err_clear();
}
END_TEST

START_TEST(extras_come_last)
{
	struct rootfs_extra e = { "/run/x/notify", "/run/notify" };

	opts.extra = &e;
	opts.nextra = 1;
	must_plan("{'destination':'/run','type':'tmpfs'}", "");
	ck_assert_uint_eq(plan.nops, 2);
	ck_assert_str_eq(plan.ops[1].target, "/run/notify");
	ck_assert_int_eq(plan.ops[1].asked, -1);
	ck_assert_int_eq(plan.ops[1].kind, MOUNT_BIND);
}
END_TEST

START_TEST(printed)
{
	struct str s;

	must_plan("{'destination':'/proc','type':'proc','source':'proc','options':['nosuid']},"
		  "{'destination':'/w','source':'/srv','options':['rbind','rro','rprivate']},"
		  "{'destination':'/t','type':'tmpfs','options':['ro','size=1k']},"
		  "{'destination':'/dev','source':'/dev','options':['bind']}",
		  "'maskedPaths':['/proc/kcore'],'readonlyPaths':['/proc/sys','/proc/bus'],"
		  "'rootfsPropagation':'rslave'");
	str_init(&s, a, 0);
	rootfs_plan_print(&plan, &s);
	ck_assert_str_eq(s.v, "root    /b/rootfs writable, enter by pivot, propagation rslave\n"
			      "mount 1   fs      proc /proc nosuid (/mounts/0)\n"
			      "mount 2   rbind   /srv /w rro,rprivate (/mounts/1)\n"
			      "mount 3   fs      tmpfs /t size=1k then read-only (/mounts/2)\n"
			      "mount 4   bind    /dev /dev - (/mounts/3)\n"
			      "mask    /proc/kcore\n"
			      "ropath  /proc/sys /proc/bus\n");
}
END_TEST

START_TEST(root_of_the_host)
{
	struct oci_root root = { .path = "/" };
	struct oci_config c = { .root = &root };

	ck_assert_int_lt(rootfs_plan_make(a, &c, &host, &opts, &plan), 0);
	ck_assert_str_eq(err_get()->text,
			 "/root/path: the host's own \"/\" cannot be a container's root");
	c.root = NULL;
	ck_assert_int_lt(rootfs_plan_make(a, &c, &host, &opts, &plan), 0);
	ck_assert_str_eq(err_get()->text, "/root/path: missing");
}
END_TEST

TCase *tcase_rootfs_plan(void);
TCase *tcase_rootfs_plan(void)
{
	TCase *t = tcase_create("plan");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, refuses, 0, ARRAY_SIZE(refusals));
	tcase_add_test(t, old_kernels);
	tcase_add_test(t, paths_are_resolved);
	tcase_add_test(t, proc_exceptions);
	tcase_add_test(t, kinds);
	tcase_add_test(t, read_only_tmpfs_waits);
	tcase_add_test(t, id_maps);
	tcase_add_test(t, handles);
	tcase_add_test(t, devices);
	tcase_add_test(t, labels);
	tcase_add_test(t, extras_come_last);
	tcase_add_test(t, printed);
	tcase_add_test(t, root_of_the_host);
	return t;
}
