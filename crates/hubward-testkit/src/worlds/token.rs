//! Model of a SAS token: its text, its signature, its times and its resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubward_core::{MacKey as _, SymmetricKey};
use hubward_ring::HmacKey;

use super::text::{at_slashes, authority, decoded, is_policy, is_registration, is_scope};
use super::world::{Rules, World};

/// The parts of a token whose text is right. Nothing is verified.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// The segments of the resource, decoded once; the first is the host or the id scope.
    pub(crate) resource: Vec<String>,
    /// The name of a policy.
    pub(crate) skn: Option<String>,
    signed: String,
    signature: Vec<u8>,
    expiry: u64,
}

impl Token {
    /// Reads a token. Returns `None` if the rules refuse its text.
    pub(crate) fn read(text: &str, rules: Rules) -> Option<Self> {
        if text.len() > 4_096 {
            return None;
        }
        let (scheme, rest) = text.split_once(' ')?;
        let right = match rules {
            Rules::Strict => scheme == "SharedAccessSignature",
            Rules::Field => scheme.eq_ignore_ascii_case("SharedAccessSignature"),
        };
        if !right || !rest.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let fields: Vec<(&str, &str)> =
            rest.split('&').map(|field| field.split_once('=')).collect::<Option<_>>()?;
        if fields.len() > 8 {
            return None;
        }
        for (at, (name, _)) in fields.iter().enumerate() {
            let known = ["sr", "sig", "se", "skn"].contains(name);
            let nearly = ["sr", "sig", "se", "skn"].iter().any(|known| known.eq_ignore_ascii_case(name));
            let again = fields[..at].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
            // a name in escapes could be another one to a proxy that decodes it
            let escaped = name.contains(['%', '+']);
            if again || !known && (nearly || escaped || rules == Rules::Strict) {
                return None;
            }
        }
        let field = |name: &str| fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
        let (sr, sig, se) = (field("sr")?, field("sig")?, field("se")?);
        let skn = match field("skn") {
            None | Some("") => None,
            Some(skn) => Some(decoded(skn).filter(|skn| is_policy(skn))?),
        };
        let plain_number =
            !se.is_empty() && se.chars().all(|c| c.is_ascii_digit()) && (se == "0" || !se.starts_with('0'));
        let expiry = se.parse::<i64>().ok().filter(|_| plain_number)?;
        // the standard engine accepts the canonical form only
        let signature = STANDARD.decode(decoded(sig)?).ok().filter(|bytes| bytes.len() == 32)?;
        let token = Self {
            resource: resource(sr)?,
            skn,
            signed: format!("{sr}\n{se}"),
            signature,
            expiry: u64::try_from(expiry).ok()?,
        };
        token.has_signer(rules).then_some(token)
    }

    /// A registration's token has the `skn` of a registration or none. Another token without `skn` is for one device or
    /// module.
    fn has_signer(&self, rules: Rules) -> bool {
        if self.is_for_registration() {
            return match self.skn.as_deref() {
                None | Some("registration") => true,
                Some(_) => rules == Rules::Field,
            };
        }
        match self.skn.as_deref() {
            // a policy may have that name, but only the hub's own resources are taken for its
            Some("registration") => match &self.resource[..] {
                [_] => true,
                [_, devices] => devices == "devices",
                _ => self.is_for_some_identity(),
            },
            Some(_) => true,
            None => self.is_for_some_identity(),
        }
    }

    /// Returns whether the resource is `{id scope}/registrations/{id}`.
    pub(crate) fn is_for_registration(&self) -> bool {
        matches!(&self.resource[..], [scope, word, id] if is_scope(scope) && word == "registrations" && is_registration(id))
    }

    fn is_for_some_identity(&self) -> bool {
        let id = super::text::is_id;
        match &self.resource[..] {
            [_, devices, device] => devices == "devices" && id(device),
            [_, devices, device, modules, module] => {
                devices == "devices" && modules == "modules" && id(device) && id(module)
            }
            _ => false,
        }
    }

    /// Returns whether the resource is that of an identity at a hub, by the rules for case and double encoding.
    pub(crate) fn is_for(&self, (device, module): (&str, Option<&str>), rules: Rules) -> bool {
        let same = |own: &str, name: &str| match rules {
            Rules::Strict => own == name,
            // one leniency at a time: another case, or a second decoding
            Rules::Field => own.eq_ignore_ascii_case(name) || decoded(own).is_some_and(|own| own == name),
        };
        match (&self.resource[1..], module) {
            ([devices, own], None) => devices == "devices" && same(own, device),
            ([devices, own, modules, its], Some(module)) => {
                devices == "devices" && modules == "modules" && same(own, device) && same(its, module)
            }
            _ => false,
        }
    }

    /// Returns whether the path below the host is this one or above it, by whole names.
    pub(crate) fn covers(&self, path: &[&str]) -> bool {
        let own = &self.resource[1..];
        own.len() <= path.len() && own.iter().zip(path).all(|(own, name)| own == name)
    }

    /// Returns whether the resource is of this hub.
    pub(crate) fn is_at(&self, world: &World) -> bool {
        super::model::is_hub(world, &self.resource[0])
    }

    /// Returns whether one of these keys signed the token, and its time is right.
    pub(crate) fn verifies(&self, keys: &[SymmetricKey], world: &World) -> bool {
        self.is_timely(world)
            && keys.iter().any(|key| {
                let tag = HmacKey::new(key).tag(&[self.signed.as_bytes()]);
                tag.expose().as_slice() == self.signature
            })
    }

    fn is_timely(&self, world: &World) -> bool {
        match world.rules {
            Rules::Strict => {
                world.now <= self.expiry && self.expiry - world.now.min(self.expiry) <= 366 * 86_400
            }
            Rules::Field => world.now <= self.expiry.saturating_add(300),
        }
    }
}

/// Reads a resource: its segments, decoded once.
fn resource(text: &str) -> Option<Vec<String>> {
    let segments: Vec<String> =
        at_slashes(text).iter().map(|segment| decoded(segment)).collect::<Option<_>>()?;
    let sound =
        |segment: &String| !segment.is_empty() && segment.len() <= 128 && segment != "." && segment != "..";
    let root = authority(&segments[0]).is_some() || is_scope(&segments[0]);
    (text.len() <= 2_048 && segments.len() <= 16 && segments.iter().all(sound) && root).then_some(segments)
}
