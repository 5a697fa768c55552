# SPDX-License-Identifier: Apache-2.0
# The engines of the guest (tests/vm) with ocirun as their runtime: run, exec, stop, rm and what else
# they ask of it, with real daemons, images and networks.
load helpers

IMAGE=localhost/busybox:latest
ARCHIVE=/usr/local/share/ocirun-vm/busybox.tar

setup_file() {
	[ -e "$ARCHIVE" ] || return 0
	podman load -qi "$ARCHIVE" >/dev/null 3>&- 4>&-
}
setup() {
	[ -e "$ARCHIVE" ] || { echo "run this topic with tests/vm/check --env vm-engines"; return 1; }
	NAME=ocirun-$BATS_TEST_NUMBER
}
teardown() {
	# shellcheck disable=SC2119
	podman rm -af -t 0 >/dev/null 2>&1 3>&- 4>&- || true
	local left
	left=$(find /sys/fs/cgroup -type d -name '*libpod-[0-9a-f]*' 2>/dev/null)
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
# An engine's command, within its time; engines leave processes that must not hold bats' pipes.
engine() { run --separate-stderr apart timeout "$((30 * ${SLOW:-1}))" "$@" </dev/null; }
done_by() { engine "$@" && succeeded; }
pod() { engine podman --runtime "$OCIRUN" --cgroup-manager "${MANAGER:-cgroupfs}" "$@"; }
pod_ok() { pod "$@" && succeeded; }
file_of() { # CONTAINER FILE: of its cgroup
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' "$1")
	cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$2"
}

# ---- podman, also without root -----------------------------------------------------------------
# The same life with each cgroup manager.
podman_life() {
	pod_ok run -d --name "$NAME" --memory 64m --pids-limit 50 "$IMAGE" sh -c 'trap "exit 9" TERM; sleep 1000 & wait'
	pod_ok exec "$NAME" sh -c 'echo "in $(hostname)"; exit 0'
	printed "in ${NAME_INSIDE:-}"
	pod exec "$NAME" sh -c 'exit 42'
	exited 42
	equal "$(file_of "$NAME" memory.max)" 67108864
	equal "$(file_of "$NAME" pids.max)" 50
	pod_ok stop -t "$((10 * ${SLOW:-1}))" "$NAME"
	equal "$(podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$NAME")" 'exited 9'
	pod_ok rm "$NAME"
}

@test "podman: attached: output, standard input, exit status" {
	pod run --rm --network none "$IMAGE" sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	equal "$output" out
	[[ "$stderr" == *err* ]] || say
	run podman --runtime "$OCIRUN" --cgroup-manager cgroupfs run --rm -i --network none "$IMAGE" cat <<<hello 3>&- 4>&-
	equal "$output" hello
}

@test "podman: a terminal" {
	pod_ok run --rm -t --network none "$IMAGE" sh -c 'tty; stty size >/dev/null && echo sized'
	printed /dev/pts/0
	printed sized
}

@test "podman: detached: run with limits, exec, stop, rm (cgroupfs)" {
	require root
	podman_life
}

@test "podman: detached: run with limits, exec, stop, rm (systemd)" {
	require manager systemd
	MANAGER=systemd podman_life
}

@test "podman: pause and unpause" {
	require root
	pod_ok run -d --name "$NAME" --network none "$IMAGE" sleep 1000
	pod_ok pause "$NAME"
	equal "$(file_of "$NAME" cgroup.freeze)" 1
	pod_ok unpause "$NAME"
	equal "$(file_of "$NAME" cgroup.freeze)" 0
	pod_ok rm -f -t 0 "$NAME"
}

@test "podman: update changes the limits of a running container" {
	require root
	pod_ok run -d --name "$NAME" --network none --memory 64m "$IMAGE" sleep 1000
	pod_ok update --memory 96m --pids-limit 33 "$NAME"
	equal "$(file_of "$NAME" memory.max)" 100663296
	equal "$(file_of "$NAME" pids.max)" 33
	pod_ok rm -f -t 0 "$NAME"
}

