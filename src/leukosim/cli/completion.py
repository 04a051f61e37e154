"""``leukosim completion``: scripts that let a shell complete verbs, fields and folders.

A script asks ``leukosim completion query LINE`` for what the last word can become, so that all
shells offer the same, and what is offered follows the installed version.
"""

from leukosim.cli.arguments import parse
from leukosim.cli.exit_codes import say
from leukosim.cli.verbs import SHELLS
from leukosim.errors import ConfigError, listed, unknown

QUERY = "query"

BASH = r"""# Completion of leukosim in bash: eval "$(leukosim completion bash)"
_leukosim() {
    local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
    local word=${line##* }
    COMPREPLY=($("${COMP_WORDS[0]}" completion query "$line" 2>/dev/null))
    if [[ $COMP_WORDBREAKS == *=* && $word == *=* ]]; then  # bash completes what follows the sign
        COMPREPLY=("${COMPREPLY[@]#"${word%%=*}="}")
    fi
}
complete -o nospace -F _leukosim leukosim
"""
ZSH = r"""# Completion of leukosim in zsh: eval "$(leukosim completion zsh)"
_leukosim() {
    local -a found
    local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    found=("${(@f)$("${words[1]}" completion query "$line" 2>/dev/null)}")
    (( ${#found[1]} )) && compadd -Q -S '' -- "${found[@]}"
}
compdef _leukosim leukosim
"""
FISH = r"""# Completion of leukosim in fish: leukosim completion fish | source
function __leukosim
    leukosim completion query (commandline -cp | string collect) 2>/dev/null | string trim --right
end
complete -c leukosim -f -a '(__leukosim)'
"""
SCRIPTS = dict(zip(SHELLS, (BASH, ZSH, FISH), strict=True))


def completion(words: list[str]) -> int:
    """``leukosim completion SHELL``: the script; ``completion query LINE``: what it asks for."""
    if words[:1] == [QUERY]:
        from leukosim.cli.candidates import candidates, is_finished

        for each in candidates(" ".join(words[1:])):
            say(f"{each} " if is_finished(each) else each)
        return 0
    shells = parse("completion", words).words
    if not shells:
        raise ConfigError(f"completion needs the name of a shell: allowed {listed(SHELLS)}")
    if shells[0] not in SCRIPTS:
        raise unknown(shells[0], SHELLS, "shell")
    print(SCRIPTS[shells[0]], end="")
    return 0
