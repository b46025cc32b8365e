// A hypervisor that stops gives dom0, on pcpu 0, time to hand out the last records.
@@
@@
 panic(...)
 {
   ...
+  lab_last_words();
   spin_debug_disable();
   ...
 }
