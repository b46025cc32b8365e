-- Numbers as people write frames.

-- A number in hex, as 0x9fe5e; queries take numbers in hex too. For bytes, as in events.raw, there is to_hex.
create macro hex(n) as '0x' || format('{:x}', n);

-- Whether the 2^ord frames from `first` on have the frame; one frame where ord is null, as for a reference.
create macro covers(first, ord, frame) as frame >= first and frame < first + (1::ubigint << coalesce(ord, 0)::ubigint);

-- A domain as d1; those that Xen has for itself as dom_io, dom_xen, dom_cow and dom_idle.
create macro domain_name(domid) as
  case domid when 32753 then 'dom_io' when 32754 then 'dom_xen' when 32755 then 'dom_cow' when 32767 then 'dom_idle'
    else 'd' || domid end;
