# SPDX-License-Identifier: Apache-2.0
# What the benches of the start path share (sourced): the private mount namespace with cgroup2, the
# bundles, and the runtimes that are compared. The environment names other programs: CRUN and RUNC
# (empty: left out), BEFORE an older ocirun. BENCH_CSV is a folder for the numbers.
# shellcheck shell=bash disable=SC2034,SC2154
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Names of containers begin with it: the cgroups of another bench are not ours.
me=bench$$

# All runtimes get the same cgroup v2 on /sys/fs/cgroup, because crun does not run on a hybrid host.
# Everything mounted goes away with the namespace.
enter_cgroup2() { # SCRIPT ARGUMENTS...
	[ -z "${OCIRUN_BENCH_INSIDE:-}" ] || return 0
	[ "$(id -u)" = 0 ] || { echo "$(basename "$1") needs root" >&2; exit 1; }
	OCIRUN_BENCH_INSIDE=1 exec unshare -m --propagation private sh -c \
		'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
}

# The folder of a bench. State is on a tmpfs, as /run is.
work_folder() {
	work=$(mktemp -d)
	chmod 755 "$work"
	mkdir "$work/run"
	mount -t tmpfs -o mode=755 none "$work/run"
}
remove_work() {
	local state
	cd /
	# what an interrupted bench left
	for state in "$work/run/ocirun"/*/; do
		[ ! -d "$state" ] || "$ocirun" --root "$work/run/ocirun" delete -f "$(basename "$state")" || true
	done
	[ ! -d "$work/csv" ] || { mkdir -p "$BENCH_CSV" && cp "$work"/csv/* "$BENCH_CSV"; }
	umount -l "$work/run" || true
	rm -rf --one-file-system "$work"
}

need() { # PROGRAM:PACKAGE...
	local p
	for p in "$@"; do
		command -v "${p%%:*}" >/dev/null || { echo "bench needs ${p%%:*}: apt-get install ${p##*:}" >&2; exit 1; }
	done
}

# The profile is docker's list of names, allowed, for three architectures.
seccomp='{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":'$(cat "$bench/../tests/cli/docker-syscalls.json")',"action":"SCMP_ACT_ALLOW"}]}'
user_map() { # OUTSIDE SIZE
	echo ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: $1, size: $2}] | .linux.gidMappings = .linux.uidMappings"
}
# minimal: pid and mount namespaces, one mount. docker: six namespaces, the usual mounts, masks and
# the profile. netns: docker in the network namespace $work/net. userns: docker with 65536 ids.
# small: for many at a time, what all runtimes accept and no network namespace.
# rootless: docker for the user $rootless_uid, who has one id.
rootless_uid=4321
kind_filter() { # KIND
	local docker='.linux.namespaces += [{type: "cgroup"}] | .linux.seccomp = '"$seccomp"
	case $1 in
	minimal) echo '.linux.namespaces = [{type: "pid"}, {type: "mount"}] | del(.hostname, .linux.maskedPaths, .linux.readonlyPaths) | .mounts = [.mounts[0]]' ;;
	small) echo '.linux.namespaces = [{type: "pid"}, {type: "mount"}, {type: "cgroup"}] | del(.hostname, .linux.maskedPaths, .linux.readonlyPaths) | .mounts |= .[:2]' ;;
	docker | mounts*) echo "$docker" ;;
	netns) echo "$docker | (.linux.namespaces[] | select(.type == \"network\")).path = \"$work/net\"" ;;
	userns) echo "$docker | $(user_map 1000000 65536)" ;;
	rootless) echo "$docker | $(user_map $rootless_uid 1) | (.mounts[] | select(.type == \"devpts\")).options |= map(select(startswith(\"gid\") | not))" ;;
	*) echo "unknown kind of bundle: $1" >&2; return 1 ;;
	esac
}
bundle() { # DIR KIND COMMAND...
	local dir=$1 kind=$2 filter applet
	shift 2
	filter=$(kind_filter "$kind")
	mkdir -p "$dir"/rootfs/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$dir/rootfs/bin/busybox"
	for applet in true sleep; do ln -sf busybox "$dir/rootfs/bin/$applet"; done
	jq "$filter"' | .ociVersion = "1.0.2" | .process.args = $ARGS.positional' "$bench/../tests/cli/base.json" --args "$@" >"$dir/config.json"
	[ "$kind" != userns ] || chown -R 1000000:1000000 "$dir/rootfs"
	[ "$kind" != rootless ] || chown -R $rootless_uid:$rootless_uid "$dir"
}

# The least that a container can cost, bench/floor.c, where it has the kind.
floor_for() { # KIND
	case $1 in minimal | docker | docker-sleep) ;; *) return ;; esac
	if [ -x "$work/floor" ] || "$bench/floor.sh" "$work/floor" >"$work/log" 2>&1; then
		echo "$work/floor"
	else
		echo "floor cannot be compiled here, left out: $(head -1 "$work/log")" >&2
	fi
}
# The runtimes: names in order, and how each is called, from the bundle's folder.
declare -A call=()
runtimes() { # OCIRUN KIND
	local name program
	names=()
	for name in ocirun before floor crun runc; do
		case $name in
		ocirun) program=$1 ;;
		before) program=${BEFORE:-} ;;
		floor) program=$(floor_for "$2") ;;
		crun) program=${CRUN-crun} ;;
		runc) program=${RUNC-runc} ;;
		esac
		[ -n "$program" ] || continue
		program=$(command -v "$program") || { echo "$name is not installed, left out"; continue; }
		names+=("$name")
		call[$name]="$program --root $work/run/$name"
		[ "$name" != floor ] || call[$name]="$program $2 $work/run/floor"
	done
}
# Leaves out, by name and with the reason, what cannot run the bundle in the present folder.
keep_those_that_run() { # WHAT
	local name kept=()
	for name in "${names[@]}"; do
		# shellcheck disable=SC2086
		if "${as[@]}" ${call[$name]} run "$me-probe" >"$work/log" 2>&1 </dev/null; then
			kept+=("$name")
		else
			echo "$1: $name does not run here, left out: $(grep . "$work/log" | tail -1)"
			"${as[@]}" ${call[$name]} delete -f "$me-probe" >/dev/null 2>&1 || true
		fi
	done
	names=("${kept[@]}")
	[ "${names[0]:-}" = ocirun ] || { echo "ocirun itself does not run here" >&2; exit 1; }
}
as=()

# COUNT living containers $me-live-NAME-1.. of the bundle in the present folder; those there are stay.
declare -A living=()
populate() { # NAME COUNT
	local i
	for ((i = ${living[$1]:-0} + 1; i <= $2; i++)); do
		# shellcheck disable=SC2086
		${call[$1]} create "$me-live-$1-$i" </dev/null >"$work/log" 2>&1 && ${call[$1]} start "$me-live-$1-$i" >"$work/log" 2>&1 ||
			{ echo "$1: container $i of $2: $(grep . "$work/log" | tail -1)" >&2; exit 1; }
		living[$1]=$i
	done
}
# All of them at once, whoever made them.
end_population() {
	local g # below the cgroup we are in, or not: runtimes differ
	for g in $(find /sys/fs/cgroup -type d -name "$me-live-*"); do
		echo 1 >"$g/cgroup.kill"
		until rmdir "$g" 2>/dev/null; do sleep 0.01; done
	done
	living=()
}

csv_option() { # NAME: sets csv; the bench may run as somebody else
	csv=()
	[ -n "${BENCH_CSV:-}" ] || return 0
	mkdir -p "$work/csv"
	: >"$work/csv/$1.csv"
	chmod 666 "$work/csv/$1.csv"
	csv=(--csv "$work/csv/$1.csv")
}
