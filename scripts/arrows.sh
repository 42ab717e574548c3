#!/usr/bin/env bash
# Checks who depends on whom, and under which licence.  usage: scripts/arrows.sh [CARGO-DENY]
#
# deny.toml holds which crate may name which other one. What a whole build contains is asked of cargo here.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
cargo_deny=${1:-cargo-deny}

"$cargo_deny" --workspace --all-features check bans licenses sources -A unused-wrapper

failed=0
# build_has_none WHAT WHY -- CARGO-TREE-ARGUMENTS: no crate whose name matches WHAT is in that build.
build_has_none() {
  local what=$1 why=$2 tree found
  shift 3
  tree=$(cargo tree --locked --prefix none --edges normal,build --format '{p}' "$@") # its own line: a failure must end the script
  found=$(cut -d ' ' -f 1 <<<"$tree" | sort -u | grep -Ex "$what" | paste -sd ' ' || true)
  if [ -n "$found" ]; then
    printf 'error: %s: %s\n       seen with: cargo tree %s --invert %s\n' "$why" "$found" "$*" "${found%% *}" >&2
    failed=1
  fi
}

only_center=(--package gridwatch --no-default-features --features center)
only_edge=(--package gridwatch --no-default-features --features edge)
build_has_none 'gstreamer.*|glib.*|ort|ort-sys' 'a centre needs neither GStreamer nor ONNX Runtime' -- "${only_center[@]}"
build_has_none 'gridwatch-(sim|ingest|detect|models|alert)' 'a centre carries no stage of the edge' -- "${only_center[@]}"
build_has_none 'sqlx-postgres|gridwatch-center' 'an edge box knows no PostgreSQL and no centre' -- "${only_edge[@]}"
build_has_none 'tokio|async-.*|sqlx.*|reqwest|hyper' 'domain is pure: no async, no I/O' -- --package gridwatch-domain
build_has_none 'gridwatch-(runtime|config|sim|ingest|models|detect|alert|link|center)' 'domain knows nothing of ours' \
  -- --package gridwatch-domain
exit "$failed"
