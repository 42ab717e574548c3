# Sourced by ./dev: the pages, and every check of `./dev test` and `./dev lint`, each runnable by hand as printed.

# ---- Pages -----------------------------------------------------------------------------------------------------

install_page_modules() {
  local wanted
  wanted=$(hash_files web/package.json web/package-lock.json)-$(node --version)
  if [ -d web/node_modules ] && fresh page-modules "$wanted"; then return; fi
  note "npm ci"
  (cd web && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error)
  mark_done page-modules "$wanted"
}

page_sources() {
  find web \( -name node_modules -o -name dist -o -name test-results -o -name playwright-report -o -name e2e \) -prune \
    -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

build_pages() {
  step "Pages" "./dev web"
  local wanted
  wanted=$(page_sources)
  if [ -f web/dist/index.html ] && fresh pages "$wanted"; then
    note "unchanged since the last build"
    return
  fi
  install_page_modules
  (cd web && npm run build)
  mark_done pages "$wanted"
}

run_page_checks() {
  step "Page types and unit tests" "cd web && npm run check && npm run test"
  install_page_modules
  (cd web && npm run check && npm run test)
}

run_page_end_to_end() {
  step "Pages in a browser" "cd web && npm run e2e"
  (cd web && npm run e2e)
}

# ---- Rust ------------------------------------------------------------------------------------------------------

check_format() {
  step "Formatting" "cargo fmt --all --check"
  cargo fmt --all --check
}

check_arrows() {
  step "Dependency arrows and licences" "scripts/arrows.sh .cache/tools/cargo-deny-$CARGO_DENY_VERSION/cargo-deny"
  scripts/arrows.sh "$CARGO_DENY"
  scripts/test-arrows.sh "$CARGO_DENY" # that they are really held
}

run_rust_tests() {
  step "Rust tests" "cargo test --workspace --locked"
  mount_small_disk
  cargo test --workspace --locked
  if [ -z "${GRIDWATCH_DATA:-}" ]; then
    note "SKIPPED: tests on real footage and public networks, as GRIDWATCH_DATA names no folder with them"
  fi
  if [ -z "${GRIDWATCH_SMALL_DISK:-}" ]; then
    note "SKIPPED: the test of a full disk, as only root can have a small one (or name one in GRIDWATCH_SMALL_DISK)"
  fi
  unmount_small_disk
}

# A disk that is soon full, for the test of that; only root can have one, others skip the test.
mount_small_disk() {
  local disk=$CACHE/small-disk
  if [ -n "${GRIDWATCH_SMALL_DISK:-}" ] || [ "$(id -u)" -ne 0 ]; then return; fi
  mkdir -p "$disk"
  if mount -t tmpfs -o size=16m tmpfs "$disk" 2>/dev/null; then
    SMALL_DISK=$disk
    export GRIDWATCH_SMALL_DISK=$disk
  fi
}

unmount_small_disk() {
  if [ -n "${SMALL_DISK:-}" ]; then umount "$SMALL_DISK" || true; fi
  SMALL_DISK=''
}

# A box that only watches, and a centre that only receives, are shipped too.
check_feature_sets() {
  step "Edge alone and center alone" \
    "cargo clippy --no-default-features --features edge -- -D warnings   (and with center)"
  cargo clippy --locked --no-default-features --features edge -- -D warnings
  cargo clippy --locked --no-default-features --features center -- -D warnings
}

check_clippy() {
  step "Clippy" "cargo clippy --workspace --all-targets --locked -- -D warnings"
  cargo clippy --workspace --all-targets --locked -- -D warnings
}
