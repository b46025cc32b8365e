#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
# apply.sh TREE: puts p2mtrace's records into a Xen source tree
set -eu
here=$(cd "$(dirname "$0")" && pwd)
xen=$1/xen
files=$(cd "$xen" && ls arch/x86/mm.c arch/x86/x86_64/mm.c arch/x86/domain_page.c arch/x86/mm/*.c arch/x86/mm/hap/*.c \
  arch/x86/mm/mm-locks.h include/xen/mm.h common/memory.c common/page_alloc.c common/grant_table.c)
cp "$here/p2mtrace.h" "$xen/include/xen/p2mtrace.h"
cp "$here/p2mtrace.c" "$xen/common/p2mtrace.c"
cd "$xen"
grep -q p2mtrace common/Makefile || sed -i '0,/^obj-y/s//obj-y += p2mtrace.o\n&/' common/Makefile
spatch --very-quiet --no-show-diff --macro-file "$here/xen-macros.h" --no-includes --in-place --sp-file "$here/p2mtrace.cocci" $files
for f in $(grep -l 'p2mt_' $files); do
  case $f in include/xen/mm.h) sed -i '/^void put_page(struct page_info/i void p2mt_alloc_ref_begin(const struct page_info *pg);' "$f"; continue;; esac
  line=$(grep -n '^#include' "$f" | head -1 | cut -d: -f1)
  if [ -n "$line" ]; then last=$(grep -n '^#include <xen' "$f" | tail -1 | cut -d: -f1); sed -i "${last}a #include <xen/p2mtrace.h>" "$f"
  else sed -i '0,/^#define _MM_LOCKS_H/s//&\n\n#include <xen\/p2mtrace.h>/' "$f"; fi
done
