# linux.netDevices: devices of the host's network namespace move into the container. Each test has a
# network namespace of its own in the host's place, with a veth pair: v0 moves, v1 stays.
load helpers

prepare() {
	require root
	require veth
	netns
	args sleep 100
}
netns() {
	unshare -n sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	HOLDER=$!
	STARTED+=("$HOLDER")
	wait_for 5 sh -c "! [ /proc/$HOLDER/ns/net -ef /proc/self/ns/net ]"
	inside_host ip link add v0 address 02:00:00:00:00:07 mtu 1400 type veth peer name v1
	inside_host ip addr add 10.9.8.7/24 dev v0
	inside_host ip -6 addr add fd00::7/64 dev v0 nodad
	inside_host ip link set v0 up
}
inside_host() { nsenter -t "$HOLDER" -n "$@"; }
inside() { nsenter -t "$(cat "$T/pid")" -n "$@"; }
devices() { config '.linux.netDevices = ($j | fromjson)' --arg j "$1"; }
create_there() {
	nsenter -t "$HOLDER" -n timeout -k 5 60 "$OCIRUN" --root "$ROOT" create -b "$B" --pid-file "$T/pid" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
}
refused_there() { # TEXT
	! create_there || { echo "it was created"; return 1; }
	grep -qF "$1" <(sed 's/\\"/"/g' "$T/err") || { echo "wanted: $1"; cat "$T/err"; return 1; }
	[ ! -d "$ROOT" ] || [ -z "$(ls "$ROOT")" ]
}

@test "a device moves with its addresses, MTU and hardware address, and is up" {
	devices '{"v0": {}}'
	create_there
	inside ip -j addr show dev v0 | jq -e '.[0] | .mtu == 1400 and .address == "02:00:00:00:00:07" and (.flags | contains(["UP"]))
		and ([.addr_info[] | .local + "/" + (.prefixlen | tostring)] | contains(["10.9.8.7/24", "fd00::7/64"]))'
	not inside_host ip link show v0
	inside_host ip link show v1
}

@test "a device gets another name; %d is the first free number" {
	devices '{"v0": {"name": "eth0"}}'
	create_there
	inside ip -j addr show dev eth0 | jq -e '.[0].address == "02:00:00:00:00:07" and ([.[0].addr_info[].local] | contains(["10.9.8.7"]))'
	not inside ip link show v0
	ok delete -f "$ID"
	wait_for 5 eval '! inside_host ip link show v1 2>/dev/null'
	inside_host ip link add v0 type veth peer name v1
	devices '{"v0": {"name": "lan%d"}}'
	create_there
	inside ip link show lan0
}

@test "when the container ends a virtual device ends with it, and its peer too" {
	devices '{"v0": {"name": "eth0"}}'
	create_there
	inside_host ip link show v1
	ok delete -f "$ID"
	wait_for 5 eval '! inside_host ip link show v1 2>/dev/null'
}

@test "in a user namespace of the container" {
	user_ns
	devices '{"v0": {"name": "eth0"}}'
	create_there
	inside ip -j addr show dev eth0 | jq -e '[.[0].addr_info[].local] | contains(["10.9.8.7", "fd00::7"])'
}

@test "a device that is not there is refused by name" {
	devices '{"nosuch0": {}}'
	refused_there /linux/netDevices/nosuch0
	inside_host ip link show v0
}

@test "a name that is taken is refused, and the device stays where it is" {
	devices '{"v0": {"name": "lo"}}'
	refused_there 'the container has a device "lo" already'
	inside_host ip -j addr show dev v0 | jq -e '[.[0].addr_info[].local] | contains(["10.9.8.7"])'
}

@test "names that cannot be are refused" {
	local n
	for n in 'a/b' 'a b' 'a:b' 'sixteencharacter' '..' 'a%sb' '%d%d'; do
		config '.linux.netDevices = {"v0": {name: $n}}' --arg n "$n"
		refused_there /linux/netDevices/v0/name
	done
	config '.linux.netDevices = {"a/b": {}}'
	refused_there '/linux/netDevices: "a/b" cannot be the name of a network device'
	inside_host ip link show v0
}

@test "two devices with one name are refused" {
	devices '{"v0": {"name": "eth0"}, "v1": {"name": "eth0"}}'
	refused_there /linux/netDevices
	inside_host ip link show v0
}

@test "without a network namespace of its own it is refused" {
	ns_del network
	config '.mounts |= map(select(.type != "sysfs"))'
	devices '{"v0": {}}'
	refused_there /linux/netDevices
	inside_host ip link show v0
}
