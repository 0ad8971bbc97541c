//! Certificate policies by the graph of RFC 9618, which replaces the tree of RFC 5280 6.1: it has one node per level
//! and policy, not one per way to reach the policy.

mod read;

use alloc::vec::Vec;

use read::{Asserted, read_constraints, read_policies};
pub(super) use read::{read_inhibit, read_mappings};

use super::budget::Meter;
use super::validate::{Path, extension};
use crate::certificate::Certificate;
use crate::error::{CertificatePosition, ChainError, KnownExtension, Problem};
use crate::profile::PolicyInputs;

/// `anyPolicy` (2.5.29.32.0).
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];

/// The policies for which a path is valid, as the contents of their OBJECT IDENTIFIERs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policies {
    all: Vec<Vec<u8>>,
}

impl Policies {
    /// Returns each of them; `anyPolicy` (2.5.29.32.0) represents all policies.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter().map(Vec::as_slice)
    }

    /// Returns `true` if the path is valid for `policy`.
    #[must_use]
    pub fn contains(&self, policy: &[u8]) -> bool {
        self.iter().any(|one| one == policy || one == ANY)
    }

    /// Returns `true` if the path is valid for no policy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

struct Node<'a> {
    policy: &'a [u8],
    /// The policies that satisfy it in the certificate below.
    expected: Vec<&'a [u8]>,
    /// The indexes of nodes of the level above.
    parents: Vec<usize>,
    alive: bool,
}

type Level<'a> = Vec<Node<'a>>;

/// The part of the state of RFC 5280 6.1.2 that concerns policies.
struct State<'a> {
    /// One level per certificate; `None` for the NULL graph.
    graph: Option<Vec<Level<'a>>>,
    explicit_policy: u32,
    policy_mapping: u32,
    inhibit_any: u32,
}

pub(super) fn process(
    path: &Path<'_>,
    inputs: &PolicyInputs<'_>,
    meter: &mut Meter,
) -> Result<Policies, ChainError> {
    if !inputs.explicit && !path.descending().any(|(_, certificate)| concerns_policies(certificate)) {
        // as most paths: no graph, and the count that starts at one more than the certificates does not reach 0
        return Ok(Policies::default());
    }
    let length = u32::try_from(path.intermediates.numbers.len()).unwrap_or(u32::MAX).saturating_add(1);
    let start = |now: bool| if now { 0 } else { length.saturating_add(1) };
    // without policies in the first certificate, as in most paths, its level would be empty
    let first = path.descending().next();
    let asserts = first.is_some_and(|(_, top)| top.extensions().certificate_policies.is_some());
    let mut state = State {
        graph: asserts.then(|| {
            let root = Node { policy: ANY, expected: Vec::from([ANY]), parents: Vec::new(), alive: true };
            Vec::from([Vec::from([root])])
        }),
        explicit_policy: start(inputs.explicit),
        policy_mapping: start(inputs.inhibit_mapping),
        inhibit_any: start(inputs.inhibit_any),
    };
    for (place, certificate) in path.descending() {
        let refused = |problem| ChainError::Refused { place, problem };
        let last = place == path.leaf.0;
        state.certificate(place, certificate, last, meter)?;
        if state.explicit_policy == 0 && state.graph.is_none() {
            return Err(refused(Problem::PolicyRequired));
        }
        if last {
            state.wrap_up(certificate).map_err(refused)?;
        } else {
            state.mappings(place, certificate, meter)?;
            state.prepare_for_next(certificate).map_err(refused)?;
        }
    }
    let policies = state.user_constrained(inputs, meter)?;
    if state.explicit_policy == 0 && policies.is_empty() {
        return Err(ChainError::Refused { place: path.leaf.0, problem: Problem::PolicyRequired });
    }
    Ok(policies)
}

fn concerns_policies(certificate: &Certificate<'_>) -> bool {
    let all = certificate.extensions();
    [all.certificate_policies, all.policy_mappings, all.policy_constraints, all.inhibit_any_policy]
        .iter()
        .any(Option::is_some)
}

