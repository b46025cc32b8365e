@@
identifier p2m, gfn, mfn;
@@
 p2m_remove_entry(struct p2m_domain *p2m, gfn_t gfn, mfn_t mfn, ...)
 {
   <...
   if ( !p2m_is_special(t) && !p2m_is_shared(t) )
-    set_gpfn_from_mfn(mfn_x(mfn) + i, INVALID_M2P_ENTRY);
+    if ( !LAB(m2p_left, p2m->domain, gfn_x(gfn) + i, mfn_x(mfn) + i) )
+        set_gpfn_from_mfn(mfn_x(mfn) + i, INVALID_M2P_ENTRY);
   ...>
 }
