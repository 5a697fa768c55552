# Mounts that fail: one message that names the entry of mounts[], its destination and the reason, and
# nothing stays. A line of a table: the entry's number, its destination ("-": the entry is refused
# before anything is made, by its JSON path alone), a pattern of the reason, and what is added to
# .mounts, in jq; $t is the test's directory.
load helpers

prepare() { require root; }
teardown() {
	umount -R "$R/src" 2>/dev/null || true
	umount -R "$T/o" 2>/dev/null || true
	clean_up
}
our_mounts() { grep -F "$T/" /proc/self/mountinfo || true; }
nothing_left() { # but what the test itself has mounted
	equal "$(our_mounts)" "$1"
	equal "$(find "$(cgroup_root)" -maxdepth 4 -name "*$ID*")" ""
	equal "$(find /proc -maxdepth 2 -path '/proc/[0-9]*/root' -lname "$T*" 2>/dev/null)" ""
	[ ! -d "$ROOT" ] || equal "$(ls "$ROOT")" ""
}

check_table() {
	local index destination why mounts n=0 before
	before=$(our_mounts)
	cp "$B/config.json" "$T/plain.json"
	while IFS=$'\t' read -r index destination why mounts; do
		[ -n "$index" ] || continue
		n=$((n + 1))
		jq --arg t "$T" ".mounts += [$mounts]" "$T/plain.json" >"$B/config.json"
		status=0
		create_it || status=$?
		stderr=$(cat "$T/err")
		failed_with "/mounts/$index"
		[ "$destination" = - ] || failed_with "on \"$destination\" (/mounts/$index)"
		[[ ${stderr//\\\"/\"} =~ $why ]] || { echo "wanted: $why"; say; }
		equal "$(wc -l <<<"$stderr")" 1
		nothing_left "$before"
	done
	[ "$n" -gt 0 ]
}

@test "sources and destinations" {
	mkdir "$T/src" "$T/aim"
	touch "$T/file"
	ln -s "../../../../../$T/aim" "$R/away"
	ln -s loop "$R/loop"
	check_table <<-'EOF'
	6	/x	opening the source: no such file or directory	{destination: "/x", source: "/no/such", options: ["bind"]}
	7	/y	opening the source: no such file or directory	{destination: "/x", type: "tmpfs", source: "t"}, {destination: "/y", source: "\($t)/none", options: ["rbind", "ro"]}
	6	/etc/passwd	the source is a directory, the destination is not	{destination: "/etc/passwd", source: "\($t)/aim", options: ["bind"]}
	6	/tmp	the destination is a directory, the source is not	{destination: "/tmp", source: "\($t)/file", options: ["bind"]}
	6	/etc/passwd/x	opening the mount point: not a directory	{destination: "/etc/passwd/x", type: "tmpfs", source: "t"}
	6	/loop/x	opening the mount point: too many levels of symbolic links	{destination: "/loop/x", type: "tmpfs", source: "t"}
	6	/away/p	must be mounted on ordinary directory	{destination: "/away/p", type: "proc", source: "p"}
	6	/away	must be mounted on ordinary directory	{destination: "/away", type: "sysfs", source: "s"}
	EOF
	[ -z "$(ls "$T/aim")" ]
}

@test "types and options" {
	check_table <<-'EOF'
	6	/x	unknown filesystem type: no such device	{destination: "/x", type: "nosuchfs", source: "t"}
	6	/x	(size|invalid argument)	{destination: "/x", type: "tmpfs", source: "t", options: ["size=banana"]}
	6	/x	(nosuch|invalid argument)	{destination: "/x", type: "tmpfs", source: "t", options: ["nosuch=1"]}
	6	-	filesystem-specific options applied: "nosuch"	{destination: "/x", source: "/etc", options: ["bind", "nosuch"]}
	6	-	needs the option "bind" or "rbind"	{destination: "/x", type: "bind", source: "/etc"}
	6	-	missing; only mounts with the option	{destination: "/x", source: "/etc"}
	6	-	missing; a bind mount needs one	{destination: "/x", options: ["bind"]}
	6	-	"tmpcopyup" is only for tmpfs	{destination: "/x", type: "ramfs", options: ["tmpcopyup"]}
	6	-	"src-nofollow" is only for bind mounts	{destination: "/x", type: "tmpfs", options: ["src-nofollow"]}
	6	-	must be given together	{destination: "/x", source: "/etc", options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 1}]}
	6	/bin	copying to it.*no space left	{destination: "/bin", type: "tmpfs", options: ["tmpcopyup", "size=4k"]}
	6	-	must be of type "proc"	{destination: "/proc", type: "tmpfs", source: "t"}
	6	-	it is inside /proc	{destination: "/proc/self", type: "tmpfs", source: "t"}
	EOF
}

@test "remounts, cgroups and busy file systems" {
	mkdir -p "$T/o/"{lower,merged}
	mount -t tmpfs none "$T/o" && mkdir -p "$T/o/"{lower,upper,work,merged}
	mount -t overlay -o "lowerdir=$T/o/lower,upperdir=$T/o/upper,workdir=$T/o/work,index=on" none "$T/o/merged"
	check_table <<-'EOF'
	6	/none	opening the mount point: no such file or directory	{destination: "/none", options: ["remount", "ro"]}
	6	/etc	invalid argument	{destination: "/etc", options: ["remount", "bind", "ro"]}
	7	/x	invalid argument	{destination: "/x", type: "tmpfs", source: "t"}, {destination: "/x", options: ["remount", "size=banana"]}
	6	/etc/passwd	the destination is not	{destination: "/etc/passwd", type: "cgroup", source: "cgroup"}
	6	/x	device or resource busy	{destination: "/x", type: "overlay", source: "o", options: ["lowerdir=\($t)/o/lower", "upperdir=\($t)/o/upper", "workdir=\($t)/o/work", "index=on"]}
	EOF
}

@test "mount errors of a user namespace" {
	user_ns
	mkdir "$T/src"
	check_table <<-'EOF'
	6	/x	operation not permitted	{destination: "/x", type: "devtmpfs", source: "d"}
	7	/x	operation not permitted	{destination: "/x", type: "tmpfs", source: "t"}, {destination: "/x", type: "devtmpfs", source: "d"}
	6	/x	"gid=70000"|invalid argument|gid	{destination: "/x", type: "tmpfs", source: "t", options: ["gid=70000"]}
	EOF
}

@test "flags that a user namespace may not clear" {
	user_ns
	mkdir "$R/src"
	mount -t tmpfs -o ro,nosuid none "$R/src"
	check_table <<-'EOF'
	6	/src	operation not permitted	{destination: "/src", options: ["remount", "bind", "rw"]}
	6	/src	operation not permitted	{destination: "/src", options: ["remount", "bind", "suid"]}
	EOF
}

@test "id-mapped mounts that cannot be had" {
	require newapi
	check_table <<-'EOF'
	6	/x	this filesystem does not support id-mapped mounts	{destination: "/x", source: "/proc", options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 1}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]}
	6	-	overlap	{destination: "/x", source: "/etc", options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 2}, {containerID: 1, hostID: 5, size: 2}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]}
	6	/x	opening the source: no such file or directory	{destination: "/x", source: "/no/such", options: ["bind", "idmap=uids=0-1-1;gids=0-1-1"]}
	6	-	"idmap" without mappings	{destination: "/x", source: "/etc", options: ["bind", "idmap"]}
	6	-	expected "uids=" or "gids="	{destination: "/x", source: "/etc", options: ["bind", "idmap=ids=0"]}
	EOF
}

@test "id-mapped mounts and recursive attributes on an old kernel" {
	require oldapi
	check_table <<-'EOF'
	6	-	need Linux 5.12	{destination: "/x", source: "/etc", options: ["bind", "idmap=uids=0-1-1;gids=0-1-1"]}
	6	-	need Linux 5.12	{destination: "/x", source: "/etc", options: ["rbind", "rro"]}
	EOF
}
