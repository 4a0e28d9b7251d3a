# SPDX-License-Identifier: MIT
# Completions of melbicomfs for bash. What can be given comes from `melbicomfs --help`, so that it is never out of date.
# shellcheck shell=bash

_melbicomfs_flags() { "$1" --help 2>/dev/null | sed -n 's/^    \(-.*\)/\1/p' | sed 's/  .*//' | grep -oE -- '(^|[ ,])--?[A-Za-z-]+' | tr -d ' ,' | sort -u; }

_melbicomfs_settings() {
    "$1" --help 2>/dev/null | sed -n 's/^    -o  \([a-z_]*=\{0,1\}\).*/\1/p'
    printf '%s\n' allow_other allow_root nodev noexec nosuid noatime
}

# The sections of the configuration file; $1 is the line so far, which may name the file.
_melbicomfs_profiles() {
    local file=${XDG_CONFIG_HOME:-$HOME/.config}/melbicomfs/config
    [[ $1 =~ [[:space:],o]config=([^,[:space:]]+) ]] && file=${BASH_REMATCH[1]/#\~/$HOME}
    sed -n 's/^[[:space:]]*\[\([^]]*\)\].*/\1/p' "$file" 2>/dev/null | grep -vx endpoints
}

# $1 is the program, $2 what has been written of the settings: the last one is completed.
_melbicomfs_complete_settings() {
    local before='' part=$2 reply
    [[ $2 == *,* ]] && before=${2%,*}, part=${2##*,}
    case $part in
    token_file=* | config=* | cafile=*) compopt -o filenames 2>/dev/null && mapfile -t COMPREPLY < <(compgen -P "$before${part%%=*}=" -f -- "${part#*=}") ;;
    log_level=*) mapfile -t COMPREPLY < <(compgen -P "${before}log_level=" -W 'error warning info debug' -- "${part#*=}") ;;
    push=*) mapfile -t COMPREPLY < <(compgen -P "${before}push=" -W '0 1' -- "${part#*=}") ;;
    *=*) ;;
    *)
        mapfile -t COMPREPLY < <(compgen -P "$before" -W "$(_melbicomfs_settings "$1")" -- "$part")
        for reply in "${COMPREPLY[@]}"; do [[ $reply != *= ]] || compopt -o nospace 2>/dev/null; done
        ;;
    esac
}

# Sets `operands`, the number of arguments before the current word that are no flags, and `mounts`, whether a mount point
# is among what can be given.
_melbicomfs_operands() {
    local -a words
    local i
    read -ra words <<<"$1"
    operands=0 mounts=1
    for ((i = 1; i < ${#words[@]}; i++)); do
        case ${words[i]} in
        -o) i=$((i + 1)) ;;
        --doctor | --endpoints) mounts= ;;
        --ls | --cat | --find | --purge) mounts='' operands=1 ;; # paths of the account follow
        --export) operands=1 ;;                                # a directory follows
        -*) ;;
        *) operands=$((operands + 1)) ;;
        esac
    done
}

_melbicomfs() {
    local line=${COMP_LINE:0:COMP_POINT} current before operands mounts
    current=${line##*[[:space:]]}
    before=${line%"$current"}
    COMPREPLY=()
    # bash takes `=` and `:` for ends of words, so what is before them must not be repeated.
    local known=${current%"${current##*[=:]}"}
    if [[ $before =~ [[:space:]]-o[[:space:]]+$ ]]; then
        _melbicomfs_complete_settings "$1" "$current"
    elif [[ $current == -o?* ]]; then
        _melbicomfs_complete_settings "$1" "${current#-o}"
        COMPREPLY=("${COMPREPLY[@]/#/-o}")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_melbicomfs_flags "$1")" -- "$current")
    else
        _melbicomfs_operands "$before"
        ((operands > 0)) || mapfile -t COMPREPLY < <(compgen -W "$(_melbicomfs_profiles "$before")" -- "$current")
        if [[ $mounts ]] && ((operands < 2)); then
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current")
        fi
    fi
    [[ ! $known ]] || COMPREPLY=("${COMPREPLY[@]#"$known"}")
}

complete -F _melbicomfs melbicomfs
