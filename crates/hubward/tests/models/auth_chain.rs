//! Model of an `auth-chain`: ids joined by `;`, the identity that connects first.

use hubward::AuthChain;

use super::{NamedIdentity, decoded, is_id};

/// Returns the identity that connects, and the device whose edge hub acts on its behalf.
pub fn read(chain: &str, encoded: bool) -> Option<(NamedIdentity, Option<String>)> {
    if chain.len() > 4096 {
        return None;
    }
    // an escaped separator separates too: no id in a chain contains one
    let chain = if encoded { chain.replace("%3B", ";").replace("%3b", ";") } else { chain.to_owned() };
    let plain = |text: &str| if encoded { decoded(text) } else { Some(text.to_owned()) };
    let elements: Vec<&str> = chain.split(';').collect();
    let first =
        if encoded { elements[0].replace("%2F", "/").replace("%2f", "/") } else { elements[0].to_owned() };
    let names: Vec<String> = first.split('/').map(plain).collect::<Option<_>>()?;
    let devices: Vec<String> = elements[1..].iter().map(|text| plain(text)).collect::<Option<_>>()?;
    if !names.iter().chain(&devices).all(|id| is_id(id)) || elements.len() > 16 {
        return None;
    }
    let mut all = devices.clone();
    let target = match &names[..] {
        [device] => {
            all.push(device.clone());
            NamedIdentity::Device(device.clone())
        }
        [device, module] => {
            let own = devices.first().is_none_or(|above| above == device);
            let itself = module == "$edgeHub" && devices.last() == Some(device);
            if !own || itself {
                return None;
            }
            NamedIdentity::Module(device.clone(), module.clone())
        }
        _ => return None,
    };
    all.sort();
    let before = all.len();
    all.dedup();
    (all.len() == before).then(|| (target, devices.last().cloned()))
}

pub fn agree(chain: &str) {
    for (encoded, real) in [(false, AuthChain::parse(chain)), (true, AuthChain::parse_encoded(chain))] {
        if let Err(error) = real {
            assert!(
                chain.is_char_boundary(error.offset.min(chain.len()))
                    && error.offset <= chain.len().max(4096)
            );
        }
        let real =
            real.ok().map(|chain| (chain.target().to_string(), chain.actor().map(|id| id.to_string())));
        let expected = read(chain, encoded).map(|(target, actor)| (target.lookup(), actor));
        assert_eq!(real, expected, "{chain}, encoded: {encoded}");
    }
}
