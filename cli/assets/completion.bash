# bash completion for p2mtrace. What libraries generate evaluates the words on the line, so that Tab runs a $(…) in them,
# and needs the package bash-completion; this does neither.
_p2mtrace() {
    local cur=${COMP_WORDS[COMP_CWORD]} words=() last=-1 i word help directive=0
    # bash takes --option=value apart.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((last >= 0)) && [[ ${words[last]} == --*= || (${words[last]} == --* && $word == '=') ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
    done
    [[ $cur == '=' ]] && cur=
    COMPREPLY=()
    while IFS=$'\t' read -r word help; do
        if [[ $word == :* ]]; then
            directive=${word#:}
        elif [[ $word == "$cur"* ]]; then
            COMPREPLY+=("$word")
        fi
    done < <(p2mtrace complete -- "${words[@]}" 2>/dev/null)
    # 4: a file is no answer.
    ((directive & 4)) && compopt +o default 2>/dev/null
    return 0
}
complete -o default -F _p2mtrace p2mtrace
