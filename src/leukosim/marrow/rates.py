"""Transition rates of one patient's stem cells, from biology and drugs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leukosim.biology.apoptosis import anti_apoptotic_reserve, apoptosis_rate, reserve_by_subtype
from leukosim.biology.blasts import STAGES
from leukosim.biology.clones import TRAITS, Driver, lineage
from leukosim.biology.cycle import PHASES
from leukosim.biology.exposure import BLOCKS, COLUMN, EXPOSURES, Exposure
from leukosim.biology.niche import PLACES, blocked_share, egress_rate, g0_exit_rate_outside
from leukosim.biology.patient import Patient
from leukosim.biology.subtypes import switching_rates
from leukosim.marrow import kernels
from leukosim.marrow.growth import MOST_RETURN, Balance, crowded_renewal, leading, return_rate_at

# Columns of outcomes; from SWITCH on, one for each subtype that a cell may switch to.
APOPTOSIS, S_PHASE_KILL, PLACE, G0_ENTRY_OR_EXIT, S_ENTRY, DIVISION, SWITCH = range(7)
G0, GAP, S = range(len(PHASES))
IN_NICHE, FREE = range(len(PLACES))


def class_index(subtype, place, phase):
    """Number of the class of cells of a subtype, place and phase."""
    return (subtype * len(PLACES) + place) * len(PHASES) + phase


@dataclass(frozen=True)
class RateSchedule:
    """Rates of one patient's cells over time, constant within each segment of an exposure."""

    start: np.ndarray  # float64[segment], day
    end: np.ndarray  # float64[segment], day
    regimes: kernels.Regimes  # the sets of rates that occur
    regime: np.ndarray  # int64[segment], one of these sets
    name: np.ndarray  # int64[segment], start in seconds; keys the random numbers of the segment


