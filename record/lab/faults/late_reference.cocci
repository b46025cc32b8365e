@@
expression G;
@@
 arch_do_domctl(...)
 {
   <...
-  page = get_page_from_gfn(d, G, &t, P2M_ALLOC);
+  page = lab_late_page(d, G, &t);
   ...>
 }

@helper@
@@
+/* Translates, puts the gfn, and takes the reference after a while. */
+static struct page_info *lab_late_page(struct domain *d, unsigned long gfn, p2m_type_t *t)
+{
+    struct page_info *page;
+    mfn_t mfn;
+
+    if ( !lab_chosen(LAB_late_reference) || !paging_mode_translate(d) )
+        return get_page_from_gfn(d, gfn, t, P2M_ALLOC);
+    mfn = get_gfn(d, gfn, t);
+    put_gfn(d, gfn);
+    if ( !p2m_is_ram(*t) || !mfn_valid(mfn) )
+        return NULL;
+    udelay(500);
+    page = mfn_to_page(mfn);
+    if ( !get_page(page, d) )
+        return NULL;
+    if ( get_gpfn_from_mfn(mfn_x(mfn)) != gfn )
+        lab_tell(LAB_late_reference, d, gfn, mfn_x(mfn), "arch_do_domctl");
+    return page;
+}
+
 long arch_do_domctl(...)
 {
  ...
 }
