# SPDX-License-Identifier: Apache-2.0
# What the programs of this folder share: the cache, the choice of QEMU, a machine's start, its ssh
# and its end. Sourced. Nothing is written outside $OCIRUN_VM_CACHE.
# shellcheck shell=bash disable=SC2034

: "${OCIRUN_VM_CACHE:=${HOME:-/root}/.cache/ocirun-vm}"
# The mirror that this machine's apt uses; suites are below $OCIRUN_VM_MIRROR/dists.
if [ -z "${OCIRUN_VM_MIRROR:-}" ]; then
	# shellcheck disable=SC2016
	OCIRUN_VM_MIRROR=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		grep -E '/debian/?$' | head -n 1) || true
	OCIRUN_VM_MIRROR=${OCIRUN_VM_MIRROR%/}
fi
: "${OCIRUN_VM_CPUS:=2}" "${OCIRUN_VM_MEM:=3072}"
export OCIRUN_VM_CACHE OCIRUN_VM_MIRROR
# the system's own programs first: a wrapper around python3 costs minutes in mmdebstrap
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROG=${0##*/}

say() { printf '%s: %s\n' "$PROG" "$*" >&2; }
die() { say "$*"; exit 125; }

# Seconds since the epoch with milliseconds; seconds since such a value.
now() { local t=$EPOCHREALTIME; printf '%s' "${t%???}"; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
alive() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null; }

# need COMMAND:PACKAGE...: as root, installs the packages whose command or file is missing.
need() {
	local p missing=()
	for p in "$@"; do
		command -v "${p%%:*}" >/dev/null 2>&1 || [ -e "${p%%:*}" ] || missing+=("${p#*:}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "missing packages: ${missing[*]}"
	say "installing ${missing[*]}"
	{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
		--no-install-recommends "${missing[@]}"; } >&2 || die "apt-get install failed"
}

# ---- images ------------------------------------------------------------------------------------
# An image's folder bears a hash of all that decides what is inside: several checkouts share it.
image_dir() { # SUITE
	local key
	key=$({ echo "$1" && cd "$VM_DIR" && cat build-image make-test-image guest/setup guest/packages; } |
		sha256sum | cut -c1-12)
	printf '%s/images/%s-%s' "$OCIRUN_VM_CACHE" "$1" "$key"
}
image_ready() { [ -s "$1/root.img" ] && [ -s "$1/vmlinuz" ]; } # DIR; root.img is moved in last

# ---- QEMU --------------------------------------------------------------------------------------
# QEMU before 8.1 cannot be trusted with two processors and no KVM: the flags after cmpxchg16b come
# out wrong (the guest's kmalloc dies in most boots) and code that the kernel patches runs half
# patched. So where it is older, Debian 13's is unpacked into the cache and run with its own loader
# and libraries; nothing is installed on the machine.
qemu_too_old() {
	local v
	v=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p')
	[ "$(printf '8.1\n%s\n' "${v:-0}" | sort -V | head -n 1)" != 8.1 ]
}
unpack_tools() { # DIR
	[ "$(id -u)" = 0 ] || die "unpacking QEMU takes root"
	need mmdebstrap:mmdebstrap /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
	say "unpacking Debian 13's QEMU"
	rm -rf "$1" "$1.new"
	mkdir -p "${1%/*}"
	mmdebstrap --quiet --mode=root --variant=extract --aptopt='APT::Install-Recommends "false"' \
		--include=qemu-system-x86,qemu-utils,virtiofsd trixie "$1.new" ${OCIRUN_VM_MIRROR:+"$OCIRUN_VM_MIRROR"} \
		>&2 || die "cannot unpack QEMU (mmdebstrap)"
	mv "$1.new" "$1"
}
# Sets QEMU, QEMU_IMG and VIRTIOFSD to the commands to use.
find_tools() {
	local t=$OCIRUN_VM_CACHE/tools f loader
	if [ -n "${OCIRUN_VM_QEMU:-}" ]; then
		QEMU=("$OCIRUN_VM_QEMU")
	elif qemu_too_old; then
		mkdir -p "$OCIRUN_VM_CACHE"
		(
			flock 9
			[ -x "$t/usr/bin/qemu-system-x86_64" ] || unpack_tools "$t"
		) 9>"$OCIRUN_VM_CACHE/tools.lock" || exit 125
		loader=("$t/usr/lib64/ld-linux-x86-64.so.2" --library-path "$t/usr/lib/x86_64-linux-gnu")
		QEMU=("${loader[@]}" "$t/usr/bin/qemu-system-x86_64" -L "$t/usr/share/qemu" -L "$t/usr/share/seabios")
		QEMU_IMG=("${loader[@]}" "$t/usr/bin/qemu-img")
		VIRTIOFSD=("${loader[@]}" "$t/usr/libexec/virtiofsd")
		return
	else
		QEMU=(qemu-system-x86_64)
	fi
	QEMU_IMG=(qemu-img) VIRTIOFSD=()
	for f in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
		[ ! -x "$f" ] || VIRTIOFSD=("$f")
	done
	[ ${#VIRTIOFSD[@]} -gt 0 ] || die "no virtiofsd (package virtiofsd)"
}

# ---- machines ----------------------------------------------------------------------------------
# The machine NAME lives in a folder of the cache: its disk's changes, sockets and logs.
vm_dir() { printf '%s/vms/%s' "$OCIRUN_VM_CACHE" "$1"; }

# Options that run and up share.
suite=trixie lsm=none enforcing=0 shares=() append='' net=0 udev=0 boot_timeout=${OCIRUN_VM_BOOT:-240}
vm_usage='  --suite SUITE        trixie (default) or sid; its image is built first if need be
  --lsm none|apparmor|selinux    the active Linux security module (default none)
  --enforcing          with --lsm selinux: enforcing, not permissive
  --share HOST:GUEST   show the folder HOST of this machine at GUEST; may be repeated
  --append WORDS       more kernel command line
  --cpus N, --mem MIB  size of the machine
  --udev               start systemd-udevd, as on a real host (slower)
  --net                let the guest reach the network (default: ssh from here only)'

# Takes such an option off the front of the arguments: $eaten is its number of words, or 0.
vm_option() {
	eaten=2
	case $1 in
	--suite) suite=$2 ;;
	--lsm) lsm=$2 ;;
	--share) shares+=("$2") ;;
	--append) append=$2 ;;
	--cpus) OCIRUN_VM_CPUS=$2 ;;
	--mem) OCIRUN_VM_MEM=$2 ;;
	--enforcing) enforcing=1 eaten=1 ;;
	--udev) udev=1 eaten=1 ;;
	--net) net=1 eaten=1 ;;
	*) eaten=0 ;;
	esac
}

