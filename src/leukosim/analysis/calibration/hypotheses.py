"""Evidence of the targets for hypotheses that the parameters leave open, such as how cells escape.

The model is run again under another hypothesis, at draws of the posterior, with the same random
streams. The shift of the logit of each share is estimated from these pairs and added to the
emulator.
The evidence of a hypothesis relative to that of the fit is then the mean of their likelihood ratio
over the posterior: Z' / Z = E[L'(theta) / L(theta)], an identity where both have the same prior.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leukosim.analysis.calibration.design import Runs
from leukosim.analysis.calibration.fit import Fit
from leukosim.analysis.calibration.sampling import log_likelihood_of


def shifts(before: Runs, after: Runs) -> pd.DataFrame:
    """How far each share moves, of pairs of runs: share, before, after; shift, error (logits).

    The error is a jackknife over draws, so that what pairs have in common cancels.
    """
    rows = []
    for share in before.k:
        pooled = [(runs.k[share].sum(), runs.n[share].sum()) for runs in (before, after)]
        one, other = (logit(k, n) for k, n in pooled)
        left_out = np.array(
            [
                logit(after.k[share].sum() - k2, after.n[share].sum() - n2)
                - logit(before.k[share].sum() - k1, before.n[share].sum() - n1)
                for k1, n1, k2, n2 in zip(
                    before.k[share], before.n[share], after.k[share], after.n[share], strict=True
                )
            ]
        )
        draws = len(left_out)
        error = np.sqrt((draws - 1) / draws * ((left_out - left_out.mean()) ** 2).sum())
        shares = (k / n if n else np.nan for k, n in pooled)
        rows.append((share, *shares, other - one, error))
    return pd.DataFrame(rows, columns=["share", "before", "after", "shift", "error"])


def logit(k: float, n: float) -> float:
    """Log odds, shrunk towards one half by half a patient on either side."""
    return float(np.log((k + 0.5) / (n - k + 0.5)))


def evidence(fit: Fit, moved: pd.DataFrame) -> float:
    """How much likelier the published counts are under the other hypothesis: Z' / Z.

    moved : of :func:`shifts`
    """
    ratio = np.zeros(len(fit.posterior))
    for row in moved[moved["share"].isin(fit.counts)].itertuples():
        k, n = fit.counts[row.share]
        mean, sd = fit.emulators[row.share].predict(fit.posterior)
        # the emulator has the same error under both hypotheses
        ratio += log_likelihood_of(k, n, mean + row.shift, np.hypot(sd, row.error))
        ratio -= log_likelihood_of(k, n, mean, sd)
    return float(np.exp(ratio).mean())


def evidence_table(
    fit: Fit, fitted: str, before: Runs, others: Mapping[str, Runs]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Relative evidence and probability of each hypothesis, and the shifts that it rests on.

    Probabilities are those of hypotheses that were equally likely beforehand.

    fit : with ``before`` among the runs of its emulators, so that their error there is not taken
        for an effect
    fitted : the hypothesis under which the parameters were fitted
    """
    moved = {name: shifts(before, runs) for name, runs in others.items()}
    result = {fitted: 1.0} | {name: evidence(fit, table) for name, table in moved.items()}
    total = sum(result.values())
    rows = [(name, ratio, ratio / total) for name, ratio in result.items()]
    table = pd.DataFrame(rows, columns=["hypothesis", "evidence", "probability"])
    tables = [each.assign(hypothesis=name) for name, each in moved.items()]
    return table, pd.concat(tables, ignore_index=True)
