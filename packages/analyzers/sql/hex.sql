-- Numbers as people write frames.

-- A number in hex, as 0x9fe5e; queries take numbers in hex too. For bytes, as in events.raw, there is to_hex.
create macro hex(n) as '0x' || format('{:x}', n);
