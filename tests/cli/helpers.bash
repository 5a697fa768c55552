# SPDX-License-Identifier: Apache-2.0
# What every topic shares: a bundle per test, the program under test, assertions, and the check that
# nothing is left behind. Knobs (tests/cli/run sets them): OCIRUN the program, TOOLS the folder of
# guest and friends, ENOSYS a list of system calls to refuse, USERNS=1 when we are not the real root,
# SLOW how many times slower than native the machine is (all waits and limits are so much longer).
# `require` is the only way to skip.
# shellcheck disable=SC2034,SC2154
bats_require_minimum_version 1.5.0

: "${OCIRUN:?path of the ocirun under test}" "${TOOLS:?folder of guest, recvtty and so on}"
SRC=$BATS_TEST_DIRNAME
APPLETS="sh ls cat echo sleep mkdir touch mount umount id env pwd test true false stat readlink rm ln
	grep head tail wc tr hostname ps kill mknod chmod chown dd sync date nc wget ip ifconfig cut seq
	sort find tty stty dmesg su uname printenv expr mkfifo usleep trap nproc sed awk df"

# ---- bundles ---------------------------------------------------------------------------------
make_rootfs() { # DIR
	local d
	for d in bin dev etc proc sys tmp root run var mnt usr/bin; do mkdir -p "$1/$d"; done
	cp "$(command -v busybox)" "$1/bin/busybox"
	cp "$TOOLS/guest" "$1/bin/guest"
	for d in $APPLETS; do ln -s busybox "$1/bin/$d"; done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
	chmod 1777 "$1/tmp"
}

make_bundle() { # DIR: the root is a copy of one made once per run
	local template=$BATS_RUN_TMPDIR/rootfs
	mkdir -p "$1"
	[ -d "$template" ] || { make_rootfs "$template.new" && mv "$template.new" "$template"; }
	cp -a "$template" "$1/rootfs"
	cp "$SRC/base.json" "$1/config.json"
}

setup() {
	ID=cli-${SUITE:-$$}-$BATS_SUITE_TEST_NUMBER
	T=$(mktemp -d "${TMPDIR:-/tmp}/ocirun-cli.XXXXXX")
	chmod 755 "$T"
	ROOT=$T/state B=$T/bundle R=$T/bundle/rootfs
	STARTED=()
	make_bundle "$B"
	if declare -F prepare >/dev/null; then prepare; fi
}

