# SPDX-License-Identifier: MIT
# Completions of melbicomfs for fish. What can be given comes from `melbicomfs --help`, so that it is never out of date.

function __melbicomfs_flags
    melbicomfs --help 2>/dev/null | string match -rg '^    (-\S.*)' | string replace -r '  .*' '' |
        string match -rag '(?:^|[ ,])(--?[A-Za-z-]+)' | sort -u
end

# The settings as fish completes them: each after what is before the last comma.
function __melbicomfs_settings
    set -l before (string replace -r '[^,]*$' '' -- (commandline -ct | string replace -r '^-o' ''))
    melbicomfs --help 2>/dev/null | string replace -rf '^    -o  ([a-z_]+=?)\S* +(.*)' "$before\$1\t\$2"
    set -l part (string replace -r '.*,|^-o' '' -- (commandline -ct))
    string match -q 'log_level=*' -- $part; and printf '%s\n' "$before"log_level={error,warning,info,debug}
    string match -q 'push=*' -- $part; and printf '%s\n' "$before"push={0,1}
    printf '%s\n' "$before"{allow_other,allow_root,nodev,noexec,nosuid,noatime}
end

# The sections of the configuration file, which the line may name.
function __melbicomfs_profiles
    set -l directory ~/.config
    set -q XDG_CONFIG_HOME; and set directory $XDG_CONFIG_HOME
    set -l file (commandline -op | string match -rg '(?:^|,|-o)config=([^,]+)')
    test -n "$file"; or set file $directory/melbicomfs/config
    test -r "$file[1]"; and string match -rg '^\s*\[([^]]*)\]' <$file[1] | string match -v endpoints
end

# How many arguments before the current word are no flags and no values of -o; the program's name is one.
function __melbicomfs_operands
    set -l count 0
    set -l previous ''
    for word in (commandline -opc)
        string match -q -- '-*' $word; or test "$previous" = -o; or set count (math $count + 1)
        string match -qr -- '^--(ls|cat|find|purge|export)$' $word; and set count (math $count + 1)
        set previous $word
    end
    echo $count
end

complete -c melbicomfs -f
complete -c melbicomfs -s o -x -a '(__melbicomfs_settings)'
complete -c melbicomfs -n 'string match -q -- "-*" (commandline -ct)' -a '(__melbicomfs_flags)'
complete -c melbicomfs -n 'test (__melbicomfs_operands) = 1' -a '(__melbicomfs_profiles)'
complete -c melbicomfs -n 'not string match -qr -- "^--(doctor|endpoints|ls|cat|find|purge)" (commandline -op)' -a '(__fish_complete_directories)'
