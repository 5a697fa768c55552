#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images between oci-image-tool and the engines of the guest: each takes what the other wrote.
load helpers
load images

IMAGE=localhost/busybox:latest
ARCHIVE=/usr/local/share/ocirun-vm/busybox.tar
MINE=localhost/mine:1

prepare() {
	[ -e "$ARCHIVE" ] || { echo "run this topic with tests/vm/check --env vm-engines"; return 1; }
	L=$T/layout
}
teardown() {
	podman rmi -f "$MINE" >/dev/null 2>&1 3>&- 4>&- || true
	clean_up
}
engine() { run --separate-stderr apart timeout "$((60 * ${SLOW:-1}))" "$@" </dev/null; }
done_by() { engine "$@" && succeeded; }
docker_up() {
	systemctl is-active -q docker || done_by timeout 240 systemctl start docker
	docker image inspect "$IMAGE" >/dev/null 2>&1 || done_by docker load -qi "$ARCHIVE"
}
# The archive is valid; what create makes of it is a bundle that ocirun runs.
takes() { # KIND:FILE
	it_ok validate "$1"
	it_ok create "$1" "$T/made" -- sh -c 'echo "of $1"; exit 3' sh engine
	oci run -b "$T/made" "$ID" </dev/null
	exited 3
	printed 'of engine'
}
# Ours, with a configuration of its own, as an archive of this format at $T/ours.tar
ours() { # FORMAT
	it_ok load "$ARCHIVE" "$L"
	it_ok config --env COLOUR=blue --workdir /tmp --tag "$MINE" "$L"
	it_ok save -f "$1" -o "$T/ours.tar" "$L:$MINE"
}

@test "docker loads and runs our docker-archive" {
	docker_up
	ours docker-archive
	done_by docker load -i "$T/ours.tar"
	printed "Loaded image: $MINE"
	done_by docker run --rm --network none "$MINE" sh -c 'echo "$COLOUR $PWD"'
	equal "$output" 'blue /tmp'
	done_by docker rmi "$MINE"
}

@test "podman loads and runs our docker-archive" {
	ours docker-archive
	done_by podman load -i "$T/ours.tar"
	done_by podman --runtime "$OCIRUN" --cgroup-manager cgroupfs run --rm --network none "$MINE" sh -c 'echo "$COLOUR $PWD"'
	equal "$output" 'blue /tmp'
}

@test "podman loads and runs our oci-archive" {
	ours oci-archive
	done_by podman load -i "$T/ours.tar"
	done_by podman --runtime "$OCIRUN" --cgroup-manager cgroupfs run --rm --network none "$MINE" sh -c 'echo "$COLOUR $PWD"'
	equal "$output" 'blue /tmp'
}

@test "what docker save writes is valid, and becomes a bundle that runs" {
	docker_up
	done_by docker save -o "$T/docker.tar" "$IMAGE"
	takes "docker-archive:$T/docker.tar"
}

@test "what podman save writes as a docker-archive is valid, and becomes a bundle that runs" {
	done_by podman load -qi "$ARCHIVE"
	done_by podman save -q --format docker-archive -o "$T/podman.tar" "$IMAGE"
	takes "docker-archive:$T/podman.tar"
}

@test "what podman save writes as an oci-archive is valid, and becomes a bundle that runs" {
	done_by podman load -qi "$ARCHIVE"
	done_by podman save -q --format oci-archive -o "$T/podman.tar" "$IMAGE"
	takes "oci-archive:$T/podman.tar"
}
