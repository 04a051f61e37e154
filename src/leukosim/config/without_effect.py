"""Fields that a user has set and that cannot change the result, each with the reason."""

from collections.abc import Iterable, Mapping, Sequence

from omegaconf import DictConfig, OmegaConf

from leukosim.config.compose import as_plain
from leukosim.config.effect_rules import why_without_effect
from leukosim.config.fields_set import fields_set
from leukosim.config.in_use import InUse
from leukosim.config.interpolation import PLAIN_REFERENCE, affected_by, at, dotted
from leukosim.config.reading import names_of
from leukosim.config.schema import Config
from leukosim.results.provenance import flat


class Effects:
    """What fields do in some runs: all scenarios of a sweep, or one run.

    Parameters
    ----------
    configs : checked
    composed : of these runs, with references between fields unresolved
    """

    def __init__(self, configs: Sequence[Config], composed: Iterable[DictConfig]) -> None:
        self.used = [InUse(config) for config in configs]
        self.raw = [OmegaConf.to_container(each, resolve=False) for each in composed]
        self.plain = as_plain(configs[0])

    def why_none(self, path: str) -> str:
        """Why a field, or all of a section, changes nothing in any of the runs; else empty."""
        found = at(self.plain, tuple(path.split(".")))
        if found is None and not self._exists(path):
            return ""
        whys = [self._why_none(leaf) for leaf in flat(found, path)]
        return whys[0] if whys and all(whys) else ""

    def _exists(self, path: str) -> bool:
        parent, _, name = path.rpartition(".")
        above = at(self.plain, tuple(parent.split("."))) if parent else self.plain
        return isinstance(above, Mapping) and name in above

    def _why_none(self, path: str) -> str:
        concerned = [path, *self.followers(path)]
        first = ""
        for used in self.used:
            for each in concerned:
                why = why_without_effect(each, used)
                if not why:
                    return ""
                first = first or why
        return first

    def followers(self, path: str) -> list[str]:
        """Fields that refer to another, if by way of others; names of arms depend on no value."""
        found: dict[str, None] = {}
        for raw in self.raw:
            for place, text in affected_by(raw, [path]):
                alone = PLAIN_REFERENCE.fullmatch(text)
                is_names = alone is not None and alone[1] is not None
                if not is_names and place[0] in names_of(Config):
                    found[dotted(place)] = None
        return list(found)


def warnings_on(
    words: Sequence[str], configs: Sequence[Config], composed: Iterable[DictConfig]
) -> list[str]:
    """A sentence on each field that a user has set and that cannot change the result of these runs.

    words : of a command line, see :func:`leukosim.config.fields_set.fields_set`
    configs, composed : the runs, see :class:`Effects`
    """
    effects = Effects(configs, composed)
    sentences = []
    for path, file in fields_set(words).items():
        why = effects.why_none(path)
        if why:
            field = f"{path} (in {file})" if file else path
            sentences.append(f"{field} has no effect here: {why}")
    return sentences
