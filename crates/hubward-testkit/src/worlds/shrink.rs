//! Makes a world with a difference smaller: drops records and pieces of texts while the difference stays.

use super::attackers;
use super::world::{Credential, World};

/// Returns the smallest world that was found in which `differs` is still true.
pub fn shrunk(mut world: World, differs: impl Fn(&World) -> bool) -> World {
    loop {
        let smaller = records(&world)
            .into_iter()
            .chain(texts(&world))
            .find(|smaller| is_valid(smaller) && differs(smaller));
        match smaller {
            Some(smaller) => world = smaller,
            None => return world,
        }
    }
}

/// A module needs its device, and a record a credential.
fn is_valid(world: &World) -> bool {
    world.modules.iter().all(|module| world.devices.iter().any(|device| device.id == module.device))
}

/// All worlds that lack one record, entry or property.
fn records(world: &World) -> Vec<World> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        if smaller != *world {
            all.push(smaller);
        }
    };
    for at in 0..world.devices.len() {
        with(&|world| {
            let gone = world.devices.remove(at).id;
            world.modules.retain(|module| module.device != gone);
        });
        with(&|world| world.devices[at].above.clear());
        with(&|world| world.devices[at].edge = false);
        with(&|world| world.devices[at].enabled = true);
        with(&|world| one_key(&mut world.devices[at].credential));
    }
    for at in 0..world.modules.len() {
        with(&|world| drop(world.modules.remove(at)));
        with(&|world| world.modules[at].above.clear());
        with(&|world| one_key(&mut world.modules[at].credential));
    }
    for at in 0..world.policies.len() {
        with(&|world| drop(world.policies.remove(at)));
    }
    for at in 0..world.enrollments.len() {
        with(&|world| drop(world.enrollments.remove(at)));
        with(&|world| world.enrollments[at].device_id = None);
    }
    with(&|world| world.lists.allow = None);
    with(&|world| world.lists.block.clear());
    with(&|world| world.lists.members.clear());
    for at in 0..world.lists.block.len() {
        with(&|world| drop(world.lists.block.remove(at)));
    }
    with(&|world| world.alias = None);
    all
}

fn one_key(credential: &mut Credential) {
    if let Credential::Keys(_, secondary) = credential {
        *secondary = None;
    }
}

/// All worlds in which a piece of one text is left out: halves first, single characters last.
fn texts(world: &World) -> Vec<World> {
    let mut all = Vec::new();
    for which in 0..5 {
        let Some(text) = text_of(world, which) else { continue };
        let chars: Vec<char> = text.chars().collect();
        let mut size = chars.len() / 2;
        while size > 0 {
            for start in (0..chars.len()).step_by(size) {
                let rest = chars.iter().take(start).chain(chars.iter().skip(start + size)).collect();
                let mut smaller = world.clone();
                set_text(&mut smaller, which, rest);
                all.push(smaller);
            }
            size /= 2;
        }
    }
    all
}

fn text_of(world: &World, which: usize) -> Option<String> {
    let mut world = world.clone();
    attackers::texts(&mut world.attempt).into_iter().nth(which).map(|slot| slot.clone())
}

fn set_text(world: &mut World, which: usize, text: String) {
    if let Some(slot) = attackers::texts(&mut world.attempt).into_iter().nth(which) {
        *slot = text;
    }
}
