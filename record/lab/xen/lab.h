/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Planted defects.  All are compiled in, and chosen on the command line: lab=NAME every=N strikes at every Nth chance,
 * and says so on the console.  lab=NAME:N,NAME:N for several.
 */
#ifndef XEN_LAB_H
#define XEN_LAB_H

#include <xen/delay.h>
#include <xen/types.h>

struct domain;

enum lab_fault {
    LAB_none,
#define LAB_FAULT(name) LAB_##name,
#include <xen/lab-faults.h>
#undef LAB_FAULT
    LAB_faults
};

/* Whether to go wrong now, for a page of a domain; prints it if so.  Never for pages of the hardware domain. */
bool lab_strikes(enum lab_fault fault, const struct domain *d, unsigned long gfn, unsigned long mfn,
                 const char *where);

/* For what shows only later whether it has gone wrong: whether a fault is the chosen one, and the print. */
bool lab_chosen(enum lab_fault fault);
void lab_tell(enum lab_fault fault, const struct domain *d, unsigned long gfn, unsigned long mfn,
              const char *where);

/* What panic() does first. */
void lab_last_words(void);

#define LAB(name, d, gfn, mfn) lab_strikes(LAB_##name, d, gfn, mfn, __func__)
#define LAB_NONE (~0UL)

#endif /* XEN_LAB_H */
