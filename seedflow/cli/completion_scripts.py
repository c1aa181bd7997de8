"""What `seedflow completion` prints: for each shell, how it asks the command line on the line, and shows its answer.

Each asks by click's protocol: `_SEEDFLOW_COMPLETE` says how, `COMP_WORDS` and `COMP_CWORD` say where. The scripts are our
own, since click's know nothing of words with `=` in them, nor of answers after which typing goes on (`hero=`, `folder/`).
What the command line might say besides is dropped, so that nothing ever lands in the line that is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BASH: Final = r"""# seedflow completion for bash; in ~/.bashrc: eval "$(seedflow completion bash)"
_seedflow_completion() {
    local IFS=$'\n' rest="${COMP_LINE:0:COMP_POINT}" words=() index=0 word trimmed current kind value
    local character quote="" text="" before="" option=""
    # Bash takes `hero=fox` for three words; those without a blank between them are one.
    for ((; index <= COMP_CWORD; index++)); do
        trimmed="${rest#"${rest%%[![:space:]]*}"}"
        word="${COMP_WORDS[index]}"
        ((index == COMP_CWORD)) && word="$trimmed"
        if ((index > 0)) && [[ "$trimmed" == "$rest" && -n "$word" ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
        rest="${trimmed:${#word}}"
    done
    current="${words[${#words[@]}-1]}"
    # What stands before an open quote, or before the last `=` or `:` outside of quotes, is in the line already: Bash
    # replaces what follows it.
    for ((index = 0; index < ${#current}; index++)); do
        character="${current:index:1}"
        case "$quote$character" in
            "''" | '""') quote="" ;;
            "'"?) text+="$character" ;;
            '"\' | "\\") ((++index)) && text+="${current:index:1}" ;;
            '"'?) text+="$character" ;;
            "'" | '"') quote="$character" before="$text" ;;
            *) text+="$character"; [[ "$COMP_WORDBREAKS" == *"$character"* ]] && before="$text" ;;
        esac
    done
    [[ "$text" == -*=* ]] && option="${text%%=*}="
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case "$kind" in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain)
                value="$option$value"
                value="${value#"$before"}"
                case "$quote" in
                    "'") value="${value//"'"/"'\''"}" ;;
                    '"')
                        for character in '\' '"' '$' '`'; do
                            value="${value//"$character"/"\\$character"}"
                        done ;;
                    *)
                        case "$value" in
                            "~"*) value="~$(printf '%q' "${value#\~}")" ;;
                            *) value="$(printf '%q' "$value")" ;;
                        esac ;;
                esac
                COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) _SEEDFLOW_COMPLETE=bash_complete "$1" 2>/dev/null)
    # Typing goes on behind `name=` and `folder/`. Bash would close the quote behind a single answer, so there are two.
    if [[ "${COMPREPLY[*]}" == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
        [[ -n "$quote" && ${#COMPREPLY[@]} == 1 ]] && COMPREPLY+=("${COMPREPLY[0]} ")
    fi
}
complete -o nosort -F _seedflow_completion seedflow 2>/dev/null || complete -F _seedflow_completion seedflow
"""

ZSH: Final = r"""#compdef seedflow
# seedflow completion for zsh; in ~/.zshrc, after compinit: eval "$(seedflow completion zsh)"
_seedflow_completion() {
    local -a response ready open ready_told open_told
    local kind value told home=""
    response=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) _SEEDFLOW_COMPLETE=zsh_complete "${words[1]}" 2>/dev/null)}")
    [[ "$PREFIX" == --*=* ]] && compset -P 1 '*='
    [[ "$PREFIX" == "~"* ]] && compset -P '\~' && home="~"
    for kind value told in ${response}; do
        case "$kind" in
            dir) _files -/ ;;
            file) _files ;;
            plain)
                if [[ "$told" == _ ]]; then
                    value="${value#"$home"}"
                    told="$value"
                else
                    value="${value//\\:/:}"
                    told="$value  $told"
                fi
                if [[ "$value" == *[=/] ]]; then
                    open+=("$value"); open_told+=("$told")
                else
                    ready+=("$value"); ready_told+=("$told")
                fi ;;
        esac
    done
    (( $#ready )) && compadd -l -V seedflow -d ready_told -a ready
    (( $#open )) && compadd -l -V seedflow -S '' -d open_told -a open
    return 0
}
if [[ "$zsh_eval_context[-1]" == loadautofunc ]]; then
    _seedflow_completion "$@"
else
    compdef _seedflow_completion seedflow
fi
"""

FISH: Final = r"""# seedflow completion for fish; save as ~/.config/fish/completions/seedflow.fish
function _seedflow_completion
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[a-z-]+=' $current)
    for line in (COMP_WORDS=(string join \n -- (string escape -- $words) $current | string collect) COMP_CWORD=$current _SEEDFLOW_COMPLETE=fish_complete $words[1] 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $current
            case file
                __fish_complete_path $current
            case plain
                printf '%s\n' "$before$parts[2]"
        end
    end
end
complete --no-files --command seedflow --arguments '(_seedflow_completion)'
"""

SCRIPTS: Final[Mapping[str, str]] = MappingProxyType({"bash": BASH, "zsh": ZSH, "fish": FISH})
"""By the name of the shell."""
