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

/* By fault: at every how manyth chance it strikes; 0: never. */
static unsigned int __read_mostly every[LAB_faults];
static unsigned int __read_mostly default_every = 1;
static atomic_t chances[LAB_faults];
static atomic_t strikes;
integer_param("every", default_every);

static unsigned int __init name_length(const char *s)
{
    unsigned int n = 0;

    while ( s[n] && s[n] != ':' && s[n] != ',' )
        n++;
    return n;
}

/* NAME[:EVERY], and more of them behind commas */
static int __init cf_check parse_lab(const char *s)
{
    int rc = 0;

    while ( *s )
    {
        unsigned int i, len = name_length(s);

        for ( i = 1; i < LAB_faults; i++ )
            if ( !strncmp(s, names[i], len) && !names[i][len] )
                break;
        s += len;
        if ( i == LAB_faults )
            rc = -EINVAL;
        else
            every[i] = *s == ':' ? simple_strtoul(s + 1, NULL, 10) : ~0U;
        while ( *s && *s++ != ',' )
            ;
    }
    return rc;
}
custom_param("lab", parse_lab);

bool lab_chosen(enum lab_fault fault)
{
    return unlikely(every[fault]);
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
         atomic_inc_return(&chances[fault]) % (every[fault] == ~0U ? default_every ?: 1 : every[fault]) )
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
