@@
identifier d, gmfn;
expression G;
@@
 guest_remove_page(struct domain *d, unsigned long gmfn)
 {
   <...
-  guest_physmap_remove_page(d, G, mfn, 0)
+  !p2m_is_paging(p2mt) && LAB(unmap_left, d, gmfn, mfn_x(mfn)) ? 0 : guest_physmap_remove_page(d, G, mfn, 0)
   ...>
 }
