// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// For arch/x86/mm/guest_walk.c and arch/x86/mm/hap/guest_walk.c alone: what a walk of a guest's page tables looks up and
// holds for its own time is left out with p2mtrace=no-walks.

// One rule of expressions: their functions' names are made by a macro, so that spatch sees no statements in them, and
// nothing at all in a second pass.
@walk@
expression P, G, T, A, Q;
@@
(
- p2m_get_page_from_gfn(P, G, T, A, Q)
+ p2mt_walk(p2m_get_page_from_gfn(P, G, T, A, Q))
|
- get_page_from_gfn(P, G, T, Q)
+ p2mt_walk(get_page_from_gfn(P, G, T, Q))
|
- put_page(P)
+ p2mt_walk_put(P)
)
