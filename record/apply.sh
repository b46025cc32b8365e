#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
set -eu

usage() {
  cat <<'END'
apply.sh [OPTION…] TREE: puts the hooks of p2mtrace into a Xen source tree, 4.17 or later

  --check         says what would be done, and changes nothing
  --revert        takes the hooks out again
  --with LIST     recorded unless Xen's command line says otherwise: of hwdom,use,lookups,walks
  --without LIST  not recorded unless it does

hwdom: references, types and allocations of the hardware domain's pages. use: each mapping that Xen makes of a guest's
page. walks: what a walk of a guest's page tables looks up and holds for its own time. Default: lookups,walks.

Prints for each hook how often it matched and how often it must in that version (hooks.tsv). Exit code 1 where one
matched less often, and then nothing is changed; 2 for wrong usage, a tree that is none, or a tool that is missing.
END
}

fail() {
  echo "apply.sh: $*" >&2
  exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
mode=apply tree='' with='' without=''
while [ $# -gt 0 ]; do
  case $1 in
    --check) mode=check ;;
    --revert) mode=revert ;;
    --with | --without)
      [ $# -gt 1 ] || fail "$1 needs a list"
      [ "$1" = --with ] && with=$with,$2 || without=$without,$2
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    -*) fail "unknown option $1; see --help" ;;
    *) [ -z "$tree" ] || fail "one tree at a time"; tree=$1 ;;
  esac
  shift
done
[ -n "$tree" ] || { usage >&2; exit 2; }
[ -f "$tree/xen/Makefile" ] && [ -f "$tree/xen/arch/x86/mm.c" ] || fail "$tree: no Xen source tree (xen/arch/x86/mm.c)"
tree=$(cd "$tree" && pwd)

# What --revert undoes: written by apply, and the sign that the hooks are in.
saved=$tree/xen/.p2mtrace.patch

if [ "$mode" = revert ]; then
  [ -f "$saved" ] || fail "$tree: has no hooks (xen/.p2mtrace.patch)"
  patch -d "$tree/xen" -p1 -R -s -f --no-backup-if-mismatch <"$saved" || fail "$tree: was changed where the hooks are"
  rm -f "$saved"
  echo "reverted $tree"
  exit 0
fi

command -v spatch >/dev/null || fail "spatch is missing: Debian package coccinelle"
[ ! -f "$saved" ] || fail "$tree: has the hooks; --revert takes them out"

version=$(sed -nE 's/^(export )?XEN_(SUB)?VERSION *:?= *([0-9]+)$/\3/p' "$tree/xen/Makefile" | head -2 | paste -sd.)
case $version in 4.[0-9]*) ;; *) fail "$tree: no version in xen/Makefile" ;; esac

for name in ${with//,/ } ${without//,/ }; do
  case $name in hwdom | use | lookups | walks) ;; *) fail "unknown option $name: hwdom, use, lookups or walks" ;; esac
done
# default_of NAME DEFAULT
default_of() {
  case ,$without, in *,"$1",*) echo false; return ;; esac
  case ,$with, in *,"$1",*) echo true ;; *) echo "$2" ;; esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/a"
cd "$tree/xen"
files=$(ls arch/x86/mm.c arch/x86/x86_64/mm.c arch/x86/domain_page.c arch/x86/mm/*.c arch/x86/mm/hap/*.c \
  arch/x86/mm/mm-locks.h include/xen/mm.h common/domain.c common/memory.c common/page_alloc.c common/grant_table.c)
# shellcheck disable=SC2086 # names of files in Xen have no spaces
tar cf - common/Makefile $files | tar xf - -C "$work/a"
cp -r "$work/a" "$work/b"
cd "$work/b"

cp "$here/p2mtrace.h" include/xen/p2mtrace.h
{
  echo "#define P2MT_HWDOM $(default_of hwdom false)"
  echo "#define P2MT_USE $(default_of use false)"
  echo "#define P2MT_LOOKUPS $(default_of lookups true)"
  echo "#define P2MT_WALKS $(default_of walks true)"
  cat "$here/p2mtrace.c"
} >common/p2mtrace.c
sed -i '0,/^obj-y/s//obj-$(CONFIG_X86) += p2mtrace.o\n&/' common/Makefile

# semantic_patch FILE.cocci SOURCE…
semantic_patch() {
  local rules=$1
  shift
  spatch --very-quiet --no-show-diff --macro-file "$here/xen-macros.h" --no-includes --in-place \
    --sp-file "$here/$rules" "$@" >"$work/spatch.log" 2>&1 || { cat "$work/spatch.log" >&2; fail "$rules: spatch failed"; }
}
# shellcheck disable=SC2086
semantic_patch p2mtrace.cocci $files
semantic_patch p2mtrace-walks.cocci arch/x86/mm/guest_walk.c arch/x86/mm/hap/guest_walk.c

for file in $(grep -l p2mt_ $files); do
  case $file in
    include/xen/mm.h) # p2mtrace.h needs it, so it can't include that
      sed -i '/^void put_page(struct page_info/i void p2mt_put_alloc_ref(struct page_info *pg);' "$file" ;;
    *.h) sed -i '0,/^#define _MM_LOCKS_H/s//&\n\n#include <xen\/p2mtrace.h>/' "$file" ;;
    *)
      last=$(grep -n '^#include <xen' "$file" | tail -1 | cut -d: -f1)
      [ -n "$last" ] || last=$(grep -n '^#include' "$file" | head -1 | cut -d: -f1)
      sed -i "${last}a #include <xen/p2mtrace.h>" "$file"
      ;;
  esac
done

# Counts each hook's calls, and compares them with the column of this version; a later one must have what the last has.
# shellcheck disable=SC2086
grep -h p2mt_ $files >"$work/calls"
awk -F '\t' -v version="$version" '
  FNR == NR { calls[++lines] = $0; next }
  /^#/ { next }
  !column {
    for (i = 4; i <= NF; i++) if ($i == version) column = i
    split(version, have, "."); split($4, first, "."); split($NF, last, ".")
    if (!column && have[2] + 0 > last[2] + 0) column = NF
    if (!column) { print "Xen " version ": the hooks are for " $4 " and later"; exit 2 }
    print "Xen " version
    next
  }
  {
    count = 0
    for (i = 1; i <= lines; i++) count += gsub($3, "&", calls[i])
    bad = count < $column
    printf "%s %-18s %-22s %3d of %d\n", bad ? "MISSING" : "ok     ", $1, $2, count, $column
    if (bad) missing = missing " " $1
  }
  END { if (missing) { print "matched less often than they must:" missing; exit 1 } }
' "$work/calls" "$here/hooks.tsv" && status=0 || status=$?
[ "$status" -eq 0 ] || exit "$status"
[ "$mode" = apply ] || exit 0

cd "$work"
diff -urN a b >patch || true
patch -d "$tree/xen" -p1 -s -f --no-backup-if-mismatch <patch || fail "$tree: can't be written"
cp patch "$saved"
echo "applied to $tree; symbols of the hypervisor: nm xen/xen-syms"