@test "podman: exec with a terminal, as a user, in a folder" {
	pod_ok run -d --name "$NAME" --network none "$IMAGE" sleep 1000
	pod_ok exec -t "$NAME" tty
	printed /dev/pts/
	pod_ok exec -u 1000:1000 -w /tmp -e COLOUR=blue "$NAME" sh -c 'echo "$(id -u):$(id -g) $PWD $COLOUR"'
	equal "$output" '1000:1000 /tmp blue'
	pod_ok exec -d "$NAME" sh -c 'echo made >/tmp/made'
	wait_for 10 podman --runtime "$OCIRUN" exec "$NAME" grep -q made /tmp/made 3>&- 4>&-
	pod_ok rm -f -t 0 "$NAME"
}

@test "podman: errors become its exit statuses: 127 not found, 126 not a program" {
	pod run --rm --network none "$IMAGE" /no/such/program
	exited 127
	pod run --rm --network none "$IMAGE" /etc
	exited 126
	pod run --rm --network none "$IMAGE" /etc/passwd
	exited 126
}

@test "podman: exec's errors, too" {
	pod_ok run -d --name "$NAME" --network none "$IMAGE" sleep 1000
	pod exec "$NAME" /no/such/program
	exited 127
	pod exec "$NAME" /etc/passwd
	exited 126
	pod_ok rm -f -t 0 "$NAME"
}

@test "podman: user namespace, read-only root, volumes, capabilities" {
	mkdir -p "$BATS_TEST_TMPDIR/data"
	echo content >"$BATS_TEST_TMPDIR/data/file"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	pod_ok run --rm --network none --read-only --tmpfs /scratch --cap-drop all -v "$BATS_TEST_TMPDIR/data:/data:ro" "$IMAGE" \
		sh -c 'cat /data/file; grep CapEff /proc/self/status; touch /x 2>/dev/null || echo read-only; touch /scratch/x && echo scratch'
	printed content
	printed 'CapEff:	0000000000000000'
	printed read-only
	printed scratch
}

@test "podman: a pod's containers share their namespaces" {
	require root
	pod_ok pod create --name "$NAME" --network none --share +pid
	pod_ok run -d --pod "$NAME" --name "$NAME-a" "$IMAGE" sleep 1000
	pod_ok run --rm --pod "$NAME" "$IMAGE" sh -c 'ps; cat /proc/net/dev'
	printed 'sleep 1000'
	pod_ok pod rm -f -t 0 "$NAME"
}

# ---- containerd --------------------------------------------------------------------------------
containerd_up() {
	require root
	done_by systemctl start containerd
	ctr version >/dev/null
	ctr image ls -q | grep -qx "$IMAGE" || done_by ctr image import "$ARCHIVE"
}
task_is() { ctr task ls | awk -v n="$1" -v s="$2" '$1 == n && $3 == s { found = 1 } END { exit !found }'; }

@test "ctr: attached: output and exit status" {
	containerd_up
	engine ctr run --rm --runc-binary "$OCIRUN" "$IMAGE" "$NAME" sh -c 'echo out; exit 7'
	exited 7
	equal "$output" out
}

@test "ctr: detached: run with limits, exec, pause, kill, rm" {
	containerd_up
	done_by ctr run -d --runc-binary "$OCIRUN" --memory-limit 67108864 "$IMAGE" "$NAME" sleep 1000
	wait_for 20 task_is "$NAME" RUNNING
	local pid=$(ctr task ls | awk -v n="$NAME" '$1 == n { print $2 }')
	equal "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/memory.max")" 67108864
	done_by ctr task exec --exec-id one "$NAME" sh -c 'echo inside'
	equal "$output" inside
	engine ctr task exec --exec-id two "$NAME" sh -c 'exit 42'
	exited 42
	done_by ctr task ps "$NAME"
	printed "$pid"
	done_by ctr task metrics "$NAME"
	done_by ctr task pause "$NAME"
	wait_for 10 task_is "$NAME" PAUSED
	done_by ctr task resume "$NAME"
	wait_for 10 task_is "$NAME" RUNNING
	done_by ctr task kill -s SIGKILL "$NAME"
	wait_for 20 task_is "$NAME" STOPPED
	done_by ctr task rm "$NAME" || [ "$status" -eq 137 ]
	done_by ctr container rm "$NAME"
	[ ! -e "/run/containerd/runc/default/$NAME" ]
}

