// A hypervisor that stops gives dom0, on pcpu 0, time to hand out the last records.
@@
identifier fmt;
@@
 panic(const char *fmt, ...)
 {
  ... when != S
+  lab_last_words();
  ...
 }
