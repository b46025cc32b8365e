@@
identifier cd, cgfn;
@@
 share_pages(struct domain *sd, gfn_t sgfn, shr_handle_t sh, struct domain *cd, gfn_t cgfn, shr_handle_t ch)
 {
   <...
-  put_page_and_type(cpage);
+  {
+      if ( LAB(share_leak, cd, gfn_x(cgfn), mfn_x(cmfn)) )
+          put_page_type(cpage);
+      else
+          put_page_and_type(cpage);
+  }
   ...>
 }