@test "ctr: a terminal" {
	containerd_up
	engine script -qec "ctr run --rm -t --runc-binary $OCIRUN $IMAGE $NAME tty" /dev/null
	printed /dev/pts/0
}

@test "ctr: a program that is not there is the runtime's own error" {
	containerd_up
	engine ctr run --rm --runc-binary "$OCIRUN" "$IMAGE" "$NAME" /no/such/program
	[ "$status" -ne 0 ]
	[[ "$stderr" == *"/no/such/program"* && "$stderr" == *"no such file or directory"* ]] || say
	ctr container rm "$NAME" 2>/dev/null || true
}

# ---- docker ------------------------------------------------------------------------------------
docker_up() { # with the cgroup manager $1
	require root
	local config='{"runtimes": {"ocirun": {"path": "'$OCIRUN'"}}, "exec-opts": ["native.cgroupdriver='$1'"]}'
	[ "$(cat /etc/docker/daemon.json 2>/dev/null)" != "$config" ] || return 0
	mkdir -p /etc/docker
	systemctl stop docker 2>/dev/null || true
	systemctl reset-failed docker 2>/dev/null || true
	echo "$config" >/etc/docker/daemon.json
	engine timeout 240 systemctl start docker
	succeeded
	docker image inspect "$IMAGE" >/dev/null 2>&1 || done_by docker load -qi "$ARCHIVE"
}
docker_life() {
	engine docker run --rm --runtime ocirun "$IMAGE" sh -c 'echo out; exit 7'
	exited 7
	equal "$output" out
	done_by docker run -d --runtime ocirun --name "$NAME" --memory 64m --pids-limit 50 "$IMAGE" sh -c 'trap "exit 9" TERM; sleep 1000 & wait'
	local pid=$(docker inspect -f '{{.State.Pid}}' "$NAME")
	local cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	equal "$(cat "$cg/memory.max") $(cat "$cg/pids.max")" '67108864 50'
	done_by docker exec "$NAME" sh -c 'echo inside'
	equal "$output" inside
	engine docker exec "$NAME" sh -c 'exit 42'
	exited 42
	done_by docker update --memory 96m --memory-swap 96m "$NAME"
	equal "$(cat "$cg/memory.max")" 100663296
	done_by docker pause "$NAME"
	equal "$(cat "$cg/cgroup.freeze")" 1
	done_by docker unpause "$NAME"
	done_by docker top "$NAME"
	done_by docker stop -t "$((10 * ${SLOW:-1}))" "$NAME"
	equal "$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$NAME")" 'exited 9'
	done_by docker rm "$NAME"
	[ ! -d "$cg" ]
}

@test "docker: run with limits, exec, update, pause, stop, rm (cgroupfs)" {
	docker_up cgroupfs
	docker_life
}

@test "docker: a terminal, and its exit statuses for what cannot run" {
	docker_up cgroupfs
	done_by docker run --rm -t --runtime ocirun --network none "$IMAGE" tty
	printed /dev/pts/0
	engine docker run --rm --runtime ocirun --network none "$IMAGE" /no/such/program
	exited 127
	engine docker run --rm --runtime ocirun --network none "$IMAGE" /etc/passwd
	exited 126
}

@test "docker: run with limits, exec, update, pause, stop, rm (systemd)" {
	require manager systemd
	docker_up systemd
	docker_life
}
