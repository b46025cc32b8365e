@@
typedef l1_pgentry_t;
identifier l1e, owner;
@@
 put_page_from_l1e(l1_pgentry_t l1e, struct domain *owner)
 {
   <...
-  put_page_and_type(page);
+  {
+      if ( LAB(type_leak, pg_owner, get_gpfn_from_mfn(pfn), pfn) )
+          put_page(page);
+      else
+          put_page_and_type(page);
+  }
   ...>
 }
