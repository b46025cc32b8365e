// Page sharing asks for VMX; any nested paging does, and the emulated machine has AMD's.
@@
expression D;
@@
 mem_sharing_control(...)
 {
   <...
-  !is_hvm_domain(D) || !cpu_has_vmx
+  !is_hvm_domain(D)
   ...>
 }
