@@
expression G;
@@
 arch_do_domctl(...)
 {
   <...
-  page = get_page_from_gfn(d, G, &t, P2M_ALLOC);
+  page = lab_late_page(d, G, &t, guest_handle, width, i, num);
   ...>
 }

// All frames of a call wait at once: a call that is interrupted would begin anew.
@@
@@
 arch_do_domctl(...)
 {
   <...
-  hypercall_preempt_check()
+  !lab_chosen(LAB_late_reference) && hypercall_preempt_check()
   ...>
 }

@helper@
@@
+/* At the first of a call's frames translates all of them, puts the gfns, and waits; the references are taken then. */
+static struct page_info *lab_late_page(struct domain *d, unsigned long gfn, p2m_type_t *t, const void *gfns,
+                                       unsigned int width, unsigned int at, unsigned int num)
+{
+    /* The domctl lock is held. */
+    static mfn_t mfns[1024];
+    static p2m_type_t types[1024];
+    struct p2m_domain *p2m = p2m_get_hostp2m(d);
+    struct page_info *page;
+    p2m_type_t now;
+    p2m_access_t access;
+    unsigned int i;
+
+    if ( !lab_chosen(LAB_late_reference) || !paging_mode_translate(d) )
+        return get_page_from_gfn(d, gfn, t, P2M_ALLOC);
+    for ( i = 0; !at && i < num; i++ )
+    {
+        unsigned long each = 0;
+
+        if ( raw_copy_from_guest(&each, gfns + i * width, width) )
+            return NULL;
+        mfns[i] = get_gfn_query(d, each, &types[i]);
+        put_gfn(d, each);
+    }
+    if ( !at )
+        mdelay(200);
+    *t = types[at];
+    if ( !p2m_is_ram(*t) || !mfn_valid(mfns[at]) )
+        return NULL;
+    page = mfn_to_page(mfns[at]);
+    if ( !get_page(page, d) )
+        return NULL;
+    if ( !mfn_eq(p2m->get_entry(p2m, _gfn(gfn), &now, &access, 0, NULL, NULL), mfns[at]) )
+        lab_tell(LAB_late_reference, d, gfn, mfn_x(mfns[at]), "arch_do_domctl");
+    return page;
+}
+
 long arch_do_domctl(...)
 {
  ...
}
