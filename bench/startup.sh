#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a container takes to start: `run true` and create + start + delete, in turns, of ocirun and
# of crun and runc where they are installed and work here.
#   bench/startup.sh [OCIRUN] [ROUNDS] [KIND...]
# The kinds of bundle are those of bench/bundles.sh; mounts20 and mounts1000 are docker with a host's
# mount table of that length. Without names: all of them.
# floor is bench/floor.c, the least that the kernel has to do for the same container.
# The ratios of one run are what counts. BEFORE=PROGRAM compares with an older ocirun, CRUN=PROGRAM and
# RUNC=PROGRAM with other ones than those of the PATH, BENCH_CSV=DIR keeps the numbers.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
rounds=${2:-100}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- minimal docker netns userns rootless mounts20 mounts1000
need jq:jq busybox:busybox-static python3:python3 setpriv:util-linux
work_folder
delegated=/sys/fs/cgroup/ocirun-bench-$$
cleanup() {
	cd /
	umount -l "$work/net" "$work/table" 2>/dev/null || true
	remove_work
	[ ! -d $delegated ] || find $delegated -depth -type d -exec rmdir {} +
}
trap cleanup EXIT

# A host with LENGTH mounts, by binds of a folder of a tmpfs onto its siblings.
mount_table() { # LENGTH
	local have i
	have=$(wc -l </proc/self/mountinfo)
	if [ ! -d "$work/table" ]; then
		mkdir "$work/table"
		mount -t tmpfs none "$work/table"
		have=$((have + 1))
	fi
	for ((i = have; i < $1; i++)); do
		mkdir "$work/table/$i"
		mount --bind "$work/table/$i" "$work/table/$i"
	done
	echo "$(wc -l </proc/self/mountinfo) mounts"
}
# What a login session has: a cgroup of one's own, a runtime folder.
be_a_user() {
	mkdir -p "$delegated/session" "$work/run/user"
	chown $rootless_uid:$rootless_uid "$work/run/user" "$delegated" "$delegated"/cgroup.{procs,threads,subtree_control} \
		"$delegated/session" "$delegated"/session/cgroup.{procs,threads,subtree_control}
	chmod 700 "$work/run/user"
	local name
	for name in "${names[@]}"; do call[$name]=${call[$name]/"$work/run/"/"$work/run/user/"}; done
	as=(sh -c 'echo $$ >'"$delegated"'/session/cgroup.procs && exec "$@"' sh
		env HOME="$work/run/user" XDG_RUNTIME_DIR="$work/run/user" DBUS_SESSION_BUS_ADDRESS=
		setpriv --reuid "$rootless_uid" --regid "$rootless_uid" --clear-groups)
}

quiet=()
touch "$work/net"
unshare --net="$work/net" true
for kind in "$@"; do
	bundle "$work/$kind" "$kind" /bin/true
	cd "$work/$kind"
	runtimes "$ocirun" "${kind/#mounts*/docker}"
	as=()
	case $kind in
	mounts*) mount_table "${kind#mounts}" ;;
	rootless) be_a_user ;;
	esac
	keep_those_that_run "$kind"
	run=() cycle=()
	for name in "${names[@]}"; do
		c=${call[$name]} id=$me-$name
		run+=("$kind run: $name" "$c run $id")
		cycle+=("$kind create start delete: $name" "$c create $id && $c start $id && $c delete -f $id")
	done
	csv_option "startup-$kind-run"
	"${as[@]}" "$bench/interleave.py" -n "$rounds" "${csv[@]}" "${quiet[@]}" "${run[@]}"
	quiet=(--quiet)
	csv_option "startup-$kind-cycle"
	"${as[@]}" "$bench/interleave.py" -n "$rounds" "${csv[@]}" "${quiet[@]}" "${cycle[@]}"
	echo
done