free_port() { # a TCP port of 127.0.0.1 that nobody listens on
	local p
	for _ in {1..100}; do
		p=$((20000 + RANDOM % 20000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { printf '%s' "$p"; return; }
	done
	die "no free port"
}

start_virtiofsd() { # DIR TAG FOLDER [WRAPPER...]
	local d=$1 tag=$2 host=$3
	shift 3
	"$@" "${VIRTIOFSD[@]}" "--socket-path=$d/$tag.sock" --shared-dir "$host" --cache auto --xattr \
		--sandbox chroot </dev/null >"$d/$tag.log" 2>&1 9>&- &
	echo $! >>"$d/pids"
	for _ in {1..100}; do [ ! -S "$d/$tag.sock" ] || return 0; sleep 0.05; done
	tail "$d/$tag.log" >&2
	die "virtiofsd did not start"
}

kernel_words() {
	printf 'root=/dev/nvme0n1 rw net.ifnames=0 mitigations=off panic=-1 console=ttyS0'
	printf ' systemd.gpt_auto=0 loglevel=4 systemd.show_status=false'
	# the bpf LSM is left out: systemd would load programs for it, which takes a second
	printf ' lsm=landlock,lockdown,yama,integrity'
	case $lsm in
	none) ;;
	apparmor) printf ',apparmor' ;;
	selinux) printf ',selinux enforcing=%s' "$enforcing" ;;
	*) die "--lsm is none, apparmor or selinux" ;;
	esac
	[ $udev = 0 ] || printf ' systemd.wants=systemd-udevd.service systemd.wants=systemd-udev-trigger.service'
	[ -z "$append" ] || printf ' %s' "$append"
}

