//! Compares roles with an evaluator that tries all matches of a wildcard.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use hubward_policy::roles::{Access, ActionName, ArmScope, DenyAssignment, Plane, Request, Role, RoleList};
use libfuzzer_sys::fuzz_target;

const LISTS: [RoleList; 4] =
    [RoleList::Actions, RoleList::NotActions, RoleList::DataActions, RoleList::NotDataActions];

struct Entry<'a> {
    denies: bool,
    who: &'a str,
    scope: &'a str,
    /// One pattern for each of `LISTS`; an empty text is no pattern.
    patterns: [&'a str; 4],
}

// Lines: the user, `d` for the data plane, the operation, the scope; then entries of seven lines: `d` for a deny
// assignment, the principal, the scope, and four patterns.
fuzz_target!(|text: &str| {
    if text.len() > 400 {
        return;
    }
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (who, data, action, scope) = (next(), next() == "d", next(), next());
    let entries: Vec<_> = (0..4)
        .map(|_| Entry {
            denies: next() == "d",
            who: next(),
            scope: next(),
            patterns: [next(), next(), next(), next()],
        })
        .collect();
    let (Ok(name), Ok(at)) = (ActionName::parse(action), ArmScope::parse(scope)) else { return };

    let mut access = Access::new();
    let mut taken = vec![];
    for entry in &entries {
        let role =
            LISTS.iter().zip(entry.patterns).try_fold(Role::named("r", ""), |role, (list, pattern)| {
                if pattern.is_empty() { Ok(role) } else { role.with_list(*list, &[pattern]) }
            });
        let Ok(role) = role else { continue };
        let added = if entry.denies {
            let deny = DenyAssignment::new(role, entry.scope).and_then(|deny| deny.with_principal(entry.who));
            deny.and_then(|deny| access.deny(deny)).is_ok()
        } else {
            access.assign(entry.who, &role, entry.scope).is_ok()
        };
        if added {
            taken.push(entry);
        }
    }

    let matching = |denies: bool| {
        taken.iter().any(|entry| {
            let [granted, taken_back] = if data {
                [entry.patterns[2], entry.patterns[3]]
            } else {
                [entry.patterns[0], entry.patterns[1]]
            };
            entry.denies == denies
                && entry.who.eq_ignore_ascii_case(who)
                && below(entry.scope, scope)
                && glob(granted.as_bytes(), action.as_bytes())
                && !glob(taken_back.as_bytes(), action.as_bytes())
        })
    };
    let plane = if data { Plane::Data } else { Plane::Control };
    let ruling = access.check(&Request::new(&[who], plane, name, at));
    assert_eq!(ruling.is_allow(), matching(false) && !matching(true), "{ruling}");
});

fn below(scope: &str, other: &str) -> bool {
    let names = |scope: &str| -> Vec<String> {
        scope.split('/').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect()
    };
    names(other).starts_with(&names(scope))
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    // places[at]: the pattern so far can match the first `at` bytes
    let mut places = vec![false; name.len() + 1];
    places[0] = true;
    for byte in pattern {
        let before = places.clone();
        let mut any = false;
        for at in 0..=name.len() {
            any |= before[at];
            places[at] = match byte {
                b'*' => any,
                byte => at > 0 && before[at - 1] && name[at - 1].eq_ignore_ascii_case(byte),
            };
        }
    }
    places[name.len()]
}
