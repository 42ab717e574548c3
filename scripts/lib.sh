# Sourced by ./dev: numbered, timed steps; plain words when one fails.

CACHE=$PWD/.cache
STEP_TOTAL=0 STEP_NUMBER=0 STEP_TITLE='' STEP_REPEAT='' STEP_STARTED=0
STEPS_DONE=() # "seconds<TAB>title", one entry a finished step
SCRIPT_STARTED=$SECONDS

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
note() { printf '      %s\n' "$*"; }
die() {
  printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2
  exit 1
}

# plan COUNT: how many steps this command has, for "[2/7]".
plan() { STEP_TOTAL=$1; }

# step TITLE REPEAT: ends the step before, begins the next. REPEAT is what to type to run only this one again.
step() {
  step_done
  STEP_NUMBER=$((STEP_NUMBER + 1)) STEP_TITLE=$1 STEP_REPEAT=$2 STEP_STARTED=$SECONDS
  printf '%s[%d/%d] %s%s\n' "$BOLD" "$STEP_NUMBER" "$STEP_TOTAL" "$STEP_TITLE" "$PLAIN"
}

step_done() {
  if [ -z "$STEP_TITLE" ]; then return; fi
  local took=$((SECONDS - STEP_STARTED))
  STEPS_DONE+=("$took"$'\t'"$STEP_TITLE")
  if [ "$took" -gt 1 ]; then note "${DIM}$(clock "$took")${PLAIN}"; fi
  STEP_TITLE=''
}

clock() { printf '%d:%02d min' $(($1 / 60)) $(($1 % 60)); }

# summary VERDICT: the table at the end of a long command.
summary() {
  local entry
  printf '\n'
  for entry in "${STEPS_DONE[@]}"; do
    printf '  %sok%s      %10s  %s\n' "$GREEN" "$PLAIN" "$(clock "${entry%%$'\t'*}")" "${entry#*$'\t'}"
  done
  if [ -n "$STEP_TITLE" ]; then
    printf '  %sFAILED%s  %10s  %s\n' "$RED" "$PLAIN" "$(clock $((SECONDS - STEP_STARTED)))" "$STEP_TITLE"
  fi
  printf '\n%s%s%s, %s in all\n' "$BOLD" "$1" "$PLAIN" "$(clock $((SECONDS - SCRIPT_STARTED)))"
}

# Runs whatever the reason for leaving: an unfinished step is a failed one.
on_exit() {
  local code=$?
  release_services
  unmount_small_disk
  if [ "$code" -ne 0 ] && [ -n "$STEP_TITLE" ]; then
    if [ ${#STEPS_DONE[@]} -gt 0 ]; then summary "Stopped at step $STEP_NUMBER of $STEP_TOTAL"; fi
    printf '%sRepeat only this step with:%s %s\n' "$BOLD" "$PLAIN" "$STEP_REPEAT"
  fi
  return "$code"
}
trap on_exit EXIT

# newer_or_equal A B: whether version A is at least B.
newer_or_equal() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# hash_files FILE…: one hash over names and contents.
hash_files() { sha256sum -- "$@" | sha256sum | cut -d ' ' -f 1; }

# fresh STAMP HASH: whether the work that STAMP stands for was done for exactly this HASH.
fresh() { [ -f "$CACHE/stamps/$1" ] && [ "$(cat "$CACHE/stamps/$1")" = "$2" ]; }
mark_done() {
  mkdir -p "$CACHE/stamps"
  printf '%s\n' "$2" >"$CACHE/stamps/$1"
}
