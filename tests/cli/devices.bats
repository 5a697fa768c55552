# /dev: default nodes and links, devices of the config, the console.
load helpers

@test "the default nodes are real devices with mode 0666" {
	script 'for d in null zero full random urandom tty; do stat -c "%n %t:%T %a %F" /dev/$d; done'
	run_it
	succeeded
	printed '/dev/null 1:3 666 character special file'
	printed '/dev/zero 1:5 666'
	printed '/dev/full 1:7 666'
	printed '/dev/random 1:8 666'
	printed '/dev/urandom 1:9 666'
	printed '/dev/tty 5:0 666'
}

@test "they work: null swallows, zero gives, full refuses" {
	script 'echo x >/dev/null && head -c 4 /dev/zero | wc -c && ! echo x >/dev/full'
	run_it
	succeeded
	printed 4
}

@test "the default links" {
	script 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
	run_it
	succeeded
	equal "$output" "$(printf '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx')"
}

@test "devices of the config: numbers, mode and owner" {
	config '.linux.devices = [{path: "/dev/mynull", type: "c", major: 1, minor: 3, fileMode: 384, uid: 5, gid: 6}, {path: "/dev/deep/zero", type: "c", major: 1, minor: 5}, {path: "/dev/pipe", type: "p", fileMode: 420}]'
	script 'stat -c "%n %t:%T %a %u %g" /dev/mynull /dev/deep/zero; stat -c "%F %a" /dev/pipe'
	run_it
	succeeded
	printed '/dev/mynull 1:3 600 5 6'
	printed '/dev/deep/zero 1:5 666 0 0'
	printed 'fifo 644'
}

@test "a device of the config replaces the default of the same path" {
	config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 292}]'
	script 'stat -c %a /dev/null'
	run_it
	succeeded
	equal "$output" 444
}

@test "in a user namespace the nodes are the host's, bound" {
	user_ns
	script 'stat -c "%t:%T" /dev/null; echo x >/dev/null && echo fine'
	run_it
	succeeded
	equal "$output" "$(printf '1:3\nfine')"
}

@test "a /dev bound from the host is left alone" {
	mkdir "$T/dev"
	config '.mounts |= (map(select(.destination | startswith("/dev") | not)) + [{destination: "/dev", type: "bind", source: $d, options: ["rbind"]}])' --arg d "$T/dev"
	args true
	run_it
	succeeded
	[ -z "$(ls -A "$T/dev")" ]
}

@test "device rules: a node that is not allowed cannot be opened" {
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	script 'mknod /tmp/kmsg c 1 11; dd if=/tmp/kmsg of=/dev/null bs=1 count=1 2>&1; head -c 1 /dev/zero | wc -c'
	run_it
	succeeded
	printed 'Operation not permitted'
	printed 1
}

@test "device rules: without any the default is to deny too" {
	all_caps
	script 'mknod /tmp/kmsg c 1 11 2>/dev/null; head -c 1 /tmp/kmsg 2>&1 | wc -c; echo >/dev/null && echo works'
	run_it
	printed works
	[[ $output != 1* ]] || say
}

@test "device rules: an allowed one can" {
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "rwm"}]}'
	script 'mknod /tmp/kmsg c 1 11 && : >/tmp/kmsg && echo opened'
	run_it
	succeeded
	printed opened
}

@test "device rules: the defaults hold after any rule, ptmx, pts, tun and console's kin among them" {
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 3, access: "rwm"}]}'
	# tun may not be in the kernel: then "no such device", but never "not permitted"
	script 'mknod /tmp/tun c 10 200; mknod /tmp/mem c 1 1
		for d in null zero full random urandom ptmx; do : <>/dev/$d && echo "$d opened"; done
		(: <>/tmp/tun) 2>&1 | grep -c permitted; (: <>/dev/tty) 2>&1 | grep -c permitted
		(: </tmp/mem) 2>&1 | grep -c permitted; stat -c %t /dev/pts/* | sort -u'
	run_it
	equal "$output" "$(printf '%s opened\n' null zero full random urandom ptmx; printf '0\n0\n1\n5')"
}

@test "device rules: the last one that speaks about an access decides" {
	all_caps
	script 'mknod /tmp/kmsg c 1 11; (: >/tmp/kmsg) 2>/dev/null && echo written || echo refused'
	config '.linux.resources = {devices: [{allow: true, type: "c", major: 1, minor: 11, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "w"}]}'
	run_it
	equal "$output" refused
	config '.linux.resources.devices |= reverse'
	run_it
	equal "$output" written
	config '.linux.resources.devices[0] += {access: "r"} | .linux.resources.devices |= reverse'
	run_it
	equal "$output" written # the last one speaks about reading only
	config '.linux.resources.devices += [{allow: false, access: "rwm"}]'
	run_it
	equal "$output" refused
}

@test "device rules: making nodes is allowed, using them is another thing" {
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	script 'mknod /tmp/b b 7 0 && mknod /tmp/c c 4 64 && echo made; (: </tmp/b) 2>&1 | grep -c permitted; (: </tmp/c) 2>&1 | grep -c permitted'
	run_it
	equal "$output" "$(printf 'made\n1\n1')"
}
