# SPDX-License-Identifier: Apache-2.0
# What the topics of oci-image-tool share, on top of helpers.bash. IMAGETOOL is the program.
# shellcheck disable=SC2034,SC2154
: "${IMAGETOOL:=${OCIRUN%/*}/oci-image-tool}"

# $L is a layout to be made, $D a place to unpack to, in a folder with nothing else but a canary.
prepare() {
	L=$T/layout D=$T/place/dest
	mkdir -p "$T/place/outside"
	echo canary >"$T/place/outside/file"
}
tool() { timeout --foreground -k 5 $((120 * ${SLOW:-1})) "$IMAGETOOL" "$@"; }
it() { run --separate-stderr tool "$@"; }
it_ok() { it "$@"; succeeded; }
# Exit 1, the text on stderr, one error, and nothing left at or beside the destination.
it_fails() { # TEXT ARGS...
	local text=$1
	shift
	it "$@"
	failed_with "$text"
	equal "$(grep -c level=error <<<"$stderr")" 1
	nothing_left
}
nothing_left() {
	equal "$(cd "$T/place" && find . -mindepth 1 | sort | tr '\n' ' ')" "./outside ./outside/file "
	equal "$(cat "$T/place/outside/file")" canary
}
# A layout from lines of python, see tests/images/craft.py.
craft() { python3 "$SRC/../images/craft.py" "$L"; }
unpack() { it_ok unpack "$@" "$L:t" "$D"; }
refuses() { it_fails "$1" unpack "${@:2}" "$L:t" "$D"; } # TEXT OPTIONS...
# One line per file: type mode uid:gid size-or-target path; $1 the tree.
tree() {
	(cd "${1:-$D}" && find . -mindepth 1 \( -type l -printf '%y %m %U:%G %l %P\n' \) -o \( -type d -printf '%y %m %U:%G - %P\n' \) \
		-o -printf '%y %m %U:%G %s %P\n' | LC_ALL=C sort -k5)
}
paths() { (cd "$D" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | tr '\n' ' '); }
holds() { equal "$(cat "$D/$1")" "$2"; } # PATH CONTENT
absent() { [ ! -e "$D/$1" ] && [ ! -L "$D/$1" ] || { echo "$1 is there"; return 1; }; }