impl<'a> State<'a> {
    /// 6.1.3 (d), (e), in the version of RFC 9618 5.1.
    fn certificate(
        &mut self,
        place: CertificatePosition,
        certificate: &Certificate<'a>,
        last: bool,
        meter: &mut Meter,
    ) -> Result<(), ChainError> {
        let malformed = |malformed| ChainError::Refused {
            place,
            problem: extension(KnownExtension::CertificatePolicies)(malformed),
        };
        let Some(present) = certificate.extensions().certificate_policies else {
            self.graph = None;
            return Ok(());
        };
        let Asserted { policies: asserted, unknown_qualifier } =
            read_policies(present.value, meter).map_err(|e| e.or_else(malformed))?;
        // 4.2.1.4: a verifier that cannot interpret a qualifier of a critical extension must refuse
        if present.critical && unknown_qualifier {
            return Err(ChainError::Refused { place, problem: Problem::UnknownPolicyQualifier });
        }
        let any_counts = self.inhibit_any > 0 || (!last && certificate.is_self_issued());
        let Some(levels) = &mut self.graph else { return Ok(()) };
        let Some(above) = levels.last() else { return Ok(()) };
        let mut level = Level::new();
        // (d) (1): each policy below the nodes that expect it, else below anyPolicy
        for policy in asserted.iter().copied().filter(|policy| *policy != ANY) {
            let mut parents = expecting(above, policy, meter)?;
            if parents.is_empty() {
                parents.extend(above.iter().position(|node| node.alive && node.policy == ANY));
            }
            if !parents.is_empty() {
                level.push(Node { policy, expected: Vec::from([policy]), parents, alive: true });
            }
        }
        // (d) (2): anyPolicy represents every policy that was expected and is not asserted
        if any_counts && asserted.contains(&ANY) {
            for policy in
                above.iter().filter(|node| node.alive).flat_map(|node| node.expected.iter().copied())
            {
                meter.policy_step()?;
                if position(&level, policy, meter)?.is_none() {
                    let parents = expecting(above, policy, meter)?;
                    level.push(Node { policy, expected: Vec::from([policy]), parents, alive: true });
                }
            }
        }
        if level.is_empty() {
            self.graph = None;
        } else {
            levels.push(level);
        }
        Ok(())
    }

    /// 6.1.4 (a), (b).
    fn mappings(
        &mut self,
        place: CertificatePosition,
        certificate: &Certificate<'a>,
        meter: &mut Meter,
    ) -> Result<(), ChainError> {
        let Some(present) = certificate.extensions().policy_mappings else { return Ok(()) };
        let refused = |problem| ChainError::Refused { place, problem };
        let mappings = read_mappings(present.value)
            .map_err(|malformed| refused(extension(KnownExtension::PolicyMappings)(malformed)))?;
        if mappings.iter().any(|(issuer, subject)| *issuer == ANY || *subject == ANY) {
            return Err(refused(Problem::MapsAnyPolicy));
        }
        let allowed = self.policy_mapping > 0;
        let Some(level) = self.graph.as_mut().and_then(|levels| levels.last_mut()) else { return Ok(()) };
        let any_parents =
            level.iter().find(|node| node.alive && node.policy == ANY).map(|any| any.parents.clone());
        let mut mapped: Vec<usize> = Vec::new();
        for (issuer, subject) in mappings {
            let at = match position(level, issuer, meter)? {
                Some(at) => at,
                None => match &any_parents {
                    Some(parents) if allowed => {
                        let (expected, parents) = (Vec::new(), parents.clone());
                        level.push(Node { policy: issuer, expected, parents, alive: true });
                        level.len().saturating_sub(1)
                    }
                    _ => continue,
                },
            };
            let Some(node) = level.get_mut(at) else { continue };
            if !allowed {
                node.alive = false;
                continue;
            }
            meter.policy_step()?;
            if !mapped.contains(&at) {
                mapped.push(at);
                node.expected.clear();
            }
            node.expected.push(subject);
        }
        if !level.iter().any(|node| node.alive) {
            self.graph = None;
        }
        Ok(())
    }

