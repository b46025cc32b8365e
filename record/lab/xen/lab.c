/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#include <xen/atomic.h>
#include <xen/init.h>
#include <xen/lab.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/smp.h>
#include <xen/time.h>
#include <xen/trace.h>

static const char *const names[] = {
    "none",
#define LAB_FAULT(name) #name,
#include <xen/lab-faults.h>
#undef LAB_FAULT
};

static enum lab_fault __read_mostly chosen;
static unsigned int __read_mostly every = 1;
static atomic_t chances = ATOMIC_INIT(0), strikes = ATOMIC_INIT(0);

static int __init cf_check parse_lab(const char *s)
{
    unsigned int i;

    for ( i = 1; i < ARRAY_SIZE(names); i++ )
        if ( !strcmp(s, names[i]) )
            chosen = i;
    return chosen ? 0 : -EINVAL;
}
custom_param("lab", parse_lab);
integer_param("every", every);

bool lab_chosen(enum lab_fault fault)
{
    return unlikely(fault == chosen);
}

void lab_tell(enum lab_fault fault, const struct domain *d, unsigned long gfn, unsigned long mfn,
              const char *where)
{
    unsigned long tsc = get_cycles();

    printk(XENLOG_ERR "LAB %s #%d tsc=%lu cpu=%u domid=%u gfn=%lx mfn=%lx in %s\n", names[fault],
           atomic_inc_return(&strikes), tsc, smp_processor_id(), d->domain_id, gfn, mfn, where);
}

bool lab_strikes(enum lab_fault fault, const struct domain *d, unsigned long gfn, unsigned long mfn,
                 const char *where)
{
    /* What is not recorded can't be found. */
    if ( !lab_chosen(fault) || !tb_init_done || !d || is_hardware_domain(d) || is_system_domain(d) ||
         atomic_inc_return(&chances) % (every ?: 1) )
        return false;
    lab_tell(fault, d, gfn, mfn, where);
    return true;
}

void lab_last_words(void)
{
    /* dom0 runs on pcpu 0, and reads the buffers every 20 ms. */
    if ( tb_init_done && smp_processor_id() )
        mdelay(500);
}
