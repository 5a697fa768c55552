# SPDX-License-Identifier: Apache-2.0
# Labels of processes and mounts, read back from the kernel: SELinux and AppArmor, and neither.
load helpers

LABEL=system_u:system_r:container_t:s0:c7,c21
MOUNTS=system_u:object_r:container_file_t:s0:c7,c21

# What the kernel says of a process: label modules end theirs with a NUL or a newline.
label_of() { tr -d '\0\n' <"/proc/$1/attr/${2:-current}"; }
pid_of() { cat "$T/pid"; }
file_label() { stat -c %C "$1"; }

running() { # a container that sleeps
	args sleep 1000
	create_it
	ok start "$ID"
	wait_for 10 grep -q sleep "/proc/$(pid_of)/cmdline"
}

profile() { # NAME: loaded for this test only; it may do anything but write one file
	cat >"$T/$1.profile" <<-E
		profile $1 flags=(attach_disconnected,mediate_deleted) {
			file,
			capability,
			network,
			mount,
			umount,
			pivot_root,
			signal,
			ptrace,
			unix,
			deny /tmp/denied w,
		}
	E
	apparmor_parser -K -r "$T/$1.profile"
}

@test "selinux: the program has the label, and its init not before the program" {
	require lsm selinux
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	args sleep 1000
	create_it
	[ "$(label_of "$(pid_of)")" != "$LABEL" ]
	ok start "$ID"
	wait_for 10 grep -q sleep "/proc/$(pid_of)/cmdline"
	equal "$(label_of "$(pid_of)")" "$LABEL"
}

@test "selinux: the program sees its own label, and its children have it" {
	require lsm selinux
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	script 'cat /proc/self/attr/current; sh -c "cat /proc/self/attr/exec"'
	run_it
	succeeded
	equal "$(tr -d '\0' <<<"$output")" "$LABEL"
}

@test "selinux: file systems made for the container have the mount label" {
	require lsm selinux
	config '.linux.mountLabel = $l | .mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}]' --arg l "$MOUNTS"
	running
	local d root=/proc/$(pid_of)/root
	for d in /dev /dev/shm /dev/mqueue /run; do
		equal "$d $(file_label "$root$d")" "$d $MOUNTS"
	done
	for d in /dev /dev/pts /dev/shm /run; do
		equal "$d $(awk -v d="$d" '$5 == d { print $NF }' "/proc/$(pid_of)/mountinfo" | grep -c "context=\"$MOUNTS\"")" "$d 1"
	done
	touch "$root/run/file"
	equal "$(file_label "$root/run/file")" "$MOUNTS"
}

@test "selinux: proc, sysfs and the sources of binds keep their labels" {
	require lsm selinux
	mkdir "$T/data"
	local before=$(file_label "$T/data") proc=$(file_label /proc/version) sys=$(file_label /sys/kernel)
	config '.linux.mountLabel = $l | .mounts += [{destination: "/data", type: "bind", source: $d, options: ["bind"]}]' \
		--arg l "$MOUNTS" --arg d "$T/data"
	running
	local root=/proc/$(pid_of)/root
	equal "$(file_label "$T/data")" "$before"
	equal "$(file_label "$root/data")" "$before"
	equal "$(file_label "$root/proc/version")" "$proc"
	equal "$(file_label "$root/sys/kernel")" "$sys"
}

@test "selinux: the kernel's other label files are untouched" {
	require lsm selinux
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	running
	local f
	for f in exec fscreate sockcreate; do equal "$f=$(label_of "$(pid_of)" "$f")" "$f="; done
}

@test "selinux: exec has the container's label, or that of --process-label" {
	require lsm selinux
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	running
	ok exec "$ID" cat /proc/self/attr/current
	equal "$(tr -d '\0' <<<"$output")" "$LABEL"
	ok exec --process-label "${LABEL%:*}:c1,c2" "$ID" cat /proc/self/attr/current
	equal "$(tr -d '\0' <<<"$output")" "${LABEL%:*}:c1,c2"
	oci exec --process-label system_u:system_r:no_such_t:s0 "$ID" true
	exited 255
	[[ "$stderr" == *no_such_t* ]] || say
}