    /// 6.1.4 (h)-(j).
    fn prepare_for_next(&mut self, certificate: &Certificate<'_>) -> Result<(), Problem> {
        let extensions = certificate.extensions();
        if !certificate.is_self_issued() {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any = self.inhibit_any.saturating_sub(1);
        }
        if let Some(present) = extensions.policy_constraints {
            let (explicit, mapping) =
                read_constraints(present.value).map_err(extension(KnownExtension::PolicyConstraints))?;
            self.explicit_policy = explicit.map_or(self.explicit_policy, |n| n.min(self.explicit_policy));
            self.policy_mapping = mapping.map_or(self.policy_mapping, |n| n.min(self.policy_mapping));
        }
        if let Some(present) = extensions.inhibit_any_policy {
            let skip = read_inhibit(present.value).map_err(extension(KnownExtension::InhibitAnyPolicy))?;
            self.inhibit_any = self.inhibit_any.min(skip);
        }
        Ok(())
    }

    /// 6.1.5 (a), (b).
    fn wrap_up(&mut self, certificate: &Certificate<'_>) -> Result<(), Problem> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if let Some(present) = certificate.extensions().policy_constraints {
            let (explicit, _) =
                read_constraints(present.value).map_err(extension(KnownExtension::PolicyConstraints))?;
            if explicit == Some(0) {
                self.explicit_policy = 0;
            }
        }
        Ok(())
    }

    /// 6.1.5 (g): the policies that an unbroken sequence of certificates asserts and the caller accepts. Those first
    /// asserted below anyPolicy are in the terms of the path's top.
    fn user_constrained(
        &mut self,
        inputs: &PolicyInputs<'_>,
        meter: &mut Meter,
    ) -> Result<Policies, ChainError> {
        let mut policies = Policies::default();
        let Some(levels) = &mut self.graph else { return Ok(policies) };
        let ends_in_any =
            levels.last().is_some_and(|level| level.iter().any(|node| node.alive && node.policy == ANY));
        prune(levels, meter)?;
        let acceptable = |policy: &[u8]| inputs.acceptable.is_none_or(|set| set.contains(&policy));
        let accepts_any = inputs.acceptable.is_none_or(|set| set.contains(&ANY));
        for pair in levels.windows(2) {
            let [above, level] = pair else { continue };
            for node in level.iter().filter(|node| node.alive && node.policy != ANY) {
                meter.policy_step()?;
                let below_any =
                    node.parents.iter().any(|at| above.get(*at).is_some_and(|parent| parent.policy == ANY));
                let listed = policies.iter().any(|policy| policy == node.policy);
                if below_any && !listed && (accepts_any || acceptable(node.policy)) {
                    policies.all.push(node.policy.to_vec());
                }
            }
        }
        match inputs.acceptable {
            _ if !ends_in_any => {}
            Some(set) if !accepts_any => {
                for policy in set {
                    if !policies.iter().any(|listed| listed == *policy) {
                        policies.all.push(policy.to_vec());
                    }
                }
            }
            _ => policies.all.push(ANY.to_vec()),
        }
        Ok(policies)
    }
}

/// Removes nodes without a child, from the bottom up (6.1.3 (d) (3)). Before the end only the lowest level matters, so
/// it is enough to do this once.
fn prune(levels: &mut [Level<'_>], meter: &mut Meter) -> Result<(), ChainError> {
    let mut rest = levels;
    while let Some((below, above)) = rest.split_last_mut() {
        if let Some(level) = above.last_mut() {
            let mut has_child = alloc::vec![false; level.len()];
            for parent in below.iter().filter(|node| node.alive).flat_map(|node| node.parents.iter()) {
                meter.policy_step()?;
                if let Some(slot) = has_child.get_mut(*parent) {
                    *slot = true;
                }
            }
            for (node, has_child) in level.iter_mut().zip(has_child) {
                node.alive &= has_child;
            }
        }
        rest = above;
    }
    Ok(())
}

/// Returns the nodes of a level that expect `policy`.
fn expecting(level: &Level<'_>, policy: &[u8], meter: &mut Meter) -> Result<Vec<usize>, ChainError> {
    let mut found = Vec::new();
    for (at, node) in level.iter().enumerate().filter(|(_, node)| node.alive) {
        for expected in &node.expected {
            meter.policy_step()?;
            if *expected == policy {
                found.push(at);
                break;
            }
        }
    }
    Ok(found)
}

fn position(level: &Level<'_>, policy: &[u8], meter: &mut Meter) -> Result<Option<usize>, ChainError> {
    for (at, node) in level.iter().enumerate() {
        meter.policy_step()?;
        if node.policy == policy {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
