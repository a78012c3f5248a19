# shellcheck shell=bash
# What every script here shares: where things are and where they are built.
# Source it: . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set -euo pipefail

ASSAY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
ASSAY_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/assay"
# Written by scripts/setup: which toolchain compiles the runtime to WebAssembly.
ASSAY_TOOLCHAIN_ENV="$ASSAY_CACHE/toolchain.env"

# Outside the clone, so that a fresh clone builds on what the last one compiled.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$ASSAY_CACHE/target}"
# The WebAssembly builder cannot find the workspace from a target directory elsewhere.
export WASM_BUILD_WORKSPACE_HINT="${WASM_BUILD_WORKSPACE_HINT:-$ASSAY_ROOT}"

say() { printf '\n==> %s\n' "$*"; }
fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

as_root() {
	if [[ $EUID -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "root is needed for: $*"
	fi
}

# Installs the Debian packages that are not there yet.
packages() {
	local missing=() package
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
			missing+=("$package")
	done
	if [[ ${#missing[@]} -eq 0 ]]; then
		echo "packages: $* are installed"
		return
	fi
	echo "packages: installing ${missing[*]}"
	as_root apt-get update -q
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# The programs that people run: the node, the command line, the demo and the test network. The rest of the workspace stays
# out, but in the form that keeps features as in scripts/test, so that nothing is compiled twice.
build_programs() {
	cargo build --locked --workspace --exclude assay-simulation --exclude assay-trainer --bins
}

if [[ -f "$ASSAY_TOOLCHAIN_ENV" ]]; then
	# setup writes it on this machine.
	# shellcheck disable=SC1090
	. "$ASSAY_TOOLCHAIN_ENV"
fi
cd "$ASSAY_ROOT"