# vm_boot NAME [WRAPPER...]: boots the machine and waits until it answers; 125 when it does not.
# WRAPPER goes in front of qemu and virtiofsd.
vm_boot() {
	local name=$1 d img t0 port restrict=on words args=() i=0 tag share pid
	shift
	t0=$(now) d=$(vm_dir "$name") img=$(image_dir "$suite")
	need ssh:openssh-client
	find_tools
	image_ready "$img" || "$VM_DIR/build-image" "$suite" || die "no image"
	: >"$img/used"
	for tag in "$OCIRUN_VM_CACHE"/vms/*; do # left by a run that was killed
		pid=${tag##*-}
		[[ ! "$pid" =~ ^[0-9]+$ ]] || alive "$pid" || rm -rf "$tag"
	done
	rm -rf "$d"
	mkdir -p "$d"
	"${QEMU_IMG[@]}" create -q -f qcow2 -b "$img/root.img" -F raw "$d/disk.qcow2" || die "qemu-img failed"
	words=$(kernel_words) || exit 125
	for share in "${shares[@]}"; do
		[ -d "${share%%:*}" ] || die "--share $share: no folder ${share%%:*}"
		[[ "$share" == *:/* ]] || die "--share $share: want HOST:/GUEST"
		tag=share$i i=$((i + 1))
		start_virtiofsd "$d" "$tag" "$(realpath "${share%%:*}")" "$@"
		args+=(-chardev "socket,id=$tag,path=$d/$tag.sock"
			-device "vhost-user-fs-pci,chardev=$tag,tag=$tag,queue-size=1024")
		words+=" vm.share=$tag:${share#*:}"
	done
	[ $net = 0 ] || restrict=off
	for _ in 1 2 3; do
		port=$(free_port)
		# virtiofsd reads and writes the guest's memory, hence a shared memory object
		"$@" "${QEMU[@]}" -name "$name" -machine pc,memory-backend=mem \
			-object "memory-backend-memfd,id=mem,size=${OCIRUN_VM_MEM}M,share=on" \
			-accel tcg,thread=multi,tb-size=512 -cpu max -smp "$OCIRUN_VM_CPUS" -m "$OCIRUN_VM_MEM" \
			-nodefaults -no-user-config -display none -no-reboot \
			-kernel "$img/vmlinuz" -append "$words" \
			-drive "file=$d/disk.qcow2,if=none,id=root,cache=unsafe,discard=unmap" \
			-device nvme,drive=root,serial=root \
			-netdev "user,id=net0,restrict=$restrict,hostfwd=tcp:127.0.0.1:$port-:22" \
			-device virtio-net-pci,netdev=net0,romfile= \
			-serial "file:$d/console.log" -monitor none \
			"${args[@]}" </dev/null >"$d/qemu.log" 2>&1 9>&- &
		pid=$!
		echo $pid >"$d/qemu.pid"
		sleep 0.3
		alive $pid && break
		grep -q 'Could not set up host forwarding' "$d/qemu.log" || break # else the port was taken
	done
	echo "$port" >"$d/port"
	cp "$img/id" "$d/id"
	until grep -q vm-ready "$d/console.log" 2>/dev/null; do
		if ! alive "$pid" || awk -v t="$(since "$t0")" -v max="$boot_timeout" 'BEGIN { exit !(t > max) }'; then
			tail -n 20 "$d/qemu.log" "$d/console.log" >&2
			vm_kill "$name"
			die "the machine did not come up"
		fi
		sleep 0.1
	done
	say "$name ($suite, lsm=$lsm) is up after $(since "$t0") s"
}

# vm_ssh NAME USER [SSH OPTION...] -- COMMAND. One connection per user is kept: later commands skip
# the key exchange and the login, which take a second or more.
vm_ssh() {
	local d user opts=()
	d=$(vm_dir "$1") user=$2
	shift 2
	while [ "$1" != -- ]; do opts+=("$1"); shift; done
	shift
	ssh -i "$d/id" -p "$(cat "$d/port")" -F none \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		-o KexAlgorithms=curve25519-sha256 -o IdentitiesOnly=yes -o PreferredAuthentications=publickey \
		-o ServerAliveInterval=60 -o ConnectTimeout=60 \
		-o ControlMaster=auto -o "ControlPath=$d/ssh-%r" -o ControlPersist=yes \
		"${opts[@]}" "$user@127.0.0.1" "$@"
}
# vm_ssh as a program, for timeout(1)
export -f vm_ssh vm_dir
# shellcheck disable=SC2016
VM_SSH=(bash -c 'vm_ssh "$@"' vm_ssh)

vm_alive() { alive "$(cat "$(vm_dir "$1")/qemu.pid" 2>/dev/null)"; } # NAME

vm_kill() { # NAME: ends its processes and throws its disk away
	local d p i
	d=$(vm_dir "$1")
	[ -d "$d" ] || return 0
	for i in "$d"/ssh-*; do
		[ ! -S "$i" ] || ssh -F none -o "ControlPath=$i" -O exit x >/dev/null 2>&1
	done
	p=$(cat "$d/qemu.pid" 2>/dev/null)
	for i in $p $(cat "$d/pids" 2>/dev/null); do kill "$i" 2>/dev/null; done
	for _ in {1..60}; do alive "$p" || break; sleep 0.05; done
	! alive "$p" || kill -9 "$p" 2>/dev/null
	rm -f "$d/disk.qcow2"
	return 0
}

# The shell command line that runs the arguments: one argument is a command line as it is, several
# are an argument vector.
vm_command() { # FOLDER ARGS...
	[ -z "$1" ] || printf 'cd %q && ' "$1"
	shift
	if [ $# = 1 ]; then printf '%s' "$1"; else printf '%q ' "$@"; fi
}