# jq on the bundle's config.json; further arguments go to jq (--arg NAME VALUE).
config() { # EXPRESSION [JQ ARGS...]
	jq "$@" "$B/config.json" >"$B/config.new" && mv "$B/config.new" "$B/config.json"
}
words() { [ $# -eq 0 ] && echo '[]' || printf '%s\036' "$@" | jq -Rsc 'split("\u001e")[:-1]'; }
args() { config '.process.args = $w' --argjson w "$(words "$@")"; }
script() { config '.process.args = ["/bin/sh", "-c", $s]' --arg s "$1"; }
# A namespaces entry more, or less.
ns_add() { config '.linux.namespaces += [{type: $t} + (if $p == "" then {} else {path: $p} end)]' --arg t "$1" --arg p "${2:-}"; }
ns_del() { config '.linux.namespaces |= map(select(.type != $t))' --arg t "$1"; }
all_caps() {
	config '.process.capabilities = ([$c[] | "CAP_" + .] | {bounding: ., effective: ., permitted: .})' \
		--argjson c '["CHOWN","DAC_OVERRIDE","FOWNER","KILL","MKNOD","NET_ADMIN","NET_RAW","SETGID","SETPCAP","SETUID","SYS_ADMIN","SYS_CHROOT","SYS_PTRACE","SYS_NICE"]'
}
user_ns() { # [INSIDE OUTSIDE SIZE]
	ns_add user
	config '.linux.uidMappings = [{containerID: $a, hostID: $b, size: $c}] | .linux.gidMappings = .linux.uidMappings' \
		--argjson a "${1:-0}" --argjson b "${2:-100000}" --argjson c "${3:-65536}"
	chown -R "${2:-100000}:${2:-100000}" "$R"
}

# ---- the program -----------------------------------------------------------------------------
# A hang is a failure, not the end of the suite.
ocirun() {
	local shim=()
	[ -z "${ENOSYS:-}" ] || shim=("$TOOLS/enosys" "$ENOSYS")
	timeout --foreground -k 5 "${LIMIT:-$((60 * ${SLOW:-1}))}" "${shim[@]}" "$OCIRUN" --root "$ROOT" "$@"
}
# Run it and keep $status, $output and $stderr.
oci() { run --separate-stderr apart ocirun "$@"; }
# Without bats' own descriptors, which containers must not hold; `run` needs them for status 127.
apart() { "$@" 3>&- 4>&-; }
ok() { oci "$@"; succeeded; }
refused() { # TEXT ARGS...: exit 1, the text on stderr, one line of it
	local text=$1
	shift
	oci "$@"
	failed_with "$text"
}
run_it() { oci run -b "$B" "$@" "$ID"; }
# Run the bundle (in the foreground) and keep what guest saw.
run_guest() {
	run_it "$@"
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
}
create_it() { # the container's init has our stdio: keep it out of bats' pipes
	ocirun create -b "$B" --pid-file "$T/pid" "$@" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
}
state_of() { ocirun state "${2:-$ID}" | jq -r ".$1"; }
wait_for() { # SECONDS COMMAND...
	local i n=$(($1 * 20 * ${SLOW:-1}))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "gave up waiting for: $*"
	return 1
}
has_status() { [ "$(state_of status)" = "$1" ]; }

# ---- assertions ------------------------------------------------------------------------------
say() { echo "status ${status:-}; stdout: ${output:-}; stderr: ${stderr:-}"; return 1; }
succeeded() { [ "$status" -eq 0 ] || say; }
exited() { [ "$status" -eq "$1" ] || say; }
# The text log escapes quotes; the comparison does not care.
failed_with() { { [ "$status" -eq 1 ] && [[ "${stderr//\\\"/\"}" == *"$1"* ]]; } || { echo "wanted: $1"; say; }; }
printed() { [[ "$output" == *"$1"* ]] || { echo "wanted: $1"; say; }; }
seen() { jq -e "$@" "$T/guest.json" >/dev/null || { echo "not so: $*"; cat "$T/guest.json"; return 1; }; }
not() { ! "$@"; } # a bare "! command" never fails a test
equal() { [ "$1" = "$2" ] || { echo "got:    $1"; echo "wanted: $2"; return 1; }; }

# ---- what this machine can do ----------------------------------------------------------------
# root, user (not root), userns; kernel VERSION, newapi, oldapi; controller NAME (cgroup v2), capability NAME
# (in small letters, of the tests themselves), systemd (it is PID 1), manager systemd (features has
# it), session (a user's systemd with a bus), lsm NAME and no-lsm NAME (whether it is active), command
# NAME
require() {
	case $1 in
	root) [ "$(id -u)" -eq 0 ] && [ -z "${USERNS:-}" ] || skip "needs root" ;;
	user) [ "$(id -u)" -ne 0 ] || skip "needs an unprivileged user" ;;
	userns) unshare -U true 2>/dev/null || skip "needs user namespaces" ;;
	kernel) [ "$(printf '%s\n%s\n' "$2" "$(uname -r)" | sort -V | head -1)" = "$2" ] || skip "needs kernel $2" ;;
	newapi) [ -z "${ENOSYS:-}" ] || skip "needs the new mount interface" ;;
	oldapi) [ -n "${ENOSYS:-}" ] || skip "needs the old mount interface" ;;
	controller) grep -qw "$2" "$(home_of_cgroups)/cgroup.controllers" || skip "needs the $2 controller" ;;
	capability) has_capability "$2" || skip "needs CAP_${2^^}" ;;
	systemd) [ -d /run/systemd/system ] || skip "needs systemd" ;;
	manager) "$OCIRUN" features | jq -e --arg m "$2" '.linux.cgroup[$m]' >/dev/null || skip "needs the $2 cgroup manager" ;;
	session) [ -S "${XDG_RUNTIME_DIR:-/nonexistent}/systemd/private" ] || skip "needs a user's systemd" ;;
	lsm) lsm_active "$2" || skip "needs $2" ;;
	no-lsm) ! lsm_active "$2" || skip "needs a kernel without $2" ;;
	numa) [ -e /proc/self/numa_maps ] || skip "needs a kernel with NUMA" ;;
	veth) unshare -n ip link add v0 type veth peer name v1 2>/dev/null || skip "needs veth devices" ;;
	schemas) [ -d "${OCI_SCHEMA_DIR:-}" ] || skip "needs OCI_SCHEMA_DIR" ;;
	command) command -v "$2" >/dev/null || skip "needs $2" ;;
	*) echo "require $1?"; return 1 ;;
	esac
}
lsm_active() { [[ ",$(cat /sys/kernel/security/lsm 2>/dev/null)," == *",$1,"* ]]; }
has_capability() { # the effective capabilities of this shell, by the kernel's numbers
	local n
	case $1 in sys_resource) n=24 ;; sys_admin) n=21 ;; net_admin) n=12 ;; sys_nice) n=23 ;; *) return 1 ;; esac
	(((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> n) & 1))
}
# Where we may make cgroups: root anywhere, a user in its delegated one.
own_cgroup() {
	[ "$(id -u)" -eq 0 ] && cgroup_root || echo "$(cgroup_root)$(sed -n 's/^0:://p' /proc/self/cgroup)"
}
# Where containers' cgroups are made: below the root, beside the one of an ordinary user.
home_of_cgroups() { [ "$(id -u)" -eq 0 ] && cgroup_root || dirname "$(own_cgroup)"; }
cgroup_root() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

# ---- nothing stays ---------------------------------------------------------------------------
leftovers() {
	local left=""
	left+=$(grep -F "$T/" /proc/self/mountinfo || true)
	left+=$(find "$(cgroup_root)" -maxdepth 4 -name "*$ID*" 2>/dev/null || true)
	left+=$(find /proc -maxdepth 2 -path '/proc/[0-9]*/root' -lname "$T*" 2>/dev/null || true)
	[ ! -d "$ROOT" ] || left+=$(ls "$ROOT")
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
teardown() { clean_up; }
clean_up() { # for topics that have a teardown of their own
	local id r=0 p
	for p in "${STARTED[@]}"; do kill "$p" 2>/dev/null || true; done
	for id in "$ROOT"/*/; do
		[ ! -d "$id" ] || "$OCIRUN" --root "$ROOT" delete -f "$(basename "$id")" 2>&1 || r=1
	done
	leftovers || r=1
	umount -R "$T" 2>/dev/null || true
	rm -rf --one-file-system "$T" || r=1
	return $r
}
