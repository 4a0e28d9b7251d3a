/* SPDX-License-Identifier: MIT */
#include "command/verbs.h"

#include "command/settings.h"

#include <stdlib.h>
#include <string.h>

#define HINT "; melbicomfs -h tells more"

static const struct verb {
    const char *name;
    const char *flags;   /* the flags that go with it; 'J' is --json */
    size_t least;        /* how many operands it needs */
    const char *operand; /* what its first operand is */
} verbs[] = {
    [VERB_LS] = {"--ls", "lJ", 0, "PATH"},          [VERB_CAT] = {"--cat", "", 1, "PATH"},
    [VERB_FIND] = {"--find", "", 0, "PATH"},        [VERB_EXPORT] = {"--export", "Ln", 1, "DIR"},
    [VERB_PURGE] = {"--purge", "Jn", 1, "SERVICE"},
};

int verbs_take(struct options_shell *shell, int flag)
{
    enum options_verb verb = (enum options_verb)(flag - VERBS_FIRST);
    if (shell->verb && shell->verb != verb) {
        settings_complain("%s and %s do not go together" HINT, verbs[shell->verb].name, verbs[verb].name);
        return EXIT_USAGE;
    }
    if (!shell->verb)
        shell->before = shell->n;
    shell->verb = verb;
    return EXIT_OK;
}

void verbs_take_flag(struct options_shell *shell, int flag)
{
    bool *taken = flag == 'l' ? &shell->details : flag == 'L' ? &shell->copies : &shell->dry_run;
    *taken = true;
}

int verbs_take_operand(struct options_shell *shell, char *operand)
{
    char **grown = reallocarray(shell->operands, shell->n + 1, sizeof *grown);
    if (!grown) {
        settings_complain("out of memory");
        return EXIT_CONFIG;
    }
    shell->operands = grown;
    shell->operands[shell->n++] = operand;
    return EXIT_OK;
}

/* The verbs that a flag goes with, such as "--ls or --purge". */
static void verbs_with(char flag, char *ret, size_t size)
{
    *ret = '\0';
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (verbs[i].name && strchr(verbs[i].flags, flag)) {
            if (*ret)
                strncat(ret, " or ", size - strlen(ret) - 1);
            strncat(ret, verbs[i].name, size - strlen(ret) - 1);
        }
}

int verbs_check_flags(const struct options_shell *shell, bool json)
{
    const struct {
        char flag;
        const char *name;
        bool given;
    } flags[] = {{'l', "-l", shell->details},
                 {'L', "-L", shell->copies},
                 {'n', "-n", shell->dry_run},
                 {'J', "--json", json && shell->verb}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char with[64];
        if (!flags[i].given || (shell->verb && strchr(verbs[shell->verb].flags, flags[i].flag)))
            continue;
        verbs_with(flags[i].flag, with, sizeof with);
        if (shell->verb)
            settings_complain("%s needs %s" HINT, flags[i].name, with);
        else
            settings_complain("unknown option %s without %s" HINT, flags[i].name, with);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int verbs_split(struct options_shell *shell, char **source)
{
    const struct verb *verb = &verbs[shell->verb];
    if (shell->before > 1) {
        settings_complain("'%s' stands before %s, where only SOURCE may stand" HINT, shell->operands[1], verb->name);
        return EXIT_USAGE;
    }
    if (shell->n - shell->before < verb->least) {
        settings_complain("%s needs a %s after it; what stands before it is SOURCE" HINT, verb->name, verb->operand);
        return EXIT_USAGE;
    }
    if (shell->before == 0)
        return EXIT_OK;
    *source = shell->operands[0];
    memmove(shell->operands, shell->operands + 1, --shell->n * sizeof *shell->operands);
    shell->before = 0;
    return EXIT_OK;
}