@test "selinux: a label that the policy does not know is refused" {
	require lsm selinux
	config '.process.selinuxLabel = "system_u:system_r:no_such_t:s0"'
	refused 'check selinux label "system_u:system_r:no_such_t:s0"' create -b "$B" "$ID"
}

@test "selinux: a mount label that the policy does not know is refused" {
	require lsm selinux
	config '.linux.mountLabel = "no:such:label:s0"'
	refused 'no:such:label:s0' create -b "$B" "$ID"
}

@test "selinux: asked for where it is not active is refused" {
	require no-lsm selinux
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	refused 'selinux label is specified in config, but selinux is disabled or not supported' create -b "$B" "$ID"
}

@test "apparmor: the program is confined by its profile, and init is not" {
	require lsm apparmor
	profile "ocirun-$ID"
	config '.process.apparmorProfile = $p' --arg p "ocirun-$ID"
	args sleep 1000
	create_it
	equal "$(label_of "$(pid_of)" apparmor/current)" unconfined
	ok start "$ID"
	wait_for 10 grep -q sleep "/proc/$(pid_of)/cmdline"
	equal "$(label_of "$(pid_of)" apparmor/current)" "ocirun-$ID (enforce)"
	apparmor_parser -R "$T/ocirun-$ID.profile"
}

@test "apparmor: the profile's rules bite in the container" {
	require lsm apparmor
	profile "ocirun-$ID"
	config '.process.apparmorProfile = $p' --arg p "ocirun-$ID"
	script 'cat /proc/self/attr/apparmor/current; echo >/tmp/allowed && echo allowed; echo 2>&1 >/tmp/denied || echo denied'
	run_it
	apparmor_parser -R "$T/ocirun-$ID.profile"
	succeeded
	printed "ocirun-$ID (enforce)"
	printed allowed
	printed denied
	[ ! -e "$R/tmp/denied" ]
}

@test "apparmor: it holds under noNewPrivileges, too" {
	require lsm apparmor
	profile "ocirun-$ID"
	config '.process.apparmorProfile = $p | .process.noNewPrivileges = true' --arg p "ocirun-$ID"
	script 'cat /proc/self/attr/apparmor/current; grep NoNewPrivs /proc/self/status'
	run_it
	apparmor_parser -R "$T/ocirun-$ID.profile"
	succeeded
	printed "ocirun-$ID (enforce)"
	printed "NoNewPrivs:	1"
}

@test "apparmor: exec has the container's profile, or that of --apparmor" {
	require lsm apparmor
	profile "ocirun-$ID"
	profile "other-$ID"
	config '.process.apparmorProfile = $p' --arg p "ocirun-$ID"
	running
	oci exec "$ID" cat /proc/self/attr/apparmor/current
	local inherited=$output
	oci exec --apparmor "other-$ID" "$ID" cat /proc/self/attr/apparmor/current
	local named=$output
	apparmor_parser -R "$T/ocirun-$ID.profile" "$T/other-$ID.profile"
	equal "$inherited" "ocirun-$ID (enforce)"
	equal "$named" "other-$ID (enforce)"
	oci exec --apparmor no-such-profile "$ID" true
	exited 255
	[[ "$stderr" == *"apparmor failed to apply profile"*no-such-profile* ]] || say
}

@test "apparmor: a profile that is not loaded is refused by name" {
	require lsm apparmor
	config '.process.apparmorProfile = "no-such-profile"'
	oci run -b "$B" "$ID"
	failed_with 'apparmor failed to apply profile'
	[[ "$stderr" == *no-such-profile* ]]
}

@test "apparmor: unconfined is a profile like any other" {
	require lsm apparmor
	config '.process.apparmorProfile = "unconfined"'
	script 'cat /proc/self/attr/apparmor/current'
	run_it
	succeeded
	equal "$output" unconfined
}

@test "apparmor: asked for where it is not active is refused" {
	require no-lsm apparmor
	config '.process.apparmorProfile = "some-profile"'
	oci run -b "$B" "$ID"
	failed_with 'apparmor'
}
