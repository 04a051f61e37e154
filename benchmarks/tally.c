/* The engine's algorithm in C, for stem cells only: no clones, drugs, blasts or keyed luck.

   cc -O3 -march=native -shared -fPIC tally.c -lm

   Day after day: for every class and outcome draw how many cells meet it first, let random cells of
   the class take them, and follow each and its daughters to the end of the day.  */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define DIES (-1)
#define DIVIDES (-2)

static uint64_t s[4];

static uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/* xoshiro256+, Blackman and Vigna 2021, doi:10.1145/3460772 */
static uint64_t next(void)
{
    uint64_t result = s[0] + s[3], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3];
    s[2] ^= t; s[3] = rotated(s[3], 45);
    return result;
}

static double uniform(void) { return ((next() >> 12) + 0.5) * 0x1p-52; }

static double normal(void)
{
    static double spare; static int has_spare;
    if (has_spare) { has_spare = 0; return spare; }
    double r = sqrt(-2.0 * log(uniform())), angle = 6.283185307179586 * uniform();
    spare = r * sin(angle); has_spare = 1;
    return r * cos(angle);
}

/* By waiting times, Devroye 1986: as long as the number is small, as it is in a day. */
static int64_t binomial(int64_t n, double p)
{
    if (p >= 1.0) return n;
    if (p <= 0.0 || n == 0) return 0;
    double per = log1p(-p); int64_t met = -1, at = 0;
    do { at += (int64_t)floor(log(uniform()) / per) + 1; met++; } while (at <= n);
    return met;
}

typedef struct { double *cxcr4; int64_t n, room; } Bucket;

static void put(Bucket *b, double cxcr4)
{
    if (b->n == b->room) {
        b->room = 2 * b->room + 64;
        b->cxcr4 = realloc(b->cxcr4, b->room * sizeof(double));
    }
    b->cxcr4[b->n++] = cxcr4;
}

typedef struct {
    int classes, outcomes;
    const double *rate;      /* [class, outcome], the largest of any cell */
    const int64_t *target;   /* [class, outcome] */
    const int64_t *attaching, *newborn, *displaced, *anchored; /* [class] */
    const double *factor;    /* [class], CXCR4 relative to the patient's */
    double half, floor, log_mean, log_sd, inheritance, renewal, niche_free;
} Law;

static double attachment(const Law *law, int c, double cxcr4)
{
    double x = cxcr4 * law->factor[c] / law->half;
    return law->floor + (1.0 - law->floor) * x * x / (1.0 + x * x);
}

static double inherited(const Law *law, double cxcr4)
{
    if (law->log_sd == 0.0) return cxcr4;
    double noise = sqrt(1.0 - law->inheritance * law->inheritance) * law->log_sd * normal();
    return exp(law->log_mean + law->inheritance * (log(cxcr4) - law->log_mean) + noise);
}

static void live(const Law *, Bucket *, const double *, int, double, double, double, int64_t *);

static void happen(const Law *law, Bucket *after, const double *total, int c, int j, double cxcr4,
                   double now, double length, int64_t *events)
{
    int64_t to = law->target[c * law->outcomes + j];
    if (law->attaching[c] == j && uniform() >= attachment(law, c, cxcr4)) {
        live(law, after, total, c, cxcr4, now, length, events);
        return;
    }
    ++*events;
    if (to == DIES) return;
    if (to != DIVIDES) { live(law, after, total, to, cxcr4, now, length, events); return; }
    int stem = (uniform() < law->renewal) + (uniform() < law->renewal);
    for (int k = 0; k < stem; k++) {
        int born = law->newborn[c];
        if (k == 1 && law->anchored[c] && uniform() >= law->niche_free) born = law->displaced[c];
        live(law, after, total, born, inherited(law, cxcr4), now, length, events);
    }
}

static void live(const Law *law, Bucket *after, const double *total, int c, double cxcr4,
                 double now, double length, int64_t *events)
{
    now -= log(uniform()) / total[c];
    if (!(now < length)) { put(&after[c], cxcr4); return; }
    double left = uniform() * total[c]; int j = 0;
    while (j < law->outcomes - 1 && left >= law->rate[c * law->outcomes + j])
        left -= law->rate[c * law->outcomes + j++];
    happen(law, after, total, c, j, cxcr4, now, length, events);
}

/* Cells of class of_class[i] with cxcr4[i]; counts: [day, class] filled in. Returns events. */
int64_t run(const Law *law, const int64_t *of_class, const double *cxcr4, int64_t n, int days,
            double length, uint64_t seed, int64_t *counts)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        s[i] = z ^ (z >> 31);
    }
    int k = law->classes, m = law->outcomes;
    Bucket *here = calloc(k, sizeof(Bucket)), *after = calloc(k, sizeof(Bucket));
    double *total = calloc(k, sizeof(double));
    int64_t events = 0;
    for (int64_t i = 0; i < n; i++) put(&here[of_class[i]], cxcr4[i]);
    for (int c = 0; c < k; c++)
        for (int j = 0; j < m; j++) total[c] += law->rate[c * m + j];
    for (int day = 0; day < days; day++) {
        for (int c = 0; c < k; c++) after[c].n = 0;
        for (int c = 0; c < k; c++) {
            Bucket *b = &here[c];
            double eventful = -expm1(-total[c] * length), left = 1.0;
            int64_t unassigned = b->n;
            for (int j = 0; j < m && b->n; j++) {
                double share = law->rate[c * m + j] / total[c] * eventful;
                if (!(share > 0.0)) continue;
                int64_t met = binomial(unassigned, fmin(share / left, 1.0));
                unassigned -= met; left -= share;
                for (; met > 0; met--) {
                    int64_t slot = (int64_t)(uniform() * b->n);
                    double own = b->cxcr4[slot];
                    b->cxcr4[slot] = b->cxcr4[--b->n];
                    double at = -log1p(-uniform() * eventful) / total[c];
                    happen(law, after, total, c, j, own, at, length, &events);
                }
            }
        }
        for (int c = 0; c < k; c++) {
            for (int64_t i = 0; i < after[c].n; i++) put(&here[c], after[c].cxcr4[i]);
            counts[day * k + c] = here[c].n;
        }
    }
    for (int c = 0; c < k; c++) { free(here[c].cxcr4); free(after[c].cxcr4); }
    free(here); free(after); free(total);
    return events;
}