class Rates:
    """Transition rates of one patient's stem cells, untreated and under drugs.

    What follows from the patient alone is calculated when it is first needed, and kept.
    """

    def __init__(self, patient: Patient):
        self.patient = patient
        disease = patient.disease
        self.disease = disease
        self.composition = np.array(patient.composition)
        self.n_subtypes = len(disease.subtypes)
        self.dependencies = disease.dependencies(patient.composition)
        self.drug_tolerant_state = list(disease.subtypes).index(
            disease.switching.drug_tolerant_state
        )
        self.shape = (self.n_subtypes, len(PLACES), len(PHASES), SWITCH + self.n_subtypes)

    @cached_property
    def wiring(self) -> kernels.Wiring:
        """The class that each outcome leads to."""
        n = self.n_subtypes
        target = np.full(self.shape, kernels.DIES, np.int64)
        attaching = np.full(self.shape[:3], -1, np.int64)
        subtype = np.zeros(self.shape[:3], np.int64)
        anchored = np.zeros(self.shape[:3], bool)
        newborn = np.zeros(self.shape[:3], np.int64)
        displaced = np.zeros(self.shape[:3], np.int64)
        holds_by_own = self.disease.niche.retention == "own"
        for s in range(n):
            for place in range(len(PLACES)):
                for phase in range(len(PHASES)):
                    here = s, place, phase
                    target[(*here, PLACE)] = class_index(s, 1 - place, phase)
                    target[(*here, G0_ENTRY_OR_EXIT)] = class_index(
                        s, place, GAP if phase == G0 else G0
                    )
                    target[(*here, S_ENTRY)] = class_index(s, place, S)
                    target[(*here, DIVISION)] = kernels.DIVIDES
                    for other in range(n):
                        target[(*here, SWITCH + other)] = class_index(other, place, phase)
                    if place == FREE or holds_by_own:
                        attaching[here] = PLACE
                    subtype[here] = s
                    anchored[here] = place == IN_NICHE
                    newborn[here] = class_index(s, place, GAP)
                    displaced[here] = class_index(s, FREE, GAP)
        trait = np.full(self.shape[3], kernels.SWITCH, np.int64)
        trait[[APOPTOSIS, S_PHASE_KILL, PLACE]] = (
            kernels.APOPTOSIS, kernels.S_PHASE_KILL, kernels.PLACE,
        )  # fmt: skip
        trait[[G0_ENTRY_OR_EXIT, S_ENTRY, DIVISION]] = (
            kernels.CYCLE,
            kernels.DIVISION,
            kernels.DIVISION,
        )
        factors = np.repeat(self.disease.cxcr4_factors(), len(PLACES) * len(PHASES))
        return kernels.Wiring(
            target.reshape(-1, self.shape[3]),
            trait,
            attaching.ravel(),
            subtype.ravel(),
            anchored.ravel(),
            newborn.ravel(),
            displaced.ravel(),
            factors.astype(float),
        )

    @cached_property
    def untreated(self) -> np.ndarray:
        """Rates without drugs, float64[class, outcome], without the return to G0 in the niche."""
        cycle, niche = self.disease.cycle, self.disease.niche
        rates = np.zeros(self.shape)
        rates[:, IN_NICHE, :, PLACE] = niche.egress_rate
        rates[:, FREE, :, PLACE] = niche.homing_rate + niche.cxcr4_independent_homing_rate
        rates[:, IN_NICHE, G0, G0_ENTRY_OR_EXIT] = cycle.g0_exit_in_niche
        rates[:, FREE, G0, G0_ENTRY_OR_EXIT] = cycle.g0_exit_outside
        rates[:, FREE, GAP, G0_ENTRY_OR_EXIT] = cycle.g0_entry_outside
        rates[:, :, GAP, S_ENTRY] = cycle.s_entry_rate
        rates[:, IN_NICHE, GAP, S_ENTRY] *= self.disease.cycling_factors()
        rates[:, :, S, DIVISION] = cycle.s_exit_rate
        rates[..., SWITCH:] = self.switching(np.zeros(self.n_subtypes))[:, None, None, :]
        return rates.reshape(-1, self.shape[3])

    def switching(self, stress: np.ndarray, memory: np.ndarray | float = 0.0) -> np.ndarray:
        """Switching rates, float64[..., subtype, subtype]."""
        return switching_rates(
            self.disease.switching,
            self.composition,
            self.drug_tolerant_state,
            self.patient.reprogramming,
            stress,
            memory,
        )

    @property
    def niche_free(self) -> float:
        """Fraction of the niche that healthy stem cells leave free."""
        return max(1.0 - self.disease.blood.healthy_stem_cells / self.disease.niche.capacity, 0.0)

    @cached_property
    def mean_attachment(self) -> np.ndarray:
        """Mean share of the largest attachment rate over the log-normal CXCR4, float64[subtype]."""
        niche = self.disease.niche
        node, weight = np.polynomial.hermite_e.hermegauss(31)
        cxcr4 = self.patient.cxcr4 * np.exp(niche.cxcr4_log_sd * node)
        strength = np.outer(self.disease.cxcr4_factors(), cxcr4) ** niche.hill
        helped = strength / (strength + niche.half_cxcr4**niche.hill)
        share = helped @ weight / weight.sum()
        return self.attach_floor + (1.0 - self.attach_floor) * share

    @property
    def attach_floor(self) -> float:
        """Share of the largest attachment rate that does not depend on CXCR4."""
        niche = self.disease.niche
        largest = niche.homing_rate + niche.cxcr4_independent_homing_rate
        return niche.cxcr4_independent_homing_rate / largest if largest > 0 else 0.0

    def mean_matrix(self, return_rate: np.ndarray | float, renewal: float) -> np.ndarray:
        """Mean matrix M of untreated cells, d<n>/dt = M <n>, float64[class, class].

        With the mean attachment rate of the patient's cells, in the niche that healthy cells leave.

        return_rate : float64[subtype] or one for all, per day
        """
        rates = self.untreated.reshape(self.shape).copy()
        rates[:, IN_NICHE, GAP, G0_ENTRY_OR_EXIT] = return_rate
        attachment = self.mean_attachment[:, None] * self.niche_free
        rates[:, FREE, :, PLACE] *= attachment
        flat = rates.reshape(-1, self.shape[3])
        wiring = self.wiring
        matrix = np.zeros((len(flat), len(flat)))
        c, j = np.indices(flat.shape).reshape(2, -1)
        np.subtract.at(matrix, (c, c), flat[c, j])
        c, j = np.nonzero(wiring.target >= 0)
        np.add.at(matrix, (wiring.target[c, j], c), flat[c, j])
        c, j = np.nonzero(wiring.target == kernels.DIVIDES)
        stays = np.where(wiring.anchored[c], self.niche_free, 1.0)
        second = renewal**2  # a second daughter exists only if both are stem cells
        first = 1.0 - (1.0 - renewal) ** 2
        np.add.at(matrix, (wiring.newborn[c], c), flat[c, j] * (first + second * stays))
        np.add.at(matrix, (wiring.displaced[c], c), flat[c, j] * second * (1.0 - stays))
        return matrix

    def within_subtypes(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Blocks of a mean matrix for each subtype, without switching to other subtypes."""
        n = len(PLACES) * len(PHASES)
        leaving = self.switching(np.zeros(self.n_subtypes)).sum(1)
        parts = (slice(n * s, n * (s + 1)) for s in range(self.n_subtypes))
        return [
            matrix[part, part] + rate * np.eye(n) for part, rate in zip(parts, leaving, strict=True)
        ]

    @cached_property
    def cycle_alike(self) -> bool:
        """Whether cells of all subtypes cycle at the same rate."""
        return len(set(self.disease.cycling_factors())) == 1

    @cached_property
    def relative_return(self) -> np.ndarray:
        """Rates of return to G0 in the niche relative to the largest, float64[subtype].

        By these rates each subtype alone doubles in the same time. A subtype that cycles too slowly
        for that does not return to G0 (0), and doubles more slowly.
        """
        if self.cycle_alike:
            return np.ones(self.n_subtypes)
        renewal, growth = self.disease.cycle.renewal, np.log(2.0) / self.patient.doubling_days
        without, with_return = (
            self.within_subtypes(self.mean_matrix(rate, renewal)) for rate in (0.0, 1.0)
        )
        rates = np.array(
            [
                return_rate_at(growth, one, other - one)
                for one, other in zip(without, with_return, strict=True)
            ]
        )
        return rates / rates.max()

    @cached_property
    def return_rate(self) -> np.ndarray:
        """Rates of return to G0 in the niche at which the leukaemia doubles in its time, per day.

        float64[subtype]
        """
        return solve_return_rate(self, self.patient.doubling_days) * self.relative_return

    @cached_property
    def balanced(self) -> "Balance":
        """Balanced growth at the burden for which the LSC frequency is given."""
        burden = self.patient.overt_blasts or self.disease.blasts.share_holds_at
        burden = min(burden, self.patient.carrying_capacity)
        cycle, blasts = self.disease.cycle, self.disease.blasts
        renewal = crowded_renewal(cycle.renewal, burden, self.patient.carrying_capacity)
        matrix = self.mean_matrix(self.return_rate, renewal)
        growth, mix = leading(matrix)
        if not self.cycle_alike:  # slow exchange would in years lead to another composition
            own = [leading(part)[1] for part in self.within_subtypes(matrix)]
            mix = np.concatenate(self.composition[:, None] * own)
        dividing = mix.reshape(self.shape[:3])[:, :, S].sum() * cycle.s_exit_rate
        passed = blasts.maturing_rate / (blasts.maturing_rate + growth)
        return Balance(
            growth,
            mix,
            inflow=dividing * 2.0 * (1.0 - renewal),
            maturing=passed ** np.arange(1, STAGES + 1) / blasts.maturing_rate,
        )

    @cached_property
    def gain(self) -> float:
        """Amplification: blasts per matured daughter, from the LSC frequency."""
        blasts, balance = self.disease.blasts, self.balanced
        blasts_per_gain = (
            balance.inflow * balance.maturing[-1] * blasts.maturing_rate
            / (blasts.loss_rate + balance.growth)
        )  # fmt: skip
        return 1.0 / (self.patient.lsc_frequency * blasts_per_gain)

    @cached_property
    def drug_free(self) -> kernels.Regimes:
        """Rates without drugs, in one regime."""
        return self.under(np.zeros((1, len(EXPOSURES))))

    def schedule(self, exposure: Exposure) -> RateSchedule:
        """The rates under an exposure, segment by segment."""
        differs = np.any(exposure.values[1:] != exposure.values[:-1], axis=1)
        if exposure.blocked is not None:
            differs |= np.any(exposure.blocked[1:] != exposure.blocked[:-1], axis=(1, 2))
        is_first = np.concatenate([[True], differs])
        distinct = exposure.values[is_first]
        blocked = None if exposure.blocked is None else exposure.blocked[is_first]
        is_treated = distinct.any() or (blocked is not None and blocked.any())
        return RateSchedule(
            exposure.start,
            exposure.end,
            self.under(distinct, blocked) if is_treated else self.drug_free,
            np.cumsum(is_first) - 1,
            np.round(exposure.start * 1440 * 60).astype(np.int64),
        )

    def under(self, values: np.ndarray, blocked: np.ndarray | None = None) -> kernels.Regimes:
        """Rates under drugs.

        Parameters
        ----------
        values : float64[regime, exposure]
        blocked : float64[regime, subtype, protein]; None: as in ``values``, in all subtypes
        """
        disease, niche = self.disease, self.disease.niche
        n = len(values)
        rates = np.broadcast_to(self.untreated.reshape(self.shape), (n, *self.shape)).copy()
        rates[:, :, IN_NICHE, GAP, G0_ENTRY_OR_EXIT] = self.return_rate

        if blocked is None:
            left = anti_apoptotic_reserve(
                self.dependencies, values[:, [COLUMN[name] for name in BLOCKS]]
            )
        else:
            left = reserve_by_subtype(self.dependencies, blocked)
        full = anti_apoptotic_reserve(self.dependencies, np.zeros(3))
        shift = self.patient.reserve_shift
        hazard = apoptosis_rate(
            left + shift, full + shift, disease.apoptosis, disease.apoptosis.stem_cell_rate
        )
        rates[:, :, FREE, :, APOPTOSIS] = hazard[:, :, None]
        rates[:, :, IN_NICHE, :, APOPTOSIS] = niche.apoptosis_factor * hazard[:, :, None]

        for phase, name in ((S, "s_phase_kill"), (G0, "g0_kill")):
            kill = values[:, COLUMN[name]]
            rates[:, :, FREE, phase, S_PHASE_KILL] = kill[:, None]
            rates[:, :, IN_NICHE, phase, S_PHASE_KILL] = niche.s_phase_factor * kill[:, None]

        occupancy = values[:, COLUMN["cxcr4_occupancy"]]
        released = egress_rate(niche, occupancy)
        rates[:, :, IN_NICHE, :, PLACE] = released[:, None, None]
        rates[:, :, FREE, G0, G0_ENTRY_OR_EXIT] = g0_exit_rate_outside(
            disease.cycle, niche, occupancy
        )[:, None]
        stress = np.clip((full - left) / full, 0.0, 1.0)
        rates[..., SWITCH:] = self.switching(stress, values[:, COLUMN["stress_memory"]])[
            :, :, None, None, :
        ]

        mixed = disease.apoptosis.blast_own_subtype
        # sums, not products of matrices, whose last bit depends on the number of regimes
        mean_left = (left * self.composition).sum(-1, keepdims=True)
        blast_left = mixed * left + (1.0 - mixed) * mean_left
        blast_full = mixed * full + (1.0 - mixed) * (full * self.composition).sum()
        blast_hazard = apoptosis_rate(
            blast_left + shift, blast_full + shift, disease.apoptosis, disease.apoptosis.blast_rate
        )
        return kernels.Regimes(
            rates.reshape(n, -1, self.shape[3]),
            1.0 - values[:, COLUMN["renewal_loss"]],
            1.0 - blocked_share(niche, occupancy),
            np.where(released > 0.0, niche.egress_rate / np.maximum(released, 1e-300), 1.0),
            np.ascontiguousarray(blast_hazard + values[:, [COLUMN["blast_kill"]]]),
            columns(values, "neutrophil_production_loss", "platelet_production_loss"),
            columns(values, "neutrophil_loss", "platelet_loss"),
        )

    @cached_property
    def laws(self) -> kernels.Laws:
        """The patient's constants, for the kernel."""
        disease, niche, blood = self.disease, self.disease.niche, self.disease.blood
        return kernels.Laws(
            niche_places=niche.capacity,
            cxcr4_half=niche.half_cxcr4,
            cxcr4_hill=niche.hill,
            attach_floor=self.attach_floor,
            cxcr4_log_mean=float(np.log(self.patient.cxcr4)),
            cxcr4_log_sd=niche.cxcr4_log_sd,
            cxcr4_inheritance=niche.cxcr4_inheritance,
            renewal=disease.cycle.renewal,
            carrying_capacity=self.patient.carrying_capacity,
            mutation_probability=disease.mutation.driver_probability,
            maturing_rate=disease.blasts.maturing_rate,
            gain=self.gain,
            blast_loss=disease.blasts.loss_rate,
            healthy_stem_cells=blood.healthy_stem_cells,
            healthy_division_rate=blood.healthy_division_rate,
            healthy_marrow_cells=blood.healthy_marrow_cells,
            baselines=blood.baselines,
            transit_rates=blood.transit_rates,
            feedbacks=blood.feedbacks,
        )

    @cached_property
    def drivers(self) -> kernels.Drivers:
        """Driver mutations, for the kernel."""
        mutation = self.disease.mutation
        weight = np.array(mutation.arising_weights())
        effect = np.array([traits_of(driver) for driver in mutation.drivers.values()])
        return kernels.Drivers(
            np.cumsum(weight)[None] / (weight.sum() or 1.0), effect.reshape(-1, len(TRAITS))
        )

    def founder_effects(self) -> np.ndarray:
        """Factors on rates by founding clone, float64[founder, trait]; those of the trunk are 1.

        The traits of the patient include the effects of the drivers in the trunk.
        """
        founders, drivers = self.patient.founders, self.disease.mutation.drivers
        effects = np.ones((len(founders), len(TRAITS)))
        for f in range(len(founders)):
            for ancestor in lineage(founders, f)[1:]:
                for name in founders[ancestor].drivers:
                    effects[f] *= traits_of(drivers[name])
        return effects


def traits_of(driver: Driver) -> np.ndarray:
    """Factors of a driver mutation, float64[trait]."""
    return np.array([getattr(driver, trait) for trait in TRAITS])


def columns(values: np.ndarray, *names: str) -> np.ndarray:
    """Some exposures, float64[regime, name], in row-major order for the kernel."""
    return np.stack([values[:, COLUMN[name]] for name in names], axis=-1)


def doubling_range(rates: Rates) -> tuple[float, float]:
    """The shortest and longest doubling time that cycle and niche can produce, in days.

    The longest is that of growth outside the niche alone.
    """
    renewal = rates.disease.cycle.renewal
    fastest, slowest = (
        leading(rates.mean_matrix(return_rate, renewal))[0] for return_rate in (0.0, MOST_RETURN)
    )
    return np.log(2.0) / fastest, np.log(2.0) / slowest if slowest > 0 else np.inf


def solve_return_rate(rates: Rates, doubling_days: float) -> float:
    """Rate of return to G0 in the niche at which stem cells double in the time given, per day.

    It is the rate of the subtype with most cells in G0. The growth rate is the leading eigenvalue
    of the mean matrix; it decreases with the rate of return.
    """
    shortest, longest = doubling_range(rates)
    if not shortest < doubling_days < longest:
        raise ValueError(
            f"doubling_days = {doubling_days:g} (day) cannot be reached with this cycle and niche: "
            f"allowed from {shortest:.3g} to {longest:.3g}"
        )
    renewal = rates.disease.cycle.renewal
    without = rates.mean_matrix(0.0, renewal)
    per_rate = rates.mean_matrix(rates.relative_return, renewal) - without
    return return_rate_at(np.log(2.0) / doubling_days, without, per_rate)
