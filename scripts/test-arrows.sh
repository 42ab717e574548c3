#!/usr/bin/env bash
# Breaks every arrow of deny.toml once, in a copy, and expects to be refused.  usage: scripts/test-arrows.sh [CARGO-DENY]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
cargo_deny=$(command -v "${1:-cargo-deny}") || { echo "error: no cargo-deny: run ./dev lint once" >&2; exit 1; }
cargo_deny=$(readlink -f "$cargo_deny")

# The copy holds manifests and empty sources: enough for the dependency graph.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files --cached --others --exclude-standard -- '*.toml' '*.rs' Cargo.lock | while read -r file; do
  if [ ! -f "$file" ]; then continue; fi # deleted, not yet committed
  mkdir -p "$copy/$(dirname "$file")"
  case $file in
    *.rs) : >"$copy/$file" ;;
    *) cp "$file" "$copy/$file" ;;
  esac
done

check() { (cd "$copy" && "$cargo_deny" --offline --workspace --all-features --color never check --hide-inclusion-graph bans -A unused-wrapper 2>&1); }

if ! said=$(check); then
  printf '%s\nerror: refused before any arrow was broken\n' "$said" >&2
  exit 1
fi

passed=0 failed=0 skipped=0
# refuses FOLDER DEPENDENCY: that the crate in FOLDER may not depend on DEPENDENCY.
refuses() {
  local manifest=$copy/$1/Cargo.toml
  if ! grep -qx "name = \"$2\"" Cargo.lock; then
    echo "skipped: $1 -> $2 (nothing uses $2 yet)" && skipped=$((skipped + 1))
    return
  fi
  cp "$manifest" "$copy/before.toml"
  cp "$copy/Cargo.lock" "$copy/before.lock"
  sed -i "0,/^\[dependencies\]/s//[dependencies]\n$2.workspace = true/" "$manifest"
  if said=$(check); then
    echo "NOT REFUSED: $1 -> $2" && failed=$((failed + 1))
  elif ! grep -q "crate '$2 = [^']*' is explicitly banned" <<<"$said"; then
    printf 'REFUSED FOR ANOTHER REASON: %s -> %s\n%s\n' "$1" "$2" "$said" && failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
  cp "$copy/before.toml" "$manifest"
  cp "$copy/before.lock" "$copy/Cargo.lock"
}

refuses config gridwatch-runtime
refuses models gridwatch-config
refuses detect gridwatch-sim
refuses detect gridwatch-ingest
refuses alert gridwatch-detect
refuses center gridwatch-alert
refuses alert gridwatch-center
refuses ingest gridwatch-models
refuses detect gridwatch-link
refuses detect gstreamer
refuses detect retina
refuses alert shiguredo_mp4
refuses center gstreamer-app
refuses detect gstreamer-video
refuses ingest gstreamer-rtsp-server
refuses ingest ort
refuses center rumqttc
refuses alert rumqttc
refuses center rumqttd
refuses runtime sqlx
refuses detect sqlx
refuses alert axum
refuses alert ureq

echo "arrows: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
