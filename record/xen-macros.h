/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#define always_inline inline
#define cf_check
#define __must_check
#define __init
#define __hwdom_init
#define __initdata
#define __read_mostly
#define __ro_after_init
#define __nonnull(...)
#define noinline
#define noreturn
#define __packed
#define __maybe_unused
#define DECLARE_PER_CPU(t, n) extern t n
#define DEFINE_PER_CPU(t, n) t n
#define DECLARE_PERCPU_RWLOCK_GLOBAL(n) extern int n
#define DEFINE_PERCPU_RWLOCK_GLOBAL(n) int n
#define declare_mm_lock(n)
#define declare_mm_rwlock(n)
#define declare_mm_order_constraint(n)
#define PRI_mfn "lx"
#define PRI_gfn "lx"
#define PRI_pfn "lx"
#define PRIpaddr "lx"
#define PRItype_info "lx"
#define XENLOG_ERR ""
#define XENLOG_WARNING ""
#define XENLOG_INFO ""
#define XENLOG_DEBUG ""
#define XEN_GUEST_HANDLE_64(t) t *
