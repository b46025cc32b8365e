@@
expression O, A;
@@
 decrease_reservation(...)
 {
   <...
-  p2m_set_entry(p2m, gfn_add(gfn, i), INVALID_MFN, O, p2m_invalid, A)
+  p2m_is_ram(t) && LAB(pod_steal_mapped, d, gfn_x(gfn) + i, mfn_x(mfn)) ? 0 : p2m_set_entry(p2m, gfn_add(gfn, i), INVALID_MFN, O, p2m_invalid, A)
   ...>
 }
