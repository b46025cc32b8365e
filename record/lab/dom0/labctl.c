/* SPDX-License-Identifier: Apache-2.0 */
/* What scenarios need of libxenctrl and xl has no command for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

/* Exported for libxenguest, and declared in a private header. */
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num, xen_pfn_t *arr);

static xc_interface *xc;
static uint64_t num(const char *s) { return strtoull(s, NULL, 0); }

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* share DOM1 DOM2 FIRST COUNT: nominates gfns of both and shares them; some can't be */
static int share(uint32_t one, uint32_t two, uint64_t first, uint64_t count)
{
    uint64_t done = 0, gfn, a, b;

    if ( xc_memshr_control(xc, one, 1) || xc_memshr_control(xc, two, 1) )
        return perror("xc_memshr_control"), 1;
    for ( gfn = first; gfn < first + count; gfn++ )
        if ( !xc_memshr_nominate_gfn(xc, one, gfn, &a) && !xc_memshr_nominate_gfn(xc, two, gfn, &b) &&
             !xc_memshr_share_gfns(xc, one, gfn, a, two, gfn, b) )
            done++;
    printf("shared %" PRIu64 " of %" PRIu64 "\n", done, count);
    return !done;
}

/* unshare DOM FIRST COUNT STEP: a writable mapping is what unshares */
static int unshare(uint32_t dom, uint64_t first, uint64_t count, uint64_t step)
{
    xenforeignmemory_handle *fm = xenforeignmemory_open(NULL, 0);
    uint64_t done = 0, gfn;

    for ( gfn = first; gfn < first + count; gfn += step )
    {
        xen_pfn_t pfn = gfn;
        int err = 0;
        void *p = xenforeignmemory_map(fm, dom, PROT_READ | PROT_WRITE, 1, &pfn, &err);

        if ( p && !err )
            done++;
        if ( p )
            xenforeignmemory_unmap(fm, p, 1);
    }
    printf("unshared up to %" PRIu64 "\n", done);
    return !done;
}

/* map DOM FIRST COUNT SECONDS [HOLD_MS]: maps frames in batches, reads and writes them, for a while */
static int map(uint32_t dom, uint64_t first, uint64_t count, double seconds, unsigned int hold)
{
    enum { BATCH = 64 };
    xenforeignmemory_handle *fm = xenforeignmemory_open(NULL, 0);
    uint64_t mapped = 0, refused = 0, at = 0;
    double end = now() + seconds;

    while ( now() < end )
    {
        xen_pfn_t pfns[BATCH];
        int errs[BATCH], i;
        char *p;

        for ( i = 0; i < BATCH; i++ )
            pfns[i] = first + (at++ * 7) % count;
        p = xenforeignmemory_map(fm, dom, PROT_READ | PROT_WRITE, BATCH, pfns, errs);
        if ( !p )
            continue;
        for ( i = 0; i < BATCH; i++ )
            if ( errs[i] )
                refused++;
            else
            {
                volatile char *c = p + i * 4096L;

                *c = *c;
                mapped++;
            }
        if ( hold )
            usleep(hold * 1000);
        xenforeignmemory_unmap(fm, p, BATCH);
    }
    printf("mapped %" PRIu64 ", refused %" PRIu64 "\n", mapped, refused);
    return !mapped;
}

/* types DOM FIRST COUNT SECONDS: asks for the types of frames, as a migration does, for a while */
static int types(uint32_t dom, uint64_t first, uint64_t count, double seconds)
{
    double end = now() + seconds;
    uint64_t asked = 0, at = 0;

    while ( now() < end )
    {
        xen_pfn_t pfns[256];
        int i;

        for ( i = 0; i < 256; i++ )
            pfns[i] = first + at++ % count;
        if ( xc_get_pfn_type_batch(xc, dom, 256, pfns) )
            return perror("xc_get_pfn_type_batch"), 1;
        asked += 256;
    }
    printf("asked for %" PRIu64 " types\n", asked);
    return 0;
}

static int pod(uint32_t dom)
{
    uint64_t total, cache, entries;

    if ( xc_domain_get_pod_target(xc, dom, &total, &cache, &entries) )
        return perror("xc_domain_get_pod_target"), 1;
    printf("pod of d%u: pages %" PRIu64 " cache %" PRIu64 " entries %" PRIu64 "\n", dom, total, cache, entries);
    return 0;
}

/* cost DOM FIRST COUNT ROUNDS: nanoseconds a frame for giving back, taking and mapping frames of a paused domain */
static int cost(uint32_t dom, uint64_t first, uint64_t count, unsigned int rounds)
{
    xenforeignmemory_handle *fm = xenforeignmemory_open(NULL, 0);
    xen_pfn_t *gfns = calloc(count, sizeof(*gfns));
    int *errs = calloc(count, sizeof(*errs));
    uint64_t i;

    for ( i = 0; i < count; i++ )
        gfns[i] = first + i;
    while ( rounds-- )
    {
        double start = now(), given, taken, mapped;
        void *p;

        if ( xc_domain_decrease_reservation_exact(xc, dom, count, 0, gfns) )
            return perror("xc_domain_decrease_reservation_exact"), 1;
        given = now();
        if ( xc_domain_populate_physmap_exact(xc, dom, count, 0, 0, gfns) )
            return perror("xc_domain_populate_physmap_exact"), 1;
        taken = now();
        p = xenforeignmemory_map(fm, dom, PROT_READ, count, gfns, errs);
        if ( !p || xenforeignmemory_unmap(fm, p, count) )
            return perror("xenforeignmemory_map"), 1;
        mapped = now();
        printf("cost decrease_reservation %.1f ns\n", (given - start) * 1e9 / count);
        printf("cost populate_physmap %.1f ns\n", (taken - given) * 1e9 / count);
        printf("cost foreign_map %.1f ns\n", (mapped - taken) * 1e9 / count);
    }
    return 0;
}

/* tick: a domain without memory comes and goes, which is recorded with its time */
static int tick(void)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
#ifdef DOMID_ANY
    uint32_t dom = DOMID_ANY;
#else
    uint32_t dom = 0;
#endif

    if ( xc_domain_create(xc, &dom, &config) || xc_domain_destroy(xc, dom) )
        return perror("tick"), 1;
    return 0;
}

int main(int c, char **v)
{
    uint32_t dom = c > 2 ? num(v[2]) : 0;

    xc = xc_interface_open(NULL, NULL, 0);
    if ( !xc )
        return 1;
    if ( c == 6 && !strcmp(v[1], "share") )
        return share(dom, num(v[3]), num(v[4]), num(v[5]));
    if ( c == 6 && !strcmp(v[1], "unshare") )
        return unshare(dom, num(v[3]), num(v[4]), num(v[5]));
    if ( c >= 6 && !strcmp(v[1], "map") )
        return map(dom, num(v[3]), num(v[4]), atof(v[5]), c > 6 ? num(v[6]) : 0);
    if ( c == 6 && !strcmp(v[1], "types") )
        return types(dom, num(v[3]), num(v[4]), atof(v[5]));
    if ( c == 3 && !strcmp(v[1], "pod") )
        return pod(dom);
    if ( c == 6 && !strcmp(v[1], "cost") )
        return cost(dom, num(v[3]), num(v[4]), num(v[5]));
    if ( c == 2 && !strcmp(v[1], "now") )
        return printf("%.0f\n", now() * 1e9) < 0;
    if ( c == 2 && !strcmp(v[1], "tick") )
        return tick();
    fprintf(stderr, "labctl share|unshare|map|types|pod|cost|now|tick ...\n");
    return 2;
}
